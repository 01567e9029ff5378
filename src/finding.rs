//! What a rule reports: the anchor, the message and the remediation.

use crate::anchor::{Anchor, digest};
use std::borrow::Cow;
use std::hash::Hash;

/// How serious a finding is. The profile turns it into an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Hygiene.
    Low,
    /// Against the practice, but with legitimate uses.
    Medium,
    /// Breaks the Entra boundary, exposes a credential, or cannot work.
    High,
}

impl Severity {
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
        }
    }
}

/// How a finding on an updated object is compared with those of the old object, in addition to its rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Compared {
    /// The place.
    #[default]
    Anchor,
    /// The place alone, because the value there may be rotated: to refuse a new one would turn a secret that expires into
    /// an outage.
    Rotated,
    /// As [`Compared::Rotated`], for many places at once: the digests of their keys inside the anchor, or of none, with
    /// the severity of each.
    Many(Vec<(Option<u64>, Severity)>),
    /// The place and a digest of what it says: which identity, account, role or Secret.
    Content(u64),
    /// The dangerous grants of a role as digests, wherever they are: new if the old object makes one of them in no
    /// finding.
    Grants(Vec<GrantDigest>),
}

/// One grant of a role: itself, and the wider grants that include it, for all names, on all resources or in all API
/// groups. It is not new if the old object makes one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct GrantDigest([u64; 4]);

impl GrantDigest {
    pub(crate) fn of(grant: u64) -> Self {
        GrantDigest([grant; 4])
    }

    pub(crate) fn included_in(grant: u64, wider: [u64; 3]) -> Self {
        let [a, b, c] = wider;
        GrantDigest([grant, a, b, c])
    }

    /// The same grant where it serves another purpose, such as in an aggregated role.
    pub(crate) fn for_purpose(self, purpose: impl Hash + Copy) -> Self {
        GrantDigest(self.0.map(|grant| digest((purpose, grant))))
    }

    /// What a list of known grants is to hold.
    pub(crate) fn known(self) -> u64 {
        let [grant, ..] = self.0;
        grant
    }

    /// Whether a sorted list of known grants includes this one.
    pub(crate) fn is_among(self, known: &[u64]) -> bool {
        self.0.iter().any(|grant| known.binary_search(grant).is_ok())
    }
}

/// A finding starts with the severity and the remediation of its rule, which the rule may change for a single case.
#[derive(Clone, Debug)]
pub struct Finding<'a> {
    /// The rule's id.
    pub rule: &'static str,
    pub severity: Severity,
    pub place: Anchor<'a>,
    /// What is wrong, as the rest of a sentence that the anchor begins: "holds a storage key".
    pub message: String,
    /// What to do, as an imperative.
    pub remediation: Cow<'static, str>,
    /// The finding depends on a look-up that failed, so it warns in every profile.
    pub unchecked: bool,
    /// The object is what an operator of the setting `operators` publishes, so the finding is only recorded.
    pub excused: bool,
    pub(crate) compared: Compared,
}

impl Finding<'_> {
    pub fn severity(&mut self, severity: Severity) -> &mut Self {
        self.severity = severity;
        self
    }

    pub fn remediation(&mut self, remediation: impl Into<Cow<'static, str>>) -> &mut Self {
        self.remediation = remediation.into();
        self
    }

    /// On an update, the finding is not new if only the value at its place is.
    pub(crate) fn compare_rotated(&mut self) -> &mut Self {
        self.compared = Compared::Rotated;
        self
    }

    /// With other content, the finding is new on an update even if its place is not.
    pub(crate) fn compare_content(&mut self, content: impl Hash) -> &mut Self {
        self.compared = Compared::Content(digest(content));
        self
    }

    /// On an update, the finding is new if one of these grants is.
    pub(crate) fn compare_grants(&mut self, grants: Vec<GrantDigest>) -> &mut Self {
        self.compared = Compared::Grants(grants);
        self
    }

    /// Marks a finding about what an operator is expected to have.
    pub(crate) fn excused_if(&mut self, excused: bool) -> &mut Self {
        self.excused |= excused;
        self
    }

    /// Marks a finding that reports a failed look-up.
    pub fn unchecked(&mut self) -> &mut Self {
        self.unchecked = true;
        self
    }
}
