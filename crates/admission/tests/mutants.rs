//! The mutants with which other tests compare two ways of evaluating are reproducible from their seeds, different
//! from their fixtures, and varied.

use admission::fixture::{self, Fixture};
use admission::mutate::Mutator;
use entra_auth_policy::{Host, evaluate};
use std::collections::BTreeSet;
use std::path::Path;

fn fixtures() -> Vec<Fixture> {
    fixture::all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test_data")).unwrap()
}

#[test]
fn a_seed_decides_everything() {
    let fixtures = fixtures();
    let payloads =
        || Mutator::new(&fixtures).mutants(3..4).map(|mutant| mutant.payload("baseline")).collect::<Vec<_>>();
    let first = payloads();
    assert_eq!(first, payloads());
    let changed = first.iter().zip(&fixtures).filter(|(payload, fixture)| **payload != fixture.payload()).count();
    assert!(changed * 10 > fixtures.len() * 9, "{changed} of {} fixtures are changed", fixtures.len());
}

#[test]
fn mutants_are_evaluated_and_meet_most_rules() {
    let fixtures = fixtures();
    let (mut rules, mut denied, mut count) = (BTreeSet::new(), 0, 0);
    for mutant in Mutator::new(&fixtures).mutants(0..2) {
        for profile in ["baseline", "restricted"] {
            let cluster = mutant.cluster();
            let evaluation = evaluate(&mutant.payload(profile), &Host { today: &fixture::today, cluster: &cluster });
            rules.extend(evaluation.findings.iter().map(|finding| finding.rule.id));
            denied += usize::from(!evaluation.response.accepted);
            count += 1;
        }
    }
    let all = entra_auth_policy::rules::all().count();
    assert!(rules.len() * 10 > all * 9, "only {} of {all} rules find something", rules.len());
    assert!(denied * 5 > count && denied * 5 < count * 4, "{denied} of {count} are denied");
}
