//! Workload identity: its settings in the right place and form.

use super::workload_identity_keys::unknown_key;
use super::workload_identity_values::{authority, invalid_id, label_value, skip_containers, token_expiration};
use crate::accounts::{CLIENT_ID_TO_FILL_IN, annotate, has_client_id};
use crate::case::{Case, member, remove, rename, safe, safe_if, set, suggested, without_copy};
use crate::pods::Pod;
use crate::rules::workload_identity_values::{is_off, is_on};
use crate::table::{Row, both, none, safe as safe_row, suggested as suggested_row};
use crate::{Edit, Fix};
use entra_auth_policy::rules::workload_identity::workload_identity_virtual_node::{TAINTS, VIRTUAL};
use entra_auth_policy::view::container::image_path;
use entra_auth_policy::view::workload_identity::{INJECT_PROXY, PROXY_PORT, TOKEN_DIRECTORIES, is_proxy_image};
use serde_json::Value;
use std::collections::BTreeSet;

pub(crate) const ROWS: &[Row] = &[
    both(
        "workload-identity-authority",
        "write https:// before an authority of Microsoft Entra",
        "remove the variable or member, so that the authority of the cluster's cloud counts",
        authority,
    ),
    none("workload-identity-tenant", "the cluster operators decide which tenants are allowed"),
    none("workload-identity-client", "the cluster operators decide which identities an account may use"),
    suggested_row("workload-identity-shadowed", "remove the variable with the credential", shadowed),
    both(
        "workload-identity-label-misplaced",
        "move the label to the pod template",
        "move the label to the pod template, and use a dedicated service account instead of default",
        label_misplaced,
    ),
    both(
        "workload-identity-label-value",
        "write \"true\" for another spelling of it",
        "write \"true\" for any other value, with a dedicated service account instead of default; remove \"false\"",
        label_value,
    ),
    both(
        "workload-identity-invalid-id",
        "write the id in lower case, without braces and white space",
        "remove an empty annotation or variable",
        invalid_id,
    ),
    both(
        "workload-identity-token-expiration",
        "write a duration such as 2h in seconds",
        "write the nearest lifetime that the webhook accepts; remove what is not a lifetime",
        token_expiration,
    ),
    both(
        "workload-identity-proxy",
        "remove the annotation where it says \"false\"",
        "remove the annotations and the containers of the proxy",
        proxy,
    ),
    both(
        "workload-identity-binding",
        "write clientID for another spelling of it",
        "turn the other modes off; set clientID, to fill in",
        binding,
    ),
    suggested_row(
        "workload-identity-default-account",
        "use the dedicated service account of the namespace, or add one of the workload's name with its client id to fill in",
        default_account,
    ),
    suggested_row(
        "workload-identity-no-client-id",
        "annotate the service account of the input with a client id, to fill in",
        no_client_id,
    ),
    suggested_row(
        "workload-identity-not-labelled",
        "label the pods azure.workload.identity/use: \"true\"",
        not_labelled,
    ),
    both(
        "workload-identity-unknown-key",
        "write the key that was misspelt",
        "write the key on the object where it has an effect; remove it where that is not known",
        unknown_key,
    ),
    both(
        "workload-identity-skip-containers",
        "write semicolons for commas, and the names of containers that were misspelt",
        "leave out what is not a container; remove a list of all containers",
        skip_containers,
    ),
    both(
        "workload-identity-token-path",
        "remove the variable where the webhook sets it",
        "remove the variable, or the mount and its volume",
        token_path,
    ),
    safe_row("workload-identity-reserved-volume", "rename the volume and its mounts", reserved_volume),
    suggested_row(
        "workload-identity-virtual-node",
        "remove what places the pods on virtual nodes, and the toleration",
        virtual_node,
    ),
];

fn shadowed(case: &Case<'_>) -> Vec<Fix> {
    match case.variable() {
        Some((place, _)) => {
            let edits: Vec<Edit> = without_copy(case).into_iter().chain([remove(place)]).collect();
            suggested("remove the variable, and rotate what it held", edits)
        }
        None => Vec::new(),
    }
}

fn label_misplaced(case: &Case<'_>) -> Vec<Fix> {
    let (Some(pod), Some(value)) = (case.pod(), case.text()) else { return Vec::new() };
    let mut edits = vec![remove(case.pointer())];
    edits.extend(pod.enable_workload_identity());
    safe_if(is_on(value) && pod.account() != "default", "move the label to the pod template", edits)
}

/// Annotations and containers belong together, so all of them go.
fn proxy(case: &Case<'_>) -> Vec<Fix> {
    let Some(pod) = case.pod() else { return Vec::new() };
    let is_of_proxy = |container: &Value| is_proxy_image(image_path(container["image"].as_str().unwrap_or_default()));
    let (proxies, others): (Vec<_>, Vec<_>) =
        pod.containers().into_iter().partition(|(_, container)| is_of_proxy(container));
    if !others.iter().any(|(place, _)| !place.contains("/initContainers/")) {
        return Vec::new();
    }
    let mut edits: Vec<Edit> = Vec::new();
    for key in [INJECT_PROXY, PROXY_PORT] {
        edits.extend(pod.annotation_places(key).into_iter().map(remove));
    }
    edits.extend(proxies.iter().map(|(place, _)| remove(place.as_str())));
    let was_meant_off = case.key() == INJECT_PROXY && case.text().is_some_and(is_off) && proxies.is_empty();
    let title = if was_meant_off {
        "remove the annotation: the webhook ignores its value"
    } else {
        "remove the migration proxy"
    };
    safe_if(was_meant_off, title, edits)
}

