//! Settings of programs, in the texts of an object or in its own members.
//!
//! A text is read as JSON, XML of Hadoop, YAML, or lines of a properties or INI file, whatever its name. The reader is
//! lenient: it never fails, and leaves out what it does not understand. Only texts that name Azure are read at all, and
//! each is read once, in time proportional to its length.

use super::path::{each as each_node, split, steps};
use super::table::of_settings;
use super::{Controller, SECRET_DATA, Scope};
use crate::anchor::Anchor;
use crate::object::Object;
use crate::sort::sort_by;
use credentials::decode_base64;
use json::{Node, parse};
use kubernetes::kind;
use std::fmt::Write;
use text::{glob, shown};

/// Everything that an entry of the table is about, with a function that makes a place in it, which is also given as a
/// path from the node of the scope, a place in the object.
pub(super) type Visit<'v, 'a> =
    &'v mut dyn for<'d> FnMut(&'static Controller, &Scope<'d>, &dyn Fn(&Anchor<'d>, &'static str) -> Anchor<'a>);

/// Calls `visit` with every part of the settings in `object` that the table knows.
pub(super) fn settings<'a>(object: &Object<'a>, visit: Visit<'_, 'a>) {
    let entries = Entries::of(of_settings(object));
    if entries.is_empty() {
        return;
    }
    let mut walk = Walk { entries, path: String::new(), visit };
    if object.is_any(&[kind::CONFIG_MAP, kind::SECRET]) {
        for key in [SECRET_DATA, "stringData"] {
            let is_encoded = key == SECRET_DATA && object.is(&kind::SECRET);
            for (_, node) in object.get(key).members() {
                let Some(text) = node.text() else { continue };
                if !is_encoded {
                    walk.text(text, node, 0);
                } else if let Some(Ok(text)) = decode_base64(text, super::LONGEST_SECRET).map(String::from_utf8) {
                    walk.text(&text, node, 0);
                }
            }
        }
    } else {
        walk.tree(object.get("spec"), &|node| node, &|_, anchor, _| anchor.clone(), 0);
    }
}

/// Texts in texts in texts are not settings.
const DEEPEST_TEXT: usize = 2;

/// The paths of the entries for a kind. Every key of a text is compared with the first key of all of them.
struct Entries {
    /// Sorted by their first key.
    named: Vec<Entry>,
    /// Those whose first key is a pattern.
    patterns: Vec<Entry>,
}

/// The first key of a path, what follows, and the entry.
type Entry = (&'static str, &'static str, &'static Controller);

impl Entries {
    fn of(controllers: impl Iterator<Item = &'static Controller>) -> Self {
        let (mut named, mut patterns) = (Vec::new(), Vec::new());
        for entry in controllers {
            for (first, rest) in entry.at.iter().filter_map(|at| split(at)) {
                let list = if first.contains('*') { &mut patterns } else { &mut named };
                list.push((first, rest, entry));
            }
        }
        sort_by(&mut named, |(a, ..), (b, ..)| a < b);
        Entries { named, patterns }
    }

    fn is_empty(&self) -> bool {
        self.named.is_empty() && self.patterns.is_empty()
    }

    /// The entries whose first key is `key`.
    fn for_key(&self, key: &str) -> impl Iterator<Item = &Entry> {
        let from = self.named.partition_point(|(first, ..)| *first < key);
        let named = self.named.get(from..).unwrap_or_default().iter().take_while(move |(first, ..)| *first == key);
        named.chain(self.patterns.iter().filter(move |(first, ..)| glob::matches(first, key)))
    }
}

struct Walk<'w, 'a> {
    entries: Entries,
    /// Where the walk is in a text.
    path: String,
    visit: Visit<'w, 'a>,
}

/// A function from the path of a node, an anchor below it and the path of that anchor to a place in the object.
type PlaceOf<'p, 'd, 'a> = &'p dyn Fn(&str, &Anchor<'d>, &'static str) -> Anchor<'a>;

impl<'a> Walk<'_, 'a> {
    /// Reads a text that `holder` holds.
    fn text(&mut self, text: &str, holder: Node<'a>, depth: usize) {
        if !names_azure(text) {
            return;
        }
        // Within the holder, the path begins anew.
        let outer = if depth == 0 { std::mem::take(&mut self.path) } else { String::new() };
        for document in documents(text) {
            let json = to_json(document);
            let Ok(tree) = parse(json.as_deref().unwrap_or(document)) else { continue };
            let place = |path: &str, _: &Anchor<'_>, below: &'static str| {
                let mut path = path.to_owned();
                steps(below).for_each(|key| path.extend([".", key]));
                Anchor::inside(holder, &path)
            };
            self.tree(Node::new(&tree), &|_| holder, &place, depth + 1);
        }
        if depth == 0 {
            self.path = outer;
        }
    }

    fn tree<'d>(
        &mut self,
        node: Node<'d>,
        holder: &dyn Fn(Node<'d>) -> Node<'a>,
        place: PlaceOf<'_, 'd, 'a>,
        depth: usize,
    ) {
        let length = self.path.len();
        for (n, item) in node.items().enumerate() {
            let _ = write!(self.path, "[{n}]");
            self.tree(item, holder, place, depth);
            self.path.truncate(length);
        }
        for (key, member) in node.members() {
            let dot = if length == 0 { "" } else { "." };
            let _ = write!(self.path, "{dot}{}", shown(key));
            self.matches(key, node, member, place);
            match member.text() {
                Some(text) if depth < DEEPEST_TEXT && text.contains('\n') => self.text(text, holder(member), depth),
                Some(_) => {}
                None => self.tree(member, holder, place, depth),
            }
            self.path.truncate(length);
        }
    }

    /// Calls the visitor for the entries that `member` of `parent` is for.
    fn matches<'d>(&mut self, key: &str, parent: Node<'d>, member: Node<'d>, place: PlaceOf<'_, 'd, 'a>) {
        let Walk { entries, path, visit } = self;
        for (_, rest, entry) in entries.for_key(key) {
            let is_list = split(rest).is_some_and(|(key, _)| key == "*") && member.is_list();
            let mut n = 0;
            each_node(member, rest, false, &mut |node, below| {
                if !below.is_empty() {
                    return;
                }
                let scope = Scope { top: parent, node, below, is_secret: false, entry };
                if scope.holds(entry.given) {
                    visit(entry, &scope, &|anchor, below| match is_list {
                        true => place(&format!("{path}[{n}]"), anchor, below),
                        false => place(path, anchor, below),
                    });
                }
                n += 1;
            });
        }
    }
}

