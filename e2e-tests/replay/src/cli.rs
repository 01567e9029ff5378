//! What the program is asked.

use clap::{Parser, ValueEnum};
use manifest::Identity;
use std::path::PathBuf;

/// Judge manifests with the policy, as admission would, before they reach a cluster
#[derive(Clone, Debug, Parser)]
#[command(name = "replay", version, after_help = AFTER_HELP)]
pub struct Cli {
    /// Manifests (YAML or JSON), AdmissionRequests or AdmissionReviews, folders of them, or `-` for standard input
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// The policy's settings, YAML or JSON; the settings of a ClusterAdmissionPolicy manifest will do
    #[arg(long, value_name = "FILE")]
    pub settings: Option<PathBuf>,

    /// Judge by this profile, whatever the settings say
    #[arg(long, value_name = "NAME")]
    pub profile: Option<Profile>,

    /// Answer look-ups from a dump of the cluster too (`kubectl get sa,roles,clusterroles -A -o yaml`); turns
    /// the setting `clusterLookups` on. May be given several times
    #[arg(long = "cluster", value_name = "FILE")]
    pub dumps: Vec<PathBuf>,

    /// The compiled policy [default: annotated-policy.wasm or policy.wasm, here or in a folder above]
    #[arg(long, value_name = "WASM")]
    pub policy: Option<PathBuf>,

    /// For people, or one JSON object a line
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,

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

Exit status: 0 everything is allowed, 1 something is denied, 2 something could not be read or judged.";

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Text,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Profile {
    Baseline,
    Restricted,
}

impl Profile {
    pub fn as_str(self) -> &'static str {
        match self {
            Profile::Baseline => "baseline",
            Profile::Restricted => "restricted",
        }
    }
}

impl Cli {
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
}
