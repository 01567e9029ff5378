//! The fixes of the rules, one file for each group of `src/rules`.

mod aws;
mod binding;
mod credential;
mod node_identity;
mod pod_identity;
mod role;
mod token;
mod unreadable_object;
mod workload_identity;
mod workload_identity_keys;
mod workload_identity_values;

use crate::table::Row;

/// In the order of the groups of rules; the rule that is always on comes first.
pub(crate) static GROUPS: &[&[Row]] = &[
    unreadable_object::ROWS,
    binding::ROWS,
    role::ROWS,
    token::ROWS,
    pod_identity::ROWS,
    workload_identity::ROWS,
    node_identity::ROWS,
    credential::ROWS,
    aws::ROWS,
];
