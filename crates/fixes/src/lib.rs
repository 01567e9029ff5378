//! What to change in a manifest so that a finding is gone, as data.
//!
//! [`rows`] says for every rule what its fix is, or why it has none. [`fixes`] computes the edits for one finding. It
//! knows the objects of the input, but not the settings: a program that writes edits evaluates the result first. The
//! module that a policy server loads does not contain any of this.

mod accounts;
mod case;
mod modes;
mod pods;
mod roles;
mod rules;
mod table;

pub use accounts::Input;
#[cfg(feature = "texts")]
pub use table::Answer;
pub use table::{Row, may_leave, row, rows};

use admission::ObjectKey;
use case::Case;
use manifest::{Change, check_changes};
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

/// A finding, as far as its fix depends on it.
#[derive(Clone, Copy, Debug)]
pub struct Located<'a> {
    pub rule: &'a str,
    /// The JSON Pointer of the nearest node that the object has.
    pub pointer: &'a str,
    pub message: &'a str,
}

/// The fixes of one finding of an object of the input, the best one first; each resolves it alone. `others` are all
/// objects of the input, this one included. For many findings, read the input once: [`fixes_in`].
pub fn fixes(finding: &Located, object: &Value, others: &[Value]) -> Vec<Fix> {
    fixes_in(finding, object, &Input::of(others))
}

/// As [`fixes`], with an input that has been read.
pub fn fixes_in(finding: &Located, object: &Value, input: &Input) -> Vec<Fix> {
    let Some(row) = row(finding.rule) else { return Vec::new() };
    let mut fixes = (row.compute)(&Case { finding, object, input });
    fixes.retain(|fix| !fix.edits.is_empty() && fits(fix, object));
    fixes
}

/// Whether the edits can be applied: an object of another shape than its kind has gets none.
fn fits(fix: &Fix, object: &Value) -> bool {
    let own =
        fix.edits.iter().filter_map(|edit| if let Edit::Own(change) = edit { Some(change.clone()) } else { None });
    check_changes(object, &own.collect::<Vec<_>>()).is_ok()
}
