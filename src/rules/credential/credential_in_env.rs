//! A container's environment holds a fixed credential in plain text.
//!
//! # Why
//!
//! Anyone who can read Pods or Deployments can read the credential: everyone with the role `view`, every
//! backup, and the Git repository of the manifest. It works from anywhere until it is rotated, and
//! bypasses Entra's sign-in policies. References to other variables (`$(NAME)`) are resolved. A value that is recognised as a credential is reported whatever the
//! variable is called. Otherwise the name of a literal decides. Names of Azure credentials are the most
//! serious. Words such as `password` are less serious, because databases inside the cluster have them, and
//! words such as `token` the least. A placeholder under an Azure name is reported as a place where a
//! credential is about to be put.
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

use super::literal::report_with_advice;
use crate::finding::Severity;
use crate::rule::{Check, Rule};
use crate::texts::{Origin, Origins};
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "credential-in-env",
    summary: docs_only("fixed credential in a container's environment"),
    remediation: "use workload identity and drop the variable; rotate what was written here",
    severity: Severity::High,
    checks: &[Check::Text(Origins::of(&[Origin::Variable]), report_with_advice)],
};
