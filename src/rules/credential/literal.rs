//! Literals that are fixed credentials, in all the places of an object: what the rules of this group
//! report, and what `credential-in-annotation` looks for in kubectl's copy of an object.
//!
//! A value is judged first, then its name. What has a rule of its own is left to it: AWS keys to
//! `aws-credential`, kubeconfigs in ConfigMaps, Secrets and annotations to `kubeconfig-static`.

use crate::anchor::Anchor;
use crate::finding::{Finding, Severity};
use crate::object::{LAST_APPLIED, Object};
use crate::rule::RuleContext;
use crate::view::custom_resource;
use crate::view::sign::Signs;
use crate::view::workload::Workload;
use credentials::{
    Class, Kind, NameStrength, assignments, benign, decode_base64, is_aws_secret_key, is_azure_credential_variable,
    is_benign, is_unfilled, may_be_base64, name_strength, recognise_all, recognise_where,
};
use json::Node;
use kubernetes::kind;
use std::borrow::Cow;
use std::ops::Range;
use text::shown;

/// Why a string is taken for a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// The value is one.
    Value(&'static Kind),
    /// The name says so, and the value does not say otherwise.
    Name(NameStrength),
    /// The name is that of an Azure secret, the value a note to fill it in. No credential yet, but the
    /// place where one is about to be put.
    Unfilled(&'static str),
}

impl Evidence {
    pub fn severity(self) -> Severity {
        match self {
            Evidence::Value(_) | Evidence::Name(NameStrength::Azure(_)) => Severity::High,
            Evidence::Name(NameStrength::Strong) => Severity::Medium,
            Evidence::Name(NameStrength::Weak) | Evidence::Unfilled(_) => Severity::Low,
        }
    }

    fn is_of_azure(self) -> bool {
        matches!(self, Evidence::Name(NameStrength::Azure(_)) | Evidence::Unfilled(_))
    }

    fn what(self) -> String {
        match self {
            Evidence::Value(kind) => format!("holds {}", kind.what),
            Evidence::Name(NameStrength::Azure(what)) => format!("holds {what}"),
            Evidence::Name(NameStrength::Strong) => "holds a password or key, going by its name".to_owned(),
            Evidence::Name(NameStrength::Weak) => "may hold a secret, going by its name".to_owned(),
            Evidence::Unfilled(what) => format!("has a placeholder for {what}"),
        }
    }
}

/// A credential, and where.
pub struct Literal<'a> {
    pub place: Anchor<'a>,
    pub evidence: Evidence,
    /// The flag that an argument belongs to, for people.
    flag: Option<&'a str>,
    /// Its line in a text of several, counted from one.
    line: Option<usize>,
    /// The whole string it was found in, decoded: tells a copy of it.
    pub text: Cow<'a, str>,
}

impl<'a> Literal<'a> {
    /// One that is a whole string of the object.
    fn whole(node: Node<'a>, evidence: Evidence, text: Cow<'a, str>) -> Self {
        Literal { place: node.into(), evidence, flag: None, line: None, text }
    }

    pub fn report<'c>(self, cx: &'c mut RuleContext<'a>) -> &'c mut Finding<'a> {
        let what = self.what();
        cx.report(self.place, what).severity(self.evidence.severity())
    }

    pub fn what(&self) -> String {
        let mut what = self.evidence.what();
        if let Some(flag) = self.flag {
            what = format!("{what} ({})", shown(flag));
        }
        if let Some(line) = self.line {
            what = format!("{what} (line {line})");
        }
        what
    }
}

type Report<'f, 'a> = &'f mut dyn FnMut(Literal<'a>);

/// How the strings of one place are read.
struct Reading {
    /// The kinds of credential that are told here.
    told: fn(&Kind) -> bool,
    /// What the name of a whole string promises.
    strength: fn(&str) -> Option<NameStrength>,
    /// The names that count here.
    counts: fn(NameStrength) -> bool,
}

const PLAIN: Reading = Reading { told: is_not_aws, strength: name_strength, counts: |_| true };
const CONFIG_MAP: Reading = Reading { told: has_no_other_rule, ..PLAIN };
/// Annotations are named after the Secrets they refer to: weak words mean nothing there.
const ANNOTATION: Reading = Reading { counts: |strength| strength != NameStrength::Weak, ..CONFIG_MAP };
/// A Secret is the place for passwords; only for Azure is there something better.
const SECRET: Reading = Reading {
    told: is_azure,
    strength: |key| is_azure_credential_variable(key).map(NameStrength::Azure),
    counts: |strength| matches!(strength, NameStrength::Azure(_)),
};

