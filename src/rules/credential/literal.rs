//! Whether a string is a fixed credential: what the rules of this group report.
//!
//! A value is judged first, then its name. What has a rule of its own is left to it: AWS keys to
//! `aws-credential`, kubeconfigs in ConfigMaps, Secrets and annotations to `kubeconfig-static`.

use super::wording::{azure, generic};
use crate::anchor::{Anchor, digest};
use crate::finding::{Compared, Finding, Severity};
use crate::rule::RuleContext;
use crate::texts::{Hit, Origin, Text};
use crate::value_hints::ValueHints;
use credentials::{
    Class, CredentialKind, NameStrength, benign, is_aws_secret_key, is_azure_credential_variable, is_benign,
    is_unfilled, name_strength, names_a_secret, recognise_where,
};
use text::shown;

/// Why a string is taken for a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// The value is one.
    Value(&'static CredentialKind),
    /// The name says so, and the value does not say otherwise.
    Name(NameStrength),
    /// The name is that of an Azure secret, the value a placeholder. No credential yet, but the place where
    /// one is about to be put.
    Unfilled(&'static str),
    /// It cannot be read, for this reason.
    Unreadable(&'static str),
}

impl Evidence {
    pub fn severity(self) -> Severity {
        match self {
            Evidence::Value(_) | Evidence::Name(NameStrength::Azure(_)) | Evidence::Unreadable(_) => Severity::High,
            Evidence::Name(NameStrength::Strong) => Severity::Medium,
            Evidence::Name(NameStrength::Weak) | Evidence::Unfilled(_) => Severity::Low,
        }
    }

    /// Whether workload identity replaces it.
    pub fn is_of_azure(self) -> bool {
        match self {
            Evidence::Value(kind) => matches!(kind.class, Class::Azure | Class::Registry | Class::Kubernetes),
            Evidence::Name(strength) => matches!(strength, NameStrength::Azure(_)),
            Evidence::Unfilled(_) => true,
            Evidence::Unreadable(_) => false,
        }
    }

    /// What a finding says. `name` is that of the credential. The key of a Secret has no context that would say whose it is.
    fn message(self, name: &str, is_key_of_secret: bool) -> String {
        match self {
            Evidence::Value(kind) => format!("holds {}", kind.what),
            Evidence::Name(NameStrength::Azure(what)) if is_key_of_secret => format!("holds {}", azure(name, what)),
            Evidence::Name(NameStrength::Azure(what)) => format!("holds {what}"),
            Evidence::Name(NameStrength::Strong) => format!("holds {}, going by its name", generic(name)),
            Evidence::Name(NameStrength::Weak) => "is named like a secret".to_owned(),
            Evidence::Unfilled(what) => format!("has a placeholder for {what}"),
            Evidence::Unreadable(why) => why.to_owned(),
        }
    }
}

/// A credential in a string.
pub struct Literal<'t> {
    pub evidence: Evidence,
    /// The name that it is assigned to inside the string.
    key: Option<&'t str>,
    /// The flag that an argument belongs to, for people.
    flag: Option<&'t str>,
    /// Its line in a text of several, counted from one.
    line: Option<usize>,
}

impl<'t> Literal<'t> {
    /// One that is the whole string.
    pub fn whole(evidence: Evidence) -> Self {
        Literal { evidence, key: None, flag: None, line: None }
    }

    /// One that is assigned to `key` inside the string.
    pub fn at(key: Option<&'t str>, evidence: Evidence) -> Self {
        Literal { key, ..Literal::whole(evidence) }
    }

    fn report<'c, 'a>(self, cx: &'c mut RuleContext<'a>, text: &Text<'a>) -> &'c mut Finding<'a> {
        let is_key_of_secret = self.key.is_none() && text.is_secret_data();
        let mut message = self.evidence.message(self.flag.or(self.key).unwrap_or(text.name), is_key_of_secret);
        if let Some(flag) = self.flag {
            message = format!("{message} ({})", shown(flag));
        }
        if let Some(line) = self.line {
            message = format!("{message} (line {line})");
        }
        let anchor: Anchor<'a> = self.key.map_or_else(|| text.anchor(), |key| text.inside(key));
        cx.report(anchor, message).severity(self.evidence.severity()).compare_rotated()
    }
}

/// Most credentials reported of one text: the size of an answer must not follow the size of the text.
const MOST_OF_TEXT: usize = 20;

/// The credentials of one text: the worst of them, and how many more there are.
#[derive(Default)]
pub struct Worst<'t> {
    /// By severity, those of Azure before others.
    worst: [Vec<Literal<'t>>; 4],
    /// The keys of the others as digests, with the severity of each.
    others: Vec<(Option<u64>, Severity)>,
    /// Whether one of the others is replaced by workload identity.
    others_of_azure: bool,
}

impl<'t> Worst<'t> {
    pub fn add(&mut self, literal: Literal<'t>) {
        let [of_azure, high, medium, low] = &mut self.worst;
        let known = match literal.evidence.severity() {
            Severity::High if literal.evidence.is_of_azure() => of_azure,
            Severity::High => high,
            Severity::Medium => medium,
            Severity::Low => low,
        };
        if known.len() < MOST_OF_TEXT { known.push(literal) } else { self.leave_out(&literal) }
    }

    pub fn is_empty(&self) -> bool {
        self.worst.iter().all(Vec::is_empty)
    }

    fn leave_out(&mut self, literal: &Literal<'t>) {
        self.others.push((literal.key.map(digest), literal.evidence.severity()));
        self.others_of_azure |= literal.evidence.is_of_azure();
    }

    /// Reports the worst, and the others in one finding. `finish` gets each finding, and whether workload identity
    /// replaces what it is about.
    pub fn report<'a>(
        mut self,
        cx: &mut RuleContext<'a>,
        text: &Text<'a>,
        finish: &mut dyn FnMut(&mut Finding<'a>, bool),
    ) {
        let mut room = MOST_OF_TEXT;
        for mut literals in std::mem::take(&mut self.worst) {
            for literal in literals.split_off(room.min(literals.len())) {
                self.leave_out(&literal);
            }
            room -= literals.len();
            for literal in literals {
                let of_azure = literal.evidence.is_of_azure();
                finish(literal.report(cx, text), of_azure);
            }
        }
        if let Some(worst) = self.others.iter().map(|(_, severity)| *severity).max() {
            let count = self.others.len();
            let finding = cx.report(text.anchor(), format!("holds {count} more of what this rule reports"));
            finish(finding.severity(worst), self.others_of_azure);
            for (_, severity) in &mut self.others {
                *severity = finding.severity.min(*severity);
            }
            finding.compared = Compared::Many(self.others);
        }
    }
}

/// How the strings of one origin are read.
struct Reading {
    /// The kinds of credential that are reported here.
    reports: fn(&CredentialKind) -> bool,
    /// What the name of a whole string promises.
    strength: fn(&str) -> Option<NameStrength>,
    /// The names that count here.
    counts: fn(NameStrength) -> bool,
}

static PLAIN: Reading = Reading { reports: is_not_aws, strength: name_strength, counts: |_| true };
static CONFIG_MAP: Reading = Reading { reports: has_no_other_rule, ..PLAIN };
/// Annotations are named after the Secrets they refer to: weak words mean nothing there.
static ANNOTATION: Reading = Reading { counts: |strength| strength != NameStrength::Weak, ..CONFIG_MAP };
/// Parameters are often named after the Secrets they refer to as well.
static PARAMETER: Reading = Reading { reports: is_not_aws, ..ANNOTATION };
/// A Secret is the place for passwords; only for Azure is there something better.
static SECRET: Reading = Reading {
    reports: is_azure,
    strength: |key| is_azure_credential_variable(key).map(NameStrength::Azure),
    counts: |strength| matches!(strength, NameStrength::Azure(_)),
};

fn is_not_aws(kind: &CredentialKind) -> bool {
    kind.class != Class::Aws
}

fn has_no_other_rule(kind: &CredentialKind) -> bool {
    is_not_aws(kind) && !kind.is_kubeconfig()
}

fn is_azure(kind: &CredentialKind) -> bool {
    kind.class == Class::Azure
}

/// Reports every credential of a string. Workload identity replaces those of Azure; others belong in a Secret.
pub fn report_with_advice<'a>(cx: &mut RuleContext<'a>, text: &Text<'a>) {
    report_with(cx, text, &mut |finding, of_azure| {
        if !of_azure {
            finding.remediation(
                "take it from a Secret or, with the CSI driver, from Key Vault; rotate what was written here",
            );
        }
    });
}

