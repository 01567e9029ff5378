//! Names and values that a text assigns, for texts in configuration files' many styles.
//!
//! A reader of lines, not a parser: `.env`, properties, INI, YAML, shell and command lines; JSON and
//! XML by their own small readers, since they ignore lines. It reports what looks like an assignment
//! and promises nothing about texts that are none of these. Each reader passes over its text once.

use super::alphabet::Alphabet;
use super::command::{self, NESTED, Word, bare, signs_in_to_azure, split};
use super::name::{
    NameStrength, ends_with_letters, is_azure_parent, may_end_like_a_secret, name_strength, name_strength_in,
};
use super::text::starts_with_fold;

/// A name and the text assigned to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Assignment<'t> {
    pub key: &'t str,
    /// As written, without its quotation marks.
    pub value: &'t str,
    /// Counted from one.
    pub line: usize,
    /// What the name promises, together with the names of the parts of the text around it and with the command that
    /// a flag belongs to.
    pub strength: Option<NameStrength>,
}

/// Reports what `text` assigns, in order.
pub fn assignments<'t>(text: &'t str, found: &mut dyn FnMut(Assignment<'t>)) {
    read(text, &mut Report::new(text, found, |_| true), false);
}

/// Reports the same assignments as [`assignments`], of the names that have a strength alone. Reads only the lines that
/// may have one.
pub fn secret_assignments<'t>(text: &'t str, found: &mut dyn FnMut(Assignment<'t>, NameStrength)) {
    let found = &mut |assignment: Assignment<'t>| {
        if let Some(strength) = assignment.strength {
            found(assignment, strength);
        }
    };
    read(text, &mut Report::new(text, found, |name| name_strength(name).is_some()), true);
}

fn read<'t>(text: &'t str, report: &mut Report<'t, '_>, skip: bool) {
    let start = text.trim_start();
    report.is_spaced = is_spaced(text.as_bytes());
    match start.as_bytes().first() {
        _ if report.is_spaced => read_lines(text, report),
        Some(b'{') => read_json(text, 1, report),
        Some(b'<') => read_xml(text, report),
        // A table in INI or TOML begins so as well.
        Some(b'[') if is_json_list(start) => read_json(text, 1, report),
        // An element's name may be one without any of the signs that are looked for.
        _ if skip && memchr::memmem::find(text.as_bytes(), b"</").is_none() => read_some_lines(text, report),
        _ => read_lines(text, report),
    }
    report.end_of_list();
}

fn read_lines<'t>(text: &'t str, report: &mut Report<'t, '_>) {
    let mut lines = Lines { text, at: 0, number: 1 };
    while lines.read(report) {}
}

/// Whether a text has an output of Fluent Bit or Fluentd, whose lines are `name value`. In other texts, such a line is
/// prose.
fn is_spaced(text: &[u8]) -> bool {
    memchr::memchr2_iter(b'[', b'<', text).any(|at| {
        let rest = text.get(at + 1..).unwrap_or_default();
        rest.first_chunk().is_some_and(|name: &[u8; 7]| name.eq_ignore_ascii_case(b"output]"))
            || text.get(at) == Some(&b'<') && (rest.starts_with(b"match ") || rest.starts_with(b"match>"))
    })
}

/// Reads the lines that may assign something to the name of a secret, and the lines around them that belong to it.
fn read_some_lines<'t>(text: &'t str, report: &mut Report<'t, '_>) {
    let bytes = text.as_bytes();
    let mut lines = Lines { text, at: 0, number: 1 };
    let mut signs = memchr::memchr3_iter(b'=', b':', b'-', bytes).peekable();
    // `ENV name value`, `setenv name value`, `setx name value`
    let mut declared = memchr::memmem::find_iter(bytes, b"ENV ").peekable();
    let mut declared_too = memchr::memmem::find_iter(bytes, b"set").peekable();
    let mut calls = memchr::memchr_iter(b'(', bytes).peekable();
    loop {
        let next =
            [signs.peek(), declared.peek(), declared_too.peek(), calls.peek()].into_iter().flatten().min().copied();
        let Some(at) = next else { return };
        let is_sign = signs.next_if_eq(&at).is_some();
        let is_call = calls.next_if_eq(&at).is_some();
        declared.next_if_eq(&at);
        declared_too.next_if_eq(&at);
        let may = || match () {
            () if is_sign => may_name_secret(bytes, at),
            () if is_call => may_set_secret(bytes, at),
            () => may_declare_secret(bytes, at),
        };
        if at < lines.at || !may() {
            continue;
        }
        lines.skip_to(at);
        while lines.read(report) && (lines.at <= at || report.awaits_more()) {}
    }
}

