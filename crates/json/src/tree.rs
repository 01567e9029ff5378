//! JSON as one list of its values in document order, borrowed from the text.
//!
//! Reading the request is a third of the cost of a request. It is in a separate crate so that it can be compiled for
//! speed while the policy around it is compiled for size.

use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// One value. The values below it follow directly.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    /// The name of a member; empty for an element.
    pub key: Cow<'a, str>,
    pub value: Value<'a>,
}

// A request has hundreds of them, and mapping their memory costs a host more than reading does.
const _: () = assert!(size_of::<Entry<'_>>() == 6 * size_of::<usize>());

#[derive(Debug)]
pub(crate) enum Value<'a> {
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
pub(crate) struct Number<T: Copy>(T);

impl<T: Copy> Number<T> {
    pub(crate) fn get(self) -> T {
        self.0
    }
}

impl Entry<'_> {
    /// How many entries the value takes, itself and all below it.
    pub(crate) fn size(&self) -> usize {
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

const DEEPEST: u32 = 128;

/// Reads a text that is one value, without what `skip` lists. As in `serde_json`, which says what is wrong with a
/// text, nesting is limited to 128 levels.
pub(crate) fn parse<'a>(text: &'a str, skip: Option<&'static Skip>) -> Result<Vec<Entry<'a>>, serde_json::Error> {
    // An API object has a value for every twenty bytes or so; long texts have fewer.
    let entries = Vec::with_capacity((text.len() / 16 + 1).min(1 << 10));
    let mut reader = JsonReader { text, at: 0, depth: 0, entries };
    if reader.document(skip).is_some() {
        let mut entries = reader.entries;
        // The rest goes to the next allocation, on a page that is already mapped.
        entries.shrink_to_fit();
        return Ok(entries);
    }
    if reader.depth == DEEPEST {
        let before = text.get(..reader.at).unwrap_or_default();
        let (line, start) = (before.split('\n').count(), before.rfind('\n').map_or(0, |i| i + 1));
        return Err(Error::custom(format!("recursion limit exceeded at line {line} column {}", before.len() - start)));
    }
    // What is read without being kept may have half a surrogate pair, and numbers of any size.
    serde_json::from_str(text).and_then(|_: IgnoredAny| serde_json::from_str("\\")).map(|_: IgnoredAny| Vec::new())
}

/// A text that is read to `at`. Everything answers `None` on a text that is not JSON.
///
/// `serde_json` collects a string that has escapes in a buffer that grows, and then copies it. Here its end is looked
/// for first: of a request with a long text, a third less memory is touched, which is most of what it costs.
struct JsonReader<'a> {
    text: &'a str,
    at: usize,
    depth: u32,
    entries: Vec<Entry<'a>>,
}

impl<'a> JsonReader<'a> {
    fn document(&mut self, skip: Option<&'static Skip>) -> Option<()> {
        self.value(Cow::Borrowed(""), skip)?;
        self.next_byte().is_none().then_some(())
    }

    /// The byte at `at`.
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The byte after white space.
    fn next_byte(&mut self) -> Option<u8> {
        while let Some(byte) = self.byte() {
            if !matches!(byte, b' ' | b'\n' | b'\t' | b'\r') {
                return Some(byte);
            }
            self.at += 1;
        }
        None
    }

    /// Steps over `byte`, and whether it is there.
    fn has(&mut self, byte: u8) -> bool {
        let is_there = self.next_byte() == Some(byte);
        self.at += usize::from(is_there);
        is_there
    }

    /// Appends one value to the list.
    fn value(&mut self, key: Cow<'a, str>, skip: Option<&'static Skip>) -> Option<()> {
        let value = match self.next_byte()? {
            b'"' => Value::Text(self.string()?),
            b'{' => return self.object(key, skip),
            b'[' => return self.list(key),
            _ => self.word()?,
        };
        self.entries.push(Entry { key, value });
        Some(())
    }

    /// A number, or `true`, `false` or `null`.
    fn word(&mut self) -> Option<Value<'a>> {
        let rest = self.text.as_bytes().get(self.at..)?;
        let is_part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'+' | b'.');
        let length = rest.iter().position(|b| !is_part(b)).unwrap_or(rest.len());
        let mut word = serde_json::Deserializer::from_str(self.text.get(self.at..self.at + length)?);
        self.at += length;
        let value = word.deserialize_any(Word).ok()?;
        word.end().ok().map(|()| value)
    }

    fn list(&mut self, key: Cow<'a, str>) -> Option<()> {
        let start = self.open(key, Value::List(1))?;
        if !self.has(b']') {
            loop {
                self.value(Cow::Borrowed(""), None)?;
                if !self.has(b',') {
                    break;
                }
            }
            self.has(b']').then_some(())?;
        }
        self.close(start, Value::List)
    }

    fn object(&mut self, key: Cow<'a, str>, skip: Option<&'static Skip>) -> Option<()> {
        let start = self.open(key, Value::Object(1))?;
        if !self.has(b'}') {
            loop {
                if self.next_byte() != Some(b'"') {
                    return None;
                }
                let key = self.string()?;
                self.has(b':').then_some(())?;
                let before = self.entries.len();
                match skip.and_then(|skip| skip.inside.iter().find(|member| member.key == key)) {
                    Some(Skip { inside: [], .. }) => {
                        self.value(key, None)?;
                        self.entries.truncate(before);
                    }
                    skip => self.value(key, skip)?,
                }
                if !self.has(b',') {
                    break;
                }
            }
            self.has(b'}').then_some(())?;
        }
        self.close(start, Value::Object)
    }

    fn open(&mut self, key: Cow<'a, str>, value: Value<'a>) -> Option<usize> {
        self.at += 1;
        self.depth += 1;
        let start = self.entries.len();
        self.entries.push(Entry { key, value });
        (self.depth < DEEPEST).then_some(start)
    }

    /// Writes into the entry at `start` how many entries it takes.
    fn close(&mut self, start: usize, value: fn(u32) -> Value<'a>) -> Option<()> {
        self.depth -= 1;
        let size = u32::try_from(self.entries.len() - start).ok()?;
        self.entries.get_mut(start)?.value = value(size);
        Some(())
    }

    /// A string, borrowed unless it has escapes.
    fn string(&mut self) -> Option<Cow<'a, str>> {
        let bytes = self.text.as_bytes();
        let start = self.at + 1;
        let first = special(bytes, start)?;
        let mut end = first;
        loop {
            match bytes.get(end)? {
                b'"' => break,
                b'\\' => end = special(bytes, end + 2)?,
                _ => return None,
            }
        }
        self.at = end + 1;
        let text = self.text.get(start..end)?;
        if first == end {
            return Some(Cow::Borrowed(text));
        }
        let mut owned = String::with_capacity(text.len());
        let (mut rest, mut plain) = (text, first - start);
        loop {
            let (before, escape) = rest.split_at_checked(plain)?;
            owned.push_str(before);
            let [b'\\', escaped, ..] = escape.as_bytes() else { return escape.is_empty().then_some(Cow::Owned(owned)) };
            let mut length = 2;
            owned.push(match escaped {
                b'n' => '\n',
                b'"' => '"',
                b'\\' => '\\',
                b't' => '\t',
                b'r' => '\r',
                b'/' => '/',
                b'b' => '\u{8}',
                b'f' => '\u{c}',
                b'u' => {
                    let high = hexadecimal(escape.get(2..6)?)?;
                    length = 6;
                    if (0xd800..0xdc00).contains(&high) {
                        let low = hexadecimal(escape.get(6..12)?.strip_prefix("\\u")?)?;
                        length = 12;
                        let low = low.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
                        char::from_u32(0x1_0000 + ((high - 0xd800) << 10 | low))?
                    } else {
                        char::from_u32(high)?
                    }
                }
                _ => return None,
            });
            rest = escape.get(length..)?;
            plain = rest.find('\\').unwrap_or(rest.len());
        }
    }
}

