//! Storage account keys of volumes: mounts with the pod's own token.
//!
//! A persistent volume and a StorageClass cannot be changed, so new ones come next to the old, and pods switch claims.

use crate::draft::Draft;
use crate::estate::{Estate, Pods, containers, list, text};
use crate::plan::{Origin, Stage};
use crate::pointer::{join, put};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

const WHY: &str = "mounts with the pod's own token";
const SUFFIX: &str = "-workload-identity";

struct Driver {
    name: &'static str,
    /// The DaemonSet that AKS runs, and the first version that mounts with a token.
    node: &'static str,
    container: &'static str,
    since: (u32, u32),
    role: &'static str,
    share: &'static str,
    docs: &'static str,
}

const DRIVERS: &[Driver] = &[
    Driver {
        name: "file.csi.azure.com",
        node: "csi-azurefile-node",
        container: "azurefile-csi",
        since: (1, 35),
        role: "Storage File Data SMB MI Admin",
        share: "shareName",
        docs: "https://github.com/kubernetes-sigs/azurefile-csi-driver/blob/master/docs/workload-identity-static-pv-mount.md",
    },
    Driver {
        name: "blob.csi.azure.com",
        node: "csi-blob-node",
        container: "blob-csi",
        since: (1, 27),
        role: "Storage Blob Data Contributor",
        share: "containerName",
        docs: "https://github.com/kubernetes-sigs/blob-csi-driver/blob/master/docs/workload-identity-static-pv-mount.md",
    },
];

/// A volume of pods that mounts with an account key.
pub(crate) struct Keyed {
    pods: Pods,
    driver: &'static Driver,
    /// Pointer to the volume in the pods' object.
    volume: String,
    kind: Kind,
}

enum Kind {
    /// `csi` with a Secret, in the pods.
    Inline,
    /// `azureFile`, in the pods.
    InTree,
    /// A claim: its name, and the number of its persistent volume.
    Claim(String, usize),
}

impl Keyed {
    pub(crate) fn pods(&self) -> &Pods {
        &self.pods
    }
}

/// A member whatever its case, as the drivers read them.
fn parameter<'v>(map: &'v Value, key: &str) -> Option<(&'v str, &'v str)> {
    let members = map.as_object()?.iter();
    let mut found = members.filter(|(name, _)| name.eq_ignore_ascii_case(key));
    found.find_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
}

fn is_nfs(map: &Value) -> bool {
    let value = |key| parameter(map, key).map(|(_, value)| value.to_ascii_lowercase());
    ["protocol", "fsType"].into_iter().filter_map(value).any(|value| value == "nfs" || value == "aznfs")
}

/// The volumes to convert. Where the driver is too old, a task says so.
pub(crate) fn find(draft: &mut Draft<'_>) -> Vec<Keyed> {
    let mut found = Vec::new();
    for pods in draft.estate.pods().to_vec() {
        let state = draft.state(pods.index).clone();
        let list_pointer = pods.at(&["spec", "volumes"]);
        for (number, volume) in list(&state, &list_pointer).enumerate() {
            let (driver, kind) = if let Some(csi) = volume.get("csi") {
                let is_keyed = csi.get("nodePublishSecretRef").is_some()
                    || parameter(&csi["volumeAttributes"], "secretName").is_some();
                (text(csi, "/driver"), is_keyed.then_some(Kind::Inline))
            } else if volume.get("azureFile").is_some() {
                (Some("file.csi.azure.com"), Some(Kind::InTree))
            } else if let Some(claim) = text(volume, "/persistentVolumeClaim/claimName") {
                let volume = volume_of(draft.estate, &pods.namespace, claim);
                let csi = volume.and_then(|index| draft.state(index).pointer("/spec/csi"));
                let is_keyed = csi.is_some_and(|csi| {
                    csi.get("nodeStageSecretRef").is_some()
                        || parameter(&csi["volumeAttributes"], "secretName").is_some()
                });
                let kind = volume.filter(|_| is_keyed).map(|index| Kind::Claim(claim.to_owned(), index));
                (csi.and_then(|csi| text(csi, "/driver")), kind)
            } else {
                continue;
            };
            let driver = driver.and_then(|name| DRIVERS.iter().find(|driver| driver.name == name));
            let (Some(driver), Some(kind)) = (driver, kind) else { continue };
            if is_old(draft, driver) {
                draft.task(
                    pods.index,
                    format!(
                        "mounts a volume of {} with an account key, and the driver is older than {}.{}",
                        driver.name, driver.since.0, driver.since.1
                    ),
                    "upgrade the driver, then migrate again",
                    driver.docs,
                );
                continue;
            }
            found.push(Keyed { pods: pods.clone(), driver, volume: format!("{list_pointer}/{number}"), kind });
        }
    }
    found
}

