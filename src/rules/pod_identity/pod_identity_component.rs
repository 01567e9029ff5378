//! The object installs the components of the deprecated pod-managed identity.
//!
//! # Why
//!
//! NMI runs on every node and intercepts all traffic to the metadata endpoint; MIC assigns identities to
//! nodes. Both were archived in 2023 and do not get patches. MIC can hold a service principal, and NMI runs
//! as root on the host network. The rule recognises them by image (also in mirrors), by their service
//! accounts and RBAC objects, and by the definitions of their custom resources.
//!
//! ```yaml deny
//! apiVersion: apps/v1
//! kind: DaemonSet
//! metadata:
//!   name: nmi
//!   namespace: kube-system
//! spec:
//!   selector: {matchLabels: {app: nmi}}
//!   template:
//!     metadata: {labels: {app: nmi}}
//!     spec:
//!       serviceAccountName: nmi
//!       containers:
//!       - name: nmi
//!         image: mcr.microsoft.com/oss/azure/aad-pod-identity/nmi:v1.8.17
//! ```
//!
//! # Fix
//!
//! Remove the components and enable workload identity: `az aks update --enable-oidc-issuer
//! --enable-workload-identity`. The policy never blocks their deletion.
//!
//! ```yaml allow
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata:
//!   name: azure-wi-webhook-controller-manager
//!   namespace: azure-workload-identity-system
//! spec:
//!   selector: {matchLabels: {app: wi}}
//!   template:
//!     metadata: {labels: {app: wi}}
//!     spec:
//!       serviceAccountName: azure-wi-webhook-admin
//!       containers:
//!       - name: manager
//!         image: mcr.microsoft.com/oss/azure/workload-identity/webhook:v1.5.1
//! ```
//!
//! # Source
//!
//! - [aad-pod-identity (archived)](https://github.com/Azure/aad-pod-identity)
//! - [Pod-managed identities in AKS](https://learn.microsoft.com/azure/aks/use-azure-ad-pod-identity)

use crate::anchor::Anchor;
use crate::finding::Severity;
use crate::object::Object;
use crate::rule::{Check, Rule, RuleContext};
use crate::view::workload::Workload;
use kubernetes::kind::{self, Kind, POD_IDENTITY_GROUP};
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "pod-identity-component",
    summary: docs_only("component of the deprecated pod-managed identity"),
    remediation: "remove the components (NMI, MIC, their RBAC and CRDs) and enable workload identity on the cluster",
    severity: Severity::High,
    checks: &[Check::Workload(workload), Check::Kinds(NAMED, named), Check::Kinds(DEFINITION, definition)],
};

const NAMED: &[Kind] =
    &[kind::SERVICE_ACCOUNT, kind::ROLE, kind::CLUSTER_ROLE, kind::ROLE_BINDING, kind::CLUSTER_ROLE_BINDING];
const DEFINITION: &[Kind] = &[kind::CUSTOM_RESOURCE_DEFINITION];

fn workload<'a>(cx: &mut RuleContext<'a>, workload: &Workload<'a>) {
    let account = workload.service_account_node();
    if account.text().and_then(component).is_some() {
        cx.report(account, "is the service account of a pod-managed identity component");
    }
    for container in workload.containers() {
        let path = container.image_path();
        let message = if path.ends_with("aad-pod-identity/nmi") {
            "runs NMI, which intercepts the node's metadata endpoint"
        } else if path.ends_with("aad-pod-identity/mic") {
            "runs MIC, which assigns identities to nodes"
        } else {
            continue;
        };
        cx.report(Anchor::member(container.node, "image"), message);
    }
}

fn named<'a>(cx: &mut RuleContext<'a>, object: &Object<'a>) {
    if let Some(component) = component(object.name) {
        cx.report(Anchor::member(object.metadata(), "name"), format!("belongs to {component} of pod-managed identity"));
    }
}

/// The component to which a name from the published manifests or the Helm chart belongs:
/// `aad-pod-id-nmi-service-account`, `aad-pod-identity-mic`.
fn component(name: &str) -> Option<&'static str> {
    const START: &str = "aad-pod-id";
    // Not `str::find`: its set-up costs more than searching a name.
    let start = name.as_bytes().windows(START.len()).position(|part| part == START.as_bytes())?;
    let rest = name.get(start..)?;
    [("-nmi", "NMI"), ("-mic", "MIC")].into_iter().find(|(part, _)| rest.contains(part)).map(|(_, name)| name)
}

fn definition<'a>(cx: &mut RuleContext<'a>, object: &Object<'a>) {
    let group = object.at(&["spec", "group"]);
    if group.text() == Some(POD_IDENTITY_GROUP) {
        cx.report(group, "defines the custom resources of pod-managed identity");
    }
}
