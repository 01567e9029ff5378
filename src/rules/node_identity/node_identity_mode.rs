//! An object configures its controller to sign in with a managed identity of the node.
//!
//! # Why
//!
//! A managed identity of the node does not belong to a single workload: every pod that reaches the node's
//! metadata endpoint can use it. There is no secret to leak, and Microsoft documents this mode for several
//! controllers, so the finding is advice. Workload identity gives each controller a dedicated identity.
//!
//! ```yaml deny
//! apiVersion: infrastructure.cluster.x-k8s.io/v1beta1
//! kind: AzureClusterIdentity
//! metadata:
//!   name: fleet
//!   namespace: clusters
//! spec:
//!   type: UserAssignedMSI
//!   clientID: 0f8fad5b-d9cb-469f-a165-70867728950e
//!   tenantID: 8d3d1b5c-6d5f-4b7a-9e0b-3a1f1d2c4e5f
//! ```
//!
//! # Fix
//!
//! Choose workload identity with the member that the controller defines for it.
//!
//! ```yaml allow
//! apiVersion: infrastructure.cluster.x-k8s.io/v1beta1
//! kind: AzureClusterIdentity
//! metadata:
//!   name: fleet
//!   namespace: clusters
//! spec:
//!   type: WorkloadIdentity
//!   clientID: 0f8fad5b-d9cb-469f-a165-70867728950e
//!   tenantID: 8d3d1b5c-6d5f-4b7a-9e0b-3a1f1d2c4e5f
//! ```
//!
//! # Source
//!
//! - [Managed identities in AKS](https://learn.microsoft.com/azure/aks/managed-identity-overview)
//! - [Restrict access to the metadata endpoint](https://learn.microsoft.com/azure/aks/imds-restriction)

use crate::auth_mode::{Mode, ModeFinding};
use crate::finding::Severity;
use crate::rule::{Check, Rule, RuleContext};
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "node-identity-mode",
    summary: docs_only("object that chooses a managed identity of the node"),
    remediation: "choose workload identity",
    severity: Severity::Low,
    checks: &[Check::Mode(check)],
};

fn check<'a>(cx: &mut RuleContext<'a>, found: &ModeFinding<'a>) {
    if found.choice.mode == Mode::NodeIdentity {
        cx.report_mode(found);
    }
}
