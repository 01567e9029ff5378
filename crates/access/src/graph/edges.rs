//! Positions and edges while a graph is made.

use super::{Edge, Extent, MEMBER, Position};
use crate::inventory::Inventory;
use crate::rbac::Rbac;
use crate::request::Request;
use crate::rights::Rights;
use crate::subject::{MASTERS, Subject};
use std::collections::{BTreeMap, BTreeSet};

pub(super) struct Edges<'r, 'a, 'i> {
    pub(super) rbac: &'r Rbac<'a>,
    pub(super) inventory: &'i Inventory,
    /// By the number of the role.
    pub(super) rights: &'i [Rights<'a>],
    /// The namespaces of the accounts with a name, and the pods with a name.
    pub(super) accounts: BTreeMap<&'i str, Vec<&'i str>>,
    pub(super) pods: BTreeMap<&'i str, Vec<usize>>,
    /// The resources that make pods, in each namespace that has one; and the namespaces of each, by its name.
    pub(super) controllers: BTreeSet<(&'static str, &'i str)>,
    pub(super) named_controllers: BTreeMap<(&'static str, &'i str), Vec<&'i str>>,
    positions: Vec<Position>,
    index: BTreeMap<Position, usize>,
    edges: Vec<Edge>,
    /// What is there already: a choice or a sign-in is one edge, however many pods make it.
    known: BTreeSet<(usize, usize, &'static str)>,
}

impl<'r, 'a, 'i> Edges<'r, 'a, 'i> {
    pub(super) fn new(rbac: &'r Rbac<'a>, inventory: &'i Inventory, rights: &'i [Rights<'a>]) -> Self {
        let mut accounts: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (namespace, name) in inventory.accounts.keys() {
            accounts.entry(name).or_default().push(namespace);
        }
        let mut pods: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        let mut controllers = BTreeSet::new();
        let mut named_controllers: BTreeMap<(&'static str, &str), Vec<&str>> = BTreeMap::new();
        for (at, pod) in inventory.pods.iter().enumerate() {
            if pod.kind == "Pod" {
                pods.entry(&pod.name).or_default().push(at);
            }
            let kind = kubernetes::resources::RESOURCES.iter().find(|(_, kind, ..)| *kind == pod.kind);
            if let Some((_, _, plural, ..)) = kind {
                controllers.insert((*plural, pod.namespace.as_str()));
                named_controllers.entry((*plural, pod.name.as_str())).or_default().push(&pod.namespace);
            }
        }
        Edges {
            rbac,
            inventory,
            rights,
            accounts,
            pods,
            controllers,
            named_controllers,
            positions: Vec::new(),
            index: BTreeMap::new(),
            edges: Vec::new(),
            known: BTreeSet::new(),
        }
    }

    pub(super) fn finish(self) -> (Vec<Position>, BTreeMap<Position, usize>, Vec<Edge>) {
        (self.positions, self.index, self.edges)
    }

    fn position(&mut self, position: Position) -> usize {
        if let Some(at) = self.index.get(&position) {
            return *at;
        }
        let at = self.positions.len();
        self.positions.push(position.clone());
        self.index.insert(position, at);
        at
    }

    #[allow(clippy::too_many_arguments, reason = "the members of an edge")]
    pub(super) fn add(
        &mut self,
        from: Position,
        to: Position,
        how: &'static str,
        requests: Vec<Request>,
        bindings: Vec<usize>,
        through: Option<String>,
        is_choice: bool,
    ) {
        let (from, to) = (self.position(from), self.position(to));
        if from != to && self.known.insert((from, to, how)) {
            self.edges.push(Edge { from, to, how, requests, bindings, through, is_choice });
        }
    }

    /// One of the positions that an extent includes.
    pub(super) fn choice(&mut self, from: Position, to: Position, through: Option<String>) {
        self.add(from, to, "", Vec::new(), Vec::new(), through, true);
    }

    pub(super) fn member(&mut self, subject: &Subject, group: Subject) {
        // A group without bindings leads nowhere.
        if self.rbac.is_bound(&group) {
            let (from, to) = (Position::Subject(subject.clone()), Position::Subject(group));
            self.add(from, to, MEMBER, Vec::new(), Vec::new(), None, false);
        }
    }

    /// What administrators of the cluster or of a namespace can become.
    pub(super) fn of_administrators(&mut self) {
        let token = |namespace| Request::resource("create", "", "serviceaccounts/token", namespace, "");
        let pod = |namespace| Request::resource("create", "", "pods", namespace, "");
        let masters = Position::Subject(Subject::group(MASTERS));
        self.add(masters, Position::ClusterAdmin, "is not restricted by RBAC:", Vec::new(), Vec::new(), None, false);
        let inventory = self.inventory;
        let mut leads = |from: &Position, extent: Extent, how, request| {
            self.add(from.clone(), Position::Any(extent), how, vec![request], Vec::new(), None, false);
        };
        let admin = Position::ClusterAdmin;
        leads(&admin, Extent::Accounts(None), "requests a token of", token(None));
        leads(&admin, Extent::NewPods(None), "creates a pod that signs in as", pod(None));
        let user = Request::resource("impersonate", "", "users", None, "");
        leads(&admin, Extent::UsersAndGroups, "impersonates", user);
        for namespace in &inventory.namespaces {
            let admin = Position::NamespaceAdmin(namespace.clone());
            let own = || Some(namespace.clone());
            leads(&admin, Extent::Accounts(own()), "requests a token of", token(Some(namespace)));
            leads(&admin, Extent::NewPods(own()), "creates a pod that signs in as", pod(Some(namespace)));
        }
    }
}
