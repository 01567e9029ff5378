//! The table. Order is the order in which findings are told, and the order of the documentation.

use super::Mode::{Key, Literal, NodeIdentity, PodIdentity, ServicePrincipal, WorkloadIdentity};
use super::On::{Containers, Kinds, VolumeKinds, Volumes};
use super::Says::{
    Absent, Anything, Literal as IsLiteral, Node as Judged, NoneOf, NoneOfAnyCase, NotTrue, OneOf, OneOfAnyCase,
    Present, Text, True,
};
use super::{Choice, Condition, Entry, when};
use crate::credential::{NameStrength, name_strength};
use crate::json::{Node, parse};
use crate::kind;

pub static TABLE: &[Entry] = ENTRIES;

/// The same for constants, which cannot read a static.
pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        title: "Azure Key Vault provider for Secrets Store CSI Driver",
        on: Kinds(&[kind::SECRET_PROVIDER_CLASS]),
        given: &[("spec.provider", OneOf(&["azure"]))],
        at: &["spec.parameters"],
        any_case: false,
        choices: &[
            when(PodIdentity, "usePodIdentity", True, "chooses pod-managed identity"),
            when(NodeIdentity, "useVMManagedIdentity", True, "chooses a managed identity of the node"),
            when(
                ServicePrincipal,
                "clientID",
                Absent,
                "is not set, and without it every mount needs a service principal",
            )
            .and(&[
                ("usePodIdentity", NotTrue),
                ("useVMManagedIdentity", NotTrue),
                ("useAzureTokenProxy", NotTrue),
            ]),
            when(WorkloadIdentity, "clientID", Present, "names the federated identity to use"),
            when(WorkloadIdentity, "useAzureTokenProxy", True, "uses an identity binding"),
        ],
        fix: "under spec.parameters set clientID to a federated identity, usePodIdentity: \"false\", useVMManagedIdentity: \"false\"",
        source: "https://learn.microsoft.com/azure/aks/csi-secrets-store-identity-access",
    },
    Entry {
        title: "KEDA trigger authentication",
        on: Kinds(&[
            kind::TRIGGER_AUTHENTICATION,
            kind::CLUSTER_TRIGGER_AUTHENTICATION,
            kind::KEDA_1_TRIGGER_AUTHENTICATION,
        ]),
        given: &[],
        at: &["spec"],
        any_case: false,
        choices: &[
            when(PodIdentity, "podIdentity.provider", OneOf(&["azure"]), "is azure: pod-managed identity"),
            when(
                PodIdentity,
                "azureKeyVault.podIdentity.provider",
                OneOf(&["azure"]),
                "is azure: pod-managed identity",
            ),
            when(
                ServicePrincipal,
                "azureKeyVault.credentials",
                Present,
                "signs in to Key Vault with a service principal's secret",
            ),
            when(WorkloadIdentity, "podIdentity.provider", OneOf(&["azure-workload"]), "is azure-workload"),
        ],
        fix: KEDA_FIX,
        source: KEDA,
    },
    Entry {
        title: "KEDA trigger parameters",
        on: Kinds(&[
            kind::TRIGGER_AUTHENTICATION,
            kind::CLUSTER_TRIGGER_AUTHENTICATION,
            kind::KEDA_1_TRIGGER_AUTHENTICATION,
        ]),
        given: &[],
        at: &["spec.secretTargetRef.*", "spec.env.*", "spec.configMapTargetRef.*"],
        any_case: false,
        choices: &[
            when(
                ServicePrincipal,
                "parameter",
                OneOf(&["activeDirectoryClientPassword"]),
                "hands the trigger a service principal's secret",
            ),
            when(
                Key,
                "parameter",
                OneOf(&[
                    "connection",
                    "storageConnection",
                    "clientSecret",
                    "accountKey",
                    "sasToken",
                    "personalAccessToken",
                ]),
                "hands the trigger a fixed credential",
            ),
        ],
        fix: KEDA_FIX,
        source: KEDA,
    },
    Entry {
        title: "KEDA Azure scalers",
        on: Kinds(&[kind::SCALED_OBJECT, kind::SCALED_JOB, kind::KEDA_1_SCALED_OBJECT, kind::KEDA_1_SCALED_JOB]),
        given: &[],
        at: &["spec.triggers.*"],
        any_case: false,
        choices: &[
            when(Literal, "metadata.clientSecret", IsLiteral, KEDA_LITERAL),
            when(Literal, "metadata.activeDirectoryClientPassword", IsLiteral, KEDA_LITERAL),
            when(Literal, "metadata.personalAccessToken", IsLiteral, KEDA_LITERAL),
            // KEDA 1 names a variable of the workload here.
            when(Literal, "metadata.connection", Text(holds_credential), KEDA_LITERAL),
            when(ServicePrincipal, "metadata.clientSecretFromEnv", Present, KEDA_SECRET).and(AZURE_TRIGGER),
            when(ServicePrincipal, "metadata.activeDirectoryClientPasswordFromEnv", Present, KEDA_SECRET)
                .and(AZURE_TRIGGER),
            when(Key, "metadata.connectionFromEnv", Present, KEDA_CONNECTION).and(AZURE_TRIGGER),
            when(Key, "metadata.storageConnectionFromEnv", Present, KEDA_CONNECTION).and(AZURE_TRIGGER),
            when(
                Key,
                "metadata.personalAccessTokenFromEnv",
                Present,
                "takes an Azure DevOps token from the workload's environment",
            )
            .and(AZURE_TRIGGER),
            when(WorkloadIdentity, "authenticationRef", Present, "refers to a trigger authentication"),
        ],
        fix: "set authenticationRef to a TriggerAuthentication with spec.podIdentity.provider: azure-workload",
        source: KEDA,
    },
    Entry {
        title: "External Secrets, Azure Key Vault",
        on: Kinds(&[kind::SECRET_STORE, kind::CLUSTER_SECRET_STORE]),
        given: &[("spec.provider.azurekv", Present)],
        at: &["spec.provider.azurekv"],
        any_case: false,
        choices: &[
            when(ServicePrincipal, "authType", OneOf(&["ServicePrincipal"]), "is ServicePrincipal"),
            when(ServicePrincipal, "authType", Absent, "is not set, which means ServicePrincipal"),
            when(NodeIdentity, "authType", OneOf(&["ManagedIdentity"]), "is ManagedIdentity: the node's identity"),
            when(WorkloadIdentity, "authType", OneOf(&["WorkloadIdentity"]), "is WorkloadIdentity"),
        ],
        fix: "set authType: WorkloadIdentity and serviceAccountRef: {name: <annotated service account>}, drop authSecretRef",
        source: "https://external-secrets.io/latest/provider/azure-key-vault/",
    },
    Entry {
        title: "External Secrets, AWS",
        on: Kinds(&[kind::SECRET_STORE, kind::CLUSTER_SECRET_STORE]),
        given: &[],
        at: &["spec.provider.aws.auth.secretRef"],
        any_case: false,
        choices: &[
            when(Key, "secretAccessKeySecretRef", Present, "signs in with a fixed AWS access key"),
            when(Key, "accessKeyIDSecretRef", Present, "signs in with a fixed AWS access key")
                .and(&[("secretAccessKeySecretRef", Absent)]),
        ],
        fix: "set auth: {jwt: {serviceAccountRef: {name: <account>}}} and let the AWS role trust the cluster's OIDC issuer",
        source: "https://external-secrets.io/latest/provider/aws-access/",
    },
    Entry {
        title: "External Secrets generators, Azure Container Registry",
        on: Kinds(&[kind::ACR_ACCESS_TOKEN, kind::CLUSTER_GENERATOR]),
        given: &[],
        at: &["spec.auth", "spec.generator.acrAccessTokenSpec.auth"],
        any_case: false,
        choices: &[
            when(ServicePrincipal, "servicePrincipal", Present, "signs in with a service principal's secret"),
            when(NodeIdentity, "managedIdentity", Present, "chooses the node's managed identity"),
            when(WorkloadIdentity, "workloadIdentity", Present, "chooses workload identity"),
        ],
        fix: "set auth: {workloadIdentity: {serviceAccountRef: {name: <annotated service account>}}}",
        source: "https://external-secrets.io/latest/api/generator/acr/",
    },
    Entry {
        title: "cert-manager, Azure DNS",
        on: Kinds(&[kind::ISSUER, kind::CLUSTER_ISSUER]),
        given: &[],
        // The second spelling is v1alpha2's.
        at: &["spec.acme.solvers.*.dns01.azureDNS", "spec.acme.solvers.*.dns01.azuredns"],
        any_case: false,
        choices: &[
            when(
                ServicePrincipal,
                "clientSecretSecretRef",
                Present,
                "answers DNS challenges with a service principal's secret",
            ),
            // Whether that is the node's identity or workload identity is decided by cert-manager's pod.
            when(WorkloadIdentity, "managedIdentity", Present, "chooses managed identity"),
        ],
        fix: "set managedIdentity: {clientID: <client id>} instead, and give cert-manager's pods workload identity",
        source: "https://cert-manager.io/docs/configuration/acme/dns01/azuredns/",
    },
    Entry {
        title: "Application Gateway Ingress Controller",
        on: Kinds(&[kind::SECRET]),
        given: &[],
        at: &["data", "stringData"],
        any_case: false,
        choices: &[when(ServicePrincipal, "[armAuth.json]", Present, "is AGIC's service principal (armAuth.type)")],
        fix: "install the chart with armAuth.type: workloadIdentity and armAuth.identityClientID",
        source: "https://azure.github.io/application-gateway-kubernetes-ingress/setup/install/",
    },
    Entry {
        title: "Azure Service Operator",
        on: Kinds(&[kind::SECRET]),
        given: &[("metadata.name", OneOf(&["aso-controller-settings", "aso-credential"]))],
        at: &["data", "stringData"],
        any_case: false,
        choices: &[
            when(ServicePrincipal, "AZURE_CLIENT_SECRET", Present, "makes Azure Service Operator a service principal"),
            when(
                ServicePrincipal,
                "AZURE_CLIENT_CERTIFICATE",
                Present,
                "makes Azure Service Operator a service principal",
            ),
            when(PodIdentity, "USE_POD_IDENTITY_AUTH", True, "chooses pod-managed identity"),
            when(WorkloadIdentity, "USE_WORKLOAD_IDENTITY_AUTH", True, "chooses workload identity"),
        ],
        fix: "keep only the subscription, tenant and client ids and set USE_WORKLOAD_IDENTITY_AUTH: \"true\"",
        source: "https://azure.github.io/azure-service-operator/guide/authentication/credential-format/",
    },
    Entry {
        title: "Cluster API Provider Azure",
        on: Kinds(&[kind::AZURE_CLUSTER_IDENTITY]),
        given: &[],
        at: &["spec"],
        any_case: false,
        choices: &[
            when(
                ServicePrincipal,
                "type",
                OneOf(&["ServicePrincipal", "ManualServicePrincipal", "ServicePrincipalCertificate"]),
                "chooses a service principal",
            ),
            when(Key, "type", OneOf(&["UserAssignedIdentityCredential"]), "reads a credential file"),
            when(NodeIdentity, "type", OneOf(&["UserAssignedMSI"]), "is UserAssignedMSI: the node's identity"),
            when(WorkloadIdentity, "type", OneOf(&["WorkloadIdentity"]), "is WorkloadIdentity"),
        ],
        fix: "set type: WorkloadIdentity, clientID and tenantID, and drop clientSecret",
        source: "https://capz.sigs.k8s.io/topics/identities",
    },
    Entry {
        title: "Crossplane providers for Azure",
        on: Kinds(&[
            kind::UPBOUND_PROVIDER_CONFIG,
            kind::UPBOUND_M_PROVIDER_CONFIG,
            kind::UPBOUND_M_CLUSTER_PROVIDER_CONFIG,
            kind::CROSSPLANE_PROVIDER_CONFIG,
        ]),
        given: &[],
        at: &["spec.credentials"],
        any_case: false,
        choices: &[
            when(
                ServicePrincipal,
                "source",
                OneOf(&["Secret", "Filesystem", "Environment"]),
                "chooses a service principal's fixed credentials",
            ),
            when(
                NodeIdentity,
                "source",
                OneOf(&["SystemAssignedManagedIdentity", "UserAssignedManagedIdentity", "InjectedIdentity"]),
                "chooses the node's managed identity",
            ),
            when(WorkloadIdentity, "source", OneOf(&["OIDCTokenFile", "Upbound"]), "chooses federation"),
        ],
        fix: "set spec.credentials.source: OIDCTokenFile, spec.clientID and spec.tenantID",
        source: "https://github.com/crossplane-contrib/provider-upjet-azure/blob/main/AUTHENTICATION.md",
    },
    Entry {
        title: "Flux buckets on Azure Blob Storage",
        on: Kinds(&[kind::FLUX_BUCKET]),
        given: &[("spec.provider", OneOf(&["azure"]))],
        at: &["spec"],
        any_case: false,
        choices: &[
            when(Key, "secretRef", Present, "takes its Azure credential from a Secret"),
            when(WorkloadIdentity, "serviceAccountName", Present, "signs in as a service account"),
        ],
        fix: "drop spec.secretRef and set spec.serviceAccountName to an annotated service account",
        source: "https://fluxcd.io/flux/components/source/buckets/#azure",
    },
    Entry {
        title: "Flux sources in Azure Container Registry",
        on: Kinds(&[kind::FLUX_OCI_REPOSITORY, kind::FLUX_HELM_REPOSITORY, kind::FLUX_IMAGE_REPOSITORY]),
        given: &[],
        at: &["spec"],
        any_case: false,
        choices: &[
            when(Key, "secretRef", Present, "signs in to Azure Container Registry with a password")
                .and(&[("url", Text(is_registry))]),
            when(Key, "secretRef", Present, "signs in to Azure Container Registry with a password")
                .and(&[("image", Text(is_registry))]),
            when(WorkloadIdentity, "provider", OneOf(&["azure"]), "is azure"),
        ],
        fix: "set spec.provider: azure and drop spec.secretRef",
        source: "https://fluxcd.io/flux/integrations/azure/",
    },
    Entry {
        title: "Flux sources in Azure DevOps",
        on: Kinds(&[kind::FLUX_GIT_REPOSITORY]),
        given: &[("spec.url", Text(is_devops))],
        at: &["spec"],
        any_case: false,
        choices: &[
            when(Key, "secretRef", Present, "signs in to Azure DevOps with a fixed token or key")
                .and(&[("provider", NoneOf(&["azure"]))]),
            when(WorkloadIdentity, "provider", OneOf(&["azure"]), "is azure"),
        ],
        fix: "set spec.provider: azure and drop spec.secretRef",
        source: "https://fluxcd.io/flux/components/source/gitrepositories/#azure",
    },
    Entry {
        title: "Flux notifications to Azure",
        on: Kinds(&[kind::FLUX_PROVIDER]),
        given: &[("spec.type", OneOf(&["azureeventhub", "azuredevops"]))],
        at: &["spec"],
        any_case: false,
        choices: &[
            when(Literal, "address", Text(holds_credential), "holds a shared access key"),
            when(Key, "secretRef", Present, "signs in with a fixed token or shared access key"),
            when(WorkloadIdentity, "serviceAccountName", Present, "signs in as a service account"),
        ],
        fix: "drop spec.secretRef and set spec.serviceAccountName to an annotated service account",
        source: "https://fluxcd.io/flux/components/notification/providers/",
    },
    Entry {
        title: "Flux kustomizations",
        on: Kinds(&[kind::FLUX_KUSTOMIZATION]),
        given: &[],
        at: &["spec"],
        any_case: false,
        choices: &[
            when(Key, "kubeConfig.secretRef", Present, "reaches a cluster with a fixed kubeconfig"),
            when(WorkloadIdentity, "kubeConfig.configMapRef", Present, "signs in to the cluster as a service account"),
            when(WorkloadIdentity, "decryption.serviceAccountName", Present, "decrypts as a service account"),
        ],
        fix: "set spec.kubeConfig.configMapRef to a ConfigMap with provider: azure and serviceAccountName",
        source: "https://fluxcd.io/flux/components/kustomize/kustomizations/",
    },
    Entry {
        title: "Flux decryption keys",
        on: Kinds(&[kind::SECRET]),
        given: &[],
        at: &["data", "stringData"],
        any_case: false,
        choices: &[when(ServicePrincipal, "[sops.azure-kv]", Text(has_principal), "decrypts as a service principal")],
        fix: "set spec.decryption.serviceAccountName of the Kustomization to an annotated service account",
        source: "https://fluxcd.io/flux/components/kustomize/kustomizations/#azure-key-vault-secret-entry",
    },
    Entry {
        title: "Velero",
        on: Kinds(&[kind::BACKUP_STORAGE_LOCATION]),
        given: &[("spec.provider", OneOf(&["azure", "velero.io/azure"]))],
        at: &["spec.config"],
        any_case: false,
        choices: &[
            // It wins over useAAD.
            when(Key, "storageAccountKeyEnvVar", Present, "chooses the storage account key"),
            when(Key, "useAAD", NotTrue, "is not \"true\", so Velero fetches the storage account key")
                .and(&[("storageAccountKeyEnvVar", Absent)]),
            when(WorkloadIdentity, "useAAD", True, "chooses Entra"),
        ],
        fix: "set spec.config.useAAD: \"true\", drop storageAccountKeyEnvVar, and give Velero's pods workload identity",
        source: "https://github.com/vmware-tanzu/velero-plugin-for-microsoft-azure#option-3-use-azure-ad-workload-identity",
    },
    Entry {
        title: "Azure Files volumes that are provisioned",
        on: VolumeKinds(&[kind::STORAGE_CLASS]),
        given: &[("provisioner", OneOf(&["file.csi.azure.com"]))],
        at: &["parameters"],
        any_case: true,
        choices: &[
            when(
                Key,
                "storeAccountKey",
                NoneOfAnyCase(&["false"]),
                "is not \"false\": each account's key becomes a Secret",
            )
            .and(KEYED_FILES),
            when(
                NodeIdentity,
                "storeAccountKey",
                OneOfAnyCase(&["false"]),
                "is \"false\": nodes fetch the key with their own identity",
            )
            .and(KEYED_FILES),
            when(NodeIdentity, "mountWithManagedIdentity", True, "mounts with the node's identity"),
            when(WorkloadIdentity, "mountWithWorkloadIdentityToken", True, "mounts with the pod's own token"),
            when(WorkloadIdentity, "clientID", Present, "names a federated identity"),
        ],
        fix: "set mountWithWorkloadIdentityToken: \"true\", or storeAccountKey: \"false\" on older drivers",
        source: FILE_CSI,
    },
    Entry {
        title: "Azure Blob volumes that are provisioned",
        on: VolumeKinds(&[kind::STORAGE_CLASS]),
        given: &[("provisioner", OneOf(&["blob.csi.azure.com"]))],
        at: &["parameters"],
        any_case: true,
        choices: &[
            when(
                ServicePrincipal,
                "AzureStorageAuthType",
                OneOfAnyCase(&["spn"]),
                "is SPN: a service principal's secret",
            ),
            when(Key, "AzureStorageAuthType", OneOfAnyCase(&["sas"]), "is SAS: a shared access signature"),
            when(Key, "AzureStorageAuthType", OneOfAnyCase(&["key"]), "is Key: the storage account key")
                .and(KEYED_BLOBS),
            when(Key, "AzureStorageAuthType", Absent, "is not set, which means the storage account key")
                .and(KEYED_BLOBS),
            when(NodeIdentity, "AzureStorageAuthType", OneOfAnyCase(&["msi"]), "is MSI: the node's identity"),
            when(WorkloadIdentity, "mountWithWorkloadIdentityToken", True, "mounts with the pod's own token"),
            when(WorkloadIdentity, "clientID", Present, "names a federated identity"),
        ],
        fix: "set mountWithWorkloadIdentityToken: \"true\"",
        source: BLOB_CSI,
    },
    Entry {
        title: "Azure Files volumes that are provisioned in-tree",
        on: VolumeKinds(&[kind::STORAGE_CLASS]),
        given: &[],
        at: &[""],
        any_case: false,
        choices: &[when(
            Key,
            "provisioner",
            OneOf(&["kubernetes.io/azure-file"]),
            "stores the storage account key in a Secret",
        )],
        fix: "set provisioner: file.csi.azure.com and parameters.mountWithWorkloadIdentityToken: \"true\"",
        source: FILE_CSI,
    },
    Entry {
        title: "Persistent Azure Files volumes",
        on: VolumeKinds(&[kind::PERSISTENT_VOLUME]),
        given: &[("spec.csi.driver", OneOf(&["file.csi.azure.com"]))],
        at: &["spec.csi"],
        any_case: true,
        choices: &[
            when(Key, "nodeStageSecretRef", Present, KEY_FROM_SECRET),
            when(Key, "volumeAttributes.secretName", Present, KEY_FROM_SECRET).and(&[("nodeStageSecretRef", Absent)]),
            when(Key, "volumeAttributes", Anything, NO_IDENTITY).and(KEYED_FILE_VOLUME),
            when(NodeIdentity, "volumeAttributes.mountWithManagedIdentity", True, "mounts with the node's identity"),
            when(
                WorkloadIdentity,
                "volumeAttributes.mountWithWorkloadIdentityToken",
                True,
                "mounts with the pod's own token",
            ),
            when(WorkloadIdentity, "volumeAttributes.clientID", Present, "names a federated identity"),
        ],
        fix: "set volumeAttributes.mountWithWorkloadIdentityToken: \"true\" and drop the Secret",
        source: FILE_CSI,
    },
    Entry {
        title: "Persistent Azure Blob volumes",
        on: VolumeKinds(&[kind::PERSISTENT_VOLUME]),
        given: &[("spec.csi.driver", OneOf(&["blob.csi.azure.com"]))],
        at: &["spec.csi"],
        any_case: true,
        choices: BLOB_VOLUME,
        fix: "set volumeAttributes.mountWithWorkloadIdentityToken: \"true\" and drop the Secret",
        source: BLOB_CSI,
    },
    Entry {
        title: "Persistent Azure Files volumes in-tree",
        on: VolumeKinds(&[kind::PERSISTENT_VOLUME]),
        given: &[],
        at: &["spec.azureFile"],
        any_case: false,
        choices: &[when(Key, "secretName", Present, KEY_FROM_SECRET)],
        fix: "use csi: {driver: file.csi.azure.com} with volumeAttributes.mountWithWorkloadIdentityToken: \"true\"",
        source: FILE_CSI,
    },
    Entry {
        title: "Persistent blobfuse FlexVolumes",
        on: VolumeKinds(&[kind::PERSISTENT_VOLUME]),
        given: &[("spec.flexVolume.driver", OneOf(&["azure/blobfuse"]))],
        at: &["spec.flexVolume"],
        any_case: false,
        choices: &[when(Key, "secretRef", Present, KEY_FROM_SECRET)],
        fix: FLEX_FIX,
        source: BLOB_CSI,
    },
    Entry {
        title: "Azure Key Vault volumes",
        on: Volumes("csi", "secrets-store.csi.k8s.io"),
        given: &[],
        at: &["csi"],
        any_case: false,
        choices: &[when(
            ServicePrincipal,
            "nodePublishSecretRef",
            Present,
            "mounts Key Vault with a service principal's secret",
        )],
        fix: "drop nodePublishSecretRef and set clientID in the SecretProviderClass to a federated identity",
        source: "https://learn.microsoft.com/azure/aks/csi-secrets-store-identity-access",
    },
    Entry {
        title: "Azure Files volumes of a pod",
        on: Volumes("csi", "file.csi.azure.com"),
        given: &[],
        at: &["csi"],
        any_case: true,
        choices: &[
            when(Key, "nodePublishSecretRef", Present, KEY_FROM_SECRET),
            when(Key, "volumeAttributes.secretName", Present, KEY_FROM_SECRET).and(&[("nodePublishSecretRef", Absent)]),
            when(Key, "volumeAttributes", Anything, NO_IDENTITY).and(KEYED_FILE_VOLUME),
            when(NodeIdentity, "volumeAttributes.mountWithManagedIdentity", True, "mounts with the node's identity"),
            when(
                WorkloadIdentity,
                "volumeAttributes.mountWithWorkloadIdentityToken",
                True,
                "mounts with the pod's own token",
            ),
        ],
        fix: "use a claim whose volume sets mountWithWorkloadIdentityToken: \"true\"",
        source: FILE_CSI,
    },
    Entry {
        title: "Azure Blob volumes of a pod",
        on: Volumes("csi", "blob.csi.azure.com"),
        given: &[],
        at: &["csi"],
        any_case: true,
        choices: BLOB_VOLUME,
        fix: "use a claim whose volume sets mountWithWorkloadIdentityToken: \"true\"",
        source: BLOB_CSI,
    },
    Entry {
        title: "Azure Files volumes of a pod in-tree",
        on: Volumes("azureFile", ""),
        given: &[],
        at: &["azureFile"],
        any_case: false,
        choices: &[when(Key, "secretName", Present, KEY_FROM_SECRET)],
        fix: "use a claim of file.csi.azure.com whose volume sets mountWithWorkloadIdentityToken: \"true\"",
        source: FILE_CSI,
    },
    Entry {
        title: "Blobfuse FlexVolumes",
        on: Volumes("flexVolume", "azure/blobfuse"),
        given: &[],
        at: &["flexVolume"],
        any_case: false,
        choices: &[when(Key, "secretRef", Present, KEY_FROM_SECRET)],
        fix: FLEX_FIX,
        source: BLOB_CSI,
    },
    Entry {
        title: "Key Vault FlexVolumes",
        on: Volumes("flexVolume", "azure/kv"),
        given: &[],
        at: &["flexVolume"],
        any_case: false,
        choices: &[
            when(ServicePrincipal, "secretRef", Present, "mounts Key Vault with a service principal's secret"),
            when(PodIdentity, "options.usepodidentity", True, "chooses pod-managed identity"),
            when(NodeIdentity, "options.usevmmanagedidentity", True, "chooses a managed identity of the node"),
        ],
        fix: "use csi: {driver: secrets-store.csi.k8s.io} and a SecretProviderClass with clientID",
        source: "https://learn.microsoft.com/azure/aks/csi-secrets-store-identity-access",
    },
    Entry {
        title: "ExternalDNS",
        on: Containers("external-dns"),
        given: &[],
        at: &[""],
        any_case: false,
        choices: &[
            when(NodeIdentity, "", Judged(has_azure_dns), "runs ExternalDNS with the node's azure.json or identity")
                .and(&[NOT_LABELLED]),
            when(WorkloadIdentity, "", Judged(has_azure_dns), "runs ExternalDNS with workload identity")
                .and(&[LABELLED]),
        ],
        fix: "label the pods azure.workload.identity/use: \"true\" and set useWorkloadIdentityExtension: true in azure.json",
        source: "https://kubernetes-sigs.github.io/external-dns/latest/docs/tutorials/azure/",
    },
    Entry {
        title: "Cluster Autoscaler",
        on: Containers("cluster-autoscaler"),
        given: &[],
        at: &[""],
        any_case: false,
        // ARM_CLIENT_SECRET is an Azure variable wherever it stands: the rules on env speak of it.
        choices: &[
            when(
                NodeIdentity,
                "",
                Judged(has_azure_nodes),
                "runs Cluster Autoscaler with the node's azure.json or identity",
            )
            .and(&[
                ("env.ARM_CLIENT_SECRET", Absent),
                ("env.ARM_USE_WORKLOAD_IDENTITY_EXTENSION.value", NotTrue),
                ("env.ARM_USE_FEDERATED_WORKLOAD_IDENTITY_EXTENSION.value", NotTrue),
            ]),
            when(WorkloadIdentity, "env.ARM_USE_WORKLOAD_IDENTITY_EXTENSION.value", True, "chooses workload identity"),
        ],
        fix: "set ARM_USE_WORKLOAD_IDENTITY_EXTENSION: \"true\" and label the pods azure.workload.identity/use: \"true\"",
        source: "https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/cloudprovider/azure/README.md",
    },
    Entry {
        title: "Argo CD clusters",
        on: Kinds(&[kind::SECRET]),
        given: &[("metadata.labels[argocd.argoproj.io/secret-type]", OneOf(&["cluster"]))],
        at: &["data", "stringData"],
        any_case: false,
        choices: &[
            when(ServicePrincipal, "config", Text(argo_principal), "signs in to the cluster as a service principal"),
            when(NodeIdentity, "config", Text(argo_msi), "signs in to the cluster with the node's identity (msi)"),
            when(Key, "config", Text(argo_static), "signs in to an AKS cluster past Entra, with a fixed credential")
                .and(&[("server", Text(is_aks))]),
            when(WorkloadIdentity, "config", Text(argo_workload), "signs in to the cluster with workload identity"),
        ],
        fix: "use execProviderConfig with command argocd-k8s-auth, args [azure] and env AAD_LOGIN_METHOD: workloadidentity",
        source: "https://argo-cd.readthedocs.io/en/stable/operator-manual/declarative-setup/#aks",
    },
    Entry {
        title: "Argo CD repositories",
        on: Kinds(&[kind::SECRET]),
        given: &[(
            "metadata.labels[argocd.argoproj.io/secret-type]",
            OneOf(&["repository", "repo-creds", "repository-write", "repo-write-creds"]),
        )],
        at: &["data", "stringData"],
        any_case: false,
        choices: &[
            when(
                ServicePrincipal,
                "azureServicePrincipalClientSecret",
                Present,
                "signs in to the repository as a service principal",
            ),
            when(Key, "password", Present, "signs in to Azure with a fixed password or token")
                .and(&[("url", Text(is_azure_repository))]),
            when(WorkloadIdentity, "useAzureWorkloadIdentity", True, "chooses workload identity"),
        ],
        fix: "set useAzureWorkloadIdentity: \"true\" and drop the password or secret",
        source: "https://argo-cd.readthedocs.io/en/stable/user-guide/private-repositories/#azure-container-registryazure-repos-using-azure-workload-identity",
    },
    Entry {
        title: "Dapr components",
        on: Kinds(&[kind::DAPR_COMPONENT]),
        given: &[("spec.type", Text(is_azure))],
        at: &["spec.metadata.*"],
        any_case: false,
        choices: &[
            when(Literal, "value", IsLiteral, "writes a service principal's secret into the component")
                .and(&[("name", OneOfAnyCase(DAPR_PRINCIPAL))]),
            when(Literal, "value", IsLiteral, "writes an Azure key into the component")
                .and(&[("name", OneOfAnyCase(DAPR_KEY))]),
            when(ServicePrincipal, "", Judged(is_from_elsewhere), "signs in with a service principal's secret")
                .and(&[("name", OneOfAnyCase(DAPR_PRINCIPAL))]),
            when(ServicePrincipal, "", Anything, "signs in with a service principal's certificate")
                .and(&[("name", OneOfAnyCase(&["azureCertificateFile", "spnCertificateFile"]))]),
            when(Key, "", Judged(is_from_elsewhere), "signs in with an Azure key from a Secret")
                .and(&[("name", OneOfAnyCase(DAPR_KEY))]),
        ],
        fix: "keep only {name: azureClientId, value: <client id>} and label the pods azure.workload.identity/use: \"true\"",
        source: "https://docs.dapr.io/developing-applications/integrations/azure/azure-authentication/authenticating-azure/",
    },
    Entry {
        title: "Prometheus remote write",
        on: Kinds(&[kind::PROMETHEUS, kind::PROMETHEUS_AGENT]),
        given: &[],
        at: &["spec.remoteWrite.*.azureAd"],
        any_case: false,
        choices: &[
            when(ServicePrincipal, "oauth", Present, "writes with a service principal's secret"),
            when(NodeIdentity, "managedIdentity", Present, "writes with the node's managed identity"),
            when(WorkloadIdentity, "workloadIdentity", Present, "writes with workload identity"),
            when(WorkloadIdentity, "sdk", Present, "writes with the default chain of the Azure SDK"),
        ],
        fix: "set azureAd: {workloadIdentity: {clientId: <client id>, tenantId: <tenant id>}}",
        source: "https://prometheus-operator.dev/docs/api-reference/api/#monitoring.coreos.com/v1.AzureAD",
    },
    Entry {
        title: "Prometheus service discovery",
        on: Kinds(&[kind::SCRAPE_CONFIG]),
        given: &[],
        at: &["spec.azureSDConfigs.*"],
        any_case: false,
        choices: &[
            when(ServicePrincipal, "authenticationMethod", OneOf(&["OAuth"]), "is OAuth: a service principal's secret"),
            when(
                ServicePrincipal,
                "authenticationMethod",
                Absent,
                "is not set, which means OAuth: a service principal's secret",
            ),
            when(NodeIdentity, "authenticationMethod", OneOf(&["ManagedIdentity"]), "is ManagedIdentity"),
            when(WorkloadIdentity, "authenticationMethod", OneOf(&["WorkloadIdentity", "SDK"]), "needs no secret"),
        ],
        fix: "set authenticationMethod: WorkloadIdentity, clientID and tenantID, and drop clientSecret",
        source: "https://prometheus-operator.dev/docs/api-reference/api/#monitoring.coreos.com/v1alpha1.AzureSDConfig",
    },
    Entry {
        title: "CloudNativePG backups",
        on: Kinds(&[kind::CNPG_CLUSTER, kind::BARMAN_OBJECT_STORE]),
        given: &[],
        at: &[
            "spec.backup.barmanObjectStore.azureCredentials",
            "spec.externalClusters.*.barmanObjectStore.azureCredentials",
            "spec.configuration.azureCredentials",
        ],
        any_case: false,
        choices: &[
            when(Key, "connectionString", Present, "takes a storage connection string from a Secret"),
            when(Key, "storageKey", Present, "takes a storage account key from a Secret"),
            when(Key, "storageSasToken", Present, "takes a shared access signature from a Secret"),
            when(WorkloadIdentity, "inheritFromAzureAD", Present, "inherits the identity of the pod"),
        ],
        fix: "set azureCredentials: {inheritFromAzureAD: true} and label the pods azure.workload.identity/use: \"true\"",
        source: "https://cloudnative-pg.io/documentation/current/appendixes/object_stores/#azure-blob-storage",
    },
    Entry {
        title: "Azure App Configuration provider",
        on: Kinds(&[kind::APP_CONFIGURATION_PROVIDER]),
        given: &[],
        at: &["spec"],
        any_case: false,
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
        fix: "set spec.auth: {workloadIdentity: {serviceAccountName: <annotated service account>}}",
        source: "https://learn.microsoft.com/azure/azure-app-configuration/reference-kubernetes-provider",
    },
    Entry {
        title: "App Configuration provider, single vaults",
        on: Kinds(&[kind::APP_CONFIGURATION_PROVIDER]),
        given: &[],
        at: &["spec.secret.auth.keyVaults.*"],
        any_case: false,
        choices: &[
            when(ServicePrincipal, "servicePrincipalReference", Present, APP_CONFIG_PRINCIPAL),
            when(NodeIdentity, "managedIdentityClientId", Present, "chooses the node's managed identity"),
            when(WorkloadIdentity, "workloadIdentity", Present, "chooses workload identity"),
        ],
        fix: "set workloadIdentity: {serviceAccountName: <annotated service account>} for the vault",
        source: "https://learn.microsoft.com/azure/azure-app-configuration/reference-kubernetes-provider",
    },
    Entry {
        title: "Azure Key Vault to Kubernetes (akv2k8s)",
        on: Kinds(&[kind::AZURE_KEY_VAULT_SECRET]),
        given: &[],
        at: &["spec"],
        any_case: false,
        choices: &[when(NodeIdentity, "vault", Present, "is read with the node's azure.json, akv2k8s's default")],
        fix: "set keyVaultAuth: environment and workload identity in the akv2k8s chart, or use a SecretProviderClass",
        source: "https://akv2k8s.io/security/authentication/",
    },
    Entry {
        title: "Databricks secret scopes",
        on: Kinds(&[kind::DATABRICKS_SECRET_SCOPE]),
        given: &[],
        at: &["spec.secrets.*"],
        any_case: false,
        choices: &[
            when(Literal, "string_value", IsLiteral, "writes a credential into the object")
                .and(&[("key", Text(promises_credential))]),
            when(Literal, "string_value", Text(holds_credential), "writes a credential into the object"),
            when(Key, "value_from.secret_key_ref", Present, "copies a fixed credential into Databricks")
                .and(&[("key", Text(promises_credential))]),
        ],
        fix: "back the scope with Key Vault, or reach the service with a managed identity",
        source: "https://learn.microsoft.com/azure/databricks/security/secrets/",
    },
];

