//! Everything that becomes a Pod, through one view: Pods, the built-in workload kinds, and custom
//! kinds that hold a pod template.

use crate::anchor::Anchor;
use crate::object::Object;
use crate::settings::Settings;
use crate::sort::{sort, sort_by};
use crate::view::container::{Container, ContainerRole};
use crate::view::custom_resource::is_custom_resource;
use json::Node;
use kubernetes::kind::{self, Kind};
use std::cell::OnceCell;

/// One pod template of an object, or a Pod.
#[derive(Clone, Debug)]
pub struct Workload<'a> {
    pub object: Object<'a>,
    /// Where the template's `metadata` and `spec` are; the object itself for a Pod.
    pub template: Node<'a>,
    /// The pod spec.
    pub spec: Node<'a>,
    outer: Outer<'a>,
    /// Nearly every rule asks for them, so they are gathered once.
    containers: Vec<Container<'a>>,
    /// The label that many rules check first, looked up once.
    use_label: OnceCell<Node<'a>>,
    /// Whether the object has an earlier pod template.
    is_further: bool,
    /// Whether only its shape says that it is a pod template.
    is_guessed: bool,
    /// Whether there are other pod templates that were not read: see [`MOST_SHARED`].
    is_one_of_too_many: bool,
    /// The names that the webhook skips, and the volumes by name, both sorted: every container and mount is compared
    /// with them.
    pub(super) skipped: OnceCell<Vec<&'a str>>,
    named_volumes: OnceCell<Vec<(&'a str, Node<'a>)>>,
}

/// Most pod templates of an object, times the labels, annotations, volumes and other members that all of them share:
/// every rule reads these for each template. A Workflow of a hundred templates may share a hundred and sixty.
const MOST_SHARED: usize = 1 << 14;

/// What an Argo Workflow sets for all of its templates; absent for other kinds. The template itself takes
/// precedence, then `templateDefaults`, then the Workflow's spec.
#[derive(Clone, Copy, Debug)]
struct Outer<'a> {
    spec: Node<'a>,
    template_defaults: Node<'a>,
}

/// The label that makes the webhook of workload identity act on a Pod.
pub const USE_LABEL: &str = "azure.workload.identity/use";

/// The label that selects a pod-managed identity.
pub const POD_IDENTITY_LABEL: &str = "aadpodidbinding";

/// Where the built-in workload kinds keep their pod template. `*` is every element of a list.
pub const TEMPLATE_PATHS: &[(Kind, &[&str])] = &[
    (kind::POD, &[]),
    (kind::POD_TEMPLATE, &["template"]),
    (kind::REPLICATION_CONTROLLER, &["spec", "template"]),
    (kind::DEPLOYMENT, &["spec", "template"]),
    (kind::REPLICA_SET, &["spec", "template"]),
    (kind::STATEFUL_SET, &["spec", "template"]),
    (kind::DAEMON_SET, &["spec", "template"]),
    (kind::JOB, &["spec", "template"]),
    (kind::CRON_JOB, &["spec", "jobTemplate", "spec", "template"]),
    (kind::ROLLOUT, &["spec", "template"]),
    (kind::KNATIVE_SERVICE, &["spec", "template"]),
    (kind::CLONE_SET, &["spec", "template"]),
    (kind::KRUISE_STATEFUL_SET, &["spec", "template"]),
    (kind::KRUISE_DAEMON_SET, &["spec", "template"]),
    (kind::SCALED_JOB, &["spec", "jobTargetRef", "template"]),
    (kind::WORKFLOW, &["spec", "templates", "*"]),
    (kind::WORKFLOW_TEMPLATE, &["spec", "templates", "*"]),
    (kind::CLUSTER_WORKFLOW_TEMPLATE, &["spec", "templates", "*"]),
    (kind::CRON_WORKFLOW, &["spec", "workflowSpec", "templates", "*"]),
];

/// The pod templates of `object`, none for other kinds.
pub(crate) fn workloads<'a>(object: &Object<'a>, settings: &Settings) -> Vec<Workload<'a>> {
    templates(object, settings, is_custom_resource(object))
}

/// The pod templates of a copy of an object, which has not been checked and can have them anywhere.
pub(crate) fn workloads_of_copy<'a>(object: &Object<'a>, settings: &Settings) -> Vec<Workload<'a>> {
    templates(object, settings, true)
}

