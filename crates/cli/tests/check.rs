//! `entra-auth check`.

mod support;

use admission::fixture::today;
use serde_json::{Value, json};
use std::fs;
use support::*;

#[test]
fn exit_codes() {
    let folder = folder(&[("good.yaml", GOOD), ("bad.yaml", BAD), ("broken.yaml", "a: [\n")]);
    let code = |paths: &[&str]| check(folder.path(), paths).code;
    assert_eq!(code(&["good.yaml"]), 0);
    assert_eq!(code(&["good.yaml", "bad.yaml"]), 1);
    assert_eq!(code(&["bad.yaml", "broken.yaml", "missing.yaml"]), 2);
    assert_eq!(code(&[]), 2);
}

#[test]
fn a_line_for_every_object() {
    let text = format!("{GOOD}---\n# nothing\n---\n{BAD}");
    let folder = folder(&[("all.yaml", &text)]);
    let run = check(folder.path(), &["--format", "json", "all.yaml"]);
    let lines = run.lines();
    assert_eq!(lines.len(), 2);
    assert_eq!((&lines[0]["kind"], &lines[0]["allowed"], &lines[0]["index"]), (&json!("Pod"), &json!(true), &json!(0)));
    assert_eq!(lines[0]["findings"], json!([]));
    let (bad, finding) = (&lines[1], &lines[1]["findings"][0]);
    assert_eq!(
        (bad["source"].as_str(), bad["index"].as_u64(), bad["name"].as_str()),
        (Some("all.yaml"), Some(1), Some("bad"))
    );
    assert_eq!(finding["rule"], "binding-anonymous");
    assert_eq!(finding["path"], "subjects[system:anonymous]");
    assert_eq!(finding["pointer"], "/subjects/0");
    assert_eq!((&finding["severity"], &finding["action"]), (&json!("high"), &json!("deny")));
    assert!(finding["fix"].as_str().is_some_and(|fix| !fix.is_empty()));
    let line = text.lines().position(|line| line.starts_with("- apiGroup")).unwrap() + 1;
    assert_eq!((finding["line"].as_u64(), finding["column"].as_u64()), (Some(line as u64), Some(3)));
}

#[test]
fn lists_json_and_standard_input() {
    let bad: Value = manifest::parse(BAD).unwrap();
    let list = json!({"apiVersion": "v1", "kind": "List", "items": [bad, bad]}).to_string();
    let run = pipe(&list, &["--format", "json", "-"]);
    assert_eq!(run.code, 1);
    let sources: Vec<_> = run.lines().iter().map(|line| (line["source"].clone(), line["index"].clone())).collect();
    assert_eq!(sources, [(json!("-"), json!(0)), (json!("-"), json!(1))]);
    // A List without items is a clean cluster, nothing at all a failed command.
    assert_eq!(check_text("apiVersion: v1\nkind: List\nitems: []\n", &[]).code, 0);
    let nothing = pipe("", &["-"]);
    assert_eq!(nothing.code, 2);
    assert!(nothing.out.contains("is empty"), "{}", nothing.out);
    // A pipe that is named can be read only once as well.
    let folder = folder(&[("bad.yaml", BAD)]);
    for (input, code, words) in [("cat bad.yaml", 1, "1 object: "), ("true", 2, "is empty")] {
        let script = format!("{} check --cluster bad.yaml <({input})", env!("CARGO_BIN_EXE_entra-auth"));
        let mut command = std::process::Command::new("bash");
        let run = finish(command.args(["-c", &script]).current_dir(folder.path()).output().unwrap());
        assert!(run.code == code && run.out.contains(words), "{input}: {}{}", run.out, run.err);
    }
}

