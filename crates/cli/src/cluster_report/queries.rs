//! `who-can`, `paths-to` and `access`.

use super::Input;
use super::gather::{Gathered, gather};
use super::model::{PathRow, RoleRow, role_row};
use crate::Outcome;
use crate::args::RulesFormat;
use crate::report::{Streams, count};
use access::{Asked, Graph, Path, Position, Powers, Rbac, Request, Subject};
use anstyle::{AnsiColor, Style};
use anyhow::{Result, bail};
use clap::Args;
use kubernetes::resources::RESOURCES;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::Write;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const RED: Style = AnsiColor::Red.on_default().bold();

#[derive(Args, Clone, Debug)]
pub struct WhoCan {
    /// `get`, `create`, `impersonate`, ..., `*`
    pub verb: String,

    /// `pods`, `pods/exec`, `deployments.apps`, `secrets`, or a path such as `/metrics`
    pub resource: String,

    /// The name of the object; without it a request that names none, such as a list
    #[arg(long, value_name = "NAME", default_value = "")]
    pub name: String,

    /// In this namespace; without it in all of them at once, and then in each
    #[arg(long, short, value_name = "NAME")]
    pub namespace: Option<String>,

    #[command(flatten)]
    pub of: Of,
}

#[derive(Args, Clone, Debug)]
pub struct PathsTo {
    /// `cluster-admin`, the client id of an identity in Azure, or a subject as in `access`
    pub goal: String,

    #[command(flatten)]
    pub of: Of,
}

#[derive(Args, Clone, Debug)]
pub struct Access {
    /// A name, or `user:NAME`, `group:NAME`, `serviceaccount:NAMESPACE/NAME`
    pub subject: String,

    #[command(flatten)]
    pub of: Of,
}

/// What every question has.
#[derive(Args, Clone, Debug)]
pub struct Of {
    #[command(flatten)]
    pub input: Input,

    /// A text for people, or JSON
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: RulesFormat,
}

impl Of {
    fn gather(&self) -> Result<Gathered> {
        gather(&self.input.read()?, None)
    }

    fn is_json(&self) -> bool {
        self.format == RulesFormat::Json
    }
}

pub fn who_can(args: &WhoCan, streams: &mut Streams) -> Result<Outcome> {
    let gathered = args.of.gather()?;
    let rbac = Rbac::of(&gathered.rbac);
    let request = Request::parse(&args.verb, &args.resource, args.namespace.as_deref(), &args.name);
    if !is_known(&request) {
        writeln!(
            streams.err,
            "note: Kubernetes has no resource of this name. One of another API group is written RESOURCE.GROUP"
        )?;
    }
    let everywhere = rbac.who_can(&request);
    // A request in a namespace is answered; one that names none can still be allowed in some.
    let is_namespaced = matches!(request.asked, Asked::Resource { .. }) && args.namespace.is_none();
    let by_namespace = if is_namespaced { rbac.who_can_in_namespaces(&request) } else { BTreeMap::new() };
    if args.of.is_json() {
        let list = |all: &[access::Grantee<'_, '_>]| -> Vec<Value> {
            let one = |one: &access::Grantee<'_, '_>| {
                json!({"subject": one.subject.to_string(), "class": one.subject.class(),
                    "binding": one.binding.map(ToString::to_string)})
            };
            all.iter().map(one).collect()
        };
        let namespaces: BTreeMap<&str, Vec<Value>> =
            by_namespace.iter().map(|(name, all)| (*name, list(all))).collect();
        let answer = json!({"request": request, "subjects": list(&everywhere), "namespaces": namespaces});
        return json_out(streams, &answer);
    }
    let out = &mut streams.out;
    writeln!(out, "{BOLD}who can {request}{BOLD:#}")?;
    write_grantees(out, &everywhere)?;
    for (namespace, all) in &by_namespace {
        writeln!(out, "\n{BOLD}only in {}{BOLD:#}", text::shown(namespace))?;
        write_grantees(out, all)?;
    }
    out.flush()?;
    Ok(Outcome::Allowed)
}

/// Whether the resource is one of Kubernetes, or of an API group that is named.
fn is_known(request: &Request) -> bool {
    match &request.asked {
        Asked::Url { .. } => true,
        Asked::Resource { group, resource, .. } => {
            let plural = resource.split('/').next().unwrap_or_default();
            let virtual_resources = ["*", "users", "groups", "nodes"];
            !group.is_empty()
                || virtual_resources.contains(&plural)
                || RESOURCES.iter().any(|(.., name, _, _)| *name == plural)
        }
    }
}

fn write_grantees(out: &mut dyn Write, all: &[access::Grantee<'_, '_>]) -> Result<()> {
    let width = all.iter().map(|one| one.subject.to_string().chars().count()).max().unwrap_or_default();
    for one in all {
        let subject = one.subject.to_string();
        match one.binding {
            Some(binding) => writeln!(
                out,
                "  {subject:<width$}  {DIM}{binding}, {} {}{DIM:#}",
                text::shown(binding.role_kind),
                text::shown(binding.role_name)
            )?,
            None => writeln!(out, "  {subject:<width$}  {DIM}RBAC does not restrict it{DIM:#}")?,
        }
    }
    Ok(())
}