/// The persistent volume of a claim.
fn volume_of(estate: &Estate<'_>, namespace: &str, claim: &str) -> Option<usize> {
    let object = estate.find("", "PersistentVolumeClaim", namespace, claim).and_then(|index| estate.objects.get(index));
    let named = object.and_then(|claim| text(claim, "/spec/volumeName"));
    if let Some(index) = named.and_then(|name| estate.find("", "PersistentVolume", "", name)) {
        return Some(index);
    }
    let mut volumes = estate.of_kind("", "PersistentVolume");
    let is_its = |volume: &Value| {
        text(volume, "/spec/claimRef/name") == Some(claim)
            && text(volume, "/spec/claimRef/namespace") == Some(namespace)
    };
    volumes.find(|(_, volume)| is_its(volume)).map(|(index, _)| index)
}

/// Whether the input has the driver's pods, and their version is too old.
fn is_old(draft: &Draft<'_>, driver: &Driver) -> bool {
    draft.estate.pods().iter().filter(|pods| pods.name == driver.node).any(|pods| {
        let state = draft.state(pods.index);
        let images = containers(state, pods);
        let mut images = images.iter().filter_map(|pointer| text(state.pointer(pointer)?, "/image"));
        images.any(|image| {
            image.contains(driver.container) && version(image).is_some_and(|version| version < driver.since)
        })
    })
}

