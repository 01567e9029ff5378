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

fn script(steps: &Value, name: &str) -> String {
    let steps = steps.as_array().unwrap();
    let named = |step: &&Value| step["name"] == name || step["displayName"] == name;
    let step = steps.iter().find(named).unwrap_or_else(|| panic!("no step {name}"));
    step["run"].as_str().or(step["script"].as_str()).unwrap().to_owned()
}

/// The action that the workflow uses, with the workflow's inputs.
#[test]
fn the_workflow_annotates_summarises_and_fails() {
    let workflow = block("github");
    let steps = workflow["jobs"]["entra-auth"]["steps"].as_array().unwrap();
    let used = steps.iter().find(|step| step["name"] == "Check the manifests").unwrap();
    let action = used["uses"].as_str().unwrap().strip_prefix("./.entra-auth-policy/").unwrap();
    let action = fs::read_to_string(root().join(action).join("action.yml")).unwrap();
    let action = manifest::parse(&action).unwrap();
    let with = &used["with"];
    for key in with.as_object().unwrap().keys() {
        assert!(action["inputs"][key].is_object(), "the action has no input `{key}`");
    }
    let input = |key: &str| with[key].as_str().or(action["inputs"][key]["default"].as_str()).unwrap().to_owned();
    let check = script(&action["runs"]["steps"], "Check the manifests");
    for (manifest, code) in [(BAD, 1), (GOOD, 0), ("a: [\n", 2)] {
        let repository = repository(manifest);
        let summary = repository.path().join("summary.md");
        let values = [
            ("PATHS", "paths"),
            ("SETTINGS", "settings"),
            ("BASE", "base"),
            ("FAIL_ON", "fail-on"),
            ("SARIF", "sarif"),
        ];
        let mut env: Vec<String> = values.iter().map(|(name, key)| format!("export {name}='{}'", input(key))).collect();
        env.push(format!("export TARGET= PROGRAM=entra-auth GITHUB_STEP_SUMMARY='{}'", summary.display()));
        let run = shell(repository.path(), &format!("{}\n{check}", env.join("\n")));
        assert_eq!(run.code, code, "{}{}", run.out, run.err);
        assert_eq!(run.out.contains("::error file=deploy/app.yaml,line=6,"), code == 1, "{}", run.out);
        assert!(fs::read_to_string(summary).unwrap().starts_with("### Entra authentication policy"));
        let sarif = fs::read_to_string(repository.path().join("entra-auth.sarif")).unwrap();
        let sarif: Value = serde_json::from_str(&sarif).unwrap();
        assert_eq!(sarif["runs"][0]["results"].as_array().unwrap().len(), usize::from(code == 1));
    }
    assert!(
        script(&action["runs"]["steps"], "Build entra-auth").contains("cargo build --release --locked -p entra-auth")
    );
}

/// The template of Azure Pipelines, with the parameters of the page.
#[test]
fn the_template_logs_issues_and_leaves_results() {
    let used = block("azure")["steps"][0].clone();
    let path = used["template"].as_str().unwrap().split('@').next().unwrap().to_owned();
    let template = manifest::parse(&fs::read_to_string(root().join(path)).unwrap()).unwrap();
    let known: Vec<&str> = template["parameters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|parameter| parameter["name"].as_str().unwrap())
        .collect();
    let parameters = used["parameters"].as_object().unwrap();
    assert!(parameters.keys().all(|key| known.contains(&key.as_str())), "{parameters:?}");
    let check = script(&template["steps"], "Check the manifests");
    let repository = repository(BAD);
    let here = repository.path().display().to_string();
    let check = check.replace("$(Agent.TempDirectory)", &here);
    let program = "\"$(Pipeline.Workspace)/s/policy/target/release/entra-auth\"";
    assert!(check.contains(program), "{check}");
    let check = check.replace(program, "entra-auth");
    let text = |key: &str| parameters[key].as_str().unwrap().to_owned();
    let env = format!("export TARGET= OPTIONS='{}' PATHS='{}'", text("options"), text("paths"));
    let run = shell(repository.path(), &format!("{env}\n{check}"));
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
    assert!(run.out.contains("##vso[task.logissue type=error;sourcepath=deploy/app.yaml;linenumber=6;"), "{}", run.out);
    let results = template["steps"].as_array().unwrap().last().unwrap()["inputs"]["testResultsFiles"]
        .as_str()
        .unwrap()
        .to_owned();
    let results = fs::read_to_string(results.replace("$(Agent.TempDirectory)", &here)).unwrap();
    assert!(results.contains("failures=\"1\""), "{results}");
}

/// The page's options are those that the program knows.
#[test]
fn the_options_of_the_page_are_read() {
    let repository = repository(GOOD);
    let mut options = block("config");
    let base = options.as_object_mut().unwrap().remove("base");
    assert_eq!(base.unwrap(), "origin/main");
    fs::write(repository.path().join(".entra-auth.yml"), options.to_string()).unwrap();
    let run = shell(repository.path(), "entra-auth check");
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert!(repository.path().join("entra-auth.sarif").exists());
}

/// What a release publishes has the version of Cargo.toml, and no file repeats it.
#[test]
fn packages_take_their_version_from_cargo() {
    let version = env!("CARGO_PKG_VERSION");
    for file in [
        "packaging/pypi/pyproject.toml",
        "packaging/krew/entra-auth.yaml.in",
        "packaging/Containerfile",
        "packaging/azure-pipelines/check.yml",
        ".github/actions/check/action.yml",
        "scripts/dist",
        "scripts/krew",
        "scripts/release-check",
        "docs/ci.md",
        "docs/editors.md",
        "docs/agents.md",
        "README.md",
    ] {
        let text = fs::read_to_string(root().join(file)).unwrap();
        assert!(!text.contains(version), "{file} names {version}");
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
