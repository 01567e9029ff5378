//! An annotation holds a fixed credential.
//!
//! # Why
//!
//! Annotations are read by whoever may see the object, and nobody expects a credential there. The usual
//! way in is `kubectl apply`, which keeps a copy of the whole manifest in the annotation
//! `kubectl.kubernetes.io/last-applied-configuration`: a credential that was since removed from the
//! object otherwise lives on in that copy. What the copy merely repeats is told at the object.
//!
//! ```yaml deny
//! apiVersion: v1
//! kind: Service
//! metadata:
//!   name: orders
//!   namespace: shop
//!   annotations:
//!     contoso.com/azure-storage-key: correct-horse-battery-staple
//! ```
//!
//! # Fix
//!
//! Remove the annotation. For kubectl's copy: `kubectl apply` the corrected manifest, or remove the
//! annotation with `kubectl annotate <object> kubectl.kubernetes.io/last-applied-configuration-`.
//!
//! ```yaml allow
//! apiVersion: v1
//! kind: Service
//! metadata:
//!   name: orders
//!   namespace: shop
//!   annotations:
//!     contoso.com/azure-storage-account: shop
//! ```
//!
//! # Source
//!
//! - [How kubectl apply keeps the last configuration](https://kubernetes.io/docs/tasks/manage-kubernetes-objects/declarative-config/)

use super::literal::{
    Literal, in_annotations, in_cron_job_and_claims, in_object, in_unreadable_copy, may_assign_secrets,
};
use crate::finding::Severity;
use json::{Node, parse};

use crate::anchor::{Anchor, locate};
use crate::object::{LAST_APPLIED, Object};
use crate::rule::{Check, Rule, RuleContext};
use crate::view::sign::Signs;
use crate::view::workload::{Workload, workloads};
use kubernetes::kind;
use std::borrow::Cow;
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "credential-in-annotation",
    summary: docs_only("fixed credential in an annotation"),
    remediation: "remove the annotation and rotate what it held",
    severity: Severity::High,
    checks: &[
        Check::Annotated(check),
        Check::Kinds(&[kind::CRON_JOB, kind::STATEFUL_SET], check_made),
        Check::Workload(Signs::ANNOTATIONS, check_template),
    ],
};

fn check<'a>(cx: &mut RuleContext<'a>, object: &Object<'a>) {
    let annotations = object.annotations();
    in_annotations(annotations, &mut |literal| {
        literal.report(cx);
    });
    let copy = annotations.get(LAST_APPLIED);
    if let Some(text) = copy.text().filter(|text| may_assign_secrets(text)) {
        check_copy(cx, object, copy, text);
    }
}

fn check_made<'a>(cx: &mut RuleContext<'a>, object: &Object<'a>) {
    in_cron_job_and_claims(object, &mut |literal| {
        literal.report(cx);
    });
}

fn check_template<'a>(cx: &mut RuleContext<'a>, workload: &Workload<'a>) {
    if !workload.is_pod() {
        for annotations in workload.annotation_levels() {
            in_annotations(annotations, &mut |literal| {
                literal.report(cx);
            });
        }
    }
}

/// Most credentials told of one copy.
const MOST: usize = 20;

/// Reports what only kubectl's copy of the object has.
fn check_copy<'a>(cx: &mut RuleContext<'a>, object: &Object<'a>, annotation: Node<'a>, text: &'a str) {
    let Ok(copy) = parse(text) else {
        return in_unreadable_copy(annotation, text, &mut |literal| {
            literal.report(cx);
        });
    };
    let mut own: Vec<Cow<'a, str>> = Vec::new();
    in_object(object, &workloads(object, cx.settings), &mut |literal| own.push(literal.text));
    own.sort_unstable();
    let root = Node::new(&copy);
    let copied = Object { root, ..*object };
    let mut only_here: Vec<Literal<'_>> = Vec::new();
    in_object(&copied, &workloads(&copied, cx.settings), &mut |literal| {
        let repeats = own.binary_search_by(|known| (**known).cmp(&literal.text)).is_ok();
        if !repeats && literal.evidence.severity() > Severity::Low && only_here.len() < MOST {
            only_here.push(literal);
        }
    });
    let places: Vec<&Anchor<'_>> = only_here.iter().map(|literal| &literal.place).collect();
    let locations = if places.is_empty() { Vec::new() } else { locate(root, &places) };
    for (literal, location) in only_here.iter().zip(locations) {
        cx.report(Anchor::inside(annotation, &location.path), literal.what())
            .severity(literal.evidence.severity())
            .remediation("apply the corrected manifest or remove the annotation, and rotate what it held");
    }
}
