//! A ClusterRole can have client certificates signed for any name.
//!
//! # Why
//!
//! A client certificate bypasses Entra sign-in and cannot be revoked. It carries the user and groups that its
//! request asks for; on AKS, `CN=clusterAdmin` and `O=system:masters` are cluster-admin. Issuing one takes two
//! grants, which are often in two policy rules: update on `certificatesigningrequests/approval` and `approve` on
//! the signer, or update on `certificatesigningrequests/status` and `sign` on the signer. Other signers are not a
//! concern, such as an operator's own or the signer of kubelet serving certificates. `resourceNames` on the
//! requests do not help, because the author of a request chooses its name.
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
//! Approve only for your own signer. People and pipelines sign in with Entra.
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

use super::report;
use crate::finding::Severity;
use crate::rule::{Check, Rule};
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "role-certificate-approval",
    summary: docs_only("role that issues client certificates"),
    remediation: "name your own signer: resourceNames: [<domain>/<signer>]",
    severity: Severity::High,
    checks: &[Check::Role(report::privileges)],
};
