//! What there was before: `--base` and `--old`. The cluster evaluates an object that it has as an update of it.
//!
//! An object is the one of the same kind, namespace and name. A repository often has it several times, for several
//! clusters, so the one in the same file comes first. One in another file counts only if that file no longer has it:
//! then it was moved, and was not copied.

#[cfg(feature = "git")]
mod git;

use crate::args::Check;
use crate::inputs::{Source, SourceError, Walk};
use admission::{ObjectKey, object_key};
use anyhow::{Result, anyhow, bail};
use manifest::{Form, documents};
use rayon::prelude::*;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

type Sources = [Result<Source, SourceError>];

pub(crate) struct Before {
    objects: BTreeMap<ObjectKey, Vec<Old>>,
    /// The path of each source, in the terms of `Old::path`.
    paths: BTreeMap<String, PathBuf>,
    /// Names of sources whose text is the same as before.
    same: BTreeSet<String>,
}

struct Old {
    path: PathBuf,
    /// The file has the object now as well.
    is_still_there: bool,
    object: Value,
}

/// What an object was.
#[derive(Debug, PartialEq)]
pub(crate) enum Was<'b> {
    New,
    Same,
    Other(&'b Value),
}

/// A text as it was, and as it is now.
struct Changed {
    path: PathBuf,
    old: String,
    /// `None` if the file is gone.
    new: Option<String>,
}

impl Before {
    /// What the options name; `None` without them.
    pub(crate) fn load(args: &Check, sources: &Sources, walk: &Walk) -> Result<Option<Before>> {
        match (&args.base, &args.old) {
            (Some(base), _) => from_git(base, sources).map(Some),
            (None, Some(old)) => from_files(old, sources, walk).map(Some),
            (None, None) => Ok(None),
        }
    }

    fn of(changed: Vec<Changed>, paths: BTreeMap<String, PathBuf>, same: BTreeSet<String>) -> Before {
        let read = |text: Changed| {
            let now: BTreeSet<ObjectKey> =
                objects(text.new.as_deref().unwrap_or_default()).into_iter().map(|(key, _)| key).collect();
            let path = text.path;
            let old = objects(&text.old).into_iter().map(move |(key, object)| {
                let is_still_there = now.contains(&key);
                (key, Old { path: path.clone(), is_still_there, object })
            });
            old.collect::<Vec<_>>()
        };
        let read: Vec<Vec<(ObjectKey, Old)>> = changed.into_par_iter().map(read).collect();
        let mut objects: BTreeMap<ObjectKey, Vec<Old>> = BTreeMap::new();
        for (key, old) in read.into_iter().flatten() {
            objects.entry(key).or_default().push(old);
        }
        Before { objects, paths, same }
    }

    /// Whether the whole source is as it was.
    pub(crate) fn is_same(&self, source: &Source) -> bool {
        self.same.contains(&source.name)
    }

    /// How many sources are as they were.
    pub(crate) fn same(&self) -> usize {
        self.same.len()
    }

    /// What the object of this source was. `kubectl apply` applies the objects of a file in order, so the last wins.
    pub(crate) fn was(&self, source: &str, object: &Value) -> Was<'_> {
        if self.same.contains(source) {
            return Was::Same;
        }
        let Some(path) = self.paths.get(source) else { return Was::New };
        let old = object_key(object).and_then(|key| self.objects.get(&key)).map_or(&[][..], Vec::as_slice);
        let here = old.iter().rfind(|old| old.path == *path);
        let moved = || old.iter().filter(|old| !old.is_still_there).max_by_key(|old| in_common(&old.path, path));
        match here.or_else(moved) {
            None => Was::New,
            Some(old) if old.object == *object => Was::Same,
            Some(old) => Was::Other(&old.object),
        }
    }
}

/// How many components two paths have in common.
fn in_common(one: &Path, other: &Path) -> usize {
    one.components().zip(other.components()).take_while(|(one, other)| one == other).count()
}

/// The objects of a text, as far as it can be read. What cannot be read was not applied either.
fn objects(text: &str) -> Vec<(ObjectKey, Value)> {
    let mut objects = Vec::new();
    for document in documents(text) {
        for object in document.objects().unwrap_or_default().into_iter().flatten() {
            if let (Form::Object, Some(key)) = (object.form, object_key(&object.value)) {
                objects.push((key, object.value));
            }
        }
    }
    objects
}