fn is_not_aws(kind: &Kind) -> bool {
    kind.class != Class::Aws
}

fn has_no_other_rule(kind: &Kind) -> bool {
    is_not_aws(kind) && !kind.is_kubeconfig()
}

fn is_azure(kind: &Kind) -> bool {
    kind.class == Class::Azure
}

/// Most credentials told of one text: the size of an answer must not follow the size of the text.
const MOST: usize = 20;
/// An object is at most 1.5 MiB.
const LONGEST: usize = 3 << 19;
/// Nothing that can be recognised is shorter in base64.
const SHORTEST_BASE64: usize = 24;

/// Literal variables of every container.
pub fn in_env<'a>(workload: &Workload<'a>, found: Report<'_, 'a>) {
    for container in workload.containers() {
        for variable in container.env() {
            let Some(value) = variable.value else { continue };
            let (node, name, text) = (variable.node, variable.name, Cow::Borrowed(value));
            if variable.glance.may_hold_credential() || variable.glance.may_assign() {
                PLAIN.judge(node, name, text, found);
            } else if let Some(evidence) = PLAIN.by_name(name, value) {
                found(Literal::whole(node, evidence, text));
            }
        }
    }
}

/// Commands of probes and hooks, below a container.
const HOOKS: &[&[&str]] = &[
    &["livenessProbe"],
    &["readinessProbe"],
    &["startupProbe"],
    &["lifecycle", "postStart"],
    &["lifecycle", "preStop"],
];

/// Commands and arguments of every container, its probes and hooks, and the scripts of Argo Workflows.
pub fn in_arguments<'a>(workload: &Workload<'a>, found: Report<'_, 'a>) {
    for container in workload.containers() {
        in_command(container.command(), found);
        in_command(container.args(), found);
        if container.signs().show(Signs::HOOKS) {
            for hook in HOOKS {
                in_command(container.node.at(hook).at(&["exec", "command"]), found);
            }
        }
        let source = container.node.get("source");
        if let Some(script) = source.text() {
            PLAIN.read(source, &Cow::Borrowed(script), found);
        }
    }
}

fn in_command<'a>(list: Node<'a>, found: Report<'_, 'a>) {
    let mut open: Option<&'a str> = None;
    for node in list.items() {
        let flag = open.take();
        let Some(argument) = node.text() else { continue };
        if argument.contains(|c: char| c.is_ascii_whitespace()) {
            PLAIN.read(node, &Cow::Borrowed(argument), found);
            continue;
        }
        let (flag, value) = match argument.split_once('=') {
            Some((flag, value)) if flag.starts_with('-') => (Some(flag), value),
            None if argument.starts_with('-') => {
                open = Some(argument);
                (None, argument)
            }
            _ => (flag, argument),
        };
        let text = Cow::Borrowed(value);
        match PLAIN.evidence(flag.unwrap_or_default(), value) {
            Some(evidence) => found(Literal { place: node.into(), evidence, flag, line: None, text }),
            None if may_assign(value) => PLAIN.read(node, &text, found),
            None => {}
        }
    }
}

/// Entries of a ConfigMap, and the assignments inside them.
pub fn in_config_map<'a>(map: &Object<'a>, found: Report<'_, 'a>) {
    for (key, node) in map.get("data").members() {
        if let Some(text) = node.text() {
            CONFIG_MAP.judge(node, key, Cow::Borrowed(text), found);
        }
    }
    for (key, node) in map.get("binaryData").members() {
        if let Some(bytes) = node.text().and_then(|text| decode_base64(text, LONGEST)) {
            CONFIG_MAP.judge_bytes(node, key, bytes, found);
        }
    }
}

/// Entries of a Secret, decoded, but for those that `excused` says are not to be read.
pub fn in_secret<'a>(secret: &Object<'a>, excused: &dyn Fn(&str) -> bool, found: Report<'_, 'a>) {
    let entries = secret.get("data").members().map(|(key, node)| (key, node, true));
    let plain = secret.get("stringData").members().map(|(key, node)| (key, node, false));
    for (key, node, is_encoded) in entries.chain(plain).filter(|(key, ..)| !excused(key)) {
        let Some(text) = node.text() else { continue };
        match decode_base64(text, LONGEST).filter(|_| is_encoded) {
            Some(bytes) => SECRET.judge_bytes(node, key, bytes, found),
            // Also data that is no base64: the API server refuses it, but a scan of manifests meets it.
            None => SECRET.judge(node, key, Cow::Borrowed(text), found),
        }
    }
}

