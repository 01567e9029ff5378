//! Backups to Azure Storage.

use crate::auth_mode::Mode::{Key, NodeIdentity, ServicePrincipal, WorkloadIdentity};
use crate::auth_mode::Predicate::{Absent, NotTrue, On, OneOf, Present, Text, True};
use crate::auth_mode::Target::Kinds;
use crate::auth_mode::{Controller, NONE, TextPredicate, when};
use credentials::is_benign;
use kubernetes::kind;
use text::docs_only;

pub(super) const ENTRIES: &[Controller] = &[
    Controller {
        title: docs_only("Velero"),
        on: Kinds(&[kind::BACKUP_STORAGE_LOCATION]),
        given: &[("spec.provider", OneOf(&["azure", "velero.io/azure"]))],
        at: &["spec.config"],
        choices: &[
            // It takes precedence over useAAD.
            when(Key, "storageAccountKeyEnvVar", Present, "chooses the storage account key"),
            when(Key, "useAAD", NotTrue, "is not \"true\", so Velero fetches the storage account key")
                .and(&[("storageAccountKeyEnvVar", Absent)]),
            when(WorkloadIdentity, "useAAD", True, "chooses Entra"),
        ],
        fix: "set spec.config.useAAD: \"true\" instead, and give Velero's pods workload identity",
        source: docs_only(
            "https://github.com/vmware-tanzu/velero-plugin-for-microsoft-azure#option-3-use-azure-ad-workload-identity",
        ),
        ..NONE
    },
    Controller {
        title: docs_only("Velero's credentials file"),
        on: Kinds(&[kind::SECRET]),
        at: &["data", "stringData"],
        choices: &[
            when(
                ServicePrincipal,
                "cloud",
                Text(&TextPredicate { finds: has_principal, contents: "`AZURE_CLIENT_SECRET=` or a certificate" }),
                PRINCIPAL,
            ),
            when(
                Key,
                "cloud",
                Text(&TextPredicate { finds: has_key, contents: "`AZURE_STORAGE_ACCOUNT_ACCESS_KEY=`" }),
                "gives Velero a storage account key",
            ),
        ],
        fix: "keep only the subscription, resource group and cloud, and give Velero's pods workload identity",
        source: docs_only(
            "https://github.com/vmware-tanzu/velero-plugin-for-microsoft-azure#option-3-use-azure-ad-workload-identity",
        ),
        ..NONE
    },
    Controller {
        title: docs_only("Percona operators, backups"),
        on: Kinds(&[kind::PERCONA_MONGODB, kind::PERCONA_XTRADB, kind::PERCONA_MYSQL]),
        at: &["spec.backup.storages[**].azure"],
        choices: &[when(Key, "credentialsSecret", Present, "takes a storage account key from a Secret")],
        fix: "remove credentialsSecret and give the backup pods workload identity, where the operator supports it",
        source: docs_only("https://docs.percona.com/percona-operator-for-mongodb/backups-storage.html"),
        ..NONE
    },
    Controller {
        title: docs_only("CloudNativePG backups"),
        on: Kinds(&[kind::CNPG_CLUSTER, kind::BARMAN_OBJECT_STORE]),
        at: &[
            "spec.backup.barmanObjectStore.azureCredentials",
            "spec.externalClusters.*.barmanObjectStore.azureCredentials",
            "spec.configuration.azureCredentials",
        ],
        choices: &[
            when(Key, "connectionString", Present, "takes a storage connection string from a Secret"),
            when(Key, "storageKey", Present, "takes a storage account key from a Secret"),
            when(Key, "storageSasToken", Present, "takes a shared access signature from a Secret"),
            when(NodeIdentity, "inheritFromAzureAD", On, "inherits the identity of the node"),
            when(WorkloadIdentity, "useDefaultAzureCredentials", On, "signs in with the identity of the pod"),
        ],
        fix: "set azureCredentials: {useDefaultAzureCredentials: true} and give the pods workload identity",
        source: docs_only(
            "https://cloudnative-pg.io/documentation/current/appendixes/object_stores/#azure-blob-storage",
        ),
        ..NONE
    },
];

const PRINCIPAL: &str = "makes Velero sign in as a service principal";

/// With workload identity the file still names subscription, resource group and cloud.
fn has_principal(file: &str) -> bool {
    assigns(file, &["AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE", "AZURE_CLIENT_CERTIFICATE_PATH"])
}

fn has_key(file: &str) -> bool {
    assigns(file, &["AZURE_STORAGE_ACCOUNT_ACCESS_KEY"])
}

/// Whether a line of the file gives one of these variables a value.
fn assigns(file: &str, names: &[&str]) -> bool {
    let mut assignments = file.lines().filter_map(|line| line.split_once('='));
    assignments.any(|(name, value)| names.contains(&name.trim()) && !is_benign(value.trim()))
}
