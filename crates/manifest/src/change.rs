//! A change of an object, as data.

use serde::Serialize;
use serde_json::{Map, Value};
use std::borrow::Cow;

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

/// Why changes cannot be applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    #[error("the object has nothing at {0}")]
    Missing(String),
    #[error("{0} is neither a map nor a list, so nothing can be below it")]
    NotAContainer(String),
    #[error("there is a member {key} next to {pointer} already")]
    Exists { pointer: String, key: String },
    #[error("{0} and {1} are changed by different fixes")]
    Conflict(String, String),
}

impl Change {
    pub fn pointer(&self) -> &str {
        match self {
            Change::Set { pointer, .. } | Change::Remove { pointer } | Change::Rename { pointer, .. } => pointer,
        }
    }

    /// Whether the change can be applied to the object, without a copy of it.
    fn check(&self, object: &Value) -> Result<(), ChangeError> {
        let pointer = self.pointer();
        let missing = || Err(ChangeError::Missing(pointer.to_owned()));
        match (self, object.pointer(pointer)) {
            (Change::Set { .. }, Some(_)) => Ok(()),
            (Change::Set { .. }, None) => {
                // The nearest node above that is there decides.
                let mut rest = pointer;
                while let Some((above, token)) = rest.rsplit_once('/') {
                    return match object.pointer(above) {
                        None => {
                            rest = above;
                            continue;
                        }
                        Some(Value::Null | Value::Object(_)) => Ok(()),
                        Some(Value::Array(_)) if token == "-" => Ok(()),
                        Some(Value::Array(_)) => missing(),
                        Some(_) => Err(ChangeError::NotAContainer(above.to_owned())),
                    };
                }
                missing()
            }
            (Change::Remove { .. }, Some(_)) if !pointer.is_empty() => Ok(()),
            (Change::Rename { key, .. }, Some(_)) => {
                let (above, last) = pointer.rsplit_once('/').unwrap_or_default();
                match object.pointer(above) {
                    Some(Value::Object(map)) if map.contains_key(key) && *key != *unescape(last) => {
                        Err(ChangeError::Exists { pointer: pointer.to_owned(), key: key.clone() })
                    }
                    Some(Value::Object(_)) => Ok(()),
                    _ => missing(),
                }
            }
            _ => missing(),
        }
    }

    /// Applies this change alone. An object that it does not fit is unchanged, except for maps that a `Set` has added.
    pub fn apply(&self, object: &mut Value) -> Result<(), ChangeError> {
        let pointer = self.pointer();
        let missing = || ChangeError::Missing(pointer.to_owned());
        let Some((above, last)) = pointer.rsplit_once('/') else {
            // The object itself.
            let Change::Set { value, .. } = self else { return Err(missing()) };
            value.clone_into(object);
            return Ok(());
        };
        let key = unescape(last);
        match self {
            Change::Set { value, .. } => set(parent(object, above, last)?, &key, value, pointer),
            Change::Remove { .. } => match object.pointer_mut(above) {
                Some(Value::Object(map)) => map.shift_remove(&*key).map(drop).ok_or_else(missing),
                Some(Value::Array(items)) => match index(&key).filter(|at| *at < items.len()) {
                    Some(at) => {
                        items.remove(at);
                        Ok(())
                    }
                    None => Err(missing()),
                },
                _ => Err(missing()),
            },
            Change::Rename { key: new, .. } => {
                let Some(Value::Object(map)) = object.pointer_mut(above) else { return Err(missing()) };
                if !map.contains_key(&*key) {
                    return Err(missing());
                }
                if *new != *key && map.contains_key(new) {
                    return Err(ChangeError::Exists { pointer: pointer.to_owned(), key: new.clone() });
                }
                let renamed = std::mem::take(map).into_iter();
                *map = renamed.map(|(name, value)| (if name == *key { new.clone() } else { name }, value)).collect();
                Ok(())
            }
        }
    }
}

/// The object after all of these changes. Every pointer means a node of `object` as it is before. Of equal changes,
/// one is applied; two different ones of the same node, or of a node and one below it, are a conflict.
pub fn apply_changes(object: &Value, changes: &[Change]) -> Result<Value, ChangeError> {
    let mut object = object.clone();
    in_order(changes)?.into_iter().try_for_each(|change| change.apply(&mut object))?;
    Ok(object)
}

