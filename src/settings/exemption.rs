//! Exemptions: which findings are accepted, for which objects and requesters, why and until when.

use crate::object::Object;
use crate::request::Request;
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
    pub reason: String,
    pub until: Option<Date>,
}

impl Exemption {
    /// Whether every selector that is given fits; `object` is absent for CONNECT.
    pub fn covers(&self, rule: &str, object: &Object<'_>, request: &Request<'_>) -> bool {
        let fits = |patterns: &[String], text: &str| patterns.is_empty() || any(patterns, text);
        let kind = || {
            self.kinds.is_empty()
                || any(&self.kinds, object.kind)
                || any(&self.kinds, &format!("{}.{}", object.kind, object.group))
        };
        let namespace =
            || self.namespaces.is_empty() || (!object.namespace.is_empty() && any(&self.namespaces, object.namespace));
        let user = request.user_info();
        let group = || self.groups.is_empty() || user.get("groups").texts().any(|group| any(&self.groups, group));
        (self.rules.is_empty() || self.rules.iter().any(|id| id == rule))
            && kind()
            && namespace()
            && fits(&self.names, object.name)
            && fits(&self.requesters, username(user))
            && group()
    }
}

/// Whether a selector is set and selects less than everything.
pub(super) fn is_narrow(patterns: &[String]) -> bool {
    !patterns.is_empty() && !patterns.iter().any(|pattern| pattern.bytes().all(|b| b == b'*'))
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

    /// Reads `YYYY-MM-DD`; a date-time (RFC 3339) counts by its date.
    pub fn parse(text: &str) -> Option<Date> {
        let text = text.trim();
        let date = text.get(..10)?;
        let time = text.get(10..)?;
        if !(time.is_empty() || time.starts_with(['T', 't', ' '])) {
            return None;
        }
        let number = |range: std::ops::Range<usize>| -> Option<i64> {
            let digits = date.get(range)?;
            digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?
        };
        let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
        let hyphens = [4, 7].iter().all(|at| date.as_bytes().get(*at) == Some(&b'-'));
        let valid = hyphens && year >= 1970 && (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day);
        valid.then(|| Date(days_before_year(year) + (1..month).map(|m| days_in(year, m)).sum::<i64>() + day - 1))
    }
}

fn is_leap(year: i64) -> bool {
    (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn days_before_year(year: i64) -> i64 {
    let leaps = |y: i64| y / 4 - y / 100 + y / 400;
    (year - 1970) * 365 + leaps(year - 1) - leaps(1969)
}

impl std::fmt::Display for Date {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut year = 1970 + self.0 / 366;
        while days_before_year(year + 1) <= self.0 {
            year += 1;
        }
        let mut rest = self.0 - days_before_year(year);
        let mut month = 1;
        while rest >= days_in(year, month) {
            rest -= days_in(year, month);
            month += 1;
        }
        write!(f, "{year:04}-{month:02}-{:02}", rest + 1)
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
        for text in ["2024-02-29", "2026-12-31", "2100-01-01", "1970-01-01"] {
            assert_eq!(Date::parse(text).unwrap().to_string(), text);
        }
        for bad in ["", "2026", "2026-13-01", "2026-02-29", "2026-11-21x", "21.11.2026", "2026/11/21", "+026-01-01"] {
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
