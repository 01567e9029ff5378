//! Manifests in many styles of YAML and JSON, changes of them, and what must hold after an edit. A seed decides
//! everything, so a failure can be repeated.

use manifest::{Change, Edits, apply_changes, documents, edit, escape};
use serde_json::{Map, Value, json};

/// A small generator of numbers (xorshift64*).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % bound.max(1)
    }

    fn one_in(&mut self, number: usize) -> bool {
        self.below(number) == 0
    }

    fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }
}

const KEYS: &[&str] = &[
    "name",
    "labels",
    "use",
    "app.kubernetes.io/name",
    "yes",
    "017",
    "a b",
    "x",
    "n",
    "value",
    "env",
    "a/b",
    "null",
    "é",
    "-k",
    "#k",
    "a:b",
];
const TEXTS: &[&str] = &[
    "web",
    "true",
    "017",
    "1e3",
    "yes",
    "",
    "~",
    "a: b",
    "a #b",
    "it's",
    "say \"x\"",
    "- a",
    "{{ x }}",
    "*a",
    "&a",
    "0x1F",
    "12:30:45",
    "line\nother\n",
    "line\n\nother",
    "  lead\nx\n",
    "tail\n\n\n",
    "é€𝄞",
    "a\tb",
    "<client-id>",
    "x, y",
    "[a]",
    "%a",
    "@a",
    "|",
    ">",
    "a:",
    "00000000-0000-4000-8000-000000000001",
    "1_000",
    "\u{7f}",
    "back\\slash",
    "?",
    "!x",
    "2026-11-21",
    "null",
    ".5",
    "+1",
    "0o17",
];

fn scalar(random: &mut Random) -> Value {
    match random.below(8) {
        0 => json!(random.below(1000)),
        1 => json!(random.one_in(2)),
        2 => Value::Null,
        3 => json!(-1.5),
        _ => json!(random.pick(TEXTS)),
    }
}

pub(crate) fn value(random: &mut Random, depth: usize) -> Value {
    match random.below(if depth == 0 { 2 } else { 7 }) {
        0 | 1 => scalar(random),
        2 | 3 => (0..random.below(4)).map(|_| value(random, depth - 1)).collect(),
        _ => Value::Object(map(random, depth - 1)),
    }
}

fn map(random: &mut Random, depth: usize) -> Map<String, Value> {
    (0..random.below(5)).map(|_| (random.pick(KEYS).to_owned(), value(random, depth))).collect()
}

/// A text with one to three documents.
pub(crate) fn text(random: &mut Random) -> String {
    let count = 1 + random.below(6) / 3;
    let mut text = String::new();
    for index in 0..count {
        let mut object = json!({"apiVersion": "v1", "kind": "Thing"});
        let members = map(random, 4);
        object.as_object_mut().unwrap().extend(members);
        let object = match random.below(8) {
            0 => {
                json!({"apiVersion": "v1", "kind": "List", "items": [object.clone(), {"apiVersion": "v1", "kind": "B", "m": object}]})
            }
            _ => object,
        };
        if random.one_in(8) {
            let json =
                if random.one_in(2) { serde_json::to_string_pretty(&object) } else { serde_json::to_string(&object) };
            // A flow map in YAML, or the whole text.
            text.push_str(if index > 0 { "---\n" } else { "" });
            text.push_str(&json.unwrap().replace('\u{7f}', "\\u007f"));
            text.push('\n');
            continue;
        }
        if index > 0 || random.one_in(3) {
            text.push_str(random.pick(&["---\n", "--- # document\n", "# before\n---\n"]));
        }
        text.push_str(&styled(random, &object));
        if random.one_in(8) {
            text.push_str("# the end\n");
        }
        if random.one_in(10) {
            text.push_str("...\n");
        }
    }
    if random.one_in(5) {
        text = text.replace('\n', "\r\n");
    }
    if random.one_in(5) {
        text.truncate(text.trim_end().len());
    }
    text
}

/// An object as YAML of a random style.
pub(crate) fn styled(random: &mut Random, object: &Value) -> String {
    let mut writer = Writer {
        text: String::new(),
        step: random.pick(&[2, 2, 2, 4, 3]),
        is_compact: random.one_in(2),
        comments: 0,
        anchor: None,
        random,
    };
    if let Some(members) = object.as_object() {
        writer.map(members, 0);
    }
    writer.text
}

