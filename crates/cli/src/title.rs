//! Names of objects in reports.

use entra_auth_policy::object;
use manifest::{Form, ManifestObject};
use serde_json::Value;
use text::shown;

/// What an object is called. Names are input: they are shown without control characters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Title {
    pub kind: String,
    /// The API group; empty for the core group.
    pub group: String,
    pub namespace: String,
    pub name: String,
    /// The operation, unless it is CREATE: `UPDATE`, `CONNECT pods/exec`.
    pub act: String,
}

/// The operation of an object that there was before.
pub(crate) const UPDATE: &str = "UPDATE";

impl Title {
    pub fn of(object: &ManifestObject) -> Title {
        let text = |value: &Value| shown(value.as_str().unwrap_or_default()).into_owned();
        let or = |first: &Value, second: &Value| if first.is_string() { text(first) } else { text(second) };
        let body = object.object();
        let metadata = &body["metadata"];
        let mut name = text(&metadata["name"]);
        if name.is_empty() && metadata["generateName"].is_string() {
            name = format!("{}*", text(&metadata["generateName"]));
        }
        let of_version = |version: &str| version.split_once('/').map_or(String::new(), |(group, _)| group.to_owned());
        let group = of_version(&text(&body["apiVersion"]));
        if object.form == Form::Object {
            return Title {
                kind: text(&body["kind"]),
                group,
                namespace: text(&metadata["namespace"]),
                name,
                act: String::new(),
            };
        }
        let request = &object.value;
        if name.is_empty() {
            name = text(&request["name"]);
        }
        let mut act = text(&request["operation"]);
        match text(&request["subResource"]).as_str() {
            "" if act == "CREATE" => act.clear(),
            "" => {}
            sub => act = format!("{act} {}/{sub}", text(&request["resource"]["resource"])),
        }
        let kind = or(&body["kind"], &request["kind"]["kind"]);
        // A request about a Namespace has its name in both places.
        let namespace = match kind.as_str() {
            "Namespace" => String::new(),
            _ => or(&metadata["namespace"], &request["namespace"]),
        };
        Title { kind, group, namespace, name, act }
    }
}

impl std::fmt::Display for Title {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let title = object::Title { kind: &self.kind, namespace: &self.namespace, name: &self.name };
        write!(f, "{title}")?;
        if self.act.is_empty() { Ok(()) } else { write!(f, " ({})", self.act) }
    }
}