#[test]
fn folders_are_walked_in_order_and_other_files_skipped() {
    let folder = folder(&[
        ("deploy/b/two.yml", BAD),
        ("deploy/a/one.json", &manifest::parse(GOOD).unwrap().to_string()),
        ("deploy/values.yaml", "image: nginx\n"),
        ("deploy/settings.yaml", "{}\n"),
        ("deploy/README.md", "kind: Pod"),
        ("deploy/.hidden/x.yaml", "a: ["),
        ("empty/README.md", ""),
    ]);
    let run = check(folder.path(), &["--settings", "deploy/settings.yaml", "deploy"]);
    assert_eq!(run.code, 1);
    let evaluated: Vec<_> = run
        .out
        .lines()
        .filter(|line| !line.starts_with(' ') && line.contains(".yml:") || line.contains(".json:"))
        .collect();
    assert!(
        evaluated.len() == 2 && evaluated[0].contains("one.json:1") && evaluated[1].contains("two.yml:1"),
        "{}",
        run.out
    );
    assert!(run.out.contains("1 document skipped: 1 without `apiVersion`"), "{}", run.out);
    // Named, it has to be a manifest; and a folder has to hold something.
    let run = check(folder.path(), &["--format", "json", "deploy/values.yaml", "empty"]);
    assert_eq!(run.code, 2);
    for words in ["deploy/values.yaml:1: no Kubernetes object", "empty: has no *.yaml"] {
        assert!(run.err.contains(words), "no `{words}` in\n{}", run.err);
    }
}

#[test]
fn unreadable_files_are_named_and_the_rest_evaluated() {
    let folder = folder(&[
        ("chart/Chart.yaml", "apiVersion: v2\nname: shop\n"),
        ("chart/templates/quoted.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: '{{ .Release.Name }}'}\n"),
        ("template.yaml", "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Release.Name }}\n"),
        ("twice.yaml", "apiVersion: v1\nkind: Pod\nkind: Secret\n"),
        ("half.yaml", &format!("a: [\n---\n{GOOD}")),
    ]);
    fs::write(folder.path().join("latin1.yaml"), b"# caf\xe9\n").unwrap();
    fs::create_dir(folder.path().join("links")).unwrap();
    std::os::unix::fs::symlink("missing.yaml", folder.path().join("links/gone.yaml")).unwrap();
    let run = check(
        folder.path(),
        &["--format", "json", "chart/templates", "template.yaml", "twice.yaml", "half.yaml", "latin1.yaml", "links"],
    );
    assert_eq!(run.code, 2);
    for words in [
        "quoted.yaml:1: a template",
        "template.yaml:1: a template",
        "helm template",
        "twice.yaml:3: not YAML",
        "half.yaml:1: not YAML",
        "latin1.yaml: is not UTF-8 (line 1)",
        "links/gone.yaml: cannot be read: No such file",
    ] {
        assert!(run.err.contains(words), "no `{words}` in\n{}", run.err);
    }
    let lines = run.lines();
    assert_eq!(lines.iter().filter(|line| line["error"].is_string()).count(), 6);
    assert_eq!(lines.iter().filter(|line| line["allowed"] == true).count(), 1);
}

