//! Objects that every AKS cluster has. They are excused when AKS itself writes them or the request has no
//! requester.
//!
//! The list is fixed and has no patterns. Kubernetes' own defaults are those of its RBAC bootstrap policy. The
//! others are what AKS and its add-ons install. Where a change of contents would matter, rules compare them: the
//! selectors of aggregated roles and the rules of the roles that everyone has. The bindings that Kubernetes makes to all users are not on the
//! list: the binding rules compare their contents and excuse them only unchanged.

use crate::object::Object;
use kubernetes::kind::{self, Kind};

/// Whether `object` is on the list, by exact kind, name and namespace.
pub(crate) fn contains(object: &Object<'_>) -> bool {
    BUILT_IN.iter().any(|(kind, namespace, names)| {
        object.is(kind) && object.namespace == *namespace && names.contains(&object.name)
    })
}

/// Whether a ClusterRole of this name makes its holder an administrator, by what it grants in every cluster.
pub(crate) fn escalates(role: &str) -> bool {
    ESCALATING.contains(&role)
}

/// Whether the list has a ClusterRole of this name.
pub(crate) fn is_cluster_role(name: &str) -> bool {
    [AKS_CLUSTER_ROLES, KUBERNETES_CLUSTER_ROLES, CONTROLLERS].iter().any(|names| names.contains(&name))
}

/// The selectors that Kubernetes gives a ClusterRole: the label that each asks for. `None` for roles that are not its
/// own.
pub fn aggregated_by(role: &str) -> Option<&'static [&'static str]> {
    match role {
        "view" => Some(&["rbac.authorization.k8s.io/aggregate-to-view"]),
        "edit" => Some(&["rbac.authorization.k8s.io/aggregate-to-edit"]),
        "admin" => Some(&["rbac.authorization.k8s.io/aggregate-to-admin"]),
        _ if is_cluster_role(role) => Some(&[]),
        _ => None,
    }
}

/// What a role grants: verbs, API groups, and resources or non-resource URLs.
pub(crate) type Rules = &'static [(&'static [&'static str], &'static str, &'static [&'static str])];

/// What Kubernetes' own ClusterRole of this name grants, if it binds it to everyone. [`URLS`] is the group of URLs.
pub(crate) fn discovery_rules(role: &str) -> Option<Rules> {
    DISCOVERY.iter().find_map(|(name, rules)| (*name == role).then_some(*rules))
}

/// Roles that can take any right: write every resource, escalate, mint tokens, issue client certificates or use the
/// kubelet API.
const ESCALATING: &[&str] = &[
    "aks-service",
    "system:controller:certificate-controller",
    "system:controller:clusterrole-aggregation-controller",
    "system:controller:generic-garbage-collector",
    "system:controller:namespace-controller",
    "system:controller:storage-version-migrator-controller",
    "system:kube-controller-manager",
    "system:kubelet-api-admin",
    "system:node",
];

const GET: &[&str] = &["get"];
const CREATE: &[&str] = &["create"];
/// The group of non-resource URLs.
pub(crate) const URLS: &str = "URLs";

const DISCOVERY: &[(&str, Rules)] = &[
    (
        "system:basic-user",
        &[
            (CREATE, "authorization.k8s.io", &["selfsubjectaccessreviews", "selfsubjectrulesreviews"]),
            (CREATE, "authentication.k8s.io", &["selfsubjectreviews"]),
        ],
    ),
    (
        "system:discovery",
        &[(
            GET,
            URLS,
            &[
                "/api",
                "/api/*",
                "/apis",
                "/apis/*",
                "/healthz",
                "/livez",
                "/openapi",
                "/openapi/*",
                "/readyz",
                "/version",
                "/version/",
            ],
        )],
    ),
    ("system:public-info-viewer", &[(GET, URLS, &["/healthz", "/livez", "/readyz", "/version", "/version/"])]),
    (
        "system:service-account-issuer-discovery",
        &[(
            GET,
            URLS,
            &[
                "/.well-known/openid-configuration",
                "/.well-known/openid-configuration/",
                "/openid/v1/jwks",
                "/openid/v1/jwks/",
            ],
        )],
    ),
];

