//! The dangerous grants: one table, and how its rows are found in a role.
//!
//! **One line, one voice.** Where a line's resource is a lone `*`, [`role_wildcard`] speaks and the table
//! is silent, unless one of the special verbs is written out. Where the resource is written out, the
//! table speaks, however the verbs are written.
//!
//! **Narrowing.** A grant that `resourceNames` narrow weighs one severity less. Listing and creating are
//! not narrowed by names, nor is a grant over a name that is as good as all of them.

use super::{
    role_admission_write, role_certificate_approval, role_escalation, role_identity_write, role_namespace_write,
    role_node_proxy, role_pod_exec, role_rbac_write, role_secret_read, role_token_minting, role_volume_write,
    role_wildcard, role_workload_write,
};
use crate::finding::{Finding, Severity};
use crate::rule::{Rule, RuleContext};
use kubernetes::grant::{Grant, PolicyRule, Reach, carries_name};
use kubernetes::role::Role;
use std::borrow::Cow;
use text::shown;

/// One row: any of the verbs on any of the resources.
pub struct Danger {
    pub rule: &'static Rule,
    pub group: &'static str,
    pub resources: &'static [&'static str],
    pub verbs: &'static [&'static str],
    pub in_cluster_role: Severity,
    /// `None` where the grant means nothing, or nothing much, inside one namespace.
    pub in_role: Option<Severity>,
    /// What the holder can do with it.
    pub why: &'static str,
}

pub const CORE: &str = "";
pub const RBAC: &str = "rbac.authorization.k8s.io";
pub const ADMISSION: &str = "admissionregistration.k8s.io";
pub const AUTHENTICATION: &str = "authentication.k8s.io";
pub const CERTIFICATES: &str = "certificates.k8s.io";
const KUBEWARDEN: &str = "policies.kubewarden.io";
const POD_IDENTITY: &str = kubernetes::kind::POD_IDENTITY_GROUP;
const SECRETS_STORE: &str = "secrets-store.csi.x-k8s.io";

const READ: &[&str] = &["get", "list", "watch"];
const CHANGE: &[&str] = &["create", "update", "patch"];
const PATCH: &[&str] = &["update", "patch"];
pub const WRITE: &[&str] = &["create", "update", "patch", "delete", "deletecollection"];
const ANY: &[&str] = &["get", "create", "update", "patch", "delete", "list", "watch"];

const H: Severity = Severity::High;
const M: Severity = Severity::Medium;
const L: Severity = Severity::Low;
const NO: Option<Severity> = None;

/// Worst first: the first row that a wildcard contains is the one its message names.
#[rustfmt::skip]
pub static DANGERS: &[Danger] = &[
    // rule                         group           resources          verbs              ClusterRole, Role  what it gives
    row(&role_escalation::RULE,     RBAC,           ROLES,             &["escalate"],          H, Some(H), "any right can be written into a role"),
    row(&role_escalation::RULE,     RBAC,           ROLES,             &["bind"],              H, Some(H), "any role can be bound to oneself"),
    row(&role_escalation::RULE,     CORE,           PRINCIPALS,        &["impersonate"],       H, Some(H), "acts as somebody else"),
    row(&role_escalation::RULE,     AUTHENTICATION, EXTRAS,            &["impersonate"],       H, Some(H), "acts as another Entra principal"),
    row(&role_token_minting::RULE,  CORE,           &["serviceaccounts/token"], &["create"],   H, Some(M), "acts as any service account and its Azure identity"),
    row(&role_node_proxy::RULE,     CORE,           &["nodes/proxy"],  ANY,                    H, NO,      "runs commands in every pod, past admission and audit"),
    row(&role_secret_read::RULE,    CORE,           &["secrets"],      READ,                   M, Some(M), "reads the credentials in them"),
    row(&role_pod_exec::RULE,       CORE,           EXEC,              &["create", "get"],     M, Some(M), "reaches into pods and the tokens in them"),
    row(&role_pod_exec::RULE,       CORE,           EPHEMERAL,         PATCH,                  M, Some(M), "reaches into pods and the tokens in them"),
    row(&role_admission_write::RULE, ADMISSION,     ADMISSION_KINDS,   WRITE,                  M, NO,      "can switch admission policies off"),
    row(&role_admission_write::RULE, KUBEWARDEN,    KUBEWARDEN_KINDS,  WRITE,                  M, NO,      "can switch admission policies off"),
    row(&role_rbac_write::RULE,     RBAC,           &["clusterroles", "clusterrolebindings"], WRITE, M, NO, "changes who may do what"),
    row(&role_rbac_write::RULE,     RBAC,           &["roles", "rolebindings"], WRITE,         M, Some(M), "changes who may do what"),
    row(&role_identity_write::RULE, CORE,           &["serviceaccounts"], CHANGE,              M, Some(M), "chooses which Azure identity pods get"),
    row(&role_identity_write::RULE, SECRETS_STORE,  &["secretproviderclasses"], CHANGE,        M, Some(M), "chooses which Azure identity pods get"),
    row(&role_identity_write::RULE, POD_IDENTITY,   POD_IDENTITY_KINDS, CHANGE,                M, Some(M), "chooses which Azure identity pods get"),
    row(&role_volume_write::RULE,   CORE,           &["persistentvolumes"], &["create"],       M, NO,      "mounts any path of a node"),
    row(&role_workload_write::RULE, CORE,           CORE_WORKLOADS,    CHANGE,                 L, Some(L), "runs as any service account of the namespace"),
    row(&role_workload_write::RULE, "apps",         APPS_WORKLOADS,    CHANGE,                 L, Some(L), "runs as any service account of the namespace"),
    row(&role_workload_write::RULE, "batch",        &["jobs", "cronjobs"], CHANGE,             L, Some(L), "runs as any service account of the namespace"),
    row(&role_workload_write::RULE, CORE,           &["endpoints"],    CHANGE,                 L, Some(L), "redirects the traffic of services"),
    row(&role_workload_write::RULE, "discovery.k8s.io", &["endpointslices"], CHANGE,           L, Some(L), "redirects the traffic of services"),
    row(&role_namespace_write::RULE, CORE,          &["namespaces"],   PATCH,                  L, NO,      "changes the labels that policies go by"),
];

