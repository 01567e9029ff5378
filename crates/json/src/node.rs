//! The borrowed JSON tree and its queries.
//!
//! An explicit `null` means "not set", as in Go's JSON: a missing member, a null and a member of something that is
//! not an object are all the same absent node.

use crate::tree::{self, Entry, Skip, Value};
use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};

/// A parsed text: its values in document order, each before the values below it.
#[derive(Debug)]
pub struct Tree<'a>(Vec<Entry<'a>>);

static ABSENT: [Entry<'static>; 1] = [Entry { key: Cow::Borrowed(""), value: Value::Null }];

/// One value, as the entries it takes. Copy it freely: it is a reference.
#[derive(Clone, Copy, Debug)]
pub struct Node<'a>(&'a [Entry<'a>]);

impl<'a> Node<'a> {
    /// The whole of a text.
    pub fn new(tree: &'a Tree<'a>) -> Self {
        Node(&tree.0)
    }

    pub fn absent() -> Self {
        Node(&ABSENT)
    }

    fn value(self) -> &'a Value<'a> {
        self.0.first().map_or(&Value::Null, |entry| &entry.value)
    }

    pub fn is_absent(self) -> bool {
        matches!(self.value(), Value::Null)
    }

    /// The member `key`, absent if there is none.
    // Called hundreds of times. One copy of the search is as fast, and inlining it makes the module a tenth larger.
    #[inline(never)]
    pub fn get(self, key: &str) -> Node<'a> {
        if !self.is_object() {
            return Node::absent();
        }
        self.below().find(|(name, _)| *name == key).map_or(Node::absent(), |(_, node)| node)
    }

    /// The member reached through several keys.
    #[inline(never)]
    pub fn at(self, keys: &[&str]) -> Node<'a> {
        keys.iter().fold(self, |node, key| node.get(key))
    }

    /// The text of a string; `None` for everything else.
    pub fn text(self) -> Option<&'a str> {
        match self.value() {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The text, with an absent node, an empty string and another type all read as not set.
    pub fn set_text(self) -> Option<&'a str> {
        self.text().filter(|text| !text.is_empty())
    }

    pub fn bool(self) -> Option<bool> {
        match self.value() {
            Value::Bool(bool) => Some(*bool),
            _ => None,
        }
    }

    pub fn integer(self) -> Option<i64> {
        match self.value() {
            Value::Integer(integer) => Some(integer.get()),
            _ => None,
        }
    }

    /// A number, whole or not.
    pub fn number(self) -> Option<f64> {
        match self.value() {
            Value::Integer(integer) => Some(integer.get() as f64),
            Value::Float(number) => Some(number.get()),
            _ => None,
        }
    }

    /// The values directly below a list or an object, with the names of members.
    fn below(self) -> Below<'a> {
        Below(self.0.get(1..).unwrap_or_default())
    }

    /// The elements of a list; nothing for everything else.
    pub fn items(self) -> impl Iterator<Item = Node<'a>> + Clone + use<'a> {
        let below = if self.is_list() { self.below() } else { Below(&[]) };
        below.map(|(_, node)| node)
    }

    /// The strings of a list, other types left out.
    pub fn texts(self) -> impl Iterator<Item = &'a str> + Clone + use<'a> {
        self.items().filter_map(Node::text)
    }

    /// The members of an object; nothing for everything else.
    pub fn members(self) -> impl Iterator<Item = (&'a str, Node<'a>)> + Clone + use<'a> {
        if self.is_object() { self.below() } else { Below(&[]) }
    }

    /// The nodes directly below, with their names; elements of lists have none.
    pub(crate) fn children(self) -> impl Iterator<Item = (&'a str, Node<'a>)> {
        if self.is_object() || self.is_list() { self.below() } else { Below(&[]) }
    }

    pub fn is_object(self) -> bool {
        matches!(self.value(), Value::Object(_))
    }

    pub fn is_list(self) -> bool {
        matches!(self.value(), Value::List(_))
    }

    /// What JSON calls this value, for messages about wrong types.
    pub fn type_name(self) -> &'static str {
        match self.value() {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Integer(_) | Value::Float(_) => "a number",
            Value::Text(_) => "a string",
            Value::List(_) => "a list",
            Value::Object(_) => "an object",
        }
    }

    /// Distinguishes this node from others that are equal to it.
    pub fn address(self) -> usize {
        self.0.as_ptr().addr()
    }

    /// The end of the addresses of this node and of all nodes below it.
    pub fn end(self) -> usize {
        self.0.as_ptr_range().end.addr()
    }
}