fn version(image: &str) -> Option<(u32, u32)> {
    let tag = image.rsplit_once(':')?.1.trim_start_matches('v');
    let mut parts = tag.split(['.', '-']);
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// Converts the volumes, and the StorageClasses of the input.
pub(crate) fn convert(draft: &mut Draft<'_>, keyed: &[Keyed]) {
    let mut claims: BTreeMap<(String, String), (String, String)> = BTreeMap::new();
    for one in keyed {
        let Some(identity) = draft.identities_of(&one.pods).first().copied() else { continue };
        let client = draft.client_id(identity);
        let object = draft.name(one.pods.index);
        let state = draft.state(one.pods.index).clone();
        let Some(volume) = state.pointer(&one.volume) else { continue };
        let account = match &one.kind {
            Kind::Inline => inline(draft, one, volume, &client),
            Kind::InTree => in_tree(draft, one, volume, &client),
            Kind::Claim(claim, index) => {
                let key = (one.pods.namespace.clone(), claim.clone());
                let (new, account) = match claims.get(&key) {
                    Some(known) => known.clone(),
                    None => {
                        let made = persistent(draft, one, claim, *index, &client);
                        claims.insert(key, made.clone());
                        made
                    }
                };
                let pointer = join(&one.volume, &["persistentVolumeClaim", "claimName"]);
                draft.set(Stage::Remove, one.pods.index, pointer, new.as_str(), WHY);
                account
            }
        };
        draft.grant(identity, one.driver.role, format!("the storage of {object}: {account}"));
        draft.decide(
            false,
            format!("driver {}", one.driver.name),
            format!(
                "mounts with a token need version {}.{} or later{}",
                one.driver.since.0,
                one.driver.since.1,
                if one.driver.share == "shareName" { ", and SMB OAuth on the storage account" } else { "" }
            ),
        );
    }
    for ((namespace, claim), _) in claims {
        retire(draft, &namespace, &claim);
    }
    classes(draft);
}

/// The storage account that a Secret of the drivers names. Its key is not read.
fn account_of(draft: &mut Draft<'_>, namespace: &str, secret: &str, what: &str) -> String {
    let stored = draft.estate.secret_text(namespace, secret, "azurestorageaccountname");
    stored.map(|name| name.trim().to_owned()).unwrap_or_else(|| draft.value(&format!("storage account of {what}")))
}

fn inline(draft: &mut Draft<'_>, one: &Keyed, volume: &Value, client: &str) -> String {
    let attributes = join(&one.volume, &["csi", "volumeAttributes"]);
    let named = volume.pointer("/csi/volumeAttributes").and_then(|map| parameter(map, "secretName"));
    let secret = text(volume, "/csi/nodePublishSecretRef/name").or(named.map(|(_, secret)| secret)).map(str::to_owned);
    let index = one.pods.index;
    let account = volume.pointer("/csi/volumeAttributes").and_then(|map| parameter(map, "storageAccount"));
    let account = match account {
        Some((_, account)) => account.to_owned(),
        None => {
            let secret = secret.as_deref().unwrap_or_default();
            let account = account_of(draft, &one.pods.namespace, secret, &one.pods.name);
            draft.set(Stage::Remove, index, join(&attributes, &["storageAccount"]), account.as_str(), WHY);
            account
        }
    };
    draft.set(Stage::Remove, index, join(&attributes, &["mountWithWorkloadIdentityToken"]), "true", WHY);
    draft.set(Stage::Remove, index, join(&attributes, &["clientID"]), client, WHY);
    if let Some((key, _)) = named {
        draft.remove(Stage::Remove, index, join(&attributes, &[key]), WHY);
    }
    draft.remove(Stage::Remove, index, join(&one.volume, &["csi", "nodePublishSecretRef"]), WHY);
    if let Some(secret) = secret {
        draft.release(&one.pods.namespace, &secret, None);
    }
    account
}

fn in_tree(draft: &mut Draft<'_>, one: &Keyed, volume: &Value, client: &str) -> String {
    let secret = text(volume, "/azureFile/secretName").unwrap_or_default().to_owned();
    let account = account_of(draft, &one.pods.namespace, &secret, &one.pods.name);
    let mut csi = json!({
        "driver": one.driver.name,
        "volumeAttributes": {
            "shareName": volume.pointer("/azureFile/shareName").cloned().unwrap_or_default(),
            "storageAccount": account,
            "mountWithWorkloadIdentityToken": "true",
            "clientID": client,
        },
    });
    if let Some(read_only) = volume.pointer("/azureFile/readOnly") {
        csi["readOnly"] = read_only.clone();
    }
    let new = json!({"name": volume["name"], "csi": csi});
    draft.set(Stage::Remove, one.pods.index, one.volume.clone(), new, WHY);
    draft.release(&one.pods.namespace, &secret, None);
    account
}

/// Makes a volume and a claim next to the old ones. Returns the claim's name and the storage account.
fn persistent(draft: &mut Draft<'_>, one: &Keyed, claim: &str, index: usize, client: &str) -> (String, String) {
    let old = draft.state(index).clone();
    let name = draft.name(index).name;
    let attributes = old.pointer("/spec/csi/volumeAttributes").cloned().unwrap_or_default();
    let handle = text(&old, "/spec/csi/volumeHandle").unwrap_or_default();
    // `resource group#account#share`, if the driver made it.
    let parts: Vec<&str> = handle.split('#').collect();
    let part =
        |at: usize| parts.get(at).filter(|part| parts.len() > 2 && !part.is_empty()).map(|part| (*part).to_owned());
    let reference = old.pointer("/spec/csi/nodeStageSecretRef");
    let secret = reference.and_then(|reference| text(reference, "/name"));
    let secret = secret.or(parameter(&attributes, "secretName").map(|(_, name)| name)).unwrap_or_default().to_owned();
    let place = reference.and_then(|reference| text(reference, "/namespace"));
    let place = place.or(parameter(&attributes, "secretNamespace").map(|(_, name)| name));
    let place = place.unwrap_or(&one.pods.namespace).to_owned();
    let given = |key: &str| parameter(&attributes, key).map(|(_, value)| value.to_owned());
    let account = match given("storageAccount").or_else(|| part(1)) {
        Some(account) => account,
        None => account_of(draft, &place, &secret, &name),
    };
    let group = match given("resourceGroup").or_else(|| part(0)) {
        Some(group) => group,
        None => draft.value(&format!("resource group of {account}")),
    };
    let share = given(one.driver.share).or_else(|| part(2));
    let share = share.unwrap_or_else(|| draft.value(&format!("{} of {name}", one.driver.share)));
    let dropped = [
        "secretName",
        "secretNamespace",
        "storeAccountKey",
        "AzureStorageAuthType",
        "storageAccount",
        "resourceGroup",
        one.driver.share,
    ];
    let mut kept: Map<String, Value> = attributes
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(key, _)| !dropped.iter().any(|known| known.eq_ignore_ascii_case(key)))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    for (key, value) in [
        ("resourceGroup", group.as_str()),
        ("storageAccount", account.as_str()),
        (one.driver.share, share.as_str()),
        ("clientID", client),
        ("mountWithWorkloadIdentityToken", "true"),
    ] {
        kept.insert(key.to_owned(), value.into());
    }
    let new_volume = format!("{name}{SUFFIX}");
    let new_claim = format!("{claim}{SUFFIX}");
    let mut volume = clean(&old, &new_volume);
    put(&mut volume, "/spec/csi/volumeHandle", new_volume.as_str());
    put(&mut volume, "/spec/csi/volumeAttributes", Value::Object(kept));
    put(&mut volume, "/spec/persistentVolumeReclaimPolicy", "Retain");
    put(
        &mut volume,
        "/spec/claimRef",
        json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim",
        "name": new_claim, "namespace": one.pods.namespace}),
    );
    if let Some(csi) = volume.pointer_mut("/spec/csi").and_then(Value::as_object_mut) {
        csi.shift_remove("nodeStageSecretRef");
    }
    draft.create(volume, "mounts the same storage with the pod's own token");
    let old_claim = draft.estate.find("", "PersistentVolumeClaim", &one.pods.namespace, claim);
    let mut object = match old_claim {
        Some(index) => clean(&draft.state(index).clone(), &new_claim),
        None => json!({
            "apiVersion": "v1", "kind": "PersistentVolumeClaim",
            "metadata": {"name": new_claim, "namespace": one.pods.namespace},
            "spec": {"accessModes": old["spec"]["accessModes"],
                "resources": {"requests": {"storage": old["spec"]["capacity"]["storage"]}}},
        }),
    };
    put(&mut object, "/spec/volumeName", new_volume.as_str());
    let class = old["spec"].get("storageClassName").cloned().unwrap_or_else(|| "".into());
    put(&mut object, "/spec/storageClassName", class);
    draft.create(object, "claims the volume that mounts with a token");
    if text(&old, "/spec/persistentVolumeReclaimPolicy") != Some("Retain") {
        let why = "the data must outlive the old volume";
        draft.set(Stage::Apply, index, "/spec/persistentVolumeReclaimPolicy".to_owned(), "Retain", why);
    }
    draft.release(&place, &secret, None);
    (new_claim, account)
}

