//! `entra-auth fix`: writes what findings say to write.

pub(crate) mod carried;
mod compare;
pub(crate) mod engine;
pub(crate) mod patch;
pub(crate) mod secrets;

use crate::args::{self, Check, Policy};
use crate::config::Config;
use crate::files::{Batch, File};
use crate::inputs::Walk;
use crate::report::Streams;
use crate::{Outcome, settings};
use anstyle::{AnsiColor, Style};
use anyhow::{Result, bail};
use clap::Args;
use engine::{Engine, Fixed, Sheet, Wanted, reason_key};
use entra_auth_policy::settings::Date;
use fixes::{Answer, Safety, row};
use manifest::Fault;
use rayon::ThreadPoolBuilder;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::PathBuf;

pub(crate) const AFTER_HELP: &str = "\
Examples:
  entra-auth fix deploy/                           what is certain
  entra-auth fix --diff deploy/ | git apply        the same as a patch
  entra-auth fix --suggested --rule workload-identity-no-client-id deploy/

Comments, anchors, quotes and blank lines stay. A fix is made only if its finding is gone afterwards and no other is new.

Exit status: 0 if nothing that is denied is left, 1 if something is, 2 if something failed.";

/// Fixes manifests.
#[derive(Args, Clone, Debug)]
pub struct Fix {
    /// Manifests (YAML or JSON), folders of them, or `-` for standard input, which is written to standard output
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Also write fixes that need a decision or an id; `<...>` marks what to fill in
    #[arg(long)]
    pub suggested: bool,

    /// Print a patch for `git apply`, and write no file
    #[arg(long)]
    pub diff: bool,

    /// Fix only findings of this rule; can be repeated
    #[arg(long, value_name = "RULE", value_parser = args::rule)]
    pub rule: Vec<String>,

    #[command(flatten)]
    pub policy: Policy,

    /// Also answer look-ups from a dump of the cluster; can be repeated
    #[arg(long = "cluster", value_name = "FILE")]
    pub dumps: Vec<PathBuf>,

    /// Do not walk into files and folders that match, in the syntax of `.gitignore`; can be repeated
    #[arg(long, value_name = "GLOB")]
    pub skip: Vec<String>,

    /// The name of standard input in reports
    #[arg(long, value_name = "FILE")]
    pub stdin_filename: Option<PathBuf>,
}

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GREEN: Style = AnsiColor::Green.on_default();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const MAGENTA: Style = AnsiColor::Magenta.on_default();

