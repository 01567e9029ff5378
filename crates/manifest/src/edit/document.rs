//! The changes of one document.

use super::order::{difference, ordered};
use super::page::{Kind, Page};
use super::splice::{ONLY, Splice, spliced};
use super::walk::{Found, Spot, walk};
use crate::change::{Change, ChangeError, apply_changes, escape, unescape};
use crate::document::Document;
use crate::outline::Shape;
use serde_json::{Map, Value};

/// What cannot be done, and where in the text.
#[derive(Debug)]
pub(super) struct Problem {
    pub at: usize,
    pub text: String,
}

/// The text with the changes.
pub(super) fn edit(text: &str, changes: &[Change], line_end: &'static str) -> Result<String, Problem> {
    let value = value(text).ok_or_else(|| Problem { at: 0, text: "the document cannot be read".to_owned() })?;
    let expected = apply_changes(&value, changes).map_err(|error| {
        let (ChangeError::Missing(pointer)
        | ChangeError::NotAContainer(pointer)
        | ChangeError::Exists { pointer, .. }
        | ChangeError::Conflict(_, pointer)) = &error;
        at(text, pointer, &error.to_string())
    })?;
    let mut smallest = Vec::new();
    for change in ordered(changes) {
        match change {
            Change::Set { pointer, value: new } if !pointer.ends_with("/-") => match value.pointer(pointer) {
                Some(old) => difference(pointer, old, new, &mut smallest),
                None => smallest.push(change.clone()),
            },
            change => smallest.push(change.clone()),
        }
    }
    let ordered: Vec<Change> = ordered(&smallest).into_iter().cloned().collect();
    if ordered.is_empty() {
        return Ok(text.to_owned());
    }
    // What an alias refers to changes with it: then there is nothing to write out.
    let direct = direct(text, &ordered, line_end);
    if direct.len() < ordered.len()
        && let Ok(edited) = run(text, &direct, &expected, line_end)
    {
        return Ok(edited);
    }
    run(text, &ordered, &expected, line_end)
}

/// The value of a document's text.
pub(super) fn value(text: &str) -> Option<Value> {
    Document::whole(text).read().ok()
}

fn at(text: &str, pointer: &str, words: &str) -> Problem {
    let page = Page::of(text, "\n");
    let mut tokens = tokens(pointer);
    let place = page.and_then(|page| {
        loop {
            let spot = match walk(&page, &tokens) {
                Ok(Found::Spot(at) | Found::Alias { at, .. } | Found::Missing { above: at, .. }) => at,
                Ok(Found::Merged { map, .. }) => map,
                Err(_) => {
                    tokens.pop()?;
                    continue;
                }
            };
            return Some(page.outline.node(spot.node).span.start);
        }
    });
    Problem { at: place.unwrap_or_default(), text: words.to_owned() }
}

/// The changes of what is written where it is used.
fn direct(text: &str, changes: &[Change], line_end: &'static str) -> Vec<Change> {
    let Some(page) = Page::of(text, line_end) else { return Vec::new() };
    let is_direct = |change: &&Change| {
        let found = walk(&page, &tokens(change.pointer()));
        !matches!(found, Ok(Found::Alias { .. } | Found::Merged { .. }))
    };
    changes.iter().filter(is_direct).cloned().collect()
}

/// Makes the changes, those that do not touch each other at once.
fn run(text: &str, changes: &[Change], expected: &Value, line_end: &'static str) -> Result<String, Problem> {
    let mut edited = text.to_owned();
    let mut rest = changes.to_vec();
    while !rest.is_empty() {
        let page = Page::of(&edited, line_end).ok_or_else(|| at(text, "", UNCERTAIN))?;
        let mut splices: Vec<Splice> = Vec::new();
        let mut containers = Vec::new();
        let mut later = Vec::new();
        while !rest.is_empty() {
            let change = rest.remove(0);
            // Places behind a removal that waits would move under the changes after it.
            let must_wait = !later.is_empty() && !matches!(change, Change::Set { .. });
            let step = if must_wait { Err(UNCERTAIN) } else { Step::of(&page, &change, &rest) };
            match step {
                Ok(step) if step.is_apart(&splices, &containers) => {
                    containers.extend(step.container);
                    splices.extend(step.splices);
                    rest.retain(|other| !step.done.contains(other));
                    later.retain(|other| !step.done.contains(other));
                }
                Err(words) if splices.is_empty() && !must_wait => return Err(at(text, change.pointer(), words)),
                _ => later.push(change),
            }
        }
        let text_after = spliced(page.text, splices);
        drop(page);
        edited = text_after.ok_or_else(|| at(text, changes.first().map_or("", Change::pointer), UNCERTAIN))?;
        rest = later;
    }
    if value(&edited).as_ref() == Some(expected) {
        return Ok(edited);
    }
    let words = if text.contains('&') { SHARED } else { UNCERTAIN };
    Err(at(text, changes.first().map_or("", Change::pointer), words))
}

const UNCERTAIN: &str = "the layout at this place is not one that can be changed with certainty";
const SHARED: &str = "an anchor at this place is used in other places too: write it out there first";
const MERGED: &str = "this member comes from a merge: write it out first";

/// What one change does to the text.
struct Step {
    splices: Vec<Splice>,
    /// The collection that gets or loses an element.
    container: Option<usize>,
    /// Other changes that are done with it.
    done: Vec<Change>,
}

