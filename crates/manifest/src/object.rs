//! What a document holds: an object, a list of objects, an admission request or review.

use crate::document::Document;
use crate::list::Head;
#[cfg(feature = "yaml")]
use crate::tree;
use crate::{Fault, Unreadable};
use serde_json::Value;

/// One object or request to evaluate.
#[derive(Clone, Debug, PartialEq)]
pub struct ManifestObject {
    /// The object, or the admission request.
    pub value: Value,
    pub form: Form,
    /// JSON Pointer from the document's text to the value.
    pub pointer: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As written in a manifest.
    Object,
    /// An AdmissionRequest, taken out of its review if it was in one.
    Request,
}

impl ManifestObject {
    /// The Kubernetes object that is evaluated, if there is one.
    pub fn object(&self) -> &Value {
        match self.form {
            Form::Object => &self.value,
            Form::Request if self.value["object"].is_object() => &self.value["object"],
            Form::Request => &self.value["oldObject"],
        }
    }

    /// JSON Pointer from the document to the object that is evaluated.
    pub fn object_pointer(&self) -> String {
        match self.form {
            Form::Object => self.pointer.clone(),
            Form::Request => format!("{}/object", self.pointer),
        }
    }
}

impl Document<'_> {
    /// The objects of the document, with an error in place of each that cannot be read.
    #[cfg(feature = "yaml")]
    pub fn objects(&self) -> Result<Vec<Result<ManifestObject, Unreadable>>, Unreadable> {
        self.read().map(|value| self.objects_of(value))
    }

    /// The same, of a document that was read already.
    pub fn objects_of(&self, value: Value) -> Vec<Result<ManifestObject, Unreadable>> {
        let mut objects = Vec::new();
        match &self.item {
            Some(item) => self.split(item.complete(value), item.pointer().to_owned(), &mut objects),
            None if value.is_null() => {}
            None => self.split(value, String::new(), &mut objects),
        }
        objects
    }

    /// The document, or the item of a list, as one value.
    #[cfg(feature = "yaml")]
    pub fn read(&self) -> Result<Value, Unreadable> {
        let value = self.read_text()?;
        Ok(match &self.item {
            Some(item) => item.unwrap(value),
            None => value,
        })
    }

    #[cfg(feature = "yaml")]
    fn read_text(&self) -> Result<Value, Unreadable> {
        // Most of what is generated is JSON, and its own parser is far faster.
        let looks_like_json = self.text.trim_start().starts_with('{');
        let json_error = match looks_like_json.then(|| tree::json(self.text)) {
            Some(Ok(value)) => return Ok(value),
            Some(Err(error)) => Some(error),
            None => None,
        };
        tree::yaml_value(self.text).map_err(|error| {
            if self.text.contains("{{") || self.text.contains("{%") {
                return self.template();
            }
            let quoted = self.text.trim_start().trim_start_matches('{').trim_start().starts_with('"');
            match json_error {
                Some(json) if quoted => {
                    let text = json.to_string();
                    let words = text.rsplit_once(" at line ").map_or(text.as_str(), |(words, _)| words);
                    self.broken(format!("not JSON: {words}"), json.line())
                }
                _ => self.broken(format!("not YAML: {}", tree::words(&error)), tree::line(&error)),
            }
        })
    }

    /// Lists never reach admission: the client sends their items.
    fn split(&self, value: Value, pointer: String, objects: &mut Vec<Result<ManifestObject, Unreadable>>) {
        let kind = value["kind"].as_str().unwrap_or_default();
        let Some(item_kind) = kind.strip_suffix("List").filter(|_| value["items"].is_array()) else {
            return objects.push(self.recognise(value, pointer));
        };
        let head = Head::new(item_kind, value["apiVersion"].clone());
        let Value::Object(mut list) = value else { return };
        let Some(Value::Array(items)) = list.remove("items") else { return };
        for (index, item) in items.into_iter().enumerate() {
            self.split(head.complete(item), format!("{pointer}/items/{index}"), objects);
        }
    }

    fn recognise(&self, mut value: Value, pointer: String) -> Result<ManifestObject, Unreadable> {
        if value["kind"] == "AdmissionReview" {
            return match value["request"].take() {
                request @ Value::Object(_) => {
                    Ok(ManifestObject { value: request, form: Form::Request, pointer: format!("{pointer}/request") })
                }
                _ => Err(self.broken("an AdmissionReview without a request".to_owned(), 1)),
            };
        }
        // A request says its kind in full; what a policy server sends wraps one, with the settings.
        let is_request = |value: &Value| value["kind"]["kind"].is_string() && value["operation"].is_string();
        if is_request(&value) {
            return Ok(ManifestObject { value, form: Form::Request, pointer });
        }
        if is_request(&value["request"]) {
            let pointer = format!("{pointer}/request");
            return Ok(ManifestObject { value: value["request"].take(), form: Form::Request, pointer });
        }
        if let Some((kind, text)) = elsewhere(&value) {
            return Err(Unreadable { kind, text: text.to_owned(), line: self.line });
        }
        let missing = ["apiVersion", "kind"].into_iter().find(|key| value[*key].as_str().is_none_or(str::is_empty));
        let Some(missing) = missing else { return Ok(ManifestObject { value, form: Form::Object, pointer }) };
        let claims = value.get("apiVersion").is_some() || value.get("kind").is_some();
        let place = match &self.item {
            Some(item) => format!("items {} ", item.index),
            None if pointer.is_empty() => String::new(),
            None => format!("{} ", &pointer[1..].replace('/', " ")),
        };
        // A chart's own `Chart.yaml` has an `apiVersion` and nothing else of an object.
        let is_chart = value.get("kind").is_none() && value["name"].is_string() && value["version"].is_string();
        if (claims && !is_chart) || !place.is_empty() {
            return Err(self.broken(format!("{place}no Kubernetes object: `{missing}` is missing or no text"), 1));
        }
        if self.text.contains("{{") {
            return Err(self.template());
        }
        let text = "no Kubernetes object: it has neither `apiVersion` nor `kind`".to_owned();
        Err(Unreadable { kind: Fault::NoManifest, text, line: self.line })
    }

    /// The words for a text that has to be rendered first.
    pub fn template(&self) -> Unreadable {
        let text =
            "a template, not YAML: render it first (`helm template RELEASE CHART | entra-auth check -`)".to_owned();
        Unreadable { kind: Fault::Template, text, line: self.line }
    }

    /// `line` counts within the document, from 1.
    fn broken(&self, text: String, line: usize) -> Unreadable {
        Unreadable { kind: Fault::Broken, text, line: self.line + line.saturating_sub(1) }
    }
}

