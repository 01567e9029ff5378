//! The pod template that a finding is about.

use crate::Edit;
use crate::accounts;
use crate::case::{Case, member, set};
use entra_auth_policy::view::workload::TEMPLATE_PATHS;
use entra_auth_policy::view::workload_identity::{USE, is_entra_audience};
use serde_json::Value;

/// A pod template, by the pointers of its parts.
pub(crate) struct Pod<'c, 'a> {
    case: &'c Case<'a>,
    /// Where labels and annotations of the pods are to be written.
    pub metadata: String,
    /// Where containers and volumes are.
    pub spec: String,
    /// What an Argo Workflow says for all of its templates.
    outer: Option<String>,
}

impl<'a> Case<'a> {
    /// The pod template that the finding is in, or the one of the object.
    pub(crate) fn pod(&self) -> Option<Pod<'_, 'a>> {
        let mut pointer = self.pointer();
        // Whatever the kind, a node with a list of containers in its spec is a pod template.
        loop {
            if self.at(&format!("{pointer}/spec/containers")).is_array() {
                let (metadata, spec) = (format!("{pointer}/metadata"), format!("{pointer}/spec"));
                return Some(Pod { case: self, metadata, spec, outer: None });
            }
            match pointer.rsplit_once('/') {
                Some((above, _)) => pointer = above,
                None => break,
            }
        }
        let Some((_, path)) = TEMPLATE_PATHS.iter().find(|(kind, _)| self.is(kind)) else {
            let template = only_template(self.object)?;
            let (metadata, spec) = (format!("{template}/metadata"), format!("{template}/spec"));
            return Some(Pod { case: self, metadata, spec, outer: None });
        };
        let joined = |path: &[&str]| path.iter().map(|key| format!("/{key}")).collect::<String>();
        if let [above @ .., "templates", "*"] = path {
            let outer = joined(above);
            let template = self.argo_template(&outer).unwrap_or_else(|| outer.clone());
            let metadata = format!("{outer}/podMetadata");
            return Some(Pod { case: self, metadata, spec: template, outer: Some(outer) });
        }
        let template = joined(path);
        self.at(&template).is_object().then(|| {
            let (metadata, spec) = (format!("{template}/metadata"), format!("{template}/spec"));
            Pod { case: self, metadata, spec, outer: None }
        })
    }

    /// The template of an Argo Workflow that the finding is in. A step can have its template inline.
    fn argo_template(&self, outer: &str) -> Option<String> {
        const RUNS: &[&str] = &["container", "script", "containerSet"];
        let mut pointer = self.pointer();
        while pointer.len() > outer.len() {
            if RUNS.iter().any(|part| self.at(pointer).get(part).is_some_and(Value::is_object)) {
                return Some(pointer.to_owned());
            }
            pointer = pointer.rsplit_once('/')?.0;
        }
        None
    }
}

/// The one pod template of a kind that is not known, by its shape.
fn only_template(object: &Value) -> Option<String> {
    let mut found = Vec::new();
    let mut open = vec![(String::new(), object)];
    while let Some((pointer, node)) = open.pop() {
        if node["spec"]["containers"].is_array() {
            found.push(pointer);
        } else if let Value::Object(map) = node {
            let members = map.iter().filter(|(key, value)| *key != "status" && (value.is_object() || value.is_array()));
            open.extend(members.map(|(key, value)| (member(&pointer, key), value)));
        } else if let Value::Array(items) = node {
            open.extend(items.iter().enumerate().map(|(at, item)| (format!("{pointer}/{at}"), item)));
        }
    }
    if found.len() == 1 { found.pop() } else { None }
}

