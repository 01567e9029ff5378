//! A pod, namespace or component uses kube2iam or kiam.
//!
//! # Why
//!
//! Both intercept the node's metadata endpoint and hand out credentials according to a pod annotation. AAD
//! Pod Identity works the same way and has the same weaknesses: everyone who can annotate a pod chooses its
//! role, and a pod in the node's network is not restricted at all. On AKS the same address belongs to the
//! Azure metadata service, so such a proxy also sits between pods and the node's managed identities.
//!
//! ```yaml deny
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: web
//!   namespace: shop
//!   annotations:
//!     iam.amazonaws.com/role: web
//! spec:
//!   serviceAccountName: web
//!   containers:
//!   - name: web
//!     image: contoso.azurecr.io/web:1.0
//! ```
//!
//! # Fix
//!
//! Use workload identity, which exchanges a token of the pod's service account and does not need a proxy.
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
//! ```
//!
//! # Source
//!
//! - [kube2iam](https://github.com/jtblin/kube2iam)
//! - [kiam](https://github.com/uswitch/kiam)
//! - [From EKS to AKS: workload identity](https://learn.microsoft.com/azure/architecture/aws-professional/eks-to-aks/workload-identity)

use crate::anchor::Anchor;
use crate::finding::Severity;
use crate::object::Object;
use crate::rule::{Check, Rule, RuleContext};
use crate::view::workload::Workload;
use json::Node;
use kubernetes::kind;
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "aws-metadata-proxy",
    summary: docs_only("credentials through kube2iam or kiam"),
    remediation: "use workload identity: annotate the service account with azure.workload.identity/client-id and label the pod",
    severity: Severity::Medium,
    checks: &[Check::Workload(check), Check::Kinds(&[kind::NAMESPACE], check_namespace)],
};

pub const GROUP: &str = "iam.amazonaws.com/";

fn check<'a>(cx: &mut RuleContext<'a>, workload: &Workload<'a>) {
    for annotations in workload.annotation_levels_once() {
        check_annotations(cx, annotations, "asks kube2iam or kiam for an AWS role", RULE.remediation);
    }
    for container in workload.containers() {
        // `jtblin/kube2iam`, `quay.io/uswitch/kiam`, mirrors of both.
        if matches!(container.image_path().rsplit('/').next(), Some("kube2iam" | "kiam")) {
            cx.report(Anchor::member(container.node, "image"), "intercepts the node's metadata endpoint for all pods")
                .remediation("remove the component; workload identity does not need a proxy on the node");
        }
    }
}

fn check_namespace<'a>(cx: &mut RuleContext<'a>, object: &Object<'a>) {
    let message = "configures which AWS roles the pods of the namespace can get from kube2iam or kiam";
    check_annotations(cx, object.annotations(), message, "remove the annotation from the namespace");
}

fn check_annotations<'a>(
    cx: &mut RuleContext<'a>,
    annotations: Node<'a>,
    message: &'static str,
    remediation: &'static str,
) {
    for (key, annotation) in annotations.members() {
        if key.starts_with(GROUP) {
            cx.report(annotation, message).remediation(remediation);
        }
    }
}
