//! A user directly requests the token with which a service account signs in to Entra.
//!
//! # Why
//!
//! Entra exchanges a token for the audience `api://AzureADTokenExchange` (or `api://AKSIdentityBinding`)
//! for a token of the managed identity that trusts the service account. Pods get their token through their
//! node. A user who requests one directly can act as that Azure identity from anywhere, without being
//! identified. Some controllers request tokens by design, to use the identity that an object names
//! (External Secrets, Flux). List those in `trustedRequesters`.
//!
//! ```yaml deny
//! request:
//!   kind: {group: authentication.k8s.io, version: v1, kind: TokenRequest}
//!   resource: {group: "", version: v1, resource: serviceaccounts}
//!   subResource: token
//!   name: checkout
//!   namespace: shop
//!   operation: CREATE
//!   userInfo:
//!     username: jane@contoso.com
//!     extra: {oid: [0d2f7c35-1b0f-4a8e-9c61-5a6e1f3b7d10]}
//!   object:
//!     kind: TokenRequest
//!     spec: {audiences: [api://AzureADTokenExchange], expirationSeconds: 3600}
//! ```
//!
//! # Fix
//!
//! Use the identity from a pod that has the label `azure.workload.identity/use: "true"`. For a controller
//! that you trust with every identity in the cluster, add it to the settings:
//!
//! ```yaml allow
//! settings:
//!   trustedRequesters: ["system:serviceaccount:external-secrets:external-secrets"]
//! request:
//!   kind: {group: authentication.k8s.io, version: v1, kind: TokenRequest}
//!   resource: {group: "", version: v1, resource: serviceaccounts}
//!   subResource: token
//!   name: checkout
//!   namespace: shop
//!   operation: CREATE
//!   userInfo:
//!     username: system:serviceaccount:external-secrets:external-secrets
//!   object:
//!     kind: TokenRequest
//!     spec: {audiences: [api://AzureADTokenExchange], expirationSeconds: 3600}
//! ```
//!
//! # Source
//!
//! - [Workload identity on AKS](https://learn.microsoft.com/azure/aks/workload-identity-overview)
//! - [External Secrets: Azure Key Vault, referenced service account](https://external-secrets.io/latest/provider/azure-key-vault/)

use super::username;
use crate::finding::Severity;
use crate::requester::Requester;
use crate::rule::{Check, Rule, RuleContext};
use crate::view::token::TokenRequest;
use crate::view::workload_identity::is_entra_audience;
use text::docs_only;
use text::shown;

pub static RULE: Rule = Rule {
    id: "token-request-federation",
    summary: docs_only("direct request for a token that Entra accepts for a managed identity"),
    remediation: "use the identity from a pod with workload identity instead of requesting its token directly",
    severity: Severity::High,
    checks: &[Check::TokenRequest(check)],
};

fn check<'a>(cx: &mut RuleContext<'a>, token: &TokenRequest<'a>) {
    if cx.requester.is_system_component() {
        return;
    }
    for (node, _) in token.audiences().filter(|(_, audience)| is_entra_audience(audience)) {
        let account = shown(token.object.name);
        let requester = username(cx);
        let is_controller = cx.requester == Requester::ServiceAccount;
        let finding =
            cx.report(node, format!("asks for the token with which service account {account} signs in to Entra"));
        if is_controller {
            finding.severity(Severity::Medium).remediation(format!(
                "use workload identity in the pod; for a trusted controller, ask your cluster operators to list {} in \
                 trustedRequesters",
                shown(requester)
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::lookup::NoCluster;
    use crate::settings::Date;
    use crate::{Host, evaluate};

    #[test]
    fn controllers_get_the_line_to_add() {
        let payload = br#"{"request": {
            "kind": {"group": "authentication.k8s.io", "version": "v1", "kind": "TokenRequest"},
            "subResource": "token", "operation": "CREATE", "namespace": "shop", "name": "checkout",
            "userInfo": {"username": "system:serviceaccount:external-secrets:external-secrets"},
            "object": {"kind": "TokenRequest", "spec": {"audiences": ["api://AzureADTokenExchange"]}}}}"#;
        let today = || Date::parse("2026-11-21").unwrap();
        let response = evaluate(payload, &Host { today: &today, cluster: &NoCluster }).response;
        let line = "list system:serviceaccount:external-secrets:external-secrets in trustedRequesters";
        assert!(response.accepted && response.message.unwrap().contains(line));
    }
}
