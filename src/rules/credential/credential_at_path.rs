//! A place that the settings name as a credential has a value.
//!
//! # Why
//!
//! No list knows the fields of your own operators. `credentialPaths` names them by kind and JSONPath
//! (RFC 9535). A value there is a credential written into the object, unless it is empty or refers to
//! one that is kept elsewhere.
//!
//! ```yaml deny
//! settings:
//!   credentialPaths:
//!   - {apiGroup: contoso.com, kind: Importer, path: "$.spec.sources[*].password", name: source password}
//! request:
//!   uid: 6b1ff2c7-9c9b-4b3f-9b2d-0f5d3a0c7f10
//!   kind: {group: contoso.com, version: v1, kind: Importer}
//!   operation: CREATE
//!   namespace: shop
//!   object:
//!     apiVersion: contoso.com/v1
//!     kind: Importer
//!     metadata: {name: orders, namespace: shop}
//!     spec:
//!       sources:
//!       - {host: db.contoso.com, password: correct-horse-battery}
//! ```
//!
//! # Fix
//!
//! Refer to the credential, or better, sign in with workload identity.
//!
//! ```yaml allow
//! settings:
//!   credentialPaths:
//!   - {apiGroup: contoso.com, kind: Importer, path: "$.spec.sources[*].password", name: source password}
//! request:
//!   uid: 6b1ff2c7-9c9b-4b3f-9b2d-0f5d3a0c7f10
//!   kind: {group: contoso.com, version: v1, kind: Importer}
//!   operation: CREATE
//!   namespace: shop
//!   object:
//!     apiVersion: contoso.com/v1
//!     kind: Importer
//!     metadata: {name: orders, namespace: shop}
//!     spec:
//!       sources:
//!       - {host: db.contoso.com, password: "${DB_PASSWORD}"}
//!       - host: mail.contoso.com
//!         password:
//!           secretKeyRef: {name: mail, key: password}
//! ```
//!
//! # Source
//!
//! - [RFC 9535, JSONPath](https://www.rfc-editor.org/rfc/rfc9535)

use crate::finding::Severity;
use crate::object::Object;
use crate::rule::{Check, Rule, RuleContext};
use crate::settings::select;
use credentials::{Benign, benign};
use json::Node;
use text::docs_only;
use text::shown;

pub static RULE: Rule = Rule {
    id: "credential-at-path",
    summary: docs_only("credential at a place that credentialPaths names"),
    remediation: "refer to a credential that is kept elsewhere, or sign in with workload identity",
    severity: Severity::High,
    checks: &[Check::Any(check)],
};

fn check<'a>(cx: &mut RuleContext<'a>, object: &Object<'a>) {
    let settings = cx.settings;
    select(&settings.credential_paths, object, &mut |place, node| {
        if holds_something(node) {
            let name = if place.name.is_empty() { "a credential" } else { &place.name };
            cx.report(node, format!("is filled in, and the settings name it a credential ({})", shown(name)))
                .compare_rotated();
        }
    });
}

/// Whether a match is a value. Empty text, `${X}` and `{secretKeyRef: ...}` are none.
fn holds_something(node: Node<'_>) -> bool {
    if let Some(text) = node.text() {
        return !matches!(benign(text), Some(Benign::Empty | Benign::Reference));
    }
    if node.is_object() {
        return !is_reference(node) && node.members().any(|(_, member)| holds_something(member));
    }
    if node.is_list() {
        return node.items().any(holds_something);
    }
    !node.is_absent()
}

/// `{secretKeyRef: ...}`, `{valueFrom: ...}`, `{name: x, key: y}`.
fn is_reference(node: Node<'_>) -> bool {
    const PARTS: &[&str] = &["name", "key", "namespace", "optional"];
    let source = |name: &str| name == "valueFrom" || name == "value_from" || name.ends_with("Ref");
    let mut members = node.members().filter(|(_, member)| !member.is_absent()).peekable();
    let named = node.get("name").text().is_some();
    members.peek().is_some()
        && node.members().all(|(name, member)| source(name) && member.is_object() || named && PARTS.contains(&name))
}
