//! The lifetime of the workload identity token is not a whole number from 3600 to 86400.
//!
//! # Why
//!
//! The webhook rejects a pod if its annotation `azure.workload.identity/service-account-token-expiration`,
//! or that of its service account, is not a number of seconds between an hour and a day. The API server
//! accepts the workload object itself, so the error appears only in the events of its ReplicaSet.
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
    summary: docs_only("token lifetime that the webhook rejects"),
    remediation: "write azure.workload.identity/service-account-token-expiration: \"3600\", or any number of seconds up to \"86400\"",
    severity: Severity::High,
    checks: &[Check::Workload(check_workload), Check::Kinds(&[kind::SERVICE_ACCOUNT], check_account)],
};

fn check_workload<'a>(cx: &mut RuleContext<'a>, workload: &Workload<'a>) {
    let labelled = workload.uses_workload_identity();
    if let Some(finding) = check(cx, workload.annotation(TOKEN_EXPIRATION))
        && !labelled
    {
        // Without the label, the webhook does not read the annotation yet.
        finding.severity(Severity::Medium);
    }
}

fn check_account<'a>(cx: &mut RuleContext<'a>, account: &Object<'a>) {
    check(cx, account.annotations().get(TOKEN_EXPIRATION));
}

fn check<'c, 'a>(cx: &'c mut RuleContext<'a>, node: Node<'a>) -> Option<&'c mut Finding<'a>> {
    // The webhook treats an empty value like a missing one.
    let message = match node.set_text()?.parse::<i64>() {
        Ok(3600..=86400) => return None,
        Ok(..3600) => "is less than 3600 seconds (an hour)",
        Ok(_) => "is more than 86400 seconds (a day)",
        Err(_) => "is not a whole number of seconds",
    };
    Some(cx.report(node, message))
}
