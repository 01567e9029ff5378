//! The dangerous grants, one row each.
//!
//! The rows are ordered from worst to least: a wildcard is described by the first row that it contains. The
//! rows of one rule are adjacent.

use super::{Half, Names, Open, Privilege};
use crate::aks_defaults;
use crate::entra_id::{is_placeholder, normalise_guid};
use crate::finding::Severity;
use crate::requester::{LOCAL_ACCOUNTS, is_control_plane};
use crate::view::workload_identity::{is_entra_audience, is_identity_binding_audience};

pub(super) const CORE: &str = "";
pub(super) const RBAC: &str = "rbac.authorization.k8s.io";
pub(super) const ADMISSION: &str = "admissionregistration.k8s.io";
pub(super) const AUTHENTICATION: &str = "authentication.k8s.io";
pub(super) const CERTIFICATES: &str = "certificates.k8s.io";
pub(super) const IDENTITY_BINDING: &str = "cid.wi.aks.azure.com";
const KUBEWARDEN: &str = "policies.kubewarden.io";
const POD_IDENTITY: &str = kubernetes::kind::POD_IDENTITY_GROUP;

pub(super) const READ: &[&str] = &["get", "list", "watch"];
pub(super) const WRITE: &[&str] = &["create", "update", "patch", "delete", "deletecollection"];
const CHANGE: &[&str] = &["create", "update", "patch"];
const PATCH: &[&str] = &["update", "patch"];
const ANY: &[&str] = &["get", "create", "update", "patch", "delete", "list", "watch"];
pub(super) const USE: &[&str] = &["use-managed-identity"];
/// What a node needs to ask for tokens with an audience that no pod on it uses. The resource is the audience.
pub(super) const AUDIENCE: &[&str] = &["request-serviceaccounts-token-audience"];

/// Whether the verb exists only where it is dangerous: an author who writes it means it.
pub(super) fn is_special(verb: &str) -> bool {
    matches!(verb, "escalate" | "bind" | "approve" | "sign")
        || verb.starts_with("impersonate")
        || USE.contains(&verb)
        || AUDIENCE.contains(&verb)
}

const H: Severity = Severity::High;
const M: Severity = Severity::Medium;
const L: Severity = Severity::Low;
const NO: Option<Severity> = None;

