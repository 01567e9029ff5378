//! A plan in the making: the objects and what is decided about them so far.

use crate::Options;
use crate::answers::{Answers, is_guid};
use crate::estate::{Estate, Pods, account, list, object_name, text};
use crate::plan::{
    Decision, Fate, Federation, Identity, IdentityKind, Kept, ObjectName, Origin, Risk, Role, Stage, Task,
};
use crate::pointer::join;
use manifest::{Change, apply_changes};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

pub(crate) struct Draft<'o> {
    pub origin: Origin,
    pub estate: &'o Estate<'o>,
    pub given: &'o Answers,
    pub options: Options,
    /// The same objects, in the order of the input, and those that are created.
    pub entries: Vec<Entry<'o>>,
    pub identities: Vec<Identity>,
    pub decisions: BTreeSet<Decision>,
    pub tasks: Vec<Task>,
    pub kept: BTreeSet<Kept>,
    /// What to fill in.
    pub wanted: Answers,
    /// Entries of Secrets that a removed reference used: namespace, Secret, entry; no entry means all.
    pub released: BTreeSet<(String, String, Option<String>)>,
    /// Commands of the removal that no manifest contains.
    pub removals: BTreeSet<(String, String)>,
    /// Accounts that were made for an identity in a namespace.
    pub own_accounts: BTreeMap<(String, usize), String>,
    /// Entra groups that may have `cluster-admin`.
    pub cluster_admins: BTreeSet<String>,
    /// The account that pods get, by object and pod template.
    pub pod_accounts: BTreeMap<(usize, String), String>,
    /// Accounts by namespace and name, with the number of their identities, the first of which is annotated.
    pub accounts: BTreeMap<(String, String), Vec<usize>>,
}

/// Most objects do not change, so those of the input are borrowed.
pub(crate) struct Entry<'o> {
    pub name: ObjectName,
    pub before: Cow<'o, Value>,
    /// After the stage `Apply`, as far as decided.
    pub state: Cow<'o, Value>,
    pub changes: BTreeMap<Stage, Vec<Change>>,
    /// The reasons of each stage.
    pub why: BTreeMap<Stage, Vec<String>>,
    pub risk: Option<Risk>,
    pub fate: Fate,
    pub index: Option<usize>,
    pub replace: bool,
}

impl<'o> Draft<'o> {
    pub(crate) fn new(origin: Origin, estate: &'o Estate<'o>, given: &'o Answers, options: Options) -> Draft<'o> {
        let entry = |(index, object): (usize, &'o Value)| Entry {
            name: estate.name(index),
            before: Cow::Borrowed(object),
            state: Cow::Borrowed(object),
            changes: BTreeMap::new(),
            why: BTreeMap::new(),
            risk: None,
            fate: Fate::Changed,
            index: Some(index),
            replace: false,
        };
        Draft {
            origin,
            estate,
            given,
            options,
            entries: estate.objects.iter().enumerate().map(entry).collect(),
            identities: Vec::new(),
            decisions: BTreeSet::new(),
            tasks: Vec::new(),
            kept: BTreeSet::new(),
            wanted: given.clone(),
            released: BTreeSet::new(),
            removals: BTreeSet::new(),
            own_accounts: BTreeMap::new(),
            cluster_admins: BTreeSet::new(),
            pod_accounts: BTreeMap::new(),
            accounts: BTreeMap::new(),
        }
    }

    /// The object after the stage `Apply`, as far as decided.
    pub(crate) fn state(&self, index: usize) -> &Value {
        self.entries.get(index).map_or(&Value::Null, |entry| &entry.state)
    }

    pub(crate) fn name(&self, index: usize) -> ObjectName {
        self.entries.get(index).map(|entry| entry.name.clone()).unwrap_or_default()
    }

    /// Any object that is there before the removal, created ones too.
    pub(crate) fn find(&self, group: &str, kind: &str, namespace: &str, name: &str) -> Option<usize> {
        self.estate.find(group, kind, namespace, name).or_else(|| {
            // The estate knows the objects of the input, which come first.
            let known = self.estate.objects.len();
            let is_it = |entry: &Entry<'_>| {
                entry.name.group() == group
                    && entry.name.kind == kind
                    && entry.name.namespace == namespace
                    && entry.name.name == name
            };
            self.entries.get(known..)?.iter().rposition(is_it).map(|at| known + at)
        })
    }

