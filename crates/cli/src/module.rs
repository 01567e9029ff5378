//! Which compiled policy is run.

use anyhow::{Context, Result, bail};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

const NAMES: [&str; 2] = ["annotated-policy.wasm", "policy.wasm"];

/// The file given, or the nearest one: in the current folder or above, else above the program itself.
pub fn find(given: Option<&Path>) -> Result<PathBuf> {
    if let Some(given) = given {
        return Ok(given.to_owned());
    }
    let here = env::current_dir().context("the current folder")?;
    let program = env::current_exe().unwrap_or_default();
    match here.ancestors().chain(program.ancestors().skip(1)).find_map(newest_in) {
        Some(path) => Ok(path),
        None => bail!(
            "no {} in {} or above: build it with `make policy.wasm`, or name one with --policy",
            NAMES.join(" or "),
            here.display()
        ),
    }
}

/// Of the two files the one built last: the other may be left from an older build.
fn newest_in(folder: &Path) -> Option<PathBuf> {
    let found = NAMES.iter().filter_map(|name| {
        let path = folder.join(name);
        let metadata = fs::metadata(&path).ok().filter(fs::Metadata::is_file)?;
        Some((metadata.modified().ok(), path))
    });
    found.max_by_key(|(modified, _)| *modified).map(|(_, path)| path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, SystemTime};

    #[test]
    fn the_newer_of_two_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(newest_in(folder.path()), None);
        let now = SystemTime::now();
        for (name, age) in [("policy.wasm", 10), ("annotated-policy.wasm", 20)] {
            let file = fs::File::create(folder.path().join(name)).unwrap();
            file.set_modified(now - Duration::from_secs(age)).unwrap();
        }
        assert_eq!(newest_in(folder.path()), Some(folder.path().join("policy.wasm")));
    }
}
