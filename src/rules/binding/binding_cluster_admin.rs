//! A binding makes somebody cluster-admin who is not listed in `clusterAdmins`.
//!
//! # Why
//!
//! `cluster-admin` may do everything, everywhere, this policy included. Who holds it belongs in the settings,
//! where a review sees it, and should be one Entra group whose members activate it just in time. Inside one
//! namespace (a RoleBinding) it is still everything in that namespace, but weighs less. A Role that is
//! merely called `cluster-admin` is not meant.
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
//! Grant a role with what is needed, or list the group in `clusterAdmins`:
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
    summary: docs_only("cluster-admin for somebody who is not listed"),
    remediation: "grant a smaller role, or add the subject to the setting clusterAdmins",
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
