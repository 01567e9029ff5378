//! An object configures its controller to sign in with the deprecated pod-managed identity.
//!
//! # Why
//!
//! Microsoft Entra pod-managed identity was retired in September 2025, but objects of other controllers
//! can still choose it: `usePodIdentity` of a SecretProviderClass, provider `azure` of a KEDA trigger
//! authentication (removed in KEDA 2.15), `USE_POD_IDENTITY_AUTH` of Azure Service Operator. They stop
//! working when the add-on is removed, and until then any pod with the label gets the identity. The rule
//! reads `usePodIdentity` as Go does, so `1`, `t`, `T`, `TRUE` and `True` also count as true.
//!
//! ```yaml deny
//! apiVersion: secrets-store.csi.x-k8s.io/v1
//! kind: SecretProviderClass
//! metadata:
//!   name: vault
//!   namespace: shop
//! spec:
//!   provider: azure
//!   parameters:
//!     usePodIdentity: "true"
//!     keyvaultName: contoso-shop
//!     tenantID: 8d3d1b5c-6d5f-4b7a-9e0b-3a1f1d2c4e5f
//! ```
//!
//! # Fix
//!
//! Name the client id of a federated identity.
//!
//! ```yaml allow
//! apiVersion: secrets-store.csi.x-k8s.io/v1
//! kind: SecretProviderClass
//! metadata:
//!   name: vault
//!   namespace: shop
//! spec:
//!   provider: azure
//!   parameters:
//!     clientID: 0f8fad5b-d9cb-469f-a165-70867728950e
//!     keyvaultName: contoso-shop
//!     tenantID: 8d3d1b5c-6d5f-4b7a-9e0b-3a1f1d2c4e5f
//! ```
//!
//! # Source
//!
//! - [Migrate from pod-managed identity to workload identity](https://learn.microsoft.com/azure/aks/workload-identity-migrate-from-pod-identity)
//! - [Identity access for the Key Vault provider](https://learn.microsoft.com/azure/aks/csi-secrets-store-identity-access)

use crate::auth_mode::{Mode, ModeFinding};
use crate::finding::Severity;
use crate::rule::{Check, Rule, RuleContext};
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "pod-identity-mode",
    summary: docs_only("object that chooses pod-managed identity"),
    remediation: "choose workload identity",
    severity: Severity::High,
    checks: &[Check::Mode(check)],
};

fn check<'a>(cx: &mut RuleContext<'a>, found: &ModeFinding<'a>) {
    if found.choice.mode == Mode::PodIdentity {
        cx.report_mode(found);
    }
}
