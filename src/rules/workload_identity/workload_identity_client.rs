//! A service account uses a client id that the settings do not grant to it.
//!
//! # Why
//!
//! An identity can trust any number of service accounts, and the people who can write federated credentials
//! often also create the accounts. The setting `identities` defines which namespace and service account can
//! use which client id. If it is set, the rule reports every other client id. It evaluates the annotation of
//! service accounts, `AZURE_CLIENT_ID` of containers with a token, and the ids in Key Vault
//! SecretProviderClasses and KEDA TriggerAuthentications. The latter two do not name an account: they need a
//! grant to any account of their namespace, and cluster-scoped ones need a grant to every namespace.
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

use super::{content, values_with_token};
use crate::entra_id::normalise_guid;
use crate::finding::Severity;
use crate::object::Object;
use crate::rule::{Check, Rule, RuleContext};
use crate::settings::Settings;
use crate::view::container::Value;
use crate::view::workload::Workload;
use crate::view::workload_identity::{ID_KINDS, IdKind, ids};
use kubernetes::kind;
use text::docs_only;
use text::glob;
use text::shown;

pub static RULE: Rule = Rule {
    id: "workload-identity-client",
    summary: docs_only("client id that is not granted to the service account"),
    remediation: "use a client id that the setting identities grants to this service account",
    severity: Severity::High,
    checks: &[Check::Kinds(ID_KINDS, check_object), Check::Workload(check_workload)],
};

/// What uses a client id: a namespace (empty for cluster-scoped objects), and an account if it is known.
struct User<'a> {
    namespace: &'a str,
    account: Option<&'a str>,
}

fn check_object<'a>(cx: &mut RuleContext<'a>, object: &Object<'a>) {
    if cx.settings.identities.is_empty() {
        return;
    }
    let account = object.is(&kind::SERVICE_ACCOUNT).then_some(object.name);
    let user = User { namespace: object.namespace, account };
    for id in ids(object).filter(|id| id.kind == IdKind::Client) {
        if id.node.set_text().is_some_and(|client| !user.may_use(cx.settings, client)) {
            cx.report(id.node, user.refused()).remediation(user.fix()).compare_content((id.node.text(), user.account));
        }
    }
}

fn check_workload<'a>(cx: &mut RuleContext<'a>, workload: &Workload<'a>) {
    if cx.settings.identities.is_empty() {
        return;
    }
    let user = User { namespace: workload.object.namespace, account: Some(workload.service_account()) };
    for (variable, client) in values_with_token(workload, "AZURE_CLIENT_ID") {
        match &client {
            Value::Literal(client) if user.may_use(cx.settings, client) => {}
            Value::Literal(client) => {
                let finding = cx.report(variable.node, user.refused());
                finding.remediation(user.fix()).compare_content((client, user.account));
            }
            Value::FromElsewhere | Value::Undetermined => {
                cx.report(
                    variable.node,
                    "is defined elsewhere, so it cannot be checked against the setting identities",
                )
                .severity(Severity::Medium)
                .compare_content((content(&variable, &client), user.account))
                .remediation("remove the variable and annotate the service account, or write the client id here");
            }
        }
    }
}

impl User<'_> {
    fn may_use(&self, settings: &Settings, client: &str) -> bool {
        let Some(client) = normalise_guid(client) else { return false };
        settings.identities.iter().any(|identity| {
            identity.client_ids.contains(&client)
                && glob::matches(&identity.namespace, self.namespace)
                && self.account.is_none_or(|account| glob::matches(&identity.service_account, account))
        })
    }

    fn refused(&self) -> String {
        match (self.namespace, self.account) {
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

    fn fix(&self) -> String {
        let namespace = if self.namespace.is_empty() { "\"*\"" } else { self.namespace };
        let account = match self.account {
            Some(account) if !account.is_empty() => format!(", serviceAccount: {}", shown(account)),
            _ => String::new(),
        };
        format!(
            "use a granted client id, or add {{namespace: {}{account}, clientIds: [<client id>]}} to identities",
            shown(namespace)
        )
    }
}