/// An object under another name, without what the API server and tools wrote into it.
fn clean(object: &Value, name: &str) -> Value {
    let mut object = object.clone();
    if let Some(members) = object.as_object_mut() {
        members.shift_remove("status");
    }
    let mut metadata = Map::new();
    metadata.insert("name".to_owned(), name.into());
    for key in ["namespace", "labels"] {
        if let Some(value) = object["metadata"].get(key) {
            metadata.insert(key.to_owned(), value.clone());
        }
    }
    put(&mut object, "/metadata", Value::Object(metadata));
    object
}

/// Deletes a claim and its volume if all its pods switched; StatefulSets have claims that cannot.
fn retire(draft: &mut Draft<'_>, namespace: &str, claim: &str) {
    if let Some(index) = volume_of(draft.estate, namespace, claim) {
        draft.delete(index, "the pods mount the storage through the new volume");
    }
    if let Some(index) = draft.estate.find("", "PersistentVolumeClaim", namespace, claim) {
        draft.delete(index, "the pods use the new claim");
    }
}

/// Makes a class next to each that stores account keys.
fn classes(draft: &mut Draft<'_>) {
    if draft.origin != Origin::Secrets {
        return;
    }
    let classes: Vec<(usize, &Value)> = draft.estate.of_kind("storage.k8s.io", "StorageClass").collect();
    for (index, class) in classes {
        let Some(driver) = DRIVERS.iter().find(|driver| text(class, "/provisioner") == Some(driver.name)) else {
            continue;
        };
        let parameters = class.get("parameters").cloned().unwrap_or_else(|| json!({}));
        let is_true = |key: &str| parameter(&parameters, key).is_some_and(|(_, value)| value == "true");
        let is_keyless = is_true("mountWithWorkloadIdentityToken")
            || is_true("mountWithManagedIdentity")
            || parameter(&parameters, "clientID").is_some()
            || parameter(&parameters, "AzureStorageAuthType").is_some_and(|(_, mode)| mode.eq_ignore_ascii_case("msi"));
        let name = draft.name(index);
        if is_nfs(&parameters) || is_keyless || is_old(draft, driver) {
            continue;
        }
        let identity = draft.identity(&name.name, crate::plan::IdentityKind::New, None);
        let client = draft.client_id(identity);
        let mut kept: Map<String, Value> = parameters
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(key, _)| {
                let key = key.to_ascii_lowercase();
                let keyed = ["storeaccountkey", "secretname", "secretnamespace", "azurestorageauthtype"];
                !keyed.contains(&key.as_str()) && !key.starts_with("csi.storage.k8s.io/")
            })
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        kept.insert("clientID".to_owned(), client.into());
        kept.insert("mountWithWorkloadIdentityToken".to_owned(), "true".into());
        let mut new = clean(class, &format!("{}{SUFFIX}", name.name));
        put(&mut new, "/parameters", Value::Object(kept));
        draft.create(new, "provisions volumes that mount with the pod's own token");
        draft.grant(identity, driver.role, format!("the storage accounts of the class {}", name.name));
        let users = users(draft, &name.name);
        for (namespace, account) in pods_of_class(draft, &name.name) {
            draft.federate(identity, &namespace, &account);
        }
        if users.is_empty() {
            draft.delete(index, "no claim of the input uses it");
        } else {
            draft.task(
                index,
                format!("stores account keys for {}", Vec::from_iter(users).join(", ")),
                format!("copy the data to claims of the class {}{SUFFIX}, then delete this class", name.name),
                driver.docs,
            );
        }
    }
}

