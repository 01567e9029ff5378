//! One finding and what it is about, with what most fixes need.

use crate::{Edit, Fix, Input, Located, Safety};
use entra_auth_policy::object::LAST_APPLIED;
use kubernetes::kind::Kind;
use manifest::{Change, escape, unescape};
use serde_json::Value;
use std::borrow::Cow;

/// What a fix is computed from.
pub(crate) struct Case<'a> {
    pub finding: &'a Located<'a>,
    pub object: &'a Value,
    pub input: &'a Input<'a>,
}

impl<'a> Case<'a> {
    pub(crate) fn pointer(&self) -> &'a str {
        self.finding.pointer
    }

    /// The node that the finding points at.
    pub(crate) fn node(&self) -> &'a Value {
        self.at(self.pointer())
    }

    pub(crate) fn text(&self) -> Option<&'a str> {
        self.node().as_str()
    }

    /// The node at a pointer; null if there is none, which Kubernetes treats alike.
    pub(crate) fn at(&self, pointer: &str) -> &'a Value {
        self.object.pointer(pointer).unwrap_or(&Value::Null)
    }

    /// The key of the node that the finding points at.
    pub(crate) fn key(&self) -> Cow<'a, str> {
        unescape(self.pointer().rsplit('/').next().unwrap_or_default())
    }

    /// The pointer of the map or list that the node is in.
    pub(crate) fn above(&self) -> &'a str {
        self.pointer().rsplit_once('/').map_or("", |(above, _)| above)
    }

    pub(crate) fn is(&self, kind: &Kind) -> bool {
        let version = self.object["apiVersion"].as_str().unwrap_or_default();
        let group = version.split_once('/').map_or("", |(group, _)| group);
        kind.is(group, self.object["kind"].as_str().unwrap_or_default())
    }

    pub(crate) fn is_any(&self, kinds: &[Kind]) -> bool {
        kinds.iter().any(|kind| self.is(kind))
    }

    /// The namespace of the object, as kubectl without a context of its own takes it.
    pub(crate) fn namespace(&self) -> &'a str {
        namespace_of(self.object)
    }

    /// The variable that the finding is at or in: its pointer and its name.
    pub(crate) fn variable(&self) -> Option<(&'a str, &'a str)> {
        let is_item = |pointer: &str| {
            let mut tokens = pointer.rsplit('/');
            tokens.next().is_some_and(|index| index.bytes().all(|b| b.is_ascii_digit())) && tokens.next() == Some("env")
        };
        let pointer = [self.pointer(), self.above()].into_iter().find(|pointer| is_item(pointer))?;
        Some((pointer, self.at(pointer)["name"].as_str()?))
    }
}

/// Removes kubectl's copy of the object, if it has one: it repeats what is removed from the object.
pub(crate) fn without_copy(case: &Case<'_>) -> Option<Edit> {
    let place = member("/metadata/annotations", LAST_APPLIED);
    case.object.pointer(&place).map(|_| remove(place))
}

pub(crate) fn namespace_of(object: &Value) -> &str {
    object["metadata"]["namespace"].as_str().filter(|namespace| !namespace.is_empty()).unwrap_or("default")
}

/// A pointer to the member `key` of the node at `pointer`.
pub(crate) fn member(pointer: &str, key: &str) -> String {
    format!("{pointer}/{}", escape(key))
}

pub(crate) fn set(pointer: impl Into<String>, value: impl Into<Value>) -> Edit {
    Edit::Own(Change::Set { pointer: pointer.into(), value: value.into() })
}

pub(crate) fn remove(pointer: impl Into<String>) -> Edit {
    Edit::Own(Change::Remove { pointer: pointer.into() })
}

pub(crate) fn rename(pointer: impl Into<String>, key: impl Into<String>) -> Edit {
    Edit::Own(Change::Rename { pointer: pointer.into(), key: key.into() })
}

/// The only fix, after which the object does what its author meant.
pub(crate) fn safe(title: impl Into<String>, edits: impl Into<Vec<Edit>>) -> Vec<Fix> {
    vec![Fix { safety: Safety::Safe, title: title.into(), edits: edits.into() }]
}

/// The only fix, which needs a decision or a value.
pub(crate) fn suggested(title: impl Into<String>, edits: impl Into<Vec<Edit>>) -> Vec<Fix> {
    vec![Fix { safety: Safety::Suggested, title: title.into(), edits: edits.into() }]
}

/// The only fix, which is safe under a condition.
pub(crate) fn safe_if(is_safe: bool, title: impl Into<String>, edits: impl Into<Vec<Edit>>) -> Vec<Fix> {
    if is_safe { safe(title, edits) } else { suggested(title, edits) }
}
