//! Objects that choose how something signs in to Azure: one table, one interpreter.
//!
//! A [`Controller`] of the [table](entries) says where one controller keeps the choice and what its values mean,
//! with the names and defaults of the controller. [`choices`] reads the table once; the rules
//! `credential-mode`, `credential-volume`, `pod-identity-mode` and `node-identity-mode` get what it
//! found, and each reports its modes. The rules about ids get the client ids and tenant ids that the
//! table's columns name ([`ids`]). Adding a kind is one entry and one pair of fixtures.

mod document;
mod ids;
mod path;
mod table;
#[cfg(test)]
mod tests;

pub use ids::{Id, IdKind, VARIABLES, ids, ids_of_pods, is_entra_sdk};
pub use table::entries;
use table::{of_kind, of_pods};

use crate::anchor::{Anchor, PathSegment};
use crate::finding::Severity;
use crate::object::Object;
use crate::view::workload::Workload;
use credentials::{self, NameStrength, decode_base64, name_strength};
use document::settings;
use json::Node;
use kubernetes::kind::Kind;
use path::{each, split, step, steps};
use std::borrow::Cow;

/// What something signs in with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The secret or certificate of an Entra application.
    ServicePrincipal,
    /// A storage key, connection string, SAS, token or password.
    Key,
    /// A credential written into the object itself.
    Literal,
    /// The deprecated pod-managed identity.
    PodIdentity,
    /// A managed identity of the node.
    NodeIdentity,
    /// What all of them should choose.
    WorkloadIdentity,
}

impl Mode {
    pub fn severity(self) -> Severity {
        match self {
            Mode::ServicePrincipal | Mode::Literal | Mode::PodIdentity => Severity::High,
            Mode::Key => Severity::Medium,
            Mode::NodeIdentity | Mode::WorkloadIdentity => Severity::Low,
        }
    }

    pub fn title(self) -> &'static str {
        match self {
            Mode::ServicePrincipal => "service principal",
            Mode::Key => "key or password",
            Mode::Literal => "credential in the object",
            Mode::PodIdentity => "pod-managed identity",
            Mode::NodeIdentity => "node identity",
            Mode::WorkloadIdentity => "workload identity",
        }
    }

    /// Fixed credentials of any form.
    pub fn is_credential(self) -> bool {
        matches!(self, Mode::ServicePrincipal | Mode::Key | Mode::Literal)
    }
}

/// How one controller is told what to sign in with.
pub struct Controller {
    /// The controller and its objects, for tables.
    pub title: &'static str,
    pub on: Target,
    /// Conditions for the object to use Azure at all; paths from the object.
    pub given: &'static [Condition],
    /// The nodes that choose, from the object; `""` is the object itself. `data` is a Secret's and read
    /// decoded.
    pub at: &'static [&'static str],
    /// Whether the controller ignores the case of keys below `at`.
    pub any_case: bool,
    pub choices: &'static [Choice],
    /// Where client ids are: paths from `at`, or from the object if they begin with `/`.
    pub clients: &'static [&'static str],
    /// Where tenant ids are.
    pub tenants: &'static [&'static str],
    /// The mode to use instead, as an imperative with the exact YAML.
    pub fix: &'static str,
    /// Where the controller documents its modes.
    pub source: &'static str,
}

/// What most entries leave out.
const NONE: Controller = Controller {
    title: "",
    on: Target::Kinds(&[]),
    given: &[],
    at: &[""],
    any_case: false,
    choices: &[],
    clients: &[],
    tenants: &[],
    fix: "",
    source: "",
};

