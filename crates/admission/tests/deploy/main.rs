//! The manifests of `deploy/` can be applied as they are: a cluster accepts them, the policy accepts their settings,
//! they subscribe to the objects that it evaluates, and it finds nothing wrong with them. `make codegen` renders them from
//! the overlays, and `make kustomize` compares that with kustomize.

mod admission_policies;
mod behaviour;
mod conditions;
mod cost;
mod crd;
mod examples;
mod observability;
mod recorded;
#[path = "../settings/mod.rs"]
mod settings;

use admission::cluster::MemoryCluster;
use admission::{Change, payload, request};
use entra_auth_policy::{Host, evaluate};
use manifest::{objects, parse};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn metadata() -> Value {
    parse(&read("metadata.yml")).unwrap()
}

/// The manifests, each with its file's name. They are read once, because some tests ask for each fixture.
fn manifests() -> Vec<(String, Value)> {
    static READ: OnceLock<Vec<(String, Value)>> = OnceLock::new();
    READ.get_or_init(read_manifests).clone()
}

fn read_manifests() -> Vec<(String, Value)> {
    files("deploy").into_iter().flat_map(|file| objects_of("deploy", file)).collect()
}

/// The names of the manifests in a folder.
fn files(folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(root().join(folder)).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name.ends_with(".yaml") && name != "kustomization.yaml").collect();
    names.sort();
    names
}

fn objects_of(folder: &str, file: String) -> Vec<(String, Value)> {
    let objects = objects(&read(Path::new(folder).join(&file))).into_iter();
    objects.map(|object| (file.clone(), object.unwrap_or_else(|error| panic!("{file}: {error:#}")))).collect()
}

/// The policies among them; of a group, its members as well.
fn policies(manifests: &[(String, Value)]) -> Vec<(&str, &Value)> {
    let mut policies = Vec::new();
    for (file, object) in manifests.iter().filter(|(_, object)| is_policy(object)) {
        match object["spec"]["policies"].as_object() {
            Some(members) => policies.extend(members.values().map(|member| (file.as_str(), member))),
            None => policies.push((file, &object["spec"])),
        }
    }
    policies
}

fn is_policy(object: &Value) -> bool {
    object["kind"].as_str().is_some_and(|kind| kind.starts_with("ClusterAdmissionPolicy"))
}

/// What `rules` subscribe to, one resource and operation at a time.
fn subscriptions(rules: &Value) -> BTreeSet<[String; 4]> {
    let texts = |rule: &Value, key: &str| -> Vec<String> {
        rule[key].as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
    };
    let mut all = BTreeSet::new();
    for rule in rules.as_array().unwrap() {
        for group in texts(rule, "apiGroups") {
            for version in texts(rule, "apiVersions") {
                for resource in texts(rule, "resources") {
                    for operation in texts(rule, "operations") {
                        let row = [group.clone(), version.clone(), resource.clone(), operation];
                        assert!(all.insert(row.clone()), "{row:?} appears twice");
                    }
                }
            }
        }
    }
    all
}

/// What the policies of one file subscribe to together, and how often two of them subscribe to the same.
fn of_file(manifests: &[(String, Value)], file: &str) -> (BTreeSet<[String; 4]>, usize) {
    let (mut all, mut twice) = (BTreeSet::new(), 0);
    for (_, object) in manifests.iter().filter(|(name, object)| name == file && is_policy(object)) {
        for row in subscriptions(&object["spec"]["rules"]) {
            twice += usize::from(!all.insert(row));
        }
    }
    (all, twice)
}

#[test]
fn policies_ask_for_what_the_module_evaluates() {
    let (manifests, whole) = (manifests(), subscriptions(&metadata()["rules"]));
    let files: BTreeSet<&str> =
        manifests.iter().filter(|(_, object)| is_policy(object)).map(|(file, _)| file.as_str()).collect();
    assert_eq!(files.len(), 8);
    for file in files {
        let (rules, twice) = of_file(&manifests, file);
        assert!(rules == whole, "{file}: its rules are not those of metadata.yml");
        // These have a policy for some objects in addition to the one for all.
        let adds = ["06-policy-group.yaml", "restricted.yaml"].contains(&file);
        assert_eq!(twice > 0, adds, "{file}: two policies evaluate {twice} kinds");
    }
}

#[test]
fn policies_name_this_module_and_settings_it_accepts() {
    let (manifests, metadata) = (manifests(), metadata());
    let source = parse(&read("deploy/components/settings/settings.yaml")).unwrap();
    let common = source["spec"]["settings"].as_object().unwrap();
    let annotation = |key: &str| metadata["annotations"][format!("io.kubewarden.policy.{key}")].as_str().unwrap();
    let module = format!("registry://{}:v{}", annotation("ociUrl"), annotation("version"));
    let policies = policies(&manifests);
    assert!(policies.len() >= 12, "only {} policies", policies.len());
    for (file, policy) in policies {
        assert_eq!(policy["module"], json!(module), "{file}");
        settings::check(&policy["settings"]).unwrap_or_else(|error| panic!("{file}: {error}"));
        for (key, value) in common {
            let found = &policy["settings"][key];
            let kept = match (value.as_array(), found.as_array()) {
                (Some(value), Some(found)) => found.starts_with(value),
                _ => found == value,
            };
            assert!(kept, "{file}: {key} is {found}, and the settings of every policy say {value}");
        }
    }
}

