//! `entra-auth`: checks manifests with the policy's core before they reach a cluster.
//!
//! ```text
//! args ─► inputs ─► documents ─► objects ─► evaluate ─► records ─► report
//! ```

pub mod args;
mod commands;
mod dump;
mod evaluate;
pub mod exemptions;
mod inputs;
mod lookups;
#[cfg(feature = "module")]
mod module;
pub mod onboard;
mod operators;
mod progress;
mod record;
pub mod report;
mod rule_page;
mod settings;
mod title;

pub use evaluate::CompiledPolicy;

use anyhow::Result;
use args::{Check, Cli, Command};
use entra_auth_policy::settings::Date;
use evaluate::Evaluator;
use inputs::{Source, SourceError, sources};
use progress::Progress;
use rayon::ThreadPoolBuilder;
use rayon::prelude::*;
use record::Record;
use report::{Streams, Summary};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Sources read at once: enough to keep every core busy.
const BATCH: usize = 256;
/// And few enough to bound what is held in memory.
const BATCH_BYTES: u64 = 16 << 20;

/// The exit status of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    Allowed,
    Denied,
    Failed,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> ExitCode {
        ExitCode::from(outcome as u8)
    }
}

/// The program.
pub fn main() -> ExitCode {
    let cli = Cli::from_args(std::env::args_os()).unwrap_or_else(|error| error.exit());
    anstream::ColorChoice::from(cli.color).write_global();
    match run(&cli, Streams::of_process(), today()) {
        Ok(outcome) => outcome.into(),
        Err(error) => {
            // A reader that closes the pipe (`| head`) is not an error.
            let is_closed = |cause: &std::io::Error| cause.kind() == std::io::ErrorKind::BrokenPipe;
            if !error.downcast_ref().is_some_and(is_closed) {
                anstream::eprintln!("error: {error:#}");
            }
            ExitCode::from(2)
        }
    }
}

fn today() -> Date {
    Date::from_unix_seconds(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
}

/// Runs a command. An error is about the whole run: settings, module, output.
pub fn run(cli: &Cli, mut streams: Streams, today: Date) -> Result<Outcome> {
    match &cli.command {
        Command::Check(args) => {
            let today = args.today.unwrap_or(today);
            let module = args.module.as_deref().map(|path| load(path, today)).transpose()?;
            check(args, module.as_deref(), streams, today)
        }
        Command::Onboard(args) => onboard::run(args, &mut streams, today),
        Command::Exemptions(args) => exemptions::run(args, &mut streams, today),
        command => {
            commands::run(command, &mut streams.out, streams.width)?;
            Ok(Outcome::Allowed)
        }
    }
}

#[cfg(feature = "module")]
fn load(path: &Path, today: Date) -> Result<Box<dyn CompiledPolicy>> {
    Ok(Box::new(module::load(path, today)?))
}

#[cfg(not(feature = "module"))]
fn load(_: &Path, _: Date) -> Result<Box<dyn CompiledPolicy>> {
    anyhow::bail!(
        "--module: this build has no wasm engine. Build one with `cargo build -p entra-auth --features module`, or \
         leave the option out: the policy is built in"
    )
}

/// Checks manifests with the built-in policy, or with a module that is loaded already.
pub fn check(args: &Check, module: Option<&dyn CompiledPolicy>, streams: Streams, today: Date) -> Result<Outcome> {
    let settings = settings::load(args, module)?;
    let workers = ThreadPoolBuilder::new().stack_size(manifest::STACK).build()?;
    let sources = sources(&args.paths, args.settings.as_deref());
    let cluster = if settings::wants_cluster(&settings) {
        Some(Arc::new(workers.install(|| lookups::collect(&args.dumps, &sources))?))
    } else {
        None
    };
    let evaluator = Evaluator { settings, identity: args.identity(), cluster: cluster.clone(), today, module };
    let render = report::renderer(args, &streams);
    let mut report = report::open(args, streams);
    let progress = Progress::start(sources.iter().flatten().map(Source::size).sum());
    let mut summary = Summary::default();
    for batch in batches(&sources) {
        let rendered = |record: Result<Record>| {
            let record = record?;
            let record = if args.skip_others { record.skipping_others() } else { record };
            Ok((render(&record), record))
        };
        let records = |source| -> Vec<Result<(String, Record)>> {
            let records = record::records(source, &evaluator, &|bytes| progress.step(bytes));
            records.into_par_iter().map(rendered).collect()
        };
        let batch: Vec<Vec<_>> = workers.install(|| batch.par_iter().map(records).collect());
        for record in batch.into_iter().flatten() {
            let (text, record) = record?;
            summary.count(&record);
            report.record(&record, &text)?;
        }
    }
    drop(progress);
    summary.missed_lookups = cluster.map_or(0, |cluster| cluster.missed());
    report.finish(&summary)?;
    Ok(summary.outcome())
}

/// Groups sources, in order, into batches within the limits. A source that is larger comes alone.
fn batches(mut sources: &[Result<Source, SourceError>]) -> impl Iterator<Item = &[Result<Source, SourceError>]> {
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = |source: &&Result<Source, SourceError>| {
            bytes += source.as_ref().map_or(0, Source::size);
            bytes <= BATCH_BYTES
        };
        let count = sources.iter().take(BATCH).take_while(fits).count().max(1).min(sources.len());
        let (batch, rest) = sources.split_at(count);
        sources = rest;
        (!batch.is_empty()).then_some(batch)
    })
}
