//! The ConfigMap `aws-auth`: IAM principals become Entra groups in RBAC bindings.

use crate::draft::Draft;
use crate::estate::{list, text};
use crate::plan::Stage;
use manifest::Change;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const GROUP: &str = "rbac.authorization.k8s.io";

/// Who has a name of the cluster: the roles and users of `aws-auth`.
#[derive(Default)]
struct Mapping {
    groups: BTreeMap<String, BTreeSet<String>>,
    users: BTreeMap<String, String>,
}

pub(crate) fn migrate(draft: &mut Draft<'_>) {
    let Some(index) = draft.estate.find("", "ConfigMap", "kube-system", "aws-auth") else { return };
    let name = draft.name(index);
    let object = draft.state(index).clone();
    let mut mapping = Mapping::default();
    for (key, principal) in [("mapRoles", "rolearn"), ("mapUsers", "userarn")] {
        let Some(entries) = text(&object, &format!("/data/{key}")) else { continue };
        let Ok(entries) = manifest::parse(entries) else {
            draft.decide(true, &name, format!("{key} is not YAML: map its entries by hand"));
            continue;
        };
        list(&entries, "").for_each(|entry| read(draft, &mut mapping, entry, principal));
    }
    if text(&object, "/data/mapAccounts").is_some_and(|accounts| accounts.trim() != "[]") {
        draft.decide(
            false,
            &name,
            "mapAccounts lets every user of AWS accounts in. Entra has no counterpart: name groups",
        );
    }
    administrators(draft, &mapping);
    bindings(draft, &mapping);
    draft.delete(index, "AKS takes users and groups from Entra");
}

fn read(draft: &mut Draft<'_>, mapping: &mut Mapping, entry: &Value, principal: &str) {
    let arn = text(entry, &format!("/{principal}")).unwrap_or_default();
    let who = arn.rsplit('/').next().unwrap_or(arn).to_owned();
    let groups: Vec<&str> = list(entry, "/groups").filter_map(Value::as_str).collect();
    if groups.iter().any(|group| matches!(*group, "system:nodes" | "system:bootstrappers")) {
        return;
    }
    if principal == "userarn" {
        draft.decide(
            false,
            format!("IAM user {who}"),
            format!(
                "add the person to the Entra group for {}",
                if groups.is_empty() { who.clone() } else { groups.join(", ") }
            ),
        );
    }
    for group in groups {
        mapping.groups.entry(group.to_owned()).or_default().insert(who.clone());
    }
    if let Some(user) = text(entry, "/username").filter(|user| !user.contains("{{")) {
        mapping.users.insert(user.to_owned(), who);
    }
}

/// Roles in `system:masters` become a binding of `cluster-admin`.
fn administrators(draft: &mut Draft<'_>, mapping: &Mapping) {
    let Some(administrators) = mapping.groups.get("system:masters") else { return };
    let subjects: Vec<Value> = administrators
        .iter()
        .map(|who| {
            let group = draft.group(who);
            draft.cluster_admins.insert(group.clone());
            json!({"apiGroup": GROUP, "kind": "Group", "name": group})
        })
        .collect();
    let object = json!({
        "apiVersion": format!("{GROUP}/v1"),
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "entra-cluster-admins"},
        "roleRef": {"apiGroup": GROUP, "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": subjects,
    });
    let index = draft.create(object, "gives Entra groups what aws-auth gave through system:masters");
    draft.risk(index, "members can do everything: use Privileged Identity Management for the membership");
}

/// Adds the Entra group next to every name that `aws-auth` gave out, and removes the name later.
fn bindings(draft: &mut Draft<'_>, mapping: &Mapping) {
    let mut bound = BTreeSet::new();
    for kind in ["RoleBinding", "ClusterRoleBinding"] {
        let indexes: Vec<usize> = draft.estate.of_kind(GROUP, kind).map(|(index, _)| index).collect();
        for index in indexes {
            let subjects: Vec<Value> = list(draft.state(index), "/subjects").cloned().collect();
            for (at, subject) in subjects.iter().enumerate() {
                let Some(name) = text(subject, "/name") else { continue };
                let entra = match text(subject, "/kind") {
                    Some("Group") if name != "system:masters" && mapping.groups.contains_key(name) => name,
                    Some("User") => match mapping.users.get(name) {
                        Some(who) => who.as_str(),
                        None => continue,
                    },
                    _ => continue,
                };
                bound.insert(name.to_owned());
                let group = draft.group(entra);
                let new = json!({"apiGroup": GROUP, "kind": "Group", "name": group});
                let why = "binds the Entra group in place of the name that aws-auth gave out";
                let has = list(draft.state(index), "/subjects").any(|known| *known == new);
                if !has {
                    draft.change(
                        Stage::Apply,
                        index,
                        Change::Set { pointer: "/subjects/-".to_owned(), value: new },
                        why,
                    );
                }
                draft.remove(Stage::Remove, index, format!("/subjects/{at}"), why);
            }
        }
    }
    for group in mapping.groups.keys().filter(|group| *group != "system:masters" && !bound.contains(*group)) {
        draft.decide(false, format!("group {group}"), "aws-auth gives it out, and no binding of the input names it");
    }
}