/// A place in a text, at the beginning of a line.
struct Lines<'t> {
    text: &'t str,
    at: usize,
    number: usize,
}

impl<'t> Lines<'t> {
    fn bytes(&self) -> &'t [u8] {
        self.text.as_bytes()
    }

    /// The end of the line at `from`.
    fn end(&self, from: usize) -> usize {
        let rest = self.bytes().get(from..).unwrap_or_default();
        memchr::memchr(b'\n', rest).map_or(self.text.len(), |i| from + i)
    }

    /// Moves on to the line of `to`, or to the first of the lines before it that belong to the same command or list.
    fn skip_to(&mut self, to: usize) {
        let skipped = self.bytes().get(self.at..to).unwrap_or_default();
        let mut start = memchr::memrchr(b'\n', skipped).map_or(0, |i| i + 1);
        while let Some(before) = start.checked_sub(1).and_then(|end| skipped.get(..end)) {
            let above = memchr::memrchr(b'\n', before).map_or(0, |i| i + 1);
            let line = before.get(above..).unwrap_or_default();
            let is_item = line.trim_ascii_start().starts_with(b"- ") || line.trim_ascii() == b"-";
            if !is_item && !is_continued(line) {
                break;
            }
            start = above;
        }
        self.number += memchr::memchr_iter(b'\n', skipped.get(..start).unwrap_or_default()).count();
        self.at += start;
    }

    /// Reads a line, unless it is behind the last.
    fn read(&mut self, report: &mut Report<'t, '_>) -> bool {
        if self.at >= self.text.len() {
            return false;
        }
        let end = self.end(self.at);
        let line = self.text.get(self.at..end).unwrap_or_default();
        // A command goes on after a backslash. Its lines are read on their own as well.
        let mut whole = end;
        if is_continued(line.as_bytes()) && !report.is_continuation {
            while let Some(next) = self.text.get(whole + 1..self.end(whole + 1)) {
                whole += 1 + next.len();
                if !is_continued(next.as_bytes()) {
                    break;
                }
            }
        }
        report.parents.read_to(self.at);
        read_line(line, self.text.get(self.at..whole).unwrap_or(line), self.number, report);
        report.is_continuation = is_continued(line.as_bytes());
        (self.at, self.number) = (end + 1, self.number + 1);
        true
    }
}

/// Whether the next line belongs to the command of this one.
fn is_continued(line: &[u8]) -> bool {
    matches!(line.trim_ascii_end().last(), Some(b'\\' | b'`' | b'^'))
}

/// The parts of a text that say whose names are in them: sections of INI and TOML, parents in YAML.
///
/// Only the outermost part with an Azure word matters: what is inside is inside it as well.
struct Parents<'t> {
    text: &'t str,
    /// Lines before this offset have been read.
    at: usize,
    section: Option<(usize, &'t str)>,
    parent: Option<(usize, &'t str)>,
}

impl<'t> Parents<'t> {
    /// Reads the lines before `to`, which is the beginning of one.
    fn read_to(&mut self, to: usize) {
        while self.at < to {
            let rest = self.text.get(self.at..to).unwrap_or_default();
            let line = rest.split('\n').next().unwrap_or_default();
            self.line(line);
            self.at += line.len() + 1;
        }
    }

    fn line(&mut self, line: &'t str) {
        let Some((indent, name)) = indent_of(line) else { return };
        if self.parent.is_some_and(|(parent, _)| indent <= parent) {
            self.parent = None;
        }
        if self.section.is_some_and(|(section, _)| indent < section) {
            self.section = None;
        }
        if let Some(section) = name.strip_prefix('[').filter(|_| !is_json_list(name)) {
            if let Some((section, _)) = section.trim_start_matches('[').split_once(']') {
                self.section = Some((indent, section)).filter(|(_, name)| is_azure_parent(name));
            }
        } else if self.parent.is_none()
            && let Some(name) = name.strip_suffix([':', '{'])
            && name.len() <= LONGEST_PARENT
            && is_azure_parent(name)
        {
            self.parent = Some((indent, name));
        }
    }

    /// The name of a part that a line with this indentation is in.
    fn of(&self, indent: usize) -> Option<&'t str> {
        let parent = self.parent.filter(|(parent, _)| indent > *parent);
        let section = self.section.filter(|(section, _)| indent >= *section);
        parent.or(section).map(|(_, name)| name)
    }
}

