//! `entra-auth audit` against a small API server: discovery, lists in pages, errors, slow answers.
#![cfg(feature = "cluster")]

#[path = "support/api_server.rs"]
mod api_server;
mod support;

use api_server::{Objects, Server};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::sync::Mutex;
use support::*;

fn audit(server: &Server, arguments: &[&str]) -> Run {
    finish(server.audit(env!("CARGO_BIN_EXE_entra-auth"), arguments))
}

fn requests(server: &Server) -> Vec<String> {
    server.objects.requests.lock().unwrap().clone()
}

fn object(api: &str, kind: &str, name: &str, owner: Option<(&str, &str)>, rest: Value) -> Value {
    let mut object = json!({"apiVersion": api, "kind": kind,
        "metadata": {"name": name, "namespace": "shop", "uid": format!("uid-{kind}-{name}"), "managedFields": [{"manager": "x"}]}});
    if let Some((kind, name)) = owner {
        object["metadata"]["ownerReferences"] = json!([{"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": format!("uid-{kind}-{name}"), "controller": true}]);
    }
    for (key, value) in rest.as_object().unwrap() {
        object[key] = value.clone();
    }
    object
}

/// A Deployment with its ReplicaSet and three Pods, all with a client secret, and a binding.
fn cluster() -> Objects {
    let secret = "abc8Q~hunter2hunter2hunter2hunter2hunter2";
    let spec = json!({"serviceAccountName": "web", "containers": [{"name": "web", "image": "a",
        "env": [{"name": "AZURE_CLIENT_SECRET", "value": secret}]}]});
    let of_template = json!({"spec": {"selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": {"labels": {"a": "b"}}, "spec": spec}}});
    let pods =
        (0..3).map(|n| object("v1", "Pod", &format!("web-{n}"), Some(("ReplicaSet", "web-1")), json!({"spec": spec})));
    let mut binding: Value = manifest::parse(BAD).unwrap();
    binding["metadata"]["uid"] = "uid-binding".into();
    let last = json!({"kubectl.kubernetes.io/last-applied-configuration": secret});
    let mut token =
        object("v1", "Secret", "token", None, json!({"type": "Opaque", "data": {"password": "aHVudGVyMmh1bnRlcjI="}}));
    token["metadata"]["annotations"] = last;
    let mut objects = Objects::default();
    for (path, list) in [
        ("/api/v1/pods", pods.collect()),
        (
            "/apis/apps/v1/replicasets",
            vec![object("apps/v1", "ReplicaSet", "web-1", Some(("Deployment", "web")), of_template.clone())],
        ),
        ("/apis/apps/v1/deployments", vec![object("apps/v1", "Deployment", "web", None, of_template)]),
        ("/apis/rbac.authorization.k8s.io/v1/rolebindings", vec![binding]),
        ("/api/v1/serviceaccounts", vec![object("v1", "ServiceAccount", "web", None, json!({}))]),
        ("/api/v1/secrets", vec![token]),
    ] {
        objects.lists.insert(path.to_owned(), list);
    }
    objects
}