/// Where entries look.
pub enum Target {
    Kinds(&'static [Kind]),
    /// Settings of a program, at any depth: in the texts of a ConfigMap or Secret, as YAML, JSON, INI, properties or
    /// Hadoop's XML, and in the `spec` of other kinds. A condition that begins with `/` starts at the parent of `at`.
    Settings(&'static [Kind]),
    /// Kinds that are or make volumes.
    VolumeKinds(&'static [Kind]),
    /// Volumes of every pod template, by their source and its driver, `""` where it has none.
    Volumes(&'static str, &'static str),
    /// Containers of every pod template, by the beginning or end of their image's name.
    Containers(&'static str),
    /// Containers of every pod template that have a variable whose name begins so, in any case.
    Variables(&'static str),
}

/// A value of a member, or its absence, that chooses a mode. All that hold are reported.
pub struct Choice {
    pub mode: Mode,
    /// The member that says so, from [`Controller::at`].
    pub field: &'static str,
    pub says: Predicate,
    /// Further conditions.
    pub and: &'static [Condition],
    /// The rest of the sentence that the member's path begins.
    pub what: &'static str,
    /// What to do, where the controller's own text does not fit.
    pub fix: Option<&'static str>,
}

/// A path and what is there. A path that begins with `/` starts at the object or the pod template.
pub type Condition = (&'static str, Predicate);

/// What a member says, as its controller reads it.
#[derive(Clone, Copy)]
pub enum Predicate {
    Anything,
    /// Set, and not to an empty string or white space.
    Present,
    Absent,
    /// `{}`, where that means more than nothing.
    Empty,
    OneOf(&'static [&'static str]),
    NoneOf(&'static [&'static str]),
    OneOfAnyCase(&'static [&'static str]),
    NoneOfAnyCase(&'static [&'static str]),
    StartsWith(&'static str),
    /// One of these is in it, in any case.
    Contains(&'static [&'static str]),
    /// What Go's `strconv.ParseBool` reads as true.
    True,
    NotTrue,
    /// [`Predicate::True`], or the boolean.
    On,
    /// Neither.
    NotOn,
    /// A reference or a placeholder: the rules about credentials report literals.
    Reference,
    /// A string that is not a reference, placeholder, path or other benign value.
    Plaintext,
    /// A string that is a credential whatever it is called.
    Credential,
    /// The name of something that holds a credential.
    CredentialName,
    /// An object that has one of these members.
    HasOneOf(&'static [&'static str]),
    /// A container whose command line has the flag.
    Argument(&'static Flag),
    /// What needs a function.
    Text(&'static TextPredicate),
}

// The table has hundreds of `Predicate`s, so data larger than a slice is behind a reference.

/// A flag with one of these values.
pub struct Flag {
    pub name: &'static str,
    pub values: &'static [&'static str],
}

/// What a text contains: a function, and its description in the documentation.
pub struct TextPredicate {
    pub finds: fn(&str) -> bool,
    pub contents: &'static str,
}

impl Predicate {
    /// Whether a text satisfies the predicate. Predicates about anything other than texts never hold.
    fn holds_for(&self, text: &str) -> bool {
        let any_case = |names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(text));
        match self {
            Predicate::OneOf(names) => names.contains(&text),
            Predicate::NoneOf(names) => !names.contains(&text),
            Predicate::OneOfAnyCase(names) => any_case(names),
            Predicate::NoneOfAnyCase(names) => !any_case(names),
            Predicate::StartsWith(start) => text.starts_with(start),
            Predicate::Contains(parts) => {
                let text = text.to_ascii_lowercase();
                parts.iter().any(|part| text.contains(part))
            }
            Predicate::True | Predicate::On => is_true(text),
            Predicate::NotTrue | Predicate::NotOn => !is_true(text),
            Predicate::Reference => !text.trim().is_empty() && !Predicate::Plaintext.holds_for(text),
            Predicate::Plaintext => credentials::recognise(text).is_some() || !credentials::is_benign(text),
            Predicate::Credential => credentials::recognise(text).is_some(),
            Predicate::CredentialName => promises_credential(text),
            Predicate::Text(reader) => (reader.finds)(text),
            Predicate::Anything
            | Predicate::Present
            | Predicate::Absent
            | Predicate::Empty
            | Predicate::HasOneOf(_)
            | Predicate::Argument(_) => false,
        }
    }
}

const fn when(mode: Mode, field: &'static str, says: Predicate, what: &'static str) -> Choice {
    Choice { mode, field, says, and: &[], what, fix: None }
}

impl Choice {
    const fn and(self, and: &'static [Condition]) -> Choice {
        Choice { and, ..self }
    }

    const fn advice(self, fix: &'static str) -> Choice {
        Choice { fix: Some(fix), ..self }
    }

    /// The key of the member itself.
    pub fn key(&self) -> &'static str {
        steps(self.field).last().unwrap_or_default()
    }
}

/// A choice that an object or a pod has made.
#[derive(Clone)]
pub struct ModeFinding<'a> {
    pub object: Object<'a>,
    pub entry: &'static Controller,
    pub choice: &'static Choice,
    pub place: Anchor<'a>,
    /// Which of several values it was.
    pub value: Option<&'static str>,
    /// How its author wrote the member that is not there, in a spelling that the controller does not read.
    pub spelt: Option<&'a str>,
}

impl Controller {
    /// Whether `credential-volume` reports its keys and secrets instead of `credential-mode`.
    pub fn is_volume(&self) -> bool {
        matches!(self.on, Target::VolumeKinds(_) | Target::Volumes(..))
    }

