//! The messages of `make` if a program is missing that it cannot install: which one, where to get it, and that
//! nothing was tested or published.

use e2e_tests::root;
use std::process::{Command, Output};

/// Runs a target with only the programs on the path that reading the Makefile needs, and stubs for `present`.
fn make(target: &str, present: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let path = std::env::var_os("PATH").unwrap();
    let find = |name: &str| std::env::split_paths(&path).map(|folder| folder.join(name)).find(|path| path.exists());
    for name in ["find", "sed"] {
        std::os::unix::fs::symlink(find(name).unwrap(), folder.path().join(name)).unwrap();
    }
    for name in present {
        // Found but never run: the target stops before.
        std::os::unix::fs::symlink("/bin/false", folder.path().join(name)).unwrap();
    }
    let mut command = Command::new(find("make").unwrap());
    command.arg(target).current_dir(root()).env("PATH", folder.path());
    for inherited in ["MAKEFLAGS", "MAKELEVEL", "MFLAGS"] {
        command.env_remove(inherited);
    }
    command.output().unwrap()
}

#[track_caller]
fn stops(target: &str, present: &[&str], missing: &str, source: &str) {
    let output = make(target, present);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success(), "make {target} succeeds");
    assert!(said.contains(missing) && said.contains(source), "make {target} says\n{said}");
    assert!(output.stdout.is_empty(), "make {target} does something first: {:?}", String::from_utf8(output.stdout));
}

#[test]
fn end_to_end_tests_do_not_pretend() {
    stops("e2e-tests", &[], "kwctl is missing", "https://docs.kubewarden.io");
    stops("e2e-tests", &["kwctl"], "bats is missing", "apt-get install bats");
}

#[test]
fn publishing_needs_a_client_of_registries() {
    for target in ["publish", "verify"] {
        stops(target, &[], "kwctl or oras is needed", "https://oras.land");
    }
}
