//! Tokens and certificates.

use crate::Fix;
use crate::case::{Case, member, remove, set, suggested};
use crate::table::{Row, none, suggested as suggested_row};
use entra_auth_policy::lookup::AUTOMOUNT;
use entra_auth_policy::rules::token::csi_driver_token;

pub(crate) const ROWS: &[Row] = &[
    none("token-secret", "the Secret has to be deleted, after what uses its token signs in otherwise"),
    none("certificate-request", NO_MANIFEST),
    none("certificate-approval", NO_MANIFEST),
    none("kubeconfig-static", "the kubeconfig is a text of its own, and its credential has to be revoked"),
    suggested_row(
        "csi-driver-token",
        "pass tokens in Secrets; remove the audience from a driver that is not one of Azure's",
        driver,
    ),
    none("token-request-federation", NO_MANIFEST),
    none("token-request-too-long", NO_MANIFEST),
    none("requester-local-account", "the finding is about who makes the request, not about the object"),
    none("requester-not-entra", "the finding is about who makes the request, not about the object"),
    suggested_row(
        "projected-token-too-long",
        "set expirationSeconds: 3600, or 600 where the settings ask for less; the kubelet renews the token",
        lifetime,
    ),
    suggested_row("service-account-automount", "set automountServiceAccountToken: false", automount),
];

/// The shortest lifetime that Kubernetes accepts.
const SHORTEST: i64 = 600;
const NO_MANIFEST: &str = "the finding is about a request, which no manifest contains";

fn driver(case: &Case<'_>) -> Vec<Fix> {
    let name = case.at("/metadata/name").as_str().unwrap_or_default();
    if csi_driver_token::KNOWN.contains(&name) {
        return suggested(
            "pass tokens in Secrets (Kubernetes 1.35 and later)",
            [set("/spec/serviceAccountTokenInSecrets", true)],
        );
    }
    suggested("remove the audience, so that the driver gets no token for Entra", [remove(case.above())])
}

fn lifetime(case: &Case<'_>) -> Vec<Fix> {
    // Settings can ask for less than an hour.
    let seconds = if case.node().as_i64().is_some_and(|life| life > 3600) { 3600 } else { SHORTEST };
    suggested(format!("write {seconds} seconds; the kubelet renews the token"), [set(case.pointer(), seconds)])
}

fn automount(case: &Case<'_>) -> Vec<Fix> {
    let place = if case.key() == AUTOMOUNT { case.pointer().to_owned() } else { member(case.pointer(), AUTOMOUNT) };
    suggested("do not mount the API token", [set(place, false)])
}
