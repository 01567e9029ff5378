//! Controllers that manage Azure resources and clusters from inside a cluster.

use crate::auth_mode::Mode::{Key, Literal, NodeIdentity, PodIdentity, ServicePrincipal, WorkloadIdentity};
use crate::auth_mode::Predicate::{
    Absent, Argument, Credential, CredentialName, Empty, NoneOf, NotTrue, OneOf, Plaintext, Present, True,
};
use crate::auth_mode::Target::{Containers, Kinds};
use crate::auth_mode::{Controller, Flag, NONE, when};
use kubernetes::kind;
use text::docs_only;

pub(super) const ENTRIES: &[Controller] = &[
    Controller {
        title: docs_only("Azure Service Operator"),
        on: Kinds(&[kind::SECRET]),
        given: &[("metadata.name", OneOf(&["aso-controller-settings", "aso-credential"]))],
        at: &["data", "stringData"],
        choices: &[
            when(ServicePrincipal, "AZURE_CLIENT_SECRET", Present, ASO_PRINCIPAL),
            when(ServicePrincipal, "AZURE_CLIENT_CERTIFICATE", Present, ASO_PRINCIPAL),
            when(PodIdentity, "USE_POD_IDENTITY_AUTH", True, "chooses pod-managed identity"),
            when(WorkloadIdentity, "USE_WORKLOAD_IDENTITY_AUTH", True, "chooses workload identity"),
        ],
        clients: &["?AZURE_CLIENT_ID"],
        tenants: &["?AZURE_TENANT_ID"],
        fix: "keep only the subscription, tenant and client ids and set USE_WORKLOAD_IDENTITY_AUTH: \"true\"",
        source: docs_only("https://azure.github.io/azure-service-operator/guide/authentication/credential-format/"),
        ..NONE
    },
    Controller {
        title: docs_only("Cluster API Provider Azure"),
        on: Kinds(&[kind::AZURE_CLUSTER_IDENTITY]),
        at: &["spec"],
        choices: &[
            when(
                ServicePrincipal,
                "type",
                OneOf(&["ServicePrincipal", "ManualServicePrincipal", "ServicePrincipalCertificate"]),
                "chooses a service principal",
            ),
            when(Key, "type", OneOf(&["UserAssignedIdentityCredential"]), "reads a credential file"),
            // If it is left out, only the namespace of the Secret can use the credential.
            when(ServicePrincipal, "allowedNamespaces", Empty, "is {}, so every namespace can use the credential")
                .and(&[("type", NoneOf(&["UserAssignedMSI", "WorkloadIdentity"]))])
                .advice("list the namespaces that use the credential: allowedNamespaces: {list: [<namespace>]}"),
            when(NodeIdentity, "type", OneOf(&["UserAssignedMSI"]), "is UserAssignedMSI: the node's identity"),
            when(WorkloadIdentity, "type", OneOf(&["WorkloadIdentity"]), "is WorkloadIdentity"),
        ],
        clients: &["clientID"],
        tenants: &["tenantID"],
        fix: "set type: WorkloadIdentity instead, with clientID and tenantID",
        source: docs_only("https://capz.sigs.k8s.io/topics/identities"),
        ..NONE
    },
    Controller {
        title: docs_only("Cluster Autoscaler"),
        on: Containers("cluster-autoscaler"),
        at: &[""],
        // The rules on environment variables report ARM_CLIENT_SECRET, which is an Azure variable everywhere.
        choices: &[
            when(
                NodeIdentity,
                "",
                Argument(&Flag { name: "--cloud-provider", values: &["azure"] }),
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
        source: docs_only(
            "https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/cloudprovider/azure/README.md",
        ),
        ..NONE
    },
    Controller {
        title: docs_only("Crossplane providers for Azure"),
        on: Kinds(&[
            kind::UPBOUND_PROVIDER_CONFIG,
            kind::UPBOUND_M_PROVIDER_CONFIG,
            kind::UPBOUND_M_CLUSTER_PROVIDER_CONFIG,
            kind::CROSSPLANE_PROVIDER_CONFIG,
        ]),
        at: &["spec.credentials"],
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
        clients: &["/spec.clientID"],
        tenants: &["/spec.tenantID"],
        fix: "set spec.credentials.source: OIDCTokenFile, spec.clientID and spec.tenantID",
        source: docs_only("https://github.com/crossplane-contrib/provider-upjet-azure/blob/main/AUTHENTICATION.md"),
        ..NONE
    },
    Controller {
        title: docs_only("Crossplane providers for Kubernetes and Helm"),
        on: Kinds(&[
            kind::CROSSPLANE_KUBERNETES,
            kind::CROSSPLANE_M_KUBERNETES,
            kind::CROSSPLANE_M_CLUSTER_KUBERNETES,
            kind::CROSSPLANE_HELM,
            kind::CROSSPLANE_M_HELM,
            kind::CROSSPLANE_M_CLUSTER_HELM,
        ]),
        at: &["spec.identity"],
        choices: &[
            when(
                ServicePrincipal,
                "type",
                OneOf(&["AzureServicePrincipalCredentials"]),
                "is AzureServicePrincipalCredentials: a service principal's secret",
            ),
            when(WorkloadIdentity, "type", OneOf(&["AzureWorkloadIdentityCredentials"]), "chooses workload identity"),
        ],
        fix: "set spec.identity: {type: AzureWorkloadIdentityCredentials} and give the provider workload identity",
        source: docs_only("https://github.com/crossplane-contrib/provider-kubernetes"),
        ..NONE
    },
    Controller {
        title: docs_only("Databricks secret scopes"),
        on: Kinds(&[kind::DATABRICKS_SECRET_SCOPE]),
        at: &["spec.secrets.*"],
        choices: &[
            when(Literal, "string_value", Plaintext, "writes a credential into the object")
                .and(&[("key", CredentialName)]),
            when(Literal, "string_value", Credential, "writes a credential into the object"),
            when(Key, "value_from.secret_key_ref", Present, "copies a fixed credential into Databricks")
                .and(&[("key", CredentialName)]),
        ],
        fix: "back the scope with Key Vault, or sign in to the service with a managed identity",
        source: docs_only("https://learn.microsoft.com/azure/databricks/security/secrets/"),
        ..NONE
    },
];

const ASO_PRINCIPAL: &str = "makes Azure Service Operator sign in as a service principal";
