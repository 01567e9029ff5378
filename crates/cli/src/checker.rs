//! Checks single texts: for editors and agents, and for the pages of a cluster.

use crate::args::{Check, Policy};
use crate::config::Config;
use crate::evaluate::Evaluator;
#[cfg(any(feature = "lsp", feature = "mcp"))]
use crate::fix::engine::Engine;
use crate::inputs::Source;
use crate::record::{Record, records};
#[cfg(feature = "cluster")]
use crate::record::{number, of_cluster_object};
use crate::settings;
#[cfg(feature = "cluster")]
use admission::cluster::ManifestCluster;
use anyhow::Result;
use entra_auth_policy::settings::Date;
#[cfg(feature = "cluster")]
use manifest::{ManifestObject, documents};
#[cfg(feature = "cluster")]
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
#[cfg(feature = "cluster")]
use std::sync::Arc;

pub(crate) struct Checker {
    workers: ThreadPool,
    evaluator: Evaluator<'static>,
}

impl Checker {
    /// With the options of the command line, and of `.entra-auth.yml` in this folder or above it.
    pub(crate) fn new(policy: &Policy, lookups: bool, today: Date) -> Result<Checker> {
        let mut args = Check { policy: policy.clone(), ..Check::default() };
        if let Some(config) = Config::find(&std::env::current_dir()?)? {
            config.apply(&mut args)?;
        }
        let settings = settings::load(&args.policy, lookups, None)?;
        let evaluator = Evaluator::of_objects(settings, None, today);
        // Objects are read and evaluated by recursion.
        Ok(Checker { workers: ThreadPoolBuilder::new().stack_size(manifest::STACK).build()?, evaluator })
    }

    /// The same, with look-ups answered from here.
    #[cfg(feature = "cluster")]
    pub(crate) fn set_cluster(&mut self, cluster: ManifestCluster) {
        self.evaluator.cluster = Some(Arc::new(cluster));
    }

    /// What is evaluated with.
    #[cfg(feature = "cluster")]
    pub(crate) fn settings(&self) -> &serde_json::Value {
        &self.evaluator.settings
    }

    /// The records of a text.
    pub(crate) fn check(&self, name: &str, text: String) -> Result<Vec<Record>> {
        let source = Ok(Source::text(name, text));
        self.workers.install(|| records(&source, &self.evaluator, &|_| {})).into_iter().collect()
    }

    /// The records of a list that an API server answers with, and what `also` takes from each object. Objects are read
    /// once, on all cores.
    #[cfg(feature = "cluster")]
    pub(crate) fn check_list<T: Send>(
        &self,
        kind: &str,
        list: &str,
        also: impl Fn(&ManifestObject) -> T + Sync,
    ) -> Result<Vec<(Record, Option<T>)>> {
        let of_document = |document: &manifest::Document<'_>| {
            let failed = |fault: manifest::Unreadable| {
                let (source, fault, reason) = (kind.to_owned(), fault.kind, fault.text);
                (Ok(Record::Failed { source, index: 0, line: 0, fault, reason }), None)
            };
            let of_object = |object: Result<ManifestObject, manifest::Unreadable>| match object {
                Ok(object) => (of_cluster_object(kind, &object, &self.evaluator), Some(also(&object))),
                Err(fault) => failed(fault),
            };
            match document.objects() {
                Ok(objects) => objects.into_iter().map(of_object).collect(),
                Err(fault) => vec![failed(fault)],
            }
        };
        let (mut records, more): (Vec<Result<Record>>, Vec<Option<T>>) =
            self.workers.install(|| documents(list).par_iter().flat_map_iter(of_document).unzip());
        number(&mut records);
        records.into_iter().zip(more).map(|(record, more)| Ok((record?, more))).collect()
    }

    /// Fixes texts with the same settings.
    #[cfg(any(feature = "lsp", feature = "mcp"))]
    pub(crate) fn engine(&self) -> Engine {
        Engine { settings: self.evaluator.settings.clone(), today: self.evaluator.today, dumps: Vec::new() }
    }

    /// Runs something on a thread with a stack for deep objects.
    pub(crate) fn install<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.workers.install(work)
    }
}
