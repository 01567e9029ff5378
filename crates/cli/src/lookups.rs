//! Look-ups without a cluster: the manifests and dumps of a real cluster answer them.

use crate::inputs::{Source, SourceError, Walk};
use admission::cluster::{Kept, ManifestCluster};
use anyhow::{Result, anyhow, bail};
use manifest::documents;
use rayon::prelude::*;
use std::path::PathBuf;

/// Every object that look-ups may ask for, from dumps and from the sources that are checked.
///
/// A source that cannot be read is ignored here, because checking it reports that. A dump is not checked, so it has to
/// be readable.
pub(crate) fn collect(dumps: &[PathBuf], checked: &[Result<Source, SourceError>]) -> Result<ManifestCluster> {
    let mut cluster = ManifestCluster::default();
    for source in Walk::default().sources(dumps) {
        let source = source.map_err(|error| anyhow!("{}: {}", error.name, error.reason))?;
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
    keep(checked, ManifestCluster::may_be_in, &mut cluster);
    Ok(cluster)
}

/// The few roles that rules compare bindings of the same input with, without look-ups.
pub(crate) fn given(checked: &[Result<Source, SourceError>]) -> ManifestCluster {
    let mut cluster = ManifestCluster::default();
    keep(checked, ManifestCluster::may_be_given_in, &mut cluster);
    cluster
}

fn keep(checked: &[Result<Source, SourceError>], wanted: fn(&str) -> bool, cluster: &mut ManifestCluster) {
    for batch in crate::batches(checked) {
        let found: Vec<Vec<Kept>> = batch
            .par_iter()
            .map(|source| source.as_ref().map_or_else(|_| vec![], |source| pick(source, wanted)))
            .collect();
        found.into_iter().flatten().for_each(|kept| cluster.keep(kept));
    }
}

fn pick(source: &Source, wanted: fn(&str) -> bool) -> Vec<Kept> {
    let Ok(text) = source.read() else { return Vec::new() };
    if !wanted(&text) {
        return Vec::new();
    }
    let mut kept = Vec::new();
    for document in documents(&text).iter().filter(|document| wanted(document.text)) {
        let objects = document.objects().unwrap_or_default();
        kept.extend(objects.iter().flatten().filter_map(|object| ManifestCluster::pick(&source.name, object)));
    }
    kept
}
