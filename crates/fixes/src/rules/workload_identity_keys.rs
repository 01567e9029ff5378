//! Workload identity: keys that are misspelt or in the wrong place.

use crate::accounts::CLIENT_ID_TO_FILL_IN;
use crate::case::{Case, member, remove, rename, safe_if, set, suggested};
use crate::{Edit, Fix};
use admission::object_key;
use entra_auth_policy::entra_id::{is_placeholder_guid, normalise_guid};
use entra_auth_policy::nearest::nearest;
use entra_auth_policy::rules::workload_identity::workload_identity_unknown_key::misspelt_prefix;
use entra_auth_policy::view::workload_identity::{Home, KEYS, PREFIX};
use kubernetes::kind;
use manifest::Change;

pub(super) fn unknown_key(case: &Case<'_>) -> Vec<Fix> {
    let key = case.key();
    let Some(name) = meant(&key) else { return suggested("remove the key", [remove(case.pointer())]) };
    let homes = KEYS.iter().find(|(known, _)| *known == name).map(|(_, homes)| *homes).unwrap_or_default();
    let right = format!("{PREFIX}{name}");
    let home = home(case);
    if home.is_some_and(|home| homes.contains(&home)) {
        if *key == *right {
            // It only needs the label beside it.
            return match case.pod() {
                Some(pod) => suggested("label the pods for workload identity", pod.enable_workload_identity()),
                None => Vec::new(),
            };
        }
        return write_as(case, &right);
    }
    match moved(case, name, homes, &right) {
        Some(edits) => suggested("write it where it has an effect", edits),
        None => suggested("remove the key, which has no effect here", [remove(case.pointer())]),
    }
}

/// The name of the key that was meant, without the prefix.
fn meant(key: &str) -> Option<&'static str> {
    let Some(name) = key.strip_prefix(PREFIX) else { return misspelt_prefix(key) };
    nearest(name, &mut KEYS.iter().map(|(known, _)| *known))
}

/// Where the finding is, if keys of workload identity have an effect there.
fn home(case: &Case<'_>) -> Option<Home> {
    let is_label = case.above().ends_with("/labels");
    if case.is(&kind::SERVICE_ACCOUNT) {
        return (!is_label).then_some(Home::AccountAnnotation);
    }
    let is_of_pod = case.pod().is_some_and(|pod| pod.has_metadata_at(case.pointer()));
    is_of_pod.then_some(if is_label { Home::PodLabel } else { Home::PodAnnotation })
}

/// Writes the right key in the same place, with an id in the form that it needs.
fn write_as(case: &Case<'_>, right: &str) -> Vec<Fix> {
    const TITLE: &str = "write the key as workload identity does";
    if case.at(case.above()).get(right).is_some() {
        return suggested("remove the misspelt key beside the right one", [remove(case.pointer())]);
    }
    let text = case.text().unwrap_or_default();
    let is_id = right.ends_with("-id");
    match normalise_guid(text).filter(|guid| is_id && !is_placeholder_guid(guid)) {
        Some(guid) if guid != text => {
            safe_if(true, TITLE, [remove(case.pointer()), set(member(case.above(), right), guid)])
        }
        guid => safe_if(guid.is_some() || !is_id, TITLE, [rename(case.pointer(), right)]),
    }
}

/// The key in a place where it has an effect, as far as the input has it.
fn moved(case: &Case<'_>, name: &str, homes: &[Home], right: &str) -> Option<Vec<Edit>> {
    let pod = case.pod()?;
    let value = case.node().clone();
    let mut edits = vec![remove(case.pointer())];
    if homes.contains(&Home::PodAnnotation) {
        let place = member(&format!("{}/annotations", pod.metadata), right);
        if case.at(&place).is_null() {
            edits.push(set(place, value));
        }
    } else if homes.contains(&Home::PodLabel) {
        edits.extend(pod.enable_workload_identity());
    } else {
        let account = case.input.account(case.namespace(), pod.account())?;
        let has_own = account["metadata"]["annotations"].get(right).is_some();
        if !has_own {
            let id = value.as_str().and_then(normalise_guid);
            let value =
                id.unwrap_or_else(|| if name == "client-id" { CLIENT_ID_TO_FILL_IN } else { "<tenant id>" }.to_owned());
            let edit = Change::Set { pointer: member("/metadata/annotations", right), value: value.into() };
            edits.push(Edit::Other { key: object_key(account)?, edit });
        }
    }
    Some(edits)
}
