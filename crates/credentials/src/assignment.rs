//! Names and values that a text assigns, for texts in configuration files' many styles.
//!
//! A reader of lines, not a parser: `.env`, properties, INI, YAML, shell and command lines; JSON and
//! XML by their own small readers, since they ignore lines. It reports what looks like an assignment
//! and promises nothing about texts that are none of these. Each reader passes over its text once.

use super::alphabet::Alphabet;
use super::name::{NameStrength, may_end_like_a_secret, name_strength};

/// A name and the text assigned to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Assignment<'t> {
    pub key: &'t str,
    /// As written, without its quotation marks.
    pub value: &'t str,
    /// Counted from one.
    pub line: usize,
}

/// Reports what `text` assigns, in order.
pub fn assignments<'t>(text: &'t str, found: &mut dyn FnMut(Assignment<'t>)) {
    read(text, &mut Report { found, name: None, flag: None, wanted: |_| true }, false);
}

/// Reports the same assignments as [`assignments`], of the names that have a [`name_strength`] alone. Reads only the
/// lines that may have one.
pub fn secret_assignments<'t>(text: &'t str, found: &mut dyn FnMut(Assignment<'t>, NameStrength)) {
    let found = &mut |assignment: Assignment<'t>| {
        if let Some(strength) = name_strength(assignment.key) {
            found(assignment, strength);
        }
    };
    read(text, &mut Report { found, name: None, flag: None, wanted: |name| name_strength(name).is_some() }, true);
}

fn read<'t>(text: &'t str, report: &mut Report<'t, '_>, skip: bool) {
    let start = text.trim_start();
    match start.as_bytes().first() {
        Some(b'{') => read_json(text, 1, report),
        Some(b'<') => read_xml(text, report),
        // A table in INI or TOML begins so as well.
        Some(b'[') if is_json_list(start) => read_json(text, 1, report),
        // An element's name may be one without any of the signs that are looked for.
        _ if skip && memchr::memmem::find(text.as_bytes(), b"</").is_none() => read_some_lines(text, report),
        _ => {
            for (number, line) in text.lines().enumerate() {
                read_line(line, number + 1, report);
            }
        }
    }
}

/// Reads the lines that may assign something to the name of a secret, and the lines after them that may belong to it.
fn read_some_lines<'t>(text: &'t str, report: &mut Report<'t, '_>) {
    let bytes = text.as_bytes();
    let newline = |from: usize| memchr::memchr(b'\n', bytes.get(from..).unwrap_or_default()).map(|i| from + i);
    let (mut read_to, mut number) = (0, 1);
    for at in memchr::memchr3_iter(b'=', b':', b'-', bytes) {
        if at < read_to || !may_name_secret(bytes, at) {
            continue;
        }
        let skipped = bytes.get(read_to..at).unwrap_or_default();
        number += memchr::memchr_iter(b'\n', skipped).count();
        read_to += memchr::memrchr(b'\n', skipped).map_or(0, |i| i + 1);
        loop {
            let end = newline(read_to).unwrap_or(bytes.len());
            read_line(text.get(read_to..end).unwrap_or_default(), number, report);
            (read_to, number) = (end + 1, number + 1);
            if read_to >= bytes.len() || report.name.is_none() && report.flag.is_none() {
                break;
            }
        }
    }
}

/// Whether the `=` or `:` at `at` may follow the name of a secret, or the `-` begin a flag. What `name:` or `key:`
/// introduces may be a name as well.
fn may_name_secret(text: &[u8], at: usize) -> bool {
    const NEARBY: usize = 64;
    let (before, after) = (text.get(..at).unwrap_or_default(), text.get(at + 1..).unwrap_or_default());
    match text.get(at) {
        Some(b'-') => {
            let begins = before.last().is_none_or(|b| !b.is_ascii_alphanumeric() && *b != b'-');
            return begins && after.first().is_some_and(|b| !b.is_ascii_whitespace());
        }
        // Only after a quotation mark.
        Some(b':')
            if after.first().is_some_and(u8::is_ascii_graphic)
                && !matches!(before.trim_ascii_end().last(), Some(b'"' | b'\'')) =>
        {
            return false;
        }
        _ => {}
    }
    let near = before.get(at.saturating_sub(NEARBY)..).unwrap_or_default();
    let Some(last) = near.iter().rposition(u8::is_ascii_alphanumeric) else { return at > NEARBY };
    let near = near.get(..=last).unwrap_or_default();
    if may_end_like_a_secret(near) || last < 4 && at > NEARBY {
        return true;
    }
    let introduces = near.last_chunk().is_some_and(|end: &[u8; 4]| end.eq_ignore_ascii_case(b"name"));
    introduces && may_be_secret_name(after)
}

