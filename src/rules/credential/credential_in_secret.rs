//! A Secret holds a fixed credential for Entra or an Azure service.
//!
//! # Why
//!
//! A Secret keeps a credential from most eyes, but it stays one that works until somebody rotates it,
//! from anywhere, for whoever can read it or start a Pod beside it. Pods on AKS can sign in to Azure
//! without one. Entries are told by value or by a key that names an Azure credential. Passwords of other
//! systems are where they belong. Left alone are the standard keys of service account tokens, TLS,
//! Helm releases and bootstrap tokens, and the storage keys that the CSI driver keeps by itself.
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

use super::literal::in_secret;
use crate::auth_mode;
use crate::finding::Severity;
use crate::object::Object;
use crate::requester::Requester;
use crate::rule::{Check, Rule, RuleContext};
use kubernetes::kind;
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "credential-in-secret",
    summary: docs_only("Secret with a fixed Azure credential"),
    remediation: "use workload identity and delete the entry; rotate what it held",
    severity: Severity::Medium,
    checks: &[Check::Kinds(&[kind::SECRET], check)],
};

/// Types of Secrets whose standard keys are other rules' or nobody's business.
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

fn check<'a>(cx: &mut RuleContext<'a>, secret: &Object<'a>) {
    let kind = secret.get("type").text().unwrap_or_default();
    let standard = STANDARD_KEYS.iter().find(|(known, _)| *known == kind).map_or(&[][..], |(_, keys)| keys);
    let of_driver = cx.requester == Requester::Trusted && is_of_storage_driver(secret);
    // What an entry of the table chooses a mode with is told there, once.
    let mut modes = Vec::new();
    auth_mode::of_object(secret, &mut |found| {
        if found.choice.mode.is_credential() {
            modes.push(found.choice.key());
        }
    });
    let excused =
        |key: &str| standard.contains(&key) || modes.contains(&key) || of_driver && DRIVER_KEYS.contains(&key);
    in_secret(secret, &excused, &mut |literal| {
        let severity = literal.evidence.severity().min(RULE.severity);
        literal.report(cx).severity(severity);
    });
}

/// What the file and blob CSI drivers write for volumes that they provision.
const DRIVER_KEYS: &[&str] = &["azurestorageaccountname", "azurestorageaccountkey"];

fn is_of_storage_driver(secret: &Object<'_>) -> bool {
    secret.name.starts_with("azure-storage-account-") && secret.name.ends_with("-secret")
}
