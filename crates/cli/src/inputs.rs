//! Where manifests come from: files, folders, standard input.

use ignore::WalkBuilder;
use ignore::overrides::{Override, OverrideBuilder};
use manifest::decode;
use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// Something to read documents from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    /// As reports show it.
    pub name: String,
    /// The path below the folder that was named, or the file's name; empty for standard input.
    pub relative: PathBuf,
    origin: Origin,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Origin {
    Stdin,
    /// What a pipe that was named had, as `<(helm template ...)` is one: it can be read only once.
    Pipe(Arc<str>),
    /// Named on the command line: has to be a manifest.
    Named(PathBuf),
    /// Found in a folder: may be something else.
    Found(PathBuf),
    /// What another program made of the folder.
    Rendered {
        folder: PathBuf,
        text: Arc<str>,
    },
    /// A text that is in memory.
    Text(Arc<str>),
}

/// A path without a source, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SourceError {
    pub name: String,
    pub reason: String,
}

/// How folders are walked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Walk {
    /// Left out: settings are often in the folder of the manifests they are for.
    except: Vec<PathBuf>,
    /// What `--skip` names.
    skipped: Option<Override>,
    /// As what standard input is reported.
    stdin: Option<PathBuf>,
}

impl Walk {
    /// `skipped` are patterns of `.gitignore` files, relative to `root`.
    pub(crate) fn new(except: &[&Path], skipped: &[String], root: &Path) -> anyhow::Result<Walk> {
        let mut overrides = OverrideBuilder::new(root);
        for pattern in skipped {
            // An override lists what is walked into; the mark turns it into what is not.
            overrides.add(&format!("!{pattern}")).map_err(|_| anyhow::anyhow!("--skip: `{pattern}` is not a glob"))?;
        }
        let except = except.iter().filter_map(|path| path.canonicalize().ok()).collect();
        let skipped = if skipped.is_empty() { None } else { Some(overrides.build()?) };
        Ok(Walk { except, skipped, stdin: None })
    }

    pub(crate) fn with_stdin(self, stdin: Option<PathBuf>) -> Walk {
        Walk { stdin, ..self }
    }

    /// The sources under all paths, in order. Folders are walked in the order of names.
    pub(crate) fn sources(&self, paths: &[PathBuf]) -> Vec<Result<Source, SourceError>> {
        let mut sources = Vec::new();
        for path in paths {
            if path.as_os_str() == "-" {
                let name = self.stdin.clone().unwrap_or_else(|| path.clone());
                let relative = self.stdin.as_ref().and_then(|name| name.file_name()).unwrap_or_default().into();
                sources.push(Ok(Source { name: name.display().to_string(), relative, origin: Origin::Stdin }));
            } else if path.is_dir() {
                let before = sources.len();
                self.walk(path, &mut sources);
                if sources.len() == before {
                    sources.push(Err(SourceError::new(path, "has no *.yaml, *.yml or *.json file")));
                }
            } else {
                let relative = path.file_name().unwrap_or_default().into();
                let is_file = fs::metadata(path).is_ok_and(|metadata| metadata.is_file());
                let origin = match is_file || !path.exists() {
                    true => Ok(Origin::Named(path.clone())),
                    false => read_pipe(path).map(Origin::Pipe),
                };
                sources.push(match origin {
                    Ok(origin) => Ok(Source { name: name(path), relative, origin }),
                    Err(reason) => Err(SourceError::new(path, &reason)),
                });
            }
        }
        sources
    }

    /// Skips hidden and ignored files (`.gitignore`, `.ignore`), as other tools for source trees do.
    fn walk(&self, folder: &Path, sources: &mut Vec<Result<Source, SourceError>>) {
        for path in self.files(folder) {
            match path {
                Ok(path) if is_manifest_name(&path) && path.is_file() && !self.is_excepted(&path) => {
                    let relative = path.strip_prefix(folder).unwrap_or(&path).to_path_buf();
                    sources.push(Ok(Source { name: name(&path), relative, origin: Origin::Found(path) }));
                }
                Ok(_) => {}
                Err(error) => sources.push(Err(unwalked(folder, &error))),
            }
        }
    }

    /// Everything below the folder that is not hidden, ignored or skipped, in the order of names.
    pub(crate) fn files(&self, folder: &Path) -> impl Iterator<Item = Result<PathBuf, ignore::Error>> {
        let mut walk = WalkBuilder::new(folder);
        walk.follow_links(true).sort_by_file_name(OsStr::cmp);
        if let Some(skipped) = &self.skipped {
            walk.overrides(skipped.clone());
        }
        walk.build().map(|entry| entry.map(ignore::DirEntry::into_path))
    }

    fn is_excepted(&self, path: &Path) -> bool {
        !self.except.is_empty() && path.canonicalize().is_ok_and(|path| self.except.contains(&path))
    }
}

