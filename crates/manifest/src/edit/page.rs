//! A document's text with its outline: where nodes, their anchors and their lines begin and end.

use super::write::{Json, Style};
use crate::outline::{Member, Outline, Shape};
use std::ops::Range;

pub(super) struct Page<'t> {
    pub text: &'t str,
    pub outline: Outline,
    pub style: Style,
}

/// Where a value begins: behind the colon of its key, or the dash of its item.
#[derive(Clone, Debug)]
pub(super) struct Lead {
    /// Behind the colon or the dash.
    pub from: usize,
    /// Its anchor and tag.
    pub properties: Range<usize>,
    pub anchor: Option<Range<usize>>,
    /// The value itself, or the end of the properties if there is none.
    pub content: usize,
    pub kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing is written, which means null.
    Empty,
    Scalar,
    BlockScalar,
    Alias,
    /// `{}` or `[]`, with or without something in it.
    Flow,
    /// Members or items on lines.
    Block,
}

impl<'t> Page<'t> {
    pub(super) fn of(text: &'t str, line_end: &'static str) -> Option<Page<'t>> {
        let outline = Outline::of(text)?;
        let style = Style { line_end, step: 2, is_compact: true, json: None };
        let mut page = Page { text, outline, style };
        page.style.json = page.json();
        if page.style.json.is_none() {
            page.find_lists();
            page.measure();
        }
        Some(page)
    }

    /// The style of JSON, if the text is JSON: the first members show it.
    fn json(&self) -> Option<Json> {
        crate::json::outline(self.text).filter(|_| self.text.trim_start().starts_with('{'))?;
        let root = &self.outline.node(Outline::ROOT).span;
        let Shape::Map(members) = &self.outline.node(Outline::ROOT).shape else { return None };
        let first = members.first();
        let lead = |at: usize| self.text.get(self.line_start(at)..at).filter(|text| text.trim().is_empty());
        let key = first.map(|first| self.outline.node(first.key_node).span.start);
        let is_pretty = self.text.get(root.clone())?.contains('\n');
        // The brace can be anywhere in a line; the closing one shows its indentation.
        let base = lead(root.end.saturating_sub(1)).unwrap_or_default();
        let step = key.and_then(lead).and_then(|key| key.strip_prefix(base)).filter(|step| !step.is_empty());
        let has_space = |byte: u8| {
            let mut pairs = self.text.as_bytes().windows(2);
            pairs.find_map(|pair| (pair[0] == byte).then_some(pair[1] == b' ')).unwrap_or(true)
        };
        let colon = first.is_none_or(|first| {
            let behind = self.colon(first).and_then(|colon| self.byte(colon));
            behind == Some(b' ')
        });
        Some(Json {
            step: is_pretty.then(|| step.unwrap_or("  ").to_owned()),
            colon: if colon { ": " } else { ":" }.to_owned(),
            comma: if colon || has_space(b',') { ", " } else { "," }.to_owned(),
        })
    }

    /// The parser has a list that begins in the column of its key at its first item, not at the dash.
    fn find_lists(&mut self) {
        let mut starts = Vec::new();
        for node in &self.outline.nodes {
            let Shape::Map(members) = &node.shape else { continue };
            for member in members {
                let list = self.outline.node(member.value);
                if !matches!(list.shape, Shape::List(_)) || self.is_flow(member.value) {
                    continue;
                }
                let lead = self.member_lead(member);
                let dash = self.skip(lead.properties.end.max(lead.from));
                if dash < list.span.start && self.byte(dash) == Some(b'-') {
                    starts.push((member.value, dash));
                }
            }
        }
        for (list, dash) in starts {
            if let Some(node) = self.outline.nodes.get_mut(list) {
                node.span.start = dash;
            }
        }
    }

    /// How far maps and lists are indented: the first of each shows it.
    fn measure(&mut self) {
        let (mut step, mut is_compact) = (None, None);
        for (index, node) in self.outline.nodes.iter().enumerate() {
            let Shape::Map(members) = &node.shape else { continue };
            if self.is_flow(index) {
                continue;
            }
            for member in members {
                let value = self.outline.node(member.value);
                if self.is_flow(member.value) || matches!(value.shape, Shape::Leaf | Shape::Alias(_)) {
                    continue;
                }
                let column = |at: usize| at - self.line_start(at);
                let (outer, inner) = (column(self.outline.node(member.key_node).span.start), column(value.span.start));
                match value.shape {
                    Shape::List(_) => is_compact = is_compact.or(Some(inner <= outer)),
                    _ => step = step.or(inner.checked_sub(outer).filter(|step| (1..=8).contains(step))),
                }
            }
            if step.is_some() && is_compact.is_some() {
                break;
            }
        }
        self.style.step = step.unwrap_or(self.style.step);
        self.style.is_compact = is_compact.unwrap_or(self.style.is_compact);
    }

    pub(super) fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    pub(super) fn slice(&self, range: Range<usize>) -> &'t str {
        self.text.get(range).unwrap_or_default()
    }

    pub(super) fn line_start(&self, at: usize) -> usize {
        self.slice(0..at).rfind('\n').map_or(0, |newline| newline + 1)
    }

    /// The end of the line, before its `\n` or `\r\n`.
    pub(super) fn line_end(&self, at: usize) -> usize {
        let rest = self.text.get(at..).unwrap_or_default();
        let line = rest.split('\n').next().unwrap_or_default();
        at + line.len() - usize::from(line.ends_with('\r') && line.len() < rest.len())
    }

    /// Where the next line begins.
    pub(super) fn next_line(&self, at: usize) -> usize {
        let rest = self.text.get(at..).unwrap_or_default();
        rest.find('\n').map_or(self.text.len(), |newline| at + newline + 1)
    }

    /// Whether there is only white space and a comment up to the end of the line.
    pub(super) fn is_rest_blank(&self, at: usize) -> bool {
        let rest = self.slice(at..self.line_end(at));
        let is_apart = rest.starts_with([' ', '\t']) || rest.is_empty();
        let words = rest.trim_start();
        words.is_empty() || is_apart && words.starts_with('#')
    }

    /// The white space before something, if nothing else is before it on its line.
    pub(super) fn indent(&self, at: usize) -> Option<&'t str> {
        Some(self.slice(self.line_start(at)..at)).filter(|lead| lead.trim().is_empty())
    }

    /// Passes white space, line ends and comments.
    pub(super) fn skip(&self, mut at: usize) -> usize {
        loop {
            match self.byte(at) {
                Some(b' ' | b'\t' | b'\n' | b'\r') => at += 1,
                Some(b'#') if at == 0 || self.byte(at - 1).is_some_and(|byte| byte.is_ascii_whitespace()) => {
                    at = self.line_end(at);
                }
                _ => return at,
            }
        }
    }

    pub(super) fn is_flow(&self, node: usize) -> bool {
        self.outline.node(node).is_flow
    }

    /// Behind the colon of a member; a key can be without.
    pub(super) fn colon(&self, member: &Member) -> Option<usize> {
        let at = self.skip(self.outline.node(member.key_node).span.end);
        (self.byte(at) == Some(b':')).then_some(at + 1)
    }

    /// The value of a member.
    pub(super) fn member_lead(&self, member: &Member) -> Lead {
        let end = self.outline.node(member.key_node).span.end;
        self.lead(self.colon(member).unwrap_or(end), member.value)
    }

    fn lead(&self, from: usize, node: usize) -> Lead {
        let span = &self.outline.node(node).span;
        let mut properties = from..from;
        let mut anchor = None;
        let mut at = from;
        loop {
            let next = self.skip(at);
            let is_before = next < span.start || span.is_empty() && next <= span.start;
            match self.byte(next) {
                Some(first @ (b'&' | b'!')) if is_before || at == from && next < span.start => {
                    let rest = self.text.get(next..).unwrap_or_default();
                    let is_end = |c: char| c.is_whitespace() || first == b'&' && ",[]{}".contains(c);
                    let end = next + rest.find(is_end).unwrap_or(rest.len());
                    if first == b'&' {
                        anchor = Some(next..end);
                    }
                    properties = if properties.is_empty() { next..end } else { properties.start..end };
                    at = end;
                }
                _ => break,
            }
        }
        let next = self.skip(at);
        let kind = match &self.outline.node(node).shape {
            Shape::Alias(_) => Kind::Alias,
            Shape::Map(_) | Shape::List(_) if self.is_flow(node) => Kind::Flow,
            Shape::Map(_) | Shape::List(_) => Kind::Block,
            Shape::Leaf if matches!(self.byte(next), Some(b'|' | b'>')) && span.start > next => Kind::BlockScalar,
            Shape::Leaf if span.is_empty() => Kind::Empty,
            Shape::Leaf => Kind::Scalar,
        };
        let content = match kind {
            Kind::Empty => properties.end,
            Kind::BlockScalar => next,
            _ => span.start,
        };
        Lead { from, properties, anchor, content, kind }
    }

    /// The places of the dashes of a list in block style.
    pub(super) fn dashes(&self, list: usize) -> Vec<usize> {
        let Shape::List(items) = &self.outline.node(list).shape else { return Vec::new() };
        let mut at = self.outline.node(list).span.start;
        let mut dashes = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let dash = self.skip(at);
            if self.byte(dash) != Some(b'-') {
                break;
            }
            dashes.push(dash);
            // The end of the last one is not needed: to look for it at every level would double the work each time.
            if index + 1 < items.len() {
                at = self.end(&self.lead(dash + 1, *item), *item);
            }
        }
        dashes
    }

    /// The value of an item in block style.
    pub(super) fn item_lead(&self, dash: usize, item: usize) -> Lead {
        self.lead(dash + 1, item)
    }

    /// Behind the last character of a value.
    pub(super) fn end(&self, lead: &Lead, node: usize) -> usize {
        match lead.kind {
            Kind::Empty => lead.content,
            Kind::Block => self.last(node).map_or(lead.content, |(lead, node)| self.end(&lead, node)),
            _ => self.outline.node(node).span.end,
        }
    }

    /// The last value in a collection in block style.
    fn last(&self, node: usize) -> Option<(Lead, usize)> {
        match &self.outline.node(node).shape {
            Shape::Map(members) => members.last().map(|member| (self.member_lead(member), member.value)),
            Shape::List(items) => {
                let (item, dash) = (items.last()?, self.dashes(node).pop()?);
                Some((self.item_lead(dash, *item), *item))
            }
            _ => None,
        }
    }

    /// The beginning of the line after a value and its comment, or the end of the text. `None` if something else is
    /// on the line.
    pub(super) fn tail(&self, lead: &Lead, node: usize) -> Option<usize> {
        match lead.kind {
            Kind::Block => self.last(node).and_then(|(lead, node)| self.tail(&lead, node)),
            Kind::BlockScalar => {
                let header = self.next_line(lead.content);
                let mut end = self.outline.node(node).span.end.max(header);
                if self.slice(lead.content..header).split('#').next().is_some_and(|header| header.contains('+')) {
                    return Some(end);
                }
                // Blank lines behind it are not of the text.
                while end > header {
                    let start = self.line_start(end - 1);
                    if start < header || !self.slice(start..end).trim().is_empty() {
                        break;
                    }
                    end = start;
                }
                Some(end)
            }
            _ => {
                let end = self.end(lead, node);
                self.is_rest_blank(end).then(|| self.next_line(end))
            }
        }
    }

    /// Where a member begins: at its `?` if it has one.
    pub(super) fn member_start(&self, member: &Member) -> usize {
        let key = self.outline.node(member.key_node).span.start;
        let before = self.slice(self.line_start(key)..key);
        let (at, rest) = self.past_indicators(self.line_start(key), before);
        // An anchor or tag of the key.
        if rest.trim_start().starts_with(['&', '!']) {
            return at;
        }
        match before.trim_end().strip_suffix('?') {
            Some(lead) if lead.is_empty() || lead.ends_with([' ', '\t', '{', ',', '-']) => {
                self.line_start(key) + lead.len()
            }
            _ => key,
        }
    }

    /// Passes spaces and the dashes of items.
    fn past_indicators<'l>(&self, start: usize, line: &'l str) -> (usize, &'l str) {
        let mut rest = line;
        loop {
            let next = rest.trim_start_matches(' ');
            let behind = next.strip_prefix("- ").or_else(|| next.strip_prefix("? "));
            match behind {
                Some(behind) => rest = behind,
                None => return (start + line.len() - next.len(), next),
            }
        }
    }

    /// The column of the members of a map in block style, as spaces. `None` if there are tabs.
    pub(super) fn member_indent(&self, members: &[Member]) -> Option<String> {
        let starts = members.iter().map(|member| self.member_start(member));
        let own_line = starts.clone().find_map(|start| self.indent(start));
        match own_line {
            Some(indent) => (!indent.contains('\t')).then(|| indent.to_owned()),
            None => self.column(starts.clone().next()?),
        }
    }

    /// Spaces up to a column.
    pub(super) fn column(&self, at: usize) -> Option<String> {
        let before = self.slice(self.line_start(at)..at);
        (!before.contains('\t')).then(|| " ".repeat(before.chars().count()))
    }

    /// Where the elements of `{}` or `[]` begin and end, with their properties and keys.
    pub(super) fn elements(&self, node: usize) -> Vec<Range<usize>> {
        let mut at = self.outline.node(node).span.start + 1;
        let mut elements = Vec::new();
        let mut push = |end: &dyn Fn(usize) -> usize| {
            let start = self.skip(at);
            let start = if self.byte(start) == Some(b',') { self.skip(start + 1) } else { start };
            at = end(start).max(start);
            elements.push(start..at);
        };
        match &self.outline.node(node).shape {
            Shape::Map(members) => {
                for member in members {
                    push(&|_| self.end(&self.member_lead(member), member.value));
                }
            }
            Shape::List(items) => {
                for item in items {
                    push(&|start| self.end(&self.lead(start, *item), *item));
                }
            }
            _ => {}
        }
        elements
    }

    /// An element of `[]`.
    pub(super) fn element_lead(&self, start: usize, item: usize) -> Lead {
        self.lead(start, item)
    }

    /// The comma behind an element.
    pub(super) fn comma(&self, end: usize) -> Option<usize> {
        Some(self.skip(end)).filter(|at| self.byte(*at) == Some(b','))
    }
}
