//! Names of sources as URIs, relative to the current folder, which in a pipeline is the repository.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::path::{Component, Path};

/// All characters but those that RFC 3986 allows in a path.
const ESCAPED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/').remove(b'@').remove(b'+');

/// The path with slashes and without `./`, relative if it is under the current folder.
pub(super) fn path(source: &str) -> String {
    if source == "-" {
        return "stdin".to_owned();
    }
    let here = std::env::current_dir().unwrap_or_default();
    let path = Path::new(source);
    let path = path.strip_prefix(&here).unwrap_or(path);
    let parts = path.components().filter_map(|part| match part {
        Component::CurDir | Component::RootDir | Component::Prefix(_) => None,
        Component::ParentDir => Some("..".into()),
        Component::Normal(name) => Some(name.to_string_lossy()),
    });
    let relative = parts.collect::<Vec<_>>().join("/");
    if path.is_absolute() { format!("/{relative}") } else { relative }
}

/// The same as a URI reference.
pub(super) fn of(source: &str) -> String {
    let path = path(source);
    let escaped = utf8_percent_encode(&path, ESCAPED);
    if path.starts_with('/') { format!("file://{escaped}") } else { escaped.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_references() {
        let here = std::env::current_dir().unwrap().join("a/b.yaml");
        for (source, uri) in [
            ("./deploy/web.yaml", "deploy/web.yaml"),
            ("../x.yaml", "../x.yaml"),
            ("a b#c%.yaml", "a%20b%23c%25.yaml"),
            ("\u{e4}:.yaml", "%C3%A4%3A.yaml"),
            ("/nowhere/x.yaml", "file:///nowhere/x.yaml"),
            ("-", "stdin"),
            (here.to_str().unwrap(), "a/b.yaml"),
        ] {
            assert_eq!(of(source), uri);
        }
    }
}
