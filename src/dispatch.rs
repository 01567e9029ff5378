//! Which checks of the table are called for a request.
//!
//! A rule says what its checks are handed ([`Check`]) and nothing about when. Most requests have nothing
//! that most checks are about, and calling them for nothing would cost more than the checks that matter. So
//! everything that has to be there before a check is called is worked out here: the [`Features`] of a request
//! and of each pod template, the [`ValueHints`] of each string, and the kinds of a check as a filter. A gate
//! must never silence a rule: `gates_change_nothing` in the tests of the crate `admission` evaluates every
//! fixture and mutations of them with and without.
//!
//! The compiler gathers the checks in one list. In the rules themselves they lie between the rules' texts,
//! spread over more memory than a small request should touch.

use crate::aks_defaults;
use crate::auth_mode;
use crate::object::Object;
use crate::operators::RoleName;
use crate::privilege::Privileges;
use crate::requester::Requester;
use crate::rule::{Check, Rule, RuleContext};
use crate::rules::{self, GROUPS, UNREADABLE};
use crate::settings::Settings;
use crate::texts;
use crate::value_hints::ValueHints;
use crate::view::binding::Binding;
use crate::view::certificate::CertificateRequest;
use crate::view::token::TokenRequest;
use crate::view::workload::{Workload, workloads};
use kubernetes::kind::{self, KindFilter};
use kubernetes::role::Role;
use text::is_same;

/// Which part of a request is evaluated.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// The object that is created or changed.
    Object,
    Token,
    Approval,
    /// Only who asks: CONNECT has no object worth reading.
    RequestOnly,
    Nothing,
}

/// What a request, its object or a pod template has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Features(u32);

impl Features {
    const NONE: Features = Features(0);
    const ALL: Features = Features(u32::MAX);

    /// There is a pod template.
    const WORKLOAD: Features = Features(1);
    /// It has annotations.
    const ANNOTATIONS: Features = Features(1 << 1);
    /// It has volumes.
    const VOLUMES: Features = Features(1 << 2);
    /// One of them is a Secret.
    const SECRET_VOLUMES: Features = Features(1 << 3);
    /// One of them is projected.
    const PROJECTED_VOLUMES: Features = Features(1 << 4);
    /// One of them is a path of the node.
    const HOST_PATHS: Features = Features(1 << 5);
    /// It has the label `azure.workload.identity/use`, whatever the value.
    const USE_LABEL: Features = Features(1 << 6);
    /// A container has a variable `AZ*`, such as `AZURE_CLIENT_ID` or `AzureAd__ClientId`.
    const AZURE_VARIABLES: Features = Features(1 << 7);
    /// A container has a variable `AW*`, such as `AWS_ROLE_ARN`.
    const AWS_VARIABLES: Features = Features(1 << 8);
    /// A variable comes from elsewhere: `valueFrom`, `envFrom`.
    const FROM_ELSEWHERE: Features = Features(1 << 9);

    /// There is an object to evaluate.
    const OBJECT: Features = Features(1 << 16);
    /// AKS itself did not write it.
    const NOT_EXCUSED: Features = Features(1 << 17);
    const TEXT: Features = Features(1 << 18);
    const MODE: Features = Features(1 << 19);
    const BINDING: Features = Features(1 << 20);
    const ROLE: Features = Features(1 << 21);
    /// The requester is known. The three below need one too.
    const REQUESTER: Features = Features(1 << 22);
    const TOKEN_REQUEST: Features = Features(1 << 23);
    const CERTIFICATE_REQUEST: Features = Features(1 << 24);
    const CERTIFICATE_APPROVAL: Features = Features(1 << 25);
    /// A client id or tenant id is named.
    const ID: Features = Features(1 << 26);

    const fn or(self, other: Features) -> Features {
        Features(self.0 | other.0)
    }

    fn and_if(self, holds: bool, other: Features) -> Features {
        if holds { self.or(other) } else { self }
    }

    fn any(self, wanted: Features) -> bool {
        self.0 & wanted.0 != 0
    }

