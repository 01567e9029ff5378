//! Shortest paths through the graph, by one search from the goal: bounded by the size of the graph.

use crate::graph::{Edge, Extent, Graph, MEMBER, Position};
use crate::request::{Asked, Request};
use crate::subject::Subject;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// How a subject becomes something, in the fewest acts.
#[derive(Clone, Debug)]
pub struct Path {
    pub subject: Subject,
    pub steps: Vec<Step>,
}

/// One act.
#[derive(Clone, Debug)]
pub struct Step {
    pub from: Position,
    pub to: Position,
    /// "creates a pod that runs as"; the position follows.
    pub how: &'static str,
    /// What RBAC has to allow.
    pub requests: Vec<Request>,
    /// The bindings that allow it, as they are shown.
    pub bindings: Vec<String>,
    /// The object that takes part, such as a pod.
    pub through: Option<String>,
}

impl Path {
    /// The number of acts. To be a member of a group is none.
    pub fn len(&self) -> usize {
        self.steps.iter().filter(|step| step.how != MEMBER).count()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Which edge is next on the shortest path, and how long the path is.
#[derive(Clone, Copy)]
struct Next {
    length: usize,
    edge: Option<usize>,
}

/// The shortest paths to one goal.
pub struct Routes<'g> {
    graph: &'g Graph<'g, 'g>,
    next: BTreeMap<usize, Next>,
    /// The length of the path and where it begins, in order.
    starts: Vec<(usize, usize)>,
}

impl Routes<'_> {
    /// The number of subjects with a path.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// The paths, shortest first. Each is made when it is asked for.
    pub fn paths(&self) -> impl Iterator<Item = Path> {
        self.starts.iter().filter_map(|(_, start)| {
            let Position::Subject(subject) = self.graph.positions.get(*start)? else { return None };
            let mut edges = Vec::new();
            let mut here = *start;
            while let Some(edge) = self.next.get(&here).and_then(|next| self.graph.edges.get(next.edge?)) {
                edges.push(edge);
                here = edge.to;
            }
            Some(Path { subject: subject.clone(), steps: self.graph.steps(&edges) })
        })
    }
}

impl<'g> Graph<'g, 'g> {
    /// The shortest path of each subject to `goal`, shortest first. A subject that is there only as a member of a group
    /// is left out: the path is the group's. No path goes through the positions in `without`.
    pub fn routes_to(&'g self, goal: &Position, without: &[Position]) -> Routes<'g> {
        let blocked: Vec<usize> = without.iter().filter_map(|position| self.find(position)).collect();
        let next =
            self.find(goal).map(|goal| self.search(goal, &blocked, &self.into, |edge| edge.from)).unwrap_or_default();
        let mut starts = Vec::new();
        for (at, next) in &next {
            let (Some(Position::Subject(_)), Some(first)) = (self.positions.get(*at), next.edge) else { continue };
            if self.edges.get(first).is_some_and(|edge| edge.how != MEMBER) {
                starts.push((next.length, *at));
            }
        }
        let rank = |(length, at): &(usize, usize)| match self.positions.get(*at) {
            Some(Position::Subject(subject)) => (*length, Some((subject.class(), subject.clone()))),
            _ => (*length, None),
        };
        starts.sort_by_cached_key(rank);
        Routes { graph: self, next, starts }
    }

    /// All of them.
    pub fn paths_to(&'g self, goal: &Position) -> Vec<Path> {
        self.routes_to(goal, &[]).paths().collect()
    }
}

impl Graph<'_, '_> {
    /// The shortest path of one subject to everything that it can become, in the order of their lengths. What
    /// administrators can become is left out.
    pub fn paths_from(&self, subject: &Subject) -> Vec<Path> {
        let Some(start) = self.find(&Position::Subject(subject.clone())) else { return Vec::new() };
        let last = self.search(start, &[], &self.out, |edge| edge.to);
        let mut found = Vec::new();
        for at in last.keys().copied().filter(|at| *at != start) {
            if self.positions.get(at).is_none_or(|position| matches!(position, Position::Any(_))) {
                continue;
            }
            let mut edges = Vec::new();
            let mut here = at;
            while let Some(edge) = last.get(&here).and_then(|last| self.edges.get(last.edge?)) {
                edges.push(edge);
                here = edge.from;
            }
            edges.reverse();
            let is_by_membership = edges.iter().all(|edge| edge.how == MEMBER);
            let administrates = |edge: &&Edge| self.positions.get(edge.from) == Some(&Position::ClusterAdmin);
            if !is_by_membership && !edges.iter().any(administrates) {
                found.push(Path { subject: subject.clone(), steps: self.steps(&edges) });
            }
        }
        found.sort_by_key(Path::len);
        found
    }

