//! The object has a member whose type is not the one its kind has, or the request has no object at all.
//!
//! # Why
//!
//! What cannot be read cannot be judged, and a policy about credentials must not accept what it did not
//! understand. The API server refuses such objects of its own kinds; custom resources without a strict
//! schema and hand-made requests can have them. This rule is always on: settings cannot switch it off
//! and exemptions do not cover it.
//!
//! ```yaml deny
//! apiVersion: v1
//! kind: ConfigMap
//! metadata:
//!   name: settings
//!   namespace: shop
//! data: not a map
//! ```
//!
//! # Fix
//!
//! Give the member the type that the API has for it.
//!
//! ```yaml allow
//! apiVersion: v1
//! kind: ConfigMap
//! metadata:
//!   name: settings
//!   namespace: shop
//! data:
//!   mode: plain
//! ```
//!
//! # Source
//!
//! - [Kubernetes API reference](https://kubernetes.io/docs/reference/kubernetes-api/)

use crate::finding::Severity;
use crate::object::Object;
use crate::rule::{Rule, RuleContext};
use crate::schema;
use crate::view::workload::Workload;
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "unreadable-object",
    summary: docs_only("object that cannot be read"),
    remediation: "correct the manifest so that the member has the type the Kubernetes API gives it",
    severity: Severity::High,
    // Called by the pipeline before the table.
    checks: &[],
};

pub(crate) fn check<'a>(cx: &mut RuleContext<'a>, object: &Object<'a>, workloads: &[Workload<'a>]) {
    schema::check(object, workloads, &mut |node, expected| {
        cx.report(node, format!("is {} where {expected} belongs", node.type_name()));
    });
}
