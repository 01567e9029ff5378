//! The shapes of the kinds that rules read: which members are lists, objects, texts.
//!
//! Checked once before the rules run. Behind it a rule may read a member of another type as absent,
//! because an object with one is denied by name already.

use crate::auth_mode;
use crate::object::Object;
use crate::view::workload::{TEMPLATE_PATHS, Workload};
use json::Node;
use kubernetes::kind::{self, Kind};

/// What a member may be. Null and a missing member fit everything, as in Kubernetes.
pub(crate) enum Shape {
    Text,
    Bool,
    Integer,
    /// An object; its listed members have these shapes, the others are not ours to read.
    Object(&'static [(&'static str, Shape)]),
    List(&'static Shape),
    /// An object whose values are all of one shape: labels, data.
    Map(&'static Shape),
    /// A variable of a container. There are more of them than of anything else, and nearly all are a name
    /// and a literal, which this checks without the table behind it: 2 % of the time of a Pod with 36 variables.
    Variable(&'static Shape),
}

use Shape::{Bool, Integer, List, Map, Object as Members, Text, Variable};

impl Shape {
    /// Calls `wrong` with every node that does not fit, and what was expected there.
    pub(crate) fn check<'a>(&self, node: Node<'a>, wrong: &mut dyn FnMut(Node<'a>, &'static str)) {
        if node.is_absent() {
            return;
        }
        match self {
            Text if node.text().is_none() => wrong(node, "a string"),
            Bool if node.bool().is_none() => wrong(node, "a boolean"),
            Integer if node.integer().is_none() => wrong(node, "a whole number"),
            Members(_) | Map(_) if !node.is_object() => wrong(node, "an object"),
            List(_) if !node.is_list() => wrong(node, "a list"),
            Members(members) => {
                for (key, node) in node.members() {
                    if let Some((_, shape)) = members.iter().find(|(name, _)| *name == key) {
                        shape.check(node, wrong);
                    }
                }
            }
            Variable(_) if is_plain_variable(node) => {}
            Variable(shape) => shape.check(node, wrong),
            List(item) => node.items().for_each(|node| item.check(node, wrong)),
            Map(value) => node.members().for_each(|(_, node)| value.check(node, wrong)),
            Text | Bool | Integer => {}
        }
    }
}

fn is_plain_variable(node: Node<'_>) -> bool {
    node.is_object() && node.members().all(|(key, value)| matches!(key, "name" | "value") && value.text().is_some())
}

/// What is expected of an object whose body does not say what it is.
pub(crate) const AN_OBJECT_WITH_A_KIND: &str = "an object with a kind";

/// Checks the parts of `object` that rules read: metadata always, the body of known kinds, and the pod
/// templates wherever they are.
pub(crate) fn check<'a>(
    object: &Object<'a>,
    workloads: &[Workload<'a>],
    wrong: &mut dyn FnMut(Node<'a>, &'static str),
) {
    if !object.root.is_object() {
        wrong(object.root, "an object");
        return;
    }
    METADATA.check(object.metadata(), wrong);
    let mut is_known = false;
    for (kind, shape) in BODIES {
        if object.is(kind) {
            is_known = true;
            shape.check(object.root, wrong);
        }
    }
    for (_, path) in TEMPLATE_PATHS.iter().filter(|(kind, _)| object.is(kind)) {
        is_known = true;
        check_path(object.root, path, wrong);
    }
    // Nothing is left of a body that an API server could not decode.
    if is_known && object.get("kind").is_absent() {
        wrong(object.root, AN_OBJECT_WITH_A_KIND);
    }
    auth_mode::check_shape(object, wrong);
    for workload in workloads.iter().filter(|workload| !workload.is_guessed()) {
        if !workload.template.is_absent() && !workload.template.is_object() {
            wrong(workload.template, "an object");
        }
        if !workload.is_pod() {
            for metadata in workload.metadata_levels_once() {
                METADATA.check(metadata, wrong);
            }
        }
        POD_SPEC.check(workload.spec, wrong);
    }
}

/// Checks the members on the way to the pod templates.
fn check_path<'a>(node: Node<'a>, path: &[&str], wrong: &mut dyn FnMut(Node<'a>, &'static str)) {
    let [key, rest @ ..] = path else { return };
    let member = node.get(key);
    match rest {
        // The view of workloads checks the template itself.
        [] => {}
        ["*"] if !member.is_absent() && !member.is_list() => wrong(member, "a list"),
        ["*"] => {}
        _ if !member.is_absent() && !member.is_object() => wrong(member, "an object"),
        _ => check_path(member, rest, wrong),
    }
}

static METADATA: Shape = Members(METADATA_MEMBERS);

const METADATA_MEMBERS: &[(&str, Shape)] = &[
    ("name", Text),
    ("namespace", Text),
    ("generateName", Text),
    ("labels", Map(&Text)),
    ("annotations", Map(&Text)),
    ("ownerReferences", List(&Members(&[("apiVersion", Text), ("kind", Text), ("name", Text), ("controller", Bool)]))),
];

