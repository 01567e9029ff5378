//! `--module`: runs a compiled policy.

use crate::CompiledPolicy;
use admission::cluster::ManifestCluster;
use admission::session;
use anyhow::Context;
use entra_auth_policy::lookup::{Cluster, Query, RESOURCES, Resource};
use entra_auth_policy::settings::Date;
use host::{Clock, HostCallbacks, Module};
use serde::Deserialize;
use std::path::Path;
use std::sync::Arc;

pub(crate) struct Compiled(Module);

/// Reads and compiles the module. It sees `today` as the date.
pub(crate) fn load(path: &Path, today: Date) -> anyhow::Result<Compiled> {
    let load = || -> anyhow::Result<Module> { Ok(Module::load_direct(&std::fs::read(path)?)?) };
    let clock = Clock::at_unix_seconds(today.unix_seconds());
    load().map(|module| Compiled(module.with_clock(clock))).with_context(|| path.display().to_string())
}

impl CompiledPolicy for Compiled {
    fn validate_settings(&self, settings: &[u8]) -> anyhow::Result<Vec<u8>> {
        Ok(self.0.call("validate_settings", settings)?)
    }

    fn validate(
        &self,
        payload: &[u8],
        cluster: Option<&Arc<ManifestCluster>>,
        source: &str,
    ) -> anyhow::Result<Vec<u8>> {
        let Some(cluster) = cluster else { return Ok(self.0.call("validate", payload)?) };
        let host = LookupHost { cluster: cluster.clone(), source: source.to_owned() };
        Ok(self.0.clone().with_host(Arc::new(host)).call("validate", payload)?)
    }
}

/// Answers host calls from the manifests, in a policy server's words.
struct LookupHost {
    cluster: Arc<ManifestCluster>,
    /// The source whose objects are evaluated.
    source: String,
}

/// What the SDK sends with `get_resource`; the field masks are the policy's own.
#[derive(Deserialize)]
struct GetResource {
    api_version: String,
    kind: String,
    name: String,
    namespace: Option<String>,
}

impl HostCallbacks for LookupHost {
    fn call(&self, binding: &str, namespace: &str, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
        if (binding, namespace, operation) != ("kubewarden", "kubernetes", "get_resource") {
            return Err(format!("host capability {binding}/{namespace}/{operation} is not granted"));
        }
        let request: GetResource =
            serde_json::from_slice(payload).map_err(|_| "not a request for an object".to_owned())?;
        let is_requested = |known: &&&Resource| known.api_version == request.api_version && known.kind == request.kind;
        let Some(resource) = RESOURCES.iter().find(is_requested) else {
            return Err(format!("the policy does not look up {}", request.kind));
        };
        let query = Query { resource, namespace: request.namespace.as_deref(), name: &request.name };
        let answer = self.cluster.seen_from(&self.source).get(&query);
        answer.map(String::into_bytes).map_err(|error| session::host_text(&query, error))
    }
}
