//! Times replay over many objects against policy-server's bare evaluations of the same: the same payloads,
//! the same module, on as many threads, in one run, taking turns.
//!
//! `bench-replay [ROUNDS]`: times that each is run, 5 unless told otherwise.

use admission::fixture;
use anyhow::{Context, Result};
use clap::Parser;
use e2e_tests::{Built, root};
use host::Module;
use manifest::documents;
use rayon::ThreadPoolBuilder;
use rayon::prelude::*;
use replay::Judge;
use replay::cli::Cli;
use replay::report::Streams;
use serde_json::{Value, json};
use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use std::{env, fs, io};

const OBJECTS: usize = 10_000;
/// Asks the program to run once and to say what memory that took: a process of its own has a peak of its own.
const PEAK: &str = "--peak";

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.as_slice() {
        [peak, path] if peak == PEAK => {
            run(Path::new(path), &replay::load(&Built::Policy.path())?)?;
            println!("{}", peak_memory().unwrap_or_default());
            Ok(())
        }
        [rounds] => bench(rounds.parse().context("ROUNDS is a number")?),
        _ => bench(5),
    }
}

fn bench(rounds: usize) -> Result<()> {
    let module = Module::load(&Built::Policy.read()?)?;
    let replays = replay::load(&Built::Policy.path())?;
    let judge = Judge::new(replays.clone(), json!({}), None, None);
    let workers = ThreadPoolBuilder::new().stack_size(manifest::STACK).build()?;
    println!(
        "{:<26} {:>8} {:>8} | {:>9} {:>9} | {:>7} {:>9}",
        format!("milliseconds, {} threads", workers.current_num_threads()),
        "objects",
        "MB",
        "bare",
        "replay",
        "replay/",
        "peak MiB"
    );
    let folder = env::temp_dir().join(format!("bench-replay-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    for (name, text) in [("a List of kubectl, JSON", json_list()?), ("manifests as written, YAML", yaml_stream()?)] {
        let path = folder.join(if name.ends_with("JSON") { "many.json" } else { "many.yaml" });
        fs::write(&path, &text)?;
        let mut payloads = Vec::new();
        for document in documents(&text) {
            for object in document.objects()? {
                payloads.push(judge.payload(&object?));
            }
        }
        let (mut bare, mut whole) = (Vec::new(), Vec::new());
        for round in 0..=rounds {
            let started = Instant::now();
            workers
                .install(|| payloads.par_iter().for_each(|payload| drop(black_box(module.call("validate", payload)))));
            let took = started.elapsed();
            let started = Instant::now();
            run(&path, &replays)?;
            if round > 0 {
                bare.push(took);
                whole.push(started.elapsed());
            }
        }
        let (bare, whole) = (middle(bare), middle(whole));
        let peak = Command::new(env::current_exe()?).arg(PEAK).arg(&path).output()?;
        let peak: f64 = String::from_utf8(peak.stdout)?.trim().parse()?;
        println!(
            "{name:<26} {:>8} {:>8.1} | {bare:>9.0} {whole:>9.0} | {:>7.2} {:>9.0}",
            payloads.len(),
            text.len() as f64 / 1e6,
            whole / bare,
            peak / 1024.0
        );
    }
    Ok(fs::remove_dir_all(folder)?)
}

/// What `replay PATH` does, but for reading the module and for the terminal.
fn run(path: &Path, module: &Module) -> Result<()> {
    let cli = Cli::parse_from([Path::new("replay"), path]);
    let streams = Streams { out: Box::new(io::sink()), err: Box::new(io::sink()), width: 120 };
    replay::judge(&cli.judging, &Built::Policy.path(), module, streams)?;
    Ok(())
}

/// The objects of all fixtures again and again, each time under another name.
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

/// The texts of the fixtures that are manifests, as people wrote them.
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

/// The most memory that this process ever held, in kB, where the system says so.
fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}