    fn of(workload: &Workload<'_>) -> Features {
        let has_annotations = workload.metadata_levels().into_iter().any(|level| !level.get("annotations").is_absent());
        let mut features = Features::WORKLOAD
            .and_if(has_annotations, Features::ANNOTATIONS)
            .and_if(!workload.use_label().is_absent(), Features::USE_LABEL);
        for volume in workload.volumes() {
            features = features.or(Features::VOLUMES);
            for (key, _) in volume.members() {
                features = features.or(match key {
                    "secret" => Features::SECRET_VOLUMES,
                    "projected" => Features::PROJECTED_VOLUMES,
                    "hostPath" => Features::HOST_PATHS,
                    _ => Features::NONE,
                });
            }
        }
        for container in workload.containers() {
            features = features.and_if(container.env_from().next().is_some(), Features::FROM_ELSEWHERE);
            for variable in container.env() {
                features = features.and_if(!variable.value_from.is_absent(), Features::FROM_ELSEWHERE);
                // Two bytes settle it for nearly all.
                match variable.name.as_bytes() {
                    [b'A' | b'a', b'Z' | b'z', ..] => features = features.or(Features::AZURE_VARIABLES),
                    [b'A', b'W', ..] => features = features.or(Features::AWS_VARIABLES),
                    _ => {}
                }
            }
        }
        features
    }
}

/// What a pod template must have, one of these, for a rule that reads pod templates to have something to
/// say. Rules that are not listed are called for each.
const WORKLOAD_GATES: &[(&str, Features)] = &[
    ("aws-credential", Features::FROM_ELSEWHERE),
    ("aws-role-annotation", Features::ANNOTATIONS.or(Features::AWS_VARIABLES)),
    ("credential-from-secret", Features::FROM_ELSEWHERE.or(Features::SECRET_VOLUMES).or(Features::PROJECTED_VOLUMES)),
    ("node-identity-file", Features::HOST_PATHS),
    ("node-identity-host-network", Features::USE_LABEL),
    ("projected-token-too-long", Features::PROJECTED_VOLUMES),
    ("workload-identity-authority", Features::AZURE_VARIABLES),
    ("workload-identity-default-account", Features::USE_LABEL.or(Features::PROJECTED_VOLUMES)),
    ("workload-identity-label-value", Features::USE_LABEL),
    ("workload-identity-no-client-id", Features::USE_LABEL),
    ("workload-identity-reserved-volume", Features::VOLUMES),
    ("workload-identity-shadowed", Features::AZURE_VARIABLES),
    ("workload-identity-skip-containers", Features::ANNOTATIONS),
    ("workload-identity-token-expiration", Features::ANNOTATIONS),
    ("workload-identity-token-path", Features::AZURE_VARIABLES.or(Features::USE_LABEL)),
    ("workload-identity-virtual-node", Features::USE_LABEL),
];

/// What a string must look like for a rule that reads strings. Rules that are not listed are called for
/// every string that has any hint.
const TEXT_GATES: &[(&str, ValueHints)] = &[
    ("aws-credential", ValueHints::AWS),
    ("kubeconfig-static", ValueHints::KUBECONFIG),
    ("node-identity-endpoint", ValueHints::NODE_IDENTITY),
    ("credential-registry", ValueHints::CREDENTIAL),
];

/// One check of one rule, and what it needs.
#[derive(Clone, Copy)]
struct DispatchEntry {
    rule: &'static Rule,
    check: Check,
    /// One of these.
    needs: Features,
    /// One of these, for [`Check::Text`].
    hints: ValueHints,
    /// The kinds of [`Check::Kinds`].
    kinds: KindFilter,
}

/// The gate of a rule, or what holds for rules without one.
const fn gate<T: Copy>(gates: &[(&str, T)], rule: &Rule, otherwise: T) -> T {
    let mut rest = gates;
    while let [(id, gate), more @ ..] = rest {
        if is_same(id, rule.id) {
            return *gate;
        }
        rest = more;
    }
    otherwise
}

const fn needs(rule: &Rule, check: &Check) -> Features {
    match check {
        Check::Any(_) => Features::OBJECT,
        Check::Text(..) => Features::TEXT,
        Check::Kinds(..) => Features::NOT_EXCUSED,
        Check::Mode(_) => Features::MODE,
        Check::Id(_) => Features::ID,
        Check::Workload(_) => gate(WORKLOAD_GATES, rule, Features::WORKLOAD),
        Check::Binding(_) => Features::BINDING,
        Check::Role(_) => Features::ROLE,
        Check::Request(_) => Features::REQUESTER,
        Check::TokenRequest(_) => Features::TOKEN_REQUEST,
        Check::CertificateRequest(_) => Features::CERTIFICATE_REQUEST,
        Check::CertificateApproval(_) => Features::CERTIFICATE_APPROVAL,
    }
}

