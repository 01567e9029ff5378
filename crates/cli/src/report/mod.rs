//! What is told, and in which form.

mod github;
mod gitlab;
mod json;
mod sarif;
mod text;
mod uri;

use crate::Outcome;
use crate::cli::{Format, Judging};
use crate::judge::Title;
use crate::record::{Record, Subject};
use entra_auth_policy::rule::Rule;
use entra_auth_policy::rules;
use entra_auth_policy::verdict::{Action, Decision};
use manifest::Fault;
use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, IsTerminal, Write};

/// A form of report. Records come in the order of the sources, as soon as they are judged.
pub trait Report {
    /// `words` are those of [`Wording`].
    fn record(&mut self, record: &Record, words: &str) -> io::Result<()>;
    fn finish(&mut self, summary: &Summary) -> io::Result<()>;
}

/// Where a run writes to.
pub struct Streams {
    /// Told with colours; what takes them out again lies behind.
    pub out: Box<dyn Write>,
    pub err: Box<dyn Write>,
    /// Columns to make use of.
    pub width: usize,
}

impl Streams {
    /// Standard output and standard error. A pipe is as wide as any page.
    pub fn of_process() -> Streams {
        const PAGE: u16 = 120;
        let out: Box<dyn Write> = match std::io::stdout().is_terminal() {
            true => Box::new(anstream::stdout()),
            false => Box::new(io::BufWriter::new(anstream::stdout())),
        };
        let width = terminal_size::terminal_size_of(std::io::stdout()).map_or(PAGE, |(width, _)| width.0);
        Streams { out, err: Box::new(anstream::stderr()), width: width.max(40).into() }
    }
}

/// What of a report can be written down for each record by itself, on any thread.
pub type Wording = Box<dyn Fn(&Record) -> String + Sync>;

pub fn wording(cli: &Judging, streams: &Streams) -> Wording {
    match cli.format {
        Format::Text => {
            let words = text::Words::new(cli.all, streams.width);
            Box::new(move |record| words.of(record))
        }
        _ => Box::new(|_| String::new()),
    }
}

/// The report that was asked for.
pub fn open(cli: &Judging, streams: Streams) -> Box<dyn Report> {
    let Streams { out, err, .. } = streams;
    match cli.format {
        Format::Json => Box::new(json::Json::new(out, err)),
        Format::Text => Box::new(text::Text::new(out, cli.all)),
        Format::Sarif => Box::new(sarif::Sarif::new(out, err, cli.all)),
        Format::Github => Box::new(github::Github::new(out, cli.all)),
        Format::Gitlab => Box::new(gitlab::Gitlab::new(out, err, cli.all)),
    }
}

/// Whether reports that are about places list a finding: what the profile shows, or everything.
fn is_told(finding: &Decision, all: bool) -> bool {
    all || finding.denies() || finding.warns()
}

/// What a finding says: where in the object, what is wrong, what to do instead.
fn message(finding: &Decision) -> String {
    format!("{} {}. Fix: {}.", place(finding), finding.message, finding.remediation)
}

fn place(finding: &Decision) -> &str {
    match finding.location.path.as_str() {
        "" => "the object",
        path => path,
    }
}

/// The same finding in the next run, however the lines have moved: by the object, not by the place in the
/// file. `seen` counts those that are alike.
fn fingerprint(subject: &Subject, finding: &Decision, seen: &mut BTreeMap<String, usize>) -> String {
    let Title { kind, namespace, name, act } = &subject.title;
    let path = &finding.location.path;
    let print = format!("{}:{}:{kind}:{namespace}:{name}:{act}:{path}", subject.source, finding.rule.id);
    let count = seen.entry(print.clone()).or_default();
    *count += 1;
    if *count == 1 { print } else { format!("{print}:{count}") }
}

/// Tells on standard error what reports for programs have no place for.
fn tell_unread(err: &mut dyn Write, source: &str, line: usize, reason: &str) -> io::Result<()> {
    let place = if line == 0 { source.to_owned() } else { format!("{source}:{line}") };
    writeln!(err, "replay: {place}: {reason}")
}

