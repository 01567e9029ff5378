//! Findings, settings and operation in; an action for each finding out.

use crate::anchor::{Anchor, Location, Spelt, digest, locate};
use crate::finding::{Compared, Severity};
use crate::object::Object;
use crate::requester::{Requester, writes_for_aks};
use crate::rule::{Check, Rule, RuleContext};
use crate::rules;
use crate::settings::{Date, Exemption, Override, Profile, groups_of};
use crate::sort::sort;
use json::Node;
use std::borrow::Cow;
use std::cell::OnceCell;
use std::cmp::Reverse;
use std::sync::Arc;

/// A finding with its place found and its action decided.
#[derive(Clone, Debug)]
pub struct Decision {
    pub rule: &'static Rule,
    pub severity: Severity,
    pub action: Action,
    pub location: Location,
    pub message: String,
    pub remediation: Cow<'static, str>,
    /// An exemption that would have covered it, had it not ended.
    pub expired: Option<Arc<str>>,
    pub(crate) compared: Compared,
    /// Its number among the findings.
    pub(crate) finding: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    Deny,
    Warn,
    /// Below what the profile shows.
    None,
    /// Excused by an exemption, with its reason, which findings share: there can be many, and it can be long.
    Exempt(Arc<str>),
    /// Excused because AKS itself wrote the object, or because an operator of the settings is expected to have it.
    Excused,
}

impl Action {
    pub fn as_str(&self) -> &'static str {
        match self {
            Action::Deny => "deny",
            Action::Warn => "warn",
            Action::None => "none",
            Action::Exempt(_) => "exempt",
            Action::Excused => "excused",
        }
    }
}

impl Decision {
    pub fn denies(&self) -> bool {
        self.action == Action::Deny
    }

    pub fn warns(&self) -> bool {
        self.action == Action::Warn
    }

    pub fn is_unreadable(&self) -> bool {
        *self.rule == rules::UNREADABLE
    }
}

/// Whether the profile shows none of the findings, as with most workloads of most clusters: their places need
/// not be looked for then.
pub(crate) fn is_silent(cx: &RuleContext<'_>) -> bool {
    cx.findings.iter().all(|finding| action(cx, finding.rule, finding.severity, finding.unchecked) == Action::None)
}

/// Decides about every finding of `cx`, in rule table order, then document order. Takes the texts of the findings.
pub(crate) fn decide(
    cx: &mut RuleContext<'_>,
    object: &Object<'_>,
    today: &dyn Fn() -> Date,
    spelt: Spelt,
) -> Vec<Decision> {
    let mut texts: Vec<_> = cx
        .findings
        .iter_mut()
        .map(|finding| {
            (
                std::mem::take(&mut finding.message),
                std::mem::take(&mut finding.remediation),
                std::mem::take(&mut finding.compared),
            )
        })
        .collect();
    let cx = &*cx;
    let places: Vec<&Anchor<'_>> = cx.findings.iter().map(|finding| &finding.place).collect();
    let mut locations = if places.is_empty() { Vec::new() } else { locate(object.root, &places, spelt) };
    // Rules run in the order of the table, so only the findings of each rule are left to sort.
    let mut order: Vec<(usize, usize)> = locations.iter().enumerate().map(|(at, found)| (found.order, at)).collect();
    let rule = |at: usize| cx.findings.get(at).map(|finding| finding.rule);
    for findings in order.chunk_by_mut(|(_, a), (_, b)| rule(*a) == rule(*b)) {
        sort(findings);
    }
    let owned = cx.settings.owned_pods_warn && is_made_by_controller(object, cx);
    let by_aks = cx.request.user_info().get("username").text().is_some_and(writes_for_aks);
    let day = OnceCell::new();
    let exemptions = if order.is_empty() { &[] } else { cx.settings.exemptions.as_slice() };
    let groups = groups_of(cx.request, exemptions);
    let covering: Vec<&Exemption> =
        exemptions.iter().filter(|exemption| exemption.covers(object, cx.request, &groups)).collect();
    // Findings are in the order of rules, so this asks once for a rule.
    let mut of_rule: (&str, Exempted) = ("", Exempted::default());
    let mut decisions: Vec<Decision> = order
        .into_iter()
        .filter_map(|(_, at)| {
            Some((at, cx.findings.get(at)?, std::mem::take(locations.get_mut(at)?), std::mem::take(texts.get_mut(at)?)))
        })
        .map(|(at, finding, location, (message, remediation, compared))| {
            let mut action = action(cx, finding.rule, finding.severity, finding.unchecked);
            let mut expired = None;
            let unreadable = finding.rule == rules::UNREADABLE.id;
            if !unreadable && action != Action::None {
                if of_rule.0 != finding.rule {
                    let mut covering = covering.iter().copied().filter(|e| e.is_about(finding.rule));
                    let ended = |e: &Exemption| e.until.is_some_and(|until| until < *day.get_or_init(today));
                    let live = covering.clone().find(|e| !ended(e)).map(|e| Arc::from(e.reason.as_str()));
                    let expired = covering.next().map(|e| Arc::from(describe_expired(e)));
                    of_rule = (finding.rule, Exempted { live, expired });
                }
                match &of_rule.1 {
                    Exempted { live: Some(live), .. } => action = Action::Exempt(live.clone()),
                    Exempted { expired: first, .. } => expired.clone_from(first),
                }
            }
            if owned && action == Action::Deny && !unreadable {
                action = Action::Warn;
            }
            let excused = finding.excused || (by_aks && is_about_rights(finding.rule));
            if excused && action != Action::None {
                action = Action::Excused;
            }
            Decision {
                rule: rules::by_id(finding.rule).unwrap_or(&rules::UNREADABLE),
                severity: finding.severity,
                action,
                location,
                message,
                remediation,
                expired,
                compared,
                finding: at,
            }
        })
        .collect();
    // Templates of one object may share metadata, and each of them reports it.
    decisions.dedup_by(|a, b| a.rule == b.rule && a.location == b.location && a.message == b.message);
    decisions
}

