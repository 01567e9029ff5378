//! The report as Markdown, for a wiki or an issue.

use super::model::{ClusterReport, PathRow};
use super::way_out::WayOut;
use crate::report::{count, escaped};
use access::Class;
use std::fmt::Write;

/// The most rows of a table. JSON has all.
const MOST: usize = 50;

pub(crate) fn page(report: &ClusterReport) -> String {
    let mut out = String::new();
    let _ = write(report, &mut out);
    out
}

fn write(report: &ClusterReport, out: &mut String) -> std::fmt::Result {
    let totals = &report.totals;
    writeln!(out, "# Access and identities: {}\n", cell(&report.title))?;
    writeln!(
        out,
        "{}, profile `{}`: {}, {}, {}.\n",
        report.date,
        report.profile,
        count(report.objects, "object"),
        count(report.workloads, "workload"),
        count(report.namespaces, "namespace")
    )?;
    if !report.secrets_read {
        writeln!(
            out,
            "Secrets were not read, so credentials and token Secrets in them are not part of this report.\n"
        )?;
    }
    writeln!(out, "## At a glance\n\n| | |\n|---|---:|")?;
    for (what, number) in [
        ("Denied", totals.denied),
        ("Warned", totals.warned),
        ("Exempted", totals.exempted),
        ("High severity", totals.high),
        ("Medium severity", totals.medium),
        ("Low severity", totals.low),
        ("Subjects with a path to cluster-admin", report.access.cluster_admin.len()),
        ("Identities in Azure", report.azure.identities.len()),
        ("Shared identities", report.azure.shared().count()),
    ] {
        writeln!(out, "| {what} | {number} |")?;
    }
    if let Some(since) = &report.since {
        writeln!(out, "\n## Since {}\n", since.date)?;
        writeln!(out, "{} new, {} gone.\n", count(since.new.len(), "finding"), since.gone.len())?;
        for (what, changes) in [("New", &since.new), ("Gone", &since.gone)] {
            for change in changes.iter().take(MOST) {
                writeln!(
                    out,
                    "- {what}: {} `{}`: {} {}",
                    cell(&change.object()),
                    change.rule,
                    cell(&change.path),
                    cell(&change.message)
                )?;
            }
        }
        for subject in &since.new_administrators {
            writeln!(out, "- New path to cluster-admin: {}", cell(subject))?;
        }
    }
    writeln!(out, "\n## Findings by rule\n")?;
    table(
        out,
        &["Rule", "Severity", "Denied", "Warned", "Objects"],
        report.rules.iter().map(|row| {
            vec![
                format!("`{}`", row.rule),
                row.severity.to_owned(),
                row.denied.to_string(),
                row.warned.to_string(),
                row.objects.to_string(),
            ]
        }),
    )?;
    writeln!(out, "\n## Findings by namespace\n")?;
    table(
        out,
        &["Namespace", "High", "Medium", "Low", "Denied"],
        report.by_namespace.iter().map(|row| {
            let namespace = if row.namespace.is_empty() { "(cluster)" } else { &row.namespace };
            vec![
                cell(namespace),
                row.high.to_string(),
                row.medium.to_string(),
                row.low.to_string(),
                row.denied.to_string(),
            ]
        }),
    )?;
    if !report.exemptions.is_empty() {
        writeln!(out, "\n## Exemptions\n")?;
        table(
            out,
            &["Reason", "Until", "Findings"],
            report.exemptions.iter().map(|row| {
                let until = row.until.as_deref().unwrap_or("no end");
                let ended = if row.has_ended { ", ended" } else { "" };
                vec![cell(&row.reason), format!("{until}{ended}"), row.findings.to_string()]
            }),
        )?;
    }
    writeln!(out, "\n## What `restricted` would deny\n")?;
    table(
        out,
        &["Rule", "Objects"],
        report.restricted.iter().map(|row| vec![format!("`{}`", row.rule), row.objects.len().to_string()]),
    )?;
    access(report, out)?;
    azure(report, out)?;
    way_out(&report.way_out, out)
}

