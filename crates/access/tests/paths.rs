//! Every path is walked as requests that the authorizer allows, one after the other, on random clusters.

mod support;

use access::{Graph, Inventory, Path, Position, Rbac, Request, Subject};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use support::{CLIENT, OTHER_CLIENT, allowed, cluster, config, granted, inventory, last, subjects};

/// Who someone on a path is by now.
struct Walker<'o> {
    objects: &'o [&'o Value],
    inventory: &'o Inventory,
    subject: Subject,
    is_admin: bool,
    administers: BTreeSet<String>,
}

impl Walker<'_> {
    fn can(&self, request: &Request) -> bool {
        let in_own = request.namespace().is_some_and(|namespace| self.administers.contains(namespace));
        self.is_admin || in_own || allowed(self.objects, &self.subject, request)
    }

    fn walk(mut self, path: &Path, goal: &Position) -> Result<(), String> {
        let mut here = Position::Subject(self.subject.clone());
        if path.is_empty() {
            return Err("no act".to_owned());
        }
        for step in &path.steps {
            if step.from != here {
                return Err(format!("{here} does not act as {}", step.from));
            }
            if let Some(request) = step.requests.iter().find(|request| !self.can(request)) {
                return Err(format!("{here} cannot {request}"));
            }
            match (&step.from, &step.to) {
                (_, Position::Any(extent)) => return Err(format!("{extent} is not a choice")),
                (Position::Subject(from), Position::Subject(group)) if step.how == "is a member of" => {
                    // Members keep their own rights.
                    if !from.implied_groups().contains(group) {
                        return Err(format!("{from} is not in {group}"));
                    }
                    self.subject = group.clone();
                }
                (_, Position::Subject(to)) => {
                    if step.requests.is_empty() {
                        return Err(format!("{here} becomes {to} for nothing"));
                    }
                    if let Subject::ServiceAccount { namespace, name } = to
                        && !self.inventory.accounts.contains_key(&(namespace.clone(), name.clone()))
                    {
                        return Err(format!("there is no {to}"));
                    }
                    (self.is_admin, self.administers) = (*to == Subject::group("system:masters"), BTreeSet::new());
                    self.subject = to.clone();
                }
                (_, Position::ClusterAdmin) => self.is_admin = true,
                (_, Position::NamespaceAdmin(namespace)) => {
                    self.administers.insert(namespace.clone());
                }
                (_, Position::Azure(_)) => {}
            }
            here = step.to.clone();
        }
        if here == *goal { Ok(()) } else { Err(format!("ends at {here}")) }
    }
}

