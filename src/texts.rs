//! The one walk over the strings of an object.
//!
//! [`texts`] reaches every string, of built-in and custom kinds alike, and says where it is, what it is
//! called and what kind of place it is from. Rules that read strings are filters on this walk
//! ([`Check::Text`](crate::rule::Check::Text)): none has a list of places of its own. Status and managed
//! fields are not read.
//!
//! A string that no rule could have anything to say about is left out ([`ValueHints`]), so the walk returns
//! few strings of most objects.

use crate::anchor::{Anchor, locate};
use crate::imds;
use crate::object::{LAST_APPLIED, Object};
use crate::settings::Settings;
use crate::sort::{sort, sort_by};
pub use crate::value_hints::Hit;
use crate::value_hints::ValueHints;
use crate::view::container::Container;
use crate::view::custom_resource::is_custom_resource;
use crate::view::workload::{Workload, workloads};
use credentials::{
    NameStrength, arguments, assignments, decode_base64, into_text, is_aws_secret_key, is_azure_credential_variable,
    may_be_base64, name_strength, recognise_all, secret_assignments,
};
use json::{Malformed, Node, Tree, parse};
use kubernetes::kind;
use std::borrow::Cow;
use std::cell::OnceCell;
use std::ops::Range;

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
    /// Any other string of a built-in kind.
    BuiltInMember,
    /// Any other string of a custom kind.
    CustomMember,
}

impl Origin {
    pub const ALL: [Origin; 13] = [
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
        Origin::BuiltInMember,
        Origin::CustomMember,
    ];

    /// Whether only the value counts here: the names of such places promise nothing.
    pub fn is_nameless(self) -> bool {
        matches!(self, Origin::Label | Origin::Volume | Origin::BuiltInMember | Origin::CustomMember)
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

/// One string of an object.
pub struct Text<'a> {
    pub object: Object<'a>,
    /// The name of the variable, flag, key or member; the flag of an argument is the one before it.
    pub name: &'a str,
    /// Decoded: without base64 in a Secret or `binaryData`, without a flag's `--name=`.
    pub value: Cow<'a, str>,
    pub origin: Origin,
    /// Where it was in the object that kubectl's copy is of; otherwise the origin. A copy that cannot be
    /// parsed is one string.
    pub source: Origin,
    /// Whether the decoded value is not text; what of it is not UTF-8 is replaced.
    pub is_binary: bool,
    /// Whether a word `login` comes before this argument of its command.
    pub after_login: bool,
    /// What an argument's flag promises in its command.
    pub strength: Option<NameStrength>,
    pub hints: ValueHints,
    node: Node<'a>,
    copy: Option<Copied<'a>>,
    hits: OnceCell<Vec<Hit>>,
    pairs: OnceCell<Vec<Pair>>,
    decoded: OnceCell<Option<Vec<u8>>>,
    names_endpoint: OnceCell<bool>,
    may_switch: OnceCell<bool>,
}

/// Where a string of kubectl's copy is.
#[derive(Clone, Copy)]
struct Copied<'a> {
    annotation: Node<'a>,
    root: Node<'a>,
}

/// A value that a text assigns to a name, as bytes of the text.
#[derive(Clone, Debug)]
pub struct Pair {
    key: Range<usize>,
    pub value: Range<usize>,
    /// Counted from one.
    pub line: usize,
    /// What the name promises in the text.
    pub strength: Option<NameStrength>,
}

/// An object is at most 1.5 MiB.
const LONGEST_BASE64: usize = 3 << 19;
/// Nothing that can be recognised is shorter in base64.
const SHORTEST_BASE64: usize = 24;
/// The length of a secret key of AWS, which only its name gives away.
const AWS_SECRET_KEY: usize = 40;
/// Kinds whose members are not read by value: those of RBAC are names, and a CustomResourceDefinition
/// describes fields, with examples.
const NOT_READ: &[kind::Kind] =
    &[kind::ROLE, kind::CLUSTER_ROLE, kind::ROLE_BINDING, kind::CLUSTER_ROLE_BINDING, kind::CUSTOM_RESOURCE_DEFINITION];
