//! Log commands of Azure Pipelines: each becomes an issue of the run.
//!
//! <https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands#logissue-log-an-error-or-warning>

use super::{Report, Summary, is_shown, message, shown_in, uri};
use crate::record::Record;
use entra_auth_policy::verdict::Action;
use std::io::{self, Write};

pub(super) struct Azure<W: Write> {
    out: W,
    all: bool,
}

impl<W: Write> Azure<W> {
    pub(super) fn new(out: W, all: bool) -> Self {
        Azure { out, all }
    }

    fn issue(&mut self, kind: &str, place: (&str, usize, usize), code: &str, message: &str) -> io::Result<()> {
        let (file, line, column) = place;
        writeln!(
            self.out,
            "##vso[task.logissue type={kind};sourcepath={};linenumber={line};columnnumber={column};code={}]{}",
            property(file),
            property(code),
            data(message)
        )
    }
}

impl<W: Write> Report for Azure<W> {
    fn record(&mut self, record: &Record, _: &str) -> io::Result<()> {
        match record {
            Record::Evaluated { subject, evaluation, places, .. } => {
                let all = self.all;
                for (finding, place) in evaluation.findings.iter().zip(places).filter(|(f, _)| is_shown(f, all)) {
                    let start = place.region.start;
                    let (file, line) = shown_in(subject, start.line);
                    let column = if subject.file().is_some() { 1 } else { start.column };
                    let text = format!("{}: {}", subject.title, message(finding));
                    match finding.action {
                        Action::Deny => self.issue("error", (&file, line, column), finding.rule.id, &text)?,
                        Action::Warn => self.issue("warning", (&file, line, column), finding.rule.id, &text)?,
                        // There are only errors and warnings.
                        Action::None | Action::Exempt(_) | Action::Excused => {
                            writeln!(self.out, "{}:{line}: {}: {}", data(&file), finding.rule.id, data(&text))?;
                        }
                    }
                }
                // A denial without findings has only its message.
                if let (true, false, Some(message)) =
                    (evaluation.findings.is_empty(), evaluation.response.accepted, &evaluation.response.message)
                {
                    let (file, line) = shown_in(subject, subject.position.line);
                    self.issue("error", (&file, line, 1), "unreadable-object", message)?;
                }
                Ok(())
            }
            Record::Failed { source, line, reason, .. } => {
                self.issue("error", (&uri::path(source), (*line).max(1), 1), "failed", reason)
            }
            Record::Skipped { .. } | Record::Unchanged => Ok(()),
        }
    }

    fn finish(&mut self, summary: &Summary) -> io::Result<()> {
        writeln!(self.out, "{summary}")?;
        self.out.flush()
    }
}

/// The text of a command, as the agent reads it back.
fn data(text: &str) -> String {
    text.replace('%', "%AZP25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property: semicolons and brackets end it.
fn property(text: &str) -> String {
    data(text).replace(';', "%3B").replace(']', "%5D")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_cannot_be_broken_out_of() {
        let mut azure = Azure::new(Vec::new(), false);
        azure.issue("error", ("a;b]c", 1, 2), "x", "y\n##vso[task.setvariable variable=a]b%0A").unwrap();
        let text = String::from_utf8(azure.out).unwrap();
        assert_eq!(
            text,
            "##vso[task.logissue type=error;sourcepath=a%3Bb%5Dc;linenumber=1;columnnumber=2;code=x]\
             y%0A##vso[task.setvariable variable=a]b%AZP250A\n"
        );
    }
}
