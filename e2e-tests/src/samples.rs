//! Requests to measure: those that a cluster sends often, and large ones.
use serde_json::{Value, json};

/// A request worth timing.
pub struct Sample {
    pub name: &'static str,
    pub payload: Vec<u8>,
}

/// Every sample, with default settings. All of them are allowed, like most
/// requests in a cluster.
pub fn samples() -> Vec<Sample> {
    [
        ("Pod, 36 env variables", pod()),
        ("node's TokenRequest", token_request()),
        ("UPDATE of a Deployment", deployment()),
        ("ConfigMap 64 kB", config_map(64 << 10)),
        ("ConfigMap 1 MiB", config_map(1 << 20)),
        ("Role", role()),
        ("RoleBinding", role_binding()),
    ]
    .into_iter()
    .map(|(name, request)| Sample {
        name,
        payload: json!({"request": request, "settings": {}}).to_string().into_bytes(),
    })
    .collect()
}

fn pod() -> Value {
    let env: Vec<_> = (0..36)
        .map(|n| json!({"name": format!("FEATURE_SETTING_{n:02}"), "value": format!("plain-value-of-setting-{n:02}")}))
        .collect();
    let spec = json!({
        "serviceAccountName": "orders",
        "automountServiceAccountToken": false,
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "containers": [{
            "name": "web",
            "image": "registry.example.com/shop/orders:1.14.2",
            "imagePullPolicy": "IfNotPresent",
            "args": ["--listen=:8080", "--log-format=json"],
            "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
            "env": env,
            "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
            "readinessProbe": {"httpGet": {"path": "/healthz", "port": "http"}, "periodSeconds": 10},
            "volumeMounts": [{"name": "settings", "mountPath": "/etc/orders", "readOnly": true}],
            "securityContext": {"runAsNonRoot": true, "allowPrivilegeEscalation": false}
        }],
        "volumes": [{"name": "settings", "configMap": {"name": "orders-settings"}}]
    });
    let mut pod = object("v1", "Pod", "orders-5d8c7b9f6-x2x7k");
    pod["metadata"]["labels"] = json!({
        "app.kubernetes.io/name": "orders",
        "app.kubernetes.io/part-of": "shop",
        "pod-template-hash": "5d8c7b9f6"
    });
    pod["spec"] = spec;
    create(
        ("", "v1", "Pod"),
        "pods",
        json!({
            "username": "system:serviceaccount:kube-system:replicaset-controller",
            "groups": ["system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"]
        }),
        pod,
    )
}

/// The request of a rollout: both states, managed fields, and a finding that is not shown.
fn deployment() -> Value {
    let mut new = object("apps/v1", "Deployment", "orders");
    let labels = json!({"app.kubernetes.io/name": "orders"});
    new["metadata"]["annotations"] = json!({"deployment.kubernetes.io/revision": "3"});
    new["metadata"]["managedFields"] = json!([
        {
            "manager": "kubectl-client-side-apply", "operation": "Update", "apiVersion": "apps/v1",
            "time": "2026-01-02T03:04:05Z", "fieldsType": "FieldsV1",
            "fieldsV1": {"f:spec": {"f:replicas": {}, "f:selector": {}, "f:strategy": {"f:type": {}}, "f:template": {
                "f:metadata": {"f:labels": {".": {}, "f:app.kubernetes.io/name": {}}},
                "f:spec": {"f:containers": {"k:{\"name\":\"web\"}": {
                    ".": {}, "f:env": {".": {}, "k:{\"name\":\"LOG_LEVEL\"}": {".": {}, "f:name": {}, "f:value": {}}},
                    "f:image": {}, "f:imagePullPolicy": {}, "f:name": {}, "f:ports": {}, "f:resources": {},
                    "f:terminationMessagePath": {}, "f:terminationMessagePolicy": {}
                }}, "f:dnsPolicy": {}, "f:restartPolicy": {}, "f:schedulerName": {}, "f:securityContext": {},
                "f:terminationGracePeriodSeconds": {}}
            }}}
        },
        {
            "manager": "kube-controller-manager", "operation": "Update", "apiVersion": "apps/v1",
            "time": "2026-01-02T03:04:06Z", "fieldsType": "FieldsV1", "subresource": "status",
            "fieldsV1": {"f:status": {"f:availableReplicas": {}, "f:conditions": {}, "f:observedGeneration": {},
                "f:readyReplicas": {}, "f:replicas": {}, "f:updatedReplicas": {}}}
        }
    ]);
    new["spec"] = json!({
        "replicas": 2,
        "selector": {"matchLabels": labels},
        "strategy": {"type": "RollingUpdate"},
        "template": {"metadata": {"labels": labels}, "spec": {
            "containers": [{
                "name": "web", "image": "registry.example.com/shop/orders:1.14.2", "imagePullPolicy": "IfNotPresent",
                "env": [{"name": "LOG_LEVEL", "value": "info"}],
                "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
                "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"
            }],
            "restartPolicy": "Always", "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst",
            "securityContext": {}, "schedulerName": "default-scheduler"
        }}
    });
    let mut old = new.clone();
    old["spec"]["template"]["spec"]["containers"][0]["image"] = json!("registry.example.com/shop/orders:1.14.1");
    let mut request = create(("apps", "v1", "Deployment"), "deployments", user(), new);
    request["operation"] = json!("UPDATE");
    request["oldObject"] = old;
    request
}

