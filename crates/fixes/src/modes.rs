//! How objects are told to use workload identity. Which of them choose something else is the policy's knowledge
//! (`auth_mode`); this is what to write instead. The [table] has the edits of each kind.

mod table;

use crate::case::{Case, member, remove, rename, safe, set, suggested};
use crate::{Edit, Fix};
use entra_auth_policy::view::container::image_path;
use kubernetes::kind;
use manifest::{Change, escape, unescape};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use table::{ACCOUNT, MODES, Step, VOLUMES};

const TITLE: &str = "choose workload identity";

/// The fix of a finding about what an object signs in with.
pub(crate) fn choose_workload_identity(case: &Case<'_>) -> Vec<Fix> {
    if let Some(fix) = misspelt_client_id(case).or_else(|| by_member(case)) {
        return fix;
    }
    let fitting = MODES.iter().filter(|mode| case.is_any(mode.kinds));
    let Some((mode, indexes)) = fitting.filter_map(|mode| Some((mode, fits(mode.on, case.pointer())?))).next() else {
        return Vec::new();
    };
    let edits = Steps { case, indexes: &indexes, edits: BTreeMap::new() }.apply(mode.steps);
    // What stays as it is where the finding is does not resolve it.
    let touches = |edit: &Edit| {
        let Edit::Own(change) = edit else { return false };
        let (changed, found) = (change.pointer(), case.pointer());
        is_below(changed, found) || is_below(found, changed)
    };
    if edits.iter().any(touches) { suggested(TITLE, edits) } else { Vec::new() }
}

