//! Judges Kubernetes objects against Entra-integrated authentication practice on AKS.
//!
//! One pure function, bytes in, verdict out: [`evaluate`]. The waPC guest, the replay program and the
//! browser page are thin shells around it.
//!
//! ```text
//! payload ─► Request ─► Settings ─► Object and views ─► rules ─► findings ─► verdict ─► response
//! ```

// Input comes from anybody who may create an object: nothing here may panic on it.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::unreachable)
)]

pub mod aks_defaults;
pub mod anchor;
pub mod auth_mode;
pub mod entra_id;
pub mod finding;
pub mod glance;
#[cfg(feature = "guest")]
mod guest;
pub mod imds;
pub mod lookup;
pub mod message;
mod nearest;
pub mod object;
pub mod privilege;
pub mod request;
pub mod requester;
pub mod rule;
pub mod rules;
pub mod schema;
pub mod settings;
pub mod verdict;
pub mod view;

use json::Node;
use kubernetes::kind;
use kubernetes::role::Role;
use lookup::{Cluster, Lookups};
use message::Response;
use object::Object;
use privilege::Privileges;
use request::{Operation, Payload, Request};
use requester::Requester;
use rule::{Check, RuleContext};
use settings::{Date, Problem, Settings};
use verdict::Decision;
use view::custom_resource::is_custom_resource;
use view::sign::Signs;
use view::workload::{Workload, workloads};
use view::{binding::Binding, certificate::CertificateRequest, token::TokenRequest};

/// What the core needs from outside: nothing else is read, and each only when it is needed.
pub struct Host<'h> {
    /// Today in UTC; asked only if an exemption has an end.
    pub today: &'h dyn Fn() -> Date,
    /// Asked only with `clusterLookups`.
    pub cluster: &'h dyn Cluster,
}

/// The answer to one request, and everything that led to it.
pub struct Evaluation {
    pub response: Response,
    pub requester: Requester,
    pub findings: Vec<Decision>,
}

/// What of a request is judged.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// The object that is created or changed.
    Object,
    Token,
    Approval,
    /// Only who asks: CONNECT has no object worth reading.
    RequestOnly,
    Nothing,
}

/// Judges one payload of the policy protocol: `{"settings": ..., "request": ...}`.
pub fn evaluate(payload: &[u8], host: &Host<'_>) -> Evaluation {
    judge(payload, host, true)
}

/// The answer alone, as [`evaluate`] gives it.
pub fn answer(payload: &[u8], host: &Host<'_>) -> Response {
    judge(payload, host, false).response
}

/// `all`: whether anybody asks for findings that the profile does not show.
fn judge(payload: &[u8], host: &Host<'_>, all: bool) -> Evaluation {
    let payload = match Payload::parse(payload) {
        Ok(payload) => payload,
        Err(error) => return unreadable(&format!("the request {error}")),
    };
    let Some(request) = &payload.request() else { return unreadable("the payload has no request") };
    if let Some(member) = request.wrong_member() {
        return unreadable(&format!("{member} of the request has the wrong type"));
    }
    let scope = scope(request);
    let requester = Requester::of(request.user_info(), &[]);
    if scope == Scope::Nothing || is_routine(request, scope, requester) {
        return accepted(requester);
    }
    let (settings, problems) = read_settings(payload.settings());
    if let Some(first) = problems.first() {
        return unreadable(&format!("the settings are wrong: {first}"));
    }
    let requester = match settings.trusted_requesters.as_slice() {
        [] => requester,
        trusted => Requester::of(request.user_info(), trusted),
    };
    if request.operation() == Operation::Update && is_being_deleted(request.old_object()) {
        return accepted(requester);
    }
    let object = Object::new(request, request.object());
    let lookups = settings.cluster_lookups.then(|| Lookups::new(host.cluster));
    let mut cx = RuleContext {
        request,
        requester,
        settings: &settings,
        lookups: lookups.as_ref(),
        rule: &rules::UNREADABLE,
        findings: Vec::new(),
    };
    if object.root.is_absent() && scope != Scope::RequestOnly {
        cx.report(Node::absent(), "is missing from the request");
    }
    run(&mut cx, &object, scope, true);
    if !all && verdict::is_silent(&cx) {
        cx.findings.clear();
    }
    let mut decisions = verdict::decide(&cx, &object, host.today);
    if settings.ratchet && request.operation() == Operation::Update && decisions.iter().any(Decision::denies) {
        ratchet(&cx, &mut decisions);
    }
    let response = message::respond(&decisions, &object, request, &settings, requester);
    Evaluation { response, requester, findings: decisions }
}

