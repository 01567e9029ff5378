//! A binding names an individual user instead of a group.
//!
//! # Why
//!
//! Access granted to an individual remains when the person changes teams, is not covered by access reviews
//! of groups, and has to be granted again for each colleague. Bind Entra groups instead. A User that is a
//! GUID can be a guest, a service principal or a managed identity. The object does not show which, and it
//! can be right to bind the latter two directly, so the severity is lower. Names in `allowedUsers` and
//! `clusterAdmins` are allowed.
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
//!   name: jane@contoso.com
//! ```
//!
//! # Fix
//!
//! Add the person to an Entra group and bind the group by its object id.
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
//! - apiGroup: rbac.authorization.k8s.io
//!   kind: Group
//!   name: 0f8fad5b-d9cb-469f-a165-70867728950e
//! ```
//!
//! # Source
//!
//! - [Use Kubernetes RBAC with Entra integration in AKS](https://learn.microsoft.com/azure/aks/kubernetes-rbac-entra-id)
//! - [AKS access and identity best practices](https://learn.microsoft.com/azure/aks/operator-best-practices-identity)

use crate::entra_id::{is_guid, is_placeholder_guid, is_upn};
use crate::finding::Severity;
use crate::rule::{Check, Rule, RuleContext};
use crate::view::binding::Binding;
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "binding-individual-user",
    summary: docs_only("role granted to an individual user instead of a group"),
    remediation: "add the person to an Entra group and bind the group, or ask your cluster operators to list the user in allowedUsers",
    severity: Severity::Medium,
    checks: &[Check::Binding(check)],
};

fn check<'a>(cx: &mut RuleContext<'a>, binding: &Binding<'a>) {
    let settings = cx.settings;
    for subject in binding.subjects() {
        let Some(name) = subject.user() else { continue };
        if settings.is_allowed_user(name) || settings.is_cluster_admin(name) {
            continue;
        }
        if is_guid(name) && !is_placeholder_guid(name) {
            cx.report(subject.node, "is a single guest, service principal or managed identity, not a group")
                .severity(Severity::Low)
                .remediation(format!(
                    "add it to an Entra group and bind the group; RBAC knows a service principal by the id that az ad sp show --id {name} --query id prints"
                ));
        } else if is_upn(name) {
            cx.report(subject.node, "is an individual user, not a group");
        }
    }
}
