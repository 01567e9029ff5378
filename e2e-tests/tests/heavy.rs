//! No request costs more than a bound for its size, whatever its author writes.
use admission::heavy::classes;
use e2e_tests::heavy::{Measured, meter};
use rayon::prelude::*;

/// The classes that are still over the bounds would take minutes at a mebibyte; `heavy 1048576` prints all at that size.
const SIZE: usize = 1 << 17;

#[test]
fn the_cost_of_a_request_is_bounded() {
    let meter = meter().unwrap();
    let classes: Vec<_> = classes().collect();
    let objections: Vec<String> = classes
        .into_par_iter()
        .flat_map_iter(|class| match Measured::of(&meter, class, SIZE) {
            Ok(measured) => measured.objections(),
            Err(error) => vec![format!("{error:#}")],
        })
        .collect();
    assert!(objections.is_empty(), "{}", objections.join("\n"));
}
