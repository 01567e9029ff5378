//! What the program is asked.

use admission::Identity;
use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use entra_auth_policy::settings::keys::PROFILES;
use std::path::PathBuf;

/// Judge manifests with the policy, as admission would, before they reach a cluster
#[derive(Clone, Debug, Parser)]
#[command(
    name = "replay",
    version,
    after_help = AFTER_HELP,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    disable_help_subcommand = true
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Option<Command>,

    #[command(flatten)]
    pub judging: Judging,

    /// Colours: by itself only on a terminal and without `NO_COLOR`
    #[arg(long, value_name = "WHEN", default_value = "auto", global = true)]
    pub color: Color,
}

/// Everything besides judging. A path of that name is given as `./rules`.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// List every rule
    Rules {
        /// A table for people, or JSON
        #[arg(long, value_name = "FORMAT", default_value = "text")]
        format: RulesFormat,
    },
    /// Show what a rule finds, why, and what to do instead
    Explain {
        /// The rule's id
        rule: String,
    },
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page
    Man,
}

#[derive(Args, Clone, Debug)]
pub struct Judging {
    /// Manifests (YAML or JSON), AdmissionRequests or AdmissionReviews, folders of them, or `-` for standard input
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// The policy's settings, YAML or JSON; the settings of a ClusterAdmissionPolicy manifest will do
    #[arg(long, value_name = "FILE")]
    pub settings: Option<PathBuf>,

    /// Judge by this profile, whatever the settings say
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(PROFILES))]
    pub profile: Option<String>,

    /// Answer look-ups from a dump of the cluster too (`kubectl get sa,roles,clusterroles -A -o yaml`); turns
    /// the setting `clusterLookups` on. May be given several times
    #[arg(long = "cluster", value_name = "FILE")]
    pub dumps: Vec<PathBuf>,

    /// The compiled policy [default: annotated-policy.wasm or policy.wasm, here or in a folder above]
    #[arg(long, value_name = "WASM")]
    pub policy: Option<PathBuf>,

    /// What to write
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,

    /// Pass over what another tool has to read or render first, named files and templates included
    #[arg(long)]
    pub skip_others: bool,

    /// Show findings below the profile too
    #[arg(long)]
    pub all: bool,

    /// Let this user make the requests; without it nobody is asking, as in an audit scan
    #[arg(long = "as", value_name = "USER")]
    pub user: Option<String>,

    /// A group of that user; may be given several times
    #[arg(long = "as-group", value_name = "GROUP", requires = "user")]
    pub groups: Vec<String>,

    /// The Entra object id of that user
    #[arg(long = "as-oid", value_name = "ID", requires = "user")]
    pub oid: Option<String>,
}

const AFTER_HELP: &str = "\
Examples:
  replay deploy/                                   every *.yaml, *.yml and *.json in a folder
  kubectl get deploy,rolebinding -A -o yaml | replay -
  helm template shop ./chart | replay --profile restricted -
  replay --format sarif deploy/ > replay.sarif     for code scanning
  replay explain binding-anonymous                 why, and what to do instead

Exit status: 0 everything is allowed, 1 something is denied, 2 something could not be read or judged.";

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people, with excerpts
    Text,
    /// One JSON object a line
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

impl Judging {
    pub fn identity(&self) -> Option<Identity> {
        let (groups, oid) = (self.groups.clone(), self.oid.clone());
        self.user.clone().map(|username| Identity { username, groups, oid })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    /// Paths come first: only a first word that is exactly a command is one.
    #[test]
    fn paths_and_commands_are_told_apart() {
        let parse = |words: &[&str]| Cli::try_parse_from([&["replay"], words].concat());
        for words in
            [&["./rules"][..], &["deploy", "rules"], &["--all", "rules"], &["--format", "json", "explain"], &["help"]]
        {
            let cli = parse(words).unwrap_or_else(|error| panic!("{words:?}: {error}"));
            assert!(cli.command.is_none(), "{words:?}");
            assert_eq!(cli.judging.paths.last().unwrap().to_str(), words.last().copied());
        }
        assert!(matches!(parse(&["rules", "--format", "json"]).unwrap().command, Some(Command::Rules { .. })));
        assert!(matches!(parse(&["man", "--color", "never"]).unwrap().command, Some(Command::Man)));
        assert!(parse(&[]).is_err());
    }
}
