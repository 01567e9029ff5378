//! Somebody asks for a service account token that lives longer than the work it is for.
//!
//! # Why
//!
//! A token cannot be called back: until it expires, whoever holds it is the service account, whatever
//! Entra decides about the person who asked. A token that is bound to a Pod or a Secret ends with
//! that object, so it may live up to `maxTokenSeconds` (24 hours unless you set it); any other may
//! live one hour, as `kubectl create token` asks for. Nodes and the control plane ask for the tokens
//! of pods and are not judged.
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
    remediation: "ask for a shorter token, for example with kubectl create token --duration=10m",
    severity: Severity::Medium,
    checks: &[Check::TokenRequest(check)],
};

/// How long a token may live that nothing but time ends.
const UNBOUND_SECONDS: i64 = 3600;

fn check<'a>(cx: &mut RuleContext<'a>, token: &TokenRequest<'a>) {
    let (seconds, most) = (token.seconds(), cx.settings.max_token_seconds);
    if cx.requester.is_system_component() {
        return;
    }
    let place = Anchor::member(token.object.get("spec"), "expirationSeconds");
    if seconds > most {
        let what = format!("asks for a token of {}, more than {}", duration(seconds), duration(most));
        cx.report(place, what).remediation(format!("ask for at most {most} seconds"));
    } else if seconds > UNBOUND_SECONDS && !token.is_bound() {
        let what = format!("asks for a token of {}, bound to no object", duration(seconds));
        let fix = "ask for at most 3600 seconds, or bind the token to a Pod or Secret (kubectl create token --bound-object-kind)";
        cx.report(place, what).remediation(fix);
    }
}
