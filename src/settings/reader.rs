//! Reads settings, takes every sensible spelling, and says everything that is wrong at once.

use super::keys::{self, Key};
use super::{Date, Exemption, Identity, Override, Problem, Profile, Settings, UserPath};
use crate::entra_id::{is_upn, normalise_guid, service_account_of_user};
use crate::rules;
use json::Node;
use text::shown;

/// Most entries of a list of paths, and most entries of any list.
const MOST_PATHS: usize = 64;
const MOST_ENTRIES: usize = 10_000;

/// Collects problems while reading.
#[derive(Default)]
pub struct Reader {
    pub problems: Vec<Problem>,
}

impl Reader {
    fn problem(&mut self, path: &str, text: impl Into<String>) {
        self.problems.push(Problem { path: path.to_owned(), text: text.into() });
    }

    /// "expected X, found Y", with short values shown: settings are not secret.
    fn wrong(&mut self, path: &str, node: Node<'_>, expected: &str) {
        let found = match node.text() {
            Some(text) => format!("\"{}\"", shown(text)),
            None if node.is_object() || node.is_list() => node.type_name().to_owned(),
            None => node.to_string(),
        };
        self.problem(path, format!("must be {expected}, found {found}"));
    }

    pub fn settings(&mut self, node: Node<'_>) -> Settings {
        let mut settings = Settings::default();
        if node.is_absent() {
            return settings;
        }
        if !node.is_object() {
            self.wrong("", node, "a map of settings");
            return settings;
        }
        self.known_keys("", node, keys::SETTINGS);
        if let Some(index) = self.choice("profile", node.get("profile"), keys::PROFILES) {
            settings.profile = if index == 0 { Profile::Baseline } else { Profile::Restricted };
        }
        settings.overrides = self.overrides(node.get("rules"));
        settings.cluster_admins = self.names(
            "clusterAdmins",
            node.get("clusterAdmins"),
            "an Entra object id, a user principal name or system:serviceaccount:<namespace>:<name>",
            |text| normalise_guid(text).or_else(|| is_person_or_account(text).then(|| text.to_owned())),
        );
        settings.allowed_groups =
            self.names("allowedGroups", node.get("allowedGroups"), "the object id (GUID) of an Entra group", |text| {
                normalise_guid(text).or_else(|| text.starts_with("aks:jwt:").then(|| text.to_owned()))
            });
        settings.allowed_users = self.names(
            "allowedUsers",
            node.get("allowedUsers"),
            "a user principal name, an object id (GUID) or *@<domain>",
            |text| {
                let domain = text.strip_prefix("*@").is_some_and(|domain| is_upn(&format!("x@{domain}")));
                normalise_guid(text).or_else(|| (domain || is_person_or_account(text)).then(|| text.to_owned()))
            },
        );
        settings.allowed_tenants =
            self.names("allowedTenants", node.get("allowedTenants"), "a tenant id (GUID)", normalise_guid);
        settings.trusted_requesters = self.texts("trustedRequesters", node.get("trustedRequesters"));
        for (index, pattern) in settings.trusted_requesters.iter().enumerate() {
            if pattern.bytes().all(|b| b == b'*') {
                self.problem(&format!("trustedRequesters[{index}]"), "would trust everybody; name the users");
            }
        }
        settings.identities = self.entries("identities", node.get("identities"), keys::IDENTITY, Reader::identity);
        settings.credential_paths =
            self.entries("credentialPaths", node.get("credentialPaths"), keys::CREDENTIAL_PATH, Reader::user_path);
        settings.pod_template_paths =
            self.entries("podTemplatePaths", node.get("podTemplatePaths"), keys::POD_TEMPLATE_PATH, Reader::user_path);
        for (key, paths) in
            [("credentialPaths", &settings.credential_paths), ("podTemplatePaths", &settings.pod_template_paths)]
        {
            if paths.len() > MOST_PATHS {
                self.problem(key, format!("has {} entries, at most {MOST_PATHS} are allowed", paths.len()));
            }
        }
        settings.exemptions = self.entries("exemptions", node.get("exemptions"), keys::EXEMPTION, Reader::exemption);
        let mut bool = |key: &str, into: &mut bool| {
            if let Some(value) = self.bool(key, node.get(key)) {
                *into = value;
            }
        };
        bool("allowExternalIssuers", &mut settings.allow_external_issuers);
        bool("clusterLookups", &mut settings.cluster_lookups);
        bool("ratchet", &mut settings.ratchet);
        if let Some(seconds) = self.seconds("maxTokenSeconds", node.get("maxTokenSeconds"), 600) {
            settings.max_token_seconds = seconds;
        }
        if let Some(index) = self.choice("ownedPods", node.get("ownedPods"), keys::OWNED_PODS) {
            settings.owned_pods_warn = index == 1;
        }
        settings
    }

