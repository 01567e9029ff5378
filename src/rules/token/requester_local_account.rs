//! A change is made with an AKS local account instead of an Entra sign-in.
//!
//! # Why
//!
//! `az aks get-credentials --admin` hands out one certificate (`masterclient`, group `system:masters`)
//! to everybody who may ask for it. It bypasses Entra, Conditional Access and all authorization, and
//! the audit log cannot say who used it. Microsoft advises to disable local accounts; a certificate
//! that was downloaded before works on until the cluster's certificates are rotated. Commands in
//! containers (`exec`, `attach`, `port-forward`, proxies) are judged like changes.
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
//! The `baseline` profile only warns, so that an emergency is no time to argue with a policy. If you
//! deny (`restricted`, or `rules: {requester-local-account: deny}`), open the door for the day and let
//! it close by itself; every use is in the audit annotations with the reason:
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
    remediation: "sign in with Entra: az aks get-credentials without --admin; for an emergency, add an exemption that ends",
    severity: Severity::Medium,
    checks: &[Check::Request(check)],
};

fn check(cx: &mut RuleContext<'_>) {
    if cx.requester != Requester::LocalAccount {
        return;
    }
    let name = shown(username(cx));
    if LOCAL_ACCOUNTS.contains(&name.as_ref()) {
        let what = format!("is {name}, an AKS local account, which bypasses Entra");
        cx.report(Anchor::Request("userInfo.username"), what);
    } else {
        cx.report(
            Anchor::Request("userInfo.groups"),
            format!("put {name} into system:masters, past all authorization"),
        );
    }
}
