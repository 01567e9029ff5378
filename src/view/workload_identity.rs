//! Microsoft Entra Workload ID: what its webhook reads, and what it writes into Pods.
//!
//! The webhook changes Pods as they are created, before a validating policy sees them. Up to 1.5 it
//! calls its volume `azure-identity-token`; 1.6 moved the token file and names the volume after a hash.
//! Everything that either generation writes is known here, so that no rule reports it as the author's.

use crate::object::Object;
use crate::sort::sort;
use crate::view::container::{Container, ContainerRole};
use crate::view::workload::Workload;
use json::Node;

/// What every label and annotation of workload identity begins with.
pub const PREFIX: &str = "azure.workload.identity/";

pub use crate::view::workload::USE_LABEL as USE;
pub const CLIENT_ID: &str = "azure.workload.identity/client-id";
pub const TENANT_ID: &str = "azure.workload.identity/tenant-id";
pub const TOKEN_EXPIRATION: &str = "azure.workload.identity/service-account-token-expiration";
pub const SKIP_CONTAINERS: &str = "azure.workload.identity/skip-containers";
pub const INJECT_PROXY: &str = "azure.workload.identity/inject-proxy-sidecar";
pub const USE_IDENTITY_BINDING: &str = "azure.workload.identity/use-identity-binding";
pub const PROXY_PORT: &str = "azure.workload.identity/proxy-sidecar-port";

/// Where a key takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Home {
    PodLabel,
    PodAnnotation,
    AccountAnnotation,
}

impl Home {
    /// Its name in messages.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Home::PodLabel => "a label of the pod",
            Home::PodAnnotation => "an annotation of the pod",
            Home::AccountAnnotation => "an annotation of the service account",
        }
    }
}

/// Every key, without the prefix, and where it takes effect.
pub const KEYS: &[(&str, &[Home])] = &[
    ("use", &[Home::PodLabel]),
    ("client-id", &[Home::AccountAnnotation]),
    ("tenant-id", &[Home::AccountAnnotation]),
    ("service-account-token-expiration", &[Home::PodAnnotation, Home::AccountAnnotation]),
    ("skip-containers", &[Home::PodAnnotation]),
    ("inject-proxy-sidecar", &[Home::PodAnnotation]),
    ("proxy-sidecar-port", &[Home::PodAnnotation]),
    ("use-identity-binding", &[Home::PodAnnotation]),
];

/// The label that the webhook's own objects carry.
pub(crate) const SYSTEM: &str = "system";

/// Where the webhook mounts its token: up to 1.5, and since 1.6.
pub const TOKEN_DIRECTORIES: [&str; 2] = ["/var/run/secrets/azure/tokens", "/var/run/secrets/azure/wi"];

/// The port of the proxy sidecar if no annotation names another.
pub const DEFAULT_PROXY_PORT: i64 = 8000;

const OLD_VOLUME: &str = "azure-identity-token";
const RESERVED_VOLUME: &str = "azure-workload-identity-reserved-";

/// Whether Entra, or the proxy of AKS identity bindings, accepts a token for `audience`. Both ignore case.
pub fn is_entra_audience(audience: &str) -> bool {
    // Sovereign clouds append their name: `api://AzureADTokenExchangeChina`.
    ["api://AzureADTokenExchange", "api://AKSIdentityBinding"]
        .iter()
        .any(|prefix| audience.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix)))
}

/// Whether `audience` is that of the proxy of AKS identity bindings.
pub(crate) fn is_identity_binding_audience(audience: &str) -> bool {
    audience.eq_ignore_ascii_case("api://AKSIdentityBinding")
}

/// The token source of a volume that holds an Entra assertion; absent for other volumes.
pub(crate) fn entra_token(volume: Node<'_>) -> Node<'_> {
    let sources = volume.at(&["projected", "sources"]);
    if sources.is_absent() {
        return sources;
    }
    // The audience that the webhook asks for can be configured.
    let own = volume.get("name").text().is_some_and(is_reserved_volume_name);
    sources
        .items()
        .map(|source| source.get("serviceAccountToken"))
        .find(|token| token.get("audience").set_text().is_some_and(|audience| own || is_entra_audience(audience)))
        .unwrap_or(Node::absent())
}

/// Whether a volume has a name that the webhook uses.
pub fn is_reserved_volume_name(name: &str) -> bool {
    name == OLD_VOLUME || name.starts_with(RESERVED_VOLUME)
}

/// Whether the webhook made this mount, or would leave it as it is.
pub(crate) fn is_own_mount(workload: &Workload<'_>, mount: Node<'_>) -> bool {
    let Some(name) = mount.get("name").text() else { return false };
    // The hash in the newer name is that of the Pod's name: no template can know it.
    let own_name = name == OLD_VOLUME || (workload.is_pod() && name.starts_with(RESERVED_VOLUME));
    own_name && token_of_volume(workload, name).is_some()
}

/// Whether a container is one of the two of the migration proxy, by its image: Microsoft's page writes them out under
/// other names than the webhook.
pub(crate) fn is_proxy(container: &Container<'_>) -> bool {
    is_proxy_image(container.image_path())
}

/// Whether the repository path of an image is that of the migration proxy.
pub fn is_proxy_image(path: &str) -> bool {
    path.ends_with("workload-identity/proxy") || path.ends_with("workload-identity/proxy-init")
}

/// Whether a pod can sign in to Entra: it asks the webhook for a token, or projects one by hand.
pub(crate) fn signs_in(workload: &Workload<'_>) -> bool {
    workload.uses_workload_identity() || workload.volumes().any(|volume| !entra_token(volume).is_absent())
}

/// Whether the webhook gives `container` a token.
pub(crate) fn gets_token(workload: &Workload<'_>, container: &Container<'_>) -> bool {
    workload.uses_workload_identity()
        && container.role != ContainerRole::Ephemeral
        && !is_skipped(workload, container.name())
}

/// Whether `container` has a token, from the webhook or by hand.
pub(crate) fn has_token<'a>(workload: &Workload<'a>, container: &Container<'a>) -> bool {
    let injected = || workload.uses_workload_identity() && !is_skipped(workload, container.name());
    injected() || token_mounts(workload, container).next().is_some()
}