/// The words for a kustomization.
pub const KUSTOMIZATION: &str = "a kustomization: build it first (`kustomize build FOLDER | entra-auth check -`)";

/// A kustomization without `apiVersion`, which kustomize adds.
fn is_bare_kustomization(value: &Value) -> bool {
    let Some(members) = value.as_object() else { return false };
    let is_files =
        |value: &Value| value.as_array().is_some_and(|list| !list.is_empty() && list.iter().all(Value::is_string));
    let lists_files =
        ["resources", "bases", "components", "patchesStrategicMerge"].iter().any(|key| is_files(&value[*key]));
    match (value.get("apiVersion"), value["kind"].as_str()) {
        (None, Some("Kustomization" | "Component")) => true,
        (None, None) => lists_files && members.keys().all(|key| KUSTOMIZE_KEYS.contains(&key.as_str())),
        _ => false,
    }
}

/// The members of a kustomization.
const KUSTOMIZE_KEYS: &[&str] = &[
    "bases",
    "buildMetadata",
    "commonAnnotations",
    "commonLabels",
    "components",
    "configMapGenerator",
    "configurations",
    "crds",
    "generatorOptions",
    "generators",
    "helmCharts",
    "helmGlobals",
    "images",
    "labels",
    "metadata",
    "namePrefix",
    "nameSuffix",
    "namespace",
    "openapi",
    "patches",
    "patchesJson6902",
    "patchesStrategicMerge",
    "replacements",
    "replicas",
    "resources",
    "secretGenerator",
    "sortOptions",
    "transformers",
    "validators",
    "vars",
];

/// Files of other tools that are kept next to manifests, and what makes manifests from them.
fn elsewhere(value: &Value) -> Option<(Fault, &'static str)> {
    let text = |key: &str| value[key].as_str().unwrap_or_default();
    let is_patch = |operation: &Value| operation["op"].is_string() && operation["path"].is_string();
    if text("apiVersion").starts_with("kustomize.config.k8s.io/") || is_bare_kustomization(value) {
        return Some((Fault::Kustomization, KUSTOMIZATION));
    }
    if value["$patch"].is_string() || value.as_array().is_some_and(|list| !list.is_empty() && list.iter().all(is_patch))
    {
        let text = "a patch, not an object: apply it first (`kustomize build FOLDER | entra-auth check -`)";
        return Some((Fault::Patch, text));
    }
    if value["sops"]["mac"].is_string() {
        let text = "encrypted with SOPS: decrypt it first (`sops decrypt FILE | entra-auth check -`)";
        return Some((Fault::Encrypted, text));
    }
    None
}

#[cfg(all(test, feature = "yaml"))]
mod tests {
    use super::*;
    use crate::documents;

    fn read(text: &str) -> Vec<Result<ManifestObject, Unreadable>> {
        documents(text)
            .iter()
            .flat_map(|document| document.objects().unwrap_or_else(|error| vec![Err(error)]))
            .collect()
    }

