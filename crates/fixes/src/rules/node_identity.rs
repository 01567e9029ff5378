//! Node identity.

use crate::Fix;
use crate::case::{Case, remove, set, suggested};
use crate::modes::choose_workload_identity;
use crate::table::{Row, suggested as suggested_row};
use entra_auth_policy::imds::is_switch;
use kubernetes::kind;

pub(crate) const ROWS: &[Row] = &[
    suggested_row(
        "node-identity-file",
        "remove the volume of the file and its mounts; mount a folder to fill in instead of one above the file",
        file,
    ),
    suggested_row(
        "node-identity-endpoint",
        "remove the variable, the host alias or the entry of a ConfigMap that is a switch",
        endpoint,
    ),
    suggested_row("node-identity-host-network", "remove hostNetwork", host_network),
    suggested_row("node-identity-mode", "choose workload identity, with the ids to fill in", choose_workload_identity),
];

const FOLDER: &str = "<folder that is needed>";

fn file(case: &Case<'_>) -> Vec<Fix> {
    const MOUNT_LESS: &str = "mount only the folder that is needed";
    if case.is(&kind::PERSISTENT_VOLUME) {
        return suggested(MOUNT_LESS, [set(case.pointer(), FOLDER)]);
    }
    let (volume, place) = (case.node(), format!("{}/hostPath/path", case.pointer()));
    let is_file = |path: &str| path.trim_end_matches(['/', '\\']).to_ascii_lowercase().ends_with("azure.json");
    if !case.at(&place).as_str().is_some_and(is_file) {
        return suggested(MOUNT_LESS, [set(place, FOLDER)]);
    }
    let mut edits = vec![remove(case.pointer())];
    if let (Some(pod), Some(name)) = (case.pod(), volume["name"].as_str()) {
        edits.extend(pod.mounts_of(name).into_iter().map(remove));
    }
    suggested("remove the volume and its mounts", edits)
}

fn endpoint(case: &Case<'_>) -> Vec<Fix> {
    if let Some((variable, _)) = case.variable() {
        return suggested("remove the variable", [remove(variable)]);
    }
    if case.key() == "ip" && case.above().contains("/hostAliases/") {
        return suggested("remove the alias", [remove(case.above())]);
    }
    let is_entry = case.is(&kind::CONFIG_MAP) && case.above() == "/data" && is_switch(&case.key());
    if is_entry { suggested("remove the entry", [remove(case.pointer())]) } else { Vec::new() }
}

fn host_network(case: &Case<'_>) -> Vec<Fix> {
    suggested("remove hostNetwork", [remove(case.pointer())])
}