impl<'a> Pod<'_, 'a> {
    /// The pointer of a label of the pods.
    pub(crate) fn label_place(&self, key: &str) -> String {
        member(&format!("{}/labels", self.metadata), key)
    }

    /// Every metadata that the pods get. Only an Argo Workflow has more than one.
    fn metadata_levels(&self) -> Vec<String> {
        let mut levels = vec![self.metadata.clone()];
        if let Some(outer) = &self.outer {
            levels.push(format!("{}/metadata", self.spec));
            levels.push(format!("{outer}/templateDefaults/metadata"));
        }
        levels
    }

    /// Whether `pointer` is in the labels or the annotations that the pods get.
    pub(crate) fn has_metadata_at(&self, pointer: &str) -> bool {
        let levels = self.metadata_levels();
        let below = |level: &String| pointer.strip_prefix(level.as_str()).is_some_and(|rest| rest.starts_with('/'));
        levels.iter().any(below)
    }

    /// Every place where an annotation of the pods is.
    pub(crate) fn annotation_places(&self, key: &str) -> Vec<String> {
        let places = self.metadata_levels().into_iter().map(|level| member(&format!("{level}/annotations"), key));
        places.filter(|place| self.case.object.pointer(place).is_some()).collect()
    }

    fn label(&self, key: &str) -> &'a Value {
        let places = self.metadata_levels().into_iter().map(|level| member(&format!("{level}/labels"), key));
        places.map(|place| self.case.at(&place)).find(|label| !label.is_null()).unwrap_or(&Value::Null)
    }

    /// Whether the webhook of workload identity acts on the pods.
    pub(crate) fn uses_workload_identity(&self) -> bool {
        self.label(USE) == "true"
    }

    /// Whether the pods can sign in to Entra: through the webhook, or with a token that the manifest projects.
    pub(crate) fn signs_in(&self) -> bool {
        let audience =
            |source: &Value| source["serviceAccountToken"]["audience"].as_str().is_some_and(is_entra_audience);
        let projects = |volume: &Value| {
            volume["projected"]["sources"].as_array().is_some_and(|sources| sources.iter().any(audience))
        };
        self.uses_workload_identity() || self.volumes().iter().any(|(_, volume)| projects(volume))
    }

    /// The member that names the service account, if there is one: its pointer and the name.
    fn named_account(&self) -> Option<(String, &'a str)> {
        let mut places = vec![format!("{}/serviceAccountName", self.spec), format!("{}/serviceAccount", self.spec)];
        if let Some(outer) = &self.outer {
            places.push(format!("{outer}/templateDefaults/serviceAccountName"));
            places.push(format!("{outer}/serviceAccountName"));
        }
        let named = |place: String| self.case.at(&place).as_str().map(|name| (place, name));
        places.into_iter().filter_map(named).find(|(_, name)| !name.is_empty())
    }

    /// The service account that the pods run under.
    pub(crate) fn account(&self) -> &'a str {
        self.named_account().map_or("default", |(_, name)| name)
    }

    /// Labels the pods for workload identity. Pods of the `default` account get a dedicated one with it: without one,
    /// the label would let every pod of the namespace share an identity.
    pub(crate) fn enable_workload_identity(&self) -> Vec<Edit> {
        let mut edits = vec![set(self.label_place(USE), "true")];
        if self.account() == "default" {
            edits.extend(self.dedicated_account());
        }
        edits
    }

    /// Lets the pods run under a dedicated account that has an Azure identity.
    pub(crate) fn dedicated_account(&self) -> Vec<Edit> {
        let new = || format!("{}/serviceAccountName", self.outer.as_ref().unwrap_or(&self.spec));
        accounts::dedicated(self.case, self.named_account().map_or_else(new, |(place, _)| place))
    }

    /// Everything that runs in the pods.
    pub(crate) fn containers(&self) -> Vec<(String, &'a Value)> {
        const LISTS: &[&str] =
            &["initContainers", "containers", "ephemeralContainers", "sidecars", "containerSet/containers"];
        let lists = LISTS.iter().flat_map(|list| self.items(&format!("{}/{list}", self.spec)));
        let single = ["container", "script"].map(|part| format!("{}/{part}", self.spec));
        let single = single.into_iter().map(|place| (place.clone(), self.case.at(&place)));
        lists.chain(single).filter(|(_, container)| container.is_object()).collect()
    }

    /// The volumes that containers can mount.
    pub(crate) fn volumes(&self) -> Vec<(String, &'a Value)> {
        let mut volumes = self.items(&format!("{}/volumes", self.spec));
        if let Some(outer) = &self.outer {
            volumes.extend(self.items(&format!("{outer}/templateDefaults/volumes")));
            volumes.extend(self.items(&format!("{outer}/volumes")));
        }
        volumes
    }

    /// The mounts of the volume `name`.
    pub(crate) fn mounts_of(&self, name: &str) -> Vec<String> {
        let mut mounts = Vec::new();
        for (container, _) in self.containers() {
            for list in ["volumeMounts", "volumeDevices"] {
                let items = self.items(&format!("{container}/{list}")).into_iter();
                mounts.extend(items.filter(|(_, mount)| mount["name"] == name).map(|(place, _)| place));
            }
        }
        mounts
    }

    pub(crate) fn items(&self, list: &str) -> Vec<(String, &'a Value)> {
        let items = self.case.at(list).as_array().map(Vec::as_slice).unwrap_or_default();
        items.iter().enumerate().map(|(at, item)| (format!("{list}/{at}"), item)).collect()
    }
}
