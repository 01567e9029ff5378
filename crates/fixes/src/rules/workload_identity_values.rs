//! Workload identity: values in a form that the webhook and Entra accept.

use crate::Fix;
use crate::case::{Case, remove, safe, safe_if, set, suggested};
use entra_auth_policy::entra_id::{is_placeholder_guid, normalise_guid};
use entra_auth_policy::nearest::nearest;
use entra_auth_policy::rules::workload_identity::workload_identity_authority::HOSTS;
use kubernetes::kind;

/// Whether an author who wrote this meant true.
pub(super) fn is_on(value: &str) -> bool {
    const SPELLINGS: &[&str] = &["true", "yes", "y", "on", "1", "t", "enabled", "enable"];
    is_one_of(value, SPELLINGS)
}

/// Whether an author who wrote this meant false.
pub(super) fn is_off(value: &str) -> bool {
    const SPELLINGS: &[&str] = &["false", "no", "n", "off", "0", "f", "disabled", "disable", ""];
    is_one_of(value, SPELLINGS)
}

fn is_one_of(value: &str, spellings: &[&str]) -> bool {
    let bare = value.trim().trim_matches(['"', '\'']);
    spellings.iter().any(|spelling| bare.eq_ignore_ascii_case(spelling))
}

pub(super) fn label_value(case: &Case<'_>) -> Vec<Fix> {
    let (Some(pod), Some(value)) = (case.pod(), case.text()) else { return Vec::new() };
    if value.eq_ignore_ascii_case("false") {
        return suggested("remove the label: workload identity is off without it", [remove(case.pointer())]);
    }
    let mut edits = vec![set(case.pointer(), "true")];
    if pod.account() == "default" {
        edits.extend(pod.dedicated_account());
    }
    safe_if(is_on(value) && pod.account() != "default", "write \"true\"", edits)
}

/// The values of Secrets are encoded, and are not shown.
pub(super) fn invalid_id(case: &Case<'_>) -> Vec<Fix> {
    if case.is(&kind::SECRET) {
        return Vec::new();
    }
    let variable = case.variable();
    let place = variable.map_or_else(|| case.pointer().to_owned(), |(place, _)| format!("{place}/value"));
    let Some(text) = case.at(&place).as_str() else { return Vec::new() };
    if text.is_empty() {
        return match variable {
            Some((variable, _)) => suggested("remove the empty variable", [remove(variable)]),
            None if case.above().ends_with("/annotations") => suggested("remove the empty annotation", [remove(place)]),
            None => Vec::new(),
        };
    }
    match normalise_guid(text).filter(|guid| guid != text && !is_placeholder_guid(guid)) {
        Some(guid) => safe("write the id as Entra does", [set(place, guid)]),
        None => Vec::new(),
    }
}

const SHORTEST: i64 = 3600;
const LONGEST: i64 = 86400;

pub(super) fn token_expiration(case: &Case<'_>) -> Vec<Fix> {
    let text = case.text().unwrap_or_default();
    match seconds(text) {
        Some(life @ SHORTEST..=LONGEST) => {
            safe(format!("write {life} seconds"), [set(case.pointer(), life.to_string())])
        }
        Some(life) => {
            let nearest = life.clamp(SHORTEST, LONGEST);
            suggested(format!("write {nearest} seconds"), [set(case.pointer(), nearest.to_string())])
        }
        None => suggested("remove the annotation: tokens are valid for an hour then", [remove(case.pointer())]),
    }
}

/// A lifetime as people write it: `3600`, `3600s`, `90 min`, `2h`, `1d`.
fn seconds(text: &str) -> Option<i64> {
    let text = text.trim().to_ascii_lowercase();
    let end = text.find(|c: char| c != '-' && !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(end)?;
    let factor = match unit.trim() {
        "" | "s" | "sec" | "secs" | "second" | "seconds" => 1,
        "m" | "min" | "mins" | "minute" | "minutes" => 60,
        "h" | "hr" | "hrs" | "hour" | "hours" => 3600,
        "d" | "day" | "days" => 86400,
        _ => return None,
    };
    number.parse::<i64>().ok()?.checked_mul(factor)
}

pub(super) fn authority(case: &Case<'_>) -> Vec<Fix> {
    const ENTRA: &str = "https://login.microsoftonline.com/";
    let variable = case.variable();
    let place = variable.map_or_else(|| case.pointer().to_owned(), |(place, _)| format!("{place}/value"));
    if let Some(url) = case.at(&place).as_str().and_then(with_https) {
        return safe("write https:// before the authority", [set(place, url)]);
    }
    match variable {
        // The Entra SDK needs one.
        Some((_, name)) if name.to_ascii_lowercase().starts_with("azuread__") && case.at(&place).is_string() => {
            suggested("write the authority of Microsoft Entra's public cloud", [set(place, ENTRA)])
        }
        Some((variable, _)) => suggested("remove the variable; the webhook sets it", [remove(variable)]),
        None => suggested("remove the member", [remove(place)]),
    }
}

/// The URL of a known authority that was written without https.
fn with_https(url: &str) -> Option<String> {
    let url = url.trim();
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let host = rest.split('/').next()?.to_ascii_lowercase();
    let is_plain = scheme.is_empty() || scheme.eq_ignore_ascii_case("http");
    (is_plain && HOSTS.contains(&host.as_str())).then(|| format!("https://{rest}"))
}

pub(super) fn skip_containers(case: &Case<'_>) -> Vec<Fix> {
    let (Some(pod), Some(list)) = (case.pod(), case.text()) else { return Vec::new() };
    let containers = pod.containers();
    let names = || containers.iter().filter(|(place, _)| !place.contains("/ephemeralContainers/"));
    let known: Vec<&str> = names().filter_map(|(_, container)| container["name"].as_str()).collect();
    let written = || list.split([',', ';']).map(str::trim).filter(|name| !name.is_empty());
    let meant =
        |name| known.iter().copied().find(|known| *known == name).or_else(|| nearest(name, &mut known.iter().copied()));
    let mut skipped: Vec<&str> = Vec::new();
    for name in written().filter_map(meant) {
        if !skipped.contains(&name) {
            skipped.push(name);
        }
    }
    if skipped.is_empty() || known.iter().all(|name| skipped.contains(name)) {
        return suggested("remove the annotation, so that the containers can sign in", [remove(case.pointer())]);
    }
    let is_complete = written().all(|name| meant(name).is_some());
    safe_if(
        is_complete,
        "list the names of containers, separated by semicolons",
        [set(case.pointer(), skipped.join(";"))],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes() {
        for (text, expected) in [
            ("3600", Some(3600)),
            (" 90 min ", Some(5400)),
            ("2h", Some(7200)),
            ("1D", Some(86400)),
            ("-5", Some(-5)),
            ("1.5h", None),
            ("an hour", None),
            ("", None),
            ("99999999999999999999", None),
            ("9223372036854775807h", None),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }

    #[test]
    fn authorities_of_entra_get_https() {
        assert_eq!(with_https("login.microsoftonline.com/").as_deref(), Some("https://login.microsoftonline.com/"));
        assert_eq!(with_https("http://login.microsoftonline.us").as_deref(), Some("https://login.microsoftonline.us"));
        for url in ["login.example.com", "ftp://login.microsoftonline.com", "https://login.microsoftonline.com", ""] {
            assert_eq!(with_https(url), None, "{url}");
        }
    }
}
