//! DNS: cert-manager's issuers, and the configuration file of ExternalDNS.

use super::{WHY, identity_of, named, operator, pods_of, release, set_entry};
use crate::accounts::{Wish, assign};
use crate::draft::Draft;
use crate::estate::{list, text};
use crate::plan::{Origin, Stage};
use crate::pointer::join;
use serde_json::{Map, Value, json};

const CERT_MANAGER: &[&str] = &["cert-manager-controller"];
const EXTERNAL_DNS: &[&str] = &["external-dns"];

/// An issuer whose solvers change records of Azure DNS.
pub(super) fn issuer(draft: &mut Draft<'_>, index: usize, stage: Stage) {
    let count = draft.state(index).pointer("/spec/acme/solvers").and_then(Value::as_array).map_or(0, Vec::len);
    for number in 0..count {
        let at = format!("/spec/acme/solvers/{number}/dns01/azureDNS");
        let state = draft.state(index).clone();
        let name = draft.name(index);
        let Some(solver) = state.pointer(&at) else { continue };
        let identity = match draft.origin {
            Origin::Secrets if solver.get("clientSecretSecretRef").is_some() => {
                named(draft, &name.name, text(solver, "/clientID"))
            }
            Origin::PodIdentity if solver.get("clientSecretSecretRef").is_none() => {
                let client = text(solver, "/managedIdentity/clientID");
                match (client, identity_of(draft, CERT_MANAGER)) {
                    (Some(client), _) => named(draft, &name.name, Some(client)),
                    (None, Some(identity)) => identity,
                    (None, None) => continue,
                }
            }
            _ => continue,
        };
        let client = draft.client_id(identity);
        draft.set(stage, index, join(&at, &["managedIdentity"]), json!({"clientID": client}), WHY);
        for old in ["clientID", "clientSecretSecretRef", "tenantID"] {
            draft.remove(stage.max(Stage::Remove), index, join(&at, &[old]), WHY);
        }
        // The Secret of a ClusterIssuer is where cert-manager runs.
        let namespace = match name.namespace.as_str() {
            "" => pods_of(draft, CERT_MANAGER).map_or("cert-manager".to_owned(), |pods| pods.namespace),
            namespace => namespace.to_owned(),
        };
        release(draft, &namespace, solver.get("clientSecretSecretRef"));
        operator(draft, CERT_MANAGER, ("cert-manager", "cert-manager"), identity, stage);
        let zone = text(solver, "/hostedZoneName").unwrap_or("the zones of the issuer").to_owned();
        draft.grant(identity, "DNS Zone Contributor", zone);
    }
}

/// What stays in `azure.json`: everything that does not sign in.
const KEPT: &[&str] =
    &["cloud", "tenantId", "subscriptionId", "resourceGroup", "location", "activeDirectoryAuthorityHost"];

/// The file `azure.json` of ExternalDNS, in a Secret or a ConfigMap.
pub(super) fn azure_json(draft: &mut Draft<'_>, index: usize, stage: Stage, holder: &str) {
    const FILE: &str = "azure.json";
    let name = draft.name(index);
    let file = match holder {
        "data" => draft.estate.secret_text(&name.namespace, &name.name, FILE),
        _ => text(draft.state(index), &join("/data", &[FILE])).map(str::to_owned),
    };
    let Some(file) = file.and_then(|file| serde_json::from_str::<Map<String, Value>>(&file).ok()) else { return };
    let mounts = |volume: &Value| {
        text(volume, "/secret/secretName") == Some(name.name.as_str())
            || text(volume, "/configMap/name") == Some(name.name.as_str())
    };
    let Some(pods) = pods_of(draft, EXTERNAL_DNS).filter(|pods| {
        pods.namespace == name.namespace && list(draft.state(pods.index), &pods.at(&["spec", "volumes"])).any(mounts)
    }) else {
        return;
    };
    let value = |key: &str| file.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let secret = value("aadClientSecret").filter(|secret| !secret.eq_ignore_ascii_case("msi"));
    match draft.origin {
        Origin::PodIdentity if secret.is_none() => {
            if draft.identities_of(&pods).is_empty() {
                return;
            }
        }
        Origin::Secrets if secret.is_some() => {
            let identity = named(draft, &pods.name, value("aadClientId"));
            assign(draft, &[Wish { pods, identities: vec![identity] }], stage);
        }
        _ => return,
    }
    let mut kept: Map<String, Value> = file.into_iter().filter(|(key, _)| KEPT.contains(&key.as_str())).collect();
    kept.insert("useWorkloadIdentityExtension".to_owned(), true.into());
    let text = format!("{:#}\n", Value::Object(kept));
    match holder {
        "data" => set_entry(draft, stage, index, FILE, &text, WHY),
        _ => draft.set(stage, index, join("/data", &[FILE]), text, WHY),
    }
}
