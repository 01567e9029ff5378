//! A Secret holds a fixed credential for Entra or an Azure service.
//!
//! # Why
//!
//! A Secret limits who can read a credential, but the credential works from anywhere until it is rotated,
//! for anyone who can read the Secret or start a Pod in its namespace. Pods on AKS can sign in to Azure
//! without one. The rule recognises entries by their value, or by a key that names an Azure credential. It
//! does not report passwords of other systems, the standard keys of service account tokens, TLS, Helm
//! releases and bootstrap tokens, or the storage keys that the CSI driver writes.
//!
//! ```yaml deny
//! apiVersion: v1
//! kind: Secret
//! metadata:
//!   name: orders
//!   namespace: shop
//! stringData:
//!   AZURE_CLIENT_SECRET: correct-horse-battery-staple
//! ```
//!
//! # Fix
//!
//! Federate a managed identity with the pod's service account and delete the Secret.
//!
//! ```yaml allow
//! apiVersion: v1
//! kind: ServiceAccount
//! metadata:
//!   name: orders
//!   namespace: shop
//!   annotations:
//!     azure.workload.identity/client-id: 5e2f1f5e-4c0f-4d0c-9f0e-8a3c2d7b6e51
//! ```
//!
//! # Source
//!
//! - [Microsoft Entra Workload ID on AKS](https://learn.microsoft.com/azure/aks/workload-identity-overview)
//! - [Azure Files CSI driver: storeAccountKey](https://github.com/kubernetes-sigs/azurefile-csi-driver/blob/master/docs/driver-parameters.md)

use super::literal::{Worst, find};
use super::wording::{CLIENT_SECRET, IF_ENTRA};
use crate::auth_mode;
use crate::finding::Severity;
use crate::object::Object;
use crate::requester::Requester;
use crate::rule::{Check, Rule, RuleContext};
use crate::texts::{Origin, Origins, Text};
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "credential-in-secret",
    summary: docs_only("Secret with a fixed Azure credential"),
    remediation: "use workload identity and delete the entry; rotate what it held",
    severity: Severity::Medium,
    checks: &[Check::Text(Origins::of(&[Origin::Data]), check)],
};

/// Types of Secrets with standard keys that other rules read, or that hold no Azure credential.
const STANDARD_KEYS: &[(&str, &[&str])] = &[
    ("kubernetes.io/service-account-token", &["token", "ca.crt", "namespace"]),
    ("kubernetes.io/tls", &["tls.crt", "tls.key", "ca.crt"]),
    ("helm.sh/release.v1", &["release"]),
    (
        "bootstrap.kubernetes.io/token",
        &[
            "token-id",
            "token-secret",
            "description",
            "expiration",
            "auth-extra-groups",
            "usage-bootstrap-authentication",
            "usage-bootstrap-signing",
        ],
    ),
];

fn check<'a>(cx: &mut RuleContext<'a>, text: &Text<'a>) {
    if !text.is_secret_data() {
        return;
    }
    let mut worst = Worst::default();
    find(text, &mut |literal| worst.add(literal));
    if !worst.is_empty() && !is_excused(cx, text) {
        worst.report(cx, text, &mut |finding, _| {
            finding.severity(finding.severity.min(RULE.severity));
            if finding.message.strip_prefix("holds ") == Some(CLIENT_SECRET) {
                finding.remediation(IF_ENTRA);
            }
        });
    }
}

fn is_excused(cx: &RuleContext<'_>, text: &Text<'_>) -> bool {
    let (secret, key) = (&text.object, text.name);
    let kind = secret.get("type").text().unwrap_or_default();
    let is_standard = STANDARD_KEYS.iter().any(|(known, keys)| *known == kind && keys.contains(&key));
    let of_driver = || cx.requester == Requester::Trusted && is_of_storage_driver(secret);
    // What an entry of the table chooses a mode with is reported by the rules about modes, once.
    let chooses_mode = || {
        let mut chooses = false;
        auth_mode::of_object(secret, &mut |found| {
            chooses |= found.choice.mode.is_credential() && found.choice.key() == key;
        });
        chooses
    };
    is_standard || DRIVER_KEYS.contains(&key) && of_driver() || auth_mode::may_choose(secret, key) && chooses_mode()
}

/// What the file and blob CSI drivers write for volumes that they provision.
const DRIVER_KEYS: &[&str] = &["azurestorageaccountname", "azurestorageaccountkey"];

fn is_of_storage_driver(secret: &Object<'_>) -> bool {
    secret.name.starts_with("azure-storage-account-") && secret.name.ends_with("-secret")
}
