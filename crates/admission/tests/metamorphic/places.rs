//! Where a value can be, how it can be spelt there, and what can be next to it.

use serde_json::{Value, json};

pub(crate) struct Place {
    pub name: &'static str,
    /// An object with the value there, under the name.
    pub put: fn(&str, &str) -> Value,
    /// The same behind 50 findings of low severity.
    pub crowd: Option<fn(&str, &str) -> Value>,
    /// Whether the value is a part of a longer text there.
    pub is_text: bool,
}

const fn place(name: &'static str, put: fn(&str, &str) -> Value) -> Place {
    Place { name, put, crowd: None, is_text: false }
}

const COPY: &str = "kubectl.kubernetes.io/last-applied-configuration";

pub(crate) const PLACES: &[Place] = &[
    Place {
        crowd: Some(|name, value| {
            let mut env: Vec<Value> = weak().map(|(name, value)| json!({"name": name, "value": value})).collect();
            env.push(json!({"name": name, "value": value}));
            pod(json!({"env": env}))
        }),
        ..place("variable", |name, value| pod(json!({"env": [{"name": name, "value": value}]})))
    },
    place("variable of an init container", |name, value| {
        let init = json!([{"name": "init", "image": "init:1", "env": [{"name": name, "value": value}]}]);
        object(
            "v1",
            "Pod",
            json!({"spec": {"containers": [{"name": "web", "image": "web:1"}], "initContainers": init}}),
        )
    }),
    place("variable of an ephemeral container", |name, value| {
        let debug = json!([{"name": "debug", "image": "debug:1", "env": [{"name": name, "value": value}]}]);
        object(
            "v1",
            "Pod",
            json!({"spec": {"containers": [{"name": "web", "image": "web:1"}], "ephemeralContainers": debug}}),
        )
    }),
    place("variable of a Deployment", |name, value| {
        let template = json!({"spec": {"containers": [{"name": "web", "image": "web:1", "env": [{"name": name, "value": value}]}]}});
        object("apps/v1", "Deployment", json!({"spec": {"template": template}}))
    }),
    place("variable of a CronJob", |name, value| {
        let template = json!({"spec": {"containers": [{"name": "web", "image": "web:1", "env": [{"name": name, "value": value}]}]}});
        object("batch/v1", "CronJob", json!({"spec": {"jobTemplate": {"spec": {"template": template}}}}))
    }),
    place("variable of a template of a custom kind", |name, value| {
        let template = json!({"spec": {"containers": [{"name": "web", "image": "web:1", "env": [{"name": name, "value": value}]}]}});
        object("example.com/v1", "Shop", json!({"spec": {"template": template}}))
    }),
    Place {
        crowd: Some(|name, value| {
            let mut args: Vec<Value> = weak().map(|(name, value)| json!(format!("--{name}={value}"))).collect();
            args.extend([json!(flag(name)), json!(value)]);
            pod(json!({"args": args}))
        }),
        ..place("argument after its flag", |name, value| pod(json!({"args": [flag(name), value]})))
    },
    place("argument with its flag", |name, value| pod(json!({"args": [format!("{}={value}", flag(name))]}))),
    place("argument after a flag of the command", |name, value| {
        pod(json!({"command": ["run", flag(name)], "args": [value]}))
    }),
    place("shell command", |name, value| {
        pod(json!({"command": ["sh", "-c", format!("{}; run", assigned(name, value))]}))
    }),
    place("command of a probe", |name, value| {
        pod(json!({"livenessProbe": {"exec": {"command": ["sh", "-c", format!("{}; run", assigned(name, value))]}}}))
    }),
    place("command of a hook", |name, value| {
        pod(json!({"lifecycle": {"preStop": {"exec": {"command": ["run", flag(name), value]}}}}))
    }),
    place("header of a probe", |name, value| {
        pod(
            json!({"readinessProbe": {"httpGet": {"path": "/", "port": 80, "httpHeaders": [{"name": name, "value": value}]}}}),
        )
    }),
    place("script of a Workflow", |name, value| {
        let script =
            json!({"image": "web:1", "command": ["sh"], "source": format!("{}\nrun\n", assigned(name, value))});
        object("argoproj.io/v1alpha1", "Workflow", json!({"spec": {"templates": [{"name": "main", "script": script}]}}))
    }),
    Place {
        crowd: Some(|name, value| {
            let mut data: serde_json::Map<String, Value> = weak().map(|(name, value)| (name, json!(value))).collect();
            data.insert(key(name), json!(value));
            object("v1", "ConfigMap", json!({"data": data}))
        }),
        ..place("entry of a ConfigMap", |name, value| object("v1", "ConfigMap", json!({"data": {key(name): value}})))
    },
    Place {
        crowd: Some(|name, value| {
            let before: String = weak().map(|(name, value)| format!("{name}={value}\n")).collect();
            config_map("app.conf", &format!("{before}{}\n", assigned(name, value)))
        }),
        is_text: true,
        ..place("line of a file", |name, value| config_map("app.conf", &format!("a=b\n{}\n", assigned(name, value))))
    },
    place("line of YAML", |name, value| config_map("app.yaml", &format!("a: b\n{}: {}\n", key(name), json!(value)))),
    Place {
        crowd: Some(|name, value| {
            let mut file: serde_json::Map<String, Value> = weak().map(|(name, value)| (name, json!(value))).collect();
            file.insert(key(name), json!(value));
            config_map("app.json", &Value::Object(file).to_string())
        }),
        is_text: true,
        ..place("member of a JSON file", |name, value| {
            config_map("app.json", &json!({"a": "b", key(name): value}).to_string())
        })
    },
    place("binary entry of a ConfigMap", |name, value| {
        object("v1", "ConfigMap", json!({"binaryData": {key(name): base64(value.as_bytes())}}))
    }),
    place("entry of a Secret", |name, value| {
        object("v1", "Secret", json!({"type": "Opaque", "data": {key(name): base64(value.as_bytes())}}))
    }),
    place("text entry of a Secret", |name, value| {
        object("v1", "Secret", json!({"type": "Opaque", "stringData": {key(name): value}}))
    }),
    Place {
        crowd: Some(|name, value| {
            let mut own: serde_json::Map<String, Value> = weak()
                .map(|(name, value)| (format!("example.com/{name}"), json!(format!("amqp://a:{value}@b"))))
                .collect();
            own.insert(format!("example.com/{}", key(name)), json!(value));
            object("v1", "Service", json!({"metadata": {"name": "web", "namespace": "shop", "annotations": own}}))
        }),
        ..place("annotation", |name, value| {
            let annotations = json!({format!("example.com/{}", key(name)): value});
            object(
                "v1",
                "Service",
                json!({"metadata": {"name": "web", "namespace": "shop", "annotations": annotations}}),
            )
        })
    },
    place("annotation of a pod template", |name, value| {
        let annotations = json!({format!("example.com/{}", key(name)): value});
        let template = json!({"metadata": {"annotations": annotations}, "spec": {"containers": [{"name": "web", "image": "web:1"}]}});
        object("apps/v1", "Deployment", json!({"spec": {"template": template}}))
    }),
    place("kubectl's copy", |name, value| copied(pod(json!({"env": [{"name": name, "value": value}]})))),
    place("kubectl's copy of a ConfigMap", |name, value| copied(config_map(&key(name), value))),
    place("a member of kubectl's copy", |name, value| {
        copied(object("example.com/v1", "Shop", json!({"spec": {key(name): value}})))
    }),
    Place {
        crowd: Some(|name, value| {
            let mut spec: serde_json::Map<String, Value> =
                weak().map(|(name, value)| (name, json!(format!("amqp://a:{value}@b")))).collect();
            spec.insert(key(name), json!(value));
            object("example.com/v1", "Shop", json!({"spec": spec}))
        }),
        ..place("member of a custom kind", |name, value| {
            object("example.com/v1", "Shop", json!({"spec": {key(name): value}}))
        })
    },
    place("attribute of a volume", |name, value| {
        let volume = json!({"name": "v", "csi": {"driver": "example.com", "volumeAttributes": {key(name): value}}});
        object("v1", "Pod", json!({"spec": {"containers": [{"name": "web", "image": "web:1"}], "volumes": [volume]}}))
    }),
    place("parameter of a StorageClass", |name, value| {
        object(
            "storage.k8s.io/v1",
            "StorageClass",
            json!({"provisioner": "example.com", "parameters": {key(name): value}}),
        )
    }),
    place("mount option of a PersistentVolume", |name, value| {
        object("v1", "PersistentVolume", json!({"spec": {"mountOptions": [assigned(name, value)]}}))
    }),
];