fn way_out(way_out: &WayOut, out: &mut String) -> std::fmt::Result {
    let fix = way_out.fix;
    writeln!(
        out,
        "\n## The way out\n\n`entra-auth fix` resolves {}, and {} more with `--suggested`. {} left to do by hand.\n",
        count(fix.safe, "finding"),
        fix.suggested,
        match fix.by_hand {
            1 => "1 is".to_owned(),
            number => format!("{number} are"),
        }
    )?;
    if !way_out.migrate.is_empty() {
        table(
            out,
            &["Migration", "Workloads", "Service accounts", "Federated credentials", "Decisions", "Tasks"],
            way_out.migrate.iter().map(|row| {
                let numbers =
                    [row.workloads, row.service_accounts, row.federated_credentials, row.decisions, row.tasks];
                let mut cells = vec![format!("`entra-auth migrate {}`", row.from.name())];
                cells.extend(numbers.iter().map(ToString::to_string));
                cells
            }),
        )?;
        writeln!(out)?;
    }
    table(
        out,
        &["What to do", "Rule", "Findings", "Objects", "Fixed", "With a decision"],
        way_out.remediations.iter().map(|row| {
            let mut cells = vec![cell(&row.remediation), format!("`{}`", row.rule)];
            let numbers = [row.findings, row.objects, row.fix.safe, row.fix.suggested];
            cells.extend(numbers.iter().map(ToString::to_string));
            cells
        }),
    )
}

fn access(report: &ClusterReport, out: &mut String) -> std::fmt::Result {
    writeln!(
        out,
        "\n## Who can become cluster-admin\n\nThe shortest path of each subject. Kubernetes' own are left out.\n"
    )?;
    let people = report.access.cluster_admin.iter().filter(|path| path.class != Class::Kubernetes);
    table(out, &["Subject", "Steps", "Path"], people.map(path))?;
    writeln!(out, "\n## Who can act as which identity in Azure\n\nAdministrators of the cluster can act as each.\n")?;
    let rows = report.access.identities.iter().flat_map(|identity| {
        identity.paths.iter().filter(|path| path.class != Class::Kubernetes).map(|row| {
            let mut cells = vec![format!("`{}`", cell(&identity.client_id))];
            cells.extend(path(row));
            cells
        })
    });
    table(out, &["Client id", "Subject", "Steps", "Path"], rows)
}

fn path(row: &PathRow) -> Vec<String> {
    let steps = row.steps.iter().map(|step| format!("{} {}", step.how, cell(&step.to)));
    vec![cell(&row.subject), row.length.to_string(), steps.collect::<Vec<_>>().join(" → ")]
}

fn azure(report: &ClusterReport, out: &mut String) -> std::fmt::Result {
    writeln!(out, "\n## Who is whom in Azure\n")?;
    table(
        out,
        &["Namespace", "Object", "Service account", "Mode", "Client id", "Tenant"],
        report.azure.uses.iter().map(|one| {
            let id = |id: &Option<String>| id.as_ref().map_or_else(String::new, |id| format!("`{}`", cell(id)));
            vec![
                cell(&one.namespace),
                cell(&format!("{} {}", one.kind, one.name)),
                cell(one.account.as_deref().unwrap_or_default()),
                one.mode.title().to_owned(),
                id(&one.client_id),
                id(&one.tenant_id),
            ]
        }),
    )?;
    for identity in report.azure.shared() {
        let accounts: Vec<String> = identity.accounts.iter().map(|account| cell(account)).collect();
        writeln!(out, "- Shared: `{}` by {}", cell(&identity.client_id), accounts.join(", "))?;
    }
    for identity in report.azure.open_to_all() {
        writeln!(
            out,
            "- From any namespace: `{}`: {}",
            cell(&identity.client_id),
            cell(&identity.from_any_namespace.join("; "))
        )?;
    }
    for account in &report.azure.unused_accounts {
        writeln!(out, "- Annotated and unused: {}/{}", cell(&account.namespace), cell(&account.name))?;
    }
    Ok(())
}

fn table(out: &mut String, heads: &[&str], rows: impl Iterator<Item = Vec<String>>) -> std::fmt::Result {
    let mut rows = rows.peekable();
    if rows.peek().is_none() {
        return writeln!(out, "None.");
    }
    writeln!(out, "| {} |\n|{}", heads.join(" | "), "---|".repeat(heads.len()))?;
    for row in rows.by_ref().take(MOST) {
        writeln!(out, "| {} |", row.join(" | "))?;
    }
    let more = rows.count();
    if more > 0 {
        writeln!(out, "\nAnd {more} more, in the JSON report.")?;
    }
    Ok(())
}

/// A text of the cluster, in which nothing is markup.
fn cell(text: &str) -> String {
    escaped(&text::shown(text))
}