    /// Distances from a position, of what is reached. Choices and memberships take no act, so the search goes through them first.
    fn search(
        &self,
        start: usize,
        blocked: &[usize],
        edges: &[Vec<usize>],
        other_end: impl Fn(&Edge) -> usize,
    ) -> BTreeMap<usize, Next> {
        let mut found = BTreeMap::from([(start, Next { length: 0, edge: None })]);
        let mut done: BTreeSet<usize> = blocked.iter().copied().filter(|at| *at != start).collect();
        let mut open = VecDeque::from([start]);
        while let Some(here) = open.pop_front() {
            let Some(length) = found.get(&here).map(|next| next.length).filter(|_| done.insert(here)) else { continue };
            for at in edges.get(here).into_iter().flatten() {
                let Some(edge) = self.edges.get(*at) else { continue };
                let there = other_end(edge);
                let length = length + edge.length();
                if !done.contains(&there) && found.get(&there).is_none_or(|known| length < known.length) {
                    found.insert(there, Next { length, edge: Some(*at) });
                    if edge.length() == 0 { open.push_front(there) } else { open.push_back(there) }
                }
            }
        }
        found
    }

    /// The edges of a path as steps: an edge and the choices behind it are one.
    fn steps(&self, edges: &[&Edge]) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        for edge in edges {
            let (Some(from), Some(to)) = (self.positions.get(edge.from), self.positions.get(edge.to)) else { continue };
            if let (true, Some(step)) = (edge.is_choice, steps.last_mut()) {
                if let Position::Any(extent) = to {
                    step.requests.iter_mut().for_each(|request| *request = narrowed(request, extent));
                }
                step.to = to.clone();
                step.through = edge.through.clone().or(step.through.take());
                continue;
            }
            let mut bindings = edge.bindings.clone();
            bindings.sort_unstable();
            bindings.dedup();
            let bindings = bindings.into_iter().filter_map(|at| self.rbac.bindings().get(at));
            steps.push(Step {
                from: from.clone(),
                to: to.clone(),
                how: edge.how,
                requests: edge.requests.clone(),
                bindings: bindings.map(ToString::to_string).collect(),
                through: edge.through.clone(),
            });
        }
        for step in &mut steps {
            if let Position::Subject(subject) = &step.to {
                step.requests.iter_mut().for_each(|request| *request = aimed(request, subject));
            }
            if let Position::NamespaceAdmin(namespace) = &step.to {
                let extent = Extent::NewPods(Some(namespace.clone()));
                step.requests.iter_mut().for_each(|request| *request = narrowed(request, &extent));
            }
        }
        steps
    }
}

/// The request in the namespace that was chosen.
fn narrowed(request: &Request, extent: &Extent) -> Request {
    let namespace = match extent {
        Extent::Accounts(namespace)
        | Extent::NewPods(namespace)
        | Extent::RunningPods(namespace)
        | Extent::TokenSecrets(namespace) => namespace.as_deref(),
        Extent::Workloads(_) | Extent::Namespaces | Extent::Users | Extent::UsersAndGroups => None,
    };
    match (&request.asked, namespace) {
        (Asked::Resource { resource, name, .. }, Some(namespace)) if resource != "nodes/proxy" && resource != "*" => {
            request.aimed_at(Some(namespace), name)
        }
        _ => request.clone(),
    }
}

/// The request for the subject that was chosen.
fn aimed(request: &Request, subject: &Subject) -> Request {
    let Asked::Resource { resource, name, .. } = &request.asked else { return request.clone() };
    match (resource.as_str(), subject) {
        ("serviceaccounts" | "serviceaccounts/token", Subject::ServiceAccount { namespace, name }) => {
            request.aimed_at(Some(namespace), name)
        }
        ("users", Subject::User(user)) if name.is_empty() => request.aimed_at(None, user),
        ("groups", Subject::Group(group)) if name.is_empty() => request.aimed_at(None, group),
        _ => request.clone(),
    }
}
