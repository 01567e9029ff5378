//! Client ids and tenant ids, wherever an object or a pod names them.

use super::{Controller, Scope, begins_with, of_kind, parts_of_pod, path, settings, split};
use crate::anchor::{Anchor, digest};
use crate::object::Object;
use crate::view::container::{Container, EnvVar, Value};
use crate::view::workload::Workload;
use crate::view::workload_identity::{has_token, signs_in};
use json::Node;
use kubernetes::kind;
use std::borrow::Cow;
use text::docs_only;

/// What an id names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdKind {
    Client,
    Tenant,
}

/// An id that something signs in with.
#[derive(Clone, Debug)]
pub struct Id<'a> {
    pub kind: IdKind,
    /// The member or the variable that holds it.
    pub key: &'a str,
    pub place: Anchor<'a>,
    pub value: Value<'a>,
    /// A digest of what a value that cannot be determined is written as.
    written: u64,
    /// Who uses it: a namespace, empty for objects outside of namespaces, and an account if it is known.
    pub namespace: &'a str,
    pub account: Option<&'a str>,
    /// Whether messages must not repeat it.
    pub is_secret: bool,
    /// Whether it is a variable of a container.
    pub is_variable: bool,
}

impl Id<'_> {
    /// What a finding about the id compares on an update.
    pub(crate) fn content(&self) -> (Option<&str>, u64, Option<&str>) {
        (self.value.literal(), self.written, self.account)
    }
}

/// Variables of containers that hold an id, and whose they are. Those of the Entra SDK are read in any case.
pub const VARIABLES: &[(&str, IdKind, &str)] = &[
    ("AZURE_CLIENT_ID", IdKind::Client, docs_only("containers with a token")),
    ("AZURE_TENANT_ID", IdKind::Tenant, docs_only("containers with a token")),
    (
        "AzureAd__ClientId",
        IdKind::Client,
        docs_only("the Entra SDK sidecar, and containers that configure its credentials"),
    ),
    (
        "AzureAd__TenantId",
        IdKind::Tenant,
        docs_only("the Entra SDK sidecar, and containers that configure its credentials"),
    ),
];

/// What the names of the credentials of Microsoft.Identity.Web and of the Entra SDK begin with.
pub(super) const ENTRA_SDK_CREDENTIALS: &str = "AzureAd__ClientCredentials__";

/// The ids that `object` itself names.
pub fn ids<'a>(object: &Object<'a>) -> Vec<Id<'a>> {
    let mut found = Vec::new();
    let is_secret = object.is(&kind::SECRET);
    let account = object.is(&kind::SERVICE_ACCOUNT).then_some(object.name);
    // Only claims of this namespace can use the volume.
    let claim = object.at(&["spec", "claimRef", "namespace"]).text().filter(|_| object.is(&kind::PERSISTENT_VOLUME));
    let namespace = claim.unwrap_or(object.namespace);
    let mut push = |kind, key, place, node: Node<'_>, text: Option<Cow<'_, str>>| {
        let (value, written) = value(node, text);
        found.push(Id { kind, key, place, value, written, namespace, account, is_secret, is_variable: false });
    };
    for entry in of_kind(object).filter(|entry| entry.names_ids() && entry.is_given(object.root, object.root)) {
        of_entry(entry, object.root, object.root, &mut |kind, key, node, text| {
            push(kind, key, node.into(), node, text)
        });
    }
    settings(object, &mut |entry, scope, place| {
        for (kind, paths) in columns(entry) {
            for path in paths {
                scope.ids(kind, path, &mut |kind, key, node, text| {
                    push(kind, key, place(&node.into(), path.trim_start_matches('?')), node, text);
                });
            }
        }
    });
    found
}

