//! What objects say, without a finding: which identities a workload signs in with, and what a role lets its holder do.
//! Programs that describe a cluster read it. The policy does not, so none of this is in the module.

use crate::auth_mode::{self, Id, IdKind, Mode, VARIABLES};
use crate::finding::Severity;
use crate::object::Object;
use crate::privilege::Privileges;
use crate::request::Payload;
use crate::settings::Settings;
use crate::view::container::{EnvVar, Value};
use crate::view::workload::{POD_IDENTITY_LABEL, Workload, workloads};
use crate::view::workload_identity::{USE_IDENTITY_BINDING, has_token, signs_in};
use credentials::is_azure_credential_variable;
use json::Node;
use kubernetes::role::Role;

/// What an object says about signing in to Azure.
#[derive(Clone, Debug, Default)]
pub struct Description {
    pub pods: Vec<PodTemplate>,
    /// The choices of the object itself, by the table of `auth_mode`.
    pub modes: Vec<Mode>,
    /// The ids that the object itself names.
    pub ids: Vec<NamedId>,
}

/// A Pod, or one pod template of an object.
#[derive(Clone, Debug)]
pub struct PodTemplate {
    pub service_account: String,
    /// Whether the webhook gives it a token for Entra, or it projects one by hand.
    pub signs_in: bool,
    /// Whether it asks for an identity binding of AKS.
    pub uses_identity_binding: bool,
    /// The value of the label that selects a pod-managed identity.
    pub pod_identity: Option<String>,
    /// Variables that hold a fixed credential of Azure.
    pub credentials: Vec<String>,
    /// `automountServiceAccountToken`, if it is set.
    pub automount: Option<bool>,
    /// The choices of its volumes and containers.
    pub modes: Vec<Mode>,
    pub ids: Vec<NamedId>,
}

/// A client id or tenant id. One that is in a Secret, or that cannot be determined, has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedId {
    pub kind: IdKind,
    pub value: Option<String>,
    /// The service account that uses it, if the object says so.
    pub account: Option<String>,
}

/// What one policy rule of a role grants that matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Power {
    /// Id of the rule that reports it.
    pub rule: &'static str,
    pub severity: Severity,
    /// `grants create on pods/exec: reaches into pods and the tokens in them`
    pub message: String,
}

/// What the object of a payload of the policy protocol says; `None` if it cannot be read.
pub fn describe(payload: &[u8]) -> Option<Description> {
    let payload = Payload::parse(payload).ok()?;
    let request = payload.request()?;
    request.wrong_member().is_none().then_some(())?;
    let (settings, _) = Settings::read(payload.settings(), |_| Err(String::new()));
    let object = Object::new(&request, request.object());
    let templates = workloads(&object, &settings);
    let modes = auth_mode::choices(&object, &[]).iter().map(|found| found.choice.mode).collect();
    let ids = auth_mode::ids(&object).iter().map(named).collect();
    Some(Description { pods: templates.iter().map(pod_template).collect(), modes, ids })
}

/// What a role grants that matters, for its whole cluster or for one namespace.
pub fn powers(role: Node<'_>, namespaced: bool) -> Vec<Power> {
    let role = Role::read(role, namespaced);
    let privileges = Privileges::of(&role);
    let power = |granted: &crate::privilege::Granted<'_, '_>| Power {
        rule: granted.rule,
        severity: granted.severity,
        message: granted.message(),
    };
    privileges.granted().iter().map(power).collect()
}

fn pod_template(workload: &Workload<'_>) -> PodTemplate {
    let mut ids = Vec::new();
    auth_mode::ids_of_pods(workload, &mut ids);
    let variables = || workload.containers().flat_map(|container| container.env());
    let is_credential = |variable: &&EnvVar<'_>| is_azure_credential_variable(variable.name).is_some();
    let credentials: Vec<String> = variables().filter(is_credential).map(|variable| variable.name.to_owned()).collect();
    let mut ids: Vec<NamedId> = ids.iter().map(named).collect();
    if !credentials.is_empty() && ids.is_empty() {
        // The ids next to a fixed credential, which no webhook writes.
        ids.extend(workload.containers().flat_map(|container| {
            container.env().filter_map(|variable| {
                let (_, kind, _) = VARIABLES.iter().find(|(name, ..)| *name == variable.name)?;
                let Value::Literal(text) = container.value(variable) else { return None };
                Some(NamedId { kind: *kind, value: Some(text.into_owned()), account: None })
            })
        }));
    }
    let asks_for_binding = workload.annotation(USE_IDENTITY_BINDING).text();
    PodTemplate {
        service_account: workload.service_account().to_owned(),
        signs_in: signs_in(workload) && workload.containers().any(|container| has_token(workload, container)),
        uses_identity_binding: asks_for_binding.is_some_and(|text| text.eq_ignore_ascii_case("true")),
        pod_identity: workload.label(POD_IDENTITY_LABEL).text().map(str::to_owned),
        credentials,
        automount: workload.spec_member("automountServiceAccountToken").bool(),
        modes: auth_mode::choices_of_pod(workload).iter().map(|found| found.choice.mode).collect(),
        ids,
    }
}

