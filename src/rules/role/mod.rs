//! Role and ClusterRole: what is granted.

mod report;
pub mod role_admission_write;
pub mod role_aggregates;
pub mod role_certificate_approval;
pub mod role_custom_wildcard;
pub mod role_escalation;
pub mod role_identity_write;
pub mod role_ineffective;
pub mod role_namespace_write;
pub mod role_node_proxy;
pub mod role_node_write;
pub mod role_pod_exec;
pub mod role_rbac_write;
pub mod role_secret_read;
pub mod role_secret_write;
pub mod role_token_minting;
pub mod role_volume_write;
pub mod role_wildcard;
pub mod role_workload_write;

use crate::rules::Group;

pub static GROUP: Group = Group {
    id: "role",
    title: "Roles",
    rules: &[
        &role_wildcard::RULE,
        &role_escalation::RULE,
        &role_token_minting::RULE,
        &role_certificate_approval::RULE,
        &role_node_proxy::RULE,
        &role_secret_read::RULE,
        &role_secret_write::RULE,
        &role_pod_exec::RULE,
        &role_admission_write::RULE,
        &role_rbac_write::RULE,
        &role_identity_write::RULE,
        &role_node_write::RULE,
        &role_volume_write::RULE,
        &role_aggregates::RULE,
        &role_custom_wildcard::RULE,
        &role_workload_write::RULE,
        &role_namespace_write::RULE,
        &role_ineffective::RULE,
    ],
};

#[cfg(test)]
mod tests {
    use super::GROUP;
    use std::path::Path;

    /// A rule is a text and a row of the engine's table. It does not use another rule, not even its words.
    #[test]
    fn rules_do_not_use_each_other() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rules");
        let modules: Vec<String> = GROUP.rules.iter().map(|rule| rule.id.replace('-', "_")).collect();
        let files = modules.iter().map(|module| format!("role/{module}.rs"));
        for file in files.chain(["role/report.rs".to_owned(), "binding/binding_role_escalates.rs".to_owned()]) {
            let text = std::fs::read_to_string(folder.join(&file)).unwrap();
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
            for module in &modules {
                assert!(!code.contains(module.as_str()), "{file} uses {module}");
            }
            assert!(!code.contains("rules::"), "{file} uses other rules");
        }
    }
}
