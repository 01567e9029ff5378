//! Key Vault, App Configuration and container registries.

use super::{WHY, identity_of, named, pods_of, referenced_id, release};
use crate::accounts::own_account;
use crate::draft::Draft;
use crate::estate::{Pods, list, text};
use crate::plan::{IdentityKind, Origin, Stage};
use crate::pointer::join;
use serde_json::{Value, json};

const EXTERNAL_SECRETS: &[&str] = &["external-secrets"];

fn is_true(value: Option<&Value>) -> bool {
    let text = value.and_then(Value::as_str).unwrap_or_default();
    matches!(text.trim(), "1" | "t" | "T" | "TRUE" | "true" | "True")
}

/// A class of the Secrets Store CSI driver: its pods' identity becomes that of the mount.
pub(super) fn provider_class(draft: &mut Draft<'_>, index: usize, stage: Stage) {
    let state = draft.state(index).clone();
    if text(&state, "/spec/provider") != Some("azure") {
        return;
    }
    let parameter = |key: &str| state.pointer(&join("/spec/parameters", &[key]));
    let by_pods = is_true(parameter("usePodIdentity"));
    let by_secret = !by_pods
        && !is_true(parameter("useVMManagedIdentity"))
        && !is_true(parameter("useAzureTokenProxy"))
        && parameter("clientID").and_then(Value::as_str).is_none_or(str::is_empty);
    let wanted = match draft.origin {
        Origin::PodIdentity => by_pods,
        Origin::Irsa => false,
        Origin::Secrets => by_secret,
    };
    if !wanted {
        return;
    }
    let name = draft.name(index);
    let mut identities: Vec<usize> = Vec::new();
    for pods in mounting(draft, &name.namespace, &name.name) {
        identities.extend(draft.identities_of(&pods).first());
    }
    identities.sort_unstable();
    identities.dedup();
    if identities.len() > 1 {
        let names: Vec<String> = identities.iter().map(|identity| draft.identity_name(*identity)).collect();
        draft.decide(
            true,
            &name,
            format!("pods of several identities mount it ({}): make one class for each identity", names.join(", ")),
        );
    }
    let identity = match identities.first() {
        Some(identity) => *identity,
        None => {
            draft.decide(true, &name, "no pods of the input mount it with a known identity: fill in whose it is");
            named(draft, &name.name, None)
        }
    };
    let client = draft.client_id(identity);
    draft.set(stage, index, "/spec/parameters/clientID".to_owned(), client, WHY);
    if by_pods {
        draft.set(stage, index, "/spec/parameters/usePodIdentity".to_owned(), "false", WHY);
    }
    draft.risk(index, "pods that are already running cannot rotate secrets until they are restarted");
}

/// The pods that mount a class.
pub(crate) fn mounting(draft: &Draft<'_>, namespace: &str, class: &str) -> Vec<Pods> {
    let mounts = |pods: &&Pods| {
        pods.namespace == namespace
            && list(draft.state(pods.index), &pods.at(&["spec", "volumes"]))
                .any(|volume| text(volume, "/csi/volumeAttributes/secretProviderClass") == Some(class))
    };
    draft.estate.pods().iter().filter(mounts).cloned().collect()
}

/// A store of External Secrets in Key Vault.
pub(super) fn secret_store(draft: &mut Draft<'_>, index: usize, stage: Stage) {
    const VAULT: &str = "/spec/provider/azurekv";
    let state = draft.state(index).clone();
    let Some(vault) = state.pointer(VAULT) else { return };
    let mode = text(vault, "/authType").unwrap_or("ServicePrincipal");
    let name = draft.name(index);
    let secret = vault.get("authSecretRef");
    let identity = match (mode, draft.origin) {
        ("ManagedIdentity", Origin::PodIdentity) => match text(vault, "/identityId") {
            Some(client) => named(draft, &name.name, Some(client)),
            None => match identity_of(draft, EXTERNAL_SECRETS) {
                Some(identity) => identity,
                None => named(draft, &name.name, None),
            },
        },
        ("ServicePrincipal", Origin::Secrets) => {
            let client = referenced_id(draft, &name.namespace, secret.and_then(|secret| secret.get("clientId")));
            named(draft, &name.name, client.as_deref())
        }
        _ => return,
    };
    let namespace = match name.namespace.as_str() {
        "" => pods_of(draft, EXTERNAL_SECRETS).map_or("external-secrets".to_owned(), |pods| pods.namespace),
        namespace => namespace.to_owned(),
    };
    let account = own_account(draft, &namespace, identity);
    let reference = match name.namespace.as_str() {
        "" => json!({"name": account, "namespace": namespace}),
        _ => json!({"name": account}),
    };
    draft.set(stage, index, join(VAULT, &["authType"]), "WorkloadIdentity", WHY);
    draft.set(stage, index, join(VAULT, &["serviceAccountRef"]), reference, WHY);
    draft.remove(stage.max(Stage::Remove), index, join(VAULT, &["authSecretRef"]), WHY);
    draft.remove(stage.max(Stage::Remove), index, join(VAULT, &["identityId"]), WHY);
    release(draft, &name.namespace, secret);
    draft.grant(identity, "Key Vault Secrets User", format!("the vault of {name}"));
}

