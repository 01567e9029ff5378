//! The object under evaluation: its kind, its metadata, and nothing about its body.

use crate::request::Request;
use json::Node;
use kubernetes::kind::{self, Kind, Tag};
use std::fmt;

/// The annotation in which kubectl keeps a copy of what was applied.
pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// An object, borrowed from the request. Copy it freely.
#[derive(Clone, Copy, Debug)]
pub struct Object<'a> {
    pub root: Node<'a>,
    pub group: &'a str,
    pub kind: &'a str,
    /// Empty while the API server has not made up a name yet.
    pub name: &'a str,
    /// Empty for cluster-scoped objects.
    pub namespace: &'a str,
    pub(crate) tag: Tag,
}

impl<'a> Object<'a> {
    /// The object `root` as `request` presents it. The request names the kind; hand-made requests
    /// that do not leave it to the object itself.
    pub fn new(request: &Request<'a>, root: Node<'a>) -> Self {
        let metadata = root.get("metadata");
        let (group, kind) = match request.kind() {
            "" => own_kind(root),
            kind => (request.group(), kind),
        };
        let either =
            |first: &'a str, second: Option<&'a str>| if first.is_empty() { second.unwrap_or_default() } else { first };
        // Of a Namespace, the request gives its own name as its namespace.
        let namespace = if kind::NAMESPACE.is(group, kind) {
            ""
        } else {
            either(request.namespace(), metadata.get("namespace").text())
        };
        let name = either(request.name(), metadata.get("name").text());
        Object { root, group, kind, name, namespace, tag: Tag::of(group, kind) }
    }

    /// The object `root`, found in an annotation of this one: of its own kind if it says so.
    pub(crate) fn copied(&self, root: Node<'a>) -> Self {
        match own_kind(root) {
            (_, "") => Object { root, ..*self },
            (group, kind) => Object { root, group, kind, tag: Tag::of(group, kind), ..*self },
        }
    }

    #[inline(always)]
    pub fn is(&self, kind: &Kind) -> bool {
        kind.has(self.tag, self.group, self.kind)
    }

    pub fn is_any(&self, kinds: &[Kind]) -> bool {
        kinds.iter().any(|kind| self.is(kind))
    }

    pub fn get(&self, key: &str) -> Node<'a> {
        self.root.get(key)
    }

    pub fn at(&self, keys: &[&str]) -> Node<'a> {
        self.root.at(keys)
    }

    pub fn metadata(&self) -> Node<'a> {
        self.root.get("metadata")
    }

    pub fn labels(&self) -> Node<'a> {
        self.metadata().get("labels")
    }

    pub fn annotations(&self) -> Node<'a> {
        self.metadata().get("annotations")
    }
}

/// What people call an object: `Deployment shop/checkout`, `Namespace shop`.
#[derive(Clone, Copy, Debug)]
pub struct Title<'a> {
    pub kind: &'a str,
    /// Empty for cluster-scoped objects.
    pub namespace: &'a str,
    pub name: &'a str,
}

impl fmt::Display for Title<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind)?;
        match (self.namespace, self.name) {
            ("", "") => Ok(()),
            ("", name) => write!(f, " {name}"),
            (namespace, name) => write!(f, " {namespace}/{name}"),
        }
    }
}

fn own_kind<'a>(root: Node<'a>) -> (&'a str, &'a str) {
    let version = root.get("apiVersion").text().unwrap_or_default();
    let group = version.split_once('/').map_or("", |(group, _)| group);
    (group, root.get("kind").text().unwrap_or_default())
}
