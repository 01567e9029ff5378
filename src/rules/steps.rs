//! The checks of the table, as every request goes through them.
//!
//! In the rules themselves the checks lie between the rules' words, spread over more memory than a small
//! request should touch, and most are not for it. So the compiler gathers them in one list, each with what
//! it [needs](Needs).

#![allow(clippy::indexing_slicing, reason = "the compiler runs it, and stops at an index that is too large")]

use super::{GROUPS, UNREADABLE};
use crate::kind::Sieve;
use crate::rule::{Check, Rule};
use crate::view::sign::Signs;

/// One check of one rule.
#[derive(Clone, Copy)]
pub(crate) struct Step {
    pub rule: &'static Rule,
    pub check: Check,
    pub needs: Needs,
    /// The kinds of [`Check::Kinds`].
    pub kinds: Sieve,
}

/// What has to be there for a check to be made: one of these.
#[derive(Clone, Copy)]
pub(crate) struct Needs(u32);

impl Needs {
    pub const NOTHING: Needs = Needs(0);
    pub const OBJECT: Needs = Needs(1 << 16);
    pub const ANNOTATIONS: Needs = Needs(1 << 17);
    pub const CUSTOM_RESOURCE: Needs = Needs(1 << 18);
    /// An object that AKS does not excuse.
    pub const KIND: Needs = Needs(1 << 19);
    pub const MODE: Needs = Needs(1 << 20);
    pub const BINDING: Needs = Needs(1 << 21);
    pub const ROLE: Needs = Needs(1 << 22);
    pub const REQUESTER: Needs = Needs(1 << 23);
    pub const TOKEN: Needs = Needs(1 << 24);
    pub const CERTIFICATE: Needs = Needs(1 << 25);
    pub const APPROVAL: Needs = Needs(1 << 26);

    /// Pod templates with these signs.
    pub const fn signs(signs: Signs) -> Needs {
        Needs(signs.bits() as u32)
    }

    const fn of(check: &Check) -> Needs {
        match check {
            Check::Any(_) => Needs::OBJECT,
            Check::Annotated(_) => Needs::ANNOTATIONS,
            Check::CustomResource(_) => Needs::CUSTOM_RESOURCE,
            Check::Kinds(..) => Needs::KIND,
            Check::Mode(_) => Needs::MODE,
            Check::Workload(signs, _) => Needs::signs(*signs),
            Check::Binding(_) => Needs::BINDING,
            Check::Role(_) => Needs::ROLE,
            Check::Request(_) => Needs::REQUESTER,
            Check::TokenRequest(_) => Needs::TOKEN,
            Check::CertificateRequest(_) => Needs::CERTIFICATE,
            Check::CertificateApproval(_) => Needs::APPROVAL,
        }
    }

    /// These, and `other` ones if they are there.
    #[must_use]
    pub fn and_if(self, there: bool, other: Needs) -> Needs {
        if there { Needs(self.0 | other.0) } else { self }
    }

    /// Whether one of them is among `there`.
    pub fn met_by(self, there: Needs) -> bool {
        self.0 & there.0 != 0
    }
}

/// Every check, in the order of the rules.
pub(crate) static STEPS: [Step; count()] = {
    let check = Check::Kinds(&[], |_, _| {});
    let nothing = Step { rule: &UNREADABLE, check, needs: Needs::NOTHING, kinds: Sieve::of(&[]) };
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
                steps[at] = Step { rule, check, needs: Needs::of(&check), kinds: Sieve::of(kinds) };
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
    use crate::kind::Tag;
    use crate::rules;

    #[test]
    fn every_check_of_every_rule_is_a_step() {
        let checks = rules::all().flat_map(|rule| rule.checks.iter().map(move |check| (rule.id, check)));
        assert_eq!(STEPS.len(), checks.clone().count());
        for (step, (id, check)) in STEPS.iter().zip(checks) {
            assert_eq!(step.rule.id, id);
            assert_eq!(step.needs.0, Needs::of(check).0);
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
