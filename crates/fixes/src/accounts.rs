//! The service accounts of the input, and which of them a workload should run under.

use crate::Edit;
use crate::case::{Case, member, namespace_of, set};
use admission::object_key;
use entra_auth_policy::view::workload_identity::CLIENT_ID;
use manifest::Change;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Marks the client id of a managed identity that is to be filled in.
pub(crate) const CLIENT_ID_TO_FILL_IN: &str = "<client id>";
const ACCOUNT_TO_FILL_IN: &str = "<service account>";

/// All objects of an input, with its service accounts by namespace and name.
pub struct Input<'a> {
    accounts: BTreeMap<&'a str, BTreeMap<&'a str, &'a Value>>,
}

impl<'a> Input<'a> {
    pub fn of(objects: &'a [Value]) -> Self {
        let mut accounts: BTreeMap<&str, BTreeMap<&str, &Value>> = BTreeMap::new();
        for object in objects {
            if object["kind"] == "ServiceAccount"
                && object["apiVersion"] == "v1"
                && let Some(name) = object["metadata"]["name"].as_str()
            {
                accounts.entry(namespace_of(object)).or_default().insert(name, object);
            }
        }
        Input { accounts }
    }

    /// The service account of this name, if the input has it.
    pub(crate) fn account(&self, namespace: &str, name: &str) -> Option<&'a Value> {
        self.accounts.get(namespace)?.get(name).copied()
    }

    /// The one dedicated account of a namespace that has a client id, if there is exactly one.
    fn only_account_with_identity(&self, namespace: &str) -> Option<&'a str> {
        let accounts = self.accounts.get(namespace)?.iter();
        let mut fitting = accounts.filter(|(name, account)| **name != "default" && has_client_id(account));
        let (name, _) = fitting.next()?;
        fitting.next().is_none().then_some(*name)
    }
}

pub(crate) fn has_client_id(account: &Value) -> bool {
    account["metadata"]["annotations"][CLIENT_ID].as_str().is_some_and(|id| !id.is_empty())
}

/// Annotates an account of the input with a client id to fill in.
pub(crate) fn annotate(account: &Value) -> Option<Edit> {
    let edit = Change::Set { pointer: member("/metadata/annotations", CLIENT_ID), value: CLIENT_ID_TO_FILL_IN.into() };
    Some(Edit::Other { key: object_key(account)?, edit })
}

/// Lets a workload run under a dedicated service account that has an Azure identity: the one of its namespace, or one
/// of the workload's own name, which is added if the input does not have it. `place` is where the account is named.
pub(crate) fn dedicated(case: &Case<'_>, place: String) -> Vec<Edit> {
    let namespace = case.namespace();
    if let Some(name) = case.input.only_account_with_identity(namespace) {
        return vec![set(place, name)];
    }
    let metadata = &case.object["metadata"];
    let Some(name) = metadata["name"].as_str().filter(|name| !name.is_empty() && *name != "default") else {
        return vec![set(place, ACCOUNT_TO_FILL_IN)];
    };
    let mut edits = vec![set(place, name)];
    match case.input.account(namespace, name) {
        Some(account) if has_client_id(account) => {}
        Some(account) => edits.extend(annotate(account)),
        None => {
            let mut account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}});
            if let Some(namespace) = metadata.get("namespace").filter(|namespace| namespace.is_string()) {
                account["metadata"]["namespace"] = namespace.clone();
            }
            account["metadata"]["annotations"] = json!({CLIENT_ID: CLIENT_ID_TO_FILL_IN});
            edits.push(Edit::New { value: account });
        }
    }
    edits
}
