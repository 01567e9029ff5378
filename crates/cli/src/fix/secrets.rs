//! Which lines of a text a patch must not show.
//!
//! A patch has the lines that change and lines next to them, and is printed, sent and published. What changes has to be
//! in it, so that is shown unless it is a credential. What does not change is shown only if it cannot be one.

use credentials::{
    NameStrength, is_benign, name_strength, names_a_secret, recognise, recognise_with_base64, secret_assignments,
};
use fixes::Edit;
use manifest::{Change, Document, Positions, documents, escape, unescape};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// The lines of a text, counted from 0.
#[derive(Default)]
pub(super) struct Sensitive {
    /// A credential is on them.
    secret: BTreeSet<usize>,
    /// Data is on them, which can be a credential: names and values.
    data: BTreeMap<usize, Vec<(String, String)>>,
    /// Nothing is known of them.
    unread: BTreeSet<usize>,
}

impl Sensitive {
    pub(super) fn of(text: &str) -> Sensitive {
        let mut found = Sensitive::default();
        for document in documents(text) {
            found.document(&document);
        }
        for (at, line) in text.lines().enumerate() {
            if recognise(line).is_some() || has_secret_comment(line) {
                found.secret.insert(at);
            }
        }
        found
    }

    /// Whether a line is shown next to a change.
    pub(super) fn is_open(&self, line: usize) -> bool {
        !self.secret.contains(&line) && !self.data.contains_key(&line) && !self.unread.contains(&line)
    }

    /// The first of these lines, which change, with a credential.
    pub(super) fn secret_in(&self, lines: Range<usize>) -> Option<usize> {
        self.secret.range(lines).next().copied()
    }

    /// The data on these lines.
    pub(super) fn data_in(&self, lines: Range<usize>) -> impl Iterator<Item = &(String, String)> {
        self.data.range(lines).flat_map(|(_, data)| data)
    }

    fn document(&mut self, document: &Document<'_>) {
        let first = document.line - 1;
        let read = (manifest::parse(document.text), Positions::of(document), document.objects());
        let (Ok(value), Some(positions), Ok(objects)) = read else {
            self.unread.extend(first..first + document.text.lines().count());
            return;
        };
        let secrets: Vec<String> = objects
            .into_iter()
            .flatten()
            .filter(|object| object.object()["kind"] == "Secret")
            .map(|object| object.object_pointer())
            .collect();
        for scalar in positions.scalars() {
            let (name, text) = named(&value, &scalar.pointer);
            let in_secret = secrets.iter().any(|secret| {
                let below = scalar.pointer.strip_prefix(secret.as_str()).unwrap_or_default();
                ["/data/", "/stringData/"].iter().any(|data| below.starts_with(data))
            });
            let lines = *scalar.lines.start() - 1..*scalar.lines.end();
            let is_data = scalar.is_data || text.contains('\n');
            if in_secret && !text.is_empty() || is_secret(&name, &text, is_data) {
                self.secret.extend(lines);
            } else if is_data && !is_benign(&text) {
                for line in lines {
                    self.data.entry(line).or_default().push((name.clone(), text.clone()));
                }
            }
        }
    }
}

/// Whether edits of an object repeat a value that must not be shown.
pub(crate) fn hides(object: &Value, edits: &[Edit]) -> bool {
    edits.iter().any(|edit| match edit {
        Edit::Own(Change::Set { pointer, value }) => holds_secret(object, pointer, value),
        Edit::Other { edit: Change::Set { pointer, value }, key: (_, kind, ..) } => {
            holds_secret(&json!({ "kind": kind }), pointer, value)
        }
        Edit::New { value } => holds_secret(value, "", value),
        Edit::Own(_) | Edit::Other { .. } => false,
    })
}

fn holds_secret(object: &Value, pointer: &str, value: &Value) -> bool {
    let below = |key: &str| format!("{pointer}/{}", escape(key));
    match value {
        Value::Object(members) => members.iter().any(|(key, value)| holds_secret(object, &below(key), value)),
        Value::Array(items) => {
            items.iter().enumerate().any(|(at, value)| holds_secret(object, &below(&at.to_string()), value))
        }
        Value::Null => false,
        value => {
            let is_data = ["/data/", "/stringData/"].iter().any(|data| pointer.starts_with(data));
            let (name, _) = named(object, pointer);
            object["kind"] == "Secret" && is_data || is_secret(&name, &written(value), true)
        }
    }
}

/// The name of a value and its text. The name of a variable is in its member `name`.
fn named(value: &Value, pointer: &str) -> (String, String) {
    let text = value.pointer(pointer).map(written).unwrap_or_default();
    let (above, last) = pointer.rsplit_once('/').unwrap_or_default();
    let name = match value.pointer(above) {
        Some(Value::Object(members)) if last == "value" => members.get("name").and_then(Value::as_str),
        Some(Value::Array(_)) => above.rsplit('/').next(),
        _ => None,
    };
    (name.map_or_else(|| unescape(last).into_owned(), str::to_owned), text)
}

fn written(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Whether it is a credential by its value or by its name. Weak names promise nothing where Kubernetes chose them.
fn is_secret(name: &str, value: &str, is_data: bool) -> bool {
    let promises = match name_strength(name) {
        Some(NameStrength::Weak) => is_data,
        strength => strength.is_some(),
    };
    promises && !is_benign(value) && !names_a_secret(name, value)
        || recognise_with_base64(value).is_some()
        || value.contains('\n') && has_secret_assignment(value)
}

fn has_secret_assignment(text: &str) -> bool {
    let mut found = false;
    secret_assignments(text, &mut |pair, _| {
        found |= !is_benign(pair.value) && !names_a_secret(pair.key, pair.value);
    });
    found
}

/// People comment out what they do not want to lose.
fn has_secret_comment(line: &str) -> bool {
    let comment = match line.trim_start().strip_prefix('#') {
        Some(comment) => Some(comment),
        None => line.rsplit_once(" #").map(|(_, comment)| comment),
    };
    comment.is_some_and(|comment| has_secret_assignment(comment.trim_start_matches(['#', ' ', '-'])))
}
