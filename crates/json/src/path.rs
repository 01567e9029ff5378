//! JSONPath (RFC 9535) as users write it in settings. The only module that names the library.
//!
//! `serde_json_path` has no regular expressions here (the feature is off), reports where a path is wrong, and
//! reports where each match is. `jsonpath_lib` panics on some paths and returns wrong matches for others; see
//! `tests/jsonpath_lib.rs`.

use crate::Node;
use serde_json::Value;
use serde_json_path::{JsonPath, PathElement};

/// Longest path that settings may hold.
pub const LONGEST_PATH: usize = 200;

/// Most levels of filters, of brackets within a filter, and of descents: the time to parse a path doubles with each
/// level of the first two, and every descent visits all that the one before has found.
const MOST_FILTERS: usize = 2;
const MOST_BRACKETS: usize = 4;
const MOST_DESCENTS: usize = 2;

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

/// Keeps paths that take long away from the library. Where the path is not valid, what it counts does not matter.
fn check_limits(path: &str) -> Result<(), Invalid> {
    let exceeds = |position: usize, reason: String| Err(Invalid { position: position + 1, reason });
    if path.len() > LONGEST_PATH {
        return exceeds(LONGEST_PATH, format!("longer than {LONGEST_PATH} characters"));
    }
    // Whether each open bracket holds a filter.
    let mut open: Vec<bool> = Vec::new();
    let (mut quote, mut previous, mut descents) = (None, b' ', 0);
    for (at, byte) in path.bytes().enumerate() {
        let is_escaped = std::mem::replace(&mut previous, byte) == b'\\' && quote.is_some();
        match (byte, quote) {
            _ if is_escaped => previous = b' ',
            (b'\'' | b'"', None) => quote = Some(byte),
            (_, Some(end)) if byte == end => quote = None,
            (_, Some(_)) => {}
            (b'[' | b'(', None) => open.push(false),
            (b']' | b')', None) => _ = open.pop(),
            (b'?', None) => open.last_mut().into_iter().for_each(|is_filter| *is_filter = true),
            (b'.', None) if path.get(..at).is_some_and(|before| before.ends_with('.')) => descents += 1,
            _ => {}
        }
        if open.iter().filter(|is_filter| **is_filter).count() > MOST_FILTERS {
            return exceeds(at, format!("filters nested more than {MOST_FILTERS} levels deep"));
        }
        if open.len() > MOST_BRACKETS {
            return exceeds(at, format!("brackets nested more than {MOST_BRACKETS} levels deep"));
        }
        if descents > MOST_DESCENTS {
            return exceeds(at, format!("more than {MOST_DESCENTS} descents (..)"));
        }
    }
    Ok(())
}

fn compile(path: &str) -> Result<JsonPath, Invalid> {
    check_limits(path)?;
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
        for path in ["$[?@[?@[?@.a]]]", "$[?@.a == ']'][?@[?@[?@]]]", "$[?((((@.a))))]", "$..a..b..c"] {
            assert!(check(path).unwrap_err().reason.contains("more than"), "{path}");
        }
        for path in ["$[?@[?@.a]]", "$[?@.a == '[?[?[?' || (@.b && !(@.c))]", "$.a[?@.b][?@.c][?@.d]", "$..a..b"] {
            assert_eq!(check(path), Ok(()), "{path}");
        }
        assert_eq!(check("$.spec.template"), Ok(()));
    }
}
