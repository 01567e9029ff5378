//! What a right lets its holder become: one function for each way.

use super::edges::Edges;
use super::{Extent, Position};
use crate::rbac::Scope;
use crate::request::Request;
use crate::rights::{Held, Right};
use crate::subject::{MASTERS, Subject};
use std::collections::{BTreeMap, BTreeSet};

/// A right, where it is held and by which binding.
#[derive(Clone, Copy)]
struct Has<'h, 'a> {
    held: &'h Held<'a>,
    scope: Scope<'a>,
    binding: usize,
}

impl<'a, 'i> Edges<'_, 'a, 'i> {
    /// What the bindings of a subject lead to.
    pub(super) fn of_subject(&mut self, subject: &Subject) {
        let (rbac, rights) = (self.rbac, self.rights);
        let mut has: BTreeMap<Right, Vec<Has<'i, 'a>>> = BTreeMap::new();
        for (at, binding) in rbac.bindings_of(subject) {
            let Some(of) = rbac.role_index(binding).and_then(|role| rights.get(role)) else { continue };
            for held in &of.held {
                has.entry(held.right).or_default().push(Has { held, scope: binding.scope(), binding: at });
            }
        }
        let holder = Holder { subject: Position::Subject(subject.clone()), has };
        self.everything(&holder);
        self.tokens(&holder);
        self.pods(&holder);
        self.secrets(&holder);
        self.impersonation(&holder);
        self.bindings(&holder);
        self.escalation(&holder, subject);
        self.certificates(&holder);
        if subject.is_of_accounts() {
            self.of_identity_bindings(subject);
        }
    }

    fn leads(
        &mut self,
        holder: &Holder<'_, 'a>,
        to: Position,
        how: &'static str,
        requests: Vec<Request>,
        bindings: &[usize],
    ) {
        self.add(holder.subject.clone(), to, how, requests, bindings.to_vec(), None, false);
    }

    fn everything(&mut self, holder: &Holder<'i, 'a>) {
        for has in holder.unnamed(Right::Everything) {
            let to = match has.scope {
                Scope::Cluster => Position::ClusterAdmin,
                Scope::Namespace(namespace) => Position::NamespaceAdmin(namespace.to_owned()),
            };
            let how = if has.scope == Scope::Cluster {
                "is bound to a role with every right:"
            } else {
                "is bound to a role with"
            };
            self.leads(holder, to, how, vec![has.request("")], &[has.binding]);
        }
    }

    /// Acts as a service account at once.
    fn tokens(&mut self, holder: &Holder<'i, 'a>) {
        let rights = [(Right::CreateToken, "requests a token of"), (Right::ImpersonateAccount, "impersonates")];
        for (has, how) in rights.into_iter().flat_map(|(right, how)| holder.all(right).map(move |has| (has, how))) {
            let Some(names) = &has.held.names else {
                let to = Position::Any(Extent::Accounts(has.namespace()));
                self.leads(holder, to, how, vec![has.request("")], &[has.binding]);
                continue;
            };
            for name in names {
                let namespaces = self.accounts.get(*name).cloned().unwrap_or_default();
                for namespace in namespaces.into_iter().filter(|namespace| has.reaches(namespace)) {
                    let to = Position::Subject(Subject::account(namespace, name));
                    let request = has.held.request(Some(namespace), name);
                    self.leads(holder, to, how, vec![request], &[has.binding]);
                }
            }
        }
    }

    fn pods(&mut self, holder: &Holder<'i, 'a>) {
        for has in holder.unnamed(Right::CreateWorkload) {
            let to = Position::Any(Extent::NewPods(has.namespace()));
            let how = if has.held.resource == "pods" {
                "creates a pod that runs as"
            } else {
                "creates a workload that runs as"
            };
            self.leads(holder, to, how, vec![has.request("")], &[has.binding]);
        }
        for has in holder.all(Right::ChangeWorkload) {
            // There has to be one to change.
            let how = "changes a workload to run as";
            let resource = has.held.resource;
            let new_pods = |namespace: &str| Position::Any(Extent::NewPods(Some(namespace.to_owned())));
            match (&has.held.names, has.scope) {
                (None, Scope::Cluster) => {
                    let to = Position::Any(Extent::Workloads(resource));
                    self.leads(holder, to, how, vec![has.request("")], &[has.binding]);
                }
                (None, Scope::Namespace(namespace)) => {
                    if self.controllers.contains(&(resource, namespace)) {
                        self.leads(holder, new_pods(namespace), how, vec![has.request("")], &[has.binding]);
                    }
                }
                (Some(names), _) => {
                    for name in names {
                        let namespaces = self.named_controllers.get(&(resource, *name)).cloned().unwrap_or_default();
                        for namespace in namespaces.into_iter().filter(|namespace| has.reaches(namespace)) {
                            let request = has.held.request(Some(namespace), name);
                            self.leads(holder, new_pods(namespace), how, vec![request], &[has.binding]);
                        }
                    }
                }
            }
        }
        for has in holder.all(Right::Exec) {
            let how = "runs commands in a pod of";
            let Some(names) = &has.held.names else {
                let to = Position::Any(Extent::RunningPods(has.namespace()));
                self.leads(holder, to, how, vec![has.request("")], &[has.binding]);
                continue;
            };
            let named: Vec<usize> = names.iter().filter_map(|name| self.pods.get(*name)).flatten().copied().collect();
            for at in named {
                let Some(pod) = self.inventory.pods.get(at).filter(|pod| has.reaches(&pod.namespace)) else { continue };
                let request = vec![has.held.request(Some(&pod.namespace), &pod.name)];
                if self.inventory.has_token(pod) {
                    let to = Position::Subject(Subject::account(&pod.namespace, &pod.account));
                    self.leads(holder, to, how, request.clone(), &[has.binding]);
                }
                for client in self.inventory.clients_of(pod).into_iter().filter(|_| pod.template.signs_in) {
                    self.leads(holder, Position::Azure(client), how, request.clone(), &[has.binding]);
                }
            }
        }
        for has in holder.unnamed(Right::NodeProxy).filter(|has| has.scope == Scope::Cluster) {
            let to = Position::Any(Extent::RunningPods(None));
            self.leads(
                holder,
                to,
                "runs commands through the kubelet in a pod of",
                vec![has.request("")],
                &[has.binding],
            );
        }
    }

    fn secrets(&mut self, holder: &Holder<'i, 'a>) {
        for has in holder.all(Right::ReadSecret) {
            let how = "reads the token Secret of";
            let Some(names) = &has.held.names else {
                let to = Position::Any(Extent::TokenSecrets(has.namespace()));
                self.leads(holder, to, how, vec![has.request("")], &[has.binding]);
                continue;
            };
            let inventory = self.inventory;
            let secrets = inventory.token_secrets();
            for (namespace, secret, account) in secrets
                .filter(|(namespace, secret, _)| has.reaches(namespace) && names.iter().any(|name| name == secret))
            {
                let to = Position::Subject(Subject::account(namespace, account));
                let request = has.held.request(Some(namespace), secret);
                self.leads(holder, to, how, vec![request], &[has.binding]);
            }
        }
        // Kubernetes writes a token into a new Secret of the type for them.
        for (create, read, namespace) in holder.both(Right::CreateSecret, Right::ReadSecret) {
            let to = Position::Any(Extent::Accounts(namespace.map(str::to_owned)));
            let requests = vec![create.held.request(namespace, ""), read.held.request(namespace, "")];
            let bindings = [create.binding, read.binding];
            self.leads(holder, to, "creates and reads a token Secret of", requests, &bindings);
        }
    }

    fn impersonation(&mut self, holder: &Holder<'i, 'a>) {
        let rbac = self.rbac;
        let users: Vec<Has<'i, 'a>> = holder.in_cluster(Right::ImpersonateUser).collect();
        for has in &users {
            let Some(names) = &has.held.names else {
                self.leads(holder, Position::Any(Extent::Users), "impersonates", vec![has.request("")], &[has.binding]);
                continue;
            };
            for name in names.iter().filter(|name| rbac.is_bound(&Subject::User((**name).to_owned()))) {
                let to = Position::Subject(Subject::User((*name).to_owned()));
                self.leads(holder, to, "impersonates", vec![has.request(name)], &[has.binding]);
            }
        }
        // A request that impersonates a group names a user, too.
        let Some(user) = users.first() else { return };
        let name = user.held.names.as_ref().and_then(|names| names.first()).copied().unwrap_or_default();
        for has in holder.in_cluster(Right::ImpersonateGroup) {
            let requests = |group: &str| vec![user.request(name), has.request(group)];
            let bindings = [user.binding, has.binding];
            let (how, as_masters) = ("impersonates a user in", "impersonates a user in system:masters:");
            match &has.held.names {
                None => {
                    self.leads(holder, Position::ClusterAdmin, as_masters, requests(MASTERS), &bindings);
                    if user.held.names.is_none() {
                        self.leads(
                            holder,
                            Position::Any(Extent::UsersAndGroups),
                            "impersonates",
                            requests(""),
                            &bindings,
                        );
                    }
                }
                Some(names) => {
                    if names.contains(&MASTERS) {
                        self.leads(holder, Position::ClusterAdmin, as_masters, requests(MASTERS), &bindings);
                    }
                    for group in names.iter().filter(|group| rbac.is_bound(&Subject::group(group))) {
                        let to = Position::Subject(Subject::group(group));
                        self.leads(holder, to, how, requests(group), &bindings);
                    }
                }
            }
        }
    }

    /// Binds `cluster-admin`.
    fn bindings(&mut self, holder: &Holder<'i, 'a>) {
        const ADMIN: &str = "cluster-admin";
        for bind in holder.all(Right::BindClusterRole).filter(|has| has.held.covers(ADMIN)) {
            let cluster = holder.in_cluster(Right::CreateClusterRoleBinding).next();
            if let (Scope::Cluster, Some(write)) = (bind.scope, cluster) {
                let requests = vec![write.request(""), bind.held.request(None, ADMIN)];
                self.leads(holder, Position::ClusterAdmin, "binds itself to", requests, &[write.binding, bind.binding]);
            }
        }
        let binds = |has: &Has<'i, 'a>| has.held.covers(ADMIN);
        for (write, bind, namespace) in holder.both_where(Right::CreateRoleBinding, Right::BindClusterRole, &binds) {
            let to = match namespace {
                Some(namespace) => Position::NamespaceAdmin(namespace.to_owned()),
                None => Position::Any(Extent::Namespaces),
            };
            let requests = vec![write.held.request(namespace, ""), bind.held.request(namespace, ADMIN)];
            self.leads(holder, to, "binds cluster-admin to itself:", requests, &[write.binding, bind.binding]);
        }
    }

    /// Writes every right into a role that the holder has.
    fn escalation(&mut self, holder: &Holder<'i, 'a>, subject: &Subject) {
        let rbac = self.rbac;
        for (at, binding) in rbac.bindings_of(subject) {
            let is_cluster_role = binding.role_kind == "ClusterRole";
            let (escalate, change) = match is_cluster_role {
                true => (Right::EscalateClusterRole, Right::ChangeClusterRole),
                false => (Right::EscalateRole, Right::ChangeRole),
            };
            let first = |right| {
                holder.all(right).find(|has: &Has<'i, 'a>| {
                    let reaches = has.scope == Scope::Cluster || (!is_cluster_role && has.scope == binding.scope());
                    reaches && has.held.covers(binding.role_name)
                })
            };
            let (Some(escalate), Some(change)) = (first(escalate), first(change)) else { continue };
            let namespace = binding.namespace.filter(|_| !is_cluster_role);
            let to = match binding.namespace {
                None => Position::ClusterAdmin,
                Some(namespace) => Position::NamespaceAdmin(namespace.to_owned()),
            };
            let request = |has: Has<'i, 'a>| has.held.request(namespace, binding.role_name);
            let bindings = [at, escalate.binding, change.binding];
            self.leads(
                holder,
                to,
                "writes every right into its role:",
                vec![request(change), request(escalate)],
                &bindings,
            );
        }
    }

    /// Issues a certificate. Kubernetes signs none for `system:masters`.
    fn certificates(&mut self, holder: &Holder<'i, 'a>) {
        const SIGNERS: [&str; 2] = ["kubernetes.io/kube-apiserver-client", "kubernetes.io/*"];
        let approve = holder.in_cluster(Right::ApproveSigner).find_map(|has| {
            let signer = SIGNERS.iter().find(|signer| has.held.covers(signer))?;
            Some((has, *signer))
        });
        let unnamed = |right| holder.in_cluster(right).find(|has: &Has<'i, 'a>| has.held.names.is_none());
        let (create, update) = (unnamed(Right::CreateCertificateRequest), unnamed(Right::UpdateApproval));
        if let (Some((approve, signer)), Some(create), Some(update)) = (approve, create, update) {
            let requests = vec![create.request(""), update.request(""), approve.request(signer)];
            let bindings = [create.binding, update.binding, approve.binding];
            let to = Position::Any(Extent::UsersAndGroups);
            self.leads(holder, to, "issues a client certificate for", requests, &bindings);
        }
    }
}

