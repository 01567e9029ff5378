//! Compares the engine with the authorizer's documented rules, asked one request at a time.

use super::*;
use crate::finding::GrantDigest;
use kubernetes::grant::{ORDINARY_VERBS, is_cluster_scoped};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use std::ptr;

/// A policy rule as the generator writes it.
#[derive(Clone, Debug)]
struct Written {
    verbs: Vec<&'static str>,
    groups: Vec<&'static str>,
    resources: Vec<&'static str>,
    names: Vec<&'static str>,
}

impl Written {
    /// The authorizer's answer to one request.
    fn allows(&self, verb: &str, group: &str, resource: &str, name: &str) -> bool {
        let of_everything = resource.split_once('/').map(|(_, subresource)| format!("*/{subresource}"));
        self.verbs.iter().any(|entry| *entry == "*" || *entry == verb)
            && self.groups.iter().any(|entry| *entry == "*" || *entry == group)
            && self
                .resources
                .iter()
                .any(|entry| *entry == "*" || *entry == resource || Some(*entry) == of_everything.as_deref())
            && (self.names.is_empty() || self.names.contains(&name))
    }

    /// The severity of one grant of a row, found by asking for one name after the other.
    fn severity(
        &self,
        role: &[Written],
        in_role: bool,
        row: &Privilege,
        verb: &str,
        (group, resource): (&str, &str),
    ) -> Option<Severity> {
        let completes = |half: &Half| {
            let names = |rule: &Written| rule.names.iter().copied().chain(["unlisted", ""]).collect::<Vec<_>>();
            let allows = |rule: &Written, name: &str| {
                half.verbs.iter().any(|verb| rule.allows(verb, half.group, half.resource, name))
            };
            // A request for a subresource has a name.
            role.iter().any(|rule| names(rule).into_iter().any(|name| !name.is_empty() && allows(rule, name)))
        };
        if row.half.as_ref().is_some_and(|half| !completes(half)) {
            return None;
        }
        if in_role && verb != "bind" && is_cluster_scoped(group, resource) {
            return None;
        }
        if row.spelled_out && !self.verbs.contains(&verb) {
            return None;
        }
        let allows = |name: &str| self.allows(verb, group, resource, name);
        let severity = if in_role { row.in_role? } else { row.in_cluster_role };
        let nameless = !carries_name(verb, resource);
        let by_selector = matches!(verb, "list" | "watch");
        let listed = self.names.iter().any(|name| !name.is_empty() && allows(name));
        let severity = match row.names {
            Names::Ignored => self.names.iter().chain(&["unlisted"]).any(|name| allows(name)).then_some(severity)?,
            Names::Unnamed => (allows("unlisted") || (nameless && allows(""))).then_some(severity)?,
            _ if allows("unlisted") || (nameless && (allows("") || (listed && !by_selector))) => severity,
            Names::LowerUnless(is_powerful) if listed => {
                if self.names.iter().any(|name| is_powerful(name) && allows(name)) {
                    severity
                } else {
                    lowered(severity)?
                }
            }
            Names::Only(names) if names.iter().any(|name| allows(name)) => severity,
            _ => return None,
        };
        let meant = self.verbs.contains(&verb) || (group == AUTHENTICATION && self.groups.contains(&group));
        if in_role && is_impersonation(verb) && !meant { lowered(severity) } else { Some(severity) }
    }

    /// Every resource of this policy rule that a row may mean, with its group.
    fn resources(&self, row: &Privilege) -> Vec<(&'static str, &'static str)> {
        let meant = self.groups.contains(&row.group) || row.verbs.iter().any(|verb| self.verbs.contains(verb));
        let free = |resource: &&&str| match row.open {
            Open::No | Open::SignIn => false,
            Open::Matching(fits) => fits(resource),
            Open::Meant(fits) => meant && !self.resources.contains(&"*") && fits(resource),
        };
        let mut resources: Vec<_> =
            row.resources.iter().chain(self.resources.iter().filter(free)).map(|listed| (row.group, *listed)).collect();
        // `*` alone is every group, but a role without a custom group is not about custom kinds.
        if matches!(row.open, Open::SignIn) && self.groups.iter().any(|group| !is_built_in_group(group)) {
            let kinds = auth_mode::kinds().filter(|kind| !is_built_in_group(kind.group));
            resources.extend(kinds.map(|kind| (kind.group, kind.plural)));
        }
        resources
    }

    fn json(&self) -> serde_json::Value {
        serde_json::json!({"verbs": self.verbs, "apiGroups": self.groups, "resources": self.resources, "resourceNames": self.names})
    }
}

const CLIENT_ID: &str = "9c4e7b12-6d38-4a05-b9f1-2e8d0c7a5f43";

