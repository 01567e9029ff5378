//! What a repository needs to introduce the check: options in a file, exemptions, charts and overlays.

mod support;

use admission::fixture::today;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use support::*;

fn run_in(folder: &Path, arguments: &[&str]) -> Run {
    finish(command(folder, arguments).output().unwrap())
}

#[test]
fn findings_become_exemptions() {
    let other = BAD.replace("name: bad", "name: other");
    let unnamed = BAD.replace(", namespace: shop", "").replace("name: bad", "name: unnamed");
    let generated = BAD.replace("name: bad", "generateName: bad-");
    let folder = folder(&[
        ("deploy/all.yaml", &format!("{BAD}---\n{other}---\n{unnamed}---\n{GOOD}")),
        ("base.yml", "profile: restricted\nexemptions: [{names: [x], reason: old}]\n"),
        ("generated.yaml", &generated),
    ]);
    let out = folder.path().join("exempted.yml");
    let written = out.to_str().unwrap();
    let run =
        check(folder.path(), &["--settings", "base.yml", "--write-exemptions", written, "deploy", "generated.yaml"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert!(run.err.contains("exemptions for 3 objects") && run.err.contains("`default`"), "{}", run.err);
    assert!(run.err.contains("no exact name covers it: RoleBinding shop/bad-* "), "{}", run.err);
    let settings = manifest::parse(&fs::read_to_string(&out).unwrap()).unwrap();
    assert_eq!(settings["profile"], "restricted");
    let exemptions = settings["exemptions"].as_array().unwrap();
    assert_eq!((exemptions.len(), &exemptions[0]["reason"]), (3, &"old".into()));
    for exemption in &exemptions[1..] {
        assert!(exemption["until"].as_str().unwrap() > today().to_string().as_str());
        assert!(exemption["reason"].as_str().unwrap().starts_with("TODO"));
        assert_eq!(exemption["kinds"][0], "RoleBinding.rbac.authorization.k8s.io");
    }
    let again = check(folder.path(), &["--settings", written, "deploy"]);
    assert!(again.code == 0 && again.out.contains("0 warned, 0 denied"), "{}", again.out);
    // New findings are still denied, and nothing is overwritten.
    write(folder.path(), "deploy/new.yaml", &BAD.replace("name: bad", "name: bad2"));
    assert_eq!(check(folder.path(), &["--settings", written, "deploy"]).code, 1);
    let twice = check(folder.path(), &["--write-exemptions", written, "deploy"]);
    // It is said before the findings.
    assert!(twice.code == 2 && twice.err.contains("not overwritten") && twice.out.is_empty(), "{}", twice.err);
    let nowhere = check(folder.path(), &["--write-exemptions", "missing/settings.yml", "deploy"]);
    assert!(nowhere.code == 2 && nowhere.err.contains("there is no folder"), "{}", nowhere.err);
}

/// A comment or an annotation is in the hands of the author, and the cluster would not follow it.
#[test]
fn comments_do_not_switch_rules_off() {
    let words = "entra-auth: ignore, noqa, checkov:skip=binding-anonymous, kube-linter ignore-all";
    let annotated = BAD.replace("namespace: shop", &format!("namespace: shop, annotations: {{a: \"{words}\"}}"));
    let commented: String = annotated.lines().map(|line| format!("{line} # {words}\n")).collect();
    let run = support::check_text(&format!("# {words}\n{commented}"), &[]);
    assert!(run.code == 1 && run.out.contains("deny[binding-anonymous]"), "{}{}", run.out, run.err);
}

fn write(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join(name), text).unwrap();
}

#[test]
fn the_run_fails_when_asked_to() {
    let warned = BAD.replace("system:anonymous", "jane@contoso.com");
    let folder = folder(&[("bad.yaml", BAD), ("warned.yaml", &warned), ("broken.yaml", "a: [\n")]);
    for (arguments, code) in [
        (&["bad.yaml"][..], 1),
        (&["--fail-on", "never", "bad.yaml"], 0),
        (&["--fail-on", "never", "broken.yaml"], 2),
        (&["--fail-on", "deny", "warned.yaml"], 0),
        (&["--fail-on", "warn", "warned.yaml"], 1),
        (&["--skip-rules", "binding-anonymous", "bad.yaml"], 0),
        (&["--rules", "binding-individual-user,role-wildcard", "bad.yaml"], 0),
        (&["--rules", "binding-anonymous", "bad.yaml"], 1),
        (&["--rules", "binding-anonymus", "bad.yaml"], 2),
    ] {
        let run = check(folder.path(), arguments);
        assert_eq!(run.code, code, "{arguments:?}: {}{}", run.out, run.err);
    }
}

#[test]
fn options_come_from_a_file_above() {
    let folder = folder(&[
        (
            ".entra-auth.yml",
            "settings: policy/settings.yml\npaths: [deploy]\nskip: ['skipped*', deploy/old/]\nformat: [text, json=out.json]\n",
        ),
        ("policy/settings.yml", "rules: {binding-anonymous: warn}\n"),
        ("deploy/bad.yaml", BAD),
        ("deploy/skipped.yaml", "a: [\n"),
        ("deploy/old/x.yaml", "a: [\n"),
        ("deploy/sub/good.yaml", GOOD),
    ]);
    fs::create_dir(folder.path().join(".git")).unwrap();
    let run = run_in(folder.path(), &["check"]);
    assert!(run.code == 0 && run.out.contains("2 objects: 1 allowed, 1 warned"), "{}{}", run.out, run.err);
    assert_eq!(fs::read_to_string(folder.path().join("out.json")).unwrap().lines().count(), 2);
    // From below, and the command line wins.
    let below = folder.path().join("deploy/sub");
    let run = run_in(&below, &["check", "--format", "json", "good.yaml"]);
    assert!(run.code == 0 && run.lines().len() == 1, "{}{}", run.out, run.err);
    let shown = run_in(&below, &["config"]);
    for words in [".entra-auth.yml", "settings: \"policy/settings.yml\"", "# failOn: not set (deny, warn or never)"] {
        assert!(shown.out.contains(words), "no `{words}` in\n{}", shown.out);
    }
    for (text, words) in [
        ("setings: a\n", "unknown key `setings`; did you mean `settings`?"),
        ("failOn: often\n", "`failOn` is deny, warn or never"),
        ("rules: [binding-anonymus]\n", "no rule is called `binding-anonymus`"),
        ("- a\n", "not an object"),
    ] {
        write(folder.path(), ".entra-auth.yml", text);
        let run = run_in(folder.path(), &["check", "deploy/bad.yaml"]);
        assert!(run.code == 2 && run.err.contains(words), "{text}: {}", run.err);
    }
    fs::remove_file(folder.path().join(".entra-auth.yml")).unwrap();
    let none = run_in(folder.path(), &["check"]);
    assert!(none.code == 2 && none.err.contains("Usage: entra-auth check"), "{}", none.err);
}

#[test]
fn settings_come_from_the_projects_own_manifests() {
    let root = root();
    let good = folder(&[("good.yaml", GOOD)]);
    let good = good.path().join("good.yaml");
    let good = good.to_str().unwrap();
    let mut groups = 0;
    for entry in fs::read_dir(root.join("deploy")).unwrap() {
        let path = entry.unwrap().path();
        // Folders have parts of these files, and more.
        let Ok(text) = fs::read_to_string(&path) else { continue };
        if !text.contains("settings:") {
            continue;
        }
        let name = path.to_str().unwrap();
        let run = check(&root, &["--settings", name, good]);
        let several = run.err.contains("choose one with --policy");
        groups += usize::from(several);
        let run = match several {
            true => {
                let first = run.err.split('`').nth(1).unwrap().to_owned();
                check(&root, &["--settings", name, "--policy", &first, good])
            }
            false => run,
        };
        assert_ne!(run.code, 2, "{name}: {}", run.err);
    }
    assert!(groups > 0);
    let wrong = folder(&[
        ("deployment.yml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n"),
        ("values.yml", "replicaCount: 1\nimage: {tag: a}\nservice: {}\ningress: {}\n"),
        ("Chart.yml", "apiVersion: v2\nname: a\nversion: 1.0.0\n"),
        ("list.yml", "[a]\n"),
        ("metadata.yml", &fs::read_to_string(root.join("metadata.yml")).unwrap()),
        ("operator.yml", &fs::read_to_string(root.join("operators/argo-cd.yaml")).unwrap()),
        ("rbac.yml", &fs::read_to_string(root.join("deploy/rbac-lookups.yaml")).unwrap()),
        (
            "policy.yml",
            "kind: ClusterAdmissionPolicy\napiVersion: policies.kubewarden.io/v1\nmetadata: {name: a}\nspec: {}\n",
        ),
    ]);
    for (file, arguments, words) in [
        ("deployment.yml", &[][..], "a Deployment, neither settings nor a policy"),
        ("values.yml", &[], "a file with the keys `replicaCount`, `image`, `service`, ..."),
        ("Chart.yml", &[], "a Helm chart's Chart.yaml"),
        ("list.yml", &[], "a list, neither"),
        ("metadata.yml", &[], "the metadata of a policy, neither"),
        ("operator.yml", &[], "a file with the keys `name`, "),
        ("rbac.yml", &[], "2 documents (ClusterRole, ClusterRoleBinding), and none of them is a policy"),
        ("policy.yml", &["--policy", "b"], "no policy is called `b`; the file has `a`"),
    ] {
        let run = check(wrong.path(), &[&["--settings", file, good], arguments].concat());
        assert!(
            run.code == 2 && run.err.contains(words) && !run.err.contains("trustedRequesters"),
            "{file}: {}",
            run.err
        );
    }
    let alone = check(wrong.path(), &["--policy", "a", good]);
    assert!(alone.code == 2 && alone.err.contains("the file of --settings"), "{}", alone.err);
    // The file of options can name the settings.
    let group = root.join("deploy/06-policy-group.yaml");
    write(wrong.path(), ".entra-auth.yml", &format!("settings: {}\n", group.display()));
    let chosen = run_in(wrong.path(), &["check", "--policy", "contoso", good]);
    assert_eq!(chosen.code, 0, "{}{}", chosen.out, chosen.err);
}

/// A program for the test that prints what it was called with as a ConfigMap, and the text of a file.
fn program(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::write(&path, format!("#!/bin/sh\n{text}")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn charts_and_overlays_are_rendered() {
    let folder = folder(&[
        ("all/chart/Chart.yaml", "apiVersion: v2\nname: shop\nversion: 1.0.0\n"),
        ("all/chart/templates/binding.yaml", "kind: {{ .Values.kind }}\n"),
        ("all/chart/charts/sub/Chart.yaml", "apiVersion: v2\nname: sub\nversion: 1.0.0\n"),
        ("all/base/kustomization.yaml", "resources: [good.yaml]\n"),
        ("all/base/good.yaml", GOOD),
        ("all/overlay/kustomization.yml", "resources: [../base]\n"),
        ("all/plain.yaml", GOOD),
        ("prod.yaml", "a: 1\n"),
        ("bin/.keep", ""),
    ]);
    let bin = folder.path().join("bin");
    let rendered = format!("---\n# Source: shop/templates/binding.yaml\n{BAD}");
    program(&bin, "helm", &format!("cat <<'EOF'\n{rendered}EOF\n"));
    program(&bin, "kustomize", &format!("cat <<'EOF'\n{GOOD}EOF\n"));
    let run = |path: &str, arguments: &[&str]| {
        let mut command = command(folder.path(), &[&["check", "--render"], arguments].concat());
        finish(command.env("PATH", path).output().unwrap())
    };
    let with = format!("{}:/usr/bin:/bin", bin.display());
    let checked = run(&with, &["--values", "prod.yaml", "all"]);
    assert_eq!(checked.code, 1, "{}{}", checked.out, checked.err);
    for words in ["ran: helm template shop all/chart --values prod.yaml", "ran: kustomize build all/overlay"] {
        assert!(checked.err.contains(words), "no `{words}` in\n{}", checked.err);
    }
    assert!(!checked.err.contains("sub") && !checked.err.contains("all/base"), "{}", checked.err);
    assert!(checked.out.contains("all/chart:3 (all/chart/templates/binding.yaml)"), "{}", checked.out);
    assert!(checked.out.contains("3 objects: 2 allowed, 0 warned, 1 denied, 0 failed"), "{}", checked.out);
    let github = run(&with, &["--format", "github", "all"]);
    assert!(github.out.contains("::error file=all/chart/templates/binding.yaml,line=1,title="), "{}", github.out);
    // A failure of the tool is one of the run.
    program(&bin, "helm", "echo 'Error: values do not fit' >&2; exit 1\n");
    let failed = run(&with, &["all"]);
    assert!(failed.code == 2 && failed.out.contains("failed: Error: values do not fit"), "{}", failed.out);
    fs::remove_file(bin.join("helm")).unwrap();
    fs::remove_file(bin.join("kustomize")).unwrap();
    let without = run(bin.to_str().unwrap(), &["all"]);
    assert_eq!(without.code, 2, "{}", without.out);
    for words in ["--render needs `helm` for all/chart, and it is not on the PATH", "needs `kustomize` for all/overlay"]
    {
        assert!(without.out.contains(words), "no `{words}` in\n{}", without.out);
    }
}

#[test]
fn standard_input_has_the_name_that_it_is_given() {
    let rendered = format!("---\n# Source: shop/templates/a.yaml\n{BAD}");
    let run = pipe(&rendered, &["--stdin-filename", "deploy/a.yaml", "--format", "json", "-"]);
    assert_eq!(run.lines()[0]["source"], "deploy/a.yaml");
    assert_eq!(run.lines()[0]["template"], "shop/templates/a.yaml");
    assert!(pipe(&rendered, &["-"]).out.contains("-:3 (shop/templates/a.yaml)"));
}

/// A template's documents are not evaluated one by one: which of them exist is decided when it is rendered.
#[test]
fn a_template_is_not_evaluated_in_part() {
    for template in [
        format!("{{{{- if .Values.a }}}}\n{GOOD}{{{{- end }}}}\n---\n{BAD}"),
        format!("{BAD}---\n{GOOD}{{{{ .Values.more }}}}\n"),
        format!("{BAD}---\n{{% if a %}}\n{GOOD}{{% endif %}}\n"),
    ] {
        let run = check_text(&template, &["--format", "json"]);
        assert!(run.code == 2 && run.lines().len() == 1, "{}", run.out);
        assert!(run.lines()[0]["error"].as_str().unwrap().starts_with("a template"), "{}", run.out);
    }
    // Text of other tools in a value is not a template of the manifest.
    let config =
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  a.tmpl: |\n    {{ define \"x\" }}{{ end }}\n";
    assert_eq!(check_text(config, &[]).code, 0);
}
