//! Every path is walked as requests that the authorizer allows, one after the other, on random clusters.

mod support;

use access::{Graph, Inventory, Path, Position, Rbac, Request, Subject};
use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeSet;
use support::{CLIENT, OTHER_CLIENT, allowed, cluster, config, inventory, subjects};

/// Who someone on a path is by now.
struct Walker<'o> {
    objects: &'o [Value],
    inventory: &'o Inventory,
    subject: Subject,
    is_admin: bool,
    administers: BTreeSet<String>,
}

impl Walker<'_> {
    fn can(&self, request: &Request) -> bool {
        let in_own = request.namespace().is_some_and(|namespace| self.administers.contains(namespace));
        self.is_admin || in_own || allowed(self.objects, &self.subject, request)
    }

    fn walk(mut self, path: &Path, goal: &Position) -> Result<(), String> {
        let mut here = Position::Subject(self.subject.clone());
        if path.is_empty() {
            return Err("no act".to_owned());
        }
        for step in &path.steps {
            if step.from != here {
                return Err(format!("{here} does not act as {}", step.from));
            }
            if let Some(request) = step.requests.iter().find(|request| !self.can(request)) {
                return Err(format!("{here} cannot {request}"));
            }
            match (&step.from, &step.to) {
                (_, Position::Any(extent)) => return Err(format!("{extent} is not a choice")),
                (Position::Subject(from), Position::Subject(group)) if step.how == "is a member of" => {
                    // Members keep their own rights.
                    if !from.implied_groups().contains(group) {
                        return Err(format!("{from} is not in {group}"));
                    }
                    self.subject = group.clone();
                }
                (_, Position::Subject(to)) => {
                    if step.requests.is_empty() {
                        return Err(format!("{here} becomes {to} for nothing"));
                    }
                    if let Subject::ServiceAccount { namespace, name } = to
                        && !self.inventory.accounts.contains_key(&(namespace.clone(), name.clone()))
                    {
                        return Err(format!("there is no {to}"));
                    }
                    (self.is_admin, self.administers) = (*to == Subject::group("system:masters"), BTreeSet::new());
                    self.subject = to.clone();
                }
                (_, Position::ClusterAdmin) => self.is_admin = true,
                (_, Position::NamespaceAdmin(namespace)) => {
                    self.administers.insert(namespace.clone());
                }
                (_, Position::Azure(_)) => {}
            }
            here = step.to.clone();
        }
        if here == *goal { Ok(()) } else { Err(format!("ends at {here}")) }
    }
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn every_step_is_a_request_that_is_allowed(objects in cluster()) {
        let (rbac, inventory) = (Rbac::of(&objects), inventory(&objects));
        let graph = Graph::of(&rbac, &inventory);
        let walker = |subject: &Subject| Walker {
            objects: &objects,
            inventory: &inventory,
            subject: subject.clone(),
            is_admin: *subject == Subject::group("system:masters"),
            administers: BTreeSet::new(),
        };
        let mut goals: Vec<Position> = subjects().into_iter().map(Position::Subject).collect();
        goals.extend([CLIENT, OTHER_CLIENT].map(|client| Position::Azure(client.to_owned())));
        goals.push(Position::ClusterAdmin);
        for goal in &goals {
            let mut length = 0;
            for path in graph.paths_to(goal) {
                prop_assert!(path.len() >= length, "not in the order of lengths");
                length = path.len();
                let walked = walker(&path.subject).walk(&path, goal);
                prop_assert!(walked.is_ok(), "{walked:?}\n{path:#?}\n{objects:#?}");
            }
        }
        for subject in subjects() {
            for path in graph.paths_from(&subject) {
                let goal = &path.steps.last().unwrap().to;
                let walked = walker(&path.subject).walk(&path, goal);
                prop_assert!(walked.is_ok(), "{walked:?}\n{path:#?}\n{objects:#?}");
            }
        }
    }

    /// A subject that is allowed to take over a service account in one request has a path of one act.
    #[test]
    fn no_path_of_one_request_is_missing(objects in cluster()) {
        let (rbac, inventory) = (Rbac::of(&objects), inventory(&objects));
        let graph = Graph::of(&rbac, &inventory);
        for (namespace, name) in inventory.accounts.keys() {
            let goal = Position::Subject(Subject::account(namespace, name));
            let paths = graph.paths_to(&goal);
            let one_request = |subject: &Subject| {
                let token = Request::resource("create", "", "serviceaccounts/token", Some(namespace), name);
                let act_as = Request::resource("impersonate", "", "serviceaccounts", Some(namespace), name);
                let pod = Request::resource("create", "", "pods", Some(namespace), "");
                let workload = Request::resource("create", "apps", "deployments", Some(namespace), "");
                [token, act_as, pod, workload].iter().any(|request| allowed(&objects, subject, request))
            };
            for subject in rbac.subjects().filter(|subject| one_request(subject)) {
                let own: Vec<Subject> = std::iter::once(subject.clone()).chain(subject.implied_groups()).collect();
                let has_path = paths.iter().any(|path| own.contains(&path.subject) && path.len() == 1);
                let is_goal = Position::Subject(subject.clone()) == goal;
                // Administrators take one more act: the first makes them administrators.
                let administers = graph.paths_to(&Position::ClusterAdmin).iter().any(|path| own.contains(&path.subject))
                    || graph.paths_to(&Position::NamespaceAdmin(namespace.clone())).iter().any(|path| own.contains(&path.subject))
                    || own.contains(&Subject::group("system:masters"));
                prop_assert!(has_path || is_goal || administers, "{subject} to {goal}: {objects:#?}");
            }
        }
    }
}
