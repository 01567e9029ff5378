//! Who is asking: the class of `userInfo`, decided once for all rules.

use crate::entra_id::is_guid;
use json::Node;
use text::glob;

/// The classes of `docs/behaviour.md`, in the order in which they are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requester {
    /// No `userInfo`: the audit scanner, or a manifest replayed without a user.
    Absent,
    Trusted,
    Node,
    /// An AKS local account: a certificate shared by everyone who downloaded it.
    LocalAccount,
    ServiceAccount,
    /// A user of a second identity provider (`aks:jwt:`).
    ExternalIssuer,
    Entra,
    /// A person whom Entra did not sign in: a client certificate, for example.
    Other,
}

/// The user as which AKS itself writes add-ons.
const AKS_SERVICE: &str = "aksService";

/// Whether the user writes the roles and bindings of AKS and its add-ons. The controller that fills aggregated roles
/// copies what other roles grant, and those were evaluated when they were written. Accounts of other namespaces are not
/// on the list: everyone who can create the namespace could have them.
pub(crate) fn writes_for_aks(name: &str) -> bool {
    matches!(name, AKS_SERVICE | "system:serviceaccount:kube-system:clusterrole-aggregation-controller")
}

/// Whether the user is the control plane itself or one of its service accounts.
pub(crate) fn is_control_plane(name: &str) -> bool {
    matches!(
        name,
        "system:apiserver"
            | "system:kube-controller-manager"
            | "system:kube-scheduler"
            | "system:kube-proxy"
            | AKS_SERVICE
            | "aks-support"
            | "aksProblemDetector"
    ) || name.strip_prefix("system:serviceaccount:").is_some_and(|account| account.starts_with("kube-system:"))
}

/// Old AKS versions have kubelets with other names; they count only together with the group `system:nodes`.
fn is_kubelet(name: &str) -> bool {
    name.starts_with("system:node:") || matches!(name, "nodeclient" | "client" | "kubelet")
}

/// User names of AKS local accounts, in requests and as subjects.
pub(crate) const LOCAL_ACCOUNTS: &[&str] = &["masterclient", "clusterAdmin", "clusterUser"];

impl Requester {
    /// Classifies `userInfo`; `trusted` are the patterns of the setting `trustedRequesters`.
    pub fn of(user_info: Node<'_>, trusted: &[String]) -> Requester {
        if is_empty(user_info) {
            return Requester::Absent;
        }
        let (mut name, mut groups, mut extra) = ("", Node::absent(), Node::absent());
        for (key, member) in user_info.members() {
            match key {
                "username" => name = member.text().unwrap_or_default(),
                "groups" => groups = member,
                "extra" => extra = member,
                _ => {}
            }
        }
        if is_control_plane(name) || trusted.iter().any(|pattern| glob::matches(pattern, name)) {
            return Requester::Trusted;
        }
        let in_group = |is_meant: fn(&str) -> bool| groups.texts().any(is_meant);
        if (is_kubelet(name) && in_group(|group| group == "system:nodes"))
            || (name.starts_with("system:bootstrap:") && in_group(|group| group == "system:bootstrappers"))
        {
            return Requester::Node;
        }
        if LOCAL_ACCOUNTS.contains(&name) || in_group(|group| group == "system:masters") {
            return Requester::LocalAccount;
        }
        if name.starts_with("system:serviceaccount:") {
            return Requester::ServiceAccount;
        }
        if name.starts_with("aks:jwt:") {
            return Requester::ExternalIssuer;
        }
        // Checked last: every user who can impersonate `userextras/oid` can set it.
        let oid = extra.get("oid").texts().next();
        if oid.is_some_and(is_guid) { Requester::Entra } else { Requester::Other }
    }

    /// Nodes and the control plane, which request tokens and certificates as a matter of course.
    pub fn is_system_component(self) -> bool {
        matches!(self, Requester::Trusted | Requester::Node)
    }

    /// The name used in audit annotations and documentation.
    pub fn as_str(self) -> &'static str {
        match self {
            Requester::Absent => "absent",
            Requester::Trusted => "control-plane",
            Requester::Node => "node",
            Requester::LocalAccount => "local-account",
            Requester::ServiceAccount => "service-account",
            Requester::ExternalIssuer => "external-issuer",
            Requester::Entra => "entra",
            Requester::Other => "other",
        }
    }
}

/// The audit scanner sends a `userInfo` whose members are empty strings and nulls.
fn is_empty(node: Node<'_>) -> bool {
    node.is_absent()
        || node.text() == Some("")
        || (node.is_list() && node.items().all(is_empty))
        || (node.is_object() && node.members().all(|(_, member)| is_empty(member)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use json::parse;

    fn class(user_info: &str) -> Requester {
        let value = parse(user_info).unwrap();
        Requester::of(Node::new(&value), &["deployer-*".to_owned()])
    }

    #[test]
    fn classes_in_order() {
        for (user_info, expected) in [
            ("null", Requester::Absent),
            (r#"{}"#, Requester::Absent),
            (r#"{"username":"","uid":null,"groups":[],"extra":{}}"#, Requester::Absent),
            (r#"{"username":"system:apiserver"}"#, Requester::Trusted),
            (r#"{"username":"system:serviceaccount:kube-system:job-controller"}"#, Requester::Trusted),
            (r#"{"username":"deployer-7"}"#, Requester::Trusted),
            (r#"{"username":"system:node:aks-1","groups":["system:nodes"]}"#, Requester::Node),
            (r#"{"username":"system:node:aks-1"}"#, Requester::Other),
            (r#"{"username":"client","groups":["system:nodes"]}"#, Requester::Node),
            (r#"{"username":"client"}"#, Requester::Other),
            (r#"{"username":"system:bootstrap:ab12","groups":["system:bootstrappers"]}"#, Requester::Node),
            (r#"{"username":"masterclient"}"#, Requester::LocalAccount),
            (r#"{"username":"x","groups":["system:masters"]}"#, Requester::LocalAccount),
            (r#"{"username":"system:serviceaccount:shop:web"}"#, Requester::ServiceAccount),
            (
                r#"{"username":"aks:jwt:github:me","extra":{"oid":["11111111-2222-3333-4444-555555555555"]}}"#,
                Requester::ExternalIssuer,
            ),
            (r#"{"username":"a@b.c","extra":{"oid":["11111111-2222-3333-4444-555555555555"]}}"#, Requester::Entra),
            (r#"{"username":"a@b.c","extra":{"oid":[""]}}"#, Requester::Other),
            (r#"{"groups":["system:authenticated"]}"#, Requester::Other),
        ] {
            assert_eq!(class(user_info), expected, "{user_info}");
        }
    }
}
