//! Exemptions: which findings are accepted, for which objects and requesters, why and until when.

use crate::object::Object;
use crate::request::Request;
use crate::sort::sort;
use json::Node;
use text::glob;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Exemption {
    /// Rule ids; empty for every rule.
    pub rules: Vec<String>,
    pub kinds: Vec<String>,
    pub namespaces: Vec<String>,
    pub names: Vec<String>,
    pub requesters: Vec<String>,
    pub groups: Vec<String>,
    /// A digest of what the role grants; empty for any grants.
    pub grants: String,
    pub reason: String,
    pub until: Option<Date>,
}

impl Exemption {
    /// With its rules sorted, for [`Exemption::is_about`].
    pub(super) fn sorted(mut self) -> Self {
        sort(&mut self.rules);
        self.rules.dedup();
        self
    }

    /// Whether it is about findings of this rule.
    pub fn is_about(&self, rule: &str) -> bool {
        self.rules.is_empty() || self.rules.binary_search_by(|id| id.as_str().cmp(rule)).is_ok()
    }

    /// Whether every selector but the rules that is given fits; `object` is absent for CONNECT. The groups are those of
    /// the requester, [sorted](groups_of).
    pub fn covers(&self, object: &Object<'_>, request: &Request<'_>, groups: &[&str]) -> bool {
        let fits = |patterns: &[String], text: &str| patterns.is_empty() || any(patterns, text);
        let kind = || {
            self.kinds.is_empty()
                || any(&self.kinds, object.kind)
                || any(&self.kinds, &format!("{}.{}", object.kind, object.group))
        };
        let namespace =
            || self.namespaces.is_empty() || (!object.namespace.is_empty() && any(&self.namespaces, object.namespace));
        let user = request.user_info();
        let group = || self.groups.is_empty() || self.groups.iter().any(|pattern| fits_one(pattern, groups));
        kind()
            && namespace()
            && fits(&self.names, object.name)
            && fits(&self.requesters, username(user))
            && group()
            && (self.grants.is_empty() || self.grants == grants_digest(object.root))
    }
}

/// A digest of everything that a role grants, whatever the order of its policy rules and of their entries: SHA-256 in
/// hexadecimal. An exemption with it does not cover a role of the same name that grants something else.
pub fn grants_digest(role: Node<'_>) -> String {
    let list = |rule: Node<'_>, key: &str| {
        let mut entries: Vec<String> = rule.get(key).items().map(|entry| format!("{entry}")).collect();
        sort(&mut entries);
        entries.dedup();
        format!("{key}{entries:?}")
    };
    let keys = ["apiGroups", "nonResourceURLs", "resourceNames", "resources", "verbs"];
    let mut rules: Vec<String> =
        role.get("rules").items().map(|rule| keys.map(|key| list(rule, key)).concat()).collect();
    sort(&mut rules);
    rules.dedup();
    text::sha256::hex(format!("{rules:?}{}", role.get("aggregationRule")).as_bytes())
}

/// Whether a selector is set and selects less than everything. `*.*` does not, for kinds.
pub(super) fn is_narrow(patterns: &[String]) -> bool {
    !patterns.is_empty() && !patterns.iter().any(|pattern| pattern.bytes().all(|b| matches!(b, b'*' | b'.')))
}

/// The groups of the requester, sorted, if an exemption asks for them.
pub fn groups_of<'a>(request: &Request<'a>, exemptions: &[Exemption]) -> Vec<&'a str> {
    let mut groups: Vec<&str> = match exemptions.iter().any(|exemption| !exemption.groups.is_empty()) {
        true => request.user_info().get("groups").texts().collect(),
        false => Vec::new(),
    };
    sort(&mut groups);
    groups.dedup();
    groups
}

/// Whether one of the sorted texts matches the pattern. Only those that begin as the pattern does are compared.
fn fits_one(pattern: &str, sorted: &[&str]) -> bool {
    let beginning = pattern.split('*').next().unwrap_or_default();
    let from = sorted.partition_point(|text| *text < beginning);
    let candidates = sorted.iter().skip(from).take_while(|text| text.starts_with(beginning));
    candidates
        .take(if beginning.len() == pattern.len() { 1 } else { usize::MAX })
        .any(|text| glob::matches(pattern, text))
}

