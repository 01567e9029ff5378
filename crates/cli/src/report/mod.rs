//! The report formats.

mod azure;
mod github;
mod gitlab;
mod json;
mod junit;
mod markdown;
mod sarif;
mod text;
mod uri;

pub(crate) use markdown::escaped;

use crate::Outcome;
use crate::args::{Check, FailOn, Format, Output};
use crate::record::{Fixable, Record, Subject};
use crate::rule_page;
use crate::title::{Title, UPDATE};
use anyhow::Context;
use clap::ValueEnum;
use entra_auth_policy::rule::Rule;
use entra_auth_policy::rules;
use entra_auth_policy::verdict::{Action, Decision};
use manifest::Fault;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::rc::Rc;

/// A report. Records come in the order of the sources, as soon as they are evaluated.
pub trait Report {
    /// `rendered` is what the [`Renderer`] made of the record.
    fn record(&mut self, record: &Record, rendered: &str) -> io::Result<()>;
    fn finish(&mut self, summary: &Summary) -> io::Result<()>;
}

/// Where a run writes to.
pub struct Streams {
    /// Takes text with colours; the writer removes them where they are not wanted.
    pub out: Box<dyn Write>,
    pub err: Box<dyn Write>,
    /// The columns to use.
    pub width: usize,
}

impl Streams {
    /// Standard output and standard error. A pipe has the width of a page.
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

/// The part of a report that is made from each record alone, on any thread.
pub type Renderer = Box<dyn Fn(&Record) -> String + Sync>;

pub fn renderer(args: &Check, streams: &Streams) -> Renderer {
    match has_text(args) && !args.summary {
        true => {
            let renderer = text::RecordRenderer::new(args.all, streams.width);
            Box::new(move |record| renderer.render(record))
        }
        false => Box::new(|_| String::new()),
    }
}

/// Whether people read a text.
pub(crate) fn has_text(args: &Check) -> bool {
    outputs(args).iter().any(|output| output.format == Format::Text)
}

/// The formats of the command line. If all of them go to files, people still read the text.
fn outputs(args: &Check) -> Vec<Output> {
    let mut outputs = args.format.clone();
    if outputs.iter().all(|output| output.file.is_some()) {
        outputs.push(Output { format: Format::Text, file: None });
    }
    outputs
}

/// All reports of a run.
pub struct Reports {
    reports: Vec<Box<dyn Report>>,
    pub err: Shared,
}

/// A stream that several reports write to.
#[derive(Clone)]
pub struct Shared(Rc<RefCell<Box<dyn Write>>>);

impl Shared {
    fn new(stream: Box<dyn Write>) -> Shared {
        Shared(Rc::new(RefCell::new(stream)))
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.borrow_mut().flush()
    }
}

impl Reports {
    pub fn record(&mut self, record: &Record, rendered: &str) -> io::Result<()> {
        self.reports.iter_mut().try_for_each(|report| report.record(record, rendered))
    }