    pub const fn kinds(&self) -> &'static [Kind] {
        match self.on {
            Target::Kinds(kinds) | Target::VolumeKinds(kinds) | Target::Settings(kinds) => kinds,
            Target::Volumes(..) | Target::Containers(_) | Target::Variables(_) => &[],
        }
    }

    /// Whether the objects are the controller's own. A ConfigMap, for example, also holds everything else.
    pub const fn is_settings(&self) -> bool {
        matches!(self.on, Target::Settings(_))
    }

    fn names_ids(&self) -> bool {
        !self.clients.is_empty() || !self.tenants.is_empty()
    }

    fn evaluate<'a>(
        &'static self,
        object: &Object<'a>,
        top: Node<'a>,
        root: Node<'a>,
        found: &mut dyn FnMut(ModeFinding<'a>),
    ) {
        if self.is_given(top, root) {
            self.scopes(top, root, &mut |scope| {
                scope.choices(&mut |choice, place, value| {
                    let (place, spelt) = scope.as_spelt(choice, place);
                    found(ModeFinding { object: *object, entry: self, choice, place, value, spelt });
                });
            });
        }
    }

    /// Whether the conditions for the object to use Azure hold.
    fn is_given<'a>(&'static self, top: Node<'a>, root: Node<'a>) -> bool {
        (Scope { top, node: root, below: "", is_secret: false, entry: self }).holds(self.given)
    }

    /// Calls `visit` with every node of [`Controller::at`].
    fn scopes<'a>(&'static self, top: Node<'a>, root: Node<'a>, visit: &mut dyn FnMut(&Scope<'a>)) {
        for at in self.at {
            each(root, at, false, &mut |node, below| {
                visit(&Scope { top, node, below, is_secret: *at == SECRET_DATA, entry: self });
            });
        }
    }
}

/// The kinds whose objects choose how a controller signs in, once for each entry that names them. Other kinds only have
/// members that the table reads: texts of any program, Gateways.
pub(crate) fn kinds() -> impl Iterator<Item = &'static Kind> {
    let of_controllers = entries().filter(|entry| !entry.is_settings());
    of_controllers.flat_map(|entry| entry.kinds()).filter(|kind| **kind != kubernetes::kind::GATEWAY)
}

/// Every choice that an object and its pod templates make.
pub fn choices<'a>(object: &Object<'a>, workloads: &[Workload<'a>]) -> Vec<ModeFinding<'a>> {
    let mut found = Vec::new();
    of_object(object, &mut |choice| found.push(choice));
    settings(object, &mut |entry, scope, place| {
        scope.choices(&mut |choice, anchor, value| {
            let place = place(&anchor, choice.field);
            found.push(ModeFinding { object: *object, entry, choice, place, value, spelt: None });
        });
    });
    for workload in workloads {
        of_pod(workload, &mut |choice| found.push(choice));
    }
    found
}

/// Every choice that the volumes and containers of one pod template make.
pub(crate) fn choices_of_pod<'a>(workload: &Workload<'a>) -> Vec<ModeFinding<'a>> {
    let mut found = Vec::new();
    of_pod(workload, &mut |choice| found.push(choice));
    found
}

/// Whether an entry of the table for the kind of `object` reads a member of this name.
pub fn may_choose(object: &Object<'_>, key: &str) -> bool {
    of_kind(object).any(|entry| entry.choices.iter().any(|choice| choice.key() == key))
}

/// Every choice that `object` itself makes, in the order of the table.
pub fn of_object<'a>(object: &Object<'a>, found: &mut dyn FnMut(ModeFinding<'a>)) {
    for entry in of_kind(object) {
        entry.evaluate(object, object.root, object.root, found);
    }
}

/// Every choice that the volumes and containers of a pod template make.
fn of_pod<'a>(workload: &Workload<'a>, found: &mut dyn FnMut(ModeFinding<'a>)) {
    parts_of_pod(workload, &mut |entry, part| entry.evaluate(&workload.object, workload.template, part, found));
}

