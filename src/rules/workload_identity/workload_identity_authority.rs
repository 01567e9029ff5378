//! `AZURE_AUTHORITY_HOST` directs the sign-in to a host that is not Microsoft Entra.
//!
//! # Why
//!
//! The SDK sends the pod's token to this host and trusts the answer. The operator of the host can use the
//! token to sign in to Entra as the workload. So can anyone who intercepts the traffic if the URL is not
//! `https`. The webhook sets the variable to the authority of the cluster's cloud.
//!
//! The rule evaluates literal values and resolves references to earlier variables, as the kubelet does. A value
//! from a ConfigMap, Secret or field cannot be determined, and the severity is lower. It is also lower in pods
//! without workload identity, which would send other credentials to the host, because Azure Stack Hub has its own
//! authorities.
//!
//! `AzureAd__Instance` and `AzureAd__Authority` do the same for the Entra SDK sidecar and for programs that configure
//! `AzureAd__ClientCredentials__*`. The rule knows the authorities of all Azure clouds, air-gapped ones included, and
//! regional hosts (`<region>.login.microsoft.com`). The setting `authorityHosts` adds others.
//!
//! `AZURE_KUBERNETES_TOKEN_PROXY` directs the sign-in as well: the webhook keeps a value that is already there,
//! and SDKs send the token to it. Only the webhook sets it, in pods that request an identity binding. The rule
//! recognises it by the variable that the webhook adds after it, so a pod that imitates both is not reported.
//!
//! ```yaml deny
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: checkout
//!   namespace: shop
//!   labels:
//!     azure.workload.identity/use: "true"
//! spec:
//!   serviceAccountName: checkout
//!   containers:
//!   - name: web
//!     image: contoso.azurecr.io/checkout:1.0
//!     env:
//!     - name: AZURE_AUTHORITY_HOST
//!       value: https://login.microsoftonline.com.example.net/
//! ```
//!
//! # Fix
//!
//! Remove the variable, or name the authority of an Azure cloud.
//!
//! ```yaml allow
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: checkout
//!   namespace: shop
//!   labels:
//!     azure.workload.identity/use: "true"
//! spec:
//!   serviceAccountName: checkout
//!   containers:
//!   - name: web
//!     image: contoso.azurecr.io/checkout:1.0
//!     env:
//!     - name: AZURE_AUTHORITY_HOST
//!       value: https://login.microsoftonline.us/
//! ```
//!
//! # Source
//!
//! - [National clouds: Microsoft Entra endpoints](https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud)

use super::content;
use crate::auth_mode::is_entra_sdk;
use crate::finding::Severity;
use crate::object::Object;
use crate::rule::{Check, Rule, RuleContext};
use crate::settings::Settings;
use crate::view::container::Value;
use crate::view::workload::Workload;
use crate::view::workload_identity::{USE_IDENTITY_BINDING, keda_identities, signs_in};
use kubernetes::kind;
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "workload-identity-authority",
    summary: docs_only("sign-in that does not go to Microsoft Entra"),
    remediation: "remove it, or write https://login.microsoftonline.com/ or the authority of your national cloud",
    severity: Severity::High,
    checks: &[
        Check::Workload(check_workload),
        Check::Kinds(&[kind::TRIGGER_AUTHENTICATION, kind::CLUSTER_TRIGGER_AUTHENTICATION], check_keda),
    ],
};

/// The hosts that Microsoft's authentication libraries know as Entra, in all clouds.
pub const HOSTS: &[&str] = &[
    "login.microsoftonline.com",
    "login.microsoft.com",
    "login.windows.net",
    "sts.windows.net",
    "login.microsoftonline.us",
    "login.usgovcloudapi.net",
    "login-us.microsoftonline.com",
    "login.partner.microsoftonline.cn",
    "login.chinacloudapi.cn",
    "login.microsoftonline.de",
    "login.sovcloud-identity.fr",
    "login.sovcloud-identity.de",
    "login.sovcloud-identity.sg",
    "login.microsoftonline.eaglex.ic.gov",
    "login.microsoftonline.microsoft.scloud",
];