struct Writer<'r> {
    text: String,
    step: usize,
    is_compact: bool,
    comments: usize,
    /// A value that was written with an anchor.
    anchor: Option<(String, Value)>,
    random: &'r mut Random,
}

impl Writer<'_> {
    fn space(&mut self, indent: usize) {
        match self.random.below(12) {
            0 => self.text.push('\n'),
            1 => {
                self.comments += 1;
                let comment = format!("{}# above {}\n", " ".repeat(indent), self.comments);
                self.text.push_str(&comment);
            }
            _ => {}
        }
    }

    fn line_end(&mut self) {
        if self.random.one_in(6) {
            self.comments += 1;
            let comment = format!("{}# on the line {}", " ".repeat(1 + self.random.below(3)), self.comments);
            self.text.push_str(&comment);
        }
        self.text.push('\n');
    }

    /// The members, each on its line; the first begins at the end of the text.
    fn map(&mut self, map: &Map<String, Value>, indent: usize) {
        for (index, (key, value)) in map.iter().enumerate() {
            if index > 0 || indent == 0 {
                self.space(indent);
            }
            if index > 0 {
                self.text.push_str(&" ".repeat(indent));
            }
            if self.random.one_in(25) {
                self.text.push_str("? ");
                let key = self.inline(&json!(key));
                self.text.push_str(&key);
                self.text.push_str(&format!("\n{}", " ".repeat(indent)));
            } else {
                let key = self.inline(&json!(key));
                self.text.push_str(&key);
            }
            self.text.push(':');
            self.value(value, indent, true);
        }
    }

    /// What is behind a colon or a dash, to the end of the line.
    fn value(&mut self, value: &Value, indent: usize, is_member: bool) {
        if let Some((name, anchored)) = &self.anchor
            && anchored == value
            && self.random.one_in(2)
        {
            self.text.push_str(&format!(" *{name}"));
            return self.line_end();
        }
        if self.anchor.is_none() && self.random.one_in(12) {
            self.text.push_str(" &shared");
            // What is inside of it cannot refer to it, so it is noted afterwards.
            self.plain_value(value, indent, is_member);
            self.anchor = Some(("shared".to_owned(), value.clone()));
            return;
        }
        self.plain_value(value, indent, is_member);
    }

    fn plain_value(&mut self, value: &Value, indent: usize, is_member: bool) {
        let has_anchor = self.text.ends_with("&shared");
        let in_block = self.random.below(4) > 0;
        match value {
            Value::Object(map) if !map.is_empty() && in_block => {
                let on_line = !is_member && !has_anchor && self.random.below(4) > 0;
                // The dash and what it is followed by make the indentation of an item's members.
                let indent = if is_member { indent + self.step } else { indent + 2 };
                if on_line {
                    self.text.push(' ');
                } else {
                    self.line_end();
                    self.space(indent);
                    self.text.push_str(&" ".repeat(indent));
                }
                self.map(map, indent);
            }
            Value::Array(list) if !list.is_empty() && in_block => {
                let on_line = !is_member && !has_anchor && self.random.one_in(2);
                let indent = match (is_member, self.is_compact) {
                    (true, true) => indent,
                    (true, false) => indent + self.step,
                    (false, _) => indent + 2,
                };
                if on_line {
                    self.text.push(' ');
                } else {
                    self.line_end();
                }
                for (index, item) in list.iter().enumerate() {
                    if index > 0 || !on_line {
                        self.space(indent);
                        self.text.push_str(&" ".repeat(indent));
                    }
                    self.text.push('-');
                    self.value(item, indent, false);
                }
            }
            Value::Null if self.random.one_in(2) => self.line_end(),
            Value::String(text)
                if text.ends_with('\n') && !text.starts_with([' ', '\n']) && self.random.below(4) > 0 =>
            {
                let stripped = text.trim_end_matches('\n');
                let is_clip = text.len() == stripped.len() + 1;
                self.text.push_str(if is_clip { " |" } else { " |+" });
                self.line_end();
                let indent = indent + self.step;
                for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
                    let line =
                        if line.is_empty() { "\n".to_owned() } else { format!("{}{line}\n", " ".repeat(indent)) };
                    self.text.push_str(&line);
                }
                if is_clip && self.random.one_in(3) {
                    self.text.push('\n');
                }
            }
            value => {
                let written = if self.random.one_in(12) && value.as_object().is_some_and(|map| !map.is_empty()) {
                    self.flow_lines(value.as_object().unwrap(), indent)
                } else {
                    self.inline(value)
                };
                self.text.push(' ');
                self.text.push_str(&written);
                self.line_end();
            }
        }
    }

    fn flow_lines(&mut self, map: &Map<String, Value>, indent: usize) -> String {
        let pad = " ".repeat(indent + self.step);
        let mut text = "{\n".to_owned();
        for (index, (key, value)) in map.iter().enumerate() {
            let key = self.inline(&json!(key));
            let value = self.inline(value);
            let comma = if index + 1 < map.len() || self.random.one_in(3) { "," } else { "" };
            self.comments += 1;
            let comment = if self.random.one_in(3) { format!(" # flow {}", self.comments) } else { String::new() };
            text.push_str(&format!("{pad}{key}: {value}{comma}{comment}\n"));
        }
        format!("{text}{pad}}}")
    }

    fn inline(&mut self, value: &Value) -> String {
        match value {
            Value::String(text) => {
                let plain = manifest::parse(&format!("k: {text}\n")).is_ok_and(|read| read["k"] == **text)
                    && !text.contains(['\n', ',', '[', ']', '{', '}', '\'', '"', '#', '\u{7f}', ':', '\t'])
                    && manifest::parse(&format!("{text}: k\n")).is_ok_and(|read| read.get(text.as_str()).is_some())
                    && !text.is_empty();
                let simple = text.chars().all(|c| !c.is_control());
                match self.random.below(4) {
                    0 | 1 if plain => text.clone(),
                    0..=2 if simple => format!("'{}'", text.replace('\'', "''")),
                    _ => value.to_string().replace('\u{7f}', "\\x7f"),
                }
            }
            Value::Array(list) => {
                let items: Vec<String> = list.iter().map(|item| self.inline(item)).collect();
                let comma = self.random.pick(&[", ", ",", " , "]);
                let end = if !items.is_empty() && self.random.one_in(6) { "," } else { "" };
                let space = if self.random.one_in(3) { " " } else { "" };
                format!("[{space}{}{end}{space}]", items.join(comma))
            }
            Value::Object(map) => {
                let members: Vec<String> = map
                    .iter()
                    .map(|(key, value)| format!("{}: {}", self.inline(&json!(key)), self.inline(value)))
                    .collect();
                let space = if self.random.one_in(3) { " " } else { "" };
                format!("{{{space}{}{space}}}", members.join(", "))
            }
            Value::Null => (self.random.pick(&["null", "~"])).to_owned(),
            scalar => scalar.to_string(),
        }
    }
}

