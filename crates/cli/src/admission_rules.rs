//! The admission rules that settings need in addition to those of `metadata.yml`.
//!
//! `credentialPaths` and `podTemplatePaths` name kinds. An API server sends a policy only the kinds that its rules
//! name, so without a rule such a setting has no effect.

use crate::settings;
use anyhow::{Result, bail};
use entra_auth_policy::settings::UserPath;
use entra_auth_policy::{read_settings, rules, settings_problems};
use json::Node;
use kubernetes::kind::find_built_in;
use std::io::Write;
use std::path::Path;

/// Prints the rules for the kinds that the settings in a file name.
pub(crate) fn print(file: &Path, out: &mut dyn Write) -> Result<()> {
    let text = settings::read(file, None)?.to_string();
    let tree = json::parse(&text).map_err(|error| anyhow::anyhow!("{error}"))?;
    let node = Node::new(&tree);
    if let Some(problem) = settings_problems(node).first() {
        bail!("{}: {problem}", file.display());
    }
    let (settings, _) = read_settings(node);
    let mut kinds: Vec<(&str, &str)> =
        settings.credential_paths.iter().chain(&settings.pod_template_paths).map(named).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let known = rules::watched();
    kinds.retain(|(group, kind)| !known.iter().any(|known| known.is(group, kind)));
    if kinds.is_empty() {
        writeln!(out, "# The policy's own rules cover every kind that the settings name.")?;
        return Ok(());
    }
    writeln!(out, "# Add these to the rules of the policy. It evaluates only the kinds that its rules name.")?;
    for (group, kind) in kinds {
        write!(out, "{}", rule(group, kind))?;
    }
    Ok(())
}

fn named(path: &UserPath) -> (&str, &str) {
    (&path.api_group, &path.kind)
}

fn rule(group: &str, kind: &str) -> String {
    let (note, versions, resource) = match find_built_in(group, kind) {
        Some(kind) => (String::new(), kind.versions.join(", "), kind.plural.to_owned()),
        None => {
            let note = format!(
                "# The version and the plural of {kind} are guesses. Compare: kubectl api-resources --api-group={group}\n"
            );
            (note, "v1".to_owned(), plural(&kind.to_lowercase()))
        }
    };
    format!(
        "{note}- apiGroups: [\"{group}\"]\n  apiVersions: [{versions}]\n  resources:\n  - {resource}\n  operations: [CREATE, UPDATE]\n"
    )
}

/// The plural that tools make of a kind unless its author chooses another.
fn plural(kind: &str) -> String {
    match kind.strip_suffix('y').filter(|stem| !stem.ends_with(['a', 'e', 'i', 'o', 'u'])) {
        Some(stem) => format!("{stem}ies"),
        None if kind.ends_with(['s', 'x', 'z']) || kind.ends_with("ch") || kind.ends_with("sh") => format!("{kind}es"),
        None => format!("{kind}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(settings: &str) -> Result<String> {
        let file = tempfile::NamedTempFile::new()?;
        std::fs::write(file.path(), settings)?;
        let mut out = Vec::new();
        print(file.path(), &mut out)?;
        Ok(String::from_utf8(out)?)
    }

    #[test]
    fn rules_for_the_kinds_of_the_settings() {
        let settings = "credentialPaths:\n\
             - {apiGroup: contoso.com, kind: Proxy, path: $.spec.key}\n\
             - {apiGroup: contoso.com, kind: Proxy, path: $.spec.other}\n\
             - {kind: Secret, path: $.data.key}\n\
             - {apiGroup: networking.k8s.io, kind: NetworkPolicy, path: $.spec.key}\n\
             podTemplatePaths:\n\
             - {apiGroup: shop.contoso.com, kind: Batch, path: $.spec.template}\n";
        let out = printed(settings).unwrap();
        for expected in [
            "apiGroups: [\"contoso.com\"]",
            "- proxies\n",
            "- networkpolicies\n",
            "- batches\n",
            "--api-group=contoso.com",
        ] {
            assert_eq!(out.matches(expected).count(), 1, "{expected} in {out}");
        }
        assert!(!out.contains("secrets"), "{out}");
        assert!(printed("{}").unwrap().starts_with("# The policy's own rules cover"));
        assert!(printed("credentialPaths: [{kind: A, path: nonsense}]").is_err());
    }
}
