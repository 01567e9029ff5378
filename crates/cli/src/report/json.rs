//! For programs: one JSON object per line. Failures are on standard error too.

use super::{Report, Summary, write_failure};
use crate::record::Record;
use crate::rule_page;
use serde::Serialize;
use std::io::{self, Write};

pub(super) struct Json<O: Write, E: Write> {
    out: O,
    err: E,
}

#[derive(Serialize)]
struct Line<'r> {
    source: &'r str,
    index: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "str::is_empty")]
    kind: &'r str,
    #[serde(skip_serializing_if = "str::is_empty")]
    namespace: &'r str,
    #[serde(skip_serializing_if = "str::is_empty")]
    name: &'r str,
    /// `UPDATE` if there was one before, or the operation of a request.
    #[serde(skip_serializing_if = "str::is_empty")]
    operation: &'r str,
    /// The chart's template that it was rendered from.
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<&'r str>,
    allowed: bool,
    findings: Vec<Finding<'r>>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    warnings: &'r [String],
    /// What kubectl would print.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'r str>,
    /// Why there is no evaluation: then `allowed` is false and there are no findings.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'r str>,
}

#[derive(Serialize)]
struct Finding<'r> {
    rule: &'r str,
    severity: &'r str,
    action: &'r str,
    path: &'r str,
    /// Within the object.
    pointer: &'r str,
    /// Within the source. Objects of a cluster have no lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    message: &'r str,
    fix: &'r str,
    /// The rule's page.
    help: String,
}

impl<O: Write, E: Write> Json<O, E> {
    pub(super) fn new(out: O, err: E) -> Self {
        Json { out, err }
    }
}

impl<O: Write, E: Write> Report for Json<O, E> {
    fn record(&mut self, record: &Record, _: &str) -> io::Result<()> {
        let line = match record {
            Record::Evaluated { subject, evaluation, places, .. } => {
                let findings = evaluation.findings.iter().zip(places).map(|(found, place)| Finding {
                    rule: found.rule.id,
                    severity: found.severity.as_str(),
                    action: found.action.as_str(),
                    path: &found.location.path,
                    pointer: &found.location.pointer,
                    line: Some(place.region.start.line).filter(|line| *line > 0),
                    column: Some(place.region.start.column).filter(|column| *column > 0),
                    message: &found.message,
                    fix: &found.remediation,
                    help: rule_page::url(found.rule),
                });
                Line {
                    source: &subject.source,
                    index: subject.index,
                    line: Some(subject.position.line).filter(|line| *line > 0),
                    kind: &subject.title.kind,
                    namespace: &subject.title.namespace,
                    name: &subject.title.name,
                    operation: &subject.title.act,
                    template: subject
                        .template
                        .as_ref()
                        .map(|template| template.file.as_ref().unwrap_or(&template.name).as_str()),
                    allowed: evaluation.response.accepted,
                    findings: findings.collect(),
                    warnings: &evaluation.response.warnings,
                    message: evaluation.response.message.as_deref(),
                    error: None,
                }
            }
            Record::Failed { source, index, line, reason, .. } => {
                write_failure(&mut self.err, source, *line, reason)?;
                Line {
                    source,
                    index: *index,
                    line: Some(*line).filter(|line| *line > 0),
                    kind: "",
                    namespace: "",
                    name: "",
                    operation: "",
                    template: None,
                    allowed: false,
                    findings: Vec::new(),
                    warnings: &[],
                    message: None,
                    error: Some(reason),
                }
            }
            Record::Skipped { .. } | Record::Unchanged => return Ok(()),
        };
        serde_json::to_writer(&mut self.out, &line)?;
        self.out.write_all(b"\n")
    }

    fn finish(&mut self, _: &Summary) -> io::Result<()> {
        self.out.flush()
    }
}
