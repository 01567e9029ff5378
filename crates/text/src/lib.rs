//! Small helpers for strings, for every layer.

pub mod glob;
mod shown;

pub use shown::shown;

/// Whether a text is a GUID in either case, with hyphens and without braces.
pub fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(index, b)| match index {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

/// Text for documentation, the settings schema and the browser page. A policy server has no use for it,
/// so it is left out of the module.
pub const fn docs_only(text: &'static str) -> &'static str {
    if cfg!(target_os = "wasi") { "" } else { text }
}
