//! A role lets its holder take any right: `escalate`, `bind` or `impersonate`.
//!
//! # Why
//!
//! The API server normally lets users grant only what they hold. `escalate` on roles skips that check, and `bind`
//! skips it for bindings. `impersonate` acts as another user, group or service account. Each of them is
//! cluster-admin in one more step, and the audit log does not show the person's Entra identity as the holder of
//! the right. Impersonating `userextras/oid` acts as another Entra principal wherever Azure RBAC decides. `*`
//! among the verbs includes all three. `resourceNames` lower the severity, unless one of the names is as good as
//! all of them: a role that escalates (`cluster-admin`, `admin`, `aks-service`), a user, group or service account of
//! the control plane (`system:masters`, `aksService`, `aks-support`, `system:kube-*`, the accounts of `kube-system`).
//! `escalate` on one role is enough to write any right into it, so its names never lower the severity.
//!
//! Constrained impersonation (beta and on by default since Kubernetes 1.36) splits `impersonate` into two halves, all
//! in API group `authentication.k8s.io`: `impersonate:user-info`, `impersonate:serviceaccount` and
//! `impersonate:arbitrary-node` name the identity, and `impersonate-on:<mode>:<verb>` names the requests that can be
//! made as it. Grants add up over all bindings, so the rule reports each half: the first as high, the second where it
//! reads Secrets or creates tokens. `impersonate:associated-node` is for agents that act as their own node, and is
//! accepted. `*` on `users` or `groups` of `authentication.k8s.io` impersonates as well.
//!
//! ```yaml deny
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata:
//!   name: role-manager
//! rules:
//! - apiGroups: [rbac.authorization.k8s.io]
//!   resources: [clusterroles]
//!   verbs: [get, update, escalate]
//! ```
//!
//! # Fix
//!
//! Remove the verb. The holder can then still write roles that grant what the holder has. A controller that has
//! to bind roles should name them, and one that impersonates should name whom.
//!
//! ```yaml allow
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata:
//!   name: role-viewer
//! rules:
//! - apiGroups: [rbac.authorization.k8s.io]
//!   resources: [clusterroles]
//!   verbs: [get, list, watch]
//! ```
//!
//! # Source
//!
//! - [Kubernetes RBAC good practices](https://kubernetes.io/docs/concepts/security/rbac-good-practices/#escalate-verb)
//! - [Restrictions on role creation](https://kubernetes.io/docs/reference/access-authn-authz/rbac/#privilege-escalation-prevention-and-bootstrapping)
//! - [User impersonation](https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/)
//! - [KEP-5284: constrained impersonation](https://kep.k8s.io/5284)

use super::report;
use crate::finding::Severity;
use crate::rule::{Check, Rule};
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "role-escalation",
    summary: docs_only("role that lets its holder take any right"),
    remediation: "remove escalate, bind and impersonate, and list the other verbs instead of *",
    severity: Severity::High,
    checks: &[Check::Role(report::privileges)],
};
