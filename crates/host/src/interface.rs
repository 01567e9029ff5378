//! What a module asks of its host and offers to it, read from the bytes.
use std::collections::BTreeSet;

use wasmparser::{Parser, Payload};

/// Exports by name, imports as `module.name`.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Interface {
    pub exports: BTreeSet<String>,
    pub imports: BTreeSet<String>,
}

impl Interface {
    pub fn read(wasm: &[u8]) -> wasmparser::Result<Self> {
        let mut interface = Self::default();
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::ExportSection(section) => {
                    for export in section {
                        interface.exports.insert(export?.name.to_owned());
                    }
                }
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        let import = import?;
                        interface.imports.insert(format!("{}.{}", import.module, import.name));
                    }
                }
                _ => {}
            }
        }
        Ok(interface)
    }

    /// The modules imported from.
    pub fn import_modules(&self) -> BTreeSet<&str> {
        self.imports.iter().filter_map(|import| import.split_once('.').map(|(module, _)| module)).collect()
    }
}