#[rustfmt::skip]
pub(super) static PRIVILEGES: &[Privilege] = &[
    // rule                   group           resources          verbs              ClusterRole, Role  what it gives
    row("role-escalation",    RBAC,           ROLES,             &["escalate"],          H, Some(H), "writes any right into a role").unless(any),
    row("role-escalation",    RBAC,           ROLES,             &["bind"],              H, Some(H), "binds any role to its holder").unless(is_powerful_role)
        .named("binds these roles to its holder", None),
    row("role-escalation",    CORE,           PRINCIPALS,        &["impersonate"],       H, Some(H), "acts as another user, group or service account").unless(is_powerful_principal),
    row("role-escalation",    AUTHENTICATION, EXTRAS,            &["impersonate"],       H, Some(H), "acts as another Entra principal").unless(is_powerful_principal)
        .open(Open::Matching(is_extra)),
    // Constrained impersonation: this half names the identity, the other half the request that is made as it.
    row("role-escalation",    AUTHENTICATION, USER_INFO,         &["impersonate:user-info"], H, NO,  "acts as another user or group (Kubernetes 1.36)").unless(is_powerful_principal)
        .open(Open::Matching(is_extra)),
    row("role-escalation",    AUTHENTICATION, &["serviceaccounts"], &["impersonate:serviceaccount"], H, Some(H), "acts as another service account (Kubernetes 1.36)").unless(is_powerful_principal),
    row("role-escalation",    AUTHENTICATION, &["nodes"],        &["impersonate:arbitrary-node"], H, NO, "acts as any node (Kubernetes 1.36)")
        .named("acts as these nodes (Kubernetes 1.36)", None).advice("let node agents act as their own node only: verbs: [impersonate:associated-node]"),
    row("role-escalation",    CORE,           &["secrets"],      ON_READ,                M, Some(M), "reads Secrets as every identity that its holder can impersonate (Kubernetes 1.36)")
        .spelled_out().advice("name the Secrets in resourceNames, or leave the grant out"),
    row("role-escalation",    CORE,           &["serviceaccounts/token"], ON_CREATE,     M, Some(M), "mints tokens as every identity that its holder can impersonate (Kubernetes 1.36)")
        .spelled_out().advice("leave the grant out"),
    row("role-token-minting", CORE,           &["serviceaccounts/token"], &["create"],   H, Some(M), "acts as any service account and its Azure identity").unless(is_controller)
        .named("acts as the named service accounts and their Azure identities", Some("mount a projected token instead, and leave the grant out")),
    row("role-token-minting", CORE,           &["api://AzureADTokenExchange", ""], AUDIENCE, H, Some(M), "lets nodes request tokens that Entra accepts, for any service account").unless(is_controller)
        .open(Open::Matching(is_exchange_audience)).advice(NAME_AUDIENCE)
        .named("lets nodes request tokens that Entra accepts, for the named service accounts", Some(NAME_AUDIENCE)),
    row("role-token-minting", CORE,           &["api://AKSIdentityBinding"], AUDIENCE,   M, Some(L), "lets nodes request tokens for identity bindings, for any service account").unless(is_controller)
        .open(Open::Matching(is_identity_binding_audience)).advice("name the service accounts: resourceNames: [<service account>]"),
    row("role-certificate-approval", CERTIFICATES, SIGNERS,      &["approve"],           H, NO,      "issues client certificates for any user and group")
        .names(CLIENT_SIGNERS).completed_by(APPROVAL),
    row("role-certificate-approval", CERTIFICATES, SIGNERS,      &["sign"],              H, NO,      "issues client certificates for any user and group")
        .names(CLIENT_SIGNERS).completed_by(STATUS),
    row("role-node-proxy",    CORE,           &["nodes/proxy"],  ANY,                    H, NO,      "runs commands in every pod and bypasses admission and audit")
        .named("runs commands in every pod of these nodes and bypasses admission and audit", None),
    row("role-secret-read",   CORE,           &["secrets"],      READ,                   M, Some(L), "reads the credentials in them")
        .named("reads the credentials in them", Some("mount the Secrets in the pods that need them instead, and leave the grant out")),
    row("role-secret-write",  CORE,           &["secrets"],      CHANGE,                 M, Some(L), "replaces the credentials of others").names(Names::Unnamed),
    row("role-pod-exec",      CORE,           EXEC,              &["create", "get"],     M, Some(M), "reaches into pods and the tokens in them"),
    row("role-pod-exec",      CORE,           EPHEMERAL,         PATCH,                  M, Some(M), "reaches into pods and the tokens in them"),
    row("role-admission-write", ADMISSION,    ADMISSION_KINDS,   WRITE,                  M, NO,      "can switch admission policies off")
        .named("can switch these admission policies off", Some("let cert-manager inject the certificate, and leave the grant out")),
    row("role-admission-write", KUBEWARDEN,   KUBEWARDEN_KINDS,  WRITE,                  M, NO,      "can switch admission policies off")
        .named("can switch these admission policies off", Some("leave the grant out")),
    row("role-rbac-write",    RBAC,           &["clusterroles", "clusterrolebindings"], WRITE, M, NO, "changes who may do what"),
    row("role-rbac-write",    RBAC,           &["roles", "rolebindings"], WRITE,         M, Some(M), "changes who may do what"),
    row("role-identity-write", CORE,          &["serviceaccounts"], CHANGE,              M, Some(M), "chooses which Azure identity pods get"),
    row("role-identity-write", POD_IDENTITY,  POD_IDENTITY_KINDS, CHANGE,                M, Some(M), "chooses which Azure identity pods get"),
    row("role-identity-write", "storage.k8s.io", &["csidrivers"], CHANGE,                M, NO,      "chooses which drivers get tokens of the pods that mount with them"),
    row("role-identity-write", "",            &[],               CHANGE,                 M, Some(M), "chooses how software signs in to Azure").open(Open::SignIn),
    // The resources of this group are client ids. A role that names one is the documented feature.
    row("role-identity-write", IDENTITY_BINDING, &["*"],         USE,                    H, Some(H), "service accounts can use every managed identity bound to the cluster")
        .names(Names::Ignored).advice("name the client id as the resource, and bind the role to the service account that needs it"),
    row("role-identity-write", IDENTITY_BINDING, &[],            USE,                    M, Some(M), "the resource is not a client id, so no identity is granted")
        .names(Names::Ignored).advice("write the client id of the managed identity as the resource, in lower case").open(Open::Meant(is_no_client_id)),
    row("role-node-write",    CORE,           &["nodes", "nodes/status"], PATCH,         M, NO,      "changes which pods nodes accept"),
    row("role-node-write",    CORE,           &["pods/binding", "bindings"], &["create"], M, NO,     "places pods on any node"),
    row("role-node-write",    "apiregistration.k8s.io", &["apiservices"], WRITE,         M, NO,      "answers for API groups from another server").advice(LEAVE_TO_INSTALLER),
    row("role-node-write",    "apiextensions.k8s.io", &["customresourcedefinitions"], WRITE, M, NO,  "changes what custom objects mean").advice(LEAVE_TO_INSTALLER),
    row("role-node-write",    CERTIFICATES,   SIGNERS,           &["sign"],              M, NO,      "issues certificates for any pod (Kubernetes 1.37)").unless(is_kubernetes_signer)
        .completed_by(POD_STATUS).advice("name your own signer: resourceNames: [<domain>/<signer>]"),
    row("role-volume-write",  CORE,           &["persistentvolumes"], &["create"],       M, NO,      "mounts any path of a node"),
    row("role-workload-write", CORE,          CORE_WORKLOADS,    CHANGE,                 L, Some(L), "runs as any service account of the namespace"),
    row("role-workload-write", "apps",        APPS_WORKLOADS,    CHANGE,                 L, Some(L), "runs as any service account of the namespace"),
    row("role-workload-write", "batch",       &["jobs", "cronjobs"], CHANGE,             L, Some(L), "runs as any service account of the namespace"),
    row("role-workload-write", CORE,          &["endpoints"],    CHANGE,                 L, Some(L), "redirects the traffic of services"),
    row("role-workload-write", "discovery.k8s.io", &["endpointslices"], CHANGE,          L, Some(L), "redirects the traffic of services"),
    row("role-namespace-write", CORE,         &["namespaces"],   PATCH,                  L, Some(L), "changes the labels that policies select by"),
];

