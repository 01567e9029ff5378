//! A command line holds a fixed credential.
//!
//! # Why
//!
//! Anyone who can read the Pod can read its arguments, and so can every process on the node that can list
//! processes. Arguments also end up in logs and crash reports. The rule reads flags (`--client-secret=x`
//! and `--client-secret x`), scripts behind `sh -c`, scripts of Argo Workflows, and the commands, paths
//! and headers of probes and hooks.
//!
//! ```yaml deny
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: importer
//!   namespace: shop
//! spec:
//!   serviceAccountName: importer
//!   containers:
//!   - name: importer
//!     image: contoso.azurecr.io/importer:1.0
//!     args: [--azure-storage-account, shop, --azure-storage-key, correct-horse-battery-staple]
//! ```
//!
//! # Fix
//!
//! Pass names and addresses only, and let the program sign in with workload identity.
//!
//! ```yaml allow
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: importer
//!   namespace: shop
//!   labels:
//!     azure.workload.identity/use: "true"
//! spec:
//!   serviceAccountName: importer
//!   containers:
//!   - name: importer
//!     image: contoso.azurecr.io/importer:1.0
//!     args: [--azure-storage-account, shop]
//! ```
//!
//! # Source
//!
//! - [Microsoft Entra Workload ID on AKS](https://learn.microsoft.com/azure/aks/workload-identity-overview)
//! - [Best practices for Secrets](https://kubernetes.io/docs/concepts/security/secrets-good-practices/)

use super::literal::report_with_advice;
use crate::finding::Severity;
use crate::rule::{Check, Rule};
use crate::texts::Origins;
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "credential-in-args",
    summary: docs_only("fixed credential on a command line"),
    remediation: "use workload identity and drop the argument; rotate what was written here",
    severity: Severity::High,
    checks: &[Check::Text(Origins::RUN, report_with_advice)],
};
