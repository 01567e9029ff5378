//! JSON as one list of its values in document order, borrowed from the text.
//!
//! Reading the request is a third of the cost of a request. It is in a separate crate so that it can be compiled for
//! speed while the policy around it is compiled for size.

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// One value. The values below it follow directly.
#[derive(Debug)]
pub struct Entry<'a> {
    /// The name of a member; empty for an element.
    pub key: Cow<'a, str>,
    pub value: Value<'a>,
}

// A request has hundreds of them, and mapping their memory costs a host more than reading does.
const _: () = assert!(size_of::<Entry<'_>>() == 6 * size_of::<usize>());

#[derive(Debug)]
pub enum Value<'a> {
    Null,
    Bool(bool),
    Integer(Number<i64>),
    /// Also an integer that is too large for the other.
    Float(Number<f64>),
    Text(Cow<'a, str>),
    /// How many entries the list takes, itself and all below it.
    List(u32),
    /// As for a list.
    Object(u32),
}

/// A number with relaxed alignment: aligned to its own size, it would make every entry a third larger.
#[derive(Clone, Copy, Debug)]
#[repr(C, packed(4))]
pub struct Number<T: Copy>(T);

impl<T: Copy> Number<T> {
    pub fn get(self) -> T {
        self.0
    }
}

impl Entry<'_> {
    /// How many entries the value takes, itself and all below it.
    pub fn size(&self) -> usize {
        match self.value {
            Value::List(size) | Value::Object(size) => size as usize,
            _ => 1,
        }
    }
}

/// Members that a caller does not need, as a tree of names.
#[derive(Debug)]
pub struct Skip {
    key: &'static str,
    /// What is skipped inside this member; the whole of it if there is nothing.
    inside: &'static [Skip],
}

impl Skip {
    /// A member that is not read.
    pub const fn member(key: &'static str) -> Skip {
        Skip { key, inside: &[] }
    }

    /// A member that is read without some of its own. The whole text has the name "".
    pub const fn inside(key: &'static str, inside: &'static [Skip]) -> Skip {
        Skip { key, inside }
    }
}

/// Reads a text that is one value, without what `skip` lists. `serde_json` limits nesting to 128 levels.
pub fn parse<'a>(text: &'a str, skip: Option<&'static Skip>) -> Result<Vec<Entry<'a>>, serde_json::Error> {
    // An API object has a value for every twenty bytes or so; long texts have fewer.
    let mut entries = Vec::with_capacity((text.len() / 16 + 1).min(1 << 10));
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let root = ValueSeed { key: Cow::Borrowed(""), entries: &mut entries, skip };
    root.deserialize(&mut deserializer)?;
    deserializer.end()?;
    // The rest goes to the next allocation, on a page that is already mapped.
    entries.shrink_to_fit();
    Ok(entries)
}

/// Appends one value to the list.
struct ValueSeed<'t, 'a> {
    key: Cow<'a, str>,
    entries: &'t mut Vec<Entry<'a>>,
    skip: Option<&'static Skip>,
}

impl<'a> ValueSeed<'_, 'a> {
    fn scalar<E>(self, value: Value<'a>) -> Result<(), E> {
        self.entries.push(Entry { key: self.key, value });
        Ok(())
    }
}

/// Writes into the entry at `start` how many entries it takes.
fn close<'a, E: Error>(entries: &mut [Entry<'a>], start: usize, value: fn(u32) -> Value<'a>) -> Result<(), E> {
    let size = u32::try_from(entries.len() - start).map_err(|_| E::custom("too many values"))?;
    if let Some(entry) = entries.get_mut(start) {
        entry.value = value(size);
    }
    Ok(())
}

impl<'a> DeserializeSeed<'a> for ValueSeed<'_, 'a> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for ValueSeed<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.scalar(Value::Null)
    }

    fn visit_bool<E>(self, bool: bool) -> Result<(), E> {
        self.scalar(Value::Bool(bool))
    }

    fn visit_i64<E>(self, integer: i64) -> Result<(), E> {
        self.scalar(Value::Integer(Number(integer)))
    }

    fn visit_u64<E>(self, integer: u64) -> Result<(), E> {
        self.scalar(match i64::try_from(integer) {
            Ok(integer) => Value::Integer(Number(integer)),
            Err(_) => Value::Float(Number(integer as f64)),
        })
    }

    fn visit_f64<E>(self, number: f64) -> Result<(), E> {
        self.scalar(Value::Float(Number(number)))
    }

    fn visit_borrowed_str<E>(self, text: &'a str) -> Result<(), E> {
        self.scalar(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.scalar(Value::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut items: A) -> Result<(), A::Error> {
        let ValueSeed { key, entries, .. } = self;
        let start = entries.len();
        entries.push(Entry { key, value: Value::List(1) });
        while items
            .next_element_seed(ValueSeed { key: Cow::Borrowed(""), entries: &mut *entries, skip: None })?
            .is_some()
        {}
        close(entries, start, Value::List)
    }

    fn visit_map<A: MapAccess<'a>>(self, mut members: A) -> Result<(), A::Error> {
        let ValueSeed { key, entries, skip } = self;
        let start = entries.len();
        entries.push(Entry { key, value: Value::Object(1) });
        while let Some(key) = members.next_key_seed(Key)? {
            match skip.and_then(|skip| skip.inside.iter().find(|member| member.key == key)) {
                Some(Skip { inside: [], .. }) => _ = members.next_value::<IgnoredAny>()?,
                skip => members.next_value_seed(ValueSeed { key, entries: &mut *entries, skip })?,
            }
        }
        close(entries, start, Value::Object)
    }
}

