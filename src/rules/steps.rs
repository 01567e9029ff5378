//! The checks of the table, as every request goes through them.
//!
//! In the rules themselves the checks lie between the rules' words, spread over more memory than a small
//! request should touch, and most are not for it. So the compiler gathers them in one list, each with what
//! it needs.

#![allow(clippy::indexing_slicing, reason = "the compiler runs it, and stops at an index that is too large")]

use super::{GROUPS, UNREADABLE};
use crate::rule::{Check, Rule};
use crate::view::sign::Signs;
use kubernetes::kind::Sieve;

/// One check of one rule.
#[derive(Clone, Copy)]
pub(crate) struct Step {
    pub rule: &'static Rule,
    pub check: Check,
    pub needs: Signs,
    /// The kinds of [`Check::Kinds`].
    pub kinds: Sieve,
}

/// What has to show for a check to be made: one of these.
const fn needs(check: &Check) -> Signs {
    match check {
        Check::Any(_) => Signs::OBJECT,
        Check::Annotated(_) => Signs::ANNOTATED,
        Check::CustomResource(_) => Signs::CUSTOM_RESOURCE,
        Check::Kinds(..) => Signs::NOT_EXCUSED,
        Check::Mode(_) => Signs::MODE,
        Check::Workload(signs, _) => *signs,
        Check::Binding(_) => Signs::BINDING,
        Check::Role(_) => Signs::ROLE,
        Check::Request(_) => Signs::REQUESTER,
        Check::TokenRequest(_) => Signs::TOKEN_REQUEST,
        Check::CertificateRequest(_) => Signs::CERTIFICATE_REQUEST,
        Check::CertificateApproval(_) => Signs::CERTIFICATE_APPROVAL,
    }
}

/// Every check, in the order of the rules.
pub(crate) static STEPS: [Step; count()] = {
    let check = Check::Kinds(&[], |_, _| {});
    let nothing = Step { rule: &UNREADABLE, check, needs: Signs::NONE, kinds: Sieve::of(&[]) };
    let mut steps = [nothing; count()];
    let (mut at, mut group) = (0, 0);
    while group < GROUPS.len() {
        let rules = GROUPS[group].rules;
        let mut n = 0;
        while n < rules.len() {
            let rule = rules[n];
            let mut of_rule = 0;
            while of_rule < rule.checks.len() {
                let check = rule.checks[of_rule];
                let kinds = match check {
                    Check::Kinds(kinds, _) => kinds,
                    _ => &[],
                };
                steps[at] = Step { rule, check, needs: needs(&check), kinds: Sieve::of(kinds) };
                at += 1;
                of_rule += 1;
            }
            n += 1;
        }
        group += 1;
    }
    steps
};

const fn count() -> usize {
    let (mut count, mut group) = (0, 0);
    while group < GROUPS.len() {
        let rules = GROUPS[group].rules;
        let mut n = 0;
        while n < rules.len() {
            count += rules[n].checks.len();
            n += 1;
        }
        group += 1;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules;
    use kubernetes::kind::Tag;

    #[test]
    fn every_check_of_every_rule_is_a_step() {
        let checks = rules::all().flat_map(|rule| rule.checks.iter().map(move |check| (rule.id, check)));
        assert_eq!(STEPS.len(), checks.clone().count());
        for (step, (id, check)) in STEPS.iter().zip(checks) {
            assert_eq!(step.rule.id, id);
            assert_eq!(step.needs, needs(check));
            let Check::Kinds(kinds, _) = check else { continue };
            for kind in *kinds {
                assert!(step.kinds.lets_through(Tag::of(kind.group, kind.kind)), "{id}: {kind}");
            }
        }
    }

    #[test]
    fn a_sieve_holds_most_kinds_back() {
        let through = |tag| STEPS.iter().filter(|step| step.kinds.lets_through(tag)).count();
        assert_eq!(through(Tag::of("", "Pod")), 0);
        assert!(through(Tag::of("", "Secret")) > 0);
    }
}
