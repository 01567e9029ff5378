//! The ValidatingAdmissionPolicies of `deploy/admission-policies/`, evaluated as the API server does: they deny nothing
//! that the policy allows, and most of what it denies.

use crate::{files, objects_of, root};
use admission::cluster::MemoryCluster;
use admission::fixture::today;
use admission::mutate::Mutator;
use admission::payload;
use admission::{Change, Identity};
use cel::{Context, Env, Program, Value as Cel};
use entra_auth_policy::{Evaluation, Host, evaluate, rules};
use k8s_openapi::api::admissionregistration::v1::{ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding};
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(crate) struct AdmissionPolicy {
    pub name: String,
    pub spec: Value,
    binding: Value,
    compiled: BTreeMap<String, Program>,
}

const FOLDER: &str = "deploy/admission-policies";

thread_local!(static ENV: Arc<Env> = {
    let mut env = Env::stdlib();
    cel::extensions::strings(&mut env).unwrap();
    Arc::new(env)
});

pub(crate) fn policies() -> Vec<AdmissionPolicy> {
    let objects = files(FOLDER).into_iter().flat_map(|file| objects_of(FOLDER, file)).map(|(_, object)| object);
    let objects: Vec<Value> = objects.collect();
    let of_kind = |kind: &str| objects.iter().filter(move |object| object["kind"] == kind).cloned().collect::<Vec<_>>();
    let bindings = of_kind("ValidatingAdmissionPolicyBinding");
    let policies: Vec<_> = of_kind("ValidatingAdmissionPolicy")
        .into_iter()
        .map(|policy| {
            let name = policy["metadata"]["name"].as_str().unwrap().to_owned();
            let binding = bindings.iter().find(|binding| binding["spec"]["policyName"] == json!(name));
            let mut policy = AdmissionPolicy {
                binding: binding.unwrap_or_else(|| panic!("{name} has no binding"))["spec"].clone(),
                spec: policy["spec"].clone(),
                name,
                compiled: BTreeMap::new(),
            };
            policy.compiled = policy.expressions().into_iter().map(|text| (text.clone(), compile(&text))).collect();
            policy
        })
        .collect();
    assert!(policies.len() >= 9 && policies.len() == bindings.len());
    policies
}

fn compile(expression: &str) -> Program {
    ENV.with(|env| env.compile(expression)).unwrap_or_else(|error| panic!("{expression}: {error}"))
}

impl AdmissionPolicy {
    /// Every expression of the policy.
    pub(crate) fn expressions(&self) -> Vec<String> {
        let lists = ["matchConditions", "variables", "validations"];
        let entries = lists.iter().flat_map(|list| self.spec[list].as_array().into_iter().flatten());
        entries.map(|entry| entry["expression"].as_str().unwrap().to_owned()).collect()
    }

    /// The ids in the message, of the rules that report the same.
    fn rules(&self) -> Vec<&str> {
        let message = self.spec["validations"][0]["message"].as_str().unwrap();
        message.split_once(": ").unwrap().0.split(", ").collect()
    }

    fn denies(&self) -> bool {
        self.binding["validationActions"].as_array().unwrap().contains(&json!("Deny"))
    }

    fn is_asked(&self, request: &Value) -> bool {
        let resource = &request["resource"];
        let name = match request["subResource"].as_str() {
            Some(sub) if !sub.is_empty() => {
                json!(format!("{}/{sub}", resource["resource"].as_str().unwrap_or_default()))
            }
            _ => resource["resource"].clone(),
        };
        let has = |list: &Value, item: &Value| list.as_array().is_some_and(|list| list.contains(item));
        self.spec["matchConstraints"]["resourceRules"].as_array().unwrap().iter().any(|rule| {
            has(&rule["apiGroups"], &resource["group"])
                && has(&rule["apiVersions"], &resource["version"])
                && has(&rule["resources"], &name)
                && has(&rule["operations"], &request["operation"])
        })
    }

    /// Whether the request fails the validation. An expression that cannot be evaluated is an error, which denies.
    fn objects(&self, request: &Value, params: &Value) -> Result<bool, String> {
        if !self.is_asked(request) {
            return Ok(false);
        }
        let mut variables = Map::new();
        let mut context = context(request, params);
        for condition in self.spec["matchConditions"].as_array().into_iter().flatten() {
            if self.evaluate(&condition["expression"], &context)? == json!(false) {
                return Ok(false);
            }
        }
        for variable in self.spec["variables"].as_array().into_iter().flatten() {
            let value = self.evaluate(&variable["expression"], &context)?;
            variables.insert(variable["name"].as_str().unwrap().to_owned(), value);
            context.add_variable("variables", &variables).unwrap();
        }
        Ok(self.evaluate(&self.spec["validations"][0]["expression"], &context)? == json!(false))
    }

