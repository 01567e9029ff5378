//! A User subject is neither a user principal name nor an Entra object id.
//!
//! # Why
//!
//! The API server knows users of the cluster's tenant by their user principal name, and guests, service
//! principals and managed identities by their object id. Entra does not issue any other name. Such a name
//! either never matches a request, or it matches a client certificate, which bypasses Entra sign-in.
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
//!   name: jane
//! ```
//!
//! # Fix
//!
//! Bind an Entra group instead of an individual user, or write the user principal name exactly as in Entra.
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

use crate::entra_id::{is_guid, is_upn};
use crate::finding::Severity;
use crate::requester::LOCAL_ACCOUNTS;
use crate::rule::{Check, Rule, RuleContext};
use crate::rules::binding::binding_local_account::is_context_name;
use crate::rules::binding::misspelling;
use crate::view::binding::Binding;
use std::borrow::Cow;
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "binding-user-not-entra",
    summary: docs_only("user that Entra does not know"),
    remediation: "bind an Entra group by its object id, or write the user principal name or object id exactly as in Entra",
    severity: Severity::High,
    checks: &[Check::Binding(check)],
};

fn check<'a>(cx: &mut RuleContext<'a>, binding: &Binding<'a>) {
    for subject in binding.subjects() {
        let Some(name) = subject.user() else { continue };
        let has_own_rule = name.starts_with("system:")
            || name.starts_with("aks:jwt:")
            || LOCAL_ACCOUNTS.contains(&name)
            || is_context_name(name);
        if has_own_rule {
            continue;
        }
        if let Some((message, remediation)) = not_an_entra_user(name) {
            let finding = cx.report(subject.node, message);
            if let Some(remediation) = remediation {
                finding.remediation(remediation);
            }
        }
    }
}

/// The message, and a remediation if there is a better one than the rule's; `None` for a name from Entra.
fn not_an_entra_user(name: &str) -> Option<(Cow<'static, str>, Option<String>)> {
    if let Some(fault) = misspelling(name) {
        return Some(fault);
    }
    let message = if name.to_ascii_uppercase().contains("#EXT#") {
        "is a guest's name in the directory; requests from guests carry their object id"
    } else if is_guid(name) || is_upn(name) {
        return None;
    } else if !name.is_ascii() {
        "has characters outside ASCII, which a user principal name cannot have"
    } else {
        // Who writes a name that is neither often means a service principal.
        let fix = "write the user principal name or, of a service principal, the object id of its enterprise application: az ad sp show --id <application id> --query id --output tsv";
        return Some(("is neither a user principal name nor an Entra object id".into(), Some(fix.to_owned())));
    };
    Some((message.into(), None))
}
