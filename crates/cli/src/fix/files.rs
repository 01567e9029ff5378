//! Files that are read and written whole: their encoding and permissions stay, and a link stays a link.

use crate::inputs::{Source, is_kustomization_name};
use std::fs;
use std::io::Write;
use std::path::{Component, Path, PathBuf};

pub(super) struct File {
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
        // `decode` leaves the mark of UTF-16 out of the text, and so does it that of UTF-8.
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
    pub(super) fn read(source: Source) -> Result<File, String> {
        if let Some(reason) = source.other_language() {
            return Err(reason);
        }
        let text = source.read()?;
        let bytes = source.path().map(fs::read).transpose().map_err(|error| format!("cannot be read: {error}"))?;
        let encoding = bytes.map_or(Encoding::Utf8, |bytes| Encoding::of(&bytes));
        let locked = locked(&source, &text);
        Ok(File { source, text, locked, encoding })
    }

    pub(super) fn name(&self) -> &str {
        &self.source.name
    }

    pub(super) fn encoded(&self, text: &str) -> Vec<u8> {
        self.encoding.bytes(text)
    }

    /// Replaces the file in one step, so that a reader never sees half of it.
    pub(super) fn write(&self, text: &str) -> Result<(), String> {
        let Some(path) = self.source.path() else { return Ok(()) };
        let failed = |error: std::io::Error| format!("cannot be written: {error}");
        let target = path.canonicalize().map_err(failed)?;
        let now = fs::read(&target).map_err(failed)?;
        if manifest::decode(now).as_ref() != Ok(&self.text) {
            return Err("has changed since it was read; run the command again".to_owned());
        }
        let permissions = fs::metadata(&target).map_err(failed)?.permissions();
        if permissions.readonly() {
            return Err("cannot be written: it is read-only".to_owned());
        }
        let folder = target.parent().unwrap_or(Path::new("."));
        let mut temporary = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
        temporary.write_all(&self.encoded(text)).map_err(failed)?;
        temporary.as_file().set_permissions(permissions).map_err(failed)?;
        temporary.as_file().sync_all().map_err(failed)?;
        temporary.persist(&target).map_err(|error| failed(error.error))?;
        Ok(())
    }
}

/// Why a whole file is not edited.
fn locked(source: &Source, text: &str) -> Option<String> {
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
