//! From pod-managed identity to workload identity.

use crate::accounts::{Wish, assign};
use crate::controllers;
use crate::draft::Draft;
use crate::estate::{Pods, containers, list, repository, text};
use crate::plan::{IdentityKind, Stage};
use crate::pointer::join;
use entra_auth_policy::rules::pod_identity::pod_identity_label::LABEL as POD_IDENTITY_LABEL;
use entra_auth_policy::view::workload::TEMPLATE_PATHS;
use entra_auth_policy::view::workload_identity::{DEFAULT_PROXY_PORT, INJECT_PROXY, PROXY_PORT};
use serde_json::Value;
use std::collections::BTreeMap;

const GROUP: &str = "aadpodidentity.k8s.io";
pub(crate) const GUIDE: &str = "https://learn.microsoft.com/azure/aks/workload-identity-migrate-from-pod-identity";

/// A binding of an identity to pods with a label.
struct Binding {
    namespace: String,
    identity: usize,
    /// Whether only pods of the same namespace get the identity.
    is_namespaced: bool,
    weight: i64,
}

pub(crate) fn migrate(draft: &mut Draft<'_>) {
    let forced = is_forced_namespaced(draft);
    let managed = is_managed(draft);
    let identities = identities(draft);
    let bindings = bindings(draft, &identities, forced);
    let mut wishes = Vec::new();
    for pods in draft.estate.pods().to_vec() {
        if is_component(draft.state(pods.index), &pods) {
            continue;
        }
        let label = text(draft.state(pods.index), &pods.at(&["metadata", "labels", POD_IDENTITY_LABEL]));
        let selector = label.unwrap_or_default().to_owned();
        if !selector.is_empty() {
            wishes.extend(wish(draft, &pods, &selector, &bindings));
        }
        remove_labels(draft, &pods);
    }
    assign(draft, &wishes, Stage::Apply);
    for wish in &wishes {
        proxy(draft, &wish.pods);
    }
    end_proxies(draft);
    controllers::convert(draft, Stage::Apply);
    exceptions(draft);
    remove_objects(draft, managed);
    selectors(draft);
}

/// AzureIdentities by namespace and name.
fn identities(draft: &mut Draft<'_>) -> BTreeMap<(String, String), usize> {
    let mut known = BTreeMap::new();
    for (index, object) in draft.estate.of_kind(GROUP, "AzureIdentity") {
        let name = draft.name(index);
        let client = text(object, "/spec/clientID").map(str::trim).map(str::to_owned);
        let kind = match object.pointer("/spec/type").and_then(Value::as_i64) {
            Some(1 | 2) => IdentityKind::Application,
            _ if draft.options.new_identities => IdentityKind::New,
            _ => IdentityKind::Existing,
        };
        let identity = match kind {
            IdentityKind::New => draft.identity(&name.name, kind, None),
            _ => draft.identity(&name.name, kind, client.as_deref()),
        };
        let resource = text(object, "/spec/resourceID").map(str::trim).filter(|id| !id.is_empty()).map(str::to_owned);
        if let Some(identity) = draft.identities.get_mut(identity) {
            if kind == IdentityKind::New {
                identity.copies = client.or(resource);
            } else {
                identity.resource_id = identity.resource_id.take().or(resource);
            }
        }
        if let (IdentityKind::Application, Some(secret)) = (kind, text(object, "/spec/clientPassword/name")) {
            let namespace = text(object, "/spec/clientPassword/namespace").unwrap_or(&name.namespace);
            draft.release(namespace, secret, None);
        }
        if draft.identities.get(identity).is_none_or(|identity| identity.resource_id.is_none())
            && kind == IdentityKind::Existing
        {
            draft.decide(
                true,
                &name,
                "does not name its managed identity (resourceID): fill in name and resource group in the Azure files",
            );
        }
        known.insert((name.namespace, name.name), identity);
    }
    known
}

