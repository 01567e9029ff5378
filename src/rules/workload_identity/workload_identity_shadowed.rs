//! A container with workload identity also has a fixed credential, which takes precedence.
//!
//! # Why
//!
//! The default credential of the Azure SDKs tries the environment first. If `AZURE_CLIENT_SECRET`,
//! `AZURE_CLIENT_CERTIFICATE_PATH` or a user's password is set, the SDK never uses the workload identity
//! token. The migration looks complete, but the workload still signs in with the secret. The rules about
//! fixed credentials cover containers that the webhook skips and that do not project a token.
//!
//! ```yaml deny
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: checkout
//!   namespace: shop
//!   labels:
//!     azure.workload.identity/use: "true"
//! spec:
//!   serviceAccountName: checkout
//!   containers:
//!   - name: web
//!     image: contoso.azurecr.io/checkout:1.0
//!     env:
//!     - name: AZURE_CLIENT_SECRET
//!       valueFrom:
//!         secretKeyRef: {name: checkout, key: client-secret}
//! ```
//!
//! # Fix
//!
//! Remove the variable, then the secret in Entra.
//!
//! ```yaml allow
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: checkout
//!   namespace: shop
//!   labels:
//!     azure.workload.identity/use: "true"
//! spec:
//!   serviceAccountName: checkout
//!   containers:
//!   - name: web
//!     image: contoso.azurecr.io/checkout:1.0
//! ```
//!
//! # Source
//!
//! - [Credential chains in the Azure Identity library](https://learn.microsoft.com/dotnet/azure/sdk/authentication/credential-chains)

use crate::finding::Severity;
use crate::rule::{Check, Rule, RuleContext};
use crate::view::workload::Workload;
use crate::view::workload_identity::{has_token, signs_in};
use std::cell::OnceCell;
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "workload-identity-shadowed",
    summary: docs_only("fixed credential that takes precedence over workload identity"),
    remediation: "remove the variable, so that the workload uses its workload identity",
    severity: Severity::High,
    checks: &[Check::Workload(check)],
};

fn check<'a>(cx: &mut RuleContext<'a>, workload: &Workload<'a>) {
    if !signs_in(workload) {
        return;
    }
    for container in workload.containers().filter(|container| has_token(workload, container)) {
        let has_user = OnceCell::new();
        let find_user = || container.env_named("AZURE_USERNAME").any(|variable| variable.is_set());
        for variable in container.env().filter(|variable| variable.name.starts_with("AZURE_")) {
            let wins = match variable.name {
                "AZURE_CLIENT_SECRET" | "AZURE_CLIENT_CERTIFICATE_PATH" => true,
                "AZURE_PASSWORD" => *has_user.get_or_init(find_user),
                _ => false,
            };
            if wins && variable.is_set() {
                cx.report(variable.node, "is tried before workload identity, so the container signs in with it");
            }
        }
    }
}
