//! What the pages show is what the policy does. Every block of YAML in them says what it is:
//!
//! - `yaml settings`: settings that the policy accepts;
//! - `yaml allow`: objects in which it finds nothing;
//! - `yaml finds RULE`: objects in which that rule, and no other, finds something.
//!
//! The pages of single rules are generated from examples that `fixtures.rs` runs.

mod settings;

use admission::cluster::MemoryCluster;
use admission::{Change, payload, request};
use entra_auth_policy::{Evaluation, Host, evaluate};
use manifest::{objects, parse};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The pages, relative to the root.
fn pages() -> Vec<PathBuf> {
    let mut pages = Vec::new();
    for folder in ["", "docs", "docs/rules"] {
        for entry in std::fs::read_dir(root().join(folder)).unwrap() {
            let name = entry.unwrap().file_name();
            pages.extend(Some(Path::new(folder).join(name)).filter(|path| path.extension().is_some_and(|e| e == "md")));
        }
    }
    pages.sort();
    pages
}

struct Block {
    /// `FILE:LINE`, for people.
    place: String,
    language: String,
    /// The words after the language.
    mark: String,
    text: String,
}

/// The fenced blocks of a page, the indented ones in lists included.
fn blocks(page: &Path) -> Vec<Block> {
    let text = read(page);
    let mut blocks: Vec<Block> = Vec::new();
    let mut indent = None;
    for (number, line) in text.lines().enumerate() {
        let fence = line.trim_start().strip_prefix("```");
        match (indent, fence) {
            (None, Some(info)) => {
                let (language, mark) = info.split_once(' ').unwrap_or((info, ""));
                let place = format!("{}:{}", page.display(), number + 1);
                let (language, mark) = (language.to_owned(), mark.to_owned());
                blocks.push(Block { place, language, mark, text: String::new() });
                indent = Some(line.len() - line.trim_start().len());
            }
            (Some(_), Some(_)) => indent = None,
            (Some(indent), None) => {
                let block = blocks.last_mut().unwrap();
                block.text.push_str(line.get(indent..).unwrap_or_default());
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(indent.is_none(), "{}: a block has no end", page.display());
    blocks
}

fn evaluation(object: &Value) -> Evaluation {
    let request = request(object, &Change::Create, None);
    let host = Host { today: &admission::fixture::today, cluster: &MemoryCluster::Unasked };
    evaluate(&payload(&request, &json!({})), &host)
}

/// Each rule says on which version its feature depends, or that it does not.
#[test]
fn the_page_of_versions_names_every_rule() {
    let page = read(Path::new("docs/kubernetes-and-aks-versions.md"));
    for rule in entra_auth_policy::rules::all() {
        let link = format!("[{0}](rules/{0}.md)", rule.id);
        // The page of a new rule does not exist before it is generated.
        let is_named = page.contains(&link) || page.contains(&format!("`{}`", rule.id));
        assert!(is_named, "docs/kubernetes-and-aks-versions.md does not name {}", rule.id);
    }
}

#[test]
fn examples_do_what_they_say() {
    let mut counts = BTreeMap::new();
    for page in pages().iter().filter(|page| !page.starts_with("docs/rules")) {
        for Block { place, mark, text, .. } in blocks(page).iter().filter(|block| block.language == "yaml") {
            let (kind, rule) = mark.split_once(' ').unwrap_or((mark, ""));
            *counts.entry(kind.to_owned()).or_insert(0) += 1;
            if kind == "settings" {
                let settings = parse(text).unwrap_or_else(|error| panic!("{place}: {error:#}"));
                settings::check(&settings).unwrap_or_else(|error| panic!("{place}: {error}"));
                continue;
            }
            for object in objects(text) {
                let object = object.unwrap_or_else(|error| panic!("{place}: {error:#}"));
                let findings = evaluation(&object).findings;
                let found: Vec<&str> = findings.iter().map(|finding| finding.rule.id).collect();
                match kind {
                    "allow" => assert!(found.is_empty(), "{place}: {found:?}"),
                    "finds" => assert_eq!(found, [rule], "{place}"),
                    _ => panic!("{place}: the block does not say whether it is settings, allowed or found"),
                }
            }
        }
    }
    for kind in ["settings", "allow", "finds"] {
        assert!(counts.contains_key(kind), "no block is marked `{kind}`: {counts:?}");
    }
}

/// README and docs/why-was-i-refused.md show the message that this binding gets.
#[test]
fn denials_read_as_shown() {
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "team", "namespace": "shop"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
        "subjects": [
            {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "system:anonymous"},
            {"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "platform-team"},
        ],
    });
    let message = evaluation(&binding).response.message.unwrap();
    let (problems, _) = message.split_once("rules: ").unwrap();
    for page in ["README.md", "docs/why-was-i-refused.md"] {
        let shown = blocks(Path::new(page)).into_iter().any(|block| block.text.contains(problems));
        assert!(shown, "{page} does not show\n{problems}");
    }
}

/// Links between pages lead to a file, and to a heading of it where they name one.
#[test]
fn links_lead_somewhere() {
    let mut count = 0;
    for page in pages() {
        let text = read(&page);
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
        for target in targets.filter(|target| !target.contains("://")) {
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let path = if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            assert!(root().join(&path).exists(), "{}: {target} does not exist", page.display());
            if !heading.is_empty() {
                let found = read(&path).lines().any(|line| line.starts_with('#') && anchor(line) == heading);
                assert!(found, "{}: {target} has no such heading", page.display());
            }
            count += 1;
        }
    }
    assert!(count > 100, "only {count} links");
}

#[test]
fn commands_of_make_exist() {
    let makefile = read(Path::new("Makefile"));
    let mut count = 0;
    for page in pages() {
        let text = read(&page);
        let commands = text.lines().filter_map(|line| line.strip_prefix("make ")).chain(text.split("`make ").skip(1));
        for command in commands {
            let target = command.split(|c: char| c.is_whitespace() || c == '`').next().unwrap();
            let known =
                makefile.lines().any(|line| line.strip_prefix(target).is_some_and(|rest| rest.starts_with(':')));
            assert!(known, "{}: the Makefile has no {target}", page.display());
            count += 1;
        }
    }
    assert!(count > 5, "only {count} commands");
}

/// The name that GitHub gives a heading.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = text.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}
