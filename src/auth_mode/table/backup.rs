//! Backups to Azure Storage.

use crate::auth_mode::Mode::{Key, ServicePrincipal, WorkloadIdentity};
use crate::auth_mode::Predicate::{Absent, NotTrue, OneOf, Present, Text, True};
use crate::auth_mode::Target::Kinds;
use crate::auth_mode::{Controller, TextPredicate, when};
use credentials::is_benign;
use kubernetes::kind;
use text::docs_only;

pub const ENTRIES: &[Controller] = &[
    Controller {
        title: docs_only("Velero"),
        on: Kinds(&[kind::BACKUP_STORAGE_LOCATION]),
        given: &[("spec.provider", OneOf(&["azure", "velero.io/azure"]))],
        at: &["spec.config"],
        any_case: false,
        choices: &[
            // It takes precedence over useAAD.
            when(Key, "storageAccountKeyEnvVar", Present, "chooses the storage account key"),
            when(Key, "useAAD", NotTrue, "is not \"true\", so Velero fetches the storage account key")
                .and(&[("storageAccountKeyEnvVar", Absent)]),
            when(WorkloadIdentity, "useAAD", True, "chooses Entra"),
        ],
        fix: "set spec.config.useAAD: \"true\", remove storageAccountKeyEnvVar, and give Velero's pods workload identity",
        source: docs_only(
            "https://github.com/vmware-tanzu/velero-plugin-for-microsoft-azure#option-3-use-azure-ad-workload-identity",
        ),
    },
    Controller {
        title: docs_only("Velero's credentials file"),
        on: Kinds(&[kind::SECRET]),
        given: &[],
        at: &["data", "stringData"],
        any_case: false,
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
    },
    Controller {
        title: docs_only("CloudNativePG backups"),
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
        source: docs_only(
            "https://cloudnative-pg.io/documentation/current/appendixes/object_stores/#azure-blob-storage",
        ),
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