    /// Changes an object. Changes of `Apply` are visible at once; those of later stages are relative to the object after
    /// `Apply`, and are put in order at the end.
    pub(crate) fn change(&mut self, stage: Stage, index: usize, change: Change, why: &str) {
        let Some(entry) = self.entries.get_mut(index) else { return };
        let list = entry.changes.entry(stage).or_default();
        if list.contains(&change) {
            return;
        }
        // Callers name places that are there, so a change that does not fit would be a no-op.
        if stage == Stage::Apply && change.apply(entry.state.to_mut()).is_err() {
            return;
        }
        list.push(change);
        entry.because(stage, why);
        // The API server refuses to change these.
        entry.replace |= matches!(entry.name.kind.as_str(), "Pod" | "Job") && entry.fate != Fate::Created;
    }

    pub(crate) fn set(&mut self, stage: Stage, index: usize, pointer: String, value: impl Into<Value>, why: &str) {
        let value = value.into();
        if self.state(index).pointer(&pointer) != Some(&value) {
            self.change(stage, index, Change::Set { pointer, value }, why);
        }
    }

    pub(crate) fn remove(&mut self, stage: Stage, index: usize, pointer: String, why: &str) {
        if self.state(index).pointer(&pointer).is_some() {
            self.change(stage, index, Change::Remove { pointer }, why);
        }
    }

    /// Creates an object next to the old ones, if there is none of the name. Returns its number.
    pub(crate) fn create(&mut self, object: Value, why: &str) -> usize {
        let name = object_name(&object);
        if let Some(known) = self.find(name.group(), &name.kind, &name.namespace, &name.name) {
            return known;
        }
        self.entries.push(Entry {
            name,
            before: Cow::Owned(object.clone()),
            state: Cow::Owned(object),
            changes: BTreeMap::new(),
            why: BTreeMap::from([(Stage::Apply, vec![why.to_owned()])]),
            risk: None,
            fate: Fate::Created,
            index: None,
            replace: false,
        });
        self.entries.len() - 1
    }

    pub(crate) fn delete(&mut self, index: usize, why: &str) {
        if let Some(entry) = self.entries.get_mut(index) {
            entry.fate = Fate::Deleted;
            entry.changes.retain(|stage, _| *stage < Stage::Remove);
            entry.why.retain(|stage, _| *stage < Stage::Remove);
            entry.because(Stage::Remove, why);
        }
    }

    pub(crate) fn is_deleted(&self, index: usize) -> bool {
        self.entries.get(index).is_some_and(|entry| entry.fate == Fate::Deleted)
    }

    pub(crate) fn risk(&mut self, index: usize, risk: &str) {
        if let Some(entry) = self.entries.get_mut(index) {
            entry.risk = Some(Risk(risk.to_owned()));
        }
    }

    pub(crate) fn decide(&mut self, blocks: bool, about: impl ToString, what: impl Into<String>) {
        self.decisions.insert(Decision { blocks, about: about.to_string(), what: what.into() });
    }

    pub(crate) fn keep(&mut self, index: usize, why: &str) {
        let object = self.name(index);
        self.kept.insert(Kept { object, why: why.to_owned() });
    }

    pub(crate) fn task(&mut self, index: usize, what: impl Into<String>, todo: impl Into<String>, link: &str) {
        let task = Task {
            number: 0,
            object: self.name(index),
            what: what.into(),
            todo: todo.into(),
            link: link.to_owned(),
            rules: Vec::new(),
        };
        let is_same = |known: &Task| known.object == task.object && known.what == task.what;
        if !self.tasks.iter().any(is_same) {
            self.tasks.push(task);
        }
    }

