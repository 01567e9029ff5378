//! Annotations of a GitHub workflow: one command a line, which GitHub shows next to the lines of a change.
//!
//! <https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands#setting-an-error-message>

use super::{Report, Summary, is_shown, message, shown_in, uri};
use crate::record::Record;
use entra_auth_policy::verdict::Action;
use std::io::{self, Write};

pub(super) struct Github<W: Write> {
    out: W,
    all: bool,
}

impl<W: Write> Github<W> {
    pub(super) fn new(out: W, all: bool) -> Self {
        Github { out, all }
    }

    fn command(&mut self, name: &str, properties: &[(&str, String)], message: &str) -> io::Result<()> {
        let properties: Vec<String> =
            properties.iter().map(|(name, value)| format!("{name}={}", property(value))).collect();
        writeln!(self.out, "::{name} {}::{}", properties.join(","), data(message))
    }
}

impl<W: Write> Report for Github<W> {
    fn record(&mut self, record: &Record, _: &str) -> io::Result<()> {
        match record {
            Record::Evaluated { subject, evaluation, places, .. } => {
                let all = self.all;
                for (finding, place) in evaluation.findings.iter().zip(places).filter(|(f, _)| is_shown(f, all)) {
                    let name = match finding.action {
                        Action::Deny => "error",
                        Action::Warn => "warning",
                        Action::None | Action::Exempt(_) | Action::Excused => "notice",
                    };
                    let region = &place.region;
                    let (file, line) = shown_in(subject, region.start.line);
                    let mut properties = vec![("file", file), ("line", line.to_string())];
                    if subject.file().is_none() {
                        properties.extend([
                            ("endLine", region.end.line.to_string()),
                            ("col", region.start.column.to_string()),
                            ("endColumn", region.end.column.to_string()),
                        ]);
                    }
                    properties.push(("title", format!("{}: {}", finding.rule.id, subject.title)));
                    self.command(name, &properties, &message(finding))?;
                }
                // A denial without findings has only its message.
                if let (true, false, Some(message)) =
                    (evaluation.findings.is_empty(), evaluation.response.accepted, &evaluation.response.message)
                {
                    let (file, line) = shown_in(subject, subject.position.line);
                    let properties = [("file", file), ("line", line.to_string())];
                    self.command("error", &properties, message)?;
                }
                Ok(())
            }
            Record::Failed { source, line, reason, .. } => {
                let properties = [("file", uri::path(source)), ("line", (*line).max(1).to_string())];
                self.command("error", &properties, reason)
            }
            Record::Skipped { .. } | Record::Unchanged => Ok(()),
        }
    }

    fn finish(&mut self, summary: &Summary) -> io::Result<()> {
        writeln!(self.out, "{summary}")?;
        self.out.flush()
    }
}

/// The text of a command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property: commas and colons end it.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_cannot_be_broken_out_of() {
        let mut github = Github::new(Vec::new(), false);
        github
            .command("error", &[("file", "a,b::c%\n".to_owned()), ("line", "1".to_owned())], "x\r\n::error::y%0A")
            .unwrap();
        let text = String::from_utf8(github.out).unwrap();
        assert_eq!(text, "::error file=a%2Cb%3A%3Ac%25%0A,line=1::x%0D%0A::error::y%250A\n");
    }
}
