//! Reads what a report needs from the objects of a cluster, one after the other. Of an object, only that is kept.

use super::objects::Objects;
use crate::args::Policy;
use crate::dump::{identity, is_owned, text};
use crate::evaluate::Evaluator;
use crate::fix::carried::{Accounts, offered};
use crate::report::is_shown;
use crate::settings;
use access::{Inventory, SignIn};
use admission::cluster::ManifestCluster;
use admission::create_payload;
use anyhow::{Result, anyhow, bail};
use entra_auth_policy::describe::{Description, describe};
use entra_auth_policy::settings::Date;
use entra_auth_policy::verdict::{Action, Decision};
use fixes::Safety;
use manifest::ManifestObject;
use migrate::{Counts, Origin};
use rayon::ThreadPoolBuilder;
use rayon::prelude::*;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What was read.
#[derive(Default)]
pub(crate) struct Gathered {
    pub objects: usize,
    /// Roles and bindings.
    pub rbac: Vec<Value>,
    pub inventory: Inventory,
    pub findings: Vec<Finding>,
    /// What `restricted` would deny and these settings do not: rule and object.
    pub restricted: BTreeMap<&'static str, BTreeSet<String>>,
    /// The modes of workloads that rules found, by namespace, kind and name.
    pub modes: BTreeMap<(String, String, String), BTreeSet<SignIn>>,
    pub has_secrets: bool,
    /// What migrations would do.
    pub migrations: Vec<Counts>,
}

/// A finding in an object.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Finding {
    pub rule: &'static str,
    pub severity: &'static str,
    pub action: &'static str,
    pub kind: String,
    pub namespace: String,
    pub name: String,
    pub path: String,
    pub message: String,
    pub remediation: String,
    /// What `fix` offers for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<Safety>,
    /// The number of the exemption in the settings.
    #[serde(skip)]
    pub exemption: Option<usize>,
}

/// What is evaluated with; `None` if only rights are asked about.
pub(crate) struct Rules {
    pub settings: Value,
    restricted: Value,
    today: Date,
}

/// What was read of one object.
struct Read {
    kept: Value,
    description: Description,
    findings: Vec<Finding>,
    restricted: Vec<&'static str>,
}

impl Rules {
    pub(crate) fn load(policy: &Policy, today: Date) -> Result<Rules> {
        let settings = settings::load(policy, true, None)?;
        let mut restricted = settings.clone();
        restricted["profile"] = json!("restricted");
        Ok(Rules { settings, restricted, today })
    }
}

/// Reads all objects.
pub(crate) fn gather(objects: &Objects, rules: Option<&Rules>) -> Result<Gathered> {
    let workers = ThreadPoolBuilder::new().stack_size(manifest::STACK).build()?;
    workers.install(|| {
        let known = rules.map(|_| Known::of(objects)).transpose()?;
        let with = rules.zip(known.as_ref()).map(|(rules, known)| Evaluation::of(rules, known));
        let read = objects.map(|_| true, |object| of_object(&object, with.as_ref()))?;
        if read.is_empty() {
            bail!("no object of a cluster is in {}", objects.names());
        }
        let (mut gathered, own) = sort(read);
        if rules.is_some() {
            gathered.migrations = migrations(objects, &gathered.findings, &own)?;
        }
        Ok(gathered)
    })
}

/// What evaluations and fixes of one object need to know of the others.
struct Known {
    cluster: Arc<ManifestCluster>,
    accounts: Vec<Value>,
}

impl Known {
    fn of(objects: &Objects) -> Result<Known> {
        let is_account = |object: &Value| object["kind"] == "ServiceAccount";
        let may_be_in = |text: &str| ManifestCluster::may_be_in(text) || text.contains("ServiceAccount");
        let found = objects.map(may_be_in, |object| {
            let account = is_account(&object.value).then(|| object.value.clone());
            Ok((ManifestCluster::pick("", &object), account))
        })?;
        let (mut cluster, mut accounts) = (ManifestCluster::default(), Vec::new());
        for (kept, account) in found {
            kept.into_iter().for_each(|kept| cluster.keep(kept));
            accounts.extend(account);
        }
        Ok(Known { cluster: Arc::new(cluster), accounts })
    }
}

