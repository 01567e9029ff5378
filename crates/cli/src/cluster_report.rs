//! `entra-auth report`: findings, rights and identities of a cluster in one file; and `who-can`, `paths-to` and `access`,
//! which answer one question about rights.
//!
//! ```text
//! dump, or the cluster ─► gather ─► model ─► html, markdown, json
//!                           └─► queries
//! ```

mod gather;
mod html;
mod map;
mod markdown;
mod model;
mod objects;
pub mod queries;
mod since;
mod way_out;

use crate::Outcome;
use crate::args::Policy;
use crate::inputs::{Source, SourceError, Walk};
use crate::report::Streams;
use anyhow::{Context, Result, anyhow};
use clap::{Args, ValueEnum};
use entra_auth_policy::settings::Date;
use gather::{Rules, gather};
use model::ClusterReport;
use objects::Objects;
use since::Since;
use std::fs;
use std::io::Write;
use std::path::PathBuf;

#[derive(Args, Clone, Debug)]
pub struct Report {
    #[command(flatten)]
    pub input: Input,

    #[command(flatten)]
    pub policy: Policy,

    /// What to write: html, markdown or json, to standard output or with `=FILE` to a file; can be repeated
    #[arg(long, value_name = "FORMAT[=FILE]", value_parser = output, default_value = "html")]
    pub format: Vec<(Format, Option<PathBuf>)>,

    /// Compare with an earlier report in JSON
    #[arg(long, value_name = "OLD.json")]
    pub since: Option<PathBuf>,

    /// What the report calls the cluster
    #[arg(long, value_name = "NAME")]
    pub title: Option<String>,

    /// Use this date
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = crate::args::date, hide = true)]
    pub today: Option<Date>,
}

/// Where the objects come from.
#[derive(Args, Clone, Debug)]
pub struct Input {
    /// Dumps of the cluster, see below; `-` for standard input. Without one, the cluster itself is read
    #[arg(value_name = "DUMP")]
    pub dumps: Vec<PathBuf>,

    /// The context of the kubeconfig; without it the current one, or the Pod's own service account
    #[arg(long, value_name = "NAME", conflicts_with = "dumps")]
    pub context: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Html,
    Markdown,
    Json,
}

pub const AFTER_HELP: &str = "\
Examples:
  entra-auth report dump.yaml > report.html
  entra-auth report --format html=report.html --format json=report.json --since last-month.json dump.yaml
  entra-auth report --context prod > report.html   a build with the feature `cluster`

Make the dump with `entra-auth audit --dump dump.json`, or with:
  kubectl get clusterroles,clusterrolebindings,roles,rolebindings,serviceaccounts,configmaps,deployments,statefulsets,\
daemonsets,jobs,cronjobs,pods -A -o yaml > dump.yaml
Add `secrets` to find token Secrets. The report never contains a value from a Secret.

Rights are those of Kubernetes' RBAC. Azure RBAC for Kubernetes and admission are not part of them.";

pub fn run(args: &Report, streams: &mut Streams, today: Date) -> Result<Outcome> {
    let today = args.today.unwrap_or(today);
    // Settings first: a mistake in them is found before anything is read.
    let rules = Rules::load(&args.policy, today)?;
    let objects = args.input.read()?;
    let title = args.title.clone().unwrap_or_else(|| args.input.name());
    let mut report = ClusterReport::of(gather(&objects, Some(&rules))?, &rules, title, today);
    if let Some(path) = &args.since {
        report.since = Some(Since::read(path, &report)?);
    }
    for (format, file) in &args.format {
        let text = match format {
            Format::Html => html::page(&report),
            Format::Markdown => markdown::page(&report),
            Format::Json => serde_json::to_string_pretty(&report)? + "\n",
        };
        match file {
            Some(path) => fs::write(path, text).with_context(|| path.display().to_string())?,
            None => streams.out.write_all(text.as_bytes())?,
        }
    }
    streams.out.flush()?;
    Ok(Outcome::Allowed)
}

impl Input {
    /// What the report is about, if it is not said.
    fn name(&self) -> String {
        let dump = self.dumps.first().and_then(|path| path.file_stem());
        let name = dump.map(|name| name.to_string_lossy().into_owned()).or_else(|| self.context.clone());
        name.filter(|name| name != "-").unwrap_or_else(|| "cluster".to_owned())
    }

    fn read(&self) -> Result<Objects> {
        if self.dumps.is_empty() {
            return from_cluster(self.context.as_deref());
        }
        let walk = Walk::new(&[], &[], &std::env::current_dir()?)?;
        let read = |source: Result<Source, SourceError>| {
            let source = source.map_err(|error| anyhow!("{}: {}", error.name, error.reason))?;
            let text = source.read().map_err(|reason| anyhow!("{}: {reason}", source.name))?;
            Ok((source.name, text))
        };
        Ok(Objects::Texts(walk.sources(&self.dumps).into_iter().map(read).collect::<Result<_>>()?))
    }
}

#[cfg(feature = "cluster")]
fn from_cluster(context: Option<&str>) -> Result<Objects> {
    let crate::audit::Everything { objects, forbidden } = crate::audit::read_all(context, false)?;
    if !forbidden.is_empty() {
        // Rights that are not known would look like rights that no one has.
        anyhow::bail!("{}", crate::audit::how_to_list(&forbidden));
    }
    Ok(Objects::Read(objects))
}

#[cfg(not(feature = "cluster"))]
fn from_cluster(_: Option<&str>) -> Result<Objects> {
    anyhow::bail!("name a dump of the cluster, or {}", crate::left_out("read a cluster", "cluster"))
}

fn output(text: &str) -> Result<(Format, Option<PathBuf>), String> {
    let (name, file) = text.split_once('=').map_or((text, None), |(name, file)| (name, Some(PathBuf::from(file))));
    if file.as_ref().is_some_and(|file| file.as_os_str().is_empty()) {
        return Err("no file behind the `=`".to_owned());
    }
    let format = Format::from_str(name, false);
    format.map(|format| (format, file)).map_err(|_| "not a format; the formats are html, markdown and json".to_owned())
}
