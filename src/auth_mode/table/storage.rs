//! Azure Files and Blob Storage as volumes.

use crate::auth_mode::Mode::{Key, NodeIdentity, ServicePrincipal, WorkloadIdentity};
use crate::auth_mode::Predicate::{
    Absent, Anything, HasOneOf, NoneOfAnyCase, NotTrue, OneOf, OneOfAnyCase, Present, True,
};
use crate::auth_mode::Target::{VolumeKinds, Volumes};
use crate::auth_mode::{Choice, Condition, Controller, NONE, when};
use kubernetes::kind;
use text::docs_only;

pub(super) const ENTRIES: &[Controller] = &[
    Controller {
        title: docs_only("Azure Files volumes, provisioned dynamically"),
        on: VolumeKinds(&[kind::STORAGE_CLASS]),
        given: &[("provisioner", OneOf(&["file.csi.azure.com"]))],
        at: &["parameters"],
        any_case: true,
        choices: &[
            when(
                Key,
                "storeAccountKey",
                NoneOfAnyCase(&["false"]),
                "is not \"false\", so the driver stores each account's key in a Secret",
            )
            .and(KEYED_FILES),
            when(
                NodeIdentity,
                "storeAccountKey",
                OneOfAnyCase(&["false"]),
                "is \"false\", so nodes fetch the account key with their own identity",
            )
            .and(KEYED_FILES),
            when(Key, STAGE_SECRET, Present, KEY_FROM_SECRET),
            when(NodeIdentity, "mountWithManagedIdentity", True, "mounts with the node's identity"),
            when(WorkloadIdentity, "mountWithWorkloadIdentityToken", True, "mounts with the pod's own token"),
            when(WorkloadIdentity, "clientID", Present, "names a federated identity"),
        ],
        clients: &["clientID", "AzureStorageSPNClientID"],
        tenants: &["tenantID", "AzureStorageSPNTenantID"],
        fix: "set mountWithWorkloadIdentityToken: \"true\" (AKS 1.35 and later)",
        source: docs_only(FILE_CSI),
    },
    Controller {
        title: docs_only("Azure Blob volumes, provisioned dynamically"),
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
            when(
                Key,
                "AzureStorageAuthType",
                Absent,
                "is not set, so the driver uses the storage account key instead of the identity",
            )
            .and(&[("", HasOneOf(IDENTITIES)), (STAGE_SECRET, Absent)])
            .advice(USE_IDENTITY),
            when(Key, STAGE_SECRET, Present, KEY_FROM_SECRET)
                .and(&[("AzureStorageAuthType", NoneOfAnyCase(&["spn", "sas"]))]),
            when(NodeIdentity, "AzureStorageAuthType", OneOfAnyCase(&["msi"]), "is MSI: the node's identity"),
            when(WorkloadIdentity, "mountWithWorkloadIdentityToken", True, "mounts with the pod's own token"),
            when(WorkloadIdentity, "clientID", Present, "names a federated identity"),
        ],
        clients: &["clientID", "AzureStorageSPNClientID"],
        tenants: &["tenantID", "AzureStorageSPNTenantID"],
        fix: "set mountWithWorkloadIdentityToken: \"true\" (preview)",
        source: docs_only(BLOB_CSI),
    },
    Controller {
        title: docs_only("Azure Files volumes, provisioned in-tree"),
        on: VolumeKinds(&[kind::STORAGE_CLASS]),
        at: &[""],
        choices: &[when(
            Key,
            "provisioner",
            OneOf(&["kubernetes.io/azure-file"]),
            "stores the storage account key in a Secret",
        )],
        fix: "set provisioner: file.csi.azure.com and parameters.mountWithWorkloadIdentityToken: \"true\" (AKS 1.35 and later)",
        source: docs_only(FILE_CSI),
        ..NONE
    },
    Controller {
        title: docs_only("Azure Files persistent volumes"),
        on: VolumeKinds(&[kind::PERSISTENT_VOLUME]),
        given: &[("spec.csi.driver", OneOf(&["file.csi.azure.com"]))],
        at: &["spec.csi"],
        any_case: true,
        choices: &[
            when(Key, "nodeStageSecretRef", Present, KEY_FROM_SECRET),
            when(Key, "volumeAttributes.secretName", Present, KEY_FROM_SECRET).and(&[("nodeStageSecretRef", Absent)]),
            when(Key, "volumeAttributes", Anything, NO_IDENTITY).and(KEYED_FILE_VOLUME),
            VOLUME_BY_NODE,
            VOLUME_BY_TOKEN,
            VOLUME_BY_CLIENT_ID,
        ],
        clients: VOLUME_CLIENTS,
        tenants: VOLUME_TENANTS,
        fix: "set volumeAttributes.mountWithWorkloadIdentityToken: \"true\" (AKS 1.35 and later), without a Secret",
        source: docs_only(FILE_CSI),
    },
    Controller {
        title: docs_only("Azure Blob persistent volumes"),
        on: VolumeKinds(&[kind::PERSISTENT_VOLUME]),
        given: &[("spec.csi.driver", OneOf(&["blob.csi.azure.com"]))],
        at: &["spec.csi"],
        any_case: true,
        choices: BLOB_VOLUME,
        clients: VOLUME_CLIENTS,
        tenants: VOLUME_TENANTS,
        fix: "set volumeAttributes.mountWithWorkloadIdentityToken: \"true\" (preview), without a Secret",
        source: docs_only(BLOB_CSI),
    },
    Controller {
        title: docs_only("Azure Files persistent volumes, in-tree"),
        on: VolumeKinds(&[kind::PERSISTENT_VOLUME]),
        at: &["spec.azureFile"],
        choices: &[when(Key, "secretName", Present, KEY_FROM_SECRET)],
        fix: "use csi: {driver: file.csi.azure.com} with volumeAttributes.mountWithWorkloadIdentityToken: \"true\" (AKS 1.35 and later)",
        source: docs_only(FILE_CSI),
        ..NONE
    },
    Controller {
        title: docs_only("Blobfuse persistent volumes (FlexVolume)"),
        on: VolumeKinds(&[kind::PERSISTENT_VOLUME]),
        given: &[("spec.flexVolume.driver", OneOf(&["azure/blobfuse"]))],
        at: &["spec.flexVolume"],
        choices: &[when(Key, "secretRef", Present, KEY_FROM_SECRET)],
        fix: FLEX_FIX,
        source: docs_only(BLOB_CSI),
        ..NONE
    },
    Controller {
        title: docs_only("Azure Files volumes in pods"),
        on: Volumes("csi", "file.csi.azure.com"),
        at: &["csi"],
        any_case: true,
        choices: &[
            when(Key, "nodePublishSecretRef", Present, KEY_FROM_SECRET),
            when(Key, "volumeAttributes.secretName", Present, KEY_FROM_SECRET).and(&[("nodePublishSecretRef", Absent)]),
            when(Key, "volumeAttributes", Anything, NO_IDENTITY).and(KEYED_FILE_VOLUME),
            VOLUME_BY_NODE,
            VOLUME_BY_TOKEN,
        ],
        clients: VOLUME_CLIENTS,
        tenants: VOLUME_TENANTS,
        fix: "use a claim whose volume sets mountWithWorkloadIdentityToken: \"true\" (AKS 1.35 and later)",
        source: docs_only(FILE_CSI),
        ..NONE
    },
    Controller {
        title: docs_only("Azure Blob volumes in pods"),
        on: Volumes("csi", "blob.csi.azure.com"),
        at: &["csi"],
        any_case: true,
        choices: BLOB_VOLUME,
        clients: VOLUME_CLIENTS,
        tenants: VOLUME_TENANTS,
        fix: "use a claim whose volume sets mountWithWorkloadIdentityToken: \"true\" (preview)",
        source: docs_only(BLOB_CSI),
        ..NONE
    },
    Controller {
        title: docs_only("Azure Files volumes in pods, in-tree"),
        on: Volumes("azureFile", ""),
        at: &["azureFile"],
        choices: &[when(Key, "secretName", Present, KEY_FROM_SECRET)],
        fix: "use a file.csi.azure.com claim whose volume sets mountWithWorkloadIdentityToken: \"true\" (AKS 1.35 and later)",
        source: docs_only(FILE_CSI),
        ..NONE
    },
    Controller {
        title: docs_only("Blobfuse volumes in pods (FlexVolume)"),
        on: Volumes("flexVolume", "azure/blobfuse"),
        at: &["flexVolume"],
        choices: &[when(Key, "secretRef", Present, KEY_FROM_SECRET)],
        fix: FLEX_FIX,
        source: docs_only(BLOB_CSI),
        ..NONE
    },
];

