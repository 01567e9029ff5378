//! Programs that read how to sign in from a configuration file, and the kinds that embed their configuration.

use crate::auth_mode::Mode::{Key, Literal, NodeIdentity, ServicePrincipal, WorkloadIdentity};
use crate::auth_mode::Predicate::{Absent, Contains, HasOneOf, NotOn, On, OneOfAnyCase, Plaintext, Present, Reference};
use crate::auth_mode::Target::Settings;
use crate::auth_mode::{Condition, Controller, NONE, Predicate, Target, when};
use kubernetes::kind;
use text::docs_only;

/// The rules about credentials report literal keys and secrets in these texts, so the entries report references.
pub(super) const ENTRIES: &[Controller] = &[
    Controller {
        title: docs_only("Prometheus configuration, remote write"),
        on: FILES,
        at: &["azuread"],
        choices: &[
            when(ServicePrincipal, "oauth", Present, "writes with a service principal's secret"),
            when(NodeIdentity, "managed_identity", Present, "writes with the node's managed identity"),
            when(WorkloadIdentity, "workload_identity", Present, "writes with workload identity"),
            when(WorkloadIdentity, "sdk", Present, "writes with the default chain of the Azure SDK"),
        ],
        clients: &["workload_identity.client_id", "?managed_identity.client_id", "oauth.client_id"],
        tenants: &["workload_identity.tenant_id", "oauth.tenant_id", "sdk.tenant_id"],
        fix: "set azuread: {workload_identity: {client_id: <client id>, tenant_id: <tenant id>}}",
        source: docs_only(PROMETHEUS),
        ..NONE
    },
    Controller {
        title: docs_only("Prometheus configuration, service discovery"),
        on: FILES,
        at: &["azure_sd_configs.*"],
        choices: &[
            when(
                ServicePrincipal,
                "authentication_method",
                OneOfAnyCase(&["OAuth"]),
                "is OAuth: a service principal's secret",
            ),
            when(
                ServicePrincipal,
                "authentication_method",
                Absent,
                "is not set, which means OAuth: a service principal's secret",
            ),
            when(NodeIdentity, "authentication_method", OneOfAnyCase(&["ManagedIdentity"]), "is ManagedIdentity"),
            when(
                WorkloadIdentity,
                "authentication_method",
                OneOfAnyCase(&["WorkloadIdentity", "SDK"]),
                "needs no secret",
            ),
        ],
        clients: &["?client_id"],
        tenants: &["?tenant_id"],
        fix: "set authentication_method: SDK or WorkloadIdentity instead",
        source: docs_only(PROMETHEUS),
        ..NONE
    },
    Controller {
        title: docs_only("Object storage of Thanos"),
        on: FILES,
        given: &[("/type", OneOfAnyCase(&["AZURE"]))],
        at: &["config"],
        choices: &[
            when(Key, "storage_connection_string", Reference, "takes a storage connection string"),
            when(Key, "storage_account_key", Reference, "takes a storage account key"),
            when(ServicePrincipal, "client_secret", Present, "signs in with a service principal's secret"),
            when(NodeIdentity, "user_assigned_id", Present, "chooses the node's managed identity"),
            when(NodeIdentity, "msi_resource", Present, "chooses the node's managed identity"),
        ],
        clients: &["?user_assigned_id", "?client_id"],
        tenants: &["?az_tenant_id"],
        fix: "keep only storage_account and container, and give the pods workload identity",
        source: docs_only("https://thanos.io/tip/thanos/storage.md/#azure"),
        ..NONE
    },
    Controller {
        title: docs_only("Object storage of Loki, Mimir and Tempo"),
        on: FILES,
        given: &[("", HasOneOf(&["account_name", "storage_account_name", "container_name"]))],
        at: &["azure"],
        choices: &[
            when(ServicePrincipal, "use_service_principal", On, "signs in with a service principal's secret"),
            when(ServicePrincipal, "client_secret", Present, "signs in with a service principal's secret")
                .and(&[("use_service_principal", NotOn)]),
            when(Key, "connection_string", Reference, "takes a storage connection string"),
            when(Key, "account_key", Reference, "takes a storage account key"),
            when(Key, "storage_account_key", Reference, "takes a storage account key"),
            when(NodeIdentity, "use_managed_identity", On, "chooses the node's managed identity"),
            when(NodeIdentity, "user_assigned_id", Present, "chooses the node's managed identity")
                .and(&[("use_managed_identity", NotOn), ("use_federated_token", NotOn)]),
            when(NodeIdentity, "msi_resource", Present, "chooses the node's managed identity")
                .and(&[("use_managed_identity", NotOn)]),
            when(WorkloadIdentity, "use_federated_token", On, "signs in with the pod's token"),
        ],
        clients: &["?user_assigned_id", "?client_id"],
        tenants: &["?tenant_id"],
        fix: "set use_federated_token: true instead, and label the pods azure.workload.identity/use: \"true\"",
        source: docs_only("https://grafana.com/docs/loki/latest/configure/#azure_storage_config"),
        ..NONE
    },
    Controller {
        title: docs_only("OpenTelemetry, extension azureauth"),
        on: Settings(&[kind::CONFIG_MAP, kind::SECRET, kind::OPEN_TELEMETRY_COLLECTOR]),
        at: &["[azureauth*]", "[azure_auth*]"],
        choices: &[
            when(ServicePrincipal, "service_principal", Present, "signs in with a service principal's secret"),
            when(NodeIdentity, "managed_identity", Present, "chooses the node's managed identity"),
            when(WorkloadIdentity, "workload_identity", Present, "chooses workload identity"),
            when(WorkloadIdentity, "use_default", On, "signs in with the default chain of the Azure SDK"),
        ],
        clients: &["workload_identity.client_id", "?managed_identity.client_id", "service_principal.client_id"],
        tenants: &["workload_identity.tenant_id", "service_principal.tenant_id"],
        fix: "set workload_identity: {client_id, tenant_id, federated_token_file} instead",
        source: docs_only(
            "https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/extension/azureauthextension",
        ),
        ..NONE
    },
    Controller {
        title: docs_only("Data sources of Grafana"),
        on: Settings(&[kind::CONFIG_MAP, kind::SECRET, kind::GRAFANA_DATASOURCE]),
        given: &[("", HasOneOf(&["azureAuthType", "azureCredentials"]))],
        at: &["jsonData"],
        choices: &[
            when(ServicePrincipal, "azureAuthType", GRAFANA_SECRET, "chooses a service principal's secret"),
            when(ServicePrincipal, "azureCredentials.authType", GRAFANA_SECRET, "chooses a service principal's secret"),
            when(NodeIdentity, "azureAuthType", OneOfAnyCase(&["msi"]), "is msi: the node's identity"),
            when(NodeIdentity, "azureCredentials.authType", OneOfAnyCase(&["msi"]), "is msi: the node's identity"),
            when(WorkloadIdentity, "azureAuthType", GRAFANA_WORKLOAD, "needs no secret"),
            when(WorkloadIdentity, "azureCredentials.authType", GRAFANA_WORKLOAD, "needs no secret"),
        ],
        clients: &["?clientId", "?azureCredentials.clientId"],
        tenants: &["?tenantId", "?azureCredentials.tenantId"],
        fix: "set azureAuthType: workloadidentity, and workload_identity_enabled = true in Grafana's section [azure]",
        source: docs_only("https://grafana.com/docs/grafana/latest/datasources/azure-monitor/"),
        ..NONE
    },
    Controller {
        title: docs_only("Grafana, section azure"),
        on: FILES,
        at: &["azure"],
        choices: &[
            when(NodeIdentity, "managed_identity_enabled", On, "lets data sources use the node's identity"),
            when(WorkloadIdentity, "workload_identity_enabled", On, "lets data sources use workload identity"),
        ],
        fix: "set workload_identity_enabled = true instead, and give Grafana's pods workload identity",
        source: docs_only("https://grafana.com/docs/grafana/latest/setup-grafana/configure-grafana/#azure"),
        ..NONE
    },
    Controller {
        title: docs_only("Hadoop and Spark, authentication types"),
        on: SPARK,
        at: &["[*fs.azure.account.auth.type*]"],
        choices: &[when(Key, "", OneOfAnyCase(&["SharedKey", "SAS"]), "signs in with a storage key or signature")],
        fix: HADOOP_FIX,
        source: docs_only(HADOOP),
        ..NONE
    },
    Controller {
        title: docs_only("Hadoop and Spark, token providers"),
        on: SPARK,
        at: &["[*fs.azure.account.oauth.provider.type*]"],
        choices: &[
            when(
                ServicePrincipal,
                "",
                Contains(&["clientcredstokenprovider", "userpasswordtokenprovider", "refreshtokenbasedtokenprovider"]),
                "signs in with a fixed secret, password or refresh token",
            ),
            when(NodeIdentity, "", Contains(&["msitokenprovider"]), "chooses the node's managed identity"),
            when(WorkloadIdentity, "", Contains(&["workloadidentitytokenprovider"]), "chooses workload identity"),
        ],
        fix: HADOOP_FIX,
        source: docs_only(HADOOP),
        ..NONE
    },
    Controller {
        title: docs_only("Hadoop and Spark, account keys in configuration files"),
        on: FILES,
        at: &["[*fs.azure.account.key*]"],
        // A key that is written out is found by its name.
        choices: &[when(Key, "", Reference, "takes a storage account key")],
        fix: HADOOP_FIX,
        source: docs_only(HADOOP),
        ..NONE
    },
    Controller {
        title: docs_only("Hadoop and Spark, account keys in Spark applications"),
        on: Settings(&[kind::SPARK_APPLICATION, kind::SCHEDULED_SPARK_APPLICATION]),
        at: &["[*fs.azure.account.key*]"],
        choices: &[
            when(Literal, "", Plaintext, "holds a storage account key"),
            when(Key, "", Reference, "takes a storage account key"),
        ],
        fix: HADOOP_FIX,
        source: docs_only(HADOOP),
        ..NONE
    },
    Controller {
        title: docs_only("Hadoop and Spark, client secrets in Spark applications"),
        on: Settings(&[kind::SPARK_APPLICATION, kind::SCHEDULED_SPARK_APPLICATION]),
        at: &["[*fs.azure.account.oauth2.client.secret*]"],
        choices: &[
            when(Literal, "", Plaintext, "holds an Entra client secret"),
            when(ServicePrincipal, "", Reference, "takes an Entra client secret"),
        ],
        fix: HADOOP_FIX,
        source: docs_only(HADOOP),
        ..NONE
    },
    Controller {
        title: docs_only("Hadoop and Spark, client ids"),
        on: SPARK,
        at: &["[*fs.azure.account.oauth2.client.id*]"],
        clients: &[""],
        fix: HADOOP_FIX,
        source: docs_only(HADOOP),
        ..NONE
    },
    Controller {
        title: docs_only("Hadoop and Spark, tenant ids"),
        on: SPARK,
        at: &["[*fs.azure.account.oauth2.msi.tenant*]"],
        tenants: &[""],
        fix: HADOOP_FIX,
        source: docs_only(HADOOP),
        ..NONE
    },
    Controller {
        title: docs_only("Artifacts of Argo Workflows"),
        on: Settings(&[
            kind::CONFIG_MAP,
            kind::WORKFLOW,
            kind::WORKFLOW_TEMPLATE,
            kind::CLUSTER_WORKFLOW_TEMPLATE,
            kind::CRON_WORKFLOW,
        ]),
        at: &["azure"],
        choices: &[
            when(Key, "accountKeySecret", Present, "takes a storage account key from a Secret").and(ARGO_KEY),
            when(WorkloadIdentity, "useSDKCreds", On, "signs in with the pod's token"),
        ],
        fix: "set useSDKCreds: true, remove accountKeySecret, and give the workflow's pods workload identity",
        source: docs_only("https://argo-workflows.readthedocs.io/en/latest/configure-artifact-repository/"),
        ..NONE
    },
];

/// Configuration files.
const FILES: Target = Settings(&[kind::CONFIG_MAP, kind::SECRET]);

const SPARK: Target =
    Settings(&[kind::CONFIG_MAP, kind::SECRET, kind::SPARK_APPLICATION, kind::SCHEDULED_SPARK_APPLICATION]);

/// The emulator has a key that is public, and no https.
const ARGO_KEY: &[Condition] = &[("useSDKCreds", NotOn), ("endpoint", Contains(&["https:", "$", "{"]))];

const GRAFANA_SECRET: Predicate = OneOfAnyCase(&["clientsecret", "clientsecret-obo"]);

const GRAFANA_WORKLOAD: Predicate = OneOfAnyCase(&["workloadidentity", "currentuser"]);

const PROMETHEUS: &str = "https://prometheus.io/docs/prometheus/latest/configuration/configuration/";

const HADOOP: &str = "https://hadoop.apache.org/docs/stable/hadoop-azure/abfs.html#Authentication";

const HADOOP_FIX: &str =
    "set fs.azure.account.auth.type: OAuth and oauth.provider.type: WorkloadIdentityTokenProvider (Hadoop 3.4.1)";
