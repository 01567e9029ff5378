//! Runs a compiled policy module as policy-server does: compiled once, linked once, a fresh instance for
//! every call, interrupted when it takes too long, and without host capabilities unless the caller grants
//! some.
//!
//! ```no_run
//! # fn main() -> anyhow::Result<()> {
//! use host::Module;
//! use serde_json::json;
//!
//! let policy = Module::load(&std::fs::read("policy.wasm")?)?;
//! let answer = policy.validate(&json!({"uid": "1", "operation": "CREATE"}), &json!({}))?;
//! println!("{}", answer.accepted);
//! # Ok(())
//! # }
//! ```
mod callbacks;
mod clock;
mod direct;
mod engine;
pub mod interface;
mod meter;
mod module;
mod protocol;

pub use callbacks::{HostCallbacks, NoHost};
pub use clock::Clock;
pub use meter::{Meter, Metered};
pub use module::{CallError, LoadError, Module};
pub use protocol::{SettingsResponse, ValidationResponse, validation_payload};
