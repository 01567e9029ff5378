//! The payload of one evaluation: parsed once, borrowed throughout.
//!
//! Kubewarden's SDK has a request type too. It loses the plural resource, refuses explicit nulls and
//! quotes the whole payload (perhaps a Secret) in its errors, so the request is read here.

use crate::json::{Malformed, Node};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json_borrow::Value;

/// The bytes the host hands over: `{"settings": ..., "request": ...}`.
///
/// Objects stay unparsed until a rule needs them: a kubelet's token request is answered from
/// `userInfo` alone, and an old object matters only to the ratchet.
#[derive(Deserialize)]
pub struct Payload<'a> {
    #[serde(borrow, default)]
    pub settings: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub request: Option<Request<'a>>,
}

/// An `AdmissionRequest` (`admission.k8s.io/v1`).
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Request<'a> {
    #[serde(borrow, deserialize_with = "tree")]
    uid: Value<'a>,
    #[serde(borrow, deserialize_with = "tree")]
    kind: Value<'a>,
    #[serde(borrow, deserialize_with = "tree")]
    resource: Value<'a>,
    #[serde(borrow, deserialize_with = "tree")]
    sub_resource: Value<'a>,
    #[serde(borrow, deserialize_with = "tree")]
    request_kind: Value<'a>,
    #[serde(borrow, deserialize_with = "tree")]
    request_resource: Value<'a>,
    #[serde(borrow, deserialize_with = "tree")]
    request_sub_resource: Value<'a>,
    #[serde(borrow, deserialize_with = "tree")]
    name: Value<'a>,
    #[serde(borrow, deserialize_with = "tree")]
    namespace: Value<'a>,
    #[serde(borrow, deserialize_with = "tree")]
    operation: Value<'a>,
    #[serde(borrow, deserialize_with = "tree")]
    user_info: Value<'a>,
    #[serde(borrow)]
    object: Option<&'a RawValue>,
    #[serde(borrow)]
    old_object: Option<&'a RawValue>,
    #[serde(borrow, deserialize_with = "tree")]
    dry_run: Value<'a>,
    #[serde(borrow, deserialize_with = "tree")]
    options: Value<'a>,
}

/// `Value<'de>` deserialises only for its own lifetime; a shorter one is the same value.
fn tree<'de: 'a, 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Value<'a>, D::Error> {
    Value::<'de>::deserialize(deserializer)
}

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
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        serde_json::from_slice(bytes).map_err(|error| Malformed::from(&error))
    }
}

impl<'a> Request<'a> {
    /// The first member whose type is wrong, by name: such a request cannot be trusted.
    pub fn wrong_member(&self) -> Option<&'static str> {
        let texts = [
            ("uid", &self.uid),
            ("subResource", &self.sub_resource),
            ("requestSubResource", &self.request_sub_resource),
            ("name", &self.name),
            ("namespace", &self.namespace),
            ("operation", &self.operation),
        ];
        let objects = [
            ("kind", &self.kind),
            ("resource", &self.resource),
            ("requestKind", &self.request_kind),
            ("requestResource", &self.request_resource),
            ("userInfo", &self.user_info),
            ("options", &self.options),
        ];
        let user = Node::new(&self.user_info);
        let text_or_absent = |node: Node<'_>| node.is_absent() || node.text().is_some();
        let list_or_absent = |node: Node<'_>| node.is_absent() || (node.is_list() && node.items().all(text_or_absent));
        texts
            .iter()
            .find(|(_, value)| !text_or_absent(Node::new(value)))
            .or_else(|| objects.iter().find(|(_, v)| !v.is_null() && !v.is_object()))
            .map(|(name, _)| *name)
            .or_else(|| (!self.dry_run.is_null() && !self.dry_run.is_bool()).then_some("dryRun"))
            .or_else(|| (!text_or_absent(user.get("username"))).then_some("userInfo.username"))
            .or_else(|| (!list_or_absent(user.get("groups"))).then_some("userInfo.groups"))
            .or_else(|| {
                let extra = user.get("extra");
                let fine = extra.is_absent() || (extra.is_object() && extra.members().all(|(_, v)| list_or_absent(v)));
                (!fine).then_some("userInfo.extra")
            })
            .or_else(|| {
                ["group", "version", "kind", "resource"].into_iter().find_map(|part| {
                    let fine = [&self.kind, &self.resource].iter().all(|v| text_or_absent(Node::new(v).get(part)));
                    (!fine).then_some("kind")
                })
            })
    }

    pub fn uid(&'a self) -> &'a str {
        Node::new(&self.uid).text().unwrap_or_default()
    }

    /// API group of the object, as the request names it.
    pub fn group(&'a self) -> &'a str {
        Node::new(&self.kind).get("group").text().unwrap_or_default()
    }

    /// Kind of the object, as the request names it.
    pub fn kind(&'a self) -> &'a str {
        Node::new(&self.kind).get("kind").text().unwrap_or_default()
    }

    /// The plural resource. The audit scanner puts the kind here, so never decide by it alone.
    pub fn resource(&'a self) -> &'a str {
        Node::new(&self.resource).get("resource").text().unwrap_or_default()
    }

    pub fn sub_resource(&'a self) -> &'a str {
        Node::new(&self.sub_resource).text().unwrap_or_default()
    }

    pub fn name(&'a self) -> &'a str {
        Node::new(&self.name).text().unwrap_or_default()
    }

    pub fn namespace(&'a self) -> &'a str {
        Node::new(&self.namespace).text().unwrap_or_default()
    }

    pub fn operation(&self) -> Operation {
        match &self.operation {
            Value::Str(text) => match text.as_ref() {
                "CREATE" => Operation::Create,
                "UPDATE" => Operation::Update,
                "DELETE" => Operation::Delete,
                "CONNECT" => Operation::Connect,
                _ => Operation::Unknown,
            },
            _ => Operation::Unknown,
        }
    }

    pub fn user_info(&'a self) -> Node<'a> {
        Node::new(&self.user_info)
    }

    pub fn is_dry_run(&self) -> bool {
        matches!(self.dry_run, Value::Bool(true))
    }

    /// The object's JSON text, `None` where the request has none.
    pub fn object(&self) -> Option<&'a str> {
        self.object.map(RawValue::get)
    }

    pub fn old_object(&self) -> Option<&'a str> {
        self.old_object.map(RawValue::get)
    }

    /// The API versions and resources that the client itself used, where they differ.
    pub fn requested(&'a self) -> (Node<'a>, Node<'a>, &'a str) {
        (
            Node::new(&self.request_kind),
            Node::new(&self.request_resource),
            Node::new(&self.request_sub_resource).text().unwrap_or_default(),
        )
    }
}
