//! The pipelines of `docs/ci.md`: each is well-formed, and its commands do what the page says in a repository, with
//! `entra-auth` on the PATH.

mod support;

use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;
use support::*;
use tempfile::TempDir;

/// The block of the page that is marked so.
fn block(mark: &str) -> Value {
    let page = fs::read_to_string(root().join("docs/ci.md")).unwrap();
    let (_, after) = page.split_once(&format!("```yml {mark}\n")).unwrap_or_else(|| panic!("no block {mark}"));
    manifest::parse(after.split_once("```").unwrap().0).unwrap()
}

/// A repository with a manifest.
fn repository(manifest: &str) -> TempDir {
    folder(&[
        ("deploy/app.yaml", manifest),
        ("deploy/values.yaml", "image: nginx\n"),
        ("policy-settings.yml", "profile: restricted\n"),
    ])
}

/// Runs as the pipelines do: a shell that stops at the first failure.
fn shell(repository: &Path, script: &str) -> Run {
    let program = Path::new(env!("CARGO_BIN_EXE_entra-auth")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let mut command = Command::new("bash");
    command.args(["-e", "-o", "pipefail", "-c", script]).current_dir(repository).env("PATH", path);
    finish(command.output().unwrap())
}

#[test]
fn the_workflow_reports_annotates_and_fails() {
    let workflow = block("github");
    let steps = workflow["jobs"]["entra-auth"]["steps"].as_array().unwrap();
    let run = |name: &str| {
        let step = steps.iter().find(|step| step["name"] == name).unwrap_or_else(|| panic!("no step {name}"));
        step["run"].as_str().unwrap().to_owned()
    };
    for (manifest, code, results) in [(BAD, 1, 1), (GOOD, 0, 0)] {
        let repository = repository(manifest);
        let report = shell(repository.path(), &run("Report to code scanning"));
        assert_eq!(report.code, 0, "{}", report.err);
        let upload = steps.iter().find(|step| step["with"]["sarif_file"].is_string()).unwrap();
        let file = repository.path().join(upload["with"]["sarif_file"].as_str().unwrap());
        let log: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
        assert_eq!(log["runs"][0]["results"].as_array().unwrap().len(), results);
        let checked = shell(repository.path(), &run("Check the manifests"));
        assert_eq!(checked.code, code, "{}{}", checked.out, checked.err);
        assert_eq!(checked.out.contains("::error file=deploy/app.yaml,line=6,"), code == 1, "{}", checked.out);
    }
    // A failure is not a clean result.
    let broken = repository("a: [\n");
    assert_eq!(shell(broken.path(), &run("Report to code scanning")).code, 1);
    let build = run("Build entra-auth");
    for words in ["cargo build --release --locked", "-p entra-auth"] {
        assert!(build.contains(words), "{build}");
    }
}

#[test]
fn the_job_leaves_a_code_quality_report() {
    let job = &block("gitlab")["manifests"];
    let repository = repository(BAD);
    let scripts: Vec<&str> = job["script"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    assert_eq!(shell(repository.path(), &scripts.join("\n")).code, 1);
    assert_eq!(job["artifacts"]["when"], "always", "a job that fails needs its report most");
    let report = repository.path().join(job["artifacts"]["reports"]["codequality"].as_str().unwrap());
    let issues: Value = serde_json::from_str(&fs::read_to_string(report).unwrap()).unwrap();
    assert_eq!(issues[0]["location"]["path"], "deploy/app.yaml");
}

/// As pre-commit calls it: the hook's entry, the arguments of the configuration, the files that changed.
#[test]
fn the_hook_checks_changed_files() {
    let hooks = manifest::parse(&fs::read_to_string(root().join(".pre-commit-hooks.yaml")).unwrap()).unwrap();
    let configured = block("pre-commit")["repos"][0]["hooks"][0].clone();
    let hook = hooks.as_array().unwrap().iter().find(|hook| hook["id"] == configured["id"]).unwrap();
    let words = |value: &Value| {
        value.as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let entry = hook["entry"].as_str().unwrap();
    let arguments = words(&configured["args"]).join(" ");
    for (manifest, code) in [(BAD, 1), (GOOD, 0)] {
        let repository = repository(manifest);
        let changed = "deploy/app.yaml deploy/values.yaml";
        let run = shell(repository.path(), &format!("{entry} {arguments} {changed}"));
        assert_eq!(run.code, code, "{}{}", run.out, run.err);
    }
}
