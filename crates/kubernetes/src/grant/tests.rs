//! Compares [`PolicyRule`] with an oracle: the authorizer's documented rules, written out plainly and asked
//! one request at a time.

use super::*;
use crate::role::Role;
use json::parse;
use std::fmt::Write;

/// A request as the authorizer sees it.
struct Attributes<'q> {
    verb: &'q str,
    group: &'q str,
    resource: &'q str,
    subresource: &'q str,
    name: &'q str,
    namespace: &'q str,
}

/// A policy rule as the generator writes it.
#[derive(Default)]
struct Written {
    verbs: Vec<&'static str>,
    groups: Vec<&'static str>,
    resources: Vec<&'static str>,
    names: Vec<&'static str>,
    urls: Vec<&'static str>,
}

mod oracle {
    use super::{Attributes, Written};

    pub(super) fn rule_allows(request: &Attributes<'_>, rule: &Written) -> bool {
        let combined = match request.subresource {
            "" => request.resource.to_owned(),
            subresource => format!("{}/{subresource}", request.resource),
        };
        verb_matches(rule, request.verb)
            && api_group_matches(rule, request.group)
            && resource_matches(rule, &combined, request.subresource)
            && resource_name_matches(rule, request.name)
    }

    pub(super) fn url_allows(verb: &str, path: &str, rule: &Written) -> bool {
        verb_matches(rule, verb) && non_resource_url_matches(rule, path)
    }

    fn verb_matches(rule: &Written, requested: &str) -> bool {
        for verb in &rule.verbs {
            if *verb == "*" {
                return true;
            }
            if *verb == requested {
                return true;
            }
        }
        false
    }

    fn api_group_matches(rule: &Written, requested: &str) -> bool {
        for group in &rule.groups {
            if *group == "*" {
                return true;
            }
            if *group == requested {
                return true;
            }
        }
        false
    }

    fn resource_matches(rule: &Written, combined: &str, subresource: &str) -> bool {
        for resource in &rule.resources {
            if *resource == "*" {
                return true;
            }
            if *resource == combined {
                return true;
            }
            if subresource.is_empty() {
                continue;
            }
            if resource.len() == subresource.len() + 2 && resource.starts_with("*/") && resource.ends_with(subresource)
            {
                return true;
            }
        }
        false
    }

    fn resource_name_matches(rule: &Written, requested: &str) -> bool {
        if rule.names.is_empty() {
            return true;
        }
        for name in &rule.names {
            if *name == requested {
                return true;
            }
        }
        false
    }

    fn non_resource_url_matches(rule: &Written, requested: &str) -> bool {
        for url in &rule.urls {
            if *url == "*" {
                return true;
            }
            if *url == requested {
                return true;
            }
            if url.ends_with('*') && requested.starts_with(url.trim_end_matches('*')) {
                return true;
            }
        }
        false
    }
}

