//! What a role lets its holder do that matters, listed once for all rules about roles.
//!
//! [`Privileges::of`] reads each policy rule of a role once and compares it with the table. It also
//! decides which rule reports what, so that a policy rule is reported once:
//!
//! - Where a resource is written out, the rule of the table row reports it, however the verbs are written.
//! - Where only a lone `*` covers the resource, `role-wildcard` or `role-custom-wildcard` reports the policy
//!   rule, unless a special verb (`is_special`) is written out.
//!
//! The kinds that choose how to sign in to Azure come from the table of `auth_mode`.
//!
//! A grant that `resourceNames` narrow is one severity lower. Names do not narrow creating and deleting collections,
//! and a name that is as good as every name does not narrow either. The work is linear in the size of the role.

mod digests;
mod grants;
mod table;
mod wildcard;

#[cfg(test)]
mod tests;

use crate::auth_mode;
use crate::finding::Severity;
use crate::sort::sort;
use kubernetes::grant::{Grant, PolicyRule, Reach, carries_name, is_built_in_group};
use kubernetes::role::Role;
use std::cell::{Cell, OnceCell};
use table::{AUTHENTICATION, PRIVILEGES, READ, is_special};
use text::shown;
use wildcard::Wildcard;

pub(crate) use grants::{Clients, client_ids, is_for_node_audiences};

/// One row of the table: any of the verbs on any of the resources.
#[derive(Debug)]
pub struct Privilege {
    /// Id of the rule that reports it.
    pub rule: &'static str,
    pub group: &'static str,
    pub resources: &'static [&'static str],
    open: Open,
    pub verbs: &'static [&'static str],
    /// Whether a `*` among the verbs does not count.
    spelled_out: bool,
    names: Names,
    /// Grants nothing unless the role also grants this, in any of its policy rules.
    half: Option<Half>,
    in_cluster_role: Severity,
    /// `None` where the grant means little or nothing inside one namespace.
    in_role: Option<Severity>,
    /// What the holder can do with it.
    why: &'static str,
    /// What to do, where the rule's own text does not fit.
    remediation: Option<&'static str>,
    /// The same two where `resourceNames` narrow the grant.
    named: Option<(&'static str, Option<&'static str>)>,
}

/// Resources of a row that cannot be listed, because their names are free.
#[derive(Debug)]
enum Open {
    No,
    /// Those that fit.
    Matching(fn(&str) -> bool),
    /// Those that fit, where the policy rule writes out the row's group or verb and has no `*` among its resources.
    Meant(fn(&str) -> bool),
    /// The kinds of other API groups than Kubernetes' own that choose how to sign in to Azure, each in its group.
    SignIn,
}

/// What `resourceNames` do to a grant.
#[derive(Debug)]
enum Names {
    /// The grant is one severity lower, unless one of the names is as good as every name.
    LowerUnless(fn(&str) -> bool),
    /// The grant counts only if one of these is among the names.
    Only(&'static [&'static str]),
    /// A grant that they narrow does not count.
    Unnamed,
    /// Requests of this verb do not go by name.
    Ignored,
}

/// The other half of a privilege that takes two grants: any of the verbs on the resource.
#[derive(Debug)]
struct Half {
    group: &'static str,
    resource: &'static str,
    verbs: &'static [&'static str],
}

/// One dangerous grant: a verb on a resource of a group, for the names of its policy rule or for all.
#[derive(Clone, Debug)]
pub struct Held<'a> {
    pub privilege: &'static Privilege,
    pub verb: &'static str,
    pub group: &'static str,
    pub resource: &'a str,
    /// The entries of the policy rule that grant it.
    pub written: Grant<'a>,
    /// Whether `resourceNames` narrow every request for it.
    pub narrowed: bool,
    pub severity: Severity,
}

/// What one rule reports about one policy rule.
pub struct Granted<'r, 'a> {
    /// Id of the rule that reports it.
    pub rule: &'static str,
    pub severity: Severity,
    pub policy_rule: &'r PolicyRule<'a>,
    /// The grants of the table, in the order of the table. For a wildcard, the worst that it contains.
    pub grants: Vec<Held<'a>>,
    /// An operator of the settings publishes the role with these grants.
    pub is_excused: bool,
    wildcard: Option<Wildcard>,
}

