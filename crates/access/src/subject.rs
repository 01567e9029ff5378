//! Users, groups and service accounts.

use entra_auth_policy::entra_id::{is_guid, is_upn};
use serde::Serialize;
use std::fmt;

/// Who rights are granted to. A service account that is written as a User is a service account here.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    User(String),
    Group(String),
    ServiceAccount { namespace: String, name: String },
}

/// What the name of a subject shows about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// A group by its object id.
    EntraGroup,
    /// A user by the user principal name.
    EntraUser,
    /// A user by its object id: in AKS a service principal or managed identity, or a guest.
    EntraPrincipal,
    ServiceAccount,
    /// A group of service accounts.
    ServiceAccounts,
    /// Not a name of Entra: a certificate's, or one that grants nothing in a cluster with Entra.
    Other,
    /// `system:…`, and service accounts of `kube-system`.
    Kubernetes,
}

/// The group that RBAC does not restrict.
pub(crate) const MASTERS: &str = "system:masters";
pub(crate) const AUTHENTICATED: &str = "system:authenticated";
const UNAUTHENTICATED: &str = "system:unauthenticated";
const ACCOUNTS: &str = "system:serviceaccounts";
const ACCOUNTS_OF: &str = "system:serviceaccounts:";
const ACCOUNT: &str = "system:serviceaccount:";
const ANONYMOUS: &str = "system:anonymous";

impl Subject {
    pub fn user(name: &str) -> Subject {
        match name.strip_prefix(ACCOUNT).and_then(|rest| rest.split_once(':')) {
            Some((namespace, name)) => Subject::account(namespace, name),
            None => Subject::User(name.to_owned()),
        }
    }

    pub fn group(name: &str) -> Subject {
        Subject::Group(name.to_owned())
    }

    pub fn account(namespace: &str, name: &str) -> Subject {
        Subject::ServiceAccount { namespace: namespace.to_owned(), name: name.to_owned() }
    }

    /// As users write it: `user:NAME`, `group:NAME`, `serviceaccount:NAMESPACE/NAME` or
    /// `system:serviceaccount:NAMESPACE:NAME`. `None` for a name alone, whose kind only the cluster knows.
    pub fn parse(text: &str) -> Option<Subject> {
        if text.starts_with(ACCOUNT) {
            return Some(Subject::user(text));
        }
        let (kind, name) = text.split_once(':')?;
        match kind.to_ascii_lowercase().as_str() {
            "user" => Some(Subject::user(name)),
            "group" => Some(Subject::group(name)),
            "serviceaccount" | "sa" => {
                let (namespace, name) = name.split_once(['/', ':'])?;
                Some(Subject::account(namespace, name))
            }
            _ => None,
        }
    }

    /// The name without its kind.
    pub fn name(&self) -> String {
        match self {
            Subject::User(name) | Subject::Group(name) => name.clone(),
            Subject::ServiceAccount { namespace, name } => format!("{namespace}/{name}"),
        }
    }

    /// The user name that requests carry; `None` for a group.
    pub fn user_name(&self) -> Option<String> {
        match self {
            Subject::User(name) => Some(name.clone()),
            Subject::Group(_) => None,
            Subject::ServiceAccount { namespace, name } => Some(format!("{ACCOUNT}{namespace}:{name}")),
        }
    }

    /// The groups that the API server adds to every request of this subject. A member of a group is authenticated,
    /// unless the group is that of the others.
    pub fn implied_groups(&self) -> Vec<Subject> {
        match self {
            Subject::User(name) if name == ANONYMOUS => vec![Subject::group(UNAUTHENTICATED)],
            Subject::User(_) => vec![Subject::group(AUTHENTICATED)],
            Subject::Group(name) if name == AUTHENTICATED || name == UNAUTHENTICATED => Vec::new(),
            Subject::Group(name) => match name.strip_prefix(ACCOUNTS_OF) {
                Some(_) => vec![Subject::group(ACCOUNTS), Subject::group(AUTHENTICATED)],
                None => vec![Subject::group(AUTHENTICATED)],
            },
            Subject::ServiceAccount { namespace, .. } => vec![
                Subject::Group(format!("{ACCOUNTS_OF}{namespace}")),
                Subject::group(ACCOUNTS),
                Subject::group(AUTHENTICATED),
            ],
        }
    }

