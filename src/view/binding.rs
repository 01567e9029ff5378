//! RoleBinding and ClusterRoleBinding.

use crate::entra_id::service_account_of_user;
use crate::object::Object;
use crate::operators::{Declared, RoleName};
use crate::settings::Settings;
use json::Node;
use kubernetes::kind;

#[derive(Clone, Copy, Debug)]
pub struct Binding<'a> {
    pub object: Object<'a>,
    /// Whether the binding grants in one namespace only (RoleBinding).
    pub namespaced: bool,
}

/// The role that a binding grants.
#[derive(Clone, Copy, Debug)]
pub struct RoleRef<'a> {
    pub node: Node<'a>,
    /// `ClusterRole` or `Role`.
    pub kind: &'a str,
    pub name: &'a str,
}

/// One entry of `subjects`.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    pub node: Node<'a>,
    /// The actual subject: a service account written as a User is a service account here.
    pub principal: Principal<'a>,
    /// The name as it is written.
    pub name: &'a str,
    /// `User`, `Group` or `ServiceAccount`, as it is written.
    pub kind: &'a str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Principal<'a> {
    User(&'a str),
    Group(&'a str),
    ServiceAccount {
        namespace: &'a str,
        name: &'a str,
    },
    /// A subject kind that Kubernetes does not know; it grants nothing.
    Unknown,
}

impl<'a> Binding<'a> {
    pub fn of(object: &Object<'a>) -> Option<Self> {
        let namespaced = object.is(&kind::ROLE_BINDING);
        (namespaced || object.is(&kind::CLUSTER_ROLE_BINDING)).then_some(Binding { object: *object, namespaced })
    }

    pub fn role_ref(&self) -> RoleRef<'a> {
        let node = self.object.get("roleRef");
        RoleRef {
            node,
            kind: node.get("kind").text().unwrap_or_default(),
            name: node.get("name").text().unwrap_or_default(),
        }
    }

    /// The role as it is named, for the table of operators.
    pub fn role_name(&self) -> RoleName<'a> {
        let role = self.role_ref();
        RoleName { namespaced: role.kind != "ClusterRole", namespace: self.object.namespace, name: role.name }
    }

    /// Whether an operator of the settings is expected to have this binding: the role is one that it publishes or
    /// needs, and every subject is one of its accounts.
    pub fn is_of_operator(&self, settings: &Settings) -> bool {
        let role = self.role_name();
        settings.operators.iter().any(|declared| {
            let mut subjects = self.subjects().peekable();
            subjects.peek().is_some() && subjects.all(|subject| subject.is_bound_by(declared, role))
        })
    }

    pub fn subjects(&self) -> impl Iterator<Item = Subject<'a>> + use<'a> {
        // A RoleBinding's service account without a namespace is one of the binding's own.
        let home = self.object.namespace;
        self.object.get("subjects").items().map(move |node| {
            let kind = node.get("kind").text().unwrap_or_default();
            let name = node.get("name").text().unwrap_or_default();
            let principal = match kind {
                "User" => match service_account_of_user(name) {
                    Some((namespace, name)) => Principal::ServiceAccount { namespace, name },
                    None => Principal::User(name),
                },
                "Group" => Principal::Group(name),
                "ServiceAccount" => {
                    Principal::ServiceAccount { namespace: node.get("namespace").set_text().unwrap_or(home), name }
                }
                _ => Principal::Unknown,
            };
            Subject { node, principal, name, kind }
        })
    }
}

impl RoleRef<'_> {
    /// `cluster-admin`, by kind and name: a Role with this name is harmless.
    pub fn is_cluster_admin(&self) -> bool {
        self.kind == "ClusterRole" && self.name == "cluster-admin"
    }

    /// The ClusterRoles that only describe the cluster and that Kubernetes binds to all users.
    pub fn is_discovery(&self) -> bool {
        self.kind == "ClusterRole"
            && matches!(
                self.name,
                "system:basic-user"
                    | "system:discovery"
                    | "system:public-info-viewer"
                    | "system:service-account-issuer-discovery"
            )
    }
}

impl<'a> Subject<'a> {
    /// Whether the operator binds the role to this subject.
    pub fn is_bound_by(&self, declared: &Declared, role: RoleName<'_>) -> bool {
        match self.principal {
            Principal::ServiceAccount { namespace, name } => declared.binds(role, (namespace, name)),
            Principal::Group(name) => declared.binds(role, ("", name)),
            _ => false,
        }
    }

    /// The name of a User or Group, as written; `None` for service accounts.
    pub fn user_or_group(&self) -> Option<&'a str> {
        match self.principal {
            Principal::User(name) | Principal::Group(name) => Some(name),
            _ => None,
        }
    }

    pub fn user(&self) -> Option<&'a str> {
        match self.principal {
            Principal::User(name) => Some(name),
            _ => None,
        }
    }

    pub fn group(&self) -> Option<&'a str> {
        match self.principal {
            Principal::Group(name) => Some(name),
            _ => None,
        }
    }

    /// The name that requests of this subject carry: what allow-lists are compared with.
    pub fn requester_name(&self) -> String {
        match self.principal {
            Principal::ServiceAccount { namespace, name } => format!("system:serviceaccount:{namespace}:{name}"),
            _ => self.name.to_owned(),
        }
    }
}
