//! Facts from the cluster, behind a trait: the guest asks the host, tests and `entra-auth` answer themselves.
//!
//! Only rules that need such a fact ask, only with `clusterLookups`, and only if the object itself does not
//! decide the question. [`Lookups`] asks for each object once in a request, in the order of rules and
//! objects, so that a recorded session can be replayed.

use crate::view::binding::Binding;
use crate::view::workload::Workload;
use crate::view::workload_identity::CLIENT_ID;
use json::Node;
use kubernetes::kind::{self, Kind};
use std::cell::RefCell;
use std::rc::Rc;
use text::shown;

/// A kind that rules ask for, with only the fields they need, so that operators do not have to grant more.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Resource {
    pub api_version: &'static str,
    pub kind: &'static str,
    /// As RBAC writes it.
    pub plural: &'static str,
    pub names: NameForm,
    /// Dotted paths.
    pub field_masks: &'static [&'static str],
}

/// The member of pods and service accounts that mounts the API token.
pub const AUTOMOUNT: &str = "automountServiceAccountToken";

const RBAC: &str = "rbac.authorization.k8s.io/v1";

pub static SERVICE_ACCOUNT: Resource = Resource {
    api_version: "v1",
    kind: kind::SERVICE_ACCOUNT.kind,
    plural: kind::SERVICE_ACCOUNT.plural,
    names: NameForm::Subdomain,
    field_masks: &["metadata.annotations", "automountServiceAccountToken"],
};
pub static ROLE: Resource = resource(&kind::ROLE);
pub static CLUSTER_ROLE: Resource = resource(&kind::CLUSTER_ROLE);

const fn resource(role: &Kind) -> Resource {
    Resource {
        api_version: RBAC,
        kind: role.kind,
        plural: role.plural,
        names: NameForm::Segment,
        field_masks: &["rules"],
    }
}

/// Everything that rules ask for: the `contextAwareResources` of the policy.
pub static RESOURCES: &[&Resource] = &[&SERVICE_ACCOUNT, &ROLE, &CLUSTER_ROLE];

/// The host's function that answers: the `hostCapabilities` of the policy.
pub const HOST_CAPABILITIES: &[&str] = &["kubernetes/get_resource"];

/// One object of the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Query<'a> {
    pub resource: &'static Resource,
    /// `None` for cluster-scoped objects.
    pub namespace: Option<&'a str>,
    pub name: &'a str,
}

impl<'a> Query<'a> {
    /// Whether the cluster can have such an object.
    fn is_possible(&self) -> bool {
        self.has_name() && self.namespace.is_none_or(is_namespace)
    }

    fn has_name(&self) -> bool {
        self.resource.names.allows(self.name)
    }

    /// The role that a binding grants.
    pub fn role(binding: &Binding<'a>) -> Self {
        let role = binding.role_ref();
        match role.kind {
            "ClusterRole" => Query { resource: &CLUSTER_ROLE, namespace: None, name: role.name },
            _ => Query { resource: &ROLE, namespace: Some(binding.object.namespace), name: role.name },
        }
    }

    /// The service account that the pods of a workload run under.
    pub fn service_account(workload: &Workload<'a>) -> Self {
        let namespace = Some(workload.object.namespace);
        Query { resource: &SERVICE_ACCOUNT, namespace, name: workload.service_account() }
    }
}

/// Answers look-ups.
pub trait Cluster {
    /// The object as JSON, with at least the fields of its masks.
    fn get(&self, query: &Query<'_>) -> Result<String, LookupError>;

    /// The object, if it comes with the one that is evaluated. Programs that read manifests have such objects, and
    /// rules can ask for them without `clusterLookups`.
    fn given(&self, _: &Query<'_>) -> Option<String> {
        None
    }
}

/// For hosts without look-ups.
pub struct NoCluster;

impl Cluster for NoCluster {
    fn get(&self, _: &Query<'_>) -> Result<String, LookupError> {
        Err(LookupError::Failed)
    }
}

/// Why a look-up gave nothing. Each has a different remedy, so messages distinguish them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookupError {
    /// The policy's `contextAwareResources` or the server's host capabilities do not list it.
    NotGranted,
    /// The API server denied the request of the policy server's account.
    Refused,
    NotFound,
    /// Anything else: the host or the connection failed.
    Failed,
    /// It was the one look-up too many for a request, or no object can have the name.
    NotAsked,
}

