//! Changes in the order and the size in which a text can be changed.

use crate::change::{Change, escape};
use serde_json::Value;
use std::cmp::Ordering;
use std::collections::HashSet;

impl Change {
    /// The same change, of what the object is a part of.
    pub(super) fn below(&self, prefix: &str) -> Change {
        self.at(format!("{prefix}{}", self.pointer()))
    }

    /// The same change, of a part of the object.
    pub(super) fn from(&self, prefix: &str) -> Change {
        self.at(self.pointer().strip_prefix(prefix).unwrap_or_default().to_owned())
    }

    fn at(&self, pointer: String) -> Change {
        match self {
            Change::Set { value, .. } => Change::Set { pointer, value: value.clone() },
            Change::Remove { .. } => Change::Remove { pointer },
            Change::Rename { key, .. } => Change::Rename { pointer, key: key.clone() },
        }
    }
}

/// The changes, each once, in an order in which none invalidates the pointer of a later one: values, then removals
/// from the back to the front, then keys from the inside to the outside.
pub(super) fn ordered(changes: &[Change]) -> Vec<&Change> {
    let mut different: Vec<&Change> = Vec::new();
    let mut seen = HashSet::new();
    for change in changes {
        // Of equal changes, one is made, as on values.
        let is_new = match change {
            Change::Set { pointer, value } if pointer.ends_with("/-") => {
                seen.insert((pointer.as_str(), value.to_string()))
            }
            change => seen.insert((change.pointer(), String::new())),
        };
        if is_new {
            different.push(change);
        }
    }
    let rank = |change: &Change| match change {
        Change::Set { .. } => 0,
        Change::Remove { .. } => 1,
        Change::Rename { .. } => 2,
    };
    different.sort_by(|a, b| {
        let by_place = || match a {
            Change::Set { .. } => Ordering::Equal,
            _ => compare(b.pointer(), a.pointer()),
        };
        rank(a).cmp(&rank(b)).then_with(by_place)
    });
    different
}

/// Document order of pointers: indexes as numbers, and what is above before what is below.
fn compare(a: &str, b: &str) -> Ordering {
    let mut tokens = a.split('/').zip(b.split('/'));
    let unequal = tokens.find_map(|(a, b)| {
        let numbers = a.parse::<usize>().ok().zip(b.parse::<usize>().ok());
        Some(numbers.map_or_else(|| a.cmp(b), |(a, b)| a.cmp(&b))).filter(|order| order.is_ne())
    });
    unequal.unwrap_or_else(|| a.split('/').count().cmp(&b.split('/').count()))
}

/// Sets that change only what differs between two values, so that what is equal keeps its text.
pub(super) fn difference(pointer: &str, old: &Value, new: &Value, changes: &mut Vec<Change>) {
    match (old, new) {
        (old, new) if old == new => {}
        (Value::Object(old), Value::Object(map)) if !old.is_empty() && !map.is_empty() => {
            for (key, new) in map {
                let pointer = format!("{pointer}/{}", escape(key));
                match old.get(key) {
                    Some(old) => difference(&pointer, old, new, changes),
                    None => changes.push(Change::Set { pointer, value: new.clone() }),
                }
            }
            for key in old.keys().filter(|key| !map.contains_key(*key)) {
                changes.push(Change::Remove { pointer: format!("{pointer}/{}", escape(key)) });
            }
        }
        (Value::Array(old), Value::Array(list)) if !old.is_empty() && !list.is_empty() => {
            for (index, new) in list.iter().enumerate() {
                match old.get(index) {
                    Some(old) => difference(&format!("{pointer}/{index}"), old, new, changes),
                    None => changes.push(Change::Set { pointer: format!("{pointer}/-"), value: new.clone() }),
                }
            }
            for index in list.len()..old.len() {
                changes.push(Change::Remove { pointer: format!("{pointer}/{index}") });
            }
        }
        _ => changes.push(Change::Set { pointer: pointer.to_owned(), value: new.clone() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apply_changes;
    use serde_json::json;

    #[test]
    fn differences_lead_from_one_value_to_the_other() {
        let values = [
            json!({"a": 1, "b": {"c": [1, 2, 3], "d": null}}),
            json!({"a": 2, "b": {"c": [1, 4], "e": {}}}),
            json!({"b": {"c": [1, 2, 3, {"x": 1}]}}),
        ];
        for old in &values {
            for new in &values {
                let mut changes = Vec::new();
                difference("", old, new, &mut changes);
                assert_eq!(apply_changes(old, &changes).as_ref(), Ok(new), "{changes:?}");
            }
        }
    }

    #[test]
    fn removals_go_from_the_back_to_the_front() {
        let remove = |pointer: &str| Change::Remove { pointer: pointer.to_owned() };
        let changes = [remove("/l/2"), remove("/l/10"), remove("/l/1/x"), remove("/l/2")];
        let pointers: Vec<&str> = ordered(&changes).into_iter().map(Change::pointer).collect();
        assert_eq!(pointers, ["/l/10", "/l/2", "/l/1/x"]);
    }
}
