//! Changes of objects as changes of their text: everything that is not about a change stays as it is, byte for byte.
//!
//! - A new member or item comes behind the last one, in the style and indentation of those before it.
//! - A comment behind something that is removed goes with it. Comment lines above it stay: they can be about more.
//! - A value keeps its quotes, and is quoted where kubectl would read something else without.
//! - A change behind an alias is written where the alias is, as a merge of it or in full. What an anchor holds is
//!   changed only if all places that use it change alike.
//!
//! The result is read again and compared with what the changes make of the values. Anything else is a conflict.

mod document;
mod order;
mod page;
mod splice;
mod walk;
mod write;

use crate::change::{Change, apply_changes};
use crate::document::{Document, documents};
use crate::outline::Outline;
use document::Problem;
use page::Page;
use serde_json::Value;
use std::ops::Range;
use walk::Spot;

/// What to change in one document of a text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Edits {
    /// Which of [`documents`] it is.
    pub document: usize,
    /// The pointer of each object in the document, and the changes of the object.
    pub changes: Vec<(String, Vec<Change>)>,
    /// New objects, to be written behind it.
    pub new: Vec<Value>,
}

/// Why a text cannot be changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text} (line {line})")]
pub struct Conflict {
    pub text: String,
    /// Line of the whole text, from 1.
    pub line: usize,
    /// The document whose edits cannot be made.
    pub document: usize,
}

/// The text with all edits. `parse(edit(text))` is `edit(parse(text))`, or it is an error.
pub fn edit(text: &str, edits: &[Edits]) -> Result<String, Conflict> {
    let documents = documents(text);
    // Byte ranges of the whole text, and what comes there.
    let mut parts: Vec<(Range<usize>, String)> = Vec::new();
    for edits in edits {
        let missing = || Conflict { text: "there is no such document".to_owned(), line: 1, document: edits.document };
        let document = documents.get(edits.document).ok_or_else(missing)?;
        parts.push((range(text, document), edit_document(text, document, edits)?));
    }
    parts.sort_by_key(|(range, _)| range.start);
    let mut edited = String::with_capacity(text.len() + 256);
    let mut at = 0;
    for (range, part) in parts {
        edited.push_str(text.get(at..range.start).unwrap_or_default());
        edited.push_str(&part);
        at = range.end;
    }
    edited.push_str(text.get(at..).unwrap_or_default());
    check(&documents, edits, &edited)?;
    Ok(edited)
}

/// One of the documents of a text with its edits, without the work of looking at the others.
pub fn edit_document(text: &str, document: &Document<'_>, edits: &Edits) -> Result<String, Conflict> {
    let conflict = |line, text: String| Conflict { text, line, document: edits.document };
    let changes = edits.changes.iter().flat_map(|(pointer, own)| own.iter().map(|change| change.below(pointer)));
    let changes: Vec<Change> = changes.collect();
    let line_end = line_end(if document.text.contains('\n') { document.text } else { text });
    let edited = document::edit(document.text, &changes, line_end).map_err(|Problem { at, text }| {
        let before = document.text.get(..at).unwrap_or_default();
        conflict(document.line + before.matches('\n').count(), text)
    })?;
    let add = |edited, value| with_object(text, document, edited, value, line_end);
    edits.new.iter().try_fold(edited, add).map_err(|text| conflict(document.line, text))
}

/// The document with another object behind it.
fn with_object(
    text: &str,
    document: &Document<'_>,
    edited: String,
    value: &Value,
    line_end: &'static str,
) -> Result<String, String> {
    const KINDS: &str = "a list of one kind has no place for an object of another";
    let page = Page::of(&edited, line_end).ok_or("the document cannot be read")?;
    if let Some(item) = &document.item {
        if !item.is_of_any_kind() {
            return Err(KINDS.to_owned());
        }
        if item.pointer().is_empty() {
            let lead = text.get(..range(text, document).start).unwrap_or_default();
            let lead = lead.rsplit('\n').next().unwrap_or_default();
            let is_line = lead.trim().is_empty();
            let value = page.style.flow(value, lead).ok_or("the object cannot be written")?;
            let between = if is_line { format!(",{line_end}{lead}") } else { page.style.comma().to_owned() };
            return Ok(format!("{edited}{between}{value}"));
        }
        let splices = page.add_item(Spot { node: Outline::ROOT, container: None }, value)?;
        return splice::spliced(&edited, splices).ok_or_else(|| "the list cannot be changed with certainty".to_owned());
    }
    let whole = document::value(&edited).unwrap_or_default();
    if whole["items"].is_array() && whole["kind"].as_str().is_some_and(|kind| kind.ends_with("List")) {
        if whole["kind"] != "List" {
            return Err(KINDS.to_owned());
        }
        let change = Change::Set { pointer: "/items/-".to_owned(), value: value.clone() };
        return document::edit(&edited, &[change], line_end).map_err(|problem| problem.text);
    }
    if page.style.json.is_some() {
        return Err("a JSON text of one object has no place for another".to_owned());
    }
    let written = page.style.document(value).ok_or("the object cannot be written")?;
    let is_last = range(text, document).end == text.len();
    drop(page);
    let keeps_open = is_last && !text.ends_with('\n');
    let written = if keeps_open { written.trim_end_matches(['\r', '\n']) } else { &written };
    let between = if edited.ends_with('\n') { "" } else { line_end };
    Ok(format!("{edited}{between}---{line_end}{written}"))
}

/// Reads the text again: its objects are those from before with the changes, and the new ones.
fn check(before: &[Document<'_>], edits: &[Edits], edited: &str) -> Result<(), Conflict> {
    let after = documents(edited);
    let mut after = after.iter();
    for (index, document) in before.iter().enumerate() {
        let differs = |text: &str| Conflict { text: text.to_owned(), line: document.line, document: index };
        let Some(edits) = edits.iter().find(|edits| edits.document == index) else {
            if after.next().map(|after| after.text) != Some(document.text) {
                return Err(differs("the change would move the borders of documents"));
            }
            continue;
        };
        let mut expected = Vec::new();
        for object in document.objects().map_err(|_| differs("the document cannot be read"))? {
            let Ok(object) = object else {
                expected.push(None);
                continue;
            };
            let own = edits.changes.iter().filter(|(pointer, _)| *pointer == object.pointer);
            let own: Vec<Change> = own.flat_map(|(_, changes)| changes).cloned().collect();
            expected.push(Some(apply_changes(&object.value, &own).map_err(|error| differs(&error.to_string()))?));
        }
        expected.extend(edits.new.iter().cloned().map(Some));
        let mut found = Vec::new();
        while found.len() < expected.len() {
            let Some(document) = after.next() else { break };
            match document.objects() {
                Ok(objects) => found.extend(objects.into_iter().map(|object| object.ok().map(|object| object.value))),
                Err(_) => break,
            }
        }
        if found != expected {
            return Err(differs("the layout of this document is not one that can be changed with certainty"));
        }
    }
    match after.next() {
        None => Ok(()),
        Some(document) => {
            let text = "the change would make another document".to_owned();
            Err(Conflict { text, line: document.line, document: edits.first().map_or(0, |edits| edits.document) })
        }
    }
}

/// The bytes of a document in its text.
fn range(text: &str, document: &Document<'_>) -> Range<usize> {
    let start = (document.text.as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
    start..start + document.text.len()
}

/// How lines end: as the first one does.
fn line_end(text: &str) -> &'static str {
    let first = text.find('\n').and_then(|end| text.get(..end)).unwrap_or_default();
    if first.ends_with('\r') { "\r\n" } else { "\n" }
}
