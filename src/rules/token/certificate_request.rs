//! A user requests a client certificate that signs in to the API server.
//!
//! # Why
//!
//! A client certificate bypasses Entra sign-in: Conditional Access and directory groups do not apply, and
//! the certificate cannot be revoked before it expires. The request chooses the subject. A certificate
//! for `clusterAdmin` is equivalent to the AKS local account of that name, and one for `system:masters`
//! bypasses authorization altogether. Requests by nodes, bootstrap tokens and the control plane, which
//! need certificates, are skipped, and so are requests to other signers.
//!
//! ```yaml deny
//! request:
//!   kind: {group: certificates.k8s.io, version: v1, kind: CertificateSigningRequest}
//!   resource: {group: certificates.k8s.io, version: v1, resource: certificatesigningrequests}
//!   name: jane
//!   operation: CREATE
//!   userInfo:
//!     username: jane@contoso.com
//!     extra: {oid: [0d2f7c35-1b0f-4a8e-9c61-5a6e1f3b7d10]}
//!   object:
//!     kind: CertificateSigningRequest
//!     spec:
//!       signerName: kubernetes.io/kube-apiserver-client
//!       usages: [client auth]
//!       request: bm90IGEgcmVhbCByZXF1ZXN0
//! ```
//!
//! # Fix
//!
//! People sign in with `kubelogin`, pipelines as an Entra application. Request a certificate for anything
//! other than the API server from a dedicated signer:
//!
//! ```yaml allow
//! request:
//!   kind: {group: certificates.k8s.io, version: v1, kind: CertificateSigningRequest}
//!   resource: {group: certificates.k8s.io, version: v1, resource: certificatesigningrequests}
//!   name: web-serving
//!   operation: CREATE
//!   userInfo:
//!     username: jane@contoso.com
//!     extra: {oid: [0d2f7c35-1b0f-4a8e-9c61-5a6e1f3b7d10]}
//!   object:
//!     kind: CertificateSigningRequest
//!     spec:
//!       signerName: contoso.com/serving
//!       usages: [server auth]
//!       request: bm90IGEgcmVhbCByZXF1ZXN0
//! ```
//!
//! # Source
//!
//! - [Certificate signing requests](https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/)
//! - [Use kubelogin to authenticate in AKS](https://learn.microsoft.com/azure/aks/kubelogin-authentication)

use crate::anchor::Anchor;
use crate::finding::Severity;
use crate::request::Operation;
use crate::rule::{Check, Rule, RuleContext};
use crate::view::certificate::CertificateRequest;
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "certificate-request",
    summary: docs_only("request for a client certificate that bypasses Entra sign-in"),
    remediation: "sign in with Entra through kubelogin instead (az aks get-credentials, then kubelogin convert-kubeconfig)",
    severity: Severity::High,
    checks: &[Check::CertificateRequest(check)],
};

fn check<'a>(cx: &mut RuleContext<'a>, certificate: &CertificateRequest<'a>) {
    // The specification is immutable: an update can change only metadata.
    let is_new = cx.request.operation() != Operation::Update;
    if cx.requester.is_system_component() || !is_new || !certificate.is_for_client() {
        return;
    }
    let message = match certificate.subject() {
        Some(subject) => format!("asks for a certificate that bypasses Entra sign-in as {subject}"),
        None => "asks for a certificate that bypasses Entra sign-in; it is not a readable PKCS#10 request".to_owned(),
    };
    cx.report(Anchor::member(certificate.object.get("spec"), "request"), message);
}
