//! Checks single texts: for editors and agents, and for the pages of a cluster.

use crate::args::{Check, Policy};
use crate::config::Config;
use crate::evaluate::Evaluator;
#[cfg(any(feature = "lsp", feature = "mcp"))]
use crate::fix::engine::Engine;
use crate::inputs::Source;
use crate::record::{Record, records};
use crate::settings;
#[cfg(feature = "cluster")]
use admission::cluster::ManifestCluster;
use anyhow::Result;
use entra_auth_policy::settings::Date;
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
        let evaluator = Evaluator {
            settings,
            identity: None,
            cluster: None,
            today,
            module: None,
            before: None,
            unchanged: false,
            carries_fixes: false,
        };
        // Objects are read and evaluated by recursion.
        Ok(Checker { workers: ThreadPoolBuilder::new().stack_size(manifest::STACK).build()?, evaluator })
    }

    /// The same, with look-ups answered from here.
    #[cfg(feature = "cluster")]
    pub fn set_cluster(&mut self, cluster: ManifestCluster) {
        self.evaluator.cluster = Some(Arc::new(cluster));
    }

    /// What is evaluated with.
    #[cfg(feature = "cluster")]
    pub fn settings(&self) -> &serde_json::Value {
        &self.evaluator.settings
    }

    /// The records of a text.
    pub(crate) fn check(&self, name: &str, text: String) -> Result<Vec<Record>> {
        let source = Ok(Source::text(name, text));
        self.workers.install(|| records(&source, &self.evaluator, &|_| {})).into_iter().collect()
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
