//! Clusters that answer look-ups without one: [`MemoryCluster`] for tests, [`ManifestCluster`] for
//! programs that have only manifests.

use anyhow::{Result, bail};
use entra_auth_policy::lookup::{CLUSTER_ROLE, Cluster, LookupError, Query, RESOURCES, Resource, SERVICE_ACCOUNT};
use manifest::{Form, ManifestObject};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Mutex;

/// The cluster that manifests would make. It keeps only the objects and the fields that look-ups ask for.
///
/// An object can be given more than once, for example for several environments. A look-up gets the one that
/// is nearest to the manifest that is evaluated: in the same file, else in the nearest folder, else the last.
#[derive(Debug, Default)]
pub struct ManifestCluster {
    objects: BTreeMap<Name, Vec<Given>>,
    missed: Mutex<BTreeSet<Name>>,
}

/// Kind, namespace (none in the cluster's scope) and name.
type Name = (&'static Resource, Option<String>, String);

/// One object, kept until it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// Where it was found; empty for the cluster itself.
    source: String,
    /// What a host would answer.
    answer: String,
}

/// The part of an object that is kept, if look-ups ask for its kind. Cheap to move between threads.
pub type Kept = (Name, Given);

impl ManifestCluster {
    /// What would be kept of an object. Separate from [`ManifestCluster::keep`], so that texts can be read
    /// in parallel and their objects kept in order.
    pub fn pick(source: &str, object: &ManifestObject) -> Option<Kept> {
        if object.form == Form::Request && object.value["operation"] == "DELETE" {
            return None;
        }
        ManifestCluster::pick_value(source, object.object())
    }

    pub fn pick_value(source: &str, object: &Value) -> Option<Kept> {
        let resource = resource(object["apiVersion"].as_str()?, object["kind"].as_str()?)?;
        let metadata = &object["metadata"];
        let name = metadata["name"].as_str()?.to_owned();
        let namespace = (*resource != CLUSTER_ROLE)
            .then(|| metadata["namespace"].as_str().filter(|text| !text.is_empty()).unwrap_or("default").to_owned());
        Some((
            (resource, namespace, name),
            Given { source: source.to_owned(), answer: masked(object, resource).to_string() },
        ))
    }

    /// Whether a text can hold an object that would be kept. Most do not and need not be parsed.
    pub fn may_be_in(text: &str) -> bool {
        RESOURCES.iter().any(|resource| text.contains(resource.kind))
    }

    /// Whether a text can hold a role that rules read without look-ups: one for identity bindings, or for audiences of
    /// nodes.
    pub fn may_be_given_in(text: &str) -> bool {
        ["cid.wi.aks.azure.com", "use-managed-identity", "request-serviceaccounts-token-audience"]
            .iter()
            .any(|part| text.contains(part))
    }

    pub fn keep(&mut self, (name, given): Kept) {
        self.objects.entry(name).or_default().push(given);
    }

    /// How many different objects are known.
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// How many objects were asked for that are not here.
    pub fn missed(&self) -> usize {
        self.missed.lock().map_or(0, |missed| missed.len())
    }

    /// The cluster as the manifests of `source` see it.
    pub fn seen_from<'c>(&'c self, source: &'c str) -> SeenFrom<'c> {
        SeenFrom { cluster: self, source, is_tried: false }
    }
}

/// See [`ManifestCluster::seen_from`].
#[derive(Clone, Copy, Debug)]
pub struct SeenFrom<'c> {
    cluster: &'c ManifestCluster,
    source: &'c str,
    is_tried: bool,
}

impl SeenFrom<'_> {
    /// For an object that is only tried: what it misses does not count.
    #[must_use]
    pub fn tried(self) -> Self {
        SeenFrom { is_tried: true, ..self }
    }
}