/// What objects are evaluated with.
struct Evaluation<'k> {
    own: Evaluator<'static>,
    /// With the profile `restricted`.
    strict: Evaluator<'static>,
    accounts: Accounts<'k>,
}

impl<'k> Evaluation<'k> {
    fn of(rules: &Rules, known: &'k Known) -> Evaluation<'k> {
        let evaluator =
            |settings: &Value| Evaluator::of_objects(settings.clone(), Some(known.cluster.clone()), rules.today);
        // The reason comes back with each finding, so it identifies the exemption.
        let mut settings = rules.settings.clone();
        for (index, entry) in settings["exemptions"].as_array_mut().into_iter().flatten().enumerate() {
            entry["reason"] = json!(index.to_string());
        }
        Evaluation {
            own: evaluator(&settings),
            strict: evaluator(&rules.restricted),
            accounts: Accounts::of(&known.accounts),
        }
    }
}

fn of_object(object: &ManifestObject, with: Option<&Evaluation<'_>>) -> Result<Read> {
    let (mut findings, mut restricted) = (Vec::new(), Vec::new());
    if let Some(with) = with {
        let evaluate = |evaluator: &Evaluator<'_>| match evaluator.evaluate("", object) {
            Ok((evaluation, _)) => Ok(evaluation.findings),
            Err(error) => Err(anyhow!("{error:?}")),
        };
        let found = evaluate(&with.own)?;
        // The profile decides about findings and does not add any.
        if !found.is_empty() {
            let denied = |found: &[Decision]| -> BTreeSet<&'static str> {
                found.iter().filter(|finding| finding.denies()).map(|finding| finding.rule.id).collect()
            };
            restricted = denied(&evaluate(&with.strict)?).difference(&denied(&found)).copied().collect();
        }
        let read = |finding: &Decision| {
            let is_shown = is_shown(finding, false);
            let fix = is_shown.then(|| offered(finding, &found, object, &with.accounts, &with.own)).flatten();
            Finding::of(&object.value, finding, fix)
        };
        findings = found.iter().map(read).collect();
    }
    let payload = create_payload(&object.value, None, &Value::Object(Map::new()));
    let description = describe(&payload).unwrap_or_default();
    Ok(Read { kept: kept(&object.value), description, findings, restricted })
}

/// What `migrate` would do, from each origin that rules report. `own` is, for each object, whether a migration is
/// about its findings; `None` if a workload that is there made it.
fn migrations(objects: &Objects, findings: &[Finding], own: &[Option<bool>]) -> Result<Vec<Counts>> {
    let is_reported = |origin: &Origin| findings.iter().any(|finding| finding.rule.starts_with(origin.rules()));
    let origins: Vec<Origin> = Origin::ALL.into_iter().filter(is_reported).collect();
    if origins.is_empty() {
        return Ok(Vec::new());
    }
    let all = objects.map(|_| true, |object| Ok(object.into_owned().value))?;
    let (all, has_findings): (Vec<Value>, Vec<bool>) =
        all.into_iter().zip(own).filter_map(|(object, own)| Some((object, (*own)?))).unzip();
    let has_findings = |index: usize| has_findings.get(index).copied().unwrap_or_default();
    let counts = origins.into_par_iter().map(|origin| migrate::count(origin, &all, &has_findings));
    Ok(counts.collect::<Vec<_>>().into_iter().filter(|counts| !counts.is_empty()).collect())
}

impl Finding {
    fn of(object: &Value, finding: &Decision, fix: Option<Safety>) -> Finding {
        let (kind, namespace, name) = identity(object);
        let exemption = match &finding.action {
            Action::Exempt(index) => index.parse().ok(),
            _ => None,
        };
        Finding {
            rule: finding.rule.id,
            severity: finding.severity.as_str(),
            action: finding.action.as_str(),
            kind,
            namespace,
            name,
            path: crate::report::place(finding).to_owned(),
            message: finding.message.clone(),
            remediation: finding.remediation.to_string(),
            fix,
            exemption,
        }
    }

