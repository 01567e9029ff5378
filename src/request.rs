//! The payload of one evaluation: parsed once, borrowed throughout.
//!
//! Kubewarden's SDK has a request type too. It loses the plural resource, rejects explicit nulls and
//! quotes the whole payload (perhaps a Secret) in its errors, so this module reads the request.

use json::{Malformed, Node, Skip, Tree};

/// Who changed which field last: often a third of a request, and never written by a person.
const MANAGED_FIELDS: &[Skip] = &[Skip::inside("metadata", &[Skip::member("managedFields")])];
static NOT_READ: Skip = Skip::inside(
    "",
    &[Skip::inside("request", &[Skip::inside("object", MANAGED_FIELDS), Skip::inside("oldObject", MANAGED_FIELDS)])],
);

/// What the host hands over, as a tree: `{"settings": ..., "request": ...}`.
pub(crate) struct Payload<'a>(Tree<'a>);

/// An `AdmissionRequest` (`admission.k8s.io/v1`). Copy it freely.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    wrong_member: Option<&'static str>,
    operation: &'a str,
    kind: GroupKind<'a>,
    resource: &'a str,
    sub_resource: &'a str,
    name: &'a str,
    namespace: &'a str,
    user_info: Node<'a>,
    object: Node<'a>,
    old_object: Node<'a>,
}

#[derive(Clone, Copy, Default)]
struct GroupKind<'a> {
    group: &'a str,
    kind: &'a str,
}

/// What the requester wants to do. Unknown operations are evaluated like an UPDATE without an old object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Create,
    Update,
    Delete,
    Connect,
    Unknown,
}

impl<'a> Payload<'a> {
    /// Reads all of it in one pass. Nearly every update needs the old object too, if only for its
    /// `deletionTimestamp`.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        json::parse_bytes(bytes, Some(&NOT_READ)).map(Payload)
    }

    pub(crate) fn settings(&self) -> Node<'_> {
        Node::new(&self.0).get("settings")
    }

    pub(crate) fn request(&self) -> Option<Request<'_>> {
        let mut members = Node::new(&self.0).members();
        members
            .find(|(key, _)| *key == "request")
            .map(|(_, node)| node)
            .filter(|node| node.is_object())
            .map(Request::of)
    }
}

impl<'a> Request<'a> {
    // Every request comes through here, most of them to be accepted: one pass, and names that the
    // compiler turns into instructions instead of looking them up.
    fn of(node: Node<'a>) -> Self {
        let mut request = Request {
            wrong_member: None,
            operation: "",
            kind: GroupKind::default(),
            resource: "",
            sub_resource: "",
            name: "",
            namespace: "",
            user_info: Node::absent(),
            object: Node::absent(),
            old_object: Node::absent(),
        };
        for (key, member) in node.members() {
            match key {
                "uid" => request.expect(is_text(member), "uid"),
                "operation" => request.operation = request.read_text("operation", member),
                "kind" => request.kind = request.read_kind(member),
                "resource" => request.resource = request.read_resource(member),
                "subResource" => request.sub_resource = request.read_text("subResource", member),
                "name" => request.name = request.read_text("name", member),
                "namespace" => request.namespace = request.read_text("namespace", member),
                "userInfo" => {
                    request.check_user(member);
                    request.user_info = member;
                }
                "object" => request.object = member,
                "oldObject" => request.old_object = member,
                "dryRun" => request.expect(member.is_absent() || member.bool().is_some(), "dryRun"),
                // What the client used before the API server converted it. The object is evaluated as it is.
                "requestKind" => request.expect_object(member, "requestKind"),
                "requestResource" => request.expect_object(member, "requestResource"),
                "requestSubResource" => request.expect(is_text(member), "requestSubResource"),
                "options" => request.expect_object(member, "options"),
                _ => {}
            }
        }
        request
    }

    fn expect(&mut self, is_right: bool, member: &'static str) {
        if !is_right && self.wrong_member.is_none() {
            self.wrong_member = Some(member);
        }
    }

    fn expect_object(&mut self, node: Node<'a>, member: &'static str) {
        self.expect(node.is_absent() || node.is_object(), member);
    }

    fn read_text(&mut self, member: &'static str, node: Node<'a>) -> &'a str {
        self.expect(is_text(node), member);
        node.text().unwrap_or_default()
    }

    fn read_kind(&mut self, node: Node<'a>) -> GroupKind<'a> {
        self.expect_object(node, "kind");
        let mut kind = GroupKind::default();
        for (key, part) in node.members() {
            match key {
                "group" => kind.group = self.read_text("kind", part),
                "kind" => kind.kind = self.read_text("kind", part),
                "version" => self.expect(is_text(part), "kind"),
                _ => {}
            }
        }
        kind
    }

    fn read_resource(&mut self, node: Node<'a>) -> &'a str {
        self.expect_object(node, "resource");
        let mut resource = "";
        for (key, part) in node.members() {
            match key {
                "resource" => resource = self.read_text("resource", part),
                "group" | "version" => self.expect(is_text(part), "resource"),
                _ => {}
            }
        }
        resource
    }

    fn check_user(&mut self, node: Node<'a>) {
        self.expect_object(node, "userInfo");
        for (key, member) in node.members() {
            match key {
                "username" => self.expect(is_text(member), "userInfo.username"),
                "groups" => self.expect(are_texts(member), "userInfo.groups"),
                "extra" => {
                    self.expect_object(member, "userInfo.extra");
                    self.expect(member.members().all(|(_, values)| are_texts(values)), "userInfo.extra");
                }
                _ => {}
            }
        }
    }

    /// The first member whose type is wrong, by name: such a request cannot be trusted.
    pub fn wrong_member(self) -> Option<&'static str> {
        self.wrong_member
    }

    /// API group of the object, as the request names it.
    pub fn group(self) -> &'a str {
        self.kind.group
    }

    /// Kind of the object, as the request names it.
    pub fn kind(self) -> &'a str {
        self.kind.kind
    }

    /// The plural resource. The audit scanner puts the kind here, so never rely on it alone.
    pub fn resource(self) -> &'a str {
        self.resource
    }

    pub fn sub_resource(self) -> &'a str {
        self.sub_resource
    }

    pub fn name(self) -> &'a str {
        self.name
    }

    pub fn namespace(self) -> &'a str {
        self.namespace
    }

    pub fn operation(self) -> Operation {
        match self.operation {
            "CREATE" => Operation::Create,
            "UPDATE" => Operation::Update,
            "DELETE" => Operation::Delete,
            "CONNECT" => Operation::Connect,
            _ => Operation::Unknown,
        }
    }

    pub fn user_info(self) -> Node<'a> {
        self.user_info
    }

    /// The object, absent where the request has none.
    pub fn object(self) -> Node<'a> {
        self.object
    }

    pub fn old_object(self) -> Node<'a> {
        self.old_object
    }
}

fn is_text(node: Node<'_>) -> bool {
    node.is_absent() || node.text().is_some()
}

fn are_texts(node: Node<'_>) -> bool {
    node.is_absent() || (node.is_list() && node.items().all(is_text))
}
