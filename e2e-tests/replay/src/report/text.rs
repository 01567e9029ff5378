//! For people: a line for every object, its findings with their fixes below, a summary at the end.

use super::{Report, Summary, Verdict};
use crate::record::Record;
use anstyle::{AnsiColor, Style};
use entra_auth_policy::verdict::{Action, Judgement};
use manifest::Position;
use std::io::{self, Write};

pub struct Text<W: Write> {
    out: W,
    /// Findings below the profile as well.
    all: bool,
}

const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
const GREEN: Style = AnsiColor::Green.on_default().bold();
const MAGENTA: Style = AnsiColor::Magenta.on_default().bold();
const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

impl<W: Write> Text<W> {
    pub fn new(out: W, all: bool) -> Self {
        Text { out, all }
    }

    /// The line of an object: verdict, object, place, aligned as far as the usual names go.
    fn head(&mut self, style: Style, verdict: &str, title: &str, place: &str) -> io::Result<()> {
        writeln!(self.out, "{style}{verdict:<8}{style:#} {BOLD}{title:<44}{BOLD:#} {DIM}{place}{DIM:#}")
    }

    fn finding(&mut self, finding: &Judgement, position: Position) -> io::Result<()> {
        let (style, action) = match &finding.action {
            Action::Deny => (RED, "deny"),
            Action::Warn => (YELLOW, "warn"),
            Action::None => (DIM, "low"),
            Action::Exempt(_) => (DIM, "exempt"),
        };
        let place = match finding.location.path.as_str() {
            "" => "the object",
            path => path,
        };
        let rule = finding.rule.id;
        write!(self.out, "  {style}{action:<6}{style:#} {BOLD}{rule}{BOLD:#}")?;
        write!(self.out, " {DIM}line {}{DIM:#}", position.line)?;
        match &finding.action {
            Action::Exempt(reason) => writeln!(self.out, "{DIM}, for a reason: {reason}{DIM:#}"),
            _ => {
                writeln!(self.out, "\n         {place} {}", finding.what)?;
                writeln!(self.out, "         {GREEN}fix:{GREEN:#} {}", finding.fix)
            }
        }
    }

    fn table(&mut self, summary: &Summary) -> io::Result<()> {
        let counts = summary.rules();
        let Some(width) = counts.iter().map(|count| count.rule.id.len()).max() else { return Ok(()) };
        writeln!(self.out)?;
        writeln!(self.out, "  {DIM}{:<width$}  {:>5}  {:>5}  {:>6}{DIM:#}", "rule", "deny", "warn", "silent")?;
        for count in counts {
            // A nought says nothing, so a gap stands for it.
            let cell = |number: usize| if number == 0 { String::new() } else { number.to_string() };
            let (deny, warn, silent) = (cell(count.denied), cell(count.warned), cell(count.silent));
            let line = format!("  {:<width$}  {deny:>5}  {warn:>5}  {silent:>6}", count.rule.id);
            writeln!(self.out, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

impl<W: Write> Report for Text<W> {
    fn record(&mut self, record: &Record) -> io::Result<()> {
        match record {
            Record::Judged { subject, evaluation, positions } => {
                let (style, verdict) = match Verdict::of(&evaluation.response) {
                    Verdict::Allowed => (GREEN, "allowed"),
                    Verdict::Warned => (YELLOW, "warned"),
                    Verdict::Denied => (RED, "denied"),
                };
                self.head(style, verdict, &subject.title.to_string(), &subject.place())?;
                let mut silent = 0;
                for (finding, position) in evaluation.findings.iter().zip(positions) {
                    if finding.action == Action::None && !self.all {
                        silent += 1;
                    } else {
                        self.finding(finding, *position)?;
                    }
                }
                let mut expired: Vec<&str> = evaluation.findings.iter().filter_map(|f| f.expired.as_deref()).collect();
                expired.sort_unstable();
                expired.dedup();
                for note in expired {
                    writeln!(self.out, "  {YELLOW}note{YELLOW:#}   {note}")?;
                }
                if evaluation.findings.is_empty()
                    && let Some(message) = &evaluation.response.message
                {
                    writeln!(self.out, "         {message}")?;
                }
                if silent > 0 {
                    let low = count(silent, "finding");
                    writeln!(self.out, "  {DIM}{low} below the profile (--all shows them){DIM:#}")?;
                }
                Ok(())
            }
            Record::Unread { source, line, reason, .. } => {
                let place = if *line == 0 { source.clone() } else { format!("{source}:{line}") };
                self.head(MAGENTA, "unread", &place, "")?;
                writeln!(self.out, "         {reason}")
            }
            Record::Differ(_) | Record::Passed { .. } => Ok(()),
        }
    }

    fn finish(&mut self, summary: &Summary) -> io::Result<()> {
        self.table(summary)?;
        let mut parts = Vec::new();
        for (style, number, word) in [
            (GREEN, summary.allowed, "allowed"),
            (YELLOW, summary.warned, "warned"),
            (RED, summary.denied, "denied"),
            (MAGENTA, summary.unread, "unread"),
        ] {
            let style = if number == 0 { DIM } else { style };
            parts.push(format!("{style}{number} {word}{style:#}"));
        }
        writeln!(self.out)?;
        writeln!(self.out, "{}: {}", count(summary.objects(), "object"), parts.join(", "))?;
        if summary.templates > 0 {
            let templates = count(summary.templates, "template");
            writeln!(self.out, "{templates} among the unread: render first, then judge what comes out")?;
        }
        if summary.passed > 0 {
            let passed = count(summary.passed, "document");
            writeln!(self.out, "{passed} in folders passed over: neither `apiVersion` nor `kind`")?;
        }
        if summary.missed_lookups > 0 {
            let missed = count(summary.missed_lookups, "object");
            writeln!(
                self.out,
                "{missed} looked up but not among the manifests: --cluster FILE adds a dump of the cluster"
            )?;
        }
        self.out.flush()
    }
}

fn count(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}