    pub(crate) fn is_shown(&self) -> bool {
        matches!(self.action, "deny" | "warn")
    }

    /// The object, as people call it.
    pub(crate) fn object(&self) -> String {
        title(&self.kind, &self.namespace, &self.name)
    }
}

pub(crate) fn title(kind: &str, namespace: &str, name: &str) -> String {
    entra_auth_policy::object::Title { kind, namespace, name }.to_string()
}

/// What is needed of an object when all of them are known. No data of a Secret is among it.
fn kept(object: &Value) -> Value {
    let members = |object: &Value, is_kept: &dyn Fn(&str) -> bool| -> Map<String, Value> {
        let all = object.as_object().into_iter().flatten();
        all.filter(|(key, _)| is_kept(key)).map(|(key, value)| (key.clone(), value.clone())).collect()
    };
    let (metadata, kind) = (&object["metadata"], text(object, &["kind"]));
    let is_rbac = matches!(kind, "Role" | "ClusterRole" | "RoleBinding" | "ClusterRoleBinding");
    let mut kept = members(object, &|key| match key {
        "apiVersion" | "kind" | "type" | "automountServiceAccountToken" => true,
        "rules" | "aggregationRule" | "roleRef" | "subjects" => is_rbac,
        "spec" => kind.starts_with("AzureIdentity"),
        _ => false,
    });
    let mut of_metadata = members(metadata, &|key| match key {
        "name" | "namespace" | "ownerReferences" => true,
        "labels" => is_rbac,
        _ => false,
    });
    let is_read = |key: &str| {
        ["azure.workload.identity/", "kubernetes.io/service-account."].iter().any(|start| key.starts_with(start))
    };
    of_metadata.insert("annotations".to_owned(), members(&metadata["annotations"], &is_read).into());
    kept.insert("metadata".to_owned(), of_metadata.into());
    Value::Object(kept)
}

/// Puts together what was read. Pods of a workload that is there have its findings. The second list says of each object
/// whether a migration is about its findings; `None` if such a workload made it.
fn sort(read: Vec<Read>) -> (Gathered, Vec<Option<bool>>) {
    let names: BTreeSet<(String, String, String)> = read.iter().map(|one| identity(&one.kept)).collect();
    let mut gathered = Gathered { objects: read.len(), ..Gathered::default() };
    let mut own = Vec::with_capacity(read.len());
    for Read { kept, description, findings, restricted } in read {
        let is_owned = is_owned(&kept, &names);
        own.push((!is_owned).then(|| findings.iter().any(|finding| migrate::is_about(finding.rule))));
        gathered.inventory.add(&kept, &description, is_owned);
        gathered.has_secrets |= text(&kept, &["kind"]) == "Secret";
        if !is_owned {
            gathered.learn_modes(&kept, &findings);
            let (kind, namespace, name) = identity(&kept);
            for rule in restricted {
                gathered.restricted.entry(rule).or_default().insert(title(&kind, &namespace, &name));
            }
            gathered.findings.extend(findings);
        }
        if text(&kept, &["apiVersion"]).starts_with("rbac.authorization.k8s.io/") {
            gathered.rbac.push(kept);
        }
    }
    (gathered, own)
}

impl Gathered {
    /// Rules know how pods reach the node's identity, and where credentials are.
    fn learn_modes(&mut self, object: &Value, findings: &[Finding]) {
        let mode = |finding: &Finding| match finding.rule {
            "node-identity-endpoint" | "node-identity-file" | "node-identity-mode" => Some(SignIn::NodeIdentity),
            "credential-from-secret" | "credential-mode" | "credential-volume" => Some(SignIn::FixedCredential),
            _ => None,
        };
        let modes: BTreeSet<SignIn> = findings.iter().filter_map(mode).collect();
        if !modes.is_empty() {
            let (kind, namespace, name) = identity(object);
            self.modes.insert((namespace, kind, name), modes);
        }
    }
}
