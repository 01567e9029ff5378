//! What changed since an earlier report.

use super::gather::Finding;
use super::model::{ClusterReport, PathRow};
use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::Path;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Since {
    pub date: String,
    pub new: Vec<Change>,
    pub gone: Vec<Change>,
    /// Subjects that have, or no longer have, a path to cluster-admin.
    pub new_administrators: BTreeSet<String>,
    pub gone_administrators: BTreeSet<String>,
}

/// A finding, as it is compared: without its place in lists, which moves.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Change {
    pub rule: String,
    pub kind: String,
    pub namespace: String,
    pub name: String,
    pub path: String,
    pub message: String,
}

/// What is read of an earlier report.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Earlier {
    schema_version: u32,
    date: String,
    findings: Vec<EarlierFinding>,
    access: EarlierAccess,
}

#[derive(Deserialize)]
struct EarlierFinding {
    action: String,
    #[serde(flatten)]
    change: Change,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EarlierAccess {
    cluster_admin: Vec<EarlierPath>,
}

#[derive(Deserialize)]
struct EarlierPath {
    subject: String,
}

impl Since {
    pub(crate) fn read(path: &Path, report: &ClusterReport) -> Result<Since> {
        let text = std::fs::read_to_string(path).with_context(|| format!("--since: {}", path.display()))?;
        // The error would quote the file.
        let Ok(earlier) = serde_json::from_str::<Earlier>(&text) else {
            bail!("--since: {}: not a report; write one with `entra-auth report --format json`", path.display());
        };
        if earlier.schema_version != report.schema_version {
            bail!("--since: {}: a report of another version; write a new one", path.display());
        }
        let is_shown = |finding: &EarlierFinding| matches!(finding.action.as_str(), "deny" | "warn");
        let before: BTreeSet<Change> =
            earlier.findings.into_iter().filter(is_shown).map(|finding| finding.change).collect();
        let now: BTreeSet<Change> =
            report.findings.iter().filter(|finding| finding.is_shown()).map(Change::of).collect();
        let subject = |path: &PathRow| path.subject.clone();
        let administrators: BTreeSet<String> = report.access.cluster_admin.iter().map(subject).collect();
        let were: BTreeSet<String> = earlier.access.cluster_admin.into_iter().map(|path| path.subject).collect();
        Ok(Since {
            date: earlier.date,
            new: now.difference(&before).cloned().collect(),
            gone: before.difference(&now).cloned().collect(),
            new_administrators: administrators.difference(&were).cloned().collect(),
            gone_administrators: were.difference(&administrators).cloned().collect(),
        })
    }
}

impl Change {
    fn of(finding: &Finding) -> Change {
        Change {
            rule: finding.rule.to_owned(),
            kind: finding.kind.clone(),
            namespace: finding.namespace.clone(),
            name: finding.name.clone(),
            path: finding.path.clone(),
            message: finding.message.clone(),
        }
    }

    pub(crate) fn object(&self) -> String {
        super::gather::title(&self.kind, &self.namespace, &self.name)
    }
}
