//! A plan in numbers, for the report of a cluster.

use crate::leftovers::has_pods;
use crate::{Answers, Fate, ObjectName, Options, Origin, Plan, plan_where};
use serde::Serialize;
use serde_json::Value;

/// What a migration would do, counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    pub from: Origin,
    /// Objects with pods that are changed.
    pub workloads: usize,
    /// Service accounts that are created or changed.
    pub service_accounts: usize,
    pub federated_credentials: usize,
    /// Ids to fill in and other decisions, without which the files cannot be applied.
    pub decisions: usize,
    /// What is left to do by hand. What other migrations are about is counted with them.
    pub tasks: usize,
}

/// Counts what the plan for these objects does, without answers. `has_findings` is whether a rule that [`is_about`] one
/// reports an object, whatever the action. Objects without such findings are read and, if they stay as they are, not
/// evaluated again, which is most of the time that a plan takes.
///
/// [`is_about`]: crate::is_about
pub fn count(origin: Origin, objects: &[Value], has_findings: &dyn Fn(usize) -> bool) -> Counts {
    plan_where(origin, objects, &Answers::default(), Options::default(), has_findings).counts()
}

impl Plan {
    pub fn counts(&self) -> Counts {
        let kept = || self.objects.iter().filter(|object| object.fate != Fate::Deleted).map(|object| &object.object);
        let is_account = |object: &&ObjectName| object.kind == "ServiceAccount" && object.group().is_empty();
        let is_own = |rule: &&'static str| rule.starts_with(self.from.rules());
        Counts {
            from: self.from,
            workloads: kept().filter(|object| has_pods(object)).count(),
            service_accounts: kept().filter(is_account).count(),
            federated_credentials: self.identities.iter().map(|identity| identity.federations.len()).sum(),
            decisions: self.decisions.iter().filter(|decision| decision.blocks).count(),
            tasks: self.tasks.iter().filter(|task| task.rules.is_empty() || task.rules.iter().any(is_own)).count(),
        }
    }
}

impl Counts {
    /// Whether the migration has nothing to do.
    pub fn is_empty(&self) -> bool {
        self.workloads + self.service_accounts + self.federated_credentials + self.tasks == 0
    }
}
