//! Splits lists before they are read: a cluster's export is one document, and reading it as a whole
//! takes ten times its size and one core.
//!
//! Lists never reach admission: the client sends their items. A list that cannot be split with certainty
//! (anchors, unusual layouts) is read as a whole.

use crate::document::{Cursor, Document};
#[cfg(feature = "yaml")]
use crate::tree;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::sync::Arc;

/// What the items of a list have from it.
#[derive(Debug)]
pub(crate) struct Head {
    kind: Value,
    api_version: Value,
}

impl Head {
    /// `item_kind` is the list's own without its `List`.
    pub(crate) fn new(item_kind: &str, api_version: Value) -> Head {
        Head { kind: Value::from(item_kind), api_version }
    }

    /// The API server leaves kind and version out of the items of a PodList.
    pub(crate) fn complete(&self, mut item: Value) -> Value {
        if let (Value::Object(item), false) = (&mut item, self.kind == "")
            && !item.contains_key("kind")
            && !item.contains_key("apiVersion")
        {
            item.insert("kind".to_owned(), self.kind.clone());
            item.insert("apiVersion".to_owned(), self.api_version.clone());
        }
        item
    }
}

/// Which item of which list a document is.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    head: Arc<Head>,
    pub(crate) index: usize,
    /// The text is `- ...`: a list of this item alone.
    is_dashed: bool,
}

impl Item {
    pub(crate) fn complete(&self, value: Value) -> Value {
        self.head.complete(value)
    }

    /// The item, out of what its text says.
    #[cfg(feature = "yaml")]
    pub(crate) fn unwrap(&self, value: Value) -> Value {
        match value {
            Value::Array(mut items) if self.is_dashed && items.len() == 1 => items.remove(0),
            value => value,
        }
    }

    /// Whether the list can hold objects of every kind.
    #[cfg(feature = "yaml")]
    pub(crate) fn is_of_any_kind(&self) -> bool {
        self.head.kind == ""
    }

    /// JSON Pointer from the text to the item.
    pub(crate) fn pointer(&self) -> &'static str {
        if self.is_dashed { "/0" } else { "" }
    }
}

/// The items of a document that is a list and nothing else.
pub(crate) fn items<'t>(document: &Document<'t>) -> Option<Vec<Document<'t>>> {
    if !document.text.contains("items") {
        return None;
    }
    match document.text.trim_start().starts_with('{') {
        true => json_items(document),
        false => yaml_items(document),
    }
}

fn json_items<'t>(document: &Document<'t>) -> Option<Vec<Document<'t>>> {
    #[derive(Deserialize)]
    struct List<'t> {
        #[serde(rename = "apiVersion", default)]
        api_version: Value,
        #[serde(borrow)]
        kind: Cow<'t, str>,
        #[serde(borrow)]
        items: Vec<&'t RawValue>,
    }
    let list: List<'t> = serde_json::from_str(document.text).ok()?;
    let head = Arc::new(Head::new(list.kind.strip_suffix("List")?, list.api_version));
    let mut cursor = Cursor::new(document);
    let items = list.items.iter().enumerate().map(|(index, item)| Document {
        item: Some(Item { head: head.clone(), index, is_dashed: false }),
        ..cursor.part(item.get())
    });
    Some(items.collect())
}

#[cfg(not(feature = "yaml"))]
fn yaml_items<'t>(_: &Document<'t>) -> Option<Vec<Document<'t>>> {
    None
}