    fn known_keys(&mut self, path: &str, node: Node<'_>, keys: &[Key]) {
        for (key, _) in node.members() {
            if !keys.iter().any(|known| known.name == key) {
                let known = keys.iter().map(|known| known.name);
                let text = match nearest(key, &mut known.clone()) {
                    Some(name) => format!("no such key; did you mean `{name}`?"),
                    None => format!("no such key; allowed are {}", known.collect::<Vec<_>>().join(", ")),
                };
                self.problem(&join(path, key), text);
            }
        }
    }

    fn overrides(&mut self, node: Node<'_>) -> Vec<(&'static str, Override)> {
        let mut overrides = Vec::new();
        if !node.is_absent() && node.text() != Some("") && !node.is_object() {
            self.wrong("rules", node, "a map of rule id to deny, warn or off");
        }
        for (id, action) in node.members() {
            let path = format!("rules.{}", shown(id));
            let Some(id) = self.rule_id(&path, id) else { continue };
            // Unquoted `off` is the boolean false in YAML 1.1.
            let action = match (action.text().map(|t| t.trim().to_ascii_lowercase()).as_deref(), action.bool()) {
                _ if action.is_absent() => continue,
                (Some(""), _) => continue,
                (Some("deny"), _) => Override::Deny,
                (Some("warn"), _) => Override::Warn,
                (Some("off" | "false"), _) | (_, Some(false)) => Override::Off,
                (Some("true" | "on"), _) | (_, Some(true)) => {
                    self.problem(&path, "`true` does not say what to do; write deny, warn or off");
                    continue;
                }
                _ => {
                    self.wrong(&path, action, "deny, warn or off");
                    continue;
                }
            };
            overrides.push((id, action));
        }
        overrides
    }

