//! `--dump`: what was read, as one list that `check` and `check --cluster` read. Secrets keep only their names.

use anyhow::{Context, Result};
use serde_json::Value;
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::Path;

pub(crate) struct Dump {
    out: BufWriter<File>,
    is_first: bool,
}

impl Dump {
    pub(crate) fn create(path: &Path) -> Result<Dump> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        // What a cluster contains is for the user only.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut out = BufWriter::new(options.open(path).with_context(|| format!("--dump: {}", path.display()))?);
        out.write_all(b"{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[")?;
        Ok(Dump { out, is_first: true })
    }

    /// Adds an object, as [`line`] has it.
    pub(crate) fn add(&mut self, line: &str) -> Result<()> {
        self.out.write_all(if self.is_first { b"\n" } else { b",\n" })?;
        self.is_first = false;
        Ok(self.out.write_all(line.as_bytes())?)
    }

    pub(crate) fn finish(mut self) -> Result<()> {
        self.out.write_all(b"\n]}\n")?;
        Ok(self.out.flush()?)
    }
}

/// An object in one line, without the data of a Secret and the copies of it that kubectl keeps.
pub(crate) fn line(object: &Value) -> String {
    let mut object = object.clone();
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.remove("managedFields");
    }
    if object["kind"] == "Secret" {
        if let Some(members) = object.as_object_mut() {
            members.remove("data");
            members.remove("stringData");
        }
        // Any annotation can hold a copy; rules only need the name of the account.
        if let Some(annotations) = object["metadata"]["annotations"].as_object_mut() {
            annotations.retain(|key, _| key.starts_with("kubernetes.io/service-account."));
        }
    }
    object.to_string()
}