/// A subject and its rights.
struct Holder<'h, 'a> {
    subject: Position,
    has: BTreeMap<Right, Vec<Has<'h, 'a>>>,
}

impl<'h, 'a> Holder<'h, 'a> {
    fn all(&self, right: Right) -> impl Iterator<Item = Has<'h, 'a>> {
        self.has.get(&right).into_iter().flatten().copied()
    }

    fn unnamed(&self, right: Right) -> impl Iterator<Item = Has<'h, 'a>> {
        self.all(right).filter(|has| has.held.names.is_none())
    }

    /// Rights outside namespaces.
    fn in_cluster(&self, right: Right) -> impl Iterator<Item = Has<'h, 'a>> {
        self.all(right).filter(|has| has.scope == Scope::Cluster)
    }

    fn both(&self, one: Right, other: Right) -> Vec<(Has<'h, 'a>, Has<'h, 'a>, Option<&'a str>)> {
        self.both_where(one, other, &|has| has.held.names.is_none())
    }

    /// Where two rights meet: one pair for the cluster, or for each namespace.
    fn both_where(
        &self,
        one: Right,
        other: Right,
        counts: &dyn Fn(&Has<'h, 'a>) -> bool,
    ) -> Vec<(Has<'h, 'a>, Has<'h, 'a>, Option<&'a str>)> {
        let of = |all: &mut dyn Iterator<Item = Has<'h, 'a>>| {
            let mut by_scope: BTreeMap<Scope<'a>, Has<'h, 'a>> = BTreeMap::new();
            all.for_each(|has| {
                by_scope.entry(has.scope).or_insert(has);
            });
            by_scope
        };
        let (ones, others) = (of(&mut self.unnamed(one)), of(&mut self.all(other).filter(counts)));
        let scopes: BTreeSet<Scope<'a>> = ones.keys().chain(others.keys()).copied().collect();
        let at = |by_scope: &BTreeMap<Scope<'a>, Has<'h, 'a>>, scope: &Scope<'a>| {
            by_scope.get(&Scope::Cluster).or_else(|| by_scope.get(scope)).copied()
        };
        let mut pairs = Vec::new();
        for scope in scopes {
            if let (Some(one), Some(other)) = (at(&ones, &scope), at(&others, &scope)) {
                match scope {
                    Scope::Cluster => return vec![(one, other, None)],
                    Scope::Namespace(namespace) => pairs.push((one, other, Some(namespace))),
                }
            }
        }
        pairs
    }
}

impl Has<'_, '_> {
    fn namespace(&self) -> Option<String> {
        match self.scope {
            Scope::Cluster => None,
            Scope::Namespace(namespace) => Some(namespace.to_owned()),
        }
    }

    fn reaches(&self, namespace: &str) -> bool {
        self.scope == Scope::Cluster || self.scope == Scope::Namespace(namespace)
    }

    fn request(&self, name: &str) -> Request {
        self.held.request(self.namespace().as_deref(), name)
    }
}
