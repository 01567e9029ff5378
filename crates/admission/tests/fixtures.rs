//! Every fixture of `test_data/` and every example in the rules' documentation, evaluated natively.

use admission::cluster::MemoryCluster;
use admission::session::Recorder;
use admission::{Change, fixture, payload, request};
use entra_auth_policy::lookup::Cluster;
use entra_auth_policy::rules::{self, UNREADABLE};
use entra_auth_policy::{Evaluation, Host, evaluate};
use manifest::objects;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn evaluation(payload: &[u8], cluster: &dyn Cluster) -> Evaluation {
    evaluate(payload, &Host { today: &fixture::today, cluster })
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn fixtures_give_the_expected_findings() {
    let fixtures = fixture::all(&root().join("test_data")).unwrap();
    let update = std::env::var_os("UPDATE_FIXTURES").is_some();
    let mut wrong = Vec::new();
    for fixture in &fixtures {
        let found = fixture::render(&evaluation(&fixture.payload(), &fixture.cluster));
        if update {
            std::fs::write(fixture.expected_path(), &found).unwrap();
        }
        let expected = std::fs::read_to_string(fixture.expected_path()).unwrap_or_default();
        if found != expected {
            wrong.push(format!("{}\n--- expected\n{expected}--- found\n{found}", fixture.path.display()));
        }
        let (name, rule) = (fixture.name(), fixture.rule());
        let fires = found.lines().any(|line| line.split(' ').nth(2) == Some(&format!("{rule}:")));
        if rules::all().any(|known| known.id == rule) {
            let fits = (name.starts_with("deny-") && fires) || (name.starts_with("allow-") && !fires);
            assert!(fits, "{}: deny-* must show the rule, allow-* must not\n{found}", fixture.path.display());
        }
    }
    assert!(wrong.is_empty(), "{} of {} fixtures differ\n{}", wrong.len(), fixtures.len(), wrong.join("\n"));
    println!("{} fixtures", fixtures.len());
}

#[test]
fn every_rule_has_deny_and_allow_fixtures() {
    for rule in rules::all().chain([&UNREADABLE]) {
        let folder = root().join("test_data").join(rule.id);
        let names: Vec<String> = std::fs::read_dir(&folder)
            .map(|entries| entries.map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect())
            .unwrap_or_default();
        for prefix in ["deny-", "allow-"] {
            assert!(names.iter().any(|name| name.starts_with(prefix)), "no {prefix}* in test_data/{}", rule.id);
        }
    }
}

/// The examples in the rule files: `yaml deny` fires the rule, `yaml allow` fires nothing at all.
#[test]
fn documented_examples_do_what_they_say() {
    for rule in rules::all().chain([&UNREADABLE]) {
        let source = rule_source(rule.id);
        let (mut denies, mut allows) = (0, 0);
        for (mark, example) in examples(&source) {
            for object in objects(&example) {
                let object = object.unwrap_or_else(|error| panic!("{}: {error:#}\n{example}", rule.id));
                let cluster = MemoryCluster::of(object.get("cluster"));
                let (settings, object) = match object.get("request") {
                    Some(request) => (object["settings"].clone(), request.clone()),
                    None => (json!({}), request(&object, &Change::Create, None)),
                };
                let found = evaluation(&payload(&object, &settings), &cluster).findings;
                let fires = found.iter().any(|finding| finding.rule.id == rule.id);
                match mark.as_str() {
                    "deny" => assert!(fires, "{}: the deny example finds nothing\n{example}", rule.id),
                    _ => assert!(found.is_empty(), "{}: the allow example finds {found:#?}\n{example}", rule.id),
                }
            }
            if mark == "deny" { denies += 1 } else { allows += 1 }
        }
        assert!(denies > 0 && allows > 0, "{}: needs a `yaml deny` and a `yaml allow` example", rule.id);
    }
}

/// The source file that is named after the rule.
fn rule_source(id: &str) -> String {
    let name = format!("{}.rs", id.replace('-', "_"));
    let rules = root().join("src/rules");
    let mut folders = vec![rules];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().is_some_and(|file| file.to_string_lossy() == name) {
                return std::fs::read_to_string(path).unwrap();
            }
        }
    }
    panic!("no src/rules/*/{name}")
}

/// The fenced examples of a rule's `//!` text, with their mark.
fn examples(source: &str) -> Vec<(String, String)> {
    let mut examples = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in source.lines().map_while(|line| line.strip_prefix("//!")) {
        let line = line.strip_prefix(' ').unwrap_or(line);
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(info)) => {
                if let Some(mark) = info.strip_prefix("yaml ") {
                    open = Some((mark.to_owned(), String::new()));
                } else if !info.is_empty() {
                    open = Some((String::new(), String::new()));
                }
            }
            (Some(_), Some(_)) => examples.extend(open.take().filter(|(mark, _)| mark == "deny" || mark == "allow")),
            (Some((_, text)), None) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, None) => {}
        }
    }
    examples
}

/// The look-ups of every fixture that makes some, as a session that `kwctl run` replays: see
/// [`admission::session`]. `UPDATE_FIXTURES=1` rewrites them.
#[test]
fn sessions_are_what_the_fixtures_look_up() {
    let update = std::env::var_os("UPDATE_FIXTURES").is_some();
    let folder = root().join("test_data/sessions");
    let mut expected = BTreeMap::new();
    for fixture in fixture::all(&root().join("test_data")).unwrap() {
        let recorder = Recorder::new(&fixture.cluster);
        evaluation(&fixture.payload(), &recorder);
        expected.extend(recorder.into_files(&fixture));
    }
    assert!(!expected.is_empty(), "no fixture looks anything up");
    if update {
        let _ = std::fs::remove_dir_all(&folder);
        for (path, text) in &expected {
            let path = folder.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
    }
    let mut found = BTreeMap::new();
    for rule in std::fs::read_dir(&folder).unwrap() {
        for case in std::fs::read_dir(rule.unwrap().path()).unwrap() {
            for file in std::fs::read_dir(case.unwrap().path()).unwrap() {
                let path = file.unwrap().path();
                let text = std::fs::read_to_string(&path).unwrap();
                found.insert(path.strip_prefix(&folder).unwrap().to_owned(), text);
            }
        }
    }
    assert!(found == expected, "test_data/sessions is out of date: run with UPDATE_FIXTURES=1");
}

/// With look-ups off nothing calls the host, whatever the object: every fixture again, on a cluster that
/// panics when it is asked.
#[test]
fn nothing_is_looked_up_unless_asked_for() {
    for fixture in fixture::all(&root().join("test_data")).unwrap() {
        let mut settings = fixture.settings.clone();
        if let Some(settings) = settings.as_object_mut() {
            settings.remove("clusterLookups");
        }
        evaluation(&payload(&fixture.request, &settings), &MemoryCluster::Unasked);
    }
}