/// Whether the value at the beginning of `text` may be the name of a secret. A plain word is looked at.
fn may_be_secret_name(text: &[u8]) -> bool {
    let line = text.split(|b| *b == b'\n').next().unwrap_or_default().trim_ascii();
    let word = match line {
        [b'"', word @ .., b'"'] | [b'\'', word @ .., b'\''] => word,
        word => word,
    };
    !word.iter().all(|b| b.is_ascii_alphanumeric() || b"_./-".contains(b)) || may_end_like_a_secret(word)
}

/// Reports flags with a value in a command line: `--name=value` and `--name value`.
pub fn flags<'t>(command: &'t str, found: &mut dyn FnMut(&'t str, &'t str)) {
    let mut open: Option<&str> = None;
    for word in words(command) {
        let Some(name) = word.strip_prefix('-') else {
            if let Some(flag) = open.take() {
                found(flag, bare(word));
            }
            continue;
        };
        match word.split_once('=') {
            Some((flag, value)) if !name.is_empty() => {
                found(flag, bare(value));
                open = None;
            }
            _ => open = (!name.is_empty()).then_some(word),
        }
    }
}

/// Passes assignments on, and joins names and values that stand apart.
struct Report<'t, 'f> {
    found: &'f mut dyn FnMut(Assignment<'t>),
    /// From `name: X`, awaiting `value: Y`.
    name: Option<&'t str>,
    /// From a list item `--flag`, awaiting its value.
    flag: Option<&'t str>,
    /// The names to remember: the assignments of others are of no interest.
    wanted: fn(&str) -> bool,
}

impl<'t> Report<'t, '_> {
    fn pair(&mut self, key: &'t str, value: &'t str, line: usize) {
        self.flag = None;
        // JSON allows a member without a name.
        if key.is_empty() {
            return;
        }
        (self.found)(Assignment { key, value, line });
        if key.eq_ignore_ascii_case("value") {
            if let Some(key) = self.name.take().filter(|name| !name.is_empty()) {
                (self.found)(Assignment { key, value, line });
            }
        } else if key.eq_ignore_ascii_case("name") || key.eq_ignore_ascii_case("key") {
            self.name = Some(value).filter(|name| (self.wanted)(name));
        } else {
            self.name = None;
        }
    }

    /// An item of a list.
    fn item(&mut self, value: &'t str, line: usize) {
        if let Some(key) = self.flag.take()
            && !value.starts_with('-')
        {
            (self.found)(Assignment { key, value, line });
            return;
        }
        if value.starts_with("--") && !value.contains(['=', ' ']) {
            self.flag = Some(value);
        } else {
            self.inside(value, line);
        }
    }

    /// Flags and assignments inside a value, as in a shell command.
    fn inside(&mut self, value: &'t str, line: usize) {
        let bytes = value.as_bytes();
        let is_flag = |at: usize| at.checked_sub(1).and_then(|i| bytes.get(i)).is_none_or(u8::is_ascii_whitespace);
        if !memchr::memchr2_iter(b'-', b'=', bytes).any(|at| bytes.get(at) == Some(&b'=') || is_flag(at)) {
            return;
        }
        let found = &mut self.found;
        flags(value, &mut |key, value| found(Assignment { key, value, line }));
        for word in words(value) {
            if let Some((key, value)) = word.split_once('=')
                && is_key(key)
                && !key.starts_with('-')
            {
                found(Assignment { key, value: bare(value), line });
            }
        }
    }
}

/// Shell words, as far as quotation marks go that are not nested.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut quote = None;
    text.split(move |c: char| match quote {
        Some(open) => {
            if c == open {
                quote = None;
            }
            false
        }
        None if c == '"' || c == '\'' => {
            quote = Some(c);
            false
        }
        None => c.is_ascii_whitespace(),
    })
    .filter(|word| !word.is_empty())
}

/// A value without its quotation marks.
fn bare(value: &str) -> &str {
    let value = value.trim();
    let inner = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    inner('"').or_else(|| inner('\'')).unwrap_or(value)
}

const KEY: Alphabet = Alphabet::of("A-Za-z0-9_.:/$-");

