//! Roles and bindings, evaluated as the RBAC authorizer does.

use crate::aggregate;
use crate::request::Request;
use crate::subject::{MASTERS, Subject};
use crate::{group_and_kind, text, texts};
use kubernetes::grant::PolicyRule;
use kubernetes::kind::{CLUSTER_ROLE, CLUSTER_ROLE_BINDING, ROLE, ROLE_BINDING};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The roles and bindings of a cluster.
pub struct Rbac<'a> {
    roles: Vec<Role<'a>>,
    bindings: Vec<Binding<'a>>,
    /// The bindings outside namespaces, and those of each namespace.
    by_namespace: BTreeMap<Option<&'a str>, Vec<usize>>,
    by_subject: BTreeMap<Subject, Vec<usize>>,
}

pub(crate) struct Role<'a> {
    pub(crate) object: &'a Value,
    /// The policy rules in effect, those of aggregated roles included.
    pub(crate) rules: Vec<PolicyRule<'a>>,
}

/// A RoleBinding or ClusterRoleBinding.
#[derive(Clone, Debug)]
pub struct Binding<'a> {
    pub name: &'a str,
    /// `None` for a ClusterRoleBinding.
    pub namespace: Option<&'a str>,
    /// `ClusterRole` or `Role`.
    pub role_kind: &'a str,
    pub role_name: &'a str,
    pub subjects: Vec<Subject>,
    /// Its role, if there is one.
    role: Option<usize>,
}

/// Where a right is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope<'a> {
    Cluster,
    Namespace(&'a str),
}

/// Who a request is allowed to, and by which binding. RBAC does not restrict `system:masters`, so no binding is needed
/// for it.
#[derive(Clone, Debug)]
pub struct Grantee<'r, 'a> {
    pub subject: Subject,
    pub binding: Option<&'r Binding<'a>>,
}

/// A role that a subject has by a binding.
#[derive(Clone, Copy, Debug)]
pub struct Holding<'r, 'a> {
    pub binding: &'r Binding<'a>,
    /// `None` if the role does not exist, so that the binding grants nothing.
    pub role: Option<&'a Value>,
    /// `None` if the subject is bound itself.
    pub group: Option<&'r Subject>,
}

type Name<'a> = (Option<&'a str>, &'a str);

