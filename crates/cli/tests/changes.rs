//! `--base` and `--old`: a change is evaluated as the cluster evaluates it.

mod support;

use admission::fixture::today;
use entra_auth_policy::lookup::NoCluster;
use entra_auth_policy::{Host, evaluate};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::Command;
use support::*;
use tempfile::TempDir;

/// A Deployment from before the policy: it has a client secret in a variable.
fn old_deployment(image: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: reports, namespace: shop}}\nspec:\n  \
         selector: {{matchLabels: {{app: reports}}}}\n  template:\n    metadata: {{labels: {{app: reports}}}}\n    \
         spec:\n      serviceAccountName: reports\n      containers:\n      - name: web\n        image: {image}\n        \
         env:\n        - {{name: AZURE_CLIENT_SECRET, value: abc8Q~hunter2hunter2hunter2hunter2hunter2}}\n"
    )
}

fn git(folder: &Path, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main"]);
    command.args(["-c", "commit.gpgsign=false"]).args(arguments).current_dir(folder);
    let run = finish(command.env("GIT_CONFIG_NOSYSTEM", "1").output().unwrap());
    assert_eq!(run.code, 0, "git {arguments:?}: {}{}", run.out, run.err);
}

/// A repository with these files in its only commit.
fn repository(files: &[(&str, &str)]) -> TempDir {
    let folder = folder(files);
    git(folder.path(), &["init", "-q"]);
    git(folder.path(), &["add", "."]);
    git(folder.path(), &["commit", "-q", "-m", "before"]);
    folder
}

