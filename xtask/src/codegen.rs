//! All generated files: pages, schema and form from the rules and the settings keys; Artifact Hub's files and the
//! module in the manifests from the metadata; and the marked parts of other files.
//!
//! A marked part starts after a line that contains `generated: NAME` and ends before one that contains
//! `end generated`. It has the indentation of the first line. The rest of the file is written by hand.

use crate::policy_metadata::Metadata;
use crate::{
    admission_policies, artifacthub, credential_doc, deploy, fixes_doc, operators, questions, rule_doc, schema,
    settings_doc, tables,
};
use anyhow::{Context, Result, bail};
use e2e_tests::cases::{self, CASES};
use entra_auth_policy::rules;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Files with marked parts, with those of [`deploy::SOURCES`].
const MARKED: &[&str] = &["docs/why-was-i-refused.md", "e2e-tests/e2e.bats", "metadata.yml"];

pub(crate) fn run(root: &Path, check: bool) -> Result<()> {
    let wanted = wanted(root)?;
    let mut stale = Vec::new();
    for (path, text) in &wanted {
        let full = root.join(path);
        if std::fs::read_to_string(&full).is_ok_and(|found| found == *text) {
            continue;
        }
        stale.push(path.display().to_string());
        if !check {
            std::fs::create_dir_all(full.parent().unwrap_or(root))?;
            std::fs::write(&full, text)?;
        }
    }
    for folder in ["deploy/admission-policies", "docs/rules", "e2e-tests/requests"] {
        for entry in std::fs::read_dir(root.join(folder)).into_iter().flatten() {
            let path = Path::new(folder).join(entry?.file_name());
            if !wanted.contains_key(&path) {
                stale.push(format!("{} (no longer wanted)", path.display()));
                if !check {
                    std::fs::remove_file(root.join(path))?;
                }
            }
        }
    }
    match (check, stale.is_empty()) {
        (true, false) => bail!("out of date, run `make codegen`:\n  {}", stale.join("\n  ")),
        (false, false) => println!("wrote {}", stale.join(", ")),
        (_, true) => println!("{} generated files are up to date", wanted.len()),
    }
    Ok(())
}

/// Every generated file with its up-to-date text.
fn wanted(root: &Path) -> Result<BTreeMap<PathBuf, String>> {
    let docs = rule_doc::all(root)?;
    let mut files = BTreeMap::new();
    for doc in &docs {
        files.insert(Path::new("docs/rules").join(format!("{}.md", doc.rule.id)), doc.page());
    }
    files.insert(PathBuf::from("docs/rules.md"), tables::rule_index(&docs));
    files.insert(PathBuf::from("docs/fixes.md"), fixes_doc::page(&docs));
    files.insert(PathBuf::from("docs/settings.md"), settings_doc::page());
    files.insert(PathBuf::from("docs/credentials.md"), credential_doc::credentials());
    files.insert(PathBuf::from("docs/auth-modes.md"), credential_doc::auth_modes());
    let published = operators::read(root)?;
    files.insert(PathBuf::from("src/operators/table.rs"), operators::table(&published)?);
    files.insert(PathBuf::from("docs/operators.md"), operators::page(&published));
    let bats = cases::bats()?;
    let module = Metadata::read(&std::fs::read_to_string(root.join("metadata.yml"))?)?.module()?;
    let settings = std::fs::read_to_string(root.join(deploy::SETTINGS))?;
    let settings = deploy::settings_of_every_policy(&settings)?;
    for path in MARKED.iter().chain(deploy::SOURCES) {
        let text = std::fs::read_to_string(root.join(path)).with_context(|| (*path).to_owned())?;
        let part = |name: &str| match name {
            "end-to-end cases" => Some(bats.clone()),
            "settings of every policy" => Some(settings.clone()),
            name => tables::part(name, &docs),
        };
        let filled = fill(&text, part).with_context(|| (*path).to_owned())?;
        let named = if path.starts_with("deploy/") { name_module(&filled, &module) } else { filled };
        files.insert(PathBuf::from(path), named);
    }
    files.extend(admission_policies::files());
    files.insert(PathBuf::from("xtask/releases").join(format!("{RELEASE}.txt")), rules_of_release());
    let sources = files.clone();
    files.extend(deploy::manifests(&|path| match sources.get(path) {
        Some(text) => Ok(text.clone()),
        None => std::fs::read_to_string(root.join(path)).with_context(|| path.display().to_string()),
    })?);
    for case in CASES.iter().filter(|case| case.session().is_none()) {
        files.insert(case.request_path(), case.request()?);
    }
    files.insert(PathBuf::from("docs/settings.schema.json"), schema::text()?);
    let metadata = files.get(Path::new("metadata.yml")).context("metadata.yml")?;
    let metadata = Metadata::read(metadata).context("metadata.yml")?;
    let questions = questions::form(metadata.annotation("io.kubewarden.policy.description")?)?;
    let existing = |path: &str| std::fs::read_to_string(root.join(path)).ok();
    let changelog = existing("CHANGELOG.md").unwrap_or_default();
    let created_at = artifacthub::created_at(&metadata, &changelog, existing("artifacthub-pkg.yml").as_deref())?;
    let package = artifacthub::package(&metadata, &questions, &created_at)?;
    let repository = artifacthub::repository(&metadata, existing("artifacthub-repo.yml").as_deref())?;
    files.insert(PathBuf::from("artifacthub-pkg.yml"), package);
    files.insert(PathBuf::from("artifacthub-repo.yml"), repository);
    files.insert(PathBuf::from("questions-ui.yml"), questions);
    Ok(files)
}

