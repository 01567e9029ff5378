//! The editor of manifests, on any text: what is read from the edited text is what the changes make of the values.
#![no_main]

#[allow(dead_code, reason = "the tests use the generator of texts too")]
#[path = "../../crates/manifest/tests/styles/mod.rs"]
mod styles;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u64, &str)| {
    let (seed, text) = input;
    styles::check(&mut styles::Random::new(seed), text);
});
