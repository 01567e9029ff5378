//! The position of a node in the text of a document, and the line to show for it.
//!
//! Reads the document a second time, so it is created only if there is something to show.

use crate::change::{escape, unescape};
use crate::document::Document;
use crate::excerpt::{Excerpt, Tokens, is_data};
use crate::lines::Lines;
use crate::outline::{Member, Node, Outline, Shape};
use std::ops::{Range, RangeInclusive};
use std::sync::OnceLock;

/// Line and column in the whole text, both from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub line: usize,
    pub column: usize,
}

/// A stretch of one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    pub start: Position,
    /// Of the first character behind it, on the same line.
    pub end: Position,
    pub excerpt: Excerpt,
}

/// The position of a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub region: Region,
    /// Where it is written, if it came through an alias or a merge.
    pub defined: Option<Region>,
}

/// A value that is neither a map nor a list, where it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scalar {
    pub pointer: String,
    /// The lines of the whole text that it takes, from 1.
    pub lines: RangeInclusive<usize>,
    /// It is data: an argument, a variable, an entry of a ConfigMap. Names and other words of Kubernetes are not.
    pub is_data: bool,
}

/// The positions of a document's nodes.
pub struct Positions<'t> {
    document: Document<'t>,
    outline: Outline,
    tokens: OnceLock<Tokens>,
    lines: Lines,
}

/// Bytes of the document, and those where they are defined if that is elsewhere.
struct NodeRanges {
    used: Range<usize>,
    defined: Option<Range<usize>>,
    /// The node itself.
    node: usize,
}