/// The volumes and containers of a pod template that entries are about. Most have none, so an entry is only evaluated
/// if it names the volume's driver, the container's image or its variables.
fn parts_of_pod<'a>(workload: &Workload<'a>, visit: &mut dyn FnMut(&'static Controller, Node<'a>)) {
    for volume in workload.volumes() {
        let sources = VOLUME_SOURCES.iter().map(|source| (*source, volume.get(source)));
        for (source, node) in sources.filter(|(_, node)| !node.is_absent()) {
            let driver = node.get("driver").text().unwrap_or_default();
            let fits = |entry: &&Controller| matches!(entry.on, Target::Volumes(s, d) if s == source && d == driver);
            of_pods().filter(fits).for_each(|entry| visit(entry, volume));
        }
    }
    for container in workload.containers() {
        let image = container.image_path();
        let image = image.rsplit('/').next().unwrap_or(image);
        let fits = |entry: &&Controller| match entry.on {
            Target::Containers(name) => image.starts_with(name) || image.ends_with(name),
            Target::Variables(start) => container.env().any(|variable| begins_with(variable.name, start)),
            _ => false,
        };
        of_pods().filter(fits).for_each(|entry| visit(entry, container.node));
    }
}

/// The volume sources that entries name.
const VOLUME_SOURCES: &[&str] = &["csi", "azureFile", "flexVolume"];

/// Calls `wrong` with every member the table reads whose type its controller could not.
pub fn check_shape<'a>(object: &Object<'a>, wrong: &mut dyn FnMut(Node<'a>, &'static str)) {
    for entry in of_kind(object) {
        let root = Scope { top: object.root, node: object.root, below: "", is_secret: false, entry };
        entry.given.iter().for_each(|(path, says)| root.check_shape(path, says, wrong));
        for at in entry.at {
            check_path(object.root, at, wrong);
            each(object.root, at, false, &mut |node, below| {
                let scope = Scope { top: object.root, node, below, is_secret: false, entry };
                for choice in entry.choices {
                    scope.check_shape(choice.field, &choice.says, wrong);
                    choice.and.iter().for_each(|(path, says)| scope.check_shape(path, says, wrong));
                }
            });
        }
    }
}

/// Where a choice is looked for.
struct Scope<'a> {
    /// The object, or the pod template.
    top: Node<'a>,
    /// The nearest node of [`Controller::at`] that the object has.
    node: Node<'a>,
    /// What of [`Controller::at`] it lacks: defaults hold for members of members that are not there, too.
    below: &'static str,
    /// Whether the texts below are base64.
    is_secret: bool,
    entry: &'static Controller,
}

/// The one [`Controller::at`] whose texts are decoded.
const SECRET_DATA: &str = "data";

