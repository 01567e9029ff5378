//! The recipe for a new rule in `CONTRIBUTING.md`: its commands, run literally in a copy of the tree, end green.

use std::path::{Path, PathBuf};
use std::process::Command;

const GROUP: &str = "aws";
const ID: &str = "aws-recipe-example";

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// The commands of the recipe, in order: the lines of its `sh` blocks.
fn commands() -> Vec<String> {
    let page = std::fs::read_to_string(root().join("CONTRIBUTING.md")).unwrap();
    let (_, recipe) = page.split_once("\n## A rule in ten minutes\n").expect("the recipe has a heading");
    let recipe = recipe.split("\n## ").next().unwrap();
    let mut inside = false;
    let mut commands = Vec::new();
    for line in recipe.lines().map(str::trim) {
        match line {
            "```sh" => inside = true,
            "```" => inside = false,
            _ if inside => commands.push(line.replace("<group>", GROUP).replace("<id>", ID)),
            _ => {}
        }
    }
    commands
}

/// Copies what git tracks or would track into `copy`, and removes everything else from there. Files that have
/// not changed keep their modification times, so that a second run builds little.
fn copy_tree(copy: &Path) {
    let listed = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(listed.status.success(), "git ls-files failed");
    let listed = String::from_utf8(listed.stdout).unwrap();
    let files: Vec<&Path> = listed.split_terminator('\0').map(Path::new).collect();
    let mut kept: Vec<PathBuf> = Vec::new();
    for file in files {
        // A deleted file is listed until the deletion is committed.
        let Ok(bytes) = std::fs::read(root().join(file)) else { continue };
        let to = copy.join(file);
        if std::fs::read(&to).ok().as_ref() != Some(&bytes) {
            std::fs::create_dir_all(to.parent().unwrap()).unwrap();
            std::fs::write(&to, bytes).unwrap();
            let mode = std::fs::metadata(root().join(file)).unwrap().permissions();
            std::fs::set_permissions(&to, mode).unwrap();
        }
        kept.push(to);
    }
    kept.sort();
    remove_others(copy, &kept);
}

fn remove_others(folder: &Path, kept: &[PathBuf]) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            remove_others(&path, kept);
        } else if kept.binary_search(&path).is_err() {
            std::fs::remove_file(path).unwrap();
        }
    }
}

/// Links what has been built in `from` into `to`, from which cargo takes the packages that are not part of the tree.
fn link(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let from = entry.unwrap().path();
        let to = to.join(from.file_name().unwrap());
        if from.is_dir() {
            link(&from, &to);
        } else if !to.exists() {
            std::fs::hard_link(from, to).unwrap();
        }
    }
}

/// Programs and tests of the copy are built as `make test` builds those of this tree.
const OPTIONS: &str = "-q --locked --workspace --features entra-auth/full";

/// How a command of the recipe is run here.
fn as_built_here(command: &str) -> String {
    command
        .replace("cargo run -q -p xtask --", env!("CARGO_BIN_EXE_xtask"))
        .replace("cargo test -q", &format!("cargo test {OPTIONS} --test fixtures"))
}

#[test]
fn a_new_rule_is_green_after_the_recipe() {
    // The folder of this program is `debug/deps` of the target folder.
    let target = std::env::current_exe().unwrap().ancestors().nth(3).unwrap().to_owned();
    let copy = target.join("recipe/tree");
    std::fs::create_dir_all(&copy).unwrap();
    copy_tree(&copy);
    // A target folder of its own: programs of the copy must not replace those of this tree.
    let built = target.join("recipe/target");
    for folder in [".fingerprint", "build", "deps"] {
        link(&target.join("debug").join(folder), &built.join("debug").join(folder));
    }
    let run = |command: &str| {
        let output = Command::new("sh")
            .args(["-c", command])
            .current_dir(&copy)
            .env("CARGO_TARGET_DIR", &built)
            .env_remove("MAKEFLAGS")
            .env_remove("UPDATE_FIXTURES")
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.success(), "{command}\n{}{}", text(&output.stdout), text(&output.stderr));
    };
    let commands = commands();
    let (last, steps) = commands.split_last().expect("the recipe has commands");
    assert!(steps.len() >= 3, "{commands:?}");
    steps.iter().for_each(|command| run(&as_built_here(command)));
    // `make test` runs this test too. These are its parts that a new rule can break: the rest is about the
    // compiled module.
    assert_eq!(last, "make test");
    let tests =
        ["advice", "documentation", "fixtures", "gates", "layers", "messages"].map(|test| format!(" --test {test}"));
    run("cargo fmt --all --check");
    run("$CARGO_TARGET_DIR/debug/xtask codegen --check");
    run(&format!("cargo test {OPTIONS}{}", tests.concat()));
    let read = |path: &str| std::fs::read_to_string(copy.join(path)).unwrap();
    assert!(read(&format!("test_data/{ID}/deny-example.out")).contains(ID));
    assert!(read("docs/rules.md").contains(ID));
    assert!(copy.join(format!("docs/rules/{ID}.md")).is_file());
}
