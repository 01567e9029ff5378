//! The queries, alerts and dashboard of `deploy/observability/` name what `names.yaml` lists, and the policy writes the
//! annotations that it lists. `make queries` checks the syntax of the queries and their columns.

use crate::{is_policy, manifests, read, root};
use admission::cluster::MemoryCluster;
use admission::fixture::today;
use entra_auth_policy::{Host, evaluate, rules};
use manifest::parse;
use promql_parser::label::Matcher;
use promql_parser::parser::{self, Expr, VectorSelector};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

const FOLDER: &str = "deploy/observability";

#[derive(Deserialize)]
struct Names {
    metrics: Vec<Metric>,
    members: BTreeMap<String, Value>,
    annotations: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Metric {
    name: String,
    r#type: String,
    labels: Vec<String>,
}

fn names() -> Names {
    serde_json::from_value(parse(&read(format!("{FOLDER}/names.yaml"))).unwrap()).unwrap()
}

fn queries() -> Vec<(String, String)> {
    let entries = std::fs::read_dir(root().join(FOLDER)).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let queries: Vec<_> = names
        .filter(|name| name.ends_with(".kql"))
        .map(|name| (name.clone(), read(format!("{FOLDER}/{name}"))))
        .collect();
    assert!(queries.len() >= 6);
    queries
}

/// The webhooks that Kubewarden registers for the policies of `deploy/`.
fn webhooks() -> BTreeSet<String> {
    let policies = manifests().into_iter().filter(|(_, object)| is_policy(object));
    let names = policies.map(|(_, object)| {
        let group = if object["kind"] == "ClusterAdmissionPolicyGroup" { "group-" } else { "" };
        format!("clusterwide-{group}{}.kubewarden.admission", object["metadata"]["name"].as_str().unwrap())
    });
    names.collect()
}

#[test]
fn the_policy_writes_the_annotations_that_are_listed() {
    let mut written = BTreeSet::new();
    for fixture in admission::fixture::all(&root().join("test_data")).unwrap() {
        let cluster = MemoryCluster::of(Some(&json!([])));
        let answer = evaluate(&fixture.payload(), &Host { today: &today, cluster: &cluster });
        written.extend(answer.response.audit_annotations.into_keys().map(str::to_owned));
    }
    assert_eq!(written, names().annotations);
}

/// The texts between quotes.
fn strings(query: &str) -> Vec<&str> {
    query.split('"').skip(1).step_by(2).collect()
}

#[test]
fn queries_name_annotations_webhooks_and_rules_that_exist() {
    let (names, webhooks) = (names(), webhooks());
    for (file, query) in queries() {
        for text in strings(&query) {
            if let Some((pattern, key)) = text.strip_prefix('^').and_then(|text| text.rsplit_once('/')) {
                let keys = key.trim_end_matches('$').trim_matches(['(', ')']);
                for key in keys.split('|') {
                    assert!(names.annotations.contains(key), "{file}: {key}");
                }
                let pattern = regex::Regex::new(&format!("^{pattern}$")).unwrap();
                assert!(webhooks.iter().any(|webhook| pattern.is_match(webhook)), "{file}: {pattern}");
                if key.starts_with("denied") {
                    let missing: Vec<_> = webhooks.iter().filter(|webhook| !pattern.is_match(webhook)).collect();
                    assert!(missing.is_empty(), "{file}: {missing:?}");
                }
            } else if text.contains('-') && !text.contains(['.', ' ']) && text != "entra-auth-policy" {
                assert!(rules::by_id(text).is_some(), "{file}: {text} is not a rule");
            }
        }
    }
}

#[test]
fn queries_read_members_that_the_api_server_writes() {
    let members = names().members;
    let mut count = 0;
    for (file, query) in queries() {
        for (column, known) in &members {
            for (at, _) in query.match_indices(&format!("{column}.")) {
                let rest = &query[at + column.len() + 1..];
                let member: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
                assert!(known.as_array().unwrap().contains(&json!(member)), "{file}: {column}.{member}");
                count += 1;
            }
        }
    }
    assert!(count >= 10, "only {count} members");
}

/// Every metric and label of an expression.
fn check_expression(place: &str, text: &str, names: &Names) {
    let expression = parser::parse(text).unwrap_or_else(|error| panic!("{place}: {error}: {text}"));
    let mut selectors = Vec::new();
    let mut grouped = Vec::new();
    collect(&expression, &mut selectors, &mut grouped);
    assert!(!selectors.is_empty(), "{place}: names no metric");
    let mut labels: BTreeSet<&str> = BTreeSet::new();
    for selector in &selectors {
        let name = selector.name.as_deref().unwrap();
        let base = name.strip_suffix("_bucket").unwrap_or(name);
        let metric = names.metrics.iter().find(|metric| metric.name == base);
        let metric = metric.unwrap_or_else(|| panic!("{place}: {name} is not in names.yaml"));
        assert_eq!(metric.r#type == "histogram", base != name, "{place}: {name}");
        for Matcher { name: label, value, .. } in &selector.matchers.matchers {
            assert!(metric.labels.contains(label), "{place}: {name} has no label {label}");
            if label == "policy_name" || label == "name" {
                let pattern = regex::Regex::new(&format!("^{value}$")).unwrap();
                let fits = |webhook: &String| {
                    pattern.is_match(webhook) || pattern.is_match(webhook.trim_end_matches(".kubewarden.admission"))
                };
                assert!(webhooks().iter().any(fits), "{place}: no policy is called {value}");
            }
        }
        labels.extend(metric.labels.iter().map(String::as_str));
    }
    for label in grouped {
        assert!(label == "le" || labels.contains(label.as_str()), "{place}: groups by {label}");
    }
}

fn collect(expression: &Expr, selectors: &mut Vec<VectorSelector>, grouped: &mut Vec<String>) {
    let mut all = |parts: &[&Expr]| parts.iter().for_each(|part| collect(part, selectors, grouped));
    match expression {
        Expr::Aggregate(aggregate) => {
            all(&[&aggregate.expr]);
            if let Some(modifier) = &aggregate.modifier {
                grouped.extend(modifier.labels().labels.iter().cloned());
            }
        }
        Expr::Unary(unary) => all(&[&unary.expr]),
        Expr::Binary(binary) => all(&[&binary.lhs, &binary.rhs]),
        Expr::Paren(paren) => all(&[&paren.expr]),
        Expr::Subquery(subquery) => all(&[&subquery.expr]),
        Expr::Call(call) => call.args.args.iter().for_each(|part| collect(part, selectors, grouped)),
        Expr::VectorSelector(selector) => selectors.push(selector.clone()),
        Expr::MatrixSelector(matrix) => selectors.push(matrix.vs.clone()),
        Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::Extension(_) => {}
    }
}

/// The members of a PrometheusRule that the file uses; any other is an error.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    alert: String,
    expr: String,
    #[serde(default, rename = "for")]
    _for: String,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
}

#[test]
fn alerts_read_metrics_that_exist() {
    let (names, alerts) = (names(), parse(&read(format!("{FOLDER}/alerts.yaml"))).unwrap());
    assert_eq!(alerts["kind"], "PrometheusRule");
    let rules: Vec<Rule> = serde_json::from_value(alerts["spec"]["groups"][0]["rules"].clone()).unwrap();
    assert!(rules.len() >= 6);
    for rule in rules {
        check_expression(&rule.alert, &rule.expr, &names);
        assert!(["critical", "warning"].contains(&rule.labels["severity"].as_str()), "{}", rule.alert);
        let texts: Vec<&str> = rule.annotations.keys().map(String::as_str).collect();
        assert_eq!(texts, ["description", "summary"], "{}", rule.alert);
        for (file, _) in rule.annotations["description"].match_indices(".kql") {
            let name = rule.annotations["description"][..file].rsplit(' ').next().unwrap();
            assert!(root().join(FOLDER).join(format!("{name}.kql")).exists(), "{}: {name}.kql", rule.alert);
        }
    }
}

#[test]
fn panels_read_metrics_that_exist() {
    let names = names();
    let dashboard: Value = serde_json::from_str(&read(format!("{FOLDER}/dashboard.json"))).unwrap();
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    assert!(variables.iter().any(|variable| variable["name"] == "datasource"));
    let panels = dashboard["panels"].as_array().unwrap();
    let mut cells = BTreeSet::new();
    for panel in panels {
        let title = panel["title"].as_str().unwrap();
        assert!(["stat", "timeseries"].contains(&panel["type"].as_str().unwrap()), "{title}");
        let grid: &Map<String, Value> = panel["gridPos"].as_object().unwrap();
        let [x, y, w, h] = ["x", "y", "w", "h"].map(|key| grid[key].as_u64().unwrap());
        assert!(x + w <= 24, "{title} is too wide");
        for cell in (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))) {
            assert!(cells.insert(cell), "{title} overlaps another panel");
        }
        for target in panel["targets"].as_array().unwrap() {
            // Grafana fills in its intervals.
            let text = target["expr"].as_str().unwrap().replace("$__range", "1d").replace("$__rate_interval", "5m");
            check_expression(title, &text, &names);
            assert_eq!(target["datasource"]["uid"], "${datasource}", "{title}");
        }
    }
    assert!(panels.len() >= 8);
}