const ROLES: &[&str] = &["clusterroles", "roles"];
const PRINCIPALS: &[&str] = &["users", "groups", "serviceaccounts"];
/// `userextras/oid` stands for every `userextras/<key>`.
const EXTRAS: &[&str] = &["userextras/oid", "userextras", "uids"];
const EXEC: &[&str] = &["pods/exec", "pods/attach", "pods/portforward"];
const EPHEMERAL: &[&str] = &["pods/ephemeralcontainers"];
const ADMISSION_KINDS: &[&str] = &[
    "validatingwebhookconfigurations",
    "mutatingwebhookconfigurations",
    "validatingadmissionpolicies",
    "validatingadmissionpolicybindings",
    "mutatingadmissionpolicies",
    "mutatingadmissionpolicybindings",
];
const KUBEWARDEN_KINDS: &[&str] = &["clusteradmissionpolicies", "clusteradmissionpolicygroups", "policyservers"];
const POD_IDENTITY_KINDS: &[&str] =
    &["azureidentities", "azureidentitybindings", "azureassignedidentities", "azurepodidentityexceptions"];
const CORE_WORKLOADS: &[&str] = &["pods", "replicationcontrollers", "podtemplates"];
const APPS_WORKLOADS: &[&str] = &["deployments", "daemonsets", "statefulsets", "replicasets"];

/// Verbs that only make sense where they are dangerous: written out, they mean it.
const SPECIAL_VERBS: &[&str] = &["escalate", "bind", "impersonate"];

/// Names that are as good as every name.
const POWERFUL_NAMES: &[&str] = &[
    "cluster-admin",
    "system:masters",
    "masterclient",
    "clusterAdmin",
    "clusterUser",
    "aksService",
    "system:apiserver",
    "system:kube-controller-manager",
];

const fn row(
    rule: &'static Rule,
    group: &'static str,
    resources: &'static [&'static str],
    verbs: &'static [&'static str],
    in_cluster_role: Severity,
    in_role: Option<Severity>,
    why: &'static str,
) -> Danger {
    Danger { rule, group, resources, verbs, in_cluster_role, in_role, why }
}

/// The check of every rule that is nothing but its rows of the table.
pub fn check<'a>(cx: &mut RuleContext<'a>, role: &Role<'a>) {
    let rule = cx.rule;
    cx.findings.extend(role.rules().iter().filter_map(|line| find(rule, role, line)));
}

/// What the rules of this group find in a role, the line by line ones: for roles that a binding names
/// and for those that are aggregated into others. Findings point into `role`.
pub fn judge<'a>(role: &Role<'a>) -> Vec<Finding<'a>> {
    let mut findings: Vec<Finding<'a>> = Vec::new();
    let mut last = None;
    for danger in DANGERS {
        // Rows of one rule stand together.
        if last.replace(danger.rule) != Some(danger.rule) {
            findings.extend(role.rules().iter().filter_map(|line| find(danger.rule, role, line)));
        }
    }
    findings.extend(role.rules().iter().filter_map(|line| role_wildcard::find(role, line)));
    findings.extend(role.rules().iter().filter_map(|line| role_identity_write::find(role, line)));
    findings.extend(role_certificate_approval::find(role));
    findings
}

