//! Where a finding is: for people, for programs (JSON Pointer) and for the ratchet.
//!
//! A rule reports the node it evaluated. Its path is looked up afterwards, and only if something was
//! found: one walk to the reported nodes, which are known by where they lie in the tree, so nothing on
//! the way to a clean verdict pays for paths, and nothing beside the way to a finding is spelt.

use crate::sort::sort;
use json::Node;
use std::fmt::Write;
use std::hash::{DefaultHasher, Hash, Hasher};
use text::shown;

/// What a finding points at.
#[derive(Clone, Debug)]
pub enum Anchor<'a> {
    /// A node of the object, and what lies below it that the tree does not have: a member that is
    /// missing, or a key inside a text.
    Node { node: Node<'a>, below: Vec<PathSegment> },
    /// A place in the object `root` that the string `text` is a copy of.
    Copy { text: Node<'a>, root: Node<'a>, place: Box<Anchor<'a>> },
    /// A member of the admission request itself, such as `userInfo.username`.
    Request(&'static str),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathSegment {
    /// A member that the object lacks.
    Member(String),
    /// Something inside a string: a key of a properties file, a field of a decoded document.
    Inside(String),
}

impl<'a> From<Node<'a>> for Anchor<'a> {
    fn from(node: Node<'a>) -> Self {
        Anchor::Node { node, below: Vec::new() }
    }
}

impl<'a> Anchor<'a> {
    /// The place of a member that is not there (or may not be).
    pub fn member(node: Node<'a>, name: &str) -> Self {
        let member = node.get(name);
        if member.is_absent() {
            Anchor::Node { node, below: vec![PathSegment::Member(name.to_owned())] }
        } else {
            member.into()
        }
    }

    /// The place of something inside this string, by its key there.
    pub fn inside(node: Node<'a>, key: &str) -> Self {
        Anchor::Node { node, below: vec![PathSegment::Inside(key.to_owned())] }
    }
}

/// A place, found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Location {
    /// For people: `spec.template.spec.containers[web].env[AZURE_CLIENT_SECRET]`.
    pub path: String,
    /// For programs: the JSON Pointer (RFC 6901) of the nearest node the object has.
    pub pointer: String,
    /// A digest of the same place in any version of the object: elements by what they name, not by index. A
    /// digest, because names can be long and every place would repeat those above it.
    pub(crate) identity: u64,
    /// Position in the document, to sort by.
    pub(crate) order: usize,
}

/// A digest to compare parts of two objects by. It is the same for the same input within one build, and never shown.
pub(crate) fn digest(what: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}

/// Whether paths are spelt. Most places of a request with thousands of findings are only compared and counted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spelt {
    Yes,
    No,
}

/// Locates every place in one walk, in the order given.
pub(crate) fn locate<'a>(root: Node<'a>, places: &[&Anchor<'a>], spelt: Spelt) -> Vec<Location> {
    let mut located = vec![Location::default(); places.len()];
    let mut wanted: Vec<(usize, usize)> = Vec::with_capacity(places.len());
    for (index, place) in places.iter().enumerate() {
        match place {
            Anchor::Node { node, .. } | Anchor::Copy { text: node, .. } => wanted.push((node.address(), index)),
            Anchor::Request(name) => {
                if let Some(location) = located.get_mut(index) {
                    location.path = (*name).to_owned();
                }
            }
        }
    }
    // Nodes that are not there lie outside of the tree.
    wanted.retain(|(address, _)| (root.address()..root.end()).contains(address));
    sort(&mut wanted);
    Walk { root: root.address(), spelt, located: &mut located }.visit(root, &wanted, &mut Trail::default());
    for (place, location) in places.iter().zip(&mut located) {
        if let Anchor::Node { below, .. } = place {
            for step in below {
                location.push_below(step, spelt);
            }
        }
    }
    locate_in_copies(places, &mut located, spelt);
    located
}

/// Adds the places inside the copies of objects, with one walk for each copy.
fn locate_in_copies<'a>(places: &[&Anchor<'a>], located: &mut [Location], spelt: Spelt) {
    let mut inside: Vec<(usize, usize)> = Vec::new();
    for (index, place) in places.iter().enumerate() {
        if let Anchor::Copy { root, .. } = place {
            inside.push((root.address(), index));
        }
    }
    sort(&mut inside);
    for of_one in inside.chunk_by(|(a, _), (b, _)| a == b) {
        let copies = of_one.iter().filter_map(|(_, index)| match places.get(*index) {
            Some(Anchor::Copy { root, place, .. }) => Some((*index, *root, &**place)),
            _ => None,
        });
        let Some((_, root, _)) = copies.clone().next() else { continue };
        let places: Vec<&Anchor<'a>> = copies.clone().map(|(_, _, place)| place).collect();
        for ((index, ..), inner) in copies.zip(locate(root, &places, spelt)) {
            if let Some(location) = located.get_mut(index) {
                location.push_inside(&inner.path, inner.identity, spelt);
            }
        }
    }
}

