//! A SecretProviderClass asks for an identity binding in a way that the Key Vault provider refuses.
//!
//! # Why
//!
//! `useAzureTokenProxy: "true"` reads Key Vault through an AKS identity binding (preview). The provider needs `clientID`
//! with it, and refuses a class that also chooses pod-managed identity or a managed identity of the node: no pod with this
//! class starts. A class that works after an accident with the wrong mode would sign in as another identity.
//!
//! ```yaml deny
//! apiVersion: secrets-store.csi.x-k8s.io/v1
//! kind: SecretProviderClass
//! metadata:
//!   name: vault
//!   namespace: shop
//! spec:
//!   provider: azure
//!   parameters:
//!     useAzureTokenProxy: "true"
//!     keyvaultName: shop
//!     tenantID: 5f8d2b91-0e4a-4c73-9b16-d3a7e6c0f258
//! ```
//!
//! # Fix
//!
//! Set the client id of the bound identity, and no other mode.
//!
//! ```yaml allow
//! apiVersion: secrets-store.csi.x-k8s.io/v1
//! kind: SecretProviderClass
//! metadata:
//!   name: vault
//!   namespace: shop
//! spec:
//!   provider: azure
//!   parameters:
//!     useAzureTokenProxy: "true"
//!     clientID: 7d8cdf74-5f1d-4e6c-9c31-274d963d358b
//!     keyvaultName: shop
//!     tenantID: 5f8d2b91-0e4a-4c73-9b16-d3a7e6c0f258
//! ```
//!
//! # Source
//!
//! - [Azure Key Vault provider: identity access modes](https://azure.github.io/secrets-store-csi-driver-provider-azure/docs/configurations/identity-access-modes/)
//! - [Identity bindings concepts](https://learn.microsoft.com/azure/aks/identity-bindings-concepts)

use crate::anchor::Anchor;
use crate::auth_mode::is_true;
use crate::finding::Severity;
use crate::object::Object;
use crate::rule::{Check, Rule, RuleContext};
use kubernetes::kind;
use text::{docs_only, shown};

pub static RULE: Rule = Rule {
    id: "workload-identity-binding",
    summary: docs_only("identity binding that the Key Vault provider refuses"),
    remediation: "set clientID to the client id of the bound identity, and remove useAzureTokenProxy where another mode is meant",
    severity: Severity::High,
    checks: &[Check::Kinds(&[kind::SECRET_PROVIDER_CLASS], check)],
};

fn check<'a>(cx: &mut RuleContext<'a>, class: &Object<'a>) {
    let parameters = class.at(&["spec", "parameters"]);
    let is_on = |key: &str| parameters.get(key).text().is_some_and(is_true);
    if class.at(&["spec", "provider"]).text() != Some("azure") || !is_on("useAzureTokenProxy") {
        return;
    }
    for other in ["usePodIdentity", "useVMManagedIdentity"] {
        if is_on(other) {
            cx.report(
                parameters.get(other),
                "is set beside useAzureTokenProxy, and the provider accepts one mode only",
            )
            .remediation(format!("set {other}: \"false\""));
        }
    }
    if parameters.get("clientID").text().is_none_or(|id| id.trim().is_empty()) {
        // The provider's names are case-sensitive.
        match parameters.members().find(|(name, _)| *name != "clientID" && name.eq_ignore_ascii_case("clientID")) {
            Some((name, node)) => cx
                .report(node, "is not a parameter that the provider reads, and useAzureTokenProxy needs clientID")
                .remediation(format!("write clientID instead of {}", shown(name))),
            None => cx
                .report(Anchor::member(parameters, "clientID"), "is not set, and useAzureTokenProxy needs it")
                .remediation("set clientID to the client id of the bound identity"),
        };
    }
}