/// What one line grants of what the table says of `rule`: all its rows in one finding.
fn find<'a>(rule: &'static Rule, role: &Role<'a>, line: &PolicyRule<'a>) -> Option<Finding<'a>> {
    let told = role_wildcard::covers(role, line);
    let special = line.verbs.iter().any(|verb| SPECIAL_VERBS.contains(verb));
    if told && !special && line.resources.iter().all(|written| *written == "*") {
        return None;
    }
    // Whether the table rather than `role_wildcard` speaks of a grant.
    let speaks = |grant: &Grant<'_>| !told || grant.resource != "*" || SPECIAL_VERBS.contains(&grant.verb);
    let mut worst: Option<(Severity, &Danger)> = None;
    let mut verbs = Vec::new();
    let mut resources = Vec::new();
    let mut narrowed = true;
    for danger in DANGERS.iter().filter(|danger| danger.rule == rule) {
        for (grant, asked, severity) in hits(danger, role, line).filter(|(grant, ..)| speaks(grant)) {
            if worst.is_none_or(|(known, _)| severity > known) {
                worst = Some((severity, danger));
            }
            narrowed &= grant.reach == Reach::Named;
            add(&mut verbs, grant.verb);
            // A lone star says nothing; the row does.
            add(&mut resources, if grant.resource == "*" { asked } else { grant.resource });
        }
    }
    let (severity, danger) = worst?;
    let named = if narrowed { "named " } else { "" };
    let what = format!("grants {} on {named}{}: {}", listing(&verbs), listing(&resources), danger.why);
    Some(finding(rule, severity, line, what))
}

/// The grants of `line` that are on the row, each with the resource of the row and its weight.
fn hits<'r, 'a>(
    danger: &'r Danger,
    role: &'r Role<'a>,
    line: &'r PolicyRule<'a>,
) -> impl Iterator<Item = (Grant<'a>, &'a str, Severity)> + use<'r, 'a> {
    let severity = if role.namespaced { danger.in_role } else { Some(danger.in_cluster_role) };
    let severity = severity.filter(|_| line.has_group(danger.group));
    let extras = line.resources.iter().filter(|_| danger.resources == EXTRAS);
    // A few are enough to be told of, and keep a line of many thousand entries cheap.
    let extras = extras.filter(|written| written.starts_with("userextras/")).copied().take(3);
    // Lines may be long: each resource is looked for once, not once a verb.
    let asked = danger.resources.iter().copied().chain(extras).filter(|resource| line.has_resource(resource));
    severity.into_iter().flat_map(move |severity| {
        asked.clone().flat_map(move |resource| {
            danger.verbs.iter().filter_map(move |verb| {
                let grant = role.grant(line, verb, danger.group, resource)?;
                // Inside one namespace `*` on service accounts means to manage them, and no more than the
                // wildcard over everything in it.
                let implied = role.namespaced && *verb == "impersonate" && grant.verb == "*";
                let severity = if implied { lowered(severity)? } else { severity };
                Some((grant, resource, weigh(severity, line, &grant, verb, resource)?))
            })
        })
    })
}

fn weigh(severity: Severity, line: &PolicyRule<'_>, grant: &Grant<'_>, verb: &str, resource: &str) -> Option<Severity> {
    let powerful = || line.names.iter().any(|name| POWERFUL_NAMES.contains(name));
    if grant.reach == Reach::All || !carries_name(verb, resource) || (SPECIAL_VERBS.contains(&verb) && powerful()) {
        return Some(severity);
    }
    lowered(severity)
}

/// One severity less; a narrowed grant of low severity is not worth a word.
pub fn lowered(severity: Severity) -> Option<Severity> {
    match severity {
        Severity::High => Some(Severity::Medium),
        Severity::Medium => Some(Severity::Low),
        Severity::Low => None,
    }
}

/// The worst that a line contains, whoever speaks of it: "escalate on clusterroles".
pub fn worst_of<'r>(role: &Role<'_>, line: &PolicyRule<'_>) -> Option<(&'r str, &'r str)> {
    DANGERS.iter().find_map(|danger| {
        let on = |resource: &&&'r str| {
            let verb = danger.verbs.iter().find(|verb| role.grant(line, verb, danger.group, resource).is_some())?;
            Some((*verb, **resource))
        };
        let counts = !role.namespaced || danger.in_role.is_some();
        danger
            .resources
            .iter()
            .filter(|resource| counts && line.has_resource(resource))
            .find_map(|resource| on(&resource))
    })
}

/// Whether something about more than reading is said of the line already.
pub fn is_spoken_of(role: &Role<'_>, line: &PolicyRule<'_>) -> bool {
    DANGERS.iter().filter(|danger| danger.verbs != READ).any(|danger| hits(danger, role, line).next().is_some())
        || role_identity_write::find(role, line).is_some()
}

pub fn finding<'a>(
    rule: &'static Rule,
    severity: Severity,
    line: &PolicyRule<'a>,
    message: impl Into<String>,
) -> Finding<'a> {
    Finding {
        rule: rule.id,
        severity,
        place: line.node.into(),
        message: message.into(),
        remediation: Cow::Borrowed(rule.remediation),
        unchecked: false,
    }
}

fn add<'a>(list: &mut Vec<&'a str>, text: &'a str) {
    if !list.contains(&text) {
        list.push(text);
    }
}

/// The first few of a list, for a message.
pub fn listing(texts: &[&str]) -> String {
    const MOST: usize = 3;
    let mut out = texts.iter().take(MOST).map(|text| shown(text)).collect::<Vec<_>>().join(", ");
    if texts.len() > MOST {
        out.push_str(&format!(" and {} more", texts.len() - MOST));
    }
    out
}
