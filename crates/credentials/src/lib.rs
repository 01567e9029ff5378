//! What a fixed credential looks like.
//!
//! Pure functions over strings; they know neither Kubernetes nor JSON trees. Three questions:
//!
//! - *Does this text hold a credential?* [`recognise`] decides by the value alone: keys that carry
//!   their own mark ([`SIGNATURES`]) and composed values such as connection strings ([`FORMATS`]).
//! - *Does this name promise one?* [`name_strength`], for values without a shape of their own. Ask
//!   [`is_benign`] about the value first.
//! - *Which names and values does this text assign?* [`assignments`], for configuration files.
//!
//! Nothing here returns, stores or prints a value: a [`CredentialKind`] says what was found, an offset where.
//!
//! All of it runs in an instance made afresh for each request, so tables are filled by the compiler
//! and text without a credential costs one pass and no allocation. Work is linear in the text,
//! whatever the text.

mod alphabet;
mod assignment;
mod base64;
mod benign;
mod block;
mod command;
mod devops;
mod encoded;
mod escape;
mod filter;
mod format;
mod name;
mod scan;
mod signature;
mod text;

#[cfg(test)]
pub(crate) mod tests;

pub use alphabet::Alphabet;
pub use assignment::{Assignment, assignments, secret_assignments};
pub use base64::{decode_base64, into_text, may_be_base64};
pub use benign::{Benign, benign, is_benign, is_placeholder, is_reference, is_unfilled};
pub use command::{arguments, flags};
pub use filter::{Filter, Mark, any_case, exact};
pub use format::{FORMATS, Format};
pub use name::{
    AZURE_KEYS, AZURE_VARIABLES, NameStrength, ends_with_letters, is_aws_secret_key, is_azure_credential_variable,
    name_strength, names_a_secret,
};
pub use scan::{ESCAPE_BIT, MARKS};
pub use signature::{PROVIDER_AT, PROVIDERS, Run, SIGNATURES, Signature};

use std::ops::Range;

/// A kind of credential.
#[derive(PartialEq, Eq, Debug)]
pub struct CredentialKind {
    /// In kebab case: `entra-client-secret`.
    pub id: &'static str,
    /// With its article, to stand after "holds": `an Entra client secret`.
    pub what: &'static str,
    pub class: Class,
}

/// What a credential opens, which decides the rule that reports it. Strongest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Class {
    /// Microsoft Entra or an Azure service.
    Azure,
    /// Sign-in to a cluster that bypasses Entra: a kubeconfig.
    Kubernetes,
    /// A container registry on Azure, in a Docker configuration.
    Registry,
    /// Amazon Web Services.
    Aws,
    /// Whatever trusts it: a private key or a bearer token.
    Key,
    /// A server that is not known to be Azure's: the password of a database or in a URL. Often one
    /// inside the cluster.
    Password,
}

impl CredentialKind {
    /// Whether it is a whole kubeconfig rather than a token of a cluster.
    pub fn is_kubeconfig(&self) -> bool {
        self.id.starts_with("kubeconfig-")
    }
}

/// Whether the text may hold a credential that none of the [`MARKS`] announces.
pub fn may_have_no_mark(text: &str) -> bool {
    encoded::may_find(text.as_bytes())
}

/// Whether [`recognise`] may find something, in plain text or in base64: one pass, and nearly always no.
pub fn may_hold_credential(text: &str) -> bool {
    scan::has_mark(text) || may_have_no_mark(text) || may_be_base64(text)
}

/// The strongest credential in the text; of equals, the first.
pub fn recognise(text: &str) -> Option<&'static CredentialKind> {
    recognise_bytes(text.as_bytes())
}

/// As [`recognise`], for bytes that need not be text.
pub fn recognise_bytes(text: &[u8]) -> Option<&'static CredentialKind> {
    recognise_where(text, |_| true)
}

/// As [`recognise_bytes`], among the kinds that `wanted` accepts.
pub fn recognise_where(text: &[u8], wanted: fn(&CredentialKind) -> bool) -> Option<&'static CredentialKind> {
    scan::scan(text).iter().map(|hit| hit.kind).filter(|kind| wanted(kind)).min_by_key(|kind| kind.class)
}

/// Every credential in the text, with the bytes that it takes, in the order of their first bytes. The key in a
/// connection string is a part of it and not reported again. The entry of a registry and a kubeconfig can hold other
/// credentials.
pub fn recognise_all(text: &str, found: &mut dyn FnMut(&'static CredentialKind, Range<usize>)) {
    scan::scan(text.as_bytes()).into_iter().for_each(|hit| found(hit.kind, hit.range));
}

/// As [`recognise_all`], in one pass with what a caller looks for: `filter` is [`MARKS`] with marks of the caller,
/// and `marked` is called with the places where one of those may begin, and their bits. The last two bytes of the
/// text are not looked at.
pub fn recognise_all_with(
    filter: &Filter,
    text: &str,
    found: &mut dyn FnMut(&'static CredentialKind, Range<usize>),
    marked: &mut dyn FnMut(usize, u64),
) {
    scan::scan_with(filter, text.as_bytes(), marked).into_iter().for_each(|hit| found(hit.kind, hit.range));
}

/// Longest value that is looked into as base64: an object is at most 1.5 MiB, a Secret 1 MiB.
const BASE64_LIMIT: usize = 1 << 20;

/// As [`recognise`], also within base64, once.
pub fn recognise_with_base64(text: &str) -> Option<&'static CredentialKind> {
    let inside = || recognise_bytes(&decode_base64(text, BASE64_LIMIT)?);
    recognise(text).or_else(|| (text.len() > scan::SHORTEST).then(inside)?)
}
