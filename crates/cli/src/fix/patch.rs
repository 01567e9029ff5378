//! Two versions of a text as a patch, and as replacements of lines.

use similar::{DiffTag, TextDiff};
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

/// The patch, as `git apply` accepts it in the folder that the name is relative to.
pub(crate) fn unified(name: &str, old: &str, new: &str) -> String {
    let (old, new) = (lines(old), lines(new));
    let diff = TextDiff::configure().newline_terminated(true).diff_slices(&old, &new);
    let (before, after) = (quoted(&format!("a/{}", relative(name))), quoted(&format!("b/{}", relative(name))));
    diff.unified_diff().context_radius(3).header(&before, &after).missing_newline_hint(true).to_string()
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