/// Takes anything, because the messages about the wrong type would bring 17 kB of tables for printing numbers.
struct Word;

impl<'a> Visitor<'a> for Word {
    type Value = Value<'static>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number or a word")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, bool: bool) -> Result<Self::Value, E> {
        Ok(Value::Bool(bool))
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'a>>(self, _: A) -> Result<Self::Value, A::Error> {
        Ok(Value::Null)
    }

    fn visit_map<A: MapAccess<'a>>(self, _: A) -> Result<Self::Value, A::Error> {
        Ok(Value::Null)
    }

    fn visit_i64<E>(self, integer: i64) -> Result<Self::Value, E> {
        Ok(Value::Integer(Number(integer)))
    }

    fn visit_u64<E>(self, integer: u64) -> Result<Self::Value, E> {
        Ok(match i64::try_from(integer) {
            Ok(integer) => Value::Integer(Number(integer)),
            Err(_) => Value::Float(Number(integer as f64)),
        })
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Value::Float(Number(number)))
    }
}

fn hexadecimal(digits: &str) -> Option<u32> {
    // `from_str_radix` also takes a sign.
    digits.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
}

/// The first place from `from` on of what cannot be inside a string as it is: a quotation mark, a backslash or a
/// control character. Eight bytes at a time.
fn special(bytes: &[u8], from: usize) -> Option<usize> {
    const EACH: u64 = u64::from_le_bytes([1; 8]);
    let mut at = from;
    while let Some(chunk) = bytes.get(at..)?.first_chunk() {
        let chunk = u64::from_le_bytes(*chunk);
        let zero = |bytes: u64| bytes.wrapping_sub(EACH) & !bytes;
        let is = |byte: u8| zero(chunk ^ (EACH * u64::from(byte)));
        // A borrow makes only later bytes wrong.
        let found = (chunk.wrapping_sub(EACH * 0x20) & !chunk | is(b'"') | is(b'\\')) & EACH << 7;
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    let rest = bytes.get(at..)?;
    rest.iter().position(|b| *b < 0x20 || matches!(b, b'"' | b'\\')).map(|i| at + i)
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

    /// What is JSON is what `serde_json` says, for texts with any byte changed.
    #[test]
    fn the_same_texts_are_accepted() {
        let text = r#"{"a\n\u00e9":[-0,1.5e+3,-12,0.1E2,true,false , null],"b":{"\ud83d\ude00":"x\/\b\f\r\t\\\""},"":"é\uFFFFß"}"#;
        let check = |text: &str| {
            let expected = serde_json::from_str::<serde_json::Value>(text);
            let entries = parse(text, None);
            assert_eq!(entries.is_err(), expected.is_err(), "{text}");
        };
        check(text);
        for at in 0..text.len() {
            check(text.get(..at).unwrap_or_default());
            for byte in b"\"\\{}[]:,0-+.eEuntdc8F \n\t\0\x1f\x7fx" {
                let mut bytes = text.as_bytes().to_vec();
                bytes[at] = *byte;
                String::from_utf8(bytes).iter().for_each(|text| check(text));
                let mut bytes = text.as_bytes().to_vec();
                bytes.insert(at, *byte);
                String::from_utf8(bytes).iter().for_each(|text| check(text));
            }
        }
        for depth in [126, 127, 128, 129] {
            check(&("[".repeat(depth) + &"]".repeat(depth)));
        }
        assert!(
            matches!(&parse(r#""\ud83d\ude00 é\n""#, None).unwrap()[0].value, Value::Text(text) if text == "😀 é\n")
        );
    }
}
