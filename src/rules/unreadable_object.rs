//! A member of the object does not have the type that the Kubernetes API defines, or the request has no
//! object.
//!
//! # Why
//!
//! An object that cannot be read cannot be evaluated, and a policy about credentials must not allow what it
//! does not understand. The API server rejects such objects of built-in kinds. Custom resources without a
//! strict schema and hand-written requests can contain them. This rule is always on: settings cannot switch
//! it off, and exemptions do not apply to it.
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
//! Give the member the type that the API defines. A value that YAML reads as a number or a boolean, such as
//! `8080` or `true`, needs quotes where the API expects a string.
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
    // The pipeline calls it before the rules in the table.
    checks: &[],
};

pub(crate) fn check<'a>(cx: &mut RuleContext<'a>, object: &Object<'a>, workloads: &[Workload<'a>]) {
    if workloads.iter().any(Workload::is_one_of_too_many) {
        cx.report(object.root, "has too many pod templates for the labels, annotations and volumes that they share")
            .remediation("split the object");
    }
    schema::check(object, workloads, &mut |node, expected| {
        let found = node.type_name();
        let message = match expected {
            schema::AN_OBJECT_WITH_A_KIND => "does not have a kind".to_owned(),
            _ => format!("is {found}, not {expected}"),
        };
        let finding = cx.report(node, message);
        finding.compare_content(node);
        if expected == "a string" && matches!(found, "a number" | "a boolean") {
            finding.remediation("put the value in quotes, so that YAML reads it as a string");
        }
    });
}
