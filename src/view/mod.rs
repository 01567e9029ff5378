//! The questions that rules ask of an object. A view deals with the shapes of its input once (null,
//! missing, deprecated twins), so that no rule digs through options.

pub mod binding;
pub mod certificate;
pub mod container;
pub mod custom_resource;
pub mod token;
pub mod workload;
pub mod workload_identity;