/// Files for other tools are named and counted. The user decides whether they fail the run.
#[test]
fn files_of_other_tools_are_named_and_counted() {
    let folder = folder(&[
        ("all/kustomization.yaml", "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"),
        ("all/patch.yaml", "- op: remove\n  path: /spec\n"),
        ("all/secret.yaml", "apiVersion: v1\nkind: Secret\ndata: {a: 'ENC[x]'}\nsops: {mac: 'ENC[y]'}\n"),
        ("all/values.yaml", "image: nginx\n"),
        ("all/good.yaml", GOOD),
        ("all/.gitignore", "ignored.yaml\n"),
        ("all/ignored.yaml", "a: [\n"),
        ("lib.jsonnet", "{a: 1}\n"),
        ("chart/Chart.yaml", "apiVersion: v2\nname: a\nversion: 1.0.0\n"),
        ("chart/templates/a.yaml", "kind: {{ .Values.kind }}\n"),
    ]);
    fs::create_dir(folder.path().join("all/.git")).unwrap();
    fs::write(folder.path().join("binary.yaml"), b"\0\x01\x02").unwrap();
    let run = check(folder.path(), &["all"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    for words in [
        "all/kustomization.yaml a kustomization: build it first",
        "all/patch.yaml a patch, not an object",
        "all/secret.yaml encrypted with SOPS",
        "4 documents skipped: 1 without `apiVersion` and `kind`, 1 to build with kustomize first, 1 to apply as patches first, 1 to decrypt with sops first",
        "1 object: 1 allowed",
    ] {
        let out = run.out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(out.contains(words), "no `{words}` in\n{}", run.out);
    }
    let others = ["all/patch.yaml", "lib.jsonnet", "chart", "all/good.yaml"];
    let strict = check(folder.path(), &others);
    assert_eq!(strict.code, 2);
    assert!(
        strict.out.contains("Jsonnet, not YAML")
            && strict.out.contains("1 object: 1 allowed, 0 warned, 0 denied, 3 failed"),
        "{}",
        strict.out
    );
    let lenient = check(folder.path(), &[&["--skip-others"], &others[..]].concat());
    assert!(
        lenient.code == 0 && lenient.out.contains("1 to apply as patches first, 2 to render first"),
        "{}",
        lenient.out
    );
    let binary = check(folder.path(), &["--skip-others", "binary.yaml"]);
    assert!(binary.code == 2 && binary.out.contains("is a binary file"), "{}", binary.out);
}

#[test]
fn requests_are_evaluated_unchanged() {
    let pod = "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: []}}";
    let request = format!(
        "kind: {{group: '', version: v1, kind: Pod}}\nresource: {{group: '', version: v1, resource: pods}}\n\
         operation: DELETE\nname: a\nnamespace: shop\noldObject: {pod}\n"
    );
    let review = json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": manifest::parse(&request).unwrap()});
    let run = check_text(&format!("{request}---\n{review}\n"), &[]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert_eq!(run.out.matches("Pod shop/a (DELETE)").count(), 2, "{}", run.out);
}

#[test]
fn settings_are_read_overridden_and_checked() {
    let warn = "rules:\n  binding-anonymous: warn\n";
    let policy = format!(
        "apiVersion: policies.kubewarden.io/v1\nkind: ClusterAdmissionPolicy\nspec:\n  settings:\n    {}",
        warn.replace('\n', "\n    ")
    );
    let folder = folder(&[
        ("warn.yml", warn),
        ("policy.yml", &policy),
        ("off.yml", "rules: {binding-anonymous: off}\n"),
        ("wrong.yml", "profil: baseline\nrules: {binding-anonymus: deny}\nmaxTokenSeconds: 1\n"),
        ("bad.yaml", BAD),
    ]);
    let run = |settings: &str| check(folder.path(), &["--settings", settings, "bad.yaml"]);
    for settings in ["warn.yml", "policy.yml"] {
        let run = run(settings);
        assert!(run.code == 0 && run.out.contains("warned"), "{settings}: {}{}", run.out, run.err);
    }
    assert!(run("off.yml").out.contains("allowed"));
    let wrong = run("wrong.yml");
    assert_eq!(wrong.code, 2);
    for words in ["wrong.yml", "profil", "binding-anonymous", "maxTokenSeconds"] {
        assert!(wrong.err.contains(words), "no `{words}` in\n{}", wrong.err);
    }
    assert_eq!(run("missing.yml").code, 2);
    let restricted = check(folder.path(), &["--profile", "restricted", "--format", "json", "bad.yaml"]);
    assert!(restricted.lines()[0]["message"].as_str().unwrap().contains("(restricted)"));
}

/// AKS writes its own bindings as the control plane. From any other user they are evaluated.
#[test]
fn the_requester_is_who_as_says() {
    let binding = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: aks-cluster-admin-binding}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: clusterAdmin}
";
    let code = |arguments: &[&str]| check_text(binding, arguments).code;
    let jane = [
        "--as",
        "jane@contoso.com",
        "--as-group",
        "system:authenticated",
        "--as-oid",
        "0f8fad5b-d9cb-469f-a165-70867728950e",
    ];
    assert_eq!(code(&[]), 0);
    assert_eq!(code(&jane), 1);
    assert_eq!(code(&jane[..2]), 1);
    assert_eq!(check_text(binding, &["--as-group", "x"]).code, 2);
}

/// A user principal name is a user of Entra, with an object id that need not be known.
#[test]
fn a_clean_manifest_is_quiet_for_a_user_of_entra() {
    let readme = check_text(GOOD, &["--as", "you@contoso.com"]);
    assert!(readme.code == 0 && readme.out.contains("1 object: 1 allowed, 0 warned"), "{}", readme.out);
    // Under the strict profile a user of another kind is reported, and one of Entra is not.
    let strict =
        |user: &str| check_text(GOOD, &["--profile", "restricted", "--as", user]).out.contains("requester-not-entra");
    assert!(!strict("you@contoso.com") && strict("you") && strict("you@host"));
    let oid = check_text(GOOD, &["--as", "you@contoso.com", "--as-oid", "123"]);
    assert!(oid.code == 2 && oid.err.contains("not an object id"), "{}", oid.err);
    assert_eq!(check_text(GOOD, &["--as="]).code, 2);
}

/// Without the feature there is no engine, and one message says so.
#[cfg(not(feature = "module"))]
#[test]
fn modules_need_a_build_that_can_run_them() {
    let run = check_text(GOOD, &["--module", "policy.wasm"]);
    assert!(run.code == 2 && run.err.contains("--features module"), "{}", run.err);
}

#[test]
fn exemptions_expire() {
    let folder = folder(&[
        ("settings.yml", "exemptions:\n- {rules: [binding-anonymous], names: [bad], reason: a, until: 2031-06-30}\n"),
        ("bad.yaml", BAD),
    ]);
    let on = |date| check(folder.path(), &["--settings", "settings.yml", "--today", date, "bad.yaml"]);
    assert_eq!(on("2031-06-30").code, 0);
    let expired = on("2031-07-01");
    assert!(expired.code == 1 && expired.out.contains("2031-06-30"), "{}", expired.out);
    assert_eq!(on("tomorrow").code, 2);
}

#[test]
fn text_is_for_people_and_plain_in_a_pipe() {
    let folder = folder(&[("bad.yaml", BAD), ("chart.yaml", "name: {{ .Release.Name }}\n")]);
    let run = check(folder.path(), &["bad.yaml", "chart.yaml"]);
    for words in [
        "1 template among the failed",
        "denied   RoleBinding shop/bad",
        "bad.yaml:1",
        "deny[binding-anonymous]: subjects[system:anonymous] ",
        "--> bad.yaml:6:3",
        "6 | - apiGroup: rbac.authorization.k8s.io",
        "  |   ^^^^^^^^",
        "= fix: ",
        "1 object: 0 allowed, 0 warned, 1 denied, 1 failed",
    ] {
        assert!(run.out.contains(words), "no `{words}` in\n{}", run.out);
    }
    assert!(!run.out.contains('\u{1b}'));
    let forced = command(folder.path(), &["check", "--today", &today().to_string(), "bad.yaml"])
        .env("CLICOLOR_FORCE", "1")
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&forced.stdout).contains('\u{1b}'));
}

