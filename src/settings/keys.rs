//! Every settings key, once: the parser takes its names from here, the settings reference, the JSON
//! Schema and the Rancher form are generated from it.

use text::docs_only;

/// One key of the settings or of an entry of a list in them.
pub struct Key {
    pub name: &'static str,
    pub value: Kind,
    /// The default as YAML, empty where a key is required.
    pub default: &'static str,
    pub required: bool,
    /// What it means, in one or two sentences of Markdown; not in the module, which has no reader.
    pub doc: &'static str,
}

/// What a key's value may be.
pub enum Kind {
    Bool,
    Choice(&'static [&'static str]),
    /// A whole number of seconds, with its minimum.
    Seconds(i64),
    Text,
    /// `YYYY-MM-DD`.
    Date,
    /// A list of strings; the text says of what.
    Texts(&'static str),
    /// A map of rule id to action.
    RuleActions,
    /// A list of objects.
    Entries(&'static [Key]),
}

const fn optional(name: &'static str, value: Kind, default: &'static str, doc: &'static str) -> Key {
    Key { name, value, default, required: false, doc: docs_only(doc) }
}

const fn required(name: &'static str, value: Kind, doc: &'static str) -> Key {
    Key { name, value, default: "", required: true, doc: docs_only(doc) }
}

pub const PROFILES: &[&str] = &["baseline", "restricted"];
pub const ACTIONS: &[&str] = &["deny", "warn", "off"];
pub const OWNED_PODS: &[&str] = &["judge", "warn"];

pub const SETTINGS: &[Key] = &[
    optional(
        "profile",
        Kind::Choice(PROFILES),
        "baseline",
        "How strict to be. `baseline` denies what breaks the Entra boundary, exposes a credential or cannot work, and warns about the rest; `restricted` denies the whole of the practice.",
    ),
    optional(
        "rules",
        Kind::RuleActions,
        "{}",
        "The action for single rules, whatever the profile says: `deny`, `warn` or `off`.",
    ),
    optional(
        "clusterAdmins",
        Kind::Texts("an Entra object id, a user name or `system:serviceaccount:<namespace>:<name>`"),
        "[]",
        "Who may hold `cluster-admin` or its equal.",
    ),
    optional(
        "allowedGroups",
        Kind::Texts("an Entra group's object id"),
        "[]",
        "The Entra groups that bindings may name. Empty: any object id.",
    ),
    optional(
        "allowedUsers",
        Kind::Texts("a user principal name, an object id or `*@<domain>`"),
        "[]",
        "The users that bindings may name. Empty: any.",
    ),
    optional(
        "allowExternalIssuers",
        Kind::Bool,
        "false",
        "Accept `aks:jwt:` users and groups, on clusters with a second identity provider.",
    ),
    optional(
        "allowedTenants",
        Kind::Texts("a tenant id"),
        "[]",
        "The tenants that workload identity may use. Empty: any.",
    ),
    optional(
        "identities",
        Kind::Entries(IDENTITY),
        "[]",
        "Who may use which client id. When set, every other client id is refused.",
    ),
    optional(
        "maxTokenSeconds",
        Kind::Seconds(600),
        "86400",
        "The longest service account token that one may ask for, in seconds.",
    ),
    optional("credentialPaths", Kind::Entries(CREDENTIAL_PATH), "[]", "More places that hold credentials."),
    optional("podTemplatePaths", Kind::Entries(POD_TEMPLATE_PATH), "[]", "Where other kinds keep a pod template."),
    optional(
        "trustedRequesters",
        Kind::Texts("a user name, with `*` for any characters"),
        "[]",
        "Users treated like the control plane, besides the built-in ones.",
    ),
    optional(
        "exemptions",
        Kind::Entries(EXEMPTION),
        "[]",
        "Findings to accept, each with a reason and, if it should end, a date.",
    ),
    optional(
        "clusterLookups",
        Kind::Bool,
        "false",
        "Ask the cluster for service accounts and roles. Needs `contextAwareResources` in the policy and RBAC for the policy server.",
    ),
    optional(
        "ratchet",
        Kind::Bool,
        "true",
        "On UPDATE, only warn about what the old object already had, so that objects from before the policy stay manageable.",
    ),
    optional(
        "ownedPods",
        Kind::Choice(OWNED_PODS),
        "judge",
        "`warn`: never deny a Pod that a built-in controller makes for its own workload object; for clusters with workloads older than the policy. Judge the workload kinds as well then.",
    ),
];

pub const IDENTITY: &[Key] = &[
    required("namespace", Kind::Text, "The namespace, with `*` for any characters."),
    optional("serviceAccount", Kind::Text, "\"*\"", "The service account, with `*` for any characters."),
    required("clientIds", Kind::Texts("a client id"), "The client ids it may use."),
];

pub const CREDENTIAL_PATH: &[Key] = &[
    optional("apiGroup", Kind::Text, "\"\"", "The API group of the kind; empty for the core group."),
    required("kind", Kind::Text, "The kind."),
    required("path", Kind::Text, "An RFC 9535 JSONPath to the strings that hold a credential."),
    optional("name", Kind::Text, "\"\"", "What it is, for the message."),
];

pub const POD_TEMPLATE_PATH: &[Key] = &[
    optional("apiGroup", Kind::Text, "\"\"", "The API group of the kind; empty for the core group."),
    required("kind", Kind::Text, "The kind."),
    required("path", Kind::Text, "An RFC 9535 JSONPath to the pod templates."),
];

pub const EXEMPTION: &[Key] = &[
    optional("rules", Kind::Texts("a rule id"), "[]", "The rules to exempt from. Empty: every rule."),
    optional("kinds", Kind::Texts("a kind, or `<kind>.<group>`"), "[]", "The kinds it covers."),
    optional(
        "namespaces",
        Kind::Texts("a namespace, with `*`"),
        "[]",
        "The namespaces it covers; never a cluster-scoped object.",
    ),
    optional("names", Kind::Texts("an object name, with `*`"), "[]", "The object names it covers."),
    optional(
        "requesters",
        Kind::Texts("a user name, with `*`"),
        "[]",
        "Whose own requests it covers. It does not follow a Deployment to the Pods its controller makes.",
    ),
    optional("groups", Kind::Texts("a group, with `*`"), "[]", "The groups of the requester it covers."),
    required("reason", Kind::Text, "Why; it goes to the audit log."),
    optional("until", Kind::Date, "", "The last day (UTC) on which it applies."),
];
