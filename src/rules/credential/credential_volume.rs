//! A volume is mounted with a storage key or a service principal's secret, or its definition holds a
//! credential.
//!
//! # Why
//!
//! By default Azure Files and Blob volumes are mounted with the key of the storage account. The key opens
//! the whole account, is kept in a Secret of the namespace, and does not show who used it. A StorageClass
//! for Azure Files writes that Secret by default. A Key Vault volume with `nodePublishSecretRef` needs a
//! service principal's secret to fetch secrets. Volumes that the provisioner of AKS makes are evaluated by
//! their StorageClass, not one by one.
//!
//! Mount options, attributes of CSI and flexVolume drivers and parameters of classes are read by value and by name.
//!
//! ```yaml deny
//! apiVersion: storage.k8s.io/v1
//! kind: StorageClass
//! metadata:
//!   name: shared
//! provisioner: file.csi.azure.com
//! parameters:
//!   skuName: Standard_LRS
//! ```
//!
//! # Fix
//!
//! Mount with the pod's own token, NFS, or a disk, which need no key.
//!
//! ```yaml allow
//! apiVersion: storage.k8s.io/v1
//! kind: StorageClass
//! metadata:
//!   name: shared
//! provisioner: file.csi.azure.com
//! parameters:
//!   skuName: Standard_LRS
//!   mountWithWorkloadIdentityToken: "true"
//! ```
//!
//! # Source
//!
//! - [Azure Files CSI driver parameters](https://github.com/kubernetes-sigs/azurefile-csi-driver/blob/master/docs/driver-parameters.md)
//! - [Azure Blob CSI driver parameters](https://github.com/kubernetes-sigs/blob-csi-driver/blob/master/docs/driver-parameters.md)
//! - [Identity access for the Key Vault provider](https://learn.microsoft.com/azure/aks/csi-secrets-store-identity-access)

use super::literal::report_with;
use crate::auth_mode::ModeFinding;
use crate::finding::Severity;
use crate::object::Object;
use crate::requester::Requester;
use crate::rule::{Check, Rule, RuleContext};
use crate::texts::{Origin, Origins, Text};
use kubernetes::kind;
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "credential-volume",
    summary: docs_only("volume that is mounted with a storage key or a service principal's secret"),
    remediation: "mount with the pod's own token",
    severity: Severity::Medium,
    checks: &[Check::Mode(check), Check::Text(Origins::of(&[Origin::Volume]), check_text)],
};

fn check<'a>(cx: &mut RuleContext<'a>, found: &ModeFinding<'a>) {
    if found.choice.mode.is_credential() && found.entry.is_volume() && !is_provisioned(cx, &found.object) {
        cx.report_mode(found);
    }
}

/// A credential in a parameter, mount option or attribute, by value.
fn check_text<'a>(cx: &mut RuleContext<'a>, text: &Text<'a>) {
    report_with(cx, text, &mut |finding, _| {
        finding.remediation("remove it and rotate what was written here");
    });
}

/// Whether the control plane writes what its StorageClass says: the volumes of its provisioner, and
/// the classes that every cluster comes with.
fn is_provisioned(cx: &RuleContext<'_>, object: &Object<'_>) -> bool {
    let is_stock = object.is(&kind::STORAGE_CLASS) && AKS_CLASSES.contains(&object.name);
    match cx.requester {
        Requester::Trusted => is_stock || object.is(&kind::PERSISTENT_VOLUME),
        Requester::Absent => is_stock,
        _ => false,
    }
}

/// The StorageClasses of AKS that use an account key.
const AKS_CLASSES: &[&str] = &[
    "azureblob-fuse-premium",
    "azurefile",
    "azurefile-csi",
    "azurefile-csi-premium",
    "azurefile-csi-standard-v2",
    "azurefile-premium",
];