impl LookupError {
    /// What the text of a failed host call means. Hosts have no error codes, so this looks for phrases of
    /// policy-server and of the API server. Names of objects have no spaces and cannot imitate one.
    pub fn from_host(text: &str) -> Self {
        let says = |phrases: &[&str]| phrases.iter().any(|phrase| text.contains(phrase));
        if says(&["not been granted access"]) {
            LookupError::NotGranted
        } else if says(&["Cannot find ", "\" not found", "NotFound"]) {
            LookupError::NotFound
        } else if says(&[" is forbidden", "Forbidden", "forbidden:", "Unauthorized"]) {
            LookupError::Refused
        } else {
            LookupError::Failed
        }
    }

    /// What follows "could not check: " in a message.
    pub(crate) fn reason(self, query: &Query<'_>) -> String {
        let kind = query.resource.kind;
        match self {
            LookupError::NotGranted => format!("contextAwareResources do not list {kind}"),
            LookupError::Refused => format!("the policy server may not read {}", query.resource.plural),
            LookupError::NotFound => format!("{kind} {} does not exist", shown(query.name)),
            LookupError::Failed => "the API server could not be asked".to_owned(),
            LookupError::NotAsked if query.is_possible() => {
                format!("the request needs more than {MOST_LOOKUPS} look-ups")
            }
            LookupError::NotAsked if query.has_name() => {
                format!("{} is not a namespace that can be looked up", shown(query.namespace.unwrap_or_default()))
            }
            LookupError::NotAsked => format!("{} is not a name that can be looked up", shown(query.name)),
        }
    }

    pub(crate) fn remediation(self, query: &Query<'_>) -> String {
        let Resource { api_version, kind, plural, .. } = query.resource;
        match self {
            LookupError::NotGranted => {
                format!("add {{apiVersion: {api_version}, kind: {kind}}} to the policy's contextAwareResources")
            }
            LookupError::Refused => {
                format!("apply deploy/rbac-lookups.yaml: it lets the policy server's account get {plural}")
            }
            LookupError::NotFound => format!("create the {kind} first"),
            LookupError::Failed => "see the policy server's log".to_owned(),
            LookupError::NotAsked if query.is_possible() => "split the object".to_owned(),
            LookupError::NotAsked => "correct the name".to_owned(),
        }
    }
}

/// The most look-ups of one request.
const MOST_LOOKUPS: usize = 32;

/// What Kubernetes allows as the name of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NameForm {
    /// RFC 1123, as for service accounts.
    Subdomain,
    /// A segment of a path, as for roles.
    Segment,
}

impl NameForm {
    /// Whether an object may have this name: what an author writes becomes part of the path of a request to the API
    /// server. Of the names of roles, those that a URL would have to escape are left out.
    fn allows(self, name: &str) -> bool {
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b':' | b'_' | b'@' | b' ');
        (1..=253).contains(&name.len())
            && match self {
                NameForm::Subdomain => name.split('.').all(is_label),
                NameForm::Segment => !matches!(name, "." | "..") && name.bytes().all(is_plain),
            }
    }
}

/// A label of RFC 1123, without its limit of 63 characters.
fn is_label(label: &str) -> bool {
    !label.is_empty()
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn is_namespace(name: &str) -> bool {
    name.len() <= 63 && is_label(name)
}

/// The look-ups of one request.
pub struct Lookups<'h> {
    cluster: &'h dyn Cluster,
    answers: RefCell<Vec<Answer>>,
}

struct Answer {
    resource: &'static Resource,
    namespace: Option<String>,
    name: String,
    object: Result<Rc<str>, LookupError>,
}

/// What rules can learn about a service account.
pub struct ServiceAccount {
    /// `azure.workload.identity/client-id` is set.
    pub has_client_id: bool,
    /// Pods that do not say otherwise get no API token.
    pub mounts_no_token: bool,
}

impl<'h> Lookups<'h> {
    pub fn new(cluster: &'h dyn Cluster) -> Self {
        Lookups { cluster, answers: RefCell::default() }
    }