static NAME_REF: Shape = Members(&[("name", Text), ("namespace", Text)]);

static CONTAINER: Shape = Members(CONTAINER_MEMBERS);

const CONTAINER_MEMBERS: &[(&str, Shape)] = &[
    ("name", Text),
    ("image", Text),
    ("command", List(&Text)),
    ("args", List(&Text)),
    (
        "env",
        List(&Variable(&Members(&[
            ("name", Text),
            ("value", Text),
            (
                "valueFrom",
                Members(&[
                    ("secretKeyRef", Members(&[("name", Text), ("key", Text), ("optional", Bool)])),
                    ("configMapKeyRef", Members(&[("name", Text), ("key", Text), ("optional", Bool)])),
                    ("fieldRef", Members(&[("fieldPath", Text)])),
                ]),
            ),
        ]))),
    ),
    (
        "envFrom",
        List(&Members(&[
            ("prefix", Text),
            ("secretRef", Members(&[("name", Text)])),
            ("configMapRef", Members(&[("name", Text)])),
        ])),
    ),
    ("ports", List(&Members(&[("name", Text), ("protocol", Text), ("containerPort", Integer), ("hostPort", Integer)]))),
    ("volumeMounts", List(&Members(&[("name", Text), ("mountPath", Text), ("subPath", Text)]))),
    ("securityContext", Members(&[("privileged", Bool)])),
];

static VOLUME: Shape = Members(&[
    ("name", Text),
    ("hostPath", Members(&[("path", Text)])),
    ("secret", Members(&[("secretName", Text), ("items", List(&KEY_ITEM))])),
    ("configMap", Members(&[("name", Text), ("items", List(&KEY_ITEM))])),
    (
        "projected",
        Members(&[(
            "sources",
            List(&Members(&[
                ("serviceAccountToken", Members(&[("audience", Text), ("expirationSeconds", Integer), ("path", Text)])),
                ("secret", Members(&[("name", Text), ("items", List(&KEY_ITEM))])),
                ("configMap", Members(&[("name", Text), ("items", List(&KEY_ITEM))])),
            ])),
        )]),
    ),
    (
        "csi",
        Members(&[
            ("driver", Text),
            ("volumeAttributes", Map(&Text)),
            ("nodePublishSecretRef", Members(&[("name", Text)])),
        ]),
    ),
    ("azureFile", Members(&[("secretName", Text), ("shareName", Text)])),
    ("flexVolume", Members(&[("driver", Text), ("options", Map(&Text)), ("secretRef", Members(&[("name", Text)]))])),
]);

static KEY_ITEM: Shape = Members(&[("key", Text), ("path", Text)]);

/// A pod spec, and an Argo Workflow template, which keeps its containers elsewhere.
static POD_SPEC: Shape = Members(POD_SPEC_MEMBERS);

const POD_SPEC_MEMBERS: &[(&str, Shape)] = &[
    // Only Argo's templates have this one.
    ("metadata", Members(METADATA_MEMBERS)),
    ("containers", List(&CONTAINER)),
    ("initContainers", List(&CONTAINER)),
    ("ephemeralContainers", List(&CONTAINER)),
    ("volumes", List(&VOLUME)),
    ("serviceAccountName", Text),
    ("serviceAccount", Text),
    ("automountServiceAccountToken", Bool),
    ("hostNetwork", Bool),
    ("hostPID", Bool),
    ("nodeSelector", Map(&Text)),
    ("nodeName", Text),
    ("tolerations", List(&Members(&[("key", Text), ("operator", Text), ("value", Text)]))),
    ("affinity", Members(&[("nodeAffinity", Members(&[]))])),
    ("os", Members(&[("name", Text)])),
    ("imagePullSecrets", List(&NAME_REF)),
    ("sidecars", List(&CONTAINER)),
    ("container", Members(CONTAINER_MEMBERS)),
    ("script", Members(CONTAINER_MEMBERS)),
    ("containerSet", Members(&[("containers", List(&CONTAINER))])),
];

/// What an Argo Workflow says once for all of its templates.
const WORKFLOW_MEMBERS: &[(&str, Shape)] = &[
    ("podMetadata", Members(METADATA_MEMBERS)),
    ("templateDefaults", Members(POD_SPEC_MEMBERS)),
    ("volumes", List(&VOLUME)),
    ("serviceAccountName", Text),
    ("automountServiceAccountToken", Bool),
    ("hostNetwork", Bool),
    ("nodeSelector", Map(&Text)),
];

/// How KEDA signs in to Azure.
const KEDA_POD_IDENTITY: &[(&str, Shape)] =
    &[("provider", Text), ("identityId", Text), ("identityTenantId", Text), ("identityAuthorityHost", Text)];