const ROLES: &[&str] = &["clusterroles", "roles"];
const PRINCIPALS: &[&str] = &["users", "groups", "serviceaccounts"];
/// A wildcard includes `userextras/oid`; other keys count where they are written out.
const EXTRAS: &[&str] = &["userextras/oid", "userextras", "uids"];
/// Constrained impersonation has them all in one API group, with the extras.
const USER_INFO: &[&str] = &["users", "groups", "uids", "userextras/oid", "userextras"];
const ON_READ: &[&str] = &[
    "impersonate-on:user-info:get",
    "impersonate-on:user-info:list",
    "impersonate-on:user-info:watch",
    "impersonate-on:serviceaccount:get",
    "impersonate-on:serviceaccount:list",
    "impersonate-on:serviceaccount:watch",
    "impersonate-on:arbitrary-node:get",
    "impersonate-on:arbitrary-node:list",
    "impersonate-on:arbitrary-node:watch",
    "impersonate-on:associated-node:get",
    "impersonate-on:associated-node:list",
    "impersonate-on:associated-node:watch",
];
const ON_CREATE: &[&str] = &[
    "impersonate-on:user-info:create",
    "impersonate-on:serviceaccount:create",
    "impersonate-on:arbitrary-node:create",
    "impersonate-on:associated-node:create",
];
const NAME_AUDIENCE: &str = "name the audience of your registry instead: resources: [<registry>]";
const LEAVE_TO_INSTALLER: &str =
    "name the objects in resourceNames, or leave them to the pipeline that installs the software";
const SIGNERS: &[&str] = &["signers"];
const EXEC: &[&str] = &["pods/exec", "pods/attach", "pods/portforward"];
const EPHEMERAL: &[&str] = &["pods/ephemeralcontainers"];
const ADMISSION_KINDS: &[&str] = &[
    "validatingwebhookconfigurations",
    "mutatingwebhookconfigurations",
    "validatingadmissionpolicies",
    "validatingadmissionpolicybindings",
    "mutatingadmissionpolicies",
    "mutatingadmissionpolicybindings",
];
const KUBEWARDEN_KINDS: &[&str] = &["clusteradmissionpolicies", "clusteradmissionpolicygroups", "policyservers"];
const POD_IDENTITY_KINDS: &[&str] =
    &["azureidentities", "azureidentitybindings", "azureassignedidentities", "azurepodidentityexceptions"];
