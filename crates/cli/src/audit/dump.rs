//! `--dump`: what was read, as one list that `check` and `check --cluster` read. Secrets keep only their names.

use anyhow::{Context, Result};
use manifest::documents;
use serde_json::Value;
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::Path;

pub struct Dump {
    out: BufWriter<File>,
    is_first: bool,
}

impl Dump {
    pub fn create(path: &Path) -> Result<Dump> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        // What a cluster contains is for the user only.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut out = BufWriter::new(options.open(path).with_context(|| format!("--dump: {}", path.display()))?);
        out.write_all(b"{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[")?;
        Ok(Dump { out, is_first: true })
    }

    pub fn add(&mut self, page: &str) -> Result<()> {
        for document in documents(page) {
            for object in document.objects().unwrap_or_default().into_iter().flatten() {
                let mut object = object.value;
                without_data(&mut object);
                self.out.write_all(if self.is_first { b"\n" } else { b",\n" })?;
                serde_json::to_writer(&mut self.out, &object)?;
                self.is_first = false;
            }
        }
        Ok(())
    }

    pub fn finish(mut self) -> Result<()> {
        self.out.write_all(b"\n]}\n")?;
        Ok(self.out.flush()?)
    }
}

/// Removes the data of a Secret, and the copies of it that kubectl keeps.
fn without_data(object: &mut Value) {
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.remove("managedFields");
    }
    if object["kind"] != "Secret" {
        return;
    }
    if let Some(members) = object.as_object_mut() {
        members.remove("data");
        members.remove("stringData");
    }
    if let Some(metadata) = object["metadata"].as_object_mut() {
        // Any annotation can hold a copy; rules only need the name of the account.
        if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
            annotations.retain(|key, _| key.starts_with("kubernetes.io/service-account."));
        }
    }
}
