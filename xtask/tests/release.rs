//! The version of a release is in `Cargo.toml` and its address in `metadata.yml`. Other files agree or are generated.

use serde_json::Value;
use std::path::{Path, PathBuf};

const VERSION: &str = env!("CARGO_PKG_VERSION");

fn read(path: impl AsRef<Path>) -> String {
    let path = e2e_tests::root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn yaml(path: &str) -> Value {
    serde_saphyr::from_str(&read(path)).unwrap()
}

fn annotation(name: &str) -> String {
    yaml("metadata.yml")["annotations"][format!("io.kubewarden.policy.{name}")].as_str().unwrap().to_owned()
}

/// The files of the repository, relative to its root, without build output and git's files.
fn files() -> Vec<PathBuf> {
    let root = e2e_tests::root();
    let (mut files, mut folders) = (Vec::new(), vec![root.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                let built = name.starts_with("target") || name == "node_modules" || name == ".git";
                folders.extend((!built).then_some(path));
            } else {
                files.push(path.strip_prefix(root).unwrap().to_owned());
            }
        }
    }
    files
}

#[test]
fn versions_agree() {
    assert_eq!(annotation("version"), VERSION);
    assert_eq!(yaml("artifacthub-pkg.yml")["version"], VERSION);
    // Packages that are part of the release share its version.
    for package in files().iter().filter(|path| path.ends_with("Cargo.toml") && !path.starts_with("fuzz")) {
        let text = read(package);
        let shared = text.lines().any(|line| line.trim() == "version.workspace = true");
        assert!(shared, "{} must use the version of the workspace", package.display());
    }
}

/// The changelog begins with unreleased changes or with this version and its date.
#[test]
fn the_changelog_begins_with_this_version() {
    let text = read("CHANGELOG.md");
    let newest = text.lines().find_map(|line| line.strip_prefix("## ")).unwrap();
    let released = newest.strip_prefix(VERSION).and_then(|rest| rest.strip_prefix(" - "));
    let is_day = |day: &str| day.len() == 10 && day.chars().all(|c| c.is_ascii_digit() || c == '-');
    assert!(newest == "Unreleased" || released.is_some_and(is_day), "{newest}");
}

/// Only `metadata.yml` has the address. Other files that contain it are generated.
#[test]
fn the_address_is_in_one_place() {
    let address = annotation("ociUrl");
    let mut naming = Vec::new();
    for path in files() {
        // Built modules carry their metadata.
        let Ok(text) = std::fs::read_to_string(e2e_tests::root().join(&path)) else { continue };
        let generated = path == Path::new("artifacthub-pkg.yml");
        let by_hand = text.lines().filter(|line| {
            let module = path.starts_with("deploy") && line.trim().starts_with("module: registry://");
            line.contains(&address) && !module
        });
        if !generated && by_hand.count() > 0 {
            naming.push(path);
        }
    }
    assert_eq!(naming, [Path::new("metadata.yml")]);
}

/// `make publish` and the release workflow read the address without a YAML parser.
#[test]
fn make_reads_the_same_address() {
    let output =
        std::process::Command::new("make").args(["--silent", "address"]).current_dir(e2e_tests::root()).output();
    assert_eq!(String::from_utf8(output.unwrap().stdout).unwrap().trim(), annotation("ociUrl"));
}

/// Writing pages must not need wasmtime, by far the longest build.
#[test]
fn xtask_is_built_without_an_engine() {
    let output = std::process::Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--locked", "--package", "xtask", "--edges", "normal,build", "--prefix", "none"])
        .current_dir(e2e_tests::root())
        .output()
        .unwrap();
    let tree = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(tree.lines().any(|line| line.starts_with("wasmparser ")), "{tree}");
    let engines: Vec<_> =
        tree.lines().filter(|line| line.starts_with("wasmtime") || line.starts_with("host ")).collect();
    assert!(engines.is_empty(), "{engines:#?}");
}