/// Bindings by selector, in the order in which pod identity prefers them.
fn bindings(
    draft: &mut Draft<'_>,
    identities: &BTreeMap<(String, String), usize>,
    forced: bool,
) -> BTreeMap<String, Vec<Binding>> {
    let mut by_selector: BTreeMap<String, Vec<Binding>> = BTreeMap::new();
    for (index, object) in draft.estate.of_kind(GROUP, "AzureIdentityBinding") {
        let name = draft.name(index);
        let target = text(object, "/spec/azureIdentity").unwrap_or_default().to_owned();
        let Some(identity) = identities.get(&(name.namespace.clone(), target.clone())) else {
            draft.decide(false, &name, format!("names the AzureIdentity {target}, which is not in the input"));
            continue;
        };
        let owner = draft.estate.find(GROUP, "AzureIdentity", &name.namespace, &target);
        let behaviour = join("/metadata/annotations", &["aadpodidentity.k8s.io/Behavior"]);
        let is_namespaced = owner.is_some_and(|owner| text(draft.state(owner), &behaviour) == Some("namespaced"));
        by_selector.entry(text(object, "/spec/selector").unwrap_or_default().to_owned()).or_default().push(Binding {
            namespace: name.namespace,
            identity: *identity,
            is_namespaced: is_namespaced || forced,
            weight: object.pointer("/spec/weight").and_then(Value::as_i64).unwrap_or_default(),
        });
    }
    by_selector.values_mut().for_each(|bindings| bindings.sort_by_key(|binding| std::cmp::Reverse(binding.weight)));
    by_selector
}

/// The identities of pods with a label.
fn wish(draft: &mut Draft<'_>, pods: &Pods, selector: &str, bindings: &BTreeMap<String, Vec<Binding>>) -> Option<Wish> {
    let fits = |binding: &&Binding| !binding.is_namespaced || binding.namespace == pods.namespace;
    let mut found: Vec<&Binding> = bindings.get(selector).into_iter().flatten().filter(fits).collect();
    let object = draft.name(pods.index);
    if found.is_empty() {
        draft.decide(
            false,
            &object,
            format!("no AzureIdentityBinding selects its label {selector}: it only loses the label"),
        );
        return None;
    }
    let named = containers(draft.state(pods.index), pods).into_iter().find_map(|container| {
        let container = draft.state(pods.index).pointer(&container)?;
        draft.estate.variable(&pods.namespace, container, "AZURE_CLIENT_ID")
    });
    let named = named.map(|client| client.to_ascii_lowercase());
    found.sort_by_key(|binding| {
        let is_named = named.as_deref() == Some(draft.client_id(binding.identity).as_str());
        (!is_named, binding.namespace != pods.namespace)
    });
    let mut identities: Vec<usize> = Vec::new();
    for binding in found {
        if !identities.contains(&binding.identity) {
            identities.push(binding.identity);
        }
    }
    if identities.len() > 1 {
        let names: Vec<String> = identities.iter().map(|identity| draft.identity_name(*identity)).collect();
        let first = names.first().cloned().unwrap_or_default();
        draft.decide(
            false,
            &object,
            format!(
                "several bindings select its label {selector}: {}. Its account names {first}; code that uses another \
                 identity must pass that client id",
                names.join(", ")
            ),
        );
    }
    Some(Wish { pods: pods.clone(), identities })
}

/// Removes the label from pods, and what is left of it where it has no effect.
fn remove_labels(draft: &mut Draft<'_>, pods: &Pods) {
    let why = "does not use pod-managed identity any more";
    let selected = "/spec/selector/matchLabels";
    let places = [
        pods.at(&["metadata", "labels", POD_IDENTITY_LABEL]),
        pods.at(&["metadata", "annotations", POD_IDENTITY_LABEL]),
        join("/metadata/labels", &[POD_IDENTITY_LABEL]),
        join("/metadata/annotations", &[POD_IDENTITY_LABEL]),
        join(selected, &[POD_IDENTITY_LABEL]),
    ];
    for place in places {
        draft.remove(Stage::Remove, pods.index, place.clone(), why);
        let state = draft.state(pods.index);
        if place.starts_with(selected) && state.pointer(&place).is_some() {
            // The selector of a workload cannot be changed.
            if let Some(entry) = draft.entries.get_mut(pods.index) {
                entry.replace = true;
            }
            draft.risk(
                pods.index,
                "its selector contains the old label, so it is deleted and created again, with an outage",
            );
        }
    }
}

