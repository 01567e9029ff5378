//! An annotation or label holds a fixed credential.
//!
//! # Why
//!
//! Anyone who can see an object can read its annotations. The usual cause is `kubectl apply`, which keeps a
//! copy of the whole manifest in the annotation `kubectl.kubernetes.io/last-applied-configuration`: a
//! credential that was later removed from the object by other means stays in that copy. What the copy
//! merely repeats is reported at the object. Every string of the copy is read, on objects and on pod
//! templates, also in copies inside the copy.
//!
//! The policy's own admission rules cover Services, Ingresses and the kinds that other rules read. Annotations of other
//! kinds are read if an admission rule of yours sends these kinds to the policy.
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

use super::literal::{Worst, find};
use crate::finding::Severity;
use crate::rule::{Check, Rule, RuleContext};
use crate::texts::{Origin, Origins, Text};
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "credential-in-annotation",
    summary: docs_only("fixed credential in an annotation"),
    remediation: "remove the annotation and rotate what it held",
    severity: Severity::High,
    checks: &[Check::Text(Origins::of(&[Origin::Annotation, Origin::Label, Origin::LastApplied]), check)],
};

fn check<'a>(cx: &mut RuleContext<'a>, text: &Text<'a>) {
    let is_copy = text.origin == Origin::LastApplied;
    let mut worst = Worst::default();
    find(text, &mut |literal| {
        if !is_copy || literal.evidence.severity() > Severity::Low {
            worst.add(literal);
        }
    });
    worst.report(cx, text, &mut |finding, _| {
        if is_copy {
            finding.remediation("apply the corrected manifest or remove the annotation, and rotate what it held");
        }
    });
}