/// What a run adds up to.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    pub allowed: usize,
    pub warned: usize,
    pub denied: usize,
    pub unread: usize,
    /// Of the unread: templates to be rendered first.
    pub templates: usize,
    /// Documents that are for other tools.
    pub passed: Passed,
    /// Objects that rules asked for and neither manifests nor dumps have.
    pub missed_lookups: usize,
    rules: Vec<RuleCount>,
}

/// Documents that are nothing to complain about, by what they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Passed {
    pub no_manifest: usize,
    pub kustomizations: usize,
    pub patches: usize,
    pub encrypted: usize,
    pub templates: usize,
}

impl Passed {
    fn count(&mut self, fault: Fault) {
        match fault {
            Fault::Kustomization => self.kustomizations += 1,
            Fault::Patch => self.patches += 1,
            Fault::Encrypted => self.encrypted += 1,
            Fault::Template => self.templates += 1,
            Fault::NoManifest | Fault::Broken => self.no_manifest += 1,
        }
    }

    pub fn total(&self) -> usize {
        self.no_manifest + self.kustomizations + self.patches + self.encrypted + self.templates
    }
}

/// How often a rule found something.
#[derive(Clone, Copy, Debug)]
pub struct RuleCount {
    pub rule: &'static Rule,
    pub denied: usize,
    pub warned: usize,
    /// Below the profile, or exempted.
    pub silent: usize,
}

impl Summary {
    pub fn count(&mut self, record: &Record) {
        match record {
            Record::Judged { evaluation, .. } => {
                match Verdict::of(&evaluation.response) {
                    Verdict::Allowed => self.allowed += 1,
                    Verdict::Warned => self.warned += 1,
                    Verdict::Denied => self.denied += 1,
                }
                for finding in &evaluation.findings {
                    let count = self.rule(finding.rule);
                    match finding.action {
                        Action::Deny => count.denied += 1,
                        Action::Warn => count.warned += 1,
                        Action::None | Action::Exempt(_) => count.silent += 1,
                    }
                }
            }
            Record::Unread { fault, .. } => {
                self.unread += 1;
                self.templates += usize::from(*fault == Fault::Template);
            }
            Record::Differ(_) => self.unread += 1,
            Record::Passed { fault, .. } => self.passed.count(*fault),
        }
    }

    fn rule(&mut self, rule: &'static Rule) -> &mut RuleCount {
        let at = self.rules.iter().position(|count| count.rule == rule).unwrap_or_else(|| {
            self.rules.push(RuleCount { rule, denied: 0, warned: 0, silent: 0 });
            self.rules.len() - 1
        });
        &mut self.rules[at]
    }

    /// In the order of the rule table.
    pub fn rules(&self) -> Vec<RuleCount> {
        let mut counts = self.rules.clone();
        counts.sort_by_key(|count| rules::all().position(|rule| rule == count.rule));
        counts
    }

    pub fn objects(&self) -> usize {
        self.allowed + self.warned + self.denied
    }

    pub fn outcome(&self) -> Outcome {
        match (self.unread, self.denied) {
            (0, 0) => Outcome::Allowed,
            (0, _) => Outcome::Denied,
            _ => Outcome::Unread,
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Summary { allowed, warned, denied, unread, .. } = self;
        write!(f, "{} objects: {allowed} allowed, {warned} warned, {denied} denied, {unread} unread", self.objects())
    }
}

/// The three things that can happen to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Allowed,
    Warned,
    Denied,
}

impl Verdict {
    pub(crate) fn of(response: &entra_auth_policy::message::Response) -> Verdict {
        match (response.accepted, response.warnings.is_empty()) {
            (false, _) => Verdict::Denied,
            (true, false) => Verdict::Warned,
            (true, true) => Verdict::Allowed,
        }
    }
}
