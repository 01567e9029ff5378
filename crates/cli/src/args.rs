//! The command line.

use crate::rule_page;
use admission::Identity;
use clap::builder::{NonEmptyStringValueParser, PossibleValuesParser};
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use entra_auth_policy::settings::Date;
use entra_auth_policy::settings::keys::PROFILES;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Check Kubernetes manifests with the Entra authentication policy before they reach a cluster
#[derive(Clone, Debug, Parser)]
#[command(name = NAME, version, after_help = AFTER_HELP)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,

    /// Use colours; `auto` uses them on a terminal unless `NO_COLOR` is set
    #[arg(long, value_name = "WHEN", default_value = "auto", global = true)]
    pub color: Color,
}

#[derive(Clone, Debug, Subcommand)]
#[allow(clippy::large_enum_variant, reason = "there is one per process")]
pub enum Command {
    /// Check manifests as the cluster would at admission
    #[command(after_help = CHECK_AFTER_HELP)]
    Check(Check),
    /// Fix findings in manifests, and keep comments and layout
    #[command(after_help = crate::fix::AFTER_HELP)]
    Fix(crate::fix::Fix),
    /// Explain rules: what they find, why it matters and how to fix it
    Explain {
        /// The rules' ids; without one, all rules are listed
        #[arg(value_name = "RULE")]
        rules: Vec<String>,
    },
    /// List all rules
    Rules {
        /// A table, or JSON
        #[arg(long, value_name = "FORMAT", default_value = "text")]
        format: RulesFormat,
    },
    /// Propose settings for a cluster from a dump of it
    #[command(after_help = crate::onboard::AFTER_HELP)]
    Onboard(crate::onboard::Onboard),
    /// List exemptions that ended, end soon, are not used or cover more than they need to
    Exemptions(crate::exemptions::Exemptions),
    /// Plan and write the way from pod identity, IRSA or fixed credentials to workload identity
    #[command(after_help = crate::migrate::AFTER_HELP)]
    Migrate(crate::migrate::Migrate),
    /// List the operators that the setting `operators` knows
    Operators,
    /// Print the admission rules that a policy with these settings needs in addition to its own
    AdmissionRules {
        /// The policy's settings, in YAML or JSON, or a ClusterAdmissionPolicy manifest that contains them
        #[arg(long, value_name = "FILE")]
        settings: PathBuf,
    },
    /// Show the options of `check` that apply here, and where each comes from
    Config,
    /// Check what a cluster has, through its API, without changing anything
    #[command(after_help = AUDIT_AFTER_HELP)]
    Audit(Audit),
    /// Report findings, rights and identities of a cluster in one file
    #[command(after_help = crate::cluster_report::AFTER_HELP)]
    Report(crate::cluster_report::Report),
    /// List who is allowed a request by RBAC
    WhoCan(crate::cluster_report::queries::WhoCan),
    /// List the shortest paths to cluster-admin, to an identity in Azure or to a subject
    PathsTo(crate::cluster_report::queries::PathsTo),
    /// Show what a subject may do and what it can become
    Access(crate::cluster_report::queries::Access),
    /// Serve an editor: the language server protocol on standard input and output
    Lsp(Serve),
    /// Serve a coding agent: the model context protocol on standard input and output
    Mcp(Serve),
    /// Print the version
    Version,
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page
    Man,
}

#[derive(Args, Clone, Debug, Default)]
pub struct Check {
    /// Manifests (YAML or JSON), AdmissionRequests, AdmissionReviews, folders of them, or `-` for standard input
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Evaluate objects that this git revision has as updates of them, and leave out those that are the same;
    /// objects are matched by kind, namespace and name
    #[arg(long, value_name = "REF", conflicts_with = "old", value_parser = NonEmptyStringValueParser::new())]
    pub base: Option<String>,

    /// The same without git: the manifests as they were before
    #[arg(long, value_name = "PATH")]
    pub old: Option<PathBuf>,

