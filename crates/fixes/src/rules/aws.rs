//! AWS leftovers.

use crate::accounts::CLIENT_ID_TO_FILL_IN;
use crate::case::{Case, member, remove, rename, set, suggested, without_copy};
use crate::table::{Row, suggested as suggested_row};
use crate::{Edit, Fix};
use entra_auth_policy::view::workload_identity::{CLIENT_ID, SKIP_CONTAINERS, TOKEN_EXPIRATION};
use kubernetes::kind;
use manifest::Change;

pub(crate) const ROWS: &[Row] = &[
    suggested_row("aws-credential", "remove a variable or annotation with the key", credential),
    suggested_row(
        "aws-role-annotation",
        "replace the annotation with that of workload identity, with the client id to fill in; remove a variable",
        role,
    ),
    suggested_row("aws-metadata-proxy", "remove the annotation", proxy_annotation),
    suggested_row("aws-eks-object", "write provider: azure-workload in a TriggerAuthentication of KEDA", keda),
];

fn credential(case: &Case<'_>) -> Vec<Fix> {
    const TITLE: &str = "remove the key, and rotate it";
    match case.variable() {
        Some((place, _)) => suggested(TITLE, without_copy(case).into_iter().chain([remove(place)]).collect::<Vec<_>>()),
        None if case.above().ends_with("/annotations") => suggested(TITLE, [remove(case.pointer())]),
        None => Vec::new(),
    }
}

fn role(case: &Case<'_>) -> Vec<Fix> {
    if let Some((place, _)) = case.variable() {
        return suggested("remove the variable, and use workload identity", [remove(place)]);
    }
    let key = case.key();
    let is_account = case.is(&kind::SERVICE_ACCOUNT);
    let lifetime = || case.text().and_then(|text| text.parse::<i64>().ok());
    let edits = match key.rsplit('/').next().unwrap_or_default() {
        "role-arn" if is_account => replace(case, CLIENT_ID, CLIENT_ID_TO_FILL_IN),
        "token-expiration" if lifetime().is_some_and(|life| (3600..=86400).contains(&life)) => {
            match is_free(case, TOKEN_EXPIRATION) {
                true => vec![rename(case.pointer(), TOKEN_EXPIRATION)],
                false => vec![remove(case.pointer())],
            }
        }
        "skip-containers" if !is_account => {
            let names: Vec<&str> = case.text().unwrap_or_default().split(',').map(str::trim).collect();
            replace(case, SKIP_CONTAINERS, &names.join(";"))
        }
        _ => vec![remove(case.pointer())],
    };
    let replaces = edits.iter().any(|edit| !matches!(edit, Edit::Own(Change::Remove { .. })));
    suggested(if replaces { "use the annotation of workload identity instead" } else { "remove the annotation" }, edits)
}

/// Removes the annotation and sets another, unless it is there.
fn replace(case: &Case<'_>, key: &str, value: &str) -> Vec<Edit> {
    let mut edits = vec![remove(case.pointer())];
    if is_free(case, key) {
        edits.push(set(member(case.above(), key), value));
    }
    edits
}

fn is_free(case: &Case<'_>, key: &str) -> bool {
    case.at(case.above()).get(key).is_none()
}

fn proxy_annotation(case: &Case<'_>) -> Vec<Fix> {
    match case.above().ends_with("/annotations") {
        true => suggested("remove the annotation", [remove(case.pointer())]),
        false => Vec::new(),
    }
}

fn keda(case: &Case<'_>) -> Vec<Fix> {
    match case.key().as_ref() {
        "provider" => suggested("write provider: azure-workload", [set(case.pointer(), "azure-workload")]),
        _ => Vec::new(),
    }
}
