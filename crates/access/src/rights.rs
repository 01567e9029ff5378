//! The rights that lead from one subject to another, and what a role has of them.

use crate::rbac::Role;
use crate::request::Request;
use kubernetes::grant::{PolicyRule, Reach, carries_name};
use kubernetes::kind::{
    CERTIFICATE_SIGNING_REQUEST, CRON_JOB, DAEMON_SET, DEPLOYMENT, JOB, Kind, POD, REPLICA_SET, REPLICATION_CONTROLLER,
    SECRET, SERVICE_ACCOUNT, STATEFUL_SET,
};

/// What a right is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Right {
    /// Every verb on every resource of every group.
    Everything,
    CreateToken,
    ImpersonateAccount,
    ImpersonateUser,
    ImpersonateGroup,
    /// Creates a Pod, or an object that makes Pods.
    CreateWorkload,
    /// Changes an object that makes Pods.
    ChangeWorkload,
    Exec,
    ReadSecret,
    CreateSecret,
    NodeProxy,
    BindClusterRole,
    /// Creates them. The role of one that exists cannot be changed.
    CreateClusterRoleBinding,
    CreateRoleBinding,
    EscalateClusterRole,
    EscalateRole,
    ChangeClusterRole,
    ChangeRole,
    ApproveSigner,
    UpdateApproval,
    CreateCertificateRequest,
}

/// Group, resource and verbs, any of which is the right.
type Row = (Right, &'static str, &'static str, &'static [&'static str]);

const RBAC: &str = kubernetes::kind::ROLE.group;
const CERTIFICATES: &str = CERTIFICATE_SIGNING_REQUEST.group;
const CHANGE: &[&str] = &["update", "patch"];

const ROWS: &[Row] = &[
    (Right::Everything, "*", "*", &["*"]),
    (Right::CreateToken, SERVICE_ACCOUNT.group, "serviceaccounts/token", &["create"]),
    (Right::ImpersonateAccount, SERVICE_ACCOUNT.group, SERVICE_ACCOUNT.plural, &["impersonate"]),
    (Right::ImpersonateUser, "", "users", &["impersonate"]),
    (Right::ImpersonateGroup, "", "groups", &["impersonate"]),
    (Right::Exec, POD.group, "pods/exec", &["create", "get"]),
    (Right::Exec, POD.group, "pods/ephemeralcontainers", CHANGE),
    (Right::ReadSecret, SECRET.group, SECRET.plural, &["get", "list", "watch"]),
    (Right::CreateSecret, SECRET.group, SECRET.plural, &["create"]),
    (Right::NodeProxy, "", "nodes/proxy", &["create", "get"]),
    (Right::BindClusterRole, RBAC, "clusterroles", &["bind"]),
    (Right::CreateClusterRoleBinding, RBAC, "clusterrolebindings", &["create"]),
    (Right::CreateRoleBinding, RBAC, "rolebindings", &["create"]),
    (Right::EscalateClusterRole, RBAC, "clusterroles", &["escalate"]),
    (Right::EscalateRole, RBAC, "roles", &["escalate"]),
    (Right::ChangeClusterRole, RBAC, "clusterroles", CHANGE),
    (Right::ChangeRole, RBAC, "roles", CHANGE),
    (Right::ApproveSigner, CERTIFICATES, "signers", &["approve"]),
    (Right::UpdateApproval, CERTIFICATES, "certificatesigningrequests/approval", CHANGE),
    (Right::CreateCertificateRequest, CERTIFICATES, CERTIFICATE_SIGNING_REQUEST.plural, &["create"]),
];

/// The kinds that make Pods. A template names the service account; a change of it makes new Pods.
const CONTROLLERS: &[Kind] =
    &[REPLICATION_CONTROLLER, DEPLOYMENT, REPLICA_SET, STATEFUL_SET, DAEMON_SET, JOB, CRON_JOB];

/// The API group whose resources are client ids of managed identities, and its verb.
const IDENTITY_BINDING: &str = "cid.wi.aks.azure.com";
const USE: &str = "use-managed-identity";

/// A right that a role has.
#[derive(Clone, Debug)]
pub(crate) struct Held<'a> {
    pub(crate) right: Right,
    pub(crate) verb: &'static str,
    pub(crate) group: &'static str,
    pub(crate) resource: &'static str,
    /// `None` for all objects.
    pub(crate) names: Option<Vec<&'a str>>,
}

/// The rights of one role.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rights<'a> {
    pub(crate) held: Vec<Held<'a>>,
    /// The client ids that it lets service accounts use; `*` for all.
    pub(crate) clients: Vec<&'a str>,
}

impl<'a> Rights<'a> {
    pub(crate) fn of(role: &Role<'a>) -> Rights<'a> {
        let mut rights = Rights::default();
        let rows = ROWS.iter().copied();
        let create = |kind: &Kind| (Right::CreateWorkload, kind.group, kind.plural, &["create"][..]);
        let change = |kind: &Kind| (Right::ChangeWorkload, kind.group, kind.plural, CHANGE);
        let workloads = std::iter::once(&POD).chain(CONTROLLERS).map(create);
        for row in rows.chain(workloads).chain(CONTROLLERS.iter().map(change)) {
            rights.held.extend(held(&role.rules, row));
        }
        // The request for one carries no name.
        let grants =
            |rule: &&PolicyRule<'a>| rule.has_group(IDENTITY_BINDING) && rule.verb(USE).is_some() && rule.has_name("");
        for rule in role.rules.iter().filter(grants) {
            rights.clients.extend(&rule.resources);
        }
        rights.clients.sort_unstable();
        rights.clients.dedup();
        rights
    }
}

/// What the policy rules together grant of a row: for all objects by any of its verbs, else for named ones by each.
fn held<'a>(rules: &[PolicyRule<'a>], (right, group, resource, verbs): Row) -> Vec<Held<'a>> {
    let covering: Vec<&PolicyRule<'a>> =
        rules.iter().filter(|rule| rule.has_group(group) && rule.resource(resource).is_some()).collect();
    let granting = |verb: &'static str| covering.iter().filter(move |rule| rule.verb(verb).is_some());
    let held = |verb, names| Held { right, verb, group, resource, names };
    let is_for_all = |verb: &str, rule: &PolicyRule<'a>| rule.reach(carries_name(verb, resource)) == Some(Reach::All);
    let for_all = verbs.iter().find(|verb| granting(verb).any(|rule| is_for_all(verb, rule)));
    if let Some(verb) = for_all {
        return vec![held(verb, None)];
    }
    // A request that creates an object does not name it.
    let names_object = |verb: &&&str| **verb != "create" || resource.contains('/');
    let named = |verb: &&'static str| {
        let names: Vec<&str> =
            granting(verb).flat_map(|rule| rule.names.iter().copied()).filter(|name| !name.is_empty()).collect();
        (!names.is_empty()).then(|| held(verb, Some(names)))
    };
    verbs.iter().filter(names_object).filter_map(named).collect()
}

impl Held<'_> {
    pub(crate) fn covers(&self, name: &str) -> bool {
        self.names.as_ref().is_none_or(|names| names.contains(&name))
    }

    pub(crate) fn request(&self, namespace: Option<&str>, name: &str) -> Request {
        Request::resource(self.verb, self.group, self.resource, namespace, name)
    }
}

/// The request that the API server makes before it gives a service account a managed identity.
pub(crate) fn use_identity(client: &str) -> Request {
    Request::resource(USE, IDENTITY_BINDING, client, None, "")
}