const KEDA: &str = "https://keda.sh/docs/latest/authentication-providers/azure-ad-workload-identity/";
const KEDA_FIX: &str = "set spec.podIdentity: {provider: azure-workload, identityId: <client id>} and drop the secrets";
const KEDA_LITERAL: &str = "holds a credential in plain text";
const KEDA_SECRET: &str = "takes a service principal's secret from the workload's environment";
const KEDA_CONNECTION: &str = "takes a connection string from the workload's environment";
const AZURE_TRIGGER: &[Condition] = &[("type", Text(is_azure_trigger))];

const FILE_CSI: &str = "https://github.com/kubernetes-sigs/azurefile-csi-driver/blob/master/docs/driver-parameters.md";
const BLOB_CSI: &str = "https://github.com/kubernetes-sigs/blob-csi-driver/blob/master/docs/driver-parameters.md";
const KEY_FROM_SECRET: &str = "mounts with a storage credential from a Secret";
const NO_IDENTITY: &str = "names no identity, so the driver uses the storage account key";
const FLEX_FIX: &str =
    "use csi: {driver: blob.csi.azure.com} with volumeAttributes.mountWithWorkloadIdentityToken: \"true\"";

/// SMB with the account key; NFS needs no credential.
const KEYED_FILES: &[Condition] = &[
    ("protocol", NoneOfAnyCase(&["nfs"])),
    ("fsType", NoneOfAnyCase(&["nfs"])),
    ("mountWithManagedIdentity", NotTrue),
    ("mountWithWorkloadIdentityToken", NotTrue),
    ("clientID", Absent),
];

