//! Plans for leaving pod identity, IRSA and fixed credentials.
//!
//! ```text
//! objects ─► Estate ─► Draft: who signs in as what, changes by stage ─► Plan ─► text, JSON, runbook, files
//! ```
//!
//! [`plan`] reads objects and decides; everything that is shown or written is rendered from the [`Plan`]. Nothing here
//! reads or changes a cluster, and no id is invented: what the input does not say is a placeholder such as
//! `<client-id of web>`.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::unreachable))]

mod accounts;
mod answers;
mod aws_auth;
mod azure;
mod controllers;
mod counts;
mod draft;
mod estate;
mod files;
mod irsa;
mod leftovers;
mod phases;
mod plan;
mod pod_identity;
mod pointer;
mod runbook;
mod secrets;
mod summary;
mod volumes;

pub use answers::Answers;
pub use azure::AzureFormat;
pub use counts::{Counts, count};
pub use files::{File, Texts, files};
pub use leftovers::{fill_in, is_about};
pub use plan::{
    Command, Decision, Fate, Federation, Identity, IdentityKind, Kept, ObjectChange, ObjectName, Origin, Phase,
    PhaseKind, Plan, Risk, Role, Stage, Step, Task,
};
pub use summary::text;

use draft::Draft;
use estate::Estate;
use serde_json::Value;

/// What the user chose.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// New managed identities with the roles of the old ones, in place of federating the old ones.
    pub new_identities: bool,
}

/// The plan for objects of an estate: what to create, change and remove, in which order, and what is left to decide.
pub fn plan(origin: Origin, objects: &[Value], answers: &Answers, options: Options) -> Plan {
    plan_where(origin, objects, answers, options, &|_| true)
}

/// As [`plan`]; `is_evaluated` is whether the policy can report anything about an object that does not change.
fn plan_where(
    origin: Origin,
    objects: &[Value],
    answers: &Answers,
    options: Options,
    is_evaluated: &dyn Fn(usize) -> bool,
) -> Plan {
    let whole = Estate::new(objects);
    // What controllers make changes with what they make it from. A cluster has much of it.
    let (numbers, own): (Vec<usize>, Vec<&Value>) =
        objects.iter().enumerate().filter(|(_, object)| !whole.follows(object)).unzip();
    if own.len() == objects.len() {
        return plan_of(origin, &whole, answers, options, is_evaluated);
    }
    let own: Vec<Value> = own.into_iter().cloned().collect();
    let number = |index: usize| numbers.get(index).copied();
    let mut plan =
        plan_of(origin, &Estate::new(&own), answers, options, &|index| number(index).is_none_or(is_evaluated));
    for object in &mut plan.objects {
        object.index = object.index.and_then(number);
    }
    plan
}

fn plan_of(
    origin: Origin,
    estate: &Estate<'_>,
    answers: &Answers,
    options: Options,
    is_evaluated: &dyn Fn(usize) -> bool,
) -> Plan {
    let mut draft = Draft::new(origin, estate, answers, options);
    match origin {
        Origin::PodIdentity => pod_identity::migrate(&mut draft),
        Origin::Irsa => irsa::migrate(&mut draft),
        Origin::Secrets => secrets::migrate(&mut draft),
    }
    draft.retire_secrets();
    draft.note_releases();
    phases::finish(draft, is_evaluated)
}
