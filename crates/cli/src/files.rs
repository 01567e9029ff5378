//! Files that are read and written whole: their encoding and permissions stay, and a link stays a link.

use crate::inputs::{Source, is_kustomization_name};
use std::fs::{self, Metadata};
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};
use tempfile::NamedTempFile;

pub(crate) struct File {
    pub source: Source,
    pub text: String,
    /// Why it is not edited.
    pub locked: Option<String>,
    encoding: Encoding,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Utf8WithMark,
    Utf16Little,
    Utf16Big,
}

impl Encoding {
    fn of(bytes: &[u8]) -> Encoding {
        match bytes {
            [0xff, 0xfe, ..] => Encoding::Utf16Little,
            [0xfe, 0xff, ..] => Encoding::Utf16Big,
            [0xef, 0xbb, 0xbf, ..] => Encoding::Utf8WithMark,
            _ => Encoding::Utf8,
        }
    }

    fn bytes(self, text: &str) -> Vec<u8> {
        // The text is without the mark.
        let marked = || std::iter::once(0xfeff).chain(text.encode_utf16());
        match self {
            Encoding::Utf8 => text.as_bytes().to_vec(),
            Encoding::Utf8WithMark => [b"\xef\xbb\xbf", text.as_bytes()].concat(),
            Encoding::Utf16Little => marked().flat_map(u16::to_le_bytes).collect(),
            Encoding::Utf16Big => marked().flat_map(u16::to_be_bytes).collect(),
        }
    }
}

impl File {
    pub(crate) fn read(source: Source) -> Result<File, String> {
        if let Some(reason) = source.other_language() {
            return Err(reason);
        }
        let text = source.read()?;
        let bytes = source.path().map(fs::read).transpose().map_err(|error| format!("cannot be read: {error}"))?;
        let encoding = bytes.map_or(Encoding::Utf8, |bytes| Encoding::of(&bytes));
        let locked = locked(&source, &text);
        Ok(File { source, text, locked, encoding })
    }

    pub(crate) fn name(&self) -> &str {
        &self.source.name
    }

    pub(crate) fn encoded(&self, text: &str) -> Vec<u8> {
        self.encoding.bytes(text)
    }

    /// What the file has before the text, as a patch has it. Nothing for UTF-16, of which git makes no patches.
    pub(crate) fn mark(&self) -> Option<&'static str> {
        match self.encoding {
            Encoding::Utf8 => Some(""),
            Encoding::Utf8WithMark => Some("\u{feff}"),
            Encoding::Utf16Little | Encoding::Utf16Big => None,
        }
    }

    /// The file itself, whatever links lead to it.
    pub(crate) fn target(&self) -> Option<PathBuf> {
        self.source.path()?.canonicalize().ok()
    }

    /// Whether permissions forbid that it is changed. A rename would not ask.
    pub(crate) fn is_read_only(&self) -> bool {
        let Some(path) = self.target() else { return false };
        let is_locked = fs::metadata(&path).is_ok_and(|metadata| metadata.permissions().readonly());
        is_locked || fs::OpenOptions::new().append(true).open(&path).is_err()
    }
}

/// New contents of files. All of them are written, or none is.
#[derive(Default)]
pub(crate) struct Batch {
    steps: Vec<Step>,
}

struct Step {
    /// As messages show it.
    name: String,
    target: PathBuf,
    /// What the file is now, if there is one.
    before: Option<Before>,
    /// What comes in its place; nothing if it is removed.
    after: Option<NamedTempFile>,
}

struct Before {
    bytes: Vec<u8>,
    metadata: Metadata,
}

fn failed(error: io::Error) -> String {
    format!("cannot be written: {error}")
}

impl Batch {
    /// Gives a file another text, or removes it.
    pub(crate) fn change(&mut self, file: &File, text: Option<&str>) -> Result<(), String> {
        let Some(path) = file.source.path() else { return Ok(()) };
        let target = path.canonicalize().map_err(failed)?;
        let bytes = fs::read(&target).map_err(failed)?;
        if manifest::decode(bytes.clone()).as_ref() != Ok(&file.text) {
            return Err("has changed since it was read; run the command again".to_owned());
        }
        if file.is_read_only() {
            return Err("cannot be written: it is read-only".to_owned());
        }
        let metadata = fs::metadata(&target).map_err(failed)?;
        let new = |text| beside(&target, &file.encoded(text), Some(&metadata));
        let after = text.map(new).transpose().map_err(failed)?;
        let before = Some(Before { bytes, metadata });
        self.steps.push(Step { name: file.name().to_owned(), target, before, after });
        Ok(())
    }

    /// A file that is not there yet.
    pub(crate) fn create(&mut self, path: &Path, text: &str) -> Result<(), String> {
        let after = beside(path, text.as_bytes(), None).map_err(failed)?;
        let name = path.display().to_string();
        self.steps.push(Step { name, target: path.to_owned(), before: None, after: Some(after) });
        Ok(())
    }

    /// Puts everything in place. If that fails for one file, the others get back what they held.
    pub(crate) fn commit(self) -> Result<(), String> {
        let mut done: Vec<Step> = Vec::new();
        for mut step in self.steps {
            let moved = match step.after.take() {
                Some(after) if step.before.is_some() => persist(after, &step.target),
                Some(after) => after.persist_noclobber(&step.target).map(drop).map_err(|error| error.error),
                None => fs::remove_file(&step.target),
            };
            let Err(error) = moved else {
                done.push(step);
                continue;
            };
            let kept = |step: Step| step.undo().err().map(|_| step.name);
            let changed: Vec<String> = done.into_iter().rev().filter_map(kept).collect();
            let others = match changed.is_empty() {
                true => "no file is changed".to_owned(),
                false => format!("these are changed and could not be restored: {}", changed.join(", ")),
            };
            return Err(format!("{}: {}; {others}", step.name, failed(error)));
        }
        Ok(())
    }
}

