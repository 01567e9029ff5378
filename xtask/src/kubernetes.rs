//! The table of Kubernetes' own resources, read from the source of k8s-openapi.

use anyhow::{Context, Result};
use serde_json::Value;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The generated file.
const TABLE: &str = "crates/kubernetes/src/resources.rs";

/// Cluster-scoped resources that have no type. RBAC and the certificate signer check access to them, but the API
/// does not serve them.
const VIRTUAL: &[(&str, &[&str])] = &[
    ("", &["groups", "users"]),
    ("authentication.k8s.io", &["groups", "nodes", "uids", "userextras", "users"]),
    ("certificates.k8s.io", &["signers"]),
];

/// Groups that Kubernetes no longer serves, or that one of its own add-ons serves.
const MORE_GROUPS: &[&str] = &["extensions", "metrics.k8s.io"];

/// The authorizer treats a request for a namespace as one made inside it, so a Role can grant it.
const NOT_OUTSIDE_NAMESPACES: &str = "namespaces";

pub(crate) fn write(root: &Path) -> Result<()> {
    std::fs::write(root.join(TABLE), table(&source(root)?)?).context(TABLE)
}

/// The folder of k8s-openapi that describes the Kubernetes version in use.
fn source(root: &Path) -> Result<PathBuf> {
    // Without a platform, cargo would fetch the dependencies of all platforms first.
    let host = Command::new("rustc").args(["--print", "host-tuple"]).output().context("rustc")?.stdout;
    let output = Command::new("cargo")
        .args(["metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform"])
        .arg(String::from_utf8(host)?.trim())
        .current_dir(root)
        .output()
        .context("cargo")?;
    let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo metadata")?;
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let package = list(&metadata["packages"]).into_iter().find(|package| package["name"] == "k8s-openapi");
    let package = package.context("k8s-openapi is not a dependency")?;
    let node = list(&metadata["resolve"]["nodes"]).into_iter().find(|node| node["id"] == package["id"]);
    let features = node.map(|node| list(&node["features"])).unwrap_or_default();
    let version = features.iter().filter_map(Value::as_str).find(|feature| feature.starts_with("v1_"));
    let manifest = Path::new(package["manifest_path"].as_str().context("manifest_path")?);
    Ok(manifest.with_file_name("src").join(version.context("no version of Kubernetes is selected")?))
}

#[derive(Default)]
struct Resource {
    plural: String,
    scope: String,
    versions: BTreeSet<String>,
}

/// Reads every `impl crate::Resource for …`, by group and kind.
fn read(folder: &Path, resources: &mut BTreeMap<(String, String), Resource>) -> Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            read(&path, resources)?;
            continue;
        }
        let text = std::fs::read_to_string(&path)?;
        for block in text.split("\nimpl crate::Resource for ").skip(1) {
            let block = block.split_once("\n}").map_or(block, |(block, _)| block);
            let member = |name: &str| {
                let line = block.lines().find_map(|line| line.trim().strip_prefix(name));
                let value = line.and_then(|line| line.split_once(" = ")).map(|(_, value)| value);
                value.map(|value| value.trim_matches(['"', ';']).to_owned()).with_context(|| format!("{name}: {block}"))
            };
            let (kind, plural) = (member("const KIND")?, member("const URL_PATH_SEGMENT")?);
            // Types of answers are not resources: `Status` and the lists of discovery.
            if kind == "Status" || plural.is_empty() {
                continue;
            }
            let scope = match member("type Scope")?.as_str() {
                "crate::ClusterResourceScope" => "Cluster",
                "crate::NamespaceResourceScope" => "Namespaced",
                _ => "Subresource",
            };
            let resource = resources.entry((member("const GROUP")?, kind)).or_default();
            resource.versions.insert(member("const VERSION")?);
            (resource.plural, resource.scope) = (plural, scope.to_owned());
        }
    }
    Ok(())
}

/// The file, as `cargo fmt` leaves it.
fn table(source: &Path) -> Result<String> {
    let mut resources = BTreeMap::new();
    read(source, &mut resources)?;
    let mut outside: BTreeMap<&str, BTreeSet<&str>> =
        VIRTUAL.iter().map(|(group, names)| (*group, names.iter().copied().collect())).collect();
    let mut groups: BTreeSet<&str> = MORE_GROUPS.iter().copied().collect();
    let mut rows = String::new();
    for ((group, kind), Resource { plural, scope, versions }) in &resources {
        groups.insert(group);
        if scope == "Cluster" && plural != NOT_OUTSIDE_NAMESPACES {
            outside.entry(group).or_default().insert(plural);
        }
        let mut versions: Vec<&String> = versions.iter().collect();
        versions.sort_by_key(|version| (version.contains("alpha"), version.contains("beta"), Reverse(*version)));
        let _ = writeln!(rows, "({group:?}, {kind:?}, {plural:?}, Scope::{scope}, &{versions:?}),");
    }
    let outside: String =
        outside.iter().map(|(group, names)| format!("({group:?}, &{:?}),\n", Vec::from_iter(names))).collect();
    let groups: String = groups.iter().map(|group| format!("{group:?},\n")).collect();
    let text = format!(
        "//! Kubernetes' own resources. Generated by `cargo run -p xtask -- kubernetes` from k8s-openapi.\n\n\
         #[derive(Clone, Copy, Debug, PartialEq, Eq)]\npub enum Scope {{ Cluster, Namespaced, Subresource }}\n\n\
         /// Group, kind, plural (of a subresource, its own name), scope, and versions, newest first.\n\
         pub type Resource = (&'static str, &'static str, &'static str, Scope, &'static [&'static str]);\n\n\
         pub const RESOURCES: &[Resource] = &[\n{rows}];\n\n\
         /// Resources outside namespaces, by group. Namespaces are left out: a Role can grant access to its own.\n\
         pub const CLUSTER_SCOPED: &[(&str, &[&str])] = &[\n{outside}];\n\n\
         /// API groups that Kubernetes or its own add-ons serve.\n\
         pub const BUILT_IN_GROUPS: &[&str] = &[\n{groups}];\n"
    );
    format(&text)
}

/// Rust as `cargo fmt` leaves it.
pub(crate) fn format(text: &str) -> Result<String> {
    use std::io::Write;
    use std::process::Stdio;
    let mut rustfmt = Command::new("rustfmt")
        .args(["--edition", "2024", "--config-path", concat!(env!("CARGO_MANIFEST_DIR"), "/../rustfmt.toml")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("rustfmt")?;
    rustfmt.stdin.take().context("rustfmt")?.write_all(text.as_bytes())?;
    let output = rustfmt.wait_with_output()?;
    anyhow::ensure!(output.status.success(), "rustfmt failed");
    Ok(String::from_utf8(output.stdout)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_up_to_date() {
        let root = crate::root();
        let found = std::fs::read_to_string(root.join(TABLE)).unwrap();
        let expected = table(&source(root).unwrap()).unwrap();
        assert!(found == expected, "{TABLE} is out of date: run `cargo run -p xtask -- kubernetes`");
    }
}