const KEYED_FILE_VOLUME: &[Condition] = &[
    ("nodeStageSecretRef", Absent),
    ("nodePublishSecretRef", Absent),
    ("fsType", NoneOfAnyCase(&["nfs"])),
    ("volumeAttributes.secretName", Absent),
    ("volumeAttributes.protocol", NoneOfAnyCase(&["nfs"])),
    ("volumeAttributes.fsType", NoneOfAnyCase(&["nfs"])),
    ("volumeAttributes.mountWithManagedIdentity", NotTrue),
    ("volumeAttributes.mountWithWorkloadIdentityToken", NotTrue),
    ("volumeAttributes.clientID", Absent),
];

/// Blobfuse with the account key; NFS needs no credential.
const KEYED_BLOBS: &[Condition] = &[
    ("protocol", NoneOfAnyCase(&["nfs", "aznfs"])),
    ("mountWithWorkloadIdentityToken", NotTrue),
    ("clientID", Absent),
];

const KEYED_BLOB_VOLUME: &[Condition] = &[
    ("nodeStageSecretRef", Absent),
    ("nodePublishSecretRef", Absent),
    ("volumeAttributes.secretName", Absent),
    ("volumeAttributes.AzureStorageAuthType", NoneOfAnyCase(&["msi", "spn", "sas"])),
    ("volumeAttributes.protocol", NoneOfAnyCase(&["nfs", "aznfs"])),
    ("volumeAttributes.mountWithWorkloadIdentityToken", NotTrue),
    ("volumeAttributes.clientID", Absent),
];

