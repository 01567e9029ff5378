//! The report as one HTML file: no scripts, styles, fonts or pictures from elsewhere, and a policy that forbids them.

use super::map;
use super::model::{ClusterReport, IdentityRow, PathRow, RoleRow, SubjectRow, rank, worst};
use super::since::Change;
use crate::report::count;
use crate::rule_page;
use access::{Class, Use};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use std::collections::BTreeMap;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The most rows of a list. The file stays small, and a list of thousands is for a program: JSON has all.
const MOST: usize = 200;
/// The most objects that are named for one finding.
const MOST_OBJECTS: usize = 25;

pub(crate) fn page(report: &ClusterReport) -> String {
    let policy = format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    );
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "Access and identities: " (shown(&report.title)) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#glance" { "Skip to the report" }
                (header(report))
                main {
                    (glance(report))
                    @if report.since.is_some() { (since(report)) }
                    (paths(report))
                    (who(report))
                    (azure(report))
                    (findings(report))
                    (exemptions(report))
                    (way_out(report))
                    (about(report))
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string()
}

/// A source of a Content-Security-Policy.
fn hash(text: &str) -> String {
    let hex = text::sha256::hex(text.as_bytes());
    let bytes: Vec<u8> = hex
        .as_bytes()
        .chunks(2)
        .filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect();
    format!("sha256-{}", BASE64_STANDARD.encode(bytes))
}

fn shown(text: &str) -> String {
    text::shown(text).into_owned()
}

fn header(report: &ClusterReport) -> Markup {
    html! {
        header.top {
            div {
                p.eyebrow { "entra-auth report" }
                h1 { (shown(&report.title)) }
                p.meta {
                    time { (report.date) } " · profile " code { (report.profile) } " · "
                    (count(report.objects, "object")) " · " (count(report.workloads, "workload")) " · "
                    (count(report.namespaces, "namespace"))
                }
            }
            nav aria-label="Parts of the report" {
                a href="#glance" { "At a glance" }
                @if report.since.is_some() { a href="#since" { "Changes" } }
                a href="#paths" { "Paths" }
                a href="#who" { "Who can" }
                a href="#azure" { "Azure" }
                a href="#findings" { "Findings" }
                a href="#way-out" { "Way out" }
            }
        }
    }
}

fn glance(report: &ClusterReport) -> Markup {
    let totals = &report.totals;
    let people = |paths: &[PathRow]| paths.iter().filter(|path| path.class != Class::Kubernetes).count();
    let fixed = report.way_out.modes.iter().filter(|row| row.next.is_some()).map(|row| row.count).sum::<usize>();
    html! {
        section #glance aria-labelledby="glance-title" {
            h2 #glance-title { "At a glance" }
            ul.tiles {
                (tile(totals.denied, "denied", "bad", "findings that the policy denies"))
                (tile(totals.warned, "warned", "warn", "findings that it warns about"))
                (tile(people(&report.access.cluster_admin), "paths to cluster-admin", "bad", "subjects apart from Kubernetes' own"))
                (tile(report.azure.identities.len(), "identities in Azure", "plain", "client ids that the cluster names"))
                (tile(fixed, "not on workload identity", "warn", "workloads and objects"))
                (tile(report.azure.shared().count(), "shared identities", "warn", "used by several service accounts"))
            }
            @if !report.secrets_read {
                p.note { "Secrets were not read, so credentials and token Secrets in them are not part of this report." }
            }
            div.columns {
                div {
                    h3 { "By rule" }
                    (scroll("Findings by rule", html! {
                        table {
                            thead { tr { th scope="col" { "Rule" } th scope="col" { "Severity" } th.number scope="col" { "Denied" } th.number scope="col" { "Warned" } } }
                            tbody {
                                @for row in report.rules.iter().take(15) {
                                    tr {
                                        th scope="row" { a href={ "#" (row.rule) } { (row.rule) } }
                                        td { (severity(row.severity)) }
                                        td.number { (row.denied) }
                                        td.number { (row.warned) }
                                    }
                                }
                            }
                        }
                        @if report.rules.is_empty() { p.empty { "No findings." } }
                    }))
                }
                div {
                    h3 { "By namespace" }
                    (scroll("Findings by namespace", html! {
                        table {
                            thead { tr { th scope="col" { "Namespace" } th scope="col" { "Findings" } th.number scope="col" { "High" } th.number scope="col" { "Medium" } th.number scope="col" { "Low" } } }
                            tbody {
                                @let most = report.by_namespace.iter().map(|row| row.high + row.medium + row.low).max().unwrap_or(1);
                                @for row in report.by_namespace.iter().take(15) {
                                    tr {
                                        th scope="row" { @if row.namespace.is_empty() { em { "the cluster" } } @else { (shown(&row.namespace)) } }
                                        td { (bar([row.high, row.medium, row.low], most)) }
                                        td.number { (row.high) }
                                        td.number { (row.medium) }
                                        td.number { (row.low) }
                                    }
                                }
                            }
                        }
                        @if report.by_namespace.is_empty() { p.empty { "No findings." } }
                    }))
                }
            }
        }
    }
}