pub(crate) fn run(args: &Fix, streams: Streams, today: Date) -> Result<Outcome> {
    let mut options = Check {
        paths: args.paths.clone(),
        policy: args.policy.clone(),
        dumps: args.dumps.clone(),
        skip: args.skip.clone(),
        ..Check::default()
    };
    let here = std::env::current_dir()?;
    if let Some(config) = Config::find(&here)? {
        config.apply(&mut options)?;
    }
    if options.paths.is_empty() {
        let words = "no PATH: name manifests, folders of them, or `-` for standard input";
        bail!("{words}\n\n{}", args::usage("fix"));
    }
    let wanted = Wanted { suggested: args.suggested, rules: args.rule.clone() };
    let engine = Engine {
        settings: settings::load(&options.policy, !options.dumps.is_empty(), None)?,
        today,
        dumps: options.dumps,
    };
    let walk = Walk::new(&options.policy.settings.as_deref().into_iter().collect::<Vec<_>>(), &options.skip, &here)?;
    let walk = walk.with_stdin(args.stdin_filename.clone());
    let mut summary = Summary::default();
    let mut files = Vec::new();
    let mut targets = BTreeSet::new();
    for source in walk.sources(&options.paths) {
        let read = source.map_err(|error| (error.name, error.reason)).and_then(|source| {
            let name = source.name.clone();
            File::read(source).map_err(|reason| (name, reason))
        });
        match read {
            // Two links to a file, or a file that is named twice.
            Ok(file) if file.target().is_some_and(|target| !targets.insert(target)) => {
                summary.skipped.push(format!("{}: is a file that is here already", file.name()));
            }
            Ok(mut file) => {
                if !args.diff && file.locked.is_none() && file.is_read_only() {
                    file.locked = Some("the file is read-only".to_owned());
                }
                files.push(file);
            }
            Err((name, reason)) => summary.failed.push(format!("{name}: {reason}")),
        }
    }
    let texts = files.iter().map(|file| (file.name().to_owned(), file.text.clone(), file.locked.clone())).collect();
    // Objects are read and evaluated by recursion.
    let workers = ThreadPoolBuilder::new().stack_size(manifest::STACK).build()?;
    let fixed = workers.install(|| engine.fix(engine.read(texts)?, &wanted))?;
    let Streams { mut out, mut err, .. } = streams;
    let changed: Vec<(&File, &Sheet)> =
        files.iter().zip(&fixed.sheets).filter(|(file, sheet)| file.text != sheet.text).collect();
    if args.diff {
        for (file, sheet) in &changed {
            let hidden = match file.mark().map(|mark| patch::unified(file.name(), &file.text, &sheet.text, mark)) {
                Some(Ok(patch)) => {
                    summary.is_bare |= patch.is_bare;
                    out.write_all(patch.text.as_bytes())?;
                    continue;
                }
                Some(Err(hidden)) => format!("{}:{}: {HIDDEN}", file.name(), hidden.line),
                None => format!("{}: git has no patches of UTF-16: run without `--diff`", file.name()),
            };
            summary.failed.push(hidden);
            summary.hidden.insert(file.name().to_owned());
        }
    } else {
        if let Err(reason) = write(&changed) {
            // Nothing is fixed then, and a filter passes on what it got.
            summary.failed.push(reason);
            summary.is_unwritten = true;
        }
        // A filter answers even if there is nothing to do.
        for (file, sheet) in files.iter().zip(&fixed.sheets).filter(|(file, _)| file.source.is_stdin()) {
            let text = if summary.is_unwritten { &file.text } else { &sheet.text };
            out.write_all(file.encoded(text).as_slice())?;
        }
    }
    summary.add(&files, &fixed, &wanted);
    summary.changed = changed.len() - summary.hidden.len();
    let is_for_program = args.diff || files.iter().any(|file| file.source.is_stdin());
    out.flush()?;
    summary.write(if is_for_program { &mut err } else { &mut out }, args.diff)?;
    Ok(summary.outcome())
}

/// Why a patch is not printed.
pub(crate) const HIDDEN: &str =
    "a line that changes holds a value that can be secret, so there is no patch: run `entra-auth fix` without `--diff`";

/// Writes all files, or none.
fn write(changed: &[(&File, &Sheet)]) -> std::result::Result<(), String> {
    let mut batch = Batch::default();
    for (file, sheet) in changed {
        batch
            .change(file, Some(&sheet.text))
            .map_err(|reason| format!("{}: {reason}; no file is changed", file.name()))?;
    }
    batch.commit()
}

/// What was done, for people.
#[derive(Default)]
struct Summary {
    /// For each object: what was fixed, and what is left and why.
    objects: BTreeMap<(String, usize, String), Vec<String>>,
    skipped: Vec<String>,
    failed: Vec<String>,
    fixed: usize,
    left: usize,
    denied: usize,
    /// Texts with changes.
    changed: usize,
    has_placeholders: bool,
    /// Files of which no patch is printed.
    hidden: BTreeSet<String>,
    /// A patch needs an option of git.
    is_bare: bool,
    /// No file could be written.
    is_unwritten: bool,
}

