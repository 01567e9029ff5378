//! Tokens, certificates and kubeconfigs that bypass Entra sign-in.

pub mod certificate_approval;
pub mod certificate_request;
pub mod csi_driver_token;
pub mod kubeconfig_static;
pub mod projected_token_too_long;
pub mod requester_local_account;
pub mod requester_not_entra;
pub mod service_account_automount;
pub mod token_request_federation;
pub mod token_request_too_long;
pub mod token_secret;

use crate::rule::RuleContext;
use crate::rules::Group;

pub static GROUP: Group = Group {
    id: "token",
    title: "Tokens and certificates",
    rules: &[
        &token_secret::RULE,
        &certificate_request::RULE,
        &certificate_approval::RULE,
        &kubeconfig_static::RULE,
        &csi_driver_token::RULE,
        &token_request_federation::RULE,
        &token_request_too_long::RULE,
        &requester_local_account::RULE,
        &requester_not_entra::RULE,
        &projected_token_too_long::RULE,
        &service_account_automount::RULE,
    ],
};

/// The requester's name, as the API server knows it.
fn username<'a>(cx: &RuleContext<'a>) -> &'a str {
    cx.request.user_info().get("username").text().unwrap_or_default()
}

/// A time span in the largest unit that gives a whole number: `365 days`, `90 minutes`.
fn duration(seconds: i64) -> String {
    // People usually write a single day as 24 hours.
    let units = [(86_400, 2, "day"), (3600, 1, "hour"), (60, 1, "minute")];
    let fits = units.into_iter().find(|(size, least, _)| seconds % size == 0 && seconds / size >= *least);
    let (size, _, unit) = fits.unwrap_or((1, 0, "second"));
    match seconds / size {
        1 => format!("1 {unit}"),
        number => format!("{number} {unit}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn durations() {
        for (seconds, expected) in [
            (600, "10 minutes"),
            (3600, "1 hour"),
            (5400, "90 minutes"),
            (86_400, "24 hours"),
            (31_536_000, "365 days"),
            (3601, "3601 seconds"),
            (1, "1 second"),
            (0, "0 seconds"),
            (-5, "-5 seconds"),
            (i64::MAX, "9223372036854775807 seconds"),
            (i64::MIN, "-9223372036854775808 seconds"),
        ] {
            assert_eq!(duration(seconds), expected);
        }
    }
}