    /// With `--base` or `--old`, also report the objects that are the same as before
    #[arg(long)]
    pub unchanged: bool,

    #[command(flatten)]
    pub policy: Policy,

    /// Also answer look-ups from a dump of the cluster (`kubectl get sa,roles,clusterroles -A -o yaml`), and turn
    /// the setting `clusterLookups` on; can be repeated
    #[arg(long = "cluster", value_name = "FILE")]
    pub dumps: Vec<PathBuf>,

    /// What to write: text, json, sarif, github, gitlab, junit, azure or markdown, to standard output or with `=FILE`
    /// to a file; can be repeated
    #[arg(long, value_name = "FORMAT[=FILE]", value_parser = output)]
    pub format: Vec<Output>,

    /// Only the objects that are denied or warned about, and failures
    #[arg(long, short, conflicts_with = "summary")]
    pub quiet: bool,

    /// Only the totals, as text or Markdown
    #[arg(long)]
    pub summary: bool,

    /// The name of standard input in reports
    #[arg(long, value_name = "FILE")]
    pub stdin_filename: Option<PathBuf>,

    /// Render the charts and kustomizations in folders, with `helm` and `kustomize`, and check the output
    #[arg(long)]
    pub render: bool,

    /// Values for `helm`, with `--render`; can be repeated
    #[arg(long, value_name = "FILE", requires = "render")]
    pub values: Vec<PathBuf>,

    /// Do not walk into files and folders that match, in the syntax of `.gitignore`; can be repeated
    #[arg(long, value_name = "GLOB")]
    pub skip: Vec<String>,

    /// Exit with 1 if something is denied, if something is denied or warned about, or never
    #[arg(long, value_name = "WHEN")]
    pub fail_on: Option<FailOn>,

    /// Write the findings as exemptions, with the settings, into a new file
    #[arg(long, value_name = "FILE")]
    pub write_exemptions: Option<PathBuf>,

    /// Skip everything that another tool has to read or render first, including templates and files named here
    #[arg(long)]
    pub skip_others: bool,

    /// Also show findings that the profile does not show
    #[arg(long)]
    pub all: bool,

    /// Check the requests as this user's; without it they have no user, as in an audit scan. A user principal name
    /// is a user of Entra
    #[arg(long = "as", value_name = "USER", value_parser = NonEmptyStringValueParser::new())]
    pub user: Option<String>,

    /// A group of that user; can be repeated
    #[arg(long = "as-group", value_name = "GROUP", requires = "user")]
    pub groups: Vec<String>,

    /// The Entra object id of that user
    #[arg(long = "as-oid", value_name = "ID", value_parser = object_id, requires = "user")]
    pub oid: Option<String>,

    /// Run this compiled policy instead of the one built into the program; needs a build with
    /// `--features module`
    #[arg(long, value_name = "FILE.wasm", hide = cfg!(not(feature = "module")))]
    pub module: Option<PathBuf>,

    /// Use this date for exemptions that expire
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = date, hide = true)]
    pub today: Option<Date>,
}

/// What is evaluated with.
#[derive(Args, Clone, Debug, Default)]
pub struct Policy {
    /// The policy's settings, in YAML or JSON, or the manifest of a policy or group that contains them
    #[arg(long, value_name = "FILE")]
    pub settings: Option<PathBuf>,

    /// The policy, or the member of a group, whose settings to take from a file with several
    #[arg(long, value_name = "NAME")]
    pub policy: Option<String>,

    /// Use this profile, whatever the settings say
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(PROFILES))]
    pub profile: Option<String>,

    /// Only these rules
    #[arg(long, value_name = "RULE,...", value_delimiter = ',', value_parser = rule)]
    pub rules: Vec<String>,

    /// All rules but these
    #[arg(long, value_name = "RULE,...", value_delimiter = ',', value_parser = rule)]
    pub skip_rules: Vec<String>,
}

