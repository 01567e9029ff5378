//! Replays manifests through the compiled policy.
//!
//! ```text
//! paths ─► sources ─► documents ─► objects ─► requests ─► verdicts ─► records ─► report
//! ```
//!
//! The verdict is the module's; the findings behind it, with places and fixes, come from the same core
//! built into this program. Both must give the same bytes for every object.

pub mod cli;
mod cluster;
mod judge;
mod module;
mod progress;
mod record;
pub mod report;
mod settings;
mod source;

pub use judge::{Judge, NoVerdict, Title};
pub use record::{Record, Subject};
pub use source::{DeadEnd, Source, sources};

use anyhow::{Result, bail};
use cli::Cli;
use progress::Progress;
use rayon::ThreadPoolBuilder;
use rayon::prelude::*;
use report::Summary;
use std::process::ExitCode;
use std::sync::Arc;

/// Sources read at once: enough to keep every core busy, few enough to bound what is held in memory.
const BATCH: usize = 64;

/// What a run comes to, as exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    Allowed,
    Denied,
    Unread,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> ExitCode {
        ExitCode::from(outcome as u8)
    }
}

/// Does what the command line says. An error is about the whole run: settings, module, output.
pub fn run(cli: &Cli) -> Result<Outcome> {
    let path = module::find(cli.policy.as_deref())?;
    let module = judge::load(&path)?;
    let settings = settings::load(cli, &module)?;
    let mut report = report::open(cli);
    let workers = ThreadPoolBuilder::new().stack_size(manifest::STACK).build()?;
    let sources = sources(&cli.paths, cli.settings.as_deref());
    let cluster = if settings::wants_cluster(&settings) {
        Some(Arc::new(workers.install(|| cluster::collect(&cli.dumps, &sources))?))
    } else {
        None
    };
    let judge = Judge::new(module, settings, cli.identity(), cluster.clone());
    let progress = Progress::start();
    let mut summary = Summary::default();
    for batch in sources.chunks(BATCH) {
        let records = |source| record::records(source, &judge, &|| progress.step());
        let batch: Vec<Vec<Record>> = workers.install(|| batch.par_iter().map(records).collect());
        for record in batch.iter().flatten() {
            if let Record::Differ(subject) = record {
                bail!(
                    "{} and this program are of different versions: they answer differently about {} ({}). \
                     Build both from the same source (`make policy.wasm`, `cargo build -p replay`), or name the \
                     right module with --policy",
                    path.display(),
                    subject.title,
                    subject.place()
                );
            }
            summary.count(record);
            report.record(record)?;
        }
    }
    drop(progress);
    summary.missed_lookups = cluster.map_or(0, |cluster| cluster.missed());
    report.finish(&summary)?;
    Ok(summary.outcome())
}