fn tile(number: usize, label: &str, tone: &str, detail: &str) -> Markup {
    let tone = if number == 0 { "good" } else { tone };
    html! {
        li.tile.(tone) {
            span.number { (number) }
            span.label { (label) }
            span.detail { (detail) }
        }
    }
}

/// How many findings of each severity, as a picture of the numbers next to it.
fn bar(numbers: [usize; 3], most: usize) -> Markup {
    let width = |number: usize| number as f64 * 120.0 / most.max(1) as f64;
    let [high, medium, low] = numbers.map(width);
    html! {
        svg.bar viewBox="0 0 120 10" width="120" height="10" aria-hidden="true" {
            rect.high x="0" y="0" width=(format!("{high:.1}")) height="10" {}
            rect.medium x=(format!("{high:.1}")) y="0" width=(format!("{medium:.1}")) height="10" {}
            rect.low x=(format!("{:.1}", high + medium)) y="0" width=(format!("{low:.1}")) height="10" {}
        }
    }
}

fn severity(severity: &str) -> Markup {
    html! { span.badge.(severity) { (severity) } }
}

/// A wide part scrolls on its own, also with the keyboard.
fn scroll(label: &str, content: Markup) -> Markup {
    html! { div.scroll tabindex="0" role="region" aria-label=(label) { (content) } }
}

fn search(of: &str, label: &str) -> Markup {
    html! {
        p.search hidden {
            label { (label) " " input type="search" data-search=(of) autocomplete="off" spellcheck="false"; }
            span role="status" data-count=(of) {}
        }
    }
}

fn since(report: &ClusterReport) -> Markup {
    let Some(since) = &report.since else { return html! {} };
    let list = |what: &str, changes: &[Change]| {
        html! {
            details {
                summary { (count(changes.len(), "finding")) " " (what) }
                ul.plain {
                    @for change in changes.iter().take(MOST) {
                        li { strong { (shown(&change.object())) } " " code { (change.rule) } " " (shown(&change.path)) " " (change.message) }
                    }
                    (more(changes.len(), MOST))
                }
            }
        }
    };
    html! {
        section #since aria-labelledby="since-title" {
            h2 #since-title { "Since " (shown(&since.date)) }
            (list("new", &since.new))
            (list("gone", &since.gone))
            @if !since.new_administrators.is_empty() {
                p { "New paths to cluster-admin: " (shown(&since.new_administrators.iter().cloned().collect::<Vec<_>>().join(", "))) }
            }
            @if !since.gone_administrators.is_empty() {
                p { "Paths to cluster-admin that are gone: " (shown(&since.gone_administrators.iter().cloned().collect::<Vec<_>>().join(", "))) }
            }
        }
    }
}

fn more(all: usize, shown: usize) -> Markup {
    html! { @if all > shown { li.more { "and " (all - shown) " more, in the JSON report" } } }
}

fn paths(report: &ClusterReport) -> Markup {
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
    let subjects: Vec<String> = identity.paths.iter().map(|path| path.subject.to_lowercase()).collect();
    html! {
        details.item data-text={ (identity.client_id) " " (subjects.join(" ")) } {
            summary { code { (shown(&identity.client_id)) } " " span.dim { (count(identity.count, "subject")) } }
            @for path in &identity.paths {
                p.path-head { strong { (path.subject) } " " span.dim { (count(path.length, "step")) } }
                (steps(path))
            }
            @if identity.count > identity.paths.len() { p.more { "And " (identity.count - identity.paths.len()) " more." } }
        }
    }
}