/// Checks what a cluster has.
#[derive(Args, Clone, Debug)]
pub struct Audit {
    /// The context of the kubeconfig; without it the current one, or the Pod's own service account
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,

    /// Only this namespace, and nothing of the cluster's scope
    #[arg(long, short, value_name = "NAME")]
    pub namespace: Option<String>,

    /// Also read Secrets
    #[arg(long)]
    pub secrets: bool,

    /// Keep what was read in this file, without the data of Secrets; `check --cluster` reads it
    #[arg(long, value_name = "FILE")]
    pub dump: Option<PathBuf>,

    #[command(flatten)]
    pub policy: Policy,

    /// Also show findings that the profile does not show
    #[arg(long)]
    pub all: bool,

    /// A report for people, or one JSON object for every object that was read
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: RulesFormat,

    /// When to exit with 1
    #[arg(long, value_name = "WHEN", default_value = "never")]
    pub fail_on: FailOn,

    /// Objects of one page
    #[arg(long, value_name = "NUMBER", default_value = "500", hide = true)]
    pub page: u32,
}

/// Serves another program.
#[derive(Args, Clone, Debug)]
pub struct Serve {
    #[command(flatten)]
    pub policy: Policy,
}

/// A format, and the file that it is written to instead of standard output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    pub format: Format,
    pub file: Option<PathBuf>,
}

/// The name that the program is installed under.
pub const NAME: &str = "entra-auth";

const AFTER_HELP: &str = "\
Examples:
  entra-auth check deploy/                         every *.yaml, *.yml and *.json file in a folder
  entra-auth explain binding-anonymous             why a rule exists, and what to do instead";

const CHECK_AFTER_HELP: &str = "\
Examples:
  entra-auth check deploy/                         every *.yaml, *.yml and *.json file in a folder
  kubectl get deploy,rolebinding -A -o yaml | entra-auth check -
  helm template shop ./chart | entra-auth check --profile restricted -
  entra-auth check --format sarif deploy/ > entra-auth.sarif

  entra-auth check --base origin/main deploy/      what a change adds, as the cluster would answer it
  entra-auth check --render charts/ overlays/      with helm and kustomize

`.entra-auth.yml`, in this folder or above it, sets options for all runs: `entra-auth config` shows them.

Exit status: 0 if everything is allowed, 1 if something is denied, 2 if something failed to be read or evaluated.";

const AUDIT_AFTER_HELP: &str = "\
Examples:
  entra-auth audit                                 everything that rules read, but no Secrets
  entra-auth audit --context prod -n shop --secrets
  entra-auth audit --dump prod.json                keep it, for `entra-auth check --cluster prod.json`

It only lists, and needs the right to list the kinds that it reads: what is forbidden is named and left out.";

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people, with excerpts
    Text,
    /// One JSON object per line
    Json,
    /// SARIF 2.1.0, for code scanning and editors
    Sarif,
    /// Annotations of a GitHub workflow
    Github,
    /// GitLab's code quality report
    Gitlab,
    /// JUnit XML, which most build servers show as tests
    Junit,
    /// Log commands of Azure Pipelines
    Azure,
    /// Markdown, for a comment on a pull request
    Markdown,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    #[default]
    Deny,
    Warn,
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RulesFormat {
    Text,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    Auto,
    Always,
    Never,
}

impl From<Color> for anstream::ColorChoice {
    fn from(color: Color) -> Self {
        match color {
            Color::Auto => anstream::ColorChoice::Auto,
            Color::Always => anstream::ColorChoice::Always,
            Color::Never => anstream::ColorChoice::Never,
        }
    }
}

