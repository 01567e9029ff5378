//! A client id or tenant id for workload identity is not a GUID.
//!
//! # Why
//!
//! Entra takes the id as it is written. A placeholder that nobody filled in, an identity's resource id
//! or white space around the GUID is refused only when the workload signs in, with an error that does
//! not name the manifest. Upper case works, but breaks comparisons; an empty annotation switches the
//! cluster's default off.
//!
//! Judged are the annotations of service accounts, `clientID` and `tenantID` of Key Vault
//! SecretProviderClasses, and the ids in KEDA TriggerAuthentications. That a GUID is the *object* id of
//! the identity instead of its client id cannot be seen from its form.
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
        // Entra knows a tenant by its domains as well.
        let domain = id.kind == IdKind::Tenant && fault == IdFault::NoGuid && is_domain(text);
        let what = match fault {
            IdFault::ResourceId => format!("is the identity's resource id, not its {name}"),
            _ if domain => "is a domain name, which can move to another tenant".to_owned(),
            _ => fault.as_str().to_owned(),
        };
        let fix = match normalise_guid(text).filter(|_| fault != IdFault::Placeholder) {
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
        cx.report(id.node, what).severity(severity).remediation(fix);
    }
}

fn is_domain(text: &str) -> bool {
    text.contains('.') && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-')
}