/// Whether a text has the word Azure, in any case.
fn names_azure(text: &str) -> bool {
    let bytes = text.as_bytes();
    // Few letters are as rare.
    memchr::memchr2_iter(b'z', b'Z', bytes).any(|at| {
        let word = at.checked_sub(1).and_then(|from| bytes.get(from..from + 5));
        word.is_some_and(|word| word.eq_ignore_ascii_case(b"azure"))
    })
}

/// The documents of a stream.
fn documents(text: &str) -> impl Iterator<Item = &str> {
    text.split("\n---").filter(|document| names_azure(document))
}

/// A text as JSON; `None` if it is JSON already.
fn to_json(text: &str) -> Option<String> {
    let start = text.trim_start();
    if start.starts_with('{') && parse(text).is_ok() {
        return None;
    }
    let mut json = String::with_capacity(text.len() + text.len() / 4);
    if start.starts_with('<') {
        json.push('{');
        let mut rest = start;
        while let Some((name, after)) = element(rest, "<name>", "</name>") {
            rest = after;
            // Another name before the value belongs to another property.
            let property = rest.split("<name>").next().unwrap_or_default();
            if let Some((value, _)) = element(property, "<value>", "</value>") {
                member(&mut json, name);
                string(&mut json, value);
            }
        }
        json.push('}');
    } else {
        DocumentReader::of(text).document(&mut json);
    }
    Some(json)
}

/// What is between two tags, and what follows them.
fn element<'t>(text: &'t str, open: &str, close: &str) -> Option<(&'t str, &'t str)> {
    let (content, rest) = text.split_once(open)?.1.split_once(close)?;
    Some((content.trim(), rest))
}

/// Writes the key of the next member.
fn member(json: &mut String, key: &str) {
    if !json.ends_with('{') {
        json.push(',');
    }
    string(json, key);
    json.push(':');
}

fn string(json: &mut String, text: &str) {
    json.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => json.extend(['\\', c]),
            '\n' => json.push_str("\\n"),
            c if c.is_control() => json.push(' '),
            c => json.push(c),
        }
    }
    json.push('"');
}

/// Reads YAML as programs write their settings: blocks, flow collections and scalars, without anchors and tags. All
/// scalars are texts.
struct DocumentReader<'t> {
    /// Lines that say something, each with its indentation.
    lines: Vec<(usize, &'t str)>,
    at: usize,
}

/// Deeper settings are left out.
const DEEPEST_SETTING: usize = 64;

