//! What the tests of the finished module share: where the build puts it, its budget, the cases that kwctl
//! runs too, and the samples that the benchmark times.

pub mod budget;
mod built;
pub mod cases;
pub mod samples;

pub use built::{Built, root};