fn write(folder: &TempDir, name: &str, text: &str) {
    let path = folder.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// What the core answers to the same update.
fn answer_of_core(old: &str, new: &str) -> Value {
    let [old, new] = [old, new].map(|text| manifest::parse(text).unwrap());
    let request = json!({
        "uid": "1",
        "kind": {"group": "apps", "version": "v1", "kind": "Deployment"},
        "resource": {"group": "apps", "version": "v1", "resource": "deployments"},
        "operation": "UPDATE", "name": "reports", "namespace": "shop",
        "object": new, "oldObject": old,
    });
    let payload = json!({"settings": {}, "request": request}).to_string();
    let evaluation = evaluate(payload.as_bytes(), &Host { today: &|| today(), cluster: &NoCluster });
    let response = evaluation.response;
    json!({"allowed": response.accepted, "message": response.message, "warnings": response.warnings})
}

fn answer_of_check(line: &Value) -> Value {
    json!({"allowed": line["allowed"], "message": line["message"], "warnings": line["warnings"]})
}

/// The image of an old Deployment with a finding is changed: the cluster allows it, and so does the check.
#[test]
fn an_old_finding_does_not_stop_an_update() {
    let (old, new) = (old_deployment("app:1"), old_deployment("app:2"));
    let folder = repository(&[("deploy/reports.yaml", &old)]);
    write(&folder, "deploy/reports.yaml", &new);
    let denied = check(folder.path(), &["deploy"]);
    assert!(denied.code == 1 && denied.out.contains("deny[credential-in-env]"), "{}", denied.out);
    let allowed = check(folder.path(), &["--base", "HEAD", "--format", "json", "deploy"]);
    assert_eq!(allowed.code, 0, "{}{}", allowed.out, allowed.err);
    let lines = allowed.lines();
    assert_eq!((lines.len(), &lines[0]["operation"]), (1, &json!("UPDATE")));
    assert_eq!(answer_of_check(&lines[0]), answer_of_core(&old, &new));
    // Without git.
    write(&folder, "old/reports.yaml", &old);
    for before in ["old", "old/reports.yaml"] {
        let same = check(folder.path(), &["--old", before, "--format", "json", "deploy"]);
        assert_eq!(answer_of_check(&same.lines()[0]), answer_of_core(&old, &new), "{before}");
    }
}

/// What the update adds is denied, in the words of the cluster.
#[test]
fn a_new_finding_stops_an_update() {
    let old = old_deployment("app:1");
    let new = old.clone()
        + "        - {name: SQL_PASSWORD, value: 'Password=hunter2hunter2;Server=tcp:a.database.windows.net'}\n";
    let folder = repository(&[("deploy/reports.yaml", &old)]);
    write(&folder, "deploy/reports.yaml", &new);
    let run = check(folder.path(), &["--base", "HEAD", "--format", "json", "deploy"]);
    assert_eq!((run.code, answer_of_check(&run.lines()[0])), (1, answer_of_core(&old, &new)));
}

/// Only what a change touches is reported; the rest on request.
#[test]
fn only_changes_are_reported() {
    let two = format!("{}---\n{GOOD}", old_deployment("app:1"));
    let folder = repository(&[("deploy/two.yaml", &two), ("deploy/bad.yaml", BAD), ("deploy/gone.yaml", BAD)]);
    // Another comment and another order of members: the object is the same.
    write(
        &folder,
        "deploy/two.yaml",
        &format!("# words\n{}", two.replace("name: good, namespace: shop", "namespace: shop, name: good")),
    );
    fs::remove_file(folder.path().join("deploy/gone.yaml")).unwrap();
    let run = check(folder.path(), &["--base", "HEAD", "deploy"]);
    assert!(run.code == 0 && run.out.contains("2 objects and 1 file unchanged"), "{}{}", run.out, run.err);
    let all = check(folder.path(), &["--base", "HEAD", "--unchanged", "--format", "json", "deploy"]);
    assert_eq!((all.code, all.lines().len()), (0, 3), "{}", all.out);
    let new = check(folder.path(), &["--base", "HEAD", "--fail-on", "warn", "deploy"]);
    assert_eq!(new.code, 0, "{}", new.out);
}

/// A file that is moved holds the old objects; a copy makes new ones in another cluster.
#[test]
fn renames_do_not_matter_and_copies_do() {
    let folder = repository(&[("dev/reports.yaml", &old_deployment("app:1"))]);
    write(&folder, "prod/reports.yaml", &old_deployment("app:1"));
    let copied = check(folder.path(), &["--base", "HEAD", "prod"]);
    assert!(copied.code == 1 && !copied.out.contains("UPDATE"), "{}", copied.out);
    fs::remove_file(folder.path().join("dev/reports.yaml")).unwrap();
    write(&folder, "prod/reports.yaml", &old_deployment("app:2"));
    let moved = check(folder.path(), &["--base", "HEAD", "prod/reports.yaml"]);
    assert!(moved.code == 0 && moved.out.contains("(UPDATE)"), "{}{}", moved.out, moved.err);
    // Another name is another object, whatever the file.
    write(&folder, "prod/reports.yaml", &old_deployment("app:1").replace("name: reports, ", "name: other, "));
    assert_eq!(check(folder.path(), &["--base", "HEAD", "prod"]).code, 1);
}

#[test]
fn a_base_that_cannot_be_read_is_explained() {
    let folder = repository(&[("a.yaml", GOOD)]);
    let unknown = check(folder.path(), &["--base", "origin/main", "a.yaml"]);
    assert!(unknown.code == 2 && unknown.err.contains("git fetch --depth 1 origin"), "{}", unknown.err);
    let piped = pipe(GOOD, &["--base", "HEAD", "-"]);
    assert!(piped.code == 2 && piped.err.contains("--old"), "{}", piped.err);
    let outside = support::folder(&[("a.yaml", GOOD)]);
    let run = check(outside.path(), &["--base", "HEAD", "a.yaml"]);
    assert!(run.code == 2 && run.err.contains("not in a git repository"), "{}", run.err);
    assert_eq!(check(outside.path(), &["--old", "missing.yaml", "a.yaml"]).code, 2);
    for (revision, words) in
        [("HEAD~9", "`HEAD~9` is not in this clone. "), ("HEAD^{tree}", "`HEAD^{tree}` is not a commit\n")]
    {
        let run = check(folder.path(), &["--base", revision, "a.yaml"]);
        assert!(run.code == 2 && run.err.contains(words), "{revision}: {}", run.err);
    }
    // A pipeline whose variable is not set.
    let unset = finish(command(folder.path(), &["check", "--base", "", "a.yaml"]).output().unwrap());
    assert!(unset.code == 2 && unset.err.contains("a value is required for '--base <REF>'"), "{}", unset.err);
}

/// The files of a submodule are in the commit that its parent names.
#[test]
fn submodules_have_a_base_too() {
    let shared = repository(&[("reports.yaml", &old_deployment("app:1"))]);
    let folder = repository(&[("good.yaml", GOOD)]);
    let address = shared.path().to_str().unwrap();
    git(folder.path(), &["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", address, "shared"]);
    git(folder.path(), &["commit", "-q", "-m", "shared"]);
    let same = check(folder.path(), &["--base", "HEAD", "."]);
    assert!(same.code == 0 && same.out.contains("2 files unchanged"), "{}{}", same.out, same.err);
    write(&folder, "shared/reports.yaml", &old_deployment("app:2"));
    let changed = check(folder.path(), &["--base", "HEAD", "."]);
    assert!(changed.code == 0 && changed.out.contains("(UPDATE)"), "{}{}", changed.out, changed.err);
}

/// Line ends of Windows, a commit with two parents, a second working tree, a shallow clone.
#[test]
fn repositories_of_every_form_have_a_base() {
    let folder = repository(&[("a.yaml", &old_deployment("app:1")), ("b.yaml", GOOD)]);
    git(folder.path(), &["checkout", "-q", "-b", "side"]);
    write(&folder, "b.yaml", &GOOD.replace("image: a", "image: b"));
    git(folder.path(), &["commit", "-q", "-a", "-m", "side"]);
    git(folder.path(), &["checkout", "-q", "-"]);
    write(&folder, "a.yaml", &old_deployment("app:2").replace('\n', "\r\n"));
    git(folder.path(), &["commit", "-q", "-a", "-m", "main"]);
    git(folder.path(), &["merge", "-q", "side", "-m", "both"]);
    for (base, updates) in [("HEAD^1", 1), ("HEAD^2", 1), ("HEAD^1~1", 2), ("HEAD", 0)] {
        let run = check(folder.path(), &["--base", base, "."]);
        assert_eq!((run.code, run.out.matches("(UPDATE)").count()), (0, updates), "{base}: {}{}", run.out, run.err);
    }
    let tree = tempfile::tempdir().unwrap();
    let place = tree.path().join("tree");
    git(folder.path(), &["worktree", "add", "-q", "--detach", place.to_str().unwrap(), "HEAD^1~1"]);
    let run = check(&place, &["--base", "HEAD", "."]);
    assert!(run.code == 0 && run.out.contains("2 files unchanged"), "{}{}", run.out, run.err);
    // One commit is enough.
    let clone = tree.path().join("clone");
    let address = format!("file://{}", folder.path().display());
    git(tree.path(), &["clone", "-q", "--depth", "1", &address, clone.to_str().unwrap()]);
    assert_eq!(check(&clone, &["--base", "origin/HEAD", "."]).code, 0);
    assert!(check(&clone, &["--base", "HEAD~1", "."]).err.contains("is not in this clone"));
}
