//! Times `entra-auth check` over many objects against bare calls of the module with the same payloads, on the same number
//! of threads, taking turns in one run; and `entra-auth report` over the dump of a cluster.
//!
//! `bench-check [ROUNDS]`: how often each is run, 5 by default.

use admission::{create_payload, fixture};
use anyhow::{Context, Result};
use e2e_tests::{Built, root};
use entra_auth::args::Cli;
use entra_auth::report::Streams;
use entra_auth_policy::settings::Date;
use host::Module;
use manifest::documents;
use rayon::ThreadPoolBuilder;
use rayon::prelude::*;
use serde_json::{Value, json};
use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use std::{env, fs, io};

#[path = "../../../crates/cli/examples/cluster_dump.rs"]
#[allow(dead_code, reason = "an example has a main function")]
mod cluster_dump;

const OBJECTS: usize = 10_000;
/// The objects of the cluster that is reported, and what a report may take.
const CLUSTER: usize = 20_000;
const MOST_SECONDS: f64 = 5.0;
const MOST_MEBIBYTES: f64 = 500.0;
/// Runs a command once and prints the peak of memory: each process has its own peak.
const PEAK: &str = "--peak";

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.as_slice() {
        [peak, command @ ..] if peak == PEAK => {
            run(command)?;
            println!("{}", peak_memory().unwrap_or_default());
            Ok(())
        }
        [rounds] => bench(rounds.parse().context("ROUNDS is a number")?),
        _ => bench(5),
    }
}

fn bench(rounds: usize) -> Result<()> {
    let module = Module::load(&Built::Policy.read()?)?;
    let workers = ThreadPoolBuilder::new().stack_size(manifest::STACK).build()?;
    println!(
        "{:<26} {:>8} {:>8} | {:>9} {:>9} | {:>7} {:>9}",
        format!("milliseconds, {} threads", workers.current_num_threads()),
        "objects",
        "MB",
        "bare",
        "check",
        "check/",
        "peak MiB"
    );
    let folder = env::temp_dir().join(format!("bench-check-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    for (name, text) in [("a List of kubectl, JSON", json_list()?), ("manifests as written, YAML", yaml_stream()?)] {
        let path = folder.join(if name.ends_with("JSON") { "many.json" } else { "many.yaml" });
        fs::write(&path, &text)?;
        let mut payloads = Vec::new();
        for document in documents(&text) {
            for object in document.objects()? {
                payloads.push(create_payload(&object?.value, None, &json!({})));
            }
        }
        let check = ["check".to_owned(), path.display().to_string()];
        let (mut bare, mut whole) = (Vec::new(), Vec::new());
        for round in 0..=rounds {
            let started = Instant::now();
            workers
                .install(|| payloads.par_iter().for_each(|payload| drop(black_box(module.call("validate", payload)))));
            let took = started.elapsed();
            let started = Instant::now();
            run(&check)?;
            if round > 0 {
                bare.push(took);
                whole.push(started.elapsed());
            }
        }
        let (bare, whole) = (middle(bare), middle(whole));
        println!(
            "{name:<26} {:>8} {:>8.1} | {bare:>9.0} {whole:>9.0} | {:>7.2} {:>9.0}",
            payloads.len(),
            text.len() as f64 / 1e6,
            whole / bare,
            peak_of(&check)?
        );
    }
    report(rounds, &folder)?;
    Ok(fs::remove_dir_all(folder)?)
}

/// Times a report in all formats.
fn report(rounds: usize, folder: &Path) -> Result<()> {
    let file = |name: &str| folder.join(name).display().to_string();
    let items: Vec<Value> = cluster_dump::objects(CLUSTER).collect();
    let text = json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string();
    drop(items);
    fs::write(file("dump.json"), &text)?;
    let mut command = vec!["report".to_owned()];
    for format in ["html", "markdown", "json"] {
        command.extend(["--format".to_owned(), format!("{format}={}", file(format))]);
    }
    command.push(file("dump.json"));
    let time = |_| {
        let started = Instant::now();
        run(&command).map(|()| started.elapsed())
    };
    let seconds = middle((0..rounds).map(time).collect::<Result<_>>()?) / 1e3;
    let (objects, megabytes, peak) = (CLUSTER, text.len() as f64 / 1e6, peak_of(&command)?);
    println!(
        "\nreport: {objects} objects, {megabytes:.1} MB: {seconds:.1} s (at most {MOST_SECONDS}), peak {peak:.0} MiB (at most \
         {MOST_MEBIBYTES})"
    );
    Ok(())
}

/// The peak of memory in MiB of a process that runs the command once.
fn peak_of(command: &[String]) -> Result<f64> {
    let output = Command::new(env::current_exe()?).arg(PEAK).args(command).output()?;
    let kilobytes: f64 = String::from_utf8(output.stdout)?.trim().parse()?;
    Ok(kilobytes / 1024.0)
}

/// What `entra-auth` does with these arguments, without the terminal.
fn run(command: &[String]) -> Result<()> {
    let arguments = std::iter::once("entra-auth").chain(command.iter().map(String::as_str));
    let cli = Cli::from_args(arguments.map(Into::into))?;
    let streams = Streams { out: Box::new(io::sink()), err: Box::new(io::sink()), width: 120 };
    entra_auth::run(&cli, streams, Date::from_unix_seconds(0))?;
    Ok(())
}

/// The objects of all fixtures, repeated under other names.
fn json_list() -> Result<String> {
    let fixtures = fixture::all(&root().join("test_data"))?;
    let objects: Vec<&Value> =
        fixtures.iter().map(|fixture| &fixture.request["object"]).filter(|object| object["kind"].is_string()).collect();
    let items = objects.iter().cycle().take(OBJECTS).enumerate().map(|(index, object)| {
        let mut object = (*object).clone();
        object["metadata"]["name"] = json!(format!("object-{index}"));
        object
    });
    Ok(serde_json::to_string_pretty(&json!({"apiVersion": "v1", "kind": "List", "items": items.collect::<Vec<_>>()}))?)
}

/// The text of the fixtures that are manifests, as it was written.
fn yaml_stream() -> Result<String> {
    let fixtures = fixture::all(&root().join("test_data"))?;
    let mut texts = Vec::new();
    for fixture in
        fixtures.iter().filter(|fixture| fixture.path.extension().is_some_and(|extension| extension == "yaml"))
    {
        let text = fs::read_to_string(&fixture.path)?;
        texts.push((documents(&text).len(), text));
    }
    let (mut stream, mut count) = (String::new(), 0);
    for (documents, text) in texts.iter().cycle() {
        if count + documents > OBJECTS {
            return Ok(stream);
        }
        stream.push_str("---\n");
        stream.push_str(text);
        count += documents;
    }
    Ok(stream)
}

/// Milliseconds.
fn middle(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1e3
}

/// The peak of this process's memory in kB, where the system reports it.
fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}
