//! A binding grants a role to unauthenticated requests.
//!
//! # Why
//!
//! `system:anonymous` and `system:unauthenticated` match every request without a credential. The caller
//! is unknown, so Entra sign-in, Conditional Access and the audit trail do not apply. The only such
//! binding that Kubernetes ships is `system:public-info-viewer`, which exposes health and version
//! information. The rule allows it as long as it is unchanged.
//!
//! ```yaml deny
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata:
//!   name: open-to-all
//! roleRef:
//!   apiGroup: rbac.authorization.k8s.io
//!   kind: ClusterRole
//!   name: view
//! subjects:
//! - apiGroup: rbac.authorization.k8s.io
//!   kind: Group
//!   name: system:unauthenticated
//! ```
//!
//! # Fix
//!
//! Bind an Entra group by its object id.
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

use crate::finding::Severity;
use crate::rule::{Check, Rule, RuleContext};
use crate::view::binding::{Binding, Subject};
use text::docs_only;
use text::shown;

pub static RULE: Rule = Rule {
    id: "binding-anonymous",
    summary: docs_only("role granted to anonymous requests"),
    remediation: "remove the subject, or bind an Entra group by its object id",
    severity: Severity::High,
    checks: &[Check::Binding(check)],
};

fn check<'a>(cx: &mut RuleContext<'a>, binding: &Binding<'a>) {
    for subject in binding.subjects().filter(is_anonymous) {
        if !is_public_info_viewer(binding) {
            let what = format!("grants {} to unauthenticated requests", shown(binding.role_ref().name));
            cx.report(subject.node, what);
        }
    }
}

/// Both names, under either kind.
fn is_anonymous(subject: &Subject<'_>) -> bool {
    matches!(subject.user_or_group(), Some("system:anonymous" | "system:unauthenticated"))
}

/// The binding that Kubernetes ships: same name, same role, and no subjects other than its two groups.
fn is_public_info_viewer(binding: &Binding<'_>) -> bool {
    const NAME: &str = "system:public-info-viewer";
    let role = binding.role_ref();
    !binding.namespaced
        && binding.object.name == NAME
        && (role.kind, role.name) == ("ClusterRole", NAME)
        && binding
            .subjects()
            .all(|subject| matches!(subject.group(), Some("system:authenticated" | "system:unauthenticated")))
}
