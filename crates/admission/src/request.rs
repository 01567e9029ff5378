//! Admission requests for objects, as the API server would make them.

use entra_auth_policy::rules;
use kubernetes::grant::is_built_in_group;
use kubernetes::kind::{Kind, find_built_in};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::sync::LazyLock;

/// Who makes the request.
#[derive(Clone, Debug, Default)]
pub struct Identity {
    pub username: String,
    pub groups: Vec<String>,
    /// Entra object id, as AKS puts it into `extra.oid`.
    pub oid: Option<String>,
}

impl Identity {
    /// `userInfo` of an admission request.
    pub fn user_info(&self) -> Value {
        let mut extra = Map::new();
        if let Some(oid) = &self.oid {
            extra.insert("oid".to_owned(), json!([oid]));
        }
        json!({"username": self.username, "groups": self.groups, "extra": extra})
    }
}

#[derive(Clone, Debug, Default)]
pub enum Change {
    #[default]
    Create,
    /// With the old object.
    Update(Value),
}

/// The request of applying `object`. It has no `userInfo` without an identity.
pub fn request(object: &Value, change: &Change, identity: Option<&Identity>) -> Value {
    serde_json::to_value(AdmissionRequest::of(object, change, identity)).unwrap_or_default()
}

/// The payload of creating `object`, byte for byte that of [`request`], without a copy of the object.
pub fn create_payload(object: &Value, identity: Option<&Identity>, settings: &Value) -> Vec<u8> {
    payload(&AdmissionRequest::of(object, &Change::Create, identity), settings)
}

/// What makes two manifests the same object of a cluster: API group, kind, namespace and name.
pub type ObjectKey = (String, String, Option<String>, String);

/// The key of an object, if it has a name. The version does not matter, nor does the former group of workloads and
/// Ingresses.
pub fn object_key(object: &Value) -> Option<ObjectKey> {
    let request = AdmissionRequest::of(object, &Change::Create, None);
    let name = request.name.filter(|name| !name.is_empty())?;
    let group = match (request.kind.group, request.kind.kind) {
        ("extensions", "Ingress" | "NetworkPolicy") => "networking.k8s.io",
        ("extensions", "PodSecurityPolicy") => "policy",
        ("extensions", _) => "apps",
        (group, _) => group,
    };
    let namespace = request.namespace.map(str::to_owned);
    Some((group.to_owned(), request.kind.kind.to_owned(), namespace, name.to_owned()))
}

/// An admission request, member by member.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AdmissionRequest<'o> {
    uid: &'static str,
    kind: Gvk<'o>,
    resource: Gvr<'o>,
    request_kind: Gvk<'o>,
    request_resource: Gvr<'o>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'o str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'o str>,
    operation: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    old_object: Option<&'o Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_info: Option<Value>,
    object: &'o Value,
    dry_run: bool,
}

#[derive(Clone, Copy, Serialize)]
struct Gvk<'o> {
    group: &'o str,
    version: &'o str,
    kind: &'o str,
}

#[derive(Clone, Serialize)]
struct Gvr<'o> {
    group: &'o str,
    version: &'o str,
    resource: Cow<'static, str>,
}

impl<'o> AdmissionRequest<'o> {
    fn of(object: &'o Value, change: &'o Change, identity: Option<&Identity>) -> Self {
        let text = |value: &'o Value| value.as_str().unwrap_or_default();
        let (api_version, kind) = (text(&object["apiVersion"]), text(&object["kind"]));
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let known = known_kind(group, kind);
        let plural = known.map_or_else(|| plural(kind).into(), |kind| kind.plural.into());
        let namespaced = known.map_or_else(|| former_scope(group), |kind| Some(kind.namespaced));
        let metadata = &object["metadata"];
        // Without a namespace kubectl uses that of its context, which is taken to be `default`.
        let namespace = metadata["namespace"].as_str().filter(|namespace| !namespace.is_empty());
        let namespace = match namespaced {
            Some(true) => Some(namespace.unwrap_or("default")),
            Some(false) => None,
            None => namespace,
        };
        let (operation, old_object) = match change {
            Change::Create => ("CREATE", None),
            Change::Update(old) => ("UPDATE", Some(old)),
        };
        let gvk = Gvk { group, version, kind };
        let gvr = Gvr { group, version, resource: plural };
        AdmissionRequest {
            uid: "00000000-0000-4000-8000-000000000000",
            kind: gvk,
            resource: gvr.clone(),
            request_kind: gvk,
            request_resource: gvr,
            name: metadata["name"].as_str(),
            namespace,
            operation,
            old_object,
            user_info: identity.map(Identity::user_info),
            object,
            dry_run: false,
        }
    }
}

/// What the policy receives: settings and request.
pub fn payload(request: &impl Serialize, settings: &Value) -> Vec<u8> {
    #[derive(Serialize)]
    struct Payload<'a, R> {
        settings: &'a Value,
        request: &'a R,
    }
    serde_json::to_vec(&Payload { settings, request }).unwrap_or_default()
}

