//! A Secret holds a login to an Azure container registry with a password.
//!
//! # Why
//!
//! The admin account of a registry may push and pull everything and is nobody in particular; a service
//! principal's secret or a repository token is one more credential to rotate. Nodes of AKS pull with the
//! kubelet's identity once the registry is attached to the cluster. The user
//! `00000000-0000-0000-0000-000000000000` stands for an Entra token, which expires soon, and is fine.
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

use crate::anchor::Anchor;
use crate::finding::Severity;
use crate::object::Object;
use crate::rule::{Check, Rule, RuleContext};
use credentials::{Class, decode_base64, recognise_all};
use json::Node;
use kubernetes::kind;
use memchr::memmem;
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "credential-registry",
    summary: docs_only("password for an Azure container registry"),
    remediation: "attach the registry to the cluster (az aks update --attach-acr) and drop the pull secret",
    severity: Severity::Medium,
    checks: &[Check::Kinds(&[kind::SECRET], check)],
};

/// A Secret holds at most 1 MiB.
const LONGEST: usize = 1 << 20;
/// Most registries told of one entry.
const MOST: usize = 20;

fn check<'a>(cx: &mut RuleContext<'a>, secret: &Object<'a>) {
    for (_, node) in secret.get("data").members() {
        let Some(bytes) = node.text().and_then(|text| decode_base64(text, LONGEST)) else { continue };
        if let Ok(text) = std::str::from_utf8(&bytes) {
            check_config(cx, node, text);
        }
    }
    for (_, node) in secret.get("stringData").members() {
        check_config(cx, node, node.text().unwrap_or_default());
    }
}

fn check_config<'a>(cx: &mut RuleContext<'a>, node: Node<'a>, text: &str) {
    // The recogniser looks for much more; ask it only about texts that name such a registry.
    if memmem::find(text.as_bytes(), b".azurecr.").is_none() {
        return;
    }
    let mut count = 0;
    recognise_all(text, &mut |kind, range| {
        count += 1;
        if kind.class == Class::Registry && count <= MOST {
            let place = match registry_before(text, range.start) {
                Some(registry) => Anchor::inside(node, registry),
                None => node.into(),
            };
            cx.report(place, format!("holds {}", kind.what));
        }
    });
}

/// The key before an entry, which names the registry: `"contoso.azurecr.io": {`.
fn registry_before(text: &str, entry: usize) -> Option<&str> {
    let (before, _) = text.get(..entry)?.rsplit_once('"')?;
    before.rsplit_once('"').map(|(_, registry)| registry)
}
