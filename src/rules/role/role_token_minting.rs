//! A role can create tokens for service accounts, or lets nodes request tokens that Entra accepts.
//!
//! # Why
//!
//! Anyone who creates a token for a service account can act as that account, and chooses the token's audience. On
//! AKS the token is also the assertion that Microsoft Entra exchanges for the account's Azure identity. In a
//! ClusterRole this covers every identity of the cluster. Naming the accounts in `resourceNames` lowers the
//! severity. External Secrets and Flux ask for this grant cluster-wide by default. Both can be installed with a
//! Role for each account that they act for.
//!
//! Since Kubernetes 1.33, nodes can request tokens only for audiences that their pods use. The verb
//! `request-serviceaccounts-token-audience` adds audiences: the resource is the audience, and `resourceNames` are
//! service accounts. `*`, an empty name or `api://AzureADTokenExchange` lets every node mint the Entra assertion of
//! any service account; `api://AKSIdentityBinding` is the audience of AKS identity bindings. The audience of your own
//! registry is the documented use and is accepted.
//!
//! ```yaml deny
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata:
//!   name: token-maker
//! rules:
//! - apiGroups: [""]
//!   resources: [serviceaccounts/token]
//!   verbs: [create]
//! ```
//!
//! # Fix
//!
//! Write a Role in the namespace of each account, and name the account.
//!
//! ```yaml allow
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: Role
//! metadata:
//!   name: reader
//!   namespace: shop
//! rules:
//! - apiGroups: [""]
//!   resources: [serviceaccounts]
//!   verbs: [get, list]
//! ```
//!
//! # Source
//!
//! - [Kubernetes RBAC good practices](https://kubernetes.io/docs/concepts/security/rbac-good-practices/#token-request)
//! - [Use Microsoft Entra Workload ID with AKS](https://learn.microsoft.com/azure/aks/workload-identity-overview)
//! - [Service account token for image pulls](https://kubernetes.io/docs/tasks/administer-cluster/kubelet-credential-provider/)
//! - [External Secrets: security best practices](https://external-secrets.io/latest/guides/security-best-practices/)

use super::report;
use crate::finding::Severity;
use crate::rule::{Check, Rule};
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "role-token-minting",
    summary: docs_only("role that can mint service account tokens"),
    remediation: "write a Role in the namespace of each account and name it: resourceNames: [<service account>]",
    severity: Severity::High,
    checks: &[Check::Role(report::privileges)],
};
