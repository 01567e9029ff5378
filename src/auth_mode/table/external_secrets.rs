//! External Secrets Operator.

use crate::auth_mode::Mode::{Key, NodeIdentity, ServicePrincipal, WorkloadIdentity};
use crate::auth_mode::Predicate::{Absent, OneOf, Present};
use crate::auth_mode::Target::Kinds;
use crate::auth_mode::{Controller, NONE, when};
use kubernetes::kind;
use text::docs_only;

pub(super) const ENTRIES: &[Controller] = &[
    Controller {
        title: docs_only("External Secrets, Azure Key Vault"),
        on: Kinds(&[kind::SECRET_STORE, kind::CLUSTER_SECRET_STORE]),
        given: &[("spec.provider.azurekv", Present)],
        at: &["spec.provider.azurekv"],
        choices: &[
            when(ServicePrincipal, "authType", OneOf(&["ServicePrincipal"]), "is ServicePrincipal"),
            when(ServicePrincipal, "authType", Absent, "is not set, which means ServicePrincipal"),
            when(NodeIdentity, "authType", OneOf(&["ManagedIdentity"]), "is ManagedIdentity: the node's identity"),
            when(
                NodeIdentity,
                "serviceAccountRef",
                Absent,
                "is not set, so the store signs in with the account of External Secrets",
            )
            .and(&[("authType", OneOf(&["WorkloadIdentity"]))])
            .advice("set serviceAccountRef: {name: <annotated service account>}"),
            when(WorkloadIdentity, "authType", OneOf(&["WorkloadIdentity"]), "is WorkloadIdentity"),
        ],
        clients: &["identityId", "authSecretRef.clientId"],
        // The Secret takes precedence.
        tenants: &["/spec.provider.azurekv{!authSecretRef/tenantId}.tenantId", "authSecretRef.tenantId"],
        fix: "set authType: WorkloadIdentity and serviceAccountRef: {name: <annotated service account>} instead",
        source: docs_only("https://external-secrets.io/latest/provider/azure-key-vault/"),
        ..NONE
    },
    Controller {
        title: docs_only("External Secrets, AWS"),
        on: Kinds(&[kind::SECRET_STORE, kind::CLUSTER_SECRET_STORE]),
        at: &["spec.provider.aws.auth.secretRef"],
        choices: &[
            when(Key, "secretAccessKeySecretRef", Present, "signs in with a fixed AWS access key"),
            when(Key, "accessKeyIDSecretRef", Present, "signs in with a fixed AWS access key")
                .and(&[("secretAccessKeySecretRef", Absent)]),
        ],
        fix: "set auth: {jwt: {serviceAccountRef: {name: <account>}}} and let the AWS role trust the cluster's OIDC issuer",
        source: docs_only("https://external-secrets.io/latest/provider/aws-access/"),
        ..NONE
    },
    Controller {
        title: docs_only("External Secrets generators, Azure Container Registry"),
        on: Kinds(&[kind::ACR_ACCESS_TOKEN, kind::CLUSTER_GENERATOR]),
        at: &["spec.auth", "spec.generator.acrAccessTokenSpec.auth"],
        choices: &[
            when(ServicePrincipal, "servicePrincipal", Present, "signs in with a service principal's secret"),
            when(NodeIdentity, "managedIdentity", Present, "chooses the node's managed identity"),
            when(WorkloadIdentity, "workloadIdentity", Present, "chooses workload identity"),
        ],
        clients: &["managedIdentity.identityId"],
        tenants: &["/spec.tenantId", "/spec.generator.acrAccessTokenSpec.tenantId"],
        fix: "set auth: {workloadIdentity: {serviceAccountRef: {name: <annotated service account>}}}",
        source: docs_only("https://external-secrets.io/latest/api/generator/acr/"),
        ..NONE
    },
];
