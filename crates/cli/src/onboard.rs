//! `entra-auth onboard`: proposes settings for a cluster from a dump of it.
//!
//! ```text
//! dump ─► what the cluster has ─► settings ─► evaluation ─► exemptions for what would be denied ─► evaluation
//! ```

mod learn;

use crate::Outcome;
use crate::dump::{after, evaluate, identity, is_owned, kind, owner, read, text};
use crate::report::Streams;
use anyhow::{Context, Result, bail};
use clap::Args;
use entra_auth_policy::operators::OPERATORS;
use entra_auth_policy::settings::{Date, grants_digest};
use entra_auth_policy::validate_settings;
use json::Node;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write;
use std::path::PathBuf;

#[derive(Args, Clone, Debug)]
pub struct Onboard {
    /// What `kubectl get ... -A -o yaml` printed, see below; `-` for standard input
    #[arg(required = true, value_name = "DUMP")]
    pub dumps: Vec<PathBuf>,

    /// Write the settings to this file instead of standard output. Reasons and end dates that it has already are kept
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// The profile to propose
    #[arg(long, value_name = "NAME", default_value = "baseline",
        value_parser = clap::builder::PossibleValuesParser::new(entra_auth_policy::settings::keys::PROFILES))]
    pub profile: String,

    /// Use this date
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = crate::args::date, hide = true)]
    pub today: Option<Date>,
}

pub const AFTER_HELP: &str = "\
Make the dump with:
  kubectl get clusterroles,clusterrolebindings,roles,rolebindings,serviceaccounts,configmaps,deployments,statefulsets,\
daemonsets,jobs,cronjobs,pods -A -o yaml > dump.yaml
Add `secrets` to check them too. The settings name objects and never contain a value from a Secret.

Exit status: 0 if the cluster passes with the settings, 1 if something is still denied, 2 if the dump cannot be read.";

const DAYS: u64 = 90;
const REASON: &str = "fill in why this is needed";

/// A subject that holds cluster-admin.
struct Administrator {
    name: String,
    /// How to find out who that is.
    comment: String,
}

struct Exemption {
    rules: BTreeSet<&'static str>,
    kind: String,
    namespace: String,
    name: String,
    grants: Option<String>,
    problem: String,
    reason: String,
    until: String,
}