    fn evaluate(&self, expression: &Value, context: &Context<'_, '_>) -> Result<Value, String> {
        let expression = expression.as_str().unwrap();
        let found = self.compiled[expression].execute(context).map_err(|error| format!("{expression}: {error}"))?;
        match found {
            Cel::Bool(answer) => Ok(json!(answer)),
            other => other.json().map_err(|error| format!("{expression}: {error:?}")),
        }
    }
}

fn context(request: &Value, params: &Value) -> Context<'static, 'static> {
    let mut context = Context::with_env(ENV.with(Arc::clone));
    for (name, value) in [("object", &request["object"]), ("oldObject", &request["oldObject"]), ("params", params)] {
        context.add_variable(name, value).unwrap();
    }
    let mut without_objects = request.clone();
    without_objects["object"].take();
    without_objects["oldObject"].take();
    context.add_variable("request", &without_objects).unwrap();
    context
}

/// The request as the API server gives it to expressions: it decodes and validates objects first, so that nulls are gone
/// and required members are there. `None` for an object that it would have refused.
fn decoded(request: &Value) -> Option<Value> {
    let mut request = request.clone();
    drop_nulls(&mut request["userInfo"]);
    for member in ["object", "oldObject"] {
        if request[member].is_object() {
            drop_nulls(&mut request[member]);
        } else {
            request[member] = Value::Null;
        }
    }
    let object = &request["object"];
    let items = |list: &str| object[list].as_array().cloned().unwrap_or_default();
    let named =
        |subject: &Value| subject["kind"].is_string() && subject["name"].as_str().is_some_and(|name| !name.is_empty());
    let wants_object = request["operation"] != "DELETE" && request["operation"] != "CONNECT";
    let is_valid = request["userInfo"]["username"].is_string()
        && (!wants_object || (object.is_object() && object["metadata"]["name"].is_string()))
        && items("subjects").iter().all(named)
        && items("rules").iter().all(|rule| rule["verbs"].as_array().is_some_and(|verbs| !verbs.is_empty()));
    is_valid.then_some(request)
}

fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => {
            items.retain(|item| !item.is_null());
            items.iter_mut().for_each(drop_nulls);
        }
        _ => {}
    }
}

/// The object as Kubernetes reads and writes its type; `None` if it would refuse it, or if the type is not here.
fn typed(object: &Value) -> Option<Value> {
    match (object["apiVersion"].as_str()?, object["kind"].as_str()?) {
        ("rbac.authorization.k8s.io/v1", "Role") => round_trip::<Role>(object),
        ("rbac.authorization.k8s.io/v1", "ClusterRole") => round_trip::<ClusterRole>(object),
        ("rbac.authorization.k8s.io/v1", "RoleBinding") => round_trip::<RoleBinding>(object),
        ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding") => round_trip::<ClusterRoleBinding>(object),
        ("v1", "Secret") => round_trip::<Secret>(object),
        _ => None,
    }
}

fn round_trip<T: serde::de::DeserializeOwned + serde::Serialize>(object: &Value) -> Option<Value> {
    serde_json::to_value(serde_json::from_value::<T>(object.clone()).ok()?).ok()
}

/// The policy with the baseline profile and the same administrators.
fn policy(request: &Value, admins: &Value) -> Evaluation {
    let settings = json!({"profile": "baseline", "clusterAdmins": admins});
    let host = Host { today: &today, cluster: &MemoryCluster::of(Some(&json!([]))) };
    evaluate(&payload(request, &settings), &host)
}

/// The ConfigMap that says the same as the setting.
fn parameters(admins: &Value) -> Value {
    let list = match admins {
        Value::Array(list) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Value::String(one) => vec![one.clone()],
        _ => Vec::new(),
    };
    let lines: String = list.iter().map(|admin| format!("{}\n", admin.trim_matches(['{', '}']))).collect();
    json!({"data": {"clusterAdmins": lines}})
}

/// How many mutants of a fixture are evaluated.
const MUTANTS: u64 = 1;

