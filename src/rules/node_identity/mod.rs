//! Pods that use the identity of their node.

pub mod node_identity_endpoint;
pub mod node_identity_file;
pub mod node_identity_host_network;
pub mod node_identity_mode;

use crate::rules::Group;

pub static GROUP: Group = Group {
    id: "node-identity",
    title: "Node identity",
    rules: &[
        &node_identity_file::RULE,
        &node_identity_endpoint::RULE,
        &node_identity_host_network::RULE,
        &node_identity_mode::RULE,
    ],
};
