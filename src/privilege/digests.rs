//! The dangerous grants of a finding as digests, for the ratchet.
//!
//! A grant is a group, a resource, a verb and a name. Wildcards count as every grant of the table that they include,
//! and as the wildcard itself for the sensitive groups. How a role spreads its grants over policy rules therefore does
//! not matter, and an update that narrows them grants nothing new.

use super::table::{READ, WRITE, is_special};
use super::wildcard::{SENSITIVE, WRITE_URL, Wildcard};
use super::{Granted, Open, Privileges, READS_SECRETS};
use crate::anchor::digest;
use crate::finding::GrantDigest;
use kubernetes::grant::{ORDINARY_VERBS, Reach, carries_name};

/// The most digests for one role. Beyond that, a policy rule is compared as it is written.
pub(super) const MOST_DIGESTS: usize = 1 << 13;

impl<'r, 'a> Privileges<'r, 'a> {
    /// The dangerous grants that a finding of this role reports.
    pub(crate) fn digests(&self, granted: &Granted<'r, 'a>) -> Vec<GrantDigest> {
        let policy_rule = granted.policy_rule;
        let as_written = || vec![GrantDigest::of(digest(policy_rule.node))];
        // Nothing is even listed once there was no room.
        if self.budget.get() == 0 {
            return as_written();
        }
        let mut found = Vec::new();
        // A lone `*` that is reported as a wildcard includes what the table lists.
        let included = match granted.wildcard {
            Some(Wildcard::Resources) => self.rows.grants(self.role, policy_rule).collect(),
            _ => Vec::new(),
        };
        for held in granted.grants.iter().filter(|_| included.is_empty()).chain(&included) {
            found.push((held.group, held.resource, held.verb, held.written.reach));
            // Includes resources that the table cannot list.
            if held.written.resource == "*" && !matches!(held.privilege.open, Open::No | Open::SignIn) {
                found.push((held.group, "*", held.verb, held.written.reach));
            }
        }
        // The API groups and resources that a wildcard is compared with as they are written.
        let (mut groups, mut resources): (&[&str], &[&str]) = (&[], &[]);
        match granted.wildcard {
            None => {}
            Some(Wildcard::Urls) => {
                found.extend(
                    WRITE_URL
                        .iter()
                        .filter(|verb| policy_rule.any_verb(&[verb]))
                        .map(|verb| ("", "URL", *verb, Reach::All)),
                );
            }
            Some(_) if policy_rule.every_resource() && SENSITIVE.iter().any(|group| policy_rule.has_group(group)) => {
                for group in SENSITIVE.iter().filter(|group| policy_rule.has_group(group)) {
                    for verb in READ.iter().chain(WRITE).filter(|verb| policy_rule.any_verb(&[verb])) {
                        let reach = policy_rule.reach(carries_name(verb, "*"));
                        found.extend(reach.map(|reach| (*group, "*", *verb, reach)));
                    }
                }
                if policy_rule.every_group() {
                    (groups, resources) = (&["*"], &["*"]);
                }
            }
            Some(_) => (groups, resources) = (&policy_rule.groups, &policy_rule.resources),
        }
        // `*` and the list of all verbs are the same.
        let every_verb: &[&str] = if policy_rule.every_verb() { &["*"] } else { &[] };
        let ordinary = ORDINARY_VERBS.iter().filter(|_| !every_verb.is_empty());
        // Special verbs have rules of their own, which compare them.
        let written = policy_rule.verbs.iter().filter(|verb| !is_special(verb));
        let verbs = || written.clone().chain(every_verb).chain(ordinary.clone());
        let names = policy_rule.names.iter().filter(|name| !name.is_empty()).count();
        let count = found.iter().map(|(.., reach)| if *reach == Reach::All { 1 } else { names }).sum::<usize>()
            + groups.len().saturating_mul(resources.len()).saturating_mul(verbs().count());
        let Some(left) = self.budget.get().checked_sub(count) else {
            self.budget.set(0);
            return as_written();
        };
        self.budget.set(left);
        let mut digests: Vec<GrantDigest> = Vec::with_capacity(count);
        for &group in groups {
            for &resource in resources {
                for verb in verbs() {
                    let of = |group, resource| digest(("as written", group, resource, verb));
                    let wider = [of("*", resource), of(group, "*"), of("*", "*")];
                    digests.push(GrantDigest::included_in(of(group, resource), wider));
                }
            }
        }
        for (group, resource, verb, reach) in found {
            let [all_names, all_resources] = [resource, "*"].map(|resource| digest((group, resource, verb)));
            let wider = [all_names, all_resources, all_resources];
            match reach {
                Reach::All => digests.push(GrantDigest::included_in(all_names, wider)),
                Reach::Named => {
                    let names = policy_rule.names.iter().filter(|name| !name.is_empty());
                    digests.extend(names.map(|name| GrantDigest::included_in(digest((all_names, name)), wider)));
                }
            }
        }
        // What this finding is reported instead of is not new if it is reported later.
        let first = self.granted.iter().find(|other| other.rule == READS_SECRETS);
        if first.is_some_and(|first| std::ptr::eq(first, granted)) {
            self.implied.iter().for_each(|implied| digests.extend(self.digests(implied)));
        }
        digests
    }

    /// The grants of every finding that counts.
    pub(crate) fn digests_of(&self, counts: impl Fn(&Granted<'r, 'a>) -> bool) -> Vec<GrantDigest> {
        let counting = self.granted.iter().filter(|granted| counts(granted));
        counting.flat_map(|granted| self.digests(granted)).collect()
    }
}
