//! Role and ClusterRole.

use crate::json::Node;
use crate::kind;
use crate::object::Object;

#[derive(Clone, Copy, Debug)]
pub struct Role<'a> {
    pub object: Object<'a>,
    /// Whether the role grants in one namespace only (Role).
    pub namespaced: bool,
}

impl<'a> Role<'a> {
    pub fn of(object: &Object<'a>) -> Option<Self> {
        let namespaced = object.is(&kind::ROLE);
        (namespaced || object.is(&kind::CLUSTER_ROLE)).then_some(Role { object: *object, namespaced })
    }

    /// The rule lines, each a `PolicyRule`.
    pub fn rules(&self) -> impl Iterator<Item = Node<'a>> {
        self.object.get("rules").items()
    }
}
