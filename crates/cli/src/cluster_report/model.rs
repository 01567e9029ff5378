//! The report as data: what the JSON format writes, and what the other formats show.

use super::gather::{Finding, Gathered, Rules};
use super::since::Since;
use super::way_out::{self, WayOut};
use crate::dump::text;
use crate::rule_page;
use access::{Azure, Class, Graph, Path, Position, Powers, Rbac, Subject};
use entra_auth_policy::settings::Date;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The most paths to one identity that a report lists. More are counted.
const MOST_PATHS: usize = 20;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ClusterReport {
    pub schema_version: u32,
    pub version: &'static str,
    pub date: String,
    pub title: String,
    pub profile: String,
    pub objects: usize,
    pub workloads: usize,
    pub namespaces: usize,
    /// Whether Secrets were read. Without them, the token Secrets are not known.
    pub secrets_read: bool,
    pub totals: Totals,
    pub rules: Vec<RuleRow>,
    pub by_namespace: Vec<NamespaceRow>,
    pub exemptions: Vec<ExemptionRow>,
    pub restricted: Vec<RestrictedRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Since>,
    pub access: AccessReport,
    pub azure: Azure,
    pub way_out: WayOut,
    pub findings: Vec<Finding>,
}

#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Totals {
    pub high: usize,
    pub medium: usize,
    pub low: usize,
    pub denied: usize,
    pub warned: usize,
    pub not_shown: usize,
    pub exempted: usize,
    pub excused: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RuleRow {
    pub rule: &'static str,
    pub summary: &'static str,
    pub severity: &'static str,
    pub denied: usize,
    pub warned: usize,
    pub objects: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NamespaceRow {
    /// Empty for objects outside namespaces.
    pub namespace: String,
    pub high: usize,
    pub medium: usize,
    pub low: usize,
    pub denied: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExemptionRow {
    pub reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    pub has_ended: bool,
    pub rules: BTreeSet<&'static str>,
    pub findings: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RestrictedRow {
    pub rule: &'static str,
    pub summary: &'static str,
    pub objects: BTreeSet<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AccessReport {
    pub subjects: Vec<SubjectRow>,
    /// The shortest path of each subject.
    pub cluster_admin: Vec<PathRow>,
    pub identities: Vec<IdentityRow>,
    pub positions: usize,
    pub rights: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SubjectRow {
    pub subject: String,
    pub name: String,
    pub class: Class,
    pub roles: Vec<RoleRow>,
    /// The number of acts to cluster-admin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_cluster_admin: Option<usize>,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RoleRow {
    pub role: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    pub binding: String,
    /// A binding to a role that is not there grants nothing.
    pub exists: bool,
    pub powers: Vec<PowerRow>,
}

#[derive(Clone, Serialize)]
pub(crate) struct PowerRow {
    pub rule: &'static str,
    pub severity: &'static str,
    pub message: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IdentityRow {
    pub client_id: String,
    /// The service accounts that sign in with it.
    pub accounts: BTreeSet<String>,
    /// The subjects with a path. Those with cluster-admin in one step are not counted: they have one to each.
    pub count: usize,
    pub paths: Vec<PathRow>,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PathRow {
    pub subject: String,
    pub class: Class,
    pub length: usize,
    pub steps: Vec<StepRow>,
}

#[derive(Clone, Serialize)]
pub(crate) struct StepRow {
    pub from: String,
    pub how: &'static str,
    pub to: String,
    /// What RBAC allows, as `kubectl auth can-i` asks it.
    pub requests: Vec<String>,
    pub bindings: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub through: Option<String>,
}

impl ClusterReport {
    pub(crate) fn of(gathered: Gathered, rules: &Rules, title: String, today: Date) -> ClusterReport {
        let rbac = Rbac::of(&gathered.rbac);
        let graph = Graph::of(&rbac, &gathered.inventory);
        let azure = Azure::of(&gathered.inventory, &rbac, &gathered.modes);
        let access = AccessReport::of(&rbac, &graph, &azure);
        let findings = gathered.findings;
        ClusterReport {
            schema_version: 1,
            version: env!("CARGO_PKG_VERSION"),
            date: today.to_string(),
            title,
            profile: rules.settings["profile"].as_str().unwrap_or("baseline").to_owned(),
            objects: gathered.objects,
            workloads: gathered.inventory.pods.iter().filter(|pod| !pod.is_owned).count(),
            namespaces: gathered.inventory.namespaces.len(),
            secrets_read: gathered.has_secrets,
            totals: Totals::of(&findings),
            rules: by_rule(&findings),
            by_namespace: by_namespace(&findings),
            exemptions: exemptions(&findings, rules, today),
            restricted: restricted(gathered.restricted),
            since: None,
            access,
            way_out: way_out::of(&findings, &azure, gathered.migrations),
            azure,
            findings,
        }
    }
}

impl Totals {
    fn of(findings: &[Finding]) -> Totals {
        let mut totals = Totals::default();
        for finding in findings {
            match finding.action {
                "deny" => totals.denied += 1,
                "warn" => totals.warned += 1,
                "exempt" => totals.exempted += 1,
                "excused" => totals.excused += 1,
                _ => totals.not_shown += 1,
            }
            if finding.is_shown() {
                match finding.severity {
                    "high" => totals.high += 1,
                    "medium" => totals.medium += 1,
                    _ => totals.low += 1,
                }
            }
        }
        totals
    }
}

fn by_rule(findings: &[Finding]) -> Vec<RuleRow> {
    let mut found: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| finding.is_shown()) {
        found.entry(finding.rule).or_default().push(finding);
    }
    let row = |rule: &'static entra_auth_policy::rule::Rule| {
        let of = found.get(rule.id)?;
        let count = |action: &str| of.iter().filter(|finding| finding.action == action).count();
        let objects: BTreeSet<String> = of.iter().map(|finding| finding.object()).collect();
        let (denied, warned, objects) = (count("deny"), count("warn"), objects.len());
        let severity = worst(of.iter().map(|finding| finding.severity));
        Some(RuleRow { rule: rule.id, summary: rule.summary, severity, denied, warned, objects })
    };
    let mut rows: Vec<RuleRow> = rule_page::rules().filter_map(|(_, rule)| row(rule)).collect();
    rows.sort_by_key(|row| (rank(row.severity), std::cmp::Reverse(row.denied + row.warned)));
    rows
}

/// Most severe first.
pub(crate) fn rank(severity: &str) -> usize {
    ["high", "medium", "low"].iter().position(|one| *one == severity).unwrap_or(3)
}

pub(crate) fn worst(severities: impl Iterator<Item = &'static str>) -> &'static str {
    severities.min_by_key(|severity| rank(severity)).unwrap_or("low")
}

fn by_namespace(findings: &[Finding]) -> Vec<NamespaceRow> {
    let mut rows: BTreeMap<&str, NamespaceRow> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| finding.is_shown()) {
        let row = rows.entry(&finding.namespace).or_insert_with(|| NamespaceRow {
            namespace: finding.namespace.clone(),
            high: 0,
            medium: 0,
            low: 0,
            denied: 0,
        });
        row.denied += usize::from(finding.action == "deny");
        match finding.severity {
            "high" => row.high += 1,
            "medium" => row.medium += 1,
            _ => row.low += 1,
        }
    }
    let mut rows: Vec<NamespaceRow> = rows.into_values().collect();
    rows.sort_by_key(|row| std::cmp::Reverse((row.high, row.medium, row.low)));
    rows
}

fn exemptions(findings: &[Finding], rules: &Rules, today: Date) -> Vec<ExemptionRow> {
    let mut rows: Vec<ExemptionRow> = rules.settings["exemptions"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|entry| {
            let until = Date::parse(text(entry, &["until"]));
            ExemptionRow {
                reason: text(entry, &["reason"]).to_owned(),
                until: until.map(|until| until.to_string()),
                has_ended: until.is_some_and(|until| until < today),
                rules: BTreeSet::new(),
                findings: 0,
            }
        })
        .collect();
    for finding in findings {
        if let Some(row) = finding.exemption.and_then(|index| rows.get_mut(index)) {
            row.findings += 1;
            row.rules.insert(finding.rule);
        }
    }
    rows
}

fn restricted(found: BTreeMap<&'static str, BTreeSet<String>>) -> Vec<RestrictedRow> {
    let summary = |rule: &str| entra_auth_policy::rules::by_id(rule).map_or("", |rule| rule.summary);
    let mut rows: Vec<RestrictedRow> =
        found.into_iter().map(|(rule, objects)| RestrictedRow { rule, summary: summary(rule), objects }).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.objects.len()));
    rows
}

impl AccessReport {
    fn of<'a>(rbac: &Rbac<'a>, graph: &Graph<'_, '_>, azure: &Azure) -> AccessReport {
        let cluster_admin: Vec<Path> = graph.paths_to(&Position::ClusterAdmin);
        let lengths: BTreeMap<&Subject, usize> = cluster_admin.iter().map(|path| (&path.subject, path.len())).collect();
        let mut powers = Powers::of(rbac);
        let mut subjects: Vec<SubjectRow> = Vec::new();
        for subject in rbac.subjects() {
            let roles = rbac.holdings(subject).into_iter().filter(|holding| holding.group.is_none());
            subjects.push(SubjectRow {
                subject: subject.to_string(),
                name: text::shown(&subject.name()).into_owned(),
                class: subject.class(),
                roles: roles.map(|holding| role_row(&holding, &mut powers)).collect(),
                to_cluster_admin: lengths.get(subject).copied(),
            });
        }
        subjects.sort_by(|a, b| {
            let key = |row: &SubjectRow| (row.class, row.to_cluster_admin.unwrap_or(usize::MAX), row.name.clone());
            key(a).cmp(&key(b))
        });
        let used_by: BTreeMap<&str, &BTreeSet<String>> =
            azure.identities.iter().map(|identity| (identity.client_id.as_str(), &identity.accounts)).collect();
        let is_administrator = |path: &Path| lengths.get(&path.subject).is_some_and(|length| *length <= 1);
        let clients: BTreeSet<&str> =
            graph.clients().chain(azure.identities.iter().map(|identity| identity.client_id.as_str())).collect();
        let identities = clients.into_iter().map(|client| {
            let goal = Position::Azure(client.to_owned());
            let routes = graph.routes_to(&goal, &[Position::ClusterAdmin]);
            let mut paths = routes.paths().filter(|path| !is_administrator(path));
            let first = paths.by_ref().take(MOST_PATHS).map(|path| PathRow::of(&path)).collect::<Vec<_>>();
            let accounts = used_by.get(client).map(|accounts| (*accounts).clone()).unwrap_or_default();
            IdentityRow { client_id: client.to_owned(), accounts, count: first.len() + paths.count(), paths: first }
        });
        let (positions, rights) = graph.size();
        AccessReport {
            subjects,
            cluster_admin: cluster_admin.iter().map(PathRow::of).collect(),
            identities: identities.collect(),
            positions,
            rights,
        }
    }
}

pub(crate) fn role_row<'a>(holding: &access::Holding<'_, 'a>, powers: &mut Powers<'_, 'a>) -> RoleRow {
    let binding = holding.binding;
    let power = |power: &entra_auth_policy::describe::Power| PowerRow {
        rule: power.rule,
        severity: power.severity.as_str(),
        message: power.message.clone(),
    };
    RoleRow {
        role: format!("{} {}", text::shown(binding.role_kind), text::shown(binding.role_name)),
        namespace: binding.namespace.map(|namespace| text::shown(namespace).into_owned()),
        binding: binding.to_string(),
        exists: holding.role.is_some(),
        powers: powers.of_binding(binding).iter().map(power).collect(),
    }
}

impl PathRow {
    pub(crate) fn of(path: &Path) -> PathRow {
        let step = |step: &access::Step| StepRow {
            from: step.from.to_string(),
            how: step.how,
            to: step.to.to_string(),
            requests: step.requests.iter().map(ToString::to_string).collect(),
            bindings: step.bindings.clone(),
            through: step.through.as_deref().map(|through| text::shown(through).into_owned()),
        };
        PathRow {
            subject: path.subject.to_string(),
            class: path.subject.class(),
            length: path.len(),
            steps: path.steps.iter().map(step).collect(),
        }
    }
}
