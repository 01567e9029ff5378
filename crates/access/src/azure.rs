//! Who is whom in Azure: workload, service account, client id, tenant, and by which mode.

use crate::inventory::{Inventory, Pod, ids};
use crate::rbac::Rbac;
use crate::rights::Rights;
use crate::subject::Subject;
use entra_auth_policy::auth_mode::{IdKind, Mode};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// How something signs in to Azure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignIn {
    WorkloadIdentity,
    IdentityBinding,
    NodeIdentity,
    PodIdentity,
    FixedCredential,
}

/// One workload, or one object that signs in for others, and an identity that it uses.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Use {
    /// Empty outside namespaces.
    pub namespace: String,
    pub kind: String,
    pub name: String,
    pub account: Option<String>,
    pub mode: SignIn,
    /// `None` if it is not in what was read.
    pub client_id: Option<String>,
    pub tenant_id: Option<String>,
}

/// An identity and what uses it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    pub client_id: String,
    pub tenants: BTreeSet<String>,
    /// Namespaces and service accounts that sign in with it.
    pub accounts: BTreeSet<String>,
    pub namespaces: BTreeSet<String>,
    /// Who in the cluster could take it from any namespace, and how.
    pub from_any_namespace: Vec<String>,
}

/// An annotated account that no workload uses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UnusedAccount {
    pub namespace: String,
    pub name: String,
    pub client_id: String,
    /// Pods run as the account without the label that gives them a token.
    pub has_pods: bool,
}

#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Azure {
    pub uses: Vec<Use>,
    pub identities: Vec<Identity>,
    pub unused_accounts: Vec<UnusedAccount>,
}

impl SignIn {
    pub const ALL: [SignIn; 5] = [
        SignIn::WorkloadIdentity,
        SignIn::IdentityBinding,
        SignIn::NodeIdentity,
        SignIn::PodIdentity,
        SignIn::FixedCredential,
    ];

    pub fn title(self) -> &'static str {
        match self {
            SignIn::WorkloadIdentity => "workload identity",
            SignIn::IdentityBinding => "identity binding",
            SignIn::NodeIdentity => "node identity",
            SignIn::PodIdentity => "pod identity",
            SignIn::FixedCredential => "fixed credential",
        }
    }

    fn of(mode: Mode) -> SignIn {
        match mode {
            Mode::WorkloadIdentity => SignIn::WorkloadIdentity,
            Mode::NodeIdentity => SignIn::NodeIdentity,
            Mode::PodIdentity => SignIn::PodIdentity,
            Mode::ServicePrincipal | Mode::Key | Mode::Literal => SignIn::FixedCredential,
        }
    }
}

impl Azure {
    /// `modes` adds what rules found out about pods: the modes by namespace, kind and name.
    pub fn of(
        inventory: &Inventory,
        rbac: &Rbac<'_>,
        modes: &BTreeMap<(String, String, String), BTreeSet<SignIn>>,
    ) -> Azure {
        let mut selected = Selected::new();
        for identity in inventory.pod_identities() {
            selected.entry((identity.namespace, identity.selector)).or_default().push(identity.client);
        }
        let mut uses = BTreeSet::new();
        for pod in inventory.pods.iter().filter(|pod| !pod.is_owned) {
            let key = (pod.namespace.clone(), pod.kind.clone(), pod.name.clone());
            let found = modes.get(&key).into_iter().flatten().copied();
            uses.extend(uses_of(inventory, &selected, pod, found));
        }
        for other in inventory.others.iter().filter(|other| !other.modes.is_empty()) {
            let clients: Vec<_> = optional(ids(&other.ids, IdKind::Client).collect());
            let tenant_id = ids(&other.ids, IdKind::Tenant).next();
            let account = other.ids.iter().find_map(|id| id.account.clone());
            for mode in other.modes.iter().map(|mode| SignIn::of(*mode)).collect::<BTreeSet<_>>() {
                uses.extend(clients.iter().map(|client_id| Use {
                    namespace: other.namespace.clone(),
                    kind: other.kind.clone(),
                    name: other.name.clone(),
                    account: account.clone(),
                    mode,
                    client_id: client_id.clone(),
                    tenant_id: tenant_id.clone(),
                }));
            }
        }
        let mut identities = identities(inventory, &uses);
        open_to_all(rbac, &uses, &mut identities);
        Azure {
            uses: uses.into_iter().collect(),
            identities: identities.into_values().collect(),
            unused_accounts: unused(inventory),
        }
    }

    /// Identities that several service accounts sign in with.
    pub fn shared(&self) -> impl Iterator<Item = &Identity> {
        self.identities.iter().filter(|identity| identity.accounts.len() > 1)
    }

    pub fn open_to_all(&self) -> impl Iterator<Item = &Identity> {
        self.identities.iter().filter(|identity| !identity.from_any_namespace.is_empty())
    }
}

/// `None` alone where nothing is known.
fn optional(known: Vec<String>) -> Vec<Option<String>> {
    if known.is_empty() { vec![None] } else { known.into_iter().map(Some).collect() }
}

/// The client ids of pod-managed identities, by namespace and label.
type Selected<'i> = BTreeMap<(&'i str, &'i str), Vec<&'i str>>;

