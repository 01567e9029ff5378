//! What a rule reports: the anchor, the message and the remediation.

use crate::anchor::Anchor;
use std::borrow::Cow;

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

    /// Marks a finding that reports a failed look-up.
    pub fn unchecked(&mut self) -> &mut Self {
        self.unchecked = true;
        self
    }
}
