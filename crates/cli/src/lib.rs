//! `entra-auth`: checks manifests with the policy's core before they reach a cluster.
//!
//! ```text
//! args ─► inputs ─► documents ─► objects ─► evaluate ─► records ─► report
//! ```

mod accepted;
mod admission_rules;
pub mod args;
#[cfg(feature = "cluster")]
mod audit;
mod before;
#[cfg(any(feature = "cluster", feature = "lsp", feature = "mcp"))]
mod checker;
pub mod cluster_report;
mod commands;
mod config;
mod dump;
mod evaluate;
pub mod exemptions;
mod files;
pub mod fix;
mod inputs;
mod lookups;
#[cfg(feature = "lsp")]
mod lsp;
#[cfg(feature = "mcp")]
mod mcp;
pub mod migrate;
#[cfg(feature = "module")]
mod module;
pub mod onboard;
mod operators;
mod progress;
mod record;
mod render;
pub mod report;
mod rule_page;
mod settings;
mod title;

pub use evaluate::CompiledPolicy;

use accepted::Accepted;
use anyhow::Result;
use args::{Check, Cli, Command};
use before::Before;
use config::Config;
use entra_auth_policy::settings::Date;
use evaluate::Evaluator;
use inputs::{Source, SourceError, Walk};
use progress::Progress;
use rayon::ThreadPoolBuilder;
use rayon::prelude::*;
use record::Record;
use report::{Streams, Summary};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// For static programs: with musl's own, a check of many files takes twice as long.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
            // A reader that closes the pipe (`| head`) is not an error, but what an evaluation found is not known then.
            let is_closed = |cause: &std::io::Error| cause.kind() == std::io::ErrorKind::BrokenPipe;
            let is_text = matches!(
                cli.command,
                Command::Explain { .. } | Command::Rules { .. } | Command::Operators | Command::Man | Command::Config
            );
            match error.downcast_ref().is_some_and(is_closed) {
                true if is_text => return ExitCode::SUCCESS,
                true => {}
                false => anstream::eprintln!("error: {error:#}"),
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
            let mut args = args.clone();
            if let Some(config) = Config::find(&std::env::current_dir()?)? {
                config.apply(&mut args)?;
            }
            let args = &args;
            if args.paths.is_empty() {
                let words = "no PATH: name manifests, folders of them, or `-` for standard input";
                anyhow::bail!("{words}\n\n{}", args::usage("check"));
            }
            let today = args.today.unwrap_or(today);
            let module = args.module.as_deref().map(|path| load(path, today)).transpose()?;
            check(args, module.as_deref(), streams, today)
        }
        Command::Onboard(args) => onboard::run(args, &mut streams, today),
        Command::Fix(args) => fix::run(args, streams, today),
        Command::Migrate(args) => migrate::run(args, &mut streams),
        Command::Exemptions(args) => exemptions::run(args, &mut streams, today),
        Command::Audit(args) => audit(args, streams, today),
        Command::Report(args) => cluster_report::run(args, &mut streams, today),
        Command::WhoCan(args) => cluster_report::queries::who_can(args, &mut streams),
        Command::PathsTo(args) => cluster_report::queries::paths_to(args, &mut streams),
        Command::Access(args) => cluster_report::queries::access(args, &mut streams),
        Command::Lsp(args) => lsp(args, today),
        Command::Mcp(args) => mcp(args, today),
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

#[cfg(feature = "cluster")]
use audit::audit;
#[cfg(feature = "lsp")]
use lsp::serve as lsp;
#[cfg(feature = "mcp")]
use mcp::serve as mcp;

#[cfg(not(feature = "cluster"))]
fn audit(_: &args::Audit, _: Streams, _: Date) -> Result<Outcome> {
    anyhow::bail!(
        "audit: {}, or pipe what the cluster has: `kubectl get pods,deployments,rolebindings -A -o yaml | entra-auth check -`",
        left_out("read a cluster", "cluster")
    )
}

#[cfg(not(feature = "lsp"))]
fn lsp(_: &args::Serve, _: Date) -> Result<Outcome> {
    anyhow::bail!("lsp: {}", left_out("serve an editor", "lsp"))
}

#[cfg(not(feature = "mcp"))]
fn mcp(_: &args::Serve, _: Date) -> Result<Outcome> {
    anyhow::bail!("mcp: {}", left_out("serve an agent", "mcp"))
}

#[cfg(not(all(feature = "cluster", feature = "lsp", feature = "mcp")))]
fn left_out(what: &str, feature: &str) -> String {
    format!("this build cannot {what}. Build it with `cargo build -p entra-auth --features {feature}`")
}

/// Checks manifests with the built-in policy, or with a module that is loaded already.
pub fn check(args: &Check, module: Option<&dyn CompiledPolicy>, mut streams: Streams, today: Date) -> Result<Outcome> {
    let settings = settings::load(&args.policy, !args.dumps.is_empty(), module)?;
    let workers = ThreadPoolBuilder::new().stack_size(manifest::STACK).build()?;
    let except: Vec<&Path> =
        args.policy.settings.as_deref().into_iter().chain(args.write_exemptions.as_deref()).collect();
    let walk = Walk::new(&except, &args.skip, &std::env::current_dir()?)?.with_stdin(args.stdin_filename.clone());
    let mut sources = walk.sources(&args.paths);
    if args.render {
        sources = render::render(&args.paths, &args.values, &walk, sources, &mut streams.err);
    }
    let before = workers.install(|| Before::load(args, &sources, &walk))?;
    let cluster = if settings::wants_cluster(&settings) {
        Some(Arc::new(workers.install(|| lookups::collect(&args.dumps, &sources))?))
    } else if module.is_none() {
        Some(Arc::new(workers.install(|| lookups::given(&sources))))
    } else {
        // A module asks for objects only with look-ups, and must agree with this program.
        None
    };
    let mut summary = Summary::new(args.fail_on.unwrap_or_default());
    summary.unchanged_files = before.as_ref().filter(|_| !args.unchanged).map_or(0, Before::same);
    let evaluator = Evaluator {
        settings,
        identity: args.identity(),
        cluster: cluster.clone(),
        today,
        module,
        before,
        unchanged: args.unchanged,
        carries_fixes: args.format.iter().any(|output| output.format == args::Format::Sarif),
        counts_fixes: !args.quiet && report::has_text(args),
    };
    if let Some(file) = &args.write_exemptions {
        Accepted::may_create(file)?;
    }
    let mut accepted = args.write_exemptions.as_ref().map(|_| Accepted::default());
    let render = report::renderer(args, &streams);
    let mut reports = report::open(args, streams)?;
    let progress = Progress::start(sources.iter().flatten().map(Source::size).sum());
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
            if let Some(accepted) = &mut accepted {
                accepted.add(&record);
            }
            if !args.quiet || record.is_reported(args.all) {
                reports.record(&record, &text)?;
            }
        }
    }
    drop(progress);
    summary.missed_lookups = cluster.map_or(0, |cluster| cluster.missed());
    reports.finish(&summary)?;
    if let (Some(accepted), Some(file)) = (accepted, &args.write_exemptions) {
        accepted.write(file, &evaluator.settings, today, &mut reports.err)?;
        // What is denied today is accepted from now on.
        return Ok(if summary.failed > 0 { Outcome::Failed } else { Outcome::Allowed });
    }
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
