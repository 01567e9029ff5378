//! What a cluster has that can be taken over: service accounts, pods, token Secrets and pod-managed identities.

use crate::{group_and_kind, text};
use entra_auth_policy::auth_mode::{IdKind, Mode};
use entra_auth_policy::describe::{Description, NamedId, PodTemplate};
use kubernetes::kind::{AZURE_IDENTITY, AZURE_IDENTITY_BINDING, SECRET, SERVICE_ACCOUNT};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Debug, Default)]
pub struct Inventory {
    /// By namespace and name. Pods can name accounts that are not there.
    pub accounts: BTreeMap<(String, String), Account>,
    pub pods: Vec<Pod>,
    /// Objects other than pods that name an identity or choose how to sign in.
    pub(crate) others: Vec<Other>,
    /// Namespace and name of a Secret, and the account whose token it holds.
    token_secrets: Vec<(String, String, String)>,
    identities: BTreeMap<(String, String), String>,
    identity_bindings: Vec<PodIdentityBinding>,
    pub namespaces: BTreeSet<String>,
}

/// A service account.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// Whether the cluster has it; else only pods name it.
    pub exists: bool,
    pub client_id: Option<String>,
    pub tenant_id: Option<String>,
    automount: Option<bool>,
}

/// A Pod, or a pod template of a workload.
#[derive(Clone, Debug)]
pub struct Pod {
    pub namespace: String,
    pub kind: String,
    pub name: String,
    pub account: String,
    /// Whether a workload that is here as well made it.
    pub is_owned: bool,
    pub(crate) template: PodTemplate,
}

/// An object that names an identity of Azure.
#[derive(Clone, Debug)]
pub(crate) struct Other {
    /// Empty outside namespaces.
    pub(crate) namespace: String,
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) modes: Vec<Mode>,
    pub(crate) ids: Vec<NamedId>,
}

#[derive(Clone, Debug)]
struct PodIdentityBinding {
    namespace: String,
    name: String,
    identity: String,
    selector: String,
}

/// A pod-managed identity that pods of a namespace get by a label.
pub(crate) struct PodIdentity<'i> {
    pub(crate) namespace: &'i str,
    pub(crate) binding: &'i str,
    pub(crate) selector: &'i str,
    pub(crate) client: &'i str,
}

impl Inventory {
    /// Adds an object and what it says. A workload that is added as well made an object that is owned.
    pub fn add(&mut self, object: &Value, description: &Description, is_owned: bool) {
        let (group, kind) = group_and_kind(object);
        let metadata = |key: &str| text(object, &["metadata", key]).to_owned();
        let (mut namespace, name) = (metadata("namespace"), metadata("name"));
        let is_namespaced = SERVICE_ACCOUNT.is(group, kind) || !description.pods.is_empty();
        if is_namespaced && namespace.is_empty() {
            namespace = "default".to_owned();
        }
        if !namespace.is_empty() {
            self.namespaces.insert(namespace.clone());
        }
        for template in &description.pods {
            self.accounts.entry((namespace.clone(), template.service_account.clone())).or_default();
            self.pods.push(Pod {
                namespace: namespace.clone(),
                kind: kind.to_owned(),
                name: name.clone(),
                account: template.service_account.clone(),
                is_owned,
                template: template.clone(),
            });
        }
        if SERVICE_ACCOUNT.is(group, kind) {
            let account = self.accounts.entry((namespace, name)).or_default();
            account.exists = true;
            account.automount = object["automountServiceAccountToken"].as_bool();
            let annotation = |key: &str| {
                let text = text(object, &["metadata", "annotations", key]).trim();
                (!text.is_empty()).then(|| text.to_ascii_lowercase())
            };
            account.client_id = annotation("azure.workload.identity/client-id");
            account.tenant_id = annotation("azure.workload.identity/tenant-id");
            return;
        }
        if SECRET.is(group, kind) {
            let account = text(object, &["metadata", "annotations", "kubernetes.io/service-account.name"]);
            if !account.is_empty() && text(object, &["type"]) == "kubernetes.io/service-account-token" {
                self.token_secrets.push((namespace.clone(), name.clone(), account.to_owned()));
            }
        }
        if AZURE_IDENTITY.is(group, kind) {
            let client = text(object, &["spec", "clientID"]).trim().to_ascii_lowercase();
            self.identities.insert((namespace.clone(), name.clone()), client);
        }
        if AZURE_IDENTITY_BINDING.is(group, kind) {
            let spec = |key: &str| text(object, &["spec", key]).to_owned();
            self.identity_bindings.push(PodIdentityBinding {
                namespace: namespace.clone(),
                name: name.clone(),
                identity: spec("azureIdentity"),
                selector: spec("selector"),
            });
        }
        if !description.modes.is_empty() || !description.ids.is_empty() {
            let (modes, ids) = (description.modes.clone(), description.ids.clone());
            self.others.push(Other { namespace, kind: kind.to_owned(), name, modes, ids });
        }
    }

    /// Namespace, name and account of the token Secrets. Kubernetes deletes one whose account is not there.
    pub(crate) fn token_secrets(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        let of_account = |(namespace, _, account): &&(String, String, String)| {
            self.accounts.contains_key(&(namespace.clone(), account.clone()))
        };
        let secrets = self.token_secrets.iter().filter(of_account);
        secrets.map(|(namespace, secret, account)| (namespace.as_str(), secret.as_str(), account.as_str()))
    }

    /// The pod-managed identities that can be selected.
    pub(crate) fn pod_identities(&self) -> impl Iterator<Item = PodIdentity<'_>> {
        self.identity_bindings.iter().filter_map(|binding| {
            let client = self.identities.get(&(binding.namespace.clone(), binding.identity.clone()))?;
            (!client.is_empty() && !binding.selector.is_empty()).then_some(PodIdentity {
                namespace: &binding.namespace,
                binding: &binding.name,
                selector: &binding.selector,
                client,
            })
        })
    }

    /// Whether a program in the pod finds a token for the API server.
    pub(crate) fn has_token(&self, pod: &Pod) -> bool {
        let account = self.accounts.get(&(pod.namespace.clone(), pod.account.clone()));
        pod.template.automount.or(account.and_then(|account| account.automount)) != Some(false)
    }

    /// The client ids that a pod signs in with: its own, else that of its account.
    pub(crate) fn clients_of(&self, pod: &Pod) -> BTreeSet<String> {
        let mut clients: BTreeSet<String> = ids(&pod.template.ids, IdKind::Client).collect();
        if pod.template.signs_in && clients.is_empty() {
            let account = self.accounts.get(&(pod.namespace.clone(), pod.account.clone()));
            clients.extend(account.and_then(|account| account.client_id.clone()));
        }
        clients
    }
}

/// The known ids of a kind, in lower case.
pub(crate) fn ids(ids: &[NamedId], kind: IdKind) -> impl Iterator<Item = String> {
    let values = ids.iter().filter(move |id| id.kind == kind).filter_map(|id| id.value.as_deref());
    values.map(|id| id.trim().to_ascii_lowercase()).filter(|id| text::is_guid(id))
}
