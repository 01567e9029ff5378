//! For people: a line for every object, its findings with the lines they are about below, a summary at the
//! end.

use super::{Report, Summary, Verdict, place};
use crate::record::{Record, Subject};
use crate::rule_page;
use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Element, Level, Origin, Renderer, Snippet};
use anstyle::{AnsiColor, Style};
use entra_auth_policy::verdict::{Action, Decision};
use manifest::{Fault, Place, Region};
use std::fmt::{self, Write as _};
use std::io::{self, Write};

pub struct Text<W: Write> {
    out: W,
    all: bool,
    /// Findings were shown last: a line of its own sets apart what comes next.
    apart: bool,
}

/// Puts records into words, on as many threads as there are: that takes longer than to judge some of them.
pub struct Words {
    /// Findings below the profile as well.
    all: bool,
    renderer: Renderer,
}

const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
const GREEN: Style = AnsiColor::Green.on_default().bold();
const MAGENTA: Style = AnsiColor::Magenta.on_default().bold();
const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

impl Words {
    pub fn new(all: bool, width: usize) -> Self {
        Words { all, renderer: Renderer::styled().decor_style(DecorStyle::Ascii).term_width(width) }
    }

    pub fn of(&self, record: &Record) -> String {
        let mut out = String::new();
        // A text takes everything that is written to it.
        let _ = self.write(record, &mut out);
        out
    }

    /// What is wrong, the line that says so, and what to do instead.
    fn finding(&self, out: &mut String, subject: &Subject, finding: &Decision, at: &Place) -> fmt::Result {
        let level = match &finding.action {
            Action::Deny => Level::ERROR.with_name("deny"),
            Action::Warn => Level::WARNING.with_name("warn"),
            Action::None => Level::NOTE.with_name("low"),
            Action::Exempt(_) => Level::NOTE.with_name("exempt"),
        };
        let title = format!("{} {}", place(finding), finding.message);
        let title = level.primary_title(title).id(finding.rule.id).id_url(rule_page::url(finding.rule));
        let mut elements = vec![excerpt(subject, &at.region, None)];
        elements.extend(at.defined.iter().map(|defined| excerpt(subject, defined, Some("what is meant stands here"))));
        elements.push(match &finding.action {
            Action::Exempt(reason) => Level::NOTE.with_name("reason").message(reason).into(),
            _ => Level::HELP.with_name("fix").message(&*finding.remediation).into(),
        });
        let group = title.elements(elements);
        let mut rendered = self.renderer.render(&[group]);
        for region in std::iter::once(&at.region).chain(&at.defined) {
            rendered = with_true_column(rendered, subject, region);
        }
        writeln!(out, "{rendered}")
    }

    fn write(&self, record: &Record, out: &mut String) -> fmt::Result {
        match record {
            Record::Judged { subject, evaluation, places } => {
                let (style, verdict) = match Verdict::of(&evaluation.response) {
                    Verdict::Allowed => (GREEN, "allowed"),
                    Verdict::Warned => (YELLOW, "warned"),
                    Verdict::Denied => (RED, "denied"),
                };
                head(out, style, verdict, &subject.title.to_string(), &subject.place())?;
                let mut silent = 0;
                for (finding, place) in evaluation.findings.iter().zip(places) {
                    if finding.action == Action::None && !self.all {
                        silent += 1;
                    } else {
                        self.finding(out, subject, finding, place)?;
                    }
                }
                let mut expired: Vec<&str> = evaluation.findings.iter().filter_map(|f| f.expired.as_deref()).collect();
                expired.sort_unstable();
                expired.dedup();
                for note in expired {
                    writeln!(out, "  {YELLOW}note{YELLOW:#}   {note}")?;
                }
                if evaluation.findings.is_empty()
                    && let Some(message) = &evaluation.response.message
                {
                    writeln!(out, "         {message}")?;
                }
                if silent > 0 {
                    let low = count(silent, "finding");
                    writeln!(out, "  {DIM}{low} below the profile (--all shows them){DIM:#}")?;
                }
                Ok(())
            }
            Record::Unread { source, line, reason, .. } => {
                let place = if *line == 0 { source.clone() } else { format!("{source}:{line}") };
                head(out, MAGENTA, "unread", &place, "")?;
                writeln!(out, "         {reason}")
            }
            // Nobody wonders about a chart's values; what would be an object once rendered is named.
            Record::Passed { source, fault, reason } if *fault != Fault::NoManifest => {
                head(out, DIM, "skipped", source, reason)
            }
            Record::Differ(_) | Record::Passed { .. } => Ok(()),
        }
    }
}

/// The line of an object: verdict, object, place, aligned as far as the usual names go.
fn head(out: &mut String, style: Style, verdict: &str, title: &str, place: &str) -> fmt::Result {
    writeln!(out, "{style}{verdict:<8}{style:#} {BOLD}{title:<44}{BOLD:#} {DIM}{place}{DIM:#}")
}

/// Whether the words of the record end with what findings say.
fn ends_with_findings(record: &Record, all: bool) -> bool {
    let Record::Judged { evaluation, .. } = record else { return false };
    evaluation.findings.iter().any(|finding| all || finding.action != Action::None)
}

impl<W: Write> Text<W> {
    pub fn new(out: W, all: bool) -> Self {
        Text { out, all, apart: false }
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
    fn record(&mut self, record: &Record, words: &str) -> io::Result<()> {
        if !words.is_empty() {
            if std::mem::replace(&mut self.apart, ends_with_findings(record, self.all)) {
                writeln!(self.out)?;
            }
            self.out.write_all(words.as_bytes())?;
        }
        Ok(())
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
        let passed = summary.passed;
        if passed.total() > 0 {
            let kinds = [
                (passed.no_manifest, "without `apiVersion` and `kind`"),
                (passed.kustomizations, "to build with kustomize first"),
                (passed.patches, "to apply as patches first"),
                (passed.encrypted, "to decrypt with sops first"),
                (passed.templates, "to render first"),
            ];
            let kinds: Vec<String> = kinds
                .iter()
                .filter(|(number, _)| *number > 0)
                .map(|(number, what)| format!("{number} {what}"))
                .collect();
            writeln!(self.out, "{} passed over: {}", count(passed.total(), "document"), kinds.join(", "))?;
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

/// A line of a source with what is meant underlined. Of what cannot be shown, only the place.
fn excerpt<'r>(subject: &'r Subject, region: &'r Region, label: Option<&'r str>) -> Element<'r> {
    let shown = &region.excerpt;
    if shown.text.is_empty() {
        return Origin::path(&*subject.source).line(region.start.line).char_column(region.start.column).into();
    }
    let kind = if label.is_none() { AnnotationKind::Primary } else { AnnotationKind::Context };
    let annotation = kind.span(shown.span.clone()).label(label);
    Snippet::source(&*shown.text).path(&*subject.source).line_start(region.start.line).annotation(annotation).into()
}

/// The library counts columns in what is shown; a mask before what is meant is as long as it likes.
fn with_true_column(rendered: String, subject: &Subject, region: &Region) -> String {
    let before = region.excerpt.text.get(..region.excerpt.span.start).unwrap_or_default();
    let shown = before.chars().count() + 1;
    let Region { start, excerpt, .. } = region;
    if shown == start.column || excerpt.text.is_empty() {
        return rendered;
    }
    let place = |column: usize| format!("{}:{}:{column}", subject.source, start.line);
    rendered.replacen(&place(shown), &place(start.column), 1)
}

fn count(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}