/// A kind that a rule watches or that Kubernetes has itself.
fn known_kind(group: &str, kind: &str) -> Option<Kind> {
    static WATCHED: LazyLock<Vec<&Kind>> = LazyLock::new(rules::watched);
    let watched = WATCHED.iter().copied().find(|known| known.is(group, kind));
    watched.copied().or_else(|| find_built_in(group, kind))
}

/// The scope of a kind that is not known. Nearly all former kinds of Kubernetes were namespaced; the scope of a
/// custom resource is only in its definition.
fn former_scope(group: &str) -> Option<bool> {
    is_built_in_group(group).then_some(true)
}

/// English plurals as CRDs use them.
fn plural(kind: &str) -> String {
    let kind = kind.to_lowercase();
    match kind.as_bytes() {
        [.., b's' | b'x'] | [.., b'c' | b's', b'h'] => format!("{kind}es"),
        [before @ .., b'y'] if !before.ends_with(b"a") && !before.ends_with(b"e") && !before.ends_with(b"o") => {
            format!("{}ies", kind.trim_end_matches('y'))
        }
        _ => format!("{kind}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(object: Value) -> (String, Option<String>) {
        let request = request(&object, &Change::Create, None);
        let text = |value: &Value| value.as_str().map(str::to_owned);
        (text(&request["resource"]["resource"]).unwrap(), text(&request["namespace"]))
    }

    #[test]
    fn plural_and_namespace_are_what_the_api_server_would_say() {
        for (api_version, kind, plural, namespace) in [
            ("v1", "Pod", "pods", Some("default")),
            ("v1", "Service", "services", Some("default")),
            ("v1", "Endpoints", "endpoints", Some("default")),
            ("v1", "Node", "nodes", None),
            ("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies", Some("default")),
            ("networking.k8s.io/v1", "IngressClass", "ingressclasses", None),
            ("apiregistration.k8s.io/v1", "APIService", "apiservices", None),
            ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "clusterrolebindings", None),
            ("networking.istio.io/v1", "Gateway", "gateways", None),
            ("secrets-store.csi.x-k8s.io/v1", "SecretProviderClass", "secretproviderclasses", Some("default")),
        ] {
            let object = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "a"}});
            assert_eq!(place(object), (plural.to_owned(), namespace.map(str::to_owned)), "{kind}");
        }
        let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
            "metadata": {"name": "a", "namespace": "shop"}});
        assert_eq!(place(role).1, None);
        let custom = json!({"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"namespace": "shop"}});
        assert_eq!(place(custom).1.as_deref(), Some("shop"));
    }

    #[test]
    fn keys_are_those_of_the_cluster() {
        let key = |text: &str| object_key(&serde_json::from_str(text).unwrap());
        let web = key(r#"{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}}"#);
        assert!(web.is_some());
        for same in [
            r#"{"apiVersion": "apps/v1beta1", "kind": "Deployment", "metadata": {"name": "web", "namespace": ""}}"#,
            r#"{"apiVersion": "extensions/v1beta1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "default"}}"#,
        ] {
            assert_eq!(key(same), web, "{same}");
        }
        for other in [
            r#"{"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "web"}}"#,
            r#"{"apiVersion": "example.com/v1", "kind": "Deployment", "metadata": {"name": "web"}}"#,
            r#"{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}}"#,
            r#"{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "other"}}"#,
        ] {
            assert_ne!(key(other), web, "{other}");
        }
        // Every request makes another object.
        assert_eq!(key(r#"{"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "a-"}}"#), None);
        let role = |namespace: &str| {
            key(&format!(
                r#"{{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {{"name": "a"{namespace}}}}}"#
            ))
        };
        assert_eq!(role(""), role(r#", "namespace": "shop""#));
    }

    #[test]
    fn a_payload_without_a_copy_is_the_same() {
        let object = json!({"kind": "Role", "apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {"name": "a"}});
        let jane = Identity { username: "jane".to_owned(), ..Identity::default() };
        for identity in [None, Some(&jane)] {
            let request = request(&object, &Change::Create, identity);
            let settings = json!({"profile": "restricted"});
            let (copied, whole) = (create_payload(&object, identity, &settings), payload(&request, &settings));
            assert_eq!(String::from_utf8(copied).unwrap(), String::from_utf8(whole).unwrap());
        }
    }

    #[test]
    fn nobody_asks_unless_somebody_is_named() {
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}});
        assert!(request(&pod, &Change::Create, None).get("userInfo").is_none());
        let jane = Identity { username: "jane".to_owned(), oid: Some("1".to_owned()), ..Identity::default() };
        let asked = request(&pod, &Change::Create, Some(&jane));
        assert_eq!(asked["userInfo"], json!({"username": "jane", "groups": [], "extra": {"oid": ["1"]}}));
    }
}
