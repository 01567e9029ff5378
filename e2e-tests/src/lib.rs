//! Runs a compiled policy module the way policy-server does: compiled once, linked once, a fresh
//! instance for every call, interrupted when it takes too long, and with no host capability
//! unless the caller hands one in.
//!
//! ```no_run
//! # fn main() -> anyhow::Result<()> {
//! use e2e_tests::Module;
//! use serde_json::json;
//!
//! let policy = Module::load(&std::fs::read("policy.wasm")?)?;
//! let answer = policy.validate(&json!({"uid": "1", "operation": "CREATE"}), &json!({}))?;
//! println!("{}", answer.accepted);
//! # Ok(())
//! # }
//! ```
pub mod budget;
mod built;
pub mod cases;
mod direct;
mod engine;
mod host;
pub mod interface;
pub mod meter;
mod module;
mod protocol;
pub mod samples;

pub use built::{Built, root};
pub use host::{HostCallbacks, NoHost};
pub use meter::{Meter, Metered};
pub use module::{CallError, LoadError, Module};
pub use protocol::{SettingsResponse, ValidationResponse, validation_payload};
