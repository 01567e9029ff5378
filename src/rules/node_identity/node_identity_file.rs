//! A volume exposes the node's credential file `/etc/kubernetes/azure.json` to a pod.
//!
//! # Why
//!
//! Every AKS node keeps its cloud configuration in this file. On a cluster with a service principal it
//! contains the cluster's client secret; otherwise it names the identities attached to the node. A
//! `hostPath` to a parent folder (`/`, `/etc`, `/etc/kubernetes`) exposes it as well. Node agents sometimes
//! need such a folder, so the severity is lower, and lowest if no container that mounts it runs as root, which
//! the file requires. The root folder of a process of the node (`/proc/1/root`) is the node's own. The rule also
//! covers persistent volumes and Windows nodes (`C:\k\azure.json`, with or without the drive).
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
use crate::view::container::Container;
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
        let is_unreadable = || !workload.is_windows() && is_mounted_without_root(workload, volume);
        check_path(cx, volume, volume.at(&["hostPath", "path"]), &is_unreadable);
    }
}

fn check_persistent_volume<'a>(cx: &mut RuleContext<'a>, object: &Object<'a>) {
    for source in ["hostPath", "local"] {
        let path = object.at(&["spec", source, "path"]);
        check_path(cx, path, path, &|| false);
    }
}

fn check_path<'a>(cx: &mut RuleContext<'a>, anchor: Node<'a>, path: Node<'a>, is_unreadable: &dyn Fn() -> bool) {
    let Some(text) = path.set_text() else { return };
    match exposure(text) {
        Some(Exposure::File) => {
            cx.report(anchor, "exposes the node's credential file azure.json to the pod");
        }
        Some(Exposure::Parent) => {
            let message =
                format!("exposes {} of the node to the pod, including its credential file azure.json", shown(text));
            let severity = if is_unreadable() { Severity::Low } else { Severity::Medium };
            cx.report(anchor, message).severity(severity).remediation("mount only the folder that is needed");
        }
        None => {}
    }
}

/// Whether no container that mounts the volume can run as root, to whom alone the file is readable.
fn is_mounted_without_root<'a>(workload: &Workload<'a>, volume: Node<'a>) -> bool {
    let name = volume.get("name").text();
    let of_pod = workload.spec.get("securityContext");
    let mounts = |container: &&Container<'a>| container.volume_mounts().any(|mount| mount.get("name").text() == name);
    let mut mounting = workload.containers().filter(mounts).peekable();
    // Without any, a debug container may mount it later.
    mounting.peek().is_some()
        && mounting.all(|container| {
            let own = container.node.get("securityContext");
            let setting = |key: &str| match own.get(key) {
                setting if setting.is_absent() => of_pod.get(key),
                setting => setting,
            };
            let may_gain_rights =
                own.get("privileged").bool() == Some(true) || own.at(&["capabilities", "add"]).items().next().is_some();
            let is_other_user = match setting("runAsUser").integer() {
                Some(user) => user > 0,
                None => setting("runAsNonRoot").bool() == Some(true),
            };
            is_other_user && !may_gain_rights
        })
}

#[derive(Debug, PartialEq)]
enum Exposure {
    File,
    Parent,
}

/// How a host path relates to the file. Comparing names is enough, because Kubernetes rejects `..`.
fn exposure(path: &str) -> Option<Exposure> {
    const LINUX: &[&str] = &["etc", "kubernetes", "azure.json"];
    const WINDOWS: &[&str] = &["k", "azure.json"];
    // `/` is the root folder on both.
    below(&names_on_linux(path), LINUX, |name, expected| name == expected).or_else(|| {
        let names = names_on_windows(path)?;
        // File names on Windows are not case-sensitive.
        below(&names, WINDOWS, |name, expected| name.eq_ignore_ascii_case(expected))
    })
}

/// How the folder or file of these names relates to `file`.
fn below(names: &[&str], file: &[&str], is_same: fn(&str, &str) -> bool) -> Option<Exposure> {
    let mut names = names.iter();
    for expected in file {
        match names.next() {
            None => return Some(Exposure::Parent),
            Some(name) if is_same(name, expected) => {}
            Some(_) => return None,
        }
    }
    names.next().is_none().then_some(Exposure::File)
}

/// The names in a path, without the folders that lead back to the root: those of processes.
fn names_on_linux(path: &str) -> Vec<&str> {
    let names: Vec<&str> = path.split('/').filter(|name| !matches!(*name, "" | ".")).collect();
    let mut rest = names.as_slice();
    while let ["proc", _, "root" | "cwd", below @ ..] | ["proc", _, "task", _, "root" | "cwd", below @ ..] = rest {
        rest = below;
    }
    match rest {
        // What shows every folder of a process shows its root.
        ["proc", process] if is_process(process) => Vec::new(),
        rest => rest.to_vec(),
    }
}

fn is_process(name: &str) -> bool {
    matches!(name, "self" | "thread-self") || name.bytes().all(|b| b.is_ascii_digit())
}

/// The names in a path below the drive of the system, which a path without a drive is on as well: `C:\k`, `\k`,
/// `\\?\C:\k`, `\\localhost\c$\k`. `None` for another drive.
fn names_on_windows(path: &str) -> Option<Vec<&str>> {
    let mut names = path.split(['/', '\\']).filter(|name| !matches!(*name, "" | "." | "?")).peekable();
    let is_share = path.starts_with(r"\\") || path.starts_with("//");
    if is_share && names.peek().is_some_and(|host| !is_drive(host)) {
        names.next();
    }
    match names.peek() {
        Some(drive) if is_drive(drive) => {
            if !drive.starts_with(['c', 'C']) {
                return None;
            }
            names.next();
        }
        // A relative path, or one of Linux.
        _ if !path.starts_with(['/', '\\']) => return None,
        _ => {}
    }
    Some(names.collect())
}

/// `C:`, or `C$` as the share of a drive is called.
fn is_drive(name: &str) -> bool {
    matches!(name.as_bytes(), [letter, b':' | b'$'] if letter.is_ascii_alphabetic())
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
            ("\\k\\azure.json", Some(Exposure::File)),
            ("/k/azure.json", Some(Exposure::File)),
            ("\\K\\", Some(Exposure::Parent)),
            ("c:\\k\\.\\Azure.JSON", Some(Exposure::File)),
            ("\\\\?\\C:\\k\\azure.json", Some(Exposure::File)),
            ("//./C:/k/azure.json", Some(Exposure::File)),
            ("\\\\localhost\\c$\\k", Some(Exposure::Parent)),
            ("\\", Some(Exposure::Parent)),
            ("/k/config", None),
            ("C:\\var\\log", None),
            ("k\\azure.json", None),
            ("/proc/1/root/etc/kubernetes/azure.json", Some(Exposure::File)),
            ("/proc/self/root/proc/1/root/etc/kubernetes", Some(Exposure::Parent)),
            ("/proc/4711/task/4711/root", Some(Exposure::Parent)),
            ("/proc/1/cwd/etc", Some(Exposure::Parent)),
            ("/proc//1/./root/", Some(Exposure::Parent)),
            ("/proc/1", Some(Exposure::Parent)),
            ("/proc", None),
            ("/proc/sys", None),
            ("/proc/1/root/var/log", None),
            ("/etc/kubernetes/azure.json/../certs", None),
        ] {
            assert_eq!(exposure(path), expected, "{path}");
        }
    }
}
