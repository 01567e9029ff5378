//! JSON Pointers, and what a change does to a value.

use manifest::Change;
use serde_json::{Map, Value};

/// A key as a token of a pointer.
pub(crate) fn token(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// The pointer to a member, by the keys above it.
pub(crate) fn join(pointer: &str, keys: &[&str]) -> String {
    keys.iter().fold(pointer.to_owned(), |pointer, key| format!("{pointer}/{}", token(key)))
}

fn tokens(pointer: &str) -> impl Iterator<Item = String> + use<'_> {
    pointer.split('/').skip(1).map(|token| token.replace("~1", "/").replace("~0", "~"))
}

/// Applies a change; one whose place is not there has no effect.
pub(crate) fn apply(object: &mut Value, change: &Change) {
    match change {
        Change::Set { pointer, value } => set(object, pointer, value.clone()),
        Change::Remove { pointer } => remove(object, pointer),
        Change::Rename { pointer, key } => rename(object, pointer, key),
    }
}

fn set(object: &mut Value, pointer: &str, value: Value) {
    let mut node = object;
    for token in tokens(pointer) {
        if node.is_null() {
            *node = if token == "-" { Value::Array(Vec::new()) } else { Value::Object(Map::new()) };
        }
        node = match node {
            Value::Object(members) => members.entry(token).or_insert(Value::Null),
            Value::Array(items) => {
                let at = if token == "-" { items.len() } else { token.parse().unwrap_or(items.len()) };
                if at >= items.len() {
                    items.push(Value::Null);
                }
                let last = items.len().saturating_sub(1);
                match items.get_mut(at.min(last)) {
                    Some(item) => item,
                    None => return,
                }
            }
            _ => return,
        };
    }
    *node = value;
}

fn parent<'v>(object: &'v mut Value, pointer: &str) -> Option<(&'v mut Value, String)> {
    let (above, _) = pointer.rsplit_once('/')?;
    let key = tokens(pointer).last()?;
    Some((object.pointer_mut(above)?, key))
}

fn remove(object: &mut Value, pointer: &str) {
    match parent(object, pointer) {
        Some((Value::Object(members), key)) => _ = members.shift_remove(&key),
        Some((Value::Array(items), key)) => {
            if let Some(at) = key.parse::<usize>().ok().filter(|at| *at < items.len()) {
                items.remove(at);
            }
        }
        _ => {}
    }
}

fn rename(object: &mut Value, pointer: &str, new: &str) {
    if let Some((Value::Object(members), key)) = parent(object, pointer) {
        let renamed = std::mem::take(members).into_iter();
        *members = renamed.map(|(name, value)| if name == key { (new.to_owned(), value) } else { (name, value) }).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn changes_apply_to_values() {
        let mut object = json!({"metadata": {"name": "web"}, "list": [1, 2, 3]});
        let set = |pointer: &str, value: Value| Change::Set { pointer: pointer.to_owned(), value };
        apply(&mut object, &set("/metadata/labels/azure.workload.identity~1use", json!("true")));
        apply(&mut object, &set("/list/-", json!(4)));
        apply(&mut object, &set("/new/-", json!("a")));
        apply(&mut object, &Change::Remove { pointer: "/list/1".to_owned() });
        apply(&mut object, &Change::Remove { pointer: "/nothing/here".to_owned() });
        apply(&mut object, &Change::Rename { pointer: "/metadata/name".to_owned(), key: "title".to_owned() });
        assert_eq!(
            object,
            json!({"metadata": {"title": "web", "labels": {"azure.workload.identity/use": "true"}},
                "list": [1, 3, 4], "new": ["a"]})
        );
    }
}