/// A role and everything that rules report about its policy rules.
pub struct Privileges<'r, 'a> {
    pub role: &'r Role<'a>,
    /// One that every cluster has, so that only rules that compare its contents report anything.
    pub is_excused: bool,
    rows: Rows,
    granted: Vec<Granted<'r, 'a>>,
    /// What is not reported, because a worse grant of the same resource is.
    implied: Vec<Granted<'r, 'a>>,
    /// How many digests may still be made.
    budget: Cell<usize>,
}

impl<'r, 'a> Privileges<'r, 'a> {
    pub fn of(role: &'r Role<'a>) -> Self {
        let rows = Rows::of(role);
        let mut granted = Vec::new();
        for policy_rule in role.rules() {
            list(&rows, role, policy_rule, &mut granted);
        }
        let (granted, implied) = without_implied(granted);
        Privileges { role, is_excused: false, rows, granted, implied, budget: Cell::new(digests::MOST_DIGESTS) }
    }

    /// A role that every cluster has: nothing that it grants is listed.
    pub fn excused(role: &'r Role<'a>) -> Self {
        let (rows, granted, implied) = (Rows::default(), Vec::new(), Vec::new());
        Privileges { role, is_excused: true, rows, granted, implied, budget: Cell::new(digests::MOST_DIGESTS) }
    }

    /// Excuses everything that `ceilings` grant as well, however the policy rules are split.
    pub fn excuse(&mut self, ceilings: &[Privileges<'_, '_>]) {
        let mut known: Vec<u64> = Vec::new();
        for ceiling in ceilings {
            known.extend(ceiling.digests_of(|_| true).iter().map(|grant| grant.known()));
        }
        sort(&mut known);
        let excused: Vec<bool> = self
            .granted
            .iter()
            .map(|granted| {
                let grants = self.digests(granted);
                !grants.is_empty() && grants.iter().all(|grant| grant.is_among(&known))
            })
            .collect();
        for (granted, is_excused) in self.granted.iter_mut().zip(excused) {
            granted.is_excused = is_excused;
        }
        // An update compares the same grants with the old object's.
        self.budget.set(digests::MOST_DIGESTS);
    }

    /// Everything that rules report.
    pub fn granted(&self) -> &[Granted<'r, 'a>] {
        &self.granted
    }

    /// What the rule with this id reports, in the order of the policy rules.
    pub fn reported_by(&self, rule: &str) -> impl Iterator<Item = &Granted<'r, 'a>> {
        self.granted.iter().filter(move |granted| granted.rule == rule)
    }

    /// The first of the most severe that count.
    pub fn worst(&self, counts: impl Fn(&Granted<'r, 'a>) -> bool) -> Option<&Granted<'r, 'a>> {
        let counting = self.granted.iter().filter(|granted| counts(granted));
        counting.reduce(|worst, next| if next.severity > worst.severity { next } else { worst })
    }
}

/// The rule about reading Secrets. Where it reports a role, [`WRITES_SECRETS`] does not.
const READS_SECRETS: &str = "role-secret-read";
const WRITES_SECRETS: &str = "role-secret-write";

/// Separates the grants that another finding about the role implies.
fn without_implied<'r, 'a>(granted: Vec<Granted<'r, 'a>>) -> (Vec<Granted<'r, 'a>>, Vec<Granted<'r, 'a>>) {
    // A role that reads only named Secrets still replaces all the others.
    let reads = |granted: &Granted<'r, 'a>| {
        granted.rule == READS_SECRETS && granted.grants.iter().any(|held| held.written.reach == Reach::All)
    };
    match granted.iter().any(reads) {
        true => granted.into_iter().partition(|granted| granted.rule != WRITES_SECRETS),
        false => (granted, Vec::new()),
    }
}

/// The rows of the table that count in a role.
#[derive(Default)]
struct Rows {
    table: Vec<&'static Privilege>,
    /// Group and plural of the kinds of [`Open::SignIn`], each once: a role may have thousands of policy rules that
    /// grant all of them.
    sign_in: OnceCell<Vec<(&'static str, &'static str)>>,
}

