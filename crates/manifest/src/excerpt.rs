//! A line of a document to show with a finding, without values that could be secret.
//!
//! It shows keys, and of the values only those of a short list: names and other words of Kubernetes.
//! Everything else is masked, and comments and text that the reader of the document did not account for are
//! removed: only what is known to be harmless is shown.

use crate::outline::{Outline, Shape};
use std::cell::Cell;
use std::ops::Range;

/// One line, and the part of it that a finding is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// Without its end.
    pub text: String,
    /// Bytes of `text`.
    pub span: Range<usize>,
}

/// Replaces a value, whatever its length.
pub(crate) const MASK: &str = "***";

/// Lines are cut after this many bytes, because people read them.
const LONGEST_EXCERPT: usize = 400;

/// The tokens of a document that matter to an excerpt, in order, without overlaps.
pub(crate) struct Tokens(Vec<(Range<usize>, bool)>);

impl Tokens {
    pub(crate) fn of(text: &str, outline: &Outline) -> Tokens {
        let mut tokens = Vec::new();
        visit(text, outline, Outline::ROOT, &mut Vec::new(), &mut tokens);
        tokens.sort_by_key(|(span, _)| span.start);
        Tokens(tokens)
    }

    /// The line that holds `meant.start`, masked.
    pub(crate) fn excerpt(&self, text: &str, line: Range<usize>, meant: &Range<usize>) -> Excerpt {
        let (mut out, mut span) = (String::new(), None::<Range<usize>>);
        let mut at = line.start;
        let length = Cell::new(0);
        // Every piece of the line passes through here, so that none escapes the mask.
        let mut push = |source: Range<usize>, shown: &str, mask: bool| {
            let before = out.len();
            out.push_str(if mask { MASK } else { shown });
            length.set(out.len());
            let (from, to) = (source.start.max(meant.start), source.end.min(meant.end));
            if from < to || (source.is_empty() && meant.contains(&source.start)) {
                let exact = !mask && shown.len() == source.len();
                let start = if exact { before + (from - source.start) } else { before };
                let end = if exact { before + (to - source.start) } else { out.len() };
                let whole = span.get_or_insert(start..end);
                whole.end = end;
            }
        };
        let first = self.0.partition_point(|(span, _)| span.end <= line.start);
        for (token, shown) in self.0.iter().skip(first).take_while(|(span, _)| span.start < line.end) {
            let token = token.start.max(line.start)..token.end.min(line.end);
            if token.start < at {
                continue;
            }
            let cut = gap(text, at..token.start, &mut push);
            if cut {
                return finish(out, span);
            }
            let written = text.get(token.clone()).unwrap_or_default();
            let value = written.trim_end();
            if !value.is_empty() {
                push(token.start..token.start + value.len(), value, !shown);
            }
            at = token.end;
            // A document can be one line with thousands of findings: what will be cut is not written.
            if length.get() >= LONGEST_EXCERPT {
                if at < meant.end {
                    span.get_or_insert(out.len()..out.len()).end = out.len();
                }
                return finish(out, span);
            }
        }
        gap(text, at..line.end, &mut push);
        finish(out, span)
    }

    /// A line inside a text: only `meant` itself is shown.
    pub(crate) fn inside(text: &str, line: &Range<usize>, meant: &Range<usize>) -> Excerpt {
        let written = |range: Range<usize>| text.get(range).unwrap_or_default();
        let before = written(line.start..meant.start);
        let indent = before.len() - before.trim_start().len();
        let mut out = before.get(..indent).unwrap_or_default().to_owned();
        if indent < before.len() {
            out.push_str(MASK);
        }
        let start = out.len();
        out.push_str(written(meant.clone()));
        let end = out.len();
        if !written(meant.end..line.end).trim().is_empty() {
            out.push_str(MASK);
        }
        finish(out, Some(start..end))
    }
}

fn finish(mut text: String, span: Option<Range<usize>>) -> Excerpt {
    let mut longest = LONGEST_EXCERPT.min(text.len());
    while !text.is_char_boundary(longest) {
        longest -= 1;
    }
    text.truncate(longest);
    text.truncate(text.trim_end().len());
    let span = span.unwrap_or(0..0);
    let (start, end) = (span.start.min(text.len()), span.end.min(text.len()));
    Excerpt { text, span: start..end }
}

