//! Random clusters, and the authorizer written a second time, after Kubernetes' own
//! (`plugin/pkg/auth/authorizer/rbac` and `pkg/registry/rbac/validation`): on plain JSON, one request at a time.

#![allow(dead_code, unreachable_pub, reason = "each test uses a part")]

use access::{Asked, Inventory, Rbac, Request, Subject};
use entra_auth_policy::describe::describe;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

pub const NAMESPACES: &[&str] = &["shop", "ops", "kube-system"];
pub const CLIENT: &str = "7d8cdf74-5f1d-4e6c-9c31-274d963d358b";
/// The object id of a group.
pub const GROUP: &str = "8d3d1b5c-6d5f-4b7a-9e0b-3a1f1d2c4e5f";
pub const OTHER_CLIENT: &str = "0f8fad5b-d9cb-469f-a165-70867728950e";

const VERBS: &[&str] = &[
    "get",
    "list",
    "create",
    "update",
    "patch",
    "impersonate",
    "bind",
    "escalate",
    "approve",
    "use-managed-identity",
    "*",
];
const GROUPS: &[&str] =
    &["", "", "", "apps", "batch", "rbac.authorization.k8s.io", "certificates.k8s.io", "cid.wi.aks.azure.com", "*"];
const RESOURCES: &[&str] = &[
    "pods",
    "pods/exec",
    "*/exec",
    "pods/*",
    "pods/ephemeralcontainers",
    "secrets",
    "serviceaccounts",
    "serviceaccounts/token",
    "*/token",
    "users",
    "groups",
    "nodes/proxy",
    "deployments",
    "deployments/scale",
    "*/scale",
    "cronjobs",
    "clusterroles",
    "roles",
    "clusterrolebindings",
    "rolebindings",
    "signers",
    "certificatesigningrequests",
    "certificatesigningrequests/approval",
    CLIENT,
    "*",
];
pub const NAMES: &[&str] =
    &["web", "api", "cluster-admin", "r0", "r1", "system:masters", "ann@contoso.com", "kubernetes.io/*", ""];
const URLS: &[&str] = &["/metrics", "/api/*", "/healthz", "*", "/api**"];
const PATHS: &[&str] = &["/metrics", "/api/v1", "/api", "/healthz/etcd", "/logs/"];
const ACCOUNTS: &[&str] = &["web", "api", "default"];
const ROLES: &[&str] = &["r0", "r1", "r2", "cluster-admin"];

pub fn subjects() -> Vec<Subject> {
    let mut all: Vec<Subject> = ["ann@contoso.com", "bob@contoso.com", "system:anonymous"].map(Subject::user).to_vec();
    all.extend(
        [
            GROUP,
            "system:masters",
            "system:authenticated",
            "system:unauthenticated",
            "system:serviceaccounts",
            "system:serviceaccounts:shop",
        ]
        .map(Subject::group),
    );
    for namespace in NAMESPACES {
        all.extend(ACCOUNTS.iter().map(|name| Subject::account(namespace, name)));
    }
    all
}