/// Reports never show a value, whatever is wrong with the text around it.
#[test]
fn no_value_is_repeated() {
    let secret = "hunter2hunter2";
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - name: a\n";
    let folder = folder(&[
        ("evaluated.yaml", &format!("{pod}    env: [{{name: AZURE_CLIENT_SECRET, value: {secret}}}]\n")),
        ("broken.yaml", &format!("apiVersion: v1\nkind: Secret\nstringData: {{password: {secret}\n")),
        ("twice.yaml", &format!("{pod}    env: [{{value: {secret}, value: {secret}}}]\n")),
        ("broken.json", &format!("{{\"kind\": \"Secret\", \"data\": {{\"a\": \"{secret}\" \"b\"}}}}")),
    ]);
    for format in ["text", "json"] {
        let run = check(folder.path(), &["--all", "--format", format, "."]);
        assert_eq!(run.code, 2);
        assert!(!format!("{}{}", run.out, run.err).contains(secret), "{}{}", run.out, run.err);
    }
}

const LOOKUPS: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    metadata: {labels: {azure.workload.identity/use: 'true'}}
    spec: {serviceAccountName: web, containers: [{name: web, image: a}]}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: web, namespace: shop}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: helper}
rules: [{apiGroups: ['*'], resources: ['*'], verbs: ['*']}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: helper}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: helper}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: 3f1c9a52-7b64-4f0e-8f0a-5a0f6f0d9b11}]
";