/// Reports every credential of a string. `finish` gets each finding, and whether workload identity replaces what it is
/// about.
pub fn report_with<'a>(cx: &mut RuleContext<'a>, text: &Text<'a>, finish: &mut dyn FnMut(&mut Finding<'a>, bool)) {
    // Most texts that are read have nothing to report.
    let mut worst: Option<Worst<'_>> = None;
    find(text, &mut |literal| worst.get_or_insert_default().add(literal));
    if let Some(worst) = worst {
        worst.report(cx, text, finish);
    }
}

/// Calls `found` with every credential of a string.
pub fn find<'t>(text: &'t Text<'_>, found: &mut dyn FnMut(Literal<'t>)) {
    let reading = match text.source {
        // A copy of a Secret is not one.
        Origin::Data if text.is_secret_data() && text.origin == Origin::Data => &SECRET,
        Origin::Data => &CONFIG_MAP,
        Origin::Annotation | Origin::LastApplied => &ANNOTATION,
        Origin::Volume | Origin::Parameter => &PARAMETER,
        _ => &PLAIN,
    };
    if let Some(why) = text.unreadable {
        found(Literal::whole(Evidence::Unreadable(why)));
    }
    match text.source {
        source if source.is_nameless() => {
            if let Some(kind) = reading.recognise(text) {
                found(Literal::whole(Evidence::Value(kind)));
            }
        }
        Origin::Script | Origin::LastApplied => reading.read(text, found),
        source if source.is_run() => reading.judge_argument(text, found),
        _ if text.is_binary => {
            let kind = reading.recognise(text).map(Evidence::Value);
            // Nothing in binary says that it is harmless.
            if let Some(evidence) = kind.or_else(|| reading.by_name(text.name, "binary data")) {
                found(Literal::whole(evidence));
            }
        }
        _ => reading.judge(text, found),
    }
}