    /// The identity of a name; `client` is its client id, if known.
    pub(crate) fn identity(&mut self, name: &str, kind: IdentityKind, client: Option<&str>) -> usize {
        let client = client.filter(|client| is_guid(client)).map(str::to_ascii_lowercase);
        if let Some(client) = &client
            && let Some(known) = self.identities.iter().position(|identity| identity.client_id == *client)
        {
            return known;
        }
        // Two identities can have the same name in different namespaces.
        let is_taken = |draft: &Draft<'_>, name: &str| draft.identities.iter().any(|identity| identity.name == name);
        if client.is_none()
            && let Some(known) =
                self.identities.iter().position(|identity| identity.name == name && identity.kind == kind)
        {
            return known;
        }
        let mut unique = name.to_owned();
        let mut number = 2;
        while is_taken(self, &unique) {
            unique = format!("{name}-{number}");
            number += 1;
        }
        let client_id = match client.or_else(|| self.given.client_ids.get(&unique).cloned()) {
            Some(client) => client,
            None => {
                let placeholder = format!("<client-id of {unique}>");
                self.wanted.client_ids.insert(unique.clone(), placeholder.clone());
                placeholder
            }
        };
        self.identities.push(Identity {
            name: unique,
            kind,
            client_id,
            resource_id: None,
            copies: None,
            federations: Vec::new(),
            roles: Vec::new(),
        });
        self.identities.len() - 1
    }

    pub(crate) fn client_id(&self, identity: usize) -> String {
        self.identities.get(identity).map(|identity| identity.client_id.clone()).unwrap_or_default()
    }

    pub(crate) fn identity_name(&self, identity: usize) -> String {
        self.identities.get(identity).map(|identity| identity.name.clone()).unwrap_or_default()
    }

    pub(crate) fn federate(&mut self, identity: usize, namespace: &str, account: &str) {
        let federation = Federation { namespace: namespace.to_owned(), service_account: account.to_owned() };
        if let Some(identity) = self.identities.get_mut(identity)
            && !identity.federations.contains(&federation)
        {
            identity.federations.push(federation);
        }
        let accounts = self.accounts.entry((namespace.to_owned(), account.to_owned())).or_default();
        if !accounts.contains(&identity) {
            accounts.push(identity);
        }
    }