pub fn paths_to(args: &PathsTo, streams: &mut Streams) -> Result<Outcome> {
    let gathered = args.of.gather()?;
    let rbac = Rbac::of(&gathered.rbac);
    let graph = Graph::of(&rbac, &gathered.inventory);
    let goal = match args.goal.as_str() {
        "cluster-admin" => Position::ClusterAdmin,
        goal if text::is_guid(goal) && graph.clients().any(|client| client.eq_ignore_ascii_case(goal)) => {
            Position::Azure(goal.to_ascii_lowercase())
        }
        goal => Position::Subject(subject(goal, &rbac, &gathered)?),
    };
    let paths = graph.paths_to(&goal);
    if args.of.is_json() {
        let rows: Vec<PathRow> = paths.iter().map(PathRow::of).collect();
        return json_out(streams, &json!({"goal": goal.to_string(), "paths": rows}));
    }
    let out = &mut streams.out;
    writeln!(out, "{BOLD}{} to {goal}{BOLD:#}, the shortest of each subject", count(paths.len(), "path"))?;
    for path in &paths {
        writeln!(out)?;
        write_path(out, &path.subject, path)?;
    }
    out.flush()?;
    Ok(Outcome::Allowed)
}

fn write_path(out: &mut dyn Write, title: &dyn Display, path: &Path) -> Result<()> {
    writeln!(out, "{BOLD}{title}{BOLD:#}  {DIM}{}{DIM:#}", count(path.len(), "step"))?;
    for step in PathRow::of(path).steps {
        let through = step.through.map(|through| format!(" ({through})")).unwrap_or_default();
        writeln!(out, "  {} {}{through}", step.how, step.to)?;
        if !step.requests.is_empty() {
            let by =
                if step.bindings.is_empty() { String::new() } else { format!(", by {}", step.bindings.join(", ")) };
            writeln!(out, "    {DIM}can {}{by}{DIM:#}", step.requests.join(", "))?;
        }
    }
    Ok(())
}

pub fn access(args: &Access, streams: &mut Streams) -> Result<Outcome> {
    let gathered = args.of.gather()?;
    let rbac = Rbac::of(&gathered.rbac);
    let graph = Graph::of(&rbac, &gathered.inventory);
    let subject = subject(&args.subject, &rbac, &gathered)?;
    let mut powers = Powers::of(&rbac);
    let held: Vec<(Option<&Subject>, RoleRow)> =
        rbac.holdings(&subject).iter().map(|holding| (holding.group, role_row(holding, &mut powers))).collect();
    let paths = graph.paths_from(&subject);
    if args.of.is_json() {
        let roles: Vec<Value> = held
            .iter()
            .map(|(group, role)| {
                let mut value = json!(role);
                value["group"] = json!(group.map(ToString::to_string));
                value
            })
            .collect();
        let rows: Vec<PathRow> = paths.iter().map(PathRow::of).collect();
        return json_out(
            streams,
            &json!({"subject": subject.to_string(), "class": subject.class(), "roles": roles, "paths": rows}),
        );
    }
    let out = &mut streams.out;
    writeln!(out, "{BOLD}{subject}{BOLD:#}")?;
    if held.is_empty() {
        writeln!(out, "  no binding names it")?;
    }
    for (group, role) in &held {
        let place = role.namespace.as_ref().map_or_else(|| "the whole cluster".to_owned(), Clone::clone);
        let group = group.map(|group| format!(", as a member of {group}")).unwrap_or_default();
        let missing = if role.exists { "" } else { ", which does not exist" };
        writeln!(out, "  {BOLD}{}{BOLD:#}{missing} in {place}  {DIM}{}{group}{DIM:#}", role.role, role.binding)?;
        for power in &role.powers {
            let style = if power.severity == "high" { RED } else { Style::new() };
            writeln!(out, "    {style}{}{style:#}: {}", power.severity, power.message)?;
        }
    }
    if !paths.is_empty() {
        writeln!(out, "\n{BOLD}can become{BOLD:#}")?;
    }
    for path in &paths {
        if let Some(last) = path.steps.last() {
            write_path(out, &last.to, path)?;
        }
    }
    out.flush()?;
    Ok(Outcome::Allowed)
}

/// The subject that a text names.
fn subject(text: &str, rbac: &Rbac<'_>, gathered: &Gathered) -> Result<Subject> {
    if let Some(subject) = Subject::parse(text)
        .filter(|subject| !matches!(subject, Subject::Group(_) | Subject::User(_)) || rbac.is_bound(subject))
    {
        return Ok(subject);
    }
    let mut found: Vec<Subject> = rbac.named(text);
    found.retain(|subject| match subject {
        Subject::ServiceAccount { namespace, name } => {
            rbac.is_bound(subject) || gathered.inventory.accounts.contains_key(&(namespace.clone(), name.clone()))
        }
        Subject::User(_) | Subject::Group(_) => true,
    });
    match found.as_slice() {
        [one] => Ok(one.clone()),
        [] => bail!(
            "no binding names `{}`, and no service account is called so. A service account is written NAMESPACE/NAME",
            text::shown(text)
        ),
        several => {
            let names: Vec<String> = several.iter().map(ToString::to_string).collect();
            bail!(
                "`{}` can be {}: write user:NAME, group:NAME or serviceaccount:NAMESPACE/NAME",
                text::shown(text),
                names.join(" or ")
            )
        }
    }
}

fn json_out(streams: &mut Streams, value: &Value) -> Result<Outcome> {
    writeln!(streams.out, "{value:#}")?;
    streams.out.flush()?;
    Ok(Outcome::Allowed)
}