impl Cluster for SeenFrom<'_> {
    fn get(&self, query: &Query<'_>) -> Result<String, LookupError> {
        if let Some(given) = self.given(query) {
            return Ok(given);
        }
        let name = name_of(query);
        // Kubernetes creates it in every namespace, so manifests do not contain it.
        if *query.resource == SERVICE_ACCOUNT && query.name == "default" {
            return Ok(json!({"apiVersion": "v1", "kind": "ServiceAccount"}).to_string());
        }
        if !self.is_tried
            && let Ok(mut missed) = self.cluster.missed.lock()
        {
            missed.insert(name);
        }
        Err(LookupError::NotFound)
    }

    fn given(&self, query: &Query<'_>) -> Option<String> {
        let given = self.cluster.objects.get(&name_of(query)).into_iter().flatten();
        given.max_by_key(|given| nearness(&given.source, self.source)).map(|nearest| nearest.answer.clone())
    }
}

fn name_of(query: &Query<'_>) -> Name {
    (query.resource, query.namespace.map(str::to_owned), query.name.to_owned())
}

/// How many components two paths have in common. Equal paths are nearest.
fn nearness(one: &str, other: &str) -> usize {
    Path::new(one).components().zip(Path::new(other).components()).take_while(|(one, other)| one == other).count()
}

/// The name of the kind in look-ups, whatever its version.
fn resource(api_version: &str, kind: &str) -> Option<&'static Resource> {
    let group = |api_version: &str| api_version.split_once('/').map_or(String::new(), |(group, _)| group.to_owned());
    let is = |resource: &&&Resource| resource.kind == kind && group(resource.api_version) == group(api_version);
    RESOURCES.iter().find(is).copied()
}

/// A host's answer: the masked fields only, so that every test shows that they are enough.
fn masked(object: &Value, resource: &Resource) -> Value {
    let mut answer = json!({"apiVersion": resource.api_version, "kind": resource.kind});
    for mask in resource.field_masks {
        copy(object, &mut answer, mask);
    }
    answer
}

fn copy(from: &Value, to: &mut Value, mask: &str) {
    let (key, rest) = mask.split_once('.').unwrap_or((mask, ""));
    match from.get(key) {
        None => {}
        Some(value) if rest.is_empty() => to[key] = value.clone(),
        Some(value) => {
            if to[key].is_null() {
                to[key] = json!({});
            }
            copy(value, &mut to[key], rest);
        }
    }
}

/// A cluster of a few objects, to answer look-ups in tests.
#[derive(Clone, Debug, Default)]
pub enum MemoryCluster {
    /// Fails the test if it is asked.
    #[default]
    Unasked,
    Objects(Vec<Value>),
    /// Answers every question with the same failure.
    Fails(LookupError),
}

impl MemoryCluster {
    /// The cluster that holds the objects of a list, if there is one.
    pub fn of(objects: Option<&Value>) -> Self {
        let mut cluster = MemoryCluster::Unasked;
        if let Some(objects) = objects {
            cluster.add(objects);
        }
        cluster
    }

    pub fn add(&mut self, objects: &Value) {
        let more = objects.as_array().cloned().unwrap_or_default();
        match self {
            MemoryCluster::Objects(objects) => objects.extend(more),
            other => *other = MemoryCluster::Objects(more),
        }
    }

    pub fn failing(how: &str) -> Result<Self> {
        Ok(MemoryCluster::Fails(match how {
            "not-granted" => LookupError::NotGranted,
            "refused" => LookupError::Refused,
            "not-found" => LookupError::NotFound,
            "failed" => LookupError::Failed,
            _ => bail!("no such failure: {how}"),
        }))
    }
}