    /// The identities of pods, as far as decided.
    pub(crate) fn identities_of(&self, pods: &Pods) -> &[usize] {
        let named = self.pod_accounts.get(&(pods.index, pods.template.clone())).map(String::as_str);
        let Some(name) = named.or_else(|| account(self.state(pods.index), pods)) else { return &[] };
        self.accounts.get(&(pods.namespace.clone(), name.to_owned())).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn grant(&mut self, identity: usize, role: &'static str, on: impl Into<String>) {
        let role = Role { role, on: on.into() };
        if let Some(identity) = self.identities.get_mut(identity)
            && !identity.roles.contains(&role)
        {
            identity.roles.push(role);
        }
    }

    /// The tenant, or its placeholder.
    pub(crate) fn tenant(&mut self) -> String {
        let placeholder = || "<tenant-id>".to_owned();
        self.wanted.tenant_id.get_or_insert_with(placeholder).clone()
    }

    /// A value that the input lacks, or its placeholder.
    pub(crate) fn value(&mut self, name: &str) -> String {
        let placeholder = || format!("<{name}>");
        self.wanted.values.entry(name.to_owned()).or_insert_with(placeholder).clone()
    }

    /// The Entra group for a name of `aws-auth`, or its placeholder.
    pub(crate) fn group(&mut self, name: &str) -> String {
        let placeholder = || format!("<object-id of {name}>");
        self.wanted.groups.entry(name.to_owned()).or_insert_with(placeholder).clone()
    }

    /// Notes that a reference to a Secret goes away.
    pub(crate) fn release(&mut self, namespace: &str, secret: &str, entry: Option<&str>) {
        self.released.insert((namespace.to_owned(), secret.to_owned(), entry.map(str::to_owned)));
    }

    /// Deletes the Secrets that no object refers to any more, or the entries that none uses.
    pub(crate) fn retire_secrets(&mut self) {
        let mut wanted: BTreeMap<(String, String), BTreeSet<Option<String>>> = BTreeMap::new();
        for (namespace, secret, entry) in std::mem::take(&mut self.released) {
            wanted.entry((namespace, secret)).or_default().insert(entry);
        }
        let mentions = self.mentions(wanted.keys());
        for ((namespace, secret), released) in &wanted {
            let name = (namespace.as_str(), secret.as_str());
            let uses = self.uses(mentions.get(&name).into_iter().flatten().copied(), secret);
            let writer = self.writer(namespace, secret);
            let Some(index) = self.estate.find("", "Secret", namespace, secret) else {
                if uses.is_empty() && writer.is_none() {
                    let command = format!("kubectl -n {namespace} delete secret/{secret} --ignore-not-found");
                    let why =
                        format!("delete Secret {namespace}/{secret}, which is not in the input and not used any more");
                    self.removals.insert((why, command));
                }
                if let (true, Some(writer)) = (uses.is_empty(), writer) {
                    self.delete(writer, "writes a Secret that nothing uses any more");
                }
                continue;
            };
            if uses.is_empty() {
                self.delete(index, "holds a credential that nothing uses any more");
                if let Some(writer) = writer {
                    self.delete(writer, "writes a Secret that nothing uses any more");
                }
                continue;
            }
            if uses.contains(&None) && released.iter().any(Option::is_none) {
                self.keep(index, "other objects use the whole Secret");
                continue;
            }
            for entry in released.iter().flatten() {
                if uses.contains(&Some(entry.clone())) {
                    self.keep(index, "other objects still use the same entries");
                    continue;
                }
                for map in ["/data", "/stringData"] {
                    self.remove(Stage::Remove, index, join(map, &[entry]), "an entry is not used any more");
                }
            }
        }
    }

    /// The objects in which the name of a Secret is after the removal, by the Secret's namespace and name: one walk over
    /// each object for all Secrets.
    fn mentions<'s>(
        &self,
        secrets: impl Iterator<Item = &'s (String, String)>,
    ) -> BTreeMap<(&'s str, &'s str), BTreeSet<usize>> {
        // By name, the namespaces of the Secrets that have it.
        let mut names: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (namespace, name) in secrets {
            names.entry(name).or_default().push(namespace);
        }
        let mut mentions: BTreeMap<(&str, &str), BTreeSet<usize>> = BTreeMap::new();
        for (index, entry) in self.entries.iter().enumerate().filter(|(_, entry)| entry.name.kind != "Secret") {
            each_text(&entry.after(Stage::Remove), &mut |text| {
                let Some((name, namespaces)) = names.get_key_value(text) else { return };
                let own = &entry.name.namespace;
                for namespace in namespaces.iter().filter(|namespace| own.is_empty() || own == *namespace) {
                    mentions.entry((namespace, name)).or_default().insert(index);
                }
            });
        }
        mentions
    }

    /// The entries of a Secret that these objects use after the removal; none means all.
    fn uses(&self, objects: impl Iterator<Item = usize>, secret: &str) -> BTreeSet<Option<String>> {
        let mut uses = BTreeSet::new();
        for entry in objects.filter(|index| !self.is_deleted(*index)).filter_map(|index| self.entries.get(index)) {
            find_uses(&entry.after(Stage::Remove), "", secret, &mut uses);
        }
        uses
    }

    /// The object that writes the Secret.
    fn writer(&self, namespace: &str, secret: &str) -> Option<usize> {
        self.entries.iter().position(|entry| {
            entry.name.namespace == namespace
                && match entry.name.kind.as_str() {
                    "ExternalSecret" => text(&entry.before, "/spec/target/name").unwrap_or(&entry.name.name) == secret,
                    "SealedSecret" => entry.name.name == secret,
                    _ => false,
                }
        })
    }

    /// Names the Helm releases and GitOps objects that own changed objects.
    pub(crate) fn note_releases(&mut self) {
        let mut releases: BTreeMap<String, usize> = BTreeMap::new();
        for entry in &self.entries {
            if entry.changes.is_empty() && entry.fate != Fate::Deleted {
                continue;
            }
            if let Some(release) = release(&entry.before) {
                *releases.entry(release.to_owned()).or_default() += 1;
            }
        }
        for (release, count) in releases {
            let objects = if count == 1 { "1 object".to_owned() } else { format!("{count} objects") };
            self.decide(
                false,
                format!("Helm release {release}"),
                format!("make the same changes in its values: the next upgrade reverts {objects} otherwise"),
            );
        }
    }
}

