//! JSONPath (RFC 9535) as users write it in settings. The only module that names the library.
//!
//! `serde_json_path` has no regular expressions here (the feature is off), reports where a path is wrong, and
//! reports where each match is. `jsonpath_lib` panics on some paths and returns wrong matches for others; see
//! `tests/jsonpath_lib.rs`.

use crate::Node;
use crate::walk::Paths;
use serde_json::Value;
use serde_json_path::JsonPath;

/// Longest path that settings may hold.
pub const LONGEST_PATH: usize = 200;

/// Most levels of filters, of brackets within a filter, and of descents: the time to parse a path doubles with each
/// level of the first two.
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
        // A filter is evaluated for every element, so it must not read more than a part of it.
        let reads_more = match (byte, quote) {
            (b'$', None) => Some("`$`"),
            (b'*', None) => Some("`*`"),
            (b':', None) => Some("a slice"),
            (b'.', None) if path.get(..at).is_some_and(|before| before.ends_with('.')) => Some("`..`"),
            _ => None,
        };
        if let Some(what) = reads_more.filter(|_| open.contains(&true)) {
            return exceeds(at, format!("{what} in a filter"));
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
    let mut selected = Vec::new();
    select_all(&[path], root, &mut |_, node| selected.push(node));
    selected
}

/// Calls `found` with each node of `root` that one of the paths selects and the number of the path, in document order.
/// A path selects a node at most once.
pub fn select_all<'a>(paths: &[&str], root: Node<'a>, found: &mut dyn FnMut(usize, Node<'a>)) {
    let paths = Paths::new(paths);
    let value = paths.choose().then(|| owned(root));
    paths.select(root, Chosen(value.as_ref()), found);
}

/// A step that the library evaluates.
pub(crate) struct Choice(JsonPath);

impl Choice {
    /// Of the text of the brackets.
    pub(crate) fn new(brackets: &str) -> Option<Self> {
        compile(&format!("${brackets}")).ok().map(Choice)
    }

    /// The children that the step selects, as sorted addresses.
    pub(crate) fn of(&self, value: Chosen<'_>) -> Vec<usize> {
        let Some(value) = value.0 else { return Vec::new() };
        let mut chosen: Vec<usize> =
            self.0.query(value).iter().map(|child| std::ptr::from_ref(*child).addr()).collect();
        // Slices and filters give children in order.
        if !chosen.is_sorted() {
            chosen.sort_unstable();
        }
        chosen
    }
}

/// The value of a node in the tree that the library reads, if one is needed.
#[derive(Clone, Copy)]
pub(crate) struct Chosen<'v>(Option<&'v Value>);

impl<'v> Chosen<'v> {
    pub(crate) fn child(self, key: &str, index: usize, is_list: bool) -> Self {
        Chosen(self.0.and_then(|value| if is_list { value.get(index) } else { value.get(key) }))
    }

    pub(crate) fn is_among(self, addresses: &[usize]) -> bool {
        self.0.is_some_and(|value| addresses.binary_search(&std::ptr::from_ref(value).addr()).is_ok())
    }
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
    use proptest::prelude::*;
    use serde_json_path::PathElement;

    /// What the library alone selects, as JSON Pointers.
    fn by_library(path: &str, value: &Value) -> Option<Vec<String>> {
        let path = JsonPath::parse(path).ok()?;
        let found = path.query_located(value);
        let mut pointers: Vec<String> = found
            .locations()
            .map(|location| {
                let each = location.iter().map(|element| match element {
                    PathElement::Name(name) => format!("/{name}"),
                    PathElement::Index(index) => format!("/{index}"),
                });
                each.collect()
            })
            .filter(|pointer: &String| !value.pointer(pointer).is_none_or(Value::is_null))
            .collect();
        pointers.sort_unstable();
        pointers.dedup();
        Some(pointers)
    }

