//! Two versions of a text as a patch, and as replacements of lines.

use super::secrets::Sensitive;
use similar::{DiffTag, TextDiff};
use std::ops::Range;
use std::path::{Component, Path};

/// Lines that are replaced: from one number up to before another, counted from 0, and what comes there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Replacement {
    pub start: usize,
    pub end: usize,
    pub text: String,
}

/// Lines end at `\n` for git, for editors and here: a lone `\r` is part of its line.
fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// A patch that `git apply` accepts in the folder that the name is relative to.
pub(crate) struct Patch {
    pub text: String,
    /// There is a change without a line behind it, which `git apply` accepts with `--unidiff-zero` only.
    pub is_bare: bool,
}

/// Why there is none: this line, from 1, would show a value that can be secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hidden {
    pub line: usize,
}

/// Lines next to a change, on each side.
const CONTEXT: usize = 3;

/// The patch from one text to another. Lines next to a change are in it only as far as they hold no value that can be
/// secret. `mark` is what the file has before the text.
pub(crate) fn unified(name: &str, old: &str, new: &str, mark: &str) -> Result<Patch, Hidden> {
    let (sensitive, later) = (Sensitive::of(old), Sensitive::of(new));
    let (old, new) = (format!("{mark}{old}"), format!("{mark}{new}"));
    let (old, new) = (lines(&old), lines(&new));
    let changes = changes(&old, &new);
    for (removed, added) in &changes {
        let hidden =
            sensitive.secret_in(removed.clone()).or_else(|| later.secret_in(added.clone()).map(|_| removed.start));
        // A value that only shares its line with a change.
        let kept: Vec<_> = later.data_in(added.clone()).collect();
        let is_kept = sensitive.data_in(removed.clone()).any(|data| kept.contains(&data));
        if let Some(line) = hidden.or(is_kept.then_some(removed.start)) {
            return Err(Hidden { line: line + 1 });
        }
    }
    let mut hunks: Vec<Hunk> = Vec::new();
    let mut is_bare = false;
    for (at, (removed, added)) in changes.iter().enumerate() {
        let floor = at.checked_sub(1).and_then(|before| changes.get(before)).map_or(0, |(before, _)| before.end);
        let ceiling = changes.get(at + 1).map_or(old.len(), |(next, _)| next.start);
        let open = |line: &usize| sensitive.is_open(*line);
        let before = (floor..removed.start).rev().take(CONTEXT).take_while(open).count();
        let behind = (removed.end..ceiling).take(CONTEXT).take_while(open).count();
        is_bare |= behind == 0 && removed.end < old.len();
        let (start, end) = (removed.start - before, removed.end + behind);
        match hunks.last_mut().filter(|hunk| hunk.old.end >= start) {
            Some(hunk) => (hunk.old.end, hunk.new.end) = (end, added.end + behind),
            None => {
                hunks.push(Hunk { old: start..end, new: added.start - before..added.end + behind, first: at, last: at })
            }
        }
        if let Some(hunk) = hunks.last_mut() {
            hunk.last = at;
        }
    }
    let (before, after) = (quoted(&format!("a/{}", relative(name))), quoted(&format!("b/{}", relative(name))));
    let mut text = String::new();
    if !hunks.is_empty() {
        text = format!("--- {before}\n+++ {after}\n");
    }
    for hunk in hunks {
        text.push_str(&format!("@@ -{} +{} @@\n", numbers(&hunk.old), numbers(&hunk.new)));
        let mut at = hunk.old.start;
        for (removed, added) in changes.get(hunk.first..=hunk.last).unwrap_or_default() {
            push(&mut text, ' ', old.get(at..removed.start));
            push(&mut text, '-', old.get(removed.clone()));
            push(&mut text, '+', new.get(added.clone()));
            at = removed.end;
        }
        push(&mut text, ' ', old.get(at..hunk.old.end));
    }
    Ok(Patch { text, is_bare })
}

/// Changes that share lines next to them.
struct Hunk {
    old: Range<usize>,
    new: Range<usize>,
    first: usize,
    last: usize,
}

/// Lines of the old text and what comes there, in order and apart.
fn changes(old: &[&str], new: &[&str]) -> Vec<(Range<usize>, Range<usize>)> {
    let diff = TextDiff::configure().newline_terminated(true).diff_slices(old, new);
    let mut changes: Vec<(Range<usize>, Range<usize>)> = Vec::new();
    for op in diff.ops().iter().filter(|op| op.tag() != DiffTag::Equal) {
        let (removed, added) = (op.old_range(), op.new_range());
        match changes.last_mut().filter(|(before, _)| before.end == removed.start) {
            Some((before, then)) => (before.end, then.end) = (removed.end, added.end),
            None => changes.push((removed, added)),
        }
    }
    changes
}

/// As a hunk's head has them. Of no lines, it is the one before.
fn numbers(lines: &Range<usize>) -> String {
    match lines.len() {
        0 => format!("{},0", lines.start),
        1 => (lines.start + 1).to_string(),
        count => format!("{},{count}", lines.start + 1),
    }
}

fn push(text: &mut String, mark: char, lines: Option<&[&str]>) {
    for line in lines.unwrap_or_default() {
        text.push(mark);
        text.push_str(line);
        if !line.ends_with('\n') {
            text.push_str("\n\\ No newline at end of file\n");
        }
    }
}

/// The lines that differ.
pub(crate) fn replacements(old: &str, new: &str) -> Vec<Replacement> {
    let (old, new) = (lines(old), lines(new));
    let diff = TextDiff::configure().diff_slices(&old, &new);
    let changed = diff.ops().iter().filter(|op| op.tag() != DiffTag::Equal);
    changed
        .map(|op| {
            let (range, now) = (op.old_range(), op.new_range());
            let text = new.get(now).unwrap_or_default().concat();
            Replacement { start: range.start, end: range.end, text }
        })
        .collect()
}

/// The path from the current folder, with slashes.
fn relative(name: &str) -> String {
    let path = Path::new(name);
    let here = std::env::current_dir().unwrap_or_default();
    let parts = path.strip_prefix(&here).unwrap_or(path).components();
    let parts = parts.filter(|part| !matches!(part, Component::CurDir | Component::RootDir));
    let parts: Vec<_> = parts.map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    parts.join("/")
}

/// A name as patches have it: with a tab behind a name with spaces, and in quotes if it has stranger characters.
fn quoted(name: &str) -> String {
    let is_strange = |c: char| c.is_control() || c == '"' || c == '\\';
    if name.contains(is_strange) {
        let mut quoted = String::from("\"");
        for byte in name.bytes() {
            match byte {
                b'"' | b'\\' => quoted.extend(['\\', char::from(byte)]),
                b' '..=b'~' => quoted.push(char::from(byte)),
                byte => quoted.push_str(&format!("\\{byte:03o}")),
            }
        }
        return quoted + "\"";
    }
    if name.contains(' ') { format!("{name}\t") } else { name.to_owned() }
}
