//! Reads settings by the table in `keys.rs`. Accepts every sensible spelling and reports all problems at once.

use super::exemption::is_narrow;
use super::keys::{self, ACTIONS, Draft, Form, Key, MOST_ENTRIES, MOST_PATTERNS, Normaliser, ValueKind};
use super::{Date, Override, Problem, RuleId, Settings};
use crate::nearest::nearest;
use crate::operators;
use json::Node;
use json::path as json_path;
use std::fmt;
use text::shown;

const EMPTY: &str = "is empty; fill in a value or remove it";

/// Collects problems while reading.
pub(super) struct SettingsReader {
    rule_id: RuleId,
    /// Whether to compile JSONPaths. A request does that only when it needs one.
    compile_paths: bool,
    problems: Vec<Problem>,
}

/// The path of a value in the settings. It lives on the stack and becomes text only in a problem.
#[derive(Clone, Copy)]
enum KeyPath<'p> {
    Root,
    Member(&'p KeyPath<'p>, &'p str),
    Item(&'p KeyPath<'p>, usize),
}

impl fmt::Display for KeyPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeyPath::Root => Ok(()),
            KeyPath::Member(KeyPath::Root, key) => f.write_str(&shown(key)),
            KeyPath::Member(parent, key) => write!(f, "{parent}.{}", shown(key)),
            KeyPath::Item(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

/// Reads the whole of the settings. An absent node is `{}`.
pub(super) fn read(node: Node<'_>, rule_id: RuleId, compile_paths: bool) -> (Settings, Vec<Problem>) {
    let mut reader = SettingsReader { rule_id, compile_paths, problems: Vec::new() };
    let mut draft = Draft::default();
    if node.is_object() {
        reader.members(&mut draft, &KeyPath::Root, node, keys::SETTINGS);
    } else if !node.is_absent() {
        reader.wrong(&KeyPath::Root, node, "a map of settings");
    }
    let settings = draft.finish();
    if settings.allowed_users.others() > MOST_PATTERNS {
        let text = format!("has more than {MOST_PATTERNS} users with a `*` in the middle; write `*@<domain>`");
        reader.problem(&KeyPath::Member(&KeyPath::Root, "allowedUsers"), text);
    }
    (settings, reader.problems)
}

impl SettingsReader {
    fn problem(&mut self, at: &KeyPath<'_>, text: impl Into<String>) {
        self.problems.push(Problem { path: at.to_string(), text: text.into() });
    }

    /// "must be X, found Y". Short values are shown, because settings are not secret.
    fn wrong(&mut self, at: &KeyPath<'_>, node: Node<'_>, expected: &str) {
        let found = match node.text() {
            Some(text) => format!("\"{}\"", shown(text)),
            None if node.is_object() || node.is_list() => node.type_name().to_owned(),
            None => node.to_string(),
        };
        self.problem(at, format!("must be {expected}, found {found}"));
    }

    /// Reads the members of an object into the fields that `keys` name.
    fn members(&mut self, draft: &mut Draft, at: &KeyPath<'_>, node: Node<'_>, keys: &[Key]) {
        for (name, _) in node.members() {
            if !keys.iter().any(|key| key.name == name) {
                let known = nearest(name, &mut keys.iter().map(|key| key.name));
                let text = match known {
                    Some(known) => format!("no such key; did you mean `{known}`?"),
                    None => format!("no such key; the keys are {}", names(keys)),
                };
                self.problem(&KeyPath::Member(at, name), text);
            }
        }
        for key in keys {
            self.value(draft, &KeyPath::Member(at, key.name), node.get(key.name), key);
        }
    }

    fn value(&mut self, draft: &mut Draft, at: &KeyPath<'_>, node: Node<'_>, key: &Key) {
        // Without its value, a selector or an allow-list of an entry would cover everything.
        let must_be_filled =
            matches!(&key.value, ValueKind::Texts(..)) || key.default == "\"*\"" || key.name == "grants";
        if is_blank(node) {
            if let (KeyPath::Member(KeyPath::Item(..), _), true, Some(_)) = (at, must_be_filled, node.text()) {
                self.problem(at, EMPTY);
            } else if key.required {
                self.problem(at, "is required");
            } else if let ValueKind::Text(_, field) = key.value {
                *field(draft) = key.default.trim_matches('"').to_owned();
            }
            return;
        }
        match &key.value {
            ValueKind::Bool(field) => match bool(node) {
                Some(value) => *field(draft) = value,
                None => self.wrong(at, node, "true or false"),
            },
            ValueKind::Choice(words, set) => match choice(node, words) {
                Some(index) => set(draft, index),
                None => {
                    // A number in YAML would lose its zeros.
                    let is_number = words.iter().all(|word| word.starts_with(|c: char| c.is_ascii_digit()));
                    let quoted = if is_number { " in quotes" } else { "" };
                    self.wrong(at, node, &format!("{}{quoted}", words.join(" or ")));
                }
            },
            ValueKind::Seconds(least, field) => {
                let seconds = node.integer().or_else(|| node.text().and_then(|text| text.trim().parse().ok()));
                match seconds.filter(|seconds| seconds >= least) {
                    Some(seconds) => *field(draft) = seconds,
                    None => self.wrong(at, node, &format!("a whole number of seconds, at least {least}")),
                }
            }
            ValueKind::Date(field) => {
                let date = node.text().and_then(Date::parse);
                if date.is_none() {
                    self.wrong(at, node, "a date, YYYY-MM-DD");
                }
                *field(draft) = date;
            }
            ValueKind::Text(form, field) => match self.text(at, node, form) {
                Some(text) => *field(draft) = text,
                None => field(draft).clear(),
            },
            ValueKind::Texts(form, field) => *field(draft) = self.texts(at, node, form),
            ValueKind::RuleActions(field) => *field(draft) = self.rule_actions(at, node),
            ValueKind::Entries { keys, most, push } => self.entries(draft, at, node, keys, *most, *push),
        }
    }

    fn text(&mut self, at: &KeyPath<'_>, node: Node<'_>, form: &Form) -> Option<String> {
        let Some(text) = node.text().map(str::trim) else {
            self.wrong(at, node, "a string");
            return None;
        };
        if text.is_empty() {
            self.problem(at, EMPTY);
            return None;
        }
        match form.normaliser {
            Normaliser::Any => {}
            Normaliser::With(normalise) => {
                let normal = normalise(text);
                if normal.is_none() {
                    self.wrong(at, node, form.what);
                }
                return normal;
            }
            Normaliser::RuleId => {
                if let Err(problem) = (self.rule_id)(text) {
                    self.problem(at, format!("\"{}\": {problem}", shown(text)));
                    return None;
                }
            }
            Normaliser::Operator => match operators::by_name(text) {
                Ok(operator) => return Some(operator.name.to_owned()),
                Err(near) => {
                    let hint = match near {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => "`entra-auth operators` lists the known ones".to_owned(),
                    };
                    self.problem(at, format!("\"{}\": no such operator; {hint}", shown(text)));
                    return None;
                }
            },
            Normaliser::JsonPath => {
                if let Some(invalid) = self.compile_paths.then(|| json_path::check(text).err()).flatten() {
                    let text = format!(
                        "is not a valid RFC 9535 JSONPath: {} (at character {})",
                        invalid.reason, invalid.position
                    );
                    self.problem(at, text);
                }
            }
        }
        Some(text.to_owned())
    }

    /// A list of strings. A single string is a list of one.
    fn texts(&mut self, at: &KeyPath<'_>, node: Node<'_>, form: &Form) -> Vec<String> {
        if node.text().is_some() {
            return self.text(at, node, form).into_iter().collect();
        }
        if !self.is_list(at, node, "a list of strings", MOST_ENTRIES) {
            return Vec::new();
        }
        let items = node.items().enumerate();
        items.filter_map(|(index, item)| self.text(&KeyPath::Item(at, index), item, form)).collect()
    }

    fn rule_actions(&mut self, at: &KeyPath<'_>, node: Node<'_>) -> Vec<(&'static str, Override)> {
        let mut actions = Vec::new();
        if !node.is_object() {
            self.wrong(at, node, "a map of rule id to deny, warn or off");
        }
        for (id, action) in node.members() {
            let at = &KeyPath::Member(at, id);
            let id = match (self.rule_id)(id) {
                Ok(id) => id,
                Err(problem) => {
                    self.problem(at, problem);
                    continue;
                }
            };
            if is_blank(action) {
                continue;
            }
            match (choice(action, ACTIONS), bool(action)) {
                (Some(0), _) => actions.push((id, Override::Deny)),
                (Some(1), _) => actions.push((id, Override::Warn)),
                // Unquoted `off` is the boolean false in YAML 1.1.
                (Some(_), _) | (_, Some(false)) => actions.push((id, Override::Off)),
                _ if bool(action).is_some() || choice(action, &["on"]).is_some() => {
                    self.problem(at, "`true` is not an action; write deny, warn or off");
                }
                _ => self.wrong(at, action, "deny, warn or off"),
            }
        }
        actions
    }

    /// A list of objects, each read into the draft and then appended.
    fn entries(
        &mut self,
        draft: &mut Draft,
        at: &KeyPath<'_>,
        node: Node<'_>,
        keys: &'static [Key],
        most: usize,
        push: fn(&mut Draft),
    ) {
        if !self.is_list(at, node, "a list", most) {
            return;
        }
        for (index, entry) in node.items().enumerate() {
            let at = &KeyPath::Item(at, index);
            if entry.is_object() {
                self.members(draft, at, entry, keys);
                self.selectors(draft, at, keys);
                push(draft);
            } else {
                self.wrong(at, entry, &format!("an object with {}", names(keys)));
            }
        }
    }

    /// Whether a list can be read: anything else, and a list that is too long, is a problem.
    fn is_list(&mut self, at: &KeyPath<'_>, node: Node<'_>, expected: &str, most: usize) -> bool {
        if !node.is_list() {
            self.wrong(at, node, expected);
            return false;
        }
        let fits = node.items().nth(most).is_none();
        if !fits {
            self.problem(at, format!("has {} entries, at most {most} are allowed", node.items().count()));
        }
        fits
    }

    /// An entry with selectors needs one that selects less than everything.
    fn selectors(&mut self, draft: &mut Draft, at: &KeyPath<'_>, keys: &'static [Key]) {
        let mut selectors = keys.iter().filter_map(|key| match key.value {
            ValueKind::Texts(form, field) if form.selects => Some((key.name, field)),
            _ => None,
        });
        let names: Vec<_> = selectors.clone().map(|(name, _)| name).collect();
        if !names.is_empty() && !selectors.any(|(_, field)| is_narrow(field(draft))) {
            let text = format!(
                "needs a value other than `*` in at least one of {}; to turn a rule off everywhere, use `rules`",
                names.join(", ")
            );
            self.problem(at, text);
        }
    }
}

fn names(keys: &[Key]) -> String {
    keys.iter().map(|key| key.name).collect::<Vec<_>>().join(", ")
}

/// An empty string counts as absent, as null does.
fn is_blank(node: Node<'_>) -> bool {
    node.is_absent() || node.text().is_some_and(|text| text.trim().is_empty())
}

/// The index of the chosen word, in any letter case.
fn choice(node: Node<'_>, words: &[&str]) -> Option<usize> {
    let text = node.text()?.trim();
    words.iter().position(|word| text.eq_ignore_ascii_case(word))
}

fn bool(node: Node<'_>) -> Option<bool> {
    node.bool().or_else(|| choice(node, &["false", "true"]).map(|index| index == 1))
}
