//! The object has an effect on Amazon EKS only.
//!
//! # Why
//!
//! The object has no effect on AKS, and its presence hides that something is missing. AKS ignores the user
//! mapping in `aws-auth`, a SecurityGroupPolicy does not filter traffic, and KEDA's provider `aws-eks` does
//! not find a role.
//!
//! ```yaml deny
//! apiVersion: v1
//! kind: ConfigMap
//! metadata:
//!   name: aws-auth
//!   namespace: kube-system
//! data:
//!   mapRoles: |
//!     - rolearn: arn:aws:iam::111122223333:role/admin
//!       groups: [platform]
//! ```
//!
//! # Fix
//!
//! Use the AKS equivalent: in this example, a binding of an Entra group.
//!
//! ```yaml allow
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: RoleBinding
//! metadata:
//!   name: platform
//!   namespace: shop
//! roleRef:
//!   apiGroup: rbac.authorization.k8s.io
//!   kind: ClusterRole
//!   name: view
//! subjects:
//! - apiGroup: rbac.authorization.k8s.io
//!   kind: Group
//!   name: 0f8fad5b-d9cb-469f-a165-70867728950e
//! ```
//!
//! # Source
//!
//! - [From EKS to AKS](https://learn.microsoft.com/azure/architecture/aws-professional/eks-to-aks/)
//! - [KEDA and workload identity](https://learn.microsoft.com/azure/aks/keda-workload-identity)

use crate::finding::Severity;
use crate::object::Object;
use crate::rule::{Check, Rule, RuleContext};
use json::Node;
use kubernetes::kind::{self, Kind};
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "aws-eks-object",
    summary: docs_only("object without effect outside Amazon EKS"),
    remediation: "remove the object and use its AKS equivalent",
    severity: Severity::Low,
    checks: &[
        Check::Kinds(&[kind::SECURITY_GROUP_POLICY, kind::ENI_CONFIG, kind::POD_IDENTITY_ASSOCIATION], check_kind),
        Check::Kinds(&[kind::CONFIG_MAP], check_config_map),
        Check::Kinds(&[kind::TRIGGER_AUTHENTICATION, kind::CLUSTER_TRIGGER_AUTHENTICATION], check_keda),
    ],
};

const COUNTERPARTS: &[(Kind, &str)] = &[
    (kind::SECURITY_GROUP_POLICY, "use network policies, which AKS enforces between pods, and remove the object"),
    (kind::ENI_CONFIG, "choose the pod network with Azure CNI (pod subnet or overlay) and remove the object"),
    (
        kind::POD_IDENTITY_ASSOCIATION,
        "use workload identity: annotate the service account with azure.workload.identity/client-id and label the pod",
    ),
];

fn check_kind<'a>(cx: &mut RuleContext<'a>, object: &Object<'a>) {
    let fix = COUNTERPARTS.iter().find(|(kind, _)| object.is(kind)).map(|(_, fix)| *fix);
    cx.report(object.root, "has no effect outside Amazon EKS").remediation(fix.unwrap_or(RULE.remediation));
}

fn check_config_map<'a>(cx: &mut RuleContext<'a>, object: &Object<'a>) {
    if (object.namespace, object.name) == ("kube-system", "aws-auth") {
        cx.report(object.root, "maps IAM roles to users, which AKS does not read")
            .remediation("bind Entra groups by object id in RoleBindings and ClusterRoleBindings");
    }
}

fn check_keda<'a>(cx: &mut RuleContext<'a>, object: &Object<'a>) {
    let provider: Node<'a> = object.at(&["spec", "podIdentity", "provider"]);
    if provider.text() == Some("aws-eks") {
        cx.report(provider, "signs in with an IAM role of Amazon EKS").remediation("write provider: azure-workload");
    }
}
