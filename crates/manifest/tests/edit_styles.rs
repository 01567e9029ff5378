//! Random edits of manifests in many styles: what is read from the edited text is what the changes make of the
//! values, or the edit is a conflict, which has to be rare.
//!
//! `EDIT_CASES` sets the number of texts, and `EDIT_SEEDS` a folder of manifests that are edited too, as they are and
//! mutated.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test")]

mod styles;

use std::path::Path;
use styles::{Outcome, Random, check, text};

#[derive(Default)]
struct Counts {
    edited: usize,
    conflicts: usize,
    unfit: usize,
}

impl Counts {
    fn add(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Edited => self.edited += 1,
            Outcome::Conflict => self.conflicts += 1,
            Outcome::NoChange => self.unfit += 1,
        }
    }
}

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().and_then(|number| number.parse().ok()).unwrap_or(default)
}

#[test]
fn generated_styles() {
    let mut counts = Counts::default();
    for seed in 0..number("EDIT_CASES", 500) {
        let mut random = Random::new(seed);
        let text = text(&mut random);
        for document in manifest::documents(&text) {
            let read = document.objects();
            assert!(read.is_ok(), "the generator wrote no YAML, seed {seed}: {read:?}\n{text}");
        }
        counts.add(check(&mut random, &text));
    }
    println!("{} edited, {} conflicts, {} unfit", counts.edited, counts.conflicts, counts.unfit);
    assert!(counts.conflicts * 20 < counts.edited, "{} of {} are conflicts", counts.conflicts, counts.edited);
}

/// Manifests of a folder, with lines left out, doubled, swapped and indented.
#[test]
fn mutated_files() {
    let Ok(folder) = std::env::var("EDIT_SEEDS") else { return };
    let mut files: Vec<_> = std::fs::read_dir(Path::new(&folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let texts: Vec<String> = files.iter().filter_map(|file| std::fs::read_to_string(file).ok()).collect();
    let mut counts = Counts::default();
    for seed in 0..number("EDIT_CASES", 500) {
        let mut random = Random::new(seed);
        let text = &texts[random.below(texts.len())];
        let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
        for _ in 0..random.below(4) {
            let at = random.below(lines.len());
            match random.below(6) {
                0 => _ = lines.remove(at),
                1 => lines.insert(at, lines[at].clone()),
                2 => {
                    let next = (at + 1) % lines.len();
                    lines.swap(at, next);
                }
                3 => lines[at].insert(0, ' '),
                4 => lines[at] = lines[at].trim_start().to_owned(),
                _ => lines[at] = lines[at].replace("\n", " # mutated\n"),
            }
            if lines.is_empty() {
                break;
            }
        }
        counts.add(check(&mut random, &lines.concat()));
    }
    println!("{} edited, {} conflicts, {} unfit", counts.edited, counts.conflicts, counts.unfit);
    assert!(counts.edited > 0);
}
