//! The compiled policy gives the same bytes as the core built into this test: for every fixture, the recorded requests
//! among them, and for mutated ones under both profiles.

use admission::cluster::MemoryCluster;
use admission::fixture::{self, Fixture};
use admission::mutate::Mutator;
use e2e_tests::loaded::Answers;
use e2e_tests::{Built, root};
use entra_auth_policy::{Host, evaluate};
use host::Module;
use std::sync::Arc;
use std::thread;

/// Mutants of every fixture.
const SEEDS: u64 = 4;

fn fixtures() -> Vec<Fixture> {
    let fixtures = fixture::all(&root().join("test_data")).unwrap();
    assert!(!fixtures.is_empty());
    fixtures
}

/// How the answer of a module differs from the core's, if it does.
fn difference(module: &Module, payload: &[u8], cluster: MemoryCluster) -> Option<String> {
    let expected = evaluate(payload, &Host { today: &fixture::today, cluster: &cluster }).response.to_json();
    let found = module.clone().with_host(Arc::new(Answers(cluster))).call("validate", payload);
    if found.as_ref().is_ok_and(|found| *found == expected) {
        return None;
    }
    let found = found.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    Some(format!("  core:   {}\n  module: {found:?}", String::from_utf8_lossy(&expected)))
}

#[track_caller]
fn no_difference(differences: &[String]) {
    assert!(
        differences.is_empty(),
        "{} answers differ (is policy.wasm built from this source? `make policy.wasm`)\n{}",
        differences.len(),
        differences.join("\n")
    );
}

#[test]
fn every_fixture() {
    let (module, direct) = (Built::Policy.load().unwrap(), Built::Policy.load_direct().unwrap());
    let mut differences = Vec::new();
    for fixture in fixtures() {
        let payload = fixture.payload();
        // policy-server's host has no clock but the machine's, on which no test may depend.
        let timeless = !fixture.settings.to_string().contains("\"until\"");
        for module in [Some(&direct), timeless.then_some(&module)].into_iter().flatten() {
            let found = difference(module, &payload, fixture.cluster.clone());
            differences.extend(found.map(|difference| format!("{}\n{difference}", fixture.path.display())));
        }
    }
    no_difference(&differences);
}

#[test]
fn mutated_fixtures() {
    let (module, fixtures) = (Built::Policy.load_direct().unwrap(), fixtures());
    let mutator = Mutator::new(&fixtures);
    let differences = |seed| {
        let mut differences = Vec::new();
        for mutant in mutator.mutants(seed..seed + 1) {
            for profile in ["baseline", "restricted"] {
                let found = difference(&module, &mutant.payload(profile), mutant.cluster());
                differences.extend(found.map(|difference| format!("{mutant}, {profile}\n{difference}")));
            }
        }
        differences
    };
    let differences: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..SEEDS).map(|seed| scope.spawn(move || differences(seed))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    no_difference(&differences);
}
