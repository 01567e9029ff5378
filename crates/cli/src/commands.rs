//! The commands other than `check`.

use crate::admission_rules;
use crate::args::{Cli, Command, NAME, RulesFormat};
use crate::{config, rule_page};
use anstyle::{AnsiColor, Style};
use anyhow::{Result, bail};
use clap::CommandFactory;
use entra_auth_policy::rule::Rule;
use entra_auth_policy::settings::{Profile, Settings};
use entra_auth_policy::verdict::{Action, by_default};
use fixes::Answer;
use serde::Serialize;
use std::io::Write;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const CYAN: Style = AnsiColor::Cyan.on_default();

/// Runs a command that needs no input.
pub(crate) fn run(command: &Command, out: &mut dyn Write, width: usize) -> Result<()> {
    match command {
        Command::Check(_)
        | Command::Audit(_)
        | Command::Fix(_)
        | Command::Onboard(_)
        | Command::Exemptions(_)
        | Command::Migrate(_)
        | Command::Report(_)
        | Command::WhoCan(_)
        | Command::PathsTo(_)
        | Command::Access(_)
        | Command::Lsp(_)
        | Command::Mcp(_) => {}
        Command::Config => config::show(out)?,
        Command::Version => writeln!(out, "{NAME} {}", env!("CARGO_PKG_VERSION"))?,
        Command::Operators => crate::operators::print(out, width)?,
        Command::Rules { format: RulesFormat::Text } => table(out, width)?,
        Command::Rules { format: RulesFormat::Json } => json(out)?,
        Command::AdmissionRules { settings } => admission_rules::print(settings, out)?,
        Command::Explain { rules } if rules.is_empty() => {
            table(out, width)?;
            writeln!(out, "\n{DIM}entra-auth explain RULE shows the page of a rule{DIM:#}")?;
        }
        Command::Explain { rules } => {
            // A message in a log can be passed on as it is: `binding-anonymous:` or a page's address.
            let id = |text: &str| {
                let name = text.rsplit('/').next().unwrap_or(text);
                name.trim_end_matches(':').trim_end_matches(".md").to_ascii_lowercase()
            };
            for (at, rule) in rules.iter().enumerate() {
                if at > 0 {
                    writeln!(out)?;
                }
                match rule_page::find(&id(rule)) {
                    Ok(rule) => explain(rule, out, width)?,
                    Err(Some(near)) => bail!("no rule is called `{rule}`; did you mean `{near}`?"),
                    Err(None) => bail!("no rule is called `{rule}`: `entra-auth rules` lists all"),
                }
            }
        }
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), NAME, &mut script);
            out.write_all(&script)?;
        }
        Command::Man => {
            let mut page = Vec::new();
            manual(&mut page)?;
            out.write_all(&page)?;
        }
    }
    Ok(out.flush()?)
}

/// One page: the program's, and the options of `check` as a part of it.
fn manual(page: &mut Vec<u8>) -> std::io::Result<()> {
    let mut program = Cli::command();
    program.build();
    let check = program.find_subcommand("check").cloned().unwrap_or_default();
    clap_mangen::Man::new(Cli::command()).render(page)?;
    let check = clap_mangen::Man::new(check);
    let mut sections = Vec::new();
    check.render_synopsis_section(&mut sections)?;
    check.render_options_section(&mut sections)?;
    check.render_extra_section(&mut sections)?;
    writeln!(page, ".SH \"ENTRA\\-AUTH CHECK\"")?;
    write!(page, "{}", String::from_utf8_lossy(&sections).replace(".SH ", ".SS "))
}

/// The actions of the two profiles for a finding of the rule; `none` where they do not show it.
fn actions(rule: &Rule, none: &'static str) -> [&'static str; 2] {
    let as_of = Settings::default().rules_as_of;
    [Profile::Baseline, Profile::Restricted].map(|profile| match by_default(profile, rule.id, rule.severity, as_of) {
        Action::None => none,
        action => action.as_str(),
    })
}

fn table(out: &mut dyn Write, width: usize) -> Result<()> {
    let longest = rule_page::rules().map(|(_, rule)| rule.id.len()).max().unwrap_or_default();
    let mut last = "";
    for (group, rule) in rule_page::rules() {
        if group != last {
            let lead = if last.is_empty() { "" } else { "\n" };
            writeln!(
                out,
                "{lead}{BOLD}{group:<longest$}{BOLD:#}  {DIM}{:<8}  {:<10}{DIM:#}",
                "baseline", "restricted"
            )?;
            last = group;
        }
        let [baseline, restricted] = actions(rule, "-");
        let lead = format!("{:<longest$}  {baseline:<8}  {restricted:<10}  ", rule.id);
        let indent = " ".repeat(lead.len());
        let options = textwrap::Options::new(width.max(lead.len() + 20)).subsequent_indent(&indent);
        for line in textwrap::wrap(&format!("{lead}{}", rule.summary), options) {
            writeln!(out, "{}", line.trim_end())?;
        }
    }
    Ok(())
}

