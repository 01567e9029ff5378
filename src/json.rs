//! The borrowed JSON tree, and the questions that everything else asks of it.
//!
//! Kubernetes reads an explicit `null` as "not set", so a [`Node`] does too: a missing member, a null
//! and a member of something that is no object are all the same absent node.

use serde_json_borrow::Value;
use std::borrow::Cow;

static ABSENT: Value<'static> = Value::Null;

/// One value of the object under judgement. Copy it freely: it is a reference.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Node<'a>(&'a Value<'a>);

impl<'a> Node<'a> {
    pub fn new(value: &'a Value<'a>) -> Self {
        Node(value)
    }

    pub fn absent() -> Self {
        Node(&ABSENT)
    }

    pub fn is_absent(self) -> bool {
        self.0.is_null()
    }

    pub fn value(self) -> &'a Value<'a> {
        self.0
    }

    /// The member `key`, absent if there is none.
    // Rules ask hundreds of times: one copy of the search is as quick, and a tenth of the module.
    #[inline(never)]
    pub fn get(self, key: &str) -> Node<'a> {
        match self.0 {
            Value::Object(members) => members.get(key).map_or(Node::absent(), Node),
            _ => Node::absent(),
        }
    }

    /// The member reached through several keys.
    #[inline(never)]
    pub fn at(self, keys: &[&str]) -> Node<'a> {
        keys.iter().fold(self, |node, key| node.get(key))
    }

    /// The text of a string; `None` for everything else.
    pub fn text(self) -> Option<&'a str> {
        match self.0 {
            Value::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The text, with an absent node, an empty string and another type all read as not set.
    pub fn set_text(self) -> Option<&'a str> {
        self.text().filter(|text| !text.is_empty())
    }

    pub fn bool(self) -> Option<bool> {
        match self.0 {
            Value::Bool(bool) => Some(*bool),
            _ => None,
        }
    }

    pub fn integer(self) -> Option<i64> {
        match self.0 {
            Value::Number(number) => number.as_i64(),
            _ => None,
        }
    }

    /// The elements of a list; nothing for everything else.
    pub fn items(self) -> impl DoubleEndedIterator<Item = Node<'a>> + ExactSizeIterator {
        let items: &'a [Value<'a>] = match self.0 {
            Value::Array(items) => items,
            _ => &[],
        };
        items.iter().map(Node)
    }

    /// The strings of a list, other types left out.
    pub fn texts(self) -> impl Iterator<Item = &'a str> {
        self.items().filter_map(Node::text)
    }

    /// The members of an object; nothing for everything else.
    pub fn members(self) -> impl Iterator<Item = (&'a str, Node<'a>)> {
        let members: &'a [_] = match self.0 {
            Value::Object(members) => members.as_vec(),
            _ => &[],
        };
        members.iter().map(|(key, value)| (key.as_ref(), Node(value)))
    }

    pub fn is_object(self) -> bool {
        self.0.is_object()
    }

    pub fn is_list(self) -> bool {
        self.0.is_array()
    }

    /// What JSON calls this value, for messages about wrong types.
    pub fn type_name(self) -> &'static str {
        match self.0 {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::Str(_) => "a string",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        }
    }

    /// Whether this is the very node `other`, not merely an equal one.
    pub(crate) fn address(self) -> usize {
        std::ptr::from_ref(self.0).addr()
    }
}

/// Parses one object. The error tells where, never what: the text may be a Secret.
pub fn parse(text: &str) -> Result<Value<'_>, Malformed> {
    serde_json::from_str(text).map_err(|error| Malformed::from(&error))
}

/// [`parse`] for bytes. UTF-8 is checked once, ahead of serde_json, which then needs one parser only.
pub fn parse_bytes(bytes: &[u8]) -> Result<Value<'_>, Malformed> {
    match std::str::from_utf8(bytes) {
        Ok(text) => parse(text),
        Err(error) => {
            let (mut line, mut column) = (1, 0);
            for byte in bytes.iter().take(error.valid_up_to() + 1) {
                (line, column) = if *byte == b'\n' { (line + 1, 0) } else { (line, column + 1) };
            }
            Err(Malformed { reason: "is not UTF-8", line, column })
        }
    }
}

/// Why a text is not usable JSON, without a word of the text itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    reason: &'static str,
    line: usize,
    column: usize,
}

impl From<&serde_json::Error> for Malformed {
    fn from(error: &serde_json::Error) -> Self {
        use serde_json::error::Category;
        // serde_json has no kind for its depth limit; only this one text of its own is looked for.
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

impl std::fmt::Display for Malformed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} (line {}, column {})", self.reason, self.line, self.column)
    }
}

/// Text that a message may show: names and keys come from whoever wrote the object, so control and
/// direction-changing characters are written out and long ones are cut.
pub fn shown(text: &str) -> Cow<'_, str> {
    const LONGEST: usize = 100;
    let plain = |c: char| !c.is_control() && !is_invisible(c);
    if text.len() <= LONGEST && text.chars().all(plain) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(LONGEST + 8);
    for c in text.chars() {
        if out.len() >= LONGEST {
            out.push('…');
            break;
        }
        if plain(c) {
            out.push(c);
        } else {
            out.extend(c.escape_unicode());
        }
    }
    Cow::Owned(out)
}

/// Characters that change how a line reads without showing themselves.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
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

    #[test]
    fn shown_hides_nothing() {
        assert_eq!(shown("alice@contoso.com"), "alice@contoso.com");
        assert_eq!(shown("a\u{202e}b\n"), "a\\u{202e}b\\u{a}");
        assert!(shown(&"é".repeat(500)).len() < 120);
    }
}