/// SplitMix64: the same roles on every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % limit as u64) as usize
    }

    fn some(&mut self, from: &[&'static str], most: usize) -> Vec<&'static str> {
        (0..self.below(most + 1)).map(|_| from[self.below(from.len())]).collect()
    }
}

const VERBS: &[&str] = &["*", "get", "list", "watch", "create", "update", "deletecollection", "bind", "GET", "", "**"];
const GROUPS: &[&str] = &["*", "", "apps", "rbac.authorization.k8s.io", "Apps", "*.k8s.io"];
const RESOURCES: &[&str] =
    &["*", "pods", "pods/exec", "pods/*", "*/exec", "*/*", "*/", "nodes", "nodes/exec", "clusterroles", "Pods", ""];
const NAMES: &[&str] = &["", "a", "b", "*", "a*"];
const URLS: &[&str] = &["*", "/*", "/metrics", "/metrics/*", "**", "", "/api*"];

fn generate(random: &mut Random) -> (bool, Vec<Written>) {
    let rules = (0..random.below(4))
        .map(|_| Written {
            verbs: random.some(VERBS, 3),
            groups: random.some(GROUPS, 2),
            resources: random.some(RESOURCES, 3),
            // Most policy rules of real roles have none.
            names: if random.below(2) == 0 { Vec::new() } else { random.some(NAMES, 2) },
            urls: if random.below(4) == 0 { random.some(URLS, 2) } else { Vec::new() },
        })
        .collect();
    (random.below(2) == 0, rules)
}

/// The role's JSON, with a missing list, null or `[]` for an empty one.
fn render(rules: &[Written], random: &mut Random) -> String {
    let mut out = String::from("{\"rules\":[");
    for (index, written) in rules.iter().enumerate() {
        out.push_str(if index == 0 { "{\"x\":1" } else { ",{\"x\":1" });
        for (key, list) in [
            ("verbs", &written.verbs),
            ("apiGroups", &written.groups),
            ("resources", &written.resources),
            ("resourceNames", &written.names),
            ("nonResourceURLs", &written.urls),
        ] {
            match (list.is_empty(), random.below(3)) {
                (true, 0) => {}
                (true, 1) => _ = write!(out, ",\"{key}\":null"),
                _ => _ = write!(out, ",\"{key}\":{list:?}"),
            }
        }
        out.push('}');
    }
    out.push_str("]}");
    out
}

/// Which names the policy rule covers, found by asking about one object after the other.
fn by_asking(namespaced: bool, written: &Written, verb: &str, group: &str, resource: &str) -> Option<Reach> {
    let (name, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    let cluster_scoped = matches!((group, name), ("", "nodes") | ("rbac.authorization.k8s.io", "clusterroles"));
    // Binding a ClusterRole is checked in the namespace of the RoleBinding.
    let namespace = if cluster_scoped && verb != "bind" { "" } else { "shop" };
    let allowed = |object: &str| {
        let request = Attributes { verb, group, resource: name, subresource, name: object, namespace };
        // The authorizer does not read the bindings of a Role for requests without a namespace.
        !(namespaced && request.namespace.is_empty()) && oracle::rule_allows(&request, written)
    };
    let nameless =
        matches!(verb, "list" | "watch" | "deletecollection") || (verb == "create" && subresource.is_empty());
    if allowed("not-in-any-list") || (nameless && allowed("")) {
        Some(Reach::All)
    } else {
        NAMES.iter().any(|name| !name.is_empty() && allowed(name)).then_some(Reach::Named)
    }
}

#[test]
fn agrees_with_the_authorizer() {
    const ROLES: usize = 100_000;
    let mut random = Random(0x5eed);
    let (mut asked, mut granted) = (0_u64, 0_u64);
    for _ in 0..ROLES {
        let (namespaced, rules) = generate(&mut random);
        let text = render(&rules, &mut random);
        let value = parse(&text).unwrap();
        let role = Role::read(Node::new(&value), namespaced);
        assert_eq!(role.rules().len(), rules.len());
        for _ in 0..6 {
            let verb = ["get", "list", "create", "update", "deletecollection", "bind"][random.below(6)];
            let group = ["", "apps", "rbac.authorization.k8s.io"][random.below(3)];
            let resource = ["pods", "pods/exec", "nodes", "nodes/exec", "clusterroles"][random.below(5)];
            for (rule, written) in role.rules().iter().zip(&rules) {
                let expected = by_asking(namespaced, written, verb, group, resource);
                let found = role.grant(rule, verb, group, resource).map(|grant| grant.reach);
                assert_eq!(found, expected, "{verb} {group}/{resource} (Role: {namespaced}) in {text}");
                asked += 1;
                granted += u64::from(found.is_some());
            }
        }
        for (rule, written) in role.rules().iter().zip(&rules) {
            let everywhere = ["/", "/livez", "/zz/zz"].iter().all(|path| {
                let any = Written { verbs: vec!["*"], urls: written.urls.clone(), ..Written::default() };
                oracle::url_allows("post", path, &any)
            });
            assert_eq!(rule.every_url(), everywhere, "{text}");
            assert_eq!(
                rule.any_verb(&["post"]),
                oracle::url_allows("post", "/x", &written_with_url(written, "/x")),
                "{text}"
            );
        }
    }
    assert!(granted > 10_000 && granted < asked / 2, "{granted} of {asked} granted: the generator is lopsided");
    println!("{ROLES} roles, {asked} questions, {granted} granted");
}

fn written_with_url(written: &Written, url: &'static str) -> Written {
    Written { verbs: written.verbs.clone(), urls: vec![url], ..Written::default() }
}

#[test]
fn null_entries_are_empty_strings() {
    let value = parse(r#"{"rules":[{"verbs":["get"],"apiGroups":[null],"resources":["secrets"]}, null]}"#).unwrap();
    let role = Role::read(Node::new(&value), false);
    let found = role.rules().iter().filter_map(|rule| role.grant(rule, "get", "", "secrets")).count();
    assert_eq!(found, 1);
}

#[test]
fn every_verb_listed_is_a_star() {
    let value = parse(r#"{"verbs":["get","list","watch","create","update","patch","delete","deletecollection"]}"#);
    let value = value.unwrap();
    assert!(PolicyRule::read(Node::new(&value)).every_verb());
    let value = parse(r#"{"verbs":["get","list","watch","create","update","patch","delete"]}"#).unwrap();
    assert!(!PolicyRule::read(Node::new(&value)).every_verb());
}
