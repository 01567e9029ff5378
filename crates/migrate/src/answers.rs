//! What a person fills in: ids, and what only people know of the workloads.

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use text::glob;

/// The file of `--ids`. The same file with placeholders is written next to a plan.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Answers {
    /// The tenant of the identities.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<String>,
    /// Client ids by the name that the plan gives the identity.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub client_ids: BTreeMap<String, String>,
    /// Object ids of Entra groups by the name of the group, or of the role, in `aws-auth`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub groups: BTreeMap<String, String>,
    /// Other values that manifests need, such as storage accounts, by the name in their placeholder.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, String>,
    /// Workloads, as `NAMESPACE/NAME` with `*`, whose Azure SDK knows workload identity, so that they do not need the
    /// proxy.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub current_sdk: Vec<String>,
    /// Service accounts, as `NAMESPACE/NAME` with `*`, that go on calling AWS with a role that trusts this cluster.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keep_aws: Vec<String>,
}

impl Answers {
    /// Reads the file. Entries that are still placeholders count as not filled in.
    pub fn parse(text: &str) -> Result<Answers> {
        let mut answers: Answers = match manifest::parse(text)? {
            serde_json::Value::Null => Answers::default(),
            value => serde_json::from_value(value)?,
        };
        answers.tenant_id = answers.tenant_id.filter(|id| !is_placeholder(id));
        for ids in [&mut answers.client_ids, &mut answers.groups, &mut answers.values] {
            ids.retain(|_, id| !is_placeholder(id));
        }
        let ids = answers.client_ids.iter().chain(&answers.groups);
        let ids = ids.map(|(name, id)| (name.as_str(), id)).chain(answers.tenant_id.iter().map(|id| ("tenantId", id)));
        for (name, id) in ids {
            if !is_guid(id) {
                bail!("the id of {name} is not a GUID");
            }
        }
        Ok(answers)
    }

    pub(crate) fn has_current_sdk(&self, namespace: &str, name: &str) -> bool {
        covers(&self.current_sdk, namespace, name)
    }

    pub(crate) fn keeps_aws(&self, namespace: &str, name: &str) -> bool {
        covers(&self.keep_aws, namespace, name)
    }
}

fn covers(patterns: &[String], namespace: &str, name: &str) -> bool {
    let full = format!("{namespace}/{name}");
    patterns.iter().any(|pattern| glob::matches(pattern, &full))
}

/// A value to fill in.
pub(crate) fn is_placeholder(text: &str) -> bool {
    text.starts_with('<') && text.ends_with('>')
}

pub(crate) fn is_guid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_not_answers() {
        let text = "tenantId: <tenant-id>\nclientIds:\n  web: <client-id of web>\n  api: 7c9e6679-7425-40de-944b-e07fc1f90ae7\n";
        let answers = Answers::parse(text).unwrap();
        assert_eq!(answers.tenant_id, None);
        assert_eq!(answers.client_ids.keys().collect::<Vec<_>>(), ["api"]);
        assert_eq!(Answers::parse("# nothing yet\n").unwrap(), Answers::default());
    }

    #[test]
    fn wrong_ids_and_keys_are_errors() {
        assert!(Answers::parse("clientIds: {web: contoso}").unwrap_err().to_string().contains("web"));
        assert!(Answers::parse("clients: {}").is_err());
        assert!(Answers::parse("- a").is_err());
    }

    #[test]
    fn patterns_name_workloads() {
        let answers = Answers { current_sdk: vec!["shop/*".to_owned()], ..Answers::default() };
        assert!(answers.has_current_sdk("shop", "web"));
        assert!(!answers.has_current_sdk("shopping", "web"));
    }
}