/// Every source is compared with the file of the same name in the other folder; a single file with everything.
fn from_files(old: &Path, sources: &Sources, walk: &Walk) -> Result<Before> {
    let is_folder = old.is_dir();
    let relative = |source: &Source| if is_folder { source.relative.clone() } else { PathBuf::new() };
    let now: BTreeMap<PathBuf, &Source> =
        sources.iter().flatten().map(|source| (relative(source), source)).filter(|_| is_folder).collect();
    let mut changed = Vec::new();
    for source in walk.sources(&[old.to_path_buf()]) {
        let source = source.map_err(|error| anyhow!("--old {}: {}", error.name, error.reason))?;
        let text = source.read().map_err(|reason| anyhow!("--old {}: {reason}", source.name))?;
        let path = relative(&source);
        let new = now.get(&path).and_then(|source| source.read().ok());
        changed.push(Changed { path, old: text, new });
    }
    let paths = sources.iter().flatten().map(|source| (source.name.clone(), relative(source))).collect();
    Ok(Before::of(changed, paths, BTreeSet::new()))
}

#[cfg(not(feature = "git"))]
fn from_git(_: &str, _: &Sources) -> Result<Before> {
    bail!(
        "--base: this build cannot read git. Build it with `cargo build -p entra-auth --features git`, or check out \
         the base in another folder and name that with --old"
    )
}

#[cfg(feature = "git")]
fn from_git(base: &str, sources: &Sources) -> Result<Before> {
    let mut paths = BTreeMap::new();
    let files = sources.iter().flatten();
    let first = files.clone().find_map(|source| source.path()).unwrap_or(Path::new("."));
    let mut repository = git::Repository::of(first)?;
    for source in files {
        let Some(path) = source.path() else {
            bail!(
                "--base compares files, and `{}` is not one. Render the base as well, and name its output with --old",
                source.name
            )
        };
        // A file that is gone is reported when it is read.
        let Ok(path) = path.canonicalize() else { continue };
        match path.strip_prefix(repository.root()) {
            Ok(path) => paths.insert(source.name.clone(), path.to_path_buf()),
            Err(_) => bail!("--base: {} is outside the repository {}", source.name, repository.root().display()),
        };
    }
    let (mut changed, mut unchanged) = (Vec::new(), BTreeSet::new());
    for file in repository.manifests(base)? {
        let bytes = std::fs::read(repository.root().join(&file.path)).ok();
        if bytes.as_ref().is_some_and(|bytes| file.has(bytes)) {
            unchanged.insert(file.path);
            continue;
        }
        let Ok(old) = manifest::decode(repository.read(&file)?) else { continue };
        let new = bytes.and_then(|bytes| manifest::decode(bytes).ok());
        changed.push(Changed { path: file.path, old, new });
    }
    let same = paths.iter().filter(|(_, path)| unchanged.contains(*path)).map(|(name, _)| name.clone()).collect();
    Ok(Before::of(changed, paths, same))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn web(image: &str) -> Value {
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"image": image}})
    }

    fn before(files: &[(&str, Value, Option<Value>)]) -> Before {
        let changed = files.iter().map(|(path, old, new)| Changed {
            path: path.into(),
            old: old.to_string(),
            new: new.as_ref().map(Value::to_string),
        });
        let paths = ["dev/web.yaml", "prod/web.yaml"].map(|path| (path.to_owned(), path.into()));
        Before::of(changed.collect(), paths.into(), BTreeSet::new())
    }

    #[test]
    fn the_same_file_comes_first() {
        let both = before(&[
            ("dev/web.yaml", web("dev:1"), Some(web("dev:2"))),
            ("prod/web.yaml", web("prod:1"), Some(web("prod:2"))),
        ]);
        assert_eq!(both.was("prod/web.yaml", &web("prod:2")), Was::Other(&web("prod:1")));
        assert_eq!(both.was("dev/web.yaml", &web("dev:1")), Was::Same);
    }

    /// A new cluster gets a copy of what another one has: it has nothing yet.
    #[test]
    fn a_moved_object_is_the_old_one_and_a_copy_is_new() {
        let moved = before(&[("dev/web.yaml", web("1"), None)]);
        assert_eq!(moved.was("prod/web.yaml", &web("2")), Was::Other(&web("1")));
        let copied = before(&[("dev/web.yaml", web("1"), Some(web("1")))]);
        assert_eq!(copied.was("prod/web.yaml", &web("2")), Was::New);
    }
}