/// Persistent ones and those of a pod differ only in what kubelet does with their Secret.
const BLOB_VOLUME: &[Choice] = &[
    when(
        ServicePrincipal,
        "volumeAttributes.AzureStorageAuthType",
        OneOfAnyCase(&["spn"]),
        "is SPN: a service principal's secret",
    ),
    when(Key, "volumeAttributes.AzureStorageAuthType", OneOfAnyCase(&["sas"]), "is SAS: a shared access signature"),
    when(Key, "nodeStageSecretRef", Present, KEY_FROM_SECRET).and(KEY_IS_NEWS),
    when(Key, "nodePublishSecretRef", Present, KEY_FROM_SECRET).and(KEY_IS_NEWS),
    when(Key, "volumeAttributes.secretName", Present, KEY_FROM_SECRET).and(&[
        ("nodeStageSecretRef", Absent),
        ("nodePublishSecretRef", Absent),
        ("volumeAttributes.AzureStorageAuthType", NoneOfAnyCase(&["spn", "sas"])),
    ]),
    when(Key, "volumeAttributes", Anything, NO_IDENTITY).and(KEYED_BLOB_VOLUME),
    when(NodeIdentity, "volumeAttributes.AzureStorageAuthType", OneOfAnyCase(&["msi"]), "is MSI: the node's identity"),
    when(WorkloadIdentity, "volumeAttributes.mountWithWorkloadIdentityToken", True, "mounts with the pod's own token"),
    when(WorkloadIdentity, "volumeAttributes.clientID", Present, "names a federated identity"),
];