/// How a value can be spelt, given its name.
pub(crate) type Encoding = fn(&str, &str) -> String;

pub(crate) const ENCODINGS: &[(&str, Encoding)] = &[
    ("base64", |_, value| base64(value.as_bytes())),
    ("base64 twice", |_, value| base64(base64(value.as_bytes()).as_bytes())),
    ("base64 of a line", |name, value| base64(format!("{}\n", assigned(name, value)).as_bytes())),
    ("base64 in JSON", |name, value| json!({"a": "b", key(name): base64(value.as_bytes())}).to_string()),
    ("base64 in YAML", |name, value| format!("a: b\n{}: {}\n", key(name), base64(value.as_bytes()))),
    ("JSON escapes", |name, value| {
        let escaped: String = value.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
        format!("{{\"a\": \"b\", \"{}\": \"{escaped}\"}}", key(name))
    }),
    ("JSON in JSON", |name, value| json!({"a": json!({key(name): value}).to_string()}).to_string()),
    ("a block of YAML", |name, value| {
        let lines: String = value.lines().map(|line| format!("  {line}\n")).collect();
        format!("a: b\n{}: |\n{lines}", key(name))
    }),
    ("a tag of YAML", |name, value| format!("a: b\n{}: !!str {}\n", key(name), json!(value))),
    ("an anchor of YAML", |name, value| format!("a: b\n{}: &anchor {}\n", key(name), json!(value))),
    ("an exported variable", |name, value| format!("#!/bin/sh\nexport {}\n", assigned(name, value))),
    ("an instruction of a Dockerfile", |name, value| format!("FROM web\nENV {}\n", assigned(name, value))),
];

