//! JSON Pointers.

use manifest::escape;

/// The pointer to a member, by the keys above it.
pub(crate) fn join(pointer: &str, keys: &[&str]) -> String {
    keys.iter().fold(pointer.to_owned(), |pointer, key| format!("{pointer}/{}", escape(key)))
}
