//! Workload identity uses a tenant that is not in `allowedTenants`.
//!
//! # Why
//!
//! A workload that signs in to a foreign tenant can send data to Azure resources that are not yours. The
//! setting `allowedTenants` names your tenants; if it is empty, the rule allows any tenant. The rule
//! evaluates the annotation of service accounts, Key Vault SecretProviderClasses, KEDA
//! TriggerAuthentications, and `AZURE_TENANT_ID` of containers with a token. The federated credential in
//! Entra is the other half of this boundary: it decides which service account an identity trusts.
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

use super::{content, values_with_token};
use crate::entra_id::normalise_guid;
use crate::finding::Severity;
use crate::object::Object;
use crate::rule::{Check, Rule, RuleContext};
use crate::settings::Settings;
use crate::view::container::Value;
use crate::view::workload::Workload;
use crate::view::workload_identity::{ID_KINDS, IdKind, ids};
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "workload-identity-tenant",
    summary: docs_only("tenant that is not allowed"),
    remediation: "use a tenant that the setting allowedTenants lists",
    severity: Severity::High,
    checks: &[Check::Kinds(ID_KINDS, check_object), Check::Workload(check_workload)],
};

const MESSAGE: &str = "is not one of the tenants in allowedTenants";

fn check_object<'a>(cx: &mut RuleContext<'a>, object: &Object<'a>) {
    if cx.settings.allowed_tenants.is_empty() {
        return;
    }
    for id in ids(object).filter(|id| id.kind == IdKind::Tenant) {
        if id.node.set_text().is_some_and(|tenant| !is_allowed(cx.settings, tenant)) {
            cx.report(id.node, MESSAGE).compare_content(id.node.text());
        }
    }
}

fn check_workload<'a>(cx: &mut RuleContext<'a>, workload: &Workload<'a>) {
    if cx.settings.allowed_tenants.is_empty() {
        return;
    }
    for (variable, tenant) in values_with_token(workload, "AZURE_TENANT_ID") {
        match &tenant {
            Value::Literal(tenant) if is_allowed(cx.settings, tenant) => {}
            Value::Literal(tenant) => _ = cx.report(variable.node, MESSAGE).compare_content(tenant),
            Value::FromElsewhere | Value::Undetermined => {
                cx.report(variable.node, "is defined elsewhere, so it cannot be checked against allowedTenants")
                    .severity(Severity::Medium)
                    .compare_content(content(&variable, &tenant))
                    .remediation("remove the variable, or write the tenant id here");
            }
        }
    }
}

fn is_allowed(settings: &Settings, tenant: &str) -> bool {
    normalise_guid(tenant).is_some_and(|tenant| settings.allowed_tenants.contains(&tenant))
}
