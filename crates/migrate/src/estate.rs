//! What the input has: objects by name, pod templates, containers and their variables.

use crate::plan::ObjectName;
use crate::pointer::join;
use credentials::decode_base64;
use entra_auth_policy::view::workload::TEMPLATE_PATHS;
use serde_json::Value;
use std::collections::BTreeMap;

/// A Secret's value that is decoded has at most this many bytes.
const LONGEST: usize = 1 << 20;

const RBAC: &str = "rbac.authorization.k8s.io";

/// Namespace and name of the service account that is a subject of a binding in the namespace `home`.
pub(crate) fn account_of(subject: &Value, home: &str) -> Option<(String, String)> {
    let name = subject["name"].as_str().filter(|_| subject["kind"] == "ServiceAccount")?;
    let namespace = subject["namespace"].as_str().filter(|text| !text.is_empty()).unwrap_or(home);
    Some((namespace.to_owned(), name.to_owned()))
}

pub(crate) struct Estate<'o> {
    pub objects: &'o [Value],
    names: Vec<ObjectName>,
    by_name: BTreeMap<(String, String, String, String), usize>,
    pods: Vec<Pods>,
    /// Bindings by the namespace and name of each service account among their subjects, in the order of the input.
    bindings: BTreeMap<(String, String), Vec<usize>>,
}

/// A pod template of an object.
#[derive(Clone, Debug)]
pub(crate) struct Pods {
    /// The object's number.
    pub index: usize,
    /// Pointer to what holds `metadata` and `spec`.
    pub template: String,
    pub namespace: String,
    pub name: String,
    pub kind: String,
}

impl Pods {
    pub(crate) fn at(&self, keys: &[&str]) -> String {
        join(&self.template, keys)
    }
}

impl<'o> Estate<'o> {
    pub(crate) fn new(objects: &'o [Value]) -> Estate<'o> {
        let names: Vec<ObjectName> = objects.iter().map(object_name).collect();
        let mut by_name = BTreeMap::new();
        for (index, name) in names.iter().enumerate() {
            by_name.insert(key(name.group(), &name.kind, &name.namespace, &name.name), index);
        }
        let mut pods = Vec::new();
        let mut bindings: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for ((index, object), name) in objects.iter().enumerate().zip(&names) {
            if !is_owned(object) {
                pods.extend(pods_of(object, index));
            }
            if name.group() == RBAC && matches!(&*name.kind, "RoleBinding" | "ClusterRoleBinding") {
                for account in list(object, "/subjects").filter_map(|subject| account_of(subject, &name.namespace)) {
                    bindings.entry(account).or_default().push(index);
                }
            }
        }
        Estate { objects, names, by_name, pods, bindings }
    }

    pub(crate) fn name(&self, index: usize) -> ObjectName {
        self.names.get(index).cloned().unwrap_or_default()
    }

    pub(crate) fn find(&self, group: &str, kind: &str, namespace: &str, name: &str) -> Option<usize> {
        self.by_name.get(&key(group, kind, namespace, name)).copied()
    }

    /// The objects of a kind, in the order of the input.
    pub(crate) fn of_kind(&self, group: &str, kind: &str) -> impl Iterator<Item = (usize, &'o Value)> {
        let objects = self.objects.iter().enumerate().zip(&self.names);
        objects.filter(move |(_, name)| name.group() == group && name.kind == kind).map(|(object, _)| object)
    }

    /// The bindings of a service account.
    pub(crate) fn bindings(&self, namespace: &str, account: &str) -> &[usize] {
        self.bindings.get(&(namespace.to_owned(), account.to_owned())).map_or(&[], Vec::as_slice)
    }

    /// Every pod template. Pods and the like that a controller of Kubernetes made are left out.
    pub(crate) fn pods(&self) -> &[Pods] {
        &self.pods
    }

    /// Whether a controller of Kubernetes made it from another object of the input: it changes with that one.
    pub(crate) fn follows(&self, object: &Value) -> bool {
        let namespace = object_name(object).namespace;
        is_owned(object)
            && list(object, "/metadata/ownerReferences").any(|owner| {
                let text = |key: &str| owner[key].as_str().unwrap_or_default();
                let group = text("apiVersion").split_once('/').map_or("", |(group, _)| group);
                owner["controller"] == true && self.find(group, text("kind"), &namespace, text("name")).is_some()
            })
    }

    /// A decoded entry of a Secret. Callers use it for ids and names, never for credentials.
    pub(crate) fn secret_text(&self, namespace: &str, name: &str, entry: &str) -> Option<String> {
        let secret = self.objects.get(self.find("", "Secret", namespace, name)?)?;
        if let Some(text) = secret.pointer(&join("/stringData", &[entry])).and_then(Value::as_str) {
            return Some(text.to_owned());
        }
        let encoded = secret.pointer(&join("/data", &[entry]))?.as_str()?;
        String::from_utf8(decode_base64(encoded.trim(), LONGEST)?).ok()
    }

    /// The entries of a Secret.
    pub(crate) fn secret_entries(&self, namespace: &str, name: &str) -> Option<Vec<String>> {
        let secret = self.objects.get(self.find("", "Secret", namespace, name)?)?;
        Some(entries(secret))
    }

    /// What a variable of a container is, if that can be known: a literal, or what a Secret or ConfigMap of the input
    /// contains.
    pub(crate) fn variable(&self, namespace: &str, container: &Value, name: &str) -> Option<String> {
        let variable = list(container, "/env").find(|variable| text(variable, "/name") == Some(name));
        if let Some(variable) = variable {
            if let Some(value) = text(variable, "/value") {
                return Some(value.to_owned());
            }
            if let Some((secret, entry)) = reference(variable, "/valueFrom/secretKeyRef") {
                return self.secret_text(namespace, secret, entry);
            }
            let (map, entry) = reference(variable, "/valueFrom/configMapKeyRef")?;
            return self.config_text(namespace, map, entry);
        }
        list(container, "/envFrom").find_map(|source| {
            let entry = name.strip_prefix(text(source, "/prefix").unwrap_or_default())?;
            match (text(source, "/secretRef/name"), text(source, "/configMapRef/name")) {
                (Some(secret), _) => self.secret_text(namespace, secret, entry),
                (_, Some(map)) => self.config_text(namespace, map, entry),
                _ => None,
            }
        })
    }

    fn config_text(&self, namespace: &str, name: &str, entry: &str) -> Option<String> {
        let map = self.objects.get(self.find("", "ConfigMap", namespace, name)?)?;
        map.pointer(&join("/data", &[entry]))?.as_str().map(str::to_owned)
    }
}

fn reference<'v>(variable: &'v Value, pointer: &str) -> Option<(&'v str, &'v str)> {
    let source = variable.pointer(pointer)?;
    Some((text(source, "/name")?, text(source, "/key")?))
}