/// A generator of tokens for a registry.
pub(super) fn registry_token(draft: &mut Draft<'_>, index: usize, stage: Stage) {
    let state = draft.state(index).clone();
    let name = draft.name(index);
    for at in ["/spec", "/spec/generator/acrAccessTokenSpec"] {
        let Some(auth) = state.pointer(&join(at, &["auth"])) else { continue };
        let principal = auth.get("servicePrincipal");
        let managed = auth.get("managedIdentity");
        let identity = match (principal, managed, draft.origin) {
            (Some(principal), _, Origin::Secrets) => {
                let client = referenced_id(draft, &name.namespace, principal.pointer("/secretRef/clientId"));
                named(draft, &name.name, client.as_deref())
            }
            (_, Some(managed), Origin::PodIdentity) => named(draft, &name.name, text(managed, "/identityId")),
            _ => continue,
        };
        let namespace = match name.namespace.as_str() {
            "" => pods_of(draft, EXTERNAL_SECRETS).map_or("external-secrets".to_owned(), |pods| pods.namespace),
            namespace => namespace.to_owned(),
        };
        let account = own_account(draft, &namespace, identity);
        let mut reference = json!({"name": account});
        if name.namespace.is_empty() {
            reference["namespace"] = namespace.into();
        }
        draft.set(stage, index, join(at, &["auth", "workloadIdentity", "serviceAccountRef"]), reference, WHY);
        draft.remove(stage, index, join(at, &["auth", "servicePrincipal"]), WHY);
        draft.remove(stage, index, join(at, &["auth", "managedIdentity"]), WHY);
        release(draft, &name.namespace, principal);
        let registry = text(&state, &join(at, &["registry"])).unwrap_or("the registry").to_owned();
        draft.grant(identity, "AcrPull", registry);
    }
}

/// A provider of App Configuration.
pub(super) fn app_configuration(draft: &mut Draft<'_>, index: usize, stage: Stage) {
    if draft.origin != Origin::Secrets {
        return;
    }
    let state = draft.state(index).clone();
    let name = draft.name(index);
    let connection = text(&state, "/spec/connectionStringReference");
    let principal = text(&state, "/spec/auth/servicePrincipalReference");
    let Some(secret) = connection.or(principal).map(str::to_owned) else { return };
    let client = principal.and_then(|secret| draft.estate.secret_text(&name.namespace, secret, "azure_client_id"));
    let identity = match principal {
        Some(_) => named(draft, &name.name, client.as_deref()),
        None => draft.identity(&name.name, IdentityKind::New, None),
    };
    if connection.is_some() && text(&state, "/spec/endpoint").is_none() {
        let stored = draft.estate.secret_text(&name.namespace, &secret, "azure_app_configuration_connection_string");
        let endpoint = stored.as_deref().and_then(endpoint_of).map(str::to_owned);
        let endpoint = endpoint.unwrap_or_else(|| draft.value(&format!("endpoint of {}", name.name)));
        draft.set(stage, index, "/spec/endpoint".to_owned(), endpoint, WHY);
    }
    let account = own_account(draft, &name.namespace, identity);
    draft.set(stage, index, "/spec/auth/workloadIdentity/serviceAccountName".to_owned(), account, WHY);
    draft.remove(stage, index, "/spec/auth/servicePrincipalReference".to_owned(), WHY);
    draft.remove(stage, index, "/spec/connectionStringReference".to_owned(), WHY);
    draft.release(&name.namespace, &secret, None);
    draft.grant(identity, "App Configuration Data Reader", format!("the store of {name}"));
}

/// The address in a connection string, without its secret.
fn endpoint_of(connection: &str) -> Option<&str> {
    connection
        .split(';')
        .find_map(|part| part.trim().strip_prefix("Endpoint="))
        .filter(|url| url.starts_with("https://"))
}