/// All fixtures that an API server would admit, by whom they are, as updates of themselves, of an empty object and
/// without their content; and mutants of them, as they are and as updates from and to the fixture.
fn requests() -> Vec<(String, Value, Value)> {
    let (policies, mut requests) = (policies(), Vec::new());
    let fixtures = admission::fixture::all(&root().join("test_data")).unwrap();
    let mutator = Mutator::new(&fixtures);
    for fixture in &fixtures {
        let name = format!("{}/{}", fixture.rule(), fixture.name());
        let admins = fixture.settings["clusterAdmins"].clone();
        let mut original = fixture.request.clone();
        if !original["resource"].is_object() {
            original["resource"] = admission::request(&original["object"], &Change::Create, None)["resource"].take();
        }
        let is_of_kind = |policy: &AdmissionPolicy| {
            let rules = policy.spec["matchConstraints"]["resourceRules"].as_array().unwrap();
            rules.iter().any(|rule| rule["apiGroups"] == json!([original["resource"]["group"]]))
        };
        if !policies.iter().any(is_of_kind) {
            continue;
        }
        if !original["userInfo"]["username"].is_string() {
            let user = Identity { username: "jane@contoso.com".to_owned(), groups: vec![], oid: None };
            original["userInfo"] = user.user_info();
        }
        let Some(original) = decoded(&original) else { continue };
        if original["object"].is_object() && original["operation"] != "CONNECT" {
            let with_old = |old: Value| {
                let mut update = original.clone();
                update["operation"] = json!("UPDATE");
                update["oldObject"] = old;
                update
            };
            let mut emptied = original["object"].clone();
            for list in ["subjects", "rules"] {
                if emptied[list].is_array() {
                    emptied[list] = json!([]);
                }
            }
            requests.push((format!("{name} unchanged"), with_old(original["object"].clone()), admins.clone()));
            requests.push((format!("{name} from nothing"), with_old(emptied), admins.clone()));
            for user in ["aksService", "system:serviceaccount:kube-system:job-controller", "masterclient"] {
                let mut by = original.clone();
                by["userInfo"] = Identity { username: user.to_owned(), groups: vec![], oid: None }.user_info();
                requests.push((format!("{name} by {user}"), by, admins.clone()));
            }
            for seed in 0..MUTANTS {
                let mutant = mutator.mutate(&original["object"], seed);
                let is_same_kind = mutant["kind"] == original["object"]["kind"];
                let Some(mutant) = typed(&mutant).filter(|_| is_same_kind) else { continue };
                let mut created = original.clone();
                created["object"] = mutant.clone();
                let mut into = with_old(original["object"].clone());
                into["object"] = mutant.clone();
                for (how, request) in [("mutant", created), ("to mutant", into), ("from mutant", with_old(mutant))] {
                    requests.extend(decoded(&request).map(|it| (format!("{name} {how} {seed}"), it, admins.clone())));
                }
            }
        }
        requests.push((name, original, admins));
    }
    assert!(requests.len() > 2000, "only {} requests", requests.len());
    requests
}

#[test]
fn they_are_never_stricter_than_the_policy() {
    let policies = policies();
    let mut objections: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, request, admins) in requests() {
        let params = parameters(&admins);
        for admission in &policies {
            let objects = admission.objects(&request, &params);
            let Ok(true) = objects else {
                assert_eq!(objects, Ok(false), "{}: {name}", admission.name);
                continue;
            };
            *objections.entry(&admission.name).or_default() += 1;
            let answer = policy(&request, &admins);
            let rules = admission.rules();
            let same = answer.findings.iter().filter(|found| rules.contains(&found.rule.id));
            let agrees = same.into_iter().any(|found| found.denies() || (!admission.denies() && found.warns()));
            assert!(agrees, "{} is stricter about {name}: {:?}", admission.name, answer.response.message);
        }
    }
    assert_eq!(objections.len(), policies.len(), "not each objects to something: {objections:?}");
}