    pub fn finish(&mut self, summary: &Summary) -> io::Result<()> {
        self.reports.iter_mut().try_for_each(|report| report.finish(summary))
    }
}

/// The reports in the formats of the command line.
pub fn open(args: &Check, streams: Streams) -> anyhow::Result<Reports> {
    let (out, err) = (Shared::new(streams.out), Shared::new(streams.err));
    let outputs = outputs(args);
    if outputs.iter().filter(|output| output.file.is_none()).count() > 1 {
        anyhow::bail!("--format: one format can go to standard output; write the others as `FORMAT=FILE`");
    }
    for (at, output) in outputs.iter().enumerate() {
        if let Some(file) = &output.file
            && outputs.iter().take(at).any(|other| other.file.as_ref() == Some(file))
        {
            anyhow::bail!("--format: two formats are written to {}", file.display());
        }
    }
    let has_totals = |output: &Output| matches!(output.format, Format::Text | Format::Markdown);
    if let Some(output) = outputs.iter().find(|output| args.summary && output.file.is_none() && !has_totals(output)) {
        let name = output.format.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
        anyhow::bail!(
            "--summary: `{name}` has no totals; leave --summary out, or write the report to a file: {name}=FILE"
        );
    }
    // Each failure is on standard error once.
    let mut failures: Box<dyn Write> = Box::new(err.clone());
    let mut reports = Vec::new();
    for Output { format, file } in outputs {
        let out: Box<dyn Write> = match &file {
            None => Box::new(out.clone()),
            Some(file) => {
                let open = File::create(file).with_context(|| format!("--format: {}", file.display()))?;
                Box::new(anstream::StripStream::new(Box::new(BufWriter::new(open)) as Box<dyn Write>))
            }
        };
        let all = args.all;
        let mut failures = || std::mem::replace(&mut failures, Box::new(io::sink()));
        let report: Box<dyn Report> = match format {
            Format::Json => Box::new(json::Json::new(out, failures())),
            Format::Text => Box::new(text::Text::new(out, args)),
            Format::Sarif => Box::new(sarif::Sarif::new(out, failures(), all)),
            Format::Github => Box::new(github::Github::new(out, all)),
            Format::Gitlab => Box::new(gitlab::Gitlab::new(out, failures(), all)),
            Format::Junit => Box::new(junit::Junit::new(out, all)),
            Format::Azure => Box::new(azure::Azure::new(out, all)),
            Format::Markdown => Box::new(markdown::Markdown::new(out, all, args.summary)),
        };
        reports.push(report);
    }
    Ok(Reports { reports, err })
}

/// Writes the lines of the JSON report.
#[cfg(any(feature = "cluster", feature = "mcp"))]
pub(crate) fn write_lines(records: &[Record], out: &mut dyn Write) -> io::Result<()> {
    let mut report = json::Json::new(out, io::sink());
    records.iter().try_for_each(|record| report.record(record, ""))
}

/// The lines of the JSON report.
#[cfg(feature = "mcp")]
pub(crate) fn values(records: &[Record]) -> anyhow::Result<Vec<serde_json::Value>> {
    let mut text = Vec::new();
    write_lines(records, &mut text)?;
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    Ok(lines.map(serde_json::from_slice).collect::<Result<_, _>>()?)
}

/// Whether reports list a finding: the profile shows it, or everything is shown.
pub(crate) fn is_shown(finding: &Decision, all: bool) -> bool {
    all || finding.denies() || finding.warns()
}

/// A finding in one text: where in the object, what is wrong, what to do instead, and the rule's page.
fn message(finding: &Decision) -> String {
    format!(
        "{} {}. Fix: {}. See {}",
        place(finding),
        finding.message,
        finding.remediation,
        rule_page::url(finding.rule)
    )
}

/// The label of the place that an alias or a merge key refers to.
const DEFINED_HERE: &str = "the value is defined here";

pub(crate) fn place(finding: &Decision) -> &str {
    match finding.location.path.as_str() {
        "" => "the object",
        path => path,
    }
}

/// Identifies a finding from run to run. It depends on the object and not on lines, which move. `seen` counts findings
/// that are alike.
fn fingerprint(subject: &Subject, finding: &Decision, seen: &mut BTreeMap<String, usize>) -> String {
    let Title { kind, namespace, name, act, .. } = &subject.title;
    // A finding is the same whether the object is new or was there before.
    let act = if act == UPDATE { "" } else { act };
    let path = &finding.location.path;
    let print = format!("{}:{}:{kind}:{namespace}:{name}:{act}:{path}", subject.source, finding.rule.id);
    let count = seen.entry(print.clone()).or_default();
    *count += 1;
    if *count == 1 { print } else { format!("{print}:{count}") }
}

/// Writes a failure to standard error, for formats that have no place for it.
fn write_failure(err: &mut dyn Write, source: &str, line: usize, reason: &str) -> io::Result<()> {
    let place = if line == 0 { source.to_owned() } else { format!("{source}:{line}") };
    writeln!(err, "error: {place}: {reason}")
}

/// `1 object`, `2 objects`.
pub(crate) fn count(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

/// The file that a finding is shown in, and its line: the template if the manifest was rendered from one.
fn shown_in(subject: &Subject, line: usize) -> (String, usize) {
    match subject.file() {
        Some(file) => (uri::path(file), 1),
        None => (uri::path(&subject.source), line),
    }
}

/// The totals of a run.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    pub allowed: usize,
    pub warned: usize,
    pub denied: usize,
    pub failed: usize,
    /// Of the failed: templates to render first.
    pub templates: usize,
    /// Documents for other tools.
    pub skipped: Skipped,
    /// Objects that are as before, and whole files.
    pub unchanged: usize,
    pub unchanged_files: usize,
    fail_on: FailOn,
    /// Objects that rules looked up and neither manifests nor dumps contain.
    pub missed_lookups: usize,
    pub fixable: Fixable,
    rules: Vec<RuleCount>,
}

/// Skipped documents, by what they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Skipped {
    pub no_manifest: usize,
    pub kustomizations: usize,
    pub patches: usize,
    pub encrypted: usize,
    pub templates: usize,
}

