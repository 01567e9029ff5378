//! A container's environment holds a fixed credential in the clear.
//!
//! # Why
//!
//! Whoever may read Pods or Deployments reads the credential: that is everybody with the `view` role,
//! every backup, and the Git repository the manifest came from. It works until somebody rotates it, from
//! anywhere, past Entra's sign-in policies. A value that is recognised as a credential counts whatever
//! its name. Names count where a literal stands behind them: those of Azure most, words such as
//! `password` less, for databases inside the cluster have them, words such as `token` least. A
//! placeholder under an Azure name is told as a place where a credential is about to be put.
//!
//! ```yaml deny
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: orders
//!   namespace: shop
//! spec:
//!   serviceAccountName: orders
//!   containers:
//!   - name: orders
//!     image: contoso.azurecr.io/orders:1.0
//!     env:
//!     - name: AZURE_CLIENT_SECRET
//!       value: correct-horse-battery-staple
//! ```
//!
//! # Fix
//!
//! Let the pod sign in as itself, with workload identity, and drop the variable.
//!
//! ```yaml allow
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: orders
//!   namespace: shop
//!   labels:
//!     azure.workload.identity/use: "true"
//! spec:
//!   serviceAccountName: orders
//!   containers:
//!   - name: orders
//!     image: contoso.azurecr.io/orders:1.0
//!     env:
//!     - name: SERVICEBUS_NAMESPACE
//!       value: shop.servicebus.windows.net
//! ```
//!
//! # Source
//!
//! - [Microsoft Entra Workload ID on AKS](https://learn.microsoft.com/azure/aks/workload-identity-overview)
//! - [Security Utilities: patterns of Azure's credentials](https://github.com/microsoft/security-utilities)

use super::literal;
use crate::finding::Severity;
use crate::rule::{Check, Rule};
use crate::texts::{Origin, Origins};
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "credential-in-env",
    summary: docs_only("fixed credential in a container's environment"),
    remediation: "use workload identity and drop the variable; rotate what was written here",
    severity: Severity::High,
    checks: &[Check::Text(Origins::of(&[Origin::Variable]), literal::report)],
};
