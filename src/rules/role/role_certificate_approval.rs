//! A ClusterRole may have client certificates signed for any name.
//!
//! # Why
//!
//! A client certificate signs in past Microsoft Entra, cannot be revoked and carries whatever user and groups
//! its request asks for; on AKS `CN=clusterAdmin` and `O=system:masters` are cluster-admin. It takes two grants,
//! often on two lines: updating `certificatesigningrequests/approval` and `approve` on the signer, or updating
//! `certificatesigningrequests/status` and `sign`. An operator's own signers are no concern, nor is the signer of
//! kubelet serving certificates. Naming the requests does not help: whoever makes one chooses its name.
//!
//! ```yaml deny
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata:
//!   name: approver
//! rules:
//! - apiGroups: [certificates.k8s.io]
//!   resources: [certificatesigningrequests/approval]
//!   verbs: [update]
//! - apiGroups: [certificates.k8s.io]
//!   resources: [signers]
//!   resourceNames: [kubernetes.io/kube-apiserver-client]
//!   verbs: [approve]
//! ```
//!
//! # Fix
//!
//! Approve only for a signer of your own; people and pipelines sign in with Entra.
//!
//! ```yaml allow
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata:
//!   name: approver
//! rules:
//! - apiGroups: [certificates.k8s.io]
//!   resources: [certificatesigningrequests/approval]
//!   verbs: [update]
//! - apiGroups: [certificates.k8s.io]
//!   resources: [signers]
//!   resourceNames: [pki.contoso.com/*]
//!   verbs: [approve]
//! ```
//!
//! # Source
//!
//! - [Kubernetes RBAC good practices](https://kubernetes.io/docs/concepts/security/rbac-good-practices/#csrs-and-certificate-issuing)
//! - [Certificate signing requests](https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/#authorization)

use super::danger::{CERTIFICATES, finding};
use super::role_wildcard;
use crate::finding::{Finding, Severity};
use crate::rule::{Check, Rule, RuleContext};
use kubernetes::grant::{PolicyRule, Reach};
use kubernetes::role::Role;
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "role-certificate-approval",
    summary: docs_only("role that issues client certificates"),
    remediation: "name a signer of your own: resourceNames: [<domain>/<signer>]",
    severity: Severity::High,
    checks: &[Check::Role(check)],
};

/// The verb on the signer, and the subresource whose update completes it.
const HALVES: &[(&str, &str)] =
    &[("approve", "certificatesigningrequests/approval"), ("sign", "certificatesigningrequests/status")];

/// Signers whose certificates the API server accepts from clients. A domain and a star is how the API
/// writes all signers of a domain.
const CLIENT_SIGNERS: &[&str] = &[
    "kubernetes.io/*",
    "kubernetes.io/kube-apiserver-client",
    "kubernetes.io/kube-apiserver-client-kubelet",
    "kubernetes.io/legacy-unknown",
];

fn check<'a>(cx: &mut RuleContext<'a>, role: &Role<'a>) {
    cx.findings.extend(find(role));
}

pub fn find<'a>(role: &Role<'a>) -> impl Iterator<Item = Finding<'a>> {
    role.rules().iter().filter_map(|line| {
        let grant = |(verb, object): &&(&str, &str)| signs(role, line, verb) && completes(role, object);
        let (verb, object) = HALVES.iter().find(grant)?;
        let what = format!("grants {verb} for client certificates, beside update on {object}");
        Some(finding(&RULE, Severity::High, line, what))
    })
}

/// Whether `line` grants `verb` on a client signer, and says so: a lone `*` is `role-wildcard`'s to tell.
fn signs(role: &Role<'_>, line: &PolicyRule<'_>, verb: &str) -> bool {
    let Some(grant) = role.grant(line, verb, CERTIFICATES, "signers") else { return false };
    let client = grant.reach == Reach::All || line.names.iter().any(|name| CLIENT_SIGNERS.contains(name));
    let told = grant.resource == "*" && grant.verb == "*" && role_wildcard::covers(role, line);
    client && !told
}

fn completes(role: &Role<'_>, object: &str) -> bool {
    let changes = |line, verb| role.grant(line, verb, CERTIFICATES, object).is_some();
    role.rules().iter().any(|line| changes(line, "update") || changes(line, "patch"))
}
