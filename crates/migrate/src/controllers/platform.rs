//! Controllers that manage Azure resources, and monitoring.

use super::{WHY, named, operator, release, remove_entry, set_entry};
use crate::accounts::{annotate, own_account};
use crate::draft::Draft;
use crate::estate::text;
use crate::plan::{Origin, Stage};
use crate::pointer::join;
use entra_auth_policy::view::workload_identity::USE;
use serde_json::{Value, json};

/// The settings of Azure Service Operator, and its credentials for a namespace.
pub(super) fn service_operator(draft: &mut Draft<'_>, index: usize, stage: Stage) {
    let name = draft.name(index);
    if !matches!(name.name.as_str(), "aso-controller-settings" | "aso-credential") {
        return;
    }
    let entries = draft.estate.secret_entries(&name.namespace, &name.name).unwrap_or_default();
    let has = |entry: &str| entries.iter().any(|known| known == entry);
    let old: &[&str] = match draft.origin {
        Origin::PodIdentity => &["USE_POD_IDENTITY_AUTH"],
        Origin::Secrets => &["AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE", "AZURE_CLIENT_CERTIFICATE_PASSWORD"],
        Origin::Irsa => return,
    };
    if !old.iter().any(|entry| has(entry)) {
        return;
    }
    let client = draft.estate.secret_text(&name.namespace, &name.name, "AZURE_CLIENT_ID");
    let identity = named(draft, "azure-service-operator", client.as_deref().map(str::trim));
    for entry in old {
        remove_entry(draft, stage.max(Stage::Remove), index, entry, WHY);
    }
    set_entry(draft, stage, index, "USE_WORKLOAD_IDENTITY_AUTH", "true", WHY);
    let usual = ("azureserviceoperator-system", "azureserviceoperator-default");
    operator(draft, &["azureserviceoperator"], usual, identity, stage);
}

/// An identity of Cluster API Provider Azure.
pub(super) fn cluster_api(draft: &mut Draft<'_>, index: usize, stage: Stage) {
    let state = draft.state(index).clone();
    let kinds = ["ServicePrincipal", "ManualServicePrincipal", "ServicePrincipalCertificate"];
    if draft.origin != Origin::Secrets || !text(&state, "/spec/type").is_some_and(|kind| kinds.contains(&kind)) {
        return;
    }
    let name = draft.name(index);
    let identity = named(draft, &name.name, text(&state, "/spec/clientID"));
    draft.set(stage, index, "/spec/type".to_owned(), "WorkloadIdentity", WHY);
    draft.remove(stage, index, "/spec/clientSecret".to_owned(), WHY);
    draft.remove(stage, index, "/spec/certPath".to_owned(), WHY);
    release(draft, &name.namespace, state.pointer("/spec/clientSecret"));
    operator(draft, &["cluster-api-azure-controller"], ("capz-system", "capz-manager"), identity, stage);
    draft.federate(identity, "capz-system", "azureserviceoperator-default");
}

/// A Prometheus that writes to Azure Monitor.
pub(super) fn prometheus(draft: &mut Draft<'_>, index: usize, stage: Stage) {
    let count = draft.state(index).pointer("/spec/remoteWrite").and_then(Value::as_array).map_or(0, Vec::len);
    for number in 0..count {
        let at = format!("/spec/remoteWrite/{number}/azureAd");
        let state = draft.state(index).clone();
        let Some(oauth) = state.pointer(&join(&at, &["oauth"])).filter(|_| draft.origin == Origin::Secrets) else {
            continue;
        };
        let name = draft.name(index);
        let identity = named(draft, &name.name, text(oauth, "/clientId"));
        let tenant = text(oauth, "/tenantId").map(str::to_owned);
        let tenant = tenant.unwrap_or_else(|| draft.tenant());
        let chosen = json!({"clientId": draft.client_id(identity), "tenantId": tenant});
        draft.set(stage, index, join(&at, &["workloadIdentity"]), chosen, WHY);
        draft.remove(stage, index, join(&at, &["oauth"]), WHY);
        draft.set(Stage::Apply, index, join("/spec/podMetadata/labels", &[USE]), "true", WHY);
        match text(&state, "/spec/serviceAccountName").filter(|name| !name.is_empty()) {
            Some(account) => {
                annotate(draft, &name.namespace, account, identity);
                draft.federate(identity, &name.namespace, account);
            }
            None => {
                let account = own_account(draft, &name.namespace, identity);
                draft.set(Stage::Apply, index, "/spec/serviceAccountName".to_owned(), account, WHY);
            }
        }
        release(draft, &name.namespace, oauth.get("clientSecret"));
        draft.grant(identity, "Monitoring Metrics Publisher", "the data collection rule");
    }
}
