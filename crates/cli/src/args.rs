//! The command line.

use admission::Identity;
use clap::builder::PossibleValuesParser;
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
pub enum Command {
    /// Check manifests as the cluster would at admission
    #[command(after_help = CHECK_AFTER_HELP)]
    Check(Check),
    /// Explain a rule: what it finds, why it matters and how to fix it
    Explain {
        /// The rule's id
        rule: String,
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
    /// List the operators that the setting `operators` knows
    Operators,
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page
    Man,
}

#[derive(Args, Clone, Debug)]
pub struct Check {
    /// Manifests (YAML or JSON), AdmissionRequests, AdmissionReviews, folders of them, or `-` for standard input
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// The policy's settings, in YAML or JSON, or a ClusterAdmissionPolicy manifest that contains them
    #[arg(long, value_name = "FILE")]
    pub settings: Option<PathBuf>,

    /// Use this profile, whatever the settings say
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(PROFILES))]
    pub profile: Option<String>,

    /// Also answer look-ups from a dump of the cluster (`kubectl get sa,roles,clusterroles -A -o yaml`), and turn
    /// the setting `clusterLookups` on; can be repeated
    #[arg(long = "cluster", value_name = "FILE")]
    pub dumps: Vec<PathBuf>,

    /// What to write
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,

    /// Skip everything that another tool has to read or render first, including templates and files named here
    #[arg(long)]
    pub skip_others: bool,

    /// Also show findings that the profile does not show
    #[arg(long)]
    pub all: bool,

    /// Check the requests as this user's; without it they have no user, as in an audit scan
    #[arg(long = "as", value_name = "USER")]
    pub user: Option<String>,

    /// A group of that user; can be repeated
    #[arg(long = "as-group", value_name = "GROUP", requires = "user")]
    pub groups: Vec<String>,

    /// The Entra object id of that user
    #[arg(long = "as-oid", value_name = "ID", requires = "user")]
    pub oid: Option<String>,

    /// Run this compiled policy instead of the one built into the program; needs a build with
    /// `--features module`
    #[arg(long, value_name = "FILE.wasm", hide = cfg!(not(feature = "module")))]
    pub module: Option<PathBuf>,

    /// Use this date for exemptions that expire
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = date, hide = true)]
    pub today: Option<Date>,
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

Exit status: 0 if everything is allowed, 1 if something is denied, 2 if something failed to be read or evaluated.";

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
        self.user.clone().map(|username| Identity { username, groups, oid })
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
            let error = Cli::from_args([program.into(), "check".into()]).unwrap_err();
            error.to_string()
        };
        assert!(usage("/usr/bin/entra-auth").contains("Usage: entra-auth check "));
        assert!(usage("/usr/bin/kubectl-entra_auth").contains("Usage: kubectl entra-auth check "));
        let help = Cli::from_args(["kubectl-entra_auth".into(), "check".into(), "--help".into()]).unwrap_err();
        assert!(help.to_string().contains("| kubectl entra-auth check -\n"), "{help}");
    }
}
