//! Look-ups without a cluster: the manifests given, and dumps of a real one, answer them.

use crate::source::{DeadEnd, Source, sources};
use admission::cluster::{Kept, ManifestCluster};
use admission::session;
use anyhow::{Result, anyhow, bail};
use entra_auth_policy::lookup::{Cluster, Query, RESOURCES, Resource};
use host::HostCallbacks;
use manifest::documents;
use rayon::prelude::*;
use serde::Deserialize;
use std::path::PathBuf;
use std::sync::Arc;

/// Everything that look-ups may ask for, out of dumps and of what is about to be judged.
///
/// What cannot be read is passed over here: judging it tells of it. A dump is judged by nobody, so it
/// has to be readable.
pub fn collect(dumps: &[PathBuf], sources_judged: &[Result<Source, DeadEnd>]) -> Result<ManifestCluster> {
    let mut cluster = ManifestCluster::default();
    for source in sources(dumps, None) {
        let source = source.map_err(|dead_end| anyhow!("{}: {}", dead_end.name, dead_end.reason))?;
        let text = source.read().map_err(|reason| anyhow!("{}: {reason}", source.name))?;
        for document in documents(&text) {
            match document.objects() {
                Ok(objects) => objects
                    .iter()
                    .flatten()
                    .filter_map(|object| ManifestCluster::pick("", object))
                    .for_each(|kept| cluster.keep(kept)),
                Err(fault) => bail!("{}:{}: {fault}", source.name, fault.line),
            }
        }
    }
    for batch in crate::batches(sources_judged) {
        let found: Vec<Vec<Kept>> =
            batch.par_iter().map(|source| source.as_ref().map_or_else(|_| vec![], pick)).collect();
        found.into_iter().flatten().for_each(|kept| cluster.keep(kept));
    }
    Ok(cluster)
}

fn pick(source: &Source) -> Vec<Kept> {
    let Ok(text) = source.read() else { return Vec::new() };
    let mut kept = Vec::new();
    for document in documents(&text).iter().filter(|document| ManifestCluster::may_be_in(document.text)) {
        let objects = document.objects().unwrap_or_default();
        kept.extend(objects.iter().flatten().filter_map(|object| ManifestCluster::pick(&source.name, object)));
    }
    kept
}

/// The module's way to the same answers: a policy server's host call, and its words for what is missing.
pub struct Host {
    pub cluster: Arc<ManifestCluster>,
    /// Who is asking.
    pub source: String,
}

/// What the SDK sends with `get_resource`; the field masks are the policy's own.
#[derive(Deserialize)]
struct Request {
    api_version: String,
    kind: String,
    name: String,
    namespace: Option<String>,
}

impl HostCallbacks for Host {
    fn call(&self, binding: &str, namespace: &str, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
        if (binding, namespace, operation) != ("kubewarden", "kubernetes", "get_resource") {
            return Err(format!("host capability {binding}/{namespace}/{operation} is not granted"));
        }
        let request: Request = serde_json::from_slice(payload).map_err(|_| "not a request for an object".to_owned())?;
        let is_asked =
            |resource: &&&Resource| resource.api_version == request.api_version && resource.kind == request.kind;
        let Some(resource) = RESOURCES.iter().find(is_asked) else {
            return Err(format!("no {} is ever looked up", request.kind));
        };
        let query = Query { resource, namespace: request.namespace.as_deref(), name: &request.name };
        let answer = self.cluster.seen_from(&self.source).get(&query);
        answer.map(String::into_bytes).map_err(|error| session::host_text(&query, error))
    }
}
