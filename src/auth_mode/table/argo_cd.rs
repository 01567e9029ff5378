//! Argo CD.

use crate::auth_mode::Mode::{Key, NodeIdentity, ServicePrincipal, WorkloadIdentity};
use crate::auth_mode::Predicate::{Contains, OneOf, Present, Text, True};
use crate::auth_mode::Target::Kinds;
use crate::auth_mode::{Controller, NONE, TextPredicate, when};
use json::{Node, parse};

use kubernetes::kind;
use text::docs_only;

pub(super) const ENTRIES: &[Controller] = &[
    Controller {
        title: docs_only("Argo CD clusters"),
        on: Kinds(&[kind::SECRET]),
        given: &[("metadata.labels[argocd.argoproj.io/secret-type]", OneOf(&["cluster"]))],
        at: &["data", "stringData"],
        choices: &[
            when(
                ServicePrincipal,
                "config",
                Text(&TextPredicate {
                    finds: argo_principal,
                    contents: "a login as `spn` or `ropc`, or a client secret",
                }),
                "signs in to the cluster as a service principal",
            ),
            when(
                NodeIdentity,
                "config",
                Text(&TextPredicate { finds: argo_msi, contents: "a login as `msi`" }),
                "signs in to the cluster with the node's identity (msi)",
            ),
            when(
                Key,
                "config",
                Text(&TextPredicate { finds: argo_static, contents: "a token, password or client key" }),
                "signs in to an AKS cluster with a fixed credential, which bypasses Entra sign-in",
            )
            .and(&[("server", Contains(&[".azmk8s.io"]))]),
            when(
                WorkloadIdentity,
                "config",
                Text(&TextPredicate { finds: argo_workload, contents: "a login as `workloadidentity`" }),
                "signs in to the cluster with workload identity",
            ),
        ],
        fix: "use execProviderConfig with command argocd-k8s-auth, args [azure] and env AAD_LOGIN_METHOD: workloadidentity",
        source: docs_only("https://argo-cd.readthedocs.io/en/stable/operator-manual/declarative-setup/#aks"),
        ..NONE
    },
    Controller {
        title: docs_only("Argo CD repositories"),
        on: Kinds(&[kind::SECRET]),
        given: &[(
            "metadata.labels[argocd.argoproj.io/secret-type]",
            OneOf(&["repository", "repo-creds", "repository-write", "repo-write-creds"]),
        )],
        at: &["data", "stringData"],
        choices: &[
            when(
                ServicePrincipal,
                "azureServicePrincipalClientSecret",
                Present,
                "signs in to the repository as a service principal",
            ),
            when(Key, "password", Present, "signs in to Azure with a fixed password or token")
                .and(&[("url", Contains(&[".azurecr.", "dev.azure.com", ".visualstudio.com"]))]),
            when(WorkloadIdentity, "useAzureWorkloadIdentity", True, "chooses workload identity"),
        ],
        clients: &["azureServicePrincipalClientId"],
        tenants: &["azureServicePrincipalTenantId"],
        fix: "set useAzureWorkloadIdentity: \"true\" and remove the password or secret",
        source: docs_only(
            "https://argo-cd.readthedocs.io/en/stable/user-guide/private-repositories/#azure-container-registryazure-repos-using-azure-workload-identity",
        ),
        ..NONE
    },
];

/// Whether the `config` of an Argo CD cluster satisfies `test`.
fn argo(config: &str, test: impl Fn(Node<'_>) -> bool) -> bool {
    parse(config).is_ok_and(|config| test(Node::new(&config)))
}

fn argo_env(config: Node<'_>, name: &str, values: &[&str]) -> bool {
    config
        .at(&["execProviderConfig", "env", name])
        .text()
        .is_some_and(|value| values.is_empty() && !value.is_empty() || values.contains(&value))
}

fn argo_principal(config: &str) -> bool {
    argo(config, |config| {
        argo_env(config, "AAD_LOGIN_METHOD", &["spn", "ropc"])
            || argo_env(config, "AZURE_CLIENT_SECRET", &[])
            || argo_env(config, "AAD_SERVICE_PRINCIPAL_CLIENT_SECRET", &[])
            || config.at(&["execProviderConfig", "args"]).texts().any(|argument| argument.contains("client-secret"))
    })
}

fn argo_msi(config: &str) -> bool {
    argo(config, |config| argo_env(config, "AAD_LOGIN_METHOD", &["msi"]))
}

fn argo_workload(config: &str) -> bool {
    argo(config, |config| argo_env(config, "AAD_LOGIN_METHOD", &["workloadidentity"]))
}

fn argo_static(config: &str) -> bool {
    argo(config, |config| {
        [&["bearerToken"][..], &["password"], &["tlsClientConfig", "keyData"]]
            .into_iter()
            .any(|path| config.at(path).set_text().is_some())
    })
}