fn templates<'a>(object: &Object<'a>, settings: &Settings, may_guess: bool) -> Vec<Workload<'a>> {
    let mut found: Vec<Workload<'a>> = Vec::new();
    for (kind, path) in TEMPLATE_PATHS {
        if object.is(kind) {
            collect(object, object.root, path, &mut found);
        }
    }
    let mut templates: Vec<(usize, Node<'a>)> =
        settings.pod_templates(object).into_iter().map(|template| (template.address(), template)).collect();
    if !templates.is_empty() {
        sort_by(&mut templates, |(a, _), (b, _)| a < b);
        templates.dedup_by_key(|(address, _)| *address);
        let known: Vec<usize> = addresses(&found);
        templates.retain(|(address, _)| known.binary_search(address).is_err());
        found.extend(templates.into_iter().map(|(_, template)| Workload::new(object, template, Outer::none())));
    }
    if may_guess {
        let known = addresses(&found);
        guess(object, object.root, &known, &mut found);
    }
    if let Some(first) = found.first().filter(|_| found.len() > 1)
        && first.shared() * found.len() > MOST_SHARED
    {
        found.truncate(1);
        found.iter_mut().for_each(|first| first.is_one_of_too_many = true);
    }
    found.iter_mut().skip(1).for_each(|further| further.is_further = true);
    found
}

/// Where the templates are, in ascending order.
fn addresses(found: &[Workload<'_>]) -> Vec<usize> {
    let mut known: Vec<usize> = found.iter().map(|known| known.template.address()).collect();
    sort(&mut known);
    known
}

/// Finds pod templates of kinds that are not known, by their shape: an object with a `spec` that lists
/// containers.
fn guess<'a>(object: &Object<'a>, node: Node<'a>, known: &[usize], found: &mut Vec<Workload<'a>>) {
    let mut containers = node.at(&["spec", "containers"]).items().peekable();
    let is_template = containers.peek().is_some() && containers.all(Node::is_object);
    if is_template && known.binary_search(&node.address()).is_err() {
        let template = Workload::new(object, node, Outer::none());
        found.push(Workload { is_guessed: true, ..template });
    }
    node.items().for_each(|item| guess(object, item, known, found));
    for (key, member) in node.members() {
        if key != "status" {
            guess(object, member, known, found);
        }
    }
}

fn collect<'a>(object: &Object<'a>, node: Node<'a>, path: &[&str], found: &mut Vec<Workload<'a>>) {
    match path {
        _ if node.is_absent() => {}
        [] => found.push(Workload::new(object, node, Outer::none())),
        ["templates", "*"] => collect_argo(object, node, found),
        [key, rest @ ..] => collect(object, node.get(key), rest, found),
    }
}

/// The templates of an Argo Workflow whose spec is `spec`.
fn collect_argo<'a>(object: &Object<'a>, spec: Node<'a>, found: &mut Vec<Workload<'a>>) {
    let outer = Outer { spec, template_defaults: spec.get("templateDefaults") };
    for template in spec.get("templates").items() {
        collect_argo_template(object, template, outer, found);
    }
    // A Workflow that only refers to a WorkflowTemplate still says what its pods are labelled with.
    if found.is_empty() {
        found.push(Workload::new(object, Node::absent(), outer));
    }
}

/// A template makes a Pod, or lists steps, whose templates can be inline.
fn collect_argo_template<'a>(object: &Object<'a>, template: Node<'a>, outer: Outer<'a>, found: &mut Vec<Workload<'a>>) {
    let (steps, tasks) = (template.get("steps"), template.at(&["dag", "tasks"]));
    if steps.is_absent() && tasks.is_absent() {
        found.push(Workload::new(object, template, outer));
    }
    for step in steps.items().flat_map(Node::items).chain(tasks.items()) {
        let inline = step.get("inline");
        if inline.is_object() {
            collect_argo_template(object, inline, outer, found);
        }
    }
}

impl<'a> Outer<'a> {
    fn none() -> Self {
        Outer { spec: Node::absent(), template_defaults: Node::absent() }
    }
}

impl<'a> Workload<'a> {
    fn new(object: &Object<'a>, template: Node<'a>, outer: Outer<'a>) -> Self {
        // A Workflow's template is pod spec and template in one.
        let spec = match template.get("spec") {
            spec if spec.is_absent() => template,
            spec => spec,
        };
        let containers = containers(spec);
        Workload {
            object: *object,
            template,
            spec,
            outer,
            containers,
            use_label: OnceCell::new(),
            is_further: false,
            is_guessed: false,
            is_one_of_too_many: false,
            skipped: OnceCell::new(),
            named_volumes: OnceCell::new(),
        }
    }

    /// Whether only its shape says that it is a pod template, so that members of other types are not a mistake.
    pub fn is_guessed(&self) -> bool {
        self.is_guessed
    }

    /// Whether the object has too many pod templates to read all of them.
    pub fn is_one_of_too_many(&self) -> bool {
        self.is_one_of_too_many
    }

    /// How many labels, annotations, volumes and other members the templates of the object share.
    fn shared(&self) -> usize {
        let outer = [self.outer.template_defaults, self.outer.spec];
        let metadata =
            [self.object.metadata(), self.outer.template_defaults.get("metadata"), self.outer.spec.get("podMetadata")];
        let maps = metadata.into_iter().flat_map(|of| [of.get("labels"), of.get("annotations")]);
        maps.map(|map| map.members().count()).sum::<usize>()
            + outer.into_iter().map(|spec| spec.get("volumes").items().count() + spec.members().count()).sum::<usize>()
    }

