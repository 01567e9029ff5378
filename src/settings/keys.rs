//! The table of settings keys. The reader, the settings reference, the JSON Schema and the Rancher form loop
//! over it, so a new key is one row here and one field in [`Settings`].

use super::exemption::Date;
use super::lists::{Identities, Identity, Names, Patterns};
use super::{Exemption, Override, Profile, Settings, UserPath};
use crate::entra_id::{is_upn, normalise_guid, service_account_of_user};
use crate::operators;
use text::{docs_only, glob};

/// One key of the settings, or of an entry in one of their lists.
pub struct Key {
    pub name: &'static str,
    pub value: ValueKind,
    /// The default as YAML. Empty for a required key and for a date.
    pub default: &'static str,
    pub required: bool,
    /// The meaning, in one or two sentences of Markdown. Not in the module.
    pub doc: &'static str,
}

/// What is being read: the settings, and one entry of each of their lists.
#[derive(Default)]
pub struct Draft {
    pub(super) settings: Settings,
    cluster_admins: Vec<String>,
    allowed_groups: Vec<String>,
    allowed_users: Vec<String>,
    allowed_tenants: Vec<String>,
    authority_hosts: Vec<String>,
    identities: Vec<Identity>,
    identity: Identity,
    path: UserPath,
    exemption: Exemption,
    /// Name and namespace.
    operator: (String, String),
}

impl Draft {
    /// The settings, with the lists that objects are compared with sorted.
    pub(super) fn finish(self) -> Settings {
        Settings {
            cluster_admins: Names::of_any_case(self.cluster_admins),
            allowed_groups: Names::of(self.allowed_groups),
            allowed_users: Patterns::of_any_case(self.allowed_users),
            allowed_tenants: Names::of(self.allowed_tenants),
            authority_hosts: Names::of(self.authority_hosts),
            identities: Identities::of(self.identities),
            ..self.settings
        }
    }
}

/// Where a value is stored.
type Field<T> = fn(&mut Draft) -> &mut T;

