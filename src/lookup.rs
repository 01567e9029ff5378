//! Facts from the cluster, behind a trait: the guest asks the host, tests and replay answer themselves.

use std::fmt;

/// What a look-up rule may ask. Each object is asked for once and in a fixed order.
pub trait Cluster {
    /// The object as JSON, with at least the fields named in `masks`.
    fn get(&self, query: &Query<'_>) -> Result<String, LookupError>;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Query<'a> {
    pub api_version: &'a str,
    pub kind: &'a str,
    pub namespace: Option<&'a str>,
    pub name: &'a str,
    /// Dotted paths of the fields that are needed.
    pub masks: &'a [&'a str],
}

/// Why a look-up gave nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookupError {
    /// The policy's `contextAwareResources` do not list the kind.
    NotGranted,
    /// The API server refused the policy server's account.
    Refused,
    NotFound,
    /// Anything else: the host or the connection failed.
    Failed,
}

impl fmt::Display for LookupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            LookupError::NotGranted => "the policy's contextAwareResources do not list it",
            LookupError::Refused => "the policy server's service account may not read it",
            LookupError::NotFound => "it does not exist",
            LookupError::Failed => "the API server did not answer",
        })
    }
}
