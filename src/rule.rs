//! What a rule is, and what it gets.
//!
//! A rule is a constant in a file named after it. Each [`Check`] determines the type that its function gets, the
//! objects it runs on and its rows in `metadata.yml`. Rules return nothing, cannot fail, do not call other
//! rules and do not know about profiles, exemptions or operations.

use crate::anchor::Anchor;
use crate::auth_mode::{Id, ModeFinding};
use crate::finding::{Compared, Finding, Severity};
use crate::lookup::{Cluster, LookupError, Lookups, Query};
use crate::object::Object;
use crate::privilege::Privileges;
use crate::request::{Operation, Request};
use crate::requester::Requester;
use crate::settings::{Override, Settings};
use crate::sort::sort;
use crate::texts::{Origins, Text};
use crate::view::workload::{Workload, workloads};
use crate::view::{binding::Binding, certificate::CertificateRequest, token::TokenRequest};
use kubernetes::kind::Kind;
use std::borrow::Cow;
use std::cell::OnceCell;
use text::shown;

/// One entry of the rule table.
pub struct Rule {
    /// The one name of the rule: file, settings key, fixture folder, documentation page.
    pub id: &'static str,
    /// The fault in one line, for tables.
    pub summary: &'static str,
    /// What to do about it, as an imperative: the fix of every finding that has no better one.
    pub remediation: &'static str,
    /// Severity of a finding, unless the rule changes it.
    pub severity: Severity,
    pub checks: &'static [Check],
}

/// Ids are unique.
impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl std::fmt::Debug for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id)
    }
}

