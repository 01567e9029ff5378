//! Fixed credentials. A fix never shows the value; the credential has to be rotated all the same.

use crate::case::{Case, remove, set, suggested, without_copy};
use crate::modes::choose_workload_identity;
use crate::table::{Row, both, none, suggested as suggested_row};
use crate::{Edit, Fix};
use credentials::is_azure_credential_variable;
use entra_auth_policy::rules::aws::aws_credential::is_sdk_variable;
use serde_json::json;

pub(crate) const ROWS: &[Row] = &[
    none(
        "credential-in-args",
        "the program has to be given its credential in another way, and only its authors know which",
    ),
    suggested_row(
        "credential-in-env",
        "remove a variable with a credential of Azure or AWS; take another one from a Secret, to fill in",
        variable,
    ),
    none("credential-in-config-map", "what reads the entry has to be changed with it"),
    suggested_row("credential-in-annotation", "remove the annotation or label", annotation),
    both(
        "credential-mode",
        "write clientID of the Key Vault provider for another spelling of it",
        "choose workload identity where the object has one member for it, with the ids to fill in",
        choose_workload_identity,
    ),
    none("credential-in-secret", "what reads the entry has to be changed with it"),
    suggested_row("credential-from-secret", "remove the reference to the Secret", reference),
    none("credential-registry", "the pull secret has to be deleted, after the nodes can pull with their own identity"),
    suggested_row(
        "credential-volume",
        "mount with the token of the pod, where the driver of the volume can",
        choose_workload_identity,
    ),
    none("credential-at-path", "only the settings know the member, so what else it could refer to is not known"),
];

fn variable(case: &Case<'_>) -> Vec<Fix> {
    let Some((place, name)) = case.variable() else { return Vec::new() };
    let mut edits: Vec<Edit> = without_copy(case).into_iter().collect();
    // From a Secret, these would be a finding as well.
    if is_azure_credential_variable(name).is_some() || is_sdk_variable(name) {
        edits.push(remove(place));
        return suggested("remove the variable, use workload identity, and rotate what it held", edits);
    }
    edits.push(remove(format!("{place}/value")));
    edits.push(set(format!("{place}/valueFrom"), json!({"secretKeyRef": {"name": "<secret>", "key": "<key>"}})));
    suggested("take the value from a Secret, and rotate what was written here", edits)
}

fn annotation(case: &Case<'_>) -> Vec<Fix> {
    suggested("remove it, and rotate what it held", [remove(case.pointer())])
}

fn reference(case: &Case<'_>) -> Vec<Fix> {
    const TITLE: &str = "remove the reference, and use workload identity";
    if let Some((place, _)) = case.variable() {
        return suggested(TITLE, [remove(place)]);
    }
    // Without items, a volume has every key of the Secret.
    let is_only_item =
        case.above().ends_with("/items") && case.at(case.above()).as_array().is_none_or(|items| items.len() < 2);
    if is_only_item { Vec::new() } else { suggested(TITLE, [remove(case.pointer())]) }
}