/// The Helm release that made an object.
fn release(object: &Value) -> Option<&str> {
    let named = text(object, "/metadata/annotations/meta.helm.sh~1release-name");
    let is_helm = text(object, "/metadata/labels/app.kubernetes.io~1managed-by") == Some("Helm");
    named.or_else(|| text(object, "/metadata/labels/app.kubernetes.io~1instance").filter(|_| is_helm))
}

impl Entry<'_> {
    fn because(&mut self, stage: Stage, why: &str) {
        let reasons = self.why.entry(stage).or_default();
        if !reasons.iter().any(|known| known == why) {
            reasons.push(why.to_owned());
        }
    }

    /// The object after a stage.
    pub(crate) fn after(&self, stage: Stage) -> Cow<'_, Value> {
        let mut value = Cow::Borrowed(self.state.as_ref());
        for (_, changes) in self.changes.range(Stage::Remove..=stage) {
            value = apply_changes(&value, &without_nested(changes)).map_or(value, Cow::Owned);
        }
        value
    }
}

/// Changes without those of nodes below one that is removed.
pub(crate) fn without_nested(changes: &[Change]) -> Vec<Change> {
    let removed: Vec<String> = changes
        .iter()
        .filter_map(|change| match change {
            Change::Remove { pointer } => Some(format!("{pointer}/")),
            _ => None,
        })
        .collect();
    let is_below = |change: &&Change| !removed.iter().any(|above| change.pointer().starts_with(above.as_str()));
    changes.iter().filter(is_below).cloned().collect()
}

fn each_text(value: &Value, found: &mut dyn FnMut(&str)) {
    match value {
        Value::String(text) => found(text),
        Value::Array(items) => items.iter().for_each(|item| each_text(item, found)),
        Value::Object(members) => members.values().for_each(|member| each_text(member, found)),
        _ => {}
    }
}

/// Collects the entries of a Secret that a value refers to, by the members that controllers use.
fn find_uses(value: &Value, above: &str, secret: &str, uses: &mut BTreeSet<Option<String>>) {
    match value {
        Value::Object(members) => {
            let named = |key: &str| members.get(key).is_some_and(|name| name == secret);
            let above = above.to_ascii_lowercase();
            let is_reference = above.contains("secret") || above.ends_with("ref") || members.contains_key("key");
            if named("secretName") || named("existingSecret") || named("name") && is_reference {
                let items: Vec<String> =
                    list(value, "/items").filter_map(|item| text(item, "/key")).map(str::to_owned).collect();
                match members.get("key").and_then(Value::as_str) {
                    Some(key) => _ = uses.insert(Some(key.to_owned())),
                    None if !items.is_empty() => uses.extend(items.into_iter().map(Some)),
                    None => _ = uses.insert(None),
                }
            }
            for (key, value) in members {
                if value == secret && key.to_ascii_lowercase().ends_with("secret") {
                    uses.insert(None);
                }
                if key != "metadata" {
                    find_uses(value, key, secret, uses);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|value| find_uses(value, above, secret, uses)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_removed_is_not_changed_inside() {
        let remove = |pointer: &str| Change::Remove { pointer: pointer.to_owned() };
        let changes = [remove("/a/0"), remove("/a/2/b"), remove("/a/2"), remove("/a/20"), remove("/a/0/x")];
        assert_eq!(without_nested(&changes), [remove("/a/0"), remove("/a/2"), remove("/a/20")]);
    }

    #[test]
    fn uses_of_a_secret() {
        let object = json!({"spec": {
            "containers": [{"name": "sp", "image": "i", "env": [
                {"name": "A", "valueFrom": {"secretKeyRef": {"name": "sp", "key": "id"}}}]}],
            "volumes": [{"name": "sp", "secret": {"secretName": "sp", "items": [{"key": "cert", "path": "c"}]}}]}});
        let mut uses = BTreeSet::new();
        find_uses(&object, "", "sp", &mut uses);
        assert_eq!(Vec::from_iter(uses), [Some("cert".to_owned()), Some("id".to_owned())]);
    }
}