/// A function that checks something, and the type it gets.
#[derive(Clone, Copy)]
pub enum Check {
    /// Everything that is applied.
    Any(for<'a> fn(&mut RuleContext<'a>, &Object<'a>)),
    /// Strings from these kinds of places.
    Text(Origins, for<'a> fn(&mut RuleContext<'a>, &Text<'a>)),
    /// Objects of these kinds.
    Kinds(&'static [Kind], for<'a> fn(&mut RuleContext<'a>, &Object<'a>)),
    /// What an object or its pods choose to sign in to Azure with.
    Mode(for<'a> fn(&mut RuleContext<'a>, &ModeFinding<'a>)),
    /// The client ids and tenant ids that an object and its pods sign in with.
    Id(for<'a> fn(&mut RuleContext<'a>, &Id<'a>)),
    /// Pods, and every pod template of a workload.
    Workload(for<'a> fn(&mut RuleContext<'a>, &Workload<'a>)),
    /// RoleBinding and ClusterRoleBinding.
    Binding(for<'a> fn(&mut RuleContext<'a>, &Binding<'a>)),
    /// Role and ClusterRole.
    Role(for<'a> fn(&mut RuleContext<'a>, &Privileges<'_, 'a>)),
    /// The request itself: who makes it. Not called without a requester.
    Request(for<'a> fn(&mut RuleContext<'a>)),
    /// `serviceaccounts/token`. Not called without a requester.
    TokenRequest(for<'a> fn(&mut RuleContext<'a>, &TokenRequest<'a>)),
    /// A new CertificateSigningRequest. Not called without a requester.
    CertificateRequest(for<'a> fn(&mut RuleContext<'a>, &CertificateRequest<'a>)),
    /// `certificatesigningrequests/approval`. Not called without a requester.
    CertificateApproval(for<'a> fn(&mut RuleContext<'a>, &CertificateRequest<'a>)),
}

impl Check {
    /// Whether the check is about the request rather than the object: the ratchet never applies to its findings.
    pub fn is_about_request(&self) -> bool {
        matches!(
            self,
            Check::Request(_) | Check::TokenRequest(_) | Check::CertificateRequest(_) | Check::CertificateApproval(_)
        )
    }
}

/// What a rule can read in addition to what its check gets, and where it reports.
pub struct RuleContext<'a> {
    pub request: &'a Request<'a>,
    pub requester: Requester,
    pub settings: &'a Settings,
    /// Facts from the cluster; `None` unless `clusterLookups` is on.
    pub lookups: Option<&'a Lookups<'a>>,
    /// What comes with the object, without `clusterLookups`.
    pub(crate) cluster: &'a dyn Cluster,
    pub(crate) rule: &'static Rule,
    /// Whether the object is a binding that an operator is expected to have: its findings are only recorded.
    pub(crate) excused: bool,
    pub(crate) findings: Vec<Finding<'a>>,
    /// Whether the object is the old one of an update.
    pub(crate) is_old: bool,
    /// Whether every pod template has the label of workload identity, if a rule has asked.
    labelled: OnceCell<bool>,
    /// The nodes that rules have reported before the current one, by address, if a rule has asked.
    earlier: Option<(&'static str, Vec<(usize, Severity)>)>,
}

impl<'a> RuleContext<'a> {
    pub(crate) fn new(
        request: &'a Request<'a>,
        requester: Requester,
        settings: &'a Settings,
        lookups: Option<&'a Lookups<'a>>,
        cluster: &'a dyn Cluster,
        rule: &'static Rule,
    ) -> Self {
        let (findings, is_old, excused) = (Vec::new(), false, false);
        let (labelled, earlier) = (OnceCell::new(), None);
        RuleContext {
            request,
            requester,
            settings,
            lookups,
            cluster,
            rule,
            excused,
            findings,
            is_old,
            labelled,
            earlier,
        }
    }

    /// Whether the pods of `object`, the evaluated one, have the label of workload identity: advice leaves out what an
    /// author has done already.
    pub(crate) fn is_labelled(&self, object: &Object<'_>) -> bool {
        *self.labelled.get_or_init(|| {
            let workloads = workloads(object, self.settings);
            !workloads.is_empty() && workloads.iter().all(Workload::uses_workload_identity)
        })
    }

    /// Whether the node at `address` was reported, at least as severe, before the current rule first asked.
    pub(crate) fn is_reported(&mut self, address: usize, severity: Severity) -> bool {
        let (_, earlier) = match self.earlier.take() {
            Some(earlier) if earlier.0 == self.rule.id => self.earlier.insert(earlier),
            _ => {
                let places = self.findings.iter().filter_map(|finding| match &finding.place {
                    Anchor::Node { node, .. } => Some((node.address(), finding.severity)),
                    _ => None,
                });
                let mut earlier: Vec<_> = places.collect();
                sort(&mut earlier);
                self.earlier.insert((self.rule.id, earlier))
            }
        };
        let at = earlier.partition_point(|(known, as_severe)| (*known, *as_severe) < (address, severity));
        earlier.get(at).is_some_and(|(known, _)| *known == address)
    }

    /// Whether a finding of this severity is compared with those of the old object, exemptions aside: one that is not
    /// denied needs no comparison.
    pub(crate) fn is_compared(&self, severity: Severity) -> bool {
        self.request.operation() == Operation::Update
            && (self.is_old
                || match self.settings.override_of(self.rule.id) {
                    Some(action) => action == Override::Deny,
                    None => self.settings.profile.denies(severity),
                })
    }

    /// Reports a finding at `place`. `message` finishes the sentence that the path begins, in lower case
    /// and without a full stop. It never contains a value, only names.
    pub fn report(&mut self, place: impl Into<Anchor<'a>>, message: impl Into<String>) -> &mut Finding<'a> {
        self.findings.push(Finding {
            rule: self.rule.id,
            severity: self.rule.severity,
            place: place.into(),
            message: message.into(),
            remediation: Cow::Borrowed(self.rule.remediation),
            unchecked: false,
            excused: self.excused,
            compared: Compared::default(),
        });
        let last = self.findings.len() - 1;
        #[allow(clippy::indexing_slicing, reason = "just pushed")]
        &mut self.findings[last]
    }

    /// Reports the choice of a mode with its own severity and remediation.
    pub fn report_mode(&mut self, found: &ModeFinding<'a>) {
        let message = match found.value {
            Some(value) => format!("{} ({value})", found.choice.what),
            None => found.choice.what.to_owned(),
        };
        let finding = self.report(found.place.clone(), message).severity(found.choice.mode.severity());
        finding.compare_content((found.choice.what, found.value));
        match found.spelt.map(shown) {
            Some(spelt) => {
                let key = found.choice.key();
                finding.message = format!("has no effect in this spelling: {key} {}", found.choice.what);
                finding.remediation(format!("write {key} instead of {spelt}"));
            }
            None => _ = finding.remediation(found.choice.fix.unwrap_or(found.entry.fix)),
        }
    }

    /// Reports that a look-up failed: a warning in every profile, never a silent pass.
    pub fn report_unchecked(
        &mut self,
        place: impl Into<Anchor<'a>>,
        query: &Query<'_>,
        error: LookupError,
    ) -> &mut Finding<'a> {
        self.report(place, format!("could not check: {}", error.reason(query)))
            .remediation(error.remediation(query))
            .unchecked()
    }
}
