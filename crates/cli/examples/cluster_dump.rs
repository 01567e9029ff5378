//! Writes a dump of a made-up cluster, to time `entra-auth report` with:
//!
//! ```sh
//! cargo run --release -p entra-auth --example cluster_dump -- 20000 > dump.json
//! time target/release/entra-auth report --format html=report.html --format json=report.json dump.json
//! ```
//!
//! Of twenty objects, eight are Deployments, four service accounts, four ConfigMaps, three RoleBindings and one a Role.
//! A namespace has a hundred of them.

use serde_json::{Value, json};
use std::io::Write;

fn main() -> std::io::Result<()> {
    let count = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(20_000);
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    writeln!(out, "{{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [")?;
    for (n, object) in objects(count).enumerate() {
        let comma = if n == 0 { "" } else { ",\n" };
        write!(out, "{comma}{object}")?;
    }
    writeln!(out, "\n]}}")
}

const RBAC: &str = "rbac.authorization.k8s.io";

/// `count` objects, the same for the same count.
pub(crate) fn objects(count: usize) -> impl Iterator<Item = Value> {
    of_the_cluster().into_iter().chain((0..).map(object)).take(count)
}

fn of_the_cluster() -> Vec<Value> {
    let role = |name: &str, groups: Value, resources: Value, verbs: Value| {
        json!({"apiVersion": format!("{RBAC}/v1"), "kind": "ClusterRole", "metadata": {"name": name},
            "rules": [{"apiGroups": groups, "resources": resources, "verbs": verbs}]})
    };
    vec![
        role("cluster-admin", json!(["*"]), json!(["*"]), json!(["*"])),
        role(
            "edit",
            json!(["", "apps"]),
            json!(["pods", "pods/exec", "deployments", "secrets"]),
            json!(["get", "list", "create", "update"]),
        ),
        role("view", json!(["", "apps"]), json!(["pods", "deployments"]), json!(["get", "list"])),
        binding("cluster-admin", None, "cluster-admin", json!({"kind": "Group", "name": "system:masters"})),
        binding("platform", None, "cluster-admin", json!({"kind": "Group", "name": id(1, 0)})),
    ]
}

fn object(n: usize) -> Value {
    let (space, at) = (n / 100, n % 100);
    let namespace = format!("team-{space:03}");
    match at % 20 {
        0..8 => deployment(&namespace, at),
        8..12 => {
            json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": format!("app-{}", at - 8), "namespace": namespace,
            "annotations": {"azure.workload.identity/client-id": id(2, n / 3)}}})
        }
        12..16 => {
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": format!("config-{at}"), "namespace": namespace},
            "data": {"app.yaml": "log:\n  level: info\nfeatures:\n- orders\n- search\n".repeat(4)}})
        }
        16 => binding(
            &format!("developers-{at}"),
            Some(&namespace),
            "edit",
            json!({"kind": "Group", "name": id(3, space)}),
        ),
        17 => binding(
            &format!("readers-{at}"),
            Some(&namespace),
            "view",
            json!({"kind": "User", "name": format!("reader-{space}@contoso.com")}),
        ),
        18 => {
            json!({"apiVersion": format!("{RBAC}/v1"), "kind": "RoleBinding", "metadata": {"name": format!("tokens-{at}"), "namespace": namespace},
            "roleRef": {"apiGroup": RBAC, "kind": "Role", "name": format!("tokens-{}", at + 1)},
            "subjects": [{"kind": "ServiceAccount", "name": "app-0", "namespace": format!("team-{:03}", space + 1)}]})
        }
        _ => {
            json!({"apiVersion": format!("{RBAC}/v1"), "kind": "Role", "metadata": {"name": format!("tokens-{at}"), "namespace": namespace},
            "rules": [{"apiGroups": [""], "resources": ["serviceaccounts/token"], "verbs": ["create"], "resourceNames": [format!("app-{}", at % 4)]}]})
        }
    }
}

fn deployment(namespace: &str, at: usize) -> Value {
    let name = format!("service-{at}");
    let mut env = vec![json!({"name": "LOG_LEVEL", "value": "info"}), json!({"name": "PORT", "value": "8080"})];
    if at % 20 == 7 {
        env.push(
            json!({"name": "AZURE_CLIENT_SECRET", "valueFrom": {"secretKeyRef": {"name": name, "key": "secret"}}}),
        );
    }
    let labels = json!({"app": name, "azure.workload.identity/use": at.is_multiple_of(2).to_string()});
    let probe = json!({"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 10, "timeoutSeconds": 2});
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {"replicas": 2, "selector": {"matchLabels": {"app": name}}, "template": {"metadata": {"labels": labels},
            "spec": {"serviceAccountName": format!("app-{}", at % 4), "containers": [{"name": "main", "image": format!("contoso.azurecr.io/{name}:1.0"),
                "env": env, "livenessProbe": probe, "readinessProbe": probe, "ports": [{"containerPort": 8080}],
                "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
                "securityContext": {"runAsNonRoot": true, "allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}}}]}}}})
}

fn binding(name: &str, namespace: Option<&str>, role: &str, mut subject: Value) -> Value {
    subject["apiGroup"] = json!(RBAC);
    let kind = if namespace.is_some() { "RoleBinding" } else { "ClusterRoleBinding" };
    json!({"apiVersion": format!("{RBAC}/v1"), "kind": kind, "metadata": {"name": name, "namespace": namespace},
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": role}, "subjects": [subject]})
}

/// An id that looks like those of Entra.
fn id(series: u32, n: usize) -> String {
    format!("7d8cdf{series:02x}-5f1d-4e6c-9c31-{n:012x}")
}
