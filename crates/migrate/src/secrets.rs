//! From client secrets and certificates to workload identity.
//!
//! Pods switch in one step, when the old is removed: a variable with a secret takes precedence over workload identity, so
//! both next to each other would test nothing. A pod that only signs in tests the account before.

use crate::accounts::{Wish, assign};
use crate::answers::is_guid;
use crate::controllers;
use crate::draft::Draft;
use crate::estate::{Pods, containers, list, text};
use crate::plan::{IdentityKind, Stage};
use crate::pointer::join;
use crate::volumes;
use serde_json::Value;
use std::collections::BTreeMap;

const WHY: &str = "signs in without a fixed credential";

/// The variables of one sign-in.
struct Family {
    /// These are fixed credentials.
    credentials: &'static [&'static str],
    client: &'static str,
    tenant: &'static str,
    /// What makes the program use workload identity, where it does not do so by itself.
    instead: Option<(&'static str, &'static str)>,
}

const FAMILIES: &[Family] = &[
    Family {
        credentials: &[
            "AZURE_CLIENT_SECRET",
            "AZURE_CLIENT_CERTIFICATE",
            "AZURE_CLIENT_CERTIFICATE_PATH",
            "AZURE_CLIENT_CERTIFICATE_PASSWORD",
        ],
        client: "AZURE_CLIENT_ID",
        tenant: "AZURE_TENANT_ID",
        instead: None,
    },
    Family {
        credentials: &[
            "ARM_CLIENT_SECRET",
            "ARM_CLIENT_CERTIFICATE",
            "ARM_CLIENT_CERTIFICATE_PATH",
            "ARM_CLIENT_CERTIFICATE_PASSWORD",
        ],
        client: "ARM_CLIENT_ID",
        tenant: "ARM_TENANT_ID",
        instead: Some(("ARM_USE_AKS_WORKLOAD_IDENTITY", "true")),
    },
    Family {
        credentials: &[
            "AAD_SERVICE_PRINCIPAL_CLIENT_SECRET",
            "AAD_SERVICE_PRINCIPAL_CLIENT_CERTIFICATE",
            "AAD_SERVICE_PRINCIPAL_CLIENT_CERTIFICATE_PASSWORD",
        ],
        client: "AAD_SERVICE_PRINCIPAL_CLIENT_ID",
        tenant: "AZURE_TENANT_ID",
        instead: Some(("AAD_LOGIN_METHOD", "workloadidentity")),
    },
];

pub(crate) fn migrate(draft: &mut Draft<'_>) {
    let mut wishes: BTreeMap<(usize, String), Wish> = BTreeMap::new();
    let mut add = |pods: &Pods, identity: usize| {
        let key = (pods.index, pods.template.clone());
        let wish = wishes.entry(key).or_insert_with(|| Wish { pods: pods.clone(), identities: Vec::new() });
        if !wish.identities.contains(&identity) {
            wish.identities.push(identity);
        }
    };
    let all = draft.estate.pods().to_vec();
    for pods in &all {
        for identity in variables(draft, pods).into_iter().chain(vault_volumes(draft, pods)).chain(gateway(draft, pods))
        {
            add(pods, identity);
        }
    }
    for (pods, identity) in controllers::dapr(draft) {
        add(&pods, identity);
    }
    let keyed = volumes::find(draft);
    for pods in keyed.iter().map(volumes::Keyed::pods) {
        let key = (pods.index, pods.template.clone());
        let wish = wishes.entry(key).or_insert_with(|| Wish { pods: pods.clone(), identities: Vec::new() });
        if wish.identities.is_empty() {
            let identity = draft.identity(&pods.name, IdentityKind::New, None);
            wish.identities.push(identity);
        }
    }
    let wishes: Vec<Wish> = wishes.into_values().collect();
    for wish in wishes.iter().filter(|wish| wish.identities.len() > 1) {
        let names: Vec<String> = wish.identities.iter().map(|identity| draft.identity_name(*identity)).collect();
        let object = draft.name(wish.pods.index);
        let what = format!(
            "its containers are several applications ({}). Its account names the first; code of the others must pass their \
             client id",
            names.join(", ")
        );
        draft.decide(true, object, what);
    }
    assign(draft, &wishes, Stage::Remove);
    volumes::convert(draft, &keyed);
    controllers::convert(draft, Stage::Remove);
}