const FILE_CSI: &str = "https://github.com/kubernetes-sigs/azurefile-csi-driver/blob/master/docs/driver-parameters.md";

const BLOB_CSI: &str = "https://github.com/kubernetes-sigs/blob-csi-driver/blob/master/docs/driver-parameters.md";

const KEY_FROM_SECRET: &str = "mounts with a storage credential from a Secret";

const NO_IDENTITY: &str = "does not choose an identity, so the driver uses the storage account key";

/// The members that say which managed identity `AzureStorageAuthType: MSI` means.
const IDENTITIES: &[&str] =
    &["AzureStorageIdentityClientID", "AzureStorageIdentityObjectID", "AzureStorageIdentityResourceID"];

const UNUSED_IDENTITY: &str = "names an identity without AzureStorageAuthType: MSI, so the driver uses the account key";

const USE_IDENTITY: &str = "set AzureStorageAuthType: MSI";

const FLEX_FIX: &str =
    "use csi: {driver: blob.csi.azure.com} with volumeAttributes.mountWithWorkloadIdentityToken: \"true\" (preview)";

const VOLUME_BY_NODE: Choice =
    when(NodeIdentity, "volumeAttributes.mountWithManagedIdentity", True, "mounts with the node's identity");

const VOLUME_BY_TOKEN: Choice =
    when(WorkloadIdentity, "volumeAttributes.mountWithWorkloadIdentityToken", True, "mounts with the pod's own token");

