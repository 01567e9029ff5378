//! The files that a plan is written as.

use crate::answers::Answers;
use crate::azure::{self, AzureFormat};
use crate::phases::shell;
use crate::plan::{AUDIENCE, Fate, IdentityKind, ObjectChange, PhaseKind, Plan, Stage};
use crate::runbook::runbook;
use anyhow::Result;
use base64::Engine;
use entra_auth_policy::view::workload_identity::USE;
use manifest::{Change, unescape};
use serde_json::{Value, json};
use std::fmt::Write;

/// A file, by its path below the folder of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    pub path: String,
    pub text: String,
}

/// The text of an object of the input after changes, with its comments: the object's number, and the changes one stage
/// after the other. None where it cannot be edited, so that the value is written anew.
pub type Texts<'t> = &'t dyn Fn(usize, &[&[Change]]) -> Option<String>;

/// Everything, in the order of phases.
pub fn files(plan: &Plan, format: AzureFormat, texts: Texts<'_>) -> Result<Vec<File>> {
    let mut files = vec![
        File { path: "runbook.md".to_owned(), text: runbook(plan, format) },
        File { path: "plan.json".to_owned(), text: format!("{:#}\n", serde_json::to_value(plan)?) },
        File { path: "ids.yaml".to_owned(), text: ids(&plan.answers)? },
    ];
    for object in plan.objects.iter().filter(|object| object.fate != Fate::Created && !object.has_credential()) {
        let text = manifest_of(object, &[], &object.before, texts)?;
        files.push(File { path: format!("0-before/{}.yaml", object.object.slug()), text });
    }
    for phase in &plan.phases {
        let folder = phase.folder();
        let mut push = |name: &str, text: String| files.push(File { path: format!("{folder}/{name}"), text });
        match phase.kind {
            PhaseKind::Create => {
                azure::files(plan, format).into_iter().for_each(|(name, text)| push(&name, text));
            }
            PhaseKind::Verify => {
                push("verify.yaml", pods(plan)?);
                push("verify.sh", verify(plan));
            }
            PhaseKind::Refuse => push("settings.yaml", manifest::to_yaml(&plan.settings)?),
            PhaseKind::Apply | PhaseKind::Remove | PhaseKind::EndProxy => {
                let stage = Stage::ALL.into_iter().find(|stage| stage.phase() == phase.kind).unwrap_or(Stage::Apply);
                stage_files(plan, stage, &mut push, texts)?;
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files.dedup_by(|a, b| a.path == b.path);
    Ok(files)
}

/// The file to fill in.
fn ids(answers: &Answers) -> Result<String> {
    let mut text = "# Fill in what is in <>, and migrate again with `--ids` and this file.\n".to_owned();
    text.push_str("# currentSdk: workloads whose Azure SDK knows workload identity, as NAMESPACE/NAME.\n");
    text.push_str("# keepAws: service accounts that go on calling AWS, as NAMESPACE/NAME.\n");
    let value = serde_json::to_value(answers)?;
    if value.as_object().is_some_and(|members| !members.is_empty()) {
        text.push_str(&manifest::to_yaml(&value)?);
    }
    Ok(text)
}

fn stage_files(plan: &Plan, stage: Stage, push: &mut dyn FnMut(&str, String), texts: Texts<'_>) -> Result<()> {
    let mut patches = String::new();
    for object in plan.objects.iter().filter(|object| object.is_in(stage)) {
        if object.fate == Fate::Deleted && stage == Stage::Remove {
            continue;
        }
        if object.is_patched(stage) {
            let changes = object.changes.get(&stage).map(Vec::as_slice).unwrap_or_default();
            let before = object.before(stage).unwrap_or(&Value::Null);
            let mut patch = json_patch(before, changes);
            if object.object.kind == "Secret" {
                patch.iter_mut().for_each(stored);
            }
            let patch = serde_json::to_string(&patch)?;
            let name = object.object.for_kubectl();
            let _ = writeln!(patches, "kubectl patch {name} --type json --patch {}", shell(&patch));
            continue;
        }
        let Some(value) = object.after(stage) else { continue };
        let changes: Vec<&[Change]> = object.changes.range(..=stage).map(|(_, changes)| changes.as_slice()).collect();
        let folder = if object.replace { "replace/" } else { "" };
        push(&format!("{folder}{}.yaml", object.object.slug()), manifest_of(object, &changes, value, texts)?);
    }
    if !patches.is_empty() {
        push("patch.sh", format!("#!/bin/sh\n# Changes of objects that contain credentials.\nset -eu\n{patches}"));
    }
    if stage == Stage::Remove {
        let script = removal(plan);
        if !script.is_empty() {
            push("remove.sh", format!("#!/bin/sh\n# Deletes what is not needed any more.\nset -eu\n{script}"));
        }
    }
    Ok(())
}

/// A manifest: the author's text if it can be edited, else the value.
fn manifest_of(object: &ObjectChange, changes: &[&[Change]], value: &Value, texts: Texts<'_>) -> Result<String> {
    let text = object.index.and_then(|index| texts(index, changes));
    // Comments can hold credentials as well.
    if let Some(text) = text.filter(|text| credentials::recognise_with_base64(text).is_none()) {
        return Ok(text);
    }
    manifest::to_yaml(&written(value))
}

/// An object without what the API server and kubectl wrote into it.
pub(crate) fn written(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(members) = object.as_object_mut() {
        members.shift_remove("status");
    }
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        for key in ["managedFields", "resourceVersion", "uid", "creationTimestamp", "generation", "selfLink"] {
            metadata.shift_remove(key);
        }
        if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
            annotations.shift_remove("kubectl.kubernetes.io/last-applied-configuration");
            annotations.shift_remove("deployment.kubernetes.io/revision");
        }
    }
    object
}

/// Changes as an RFC 6902 patch of the object before them: values first, then removals from the back of each list.
fn json_patch(before: &Value, changes: &[Change]) -> Vec<Value> {
    let mut state = before.clone();
    let mut patch = Vec::new();
    let (mut removals, mut ordered): (Vec<&Change>, Vec<&Change>) =
        changes.iter().partition(|change| matches!(change, Change::Remove { .. }));
    let key = |change: &&Change| -> Vec<(Option<usize>, String)> {
        change.pointer().split('/').map(|token| (token.parse().ok(), token.to_owned())).collect()
    };
    removals.sort_by_key(|change| std::cmp::Reverse(key(change)));
    ordered.extend(removals);
    for change in ordered {
        match change {
            Change::Set { pointer, value } => {
                // The first part of the place that is missing is added with everything below it.
                let mut place = pointer.clone();
                let mut value = value.clone();
                while let Some((above, token)) = place.rsplit_once('/') {
                    if above.is_empty() || state.pointer(above).is_some_and(|node| !node.is_null()) {
                        break;
                    }
                    value = match token {
                        "-" => json!([value]),
                        token => json!({ unescape(token): value }),
                    };
                    place = above.to_owned();
                }
                let operation = if state.pointer(&place).is_some() { "replace" } else { "add" };
                patch.push(json!({"op": operation, "path": place, "value": value}));
            }
            Change::Remove { pointer } => patch.push(json!({"op": "remove", "path": pointer})),
            Change::Rename { pointer, key } => {
                let above = pointer.rsplit_once('/').map_or("", |(above, _)| above);
                let path = crate::pointer::join(above, &[key]);
                patch.push(json!({"op": "move", "from": pointer, "path": path}));
            }
        }
        // Of changes that fit the object before, each fits after those before it.
        if change.apply(&mut state).is_err() {
            patch.pop();
        }
    }
    patch
}

/// An operation on a Secret as the API server stores it: `stringData` is for writers only.
fn stored(operation: &mut Value) {
    let entry = operation["path"].as_str().and_then(|path| path.strip_prefix("/stringData/")).map(str::to_owned);
    let Some(entry) = entry else { return };
    operation["path"] = format!("/data/{entry}").into();
    if let Some(value) = operation["value"].as_str() {
        // An addition replaces what is there.
        operation["value"] = base64::engine::general_purpose::STANDARD.encode(value).into();
        operation["op"] = "add".into();
    }
}

/// The order in which kinds are deleted: what uses others first, definitions last.
fn order(kind: &str) -> usize {
    let kinds = [
        "Deployment",
        "DaemonSet",
        "StatefulSet",
        "AzureIdentityBinding",
        "AzureAssignedIdentity",
        "AzurePodIdentityException",
        "AzureIdentity",
        "RoleBinding",
        "ClusterRoleBinding",
        "Role",
        "ClusterRole",
        "ServiceAccount",
        "PersistentVolumeClaim",
        "PersistentVolume",
        "ExternalSecret",
        "SealedSecret",
        "Secret",
        "CustomResourceDefinition",
    ];
    kinds.iter().position(|known| *known == kind).unwrap_or(3)
}

fn removal(plan: &Plan) -> String {
    let mut deleted: Vec<&ObjectChange> = plan.objects.iter().filter(|object| object.fate == Fate::Deleted).collect();
    deleted.sort_by_key(|object| order(&object.object.kind));
    let mut script = String::new();
    for object in deleted {
        let _ = writeln!(script, "kubectl delete {} --ignore-not-found", object.object.for_kubectl());
    }
    for (_, command) in &plan.removals {
        let _ = writeln!(script, "{command}");
    }
    for identity in plan.identities.iter().filter(|identity| identity.kind == IdentityKind::Application) {
        let id = &identity.client_id;
        let _ = writeln!(
            script,
            "echo 'list the secrets of {}, and delete them: az ad app credential list --id {id}'",
            identity.name.replace('\'', " ")
        );
    }
    script
}

/// Where a pod can sign in: AKS does not let the webhook act in kube-system.
fn verified(plan: &Plan) -> Vec<(String, String, String, String)> {
    let mut accounts = Vec::new();
    for identity in &plan.identities {
        for federation in identity.federations.iter().filter(|federation| federation.namespace != "kube-system") {
            let name = format!("verify-{}-{}", federation.service_account, identity.name);
            let name: String = name
                .chars()
                .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
                .take(63)
                .collect();
            let name = name.trim_end_matches('-').to_owned();
            let client = identity.client_id.clone();
            accounts.push((federation.namespace.clone(), federation.service_account.clone(), name, client));
        }
    }
    accounts.sort();
    accounts
}

const PART_OF: &str = "entra-auth-migrate";

/// A pod for each account that signs in and ends.
fn pods(plan: &Plan) -> Result<String> {
    let mut text = "# Pods that sign in as each account, and end.\n".to_owned();
    let sign_in = "az login --service-principal --username \"$CLIENT\" --tenant \"$AZURE_TENANT_ID\" --federated-token \
                   \"$(cat \"$AZURE_FEDERATED_TOKEN_FILE\")\" --allow-no-subscriptions --output none && echo \"signed in as \
                   $CLIENT\"";
    for (namespace, account, name, client) in verified(plan) {
        let pod = json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": name,
                "namespace": namespace,
                "labels": {"app.kubernetes.io/part-of": PART_OF, USE: "true"},
            },
            "spec": {
                "serviceAccountName": account,
                "automountServiceAccountToken": false,
                "restartPolicy": "Never",
                "containers": [{
                    "name": "sign-in",
                    "image": "mcr.microsoft.com/azure-cli",
                    "command": ["sh", "-c", sign_in],
                    "env": [
                        {"name": "CLIENT", "value": client},
                        {"name": "AZURE_CONFIG_DIR", "value": "/tmp/azure"},
                    ],
                    "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]},
                        "runAsNonRoot": true, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}},
                }],
            },
        });
        let _ = write!(text, "---\n{}", manifest::to_yaml(&pod)?);
    }
    Ok(text)
}