/// In block style, an item begins with the dash of its own depth: no text in an item can be that far left.
#[cfg(feature = "yaml")]
fn yaml_items<'t>(document: &Document<'t>) -> Option<Vec<Document<'t>>> {
    let text = document.text;
    // An alias can refer to something in another item.
    let refers = [": &", "- &", ": *", "- *", "[&", "[*", ", *", "<<:"].iter().any(|mark| text.contains(mark));
    if refers || !text.contains("List") {
        return None;
    }
    let mut rest = String::new();
    let mut starts = Vec::new();
    // The indentation of the items, once the first is seen.
    let mut depth = None;
    let (mut in_items, mut seen, mut end) = (false, false, 0);
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let content = line.trim_start_matches(' ');
        let indent = line.len() - content.len();
        let says_nothing = content.trim_end().is_empty() || content.starts_with('#');
        let is_dash = content.starts_with("- ") || content.trim_end() == "-";
        // What is further right belongs to the item that is being read.
        if in_items && (says_nothing || indent > depth.unwrap_or(0)) && (depth.is_some() || says_nothing) {
            continue;
        }
        if in_items && is_dash && depth.is_none_or(|depth| depth == indent) {
            depth = Some(indent);
            starts.push(start);
            continue;
        }
        if in_items && indent > 0 {
            return None;
        }
        if in_items {
            (in_items, end) = (false, start);
        }
        if line.trim_end() == "items:" {
            if seen {
                return None;
            }
            (in_items, seen) = (true, true);
        } else {
            rest.push_str(line);
        }
    }
    if in_items {
        end = text.len();
    }
    let Value::Object(list) = tree::yaml_value(&rest).ok()? else { return None };
    let kind = list.get("kind")?.as_str()?.strip_suffix("List")?;
    let head = Arc::new(Head::new(kind, list.get("apiVersion").cloned().unwrap_or_default()));
    if starts.is_empty() || list.contains_key("items") {
        return None;
    }
    let ends = starts.iter().skip(1).copied().chain([end]);
    let mut cursor = Cursor::new(document);
    let items = starts.iter().zip(ends).enumerate().map(|(index, (start, end))| Document {
        item: Some(Item { head: head.clone(), index, is_dashed: true }),
        ..cursor.part(text.get(*start..end).unwrap_or_default())
    });
    Some(items.collect())
}

#[cfg(all(test, feature = "yaml"))]
mod tests {
    use crate::{Positions, documents};
    use proptest::prelude::*;
    use proptest::{collection, sample};
    use serde_json::Value;

    /// The objects, and the line of each one's name, read item by item or as a whole.
    fn read(text: &str) -> (bool, Vec<(Value, usize)>) {
        let documents = documents(text);
        let mut found = Vec::new();
        for document in &documents {
            let positions = Positions::of(document).unwrap();
            for object in document.objects().unwrap() {
                let object = object.unwrap();
                let line = positions.locate(&format!("{}/metadata/name", object.pointer)).line;
                found.push((object.value, line));
            }
        }
        (documents.iter().all(|document| document.item.is_some()), found)
    }

