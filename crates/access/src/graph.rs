//! What a subject can become: a graph of positions, and of the rights that lead from one to the next.
//!
//! A position that many have is a node: "makes pods in shop" leads to every service account of `shop`. So the number of
//! edges grows with the objects and not with their pairs. An edge that takes two rights is there if bindings of the same
//! subject grant both.
//!
//! Not here, because RBAC alone does not decide it: pods that take over their node, webhooks that change what others
//! create, and rights that only name a node.

mod edges;
mod techniques;

use crate::inventory::{Inventory, ids};
use crate::rbac::Rbac;
use crate::request::Request;
use crate::rights::{Rights, use_identity};
use crate::subject::Subject;
use edges::Edges;
use entra_auth_policy::auth_mode::IdKind;
use std::collections::BTreeMap;
use std::fmt;

/// What a subject is, or can act as.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Position {
    Subject(Subject),
    /// A managed identity or application, by its client id.
    Azure(String),
    /// Every right.
    ClusterAdmin,
    /// Every right in a namespace.
    NamespaceAdmin(String),
    /// Chooses what others share: every position that a right of this extent leads to.
    Any(Extent),
}

/// How far a right reaches.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extent {
    /// The service accounts of a namespace, or of all.
    Accounts(Option<String>),
    /// Whatever a new pod of a namespace gets.
    NewPods(Option<String>),
    /// Whatever running pods of a namespace have.
    RunningPods(Option<String>),
    /// New pods wherever there is an object of this resource that makes pods.
    Workloads(&'static str),
    /// The tokens in the Secrets of a namespace.
    TokenSecrets(Option<String>),
    /// Every right in one namespace after the other.
    Namespaces,
    Users,
    UsersAndGroups,
}

/// How one position leads to another.
#[derive(Clone, Debug)]
pub(crate) struct Edge {
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// What the holder does; the name of what it becomes follows.
    pub(crate) how: &'static str,
    /// What it takes.
    pub(crate) requests: Vec<Request>,
    /// The bindings that allow the requests.
    pub(crate) bindings: Vec<usize>,
    /// The object that takes part, such as a pod.
    pub(crate) through: Option<String>,
    /// Whether it only says more exactly what the edge before it leads to.
    pub(crate) is_choice: bool,
}

/// How a subject is in a group.
pub(crate) const MEMBER: &str = "is a member of";

impl Edge {
    /// How many acts it takes.
    pub(crate) fn length(&self) -> usize {
        usize::from(!self.is_choice && self.how != MEMBER)
    }
}

pub struct Graph<'r, 'a> {
    pub(crate) rbac: &'r Rbac<'a>,
    pub(crate) positions: Vec<Position>,
    index: BTreeMap<Position, usize>,
    pub(crate) edges: Vec<Edge>,
    /// The edges by where they begin and by where they end.
    pub(crate) out: Vec<Vec<usize>>,
    pub(crate) into: Vec<Vec<usize>>,
}

impl<'r, 'a> Graph<'r, 'a> {
    pub fn of(rbac: &'r Rbac<'a>, inventory: &Inventory) -> Graph<'r, 'a> {
        let rights: Vec<Rights<'a>> = rbac.roles().iter().map(Rights::of).collect();
        let mut edges = Edges::new(rbac, inventory, &rights);
        edges.of_the_cluster();
        for subject in rbac.subjects() {
            edges.of_subject(subject);
        }
        let (positions, index, edges) = edges.finish();
        let (mut out, mut into) = (vec![Vec::new(); positions.len()], vec![Vec::new(); positions.len()]);
        for (at, edge) in edges.iter().enumerate() {
            if let Some(of) = out.get_mut(edge.from) {
                of.push(at);
            }
            if let Some(of) = into.get_mut(edge.to) {
                of.push(at);
            }
        }
        Graph { rbac, positions, index, edges, out, into }
    }

    pub(crate) fn find(&self, position: &Position) -> Option<usize> {
        self.index.get(position).copied()
    }

    /// Every client id that something signs in with or can use, in order.
    pub fn clients(&self) -> impl Iterator<Item = &str> {
        self.index.keys().filter_map(|position| match position {
            Position::Azure(client) => Some(client.as_str()),
            _ => None,
        })
    }

    /// Positions and edges, for what a report says about itself.
    pub fn size(&self) -> (usize, usize) {
        (self.positions.len(), self.edges.len())
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Position::Subject(subject) => write!(f, "{subject}"),
            Position::Azure(client) => write!(f, "client id {}", text::shown(client)),
            Position::ClusterAdmin => f.write_str("cluster-admin"),
            Position::NamespaceAdmin(namespace) => write!(f, "every right in {}", text::shown(namespace)),
            Position::Any(extent) => write!(f, "{extent}"),
        }
    }
}

impl fmt::Display for Extent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, namespace) = match self {
            Extent::Accounts(namespace) => ("service account", namespace),
            Extent::NewPods(namespace) => ("new pod", namespace),
            Extent::RunningPods(namespace) => ("running pod", namespace),
            Extent::TokenSecrets(namespace) => ("token Secret", namespace),
            Extent::Workloads(resource) => return write!(f, "any pod of {resource}"),
            Extent::Namespaces => return f.write_str("every right in any namespace"),
            Extent::Users => return f.write_str("any user"),
            Extent::UsersAndGroups => return f.write_str("any user and group"),
        };
        match namespace {
            Some(namespace) => write!(f, "any {what} in {}", text::shown(namespace)),
            None => write!(f, "any {what}"),
        }
    }
}

