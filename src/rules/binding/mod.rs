//! RoleBinding and ClusterRoleBinding: who gets what.

pub mod binding_anonymous;

use crate::rules::Group;

pub static GROUP: Group = Group { id: "binding", title: "Bindings", rules: &[&binding_anonymous::RULE] };