/// Whether the rule is about what a role grants.
pub(crate) fn is_about_role(rule: &str) -> bool {
    rules::role::GROUP.rules.iter().any(|of| of.id == rule)
}

/// What the exemptions that cover the findings of a rule say: the reason of the first that has not ended, and that the
/// first of all has ended.
#[derive(Default)]
struct Exempted {
    live: Option<Arc<str>>,
    expired: Option<Arc<str>>,
}

/// Whether the rule is about roles or bindings. AKS itself writes those of its add-ons, and they grant a lot.
fn is_about_rights(rule: &str) -> bool {
    is_about_role(rule) || rules::binding::GROUP.rules.iter().any(|of| of.id == rule)
}

fn action(cx: &RuleContext<'_>, rule: &str, severity: Severity, unchecked: bool) -> Action {
    if rule == rules::UNREADABLE.id {
        return Action::Deny;
    }
    match cx.settings.override_of(rule) {
        Some(Override::Deny) => Action::Deny,
        Some(Override::Warn) => Action::Warn,
        Some(Override::Off) => Action::None,
        None if unchecked => Action::Warn,
        None => by_default(cx.settings.profile, rule, severity, cx.settings.rules_as_of),
    }
}

/// What a profile makes of a finding of a rule, as of a release.
pub fn by_default(profile: Profile, rule: &str, severity: Severity, as_of: usize) -> Action {
    match by_profile(profile, severity) {
        Action::Deny if !may_deny(rules::release_of(rule), as_of) => Action::Warn,
        action => action,
    }
}

/// Whether a rule that came with a release can deny as of another one. A rule warns in its first release, so that an
/// upgrade denies nothing that no one was warned about.
fn may_deny(since: usize, as_of: usize) -> bool {
    since == 0 || since < as_of
}

/// What a profile makes of a finding that the settings say nothing else about.
pub fn by_profile(profile: Profile, severity: Severity) -> Action {
    match (severity, profile) {
        _ if profile.denies(severity) => Action::Deny,
        (Severity::Low, Profile::Baseline) => Action::None,
        _ => Action::Warn,
    }
}

fn describe_expired(exemption: &Exemption) -> String {
    let until = exemption.until.map(|until| until.to_string()).unwrap_or_default();
    format!("exemption \"{}\" ended on {until} and no longer applies", exemption.reason)
}

/// How the message of a finding ends that the ratchet allows.
pub(crate) const ONLY_OLD: &str = ", allowed only because the old object has it too";