impl<'t> DocumentReader<'t> {
    fn of(text: &'t str) -> Self {
        let line = |line: &'t str| {
            let content = line.trim_start_matches(' ');
            (line.len() - content.len(), content.trim_end())
        };
        let says = |(_, content): &(usize, &str)| {
            !content.is_empty() && !content.starts_with(['#', ';', '%']) && !content.starts_with("---")
        };
        DocumentReader { lines: text.lines().map(line).filter(says).collect(), at: 0 }
    }

    fn line(&self) -> Option<(usize, &'t str)> {
        self.lines.get(self.at).copied()
    }

    fn document(&mut self, json: &mut String) {
        match self.line() {
            Some((_, first)) if is_item(first) || first.starts_with('{') || key_of(first).is_some() => {
                self.block(json, 0, 0);
            }
            _ => self.properties(json),
        }
    }

    /// Lines of a properties or INI file.
    fn properties(&mut self, json: &mut String) {
        json.push('{');
        let mut in_section = false;
        for (_, line) in &self.lines {
            if let Some(section) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                if std::mem::replace(&mut in_section, true) {
                    json.push('}');
                }
                member(json, section.trim());
                json.push('{');
                continue;
            }
            // The first of them separates, and Spark needs white space only.
            let end = line.find(['=', ':', ' ', '\t']).unwrap_or(line.len());
            if let Some((key, value)) = line.split_at_checked(end) {
                member(json, key.trim());
                string(json, unquoted(value.trim_start_matches(['=', ':', ' ', '\t'])));
            }
        }
        if in_section {
            json.push('}');
        }
        json.push('}');
    }

    /// The value that begins at the current line, which is indented by `least` or more.
    fn block(&mut self, json: &mut String, least: usize, depth: usize) {
        let Some((indent, line)) = self.line().filter(|(indent, _)| *indent >= least && depth < DEEPEST_SETTING) else {
            return json.push_str("\"\"");
        };
        if is_item(line) {
            self.list(json, indent, depth);
        } else if key_of(line).is_some() {
            self.map(json, indent, depth);
        } else {
            self.at += 1;
            self.scalar_or_flow(json, line, indent);
        }
    }

    fn list(&mut self, json: &mut String, indent: usize, depth: usize) {
        json.push('[');
        while let Some((_, line)) = self.line().filter(|(at, line)| *at == indent && is_item(line)) {
            if !json.ends_with('[') {
                json.push(',');
            }
            let content = line.get(1..).unwrap_or_default();
            let rest = content.trim_start();
            if rest.is_empty() {
                self.at += 1;
                self.block(json, indent + 1, depth + 1);
            } else if let Some(line) = self.lines.get_mut(self.at) {
                // What follows the hyphen is a line of its own.
                *line = (indent + 1 + content.len() - rest.len(), rest);
                self.block(json, indent + 1, depth + 1);
            }
            self.skip_below(indent);
        }
        json.push(']');
    }

    fn map(&mut self, json: &mut String, indent: usize, depth: usize) {
        json.push('{');
        while let Some((_, line)) = self.line().filter(|(at, _)| *at == indent) {
            self.at += 1;
            let Some((key, value)) = key_of(line) else { continue };
            member(json, unquoted(key));
            let value = without_comment(value);
            if value.is_empty() {
                // Lists may be as far to the left as their key.
                let is_list = self.line().is_some_and(|(at, line)| at == indent && is_item(line));
                self.block(json, if is_list { indent } else { indent + 1 }, depth + 1);
            } else if value.starts_with(['|', '>']) {
                self.block_scalar(json, indent);
            } else {
                self.scalar_or_flow(json, value, indent);
            }
            self.skip_below(indent);
        }
        json.push('}');
    }

    /// Skips what is indented further: continued scalars, and what is not understood.
    fn skip_below(&mut self, indent: usize) {
        while self.line().is_some_and(|(at, _)| at > indent) {
            self.at += 1;
        }
    }

    /// A text of several lines. Its indentation is kept relative to the first line, because it may be settings, too.
    fn block_scalar(&mut self, json: &mut String, indent: usize) {
        let mut text = String::new();
        let first = self.line().map_or(0, |(at, _)| at);
        while let Some((at, line)) = self.line().filter(|(at, _)| *at > indent) {
            text.extend(std::iter::repeat_n(' ', at.saturating_sub(first)));
            text.push_str(line);
            text.push('\n');
            self.at += 1;
        }
        string(json, &text);
    }

    /// A scalar, or a collection in braces or brackets, which may go on over the next lines.
    fn scalar_or_flow(&mut self, json: &mut String, value: &'t str, indent: usize) {
        if !value.starts_with(['{', '[']) || value.starts_with("{{") {
            return string(json, unquoted(value));
        }
        let mut flow = value.to_owned();
        while self.line().is_some_and(|(at, line)| at > indent || line.starts_with(['}', ']'])) {
            let Some((_, line)) = self.line() else { break };
            flow.push(' ');
            flow.push_str(line);
            self.at += 1;
        }
        Flow { rest: &flow }.value(json, 0);
    }
}