/// No credential has a shape of its own and is shorter.
const SHORTEST_MEMBER: usize = 16;

impl<'a> Text<'a> {
    pub fn is_secret_data(&self) -> bool {
        self.source == Origin::Data && self.object.is(&kind::SECRET)
    }

    /// Where the string is. One that only kubectl's copy has is inside the annotation.
    pub fn anchor(&self) -> Anchor<'a> {
        match self.copy {
            None => self.node.into(),
            Some(copy) if copy.root.is_absent() => copy.annotation.into(),
            Some(copy) => Anchor::inside(copy.annotation, &copy.path(&self.node.into())),
        }
    }

    /// Where `key` is in the string.
    pub fn inside(&self, key: &str) -> Anchor<'a> {
        match self.copy {
            None => Anchor::inside(self.node, key),
            Some(copy) if copy.root.is_absent() => Anchor::inside(copy.annotation, key),
            Some(copy) => Anchor::inside(copy.annotation, &copy.path(&Anchor::inside(self.node, key))),
        }
    }

    /// Whether `anchor` is the string's own node.
    pub fn is_at(&self, anchor: &Anchor<'_>) -> bool {
        let Anchor::Node { node, .. } = anchor else { return false };
        self.copy.is_none() && node.address() == self.node.address()
    }

    /// Every credential in the value. Read once, whatever number of rules ask.
    pub fn hits(&self) -> &[Hit] {
        self.hits.get_or_init(|| {
            let mut hits = Vec::new();
            recognise_all(&self.value, &mut |kind, range| hits.push((kind, range)));
            hits
        })
    }

    /// What the value assigns to names, as far as a rule may ask: names that promise a credential or
    /// operate a switch, and values that hold a credential or name the metadata endpoint.
    pub fn pairs(&self) -> &[Pair] {
        self.pairs.get_or_init(|| {
            let text = &*self.value;
            let mut pairs = Vec::new();
            if self.hits().is_empty() && !self.names_endpoint() && !self.may_switch() {
                secret_assignments(text, &mut |pair, _| {
                    if let (Some(key), Some(value)) = (range_in(text, pair.key), range_in(text, pair.value)) {
                        pairs.push(Pair { key, value, line: pair.line, strength: pair.strength });
                    }
                });
                return pairs;
            }
            let (names_endpoint, may_switch) = (self.names_endpoint(), self.may_switch());
            let mut starts: Vec<usize> = self.hits().iter().map(|(_, range)| range.start).collect();
            sort(&mut starts);
            assignments(text, &mut |pair| {
                let Some(value) = range_in(text, pair.value) else { return };
                let first = starts.partition_point(|start| *start < value.start);
                let holds_credential = starts.get(first).is_some_and(|start| *start < value.end);
                let asked_for = holds_credential
                    || pair.strength.is_some()
                    || may_switch && imds::is_switch(pair.key)
                    || names_endpoint && imds::mentions_endpoint(pair.value);
                if let Some(key) = range_in(text, pair.key).filter(|_| asked_for) {
                    pairs.push(Pair { key, value, line: pair.line, strength: pair.strength });
                }
            });
            pairs
        })
    }

    /// Whether the value names the metadata endpoint of the node.
    pub fn names_endpoint(&self) -> bool {
        let is_possible = self.hints.any(ValueHints::ENDPOINT);
        *self.names_endpoint.get_or_init(|| is_possible && imds::mentions_endpoint(&self.value))
    }

    /// Whether the value has a word that all switches to the identity of the node have.
    pub fn may_switch(&self) -> bool {
        let is_possible = self.hints.any(ValueHints::SWITCH);
        *self.may_switch.get_or_init(|| is_possible && imds::hints_at_switch(&self.value) || self.names_endpoint())
    }

    /// What the value is in base64, if it looks like that.
    pub fn decoded(&self) -> Option<&[u8]> {
        let decode = || may_be_base64(&self.value).then(|| decode_base64(&self.value, LONGEST_BASE64)).flatten();
        self.decoded.get_or_init(decode).as_deref()
    }

    pub fn key_of(&self, pair: &Pair) -> &str {
        self.value.get(pair.key.clone()).unwrap_or_default()
    }

    pub fn value_of(&self, pair: &Pair) -> &str {
        self.value.get(pair.value.clone()).unwrap_or_default()
    }
}

