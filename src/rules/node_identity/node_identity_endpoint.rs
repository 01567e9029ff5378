//! A workload or a ConfigMap uses the metadata endpoint of the node, or makes a tool use the managed
//! identity of the node.
//!
//! # Why
//!
//! The instance metadata service (IMDS) at 169.254.169.254 issues tokens for every identity that is attached
//! to the node, to every pod that asks: those of the kubelet, of add-ons and of other workloads. The pod's
//! own identity is not involved, so the tokens cannot be narrowed, and audit logs do not show which pod used
//! them. The rule finds every spelling of the address (decimal, hexadecimal, octal, IPv6-mapped, names of public DNS
//! services), the token path, pages of the host agent at 168.63.129.16, the variables that redirect SDKs
//! (`AZURE_POD_IDENTITY_AUTHORITY_HOST`, `MSI_ENDPOINT`, `IMDS_ENDPOINT`), the switches of tools (`ARM_USE_MSI`,
//! `useManagedIdentityExtension`) and sign-in commands (`az login --identity`, `az login -i`,
//! `Connect-AzAccount -Identity`). It reads variables, commands, probes, hooks, scripts, host aliases and ConfigMaps.
//! References to other variables of the container are resolved. Lists of hosts that bypass a proxy (`NO_PROXY`) are
//! not reported.
//!
//! SDKs fall back to IMDS without any setting, which no manifest shows: restrict the endpoint as well.
//!
//! ```yaml deny
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: web
//!   namespace: shop
//! spec:
//!   serviceAccountName: web
//!   containers:
//!   - name: web
//!     image: contoso.azurecr.io/web:1.0
//!     env:
//!     - name: AAD_LOGIN_METHOD
//!       value: msi
//! ```
//!
//! # Fix
//!
//! Give the workload a dedicated identity with workload identity. SDKs and tools then need no switch. The Azure CLI signs
//! in with the pod's token: `az login --service-principal -u $AZURE_CLIENT_ID -t $AZURE_TENANT_ID --federated-token
//! "$(cat $AZURE_FEDERATED_TOKEN_FILE)"`.
//!
//! ```yaml allow
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: web
//!   namespace: shop
//!   labels:
//!     azure.workload.identity/use: "true"
//! spec:
//!   serviceAccountName: web
//!   containers:
//!   - name: web
//!     image: contoso.azurecr.io/web:1.0
//!     env:
//!     - name: AAD_LOGIN_METHOD
//!       value: workloadidentity
//!     - name: NO_PROXY
//!       value: localhost,169.254.169.254
//! ```
//!
//! # Source
//!
//! - [Restrict access to the instance metadata endpoint](https://learn.microsoft.com/azure/aks/imds-restriction)
//! - [Managed identities in AKS](https://learn.microsoft.com/azure/aks/managed-identity-overview)

use crate::anchor::{Anchor, digest};
use crate::finding::{Compared, Finding, Severity};
use crate::imds::{excludes_from_proxy, is_endpoint_host, mentions_endpoint, signs_in_with_identity, switch_of};
use crate::rule::{Check, Rule, RuleContext};
use crate::texts::{Origin, Origins, Text};
use crate::view::container::Container;
use crate::view::workload::Workload;
use credentials::flags;
use std::cell::OnceCell;
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "node-identity-endpoint",
    summary: docs_only("use of the node's managed identity"),
    remediation: "use workload identity: label the pod azure.workload.identity/use: \"true\" and drop this",
    severity: Severity::Medium,
    checks: &[
        Check::Text(Origins::RUN.or(Origins::of(&[Origin::Variable, Origin::Data])), check),
        Check::Workload(check_workload),
    ],
};

const NAMES_ENDPOINT: &str = "names the metadata endpoint of the node (IMDS)";
const FEDERATED_LOGIN: &str = "use az login --service-principal -u $AZURE_CLIENT_ID -t $AZURE_TENANT_ID --federated-token \"$(cat $AZURE_FEDERATED_TOKEN_FILE)\" instead";
const LABEL_AND_LOGIN: &str = "label the pod azure.workload.identity/use: \"true\" and use az login --federated-token \"$(cat $AZURE_FEDERATED_TOKEN_FILE)\"";
const DROP: &str = "drop this; the pod has workload identity";
const LOGS_IN: &str = "signs in with the managed identity of the node";
/// Most assignments reported of one text.
const MOST_ASSIGNMENTS: usize = 16;

fn check<'a>(cx: &mut RuleContext<'a>, text: &Text<'a>) {
    match text.origin {
        Origin::Data if text.is_secret_data() => {}
        Origin::Data | Origin::Script => check_text(cx, text),
        _ => {
            // Of a probe or hook.
            let is_host = text.origin.is_run() && text.name == "host" && is_endpoint_host(&text.value);
            let message = is_host
                .then_some(NAMES_ENDPOINT)
                .or_else(|| fault_of_pair(text.name, &text.value))
                .or_else(|| text.signs_in.then_some(LOGS_IN))
                .or_else(|| in_command(text));
            if let Some(message) = message {
                report(cx, text, text.anchor(), message);
            }
        }
    }
}