/// The variables of Microsoft.Identity.Web and of the Entra SDK, which are read in any case.
const SDK_VARIABLES: &[&str] = &["AzureAd__Instance", "AzureAd__Authority"];
/// Authorities of customers that programs with these variables also use.
const SDK_HOSTS: &[&str] = &[".ciamlogin.com", ".b2clogin.com"];

fn check_workload<'a>(cx: &mut RuleContext<'a>, workload: &Workload<'a>) {
    for container in workload.containers() {
        for variable in container.env() {
            let is_of_sdk = || SDK_VARIABLES.iter().any(|name| name.eq_ignore_ascii_case(variable.name));
            if variable.name != "AZURE_AUTHORITY_HOST" && !(is_of_sdk() && is_entra_sdk(container)) {
                continue;
            }
            let value = container.value(variable);
            let fault = match &value {
                Value::Literal(value) if value.is_empty() => None,
                Value::Literal(value) => fault(value, cx.settings, is_of_sdk()),
                Value::FromElsewhere => Some(("is defined elsewhere, so it cannot be checked", Severity::Medium)),
                Value::Undetermined => Some(("refers to too many other variables to be checked", Severity::High)),
            };
            if let Some((message, severity)) = fault {
                let severity = if signs_in(workload) { severity } else { Severity::Medium };
                cx.report(variable.node, message).severity(severity).compare_content(content(variable, &value));
            }
        }
        for variable in container.env_named("AZURE_KUBERNETES_TOKEN_PROXY") {
            // The webhook sets it in Pods only, which the policy sees afterwards, and the name for TLS after it.
            let next = container.next(variable);
            let is_own = workload.is_pod() && next.is_some_and(|next| next.name == "AZURE_KUBERNETES_SNI_NAME");
            let is_bound = || {
                let annotation = workload.annotation(USE_IDENTITY_BINDING).text();
                annotation.is_some_and(|text| text.eq_ignore_ascii_case("true"))
            };
            if variable.is_set() && signs_in(workload) && !(is_own && is_bound()) {
                cx.report(variable.node, "sends the token of the pod to a proxy that the webhook did not choose")
                    .remediation("remove it; the webhook sets it for pods that use an identity binding")
                    .compare_content(content(variable, &container.value(variable)));
            }
        }
    }
}

fn check_keda<'a>(cx: &mut RuleContext<'a>, object: &Object<'a>) {
    for identity in keda_identities(object) {
        let host = identity.get("identityAuthorityHost");
        if let Some((message, severity)) = host.set_text().and_then(|host| fault(host, cx.settings, false)) {
            cx.report(host, message).severity(severity).compare_content(host.text());
        }
    }
}

/// Accepts only the simplest form, because parsers disagree about URLs with user names, other ports,
/// backslashes and the like.
fn fault(url: &str, settings: &Settings, is_of_sdk: bool) -> Option<(&'static str, Severity)> {
    let url = url.trim();
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) => (Some(scheme), rest),
        None => (None, url),
    };
    let host = rest.split('/').next().unwrap_or_default();
    let host = host.strip_suffix(":443").unwrap_or(host);
    let host = host.to_ascii_lowercase();
    // Regional hosts are one label longer.
    let regional = host.strip_suffix(".login.microsoft.com");
    let is_regional =
        regional.is_some_and(|region| !region.is_empty() && region.bytes().all(|b| b.is_ascii_alphanumeric()));
    let is_known = is_regional || HOSTS.contains(&host.as_str()) || settings.authority_hosts.contains(&host);
    let is_known = is_known || is_of_sdk && SDK_HOSTS.iter().any(|end| host.ends_with(end));
    if !is_known {
        return Some(("is not an authority of Microsoft Entra", Severity::High));
    }
    match scheme {
        Some(scheme) if scheme.eq_ignore_ascii_case("https") => None,
        Some(_) => Some(("does not use https", Severity::High)),
        // Some SDKs add it, others fail.
        None => Some(("does not start with https://", Severity::Medium)),
    }
}
