//! Reads what a report needs from the objects of a cluster, one after the other. Of an object, only that is kept.

use crate::args::Policy;
use crate::dump::{identity, is_owned, text};
use crate::evaluate::Evaluator;
use crate::inputs::Source;
use crate::{lookups, settings};
use access::{Inventory, SignIn};
use admission::create_payload;
use anyhow::{Result, anyhow, bail};
use entra_auth_policy::describe::{Description, describe};
use entra_auth_policy::settings::Date;
use entra_auth_policy::verdict::{Action, Decision};
use manifest::{Document, Form, ManifestObject, documents};
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

/// Reads all sources. A part that cannot be read is an error: what it grants would be missing.
pub(crate) fn gather(sources: &[Source], rules: Option<&Rules>) -> Result<Gathered> {
    let workers = ThreadPoolBuilder::new().stack_size(manifest::STACK).build()?;
    let texts: Vec<(&str, String)> = sources
        .iter()
        .map(|source| Ok((source.name.as_str(), source.read().map_err(|reason| anyhow!("{}: {reason}", source.name))?)))
        .collect::<Result<_>>()?;
    let evaluators = rules.map(|rules| workers.install(|| evaluators(rules, &texts))).transpose()?;
    let mut read = Vec::new();
    for (name, text) in &texts {
        let parts = documents(text);
        let of_part = |part| of_document(name, part, evaluators.as_ref());
        let found: Vec<Result<Vec<Read>>> = workers.install(|| parts.par_iter().map(of_part).collect());
        for part in found {
            read.extend(part?);
        }
    }
    if read.is_empty() {
        let names: Vec<&str> = sources.iter().map(|source| source.name.as_str()).collect();
        bail!("no object of a cluster is in {}", names.join(", "));
    }
    Ok(sort(read))
}

/// With the settings, and with the profile `restricted`. Look-ups are answered from the same objects.
fn evaluators(rules: &Rules, texts: &[(&str, String)]) -> Result<[Evaluator<'static>; 2]> {
    let cluster = Arc::new(lookups::of_texts(texts.iter().map(|(_, text)| text.as_str())));
    let evaluator = |settings: &Value| Evaluator::of_objects(settings.clone(), Some(cluster.clone()), rules.today);
    // The reason comes back with each finding, so it identifies the exemption.
    let mut settings = rules.settings.clone();
    for (index, entry) in settings["exemptions"].as_array_mut().into_iter().flatten().enumerate() {
        entry["reason"] = json!(index.to_string());
    }
    Ok([evaluator(&settings), evaluator(&rules.restricted)])
}

fn of_document(name: &str, part: &Document<'_>, evaluators: Option<&[Evaluator<'_>; 2]>) -> Result<Vec<Read>> {
    let objects = part.objects().map_err(|fault| anyhow!("{name}:{}: {fault}", fault.line))?;
    let mut read = Vec::new();
    for object in objects {
        match object {
            Ok(object) if object.form == Form::Object => read.push(of_object(object, evaluators)?),
            Ok(_) => bail!("{name}: an admission request, not an object of a cluster"),
            Err(fault) if fault.kind.is_harmless() => {}
            Err(fault) => bail!("{name}:{}: {fault}", fault.line),
        }
    }
    Ok(read)
}

fn of_object(mut object: ManifestObject, evaluators: Option<&[Evaluator<'_>; 2]>) -> Result<Read> {
    let (mut findings, mut restricted) = (Vec::new(), Vec::new());
    if let Some([own, strict]) = evaluators {
        let evaluate = |evaluator: &Evaluator<'_>| match evaluator.evaluate("", &object) {
            Ok((evaluation, _)) => Ok(evaluation.findings),
            Err(error) => Err(anyhow!("{error:?}")),
        };
        let found = evaluate(own)?;
        // The profile decides about findings and does not add any.
        if !found.is_empty() {
            let denied = |found: &[Decision]| -> BTreeSet<&'static str> {
                found.iter().filter(|finding| finding.denies()).map(|finding| finding.rule.id).collect()
            };
            restricted = denied(&evaluate(strict)?).difference(&denied(&found)).copied().collect();
        }
        findings = found.iter().map(|finding| Finding::of(&object.value, finding)).collect();
    }
    let payload = create_payload(&object.value, None, &Value::Object(Map::new()));
    let description = describe(&payload).unwrap_or_default();
    Ok(Read { kept: kept(&mut object.value), description, findings, restricted })
}

impl Finding {
    fn of(object: &Value, finding: &Decision) -> Finding {
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
fn kept(object: &mut Value) -> Value {
    let kind = text(object, &["kind"]).to_owned();
    for path in [&["metadata"][..], &["metadata", "annotations"]] {
        let member = path.iter().fold(&mut *object, |value, key| &mut value[*key]);
        if !member.is_object() {
            *member = json!({});
        }
    }
    if matches!(kind.as_str(), "Role" | "ClusterRole" | "RoleBinding" | "ClusterRoleBinding") {
        if let Some(metadata) = object["metadata"].as_object_mut() {
            metadata.retain(|key, _| matches!(key.as_str(), "name" | "namespace" | "labels"));
        }
        return object.take();
    }
    let mut metadata = Map::new();
    for key in ["name", "namespace", "ownerReferences"] {
        metadata.insert(key.to_owned(), object["metadata"][key].take());
    }
    if let Some(annotations) = object["metadata"]["annotations"].as_object_mut() {
        let is_read = |key: &str| {
            ["azure.workload.identity/", "kubernetes.io/service-account."].iter().any(|start| key.starts_with(start))
        };
        annotations.retain(|key, _| is_read(key));
        metadata.insert("annotations".to_owned(), std::mem::take(annotations).into());
    }
    let mut kept = Map::new();
    for key in ["apiVersion", "kind", "type", "automountServiceAccountToken"] {
        kept.insert(key.to_owned(), object[key].take());
    }
    if kind.starts_with("AzureIdentity") {
        kept.insert("spec".to_owned(), object["spec"].take());
    }
    kept.insert("metadata".to_owned(), metadata.into());
    Value::Object(kept)
}

/// Puts together what was read. Pods of a workload that is there have its findings.
fn sort(read: Vec<Read>) -> Gathered {
    let names: BTreeSet<(String, String, String)> = read.iter().map(|one| identity(&one.kept)).collect();
    let mut gathered = Gathered { objects: read.len(), ..Gathered::default() };
    for Read { kept, description, findings, restricted } in read {
        let is_owned = is_owned(&kept, &names);
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
    gathered
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
