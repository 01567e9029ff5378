//! Flux.

use crate::auth_mode::Mode::{Key, Literal, ServicePrincipal, WorkloadIdentity};
use crate::auth_mode::Predicate::{Contains, Credential, NoneOf, OneOf, Present};
use crate::auth_mode::Target::Kinds;
use crate::auth_mode::{Controller, NONE, Predicate, when};
use kubernetes::kind;
use text::docs_only;

pub(super) const ENTRIES: &[Controller] = &[
    Controller {
        title: docs_only("Flux buckets on Azure Blob Storage"),
        on: Kinds(&[kind::FLUX_BUCKET]),
        given: &[("spec.provider", OneOf(&["azure"]))],
        at: &["spec"],
        choices: &[
            when(Key, "secretRef", Present, "takes its Azure credential from a Secret"),
            when(WorkloadIdentity, "serviceAccountName", Present, "signs in as a service account"),
        ],
        fix: "set spec.serviceAccountName to an annotated service account instead",
        source: docs_only("https://fluxcd.io/flux/components/source/buckets/#azure"),
        ..NONE
    },
    Controller {
        title: docs_only("Flux sources in Azure Container Registry"),
        on: Kinds(&[kind::FLUX_OCI_REPOSITORY, kind::FLUX_HELM_REPOSITORY, kind::FLUX_IMAGE_REPOSITORY]),
        at: &["spec"],
        choices: &[
            when(Key, "secretRef", Present, "signs in to Azure Container Registry with a password")
                .and(&[("url", REGISTRY)]),
            when(Key, "secretRef", Present, "signs in to Azure Container Registry with a password")
                .and(&[("image", REGISTRY)]),
            when(WorkloadIdentity, "provider", OneOf(&["azure"]), "is azure"),
        ],
        fix: "set spec.provider: azure and remove spec.secretRef",
        source: docs_only("https://fluxcd.io/flux/integrations/azure/"),
        ..NONE
    },
    Controller {
        title: docs_only("Flux sources in Azure DevOps"),
        on: Kinds(&[kind::FLUX_GIT_REPOSITORY]),
        given: &[("spec.url", DEVOPS)],
        at: &["spec"],
        choices: &[
            when(Key, "secretRef", Present, "signs in to Azure DevOps with a fixed token or key")
                .and(&[("provider", NoneOf(&["azure"]))]),
            when(WorkloadIdentity, "provider", OneOf(&["azure"]), "is azure"),
        ],
        fix: "set spec.provider: azure and remove spec.secretRef",
        source: docs_only("https://fluxcd.io/flux/components/source/gitrepositories/#azure"),
        ..NONE
    },
    Controller {
        title: docs_only("Flux notifications to Azure"),
        on: Kinds(&[kind::FLUX_PROVIDER]),
        given: &[("spec.type", OneOf(&["azureeventhub", "azuredevops"]))],
        at: &["spec"],
        choices: &[
            when(Literal, "address", Credential, "holds a shared access key"),
            when(Key, "secretRef", Present, "signs in with a fixed token or shared access key"),
            when(WorkloadIdentity, "serviceAccountName", Present, "signs in as a service account"),
        ],
        fix: "set spec.serviceAccountName to an annotated service account instead",
        source: docs_only("https://fluxcd.io/flux/components/notification/providers/"),
        ..NONE
    },
    Controller {
        title: docs_only("Flux kustomizations"),
        on: Kinds(&[kind::FLUX_KUSTOMIZATION]),
        at: &["spec"],
        choices: &[
            when(Key, "kubeConfig.secretRef", Present, "signs in to a cluster with a fixed kubeconfig"),
            when(WorkloadIdentity, "kubeConfig.configMapRef", Present, "signs in to the cluster as a service account"),
            when(WorkloadIdentity, "decryption.serviceAccountName", Present, "decrypts as a service account"),
        ],
        fix: "set spec.kubeConfig.configMapRef to a ConfigMap with provider: azure and serviceAccountName",
        source: docs_only("https://fluxcd.io/flux/components/kustomize/kustomizations/"),
        ..NONE
    },
    Controller {
        title: docs_only("Flux decryption keys"),
        on: Kinds(&[kind::SECRET]),
        at: &["data", "stringData"],
        choices: &[when(
            ServicePrincipal,
            "[sops.azure-kv]",
            Contains(&["clientsecret", "clientcertificate", "\"password\"", "password:"]),
            "decrypts as a service principal",
        )],
        fix: "set spec.decryption.serviceAccountName of the Kustomization to an annotated service account",
        source: docs_only("https://fluxcd.io/flux/components/kustomize/kustomizations/#azure-key-vault-secret-entry"),
        ..NONE
    },
];

const REGISTRY: Predicate = Contains(&[".azurecr."]);
const DEVOPS: Predicate = Contains(&["dev.azure.com", ".visualstudio.com"]);
