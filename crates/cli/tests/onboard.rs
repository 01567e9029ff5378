//! `onboard`, `exemptions` and `operators`.

mod support;

use entra_auth_policy::validate_settings;
use serde_json::Value;
use std::fs;
use support::{BAD, GOOD, entra_auth, folder, root};

const CLUSTER: &str = "\
apiVersion: v1
kind: List
items:
- apiVersion: rbac.authorization.k8s.io/v1
  kind: ClusterRoleBinding
  metadata: {name: admins}
  roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
  subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: 0f8fad5b-d9cb-469f-a165-70867728950e}]
- apiVersion: rbac.authorization.k8s.io/v1
  kind: ClusterRole
  metadata: {name: argocd-application-controller}
  rules: [{apiGroups: ['*'], resources: ['*'], verbs: ['*']}]
- apiVersion: rbac.authorization.k8s.io/v1
  kind: ClusterRoleBinding
  metadata: {name: argocd-application-controller}
  roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: argocd-application-controller}
  subjects: [{kind: ServiceAccount, name: argocd-application-controller, namespace: cd}]
- apiVersion: rbac.authorization.k8s.io/v1
  kind: ClusterRole
  metadata: {name: of-the-platform}
  rules: [{apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [escalate, bind]}]
- apiVersion: v1
  kind: ServiceAccount
  metadata:
    name: web
    namespace: shop
    annotations:
      azure.workload.identity/client-id: 11111111-2222-4333-8444-555555555555
      azure.workload.identity/tenant-id: 21111111-2222-4333-8444-555555555555
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: mail, namespace: shop}
  spec:
    template:
      metadata: {labels: {azure.workload.identity/use: 'true'}}
      spec:
        serviceAccountName: mail
        containers:
        - name: mail
          image: contoso.azurecr.io/mail:1.0
          env: [{name: AZURE_CLIENT_ID, value: 31111111-2222-4333-8444-555555555555}]
";

#[test]
fn the_proposal_is_valid_passes_and_is_stable() {
    let folder = folder(&[("cluster.yaml", CLUSTER), ("bad.yaml", BAD), ("good.yaml", GOOD)]);
    let dump = ["cluster.yaml", "bad.yaml", "good.yaml"];
    let onboard = |output: &str| {
        let output = folder.path().join(output).display().to_string();
        let arguments = [&["onboard", "--today", "2026-11-27", "--output", &output][..], &dump].concat();
        entra_auth(folder.path(), &arguments)
    };
    let run = onboard("settings.yml");
    assert_eq!(run.code, 0, "{}", run.err);
    let path = folder.path().join("settings.yml");
    let text = fs::read_to_string(&path).unwrap();
    let settings: Value = manifest::parse(&text).unwrap();
    let answer: Value = serde_json::from_slice(&validate_settings(settings.to_string().as_bytes())).unwrap();
    assert_eq!(answer["valid"], true, "{answer}\n{text}");
    assert_eq!(settings["clusterAdmins"][0], "0f8fad5b-d9cb-469f-a165-70867728950e");
    assert_eq!(settings["operators"][0]["name"], "argo-cd");
    assert_eq!(settings["operators"][0]["namespace"], "cd");
    let of_account = |name: &str| {
        let entries = settings["identities"].as_array().unwrap();
        entries.iter().find(|entry| entry["serviceAccount"] == name).unwrap()["clientIds"].clone()
    };
    assert_eq!(of_account("web"), serde_json::json!(["11111111-2222-4333-8444-555555555555"]));
    assert_eq!(of_account("mail"), serde_json::json!(["31111111-2222-4333-8444-555555555555"]));
    let exempted = settings["exemptions"].as_array().unwrap();
    assert_eq!(exempted.len(), 2, "{text}");
    assert!(exempted.iter().any(|entry| entry["names"][0] == "of-the-platform" && entry["grants"].is_string()));
    assert!(exempted.iter().all(|entry| entry["until"] == "2027-02-25"), "{text}");
    assert!(!text.contains('*'), "{text}");
    assert!(run.err.contains("risk: ") && run.err.contains("next upgrade: "), "{}", run.err);

    // A second run changes nothing, also later and after the reasons were filled in.
    let filled = text.replace("fill in why this is needed", "the platform team needs it");
    fs::write(&path, &filled).unwrap();
    onboard("settings.yml");
    assert_eq!(fs::read_to_string(&path).unwrap(), filled);

    // Other grants under the same name are evaluated.
    fs::write(folder.path().join("more.yaml"), CLUSTER.replace("[escalate, bind]", "[escalate, bind, create]"))
        .unwrap();
    let check = |file: &str| entra_auth(folder.path(), &["check", "--settings", "settings.yml", file]).code;
    assert_eq!(check("cluster.yaml"), 0);
    fs::write(folder.path().join("order.yaml"), CLUSTER.replace("[escalate, bind]", "[bind, escalate]")).unwrap();
    assert_eq!(check("order.yaml"), 0);
    assert_eq!(check("more.yaml"), 1);
}

#[test]
fn exemptions_are_reviewed() {
    let settings = "\
exemptions:
- {rules: [binding-anonymous], kinds: [RoleBinding], namespaces: [shop], names: [bad], reason: exact, until: 2030-01-01}
- {names: [gone], reason: unused}
- {names: [gone], reason: ended, until: 2020-01-01}
- {names: [gone], reason: ends, until: 2026-12-01}
";
    let folder = folder(&[("settings.yml", settings), ("bad.yaml", BAD)]);
    let run =
        entra_auth(folder.path(), &["exemptions", "--today", "2026-11-27", "--settings", "settings.yml", "bad.yaml"]);
    assert_eq!(run.code, 0, "{}", run.err);
    for (index, expected) in
        [(1, "no object of the dump uses it"), (2, "ended on 2020-01-01"), (3, "ends on 2026-12-01")]
    {
        assert!(run.out.contains(&format!("exemptions[{index}]")) && run.out.contains(expected), "{}", run.out);
    }
    assert!(!run.out.contains("exemptions[0]"), "{}", run.out);
    let wide = "exemptions:\n- {names: [b*], reason: wide}\n";
    fs::write(folder.path().join("settings.yml"), wide).unwrap();
    let run =
        entra_auth(folder.path(), &["exemptions", "--today", "2026-11-27", "--settings", "settings.yml", "bad.yaml"]);
    assert!(
        run.out.contains("write names: [bad]") && run.out.contains("write rules: [binding-anonymous]"),
        "{}",
        run.out
    );
}

#[test]
fn clusters_of_the_fixtures_pass_under_their_proposal() {
    let clusters = root().join("test_data/clusters").display().to_string();
    let folder = folder(&[]);
    let output = folder.path().join("settings.yml").display().to_string();
    let propose = || {
        let run = entra_auth(folder.path(), &["onboard", "--today", "2026-11-27", "--output", &output, &clusters]);
        assert_eq!(run.code, 0, "{}", run.err);
        fs::read_to_string(&output).unwrap()
    };
    let proposal = propose();
    assert_eq!(propose(), proposal, "a second run changes the proposal");
    assert!(!proposal.contains('*'), "{proposal}");
    let settings: Value = manifest::parse(&proposal).unwrap();
    let answer: Value = serde_json::from_slice(&validate_settings(settings.to_string().as_bytes())).unwrap();
    assert_eq!(answer["valid"], true, "{answer}\n{proposal}");
}

#[test]
fn operators_are_listed() {
    let folder = folder(&[]);
    let run = entra_auth(folder.path(), &["operators"]);
    assert!(run.out.contains("argo-cd (Argo CD, usually in namespace argocd)"), "{}", run.out);
}