/// The fixtures that the rules deny and the expressions do not, with the reason that the page gives.
const LAXER: &[(&str, &[&str])] = &[
    // The binding of Kubernetes with another subject.
    ("entra-auth-binding-anonymous", &["binding-anonymous/deny-public-info-viewer-other-subject"]),
    // The old object has an unlisted subject too.
    (
        "entra-auth-binding-cluster-admin",
        &[
            "binding-cluster-admin/deny-update-other-subject",
            "recorded/30-update-clusterrolebinding-by-entra-service-principal",
        ],
    ),
    // The name `system:nodes`; the binding of Calico with another subject.
    (
        "entra-auth-binding-system-names",
        &[
            "binding-system-masters/allow-audience-for-nodes",
            "binding-system-masters/deny-audience-for-a-user",
            "binding-system-masters/deny-audience-without-lookups",
            "binding-system-masters/deny-more-than-audience-for-nodes",
            "binding-system-masters/deny-role-of-a-component-changed",
        ],
    ),
    // Changes of an existing object.
    ("entra-auth-pod-identity", &["pod-identity-resource/deny-other-client"]),
    // Wildcards in one or two of the lists, in disguise, and in URLs; names.
    (
        "entra-auth-role-wildcard",
        &[
            "role-certificate-approval/deny-wildcard-line-completes",
            "role-token-minting/deny-beside-star-resource",
            "role-wildcard/deny-core-among-own-groups",
            "role-wildcard/deny-listed-verbs",
            "role-wildcard/deny-names-do-not-narrow-create",
            "role-wildcard/deny-one-write-verb",
            "role-wildcard/deny-rbac-group",
            "role-wildcard/deny-update-that-adds-a-line",
            "role-wildcard/deny-url-star-in-disguise",
        ],
    ),
    ("entra-auth-token-secret", &["token-secret/deny-other-account"]),
];

#[test]
fn they_find_the_faults_of_their_rules_except_where_the_page_says_so() {
    let mut missed: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let (policies, mut found) = (policies(), 0);
    for (name, request, admins) in requests().iter().filter(|(name, ..)| !name.contains(' ')) {
        let answer = policy(request, admins);
        for admission in &policies {
            let rules = admission.rules();
            if !answer.findings.iter().any(|found| found.denies() && rules.contains(&found.rule.id)) {
                continue;
            }
            match admission.objects(request, &parameters(admins)) {
                Ok(false) => drop(missed.entry(admission.name.clone()).or_default().insert(name.clone())),
                _ => found += 1,
            }
        }
    }
    let expected = LAXER
        .iter()
        .map(|(name, fixtures)| ((*name).to_owned(), fixtures.iter().map(|fixture| (*fixture).to_owned()).collect()));
    assert_eq!(missed, expected.collect::<BTreeMap<_, BTreeSet<_>>>());
    assert!(found >= 30, "only {found} faults");
}

#[test]
fn their_messages_name_rules_and_their_bindings_fit() {
    for admission in policies() {
        for rule in admission.rules() {
            assert!(rules::by_id(rule).is_some(), "{}: {rule}", admission.name);
        }
        assert_eq!(admission.spec["failurePolicy"], "Fail", "{}", admission.name);
        let uses = admission.expressions().iter().any(|expression| expression.contains("params"));
        assert_eq!(admission.spec["paramKind"].is_object(), uses, "{}", admission.name);
        assert_eq!(admission.binding["paramRef"].is_object(), uses, "{}", admission.name);
    }
}

/// Every member is one of Kubernetes' types, which would drop a mistyped one.
#[test]
fn their_manifests_are_of_the_types_of_kubernetes() {
    for (file, object) in files(FOLDER).into_iter().flat_map(|file| objects_of(FOLDER, file)) {
        let read = match object["kind"].as_str().unwrap() {
            "ValidatingAdmissionPolicy" => round_trip::<ValidatingAdmissionPolicy>(&object),
            "ValidatingAdmissionPolicyBinding" => round_trip::<ValidatingAdmissionPolicyBinding>(&object),
            "ConfigMap" => round_trip::<ConfigMap>(&object),
            kind => panic!("{file}: {kind}"),
        };
        assert_eq!(read, Some(object), "{file}");
    }
}

/// The list of users that the expressions leave out is that of the policy.
#[test]
fn the_control_plane_is_that_of_the_policy() {
    let condition = policies()[0].spec["matchConditions"][0]["expression"].as_str().unwrap().to_owned();
    let (_, list) = condition.split_once('[').unwrap();
    let users: Vec<&str> = list.split_once(']').unwrap().0.split(", ").map(|user| user.trim_matches('"')).collect();
    assert!(users.len() >= 7);
    for user in users.into_iter().chain(["system:serviceaccount:kube-system:any"]) {
        let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "b"}});
        let mut request = admission::request(&object, &Change::Create, None);
        request["userInfo"] = Identity { username: user.to_owned(), groups: vec![], oid: None }.user_info();
        assert_eq!(policy(&request, &Value::Null).requester.as_str(), "control-plane", "{user}");
    }
}