/// What says of another value that it is harmless.
pub(crate) const EXCUSES: &[&str] = &[
    "UseDevelopmentStorage=true;",
    "UseDevelopmentEmulator=true;",
    "AccountName=devstoreaccount1;",
    "azure.appId=0f8fad5b-d9cb-469f-a165-70867728950e",
    "\"shop.azurecr.io\":{\"username\":\"00000000-0000-0000-0000-000000000000\",\"password\":\"token\"}",
    "\"shop.azurecr.io\":{\"username\":\"00000000-0000-0000-0000-000000000000\"",
    "NO_PROXY=localhost",
    "AKIAIOSFODNN7EXAMPLE",
    "aws_secret_access_key=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "client_secret=<client-secret>",
    "password=$(PASSWORD)",
    "password=changeme",
    "password=",
    "https://shop.vault.azure.net/secrets/password",
    "@Microsoft.KeyVault(SecretUri=https://shop.vault.azure.net/secrets/a)",
    "InstrumentationKey=0f8fad5b-d9cb-469f-a165-70867728950e;",
    "-----BEGIN CERTIFICATE-----",
    "sha256:0f8fad5bd9cb469fa16570867728950e",
    "{{ .Values.secret }}",
    "enabled: true",
    "msi",
];

fn object(api_version: &str, kind: &str, members: Value) -> Value {
    let mut object = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "web", "namespace": "shop"}});
    if let (Some(object), Value::Object(members)) = (object.as_object_mut(), members) {
        object.extend(members);
    }
    object
}

fn pod(container: Value) -> Value {
    let mut web = json!({"name": "web", "image": "web:1"});
    if let (Some(web), Value::Object(container)) = (web.as_object_mut(), container) {
        web.extend(container);
    }
    object(
        "v1",
        "Pod",
        json!({"spec": {"serviceAccountName": "web", "automountServiceAccountToken": false, "containers": [web]}}),
    )
}

pub(crate) fn config_map(key: &str, text: &str) -> Value {
    object("v1", "ConfigMap", json!({"data": {key: text}}))
}

/// An object without the value, with kubectl's copy of the one that has it.
fn copied(object_of_copy: Value) -> Value {
    let mut own = json!({"apiVersion": object_of_copy["apiVersion"], "kind": object_of_copy["kind"],
        "metadata": {"name": "web", "namespace": "shop"}});
    if object_of_copy["kind"] == "Pod" {
        own["spec"] = json!({"serviceAccountName": "web", "automountServiceAccountToken": false, "containers": [{"name": "web", "image": "web:1"}]});
    }
    own["metadata"]["annotations"] = json!({COPY: object_of_copy.to_string()});
    own
}

/// The name as an object's key.
fn key(name: &str) -> String {
    let key: String = name
        .trim_start_matches('-')
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' })
        .collect();
    if key.is_empty() { "zz".to_owned() } else { key }
}

fn flag(name: &str) -> String {
    if name.starts_with('-') { name.to_owned() } else { format!("--{}", key(name).to_lowercase().replace('_', "-")) }
}

/// `name=value`, in quotation marks if the value has blanks.
fn assigned(name: &str, value: &str) -> String {
    match value.contains(|c: char| c.is_ascii_whitespace() || c == ';') {
        true => format!("{}='{value}'", key(name)),
        false => format!("{}={value}", key(name)),
    }
}

/// 50 names and values whose findings are low.
fn weak() -> impl Iterator<Item = (String, String)> {
    (0..50).map(|n| (format!("a{n:02}_token"), format!("a1b2c3d4e5f6g7h8i9j{n}")))
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::new();
    for chunk in bytes.chunks(3) {
        let byte = |n: usize| u32::from(chunk.get(n).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            encoded.push(if digit > chunk.len() {
                '='
            } else {
                char::from(DIGITS[(bits >> (18 - 6 * digit) & 63) as usize])
            });
        }
    }
    encoded
}
