//! The annotation `azure.workload.identity/skip-containers` does not have the intended effect.
//!
//! # Why
//!
//! The webhook splits the list at semicolons and ignores unknown names. With commas the whole list is one
//! unknown name, so the containers that should not have a token get one. If the list skips every container,
//! no container can use workload identity.
//!
//! ```yaml deny
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: checkout
//!   namespace: shop
//!   labels:
//!     azure.workload.identity/use: "true"
//!   annotations:
//!     azure.workload.identity/skip-containers: cache,proxy
//! spec:
//!   serviceAccountName: checkout
//!   containers:
//!   - name: web
//!     image: contoso.azurecr.io/checkout:1.0
//!   - name: cache
//!     image: contoso.azurecr.io/cache:1.0
//!   - name: proxy
//!     image: contoso.azurecr.io/proxy:1.0
//! ```
//!
//! # Fix
//!
//! ```yaml allow
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: checkout
//!   namespace: shop
//!   labels:
//!     azure.workload.identity/use: "true"
//!   annotations:
//!     azure.workload.identity/skip-containers: cache;proxy
//! spec:
//!   serviceAccountName: checkout
//!   containers:
//!   - name: web
//!     image: contoso.azurecr.io/checkout:1.0
//!   - name: cache
//!     image: contoso.azurecr.io/cache:1.0
//!   - name: proxy
//!     image: contoso.azurecr.io/proxy:1.0
//! ```
//!
//! # Source
//!
//! - [Workload identity: pod annotations](https://learn.microsoft.com/azure/aks/workload-identity-overview#pod-annotations)

use crate::finding::Severity;
use crate::nearest::nearest;
use crate::rule::{Check, Rule, RuleContext};
use crate::sort::sort;
use crate::view::container::ContainerRole;
use crate::view::workload::Workload;
use crate::view::workload_identity::{SKIP_CONTAINERS, is_proxy, is_skipped, skipped};
use text::docs_only;
use text::shown;

pub static RULE: Rule = Rule {
    id: "workload-identity-skip-containers",
    summary: docs_only("list of containers to skip that has no effect or too much"),
    remediation: "list containers of the pod, separated by semicolons",
    severity: Severity::Medium,
    checks: &[Check::Workload(check)],
};

/// Most containers that a misspelt name is compared with.
const MOST_COMPARED: usize = 50;

fn check<'a>(cx: &mut RuleContext<'a>, workload: &Workload<'a>) {
    let annotation = workload.annotation(SKIP_CONTAINERS);
    let Some(list) = annotation.set_text().filter(|_| workload.uses_workload_identity()) else { return };
    if list.contains(',') {
        let names: Vec<&str> = list.split([',', ';']).map(str::trim).filter(|name| !name.is_empty()).collect();
        cx.report(annotation, "has commas; the webhook splits at semicolons, so it skips nothing")
            .remediation(format!("write {SKIP_CONTAINERS}: {}", shown(&names.join(";"))));
        return;
    }
    let names = || {
        let containers = workload.containers().filter(|c| c.role != ContainerRole::Ephemeral && !is_proxy(c));
        containers.map(|container| container.name())
    };
    let mut known: Vec<&str> = names().collect();
    sort(&mut known);
    // A few examples are enough for the author, and each costs the product of its length and those of the names.
    for name in skipped(workload).iter().filter(|name| known.binary_search(name).is_err()).take(10) {
        let message = format!("names {}, which is not a container of the pod", shown(name));
        let near = nearest(name, &mut names().take(MOST_COMPARED));
        let finding = cx.report(annotation, message);
        match near {
            Some(near) => _ = finding.remediation(format!("write {} instead of {}", shown(near), shown(name))),
            // Another webhook may add the sidecar later, so the template does not contain it yet.
            None if !workload.is_pod() => _ = finding.severity(Severity::Low),
            None => {}
        }
    }
    if names().next().is_some() && names().all(|name| is_skipped(workload, name)) {
        cx.report(annotation, "skips every container, so none of them can sign in").remediation(
            "remove the containers that use Azure from the list, or the label azure.workload.identity/use",
        );
    }
}
