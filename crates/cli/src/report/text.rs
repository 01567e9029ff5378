//! For people: a line for every object, its findings with excerpts below it, and a summary at the end.

use super::{DEFINED_HERE, Report, Status, Summary, count, place};
use crate::args::Check;
use crate::record::{Fixable, Record, Subject};
use crate::rule_page;
use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Element, Level, Origin, Renderer, Snippet};
use anstyle::{AnsiColor, Style};
use entra_auth_policy::verdict::{Action, Decision};
use manifest::{Fault, Place, Region};
use std::fmt::{self, Write as _};
use std::io::{self, Write};

pub(super) struct Text<W: Write> {
    out: W,
    all: bool,
    /// Without totals.
    quiet: bool,
    /// The last record ended with findings: a blank line comes before the next.
    apart: bool,
    /// The command that fixes what is found.
    fix: String,
}

/// Renders records, on any thread: rendering some takes longer than their evaluation.
pub(super) struct RecordRenderer {
    /// Also the findings that the profile does not show.
    all: bool,
    renderer: Renderer,
}

const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
const GREEN: Style = AnsiColor::Green.on_default().bold();
const MAGENTA: Style = AnsiColor::Magenta.on_default().bold();
const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

impl RecordRenderer {
    pub(super) fn new(all: bool, width: usize) -> Self {
        RecordRenderer { all, renderer: Renderer::styled().decor_style(DecorStyle::Ascii).term_width(width) }
    }

    pub(super) fn render(&self, record: &Record) -> String {
        let mut out = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(record, &mut out);
        out
    }

    /// What is wrong, the line with the fault, and what to do instead.
    fn finding(&self, out: &mut String, subject: &Subject, finding: &Decision, at: &Place) -> fmt::Result {
        let level = match &finding.action {
            Action::Deny => Level::ERROR.with_name("deny"),
            Action::Warn => Level::WARNING.with_name("warn"),
            Action::None => Level::NOTE.with_name("low"),
            Action::Exempt(_) => Level::NOTE.with_name("exempt"),
            Action::Excused => Level::NOTE.with_name("excused"),
        };
        let title = format!("{} {}", place(finding), finding.message);
        let title = level.primary_title(title).id(finding.rule.id).id_url(rule_page::url(finding.rule));
        let mut elements = vec![excerpt(subject, &at.region, None)];
        elements.extend(at.defined.iter().map(|defined| excerpt(subject, defined, Some(DEFINED_HERE))));
        elements.push(match &finding.action {
            Action::Exempt(reason) => Level::NOTE.with_name("reason").message(&**reason).into(),
            _ => Level::HELP.with_name("fix").message(&*finding.remediation).into(),
        });
        elements.push(Level::NOTE.with_name("see").message(rule_page::url(finding.rule)).into());
        let mut rendered = self.renderer.render(&[title.elements(elements)]);
        for region in std::iter::once(&at.region).chain(&at.defined) {
            rendered = with_true_column(rendered, subject, region);
        }
        writeln!(out, "{rendered}")
    }

