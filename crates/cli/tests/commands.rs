//! Rules, explanations, completions, the manual page, and how the program looks on a terminal.

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;
use support::*;

fn run(arguments: &[&str]) -> Run {
    entra_auth(Path::new("/nowhere"), arguments)
}

#[test]
fn rules_are_listed() {
    let rules = run(&["rules", "--format", "json"]).json();
    let rules = rules.as_array().unwrap();
    let pages = fs::read_dir(root().join("docs/rules")).unwrap().count();
    assert_eq!(rules.len(), pages);
    let table = run(&["rules"]).out;
    for rule in rules {
        let id = rule["id"].as_str().unwrap();
        assert!(table.lines().any(|line| line.split(' ').next() == Some(id)), "{id} is not in the table");
        for key in ["group", "severity", "summary", "description", "fix"] {
            assert!(rule[key].as_str().is_some_and(|text| !text.is_empty()), "{id}: {key}");
        }
    }
    assert!(table.contains("binding-individual-user"), "{table}");
    let line = table.lines().find(|line| line.starts_with("binding-individual-user ")).unwrap();
    assert_eq!(line.split_whitespace().skip(1).take(2).collect::<Vec<_>>(), ["warn", "deny"]);
}

#[test]
fn a_rule_is_explained_as_its_page_does() {
    let page = run(&["explain", "binding-anonymous"]);
    assert_eq!(page.code, 0);
    for words in [
        "A binding grants a role to unauthenticated requests.",
        "high severity",
        "Why\n",
        "    kind: ClusterRoleBinding\n",
        "Bind an Entra group by its object id.",
        "good practices (https://kubernetes.io/docs/concepts/security/rbac-good-practices/)",
        "/docs/rules/binding-anonymous.md",
    ] {
        assert!(page.out.contains(words), "no `{words}` in\n{}", page.out);
    }
    assert!(!page.out.contains("```") && !page.out.contains("## "), "{}", page.out);
    let misspelt = run(&["explain", "binding-anonymus"]);
    assert!(misspelt.code == 2 && misspelt.err.contains("did you mean `binding-anonymous`?"), "{}", misspelt.err);
    // As a message has it, several at once, and none.
    for written in ["binding-anonymous:", "https://example.com/docs/rules/binding-anonymous.md"] {
        assert_eq!(run(&["explain", written]).out, page.out);
    }
    assert!(
        run(&["explain", "binding-anonymous", "role-wildcard"]).out.contains("A binding grants a role to unauthent")
    );
    let list = run(&["explain"]);
    assert!(
        list.code == 0 && list.out.contains("binding-anonymous") && list.out.contains("explain RULE"),
        "{}",
        list.out
    );
    let unknown = run(&["explain", "sunshine"]);
    assert!(unknown.code == 2 && unknown.err.contains("`entra-auth rules` lists all"), "{}", unknown.err);
}

#[test]
fn the_version_and_the_help_are_where_people_look() {
    let version = format!("entra-auth {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(run(&["version"]).out, version);
    assert_eq!(run(&["--version"]).err, version);
    for arguments in [&["help"][..], &["--help"], &["help", "check"], &["check", "--help"], &["help", "audit"]] {
        let help = run(arguments);
        assert!(help.code == 0 && help.err.contains("Usage: entra-auth "), "{arguments:?}: {}", help.err);
    }
}

/// `entra-auth explain ... | head -1`
#[test]
fn a_reader_that_closes_the_pipe_is_no_error() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&["explain", "binding-anonymous"][..], &["rules"], &["man"]] {
        let mut command = command(folder.path(), arguments);
        let mut child =
            command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let run = finish(child.wait_with_output().unwrap());
        assert_eq!((run.code, run.err.as_str()), (0, ""), "{arguments:?}");
    }
}

#[test]
fn completions_and_the_manual_know_every_option() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = run(&["completions", shell]);
        assert_eq!(script.code, 0);
        for word in ["explain", "as-group", "cluster"] {
            assert!(script.out.contains(word), "{shell}: no {word}");
        }
    }
    let page = run(&["man"]).out;
    for words in [".TH entra-auth 1", "\\-\\-color", "\\-\\-settings", "Exit status"] {
        assert!(page.contains(words), "no `{words}` in\n{page}");
    }
    assert_eq!(run(&["completions", "tcsh"]).code, 2);
}

/// The option comes first, then the environment, then the terminal.
#[test]
fn colours_are_optional() {
    let folder = folder(&[]);
    let colours = |arguments: &[&str], variable: &str| {
        let mut command = command(folder.path(), arguments);
        if !variable.is_empty() {
            command.env(variable, "1");
        }
        let run = finish(command.output().unwrap());
        assert_eq!(run.code, 0, "{}", run.err);
        run.out.contains('\u{1b}')
    };
    let rule = ["explain", "binding-anonymous"];
    assert!(!colours(&rule, ""));
    assert!(colours(&rule, "CLICOLOR_FORCE"));
    assert!(colours(&[&rule[..], &["--color", "always"]].concat(), "NO_COLOR"));
    assert!(!colours(&[&rule[..], &["--color", "never"]].concat(), "CLICOLOR_FORCE"));
}

/// Both names are the same program. Usage shows the name that the user typed.
#[test]
fn kubectl_finds_the_program() {
    for (program, name) in [
        (env!("CARGO_BIN_EXE_entra-auth"), "entra-auth"),
        (env!("CARGO_BIN_EXE_kubectl-entra_auth"), "kubectl entra-auth"),
    ] {
        let run = finish(Command::new(program).args(["check", "--what"]).output().unwrap());
        assert!(run.code == 2 && run.err.contains(&format!("Usage: {name} check ")), "{}", run.err);
        let good = folder(&[("good.yaml", GOOD)]);
        let run = finish(Command::new(program).args(["check", "good.yaml"]).current_dir(good.path()).output().unwrap());
        assert!(run.code == 0 && run.out.contains("good.yaml:1"), "{}{}", run.out, run.err);
    }
}

/// A plain build is small and quick: it has no wasm engine.
#[test]
fn a_plain_build_contains_no_wasmtime() {
    let tree = |features: &[&str]| {
        let mut command = Command::new(env!("CARGO"));
        command.args(["tree", "--locked", "--offline", "-p", "entra-auth", "-e", "normal,build", "--prefix", "none"]);
        let run = finish(command.args(features).current_dir(root()).output().unwrap());
        assert_eq!(run.code, 0, "{}", run.err);
        run.out
    };
    assert!(!tree(&[]).contains("wasm"));
    assert!(tree(&["--features", "module"]).contains("wasmtime"));
}

/// Only text that cannot be broken is wider than the terminal.
#[test]
fn words_are_wrapped() {
    let page = run(&["explain", "binding-anonymous"]).out;
    for line in page.lines().filter(|line| !line.contains("http") && !line.starts_with("    ")) {
        assert!(line.chars().count() <= 100, "{line}");
    }
}
