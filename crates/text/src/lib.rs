//! Small helpers for strings, for every layer.

pub mod glob;
pub mod sha256;
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

/// Whether two texts are equal, for tables that the compiler builds.
pub const fn is_same(one: &str, other: &str) -> bool {
    let (mut one, mut other) = (one.as_bytes(), other.as_bytes());
    while let ([a, one_rest @ ..], [b, other_rest @ ..]) = (one, other) {
        if *a != *b {
            return false;
        }
        (one, other) = (one_rest, other_rest);
    }
    one.is_empty() && other.is_empty()
}

/// Text for documentation, the settings schema and the browser page. A policy server has no use for it,
/// so it is left out of the module.
pub const fn docs_only(text: &'static str) -> &'static str {
    if cfg!(target_os = "wasi") { "" } else { text }
}
