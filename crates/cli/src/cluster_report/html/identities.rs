//! Who is whom in Azure.

use super::{MOST, MOST_OBJECTS, more, scroll, search, shown};
use crate::cluster_report::model::ClusterReport;
use access::{SignIn, Use};
use maud::{Markup, html};

pub(super) fn azure(report: &ClusterReport) -> Markup {
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
            td { span.badge.(if one.mode <= SignIn::IdentityBinding { "good" } else if one.mode == SignIn::NodeIdentity { "medium" } else { "high" }) { (one.mode.title()) } }
            td { code { (shown(client)) } }
            td { @if let Some(tenant) = &one.tenant_id { code { (shown(tenant)) } } }
        }
    }
}
