//! A container gets a fixed Azure credential from a Secret, a ConfigMap, a field of the pod or a file.
//!
//! # Why
//!
//! The reference keeps the credential out of the manifest, but the program still signs in with one that
//! does not expire on its own and works from anywhere. The name of the variable, or the key in the Secret,
//! shows that it is a credential of Azure. `optional` makes no difference, and neither does a reference to another
//! variable (`$(NAME)`).
//!
//! ```yaml deny
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: orders
//!   namespace: shop
//! spec:
//!   serviceAccountName: orders
//!   containers:
//!   - name: orders
//!     image: contoso.azurecr.io/orders:1.0
//!     env:
//!     - name: COSMOS_KEY
//!       valueFrom:
//!         secretKeyRef: {name: orders, key: cosmos}
//! ```
//!
//! # Fix
//!
//! Grant the pod's identity a role on the service, and drop the variable.
//!
//! ```yaml allow
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: orders
//!   namespace: shop
//!   labels:
//!     azure.workload.identity/use: "true"
//! spec:
//!   serviceAccountName: orders
//!   containers:
//!   - name: orders
//!     image: contoso.azurecr.io/orders:1.0
//!     env:
//!     - name: COSMOS_ENDPOINT
//!       value: https://orders.documents.azure.com/
//! ```
//!
//! # Source
//!
//! - [Microsoft Entra Workload ID on AKS](https://learn.microsoft.com/azure/aks/workload-identity-overview)

use super::wording::{self, CLIENT_SECRET, IF_ENTRA};
use crate::finding::{Finding, Severity};
use crate::rule::{Check, Rule, RuleContext};
use crate::view::container::{Container, EnvVar, Value};
use crate::view::workload::Workload;
use credentials::{NameStrength, is_azure_credential_variable, name_strength};
use json::Node;
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "credential-from-secret",
    summary: docs_only("fixed Azure credential handed to a container from a Secret or another source"),
    remediation: "use workload identity, grant it a role on the service, and drop the reference",
    severity: Severity::Medium,
    checks: &[Check::Workload(check)],
};

fn check<'a>(cx: &mut RuleContext<'a>, workload: &Workload<'a>) {
    for container in workload.containers() {
        for variable in container.env() {
            check_variable(cx, container, variable);
        }
        for source in container.env_from() {
            let prefix = source.get("prefix").text().unwrap_or_default();
            let secret = source.at(&["secretRef", "name"]).text();
            let what = secret.and_then(|name| is_azure_credential_variable(prefix).or_else(|| azure(name)));
            if let Some(what) = what {
                cx.report(source, format!("fills variables with {what} from a Secret"));
            }
        }
    }
    for volume in workload.volumes_once() {
        check_items(cx, volume.at(&["secret", "items"]));
        for source in volume.at(&["projected", "sources"]).items() {
            check_items(cx, source.at(&["secret", "items"]));
        }
    }
}

/// The sources of a variable, and what people call each.
const SOURCES: &[(&str, &str)] = &[
    ("secretKeyRef", "a Secret"),
    ("configMapKeyRef", "a ConfigMap"),
    ("fieldRef", "a field of the pod"),
    ("fileKeyRef", "a file"),
];

fn check_variable<'a>(cx: &mut RuleContext<'a>, container: &Container<'a>, variable: &EnvVar<'a>) {
    if variable.value.is_some() {
        let is_from_elsewhere = || container.value(variable) == Value::FromElsewhere;
        if let Some(what) = credential(variable.name).filter(|_| is_from_elsewhere()) {
            cx.report(variable.node, format!("is filled with {what} through references to other variables"));
        }
        return;
    }
    let source = |(name, _): &&(&str, &str)| variable.value_from.get(name).is_object();
    let Some((name, place)) = SOURCES.iter().find(source) else { return };
    let source = variable.value_from.get(name);
    let what = match source.get("key").text().filter(|_| *name == "secretKeyRef") {
        Some(key) => what_is_handed(variable.name, key),
        None => credential(variable.name),
    };
    if let Some(what) = what {
        let finding = cx.report(variable.node, format!("is filled with {what} from {place}"));
        advise(finding.compare_content(source), what);
    }
}

fn check_items<'a>(cx: &mut RuleContext<'a>, items: Node<'a>) {
    for item in items.items() {
        if let Some(what) = item.get("key").text().and_then(credential) {
            advise(cx.report(item, format!("mounts {what} from a Secret")), what);
        }
    }
}

/// The name of the variable decides; the key does where the variable does not say that it is something
/// else's: keys called `client-secret` hold those of any sign-in service.
fn what_is_handed(variable: &str, key: &str) -> Option<&'static str> {
    credential(variable).or_else(|| match name_strength(variable) {
        Some(NameStrength::Strong) => azure(key),
        _ => credential(key),
    })
}

/// The credential that a name says is Azure's, as findings call it.
fn credential(name: &str) -> Option<&'static str> {
    is_azure_credential_variable(name).map(|what| wording::azure(name, what))
}

fn advise(finding: &mut Finding<'_>, what: &str) {
    if what == CLIENT_SECRET {
        finding.remediation(IF_ENTRA);
    }
}

/// As `is_azure_credential_variable`, without the short keys that others use too.
fn azure(name: &str) -> Option<&'static str> {
    match name_strength(name)? {
        NameStrength::Azure(what) => Some(what),
        _ => None,
    }
}
