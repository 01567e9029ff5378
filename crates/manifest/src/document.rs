//! Bytes into text, and text into documents that are read one by one, so that a broken one does not affect the
//! others.

use crate::list::{self, Item};
use serde_json::value::RawValue;
use std::path::{Component, Path};

/// One document of a text, or one item of a list in it.
#[derive(Clone, Debug)]
pub struct Document<'t> {
    pub text: &'t str,
    /// Line of the whole text on which it begins, from 1.
    pub line: usize,
    /// Column on that line, from 1; only a stream of JSON values begins documents within a line.
    pub column: usize,
    /// Set if this is an item of a list: large lists are read and evaluated item by item.
    pub(crate) item: Option<Item>,
}

impl<'t> Document<'t> {
    /// A text that is one document.
    pub fn whole(text: &'t str) -> Self {
        Document { text, line: 1, column: 1, item: None }
    }

    /// The name of the template that it was rendered from: Helm writes it above every document.
    pub fn rendered_from(&self) -> Option<&'t str> {
        let comments = self.text.lines().take_while(|line| line.trim_end() == "---" || line.starts_with('#'));
        let name = comments.filter_map(|line| line.strip_prefix("# Source: ")).next()?.trim();
        let is_below = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
        is_below.then_some(name)
    }

    /// The lines before the content: the document mark, comments, blank lines.
    pub fn leading_lines(&self) -> usize {
        let has_no_content = |line: &&str| {
            let line = line.trim();
            line.is_empty() || line == "---" || line.starts_with(['#', '%'])
        };
        self.text.lines().take_while(has_no_content).count()
    }
}

/// The text of a manifest: UTF-8, or UTF-16 with its mark as PowerShell redirects write it.
pub fn decode(bytes: Vec<u8>) -> Result<String, String> {
    let utf16 = |from: fn([u8; 2]) -> u16| {
        let units = bytes.get(2..).unwrap_or_default().chunks(2);
        let units = units.map(|pair| pair.try_into().map(from).unwrap_or(char::REPLACEMENT_CHARACTER as u16));
        char::decode_utf16(units)
            .collect::<Result<String, _>>()
            .map_err(|_| "is not UTF-16, as its mark says".to_owned())
    };
    match bytes.as_slice() {
        [0xff, 0xfe, ..] => return utf16(u16::from_le_bytes),
        [0xfe, 0xff, ..] => return utf16(u16::from_be_bytes),
        _ => {}
    }
    // Neither YAML nor JSON may hold one.
    if bytes.contains(&0) {
        return Err("is a binary file".to_owned());
    }
    let mut text = String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let line = 1 + error.as_bytes().iter().take(valid).filter(|byte| **byte == b'\n').count();
        format!("is not UTF-8 (line {line})")
    })?;
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    Ok(text)
}

/// The documents of a YAML stream or of a stream of JSON values. A `---` at the start of a line ends a
/// document whatever it is in, so this needs no parser.
pub fn documents(text: &str) -> Vec<Document<'_>> {
    let mut documents = Vec::new();
    let mut start = (0, 1);
    let mut at = 0;
    let (mut has_content, mut is_open) = (false, false);
    let mut line = 0;
    let mut push = |from: usize, to: usize, line: usize| {
        if let Some(text) = text.get(from..to) {
            split_json(Document { text, line, column: 1, item: None }, &mut documents);
        }
    };
    for text in text.split_inclusive('\n') {
        line += 1;
        let mark = text.trim_end();
        let is_start = mark == "---" || text.starts_with("--- ") || text.starts_with("---\t");
        // `...` ends a document; what follows begins another, with or without `---`.
        let is_end = mark == "..." || text.starts_with("... ");
        // Directives and comments before the first `---` belong to the document after it.
        if is_start && (has_content || is_open) {
            if has_content {
                push(start.0, at, start.1);
            }
            start = (at, line);
            has_content = false;
        }
        is_open |= is_start;
        let is_blank = mark.is_empty() || mark.starts_with(['#', '%']) || is_start && mark == "---";
        has_content |= !is_blank && !is_end;
        at += text.len();
        if is_end {
            if has_content {
                push(start.0, at, start.1);
            }
            start = (at, line + 1);
            (has_content, is_open) = (false, false);
        }
    }
    if has_content {
        push(start.0, at, start.1);
    }
    documents
}

