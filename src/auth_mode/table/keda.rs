//! KEDA triggers and how they sign in.

use crate::auth_mode::Mode::{Key, Literal, PodIdentity, ServicePrincipal, WorkloadIdentity};
use crate::auth_mode::Predicate::{Credential, OneOf, Plaintext, Present, Reference, StartsWith};
use crate::auth_mode::Target::Kinds;
use crate::auth_mode::{Condition, Controller, NONE, when};
use kubernetes::kind;
use text::docs_only;

pub(super) const ENTRIES: &[Controller] = &[
    Controller {
        title: docs_only("KEDA trigger authentication"),
        on: Kinds(&[
            kind::TRIGGER_AUTHENTICATION,
            kind::CLUSTER_TRIGGER_AUTHENTICATION,
            kind::KEDA_1_TRIGGER_AUTHENTICATION,
        ]),
        at: &["spec"],
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
        clients: &[
            "podIdentity{provider=azure-workload}.identityId",
            "azureKeyVault.podIdentity{provider=azure-workload}.identityId",
            "azureKeyVault.credentials.clientId",
        ],
        tenants: &[
            "podIdentity{provider=azure-workload}.identityTenantId",
            "azureKeyVault.podIdentity{provider=azure-workload}.identityTenantId",
            "azureKeyVault.credentials.tenantId",
        ],
        fix: KEDA_FIX,
        source: docs_only(KEDA),
        ..NONE
    },
    Controller {
        title: docs_only("KEDA trigger parameters"),
        on: Kinds(&[
            kind::TRIGGER_AUTHENTICATION,
            kind::CLUSTER_TRIGGER_AUTHENTICATION,
            kind::KEDA_1_TRIGGER_AUTHENTICATION,
        ]),
        at: &["spec.secretTargetRef.*", "spec.env.*", "spec.configMapTargetRef.*"],
        choices: &[
            when(
                ServicePrincipal,
                "parameter",
                OneOf(&["activeDirectoryClientPassword", "ACTIVE_DIRECTORY_PASSWORD"]),
                "gives the trigger a service principal's secret",
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
                "gives the trigger a fixed credential",
            ),
        ],
        fix: KEDA_FIX,
        source: docs_only(KEDA),
        ..NONE
    },
    Controller {
        title: docs_only("KEDA Azure scalers"),
        on: Kinds(&[kind::SCALED_OBJECT, kind::SCALED_JOB, kind::KEDA_1_SCALED_OBJECT, kind::KEDA_1_SCALED_JOB]),
        at: &["spec.triggers.*"],
        choices: &[
            when(Literal, "metadata.clientSecret", Plaintext, KEDA_LITERAL),
            when(Literal, "metadata.activeDirectoryClientPassword", Plaintext, KEDA_LITERAL),
            when(Literal, "metadata.personalAccessToken", Plaintext, KEDA_LITERAL),
            // In KEDA 1 this is the name of a variable of the workload.
            when(Literal, "metadata.connection", Credential, KEDA_LITERAL),
            when(ServicePrincipal, "metadata.clientSecret", Reference, KEDA_PRINCIPAL).and(AZURE_TRIGGER),
            when(ServicePrincipal, "metadata.activeDirectoryClientPassword", Reference, KEDA_PRINCIPAL)
                .and(AZURE_TRIGGER),
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
        clients: &[
            "/spec.triggers.*{type=azure-*}.metadata.clientId",
            "/spec.triggers.*{type=azure-*}.metadata.activeDirectoryClientId",
        ],
        tenants: &["/spec.triggers.*{type=azure-*}.metadata.tenantId"],
        fix: "set authenticationRef to a TriggerAuthentication with spec.podIdentity.provider: azure-workload",
        source: docs_only(KEDA),
        ..NONE
    },
];

const KEDA: &str = "https://keda.sh/docs/latest/authentication-providers/azure-ad-workload-identity/";

const KEDA_FIX: &str = "set spec.podIdentity: {provider: azure-workload, identityId: <client id>} instead";

const KEDA_LITERAL: &str = "holds a credential in plain text";

const KEDA_PRINCIPAL: &str = "signs in with a service principal's secret";

const KEDA_SECRET: &str = "takes a service principal's secret from the workload's environment";

const KEDA_CONNECTION: &str = "takes a connection string from the workload's environment";

const AZURE_TRIGGER: &[Condition] = &[("type", StartsWith("azure-"))];
