//! The nodes of a document and the bytes they are written in.
//!
//! It keeps keys but not values, so nothing that is made from an outline can show a value.

use crate::json;
use granit_parser::{Event, Parser, ScalarStyle, StructureStyle};
use std::collections::HashMap;
use std::ops::Range;

/// A document's nodes, each with its bytes in the document's text.
pub(crate) struct Outline {
    pub(crate) nodes: Vec<Node>,
}

#[derive(Debug)]
pub(crate) struct Node {
    pub span: Range<usize>,
    pub shape: Shape,
    /// A list in brackets or a map in braces. The first byte does not show it: a list that begins in the column of its
    /// key has the span of its items, and its first item can be in brackets.
    pub is_flow: bool,
}

#[derive(Debug)]
pub(crate) enum Shape {
    /// A scalar; of a block scalar, `span` is the text without its `|`.
    Leaf,
    List(Vec<usize>),
    Map(Vec<Member>),
    /// Refers to another node.
    Alias(usize),
}

#[derive(Debug)]
pub(crate) struct Member {
    /// `None` for keys that JSON does not have.
    pub key: Option<String>,
    pub key_node: usize,
    pub value: usize,
    /// `<<`: the members of the value count as the map's own.
    pub merges: bool,
}

/// A collection whose end is not read yet.
struct Open {
    node: usize,
    is_map: bool,
    children: Vec<(usize, Option<String>, bool)>,
}

impl Outline {
    /// `None` if the text is not YAML.
    pub(crate) fn of(text: &str) -> Option<Outline> {
        let is_json = text.trim_start().starts_with('{');
        is_json.then(|| json::outline(text)).flatten().or_else(|| Outline::of_yaml(text))
    }

    fn of_yaml(text: &str) -> Option<Outline> {
        let mut outline = Outline { nodes: Vec::new() };
        let mut open: Vec<Open> = Vec::new();
        let mut anchors: HashMap<usize, (usize, Option<String>)> = HashMap::new();
        for event in Parser::new_from_str(text) {
            let (event, span) = event.ok()?;
            let span = span.byte_range()?;
            // The parser cuts a `String` only between characters.
            text.get(span.clone())?;
            let (shape, anchor, key, merges) = match event {
                Event::Scalar(value, style, anchor, _) => {
                    let merges = value == "<<" && style == ScalarStyle::Plain;
                    (Shape::Leaf, anchor, is_key(&open).then(|| value.into_owned()), merges)
                }
                Event::Alias(id) => {
                    let (target, key) = anchors.get(&id).cloned()?;
                    (Shape::Alias(target), 0, key, false)
                }
                Event::SequenceStart(style, anchor, _) | Event::MappingStart(style, anchor, _) => {
                    let is_map = matches!(event, Event::MappingStart(..));
                    let node = outline.push(span, Shape::List(Vec::new()), style == StructureStyle::Flow);
                    if anchor > 0 {
                        anchors.insert(anchor, (node, None));
                    }
                    if let Some(parent) = open.last_mut() {
                        parent.children.push((node, None, false));
                    }
                    open.push(Open { node, is_map, children: Vec::new() });
                    continue;
                }
                Event::SequenceEnd | Event::MappingEnd => {
                    outline.close(open.pop()?, span.end);
                    continue;
                }
                _ => continue,
            };
            let node = outline.push(span, shape, false);
            if anchor > 0 {
                anchors.insert(anchor, (node, key.clone()));
            }
            if let Some(parent) = open.last_mut() {
                parent.children.push((node, key, merges));
            }
        }
        (!outline.nodes.is_empty()).then_some(outline)
    }

    fn push(&mut self, span: Range<usize>, shape: Shape, is_flow: bool) -> usize {
        self.nodes.push(Node { span, shape, is_flow });
        self.nodes.len() - 1
    }