type Seed = (&'static str, &'static [&'static str], &'static [&'static str]);

/// Every group, resource and verb of the table, wildcards and a few that mean nothing.
fn policy_rule() -> impl Strategy<Value = Written> {
    let mut verbs = vec!["*", "GET", "", "use-managed-identity"];
    let mut groups = vec!["*", "apps", "shop.contoso.com", "external-secrets.io", "keda.sh"];
    let mut resources = vec!["*", "*/exec", "*/proxy", "*/token", "*/*", "pods/*", "nodes", "userextras/scopes", "x"];
    resources.extend(["secretstores", "triggerauthentications", CLIENT_ID, "API://azureadtokenexchangechina"]);
    let mut names = vec!["", "a", "*", "pki.contoso.com/*", "admin", "aks-service", "aks-support"];
    for row in PRIVILEGES {
        verbs.extend(row.verbs);
        groups.push(row.group);
        resources.extend(row.resources);
        resources.extend(row.half.iter().map(|half| half.resource));
        if let Names::Only(powerful) = row.names {
            names.extend(powerful.iter().take(2));
        }
    }
    let names = prop_oneof![1 => Just(Vec::new()), 1 => vec(select(names), 0..3)];
    // Grants that fit together are rare among free combinations, so most policy rules start from a row, and
    // more often from one that takes two.
    let mut seeds: Vec<Seed> = PRIVILEGES.iter().map(|row| (row.group, row.resources, row.verbs)).collect();
    for (row, half) in PRIVILEGES.iter().filter_map(|row| Some((row, row.half.as_ref()?))) {
        for _ in 0..6 {
            seeds.push((row.group, row.resources, row.verbs));
            seeds.push((half.group, std::slice::from_ref(&half.resource), half.verbs));
        }
    }
    let seed = prop_oneof![1 => Just(None), 4 => select(seeds).prop_map(Some)];
    let lists = (vec(select(verbs), 0..4), vec(select(groups), 0..3), vec(select(resources), 0..4), names);
    (lists, seed, any::<prop::sample::Index>()).prop_map(|((mut verbs, mut groups, mut resources, names), seed, n)| {
        if let Some((group, listed, of_group)) = seed {
            groups.push(group);
            verbs.push(*n.get(of_group));
            resources.extend((!listed.is_empty()).then(|| *n.get(listed)));
        }
        Written { verbs, groups, resources, names }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Every dangerous grant is listed with its severity, and reported by the rule of its row or by a
    /// wildcard, but not by both.
    #[test]
    fn agrees_with_the_authorizer(written in vec(policy_rule(), 0..4), namespaced in any::<bool>()) {
        let text = serde_json::json!({"rules": written.iter().map(Written::json).collect::<Vec<_>>()}).to_string();
        let value = json::parse(&text).unwrap();
        let role = Role::read(json::Node::new(&value), namespaced);
        let privileges = Privileges::of(&role);
        let rows = Rows::of(&role);
        for (policy_rule, written_rule) in role.rules().iter().zip(&written) {
            let listed = || privileges.granted.iter().chain(&privileges.implied);
            let of_rule = || listed().filter(|granted| ptr::eq(granted.policy_rule, policy_rule));
            let wildcard = of_rule().any(|granted| granted.wildcard.is_some());
            for row in PRIVILEGES {
                let mut expected = Vec::new();
                for resource in written_rule.resources(row) {
                    for verb in row.verbs {
                        let severity = written_rule.severity(&written, namespaced, row, verb, resource);
                        expected.extend(severity.map(|severity| (resource.1, *verb, severity)));
                    }
                }
                expected.sort_unstable();
                expected.dedup();
                let counts = rows.table.iter().any(|counting| ptr::eq(*counting, row));
                let found = if counts { row.grants(&rows, &role, policy_rule) } else { Vec::new() };
                let mut listed: Vec<_> = found.iter().map(|held| (held.resource, held.verb, held.severity)).collect();
                listed.sort_unstable();
                listed.dedup();
                prop_assert_eq!(&listed, &expected, "{} in {}", row.rule, text);
                for held in found {
                    let same = |other: &Held<'_>| {
                        ptr::eq(other.privilege, row) && (other.verb, other.resource) == (held.verb, held.resource)
                    };
                    let reported = of_rule().filter(|granted| granted.wildcard.is_none()).any(|granted| {
                        granted.rule == row.rule && granted.grants.iter().any(same)
                    });
                    let named = held.written.resource != "*" || is_special(held.written.verb);
                    prop_assert!(reported || (wildcard && !named), "nothing reports {held:?} in {text}");
                    let covered = wildcard::covers(&role, policy_rule) && !named;
                    prop_assert!(!(reported && covered), "two rules report {held:?} in {text}");
                }
            }
            for granted in of_rule().filter(|granted| granted.wildcard.is_none()) {
                prop_assert_eq!(granted.grants.iter().map(|held| held.severity).max(), Some(granted.severity));
            }
        }
    }
}

/// Every digest that the ratchet compares.
fn digests(rules: &[Written], namespaced: bool) -> Vec<GrantDigest> {
    let text = serde_json::json!({"rules": rules.iter().map(Written::json).collect::<Vec<_>>()}).to_string();
    let value = json::parse(&text).unwrap();
    let role = Role::read(json::Node::new(&value), namespaced);
    let privileges = Privileges::of(&role);
    // Low findings that quote the policy rule are never denied.
    let compared = privileges.granted.iter().filter(|granted| granted.severity > Severity::Low);
    compared.flat_map(|granted| privileges.digests(granted)).collect()
}

/// All digests, those of low findings included.
fn known(rules: &[Written], namespaced: bool) -> Vec<u64> {
    let text = serde_json::json!({"rules": rules.iter().map(Written::json).collect::<Vec<_>>()}).to_string();
    let value = json::parse(&text).unwrap();
    let role = Role::read(json::Node::new(&value), namespaced);
    let privileges = Privileges::of(&role);
    let mut known: Vec<u64> =
        privileges.granted.iter().flat_map(|granted| privileges.digests(granted)).map(GrantDigest::known).collect();
    known.sort_unstable();
    known
}

/// Both halves of constrained impersonation: the identity, and the request that is made as it.
const HALVES: [(&str, &str, &str, &str); 4] = [
    ("user-info", AUTHENTICATION, "users", "impersonate:user-info"),
    ("user-info", AUTHENTICATION, "groups", "impersonate:user-info"),
    ("serviceaccount", AUTHENTICATION, "serviceaccounts", "impersonate:serviceaccount"),
    ("arbitrary-node", AUTHENTICATION, "nodes", "impersonate:arbitrary-node"),
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    /// A role with both halves of constrained impersonation is found, however they are split over its policy rules,
    /// and whatever else is in them.
    #[test]
    fn constrained_impersonation_is_found(
        (mode, group, resource, verb) in select(HALVES.to_vec()),
        target in select(vec!["secrets", "pods", "serviceaccounts/token"]),
        request in select(vec!["get", "list", "create"]),
        (together, first, star) in (any::<bool>(), any::<bool>(), any::<bool>()),
        others in vec(policy_rule(), 0..3),
        at in any::<prop::sample::Index>(),
    ) {
        let on: &'static str = Box::leak(format!("impersonate-on:{mode}:{request}").into_boxed_str());
        let rule = |verbs: Vec<&'static str>, groups, resources| Written { verbs, groups, resources, names: Vec::new() };
        let mut halves = match together {
            true => vec![rule(vec![verb, on], vec![group, ""], vec![if star { "*" } else { resource }, target])],
            false => vec![
                rule(vec![if star { "*" } else { verb }], vec![group], vec![resource]),
                rule(vec![on], vec![""], vec![target]),
            ],
        };
        if first {
            halves.reverse();
        }
        let mut rules = others;
        let at = at.index(rules.len() + 1);
        rules.splice(at..at, halves);
        let text = serde_json::json!({"rules": rules.iter().map(Written::json).collect::<Vec<_>>()}).to_string();
        let value = json::parse(&text).unwrap();
        let role = Role::read(json::Node::new(&value), false);
        let privileges = Privileges::of(&role);
        let found = privileges.reported_by("role-escalation").any(|granted| granted.severity == Severity::High);
        prop_assert!(found, "not found in {text}");
        let reads = target == "secrets" && request != "create";
        if reads || (target == "serviceaccounts/token" && request == "create") {
            let mut grants = privileges.reported_by("role-escalation").flat_map(|granted| &granted.grants);
            prop_assert!(grants.any(|held| held.verb == on), "{on} is not found in {text}");
        }
    }

    /// Agents that act as their own node only are the documented use.
    #[test]
    fn an_associated_node_is_accepted(request in select(vec!["get", "list", "watch"]), split in any::<bool>()) {
        let on = format!("impersonate-on:associated-node:{request}");
        let pods = serde_json::json!({"apiGroups": [""], "resources": ["pods"], "verbs": [on]});
        let nodes = serde_json::json!({"apiGroups": [AUTHENTICATION], "resources": ["nodes"],
            "verbs": ["impersonate:associated-node"]});
        let rules = if split { vec![pods, nodes] } else { vec![nodes, pods] };
        let text = serde_json::json!({"rules": rules}).to_string();
        let value = json::parse(&text).unwrap();
        let role = Role::read(json::Node::new(&value), false);
        prop_assert!(Privileges::of(&role).granted().is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    /// A role that grants no more than before has no new grants, however its policy rules are split.
    #[test]
    fn narrowed_roles_grant_nothing_new(
        written in vec(policy_rule(), 1..4),
        kept in vec(any::<u16>(), 4),
        name in any::<bool>(),
        namespaced in any::<bool>(),
    ) {
        let keep = |list: &[&'static str], bits: u16| -> Vec<&'static str> {
            list.iter().enumerate().filter(|(n, _)| bits >> (n % 16) & 1 == 1).map(|(_, entry)| *entry).collect()
        };
        let mut narrowed = Vec::new();
        for rule in written.iter().rev() {
            for bits in &kept {
                let names = match rule.names.as_slice() {
                    [] if name => vec!["a"],
                    [] => Vec::new(),
                    // An empty list would be every name.
                    names => Some(keep(names, *bits)).filter(|kept| !kept.is_empty()).unwrap_or_else(|| names.to_vec()),
                };
                narrowed.push(Written {
                    verbs: keep(&rule.verbs, *bits),
                    groups: rule.groups.clone(),
                    resources: keep(&rule.resources, bits.rotate_left(5)),
                    names,
                });
            }
        }
        let known = known(&written, namespaced);
        for grant in digests(&narrowed, namespaced) {
            prop_assert!(grant.is_among(&known), "{narrowed:?} has a grant that {written:?} has not");
        }
    }
}

/// Operators write a wildcard out before they narrow it.
#[test]
fn a_star_that_is_written_out_grants_nothing_new() {
    const SPECIAL: &[&str] = &["escalate", "bind", "impersonate", "approve", "sign"];
    let written = |verbs: Vec<&'static str>, resource: &'static str, group: &'static str| {
        vec![Written { verbs, groups: vec![group], resources: vec![resource], names: Vec::new() }]
    };
    let every: Vec<&str> = ORDINARY_VERBS.iter().chain(SPECIAL).copied().collect();
    for (group, resource) in [("*", "*"), ("", "*"), ("rbac.authorization.k8s.io", "clusterroles"), ("a.com", "*")] {
        for namespaced in [false, true] {
            let known = known(&written(vec!["*"], resource, group), namespaced);
            for grant in digests(&written(every.clone(), resource, group), namespaced) {
                assert!(grant.is_among(&known), "{resource} in {group}");
            }
        }
    }
}

#[test]
fn rows_of_one_rule_are_adjacent() {
    let mut rules: Vec<&str> = PRIVILEGES.iter().map(|row| row.rule).collect();
    rules.dedup();
    let count = rules.len();
    rules.sort_unstable();
    rules.dedup();
    assert_eq!(rules.len(), count);
}

#[test]
fn halves_may_be_in_different_policy_rules() {
    let text = r#"{"rules": [
        {"apiGroups": ["certificates.k8s.io"], "resources": ["signers"], "verbs": ["approve", "sign"]},
        {"apiGroups": ["certificates.k8s.io"], "resources": ["certificatesigningrequests/status"], "verbs": ["patch"]}
    ]}"#;
    let value = json::parse(text).unwrap();
    let role = Role::read(json::Node::new(&value), false);
    let privileges = Privileges::of(&role);
    let verbs: Vec<_> = privileges.granted.iter().flat_map(|granted| &granted.grants).map(|held| held.verb).collect();
    assert_eq!(verbs, ["sign"]);
}

/// Writing Secrets is part of reading them, but not of reading some of them.
#[test]
fn writing_secrets_is_reported_once() {
    let rule = |verbs: &str, names: &str| {
        format!(r#"{{"apiGroups": [""], "resources": ["secrets"], "verbs": [{verbs}], "resourceNames": [{names}]}}"#)
    };
    for (rules, expected) in [
        (vec![rule(r#""create""#, "")], vec!["role-secret-write"]),
        (vec![rule(r#""create", "get""#, "")], vec!["role-secret-read"]),
        (vec![rule(r#""patch""#, ""), rule(r#""list""#, "")], vec!["role-secret-read"]),
        (vec![rule(r#""patch""#, ""), rule(r#""get""#, r#""a""#)], vec!["role-secret-write", "role-secret-read"]),
        (vec![rule(r#""update""#, r#""a""#)], vec![]),
    ] {
        let text = format!(r#"{{"rules": [{}]}}"#, rules.join(","));
        let value = json::parse(&text).unwrap();
        let role = Role::read(json::Node::new(&value), false);
        let privileges = Privileges::of(&role);
        let found: Vec<_> = privileges.granted.iter().map(|granted| granted.rule).collect();
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn listings_name_each_entry_once() {
    assert_eq!(listing(vec!["b", "a", "b", "b"]), "b, a");
    assert_eq!(listing(vec!["b", "a", "b", "c", "d", "d"]), "b, a, c and 1 more");
}
