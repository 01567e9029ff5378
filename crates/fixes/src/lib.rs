//! What to change in a manifest so that a finding is gone, as data.

use admission::ObjectKey;
use manifest::Change;
use serde::Serialize;
use serde_json::Value;

/// How much a fix decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Safety {
    /// The object then does what its author meant.
    Safe,
    /// It needs a decision, or a value that is marked `<...>`.
    Suggested,
}

/// A way to resolve one finding. Its edits apply together.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fix {
    pub safety: Safety,
    /// An imperative: "move the label to the pod template".
    pub title: String,
    pub edits: Vec<Edit>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "lowercase", tag = "object")]
pub enum Edit {
    /// Of the object that has the finding.
    Own(Change),
    /// Of another object of the input.
    Other { key: ObjectKey, edit: Change },
    /// A new object, next to the one that has the finding.
    New { value: Value },
}
