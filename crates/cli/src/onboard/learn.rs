//! What the proposal learns from each object of the dump.

use super::{Administrator, Proposal, identity};
use crate::dump::text;
use entra_auth_policy::operators::{Declared, OPERATORS, RoleName};
use serde_json::Value;

impl Proposal {
    pub(super) fn learn(&mut self, object: &Value) {
        match text(object, &["kind"]) {
            "ClusterRoleBinding" | "RoleBinding" => self.learn_binding(object),
            "ServiceAccount" => {
                let annotation = |key| text(object, &["metadata", "annotations", key]);
                let client = annotation("azure.workload.identity/client-id");
                let (_, namespace, name) = identity(object);
                if !client.is_empty() {
                    self.identities.entry((namespace, name)).or_default().insert(client.to_owned());
                }
                self.tenants.extend(Some(annotation("azure.workload.identity/tenant-id").to_owned()));
            }
            _ => {
                self.learn_tenants(object, 0);
                self.learn_clients(object, text(object, &["metadata", "namespace"]), 0);
            }
        }
    }

    /// Tenants that containers name.
    fn learn_tenants(&mut self, value: &Value, depth: usize) {
        if depth > 64 {
            return;
        }
        match value {
            Value::Object(members) => {
                if members.get("name").is_some_and(|name| name == "AZURE_TENANT_ID") {
                    self.tenants.extend(members.get("value").and_then(Value::as_str).map(str::to_owned));
                }
                members.values().for_each(|value| self.learn_tenants(value, depth + 1));
            }
            Value::Array(items) => items.iter().for_each(|value| self.learn_tenants(value, depth + 1)),
            _ => {}
        }
    }

    /// Client ids that pods with workload identity name themselves, instead of their service account.
    fn learn_clients(&mut self, value: &Value, namespace: &str, depth: usize) {
        if depth > 64 {
            return;
        }
        let spec = &value["spec"];
        if text(value, &["metadata", "labels", "azure.workload.identity/use"]) == "true" {
            let account = match (text(spec, &["serviceAccountName"]), text(spec, &["serviceAccount"])) {
                ("", "") => "default",
                ("", account) | (account, _) => account,
            };
            let containers = ["containers", "initContainers"].iter().filter_map(|list| spec[list].as_array()).flatten();
            let variables = containers.filter_map(|container| container["env"].as_array()).flatten();
            for variable in variables.filter(|variable| variable["name"] == "AZURE_CLIENT_ID") {
                if let Some(client) = variable["value"].as_str() {
                    let user = (namespace.to_owned(), account.to_owned());
                    self.identities.entry(user).or_default().insert(client.to_owned());
                }
            }
        }
        match value {
            Value::Object(members) => {
                members.values().for_each(|value| self.learn_clients(value, namespace, depth + 1));
            }
            Value::Array(items) => items.iter().for_each(|value| self.learn_clients(value, namespace, depth + 1)),
            _ => {}
        }
    }

    fn learn_binding(&mut self, binding: &Value) {
        let home = text(binding, &["metadata", "namespace"]);
        let is_cluster_role = text(binding, &["roleRef", "kind"]) == "ClusterRole";
        let role_name = text(binding, &["roleRef", "name"]);
        let role = RoleName { namespaced: !is_cluster_role, namespace: home, name: role_name };
        let subjects = binding["subjects"].as_array().map(Vec::as_slice).unwrap_or_default();
        let account = |subject: &Value| {
            let namespace = text(subject, &["namespace"]);
            let namespace = if namespace.is_empty() { home } else { namespace };
            (namespace.to_owned(), text(subject, &["name"]).to_owned())
        };
        let accounts: Vec<_> =
            subjects.iter().filter(|subject| subject["kind"] == "ServiceAccount").map(account).collect();
        let mut is_operators = false;
        for operator in OPERATORS {
            let Some((namespace, _)) = accounts.first() else { break };
            let declared = Declared { operator, namespace: namespace.clone() };
            let all = accounts.len() == subjects.len()
                && accounts.iter().all(|(namespace, name)| declared.binds(role, (namespace, name)));
            // A role of Kubernetes says less than one of the operator's own.
            if all && (declared.role(role).is_some() || namespace == operator.namespace) {
                self.operators.insert((operator.name, namespace.clone()));
                is_operators = true;
            }
        }
        if is_operators || !is_cluster_role || role_name != "cluster-admin" || !home.is_empty() {
            return;
        }
        for subject in subjects {
            let name = text(subject, &["name"]);
            let (name, comment) = match text(subject, &["kind"]) {
                "Group" => (
                    name.to_owned(),
                    format!("group: az ad group show --group {name} --query displayName --output tsv"),
                ),
                "User" => (
                    name.to_owned(),
                    format!("user or service principal: az ad user show --id {name} --query displayName --output tsv"),
                ),
                _ => {
                    let (namespace, name) = account(subject);
                    (format!("system:serviceaccount:{namespace}:{name}"), "a service account".to_owned())
                }
            };
            if !self.administrators.iter().any(|known| known.name == name) {
                self.administrators.push(Administrator { name, comment });
            }
        }
    }
}
