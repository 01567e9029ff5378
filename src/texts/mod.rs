//! The one walk over the strings of an object.
//!
//! [`texts`] reaches every string, of built-in and custom kinds alike, and says where it is, what it is
//! called and what kind of place it is from. Rules that read strings are filters on this walk
//! ([`Check::Text`](crate::rule::Check::Text)): none has a list of places of its own. Status and managed
//! fields are not read.
//!
//! Variables and arguments have their references to other variables resolved. Kubectl's copy of an object is read like
//! the object, wherever its annotation is, and so are the copies inside it.
//!
//! A string that no rule could have anything to say about is left out ([`ValueHints`]), so the walk returns
//! few strings of most objects.

mod copy;
mod text;
mod walk;

pub(crate) use crate::value_hints::Hit;
pub(crate) use copy::Copies;
pub(crate) use text::Text;

use crate::object::Object;
use crate::settings::Settings;
use crate::sort::sort_by;
use crate::view::workload::{Workload, workloads_of_copy};
use copy::CopyContents;
use walk::Walk;

/// The kind of place that a string is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The literal of a container's environment variable.
    Variable,
    /// An element of a container's `command`.
    Command,
    /// An element of a container's `args`.
    Argument,
    /// A command, path, host or header of a container's probe.
    Probe,
    /// A command, path, host or header of `postStart` or `preStop`.
    Hook,
    /// A script of an Argo Workflow.
    Script,
    /// An entry of a ConfigMap or Secret, decoded.
    Data,
    /// An annotation of the object, or of what the object makes.
    Annotation,
    /// A label of the object, or of what the object makes.
    Label,
    /// A string that only kubectl's copy of the object has.
    LastApplied,
    /// Any other string of a volume, PersistentVolume or StorageClass.
    Volume,
    /// A parameter for a driver of devices, whose name and value Kubernetes does not know.
    Parameter,
    /// Any other string of a built-in kind.
    BuiltInMember,
    /// Any other string of a custom kind.
    CustomMember,
}

impl Origin {
    pub const ALL: [Origin; 14] = [
        Origin::Variable,
        Origin::Command,
        Origin::Argument,
        Origin::Probe,
        Origin::Hook,
        Origin::Script,
        Origin::Data,
        Origin::Annotation,
        Origin::Label,
        Origin::LastApplied,
        Origin::Volume,
        Origin::Parameter,
        Origin::BuiltInMember,
        Origin::CustomMember,
    ];

    /// Whether only the value counts here: the names of such places promise nothing.
    pub fn is_nameless(self) -> bool {
        matches!(self, Origin::Label | Origin::BuiltInMember | Origin::CustomMember)
    }

    /// Whether the string is run.
    pub fn is_run(self) -> bool {
        matches!(self, Origin::Command | Origin::Argument | Origin::Probe | Origin::Hook | Origin::Script)
    }
}

/// A set of origins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origins(u16);

impl Origins {
    pub const ALL: Origins = Origins::of(&Origin::ALL);
    /// Everything that is run in a container.
    pub const RUN: Origins =
        Origins::of(&[Origin::Command, Origin::Argument, Origin::Probe, Origin::Hook, Origin::Script]);

    #[allow(clippy::indexing_slicing, reason = "the loop ends with the list")]
    pub const fn of(origins: &[Origin]) -> Origins {
        let (mut set, mut n) = (0, 0);
        while n < origins.len() {
            set |= 1 << origins[n] as u16;
            n += 1;
        }
        Origins(set)
    }

    #[must_use]
    pub const fn or(self, other: Origins) -> Origins {
        Origins(self.0 | other.0)
    }

    pub const fn contains(self, origin: Origin) -> bool {
        self.0 & 1 << origin as u16 != 0
    }
}

/// What is walked over, and what is left out.
pub(crate) struct Scope<'s, 'a> {
    pub object: &'s Object<'a>,
    pub workloads: &'s [Workload<'a>],
    /// Whether AKS itself writes the object: then only what is run and annotations are read.
    pub is_excused: bool,
    /// Whether strings without hints are left out.
    pub gated: bool,
}

/// An object is at most 1.5 MiB.
const LONGEST_BASE64: usize = 3 << 19;
/// How many copies are read inside each other. An honest object has one.
const DEEPEST_COPY: usize = 4;
const TOO_DEEP: &str = "is a copy of an object inside too many others to be read";

/// The strings of an object that a rule may have something to say about: first its own, then those that only kubectl's
/// copies have. `copies` keeps these copies.
pub(crate) fn texts<'a>(scope: &Scope<'_, 'a>, copies: &'a Copies<'a>, settings: &Settings) -> Vec<Text<'a>> {
    let mut walk = Walk::new(scope, None);
    walk.object();
    let (mut texts, mut annotations) = (walk.found, walk.copies);
    let mut repeated = Vec::new();
    if !annotations.is_empty() && walk::is_not_read(scope.object) {
        repeated = walk::digests(scope.object.root);
    }
    let mut level = copies;
    for depth in 0.. {
        if annotations.is_empty() {
            break;
        }
        let (parsed, next) = level.parse(std::mem::take(&mut annotations), depth < DEEPEST_COPY);
        let mut copied = Vec::new();
        for copy in parsed {
            let root = copy.root();
            let object = &scope.object.copied(root);
            let workloads = &*workloads_of_copy(object, settings);
            let mut walk = Walk::new(&Scope { object, workloads, ..*scope }, Some(copy));
            walk.repeated = &repeated;
            match copy.found {
                CopyContents::Object(_) => walk.object(),
                CopyContents::Text => walk.text(None),
                CopyContents::TooDeep => walk.text(Some(TOO_DEEP)),
            }
            copied.append(&mut walk.found);
            annotations.extend(walk.copies.into_iter().map(|(node, _)| (node, Some(copy))));
        }
        drop_repeated(&mut copied, &texts);
        texts.append(&mut copied);
        level = next;
    }
    texts
}

/// Drops what the object itself says and reports: the same value under the same name, or a value that is
/// a credential whatever its name.
fn drop_repeated(copied: &mut Vec<Text<'_>>, own: &[Text<'_>]) {
    if copied.is_empty() || own.is_empty() {
        return;
    }
    let mut known: Vec<&Text<'_>> = own.iter().collect();
    sort_by(&mut known, |a, b| (&a.value, a.name) < (&b.value, b.name));
    copied.retain(|text| {
        let same = known.binary_search_by(|known| (&known.value, known.name).cmp(&(&text.value, text.name)));
        let Err(near) = same else { return false };
        let is_same_value =
            |at: Option<usize>| at.and_then(|at| known.get(at)).is_some_and(|known| known.value == text.value);
        let is_known = is_same_value(Some(near)) || is_same_value(near.checked_sub(1));
        !is_known || text.hits().is_empty()
    });
}

#[cfg(test)]
mod tests;