impl<'a> Scope<'a> {
    fn get(&self, path: &'static str) -> Node<'a> {
        match path.strip_prefix('/') {
            Some(path) => steps(path).fold(self.top, |node, key| step(node, key, false)),
            None if !self.below.is_empty() => Node::absent(),
            None => steps(path).fold(self.node, |node, key| step(node, key, self.entry.any_case)),
        }
    }

    fn holds(&self, conditions: &[Condition]) -> bool {
        conditions.iter().all(|(path, says)| self.says(path, says))
    }

    /// The choices that hold, each with its place and which of several values it was.
    fn choices(&self, found: &mut dyn FnMut(&'static Choice, Anchor<'a>, Option<&'static str>)) {
        for choice in self.entry.choices {
            if self.says(choice.field, &choice.says) && self.holds(choice.and) {
                found(choice, self.place(choice.field), self.value(choice));
            }
        }
    }

    /// The member that an author meant, where the controller reads another spelling, and how it is written.
    fn as_spelt(&self, choice: &Choice, place: Anchor<'a>) -> (Anchor<'a>, Option<&'a str>) {
        let Anchor::Node { node, below } = &place else { return (place, None) };
        let [PathSegment::Member(key)] = below.as_slice() else { return (place, None) };
        let is_absent = matches!(choice.says, Predicate::Absent) && !self.entry.any_case;
        let mut members = node.members().filter(|(name, _)| is_absent && name.eq_ignore_ascii_case(key));
        match members.next() {
            Some((name, node)) => (node.into(), Some(name)),
            None => (place, None),
        }
    }

    /// A member's text, as the controller gets it.
    fn text(&self, node: Node<'a>) -> Option<Cow<'a, str>> {
        let text = node.set_text()?;
        if !self.is_secret {
            return Some(Cow::Borrowed(text));
        }
        String::from_utf8(decode_base64(text, LONGEST_SECRET)?).ok().map(Cow::Owned)
    }

    fn says(&self, path: &'static str, says: &Predicate) -> bool {
        let node = self.get(path);
        match says {
            Predicate::Anything => return true,
            Predicate::Present => return is_set(node),
            Predicate::Absent => return !is_set(node),
            Predicate::Empty => return node.is_object() && node.members().next().is_none(),
            Predicate::HasOneOf(keys) => {
                return keys.iter().any(|key| !step(node, key, self.entry.any_case).is_absent());
            }
            Predicate::Argument(flag) => return has_argument(node, flag.name, flag.values),
            Predicate::On if node.bool().is_some() => return node.bool() == Some(true),
            Predicate::NotOn if node.bool().is_some() => return node.bool() == Some(false),
            _ => {}
        }
        let Some(text) = self.text(node) else {
            return matches!(
                says,
                Predicate::NoneOf(_) | Predicate::NoneOfAnyCase(_) | Predicate::NotTrue | Predicate::NotOn
            );
        };
        says.holds_for(&text)
    }

    /// The value that is set, as the table writes it, if the choice lists several. The message of a choice
    /// with a single value already names it.
    fn value(&self, choice: &Choice) -> Option<&'static str> {
        let (Predicate::OneOf(names) | Predicate::OneOfAnyCase(names)) = choice.says else { return None };
        let text = self.text(self.get(choice.field)).filter(|_| names.len() > 1)?;
        names.iter().copied().find(|name| name.eq_ignore_ascii_case(&text))
    }

    /// The place of a member, whether it or what holds it is there or not.
    fn place(&self, field: &'static str) -> Anchor<'a> {
        let mut node = self.node;
        let mut below = Vec::new();
        for key in steps(self.below).chain(steps(field)) {
            let next = step(node, key, self.entry.any_case);
            if below.is_empty() && !next.is_absent() {
                node = next;
            } else {
                below.push(PathSegment::Member(key.to_owned()));
            }
        }
        Anchor::Node { node, below }
    }

    fn check_shape(&self, path: &'static str, says: &Predicate, wrong: &mut dyn FnMut(Node<'a>, &'static str)) {
        if path.starts_with('/') || !self.below.is_empty() {
            return;
        }
        check_path(self.node, path, wrong);
        let leaf = self.get(path);
        let is_text = matches!(
            says,
            Predicate::OneOf(_)
                | Predicate::NoneOf(_)
                | Predicate::OneOfAnyCase(_)
                | Predicate::NoneOfAnyCase(_)
                | Predicate::StartsWith(_)
                | Predicate::Contains(_)
                | Predicate::True
                | Predicate::NotTrue
                | Predicate::Credential
                | Predicate::CredentialName
                | Predicate::Text(_)
        );
        if is_text && !leaf.is_absent() && leaf.text().is_none() {
            wrong(leaf, "a string");
        }
    }
}

/// Reports what on the way of `path` is neither an object nor, where elements are meant, a list.
fn check_path<'a>(root: Node<'a>, path: &'static str, wrong: &mut dyn FnMut(Node<'a>, &'static str)) {
    let Some((key, rest)) = split(path) else { return };
    if root.is_absent() {
        return;
    }
    if key == "*" {
        if !root.is_list() {
            wrong(root, "a list");
        }
        root.items().for_each(|item| check_path(item, rest, wrong));
    } else if key.contains('*') {
        // Other members may be anything.
    } else if !root.is_object() && !root.is_list() {
        wrong(root, "an object");
    } else {
        check_path(step(root, key, false), rest, wrong);
    }
}

/// Whether `text` begins with `start`, in any case.
fn begins_with(text: &str, start: &str) -> bool {
    text.get(..start.len()).is_some_and(|text| text.eq_ignore_ascii_case(start))
}

fn is_set(node: Node<'_>) -> bool {
    !node.is_absent() && node.text().is_none_or(|text| !text.trim().is_empty())
}

/// As Go's `strconv.ParseBool`, with the white space that controllers trim.
pub(crate) fn is_true(text: &str) -> bool {
    matches!(text.trim(), "1" | "t" | "T" | "TRUE" | "true" | "True")
}

/// Whether a key of that name holds a credential. A connection string needs no Azure word here.
fn promises_credential(key: &str) -> bool {
    matches!(name_strength(key), Some(NameStrength::Azure(_) | NameStrength::Strong))
        || key.to_ascii_lowercase().ends_with("connectionstring")
}

/// `--flag=value` or `--flag value`, in the command or its arguments.
fn has_argument(container: Node<'_>, flag: &str, values: &[&str]) -> bool {
    ["command", "args"].into_iter().any(|list| {
        let mut arguments = container.get(list).texts();
        while let Some(argument) = arguments.next() {
            let value = match argument.strip_prefix(flag) {
                Some("") => arguments.next(),
                Some(rest) => rest.strip_prefix('='),
                None => None,
            };
            if value.is_some_and(|value| values.contains(&value)) {
                return true;
            }
        }
        false
    })
}

/// Most of a Secret's value that is decoded: an object is at most 1.5 MiB.
const LONGEST_SECRET: usize = 3 << 19;