/// Adds the migration proxy where the SDK may be too old.
fn proxy(draft: &mut Draft<'_>, pods: &Pods) {
    let state = draft.state(pods.index).clone();
    let object = draft.name(pods.index);
    if draft.given.has_current_sdk(&pods.namespace, &pods.name) || signs_in_natively(&state, pods) {
        return;
    }
    if state.pointer(&pods.at(&["metadata", "annotations", INJECT_PROXY])).is_some() {
        draft.remove(Stage::EndProxy, pods.index, pods.at(&["metadata", "annotations", INJECT_PROXY]), END);
        return;
    }
    if state.pointer(&pods.at(&["spec", "hostNetwork"])) == Some(&Value::Bool(true)) {
        draft.decide(
            true,
            &object,
            "uses hostNetwork, with which the webhook refuses the proxy: update the Azure SDK first, and list it in currentSdk",
        );
        return;
    }
    let namespace = draft.estate.find("", "Namespace", "", &pods.namespace);
    let enforced = join("/metadata/labels", &["pod-security.kubernetes.io/enforce"]);
    if let Some(level @ ("baseline" | "restricted")) = namespace.and_then(|index| text(draft.state(index), &enforced)) {
        draft.decide(
            true,
            &object,
            format!(
                "Pod Security {level} refuses the proxy's privileged init container: update the Azure SDK first, and list it \
                 in currentSdk"
            ),
        );
        return;
    }
    let why = "its Azure SDK may be too old for workload identity, so the proxy of Microsoft's guide answers it";
    draft.set(Stage::Apply, pods.index, pods.at(&["metadata", "annotations", INJECT_PROXY]), "true", why);
    let pointers = containers(&state, pods);
    let used: Vec<i64> = pointers
        .iter()
        .filter_map(|pointer| state.pointer(pointer))
        .flat_map(|container| list(container, "/ports"))
        .filter_map(|port| port["containerPort"].as_i64())
        .collect();
    if let Some(port) = (DEFAULT_PROXY_PORT..).find(|port| !used.contains(port)).filter(|p| *p != DEFAULT_PROXY_PORT) {
        let value = port.to_string();
        draft.set(Stage::Apply, pods.index, pods.at(&["metadata", "annotations", PROXY_PORT]), value.as_str(), why);
        draft.remove(Stage::EndProxy, pods.index, pods.at(&["metadata", "annotations", PROXY_PORT]), END);
    }
    draft.remove(Stage::EndProxy, pods.index, pods.at(&["metadata", "annotations", INJECT_PROXY]), END);
    let risk = match pods.kind.as_str() {
        "Job" | "CronJob" => {
            "before Kubernetes 1.32, the proxy keeps running when the job is done, so the job never ends"
        }
        _ => "the proxy is not supported for production: its init container is privileged, and it runs on Linux only",
    };
    draft.risk(pods.index, risk);
}

/// Ends proxies of an earlier run, once the SDK is current.
fn end_proxies(draft: &mut Draft<'_>) {
    for pods in draft.estate.pods().to_vec() {
        let annotations = [INJECT_PROXY, PROXY_PORT].map(|key| pods.at(&["metadata", "annotations", key]));
        let has_label =
            draft.state(pods.index).pointer(&pods.at(&["metadata", "labels", POD_IDENTITY_LABEL])).is_some();
        let [inject, _] = &annotations;
        if has_label || draft.state(pods.index).pointer(inject).is_none() {
            continue;
        }
        if draft.given.has_current_sdk(&pods.namespace, &pods.name) {
            annotations.into_iter().for_each(|annotation| draft.remove(Stage::EndProxy, pods.index, annotation, END));
        } else {
            let object = draft.name(pods.index);
            draft.decide(true, object, "still needs the proxy: update its Azure SDK, and list it in currentSdk");
        }
    }
}

