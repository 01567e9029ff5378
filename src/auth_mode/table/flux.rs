//! Flux.

use crate::auth_mode::Mode::{Key, Literal, ServicePrincipal, WorkloadIdentity};
use crate::auth_mode::On::Kinds;
use crate::auth_mode::Says::{Contains, Credential, NoneOf, OneOf, Present};
use crate::auth_mode::{Entry, Says, when};
use crate::kind;
use crate::rule::for_readers;

pub const ENTRIES: &[Entry] = &[
    Entry {
        title: for_readers("Flux buckets on Azure Blob Storage"),
        on: Kinds(&[kind::FLUX_BUCKET]),
        given: &[("spec.provider", OneOf(&["azure"]))],
        at: &["spec"],
        any_case: false,
        choices: &[
            when(Key, "secretRef", Present, "takes its Azure credential from a Secret"),
            when(WorkloadIdentity, "serviceAccountName", Present, "signs in as a service account"),
        ],
        fix: "drop spec.secretRef and set spec.serviceAccountName to an annotated service account",
        source: for_readers("https://fluxcd.io/flux/components/source/buckets/#azure"),
    },
    Entry {
        title: for_readers("Flux sources in Azure Container Registry"),
        on: Kinds(&[kind::FLUX_OCI_REPOSITORY, kind::FLUX_HELM_REPOSITORY, kind::FLUX_IMAGE_REPOSITORY]),
        given: &[],
        at: &["spec"],
        any_case: false,
        choices: &[
            when(Key, "secretRef", Present, "signs in to Azure Container Registry with a password")
                .and(&[("url", REGISTRY)]),
            when(Key, "secretRef", Present, "signs in to Azure Container Registry with a password")
                .and(&[("image", REGISTRY)]),
            when(WorkloadIdentity, "provider", OneOf(&["azure"]), "is azure"),
        ],
        fix: "set spec.provider: azure and drop spec.secretRef",
        source: for_readers("https://fluxcd.io/flux/integrations/azure/"),
    },
    Entry {
        title: for_readers("Flux sources in Azure DevOps"),
        on: Kinds(&[kind::FLUX_GIT_REPOSITORY]),
        given: &[("spec.url", DEVOPS)],
        at: &["spec"],
        any_case: false,
        choices: &[
            when(Key, "secretRef", Present, "signs in to Azure DevOps with a fixed token or key")
                .and(&[("provider", NoneOf(&["azure"]))]),
            when(WorkloadIdentity, "provider", OneOf(&["azure"]), "is azure"),
        ],
        fix: "set spec.provider: azure and drop spec.secretRef",
        source: for_readers("https://fluxcd.io/flux/components/source/gitrepositories/#azure"),
    },
    Entry {
        title: for_readers("Flux notifications to Azure"),
        on: Kinds(&[kind::FLUX_PROVIDER]),
        given: &[("spec.type", OneOf(&["azureeventhub", "azuredevops"]))],
        at: &["spec"],
        any_case: false,
        choices: &[
            when(Literal, "address", Credential, "holds a shared access key"),
            when(Key, "secretRef", Present, "signs in with a fixed token or shared access key"),
            when(WorkloadIdentity, "serviceAccountName", Present, "signs in as a service account"),
        ],
        fix: "drop spec.secretRef and set spec.serviceAccountName to an annotated service account",
        source: for_readers("https://fluxcd.io/flux/components/notification/providers/"),
    },
    Entry {
        title: for_readers("Flux kustomizations"),
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
        source: for_readers("https://fluxcd.io/flux/components/kustomize/kustomizations/"),
    },
    Entry {
        title: for_readers("Flux decryption keys"),
        on: Kinds(&[kind::SECRET]),
        given: &[],
        at: &["data", "stringData"],
        any_case: false,
        choices: &[when(
            ServicePrincipal,
            "[sops.azure-kv]",
            Contains(&["clientsecret", "clientcertificate", "\"password\"", "password:"]),
            "decrypts as a service principal",
        )],
        fix: "set spec.decryption.serviceAccountName of the Kustomization to an annotated service account",
        source: for_readers("https://fluxcd.io/flux/components/kustomize/kustomizations/#azure-key-vault-secret-entry"),
    },
];

const REGISTRY: Says = Contains(&[".azurecr."]);
const DEVOPS: Says = Contains(&["dev.azure.com", ".visualstudio.com"]);