/// The ids that the pod templates of an object name.
pub fn ids_of_pods<'a>(workload: &Workload<'a>, found: &mut Vec<Id<'a>>) {
    let (namespace, account) = (workload.object.namespace, Some(workload.service_account()));
    let mut push = |kind, key, node: Node<'a>, value, written, is_variable| {
        let place = node.into();
        found.push(Id { kind, key, place, value, written, namespace, account, is_secret: false, is_variable });
    };
    let signs_in = signs_in(workload);
    for container in workload.containers() {
        for variable in container.env() {
            let Some((kind, is_of_sdk)) = kind_of(variable) else { continue };
            let is_used = match is_of_sdk {
                true => is_entra_sdk(container),
                false => signs_in && has_token(workload, container),
            };
            if is_used {
                let value = container.value(variable);
                let written = if let Value::Literal(_) = value { 0 } else { digest(variable.node) };
                push(kind, variable.name, variable.node, value, written, true);
            }
        }
    }
    parts_of_pod(workload, &mut |entry, part| {
        if entry.names_ids() && entry.is_given(workload.template, part) {
            of_entry(entry, workload.template, part, &mut |kind, key, node, text| {
                let (value, written) = value(node, text);
                push(kind, key, node, value, written, false);
            });
        }
    });
}

/// Which id a variable holds, and whether it is the Entra SDK's.
fn kind_of(variable: &EnvVar<'_>) -> Option<(IdKind, bool)> {
    let name = variable.name;
    // Nearly every variable is called otherwise.
    if !begins_with(name, "azure") {
        return None;
    }
    let is_of_sdk = begins_with(name, "AzureAd__");
    if is_of_sdk && begins_with(name, ENTRA_SDK_CREDENTIALS) {
        let is_client = name.to_ascii_lowercase().ends_with("__managedidentityclientid");
        return is_client.then_some((IdKind::Client, true));
    }
    let is_called = |known: &str| if is_of_sdk { known.eq_ignore_ascii_case(name) } else { known == name };
    VARIABLES.iter().find(|(known, ..)| is_called(known)).map(|(_, kind, _)| (*kind, is_of_sdk))
}

/// Whether a container signs in with the variables `AzureAd__*`: the sidecar of the Entra SDK, and programs that use
/// the same library. A program that only validates tokens has `AzureAd__ClientId`, too.
pub fn is_entra_sdk(container: &Container<'_>) -> bool {
    container.image_path().ends_with("entra-sdk/auth-sidecar")
        || container.env().any(|variable| begins_with(variable.name, ENTRA_SDK_CREDENTIALS))
}

fn columns(entry: &'static Controller) -> [(IdKind, &'static [&'static str]); 2] {
    [(IdKind::Client, entry.clients), (IdKind::Tenant, entry.tenants)]
}

type OnId<'f, 'a> = &'f mut dyn FnMut(IdKind, &'static str, Node<'a>, Option<Cow<'a, str>>);

/// The ids that an entry finds below `root`.
fn of_entry<'a>(entry: &'static Controller, top: Node<'a>, root: Node<'a>, found: OnId<'_, 'a>) {
    for (kind, paths) in columns(entry) {
        for path in paths {
            match path.strip_prefix('/') {
                Some(path) => {
                    let scope = Scope { top, node: top, below: "", is_secret: false, entry };
                    scope.ids(kind, path, found);
                }
                None => entry.scopes(top, root, &mut |scope| scope.ids(kind, path, found)),
            }
        }
    }
}

impl<'a> Scope<'a> {
    /// The ids at `path`.
    fn ids(&self, kind: IdKind, path: &'static str, found: OnId<'_, 'a>) {
        if !self.below.is_empty() {
            return;
        }
        // Samples write what they do not use with an empty value.
        let (path, may_be_empty) = path.strip_prefix('?').map_or((path, false), |path| (path, true));
        path::each(self.node, path, self.entry.any_case, &mut |node, below| {
            if below.is_empty() && !node.is_absent() {
                let text = match node.text() {
                    Some("") => Some(Cow::Borrowed("")),
                    _ => self.text(node),
                };
                if !may_be_empty || text.as_deref() != Some("") {
                    found(kind, last_key(path), node, text);
                }
            }
        });
    }
}

/// The key at the end of a path that names one.
fn last_key(path: &'static str) -> &'static str {
    let (mut rest, mut last) = (path, path);
    while let Some((key, after)) = split(rest) {
        (last, rest) = (key, after);
    }
    last
}

/// What a node says: what is not a text refers to one, in a Secret or a ConfigMap.
fn value<'v>(node: Node<'_>, text: Option<Cow<'_, str>>) -> (Value<'v>, u64) {
    match text {
        Some(text) => (Value::Literal(Cow::Owned(text.into_owned())), 0),
        None => (Value::FromElsewhere, digest(node)),
    }
}

#[cfg(test)]
mod tests;