impl Skipped {
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

/// The findings of a rule.
#[derive(Clone, Copy, Debug)]
pub struct RuleCount {
    pub rule: &'static Rule,
    pub denied: usize,
    pub warned: usize,
    /// Below the profile's threshold, or exempted.
    pub not_shown: usize,
}

impl Summary {
    pub fn new(fail_on: FailOn) -> Summary {
        Summary { fail_on, ..Summary::default() }
    }

    pub fn count(&mut self, record: &Record) {
        match record {
            Record::Evaluated { evaluation, fixable, .. } => {
                self.fixable.safe += fixable.safe;
                self.fixable.suggested += fixable.suggested;
                match Status::of(&evaluation.response) {
                    Status::Allowed => self.allowed += 1,
                    Status::Warned => self.warned += 1,
                    Status::Denied => self.denied += 1,
                }
                for finding in &evaluation.findings {
                    let count = self.rule(finding.rule);
                    match finding.action {
                        Action::Deny => count.denied += 1,
                        Action::Warn => count.warned += 1,
                        Action::None | Action::Exempt(_) | Action::Excused => count.not_shown += 1,
                    }
                }
            }
            Record::Failed { fault, .. } => {
                self.failed += 1;
                self.templates += usize::from(*fault == Fault::Template);
            }
            Record::Skipped { fault, .. } => self.skipped.count(*fault),
            Record::Unchanged => self.unchanged += 1,
        }
    }

    fn rule(&mut self, rule: &'static Rule) -> &mut RuleCount {
        let at = self.rules.iter().position(|count| count.rule == rule).unwrap_or_else(|| {
            self.rules.push(RuleCount { rule, denied: 0, warned: 0, not_shown: 0 });
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

    /// Findings that the profile shows.
    pub fn shown(&self) -> usize {
        self.rules.iter().map(|count| count.denied + count.warned).sum()
    }

    pub fn objects(&self) -> usize {
        self.allowed + self.warned + self.denied
    }

    pub fn outcome(&self) -> Outcome {
        let fails = match self.fail_on {
            FailOn::Deny => self.denied > 0,
            FailOn::Warn => self.denied + self.warned > 0,
            FailOn::Never => false,
        };
        match (self.failed, fails) {
            (0, false) => Outcome::Allowed,
            (0, true) => Outcome::Denied,
            _ => Outcome::Failed,
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Summary { allowed, warned, denied, failed, .. } = self;
        let objects = count(self.objects(), "object");
        write!(f, "{objects}: {allowed} allowed, {warned} warned, {denied} denied, {failed} failed")
    }
}

/// What happens to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Allowed,
    Warned,
    Denied,
}

impl Status {
    pub(crate) fn of(response: &entra_auth_policy::message::Response) -> Status {
        match (response.accepted, response.warnings.is_empty()) {
            (false, _) => Status::Denied,
            (true, false) => Status::Warned,
            (true, true) => Status::Allowed,
        }
    }
}