fn key(group: &str, kind: &str, namespace: &str, name: &str) -> (String, String, String, String) {
    (group.to_owned(), kind.to_owned(), namespace.to_owned(), name.to_owned())
}

pub(crate) fn text<'v>(value: &'v Value, pointer: &str) -> Option<&'v str> {
    value.pointer(pointer)?.as_str()
}

/// The items of a list; none if there is no list.
pub(crate) fn list<'v>(value: &'v Value, pointer: &str) -> impl Iterator<Item = &'v Value> + use<'v> {
    value.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

/// The keys of a Secret's data, in order.
pub(crate) fn entries(secret: &Value) -> Vec<String> {
    let maps = ["/data", "/stringData"].into_iter().filter_map(|map| secret.pointer(map)?.as_object());
    maps.flat_map(|map| map.keys().cloned()).collect()
}

/// Names as the API server has them: namespaced kinds without a namespace are in `default`.
pub(crate) fn object_name(object: &Value) -> ObjectName {
    let request = admission::request(object, &admission::Change::Create, None);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    ObjectName {
        api_version: text(&object["apiVersion"]),
        kind: text(&object["kind"]),
        namespace: text(&request["namespace"]),
        name: text(&object["metadata"]["name"]),
    }
}

/// Whether a controller of Kubernetes made it from another object.
fn is_owned(object: &Value) -> bool {
    list(object, "/metadata/ownerReferences").any(|owner| {
        owner["controller"] == true
            && matches!(
                owner["kind"].as_str(),
                Some(
                    "ReplicaSet"
                        | "Deployment"
                        | "StatefulSet"
                        | "DaemonSet"
                        | "Job"
                        | "CronJob"
                        | "ReplicationController"
                )
            )
    })
}

fn pods_of(object: &Value, index: usize) -> Vec<Pods> {
    let name = object_name(object);
    let path = TEMPLATE_PATHS.iter().find(|(kind, _)| kind.is(name.group(), &name.kind)).map(|(_, path)| *path);
    let Some(path) = path else { return Vec::new() };
    let mut pointers = vec![String::new()];
    for key in path {
        let step = |pointer: String| match *key {
            "*" => {
                let count = object.pointer(&pointer).and_then(Value::as_array).map_or(0, Vec::len);
                (0..count).map(|at| format!("{pointer}/{at}")).collect()
            }
            key => vec![join(&pointer, &[key])],
        };
        pointers = pointers.into_iter().flat_map(step).collect();
    }
    let pods = |template: String| Pods {
        index,
        template,
        namespace: name.namespace.clone(),
        name: name.name.clone(),
        kind: name.kind.clone(),
    };
    pointers.into_iter().filter(|pointer| object.pointer(pointer).is_some()).map(pods).collect()
}

/// Pointers to the containers of a pod template, init containers first.
pub(crate) fn containers(object: &Value, pods: &Pods) -> Vec<String> {
    let mut pointers = Vec::new();
    for kind in ["initContainers", "containers"] {
        let list = pods.at(&["spec", kind]);
        let count = object.pointer(&list).and_then(Value::as_array).map_or(0, Vec::len);
        pointers.extend((0..count).map(|at| format!("{list}/{at}")));
    }
    pointers
}

/// The service account of a pod template, if it names one other than `default`.
pub(crate) fn account<'v>(object: &'v Value, pods: &Pods) -> Option<&'v str> {
    let names = ["serviceAccountName", "serviceAccount"];
    let mut names = names.iter().filter_map(|name| text(object, &pods.at(&["spec", name])));
    names.find(|name| !name.is_empty() && *name != "default")
}

