//! A Secret requests a service account token that never expires.
//!
//! # Why
//!
//! Kubernetes fills a Secret of type `kubernetes.io/service-account-token` with a token that is valid
//! until the Secret is deleted. Everyone who has read it can bypass Entra sign-in and Conditional Access,
//! and the audit log does not identify them. Kubernetes stopped creating such Secrets automatically in
//! version 1.24.
//!
//! ```yaml deny
//! apiVersion: v1
//! kind: Secret
//! metadata:
//!   name: deployer-token
//!   namespace: shop
//!   annotations:
//!     kubernetes.io/service-account.name: deployer
//! type: kubernetes.io/service-account-token
//! ```
//!
//! # Fix
//!
//! Pods get a token that is renewed automatically. Pipelines sign in as an Entra application through
//! kubelogin, preferably with workload identity federation. If a tool needs a service account token, request
//! a short-lived one for each use: `kubectl create token deployer --duration=10m`.
//!
//! ```yaml allow
//! apiVersion: v1
//! kind: ServiceAccount
//! metadata:
//!   name: deployer
//!   namespace: shop
//! ```
//!
//! # Source
//!
//! - [Managing service accounts](https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/)
//! - [Use kubelogin to authenticate in AKS](https://learn.microsoft.com/azure/aks/kubelogin-authentication)

use crate::finding::Severity;
use crate::object::Object;
use crate::requester::Requester;
use crate::rule::{Check, Rule, RuleContext};
use kubernetes::kind;
use text::docs_only;
use text::shown;

pub static RULE: Rule = Rule {
    id: "token-secret",
    summary: docs_only("Secret with a service account token that never expires"),
    remediation: "delete the Secret; let pods use their mounted token, and let pipelines sign in with Entra through kubelogin",
    severity: Severity::High,
    checks: &[Check::Kinds(&[kind::SECRET], check)],
};

fn check<'a>(cx: &mut RuleContext<'a>, secret: &Object<'a>) {
    let kind = secret.get("type");
    // The token controller writes the token into a Secret that its author created earlier.
    if kind.text() != Some("kubernetes.io/service-account-token") || cx.requester == Requester::Trusted {
        return;
    }
    let account = secret.annotations().get("kubernetes.io/service-account.name").set_text();
    let message = match account {
        Some(account) => format!("asks for a token of service account {} that never expires", shown(account)),
        None => "asks for a service account token that never expires".to_owned(),
    };
    cx.report(kind, message).compare_content(account);
}