fn named(id: &Id<'_>) -> NamedId {
    let value = match &id.value {
        Value::Literal(text) if !id.is_secret && !text.is_empty() => Some(text.to_string()),
        _ => None,
    };
    NamedId { kind: id.kind, value, account: id.account.map(str::to_owned) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(object: serde_json::Value) -> Description {
        let version = object["apiVersion"].as_str().unwrap();
        let (group, version) = version.split_once('/').unwrap_or(("", version));
        let request = json!({"uid": "", "operation": "CREATE", "object": object, "name": object["metadata"]["name"],
            "namespace": "shop", "kind": {"group": group, "version": version, "kind": object["kind"]}});
        describe(json!({"request": request, "settings": {}}).to_string().as_bytes()).unwrap()
    }

    #[test]
    fn a_workload_names_its_account_and_its_identity() {
        let found = of(json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
            "spec": {"template": {"metadata": {"labels": {"azure.workload.identity/use": "true"}},
            "spec": {"serviceAccountName": "web", "containers": [{"name": "web", "env": [
                {"name": "AZURE_CLIENT_ID", "value": "7d8cdf74-5f1d-4e6c-9c31-274d963d358b"},
                {"name": "AZURE_CLIENT_SECRET", "valueFrom": {"secretKeyRef": {"name": "web", "key": "secret"}}}]}]}}}}));
        let [pod] = found.pods.as_slice() else { panic!("{found:?}") };
        assert!(pod.signs_in && !pod.uses_identity_binding && pod.pod_identity.is_none());
        assert_eq!(
            (pod.service_account.as_str(), pod.credentials.as_slice()),
            ("web", &["AZURE_CLIENT_SECRET".to_owned()][..])
        );
        let id = NamedId {
            kind: IdKind::Client,
            value: Some("7d8cdf74-5f1d-4e6c-9c31-274d963d358b".to_owned()),
            account: Some("web".to_owned()),
        };
        assert_eq!(pod.ids, [id]);
    }

    #[test]
    fn an_object_names_its_mode() {
        let found = of(
            json!({"apiVersion": "external-secrets.io/v1", "kind": "SecretStore", "metadata": {"name": "vault"},
            "spec": {"provider": {"azurekv": {"authType": "ManagedIdentity", "identityId": "7d8cdf74-5f1d-4e6c-9c31-274d963d358b"}}}}),
        );
        assert!(found.pods.is_empty());
        assert_eq!(found.modes, [Mode::NodeIdentity]);
    }

    #[test]
    fn ids_in_secrets_are_not_repeated() {
        let found = of(json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "aso-controller-settings"},
            "stringData": {"AZURE_CLIENT_ID": "7d8cdf74-5f1d-4e6c-9c31-274d963d358b"}}));
        assert_eq!(found.ids.iter().map(|id| id.value.clone()).collect::<Vec<_>>(), [None]);
    }

    #[test]
    fn a_role_has_the_powers_that_rules_report() {
        let role = |verb: &str| {
            json!({"rules": [{"apiGroups": [""], "resources": ["pods/exec"], "verbs": [verb]}]}).to_string()
        };
        let text = role("create");
        let found = powers(Node::new(&json::parse(&text).unwrap()), true);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].rule, "role-pod-exec");
        assert_eq!(found[0].message, "grants create on pods/exec: reaches into pods and the tokens in them");
        assert!(powers(Node::new(&json::parse(&role("delete")).unwrap()), true).is_empty());
    }
}