const END: &str = "its Azure SDK knows workload identity, so the proxy is not needed";

/// Programs whose current releases know workload identity, by the end of their image's repository.
const NATIVE: &[&str] = &[
    "cert-manager-controller",
    "cluster-autoscaler",
    "external-dns",
    "external-secrets",
    "ingress-azure",
    "azure-application-gateway/kubernetes-ingress",
    "application-gateway-kubernetes-ingress",
    "keda",
    "keda-metrics-apiserver",
    "keda-operator",
    "azureserviceoperator",
    "velero",
];

fn signs_in_natively(state: &Value, pods: &Pods) -> bool {
    images(state, pods).any(|image| {
        let path = repository(image);
        NATIVE.iter().any(|name| path == *name || path.ends_with(&format!("/{name}")))
    })
}

fn images<'v>(state: &'v Value, pods: &Pods) -> impl Iterator<Item = &'v str> + use<'v> {
    let pointers = containers(state, pods);
    pointers.into_iter().filter_map(|pointer| text(state.pointer(&pointer)?, "/image"))
}

/// Pods of NMI and MIC.
fn is_component(state: &Value, pods: &Pods) -> bool {
    images(state, pods).any(|image| {
        let path = repository(image);
        path.ends_with("aad-pod-identity/nmi") || path.ends_with("aad-pod-identity/mic")
    })
}

/// Whether NMI or MIC were told to match pods in the identity's namespace only. Managed mode does so always.
fn is_forced_namespaced(draft: &Draft<'_>) -> bool {
    let is_true = |text: &str| matches!(text, "1" | "t" | "T" | "TRUE" | "true" | "True");
    draft.estate.pods().iter().filter(|pods| is_component(draft.state(pods.index), pods)).any(|pods| {
        let state = draft.state(pods.index);
        containers(state, pods).iter().filter_map(|pointer| state.pointer(pointer)).any(|container| {
            let mut arguments = list(container, "/args").chain(list(container, "/command")).filter_map(Value::as_str);
            let flagged = arguments.any(|argument| {
                argument == "--forceNamespaced"
                    || argument.strip_prefix("--forceNamespaced=").is_some_and(is_true)
                    || argument.starts_with("--operation-mode=managed")
            });
            let variable = draft.estate.variable(&pods.namespace, container, "FORCENAMESPACED");
            flagged || variable.is_some_and(|value| is_true(&value))
        })
    }) || is_managed(draft)
}

/// Whether the AKS add-on runs pod identity: its objects have the label of add-ons.
fn is_managed(draft: &Draft<'_>) -> bool {
    let kinds = [(GROUP, "AzureIdentity"), (GROUP, "AzureIdentityBinding"), ("apps", "DaemonSet")];
    kinds.iter().any(|(group, kind)| {
        draft.estate.of_kind(group, kind).any(|(index, object)| {
            let is_ours = *group == GROUP
                || draft.estate.pods().iter().any(|pods| pods.index == index && is_component(object, pods));
            is_ours && is_of_addon(object)
        })
    })
}

fn is_of_addon(object: &Value) -> bool {
    let labels = &object["metadata"]["labels"];
    labels["kubernetes.azure.com/managedby"] == "aks" || !labels["addonmanager.kubernetes.io/mode"].is_null()
}

