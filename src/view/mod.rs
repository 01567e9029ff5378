//! The questions that rules ask of an object. A view handles the variants of its input once (null,
//! missing, deprecated members), so that rules do not have to.

pub mod binding;
pub mod certificate;
pub mod container;
pub mod custom_resource;
pub mod token;
pub mod workload;
pub mod workload_identity;
