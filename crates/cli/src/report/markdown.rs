//! Markdown, for a comment on a pull request or the summary of a job.

use super::{Report, RuleCount, Status, Summary, count, is_shown, place, shown_in};
use crate::record::Record;
use crate::rule_page;
use entra_auth_policy::verdict::Action;
use std::fmt::Write as _;
use std::io::{self, Write};

/// GitHub takes comments of 65,536 characters.
const LONGEST_COMMENT: usize = 60_000;

pub(super) struct Markdown<W: Write> {
    out: W,
    all: bool,
    /// Without the findings.
    summary: bool,
    denied: String,
    warned: String,
    failed: String,
    left: usize,
}

impl<W: Write> Markdown<W> {
    pub(super) fn new(out: W, all: bool, summary: bool) -> Self {
        let empty = String::new;
        Markdown { out, all, summary, denied: empty(), warned: empty(), failed: empty(), left: 0 }
    }
}

impl<W: Write> Report for Markdown<W> {
    fn record(&mut self, record: &Record, _: &str) -> io::Result<()> {
        if self.summary {
            return Ok(());
        }
        let length = self.denied.len() + self.warned.len() + self.failed.len();
        match record {
            Record::Evaluated { subject, evaluation, places, .. } => {
                let shown: Vec<_> =
                    evaluation.findings.iter().zip(places).filter(|(finding, _)| is_shown(finding, self.all)).collect();
                if shown.is_empty() && evaluation.response.accepted {
                    return Ok(());
                }
                if length > LONGEST_COMMENT {
                    self.left += 1;
                    return Ok(());
                }
                let is_denied = Status::of(&evaluation.response) == Status::Denied;
                let out = if is_denied { &mut self.denied } else { &mut self.warned };
                let (file, line) = shown_in(subject, subject.position.line);
                let _ = writeln!(
                    out,
                    "- **{}** in {}",
                    escaped(&subject.title.to_string()),
                    code(&format!("{file}:{line}"))
                );
                for (finding, at) in &shown {
                    let action = match &finding.action {
                        Action::Deny => "",
                        other => &format!("{}: ", other.as_str()),
                    };
                    let (_, line) = shown_in(subject, at.region.start.line);
                    let _ = writeln!(
                        out,
                        "  - {action}[{}]({}), line {line}: {} {}. Fix: {}.",
                        finding.rule.id,
                        rule_page::url(finding.rule),
                        code(place(finding)),
                        escaped(&finding.message),
                        escaped(&finding.remediation)
                    );
                }
                if let (true, Some(message)) = (shown.is_empty(), &evaluation.response.message) {
                    let _ = writeln!(out, "  - {}", escaped(message));
                }
            }
            Record::Failed { source, line, reason, .. } => {
                if length > LONGEST_COMMENT {
                    self.left += 1;
                } else {
                    let _ = writeln!(self.failed, "- {}: {}", code(&format!("{source}:{line}")), escaped(reason));
                }
            }
            Record::Skipped { .. } | Record::Unchanged => {}
        }
        Ok(())
    }

    fn finish(&mut self, summary: &Summary) -> io::Result<()> {
        let clean = summary.denied + summary.warned + summary.failed == 0;
        let title = if clean { "nothing to report" } else { "findings" };
        writeln!(self.out, "### Entra authentication policy: {title}\n\n{summary}.")?;
        let rules = summary.rules();
        if self.summary && !rules.is_empty() {
            writeln!(self.out, "\n| rule | deny | warn | not shown |\n|---|---|---|---|")?;
            for RuleCount { rule, denied, warned, not_shown } in rules {
                let url = rule_page::url(rule);
                writeln!(self.out, "| [{}]({url}) | {denied} | {warned} | {not_shown} |", rule.id)?;
            }
        }
        for (heading, text) in [("Denied", &self.denied), ("Failed", &self.failed)] {
            if !text.is_empty() {
                writeln!(self.out, "\n#### {heading}\n\n{}", text.trim_end())?;
            }
        }
        if !self.warned.is_empty() {
            let warned = self.warned.trim_end();
            writeln!(self.out, "\n<details>\n<summary>Warned</summary>\n\n{warned}\n\n</details>")?;
        }
        if self.left > 0 {
            writeln!(self.out, "\n{} more did not fit into this comment.", count(self.left, "object"))?;
        }
        self.out.flush()
    }
}

/// Text in which nothing is markup, a mention or a link.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // An empty comment keeps the service from finding a user.
            '@' => out.push_str("@<!-- -->"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '|' | '~' | '!' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// Code, which may contain backticks.
fn code(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if longest > 0 { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_not_markup() {
        assert_eq!(escaped("<img> @team [x](y) a_b"), "&lt;img&gt; @<!-- -->team \\[x\\](y) a\\_b");
        assert_eq!(code("a`b``c"), "``` a`b``c ```");
        assert_eq!(code("a"), "`a`");
    }
}