/// The changes as [`apply_changes`] applies them: one after the other, each to what the one before has left.
pub fn in_order(changes: &[Change]) -> Result<Vec<&Change>, ChangeError> {
    let kept = without_conflicts(changes)?;
    // From the end, so that the indexes of those before stay right; what is appended comes last, in its own order.
    let (append, others): (Vec<_>, Vec<_>) = kept.into_iter().partition(|(path, _)| path.last() == Some(&Step::End));
    let is_removal = |change: &Change| matches!(change, Change::Remove { .. });
    let (removals, others): (Vec<_>, Vec<_>) = others.into_iter().rev().partition(|(_, change)| is_removal(change));
    Ok(others.into_iter().chain(append).chain(removals).map(|(_, change)| change).collect())
}

/// Whether all of these changes can be applied together, without a copy of the object.
pub fn check_changes(object: &Value, changes: &[Change]) -> Result<(), ChangeError> {
    without_conflicts(changes)?.into_iter().try_for_each(|(_, change)| change.check(object))
}

/// The changes in the order of their pointers, each once.
fn without_conflicts(changes: &[Change]) -> Result<Vec<(Vec<Step<'_>>, &Change)>, ChangeError> {
    let mut sorted: Vec<(Vec<Step<'_>>, &Change)> = Vec::new();
    for change in changes {
        sorted.push((steps(change.pointer()), change));
    }
    // Equal pointers are neighbours then, and a node comes directly before those below it. Changes that append are in
    // the order in which they were given.
    sorted.sort_by(|(a, _), (b, _)| a.cmp(b));
    let mut kept: Vec<(Vec<Step<'_>>, &Change)> = Vec::new();
    for (path, change) in sorted {
        let appends = path.last() == Some(&Step::End);
        let same = kept.iter().rev().take_while(|(known, _)| *known == path);
        if same.clone().any(|(_, known)| *known == change) {
            continue;
        }
        if let Some((known, earlier)) = kept.last()
            && path.starts_with(known)
            && !(appends && *known == path)
        {
            return Err(ChangeError::Conflict(earlier.pointer().to_owned(), change.pointer().to_owned()));
        }
        kept.push((path, change));
    }
    Ok(kept)
}

/// A token of a pointer. Indexes are in numeric order.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step<'p> {
    Index(usize),
    Key(Cow<'p, str>),
    End,
}

fn steps(pointer: &str) -> Vec<Step<'_>> {
    let step = |token| match index(token) {
        Some(at) => Step::Index(at),
        None if token == "-" => Step::End,
        None => Step::Key(unescape(token)),
    };
    pointer.split('/').skip(1).map(step).collect()
}

/// The map or list at `pointer`, which has `child`. Missing maps on the way are added, and a null counts as missing.
fn parent<'v>(object: &'v mut Value, pointer: &str, child: &str) -> Result<&'v mut Value, ChangeError> {
    let mut node = object;
    let mut at = 0;
    loop {
        let rest = pointer.get(at..).unwrap_or_default();
        let token = rest.strip_prefix('/').map(|rest| rest.split('/').next().unwrap_or_default());
        if node.is_null() {
            *node = if token.unwrap_or(child) == "-" { Value::Array(Vec::new()) } else { Value::Object(Map::new()) };
        }
        let Some(token) = token else { return Ok(node) };
        at += 1 + token.len();
        let so_far = || pointer.get(..at).unwrap_or_default().to_owned();
        node = match node {
            Value::Object(map) => map.entry(unescape(token)).or_insert(Value::Null),
            Value::Array(items) => {
                index(token).and_then(|at| items.get_mut(at)).ok_or_else(|| ChangeError::Missing(so_far()))?
            }
            _ => return Err(ChangeError::NotAContainer(so_far())),
        };
    }
}

fn set(parent: &mut Value, key: &str, value: &Value, pointer: &str) -> Result<(), ChangeError> {
    match parent {
        Value::Object(map) => _ = map.insert(key.to_owned(), value.clone()),
        Value::Array(items) if key == "-" => items.push(value.clone()),
        Value::Array(items) => match index(key).and_then(|at| items.get_mut(at)) {
            Some(item) => value.clone_into(item),
            None => return Err(ChangeError::Missing(pointer.to_owned())),
        },
        _ => return Err(ChangeError::NotAContainer(pointer.to_owned())),
    }
    Ok(())
}

