//! Pod-managed identity.

use crate::Fix;
use crate::case::{Case, remove, safe, suggested};
use crate::modes::choose_workload_identity;
use crate::table::{Row, both, none, suggested as suggested_row};

pub(crate) const ROWS: &[Row] = &[
    none("pod-identity-resource", "the object has to be deleted, after what uses it signs in with workload identity"),
    both(
        "pod-identity-label",
        "remove the label or annotation where it has no effect",
        "label the pods for workload identity instead, and use a dedicated service account",
        label,
    ),
    suggested_row("pod-identity-mode", "choose workload identity, with the ids to fill in", choose_workload_identity),
    none("pod-identity-component", "the components have to be deleted, after all workloads use workload identity"),
];

fn label(case: &Case<'_>) -> Vec<Fix> {
    let Some(pod) = case.pod() else { return Vec::new() };
    if !pod.has_metadata_at(case.pointer()) || !case.above().ends_with("/labels") {
        return safe("remove the leftover of pod-managed identity", [remove(case.pointer())]);
    }
    if pod.signs_in() {
        return suggested("remove the label of pod-managed identity", [remove(case.pointer())]);
    }
    let mut edits = vec![remove(case.pointer())];
    edits.extend(pod.enable_workload_identity());
    if pod.account() != "default"
        && let Some(account) = case.input.account(case.namespace(), pod.account())
        && !crate::accounts::has_client_id(account)
    {
        edits.extend(crate::accounts::annotate(account));
    }
    suggested("label the pods for workload identity instead", edits)
}
