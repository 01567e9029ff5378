//! Random estates: with any identities, bindings and pods, every pod keeps the identity that it had.

use migrate::{Answers, Options, Origin, Stage, plan};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const LABEL: &str = "aadpodidbinding";
const USE: &str = "azure.workload.identity/use";
const CLIENT_ID: &str = "azure.workload.identity/client-id";

/// Namespace, selector, whether only its namespace matches.
type Identity = (usize, usize, bool);
/// Namespace, kind, label, account.
type Pods = (usize, usize, Option<usize>, Option<usize>);

fn client(number: usize) -> String {
    format!("{number:08x}-1111-4111-8111-111111111111")
}

fn objects(identities: &[Identity], pods: &[Pods]) -> Vec<Value> {
    let mut objects = Vec::new();
    for (number, (namespace, selector, is_namespaced)) in identities.iter().enumerate() {
        let behaviour =
            if *is_namespaced { json!({"aadpodidentity.k8s.io/Behavior": "namespaced"}) } else { json!({}) };
        objects.push(json!({"apiVersion": "aadpodidentity.k8s.io/v1", "kind": "AzureIdentity",
            "metadata": {"name": format!("id-{number}"), "namespace": format!("ns-{namespace}"), "annotations": behaviour},
            "spec": {"type": 0, "clientID": client(number), "resourceID": format!(
                "/subscriptions/s/resourcegroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-{number}")}}));
        objects.push(json!({"apiVersion": "aadpodidentity.k8s.io/v1", "kind": "AzureIdentityBinding",
            "metadata": {"name": format!("id-{number}"), "namespace": format!("ns-{namespace}")},
            "spec": {"azureIdentity": format!("id-{number}"), "selector": format!("selector-{selector}")}}));
    }
    for (number, (namespace, kind, label, account)) in pods.iter().enumerate() {
        let mut metadata = json!({"labels": {"app": format!("app-{number}")}});
        if let Some(label) = label {
            metadata["labels"][LABEL] = format!("selector-{label}").into();
        }
        let mut spec = json!({"containers": [{"name": "app", "image": "contoso.azurecr.io/app:1"}]});
        if let Some(account) = account {
            spec["serviceAccountName"] = format!("account-{account}").into();
        }
        let template = json!({"metadata": metadata, "spec": spec});
        let metadata = json!({"name": format!("app-{number}"), "namespace": format!("ns-{namespace}")});
        objects.push(match kind {
            0 => json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {"template": template}}),
            1 => json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": metadata,
                "spec": {"jobTemplate": {"spec": {"template": template}}}}),
            _ => json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": metadata, "spec": {"template": template}}),
        });
    }
    objects
}

fn template(object: &Value) -> &Value {
    match object["kind"].as_str() {
        Some("CronJob") => &object["spec"]["jobTemplate"]["spec"]["template"],
        _ => &object["spec"]["template"],
    }
}

#[test]
fn every_pod_keeps_its_identity() {
    let identities = prop::collection::vec((0..3_usize, 0..4_usize, any::<bool>()), 1..6);
    let pods = prop::collection::vec(
        (0..3_usize, 0..3_usize, prop::option::of(0..5_usize), prop::option::of(0..3_usize)),
        1..12,
    );
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner =
        TestRunner::new_with_rng(Config { cases: 200, failure_persistence: None, ..Config::default() }, random);
    let check = |(identities, pods): (Vec<Identity>, Vec<Pods>)| {
        let objects = objects(&identities, &pods);
        let made = plan(Origin::PodIdentity, &objects, &Answers::default(), Options::default());
        let changed: BTreeSet<usize> = made.objects.iter().filter_map(|object| object.index).collect();
        let mut after: Vec<Value> = objects
            .iter()
            .enumerate()
            .filter(|(at, _)| !changed.contains(at))
            .map(|(_, object)| object.clone())
            .collect();
        after.extend(made.objects.iter().filter_map(|object| object.after(Stage::EndProxy).cloned()));
        for (number, (namespace, _, label, _)) in pods.iter().enumerate() {
            let name = format!("app-{number}");
            let object = after.iter().find(|object| object["metadata"]["name"] == name).unwrap();
            let template = template(object);
            prop_assert!(template["metadata"]["labels"].get(LABEL).is_none());
            let expected: BTreeSet<String> = identities
                .iter()
                .enumerate()
                .filter(|(_, (home, selector, is_namespaced))| {
                    Some(*selector) == *label && (!is_namespaced || home == namespace)
                })
                .map(|(number, _)| client(number))
                .collect();
            let signs_in = template["metadata"]["labels"][USE] == "true";
            prop_assert_eq!(signs_in, !expected.is_empty(), "{}", object);
            if expected.is_empty() {
                continue;
            }
            // The account of the pods names one of the identities, and all of them trust it.
            let place = format!("ns-{namespace}");
            let account = template["spec"]["serviceAccountName"].as_str().unwrap();
            let named = after
                .iter()
                .find(|object| {
                    object["kind"] == "ServiceAccount"
                        && object["metadata"]["name"] == account
                        && object["metadata"]["namespace"] == place
                })
                .unwrap();
            let named = named["metadata"]["annotations"][CLIENT_ID].as_str().unwrap();
            prop_assert!(expected.contains(named), "{} {:?}", named, expected);
            for client in &expected {
                let identity = made.identities.iter().find(|identity| identity.client_id == *client).unwrap();
                let is_trusted = identity
                    .federations
                    .iter()
                    .any(|federation| federation.namespace == place && federation.service_account == account);
                prop_assert!(is_trusted, "{} does not trust {}/{}", identity.name, place, account);
            }
        }
        let again = plan(Origin::PodIdentity, &after, &made.answers, Options::default());
        prop_assert!(again.objects.is_empty(), "{:#?}", again.objects);
        Ok(())
    };
    runner.run(&(identities, pods), check).unwrap();
}
