//! Everything that ends up as a Pod, through one view: Pods, the built-in workload kinds, and custom
//! kinds that hold a pod template.

use crate::json::Node;
use crate::kind::{self, Kind};
use crate::object::Object;
use crate::settings::Settings;

/// One pod template of an object, or a Pod.
#[derive(Clone, Copy, Debug)]
pub struct Workload<'a> {
    pub object: Object<'a>,
    /// Where the template's `metadata` and `spec` are; the object itself for a Pod.
    pub template: Node<'a>,
    /// The pod spec.
    pub spec: Node<'a>,
    /// The metadata that the resulting Pod gets.
    pub metadata: Node<'a>,
    /// Where a service account is named if not in the pod spec (Argo Workflows name it once for all).
    outer_spec: Node<'a>,
}

/// Where the built-in workload kinds keep their pod template. `*` stands for every element of a list.
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
pub fn workloads<'a>(object: &Object<'a>, settings: &Settings) -> Vec<Workload<'a>> {
    let mut found = Vec::new();
    for (kind, path) in TEMPLATE_PATHS {
        if object.is(kind) {
            collect(object, object.root, path, Node::absent(), &mut found);
        }
    }
    for template in settings.pod_templates(object) {
        found.push(Workload::new(object, template, Node::absent()));
    }
    found
}

fn collect<'a>(object: &Object<'a>, node: Node<'a>, path: &[&str], outer: Node<'a>, found: &mut Vec<Workload<'a>>) {
    match path.split_first() {
        None => found.push(Workload::new(object, node, outer)),
        Some((&"*", rest)) => {
            for item in node.items() {
                collect(object, item, rest, outer, found);
            }
        }
        Some((key, rest)) => collect(object, node.get(key), rest, node, found),
    }
}

impl<'a> Workload<'a> {
    fn new(object: &Object<'a>, template: Node<'a>, outer_spec: Node<'a>) -> Self {
        // A Workflow's template is pod spec and template in one.
        let spec = match template.get("spec") {
            spec if spec.is_absent() => template,
            spec => spec,
        };
        Workload { object: *object, template, spec, metadata: template.get("metadata"), outer_spec }
    }

    pub fn is_pod(&self) -> bool {
        self.object.is(&kind::POD)
    }

    pub fn labels(&self) -> Node<'a> {
        self.metadata.get("labels")
    }

    pub fn annotations(&self) -> Node<'a> {
        self.metadata.get("annotations")
    }

    /// Containers, init containers and ephemeral containers alike, in document order of the lists.
    pub fn containers(&self) -> impl Iterator<Item = Container<'a>> + use<'a> {
        let spec = self.spec;
        let lists = [
            ("initContainers", ContainerRole::Init),
            ("containers", ContainerRole::App),
            ("ephemeralContainers", ContainerRole::Ephemeral),
            ("sidecars", ContainerRole::App),
        ];
        let single = ["container", "script"]
            .into_iter()
            .map(move |key| spec.get(key))
            .filter(|node| node.is_object())
            .map(|node| Container { node, role: ContainerRole::App });
        let set =
            spec.at(&["containerSet", "containers"]).items().map(|node| Container { node, role: ContainerRole::App });
        lists
            .into_iter()
            .flat_map(move |(key, role)| spec.get(key).items().map(move |node| Container { node, role }))
            .chain(single)
            .chain(set)
    }

    /// The service account the Pod will run under, with the deprecated `serviceAccount` and the
    /// implied `default` seen through.
    pub fn service_account(&self) -> &'a str {
        self.service_account_node().text().unwrap_or("default")
    }

    /// Where the service account is named; absent if it is not.
    pub fn service_account_node(&self) -> Node<'a> {
        [
            self.spec.get("serviceAccountName"),
            self.spec.get("serviceAccount"),
            self.outer_spec.get("serviceAccountName"),
        ]
        .into_iter()
        .find(|node| node.set_text().is_some())
        .unwrap_or(Node::absent())
    }

    pub fn volumes(&self) -> impl Iterator<Item = Node<'a>> {
        self.spec.get("volumes").items()
    }

    /// Whether the webhook of Microsoft Entra Workload ID will act on the Pod.
    pub fn uses_workload_identity(&self) -> bool {
        self.labels().get("azure.workload.identity/use").text() == Some("true")
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContainerRole {
    Init,
    App,
    Ephemeral,
}

#[derive(Clone, Copy, Debug)]
pub struct Container<'a> {
    pub node: Node<'a>,
    pub role: ContainerRole,
}

impl<'a> Container<'a> {
    pub fn name(&self) -> &'a str {
        self.node.get("name").text().unwrap_or_default()
    }

    pub fn image(&self) -> &'a str {
        self.node.get("image").text().unwrap_or_default()
    }

    pub fn env(&self) -> impl Iterator<Item = EnvVar<'a>> + use<'a> {
        self.node.get("env").items().map(|node| EnvVar {
            node,
            name: node.get("name").text().unwrap_or_default(),
            value: node.get("value").set_text(),
        })
    }

    pub fn env_from(&self) -> impl Iterator<Item = Node<'a>> + use<'a> {
        self.node.get("envFrom").items()
    }

    /// `command`, then `args`, as the container sees them.
    pub fn arguments(&self) -> impl Iterator<Item = (Node<'a>, &'a str)> + use<'a> {
        let node = self.node;
        ["command", "args"]
            .into_iter()
            .flat_map(move |key| node.get(key).items())
            .filter_map(|node| node.text().map(|text| (node, text)))
    }
}

#[derive(Clone, Copy, Debug)]
pub struct EnvVar<'a> {
    pub node: Node<'a>,
    pub name: &'a str,
    /// A literal that is not empty.
    pub value: Option<&'a str>,
}

impl<'a> EnvVar<'a> {
    /// `valueFrom.secretKeyRef`, absent if the value comes from elsewhere.
    pub fn secret_key_ref(&self) -> Node<'a> {
        self.node.at(&["valueFrom", "secretKeyRef"])
    }
}

/// The repository path of an image without registry, tag and digest: `oss/azure/aad-pod-identity/nmi`.
pub fn image_path(image: &str) -> &str {
    let image = image.split_once('@').map_or(image, |(name, _)| name);
    let after_slash = image.rfind('/').map_or(0, |at| at + 1);
    let name = match image.get(after_slash..).and_then(|last| last.find(':')) {
        Some(colon) => image.get(..after_slash + colon).unwrap_or(image),
        None => image,
    };
    match name.split_once('/') {
        Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => rest,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn image_paths() {
        for (image, path) in [
            ("nginx", "nginx"),
            ("nginx:1.27", "nginx"),
            ("mcr.microsoft.com/oss/azure/aad-pod-identity/nmi:v1.8.17", "oss/azure/aad-pod-identity/nmi"),
            ("localhost:5000/a/nmi@sha256:00", "a/nmi"),
            ("library/nginx:1@sha256:00", "library/nginx"),
            ("", ""),
        ] {
            assert_eq!(image_path(image), path, "{image}");
        }
    }
}
