//! A binding grants a role to a namespace's `default` service account.
//!
//! # Why
//!
//! A pod that does not name a service account runs as `default`. A role for `default` is a role for every
//! such pod in the namespace, including pods that are added later, although none of them asked for it.
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
//! - kind: ServiceAccount
//!   name: default
//!   namespace: shop
//! ```
//!
//! # Fix
//!
//! Create a dedicated service account for the workload, name it in the pod template, and bind that account.
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
//! - [Service account permissions](https://kubernetes.io/docs/reference/access-authn-authz/rbac/#service-account-permissions)
//! - [Kubernetes RBAC good practices](https://kubernetes.io/docs/concepts/security/rbac-good-practices/)

use crate::finding::Severity;
use crate::rule::{Check, Rule, RuleContext};
use crate::view::binding::{Binding, Principal};
use text::docs_only;
use text::shown;

pub static RULE: Rule = Rule {
    id: "binding-default-service-account",
    summary: docs_only("role granted to the default service account"),
    remediation: "create a dedicated service account, name it in the pod template, and bind that account",
    severity: Severity::Medium,
    checks: &[Check::Binding(check)],
};

fn check<'a>(cx: &mut RuleContext<'a>, binding: &Binding<'a>) {
    for subject in binding.subjects() {
        if let Principal::ServiceAccount { namespace, name: "default" } = subject.principal {
            let what = format!("is every pod in namespace {} that does not name a service account", shown(namespace));
            cx.report(subject.node, what);
        }
    }
}