/// Reads the name of a member, borrowed unless it has escapes.
struct Key;

impl<'a> DeserializeSeed<'a> for Key {
    type Value = Cow<'a, str>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Cow<'a, str>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'a> Visitor<'a> for Key {
    type Value = Cow<'a, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a member")
    }

    fn visit_borrowed_str<E>(self, text: &'a str) -> Result<Cow<'a, str>, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Cow<'a, str>, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(text: &str) -> Vec<(String, usize)> {
        parse(text, None).unwrap().iter().map(|entry| (entry.key.to_string(), entry.size())).collect()
    }

    #[test]
    fn a_value_counts_what_is_below_it() {
        let found = sizes(r#"{"a":[1,{"b":null}],"c\n":"x"}"#);
        let found: Vec<_> = found.iter().map(|(key, size)| (key.as_str(), *size)).collect();
        assert_eq!(found, [("", 6), ("a", 4), ("", 1), ("", 2), ("b", 1), ("c\n", 1)]);
    }

    #[test]
    fn text_is_borrowed_unless_it_has_escapes() {
        let entries = parse(r#"["plain","a\tb"]"#, None).unwrap();
        assert!(matches!(&entries[1].value, Value::Text(Cow::Borrowed("plain"))));
        assert!(matches!(&entries[2].value, Value::Text(Cow::Owned(text)) if text == "a\tb"));
    }

    #[test]
    fn numbers_keep_what_they_can() {
        let entries = parse("[-1,9223372036854775807,9223372036854775808,1.5]", None).unwrap();
        let integers = entries.iter().filter_map(|entry| match entry.value {
            Value::Integer(number) => Some(number.get()),
            _ => None,
        });
        assert_eq!(integers.collect::<Vec<_>>(), [-1, i64::MAX]);
        let floats = entries.iter().filter_map(|entry| match entry.value {
            Value::Float(number) => Some(number.get()),
            _ => None,
        });
        assert_eq!(floats.collect::<Vec<_>>(), [9_223_372_036_854_775_808.0, 1.5]);
    }

    #[test]
    fn listed_members_are_skipped_and_no_others() {
        const C: &[Skip] = &[Skip::inside("c", &[Skip::member("skipped")])];
        static SKIP: Skip = Skip::inside("", &[Skip::inside("a", C), Skip::inside("b", C)]);
        let keys = |text: &str| -> Vec<String> {
            parse(text, Some(&SKIP)).unwrap().iter().skip(1).map(|entry| entry.key.to_string()).collect()
        };
        for key in ["a", "b"] {
            let text = format!(r#"{{"{key}":{{"c":{{"skipped":[{{"x":[]}}],"s\u006bipped":1,"d":2}}}}}}"#);
            assert_eq!(keys(&text), [key, "c", "d"]);
        }
        for text in [
            r#"{"a":{"x":{"c":{"skipped":1}},"skipped":2}}"#,
            r#"{"a":[{"c":{"skipped":1}}],"x":{"c":{"skipped":1}}}"#,
            r#"{"c":{"skipped":1},"skipped":1}"#,
        ] {
            assert_eq!(keys(text).len(), parse(text, None).unwrap().len() - 1, "{text}");
        }
        for value in ["", "[}", "\"", "[1,]"] {
            let text = format!(r#"{{"a":{{"c":{{"skipped":{value}}}}}}}"#);
            assert!(parse(&text, Some(&SKIP)).is_err(), "{text}");
        }
    }

    #[test]
    fn nothing_but_one_value_is_accepted() {
        for text in ["", "1 2", "{", "[1,]", "nul", r#"{"a"}"#, &"[".repeat(1000)] {
            assert!(parse(text, None).is_err(), "{text}");
        }
    }
}