impl Rows {
    /// Those for a role of this kind with these policy rules.
    fn of(role: &Role<'_>) -> Self {
        let completed = |half: &Half| {
            let grants = |rule, verb| role.grant(rule, verb, half.group, half.resource).is_some();
            role.rules().iter().any(|rule| half.verbs.iter().any(|verb| grants(rule, verb)))
        };
        let counts = |row: &&Privilege| row.severity(role).is_some() && row.half.as_ref().is_none_or(completed);
        Rows { table: PRIVILEGES.iter().filter(counts).collect(), sign_in: OnceCell::new() }
    }

    fn sign_in(&self) -> &[(&'static str, &'static str)] {
        self.sign_in.get_or_init(|| {
            let mut kinds = Vec::new();
            for kind in auth_mode::kinds().filter(|kind| !is_built_in_group(kind.group)) {
                if !kinds.contains(&(kind.group, kind.plural)) {
                    kinds.push((kind.group, kind.plural));
                }
            }
            kinds
        })
    }

    /// What a policy rule grants of all rows.
    fn grants<'a>(&self, role: &Role<'a>, policy_rule: &PolicyRule<'a>) -> impl Iterator<Item = Held<'a>> {
        self.table.iter().flat_map(move |row| row.grants(self, role, policy_rule))
    }
}

/// Adds what the policy rule grants, and decides which rule reports it.
fn list<'r, 'a>(rows: &Rows, role: &'r Role<'a>, policy_rule: &'r PolicyRule<'a>, granted: &mut Vec<Granted<'r, 'a>>) {
    let covered = wildcard::covers(role, policy_rule);
    let only_wildcard = covered
        && policy_rule.resources.iter().all(|resource| *resource == "*")
        && !policy_rule.verbs.iter().any(|verb| is_special(verb));
    // Whether the table reports more of the policy rule than that it reads or is half of something.
    let mut reported = false;
    let mut last: Option<Granted<'r, 'a>> = None;
    // Nothing, or non-resource URLs.
    let is_empty = [&policy_rule.verbs, &policy_rule.groups, &policy_rule.resources].iter().any(|list| list.is_empty());
    for row in rows.table.iter().filter(|_| !only_wildcard && !is_empty) {
        for held in row.grants(rows, role, policy_rule) {
            if covered && held.written.resource == "*" && !is_special(held.written.verb) {
                continue;
            }
            reported |= row.verbs != READ && row.half.is_none() && row.rule != WRITES_SECRETS;
            match &mut last {
                Some(last) if last.takes(row) => {
                    last.severity = last.severity.max(held.severity);
                    last.grants.push(held);
                }
                _ => {
                    let (rule, severity) = (row.rule, held.severity);
                    let next =
                        Granted { rule, severity, policy_rule, grants: vec![held], is_excused: false, wildcard: None };
                    granted.extend(last.replace(next));
                }
            }
        }
    }
    granted.extend(last);
    if let Some((wildcard, severity)) = wildcard::find(role, policy_rule, covered, reported) {
        let grants = if policy_rule.every_resource() && wildcard == Wildcard::Resources {
            rows.grants(role, policy_rule).next().into_iter().collect()
        } else {
            Vec::new()
        };
        let (rule, wildcard) = (wildcard.rule(), Some(wildcard));
        granted.push(Granted { rule, severity, policy_rule, grants, is_excused: false, wildcard });
    }
}

impl Privilege {
    fn severity(&self, role: &Role<'_>) -> Option<Severity> {
        if role.namespaced { self.in_role } else { Some(self.in_cluster_role) }
    }