fn is_below(pointer: &str, above: &str) -> bool {
    pointer.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The indexes that the finding has where the place has `*`, if it is at the place, below it, or above what is missing.
fn fits(place: &str, pointer: &str) -> Option<Vec<String>> {
    let mut indexes = Vec::new();
    let (mut steps, mut tokens) = (place.split('/').skip(1), pointer.split('/').skip(1));
    loop {
        match (steps.next(), tokens.next()) {
            (Some("*"), Some(index)) => indexes.push(index.to_owned()),
            (Some(step), Some(token)) if step == token => {}
            (Some(_), Some(_)) => return None,
            (step, None) if step == Some("*") || steps.any(|step| step == "*") => return None,
            (_, None) | (None, _) => return Some(indexes),
        }
    }
}

/// The Key Vault provider's names are case-sensitive.
fn misspelt_client_id(case: &Case<'_>) -> Option<Vec<Fix>> {
    const RIGHT: &str = "clientID";
    const PARAMETERS: &str = "/spec/parameters";
    // The finding is at the misspelt key, or at the map if there are several.
    let is_here = [case.pointer(), case.above()].contains(&PARAMETERS);
    let parameters = case.at(PARAMETERS).as_object()?;
    if !case.is(&kind::SECRET_PROVIDER_CLASS) || !is_here || parameters.contains_key(RIGHT) {
        return None;
    }
    let mut keys = parameters.keys().filter(|key| key.eq_ignore_ascii_case(RIGHT));
    let key = keys.next().filter(|_| keys.next().is_none())?;
    Some(safe("write clientID as the provider does", [rename(member(PARAMETERS, key), RIGHT)]))
}

/// Members that mean the same at any depth.
fn by_member(case: &Case<'_>) -> Option<Vec<Fix>> {
    let key = case.key();
    if let Some((variable, name)) = case.variable() {
        let is_source = name.to_ascii_lowercase().ends_with("__sourcetype");
        let place = format!("{variable}/value");
        let pod = case.pod().filter(|_| is_source)?;
        let mut edits = vec![set(place, "SignedAssertionFilePath")];
        if !pod.signs_in() {
            edits.extend(pod.enable_workload_identity());
        }
        return Some(suggested(TITLE, edits));
    }
    if let Some(image) = case.node()["image"].as_str() {
        return Some(suggested(TITLE, controller(case, image_path(image))));
    }
    let edits = match key.as_ref() {
        // Listeners of a Gateway.
        "kubernetes.azure.com/tls-cert-keyvault-uri" if case.is(&kind::GATEWAY) => {
            vec![set(member(case.above(), "kubernetes.azure.com/tls-cert-service-account"), ACCOUNT)]
        }
        // Artifacts of Argo Workflows.
        "accountKeySecret" if case.above().ends_with("/azure") => {
            vec![remove(case.pointer()), set(member(case.above(), "useSDKCreds"), true)]
        }
        // Data sources of Grafana.
        "azureAuthType" => vec![set(case.pointer(), "workloadidentity")],
        "authType" if case.above().ends_with("/azureCredentials") => vec![set(case.pointer(), "workloadidentity")],
        // The Key Vault driver takes the identity from the SecretProviderClass.
        "nodePublishSecretRef" if case.at(case.above())["driver"] == "secrets-store.csi.k8s.io" => {
            vec![remove(case.pointer())]
        }
        _ => return None,
    };
    Some(suggested(TITLE, edits))
}

/// Controllers that take the node's identity unless their pods have one.
fn controller(case: &Case<'_>, image: &str) -> Vec<Edit> {
    const SWITCH: &str = "ARM_USE_WORKLOAD_IDENTITY_EXTENSION";
    let Some(pod) = case.pod() else { return Vec::new() };
    let mut edits = if pod.signs_in() { Vec::new() } else { pod.enable_workload_identity() };
    if image.contains("cluster-autoscaler") {
        let variables = pod.items(&format!("{}/env", case.pointer()));
        let place = variables.iter().find(|(_, variable)| variable["name"] == SWITCH).map(|(place, _)| place);
        edits.push(match place {
            Some(place) => set(format!("{place}/value"), "true"),
            None => set(format!("{}/env/-", case.pointer()), json!({"name": SWITCH, "value": "true"})),
        });
    }
    edits
}

/// The edits of a mode, one for each place, in their order.
struct Steps<'c, 'a> {
    case: &'c Case<'a>,
    indexes: &'c [String],
    edits: BTreeMap<String, (usize, Edit)>,
}

impl Steps<'_, '_> {
    fn apply(mut self, steps: &[Step]) -> Vec<Edit> {
        for step in steps {
            match step {
                Step::Write(path, value) => self.write(path, json!(value)),
                Step::On(path) => self.write(path, json!(true)),
                Step::List(path, value) => self.write(path, json!([value])),
                Step::Default(path, value) => self.default(path, json!(value)),
                Step::DefaultInCluster(path, value) => {
                    let kind = self.case.object["kind"].as_str().unwrap_or_default();
                    if kind.starts_with("Cluster") {
                        self.default(path, json!(value));
                    }
                }
                Step::Copy(from, to) => {
                    let value = self.case.at(&self.place(from)).clone();
                    if value.as_str().is_some_and(|text| !text.trim().is_empty()) {
                        self.default(to, value);
                    }
                }
                Step::Off(path) => {
                    let place = self.place(path);
                    let value = self.case.at(&place);
                    if !value.is_null() && value != "false" {
                        self.push(place.clone(), set(place, "false"));
                    }
                }
                Step::Remove(path) => {
                    let place = self.place(path);
                    if self.case.object.pointer(&place).is_some() {
                        self.push(place.clone(), remove(place));
                    }
                }
            }
        }
        let mut edits: Vec<(usize, Edit)> = self.edits.into_values().collect();
        edits.sort_by_key(|(order, _)| *order);
        edits.into_iter().map(|(_, edit)| edit).collect()
    }

    fn push(&mut self, place: String, edit: Edit) {
        let order = self.edits.len();
        self.edits.entry(place).or_insert((order, edit));
    }

    fn write(&mut self, path: &str, value: Value) {
        let place = self.place(path);
        if *self.case.at(&place) != value {
            self.push(place.clone(), Edit::Own(Change::Set { pointer: place, value }));
        }
    }

    fn default(&mut self, path: &str, value: Value) {
        let place = self.place(path);
        let is_set = match self.case.at(&place) {
            Value::Null => false,
            Value::String(text) => !text.trim().is_empty(),
            _ => true,
        };
        if !is_set {
            self.push(place.clone(), Edit::Own(Change::Set { pointer: place, value }));
        }
    }

    /// The pointer that a path of the table means, with the object's own spelling of keys where case does not matter.
    fn place(&self, path: &str) -> String {
        let any_case = self.case.is_any(VOLUMES);
        let mut indexes = self.indexes.iter();
        let mut place = String::new();
        for step in path.split('/').skip(1) {
            let step = if step == "*" { indexes.next().map_or("*", String::as_str) } else { step };
            let key = unescape(step);
            let other = self.case.at(&place).as_object().filter(|map| any_case && !map.contains_key(&*key));
            let spelt = other.and_then(|map| map.keys().find(|spelt| spelt.eq_ignore_ascii_case(&key)));
            place.push('/');
            place.push_str(&escape(spelt.map_or(&key, String::as_str)));
        }
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_findings() {
        let indexes = |indexes: &[&str]| Some(indexes.iter().map(|index| (*index).to_owned()).collect::<Vec<_>>());
        assert_eq!(fits("/spec/a/*/b", "/spec/a/3/b/c"), indexes(&["3"]));
        assert_eq!(fits("/spec/a/*/b", "/spec/a/3"), indexes(&["3"]));
        assert_eq!(fits("/spec/a/*/b", "/spec/a"), None);
        assert_eq!(fits("/spec/a/*/b", "/spec/b"), None);
        assert_eq!(fits("/spec/parameters", "/spec"), indexes(&[]));
        assert_eq!(fits("/spec/parameters", "/specs"), None);
    }

    /// A place that begins with the same member as an earlier one of its kind is never reached.
    #[test]
    fn every_row_can_be_reached() {
        for (at, mode) in MODES.iter().enumerate() {
            let concrete = mode.on.replace('*', "0");
            let earlier =
                MODES.iter().take(at).filter(|earlier| earlier.kinds.iter().any(|kind| mode.kinds.contains(kind)));
            let hiding = earlier.filter(|earlier| fits(earlier.on, &concrete).is_some());
            assert_eq!(hiding.map(|earlier| earlier.on).next(), None, "hides {}", mode.on);
        }
    }
}