fn username(user: Node<'_>) -> &str {
    user.get("username").text().unwrap_or_default()
}

fn any(patterns: &[String], text: &str) -> bool {
    patterns.iter().any(|pattern| glob::matches(pattern, text))
}

/// A day, counted from 1970-01-01 (UTC).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date(i64);

impl Date {
    pub fn from_unix_seconds(seconds: u64) -> Date {
        Date(i64::try_from(seconds / 86_400).unwrap_or(i64::MAX))
    }

    /// When the day begins.
    pub fn unix_seconds(self) -> u64 {
        u64::try_from(self.0).unwrap_or(0).saturating_mul(86_400)
    }

    /// Reads `YYYY-MM-DD`; a date-time (RFC 3339) counts by its date.
    pub fn parse(text: &str) -> Option<Date> {
        let (date, time) = text.trim().split_at_checked(10)?;
        if !(time.is_empty() || time.starts_with(['T', 't', ' '])) {
            return None;
        }
        let is_right = |(at, b): (usize, u8)| if matches!(at, 4 | 7) { b == b'-' } else { b.is_ascii_digit() };
        let number = |range: std::ops::Range<usize>| -> Option<i64> { date.get(range)?.parse().ok() };
        let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
        // Years that begin in March, so that a leap day ends one.
        let (years, months) = (year - i64::from(month < 3), (month + 9) % 12);
        let days = years * 365 + years / 4 - years / 100 + years / 400 + (months * 153 + 2) / 5 + day - 1;
        let found = Date(days - BEFORE_1970);
        (date.bytes().enumerate().all(is_right) && year >= 1970 && found.civil() == (year, month, day)).then_some(found)
    }

    /// Year, month and day, by Howard Hinnant's `civil_from_days`.
    fn civil(self) -> (i64, i64, i64) {
        let days = self.0 + BEFORE_1970;
        let (era, day) = (days / 146_097, days % 146_097);
        let years = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (years * 365 + years / 4 - years / 100);
        let months = (day * 5 + 2) / 153;
        let month = (months + 2) % 12 + 1;
        (era * 400 + years + i64::from(month < 3), month, day - (months * 153 + 2) / 5 + 1)
    }
}

/// Days from 1 March of the year 0.
const BEFORE_1970: i64 = 719_468;

impl std::fmt::Display for Date {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (year, month, day) = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        assert_eq!(Date::parse("1970-01-01"), Some(Date(0)));
        assert_eq!(Date::parse("2000-03-01"), Some(Date(11_017)));
        assert_eq!(Date::parse("2026-11-21T10:00:00+02:00"), Date::parse("2026-11-21"));
        assert_eq!(Date::from_unix_seconds(1_700_000_000).to_string(), "2023-11-14");
        assert_eq!(Date::from_unix_seconds(1_700_000_000).unix_seconds(), 1_699_920_000);
        for text in ["2024-02-29", "2026-12-31", "2100-01-01", "1970-01-01"] {
            assert_eq!(Date::parse(text).unwrap().to_string(), text);
        }
        let days = (0..).map(Date).take_while(|date| date.civil().0 < 2200);
        assert!(days.fold(0, |count, date| count + u32::from(Date::parse(&date.to_string()) == Some(date))) == 84_006);
        for bad in [
            "",
            "2026",
            "2026-13-01",
            "2026-02-29",
            "2026-04-31",
            "2026-00-10",
            "2026-01-00",
            "2026-11-21x",
            "21.11.2026",
            "2026/11/21",
            "+026-01-01",
        ] {
            assert_eq!(Date::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_lone_star_selects_nothing() {
        let is_narrow = |patterns: &[&str]| {
            let patterns: Vec<_> = patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
            super::is_narrow(&patterns)
        };
        assert!(is_narrow(&["web-*"]));
        assert!(!is_narrow(&["*"]) && !is_narrow(&["web", "**"]) && !is_narrow(&[]));
    }
}
