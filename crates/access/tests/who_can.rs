//! `who_can` and `allows` against the authorizer written a second time, on random clusters.

mod support;

use access::{Rbac, Request, Subject};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::subsequence;
use serde_json::json;
use support::{allowed, authorizer_allows, cluster, config, groups_of, request, subjects};

proptest! {
    #![proptest_config(config(150))]

    /// Everyone in the answer is allowed, and everyone who is allowed is in the answer, alone or by a group.
    #[test]
    fn who_can_is_what_the_authorizer_allows(objects in cluster(), requests in vec(request(), 12)) {
        let rbac = Rbac::of(&objects);
        for request in &requests {
            let can: Vec<Subject> = rbac.who_can(request).into_iter().map(|one| one.subject).collect();
            for subject in &can {
                prop_assert!(allowed(&objects, subject, request), "{subject} cannot {request}: {objects:#?}");
            }
            for subject in subjects() {
                let own = std::iter::once(subject.clone()).chain(subject.implied_groups());
                let listed = own.into_iter().any(|one| can.contains(&one));
                prop_assert_eq!(allowed(&objects, &subject, request), listed, "{} {}: {:#?}", subject, request, objects);
            }
        }
    }

    /// Users in several groups.
    #[test]
    fn allows_is_what_the_authorizer_allows(
        objects in cluster(),
        requests in vec(request(), 8),
        member_of in subsequence(&["system:masters", "system:serviceaccounts:shop", "8d3d1b5c-6d5f-4b7a-9e0b-3a1f1d2c4e5f"][..], 0..3),
    ) {
        let rbac = Rbac::of(&objects);
        for user in ["ann@contoso.com", "dan@contoso.com", "system:anonymous", "system:serviceaccount:shop:web"] {
            let subject = Subject::user(user);
            let groups: Vec<Subject> = member_of.iter().map(|group| Subject::group(group)).collect();
            let mut all = groups_of(user);
            all.extend(member_of.iter().map(|group| (*group).to_owned()));
            all.extend(groups.iter().flat_map(Subject::implied_groups).map(|group| group.name()));
            let all: Vec<&str> = all.iter().map(String::as_str).collect();
            for request in &requests {
                let expected = authorizer_allows(&objects, user, &all, request);
                prop_assert_eq!(rbac.allows(&subject, &groups, request), expected, "{} {} {:?}: {:#?}", user, request, member_of, objects);
            }
        }
    }

    /// Namespaces that RoleBindings allow a request in: those where it is allowed and not everywhere.
    #[test]
    fn namespaces_are_those_of_the_authorizer(objects in cluster(), verb in "get|create|impersonate", resource in "pods|secrets|serviceaccounts/token") {
        let rbac = Rbac::of(&objects);
        let of = |namespace| Request::resource(&verb, "", &resource, namespace, "");
        let found = rbac.who_can_in_namespaces(&of(None));
        for namespace in support::NAMESPACES {
            for subject in subjects() {
                let own: Vec<Subject> = std::iter::once(subject.clone()).chain(subject.implied_groups()).collect();
                let listed = found.get(namespace).is_some_and(|all| all.iter().any(|one| own.contains(&one.subject)));
                let everywhere = rbac.allows(&subject, &[], &of(None));
                let here = allowed(&objects, &subject, &of(Some(namespace)));
                prop_assert_eq!(here, listed || everywhere, "{} in {}: {:#?}", subject, namespace, objects);
            }
        }
    }
}

#[test]
fn a_binding_to_a_missing_role_grants_nothing() {
    let binding = |name: &str, role: serde_json::Value| {
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