impl Summary {
    fn add(&mut self, files: &[File], fixed: &Fixed, wanted: &Wanted) {
        for done in fixed.done.iter().filter(|_| !self.is_unwritten) {
            let key = (done.source.clone(), done.line, done.title.to_string());
            if self.hidden.contains(&done.source) {
                self.left += 1;
                let line = format!("  {YELLOW}left{YELLOW:#}   {}: no patch of it is printed", done.rule);
                self.objects.entry(key).or_default().push(line);
                continue;
            }
            self.fixed += 1;
            self.has_placeholders |= done.fix.safety == Safety::Suggested;
            let line = format!("  {GREEN}fixed{GREEN:#}  {}: {}", done.rule, done.fix.title);
            self.objects.entry(key).or_default().push(line);
        }
        for (file, sheet) in files.iter().zip(&fixed.sheets).filter(|_| !self.is_unwritten) {
            for fault in &sheet.unread {
                let line = format!("{}:{}: {}", sheet.name, fault.line, fault.text);
                match fault.kind.is_harmless() && file.source.is_found() {
                    true if fault.kind == Fault::NoManifest => {}
                    true => self.skipped.push(line),
                    false => self.failed.push(line),
                }
            }
            for item in &sheet.items {
                for finding in item.findings.iter().filter(|finding| wanted.asks_for(finding.rule.id)) {
                    self.left += 1;
                    self.denied += usize::from(finding.denies());
                    let reason = fixed.reasons.get(&reason_key(sheet, item, finding));
                    let why = reason.cloned().unwrap_or_else(|| reason_without_fix(finding.rule.id, wanted));
                    let line = format!(
                        "  {YELLOW}left{YELLOW:#}   {}: {} {DIM}({}){DIM:#}",
                        finding.rule.id, why, finding.location.path
                    );
                    let key = (sheet.name.clone(), item.line, item.title.to_string());
                    self.objects.entry(key).or_default().push(line);
                }
            }
        }
    }

    fn outcome(&self) -> Outcome {
        match (self.failed.is_empty(), self.denied) {
            (false, _) => Outcome::Failed,
            (true, 0) => Outcome::Allowed,
            (true, _) => Outcome::Denied,
        }
    }

    fn write(&self, out: &mut dyn Write, is_diff: bool) -> Result<()> {
        for ((source, line, title), lines) in &self.objects {
            writeln!(out, "{BOLD}{title}{BOLD:#}  {DIM}{source}:{line}{DIM:#}")?;
            for line in lines {
                writeln!(out, "{line}")?;
            }
        }
        for line in &self.skipped {
            writeln!(out, "{DIM}skipped{DIM:#} {line}")?;
        }
        for line in &self.failed {
            writeln!(out, "{MAGENTA}failed{MAGENTA:#}  {line}")?;
        }
        if !self.objects.is_empty() || !self.skipped.is_empty() || !self.failed.is_empty() {
            writeln!(out)?;
        }
        if self.is_unwritten {
            writeln!(out, "nothing is fixed")?;
            return Ok(out.flush()?);
        }
        let count = crate::report::count;
        let (fixed, files) = (count(self.fixed, "finding"), count(self.changed, "file"));
        match is_diff {
            true => writeln!(out, "{fixed} to fix in {files}, {} left", self.left)?,
            false => writeln!(out, "{fixed} fixed in {files}, {} left", self.left)?,
        }
        if self.is_bare {
            let words = "lines with values are not printed next to a change: apply the patch with";
            writeln!(out, "{words} `git apply --unidiff-zero`")?;
        }
        if self.has_placeholders {
            writeln!(out, "fill in what is marked `<...>`")?;
        }
        Ok(out.flush()?)
    }
}

/// Why a finding is left for which no fix was tried.
pub(crate) fn reason_without_fix(rule: &str, wanted: &Wanted) -> String {
    match row(rule).map(|row| &row.answer) {
        Some(Answer::None { because }) => format!("no fix, because {because}"),
        Some(Answer::Fix { suggested: Some(title), .. }) if !wanted.suggested => {
            format!("`--suggested` can {title}")
        }
        _ => "no fix for this form of it".to_owned(),
    }
}