/// Reports a message with the advice for the pods of the object: what they have already is left out.
fn report<'c, 'a>(
    cx: &'c mut RuleContext<'a>,
    text: &Text<'a>,
    place: Anchor<'a>,
    message: impl Into<String>,
) -> &'c mut Finding<'a> {
    let message = message.into();
    let fix = match (message == LOGS_IN, cx.is_labelled(&text.object)) {
        (true, true) => FEDERATED_LOGIN,
        (true, false) => LABEL_AND_LOGIN,
        (false, true) => DROP,
        (false, false) => RULE.remediation,
    };
    cx.report(place, message).remediation(fix)
}

/// A word of a command line that assigns a value, or is a command line itself: `sh -c "az login --identity"`.
fn in_command(text: &Text<'_>) -> Option<&'static str> {
    if signs_in_with_identity(&text.value) {
        return Some(LOGS_IN);
    }
    if !text.may_switch() {
        return None;
    }
    let mut found = None;
    flags(&text.value, &mut |name, value| found = found.or(operated_by(name, Some(value))));
    let pairs = || text.pairs().iter().find_map(|pair| operated_by(text.key_of(pair), Some(text.value_of(pair))));
    found.or_else(pairs)
}

/// Variables whose value is not in the object, the one that counts only together with others, and names that the pod
/// gives to the endpoint.
fn check_workload<'a>(cx: &mut RuleContext<'a>, workload: &Workload<'a>) {
    for alias in workload.spec_member("hostAliases").items() {
        let ip = alias.get("ip");
        if ip.text().is_some_and(is_endpoint_host) {
            cx.report(ip, "gives a name to the metadata endpoint of the node (IMDS)");
        }
    }
    for container in workload.containers() {
        let has_companion = OnceCell::new();
        for variable in container.env().filter(|variable| variable.is_set()) {
            let switch = variable.value.is_none().then(|| operated_by(variable.name, None)).flatten();
            let is_app_service =
                || variable.name == "IDENTITY_ENDPOINT" && *has_companion.get_or_init(|| is_app_service(container));
            let redirects =
                || is_app_service().then_some("redirects SDKs to another source of managed-identity tokens");
            if let Some(message) = switch.or_else(redirects) {
                let finding = cx.report(variable.node, message);
                if workload.uses_workload_identity() {
                    finding.remediation(DROP);
                }
            }
        }
    }
}

/// `IDENTITY_ENDPOINT` is a common name; SDKs use it as a token source only together with one of these.
fn is_app_service(container: &Container<'_>) -> bool {
    container.env().any(|variable| matches!(variable.name, "IDENTITY_HEADER" | "IMDS_ENDPOINT"))
}

fn fault_of_pair(name: &str, value: &str) -> Option<&'static str> {
    operated_by(name, Some(value)).or_else(|| names_endpoint(name, value))
}

fn operated_by(name: &str, value: Option<&str>) -> Option<&'static str> {
    // What sets a switch is one word; in a shell, more of the command may follow.
    let ends = |c: char| c == ';' || c.is_ascii_whitespace();
    let word = value.map(|value| value.trim().split(ends).next().unwrap_or_default());
    switch_of(name, word).map(|switch| switch.what)
}

fn names_endpoint(name: &str, value: &str) -> Option<&'static str> {
    (mentions_endpoint(value) && !excludes_from_proxy(name, value)).then_some(NAMES_ENDPOINT)
}

/// A file or script: the assignments in it, or the text as a whole where the address is elsewhere.
fn check_text<'a>(cx: &mut RuleContext<'a>, text: &Text<'a>) {
    if let Some(message) = operated_by(text.name, Some(&text.value)) {
        report(cx, text, text.anchor(), message);
        return;
    }
    let endpoint = text.names_endpoint();
    if signs_in_with_identity(&text.value) {
        report(cx, text, text.anchor(), LOGS_IN);
    }
    if excludes_from_proxy(text.name, &text.value) || !endpoint && !text.may_switch() {
        return;
    }
    let fault = |pair| Some((text.key_of(pair), fault_of_pair(text.key_of(pair), text.value_of(pair))?));
    let mut found: Vec<_> = text.pairs().iter().filter_map(fault).collect();
    let names_endpoint = found.iter().any(|(_, what)| *what == NAMES_ENDPOINT);
    if endpoint && !names_endpoint {
        report(cx, text, text.anchor(), NAMES_ENDPOINT);
    }
    found.dedup();
    let others = found.split_off(MOST_ASSIGNMENTS.min(found.len()));
    for (key, message) in found {
        report(cx, text, text.inside(key), message);
    }
    if !others.is_empty() {
        let keys = others.iter().map(|(key, _)| (Some(digest(key)), RULE.severity)).collect();
        let message = format!("has {} more assignments that this rule reports", others.len());
        report(cx, text, text.anchor(), message).compared = Compared::Many(keys);
    }
}