/// Annotations, but for kubectl's copy of the object.
pub fn in_annotations<'a>(annotations: Node<'a>, found: Report<'_, 'a>) {
    for (key, node) in annotations.members().filter(|(key, _)| *key != LAST_APPLIED) {
        let (prefix, name) = key.split_once('/').unwrap_or(("", key));
        // `checksum/secret` makes Pods restart with what it names.
        let name = if prefix == "checksum" { "" } else { name };
        if let Some(text) = node.text() {
            ANNOTATION.judge(node, name, Cow::Borrowed(text), found);
        }
    }
}

/// Annotations of what a CronJob and a StatefulSet make, besides Pods.
pub fn in_cron_job_and_claims<'a>(object: &Object<'a>, found: Report<'_, 'a>) {
    if object.is(&kind::CRON_JOB) {
        in_annotations(object.at(&["spec", "jobTemplate", "metadata", "annotations"]), found);
    } else if object.is(&kind::STATEFUL_SET) {
        for claim in object.at(&["spec", "volumeClaimTemplates"]).items() {
            in_annotations(claim.at(&["metadata", "annotations"]), found);
        }
    }
}

/// A copy of an object that is no JSON, read like any text.
pub fn in_unreadable_copy<'a>(annotation: Node<'a>, text: &'a str, found: Report<'_, 'a>) {
    ANNOTATION.read(annotation, &Cow::Borrowed(text), found);
}

/// Whether the JSON text of an object is worth parsing: it holds a credential, or says a name that
/// promises one. Most copies do neither.
pub fn may_assign_secrets(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_name = |b: &u8| b.is_ascii_alphanumeric() || b"_.-".contains(b);
    let names = memchr::memchr3_iter(b'"', b'=', b':', bytes).filter_map(|at| {
        let before = bytes.get(..at)?;
        let before = before.strip_suffix(b"\\").unwrap_or(before);
        let length = before.iter().rev().take(64).take_while(|b| is_name(b)).count();
        std::str::from_utf8(before.get(before.len() - length..)?).ok()
    });
    let promises = |name| matches!(name_strength(name), Some(NameStrength::Azure(_) | NameStrength::Strong));
    names.filter(|name| !name.is_empty()).any(promises) || recognise_where(bytes, |_| true).is_some()
}

/// Every credential of an object that a rule reports at the object itself, by value or by name.
pub fn in_object<'a>(object: &Object<'a>, workloads: &[Workload<'a>], found: Report<'_, 'a>) {
    for workload in workloads {
        in_env(workload, found);
        in_arguments(workload, found);
    }
    if object.is(&kind::CONFIG_MAP) {
        in_config_map(object, found);
    } else if object.is(&kind::SECRET) {
        in_secret(object, &|_| false, found);
    }
    in_custom_resource(object, workloads, found);
    in_annotations(object.annotations(), found);
    in_cron_job_and_claims(object, found);
    for workload in workloads.iter().filter(|workload| !workload.is_pod()) {
        for annotations in workload.annotation_levels() {
            in_annotations(annotations, found);
        }
    }
}

/// Strings of a custom resource that hold a credential by value. Variables, commands, scripts and annotations
/// have rules of their own.
pub fn in_custom_resource<'a>(object: &Object<'a>, workloads: &[Workload<'a>], found: Report<'_, 'a>) {
    custom_resource::strings(object, workloads, &["env", "command", "args", "source"], &mut |node, text| {
        if let Some(kind) = PLAIN.recognise(text) {
            found(Literal::whole(node, Evidence::Value(kind), Cow::Borrowed(text)));
        }
    });
}

/// A line of a text, where something was found.
struct Inside<'t> {
    key: Option<&'t str>,
    evidence: Evidence,
    line: Option<usize>,
}

