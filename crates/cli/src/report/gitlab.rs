//! GitLab's code quality report, which merge requests show next to the lines of a change.
//!
//! <https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format>

use super::{Report, Summary, fingerprint, is_shown, message, shown_in, write_failure};
use crate::record::Record;
use entra_auth_policy::verdict::Action;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{self, Write};

pub(super) struct Gitlab<O: Write, E: Write> {
    out: O,
    err: E,
    all: bool,
    seen: BTreeMap<String, usize>,
    issues: Vec<Value>,
}

impl<O: Write, E: Write> Gitlab<O, E> {
    pub(super) fn new(out: O, err: E, all: bool) -> Self {
        Gitlab { out, err, all, seen: BTreeMap::new(), issues: Vec::new() }
    }
}

impl<O: Write, E: Write> Report for Gitlab<O, E> {
    fn record(&mut self, record: &Record, _: &str) -> io::Result<()> {
        match record {
            Record::Evaluated { subject, evaluation, places, .. } => {
                for (finding, place) in evaluation.findings.iter().zip(places).filter(|(f, _)| is_shown(f, self.all)) {
                    let severity = match finding.action {
                        Action::Deny => "critical",
                        Action::Warn => "minor",
                        Action::None | Action::Exempt(_) | Action::Excused => "info",
                    };
                    let (path, line) = shown_in(subject, place.region.start.line);
                    self.issues.push(json!({
                        "description": format!("{}: {}", subject.title, message(finding)),
                        "check_name": finding.rule.id,
                        "fingerprint": fingerprint(subject, finding, &mut self.seen),
                        "severity": severity,
                        "location": {
                            "path": path,
                            "lines": {"begin": line},
                        },
                    }));
                }
                Ok(())
            }
            Record::Failed { source, line, reason, .. } => write_failure(&mut self.err, source, *line, reason),
            Record::Skipped { .. } | Record::Unchanged => Ok(()),
        }
    }

    fn finish(&mut self, _: &Summary) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut self.out, &self.issues)?;
        writeln!(self.out)?;
        self.out.flush()
    }
}
