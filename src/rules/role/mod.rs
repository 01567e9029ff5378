//! Role and ClusterRole: what is granted.

use crate::rules::Group;

pub static GROUP: Group = Group { id: "role", title: "Roles", rules: &[] };
