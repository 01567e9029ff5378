//! Kubernetes: its kinds, and what RBAC rules grant.

pub mod grant;
pub mod kind;
pub mod resources;
pub mod role;