fn is_key(text: &str) -> bool {
    text.len() <= 256 && text.bytes().all(|b| KEY.contains(b)) && text.bytes().any(|b| b.is_ascii_alphanumeric())
}

fn is_comment(line: &str) -> bool {
    matches!(
        line.as_bytes(),
        [b'#' | b';' | b'!', ..] | [b'/', b'/' | b'*', ..] | [b'*', b' ', ..] | [b'<', b'!', b'-', b'-', ..]
    )
}

/// Words before an assignment that belong to the shell, a Dockerfile or PowerShell.
const DECLARATIONS: &[&str] = &["export ", "set ", "setx ", "ENV ", "ARG ", "declare -x ", "$env:"];

fn may_declare(line: &str) -> bool {
    matches!(line.as_bytes(), [b'e' | b's' | b'E' | b'A' | b'd' | b'$', ..])
}

fn read_line<'t>(line: &'t str, number: usize, report: &mut Report<'t, '_>) {
    let mut line = line.trim();
    if line.is_empty() || is_comment(line) {
        return;
    }
    let mut is_item = false;
    while let Some(rest) = line.strip_prefix("- ") {
        line = rest.trim_start();
        is_item = true;
    }
    if may_declare(line) {
        for declaration in DECLARATIONS {
            line = line.strip_prefix(declaration).unwrap_or(line).trim_start();
        }
    }
    if line.starts_with(['{', '"']) || line.starts_with('[') && is_json_list(line) {
        return read_json(line, number, report);
    }
    if line.starts_with('<') {
        return read_xml_at(line, number, report);
    }
    match split_assignment(line) {
        Some((key, value)) => {
            let value = value.trim();
            if value.starts_with('{') && !value.starts_with("{{") || value.starts_with("[\"") {
                return read_json(value, number, report);
            }
            let value = without_comment(value);
            report.pair(key, bare(value), number);
            report.inside(value, number);
        }
        None if is_item => report.item(bare(line), number),
        None => report.inside(line, number),
    }
}

/// `key = value`, `key: value`, `'key': value,`
fn split_assignment(line: &str) -> Option<(&str, &str)> {
    if let Some(rest) = line.strip_prefix('\'') {
        let (key, rest) = rest.split_once('\'')?;
        let value = rest.trim_start().strip_prefix([':', '='])?;
        let value = value.trim();
        return is_key(key).then_some((key, value.strip_suffix(',').unwrap_or(value)));
    }
    let bytes = line.as_bytes();
    // The first `=`, or the first `:` that ends a YAML key: whichever comes first.
    let end = bytes.iter().enumerate().position(|(i, b)| match b {
        b'=' => true,
        b':' => bytes.get(i + 1).is_none_or(u8::is_ascii_whitespace),
        b' ' | b'\t' => {
            // `key = value` may have space before its sign, and nothing else.
            let rest = bytes.get(i..).unwrap_or_default();
            let sign = rest.iter().find(|b| !b.is_ascii_whitespace());
            !matches!(sign, Some(b'=' | b':'))
        }
        _ => false,
    })?;
    let (key, rest) = line.split_at_checked(end)?;
    let key = key.trim_end();
    let value = rest.strip_prefix(['=', ':'])?;
    (is_key(key) && !key.starts_with("--")).then_some((key, value))
}

/// Drops ` # comment` from a value that is not quoted, and keeps to the quotes of one that is.
fn without_comment(value: &str) -> &str {
    if let Some(quote @ ('"' | '\'')) = value.chars().next() {
        let close = value.get(1..).and_then(|rest| rest.rfind(quote));
        return close.and_then(|i| value.get(..i + 2)).unwrap_or(value);
    }
    value.split(" #").next().unwrap_or(value).trim_end()
}

/// `[` that opens a list of JSON: a string, list or object follows, not a table's name.
fn is_json_list(text: &str) -> bool {
    let rest = text.strip_prefix('[').unwrap_or_default().trim_start();
    rest.starts_with(['"', '{', '['])
}

