//! The walk itself: every string of one object, with its name and origin.

use super::copy::{Annotation, Copy};
use super::text::Text;
use super::{Hit, LONGEST_BASE64, Origin, Scope};
use crate::anchor::digest;
use crate::imds::{self, SignIn};
use crate::object::{LAST_APPLIED, Object};
use crate::sort::{sort, sort_by};
use crate::value_hints::ValueHints;
use crate::view::container::{Container, Value};
use crate::view::custom_resource::is_custom_resource;
use crate::view::workload::Workload;
use credentials::{
    NameStrength, arguments, decode_base64, into_text, is_aws_secret_key, is_azure_credential_variable, name_strength,
};
use json::Node;
use kubernetes::kind;
use std::borrow::Cow;
use std::cell::OnceCell;

/// Nothing that can be recognised is shorter in base64.
const SHORTEST_BASE64: usize = 24;
/// The length of a secret key of AWS, which only its name gives away.
const AWS_SECRET_KEY: usize = 40;
/// Kinds whose members are not read by value: those of RBAC are names, and a CustomResourceDefinition
/// describes fields, with examples.
const NOT_READ: &[kind::Kind] =
    &[kind::ROLE, kind::CLUSTER_ROLE, kind::ROLE_BINDING, kind::CLUSTER_ROLE_BINDING, kind::CUSTOM_RESOURCE_DEFINITION];
/// Kinds that are about volumes in all of their members.
const VOLUMES: &[kind::Kind] = &[kind::PERSISTENT_VOLUME, kind::STORAGE_CLASS, kind::VOLUME_ATTRIBUTES_CLASS];
/// No credential has a shape of its own and is shorter.
const SHORTEST_MEMBER: usize = 16;
const TOO_MANY_REFERENCES: &str = "cannot be read, because its references take too much room";

/// The state of a walk.
pub(super) struct Walk<'s, 'a> {
    object: Object<'a>,
    /// What members are that have no origin of their own.
    member: Origin,
    /// Every container of a pod template, in the order of the document, and how many are behind.
    containers: Vec<&'s Container<'a>>,
    behind: usize,
    copy: Option<&'a Copy<'a>>,
    gated: bool,
    is_excused: bool,
    /// Digests of the strings that a copy only repeats, sorted.
    pub repeated: &'s [u64],
    pub found: Vec<Text<'a>>,
    /// The annotations with a copy of an object.
    pub copies: Vec<Annotation<'a>>,
}

impl<'s, 'a> Walk<'s, 'a> {
    pub(super) fn new(scope: &Scope<'s, 'a>, copy: Option<&'a Copy<'a>>) -> Self {
        let object = *scope.object;
        let mut containers: Vec<&Container<'a>> = scope.workloads.iter().flat_map(Workload::containers).collect();
        sort_by(&mut containers, |a, b| a.node.address() < b.node.address());
        containers.dedup_by_key(|container| container.node.address());
        let member = match () {
            () if is_custom_resource(&object) => Origin::CustomMember,
            () if object.is_any(VOLUMES) => Origin::Volume,
            () => Origin::BuiltInMember,
        };
        let (gated, is_excused) = (scope.gated, scope.is_excused);
        Walk {
            object,
            member,
            containers,
            behind: 0,
            copy,
            gated,
            is_excused,
            repeated: &[],
            found: Vec::new(),
            copies: Vec::new(),
        }
    }

    /// The whole object.
    pub(super) fn object(&mut self) {
        let root = self.object.root;
        let is_copy = self.copy.is_some();
        if !root.is_object() {
            return match root.text() {
                Some(text) => self.push("", Cow::Borrowed(text), root, Origin::LastApplied),
                None => self.member("", root, self.member),
            };
        }
        // Nothing has checked a copy: it can be one of anything, and have any member.
        let is_not_read = !is_copy && is_not_read(&self.object);
        let holds_data = is_copy || self.object.is_any(&[kind::SECRET, kind::CONFIG_MAP]);
        for (key, member) in root.members() {
            match key {
                "status" if !is_copy => {}
                "metadata" if member.is_object() => self.metadata(member, true),
                "data" | "stringData" | "binaryData" if holds_data && member.is_object() => self.data(key, member),
                _ if is_not_read => {}
                _ => self.member(key, member, self.member),
            }
        }
    }