/// Claims of a class, in words.
fn users(draft: &Draft<'_>, class: &str) -> BTreeSet<String> {
    let claims = draft.estate.of_kind("", "PersistentVolumeClaim");
    let claims = claims.filter(|(_, claim)| text(claim, "/spec/storageClassName") == Some(class));
    let mut users: BTreeSet<String> = claims.map(|(index, _)| draft.name(index).to_string()).collect();
    for (index, set) in draft.estate.of_kind("apps", "StatefulSet") {
        let mut templates = list(set, "/spec/volumeClaimTemplates");
        if templates.any(|claim| text(claim, "/spec/storageClassName") == Some(class)) {
            users.insert(draft.name(index).to_string());
        }
    }
    users
}

/// The accounts of pods whose claims have a class.
fn pods_of_class(draft: &Draft<'_>, class: &str) -> BTreeSet<(String, String)> {
    let has_class = |namespace: &str, claim: &str| {
        let index = draft.estate.find("", "PersistentVolumeClaim", namespace, claim);
        index.is_some_and(|index| text(draft.state(index), "/spec/storageClassName") == Some(class))
    };
    let uses = |pods: &&Pods| {
        let state = draft.state(pods.index);
        let mut claims = list(state, &pods.at(&["spec", "volumes"]));
        let mut templates = list(state, "/spec/volumeClaimTemplates");
        claims.any(|volume| {
            text(volume, "/persistentVolumeClaim/claimName").is_some_and(|claim| has_class(&pods.namespace, claim))
        }) || templates.any(|claim| text(claim, "/spec/storageClassName") == Some(class))
    };
    let account = |pods: &Pods| {
        let named = draft.pod_accounts.get(&(pods.index, pods.template.clone())).cloned();
        let named = named.or_else(|| crate::estate::account(draft.state(pods.index), pods).map(str::to_owned));
        (pods.namespace.clone(), named.unwrap_or_else(|| "default".to_owned()))
    };
    draft.estate.pods().iter().filter(uses).map(account).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_drivers() {
        assert_eq!(version("mcr.microsoft.com/oss/kubernetes-csi/azurefile-csi:v1.34.2"), Some((1, 34)));
        assert_eq!(version("azurefile-csi"), None);
        assert!(version("x:1.9.0") < Some((1, 35)));
    }
}