/// Longer lines do not name a part.
const LONGEST_PARENT: usize = 128;

/// The column of a line's content, behind the marks of list items, and the line from there; `None` if it is blank.
fn indent_of(line: &str) -> Option<(usize, &str)> {
    let mut rest = line.trim_start();
    while let Some(item) = rest.strip_prefix("- ") {
        rest = item.trim_start();
    }
    let name = rest.trim_end();
    (!name.is_empty() && !is_comment(name)).then_some((line.len() - rest.len(), name))
}

/// Whether the word at `at` declares a name without a sign that may be that of a secret.
fn may_declare_secret(text: &[u8], at: usize) -> bool {
    let declared = text.get(at..).unwrap_or_default();
    let declares = |word: &&str| declared.starts_with(word.as_bytes());
    let Some(word) = ["ENV ", "setenv ", "setx "].iter().find(|word| declares(word)) else { return false };
    let name = declared.get(word.len()..).unwrap_or_default().trim_ascii_start();
    name.split(u8::is_ascii_whitespace).next().is_some_and(may_end_like_a_secret)
}

/// Whether the `(` at `at` may be that of `.secret("value")` or `set("secret", "value")`.
fn may_set_secret(text: &[u8], at: usize) -> bool {
    let (before, after) = (text.get(..at).unwrap_or_default(), text.get(at + 1..).unwrap_or_default());
    let Some((quote @ (b'"' | b'\''), literal)) = after.split_first() else { return false };
    let literal = literal.get(..LONGEST_PARENT.min(literal.len())).unwrap_or_default();
    may_end_like_a_secret(before)
        || memchr::memchr(*quote, literal)
            .is_some_and(|end| may_end_like_a_secret(literal.get(..end).unwrap_or_default()))
}

/// Whether the `=` or `:` at `at` may follow the name of a secret, or the `-` begin a flag. What `name:` or `key:`
/// introduces may be a name as well.
fn may_name_secret(text: &[u8], at: usize) -> bool {
    const NEARBY: usize = 64;
    let (before, after) = (text.get(..at).unwrap_or_default(), text.get(at + 1..).unwrap_or_default());
    if text.get(at) == Some(&b'-') {
        let begins = before.last().is_none_or(|b| !b.is_ascii_alphanumeric() && *b != b'-');
        return begins && after.first().is_some_and(|b| !b.is_ascii_whitespace());
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

/// Passes assignments on, and joins names and values that are apart.
struct Report<'t, 'f> {
    text: &'t str,
    found: &'f mut dyn FnMut(Assignment<'t>),
    /// From `name: X`, awaiting `value: Y`.
    name: Option<&'t str>,
    /// The items of a list so far, which may be the words of a command.
    items: Vec<Word<'t>>,
    /// A name whose value is in the next lines, with its indentation and line.
    open: Option<Open<'t>>,
    parents: Parents<'t>,
    /// The part of a text in braces or tags that has an Azure word, which counts in addition to the parents.
    enclosing: Option<&'t str>,
    /// The indentation of the line.
    indent: usize,
    /// Whether the line before ends with a backslash.
    is_continuation: bool,
    /// Whether the text signs in to Azure in PowerShell, if that has been asked.
    signs_in: Option<bool>,
    /// How many strings the line is in.
    depth: usize,
    /// Whether lines are `name value`.
    is_spaced: bool,
    /// The names to remember: the assignments of others are of no interest.
    wanted: fn(&str) -> bool,
}

/// Strings in strings that are read as texts.
const DEEPEST_STRING: usize = 2;

/// Whether there may be a flag, an assignment or a quoted `name: value` in a value.
fn may_be_inside(value: &str) -> bool {
    let bytes = value.as_bytes();
    let quote = memchr::memchr2(b'"', b'\'', bytes).unwrap_or(bytes.len());
    let is_flag = |at: usize| at.checked_sub(1).and_then(|i| bytes.get(i)).is_none_or(u8::is_ascii_whitespace);
    memchr::memchr3_iter(b'-', b'=', b':', bytes).any(|at| match bytes.get(at) {
        Some(b':') => bytes.get(at + 1).is_some_and(u8::is_ascii_whitespace) && at > quote,
        Some(b'-') => is_flag(at),
        _ => true,
    })
}

/// A name whose value is in the next lines.
#[derive(Clone, Copy)]
struct Open<'t> {
    key: &'t str,
    indent: usize,
    /// Whether a mark says so: `|`, `>-`, a backslash.
    is_marked: bool,
    /// Whether the next line has no indentation of its own: after `"""`.
    is_anywhere: bool,
}