fn rule() -> impl Strategy<Value = Value> {
    let some = |of: &'static [&'static str], least, most| subsequence(of, least..=most);
    let names = prop_oneof![3 => Just(Vec::new()), 2 => some(NAMES, 1, 2)];
    let urls = prop_oneof![2 => Just(Vec::new()), 1 => some(URLS, 1, 2)];
    let rule = (some(VERBS, 1, 3), some(GROUPS, 1, 2), some(RESOURCES, 1, 4), names, urls).prop_map(
        |(verbs, groups, resources, names, urls)| {
            json!({"verbs": verbs, "apiGroups": groups, "resources": resources, "resourceNames": names,
                "nonResourceURLs": urls})
        },
    );
    let everything = Just(json!({"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}));
    prop_oneof![24 => rule, 12 => select(dangerous()), 1 => everything]
}

/// Rules of which only several verbs or resources together lead further: at random they are too rare.
fn dangerous() -> Vec<Value> {
    let rbac = "rbac.authorization.k8s.io";
    let rule = |group: &str, resources: &[&str], verbs: &[&str], names: &[&str]| json!({"verbs": verbs, "apiGroups": [group], "resources": resources, "resourceNames": names});
    vec![
        rule(rbac, &["clusterrolebindings", "rolebindings", "clusterroles"], &["create", "bind"], &[]),
        rule(rbac, &["clusterroles", "roles"], &["update", "escalate"], &[]),
        rule(rbac, &["clusterroles", "roles"], &["patch", "escalate"], &["r0", "r1"]),
        rule("", &["users", "groups"], &["impersonate"], &[]),
        rule("", &["users", "groups"], &["impersonate"], &["ann@contoso.com", "system:masters", GROUP]),
        rule("", &["users", "groups"], &["impersonate"], &["ann@contoso.com", GROUP]),
        rule("", &["users"], &["impersonate"], &[]),
        rule("apps", &["deployments"], &["create", "get"], &[]),
        rule("cid.wi.aks.azure.com", &[CLIENT], &["use-managed-identity"], &[]),
        rule("", &["secrets"], &["create", "get"], &[]),
        rule("", &["secrets"], &["get", "list"], &["web", "api"]),
        rule("", &["secrets"], &["watch"], &[]),
        rule("", &["pods", "pods/exec"], &["create", "get"], &[]),
        rule("", &["nodes/proxy"], &["create", "get"], &[]),
        rule("", &["pods/exec"], &["get"], &["web"]),
        rule("", &["pods/ephemeralcontainers"], &["patch"], &["api"]),
        rule("apps", &["deployments"], &["patch"], &["web", "api"]),
        rule(
            "certificates.k8s.io",
            &["certificatesigningrequests", "certificatesigningrequests/approval", "signers"],
            &["create", "update", "approve"],
            &[],
        ),
    ]
}

fn role() -> impl Strategy<Value = Value> {
    let namespace = prop_oneof![2 => Just(None), 1 => select(NAMESPACES).prop_map(Some)];
    let label = select(&["one", "two", "none"][..]);
    let selectors = prop_oneof![
        4 => Just(Value::Null),
        1 => Just(json!([{"matchLabels": {"aggregate": "one"}}])),
        1 => Just(json!([{"matchExpressions": [{"key": "aggregate", "operator": "In", "values": ["two"]}]},
            {"matchLabels": {"aggregate": "one"}, "matchExpressions": [{"key": "aggregate", "operator": "Exists"}]}])),
    ];
    (namespace, select(ROLES), vec(rule(), 0..4), label, selectors).prop_map(
        |(namespace, name, rules, label, selectors)| {
            let kind = if namespace.is_some() { "Role" } else { "ClusterRole" };
            let mut role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "rules": rules,
            "metadata": {"name": name, "namespace": namespace, "labels": {"aggregate": label}}});
            if kind == "ClusterRole" && !selectors.is_null() {
                role["aggregationRule"] = json!({"clusterRoleSelectors": selectors});
            }
            role
        },
    )
}

fn subject_of(subject: &Subject, by_user: bool) -> Value {
    match subject {
        Subject::User(name) => json!({"kind": "User", "name": name}),
        Subject::Group(name) => json!({"kind": "Group", "name": name}),
        Subject::ServiceAccount { namespace, name } if by_user => {
            json!({"kind": "User", "name": format!("system:serviceaccount:{namespace}:{name}")})
        }
        Subject::ServiceAccount { namespace, name } => {
            json!({"kind": "ServiceAccount", "namespace": namespace, "name": name})
        }
    }
}

fn binding() -> impl Strategy<Value = Value> {
    let namespace = prop_oneof![1 => Just(None), 1 => select(NAMESPACES).prop_map(Some)];
    let kind = prop_oneof![4 => Just("ClusterRole"), 2 => Just("Role"), 1 => Just("Other")];
    // One role is missing.
    let role = select(&["r0", "r1", "r2", "cluster-admin", "missing"][..]);
    let subject = (select(subjects()), any::<bool>()).prop_map(|(subject, by_user)| subject_of(&subject, by_user));
    let odd = Just(json!({"kind": "ServiceAccount", "name": "web"}));
    let subject = prop_oneof![12 => subject, 1 => odd, 1 => Just(json!({"kind": "Robot", "name": "web"}))];
    (namespace, 0..6, kind, role, vec(subject, 0..4)).prop_map(|(namespace, name, role_kind, role, subjects)| {
        let kind = if namespace.is_some() { "RoleBinding" } else { "ClusterRoleBinding" };
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "subjects": subjects,
            "metadata": {"name": format!("b{name}"), "namespace": namespace},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": role_kind, "name": role}})
    })
}

