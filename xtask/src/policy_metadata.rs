//! `metadata.yml`, with the members that Kubewarden's tools read and write.

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Metadata {
    #[serde(default)]
    pub protocol_version: Option<String>,
    pub rules: Vec<AdmissionRule>,
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
    pub mutating: bool,
    #[serde(default = "yes")]
    pub background_audit: bool,
    #[serde(default = "wapc")]
    pub execution_mode: String,
    #[serde(default = "kubernetes")]
    pub policy_type: String,
    #[serde(default)]
    pub context_aware_resources: BTreeSet<ContextAwareResource>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_capabilities: Option<BTreeSet<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_kubewarden_version: Option<String>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AdmissionRule {
    pub api_groups: Vec<String>,
    pub api_versions: Vec<String>,
    pub resources: Vec<String>,
    pub operations: Vec<String>,
}

#[derive(Debug, Deserialize, Serialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ContextAwareResource {
    pub api_version: String,
    pub kind: String,
}

fn yes() -> bool {
    true
}

fn wapc() -> String {
    "kubewarden-wapc".to_owned()
}

fn kubernetes() -> String {
    "kubernetes".to_owned()
}

impl Metadata {
    pub(crate) fn read(text: &str) -> Result<Metadata> {
        serde_saphyr::from_str(text).map_err(|error| anyhow::anyhow!("{error}"))
    }

    /// The annotation called `name`.
    pub(crate) fn annotation(&self, name: &str) -> Result<&str> {
        let text = self.annotations.get(name).map(String::as_str).filter(|text| !text.trim().is_empty());
        text.with_context(|| format!("metadata.yml: there is no annotation {name}"))
    }

    /// Where the module of this version is published, with its tag.
    pub(crate) fn module(&self) -> Result<String> {
        let annotation = |name: &str| self.annotation(&format!("io.kubewarden.policy.{name}"));
        Ok(format!("{}:v{}", annotation("ociUrl")?, annotation("version")?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use entra_auth_policy::{lookup, rules};

    fn metadata() -> Metadata {
        Metadata::read(&std::fs::read_to_string(crate::root().join("metadata.yml")).unwrap()).unwrap()
    }

    /// The operations that the rules list for a resource of a group and version.
    fn operations(metadata: &Metadata, group: &str, version: &str, resource: &str) -> Vec<String> {
        let has = |list: &[String], item: &str| list.iter().any(|listed| listed == item);
        let asks = |rule: &&AdmissionRule| {
            has(&rule.api_groups, group) && has(&rule.api_versions, version) && has(&rule.resources, resource)
        };
        metadata.rules.iter().filter(asks).flat_map(|rule| rule.operations.clone()).collect()
    }

    /// The audit scanner skips policies with a wildcard in their rules.
    #[test]
    fn asks_for_nothing_in_general() {
        for rule in &metadata().rules {
            for list in [&rule.api_groups, &rule.api_versions, &rule.resources, &rule.operations] {
                assert!(!list.is_empty() && !list.iter().any(|item| item.contains('*')), "{rule:?}");
            }
            assert!(!rule.operations.contains(&"DELETE".to_owned()), "no rule evaluates DELETE: {rule:?}");
        }
    }

    #[test]
    fn asks_for_every_kind_that_a_rule_reads_and_no_kind_twice() {
        let metadata = metadata();
        for kind in rules::watched().into_iter().filter(|kind| !kind.plural.contains('/')) {
            for version in kind.versions {
                let operations = operations(&metadata, kind.group, version, kind.plural);
                assert_eq!(operations, ["CREATE", "UPDATE"], "{}/{version} {}", kind.group, kind.plural);
            }
        }
    }

    #[test]
    fn asks_for_subresources_with_the_operation_that_reaches_them() {
        let metadata = metadata();
        for (group, resource, operation) in [
            ("", "pods/ephemeralcontainers", "UPDATE"),
            ("", "serviceaccounts/token", "CREATE"),
            ("certificates.k8s.io", "certificatesigningrequests/approval", "UPDATE"),
            ("", "pods/exec", "CONNECT"),
            ("", "pods/attach", "CONNECT"),
            ("", "pods/portforward", "CONNECT"),
            ("", "nodes/proxy", "CONNECT"),
        ] {
            assert_eq!(operations(&metadata, group, "v1", resource), [operation], "{resource}");
        }
    }

    #[test]
    fn asks_to_see_what_look_ups_need() {
        let metadata = metadata();
        let declared = |resource: &&lookup::Resource| {
            let wanted = (resource.api_version, resource.kind);
            metadata.context_aware_resources.iter().any(|r| (r.api_version.as_str(), r.kind.as_str()) == wanted)
        };
        assert!(lookup::RESOURCES.iter().all(declared));
        assert_eq!(metadata.context_aware_resources.len(), lookup::RESOURCES.len());
        let capabilities: Vec<_> = metadata.host_capabilities.iter().flatten().map(String::as_str).collect();
        assert_eq!(capabilities, lookup::HOST_CAPABILITIES);
    }

    #[test]
    fn is_what_the_audit_scanner_and_reports_expect() {
        let metadata = metadata();
        assert!(!metadata.mutating && metadata.background_audit);
        let severity = metadata.annotation("io.kubewarden.policy.severity").unwrap();
        assert!(["critical", "high", "medium", "low", "info"].contains(&severity));
        for name in ["category", "title", "description", "url", "source", "license"] {
            metadata.annotation(&format!("io.kubewarden.policy.{name}")).unwrap();
        }
        let address = metadata.annotation("io.kubewarden.policy.ociUrl").unwrap();
        let last = address.rsplit('/').next().unwrap();
        assert!(!address.contains("://") && !last.contains(':'), "must have no scheme and no tag: {address}");
    }
}