/// `kubectl get -o json` piped twice, or jq's output: values one after the other.
fn split_json<'t>(document: Document<'t>, documents: &mut Vec<Document<'t>>) {
    // A list is not a stream, and it is large, so it is not parsed as one.
    if let Some(items) = list::items(&document) {
        return documents.extend(items);
    }
    let values: Option<Vec<&'t RawValue>> = document
        .text
        .trim_start()
        .starts_with('{')
        .then(|| serde_json::Deserializer::from_str(document.text).into_iter().collect::<Result<_, _>>().ok())
        .flatten();
    match values {
        Some(values) if values.len() > 1 => {
            let mut cursor = Cursor::new(&document);
            for value in values {
                let value = cursor.part(value.get());
                match list::items(&value) {
                    Some(items) => documents.extend(items),
                    None => documents.push(value),
                }
            }
        }
        _ => documents.push(document),
    }
}

/// Makes documents of parts of one, from front to back.
pub(crate) struct Cursor<'d, 't> {
    document: &'d Document<'t>,
    at: usize,
    line: usize,
    column: usize,
}

impl<'d, 't> Cursor<'d, 't> {
    pub(crate) fn new(document: &'d Document<'t>) -> Self {
        Cursor { document, at: 0, line: document.line, column: document.column }
    }

    /// `text` is a part of the document's own text, behind all parts before.
    pub(crate) fn part(&mut self, text: &'t str) -> Document<'t> {
        let at = (text.as_ptr() as usize).saturating_sub(self.document.text.as_ptr() as usize);
        let between = self.document.text.get(self.at..at).unwrap_or_default();
        let lines = between.matches('\n').count();
        let last = between.rsplit('\n').next().map_or(0, |line| line.chars().count());
        self.column = if lines == 0 { self.column + last } else { last + 1 };
        self.line += lines;
        self.at = at;
        Document { text, line: self.line, column: self.column, item: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<(usize, &str)> {
        documents(text).iter().map(|document| (document.line, document.text)).collect()
    }

    #[test]
    fn documents_begin_at_their_marks() {
        assert_eq!(split("a: 1\n---\nb: 2\n"), [(1, "a: 1\n"), (2, "---\nb: 2\n")]);
        assert_eq!(split("---\na: 1\n--- # two\nb: 2"), [(1, "---\na: 1\n"), (3, "--- # two\nb: 2")]);
        assert_eq!(split("a: 1\r\n---\r\nb: 2\r\n"), [(1, "a: 1\r\n"), (2, "---\r\nb: 2\r\n")]);
        assert_eq!(split("a: |\n  ---\n  x\n"), [(1, "a: |\n  ---\n  x\n")]);
        assert_eq!(split("a: 1\n...\nb: 2\n"), [(1, "a: 1\n...\n"), (3, "b: 2\n")]);
    }

    #[test]
    fn empty_documents_are_none() {
        assert!(split("").is_empty());
        assert!(split("---\n---\n# only words\n---\n").is_empty());
        assert_eq!(split("a: 1\n---\n# nothing\n---\nb: 2\n"), [(1, "a: 1\n"), (4, "---\nb: 2\n")]);
        assert_eq!(split("...\n---\nb: 2\n"), [(2, "---\nb: 2\n")]);
        assert_eq!(split("%YAML 1.2\n---\na: 1\n").len(), 1);
    }

    #[test]
    fn json_values_one_after_the_other() {
        assert_eq!(split("{\"a\":\n1} {\"b\":2}\n"), [(1, "{\"a\":\n1}"), (2, "{\"b\":2}")]);
        assert_eq!(documents("{\"a\":\n1} {\"b\":2}\n")[1].column, 4);
        // Flow style, not JSON.
        assert_eq!(split("{a: 1}\n").len(), 1);
    }

    #[test]
    fn encodings() {
        let utf16 = |big: bool| {
            let bytes = move |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
            "\u{feff}kind: \u{e4}".encode_utf16().flat_map(bytes).collect::<Vec<u8>>()
        };
        assert_eq!(decode(utf16(false)).unwrap(), "kind: \u{e4}");
        assert_eq!(decode(utf16(true)).unwrap(), "kind: \u{e4}");
        assert_eq!(decode(b"\xef\xbb\xbfkind: a".to_vec()).unwrap(), "kind: a");
        assert_eq!(decode(b"a\nb\xe4\n".to_vec()).unwrap_err(), "is not UTF-8 (line 2)");
        assert_eq!(decode(b"\x7fELF\x02\0\0".to_vec()).unwrap_err(), "is a binary file");
    }
}
