//! Lists of the settings, sorted when they are read. An author decides how many names of an object are compared with
//! them, so each name costs a search and not the whole list.

use crate::sort::{sort, sort_by};
use text::glob;

/// Names without patterns.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Names(Vec<String>);

impl Names {
    pub(super) fn of(mut names: Vec<String>) -> Self {
        sort(&mut names);
        names.dedup();
        Names(names)
    }

    /// Names that are compared without regard to the case of ASCII letters.
    pub(super) fn of_any_case(mut names: Vec<String>) -> Self {
        names.iter_mut().for_each(|name| name.make_ascii_lowercase());
        Names::of(names)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn contains(&self, name: &str) -> bool {
        self.0.binary_search_by(|own| own.as_str().cmp(name)).is_ok()
    }
}

/// Patterns with `*`, by what they compare.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Patterns {
    /// No star.
    names: Names,
    /// `abc*`, without the star.
    beginnings: Beginnings,
    /// `*abc`, without the star and backwards.
    endings: Beginnings,
    /// Stars elsewhere. Each is compared with each name, so the settings limit how many there are.
    others: Vec<String>,
}

impl Patterns {
    /// Patterns that are compared without regard to the case of ASCII letters.
    pub(super) fn of_any_case(patterns: Vec<String>) -> Self {
        let (mut names, mut beginnings, mut endings, mut others) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for mut pattern in patterns {
            pattern.make_ascii_lowercase();
            let (ending, beginning) = (pattern.strip_prefix('*'), pattern.strip_suffix('*'));
            match (ending, beginning) {
                (None, None) if !pattern.contains('*') => names.push(pattern),
                (Some(ending), _) if !ending.contains('*') => endings.push(backwards(ending)),
                (_, Some(beginning)) if !beginning.contains('*') => beginnings.push(beginning.to_owned()),
                _ => others.push(pattern),
            }
        }
        sort(&mut others);
        others.dedup();
        Patterns {
            names: Names::of(names),
            beginnings: Beginnings::of(beginnings),
            endings: Beginnings::of(endings),
            others,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.names.is_empty() && self.beginnings.0.is_empty() && self.endings.0.is_empty() && self.others.is_empty()
    }

    /// How many patterns are compared with each name.
    pub(super) fn others(&self) -> usize {
        self.others.len()
    }

    pub fn matches(&self, name: &str) -> bool {
        let name = &name.to_ascii_lowercase();
        self.names.contains(name)
            || self.beginnings.begin(name)
            || (!self.endings.0.is_empty() && self.endings.begin(&backwards(name)))
            || self.others.iter().any(|pattern| glob::matches(pattern, name))
    }
}

fn backwards(text: &str) -> String {
    text.chars().rev().collect()
}

/// Sorted texts, none of which begins with another.
#[derive(Clone, Debug, Default, PartialEq)]
struct Beginnings(Vec<String>);

impl Beginnings {
    fn of(mut texts: Vec<String>) -> Self {
        sort(&mut texts);
        // The texts that begin with another follow it.
        texts.dedup_by(|later, earlier| later.starts_with(earlier.as_str()));
        Beginnings(texts)
    }

    /// Whether the text begins with one of them: only the last that is not greater can be it.
    fn begin(&self, text: &str) -> bool {
        let after = self.0.partition_point(|own| own.as_str() <= text);
        self.0.get(..after).and_then(<[String]>::last).is_some_and(|own| text.starts_with(own.as_str()))
    }
}

/// A grant of client ids to service accounts, as it is read.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Identity {
    pub namespace: String,
    pub service_account: String,
    pub client_ids: Vec<String>,
}

impl Identity {
    fn names(&self) -> (&str, &str) {
        (&self.namespace, &self.service_account)
    }

    /// Whether a name has a star and is more than a star, so that it has to be compared.
    fn is_pattern(&self) -> bool {
        [&self.namespace, &self.service_account].iter().any(|name| name.contains('*') && *name != "*")
    }
}

/// Which of the names of an identity a client id is asked for.
#[derive(Clone, Copy, Debug)]
pub enum Asked<'n> {
    Name(&'n str),
    /// Every name: only `*` grants that.
    Every,
    /// Some name: every grant will do.
    Some,
}

impl Asked<'_> {
    fn is_granted_by(self, pattern: &str) -> bool {
        match self {
            Asked::Name(name) => glob::matches(pattern, name),
            Asked::Every => pattern == "*",
            Asked::Some => true,
        }
    }
}

/// The client ids that service accounts may use.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Identities {
    /// In the order of their names, those without patterns first.
    identities: Vec<Identity>,
    /// Client ids with the position of an identity, sorted.
    grants: Vec<(String, usize)>,
}