#[test]
fn findings_are_grouped_by_owner_and_counted() {
    let server = Server::start(cluster());
    let run = audit(&server, &["--page", "2"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    let words = run.out.split_whitespace().collect::<Vec<_>>().join(" ");
    for expected in [
        "shop Deployment web deny credential-in-env (in 5 objects) spec.template.spec.containers[web].env[AZURE_CLIENT_SECRET] holds",
        "RoleBinding bad deny binding-anonymous subjects[system:anonymous] grants",
        "/docs/rules/credential-in-env.md",
        "7 objects: ",
    ] {
        assert!(words.contains(expected), "no `{expected}` in\n{}", run.out);
    }
    assert_eq!(words.matches("credential-in-env (").count(), 1, "{}", run.out);
    assert!(!run.out.contains("hunter2"), "{}", run.out);
    let requests = requests(&server);
    assert!(requests.iter().all(|request| request.starts_with("GET ")), "{requests:?}");
    assert!(requests.iter().any(|request| request.contains("/api/v1/pods?limit=2&continue=2")), "{requests:?}");
    for never in ["/api/v1/secrets", "/api/v1/events", "/api/v1/endpoints"] {
        assert!(!requests.iter().any(|request| request.contains(never)), "{never}");
    }
    assert_eq!(audit(&server, &["--fail-on", "deny"]).code, 1);
    let json = audit(&server, &["--format", "json"]);
    assert_eq!(json.lines().len(), 7);
}

#[test]
fn busy_and_slow_servers_are_asked_again() {
    let mut objects = cluster();
    objects.troubles = Mutex::new(BTreeMap::from([
        ("/api/v1/pods".to_owned(), vec![0, 503, 429]),
        ("/apis/apps/v1/deployments".to_owned(), vec![410]),
        ("/apis".to_owned(), vec![500]),
    ]));
    let server = Server::start(objects);
    let run = audit(&server, &[]);
    assert!(run.code == 0 && run.out.contains("7 objects: "), "{}{}", run.out, run.err);
}

#[test]
fn what_is_forbidden_or_broken_is_named() {
    let mut objects = cluster();
    objects.forbidden = vec!["/api/v1/pods".to_owned(), "/apis/rbac.authorization.k8s.io/v1/rolebindings".to_owned()];
    objects.troubles = Mutex::new(BTreeMap::from([("/apis/apps/v1/replicasets".to_owned(), vec![500; 9])]));
    let server = Server::start(objects);
    let run = audit(&server, &[]);
    assert_eq!(run.code, 2, "{}{}", run.out, run.err);
    for words in [
        "RBAC does not allow you to list them: pods, rolebindings.rbac.authorization.k8s.io",
        "--verb=list --resource=pods,rolebindings.rbac.authorization.k8s.io",
        "replicasets.apps: the server answers 500",
    ] {
        assert!(run.err.contains(words), "no `{words}` in\n{}", run.err);
    }
    assert!(run.out.contains("Deployment web"), "{}", run.out);
    let nowhere = finish(
        command(server.folder.path(), &["audit", "--context", "missing"])
            .env("KUBECONFIG", server.folder.path().join("kubeconfig"))
            .output()
            .unwrap(),
    );
    assert!(nowhere.code == 2 && nowhere.err.contains("the context `missing`"), "{}", nowhere.err);
}

#[test]
fn one_namespace_and_secrets_on_request() {
    let mut objects = cluster();
    let of = |path: &str| objects.lists[path].clone();
    let (pods, secrets) = (of("/api/v1/pods"), of("/api/v1/secrets"));
    objects.lists = BTreeMap::from([
        ("/api/v1/namespaces/shop/pods".to_owned(), pods),
        ("/api/v1/namespaces/shop/secrets".to_owned(), secrets),
    ]);
    let server = Server::start(objects);
    let run = audit(&server, &["-n", "shop", "--secrets"]);
    assert!(run.out.contains("4 objects: ") && run.out.contains("ReplicaSet web-1"), "{}{}", run.out, run.err);
    assert!(
        requests(&server).iter().all(|request| request.contains("/namespaces/shop/") || request.contains("/apis "))
    );
}

/// `migrate --live` plans what it plans for the manifests, from objects as an API server has them, and only reads.
#[test]
fn a_migration_can_be_planned_from_the_cluster() {
    let manifests = |estate: &str| {
        let folder = root().join("test_data/estates").join(estate);
        let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files.iter().map(|file| fs::read_to_string(file).unwrap()).collect::<Vec<_>>().join("\n---\n")
    };
    let served = [
        ("v1", "ServiceAccount", "/api/v1/serviceaccounts"),
        ("v1", "Secret", "/api/v1/secrets"),
        ("apps/v1", "Deployment", "/apis/apps/v1/deployments"),
        ("apps/v1", "StatefulSet", "/apis/apps/v1/statefulsets"),
        ("apps/v1", "DaemonSet", "/apis/apps/v1/daemonsets"),
    ];
    for (estate, from, options) in [("eks", "irsa", &[][..]), ("client-secrets", "secrets", &["--secrets"])] {
        let mut objects = Objects::default();
        let mut written = Vec::new();
        for object in manifest::objects(&manifests(estate)).into_iter().map(Result::unwrap) {
            let Some((.., path)) =
                served.iter().find(|(api, kind, _)| object["apiVersion"] == *api && object["kind"] == *kind)
            else {
                continue;
            };
            written.push(manifest::to_yaml(&object).unwrap());
            let mut live = object.clone();
            live["metadata"]["uid"] = format!("uid-{}-{}", object["kind"], object["metadata"]["name"]).into();
            live["metadata"]["resourceVersion"] = "7".into();
            live["metadata"]["managedFields"] = json!([{"manager": "kubectl"}]);
            live["status"] = json!({"observedGeneration": 1});
            if object["kind"] == "Deployment" {
                // What the controllers make of it.
                let template = &object["spec"]["template"];
                let deployment = object["metadata"]["name"].as_str().unwrap();
                let of = |api: &str, kind: &str, (owner, of): (&str, &str), rest: Value| {
                    let mut made =
                        json!({"apiVersion": api, "kind": kind, "metadata": template["metadata"], "spec": rest});
                    let name = format!("{deployment}-{kind}");
                    (made["metadata"]["name"], made["metadata"]["namespace"]) =
                        (name.clone().into(), object["metadata"]["namespace"].clone());
                    made["metadata"]["uid"] = format!("uid-{name}").into();
                    made["metadata"]["ownerReferences"] =
                        json!([{"apiVersion": "apps/v1", "kind": owner, "name": of, "controller": true}]);
                    made
                };
                let sets = objects.lists.entry("/apis/apps/v1/replicasets".to_owned()).or_default();
                sets.push(of("apps/v1", "ReplicaSet", ("Deployment", deployment), object["spec"].clone()));
                let pods = objects.lists.entry("/api/v1/pods".to_owned()).or_default();
                let set = format!("{deployment}-ReplicaSet");
                pods.push(of("v1", "Pod", ("ReplicaSet", &set), template["spec"].clone()));
            }
            objects.lists.entry((*path).to_owned()).or_default().push(live);
        }
        assert!(written.len() > 8, "{estate}: {}", written.len());
        let server = Server::start(objects);
        fs::write(server.folder.path().join("objects.yaml"), written.join("---\n")).unwrap();
        let run = |arguments: &[&str]| finish(server.run(env!("CARGO_BIN_EXE_entra-auth"), arguments));
        let live = ["migrate", from, "--live", "--context", "test"];
        let (found, expected) = (
            run(&[&live[..], options, &["--format", "json"]].concat()),
            run(&["migrate", from, "objects.yaml", "--format", "json"]),
        );
        assert!(found.code < 2 && expected.code < 2, "{estate}: {}{}", found.err, expected.err);
        for part in ["identities", "decisions", "tasks", "kept"] {
            let of = |run: &Run| run.json()[part].as_array().cloned().unwrap_or_default();
            let (found, expected) = (of(&found), of(&expected));
            let only = |one: &[Value], other: &[Value]| {
                one.iter().filter(|item| !other.contains(item)).cloned().collect::<Vec<_>>()
            };
            let differ = (only(&found, &expected), only(&expected, &found));
            assert!(found == expected, "{estate}, {part}: {differ:#?}");
        }
        let changed = |run: &Run| {
            let plan = run.json();
            let mut names: Vec<String> = plan["objects"]
                .as_array()
                .unwrap()
                .iter()
                .map(|object| format!("{} {} {}", object["object"], object["fate"], object["changes"]))
                .collect();
            names.sort();
            names
        };
        assert_eq!(changed(&found), changed(&expected), "{estate}");
        assert!(!changed(&found).is_empty(), "{estate}");
        // The written manifests are without what the API server adds, and nothing of the cluster is changed.
        let wrote = run(&[&live[..], options, &["--write", "migration"]].concat());
        assert!(wrote.code < 2, "{estate}: {}", wrote.err);
        let files = walk(&server.folder.path().join("migration"));
        assert!(files.len() > 8, "{estate}: {files:?}");
        for file in files {
            let text = fs::read_to_string(&file).unwrap();
            for never in ["managedFields", "resourceVersion", "observedGeneration", "uid-"] {
                assert!(!text.contains(never), "{estate}: {never} in {}", file.display());
            }
        }
        let requests = requests(&server);
        assert!(requests.iter().all(|request| request.starts_with("GET ")), "{requests:?}");
        let reads_secrets = requests.iter().any(|request| request.contains("/api/v1/secrets"));
        assert_eq!(reads_secrets, !options.is_empty(), "{estate}");
        let both = run(&[&live[..], &["--in-place", "apply"]].concat());
        assert!(both.code == 2 && both.err.contains("cannot be used with"), "{}", both.err);
    }
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

/// Each way of having no cluster has its own words.
#[test]
fn what_is_missing_is_named() {
    let server = Server::start(cluster());
    let folder = server.folder.path();
    let config: Value = serde_json::from_str(&fs::read_to_string(folder.join("kubeconfig")).unwrap()).unwrap();
    let mut unchosen = config.clone();
    unchosen.as_object_mut().unwrap().remove("current-context");
    let exec = |command: &str, args: &[&str]| {
        let mut config = config.clone();
        config["users"][0]["user"] = json!({"exec": {"apiVersion": "client.authentication.k8s.io/v1",
            "interactiveMode": "Never", "command": command, "args": args}});
        config
    };
    let script = "echo token-hunter2; echo first >&2; echo 'sign in first' >&2; exit 1";
    for (config, words) in [
        (None, "kubeconfig cannot be read (No such file"),
        (Some(unchosen), "no current context: choose one with --context"),
        (Some(config.clone()), "http://127.0.0.1:1/: Connection refused"),
        (Some(exec("kubelogin-missing", &[])), "signs in with `kubelogin-missing`, which cannot be run: No such file"),
        (Some(exec("sh", &["-c", script])), "`sh`, which signs in to the cluster, failed: sign in first"),
    ] {
        match config {
            None => fs::remove_file(folder.join("kubeconfig")).unwrap(),
            Some(config) => fs::write(folder.join("kubeconfig"), config.to_string()).unwrap(),
        }
        let mut command = command(folder, &["audit"]);
        command.env("KUBECONFIG", folder.join("kubeconfig")).env_remove("KUBERNETES_SERVICE_HOST");
        let run = finish(command.output().unwrap());
        assert!(run.code == 2 && run.err.contains(words), "no `{words}` in\n{}", run.err);
        assert!(!run.err.contains("hunter2"), "{}", run.err);
    }
}

/// A dump has no data of Secrets, and `check` reads it.
#[test]
fn a_dump_can_be_checked_later() {
    let server = Server::start(cluster());
    let run = audit(&server, &["--secrets", "--dump", "dump.json"]);
    assert!(run.out.contains("8 objects: "), "{}{}", run.out, run.err);
    let text = fs::read_to_string(server.folder.path().join("dump.json")).unwrap();
    let dump: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(dump["items"].as_array().unwrap().len(), 8);
    let secret = dump["items"].as_array().unwrap().iter().find(|item| item["kind"] == "Secret").unwrap();
    assert_eq!(secret["metadata"]["name"], "token");
    assert!(
        !secret.to_string().contains("aHVud")
            && !secret.to_string().contains("hunter2")
            && !text.contains("managedFields")
    );
    let again = finish(command(server.folder.path(), &["check", "dump.json"]).output().unwrap());
    assert!(again.code == 1 && again.out.contains("8 objects: "), "{}", again.out);
}
