//! Small helpers for strings that every layer may use.

pub mod glob;
mod shown;

pub use shown::shown;

/// Text for documentation, the settings schema and the browser page. A policy server has no use for it,
/// so it is left out of the module.
pub const fn docs_only(text: &'static str) -> &'static str {
    if cfg!(target_os = "wasi") { "" } else { text }
}
