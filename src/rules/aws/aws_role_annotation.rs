//! A service account or pod is configured for IAM roles of Amazon EKS.
//!
//! # Why
//!
//! The annotations `eks.amazonaws.com/*` and the variables that the EKS webhooks inject have no effect on
//! AKS unless the AWS webhook is installed. The workload then lacks the identity that its author expects,
//! and its SDK falls back to any other credential that it finds. Each key has an equivalent in Microsoft
//! Entra Workload ID, which the remediation names. A workload that calls AWS from AKS with a federated
//! token of the cluster is legitimate; exempt it by name.
//!
//! ```yaml deny
//! apiVersion: v1
//! kind: ServiceAccount
//! metadata:
//!   name: web
//!   namespace: shop
//!   annotations:
//!     eks.amazonaws.com/role-arn: arn:aws:iam::111122223333:role/web
//! ```
//!
//! # Fix
//!
//! Annotate the account with the client id of a managed identity and label the pods
//! `azure.workload.identity/use: "true"`.
//!
//! ```yaml allow
//! apiVersion: v1
//! kind: ServiceAccount
//! metadata:
//!   name: web
//!   namespace: shop
//!   annotations:
//!     azure.workload.identity/client-id: 0f8fad5b-d9cb-469f-a165-70867728950e
//! ```
//!
//! # Source
//!
//! - [From EKS to AKS: workload identity](https://learn.microsoft.com/azure/architecture/aws-professional/eks-to-aks/workload-identity)
//! - [Webhook of IAM roles for service accounts](https://github.com/aws/amazon-eks-pod-identity-webhook)

use crate::finding::Severity;
use crate::rule::{Check, Rule, RuleContext};
use crate::view::workload::Workload;
use json::Node;
use kubernetes::kind;
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "aws-role-annotation",
    summary: docs_only("IAM role of Amazon EKS on a service account or pod"),
    remediation: "remove it and use Microsoft Entra Workload ID",
    severity: Severity::Medium,
    checks: &[
        Check::Kinds(&[kind::SERVICE_ACCOUNT], |cx, object| check_annotations(cx, object.annotations())),
        Check::Workload(check),
    ],
};

pub const GROUP: &str = "eks.amazonaws.com/";

/// The equivalent of each annotation on Azure.
const ANNOTATIONS: &[(&str, &str)] = &[
    (
        "role-arn",
        "annotate the service account with azure.workload.identity/client-id: <client id> and label the pod azure.workload.identity/use: \"true\"",
    ),
    (
        "token-expiration",
        "use azure.workload.identity/service-account-token-expiration: \"3600\" and remove the annotation",
    ),
    (
        "skip-containers",
        "use azure.workload.identity/skip-containers, which separates names by semicolons, and remove the annotation",
    ),
    ("audience", "remove it: tokens for Entra always have the audience api://AzureADTokenExchange"),
    ("sts-regional-endpoints", "remove it: Entra has one endpoint per cloud, which the webhook injects"),
];

/// The equivalent of each variable. The webhook injects all of them.
pub const VARIABLES: &[(&str, &str)] = &[
    ("AWS_ROLE_ARN", "label the pod azure.workload.identity/use: \"true\"; the webhook injects AZURE_CLIENT_ID"),
    (
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "label the pod azure.workload.identity/use: \"true\"; the webhook injects AZURE_FEDERATED_TOKEN_FILE",
    ),
    ("AWS_CONTAINER_CREDENTIALS_FULL_URI", IDENTITY),
    ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", IDENTITY),
    ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", IDENTITY),
];

const IDENTITY: &str =
    "use workload identity instead of EKS Pod Identity: label the pod azure.workload.identity/use: \"true\"";

fn check<'a>(cx: &mut RuleContext<'a>, workload: &Workload<'a>) {
    for annotations in workload.annotation_levels_once() {
        check_annotations(cx, annotations);
    }
    for variable in workload.containers().flat_map(|container| container.env()) {
        if !variable.name.starts_with("AWS_") {
            continue;
        }
        if let Some((_, fix)) = VARIABLES.iter().find(|(name, _)| *name == variable.name) {
            cx.report(variable.node, "belongs to IAM roles or Pod Identity of Amazon EKS").remediation(*fix);
        }
    }
}

fn check_annotations<'a>(cx: &mut RuleContext<'a>, annotations: Node<'a>) {
    for (key, annotation) in annotations.members() {
        let Some(name) = key.strip_prefix(GROUP) else { continue };
        let finding =
            cx.report(annotation, "is for Amazon EKS; on AKS, only software that reads the annotation uses it");
        if let Some((_, fix)) = ANNOTATIONS.iter().find(|(known, _)| *known == name) {
            finding.remediation(*fix);
        }
    }
}