impl Step {
    fn undo(&self) -> io::Result<()> {
        match &self.before {
            Some(Before { bytes, metadata }) => persist(beside(&self.target, bytes, Some(metadata))?, &self.target),
            None => fs::remove_file(&self.target),
        }
    }
}

fn persist(file: NamedTempFile, target: &Path) -> io::Result<()> {
    file.persist(target).map(drop).map_err(|error| error.error)
}

/// A file with these bytes next to another, which it can replace in one step, so that a reader never sees half of it.
fn beside(target: &Path, bytes: &[u8], replaced: Option<&Metadata>) -> io::Result<NamedTempFile> {
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    // A temporary file is private by default; a new manifest is not.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.prefix(".entra-auth-").tempfile_in(folder)?;
    file.write_all(bytes)?;
    if let Some(metadata) = replaced {
        // Only administrators can give files away; for others it is theirs already.
        #[cfg(unix)]
        {
            use std::os::unix::fs::{MetadataExt, fchown};
            let _ = fchown(file.as_file(), Some(metadata.uid()), Some(metadata.gid()));
        }
        file.as_file().set_permissions(metadata.permissions())?;
    }
    file.as_file().sync_all()?;
    Ok(file)
}

/// Why a whole file is not edited.
pub(crate) fn locked(source: &Source, text: &str) -> Option<String> {
    if source.is_in_chart() && (text.contains("{{") || text.contains("{%")) {
        return Some("it is a template: change it by hand".to_owned());
    }
    let path = source.path()?;
    is_patch(path).then(|| "it is a patch of a kustomization: change it by hand".to_owned())
}

/// Folders above a file that are searched for a kustomization.
const FOLDERS: usize = 4;

/// Whether a kustomization lists the file as a patch: what it lacks is in the object that it changes.
fn is_patch(path: &Path) -> bool {
    let Ok(path) = std::path::absolute(path) else { return false };
    path.ancestors().skip(1).take(FOLDERS).any(|folder| {
        let names = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
        names.iter().map(|name| folder.join(name)).filter(|file| is_kustomization_name(file)).any(|file| {
            let text = fs::read(&file).ok().and_then(|bytes| manifest::decode(bytes).ok());
            let value = text.and_then(|text| manifest::parse(&text).ok()).unwrap_or_default();
            let lists = ["patches", "patchesStrategicMerge", "patchesJson6902"];
            let patches = lists.iter().filter_map(|list| value[*list].as_array()).flatten();
            let names = patches.filter_map(|patch| patch.as_str().or_else(|| patch["path"].as_str()));
            names.map(|name| normal(&folder.join(name))).any(|listed| listed == path)
        })
    })
}

/// The path without `.` and `..`.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => _ = normal.pop(),
            part => normal.push(part),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &Path, text: &str) -> File {
        fs::write(path, text).unwrap();
        let walk = crate::inputs::Walk::default();
        let source = walk.sources(&[path.to_owned()]).remove(0).unwrap();
        File::read(source).map_err(|reason| panic!("{reason}")).unwrap()
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn all_files_change_or_none() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let batch = || {
            let (a, gone, last) = (file(&at("a.yaml"), "a"), file(&at("gone.yaml"), "b"), file(&at("last.yaml"), "c"));
            let mut batch = Batch::default();
            batch.change(&a, Some("A")).unwrap();
            batch.change(&gone, None).unwrap();
            batch.create(&at("new.yaml"), "N").unwrap();
            batch.change(&last, Some("C")).unwrap();
            batch
        };
        // The last one cannot be replaced any more.
        let broken = batch();
        fs::remove_file(at("last.yaml")).unwrap();
        fs::create_dir(at("last.yaml")).unwrap();
        let error = broken.commit().unwrap_err();
        assert!(error.contains("last.yaml: cannot be written") && error.ends_with("no file is changed"), "{error}");
        assert_eq!(names(folder.path()), ["a.yaml", "gone.yaml", "last.yaml"]);
        let read = |name: &str| fs::read_to_string(at(name)).unwrap();
        assert_eq!((read("a.yaml"), read("gone.yaml")), ("a".to_owned(), "b".to_owned()));
        fs::remove_dir(at("last.yaml")).unwrap();

        batch().commit().unwrap();
        assert_eq!(names(folder.path()), ["a.yaml", "last.yaml", "new.yaml"]);
        assert_eq!((read("a.yaml"), read("new.yaml"), read("last.yaml")), ("A".into(), "N".into(), "C".into()));
        // A file that has been made by then stays.
        fs::remove_file(at("new.yaml")).unwrap();
        let late = batch();
        fs::write(at("new.yaml"), "mine").unwrap();
        assert!(late.commit().unwrap_err().ends_with("no file is changed"));
        assert_eq!((read("a.yaml"), read("gone.yaml"), read("new.yaml")), ("a".into(), "b".into(), "mine".into()));
        let changed = file(&at("a.yaml"), "a");
        fs::write(at("a.yaml"), "other").unwrap();
        assert!(Batch::default().change(&changed, Some("A")).unwrap_err().contains("has changed since"));
    }
}
