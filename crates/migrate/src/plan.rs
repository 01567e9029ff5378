//! The plan: everything that texts, manifests and scripts are made from.

use crate::answers::Answers;
use manifest::Change;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// What is left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    PodIdentity,
    Irsa,
    Secrets,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    pub from: Origin,
    /// Who the workloads are in Azure, in the order of names.
    pub identities: Vec<Identity>,
    pub phases: Vec<Phase>,
    /// What a person must decide or fill in before the migration.
    pub decisions: Vec<Decision>,
    /// What cannot be done mechanically, numbered from 1.
    pub tasks: Vec<Task>,
    /// What stays as it is, and why.
    pub kept: Vec<Kept>,
    /// Every object that is created, changed or deleted, in the order of names.
    pub objects: Vec<ObjectChange>,
    /// Commands of the removal that are not about objects of the input: what for, and the command.
    pub removals: Vec<(String, String)>,
    /// The policy's settings once everything is done.
    pub settings: Value,
    /// What is known of ids, and a placeholder for each that is not.
    pub answers: Answers,
}

impl Origin {
    pub const ALL: [Origin; 3] = [Origin::PodIdentity, Origin::Irsa, Origin::Secrets];

    /// As `entra-auth migrate` calls it.
    pub fn name(self) -> &'static str {
        match self {
            Origin::PodIdentity => "pod-identity",
            Origin::Irsa => "irsa",
            Origin::Secrets => "secrets",
        }
    }

    /// How the ids of the rules begin that report what is left behind.
    pub fn rules(self) -> &'static str {
        match self {
            Origin::PodIdentity => "pod-identity-",
            Origin::Irsa => "aws-",
            Origin::Secrets => "credential-",
        }
    }
}

impl Plan {
    /// Whether nothing has to be migrated.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty() && self.tasks.is_empty()
    }

    /// Whether a person has to decide or do something that no file contains.
    pub fn is_open(&self) -> bool {
        !self.tasks.is_empty() || self.decisions.iter().any(|decision| decision.blocks)
    }

    pub fn phase(&self, kind: PhaseKind) -> Option<&Phase> {
        self.phases.iter().find(|phase| phase.kind == kind)
    }
}

/// An identity in Azure, and the accounts of the cluster that may be it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    /// What files and placeholders call it.
    pub name: String,
    pub kind: IdentityKind,
    /// The client id, or a placeholder.
    pub client_id: String,
    /// Of an existing managed identity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<String>,
    /// What a new identity replaces, if its roles are to be copied: the client id or name of that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copies: Option<String>,
    pub federations: Vec<Federation>,
    /// Roles that the migration itself makes necessary.
    pub roles: Vec<Role>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum IdentityKind {
    /// A user-assigned identity that exists.
    Existing,
    /// A user-assigned identity to create.
    New,
    /// An app registration, which keeps its client id and gets federated credentials.
    Application,
}

/// A federated credential: one service account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Federation {
    pub namespace: String,
    pub service_account: String,
}

impl Federation {
    pub fn subject(&self) -> String {
        format!("system:serviceaccount:{}:{}", self.namespace, self.service_account)
    }

    /// The credential's name: 3 to 120 letters, digits, `-` and `_`.
    pub fn credential(&self) -> String {
        let name: String = format!("kubernetes-{}-{}", self.namespace, self.service_account)
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .collect();
        name.chars().take(120).collect()
    }
}

