//! A pod with workload identity runs in the network of its node.
//!
//! # Why
//!
//! Workload identity works there, but so does the node's metadata endpoint: neither network policies nor
//! the IMDS restriction of AKS apply to a pod with `hostNetwork`. If the pod's own identity fails, SDKs
//! silently fall back to the node's.
//!
//! ```yaml deny
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: agent
//!   namespace: shop
//!   labels:
//!     azure.workload.identity/use: "true"
//! spec:
//!   serviceAccountName: agent
//!   hostNetwork: true
//!   containers:
//!   - name: agent
//!     image: contoso.azurecr.io/agent:1.0
//! ```
//!
//! # Fix
//!
//! Use the pod network, with host ports where the node's address is needed.
//!
//! ```yaml allow
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: agent
//!   namespace: shop
//!   labels:
//!     azure.workload.identity/use: "true"
//! spec:
//!   serviceAccountName: agent
//!   containers:
//!   - name: agent
//!     image: contoso.azurecr.io/agent:1.0
//! ```
//!
//! # Source
//!
//! - [Restrict access to the instance metadata endpoint](https://learn.microsoft.com/azure/aks/imds-restriction)

use crate::finding::Severity;
use crate::rule::{Check, Rule, RuleContext};
use crate::view::workload::Workload;
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "node-identity-host-network",
    summary: docs_only("pod with workload identity in the node's network"),
    remediation: "remove hostNetwork, or restrict which identities are attached to the node",
    severity: Severity::Low,
    checks: &[Check::Workload(check)],
};

fn check<'a>(cx: &mut RuleContext<'a>, workload: &Workload<'a>) {
    let host_network = workload.spec.get("hostNetwork");
    if host_network.bool() == Some(true) && workload.uses_workload_identity() {
        cx.report(host_network, "lets a pod with workload identity reach the node's metadata endpoint");
    }
}