/// The Secret is what the authentication type says, and that is reported already.
const KEY_IS_NEWS: &[Condition] = &[("volumeAttributes.AzureStorageAuthType", NoneOfAnyCase(&["spn", "sas"]))];

const USE: &str = "/metadata.labels[azure.workload.identity/use]";
const LABELLED: Condition = (USE, OneOf(&["true"]));
const NOT_LABELLED: Condition = (USE, NoneOf(&["true"]));

const APP_CONFIG_PRINCIPAL: &str = "signs in with a service principal's secret";

/// What Dapr components call their secrets, the older `spn` names included.
const DAPR_PRINCIPAL: &[&str] = &[
    "azureClientSecret",
    "azureCertificate",
    "azureCertificatePassword",
    "spnClientSecret",
    "spnCertificate",
    "spnCertificatePassword",
];
const DAPR_KEY: &[&str] = &[
    "accountKey",
    "storageAccountKey",
    "storageAccessKey",
    "accessKey",
    "apiKey",
    "masterKey",
    "sasToken",
    "connectionString",
    "storageConnectionString",
];

fn is_azure(text: &str) -> bool {
    text.to_ascii_lowercase().contains("azure")
}

fn is_azure_trigger(kind: &str) -> bool {
    kind.starts_with("azure-")
}

