//! A Secret holds a login to an Azure container registry with a password.
//!
//! # Why
//!
//! The admin account of a registry can push and pull everything and does not belong to an individual. A
//! service principal's secret or a repository token is one more credential to rotate. Nodes of AKS pull
//! with the kubelet's identity once the registry is attached to the cluster. The user
//! `00000000-0000-0000-0000-000000000000` means an Entra token, which expires soon and is not reported.
//!
//! ```yaml deny
//! apiVersion: v1
//! kind: Secret
//! metadata:
//!   name: pull
//!   namespace: shop
//! type: kubernetes.io/dockerconfigjson
//! stringData:
//!   .dockerconfigjson: '{"auths":{"contoso.azurecr.io":{"username":"contoso","password":"correct-horse"}}}'
//! ```
//!
//! # Fix
//!
//! Attach the registry with `az aks update --attach-acr`, and drop the pull secret.
//!
//! ```yaml allow
//! apiVersion: v1
//! kind: Secret
//! metadata:
//!   name: pull
//!   namespace: shop
//! type: kubernetes.io/dockerconfigjson
//! stringData:
//!   .dockerconfigjson: '{"auths":{"registry.example.com":{"username":"shop","password":"correct-horse"}}}'
//! ```
//!
//! # Source
//!
//! - [Authenticate with Azure Container Registry from AKS](https://learn.microsoft.com/azure/aks/cluster-container-registry-integration)
//! - [Ways to sign in to Azure Container Registry](https://learn.microsoft.com/azure/container-registry/container-registry-authentication)

use super::literal::{Evidence, Literal, Worst};
use crate::finding::Severity;
use crate::rule::{Check, Rule, RuleContext};
use crate::texts::{Origin, Origins, Text};
use credentials::Class;
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "credential-registry",
    summary: docs_only("password for an Azure container registry"),
    remediation: "let nodes pull (az aks update --attach-acr; with ABAC, role Container Registry Repository Reader) and drop the pull secret",
    severity: Severity::Medium,
    checks: &[Check::Text(Origins::of(&[Origin::Data]), check)],
};

fn check<'a>(cx: &mut RuleContext<'a>, text: &Text<'a>) {
    if !text.is_secret_data() {
        return;
    }
    let mut worst = Worst::default();
    for (kind, range) in text.hits().iter().filter(|(kind, _)| kind.class == Class::Registry) {
        worst.add(Literal::at(registry_before(&text.value, range.start), Evidence::Value(kind)));
    }
    worst.report(cx, text, &mut |finding, _| {
        finding.severity(RULE.severity);
    });
}

/// The key before an entry, which names the registry: `"contoso.azurecr.io": {`.
fn registry_before(text: &str, entry: usize) -> Option<&str> {
    const NEARBY: usize = 512;
    let near = text.as_bytes().get(entry.saturating_sub(NEARBY)..entry)?;
    // A character that is cut in half is not part of a host name.
    let near = near.utf8_chunks().last()?.valid();
    let (before, _) = near.rsplit_once('"')?;
    before.rsplit_once('"').map(|(_, registry)| registry).filter(|registry| !registry.is_empty())
}
