//! A user approves a client certificate that signs in to the API server.
//!
//! # Why
//!
//! The control plane's signer signs every approved request, with the name and groups that it asks for. An
//! approval therefore issues a credential that bypasses Entra sign-in and cannot be revoked (see
//! `certificate-request`). The rule allows approvals for kubelet certificates and for an operator's own
//! signer, and it allows denying a request.
//!
//! ```yaml deny
//! request:
//!   kind: {group: certificates.k8s.io, version: v1, kind: CertificateSigningRequest}
//!   resource: {group: certificates.k8s.io, version: v1, resource: certificatesigningrequests}
//!   subResource: approval
//!   name: jane
//!   operation: UPDATE
//!   userInfo:
//!     username: admin@contoso.com
//!     extra: {oid: [0d2f7c35-1b0f-4a8e-9c61-5a6e1f3b7d10]}
//!   object:
//!     kind: CertificateSigningRequest
//!     spec:
//!       signerName: kubernetes.io/kube-apiserver-client
//!       username: jane@contoso.com
//!       request: bm90IGEgcmVhbCByZXF1ZXN0
//!     status:
//!       conditions: [{type: Approved, status: "True"}]
//! ```
//!
//! # Fix
//!
//! ```yaml allow
//! request:
//!   kind: {group: certificates.k8s.io, version: v1, kind: CertificateSigningRequest}
//!   resource: {group: certificates.k8s.io, version: v1, resource: certificatesigningrequests}
//!   subResource: approval
//!   name: jane
//!   operation: UPDATE
//!   userInfo:
//!     username: admin@contoso.com
//!     extra: {oid: [0d2f7c35-1b0f-4a8e-9c61-5a6e1f3b7d10]}
//!   object:
//!     kind: CertificateSigningRequest
//!     spec:
//!       signerName: kubernetes.io/kube-apiserver-client
//!       username: jane@contoso.com
//!       request: bm90IGEgcmVhbCByZXF1ZXN0
//!     status:
//!       conditions: [{type: Denied, status: "True"}]
//! ```
//!
//! # Source
//!
//! - [Certificate signing requests](https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/)

use crate::finding::Severity;
use crate::object::Object;
use crate::requester::Requester;
use crate::rule::{Check, Rule, RuleContext};
use crate::view::certificate::CertificateRequest;
use text::docs_only;
use text::shown;

pub static RULE: Rule = Rule {
    id: "certificate-approval",
    summary: docs_only("approval of a client certificate that bypasses Entra sign-in"),
    remediation: "deny the request (kubectl certificate deny) and give its author access through an Entra group",
    severity: Severity::High,
    checks: &[Check::CertificateApproval(check)],
};

fn check<'a>(cx: &mut RuleContext<'a>, certificate: &CertificateRequest<'a>) {
    if cx.requester == Requester::Trusted || !certificate.is_for_client() {
        return;
    }
    let Some(approval) = certificate.approval() else { return };
    if was_approved(cx) {
        return;
    }
    let mut message = match certificate.subject() {
        Some(subject) => format!("issues a certificate that bypasses Entra sign-in as {subject}"),
        None => "issues a certificate that bypasses Entra sign-in; its subject is unreadable".to_owned(),
    };
    if let Some(name) = certificate.asked_by() {
        message.push_str(&format!(", requested by {}", shown(name)));
    }
    cx.report(approval, message);
}

/// An approval cannot be withdrawn, so every later update of the conditions contains it again.
fn was_approved(cx: &RuleContext<'_>) -> bool {
    let object = Object::new(cx.request, cx.request.old_object());
    CertificateRequest { object }.approval().is_some()
}