impl Edges<'_, '_, '_> {
    /// What does not depend on bindings: who is in a group, what an account signs in with, and what extents include.
    fn of_the_cluster(&mut self) {
        let inventory = self.inventory;
        self.of_administrators();
        for (namespace, name) in inventory.accounts.keys() {
            let account = Position::Subject(Subject::account(namespace, name));
            let own = Extent::Accounts(Some(namespace.clone()));
            self.choice(Position::Any(Extent::Accounts(None)), Position::Any(own.clone()), None);
            self.choice(Position::Any(own.clone()), account, None);
            self.choice(Position::Any(Extent::NewPods(Some(namespace.clone()))), Position::Any(own), None);
        }
        for namespace in &inventory.namespaces {
            let of = |extent: fn(Option<String>) -> Extent| {
                (Position::Any(extent(None)), Position::Any(extent(Some(namespace.clone()))))
            };
            for extent in [Extent::NewPods, Extent::RunningPods, Extent::TokenSecrets] {
                let (all, one) = of(extent);
                self.choice(all, one, None);
            }
            let admin = Position::NamespaceAdmin(namespace.clone());
            self.choice(Position::Any(Extent::Namespaces), admin, None);
        }
        for (namespace, secret, account) in inventory.token_secrets() {
            let account = Position::Subject(Subject::account(namespace, account));
            let secrets = Extent::TokenSecrets(Some(namespace.to_owned()));
            self.choice(Position::Any(secrets), account, Some(format!("Secret {namespace}/{secret}")));
        }
        for (resource, namespace) in self.controllers.clone() {
            let pods = Extent::NewPods(Some(namespace.to_owned()));
            self.choice(Position::Any(Extent::Workloads(resource)), Position::Any(pods), None);
        }
        self.of_pods();
        for identity in inventory.pod_identities() {
            let through = format!(
                "AzureIdentityBinding {}/{}, label aadpodidbinding: {}",
                identity.namespace, identity.binding, identity.selector
            );
            let pods = Position::Any(Extent::NewPods(Some(identity.namespace.to_owned())));
            self.choice(pods, Position::Azure(identity.client.to_owned()), Some(through));
        }
        for subject in self.rbac.subjects() {
            for group in subject.implied_groups() {
                self.member(subject, group);
            }
            if matches!(subject, Subject::User(_)) {
                self.choice(Position::Any(Extent::Users), Position::Subject(subject.clone()), None);
            }
            if !matches!(subject, Subject::ServiceAccount { .. }) && *subject != Subject::group(crate::subject::MASTERS)
            {
                self.choice(Position::Any(Extent::UsersAndGroups), Position::Subject(subject.clone()), None);
            }
        }
        for (namespace, name) in inventory.accounts.keys() {
            let account = Subject::account(namespace, name);
            for group in account.implied_groups() {
                self.member(&account, group);
            }
        }
    }

    /// What pods have: the token of their account, and an identity of Azure.
    fn of_pods(&mut self) {
        let inventory = self.inventory;
        for pod in &inventory.pods {
            let account = Position::Subject(Subject::account(&pod.namespace, &pod.account));
            let running = Position::Any(Extent::RunningPods(Some(pod.namespace.clone())));
            let through = Some(format!("{} {}/{}", pod.kind, pod.namespace, pod.name));
            if inventory.has_token(pod) {
                self.choice(running.clone(), account.clone(), through.clone());
            }
            if !pod.template.signs_in {
                continue;
            }
            for client in inventory.clients_of(pod) {
                let azure = Position::Azure(client);
                self.choice(running.clone(), azure.clone(), through.clone());
                self.signs_in(account.clone(), azure, through.clone());
            }
        }
        for ((namespace, name), account) in &inventory.accounts {
            if let Some(client) = account.client_id.as_deref().filter(|client| text::is_guid(client)) {
                let holder = Position::Subject(Subject::account(namespace, name));
                self.signs_in(holder, Position::Azure(client.to_owned()), None);
            }
        }
        for other in &inventory.others {
            for id in other.ids.iter().filter(|id| id.kind == IdKind::Client && !other.namespace.is_empty()) {
                let known = ids(std::slice::from_ref(id), IdKind::Client).next();
                if let (Some(client), Some(account)) = (known, &id.account) {
                    let through = Some(format!("{} {}/{}", other.kind, other.namespace, other.name));
                    let holder = Position::Subject(Subject::account(&other.namespace, account));
                    self.signs_in(holder, Position::Azure(client), through);
                }
            }
        }
    }

    fn signs_in(&mut self, account: Position, azure: Position, through: Option<String>) {
        self.add(account, azure, "signs in to Azure as", Vec::new(), Vec::new(), through, false);
    }

    /// The managed identities that a role lets the service accounts of a subject use.
    fn of_identity_bindings(&mut self, subject: &Subject) {
        let rbac = self.rbac;
        for (at, binding) in rbac.bindings_of(subject).filter(|(_, binding)| binding.namespace.is_none()) {
            let clients = rbac.role_index(binding).and_then(|role| self.rights.get(role)).map(|rights| &rights.clients);
            let ids = clients.into_iter().flatten().filter(|client| text::is_guid(client));
            for client in ids {
                let to = Position::Azure((*client).to_owned());
                let from = Position::Subject(subject.clone());
                self.add(from, to, "uses the identity binding of", vec![use_identity(client)], vec![at], None, false);
            }
        }
    }
}
