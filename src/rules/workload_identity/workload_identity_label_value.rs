//! The label `azure.workload.identity/use` of a pod has a value other than `"true"`.
//!
//! # Why
//!
//! The webhook selects pods whose label has exactly the value `"true"`. `"True"`, `"yes"` or `"1"` have no
//! effect and cause no error. With `"false"` workload identity is off, as it is without the label.
//!
//! ```yaml deny
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: checkout
//!   namespace: shop
//!   labels:
//!     azure.workload.identity/use: "yes"
//! spec:
//!   serviceAccountName: checkout
//!   containers:
//!   - name: web
//!     image: contoso.azurecr.io/checkout:1.0
//! ```
//!
//! # Fix
//!
//! ```yaml allow
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: checkout
//!   namespace: shop
//!   labels:
//!     azure.workload.identity/use: "true"
//! spec:
//!   serviceAccountName: checkout
//!   containers:
//!   - name: web
//!     image: contoso.azurecr.io/checkout:1.0
//! ```
//!
//! # Source
//!
//! - [Workload identity: pod labels](https://learn.microsoft.com/azure/aks/workload-identity-overview#pod-labels)

use crate::finding::Severity;
use crate::rule::{Check, Rule, RuleContext};
use crate::view::workload::Workload;
use text::docs_only;
use text::shown;

pub static RULE: Rule = Rule {
    id: "workload-identity-label-value",
    summary: docs_only("workload identity label with a value that has no effect"),
    remediation: "write azure.workload.identity/use: \"true\", in lower case and quoted",
    severity: Severity::High,
    checks: &[Check::Workload(check)],
};

fn check<'a>(cx: &mut RuleContext<'a>, workload: &Workload<'a>) {
    let label = workload.use_label();
    match label.text() {
        None | Some("true") => {}
        Some(value) if value.eq_ignore_ascii_case("false") => {
            cx.report(label, "leaves workload identity off, as it is without the label")
                .severity(Severity::Low)
                .remediation("remove the label");
        }
        Some(value) => _ = cx.report(label, format!("is \"{}\"; only \"true\" has an effect", shown(value))),
    }
}
