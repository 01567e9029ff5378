//! A binding grants a role that is broader than it looks.
//!
//! # Why
//!
//! Subjects with `admin` or `edit` in the whole cluster can run pods under every service account of every
//! namespace, and so use every workload identity in the cluster. `admin` can grant roles as well. The
//! `system:` roles and `aks-service` are meant for components of Kubernetes and AKS and can change with
//! every version. Binding them to a component's dedicated service account has a lower severity. The four
//! roles that only describe the cluster are allowed.
//!
//! ```yaml deny
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata:
//!   name: editors
//! roleRef:
//!   apiGroup: rbac.authorization.k8s.io
//!   kind: ClusterRole
//!   name: edit
//! subjects:
//! - apiGroup: rbac.authorization.k8s.io
//!   kind: Group
//!   name: 0f8fad5b-d9cb-469f-a165-70867728950e
//! ```
//!
//! # Fix
//!
//! Bind the role in the namespaces that the group works in, or write a role with the permissions it needs.
//!
//! ```yaml allow
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: RoleBinding
//! metadata:
//!   name: checkout
//!   namespace: shop
//! roleRef:
//!   apiGroup: rbac.authorization.k8s.io
//!   kind: ClusterRole
//!   name: edit
//! subjects:
//! - apiGroup: rbac.authorization.k8s.io
//!   kind: Group
//!   name: 0f8fad5b-d9cb-469f-a165-70867728950e
//! ```
//!
//! # Source
//!
//! - [Kubernetes RBAC good practices](https://kubernetes.io/docs/concepts/security/rbac-good-practices/)
//! - [User-facing roles](https://kubernetes.io/docs/reference/access-authn-authz/rbac/#user-facing-roles)

use crate::finding::Severity;
use crate::rule::{Check, Rule, RuleContext};
use crate::view::binding::{Binding, Principal, Subject};
use text::docs_only;
use text::shown;

pub static RULE: Rule = Rule {
    id: "binding-privileged-role",
    summary: docs_only("binding to a role that is broader than it looks"),
    remediation: "bind the role per namespace with a RoleBinding, or write a role with the permissions that are needed",
    severity: Severity::Medium,
    checks: &[Check::Binding(check)],
};

fn check<'a>(cx: &mut RuleContext<'a>, binding: &Binding<'a>) {
    let role = binding.role_ref();
    let for_people = role.kind == "ClusterRole" && matches!(role.name, "admin" | "edit");
    let for_components = role.name.starts_with("system:") || role.name == "aks-service";
    if for_people && !binding.namespaced {
        cx.report(role.node, format!("grants {} in every namespace, including kube-system", role.name));
    } else if for_components && !role.is_discovery() {
        let finding = cx.report(role.node, format!("grants {}, which is meant for a component", shown(role.name)));
        finding.remediation("write a role with the permissions that are needed and bind that role");
        if binding.subjects().all(|subject| is_component(&subject)) {
            finding.severity(Severity::Low);
        }
    }
}

/// Components run under dedicated service accounts, such as an API server that uses `system:auth-delegator`.
fn is_component(subject: &Subject<'_>) -> bool {
    matches!(subject.principal, Principal::ServiceAccount { name, .. } if name != "default")
}