    /// What [`select`] selects, as JSON Pointers.
    fn by_walk(path: &str, root: Node<'_>) -> Vec<String> {
        fn all(node: Node<'_>, pointer: String, pointers: &mut Vec<(usize, String)>) {
            pointers.push((node.address(), pointer.clone()));
            for (index, (key, child)) in node.children().enumerate() {
                let name = if node.is_list() { index.to_string() } else { key.to_owned() };
                all(child, format!("{pointer}/{name}"), pointers);
            }
        }
        let mut pointers = Vec::new();
        all(root, String::new(), &mut pointers);
        let of = |node: Node<'_>| pointers.iter().find(|(address, _)| *address == node.address()).unwrap().1.clone();
        let mut selected: Vec<String> = select(path, root).into_iter().map(of).collect();
        selected.sort_unstable();
        selected
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![Just(Value::Null), (0..3_i64).prop_map(Value::from), "[ab]".prop_map(Value::from)];
        leaf.prop_recursive(5, 40, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[abé]", inner, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    fn path() -> impl Strategy<Value = String> {
        let step = prop::sample::select(vec![
            ".a",
            ".b",
            ".é",
            ".*",
            "..a",
            "..*",
            "..[0]",
            "['a']",
            "[\"b\"]",
            "[ 'a' ]",
            "[0]",
            "[1]",
            "[-1]",
            "[*]",
            "[0,'a']",
            "['a','b']",
            "[1:]",
            "[::-1]",
            "[?@.a]",
            "[?@.a == 'b']",
            "[?@ == 1]",
            "[?!@.b && @.a]",
            "..[?@.a]",
            "['\\u0061']",
            " .a",
            ".a ",
            "..",
            ".",
            ".1",
            "[00]",
            "[']']",
            "[?@[?@.a]]",
            "x",
            "[",
            "[]",
        ]);
        prop::collection::vec(step, 0..5).prop_map(|steps| format!("${}", steps.concat()))
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, cases: 4000, ..ProptestConfig::default() })]

        #[test]
        fn the_walk_selects_what_the_library_selects(value in value(), path in path()) {
            let text = value.to_string();
            let tree = parse(&text).unwrap();
            if check(&path) == Ok(()) {
                prop_assert_eq!(by_walk(&path, Node::new(&tree)), by_library(&path, &value).unwrap(), "{}", path);
            } else {
                // Settings do not contain it.
                _ = select(&path, Node::new(&tree));
            }
        }

        #[test]
        fn paths_do_not_affect_each_other(value in value(), paths in prop::collection::vec(path(), 0..6)) {
            let text = value.to_string();
            let tree = parse(&text).unwrap();
            let root = Node::new(&tree);
            let texts: Vec<&str> = paths.iter().map(String::as_str).collect();
            let mut together: Vec<(usize, usize)> = Vec::new();
            select_all(&texts, root, &mut |path, node| together.push((path, node.address())));
            together.sort_unstable();
            let alone: Vec<(usize, usize)> = texts
                .iter()
                .enumerate()
                .flat_map(|(at, path)| select(path, root).into_iter().map(move |node| (at, node.address())))
                .collect();
            prop_assert_eq!(together, alone);
        }
    }

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
        for path in ["$[?@.a == $.b]", "$[?@..a]", "$[?@.*]", "$[?@[0:1]]", "$[?@.a[?$.b]]"] {
            assert!(check(path).unwrap_err().reason.ends_with("in a filter"), "{path}");
        }
        for path in [
            "$[?@.a == '$..*:']",
            "$[?@.a].*..b[1:]",
            "$[?@[?@.a]]",
            "$[?@.a == '[?[?[?' || (@.b && !(@.c))]",
            "$.a[?@.b][?@.c][?@.d]",
            "$..a..b",
        ] {
            assert_eq!(check(path), Ok(()), "{path}");
        }
        assert_eq!(check("$.spec.template"), Ok(()));
    }
}