impl Identities {
    pub(super) fn of(mut identities: Vec<Identity>) -> Self {
        sort_by(&mut identities, |a, b| (a.is_pattern(), a.names()) < (b.is_pattern(), b.names()));
        let mut grants = Vec::new();
        for (at, identity) in identities.iter_mut().enumerate() {
            grants.extend(std::mem::take(&mut identity.client_ids).into_iter().map(|client| (client, at)));
        }
        sort(&mut grants);
        Identities { identities, grants }
    }

    pub fn is_empty(&self) -> bool {
        self.identities.is_empty()
    }

    /// Whether an identity grants the client id, which is written in lower case.
    pub fn grants(&self, client: &str, namespace: Asked<'_>, account: Asked<'_>) -> bool {
        let from = self.grants.partition_point(|(own, _)| own.as_str() < client);
        let own = self.grants.get(from..).unwrap_or_default();
        let own = own.get(..own.partition_point(|(own, _)| own == client)).unwrap_or_default();
        let identity = |(_, at): &(String, usize)| self.identities.get(*at);
        let plain = own.partition_point(|grant| identity(grant).is_some_and(|of| !of.is_pattern()));
        let (plain, patterns) = own.split_at_checked(plain).unwrap_or_default();
        let is_plain = |namespace: &str, name: Option<&str>| {
            let wanted = (namespace, name.unwrap_or_default());
            let at = plain.partition_point(|grant| identity(grant).is_some_and(|of| of.names() < wanted));
            plain
                .get(at)
                .and_then(identity)
                .is_some_and(|of| of.namespace == namespace && name.is_none_or(|name| of.service_account == name))
        };
        let in_namespace = |namespace: &str| match account {
            Asked::Name(name) => is_plain(namespace, Some(name)) || is_plain(namespace, Some("*")),
            Asked::Every => is_plain(namespace, Some("*")),
            Asked::Some => is_plain(namespace, None),
        };
        let is_in_plain = match namespace {
            Asked::Name(name) => in_namespace(name) || in_namespace("*"),
            Asked::Every => in_namespace("*"),
            Asked::Some => plain.iter().filter_map(identity).any(|of| account.is_granted_by(&of.service_account)),
        };
        is_in_plain
            || patterns
                .iter()
                .filter_map(identity)
                .any(|of| namespace.is_granted_by(&of.namespace) && account.is_granted_by(&of.service_account))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(patterns: &[&str]) -> Vec<String> {
        patterns.iter().map(|pattern| (*pattern).to_owned()).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn patterns_match_as_globs_do(
            patterns in prop::collection::vec("[aB*@é]{0,5}", 0..12),
            name in "[abé@]{0,6}",
        ) {
            let expected = patterns.iter().any(|own| glob::matches(&own.to_ascii_lowercase(), &name));
            let sorted = Patterns::of_any_case(patterns.clone());
            prop_assert_eq!(sorted.matches(&name), expected);
            prop_assert_eq!(sorted.matches(&name.to_ascii_uppercase()), expected);
            prop_assert_eq!(sorted.is_empty(), patterns.is_empty());
        }

        #[test]
        fn names_are_found_exactly(own in prop::collection::vec("[ab]{0,3}", 0..12), name in "[ab]{0,3}") {
            prop_assert_eq!(Names::of(own.clone()).contains(&name), own.contains(&name));
        }

        #[test]
        fn identities_grant_what_one_of_them_grants(
            own in prop::collection::vec(("[ab*]{1,2}", "[ab*]{1,2}", prop::collection::vec("[xy]", 0..3)), 0..10),
            namespace in "[ab]{0,2}",
            account in "[ab]{0,2}",
            client in "[xyz]",
        ) {
            let own: Vec<Identity> = own
                .into_iter()
                .map(|(namespace, service_account, client_ids)| Identity { namespace, service_account, client_ids })
                .collect();
            let sorted = Identities::of(own.clone());
            let every = |name| [Asked::Name(name), Asked::Every, Asked::Some];
            for namespace in every(&namespace) {
                for account in every(&account) {
                    let expected = own.iter().any(|of| {
                        of.client_ids.contains(&client)
                            && namespace.is_granted_by(&of.namespace)
                            && account.is_granted_by(&of.service_account)
                    });
                    prop_assert_eq!(sorted.grants(&client, namespace, account), expected);
                }
            }
        }
    }

    #[test]
    fn a_longer_beginning_hides_no_shorter_one() {
        let patterns = Patterns::of_any_case(names(&["ab*", "abc*", "abd", "*@contoso.com", "*@b.contoso.com"]));
        for name in ["ab", "abcd", "abzz", "x@CONTOSO.com"] {
            assert!(patterns.matches(name), "{name}");
        }
        for name in ["a", "x@b.contoso.org", "x@a.contoso.com", ""] {
            assert!(!patterns.matches(name), "{name}");
        }
    }
}
