//! Findings, exemptions and the way out.

use super::{MOST, MOST_OBJECTS, more, scroll, search, severity, shown, tile};
use crate::cluster_report::model::{ClusterReport, rank};
use crate::cluster_report::way_out::{FixCounts, WayOut};
use crate::report::count;
use crate::rule_page;
use maud::{Markup, html};
use std::collections::BTreeMap;

/// The most kinds of work that are listed.
const MOST_ROWS: usize = 30;

/// The objects with the same finding: by severity, message and remediation.
type Messages<'r> = BTreeMap<(usize, &'r str, &'r str), Vec<String>>;

pub(super) fn findings(report: &ClusterReport) -> Markup {
    let mut by_rule: BTreeMap<&str, Messages<'_>> = BTreeMap::new();
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

pub(super) fn exemptions(report: &ClusterReport) -> Markup {
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

pub(super) fn way_out(report: &ClusterReport) -> Markup {
    html! {
        section #way-out aria-labelledby="way-out-title" {
            h2 #way-out-title { "The way out" }
            ul.plain {
                @for row in report.way_out.modes.iter().filter(|row| row.next.is_some()) {
                    li { strong { (row.count) " with " (row.mode.title()) } ": " (row.next.unwrap_or_default()) }
                }
            }
            (fixes(&report.way_out))
            (migrations(&report.way_out))
            h3 { "What to do" }
            (scroll("What to do", html! {
                table {
                    thead { tr { th scope="col" { "What to do" } th scope="col" { "Rule" } th.number scope="col" { "Findings" } th.number scope="col" { "Objects" } th.number scope="col" { "Fixed" } th.number scope="col" { "With a decision" } } }
                    tbody {
                        @for row in report.way_out.remediations.iter().take(MOST_ROWS) {
                            tr { th scope="row" { (row.remediation) } td { a href={ "#" (row.rule) } { (row.rule) } } td.number { (row.findings) } td.number { (row.objects) } td.number { (row.fix.safe) } td.number { (row.fix.suggested) } }
                        }
                    }
                }
                @if report.way_out.remediations.is_empty() { p.empty { "Nothing is left to do." } }
            }))
            @if report.way_out.remediations.len() > MOST_ROWS { p.more { "And " (report.way_out.remediations.len() - MOST_ROWS) " more, in the JSON report." } }
        }
    }
}

fn fixes(way_out: &WayOut) -> Markup {
    let FixCounts { safe, suggested, by_hand } = way_out.fix;
    html! {
        h3 { "What entra-auth fix would do" }
        p.lead { "Findings that are denied or warned about, by the best fix that removes each and adds no other." }
        ul.tiles {
            (tile(safe, "fixed", "neutral", html! { "by " code { "entra-auth fix" } }))
            (tile(suggested, "with a decision", "neutral", html! { "by " code { "fix --suggested" } ", which marks what to fill in" }))
            (tile(by_hand, "by hand", "warn", html! { "as the page of each rule says" }))
        }
    }
}

fn migrations(way_out: &WayOut) -> Markup {
    html! {
        h3 { "What entra-auth migrate would do" }
        @if way_out.migrate.is_empty() { p.empty { "Nothing is left to migrate." } }
        @else {
            p.lead { "Decisions are needed first, such as ids to fill in. Tasks are left to do by hand." }
            (scroll("Migrations", html! {
                table {
                    thead { tr { th scope="col" { "Command" } th.number scope="col" { "Workloads" } th.number scope="col" { "Service accounts" } th.number scope="col" { "Federated credentials" } th.number scope="col" { "Decisions" } th.number scope="col" { "Tasks" } } }
                    tbody {
                        @for row in &way_out.migrate {
                            tr {
                                th scope="row" { code { "entra-auth migrate " (row.from.name()) } }
                                td.number { (row.workloads) }
                                td.number { (row.service_accounts) }
                                td.number { (row.federated_credentials) }
                                td.number { (row.decisions) }
                                td.number { (row.tasks) }
                            }
                        }
                    }
                }
            }))
        }
    }
}
