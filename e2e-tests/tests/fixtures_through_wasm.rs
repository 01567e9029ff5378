//! Every fixture gets the same bytes from the compiled policy as from the core built into this test.

use admission::cluster::MemoryCluster;
use admission::fixture;
use admission::session::host_text;
use e2e_tests::{Built, root};
use entra_auth_policy::lookup::{Cluster, Query, RESOURCES};
use entra_auth_policy::settings::Date;
use entra_auth_policy::{Host, evaluate};
use host::Module;
use serde_json::Value;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Answers look-ups as a policy server does, from the cluster of a fixture.
fn answer(cluster: &MemoryCluster, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
    let asked: Value = serde_json::from_slice(payload).map_err(|error| error.to_string())?;
    let resource = RESOURCES
        .iter()
        .find(|resource| asked["api_version"] == resource.api_version && asked["kind"] == resource.kind)
        .filter(|_| operation == "get_resource")
        .ok_or_else(|| format!("nobody should ask for {operation} of {asked}"))?;
    let name = asked["name"].as_str().unwrap_or_default();
    let query = Query { resource, namespace: asked["namespace"].as_str(), name };
    cluster.get(&query).map(String::into_bytes).map_err(|error| host_text(&query, error))
}

/// The module reads the clock, so the core does here.
fn today() -> Date {
    Date::from_unix_seconds(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs())
}

#[test]
fn the_module_answers_every_fixture_as_the_core_does() {
    let wasm = Built::Policy.read().unwrap();
    let (module, direct) = (Module::load(&wasm).unwrap(), Module::load_direct(&wasm).unwrap());
    let fixtures = fixture::all(&root().join("test_data")).unwrap();
    assert!(!fixtures.is_empty());
    let mut wrong = Vec::new();
    for fixture in &fixtures {
        let payload = fixture.payload();
        let expected = evaluate(&payload, &Host { today: &today, cluster: &fixture.cluster }).response.to_json();
        let cluster = fixture.cluster.clone();
        let host = move |_: &str, _: &str, operation: &str, payload: &[u8]| answer(&cluster, operation, payload);
        let host = Arc::new(host);
        let found = module.clone().with_host(host.clone()).call("validate", &payload);
        // Programs with many calls to make take a shorter way to the same answer.
        let sooner = direct.clone().with_host(host).call("validate", &payload);
        assert_eq!(sooner.ok(), found.as_ref().ok().cloned());
        if !found.as_ref().is_ok_and(|found| *found == expected) {
            let found = found.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            let expected = String::from_utf8_lossy(&expected);
            wrong.push(format!("{}\n  core:   {expected}\n  module: {found:?}", fixture.path.display()));
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
