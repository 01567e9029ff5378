//! The payload of one evaluation: parsed once, borrowed throughout.
//!
//! Kubewarden's SDK has a request type too. It loses the plural resource, refuses explicit nulls and
//! quotes the whole payload (perhaps a Secret) in its errors, so the request is read here.

use crate::json::{self, Malformed, Node, Tree};

/// What the host hands over, as a tree: `{"settings": ..., "request": ...}`.
pub struct Payload<'a>(Tree<'a>);

/// An `AdmissionRequest` (`admission.k8s.io/v1`). Copy it freely.
#[derive(Clone, Copy)]
pub struct Request<'a>(Node<'a>);

/// What the requester wants to do. Anything unknown is judged like an UPDATE without an old object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Create,
    Update,
    Delete,
    Connect,
    Unknown,
}

impl<'a> Payload<'a> {
    /// One pass over all of it: the old object too is needed by nearly every update, if only for its
    /// `deletionTimestamp`.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        json::parse_bytes(bytes).map(Payload)
    }

    pub fn settings(&self) -> Node<'_> {
        Node::new(&self.0).get("settings")
    }

    pub fn request(&self) -> Option<Request<'_>> {
        Some(Node::new(&self.0).get("request")).filter(|node| node.is_object()).map(Request)
    }
}

impl<'a> Request<'a> {
    /// The first member whose type is wrong, by name: such a request cannot be trusted.
    pub fn wrong_member(self) -> Option<&'static str> {
        let text = |node: Node<'_>| node.is_absent() || node.text().is_some();
        let texts = |node: Node<'_>| node.is_absent() || (node.is_list() && node.items().all(text));
        let object = |node: Node<'_>| node.is_absent() || node.is_object();
        let (kind, resource, user) = (self.0.get("kind"), self.0.get("resource"), self.user_info());
        let part = |key| text(kind.get(key)) && text(resource.get(key));
        let extra = user.get("extra");
        let dry_run = self.0.get("dryRun");
        TEXTS
            .iter()
            .find(|name| !text(self.0.get(name)))
            .or_else(|| OBJECTS.iter().find(|name| !object(self.0.get(name))))
            .copied()
            .or_else(|| (!dry_run.is_absent() && dry_run.bool().is_none()).then_some("dryRun"))
            .or_else(|| (!text(user.get("username"))).then_some("userInfo.username"))
            .or_else(|| (!texts(user.get("groups"))).then_some("userInfo.groups"))
            .or_else(|| {
                (!object(extra) || !extra.members().all(|(_, member)| texts(member))).then_some("userInfo.extra")
            })
            .or_else(|| (!["group", "version", "kind", "resource"].into_iter().all(part)).then_some("kind"))
    }

    fn text(self, key: &str) -> &'a str {
        self.0.get(key).text().unwrap_or_default()
    }

    pub fn uid(self) -> &'a str {
        self.text("uid")
    }

    /// API group of the object, as the request names it.
    pub fn group(self) -> &'a str {
        self.0.at(&["kind", "group"]).text().unwrap_or_default()
    }

    /// Kind of the object, as the request names it.
    pub fn kind(self) -> &'a str {
        self.0.at(&["kind", "kind"]).text().unwrap_or_default()
    }

    /// The plural resource. The audit scanner puts the kind here, so never decide by it alone.
    pub fn resource(self) -> &'a str {
        self.0.at(&["resource", "resource"]).text().unwrap_or_default()
    }

    pub fn sub_resource(self) -> &'a str {
        self.text("subResource")
    }

    pub fn name(self) -> &'a str {
        self.text("name")
    }

    pub fn namespace(self) -> &'a str {
        self.text("namespace")
    }

    pub fn operation(self) -> Operation {
        match self.text("operation") {
            "CREATE" => Operation::Create,
            "UPDATE" => Operation::Update,
            "DELETE" => Operation::Delete,
            "CONNECT" => Operation::Connect,
            _ => Operation::Unknown,
        }
    }

    pub fn user_info(self) -> Node<'a> {
        self.0.get("userInfo")
    }

    pub fn is_dry_run(self) -> bool {
        self.0.get("dryRun").bool() == Some(true)
    }

    /// The object, absent where the request has none.
    pub fn object(self) -> Node<'a> {
        self.0.get("object")
    }

    pub fn old_object(self) -> Node<'a> {
        self.0.get("oldObject")
    }

    /// The API versions and resources that the client itself used, where they differ.
    pub fn requested(self) -> (Node<'a>, Node<'a>, &'a str) {
        (self.0.get("requestKind"), self.0.get("requestResource"), self.text("requestSubResource"))
    }
}

const TEXTS: &[&str] = &["uid", "subResource", "requestSubResource", "name", "namespace", "operation"];
const OBJECTS: &[&str] = &["kind", "resource", "requestKind", "requestResource", "userInfo", "options"];
