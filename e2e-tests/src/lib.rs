//! What the tests of the finished module share: where the build puts it, its budget, the cases that kwctl
//! runs too, and the samples that the benchmark times.

#[cfg(feature = "host")]
pub mod budget;
mod built;
pub mod cases;
#[cfg(feature = "host")]
pub mod heavy;
#[cfg(feature = "host")]
mod heavy_open;
#[cfg(feature = "host")]
pub mod loaded;
pub mod samples;

pub use built::{Built, root};
