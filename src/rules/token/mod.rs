//! Tokens, certificates and kubeconfigs that walk around Entra sign-in.

use crate::rules::Group;

pub static GROUP: Group = Group { id: "token", title: "Tokens and certificates", rules: &[] };
