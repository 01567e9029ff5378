//! Manifests as people write them: documents, the objects in them, positions and excerpts.
//!
//! ```
//! let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n---\napiVersion: v1\nkind: Secret\n";
//! for document in manifest::documents(text) {
//!     for object in document.objects()? {
//!         assert_eq!(object?.value["apiVersion"], "v1");
//!     }
//! }
//! # Ok::<(), manifest::Unreadable>(())
//! ```

mod change;
mod document;
#[cfg(feature = "yaml")]
mod edit;
#[cfg(feature = "yaml")]
mod excerpt;
#[cfg(feature = "yaml")]
mod json;
#[cfg(feature = "yaml")]
mod lines;
mod list;
mod moved;
mod object;
#[cfg(feature = "yaml")]
mod outline;
#[cfg(feature = "yaml")]
mod position;
#[cfg(feature = "yaml")]
mod tree;
#[cfg(feature = "yaml")]
mod write;

pub use change::{Change, ChangeError, apply_changes, check_changes, escape, in_order, unescape};
pub use document::{Document, decode, documents};
#[cfg(feature = "yaml")]
pub use edit::{Conflict, Edits, edit, edit_document};
#[cfg(feature = "yaml")]
pub use excerpt::Excerpt;
pub use moved::moved;
pub use object::{Form, KUSTOMIZATION, ManifestObject};
#[cfg(feature = "yaml")]
pub use position::{Place, Position, Positions, Region, Scalar};
#[cfg(feature = "yaml")]
pub use tree::parse;
#[cfg(feature = "yaml")]
pub use write::to_yaml;

#[cfg(feature = "yaml")]
use anyhow::Result;
#[cfg(feature = "yaml")]
use serde_json::Value;

/// Why a document, or an object in it, cannot be evaluated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Unreadable {
    pub kind: Fault,
    pub text: String,
    /// Line in the whole text, from 1.
    pub line: usize,
}

/// What kind of text it is instead, which decides how it is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Neither YAML nor JSON, or a broken Kubernetes object.
    Broken,
    /// Something to be rendered first.
    Template,
    /// Well-formed, but it does not even claim to be a Kubernetes object.
    NoManifest,
    /// Input of kustomize, which makes objects from it.
    Kustomization,
    /// A change to an object that is somewhere else.
    Patch,
    /// Its values are encrypted with SOPS.
    Encrypted,
}

impl Fault {
    /// Whether such a file is usual in a folder of manifests, so that it is not an error there.
    pub fn is_harmless(self) -> bool {
        !matches!(self, Fault::Broken | Fault::Template)
    }
}

/// The stack that a thread needs: objects are read and evaluated by recursion, as deep as they are nested.
pub const STACK: usize = 16 << 20;

/// The objects of a YAML or JSON text: every document, and every item of a list. A
/// document with a request is left whole, for tests that keep settings next to it.
#[cfg(feature = "yaml")]
pub fn objects(text: &str) -> Vec<Result<Value>> {
    let mut objects = Vec::new();
    for document in documents(text) {
        match document.read() {
            Ok(value) if value.get("request").is_some() => objects.push(Ok(value)),
            Ok(value) => objects.extend(document.objects_of(value).into_iter().map(|object| Ok(object?.value))),
            Err(error) => objects.push(Err(error.into())),
        }
    }
    objects
}