/// What cannot be walked, and why.
fn unwalked(path: &Path, error: &ignore::Error) -> SourceError {
    match error {
        ignore::Error::WithDepth { err, .. } => unwalked(path, err),
        ignore::Error::WithPath { path, err } => unwalked(path, err),
        error => {
            // The library repeats the path in every error on the way.
            let why = error.io_error().map_or_else(|| error.to_string(), |error| root_cause(error).to_string());
            SourceError::new(path, &format!("cannot be read: {why}"))
        }
    }
}

/// The error that caused the others.
pub(crate) fn root_cause<'e>(error: &'e (dyn std::error::Error + 'static)) -> &'e (dyn std::error::Error + 'static) {
    error.source().map_or(error, root_cause)
}

/// A path as reports show it: the name of a file must not begin a new line.
fn name(path: &Path) -> String {
    let shown = |c: char| if c.is_control() { c.escape_unicode().collect() } else { String::from(c) };
    path.display().to_string().chars().map(shown).collect()
}

/// Whether kustomize builds a folder from this file.
pub(crate) fn is_kustomization_name(path: &Path) -> bool {
    let name = path.file_name().and_then(OsStr::to_str);
    matches!(name, Some("kustomization.yaml" | "kustomization.yml" | "Kustomization"))
}

/// Whether a file of this name can hold manifests.
pub(crate) fn is_manifest_name(path: &Path) -> bool {
    let extension = path.extension().and_then(OsStr::to_str).map(str::to_ascii_lowercase);
    matches!(extension.as_deref(), Some("yaml" | "yml" | "json"))
}

impl Source {
    pub(crate) fn read(&self) -> Result<String, String> {
        let bytes = match &self.origin {
            Origin::Stdin => read_stdin(),
            Origin::Named(path) | Origin::Found(path) => fs::read(path),
            Origin::Rendered { text, .. } | Origin::Text(text) | Origin::Pipe(text) => return Ok(text.to_string()),
        };
        let bytes = bytes.map_err(|error| format!("cannot be read: {error}"))?;
        if self.origin == Origin::Stdin { decode_pipe(bytes) } else { decode(bytes) }
    }

    /// The text that another program made of a folder.
    pub(crate) fn rendered(folder: &Path, text: String) -> Source {
        let origin = Origin::Rendered { folder: folder.to_path_buf(), text: text.into() };
        Source { name: folder.display().to_string(), relative: PathBuf::new(), origin }
    }

    /// A text from elsewhere.
    pub(crate) fn text(name: &str, text: String) -> Source {
        Source { name: name.to_owned(), relative: PathBuf::new(), origin: Origin::Text(text.into()) }
    }

    /// The file that is read.
    pub(crate) fn path(&self) -> Option<&Path> {
        match &self.origin {
            Origin::Named(path) | Origin::Found(path) => Some(path),
            Origin::Stdin | Origin::Pipe(_) | Origin::Rendered { .. } | Origin::Text(_) => None,
        }
    }

    /// Standard input, or a pipe in its place.
    pub(crate) fn is_stdin(&self) -> bool {
        matches!(self.origin, Origin::Stdin | Origin::Pipe(_))
    }

    /// The folder that was rendered.
    pub(crate) fn folder(&self) -> Option<&Path> {
        if let Origin::Rendered { folder, .. } = &self.origin { Some(folder) } else { None }
    }

    /// Whether it was found in a folder, where a file of another kind is not an error.
    pub(crate) fn is_found(&self) -> bool {
        matches!(self.origin, Origin::Found(_))
    }

    /// What to run first to get manifests from it, according to its name.
    pub(crate) fn other_language(&self) -> Option<String> {
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
    pub(crate) fn size(&self) -> u64 {
        match &self.origin {
            Origin::Stdin => 0,
            Origin::Rendered { text, .. } | Origin::Text(text) | Origin::Pipe(text) => text.len() as u64,
            Origin::Named(path) | Origin::Found(path) => fs::metadata(path).map_or(0, |metadata| metadata.len()),
        }
    }

    /// Whether kustomize reads a file of this name; it needs neither `apiVersion` nor `kind`.
    pub(crate) fn is_kustomization(&self) -> bool {
        self.path().is_some_and(is_kustomization_name)
    }

    /// Whether it is in the `templates` folder of a Helm chart.
    pub(crate) fn is_in_chart(&self) -> bool {
        let Some(path) = self.path() else { return false };
        let mut folders = path.ancestors().skip(1);
        folders.any(|folder| folder.ends_with("templates") && folder.with_file_name("Chart.yaml").is_file())
    }
}

fn read_pipe(path: &Path) -> Result<Arc<str>, String> {
    let bytes = fs::read(path).map_err(|error| format!("cannot be read: {error}"))?;
    Ok(decode_pipe(bytes)?.into())
}

/// A failed command before the pipe must not look like a clean cluster.
fn decode_pipe(bytes: Vec<u8>) -> Result<String, String> {
    let text = decode(bytes)?;
    if text.trim().is_empty() { Err("is empty".to_owned()) } else { Ok(text) }
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
    pub(crate) fn new(path: &Path, reason: &str) -> SourceError {
        SourceError { name: name(path), reason: reason.to_owned() }
    }
}