    /// The annotation of a copy that is not an object.
    pub(super) fn text(&mut self, unreadable: Option<&'static str>) {
        let Some(copy) = self.copy else { return };
        let text = copy.annotation.text().unwrap_or_default();
        self.push_unless(unreadable, "", Cow::Borrowed(text), copy.annotation, Origin::LastApplied);
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
                    "volumes" if origin == Origin::BuiltInMember => {
                        self.member(key, member, Origin::Volume);
                    }
                    "parameters" if origin == Origin::BuiltInMember => self.member(key, member, Origin::Parameter),
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
                    for (key, node) in member.members() {
                        if key == LAST_APPLIED && node.text().is_some() {
                            self.copies.push((node, None));
                            continue;
                        }
                        let (prefix, name) = key.split_once('/').unwrap_or(("", key));
                        // `checksum/secret` makes Pods restart with what it names.
                        let name = if prefix == "checksum" { "" } else { name };
                        self.text_or_member(name, node, Origin::Annotation);
                    }
                }
                "labels" => member.members().for_each(|(key, node)| self.text_or_member(key, node, Origin::Label)),
                // Names and times, which the API server checks.
                "name" | "namespace" | "uid" | "generateName" | "creationTimestamp" | "resourceVersion"
                    if self.copy.is_none() && is_root => {}
                _ => self.member(key, member, self.member),
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
                "command" | "args" if member.is_list() => {
                    // Together, because the last flag of the command may have its value in the arguments.
                    if !is_command_read {
                        let lists = [(Origin::Command, container.command()), (Origin::Argument, container.args())];
                        self.command(&lists, Some(container));
                    }
                    is_command_read = true;
                }
                "livenessProbe" | "readinessProbe" | "startupProbe" => self.action(key, member, Origin::Probe),
                "lifecycle" => self.action(key, member, Origin::Hook),
                // Quantities and ports, as the API server makes sure.
                "resources" | "ports" if origin == Origin::BuiltInMember && self.copy.is_none() => {}
                "source" if member.text().is_some() => self.text_or_member(key, member, Origin::Script),
                "command" | "args" if member.text().is_some() => self.text_or_member(key, member, Origin::Script),
                _ => self.member(key, member, origin),
            }
        }
    }

    fn variables(&mut self, container: &Container<'a>) {
        let may_have_others = self.member == Origin::CustomMember || self.copy.is_some();
        for variable in container.env() {
            if let Some(text) = variable.value {
                let (value, unreadable) = resolved(container.value(variable), text);
                self.push_unless(unreadable, variable.name, value, variable.node, Origin::Variable);
            }
            if !may_have_others {
                continue;
            }
            if !variable.node.is_object() {
                self.member("env", variable.node, self.member);
            }
            for (key, member) in variable.node.members() {
                if !matches!(key, "name" | "value") || key == "value" && member.text().is_none() {
                    self.member(key, member, self.member);
                }
            }
        }
    }

    /// A probe or hook: commands, and the parts of HTTP requests.
    fn action(&mut self, key: &'a str, node: Node<'a>, origin: Origin) {
        if key == "command" && node.is_list() {
            // The kubelet runs it as it is, without references.
            return self.command(&[(origin, node)], None);
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

    /// A command line in one or more lists of words, with the container whose variables it can refer to. A word has the
    /// name of the flag before it.
    fn command(&mut self, lists: &[(Origin, Node<'a>)], container: Option<&Container<'a>>) {
        let mut flag = "";
        let mut sign_in = SignIn::in_container();
        let words: Vec<(Cow<'a, str>, Option<&'static str>)> = lists
            .iter()
            .flat_map(|(_, list)| list.items())
            .map(|node| match (container, node.text().unwrap_or_default()) {
                (Some(container), written) => resolved(container.argument(written), written),
                (None, written) => (Cow::Borrowed(written), None),
            })
            .collect();
        let strengths = strengths(&words);
        let mut words = words.into_iter();
        let mut strengths = strengths.into_iter();
        for (origin, list) in lists {
            for node in list.items() {
                let before = std::mem::take(&mut flag);
                let (resolved, unreadable) = words.next().unwrap_or_default();
                let strength = strengths.next().flatten();
                let Some(written) = node.text() else {
                    self.member("", node, self.member);
                    continue;
                };
                let signs_in = sign_in.reads(&resolved);
                let count = self.found.len();
                match resolved {
                    Cow::Borrowed(word) => {
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
                        self.push_unless(unreadable, name, Cow::Borrowed(value), node, *origin);
                    }
                    Cow::Owned(word) => {
                        // The flag is usually written out, and its value a reference.
                        let flag = written.split_once('=').map_or("", |(flag, _)| flag);
                        let is_flag =
                            flag.starts_with('-') && !flag.contains(|c: char| c.is_ascii_whitespace() || c == '$');
                        let value = word.get(flag.len() + 1..).filter(|_| is_flag).map(str::to_owned);
                        let name = if is_flag { flag } else { before };
                        self.push_unless(unreadable, name, Cow::Owned(value.unwrap_or(word)), node, *origin);
                    }
                }
                if strength.is_some() && self.repeated.binary_search(&digest(written)).is_err() {
                    if self.found.len() == count {
                        let hints = ValueHints::NAME.or(ValueHints::ASSIGNS);
                        self.push_with(hints, None, before, Cow::Borrowed(written), node, *origin);
                    }
                    if let Some(text) = self.found.get_mut(count) {
                        text.strength = strength;
                        text.hints = text.hints.or(ValueHints::NAME);
                    }
                }
                if signs_in {
                    if self.found.len() == count {
                        let hints = ValueHints::SWITCH.or(ValueHints::ASSIGNS);
                        self.push_with(hints, None, "", Cow::Borrowed(written), node, *origin);
                    }
                    if let Some(text) = self.found.get_mut(count) {
                        text.signs_in = true;
                    }
                }
            }
        }
    }

    fn data(&mut self, map: &'a str, entries: Node<'a>) {
        let is_secret = self.object.is(&kind::SECRET);
        let is_encoded = map == "binaryData" || is_secret && map == "data";
        for (key, node) in entries.members() {
            let Some(text) = node.text() else {
                if self.copy.is_some() {
                    self.member(key, node, self.member);
                }
                continue;
            };
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
                // The API server refuses it, except in a copy.
                None if is_encoded && self.copy.is_none() => {}
                None => self.push(key, Cow::Borrowed(text), node, Origin::Data),
            }
        }
    }

    fn push(&mut self, name: &'a str, value: Cow<'a, str>, node: Node<'a>, source: Origin) {
        self.push_unless(None, name, value, node, source);
    }

    /// Adds a string, if a rule may have something to say about it, or if it cannot be read.
    fn push_unless(
        &mut self,
        unreadable: Option<&'static str>,
        name: &'a str,
        value: Cow<'a, str>,
        node: Node<'a>,
        source: Origin,
    ) {
        if self.is_excused
            && matches!(source, Origin::Data | Origin::Volume | Origin::Parameter | Origin::BuiltInMember)
        {
            return;
        }
        if unreadable.is_some() {
            let count = self.found.len();
            self.push_with(ValueHints::ALL, None, name, value, node, source);
            if let Some(text) = self.found.get_mut(count) {
                text.unreadable = unreadable;
            }
            return;
        }
        if source.is_nameless() && value.len() < SHORTEST_MEMBER {
            return;
        }
        if !self.repeated.is_empty() && self.repeated.binary_search(&digest(&*value)).is_ok() {
            return;
        }
        let (hints, hits) = self.hints(name, &value, source);
        if !hints.is_empty() {
            self.push_with(hints, hits, name, value, node, source);
        }
    }

    fn push_with(
        &mut self,
        hints: ValueHints,
        hits: Option<Vec<Hit>>,
        name: &'a str,
        value: Cow<'a, str>,
        node: Node<'a>,
        source: Origin,
    ) {
        self.found.push(Text {
            object: self.object,
            name,
            value,
            origin: if self.copy.is_some() { Origin::LastApplied } else { source },
            source,
            is_binary: false,
            signs_in: false,
            strength: None,
            unreadable: None,
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

/// What the flags of a command promise about its words.
fn strengths(words: &[(Cow<'_, str>, Option<&'static str>)]) -> Vec<Option<NameStrength>> {
    let mut strengths = Vec::new();
    if words.iter().any(|(word, _)| word.starts_with('-')) {
        let words: Vec<&str> = words.iter().map(|(word, _)| &**word).collect();
        strengths.resize(words.len(), None);
        arguments(&words, &mut |index, argument| {
            if let Some(known) = strengths.get_mut(index).filter(|known| known.is_none()) {
                *known = argument.strength;
            }
        });
    }
    strengths
}

/// A value whose references are resolved as far as they can be, and why not all of them are.
fn resolved<'a>(value: Value<'a>, written: &'a str) -> (Cow<'a, str>, Option<&'static str>) {
    match value {
        Value::Literal(text) => (text, None),
        Value::FromElsewhere => (Cow::Borrowed(written), None),
        Value::Undetermined => (Cow::Borrowed(written), Some(TOO_MANY_REFERENCES)),
    }
}

/// Whether only the metadata of the object is read.
pub(super) fn is_not_read(object: &Object<'_>) -> bool {
    object.is_any(NOT_READ)
}

/// Digests of all strings below `node`, sorted.
pub(super) fn digests(node: Node<'_>) -> Vec<u64> {
    fn collect(node: Node<'_>, found: &mut Vec<u64>) {
        found.extend(node.text().map(digest));
        node.items().for_each(|item| collect(item, found));
        node.members().for_each(|(_, member)| collect(member, found));
    }
    let mut found = Vec::new();
    collect(node, &mut found);
    sort(&mut found);
    found
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
