//! Starts a rule: everything that "a rule in ten minutes" asks for, with gaps to fill.

use anyhow::{Context, Result, bail};
use std::path::Path;

pub fn run(root: &Path, group: &str, id: &str) -> Result<()> {
    let folder = root.join("src/rules").join(group.replace('-', "_"));
    if !folder.join("mod.rs").is_file() {
        bail!("no group is called {group}: see src/rules");
    }
    if id.is_empty() || !id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
        bail!("a rule's id is kebab-case: binding-anonymous");
    }
    let module = id.replace('-', "_");
    let file = folder.join(format!("{module}.rs"));
    if file.exists() {
        bail!("{} exists", file.display());
    }
    std::fs::write(&file, TEMPLATE.replace("RULE-ID", id))?;
    register(&folder.join("mod.rs"), &module)?;
    let fixtures = root.join("test_data").join(id);
    std::fs::create_dir_all(&fixtures)?;
    std::fs::write(fixtures.join("deny-example.yaml"), DENY)?;
    std::fs::write(fixtures.join("allow-example.yaml"), ALLOW)?;
    println!(
        "wrote src/rules/{group}/{module}.rs and test_data/{id}/\n\
         next: write the decision and the text, then\n  \
         UPDATE_FIXTURES=1 cargo test -p admission   (and read the .out files)\n  make codegen test"
    );
    Ok(())
}

/// Adds the module and the entry at the end of the group's table.
fn register(path: &Path, module: &str) -> Result<()> {
    let text = std::fs::read_to_string(path)?;
    let last = text.rfind("pub mod ").map(|at| at + text[at..].find('\n').unwrap_or_default() + 1);
    let insert = last.or_else(|| text.find("use crate::rules::Group;")).context("no place for the module")?;
    let (head, tail) = text.split_at(insert);
    let text = format!("{head}pub mod {module};\n{tail}");
    let rules = text.find("rules: &[").context("no table of rules")?;
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
//! What it leads to, and for whom it is fine.
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
//! - [Where this comes from](https://learn.microsoft.com/azure/aks/)

use crate::finding::Severity;
use crate::kind;
use crate::object::Object;
use crate::rule::{Check, Cx, Rule, for_readers};

pub static RULE: Rule = Rule {
    id: "RULE-ID",
    summary: for_readers("the fault in one line"),
    help: "what to do, as an imperative",
    severity: Severity::Medium,
    checks: &[Check::Kinds(&[kind::CONFIG_MAP], check)],
};

fn check<'a>(cx: &mut Cx<'a>, object: &Object<'a>) {
    if object.name == RULE.id {
        cx.report(object.metadata().member("name"), "is the example of a new rule");
    }
}
"#;

const DENY: &str = "apiVersion: v1
kind: ConfigMap
metadata: {name: change-me, namespace: shop}
";

const ALLOW: &str = "apiVersion: v1
kind: ConfigMap
metadata: {name: fine, namespace: shop}
";

#[cfg(test)]
mod tests {
    use super::*;

    /// The recipe of CONTRIBUTING.md, on a copy: what it writes is what the table needs.
    #[test]
    fn a_new_rule_is_registered_in_every_group() {
        let folder = std::env::temp_dir().join(format!("new-rule-{}", std::process::id()));
        for group in entra_auth_policy::rules::GROUPS {
            let group = group.id.replace('-', "_");
            let target = folder.join("src/rules").join(&group);
            std::fs::create_dir_all(&target).unwrap();
            let original = crate::root().join("src/rules").join(&group).join("mod.rs");
            std::fs::copy(original, target.join("mod.rs")).unwrap();
            let id = format!("{}-example", group.replace('_', "-"));
            run(&folder, &group, &id).unwrap();
            assert!(run(&folder, &group, &id).is_err(), "never overwrites");
            let module = id.replace('-', "_");
            let table = std::fs::read_to_string(target.join("mod.rs")).unwrap();
            assert!(table.contains(&format!("pub mod {module};\n")), "{table}");
            assert!(table.contains(&format!("        &{module}::RULE,\n    ],")), "{table}");
            assert!(target.join(format!("{module}.rs")).is_file());
        }
        assert!(run(&folder, "nowhere", "x").is_err());
        assert!(run(&folder, "binding", "Not-Kebab").is_err());
        std::fs::remove_dir_all(folder).unwrap();
    }
}
