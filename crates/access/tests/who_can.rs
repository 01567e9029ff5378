//! `who_can` and `allows` against the authorizer written a second time, on random clusters.

mod support;

use access::{Rbac, Request, Subject};
use proptest::prelude::*;
use proptest::sample::subsequence;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use std::cell::Cell;
use support::{allowed, authorizer_allows, cluster, cluster_and_requests, config, groups_of, last, subjects};

proptest! {
    #![proptest_config(config(150))]

    /// Everyone in the answer is allowed, and everyone who is allowed is in the answer, alone or by a group.
    #[test]
    fn who_can_is_what_the_authorizer_allows((objects, requests) in cluster_and_requests(12)) {
        let (rbac, counting) = (Rbac::of(&objects), last(&objects));
        for request in &requests {
            let can: Vec<Subject> = rbac.who_can(request).into_iter().map(|one| one.subject).collect();
            for subject in &can {
                prop_assert!(allowed(&counting, subject, request), "{subject} cannot {request}: {objects:#?}");
            }
            for subject in subjects() {
                let own = std::iter::once(subject.clone()).chain(subject.implied_groups());
                let listed = own.into_iter().any(|one| can.contains(&one));
                prop_assert_eq!(allowed(&counting, &subject, request), listed, "{} {}: {:#?}", subject, request, objects);
            }
        }
    }

    /// Users in several groups.
    #[test]
    fn allows_is_what_the_authorizer_allows(
        (objects, requests) in cluster_and_requests(8),
        member_of in subsequence(&["system:masters", "system:serviceaccounts:shop", "8d3d1b5c-6d5f-4b7a-9e0b-3a1f1d2c4e5f"][..], 0..3),
    ) {
        let (rbac, counting) = (Rbac::of(&objects), last(&objects));
        for user in ["ann@contoso.com", "dan@contoso.com", "system:anonymous", "system:serviceaccount:shop:web"] {
            let subject = Subject::user(user);
            let groups: Vec<Subject> = member_of.iter().map(|group| Subject::group(group)).collect();
            let mut all = groups_of(user);
            all.extend(member_of.iter().map(|group| (*group).to_owned()));
            all.extend(groups.iter().flat_map(Subject::implied_groups).map(|group| group.name()));
            let all: Vec<&str> = all.iter().map(String::as_str).collect();
            for request in &requests {
                let expected = authorizer_allows(&counting, user, &all, request);
                prop_assert_eq!(rbac.allows(&subject, &groups, request), expected, "{} {} {:?}: {:#?}", user, request, member_of, objects);
            }
        }
    }

    /// Namespaces that RoleBindings allow a request in: those where it is allowed and not everywhere.
    #[test]
    fn namespaces_are_those_of_the_authorizer(objects in cluster(), verb in "get|create|impersonate", resource in "pods|secrets|serviceaccounts/token") {
        let (rbac, counting) = (Rbac::of(&objects), last(&objects));
        let of = |namespace| Request::resource(&verb, "", &resource, namespace, "");
        let found = rbac.who_can_in_namespaces(&of(None));
        for namespace in support::NAMESPACES {
            for subject in subjects() {
                let own: Vec<Subject> = std::iter::once(subject.clone()).chain(subject.implied_groups()).collect();
                let listed = found.get(namespace).is_some_and(|all| all.iter().any(|one| own.contains(&one.subject)));
                let everywhere = rbac.allows(&subject, &[], &of(None));
                let here = allowed(&counting, &subject, &of(Some(namespace)));
                prop_assert_eq!(here, listed || everywhere, "{} in {}: {:#?}", subject, namespace, objects);
            }
        }
    }
}