    #[test]
    fn lists_come_apart_into_what_they_are_as_a_whole() {
        for (text, apart) in [
            (
                "apiVersion: v1\nitems:\n- metadata:\n    name: a\n  b: |\n    x\n- kind: A\n  apiVersion: v2\n  metadata: {name: c}\nkind: PodList\nmetadata:\n  resourceVersion: ''\n",
                true,
            ),
            (
                "---\napiVersion: v1\nkind: PodList\nitems:\n  # words\n  - metadata:\n      name: a\n    l:\n    - b\n\n  -\n    metadata:\n      name: c\n",
                true,
            ),
            (
                "apiVersion: v1\nkind: PodList\nitems:\n- metadata: {name: a}\n  b: &x 1\n- metadata: {name: c}\n  d: *x\n",
                false,
            ),
            ("apiVersion: v1\nkind: PodList\nitems: [{metadata: {name: a}}]\n", false),
            (
                "{\"apiVersion\":\"v1\",\"kind\":\"PodList\",\n \"items\":[{\"metadata\":{\"name\":\"a\"}},\n {\"metadata\":\n{\"name\":\"c\"}}],\"metadata\":{}}",
                true,
            ),
            (
                "apiVersion: v1\nkind: PodList\r\nitems:\r\n- metadata:\r\n    name: a\r\n- metadata:\r\n    name: c\r\n",
                true,
            ),
        ] {
            let whole = crate::tree::yaml_value(text).unwrap();
            let expected = whole["items"].as_array().unwrap().clone();
            let (is_apart, found) = read(text);
            assert_eq!(is_apart, apart, "{text}");
            assert_eq!(found.len(), expected.len(), "{text}");
            for ((object, line), expected) in found.iter().zip(expected) {
                assert_eq!(object["metadata"], expected["metadata"], "{text}");
                assert!(object["kind"] == "Pod" || expected["kind"] == object["kind"], "{text}");
                let name = object["metadata"]["name"].as_str().unwrap();
                let written = text.lines().position(|line| {
                    line.contains(&format!("name: {name}")) || line.contains(&format!("name\":\"{name}\""))
                });
                assert_eq!(*line, written.unwrap() + 1, "{text}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        /// Whatever the layout, a list that is split has the items that a YAML parser finds in the whole.
        #[test]
        fn a_split_list_has_the_items_of_the_whole(
            head in sample::subsequence(vec!["apiVersion: v1", "kind: PodList", "metadata: {}"], 1..=3),
            lines in collection::vec(sample::select(LINES), 0..14),
            after in sample::select(vec!["", "kind: PodList\n", "x: 1\n"]),
        ) {
            let text = format!("{}\nitems:\n{}\n{after}", head.join("\n"), lines.join("\n"));
            let Ok(whole) = crate::tree::yaml_value(&text) else { return Ok(()) };
            let split = documents(&text);
            if split.iter().any(|document| document.item.is_none()) {
                return Ok(());
            }
            let whole = whole["items"].as_array().cloned().unwrap_or_default();
            prop_assert_eq!(split.len(), whole.len(), "{}", text);
            for (document, item) in split.iter().zip(whole) {
                let read = document.read().map_err(|fault| TestCaseError::fail(format!("{fault} in {text}")))?;
                prop_assert_eq!(read, item, "{}", text);
            }
        }
    }

    /// Lines that a list can have, in any order: most orders are not YAML, and some are unusual YAML.
    const LINES: &[&str] = &[
        "- a: 1",
        "- a: 1",
        "- kind: Pod",
        "  b: 2",
        "  b:",
        "  - c",
        "    - c",
        "  - d: 1",
        "-",
        "- - e",
        "# items:",
        "",
        "  f: |",
        "    text",
        "    - text",
        "  - text",
        "  g: \"quoted",
        "  - quoted\"",
        "  h: plain",
        "    - more",
        " i: 1",
        "  items:",
        "- j: [1,",
        "    2]",
        "- !!map",
        "  k: >-",
        "\t",
        "  'l': \"- m\"",
    ];

    #[test]
    fn what_is_no_list_is_left_whole() {
        for text in [
            "kind: Pod\nspec:\n  volumes:\n  - configMap:\n      items:\n      - key: List\n",
            "kind: Checked\nitems:\n- List\n",
            "kind: PodList\nitems:\n- a: 1\nitems:\n- b: 1\n",
            "kind: PodList\nitems:\n  - a: 1\n - b: 1\n",
            "{\"kind\":\"Pod\",\"items\":[]}",
        ] {
            let documents = documents(text);
            assert!(documents.len() == 1 && documents[0].item.is_none(), "{text}");
        }
    }

    #[test]
    fn a_broken_item_spares_the_others() {
        let text =
            "apiVersion: v1\nkind: PodList\nitems:\n- metadata: {name: a}\n- metadata: [\n- metadata: {name: c}\n";
        let read: Vec<_> =
            documents(text).iter().map(|document| document.objects().map_err(|fault| fault.line)).collect();
        assert!(read[0].is_ok() && read[2].is_ok());
        assert!(read[1].as_ref().is_err_and(|line| (5..=6).contains(line)), "{read:?}");
        assert_eq!(documents("kind: List\nitems: []\n")[0].objects().unwrap(), []);
    }
}
