//! Every fixture gets the same bytes from the compiled policy as from the core built into this test.

use e2e_tests::{Built, Module, root};
use entra_auth_policy::lookup::{Cluster, LookupError, Query};
use entra_auth_policy::settings::Date;
use entra_auth_policy::{Host, evaluate};
use manifest::fixture;
use std::time::{SystemTime, UNIX_EPOCH};

/// What the denying host is to the module.
struct NoCluster;

impl Cluster for NoCluster {
    fn get(&self, _: &Query<'_>) -> Result<String, LookupError> {
        Err(LookupError::Failed)
    }
}

/// The module reads the clock, so the core does here.
fn today() -> Date {
    Date::from_unix_seconds(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs())
}

#[test]
fn the_module_answers_every_fixture_as_the_core_does() {
    let module = Module::load(&Built::Policy.read().unwrap()).unwrap();
    let fixtures = fixture::all(&root().join("test_data")).unwrap();
    assert!(!fixtures.is_empty());
    let mut wrong = Vec::new();
    for fixture in &fixtures {
        let payload = fixture.payload();
        let expected = evaluate(&payload, &Host { today: &today, cluster: &NoCluster }).response.to_json();
        let answer = module.call("validate", &payload);
        if !answer.as_ref().is_ok_and(|answer| *answer == expected) {
            let answer = answer.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            let expected = String::from_utf8_lossy(&expected);
            wrong.push(format!("{}\n  core:   {expected}\n  module: {answer:?}", fixture.path.display()));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {} fixtures differ (is policy.wasm built from this source? `make policy.wasm`)\n{}",
        wrong.len(),
        fixtures.len(),
        wrong.join("\n")
    );
}