/// The nodes directly below another.
#[derive(Clone)]
struct Below<'a>(&'a [Entry<'a>]);

impl<'a> Iterator for Below<'a> {
    type Item = (&'a str, Node<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let first = self.0.first()?;
        let (node, rest) = self.0.split_at_checked(first.size())?;
        self.0 = rest;
        Some((&first.key, Node(node)))
    }
}

/// What the node says, for digests: not the name that it has in its parent.
impl Hash for Node<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for (n, entry) in self.0.iter().enumerate() {
            if n > 0 {
                entry.key.hash(state);
            }
            let kind = match &entry.value {
                Value::Null => 0,
                Value::Bool(bool) => 1 + u64::from(*bool),
                Value::Integer(integer) => {
                    integer.get().hash(state);
                    3
                }
                // As in the text of a node.
                Value::Float(_) => 4,
                Value::Text(text) => {
                    text.hash(state);
                    5
                }
                Value::List(_) => 6,
                Value::Object(_) => 7,
            };
            // The size says where the values below end.
            state.write_u64((entry.size() as u64) << 3 | kind);
        }
    }
}

/// JSON, except for fractions and the escapes in strings.
impl fmt::Display for Node<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.value() {
            Value::Null => f.write_str("null"),
            Value::Bool(bool) => bool.fmt(f),
            Value::Integer(integer) => integer.get().fmt(f),
            // Code that prints floats would be a tenth of the module, and no field that a rule reads is one.
            Value::Float(_) => f.write_str("a fraction"),
            Value::Text(text) => write!(f, "{text:?}"),
            Value::List(_) => {
                let mut separator = "[";
                for item in self.items() {
                    write!(f, "{separator}{item}")?;
                    separator = ",";
                }
                f.write_str(if separator == "[" { "[]" } else { "]" })
            }
            Value::Object(_) => {
                let mut separator = "{";
                for (key, member) in self.members() {
                    write!(f, "{separator}{key:?}:{member}")?;
                    separator = ",";
                }
                f.write_str(if separator == "{" { "{}" } else { "}" })
            }
        }
    }
}

/// Parses one value. The error says where, never what: the text may be a Secret.
pub fn parse(text: &str) -> Result<Tree<'_>, Malformed> {
    parse_without(text, None)
}

fn parse_without<'a>(text: &'a str, skip: Option<&'static Skip>) -> Result<Tree<'a>, Malformed> {
    tree::parse(text, skip).map(Tree).map_err(|error| Malformed::from(&error))
}

/// [`parse`] for bytes, without the members that `skip` lists. UTF-8 is checked once, before serde_json, which then
/// needs one parser only.
pub fn parse_bytes<'a>(bytes: &'a [u8], skip: Option<&'static Skip>) -> Result<Tree<'a>, Malformed> {
    match std::str::from_utf8(bytes) {
        Ok(text) => parse_without(text, skip),
        Err(error) => {
            let (mut line, mut column) = (1, 0);
            for byte in bytes.iter().take(error.valid_up_to() + 1) {
                (line, column) = if *byte == b'\n' { (line + 1, 0) } else { (line, column + 1) };
            }
            Err(Malformed { reason: "is not UTF-8", line, column })
        }
    }
}

/// Why a text is not usable JSON. Quotes nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    reason: &'static str,
    line: usize,
    column: usize,
}

impl From<&serde_json::Error> for Malformed {
    fn from(error: &serde_json::Error) -> Self {
        use serde_json::error::Category;
        // serde_json has no category for its depth limit, so this one message is recognised by its text.
        let reason = if error.to_string().starts_with("recursion limit exceeded") {
            "nested too deeply"
        } else {
            match error.classify() {
                Category::Eof => "ends too early",
                Category::Data => "has a member of the wrong type",
                Category::Syntax | Category::Io => "is not valid JSON",
            }
        };
        Malformed { reason, line: error.line(), column: error.column() }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (line {}, column {})", self.reason, self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_and_missing_are_the_same() {
        let value = parse(r#"{"a":null,"b":{"c":"x"},"list":[1,"two",null]}"#).unwrap();
        let node = Node::new(&value);
        assert!(node.get("a").is_absent() && node.get("z").is_absent());
        assert!(node.at(&["b", "c", "d"]).is_absent());
        assert_eq!(node.at(&["b", "c"]).text(), Some("x"));
        assert_eq!(node.get("list").texts().collect::<Vec<_>>(), ["two"]);
    }

    #[test]
    fn malformed_text_is_never_quoted() {
        for text in [r#"{"password": "hunter2"#, r#"{"password": hunter2}"#, "hunter2", ""] {
            let message = parse(text).unwrap_err().to_string();
            assert!(!message.contains("hunter"), "{message}");
        }
        let deep = "[".repeat(10_000);
        assert!(parse(&deep).unwrap_err().to_string().starts_with("nested too deeply"));
        assert!(parse(r#""\ud800""#).is_err());
    }
}