/// This minor version, and the rules that it has. The lists of earlier versions stay as they are.
const RELEASE: &str = concat!(env!("CARGO_PKG_VERSION_MAJOR"), ".", env!("CARGO_PKG_VERSION_MINOR"));

fn rules_of_release() -> String {
    rules::all().map(|rule| format!("{}\n", rule.id)).collect()
}

/// The policies of a manifest, all of them with this module.
fn name_module(manifest: &str, module: &str) -> String {
    let line = |line: &str| match line.split_once("module: ") {
        Some((before, _)) if before.trim().is_empty() => format!("{before}module: registry://{module}\n"),
        _ => format!("{line}\n"),
    };
    manifest.lines().map(line).collect()
}

/// Replaces the text between the marks.
fn fill(text: &str, part: impl Fn(&str) -> Option<String>) -> Result<String> {
    let mut out = String::new();
    let mut inside = None;
    for line in text.lines() {
        if line.contains("end generated") {
            inside = None;
        }
        if inside.is_none() {
            out.push_str(line);
            out.push('\n');
        }
        if let Some((before, name)) = line.split_once("generated: ") {
            let name = name.trim_end_matches("-->").trim();
            let indent = &before[..before.len() - before.trim_start().len()];
            for line in part(name).with_context(|| format!("there is no generated part {name}"))?.lines() {
                out.push_str(if line.is_empty() { "" } else { indent });
                out.push_str(line);
                out.push('\n');
            }
            inside = Some(name);
        }
    }
    match inside {
        Some(name) => bail!("the generated part {name} has no end"),
        None => Ok(out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use entra_auth_policy::settings::keys::RELEASES;

    #[test]
    fn everything_is_up_to_date() {
        run(crate::root(), true).unwrap();
    }

    /// A rule that no earlier release had is in the list of newer rules, so that it warns before it denies.
    #[test]
    fn rules_know_the_release_that_they_came_with() {
        let read = |release: &&str| {
            std::fs::read_to_string(crate::root().join(format!("xtask/releases/{release}.txt"))).unwrap()
        };
        let releases: Vec<String> = RELEASES.iter().map(read).collect();
        for rule in rules::all() {
            let first = releases.iter().position(|rules| rules.lines().any(|id| id == rule.id));
            assert_eq!(first, Some(rules::release_of(rule.id)), "{}", rule.id);
        }
    }

    #[test]
    fn manifests_name_the_module() {
        let manifest = "# module: any\nspec:\n  module: registry://example.com/a:v1\n";
        assert_eq!(name_module(manifest, "b:v2"), "# module: any\nspec:\n  module: registry://b:v2\n");
    }

    #[test]
    fn parts_are_replaced_and_the_rest_is_kept() {
        let text = "a\n<!-- generated: x -->\nold\n<!-- end generated -->\nb\n";
        let part = |name: &str| (name == "x").then(|| "new\n".to_owned());
        assert_eq!(fill(text, part).unwrap(), text.replace("old", "new"));
        let text = "a:\n  # generated: x\n  old\n  # end generated\n";
        assert_eq!(fill(text, part).unwrap(), text.replace("old", "new"));
        assert!(fill("# generated: y\n# end generated\n", part).is_err());
        assert!(fill("# generated: x\n", part).is_err());
    }
}