impl<'a> Rbac<'a> {
    /// Of several objects with one name, the last counts.
    pub fn of(objects: impl IntoIterator<Item = &'a Value>) -> Rbac<'a> {
        let mut roles: BTreeMap<Name<'a>, &'a Value> = BTreeMap::new();
        let mut bindings: BTreeMap<Name<'a>, &'a Value> = BTreeMap::new();
        for object in objects {
            let (group, kind) = group_and_kind(object);
            let name = |namespaced: bool| {
                let namespace = text(object, &["metadata", "namespace"]);
                // kubectl creates it there.
                let namespace = if namespace.is_empty() { "default" } else { namespace };
                (namespaced.then_some(namespace), text(object, &["metadata", "name"]))
            };
            if ROLE.is(group, kind) || CLUSTER_ROLE.is(group, kind) {
                roles.insert(name(ROLE.is(group, kind)), object);
            } else if ROLE_BINDING.is(group, kind) || CLUSTER_ROLE_BINDING.is(group, kind) {
                bindings.insert(name(ROLE_BINDING.is(group, kind)), object);
            }
        }
        let mut index = BTreeMap::new();
        let mut rbac = Rbac {
            roles: Vec::with_capacity(roles.len()),
            bindings: Vec::with_capacity(bindings.len()),
            by_namespace: BTreeMap::new(),
            by_subject: BTreeMap::new(),
        };
        for (name, object) in roles {
            index.insert(name, rbac.roles.len());
            let rules = object["rules"].as_array().into_iter().flatten().map(policy_rule).collect();
            rbac.roles.push(Role { object, rules });
        }
        aggregate::complete(&mut rbac.roles);
        for ((namespace, name), object) in bindings {
            rbac.add(Binding::read(name, namespace, object, &index));
        }
        rbac
    }

    fn add(&mut self, binding: Binding<'a>) {
        let at = self.bindings.len();
        self.by_namespace.entry(binding.namespace).or_default().push(at);
        for subject in &binding.subjects {
            let of = self.by_subject.entry(subject.clone()).or_default();
            // A subject that is listed twice is bound once.
            if of.last() != Some(&at) {
                of.push(at);
            }
        }
        self.bindings.push(binding);
    }

    pub fn bindings(&self) -> &[Binding<'a>] {
        &self.bindings
    }

    /// Everyone who is bound, in order.
    pub fn subjects(&self) -> impl Iterator<Item = &Subject> {
        self.by_subject.keys()
    }

    /// The policy rules that a binding grants.
    pub(crate) fn rules(&self, binding: &Binding<'a>) -> &[PolicyRule<'a>] {
        let role = binding.role.and_then(|role| self.roles.get(role));
        role.map_or(&[], |role| role.rules.as_slice())
    }

    /// The role of a binding as an object, with the rules in effect.
    pub(crate) fn role(&self, binding: &Binding<'a>) -> Option<&Role<'a>> {
        self.roles.get(binding.role?)
    }

    /// The number of a binding's role, for tables of roles.
    pub(crate) fn role_index(&self, binding: &Binding<'a>) -> Option<usize> {
        binding.role
    }

    pub(crate) fn roles(&self) -> &[Role<'a>] {
        &self.roles
    }

    /// Whether a binding names the subject.
    pub fn is_bound(&self, subject: &Subject) -> bool {
        self.by_subject.contains_key(subject)
    }

    /// The bindings of a subject itself, without those of its groups.
    pub(crate) fn bindings_of(&self, subject: &Subject) -> impl Iterator<Item = (usize, &Binding<'a>)> {
        let of = self.by_subject.get(subject).into_iter().flatten();
        of.filter_map(|at| Some((*at, self.bindings.get(*at)?)))
    }

    /// Whether a request of this subject, a member of `groups` too, is allowed.
    pub fn allows(&self, subject: &Subject, groups: &[Subject], request: &Request) -> bool {
        let mut all = vec![subject.clone()];
        all.extend(groups.iter().cloned());
        all.extend(all.clone().iter().flat_map(Subject::implied_groups));
        all.contains(&Subject::group(MASTERS)) || all.iter().any(|one| self.grants(one, request))
    }

    /// Whether a binding of the subject itself allows the request.
    fn grants(&self, subject: &Subject, request: &Request) -> bool {
        self.bindings_of(subject).any(|(_, binding)| {
            binding.is_in_effect_for(request) && self.rules(binding).iter().any(|rule| request.is_allowed_by(rule))
        })
    }

    /// Everyone to whom a request is allowed, as bindings name them.
    pub fn who_can(&self, request: &Request) -> Vec<Grantee<'_, 'a>> {
        let mut allowed: BTreeMap<usize, bool> = BTreeMap::new();
        let masters = Grantee { subject: Subject::group(MASTERS), binding: None };
        let mut found: BTreeMap<Subject, Grantee<'_, 'a>> = BTreeMap::new();
        let namespaces = [Some(None), request.namespace().map(Some)];
        let bindings = namespaces.iter().flatten().filter_map(|namespace| self.by_namespace.get(namespace)).flatten();
        for binding in bindings.filter_map(|at| self.bindings.get(*at)) {
            let Some(role) = binding.role else { continue };
            let is_allowed = *allowed
                .entry(role)
                .or_insert_with(|| self.rules(binding).iter().any(|rule| request.is_allowed_by(rule)));
            for subject in binding.subjects.iter().filter(|_| is_allowed) {
                found
                    .entry(subject.clone())
                    .or_insert_with(|| Grantee { subject: subject.clone(), binding: Some(binding) });
            }
        }
        found.entry(masters.subject.clone()).or_insert(masters);
        found.into_values().collect()
    }

    /// The namespaces in which RoleBindings allow a request that names none, and to whom.
    pub fn who_can_in_namespaces(&self, request: &Request) -> BTreeMap<&'a str, Vec<Grantee<'_, 'a>>> {
        let mut allowed: BTreeMap<usize, bool> = BTreeMap::new();
        let mut found: BTreeMap<&'a str, Vec<Grantee<'_, 'a>>> = BTreeMap::new();
        for binding in &self.bindings {
            let (Some(namespace), Some(role)) = (binding.namespace, binding.role) else { continue };
            let is_allowed = *allowed
                .entry(role)
                .or_insert_with(|| self.rules(binding).iter().any(|rule| request.is_allowed_by(rule)));
            if is_allowed {
                let subjects = binding.subjects.iter();
                let grantees = subjects.map(|subject| Grantee { subject: subject.clone(), binding: Some(binding) });
                found.entry(namespace).or_default().extend(grantees);
            }
        }
        found
    }

    /// What a subject has, by bindings of its own and of its implied groups.
    pub fn holdings(&self, subject: &Subject) -> Vec<Holding<'_, 'a>> {
        let mut found = Vec::new();
        let holding = |binding, group| Holding { binding, role: self.role(binding).map(|role| role.object), group };
        found.extend(self.bindings_of(subject).map(|(_, binding)| holding(binding, None)));
        for group in subject.implied_groups() {
            let Some((group, of)) = self.by_subject.get_key_value(&group) else { continue };
            let bindings = of.iter().filter_map(|at| self.bindings.get(*at));
            found.extend(bindings.map(|binding| holding(binding, Some(group))));
        }
        found
    }

    /// The subjects that a name alone can mean: bound ones, of any kind.
    pub fn named(&self, name: &str) -> Vec<Subject> {
        let kinds = [Subject::user(name), Subject::group(name)];
        let mut found: Vec<Subject> =
            kinds.into_iter().filter(|subject| self.by_subject.contains_key(subject)).collect();
        if let Some((namespace, name)) = name.split_once('/') {
            found.push(Subject::account(namespace, name));
        }
        found
    }
}

impl<'a> Binding<'a> {
    fn read(
        name: &'a str,
        namespace: Option<&'a str>,
        object: &'a Value,
        roles: &BTreeMap<Name<'a>, usize>,
    ) -> Binding<'a> {
        let role_kind = text(object, &["roleRef", "kind"]);
        let role_name = text(object, &["roleRef", "name"]);
        let role = match role_kind {
            "ClusterRole" => roles.get(&(None, role_name)),
            // There is no Role outside namespaces.
            "Role" if namespace.is_some() => roles.get(&(namespace, role_name)),
            _ => None,
        };
        let mut subjects: Vec<Subject> = Vec::new();
        let mut known = BTreeSet::new();
        for subject in object["subjects"].as_array().into_iter().flatten() {
            let name = text(subject, &["name"]);
            let subject = match text(subject, &["kind"]) {
                "User" => Subject::user(name),
                "Group" => Subject::group(name),
                "ServiceAccount" => {
                    let own = text(subject, &["namespace"]);
                    match if own.is_empty() { namespace } else { Some(own) } {
                        Some(namespace) => Subject::account(namespace, name),
                        None => continue,
                    }
                }
                _ => continue,
            };
            if known.insert(subject.clone()) {
                subjects.push(subject);
            }
        }
        Binding { name, namespace, role_kind, role_name, subjects, role: role.copied() }
    }

    pub fn scope(&self) -> Scope<'a> {
        self.namespace.map_or(Scope::Cluster, Scope::Namespace)
    }

    /// Whether the authorizer reads it for the request.
    fn is_in_effect_for(&self, request: &Request) -> bool {
        self.namespace.is_none() || self.namespace == request.namespace()
    }
}

impl fmt::Display for Binding<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = text::shown(self.name);
        match self.namespace {
            Some(namespace) => write!(f, "RoleBinding {}/{name}", text::shown(namespace)),
            None => write!(f, "ClusterRoleBinding {name}"),
        }
    }
}

impl fmt::Display for Scope<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scope::Cluster => f.write_str("the whole cluster"),
            Scope::Namespace(namespace) => f.write_str(&text::shown(namespace)),
        }
    }
}

fn policy_rule(rule: &Value) -> PolicyRule<'_> {
    let list = |key: &str| texts(&rule[key]);
    PolicyRule::of(list("apiGroups"), list("resources"), list("verbs"), list("resourceNames"), list("nonResourceURLs"))
}
