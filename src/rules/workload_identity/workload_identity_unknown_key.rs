//! A label or annotation under `azure.workload.identity/` is unknown or on the wrong object.
//!
//! # Why
//!
//! The webhook reads one label and five annotations of the pod, and three annotations of the service
//! account. It silently ignores every other key with its prefix, so a misspelt key, or a client id on the
//! pod, looks configured but has no effect. The annotation `use-identity-binding` (AKS identity bindings, preview) has
//! no effect without the label `use`.
//!
//! ```yaml deny
//! apiVersion: v1
//! kind: ServiceAccount
//! metadata:
//!   name: checkout
//!   namespace: shop
//!   annotations:
//!     azure.workload.identity/clientid: 7d8cdf74-5f1d-4e6c-9c31-274d963d358b
//! ```
//!
//! # Fix
//!
//! ```yaml allow
//! apiVersion: v1
//! kind: ServiceAccount
//! metadata:
//!   name: checkout
//!   namespace: shop
//!   annotations:
//!     azure.workload.identity/client-id: 7d8cdf74-5f1d-4e6c-9c31-274d963d358b
//! ```
//!
//! # Source
//!
//! - [Workload identity: labels and annotations](https://azure.github.io/azure-workload-identity/docs/topics/service-account-labels-and-annotations.html)

use crate::finding::Severity;
use crate::nearest::nearest;
use crate::object::Object;
use crate::rule::{Check, Rule, RuleContext};
use crate::view::workload::Workload;
use crate::view::workload_identity::{CLIENT_ID, Home, KEYS, PREFIX, SYSTEM, USE, USE_IDENTITY_BINDING};
use json::Node;
use kubernetes::kind;
use text::docs_only;
use text::shown;

pub static RULE: Rule = Rule {
    id: "workload-identity-unknown-key",
    summary: docs_only("workload identity key that is unknown or on the wrong object"),
    remediation: "write the key as documented, on the object to which it belongs",
    severity: Severity::Medium,
    checks: &[Check::Workload(check_workload), Check::Kinds(&[kind::SERVICE_ACCOUNT, kind::NAMESPACE], check_object)],
};

fn check_workload<'a>(cx: &mut RuleContext<'a>, workload: &Workload<'a>) {
    let binding = workload.annotation(USE_IDENTITY_BINDING);
    if binding.text().is_some_and(|text| text.eq_ignore_ascii_case("true")) && !workload.uses_workload_identity() {
        cx.report(binding, "has no effect without the label azure.workload.identity/use: \"true\"")
            .remediation(format!("write {USE}: \"true\" under {}", workload.labels_path()));
    }
    for metadata in workload.metadata_levels() {
        check_map(cx, metadata.get("labels"), Some(Home::PodLabel), false);
        check_map(cx, metadata.get("annotations"), Some(Home::PodAnnotation), false);
    }
    if !workload.is_pod() {
        check_map(cx, workload.object.labels(), None, false);
        check_map(cx, workload.object.annotations(), None, false);
    }
}

fn check_object<'a>(cx: &mut RuleContext<'a>, object: &Object<'a>) {
    let account = object.is(&kind::SERVICE_ACCOUNT).then_some(Home::AccountAnnotation);
    // Microsoft's page about certificates of application-routing Gateways asks for both on the account.
    let is_of_gateway = account.is_some()
        && object.annotations().get(CLIENT_ID).set_text().is_some()
        && object.labels().get(USE).text() == Some("true");
    check_map(cx, object.labels(), None, !is_of_gateway);
    check_map(cx, object.annotations(), account, true);
}

/// Checks the keys of one map. `home` says which keys take effect there. A misplaced `use` is a leftover on
/// service accounts and namespaces; on workloads another rule reports it.
fn check_map<'a>(cx: &mut RuleContext<'a>, map: Node<'a>, home: Option<Home>, check_use: bool) {
    for (key, node) in map.members() {
        let Some(name) = key.strip_prefix(PREFIX) else {
            if let Some(name) = misspelt_prefix(key) {
                let message = format!("is not a workload identity key; their prefix is {PREFIX}");
                cx.report(node, message).remediation(format!("write {PREFIX}{name}"));
            }
            continue;
        };
        let homes = KEYS.iter().find(|(known, _)| *known == name).map(|(_, homes)| *homes);
        match homes {
            Some(homes) if home.is_some_and(|home| homes.contains(&home)) => {}
            Some(_) if name == "use" => {
                if check_use {
                    cx.report(node, "has no effect here; the webhook reads the label of the pod")
                        .severity(Severity::Low)
                        .remediation(format!("remove it, and label the pods {PREFIX}use: \"true\""));
                }
            }
            Some(homes) => {
                let homes: Vec<_> = homes.iter().map(|home| home.as_str()).collect();
                let homes = homes.join(" or ");
                cx.report(node, format!("has no effect here; it is {homes}"))
                    .remediation(format!("write it as {homes}"));
            }
            // The webhook can be configured to read `use-<suffix>` of pods.
            None if name == SYSTEM || (name.starts_with("use-") && home == Some(Home::PodAnnotation)) => {}
            None => {
                let finding = cx.report(node, "is not a key that the webhook knows");
                if let Some(known) = nearest(name, &mut KEYS.iter().map(|(known, _)| *known)) {
                    finding.remediation(format!("write {PREFIX}{known} instead of {}", shown(key)));
                }
            }
        }
    }
}

/// The name of a known key that has almost the right prefix: `azure.workload.identity.io/use`.
pub fn misspelt_prefix(key: &str) -> Option<&'static str> {
    const RIGHT: &str = "azure.workload.identity";
    let (prefix, name) = key.split_once('/')?;
    if prefix.len().abs_diff(RIGHT.len()) > 3 {
        return None;
    }
    let (known, _) = KEYS.iter().find(|(known, _)| *known == name)?;
    (strsim::levenshtein(prefix, RIGHT) <= 3).then_some(*known)
}
