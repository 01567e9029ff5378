//! What is told, and in which form.

mod json;
mod text;

use crate::Outcome;
use crate::cli::{Cli, Format};
use crate::record::Record;
use entra_auth_policy::rule::Rule;
use entra_auth_policy::rules;
use entra_auth_policy::verdict::Action;
use manifest::Fault;
use std::io;

/// A form of report. Records come in the order of the sources, as soon as they are judged.
pub trait Report {
    fn record(&mut self, record: &Record) -> io::Result<()>;
    fn finish(&mut self, summary: &Summary) -> io::Result<()>;
}

/// The report that was asked for, on standard output.
pub fn open(cli: &Cli) -> Box<dyn Report> {
    let out = anstream::stdout();
    match cli.format {
        Format::Json => Box::new(json::Json::new(std::io::stdout(), std::io::stderr())),
        Format::Text => Box::new(text::Text::new(out, cli.all)),
    }
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
    /// Documents in folders that claim to be no Kubernetes object.
    pub passed: usize,
    /// Objects that rules asked for and neither manifests nor dumps have.
    pub missed_lookups: usize,
    rules: Vec<RuleCount>,
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
            Record::Passed { .. } => self.passed += 1,
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
