//! The deprecated pod-managed identity (AAD Pod Identity).

pub mod pod_identity_label;
