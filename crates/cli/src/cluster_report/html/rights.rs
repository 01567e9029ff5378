//! Paths, and who can do what.

use super::{MOST, MOST_OBJECTS, search, severity, shown};
use crate::cluster_report::map;
use crate::cluster_report::model::{ClusterReport, IdentityRow, PathRow, RoleRow, SubjectRow, worst};
use crate::report::count;
use access::Class;
use maud::{Markup, html};
use std::collections::BTreeMap;

pub(super) fn paths(report: &ClusterReport) -> Markup {
    let access = &report.access;
    let (own, people): (Vec<&PathRow>, Vec<&PathRow>) =
        access.cluster_admin.iter().partition(|path| path.class == Class::Kubernetes);
    html! {
        section #paths aria-labelledby="paths-title" {
            h2 #paths-title { "Paths" }
            p.lead { "How subjects reach cluster-admin and the identities in Azure. Each step is a request that RBAC allows." }
            (search("map", "Find in the map"))
            (map::draw(report))
            h3 { "To cluster-admin" }
            @if people.is_empty() { p.empty { "Only Kubernetes' own subjects have a path." } }
            @else {
                (search("admin-paths", "Find a subject"))
                div.list data-list="admin-paths" {
                    @for path in people.iter().take(MOST) { (path_item(path)) }
                }
                @if people.len() > MOST { p.more { "And " (people.len() - MOST) " more, in the JSON report." } }
            }
            @if !own.is_empty() {
                details {
                    summary { "Kubernetes and AKS: " (count(own.len(), "subject")) }
                    div.list { @for path in own.iter().take(MOST) { (path_item(path)) } }
                }
            }
            h3 { "To identities in Azure" }
            p.lead { "Administrators of the cluster have a path to each and are left out." }
            @if access.identities.is_empty() { p.empty { "No client ids are named." } }
            (search("azure-paths", "Find a client id or subject"))
            div.list data-list="azure-paths" {
                @for identity in access.identities.iter().take(MOST) { (identity_item(identity)) }
            }
            @if access.identities.len() > MOST { p.more { "And " (access.identities.len() - MOST) " more, in the JSON report." } }
        }
    }
}

fn path_item(path: &PathRow) -> Markup {
    html! {
        details.item data-text=(path.subject.to_lowercase()) {
            summary {
                span.badge.(if path.length <= 1 { "high" } else { "medium" }) { (count(path.length, "step")) }
                " " strong { (path.subject) }
                " " span.dim { (chain(path)) }
            }
            (steps(path))
        }
    }
}

/// The positions of a path in one line.
fn chain(path: &PathRow) -> String {
    let steps = path.steps.iter().map(|step| format!("→ {}", shown(&step.to)));
    steps.collect::<Vec<_>>().join(" ")
}

fn steps(path: &PathRow) -> Markup {
    html! {
        ol.steps {
            @for step in &path.steps {
                li {
                    span.how { (step.how) } " " strong { (shown(&step.to)) }
                    @if let Some(through) = &step.through { " " span.dim { "(" (shown(through)) ")" } }
                    @if !step.requests.is_empty() {
                        br;
                        span.dim { "can " code { (step.requests.join(", ")) } @if !step.bindings.is_empty() { ", by " (step.bindings.join(", ")) } }
                    }
                }
            }
        }
    }
}

fn identity_item(identity: &IdentityRow) -> Markup {
    let accounts = identity.accounts.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
    let subjects: Vec<String> = identity.paths.iter().map(|path| path.subject.to_lowercase()).collect();
    html! {
        details.item data-text={ (identity.client_id) " " (subjects.join(" ")) } {
            summary {
                code { (shown(&identity.client_id)) } " "
                span.dim { (count(identity.count, "subject")) @if !accounts.is_empty() { ", used by " (shown(&accounts)) } }
            }
            @for path in &identity.paths {
                p.path-head { strong { (path.subject) } " " span.dim { (count(path.length, "step")) } }
                (steps(path))
            }
            @if identity.count > identity.paths.len() { p.more { "And " (identity.count - identity.paths.len()) " more." } }
        }
    }
}

pub(super) fn who(report: &ClusterReport) -> Markup {
    let mut classes: BTreeMap<Class, Vec<&SubjectRow>> = BTreeMap::new();
    for row in &report.access.subjects {
        classes.entry(row.class).or_default().push(row);
    }
    html! {
        section #who aria-labelledby="who-title" {
            h2 #who-title { "Who can" }
            p.lead { "Subjects of bindings, their roles, and what in them matters." }
            (search("subjects", "Find a subject, role or namespace"))
            div data-list="subjects" {
                @for class in Class::ALL {
                    @if let Some(rows) = classes.get(&class) {
                        details.group open[class != Class::Kubernetes && class != Class::ServiceAccount] {
                            summary { h3 { (class.title()) } " " span.dim { (rows.len()) } }
                            @for row in rows.iter().take(MOST) { (subject_item(row)) }
                            @if rows.len() > MOST { p.more { "And " (rows.len() - MOST) " more, in the JSON report." } }
                        }
                    }
                }
            }
        }
    }
}

fn subject_item(row: &SubjectRow) -> Markup {
    let powers = row.roles.iter().flat_map(|role| &role.powers);
    let level = worst(powers.map(|power| power.severity));
    let has_powers = row.roles.iter().any(|role| !role.powers.is_empty());
    let words: Vec<String> = row
        .roles
        .iter()
        .map(|role| format!("{} {}", role.role, role.namespace.as_deref().unwrap_or_default()))
        .collect();
    html! {
        details.item data-text={ (row.subject.to_lowercase()) " " (words.join(" ").to_lowercase()) } {
            summary {
                @if let Some(length) = row.to_cluster_admin {
                    span.badge.high { @if length <= 1 { "cluster-admin" } @else { "cluster-admin in " (length) } } " "
                } @else if has_powers { (severity(level)) " " }
                strong { (row.name) } " " span.dim { (roles(&row.roles)) }
            }
            @for role in row.roles.iter().take(MOST_OBJECTS) {
                div.role {
                    strong { (role.role) } " in " (role.namespace.as_deref().unwrap_or("the whole cluster")) " " span.dim { (role.binding) }
                    @if !role.exists { " " span.badge.low { "the role does not exist" } }
                    @if !role.powers.is_empty() {
                        ul.plain {
                            @for power in role.powers.iter().take(MOST_OBJECTS) { li { (severity(power.severity)) " " (power.message) } }
                        }
                    }
                }
            }
            @if row.roles.len() > MOST_OBJECTS { p.more { "And " (row.roles.len() - MOST_OBJECTS) " more." } }
        }
    }
}

fn roles(roles: &[RoleRow]) -> String {
    let one = |role: &RoleRow| {
        let name = role.role.split_once(' ').map_or(role.role.as_str(), |(_, name)| name);
        format!("{name} in {}", role.namespace.as_deref().unwrap_or("the cluster"))
    };
    let mut out: Vec<String> = roles.iter().take(3).map(one).collect();
    if roles.len() > out.len() {
        out.push(format!("{} more", roles.len() - out.len()));
    }
    out.join(", ")
}