/// Kind, namespace (empty for cluster-scoped kinds) and names.
pub(crate) const BUILT_IN: &[(Kind, &str, &[&str])] = &[
    (kind::CLUSTER_ROLE_BINDING, "", AKS_CLUSTER_ROLE_BINDINGS),
    (kind::CLUSTER_ROLE_BINDING, "", KUBERNETES_CLUSTER_ROLE_BINDINGS),
    (kind::CLUSTER_ROLE_BINDING, "", CONTROLLERS),
    (kind::CLUSTER_ROLE, "", AKS_CLUSTER_ROLES),
    (kind::CLUSTER_ROLE, "", KUBERNETES_CLUSTER_ROLES),
    (kind::CLUSTER_ROLE, "", CONTROLLERS),
    (kind::ROLE_BINDING, "kube-system", KUBE_SYSTEM_ROLE_BINDINGS),
    (kind::ROLE_BINDING, "kube-public", &["system:controller:bootstrap-signer"]),
    (kind::ROLE, "kube-system", KUBE_SYSTEM_ROLES),
    (kind::ROLE, "kube-public", &["system:controller:bootstrap-signer"]),
    (kind::AZURE_POD_IDENTITY_EXCEPTION, "kube-system", &["aks-addon-exception"]),
];

const AKS_CLUSTER_ROLE_BINDINGS: &[&str] = &[
    "acn-multitenancy-editor-binding",
    "aks-cluster-admin-binding",
    "aks-cluster-admin-binding-aad",
    "aks-secretproviderclasses-rolebinding",
    "aks-secretprovidersyncing-rolebinding",
    "aks-secretprovidertokenrequest-rolebinding",
    "aks-service-rolebinding",
    "appmonitoringconfig-user-global",
    "auto-approve-csr-for-group",
    "auto-approve-csrs-for-group",
    "auto-approve-renewals-for-nodes",
    "azure-wi-webhook-manager-rolebinding",
    "cloud-node-manager",
    "container-health-read-logs-global",
    "create-csrs-for-bootstrapping",
    "csi-azuredisk-node-binding",
    "csi-azurefile-node-secret-binding",
    "metrics-server:system:auth-delegator",
    "omsagentclusterrolebinding",
    "pod-reader-all-namespaces-binding",
    "system:aks-client-node-proxier",
    "system:aks-client-nodes",
    "system:azure-cloud-provider",
    "system:azure-cloud-provider-secret-getter",
    "system:coredns",
    "system:coredns-autoscaler",
    "system:konnectivity-agent-autoscaler",
    "system:kube-proxy",
    "system:metrics-server",
    "system:persistent-volume-binding",
];

const KUBERNETES_CLUSTER_ROLE_BINDINGS: &[&str] = &[
    "cluster-admin",
    "system:kube-controller-manager",
    "system:kube-dns",
    "system:kube-scheduler",
    "system:monitoring",
    "system:node",
    "system:node-proxier",
    "system:volume-scheduler",
];

