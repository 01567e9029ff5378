//! The files of a revision. Nothing is fetched, and no program is run.

use crate::inputs::is_manifest_name;
use anyhow::{Result, anyhow, bail};
use gix::ObjectId;
use gix::objs::Kind;
use std::path::{Path, PathBuf};

pub(super) struct Repository {
    git: gix::Repository,
    root: PathBuf,
}

/// A file of a revision.
pub(super) struct File {
    /// From the root of the repository.
    pub path: PathBuf,
    id: ObjectId,
}

impl Repository {
    /// The repository that a path is in.
    pub(super) fn of(path: &Path) -> Result<Repository> {
        let path = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        let folder = if path.is_dir() { &path } else { path.parent().unwrap_or(&path) };
        let git = gix::discover(folder)
            .map_err(|_| anyhow!("--base: {} is not in a git repository; --old works without one", folder.display()))?;
        let Some(root) = git.workdir().and_then(|root| root.canonicalize().ok()) else {
            bail!("--base: the repository of {} has no working tree", folder.display())
        };
        Ok(Repository { git, root })
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// The files of a revision whose names are those of manifests.
    pub(super) fn manifests(&self, revision: &str) -> Result<Vec<File>> {
        let files = || -> Result<_> {
            let commit = self.git.rev_parse_single(revision)?.object()?.peel_to_commit()?;
            Ok(commit.tree()?.traverse().breadthfirst.files()?)
        };
        let entries = files().map_err(|error| {
            // Pipelines clone one commit only.
            anyhow!(
                "--base: `{}` is not in this clone ({error}). In a pipeline, fetch it first: \
                 `git fetch --depth 1 origin BRANCH`, then --base FETCH_HEAD",
                text::shown(revision)
            )
        })?;
        let is_file = |entry: &gix::traverse::tree::recorder::Entry| entry.mode.is_blob();
        let files = entries.into_iter().filter(is_file).filter_map(|entry| {
            let path = gix::path::from_bstring(entry.filepath).ok()?;
            Some(File { path, id: entry.oid })
        });
        Ok(files.filter(|file| is_manifest_name(&file.path)).collect())
    }

    pub(super) fn read(&self, file: &File) -> Result<Vec<u8>> {
        let blob =
            self.git.find_object(file.id).map_err(|error| anyhow!("--base: {}: {error}", file.path.display()))?;
        Ok(blob.detach().data)
    }
}

impl File {
    /// Whether the file has this content.
    pub(super) fn has(&self, bytes: &[u8]) -> bool {
        gix::objs::compute_hash(self.id.kind(), Kind::Blob, bytes).is_ok_and(|id| id == self.id)
    }
}
