//! `--module`: a compiled policy gives the same answers as the built-in one, and the program checks that.

#![cfg(feature = "module")]

mod support;

use std::fs;
use support::*;

fn policy() -> String {
    root().join("policy.wasm").to_str().unwrap().to_owned()
}

/// The whole report, byte for byte, look-ups included.
#[test]
fn a_module_gives_the_same_report() {
    let fixtures = root().join("test_data/workload-identity-no-client-id");
    for format in ["text", "json", "sarif", "github", "gitlab"] {
        for options in [&["--profile", "restricted"][..], &["--cluster", "cluster.yaml", "--all"]] {
            let folder = folder(&[("cluster.yaml", ACCOUNT)]);
            fs::create_dir(folder.path().join("manifests")).unwrap();
            for file in fs::read_dir(root().join("demo")).unwrap().chain(fs::read_dir(&fixtures).unwrap()) {
                let file = file.unwrap();
                fs::copy(file.path(), folder.path().join("manifests").join(file.file_name())).unwrap();
            }
            let options = [&["--format", format], options, &["manifests"]].concat();
            let native = check(folder.path(), &options);
            let module = check(folder.path(), &[&["--module", &policy()], &options[..]].concat());
            assert!(native.out.contains("binding-anonymous"), "{}{}", native.out, native.err);
            assert_eq!((module.code, &module.out, &module.err), (native.code, &native.out, &native.err), "{options:?}");
        }
    }
}

const ACCOUNT: &str = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web, namespace: shop}\n";

#[test]
fn the_module_validates_the_settings() {
    let folder = folder(&[("wrong.yml", "profil: baseline\n"), ("good.yaml", GOOD)]);
    let native = check(folder.path(), &["--settings", "wrong.yml", "good.yaml"]);
    let module = check(folder.path(), &["--module", &policy(), "--settings", "wrong.yml", "good.yaml"]);
    assert!(module.code == 2 && module.err.contains("profil"), "{}", module.err);
    assert_eq!(module.err, native.err);
}

#[test]
fn a_module_of_another_version_ends_the_run() {
    let floor = root().join("e2e-tests/modules/floor.wasm");
    let folder = folder(&[("bad.yaml", &format!("{BAD}---\n{BAD}"))]);
    let run = check(folder.path(), &["--module", floor.to_str().unwrap(), "bad.yaml"]);
    assert_eq!(run.code, 2);
    assert_eq!(run.err.matches("different versions").count(), 1, "{}", run.err);
}

#[test]
fn a_file_that_is_not_a_module_is_named() {
    let folder = folder(&[("good.yaml", GOOD)]);
    let wrong = check(folder.path(), &["--module", "good.yaml", "good.yaml"]);
    assert!(wrong.code == 2 && wrong.err.contains("good.yaml"), "{}", wrong.err);
}

/// The engine prefers to reserve terabytes of address space, but works with less.
#[cfg(target_os = "linux")]
#[test]
fn a_small_address_space_is_enough() {
    let folder = folder(&[("bad.yaml", BAD)]);
    let mut command = std::process::Command::new("sh");
    command.args(["-c", "ulimit -v 100000000 && exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_entra-auth"), "check"]);
    let run = finish(command.args(["--module", &policy()]).arg(folder.path()).output().unwrap());
    assert!(run.code == 1 && run.out.contains("binding-anonymous"), "{}{}", run.out, run.err);
}