const VOLUME_BY_CLIENT_ID: Choice =
    when(WorkloadIdentity, "volumeAttributes.clientID", Present, "names a federated identity");

/// SMB with the account key; NFS does not need a credential.
const KEYED_FILES: &[Condition] = &[
    ("protocol", NoneOfAnyCase(&["nfs"])),
    ("fsType", NoneOfAnyCase(&["nfs"])),
    ("mountWithManagedIdentity", NotTrue),
    ("mountWithWorkloadIdentityToken", NotTrue),
    ("clientID", Absent),
    (STAGE_SECRET, Absent),
];

/// The Secret that nodes mount with, whatever identity the class names as well.
const STAGE_SECRET: &str = "[csi.storage.k8s.io/node-stage-secret-name]";

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

/// Blobfuse with the account key; NFS does not need a credential.
const KEYED_BLOBS: &[Condition] = &[
    ("AzureStorageIdentityClientID", Absent),
    ("AzureStorageIdentityObjectID", Absent),
    ("AzureStorageIdentityResourceID", Absent),
    ("protocol", NoneOfAnyCase(&["nfs", "aznfs"])),
    ("mountWithWorkloadIdentityToken", NotTrue),
    ("clientID", Absent),
    (STAGE_SECRET, Absent),
];

const KEYED_BLOB_VOLUME: &[Condition] = &[
    ("volumeAttributes.AzureStorageIdentityClientID", Absent),
    ("volumeAttributes.AzureStorageIdentityObjectID", Absent),
    ("volumeAttributes.AzureStorageIdentityResourceID", Absent),
    ("nodeStageSecretRef", Absent),
    ("nodePublishSecretRef", Absent),
    ("volumeAttributes.secretName", Absent),
    ("volumeAttributes.AzureStorageAuthType", NoneOfAnyCase(&["msi", "spn", "sas"])),
    ("volumeAttributes.protocol", NoneOfAnyCase(&["nfs", "aznfs"])),
    ("volumeAttributes.mountWithWorkloadIdentityToken", NotTrue),
    ("volumeAttributes.clientID", Absent),
];

/// Persistent volumes and volumes in pods differ only in how the kubelet uses their Secret.
const BLOB_VOLUME: &[Choice] = &[
    when(
        ServicePrincipal,
        "volumeAttributes.AzureStorageAuthType",
        OneOfAnyCase(&["spn"]),
        "is SPN: a service principal's secret",
    ),
    when(Key, "volumeAttributes.AzureStorageAuthType", OneOfAnyCase(&["sas"]), "is SAS: a shared access signature"),
    when(Key, "nodeStageSecretRef", Present, KEY_FROM_SECRET).and(KEY_NOT_REPORTED),
    when(Key, "nodePublishSecretRef", Present, KEY_FROM_SECRET).and(KEY_NOT_REPORTED),
    when(Key, "volumeAttributes.secretName", Present, KEY_FROM_SECRET).and(&[
        ("nodeStageSecretRef", Absent),
        ("nodePublishSecretRef", Absent),
        ("volumeAttributes.AzureStorageAuthType", NoneOfAnyCase(&["spn", "sas"])),
    ]),
    when(Key, "volumeAttributes", Anything, NO_IDENTITY).and(KEYED_BLOB_VOLUME),
    when(Key, "volumeAttributes", HasOneOf(IDENTITIES), UNUSED_IDENTITY)
        .and(&[
            ("nodeStageSecretRef", Absent),
            ("nodePublishSecretRef", Absent),
            ("volumeAttributes.secretName", Absent),
            ("volumeAttributes.AzureStorageAuthType", NoneOfAnyCase(&["msi", "spn", "sas"])),
        ])
        .advice(USE_IDENTITY),
    when(NodeIdentity, "volumeAttributes.AzureStorageAuthType", OneOfAnyCase(&["msi"]), "is MSI: the node's identity"),
    VOLUME_BY_TOKEN,
    VOLUME_BY_CLIENT_ID,
];

/// With these authentication types another row already reports what the Secret contains.
const KEY_NOT_REPORTED: &[Condition] = &[("volumeAttributes.AzureStorageAuthType", NoneOfAnyCase(&["spn", "sas"]))];

const VOLUME_CLIENTS: &[&str] = &["volumeAttributes.clientID", "volumeAttributes.AzureStorageSPNClientID"];

const VOLUME_TENANTS: &[&str] = &["volumeAttributes.tenantID", "volumeAttributes.AzureStorageSPNTenantID"];
