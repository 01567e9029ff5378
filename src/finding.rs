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

/// One grant of a role. It is not new if the old object makes it for all names or on all resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct GrantDigest {
    grant: u64,
    for_all_names: u64,
    on_all_resources: u64,
}

impl GrantDigest {
    pub fn of(grant: u64) -> Self {
        GrantDigest { grant, for_all_names: grant, on_all_resources: grant }
    }

    pub fn narrowed(grant: u64, for_all_names: u64, on_all_resources: u64) -> Self {
        GrantDigest { grant, for_all_names, on_all_resources }
    }

    /// The same grant where it serves another purpose, such as in an aggregated role.
    pub fn for_purpose(self, purpose: impl Hash + Copy) -> Self {
        let of = |grant| digest((purpose, grant));
        GrantDigest::narrowed(of(self.grant), of(self.for_all_names), of(self.on_all_resources))
    }

    /// What a list of known grants is to hold.
    pub fn known(self) -> u64 {
        self.grant
    }

    /// Whether a sorted list of known grants includes this one.
    pub fn is_among(self, known: &[u64]) -> bool {
        [self.grant, self.for_all_names, self.on_all_resources].iter().any(|grant| known.binary_search(grant).is_ok())
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

    /// Marks a finding that reports a failed look-up.
    pub fn unchecked(&mut self) -> &mut Self {
        self.unchecked = true;
        self
    }
}