fn who(report: &ClusterReport) -> Markup {
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

fn azure(report: &ClusterReport) -> Markup {
    let azure = &report.azure;
    html! {
        section #azure aria-labelledby="azure-title" {
            h2 #azure-title { "Who is whom in Azure" }
            ul.modes {
                @for row in &report.way_out.modes {
                    li { strong { (row.count) } " " (row.mode.title()) }
                }
            }
            (search("uses", "Find a workload, account or client id"))
            (scroll("Workloads and their identities", html! {
                table data-list="uses" {
                    thead { tr { th scope="col" { "Workload" } th scope="col" { "Service account" } th scope="col" { "Mode" } th scope="col" { "Client id" } th scope="col" { "Tenant" } } }
                    tbody { @for one in azure.uses.iter().take(5 * MOST) { (use_row(one)) } }
                }
                @if azure.uses.is_empty() { p.empty { "Nothing signs in to Azure." } }
            }))
            @if azure.uses.len() > 5 * MOST { p.more { "And " (azure.uses.len() - 5 * MOST) " more, in the JSON report." } }
            div.columns {
                div {
                    h3 { "Shared identities" }
                    ul.plain {
                        @for identity in azure.shared().take(MOST) {
                            li { code { (identity.client_id) } ": " (shown(&first(identity.accounts.iter()))) }
                        }
                    }
                    @if azure.shared().next().is_none() { p.empty { "None: each identity has one service account." } }
                    h3 { "Identities that any namespace can take" }
                    ul.plain {
                        @for identity in azure.open_to_all().take(MOST) {
                            li { code { (shown(&identity.client_id)) } ": " (shown(&identity.from_any_namespace.join("; "))) }
                        }
                    }
                    @if azure.open_to_all().next().is_none() { p.empty { "None." } }
                }
                div {
                    h3 { "Annotated and unused accounts" }
                    ul.plain {
                        @for account in azure.unused_accounts.iter().take(MOST) {
                            li {
                                strong { (shown(&account.namespace)) "/" (shown(&account.name)) } " " code { (shown(&account.client_id)) }
                                @if account.has_pods { " " span.dim { "its pods have no label azure.workload.identity/use" } }
                            }
                        }
                        (more(azure.unused_accounts.len(), MOST))
                    }
                    @if azure.unused_accounts.is_empty() { p.empty { "None." } }
                }
            }
        }
    }
}

fn first<'t>(texts: impl ExactSizeIterator<Item = &'t String>) -> String {
    let all = texts.len();
    let mut out = texts.take(MOST_OBJECTS).cloned().collect::<Vec<_>>().join(", ");
    if all > MOST_OBJECTS {
        out.push_str(&format!(" and {} more", all - MOST_OBJECTS));
    }
    out
}

fn use_row(one: &Use) -> Markup {
    let account = one.account.as_deref().unwrap_or_default();
    let client = one.client_id.as_deref().unwrap_or("not known");
    html! {
        tr data-text=(format!("{}/{} {account} {client} {}", one.namespace, one.name, one.mode.title()).to_lowercase()) {
            th scope="row" { (one.kind) " " @if !one.namespace.is_empty() { (shown(&one.namespace)) "/" } (shown(&one.name)) }
            td { (shown(account)) }
            td { span.badge.(if one.mode <= access::SignIn::IdentityBinding { "good" } else if one.mode == access::SignIn::NodeIdentity { "medium" } else { "high" }) { (one.mode.title()) } }
            td { code { (shown(client)) } }
            td { @if let Some(tenant) = &one.tenant_id { code { (shown(tenant)) } } }
        }
    }
}