/// Removes the credentials of containers. Returns the identities that they were for.
fn variables(draft: &mut Draft<'_>, pods: &Pods) -> Vec<usize> {
    let state = draft.state(pods.index).clone();
    let mut identities = Vec::new();
    for pointer in containers(&state, pods) {
        let Some(container) = state.pointer(&pointer) else { continue };
        for family in FAMILIES {
            if let Some(identity) = family.leave(draft, pods, &pointer, container) {
                identities.push(identity);
            }
        }
    }
    identities
}

impl Family {
    fn leave(&self, draft: &mut Draft<'_>, pods: &Pods, pointer: &str, container: &Value) -> Option<usize> {
        let own: Vec<(usize, &Value)> = list(container, "/env").enumerate().collect();
        let named = |name: &str| own.iter().find(|(_, variable)| text(variable, "/name") == Some(name)).copied();
        let found: Vec<(usize, &Value)> = self.credentials.iter().filter_map(|name| named(name)).collect();
        let sources: Vec<(usize, &Value)> = list(container, "/envFrom")
            .enumerate()
            .filter(|(_, source)| self.is_filled_by(draft, pods, source))
            .collect();
        let first = found.first().map(|(_, variable)| *variable).or(sources.first().map(|(_, source)| *source))?;
        let client = draft.estate.variable(&pods.namespace, container, self.client);
        let client = client.map(|client| client.trim().to_owned()).filter(|client| is_guid(client));
        // An application without a known id is known by its Secret.
        let name = match &client {
            Some(_) => pods.name.clone(),
            None => ["/valueFrom/secretKeyRef/name", "/secretRef/name"]
                .iter()
                .find_map(|at| text(first, at))
                .unwrap_or(&pods.name)
                .to_owned(),
        };
        let identity = draft.identity(&name, IdentityKind::Application, client.as_deref());
        for (at, variable) in &found {
            self.drop(draft, pods, &format!("{pointer}/env/{at}"), variable);
            if text(variable, "/name").is_some_and(|name| name.ends_with("_PATH")) {
                unmount(draft, pods, pointer, container, variable);
            }
        }
        // The webhook injects ids, and the policy cannot compare one that is defined elsewhere.
        for name in [self.client, self.tenant] {
            if let Some((at, variable)) = named(name).filter(|(_, variable)| variable.get("valueFrom").is_some()) {
                self.drop(draft, pods, &format!("{pointer}/env/{at}"), variable);
            }
        }
        for (at, source) in sources {
            self.leave_source(draft, pods, &format!("{pointer}/envFrom/{at}"), source);
        }
        if let Some((name, value)) = self.instead {
            let variable = serde_json::json!({"name": name, "value": value});
            match named(name) {
                Some((at, _)) => {
                    draft.set(Stage::Remove, pods.index, format!("{pointer}/env/{at}"), variable, WHY);
                }
                None => draft.set(Stage::Remove, pods.index, format!("{pointer}/env/-"), variable, WHY),
            }
        }
        Some(identity)
    }

    /// Removes a variable, and notes that it does not use its Secret any more.
    fn drop(&self, draft: &mut Draft<'_>, pods: &Pods, pointer: &str, variable: &Value) {
        draft.remove(Stage::Remove, pods.index, pointer.to_owned(), WHY);
        if let Some(source) = variable.pointer("/valueFrom/secretKeyRef")
            && let Some(secret) = text(source, "/name")
        {
            draft.release(&pods.namespace, secret, text(source, "/key"));
        }
    }

    /// The names of the sign-in in a Secret that fills variables.
    fn entries(&self, draft: &Draft<'_>, pods: &Pods, source: &Value) -> Vec<String> {
        let Some(secret) = text(source, "/secretRef/name") else { return Vec::new() };
        let prefix = text(source, "/prefix").unwrap_or_default();
        let entries = draft.estate.secret_entries(&pods.namespace, secret).unwrap_or_default();
        let names = self.credentials.iter().copied().chain([self.client, self.tenant]);
        let wanted: Vec<&str> = names.filter_map(|name| name.strip_prefix(prefix)).collect();
        entries.into_iter().filter(|entry| wanted.contains(&entry.as_str())).collect()
    }

    fn is_filled_by(&self, draft: &Draft<'_>, pods: &Pods, source: &Value) -> bool {
        let prefix = text(source, "/prefix").unwrap_or_default();
        let entries = self.entries(draft, pods, source);
        entries.iter().any(|entry| self.credentials.contains(&format!("{prefix}{entry}").as_str()))
    }

