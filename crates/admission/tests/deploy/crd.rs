//! The kinds of the manifests, with the members that the manifests use, as in version 1 of Kubewarden's
//! definitions. Any other member is an error, because the API server would silently drop a mistyped one.

#![expect(dead_code, reason = "the types are what is checked; the members are not read")]

use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

pub(crate) fn check(object: &Value) -> Result<(), serde_json::Error> {
    Policy::deserialize(object).map(drop)
}

#[derive(Deserialize)]
#[serde(tag = "kind")]
#[allow(clippy::enum_variant_names, reason = "the kinds are called so")]
enum Policy {
    ClusterAdmissionPolicy(Object<ClusterAdmissionPolicy>),
    ClusterAdmissionPolicyGroup(Object<ClusterAdmissionPolicyGroup>),
    PolicyServer(Object<PolicyServer>),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Object<Spec> {
    api_version: String,
    metadata: Metadata,
    spec: Spec,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Metadata {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ClusterAdmissionPolicy {
    module: String,
    mutating: bool,
    rules: Vec<Rule>,
    #[serde(default)]
    settings: Map<String, Value>,
    mode: Mode,
    failure_policy: FailurePolicy,
    background_audit: Option<bool>,
    #[serde(default)]
    context_aware_resources: Vec<ContextAwareResource>,
    #[serde(default)]
    match_conditions: Vec<MatchCondition>,
    namespace_selector: Option<Selector>,
    policy_server: Option<String>,
}

/// Either `minAvailable` or `maxUnavailable` gives a server a disruption budget. The manifests use the first.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PolicyServer {
    image: String,
    replicas: u32,
    min_available: u32,
    service_account_name: String,
    image_pull_secret: String,
    verification_config: String,
    requests: BTreeMap<String, String>,
    limits: BTreeMap<String, String>,
    affinity: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ClusterAdmissionPolicyGroup {
    policies: BTreeMap<String, Member>,
    /// Over the members' names.
    expression: String,
    message: String,
    rules: Vec<Rule>,
    mode: Mode,
    failure_policy: FailurePolicy,
    #[serde(default)]
    match_conditions: Vec<MatchCondition>,
    namespace_selector: Option<Selector>,
    policy_server: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Member {
    module: String,
    #[serde(default)]
    settings: Map<String, Value>,
    #[serde(default)]
    context_aware_resources: Vec<ContextAwareResource>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Mode {
    Monitor,
    Protect,
}

#[derive(Deserialize)]
enum FailurePolicy {
    Fail,
    Ignore,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Rule {
    api_groups: Vec<String>,
    api_versions: Vec<String>,
    resources: Vec<String>,
    operations: Vec<WebhookOperation>,
}

#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum WebhookOperation {
    Create,
    Update,
    Connect,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ContextAwareResource {
    api_version: String,
    kind: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MatchCondition {
    name: String,
    expression: String,
}

/// Without `matchLabels`: the controller keeps only the expressions of a selector.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Selector {
    match_expressions: Vec<Expression>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expression {
    key: String,
    operator: SelectorOperator,
    #[serde(default)]
    values: Vec<String>,
}

#[derive(Deserialize)]
enum SelectorOperator {
    In,
    NotIn,
    Exists,
    DoesNotExist,
}