/// The containers that the webhook leaves alone, as it reads the annotation, in the order of their names.
pub(crate) fn skipped<'w, 'a>(workload: &'w Workload<'a>) -> &'w [&'a str] {
    workload.skipped.get_or_init(|| {
        let list = workload.annotation(SKIP_CONTAINERS).text().unwrap_or_default();
        let mut names: Vec<&str> = list.split(';').map(str::trim).filter(|name| !name.is_empty()).collect();
        sort(&mut names);
        names
    })
}

/// Whether the webhook leaves the container with this name alone.
pub(crate) fn is_skipped(workload: &Workload<'_>, container: &str) -> bool {
    skipped(workload).binary_search_by(|name| (*name).cmp(container)).is_ok()
}

/// The Entra token of the volume that mounts call `name`.
fn token_of_volume<'a>(workload: &Workload<'a>, name: &str) -> Option<Node<'a>> {
    workload.volume(name).map(entra_token).filter(|token| !token.is_absent())
}

/// Whether a mount of `container` puts an Entra token at `path`.
pub(crate) fn is_token_file<'a>(workload: &Workload<'a>, container: &Container<'a>, path: &str) -> bool {
    token_mounts(workload, container).any(|(mount, token)| {
        let below = mount.get("mountPath").text().and_then(|directory| below(path, directory));
        match mount.get("subPath").set_text() {
            // The mount is the file itself.
            Some(sub_path) => below == Some("") && Some(sub_path) == token.get("path").text(),
            None => below.is_some() && below == token.get("path").text(),
        }
    })
}

/// Every mount of a volume that holds an Entra token, with that token.
fn token_mounts<'w, 'a>(
    workload: &'w Workload<'a>,
    container: &Container<'a>,
) -> impl Iterator<Item = (Node<'a>, Node<'a>)> + use<'w, 'a> {
    container.volume_mounts().filter_map(|mount| Some((mount, token_of_volume(workload, mount.get("name").text()?)?)))
}

/// The rest of `path` if it is `directory` or below it.
pub(crate) fn below<'p>(path: &'p str, directory: &str) -> Option<&'p str> {
    let rest = path.strip_prefix(directory.trim_end_matches('/'))?;
    match rest.strip_prefix('/') {
        None if rest.is_empty() => Some(rest),
        below => below,
    }
}

/// The two places where a KEDA TriggerAuthentication chooses workload identity; absent where it does not.
pub(crate) fn keda_identities<'a>(object: &Object<'a>) -> [Node<'a>; 2] {
    let paths: [&[&str]; 2] = [&["spec", "podIdentity"], &["spec", "azureKeyVault", "podIdentity"]];
    paths.map(|path| match object.at(path) {
        identity if identity.get("provider").text() == Some("azure-workload") => identity,
        _ => Node::absent(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_below() {
        let directory = "/var/run/secrets/azure/wi";
        assert_eq!(
            below("/var/run/secrets/azure/wi/token/azure-identity-token", directory),
            Some("token/azure-identity-token")
        );
        assert_eq!(below(directory, directory), Some(""));
        assert_eq!(below("/var/run/secrets/azure/wi/x", "/var/run/secrets/azure/wi/"), Some("x"));
        assert_eq!(below("/var/run/secrets/azure/wish", directory), None);
        assert_eq!(below("/var/run", directory), None);
    }

    #[test]
    fn audiences() {
        for audience in ["api://azureadtokenexchange", "api://AzureADTokenExchangeUSGov", "api://AKSIdentityBinding"] {
            assert!(is_entra_audience(audience), "{audience}");
        }
        for audience in ["", "sts.amazonaws.com", "https://kubernetes.default.svc", "api://AzureADTokenExchang"] {
            assert!(!is_entra_audience(audience), "{audience}");
        }
    }
}
