//! KEDA: its operator signs in, for every trigger.

use super::{WHY, identity_of, named, operator, referenced_id, release};
use crate::draft::Draft;
use crate::estate::{list, text};
use crate::plan::{Origin, Stage};
use crate::pointer::join;
use serde_json::{Value, json};

const KEDA: &[&str] = &["keda", "keda-operator"];

/// The account of the AKS add-on.
const USUAL: (&str, &str) = ("kube-system", "keda-operator");

/// Parameters of triggers that only sign in.
const PRINCIPAL: &[&str] =
    &["activeDirectoryClientId", "activeDirectoryClientPassword", "clientId", "clientSecret", "tenantId"];

pub(super) fn authentication(draft: &mut Draft<'_>, index: usize, stage: Stage) {
    pod_identity(draft, index, stage);
    vault_credentials(draft, index, stage);
    principal(draft, index, stage);
}

/// The provider `azure`, which KEDA 2.15 removed.
fn pod_identity(draft: &mut Draft<'_>, index: usize, stage: Stage) {
    for at in ["/spec/podIdentity", "/spec/azureKeyVault/podIdentity"] {
        let state = draft.state(index).clone();
        if draft.origin != Origin::PodIdentity || text(&state, &join(at, &["provider"])) != Some("azure") {
            continue;
        }
        let client = text(&state, &join(at, &["identityId"])).map(str::to_owned);
        let identity = match (&client, identity_of(draft, KEDA)) {
            (None, Some(identity)) => identity,
            (client, _) => {
                let name = draft.name(index).name;
                named(draft, &name, client.as_deref())
            }
        };
        let client = draft.client_id(identity);
        draft.set(stage, index, join(at, &["provider"]), "azure-workload", WHY);
        draft.set(stage, index, join(at, &["identityId"]), client, WHY);
        operator(draft, KEDA, USUAL, identity, stage);
    }
}

/// The secret of a service principal for Key Vault.
fn vault_credentials(draft: &mut Draft<'_>, index: usize, stage: Stage) {
    let state = draft.state(index).clone();
    let name = draft.name(index);
    let Some(credentials) = state.pointer("/spec/azureKeyVault/credentials") else { return };
    if draft.origin != Origin::Secrets {
        return;
    }
    let identity = named(draft, &name.name, text(credentials, "/clientId"));
    let mut chosen = json!({"provider": "azure-workload", "identityId": draft.client_id(identity)});
    if let Some(tenant) = text(credentials, "/tenantId") {
        chosen["identityTenantId"] = tenant.into();
    }
    draft.set(stage, index, "/spec/azureKeyVault/podIdentity".to_owned(), chosen, WHY);
    draft.remove(stage, index, "/spec/azureKeyVault/credentials".to_owned(), WHY);
    release(draft, &name.namespace, credentials.pointer("/clientSecret/valueFrom/secretKeyRef"));
    operator(draft, KEDA, USUAL, identity, stage);
}

/// The secret of a service principal as parameters of the trigger.
fn principal(draft: &mut Draft<'_>, index: usize, stage: Stage) {
    let state = draft.state(index).clone();
    let name = draft.name(index);
    let references: Vec<&Value> = list(&state, "/spec/secretTargetRef").collect();
    let parameter = |reference: &Value| text(reference, "/parameter").unwrap_or_default().to_owned();
    let holds_secret = references
        .iter()
        .any(|one| matches!(parameter(one).as_str(), "activeDirectoryClientPassword" | "clientSecret"));
    let only_signs_in = references.iter().all(|one| PRINCIPAL.contains(&parameter(one).as_str()));
    if draft.origin != Origin::Secrets || !holds_secret || !only_signs_in {
        return;
    }
    let is_client = |one: &&&Value| matches!(parameter(one).as_str(), "activeDirectoryClientId" | "clientId");
    let client = referenced_id(draft, &name.namespace, references.iter().find(is_client).copied());
    let identity = named(draft, &name.name, client.as_deref());
    let chosen = json!({"provider": "azure-workload", "identityId": draft.client_id(identity)});
    draft.set(stage, index, "/spec/podIdentity".to_owned(), chosen, WHY);
    draft.remove(stage, index, "/spec/secretTargetRef".to_owned(), WHY);
    references.iter().for_each(|reference| release(draft, &name.namespace, Some(reference)));
    operator(draft, KEDA, USUAL, identity, stage);
}
