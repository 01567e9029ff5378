//! Searches for requests that cost more than the classes of heavy requests: `worst SECONDS [FOLDER]`.
//!
//! The search begins with a request of every class and with the fixtures. It changes them as the mutations of fixtures
//! do, repeats parts of them, and goes on with what costs the most instructions or memory for its size. It prints each
//! request that is worse than all before it, and at the end the worst of each origin; FOLDER gets these.
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use admission::fixture;
use admission::heavy::{classes, grow};
use admission::mutate::Mutator;
use anyhow::{Context, Result};
use e2e_tests::heavy::{ANSWER, Cost, LOOKUPS, cost, meter};
use e2e_tests::root;
use serde_json::{Value, json};

/// The size of a request: small enough for many of them, and large enough for what a request costs in any case.
const BYTES: usize = 24 << 10;
/// How many requests are kept of one origin.
const KEPT: usize = 6;

#[derive(Clone)]
struct Candidate {
    /// The class or the fixture that it began as.
    origin: String,
    payload: Value,
    cost: Cost,
}

impl Candidate {
    /// What the search maximises. A small request must not win by what every request costs.
    fn score(&self, wanted: Wanted) -> f64 {
        let bytes = self.cost.bytes.max(BYTES / 2) as f64;
        match wanted {
            Wanted::Instructions => self.cost.instructions as f64 / bytes,
            Wanted::Memory => self.cost.memory as f64 / bytes,
        }
    }
}

#[derive(Clone, Copy)]
enum Wanted {
    Instructions,
    Memory,
}

/// The worst of each origin.
#[derive(Default)]
struct Population(BTreeMap<String, Vec<Candidate>>);

impl Population {
    fn add(&mut self, candidate: Candidate) {
        let of_origin = self.0.entry(candidate.origin.clone()).or_default();
        of_origin.push(candidate);
        let worst = |wanted| move |a: &Candidate, b: &Candidate| b.score(wanted).total_cmp(&a.score(wanted));
        // Half for each aim.
        of_origin.sort_by(worst(Wanted::Memory));
        let kept = of_origin.len().min(KEPT / 2);
        of_origin.get_mut(kept..).unwrap_or_default().sort_by(worst(Wanted::Instructions));
        of_origin.truncate(KEPT);
    }

    fn all(&self) -> impl Iterator<Item = &Candidate> {
        self.0.values().flatten()
    }

    fn worst(&self, wanted: Wanted) -> Option<&Candidate> {
        self.all().max_by(|a, b| a.score(wanted).total_cmp(&b.score(wanted)))
    }
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let seconds = arguments.next().context("how many seconds?")?.parse()?;
    let folder = arguments.next().map(PathBuf::from);
    let end = Instant::now() + Duration::from_secs(seconds);
    let meter = meter()?;
    let fixtures = fixture::all(&root().join("test_data"))?;
    let mutator = Mutator::new(&fixtures);
    let mut population = Population::default();
    let mut settings: Vec<Value> = vec![json!({"profile": "restricted"})];
    for class in classes() {
        let payload: Value = serde_json::from_slice(&class.payload(class.n_of_size(BYTES), 1))?;
        settings.extend(payload.get("settings").filter(|settings| settings.to_string().len() < 2000).cloned());
        let cost = cost(&meter, &serde_json::to_vec(&payload)?)?;
        population.add(Candidate { origin: class.name.to_owned(), payload, cost });
    }
    for fixture in &fixtures {
        let mut payload: Value = serde_json::from_slice(&fixture.payload())?;
        payload["request"]["object"] = grow(&payload["request"]["object"], BYTES, 1);
        let cost = cost(&meter, &serde_json::to_vec(&payload)?)?;
        population.add(Candidate { origin: fixture.rule(), payload, cost });
    }
    let began: BTreeMap<String, f64> = population
        .0
        .iter()
        .map(|(origin, of)| {
            (origin.clone(), of.iter().map(|candidate| candidate.score(Wanted::Instructions)).fold(0.0, f64::max))
        })
        .collect();
    let population = Mutex::new(population);
    let lock = || population.lock().unwrap_or_else(PoisonError::into_inner);
    std::thread::scope(|scope| {
        for worker in 0..2_u64 {
            let (meter, mutator, settings, lock) = (&meter, &mutator, &settings, &lock);
            scope.spawn(move || {
                for n in 0_u64.. {
                    if Instant::now() >= end {
                        break;
                    }
                    let seed = n * 2 + worker;
                    let parent = {
                        let population = lock();
                        let wanted = if seed % 4 < 3 { Wanted::Instructions } else { Wanted::Memory };
                        let mut all: Vec<&Candidate> = population.all().collect();
                        // Nearer to the worst more often.
                        all.sort_by(|a, b| b.score(wanted).total_cmp(&a.score(wanted)));
                        let at = (hash(seed) % all.len() as u64).min(hash(seed ^ 0x5555) % all.len() as u64);
                        all.get(at as usize).map(|candidate| (*candidate).clone())
                    };
                    let Some(parent) = parent else { break };
                    let payload = child(&parent.payload, mutator, settings, hash(seed));
                    let Ok(bytes) = serde_json::to_vec(&payload) else { continue };
                    if bytes.len() > 2 * BYTES {
                        continue;
                    }
                    match cost(meter, &bytes) {
                        Ok(cost) => {
                            let candidate = Candidate { origin: parent.origin, payload, cost };
                            let mut population = lock();
                            for (wanted, unit) in
                                [(Wanted::Instructions, "instructions"), (Wanted::Memory, "bytes of memory")]
                            {
                                let known = population.worst(wanted).map_or(0.0, |worst| worst.score(wanted));
                                if candidate.score(wanted) > known * 1.02 {
                                    let score = candidate.score(wanted);
                                    println!("{score:.0} {unit} for each byte: {}", candidate.origin);
                                }
                            }
                            population.add(candidate);
                        }
                        // A trap is worse than any cost.
                        Err(error) => println!("{error:#}: {}", String::from_utf8_lossy(&bytes)),
                    }
                }
            });
        }
    });
    report(&population.into_inner().unwrap_or_else(PoisonError::into_inner), &began, folder.as_deref())
}

