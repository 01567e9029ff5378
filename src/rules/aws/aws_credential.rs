//! A manifest holds an AWS access key.
//!
//! # Why
//!
//! A long-lived key of another cloud is a fixed credential like any other: anyone who can read the object
//! can use it, from anywhere, until it is rotated. The rule recognises keys by their value in every string
//! of an object. The examples of the AWS documentation are not reported. In a Secret, and in a variable
//! that is filled from one, a key is still a fixed credential, but fewer people can read it.
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

use crate::finding::{Compared, Severity};
use crate::rule::{Check, Rule, RuleContext};
use crate::texts::{Origin, Origins, Text};
use crate::view::workload::Workload;
use credentials::{Class, CredentialKind, ends_with_letters, is_aws_secret_key, recognise_all};
use text::docs_only;
use text::shown;

pub static RULE: Rule = Rule {
    id: "aws-credential",
    summary: docs_only("AWS access key"),
    remediation: "remove and rotate the key; use workload identity on Azure, or an IAM role that trusts the cluster's OIDC issuer",
    severity: Severity::High,
    checks: &[Check::Workload(check_references), Check::Text(Origins::ALL, check)],
};

fn check_references<'a>(cx: &mut RuleContext<'a>, workload: &Workload<'a>) {
    for variable in workload.containers().flat_map(|container| container.env()) {
        if variable.value.is_none() && is_sdk_variable(variable.name) && variable.secret_key_ref().is_object() {
            cx.report(variable.node, "is filled with a fixed AWS credential from a Secret").severity(Severity::Medium);
        }
    }
}

fn check<'a>(cx: &mut RuleContext<'a>, text: &Text<'a>) {
    if let Some(kind) = find(text) {
        let severity =
            if text.origin == Origin::Data && text.is_secret_data() { Severity::Medium } else { RULE.severity };
        // One more in the same text is new.
        let count = text.hits().iter().filter(|(kind, _)| kind.class == Class::Aws).count().max(1);
        cx.report(text.anchor(), format!("holds {}", kind.what)).severity(severity).compared =
            Compared::Many(vec![(None, severity); count]);
    }
}

/// A key in the text, or the text as the value of its name: a secret key has no mark, only a name.
fn find(text: &Text<'_>) -> Option<&'static CredentialKind> {
    let is_aws = |kind: &&'static CredentialKind| kind.class == Class::Aws;
    let found = text.hits().iter().map(|(kind, _)| *kind).find(is_aws);
    if found.is_some() || text.source.is_nameless() || !is_aws_secret_key(text.name, &text.value) {
        return found;
    }
    let mut assigned = None;
    recognise_all(&format!("{}={}", shown(text.name), text.value.trim()), &mut |kind, _| {
        assigned = assigned.or(Some(kind).filter(is_aws));
    });
    assigned
}

/// What the SDKs of AWS read.
pub fn is_sdk_variable(name: &str) -> bool {
    ["awsaccesskeyid", "awssecretaccesskey", "awssessiontoken"].iter().any(|known| ends_with_letters(name, known))
}