/// Service accounts, pods, a token Secret and a pod-managed identity.
fn other() -> impl Strategy<Value = Value> {
    let account =
        (select(NAMESPACES), select(ACCOUNTS), prop::option::of(select(&[CLIENT, OTHER_CLIENT][..])), any::<bool>())
            .prop_map(|(namespace, name, client, automount)| {
                json!({"apiVersion": "v1", "kind": "ServiceAccount", "automountServiceAccountToken": automount,
                "metadata": {"name": name, "namespace": namespace,
                    "annotations": {"azure.workload.identity/client-id": client}}})
            });
    let pod = (select(NAMESPACES), select(ACCOUNTS), select(NAMES), any::<bool>(), any::<bool>()).prop_map(
        |(namespace, account, name, signs_in, is_pod)| {
            let spec = json!({"serviceAccountName": account, "containers": [{"name": "main", "image": "contoso/web"}]});
            let labels = if signs_in { json!({"azure.workload.identity/use": "true"}) } else { json!({}) };
            match is_pod {
                true => json!({"apiVersion": "v1", "kind": "Pod", "spec": spec,
                    "metadata": {"name": name, "namespace": namespace, "labels": labels}}),
                false => json!({"apiVersion": "apps/v1", "kind": "Deployment",
                    "metadata": {"name": name, "namespace": namespace},
                    "spec": {"template": {"metadata": {"labels": labels}, "spec": spec}}}),
            }
        },
    );
    let secret = (select(NAMESPACES), select(ACCOUNTS), select(NAMES)).prop_map(|(namespace, account, name)| {
        json!({"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/service-account-token",
            "metadata": {"name": name, "namespace": namespace,
                "annotations": {"kubernetes.io/service-account.name": account}}})
    });
    let identity = select(NAMESPACES).prop_flat_map(|namespace| {
        let identity = json!({"apiVersion": "aadpodidentity.k8s.io/v1", "kind": "AzureIdentity",
            "metadata": {"name": "web", "namespace": namespace}, "spec": {"type": 0, "clientID": OTHER_CLIENT}});
        let binding = json!({"apiVersion": "aadpodidentity.k8s.io/v1", "kind": "AzureIdentityBinding",
            "metadata": {"name": "web", "namespace": namespace}, "spec": {"azureIdentity": "web", "selector": "web"}});
        select(vec![identity, binding])
    });
    prop_oneof![4 => account, 4 => pod, 1 => secret, 1 => identity]
}

/// A cluster of roles, bindings and other objects. Two of three bindings are of a role that is there.
pub fn cluster() -> impl Strategy<Value = Vec<Value>> {
    let binding = (binding(), prop::option::weighted(0.66, any::<Index>()));
    (vec(role(), 1..7), vec(binding, 1..9), vec(other(), 0..10)).prop_map(|(roles, bindings, others)| {
        let bindings = bindings.into_iter().map(|(mut binding, pick)| {
            let Some(role) = pick.map(|pick| &roles[pick.index(roles.len())]) else { return binding };
            binding["roleRef"]["kind"] = role["kind"].clone();
            binding["roleRef"]["name"] = role["metadata"]["name"].clone();
            if role["kind"] == "Role" {
                binding["kind"] = json!("RoleBinding");
                binding["metadata"]["namespace"] = role["metadata"]["namespace"].clone();
            }
            binding
        });
        roles.iter().cloned().chain(bindings).chain(others).collect()
    })
}

pub fn request() -> impl Strategy<Value = Request> {
    let resource = (
        select(VERBS),
        select(GROUPS),
        select(RESOURCES),
        prop::option::of(select(NAMESPACES)),
        prop_oneof![2 => Just(""), 1 => select(NAMES)],
    )
        .prop_map(|(verb, group, resource, namespace, name)| Request::resource(verb, group, resource, namespace, name));
    let url = (select(VERBS), select(PATHS)).prop_map(|(verb, path)| Request::url(verb, path));
    prop_oneof![6 => resource, 1 => url]
}

/// A cluster, and requests: some at random, most of which no one may make, and some that a rule of it is about.
pub fn cluster_and_requests(count: usize) -> impl Strategy<Value = (Vec<Value>, Vec<Request>)> {
    let picks =
        vec((any::<bool>(), request(), [any::<Index>(), any::<Index>(), any::<Index>(), any::<Index>()]), count);
    (cluster(), picks).prop_map(|(objects, picks)| {
        let one = |(is_aimed, random, pick): (bool, Request, [Index; 4])| match is_aimed {
            true => aimed(&objects, &random, &pick).unwrap_or(random),
            false => random,
        };
        let requests = picks.into_iter().map(one).collect();
        (objects, requests)
    })
}

