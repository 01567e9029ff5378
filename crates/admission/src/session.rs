//! Look-ups as `kwctl` records and replays them.
//!
//! Every fixture that looks something up has a folder `test_data/sessions/<rule>/<fixture>/`, made from
//! the fixture, so that kwctl runs the same case without a cluster:
//!
//! ```sh
//! kwctl run --allow-context-aware --request-path request.json --settings-path settings.json \
//!     --replay-host-capabilities-interactions session.yml annotated-policy.wasm
//! ```

use crate::fixture::Fixture;
use entra_auth_policy::lookup::{Cluster, LookupError, Query};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Passes questions on, and writes down what is said.
pub struct Recorder<'c> {
    cluster: &'c dyn Cluster,
    session: RefCell<String>,
}

impl<'c> Recorder<'c> {
    pub fn new(cluster: &'c dyn Cluster) -> Self {
        Recorder { cluster, session: RefCell::default() }
    }

    /// The files of the fixture's session, relative to the folder of sessions; none if nothing was asked.
    pub fn into_files(self, fixture: &Fixture) -> Vec<(PathBuf, String)> {
        let session = self.session.into_inner();
        if session.is_empty() {
            return Vec::new();
        }
        let folder = Path::new(&fixture.rule()).join(fixture.name());
        let pretty = |value: &Value| format!("{value:#}\n");
        vec![
            (folder.join("request.json"), pretty(&request(fixture))),
            (folder.join("settings.json"), pretty(&fixture.settings)),
            (folder.join("session.yml"), session),
        ]
    }
}

/// The fixture's request as kwctl takes it.
pub fn request(fixture: &Fixture) -> Value {
    let mut request = fixture.request.clone();
    // kwctl insists on one; an empty one means no requester, as in the fixture.
    if request.get("userInfo").is_none() {
        request["userInfo"] = json!({});
    }
    request
}

impl Cluster for Recorder<'_> {
    fn get(&self, query: &Query<'_>) -> Result<String, LookupError> {
        let answer = self.cluster.get(query);
        let (kind, key, text) = match &answer {
            Ok(object) => ("Success", "payload", object.clone()),
            Err(error) => ("Error", "message", host_text(query, *error)),
        };
        let masks: String = query.resource.field_masks.iter().map(|mask| format!("    - {mask}\n")).collect();
        let _ = write!(
            self.session.borrow_mut(),
            "- type: Exchange\n  request: |\n    !KubernetesGetResource\n    api_version: {}\n    kind: {}\n    \
             name: {}\n    namespace: {}\n    disable_cache: false\n    field_masks:\n{masks}  \
             response:\n    type: {kind}\n    {key}: '{}'\n",
            query.resource.api_version,
            query.resource.kind,
            query.name,
            query.namespace.unwrap_or("null"),
            text.replace('\'', "''"),
        );
        answer
    }
}

/// How a policy server puts a failure.
pub fn host_text(query: &Query<'_>, error: LookupError) -> String {
    let Query { resource, namespace, name } = query;
    match error {
        LookupError::NotGranted => format!(
            "Policy has not been granted access to Kubernetes {}/{} resources. The violation has been reported.",
            resource.api_version, resource.kind
        ),
        LookupError::Refused => format!(
            "{plural} \"{name}\" is forbidden: User \"system:serviceaccount:kubewarden:policy-server\" cannot get \
             resource \"{plural}\": Forbidden",
            plural = resource.plural
        ),
        LookupError::NotFound => format!(
            "Cannot find {}/{} named '{name}' inside of namespace '{namespace:?}'",
            resource.api_version, resource.kind
        ),
        LookupError::Failed | LookupError::NotAsked => "kube::Client was not initialized properly".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use entra_auth_policy::lookup::RESOURCES;

    #[test]
    fn the_policy_understands_what_hosts_say() {
        for resource in RESOURCES {
            let query = Query { resource, namespace: Some("shop"), name: "not-found" };
            for error in [LookupError::NotGranted, LookupError::Refused, LookupError::NotFound, LookupError::Failed] {
                assert_eq!(LookupError::from_host(&host_text(&query, error)), error);
            }
        }
    }
}
