//! Where `make` puts the compiled modules.
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;

/// A module of this repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Built {
    /// The policy itself.
    Policy,
    /// Accepts without reading.
    Floor,
    /// Reads with the SDK and k8s-openapi, then accepts.
    Conventional,
}

impl Built {
    pub fn path(self) -> PathBuf {
        root().join(match self {
            Self::Policy => "policy.wasm",
            Self::Floor => "e2e-tests/modules/floor.wasm",
            Self::Conventional => "e2e-tests/modules/conventional.wasm",
        })
    }

    pub fn read(self) -> anyhow::Result<Vec<u8>> {
        let path = self.path();
        fs::read(&path).with_context(|| format!("{}: build it with `make modules`", path.display()))
    }
}

/// The repository's root.
pub fn root() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package)
}