/// A request that a rule of a bound role is about, where it is bound.
fn aimed(objects: &[Value], random: &Request, [which, verb, resource, other]: &[Index; 4]) -> Option<Request> {
    let counting = last(objects);
    let bound: Vec<(&Value, &Value)> = counting
        .iter()
        .flat_map(|binding| {
            let rules = role_of(&counting, binding).and_then(|role| role["rules"].as_array()).into_iter().flatten();
            rules.map(|rule| (*binding, rule))
        })
        .collect();
    let (binding, rule) = if bound.is_empty() { return None } else { bound[which.index(bound.len())] };
    let namespace = binding["metadata"]["namespace"].as_str().or(random.namespace());
    let pick = |list: &str, index: &Index, any: &str| {
        let list: Vec<&str> = rule[list].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let text = if list.is_empty() { return None } else { list[index.index(list.len())] };
        Some(if text == "*" { any.to_owned() } else { text.replace('*', "pods") })
    };
    let verb = pick("verbs", verb, "delete")?;
    if let (Some(url), 0) = (pick("nonResourceURLs", other, "/version"), other.index(3)) {
        return Some(Request::url(&verb, &url));
    }
    let (group, resource) = (pick("apiGroups", other, "batch")?, pick("resources", resource, "widgets")?);
    let name = pick("resourceNames", other, "").unwrap_or_default();
    Some(Request::resource(&verb, &group, &resource, namespace, &name))
}

pub fn inventory(objects: &[Value]) -> Inventory {
    let mut inventory = Inventory::default();
    for object in objects {
        let payload = admission::create_payload(object, None, &json!({}));
        inventory.add(object, &describe(&payload).unwrap(), false);
    }
    inventory
}

/// The objects that count: of several with one kind, namespace and name, the last.
pub fn last(objects: &[Value]) -> Vec<&Value> {
    let mut found: BTreeMap<(String, String, String), &Value> = BTreeMap::new();
    for object in objects {
        let metadata = &object["metadata"];
        let key = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        found.insert((key(&object["kind"]), key(&metadata["namespace"]), key(&metadata["name"])), object);
    }
    found.into_values().collect()
}

fn contains(list: &Value, text: &str) -> bool {
    list.as_array().is_some_and(|list| list.iter().any(|item| item == text))
}

/// Kubernetes' `RuleAllows`.
fn rule_allows(request: &Request, rule: &Value) -> bool {
    if !contains(&rule["verbs"], "*") && !contains(&rule["verbs"], &request.verb) {
        return false;
    }
    match &request.asked {
        Asked::Url { path } => rule["nonResourceURLs"].as_array().into_iter().flatten().any(|url| {
            let url = url.as_str().unwrap();
            url == "*" || url == path || url.ends_with('*') && path.starts_with(url.trim_end_matches('*'))
        }),
        Asked::Resource { group, resource, name, .. } => {
            let subresource = resource.split_once('/').map_or("", |(_, subresource)| subresource);
            let is_resource = contains(&rule["resources"], "*")
                || contains(&rule["resources"], resource)
                || !subresource.is_empty() && contains(&rule["resources"], &format!("*/{subresource}"));
            let names = rule["resourceNames"].as_array().map_or(0, Vec::len);
            (contains(&rule["apiGroups"], "*") || contains(&rule["apiGroups"], group))
                && is_resource
                && (names == 0 || contains(&rule["resourceNames"], name))
        }
    }
}

fn selects(selector: &Value, role: &Value) -> bool {
    let label = |key: &str| role["metadata"]["labels"][key].as_str();
    let labels = selector["matchLabels"].as_object().into_iter().flatten();
    let expressions = selector["matchExpressions"].as_array().into_iter().flatten();
    labels.into_iter().all(|(key, value)| label(key) == value.as_str())
        && expressions.into_iter().all(|expression| match expression["operator"].as_str().unwrap() {
            "In" => {
                label(expression["key"].as_str().unwrap()).is_some_and(|value| contains(&expression["values"], value))
            }
            "Exists" => label(expression["key"].as_str().unwrap()).is_some(),
            other => panic!("{other}"),
        })
}