/// Answers `validate_settings`: the JSON of `{"valid": bool, "message": ...}`, never a failure.
pub fn validate_settings(payload: &[u8]) -> Vec<u8> {
    let problems = match json::parse_bytes(payload, None) {
        Ok(value) => settings_problems(Node::new(&value)).iter().map(|p| p.to_string()).collect(),
        Err(error) => vec![format!("the settings are unreadable: the text {error}")],
    };
    message::settings_response(&problems)
}

/// What the operation and the subresource leave to judge.
fn scope(request: &Request<'_>) -> Scope {
    let is = |resource: &str, kind: &str| request.resource() == resource || request.kind() == kind;
    match (request.operation(), request.sub_resource()) {
        (Operation::Delete, _) => Scope::Nothing,
        (Operation::Connect, "exec" | "attach" | "portforward" | "proxy") => Scope::RequestOnly,
        (Operation::Connect, _) => Scope::Nothing,
        (_, "" | "ephemeralcontainers") => Scope::Object,
        (_, "token") if is("serviceaccounts", "TokenRequest") => Scope::Token,
        (_, "approval") if is("certificatesigningrequests", "CertificateSigningRequest") => Scope::Approval,
        _ => Scope::Nothing,
    }
}

/// Token and certificate requests of nodes and the control plane. Kubelets make them all day and no rule reports
/// them, so they are answered before settings and object are read.
fn is_routine(request: &Request<'_>, scope: Scope, requester: Requester) -> bool {
    match scope {
        Scope::Approval => requester == Requester::Trusted,
        Scope::Object if !kind::CERTIFICATE_SIGNING_REQUEST.is(request.group(), request.kind()) => false,
        Scope::Token | Scope::Object => requester.is_system_component(),
        Scope::RequestOnly | Scope::Nothing => false,
    }
}

/// Reads settings and reports every problem but JSONPaths that do not compile. An absent node is `{}`.
pub fn read_settings(node: Node<'_>) -> (Settings, Vec<Problem>) {
    Settings::read(node, rules::id_in_settings)
}

/// Every problem in settings, as [`validate_settings`] reports them.
pub fn settings_problems(node: Node<'_>) -> Vec<Problem> {
    settings::problems(node, rules::id_in_settings)
}

/// Whether the old state of an object carries a `deletionTimestamp`; clean-up is never blocked.
fn is_being_deleted(old: Node<'_>) -> bool {
    !old.at(&["metadata", "deletionTimestamp"]).is_absent()
}

