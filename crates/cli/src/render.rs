//! `--render`: calls `helm` and `kustomize` for the charts and kustomizations in folders.

use crate::inputs::{Source, SourceError, Walk, is_kustomization_name};
use serde_json::Value;
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

type Sources = Vec<Result<Source, SourceError>>;

/// What makes manifests of a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Renderer {
    Chart,
    Kustomization,
}

/// Replaces the files in charts and kustomizations by what the tools make of them. What was run is on `err`.
pub(crate) fn render(
    paths: &[PathBuf],
    values: &[PathBuf],
    walk: &Walk,
    sources: Sources,
    err: &mut dyn Write,
) -> Sources {
    let folders = folders(paths, walk);
    let is_input = |source: &Source| {
        source.path().is_some_and(|path| {
            let path = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
            folders.all.iter().any(|folder| path.starts_with(folder))
        })
    };
    let mut kept: Sources = sources
        .into_iter()
        .filter(|source| match source {
            Ok(source) => !is_input(source),
            // A folder without manifests of its own can have some after all.
            Err(_) => folders.rendered.is_empty(),
        })
        .collect();
    let mut missing: [Vec<&Path>; 2] = Default::default();
    for (folder, kind) in &folders.rendered {
        match command(*kind, folder, values) {
            None => missing[*kind as usize].push(folder),
            Some(command) => kept.push(run(command, folder, err)),
        }
    }
    for (folders, program) in missing.iter().zip(["helm", "kustomize"]) {
        if let [first, rest @ ..] = folders.as_slice() {
            let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
            let reason = format!(
                "--render needs `{program}` for {}{more}, and it is not on the PATH: install it, or render elsewhere and check the output",
                first.display()
            );
            kept.push(Err(SourceError { name: program.to_owned(), reason }));
        }
    }
    kept
}

struct Folders {
    /// What is rendered, as the user names it.
    rendered: Vec<(PathBuf, Renderer)>,
    /// Every folder whose files are input of a tool, canonical.
    all: Vec<PathBuf>,
}

fn folders(paths: &[PathBuf], walk: &Walk) -> Folders {
    let mut found: Vec<(PathBuf, Renderer)> = Vec::new();
    for root in paths.iter().filter(|path| path.is_dir()) {
        for file in walk.files(root).flatten() {
            let kind = match file.file_name().and_then(OsStr::to_str) {
                Some("Chart.yaml") => Renderer::Chart,
                _ if is_kustomization_name(&file) => Renderer::Kustomization,
                _ => continue,
            };
            if let Some(folder) = file.parent().filter(|_| file.is_file()) {
                found.push((folder.to_path_buf(), kind));
            }
        }
    }
    let canonical = |folder: &Path| folder.canonicalize().unwrap_or_else(|_| folder.to_path_buf());
    let all: Vec<PathBuf> = found.iter().map(|(folder, _)| canonical(folder)).collect();
    // Overlays contain their bases, and charts their subcharts: each object is to be checked once.
    let mut parts: BTreeSet<PathBuf> = BTreeSet::new();
    for (folder, kind) in &found {
        if *kind == Renderer::Kustomization {
            parts.extend(referenced(folder).iter().map(|part| canonical(part)));
        }
    }
    let charts: Vec<PathBuf> =
        found.iter().filter(|(_, kind)| *kind == Renderer::Chart).map(|(folder, _)| canonical(folder)).collect();
    let rendered = found.into_iter().filter(|(folder, kind)| {
        let folder_path = canonical(folder);
        match kind {
            Renderer::Kustomization => !parts.contains(&folder_path) && !is_component(folder),
            Renderer::Chart => {
                !charts.iter().any(|chart| folder_path.starts_with(chart.join("charts"))) && !is_library(folder)
            }
        }
    });
    Folders { rendered: rendered.collect(), all }
}

fn kustomization(folder: &Path) -> Value {
    let names = ["kustomization.yaml", "kustomization.yml", "Kustomization"];
    let text = names.iter().find_map(|name| fs::read_to_string(folder.join(name)).ok()).unwrap_or_default();
    manifest::parse(&text).unwrap_or_default()
}

/// The folders that a kustomization takes objects from.
fn referenced(folder: &Path) -> Vec<PathBuf> {
    let value = kustomization(folder);
    let lists = ["resources", "bases", "components"].map(|key| value[key].as_array().cloned().unwrap_or_default());
    lists
        .iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(|part| folder.join(part))
        .filter(|part| part.is_dir())
        .collect()
}

fn is_component(folder: &Path) -> bool {
    kustomization(folder)["kind"] == "Component"
}

/// A library chart has no objects.
fn is_library(folder: &Path) -> bool {
    let text = fs::read_to_string(folder.join("Chart.yaml")).unwrap_or_default();
    manifest::parse(&text).unwrap_or_default()["type"] == "library"
}

/// The command for a folder, if there is a program for it.
fn command(kind: Renderer, folder: &Path, values: &[PathBuf]) -> Option<Command> {
    let mut arguments: Vec<OsString> = Vec::new();
    let program = match kind {
        Renderer::Chart => {
            let text = fs::read_to_string(folder.join("Chart.yaml")).unwrap_or_default();
            let chart = manifest::parse(&text).unwrap_or_default();
            let name = chart["name"].as_str().filter(|name| is_release_name(name)).unwrap_or("release").to_owned();
            arguments.extend(["template".into(), name.into(), argument(folder)]);
            for file in values {
                arguments.extend(["--values".into(), argument(file)]);
            }
            on_path("helm")?
        }
        Renderer::Kustomization => match (on_path("kustomize"), on_path("kubectl")) {
            (Some(kustomize), _) => {
                arguments.extend(["build".into(), argument(folder)]);
                kustomize
            }
            (None, kubectl) => {
                arguments.extend(["kustomize".into(), argument(folder)]);
                kubectl?
            }
        },
    };
    let mut command = Command::new(program);
    command.args(arguments);
    Some(command)
}

/// A path never looks like an option.
fn argument(path: &Path) -> OsString {
    match path.to_str() {
        Some(text) if text.starts_with('-') => format!("./{text}").into(),
        _ => path.as_os_str().to_owned(),
    }
}

fn is_release_name(name: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !name.is_empty() && name.len() <= 53 && !name.starts_with('-') && name.bytes().all(is_allowed)
}

/// The program on the PATH. The current folder is never searched, because it belongs to what is checked.
fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).filter(|folder| folder.is_absolute()).find_map(|folder| {
        let file = folder.join(format!("{program}{}", std::env::consts::EXE_SUFFIX));
        file.is_file().then_some(file)
    })
}

fn run(mut command: Command, folder: &Path, err: &mut dyn Write) -> Result<Source, SourceError> {
    let program = Path::new(command.get_program()).file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let words = command.get_args().map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ");
    let line = format!("{program} {words}");
    let _ = writeln!(err, "ran: {line}");
    let output = match command.output() {
        Ok(output) => output,
        Err(error) => return Err(SourceError::new(folder, &format!("`{line}` cannot be run: {error}"))),
    };
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("without a message");
        return Err(SourceError::new(folder, &format!("`{line}` failed: {}", text::shown(said))));
    }
    let text = manifest::decode(output.stdout)
        .map_err(|reason| SourceError::new(folder, &format!("the output of `{line}` {reason}")))?;
    Ok(Source::rendered(folder, text))
}
