//! The files of a revision. Nothing is fetched, and no program is run.

use crate::inputs::is_manifest_name;
use anyhow::{Context, Result, anyhow, bail};
use gix::ObjectId;
use gix::objs::Kind;
use std::path::{Path, PathBuf};

pub(super) struct Repository {
    /// The repository, and those of its submodules that are checked out.
    all: Vec<gix::Repository>,
    root: PathBuf,
}

/// A file of a revision.
pub(super) struct File {
    /// From the root of the repository.
    pub path: PathBuf,
    id: ObjectId,
    /// The repository that has it.
    of: usize,
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
        Ok(Repository { all: vec![git], root })
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// The files of a revision whose names are those of manifests.
    pub(super) fn manifests(&mut self, revision: &str) -> Result<Vec<File>> {
        let Some(git) = self.all.first() else { return Ok(Vec::new()) };
        let Ok(found) = git.rev_parse_single(revision) else {
            // Pipelines clone one commit only.
            bail!(
                "--base: `{}` is not in this clone. In a pipeline, fetch it first: `git fetch --depth 1 origin BRANCH`, \
                 then --base FETCH_HEAD",
                text::shown(revision)
            )
        };
        let commit = found.object().ok().and_then(|object| object.peel_to_commit().ok());
        let commit = commit.ok_or_else(|| anyhow!("--base: `{}` is not a commit", text::shown(revision)))?.id;
        let mut files = Vec::new();
        self.add_files(0, commit, Path::new(""), &mut files)?;
        Ok(files)
    }

    /// The files of a commit of one of the repositories, which is at `below`. A submodule has those of the commit that
    /// its parent names.
    fn add_files(&mut self, of: usize, commit: ObjectId, below: &Path, files: &mut Vec<File>) -> Result<()> {
        let Some(git) = self.all.get(of) else { return Ok(()) };
        let entries = || -> Result<_> { Ok(git.find_commit(commit)?.tree()?.traverse().breadthfirst.files()?) };
        let entries = entries().map_err(|error| anyhow!("--base: {commit} cannot be read: {error}"))?;
        for entry in entries {
            let Ok(path) = gix::path::from_bstring(entry.filepath) else { continue };
            let path = below.join(path);
            if entry.mode.is_blob() && is_manifest_name(&path) {
                files.push(File { path, id: entry.oid, of });
            } else if entry.mode.is_commit()
                && let Ok(submodule) = gix::open(self.root.join(&path))
                && submodule.has_object(entry.oid)
            {
                self.all.push(submodule);
                self.add_files(self.all.len() - 1, entry.oid, &path, files)?;
            }
        }
        Ok(())
    }

    pub(super) fn read(&self, file: &File) -> Result<Vec<u8>> {
        let git = self.all.get(file.of).context("--base: no repository")?;
        let blob = git.find_object(file.id).map_err(|error| anyhow!("--base: {}: {error}", file.path.display()))?;
        Ok(blob.detach().data)
    }
}

impl File {
    /// Whether the file has this content.
    pub(super) fn has(&self, bytes: &[u8]) -> bool {
        gix::objs::compute_hash(self.id.kind(), Kind::Blob, bytes).is_ok_and(|id| id == self.id)
    }
}