#[derive(Default)]
struct Proposal {
    profile: String,
    administrators: Vec<Administrator>,
    operators: BTreeSet<(&'static str, String)>,
    tenants: BTreeSet<String>,
    /// Client ids by namespace and service account.
    identities: BTreeMap<(String, String), BTreeSet<String>>,
    owned_pods: bool,
    exemptions: Vec<Exemption>,
}

pub fn run(args: &Onboard, streams: &mut Streams, today: Date) -> Result<Outcome> {
    let today = args.today.unwrap_or(today);
    let objects = read(&args.dumps)?;
    // Pods and ReplicaSets of a workload that is in the dump are evaluated as its template.
    let names: BTreeSet<(String, String, String)> = objects.iter().map(|object| identity(object.object())).collect();
    let (owned, objects): (Vec<_>, Vec<_>) = objects.into_iter().partition(|object| is_owned(object.object(), &names));
    let mut proposal = Proposal { profile: args.profile.clone(), ..Proposal::default() };
    for object in &objects {
        proposal.learn(object.object());
    }
    proposal.keep_valid();
    let existing = match args.output.as_deref().filter(|path| path.exists()) {
        Some(path) => manifest::parse(&std::fs::read_to_string(path)?).with_context(|| path.display().to_string())?,
        None => Value::Null,
    };
    let (mut unreadable, mut warned) = (Vec::new(), 0);
    for (object, evaluation) in objects.iter().zip(evaluate(&objects, &proposal.settings(), today)?) {
        let body = object.object();
        warned += usize::from(evaluation.response.accepted && !evaluation.response.warnings.is_empty());
        let denied: Vec<_> = evaluation.findings.iter().filter(|finding| finding.denies()).collect();
        let Some(first) = denied.first() else { continue };
        if denied.iter().any(|finding| finding.is_unreadable()) {
            unreadable.push(title(body));
            continue;
        }
        let is_role = matches!(text(body, &["kind"]), "Role" | "ClusterRole");
        proposal.exemptions.push(Exemption {
            rules: denied.iter().map(|finding| finding.rule.id).collect(),
            kind: kind(body),
            namespace: text(body, &["metadata", "namespace"]).to_owned(),
            name: text(body, &["metadata", "name"]).to_owned(),
            grants: is_role.then(|| digest(body)).transpose()?,
            problem: format!("{} {}", first.location.path, first.message).trim().to_owned(),
            reason: REASON.to_owned(),
            until: after(today, DAYS).to_string(),
        });
    }
    proposal.owned_pods = proposal.exemptions.iter().any(|exemption| {
        owned.iter().any(|object| owner(object.object()).is_some_and(|(_, name)| name.starts_with(&exemption.name)))
    });
    for exemption in &mut proposal.exemptions {
        exemption.keep_from(&existing["exemptions"]);
    }
    let settings = proposal.settings();
    if let Some(problem) = problem(&settings) {
        bail!("the proposal is not valid: {problem}");
    }
    let text = proposal.file();
    match &args.output {
        Some(path) => std::fs::write(path, &text).with_context(|| path.display().to_string())?,
        None => streams.out.write_all(text.as_bytes())?,
    }
    let still = evaluate(&objects, &settings, today)?.iter().filter(|evaluation| !evaluation.response.accepted).count();
    proposal.report(&mut streams.err, objects.len(), warned, still, &unreadable)?;
    streams.out.flush()?;
    Ok(if still == 0 { Outcome::Allowed } else { Outcome::Denied })
}

fn title(object: &Value) -> String {
    let (kind, namespace, name) = identity(object);
    if namespace.is_empty() { format!("{kind} {name}") } else { format!("{kind} {namespace}/{name}") }
}

fn digest(role: &Value) -> Result<String> {
    let text = role.to_string();
    let value = json::parse(&text).map_err(|_| anyhow::anyhow!("a role cannot be read"))?;
    Ok(grants_digest(Node::new(&value)))
}

/// What the policy server would say about the settings.
fn problem(settings: &Value) -> Option<String> {
    let answer: Value = serde_json::from_slice(&validate_settings(settings.to_string().as_bytes())).ok()?;
    (answer["valid"] != true).then(|| text(&answer, &["message"]).to_owned())
}

impl Proposal {
    /// Leaves out what the settings would not accept: rules report it where it is.
    fn keep_valid(&mut self) {
        self.administrators.retain(|one| problem(&json!({"clusterAdmins": [one.name]})).is_none());
        self.administrators.sort_by(|a, b| a.name.cmp(&b.name));
        self.tenants.retain(|tenant| !tenant.is_empty() && problem(&json!({"allowedTenants": [tenant]})).is_none());
        for clients in self.identities.values_mut() {
            clients.retain(|client| {
                let entry = json!({"namespace": "n", "clientIds": [client]});
                problem(&json!({"identities": [entry]})).is_none()
            });
        }
        self.identities.retain(|_, clients| !clients.is_empty());
    }

    fn settings(&self) -> Value {
        let mut settings = Map::new();
        settings.insert("profile".to_owned(), json!(self.profile));
        let names: Vec<_> = self.administrators.iter().map(|one| &one.name).collect();
        settings.insert("clusterAdmins".to_owned(), json!(names));
        let operators = self.operators.iter().map(|(name, namespace)| json!({"name": name, "namespace": namespace}));
        settings.insert("operators".to_owned(), operators.collect());
        settings.insert("allowedTenants".to_owned(), json!(self.tenants));
        let identities = self.identities.iter().map(|((namespace, account), clients)| {
            json!({"namespace": namespace, "serviceAccount": account, "clientIds": clients})
        });
        settings.insert("identities".to_owned(), identities.collect());
        if self.owned_pods {
            settings.insert("ownedPods".to_owned(), json!("warn"));
        }
        settings.insert("exemptions".to_owned(), self.exemptions.iter().map(Exemption::settings).collect());
        Value::Object(settings)
    }

    /// The settings as YAML, with a comment at each entry.
    fn file(&self) -> String {
        let mut file = "# Settings that `entra-auth onboard` proposes. Read every line before you use it.\n".to_owned();
        let _ = writeln!(file, "profile: {}", self.profile);
        section(
            &mut file,
            "clusterAdmins",
            "Who holds cluster-admin now. Remove those who should not.",
            self.administrators.is_empty(),
        );
        for Administrator { name, comment } in &self.administrators {
            let _ = writeln!(file, "- {} # {}", quoted(name), comment.replace('\n', " "));
        }
        section(
            &mut file,
            "operators",
            "Software that is expected to have its published roles and bindings.",
            self.operators.is_empty(),
        );
        for (name, namespace) in &self.operators {
            let title = OPERATORS.iter().find(|operator| operator.name == *name).map_or("", |operator| operator.title);
            let _ = writeln!(file, "- {{name: {name}, namespace: {}}} # {title}", quoted(namespace));
        }
        section(&mut file, "allowedTenants", "Tenants that workload identity uses now.", self.tenants.is_empty());
        for tenant in &self.tenants {
            let _ = writeln!(file, "- {} # az account tenant list", quoted(tenant));
        }
        section(
            &mut file,
            "identities",
            "Which service account may use which client id. Every other use is denied.",
            self.identities.is_empty(),
        );
        for ((namespace, account), clients) in &self.identities {
            let clients: Vec<_> = clients.iter().map(|client| quoted(client)).collect();
            let show = clients.first().map(|client| format!("az ad sp show --id {}", client.trim_matches('"')));
            let _ = writeln!(
                file,
                "- {{namespace: {}, serviceAccount: {}, clientIds: [{}]}} # {}",
                quoted(namespace),
                quoted(account),
                clients.join(", "),
                show.unwrap_or_default()
            );
        }
        if self.owned_pods {
            file.push_str("\n# Pods of the exempted workloads have new names after each restart. Their controllers may make them.\nownedPods: warn\n");
        }
        section(
            &mut file,
            "exemptions",
            "What would be denied. Fill in each reason, or fix the object and remove the entry.",
            self.exemptions.is_empty(),
        );
        for exemption in &self.exemptions {
            exemption.write(&mut file);
        }
        file
    }

