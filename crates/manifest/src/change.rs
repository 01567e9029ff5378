//! A change of an object, as data.

use serde::Serialize;
use serde_json::Value;

/// A change of one node of an object. Pointers are JSON Pointers from the object, not from its document.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "lowercase", tag = "change")]
pub enum Change {
    /// Sets a member or an item, and adds it, and the maps above it, if they are missing. `-` as the last token
    /// appends to a list.
    Set { pointer: String, value: Value },
    /// Removes a member or an item, and nothing else: a map that becomes empty stays.
    Remove { pointer: String },
    /// Gives a member another key in the same place.
    Rename { pointer: String, key: String },
}