/// ClusterRoles and ClusterRoleBindings of the built-in controllers share their names.
pub(crate) const CONTROLLERS: &[&str] = &[
    "system:controller:attachdetach-controller",
    "system:controller:certificate-controller",
    "system:controller:clusterrole-aggregation-controller",
    "system:controller:cronjob-controller",
    "system:controller:daemon-set-controller",
    "system:controller:deployment-controller",
    "system:controller:device-taint-eviction-controller",
    "system:controller:disruption-controller",
    "system:controller:endpoint-controller",
    "system:controller:endpointslice-controller",
    "system:controller:endpointslicemirroring-controller",
    "system:controller:ephemeral-volume-controller",
    "system:controller:expand-controller",
    "system:controller:generic-garbage-collector",
    "system:controller:horizontal-pod-autoscaler",
    "system:controller:job-controller",
    "system:controller:kube-apiserver-serving-clustertrustbundle-publisher",
    "system:controller:legacy-service-account-token-cleaner",
    "system:controller:namespace-controller",
    "system:controller:node-controller",
    "system:controller:persistent-volume-binder",
    "system:controller:pod-garbage-collector",
    "system:controller:podcertificaterequestcleaner",
    "system:controller:pv-protection-controller",
    "system:controller:pvc-protection-controller",
    "system:controller:replicaset-controller",
    "system:controller:replication-controller",
    "system:controller:resource-claim-controller",
    "system:controller:resourcequota-controller",
    "system:controller:root-ca-cert-publisher",
    "system:controller:route-controller",
    "system:controller:selinux-warning-controller",
    "system:controller:service-account-controller",
    "system:controller:service-cidrs-controller",
    "system:controller:service-controller",
    "system:controller:statefulset-controller",
    "system:controller:storage-version-garbage-collector",
    "system:controller:storage-version-migrator-controller",
    "system:controller:ttl-after-finished-controller",
    "system:controller:ttl-controller",
    "system:controller:validatingadmissionpolicy-status-controller",
    "system:controller:volumeattributesclass-protection-controller",
];

const AKS_CLUSTER_ROLES: &[&str] = &[
    "acn-multitenancy-editor",
    "aks-secretproviderclasses-admin-role",
    "aks-secretproviderclasses-viewer-role",
    "aks-service",
    "cloud-node-manager",
    "container-health-log-reader",
    "csi-azuredisk-node-role",
    "csi-azurefile-node-secret-role",
    "omsagent-reader",
    "pod-reader-all-namespaces",
    "policy-agent",
    "system:azure-cloud-provider",
    "system:azure-cloud-provider-secret-getter",
    "system:coredns",
    "system:coredns-autoscaler",
    "system:konnectivity-agent-autoscaler",
    "system:metrics-server",
    "system:persistent-volume-secret-operator",
];

const KUBERNETES_CLUSTER_ROLES: &[&str] = &[
    "admin",
    "cluster-admin",
    "edit",
    "system:aggregate-to-admin",
    "system:aggregate-to-edit",
    "system:aggregate-to-view",
    "system:aggregated-metrics-reader",
    "system:auth-delegator",
    "system:basic-user",
    "system:certificates.k8s.io:certificatesigningrequests:nodeclient",
    "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient",
    "system:certificates.k8s.io:kube-apiserver-client-approver",
    "system:certificates.k8s.io:kube-apiserver-client-kubelet-approver",
    "system:certificates.k8s.io:kubelet-serving-approver",
    "system:certificates.k8s.io:legacy-unknown-approver",
    "system:cluster-trust-bundle-discovery",
    "system:discovery",
    "system:heapster",
    "system:kube-aggregator",
    "system:kube-controller-manager",
    "system:kube-dns",
    "system:kube-scheduler",
    "system:kubelet-api-admin",
    "system:monitoring",
    "system:node",
    "system:node-bootstrapper",
    "system:node-problem-detector",
    "system:node-proxier",
    "system:persistent-volume-provisioner",
    "system:public-info-viewer",
    "system:service-account-issuer-discovery",
    "system:volume-scheduler",
    "view",
];

const KUBE_SYSTEM_ROLE_BINDINGS: &[&str] = &[
    "metrics-server-auth-reader",
    "metrics-server-binding",
    "nodeNetConfigEditorRoleBinding",
    "system::extension-apiserver-authentication-reader",
    "system::leader-locking-kube-controller-manager",
    "system::leader-locking-kube-scheduler",
    "system:controller:bootstrap-signer",
    "system:controller:cloud-provider",
    "system:controller:token-cleaner",
];

const KUBE_SYSTEM_ROLES: &[&str] = &[
    "extension-apiserver-authentication-reader",
    "system::leader-locking-kube-controller-manager",
    "system::leader-locking-kube-scheduler",
    "system:controller:bootstrap-signer",
    "system:controller:cloud-provider",
    "system:controller:token-cleaner",
];
