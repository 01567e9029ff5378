//! Microsoft Entra Workload ID, used right.

use crate::rules::Group;

pub static GROUP: Group = Group { id: "workload-identity", title: "Workload identity", rules: &[] };
