//! A request is made with an AKS local account instead of an Entra sign-in.
//!
//! # Why
//!
//! `az aks get-credentials --admin` hands out the same certificate (`masterclient`, group
//! `system:masters`) to everyone who is permitted to request it. It bypasses Entra sign-in, Conditional
//! Access and all authorization, and the audit log does not show who used it. Microsoft recommends
//! disabling local accounts. A certificate that was downloaded earlier keeps working until the cluster's
//! certificates are rotated. The rule evaluates `exec`, `attach`, `port-forward` and proxy requests as
//! well as changes.
//!
//! ```yaml deny
//! request:
//!   kind: {group: "", version: v1, kind: PodExecOptions}
//!   resource: {group: "", version: v1, resource: pods}
//!   subResource: exec
//!   name: web
//!   namespace: shop
//!   operation: CONNECT
//!   userInfo: {username: masterclient, groups: [system:masters, system:authenticated]}
//!   object: {kind: PodExecOptions, apiVersion: v1, command: [sh]}
//! ```
//!
//! # Fix
//!
//! Sign in with Entra:
//!
//! ```yaml allow
//! request:
//!   kind: {group: "", version: v1, kind: PodExecOptions}
//!   resource: {group: "", version: v1, resource: pods}
//!   subResource: exec
//!   name: web
//!   namespace: shop
//!   operation: CONNECT
//!   userInfo:
//!     username: jane@contoso.com
//!     groups: [6f0b1c1e-2f7a-4a3c-9a55-0d7a52b5c001, system:authenticated]
//!     extra: {oid: [0d2f7c35-1b0f-4a8e-9c61-5a6e1f3b7d10]}
//!   object: {kind: PodExecOptions, apiVersion: v1, command: [sh]}
//! ```
//!
//! # Break-glass
//!
//! The `baseline` profile only warns, so that the policy does not block an emergency. If your
//! configuration denies (`restricted`, or `rules: {requester-local-account: deny}`), add an exemption that
//! expires on its own. The audit annotations record every use with the reason:
//!
//! ```yaml
//! exemptions:
//! - rules: [requester-local-account]
//!   requesters: [masterclient]
//!   reason: "INC-4711: Entra sign-in is down"
//!   until: 2026-11-22
//! ```
//!
//! # Source
//!
//! - [Manage local accounts with AKS-managed Entra integration](https://learn.microsoft.com/azure/aks/manage-local-accounts-managed-azure-ad)

use super::username;
use crate::anchor::Anchor;
use crate::finding::Severity;
use crate::requester::{LOCAL_ACCOUNTS, Requester};
use crate::rule::{Check, Rule, RuleContext};
use text::docs_only;
use text::shown;

pub static RULE: Rule = Rule {
    id: "requester-local-account",
    summary: docs_only("request made with an AKS local account"),
    remediation: "sign in with Entra: az aks get-credentials without --admin; in an emergency, ask your cluster operators for an exemption",
    severity: Severity::Medium,
    checks: &[Check::Request(check)],
};

fn check(cx: &mut RuleContext<'_>) {
    if cx.requester != Requester::LocalAccount {
        return;
    }
    let name = shown(username(cx));
    if LOCAL_ACCOUNTS.contains(&name.as_ref()) {
        let message = format!("is {name}, an AKS local account, which bypasses Entra sign-in");
        cx.report(Anchor::Request("userInfo.username"), message);
    } else {
        cx.report(
            Anchor::Request("userInfo.groups"),
            format!("make {name} a member of system:masters, which bypasses all authorization"),
        );
    }
}