/// The clusters and requests above are such that every feature of RBAC decides: without it, some request would be denied.
#[test]
fn every_feature_of_rbac_decides_about_some_request() {
    type Change = Box<dyn Fn(&mut Value)>;
    fn each(object: &mut Value, list: &str, change: &dyn Fn(&mut Value)) {
        object[list].as_array_mut().into_iter().flatten().for_each(change);
    }
    fn without(value: &mut Value, is_dropped: &dyn Fn(&str) -> bool) {
        if let Some(list) = value.as_array_mut() {
            list.retain(|item| !item.as_str().is_some_and(is_dropped));
        }
    }
    let of_rules = |list: &'static str, is_dropped: fn(&str) -> bool| -> Change {
        Box::new(move |object| each(object, "rules", &|rule| without(&mut rule[list], &is_dropped)))
    };
    let of_subject = |name: &'static str| -> Change {
        Box::new(move |object| {
            each(object, "subjects", &|subject| {
                if subject["name"] == name {
                    subject["name"] = json!("-");
                }
            });
        })
    };
    let of_kind = |kind: &'static str| -> Change {
        Box::new(move |object| {
            if object["kind"] == kind {
                object["kind"] = json!("-");
            }
        })
    };
    let features: Vec<(&str, Change)> = vec![
        (
            "resourceNames",
            Box::new(|object| {
                each(object, "rules", &|rule| {
                    if rule["resourceNames"].as_array().is_some_and(|names| !names.is_empty()) {
                        rule["verbs"] = json!([]);
                    }
                });
            }),
        ),
        ("subresources", of_rules("resources", |resource| resource.contains('/') && !resource.starts_with('*'))),
        ("*/subresource", of_rules("resources", |resource| resource.starts_with("*/"))),
        ("*/scale", of_rules("resources", |resource| resource == "*/scale")),
        ("every resource", of_rules("resources", |resource| resource == "*")),
        ("every group", of_rules("apiGroups", |group| group == "*")),
        ("every verb", of_rules("verbs", |verb| verb == "*")),
        ("nonResourceURLs", of_rules("nonResourceURLs", |_| true)),
        ("nonResourceURLs with *", of_rules("nonResourceURLs", |url| url.ends_with('*'))),
        ("impersonate", of_rules("verbs", |verb| verb == "impersonate")),
        ("bind", of_rules("verbs", |verb| verb == "bind")),
        ("escalate", of_rules("verbs", |verb| verb == "escalate")),
        ("tokens", of_rules("resources", |resource| resource == "serviceaccounts/token")),
        ("nodes", of_rules("resources", |resource| resource == "nodes/proxy")),
        ("pods", of_rules("resources", |resource| resource == "pods")),
        ("aggregation", Box::new(|object| _ = object.as_object_mut().unwrap().remove("aggregationRule"))),
        ("system:authenticated", of_subject("system:authenticated")),
        ("system:unauthenticated", of_subject("system:unauthenticated")),
        ("system:serviceaccounts", of_subject("system:serviceaccounts")),
        ("system:serviceaccounts:NAMESPACE", of_subject("system:serviceaccounts:shop")),
        ("accounts as users", of_subject("system:serviceaccount:shop:web")),
        ("RoleBindings", of_kind("RoleBinding")),
        ("ClusterRoleBindings", of_kind("ClusterRoleBinding")),
        ("Roles", of_kind("Role")),
    ];
    let counts: Vec<Cell<usize>> = features.iter().map(|_| Cell::new(0)).collect();
    let denied = Cell::new(0);
    let of_features = |objects: &[Value], request: &Request| {
        let counting = last(objects);
        let (allowed_to, others): (Vec<Subject>, Vec<Subject>) =
            subjects().into_iter().partition(|subject| allowed(&counting, subject, request));
        denied.set(denied.get() + others.len());
        if allowed_to.len() == 1 {
            // Only the group that RBAC does not restrict.
            return;
        }
        for ((_, change), count) in features.iter().zip(&counts) {
            let mut changed = objects.to_vec();
            changed.iter_mut().for_each(change);
            let changed = last(&changed);
            if allowed_to.iter().any(|subject| !allowed(&changed, subject, request)) {
                count.set(count.get() + 1);
            }
        }
    };
    let mut runner = TestRunner::new(config(60));
    runner
        .run(&cluster_and_requests(12), |(objects, requests)| {
            requests.iter().for_each(|request| of_features(&objects, request));
            Ok(())
        })
        .unwrap();
    let counts: Vec<(&str, usize)> = features.iter().map(|(name, _)| *name).zip(counts.iter().map(Cell::get)).collect();
    assert!(counts.iter().all(|(_, count)| *count >= 2) && denied.get() > 1000, "{counts:?}, denied {denied:?}");
}

#[test]
fn a_binding_to_a_missing_role_grants_nothing() {
    let binding = |name: &str, role: Value| {
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": name},
            "roleRef": role, "subjects": [{"kind": "User", "name": "ann@contoso.com"}]})
    };
    let objects = [
        binding("missing", json!({"kind": "ClusterRole", "name": "missing"})),
        binding("wrong-kind", json!({"kind": "Role", "name": "reader"})),
    ];
    let rbac = Rbac::of(&objects);
    let everyone = rbac.who_can(&Request::resource("get", "", "pods", Some("shop"), ""));
    let names: Vec<String> = everyone.iter().map(|one| one.subject.to_string()).collect();
    assert_eq!(names, ["group system:masters"]);
    let held = rbac.holdings(&Subject::user("ann@contoso.com"));
    assert!(held.len() == 2 && held.iter().all(|holding| holding.role.is_none()));
}