    fn close(&mut self, open: Open, end: usize) {
        let last = open.children.last().map(|(node, ..)| self.nodes[*node].span.end);
        let node = &mut self.nodes[open.node];
        // The end of a block collection is where something else begins.
        node.span.end = if node.is_flow { end } else { last.unwrap_or(node.span.end) };
        let children = open.children;
        node.shape = if open.is_map {
            let pairs = children.chunks(2).filter_map(|pair| match pair {
                [(key_node, key, merges), (value, ..)] => {
                    Some(Member { key: key.clone(), key_node: *key_node, value: *value, merges: *merges })
                }
                _ => None,
            });
            Shape::Map(pairs.collect())
        } else {
            Shape::List(children.into_iter().map(|(node, ..)| node).collect())
        };
    }

    pub(crate) const ROOT: usize = 0;

    pub(crate) fn node(&self, index: usize) -> &Node {
        &self.nodes[index]
    }

    /// The node itself, or the one to which an alias refers.
    pub(crate) fn resolve(&self, index: usize) -> usize {
        match self.nodes[index].shape {
            // The target comes before the alias, so this ends.
            Shape::Alias(target) if target < index => self.resolve(target),
            _ => index,
        }
    }

    /// The member of that key, its own or merged in: then with the member that merges.
    pub(crate) fn member(&self, map: usize, key: &str) -> Option<(&Member, Option<&Member>)> {
        let Shape::Map(members) = &self.nodes[map].shape else { return None };
        let own = members.iter().find(|member| !member.merges && member.key.as_deref() == Some(key));
        let merged = || {
            let merges = members.iter().filter(|member| member.merges);
            merges.filter_map(|merge| Some((self.merged(merge, key, 0)?, Some(merge)))).next()
        };
        own.map(|own| (own, None)).or_else(merged)
    }

    fn merged(&self, merge: &Member, key: &str, depth: usize) -> Option<&Member> {
        let value = self.resolve(merge.value);
        let maps = match &self.nodes[value].shape {
            Shape::List(items) => items.as_slice(),
            _ => &[value],
        };
        maps.iter().find_map(|map| {
            let Shape::Map(members) = &self.nodes[self.resolve(*map)].shape else { return None };
            let own = members.iter().find(|member| !member.merges && member.key.as_deref() == Some(key));
            // A map can merge itself, which would never end.
            let mut merges = members.iter().filter(|member| member.merges && depth < DEEPEST_MERGE);
            own.or_else(|| merges.find_map(|merge| self.merged(merge, key, depth + 1)))
        })
    }
}

const DEEPEST_MERGE: usize = 8;

/// Whether the next node is a key of the innermost open map.
fn is_key(open: &[Open]) -> bool {
    open.last().is_some_and(|open| open.is_map && open.children.len().is_multiple_of(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both ways of reading JSON find the same nodes in the same bytes.
    #[test]
    fn json_is_outlined_as_yaml_is() {
        for text in [
            r#"{"a": "x\"y\\", "b\u00e4": [1, -2.5e3, true, null, []], "c": {}, "d": {"e": [{"f": "g"}, "h"]}}"#,
            "{\r\n\t\"a\" : [ 1 ,\r\n2 ] }\n",
            "{}",
        ] {
            let (fast, slow) = (json::outline(text).unwrap(), Outline::of_yaml(text).unwrap());
            assert_eq!(format!("{:?}", fast.nodes), format!("{:?}", slow.nodes), "{text}");
        }
    }

    #[test]
    fn what_is_not_quite_json_is_left_to_the_other() {
        for text in [
            "{a: 1}",
            "{\"a\": 1,}",
            "{\"a\": 'b'}",
            "{\"a\": [}",
            "{\"a\"",
            "{\"a\": 1} x",
            "{\"a\": &x 1}",
            "[1]x",
            "",
        ] {
            assert!(json::outline(text).is_none(), "{text}");
        }
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(json::outline(&deep).is_none());
    }
}
