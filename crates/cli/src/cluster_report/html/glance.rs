//! The state at a glance, and what changed.

use super::{MOST, more, scroll, severity, shown, tile};
use crate::cluster_report::model::{ClusterReport, PathRow};
use crate::cluster_report::since::Change;
use crate::report::count;
use access::Class;
use maud::{Markup, html};

pub(super) fn glance(report: &ClusterReport) -> Markup {
    let totals = &report.totals;
    let people = |paths: &[PathRow]| paths.iter().filter(|path| path.class != Class::Kubernetes).count();
    let fixed = report.way_out.modes.iter().filter(|row| row.next.is_some()).map(|row| row.count).sum::<usize>();
    html! {
        section #glance aria-labelledby="glance-title" {
            h2 #glance-title { "At a glance" }
            ul.tiles {
                (tile(totals.denied, "denied", "bad", html! { "findings that the policy denies" }))
                (tile(totals.warned, "warned", "warn", html! { "findings that it warns about" }))
                (tile(people(&report.access.cluster_admin), "paths to cluster-admin", "bad", html! { "subjects apart from Kubernetes' own" }))
                (tile(report.azure.identities.len(), "identities in Azure", "neutral", html! { "client ids that the cluster names" }))
                (tile(fixed, "not on workload identity", "warn", html! { "workloads and objects" }))
                (tile(report.azure.shared().count(), "shared identities", "warn", html! { "used by several service accounts" }))
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

pub(super) fn since(report: &ClusterReport) -> Markup {
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
