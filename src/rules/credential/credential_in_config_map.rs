//! A ConfigMap holds a fixed credential.
//!
//! # Why
//!
//! Everyone with the role `view` can read ConfigMaps. They are not encrypted like Secrets, and they are
//! copied into Git and backups. The rule reads single values by their key, and texts by the assignments
//! inside them: lines, JSON, YAML, properties and XML, also in base64.
//!
//! ```yaml deny
//! apiVersion: v1
//! kind: ConfigMap
//! metadata:
//!   name: orders
//!   namespace: shop
//! data:
//!   application.properties: |
//!     spring.cloud.azure.credential.client-id=5e2f1f5e-4c0f-4d0c-9f0e-8a3c2d7b6e51
//!     spring.cloud.azure.credential.client-secret=correct-horse-battery-staple
//! ```
//!
//! # Fix
//!
//! Keep names and addresses in the ConfigMap, and let the program sign in with workload identity.
//!
//! ```yaml allow
//! apiVersion: v1
//! kind: ConfigMap
//! metadata:
//!   name: orders
//!   namespace: shop
//! data:
//!   application.properties: |
//!     spring.cloud.azure.credential.client-id=5e2f1f5e-4c0f-4d0c-9f0e-8a3c2d7b6e51
//!     spring.cloud.azure.servicebus.namespace=shop.servicebus.windows.net
//! ```
//!
//! # Source
//!
//! - [ConfigMaps: no secrecy](https://kubernetes.io/docs/concepts/configuration/configmap/)
//! - [Microsoft Entra Workload ID on AKS](https://learn.microsoft.com/azure/aks/workload-identity-overview)

use super::literal::report_with_advice;
use crate::finding::Severity;
use crate::rule::{Check, Rule, RuleContext};
use crate::texts::{Origin, Origins, Text};
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "credential-in-config-map",
    summary: docs_only("fixed credential in a ConfigMap"),
    remediation: "use workload identity and remove the entry; rotate what was written here",
    severity: Severity::High,
    checks: &[Check::Text(Origins::of(&[Origin::Data]), check)],
};

fn check<'a>(cx: &mut RuleContext<'a>, text: &Text<'a>) {
    if !text.is_secret_data() {
        report_with_advice(cx, text);
    }
}
