//! The identity of the node, borrowed by pods.

use crate::rules::Group;

pub static GROUP: Group = Group { id: "node-identity", title: "Node identity", rules: &[] };