/// Every check, in the order of the rules.
#[allow(clippy::indexing_slicing, reason = "the compiler runs it, and stops at an index that is too large")]
static ENTRIES: [DispatchEntry; count()] = {
    let check = Check::Kinds(&[], |_, _| {});
    let kinds = KindFilter::of(&[]);
    let nothing = DispatchEntry { rule: &UNREADABLE, check, needs: Features::NONE, hints: ValueHints::ALL, kinds };
    let mut entries = [nothing; count()];
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
                let (needs, hints, kinds) =
                    (needs(rule, &check), gate(TEXT_GATES, rule, ValueHints::ALL), KindFilter::of(kinds));
                entries[at] = DispatchEntry { rule, check, needs, hints, kinds };
                at += 1;
                of_rule += 1;
            }
            n += 1;
        }
        group += 1;
    }
    entries
};

#[allow(clippy::indexing_slicing, reason = "the loops end with the lists")]
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

/// What is run on one object.
#[derive(Clone, Copy)]
pub(crate) struct Run {
    pub scope: Scope,
    /// Whether the request itself is evaluated too, which the old object of an update does not need.
    pub about_request: bool,
    /// Off only in the test that compares.
    pub gated: bool,
}

/// Runs the table over one object. `copies` keeps kubectl's copies of it, which findings refer to.
pub(crate) fn run<'a>(cx: &mut RuleContext<'a>, object: &Object<'a>, copies: &'a texts::Copies<'a>, run: Run) {
    let Run { scope, about_request, gated } = run;
    let has_object = scope == Scope::Object && !object.root.is_absent();
    let workloads: &[Workload<'a>] = &if has_object { workloads(object, cx.settings) } else { Vec::new() };
    if scope != Scope::RequestOnly && !object.root.is_absent() {
        cx.rule = &UNREADABLE;
        rules::unreadable_object::check(cx, object, workloads);
    }
    // What every AKS cluster has is excused by kind, name and namespace, if AKS itself writes it or
    // there is no requester. A name alone never excuses.
    let trusted = matches!(cx.requester, Requester::Trusted | Requester::Absent);
    let is_excused = trusted && aks_defaults::contains(object);
    let is_evaluated = has_object && !is_excused;
    let texts = match has_object {
        true => texts::texts(&texts::Scope { object, workloads, is_excused, gated }, copies, cx.settings),
        false => Vec::new(),
    };
    let modes = if is_evaluated { auth_mode::choices(object, workloads) } else { Vec::new() };
    let mut ids = if is_evaluated { auth_mode::ids(object) } else { Vec::new() };
    let binding = Binding::of(object).filter(|_| is_evaluated);
    // Rules compare the contents of the roles that every cluster has, where they matter.
    let role = role(object).filter(|_| has_object);
    let privileges = role.as_ref().map(|role| {
        let mut privileges = if is_evaluated { Privileges::of(role) } else { Privileges::excused(role) };
        excuse_published(&mut privileges, object, cx.settings);
        privileges
    });
    let is_operators = binding.is_some_and(|binding| binding.is_of_operator(cx.settings));
    let asked = about_request && cx.requester != Requester::Absent;
    let token_request = (asked && scope == Scope::Token).then_some(TokenRequest { object: *object });
    let is_request = asked && has_object && object.is(&kind::CERTIFICATE_SIGNING_REQUEST);
    let is_approval = asked && scope == Scope::Approval;
    let certificate = CertificateRequest { object: *object };
    let each: Vec<Features> =
        workloads.iter().map(|workload| if gated { Features::of(workload) } else { Features::ALL }).collect();
    for (workload, features) in workloads.iter().zip(&each) {
        if features.any(Features::AZURE_VARIABLES.or(Features::VOLUMES)) {
            auth_mode::ids_of_pods(workload, &mut ids);
        }
    }
    let features = Features::NONE
        .and_if(has_object, Features::OBJECT)
        .and_if(is_evaluated, Features::NOT_EXCUSED)
        .and_if(!texts.is_empty(), Features::TEXT)
        .and_if(!modes.is_empty(), Features::MODE)
        .and_if(!ids.is_empty(), Features::ID)
        .and_if(binding.is_some(), Features::BINDING)
        .and_if(role.is_some(), Features::ROLE)
        .and_if(asked, Features::REQUESTER)
        .and_if(token_request.is_some(), Features::TOKEN_REQUEST)
        .and_if(is_request, Features::CERTIFICATE_REQUEST)
        .and_if(is_approval, Features::CERTIFICATE_APPROVAL);
    let features = each.iter().fold(features, |features, of_one| features.or(*of_one));
    for entry in ENTRIES.iter().filter(|entry| !gated || features.any(entry.needs)) {
        if cx.settings.turns_off(entry.rule.id) {
            continue;
        }
        cx.rule = entry.rule;
        match entry.check {
            Check::Any(check) if has_object => check(cx, object),
            Check::Text(origins, check) => {
                let wanted = |text: &&texts::Text<'a>| origins.contains(text.origin) && text.hints.any(entry.hints);
                texts.iter().filter(wanted).for_each(|text| check(cx, text));
            }
            Check::Kinds(kinds, check) if is_evaluated => {
                if (!gated || entry.kinds.lets_through(object.tag)) && object.is_any(kinds) {
                    check(cx, object);
                }
            }
            Check::Mode(check) => modes.iter().for_each(|mode| check(cx, mode)),
            Check::Id(check) => ids.iter().for_each(|id| check(cx, id)),
            Check::Workload(check) => {
                for (workload, _) in workloads.iter().zip(&each).filter(|(_, features)| features.any(entry.needs)) {
                    check(cx, workload);
                }
            }
            Check::Binding(check) => {
                cx.excused = is_operators;
                binding.iter().for_each(|binding| check(cx, binding));
                cx.excused = false;
            }
            Check::Role(check) => privileges.iter().for_each(|role| check(cx, role)),
            Check::Request(check) if asked => check(cx),
            Check::TokenRequest(check) => token_request.iter().for_each(|request| check(cx, request)),
            Check::CertificateRequest(check) if is_request => check(cx, &certificate),
            Check::CertificateApproval(check) if is_approval => check(cx, &certificate),
            Check::Any(_)
            | Check::Kinds(..)
            | Check::Request(_)
            | Check::CertificateRequest(_)
            | Check::CertificateApproval(_) => {}
        }
    }
}

