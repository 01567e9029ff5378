//! The report as one HTML file: no scripts, styles, fonts or pictures from elsewhere, and a policy that forbids them.

mod glance;
mod identities;
mod results;
mod rights;

use super::model::ClusterReport;
use crate::report::count;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};

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
                    (glance::glance(report))
                    @if report.since.is_some() { (glance::since(report)) }
                    (rights::paths(report))
                    (rights::who(report))
                    (identities::azure(report))
                    (results::findings(report))
                    (results::exemptions(report))
                    (results::way_out(report))
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

fn severity(severity: &str) -> Markup {
    html! { span.badge.(severity) { (severity) } }
}

/// A wide part scrolls on its own, also with the keyboard.
fn scroll(label: &str, content: Markup) -> Markup {
    html! { div.scroll tabindex="0" role="region" aria-label=(label) { (content) } }
}

fn tile(number: usize, label: &str, tone: &str, detail: Markup) -> Markup {
    let tone = if number == 0 && tone != "neutral" { "good" } else { tone };
    html! {
        li.tile.(tone) {
            span.number { (number) }
            span.label { (label) }
            span.detail { (detail) }
        }
    }
}

fn search(of: &str, label: &str) -> Markup {
    html! {
        p.search hidden {
            label { (label) " " input type="search" data-search=(of) autocomplete="off" spellcheck="false"; }
            span role="status" data-count=(of) {}
        }
    }
}

fn more(all: usize, shown: usize) -> Markup {
    html! { @if all > shown { li.more { "and " (all - shown) " more, in the JSON report" } } }
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
