//! The deprecated pod-managed identity (AAD Pod Identity).

pub mod pod_identity_component;
pub mod pod_identity_label;
pub mod pod_identity_mode;
pub mod pod_identity_resource;

use crate::rules::Group;

pub static GROUP: Group = Group {
    id: "pod-identity",
    title: "Pod-managed identity",
    rules: &[
        &pod_identity_resource::RULE,
        &pod_identity_label::RULE,
        &pod_identity_mode::RULE,
        &pod_identity_component::RULE,
    ],
};