/// The audience of every federated credential.
pub(crate) const AUDIENCE: &str = "api://AzureADTokenExchange";

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Role {
    pub role: &'static str,
    /// What it is for, in words: the scope is not in manifests.
    pub on: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PhaseKind {
    Create,
    Apply,
    Verify,
    Remove,
    EndProxy,
    Refuse,
}

#[derive(Clone, Debug, Serialize)]
pub struct Phase {
    pub number: usize,
    pub kind: PhaseKind,
    pub title: &'static str,
    pub why: String,
    pub steps: Vec<Step>,
    /// What to run, in this order, from the folder that the plan was written to.
    pub commands: Vec<Command>,
    /// What to run to see that the phase worked.
    pub verify: Vec<Command>,
    /// How to go back to the state before the phase.
    pub rollback: Vec<Command>,
}

impl Phase {
    /// The folder of its files.
    pub fn folder(&self) -> String {
        let name = match self.kind {
            PhaseKind::Create => "create",
            PhaseKind::Apply => "apply",
            PhaseKind::Verify => "verify",
            PhaseKind::Remove => "remove",
            PhaseKind::EndProxy => "end-proxy",
            PhaseKind::Refuse => "refuse",
        };
        format!("{}-{name}", self.number)
    }
}

#[derive(Clone, Debug, Serialize)]
pub struct Step {
    pub what: String,
    pub why: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub risk: Option<Risk>,
}

/// What can go wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Risk(pub String);

/// A shell command, and what it is for.
#[derive(Clone, Debug, Serialize)]
pub struct Command {
    pub what: String,
    pub run: String,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Decision {
    /// Whether files cannot be applied before it is made.
    pub blocks: bool,
    pub about: String,
    pub what: String,
}

/// Something for a person to do.
#[derive(Clone, Debug, Serialize)]
pub struct Task {
    pub number: usize,
    pub object: ObjectName,
    pub what: String,
    pub todo: String,
    /// Where it is documented.
    pub link: String,
    /// The rules that report the object until it is done.
    pub rules: Vec<&'static str>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Kept {
    pub object: ObjectName,
    pub why: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectName {
    pub api_version: String,
    pub kind: String,
    /// Empty in the cluster's scope.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    pub name: String,
}

impl ObjectName {
    pub fn group(&self) -> &str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }

    /// As exemptions and kubectl name kinds: `Kind`, or `Kind.group`.
    pub fn kind_and_group(&self) -> String {
        match self.group() {
            "" => self.kind.clone(),
            group => format!("{}.{group}", self.kind),
        }
    }

    /// For kubectl: `-n shop deployment.apps/web`.
    pub(crate) fn for_kubectl(&self) -> String {
        let kind = self.kind_and_group().to_lowercase();
        match self.namespace.as_str() {
            "" => format!("{kind}/{}", self.name),
            namespace => format!("-n {namespace} {kind}/{}", self.name),
        }
    }

    /// A file name without its ending.
    pub(crate) fn slug(&self) -> String {
        let parts = [self.kind.as_str(), &self.namespace, &self.name];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        let clean = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c.to_ascii_lowercase() } else { '-' };
        parts.join("-").chars().map(clean).collect()
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.namespace.as_str() {
            "" => write!(f, "{} {}", self.kind, self.name),
            namespace => write!(f, "{} {namespace}/{}", self.kind, self.name),
        }
    }
}

/// When an object changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    Apply,
    Remove,
    EndProxy,
}

impl Stage {
    pub const ALL: [Stage; 3] = [Stage::Apply, Stage::Remove, Stage::EndProxy];

    pub fn phase(self) -> PhaseKind {
        match self {
            Stage::Apply => PhaseKind::Apply,
            Stage::Remove => PhaseKind::Remove,
            Stage::EndProxy => PhaseKind::EndProxy,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    Created,
    Changed,
    /// In the stage `Remove`.
    Deleted,
}

/// What happens to one object.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectChange {
    pub object: ObjectName,
    pub fate: Fate,
    /// The reasons of each stage.
    pub why: BTreeMap<Stage, Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub risk: Option<Risk>,
    /// Changes of the object as it is after the stages before.
    pub changes: BTreeMap<Stage, Vec<Change>>,
    /// The API server does not update it, so it is deleted and created again.
    pub replace: bool,
    /// Its number in the input; none if it is new.
    #[serde(skip)]
    pub index: Option<usize>,
    /// The object before any stage: as it was, or as it is created.
    #[serde(skip)]
    pub before: Value,
    /// The object after the stages that change it.
    #[serde(skip)]
    pub states: BTreeMap<Stage, Value>,
}

impl ObjectChange {
    /// The object after a stage; none if it is not there then.
    pub fn after(&self, stage: Stage) -> Option<&Value> {
        if self.fate == Fate::Deleted && stage >= Stage::Remove {
            return None;
        }
        Some(self.states.range(..=stage).next_back().map_or(&self.before, |(_, state)| state))
    }

    /// The object before a stage.
    pub fn before(&self, stage: Stage) -> Option<&Value> {
        if self.fate == Fate::Created && stage == Stage::Apply {
            return None;
        }
        Some(self.states.range(..stage).next_back().map_or(&self.before, |(_, state)| state))
    }
}
