//! Starts a rule: its file, its line in the table of its group, its row in the table of fixes and two fixtures. The template is a complete rule
//! that passes all tests.

use anyhow::{Context, Result, bail};
use std::path::Path;

pub(crate) fn run(root: &Path, group: &str, id: &str) -> Result<()> {
    let folder = root.join("src/rules").join(group.replace('-', "_"));
    if !folder.join("mod.rs").is_file() {
        bail!("there is no group {group}: the groups are the folders of src/rules");
    }
    if id.is_empty() || !id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
        bail!("a rule's id is in kebab case, for example binding-anonymous");
    }
    let module = id.replace('-', "_");
    let file = folder.join(format!("{module}.rs"));
    if file.exists() {
        bail!("{} exists already", file.display());
    }
    std::fs::write(&file, TEMPLATE.replace("RULE-ID", id))?;
    register(&folder.join("mod.rs"), &module)?;
    answer(&root.join("crates/fixes/src/rules").join(format!("{}.rs", group.replace('-', "_"))), id)?;
    list(&root.join("docs/kubernetes-and-aks-versions.md"), id)?;
    let fixtures = root.join("test_data").join(id);
    std::fs::create_dir_all(&fixtures)?;
    for (name, object) in [("deny-example.yaml", id), ("allow-example.yaml", "fine")] {
        std::fs::write(fixtures.join(name), FIXTURE.replace("NAME", object))?;
    }
    println!("wrote {} and test_data/{id}/; continue with step 3 in CONTRIBUTING.md", file.display());
    Ok(())
}

/// Lists the rule on the page of versions, among those that do not depend on one.
fn list(page: &Path, id: &str) -> Result<()> {
    let text = std::fs::read_to_string(page)?;
    let (rules, sources) = text.split_once("\n## Sources\n").context("the page of versions has no sources")?;
    Ok(std::fs::write(page, format!("{rules}- `{id}`\n\n## Sources\n{sources}"))?)
}

/// Says in the table of fixes that the rule has none yet.
fn answer(rows: &Path, id: &str) -> Result<()> {
    let text = std::fs::read_to_string(rows)?;
    let start = text.find("const ROWS: &[Row] = &[\n").context("the group has no table of fixes")?;
    let end = start + text[start..].find("\n];").context("the table of fixes has no end")?;
    let (head, tail) = text.split_at(end);
    let row = format!("    crate::table::none(\"{id}\", \"why there is no fix\"),");
    Ok(std::fs::write(rows, format!("{head}\n{row}{tail}"))?)
}

/// Adds the module and the entry at the end of the group's table.
fn register(path: &Path, module: &str) -> Result<()> {
    let text = std::fs::read_to_string(path)?;
    let last = text.rfind("pub mod ").map(|at| at + text[at..].find('\n').unwrap_or_default() + 1);
    let insert = last.or_else(|| text.find("use crate::rules::Group;")).context("the group declares no module")?;
    let (head, tail) = text.split_at(insert);
    let text = format!("{head}pub mod {module};\n{tail}");
    let rules = text.find("rules: &[").context("the group has no table of rules")?;
    let end = rules
        + text[rules..]
            .find(']')
            .and_then(|first| {
                // The opening bracket of the table comes first, its closing one is followed by a comma.
                text[rules + first..].find("],").map(|second| first + second)
            })
            .context("the table of rules has no end")?;
    let (head, tail) = text.split_at(end);
    let comma = if head.trim_end().ends_with(['[', ',']) { "" } else { "," };
    std::fs::write(path, format!("{}{comma}\n        &{module}::RULE,\n    {tail}", head.trim_end()))?;
    Ok(())
}

const TEMPLATE: &str = r#"//! One sentence that says what is wrong.
//!
//! # Why
//!
//! What an attacker or an outage makes of it, and for whom it is fine.
//!
//! ```yaml deny
//! apiVersion: v1
//! kind: ConfigMap
//! metadata:
//!   name: RULE-ID
//!   namespace: shop
//! ```
//!
//! # Fix
//!
//! What to do instead.
//!
//! ```yaml allow
//! apiVersion: v1
//! kind: ConfigMap
//! metadata:
//!   name: fine
//!   namespace: shop
//! ```
//!
//! # Source
//!
//! - [The page that states the facts](https://learn.microsoft.com/azure/aks/)

use crate::finding::Severity;
use crate::object::Object;
use crate::rule::{Check, Rule, RuleContext};
use kubernetes::kind;
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "RULE-ID",
    summary: docs_only("the fault in one line"),
    remediation: "what to do, as an imperative",
    severity: Severity::Medium,
    checks: &[Check::Kinds(&[kind::CONFIG_MAP], check)],
};

fn check<'a>(cx: &mut RuleContext<'a>, object: &Object<'a>) {
    if object.name == RULE.id {
        cx.report(object.metadata().get("name"), "is the name of the example");
    }
}
"#;

const FIXTURE: &str = "apiVersion: v1
kind: ConfigMap
metadata: {name: NAME, namespace: shop}
";

#[cfg(test)]
mod tests {
    use super::*;

    /// `tests/recipe.rs` compiles a new rule of one group.
    #[test]
    fn a_new_rule_is_registered_in_every_group() {
        let folder = std::env::temp_dir().join(format!("new-rule-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("docs")).unwrap();
        std::fs::write(folder.join("docs/kubernetes-and-aks-versions.md"), "- a rule\n\n## Sources\n").unwrap();
        let fixes = Path::new("crates/fixes/src/rules");
        std::fs::create_dir_all(folder.join(fixes)).unwrap();
        for group in entra_auth_policy::rules::GROUPS {
            let group = group.id.replace('-', "_");
            let target = folder.join("src/rules").join(&group);
            std::fs::create_dir_all(&target).unwrap();
            let original = crate::root().join("src/rules").join(&group).join("mod.rs");
            std::fs::copy(original, target.join("mod.rs")).unwrap();
            let rows = fixes.join(format!("{group}.rs"));
            std::fs::copy(crate::root().join(&rows), folder.join(&rows)).unwrap();
            let id = format!("{}-example", group.replace('_', "-"));
            run(&folder, &group, &id).unwrap();
            assert!(run(&folder, &group, &id).is_err(), "must not overwrite");
            let module = id.replace('-', "_");
            let table = std::fs::read_to_string(target.join("mod.rs")).unwrap();
            assert!(table.contains(&format!("pub mod {module};\n")), "{table}");
            assert!(table.contains(&format!("        &{module}::RULE,\n    ],")), "{table}");
            assert!(target.join(format!("{module}.rs")).is_file());
            let rows = std::fs::read_to_string(folder.join(&rows)).unwrap();
            assert!(
                rows.contains(&format!("    crate::table::none(\"{id}\", \"why there is no fix\"),\n];")),
                "{rows}"
            );
        }
        assert!(run(&folder, "nowhere", "x").is_err());
        assert!(run(&folder, "binding", "Not-Kebab").is_err());
        std::fs::remove_dir_all(folder).unwrap();
    }
}