/// The text between the tokens: punctuation, and the names of anchors, aliases and tags. A comment ends
/// the line, and the answer is `true`.
fn gap(text: &str, range: Range<usize>, push: &mut impl FnMut(Range<usize>, &str, bool)) -> bool {
    let between = text.get(range.clone()).unwrap_or_default();
    let is_word = |c: char| !c.is_whitespace() && !"-?:,{}[]\"'|>&*!%+".contains(c);
    let mut rest = between;
    while let Some(first) = rest.chars().next() {
        let at = range.start + (between.len() - rest.len());
        if first == '#' {
            return true;
        }
        let word = rest.find(|c| is_word(c) != is_word(first)).unwrap_or(rest.len());
        let (piece, after) = rest.split_at(word);
        let names = between.get(..between.len() - rest.len()).is_some_and(|before| before.ends_with(['&', '*', '!']));
        let digits = piece.bytes().all(|byte| byte.is_ascii_digit()) && piece.len() == 1;
        let piece_is_word = is_word(first);
        // A comment may follow punctuation at once: `|# text`.
        push(at..at + piece.len(), piece, piece_is_word && !names && !digits);
        rest = after;
    }
    false
}

fn visit<'o>(
    text: &str,
    outline: &'o Outline,
    node: usize,
    path: &mut Vec<&'o str>,
    tokens: &mut Vec<(Range<usize>, bool)>,
) {
    let node = outline.node(node);
    match &node.shape {
        Shape::Leaf => {
            let value = text.get(node.span.clone()).unwrap_or_default();
            tokens.push((node.span.clone(), is_harmless(value) || is_word_of_kubernetes(path)));
        }
        // It is visited where it is written.
        Shape::Alias(_) => tokens.push((node.span.clone(), true)),
        Shape::List(items) => {
            for item in items {
                path.push("");
                visit(text, outline, *item, path, tokens);
                path.pop();
            }
        }
        Shape::Map(members) => {
            for member in members {
                match &member.key {
                    Some(key) => {
                        tokens.push((outline.node(member.key_node).span.clone(), true));
                        path.push(key);
                    }
                    None => {
                        path.push(UNKNOWN);
                        visit(text, outline, member.key_node, path, tokens);
                    }
                }
                visit(text, outline, member.value, path, tokens);
                path.pop();
            }
        }
    }
}

/// A key that is not text: nothing below it is shown.
const UNKNOWN: &str = "?";

/// Members whose members' names authors choose, with values that are names nearly always.
const NAMES: &[&str] = &["annotations", "labels", "matchLabels"];

/// Members whose keys, or whose members' names, authors choose: what is below them is data.
const DATA: &[&str] = &[
    "data",
    "stringData",
    "binaryData",
    "parameters",
    "attributes",
    "volumeAttributes",
    "options",
    "config",
    "values",
    "args",
    "command",
    "value",
    UNKNOWN,
];

/// Members whose values are names and other words that Kubernetes gives a meaning.
const WORDS: &[&str] = &[
    "apiGroup",
    "apiGroups",
    "apiVersion",
    "automountServiceAccountToken",
    "driver",
    "expirationSeconds",
    "generateName",
    "hostNetwork",
    "image",
    "kind",
    "mountPath",
    "name",
    "namespace",
    "nonResourceURLs",
    "resourceNames",
    "resources",
    "secretName",
    "serviceAccount",
    "serviceAccountName",
    "signerName",
    "usages",
    "verbs",
];

/// Whether a value of these keys is data.
pub(crate) fn is_data(path: &[&str]) -> bool {
    path.iter().any(|key| DATA.contains(key))
}

fn is_word_of_kubernetes(path: &[&str]) -> bool {
    let is_data = is_data(path) || path.iter().any(|key| NAMES.contains(key));
    let last = path.iter().rfind(|key| !key.is_empty());
    !is_data && last.is_some_and(|key| WORDS.contains(key))
}

