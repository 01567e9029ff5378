//! What a rule found: where, what, and what to do instead.

use crate::anchor::Anchor;
use crate::rule::Rule;
use std::borrow::Cow;

/// How bad a finding is; the profile turns it into an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Hygiene.
    Low,
    /// Against the practice, but with honest uses.
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

/// Started by [`RuleContext::report`](crate::rule::RuleContext::report) with the rule's own severity and help, finished
/// by the rule where it knows better.
#[derive(Clone, Debug)]
pub struct Finding<'a> {
    pub rule: &'static Rule,
    pub severity: Severity,
    pub place: Anchor<'a>,
    /// What is wrong, as the rest of a sentence that starts with the place: "holds a storage key".
    pub message: String,
    /// What to do, as an imperative.
    pub remediation: Cow<'static, str>,
    /// A look-up that this finding rests on could not be made: warns in every profile.
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

    /// Marks a finding that says "could not check".
    pub fn unchecked(&mut self) -> &mut Self {
        self.unchecked = true;
        self
    }
}
