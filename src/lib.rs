//! Checks Kubernetes objects against Entra-integrated authentication practice on AKS.
//!
//! One pure function, bytes in, evaluation out: [`evaluate`]. The waPC guest, the program `entra-auth` and the
//! browser page are thin shells around it.
//!
//! ```text
//! payload ─► Request ─► Settings ─► Object and views ─► rules ─► findings ─► decisions ─► response
//! ```

// Everyone who can create an object can send input: nothing here may panic on it.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::unreachable)
)]

pub mod aks_defaults;
pub mod anchor;
pub mod auth_mode;
pub mod describe;
mod dispatch;
pub mod entra_id;
pub mod finding;
#[cfg(feature = "guest")]
mod guest;
pub mod imds;
pub mod lookup;
pub mod message;
pub mod nearest;
pub mod object;
pub mod operators;
mod privilege;
mod request;
mod requester;
pub mod rule;
pub mod rules;
mod schema;
pub mod settings;
mod sort;
mod texts;
pub mod value_hints;
pub mod verdict;
pub mod view;

use anchor::Spelt;
use dispatch::{Run, Scope, run};
use json::Node;
use kubernetes::kind;
use lookup::{Cluster, Lookups};
use message::Response;
use object::Object;
use request::{Operation, Payload, Request};
use requester::Requester;
use rule::RuleContext;
use settings::{Date, Problem, Settings};
use verdict::Decision;

/// What the core needs from outside. It reads nothing else, and each only when it needs it.
pub struct Host<'h> {
    /// Today in UTC; asked only if an exemption has an end.
    pub today: &'h dyn Fn() -> Date,
    /// Asked only with `clusterLookups`, except for what comes with the object.
    pub cluster: &'h dyn Cluster,
}

/// The answer to one request, and everything that led to it.
pub struct Evaluation {
    pub response: Response,
    pub requester: Requester,
    pub findings: Vec<Decision>,
}

/// Evaluates one payload of the policy protocol: `{"settings": ..., "request": ...}`.
pub fn evaluate(payload: &[u8], host: &Host<'_>) -> Evaluation {
    evaluate_as(payload, host, Wanted::Findings)
}

/// Only the response of [`evaluate`].
pub fn answer(payload: &[u8], host: &Host<'_>) -> Response {
    evaluate_as(payload, host, Wanted::Response).response
}

/// As [`evaluate`], but calls every check, whatever the request has: for the test that compares the two.
#[doc(hidden)]
pub fn evaluate_without_gates(payload: &[u8], host: &Host<'_>) -> Evaluation {
    evaluate_as(payload, host, Wanted::FindingsWithoutGates)
}

/// What the caller of [`evaluate_as`] wants.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// Only the response, so findings that the profile does not show can be left out.
    Response,
    Findings,
    FindingsWithoutGates,
}

fn evaluate_as(payload: &[u8], host: &Host<'_>, wanted: Wanted) -> Evaluation {
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
    let object = Object::new(request, request.object());
    let copies = texts::Copies::default();
    let gated = wanted != Wanted::FindingsWithoutGates;
    let lookups = settings.cluster_lookups.then(|| Lookups::new(host.cluster));
    let mut cx = RuleContext::new(request, requester, &settings, lookups.as_ref(), host.cluster, &rules::UNREADABLE);
    if object.root.is_absent() && scope != Scope::RequestOnly {
        cx.report(Node::absent(), "is missing from the request");
    }
    run(&mut cx, &object, &copies, Run { scope, about_request: true, gated });
    if wanted == Wanted::Response && verdict::is_silent(&cx) {
        cx.findings.clear();
    }
    let spelt = if wanted == Wanted::Response { Spelt::No } else { Spelt::Yes };
    let mut decisions = verdict::decide(&mut cx, &object, host.today, spelt);
    if request.operation() == Operation::Update && decisions.iter().any(Decision::denies) {
        let is_being_deleted = is_being_deleted(request.old_object());
        if settings.ratchet || is_being_deleted {
            ratchet(&cx, &mut decisions, is_being_deleted, gated);
        }
    }
    if spelt == Spelt::No && !decisions.is_empty() {
        message::spell(&cx, &object, &mut decisions);
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

/// What the operation and the subresource leave to evaluate.
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

/// Token and certificate requests of nodes and the control plane. Kubelets make them constantly and no rule reports
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

/// Whether the old state of an object has a `deletionTimestamp`. Its finalizers can always be removed, but a
/// finalizer can also keep it in force for ever, so nothing may be added to it.
fn is_being_deleted(old: Node<'_>) -> bool {
    !old.at(&["metadata", "deletionTimestamp"]).is_absent()
}

/// Turns denials into warnings where the old object had the same finding. Only called if something would be denied.
fn ratchet(cx: &RuleContext<'_>, decisions: &mut [Decision], is_being_deleted: bool, gated: bool) {
    let old = cx.request.old_object();
    if !old.is_object() {
        return;
    }
    let object = Object::new(cx.request, old);
    let copies = texts::Copies::default();
    let mut before =
        RuleContext::new(cx.request, cx.requester, cx.settings, cx.lookups, cx.cluster, &rules::UNREADABLE);
    before.is_old = true;
    run(&mut before, &object, &copies, Run { scope: Scope::Object, about_request: false, gated });
    verdict::ratchet(decisions, &before, &object, is_being_deleted);
}

fn accepted(requester: Requester) -> Evaluation {
    Evaluation { response: Response::accepted(), requester, findings: Vec::new() }
}

/// Denies a request that cannot be evaluated.
fn unreadable(reason: &str) -> Evaluation {
    Evaluation { response: Response::unreadable(reason), requester: Requester::Absent, findings: Vec::new() }
}