/// All nodes below the root, with their pointers.
fn nodes(value: &Value, pointer: &str, found: &mut Vec<String>) {
    let mut visit = |key: &str, child: &Value| {
        let pointer = format!("{pointer}/{}", escape(key));
        found.push(pointer.clone());
        nodes(child, &pointer, found);
    };
    match value {
        Value::Object(map) => map.iter().for_each(|(key, child)| visit(key, child)),
        Value::Array(list) => list.iter().enumerate().for_each(|(at, child)| visit(&at.to_string(), child)),
        _ => {}
    }
}

/// Up to three changes of an object. Its version and kind stay.
pub(crate) fn changes(random: &mut Random, object: &Value) -> Vec<Change> {
    let mut pointers = Vec::new();
    nodes(object, "", &mut pointers);
    pointers.retain(|pointer| !matches!(pointer.as_str(), "/apiVersion" | "/kind" | "/items"));
    let count = 1 + random.below(3);
    let change = |random: &mut Random| {
        let pointer = match pointers.is_empty() {
            true => String::new(),
            false => pointers[random.below(pointers.len())].clone(),
        };
        match random.below(7) {
            0 | 1 if !pointer.is_empty() => Change::Remove { pointer },
            2 if !pointer.is_empty() => Change::Rename { pointer, key: random.pick(KEYS).to_owned() },
            3 if !pointer.is_empty() => {
                let depth = random.below(3);
                Change::Set { pointer, value: value(random, depth) }
            }
            4 => Change::Set { pointer: format!("{pointer}/-"), value: value(random, 2) },
            _ => {
                let key: &str = random.pick(KEYS);
                let key = escape(key).into_owned();
                let below = if random.one_in(4) { "/new" } else { "" };
                Change::Set { pointer: format!("{pointer}/{key}{below}"), value: value(random, 2) }
            }
        }
    };
    (0..count).map(|_| change(random)).collect()
}

