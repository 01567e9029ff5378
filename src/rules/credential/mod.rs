//! Fixed credentials, wherever they hide.

use crate::rules::Group;

pub static GROUP: Group = Group { id: "credential", title: "Fixed credentials", rules: &[] };
