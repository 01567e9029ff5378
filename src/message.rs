//! The response: what kubectl prints, what the audit log keeps, what audit reports show.

use crate::anchor::{Anchor, Spelt, locate};
use crate::finding::Severity;
use crate::object::{Object, Title};
use crate::request::Request;
use crate::requester::Requester;
use crate::rule::{Rule, RuleContext};
use crate::settings::Settings;
use crate::sort::sort;
use crate::verdict::{Action, Decision, ONLY_OLD, is_about_role};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;
use text::shown;

/// Where the rules are explained.
pub const DOCS: &str = "https://github.com/entra-auth-policy/entra-auth-policy/blob/main/docs/rules.md";

/// Longest message, in bytes.
pub const LONGEST_MESSAGE: usize = 4096;
/// Longest warning, and part of a message that is about one finding, in bytes.
const LONGEST_WARNING: usize = 256;
const LONGEST_ENTRY: usize = 1024;
/// More parts of a message than there is room for: number, rule, place and fix take more bytes than this.
const MOST_ENTRIES: usize = LONGEST_MESSAGE / 24;
/// Most warnings of a response.
const MOST_WARNINGS: usize = 20;
/// Longest answer about settings, in bytes.
const LONGEST_PROBLEMS: usize = 32 * 1024;

/// The policy protocol's validation response. Field for field the SDK's `ValidationResponse`, but with
/// an ordered map, so that the same request always gets the same bytes.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Response {
    pub accepted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub audit_annotations: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

impl Response {
    pub(crate) fn accepted() -> Self {
        Response { accepted: true, ..Response::default() }
    }

    /// 400 for a request that cannot be understood; never 500, which audit reports count as an error.
    pub(crate) fn unreadable(reason: &str) -> Self {
        let message = cut(&format!("entra-auth-policy could not judge the request: {reason}"), LONGEST_ENTRY);
        Response { message: Some(message), code: Some(400), ..Response::default() }
    }