    fn write(&self, record: &Record, out: &mut String) -> fmt::Result {
        match record {
            Record::Evaluated { subject, evaluation, places, .. } => {
                let (style, status) = match Status::of(&evaluation.response) {
                    Status::Allowed => (GREEN, "allowed"),
                    Status::Warned => (YELLOW, "warned"),
                    Status::Denied => (RED, "denied"),
                };
                let mut place = subject.place();
                if let Some(template) = &subject.template {
                    place = format!("{place} ({})", template.file.as_ref().unwrap_or(&template.name));
                }
                head(out, style, status, &subject.title.to_string(), &place)?;
                let mut not_shown = 0;
                for (finding, place) in evaluation.findings.iter().zip(places) {
                    if finding.action == Action::None && !self.all {
                        not_shown += 1;
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
                if not_shown > 0 {
                    let low = count(not_shown, "finding");
                    writeln!(out, "  {DIM}{low} not shown (--all shows them){DIM:#}")?;
                }
                Ok(())
            }
            Record::Failed { source, line, reason, .. } => {
                let place = if *line == 0 { source.clone() } else { format!("{source}:{line}") };
                head(out, MAGENTA, "failed", &place, "")?;
                writeln!(out, "         {reason}")
            }
            // A chart's values do not need a separate line; a file from which another tool makes objects does.
            Record::Skipped { source, fault, reason } if *fault != Fault::NoManifest => {
                head(out, DIM, "skipped", source, reason)
            }
            Record::Skipped { .. } | Record::Unchanged => Ok(()),
        }
    }
}

/// The line of an object: status, object and place, aligned for names of usual length.
fn head(out: &mut String, style: Style, status: &str, title: &str, place: &str) -> fmt::Result {
    match place {
        "" => writeln!(out, "{style}{status:<8}{style:#} {BOLD}{title}{BOLD:#}"),
        place => writeln!(out, "{style}{status:<8}{style:#} {BOLD}{title:<44}{BOLD:#} {DIM}{place}{DIM:#}"),
    }
}

/// Whether the rendered record ends with findings.
fn ends_with_findings(record: &Record, all: bool) -> bool {
    let Record::Evaluated { evaluation, .. } = record else { return false };
    evaluation.findings.iter().any(|finding| all || finding.action != Action::None)
}

impl<W: Write> Text<W> {
    pub(super) fn new(out: W, args: &Check) -> Self {
        Text { out, all: args.all, quiet: args.quiet, apart: false, fix: fix_command(args) }
    }

    /// How many findings have a fix, and how to make it.
    fn fixable(&mut self, summary: &Summary) -> io::Result<()> {
        let Fixable { safe, suggested } = summary.fixable;
        let (all, fix) = (count(summary.shown(), "finding"), &self.fix);
        match (safe, suggested) {
            (0, 0) => Ok(()),
            (0, number) => {
                writeln!(self.out, "{number} of {all} can be fixed with a decision or an id: {fix} --suggested")
            }
            (number, 0) => writeln!(self.out, "{number} of {all} can be fixed: {fix}"),
            (number, more) => {
                writeln!(self.out, "{number} of {all} can be fixed: {fix} ({more} more with --suggested)")
            }
        }
    }

    fn table(&mut self, summary: &Summary) -> io::Result<()> {
        let counts = summary.rules();
        let Some(width) = counts.iter().map(|count| count.rule.id.len()).max() else { return Ok(()) };
        writeln!(self.out)?;
        writeln!(self.out, "  {DIM}{:<width$}  {:>5}  {:>5}  {:>9}{DIM:#}", "rule", "deny", "warn", "not shown")?;
        for count in counts {
            // Zeros are left blank.
            let cell = |number: usize| if number == 0 { String::new() } else { number.to_string() };
            let (deny, warn, not_shown) = (cell(count.denied), cell(count.warned), cell(count.not_shown));
            let line = format!("  {:<width$}  {deny:>5}  {warn:>5}  {not_shown:>9}", count.rule.id);
            writeln!(self.out, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

impl<W: Write> Report for Text<W> {
    fn record(&mut self, record: &Record, rendered: &str) -> io::Result<()> {
        if !rendered.is_empty() {
            if std::mem::replace(&mut self.apart, ends_with_findings(record, self.all)) {
                writeln!(self.out)?;
            }
            self.out.write_all(rendered.as_bytes())?;
        }
        Ok(())
    }

    fn finish(&mut self, summary: &Summary) -> io::Result<()> {
        if self.quiet {
            return self.out.flush();
        }
        self.table(summary)?;
        let mut parts = Vec::new();
        for (style, number, word) in [
            (GREEN, summary.allowed, "allowed"),
            (YELLOW, summary.warned, "warned"),
            (RED, summary.denied, "denied"),
            (MAGENTA, summary.failed, "failed"),
        ] {
            let style = if number == 0 { DIM } else { style };
            parts.push(format!("{style}{number} {word}{style:#}"));
        }
        writeln!(self.out)?;
        writeln!(self.out, "{}: {}", count(summary.objects(), "object"), parts.join(", "))?;
        if summary.templates > 0 {
            let templates = count(summary.templates, "template");
            writeln!(self.out, "{templates} among the failed: render first, then check the output")?;
        }
        let skipped = summary.skipped;
        if skipped.total() > 0 {
            let kinds = [
                (skipped.no_manifest, "without `apiVersion` and `kind`"),
                (skipped.kustomizations, "to build with kustomize first"),
                (skipped.patches, "to apply as patches first"),
                (skipped.encrypted, "to decrypt with sops first"),
                (skipped.templates, "to render first"),
            ];
            let kinds: Vec<String> = kinds
                .iter()
                .filter(|(number, _)| *number > 0)
                .map(|(number, what)| format!("{number} {what}"))
                .collect();
            writeln!(self.out, "{} skipped: {}", count(skipped.total(), "document"), kinds.join(", "))?;
        }
        if summary.unchanged + summary.unchanged_files > 0 {
            let objects = (summary.unchanged > 0).then(|| count(summary.unchanged, "object"));
            let files = (summary.unchanged_files > 0).then(|| count(summary.unchanged_files, "file"));
            let unchanged: Vec<String> = objects.into_iter().chain(files).collect();
            writeln!(self.out, "{} unchanged, left out (--unchanged reports them)", unchanged.join(" and "))?;
        }
        self.fixable(summary)?;
        if summary.missed_lookups > 0 {
            let missed = count(summary.missed_lookups, "object");
            writeln!(
                self.out,
                "{missed} looked up but not found in the manifests: --cluster FILE adds a dump of the cluster"
            )?;
        }
        self.out.flush()
    }
}

/// `entra-auth fix` with the paths and settings of a check, where they need no quotes.
fn fix_command(args: &Check) -> String {
    let mut words: Vec<String> = args.paths.iter().map(|path| path.display().to_string()).collect();
    let policy = &args.policy;
    let settings = policy.settings.as_ref().map(|file| file.display().to_string());
    for (option, value) in [("--settings", &settings), ("--policy", &policy.policy), ("--profile", &policy.profile)] {
        words.extend(value.iter().flat_map(|value| [option.to_owned(), value.clone()]));
    }
    let is_plain = |word: &String| word.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
    let is_short = args.paths.len() <= 3 && words.iter().all(is_plain);
    format!("entra-auth fix {}", if is_short { words.join(" ") } else { "PATH".to_owned() })
}

/// A line of a source with the region underlined. Some lines cannot be shown: then only the place.
fn excerpt<'r>(subject: &'r Subject, region: &'r Region, label: Option<&'r str>) -> Element<'r> {
    let shown = &region.excerpt;
    if shown.text.is_empty() {
        return Origin::path(&*subject.source).line(region.start.line).char_column(region.start.column).into();
    }
    let kind = if label.is_none() { AnnotationKind::Primary } else { AnnotationKind::Context };
    let annotation = kind.span(shown.span.clone()).label(label);
    Snippet::source(&*shown.text).path(&*subject.source).line_start(region.start.line).annotation(annotation).into()
}

/// The library takes the column from the shown line, and has no way to set another. A mask earlier in the line moves it.
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