/// The rules of a ClusterRole once the aggregation controller has nothing left to add.
fn aggregated<'v>(role: &'v Value, objects: &[&'v Value], seen: &mut BTreeSet<String>) -> Vec<&'v Value> {
    let mut rules: Vec<&Value> = role["rules"].as_array().unwrap().iter().collect();
    if !seen.insert(role["metadata"]["name"].to_string()) {
        return Vec::new();
    }
    for selector in role["aggregationRule"]["clusterRoleSelectors"].as_array().into_iter().flatten() {
        for other in objects.iter().filter(|other| other["kind"] == "ClusterRole" && selects(selector, other)) {
            rules.extend(aggregated(other, objects, seen));
        }
    }
    rules
}

fn role_of<'v>(objects: &[&'v Value], binding: &Value) -> Option<&'v Value> {
    let namespace = &binding["metadata"]["namespace"];
    let is_its = |role: &&&Value| {
        role["kind"] == binding["roleRef"]["kind"]
            && role["metadata"]["name"] == binding["roleRef"]["name"]
            && (role["kind"] == "ClusterRole" || role["kind"] == "Role" && role["metadata"]["namespace"] == *namespace)
    };
    objects.iter().find(is_its).copied()
}

/// Whether the authorizer allows a request of a user who is in these groups and no others.
pub fn authorizer_allows(objects: &[&Value], user: &str, groups: &[&str], request: &Request) -> bool {
    if groups.contains(&"system:masters") {
        return true;
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let applies = |binding: &Value, namespace: &str| {
        binding["subjects"].as_array().unwrap().iter().any(|subject| match subject["kind"].as_str().unwrap() {
            "User" => user == text(&subject["name"]),
            "Group" => groups.contains(&text(&subject["name"]).as_str()),
            "ServiceAccount" => {
                let own = text(&subject["namespace"]);
                let of = if own.is_empty() { namespace } else { own.as_str() };
                !of.is_empty() && user == format!("system:serviceaccount:{of}:{}", text(&subject["name"]))
            }
            _ => false,
        })
    };
    let in_effect = |binding: &Value| match binding["kind"].as_str().unwrap() {
        "ClusterRoleBinding" => applies(binding, ""),
        "RoleBinding" => {
            let namespace = text(&binding["metadata"]["namespace"]);
            request.namespace() == Some(&namespace) && applies(binding, &namespace)
        }
        _ => false,
    };
    objects.iter().filter(|binding| in_effect(binding)).any(|binding| {
        role_of(objects, binding).is_some_and(|role| {
            aggregated(role, objects, &mut BTreeSet::new()).into_iter().any(|rule| rule_allows(request, rule))
        })
    })
}

/// The groups that the API server gives a user who has no others.
pub fn groups_of(user: &str) -> Vec<String> {
    match user.strip_prefix("system:serviceaccount:").and_then(|rest| rest.split_once(':')) {
        Some((namespace, _)) => vec![
            "system:serviceaccounts".to_owned(),
            format!("system:serviceaccounts:{namespace}"),
            "system:authenticated".to_owned(),
        ],
        None if user == "system:anonymous" => vec!["system:unauthenticated".to_owned()],
        None => vec!["system:authenticated".to_owned()],
    }
}

/// Whether a request is allowed to a subject: a user with the groups that all have, or a member of a group and nothing
/// else.
pub fn allowed(objects: &[&Value], subject: &Subject, request: &Request) -> bool {
    let (user, mut groups) = match (subject, subject.user_name()) {
        (_, Some(user)) => (user.clone(), groups_of(&user)),
        (Subject::Group(name), _) if name == "system:unauthenticated" => ("-".to_owned(), vec![name.clone()]),
        (Subject::Group(name), _) => ("-".to_owned(), vec![name.clone(), "system:authenticated".to_owned()]),
        _ => unreachable!(),
    };
    if let Subject::Group(name) = subject
        && name.starts_with("system:serviceaccounts:")
    {
        groups.push("system:serviceaccounts".to_owned());
    }
    let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
    authorizer_allows(objects, &user, &groups, request)
}

/// Whether bindings of the subject itself allow a request.
pub fn granted(objects: &[&Value], subject: &Subject, request: &Request) -> bool {
    match (subject, subject.user_name()) {
        (Subject::Group(name), _) => authorizer_allows(objects, "-", &[name], request),
        (_, user) => authorizer_allows(objects, &user.unwrap(), &[], request),
    }
}

/// The same everywhere: proptest's own default seeds itself.
pub fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(20_260_101),
        ..ProptestConfig::default()
    }
}

pub fn rbac(objects: &[Value]) -> Rbac<'_> {
    Rbac::of(objects)
}