    pub fn to_json(&self) -> Vec<u8> {
        if *self == Response::accepted() {
            return br#"{"accepted":true}"#.to_vec();
        }
        // Strings and numbers under fixed names always serialise.
        serde_json::to_vec(self).unwrap_or_else(|_| br#"{"accepted":false,"code":400}"#.to_vec())
    }
}

/// The decisions whose places a response spells.
fn described(decisions: &[Decision]) -> impl Iterator<Item = &Decision> {
    let denied = worst_first(decisions.iter().filter(|j| j.denies()));
    let warned = worst_first(decisions.iter().filter(|j| j.warns()));
    let first = by_rule(&warned).into_iter().map(|(decision, _)| decision);
    denied.into_iter().take(MOST_ENTRIES).chain(warned.into_iter().take(MOST_ENTRIES)).chain(first)
}

/// Spells the paths of the decisions that the response describes.
pub(crate) fn spell(cx: &RuleContext<'_>, object: &Object<'_>, decisions: &mut [Decision]) {
    let mut described: Vec<usize> = described(decisions).map(|decision| decision.finding).collect();
    sort(&mut described);
    described.dedup();
    let places: Vec<&Anchor<'_>> =
        described.iter().filter_map(|at| cx.findings.get(*at)).map(|finding| &finding.place).collect();
    let mut locations = locate(object.root, &places, Spelt::Yes);
    for decision in decisions {
        let at = described.binary_search(&decision.finding).ok();
        if let Some(location) = at.and_then(|at| locations.get_mut(at)) {
            decision.location = std::mem::take(location);
        }
    }
}

/// Puts the decisions into words.
pub(crate) fn respond(
    decisions: &[Decision],
    object: &Object<'_>,
    request: &Request<'_>,
    settings: &Settings,
    requester: Requester,
) -> Response {
    let denied: Vec<&Decision> = worst_first(decisions.iter().filter(|j| j.denies()));
    let warned: Vec<&Decision> = worst_first(decisions.iter().filter(|j| j.warns()));
    let accepted = denied.is_empty();
    let subject = || describe(object, request);
    let profile = settings.profile.as_str();
    let message = if accepted {
        (!warned.is_empty()).then(|| {
            let head =
                format!("entra-auth-policy allowed {} ({profile}) with {}", subject(), count(warned.len(), "warning"));
            explain(head, &warned, settings)
        })
    } else {
        let head = format!("entra-auth-policy denied {} ({profile}): {}", subject(), count(denied.len(), "problem"));
        Some(explain(head, &denied, settings))
    };
    let mut warnings = warnings(&warned, &subject());
    let mut expired: Vec<&str> = Vec::new();
    let mut last: Option<&Arc<str>> = None;
    for text in decisions.iter().filter_map(|j| j.expired.as_ref()) {
        // The findings of a rule share one text, which can be long.
        if last.replace(text).is_some_and(|last| Arc::ptr_eq(last, text)) {
            continue;
        }
        if let Err(at) = expired.binary_search(&&**text) {
            expired.insert(at, text);
        }
    }
    warnings.extend(expired.into_iter().map(|text| cut(text, LONGEST_WARNING)));
    if warnings.len() > MOST_WARNINGS {
        let more = warnings.len() - MOST_WARNINGS;
        warnings.truncate(MOST_WARNINGS);
        warnings.push(format!("and {more} more"));
    }
    let mut audit_annotations = BTreeMap::new();
    for (key, list) in [
        ("profile", profile.to_owned()),
        ("requester", requester.as_str().to_owned()),
        ("denied", ids(&denied)),
        ("warned", ids(&warned)),
        ("exempted", exempted(decisions)),
        ("excused", ids(&decisions.iter().filter(|decision| decision.action == Action::Excused).collect::<Vec<_>>())),
    ] {
        if !list.is_empty() {
            audit_annotations.insert(key, list);
        }
    }
    let code = match accepted {
        true => None,
        false if denied.iter().any(|j| j.is_unreadable()) => Some(400),
        false => Some(403),
    };
    Response { accepted, message, code, audit_annotations, warnings }
}

/// `Deployment shop/checkout`, `pods/exec shop/web`.
fn describe(object: &Object<'_>, request: &Request<'_>) -> String {
    let kind = match request.sub_resource() {
        "" | "ephemeralcontainers" => shown(object.kind).into_owned(),
        sub => format!("{}/{}", shown(request.resource()), shown(sub)),
    };
    let name = match object.name {
        "" => object.metadata().get("generateName").text().map(|name| format!("{}*", shown(name))).unwrap_or_default(),
        name => shown(name).into_owned(),
    };
    Title { kind: &kind, namespace: &shown(object.namespace), name: &name }.to_string()
}

fn count(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

/// The head, then every finding with its fix as long as there is room, then where to read more.
fn explain(head: String, decisions: &[&Decision], settings: &Settings) -> String {
    const ROOM_FOR_MORE: usize = 40;
    let mut end = String::new();
    for (name, text) in [("help", &settings.help_url), ("contact", &settings.contact)] {
        if !text.is_empty() {
            let _ = write!(end, "\n{name}: {text}");
        }
    }
    if end.is_empty() {
        let _ = write!(end, "\nrules: {DOCS}");
    }
    let mut message = head;
    for (index, decision) in decisions.iter().enumerate() {
        let sentence = cut(&sentence(decision), LONGEST_ENTRY);
        let entry = format!("\n{}) {}: {sentence}\n   fix: {}", index + 1, decision.rule.id, decision.remediation);
        if message.len() + entry.len() + end.len() + ROOM_FOR_MORE > LONGEST_MESSAGE {
            let _ = write!(message, "\nand {} more", decisions.len() - index);
            break;
        }
        message.push_str(&entry);
    }
    message.push_str(&end);
    message
}

/// The place and what is wrong there; the object as a whole has no path.
fn sentence(decision: &Decision) -> String {
    match decision.location.path.as_str() {
        "" => format!("the object {}", decision.message),
        path => format!("{path} {}", decision.message),
    }
}

/// High severities first, then as they come, so that a limit leaves out what matters least.
fn worst_first<'d>(decisions: impl Iterator<Item = &'d Decision>) -> Vec<&'d Decision> {
    let decisions: Vec<&Decision> = decisions.collect();
    let of = |severity| decisions.iter().filter(move |decision| decision.severity == severity).copied();
    [Severity::High, Severity::Medium, Severity::Low].into_iter().flat_map(of).collect()
}

