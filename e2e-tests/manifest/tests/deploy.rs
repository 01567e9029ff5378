//! The manifests of `deploy/` and the settings in the documentation are what the policy accepts.

use entra_auth_policy::validate_settings;
use manifest::{objects, parse};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

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

/// The manifests, each with its file's name.
fn manifests() -> Vec<(String, Value)> {
    let mut manifests = Vec::new();
    for entry in std::fs::read_dir(root().join("deploy")).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        for object in objects(&read(Path::new("deploy").join(&file))) {
            manifests.push((file.clone(), object.unwrap_or_else(|error| panic!("{file}: {error:#}"))));
        }
    }
    manifests
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
    object["apiVersion"] == "policies.kubewarden.io/v1"
}

fn answer(settings: &Value) -> Value {
    serde_json::from_slice(&validate_settings(settings.to_string().as_bytes())).unwrap()
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
                        assert!(all.insert(row.clone()), "{row:?} stands twice");
                    }
                }
            }
        }
    }
    all
}

/// What the policies of one file subscribe to together.
fn of_file(manifests: &[(String, Value)], file: &str) -> BTreeSet<[String; 4]> {
    let mut all = BTreeSet::new();
    for (_, object) in manifests.iter().filter(|(name, object)| name == file && is_policy(object)) {
        for row in subscriptions(&object["spec"]["rules"]) {
            assert!(all.insert(row.clone()), "{file}: two policies judge {row:?}");
        }
    }
    all
}

#[test]
fn policies_ask_for_what_the_module_judges() {
    let (manifests, whole) = (manifests(), subscriptions(&metadata()["rules"]));
    for file in
        ["01-monitor.yaml", "02-protect.yaml", "03-split-high-volume.yaml", "04-lookups.yaml", "05-break-glass.yaml"]
    {
        assert!(of_file(&manifests, file) == whole, "{file}: its rules are not those of metadata.yml");
    }
    for (file, _) in manifests.iter().filter(|(_, object)| is_policy(object)) {
        let rules = of_file(&manifests, file);
        assert!(!rules.is_empty() && rules.is_subset(&whole), "{file}: its rules are not among metadata.yml's");
    }
}

#[test]
fn policies_name_this_module_and_settings_it_accepts() {
    let (manifests, metadata) = (manifests(), metadata());
    let annotation = |key: &str| metadata["annotations"][format!("io.kubewarden.policy.{key}")].as_str().unwrap();
    let module = format!("registry://{}:v{}", annotation("ociUrl"), annotation("version"));
    let policies = policies(&manifests);
    assert!(policies.len() >= 10, "only {} policies", policies.len());
    for (file, policy) in policies {
        assert_eq!(policy["module"], json!(module), "{file}");
        assert_eq!(answer(&policy["settings"]), json!({"valid": true}), "{file}");
    }
}

#[test]
fn policies_are_as_a_cluster_takes_them() {
    let manifests = manifests();
    for (file, object) in manifests.iter().filter(|(_, object)| is_policy(object)) {
        let spec = &object["spec"];
        let expected = if file.starts_with("01") { "monitor" } else { "protect" };
        assert_eq!(spec["mode"], expected, "{file}");
        assert!(!spec["mutating"].as_bool().unwrap_or_default(), "{file}");
        // The controller keeps only the expressions of a selector.
        assert!(spec["namespaceSelector"]["matchLabels"].is_null(), "{file}");
        for condition in spec["matchConditions"].as_array().into_iter().flatten() {
            assert!(condition["name"].is_string() && condition["expression"].is_string(), "{file}: {condition}");
        }
        let asks = spec["settings"]["clusterLookups"] == true;
        let granted = &spec["contextAwareResources"];
        let expected = if asks { metadata()["contextAwareResources"].clone() } else { Value::Null };
        assert_eq!(*granted, expected, "{file}: look-ups that are on need the grant, others must not have it");
    }
}

/// Blocks that are marked `yaml settings` in the pages that people write.
#[test]
fn settings_in_the_documentation_are_accepted() {
    let mut pages = vec![PathBuf::from("README.md")];
    pages.extend(std::fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path()));
    let mut count = 0;
    for page in pages.iter().filter(|page| page.extension().is_some_and(|extension| extension == "md")) {
        for block in read(page).split("```yaml settings\n").skip(1) {
            let (block, _) = block.split_once("```").unwrap();
            let settings = parse(block).unwrap_or_else(|error| panic!("{}: {error:#}\n{block}", page.display()));
            assert_eq!(answer(&settings), json!({"valid": true}), "{}\n{block}", page.display());
            count += 1;
        }
    }
    assert!(count >= 3, "only {count} examples of settings are marked");
}