fn binding(case: &Case<'_>) -> Vec<Fix> {
    match case.key().as_ref() {
        "usePodIdentity" | "useVMManagedIdentity" => {
            suggested("turn the other mode off", [set(case.pointer(), "false")])
        }
        "parameters" => suggested("set clientID", [set(member(case.pointer(), "clientID"), CLIENT_ID_TO_FILL_IN)]),
        key if key.eq_ignore_ascii_case("clientID") && key != "clientID" => {
            safe("write clientID as the provider does", [rename(case.pointer(), "clientID")])
        }
        // It is there and empty.
        _ => suggested("set clientID", [set(case.pointer(), CLIENT_ID_TO_FILL_IN)]),
    }
}

fn default_account(case: &Case<'_>) -> Vec<Fix> {
    match case.pod() {
        Some(pod) => suggested("use a dedicated service account", pod.dedicated_account()),
        None => Vec::new(),
    }
}

fn no_client_id(case: &Case<'_>) -> Vec<Fix> {
    let account = case.pod().and_then(|pod| case.input.account(case.namespace(), pod.account()));
    match account.filter(|account| !has_client_id(account)).and_then(annotate) {
        Some(edit) => suggested("annotate the service account with the client id of its identity", [edit]),
        None => Vec::new(),
    }
}

fn not_labelled(case: &Case<'_>) -> Vec<Fix> {
    match case.pod() {
        Some(pod) => suggested("label the pods for workload identity", pod.enable_workload_identity()),
        None => Vec::new(),
    }
}

fn token_path(case: &Case<'_>) -> Vec<Fix> {
    let Some(pod) = case.pod() else { return Vec::new() };
    if let Some((place, _)) = case.variable() {
        let is_of_webhook = |path: &str| TOKEN_DIRECTORIES.iter().any(|directory| path.starts_with(directory));
        let is_set_by_webhook =
            pod.uses_workload_identity() && case.at(place)["value"].as_str().is_some_and(is_of_webhook);
        return safe_if(is_set_by_webhook, "remove the variable; the webhook sets it", [remove(place)]);
    }
    let mut edits = vec![remove(case.pointer())];
    if let Some(name) = case.node()["name"].as_str()
        && pod.mounts_of(name).len() == 1
    {
        edits.extend(volumes(&pod, name).into_iter().map(remove));
    }
    suggested("remove the mount and its volume; the webhook adds both", edits)
}

fn volumes(pod: &Pod<'_, '_>, name: &str) -> Vec<String> {
    pod.volumes().into_iter().filter(|(_, volume)| volume["name"] == name).map(|(place, _)| place).collect()
}

/// The name of a volume means something inside the pod only.
fn reserved_volume(case: &Case<'_>) -> Vec<Fix> {
    const LONGEST_NAME: usize = 63;
    let (Some(pod), Some(name)) = (case.pod(), case.node()["name"].as_str()) else { return Vec::new() };
    let taken: BTreeSet<&str> = pod.volumes().iter().filter_map(|(_, volume)| volume["name"].as_str()).collect();
    let new = |number: usize| {
        let prefix = if number == 1 { "own".to_owned() } else { format!("own-{number}") };
        let rest: String = name.chars().take(LONGEST_NAME - 1 - prefix.len()).collect();
        format!("{prefix}-{}", rest.trim_end_matches('-'))
    };
    let Some(new) = (1..=taken.len()).map(new).find(|new| !taken.contains(new.as_str())) else { return Vec::new() };
    let places = pod.mounts_of(name).into_iter().chain([case.pointer().to_owned()]);
    let edits: Vec<Edit> = places.map(|place| set(format!("{place}/name"), new.as_str())).collect();
    safe("rename the volume and its mounts", edits)
}

fn virtual_node(case: &Case<'_>) -> Vec<Fix> {
    let Some(pod) = case.pod() else { return Vec::new() };
    let mut edits = Vec::new();
    let name = format!("{}/nodeName", pod.spec);
    if case.at(&name).as_str().is_some_and(|name| name.starts_with("virtual-node-aci-")) {
        edits.push(remove(name));
    }
    let label = format!("{}/nodeSelector/type", pod.spec);
    if case.at(&label) == VIRTUAL {
        edits.push(remove(label));
    }
    if case.key() == "nodeSelectorTerms" {
        edits.push(remove(case.above()));
    }
    let is_tainted = |key: &str| TAINTS.contains(&key);
    for (place, toleration) in pod.items(&format!("{}/tolerations", pod.spec)) {
        if toleration["key"].as_str().is_some_and(is_tainted) {
            edits.push(remove(place));
        }
    }
    suggested("keep the pods off virtual nodes", edits)
}
