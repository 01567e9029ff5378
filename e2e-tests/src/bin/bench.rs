//! Times this policy against the cheapest possible module and a conventional one: all on the same
//! requests, in one run, taking turns, so that whatever else the machine does meets all alike.
//!
//! `bench [ROUNDS]`: calls of each module per small request, 2000 unless told otherwise.
use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use e2e_tests::Built;
use e2e_tests::samples::{Sample, samples};
use host::{Meter, Module};

const MODULES: [(&str, Built); 3] =
    [("floor", Built::Floor), ("policy", Built::Policy), ("conventional", Built::Conventional)];
const COMPILES: usize = 5;

fn main() -> anyhow::Result<()> {
    let rounds: usize = match std::env::args().nth(1) {
        Some(text) => text.parse().context("ROUNDS is a number")?,
        None => 2000,
    };
    if rounds == 0 {
        bail!("ROUNDS is at least 1");
    }
    let mut wasm = Vec::new();
    for (_, built) in MODULES {
        wasm.push(built.read()?);
    }

    let mut compiles = vec![Vec::new(); MODULES.len()];
    for _ in 0..COMPILES {
        for (times, wasm) in compiles.iter_mut().zip(&wasm) {
            let started = Instant::now();
            black_box(Module::load(wasm)?);
            times.push(started.elapsed());
        }
    }
    println!("{:<22} {:>10} {:>12}", "module", "size kB", "compile ms");
    for ((name, _), (wasm, times)) in MODULES.iter().zip(wasm.iter().zip(&mut compiles)) {
        times.sort_unstable();
        let (size, compile) = (wasm.len() as f64 / 1e3, micros(middle(times)) / 1e3);
        println!("{name:<22} {size:>10.1} {compile:>12.1}");
    }

    let modules = wasm.iter().map(|wasm| Module::load(wasm)).collect::<Result<Vec<_>, _>>()?;
    let meter = Meter::load(&wasm[1])?;
    println!();
    println!(
        "{:<22} {:>8} | {:^17} | {:^17} | {:^17} | {:>7} {:>8} | {:>7}",
        "microseconds", "bytes", "floor", "policy", "conventional", "policy/", "policy/", "memory"
    );
    println!(
        "{:<22} {:>8} | {:>8} {:>8} | {:>8} {:>8} | {:>8} {:>8} | {:>7} {:>8} | {:>7}",
        "request", "", "median", "p99", "median", "p99", "median", "p99", "floor", "convent.", "MiB"
    );
    for sample in samples() {
        // A megabyte takes a thousand times as long as a node's request and varies less.
        let rounds = if sample.payload.len() > 256 << 10 { rounds.div_ceil(20) } else { rounds };
        let times = time(&modules, &sample, rounds)?;
        let memory = meter.call("validate", &sample.payload)?.memory;
        print!("{:<22} {:>8} |", sample.name, sample.payload.len());
        for times in &times {
            let (median, p99) = (micros(middle(times)), micros(percentile(times, 99)));
            print!(" {median:>8.1} {p99:>8.1} |");
        }
        let median = |module: usize| micros(middle(&times[module]));
        println!(
            " {:>7.2} {:>8.2} | {:>7.1}",
            median(1) / median(0),
            median(1) / median(2),
            memory as f64 / f64::from(1 << 20)
        );
    }
    Ok(())
}

/// The sorted times of every module for one request, the modules taking turns.
fn time(modules: &[Module], sample: &Sample, rounds: usize) -> anyhow::Result<Vec<Vec<Duration>>> {
    let mut times = vec![Vec::with_capacity(rounds); modules.len()];
    let warm_up = rounds.div_ceil(20);
    for round in 0..rounds + warm_up {
        for turn in 0..modules.len() {
            // Forwards and backwards: who runs before leaves its traces in the caches.
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
