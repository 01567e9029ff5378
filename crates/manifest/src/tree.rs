//! YAML and JSON into the JSON that kubectl would send.
//!
//! kubectl reads YAML 1.1: unquoted `yes`, `no`, `on`, `off`, `y` and `n` are booleans, `017` is an octal
//! number, merge keys merge, `1e3` is the number 1000. Dates stay text. Unlike
//! kubectl, which silently keeps the last, this reader rejects a key that is given twice.

use anyhow::{Result, anyhow};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use serde_saphyr::{MessageFormatter, UserMessageFormatter};
use std::fmt;

/// As deep as serde_json reads, so that what is read can also be sent.
pub(crate) const DEEPEST: usize = 128;

/// One YAML (or JSON) document as JSON.
pub fn parse(document: &str) -> Result<Value> {
    yaml_value(document).map_err(|error| anyhow!("not YAML: {} (line {})", words(&error), line(&error)))
}

pub(crate) fn yaml_value(document: &str) -> Result<Value, serde_saphyr::Error> {
    yaml(document).map(|tree: Tree| tree.0)
}

/// What is wrong, without the place: that counts within the document, not the file.
pub(crate) fn words(error: &serde_saphyr::Error) -> String {
    UserMessageFormatter.format_message(error).into_owned()
}

/// The line of the document on which reading ended, from 1.
pub(crate) fn line(error: &serde_saphyr::Error) -> usize {
    error.location().and_then(|location| usize::try_from(location.line()).ok()).unwrap_or(1)
}

/// Reads any type with kubectl's rules.
pub(crate) fn yaml<'de, T: Deserialize<'de>>(document: &'de str) -> Result<T, serde_saphyr::Error> {
    serde_saphyr::from_str_with_options(document, options())
}

fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        // Made for configuration files: a cluster's export in one List is larger in every respect. The
        // limits on aliases stay, because only those stop a small text from becoming a huge tree.
        budget: serde_saphyr::budget! {
            max_reader_input_bytes: None,
            max_events: usize::MAX,
            max_nodes: usize::MAX,
            max_total_scalar_bytes: usize::MAX,
            max_depth: DEEPEST,
        },
        legacy_octal_numbers: true,
        // A snippet could show a secret.
        with_snippet: false,
    }
}

pub(crate) fn json(document: &str) -> Result<Value, serde_json::Error> {
    serde_json::from_str(document).map(|tree: Tree| tree.0)
}

/// A JSON value that rejects duplicate keys, and writes whole numbers as Go does.
struct Tree(Value);

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor).map(Tree)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value that JSON has")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, bool: bool) -> Result<Value, E> {
        Ok(Value::Bool(bool))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        // 1e3 reaches the API server as 1000.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        if number.fract() == 0.0 && number.abs() < EXACT {
            #[allow(clippy::cast_possible_truncation, reason = "whole and small enough")]
            return Ok((number as i64).into());
        }
        Ok(number.into())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Tree(item)) = access.next_element()? {
            list.push(item);
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = access.next_key::<String>()? {
            let Tree(value) = access.next_value()?;
            if map.contains_key(&key) {
                return Err(A::Error::custom(format!("the key `{}` is given twice", shorten(&key))));
            }
            map.insert(key, value);
        }
        Ok(map.into())
    }
}

/// Cuts a key for a message: a key is a name, but it can be long.
fn shorten(key: &str) -> String {
    key.chars().filter(|c| !c.is_control()).take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn scalars_are_what_kubectl_makes_of_them() {
        for (text, value) in [
            ("yes", json!(true)),
            ("Off", json!(false)),
            ("y", json!(true)),
            ("'yes'", json!("yes")),
            ("TRUE", json!(true)),
            ("~", json!(null)),
            ("''", json!("")),
            ("017", json!(15)),
            ("0o17", json!(15)),
            ("0x1F", json!(31)),
            ("1_000", json!(1000)),
            ("1e3", json!(1000)),
            ("1.5", json!(1.5)),
            ("-7", json!(-7)),
            ("18446744073709551615", json!(u64::MAX)),
            ("2026-11-21", json!("2026-11-21")),
            ("12:30:45", json!("12:30:45")),
            ("1.2.3", json!("1.2.3")),
            ("!!str 1", json!("1")),
        ] {
            assert_eq!(parse(&format!("key: {text}\n")).unwrap(), json!({ "key": value }), "{text}");
        }
    }

    #[test]
    fn anchors_and_merge_keys_are_followed() {
        let text = "base: &base {a: 1, b: 2}\nmerged:\n  <<: *base\n  b: 3\nagain: *base\n";
        let expected = json!({"base": {"a": 1, "b": 2}, "merged": {"a": 1, "b": 3}, "again": {"a": 1, "b": 2}});
        assert_eq!(parse(text).unwrap(), expected);
    }

    #[test]
    fn a_key_given_twice_is_refused() {
        for error in
            [parse("a: 1\nb: 2\na: 3\n").unwrap_err().to_string(), json("{\"a\":1,\"a\":2}").unwrap_err().to_string()]
        {
            assert!(error.contains('a') && error.contains("line"), "{error}");
        }
    }

    #[test]
    fn a_billion_laughs_end_early() {
        let mut text = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for (name, before) in "bcdefghij".chars().zip("abcdefghi".chars()) {
            let aliases = vec![format!("*{before}"); 9].join(", ");
            text.push_str(&format!("{name}: &{name} [{aliases}]\n"));
        }
        assert!(parse(&text).is_err());
    }

    #[test]
    fn large_texts() {
        let many = (0..90_000).fold("kind: List\nitems:\n".to_owned(), |text, _| text + "- {a: b}\n");
        assert_eq!(parse(&many).unwrap()["items"].as_array().unwrap().len(), 90_000);
    }

    /// Runs with the stack that `entra-auth` gives its threads: that of a test is too small for the
    /// library's unoptimised frames.
    #[test]
    fn deep_texts() {
        let read = || {
            let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            assert!(parse(&deep(100)).is_ok());
            assert!(parse(&deep(100_000)).is_err());
            assert!(json(&deep(100_000)).is_err());
        };
        std::thread::Builder::new().stack_size(crate::STACK).spawn(read).unwrap().join().unwrap();
    }

    #[test]
    fn errors_show_no_values() {
        let error = parse("password: 'hunter2\nother: [").unwrap_err().to_string();
        assert!(!error.contains("hunter2"), "{error}");
    }
}