impl<'t, 'f> Report<'t, 'f> {
    fn new(text: &'t str, found: &'f mut dyn FnMut(Assignment<'t>), wanted: fn(&str) -> bool) -> Self {
        Report {
            text,
            found,
            name: None,
            items: Vec::new(),
            open: None,
            parents: Parents { text, at: 0, section: None, parent: None },
            enclosing: None,
            indent: 0,
            is_continuation: false,
            signs_in: None,
            depth: 0,
            is_spaced: false,
            wanted,
        }
    }

    /// Whether the next line may belong to what has been read.
    fn awaits_more(&self) -> bool {
        self.name.is_some() || !self.items.is_empty() || self.open.is_some() || self.is_continuation
    }

    fn strength(&self, key: &str) -> Option<NameStrength> {
        match self.enclosing.or_else(|| self.parents.of(self.indent)) {
            Some(parent) => name_strength_in(parent, key),
            None => name_strength(key),
        }
    }

    fn pair(&mut self, key: &'t str, value: &'t str, line: usize) {
        self.end_of_list();
        // JSON allows a member without a name.
        if key.is_empty() {
            return;
        }
        let strength = self.strength(key);
        (self.found)(Assignment { key, value, line, strength });
        if key.eq_ignore_ascii_case("value") {
            if let Some(key) = self.name.take().filter(|name| !name.is_empty()) {
                let strength = self.strength(key);
                (self.found)(Assignment { key, value, line, strength });
            }
        } else if key.eq_ignore_ascii_case("name") || key.eq_ignore_ascii_case("key") {
            self.name = Some(value).filter(|name| (self.wanted)(name) || self.strength(name).is_some());
        } else {
            self.name = None;
        }
    }

    /// An item of a list.
    fn item(&mut self, value: &'t str, line: usize) {
        self.items.push(Word { text: value, line });
    }

    /// Reads the items of a list, which is complete.
    fn end_of_list(&mut self) {
        if self.items.is_empty() {
            return;
        }
        let items = std::mem::take(&mut self.items);
        let may_be_command = items.iter().any(|item| item.text.starts_with('-') || item.text.contains('='));
        let mut pairs = Vec::new();
        if may_be_command {
            self.words(&items, &mut |index, pair| pairs.push((index, pair)));
        }
        let mut pairs = pairs.into_iter().peekable();
        for (index, item) in items.iter().enumerate() {
            let is_script = item.text.contains(|c: char| c.is_ascii_whitespace());
            while let Some((_, pair)) = pairs.next_if(|(of, _)| *of == index) {
                // What an item with spaces assigns is inside it.
                if !is_script || pair.value.len() == item.text.len() {
                    (self.found)(pair);
                }
            }
            if is_script {
                self.inside(item.text, item.line, false);
            }
        }
    }

    /// Flags and assignments inside a value, as in a shell command. The first word is not reported if it `is_known`.
    fn inside(&mut self, value: &'t str, line: usize, is_known: bool) {
        if !may_be_inside(value) {
            return;
        }
        let bytes = value.as_bytes();
        let mut words: Vec<Word<'t>> = split(value).map(|text| Word { text, line }).collect();
        if memchr::memchr(b'\n', bytes).is_some() {
            let mut number = line;
            let mut counted_to = 0;
            for word in &mut words {
                let at = word.text.as_ptr().addr().saturating_sub(value.as_ptr().addr());
                number += memchr::memchr_iter(b'\n', bytes.get(counted_to..at).unwrap_or_default()).count();
                counted_to = at;
                word.line = number;
            }
        }
        let mut pairs = Vec::new();
        self.words(&words, &mut |_, pair| {
            if !is_known || pair.key.as_ptr() != value.as_ptr() {
                pairs.push(pair);
            }
        });
        pairs.into_iter().for_each(&mut *self.found);
    }

    fn inside_string(&mut self, value: &'t str, line: usize) {
        if !self.inside_text(value, line) {
            self.inside(value, line, false);
        }
    }

    /// Reads a string of JSON or YAML that is a text of lines or JSON.
    fn inside_text(&mut self, value: &'t str, line: usize) -> bool {
        let is_text = value.starts_with("{\"")
            || memchr::memchr(b'\\', value.as_bytes()).is_some_and(|at| {
                let escapes = value.get(at..).unwrap_or_default();
                escapes.contains("\\n") || escapes.contains("\\\"")
            });
        if !is_text || self.depth >= DEEPEST_STRING {
            return false;
        }
        self.depth += 1;
        for part in value.split("\\n") {
            let part = part.strip_suffix("\\r").unwrap_or(part);
            read_line(part, part, line, self);
        }
        self.end_of_list();
        self.depth -= 1;
        true
    }

    fn words(&mut self, words: &[Word<'t>], found: &mut dyn FnMut(usize, Assignment<'t>)) {
        let (text, signs_in) = (self.text, &mut self.signs_in);
        command::read(words, NESTED, &mut || *signs_in.get_or_insert_with(|| signs_in_to_azure(text)), found);
    }
}

const KEY: Alphabet = Alphabet::of("A-Za-z0-9_.:/$-");

pub(crate) fn is_key(text: &str) -> bool {
    text.len() <= 256 && text.bytes().all(|b| KEY.contains(b)) && text.bytes().any(|b| b.is_ascii_alphanumeric())
}

fn is_comment(line: &str) -> bool {
    matches!(
        line.as_bytes(),
        [b'#' | b';' | b'!', ..] | [b'/', b'/' | b'*', ..] | [b'*', b' ', ..] | [b'<', b'!', b'-', b'-', ..]
    )
}

/// Words before an assignment that belong to the shell, a Dockerfile, a program or PowerShell.
const DECLARATIONS: &[&str] = &[
    "export ",
    "set ",
    "setx ",
    "setenv ",
    "ENV ",
    "ARG ",
    "declare -x ",
    "local ",
    "readonly ",
    "let ",
    "const ",
    "var ",
    "$env:",
    "$Env:",
];

/// Those after which a name and a value follow without a sign.
const DECLARES_WITHOUT_SIGN: &[&str] = &["set ", "setx ", "setenv ", "ENV "];

fn may_declare(line: &str) -> bool {
    matches!(line.as_bytes(), [b'e' | b's' | b'E' | b'A' | b'd' | b'l' | b'r' | b'c' | b'v' | b'$', ..])
}

fn read_line<'t>(line: &'t str, whole: &'t str, number: usize, report: &mut Report<'t, '_>) {
    let Some((indent, _)) = indent_of(line) else {
        return;
    };
    report.indent = indent;
    let is_item = line.trim_start().starts_with("- ");
    let mut line = line.get(indent..).unwrap_or_default().trim_end();
    // What is open gets this line as its value. What the line assigns itself is read all the same.
    if let Some(open) = report.open.take()
        && (indent > open.indent || open.is_anywhere)
        && (open.is_marked || !is_item && split_assignment(line).is_none())
    {
        let value = bare(without_comment(line.strip_suffix(',').unwrap_or(line)));
        let indent = std::mem::replace(&mut report.indent, open.indent);
        report.pair(open.key, value, number);
        report.indent = indent;
    }
    if !is_item {
        report.end_of_list();
    }
    let whole = whole.get(indent..).unwrap_or(line);
    if may_declare(line) {
        let declared = line;
        for declaration in DECLARATIONS {
            line = line.strip_prefix(declaration).unwrap_or(line).trim_start();
        }
        if DECLARES_WITHOUT_SIGN.iter().any(|declaration| declared.starts_with(declaration)) {
            // set -x NAME value
            while let Some((flag, rest)) = line.split_once(' ').filter(|(word, _)| word.starts_with('-')) {
                line = if flag.is_empty() { line } else { rest.trim_start() };
            }
            // set "NAME=value"
            line = if line.contains('=') { bare(line) } else { line };
            if let Some((key, value)) = line.split_once([' ', '\t']).filter(|(key, _)| is_key(key))
                && report.strength(key).is_some()
                && !value.trim_start().starts_with('=')
            {
                return report.pair(key, bare(without_comment(value.trim())), number);
            }
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
            let value = without_tags(value.trim());
            if value.starts_with('{') && !value.starts_with("{{")
                || value.starts_with("[\"")
                || value.starts_with('[') && value.ends_with(']')
            {
                let outer = report.enclosing;
                if is_azure_parent(key) {
                    report.enclosing = outer.or(Some(key));
                }
                read_json(value, number, report);
                report.enclosing = outer;
                return;
            }
            let mark = value;
            let value = without_comment(without_type(value));
            let offset = |part: &str| part.as_ptr().addr().saturating_sub(whole.as_ptr().addr());
            let is_word = whole.as_bytes().get(offset(key) + key.len()) == Some(&b'=');
            report.pair(key, bare(if is_word { before_command(value) } else { value }), number);
            if is_block(mark) || value.is_empty() {
                let is_quote = matches!(mark, "\"\"\"" | "'''");
                let open = Open { key, indent, is_marked: !mark.is_empty(), is_anywhere: is_quote };
                report.open = report.strength(key).is_some().then_some(open);
                return;
            }
            // A variable before a command is a word of it. What comes before a colon or a space is not.
            let start = offset(if is_word { key } else { value });
            let rest = whole.get(start..).filter(|_| is_word || whole.len() > line.len()).unwrap_or(value);
            let is_single = is_word && rest.len() == key.len() + 1 + value.len() && !may_be_inside(value);
            if !report.inside_text(bare(value), number) && !is_single {
                report.inside(rest, number, is_word);
            }
        }
        None if is_item => report.item(bare(line), number),
        None if read_code(line, number, report) => {}
        None if report.is_spaced
            && let Some((key, value)) = split_at_space(line) =>
        {
            report.pair(key, value, number)
        }
        None => report.inside(whole, number, false),
    }
}

