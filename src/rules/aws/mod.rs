//! Leftovers in manifests that were written for Amazon EKS.

pub mod aws_credential;
pub mod aws_eks_object;
pub mod aws_metadata_proxy;
pub mod aws_role_annotation;

use crate::rules::Group;

pub static GROUP: Group = Group {
    id: "aws",
    title: "AWS leftovers",
    rules: &[&aws_credential::RULE, &aws_role_annotation::RULE, &aws_metadata_proxy::RULE, &aws_eks_object::RULE],
};
