//! `kwctl annotate` without kwctl: the module with its metadata in the custom section that policy
//! servers read.

use crate::policy_metadata::Metadata;
use anyhow::{Context, Result, bail};
use std::path::Path;
use wasmparser::{Parser, Payload, Validator};

const SECTION: &str = "io.kubewarden.metadata";
/// What policies are called through, in every version of the protocol that there is.
const PROTOCOL: &str = "v1";
const USAGE: &str = "io.kubewarden.policy.usage";

pub(crate) fn run(metadata: &Path, usage: Option<&Path>, output: &Path, module: &Path) -> Result<()> {
    let text = std::fs::read_to_string(metadata).with_context(|| metadata.display().to_string())?;
    let usage =
        usage.map(|path| std::fs::read_to_string(path).with_context(|| path.display().to_string())).transpose()?;
    let module = std::fs::read(module).with_context(|| module.display().to_string())?;
    std::fs::write(output, annotate(&module, &text, usage)?).with_context(|| output.display().to_string())
}

/// The module with the metadata section in place of any it has.
fn annotate(module: &[u8], metadata: &str, usage: Option<String>) -> Result<Vec<u8>> {
    let mut metadata = Metadata::read(metadata)?;
    check(module)?;
    metadata.protocol_version = Some(PROTOCOL.to_owned());
    if let Some(usage) = usage {
        metadata.annotations.insert(USAGE.to_owned(), usage);
    }
    let mut annotated = without_section(module)?;
    push_section(&mut annotated, SECTION, &serde_json::to_vec(&metadata)?);
    Ok(annotated)
}

/// Fails unless the module is valid and a waPC guest. kwctl calls it to learn its protocol version; the tests of the
/// finished module do that here, so that this program needs no engine.
fn check(module: &[u8]) -> Result<()> {
    Validator::new().validate_all(module).context("not a valid WebAssembly module")?;
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::ExportSection(exports) = payload?
            && exports.into_iter().any(|export| export.is_ok_and(|export| export.name == "__guest_call"))
        {
            return Ok(());
        }
    }
    bail!("the module does not export __guest_call: it is not a waPC guest")
}

/// The module's sections but for the one named [`SECTION`].
fn without_section(module: &[u8]) -> Result<Vec<u8>> {
    let (header, mut rest) = module.split_at_checked(8).context("not a WebAssembly module")?;
    if !header.starts_with(b"\0asm") {
        bail!("not a WebAssembly module");
    }
    let mut out = header.to_vec();
    while let Some((id, after_id)) = rest.split_first() {
        let mut body = after_id;
        let size = usize::try_from(read_leb(&mut body)?)?;
        let (content, next) = body.split_at_checked(size).context("a section ends too early")?;
        let mut name = content;
        let ours = *id == 0 && {
            let length = usize::try_from(read_leb(&mut name)?)?;
            name.get(..length) == Some(SECTION.as_bytes())
        };
        if !ours {
            let length = rest.len() - next.len();
            out.extend_from_slice(rest.get(..length).unwrap_or_default());
        }
        rest = next;
    }
    Ok(out)
}

/// A custom section: id 0, size, name, content.
fn push_section(module: &mut Vec<u8>, name: &str, content: &[u8]) {
    let mut body = Vec::new();
    push_leb(&mut body, name.len());
    body.extend_from_slice(name.as_bytes());
    body.extend_from_slice(content);
    module.push(0);
    push_leb(module, body.len());
    module.extend_from_slice(&body);
}

fn read_leb(bytes: &mut &[u8]) -> Result<u32> {
    let mut value = 0;
    for shift in (0..35).step_by(7) {
        let (byte, rest) = bytes.split_first().context("a number ends too early")?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(u32::try_from(value)?);
        }
    }
    bail!("a number is too long")
}

fn push_leb(out: &mut Vec<u8>, mut value: usize) {
    loop {
        let byte = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            return out.push(byte);
        }
        out.push(byte | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use e2e_tests::Built;
    use serde_json::Value;

    fn section(module: &[u8]) -> Value {
        let whole = without_section(module).unwrap();
        // What was taken out, and its header, is the section.
        let extra = &module[whole.len()..];
        let start = extra.windows(SECTION.len()).position(|window| window == SECTION.as_bytes()).unwrap();
        serde_json::from_slice(&extra[start + SECTION.len()..]).unwrap()
    }

    #[test]
    fn the_annotated_policy_carries_its_metadata_and_is_valid() {
        let module = Built::Policy.read().unwrap();
        let metadata = std::fs::read_to_string(crate::root().join("metadata.yml")).unwrap();
        let annotated = annotate(&module, &metadata, Some("how to use it".to_owned())).unwrap();
        let section = section(&annotated);
        assert_eq!(section["protocolVersion"], "v1");
        assert_eq!(section["executionMode"], "kubewarden-wapc");
        assert_eq!(section["annotations"][USAGE], "how to use it");
        assert!(section["rules"].as_array().unwrap().len() > 3);
        assert_eq!(without_section(&annotated).unwrap(), module);
        // Twice is the same as once.
        assert_eq!(annotate(&annotated, &metadata, Some("how to use it".to_owned())).unwrap(), annotated);
        check(&annotated).unwrap();
    }

    #[test]
    fn what_is_no_module_is_refused() {
        for bytes in [&b""[..], b"\0asm", b"not a module at all", b"\0asm\x01\0\0\0\x01\xff"] {
            assert!(without_section(bytes).is_err(), "{bytes:?}");
        }
        let metadata = "rules: []\nmutating: false\n";
        assert!(annotate(b"\0asm\x01\0\0\0", metadata, None).unwrap_err().to_string().contains("waPC guest"));
        assert!(annotate(&Built::Floor.read().unwrap(), "rules: []\nmutatin: false\n", None).is_err());
    }

    /// Where kwctl is installed its result must be the same, but for its own version.
    #[test]
    fn kwctl_writes_the_same_metadata() {
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("kwctl.wasm");
        let ran = std::process::Command::new("kwctl")
            .args(["annotate", "-m", "metadata.yml", "-u", "README.md", "-o"])
            .arg(&output)
            .arg(Built::Policy.path())
            .current_dir(crate::root())
            .status();
        if ran.is_err() {
            eprintln!("kwctl is not installed: only our own way was tested");
            return;
        }
        let by_kwctl = std::fs::read(&output).unwrap();
        let mut theirs = custom_section(&by_kwctl);
        theirs["annotations"].as_object_mut().unwrap().remove("io.kubewarden.kwctl");
        let metadata = std::fs::read_to_string(crate::root().join("metadata.yml")).unwrap();
        let usage = std::fs::read_to_string(crate::root().join("README.md")).unwrap();
        let ours = annotate(&Built::Policy.read().unwrap(), &metadata, Some(usage)).unwrap();
        assert_eq!(custom_section(&ours), theirs);
    }

    fn custom_section(module: &[u8]) -> Value {
        let start = module.windows(SECTION.len()).position(|window| window == SECTION.as_bytes()).unwrap();
        let mut json = serde_json::Deserializer::from_slice(&module[start + SECTION.len()..]).into_iter();
        json.next().unwrap().unwrap()
    }
}