impl Location {
    fn push_below(&mut self, step: &PathSegment, spelt: Spelt) {
        match step {
            PathSegment::Member(name) => {
                if spelt == Spelt::Yes {
                    push_member(&mut self.path, name, "");
                }
                self.identity = digest((self.identity, name));
            }
            PathSegment::Inside(key) => self.push_inside(key, digest(key), spelt),
        }
    }

    fn push_inside(&mut self, path: &str, identity: u64, spelt: Spelt) {
        if spelt == Spelt::Yes && !path.is_empty() {
            let _ = write!(self.path, "[{}]", shown(path));
        }
        self.identity = self.identity_inside(Some(identity));
    }

    /// The identity of a place inside this one, by the digest of its key; without a key, of this one. It is the same
    /// whether a key is inside a string of a copy, or the string with its key is inside the annotation.
    pub(crate) fn identity_inside(&self, key: Option<u64>) -> u64 {
        self.identity ^ key.unwrap_or_default()
    }
}

/// The path to the node being visited, in two spellings and as a digest.
#[derive(Default)]
struct Trail {
    path: String,
    pointer: String,
    identity: u64,
    /// The member name that led here; it decides how its elements are named.
    key: String,
}

/// The addresses of reported nodes in ascending order, each with the number of its place.
type Wanted<'w> = &'w [(usize, usize)];

struct Walk<'w> {
    /// The address of the root, from which places count.
    root: usize,
    spelt: Spelt,
    located: &'w mut [Location],
}

impl Walk<'_> {
    /// Locates what is wanted of `node` and below it.
    fn visit(&mut self, node: Node<'_>, wanted: Wanted<'_>, trail: &mut Trail) {
        let (here, mut wanted) = split(wanted, node.address() + 1);
        for (address, index) in here {
            if let Some(location) = self.located.get_mut(*index) {
                location.path.clone_from(&trail.path);
                location.pointer.clone_from(&trail.pointer);
                location.identity = trail.identity;
                location.order = address - self.root + 1;
            }
        }
        if wanted.is_empty() {
            return;
        }
        let lengths = (trail.path.len(), trail.pointer.len(), trail.identity);
        let parent_key = std::mem::take(&mut trail.key);
        for (key, member) in node.members() {
            let (below, rest) = split(wanted, member.end());
            wanted = rest;
            if below.is_empty() {
                continue;
            }
            if self.spelt == Spelt::Yes {
                push_member(&mut trail.path, key, &parent_key);
                let _ = write!(trail.pointer, "/{}", key.replace('~', "~0").replace('/', "~1"));
            }
            trail.identity = digest((trail.identity, key));
            key.clone_into(&mut trail.key);
            self.visit(member, below, trail);
            trail.truncate(lengths);
        }
        let mut previous = None;
        for (index, item) in node.items().enumerate() {
            let (below, rest) = split(wanted, item.end());
            wanted = rest;
            if !below.is_empty() {
                if self.spelt == Spelt::Yes {
                    match item.get("name").text() {
                        Some(name) => _ = write!(trail.path, "[{}]", shown(name)),
                        None => _ = write!(trail.path, "[{index}]"),
                    }
                    let _ = write!(trail.pointer, "/{index}");
                }
                trail.identity = digest((trail.identity, element(&parent_key, item, previous, index)));
                trail.key.clear();
                self.visit(item, below, trail);
                trail.truncate(lengths);
            }
            previous = Some(item);
        }
        trail.key = parent_key;
    }
}

/// What is wanted before `end`, and the rest.
fn split(wanted: Wanted<'_>, end: usize) -> (Wanted<'_>, Wanted<'_>) {
    // Most siblings have nothing.
    if wanted.first().is_none_or(|(address, _)| *address >= end) {
        return (&[], wanted);
    }
    wanted.split_at(wanted.partition_point(|(address, _)| *address < end))
}

impl Trail {
    fn truncate(&mut self, (path, pointer, identity): (usize, usize, u64)) {
        self.path.truncate(path);
        self.pointer.truncate(pointer);
        self.identity = identity;
    }
}

/// Maps whose keys are data rather than fields: `labels[app]`, not `labels.app`.
const DATA_MAPS: &[&str] =
    &["labels", "annotations", "data", "stringData", "binaryData", "parameters", "matchLabels", "nodeSelector"];

fn push_member(path: &mut String, key: &str, parent: &str) {
    let plain = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric());
    if !plain || DATA_MAPS.contains(&parent) {
        let _ = write!(path, "[{}]", shown(key));
    } else if path.is_empty() {
        path.push_str(key);
    } else {
        let _ = write!(path, ".{key}");
    }
}

