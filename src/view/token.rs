//! TokenRequest, the body of `serviceaccounts/token`.

use crate::object::Object;
use json::Node;

#[derive(Clone, Copy, Debug)]
pub struct TokenRequest<'a> {
    pub object: Object<'a>,
}

/// The API server's default for a request that does not set it.
const DEFAULT_SECONDS: i64 = 3600;

impl<'a> TokenRequest<'a> {
    /// The requested lifetime of the token.
    pub fn seconds(&self) -> i64 {
        self.object.at(&["spec", "expirationSeconds"]).integer().unwrap_or(DEFAULT_SECONDS)
    }

    /// Whether the token ends with an object: a Pod, a Secret or a Node.
    pub fn is_bound(&self) -> bool {
        self.object.at(&["spec", "boundObjectRef", "kind"]).set_text().is_some()
    }

    /// The audiences of the token; none means the API server.
    pub fn audiences(&self) -> impl Iterator<Item = (Node<'a>, &'a str)> + use<'a> {
        self.object.at(&["spec", "audiences"]).items().filter_map(|node| node.text().map(|text| (node, text)))
    }
}