    pub fn is_pod(&self) -> bool {
        self.object.is(&kind::POD)
    }

    /// Every metadata that the Pod gets, the nearest first. Only an Argo Workflow has more than one.
    pub fn metadata_levels(&self) -> [Node<'a>; 3] {
        [
            self.template.get("metadata"),
            self.outer.template_defaults.get("metadata"),
            self.outer.spec.get("podMetadata"),
        ]
    }

    /// As [`Workload::metadata_levels`], but what the pod templates of an object share belongs to the first of them
    /// only: for rules that report each member.
    pub fn metadata_levels_once(&self) -> [Node<'a>; 3] {
        let [own, defaults, outer] = self.metadata_levels();
        if self.is_further { [own, Node::absent(), Node::absent()] } else { [own, defaults, outer] }
    }

    /// The annotations of [`Workload::metadata_levels_once`].
    pub fn annotation_levels_once(&self) -> [Node<'a>; 3] {
        self.metadata_levels_once().map(|metadata| metadata.get("annotations"))
    }

    /// The metadata of the object, if the Pod does not get it: that of the first pod template only.
    pub fn object_metadata_once(&self) -> Node<'a> {
        if self.is_pod() || self.is_further { Node::absent() } else { self.object.metadata() }
    }

    /// One label of the Pod, wherever an Argo Workflow gives it.
    pub fn label(&self, key: &str) -> Node<'a> {
        self.first_metadata(&["labels", key])
    }

    /// One annotation of the Pod, wherever an Argo Workflow gives it.
    pub fn annotation(&self, key: &str) -> Node<'a> {
        self.first_metadata(&["annotations", key])
    }

    fn first_metadata(&self, keys: &[&str]) -> Node<'a> {
        let nodes = self.metadata_levels().map(|metadata| metadata.at(keys));
        nodes.into_iter().find(|node| !node.is_absent()).unwrap_or(Node::absent())
    }

    /// Where a label of the Pod is to be written, as a path from the object's root.
    pub fn labels_path(&self) -> String {
        let path = TEMPLATE_PATHS.iter().find(|(kind, _)| self.object.is(kind)).map(|(_, path)| *path);
        match path {
            None => "metadata.labels of the pod template".to_owned(),
            Some([]) => "metadata.labels".to_owned(),
            Some([above @ .., "templates", "*"]) => format!("{}.podMetadata.labels", above.join(".")),
            Some(path) => format!("{}.metadata.labels", path.join(".")),
        }
    }

    /// Containers, init containers and ephemeral containers alike, in document order of the lists.
    pub fn containers(&self) -> std::slice::Iter<'_, Container<'a>> {
        self.containers.iter()
    }

    /// A member of the pod spec, wherever an Argo Workflow gives it.
    pub fn spec_member(&self, key: &str) -> Node<'a> {
        [self.spec, self.outer.template_defaults, self.outer.spec]
            .into_iter()
            .map(|spec| spec.get(key))
            .find(|node| !node.is_absent())
            .unwrap_or(Node::absent())
    }

    /// The service account that the Pod will run under, taking into account the deprecated `serviceAccount` and
    /// the implied `default`.
    pub fn service_account(&self) -> &'a str {
        self.service_account_node().text().unwrap_or("default")
    }

    /// Where the service account is named; absent if it is not.
    pub fn service_account_node(&self) -> Node<'a> {
        [
            self.spec.get("serviceAccountName"),
            self.spec.get("serviceAccount"),
            self.outer.template_defaults.get("serviceAccountName"),
            self.outer.spec.get("serviceAccountName"),
        ]
        .into_iter()
        .find(|node| node.set_text().is_some())
        .unwrap_or(Node::absent())
    }

    /// Where the service account is or would be named.
    pub fn service_account_place(&self) -> Anchor<'a> {
        match self.service_account_node() {
            node if node.is_absent() => Anchor::member(self.spec, "serviceAccountName"),
            node => node.into(),
        }
    }

    pub fn volumes(&self) -> impl Iterator<Item = Node<'a>> + use<'a> {
        let outer = self.outer;
        self.spec
            .get("volumes")
            .items()
            .chain(outer.template_defaults.get("volumes").items())
            .chain(outer.spec.get("volumes").items())
    }

    /// As [`Workload::volumes`], but those that the pod templates of an object share are those of the first only.
    pub fn volumes_once(&self) -> impl Iterator<Item = Node<'a>> + use<'a> {
        let own = self.spec.get("volumes").items().count();
        let count = if self.is_further { own } else { usize::MAX };
        self.volumes().take(count)
    }

    /// The volume that mounts call `name`; of several, the first.
    pub fn volume(&self, name: &str) -> Option<Node<'a>> {
        let volumes = self.named_volumes.get_or_init(|| {
            let named = |volume: Node<'a>| Some((volume.get("name").set_text()?, volume));
            let mut volumes: Vec<_> = self.volumes().filter_map(named).collect();
            sort_by(&mut volumes, |(a, x), (b, y)| (a, x.address()) < (b, y.address()));
            volumes.dedup_by_key(|(name, _)| *name);
            volumes
        });
        let at = volumes.binary_search_by(|(volume, _)| (*volume).cmp(name)).ok()?;
        volumes.get(at).map(|(_, volume)| *volume)
    }

    pub fn uses_host_network(&self) -> bool {
        self.spec_member("hostNetwork").bool() == Some(true)
    }

    /// Whether the Pod says that it is for Windows nodes.
    pub fn is_windows(&self) -> bool {
        let selector = self.spec_member("nodeSelector");
        [self.spec.at(&["os", "name"]), selector.get("kubernetes.io/os"), selector.get("beta.kubernetes.io/os")]
            .into_iter()
            .any(|os| os.text() == Some("windows"))
    }

    /// Whether the webhook of Microsoft Entra Workload ID will act on the Pod.
    pub fn uses_workload_identity(&self) -> bool {
        self.use_label().text() == Some("true")
    }

    /// The label `azure.workload.identity/use` of the Pod, whatever its value.
    pub fn use_label(&self) -> Node<'a> {
        *self.use_label.get_or_init(|| self.label(USE_LABEL))
    }
}

