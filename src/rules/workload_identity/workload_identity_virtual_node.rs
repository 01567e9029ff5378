//! A pod with workload identity is placed on virtual nodes, which do not mount its token.
//!
//! # Why
//!
//! Virtual nodes (`type: virtual-kubelet`) run pods on Azure Container Instances. AKS does not support workload identity
//! there: the volume that the webhook adds is not mounted, and the first sign-in fails.
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
//!   nodeSelector:
//!     type: virtual-kubelet
//!   tolerations:
//!   - key: virtual-kubelet.io/provider
//!     operator: Exists
//!   containers:
//!   - name: web
//!     image: contoso.azurecr.io/checkout:1.0
//! ```
//!
//! # Fix
//!
//! Run the pod on a node pool.
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
//! ```
//!
//! # Source
//!
//! - [Workload identity on AKS: limitations](https://learn.microsoft.com/azure/aks/workload-identity-overview#limitations)
//! - [Virtual nodes on AKS](https://learn.microsoft.com/azure/aks/virtual-nodes)

use crate::finding::Severity;
use crate::rule::{Check, Rule, RuleContext};
use crate::view::workload::Workload;
use json::Node;
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "workload-identity-virtual-node",
    summary: docs_only("workload identity on a virtual node"),
    remediation: "remove the selector and the toleration, and run the pod on a node pool",
    severity: Severity::Medium,
    checks: &[Check::Workload(check)],
};

pub const VIRTUAL: &str = "virtual-kubelet";
/// The taints of virtual nodes, of today and of the first versions.
pub const TAINTS: &[&str] = &["virtual-kubelet.io/provider", "azure.com/aci"];

fn check<'a>(cx: &mut RuleContext<'a>, workload: &Workload<'a>) {
    if !workload.uses_workload_identity() {
        return;
    }
    let place = placed_by_name(workload).or_else(|| placed_by_label(workload)).or_else(|| placed_by_affinity(workload));
    if let Some(place) = place {
        cx.report(place, "places the pod on a virtual node, where no workload identity token is mounted");
        return;
    }
    let tolerates = |toleration: &Node<'a>| toleration.get("key").text().is_some_and(|key| TAINTS.contains(&key));
    if let Some(toleration) = workload.spec_member("tolerations").items().find(tolerates) {
        cx.report(toleration, "lets the pod run on virtual nodes, where no workload identity token is mounted");
    }
}

fn placed_by_name<'a>(workload: &Workload<'a>) -> Option<Node<'a>> {
    let name = workload.spec_member("nodeName");
    name.text().is_some_and(|name| name.starts_with("virtual-node-aci-")).then_some(name)
}

fn placed_by_label<'a>(workload: &Workload<'a>) -> Option<Node<'a>> {
    let label = workload.spec_member("nodeSelector").get("type");
    (label.text() == Some(VIRTUAL)).then_some(label)
}

/// Node selector terms are alternatives, so each of them has to ask for virtual nodes.
fn placed_by_affinity<'a>(workload: &Workload<'a>) -> Option<Node<'a>> {
    let path = ["nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms"];
    let terms = workload.spec_member("affinity").at(&path);
    let asks = |term: Node<'a>| {
        term.get("matchExpressions").items().any(|expression| {
            let mut values = expression.get("values").texts().peekable();
            expression.get("key").text() == Some("type")
                && expression.get("operator").text() == Some("In")
                && values.peek().is_some()
                && values.all(|value| value == VIRTUAL)
        })
    };
    (terms.items().next().is_some() && terms.items().all(asks)).then_some(terms)
}
