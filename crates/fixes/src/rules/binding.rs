//! Bindings.

use crate::case::{Case, remove, safe, set, suggested};
use crate::table::{Row, none, safe as safe_row, suggested as suggested_row};
use crate::{Edit, Fix, Safety};
use entra_auth_policy::entra_id::{is_placeholder_guid, normalise_guid, service_account_of_user};
use kubernetes::kind;
use serde_json::Value;

pub(crate) const ROWS: &[Row] = &[
    suggested_row("binding-anonymous", "remove the subject", remove_subject),
    suggested_row(
        "binding-everyone",
        "bind an Entra group with its object id to fill in; remove a policy rule that Kubernetes' own role does not have",
        everyone,
    ),
    suggested_row("binding-system-masters", BIND_GROUP, bind_group),
    suggested_row("binding-cluster-admin", "name a smaller role, to fill in", smaller_role),
    none(
        "binding-role-escalates",
        "the role or the list of administrators has to change, and only its owner knows which",
    ),
    suggested_row("binding-local-account", BIND_GROUP, bind_group),
    safe_row("binding-group-not-object-id", CANONICAL, canonical_guid),
    suggested_row(
        "binding-user-not-entra",
        "write an object id in its canonical form; bind an Entra group instead of another name, with its object id to fill in",
        user,
    ),
    none("binding-not-allowed", "the cluster operators decide which groups and users may be bound"),
    suggested_row("binding-external-issuer", BIND_GROUP, bind_group),
    suggested_row(
        "binding-privileged-role",
        "bind admin or edit in one namespace; name a smaller role instead of one of a component, to fill in",
        privileged_role,
    ),
    suggested_row("binding-individual-user", BIND_GROUP, bind_group),
    suggested_row("binding-default-service-account", "bind a dedicated service account, to fill in", dedicated_account),
    safe_row("binding-service-account-as-user", "write it as a ServiceAccount with its namespace", service_account),
    suggested_row(
        "binding-foreign-service-account",
        "bind the account of the same name in the namespace of the binding",
        own_namespace,
    ),
];

const BIND_GROUP: &str = "bind an Entra group, with its object id to fill in";
const CANONICAL: &str = "write the object id in lower case, without braces and white space";
const GROUP_TO_FILL_IN: &str = "<object id of an Entra group>";
const ROLE_TO_FILL_IN: &str = "<role with the permissions that are needed>";
const ACCOUNT_TO_FILL_IN: &str = "<dedicated service account>";
const RBAC: &str = "rbac.authorization.k8s.io";

fn remove_subject(case: &Case<'_>) -> Vec<Fix> {
    suggested("remove the subject", [remove(case.pointer())])
}

fn everyone(case: &Case<'_>) -> Vec<Fix> {
    if case.above() == "/rules" {
        return suggested("remove the policy rule", [remove(case.pointer())]);
    }
    bind_group(case)
}

fn bind_group(case: &Case<'_>) -> Vec<Fix> {
    let mut edits = subject(case, "Group", GROUP_TO_FILL_IN);
    let group = &case.node()["apiGroup"];
    if !group.is_null() && group != RBAC {
        edits.push(set(format!("{}/apiGroup", case.pointer()), RBAC));
    }
    edits.extend(without(case, "namespace"));
    suggested("bind an Entra group by its object id", edits)
}

/// Writes the subject as one of this kind and name.
fn subject(case: &Case<'_>, kind: &str, name: &str) -> Vec<Edit> {
    let pointer = case.pointer();
    let mut edits = Vec::new();
    if case.node()["kind"] != kind {
        edits.push(set(format!("{pointer}/kind"), kind));
    }
    edits.push(set(format!("{pointer}/name"), name));
    edits
}

/// Removes a member of the subject, if it has it.
fn without(case: &Case<'_>, member: &str) -> Option<Edit> {
    case.node().get(member).map(|_| remove(format!("{}/{member}", case.pointer())))
}

