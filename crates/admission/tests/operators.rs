//! The table of operators: everything that it lists passes under the setting, and nothing more does.

use admission::fixture::today;
use admission::{Change, payload, request};
use entra_auth_policy::lookup::NoCluster;
use entra_auth_policy::operators::{OPERATORS, Operator, PublishedRole};
use entra_auth_policy::verdict::Action;
use entra_auth_policy::{Evaluation, Host, evaluate};
use serde_json::{Value, json};

const GROUP: &str = "0f8fad5b-d9cb-469f-a165-70867728950e";

fn evaluation(object: &Value, settings: &Value) -> Evaluation {
    let payload = payload(&request(object, &Change::Create, None), settings);
    evaluate(&payload, &Host { today: &today, cluster: &NoCluster })
}

fn settings(operator: &Operator, profile: &str) -> Value {
    json!({"profile": profile, "operators": [{"name": operator.name, "namespace": operator.namespace}]})
}

fn kind(role: &PublishedRole) -> &'static str {
    if role.namespaced { "Role" } else { "ClusterRole" }
}

/// The published role under a name, as its ceiling lists it.
fn role(operator: &Operator, published: &PublishedRole, name: &str) -> Value {
    let rules: Vec<Value> = published
        .ceiling
        .split(';')
        .map(|rule| {
            let lists: Vec<Vec<&str>> = rule.split('|').map(|list| list.split(',').collect()).collect();
            match lists.as_slice() {
                [groups, urls, verbs] if groups == &["URL"] => json!({"nonResourceURLs": urls, "verbs": verbs}),
                [groups, resources, verbs] => json!({"apiGroups": groups, "resources": resources, "verbs": verbs}),
                [groups, resources, verbs, names] => {
                    json!({"apiGroups": groups, "resources": resources, "verbs": verbs, "resourceNames": names})
                }
                _ => panic!("{}: {rule}", operator.name),
            }
        })
        .collect();
    let mut metadata = json!({"name": name});
    if published.namespaced {
        metadata["namespace"] = json!(operator.namespace);
    }
    json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind(published), "metadata": metadata, "rules": rules})
}

fn binding(operator: &Operator, published: &PublishedRole, subjects: &[Value]) -> Value {
    let (binding, mut metadata) = match published.namespaced {
        true => ("RoleBinding", json!({"name": "b", "namespace": operator.namespace})),
        false => ("ClusterRoleBinding", json!({"name": "b"})),
    };
    metadata["labels"] = json!({});
    let reference =
        json!({"apiGroup": "rbac.authorization.k8s.io", "kind": kind(published), "name": published.names[0]});
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": binding, "metadata": metadata,
        "roleRef": reference, "subjects": subjects,
    })
}

fn every_role() -> impl Iterator<Item = (&'static Operator, &'static PublishedRole)> {
    OPERATORS.iter().flat_map(|operator| operator.roles.iter().map(move |role| (operator, role)))
}

#[test]
fn published_roles_pass_with_any_release_prefix() {
    for (operator, published) in every_role() {
        for name in published.names {
            for name in [(*name).to_owned(), format!("eu-{name}")] {
                let found = evaluation(&role(operator, published, &name), &settings(operator, "restricted"));
                for finding in &found.findings {
                    let excused = matches!(finding.action, Action::Excused | Action::None)
                        // What has no effect is a matter of hygiene.
                        || finding.rule.id == "role-ineffective";
                    assert!(excused, "{} {name}: {} {}", operator.name, finding.rule.id, finding.message);
                }
                assert!(found.response.accepted, "{} {name}", operator.name);
            }
        }
    }
}

#[test]
fn a_grant_more_is_found() {
    let holds_everything = |published: &PublishedRole| published.ceiling.contains("*|*|*");
    let extra = [
        ("", "users", "impersonate"),
        ("", "nodes/proxy", "get"),
        ("rbac.authorization.k8s.io", "clusterroles", "escalate"),
    ];
    for (operator, published) in
        every_role().filter(|(_, published)| !published.namespaced && !holds_everything(published))
    {
        let mut found = 0;
        for (group, resource, verb) in extra {
            let mut object = role(operator, published, published.names[0]);
            let rule = json!({"apiGroups": [group], "resources": [resource], "verbs": [verb]});
            object["rules"].as_array_mut().unwrap().push(rule);
            found += usize::from(!evaluation(&object, &settings(operator, "baseline")).response.accepted);
        }
        // A published role can hold one of them, but none holds all.
        assert!(found > 0, "{} {}", operator.name, published.names[0]);
    }
}

#[test]
fn bindings_pass_for_the_operators_accounts_only() {
    for (operator, published) in every_role() {
        let account = operator.accounts.iter().find(|account| !account.contains([':', '/'])).unwrap();
        let own = json!({"kind": "ServiceAccount", "name": format!("eu-{account}"), "namespace": operator.namespace});
        let settings = settings(operator, "baseline");
        let of_operator = evaluation(&binding(operator, published, std::slice::from_ref(&own)), &settings);
        assert!(of_operator.response.warnings.is_empty() && of_operator.response.accepted, "{}", operator.name);
        let others = [
            json!({"kind": "ServiceAccount", "name": account, "namespace": "elsewhere"}),
            json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": GROUP}),
        ];
        for other in others {
            let found = evaluation(&binding(operator, published, &[own.clone(), other]), &settings);
            let reported = found.findings.iter().filter(|finding| finding.rule.id == "binding-role-escalates").count();
            // Some roles are listed for what other rules report in a later version.
            let of_role = evaluation(&role(operator, published, published.names[0]), &json!({}));
            let expected = usize::from(!published.for_users && !of_role.findings.is_empty());
            assert!(reported >= expected, "{} {}", operator.name, published.names[0]);
            assert!(reported == 0 || published.namespaced || !found.response.accepted, "{}", operator.name);
        }
    }
}
