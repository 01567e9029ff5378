//! Size, instructions and memory stay within the budget. These tests do not read a clock.
use std::fs;

use e2e_tests::Built;
use e2e_tests::budget::{Budget, MAX_MEMORY};
use e2e_tests::samples::samples;

#[test]
fn nothing_grew_unnoticed() {
    let snapshot = fs::read_to_string(Budget::path()).unwrap();
    let now = Budget::measure().unwrap();
    let objections = Budget::parse(&snapshot).unwrap().objections(&now);
    assert!(
        objections.is_empty(),
        "if this is meant, run `make budget` and commit budget.snap:\n{}",
        objections.join("\n")
    );
}

#[test]
fn large_objects_cost_in_proportion_and_fit_in_memory() {
    let meter = Built::Policy.meter().unwrap();
    let cost = |name: &str| {
        let sample = samples().into_iter().find(|sample| sample.name == name).unwrap();
        let metered = meter.call("validate", &sample.payload).unwrap();
        assert!(metered.memory <= MAX_MEMORY, "{name}: {} bytes of memory", metered.memory);
        metered.fuel as f64 / sample.payload.len() as f64
    };
    let (small, large) = (cost("ConfigMap 64 kB"), cost("ConfigMap 1 MiB"));
    assert!(large <= 1.5 * small, "{small} and {large} instructions a byte");
}
