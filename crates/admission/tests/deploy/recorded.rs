//! Every manifest on the requests that were recorded from an API server: what each denies, compared with
//! `02-protect.yaml`.

use crate::conditions::let_pass;
use crate::{is_policy, manifests, root, subscriptions};
use admission::cluster::MemoryCluster;
use admission::fixture::today;
use admission::payload;
use entra_auth_policy::verdict::Decision;
use entra_auth_policy::{Host, evaluate};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

fn requests() -> Vec<(String, Value)> {
    let all = admission::fixture::all(&root().join("test_data/recorded")).unwrap();
    let requests: Vec<_> = all.into_iter().map(|fixture| (fixture.name(), fixture.request)).collect();
    assert!(requests.len() >= 40, "only {} requests", requests.len());
    requests
}

/// The rules that deny the request in the policies of a file that it reaches.
fn denied(file: &str, request: &Value) -> BTreeSet<&'static str> {
    let resource = &request["resource"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let name = match text(&request["subResource"]) {
        sub if sub.is_empty() => text(&resource["resource"]),
        sub => format!("{}/{sub}", text(&resource["resource"])),
    };
    let row = [text(&resource["group"]), text(&resource["version"]), name, text(&request["operation"])];
    let host = Host { today: &today, cluster: &MemoryCluster::of(Some(&json!([]))) };
    let mut rules = BTreeSet::new();
    for (_, policy) in manifests().iter().filter(|(name, object)| name == file && is_policy(object)) {
        let spec = &policy["spec"];
        let conditions = spec["matchConditions"].as_array().map(Vec::as_slice).unwrap_or_default();
        if spec["policies"].is_object()
            || !subscriptions(&spec["rules"]).contains(&row)
            || let_pass(conditions, request) != Ok(true)
        {
            continue;
        }
        let findings = evaluate(&payload(request, &spec["settings"]), &host).findings;
        rules.extend(findings.iter().filter(|found| Decision::denies(found)).map(|found| found.rule.id));
    }
    rules
}

#[test]
fn overlays_deny_what_their_names_say() {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, request) in requests() {
        let protect = denied("02-protect.yaml", &request);
        for file in ["01-monitor.yaml", "03-split-high-volume.yaml", "04-lookups.yaml", "07-policy-server.yaml"] {
            assert_eq!(denied(file, &request), protect, "{file}: {name}");
        }
        assert_eq!(denied("06-policy-group.yaml", &request), protect, "{name}: the policy beside the group");
        for file in ["05-break-glass.yaml", "restricted.yaml"] {
            let more = denied(file, &request);
            assert!(more.is_superset(&protect), "{file}: {name}: {more:?} is less than {protect:?}");
            *counts.entry(file).or_default() += usize::from(more != protect);
        }
        *counts.entry("02-protect.yaml").or_default() += usize::from(!protect.is_empty());
    }
    assert!(counts["02-protect.yaml"] >= 3, "{counts:?}");
    assert!(counts["restricted.yaml"] >= 1, "{counts:?}");
}
