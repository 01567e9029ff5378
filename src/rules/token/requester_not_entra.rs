//! A change is made by somebody whom Entra did not sign in.
//!
//! # Why
//!
//! On a cluster with Entra integration, people carry their Entra object id. A requester who is no
//! node, no service account and no part of the control plane, and carries none, came in by another
//! door: a client certificate, an impersonated name, or no credential at all. Conditional Access and
//! the directory know nothing of them.
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
//! Sign in through kubelogin. Software that acts under a user name of its own, such as a portal that
//! impersonates people or an AKS component that the policy does not know, goes on `trustedRequesters`.
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
    summary: docs_only("request by somebody whom Entra did not sign in"),
    remediation: "sign in with Entra through kubelogin; name software that acts under a name of its own under trustedRequesters",
    severity: Severity::Medium,
    checks: &[Check::Request(check)],
};

fn check(cx: &mut RuleContext<'_>) {
    if cx.requester != Requester::Other {
        return;
    }
    let what = match username(cx) {
        "system:anonymous" => "is system:anonymous: nobody signed in".to_owned(),
        "" => "is empty: nobody signed in".to_owned(),
        name => format!("is {}, whom something other than Entra signed in", shown(name)),
    };
    cx.report(Anchor::Request("userInfo.username"), what);
}