fn uses_of(inventory: &Inventory, selected: &Selected<'_>, pod: &Pod, found: impl Iterator<Item = SignIn>) -> Vec<Use> {
    let template = &pod.template;
    let mut modes: BTreeSet<SignIn> = found.chain(template.modes.iter().map(|mode| SignIn::of(*mode))).collect();
    if !template.credentials.is_empty() {
        modes.insert(SignIn::FixedCredential);
    }
    if template.pod_identity.is_some() {
        modes.insert(SignIn::PodIdentity);
    }
    if template.signs_in {
        modes.insert(if template.uses_identity_binding { SignIn::IdentityBinding } else { SignIn::WorkloadIdentity });
    } else {
        // A volume or a program that chooses it signs in with the pod's token only if the pod has one.
        modes.remove(&SignIn::WorkloadIdentity);
    }
    let account = inventory.accounts.get(&(pod.namespace.clone(), pod.account.clone()));
    let tenant =
        ids(&template.ids, IdKind::Tenant).next().or_else(|| account.and_then(|account| account.tenant_id.clone()));
    let selected = |label: &str| {
        let clients = selected.get(&(pod.namespace.as_str(), label)).into_iter().flatten();
        clients.map(|client| (*client).to_owned()).collect::<Vec<_>>()
    };
    let mut uses = Vec::new();
    for mode in modes {
        let (clients, tenant_id) = match mode {
            SignIn::WorkloadIdentity | SignIn::IdentityBinding => {
                (optional(inventory.clients_of(pod).into_iter().collect()), tenant.clone())
            }
            SignIn::PodIdentity => (optional(template.pod_identity.as_deref().map(selected).unwrap_or_default()), None),
            SignIn::NodeIdentity | SignIn::FixedCredential => {
                let own = ids(&template.ids, IdKind::Tenant).next();
                (optional(ids(&template.ids, IdKind::Client).collect()), own)
            }
        };
        uses.extend(clients.into_iter().map(|client_id| Use {
            namespace: pod.namespace.clone(),
            kind: pod.kind.clone(),
            name: pod.name.clone(),
            account: Some(pod.account.clone()),
            mode,
            client_id,
            tenant_id: tenant_id.clone(),
        }));
    }
    uses
}

/// Every client id, with what signs in with it.
fn identities(inventory: &Inventory, uses: &BTreeSet<Use>) -> BTreeMap<String, Identity> {
    let mut identities: BTreeMap<String, Identity> = BTreeMap::new();
    let mut add = |client: &str, namespace: &str, account: Option<&str>, tenant: Option<&str>| {
        let of = identities.entry(client.to_owned()).or_default();
        client.clone_into(&mut of.client_id);
        of.tenants.extend(tenant.map(str::to_owned));
        if !namespace.is_empty() {
            of.namespaces.insert(namespace.to_owned());
            of.accounts.extend(account.map(|account| format!("{namespace}/{account}")));
        }
    };
    for one in uses {
        if let Some(client) = &one.client_id {
            add(client, &one.namespace, one.account.as_deref(), one.tenant_id.as_deref());
        }
    }
    for ((namespace, name), account) in &inventory.accounts {
        if let Some(client) = account.client_id.as_deref().filter(|client| text::is_guid(client)) {
            add(client, namespace, Some(name), account.tenant_id.as_deref());
        }
    }
    identities
}

/// Marks the identities that are granted to, or chosen for, every namespace.
fn open_to_all(rbac: &Rbac<'_>, uses: &BTreeSet<Use>, identities: &mut BTreeMap<String, Identity>) {
    let mut mark = |client: &str, how: String| {
        let of = identities.entry(client.to_owned()).or_default();
        client.clone_into(&mut of.client_id);
        if !of.from_any_namespace.contains(&how) {
            of.from_any_namespace.push(how);
        }
    };
    for one in uses.iter().filter(|one| one.namespace.is_empty()) {
        if let Some(client) = &one.client_id {
            mark(client, format!("{} {} can be used from every namespace", one.kind, one.name));
        }
    }
    // Roles for identity bindings that are bound to the accounts of all namespaces.
    let everyone = [Subject::group("system:serviceaccounts"), Subject::group("system:authenticated")];
    for group in &everyone {
        for (_, binding) in rbac.bindings_of(group).filter(|(_, binding)| binding.namespace.is_none()) {
            let Some(role) = rbac.role(binding) else { continue };
            for client in Rights::of(role).clients.iter().filter(|client| text::is_guid(client)) {
                mark(client, format!("{binding} grants it to {group}"));
            }
        }
    }
}

fn unused(inventory: &Inventory) -> Vec<UnusedAccount> {
    let mut used = BTreeSet::new();
    let mut has_pods = BTreeSet::new();
    for pod in &inventory.pods {
        let account = (pod.namespace.as_str(), pod.account.as_str());
        has_pods.insert(account);
        if pod.template.signs_in {
            used.insert(account);
        }
    }
    for other in &inventory.others {
        used.extend(other.ids.iter().filter_map(|id| Some((other.namespace.as_str(), id.account.as_deref()?))));
    }
    let accounts = inventory.accounts.iter().filter(|(_, account)| account.exists);
    let annotated =
        accounts.filter_map(|((namespace, name), account)| Some((namespace, name, account.client_id.clone()?)));
    annotated
        .filter(|(namespace, name, _)| !used.contains(&(namespace.as_str(), name.as_str())))
        .map(|(namespace, name, client_id)| UnusedAccount {
            namespace: namespace.clone(),
            name: name.clone(),
            client_id,
            has_pods: has_pods.contains(&(namespace.as_str(), name.as_str())),
        })
        .collect()
}
