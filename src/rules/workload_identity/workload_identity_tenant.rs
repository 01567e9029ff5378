//! Workload identity uses a tenant that is not in `allowedTenants`.
//!
//! # Why
//!
//! A workload that signs in to a foreign tenant can send data to Azure resources that are not yours. The
//! setting `allowedTenants` names your tenants; if it is empty, the rule allows any tenant. The rule
//! evaluates every place that [auth-modes.md](../auth-modes.md) lists: the annotations of service accounts,
//! variables of containers with a token, and objects of controllers such as SecretProviderClasses, Issuers,
//! SecretStores and volumes. The federated credential in Entra is the other half of this boundary: it decides
//! which service account an identity trusts.
//!
//! An id that the object takes from a Secret, a ConfigMap or a field cannot be checked. The severity is then
//! medium.
//!
//! ```yaml deny
//! settings:
//!   allowedTenants: [72f988bf-86f1-41af-91ab-2d7cd011db47]
//! request:
//!   operation: CREATE
//!   kind: {group: "", version: v1, kind: ServiceAccount}
//!   namespace: shop
//!   name: checkout
//!   object:
//!     apiVersion: v1
//!     kind: ServiceAccount
//!     metadata:
//!       name: checkout
//!       namespace: shop
//!       annotations:
//!         azure.workload.identity/tenant-id: 0f8fad5b-d9cb-469f-a165-70867728950e
//! ```
//!
//! # Fix
//!
//! Use one of your tenants. Without the annotation, the webhook uses the cluster's tenant.
//!
//! ```yaml allow
//! settings:
//!   allowedTenants: [72f988bf-86f1-41af-91ab-2d7cd011db47]
//! request:
//!   operation: CREATE
//!   kind: {group: "", version: v1, kind: ServiceAccount}
//!   namespace: shop
//!   name: checkout
//!   object:
//!     apiVersion: v1
//!     kind: ServiceAccount
//!     metadata:
//!       name: checkout
//!       namespace: shop
//!       annotations:
//!         azure.workload.identity/tenant-id: 72f988bf-86f1-41af-91ab-2d7cd011db47
//! ```
//!
//! # Source
//!
//! - [Workload identity federation](https://learn.microsoft.com/entra/workload-id/workload-identity-federation)
//! - [Workload identity: service account annotations](https://learn.microsoft.com/azure/aks/workload-identity-overview#service-account-annotations)

use crate::auth_mode::{Id, IdKind};
use crate::entra_id::normalise_guid;
use crate::finding::Severity;
use crate::rule::{Check, Rule, RuleContext};
use crate::settings::Settings;
use crate::view::container::Value;
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "workload-identity-tenant",
    summary: docs_only("tenant that is not allowed"),
    remediation: "write an allowed tenant, or ask your cluster operators to list this one in allowedTenants",
    severity: Severity::High,
    checks: &[Check::Id(check)],
};

fn check<'a>(cx: &mut RuleContext<'a>, id: &Id<'a>) {
    if cx.settings.allowed_tenants.is_empty() || id.kind != IdKind::Tenant {
        return;
    }
    match &id.value {
        Value::Literal(tenant) if tenant.is_empty() || is_allowed(cx.settings, tenant) => {}
        Value::Literal(_) => {
            cx.report(id.place.clone(), "is not one of the tenants in allowedTenants").compare_content(id.content());
        }
        Value::FromElsewhere | Value::Undetermined => {
            cx.report(id.place.clone(), "is defined elsewhere, so it cannot be checked against allowedTenants")
                .severity(Severity::Medium)
                .compare_content(id.content())
                .remediation("write the tenant id here");
        }
    }
}

fn is_allowed(settings: &Settings, tenant: &str) -> bool {
    normalise_guid(tenant).is_some_and(|tenant| settings.allowed_tenants.contains(&tenant))
}