#[test]
fn policies_are_as_a_cluster_takes_them() {
    let manifests = manifests();
    for (file, object) in manifests.iter().filter(|(_, object)| object["apiVersion"] == "policies.kubewarden.io/v1") {
        crd::check(object).unwrap_or_else(|error| panic!("{file}: {error}"));
    }
    for (file, object) in manifests.iter().filter(|(_, object)| is_policy(object)) {
        let spec = &object["spec"];
        let expected = if file.starts_with("01") { "monitor" } else { "protect" };
        assert_eq!(spec["mode"], expected, "{file}");
        assert!(!spec["mutating"].as_bool().unwrap_or_default(), "{file}");
        let asks = spec["settings"]["clusterLookups"] == true;
        let granted = &spec["contextAwareResources"];
        let expected = if asks { metadata()["contextAwareResources"].clone() } else { Value::Null };
        assert_eq!(*granted, expected, "{file}: look-ups that are on need the grant, others must not have it");
    }
}

fn conditions(policy: &Value) -> Option<&[Value]> {
    policy["spec"]["matchConditions"].as_array().map(Vec::as_slice)
}

/// A policy that leaves out nodes never evaluates requests of nodes and the control plane, but those of all others.
#[test]
fn conditions_leave_out_nodes_and_control_plane_and_nobody_else() {
    let manifests = manifests();
    let mut count = 0;
    for (file, object) in &manifests {
        let Some(conditions) = conditions(object) else { continue };
        let leaves_out = conditions.iter().any(|condition| condition["name"] == "no-nodes");
        count += usize::from(leaves_out);
        let name = &object["metadata"]["name"];
        for user in conditions::left_out() {
            let passes = conditions::let_pass(conditions, &conditions::of_user(&user));
            assert_eq!(passes, Ok(!leaves_out), "{file}, {name}: {user}");
        }
        for user in conditions::evaluated() {
            let passes = conditions::let_pass(conditions, &conditions::of_user(&user));
            assert_eq!(passes, Ok(true), "{file}, {name}: {user} is left out");
        }
    }
    assert!(count >= 2, "only {count} policies leave out nodes");
}

/// An update of a large release is larger than what a policy server reads.
#[test]
fn policies_of_secrets_leave_out_helm_releases_and_no_other_secret() {
    let manifests = manifests();
    let mut count = 0;
    for (file, object) in manifests.iter().filter(|(_, object)| is_policy(object)) {
        if !subscriptions(&object["spec"]["rules"]).iter().any(|row| row[0].is_empty() && row[2] == "secrets") {
            continue;
        }
        count += 1;
        let conditions = conditions(object).unwrap_or_else(|| panic!("{file}: evaluates Helm releases"));
        let passes = |secret: &Value| conditions::let_pass(conditions, &conditions::of_secret(secret));
        assert_eq!(passes(&conditions::helm_release()), Ok(false), "{file}");
        for secret in conditions::nearly_helm_releases() {
            assert_eq!(passes(&secret), Ok(true), "{file}: {secret}");
        }
    }
    assert!(count >= 6, "only {count} policies evaluate Secrets");
}

#[test]
fn groups_combine_their_own_members() {
    let manifests = manifests();
    let groups = manifests.iter().filter(|(_, object)| object["kind"] == "ClusterAdmissionPolicyGroup");
    for (file, group) in groups {
        let program = cel::Program::compile(group["spec"]["expression"].as_str().unwrap()).unwrap();
        let references = program.references();
        let called: BTreeSet<&str> = references.functions().into_iter().filter(|name| !name.starts_with('_')).collect();
        let members: BTreeSet<&str> =
            group["spec"]["policies"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(called, members, "{file}");
        assert!(references.variables().is_empty(), "{file}");
    }
}

/// Users whose cluster already has the policy must be able to apply these manifests.
#[test]
fn the_policy_finds_nothing_in_them() {
    let host = Host { today: &admission::fixture::today, cluster: &MemoryCluster::Unasked };
    let folder = "deploy/admission-policies";
    let others = files(folder).into_iter().flat_map(|file| objects_of(folder, file));
    for (file, object) in manifests().into_iter().chain(others) {
        for profile in ["baseline", "restricted"] {
            let request = request(&object, &Change::Create, None);
            let findings = evaluate(&payload(&request, &json!({"profile": profile})), &host).findings;
            assert!(findings.is_empty(), "{file}, {profile}: {findings:#?}");
        }
    }
}