/// A Role or ClusterRole, and what it grants.
fn role<'a>(object: &Object<'a>) -> Option<Role<'a>> {
    let namespaced = object.is(&kind::ROLE);
    (namespaced || object.is(&kind::CLUSTER_ROLE)).then(|| Role::read(object.root, namespaced))
}

/// Excuses what an operator of the settings publishes under the name of the role.
fn excuse_published(privileges: &mut Privileges<'_, '_>, object: &Object<'_>, settings: &Settings) {
    if settings.operators.is_empty() || privileges.granted().is_empty() {
        return;
    }
    let namespaced = privileges.role.namespaced;
    let name = RoleName { namespaced, namespace: object.namespace, name: object.name };
    let ceilings: Vec<_> =
        settings.published(name).map(|(_, published)| published.ceiling(object.root, namespaced)).collect();
    if !ceilings.is_empty() {
        privileges.excuse(&ceilings.iter().map(Privileges::of).collect::<Vec<_>>());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kubernetes::kind::Tag;

    #[test]
    fn every_check_of_every_rule_has_an_entry() {
        let checks = rules::all().flat_map(|rule| rule.checks.iter().map(move |check| (rule, check)));
        assert_eq!(ENTRIES.len(), checks.clone().count());
        for (entry, (rule, check)) in ENTRIES.iter().zip(checks) {
            assert_eq!(entry.rule, rule);
            assert_eq!(entry.needs, needs(rule, check));
            let Check::Kinds(kinds, _) = check else { continue };
            for kind in *kinds {
                assert!(entry.kinds.lets_through(Tag::of(kind.group, kind.kind)), "{}: {kind}", rule.id);
            }
        }
    }

    /// A gate of a rule that was renamed would be none.
    #[test]
    fn gates_name_rules() {
        let gates = WORKLOAD_GATES.iter().map(|(id, _)| id).chain(TEXT_GATES.iter().map(|(id, _)| id));
        for id in gates {
            assert!(rules::all().any(|rule| rule.id == *id), "{id}");
        }
    }

    #[test]
    fn the_filter_of_kinds_holds_most_kinds_back() {
        let through = |tag| ENTRIES.iter().filter(|entry| entry.kinds.lets_through(tag)).count();
        assert_eq!(through(Tag::of("", "Pod")), 0);
        assert!(through(Tag::of("", "Secret")) > 0);
    }
}