/// Pods that an exception lets reach the node's metadata endpoint.
fn exceptions(draft: &mut Draft<'_>) {
    for (index, object) in draft.estate.of_kind(GROUP, "AzurePodIdentityException") {
        let name = draft.name(index);
        if name.name == "aks-addon-exception" || name.name == "mic-exception" {
            continue;
        }
        let Some(wanted) = object.pointer("/spec/podLabels").and_then(Value::as_object) else { continue };
        let covered: Vec<String> = draft
            .estate
            .pods()
            .iter()
            .filter(|pods| pods.namespace == name.namespace)
            .filter(|pods| {
                let labels = draft.state(pods.index).pointer(&pods.at(&["metadata", "labels"]));
                wanted.iter().all(|(key, value)| labels.and_then(|labels| labels.get(key)) == Some(value))
            })
            .map(|pods| format!("{} {}", pods.kind, pods.name))
            .collect();
        let what = match covered.as_slice() {
            [] => "covers no pods of the input. Without NMI it has no effect".to_owned(),
            _ => format!(
                "lets {} use the identities of the node. They still can without NMI: if they sign in to Azure, give them \
                 a dedicated identity",
                covered.join(", ")
            ),
        };
        draft.decide(false, &name, what);
    }
}

/// Deletes the objects of pod identity and its components.
fn remove_objects(draft: &mut Draft<'_>, managed: bool) {
    let kinds = ["AzureIdentityBinding", "AzureIdentity", "AzureAssignedIdentity", "AzurePodIdentityException"];
    for kind in kinds {
        for (index, object) in draft.estate.of_kind(GROUP, kind) {
            let name = draft.name(index);
            draft.delete(index, "belongs to pod-managed identity");
            if managed && kind == "AzureIdentity" && is_of_addon(object) {
                draft.removals.insert((
                    format!("remove the pod identity {} from the add-on, which makes its objects anew otherwise", name.name),
                    format!(
                        "az aks pod-identity delete --cluster-name \"$CLUSTER\" --resource-group \"$CLUSTER_RESOURCE_GROUP\" \
                         --namespace {} --name {}",
                        name.namespace, name.name
                    ),
                ));
            }
        }
    }
    for (index, object) in draft.estate.objects.iter().enumerate() {
        let name = draft.name(index);
        let is_named =
            || name.name.contains("aad-pod-id") && (name.name.contains("-nmi") || name.name.contains("-mic"));
        let is_component = match name.kind.as_str() {
            "DaemonSet" | "Deployment" => {
                draft.estate.pods().iter().any(|pods| pods.index == index && is_component(object, pods))
            }
            "ServiceAccount" | "Role" | "ClusterRole" | "RoleBinding" | "ClusterRoleBinding" => is_named(),
            "CustomResourceDefinition" => text(object, "/spec/group") == Some(GROUP),
            _ => false,
        };
        if is_component {
            draft.delete(index, "is a component of pod-managed identity");
        }
    }
    if managed {
        draft.removals.insert((
            "switch the add-on off".to_owned(),
            "az aks update --name \"$CLUSTER\" --resource-group \"$CLUSTER_RESOURCE_GROUP\" --disable-pod-identity"
                .to_owned(),
        ));
    }
}

/// Reports objects that find pods by the old label.
fn selectors(draft: &mut Draft<'_>) {
    let selectors = ["/spec/selector", "/spec/podSelector/matchLabels", "/spec/selector/matchLabels"];
    for (index, object) in draft.estate.objects.iter().enumerate() {
        let name = draft.name(index);
        let has_pods = TEMPLATE_PATHS.iter().any(|(kind, _)| kind.is(name.group(), &name.kind));
        let pointer =
            selectors.iter().map(|at| join(at, &[POD_IDENTITY_LABEL])).find(|at| object.pointer(at).is_some());
        if !has_pods && pointer.is_some() {
            draft.task(
                index,
                format!("finds pods by the label {POD_IDENTITY_LABEL}, which the phase \"remove the old\" takes away"),
                "select them by another label before that phase",
                GUIDE,
            );
        }
    }
}
