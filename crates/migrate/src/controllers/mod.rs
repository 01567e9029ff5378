//! Custom resources and configuration that choose how a controller signs in: from their old mode to workload identity.
//!
//! The sign-in table of the policy lists what each kind can choose. What has no function here stays for a person, with
//! the table's advice: see `leftovers`.

mod backup;
mod dapr;
mod dns;
mod keda;
mod platform;
mod vault;

use crate::accounts::{annotate, own_account, switch};
use crate::answers::is_guid;
use crate::draft::Draft;
use crate::estate::{Pods, account, containers, repository, text};
use crate::plan::{IdentityKind, Stage};
use crate::pointer::join;
use base64::Engine;
use serde_json::Value;

pub(crate) use dapr::dapr;

pub(crate) const WHY: &str = "chooses workload identity";

/// Converts what the input has. Workloads have their identities already.
pub(crate) fn convert(draft: &mut Draft<'_>, stage: Stage) {
    for index in 0..draft.estate.objects.len() {
        let name = draft.name(index);
        match (name.group(), name.kind.as_str()) {
            ("secrets-store.csi.x-k8s.io", "SecretProviderClass") => vault::provider_class(draft, index, stage),
            ("external-secrets.io", "SecretStore" | "ClusterSecretStore") => vault::secret_store(draft, index, stage),
            ("generators.external-secrets.io", "ACRAccessToken" | "ClusterGenerator") => {
                vault::registry_token(draft, index, stage);
            }
            ("azconfig.io", "AzureAppConfigurationProvider") => vault::app_configuration(draft, index, stage),
            ("keda.sh" | "keda.k8s.io", "TriggerAuthentication" | "ClusterTriggerAuthentication") => {
                keda::authentication(draft, index, stage);
            }
            ("cert-manager.io", "Issuer" | "ClusterIssuer") => dns::issuer(draft, index, stage),
            ("velero.io", "BackupStorageLocation") => backup::velero_location(draft, index, stage),
            ("postgresql.cnpg.io", "Cluster") => backup::cloud_native_pg(draft, index, stage),
            ("source.toolkit.fluxcd.io", "Bucket") => backup::flux_bucket(draft, index, stage),
            ("infrastructure.cluster.x-k8s.io", "AzureClusterIdentity") => platform::cluster_api(draft, index, stage),
            ("monitoring.coreos.com", "Prometheus" | "PrometheusAgent") => platform::prometheus(draft, index, stage),
            ("", "Secret") => {
                dns::azure_json(draft, index, stage, "data");
                backup::velero_file(draft, index, stage);
                platform::service_operator(draft, index, stage);
            }
            ("", "ConfigMap") => dns::azure_json(draft, index, stage, "config"),
            _ => {}
        }
    }
}

/// The identity that a client id names: one that is known, else an application, because a secret was its proof.
fn named(draft: &mut Draft<'_>, name: &str, client: Option<&str>) -> usize {
    let kind = match draft.origin {
        crate::Origin::Secrets => IdentityKind::Application,
        _ => IdentityKind::Existing,
    };
    draft.identity(name, kind, client)
}

/// The value behind a reference `{name, key}` to a Secret, if it is an id.
fn referenced_id(draft: &Draft<'_>, namespace: &str, reference: Option<&Value>) -> Option<String> {
    let reference = reference?;
    let namespace = text(reference, "/namespace").unwrap_or(namespace);
    let value = draft.estate.secret_text(namespace, text(reference, "/name")?, text(reference, "/key")?)?;
    Some(value.trim().to_owned()).filter(|value| is_guid(value))
}

/// Notes that references `{name, key}` below a value go away.
fn release(draft: &mut Draft<'_>, namespace: &str, value: Option<&Value>) {
    match value {
        Some(Value::Object(members)) => {
            let value = Value::Object(members.clone());
            if let Some(name) = text(&value, "/name") {
                let namespace = text(&value, "/namespace").unwrap_or(namespace);
                draft.release(namespace, name, text(&value, "/key"));
            }
            members.values().for_each(|member| release(draft, namespace, Some(member)));
        }
        Some(Value::Array(items)) => items.iter().for_each(|item| release(draft, namespace, Some(item))),
        _ => {}
    }
}

/// Lets a controller sign in as an identity. `images` are ends of its image's repository, `usual` is the account of its
/// usual installation.
fn operator(draft: &mut Draft<'_>, images: &[&str], usual: (&str, &str), identity: usize, stage: Stage) {
    let Some(pods) = pods_of(draft, images) else {
        let (namespace, name) = usual;
        draft.federate(identity, namespace, name);
        let about = format!("ServiceAccount {namespace}/{name}");
        let what = format!(
            "the controller that uses {} is not in the input. The plan assumes this account: label its pods, annotate the \
             account, or name another one",
            draft.identity_name(identity)
        );
        draft.decide(false, about, what);
        return;
    };
    let named = draft.pod_accounts.get(&(pods.index, pods.template.clone())).cloned();
    let named = named.or_else(|| account(draft.state(pods.index), &pods).map(str::to_owned));
    let name = match named {
        Some(name) => name,
        None => own_account(draft, &pods.namespace, identity),
    };
    if !draft.accounts.contains_key(&(pods.namespace.clone(), name.clone())) {
        annotate(draft, &pods.namespace, &name, identity);
    }
    draft.federate(identity, &pods.namespace, &name);
    switch(draft, &pods, &name, stage);
}

/// The pods whose image ends so.
fn pods_of(draft: &Draft<'_>, images: &[&str]) -> Option<Pods> {
    let runs = |pods: &&Pods| {
        let state = draft.state(pods.index);
        containers(state, pods).iter().filter_map(|pointer| text(state.pointer(pointer)?, "/image")).any(|image| {
            let path = repository(image);
            images.iter().any(|name| path == *name || path.ends_with(&format!("/{name}")))
        })
    };
    draft.estate.pods().iter().find(runs).cloned()
}

/// The first identity of the pods whose image ends so.
fn identity_of(draft: &Draft<'_>, images: &[&str]) -> Option<usize> {
    draft.identities_of(&pods_of(draft, images)?).first().copied()
}

/// Sets an entry of a Secret.
fn set_entry(draft: &mut Draft<'_>, stage: Stage, index: usize, entry: &str, value: &str, why: &str) {
    let plain = join("/stringData", &[entry]);
    if draft.state(index).pointer(&plain).is_some() {
        draft.set(stage, index, plain, value, why);
    } else {
        let encoded = base64::engine::general_purpose::STANDARD.encode(value);
        draft.set(stage, index, join("/data", &[entry]), encoded, why);
    }
}

/// Removes an entry of a Secret.
fn remove_entry(draft: &mut Draft<'_>, stage: Stage, index: usize, entry: &str, why: &str) {
    for map in ["/data", "/stringData"] {
        draft.remove(stage, index, join(map, &[entry]), why);
    }
}
