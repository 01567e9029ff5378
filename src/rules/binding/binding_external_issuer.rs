//! A binding names a user or group of a second identity provider.
//!
//! # Why
//!
//! Names that start with `aks:jwt:` come from an external OIDC issuer that is configured alongside Entra ID
//! (structured authentication, preview). These users bypass Entra sign-in, so Conditional Access, Privileged
//! Identity Management and access reviews do not apply to them.
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
//!   name: aks:jwt:github:contoso-bot
//! ```
//!
//! # Fix
//!
//! Bind an Entra group by its object id. If the second provider is intended, set
//! `allowExternalIssuers: true`.
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
//! - [External identity providers for AKS](https://learn.microsoft.com/azure/aks/external-identity-provider-authentication-overview)

use crate::finding::Severity;
use crate::rule::{Check, Rule, RuleContext};
use crate::view::binding::Binding;
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "binding-external-issuer",
    summary: docs_only("role granted to an identity outside Entra"),
    remediation: "bind an Entra group by its object id, or ask your cluster operators to set allowExternalIssuers",
    severity: Severity::Medium,
    checks: &[Check::Binding(check)],
};

fn check<'a>(cx: &mut RuleContext<'a>, binding: &Binding<'a>) {
    if cx.settings.allow_external_issuers {
        return;
    }
    for subject in binding.subjects() {
        if subject.user_or_group().is_some_and(|name| name.starts_with("aks:jwt:")) {
            cx.report(subject.node, "comes from an external identity provider, not from Entra");
        }
    }
}