/// One line for each rule, and one for all rules about roles, about the worst finding.
fn warnings(decisions: &[&Decision], subject: &str) -> Vec<String> {
    by_rule(decisions).into_iter().map(|(decision, more)| warning(decision, more, subject)).collect()
}

/// The first decision about each rule, and how many more there are. The rules about roles count as one.
fn by_rule<'d>(decisions: &[&'d Decision]) -> Vec<(&'d Decision, usize)> {
    let is_same = |one: &Rule, other: &Rule| one == other || (is_about_role(one.id) && is_about_role(other.id));
    let mut rules: Vec<(&Decision, usize)> = Vec::new();
    for decision in decisions.iter().copied() {
        match rules.iter_mut().find(|(first, _)| is_same(first.rule, decision.rule)) {
            Some((_, more)) => *more += 1,
            None => rules.push((decision, 0)),
        }
    }
    rules
}

/// kubectl shows nothing else of an accepted request, and equal warnings once, so a warning names the object. The place
/// or the reason is cut, and not what to do.
fn warning(decision: &Decision, more: usize, subject: &str) -> String {
    let id = decision.rule.id;
    // What follows the reason must be there in full.
    let (message, old) = match decision.message.strip_suffix(ONLY_OLD) {
        Some(message) => (message, ONLY_OLD),
        None => (decision.message.as_str(), ""),
    };
    let count = if more > 0 { format!(" (and {more} more)") } else { String::new() };
    let end = format!("{old}{count}; {}", decision.remediation);
    let place = match decision.location.path.as_str() {
        "" => String::new(),
        path => format!(" {path}"),
    };
    let room = LONGEST_WARNING.saturating_sub(id.len() + 2 + end.len());
    let subject = cut(subject, room / 2);
    cut(&format!("{id}: {}{end}", cut(&format!("{subject}:{place} {message}"), room)), LONGEST_WARNING)
}

/// At most `longest` bytes, cut between words where there are any.
fn cut(text: &str, longest: usize) -> String {
    if text.len() <= longest {
        return text.to_owned();
    }
    let ends = text.char_indices().map(|(at, _)| at).take_while(|at| *at + '…'.len_utf8() <= longest);
    let kept = text.get(..ends.last().unwrap_or(0)).unwrap_or_default();
    // A long word is cut all the same.
    let words = kept.rsplit_once(' ').map_or(kept, |(words, _)| words);
    format!("{}…", if words.len() * 2 > kept.len() { words } else { kept })
}

/// Rule ids, each once.
fn ids(decisions: &[&Decision]) -> String {
    let mut ids: Vec<&str> = Vec::new();
    for id in decisions.iter().map(|decision| decision.rule.id) {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids.join(",")
}

fn exempted(decisions: &[Decision]) -> String {
    let mut list: Vec<String> = decisions
        .iter()
        .filter_map(|decision| match &decision.action {
            Action::Exempt(reason) => Some(format!("{} ({})", decision.rule.id, cut(reason, LONGEST_WARNING))),
            _ => None,
        })
        .collect();
    list.dedup();
    list.join(",")
}

/// The answer to `validate_settings`.
pub(crate) fn settings_response(problems: &[String]) -> Vec<u8> {
    #[derive(Serialize)]
    struct SettingsResponse {
        valid: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        message: Option<String>,
    }
    let message = match problems {
        [] => None,
        [one] => Some(one.clone()),
        many => {
            let mut message = format!("{} in the settings:", count(many.len(), "problem"));
            for (index, problem) in many.iter().enumerate() {
                if message.len() + problem.len() > LONGEST_PROBLEMS {
                    let _ = write!(message, "\nand {} more", many.len() - index);
                    break;
                }
                let _ = write!(message, "\n- {problem}");
            }
            Some(message)
        }
    };
    let response = SettingsResponse { valid: problems.is_empty(), message };
    serde_json::to_vec(&response).unwrap_or_else(|_| br#"{"valid":false}"#.to_vec())
}
