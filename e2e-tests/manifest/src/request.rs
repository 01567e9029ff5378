//! Admission requests for objects, as the API server would make them.

use entra_auth_policy::kind::Kind;
use entra_auth_policy::rules;
use serde_json::{Map, Value, json};

/// Who makes the request.
#[derive(Clone, Debug, Default)]
pub struct Identity {
    pub username: String,
    pub groups: Vec<String>,
    /// Entra object id, as AKS puts it into `extra.oid`.
    pub oid: Option<String>,
}

#[derive(Clone, Debug, Default)]
pub enum Operation {
    #[default]
    Create,
    /// With the old object.
    Update(Value),
}

/// The request of applying `object`. No `userInfo` unless somebody asks.
pub fn request(object: &Value, operation: &Operation, identity: Option<&Identity>) -> Value {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let api_version = text(&object["apiVersion"]);
    let (group, version) = api_version.split_once('/').unwrap_or(("", &api_version));
    let kind = text(&object["kind"]);
    let known = known_kind(group, &kind);
    let plural = known.map_or_else(|| plural(&kind), |kind| kind.plural.to_owned());
    let metadata = &object["metadata"];
    let gvk = json!({"group": group, "version": version, "kind": kind});
    let gvr = json!({"group": group, "version": version, "resource": plural});
    let mut request = Map::new();
    let mut set = |key: &str, value: Value| _ = request.insert(key.to_owned(), value);
    set("uid", json!("00000000-0000-4000-8000-000000000000"));
    set("kind", gvk.clone());
    set("resource", gvr.clone());
    set("requestKind", gvk);
    set("requestResource", gvr);
    if metadata["name"].is_string() {
        set("name", metadata["name"].clone());
    }
    // The API server fills in the namespace that kubectl would.
    let namespaced = known.is_none_or(|kind| kind.namespaced);
    let namespace = match metadata["namespace"].as_str() {
        Some(namespace) => Some(namespace),
        None if known.is_some() && namespaced => Some("default"),
        None => None,
    };
    if let Some(namespace) = namespace.filter(|_| namespaced) {
        set("namespace", json!(namespace));
    }
    match operation {
        Operation::Create => set("operation", json!("CREATE")),
        Operation::Update(old) => {
            set("operation", json!("UPDATE"));
            set("oldObject", old.clone());
        }
    }
    if let Some(identity) = identity {
        let mut extra = Map::new();
        if let Some(oid) = &identity.oid {
            extra.insert("oid".to_owned(), json!([oid]));
        }
        set("userInfo", json!({"username": identity.username, "groups": identity.groups, "extra": extra}));
    }
    set("object", object.clone());
    set("dryRun", json!(false));
    Value::Object(request)
}

/// What the policy receives: settings and request.
pub fn payload(request: &Value, settings: &Value) -> Vec<u8> {
    json!({"settings": settings, "request": request}).to_string().into_bytes()
}

/// The kind's entry in the policy's own table, found through the rules that watch it.
fn known_kind(group: &str, kind: &str) -> Option<&'static Kind> {
    rules::watched().into_iter().find(|known| known.is(group, kind))
}

/// English plurals as CRDs use them.
fn plural(kind: &str) -> String {
    let kind = kind.to_lowercase();
    match kind.chars().last() {
        Some('s' | 'x') => format!("{kind}es"),
        Some('y') if !kind.ends_with("ay") && !kind.ends_with("ey") => format!("{}ies", &kind[..kind.len() - 1]),
        _ => format!("{kind}s"),
    }
}
