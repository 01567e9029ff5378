//! Service accounts: which pods sign in as whom, and what that takes.

use crate::draft::Draft;
use crate::estate::{Pods, account, account_of, list, text};
use crate::plan::{Fate, Stage};
use crate::pointer::join;
use entra_auth_policy::view::workload_identity::{CLIENT_ID, TENANT_ID, USE};
use manifest::Change;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Pods that are to sign in as identities, the first of which is the default.
#[derive(Clone)]
pub(crate) struct Wish {
    pub pods: Pods,
    pub identities: Vec<usize>,
}

const KEEPS: &str = "names the identity that its pods sign in as";
const LABELS: &str = "signs in with workload identity";

/// Gives pods accounts: those they have, if all pods of an account are the same identity; else one for each identity
/// and namespace. `stage` is when the pods switch; accounts are there before.
pub(crate) fn assign(draft: &mut Draft<'_>, wishes: &[Wish], stage: Stage) {
    let mut shared: BTreeMap<(String, Option<String>), Vec<&Wish>> = BTreeMap::new();
    for wish in wishes {
        let name = account(draft.state(wish.pods.index), &wish.pods).map(str::to_owned);
        shared.entry((wish.pods.namespace.clone(), name)).or_default().push(wish);
    }
    for ((namespace, name), group) in shared {
        let mut by_identity: BTreeMap<usize, Vec<&Wish>> = BTreeMap::new();
        for wish in group {
            by_identity.entry(wish.identities.first().copied().unwrap_or_default()).or_default().push(wish);
        }
        let keeper = name.as_ref().and_then(|name| keeper(draft, &namespace, name, &by_identity));
        for (identity, own) in by_identity {
            let target = match &name {
                Some(name) if keeper == Some(identity) => name.clone(),
                Some(name) => {
                    let new =
                        free_name(draft, &namespace, &format!("{name}-{}", draft.identity_name(identity)), identity);
                    draft.decide(
                        false,
                        format!("ServiceAccount {namespace}/{name}"),
                        format!(
                            "pods of several identities share it. Those of {} get {new}, with the same RBAC bindings: \
                             check which of them they need",
                            draft.identity_name(identity)
                        ),
                    );
                    copy_bindings(draft, &namespace, name, &new);
                    draft.create(bare(&namespace, &new), "a dedicated account for the pods of the identity");
                    new
                }
                None => own_account(draft, &namespace, identity),
            };
            let identities: BTreeSet<usize> = own.iter().flat_map(|wish| wish.identities.iter().copied()).collect();
            annotate(draft, &namespace, &target, identity);
            identities.into_iter().for_each(|identity| draft.federate(identity, &namespace, &target));
            if name.is_some() {
                note_others(draft, &namespace, &target, wishes);
            }
            for wish in own {
                switch(draft, &wish.pods, &target, stage);
            }
        }
    }
}

/// The identity that keeps an existing account: the one that it names already, else that of most pods.
fn keeper(draft: &Draft<'_>, namespace: &str, name: &str, by_identity: &BTreeMap<usize, Vec<&Wish>>) -> Option<usize> {
    let named = draft
        .find("", "ServiceAccount", namespace, name)
        .and_then(|index| text(draft.state(index), &join("/metadata/annotations", &[CLIENT_ID])))
        .filter(|client| !client.is_empty());
    if let Some(named) = named {
        return by_identity.keys().copied().find(|identity| draft.client_id(*identity).eq_ignore_ascii_case(named));
    }
    let most = by_identity.iter().max_by_key(|(identity, wishes)| (wishes.len(), std::cmp::Reverse(**identity)));
    most.map(|(identity, _)| *identity)
}

/// The account of an identity in a namespace, for pods that run as `default` and for controllers.
pub(crate) fn own_account(draft: &mut Draft<'_>, namespace: &str, identity: usize) -> String {
    // Not an account of the input: its RBAC bindings are for other pods.
    let key = (namespace.to_owned(), identity);
    if let Some(name) = draft.own_accounts.get(&key) {
        return name.clone();
    }
    let name = free_name(draft, namespace, &draft.identity_name(identity), identity);
    copy_bindings(draft, namespace, "default", &name);
    let mut object = bare(namespace, &name);
    let default = draft.find("", "ServiceAccount", namespace, "default");
    if let Some(secrets) = default.and_then(|index| draft.state(index).get("imagePullSecrets")) {
        object["imagePullSecrets"] = secrets.clone();
    }
    draft.create(object, "a dedicated account for the identity");
    annotate(draft, namespace, &name, identity);
    draft.federate(identity, namespace, &name);
    draft.own_accounts.insert(key, name.clone());
    name
}

fn bare(namespace: &str, name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": namespace}})
}

