//! Where in the text a node of a document stands: line and column of every JSON Pointer.
//!
//! Reads the document a second time, so it is only asked once something is to be shown.

use crate::document::Document;
use crate::tree;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Location, Spanned};
use std::fmt;

/// Line and column in the whole text, both from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub line: usize,
    pub column: usize,
}

/// The positions of a document's nodes.
pub struct Positions {
    start: Position,
    root: Spanned<Node>,
}

impl Positions {
    /// `None` if the document cannot be read.
    pub fn of(document: &Document<'_>) -> Option<Positions> {
        let start = Position { line: document.line, column: document.column };
        tree::yaml(document.text).ok().map(|root| Positions { start, root })
    }

    /// Where the node begins: at its key if it is a member, at its first character otherwise. A node
    /// that came through an alias stands where the alias does; a pointer to something that is not there
    /// leads to the nearest node above it.
    pub fn locate(&self, pointer: &str) -> Position {
        let mut at = self.root.referenced;
        let mut node = &self.root.value;
        for token in pointer.split('/').skip(1) {
            let token = token.replace("~1", "/").replace("~0", "~");
            match node {
                Node::Map(members) => match members.iter().find(|(key, _)| key.value == token) {
                    Some((key, value)) => {
                        at = key.referenced;
                        node = &value.value;
                    }
                    None => break,
                },
                Node::List(items) => match token.parse().ok().and_then(|index: usize| items.get(index)) {
                    Some(item) => {
                        at = item.referenced;
                        node = &item.value;
                    }
                    None => break,
                },
                Node::Leaf => break,
            }
        }
        self.in_text(at)
    }

    fn in_text(&self, at: Location) -> Position {
        let count = |number: u64| usize::try_from(number).unwrap_or(1).max(1);
        let (line, column) = (count(at.line()), count(at.column()));
        let column = if line == 1 { self.start.column + column - 1 } else { column };
        Position { line: self.start.line + line - 1, column }
    }
}

enum Node {
    Leaf,
    List(Vec<Spanned<Node>>),
    Map(Vec<(Spanned<String>, Spanned<Node>)>),
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value that JSON has")
    }

    fn visit_unit<E: Error>(self) -> Result<Node, E> {
        Ok(Node::Leaf)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Node, E> {
        Ok(Node::Leaf)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Node, E> {
        Ok(Node::Leaf)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Node, E> {
        Ok(Node::Leaf)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Node, E> {
        Ok(Node::Leaf)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Node, E> {
        Ok(Node::Leaf)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Node, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = access.next_entry()? {
            members.push(member);
        }
        Ok(Node::Map(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents;

    fn locate(text: &str, pointer: &str) -> (usize, usize) {
        let documents = documents(text);
        let position = Positions::of(documents.last().unwrap()).unwrap().locate(pointer);
        (position.line, position.column)
    }

    #[test]
    fn yaml_of_several_documents() {
        let text = "a: 1\n---\nmetadata:\n  labels:\n    app/name: x\nsubjects:\n- kind: User\n  name: b\n";
        assert_eq!(locate(text, ""), (3, 1));
        assert_eq!(locate(text, "/metadata/labels/app~1name"), (5, 5));
        assert_eq!(locate(text, "/subjects/0"), (7, 3));
        assert_eq!(locate(text, "/subjects/0/name"), (8, 3));
        assert_eq!(locate(text, "/subjects/0/namespace"), (7, 3));
    }

    #[test]
    fn block_scalars_json_and_windows_lines() {
        assert_eq!(locate("data:\r\n  a: |\r\n    x\r\n    y\r\n  b: 1\r\n", "/data/b"), (5, 3));
        assert_eq!(locate("{\n\t\"a\": {\"b\": [1,\n 2]}\n}", "/a/b/1"), (3, 2));
        assert_eq!(locate("{\"a\":1} {\"b\":2}", "/b"), (1, 10));
    }

    #[test]
    fn aliases_and_merges_stand_where_they_are_used() {
        let text = "base: &base\n  image: x\nfirst: *base\nsecond:\n  <<: *base\n  name: y\n";
        assert_eq!(locate(text, "/first"), (3, 1));
        assert_eq!(locate(text, "/first/image").0, 3);
        assert_eq!(locate(text, "/second/name"), (6, 3));
        assert_eq!(locate(text, "/second/image").0, 5);
    }
}
