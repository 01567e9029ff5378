//! `docs/comparison.md`: every feature in the column of this program has tests.

mod support;

use std::fs;
use support::*;

/// The feature, the file of its tests, and their names.
const TESTED: &[(&str, &str, &[&str])] = &[
    ("the same evaluation as at admission", "e2e-tests/tests/module_against_core.rs", &["fn every_fixture"]),
    (
        "a change as an UPDATE of the old object (`--base`, `--old`)",
        "crates/cli/tests/changes.rs",
        &["fn an_old_finding_does_not_stop_an_update", "fn only_changes_are_reported"],
    ),
    ("values in excerpts masked", "crates/cli/tests/formats.rs", &["fn no_report_shows_a_value"]),
    ("today's findings accepted in a file", "crates/cli/tests/repository.rs", &["fn findings_become_exemptions"]),
    ("inline ignores", "crates/cli/tests/repository.rs", &["fn comments_do_not_switch_rules_off"]),
    ("a configuration file", "crates/cli/tests/repository.rs", &["fn options_come_from_a_file_above"]),
    ("SARIF", "crates/cli/tests/formats.rs", &["fn sarif_is_what_its_schema_says"]),
    (
        "GitHub, GitLab, JUnit",
        "crates/cli/tests/formats.rs",
        &["fn annotations_are_commands_of_github", "fn code_quality_is_a_list_of_issues", "<testsuites tests="],
    ),
    ("Azure Pipelines, Markdown", "crates/cli/tests/formats.rs", &["fn azure_pipelines_and_comments"]),
    ("several reports in one run", "crates/cli/tests/formats.rs", &["fn several_formats_at_once"]),
    ("renders charts and kustomizations", "crates/cli/tests/repository.rs", &["fn charts_and_overlays_are_rendered"]),
    (
        "a cluster through its API",
        "crates/cli/tests/audit.rs",
        &["fn findings_are_grouped_by_owner_and_counted", "fn what_is_forbidden_or_broken_is_named"],
    ),
    ("language server", "crates/cli/tests/editors.rs", &["fn an_editor_shows_findings_and_pages"]),
    ("tools for coding agents (MCP)", "crates/cli/tests/editors.rs", &["fn an_agent_checks_and_explains"]),
    (
        "a page in the browser",
        "playground/page/tests/page.test.ts",
        &["test('a bad manifest is underlined, and allowed once it is fixed'"],
    ),
];

#[test]
fn every_feature_of_the_table_is_tested() {
    let page = fs::read_to_string(root().join("docs/comparison.md")).unwrap();
    let (_, table) = page.split_once("| | entra-auth |").unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with("| "));
    let features: Vec<&str> = rows.map(|row| row.split('|').nth(1).unwrap().trim()).collect();
    // The first row says what the tools are for.
    let tested: Vec<&str> = std::iter::once("checks").chain(TESTED.iter().map(|(feature, ..)| *feature)).collect();
    assert_eq!(features, tested);
    for (feature, file, names) in TESTED {
        let text = fs::read_to_string(root().join(file)).unwrap();
        for name in *names {
            assert!(text.contains(name), "{feature}: {file} has no `{name}`");
        }
    }
}
