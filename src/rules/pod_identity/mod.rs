//! The deprecated pod-managed identity (AAD Pod Identity).

pub mod pod_identity_label;

use crate::rules::Group;

pub static GROUP: Group =
    Group { id: "pod-identity", title: "Pod-managed identity", rules: &[&pod_identity_label::RULE] };