/// A value without the anchors and standard tags of YAML before it.
fn without_tags(mut value: &str) -> &str {
    while value.starts_with('&') || value.starts_with("!!") || value.starts_with("! ") {
        let Some((_, rest)) = value.split_once(' ') else { break };
        value = rest.trim_start();
    }
    value
}

/// The value in `name: type = "value"`.
fn without_type(value: &str) -> &str {
    let assigned = value.split_once(" = ").filter(|(name, _)| is_key(name)).map(|(_, value)| value.trim_start());
    assigned.filter(|value| value.starts_with(['"', '\''])).unwrap_or(value)
}

/// Reads what a line of code gives to a name: `String name = "value"`, `config["name"] = "value"`,
/// `set("name", "value")`, `set("name=value")`, `.name("value")`. Says whether it has done so.
fn read_code<'t>(line: &'t str, number: usize, report: &mut Report<'t, '_>) -> bool {
    let mut last: Option<(&str, usize)> = None;
    let mut at = 0;
    let mut has_read = false;
    while let Some(open) = memchr::memchr2(b'"', b'\'', line.as_bytes().get(at..).unwrap_or_default()).map(|i| at + i) {
        let quote = line.as_bytes().get(open).copied().unwrap_or_default();
        let end = string_end(line.as_bytes(), open + 1, quote);
        let literal = line.get(open + 1..end).unwrap_or_default();
        let before = line.get(..open).unwrap_or_default().trim_end();
        let pair = match before.as_bytes().last() {
            Some(b'=') => assigned_name(before).map(|name| (name, literal)),
            Some(b'(') => literal.split_once('=').or_else(|| Some((name_of_setter(before)?, literal))),
            Some(b',') => last.filter(|last| is_set_in_environment(before, *last)).map(|(name, _)| (name, literal)),
            _ => None,
        };
        // A constant may be named after its value: `CLIENT_SECRET = "client_secret"`.
        if let Some((key, value)) = pair.filter(|(key, _)| is_key(key) && is_named_secret(key))
            && !(value.contains(|c: char| c.is_ascii_alphanumeric()) && ends_with_letters(key, value))
        {
            report.pair(key, value, number);
            has_read = true;
        }
        last = Some((literal, end));
        at = end + 1;
    }
    has_read
}

