//! Where manifests come from: files, folders, standard input.

use ignore::WalkBuilder;
use manifest::decode;
use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Something to read documents from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// As reports show it.
    pub name: String,
    origin: Origin,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Origin {
    Stdin,
    /// Named on the command line: has to be a manifest.
    Named(PathBuf),
    /// Found in a folder: may be something else.
    Found(PathBuf),
}

/// A path without a source, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceError {
    pub name: String,
    pub reason: String,
}

/// The sources under all paths, in order. Folders are walked in the order of names, without the file `except`: settings
/// are often in the folder of the manifests they are for.
pub fn sources(paths: &[PathBuf], except: Option<&Path>) -> Vec<Result<Source, SourceError>> {
    let except = except.and_then(|path| path.canonicalize().ok());
    let mut sources = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            sources.push(Ok(Source { name: "-".to_owned(), origin: Origin::Stdin }));
        } else if path.is_dir() {
            let before = sources.len();
            walk(path, except.as_deref(), &mut sources);
            if sources.len() == before {
                sources.push(Err(SourceError::new(path, "has no *.yaml, *.yml or *.json file")));
            }
        } else {
            sources.push(Ok(Source { name: path.display().to_string(), origin: Origin::Named(path.clone()) }));
        }
    }
    sources
}

/// Skips hidden and ignored files (`.gitignore`, `.ignore`), as other tools for source trees do.
fn walk(folder: &Path, except: Option<&Path>, sources: &mut Vec<Result<Source, SourceError>>) {
    for entry in WalkBuilder::new(folder).follow_links(true).sort_by_file_name(OsStr::cmp).build() {
        match entry {
            Ok(entry) => {
                let path = entry.into_path();
                let is_excepted = || except.is_some() && path.canonicalize().ok().as_deref() == except;
                if is_manifest_name(&path) && path.is_file() && !is_excepted() {
                    sources.push(Ok(Source { name: path.display().to_string(), origin: Origin::Found(path) }));
                }
            }
            Err(error) => sources.push(Err(SourceError::new(folder, &format!("cannot be walked: {error}")))),
        }
    }
}

fn is_manifest_name(path: &Path) -> bool {
    let extension = path.extension().and_then(OsStr::to_str).map(str::to_ascii_lowercase);
    matches!(extension.as_deref(), Some("yaml" | "yml" | "json"))
}

impl Source {
    pub fn read(&self) -> Result<String, String> {
        let bytes = match &self.origin {
            Origin::Stdin => read_stdin(),
            Origin::Named(path) | Origin::Found(path) => fs::read(path),
        };
        let text = decode(bytes.map_err(|error| format!("cannot be read: {error}"))?)?;
        // A failed command before the pipe must not look like a clean cluster.
        if self.origin == Origin::Stdin && text.trim().is_empty() {
            return Err("is empty".to_owned());
        }
        Ok(text)
    }

    /// Whether it was found in a folder, where a file of another kind is not an error.
    pub fn is_found(&self) -> bool {
        matches!(self.origin, Origin::Found(_))
    }

    /// What to run first to get manifests from it, according to its name.
    pub fn other_language(&self) -> Option<String> {
        let Origin::Named(path) = &self.origin else { return None };
        let (language, how) = match path.extension()?.to_str()? {
            "jsonnet" | "libsonnet" => ("Jsonnet", "jsonnet"),
            "cue" => ("CUE", "cue export"),
            "k" => ("KCL", "kcl run"),
            "tpl" | "tmpl" | "gotmpl" => return Some("a template, not YAML: render it first".to_owned()),
            _ => return None,
        };
        Some(format!("{language}, not YAML: render it first (`{how} {} | entra-auth check -`)", path.display()))
    }

    /// Bytes to read, or 0 where that is not known in advance.
    pub fn size(&self) -> u64 {
        match &self.origin {
            Origin::Stdin => 0,
            Origin::Named(path) | Origin::Found(path) => fs::metadata(path).map_or(0, |metadata| metadata.len()),
        }
    }

    /// Whether it is in the `templates` folder of a Helm chart.
    pub fn is_in_chart(&self) -> bool {
        let (Origin::Named(path) | Origin::Found(path)) = &self.origin else { return false };
        let mut folders = path.ancestors().skip(1);
        folders.any(|folder| folder.ends_with("templates") && folder.with_file_name("Chart.yaml").is_file())
    }
}

/// Standard input can be read only once, but it is needed twice with look-ups.
fn read_stdin() -> std::io::Result<Vec<u8>> {
    static READ: OnceLock<Vec<u8>> = OnceLock::new();
    if let Some(bytes) = READ.get() {
        return Ok(bytes.clone());
    }
    let mut bytes = Vec::new();
    std::io::stdin().lock().read_to_end(&mut bytes)?;
    Ok(READ.get_or_init(|| bytes).clone())
}

impl SourceError {
    fn new(path: &Path, reason: &str) -> SourceError {
        SourceError { name: path.display().to_string(), reason: reason.to_owned() }
    }
}
