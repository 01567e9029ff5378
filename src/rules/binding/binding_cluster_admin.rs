//! A binding grants cluster-admin to a subject that is not listed in `clusterAdmins`.
//!
//! # Why
//!
//! `cluster-admin` can do everything in the cluster, including removing this policy. List its subjects in
//! the settings, where reviewers see them. Ideally this is one Entra group whose members activate their
//! membership just in time. A RoleBinding to `cluster-admin` still grants full control over one namespace;
//! its severity is lower. A Role that happens to be called `cluster-admin` is not reported.
//!
//! ```yaml deny
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata:
//!   name: admins
//! roleRef:
//!   apiGroup: rbac.authorization.k8s.io
//!   kind: ClusterRole
//!   name: cluster-admin
//! subjects:
//! - apiGroup: rbac.authorization.k8s.io
//!   kind: Group
//!   name: 0f8fad5b-d9cb-469f-a165-70867728950e
//! ```
//!
//! # Fix
//!
//! Grant a role that has only the permissions that are needed, or list the group in `clusterAdmins`:
//!
//! ```yaml
//! clusterAdmins: [0f8fad5b-d9cb-469f-a165-70867728950e]
//! ```
//!
//! ```yaml allow
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata:
//!   name: viewers
//! roleRef:
//!   apiGroup: rbac.authorization.k8s.io
//!   kind: ClusterRole
//!   name: view
//! subjects:
//! - apiGroup: rbac.authorization.k8s.io
//!   kind: Group
//!   name: 0f8fad5b-d9cb-469f-a165-70867728950e
//! ```
//!
//! # Source
//!
//! - [Kubernetes RBAC good practices](https://kubernetes.io/docs/concepts/security/rbac-good-practices/)
//! - [Access and identity options for AKS](https://learn.microsoft.com/azure/aks/concepts-identity)

use crate::finding::Severity;
use crate::rule::{Check, Rule, RuleContext};
use crate::view::binding::Binding;
use text::docs_only;
use text::shown;

pub static RULE: Rule = Rule {
    id: "binding-cluster-admin",
    summary: docs_only("cluster-admin granted to an unlisted subject"),
    remediation: "grant a smaller role, or ask your cluster operators to list the subject in the setting clusterAdmins",
    severity: Severity::High,
    checks: &[Check::Binding(check)],
};

fn check<'a>(cx: &mut RuleContext<'a>, binding: &Binding<'a>) {
    if !binding.role_ref().is_cluster_admin() {
        return;
    }
    let settings = cx.settings;
    for subject in binding.subjects().filter(|subject| !settings.is_cluster_admin(&subject.requester_name())) {
        if binding.namespaced {
            let what = format!("gets cluster-admin in namespace {}", shown(binding.object.namespace));
            cx.report(subject.node, what).severity(Severity::Medium);
        } else {
            cx.report(subject.node, "gets cluster-admin and is not listed in clusterAdmins");
        }
    }
}