impl Cluster for MemoryCluster {
    fn get(&self, query: &Query<'_>) -> Result<String, LookupError> {
        let objects = match self {
            MemoryCluster::Unasked => panic!("{query:?} looked up without being asked to"),
            MemoryCluster::Fails(error) => return Err(*error),
            MemoryCluster::Objects(objects) => objects,
        };
        let asked = |object: &&Value| {
            object["apiVersion"] == query.resource.api_version
                && object["kind"] == query.resource.kind
                && object["metadata"]["name"] == query.name
                && object["metadata"]["namespace"].as_str() == query.namespace
        };
        let object = objects.iter().find(asked).ok_or(LookupError::NotFound)?;
        Ok(masked(object, query.resource).to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use entra_auth_policy::lookup::ROLE;
    use manifest::documents;

    fn cluster(texts: &[(&str, &str)]) -> ManifestCluster {
        let mut cluster = ManifestCluster::default();
        for (source, text) in texts {
            for document in documents(text) {
                for object in document.objects().unwrap() {
                    ManifestCluster::pick(source, &object.unwrap()).into_iter().for_each(|kept| cluster.keep(kept));
                }
            }
        }
        cluster
    }

    fn account(cluster: &ManifestCluster, from: &str, namespace: &str, name: &str) -> Result<Value, LookupError> {
        let query = Query { resource: &SERVICE_ACCOUNT, namespace: Some(namespace), name };
        cluster.seen_from(from).get(&query).map(|answer| serde_json::from_str(&answer).unwrap())
    }

    fn manifest(namespace: &str, mark: &str) -> String {
        format!(
            "apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: web{namespace}, annotations: {{mark: {mark}}}, \
             labels: {{a: b}}}}\nsecrets: [{{name: kept-out}}]\n"
        )
    }

    #[test]
    fn only_what_is_asked_for_is_kept() {
        let text = manifest(", namespace: shop", "one")
            + "---\napiVersion: v1\nkind: Secret\nmetadata: {name: web, namespace: shop}\n";
        let cluster = cluster(&[("a.yaml", &text)]);
        assert_eq!(cluster.len(), 1);
        let expected =
            json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"annotations": {"mark": "one"}}});
        assert_eq!(account(&cluster, "b.yaml", "shop", "web"), Ok(expected));
        for _ in 0..2 {
            assert_eq!(account(&cluster, "b.yaml", "other", "web"), Err(LookupError::NotFound));
        }
        assert_eq!(cluster.missed(), 1);
        assert!(!ManifestCluster::may_be_in("kind: Deployment\nserviceAccountName: web\n"));
    }

    #[test]
    fn namespaces_are_those_of_the_request() {
        let text = manifest("", "one")
            + "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: a, namespace: odd}\n\
               rules: []\n---\napiVersion: example.com/v1\nkind: Role\nmetadata: {name: a}\n";
        let cluster = cluster(&[("a.yaml", &text)]);
        assert!(account(&cluster, "a.yaml", "default", "web").is_ok());
        let role = |resource, namespace| cluster.seen_from("").get(&Query { resource, namespace, name: "a" });
        assert!(role(&CLUSTER_ROLE, None).is_ok());
        assert_eq!(role(&ROLE, Some("default")), Err(LookupError::NotFound));
    }

    #[test]
    fn the_nearest_of_several_answers() {
        let texts = ["", "dev/web.yaml", "prod/web.yaml", "prod/eu/accounts.yaml"]
            .map(|source| (source, manifest("", &format!("{source:?}"))));
        let cluster = cluster(&texts.each_ref().map(|(source, text)| (*source, text.as_str())));
        let mark = |from: &str| {
            account(&cluster, from, "default", "web").unwrap()["metadata"]["annotations"]["mark"]
                .as_str()
                .unwrap()
                .to_owned()
        };
        for from in ["dev/web.yaml", "prod/web.yaml"] {
            assert_eq!(mark(from), from);
        }
        assert_eq!(mark("prod/eu/web.yaml"), "prod/eu/accounts.yaml");
        assert_eq!(mark("dev/other.yaml"), "dev/web.yaml");
        assert_eq!(mark("elsewhere.yaml"), "prod/eu/accounts.yaml");
    }

    #[test]
    fn every_namespace_has_its_default_account() {
        assert!(account(&cluster(&[]), "", "shop", "default").is_ok());
        let request = json!({"kind": {"kind": "ServiceAccount"}, "operation": "DELETE", "oldObject":
            {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "web", "namespace": "shop"}}});
        assert!(cluster(&[("", &request.to_string())]).is_empty());
    }
}
