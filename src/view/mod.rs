//! The questions that rules ask of an object. A view handles the variants of its input once (null,
//! missing, deprecated members), so that rules do not have to.

pub(crate) mod binding;
pub(crate) mod certificate;
pub mod container;
pub(crate) mod custom_resource;
pub(crate) mod token;
pub mod workload;
pub mod workload_identity;