fn findings(report: &ClusterReport) -> Markup {
    let mut by_rule: BTreeMap<&str, BTreeMap<(usize, &str, &str), Vec<String>>> = BTreeMap::new();
    for finding in report.findings.iter().filter(|finding| finding.is_shown()) {
        let key = (rank(finding.severity), finding.message.as_str(), finding.remediation.as_str());
        by_rule.entry(finding.rule).or_default().entry(key).or_default().push(format!(
            "{}: {}",
            finding.object(),
            finding.path
        ));
    }
    html! {
        section #findings aria-labelledby="findings-title" {
            h2 #findings-title { "Findings" }
            (search("findings", "Find a rule, object or namespace"))
            div.list data-list="findings" {
                @for row in &report.rules {
                    @let messages = by_rule.get(row.rule);
                    @let words = messages.into_iter().flatten().flat_map(|(_, objects)| objects.iter().take(MOST_OBJECTS)).cloned().collect::<Vec<_>>().join(" ");
                    details.item id=(row.rule) data-text={ (row.rule) " " (words.to_lowercase()) } {
                        summary {
                            (severity(row.severity)) " " strong { (row.rule) } " "
                            span.dim { (row.summary) ": " (count(row.denied + row.warned, "finding")) " in " (count(row.objects, "object")) }
                        }
                        @for ((_, message, remediation), objects) in messages.into_iter().flatten().take(MOST_OBJECTS) {
                            div.role {
                                p.message { (message) }
                                p.dim { "Fix: " (remediation) }
                                ul.plain.objects {
                                    @for object in objects.iter().take(MOST_OBJECTS) { li { (shown(object)) } }
                                    (more(objects.len(), MOST_OBJECTS))
                                }
                            }
                        }
                        @if let Ok(rule) = rule_page::find(row.rule) { p { a href=(rule_page::url(rule)) rel="noreferrer" { "Why this rule exists" } } }
                    }
                }
            }
            @if report.rules.is_empty() { p.empty { "No findings." } }
            h3 { "What the profile restricted would deny as well" }
            div.list {
                @for row in &report.restricted {
                    details.item {
                        summary { strong { (row.rule) } " " span.dim { (row.summary) ": " (count(row.objects.len(), "object")) } }
                        ul.plain.objects {
                            @for object in row.objects.iter().take(MOST_OBJECTS) { li { (shown(object)) } }
                            (more(row.objects.len(), MOST_OBJECTS))
                        }
                    }
                }
            }
            @if report.restricted.is_empty() { p.empty { "Nothing." } }
        }
    }
}

fn exemptions(report: &ClusterReport) -> Markup {
    html! {
        section #exemptions aria-labelledby="exemptions-title" {
            h2 #exemptions-title { "Exemptions" }
            @if report.exemptions.is_empty() { p.empty { "The settings have none." } }
            @else {
                (scroll("Exemptions", html! {
                    table {
                        thead { tr { th scope="col" { "Reason" } th scope="col" { "Until" } th scope="col" { "Rules" } th.number scope="col" { "Findings" } } }
                        tbody {
                            @for row in report.exemptions.iter().take(MOST) {
                                tr {
                                    th scope="row" { (shown(&row.reason)) }
                                    td { (row.until.as_deref().unwrap_or("no end")) @if row.has_ended { " " span.badge.high { "ended" } } }
                                    td { (row.rules.iter().copied().collect::<Vec<_>>().join(", ")) }
                                    td.number { (row.findings) }
                                }
                            }
                        }
                    }
                }))
            }
        }
    }
}

fn way_out(report: &ClusterReport) -> Markup {
    html! {
        section #way-out aria-labelledby="way-out-title" {
            h2 #way-out-title { "The way out" }
            ul.plain {
                @for row in report.way_out.modes.iter().filter(|row| row.next.is_some()) {
                    li { strong { (row.count) " with " (row.mode.title()) } ": " (row.next.unwrap_or_default()) }
                }
            }
            (scroll("What to do", html! {
                table {
                    thead { tr { th scope="col" { "What to do" } th scope="col" { "Rule" } th.number scope="col" { "Findings" } th.number scope="col" { "Objects" } } }
                    tbody {
                        @for row in report.way_out.remediations.iter().take(30) {
                            tr { th scope="row" { (row.remediation) } td { a href={ "#" (row.rule) } { (row.rule) } } td.number { (row.findings) } td.number { (row.objects) } }
                        }
                    }
                }
                @if report.way_out.remediations.is_empty() { p.empty { "Nothing is left to do." } }
            }))
        }
    }
}

fn about(report: &ClusterReport) -> Markup {
    html! {
        footer {
            p {
                "Made by entra-auth " (report.version) " on " (report.date) " from " (count(report.access.positions, "position")) " and " (count(report.access.rights, "right"))
                ". Rights are those of Kubernetes' RBAC for the objects that were read. Azure RBAC for Kubernetes, admission and what a pod can do on its node are not part of it."
            }
        }
    }
}