/// Whether a text goes on to its second argument in a call that sets a variable of the environment, whose first
/// argument is `name` and ends before `end`.
fn is_set_in_environment(before: &str, (name, end): (&str, usize)) -> bool {
    const SETTERS: &[&str] = &["setenv", "putenv", "setenvironmentvariable"];
    let call = end.checked_sub(name.len() + 1).and_then(|at| before.get(..at)?.strip_suffix('('));
    let setter = call.and_then(last_name);
    end + 2 == before.len() && setter.is_some_and(|path| SETTERS.iter().any(|setter| ends_with_letters(path, setter)))
}

/// The name in `type name =` or `object["name"] =`. The operators that compare end with `=` as well.
fn assigned_name(before: &str) -> Option<&str> {
    let name = before.strip_suffix('=').filter(|name| !name.ends_with(['=', '!', '<', '>', '~']))?.trim_end();
    let inner = name.strip_suffix(']').and_then(|name| name.strip_suffix(['"', '\'']));
    last_name(inner.unwrap_or(name))
}

/// The name of a method that takes a value: `builder.clientSecret(`, `setPassword(`. One that is called `getPassword`
/// gives it.
fn name_of_setter(before: &str) -> Option<&str> {
    const GIVES: &[&[u8]] = &[b"get", b"read", b"load", b"fetch", b"find", b"ask", b"prompt"];
    let path = last_name(before.strip_suffix('(')?)?;
    let name = path.rsplit('.').next()?;
    let starts = |start: &[u8]| starts_with_fold(name.as_bytes(), start);
    let takes = name.len() < path.len() || starts(b"set") || starts(b"with");
    (takes && !GIVES.iter().any(|start| starts(start))).then_some(name)
}

