//! What the user wrote, turned into what rules read.
//!
//! Bad settings stop a whole policy server, so every sensible spelling is accepted and every mistake is
//! reported at once, each with its path, what was found and what is allowed.

mod exemption;
pub mod keys;
#[cfg(test)]
mod tests;

pub use exemption::{Date, Exemption};

use crate::glob;
use crate::json::{Node, shown};
use crate::json_path;
use crate::name::{is_upn, normalise_guid, service_account_of_user};
use crate::object::Object;
use crate::rules;
use keys::Key;

#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    pub profile: Profile,
    /// Actions of single rules, by id.
    pub overrides: Vec<(&'static str, Override)>,
    pub cluster_admins: Vec<String>,
    pub allowed_groups: Vec<String>,
    pub allowed_users: Vec<String>,
    pub allow_external_issuers: bool,
    pub allowed_tenants: Vec<String>,
    pub identities: Vec<Identity>,
    pub max_token_seconds: i64,
    pub credential_paths: Vec<UserPath>,
    pub pod_template_paths: Vec<UserPath>,
    pub trusted_requesters: Vec<String>,
    pub exemptions: Vec<Exemption>,
    pub cluster_lookups: bool,
    pub ratchet: bool,
    /// Only warn about Pods that built-in controllers make for their own objects.
    pub owned_pods_warn: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    Baseline,
    Restricted,
}

impl Profile {
    pub fn as_str(self) -> &'static str {
        match self {
            Profile::Baseline => "baseline",
            Profile::Restricted => "restricted",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Override {
    Deny,
    Warn,
    Off,
}

/// A grant of client ids to service accounts.
#[derive(Clone, Debug, PartialEq)]
pub struct Identity {
    pub namespace: String,
    pub service_account: String,
    pub client_ids: Vec<String>,
}

/// A place in objects of one kind, written by the user.
#[derive(Clone, Debug, PartialEq)]
pub struct UserPath {
    pub api_group: String,
    pub kind: String,
    pub path: String,
    pub name: String,
}

/// One mistake in the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The key, as a path: `exemptions[1].until`.
    pub path: String,
    pub text: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.path.is_empty() { f.write_str(&self.text) } else { write!(f, "`{}`: {}", self.path, self.text) }
    }
}

/// Most entries of a list of paths, and most entries of any list.
const MOST_PATHS: usize = 64;
const MOST_ENTRIES: usize = 10_000;

impl Default for Settings {
    fn default() -> Self {
        Settings {
            profile: Profile::Baseline,
            overrides: Vec::new(),
            cluster_admins: Vec::new(),
            allowed_groups: Vec::new(),
            allowed_users: Vec::new(),
            allow_external_issuers: false,
            allowed_tenants: Vec::new(),
            identities: Vec::new(),
            max_token_seconds: 86_400,
            credential_paths: Vec::new(),
            pod_template_paths: Vec::new(),
            trusted_requesters: Vec::new(),
            exemptions: Vec::new(),
            cluster_lookups: false,
            ratchet: true,
            owned_pods_warn: false,
        }
    }
}

impl Settings {
    /// Reads settings and reports every problem. An absent node is `{}`.
    pub fn read(node: Node<'_>) -> (Settings, Vec<Problem>) {
        let mut reader = Reader::default();
        let settings = reader.settings(node);
        (settings, reader.problems)
    }

    /// Whether `name` (a user name, object id or service account) may hold cluster-admin.
    pub fn is_cluster_admin(&self, name: &str) -> bool {
        self.cluster_admins.iter().any(|admin| admin.eq_ignore_ascii_case(name))
    }

    pub fn is_allowed_user(&self, name: &str) -> bool {
        let lower = name.to_ascii_lowercase();
        self.allowed_users.iter().any(|pattern| glob::matches(&pattern.to_ascii_lowercase(), &lower))
    }

    pub fn is_allowed_group(&self, name: &str) -> bool {
        self.allowed_groups.iter().any(|group| group == name)
    }

    pub(crate) fn override_of(&self, rule: &str) -> Option<Override> {
        self.overrides.iter().find(|(id, _)| *id == rule).map(|(_, action)| *action)
    }

    /// The pod templates of a kind that only `podTemplatePaths` knows.
    pub fn pod_templates<'a>(&self, object: &Object<'a>) -> Vec<Node<'a>> {
        let paths = self.pod_template_paths.iter().filter(|path| path.fits(object));
        paths.flat_map(|path| json_path::select(&path.path, object.root)).collect()
    }
}

impl UserPath {
    pub fn fits(&self, object: &Object<'_>) -> bool {
        self.kind == object.kind && self.api_group == object.group
    }
}

/// Collects problems while reading.
#[derive(Default)]
struct Reader {
    problems: Vec<Problem>,
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

    fn settings(&mut self, node: Node<'_>) -> Settings {
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

/// Settings as `validate_settings` checks them: everything that [`Settings::read`] reports, and the
/// paths compiled, which a request does only when it needs one.
pub fn problems(node: Node<'_>) -> Vec<Problem> {
    let (settings, mut problems) = Settings::read(node);
    for (key, paths) in
        [("credentialPaths", &settings.credential_paths), ("podTemplatePaths", &settings.pod_template_paths)]
    {
        for (index, path) in paths.iter().enumerate().filter(|(_, path)| !path.path.is_empty()) {
            if let Err(fault) = json_path::check(&path.path) {
                problems.push(Problem {
                    path: format!("{key}[{index}].path"),
                    text: format!("is no RFC 9535 JSONPath: {} (at character {})", fault.reason, fault.position),
                });
            }
        }
    }
    problems
}