impl Reading {
    /// By value, in plain text or in base64.
    fn recognise(&self, text: &Text<'_>) -> Option<&'static CredentialKind> {
        if !text.hints.any(ValueHints::CREDENTIAL) {
            return None;
        }
        // The strongest; of equals, the first.
        let strongest = text.hits().iter().map(|(kind, _)| *kind).filter(|kind| (self.reports)(kind));
        strongest.min_by_key(|kind| kind.class).or_else(|| self.recognise_in_base64(text))
    }

    fn recognise_in_base64(&self, text: &Text<'_>) -> Option<&'static CredentialKind> {
        recognise_where(text.decoded()?, self.reports)
    }

    /// A value and its name.
    fn evidence(&self, text: &Text<'_>) -> Option<Evidence> {
        self.recognise(text).map(Evidence::Value).or_else(|| {
            let strength = text.strength.or_else(|| (self.strength)(text.name));
            self.by_strength(strength, text.name, &text.value)
        })
    }

    fn by_name(&self, name: &str, value: &str) -> Option<Evidence> {
        self.by_strength((self.strength)(name), name, value)
    }

    fn by_strength(&self, strength: Option<NameStrength>, name: &str, value: &str) -> Option<Evidence> {
        let strength = strength.filter(|strength| (self.counts)(*strength))?;
        match strength {
            NameStrength::Azure(what) if is_unfilled(value) => Some(Evidence::Unfilled(what)),
            _ if is_benign(value) || names_a_secret(name, value) || is_aws_key(name, value) => None,
            _ => Some(Evidence::Name(strength)),
        }
    }

    /// Judges a string: as a value, or as a text that assigns values to names.
    fn judge<'t>(&self, text: &'t Text<'_>, found: &mut dyn FnMut(Literal<'t>)) {
        if !is_document(&text.value) {
            return match self.evidence(text) {
                Some(evidence) => found(Literal::whole(evidence)),
                None if may_assign(text) => self.read(text, found),
                None => {}
            };
        }
        let mut is_reported = false;
        self.read(text, &mut |literal| {
            is_reported = true;
            found(literal);
        });
        let by_name = || self.by_name(text.name, &text.value).filter(|by| by.is_of_azure());
        if let Some(evidence) = if is_reported { None } else { by_name() } {
            found(Literal::whole(evidence));
        }
    }

