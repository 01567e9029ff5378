//! A workload or a ConfigMap reaches for the node's metadata endpoint, or switches a tool to the
//! managed identity of the node.
//!
//! # Why
//!
//! The instance metadata service (IMDS) at 169.254.169.254 hands out tokens of every identity attached
//! to the node, to every pod that asks: the kubelet's, those of add-ons, those of the neighbours. No
//! identity of the pod's own is involved, so the tokens cannot be narrowed or told apart in audit logs.
//! Every spelling of the address counts (decimal, hexadecimal, octal, IPv6-mapped), and so do the token
//! path, the variables that redirect SDKs (`AZURE_POD_IDENTITY_AUTHORITY_HOST`, `MSI_ENDPOINT`,
//! `IMDS_ENDPOINT`) and the switches of tools (`ARM_USE_MSI`, `az login --identity`,
//! `useManagedIdentityExtension`). Lists of hosts that bypass a proxy (`NO_PROXY`) do not.
//!
//! SDKs fall back to IMDS on their own, which no manifest shows: restrict the endpoint as well.
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
//! Give the workload an identity of its own with workload identity; SDKs and tools then need no switch.
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

use crate::anchor::Anchor;
use crate::finding::Severity;
use crate::imds::{hints_at_switch, is_proxy_exception, logs_in_with_identity, mentions_endpoint, switch_of};
use crate::object::Object;
use crate::rule::{Check, Rule, RuleContext};
use crate::view::container::Container;
use crate::view::sign::Signs;
use crate::view::workload::Workload;
use credentials::{assignments, flags};
use json::Node;
use kubernetes::kind;
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "node-identity-endpoint",
    summary: docs_only("use of the node's managed identity"),
    remediation: "use workload identity: label the pod azure.workload.identity/use: \"true\" and drop this",
    severity: Severity::Medium,
    checks: &[Check::Workload(Signs::ALWAYS, check), Check::Kinds(&[kind::CONFIG_MAP], check_config_map)],
};

const NAMES_ENDPOINT: &str = "names the metadata endpoint of the node (IMDS)";
const LOGS_IN: &str = "signs in with the managed identity of the node";
/// Entries of one ConfigMap text that are told.
const MOST: usize = 16;

fn check<'a>(cx: &mut RuleContext<'a>, workload: &Workload<'a>) {
    for container in workload.containers() {
        for variable in container.env() {
            // A literal that is empty sets nothing; a value from elsewhere is not known.
            let from_elsewhere = !variable.value_from.is_absent();
            let Some(value) = variable.value.map(Some).or(from_elsewhere.then_some(None)) else { continue };
            let what = operated_by(variable.name, value)
                .or_else(|| names_endpoint(variable.name, value.filter(|_| variable.glance.may_name_endpoint())))
                .or_else(|| app_service(container, variable.name));
            if let Some(what) = what {
                cx.report(variable.node, what);
            }
        }
        check_arguments(cx, container);
    }
}

/// `IDENTITY_ENDPOINT` is a common name; SDKs take it for a token source only beside one of these.
fn app_service(container: &Container<'_>, name: &str) -> Option<&'static str> {
    let companion = |name: &str| matches!(name, "IDENTITY_HEADER" | "IMDS_ENDPOINT");
    (name == "IDENTITY_ENDPOINT" && container.env().any(|variable| companion(variable.name)))
        .then_some("redirects SDKs to another source of managed-identity tokens")
}

fn check_arguments<'a>(cx: &mut RuleContext<'a>, container: &Container<'a>) {
    let mut flag = None;
    let mut login = false;
    for (node, argument) in container.arguments() {
        let previous = flag.take();
        let (name, value) = match argument.split_once('=') {
            Some((name, value)) => (name, value),
            None => (previous.unwrap_or_default(), argument),
        };
        flag = (argument.starts_with('-') && !argument.contains('=')).then_some(argument);
        let what = judge_pair(name, Some(value))
            .or_else(|| (login && argument == "--identity").then_some(LOGS_IN))
            .or_else(|| command_line(argument));
        login |= argument == "login";
        if let Some(what) = what {
            cx.report(node, what);
        }
    }
}

/// A whole command line in one argument: `sh -c "az login --identity"`.
fn command_line(argument: &str) -> Option<&'static str> {
    if !argument.contains(' ') || !hints_at_switch(argument) {
        return None;
    }
    let mut found = logs_in_with_identity(argument).then_some(LOGS_IN);
    let mut pair = |name: &str, value: &str| {
        found = found.or(operated_by(name, Some(value)));
    };
    flags(argument, &mut pair);
    assignments(argument, &mut |assigned| pair(assigned.key, assigned.value));
    found
}

fn judge_pair(name: &str, value: Option<&str>) -> Option<&'static str> {
    operated_by(name, value).or_else(|| names_endpoint(name, value))
}

fn operated_by(name: &str, value: Option<&str>) -> Option<&'static str> {
    switch_of(name, value).map(|switch| switch.what)
}

fn names_endpoint(name: &str, value: Option<&str>) -> Option<&'static str> {
    let named = value.is_some_and(mentions_endpoint) && !is_proxy_exception(name);
    named.then_some(NAMES_ENDPOINT)
}

fn check_config_map<'a>(cx: &mut RuleContext<'a>, object: &Object<'a>) {
    for (key, node) in object.get("data").members() {
        let Some(text) = node.text() else { continue };
        match operated_by(key, Some(text)) {
            Some(what) => _ = cx.report(node, what),
            None if is_proxy_exception(key) => {}
            None => check_text(cx, node, text),
        }
    }
}

/// The assignments in a configuration file, or the text as a whole where the address stands elsewhere.
fn check_text<'a>(cx: &mut RuleContext<'a>, node: Node<'a>, text: &str) {
    let endpoint = mentions_endpoint(text);
    if !endpoint && !hints_at_switch(text) {
        return;
    }
    let mut found = Vec::new();
    assignments(text, &mut |assigned| {
        if found.len() < MOST
            && let Some(what) = judge_pair(assigned.key, Some(assigned.value))
        {
            found.push((assigned.key, what));
        }
    });
    let names_endpoint = found.iter().any(|(_, what)| *what == NAMES_ENDPOINT);
    if endpoint && !names_endpoint {
        cx.report(node, NAMES_ENDPOINT);
    }
    if logs_in_with_identity(text) {
        cx.report(node, LOGS_IN);
    }
    found.dedup();
    for (key, what) in found {
        cx.report(Anchor::inside(node, key), what);
    }
}