    /// Removes a source of variables that only signs in; else the entries of its Secret.
    fn leave_source(&self, draft: &mut Draft<'_>, pods: &Pods, pointer: &str, source: &Value) {
        let Some(secret) = text(source, "/secretRef/name") else { return };
        let ours = self.entries(draft, pods, source);
        let all = draft.estate.secret_entries(&pods.namespace, secret).unwrap_or_default();
        if all.len() == ours.len() {
            draft.remove(Stage::Remove, pods.index, pointer.to_owned(), WHY);
            draft.release(&pods.namespace, secret, None);
        } else if let Some(index) = draft.estate.find("", "Secret", &pods.namespace, secret) {
            for entry in ours {
                for map in ["/data", "/stringData"] {
                    draft.remove(
                        Stage::Remove,
                        index,
                        join(map, &[&entry]),
                        "the pods that used it sign in without it",
                    );
                }
            }
        }
    }
}

/// Removes the volume that a variable with a path points into.
fn unmount(draft: &mut Draft<'_>, pods: &Pods, pointer: &str, container: &Value, variable: &Value) {
    let Some(path) = text(variable, "/value") else { return };
    let holds = |mount: &Value| {
        text(mount, "/mountPath")
            .is_some_and(|at| path == at || path.starts_with(&format!("{}/", at.trim_end_matches('/'))))
    };
    let Some((at, mount)) = list(container, "/volumeMounts").enumerate().find(|(_, mount)| holds(mount)) else {
        return;
    };
    let state = draft.state(pods.index).clone();
    let name = text(mount, "/name").unwrap_or_default();
    let volumes = pods.at(&["spec", "volumes"]);
    let volume = list(&state, &volumes).enumerate().find(|(_, volume)| text(volume, "/name") == Some(name));
    let Some((number, volume)) = volume else { return };
    let Some(secret) = text(volume, "/secret/secretName") else { return };
    draft.remove(Stage::Remove, pods.index, format!("{pointer}/volumeMounts/{at}"), WHY);
    let is_used = containers(&state, pods).iter().filter(|other| *other != pointer).any(|other| {
        let container = state.pointer(other).unwrap_or(&Value::Null);
        list(container, "/volumeMounts").any(|mount| text(mount, "/name") == Some(name))
    });
    if !is_used {
        draft.remove(Stage::Remove, pods.index, format!("{volumes}/{number}"), WHY);
        draft.release(&pods.namespace, secret, None);
    }
}

/// Key Vault volumes that mount with a service principal's secret.
fn vault_volumes(draft: &mut Draft<'_>, pods: &Pods) -> Vec<usize> {
    let state = draft.state(pods.index).clone();
    let volumes = pods.at(&["spec", "volumes"]);
    let mut identities = Vec::new();
    for (number, volume) in list(&state, &volumes).enumerate() {
        let Some(secret) = text(volume, "/csi/nodePublishSecretRef/name") else { continue };
        if text(volume, "/csi/driver") != Some("secrets-store.csi.k8s.io") {
            continue;
        }
        let client = draft.estate.secret_text(&pods.namespace, secret, "clientid");
        let client = client.map(|client| client.trim().to_owned()).filter(|client| is_guid(client));
        let name = if client.is_some() { pods.name.clone() } else { secret.to_owned() };
        identities.push(draft.identity(&name, IdentityKind::Application, client.as_deref()));
        let reference = format!("{volumes}/{number}/csi/nodePublishSecretRef");
        draft.remove(Stage::Remove, pods.index, reference, WHY);
        draft.release(&pods.namespace, secret, None);
    }
    identities
}

/// The file of Application Gateway Ingress Controller.
fn gateway(draft: &mut Draft<'_>, pods: &Pods) -> Vec<usize> {
    let state = draft.state(pods.index).clone();
    let volumes = pods.at(&["spec", "volumes"]);
    let mut identities = Vec::new();
    for pointer in containers(&state, pods) {
        let Some(container) = state.pointer(&pointer) else { continue };
        let variable = list(container, "/env")
            .enumerate()
            .find(|(_, variable)| text(variable, "/name") == Some("AZURE_AUTH_LOCATION"));
        let Some((at, variable)) = variable else { continue };
        let file = list(&state, &volumes).find_map(|volume| {
            let secret = text(volume, "/secret/secretName")?;
            draft.estate.secret_text(&pods.namespace, secret, "armAuth.json")
        });
        let file = file.and_then(|file| serde_json::from_str::<Value>(&file).ok());
        let client = file.as_ref().and_then(|file| text(file, "/clientId")).filter(|client| is_guid(client));
        identities.push(draft.identity(&pods.name, IdentityKind::Application, client));
        draft.remove(Stage::Remove, pods.index, format!("{pointer}/env/{at}"), WHY);
        unmount(draft, pods, &pointer, container, variable);
    }
    identities
}