/// What came of an edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Edited,
    /// The changes do not fit the object.
    NoChange,
    Conflict,
}

/// Edits one object of a text. Panics if what comes out is not what the changes make of the values.
pub(crate) fn check(random: &mut Random, text: &str) -> Outcome {
    let documents = documents(text);
    if documents.is_empty() {
        return Outcome::NoChange;
    }
    let at = random.below(documents.len());
    let Ok(objects) = documents[at].objects() else { return Outcome::NoChange };
    let objects: Vec<_> = objects.into_iter().filter_map(Result::ok).collect();
    if objects.is_empty() {
        return Outcome::NoChange;
    }
    let object = &objects[random.below(objects.len())];
    let changes = changes(random, &object.value);
    let Ok(expected) = apply_changes(&object.value, &changes) else { return Outcome::NoChange };
    if expected["kind"] != object.value["kind"] || expected["apiVersion"] != object.value["apiVersion"] {
        return Outcome::NoChange;
    }
    // JSON of one object has no place for another: that is a conflict by design.
    let takes_more = !documents[at].text.trim_start().starts_with('{');
    let new = if takes_more && random.one_in(6) {
        vec![json!({"apiVersion": "v1", "kind": "New", "x": value(random, 2)})]
    } else {
        vec![]
    };
    let edits = [Edits { document: at, changes: vec![(object.pointer.clone(), changes.clone())], new: new.clone() }];
    let edited = match edit(text, &edits) {
        Ok(edited) => edited,
        Err(_) => return Outcome::Conflict,
    };
    let values = |text: &str| -> Vec<Option<Value>> { manifest::objects(text).into_iter().map(Result::ok).collect() };
    let (mut before, after) = (values(text), values(&edited));
    let found = before.iter_mut().filter(|value| value.as_ref() == Some(&object.value)).count();
    assert_eq!(before.len() + new.len(), after.len(), "{text}\n=> {changes:?}\n{edited}");
    assert!(found > 0 && after.contains(&Some(expected)), "{text}\n=> {changes:?}\n{edited}");
    for new in new {
        assert!(after.contains(&Some(new)), "{text}\n=> {edited}");
    }
    let unchanged = before.iter().filter(|value| value.as_ref() != Some(&object.value));
    for value in unchanged {
        assert!(after.contains(value), "{text}\n=> {changes:?}\n{edited}");
    }
    keeps(text, &edited, &changes);
    Outcome::Edited
}

/// Comments survive unless something on their line, or around them, is removed or replaced by another kind of value.
fn keeps(text: &str, edited: &str, changes: &[Change]) {
    let adds = |change: &Change| matches!(change, Change::Rename { .. }) || change.pointer().ends_with("/-");
    if changes.iter().all(adds) && !text.contains("*shared") {
        for line in text.lines().filter(|line| line.trim_start().starts_with('#')) {
            assert!(edited.contains(line.trim()), "{line} is gone:\n{text}\n=> {changes:?}\n{edited}");
        }
    }
    let ends = |text: &str| (text.matches("\r\n").count(), text.matches('\n').count());
    let ((before, all_before), (after, all)) = (ends(text), ends(edited));
    assert!(before != all_before || after == all, "the line ends are mixed:\n{edited:?}");
    // A removal at the end of a text without it can leave one.
    assert!(
        edited.ends_with('\n') || !text.ends_with('\n'),
        "the last line end:\n{text:?}\n=> {changes:?}\n{edited:?}"
    );
}
