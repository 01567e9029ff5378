//! The waPC shell: the only file that names the SDK, wapc or the host.

use json::Node;

use crate::lookup::{Cluster, LookupError, Query};
use crate::settings::Date;
use crate::{Host, answer, validate_settings};
use json::typed;
use k8s_openapi::api::rbac::v1::PolicyRule;
use kubewarden_policy_sdk::error::Error;
use kubewarden_policy_sdk::host_capabilities::kubernetes::{GetResourceRequest, get_resource};
use kubewarden_policy_sdk::{protocol_version_guest, wapc_guest as guest};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::time::{SystemTime, UNIX_EPOCH};

/// Called by the host for every request, on a fresh instance.
#[allow(unsafe_code, reason = "waPC finds the function by its unmangled name")]
#[unsafe(no_mangle)]
pub(crate) extern "C" fn wapc_init() {
    guest::register_function("validate", |payload| {
        let host = Host { today: &today, cluster: &HostCluster };
        Ok(answer(payload, &host).to_json())
    });
    guest::register_function("validate_settings", |payload| Ok(validate_settings(payload)));
    guest::register_function("protocol_version", protocol_version_guest);
}

/// The one place that reads the clock.
fn today() -> Date {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    Date::from_unix_seconds(seconds)
}

/// The cluster, asked through Kubewarden's host capabilities.
struct HostCluster;

impl Cluster for HostCluster {
    fn get(&self, query: &Query<'_>) -> Result<String, LookupError> {
        let request = GetResourceRequest {
            api_version: query.resource.api_version.to_owned(),
            kind: query.resource.kind.to_owned(),
            name: query.name.to_owned(),
            namespace: query.namespace.map(str::to_owned),
            disable_cache: false,
            field_masks: Some(query.resource.field_masks.iter().map(|mask| (*mask).to_owned()).collect()),
        };
        match query.resource.kind {
            "ServiceAccount" => get::<Annotated>(&request),
            "Role" | "ClusterRole" => get::<Granting>(&request),
            _ => Err(LookupError::Failed),
        }
    }
}

/// A ServiceAccount and a role with the fields of their masks. The complete types have timestamps, whose
/// calendar code would add a quarter of a megabyte.
#[derive(Deserialize, Serialize)]
struct Annotated {
    kind: Option<String>,
    #[serde(default)]
    metadata: Annotations,
    #[serde(rename = "automountServiceAccountToken", skip_serializing_if = "Option::is_none")]
    automount: Option<bool>,
}

#[derive(Deserialize, Serialize)]
struct Annotation {
    #[serde(rename = "azure.workload.identity/client-id", skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
}

#[derive(Default, Deserialize, Serialize)]
struct Annotations {
    annotations: Option<Annotation>,
}

#[derive(Deserialize, Serialize)]
struct Granting {
    kind: Option<String>,
    rules: Option<Vec<PolicyRule>>,
}

/// Asks for one object. Reading it as its type rejects an answer of the wrong shape, and rules
/// get only the fields of the type.
fn get<T: DeserializeOwned + Serialize>(request: &GetResourceRequest) -> Result<String, LookupError> {
    let answer: Box<RawValue> = get_resource(request).map_err(|error| match error {
        Error::HostCall { source, .. } => LookupError::from_host(&source.to_string()),
        _ => LookupError::Failed,
    })?;
    let tree = json::parse(answer.get()).map_err(|_| LookupError::Failed)?;
    let object: T = typed::read(Node::new(&tree)).ok_or(LookupError::Failed)?;
    serde_json::to_string(&object).map_err(|_| LookupError::Failed)
}
