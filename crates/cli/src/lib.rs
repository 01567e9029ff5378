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
mod command;
mod judge;
mod module;
mod progress;
mod record;
pub mod report;
mod rule_page;
mod settings;
mod source;

pub use judge::{Judge, NoVerdict, Title, load};
pub use record::{Record, Subject};
pub use source::{DeadEnd, Source, sources};

use anyhow::{Result, bail};
use cli::{Cli, Judging};
use host::Module;
use progress::Progress;
use rayon::ThreadPoolBuilder;
use rayon::prelude::*;
use report::{Streams, Summary};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

/// Sources read at once: enough to keep every core busy.
const BATCH: usize = 256;
/// And few enough to bound what is held in memory.
const BATCH_BYTES: u64 = 16 << 20;

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
pub fn run(cli: &Cli, mut streams: Streams) -> Result<Outcome> {
    if let Some(command) = &cli.command {
        command::run(command, &mut streams.out, streams.width)?;
        return Ok(Outcome::Allowed);
    }
    let path = module::find(cli.judging.policy.as_deref())?;
    judge(&cli.judging, &path, &load(&path)?, streams)
}

/// Judges with a module that is loaded already.
pub fn judge(cli: &Judging, path: &Path, module: &Module, streams: Streams) -> Result<Outcome> {
    let settings = settings::load(cli, module)?;
    let workers = ThreadPoolBuilder::new().stack_size(manifest::STACK).build()?;
    let sources = sources(&cli.paths, cli.settings.as_deref());
    let cluster = if settings::wants_cluster(&settings) {
        Some(Arc::new(workers.install(|| cluster::collect(&cli.dumps, &sources))?))
    } else {
        None
    };
    let judge = Judge::new(module.clone(), settings, cli.identity(), cluster.clone());
    let wording = report::wording(cli, &streams);
    let mut report = report::open(cli, streams);
    let progress = Progress::start(sources.iter().flatten().map(Source::size).sum());
    let mut summary = Summary::default();
    for batch in batches(&sources) {
        let told = |record: Record| {
            let record = if cli.skip_others { record.skipping_others() } else { record };
            (wording(&record), record)
        };
        let records = |source| -> Vec<(String, Record)> {
            let records = record::records(source, &judge, &|bytes| progress.step(bytes));
            records.into_par_iter().map(told).collect()
        };
        let batch: Vec<Vec<(String, Record)>> = workers.install(|| batch.par_iter().map(records).collect());
        for (words, record) in batch.into_iter().flatten() {
            if let Record::Differ(subject) = &record {
                bail!(
                    "{} and this program are of different versions: they answer differently about {} ({}). \
                     Build both from the same source (`make policy.wasm`, `cargo build -p replay`), or name the \
                     right module with --policy",
                    path.display(),
                    subject.title,
                    subject.place()
                );
            }
            summary.count(&record);
            report.record(&record, &words)?;
        }
    }
    drop(progress);
    summary.missed_lookups = cluster.map_or(0, |cluster| cluster.missed());
    report.finish(&summary)?;
    Ok(summary.outcome())
}

/// Sources in order, so many at once as fit. A source that is larger than that comes alone.
fn batches(mut sources: &[Result<Source, DeadEnd>]) -> impl Iterator<Item = &[Result<Source, DeadEnd>]> {
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = |source: &&Result<Source, DeadEnd>| {
            bytes += source.as_ref().map_or(0, Source::size);
            bytes <= BATCH_BYTES
        };
        let count = sources.iter().take(BATCH).take_while(fits).count().max(1).min(sources.len());
        let (batch, rest) = sources.split_at(count);
        sources = rest;
        (!batch.is_empty()).then_some(batch)
    })
}