impl<'a> Copied<'a> {
    fn path(&self, anchor: &Anchor<'a>) -> String {
        locate(self.root, &[anchor]).pop().unwrap_or_default().path
    }
}

/// Where `part`, a slice of `text`, lies in it.
fn range_in(text: &str, part: &str) -> Option<Range<usize>> {
    let start = part.as_ptr().addr().checked_sub(text.as_ptr().addr())?;
    let end = start.checked_add(part.len())?;
    (!part.is_empty() && end <= text.len()).then_some(start..end)
}

/// Kubectl's copy of an object, parsed.
pub type Copy<'a> = Option<Result<Tree<'a>, Malformed>>;

/// Parses kubectl's copy of an object, which has to outlive the findings inside it.
pub fn last_applied<'a>(object: &Object<'a>) -> Copy<'a> {
    object.annotations().get(LAST_APPLIED).text().map(parse)
}

/// What is walked over, and what is left out.
pub struct Scope<'s, 'a> {
    pub object: &'s Object<'a>,
    pub workloads: &'s [Workload<'a>],
    /// Whether AKS itself writes the object: then only what is run and annotations are read.
    pub is_excused: bool,
    /// Whether strings without hints are left out.
    pub gated: bool,
}

/// The strings of an object that a rule may have something to say about: first its own, then those that
/// only kubectl's copy has.
pub fn texts<'a>(
    scope: &Scope<'_, 'a>,
    copy: Option<&'a Result<Tree<'a>, Malformed>>,
    settings: &Settings,
) -> Vec<Text<'a>> {
    let mut texts = Walk::over(scope, None);
    let Some(copy) = copy else { return texts };
    let annotation = scope.object.annotations().get(LAST_APPLIED);
    match copy {
        Ok(tree) => {
            let root = Node::new(tree);
            let object = &Object { root, ..*scope.object };
            let workloads = &*workloads(object, settings);
            let mut copied = Walk::over(&Scope { object, workloads, ..*scope }, Some(Copied { annotation, root }));
            drop_repeated(&mut copied, &texts);
            texts.append(&mut copied);
        }
        Err(_) => {
            let copy = Some(Copied { annotation, root: Node::absent() });
            let mut walk = Walk::new(scope, copy);
            walk.push("", Cow::Borrowed(annotation.text().unwrap_or_default()), annotation, Origin::LastApplied);
            texts.append(&mut walk.found);
        }
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

/// The state of a walk.
struct Walk<'s, 'a> {
    object: Object<'a>,
    /// What members are that have no origin of their own.
    member: Origin,
    /// Every container of a pod template, in the order of the document, and how many are behind.
    containers: Vec<&'s Container<'a>>,
    behind: usize,
    copy: Option<Copied<'a>>,
    gated: bool,
    is_excused: bool,
    found: Vec<Text<'a>>,
}

impl<'s, 'a> Walk<'s, 'a> {
    fn new(scope: &Scope<'s, 'a>, copy: Option<Copied<'a>>) -> Self {
        let object = *scope.object;
        let mut containers: Vec<&Container<'a>> = scope.workloads.iter().flat_map(Workload::containers).collect();
        sort_by(&mut containers, |a, b| a.node.address() < b.node.address());
        containers.dedup_by_key(|container| container.node.address());
        let member = match () {
            () if is_custom_resource(&object) => Origin::CustomMember,
            () if object.is_any(&[kind::PERSISTENT_VOLUME, kind::STORAGE_CLASS]) => Origin::Volume,
            () => Origin::BuiltInMember,
        };
        let (gated, is_excused) = (scope.gated, scope.is_excused);
        Walk { object, member, containers, behind: 0, copy, gated, is_excused, found: Vec::new() }
    }

    fn over(scope: &Scope<'s, 'a>, copy: Option<Copied<'a>>) -> Vec<Text<'a>> {
        let mut walk = Walk::new(scope, copy);
        let is_not_read = walk.object.is_any(NOT_READ);
        let holds_data = walk.object.is_any(&[kind::SECRET, kind::CONFIG_MAP]);
        for (key, member) in walk.object.root.members() {
            match key {
                "status" => {}
                "metadata" => walk.metadata(member, true),
                "data" | "stringData" | "binaryData" if holds_data => walk.data(key, member),
                _ if is_not_read => {}
                _ => walk.member(key, member, walk.member),
            }
        }
        walk.found
    }

    /// A member of any name and type, and all below it.
    fn member(&mut self, key: &'a str, node: Node<'a>, origin: Origin) {
        if let Some(text) = node.text() {
            self.push(key, Cow::Borrowed(text), node, origin);
        } else if node.is_list() {
            node.items().for_each(|item| self.member(key, item, origin));
        } else if let Some(container) = self.next_container(node) {
            self.container(container, origin);
        } else {
            for (key, member) in node.members() {
                match key {
                    "metadata" | "podMetadata" if member.is_object() => self.metadata(member, false),
                    "volumes" if origin == Origin::BuiltInMember => self.member(key, member, Origin::Volume),
                    _ => self.member(key, member, origin),
                }
            }
        }
    }

    /// The container that `node` is.
    fn next_container(&mut self, node: Node<'a>) -> Option<&'s Container<'a>> {
        let address = node.address();
        while let Some(container) = self.containers.get(self.behind).filter(|next| next.node.address() <= address) {
            self.behind += 1;
            if container.node.address() == address {
                return Some(container);
            }
        }
        None
    }

    /// Metadata of the object, which `is_root`, or of something that it makes.
    fn metadata(&mut self, metadata: Node<'a>, is_root: bool) {
        for (key, member) in metadata.members() {
            match key {
                "annotations" => {
                    for (key, node) in member.members().filter(|(key, _)| *key != LAST_APPLIED) {
                        let (prefix, name) = key.split_once('/').unwrap_or(("", key));
                        // `checksum/secret` makes Pods restart with what it names.
                        let name = if prefix == "checksum" { "" } else { name };
                        self.text_or_member(name, node, Origin::Annotation);
                    }
                }
                "labels" => member.members().for_each(|(key, node)| self.text_or_member(key, node, Origin::Label)),
                _ if !is_root && self.member == Origin::CustomMember => self.member(key, member, self.member),
                _ => {}
            }
        }
    }

    fn text_or_member(&mut self, name: &'a str, node: Node<'a>, origin: Origin) {
        match node.text() {
            Some(text) => self.push(name, Cow::Borrowed(text), node, origin),
            None => self.member(name, node, self.member),
        }
    }

    fn container(&mut self, container: &Container<'a>, origin: Origin) {
        let mut is_command_read = false;
        for (key, member) in container.node.members() {
            match key {
                "env" if member.is_list() => self.variables(container),
                "command" | "args" => {
                    // Together, because the last flag of the command may have its value in the arguments.
                    if !is_command_read {
                        let lists = [(Origin::Command, container.command()), (Origin::Argument, container.args())];
                        self.command(&lists);
                    }
                    is_command_read = true;
                }
                "livenessProbe" | "readinessProbe" | "startupProbe" => self.action(key, member, Origin::Probe),
                "lifecycle" => self.action(key, member, Origin::Hook),
                // Quantities, ports and switches, as the API server makes sure.
                "resources" | "ports" | "securityContext" if origin == Origin::BuiltInMember => {}
                "source" if member.text().is_some() => self.text_or_member(key, member, Origin::Script),
                _ => self.member(key, member, origin),
            }
        }
    }

    fn variables(&mut self, container: &Container<'a>) {
        for variable in container.env() {
            if let Some(value) = variable.value {
                self.push(variable.name, Cow::Borrowed(value), variable.node, Origin::Variable);
            }
            if self.member == Origin::CustomMember {
                for (key, member) in variable.node.members() {
                    if !matches!(key, "name" | "value" | "valueFrom") || key == "value" && member.text().is_none() {
                        self.member(key, member, self.member);
                    }
                }
            }
        }
    }

    /// A probe or hook: commands, and the parts of HTTP requests.
    fn action(&mut self, key: &'a str, node: Node<'a>, origin: Origin) {
        if key == "command" && node.is_list() {
            return self.command(&[(origin, node)]);
        }
        if let Some(text) = node.text() {
            return self.push(key, Cow::Borrowed(text), node, origin);
        }
        node.items().for_each(|item| self.action(key, item, origin));
        let name = node.get("name").text();
        for (key, member) in node.members() {
            // A header.
            let key = name.filter(|_| key == "value").unwrap_or(key);
            self.action(key, member, origin);
        }
    }

    /// A command line in one or more lists of words. A word has the name of the flag before it.
    fn command(&mut self, lists: &[(Origin, Node<'a>)]) {
        let mut flag = "";
        let mut after_login = false;
        let words: Vec<&str> =
            lists.iter().flat_map(|(_, list)| list.items()).map(|item| item.text().unwrap_or_default()).collect();
        let mut strengths = vec![None; words.len()];
        if words.iter().any(|word| word.starts_with('-')) {
            arguments(&words, &mut |index, argument| {
                if let Some(known) = strengths.get_mut(index).filter(|known| known.is_none()) {
                    *known = argument.strength;
                }
            });
        }
        let mut strengths = strengths.into_iter();
        for (origin, list) in lists {
            for node in list.items() {
                let strength = strengths.next().flatten();
                let before = std::mem::take(&mut flag);
                let Some(word) = node.text() else {
                    self.member("", node, self.member);
                    continue;
                };
                let is_flag = word.starts_with('-') && !word.contains(|c: char| c.is_ascii_whitespace());
                // The end of a key in base64 is not a value.
                let assigned = word.split_once('=').filter(|(_, value)| !value.trim_matches('=').is_empty());
                let (name, value) = match assigned {
                    Some(assigned) if is_flag => assigned,
                    None if is_flag => {
                        flag = if word.contains('=') { "" } else { word };
                        ("", word)
                    }
                    _ => (before, word),
                };
                let count = self.found.len();
                self.push_word(name, value, node, *origin, strength);
                if let Some(text) = self.found.get_mut(count) {
                    text.after_login = after_login;
                }
                after_login |= word == "login";
            }
        }
    }

    fn data(&mut self, map: &'a str, entries: Node<'a>) {
        let is_secret = self.object.is(&kind::SECRET);
        let is_encoded = map == "binaryData" || is_secret && map == "data";
        for (key, node) in entries.members() {
            let Some(text) = node.text() else { continue };
            match is_encoded.then(|| decode_base64(text, LONGEST_BASE64)).flatten() {
                Some(bytes) => match into_text(bytes) {
                    Ok(text) => self.push(key, Cow::Owned(innermost(text)), node, Origin::Data),
                    Err(bytes) => {
                        let count = self.found.len();
                        let text = String::from_utf8_lossy(&bytes).into_owned();
                        self.push(key, Cow::Owned(text), node, Origin::Data);
                        if let Some(text) = self.found.get_mut(count) {
                            text.is_binary = true;
                        }
                    }
                },
                // What the API server has yet to encode is read as it will be.
                None if is_secret => match decoded_text(text) {
                    Some(inner) => self.push(key, Cow::Owned(inner), node, Origin::Data),
                    None => self.push(key, Cow::Borrowed(text), node, Origin::Data),
                },
                None if is_encoded => {}
                None => self.push(key, Cow::Borrowed(text), node, Origin::Data),
            }
        }
    }

    /// A word of a command, whose flag may promise something.
    fn push_word(
        &mut self,
        name: &'a str,
        value: &'a str,
        node: Node<'a>,
        source: Origin,
        strength: Option<NameStrength>,
    ) {
        let (hints, hits) = self.hints(name, value, source);
        self.push_with(
            name,
            Cow::Borrowed(value),
            node,
            source,
            (hints.and_if(strength.is_some(), ValueHints::NAME), hits),
        );
        if let Some(text) = self.found.last_mut().filter(|text| text.node.address() == node.address()) {
            text.strength = strength;
        }
    }

    fn push(&mut self, name: &'a str, value: Cow<'a, str>, node: Node<'a>, source: Origin) {
        if source.is_nameless() && value.len() < SHORTEST_MEMBER {
            return;
        }
        if self.is_excused && matches!(source, Origin::Data | Origin::Volume | Origin::BuiltInMember) {
            return;
        }
        let read = self.hints(name, &value, source);
        self.push_with(name, value, node, source, read);
    }

    fn push_with(
        &mut self,
        name: &'a str,
        value: Cow<'a, str>,
        node: Node<'a>,
        source: Origin,
        (hints, hits): (ValueHints, Option<Vec<Hit>>),
    ) {
        if hints.is_empty() {
            return;
        }
        self.found.push(Text {
            object: self.object,
            name,
            value,
            origin: if self.copy.is_some() { Origin::LastApplied } else { source },
            source,
            is_binary: false,
            after_login: false,
            strength: None,
            hints,
            node,
            copy: self.copy,
            hits: hits.map_or_else(OnceCell::new, OnceCell::from),
            pairs: OnceCell::new(),
            decoded: OnceCell::new(),
            names_endpoint: OnceCell::new(),
            may_switch: OnceCell::new(),
        });
    }

    fn hints(&self, name: &str, value: &str, source: Origin) -> (ValueHints, Option<Vec<Hit>>) {
        if !self.gated {
            return (ValueHints::ALL, None);
        }
        let (hints, hits) = ValueHints::read(value);
        if source.is_nameless() {
            // The other hints would lead to no rule.
            let read = ValueHints::CREDENTIAL.or(ValueHints::AWS);
            return (if hints.any(read) { hints } else { ValueHints::default() }, hits);
        }
        let promises = name_strength(name).is_some()
            || source == Origin::Data && self.object.is(&kind::SECRET) && is_azure_credential_variable(name).is_some();
        let hints = hints
            .and_if(promises, ValueHints::NAME)
            .and_if(value.len() >= AWS_SECRET_KEY && is_aws_secret_key(name, value), ValueHints::AWS)
            .and_if(imds::is_switch(name), ValueHints::SWITCH);
        (hints, hits)
    }
}

/// A text that may be base64 of another text, once more. A layer below that is not text is a key that
/// happens to be spelt in base64.
fn innermost(text: String) -> String {
    decoded_text(&text).unwrap_or(text)
}

fn decoded_text(text: &str) -> Option<String> {
    let bytes = (text.len() >= SHORTEST_BASE64).then(|| decode_base64(text.trim(), LONGEST_BASE64))??;
    into_text(bytes).ok().filter(|inner| inner.contains(['=', ':', '\n', '{']))
}

#[cfg(test)]
mod tests;
