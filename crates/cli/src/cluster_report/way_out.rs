//! The way out, counted: what `fix` and `migrate` would do, what is to be done, from the most frequent remediation to the
//! rarest, and which workloads still sign in other than with workload identity.

use super::gather::Finding;
use access::{Azure, SignIn};
use fixes::Safety;
use migrate::Counts;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Serialize)]
pub(crate) struct WayOut {
    pub fix: FixCounts,
    /// From each origin that the cluster has.
    pub migrate: Vec<Counts>,
    pub modes: Vec<ModeRow>,
    pub remediations: Vec<RemediationRow>,
}

/// Findings that are denied or warned about, by what `fix` offers for each alone.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FixCounts {
    /// `fix` makes it.
    pub safe: usize,
    /// `fix --suggested` makes it; it needs a decision or a value.
    pub suggested: usize,
    pub by_hand: usize,
}

/// Workloads and objects by how they sign in.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ModeRow {
    pub mode: SignIn,
    pub count: usize,
    /// What replaces it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<&'static str>,
}

#[derive(Serialize)]
pub(crate) struct RemediationRow {
    pub rule: &'static str,
    pub remediation: String,
    pub findings: usize,
    pub objects: usize,
    pub fix: FixCounts,
}

impl FixCounts {
    fn add(&mut self, fix: Option<Safety>) {
        match fix {
            Some(Safety::Safe) => self.safe += 1,
            Some(Safety::Suggested) => self.suggested += 1,
            None => self.by_hand += 1,
        }
    }
}

pub(crate) fn of(findings: &[Finding], azure: &Azure, migrate: Vec<Counts>) -> WayOut {
    let mut all = FixCounts::default();
    let mut found: BTreeMap<(&'static str, &str), (FixCounts, usize, BTreeSet<String>)> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| finding.is_shown()) {
        let (fix, count, objects) = found.entry((finding.rule, &finding.remediation)).or_default();
        fix.add(finding.fix);
        all.add(finding.fix);
        *count += 1;
        objects.insert(finding.object());
    }
    let mut remediations: Vec<RemediationRow> = found
        .into_iter()
        .map(|((rule, remediation), (fix, findings, objects))| RemediationRow {
            rule,
            remediation: remediation.to_owned(),
            findings,
            objects: objects.len(),
            fix,
        })
        .collect();
    remediations.sort_by_key(|row| std::cmp::Reverse(row.findings));
    let count = |mode: SignIn| {
        let of = azure.uses.iter().filter(|one| one.mode == mode);
        of.map(|one| (&one.namespace, &one.kind, &one.name)).collect::<BTreeSet<_>>().len()
    };
    let modes = SignIn::ALL.into_iter().map(|mode| ModeRow { mode, count: count(mode), next: next(mode) });
    WayOut { fix: all, migrate, modes: modes.filter(|row| row.count > 0).collect(), remediations }
}

fn next(mode: SignIn) -> Option<&'static str> {
    match mode {
        SignIn::WorkloadIdentity | SignIn::IdentityBinding => None,
        SignIn::NodeIdentity => Some("give the workload its own identity, with workload identity"),
        SignIn::PodIdentity => Some("move to workload identity: pod-managed identity is no longer supported"),
        SignIn::FixedCredential => Some("sign in with workload identity and remove the credential"),
    }
}
