//! A Group subject is not the object id of an Entra group.
//!
//! # Why
//!
//! AKS puts the **object ids** of a person's Entra groups into the request, never display names or mail
//! addresses, and Kubernetes compares them letter by letter. A binding to anything else silently grants
//! nothing, until somebody finds another way to the access that was meant.
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
//!   kind: Group
//!   name: platform-team
//! ```
//!
//! # Fix
//!
//! Look up the group's object id: `az ad group show --group platform-team --query id --output tsv`.
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

use crate::entra_id::is_guid;
use crate::finding::Severity;
use crate::rule::{Check, Rule, RuleContext};
use crate::rules::binding::misspelling;
use crate::view::binding::Binding;
use std::borrow::Cow;
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "binding-group-not-object-id",
    summary: docs_only("group that is not an Entra object id"),
    remediation: "write the group's object id: az ad group show --group NAME --query id --output tsv",
    severity: Severity::High,
    checks: &[Check::Binding(check)],
};

fn check<'a>(cx: &mut RuleContext<'a>, binding: &Binding<'a>) {
    for subject in binding.subjects() {
        let Some(name) = subject.group() else { continue };
        if name.starts_with("system:") || name.starts_with("aks:jwt:") {
            continue;
        }
        if let Some(mistake) = not_an_object_id(name) {
            cx.report(subject.node, mistake);
        }
    }
}

/// Which mistake a name is that should be an object id; `None` for an object id.
fn not_an_object_id(name: &str) -> Option<Cow<'static, str>> {
    if let Some(mistake) = misspelling(name) {
        return Some(mistake);
    }
    let mistake = if is_guid(name) {
        return None;
    } else if !name.is_ascii() {
        "has characters outside ASCII, which may look like others; an object id has none"
    } else if name.contains('@') {
        "is a mail address, not the object id of an Entra group"
    } else {
        "is a display name, not the object id of an Entra group"
    };
    Some(mistake.into())
}