fn last_name(text: &str) -> Option<&str> {
    let start = text.bytes().rposition(|b| !KEY.contains(b) || b == b'$').map_or(0, |at| at + 1);
    text.get(start..)
}

/// The value in `NAME=value command --flag`. Without a sign of a command, the words after the first are part of the
/// value.
fn before_command(value: &str) -> &str {
    let mut words = split(value);
    match words.next() {
        Some(first) if first.len() < value.len() && !first.starts_with(['$', '`', '<', '{']) => {
            let is_command =
                value.ends_with('\\') || words.any(|word| word.contains(['=', '/']) || word.starts_with('-'));
            if is_command { first } else { value }
        }
        _ => value,
    }
}

/// Whether the value of a line says that it is in the next lines.
fn is_block(value: &str) -> bool {
    match value.as_bytes() {
        [b'|' | b'>', rest @ ..] => rest.len() <= 2 && rest.iter().all(|b| matches!(b, b'+' | b'-' | b'1'..=b'9')),
        b"\\" | b"\"\"\"" | b"'''" => true,
        _ => false,
    }
}

/// `key = value`, `key: value`, `'key': value,`, `key:value`, `key := value`, `key ?= value`, `key => value`
pub(crate) fn split_assignment(line: &str) -> Option<(&str, &str)> {
    if let Some(rest) = line.strip_prefix('\'') {
        let (key, rest) = rest.split_once('\'')?;
        let value = without_sign(rest.trim_start())?.trim();
        return is_key(key).then_some((key, value.strip_suffix(',').unwrap_or(value)));
    }
    let bytes = line.as_bytes();
    let mut colons = 0;
    let mut at = 0;
    // The first `=`, or the first `:` that ends a YAML key: whichever comes first.
    let end = loop {
        let rest = bytes.get(at..)?;
        match *rest {
            [b'=', ..] | [b':'] | [b':', b'=', ..] | [b'?' | b'+', b'=', ..] => break at,
            [b':', next, ..] if next.is_ascii_whitespace() => break at,
            [b':', next, ..] => {
                colons += 1;
                let key = line.get(..at)?;
                if next != b'/' && next != b':' && colons <= MOST_COLONS && is_key(key) && is_named_secret(key) {
                    break at;
                }
                at += 1;
            }
            [b' ' | b'\t', ..] => {
                // `key = value` may have space before its sign, and nothing else.
                let space = rest.iter().take_while(|b| b.is_ascii_whitespace()).count();
                let sign = rest.get(space..)?;
                match sign {
                    [b'=' | b':', ..] | [b'?' | b'+', b'=', ..] => break at,
                    _ => return None,
                }
            }
            [_, ..] => at += 1,
            [] => return None,
        }
    };
    let (key, rest) = line.split_at_checked(end)?;
    let value = without_sign(rest.trim_start())?;
    (is_key(key) && !key.starts_with("--")).then_some((key, value))
}

/// `name value`
fn split_at_space(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once([' ', '\t']).filter(|(key, _)| is_key(key))?;
    Some((key, bare(value.trim())))
}

/// In `a:b:c:d`, how many beginnings are looked at as a name.
const MOST_COLONS: usize = 4;

fn is_named_secret(key: &str) -> bool {
    matches!(name_strength(key), Some(NameStrength::Azure(_) | NameStrength::Strong))
}

/// What comes after the sign of an assignment.
fn without_sign(text: &str) -> Option<&str> {
    ["=>", ":=", "::=", "?=", "+=", "=", ":"].iter().find_map(|sign| text.strip_prefix(sign))
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
    let is_list = |rest: &str| !rest.starts_with(|c: char| c.is_ascii_alphabetic());
    rest.starts_with(['"', '{']) || rest.strip_prefix('[').is_some_and(is_list)
}

