//! A role may decide which Azure identity a workload gets.
//!
//! # Why
//!
//! A service account's annotation, a SecretProviderClass or a pod-managed identity names the Azure identity
//! that pods sign in with. Who writes them chooses, or takes, an identity. With identity bindings the verb
//! `use-managed-identity` in `cid.wi.aks.azure.com` does the same; its resource is the client id, so a wildcard
//! there is every identity that is bound to the cluster.
//!
//! ```yaml deny
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: Role
//! metadata:
//!   name: app-admin
//!   namespace: shop
//! rules:
//! - apiGroups: [""]
//!   resources: [serviceaccounts]
//!   verbs: [create, update]
//! ```
//!
//! # Fix
//!
//! Keep service accounts and provider classes with the pipeline that also sets up the federated credential, and
//! name the client id.
//!
//! ```yaml allow
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: Role
//! metadata:
//!   name: app-admin
//!   namespace: shop
//! rules:
//! - apiGroups: [""]
//!   resources: [serviceaccounts]
//!   verbs: [get, list]
//! ```
//!
//! # Source
//!
//! - [Set up identity bindings](https://learn.microsoft.com/azure/aks/identity-bindings)
//! - [Microsoft Entra Workload ID with AKS](https://learn.microsoft.com/azure/aks/workload-identity-overview)
//! - [Kubernetes RBAC good practices](https://kubernetes.io/docs/concepts/security/rbac-good-practices/#privilege-escalation-risks)

use super::danger::{self, listing};
use super::role_wildcard;
use crate::finding::{Finding, Severity};
use crate::rule::{Check, Rule, RuleContext};
use kubernetes::grant::PolicyRule;
use kubernetes::role::Role;
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "role-identity-write",
    summary: docs_only("role that chooses Azure identities"),
    remediation: "let the pipeline that federates the identity write them; grant get and list",
    severity: Severity::Medium,
    checks: &[Check::Role(danger::check), Check::Role(check)],
};

const GROUP: &str = "cid.wi.aks.azure.com";
const USE: &str = "use-managed-identity";

fn check<'a>(cx: &mut RuleContext<'a>, role: &Role<'a>) {
    cx.findings.extend(role.rules().iter().filter_map(|line| find(role, line)));
}

/// Grants on identity bindings, whose resources are client ids and so not in the table.
pub fn find<'a>(role: &Role<'a>, line: &PolicyRule<'a>) -> Option<Finding<'a>> {
    let written = line.groups.contains(&GROUP) || line.verbs.contains(&USE);
    let wild = line.every_resource();
    let told = wild && !line.verbs.contains(&USE) && role_wildcard::covers(role, line);
    if !written || told || line.resources.is_empty() || !line.has_group(GROUP) || !line.any_verb(&[USE]) {
        return None;
    }
    let (severity, whose) = if wild {
        (Severity::High, "every managed identity bound to the cluster".to_owned())
    } else {
        (Severity::Medium, format!("the managed identity {}", listing(&line.resources)))
    };
    let mut found = danger::finding(&RULE, severity, line, format!("lets service accounts use {whose}"));
    found.remediation("name the client id as the resource, and bind the role to that one service account");
    Some(found)
}
