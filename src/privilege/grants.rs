//! Grants that bindings are compared with: client ids of identity bindings, and audiences that nodes can request.

use super::table::{AUDIENCE, CORE, IDENTITY_BINDING, READ, USE, is_no_client_id};
use kubernetes::role::Role;

/// The managed identities that a role lets service accounts use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Clients {
    /// Those with these client ids.
    Named(Vec<String>),
    /// Every one that is bound to the cluster.
    All,
    /// More than bindings can be compared with.
    TooMany,
}

/// A role has one for each identity that a workload needs. The number is bounded, because each is compared with each
/// subject of a binding.
const MOST_CLIENTS: usize = 64;

/// The identities that a role grants; `None` if it grants none.
pub(crate) fn client_ids(role: &Role<'_>) -> Option<Clients> {
    let mut clients: Vec<String> = Vec::new();
    for rule in role.rules() {
        if !rule.has_group(IDENTITY_BINDING) || !rule.any_verb(USE) {
            continue;
        }
        // A role that grants everything in general is reported as such.
        let meant = rule.groups.contains(&IDENTITY_BINDING) || USE.iter().any(|verb| rule.verbs.contains(verb));
        if meant && rule.every_resource() {
            return Some(Clients::All);
        }
        for resource in rule.resources.iter().filter(|resource| !is_no_client_id(resource)) {
            if clients.iter().any(|known| known == resource) {
                continue;
            }
            if clients.len() == MOST_CLIENTS {
                return Some(Clients::TooMany);
            }
            clients.push((*resource).to_owned());
        }
    }
    (!clients.is_empty()).then_some(Clients::Named(clients))
}

/// Whether a role only lets nodes request tokens for more audiences, and read the service accounts that they are for:
/// what credential providers for registries publish for `system:nodes`.
pub(crate) fn is_for_node_audiences(role: &Role<'_>) -> bool {
    let all = |written: &[&str], allowed: &[&str]| written.iter().all(|entry| allowed.contains(entry));
    let mut grants_audience = false;
    for rule in role.rules() {
        let is_audience = !rule.verbs.is_empty() && all(&rule.verbs, AUDIENCE);
        let reads_accounts = all(&rule.verbs, READ) && all(&rule.resources, &["serviceaccounts"]);
        if !all(&rule.groups, &[CORE]) || !rule.urls.is_empty() || !(is_audience || reads_accounts) {
            return false;
        }
        grants_audience |= is_audience;
    }
    grants_audience
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(rules: &str) -> String {
        format!(r#"{{"rules": [{rules}]}}"#)
    }

    fn read<T>(text: &str, read: impl FnOnce(&Role<'_>) -> T) -> T {
        let value = json::parse(text).unwrap();
        read(&Role::read(json::Node::new(&value), false))
    }

    #[test]
    fn identities_are_those_that_are_granted() {
        let id = "9c4e7b12-6d38-4a05-b9f1-2e8d0c7a5f43";
        let rule = |group: &str, resources: &str, verb: &str| {
            role(&format!(r#"{{"apiGroups": ["{group}"], "resources": [{resources}], "verbs": ["{verb}"]}}"#))
        };
        let (own, cid) = (format!("\"{id}\""), "cid.wi.aks.azure.com");
        let named = Some(Clients::Named(vec![id.to_owned()]));
        for (text, expected) in [
            (rule(cid, &own, "use-managed-identity"), named.clone()),
            (rule("*", &format!("{own}, {own}"), "*"), named),
            (rule(cid, "\"*\"", "use-managed-identity"), Some(Clients::All)),
            (rule("*", "\"*\"", "use-managed-identity"), Some(Clients::All)),
            (rule("*", "\"*\"", "*"), None),
            (rule(cid, &own, "get"), None),
            (rule("apps", &own, "use-managed-identity"), None),
            (rule(cid, &own.to_uppercase(), "use-managed-identity"), None),
            (rule(cid, "\"payments\"", "use-managed-identity"), None),
        ] {
            assert_eq!(read(&text, client_ids), expected, "{text}");
        }
        let many: Vec<String> = (0..100).map(|n| format!("\"9c4e7b12-6d38-4a05-b9f1-2e8d0c7a5{n:03x}\"")).collect();
        assert_eq!(read(&rule(cid, &many.join(","), "use-managed-identity"), client_ids), Some(Clients::TooMany));
    }

    #[test]
    fn only_audiences_are_for_nodes() {
        const AUDIENCE: &str = r#"{"apiGroups": [""], "resources": ["registry.contoso.com"], "verbs": ["request-serviceaccounts-token-audience"]}"#;
        const ACCOUNTS: &str = r#"{"apiGroups": [""], "resources": ["serviceaccounts"], "verbs": ["get"]}"#;
        for (rules, expected) in [
            (AUDIENCE.to_owned(), true),
            (format!("{AUDIENCE}, {ACCOUNTS}"), true),
            (ACCOUNTS.to_owned(), false),
            (format!(r#"{AUDIENCE}, {{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}}"#), false),
            (format!(r#"{AUDIENCE}, {{"nonResourceURLs": ["/metrics"], "verbs": ["get"]}}"#), false),
            (AUDIENCE.replace("\"verbs\": [", "\"verbs\": [\"get\", "), false),
            (AUDIENCE.replace("[\"\"]", "[\"*\"]"), false),
            (String::new(), false),
        ] {
            assert_eq!(read(&role(&rules), is_for_node_audiences), expected, "{rules}");
        }
    }
}
