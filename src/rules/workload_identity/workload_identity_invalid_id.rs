//! A client id or tenant id for workload identity is not a GUID.
//!
//! # Why
//!
//! The id reaches Entra exactly as it is written. Entra rejects an unfilled placeholder, the identity's
//! resource id, or white space around the GUID only when the workload signs in, with an error that does
//! not name the manifest. Upper case works, but breaks comparisons. An empty annotation overrides the
//! cluster's default.
//!
//! The rule evaluates the annotations of service accounts, `clientID` and `tenantID` of Key Vault
//! SecretProviderClasses, and the ids in KEDA TriggerAuthentications. It cannot detect the *object* id of an
//! identity in place of its client id, because both are GUIDs.
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

use crate::entra_id::{IdFault, normalise_guid};
use crate::finding::Severity;
use crate::object::Object;
use crate::rule::{Check, Rule, RuleContext};
use crate::view::workload_identity::{ID_KINDS, IdKind, ids};
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "workload-identity-invalid-id",
    summary: docs_only("client or tenant id that is not a GUID"),
    remediation: "write the client id or tenant id as a GUID in lower case",
    severity: Severity::High,
    checks: &[Check::Kinds(ID_KINDS, check)],
};

fn check<'a>(cx: &mut RuleContext<'a>, object: &Object<'a>) {
    for id in ids(object) {
        let Some(text) = id.node.text() else { continue };
        let Some(fault) = IdFault::of(text) else { continue };
        let (name, query) = match id.kind {
            IdKind::Client => ("client id", "az identity show --query clientId"),
            IdKind::Tenant => ("tenant id", "az account show --query tenantId"),
        };
        // Entra also accepts the tenant's domains.
        let domain = id.kind == IdKind::Tenant && fault == IdFault::NoGuid && is_domain(text);
        let message = match fault {
            IdFault::ResourceId => format!("is the identity's resource id, not its {name}"),
            _ if domain => "is a domain name, which can move to another tenant".to_owned(),
            _ => fault.as_str().to_owned(),
        };
        let remediation = match normalise_guid(text).filter(|_| fault != IdFault::Placeholder) {
            Some(guid) => format!("write {}: {guid}", id.key),
            None if fault == IdFault::Empty => {
                format!("write {}: <{name}> as `{query}` prints it, or remove it", id.key)
            }
            None => format!("write {}: <{name}> as `{query}` prints it", id.key),
        };
        let severity = match fault {
            IdFault::UpperCase => Severity::Low,
            IdFault::Empty => Severity::Medium,
            _ if domain => Severity::Medium,
            _ => Severity::High,
        };
        cx.report(id.node, message).severity(severity).remediation(remediation);
    }
}

fn is_domain(text: &str) -> bool {
    text.contains('.') && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-')
}
