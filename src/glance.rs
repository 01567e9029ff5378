//! One look at the value of a variable, which tells what reading it could find.
//!
//! Several rules read every variable of every container, each for something else, and nearly no variable
//! has any of it. What all of them look for is looked for once, in one pass and without the heap.

use crate::imds;
use credentials::{self, Filter, MARKS};

/// What a value may be.
#[derive(Clone, Copy, Debug, Default)]
pub struct Glance {
    may_hold_credential: bool,
    may_name_endpoint: bool,
    may_assign: bool,
}

const ENDPOINT: usize = 62;
const STRUCTURE: usize = 63;

#[allow(clippy::indexing_slicing, reason = "the compiler evaluates it, and would refuse")]
static FILTER: Filter = {
    assert!(credentials::SIGNATURES.len() + credentials::FORMATS.len() <= ENDPOINT, "no bit is left");
    let mut filter = MARKS;
    let mut n = 0;
    while n < imds::MARKS.len() {
        filter = filter.with(ENDPOINT, &imds::MARKS[n]);
        n += 1;
    }
    let structure = b"=:\n{[<";
    let mut n = 0;
    while n < structure.len() {
        filter = filter.with_byte(STRUCTURE, structure[n]);
        n += 1;
    }
    filter
};

impl Glance {
    pub fn at(text: &str) -> Self {
        let seen = FILTER.seen(text.as_bytes());
        let is_marked = seen & !(1 << ENDPOINT | 1 << STRUCTURE) != 0;
        Glance {
            may_hold_credential: is_marked || credentials::may_have_no_mark(text) || credentials::may_be_base64(text),
            may_name_endpoint: seen >> ENDPOINT & 1 == 1,
            may_assign: seen >> STRUCTURE & 1 == 1,
        }
    }

    /// Whether the recogniser may find something, in plain text or in base64.
    pub fn may_hold_credential(self) -> bool {
        self.may_hold_credential
    }

    /// Whether it may name the metadata endpoint of the node.
    pub fn may_name_endpoint(self) -> bool {
        self.may_name_endpoint
    }

    /// Whether it may be more than a value: a document, or something that assigns values to names.
    pub fn may_assign(self) -> bool {
        self.may_assign
    }
}