/// Writes the identity on an account, and creates the account if the input does not have it.
pub(crate) fn annotate(draft: &mut Draft<'_>, namespace: &str, name: &str, identity: usize) {
    let index = match draft.find("", "ServiceAccount", namespace, name) {
        Some(index) => index,
        None => {
            draft.decide(
                false,
                format!("ServiceAccount {namespace}/{name}"),
                "is not in the input. The plan contains its annotation only: `kubectl apply` adds it to the account",
            );
            draft.create(bare(namespace, name), KEEPS)
        }
    };
    let client = draft.client_id(identity);
    set_annotation(draft, index, CLIENT_ID, &client);
    if let Some(tenant) = draft.given.tenant_id.clone() {
        set_annotation(draft, index, TENANT_ID, &tenant);
    }
}

fn set_annotation(draft: &mut Draft<'_>, index: usize, key: &str, value: &str) {
    let pointer = join("/metadata/annotations", &[key]);
    let is_new = draft.entries.get(index).is_some_and(|entry| entry.fate == Fate::Created);
    if is_new {
        // A new object is created as it is to be.
        if let Some(entry) = draft.entries.get_mut(index) {
            let change = Change::Set { pointer, value: value.into() };
            if change.apply(entry.before.to_mut()).is_ok() {
                entry.state = entry.before.clone();
            }
        }
    } else {
        draft.set(Stage::Apply, index, pointer, value, KEEPS);
    }
}

/// A name that no account of the namespace has, or the account that an earlier run made for the identity.
fn free_name(draft: &Draft<'_>, namespace: &str, wanted: &str, identity: usize) -> String {
    let clean = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c.to_ascii_lowercase() } else { '-' };
    let wanted: String = wanted.chars().map(clean).take(200).collect();
    let wanted = wanted.trim_matches(['-', '.']).to_owned();
    let client = draft.client_id(identity);
    let is_taken = |name: &str| match draft.find("", "ServiceAccount", namespace, name) {
        Some(index) => {
            let named = text(draft.state(index), &join("/metadata/annotations", &[CLIENT_ID]));
            !named.is_some_and(|named| named.eq_ignore_ascii_case(&client))
        }
        None => draft
            .estate
            .pods()
            .iter()
            .any(|pods| pods.namespace == namespace && account(draft.state(pods.index), pods) == Some(name)),
    };
    if !is_taken(&wanted) {
        return wanted;
    }
    let names = (1..).map(|n| if n == 1 { format!("{wanted}-identity") } else { format!("{wanted}-identity-{n}") });
    names.into_iter().find(|name| !is_taken(name)).unwrap_or(wanted)
}

/// Gives the RBAC bindings of one account to another as well.
fn copy_bindings(draft: &mut Draft<'_>, namespace: &str, from: &str, to: &str) {
    for index in draft.estate.bindings(namespace, from).to_vec() {
        let home = draft.name(index).namespace;
        let new = Some((namespace.to_owned(), to.to_owned()));
        if !list(draft.state(index), "/subjects").any(|subject| account_of(subject, &home) == new) {
            let subject = json!({"kind": "ServiceAccount", "name": to, "namespace": namespace});
            let why = "pods that had these rights run as another account";
            draft.change(Stage::Apply, index, Change::Set { pointer: "/subjects/-".to_owned(), value: subject }, why);
        }
    }
}

/// Reports pods that run as the account and do not sign in.
fn note_others(draft: &mut Draft<'_>, namespace: &str, name: &str, wishes: &[Wish]) {
    let is_wished =
        |pods: &Pods| wishes.iter().any(|wish| wish.pods.index == pods.index && wish.pods.template == pods.template);
    let others: BTreeSet<String> = draft
        .estate
        .pods()
        .iter()
        .filter(|pods| pods.namespace == namespace && !is_wished(pods))
        .filter(|pods| account(draft.state(pods.index), pods) == Some(name))
        .map(|pods| format!("{} {}", pods.kind, pods.name))
        .collect();
    if !others.is_empty() {
        let others = Vec::from_iter(others).join(", ");
        draft.decide(
            false,
            format!("ServiceAccount {namespace}/{name}"),
            format!("{others} also run as it and did not sign in to Azure. They could: give them another account"),
        );
    }
}

/// Labels pods and gives them their account.
pub(crate) fn switch(draft: &mut Draft<'_>, pods: &Pods, account_name: &str, stage: Stage) {
    draft.pod_accounts.insert((pods.index, pods.template.clone()), account_name.to_owned());
    let label = pods.at(&["metadata", "labels", USE]);
    draft.set(stage, pods.index, label, "true", LABELS);
    if account(draft.state(pods.index), pods) != Some(account_name) {
        let why = "runs as the account of its identity";
        draft.set(stage, pods.index, pods.at(&["spec", "serviceAccountName"]), account_name, why);
        draft.remove(stage, pods.index, pods.at(&["spec", "serviceAccount"]), why);
    }
    if pods.namespace == "kube-system" {
        draft.decide(
            true,
            format!("{} {}/{}", pods.kind, pods.namespace, pods.name),
            "the webhook of workload identity does not act in kube-system on AKS: move it to another namespace, or project \
             the token in the pod",
        );
    }
}