    /// What of the proposal is a risk, and what an upgrade would meet.
    fn report(
        &self,
        err: &mut dyn Write,
        objects: usize,
        warned: usize,
        still: usize,
        unreadable: &[String],
    ) -> Result<()> {
        writeln!(err, "{objects} objects: {still} denied and {warned} with warnings under the proposal")?;
        for Administrator { name, .. } in &self.administrators {
            writeln!(err, "risk: {name} is cluster-admin")?;
        }
        for (name, namespace) in &self.operators {
            if let Some(operator) = OPERATORS.iter().find(|operator| operator.name == *name) {
                writeln!(err, "risk: {name} in {namespace}: {}", operator.note)?;
            }
        }
        for Exemption { kind, namespace, name, rules, grants, until, .. } in &self.exemptions {
            let place = if namespace.is_empty() { name.clone() } else { format!("{namespace}/{name}") };
            let rules = Vec::from_iter(rules.iter().copied()).join(", ");
            writeln!(err, "risk: {kind} {place} is exempted from {rules} until {until}")?;
            if grants.is_some() {
                writeln!(err, "next upgrade: a version that changes the grants of {kind} {place} is evaluated anew")?;
            }
        }
        for object in unreadable {
            writeln!(err, "still denied: {object} cannot be read, and no exemption covers that")?;
        }
        Ok(())
    }
}

impl Exemption {
    fn settings(&self) -> Value {
        let mut entry = Map::new();
        entry.insert("rules".to_owned(), json!(self.rules));
        entry.insert("kinds".to_owned(), json!([self.kind]));
        if !self.namespace.is_empty() {
            entry.insert("namespaces".to_owned(), json!([self.namespace]));
        }
        entry.insert("names".to_owned(), json!([self.name]));
        if let Some(grants) = &self.grants {
            entry.insert("grants".to_owned(), json!(grants));
        }
        entry.insert("reason".to_owned(), json!(self.reason));
        entry.insert("until".to_owned(), json!(self.until));
        Value::Object(entry)
    }

    /// Takes reason and end date of the same exemption in the file that is written anew.
    fn keep_from(&mut self, existing: &Value) {
        let mut own = self.settings();
        for entry in existing.as_array().into_iter().flatten() {
            for key in ["reason", "until"] {
                own[key] = entry[key].clone();
            }
            if own == *entry {
                (self.reason, self.until) = (text(entry, &["reason"]).to_owned(), text(entry, &["until"]).to_owned());
                return;
            }
        }
    }

    fn write(&self, file: &mut String) {
        let _ = writeln!(file, "# {}", self.problem.replace(['\n', '\r'], " "));
        let rules: Vec<_> = self.rules.iter().copied().collect();
        let _ = writeln!(file, "- rules: [{}]", rules.join(", "));
        let _ = writeln!(file, "  kinds: [{}]", quoted(&self.kind));
        if !self.namespace.is_empty() {
            let _ = writeln!(file, "  namespaces: [{}]", quoted(&self.namespace));
        }
        let _ = writeln!(file, "  names: [{}]", quoted(&self.name));
        if let Some(grants) = &self.grants {
            let _ = writeln!(file, "  grants: {} # what it grants now", quoted(grants));
        }
        let _ = writeln!(file, "  reason: {}\n  until: {}", quoted(&self.reason), quoted(&self.until));
    }
}

fn section(file: &mut String, key: &str, comment: &str, is_empty: bool) {
    let _ = writeln!(file, "\n# {comment}\n{key}:{}", if is_empty { " []" } else { "" });
}

/// A string of YAML: JSON's are.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