/// The most frequent request: every kubelet asks for the token of every pod that it runs.
fn token_request() -> Value {
    let mut token = object("authentication.k8s.io/v1", "TokenRequest", "orders");
    token["spec"] = json!({
        "audiences": ["https://kubernetes.default.svc"],
        "expirationSeconds": 3607,
        "boundObjectRef": {"kind": "Pod", "apiVersion": "v1", "name": "orders-5d8c7b9f6-x2x7k", "uid": "6e5b0c53-3b0c-4b7e-9f2a-0d6f4c1b2a3d"}
    });
    let mut request = create(
        ("authentication.k8s.io", "v1", "TokenRequest"),
        "serviceaccounts",
        json!({
            "username": "system:node:aks-nodepool1-12345678-vmss000000",
            "groups": ["system:nodes", "system:authenticated"]
        }),
        token,
    );
    request["resource"] = json!({"group": "", "version": "v1", "resource": "serviceaccounts"});
    request["subResource"] = json!("token");
    request["requestSubResource"] = json!("token");
    request
}

/// A configuration file of `size` bytes, as lines of about 60.
fn config_map(size: usize) -> Value {
    let mut text = String::with_capacity(size + 80);
    for line in 0.. {
        if text.len() >= size {
            break;
        }
        text.push_str(&format!("section.{line:06}.option = \"an ordinary value of this option\"\n"));
    }
    let mut map = object("v1", "ConfigMap", "orders-settings");
    map["data"] = json!({"orders.toml": text});
    create(("", "v1", "ConfigMap"), "configmaps", user(), map)
}

fn role() -> Value {
    let mut role = object("rbac.authorization.k8s.io/v1", "Role", "orders-reader");
    role["rules"] = json!([
        {"apiGroups": [""], "resources": ["pods", "services", "configmaps"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["orders-settings"], "verbs": ["update", "patch"]}
    ]);
    create(("rbac.authorization.k8s.io", "v1", "Role"), "roles", user(), role)
}

fn role_binding() -> Value {
    let mut binding = object("rbac.authorization.k8s.io/v1", "RoleBinding", "orders-reader");
    binding["roleRef"] = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "orders-reader"});
    binding["subjects"] = json!([
        {"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "3f1c9a52-7b64-4f0e-8f0a-5a0f6f0d9b11"}
    ]);
    create(("rbac.authorization.k8s.io", "v1", "RoleBinding"), "rolebindings", user(), binding)
}

fn user() -> Value {
    json!({
        "username": "9c2b1f7e-5c0d-4f6b-9b9f-2d1a4f3e6c70",
        "groups": ["3f1c9a52-7b64-4f0e-8f0a-5a0f6f0d9b11", "system:authenticated"],
        "extra": {"oid": ["9c2b1f7e-5c0d-4f6b-9b9f-2d1a4f3e6c70"]}
    })
}

fn object(api_version: &str, kind: &str, name: &str) -> Value {
    json!({
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": name, "namespace": "shop"}
    })
}

fn create((group, version, kind): (&str, &str, &str), resource: &str, user: Value, object: Value) -> Value {
    let kind = json!({"group": group, "version": version, "kind": kind});
    let resource = json!({"group": group, "version": version, "resource": resource});
    json!({
        "uid": "0b4ab323-b607-11e8-a555-42010a8002b4",
        "kind": kind,
        "resource": resource,
        "requestKind": kind,
        "requestResource": resource,
        "name": object["metadata"]["name"],
        "namespace": "shop",
        "operation": "CREATE",
        "userInfo": user,
        "object": object,
        "oldObject": null,
        "dryRun": false,
        "options": {"apiVersion": "meta.k8s.io/v1", "kind": "CreateOptions"}
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names state sizes.
    #[test]
    fn the_samples_are_as_large_as_they_say() {
        let size = |name: &str| {
            let mut samples = samples().into_iter();
            samples.find(|sample| sample.name == name).unwrap().payload.len()
        };
        assert!((3900..4600).contains(&size("Pod, 36 env variables")));
        assert!((64 << 10..72 << 10).contains(&size("ConfigMap 64 kB")));
        assert!((1 << 20..(1 << 20) + (64 << 10)).contains(&size("ConfigMap 1 MiB")));
    }
}
