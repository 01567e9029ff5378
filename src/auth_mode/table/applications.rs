//! Controllers that run or monitor applications.

use crate::auth_mode::Mode::{Key, Literal, NodeIdentity, ServicePrincipal, WorkloadIdentity};
use crate::auth_mode::Predicate::{
    Absent, Anything, Contains, HasOneOf, OneOf, OneOfAnyCase, Plaintext, Present, Reference,
};
use crate::auth_mode::Target::Kinds;
use crate::auth_mode::{Controller, NONE, when};
use kubernetes::kind;
use text::docs_only;

pub(super) const ENTRIES: &[Controller] = &[
    Controller {
        title: docs_only("Dapr components"),
        on: Kinds(&[kind::DAPR_COMPONENT]),
        given: &[("spec.type", Contains(&["azure"]))],
        at: &["spec.metadata.*"],
        choices: &[
            when(Literal, "value", Plaintext, "writes a service principal's secret into the component")
                .and(&[("name", OneOfAnyCase(DAPR_PRINCIPAL))]),
            when(Literal, "value", Plaintext, "writes an Azure key into the component")
                .and(&[("name", OneOfAnyCase(DAPR_KEY))]),
            when(ServicePrincipal, "value", Reference, "signs in with a service principal's secret")
                .and(&[("name", OneOfAnyCase(DAPR_PRINCIPAL))]),
            when(Key, "value", Reference, "signs in with an Azure key").and(&[("name", OneOfAnyCase(DAPR_KEY))]),
            when(
                ServicePrincipal,
                "",
                HasOneOf(&["secretKeyRef", "envRef"]),
                "signs in with a service principal's secret",
            )
            .and(&[("name", OneOfAnyCase(DAPR_PRINCIPAL))]),
            when(ServicePrincipal, "", Anything, "signs in with a service principal's certificate")
                .and(&[("name", OneOfAnyCase(&["azureCertificateFile", "spnCertificateFile"]))]),
            when(Key, "", HasOneOf(&["secretKeyRef", "envRef"]), "signs in with an Azure key from a Secret")
                .and(&[("name", OneOfAnyCase(DAPR_KEY))]),
        ],
        clients: &[
            "/spec.metadata.*{name=azureClientId}.value",
            "/spec.metadata.*{name=azureClientId}.secretKeyRef",
            "/spec.metadata.*{name=spnClientId}.value",
            "/spec.metadata.*{name=spnClientId}.secretKeyRef",
        ],
        tenants: &[
            "/spec.metadata.*{name=azureTenantId}.value",
            "/spec.metadata.*{name=azureTenantId}.secretKeyRef",
            "/spec.metadata.*{name=spnTenantId}.value",
            "/spec.metadata.*{name=spnTenantId}.secretKeyRef",
        ],
        fix: "keep only {name: azureClientId, value: <client id>} and label the pods azure.workload.identity/use: \"true\"",
        source: docs_only(
            "https://docs.dapr.io/developing-applications/integrations/azure/azure-authentication/authenticating-azure/",
        ),
        ..NONE
    },
    Controller {
        title: docs_only("Prometheus remote write"),
        on: Kinds(&[kind::PROMETHEUS, kind::PROMETHEUS_AGENT]),
        at: &["spec.remoteWrite.*.azureAd"],
        choices: &[
            when(ServicePrincipal, "oauth", Present, "writes with a service principal's secret"),
            when(NodeIdentity, "managedIdentity", Present, "writes with the node's managed identity"),
            when(WorkloadIdentity, "workloadIdentity", Present, "writes with workload identity"),
            when(WorkloadIdentity, "sdk", Present, "writes with the default chain of the Azure SDK"),
        ],
        clients: &["workloadIdentity.clientId", "managedIdentity.clientId", "oauth.clientId"],
        tenants: &["workloadIdentity.tenantId", "oauth.tenantId", "sdk.tenantId"],
        fix: "set azureAd: {workloadIdentity: {clientId: <client id>, tenantId: <tenant id>}}",
        source: docs_only("https://prometheus-operator.dev/docs/api-reference/api/#monitoring.coreos.com/v1.AzureAD"),
        ..NONE
    },
    Controller {
        title: docs_only("Prometheus service discovery"),
        on: Kinds(&[kind::SCRAPE_CONFIG]),
        at: &["spec.azureSDConfigs.*"],
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
        clients: &["clientID"],
        tenants: &["tenantID"],
        fix: "set authenticationMethod: WorkloadIdentity instead, with clientID and tenantID",
        source: docs_only(
            "https://prometheus-operator.dev/docs/api-reference/api/#monitoring.coreos.com/v1alpha1.AzureSDConfig",
        ),
        ..NONE
    },
];

/// The names of secrets in Dapr components, including the older `spn` names.
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
