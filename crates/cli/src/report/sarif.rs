//! SARIF 2.1.0: what code scanning services and editors read.
//!
//! <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>

use super::{DEFINED_HERE, Report, Summary, fingerprint, is_shown, message, uri, write_failure};
use crate::fix::carried::{Carried, Change};
use crate::record::{Record, Subject};
use crate::rule_page;
use entra_auth_policy::finding::Severity;
use entra_auth_policy::rule::Rule;
use entra_auth_policy::verdict::{Action, Decision};
use manifest::{Place, Region};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{self, Write};

pub(super) struct Sarif<O: Write, E: Write> {
    out: O,
    err: E,
    all: bool,
    seen: BTreeMap<String, usize>,
    results: Vec<Value>,
    notifications: Vec<Value>,
}

impl<O: Write, E: Write> Sarif<O, E> {
    pub(super) fn new(out: O, err: E, all: bool) -> Self {
        Sarif { out, err, all, seen: BTreeMap::new(), results: Vec::new(), notifications: Vec::new() }
    }
}

impl<O: Write, E: Write> Report for Sarif<O, E> {
    fn record(&mut self, record: &Record, _: &str) -> io::Result<()> {
        match record {
            Record::Evaluated { subject, evaluation, places, fixes, .. } => {
                for (at, (finding, place)) in evaluation.findings.iter().zip(places).enumerate() {
                    // Exemptions too: SARIF has a field for the reason.
                    if is_shown(finding, self.all) || matches!(finding.action, Action::Exempt(_) | Action::Excused) {
                        let print = fingerprint(subject, finding, &mut self.seen);
                        let mut result = result(subject, finding, place, &subject.title.to_string(), print);
                        if let Some(Some(carried)) = fixes.get(at) {
                            result["fixes"] = json!([fix(subject, carried)]);
                        }
                        self.results.push(result);
                    }
                }
                Ok(())
            }
            Record::Failed { source, line, reason, .. } => {
                let mut location = json!({"artifactLocation": {"uri": uri::of(source)}});
                if *line > 0 {
                    location["region"] = json!({"startLine": line});
                }
                self.notifications.push(json!({
                    "level": "error",
                    "message": {"text": reason},
                    "locations": [{"physicalLocation": location}],
                }));
                write_failure(&mut self.err, source, *line, reason)
            }
            Record::Skipped { .. } | Record::Unchanged => Ok(()),
        }
    }

    fn finish(&mut self, summary: &Summary) -> io::Result<()> {
        let log = json!({
            "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
            "version": "2.1.0",
            "runs": [{
                "tool": {"driver": {
                    "name": "entra-auth-policy",
                    "informationUri": env!("CARGO_PKG_REPOSITORY"),
                    "semanticVersion": env!("CARGO_PKG_VERSION"),
                    "rules": rule_page::rules().map(|(group, rule)| descriptor(group, rule)).collect::<Vec<_>>(),
                }},
                "invocations": [{
                    "executionSuccessful": summary.failed == 0,
                    "toolExecutionNotifications": self.notifications,
                }],
                "columnKind": "unicodeCodePoints",
                "results": self.results,
            }],
        });
        serde_json::to_writer_pretty(&mut self.out, &log)?;
        writeln!(self.out)?;
        self.out.flush()
    }
}

fn descriptor(group: &str, rule: &Rule) -> Value {
    let page = rule_page::of(rule);
    let url = rule_page::url(rule);
    // GitHub sorts by this number: its `high` begins at 7, its `medium` at 4.
    let (level, security) = match rule.severity {
        Severity::High => ("error", "8.0"),
        Severity::Medium => ("warning", "5.0"),
        Severity::Low => ("note", "2.0"),
    };
    json!({
        "id": rule.id,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": page.sentence.replace('\n', " ")},
        "help": {
            "text": format!("{} To fix it: {}. {url}", page.sentence.replace('\n', " "), rule.remediation),
            "markdown": format!("{}\n\n**Fix:** {}\n\n{}\n\n[{}]({url})", page.sentence, rule.remediation, page.body, rule.id),
        },
        "helpUri": url,
        "defaultConfiguration": {"level": level},
        "properties": {
            "tags": ["security", "kubernetes", "entra", group.to_lowercase()],
            "precision": "high",
            "security-severity": security,
        },
    })
}

fn result(subject: &Subject, finding: &Decision, place: &Place, title: &str, print: String) -> Value {
    let level = match finding.action {
        Action::Deny => "error",
        Action::Warn => "warning",
        Action::None | Action::Exempt(_) | Action::Excused => "note",
    };
    let mut result = json!({
        "ruleId": finding.rule.id,
        "ruleIndex": rule_page::rules().position(|(_, rule)| rule == finding.rule),
        "level": level,
        "message": {"text": format!("{title}: {}", message(finding))},
        "locations": [{
            "physicalLocation": physical(subject, &place.region),
            "logicalLocations": [{
                "fullyQualifiedName": format!("{title} {}", finding.location.path),
                "kind": "member",
            }],
        }],
        "partialFingerprints": {"entraAuthPolicy/v1": print},
    });
    if let Some(defined) = &place.defined {
        result["relatedLocations"] = json!([{
            "id": 1,
            "message": {"text": DEFINED_HERE},
            "physicalLocation": physical(subject, defined),
        }]);
    }
    if let Action::Exempt(reason) = &finding.action {
        result["suppressions"] = json!([{"kind": "external", "status": "accepted", "justification": **reason}]);
    }
    result
}

/// The edits of the file that resolve the finding.
fn fix(subject: &Subject, carried: &Carried) -> Value {
    let replacement = |Change { start, end, text }: &Change| {
        json!({
            "deletedRegion": {
                "startLine": start.line,
                "startColumn": start.column,
                "endLine": end.line,
                "endColumn": end.column,
            },
            "insertedContent": {"text": text},
        })
    };
    json!({
        "description": {"text": carried.title},
        "artifactChanges": [{
            "artifactLocation": {"uri": uri::of(&subject.source)},
            "replacements": carried.changes.iter().map(replacement).collect::<Vec<_>>(),
        }],
    })
}

fn physical(subject: &Subject, region: &Region) -> Value {
    // Lines of a rendered text are not those of its template.
    if let Some(file) = subject.file() {
        return json!({"artifactLocation": {"uri": uri::of(file)}});
    }
    let mut lines = json!({"startLine": region.start.line, "startColumn": region.start.column});
    if region.end > region.start {
        lines["endLine"] = json!(region.end.line);
        lines["endColumn"] = json!(region.end.column);
    }
    json!({"artifactLocation": {"uri": uri::of(&subject.source)}, "region": lines})
}