impl Reading {
    /// By value, in plain text or in base64.
    fn recognise(&self, value: &str) -> Option<&'static Kind> {
        recognise_where(value.as_bytes(), self.told).or_else(|| self.recognise_in_base64(value))
    }

    fn recognise_in_base64(&self, text: &str) -> Option<&'static Kind> {
        if !may_be_base64(text) {
            return None;
        }
        recognise_where(&decode_base64(text, LONGEST)?, self.told)
    }

    /// A value and its name.
    fn evidence(&self, name: &str, value: &str) -> Option<Evidence> {
        self.recognise(value).map(Evidence::Value).or_else(|| self.by_name(name, value))
    }

    fn by_name(&self, name: &str, value: &str) -> Option<Evidence> {
        let strength = (self.strength)(name).filter(|strength| (self.counts)(*strength))?;
        match strength {
            NameStrength::Azure(what) if is_unfilled(value) => Some(Evidence::Unfilled(what)),
            _ if is_benign(value) || is_aws_key(name, value) => None,
            _ => Some(Evidence::Name(strength)),
        }
    }

    /// Judges one string of the object: as a value, or as a text that assigns values to names.
    fn judge<'a>(&self, node: Node<'a>, name: &str, text: Cow<'a, str>, found: Report<'_, 'a>) {
        if !is_document(&text) {
            return match self.evidence(name, &text) {
                Some(evidence) => found(Literal::whole(node, evidence, text)),
                None if may_assign(&text) => self.read(node, &text, found),
                None => {}
            };
        }
        let mut told = false;
        self.read(node, &text, &mut |literal| {
            told = true;
            found(literal);
        });
        let by_name = || self.by_name(name, &text).filter(|by| by.is_of_azure());
        if let Some(evidence) = if told { None } else { by_name() } {
            found(Literal::whole(node, evidence, text));
        }
    }

    /// The same for decoded bytes, which may hold another layer of base64.
    fn judge_bytes<'a>(&self, node: Node<'a>, name: &str, bytes: Vec<u8>, found: Report<'_, 'a>) {
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let kind = recognise_where(error.as_bytes(), self.told).map(Evidence::Value);
                // Nothing in binary says that it is harmless.
                if let Some(evidence) = kind.or_else(|| self.by_name(name, "binary data")) {
                    found(Literal::whole(node, evidence, Cow::Borrowed(node.text().unwrap_or_default())));
                }
                return;
            }
        };
        let inner = (text.len() >= SHORTEST_BASE64).then(|| decode_base64(text.trim(), LONGEST));
        let inner = inner.flatten().and_then(|bytes| String::from_utf8(bytes).ok());
        // An outer layer that is no text is a key that happens to be spelt in base64.
        match inner.filter(|inner| inner.contains(['=', ':', '\n', '{'])) {
            Some(inner) => self.judge(node, name, Cow::Owned(inner), found),
            None => self.judge(node, name, Cow::Owned(text), found),
        }
    }

    /// Reads a text for what it holds and what it assigns.
    #[allow(clippy::ptr_arg, reason = "a literal keeps the text for as long as it came")]
    fn read<'a>(&self, node: Node<'a>, text: &Cow<'a, str>, found: Report<'_, 'a>) {
        let mut literals: Vec<Literal<'a>> = Vec::new();
        self.look_inside(text, &mut |inside| {
            let place = match inside.key {
                Some(key) => Anchor::inside(node, key),
                None => node.into(),
            };
            let text = Cow::Borrowed("");
            literals.push(Literal { place, evidence: inside.evidence, flag: None, line: inside.line, text });
        });
        for literal in literals {
            found(Literal { text: text.clone(), ..literal });
        }
    }

    fn look_inside(&self, text: &str, found: &mut dyn FnMut(Inside<'_>)) {
        let mut hits: Vec<(&'static Kind, Range<usize>)> = Vec::new();
        recognise_all(text, &mut |kind, range| {
            if hits.len() < MOST {
                hits.push((kind, range));
            }
        });
        // The names inside a kubeconfig are part of it.
        if hits.iter().any(|(kind, _)| kind.is_kubeconfig() && !(self.told)(kind)) {
            return;
        }
        if hits.is_empty()
            && let Some(kind) = self.recognise_in_base64(text)
        {
            return found(Inside { key: None, evidence: Evidence::Value(kind), line: None });
        }
        let has_lines = text.trim_end().contains('\n');
        let mut hits = hits.into_iter().peekable();
        let mut count = 0;
        let mut told_to = 0;
        let line_of = |at: usize| {
            let before = text.as_bytes().get(..at).filter(|_| has_lines)?;
            Some(memchr::memchr_iter(b'\n', before).count() + 1)
        };
        let mut tell = |inside: Inside<'_>, count: &mut usize| {
            *count += 1;
            if *count <= MOST {
                found(inside);
            }
        };
        assignments(text, &mut |pair| {
            if count >= MOST {
                return;
            }
            // One look at the name spares most pairs the rest.
            let strength = name_strength(pair.key);
            if strength.is_none() && hits.peek().is_none() {
                return;
            }
            let Some(value) = range_in(text, pair.value) else { return };
            let line = has_lines.then_some(pair.line);
            // What stands before this value stands in no value.
            while let Some((kind, range)) = hits.next_if(|(_, range)| range.start < value.start) {
                if range.end > told_to && (self.told)(kind) {
                    tell(Inside { key: None, evidence: Evidence::Value(kind), line: line_of(range.start) }, &mut count);
                }
                told_to = told_to.max(range.end);
            }
            if value.start < told_to {
                return;
            }
            let mut strongest: Option<&'static Kind> = None;
            let mut holds = false;
            while let Some((kind, range)) = hits.next_if(|(_, range)| range.start < value.end) {
                holds = true;
                told_to = told_to.max(range.end);
                if (self.told)(kind) && strongest.is_none_or(|known| kind.class < known.class) {
                    strongest = Some(kind);
                }
            }
            let evidence = match strongest {
                Some(kind) => Some(Evidence::Value(kind)),
                None if holds => None,
                None => self.by_name_in_text(strength, pair.key, pair.value),
            };
            if holds || evidence.is_some() {
                told_to = told_to.max(value.end);
            }
            if let Some(evidence) = evidence {
                let key = Some(pair.key).filter(|key| is_speakable(key));
                tell(Inside { key, evidence, line }, &mut count);
            }
        });
        for (kind, range) in hits {
            if range.start >= told_to && (self.told)(kind) {
                told_to = range.end;
                tell(Inside { key: None, evidence: Evidence::Value(kind), line: line_of(range.start) }, &mut count);
            }
        }
    }

    /// In a text a name proves less: it may be prose, a schema, or a program that reads the secret.
    fn by_name_in_text(&self, strength: Option<NameStrength>, name: &str, value: &str) -> Option<Evidence> {
        let strength = strength.filter(|strength| (self.counts)(*strength))?;
        if let NameStrength::Azure(what) = strength
            && is_unfilled(value)
        {
            return Some(Evidence::Unfilled(what));
        }
        let is_word = !value.contains(|c: char| c.is_ascii_whitespace());
        let may_be_one = is_word && !is_code(value) && (strength != NameStrength::Weak || looks_made(value));
        if !may_be_one || benign(value).is_some() || is_aws_key(name, value) {
            return None;
        }
        Some(Evidence::Name(strength))
    }
}