/// What an element of a list is, whatever its index: see "Ratchet" in the documentation.
fn element(list: &str, item: Node<'_>, previous: Option<Node<'_>>, index: usize) -> u64 {
    if list == "subjects" {
        digest(["kind", "namespace", "name"].map(|part| item.get(part).text()))
    } else if list == "rules" {
        digest(item)
    } else if let Some(name) = item.get("name").text() {
        digest(("name", name))
    } else if let Some(argument) = item.text() {
        match (flag(argument), previous.and_then(Node::text).and_then(flag)) {
            (Some(flag), _) => digest(("flag", flag)),
            (None, Some(flag)) => digest(("value", flag)),
            (None, None) => digest(("text", argument)),
        }
    } else {
        digest(index)
    }
}

fn flag(argument: &str) -> Option<&str> {
    argument.starts_with('-').then(|| argument.split_once('=').map_or(argument, |(flag, _)| flag))
}

#[cfg(test)]
mod tests {
    use super::*;
    use json::parse;

    const POD: &str = r#"{"metadata":{"labels":{"app.kubernetes.io/name":"x"}},
        "spec":{"containers":[{"name":"web","env":[{"name":"A","value":"1"}],"args":["--key","v","--x=1"]}]},
        "subjects":[{"kind":"User","name":"a/b"}], "rules":[{"verbs":["*"]}]}"#;

    fn locations(keys: &[&[&str]]) -> Vec<Location> {
        let value = parse(POD).unwrap();
        let root = Node::new(&value);
        let places: Vec<Anchor> = keys
            .iter()
            .map(|keys| {
                keys.iter()
                    .fold(root, |node, key| match key.parse::<usize>() {
                        Ok(index) => node.items().nth(index).unwrap(),
                        Err(_) => node.get(key),
                    })
                    .into()
            })
            .collect();
        locate(root, &places.iter().collect::<Vec<_>>(), Spelt::Yes)
    }

    #[test]
    fn paths_and_pointers() {
        let found = locations(&[
            &["spec", "containers", "0", "env", "0"],
            &["metadata", "labels", "app.kubernetes.io/name"],
            &["spec", "containers", "0", "args", "1"],
            &["spec", "containers", "0", "args", "2"],
            &["subjects", "0"],
            &["rules", "0"],
        ]);
        let paths: Vec<_> = found.iter().map(|l| l.path.as_str()).collect();
        assert_eq!(
            paths,
            [
                "spec.containers[web].env[A]",
                "metadata.labels[app.kubernetes.io/name]",
                "spec.containers[web].args[1]",
                "spec.containers[web].args[2]",
                "subjects[a/b]",
                "rules[0]"
            ]
        );
        let pointers: Vec<_> = found.iter().map(|l| l.pointer.as_str()).collect();
        assert_eq!(
            pointers,
            [
                "/spec/containers/0/env/0",
                "/metadata/labels/app.kubernetes.io~1name",
                "/spec/containers/0/args/1",
                "/spec/containers/0/args/2",
                "/subjects/0",
                "/rules/0"
            ]
        );
    }

    #[test]
    fn elements_are_known_by_what_they_name() {
        let of = |text: &str| {
            let value = parse(text).unwrap();
            let root = Node::new(&value);
            let last = root.members().next().unwrap().1.items().last().unwrap();
            locate(root, &[&last.into()], Spelt::No)[0].identity
        };
        assert_eq!(of(r#"{"args":["-x","--key","v"]}"#), of(r#"{"args":["--key","w"]}"#));
        assert_eq!(of(r#"{"args":["--key=v"]}"#), of(r#"{"args":["-x","--key=w"]}"#));
        assert_eq!(of(r#"{"env":[{"name":"A","value":"1"}]}"#), of(r#"{"env":[{"name":"B"},{"name":"A"}]}"#));
        let others = [
            of(r#"{"args":["--key","v"]}"#),
            of(r#"{"args":["--key"]}"#),
            of(r#"{"args":["v"]}"#),
            of(r#"{"subjects":[{"kind":"User","name":"a"}]}"#),
            of(r#"{"subjects":[{"kind":"Group","name":"a"}]}"#),
            of(r#"{"env":[{"name":"a"}]}"#),
        ];
        assert_eq!(std::collections::BTreeSet::from(others).len(), others.len());
    }

    #[test]
    fn members_that_are_not_there() {
        let value = parse(POD).unwrap();
        let root = Node::new(&value);
        let missing = Anchor::member(root.get("spec"), "serviceAccountName");
        let inside = Anchor::inside(root.at(&["metadata", "labels", "app.kubernetes.io/name"]), "db.password");
        let found = locate(root, &[&missing, &inside, &Anchor::Request("userInfo.username")], Spelt::Yes);
        assert_eq!(found[0].path, "spec.serviceAccountName");
        assert_eq!(found[0].pointer, "/spec");
        assert_eq!(found[1].path, "metadata.labels[app.kubernetes.io/name][db.password]");
        assert_eq!(found[2].path, "userInfo.username");
    }
}