/// A request like this one.
fn child(payload: &Value, mutator: &Mutator<'_>, settings: &[Value], seed: u64) -> Value {
    let mut payload = payload.clone();
    let aim = match seed % 8 {
        0 => "oldObject",
        _ => "object",
    };
    let object = payload["request"][aim].clone();
    let object = match (seed >> 8) % 4 {
        0 => grow(&object, BYTES, seed),
        1 => grow(&mutator.mutate(&object, seed), BYTES, seed ^ 1),
        _ => mutator.mutate(&object, seed),
    };
    payload["request"][aim] = object;
    if (seed >> 16).is_multiple_of(8) {
        let at = (seed >> 24) as usize % settings.len();
        payload["settings"] = settings.get(at).cloned().unwrap_or_default();
    }
    if (seed >> 32).is_multiple_of(16) {
        let object = payload["request"]["object"].clone();
        payload["request"]["oldObject"] = mutator.mutate(&object, seed ^ 2);
        payload["request"]["operation"] = json!("UPDATE");
    }
    payload
}

fn report(population: &Population, began: &BTreeMap<String, f64>, folder: Option<&Path>) -> Result<()> {
    let mut worst: Vec<&Candidate> = population
        .0
        .values()
        .filter_map(|of| {
            of.iter().max_by(|a, b| a.score(Wanted::Instructions).total_cmp(&b.score(Wanted::Instructions)))
        })
        .collect();
    worst.sort_by(|a, b| b.score(Wanted::Instructions).total_cmp(&a.score(Wanted::Instructions)));
    println!("\nper byte  began   MiB  answer look-ups  bytes  origin");
    for (n, candidate) in worst.iter().enumerate() {
        let Candidate { origin, payload, cost } = candidate;
        let is_over = cost.answer > ANSWER || cost.lookups > LOOKUPS;
        println!(
            "{:>8.0} {:>6.0} {:>5} {:>7} {:>8} {:>6} {}{origin}",
            candidate.score(Wanted::Instructions),
            began.get(origin).copied().unwrap_or_default(),
            cost.memory >> 20,
            cost.answer,
            cost.lookups,
            cost.bytes,
            if is_over { "! " } else { "" },
        );
        if let Some(folder) = folder {
            std::fs::create_dir_all(folder)?;
            std::fs::write(folder.join(format!("{n:03}.json")), serde_json::to_vec(payload)?)?;
        }
    }
    let memory = population.worst(Wanted::Memory).context("nothing was kept")?;
    println!("most memory: {} bytes for {} ({})", memory.cost.memory, memory.cost.bytes, memory.origin);
    Ok(())
}

/// The finaliser of SplitMix64.
fn hash(seed: u64) -> u64 {
    let mixed = (seed.wrapping_add(0x9e37_79b9_7f4a_7c15) ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb)
}
