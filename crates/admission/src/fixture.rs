//! The fixtures of `test_data/`: small manifests, each with the findings that it must give.
//!
//! `test_data/<rule>/deny-*.yaml` and `allow-*.yaml` hold one object; the file of the same name ending
//! in `.out` holds the findings expected from all rules, one a line:
//!
//! ```text
//! high deny binding-anonymous: subjects[system:anonymous] grants view to unauthenticated requests
//! ```
//!
//! The first line says `allowed` or `denied <code>`. Comment lines at the top of the manifest that
//! start with `#:` say how it is applied:
//!
//! ```yaml
//! #: settings: {profile: restricted}
//! #: as: {username: jane@contoso.com, groups: [], oid: 0f8fad5b-d9cb-469f-a165-70867728950e}
//! #: update        (the first document is the old object, the second the new one)
//! #: cluster: [{apiVersion: v1, kind: ServiceAccount, metadata: {name: web, namespace: shop}}]
//! #: cluster-error: not-granted        (or refused, not-found, failed)
//! ```
//!
//! The last two answer look-ups; a fixture with neither must not ask. Several `cluster` lines add up.
//!
//! A `.json` fixture is a complete AdmissionRequest, for what a manifest cannot express. It can have
//! `settings` and `cluster` next to `request`. Run the tests with `UPDATE_FIXTURES=1` to rewrite `.out` files.

use crate::cluster::MemoryCluster;
use crate::request::{Change, Identity, payload, request};
use anyhow::{Context, Result, bail};
use entra_auth_policy::Evaluation;
use entra_auth_policy::settings::Date;
use manifest::{objects, parse};
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// The day on which tests evaluate fixtures, `YYYY-MM-DD`: `ENTRA_AUTH_TEST_TODAY`, else a fixed one. No result may
/// depend on it, so exemptions in fixtures end long ago or in the far future; `make test-dates` shows it with other days.
pub fn today() -> Date {
    let set = std::env::var("ENTRA_AUTH_TEST_TODAY");
    let day = set.as_deref().unwrap_or("2026-11-21");
    Date::parse(day).unwrap_or_else(|| panic!("ENTRA_AUTH_TEST_TODAY is not a date: {day}"))
}

/// One fixture, ready to run.
pub struct Fixture {
    pub path: PathBuf,
    pub settings: Value,
    pub request: Value,
    pub cluster: MemoryCluster,
}

impl Fixture {
    pub fn load(path: &Path) -> Result<Fixture> {
        let text = std::fs::read_to_string(path)?;
        Fixture::read(path, &text).with_context(|| path.display().to_string())
    }

    fn read(path: &Path, text: &str) -> Result<Fixture> {
        let path = path.to_owned();
        if path.extension().is_some_and(|extension| extension == "json") {
            let mut value: Value = serde_json::from_str(text)?;
            let settings = value.get("settings").cloned().unwrap_or_else(|| json!({}));
            let cluster = MemoryCluster::of(value.get("cluster"));
            let request = value.get_mut("request").map(Value::take).unwrap_or(value);
            return Ok(Fixture { path, settings, request, cluster });
        }
        let mut settings = json!({});
        let mut identity = None;
        let mut update = false;
        let mut cluster = MemoryCluster::default();
        for line in text.lines().map_while(|line| line.strip_prefix("#:")) {
            match parse(line).context("directive")? {
                Value::String(word) if word.starts_with("update") => update = true,
                Value::Object(map) => {
                    for (key, value) in map {
                        match key.as_str() {
                            "settings" => settings = value,
                            "as" => identity = Some(read_identity(&value)),
                            "cluster" => cluster.add(&value),
                            "cluster-error" => cluster = MemoryCluster::failing(value.as_str().unwrap_or_default())?,
                            other => bail!("unknown directive `{other}`"),
                        }
                    }
                }
                _ => bail!("unknown directive: {line}"),
            }
        }
        let mut objects = objects(text).into_iter().collect::<Result<Vec<_>>>()?;
        let (object, operation) = match (objects.pop(), objects.pop(), objects.is_empty()) {
            (Some(new), Some(old), true) if update => (new, Change::Update(old)),
            (Some(object), None, true) if !update => (object, Change::Create),
            _ => bail!("holds {} objects", objects.len()),
        };
        Ok(Fixture { path, settings, request: request(&object, &operation, identity.as_ref()), cluster })
    }

    pub fn payload(&self) -> Vec<u8> {
        payload(&self.request, &self.settings)
    }

    pub fn name(&self) -> String {
        self.path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// The folder's name: the rule that the fixture is about.
    pub fn rule(&self) -> String {
        let folder = self.path.parent().and_then(Path::file_name);
        folder.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }

    pub fn expected_path(&self) -> PathBuf {
        self.path.with_extension("out")
    }
}

fn read_identity(value: &Value) -> Identity {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Identity {
        username: text(&value["username"]),
        groups: value["groups"].as_array().into_iter().flatten().map(text).collect(),
        oid: value["oid"].as_str().map(str::to_owned),
    }
}

/// An evaluation as `.out` files write it.
pub fn render(evaluation: &Evaluation) -> String {
    let response = &evaluation.response;
    let mut out = match (response.accepted, response.code) {
        (true, _) => "allowed\n".to_owned(),
        (false, code) => format!("denied {}\n", code.unwrap_or_default()),
    };
    for finding in &evaluation.findings {
        let (severity, action, rule) = (finding.severity.as_str(), finding.action.as_str(), finding.rule.id);
        let _ = writeln!(out, "{severity} {action} {rule}: {} {}", finding.location.path, finding.message);
    }
    // Without findings, the message is the explanation.
    if evaluation.findings.is_empty()
        && let Some(message) = &response.message
    {
        let _ = writeln!(out, "{message}");
    }
    out
}

/// Every fixture under `root`, in order of their paths.
pub fn all(root: &Path) -> Result<Vec<Fixture>> {
    let mut paths = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() {
                // Settings and estates have their own tests; recorded sessions are not fixtures.
                if !path.ends_with("settings") && !path.ends_with("sessions") && !path.ends_with("estates") {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "yaml" || extension == "json") {
                paths.push(path);
            }
        }
    }
    paths.sort();
    paths.iter().map(|path| Fixture::load(path)).collect()
}