    /// Whether only service accounts can be this subject or a member of it.
    pub(crate) fn is_of_accounts(&self) -> bool {
        match self {
            Subject::ServiceAccount { .. } => true,
            Subject::Group(name) => name == ACCOUNTS || name.starts_with(ACCOUNTS_OF),
            Subject::User(_) => false,
        }
    }

    pub fn class(&self) -> Class {
        match self {
            Subject::ServiceAccount { namespace, .. } if namespace == "kube-system" => Class::Kubernetes,
            Subject::ServiceAccount { .. } => Class::ServiceAccount,
            Subject::Group(name) if name.starts_with(ACCOUNTS) => Class::ServiceAccounts,
            Subject::User(name) | Subject::Group(name) if name.starts_with("system:") => Class::Kubernetes,
            Subject::Group(name) if is_guid(name) => Class::EntraGroup,
            Subject::User(name) if is_upn(name) => Class::EntraUser,
            Subject::User(name) if is_guid(name) => Class::EntraPrincipal,
            Subject::User(_) | Subject::Group(_) => Class::Other,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Subject::User(_) => "user",
            Subject::Group(_) => "group",
            Subject::ServiceAccount { .. } => "service account",
        };
        write!(f, "{kind} {}", text::shown(&self.name()))
    }
}

impl Class {
    pub const ALL: [Class; 7] = [
        Class::EntraGroup,
        Class::EntraUser,
        Class::EntraPrincipal,
        Class::ServiceAccounts,
        Class::ServiceAccount,
        Class::Other,
        Class::Kubernetes,
    ];

    /// What one of them is.
    pub fn name(self) -> &'static str {
        match self {
            Class::EntraGroup => "Entra group",
            Class::EntraUser => "Entra user",
            Class::EntraPrincipal => "Entra service principal",
            Class::ServiceAccount => "service account",
            Class::ServiceAccounts => "group of service accounts",
            Class::Other => "name outside Entra",
            Class::Kubernetes => "Kubernetes",
        }
    }

    /// Its name, in the plural.
    pub fn title(self) -> &'static str {
        match self {
            Class::EntraGroup => "Entra groups",
            Class::EntraUser => "Entra users",
            Class::EntraPrincipal => "Entra service principals",
            Class::ServiceAccount => "Service accounts",
            Class::ServiceAccounts => "Groups of service accounts",
            Class::Other => "Names outside Entra",
            Class::Kubernetes => "Kubernetes and AKS",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read() {
        let account = Subject::account("shop", "web");
        for text in [
            "system:serviceaccount:shop:web",
            "serviceaccount:shop/web",
            "sa:shop:web",
            "user:system:serviceaccount:shop:web",
        ] {
            assert_eq!(Subject::parse(text), Some(account.clone()), "{text}");
        }
        assert_eq!(Subject::parse("Group:system:masters"), Some(Subject::group(MASTERS)));
        assert_eq!(Subject::parse("user:ann@contoso.com"), Some(Subject::user("ann@contoso.com")));
        for text in ["ann@contoso.com", "system:masters", "sa:web", ""] {
            assert_eq!(Subject::parse(text), None, "{text}");
        }
        assert_eq!(account.user_name().as_deref(), Some("system:serviceaccount:shop:web"));
        assert_eq!(account.to_string(), "service account shop/web");
    }

    #[test]
    fn classes_are_by_name() {
        let id = "0f8fad5b-d9cb-469f-a165-70867728950e";
        for (subject, class) in [
            (Subject::group(id), Class::EntraGroup),
            (Subject::user(id), Class::EntraPrincipal),
            (Subject::user("ann@contoso.com"), Class::EntraUser),
            (Subject::user("clusterAdmin"), Class::Other),
            (Subject::group("developers"), Class::Other),
            (Subject::group(MASTERS), Class::Kubernetes),
            (Subject::group("system:serviceaccounts:shop"), Class::ServiceAccounts),
            (Subject::account("kube-system", "x"), Class::Kubernetes),
            (Subject::account("shop", "x"), Class::ServiceAccount),
        ] {
            assert_eq!(subject.class(), class, "{subject}");
        }
    }
}
