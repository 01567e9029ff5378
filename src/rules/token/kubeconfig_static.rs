//! A ConfigMap, Secret or annotation holds a kubeconfig with a fixed credential.
//!
//! # Why
//!
//! A client key, token, password or service principal's secret in a kubeconfig signs in to a cluster for
//! anyone who can read it. It bypasses Entra sign-in and works until it is rotated. The admin kubeconfig of
//! an AKS cluster is the worst: it is a member of `system:masters`. Everyone with the role `view` can read
//! ConfigMaps and annotations. Fewer people can read a Secret, so it is less serious there. Kubeconfigs
//! whose exec plugin gets a token at run time hold no credential and are not reported.
//!
//! ```yaml deny
//! apiVersion: v1
//! kind: ConfigMap
//! metadata:
//!   name: deployer
//!   namespace: shop
//! data:
//!   config: |
//!     apiVersion: v1
//!     kind: Config
//!     clusters:
//!     - name: shop
//!       cluster:
//!         server: https://shop-1a2b3c4d.hcp.westeurope.azmk8s.io:443
//!     users:
//!     - name: deployer
//!       user:
//!         token: 4f9c21d7b0a84e5db1c6a7f0e93d52886c1f
//!     contexts:
//!     - name: shop
//!       context: {cluster: shop, user: deployer}
//!     current-context: shop
//! ```
//!
//! # Fix
//!
//! Let kubelogin get a token from the pod's workload identity.
//!
//! ```yaml allow
//! apiVersion: v1
//! kind: ConfigMap
//! metadata:
//!   name: deployer
//!   namespace: shop
//! data:
//!   config: |
//!     apiVersion: v1
//!     kind: Config
//!     clusters:
//!     - name: shop
//!       cluster:
//!         server: https://shop-1a2b3c4d.hcp.westeurope.azmk8s.io:443
//!     users:
//!     - name: deployer
//!       user:
//!         exec:
//!           apiVersion: client.authentication.k8s.io/v1
//!           command: kubelogin
//!           args: [get-token, --login, workloadidentity, --server-id, 6dae42f8-4368-4678-94ff-3960e28e3630]
//!     contexts:
//!     - name: shop
//!       context: {cluster: shop, user: deployer}
//!     current-context: shop
//! ```
//!
//! # Source
//!
//! - [Use kubelogin to authenticate in AKS](https://learn.microsoft.com/azure/aks/kubelogin-authentication)
//! - [Control access to the cluster configuration file](https://learn.microsoft.com/azure/aks/control-kubeconfig-access)

use crate::finding::Severity;
use crate::rule::{Check, Rule, RuleContext};
use crate::texts::{Origin, Origins, Text};
use credentials::{CredentialKind, decode_base64};
use memchr::memmem;
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "kubeconfig-static",
    summary: docs_only("kubeconfig with a fixed credential"),
    remediation: "let the kubeconfig's exec section call kubelogin with --login workloadidentity, and revoke the credential",
    severity: Severity::High,
    checks: &[Check::Text(Origins::of(&[Origin::Data, Origin::Annotation, Origin::LastApplied]), check)],
};

fn check<'a>(cx: &mut RuleContext<'a>, text: &Text<'a>) {
    if !matches!(text.source, Origin::Data | Origin::Annotation | Origin::LastApplied) || text.is_binary {
        return;
    }
    if let Some((kind, of_aks)) = find(text) {
        // The kind of the admin account says so already.
        let of_aks = if of_aks && !kind.what.contains("AKS") { " for an AKS cluster" } else { "" };
        let severity =
            if text.origin == Origin::Data && text.is_secret_data() { Severity::Medium } else { RULE.severity };
        cx.report(text.anchor(), format!("holds {}{of_aks}", kind.what)).severity(severity).compare_rotated();
    }
}

/// A kubeconfig in plain text or in base64, and whether it is for an AKS cluster.
fn find(text: &Text<'_>) -> Option<(&'static CredentialKind, bool)> {
    let (kind, range) = text.hits().iter().find(|(kind, _)| kind.is_kubeconfig())?;
    let is_of_aks = |config: &[u8]| memmem::find(config, b".azmk8s.io").is_some();
    // The kubeconfig itself, which may be in base64, or the text that it is in.
    let decoded = || decode_base64(text.value.get(range.clone())?, text.value.len());
    Some((kind, is_of_aks(text.value.as_bytes()) || decoded().is_some_and(|config| is_of_aks(&config))))
}