    /// What a policy rule grants of this row.
    fn grants<'a>(&'static self, rows: &Rows, role: &Role<'a>, policy_rule: &PolicyRule<'a>) -> Vec<Held<'a>> {
        let mut grants = Vec::new();
        let Some(severity) = self.severity(role) else { return grants };
        if matches!(self.open, Open::SignIn) {
            // Most roles have no other groups than Kubernetes' own.
            if policy_rule.groups.iter().any(|group| !is_built_in_group(group)) {
                let mut resources = rows.sign_in().iter().filter_map(|(group, plural)| {
                    let written = policy_rule.has_group(group).then(|| policy_rule.resource(plural)).flatten()?;
                    Some((*group, *plural, written))
                });
                self.add(role, policy_rule, severity, &mut resources, &mut grants);
            }
            return grants;
        }
        if !policy_rule.has_group(self.group) {
            return grants;
        }
        let listed = self.resources.iter().filter_map(|asked| Some((*asked, policy_rule.resource(asked)?)));
        let free = |fits: fn(&str) -> bool| {
            let written = policy_rule.resources.iter().copied();
            written.filter(move |written| fits(written) && !self.resources.contains(written))
        };
        let free = self.free(policy_rule).into_iter().flat_map(free).map(|written| (written, written));
        let mut resources = listed.chain(free).map(|(asked, written)| (self.group, asked, written));
        self.add(role, policy_rule, severity, &mut resources, &mut grants);
        grants
    }

    /// Adds the grants of this row on `resources`: group, resource, and the entry of the policy rule that covers it.
    fn add<'a>(
        &'static self,
        role: &Role<'a>,
        policy_rule: &PolicyRule<'a>,
        severity: Severity,
        resources: &mut dyn Iterator<Item = (&'static str, &'a str, &'a str)>,
        grants: &mut Vec<Held<'a>>,
    ) {
        let mut resources = resources.peekable();
        if resources.peek().is_none() {
            return;
        }
        // A policy rule may have many thousand entries. Each list is read once for a row, not once for an
        // entry of another list.
        let written = |verb: &str| policy_rule.verb(verb).filter(|written| !self.spelled_out || *written == verb);
        let verbs: Vec<(&'static str, &str)> =
            self.verbs.iter().filter_map(|verb| Some((*verb, written(verb)?))).collect();
        let (reach, reach_without_name) = (policy_rule.reach(true), policy_rule.reach(false));
        let powerful = match self.names {
            Names::LowerUnless(is_powerful) => policy_rule.names.iter().any(|name| is_powerful(name)),
            Names::Only(names) => policy_rule.names.iter().any(|name| names.contains(name)),
            Names::Unnamed | Names::Ignored => false,
        };
        let namespace = role.root.at(&["metadata", "namespace"]).text();
        // A Role there names accounts of the control plane.
        let in_kube_system = namespace == Some("kube-system");
        // A Role reaches no other namespace than its own.
        let names_own = role.namespaced && namespace.is_some_and(|own| policy_rule.names.contains(&own));
        for (group, resource, written_resource) in resources {
            for (verb, written_verb) in verbs.iter().copied() {
                let carries_name = carries_name(verb, resource);
                let reach = match self.names {
                    Names::Ignored => Some(Reach::All),
                    _ if carries_name => reach,
                    _ => reach_without_name,
                };
                let Some(reach) = reach.filter(|_| role.applies(verb, group, resource)) else { continue };
                // A list that selects by name is allowed, any other is not.
                let narrowed = reach == Reach::Named && (carries_name || matches!(verb, "list" | "watch"));
                let powerful = powerful
                    || (names_own && resource == "namespaces")
                    || (in_kube_system && resource == "serviceaccounts" && is_impersonation(verb));
                let severity = match self.names {
                    Names::Only(_) if narrowed && !powerful => None,
                    Names::Unnamed if reach == Reach::Named => None,
                    Names::LowerUnless(_) if narrowed && !powerful => lowered(severity),
                    _ => Some(severity),
                };
                // Inside one namespace, `*` on service accounts means managing them, and is no worse than a
                // wildcard over everything in it. No one manages them in the API group of authentication.
                let implied = role.namespaced
                    && is_impersonation(verb)
                    && written_verb == "*"
                    && (group != AUTHENTICATION || !policy_rule.groups.contains(&group));
                let severity = if implied { severity.and_then(lowered) } else { severity };
                if let Some(severity) = severity {
                    let written = Grant { verb: written_verb, resource: written_resource, reach };
                    grants.push(Held { privilege: self, verb, group, resource, written, narrowed, severity });
                }
            }
        }
    }

    /// Which of the policy rule's resources count in addition to the listed ones.
    fn free(&self, policy_rule: &PolicyRule<'_>) -> Option<fn(&str) -> bool> {
        match self.open {
            Open::No | Open::SignIn => None,
            Open::Matching(fits) => Some(fits),
            Open::Meant(fits) => {
                let meant = policy_rule.groups.contains(&self.group)
                    || self.verbs.iter().any(|verb| policy_rule.verbs.contains(verb));
                (meant && !policy_rule.every_resource()).then_some(fits)
            }
        }
    }
}