/// Denials of what the old object had as well become warnings: the same rule at the same place, or the same grants,
/// and not worse. Two of a kind where there was one do not. What cannot be read stays denied, unless the object is
/// being deleted: its finalizers could not be removed otherwise.
pub(crate) fn ratchet(decisions: &mut [Decision], before: &RuleContext<'_>, old: &Object<'_>, is_being_deleted: bool) {
    let places: Vec<&Anchor<'_>> = before.findings.iter().map(|finding| &finding.place).collect();
    let mut known: Vec<Key> = Vec::with_capacity(places.len());
    let mut granted: Vec<u64> = Vec::new();
    for (finding, location) in before.findings.iter().zip(locate(old.root, &places, Spelt::No)) {
        match &finding.compared {
            Compared::Grants(grants) => granted.extend(grants.iter().map(|grant| grant.known())),
            compared => keys(finding.rule, &location, compared, finding.severity, &mut |key| known.push(key)),
        }
    }
    sort(&mut known);
    sort(&mut granted);
    let is_open = |decision: &Decision| {
        decision.denies()
            && match decision.is_unreadable() {
                true => is_being_deleted,
                false => !decision.rule.checks.iter().all(Check::is_about_request),
            }
    };
    let mut asked: Vec<(Key, usize)> = Vec::new();
    let mut is_old = vec![false; decisions.len()];
    for (index, decision) in decisions.iter().enumerate().filter(|(_, decision)| is_open(decision)) {
        let Some(is_old) = is_old.get_mut(index) else { continue };
        match &decision.compared {
            Compared::Grants(grants) => {
                *is_old = !grants.is_empty() && grants.iter().all(|grant| grant.is_among(&granted));
            }
            compared => {
                *is_old = true;
                keys(decision.rule.id, &decision.location, compared, decision.severity, &mut |key| {
                    asked.push((key, index));
                });
            }
        }
    }
    sort(&mut asked);
    // Both lists go through the keys in the same order, and through each key from the worst finding down.
    let mut known = known.into_iter().peekable();
    for ((key, severity), index) in asked {
        while known.next_if(|(other, _)| *other < key).is_some() {}
        let is_known = known.next_if(|(other, as_severe)| *other == key && *as_severe <= severity).is_some();
        if let Some(is_old) = is_old.get_mut(index).filter(|_| !is_known) {
            *is_old = false;
        }
    }
    for (decision, _) in decisions.iter_mut().zip(is_old).filter(|(_, is_old)| *is_old) {
        decision.action = Action::Warn;
        if matches!(decision.compared, Compared::Rotated | Compared::Many(_)) {
            decision.message.push_str(" (the value is not compared, so that it can be rotated)");
        }
        decision.message.push_str(ONLY_OLD);
    }
}

/// What two findings have in common if they are the same: a digest of rule, place and content. The worst come first.
type Key = (u64, Reverse<Severity>);

/// Calls `found` with the key of a finding, or of each that it is about.
fn keys(rule: &str, location: &Location, compared: &Compared, severity: Severity, found: &mut dyn FnMut(Key)) {
    let mut add = |identity: u64, content: Option<u64>, severity: Severity| {
        found((digest((rule, identity, content)), Reverse(severity)));
    };
    match compared {
        Compared::Many(places) => {
            for (place, severity) in places {
                add(location.identity_inside(*place), None, *severity);
            }
        }
        Compared::Content(content) => add(location.identity, Some(*content), severity),
        Compared::Anchor | Compared::Rotated | Compared::Grants(_) => add(location.identity, None, severity),
    }
}

/// Controllers of the control plane, and what they own Pods for.
const CONTROLLERS: &[(&str, &str, &str)] = &[
    ("replicaset-controller", "apps/", "ReplicaSet"),
    ("statefulset-controller", "apps/", "StatefulSet"),
    ("daemon-set-controller", "apps/", "DaemonSet"),
    ("job-controller", "batch/", "Job"),
    ("replication-controller", "v1", "ReplicationController"),
];

/// A Pod that a built-in workload controller makes for an object of its own. Both the requester and the
/// owner reference must fit: an author can write the reference, but not the requester.
fn is_made_by_controller(object: &Object<'_>, cx: &RuleContext<'_>) -> bool {
    if !object.is(&kubernetes::kind::POD) || cx.requester != Requester::Trusted {
        return false;
    }
    let user = cx.request.user_info().get("username").text().unwrap_or_default();
    let Some(account) = user.strip_prefix("system:serviceaccount:kube-system:") else { return false };
    let owner =
        object.metadata().get("ownerReferences").items().find(|owner| owner.get("controller").bool() == Some(true));
    let Some(owner) = owner else { return false };
    let part = |node: Node<'_>, key: &str| node.get(key).text().map(str::to_owned).unwrap_or_default();
    CONTROLLERS.iter().any(|(controller, version, kind)| {
        *controller == account && part(owner, "kind") == *kind && part(owner, "apiVersion").starts_with(version)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_rule_warns_in_its_first_release_and_denies_in_the_next() {
        let can = |since: usize| (0..4).map(|as_of| may_deny(since, as_of)).collect::<Vec<_>>();
        assert_eq!(can(0), [true, true, true, true], "rules of the first release");
        assert_eq!(can(1), [false, false, true, true], "also for those who pin an earlier release");
        assert_eq!(can(2), [false, false, false, true]);
    }
}
