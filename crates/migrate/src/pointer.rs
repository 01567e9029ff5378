//! JSON Pointers.

use manifest::{Change, escape};
use serde_json::Value;

/// The pointer to a member, by the keys above it.
pub(crate) fn join(pointer: &str, keys: &[&str]) -> String {
    keys.iter().fold(pointer.to_owned(), |pointer, key| format!("{pointer}/{}", escape(key)))
}

/// Sets a member. An object of another shape stays as it is.
pub(crate) fn put(object: &mut Value, pointer: &str, value: impl Into<Value>) {
    let _ = Change::Set { pointer: pointer.to_owned(), value: value.into() }.apply(object);
}