impl Step {
    fn of(page: &Page<'_>, change: &Change, others: &[Change]) -> Result<Step, &'static str> {
        let tokens = tokens(change.pointer());
        let alone = |splices, container| Step { splices, container, done: Vec::new() };
        match (walk(page, &tokens)?, change) {
            (Found::Spot(spot), Change::Set { value, .. }) => Ok(alone(page.replace(spot, value)?, None)),
            (Found::Spot(spot), Change::Rename { key, .. }) => Ok(alone(page.rename(spot, key)?, None)),
            (Found::Spot(spot), Change::Remove { .. }) => {
                let container = spot.container.map(|(container, _)| container);
                let splices = match (page.remove(spot), tokens.split_last()) {
                    (Err(ONLY), Some((_, above))) => match walk(page, above)? {
                        Found::Spot(above) => page.clear(above)?,
                        _ => return Err(UNCERTAIN),
                    },
                    (splices, _) => splices?,
                };
                Ok(alone(splices, container))
            }
            (Found::Missing { above, depth }, Change::Set { value, .. }) => {
                let value = nested(tokens.get(depth + 1..).unwrap_or_default(), value.clone());
                let token = tokens.get(depth).map_or("", String::as_str);
                Ok(alone(add(page, above, token, value)?, Some(above.node)))
            }
            (Found::Missing { .. }, _) => Err("there is nothing at this place"),
            (Found::Alias { at, depth }, _) => Step::of_alias(page, at, &tokens, depth, change, others),
            (Found::Merged { map, depth }, _) => {
                let (after, done) = after(page, &tokens, depth + 1, change, others).ok_or(MERGED)?;
                let key = tokens.get(depth).map_or("", String::as_str);
                Ok(Step { splices: page.add_member(map, key, &after)?, container: Some(map.node), done })
            }
        }
    }

    /// An alias becomes a map that merges it, if members are all that is added; otherwise it is written out.
    fn of_alias(
        page: &Page<'_>,
        spot: Spot,
        tokens: &[String],
        depth: usize,
        change: &Change,
        others: &[Change],
    ) -> Result<Step, &'static str> {
        let before = value(page.text).and_then(|value| value.pointer(&joined(tokens.get(..depth)?)).cloned());
        let before = before.ok_or(UNCERTAIN)?;
        let (after, done) = after(page, tokens, depth, change, others).ok_or(UNCERTAIN)?;
        let extended = match (&before, &after) {
            (Value::Object(old), Value::Object(new)) if old.keys().all(|key| new.contains_key(key)) => {
                let members = new.iter().filter(|(key, value)| old.get(*key) != Some(*value));
                let members: Vec<_> = members.map(|(key, value)| (key.clone(), value.clone())).collect();
                page.extend_alias(spot, &members).ok()
            }
            _ => None,
        };
        let splices = extended.map_or_else(|| page.replace(spot, &after), Ok)?;
        Ok(Step { splices, container: None, done })
    }

    fn is_apart(&self, splices: &[Splice], containers: &[usize]) -> bool {
        let touches = |own: &Splice, other: &Splice| own.0.start <= other.0.end && other.0.start <= own.0.end;
        self.container.is_none_or(|container| !containers.contains(&container))
            && !self.splices.iter().any(|own| splices.iter().any(|other| touches(own, other)))
    }
}

/// What is at the first `depth` tokens after all changes there, and which those are.
fn after(
    page: &Page<'_>,
    tokens: &[String],
    depth: usize,
    change: &Change,
    others: &[Change],
) -> Option<(Value, Vec<Change>)> {
    let prefix = joined(tokens.get(..depth)?);
    if let Change::Set { pointer, value } = change
        && *pointer == prefix
    {
        return Some((value.clone(), Vec::new()));
    }
    let before = value(page.text)?.pointer(&prefix)?.clone();
    let is_below = |other: &&Change| other.pointer().strip_prefix(&prefix).is_some_and(|rest| rest.starts_with('/'));
    let below: Vec<Change> = std::iter::once(change).chain(others).filter(is_below).cloned().collect();
    let own: Vec<Change> = below.iter().map(|change| change.from(&prefix)).collect();
    // Something that is exactly at the prefix is not below it.
    (!own.is_empty()).then_some(())?;
    Some((apply_changes(&before, &own).ok()?, below))
}

fn tokens(pointer: &str) -> Vec<String> {
    pointer.split('/').skip(1).map(|token| unescape(token).into_owned()).collect()
}

fn joined(tokens: &[String]) -> String {
    tokens.iter().map(|token| format!("/{}", escape(token))).collect()
}

/// The value with the maps and lists above it that are missing.
fn nested(tokens: &[String], value: Value) -> Value {
    tokens.iter().rev().fold(value, |value, token| match token.as_str() {
        "-" => Value::Array(vec![value]),
        key => Value::Object(Map::from_iter([(key.to_owned(), value)])),
    })
}

/// Adds a member or an item to a collection, which may be empty or null.
fn add(page: &Page<'_>, above: Spot, token: &str, value: Value) -> Result<Vec<Splice>, &'static str> {
    let node = page.outline.node(above.node);
    let is_in_flow = above.container.is_none_or(|(container, _)| page.is_flow(container));
    match &node.shape {
        Shape::Map(members) if !members.is_empty() || is_in_flow => page.add_member(above, token, &value),
        Shape::List(items) if !items.is_empty() || is_in_flow => page.add_item(above, &value),
        Shape::Alias(_) => Err(UNCERTAIN),
        Shape::List(_) => page.replace(above, &Value::Array(vec![value])),
        Shape::Map(_) => page.replace(above, &nested(&[token.to_owned()], value)),
        Shape::Leaf => {
            let is_null = page.lead_of(above).is_some_and(|lead| match lead.kind {
                Kind::Empty => true,
                Kind::Scalar => matches!(page.slice(node.span.clone()), "~" | "null" | "Null" | "NULL"),
                _ => false,
            });
            if !is_null {
                return Err("there is a text or number where a map is needed");
            }
            page.replace(above, &nested(&[token.to_owned()], value))
        }
    }
}
