//! What teams that come from EKS bring along.

use crate::rules::Group;

pub static GROUP: Group = Group { id: "aws", title: "AWS leftovers", rules: &[] };
