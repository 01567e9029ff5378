//! The examples for GitOps and the Bicep modules: they can be parsed, name what exists, and the policy finds nothing in
//! the objects.

use crate::{files, objects_of, read, root, settings};
use admission::cluster::MemoryCluster;
use admission::{Change, payload, request};
use entra_auth_policy::{Host, evaluate, rules};
use serde_json::{Value, json};

const GITOPS: &str = "deploy/gitops";

/// The paths in this repository that an object names, and the patches that it has.
fn paths_and_patches(object: &Value) -> (Vec<String>, Vec<Value>) {
    let (mut paths, mut patches) = (Vec::new(), Vec::new());
    for place in ["/spec/path", "/spec/source/path"] {
        paths.extend(object.pointer(place).and_then(Value::as_str).map(str::to_owned));
    }
    for place in ["/spec/patches", "/spec/source/kustomize/patches"] {
        for patch in object.pointer(place).and_then(Value::as_array).into_iter().flatten() {
            patches.push(manifest::parse(patch["patch"].as_str().unwrap()).unwrap());
        }
    }
    (paths, patches)
}

#[test]
fn gitops_examples_name_overlays_and_settings_that_exist() {
    let mut count = 0;
    for (file, object) in files(GITOPS).into_iter().flat_map(|file| objects_of(GITOPS, file)) {
        let host = Host { today: &admission::fixture::today, cluster: &MemoryCluster::of(Some(&json!([]))) };
        let findings = evaluate(&payload(&request(&object, &Change::Create, None), &json!({})), &host).findings;
        assert!(findings.is_empty(), "{file}: {findings:#?}");
        let (paths, patches) = paths_and_patches(&object);
        for path in &paths {
            assert!(root().join(path).join("kustomization.yaml").exists(), "{file}: {path}");
            count += 1;
        }
        for patch in patches {
            let of_user = match patch.as_array() {
                Some(operations) => operations
                    .iter()
                    .map(|operation| {
                        let key = operation["path"].as_str().unwrap().trim_start_matches("/spec/settings/");
                        (key.to_owned(), operation["value"].clone())
                    })
                    .collect(),
                None => patch["spec"]["settings"].clone(),
            };
            settings::check(&of_user).unwrap_or_else(|error| panic!("{file}: {error}"));
        }
    }
    assert!(count >= 3, "only {count} paths");
}

#[test]
fn settings_of_the_example_repository_are_settings() {
    let patch = manifest::parse(&read("deploy/gitops/contoso/settings/settings.yaml")).unwrap();
    settings::check(&patch["spec"]["settings"]).unwrap();
}

fn walk<'t>(node: tree_sitter::Node<'t>, found: &mut dyn FnMut(tree_sitter::Node<'t>)) {
    found(node);
    for at in 0..node.child_count() {
        walk(node.child(at).unwrap(), found);
    }
}

#[test]
fn bicep_modules_parse_and_name_rules_and_definitions_that_exist() {
    let page = read("docs/azure.md");
    for file in ["main.bicep", "workload-identity.bicep"] {
        let text = read(format!("deploy/azure/{file}"));
        let mut parser = tree_sitter::Parser::new();
        parser.set_language(&tree_sitter_bicep::LANGUAGE.into()).unwrap();
        let tree = parser.parse(&text, None).unwrap();
        walk(tree.root_node(), &mut |node| {
            assert!(!node.is_error() && !node.is_missing(), "{file}: {}: {node:?}", node.start_position());
        });
        let comments = text.lines().filter_map(|line| line.trim().strip_prefix("//"));
        let words = comments.flat_map(|line| line.split([' ', ',', ':', '.']));
        for word in words.filter(|word| word.starts_with("node-identity-") || word.contains("-local-account")) {
            let exists = match word.strip_suffix('*') {
                Some(prefix) => rules::all().any(|rule| rule.id.starts_with(prefix)),
                None => rules::by_id(word).is_some(),
            };
            assert!(exists, "{file}: {word}");
        }
        for source in text.split('\'').filter(|text| text.starts_with("AKS_")) {
            assert!(page.contains(source), "docs/azure.md does not have {source}");
        }
    }
}