    /// The rule called `id`, as the table spells it.
    fn rule_id(&mut self, path: &str, id: &str) -> Option<&'static str> {
        if id == rules::UNREADABLE.id {
            self.problem(path, "this rule cannot be turned off or exempted");
            return None;
        }
        let known = rules::all().map(|rule| rule.id);
        let found = known.clone().find(|known| *known == id);
        if found.is_none() {
            let hint =
                nearest(id, &mut known.clone()).map_or(String::new(), |name| format!("; did you mean `{name}`?"));
            self.problem(path, format!("no such rule{hint}"));
        }
        found
    }

    fn identity(&mut self, path: &str, node: Node<'_>) -> Identity {
        let namespace = self.required_text(&join(path, "namespace"), node.get("namespace"));
        let service_account = self.text(&join(path, "serviceAccount"), node.get("serviceAccount"));
        let client_ids =
            self.names(&join(path, "clientIds"), node.get("clientIds"), "a client id (GUID)", normalise_guid);
        if node.get("clientIds").is_absent() {
            self.problem(&join(path, "clientIds"), "is required");
        }
        Identity { namespace, service_account: service_account.unwrap_or_else(|| "*".to_owned()), client_ids }
    }

    fn user_path(&mut self, path: &str, node: Node<'_>) -> UserPath {
        let read = UserPath {
            api_group: self.text(&join(path, "apiGroup"), node.get("apiGroup")).unwrap_or_default(),
            kind: self.required_text(&join(path, "kind"), node.get("kind")),
            path: self.required_text(&join(path, "path"), node.get("path")),
            name: self.text(&join(path, "name"), node.get("name")).unwrap_or_default(),
        };
        if read.api_group.contains('/') {
            self.problem(&join(path, "apiGroup"), "is the group alone, without a version");
        }
        read
    }

    fn exemption(&mut self, path: &str, node: Node<'_>) -> Exemption {
        let mut rules = Vec::new();
        for (index, id) in self.texts(&join(path, "rules"), node.get("rules")).iter().enumerate() {
            if let Some(id) = self.rule_id(&format!("{}[{index}]", join(path, "rules")), id) {
                rules.push(id.to_owned());
            }
        }
        let mut list = |key: &str| self.texts(&join(path, key), node.get(key));
        let exemption = Exemption {
            rules,
            kinds: list("kinds"),
            namespaces: list("namespaces"),
            names: list("names"),
            requesters: list("requesters"),
            groups: list("groups"),
            reason: self.required_text(&join(path, "reason"), node.get("reason")),
            until: self.date(&join(path, "until"), node.get("until")),
        };
        if !exemption.selects() {
            self.problem(
                path,
                "needs at least one of kinds, namespaces, names, requesters or groups that is more than `*`; \
                 to switch a rule off everywhere, use `rules`",
            );
        }
        exemption
    }

    /// A list of objects, each read by `read` after its keys were checked.
    fn entries<T>(
        &mut self,
        path: &str,
        node: Node<'_>,
        keys: &[Key],
        read: impl Fn(&mut Self, &str, Node<'_>) -> T,
    ) -> Vec<T> {
        if node.is_absent() || node.text() == Some("") {
            return Vec::new();
        }
        if !node.is_list() {
            self.wrong(path, node, "a list");
            return Vec::new();
        }
        let mut entries = Vec::new();
        for (index, entry) in node.items().enumerate().take(MOST_ENTRIES) {
            let path = format!("{path}[{index}]");
            if entry.is_object() {
                self.known_keys(&path, entry, keys);
                entries.push(read(self, &path, entry));
            } else {
                let names: Vec<_> = keys.iter().map(|key| key.name).collect();
                self.wrong(&path, entry, &format!("an object with {}", names.join(", ")));
            }
        }
        entries
    }

    /// A list of names, each brought into its normal form or refused.
    fn names(
        &mut self,
        path: &str,
        node: Node<'_>,
        expected: &str,
        normalise: impl Fn(&str) -> Option<String>,
    ) -> Vec<String> {
        let mut names = Vec::new();
        for (index, text) in self.texts(path, node).iter().enumerate() {
            match normalise(text) {
                Some(name) => names.push(name),
                None => {
                    self.problem(&format!("{path}[{index}]"), format!("must be {expected}, found \"{}\"", shown(text)));
                }
            }
        }
        names
    }

    /// A list of strings; one string alone is a list of one.
    fn texts(&mut self, path: &str, node: Node<'_>) -> Vec<String> {
        if let Some(text) = node.text() {
            return if text.trim().is_empty() { Vec::new() } else { vec![text.trim().to_owned()] };
        }
        if !node.is_absent() && !node.is_list() {
            self.wrong(path, node, "a list of strings");
        }
        if node.items().nth(MOST_ENTRIES).is_some() {
            self.problem(path, format!("has more than {MOST_ENTRIES} entries"));
        }
        let mut texts = Vec::new();
        for (index, item) in node.items().enumerate().take(MOST_ENTRIES) {
            match item.text().map(str::trim) {
                Some("") => {}
                Some(text) => texts.push(text.to_owned()),
                None if item.is_absent() => {}
                None => self.wrong(&format!("{path}[{index}]"), item, "a string"),
            }
        }
        texts
    }

    fn text(&mut self, path: &str, node: Node<'_>) -> Option<String> {
        match node.text().map(str::trim) {
            Some("") => None,
            Some(text) => Some(text.to_owned()),
            None => {
                if !node.is_absent() {
                    self.wrong(path, node, "a string");
                }
                None
            }
        }
    }

    fn required_text(&mut self, path: &str, node: Node<'_>) -> String {
        let before = self.problems.len();
        let text = self.text(path, node);
        if text.is_none() && self.problems.len() == before {
            self.problem(path, "is required");
        }
        text.unwrap_or_default()
    }

    fn date(&mut self, path: &str, node: Node<'_>) -> Option<Date> {
        if node.is_absent() || node.text() == Some("") {
            return None;
        }
        let date = node.text().and_then(Date::parse);
        if date.is_none() {
            self.wrong(path, node, "a date, YYYY-MM-DD");
        }
        date
    }

    fn bool(&mut self, path: &str, node: Node<'_>) -> Option<bool> {
        let text = node.text().map(|text| text.trim().to_ascii_lowercase());
        match (node.bool(), text.as_deref()) {
            (Some(bool), _) => Some(bool),
            (_, Some("true")) => Some(true),
            (_, Some("false")) => Some(false),
            (_, Some("")) => None,
            _ => {
                if !node.is_absent() {
                    self.wrong(path, node, "true or false");
                }
                None
            }
        }
    }

    fn seconds(&mut self, path: &str, node: Node<'_>, least: i64) -> Option<i64> {
        if node.is_absent() || node.text().is_some_and(|text| text.trim().is_empty()) {
            return None;
        }
        let seconds = node.integer().or_else(|| node.text().and_then(|text| text.trim().parse().ok()));
        if seconds.is_none_or(|seconds| seconds < least) {
            self.wrong(path, node, &format!("a whole number of seconds, at least {least}"));
            return None;
        }
        seconds
    }

    /// The index of the chosen word, in any letter case.
    fn choice(&mut self, path: &str, node: Node<'_>, words: &[&str]) -> Option<usize> {
        let text = node.text().map(str::trim);
        if node.is_absent() || text == Some("") {
            return None;
        }
        let index = words.iter().position(|word| text.is_some_and(|text| text.eq_ignore_ascii_case(word)));
        if index.is_none() {
            self.wrong(path, node, &words.join(" or "));
        }
        index
    }
}

/// A user principal name, a service account's user name, or a user of a second identity provider.
fn is_person_or_account(text: &str) -> bool {
    is_upn(text) || service_account_of_user(text).is_some() || text.starts_with("aks:jwt:")
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { shown(key).into_owned() } else { format!("{path}.{}", shown(key)) }
}

/// The known name that `name` most likely misspells.
#[inline(never)]
pub(crate) fn nearest<'n>(name: &str, known: &mut dyn Iterator<Item = &'n str>) -> Option<&'n str> {
    // Long input is no misspelling, and the distance costs the product of the lengths.
    if name.len() > 64 {
        return None;
    }
    let lower = name.to_ascii_lowercase();
    known
        .map(|known| (strsim::levenshtein(&lower, &known.to_ascii_lowercase()), known))
        .min()
        .filter(|(distance, known)| *distance <= (known.len() / 3).max(2))
        .map(|(_, known)| known)
}
