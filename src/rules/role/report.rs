//! The check that most rules about roles share.

use crate::privilege::Privileges;
use crate::rule::RuleContext;

/// Reports what the engine lists for the rule.
pub(super) fn privileges<'a>(cx: &mut RuleContext<'a>, role: &Privileges<'_, 'a>) {
    for granted in role.reported_by(cx.rule.id) {
        let is_compared = cx.is_compared(granted.severity);
        let finding = cx.report(granted.policy_rule.node, granted.message());
        if is_compared {
            finding.compare_grants(role.digests(granted));
        }
        finding.severity(granted.severity).excused_if(granted.is_excused);
        if let Some(remediation) = granted.remediation() {
            finding.remediation(remediation);
        }
    }
}
