//! Backups and sources in Azure Storage.

use super::{WHY, identity_of, named, operator, release, set_entry};
use crate::accounts::own_account;
use crate::draft::Draft;
use crate::estate::text;
use crate::plan::{IdentityKind, Origin, Stage};
use crate::pointer::join;
use entra_auth_policy::view::workload_identity::{CLIENT_ID, USE};

const VELERO: &[&str] = &["velero"];
const DATA: &str = "Storage Blob Data Contributor";

/// Where Velero keeps backups.
pub(super) fn velero_location(draft: &mut Draft<'_>, index: usize, stage: Stage) {
    let state = draft.state(index).clone();
    if !matches!(text(&state, "/spec/provider"), Some("azure" | "velero.io/azure")) || draft.origin == Origin::Irsa {
        return;
    }
    let is_keyed = text(&state, "/spec/config/storageAccountKeyEnvVar").is_some()
        || text(&state, "/spec/config/useAAD") != Some("true");
    let identity = match identity_of(draft, VELERO) {
        Some(identity) => identity,
        None if draft.origin == Origin::Secrets && is_keyed => {
            let file = velero_files(draft).into_iter().next();
            let client = file.as_ref().and_then(|(_, file)| assigned(file, "AZURE_CLIENT_ID"));
            let kind = if client.is_some() { IdentityKind::Application } else { IdentityKind::New };
            let identity = draft.identity("velero", kind, client);
            operator(draft, VELERO, ("velero", "velero"), identity, stage);
            identity
        }
        None => return,
    };
    if is_keyed {
        draft.set(stage, index, "/spec/config/useAAD".to_owned(), "true", WHY);
        draft.remove(stage, index, "/spec/config/storageAccountKeyEnvVar".to_owned(), WHY);
        draft.risk(
            index,
            "file-system backups with Kopia or restic still list the account's keys: do not take that permission away if you use them",
        );
    }
    let account = text(&state, "/spec/config/storageAccount").unwrap_or("the storage account of Velero").to_owned();
    draft.grant(identity, DATA, account.clone());
    draft.grant(identity, "Reader", account);
}

/// Secrets with a credentials file of Velero, and the file.
fn velero_files(draft: &Draft<'_>) -> Vec<(usize, String)> {
    let secrets = draft.estate.of_kind("", "Secret").filter_map(|(index, _)| {
        let name = draft.name(index);
        let file = draft.estate.secret_text(&name.namespace, &name.name, "cloud")?;
        file.contains("AZURE_").then_some((index, file))
    });
    secrets.collect()
}

/// The value that a line of the file gives to a name.
fn assigned<'f>(file: &'f str, name: &str) -> Option<&'f str> {
    let lines = file.lines().filter_map(|line| line.split_once('='));
    lines.filter(|(key, _)| key.trim() == name).map(|(_, value)| value.trim()).find(|value| !value.is_empty())
}

/// What stays in the file.
const KEPT: &[&str] = &["AZURE_SUBSCRIPTION_ID", "AZURE_RESOURCE_GROUP", "AZURE_CLOUD_NAME", "AZURE_ENVIRONMENT"];

/// The credentials file of Velero, without what signs in.
pub(super) fn velero_file(draft: &mut Draft<'_>, index: usize, stage: Stage) {
    if draft.origin != Origin::Secrets {
        return;
    }
    let Some((_, file)) = velero_files(draft).into_iter().find(|(known, _)| *known == index) else { return };
    let client = assigned(&file, "AZURE_CLIENT_ID");
    let is_credential = ["AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE", "AZURE_STORAGE_ACCOUNT_ACCESS_KEY"];
    if !is_credential.iter().any(|name| assigned(&file, name).is_some()) {
        return;
    }
    if identity_of(draft, VELERO).is_none() {
        let kind = if client.is_some() { IdentityKind::Application } else { IdentityKind::New };
        let identity = draft.identity("velero", kind, client);
        operator(draft, VELERO, ("velero", "velero"), identity, stage);
    }
    let kept: String = KEPT.iter().filter_map(|name| Some(format!("{name}={}\n", assigned(&file, name)?))).collect();
    set_entry(draft, stage, index, "cloud", &kept, WHY);
}

/// A cluster of CloudNativePG that archives to Azure.
pub(super) fn cloud_native_pg(draft: &mut Draft<'_>, index: usize, stage: Stage) {
    const AT: &str = "/spec/backup/barmanObjectStore/azureCredentials";
    let state = draft.state(index).clone();
    let Some(credentials) = state.pointer(AT).filter(|_| draft.origin == Origin::Secrets) else { return };
    let keys = ["connectionString", "storageKey", "storageSasToken", "storageAccount"];
    if !keys.iter().any(|key| credentials.get(*key).is_some()) {
        return;
    }
    let name = draft.name(index);
    let identity = draft.identity(&name.name, IdentityKind::New, None);
    let client = draft.client_id(identity);
    // The operator makes an account with the name of the cluster.
    draft.federate(identity, &name.namespace, &name.name);
    let annotation = join("/spec/serviceAccountTemplate/metadata/annotations", &[CLIENT_ID]);
    draft.set(Stage::Apply, index, annotation, client, WHY);
    draft.set(Stage::Apply, index, join("/spec/inheritedMetadata/labels", &[USE]), "true", WHY);
    draft.set(stage, index, join(AT, &["useDefaultAzureCredentials"]), true, WHY);
    for key in keys {
        draft.remove(stage, index, join(AT, &[key]), WHY);
    }
    release(draft, &name.namespace, Some(credentials));
    draft.risk(index, "the operator restarts the instances one after another to use the account");
    let path = text(&state, "/spec/backup/barmanObjectStore/destinationPath").unwrap_or("the storage of the backups");
    draft.grant(identity, DATA, path);
}

/// A bucket of Flux in Azure Blob Storage.
pub(super) fn flux_bucket(draft: &mut Draft<'_>, index: usize, stage: Stage) {
    let state = draft.state(index).clone();
    if draft.origin != Origin::Secrets || text(&state, "/spec/provider") != Some("azure") {
        return;
    }
    let Some(secret) = text(&state, "/spec/secretRef/name") else { return };
    let name = draft.name(index);
    let client = draft.estate.secret_text(&name.namespace, secret, "clientId");
    let identity = match client {
        Some(client) => named(draft, &name.name, Some(client.trim())),
        None => draft.identity(&name.name, IdentityKind::New, None),
    };
    let account = own_account(draft, &name.namespace, identity);
    draft.set(stage, index, "/spec/serviceAccountName".to_owned(), account, WHY);
    draft.remove(stage, index, "/spec/secretRef".to_owned(), WHY);
    draft.release(&name.namespace, secret, None);
    draft.risk(index, "source-controller needs the feature gate ObjectLevelWorkloadIdentity");
    draft.grant(identity, "Storage Blob Data Reader", text(&state, "/spec/endpoint").unwrap_or("the bucket"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_credentials_file() {
        let file = "AZURE_SUBSCRIPTION_ID=a\nAZURE_CLIENT_ID = b \nAZURE_CLIENT_SECRET=\n";
        assert_eq!(assigned(file, "AZURE_SUBSCRIPTION_ID"), Some("a"));
        assert_eq!(assigned(file, "AZURE_CLIENT_ID"), Some("b"));
        assert_eq!(assigned(file, "AZURE_CLIENT_SECRET"), None);
    }
}
