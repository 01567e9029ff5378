//! RoleBindings and ClusterRoleBindings: who gets which role.

pub mod binding_anonymous;
pub mod binding_cluster_admin;
pub mod binding_default_service_account;
pub mod binding_everyone;
pub mod binding_external_issuer;
pub mod binding_foreign_service_account;
pub mod binding_group_not_object_id;
pub mod binding_individual_user;
pub mod binding_local_account;
pub mod binding_not_allowed;
pub mod binding_privileged_role;
pub mod binding_role_escalates;
pub mod binding_service_account_as_user;
pub mod binding_system_masters;
pub mod binding_user_not_entra;

use crate::entra_id::{is_placeholder, normalise_guid, unfilled};
use crate::lookup::{LookupError, Query, read_given};
use crate::rule::RuleContext;
use crate::rules::Group;
use crate::view::binding::Binding;
use json::Node;
use std::borrow::Cow;

pub static GROUP: Group = Group {
    id: "binding",
    title: "Bindings",
    rules: &[
        &binding_anonymous::RULE,
        &binding_everyone::RULE,
        &binding_system_masters::RULE,
        &binding_cluster_admin::RULE,
        &binding_role_escalates::RULE,
        &binding_local_account::RULE,
        &binding_group_not_object_id::RULE,
        &binding_user_not_entra::RULE,
        &binding_not_allowed::RULE,
        &binding_external_issuer::RULE,
        &binding_privileged_role::RULE,
        &binding_individual_user::RULE,
        &binding_default_service_account::RULE,
        &binding_service_account_as_user::RULE,
        &binding_foreign_service_account::RULE,
    ],
};

/// Reads the role behind a binding: from the cluster, or where there are no look-ups, from the same input. `None` if
/// there is no way to know it.
fn with_role<'a, T>(
    cx: &RuleContext<'a>,
    binding: &Binding<'a>,
    read: impl FnOnce(Node<'_>) -> T,
) -> Option<Result<T, LookupError>> {
    let query = Query::role(binding);
    match cx.lookups {
        Some(lookups) => Some(lookups.read(&query, read)),
        None => read_given(cx.cluster, &query, read).map(Ok),
    }
}

/// What is wrong with a name that is valid neither for a group nor for a user: message and remediation.
fn misspelling(name: &str) -> Option<(Cow<'static, str>, Option<String>)> {
    if is_placeholder(name) {
        Some((unfilled(name), Some("fill in the object id where your templating takes its values from".to_owned())))
    } else if name.is_empty() {
        Some(("has no name".into(), None))
    } else {
        let guid = normalise_guid(name).filter(|guid| guid != name)?;
        Some(("is an object id that is not in its canonical form".into(), Some(format!("write {guid}"))))
    }
}
