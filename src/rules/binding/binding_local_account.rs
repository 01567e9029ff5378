//! A binding names an AKS local account.
//!
//! # Why
//!
//! `masterclient`, `clusterAdmin` and `clusterUser` are certificates that AKS hands to everyone who is
//! permitted to list them. They are shared, cannot be revoked individually and bypass Entra sign-in.
//! `clusterAdmin_<group>_<cluster>` is the name of a kubeconfig context, not of a user, so such a binding
//! never matches a request.
//!
//! ```yaml deny
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
//!   kind: User
//!   name: clusterUser
//! ```
//!
//! # Fix
//!
//! Bind an Entra group by its object id, and disable local accounts on the cluster.
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
//! - [Manage local accounts in AKS](https://learn.microsoft.com/azure/aks/manage-local-accounts-managed-azure-ad)

use crate::finding::Severity;
use crate::requester::LOCAL_ACCOUNTS;
use crate::rule::{Check, Rule, RuleContext};
use crate::view::binding::Binding;
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "binding-local-account",
    summary: docs_only("role granted to an AKS local account"),
    remediation: "bind an Entra group by its object id instead",
    severity: Severity::High,
    checks: &[Check::Binding(check)],
};

fn check<'a>(cx: &mut RuleContext<'a>, binding: &Binding<'a>) {
    for subject in binding.subjects() {
        let Some(name) = subject.user() else { continue };
        if LOCAL_ACCOUNTS.contains(&name) {
            cx.report(subject.node, "is an AKS local account, a shared certificate that bypasses Entra sign-in");
        } else if is_context_name(name) {
            cx.report(subject.node, "is the name of a kubeconfig context and does not match any user");
        }
    }
}

/// `clusterAdmin_<resource group>_<cluster>` is how `az aks get-credentials` names the user of a context.
pub(super) fn is_context_name(name: &str) -> bool {
    name.starts_with("clusterAdmin_") || name.starts_with("clusterUser_")
}
