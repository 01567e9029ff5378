//! A binding names a service account as a User.
//!
//! # Why
//!
//! `system:serviceaccount:<namespace>:<name>` under `kind: User` works, but reviews and tools that look for
//! service accounts miss it.
//!
//! ```yaml deny
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: RoleBinding
//! metadata:
//!   name: checkout
//!   namespace: shop
//! roleRef:
//!   apiGroup: rbac.authorization.k8s.io
//!   kind: ClusterRole
//!   name: view
//! subjects:
//! - apiGroup: rbac.authorization.k8s.io
//!   kind: User
//!   name: system:serviceaccount:shop:checkout
//! ```
//!
//! # Fix
//!
//! Write it as a ServiceAccount subject.
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
//!   name: view
//! subjects:
//! - kind: ServiceAccount
//!   name: checkout
//!   namespace: shop
//! ```
//!
//! # Source
//!
//! - [Referring to subjects](https://kubernetes.io/docs/reference/access-authn-authz/rbac/#referring-to-subjects)

use crate::finding::Severity;
use crate::rule::{Check, Rule, RuleContext};
use crate::view::binding::{Binding, Principal};
use text::docs_only;
use text::shown;

pub static RULE: Rule = Rule {
    id: "binding-service-account-as-user",
    summary: docs_only("service account written as a user"),
    remediation: "write kind: ServiceAccount with name and namespace",
    severity: Severity::Low,
    checks: &[Check::Binding(check)],
};

fn check<'a>(cx: &mut RuleContext<'a>, binding: &Binding<'a>) {
    for subject in binding.subjects().filter(|subject| subject.kind == "User") {
        if let Principal::ServiceAccount { namespace, name } = subject.principal {
            let (namespace, name) = (shown(namespace), shown(name));
            cx.report(subject.node, "is a service account written as a user")
                .remediation(format!("write {{kind: ServiceAccount, namespace: {namespace}, name: {name}}}"));
        }
    }
}
