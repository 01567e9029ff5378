//! RoleBinding and ClusterRoleBinding: who gets what.

pub mod binding_anonymous;
