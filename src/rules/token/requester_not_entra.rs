//! A request is made by a user who did not sign in with Entra.
//!
//! # Why
//!
//! On a cluster with Entra integration, requests by users carry their Entra object id. A requester without
//! one that is not a node, a service account or part of the control plane signed in another way: with a
//! client certificate, under an impersonated name, or without a credential. Conditional Access and
//! directory policies do not apply to such a requester.
//!
//! ```yaml deny
//! request:
//!   kind: {group: "", version: v1, kind: ConfigMap}
//!   resource: {group: "", version: v1, resource: configmaps}
//!   name: limits
//!   namespace: shop
//!   operation: CREATE
//!   userInfo: {username: jane, groups: [developers, system:authenticated]}
//!   object: {apiVersion: v1, kind: ConfigMap, metadata: {name: limits, namespace: shop}}
//! ```
//!
//! # Fix
//!
//! Sign in through kubelogin. List software that acts under its own user name, such as a portal that
//! impersonates people or an AKS component that the policy does not know, in `trustedRequesters`.
//!
//! ```yaml allow
//! settings:
//!   trustedRequesters: ["contoso-portal"]
//! request:
//!   kind: {group: "", version: v1, kind: ConfigMap}
//!   resource: {group: "", version: v1, resource: configmaps}
//!   name: limits
//!   namespace: shop
//!   operation: CREATE
//!   userInfo: {username: contoso-portal, groups: [system:authenticated]}
//!   object: {apiVersion: v1, kind: ConfigMap, metadata: {name: limits, namespace: shop}}
//! ```
//!
//! # Source
//!
//! - [Use kubelogin to authenticate in AKS](https://learn.microsoft.com/azure/aks/kubelogin-authentication)
//! - [Kubernetes authentication](https://kubernetes.io/docs/reference/access-authn-authz/authentication/)

use super::username;
use crate::anchor::Anchor;
use crate::finding::Severity;
use crate::requester::Requester;
use crate::rule::{Check, Rule, RuleContext};
use text::docs_only;
use text::shown;

pub static RULE: Rule = Rule {
    id: "requester-not-entra",
    summary: docs_only("request by a user who did not sign in with Entra"),
    remediation: "sign in with Entra through kubelogin; for software, ask your cluster operators to list its user in trustedRequesters",
    severity: Severity::Medium,
    checks: &[Check::Request(check)],
};

fn check(cx: &mut RuleContext<'_>) {
    if cx.requester != Requester::Other {
        return;
    }
    let message = match username(cx) {
        "system:anonymous" => "is system:anonymous, an unauthenticated request".to_owned(),
        "" => "is empty, an unauthenticated request".to_owned(),
        name => format!("is {}, who did not sign in with Entra", shown(name)),
    };
    cx.report(Anchor::Request("userInfo.username"), message);
}