fn is_registry(address: &str) -> bool {
    address.contains(".azurecr.")
}

fn is_devops(url: &str) -> bool {
    url.contains("dev.azure.com") || url.contains(".visualstudio.com")
}

fn is_azure_repository(url: &str) -> bool {
    is_devops(url) || is_registry(url)
}

fn is_aks(server: &str) -> bool {
    server.contains(".azmk8s.io")
}

fn holds_credential(text: &str) -> bool {
    crate::credential::recognise(text).is_some()
}

/// Whether a key of that name holds a credential. A connection string needs no Azure word here.
fn promises_credential(key: &str) -> bool {
    matches!(name_strength(key), Some(NameStrength::Azure(_) | NameStrength::Strong))
        || key.to_ascii_lowercase().ends_with("connectionstring")
}

/// The keys of an az or SDK service principal, in YAML or JSON.
fn has_principal(text: &str) -> bool {
    ["clientSecret", "clientCertificate", "\"password\"", "password:"].iter().any(|key| text.contains(key))
}

fn is_from_elsewhere(item: Node<'_>) -> bool {
    !item.get("secretKeyRef").is_absent() || !item.get("envRef").is_absent()
}

fn has_azure_dns(container: Node<'_>) -> bool {
    has_argument(container, "--provider", &["azure", "azure-dns", "azure-private-dns"])
}

fn has_azure_nodes(container: Node<'_>) -> bool {
    has_argument(container, "--cloud-provider", &["azure"])
}

/// `--flag=value` or `--flag value`, in the command or its arguments.
fn has_argument(container: Node<'_>, flag: &str, values: &[&str]) -> bool {
    ["command", "args"].into_iter().any(|list| {
        let mut arguments = container.get(list).texts();
        while let Some(argument) = arguments.next() {
            let value = match argument.strip_prefix(flag) {
                Some("") => arguments.next(),
                Some(rest) => rest.strip_prefix('='),
                None => None,
            };
            if value.is_some_and(|value| values.contains(&value)) {
                return true;
            }
        }
        false
    })
}

/// Reads the `config` of an Argo CD cluster.
fn argo(config: &str, judge: impl Fn(Node<'_>) -> bool) -> bool {
    parse(config).is_ok_and(|config| judge(Node::new(&config)))
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
