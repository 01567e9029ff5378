//! Azure Key Vault and App Configuration, as volumes and as separate objects.

use crate::auth_mode::Mode::{Key, NodeIdentity, PodIdentity, ServicePrincipal, WorkloadIdentity};
use crate::auth_mode::Predicate::{Absent, NotTrue, OneOf, Present, True};
use crate::auth_mode::Target::{Kinds, Volumes};
use crate::auth_mode::{Controller, NONE, when};
use kubernetes::kind;
use text::docs_only;

pub(super) const ENTRIES: &[Controller] = &[
    Controller {
        title: docs_only("Azure Key Vault provider for Secrets Store CSI Driver"),
        on: Kinds(&[kind::SECRET_PROVIDER_CLASS]),
        given: &[("spec.provider", OneOf(&["azure"]))],
        at: &["spec.parameters"],
        choices: &[
            when(PodIdentity, "usePodIdentity", True, "chooses pod-managed identity"),
            when(NodeIdentity, "useVMManagedIdentity", True, "chooses a managed identity of the node"),
            when(ServicePrincipal, "clientID", Absent, "is not set, so every mount needs a service principal")
                .and(&[("usePodIdentity", NotTrue), ("useVMManagedIdentity", NotTrue), ("useAzureTokenProxy", NotTrue)])
                .advice("set it to the client id of a federated identity"),
            when(WorkloadIdentity, "clientID", Present, "names the federated identity to use"),
            when(WorkloadIdentity, "useAzureTokenProxy", True, "uses an identity binding"),
        ],
        clients: &["?clientID"],
        tenants: &["tenantID", "tenantId"],
        fix: "set it to \"false\", and clientID to the client id of a federated identity",
        source: docs_only("https://learn.microsoft.com/azure/aks/csi-secrets-store-identity-access"),
        ..NONE
    },
    Controller {
        title: docs_only("Azure Key Vault volumes"),
        on: Volumes("csi", "secrets-store.csi.k8s.io"),
        at: &["csi"],
        choices: &[when(
            ServicePrincipal,
            "nodePublishSecretRef",
            Present,
            "mounts Key Vault with a service principal's secret",
        )],
        fix: "remove nodePublishSecretRef and set clientID in the SecretProviderClass to a federated identity",
        source: docs_only("https://learn.microsoft.com/azure/aks/csi-secrets-store-identity-access"),
        ..NONE
    },
    Controller {
        title: docs_only("Key Vault FlexVolumes"),
        on: Volumes("flexVolume", "azure/kv"),
        at: &["flexVolume"],
        choices: &[
            when(ServicePrincipal, "secretRef", Present, "mounts Key Vault with a service principal's secret"),
            when(PodIdentity, "options.usepodidentity", True, "chooses pod-managed identity"),
            when(NodeIdentity, "options.usevmmanagedidentity", True, "chooses a managed identity of the node"),
        ],
        fix: "use csi: {driver: secrets-store.csi.k8s.io} and a SecretProviderClass with clientID",
        source: docs_only("https://learn.microsoft.com/azure/aks/csi-secrets-store-identity-access"),
        ..NONE
    },
    Controller {
        title: docs_only("Azure Key Vault to Kubernetes (akv2k8s)"),
        on: Kinds(&[kind::AZURE_KEY_VAULT_SECRET]),
        at: &["spec"],
        choices: &[when(NodeIdentity, "vault", Present, "is read with the node's azure.json, the default of akv2k8s")],
        fix: "set keyVaultAuth: environment and workload identity in the akv2k8s chart, or use a SecretProviderClass",
        source: docs_only("https://akv2k8s.io/security/authentication/"),
        ..NONE
    },
    Controller {
        title: docs_only("Azure App Configuration provider"),
        on: Kinds(&[kind::APP_CONFIGURATION_PROVIDER]),
        at: &["spec"],
        choices: &[
            when(Key, "connectionStringReference", Present, "signs in with a connection string"),
            when(ServicePrincipal, "auth.servicePrincipalReference", Present, APP_CONFIG_PRINCIPAL),
            when(ServicePrincipal, "secret.auth.servicePrincipalReference", Present, APP_CONFIG_PRINCIPAL),
            when(NodeIdentity, "auth.managedIdentityClientId", Present, "chooses the node's managed identity"),
            when(NodeIdentity, "secret.auth.managedIdentityClientId", Present, "chooses the node's managed identity"),
            when(NodeIdentity, "auth", Absent, "is not set, which means the node's managed identity")
                .and(&[("connectionStringReference", Absent)]),
            when(WorkloadIdentity, "auth.workloadIdentity", Present, "chooses workload identity"),
        ],
        clients: &[
            "auth.workloadIdentity.managedIdentityClientId",
            "auth.workloadIdentity.managedIdentityClientIdReference",
            "secret.auth.workloadIdentity.managedIdentityClientId",
            "secret.auth.workloadIdentity.managedIdentityClientIdReference",
        ],
        fix: "set spec.auth: {workloadIdentity: {serviceAccountName: <annotated service account>}}",
        source: docs_only("https://learn.microsoft.com/azure/azure-app-configuration/reference-kubernetes-provider"),
        ..NONE
    },
    Controller {
        title: docs_only("Azure App Configuration provider, individual vaults"),
        on: Kinds(&[kind::APP_CONFIGURATION_PROVIDER]),
        at: &["spec.secret.auth.keyVaults.*"],
        choices: &[
            when(ServicePrincipal, "servicePrincipalReference", Present, APP_CONFIG_PRINCIPAL),
            when(NodeIdentity, "managedIdentityClientId", Present, "chooses the node's managed identity"),
            when(WorkloadIdentity, "workloadIdentity", Present, "chooses workload identity"),
        ],
        clients: &["workloadIdentity.managedIdentityClientId", "workloadIdentity.managedIdentityClientIdReference"],
        fix: "set workloadIdentity: {serviceAccountName: <annotated service account>} for the vault",
        source: docs_only("https://learn.microsoft.com/azure/azure-app-configuration/reference-kubernetes-provider"),
        ..NONE
    },
];

const APP_CONFIG_PRINCIPAL: &str = "signs in with a service principal's secret";