/// A workload finds its service account and a binding its role, in the same file, in another file or in a dump.
#[test]
fn manifests_answer_lookups() {
    let (workload, rest) = LOOKUPS.split_once("---\n").unwrap();
    let (account, roles) = rest.split_once("---\n").unwrap();
    let folder = folder(&[
        ("settings.yml", "clusterLookups: true\n"),
        ("together.yaml", LOOKUPS),
        ("apart/1.yaml", workload),
        ("apart/2.yaml", account),
        ("apart/3.yaml", roles),
        ("workload.yaml", workload),
        ("dump.yaml", &format!("{account}---\n{}", account.replace("name: web", "name: other"))),
        ("broken.yaml", "kind: [\n"),
    ]);
    let found =
        |arguments: &[&str]| {
            let run = check(folder.path(), &[&["--format", "json"], arguments].concat());
            let mut rules = Vec::new();
            for line in run.lines() {
                let findings = line["findings"].as_array().unwrap().iter();
                rules.extend(findings.map(|found| {
                    format!("{}: {}", found["rule"].as_str().unwrap(), found["message"].as_str().unwrap())
                }));
            }
            (run, rules.join("\n"))
        };
    for path in ["together.yaml", "apart"] {
        let (_, rules) = found(&["--settings", "settings.yml", path]);
        assert!(
            rules.contains("workload-identity-no-client-id: names an account that is not annotated with a client id"),
            "{path}: {rules}"
        );
        assert!(rules.contains("binding-role-escalates: gets helper"), "{path}: {rules}");
        assert!(!found(&[path]).1.contains("client-id"), "{path}: asked with look-ups off");
    }
    let (_, rules) = found(&["--settings", "settings.yml", "workload.yaml"]);
    assert!(rules.contains("could not check: ServiceAccount web does not exist"), "{rules}");
    let (_, rules) = found(&["--cluster", "dump.yaml", "workload.yaml"]);
    assert!(rules.contains("not annotated with a client id"), "{rules}");
    let (broken, _) = found(&["--cluster", "broken.yaml", "workload.yaml"]);
    assert!(broken.code == 2 && broken.err.contains("broken.yaml:1"), "{}", broken.err);
    let piped = pipe(LOOKUPS, &["--settings", folder.path().join("settings.yml").to_str().unwrap(), "-"]);
    assert!(piped.out.contains("workload-identity-no-client-id"), "{}", piped.out);
}

const IDENTITY_ROLE: &str = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: payments-identity}
rules:
- {apiGroups: [cid.wi.aks.azure.com], resources: [9c4e7b12-6d38-4a05-b9f1-2e8d0c7a5f43], verbs: [use-managed-identity]}
";

const IDENTITY_BINDING: &str = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: payments-identity}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: payments-identity}
subjects: [{kind: ServiceAccount, name: web, namespace: sandbox}]
";

const NODE_AUDIENCE: &str = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: registry-audience}
rules:
- {apiGroups: [''], resources: [registry.contoso.com], verbs: [request-serviceaccounts-token-audience]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: registry-audience}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: registry-audience}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: 'system:nodes'}]
";

/// Some roles are known without look-ups, if they come with the binding.
#[test]
fn bindings_are_compared_with_roles_of_the_same_input() {
    let identities = |account: &str| {
        format!(
            "identities: [{{namespace: sandbox, serviceAccount: {account}, clientIds: [9c4e7b12-6d38-4a05-b9f1-2e8d0c7a5f43]}}]\n"
        )
    };
    let widened = NODE_AUDIENCE.replacen("---", "- {apiGroups: [''], resources: [secrets], verbs: [get]}\n---", 1);
    let folder = folder(&[
        ("other.yml", &identities("payer")),
        ("own.yml", &identities("web")),
        ("together.yaml", &format!("{IDENTITY_ROLE}---\n{IDENTITY_BINDING}")),
        ("apart/binding.yaml", IDENTITY_BINDING),
        ("apart/role.yaml", IDENTITY_ROLE),
        ("alone.yaml", IDENTITY_BINDING),
        ("nodes.yaml", NODE_AUDIENCE),
        ("widened.yaml", &widened),
    ]);
    for path in ["together.yaml", "apart"] {
        let run = check(folder.path(), &["--settings", "other.yml", path]);
        assert!(run.code == 1 && run.out.contains("identities does not grant to sandbox/web"), "{path}: {}", run.out);
        assert_eq!(check(folder.path(), &["--settings", "own.yml", path]).code, 0, "{path}");
    }
    assert_eq!(check(folder.path(), &["--settings", "other.yml", "alone.yaml"]).code, 0);
    assert_eq!(check(folder.path(), &["nodes.yaml"]).code, 0);
    assert_eq!(check(folder.path(), &["widened.yaml"]).code, 1);
}

/// The README shows what the program prints.
#[test]
fn the_readme_shows_a_finding_as_it_is() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let (_, shown) = readme.split_once("```text\ndenied   RoleBinding").unwrap();
    let shown = format!("denied   RoleBinding{}", shown.split_once("```").unwrap().0);
    let run = check(&root(), &["--settings", "demo/settings.yml", "demo/bindings.yml"]);
    assert!(run.out.contains(&shown), "not in\n{}", run.out);
}
