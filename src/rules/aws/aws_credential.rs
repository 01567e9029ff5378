//! A manifest holds an AWS access key.
//!
//! # Why
//!
//! A long-lived key of another cloud is a fixed credential like any other: whoever reads the object has
//! it, from anywhere, until somebody rotates it. Keys are recognised by their value, in variables,
//! arguments, ConfigMaps, Secrets, annotations and any string of a custom resource; the examples of AWS's
//! documentation are excused. In a Secret, and in a variable that is filled from one, a key is a fixed
//! credential all the same, but not for everybody to read.
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
//!     - name: AWS_ACCESS_KEY_ID
//!       value: AKIA2345672345672345
//! ```
//!
//! # Fix
//!
//! On Azure, use workload identity. For a call to AWS, let an IAM role trust the cluster's OIDC issuer.
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
//!     - name: AWS_ACCESS_KEY_ID
//!       value: AKIAIOSFODNN7EXAMPLE
//! ```
//!
//! # Source
//!
//! - [From EKS to AKS: workload identity](https://learn.microsoft.com/azure/architecture/aws-professional/eks-to-aks/workload-identity)
//! - [Access keys of AWS](https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html)

use crate::finding::Severity;
use crate::object::{LAST_APPLIED, Object};
use crate::rule::{Check, Rule, RuleContext};
use crate::view::custom_resource;
use crate::view::sign::Signs;
use crate::view::workload::Workload;
use credentials::{Class, Kind, decode_base64, ends_with_letters, is_aws_secret_key, recognise_all};
use json::Node;
use kubernetes::kind;
use std::borrow::Cow;
use text::docs_only;
use text::shown;

pub static RULE: Rule = Rule {
    id: "aws-credential",
    summary: docs_only("AWS access key"),
    remediation: "remove and rotate the key; use workload identity on Azure, or an IAM role that trusts the cluster's OIDC issuer",
    severity: Severity::High,
    checks: &[
        Check::Workload(Signs::ALWAYS, check),
        Check::Kinds(&[kind::CONFIG_MAP], check_config_map),
        Check::Kinds(&[kind::SECRET], check_secret),
        Check::CustomResource(check_custom_resource),
        // Last: what the annotations merely repeat is told at the object.
        Check::Annotated(check_annotations),
    ],
};

/// A Secret holds at most 1 MiB.
const LONGEST: usize = 1 << 20;

fn check<'a>(cx: &mut RuleContext<'a>, workload: &Workload<'a>) {
    for container in workload.containers() {
        for variable in container.env() {
            match variable.value {
                Some(value) if variable.glance.may_hold_credential() || is_aws_secret_key(variable.name, value) => {
                    report(cx, variable.node, find_assigned(variable.name, value));
                }
                None if is_sdk_variable(variable.name) && variable.secret_key_ref().is_object() => {
                    cx.report(variable.node, "is filled with a fixed AWS credential from a Secret")
                        .severity(Severity::Medium);
                }
                _ => {}
            }
        }
        let mut flag = "";
        for (node, argument) in container.arguments() {
            report(cx, node, find_assigned(flag, argument));
            flag = if argument.starts_with('-') && !argument.contains('=') { argument } else { "" };
        }
    }
    if !workload.is_pod() {
        for annotations in workload.annotation_levels() {
            check_texts(cx, annotations);
        }
    }
}

fn check_config_map<'a>(cx: &mut RuleContext<'a>, object: &Object<'a>) {
    check_texts(cx, object.get("data"));
    for (_, node) in object.get("binaryData").members() {
        report(cx, node, node.text().and_then(decode).and_then(|text| find(&text)));
    }
}

fn check_secret<'a>(cx: &mut RuleContext<'a>, object: &Object<'a>) {
    let encoded = object.get("data").members().map(|(key, node)| (key, node, true));
    let plain = object.get("stringData").members().map(|(key, node)| (key, node, false));
    for (key, node, encoded) in encoded.chain(plain) {
        let text = node.text().and_then(|text| if encoded { decode(text).map(Cow::Owned) } else { Some(text.into()) });
        if let Some(kind) = text.and_then(|text| find_assigned(key, &text)) {
            cx.report(node, format!("holds {}", kind.what)).severity(Severity::Medium);
        }
    }
}

fn check_custom_resource<'a>(cx: &mut RuleContext<'a>, object: &Object<'a>, workloads: &[Workload<'a>]) {
    custom_resource::strings(object, workloads, &["env", "command", "args"], &mut |node, text| {
        report(cx, node, find(text));
    });
}

fn check_annotations<'a>(cx: &mut RuleContext<'a>, object: &Object<'a>) {
    let told = cx.findings.iter().any(|finding| finding.rule == RULE.id);
    for (key, node) in object.annotations().members() {
        if !(told && key == LAST_APPLIED) {
            report(cx, node, node.text().and_then(|text| find_assigned(key, text)));
        }
    }
}

fn check_texts<'a>(cx: &mut RuleContext<'a>, texts: Node<'a>) {
    for (key, node) in texts.members() {
        report(cx, node, node.text().and_then(|text| find_assigned(key, text)));
    }
}

fn report<'a>(cx: &mut RuleContext<'a>, place: Node<'a>, kind: Option<&'static Kind>) {
    if let Some(kind) = kind {
        cx.report(place, format!("holds {}", kind.what));
    }
}

fn decode(text: &str) -> Option<String> {
    String::from_utf8(decode_base64(text, LONGEST)?).ok()
}

/// A key in `text`, or `text` as the value of `name`: a secret key has no mark of its own, only a name.
fn find_assigned(name: &str, text: &str) -> Option<&'static Kind> {
    let assigned = || is_aws_secret_key(name, text).then(|| find(&format!("{}={}", shown(name), text.trim())))?;
    find(text).or_else(assigned)
}

fn find(text: &str) -> Option<&'static Kind> {
    let mut found = None;
    if has_mark(text) {
        recognise_all(text, &mut |kind, _| {
            if kind.class == Class::Aws {
                found = found.or(Some(kind));
            }
        });
    }
    found
}

/// Whether `text` has the beginning of an access key id, or the end of the name of a secret key. One
/// pass that spares nearly every text the recogniser.
fn has_mark(text: &str) -> bool {
    text.as_bytes().array_windows().enumerate().any(|(at, four)| match four {
        b"AKIA" | b"ASIA" | b"ABIA" | b"ACCA" | [b'A', b'3', b'T', _] => true,
        [b'A' | b'a', b'C' | b'c', b'C' | b'c', b'E' | b'e'] => {
            text.as_bytes().get(at..at + 6).is_some_and(|word| word.eq_ignore_ascii_case(b"access"))
        }
        _ => false,
    })
}

/// What the SDKs of AWS read.
fn is_sdk_variable(name: &str) -> bool {
    ["awsaccesskeyid", "awssecretaccesskey", "awssessiontoken"].iter().any(|known| ends_with_letters(name, known))
}
