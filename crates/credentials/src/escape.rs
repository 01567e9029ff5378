//! Characters that a text writes as an escape: `\u0041` and `\/` of JSON, `\x41` of YAML and shells, `&#65;` of XML.

use super::filter::{Mark, exact};
use super::scan::Hit;
use super::text::count;

/// How escapes begin.
pub(crate) const MARKS: &[Mark] = &[exact("\\u0"), exact("\\/"), exact("\\x"), exact("&#")];

/// Whether an escape of an ASCII character begins at `at`.
pub(crate) fn is_at(text: &[u8], at: usize) -> bool {
    read(text.get(at..).unwrap_or_default()).is_some()
}

/// The character that the escape at the beginning of `text` is for, and the length of the escape.
fn read(text: &[u8]) -> Option<(u8, usize)> {
    let (byte, length) = match *text {
        [b'\\', b'/', ..] => (b'/', 2),
        [b'\\', b'u', b'0', b'0', high, low, ..] => (hex(high)? << 4 | hex(low)?, 6),
        [b'\\', b'x', high, low, ..] => (hex(high)? << 4 | hex(low)?, 4),
        [b'&', b'#', b'x' | b'X', high, low, b';', ..] => (hex(high)? << 4 | hex(low)?, 6),
        [b'&', b'#', tens, ones, b';', ..] => (decimal(&[tens, ones])?, 5),
        [b'&', b'#', hundreds, tens, ones, b';', ..] => (decimal(&[hundreds, tens, ones])?, 6),
        _ => return None,
    };
    matches!(byte, b' '..=b'~').then_some((byte, length))
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

fn decimal(digits: &[u8]) -> Option<u8> {
    let add = |sum: Option<u8>, digit: &u8| sum?.checked_mul(10)?.checked_add(digit.checked_sub(b'0')?);
    let is_number = digits.iter().all(u8::is_ascii_digit);
    if is_number { digits.iter().fold(Some(0), add) } else { None }
}

/// A text without its escapes.
pub(crate) struct Unescaped {
    pub text: Vec<u8>,
    /// Where an escape was: the offset behind its character here, and behind the escape in the text.
    ends: Vec<(usize, usize)>,
}

impl Unescaped {
    /// `None` if there is no escape.
    pub(crate) fn of(text: &[u8]) -> Option<Unescaped> {
        let mut unescaped = Unescaped { text: Vec::with_capacity(text.len()), ends: Vec::new() };
        let mut copied_to = 0;
        count(text.len());
        for at in memchr::memchr2_iter(b'\\', b'&', text) {
            if at < copied_to {
                continue;
            }
            let Some((byte, length)) = read(text.get(at..)?) else { continue };
            let mut written = text.get(copied_to..at)?;
            // JSON in a string of JSON escapes the backslash too.
            if text.get(at) == Some(&b'\\') {
                while let [before @ .., b'\\'] = written {
                    written = before;
                }
            }
            unescaped.text.extend_from_slice(written);
            unescaped.text.push(byte);
            copied_to = at + length;
            unescaped.ends.push((unescaped.text.len(), copied_to));
        }
        unescaped.text.extend_from_slice(text.get(copied_to..)?);
        (!unescaped.ends.is_empty()).then_some(unescaped)
    }

    /// Moves hits to where they are in the text with its escapes.
    pub(crate) fn translate(&self, hits: &mut [Hit]) {
        for hit in hits {
            hit.range = self.offset(hit.range.start)..self.offset(hit.range.end);
        }
    }

    fn offset(&self, here: usize) -> usize {
        let escapes = self.ends.partition_point(|(end, _)| *end <= here);
        match escapes.checked_sub(1).and_then(|last| self.ends.get(last)) {
            Some((end, there)) => there + (here - end),
            None => here,
        }
    }
}