/// Whether a string is a file rather than a value.
fn is_document(text: &str) -> bool {
    let text = text.trim();
    let framed = |open, close| text.starts_with(open) && text.ends_with(close);
    framed('{', '}') || framed('[', ']') || framed('<', '>') || text.contains('\n')
}

/// Whether there is anything inside to read.
fn may_assign(text: &str) -> bool {
    memchr::memchr3(b'=', b':', b'\n', text.as_bytes()).is_some()
}

/// Marks of YAML and of programs that stand where a value would.
fn is_code(value: &str) -> bool {
    let is_mark = value.len() <= 2 && value.starts_with(['|', '>']);
    is_mark
        || value.starts_with(['$', '*', '&', '`', '@'])
        || value.starts_with("!") && value.len() > 1
        || value.contains(['(', '{', '['])
        || value.contains("environ")
        || value.contains("env.")
}

/// Whether a value was made by a machine: long, and of letters and digits.
fn looks_made(value: &str) -> bool {
    value.len() >= 16
        && value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'=' | b'_' | b'-'))
        && value.bytes().any(|b| b.is_ascii_digit())
        && value.bytes().any(|b| b.is_ascii_alphabetic())
}

/// What `aws-credential` tells, whatever its name promises.
fn is_aws_key(name: &str, value: &str) -> bool {
    is_aws_secret_key(name, value) || recognise_where(value.as_bytes(), |kind| kind.class == Class::Aws).is_some()
}

/// Where `part`, a slice of `text`, lies in it.
fn range_in(text: &str, part: &str) -> Option<Range<usize>> {
    let start = part.as_ptr().addr().checked_sub(text.as_ptr().addr())?;
    let end = start.checked_add(part.len())?;
    (!part.is_empty() && end <= text.len()).then_some(start..end)
}

/// Whether a key is surely a name: a line cut in half at its `=` might show what must not be shown.
fn is_speakable(key: &str) -> bool {
    key.len() <= 100 && !key.contains("://") && recognise_where(key.as_bytes(), |_| true).is_none()
}
