//! Times this policy against the cheapest possible module, a conventional policy and, if given, an older module:
//! all on the same requests, in one run, taking turns, so that other work on the machine affects all alike.
//!
//! `bench [ROUNDS] [--against FILE.wasm]`: calls of each module per small request, 2000 by default.
use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use e2e_tests::Built;
use e2e_tests::samples::{Sample, samples};
use host::{Meter, Module};

/// The older module, if any, is the last.
const POLICY: usize = 1;
const MODULES: [(&str, Built); 3] =
    [("floor", Built::Floor), ("policy", Built::Policy), ("conventional", Built::Conventional)];
const COMPILES: usize = 5;

fn main() -> anyhow::Result<()> {
    let mut rounds = 2000;
    let mut against = None;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        if argument == "--against" {
            against = Some(arguments.next().context("--against needs a file")?);
        } else {
            rounds = argument.parse().context("ROUNDS is a number")?;
        }
    }
    if rounds == 0 {
        bail!("ROUNDS is at least 1");
    }
    let mut names = Vec::new();
    let mut wasm = Vec::new();
    for (name, built) in MODULES {
        names.push(name);
        wasm.push(built.read()?);
    }
    if let Some(file) = &against {
        names.push("older");
        wasm.push(std::fs::read(file).with_context(|| format!("cannot read {file}"))?);
    }

    let mut compiles = vec![Vec::new(); wasm.len()];
    for _ in 0..COMPILES {
        for (times, wasm) in compiles.iter_mut().zip(&wasm) {
            let started = Instant::now();
            black_box(Module::load(wasm)?);
            times.push(started.elapsed());
        }
    }
    println!("{:<22} {:>10} {:>12}", "module", "size kB", "compile ms");
    for (name, (wasm, times)) in names.iter().zip(wasm.iter().zip(&mut compiles)) {
        times.sort_unstable();
        let (size, compile) = (wasm.len() as f64 / 1e3, micros(middle(times)) / 1e3);
        println!("{name:<22} {size:>10.1} {compile:>12.1}");
    }

    let modules = wasm.iter().map(|wasm| Module::load(wasm)).collect::<Result<Vec<_>, _>>()?;
    let meter = Meter::load(&wasm[POLICY])?;
    println!();
    print!("{:<22} {:>8} |", "microseconds", "bytes");
    names.iter().for_each(|name| print!(" {name:^17} |"));
    println!(" policy divided by");
    print!("{:<22} {:>8} |", "request", "");
    names.iter().for_each(|_| print!(" {:>8} {:>8} |", "median", "p99"));
    for name in names.iter().filter(|name| **name != "policy") {
        print!(" {name:>12}");
    }
    println!(" | {:>7}", "MiB");
    for sample in samples() {
        // A megabyte takes a thousand times as long as a node's request and varies less.
        let rounds = if sample.payload.len() > 256 << 10 { usize::div_ceil(rounds, 20) } else { rounds };
        let times = time(&modules, &sample, rounds)?;
        let memory = meter.call("validate", &sample.payload)?.memory;
        print!("{:<22} {:>8} |", sample.name, sample.payload.len());
        for times in &times {
            let (median, p99) = (micros(middle(times)), micros(percentile(times, 99)));
            print!(" {median:>8.1} {p99:>8.1} |");
        }
        let median = |module: usize| micros(middle(&times[module]));
        for module in (0..times.len()).filter(|module| *module != POLICY) {
            print!(" {:>12.2}", median(POLICY) / median(module));
        }
        println!(" | {:>7.1}", memory as f64 / f64::from(1 << 20));
    }
    Ok(())
}

/// The sorted times of every module for one request, the modules taking turns.
fn time(modules: &[Module], sample: &Sample, rounds: usize) -> anyhow::Result<Vec<Vec<Duration>>> {
    let mut times = vec![Vec::with_capacity(rounds); modules.len()];
    let warm_up = usize::div_ceil(rounds, 20);
    for round in 0..rounds + warm_up {
        for turn in 0..modules.len() {
            // Forwards and backwards: the module that ran before leaves traces in the caches.
            let turn = if round % 2 == 0 { turn } else { modules.len() - 1 - turn };
            let module = (turn + round / 2) % modules.len();
            let started = Instant::now();
            black_box(modules[module].call("validate", &sample.payload)?);
            let took = started.elapsed();
            if round >= warm_up {
                times[module].push(took);
            }
        }
    }
    for times in &mut times {
        times.sort_unstable();
    }
    Ok(times)
}

fn micros(time: Duration) -> f64 {
    time.as_nanos() as f64 / 1e3
}

fn middle(sorted: &[Duration]) -> Duration {
    percentile(sorted, 50)
}

fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)]
}