/// Everything in a pod spec, or an Argo Workflow's template, that is run.
fn containers<'a>(spec: Node<'a>) -> Vec<Container<'a>> {
    let mut found = Vec::new();
    let single = [spec.get("container"), spec.get("script")];
    for (list, role) in [
        (spec.get("initContainers"), ContainerRole::Init),
        (spec.get("containers"), ContainerRole::App),
        (spec.get("ephemeralContainers"), ContainerRole::Ephemeral),
        (spec.get("sidecars"), ContainerRole::App),
    ] {
        found.extend(list.items().map(|node| Container::new(node, role)));
    }
    for node in single.into_iter().filter(|node| node.is_object()) {
        found.push(Container::new(node, ContainerRole::App));
    }
    let set = spec.at(&["containerSet", "containers"]);
    found.extend(set.items().map(|node| Container::new(node, ContainerRole::App)));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_workflow(spec: &str) -> String {
        format!(
            r#"{{"request":{{"kind":{{"group":"argoproj.io","kind":"Workflow"}},"operation":"CREATE",
            "object":{{"spec":{spec}}}}}}}"#
        )
    }

    /// What an Argo Workflow says once holds for every template, unless a template says otherwise.
    #[test]
    fn argo_templates() {
        let text = of_workflow(
            r#"{"serviceAccountName":"outer","hostNetwork":true,
            "podMetadata":{"labels":{"a":"outer","b":"outer"}},
            "templateDefaults":{"metadata":{"annotations":{"c":"default"}}},
            "volumes":[{"name":"shared"}],
            "templates":[
              {"name":"main","dag":{"tasks":[{"name":"t","inline":{"script":{"image":"inline"}}},{"name":"u"}]}},
              {"name":"steps","steps":[[{"name":"s","inline":{"container":{"image":"step"}}}]]},
              {"name":"own","serviceAccountName":"own","metadata":{"labels":{"a":"own"}},
               "containerSet":{"containers":[{"image":"one"},{"image":"two"}]},"sidecars":[{"image":"side"}]}]}"#,
        );
        let payload = crate::request::Payload::parse(text.as_bytes()).unwrap();
        let request = payload.request().unwrap();
        let object = Object::new(&request, request.object());
        let found = workloads(&object, &Settings::default());
        let images: Vec<Vec<&str>> = found.iter().map(|w| w.containers().map(|c| c.image_path()).collect()).collect();
        assert_eq!(images, [vec!["inline"], vec!["step"], vec!["side", "one", "two"]]);
        let accounts: Vec<&str> = found.iter().map(Workload::service_account).collect();
        assert_eq!(accounts, ["outer", "outer", "own"]);
        let labels = |key: &str| found.iter().map(|w| w.label(key).text().unwrap()).collect::<Vec<_>>();
        assert_eq!(labels("a"), ["outer", "outer", "own"]);
        assert_eq!(labels("b"), ["outer", "outer", "outer"]);
        assert!(found.iter().all(|w| w.annotation("c").text() == Some("default") && w.volume("shared").is_some()));
        assert!(found.iter().all(Workload::uses_host_network));
        assert_eq!(found[0].labels_path(), "spec.podMetadata.labels");
    }
}
