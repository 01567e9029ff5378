//! Who can do what in a cluster, and which pods sign in to Azure as what.
//!
//! ```text
//! objects ─► Rbac: roles, bindings ─► who can, what a subject holds
//!               └─► Graph: what one right leads to ─► shortest paths to cluster-admin and to Azure identities
//! objects and what they say ─► Azure: workload, service account, client id, tenant, mode
//! ```
//!
//! The answers are those of Kubernetes' RBAC authorizer for the objects that are given. Authorizers outside the cluster,
//! such as Azure RBAC, and admission are not part of it.

// What a cluster contains is input: nothing here may panic on it.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::unreachable)
)]

mod aggregate;
mod azure;
mod graph;
mod inventory;
mod path;
mod powers;
mod rbac;
mod request;
mod rights;
mod subject;

pub use azure::{Azure, Identity, SignIn, UnusedAccount, Use};
pub use graph::{Extent, Graph, Position};
pub use inventory::{Account, Inventory, Pod};
pub use path::{Path, Routes, Step};
pub use powers::Powers;
pub use rbac::{Binding, Grantee, Holding, Rbac, Scope};
pub use request::{Asked, Request};
pub use subject::{Class, Subject};

use serde_json::Value;

/// A text of an object; empty if there is none.
pub(crate) fn text<'v>(value: &'v Value, path: &[&str]) -> &'v str {
    path.iter().fold(value, |value, key| &value[*key]).as_str().unwrap_or_default()
}

/// The strings of a list. Go reads a null in a list of strings as "".
pub(crate) fn texts(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().map(|item| item.as_str().unwrap_or_default()).collect()
}

/// API group and kind.
pub(crate) fn group_and_kind(object: &Value) -> (&str, &str) {
    let group = text(object, &["apiVersion"]).split_once('/').map_or("", |(group, _)| group);
    (group, text(object, &["kind"]))
}
