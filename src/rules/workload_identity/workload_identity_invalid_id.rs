//! A client id or tenant id for workload identity is not a GUID.
//!
//! # Why
//!
//! The id reaches Entra exactly as it is written. Entra rejects an unfilled placeholder, the identity's
//! resource id, or white space around the GUID only when the workload signs in, with an error that does
//! not name the manifest. Upper case works, but breaks comparisons. An empty annotation overrides the
//! cluster's default.
//!
//! The rule evaluates every place that [auth-modes.md](../auth-modes.md) lists: the annotations of service
//! accounts, variables of containers with a token, and objects of controllers such as SecretProviderClasses,
//! TriggerAuthentications, Issuers and volumes. It cannot detect the *object* id of an identity in place of
//! its client id, because both are GUIDs.
//!
//! The severity is low for a placeholder in a variable, unless a setting (`identities`, `allowedTenants`) decides which
//! ids are allowed: samples have such values, and the sign-in fails.
//!
//! ```yaml deny
//! apiVersion: v1
//! kind: ServiceAccount
//! metadata:
//!   name: checkout
//!   namespace: shop
//!   annotations:
//!     azure.workload.identity/client-id: ${CLIENT_ID}
//! ```
//!
//! # Fix
//!
//! Write the client id that `az identity show --query clientId` prints.
//!
//! ```yaml allow
//! apiVersion: v1
//! kind: ServiceAccount
//! metadata:
//!   name: checkout
//!   namespace: shop
//!   annotations:
//!     azure.workload.identity/client-id: 7d8cdf74-5f1d-4e6c-9c31-274d963d358b
//! ```
//!
//! # Source
//!
//! - [Workload identity: service account annotations](https://learn.microsoft.com/azure/aks/workload-identity-overview#service-account-annotations)
//! - [Access Azure Key Vault with the Secrets Store CSI driver](https://learn.microsoft.com/azure/aks/csi-secrets-store-identity-access)
//! - [KEDA: workload identity](https://keda.sh/docs/latest/authentication-providers/azure-ad-workload-identity/)

use crate::auth_mode::{Id, IdKind};
use crate::entra_id::{IdFault, normalise_guid, unfilled};
use crate::finding::Severity;
use crate::rule::{Check, Rule, RuleContext};
use crate::settings::Settings;
use crate::view::container::Value;
use text::docs_only;
use text::shown;

pub static RULE: Rule = Rule {
    id: "workload-identity-invalid-id",
    summary: docs_only("client or tenant id that is not a GUID"),
    remediation: "write the client id or tenant id as a GUID in lower case",
    severity: Severity::High,
    checks: &[Check::Id(check)],
};

fn check<'a>(cx: &mut RuleContext<'a>, id: &Id<'a>) {
    let text = match &id.value {
        Value::Literal(text) => text,
        Value::Undetermined => "?",
        Value::FromElsewhere => return,
    };
    let Some(fault) = IdFault::of(text) else { return };
    let (name, query) = match id.kind {
        IdKind::Client => ("client id", "az identity show --query clientId"),
        IdKind::Tenant => ("tenant id", "az account show --query tenantId"),
    };
    // Entra also accepts the tenant's domains.
    let domain = id.kind == IdKind::Tenant && fault == IdFault::NoGuid && is_domain(text);
    let message = match fault {
        IdFault::ResourceId => format!("is the identity's resource id, not its {name}"),
        IdFault::Placeholder if !id.is_secret && !id.is_variable => unfilled(text).into_owned(),
        _ if domain => "is a domain name, which can move to another tenant".to_owned(),
        _ => fault.as_str().to_owned(),
    };
    // Some keys have a part that is not the same everywhere.
    let key = if id.key.is_empty() { name.into() } else { shown(id.key) };
    let remediation = match normalise_guid(text).filter(|_| fault != IdFault::Placeholder && !id.is_secret) {
        Some(guid) => format!("write {key}: {guid}"),
        None if fault == IdFault::Empty => format!("write {key}: <{name}> as `{query}` prints it, or remove it"),
        None => format!("write {key}: <{name}> as `{query}` prints it"),
    };
    let severity = match fault {
        IdFault::UpperCase => Severity::Low,
        // A sample fails when it signs in. It matters where a setting decides which ids are allowed.
        IdFault::Placeholder if id.is_variable && !is_restricted(cx.settings, id.kind) => Severity::Low,
        IdFault::Empty => Severity::Medium,
        _ if domain => Severity::Medium,
        _ => Severity::High,
    };
    cx.report(id.place.clone(), message).severity(severity).remediation(remediation);
}

/// Whether the settings list the ids that are allowed.
fn is_restricted(settings: &Settings, kind: IdKind) -> bool {
    match kind {
        IdKind::Client => !settings.identities.is_empty(),
        IdKind::Tenant => !settings.allowed_tenants.is_empty(),
    }
}

fn is_domain(text: &str) -> bool {
    text.contains('.') && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-')
}
