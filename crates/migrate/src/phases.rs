//! From a draft to the plan: objects by stage, phases, settings and tasks.

use crate::azure::GROUP_VARIABLE;
use crate::draft::{Draft, Entry, without_nested};
use crate::leftovers;
use crate::plan::{
    Command, Fate, Identity, IdentityKind, ObjectChange, ObjectName, Origin, Phase, PhaseKind, Plan, Risk, Stage, Step,
};
use manifest::{ChangeError, apply_changes};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// Most federated credentials of an identity.
const MOST: usize = 20;

/// `is_evaluated` is whether the policy can report anything about an object of the input that does not change.
pub(crate) fn finish(mut draft: Draft<'_>, is_evaluated: &dyn Fn(usize) -> bool) -> Plan {
    note_limits(&mut draft);
    let mut objects: Vec<ObjectChange> = Vec::new();
    let mut after: Vec<(ObjectName, Cow<'_, Value>)> = Vec::new();
    for entry in std::mem::take(&mut draft.entries) {
        let is_changed = entry.fate != Fate::Changed || !entry.changes.is_empty();
        let name = entry.name.clone();
        if !is_changed {
            if entry.index.is_none_or(is_evaluated) {
                after.push((name, entry.before));
            }
            continue;
        }
        let object = match object(entry) {
            Ok(object) => object,
            Err(error) => {
                draft.decide(true, name, format!("change it by hand, because {error}"));
                continue;
            }
        };
        if let Some(last) = object.after(Stage::EndProxy) {
            after.push((name, Cow::Owned(last.clone())));
        }
        objects.push(object);
    }
    objects.sort_by(|a, b| a.object.cmp(&b.object));
    draft.identities.retain(|identity| !identity.federations.is_empty() || !identity.roles.is_empty());
    draft.identities.sort_by(|a, b| a.name.cmp(&b.name));
    draft.identities.iter_mut().for_each(|identity| identity.federations.sort());
    let named: BTreeSet<String> = draft.identities.iter().map(|identity| identity.client_id.clone()).collect();
    draft
        .wanted
        .client_ids
        .retain(|name, id| !id.starts_with('<') || named.contains(id) || draft.given.client_ids.contains_key(name));
    let tenant = draft.given.tenant_id.clone();
    let (mut settings, exemptions) =
        leftovers::settings(&after, &draft.identities, tenant.as_deref(), &draft.cluster_admins);
    let mut tasks = std::mem::take(&mut draft.tasks);
    leftovers::tasks(&after, &mut settings, &mut tasks, &draft.kept, exemptions);
    for (id, placeholder) in placeholders(&draft) {
        draft.decide(true, id, format!("fill in {placeholder} in ids.yaml, and migrate again with `--ids`"));
    }
    let mut plan = Plan {
        from: draft.origin,
        identities: draft.identities,
        phases: Vec::new(),
        decisions: draft.decisions.into_iter().collect(),
        tasks,
        kept: draft.kept.into_iter().collect(),
        objects,
        removals: draft.removals.into_iter().collect(),
        settings,
        answers: draft.wanted,
    };
    let kinds = [
        Some(PhaseKind::Create),
        Some(PhaseKind::Apply),
        Some(PhaseKind::Verify),
        Some(PhaseKind::Remove),
        plan.objects.iter().any(|object| object.states.contains_key(&Stage::EndProxy)).then_some(PhaseKind::EndProxy),
        Some(PhaseKind::Refuse),
    ];
    let phases: Vec<Phase> =
        (1..).zip(kinds.into_iter().flatten()).map(|(number, kind)| phase(&plan, number, kind)).collect();
    plan.phases = phases;
    plan
}

/// Everything that is not filled in: what it is about, and its placeholder.
fn placeholders(draft: &Draft<'_>) -> Vec<(String, String)> {
    let wanted = &draft.wanted;
    let ids = wanted.client_ids.iter().map(|(name, id)| (format!("identity {name}"), id));
    let groups = wanted.groups.iter().map(|(name, id)| (format!("group {name}"), id));
    let values = wanted.values.iter().map(|(name, id)| (name.clone(), id));
    let tenant = wanted.tenant_id.iter().map(|id| ("tenant".to_owned(), id));
    let all = ids.chain(groups).chain(values).chain(tenant);
    all.filter(|(_, id)| crate::answers::is_placeholder(id)).map(|(name, id)| (name, id.clone())).collect()
}

fn note_limits(draft: &mut Draft<'_>) {
    let many: Vec<(String, usize)> = draft
        .identities
        .iter()
        .filter(|identity| identity.federations.len() > MOST)
        .map(|identity| (identity.name.clone(), identity.federations.len()))
        .collect();
    for (name, count) in many {
        let what = format!(
            "an identity can have {MOST} federated credentials, and {count} accounts need it: use several identities, or \
             identity bindings of AKS"
        );
        draft.decide(true, format!("identity {name}"), what);
    }
}

/// The states of an object, stage by stage.
fn object(entry: Entry<'_>) -> Result<ObjectChange, ChangeError> {
    let mut states = BTreeMap::new();
    let mut changes = BTreeMap::new();
    let before = entry.before.into_owned();
    let mut state = before.clone();
    for (stage, list) in entry.changes {
        let list = without_nested(&list);
        state = apply_changes(&state, &list)?;
        states.insert(stage, state.clone());
        changes.insert(stage, list);
    }
    Ok(ObjectChange {
        object: entry.name,
        fate: entry.fate,
        why: entry.why,
        risk: entry.risk,
        changes,
        replace: entry.replace,
        index: entry.index,
        before,
        states,
    })
}

impl ObjectChange {
    /// Whether it is new, different or gone after a stage.
    pub fn is_in(&self, stage: Stage) -> bool {
        match self.fate {
            Fate::Created => stage == Stage::Apply || self.states.contains_key(&stage),
            Fate::Changed => self.states.contains_key(&stage),
            Fate::Deleted => stage == Stage::Remove || stage == Stage::Apply && self.states.contains_key(&stage),
        }
    }
}

fn command(what: impl Into<String>, run: impl Into<String>) -> Command {
    Command { what: what.into(), run: run.into() }
}

fn phase(plan: &Plan, number: usize, kind: PhaseKind) -> Phase {
    let (title, why) = match kind {
        PhaseKind::Create => (
            "Create identities and federated credentials",
            "Entra must trust the service accounts before any pod signs in with them. Nothing uses them yet.",
        ),
        PhaseKind::Apply => (
            "Apply the new objects next to the old",
            match plan.from {
                Origin::Secrets => "Accounts get their identities. Workloads are not changed yet.",
                _ => "Workloads get both ways to sign in, so each can be tested before the old one goes.",
            },
        ),
        PhaseKind::Verify => (
            "Verify",
            "A pod signs in as each account. A failure here costs nothing, and the next phase would be an outage.",
        ),
        PhaseKind::Remove => (
            "Remove the old",
            match plan.from {
                Origin::Secrets => "Workloads switch to workload identity and lose the credential in the same step.",
                _ => "What is not needed any more goes, so that nothing depends on it unnoticed.",
            },
        ),
        PhaseKind::EndProxy => (
            "End the proxy",
            "The proxy is privileged and not supported for production. Update the Azure SDK of each workload, then remove it.",
        ),
        PhaseKind::Refuse => ("Refuse it", "The policy keeps the old ways from coming back."),
    };
    let mut phase = Phase {
        number,
        kind,
        title,
        why: why.to_owned(),
        steps: Vec::new(),
        commands: Vec::new(),
        verify: Vec::new(),
        rollback: Vec::new(),
    };
    let folder = phase.folder();
    match kind {
        PhaseKind::Create => create(plan, &mut phase),
        PhaseKind::Verify => {
            for identity in &plan.identities {
                for federation in &identity.federations {
                    phase.steps.push(Step {
                        what: format!("sign in as {} from {}", identity.name, federation.subject()),
                        why: "shows that issuer, subject and audience fit".to_owned(),
                        risk: None,
                    });
                }
            }
            phase
                .commands
                .push(command("run a pod as each account, and print what it got", format!("sh {folder}/verify.sh")));
            phase.rollback.push(command("nothing to do: the pods are deleted when they are done", "true"));
        }
        PhaseKind::Refuse => {
            let identities = plan.settings["identities"].as_array().map_or(0, Vec::len);
            let exemptions = plan.settings["exemptions"].as_array().map_or(0, Vec::len);
            phase.steps.push(Step {
                what: format!(
                    "use the settings: restricted, {identities} grants of identities, {exemptions} exemptions"
                ),
                why: "each exemption has its reason: a task that is left, or something that stays".to_owned(),
                risk: Some(Risk("client ids that are not in the settings are denied".to_owned())),
            });
            phase.commands.push(command(
                "check the manifests with the settings first",
                format!("entra-auth check --settings {folder}/settings.yaml <your manifests>"),
            ));
            phase.verify.push(command(
                "check the cluster",
                format!("entra-auth audit --settings {folder}/settings.yaml --fail-on deny"),
            ));
            phase
                .rollback
                .push(command("set `profile: baseline` in the settings: medium findings only warn then", "true"));
        }
        PhaseKind::Apply | PhaseKind::Remove | PhaseKind::EndProxy => {
            let stage = Stage::ALL.into_iter().find(|stage| stage.phase() == kind).unwrap_or(Stage::Apply);
            objects(plan, &mut phase, stage);
        }
    }
    phase
}

fn create(plan: &Plan, phase: &mut Phase) {
    for identity in &plan.identities {
        let (what, why) = match identity.kind {
            IdentityKind::Existing => {
                (format!("keep the managed identity {}", identity.name), "it has its roles already".to_owned())
            }
            IdentityKind::New => (
                format!("create the managed identity {}", identity.name),
                match &identity.copies {
                    Some(old) => format!("it gets the roles of {old}"),
                    None => "its roles are to be decided".to_owned(),
                },
            ),
            IdentityKind::Application => (
                format!("keep the application {}", identity.name),
                "it has its roles already, and its secrets are deleted at the end".to_owned(),
            ),
        };
        phase.steps.push(Step { what, why, risk: None });
        for federation in &identity.federations {
            phase.steps.push(Step {
                what: format!("federate {} with {}", identity.name, federation.subject()),
                why: "pods of the account can be this identity".to_owned(),
                risk: None,
            });
        }
        for role in &identity.roles {
            phase.steps.push(Step {
                what: format!("assign {} to {} on {}", role.role, identity.name, role.on),
                why: "the new way to sign in needs it".to_owned(),
                risk: None,
            });
        }
        phase.verify.push(list_credentials(identity));
        phase.rollback.extend(identity.federations.iter().map(|federation| {
            let name = federation.credential();
            let run = match identity.kind {
                IdentityKind::Application => format!(
                    "az ad app federated-credential delete --id {} --federated-credential-id {name}",
                    shell(&identity.client_id)
                ),
                _ => format!(
                    "az identity federated-credential delete --name {name} --identity-name {} {} --yes",
                    shell(&identity.name()),
                    identity.place()
                ),
            };
            command(format!("delete the credential of {}", federation.subject()), run)
        }));
        if identity.kind == IdentityKind::New {
            let run = format!("az identity delete --name {} {}", shell(&identity.name()), identity.place());
            phase.rollback.push(command(format!("delete the identity {}", identity.name), run));
        }
    }
}

impl Identity {
    /// The name of the managed identity in Azure.
    pub(crate) fn name(&self) -> String {
        let named = self.resource_id.as_deref().and_then(|id| id.trim_end_matches('/').rsplit('/').next());
        named.unwrap_or(&self.name).to_owned()
    }

    /// The resource group, and the subscription, as options of `az`.
    pub(crate) fn place(&self) -> String {
        match (self.segment("resourcegroups"), self.segment("subscriptions")) {
            (Some(group), Some(subscription)) => {
                format!("--resource-group {} --subscription {}", shell(group), shell(subscription))
            }
            (Some(group), None) => format!("--resource-group {}", shell(group)),
            _ => format!("--resource-group \"${GROUP_VARIABLE}\""),
        }
    }

    /// What follows a name in the resource id.
    pub(crate) fn segment(&self, name: &str) -> Option<&str> {
        let mut parts = self.resource_id.as_deref()?.split('/');
        parts.find(|part| part.eq_ignore_ascii_case(name))?;
        parts.next().filter(|part| !part.is_empty())
    }
}

/// A word of a shell command.
pub(crate) fn shell(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@=".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

fn list_credentials(identity: &Identity) -> Command {
    let run = match identity.kind {
        IdentityKind::Application => {
            format!(
                "az ad app federated-credential list --id {} --query '[].subject' --output tsv",
                shell(&identity.client_id)
            )
        }
        _ => format!(
            "az identity federated-credential list --identity-name {} {} --query '[].subject' --output tsv",
            shell(&identity.name()),
            identity.place()
        ),
    };
    command(format!("list the accounts that {} trusts", identity.name), run)
}

fn objects(plan: &Plan, phase: &mut Phase, stage: Stage) {
    let folder = phase.folder();
    let (mut applied, mut patched, mut replaced) = (false, false, false);
    for object in plan.objects.iter().filter(|object| object.is_in(stage)) {
        let verb = match (object.fate, stage) {
            (Fate::Created, Stage::Apply) => "create",
            (Fate::Deleted, Stage::Remove) => "delete",
            _ if object.replace => "replace",
            _ => "change",
        };
        phase.steps.push(Step {
            what: format!("{verb} {}", object.object),
            why: object.why.get(&stage).map(|reasons| reasons.join("; ")).unwrap_or_default(),
            risk: object.risk.clone().filter(|_| object.why.keys().next() == Some(&stage)),
        });
        if verb != "delete" {
            patched |= object.is_patched(stage);
            replaced |= object.replace && !object.is_patched(stage);
            applied |= !object.replace && !object.is_patched(stage);
        }
        if verb == "change" && object.rolls_out() {
            let name = object.object.for_kubectl();
            phase.verify.push(command(format!("wait for {}", object.object), format!("kubectl rollout status {name}")));
        }
    }
    if applied {
        phase.commands.push(command("apply the manifests", format!("kubectl apply -f {folder}/")));
    }
    if patched {
        let what = "change objects whose manifests contain credentials, so that no copy of them is written";
        phase.commands.push(command(what, format!("sh {folder}/patch.sh")));
    }
    if replaced {
        let what = "delete and create objects that cannot be changed";
        phase.commands.push(command(what, format!("kubectl replace --force -f {folder}/replace/")));
    }
    if stage == Stage::Remove {
        let deletes = plan.objects.iter().any(|object| object.fate == Fate::Deleted) || !plan.removals.is_empty();
        phase.steps.extend(plan.removals.iter().map(|(what, _)| Step {
            what: what.clone(),
            why: "it is not an object of the input".to_owned(),
            risk: None,
        }));
        if deletes {
            phase.commands.push(command("delete what is not needed any more", format!("sh {folder}/remove.sh")));
        }
    }
    if phase.steps.is_empty() {
        phase.steps.push(Step { what: "nothing".to_owned(), why: "no object changes".to_owned(), risk: None });
    }
    let before = plan.objects.iter().any(|object| object.fate != Fate::Created && object.is_in(stage));
    match stage {
        Stage::Apply => {
            if before {
                phase.rollback.push(command("apply the objects as they were", "kubectl apply -f 0-before/"));
            }
            let created: Vec<String> = plan
                .objects
                .iter()
                .filter(|object| object.fate == Fate::Created)
                .map(|object| object.object.for_kubectl())
                .collect();
            phase.rollback.extend(
                created.into_iter().map(|name| {
                    command("delete what was created", format!("kubectl delete {name} --ignore-not-found"))
                }),
            );
        }
        _ => {
            phase.rollback.push(command("apply the objects as they were", "kubectl apply -f 0-before/"));
            let earlier = plan.phase_folder(PhaseKind::Apply);
            phase.rollback.push(command("and what the plan added to them", format!("kubectl apply -f {earlier}/")));
            if stage == Stage::Remove
                && plan.objects.iter().any(|object| object.fate == Fate::Deleted && object.has_credential())
            {
                phase.rollback.push(command(
                    "create deleted Secrets anew from where you keep them: the plan has no copy",
                    "true",
                ));
            }
        }
    }
}

impl Plan {
    /// The folder of a phase, also before all phases are known: removal and end of the proxy come later.
    fn phase_folder(&self, kind: PhaseKind) -> String {
        match (self.phase(kind), kind) {
            (Some(phase), _) => phase.folder(),
            (None, PhaseKind::Create) => "1-create".to_owned(),
            (None, _) => "2-apply".to_owned(),
        }
    }
}

impl ObjectChange {
    /// Whether its manifest would copy a credential, so that only a patch is written.
    pub(crate) fn is_patched(&self, stage: Stage) -> bool {
        self.fate != Fate::Created
            && (self.object.kind == "Secret" || self.after(stage).is_some_and(leftovers::holds_credential))
    }

    /// Whether the object as it was contains a credential.
    pub(crate) fn has_credential(&self) -> bool {
        self.object.kind == "Secret" || leftovers::holds_credential(&self.before)
    }

    fn rolls_out(&self) -> bool {
        self.object.group() == "apps" && matches!(self.object.kind.as_str(), "Deployment" | "StatefulSet" | "DaemonSet")
    }
}
