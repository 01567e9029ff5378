//! A pod mounts a service account token with a lifetime of more than a day.
//!
//! # Why
//!
//! The kubelet renews a mounted token long before it expires, so a long lifetime only helps an attacker who
//! copies the token out of the pod. The limit is `maxTokenSeconds`, 24 hours by default.
//!
//! ```yaml deny
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: vault-client
//!   namespace: shop
//! spec:
//!   serviceAccountName: vault-client
//!   containers:
//!   - name: app
//!     image: contoso.azurecr.io/vault-client:1.0
//!   volumes:
//!   - name: vault-token
//!     projected:
//!       sources:
//!       - serviceAccountToken:
//!           audience: vault
//!           expirationSeconds: 604800
//!           path: token
//! ```
//!
//! # Fix
//!
//! ```yaml allow
//! apiVersion: v1
//! kind: Pod
//! metadata:
//!   name: vault-client
//!   namespace: shop
//! spec:
//!   serviceAccountName: vault-client
//!   containers:
//!   - name: app
//!     image: contoso.azurecr.io/vault-client:1.0
//!   volumes:
//!   - name: vault-token
//!     projected:
//!       sources:
//!       - serviceAccountToken:
//!           audience: vault
//!           expirationSeconds: 3600
//!           path: token
//! ```
//!
//! # Source
//!
//! - [Projected volumes](https://kubernetes.io/docs/concepts/storage/projected-volumes/#serviceaccounttoken)

use super::duration;
use crate::finding::Severity;
use crate::rule::{Check, Rule, RuleContext};
use crate::view::workload::Workload;
use text::docs_only;

pub static RULE: Rule = Rule {
    id: "projected-token-too-long",
    summary: docs_only("mounted service account token with a long lifetime"),
    remediation: "set a shorter lifetime, for example expirationSeconds: 3600; the kubelet renews the token",
    severity: Severity::Low,
    checks: &[Check::Workload(check)],
};

fn check<'a>(cx: &mut RuleContext<'a>, workload: &Workload<'a>) {
    let most = cx.settings.max_token_seconds;
    for volume in workload.volumes_once() {
        for source in volume.at(&["projected", "sources"]).items() {
            let life = source.at(&["serviceAccountToken", "expirationSeconds"]);
            if let Some(seconds) = life.integer().filter(|seconds| *seconds > most) {
                let (seconds, most) = (duration(seconds), duration(most));
                cx.report(life, format!("mounts a token that is valid for {seconds}, more than {most}"));
            }
        }
    }
}