/// Reads a collection in braces or brackets.
struct Flow<'t> {
    rest: &'t str,
}

impl Flow<'_> {
    fn value(&mut self, json: &mut String, depth: usize) {
        self.rest = self.rest.trim_start();
        let (open, close) = match self.rest.as_bytes().first() {
            Some(b'{') if depth < DEEPEST_SETTING => ('{', '}'),
            Some(b'[') if depth < DEEPEST_SETTING => ('[', ']'),
            _ => {
                let text = self.scalar(&[',', '}', ']']);
                return string(json, &text);
            }
        };
        self.rest = self.rest.get(1..).unwrap_or_default();
        json.push(open);
        loop {
            self.rest = self.rest.trim_start_matches([',', ' ', '\t']);
            if self.rest.is_empty() || self.rest.starts_with(['}', ']']) {
                self.rest = self.rest.get(1..).unwrap_or_default();
                break;
            }
            let before = self.rest.len();
            if open == '{' {
                let key = self.scalar(&[':', ',', '}', ']']);
                member(json, &key);
                self.rest = self.rest.trim_start();
                match self.rest.strip_prefix(':') {
                    Some(rest) => {
                        self.rest = rest;
                        self.value(json, depth + 1);
                    }
                    None => json.push_str("\"\""),
                }
            } else {
                if !json.ends_with('[') {
                    json.push(',');
                }
                self.value(json, depth + 1);
            }
            if self.rest.len() == before {
                // Not to stay at a character that nothing takes.
                let next = self.rest.chars().next().map_or(0, char::len_utf8);
                self.rest = self.rest.get(next..).unwrap_or_default();
            }
        }
        json.push(close);
    }

    /// A scalar up to one of `ends`, without quotation marks.
    fn scalar(&mut self, ends: &[char]) -> String {
        let quote = self.rest.chars().next().filter(|c| matches!(c, '"' | '\''));
        let Some(quote) = quote else {
            // A colon ends a key only before white space, as in `{a: https://b}`.
            let is_end = |at: usize, c: char| {
                ends.contains(&c)
                    && (c != ':'
                        || self.rest.get(at + 1..).is_none_or(|r| r.is_empty() || r.starts_with([' ', '{', '[', '"'])))
            };
            let end = self.rest.char_indices().find(|(at, c)| is_end(*at, *c)).map_or(self.rest.len(), |(at, _)| at);
            let (text, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
            self.rest = rest;
            return text.trim().to_owned();
        };
        let mut text = String::new();
        let mut chars = self.rest.char_indices().skip(1);
        let mut end = self.rest.len();
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' if quote == '"' => text.extend(chars.next().map(|(_, c)| if c == 'n' { '\n' } else { c })),
                c if c == quote => {
                    end = at + 1;
                    break;
                }
                c => text.push(c),
            }
        }
        self.rest = self.rest.get(end..).unwrap_or_default();
        text
    }
}

fn is_item(line: &str) -> bool {
    line == "-" || line.starts_with("- ")
}

/// The key of a line, and what follows the colon.
fn key_of(line: &str) -> Option<(&str, &str)> {
    let quote = line.chars().next().filter(|c| matches!(c, '"' | '\''));
    let from = match quote {
        Some(quote) => line.get(1..)?.find(quote)? + 2,
        None => 0,
    };
    let rest = line.get(from..)?;
    let colon = rest.find(": ").or_else(|| rest.ends_with(':').then(|| rest.len() - 1))?;
    let key = line.get(..from + colon)?.trim_end();
    let is_key = !key.is_empty() && (quote.is_some() || !key.contains(['=', '{', '[', ' ', '#']));
    is_key.then_some((key, rest.get(colon + 1..)?.trim()))
}

/// A value up to a comment, without an anchor or a tag.
fn without_comment(value: &str) -> &str {
    if value.starts_with(['&', '!']) {
        return value.split_once(' ').map_or("", |(_, value)| without_comment(value.trim_start()));
    }
    if value.starts_with(['"', '\'']) {
        return value;
    }
    if value.starts_with('#') {
        return "";
    }
    value.split_once(" #").map_or(value, |(value, _)| value.trim_end())
}

/// A scalar without its quotation marks and what follows them.
fn unquoted(value: &str) -> &str {
    for quote in ['"', '\''] {
        if let Some(rest) = value.strip_prefix(quote) {
            return rest.split_once(quote).map_or(rest, |(text, _)| text);
        }
    }
    value
}

#[cfg(test)]
mod tests;