/// Runs the table over one object. `about_request` is false for the old object of an update.
fn run<'a>(cx: &mut RuleContext<'a>, object: &Object<'a>, scope: Scope, about_request: bool) {
    let has_object = scope == Scope::Object && !object.root.is_absent();
    let found: Vec<Workload<'a>> = if has_object { workloads(object, cx.settings) } else { Vec::new() };
    if scope != Scope::RequestOnly && !object.root.is_absent() {
        cx.rule = &rules::UNREADABLE;
        rules::unreadable_object::check(cx, object, &found);
    }
    // What every AKS cluster has is excused by kind, name and namespace, if AKS itself writes it or
    // nobody is asking. A name alone never excuses.
    let trusted = matches!(cx.requester, Requester::Trusted | Requester::Absent);
    let judged = has_object && !(trusted && aks_defaults::contains(object));
    let modes = if judged { auth_mode::choices(object, &found) } else { Vec::new() };
    let binding = Binding::of(object).filter(|_| judged);
    let role = role(object).filter(|_| judged);
    let privileges = role.as_ref().map(Privileges::of);
    let asked = about_request && cx.requester != Requester::Absent;
    let request = &CertificateRequest { object: *object };
    let signs = Signs::NONE
        .and_if(has_object, Signs::OBJECT)
        .and_if(has_object && object.annotations().members().next().is_some(), Signs::ANNOTATED)
        .and_if(has_object && is_custom_resource(object), Signs::CUSTOM_RESOURCE)
        .and_if(judged, Signs::NOT_EXCUSED)
        .and_if(!modes.is_empty(), Signs::MODE)
        .and_if(binding.is_some(), Signs::BINDING)
        .and_if(role.is_some(), Signs::ROLE)
        .and_if(asked, Signs::REQUESTER)
        .and_if(asked && scope == Scope::Token, Signs::TOKEN_REQUEST)
        .and_if(asked && has_object && object.is(&kind::CERTIFICATE_SIGNING_REQUEST), Signs::CERTIFICATE_REQUEST)
        .and_if(asked && scope == Scope::Approval, Signs::CERTIFICATE_APPROVAL);
    let signs = found.iter().fold(signs, |signs, workload| signs.or(workload.signs()));
    for step in rules::STEPS.iter().filter(|step| signs.show(step.needs)) {
        if cx.settings.turns_off(step.rule.id) {
            continue;
        }
        cx.rule = step.rule;
        match step.check {
            Check::Any(check) | Check::Annotated(check) => check(cx, object),
            Check::CustomResource(check) => check(cx, object, &found),
            Check::Kinds(kinds, check) => {
                if step.kinds.lets_through(object.tag) && object.is_any(kinds) {
                    check(cx, object);
                }
            }
            Check::Mode(check) => modes.iter().for_each(|mode| check(cx, mode)),
            Check::Workload(wanted, check) => {
                found.iter().filter(|workload| workload.signs().show(wanted)).for_each(|workload| check(cx, workload));
            }
            Check::Binding(check) => binding.iter().for_each(|binding| check(cx, binding)),
            Check::Role(check) => privileges.iter().for_each(|role| check(cx, role)),
            Check::Request(check) => check(cx),
            Check::TokenRequest(check) => check(cx, &TokenRequest { object: *object }),
            Check::CertificateRequest(check) | Check::CertificateApproval(check) => check(cx, request),
        }
    }
}

/// A Role or ClusterRole, and what it grants.
fn role<'a>(object: &Object<'a>) -> Option<Role<'a>> {
    let namespaced = object.is(&kind::ROLE);
    (namespaced || object.is(&kind::CLUSTER_ROLE)).then(|| Role::read(object.root, namespaced))
}

/// Softens what the old object had already. Only called when something would be denied.
fn ratchet(cx: &RuleContext<'_>, decisions: &mut [Decision]) {
    let old = cx.request.old_object();
    if !old.is_object() {
        return;
    }
    let object = Object::new(cx.request, old);
    let mut before = RuleContext {
        request: cx.request,
        requester: cx.requester,
        settings: cx.settings,
        lookups: cx.lookups,
        rule: &rules::UNREADABLE,
        findings: Vec::new(),
    };
    run(&mut before, &object, Scope::Object, false);
    verdict::ratchet(decisions, &before, &object);
}

fn accepted(requester: Requester) -> Evaluation {
    Evaluation { response: Response::accepted(), requester, findings: Vec::new() }
}

/// Refuses a request that makes no sense as a whole.
fn unreadable(reason: &str) -> Evaluation {
    Evaluation { response: Response::unreadable(reason), requester: Requester::Absent, findings: Vec::new() }
}
