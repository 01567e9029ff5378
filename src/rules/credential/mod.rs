//! Fixed credentials.

pub mod credential_at_path;
pub mod credential_from_secret;
pub mod credential_in_annotation;
pub mod credential_in_args;
pub mod credential_in_config_map;
pub mod credential_in_env;
pub mod credential_in_secret;
pub mod credential_mode;
pub mod credential_registry;
pub mod credential_volume;
pub mod literal;
#[cfg(test)]
mod tests;
mod wording;

use crate::rules::Group;

pub static GROUP: Group = Group {
    id: "credential",
    title: "Fixed credentials",
    rules: &[
        &credential_in_env::RULE,
        &credential_in_args::RULE,
        &credential_in_config_map::RULE,
        &credential_in_annotation::RULE,
        &credential_at_path::RULE,
        &credential_mode::RULE,
        &credential_volume::RULE,
        &credential_in_secret::RULE,
        &credential_from_secret::RULE,
        &credential_registry::RULE,
    ],
};
