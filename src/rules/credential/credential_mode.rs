//! An object makes its controller sign in to Azure with a service principal, a key or a connection
//! string, or holds a credential.
//!
//! # Why
//!
//! External Secrets, KEDA, Dapr, Velero, Flux and many others can sign in with workload identity. A client
//! secret or storage key is a bearer credential: it is kept in a Secret, works from anywhere, outlives the
//! pod and is rarely rotated. Several controllers use one by default: a SecretStore without `authType` uses
//! a service principal, and a Velero location without `useAAD` fetches the storage key. Each controller is
//! evaluated by its own defaults and spellings. `credential-volume` covers volumes.
//!
//! The rule also reports a credential that it recognises by its value in any member that no other rule
//! reads, of built-in and custom kinds. Parameters of device drivers, which are free texts, are read by name as well.
//! Of custom kinds, the policy's own admission rules cover those that choose how to sign in and those with pod
//! templates; others need an admission rule of yours.
//!
//! ```yaml deny
//! apiVersion: external-secrets.io/v1
//! kind: SecretStore
//! metadata:
//!   name: vault
//!   namespace: shop
//! spec:
//!   provider:
//!     azurekv:
//!       vaultUrl: https://contoso-shop.vault.azure.net
//!       authSecretRef:
//!         clientId: {name: vault-principal, key: client-id}
//!         clientSecret: {name: vault-principal, key: client-secret}
//! ```
//!
//! # Fix
//!
//! Choose workload identity with the member that the controller defines for it. The remediation names it.
//!
//! ```yaml allow
//! apiVersion: external-secrets.io/v1
//! kind: SecretStore
//! metadata:
//!   name: vault
//!   namespace: shop
//! spec:
//!   provider:
//!     azurekv:
//!       vaultUrl: https://contoso-shop.vault.azure.net
//!       authType: WorkloadIdentity
//!       serviceAccountRef:
//!         name: vault-reader
//! ```
//!
//! # Source
//!
//! - [Microsoft Entra Workload ID on AKS](https://learn.microsoft.com/azure/aks/workload-identity-overview)
//! - [External Secrets: Azure Key Vault](https://external-secrets.io/latest/provider/azure-key-vault/)

use super::literal::{Worst, find};
use crate::auth_mode::ModeFinding;
use crate::finding::Severity;
use crate::rule::{Check, Rule, RuleContext};
use crate::texts::{Origin, Origins, Text};
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "credential-mode",
    summary: docs_only("object that chooses a service principal, key or connection string"),
    remediation: "choose workload identity",
    severity: Severity::High,
    checks: &[
        Check::Mode(check),
        Check::Text(Origins::of(&[Origin::Parameter, Origin::BuiltInMember, Origin::CustomMember]), check_text),
    ],
};

fn check<'a>(cx: &mut RuleContext<'a>, found: &ModeFinding<'a>) {
    if found.choice.mode.is_credential() && !found.entry.is_volume() {
        cx.report_mode(found);
    }
}

/// A credential in any other string, by value. One that is reported already is not reported again.
fn check_text<'a>(cx: &mut RuleContext<'a>, text: &Text<'a>) {
    let remediation = match text.origin {
        Origin::CustomMember => "let the controller sign in with workload identity; rotate what was written here",
        _ => "remove it and rotate what was written here",
    };
    let mut worst = Worst::default();
    find(text, &mut |literal| {
        let severity = literal.evidence.severity();
        if !text.own_address().is_some_and(|address| cx.is_reported(address, severity)) {
            worst.add(literal);
        }
    });
    worst.report(cx, text, &mut |finding, _| {
        finding.remediation(remediation);
    });
}