    pub fn service_account(&self, query: &Query<'_>) -> Result<ServiceAccount, LookupError> {
        self.read(query, |account| ServiceAccount {
            has_client_id: account.at(&["metadata", "annotations", CLIENT_ID]).set_text().is_some(),
            mounts_no_token: account.get(AUTOMOUNT).bool() == Some(false),
        })
    }

    /// Gets an object from the cluster and applies `read` to it.
    pub fn read<T>(&self, query: &Query<'_>, read: impl FnOnce(Node<'_>) -> T) -> Result<T, LookupError> {
        read_answer(query, &self.get(query)?, read)
    }

    fn get(&self, query: &Query<'_>) -> Result<Rc<str>, LookupError> {
        let is_same = |answer: &&Answer| {
            (answer.resource, answer.namespace.as_deref(), answer.name.as_str())
                == (query.resource, query.namespace, query.name)
        };
        if let Some(answer) = self.answers.borrow().iter().find(is_same) {
            return answer.object.clone();
        }
        if self.answers.borrow().len() >= MOST_LOOKUPS || !query.is_possible() {
            return Err(LookupError::NotAsked);
        }
        let object = self.cluster.get(query).map(Rc::from);
        self.answers.borrow_mut().push(Answer {
            resource: query.resource,
            namespace: query.namespace.map(str::to_owned),
            name: query.name.to_owned(),
            object: object.clone(),
        });
        object
    }
}

/// Reads an object that comes with the one that is evaluated.
pub(crate) fn read_given<T>(cluster: &dyn Cluster, query: &Query<'_>, read: impl FnOnce(Node<'_>) -> T) -> Option<T> {
    read_answer(query, &cluster.given(query)?, read).ok()
}