/// An index as JSON Pointers write it.
fn index(token: &str) -> Option<usize> {
    let is_canonical = token == "0" || !token.starts_with(['0', '+']);
    token.parse().ok().filter(|_| is_canonical)
}

/// The key that a token of a JSON Pointer means.
pub fn unescape(token: &str) -> Cow<'_, str> {
    if token.contains('~') { token.replace("~1", "/").replace("~0", "~").into() } else { token.into() }
}

/// A token of a JSON Pointer for this key.
pub fn escape(key: &str) -> Cow<'_, str> {
    if key.contains(['~', '/']) { key.replace('~', "~0").replace('/', "~1").into() } else { key.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn set(pointer: &str, value: Value) -> Change {
        Change::Set { pointer: pointer.to_owned(), value }
    }

    fn remove(pointer: &str) -> Change {
        Change::Remove { pointer: pointer.to_owned() }
    }

    fn rename(pointer: &str, key: &str) -> Change {
        Change::Rename { pointer: pointer.to_owned(), key: key.to_owned() }
    }

    /// With the order of members, which equality of values does not see.
    fn text(object: Value, changes: &[Change]) -> String {
        let applied = apply_changes(&object, changes);
        assert_eq!(check_changes(&object, changes).err().map(drop), applied.as_ref().err().map(drop));
        applied.map_or_else(|error| error.to_string(), |object| object.to_string())
    }

    #[test]
    fn members_are_set_removed_and_renamed_in_place() {
        let object = || json!({"a": 1, "b/c": {"d": [1, 2, 3]}, "e": null});
        assert_eq!(text(object(), &[set("/b~1c/d/1", json!("x"))]), r#"{"a":1,"b/c":{"d":[1,"x",3]},"e":null}"#);
        assert_eq!(
            text(object(), &[set("/e/f/g", json!(true))]),
            r#"{"a":1,"b/c":{"d":[1,2,3]},"e":{"f":{"g":true}}}"#
        );
        assert_eq!(text(object(), &[set("/e/-", json!(1))]), r#"{"a":1,"b/c":{"d":[1,2,3]},"e":[1]}"#);
        assert_eq!(text(object(), &[remove("/a")]), r#"{"b/c":{"d":[1,2,3]},"e":null}"#);
        assert_eq!(text(object(), &[rename("/b~1c", "b")]), r#"{"a":1,"b":{"d":[1,2,3]},"e":null}"#);
        assert_eq!(text(object(), &[set("", json!({}))]), "{}");
    }

    #[test]
    fn pointers_mean_the_object_as_it_was() {
        let object = || json!({"l": (0..12).collect::<Vec<_>>()});
        let changes =
            [remove("/l/2"), remove("/l/11"), set("/l/-", json!("y")), set("/l/3", json!("x")), remove("/l/0")];
        assert_eq!(text(object(), &changes), r#"{"l":[1,"x",4,5,6,7,8,9,10,"y"]}"#);
        // Two findings can have one cause.
        assert_eq!(text(json!({"a": 1}), &[remove("/a"), remove("/a")]), "{}");
        let both = [set("/l/-", json!("y")), set("/l/-", json!("z")), set("/l/-", json!("y"))];
        assert_eq!(text(json!({"l": [1]}), &both), r#"{"l":[1,"y","z"]}"#);
    }

    #[test]
    fn changes_that_do_not_fit_are_errors() {
        let object = || json!({"a": "x", "b": {"c": 1}, "l": [1]});
        for (changes, error) in [
            (vec![remove("/z")], "the object has nothing at /z"),
            (vec![remove("/l/1")], "the object has nothing at /l/1"),
            (vec![set("/l/1", json!(1))], "the object has nothing at /l/1"),
            (vec![set("/l/01", json!(1))], "the object has nothing at /l/01"),
            (vec![set("/a/b/c", json!(1))], "/a/b is neither a map nor a list, so nothing can be below it"),
            (vec![rename("/a", "b")], "there is a member b next to /a already"),
            (vec![set("/b/c", json!(2)), remove("/b")], "/b and /b/c are changed by different fixes"),
            (vec![set("/a", json!(2)), remove("/a")], "/a and /a are changed by different fixes"),
            (vec![set("/l/-", json!(2)), remove("/l")], "/l and /l/- are changed by different fixes"),
        ] {
            assert_eq!(text(object(), &changes), error);
        }
    }
}