/// Values that Kubernetes defines, of the members that rules point at.
const CONSTANTS: &[&str] = &[
    "Opaque",
    "bootstrap.kubernetes.io/token",
    "kubernetes.io/basic-auth",
    "kubernetes.io/dockercfg",
    "kubernetes.io/dockerconfigjson",
    "kubernetes.io/service-account-token",
    "kubernetes.io/ssh-auth",
    "kubernetes.io/tls",
    "Always",
    "Exists",
    "IfNotPresent",
    "Never",
    "OnFailure",
    "TCP",
    "UDP",
];

/// Booleans, empty values and constants of Kubernetes.
fn is_harmless(value: &str) -> bool {
    let value = value.trim().trim_matches(['"', '\'']);
    ["", "~", "null", "true", "false", "yes", "no", "on", "off", "enabled", "disabled"]
        .iter()
        .any(|word| value.eq_ignore_ascii_case(word))
        || CONSTANTS.contains(&value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::Lines;

    /// The line that holds `mark`, with `mark` meant.
    fn excerpt(text: &str, mark: &str) -> String {
        let start = text.find(mark).unwrap();
        let outline = Outline::of(text).unwrap();
        let excerpt =
            Tokens::of(text, &outline).excerpt(text, Lines::of(text).around(text, start), &(start..start + mark.len()));
        format!("{}|{}", excerpt.text, &excerpt.text[excerpt.span.clone()])
    }

    #[test]
    fn names_are_shown_and_values_masked() {
        for (text, mark, expected) in [
            ("kind: Pod\n", "kind: Pod", "kind: Pod|kind: Pod"),
            ("- name: A\n  value: hunter2 # hunter2\n", "value: hunter2", "  value: ***|value: ***"),
            (
                "env: [{name: A, value: hunter2}, {name: B}]\n",
                "name: B",
                "env: [{name: A, value: ***}, {name: B}]|name: B",
            ),
            ("data: {name: hunter2, kind: hunter2}\n", "kind", "data: {name: ***, kind: ***}|kind"),
            ("a: \"hunter2\" # no\n", "a", "a: ***|a"),
            ("a: &x hunter2\nb: *x\n", "a", "a: &x ***|a"),
            ("a: &x hunter2\nb: *x\n", "b: *x", "b: *x|b: *x"),
            ("a: !!binary aHVudGVyMg==\n", "a", "a: !!binary ***|a"),
            ("a: |-2 # hunter2\n    hunter2\n", "a", "a: |-2|a"),
            ("{\"kind\": \"Pod\", \"key\": \"hunter2\"}", "\"key\"", "{\"kind\": \"Pod\", \"key\": ***}|\"key\""),
            ("verbs: ['*', get]\r\nx: y\r\n", "verbs", "verbs: ['*', get]|verbs"),
            ("use: \"yes\"\n", "use: \"yes\"", "use: \"yes\"|use: \"yes\""),
            ("k\u{e4}\u{6f22}: hunter2\n", "k", "k\u{e4}\u{6f22}: ***|k"),
            ("? {a: hunter2}\n: hunter2\n", "a", "? {a: ***}|a"),
            ("a:\tb\n", "a", "a:\t***|a"),
        ] {
            assert_eq!(excerpt(text, mark), expected, "{text}");
        }
    }

    #[test]
    fn lines_of_longer_texts_show_nothing() {
        for text in
            ["a: |\n  hunter2\n  hunter2\nb: c\n", "a: plain\n  hunter2\n  more\nb: c\n", "a: \"x\n  hunter2\n  y\"\n"]
        {
            let shown = excerpt(text, "hunter2");
            assert!(shown.contains("***") && !shown.contains("hunter2"), "{shown}");
        }
        let text = "a: |\n  db.user=x\n  db.password=hunter2\n";
        let start = text.find("db.password").unwrap();
        let shown = Tokens::inside(text, &Lines::of(text).around(text, start), &(start..start + 11));
        assert_eq!((shown.text.as_str(), &shown.text[shown.span.clone()]), ("  db.password***", "db.password"));
    }

    #[test]
    fn long_lines_end_somewhere() {
        let text = format!("{}: hunter2\n", "\u{e4}".repeat(900));
        assert!(excerpt(&text, "hunter2").len() < 500);
    }
}