/// Strings after strings and colons, at whatever depth; comments and trailing commas do no harm.
fn read_json<'t>(text: &'t str, mut line: usize, report: &mut Report<'t, '_>) {
    let bytes = text.as_bytes();
    let mut key: Option<&str> = None;
    let mut last: Option<&str> = None;
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\n' => line += 1,
            b'"' => {
                let end = string_end(bytes, at + 1);
                let string = text.get(at + 1..end).unwrap_or_default();
                line += memchr::memchr_iter(b'\n', string.as_bytes()).count();
                match key.take() {
                    Some(key) => {
                        report.pair(key, string, line);
                        report.inside(string, line);
                    }
                    None => last = Some(string),
                }
                at = end;
            }
            b':' | b'=' => key = last.take(),
            b',' | b']' => {
                if let Some(string) = last.take() {
                    report.item(string, line);
                }
                key = None;
            }
            b'{' | b'[' | b'}' => (key, last) = (None, None),
            b' ' | b'\t' | b'\r' => {}
            _ => {
                // A number, a boolean, or a plain word of YAML's flow style.
                let rest = bytes.get(at..).unwrap_or_default();
                let length = rest.iter().position(|b| b",}]\n".contains(b)).unwrap_or(rest.len());
                let word = text.get(at..at + length).unwrap_or_default();
                match (key.take(), split_assignment(word)) {
                    (Some(key), _) => report.pair(key, word.trim_end(), line),
                    (None, Some((key, value))) => report.pair(key, bare(value), line),
                    (None, None) => last = None,
                }
                at += length.saturating_sub(1);
            }
        }
        at += 1;
    }
    if let Some(string) = last {
        report.item(string, line);
    }
}

/// The closing quotation mark of a JSON string, or the end.
fn string_end(bytes: &[u8], mut at: usize) -> usize {
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)).map(|i| at + i) {
        if bytes.get(found) == Some(&b'"') {
            return found;
        }
        at = found + 2;
    }
    bytes.len()
}

fn read_xml<'t>(text: &'t str, report: &mut Report<'t, '_>) {
    read_xml_at(text, 1, report);
}

/// `<key>value</key>` and `<add key="name" value="value"/>`.
fn read_xml_at<'t>(text: &'t str, mut line: usize, report: &mut Report<'t, '_>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(open) = memchr::memchr(b'<', bytes.get(at..).unwrap_or_default()).map(|i| at + i) {
        let lines =
            |from: usize, to: usize| memchr::memchr_iter(b'\n', bytes.get(from..to).unwrap_or_default()).count();
        line += lines(at, open);
        let rest = text.get(open..).unwrap_or_default();
        if rest.starts_with("<!--") {
            let end = rest.find("-->").map_or(text.len(), |i| open + i + 3);
            line += lines(open, end);
            at = end;
            continue;
        }
        let close = tag_end(bytes, open + 1);
        let tag = text.get(open + 1..close).unwrap_or_default();
        let name = tag.split(|c: char| c.is_ascii_whitespace() || c == '/').next().unwrap_or_default();
        read_attributes(tag.get(name.len()..).unwrap_or_default(), line, report);
        line += lines(open, close);
        at = close + 1;
        // Text up to the next tag is the element's value if that tag closes it.
        let after = text.get(at..).unwrap_or_default();
        let length = after.find('<').unwrap_or(after.len());
        let closes = after
            .get(length..)
            .and_then(|t| t.strip_prefix("</")?.strip_prefix(name))
            .is_some_and(|t| t.starts_with('>'));
        if closes && is_key(name) && !tag.ends_with('/') {
            report.pair(name, after.get(..length).unwrap_or_default().trim(), line);
        }
    }
}

/// The end of a tag, past quoted attributes.
fn tag_end(bytes: &[u8], mut at: usize) -> usize {
    let mut quote = None;
    while let Some(&byte) = bytes.get(at) {
        match quote {
            Some(open) if byte == open => quote = None,
            Some(_) => {}
            None if byte == b'>' => return at,
            None if byte == b'"' || byte == b'\'' => quote = Some(byte),
            None => {}
        }
        at += 1;
    }
    bytes.len()
}

fn read_attributes<'t>(mut text: &'t str, line: usize, report: &mut Report<'t, '_>) {
    report.name = None;
    while let Some((before, rest)) = text.split_once('=') {
        let key = before.trim().rsplit(|c: char| c.is_ascii_whitespace()).next().unwrap_or_default();
        let rest = rest.trim_start();
        let Some(quote @ ('"' | '\'')) = rest.chars().next() else {
            text = rest;
            continue;
        };
        let Some((value, after)) = rest.get(1..).and_then(|r| r.split_once(quote)) else {
            return;
        };
        if is_key(key) {
            report.pair(key, value, line);
        }
        text = after;
    }
}

#[cfg(test)]
#[test]
fn whatever_declares_may_declare() {
    assert!(DECLARATIONS.iter().all(|declaration| may_declare(declaration)));
}