/// What a value may be, and where it is stored.
pub enum ValueKind {
    Bool(Field<bool>),
    /// One of some words; stored by its index.
    Choice(&'static [&'static str], fn(&mut Draft, usize)),
    /// A whole number of seconds, with its minimum.
    Seconds(i64, Field<i64>),
    Text(&'static Form, Field<String>),
    /// `YYYY-MM-DD`.
    Date(Field<Option<Date>>),
    /// A list of strings.
    Texts(&'static Form, Field<Vec<String>>),
    /// A map of rule id to action.
    RuleActions(Field<Vec<(&'static str, Override)>>),
    /// A list of at most `most` objects. `push` appends the entry that was read.
    Entries {
        keys: &'static [Key],
        most: usize,
        push: fn(&mut Draft),
    },
}

/// What a string has to look like, and how it is stored.
pub struct Form {
    /// What the string is, as "must be ..." in a problem and in the reference. Markdown.
    pub what: &'static str,
    /// Regular expressions for the JSON Schema, one of which the string matches; none for any string.
    /// Not in the module.
    pub patterns: &'static [&'static str],
    pub normaliser: Normaliser,
    /// An entry needs a key of such a form with a value that is more than `*`.
    pub selects: bool,
}

/// Checks a string and brings it into the form in which it is stored.
pub enum Normaliser {
    /// Any string.
    Any,
    With(fn(&str) -> Option<String>),
    RuleId,
    /// The name of an operator of the table.
    Operator,
    JsonPath,
}

pub const PROFILES: &[&str] = &["baseline", "restricted"];
pub const ACTIONS: &[&str] = &["deny", "warn", "off"];
/// Minor versions of the policy, up to this one.
pub const RELEASES: &[&str] = &["0.1"];
pub const OWNED_PODS: &[&str] = &["judge", "warn"];

/// Most entries of a list, and of a list of JSONPaths, each of which is evaluated on every request.
pub(super) const MOST_ENTRIES: usize = 10_000;
/// Most users with a star in the middle, each of which is compared with every subject.
pub(super) const MOST_PATTERNS: usize = 16;
const MOST_PATHS: usize = 64;
const MOST_OPERATORS: usize = 256;

const GUID: &str = docs_only(r"\{?[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}\}?");
const EXTERNAL: &str = docs_only("aks:jwt:.*");
const PERSON: &str = docs_only(r"[^\s@]+@[^\s@]+");
const ACCOUNT: &str = docs_only(r"system:serviceaccount:[^\s:]+:[^\s:]+");

const TEXT: &Form = &any("text");
const CLIENT: &Form = &form("a client id (GUID)", &[GUID], normalise_guid);
const TENANT: &Form = &form("a tenant id (GUID)", &[GUID], normalise_guid);
const HOST: &Form = &form(
    "the name of a host, such as `login.example.com`",
    &[docs_only(r"([Hh][Tt][Tt][Pp][Ss]://)?[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)+/?")],
    |text| {
        let host = text.trim().to_ascii_lowercase();
        let host = host.strip_prefix("https://").unwrap_or(&host).trim_end_matches('/');
        let is_label = |label: &str| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        (host.contains('.') && host.split('.').all(is_label)).then(|| host.to_owned())
    },
);
const GROUP: &Form = &form("the object id (GUID) of an Entra group", &[GUID, EXTERNAL], |text| {
    normalise_guid(text).or_else(|| text.starts_with("aks:jwt:").then(|| text.to_owned()))
});
const USER: &Form =
    &form("a user principal name, an object id (GUID) or `*@<domain>`", &[GUID, PERSON, ACCOUNT, EXTERNAL], |text| {
        let domain = text.strip_prefix("*@").is_some_and(|domain| is_upn(&format!("x@{domain}")));
        if domain { Some(text.to_owned()) } else { person_or_account(text) }
    });
const ADMINISTRATOR: &Form = &form(
    "an Entra object id, a user principal name or `system:serviceaccount:<namespace>:<name>`",
    &[GUID, PERSON, ACCOUNT, EXTERNAL],
    person_or_account,
);
const REQUESTER: &Form = &form(
    "a user name, where `*` matches any characters but not every user, all of `system:*` or every service account",
    &[docs_only(r".*[^*\s].*")],
    |text| (!EVERYBODY.iter().any(|user| glob::matches(text, user))).then(|| text.to_owned()),
);
/// Users of every class, with a character that no user has where each differs from the next one. Only a pattern that
/// covers the whole class matches it.
const EVERYBODY: &[&str] = &[
    "\u{1}",
    "\u{1}@\u{1}.\u{1}",
    "\u{1}-\u{1}-\u{1}-\u{1}-\u{1}",
    "system:\u{1}",
    "system:serviceaccount:\u{1}:\u{1}",
];
const API_GROUP: &Form = &form("an API group without a version", &[docs_only("[^/]*")], |text| {
    (!text.contains('/')).then(|| text.to_owned())
});
const JSON_PATH: &Form = &Form { normaliser: Normaliser::JsonPath, ..any("an RFC 9535 JSONPath") };
const RULE: &Form = &Form { normaliser: Normaliser::RuleId, ..any("a rule id") };
const OPERATOR_NAME: &Form =
    &Form { normaliser: Normaliser::Operator, ..any("the name of a known operator, see [operators](operators.md)") };
const NAMESPACE: &Form = &form("a namespace", &[docs_only("[a-z0-9]([-a-z0-9]*[a-z0-9])?")], |text| {
    let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let (first, last) = (text.bytes().next()?, text.bytes().last()?);
    let fits = is_plain(first) && is_plain(last) && text.bytes().all(|b| is_plain(b) || b == b'-');
    fits.then(|| text.to_owned())
});
const GRANTS: &Form = &form("a digest that `entra-auth onboard` writes", &[docs_only("[0-9a-f]{64}")], |text| {
    let is_digest = text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'));
    is_digest.then(|| text.to_owned())
});
const URL: &Form = &form("an `https://` address of at most 256 bytes", &[docs_only("https://[^\\s]+")], |text| {
    let address = text.strip_prefix("https://")?;
    (!address.is_empty() && !address.contains(char::is_whitespace)).then(|| one_line(text)).flatten()
});
const CONTACT: &Form = &form("one line of at most 256 bytes", &[docs_only(".+")], one_line);
const KIND_SELECTOR: &Form = &selector("a kind or `<kind>.<group>`; `*` matches any characters");
const NAMESPACE_SELECTOR: &Form = &selector("a namespace; `*` matches any characters");
const NAME_SELECTOR: &Form = &selector("an object name; `*` matches any characters");
const USER_SELECTOR: &Form = &selector("a user name; `*` matches any characters");
const GROUP_SELECTOR: &Form = &selector("a group; `*` matches any characters");

const fn form(what: &'static str, patterns: &'static [&'static str], with: fn(&str) -> Option<String>) -> Form {
    Form { what, patterns, normaliser: Normaliser::With(with), selects: false }
}

/// Any string: no problem names it.
const fn any(what: &'static str) -> Form {
    Form { what: docs_only(what), patterns: &[], normaliser: Normaliser::Any, selects: false }
}

const fn selector(what: &'static str) -> Form {
    Form { selects: true, ..any(what) }
}

/// The last line of a message has room for it.
fn one_line(text: &str) -> Option<String> {
    (text.len() <= 256 && !text.contains(char::is_control)).then(|| text.to_owned())
}

/// An object id, a user principal name, a service account's user name or a user of a second identity provider.
fn person_or_account(text: &str) -> Option<String> {
    let known = || is_upn(text) || service_account_of_user(text).is_some() || text.starts_with("aks:jwt:");
    normalise_guid(text).or_else(|| known().then(|| text.to_owned()))
}

const fn optional(name: &'static str, value: ValueKind, default: &'static str, doc: &'static str) -> Key {
    Key { name, value, default, required: false, doc: docs_only(doc) }
}

const fn required(name: &'static str, value: ValueKind, doc: &'static str) -> Key {
    Key { name, value, default: "", required: true, doc: docs_only(doc) }
}

pub static SETTINGS: &[Key] = &[
    optional(
        "profile",
        ValueKind::Choice(PROFILES, |draft, index| {
            draft.settings.profile = if index == 0 { Profile::Baseline } else { Profile::Restricted };
        }),
        "baseline",
        "How strict the policy is. `baseline` denies what breaks the Entra boundary, exposes a credential or cannot work, and warns about most of the rest; `restricted` enforces the whole practice.",
    ),
    optional(
        "rules",
        ValueKind::RuleActions(|draft| &mut draft.settings.overrides),
        "{}",
        "Actions of single rules: `deny`, `warn` or `off`. They override the profile.",
    ),
    optional(
        "clusterAdmins",
        ValueKind::Texts(ADMINISTRATOR, |draft| &mut draft.cluster_admins),
        "[]",
        "Users, groups and service accounts that may hold `cluster-admin` or an equivalent role.",
    ),
    optional(
        "allowedGroups",
        ValueKind::Texts(GROUP, |draft| &mut draft.allowed_groups),
        "[]",
        "The Entra groups that bindings may name. If empty, any object id.",
    ),
    optional(
        "allowedUsers",
        ValueKind::Texts(USER, |draft| &mut draft.allowed_users),
        "[]",
        "The users that bindings may name. If empty, any user.",
    ),
    optional(
        "allowExternalIssuers",
        ValueKind::Bool(|draft| &mut draft.settings.allow_external_issuers),
        "false",
        "Accept `aks:jwt:` users and groups, on clusters with a second identity provider.",
    ),
    optional(
        "allowedTenants",
        ValueKind::Texts(TENANT, |draft| &mut draft.allowed_tenants),
        "[]",
        "The tenants that workload identity may use. If empty, any tenant.",
    ),
    optional(
        "authorityHosts",
        ValueKind::Texts(HOST, |draft| &mut draft.authority_hosts),
        "[]",
        "Hosts that workload identity may sign in at, in addition to those of the Azure clouds: an authority that Microsoft adds after this version, or that of Azure Stack Hub.",
    ),
    optional(
        "identities",
        ValueKind::Entries {
            keys: IDENTITY,
            most: MOST_ENTRIES,
            push: |draft| draft.identities.push(std::mem::take(&mut draft.identity)),
        },
        "[]",
        "The client ids that service accounts may use. If set, every other client id is denied.",
    ),
    optional(
        "maxTokenSeconds",
        ValueKind::Seconds(600, |draft| &mut draft.settings.max_token_seconds),
        "86400",
        "The longest lifetime, in seconds, that a service account token may be requested for.",
    ),
    optional(
        "credentialPaths",
        ValueKind::Entries {
            keys: CREDENTIAL_PATH,
            most: MOST_PATHS,
            push: |draft| draft.settings.credential_paths.push(std::mem::take(&mut draft.path)),
        },
        "[]",
        "More places that hold credentials. The policy needs admission rules for their kinds: `entra-auth admission-rules` prints them.",
    ),
    optional(
        "podTemplatePaths",
        ValueKind::Entries {
            keys: POD_TEMPLATE_PATH,
            most: MOST_PATHS,
            push: |draft| draft.settings.pod_template_paths.push(std::mem::take(&mut draft.path)),
        },
        "[]",
        "Pod templates in other kinds. The policy needs admission rules for them: `entra-auth admission-rules` prints them.",
    ),
    optional(
        "trustedRequesters",
        ValueKind::Texts(REQUESTER, |draft| &mut draft.settings.trusted_requesters),
        "[]",
        "Users that are treated like the control plane, in addition to its own.",
    ),
    optional(
        "operators",
        ValueKind::Entries {
            keys: OPERATOR,
            most: MOST_OPERATORS,
            push: |draft| {
                let (name, namespace) = std::mem::take(&mut draft.operator);
                // An unknown name is a problem already.
                if let Ok(operator) = operators::by_name(&name) {
                    draft.settings.operators.push(operators::Declared { operator, namespace });
                }
            },
        },
        "[]",
        "Software that runs in the cluster: its published roles and bindings are expected and only recorded. See [operators](operators.md).",
    ),
    optional(
        "exemptions",
        ValueKind::Entries {
            keys: EXEMPTION,
            most: MOST_ENTRIES,
            push: |draft| draft.settings.exemptions.push(std::mem::take(&mut draft.exemption).sorted()),
        },
        "[]",
        "Findings to accept, each with a reason and an optional end date.",
    ),
    optional(
        "rulesAsOf",
        ValueKind::Choice(RELEASES, |draft, index| draft.settings.rules_as_of = index),
        "\"0.1\"",
        "A minor version of the policy, in quotes. Rules that came with this version or a later one only warn, unless `rules` sets their action; those of the first version deny. The default is the version of the module. See [upgrades](upgrades.md).",
    ),
    optional(
        "clusterLookups",
        ValueKind::Bool(|draft| &mut draft.settings.cluster_lookups),
        "false",
        "Look up service accounts and roles in the cluster. Needs `contextAwareResources` in the policy and RBAC for the policy server.",
    ),
    optional(
        "ratchet",
        ValueKind::Bool(|draft| &mut draft.settings.ratchet),
        "true",
        "On UPDATE, only warn about findings that the old object already has, so that objects from before the policy stay manageable.",
    ),
    optional(
        "ownedPods",
        ValueKind::Choice(OWNED_PODS, |draft, index| draft.settings.owned_pods_warn = index == 1),
        "judge",
        "With `warn`, a Pod that a built-in controller creates for its workload object is never denied. Use it on clusters with workloads older than the policy, and evaluate the workload kinds as well.",
    ),
    optional(
        "helpUrl",
        ValueKind::Text(URL, |draft| &mut draft.settings.help_url),
        "\"\"",
        "A page of your organisation that replaces the address of the rules at the end of a message.",
    ),
    optional(
        "contact",
        ValueKind::Text(CONTACT, |draft| &mut draft.settings.contact),
        "\"\"",
        "Whom to ask: a team, a mail address or a channel. It replaces the address of the rules at the end of a message.",
    ),
];

pub static IDENTITY: &[Key] = &[
    required(
        "namespace",
        ValueKind::Text(TEXT, |draft| &mut draft.identity.namespace),
        "The namespace. `*` matches any characters.",
    ),
    optional(
        "serviceAccount",
        ValueKind::Text(TEXT, |draft| &mut draft.identity.service_account),
        "\"*\"",
        "The service account. `*` matches any characters.",
    ),
    required(
        "clientIds",
        ValueKind::Texts(CLIENT, |draft| &mut draft.identity.client_ids),
        "The client ids that it may use.",
    ),
];

pub static CREDENTIAL_PATH: &[Key] = &[
    optional("apiGroup", ValueKind::Text(API_GROUP, |draft| &mut draft.path.api_group), "\"\"", API_GROUP_DOC),
    required("kind", ValueKind::Text(TEXT, |draft| &mut draft.path.kind), "The kind."),
    required(
        "path",
        ValueKind::Text(JSON_PATH, |draft| &mut draft.path.path),
        "An RFC 9535 JSONPath to the strings that hold a credential. At most two `..`; a filter may contain names and indexes, and not `$`, `*`, `..` or slices.",
    ),
    optional(
        "name",
        ValueKind::Text(TEXT, |draft| &mut draft.path.name),
        "\"\"",
        "The name of the credential in messages.",
    ),
];

pub static POD_TEMPLATE_PATH: &[Key] = &[
    optional("apiGroup", ValueKind::Text(API_GROUP, |draft| &mut draft.path.api_group), "\"\"", API_GROUP_DOC),
    required("kind", ValueKind::Text(TEXT, |draft| &mut draft.path.kind), "The kind."),
    required(
        "path",
        ValueKind::Text(JSON_PATH, |draft| &mut draft.path.path),
        "An RFC 9535 JSONPath to the pod templates, with the same limits as in `credentialPaths`.",
    ),
];

const API_GROUP_DOC: &str = "The API group of the kind. Empty for the core group.";

pub static OPERATOR: &[Key] = &[
    required(
        "name",
        ValueKind::Text(OPERATOR_NAME, |draft| &mut draft.operator.0),
        "The operator's name in the table.",
    ),
    required(
        "namespace",
        ValueKind::Text(NAMESPACE, |draft| &mut draft.operator.1),
        "The namespace that it runs in. Only its service accounts there may hold its roles.",
    ),
];

pub static EXEMPTION: &[Key] = &[
    optional(
        "rules",
        ValueKind::Texts(RULE, |draft| &mut draft.exemption.rules),
        "[]",
        "The rules whose findings are accepted. If empty, every rule.",
    ),
    optional(
        "kinds",
        ValueKind::Texts(KIND_SELECTOR, |draft| &mut draft.exemption.kinds),
        "[]",
        "The kinds that it covers.",
    ),
    optional(
        "namespaces",
        ValueKind::Texts(NAMESPACE_SELECTOR, |draft| &mut draft.exemption.namespaces),
        "[]",
        "The namespaces that it covers. If set, it does not cover cluster-scoped objects.",
    ),
    optional(
        "names",
        ValueKind::Texts(NAME_SELECTOR, |draft| &mut draft.exemption.names),
        "[]",
        "The names of the objects that it covers.",
    ),
    optional(
        "requesters",
        ValueKind::Texts(USER_SELECTOR, |draft| &mut draft.exemption.requesters),
        "[]",
        "The users whose own requests it covers. An exemption for the author of a Deployment does not cover the Pods that a controller creates from it.",
    ),
    optional(
        "groups",
        ValueKind::Texts(GROUP_SELECTOR, |draft| &mut draft.exemption.groups),
        "[]",
        "The groups whose members' own requests it covers.",
    ),
    optional(
        "grants",
        ValueKind::Text(GRANTS, |draft| &mut draft.exemption.grants),
        "",
        "A digest of what the role grants, as `entra-auth onboard` writes it. The exemption ends when the role grants something else.",
    ),
    required(
        "reason",
        ValueKind::Text(TEXT, |draft| &mut draft.exemption.reason),
        "The reason. It goes to the audit log.",
    ),
    optional(
        "until",
        ValueKind::Date(|draft| &mut draft.exemption.until),
        "",
        "The last day (UTC) on which it applies.",
    ),
];