/// The reference to a role cannot be changed in a cluster, so the binding is created again.
fn smaller_role(_: &Case<'_>) -> Vec<Fix> {
    suggested(
        "name a role with the permissions that are needed, and create the binding again",
        [set("/roleRef/name", ROLE_TO_FILL_IN)],
    )
}

fn privileged_role(case: &Case<'_>) -> Vec<Fix> {
    let role = case.at("/roleRef/name").as_str().unwrap_or_default();
    if !matches!(role, "admin" | "edit") || !case.is(&kind::CLUSTER_ROLE_BINDING) {
        return smaller_role(case);
    }
    // An account needs the role where it is, as far as anything says.
    let subjects = case.at("/subjects").as_array().map(Vec::as_slice).unwrap_or_default();
    let mut namespaces: Vec<&str> = subjects.iter().filter_map(|subject| subject["namespace"].as_str()).collect();
    namespaces.dedup();
    let namespace = if let [only] = namespaces.as_slice() { only } else { "<namespace>" };
    suggested(
        format!("bind {role} in one namespace, with a RoleBinding"),
        [set("/kind", "RoleBinding"), set("/metadata/namespace", namespace)],
    )
}

/// A single user is a finding as well, so this one is not safe.
fn user(case: &Case<'_>) -> Vec<Fix> {
    match canonical_guid(case).pop() {
        Some(fix) => vec![Fix { safety: Safety::Suggested, ..fix }],
        None => bind_group(case),
    }
}

fn canonical_guid(case: &Case<'_>) -> Vec<Fix> {
    let name = case.node()["name"].as_str().unwrap_or_default();
    match normalise_guid(name).filter(|guid| guid != name && !is_placeholder_guid(guid)) {
        Some(guid) => {
            safe("write the object id in its canonical form", [set(format!("{}/name", case.pointer()), guid)])
        }
        None => Vec::new(),
    }
}

fn dedicated_account(case: &Case<'_>) -> Vec<Fix> {
    let edits = match service_account_name(case) {
        Some((namespace, _)) => as_service_account(case, namespace, ACCOUNT_TO_FILL_IN),
        None => vec![set(format!("{}/name", case.pointer()), ACCOUNT_TO_FILL_IN)],
    };
    suggested("bind a dedicated service account", edits)
}

fn service_account(case: &Case<'_>) -> Vec<Fix> {
    match service_account_name(case) {
        Some((namespace, name)) => {
            safe("write the subject as a ServiceAccount", as_service_account(case, namespace, name))
        }
        None => Vec::new(),
    }
}

fn own_namespace(case: &Case<'_>) -> Vec<Fix> {
    const TITLE: &str = "bind the service account in the namespace of the binding";
    let written = case.at("/metadata/namespace").as_str().unwrap_or_default();
    if let Some((_, name)) = service_account_name(case) {
        let mut edits = as_service_account(case, case.namespace(), name);
        if written.is_empty() {
            edits.retain(|edit| !matches!(edit, Edit::Own(change) if change.pointer().ends_with("/namespace")));
        }
        return suggested(TITLE, edits);
    }
    let place = format!("{}/namespace", case.pointer());
    match (written, case.at(&place)) {
        (_, Value::Null) => Vec::new(),
        ("", _) => suggested(TITLE, [remove(place)]),
        (namespace, _) => suggested(TITLE, [set(place, namespace)]),
    }
}

/// The account that a User names.
fn service_account_name<'a>(case: &Case<'a>) -> Option<(&'a str, &'a str)> {
    let subject = case.node();
    if subject["kind"] != "User" {
        return None;
    }
    service_account_of_user(subject["name"].as_str()?)
}

fn as_service_account(case: &Case<'_>, namespace: &str, name: &str) -> Vec<Edit> {
    let mut edits = subject(case, "ServiceAccount", name);
    edits.push(set(format!("{}/namespace", case.pointer()), namespace));
    // Accounts are in the core group.
    edits.extend(without(case, "apiGroup"));
    edits
}
