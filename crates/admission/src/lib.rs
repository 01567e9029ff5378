//! Admission requests from manifests, dumps of a cluster that answer look-ups, and fixtures.

pub mod cluster;
#[cfg(feature = "yaml")]
pub mod fixture;
#[cfg(feature = "yaml")]
pub mod mutate;
mod request;
#[cfg(feature = "yaml")]
pub mod session;

pub use request::{Change, Identity, ObjectKey, create_payload, object_key, payload, request};