/// Whether a role that grants the verb on all service accounts of a namespace acts as each of them.
fn is_impersonation(verb: &str) -> bool {
    matches!(verb, "impersonate" | "impersonate:serviceaccount")
}

/// One severity lower. A narrowed grant of low severity is not reported.
fn lowered(severity: Severity) -> Option<Severity> {
    match severity {
        Severity::High => Some(Severity::Medium),
        Severity::Medium => Some(Severity::Low),
        Severity::Low => None,
    }
}

impl Granted<'_, '_> {
    /// Whether grants of `row` belong to the same finding.
    fn takes(&self, row: &Privilege) -> bool {
        let same = |held: &Held<'_>| held.privilege.rule == row.rule && held.privilege.remediation == row.remediation;
        self.grants.last().is_some_and(same)
    }

    /// What is granted: "create on pods/exec".
    pub fn what(&self) -> String {
        if let Some(wildcard) = self.wildcard {
            return wildcard.describe(self.policy_rule);
        }
        let named = if self.grants.iter().all(|held| held.written.reach == Reach::Named) { "named " } else { "" };
        let verbs = self.grants.iter().map(|held| held.written.verb).collect();
        // The row's resource says more than a lone star.
        let resources = self.grants.iter().map(|held| match (held.written.resource, held.resource) {
            ("*", "*") => "every resource",
            ("" | "*", "") => "\"\"",
            ("*", asked) => asked,
            (written, _) => written,
        });
        format!("{} on {named}{}", listing(verbs), listing(resources.collect()))
    }

    /// The finding's message.
    pub fn message(&self) -> String {
        let what = self.what();
        match (self.wildcard, self.worst()) {
            (None, Some(worst)) => {
                let why = self.named(worst).map_or(worst.privilege.why, |(why, _)| why);
                let half = worst.privilege.half.as_ref();
                let half = half.map(|half| format!(", together with update on {}", half.resource));
                format!("grants {what}{}: {why}", half.unwrap_or_default())
            }
            (_, Some(worst)) => format!("grants {what}, including {} on {}", worst.verb, worst.resource),
            (_, None) => format!("grants {what}"),
        }
    }

    /// What to do, where the rule's own text does not fit.
    pub fn remediation(&self) -> Option<&'static str> {
        let worst = self.worst().filter(|_| self.wildcard.is_none())?;
        self.named(worst).and_then(|(_, remediation)| remediation).or(worst.privilege.remediation)
    }

    /// The first of the most severe grants.
    fn worst(&self) -> Option<&Held<'_>> {
        self.grants.iter().reduce(|worst, next| if next.severity > worst.severity { next } else { worst })
    }

    /// The texts for a narrowed grant, if every grant is narrowed.
    fn named(&self, worst: &Held<'_>) -> Option<(&'static str, Option<&'static str>)> {
        worst.privilege.named.filter(|_| self.grants.iter().all(|held| held.narrowed))
    }
}

/// The first few distinct entries of a list, for a message.
pub(crate) fn listing(mut texts: Vec<&str>) -> String {
    const MOST_LISTED: usize = 3;
    let mut first: Vec<&str> = Vec::new();
    for text in &texts {
        if first.len() < MOST_LISTED && !first.contains(text) {
            first.push(text);
        }
    }
    let mut out = first.iter().map(|text| shown(text)).collect::<Vec<_>>().join(", ");
    if texts.len() > MOST_LISTED {
        sort(&mut texts);
        texts.dedup();
        if texts.len() > MOST_LISTED {
            out.push_str(&format!(" and {} more", texts.len() - MOST_LISTED));
        }
    }
    out
}
