//! The table and the page of operators, from `operators/*.yaml`.

use crate::kubernetes::format;
use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use std::fmt::Write;
use std::path::Path;

/// One file: facts about what a product publishes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Operator {
    pub name: String,
    pub title: String,
    /// The namespace that its documentation uses.
    namespace: String,
    reason: String,
    note: String,
    source: Source,
    accounts: Vec<String>,
    #[serde(default)]
    holds: Vec<Held>,
    roles: Vec<Role>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    repository: String,
    chart: String,
    versions: Vec<String>,
}

/// A ClusterRole of Kubernetes that accounts of the operator hold.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Held {
    cluster_role: String,
    accounts: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Role {
    kind: String,
    names: Vec<String>,
    /// Whether it is made to be bound to users, such as an aggregated edit role.
    #[serde(default)]
    users: bool,
    /// Namespaces of a Role in addition to the operator's own.
    #[serde(default)]
    namespaces: Vec<String>,
    grants: Vec<Grant>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Grant {
    #[serde(default)]
    groups: Vec<String>,
    #[serde(default)]
    resources: Vec<String>,
    #[serde(default)]
    urls: Vec<String>,
    verbs: Vec<String>,
    #[serde(default)]
    names: Vec<String>,
}

/// Every operator, by name.
pub(crate) fn read(root: &Path) -> Result<Vec<Operator>> {
    let folder = root.join("operators");
    let mut files = std::fs::read_dir(&folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    files.sort();
    let mut operators = Vec::new();
    for path in files.iter().filter(|path| path.extension().is_some_and(|extension| extension == "yaml")) {
        let text = std::fs::read_to_string(path)?;
        let operator: Operator = serde_saphyr::from_str(&text).with_context(|| path.display().to_string())?;
        ensure!(path.file_stem().is_some_and(|stem| stem == operator.name.as_str()), "{}: name", path.display());
        ensure!(!operator.source.versions.is_empty(), "{}: no version was examined", path.display());
        for role in &operator.roles {
            ensure!(matches!(role.kind.as_str(), "Role" | "ClusterRole"), "{}: kind {}", path.display(), role.kind);
            ensure!(!role.names.is_empty() && !role.grants.is_empty(), "{}: an empty role", path.display());
            role.ceiling().with_context(|| path.display().to_string())?;
        }
        operators.push(operator);
    }
    Ok(operators)
}

impl Role {
    /// The grants as `PublishedRole::ceiling` holds them.
    fn ceiling(&self) -> Result<String> {
        let mut rules = Vec::new();
        for grant in &self.grants {
            let lists = [&grant.groups, &grant.resources, &grant.urls, &grant.verbs, &grant.names];
            let entries = || lists.iter().flat_map(|list| list.iter());
            ensure!(entries().all(|entry| !entry.contains(['|', ';', ','])), "a grant has a separator in an entry");
            let (first, second) = match grant.urls.as_slice() {
                [] => (grant.groups.join(","), grant.resources.join(",")),
                urls => ("URL".to_owned(), urls.join(",")),
            };
            ensure!(!second.is_empty() && !grant.verbs.is_empty(), "a grant is empty");
            let mut rule = format!("{first}|{second}|{}", grant.verbs.join(","));
            if !grant.names.is_empty() {
                let _ = write!(rule, "|{}", grant.names.join(","));
            }
            rules.push(rule);
        }
        Ok(rules.join(";"))
    }
}

/// `src/operators/table.rs`.
pub(crate) fn table(operators: &[Operator]) -> Result<String> {
    let mut rows = String::new();
    for operator in operators {
        let Operator { name, title, namespace, reason, note, accounts, .. } = operator;
        let (reason, note) = (reason.trim(), note.trim());
        let _ = write!(
            rows,
            "Operator {{ name: {name:?}, title: docs_only({title:?}), namespace: docs_only({namespace:?}), \
             reason: docs_only({reason:?}), note: docs_only({note:?}), accounts: &{accounts:?}, roles: &["
        );
        for role in &operator.roles {
            let Role { names, namespaces, users, .. } = role;
            let (namespaced, ceiling) = (role.kind == "Role", role.ceiling()?);
            let _ = write!(
                rows,
                "PublishedRole {{ namespaced: {namespaced}, names: &{names:?}, for_users: {users}, elsewhere: &{namespaces:?}, \
                 ceiling: {ceiling:?} }},"
            );
        }
        let held: Vec<_> =
            operator.holds.iter().map(|held| format!("({:?}, &{:?})", held.cluster_role, held.accounts)).collect();
        let _ = write!(rows, "], holds: &[{}] }},", held.join(", "));
    }
    format(&format!(
        "//! What operators publish. Generated by `make codegen` from `operators/*.yaml`.\n\n\
         use super::{{Operator, PublishedRole}};\nuse text::docs_only;\n\n\
         #[rustfmt::skip]\npub static OPERATORS: &[Operator] = &[{}];\n",
        rows.replace("},PublishedRole", "},\n        PublishedRole").replace("},Operator", "},\n    Operator")
    ))
}

const INTRO: &str = "\
<!-- Generated by `make codegen` from operators/*.yaml. -->

# Operators

Operators need grants that the rules about roles report. `operators` in the settings lists those that run in a
cluster, each with its namespace:

```yaml settings
operators:
- {name: argo-cd, namespace: argocd}
```

The policy then expects what the operator publishes:

- A role with a published name, also behind the prefix of a release, is excused as long as it grants no more than a
  published version does. Every other grant is reported as before.
- A binding is excused if its role is a published one, or one of Kubernetes' own that the operator needs, and every
  subject is one of the operator's service accounts in that namespace.
- A binding of a published role to another subject is `binding-role-escalates`, also without look-ups, because the
  table already says what the role grants. Roles that are made for users are the exception, unless they can take any
  right.

The audit annotation `excused` lists what was excused. Without an entry, an operator's roles are evaluated like every
other role. `entra-auth onboard` finds the operators in a dump of a cluster, and `entra-auth operators` prints this
list.

The facts are from the versions named for each operator. A later version that needs a new grant is reported until its
file in `operators/` lists the grant.
";

/// `docs/operators.md`.
pub(crate) fn page(operators: &[Operator]) -> String {
    let mut page = INTRO.to_owned();
    page.push_str("\n| name | operator | usual namespace |\n|---|---|---|\n");
    for Operator { name, title, namespace, .. } in operators {
        let _ = writeln!(page, "| [{name}](#{name}) | {title} | `{namespace}` |");
    }
    for operator in operators {
        let Operator { name, title, reason, note, source, .. } = operator;
        let _ = write!(page, "\n## {name}\n\n{title}. {} {}\n", reason.trim(), note.trim());
        let list = |names: &[String]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let _ = writeln!(page, "\n- Accounts: {}", list(&operator.accounts));
        for held in &operator.holds {
            let _ = writeln!(page, "- Holds `{}`: {}", held.cluster_role, list(&held.accounts));
        }
        for kind in ["ClusterRole", "Role"] {
            let of_kind = operator.roles.iter().filter(|role| role.kind == kind);
            let names: Vec<String> = of_kind.flat_map(|role| role.names.iter().cloned()).collect();
            if !names.is_empty() {
                let _ = writeln!(page, "- {kind}s: {}", list(&names));
            }
        }
        let Source { repository, chart, versions } = source;
        let _ = writeln!(page, "- Source: [{chart}]({repository}), versions {}", versions.join(", "));
    }
    page
}