fn read_answer<T>(query: &Query<'_>, text: &str, read: impl FnOnce(Node<'_>) -> T) -> Result<T, LookupError> {
    let value = json::parse(text).map_err(|_| LookupError::Failed)?;
    let object = Node::new(&value);
    // Field masks can remove the kind, but cannot change it.
    let is_asked_kind = object.get("kind").text().is_none_or(|kind| kind == query.resource.kind);
    if object.is_object() && is_asked_kind { Ok(read(object)) } else { Err(LookupError::Failed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_recognised_by_the_phrases_of_hosts() {
        for (text, expected) in [
            (
                "Host error: Callback evaluation failure: Policy has not been granted access to Kubernetes v1/ServiceAccount resources. The violation has been reported.",
                LookupError::NotGranted,
            ),
            (
                "Policy has not been granted access to the 'kubernetes/get_resource' host capability. The violation has been reported.",
                LookupError::NotGranted,
            ),
            (
                "Cannot find v1/ServiceAccount named 'forbidden' inside of namespace 'Some(\"shop\")'",
                LookupError::NotFound,
            ),
            ("ApiError: serviceaccounts \"web\" not found: NotFound (ErrorResponse)", LookupError::NotFound),
            (
                "ApiError: serviceaccounts \"web\" is forbidden: User \"system:serviceaccount:kubewarden:policy-server\" cannot get resource \"serviceaccounts\": Forbidden",
                LookupError::Refused,
            ),
            ("kube::Client was not initialized properly", LookupError::Failed),
            ("", LookupError::Failed),
        ] {
            assert_eq!(LookupError::from_host(text), expected, "{text}");
        }
    }

    /// Records what it is asked for.
    struct Counting(RefCell<Vec<String>>);

    impl Cluster for Counting {
        fn get(&self, query: &Query<'_>) -> Result<String, LookupError> {
            self.0.borrow_mut().push(query.name.to_owned());
            match query.name {
                "broken" => Ok("{".to_owned()),
                "list" => Ok("[]".to_owned()),
                "other-kind" => Ok(r#"{"kind":"Pod"}"#.to_owned()),
                _ => Err(LookupError::NotFound),
            }
        }
    }

    #[test]
    fn an_answer_that_is_not_the_object_is_a_failure() {
        let cluster = Counting(RefCell::default());
        let lookups = Lookups::new(&cluster);
        for name in ["broken", "list", "other-kind"] {
            let query = Query { resource: &SERVICE_ACCOUNT, namespace: Some("x"), name };
            assert_eq!(lookups.service_account(&query).err(), Some(LookupError::Failed), "{name}");
        }
    }

    #[test]
    fn names_are_checked_and_look_ups_are_counted() {
        let cluster = Counting(RefCell::default());
        let lookups = Lookups::new(&cluster);
        let ask = |name: &str| {
            let query = Query { resource: &SERVICE_ACCOUNT, namespace: Some("x"), name };
            lookups.service_account(&query).err()
        };
        let long = "a".repeat(254);
        let never = ["", ".", "..", "a/b", "a%2fb", "a?b", "a#b", "ä", "a\u{0}", "a\n", &long];
        let no_subdomains = ["Web", "a b", "a@b", "a_b", "a:b", "-a", "a-", ".a", "a.", "a..b", "a.-b", "$(A)"];
        for name in never.iter().chain(&no_subdomains) {
            assert_eq!(ask(name), Some(LookupError::NotAsked), "{name}");
            let query = Query { resource: &SERVICE_ACCOUNT, namespace: Some("x"), name };
            assert!(LookupError::NotAsked.reason(&query).ends_with("is not a name that can be looked up"), "{name}");
        }
        for name in never {
            for query in [
                Query { resource: &CLUSTER_ROLE, namespace: None, name },
                Query { resource: &ROLE, namespace: Some("x"), name },
            ] {
                assert_eq!(lookups.read(&query, |_| ()).err(), Some(LookupError::NotAsked), "{name}");
            }
        }
        for namespace in never.iter().chain(&no_subdomains).copied().chain(["a.b", &"a".repeat(64)]) {
            for resource in [&SERVICE_ACCOUNT, &ROLE] {
                let query = Query { resource, namespace: Some(namespace), name: "web" };
                assert_eq!(lookups.read(&query, |_| ()).err(), Some(LookupError::NotAsked), "{namespace}");
                let reason = LookupError::NotAsked.reason(&query);
                assert!(reason.ends_with("is not a namespace that can be looked up"), "{reason}");
            }
        }
        assert_eq!(cluster.0.borrow().len(), 0);
        for n in 0..40 {
            let expected = if n < MOST_LOOKUPS { LookupError::NotFound } else { LookupError::NotAsked };
            assert_eq!(ask(&format!("a{n}")), Some(expected));
        }
        assert_eq!(ask("a0"), Some(LookupError::NotFound));
        assert_eq!(cluster.0.borrow().len(), MOST_LOOKUPS);
    }

    #[test]
    fn names_that_kubernetes_allows_are_asked_for() {
        let cluster = Counting(RefCell::default());
        let lookups = Lookups::new(&cluster);
        let label = "a".repeat(63);
        for (resource, name) in [
            (&SERVICE_ACCOUNT, "web"),
            (&SERVICE_ACCOUNT, "0-a.b-1.c"),
            (&SERVICE_ACCOUNT, &"a".repeat(253)),
            (&ROLE, "Shop:View_1@x"),
            (&CLUSTER_ROLE, "system:controller:x"),
            (&CLUSTER_ROLE, "a..b"),
        ] {
            for namespace in ["x", "0", "a-b", &label] {
                let query = Query { resource, namespace: Some(namespace), name };
                assert_eq!(lookups.read(&query, |_| ()).err(), Some(LookupError::NotFound), "{namespace}/{name}");
            }
        }
    }

    #[test]
    fn each_object_is_asked_for_once_failures_included() {
        let cluster = Counting(RefCell::default());
        let lookups = Lookups::new(&cluster);
        for (name, namespace) in [("a", "x"), ("b", "x"), ("a", "x"), ("a", "y"), ("broken", "x"), ("broken", "x")] {
            let query = Query { resource: &SERVICE_ACCOUNT, namespace: Some(namespace), name };
            let expected = if name == "broken" { LookupError::Failed } else { LookupError::NotFound };
            assert_eq!(lookups.service_account(&query).err(), Some(expected));
        }
        assert_eq!(*cluster.0.borrow(), ["a", "b", "a", "broken"]);
    }
}