/// Strings after strings and colons, at whatever depth; comments and trailing commas do no harm.
fn read_json<'t>(text: &'t str, mut line: usize, report: &mut Report<'t, '_>) {
    let bytes = text.as_bytes();
    let mut key: Option<&str> = None;
    let mut last: Option<&str> = None;
    let mut at = 0;
    let (mut depth, mut enclosed_at) = (0_usize, None);
    let outer = report.enclosing;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\n' => line += 1,
            b'"' | b'\'' => {
                let end = string_end(bytes, at + 1, byte);
                let string = text.get(at + 1..end).unwrap_or_default();
                line += memchr::memchr_iter(b'\n', string.as_bytes()).count();
                match key.take() {
                    Some(key) => {
                        report.pair(key, string, line);
                        report.inside_string(string, line);
                    }
                    None => last = Some(string),
                }
                at = end;
            }
            // JSON in a string of JSON.
            b'\\' if bytes.get(at + 1) == Some(&b'"') => {
                let end = inner_string_end(bytes, at + 2);
                let string = text.get(at + 2..end).unwrap_or_default();
                match key.take() {
                    Some(key) => report.pair(key, string, line),
                    None => last = Some(string),
                }
                at = end + 1;
            }
            b':' | b'=' => {
                key = last.take();
                // `"key" => "value"`
                at += usize::from(byte == b'=' && bytes.get(at + 1) == Some(&b'>'));
            }
            b',' | b']' | b'}' => {
                if let Some(string) = last.take() {
                    report.item(string, line);
                }
                key = None;
                if byte != b',' {
                    report.end_of_list();
                    depth = depth.saturating_sub(1);
                    if enclosed_at.is_some_and(|enclosed| depth <= enclosed) {
                        (enclosed_at, report.enclosing) = (None, outer);
                    }
                }
            }
            b'{' | b'[' => {
                report.end_of_list();
                if let Some(name) = key.filter(|name| report.enclosing.is_none() && is_azure_parent(name)) {
                    (enclosed_at, report.enclosing) = (Some(depth), Some(name));
                }
                depth += 1;
                (key, last) = (None, None);
            }
            b' ' | b'\t' | b'\r' => {}
            _ => {
                // A number, a boolean, or a plain word of YAML's flow style.
                let rest = bytes.get(at..).unwrap_or_default();
                let mut length = rest.iter().position(|b| b",{}[]\n".contains(b)).unwrap_or(rest.len());
                if let (Some((b'$', _)), Some(b'{')) =
                    (rest.get(..length).and_then(<[u8]>::split_last), rest.get(length))
                {
                    length = rest.iter().position(|b| b",}]\n".contains(b)).unwrap_or(rest.len());
                }
                let word = text.get(at..at + length).unwrap_or_default();
                match (key.take(), split_assignment(word)) {
                    (Some(key), _) => report.pair(key, word.trim_end(), line),
                    (None, Some((name, value))) if value.trim().is_empty() => key = Some(name),
                    (None, Some((key, value))) => report.pair(key, bare(value), line),
                    (None, None) => last = Some(word.trim_end()).filter(|word| !word.is_empty()),
                }
                at += length.saturating_sub(1);
            }
        }
        at += 1;
    }
    if let Some(string) = last {
        report.item(string, line);
    }
    report.end_of_list();
    report.enclosing = outer;
}

/// The `\"` that closes a string in a string, or the end.
fn inner_string_end(bytes: &[u8], mut at: usize) -> usize {
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr(b'\\', rest)).map(|i| at + i) {
        at = match bytes.get(found + 1..).unwrap_or_default() {
            [b'"', ..] => return found,
            // A quotation mark that the inner string escapes.
            [b'\\', b'\\', b'"', ..] => found + 4,
            _ => found + 2,
        };
    }
    bytes.len()
}

/// The closing quotation mark of a JSON string, or the end.
fn string_end(bytes: &[u8], mut at: usize, quote: u8) -> usize {
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr2(quote, b'\\', rest)).map(|i| at + i) {
        if bytes.get(found) == Some(&quote) {
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
    let (mut depth, mut enclosed_at) = (0_usize, None);
    let outer = report.enclosing;
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
        if tag.starts_with('/') {
            depth = depth.saturating_sub(1);
            if enclosed_at.is_some_and(|enclosed| depth <= enclosed) {
                (enclosed_at, report.enclosing) = (None, outer);
            }
        }
        // `<name>` is followed by `<value>`, and the attribute `key` by `value`.
        if !tag.starts_with('/') && !name.eq_ignore_ascii_case("value") {
            report.name = None;
        }
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
        if !name.is_empty() && !tag.starts_with(['/', '?', '!']) && !tag.ends_with('/') {
            if report.enclosing.is_none() && is_key(name) && is_azure_parent(name) {
                (enclosed_at, report.enclosing) = (Some(depth), Some(name));
            }
            depth += 1;
        }
    }
    report.enclosing = outer;
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
