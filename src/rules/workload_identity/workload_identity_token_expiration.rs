//! The lifetime of the workload identity token is not a whole number from 3600 to 86400.
//!
//! # Why
//!
//! The webhook refuses to create a pod whose annotation
//! `azure.workload.identity/service-account-token-expiration`, or that of its service account, is not a
//! number of seconds between an hour and a day. The workload object itself is accepted, so the mistake
//! shows only in the events of its ReplicaSet.
//!
//! ```yaml deny
//! apiVersion: v1
//! kind: ServiceAccount
//! metadata:
//!   name: checkout
//!   namespace: shop
//!   annotations:
//!     azure.workload.identity/client-id: 7d8cdf74-5f1d-4e6c-9c31-274d963d358b
//!     azure.workload.identity/service-account-token-expiration: 1h
//! ```
//!
//! # Fix
//!
//! ```yaml allow
//! apiVersion: v1
//! kind: ServiceAccount
//! metadata:
//!   name: checkout
//!   namespace: shop
//!   annotations:
//!     azure.workload.identity/client-id: 7d8cdf74-5f1d-4e6c-9c31-274d963d358b
//!     azure.workload.identity/service-account-token-expiration: "3600"
//! ```
//!
//! # Source
//!
//! - [Workload identity: pod annotations](https://learn.microsoft.com/azure/aks/workload-identity-overview#pod-annotations)

use crate::finding::{Finding, Severity};
use crate::object::Object;
use crate::rule::{Check, Rule, RuleContext};
use crate::view::workload::Workload;
use crate::view::workload_identity::TOKEN_EXPIRATION;
use json::Node;
use kubernetes::kind;
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "workload-identity-token-expiration",
    summary: docs_only("token lifetime that the webhook refuses"),
    remediation: "write azure.workload.identity/service-account-token-expiration: \"3600\", or any number of seconds up to \"86400\"",
    severity: Severity::High,
    checks: &[Check::Workload(check_workload), Check::Kinds(&[kind::SERVICE_ACCOUNT], check_account)],
};

fn check_workload<'a>(cx: &mut RuleContext<'a>, workload: &Workload<'a>) {
    let labelled = workload.uses_workload_identity();
    if let Some(finding) = check(cx, workload.annotation(TOKEN_EXPIRATION))
        && !labelled
    {
        // The webhook does not look at the pod yet.
        finding.severity(Severity::Medium);
    }
}

fn check_account<'a>(cx: &mut RuleContext<'a>, account: &Object<'a>) {
    check(cx, account.annotations().get(TOKEN_EXPIRATION));
}

fn check<'c, 'a>(cx: &'c mut RuleContext<'a>, node: Node<'a>) -> Option<&'c mut Finding<'a>> {
    // An empty value is as good as none.
    let what = match node.set_text()?.parse::<i64>() {
        Ok(3600..=86400) => return None,
        Ok(..3600) => "is under 3600 seconds (an hour)",
        Ok(_) => "is over 86400 seconds (a day)",
        Err(_) => "is not a whole number of seconds",
    };
    Some(cx.report(node, what))
}