impl<'t> Positions<'t> {
    /// `None` if the document cannot be read.
    pub fn of(document: &Document<'t>) -> Option<Positions<'t>> {
        let outline = Outline::of(document.text)?;
        let lines = Lines::of(document.text);
        Some(Positions { document: document.clone(), outline, tokens: OnceLock::new(), lines })
    }

    /// Where the node begins: at its key if it is a member, at its first character otherwise. A node
    /// that came through an alias has the position of the alias; a pointer to something that is not there
    /// leads to the nearest node above it.
    pub fn locate(&self, pointer: &str) -> Position {
        self.in_text(self.find(pointer).used.start)
    }

    /// The node with its key, as far as they are on one line, to be shown. `inside` is the part of a longer
    /// text that is meant: a key of a file in a ConfigMap.
    pub fn place(&self, pointer: &str, inside: Option<&str>) -> Place {
        let found = self.find(pointer);
        let written = found.defined.clone().unwrap_or_else(|| found.used.clone());
        let inner = inside.and_then(|key| self.inside(&self.outline.node(found.node).span, key));
        let region = |range: &Range<usize>| {
            let tokens = self.tokens.get_or_init(|| Tokens::of(self.document.text, &self.outline));
            self.region(range, tokens.excerpt(self.document.text, self.line_of(range.start), range))
        };
        match (inner, found.defined) {
            // A text that came through an alias: the place is where it is used, the line where it is.
            (Some(inner), Some(_)) if inner.start >= written.start => {
                let defined = self.region_inside(&inner);
                Place { region: region(&found.used), defined: Some(defined) }
            }
            (Some(inner), _) => Place { region: self.region_inside(&inner), defined: None },
            (None, defined) => Place { region: region(&found.used), defined: defined.as_ref().map(region) },
        }
    }

    /// All values in the order of the text. What aliases refer to is there once, where it is written.
    pub fn scalars(&self) -> Vec<Scalar> {
        let mut scalars = Vec::new();
        self.visit(Outline::ROOT, "", &mut Vec::new(), &mut scalars);
        scalars
    }

    fn visit<'s>(&'s self, node: usize, pointer: &str, path: &mut Vec<&'s str>, scalars: &mut Vec<Scalar>) {
        let Node { span, shape, .. } = self.outline.node(node);
        match shape {
            Shape::Leaf => {
                let written = self.document.text.get(span.clone()).unwrap_or_default();
                let last = self.in_text(span.start + written.trim_end().len().saturating_sub(1));
                let lines = self.in_text(span.start).line..=last.line;
                scalars.push(Scalar { pointer: pointer.to_owned(), lines, is_data: is_data(path) });
            }
            Shape::Alias(_) => {}
            Shape::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.visit(*item, &format!("{pointer}/{index}"), path, scalars);
                }
            }
            Shape::Map(members) => {
                for member in members {
                    let key = member.key.as_deref().unwrap_or_default();
                    let pointer = if member.merges { pointer.to_owned() } else { format!("{pointer}/{}", escape(key)) };
                    path.push(key);
                    self.visit(member.value, &pointer, path, scalars);
                    path.pop();
                }
            }
        }
    }

    fn find(&self, pointer: &str) -> NodeRanges {
        let outline = &self.outline;
        let mut node = Outline::ROOT;
        let mut found = NodeRanges { used: self.first_line(node), defined: None, node };
        for token in pointer.split('/').skip(1) {
            let token = unescape(token);
            let map = outline.resolve(node);
            let (used, next) = match &outline.node(map).shape {
                Shape::Map(_) => match outline.member(map, &token) {
                    Some((member, None)) => (self.member(member), member.value),
                    Some((member, Some(merge))) => {
                        // The merge is what the text has here; the member is written elsewhere.
                        if found.defined.is_none() {
                            found.used = self.member(merge);
                        }
                        found.defined = Some(self.member(member));
                        node = member.value;
                        found.node = outline.resolve(node);
                        continue;
                    }
                    None => break,
                },
                Shape::List(items) => match token.parse().ok().and_then(|index: usize| items.get(index)) {
                    Some(item) => (self.first_line(*item), *item),
                    None => break,
                },
                _ => break,
            };
            let through_alias = found.defined.is_some() || map != node;
            match through_alias {
                true => found.defined = Some(used),
                false => found.used = used,
            }
            node = next;
            found.node = outline.resolve(node);
        }
        found
    }

    /// A member from its key to the end of its value, if that is on the line of the key.
    fn member(&self, member: &Member) -> Range<usize> {
        let (key, value) = (&self.outline.node(member.key_node).span, self.outline.node(member.value));
        let line = self.line_of(key.start);
        // A block collection begins on the line of its key only in a list's item, and is more than a line.
        let is_whole = match value.shape {
            Shape::Leaf | Shape::Alias(_) => true,
            _ => value.is_flow,
        };
        let end = if is_whole && value.span.end <= line.end { value.span.end.max(key.end) } else { key.end };
        key.start..end
    }

    /// The first line of a node.
    fn first_line(&self, node: usize) -> Range<usize> {
        let Node { span, shape, is_flow } = self.outline.node(node);
        let line = self.line_of(span.start);
        match shape {
            // A whole document in flow style would be all of its line.
            Shape::Map(_) if node == Outline::ROOT && *is_flow => span.start..span.start + 1,
            Shape::Map(members) => match members.first() {
                Some(first) if self.outline.node(first.key_node).span.start == span.start => self.member(first),
                _ => span.start..span.end.min(line.end),
            },
            _ => span.start..span.end.min(line.end).max(span.start),
        }
    }

    /// The key, or the last part of it, on its first line in a text.
    fn inside(&self, span: &Range<usize>, key: &str) -> Option<Range<usize>> {
        let text = self.document.text.get(span.clone())?;
        // One line is shown as it is, key and all.
        text.trim_end().contains('\n').then_some(())?;
        let last = key.rsplit(['.', '/', '[', ']']).find(|part| !part.is_empty() && part.parse::<usize>().is_err());
        [Some(key), last].into_iter().flatten().filter(|key| !key.is_empty()).find_map(|key| {
            let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
            let mut found = text.match_indices(key);
            let at = found.find(|(at, _)| {
                let (before, after) = (text.get(..*at), text.get(at + key.len()..));
                !is_part(before.and_then(|text| text.chars().next_back()))
                    && !is_part(after.and_then(|text| text.chars().next()))
            });
            at.map(|(at, _)| span.start + at..span.start + at + key.len())
        })
    }

    fn line_of(&self, at: usize) -> Range<usize> {
        self.lines.around(self.document.text, at)
    }

    /// Something inside a text: only itself is shown.
    fn region_inside(&self, range: &Range<usize>) -> Region {
        self.region(range, Tokens::inside(self.document.text, &self.line_of(range.start), range))
    }

    fn region(&self, range: &Range<usize>, excerpt: Excerpt) -> Region {
        let line = self.line_of(range.start);
        Region {
            start: self.in_text(range.start),
            end: self.in_text(range.end.min(line.end).max(range.start)),
            excerpt,
        }
    }

    fn in_text(&self, at: usize) -> Position {
        let (line, column) = self.lines.place(self.document.text, at);
        let column = if line == 0 { self.document.column + column } else { column + 1 };
        Position { line: self.document.line + line, column }
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

    #[test]
    fn scalars_are_where_they_are_written() {
        let text = "---\nenv:\n- &e {name: A, value: x}\n- *e\nb/c: |\n  x\n  y\n\nd: 'a\n  b'\nlabels: {value-a: x}\n";
        let documents = documents(text);
        let scalars = Positions::of(documents.last().unwrap()).unwrap().scalars();
        let scalars: Vec<_> =
            scalars.iter().map(|scalar| (&*scalar.pointer, scalar.lines.clone(), scalar.is_data)).collect();
        assert_eq!(
            scalars,
            [
                ("/env/0/name", 3..=3, false),
                ("/env/0/value", 3..=3, true),
                ("/b~1c", 6..=7, false),
                ("/d", 9..=10, false),
                ("/labels/value-a", 11..=11, false),
            ]
        );
    }

    /// Behind what an excerpt has room for, the beginning of the line is shown, and nothing is marked.
    #[test]
    fn a_document_in_one_long_line() {
        let items: Vec<String> = (0..2000).map(|n| format!(r#"{{"name":"é{n}"}}"#)).collect();
        let text = format!(r#"{{"kind":"Pod","elements":[{}]}}"#, items.join(","));
        let documents = documents(&text);
        let positions = Positions::of(documents.last().unwrap()).unwrap();
        for index in [0, 1, 20, 1999] {
            let mark = format!(r#""name":"é{index}""#);
            let region = positions.place(&format!("/elements/{index}/name"), None).region;
            let column = text[..text.find(&mark).unwrap()].chars().count() + 1;
            assert_eq!(region.start, Position { line: 1, column });
            assert_eq!(region.end, Position { line: 1, column: column + mark.chars().count() });
            assert!(region.excerpt.text.starts_with(r#"{"kind":""#), "{}", region.excerpt.text);
            assert!(region.excerpt.text.len() <= 400 && region.excerpt.text.len() > 300);
            assert_eq!(region.excerpt.span.is_empty(), index > 20, "{index}: {:?}", region.excerpt.span);
        }
    }
}