const TRIGGER_AUTHENTICATION_MEMBERS: &[(&str, Shape)] = &[(
    "spec",
    Members(&[
        ("podIdentity", Members(KEDA_POD_IDENTITY)),
        ("azureKeyVault", Members(&[("podIdentity", Members(KEDA_POD_IDENTITY))])),
    ]),
)];

static RULE: Shape = Members(&[
    ("verbs", List(&Text)),
    ("apiGroups", List(&Text)),
    ("resources", List(&Text)),
    ("resourceNames", List(&Text)),
    ("nonResourceURLs", List(&Text)),
]);

const BINDING_MEMBERS: &[(&str, Shape)] = &[
    ("roleRef", Members(&[("apiGroup", Text), ("kind", Text), ("name", Text)])),
    ("subjects", List(&Members(&[("apiGroup", Text), ("kind", Text), ("name", Text), ("namespace", Text)]))),
];

/// Bodies of kinds other than workloads.
const BODIES: &[(Kind, Shape)] = &[
    (kind::ROLE, Members(&[("rules", List(&RULE))])),
    (
        kind::CLUSTER_ROLE,
        Members(&[
            ("rules", List(&RULE)),
            (
                "aggregationRule",
                Members(&[(
                    "clusterRoleSelectors",
                    List(&Members(&[("matchLabels", Map(&Text)), ("matchExpressions", List(&Members(&[])))])),
                )]),
            ),
        ]),
    ),
    (kind::WORKFLOW, Members(&[("spec", Members(WORKFLOW_MEMBERS))])),
    (kind::WORKFLOW_TEMPLATE, Members(&[("spec", Members(WORKFLOW_MEMBERS))])),
    (kind::CLUSTER_WORKFLOW_TEMPLATE, Members(&[("spec", Members(WORKFLOW_MEMBERS))])),
    (kind::CRON_WORKFLOW, Members(&[("spec", Members(&[("workflowSpec", Members(WORKFLOW_MEMBERS))]))])),
    (kind::SECRET_PROVIDER_CLASS, Members(&[("spec", Members(&[("provider", Text), ("parameters", Map(&Text))]))])),
    (kind::TRIGGER_AUTHENTICATION, Members(TRIGGER_AUTHENTICATION_MEMBERS)),
    (kind::CLUSTER_TRIGGER_AUTHENTICATION, Members(TRIGGER_AUTHENTICATION_MEMBERS)),
    (
        kind::CSI_DRIVER,
        Members(&[(
            "spec",
            Members(&[
                ("tokenRequests", List(&Members(&[("audience", Text)]))),
                ("serviceAccountTokenInSecrets", Bool),
            ]),
        )]),
    ),
    (kind::ROLE_BINDING, Members(BINDING_MEMBERS)),
    (kind::CLUSTER_ROLE_BINDING, Members(BINDING_MEMBERS)),
    (kind::SECRET, Members(&[("type", Text), ("data", Map(&Text)), ("stringData", Map(&Text))])),
    (kind::CONFIG_MAP, Members(&[("data", Map(&Text)), ("binaryData", Map(&Text))])),
    (
        kind::SERVICE_ACCOUNT,
        Members(&[
            ("automountServiceAccountToken", Bool),
            ("secrets", List(&NAME_REF)),
            ("imagePullSecrets", List(&NAME_REF)),
        ]),
    ),
    (
        kind::CERTIFICATE_SIGNING_REQUEST,
        Members(&[
            ("spec", Members(&[("request", Text), ("signerName", Text), ("username", Text), ("usages", List(&Text))])),
            ("status", Members(&[("conditions", List(&Members(&[("type", Text), ("status", Text)])))])),
        ]),
    ),
    (
        kind::TOKEN_REQUEST,
        Members(&[(
            "spec",
            Members(&[
                ("audiences", List(&Text)),
                ("expirationSeconds", Integer),
                ("boundObjectRef", Members(&[("kind", Text), ("name", Text)])),
            ]),
        )]),
    ),
    (
        kind::AZURE_IDENTITY,
        Members(&[(
            "spec",
            Members(&[
                ("type", Integer),
                ("resourceID", Text),
                ("clientID", Text),
                ("clientPassword", Members(&[("name", Text), ("namespace", Text)])),
            ]),
        )]),
    ),
    (kind::AZURE_IDENTITY_BINDING, Members(&[("spec", Members(&[("azureIdentity", Text), ("selector", Text)]))])),
    (kind::AZURE_POD_IDENTITY_EXCEPTION, Members(&[("spec", Members(&[("podLabels", Map(&Text))]))])),
    (
        kind::PERSISTENT_VOLUME,
        Members(&[(
            "spec",
            Members(&[("hostPath", Members(&[("path", Text)])), ("local", Members(&[("path", Text)]))]),
        )]),
    ),
    (
        kind::CUSTOM_RESOURCE_DEFINITION,
        Members(&[("spec", Members(&[("group", Text), ("names", Members(&[("kind", Text)]))]))]),
    ),
];
