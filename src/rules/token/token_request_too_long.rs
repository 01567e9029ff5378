//! A user requests a service account token with a long lifetime.
//!
//! # Why
//!
//! A token cannot be revoked. Until it expires, its holder acts as the service account, even if Entra blocks
//! the user who requested it. A token that is bound to a Pod or a Secret becomes invalid with that object,
//! so its lifetime can be up to `maxTokenSeconds` (24 hours by default). For any other token the limit is one
//! hour, the default of `kubectl create token`. Requests by nodes and the control plane, which request the
//! tokens of pods, are skipped.
//!
//! ```yaml deny
//! request:
//!   kind: {group: authentication.k8s.io, version: v1, kind: TokenRequest}
//!   resource: {group: "", version: v1, resource: serviceaccounts}
//!   subResource: token
//!   name: deployer
//!   namespace: shop
//!   operation: CREATE
//!   userInfo:
//!     username: jane@contoso.com
//!     extra: {oid: [0d2f7c35-1b0f-4a8e-9c61-5a6e1f3b7d10]}
//!   object:
//!     kind: TokenRequest
//!     spec: {audiences: [], expirationSeconds: 31536000, boundObjectRef: null}
//! ```
//!
//! # Fix
//!
//! ```yaml allow
//! request:
//!   kind: {group: authentication.k8s.io, version: v1, kind: TokenRequest}
//!   resource: {group: "", version: v1, resource: serviceaccounts}
//!   subResource: token
//!   name: deployer
//!   namespace: shop
//!   operation: CREATE
//!   userInfo:
//!     username: jane@contoso.com
//!     extra: {oid: [0d2f7c35-1b0f-4a8e-9c61-5a6e1f3b7d10]}
//!   object:
//!     kind: TokenRequest
//!     spec: {audiences: [], expirationSeconds: 600, boundObjectRef: null}
//! ```
//!
//! # Source
//!
//! - [TokenRequest](https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-request-v1/)
//! - [OpenID Connect issuer on AKS, which limits tokens to 24 hours](https://learn.microsoft.com/azure/aks/use-oidc-issuer)

use super::duration;
use crate::anchor::Anchor;
use crate::finding::Severity;
use crate::rule::{Check, Rule, RuleContext};
use crate::view::token::TokenRequest;
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "token-request-too-long",
    summary: docs_only("request for a long-lived service account token"),
    remediation: "request a shorter lifetime, for example with kubectl create token --duration=10m",
    severity: Severity::Medium,
    checks: &[Check::TokenRequest(check)],
};

/// The longest lifetime of a token that is not bound to an object.
const UNBOUND_SECONDS: i64 = 3600;

fn check<'a>(cx: &mut RuleContext<'a>, token: &TokenRequest<'a>) {
    let (seconds, most) = (token.seconds(), cx.settings.max_token_seconds);
    if cx.requester.is_system_component() {
        return;
    }
    let anchor = Anchor::member(token.object.get("spec"), "expirationSeconds");
    if seconds > most {
        let message = format!("asks for a token that is valid for {}, more than {}", duration(seconds), duration(most));
        cx.report(anchor, message).remediation(format!("request at most {most} seconds"));
    } else if seconds > UNBOUND_SECONDS && !token.is_bound() {
        let message = format!("asks for a token that is valid for {} and not bound to an object", duration(seconds));
        let remediation = "request at most 3600 seconds, or bind the token to a Pod or Secret (kubectl create token --bound-object-kind)";
        cx.report(anchor, message).remediation(remediation);
    }
}
