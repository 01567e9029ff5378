//! A volume exposes the node's credential file `/etc/kubernetes/azure.json` to a pod.
//!
//! # Why
//!
//! Every AKS node keeps its cloud configuration in this file. On a cluster with a service principal it
//! contains the cluster's client secret; otherwise it names the identities attached to the node. A
//! `hostPath` to a parent folder (`/`, `/etc`, `/etc/kubernetes`) exposes it as well. Node agents sometimes
//! need such a folder, so the severity is lower. The rule also covers persistent volumes and Windows nodes
//! (`C:\k\azure.json`).
//!
//! ```yaml deny
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: dns
//!   namespace: shop
//! spec:
//!   serviceAccountName: dns
//!   containers:
//!   - name: dns
//!     image: contoso.azurecr.io/external-dns:1.0
//!   volumes:
//!   - name: azure-config
//!     hostPath:
//!       path: /etc/kubernetes/azure.json
//! ```
//!
//! # Fix
//!
//! Use workload identity. Give controllers that need an `azure.json` a separate one without a secret.
//!
//! ```yaml allow
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: dns
//!   namespace: shop
//!   labels:
//!     azure.workload.identity/use: "true"
//! spec:
//!   serviceAccountName: dns
//!   containers:
//!   - name: dns
//!     image: contoso.azurecr.io/external-dns:1.0
//!   volumes:
//!   - name: azure-config
//!     configMap:
//!       name: external-dns-azure
//!   - name: plugins
//!     hostPath:
//!       path: /etc/kubernetes/volumeplugins
//! ```
//!
//! # Source
//!
//! - [Managed identities in AKS](https://learn.microsoft.com/azure/aks/managed-identity-overview)
//! - [Configuration of the Azure cloud provider](https://cloud-provider-azure.sigs.k8s.io/install/configs/)

use crate::finding::Severity;
use crate::object::Object;
use crate::rule::{Check, Rule, RuleContext};
use crate::view::workload::Workload;
use json::Node;
use kubernetes::kind;
use text::docs_only;
use text::shown;

pub static RULE: Rule = Rule {
    id: "node-identity-file",
    summary: docs_only("volume that exposes the node's Azure credential file"),
    remediation: "remove the volume and use workload identity",
    severity: Severity::High,
    checks: &[Check::Workload(check), Check::Kinds(&[kind::PERSISTENT_VOLUME], check_persistent_volume)],
};

fn check<'a>(cx: &mut RuleContext<'a>, workload: &Workload<'a>) {
    for volume in workload.volumes() {
        check_path(cx, volume, volume.at(&["hostPath", "path"]));
    }
}

fn check_persistent_volume<'a>(cx: &mut RuleContext<'a>, object: &Object<'a>) {
    for source in ["hostPath", "local"] {
        let path = object.at(&["spec", source, "path"]);
        check_path(cx, path, path);
    }
}

fn check_path<'a>(cx: &mut RuleContext<'a>, anchor: Node<'a>, path: Node<'a>) {
    let Some(text) = path.set_text() else { return };
    match exposure(text) {
        Some(Exposure::File) => {
            cx.report(anchor, "exposes the node's credential file azure.json to the pod");
        }
        Some(Exposure::Parent) => {
            let message =
                format!("exposes {} of the node to the pod, including its credential file azure.json", shown(text));
            cx.report(anchor, message).severity(Severity::Medium).remediation("mount only the folder that is needed");
        }
        None => {}
    }
}

#[derive(Debug, PartialEq)]
enum Exposure {
    File,
    Parent,
}

/// How a host path relates to the file. Comparing names is enough, because Kubernetes rejects `..`.
fn exposure(path: &str) -> Option<Exposure> {
    let linux: &[&str] = &["etc", "kubernetes", "azure.json"];
    let windows: &[&str] = &["c:", "k", "azure.json"];
    let is_windows = path.get(1..2) == Some(":");
    let (file, separators): (_, &[char]) = if is_windows { (windows, &['/', '\\']) } else { (linux, &['/']) };
    let mut names = path.split(separators).filter(|name| !matches!(*name, "" | "."));
    for expected in file {
        match names.next() {
            None => return Some(Exposure::Parent),
            // File names on Windows are not case-sensitive.
            Some(name) if name == *expected || (is_windows && name.eq_ignore_ascii_case(expected)) => {}
            Some(_) => return None,
        }
    }
    names.next().is_none().then_some(Exposure::File)
}

#[cfg(test)]
mod tests {
    use super::{Exposure, exposure};

    #[test]
    fn paths() {
        for (path, expected) in [
            ("/etc/kubernetes/azure.json", Some(Exposure::File)),
            ("/etc//kubernetes/./azure.json/", Some(Exposure::File)),
            ("/", Some(Exposure::Parent)),
            ("/etc", Some(Exposure::Parent)),
            ("/etc/kubernetes/", Some(Exposure::Parent)),
            ("/etc/kubernetes/volumeplugins", None),
            ("/etc/kubernetes/azure.json.bak", None),
            ("/etc/Kubernetes", None),
            ("/var/lib/etc", None),
            ("c:\\k\\azure.json", Some(Exposure::File)),
            ("C:/K", Some(Exposure::Parent)),
            ("C:\\", Some(Exposure::Parent)),
            ("d:\\k", None),
        ] {
            assert_eq!(exposure(path), expected, "{path}");
        }
    }
}
