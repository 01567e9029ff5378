//! The gates of `src/dispatch.rs` and `src/texts/` save time and change nothing: every fixture, and mutants
//! of it, are evaluated with them and without. Nor does it change an answer that the module leaves findings out of it.

use admission::cluster::MemoryCluster;
use admission::fixture;
use admission::heavy::classes;
use admission::mutate::Mutator;
use entra_auth_policy::settings::Date;
use entra_auth_policy::{Evaluation, Host, answer, evaluate, evaluate_without_gates};
use std::path::Path;

/// Mutants of each fixture.
const SEEDS: u64 = 4;

fn describe(evaluation: &Evaluation) -> String {
    let response = String::from_utf8(evaluation.response.to_json()).unwrap();
    format!("{}{response}", fixture::render(evaluation))
}

fn assert_same(name: &dyn std::fmt::Display, payload: &[u8], cluster: &MemoryCluster) {
    let host = Host { today: &|| Date::parse("2026-11-21").unwrap(), cluster };
    let (gated, open) = (evaluate(payload, &host), evaluate_without_gates(payload, &host));
    assert_eq!(describe(&gated), describe(&open), "{name}");
    assert_eq!(answer(payload, &host), gated.response, "{name}");
}

/// The module spells the paths of a few findings only.
#[test]
fn an_answer_to_many_findings_is_that_of_all_of_them() {
    let host = Host { today: &|| Date::parse("2026-11-21").unwrap(), cluster: &MemoryCluster::Unasked };
    for class in classes() {
        if class.name.contains("look up") {
            continue;
        }
        let payload = class.payload(200, 1);
        assert_eq!(answer(&payload, &host), evaluate(&payload, &host).response, "{}", class.name);
    }
}

#[test]
fn gates_change_nothing() {
    let fixtures = fixture::all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test_data")).unwrap();
    for fixture in &fixtures {
        assert_same(&fixture.path.display(), &fixture.payload(), &fixture.cluster);
    }
    let mutator = Mutator::new(&fixtures);
    let mut count = 0;
    for mutant in mutator.mutants(0..SEEDS) {
        assert_same(&mutant, &mutant.payload("restricted"), &mutant.cluster());
        count += 1;
    }
    assert!(count > 3000, "{count}");
}