fn verify(plan: &Plan) -> String {
    let mut script = format!(
        "#!/bin/sh\n# Signs in as each account, with a token for {AUDIENCE}. Exits with 1 if one fails.\nset -eu\n\
         folder=$(dirname \"$0\")\nfailed=0\n\n\
         # verify NAMESPACE POD\nverify() {{\n  if kubectl --namespace \"$1\" wait --for=jsonpath='{{.status.phase}}'=Succeeded \
         \"pod/$2\" --timeout=180s; then\n    kubectl --namespace \"$1\" logs \"$2\"\n  else\n    kubectl --namespace \"$1\" logs \
         \"$2\" || true\n    failed=1\n  fi\n  kubectl --namespace \"$1\" delete pod \"$2\" --wait=false\n}}\n\n\
         kubectl apply --filename \"$folder/verify.yaml\"\n"
    );
    for (namespace, _, name, _) in verified(plan) {
        let _ = writeln!(script, "verify {} {}", shell(&namespace), shell(&name));
    }
    script.push_str("exit \"$failed\"\n");
    script
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_patched_as_they_are_stored() {
        let mut operation = json!({"op": "replace", "path": "/stringData/azure.json", "value": "{}"});
        stored(&mut operation);
        assert_eq!(operation, json!({"op": "add", "path": "/data/azure.json", "value": "e30="}));
        let mut operation = json!({"op": "remove", "path": "/data/secret"});
        stored(&mut operation);
        assert_eq!(operation, json!({"op": "remove", "path": "/data/secret"}));
    }

    #[test]
    fn patches_add_what_is_missing() {
        let before = json!({"metadata": {"name": "web"}, "spec": {"list": [1, 2]}});
        let set = |pointer: &str, value: Value| Change::Set { pointer: pointer.to_owned(), value };
        let changes = [
            set("/metadata/annotations/a~1b", json!("c")),
            set("/metadata/annotations/d", json!("e")),
            set("/spec/list/-", json!(3)),
            set("/metadata/name", json!("api")),
            Change::Remove { pointer: "/spec/list/0".to_owned() },
        ];
        assert_eq!(
            json_patch(&before, &changes),
            [
                json!({"op": "add", "path": "/metadata/annotations", "value": {"a/b": "c"}}),
                json!({"op": "add", "path": "/metadata/annotations/d", "value": "e"}),
                json!({"op": "add", "path": "/spec/list/-", "value": 3}),
                json!({"op": "replace", "path": "/metadata/name", "value": "api"}),
                json!({"op": "remove", "path": "/spec/list/0"}),
            ]
        );
    }
}