const CORE_WORKLOADS: &[&str] = &["pods", "replicationcontrollers", "podtemplates"];
const APPS_WORKLOADS: &[&str] = &["deployments", "daemonsets", "statefulsets", "replicasets"];

fn is_extra(resource: &str) -> bool {
    resource.starts_with("userextras/")
}

fn is_exchange_audience(resource: &str) -> bool {
    is_entra_audience(resource) && !is_identity_binding_audience(resource)
}

/// AKS compares client ids exactly, in lower case.
pub(super) fn is_no_client_id(resource: &str) -> bool {
    is_placeholder(resource) || normalise_guid(resource).is_none_or(|guid| guid != resource)
}

fn is_kubernetes_signer(name: &str) -> bool {
    name.starts_with("kubernetes.io/")
}

fn any(name: &str) -> bool {
    !name.is_empty()
}

fn none(_: &str) -> bool {
    false
}

/// Roles that make their holder an administrator.
fn is_powerful_role(name: &str) -> bool {
    matches!(name, "cluster-admin" | "admin") || aks_defaults::escalates(name)
}

/// Users, groups and service accounts of the control plane, and the local accounts.
fn is_powerful_principal(name: &str) -> bool {
    LOCAL_ACCOUNTS.contains(&name)
        || is_control_plane(name)
        || matches!(name, "system:masters" | "system:serviceaccounts:kube-system")
        || name.starts_with("system:kube-")
        || is_controller(name)
}

/// Service accounts of the controllers, by their name in `kube-system`.
fn is_controller(name: &str) -> bool {
    aks_defaults::is_controller(name)
}

/// Signers whose certificates the API server accepts from clients. The API writes a domain and a star for
/// all signers of a domain.
const CLIENT_SIGNERS: Names = Names::Only(&[
    "kubernetes.io/*",
    "kubernetes.io/kube-apiserver-client",
    "kubernetes.io/kube-apiserver-client-kubelet",
    "kubernetes.io/legacy-unknown",
]);

const APPROVAL: Half = Half { group: CERTIFICATES, resource: "certificatesigningrequests/approval", verbs: PATCH };
const STATUS: Half = Half { group: CERTIFICATES, resource: "certificatesigningrequests/status", verbs: PATCH };
const POD_STATUS: Half = Half { group: CERTIFICATES, resource: "podcertificaterequests/status", verbs: PATCH };

const fn row(
    rule: &'static str,
    group: &'static str,
    resources: &'static [&'static str],
    verbs: &'static [&'static str],
    in_cluster_role: Severity,
    in_role: Option<Severity>,
    why: &'static str,
) -> Privilege {
    Privilege {
        rule,
        group,
        resources,
        open: Open::No,
        verbs,
        spelled_out: false,
        names: Names::LowerUnless(none),
        half: None,
        in_cluster_role,
        in_role,
        why,
        remediation: None,
        named: None,
    }
}

impl Privilege {
    const fn names(self, names: Names) -> Self {
        Privilege { names, ..self }
    }

    /// `resourceNames` do not lower the severity if one of them is as good as all.
    const fn unless(self, is_powerful: fn(&str) -> bool) -> Self {
        Privilege { names: Names::LowerUnless(is_powerful), ..self }
    }

    const fn open(self, open: Open) -> Self {
        Privilege { open, ..self }
    }

    /// `*` among the verbs does not count: its holder has the verb that this one is about, too.
    const fn spelled_out(self) -> Self {
        Privilege { spelled_out: true, ..self }
    }

    const fn completed_by(self, half: Half) -> Self {
        Privilege { half: Some(half), ..self }
    }

    const fn advice(self, remediation: &'static str) -> Self {
        Privilege { remediation: Some(remediation), ..self }
    }

    const fn named(self, why: &'static str, remediation: Option<&'static str>) -> Self {
        Privilege { named: Some((why, remediation)), ..self }
    }
}