    fn faults(text: &str) -> Vec<(Fault, usize)> {
        read(text).into_iter().filter_map(Result::err).map(|error| (error.kind, error.line)).collect()
    }

    #[test]
    fn lists_are_split_and_their_items_completed() {
        let text =
            "apiVersion: v1\nkind: PodList\nitems:\n- metadata: {name: a}\n- {apiVersion: v1, kind: List, items: []}\n";
        let found = read(text);
        assert_eq!(found.len(), 1);
        let pod = found[0].as_ref().unwrap();
        assert_eq!((pod.value["kind"].as_str(), pod.pointer.as_str()), (Some("Pod"), "/0"));
        assert_eq!(faults("apiVersion: v1\nkind: List\nitems: [{}]\n"), [(Fault::Broken, 1)]);
    }

    #[test]
    fn requests_and_reviews_are_recognised() {
        let request = r#"{"uid":"1","kind":{"group":"","version":"v1","kind":"Pod"},"operation":"CREATE","object":{"kind":"Pod"}}"#;
        for (text, pointer) in [
            (request.to_owned(), ""),
            (format!(r#"{{"settings":{{}},"request":{request}}}"#), "/request"),
            (
                format!(r#"{{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{request}}}"#),
                "/request",
            ),
        ] {
            let found = read(&text).remove(0).unwrap();
            assert_eq!((found.form, found.pointer.as_str()), (Form::Request, pointer));
            assert_eq!(found.object()["kind"], "Pod");
        }
        assert_eq!(faults(r#"{"kind":"AdmissionReview","request":null}"#), [(Fault::Broken, 1)]);
    }

    /// An Argo Workflow template has `kind` and `request`-like members too.
    #[test]
    fn an_object_with_a_member_called_request_stays_an_object() {
        let text = "apiVersion: example.com/v1\nkind: Thing\nrequest: {a: 1}\noperation: CREATE\n";
        assert_eq!(read(text).remove(0).unwrap().form, Form::Object);
    }

    #[test]
    fn what_is_no_manifest_is_told_apart() {
        assert_eq!(faults("image: nginx\n"), [(Fault::NoManifest, 1)]);
        assert_eq!(faults("---\n- a\n"), [(Fault::NoManifest, 1)]);
        assert_eq!(faults("kind: Pod\n"), [(Fault::Broken, 1)]);
        assert_eq!(faults("apiVersion: v2\nname: shop\nversion: 1.0.0\n"), [(Fault::NoManifest, 1)]);
        assert_eq!(faults("a: 1\n---\n\nb: [\n"), [(Fault::NoManifest, 1), (Fault::Broken, 4)]);
        assert_eq!(faults("{\"a\": 1,\n \"b\" 2}"), [(Fault::Broken, 2)]);
    }

    #[test]
    fn files_of_other_tools_are_named() {
        for (text, fault) in [
            ("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n", Fault::Kustomization),
            ("kind: Kustomization\nnamePrefix: a-\n", Fault::Kustomization),
            ("resources: [web.yaml]\nimages: [{name: a, newTag: '1'}]\n", Fault::Kustomization),
            ("- op: remove\n  path: /spec/replicas\n", Fault::Patch),
            ("[{\"op\": \"add\", \"path\": \"/a\", \"value\": 1}]", Fault::Patch),
            ("$patch: delete\napiVersion: v1\nkind: Pod\nmetadata: {name: a}\n", Fault::Patch),
            ("apiVersion: v1\nkind: Secret\ndata: {a: 'ENC[x]'}\nsops: {mac: 'ENC[y]'}\n", Fault::Encrypted),
        ] {
            assert_eq!(faults(text), [(fault, 1)], "{text}");
            assert!(fault.is_harmless());
        }
        assert!(faults("apiVersion: v1\nkind: ConfigMap\ndata: {sops: a}\n").is_empty());
        // A chart's values.
        for text in
            ["resources: {limits: {cpu: 1}}\n", "resources: [web.yaml]\nreplicaCount: 1\n", "images: [{name: a}]\n"]
        {
            assert_eq!(faults(text), [(Fault::NoManifest, 1)], "{text}");
        }
    }

    #[test]
    fn templates_are_named() {
        for text in [
            "metadata:\n  name: {{ .Release.Name }}\n",
            "{{- if .Values.x }}\nkind: Pod\n{{- end }}\n",
            "{{ include \"x\" . }}\n",
        ] {
            assert_eq!(faults(text), [(Fault::Template, 1)], "{text}");
        }
        // Argo and Prometheus keep such text in plain strings.
        assert!(faults("apiVersion: v1\nkind: Pod\nmetadata: {name: '{{workflow.name}}'}\n").is_empty());
    }
}
