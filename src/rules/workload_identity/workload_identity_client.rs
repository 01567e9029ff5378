//! A service account uses a client id that the settings do not grant to it.
//!
//! # Why
//!
//! An identity can trust any number of service accounts, and the people who can write federated credentials
//! often also create the accounts. The setting `identities` defines which namespace and service account can
//! use which client id. If it is set, the rule reports every other client id, in every place that
//! [auth-modes.md](../auth-modes.md) lists: the annotations of service accounts, variables of containers with a
//! token, and objects of controllers such as SecretProviderClasses, Issuers, SecretStores and volumes. The
//! latter do not name an account: they need a grant to any account of their namespace, and cluster-scoped
//! ones need a grant to every namespace. A PersistentVolume is in the namespace of its claim.
//!
//! An id that the object takes from a Secret, a ConfigMap or a field cannot be checked. The severity is then
//! medium.
//!
//! Code can name a client id that the policy cannot see. Entra decides by the federated credential.
//!
//! ```yaml deny
//! settings:
//!   identities:
//!   - {namespace: shop, serviceAccount: checkout, clientIds: [7d8cdf74-5f1d-4e6c-9c31-274d963d358b]}
//! request:
//!   operation: CREATE
//!   kind: {group: "", version: v1, kind: ServiceAccount}
//!   namespace: shop
//!   name: search
//!   object:
//!     apiVersion: v1
//!     kind: ServiceAccount
//!     metadata:
//!       name: search
//!       namespace: shop
//!       annotations:
//!         azure.workload.identity/client-id: 7d8cdf74-5f1d-4e6c-9c31-274d963d358b
//! ```
//!
//! # Fix
//!
//! Create a dedicated identity for the workload and grant it, or use the account that has the grant.
//!
//! ```yaml allow
//! settings:
//!   identities:
//!   - {namespace: shop, serviceAccount: checkout, clientIds: [7d8cdf74-5f1d-4e6c-9c31-274d963d358b]}
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
//!         azure.workload.identity/client-id: 7d8cdf74-5f1d-4e6c-9c31-274d963d358b
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
use crate::settings::{Asked, Settings};
use crate::view::container::Value;
use text::docs_only;
use text::shown;

pub static RULE: Rule = Rule {
    id: "workload-identity-client",
    summary: docs_only("client id that is not granted to the service account"),
    remediation: "use a client id that the setting identities grants to this service account",
    severity: Severity::High,
    checks: &[Check::Id(check)],
};

fn check<'a>(cx: &mut RuleContext<'a>, id: &Id<'a>) {
    if cx.settings.identities.is_empty() || id.kind != IdKind::Client {
        return;
    }
    match &id.value {
        // Without an id, the default applies, which is checked elsewhere.
        Value::Literal(client) if client.is_empty() || may_use(cx.settings, id, client) => {}
        Value::Literal(_) => {
            cx.report(id.place.clone(), refused(id)).remediation(fix(id)).compare_content(id.content());
        }
        Value::FromElsewhere | Value::Undetermined => {
            cx.report(id.place.clone(), "is defined elsewhere, so it cannot be checked against the setting identities")
                .severity(Severity::Medium)
                .compare_content(id.content())
                .remediation("write the client id here, or annotate the service account with it instead");
        }
    }
}

fn may_use(settings: &Settings, id: &Id<'_>, client: &str) -> bool {
    let Some(client) = normalise_guid(client) else { return false };
    settings.identities.grants(&client, Asked::Name(id.namespace), id.account.map_or(Asked::Some, Asked::Name))
}

fn refused(id: &Id<'_>) -> String {
    match (id.namespace, id.account) {
        ("", _) => "is not granted to every namespace by the setting identities".to_owned(),
        (namespace, None) => format!("is not granted to namespace {} by the setting identities", shown(namespace)),
        // The API server has not generated the name yet.
        (namespace, Some("")) => {
            format!("is not granted to every service account of namespace {}", shown(namespace))
        }
        (namespace, Some(account)) => {
            format!("is not granted to {}/{} by the setting identities", shown(namespace), shown(account))
        }
    }
}

fn fix(id: &Id<'_>) -> String {
    let account = match id.account {
        Some(account) if !account.is_empty() => format!("/{}", shown(account)),
        _ => String::new(),
    };
    let whom = match id.namespace {
        "" => String::new(),
        namespace => format!(" for {}{account}", shown(namespace)),
    };
    format!("use a granted client id, or ask your cluster operators to list this one{whom} in identities")
}
