//! One change as replacements of bytes.

use super::page::{Kind, Lead, Page};
use super::walk::Spot;
use crate::outline::{Member, Shape};
use serde_json::Value;
use std::ops::Range;

/// New text for some bytes.
pub(super) type Splice = (Range<usize>, String);

/// The text with all splices. `None` if two overlap, or if one is not between characters: then places were found
/// wrong.
pub(super) fn spliced(text: &str, mut splices: Vec<Splice>) -> Option<String> {
    splices.sort_by_key(|(range, _)| (range.start, range.end));
    let mut edited = String::with_capacity(text.len() + 256);
    let mut at = 0;
    for (range, new) in splices {
        edited.push_str(text.get(at..range.start)?);
        edited.push_str(&new);
        at = range.end.max(range.start);
    }
    edited.push_str(text.get(at..)?);
    Some(edited)
}

/// Why there are none.
type Reason = &'static str;

const UNUSUAL: Reason = "the layout at this place is not one that can be changed with certainty";

impl Page<'_> {
    fn members(&self, map: usize) -> &[Member] {
        match &self.outline.node(map).shape {
            Shape::Map(members) => members,
            _ => &[],
        }
    }

    /// The value's place in its container.
    pub(super) fn lead_of(&self, spot: Spot) -> Option<Lead> {
        let (container, index) = spot.container?;
        match &self.outline.node(container).shape {
            Shape::Map(members) => members.get(index).map(|member| self.member_lead(member)),
            _ if self.is_flow(container) => {
                let start = self.elements(container).get(index)?.start;
                Some(self.element_lead(start, spot.node))
            }
            _ => Some(self.item_lead(*self.dashes(container).get(index)?, spot.node)),
        }
    }

    /// Gives a member or an item another value.
    pub(super) fn replace(&self, spot: Spot, value: &Value) -> Result<Vec<Splice>, Reason> {
        let Some((container, index)) = spot.container else {
            return self.replace_root(spot, value);
        };
        let lead = self.lead_of(spot).ok_or(UNUSUAL)?;
        let end = self.end(&lead, spot.node);
        let anchor = lead.anchor.clone().map(|anchor| format!("{} ", self.slice(anchor))).unwrap_or_default();
        let start = if lead.properties.is_empty() { lead.content } else { lead.properties.start };
        if self.is_flow(container) {
            let lead_in = self.indent_of_line(start);
            let text = match (value, lead.kind) {
                (Value::String(text), Kind::Scalar) => self.style.like(self.slice(lead.content..end), text, true),
                _ => self.style.flow(value, lead_in),
            };
            let text = text.ok_or(UNUSUAL)?;
            return Ok(vec![match lead.kind {
                Kind::Empty
                    if self.members(container).get(index).is_some_and(|member| self.colon(member).is_none()) =>
                {
                    (end..end, format!(": {text}"))
                }
                Kind::Empty => (lead.from..end, format!(" {anchor}{text}")),
                _ => (start..end, format!("{anchor}{text}")),
            }]);
        }
        let is_member = !self.members(container).is_empty();
        if let Some(text) = match value {
            // Several lines are better read in block style.
            Value::String(text) if text.contains('\n') && self.byte(lead.content) != Some(b'"') => None,
            Value::String(text) if lead.kind == Kind::Scalar => {
                self.style.like(self.slice(lead.content..end), text, false)
            }
            value => self.style.scalar(value),
        } {
            let text = format!("{anchor}{text}");
            return match lead.kind {
                Kind::Empty => Ok(vec![(lead.from..end, format!(" {text}"))]),
                Kind::Scalar | Kind::Alias | Kind::Flow => Ok(vec![(start..end, text)]),
                Kind::BlockScalar => {
                    let tail = self.tail(&lead, spot.node).ok_or(UNUSUAL)?;
                    let header = self.slice(lead.content..self.line_end(lead.content));
                    let comment = header.find(" #").and_then(|at| header.get(at..)).unwrap_or_default();
                    Ok(vec![(start..self.before_line_end(tail), format!("{text}{comment}"))])
                }
                Kind::Block if !is_member => Ok(vec![(start..end, text)]),
                Kind::Block => {
                    let tail = self.tail(&lead, spot.node).ok_or(UNUSUAL)?;
                    let at = lead.properties.end.max(lead.from);
                    let first = self.outline.node(spot.node).span.start;
                    let lines = self.line_start(first)..tail;
                    self.indent(first).ok_or(UNUSUAL)?;
                    Ok(vec![(lead.from..at, format!(" {text}")), self.without_lines(lines)])
                }
            };
        }
        // A value that needs lines.
        let column = match is_member {
            true => self.member_indent(self.members(container)).ok_or(UNUSUAL)?,
            false => self.column(*self.dashes(container).get(index).ok_or(UNUSUAL)?).ok_or(UNUSUAL)?,
        };
        let anchor = anchor.trim_end();
        let lines = match is_member {
            true => self.style.member("k", value, &column),
            false => self.style.item(value, &column),
        };
        let lines = lines.ok_or(UNUSUAL)?;
        // Without the key or the dash.
        let lines = lines.get(column.len() + if is_member { "k:".len() } else { "-".len() }..).unwrap_or_default();
        let (first, rest) = lines.split_once('\n').ok_or(UNUSUAL)?;
        let first = first.trim_end_matches('\r');
        let rest = rest.strip_suffix('\n').unwrap_or(rest).trim_end_matches('\r');
        let (first, rest) = match anchor {
            "" => (first.to_owned(), rest.to_owned()),
            anchor if is_member => (format!(" {anchor}{first}"), rest.to_owned()),
            _ => return Err("an anchor is at the item that has to be written anew"),
        };
        if lead.kind == Kind::BlockScalar || lead.kind == Kind::Block {
            let tail = self.tail(&lead, spot.node).ok_or(UNUSUAL)?;
            let text = format!("{first}{}{rest}", self.style.line_end);
            return Ok(vec![(lead.from..self.before_line_end(tail), text)]);
        }
        if !self.is_rest_blank(end) {
            return Err(UNUSUAL);
        }
        let line_end = self.line_end(end);
        // A comment on the line of the key stays there; one on an item's line would be in the middle of it.
        let comment = self.slice(end..line_end);
        if !comment.trim().is_empty() && !first.trim().is_empty() && !first.trim().starts_with('|') {
            return Err(UNUSUAL);
        }
        if rest.is_empty() {
            return Ok(vec![(lead.from..line_end, format!("{first}{comment}"))]);
        }
        Ok(vec![(lead.from..line_end, format!("{first}{comment}{}{rest}", self.style.line_end))])
    }

    /// Only an empty document has a root that is replaced.
    fn replace_root(&self, spot: Spot, value: &Value) -> Result<Vec<Splice>, Reason> {
        let span = self.outline.node(spot.node).span.clone();
        match self.slice(span.clone()) {
            "{}" | "[]" => Ok(vec![(span, self.style.flow(value, "").ok_or(UNUSUAL)?)]),
            _ => Err("the whole document would be replaced"),
        }
    }

    /// Adds a member behind the last one.
    pub(super) fn add_member(&self, map: Spot, key: &str, value: &Value) -> Result<Vec<Splice>, Reason> {
        let members = self.members(map.node);
        if self.is_flow(map.node) {
            let indent = self.flow_indent(map.node);
            let key = self.style.flow_text(key).ok_or(UNUSUAL)?;
            let value = self.style.flow(value, &indent).ok_or(UNUSUAL)?;
            return self.add_element(map.node, &format!("{key}{}{value}", self.style.colon()), &indent);
        }
        let last = members.last().ok_or(UNUSUAL)?;
        let indent = self.member_indent(members).ok_or(UNUSUAL)?;
        let lines = self.style.member(key, value, &indent).ok_or(UNUSUAL)?;
        let lead = self.member_lead(last);
        if self.colon(last).is_none() {
            return Err(UNUSUAL);
        }
        self.add_lines(&lead, last.value, &lines)
    }

    /// Adds an item behind the last one.
    pub(super) fn add_item(&self, list: Spot, value: &Value) -> Result<Vec<Splice>, Reason> {
        let Shape::List(items) = &self.outline.node(list.node).shape else { return Err(UNUSUAL) };
        if self.is_flow(list.node) {
            let indent = self.flow_indent(list.node);
            return self.add_element(list.node, &self.style.flow(value, &indent).ok_or(UNUSUAL)?, &indent);
        }
        let dashes = self.dashes(list.node);
        let (dash, last) = dashes.last().zip(items.last()).ok_or(UNUSUAL)?;
        let column = self.column(*dash).ok_or(UNUSUAL)?;
        let lines = self.style.item(value, &column).ok_or(UNUSUAL)?;
        self.add_lines(&self.item_lead(*dash, *last), *last, &lines)
    }

    /// Adds lines behind a value.
    fn add_lines(&self, lead: &Lead, node: usize, lines: &str) -> Result<Vec<Splice>, Reason> {
        let tail = self.tail(lead, node).ok_or(UNUSUAL)?;
        let text = match self.slice(0..tail).ends_with('\n') {
            true => lines.to_owned(),
            // The last line of the text has no end, and keeps none.
            false => {
                let lines = lines.strip_suffix('\n').unwrap_or(lines);
                format!("{}{}", self.style.line_end, lines.strip_suffix('\r').unwrap_or(lines))
            }
        };
        Ok(vec![(tail..tail, text)])
    }

    /// The indentation of the elements of `{}` or `[]`.
    fn flow_indent(&self, node: usize) -> String {
        let base = self.indent_of_line(self.outline.node(node).span.start);
        let own = self.elements(node).last().and_then(|element| self.indent(element.start));
        match (own, self.style.json.as_ref().and_then(|json| json.step.as_ref())) {
            (Some(own), _) => own.to_owned(),
            (None, Some(step)) => format!("{base}{step}"),
            (None, None) => base.to_owned(),
        }
    }

    fn indent_of_line(&self, at: usize) -> &str {
        let line = self.slice(self.line_start(at)..at);
        line.get(..line.len() - line.trim_start().len()).unwrap_or_default()
    }

    fn add_element(&self, node: usize, text: &str, indent: &str) -> Result<Vec<Splice>, Reason> {
        let span = self.outline.node(node).span.clone();
        let line_end = self.style.line_end;
        let Some(last) = self.elements(node).pop() else {
            let inside = span.start + 1..span.end - 1;
            let is_pretty = self.style.json.as_ref().is_some_and(|json| json.step.is_some());
            let close = self.indent_of_line(span.start);
            return match self.slice(inside.clone()).trim().is_empty() {
                true if is_pretty => Ok(vec![(inside, format!("{line_end}{indent}{text}{line_end}{close}"))]),
                true => Ok(vec![(inside, text.to_owned())]),
                false => Err(UNUSUAL),
            };
        };
        let comma = self.comma(last.end);
        let behind = comma.map_or(last.end, |comma| comma + 1);
        let closing = if comma.is_some() { "," } else { "" };
        let mut splices = Vec::new();
        if self.indent(last.start).is_some() && self.line_start(last.start) > span.start {
            let at = if self.is_rest_blank(behind) { self.line_end(behind) } else { behind };
            if comma.is_none() && at > last.end {
                splices.push((last.end..last.end, ",".to_owned()));
                splices.push((at..at, format!("{line_end}{indent}{text}{closing}")));
            } else {
                let comma = if comma.is_none() { "," } else { "" };
                splices.push((at..at, format!("{comma}{line_end}{indent}{text}{closing}")));
            }
        } else {
            let before = if comma.is_some() { self.style.comma().trim_start_matches(',') } else { self.style.comma() };
            splices.push((behind..behind, format!("{before}{text}{closing}")));
        }
        Ok(splices)
    }

    /// Removes a member or an item.
    pub(super) fn remove(&self, spot: Spot) -> Result<Vec<Splice>, Reason> {
        let (container, index) = spot.container.ok_or("a document cannot be removed")?;
        if self.is_flow(container) {
            return self.remove_element(container, index);
        }
        let starts: Vec<usize> = match &self.outline.node(container).shape {
            Shape::Map(members) => members.iter().map(|member| self.member_start(member)).collect(),
            _ => self.dashes(container),
        };
        let start = *starts.get(index).ok_or(UNUSUAL)?;
        let lead = self.lead_of(spot).ok_or(UNUSUAL)?;
        let tail = self.tail(&lead, spot.node).ok_or(UNUSUAL)?;
        if starts.len() == 1 {
            return Err(ONLY);
        }
        if self.indent(start).is_some() {
            return Ok(vec![self.without_lines(self.line_start(start)..tail)]);
        }
        // The first, on the line of a dash: the next one moves there, or its comments do.
        let next = *starts.get(index + 1).ok_or(UNUSUAL)?;
        let until = match self.slice(tail..next).contains('#') {
            true => tail + self.slice(tail..next).find(|c: char| !c.is_whitespace()).unwrap_or_default(),
            false => next,
        };
        Ok(vec![(start..until, String::new())])
    }

    /// Makes a collection of one element empty.
    pub(super) fn clear(&self, spot: Spot) -> Result<Vec<Splice>, Reason> {
        let empty = if self.members(spot.node).is_empty() { "[]" } else { "{}" };
        let span = self.outline.node(spot.node).span.clone();
        let Some((container, _)) = spot.container else {
            // A whole document.
            let end = match &self.outline.node(spot.node).shape {
                Shape::Map(members) => members.last().map(|member| (self.member_lead(member), member.value)),
                Shape::List(items) => {
                    let dash = self.dashes(spot.node).pop();
                    dash.zip(items.last()).map(|(dash, item)| (self.item_lead(dash, *item), *item))
                }
                _ => None,
            };
            let (lead, node) = end.ok_or(UNUSUAL)?;
            let tail = self.tail(&lead, node).ok_or(UNUSUAL)?;
            return Ok(vec![(span.start..self.before_line_end(tail), empty.to_owned())]);
        };
        let lead = self.lead_of(spot).ok_or(UNUSUAL)?;
        let tail = self.tail(&lead, spot.node).ok_or(UNUSUAL)?;
        let is_below = self.line_start(span.start) > lead.from;
        match (self.members(container).is_empty(), is_below) {
            // `- a: 1`
            (_, false) => Ok(vec![(span.start..self.before_line_end(tail), empty.to_owned())]),
            (_, true) => {
                self.indent(span.start).ok_or(UNUSUAL)?;
                let at = lead.properties.end.max(lead.from);
                Ok(vec![(at..at, format!(" {empty}")), self.without_lines(self.line_start(span.start)..tail)])
            }
        }
    }

    fn remove_element(&self, node: usize, index: usize) -> Result<Vec<Splice>, Reason> {
        let span = self.outline.node(node).span.clone();
        let elements = self.elements(node);
        let own = elements.get(index).cloned().ok_or(UNUSUAL)?;
        let comma = self.comma(own.end);
        let behind = comma.map_or(own.end, |comma| comma + 1);
        if elements.len() == 1 {
            let inside = span.start + 1..span.end - 1;
            let rest = format!("{}{}", self.slice(inside.start..own.start), self.slice(behind..inside.end));
            let range = if rest.trim().is_empty() { inside } else { own.start..behind };
            return Ok(vec![(range, String::new())]);
        }
        let is_alone = self.indent(own.start).is_some() && self.is_rest_blank(behind);
        let lines = self.line_start(own.start)..self.next_line(behind);
        let before = index.checked_sub(1).and_then(|before| elements.get(before));
        if comma.is_some() {
            if is_alone {
                return Ok(vec![(lines, String::new())]);
            }
            let next = elements.get(index + 1).map_or(behind, |next| next.start);
            let until = if self.slice(behind..next).contains('#') { behind } else { next };
            return Ok(vec![(own.start..until, String::new())]);
        }
        let before = before.ok_or(UNUSUAL)?;
        let comma = self.comma(before.end).ok_or(UNUSUAL)?;
        if is_alone {
            return Ok(vec![(comma..comma + 1, String::new()), (lines, String::new())]);
        }
        match self.slice(before.end..own.start).contains('#') {
            true => Ok(vec![(comma..comma + 1, String::new()), (own, String::new())]),
            false => Ok(vec![(before.end..own.end, String::new())]),
        }
    }

    /// Gives a member another key.
    pub(super) fn rename(&self, spot: Spot, key: &str) -> Result<Vec<Splice>, Reason> {
        let (container, index) = spot.container.ok_or("a document has no key")?;
        let member = self.members(container).get(index).ok_or("an item has no key")?;
        let node = self.outline.node(member.key_node);
        let before = self.slice(node.span.clone());
        if !matches!(node.shape, Shape::Leaf) || before.is_empty() || before.contains('\n') {
            return Err(UNUSUAL);
        }
        let text = match self.style.json.is_some() {
            true => self.style.flow_text(key),
            false => self.style.like(before, key, self.is_flow(container)),
        };
        Ok(vec![(node.span.clone(), text.ok_or(UNUSUAL)?)])
    }

    /// Writes an alias out as a map that merges it and has members in addition.
    pub(super) fn extend_alias(&self, spot: Spot, members: &[(String, Value)]) -> Result<Vec<Splice>, Reason> {
        let (container, _) = spot.container.ok_or(UNUSUAL)?;
        let holders = self.members(container);
        let lead = self.lead_of(spot).ok_or(UNUSUAL)?;
        let end = self.end(&lead, spot.node);
        if self.is_flow(container) || holders.is_empty() || !self.is_rest_blank(end) || !lead.properties.is_empty() {
            return Err(UNUSUAL);
        }
        let outer = self.member_indent(holders).ok_or(UNUSUAL)?;
        let indent = format!("{outer}{}", " ".repeat(self.style.step));
        let line_end = self.style.line_end;
        let alias = self.slice(self.outline.node(spot.node).span.clone());
        let mut lines = format!("{line_end}{indent}<<: {alias}");
        for (key, value) in members {
            let member = self.style.member(key, value, &indent).ok_or(UNUSUAL)?;
            lines.push_str(line_end);
            lines.push_str(member.trim_end_matches(['\r', '\n']));
        }
        let behind = self.line_end(end);
        Ok(vec![(lead.from..behind, format!("{}{lines}", self.slice(end..behind)))])
    }

    /// The end of the last line before `tail`, without what ends it.
    fn before_line_end(&self, tail: usize) -> usize {
        let text = self.slice(0..tail);
        let text = text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text));
        text.len()
    }

    /// Removes lines; if they are the last of a text without a final line end, the text has none afterwards.
    fn without_lines(&self, lines: Range<usize>) -> Splice {
        let has_end = self.slice(lines.clone()).ends_with('\n');
        let start = if has_end { lines.start } else { self.before_line_end(lines.start) };
        (start..lines.end, String::new())
    }
}

/// The element is the only one of its collection.
pub(super) const ONLY: Reason = "only";