impl Cli {
    /// Parses a command line, the program's name included. Help and usage show that name, or `kubectl entra-auth`
    /// for kubectl's plugin.
    pub fn from_args(args: impl IntoIterator<Item = OsString>) -> clap::error::Result<Cli> {
        let mut args = args.into_iter().peekable();
        let command = match args.peek().map(|program| Path::new(program).file_stem().unwrap_or_default()) {
            Some(name) if name == "kubectl-entra_auth" => {
                let called = |help: &str| help.replace("entra-auth ", "kubectl entra-auth ");
                Cli::command()
                    .bin_name("kubectl entra-auth")
                    .after_help(called(AFTER_HELP))
                    .mut_subcommand("check", |check| check.after_help(called(CHECK_AFTER_HELP)))
            }
            _ => Cli::command(),
        };
        Cli::from_arg_matches(&command.try_get_matches_from(args)?)
    }
}

impl Check {
    pub fn identity(&self) -> Option<Identity> {
        let (groups, oid) = (self.groups.clone(), self.oid.clone());
        let username = self.user.clone()?;
        // AKS adds the object id for every user whom Entra signed in. Rules only ask whether there is one.
        let oid = oid.or_else(|| is_upn(&username).then(|| "00000000-0000-4000-8000-000000000001".to_owned()));
        Some(Identity { username, groups, oid })
    }
}

/// Whether it looks like a user principal name: `you@contoso.com`.
fn is_upn(user: &str) -> bool {
    user.split_once('@').is_some_and(|(name, domain)| {
        let is_domain = |domain: &str| domain.contains('.') && domain.split('.').all(|label| !label.is_empty());
        !name.is_empty() && !name.contains([':', '/']) && !domain.contains('@') && is_domain(domain)
    })
}

pub fn output(text: &str) -> Result<Output, String> {
    let (name, file) = match text.split_once('=') {
        Some((name, file)) => (name, Some(PathBuf::from(file))),
        None => (text, None),
    };
    if file.as_ref().is_some_and(|file| file.as_os_str().is_empty()) {
        return Err("no file behind the `=`".to_owned());
    }
    match Format::from_str(name, false) {
        Ok(format) => Ok(Output { format, file }),
        Err(_) => Err(format!("not a format; the formats are {}", formats().join(", "))),
    }
}

/// How a command is called.
pub fn usage(command: &str) -> String {
    let mut program = Cli::command();
    program.build();
    program.find_subcommand_mut(command).map_or_else(String::new, |command| command.render_usage().to_string())
}

/// The names of the formats.
fn formats() -> Vec<String> {
    Format::value_variants()
        .iter()
        .filter_map(|format| format.to_possible_value())
        .map(|value| value.get_name().to_owned())
        .collect()
}

fn object_id(text: &str) -> Result<String, &'static str> {
    let is_part = |(part, length): (&str, usize)| part.len() == length && part.bytes().all(|b| b.is_ascii_hexdigit());
    let lengths = [8, 4, 4, 4, 12];
    let is_id = text.split('-').count() == lengths.len() && text.split('-').zip(lengths).all(is_part);
    if is_id { Ok(text.to_owned()) } else { Err("not an object id, such as 0f8fad5b-d9cb-469f-a165-70867728950e") }
}

pub(crate) fn rule(text: &str) -> Result<String, String> {
    match rule_page::find(text) {
        Ok(rule) => Ok(rule.id.to_owned()),
        Err(Some(near)) => Err(format!("no such rule; did you mean `{near}`?")),
        Err(None) => Err("no such rule: `entra-auth rules` lists all".to_owned()),
    }
}

pub(crate) fn date(text: &str) -> Result<Date, &'static str> {
    Date::parse(text).ok_or("not a date")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn usage_shows_how_the_program_was_called() {
        let usage = |program: &str| {
            let error = Cli::from_args([program.into(), "check".into(), "--what".into()]).unwrap_err();
            error.to_string()
        };
        assert!(usage("/usr/bin/entra-auth").contains("Usage: entra-auth check "));
        assert!(usage("/usr/bin/kubectl-entra_auth").contains("Usage: kubectl entra-auth check "));
        let help = Cli::from_args(["kubectl-entra_auth".into(), "check".into(), "--help".into()]).unwrap_err();
        assert!(help.to_string().contains("| kubectl entra-auth check -\n"), "{help}");
    }
}
