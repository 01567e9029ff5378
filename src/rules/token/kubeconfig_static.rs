//! A kubeconfig with a fixed credential lies in a ConfigMap, Secret or annotation.
//!
//! # Why
//!
//! A client key, token, password or service principal's secret in a kubeconfig signs in to a cluster
//! for whoever reads it, past Entra and its policies, until somebody rotates it. The admin kubeconfig
//! of an AKS cluster is the worst: it is a member of `system:masters`. ConfigMaps and annotations are
//! read by everybody with `view`; a Secret keeps it closer, so it weighs less there. Kubeconfigs whose
//! exec plugin gets a token at run time hold nothing and are fine.
//!
//! ```yaml deny
//! apiVersion: v1
//! kind: ConfigMap
//! metadata:
//!   name: deployer
//!   namespace: shop
//! data:
//!   config: |
//!     apiVersion: v1
//!     kind: Config
//!     clusters:
//!     - name: shop
//!       cluster:
//!         server: https://shop-1a2b3c4d.hcp.westeurope.azmk8s.io:443
//!     users:
//!     - name: deployer
//!       user:
//!         token: 4f9c21d7b0a84e5db1c6a7f0e93d52886c1f
//!     contexts:
//!     - name: shop
//!       context: {cluster: shop, user: deployer}
//!     current-context: shop
//! ```
//!
//! # Fix
//!
//! Let kubelogin get a token from the pod's workload identity.
//!
//! ```yaml allow
//! apiVersion: v1
//! kind: ConfigMap
//! metadata:
//!   name: deployer
//!   namespace: shop
//! data:
//!   config: |
//!     apiVersion: v1
//!     kind: Config
//!     clusters:
//!     - name: shop
//!       cluster:
//!         server: https://shop-1a2b3c4d.hcp.westeurope.azmk8s.io:443
//!     users:
//!     - name: deployer
//!       user:
//!         exec:
//!           apiVersion: client.authentication.k8s.io/v1
//!           command: kubelogin
//!           args: [get-token, --login, workloadidentity, --server-id, 6dae42f8-4368-4678-94ff-3960e28e3630]
//!     contexts:
//!     - name: shop
//!       context: {cluster: shop, user: deployer}
//!     current-context: shop
//! ```
//!
//! # Source
//!
//! - [Use kubelogin to authenticate in AKS](https://learn.microsoft.com/azure/aks/kubelogin-authentication)
//! - [Control access to the cluster configuration file](https://learn.microsoft.com/azure/aks/control-kubeconfig-access)

use crate::anchor::Anchor;
use crate::finding::Severity;
use credentials::{Kind, decode_base64, recognise_all};
use json::{Node, parse};

use crate::object::{LAST_APPLIED, Object};
use crate::rule::{Check, Rule, RuleContext};
use crate::view::sign::Signs;
use crate::view::workload::Workload;
use kubernetes::kind;
use memchr::memmem;
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "kubeconfig-static",
    summary: docs_only("kubeconfig with a fixed credential"),
    remediation: "let the kubeconfig's exec section call kubelogin with --login workloadidentity, and revoke the credential",
    severity: Severity::High,
    checks: &[
        Check::Kinds(&[kind::CONFIG_MAP], check_config_map),
        Check::Kinds(&[kind::SECRET], check_secret),
        Check::Annotated(check_annotations),
        Check::Workload(Signs::ANNOTATIONS, check_template_annotations),
    ],
};

fn check_config_map<'a>(cx: &mut RuleContext<'a>, map: &Object<'a>) {
    report_members(cx, map.get("data"), in_text, Severity::High);
    report_members(cx, map.get("binaryData"), in_base64, Severity::High);
}

fn check_secret<'a>(cx: &mut RuleContext<'a>, secret: &Object<'a>) {
    report_members(cx, secret.get("data"), in_base64, Severity::Medium);
    report_members(cx, secret.get("stringData"), in_text, Severity::Medium);
}

fn check_annotations<'a>(cx: &mut RuleContext<'a>, object: &Object<'a>) {
    for (key, value) in object.annotations().members() {
        if key != LAST_APPLIED {
            report(cx, value, in_text, Severity::High);
        } else if object.is_any(&[kind::SECRET, kind::CONFIG_MAP]) {
            check_last_applied(cx, object, value);
        }
    }
}

fn check_template_annotations<'a>(cx: &mut RuleContext<'a>, workload: &Workload<'a>) {
    if !workload.is_pod() {
        for annotations in workload.annotation_levels() {
            report_members(cx, annotations, in_text, Severity::High);
        }
    }
}

/// What a string holds; the text is read in its own encoding.
type Reader = fn(&str) -> Option<Found>;

fn report_members<'a>(cx: &mut RuleContext<'a>, map: Node<'a>, read: Reader, severity: Severity) {
    for (_, value) in map.members() {
        report(cx, value, read, severity);
    }
}

fn report<'a>(cx: &mut RuleContext<'a>, value: Node<'a>, read: Reader, severity: Severity) {
    if let Some(found) = value.text().and_then(read) {
        cx.report(value, found.what()).severity(severity);
    }
}

/// Reports what only kubectl's copy of the object has, in the clear: a Secret that was cleaned up
/// otherwise than by `kubectl apply`. What the object has as well is reported there.
fn check_last_applied<'a>(cx: &mut RuleContext<'a>, object: &Object<'a>, annotation: Node<'a>) {
    let Some(Ok(copy)) = annotation.text().map(parse) else { return };
    let copy = Node::new(&copy);
    let is_secret = object.is(&kind::SECRET);
    for (map, is_encoded) in [("data", is_secret), ("stringData", false), ("binaryData", true)] {
        let read: Reader = if is_encoded { in_base64 } else { in_text };
        for (key, value) in copy.get(map).members() {
            // A Secret's `stringData` has become `data`.
            let is_same = || object.at(&["data", key]).text().and_then(decode).as_deref() == value.text();
            if object.get(map).get(key).text() == value.text() || is_secret && is_same() {
                continue;
            }
            if let Some(found) = value.text().and_then(read) {
                cx.report(Anchor::inside(annotation, key), found.what());
            }
        }
    }
}

struct Found {
    kind: &'static Kind,
    of_aks: bool,
}

impl Found {
    fn what(&self) -> String {
        // The admin account's own kind says so already.
        let names_aks = self.kind.what.contains("AKS");
        let of_aks = if self.of_aks && !names_aks { " for an AKS cluster" } else { "" };
        format!("holds {}{of_aks}", self.kind.what)
    }
}

/// A kubeconfig in plain text or in base64.
fn in_text(text: &str) -> Option<Found> {
    // No kubeconfig with a credential is shorter.
    if text.len() < 48 {
        return None;
    }
    kubeconfig(text).or_else(|| kubeconfig(&decode(text)?))
}

/// A kubeconfig in base64, once or twice.
fn in_base64(text: &str) -> Option<Found> {
    in_text(&decode(text)?)
}

/// Text inside base64. An object is at most 1.5 MiB.
fn decode(text: &str) -> Option<String> {
    String::from_utf8(decode_base64(text, 3 << 19)?).ok()
}

fn kubeconfig(text: &str) -> Option<Found> {
    // The recogniser looks for much more; ask it only about texts that can be a kubeconfig.
    memmem::find(text.as_bytes(), b"clusters")?;
    let mut found = None;
    recognise_all(text, &mut |kind, _| {
        if kind.id.starts_with("kubeconfig-") {
            found.get_or_insert(kind);
        }
    });
    found.map(|kind| Found { kind, of_aks: memmem::find(text.as_bytes(), b".azmk8s.io").is_some() })
}