/// The repository of an image without registry, tag and digest: `jetstack/cert-manager-controller`.
pub(crate) fn repository(image: &str) -> &str {
    let image = image.split('@').next().unwrap_or(image);
    let start = image.find('/').filter(|slash| {
        let host = image.get(..*slash).unwrap_or_default();
        host.contains(['.', ':']) || host == "localhost"
    });
    let path = start.and_then(|slash| image.get(slash + 1..)).unwrap_or(image);
    path.split(':').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn repositories() {
        for (image, path) in [
            ("nginx", "nginx"),
            ("velero/velero:v1.14", "velero/velero"),
            ("contoso.azurecr.io/shop/web:1.0@sha256:ab", "shop/web"),
            ("localhost:5000/web:1", "web"),
        ] {
            assert_eq!(repository(image), path);
        }
    }

    #[test]
    fn pod_templates_are_found_in_every_kind() {
        let cron = json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "a"},
            "spec": {"jobTemplate": {"spec": {"template": {"spec": {"containers": []}}}}}});
        let flow = json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "metadata": {"name": "b"},
            "spec": {"templates": [{}, {}]}});
        let owned = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "c",
            "ownerReferences": [{"kind": "ReplicaSet", "controller": true}]}, "spec": {}});
        let objects = [cron, flow, owned];
        let estate = Estate::new(&objects);
        let found: Vec<&str> = estate.pods().iter().map(|pods| pods.template.as_str()).collect();
        assert_eq!(found, ["/spec/jobTemplate/spec/template", "/spec/templates/0", "/spec/templates/1"]);
    }

    #[test]
    fn variables_are_followed() {
        let objects = [
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "sp", "namespace": "shop"},
                "data": {"id": "aWQ="}}),
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "conf", "namespace": "shop"},
                "data": {"TENANT": "t"}}),
        ];
        let estate = Estate::new(&objects);
        let container = json!({"env": [
            {"name": "A", "value": "literal"},
            {"name": "B", "valueFrom": {"secretKeyRef": {"name": "sp", "key": "id"}}}],
            "envFrom": [{"prefix": "AZURE_", "configMapRef": {"name": "conf"}}]});
        let variable = |name| estate.variable("shop", &container, name);
        assert_eq!(variable("A").as_deref(), Some("literal"));
        assert_eq!(variable("B").as_deref(), Some("id"));
        assert_eq!(variable("AZURE_TENANT").as_deref(), Some("t"));
        assert_eq!(variable("C"), None);
    }
}