/// A rule in JSON.
#[derive(Serialize)]
pub(crate) struct RuleLine {
    id: &'static str,
    group: &'static str,
    severity: &'static str,
    summary: &'static str,
    description: String,
    fix: &'static str,
    help: String,
}

fn json(out: &mut dyn Write) -> Result<()> {
    serde_json::to_writer_pretty(&mut *out, &rule_lines())?;
    Ok(writeln!(out)?)
}

/// All rules.
pub(crate) fn rule_lines() -> Vec<RuleLine> {
    rule_page::rules()
        .map(|(group, rule)| RuleLine {
            id: rule.id,
            group,
            severity: rule.severity.as_str(),
            summary: rule.summary,
            description: rule_page::of(rule).sentence.replace('\n', " "),
            fix: rule.remediation,
            help: rule_page::url(rule),
        })
        .collect()
}

fn explain(rule: &Rule, out: &mut dyn Write, width: usize) -> Result<()> {
    let page = rule_page::of(rule);
    let [baseline, restricted] = actions(rule, "not shown");
    writeln!(out, "{BOLD}{}{BOLD:#}  {DIM}{} severity", rule.id, rule.severity.as_str())?;
    writeln!(out, "baseline: {baseline}, restricted: {restricted}{DIM:#}\n")?;
    let wrap = |text: &str| textwrap::fill(&text.replace('\n', " "), width.min(100));
    writeln!(out, "{}\n", wrap(page.sentence))?;
    for block in blocks(page.body) {
        match block {
            Block::Heading(text) => writeln!(out, "{BOLD}{text}{BOLD:#}\n")?,
            Block::Code(text) => {
                for line in text.lines() {
                    writeln!(out, "    {CYAN}{line}{CYAN:#}")?;
                }
                writeln!(out)?;
            }
            Block::Text(text) => writeln!(out, "{}\n", wrap(&text))?,
            Block::Item(text) => {
                let options = textwrap::Options::new(width.min(100)).subsequent_indent("  ");
                writeln!(out, "{}", textwrap::fill(&text, options))?;
            }
        }
    }
    if let Some(line) = fix_line(rule.id) {
        writeln!(out, "{}\n", wrap(&line))?;
    }
    Ok(writeln!(out, "{DIM}{}{DIM:#}", rule_page::url(rule))?)
}

/// What `entra-auth fix` does about findings of the rule.
fn fix_line(rule: &str) -> Option<String> {
    let Answer::Fix { safe, suggested } = fixes::row(rule)?.answer else { return None };
    let safe = safe.map(|title| format!("`entra-auth fix` can {title}."));
    let suggested = suggested.map(|title| format!("`entra-auth fix --suggested` can {title}."));
    Some(safe.into_iter().chain(suggested).collect::<Vec<_>>().join(" "))
}

/// The subset of Markdown that rule pages use.
enum Block {
    Heading(String),
    Text(String),
    Item(String),
    Code(String),
}

fn blocks(markdown: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let (mut fenced, mut open) = (false, false);
    for line in markdown.lines() {
        if line.starts_with("```") {
            fenced = !fenced;
            if fenced {
                blocks.push(Block::Code(String::new()));
            }
            open = false;
            continue;
        }
        if let (true, Some(Block::Code(code))) = (fenced, blocks.last_mut()) {
            code.push_str(line);
            code.push('\n');
        } else if line.is_empty() {
            open = false;
        } else if let Some(text) = line.strip_prefix("## ") {
            blocks.push(Block::Heading(text.to_owned()));
        } else if line.starts_with("- ") {
            blocks.push(Block::Item(plain(line)));
            open = true;
        } else if let (true, Some(Block::Text(text) | Block::Item(text))) = (open, blocks.last_mut()) {
            text.push(' ');
            text.push_str(plain(line).trim_start());
        } else {
            blocks.push(Block::Text(plain(line)));
            open = true;
        }
    }
    blocks
}

/// Shows links as their text followed by the address.
fn plain(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('[') {
        let link = after.split_once("](").and_then(|(text, after)| Some((text, after.split_once(')')?)));
        out.push_str(before);
        match link {
            Some((text, (address, after))) if !text.contains('[') => {
                out.push_str(text);
                if address.starts_with("http") {
                    out.push_str(&format!(" ({address})"));
                }
                rest = after;
            }
            _ => {
                out.push('[');
                rest = after;
            }
        }
    }
    out + rest
}
