//! Somebody approves a client certificate that signs in to the API server.
//!
//! # Why
//!
//! The signer of the control plane signs whatever was approved, with the name and the groups that the
//! request asks for. Whoever approves it hands out a sign-in past Entra that nobody can call back
//! (see `certificate-request`). Approving the certificates of kubelets or of an operator's own signer
//! is fine, and so is denying a request.
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
    summary: docs_only("approval of a client certificate that signs in past Entra"),
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
    let mut what = match certificate.subject() {
        Some(subject) => format!("lets a certificate sign in past Entra as {subject}"),
        None => "lets a certificate sign in past Entra that nobody can read".to_owned(),
    };
    if let Some(name) = certificate.asked_by() {
        what.push_str(&format!(", asked for by {}", shown(name)));
    }
    cx.report(approval, what);
}

/// An approval cannot be taken back, so whoever adds another condition repeats it.
fn was_approved(cx: &RuleContext<'_>) -> bool {
    let object = Object::new(cx.request, cx.request.old_object());
    CertificateRequest { object }.approval().is_some()
}
