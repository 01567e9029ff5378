//! What a request asks of the authorizer.

use kubernetes::grant::PolicyRule;
use kubernetes::resources::{RESOURCES, Scope};
use serde::Serialize;
use std::fmt;

/// The attributes that RBAC decides by.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Request {
    pub verb: String,
    #[serde(flatten)]
    pub asked: Asked,
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
pub enum Asked {
    Resource {
        group: String,
        /// With the subresource: `pods/exec`.
        resource: String,
        /// `None` outside namespaces and in all of them at once.
        #[serde(skip_serializing_if = "Option::is_none")]
        namespace: Option<String>,
        /// Empty for a request that names no object.
        #[serde(skip_serializing_if = "String::is_empty")]
        name: String,
    },
    Url {
        path: String,
    },
}

impl Request {
    pub fn resource(verb: &str, group: &str, resource: &str, namespace: Option<&str>, name: &str) -> Request {
        let (group, resource, name) = (group.to_owned(), resource.to_owned(), name.to_owned());
        let asked = Asked::Resource { group, resource, namespace: namespace.map(str::to_owned), name };
        Request { verb: verb.to_owned(), asked }
    }

    pub fn url(verb: &str, path: &str) -> Request {
        Request { verb: verb.to_owned(), asked: Asked::Url { path: path.to_owned() } }
    }

    /// As users write it: `/metrics`, `pods`, `pod`, `pods/exec`, `deployments.apps`, `Deployment`. Without a group, a
    /// resource of Kubernetes has its own; any other is in the core group.
    pub fn parse(verb: &str, resource: &str, namespace: Option<&str>, name: &str) -> Request {
        if resource.starts_with('/') {
            return Request::url(verb, resource);
        }
        let (written, subresource) = resource.split_once('/').map_or((resource, None), |(r, s)| (r, Some(s)));
        let (plural, group) = written.split_once('.').map_or((written, None), |(plural, group)| (plural, Some(group)));
        let known = RESOURCES.iter().find(|(known_group, kind, known, scope, _)| {
            let is_called = kind.eq_ignore_ascii_case(plural) || *known == plural.to_ascii_lowercase();
            *scope != Scope::Subresource && is_called && group.is_none_or(|group| group == *known_group)
        });
        let (group, plural, namespaced) = match known {
            Some((group, _, plural, scope, _)) => (*group, *plural, *scope != Scope::Cluster),
            None => (group.unwrap_or_default(), plural, true),
        };
        let resource = subresource.map_or_else(|| plural.to_owned(), |subresource| format!("{plural}/{subresource}"));
        // A request for a Namespace is made in it.
        let own = if plural == "namespaces" && !name.is_empty() { Some(name) } else { None };
        Request::resource(verb, group, &resource, namespace.filter(|_| namespaced).or(own), name)
    }

    /// The namespace that the authorizer looks for RoleBindings in.
    pub fn namespace(&self) -> Option<&str> {
        match &self.asked {
            Asked::Resource { namespace, .. } => namespace.as_deref(),
            Asked::Url { .. } => None,
        }
    }

    /// Whether a policy rule allows it, as Kubernetes' `RuleAllows` decides.
    pub fn is_allowed_by(&self, rule: &PolicyRule<'_>) -> bool {
        if rule.verb(&self.verb).is_none() {
            return false;
        }
        match &self.asked {
            Asked::Resource { group, resource, name, .. } => {
                rule.has_group(group) && rule.resource(resource).is_some() && rule.has_name(name)
            }
            Asked::Url { path } => rule.has_url(path),
        }
    }

    /// The same for one object.
    #[must_use]
    pub(crate) fn aimed_at(&self, to_namespace: Option<&str>, to_name: &str) -> Request {
        let mut request = self.clone();
        if let Asked::Resource { namespace, name, .. } = &mut request.asked {
            *namespace = to_namespace.map(str::to_owned).or(namespace.take());
            *name = to_name.to_owned();
        }
        request
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = text::shown(&self.verb);
        match &self.asked {
            Asked::Url { path } => write!(f, "{verb} {}", text::shown(path)),
            Asked::Resource { group, resource, namespace, name } => {
                write!(f, "{verb} {}", text::shown(resource))?;
                let is_known = |(known, _, plural, ..): &&kubernetes::resources::Resource| {
                    *known == group && *plural == resource.split('/').next().unwrap_or_default()
                };
                if !group.is_empty() && group != "*" && !RESOURCES.iter().any(|known| is_known(&known)) {
                    write!(f, " of {}", text::shown(group))?;
                }
                if !name.is_empty() {
                    write!(f, " {}", text::shown(name))?;
                }
                match namespace {
                    Some(namespace) => write!(f, " in {}", text::shown(namespace)),
                    None => Ok(()),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_are_read_as_kubectl_does() {
        let of = |resource: &str| Request::parse("get", resource, Some("shop"), "");
        let expected = |group: &str, resource: &str| Request::resource("get", group, resource, Some("shop"), "");
        assert_eq!(of("pods"), expected("", "pods"));
        assert_eq!(of("Pod"), expected("", "pods"));
        assert_eq!(of("pods/exec"), expected("", "pods/exec"));
        assert_eq!(of("deployment"), expected("apps", "deployments"));
        assert_eq!(of("deployments.apps"), expected("apps", "deployments"));
        assert_eq!(of("secretstores.external-secrets.io"), expected("external-secrets.io", "secretstores"));
        assert_eq!(of("nodes").namespace(), None);
        assert_eq!(of("/metrics"), Request::url("get", "/metrics"));
        assert_eq!(Request::parse("delete", "ns", None, "").to_string(), "delete ns");
        assert_eq!(Request::parse("delete", "namespace", None, "shop").namespace(), Some("shop"));
        assert_eq!(of("deployments").to_string(), "get deployments in shop");
        assert_eq!(of("widgets.contoso.com").to_string(), "get widgets of contoso.com in shop");
    }
}
