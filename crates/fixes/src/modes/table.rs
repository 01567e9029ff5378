//! What to write so that an object of the sign-in table uses workload identity.

use kubernetes::kind::{self, Kind};

/// What a kind needs to choose workload identity, for findings at or below a place, or directly above one that is
/// missing. In pointers, `*` is the index that the finding has there.
pub(super) struct Mode {
    pub kinds: &'static [Kind],
    pub on: &'static str,
    pub steps: &'static [Step],
}

pub(super) enum Step {
    Write(&'static str, &'static str),
    On(&'static str),
    /// Writes a list of one text.
    List(&'static str, &'static str),
    /// Writes a text where there is none yet.
    Default(&'static str, &'static str),
    /// The same in kinds that belong to no namespace.
    DefaultInCluster(&'static str, &'static str),
    /// Writes the text that another member has, where there is none yet.
    Copy(&'static str, &'static str),
    /// Writes "false" where there is something else.
    Off(&'static str),
    Remove(&'static str),
}

use Step::{Copy, Default, DefaultInCluster, List, Off, On, Remove, Write};

pub(super) const ACCOUNT: &str = "<annotated service account>";
const NAMESPACE: &str = "<namespace>";
const CLIENT: &str = "<client id>";
const TENANT: &str = "<tenant id>";
const WORKLOAD: &str = "azure-workload";

/// The first that fits counts.
pub(super) const MODES: &[Mode] = &[
    Mode {
        kinds: &[kind::SECRET_PROVIDER_CLASS],
        on: "/spec/parameters",
        steps: &[
            // The client id of the managed identity that nodes have.
            Copy("/spec/parameters/userAssignedIdentityID", "/spec/parameters/clientID"),
            Default("/spec/parameters/clientID", CLIENT),
            Off("/spec/parameters/usePodIdentity"),
            Off("/spec/parameters/useVMManagedIdentity"),
        ],
    },
    Mode { kinds: KEDA, on: "/spec/podIdentity", steps: &[Write("/spec/podIdentity/provider", WORKLOAD)] },
    Mode {
        kinds: KEDA,
        on: "/spec/azureKeyVault/podIdentity",
        steps: &[Write("/spec/azureKeyVault/podIdentity/provider", WORKLOAD)],
    },
    Mode {
        kinds: KEDA,
        on: "/spec/azureKeyVault/credentials",
        steps: &[
            Remove("/spec/azureKeyVault/credentials"),
            Write("/spec/azureKeyVault/podIdentity/provider", WORKLOAD),
        ],
    },
    Mode {
        kinds: KEDA,
        on: "/spec/secretTargetRef/*",
        steps: &[Remove("/spec/secretTargetRef/*"), Default("/spec/podIdentity/provider", WORKLOAD)],
    },
    Mode {
        kinds: KEDA,
        on: "/spec/env/*",
        steps: &[Remove("/spec/env/*"), Default("/spec/podIdentity/provider", WORKLOAD)],
    },
    Mode {
        kinds: KEDA,
        on: "/spec/configMapTargetRef/*",
        steps: &[Remove("/spec/configMapTargetRef/*"), Default("/spec/podIdentity/provider", WORKLOAD)],
    },
    Mode {
        kinds: &[kind::SCALED_OBJECT, kind::SCALED_JOB],
        on: "/spec/triggers/*/metadata",
        steps: &[
            Remove("/spec/triggers/*/metadata/clientSecret"),
            Remove("/spec/triggers/*/metadata/clientSecretFromEnv"),
            Remove("/spec/triggers/*/metadata/activeDirectoryClientPassword"),
            Remove("/spec/triggers/*/metadata/activeDirectoryClientPasswordFromEnv"),
            Remove("/spec/triggers/*/metadata/personalAccessToken"),
            Remove("/spec/triggers/*/metadata/personalAccessTokenFromEnv"),
            Remove("/spec/triggers/*/metadata/connection"),
            Remove("/spec/triggers/*/metadata/connectionFromEnv"),
            Remove("/spec/triggers/*/metadata/storageConnectionFromEnv"),
            Default("/spec/triggers/*/authenticationRef/name", "<TriggerAuthentication with azure-workload>"),
        ],
    },
    Mode {
        kinds: STORES,
        on: "/spec/provider/azurekv",
        steps: &[
            Write("/spec/provider/azurekv/authType", "WorkloadIdentity"),
            Default("/spec/provider/azurekv/serviceAccountRef/name", ACCOUNT),
            DefaultInCluster("/spec/provider/azurekv/serviceAccountRef/namespace", NAMESPACE),
            Remove("/spec/provider/azurekv/authSecretRef"),
        ],
    },
    Mode {
        kinds: STORES,
        on: "/spec/provider/aws/auth/secretRef",
        steps: &[
            Remove("/spec/provider/aws/auth/secretRef"),
            Default("/spec/provider/aws/auth/jwt/serviceAccountRef/name", "<service account that the AWS role trusts>"),
            DefaultInCluster("/spec/provider/aws/auth/jwt/serviceAccountRef/namespace", NAMESPACE),
        ],
    },
    Mode {
        kinds: &[kind::ACR_ACCESS_TOKEN],
        on: "/spec/auth",
        steps: &[
            Remove("/spec/auth/servicePrincipal"),
            Remove("/spec/auth/managedIdentity"),
            Default("/spec/auth/workloadIdentity/serviceAccountRef/name", ACCOUNT),
        ],
    },
    Mode {
        kinds: &[kind::CLUSTER_GENERATOR],
        on: "/spec/generator/acrAccessTokenSpec/auth",
        steps: &[
            Remove("/spec/generator/acrAccessTokenSpec/auth/servicePrincipal"),
            Remove("/spec/generator/acrAccessTokenSpec/auth/managedIdentity"),
            Default("/spec/generator/acrAccessTokenSpec/auth/workloadIdentity/serviceAccountRef/name", ACCOUNT),
            Default("/spec/generator/acrAccessTokenSpec/auth/workloadIdentity/serviceAccountRef/namespace", NAMESPACE),
        ],
    },
    Mode {
        kinds: &[kind::ACR_PULL_BINDING],
        on: "/spec/auth",
        steps: &[
            Remove("/spec/auth/managedIdentity"),
            Default("/spec/auth/workloadIdentity/serviceAccountRef", ACCOUNT),
        ],
    },
    Mode {
        kinds: &[
            kind::RATIFY_STORE,
            kind::RATIFY_NAMESPACED_STORE,
            kind::RATIFY_KEY_PROVIDER,
            kind::RATIFY_NAMESPACED_KEY_PROVIDER,
        ],
        on: "/spec/parameters/authProvider",
        steps: &[Write("/spec/parameters/authProvider/name", "azureWorkloadIdentity")],
    },
    Mode {
        kinds: &[kind::ISSUER, kind::CLUSTER_ISSUER],
        on: "/spec/acme/solvers/*/dns01/azureDNS",
        steps: &[
            Remove("/spec/acme/solvers/*/dns01/azureDNS/clientSecretSecretRef"),
            Remove("/spec/acme/solvers/*/dns01/azureDNS/tenantID"),
            Copy(
                "/spec/acme/solvers/*/dns01/azureDNS/clientID",
                "/spec/acme/solvers/*/dns01/azureDNS/managedIdentity/clientID",
            ),
            Default("/spec/acme/solvers/*/dns01/azureDNS/managedIdentity/clientID", CLIENT),
            Remove("/spec/acme/solvers/*/dns01/azureDNS/clientID"),
        ],
    },
    Mode {
        kinds: &[kind::EXTERNAL_DNS, kind::CLUSTER_EXTERNAL_DNS],
        on: "/spec/identity",
        steps: &[
            Write("/spec/identity/type", "workloadIdentity"),
            Default("/spec/identity/serviceAccount", ACCOUNT),
            Remove("/spec/identity/clientID"),
        ],
    },
    Mode {
        kinds: &[kind::AZURE_CLUSTER_IDENTITY],
        on: "/spec/type",
        steps: &[
            Write("/spec/type", "WorkloadIdentity"),
            Default("/spec/clientID", CLIENT),
            Default("/spec/tenantID", TENANT),
            Remove("/spec/clientSecret"),
        ],
    },
    Mode {
        kinds: &[kind::AZURE_CLUSTER_IDENTITY],
        on: "/spec/allowedNamespaces",
        steps: &[List("/spec/allowedNamespaces/list", NAMESPACE)],
    },
    Mode {
        kinds: &[
            kind::UPBOUND_PROVIDER_CONFIG,
            kind::UPBOUND_M_PROVIDER_CONFIG,
            kind::UPBOUND_M_CLUSTER_PROVIDER_CONFIG,
            kind::CROSSPLANE_PROVIDER_CONFIG,
        ],
        on: "/spec/credentials",
        steps: &[
            Write("/spec/credentials/source", "OIDCTokenFile"),
            Remove("/spec/credentials/secretRef"),
            Remove("/spec/credentials/fs"),
            Remove("/spec/credentials/env"),
            Default("/spec/clientID", CLIENT),
            Default("/spec/tenantID", TENANT),
        ],
    },
    Mode {
        kinds: &[
            kind::CROSSPLANE_KUBERNETES,
            kind::CROSSPLANE_M_KUBERNETES,
            kind::CROSSPLANE_M_CLUSTER_KUBERNETES,
            kind::CROSSPLANE_HELM,
            kind::CROSSPLANE_M_HELM,
            kind::CROSSPLANE_M_CLUSTER_HELM,
        ],
        on: "/spec/identity",
        steps: &[Write("/spec/identity/type", "AzureWorkloadIdentityCredentials")],
    },
    Mode {
        kinds: &[kind::FLUX_BUCKET, kind::FLUX_PROVIDER],
        on: "/spec/secretRef",
        steps: &[Remove("/spec/secretRef"), Default("/spec/serviceAccountName", ACCOUNT)],
    },
    Mode {
        kinds: &[
            kind::FLUX_OCI_REPOSITORY,
            kind::FLUX_HELM_REPOSITORY,
            kind::FLUX_IMAGE_REPOSITORY,
            kind::FLUX_GIT_REPOSITORY,
        ],
        on: "/spec/secretRef",
        steps: &[Remove("/spec/secretRef"), Write("/spec/provider", "azure")],
    },
    Mode {
        kinds: &[kind::BACKUP_STORAGE_LOCATION],
        on: "/spec/config",
        steps: &[Remove("/spec/config/storageAccountKeyEnvVar"), Write("/spec/config/useAAD", "true")],
    },
    Mode {
        kinds: CNPG,
        on: "/spec/backup/barmanObjectStore/azureCredentials",
        steps: &[
            Remove("/spec/backup/barmanObjectStore/azureCredentials/connectionString"),
            Remove("/spec/backup/barmanObjectStore/azureCredentials/storageKey"),
            Remove("/spec/backup/barmanObjectStore/azureCredentials/storageSasToken"),
            Remove("/spec/backup/barmanObjectStore/azureCredentials/inheritFromAzureAD"),
            On("/spec/backup/barmanObjectStore/azureCredentials/useDefaultAzureCredentials"),
        ],
    },
    Mode {
        kinds: CNPG,
        on: "/spec/externalClusters/*/barmanObjectStore/azureCredentials",
        steps: &[
            Remove("/spec/externalClusters/*/barmanObjectStore/azureCredentials/connectionString"),
            Remove("/spec/externalClusters/*/barmanObjectStore/azureCredentials/storageKey"),
            Remove("/spec/externalClusters/*/barmanObjectStore/azureCredentials/storageSasToken"),
            Remove("/spec/externalClusters/*/barmanObjectStore/azureCredentials/inheritFromAzureAD"),
            On("/spec/externalClusters/*/barmanObjectStore/azureCredentials/useDefaultAzureCredentials"),
        ],
    },
    Mode {
        kinds: CNPG,
        on: "/spec/configuration/azureCredentials",
        steps: &[
            Remove("/spec/configuration/azureCredentials/connectionString"),
            Remove("/spec/configuration/azureCredentials/storageKey"),
            Remove("/spec/configuration/azureCredentials/storageSasToken"),
            Remove("/spec/configuration/azureCredentials/inheritFromAzureAD"),
            On("/spec/configuration/azureCredentials/useDefaultAzureCredentials"),
        ],
    },
    Mode { kinds: &[kind::DAPR_COMPONENT], on: "/spec/metadata/*", steps: &[Remove("/spec/metadata/*")] },
    Mode {
        kinds: &[kind::PROMETHEUS, kind::PROMETHEUS_AGENT],
        on: "/spec/remoteWrite/*/azureAd",
        steps: &[
            Copy("/spec/remoteWrite/*/azureAd/oauth/clientId", "/spec/remoteWrite/*/azureAd/workloadIdentity/clientId"),
            Copy(
                "/spec/remoteWrite/*/azureAd/managedIdentity/clientId",
                "/spec/remoteWrite/*/azureAd/workloadIdentity/clientId",
            ),
            Default("/spec/remoteWrite/*/azureAd/workloadIdentity/clientId", CLIENT),
            Copy("/spec/remoteWrite/*/azureAd/oauth/tenantId", "/spec/remoteWrite/*/azureAd/workloadIdentity/tenantId"),
            Default("/spec/remoteWrite/*/azureAd/workloadIdentity/tenantId", TENANT),
            Remove("/spec/remoteWrite/*/azureAd/oauth"),
            Remove("/spec/remoteWrite/*/azureAd/managedIdentity"),
        ],
    },
    Mode {
        kinds: &[kind::SCRAPE_CONFIG],
        on: "/spec/azureSDConfigs/*",
        steps: &[
            Write("/spec/azureSDConfigs/*/authenticationMethod", "WorkloadIdentity"),
            Remove("/spec/azureSDConfigs/*/clientSecret"),
            Default("/spec/azureSDConfigs/*/clientID", CLIENT),
            Default("/spec/azureSDConfigs/*/tenantID", TENANT),
        ],
    },
    Mode {
        kinds: APP_CONFIGURATION,
        on: "/spec/auth",
        steps: &[
            Remove("/spec/auth/servicePrincipalReference"),
            Remove("/spec/auth/managedIdentityClientId"),
            Default("/spec/auth/workloadIdentity/serviceAccountName", ACCOUNT),
        ],
    },
    Mode {
        kinds: APP_CONFIGURATION,
        on: "/spec/secret/auth/keyVaults/*",
        steps: &[
            Remove("/spec/secret/auth/keyVaults/*/servicePrincipalReference"),
            Remove("/spec/secret/auth/keyVaults/*/managedIdentityClientId"),
            Default("/spec/secret/auth/keyVaults/*/workloadIdentity/serviceAccountName", ACCOUNT),
        ],
    },
    Mode {
        kinds: APP_CONFIGURATION,
        on: "/spec/secret/auth/servicePrincipalReference",
        steps: &[
            Remove("/spec/secret/auth/servicePrincipalReference"),
            Default("/spec/secret/auth/workloadIdentity/serviceAccountName", ACCOUNT),
        ],
    },
    Mode {
        kinds: APP_CONFIGURATION,
        on: "/spec/secret/auth/managedIdentityClientId",
        steps: &[
            Remove("/spec/secret/auth/managedIdentityClientId"),
            Default("/spec/secret/auth/workloadIdentity/serviceAccountName", ACCOUNT),
        ],
    },
    Mode {
        kinds: APP_CONFIGURATION,
        on: "/spec/connectionStringReference",
        steps: &[
            Remove("/spec/connectionStringReference"),
            Default("/spec/endpoint", "<endpoint of the store>"),
            Default("/spec/auth/workloadIdentity/serviceAccountName", ACCOUNT),
        ],
    },
    Mode {
        kinds: &[kind::STORAGE_CLASS],
        on: "/parameters",
        steps: &[
            Write("/parameters/mountWithWorkloadIdentityToken", "true"),
            Remove("/parameters/mountWithManagedIdentity"),
            Remove("/parameters/storeAccountKey"),
            Remove("/parameters/AzureStorageAuthType"),
            Remove("/parameters/AzureStorageIdentityClientID"),
            Remove("/parameters/AzureStorageIdentityObjectID"),
            Remove("/parameters/AzureStorageIdentityResourceID"),
            Remove("/parameters/AzureStorageSPNClientID"),
            Remove("/parameters/AzureStorageSPNTenantID"),
            Remove("/parameters/csi.storage.k8s.io~1node-stage-secret-name"),
            Remove("/parameters/csi.storage.k8s.io~1node-stage-secret-namespace"),
        ],
    },
    Mode {
        kinds: &[kind::STORAGE_CLASS],
        on: "/provisioner",
        steps: &[
            Write("/provisioner", "file.csi.azure.com"),
            Write("/parameters/mountWithWorkloadIdentityToken", "true"),
        ],
    },
    Mode {
        kinds: &[kind::PERSISTENT_VOLUME],
        on: "/spec/csi",
        steps: &[
            Write("/spec/csi/volumeAttributes/mountWithWorkloadIdentityToken", "true"),
            Remove("/spec/csi/nodeStageSecretRef"),
            Remove("/spec/csi/nodePublishSecretRef"),
            Remove("/spec/csi/volumeAttributes/secretName"),
            Remove("/spec/csi/volumeAttributes/secretNamespace"),
            Remove("/spec/csi/volumeAttributes/mountWithManagedIdentity"),
            Remove("/spec/csi/volumeAttributes/AzureStorageAuthType"),
            Remove("/spec/csi/volumeAttributes/AzureStorageIdentityClientID"),
            Remove("/spec/csi/volumeAttributes/AzureStorageIdentityObjectID"),
            Remove("/spec/csi/volumeAttributes/AzureStorageIdentityResourceID"),
            Remove("/spec/csi/volumeAttributes/AzureStorageSPNClientID"),
            Remove("/spec/csi/volumeAttributes/AzureStorageSPNTenantID"),
        ],
    },
];

const KEDA: &[Kind] = &[kind::TRIGGER_AUTHENTICATION, kind::CLUSTER_TRIGGER_AUTHENTICATION];
const STORES: &[Kind] = &[kind::SECRET_STORE, kind::CLUSTER_SECRET_STORE];
const CNPG: &[Kind] = &[kind::CNPG_CLUSTER, kind::BARMAN_OBJECT_STORE];
const APP_CONFIGURATION: &[Kind] = &[kind::APP_CONFIGURATION_PROVIDER];
/// The drivers of volumes ignore the case of their keys.
pub(super) const VOLUMES: &[Kind] = &[kind::STORAGE_CLASS, kind::PERSISTENT_VOLUME];