    /// Judges a word of a command line, which may be a command line itself.
    fn judge_argument<'t>(&self, text: &'t Text<'_>, found: &mut dyn FnMut(Literal<'t>)) {
        if text.value.contains(|c: char| c.is_ascii_whitespace()) {
            return self.read(text, found);
        }
        let flag = (!text.name.is_empty()).then_some(text.name);
        match self.evidence(text) {
            Some(evidence) => found(Literal { flag, ..Literal::whole(evidence) }),
            None if may_assign(text) => self.read(text, found),
            None => {}
        }
    }

    /// Reads a text for what it holds and what it assigns.
    fn read<'t>(&self, text: &'t Text<'_>, found: &mut dyn FnMut(Literal<'t>)) {
        let hits = text.hits();
        // The names inside a kubeconfig are part of it.
        let is_left_to_other = hits.iter().any(|(kind, _)| kind.is_kubeconfig() && !(self.reports)(kind));
        if hits.is_empty()
            && let Some(kind) = self.recognise_in_base64(text)
        {
            return found(Literal::whole(Evidence::Value(kind)));
        }
        let has_lines = text.value.trim_end().contains('\n');
        // Hits are in order, so each line is counted once.
        let (mut counted_to, mut line) = (0, 1);
        let mut line_of = |at: usize| {
            let more = text.value.as_bytes().get(counted_to..at).filter(|_| has_lines)?;
            line += memchr::memchr_iter(b'\n', more).count();
            counted_to = at;
            Some(line)
        };
        let mut alone =
            |(kind, range): &Hit| Literal { line: line_of(range.start), ..Literal::whole(Evidence::Value(kind)) };
        let mut hits = hits.iter().peekable();
        // What lies before this offset is reported.
        let mut reported_to = 0;
        for pair in if is_left_to_other { &[] } else { text.pairs() } {
            let value = &pair.value;
            // What comes before this value is in no value.
            while let Some(hit) = hits.next_if(|(_, range)| range.start < value.start) {
                let (kind, range) = hit;
                if (self.reports)(kind) {
                    found(alone(hit));
                }
                reported_to = reported_to.max(range.end);
            }
            if value.start < reported_to {
                continue;
            }
            let mut strongest: Option<&'static CredentialKind> = None;
            let mut holds = false;
            while let Some((kind, range)) = hits.next_if(|(_, range)| range.start < value.end) {
                holds = true;
                reported_to = reported_to.max(range.end);
                if (self.reports)(kind) && strongest.is_none_or(|known| kind.class < known.class) {
                    strongest = Some(kind);
                }
            }
            let evidence = match strongest {
                Some(kind) => Some(Evidence::Value(kind)),
                None if holds => None,
                None => self.by_name_in_text(text.key_of(pair), text.value_of(pair), pair.strength),
            };
            if holds || evidence.is_some() {
                reported_to = reported_to.max(value.end);
            }
            if let Some(evidence) = evidence {
                let key = Some(text.key_of(pair)).filter(|key| is_surely_a_name(key));
                found(Literal { line: has_lines.then_some(pair.line), ..Literal::at(key, evidence) });
            }
        }
        for hit in hits {
            if (self.reports)(hit.0) {
                found(alone(hit));
            }
        }
    }

    /// In a text a name proves less: it may be prose, a schema, or a program that reads the secret.
    fn by_name_in_text(&self, name: &str, value: &str, strength: Option<NameStrength>) -> Option<Evidence> {
        let strength = strength.filter(|strength| (self.counts)(*strength))?;
        if let NameStrength::Azure(what) = strength
            && is_unfilled(value)
        {
            return Some(Evidence::Unfilled(what));
        }
        let is_word = !value.contains(|c: char| c.is_ascii_whitespace());
        let may_be_one = is_word && !is_code(value) && (strength != NameStrength::Weak || looks_made(value));
        if !may_be_one || benign(value).is_some() || names_a_secret(name, value) || is_aws_key(name, value) {
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
fn may_assign(text: &Text<'_>) -> bool {
    let value = &*text.value;
    let words = || [" -", "ENV ", "setx "].iter().any(|word| value.contains(word));
    text.hints.any(ValueHints::ASSIGNS) && (memchr::memchr3(b'=', b':', b'\n', value.as_bytes()).is_some() || words())
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

/// Whether `aws-credential` reports it, whatever its name promises.
fn is_aws_key(name: &str, value: &str) -> bool {
    is_aws_secret_key(name, value) || recognise_where(value.as_bytes(), |kind| kind.class == Class::Aws).is_some()
}

/// Whether a key is surely a name: a line cut in half at its `=` might show what must not be shown.
fn is_surely_a_name(key: &str) -> bool {
    key.len() <= 100 && !key.contains("://") && recognise_where(key.as_bytes(), |_| true).is_none()
}