/// How each step was walked, and how often.
#[derive(Default)]
struct Walked(RefCell<BTreeMap<&'static str, usize>>);

impl Walked {
    fn note(&self, path: &Path) {
        for step in &path.steps {
            *self.0.borrow_mut().entry(step.how).or_default() += 1;
        }
    }
}

/// Everything that a step can be.
const STEPS: &[&str] = &[
    "binds cluster-admin to itself:",
    "binds itself to",
    "changes a workload to run as",
    "creates a pod that runs as",
    "creates a pod that signs in as",
    "creates a workload that runs as",
    "creates and reads a token Secret of",
    "impersonates",
    "impersonates a user in",
    "impersonates a user in system:masters:",
    "is a member of",
    "is bound to a role with",
    "is bound to a role with every right:",
    "is not restricted by RBAC:",
    "issues a client certificate for",
    "reads the token Secret of",
    "requests a token of",
    "runs commands in a pod of",
    "runs commands through the kubelet in a pod of",
    "signs in to Azure as",
    "uses the identity binding of",
    "writes every right into its role:",
];

#[test]
fn every_step_is_a_request_that_is_allowed() {
    let all = Walked::default();
    let mut runner = TestRunner::new(config(300));
    let walked = runner.run(&cluster(), |objects| {
        let (rbac, inventory, counting) = (Rbac::of(&objects), inventory(&objects), last(&objects));
        let graph = Graph::of(&rbac, &inventory);
        let walker = |subject: &Subject| Walker {
            objects: &counting,
            inventory: &inventory,
            subject: subject.clone(),
            is_admin: *subject == Subject::group("system:masters"),
            administers: BTreeSet::new(),
        };
        let mut goals: Vec<Position> = subjects().into_iter().map(Position::Subject).collect();
        goals.extend([CLIENT, OTHER_CLIENT].map(|client| Position::Azure(client.to_owned())));
        goals.push(Position::ClusterAdmin);
        for goal in &goals {
            let mut length = 0;
            for path in graph.paths_to(goal) {
                prop_assert!(path.len() >= length, "not in the order of lengths");
                length = path.len();
                let walked = walker(&path.subject).walk(&path, goal);
                prop_assert!(walked.is_ok(), "{walked:?}\n{path:#?}\n{objects:#?}");
                all.note(&path);
            }
        }
        for subject in subjects() {
            for path in graph.paths_from(&subject) {
                let goal = &path.steps.last().unwrap().to;
                let walked = walker(&path.subject).walk(&path, goal);
                prop_assert!(walked.is_ok(), "{walked:?}\n{path:#?}\n{objects:#?}");
                all.note(&path);
            }
        }
        Ok(())
    });
    walked.unwrap();
    let all = all.0.into_inner();
    assert_eq!(all.keys().copied().collect::<Vec<_>>(), STEPS, "{all:?}");
}

/// What is enough to reach a goal in one act, in words, and the requests that it takes.
type Way = (&'static str, Vec<Request>);

/// The name of an object that no rule names.
const ANY: &str = "any";

/// A request outside namespaces.
fn cluster_wide(verb: &str, group: &str, resource: &str, name: &str) -> Request {
    Request::resource(verb, group, resource, None, name)
}

fn ways_to_account(objects: &[&Value], inventory: &Inventory, namespace: &str, name: &str) -> Vec<Way> {
    let here = |verb: &str, group: &str, resource: &str, name: &str| {
        vec![Request::resource(verb, group, resource, Some(namespace), name)]
    };
    let mut ways = vec![
        ("token", here("create", "", "serviceaccounts/token", name)),
        ("impersonation", here("impersonate", "", "serviceaccounts", name)),
        ("new pod", here("create", "", "pods", "")),
        ("new workload", here("create", "apps", "deployments", "")),
        ("new token Secret", [here("create", "", "secrets", ""), here("get", "", "secrets", ANY)].concat()),
    ];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    for object in objects.iter().filter(|object| object["metadata"]["namespace"] == namespace) {
        let own = text(&object["metadata"]["name"]);
        if object["kind"] == "Deployment" {
            ways.extend(["update", "patch"].map(|verb| ("changed workload", here(verb, "apps", "deployments", &own))));
        }
        let is_token = object["type"] == "kubernetes.io/service-account-token"
            && object["metadata"]["annotations"]["kubernetes.io/service-account.name"] == name;
        if is_token {
            ways.extend(["get", "list", "watch"].map(|verb| ("token Secret", here(verb, "", "secrets", &own))));
        }
    }
    let account = objects.iter().find(|object| {
        object["kind"] == "ServiceAccount"
            && object["metadata"]["namespace"] == namespace
            && object["metadata"]["name"] == name
    });
    let is_mounted = account.is_none_or(|account| account["automountServiceAccountToken"] != false);
    let runs = inventory.pods.iter().filter(|pod| pod.namespace == namespace && pod.account == name);
    for pod in runs.filter(|_| is_mounted) {
        ways.extend(["create", "get"].map(|verb| ("command in any pod", here(verb, "", "pods/exec", ANY))));
        ways.extend(["create", "get"].map(|verb| ("kubelet", vec![cluster_wide(verb, "", "nodes/proxy", ANY)])));
        if pod.kind == "Pod" {
            ways.extend(["create", "get"].map(|verb| ("command in a pod", here(verb, "", "pods/exec", &pod.name))));
            ways.extend(
                ["update", "patch"]
                    .map(|verb| ("debug container", here(verb, "", "pods/ephemeralcontainers", &pod.name))),
            );
        }
    }
    ways
}

fn ways_to_admin(rbac: &Rbac<'_>, objects: &[&Value], subject: &Subject) -> Vec<Way> {
    const RBAC: &str = "rbac.authorization.k8s.io";
    let bind = cluster_wide("bind", RBAC, "clusterroles", "cluster-admin");
    let mut ways = vec![
        ("every right", vec![cluster_wide("*", "*", "*", "")]),
        ("binding", vec![cluster_wide("create", RBAC, "clusterrolebindings", ""), bind]),
    ];
    for user in [ANY, "ann@contoso.com"] {
        let user = cluster_wide("impersonate", "", "users", user);
        ways.push(("masters", vec![user, cluster_wide("impersonate", "", "groups", "system:masters")]));
    }
    for holding in rbac.holdings(subject) {
        let binding = holding.binding;
        let is_here =
            objects.iter().any(|role| role["kind"] == "ClusterRole" && role["metadata"]["name"] == binding.role_name);
        if holding.group.is_none() && binding.namespace.is_none() && is_here {
            let on = |verb: &str| cluster_wide(verb, RBAC, "clusterroles", binding.role_name);
            ways.extend(["update", "patch"].map(|verb| ("own role", vec![on(verb), on("escalate")])));
        }
    }
    ways
}

fn ways_to_subject(goal: &Subject) -> Vec<Way> {
    const CERTIFICATES: &str = "certificates.k8s.io";
    let certificate = vec![
        cluster_wide("create", CERTIFICATES, "certificatesigningrequests", ""),
        cluster_wide("update", CERTIFICATES, "certificatesigningrequests/approval", ANY),
        cluster_wide("approve", CERTIFICATES, "signers", "kubernetes.io/kube-apiserver-client"),
    ];
    match goal {
        Subject::User(name) => {
            vec![("user", vec![cluster_wide("impersonate", "", "users", name)]), ("certificate", certificate)]
        }
        Subject::Group(name) => {
            let by = |user: &str| {
                let user = cluster_wide("impersonate", "", "users", user);
                ("group", vec![user, cluster_wide("impersonate", "", "groups", name)])
            };
            let mut ways = vec![by(ANY), by("ann@contoso.com")];
            ways.push(("certificate", certificate));
            ways
        }
        Subject::ServiceAccount { .. } => Vec::new(),
    }
}

/// A subject that is allowed what one act takes has a path of one act. What takes several requests counts if the subject
/// itself holds them all.
#[test]
fn no_path_of_one_act_is_missing() {
    let found: RefCell<BTreeMap<&str, usize>> = RefCell::default();
    let mut runner = TestRunner::new(config(200));
    let complete = runner.run(&cluster(), |objects| {
        let (rbac, inventory, counting) = (Rbac::of(&objects), inventory(&objects), last(&objects));
        let graph = Graph::of(&rbac, &inventory);
        let check = |goal: &Position, ways: &dyn Fn(&Subject) -> Vec<Way>| {
            let paths = graph.paths_to(goal);
            for subject in rbac.subjects() {
                let own: Vec<Subject> = std::iter::once(subject.clone()).chain(subject.implied_groups()).collect();
                // RBAC does not restrict it, so it takes one more act; or it is a member already.
                let is_member = own.iter().any(|one| Position::Subject(one.clone()) == *goal);
                if is_member || own.contains(&Subject::group("system:masters")) {
                    continue;
                }
                let is_there = paths.iter().any(|path| own.contains(&path.subject) && path.len() == 1);
                for (what, requests) in ways(subject) {
                    let is_enough = match requests.as_slice() {
                        [one] => allowed(&counting, subject, one),
                        several => several.iter().all(|request| granted(&counting, subject, request)),
                    };
                    if is_enough {
                        prop_assert!(is_there, "{subject} to {goal} by {what}: {requests:?}\n{objects:#?}");
                        *found.borrow_mut().entry(what).or_default() += 1;
                    }
                }
            }
            Ok(())
        };
        for (namespace, name) in inventory.accounts.keys() {
            let goal = Position::Subject(Subject::account(namespace, name));
            let ways = ways_to_account(&counting, &inventory, namespace, name);
            check(&goal, &|_| ways.clone())?;
        }
        check(&Position::ClusterAdmin, &|subject| ways_to_admin(&rbac, &counting, subject))?;
        // The group of administrators is the goal above.
        let is_one = |subject: &&Subject| {
            !matches!(subject, Subject::ServiceAccount { .. }) && **subject != Subject::group("system:masters")
        };
        for goal in rbac.subjects().filter(is_one) {
            check(&Position::Subject(goal.clone()), &|_| ways_to_subject(goal))?;
        }
        Ok(())
    });
    complete.unwrap();
    let found = found.into_inner();
    let mut ways = [
        "binding",
        "certificate",
        "changed workload",
        "command in a pod",
        "command in any pod",
        "debug container",
        "every right",
        "group",
        "impersonation",
        "kubelet",
        "masters",
        "new pod",
        "new token Secret",
        "new workload",
        "own role",
        "token",
        "token Secret",
        "user",
    ];
    ways.sort_unstable();
    assert_eq!(found.keys().copied().collect::<Vec<_>>(), ways, "{found:?}");
}
