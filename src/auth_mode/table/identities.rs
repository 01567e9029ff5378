//! Service accounts, container registries and the Entra SDK.

use crate::auth_mode::Mode::{Key, NodeIdentity, ServicePrincipal, WorkloadIdentity};
use crate::auth_mode::Predicate::{OneOf, OneOfAnyCase, Present};
use crate::auth_mode::Target::{Kinds, Variables};
use crate::auth_mode::{Controller, NONE, when};
use kubernetes::kind;
use text::docs_only;

pub(super) const ENTRIES: &[Controller] = &[
    Controller {
        title: docs_only("Service accounts"),
        on: Kinds(&[kind::SERVICE_ACCOUNT]),
        at: &["metadata.annotations"],
        clients: &["[azure.workload.identity/client-id]", "[kubernetes.azure.com/acr-client-id]"],
        tenants: &["[azure.workload.identity/tenant-id]", "[kubernetes.azure.com/acr-tenant-id]"],
        fix: "annotate the account with azure.workload.identity/client-id: <client id>",
        source: docs_only(
            "https://learn.microsoft.com/azure/aks/workload-identity-overview#service-account-annotations",
        ),
        ..NONE
    },
    Controller {
        title: docs_only("ACR pull bindings"),
        on: Kinds(&[kind::ACR_PULL_BINDING]),
        at: &["spec.auth"],
        choices: &[
            when(NodeIdentity, "managedIdentity", Present, "pulls with a managed identity of the node"),
            when(WorkloadIdentity, "workloadIdentity", Present, "pulls as a service account"),
        ],
        clients: &["managedIdentity.clientID", "workloadIdentity.clientID"],
        tenants: &["workloadIdentity.tenantID"],
        fix: "set spec.auth: {workloadIdentity: {serviceAccountRef: <annotated service account>}}",
        source: docs_only("https://github.com/Azure/msi-acrpull"),
        ..NONE
    },
    Controller {
        title: docs_only("Ratify stores and key providers"),
        on: Kinds(&[
            kind::RATIFY_STORE,
            kind::RATIFY_NAMESPACED_STORE,
            kind::RATIFY_KEY_PROVIDER,
            kind::RATIFY_NAMESPACED_KEY_PROVIDER,
        ]),
        at: &["spec.parameters"],
        choices: &[
            when(Key, "authProvider.name", OneOf(&["k8Secrets"]), "is k8Secrets: the password in a pull secret"),
            when(
                NodeIdentity,
                "authProvider.name",
                OneOf(&["azureManagedIdentity"]),
                "is azureManagedIdentity: the node's identity",
            ),
            when(WorkloadIdentity, "authProvider.name", OneOf(&["azureWorkloadIdentity"]), "is azureWorkloadIdentity"),
        ],
        clients: &["clientID", "authProvider.clientID"],
        tenants: &["tenantID", "authProvider.tenantID"],
        fix: "set authProvider: {name: azureWorkloadIdentity} and give Ratify's pods workload identity",
        source: docs_only("https://ratify.dev/docs/reference/oras-auth-provider"),
        ..NONE
    },
    Controller {
        title: docs_only("Entra SDK sidecar and Microsoft.Identity.Web"),
        on: Variables("AzureAd__ClientCredentials__"),
        at: &["env.*{name=AzureAd__ClientCredentials__*__SourceType}"],
        choices: &[
            when(ServicePrincipal, "value", OneOfAnyCase(&["ClientSecret"]), "is ClientSecret: a fixed secret"),
            when(
                ServicePrincipal,
                "value",
                OneOfAnyCase(&[
                    "Certificate",
                    "KeyVault",
                    "Base64Encoded",
                    "Path",
                    "StoreWithThumbprint",
                    "StoreWithDistinguishedName",
                ]),
                "signs in with the certificate of an application",
            ),
            when(
                NodeIdentity,
                "value",
                OneOfAnyCase(&["SignedAssertionFromManagedIdentity"]),
                "is SignedAssertionFromManagedIdentity: the node's identity",
            ),
            when(
                WorkloadIdentity,
                "value",
                OneOfAnyCase(&["SignedAssertionFilePath"]),
                "signs in with the pod's token",
            ),
        ],
        fix: "set it to SignedAssertionFilePath and label the pods azure.workload.identity/use: \"true\"",
        source: docs_only("https://learn.microsoft.com/entra/msidweb/agent-id-sdk/configuration"),
        ..NONE
    },
];
