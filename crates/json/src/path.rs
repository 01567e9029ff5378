//! JSONPath (RFC 9535) as users write it in settings. The only module that names the library.
//!
//! `serde_json_path` has no regular expressions here (the feature is off), reports where a path is wrong, and
//! reports where each match is. `jsonpath_lib` panics on some paths and returns wrong matches for others; see
//! `tests/jsonpath_lib.rs`.

use crate::Node;
use serde_json::Value;
use serde_json_path::{JsonPath, PathElement};

/// The longest path that settings can have.
pub const LONGEST_PATH: usize = 512;

/// Why a path cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub struct Invalid {
    /// Position of the fault in the path, from 1.
    pub position: usize,
    pub reason: String,
}

/// Checks a path without running it.
pub fn check(path: &str) -> Result<(), Invalid> {
    compile(path).map(|_| ())
}

fn compile(path: &str) -> Result<JsonPath, Invalid> {
    if path.len() > LONGEST_PATH {
        return Err(Invalid { position: LONGEST_PATH + 1, reason: format!("longer than {LONGEST_PATH} characters") });
    }
    JsonPath::parse(path).map_err(|error| Invalid { position: error.position(), reason: error.message().to_owned() })
}

/// The nodes of `root` that `path` selects, in document order; none for a path that does not compile.
pub fn select<'a>(path: &str, root: Node<'a>) -> Vec<Node<'a>> {
    let Ok(path) = compile(path) else { return Vec::new() };
    let value = owned(root);
    path.query_located(&value)
        .locations()
        .filter_map(|location| {
            location.iter().try_fold(root, |node, element| match element {
                PathElement::Name(name) => Some(node.get(name)).filter(|n| !n.is_absent()),
                PathElement::Index(index) => node.items().nth(*index),
            })
        })
        .collect()
}

/// The tree that the library reads.
fn owned(node: Node<'_>) -> Value {
    if let Some(text) = node.text() {
        return Value::from(text);
    }
    if node.is_list() {
        return node.items().map(owned).collect();
    }
    if node.is_object() {
        let mut map = serde_json::Map::new();
        for (key, member) in node.members() {
            map.insert(key.to_owned(), owned(member));
        }
        return Value::Object(map);
    }
    let whole = node.integer().map(Value::from);
    whole.or_else(|| node.number().map(Value::from)).or_else(|| node.bool().map(Value::from)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;

    #[test]
    fn selects_nodes_of_the_tree_itself() {
        let value = parse(r#"{"spec":{"a":[{"p":"x"},{"p":"y"},{"q":1}],"k":{"p":"z"}}}"#).unwrap();
        let root = Node::new(&value);
        let texts = |path: &str| select(path, root).into_iter().filter_map(Node::text).collect::<Vec<_>>();
        assert_eq!(texts("$.spec.a[*].p"), ["x", "y"]);
        assert_eq!(texts("$..p").len(), 3);
        assert_eq!(texts("$.spec.a[?@.p == 'y'].p"), ["y"]);
        assert!(select("$.spec.k", root)[0].address() == root.at(&["spec", "k"]).address());
    }

    #[test]
    fn faults_have_a_position() {
        for path in ["", "spec", "$.spec[", "$.a b", "$[?match(@.a, 'x')]", &format!("${}", ".a".repeat(400))] {
            assert!(check(path).is_err(), "{path}");
        }
        assert!(check("$.spec[").unwrap_err().position > 0);
        assert_eq!(check("$.spec.template"), Ok(()));
    }
}
