//! A CSIDriver asks for tokens that Microsoft Entra accepts.
//!
//! # Why
//!
//! Kubernetes gives a CSI driver a token of the pod's service account for each audience in `tokenRequests`, whenever a
//! pod mounts one of its volumes. With the audience `api://AzureADTokenExchange` or `api://AKSIdentityBinding`, the driver
//! can sign in with the Azure identity of every such pod. The rule accepts the drivers that do this for workload identity:
//! `secrets-store.csi.k8s.io`, `file.csi.azure.com` and `blob.csi.azure.com`.
//!
//! By default the tokens travel in the volume context, which drivers and tools write to logs (CVE-2023-2878,
//! CVE-2024-3744). `serviceAccountTokenInSecrets: true` moves them to the secrets of the request: on by default since
//! Kubernetes 1.35, GA in 1.36. The driver must read them there. AKS itself is not reported.
//!
//! ```yaml deny
//! apiVersion: storage.k8s.io/v1
//! kind: CSIDriver
//! metadata:
//!   name: files.csi.contoso.com
//! spec:
//!   podInfoOnMount: true
//!   tokenRequests:
//!   - audience: api://AzureADTokenExchange
//! ```
//!
//! # Fix
//!
//! Mount with one of Microsoft's drivers, or request an audience of your own service.
//!
//! ```yaml allow
//! apiVersion: storage.k8s.io/v1
//! kind: CSIDriver
//! metadata:
//!   name: secrets-store.csi.k8s.io
//! spec:
//!   podInfoOnMount: true
//!   serviceAccountTokenInSecrets: true
//!   tokenRequests:
//!   - audience: api://AzureADTokenExchange
//!   - audience: api://AKSIdentityBinding
//! ```
//!
//! # Source
//!
//! - [CSIDriver: token requests](https://kubernetes-csi.github.io/docs/token-requests.html)
//! - [KEP-5538: service account tokens in secrets](https://kep.k8s.io/5538)
//! - [Azure Key Vault provider: identity binding](https://azure.github.io/secrets-store-csi-driver-provider-azure/docs/configurations/identity-access-modes/)

use crate::finding::Severity;
use crate::object::Object;
use crate::requester::Requester;
use crate::rule::{Check, Rule, RuleContext};
use crate::view::workload_identity::is_entra_audience;
use kubernetes::kind;
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "csi-driver-token",
    summary: docs_only("CSI driver that gets tokens for Microsoft Entra"),
    remediation: "remove the audience from tokenRequests, and mount with secrets-store.csi.k8s.io, file.csi.azure.com or blob.csi.azure.com",
    severity: Severity::High,
    checks: &[Check::Kinds(&[kind::CSI_DRIVER], check)],
};

/// Drivers that sign in with the identity of the pod that mounts.
pub const KNOWN: &[&str] = &["secrets-store.csi.k8s.io", "file.csi.azure.com", "blob.csi.azure.com"];

fn check<'a>(cx: &mut RuleContext<'a>, driver: &Object<'a>) {
    // AKS writes the drivers of its add-ons.
    if cx.requester == Requester::Trusted {
        return;
    }
    let in_secrets = driver.at(&["spec", "serviceAccountTokenInSecrets"]).bool() == Some(true);
    let is_known = KNOWN.contains(&driver.name);
    for request in driver.at(&["spec", "tokenRequests"]).items() {
        let audience = request.get("audience");
        if !audience.text().is_some_and(is_entra_audience) {
            continue;
        }
        if !is_known {
            cx.report(audience, "gives the driver a token for Entra of every pod that mounts with it")
                .compare_content((driver.name, audience.text()));
        } else if !in_secrets {
            cx.report(audience, "is passed in the volume context, which drivers and tools log")
                .severity(Severity::Medium)
                .compare_content(audience.text())
                .remediation(
                    "set spec.serviceAccountTokenInSecrets: true (Kubernetes 1.35 and later) with a driver that reads it",
                );
        }
    }
}
