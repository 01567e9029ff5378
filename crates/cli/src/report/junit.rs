//! JUnit XML: a test for every object, which fails if the object is denied.

use super::{Report, Summary, is_shown, message, shown_in};
use crate::record::Record;
use std::fmt::Write as _;
use std::io::{self, Write};

pub(super) struct Junit<W: Write> {
    out: W,
    all: bool,
    cases: String,
    tests: usize,
    failures: usize,
    errors: usize,
}

impl<W: Write> Junit<W> {
    pub(super) fn new(out: W, all: bool) -> Self {
        Junit { out, all, cases: String::new(), tests: 0, failures: 0, errors: 0 }
    }
}

impl<W: Write> Report for Junit<W> {
    fn record(&mut self, record: &Record, _: &str) -> io::Result<()> {
        let out = &mut self.cases;
        match record {
            Record::Evaluated { subject, evaluation, places, .. } => {
                self.tests += 1;
                let (file, line) = shown_in(subject, subject.position.line);
                let head = format!(
                    "    <testcase classname=\"{}\" name=\"{}\" file=\"{}\" line=\"{line}\" time=\"0\"",
                    escaped(&file),
                    escaped(&subject.title.to_string()),
                    escaped(&file)
                );
                let shown: Vec<String> = evaluation
                    .findings
                    .iter()
                    .zip(places)
                    .filter(|(finding, _)| is_shown(finding, self.all))
                    .map(|(finding, place)| {
                        let (file, line) = shown_in(subject, place.region.start.line);
                        let action = finding.action.as_str();
                        format!("{action} [{}] {file}:{line}: {}", finding.rule.id, message(finding))
                    })
                    .collect();
                let text = shown.join("\n");
                if evaluation.response.accepted {
                    let _ = match text.is_empty() {
                        true => writeln!(out, "{head}/>"),
                        false => {
                            writeln!(out, "{head}>\n      <system-out>{}</system-out>\n    </testcase>", escaped(&text))
                        }
                    };
                } else {
                    self.failures += 1;
                    let denied = evaluation.findings.iter().find(|finding| finding.denies());
                    let rule = denied.map_or("unreadable-object", |finding| finding.rule.id);
                    let first = evaluation.response.message.as_deref().unwrap_or_default();
                    let text = if text.is_empty() { first } else { &text };
                    let first = first.lines().next().unwrap_or_default();
                    let _ = writeln!(
                        out,
                        "{head}>\n      <failure type=\"{rule}\" message=\"{}\">{}</failure>\n    </testcase>",
                        escaped(first),
                        escaped(text)
                    );
                }
            }
            Record::Failed { source, line, reason, .. } => {
                self.tests += 1;
                self.errors += 1;
                let source = escaped(source);
                let _ = writeln!(
                    out,
                    "    <testcase classname=\"{source}\" name=\"line {line}\" time=\"0\">\n      \
                     <error type=\"failed\" message=\"{}\"/>\n    </testcase>",
                    escaped(reason)
                );
            }
            Record::Skipped { .. } | Record::Unchanged => {}
        }
        Ok(())
    }

    fn finish(&mut self, _: &Summary) -> io::Result<()> {
        let counts = format!("tests=\"{}\" failures=\"{}\" errors=\"{}\"", self.tests, self.failures, self.errors);
        writeln!(self.out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
        writeln!(self.out, "<testsuites {counts} time=\"0\">")?;
        writeln!(self.out, "  <testsuite name=\"entra-auth\" {counts} skipped=\"0\" time=\"0\">")?;
        self.out.write_all(self.cases.as_bytes())?;
        writeln!(self.out, "  </testsuite>\n</testsuites>")?;
        self.out.flush()
    }
}

/// Text of an element or attribute. XML 1.0 has no way to write most control characters.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push_str("&#9;"),
            c if c < ' ' || ('\u{7f}'..='\u{9f}').contains(&c) || matches!(c, '\u{fffe}' | '\u{ffff}') => {
                out.push('\u{fffd}')
            }
            c => out.push(c),
        }
    }
    out
}
