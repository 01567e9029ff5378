//! Every kind of credential and every spelling of the metadata endpoint is found at every origin.

use super::*;
use crate::lookup::{Cluster, LookupError, Query};
use crate::object::LAST_APPLIED;
use crate::settings::Date;
use crate::{Host, evaluate};
use base64::Engine;
use credentials::{Class, CredentialKind, FORMATS, PROVIDER_AT, PROVIDERS, SIGNATURES, Signature, recognise};
use serde_json::{Value, json};

struct NoCluster;

impl Cluster for NoCluster {
    fn get(&self, _: &Query<'_>) -> Result<String, LookupError> {
        Err(LookupError::Failed)
    }
}

fn encode(text: &str) -> String {
    base64::prelude::BASE64_STANDARD.encode(text)
}

/// Characters of an alphabet, in turn.
fn letters(alphabet: &credentials::Alphabet, count: usize) -> String {
    let members: Vec<char> = (0..128u8).filter(|byte| alphabet.contains(*byte)).map(char::from).collect();
    (0..count).map(|n| members[n * 7 % members.len()]).collect()
}

fn of_signature(signature: &Signature) -> String {
    let run = |run: &credentials::Run| letters(&run.alphabet, run.min);
    let before: String = signature.before.iter().map(run).collect();
    let after: String = signature.after.iter().map(run).collect();
    format!("{before}{}{after}", signature.mark.text)
}

fn kubeconfig(user: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\nclusters:\n- name: c\n  cluster:\n    server: https://c.example\n\
         contexts:\n- name: c\n  context: {{cluster: c, user: u}}\ncurrent-context: c\nusers:\n- name: u\n  user:\n{user}"
    )
}

fn registry(user: &str) -> String {
    format!(r#"{{"auths":{{"shop.azurecr.io":{{"username":"{user}","password":"Qz81kfhRt5Lm03XcVb"}}}}}}"#)
}

fn token(claims: &str) -> String {
    let part = |text: &str| encode(text).trim_end_matches('=').replace('+', "-").replace('/', "_");
    format!("{}.{}.{}", part(r#"{"alg":"RS256","typ":"JWT"}"#), part(claims), part(&"s1G".repeat(30)))
}

/// One sample of each kind of credential.
fn credentials() -> Vec<(&'static CredentialKind, String)> {
    let (key32, key64) = (encode(&"k3y-".repeat(8)), encode(&"k3y-".repeat(16)));
    let word = "Qz81kfhRt5Lm03XcVb";
    let mut samples: Vec<String> = SIGNATURES.iter().map(of_signature).collect();
    let annotated = SIGNATURES.iter().find(|signature| signature.mark.text == "JQQJ9").map(of_signature).unwrap();
    samples.extend(PROVIDERS.iter().map(|(provider, _)| {
        let mut key = annotated.clone();
        key.replace_range(PROVIDER_AT..PROVIDER_AT + 4, provider);
        key
    }));
    samples.extend([
        format!("DefaultEndpointsProtocol=https;AccountName=shop;AccountKey={key64}"),
        format!("AccountEndpoint=https://shop.documents.azure.com:443/;AccountKey={key64};"),
        format!("Endpoint=sb://shop.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey={key32}"),
        format!("Endpoint=https://shop.service.signalr.net;AccessKey={key32};Version=1.0;"),
        format!("HostName=hub.azure-devices.net;DeviceId=d;SharedAccessKey={key32}"),
        format!("SharedAccessKey={key32}"),
        format!("endpoint=https://shop.communication.azure.com/;accesskey={key64}"),
        format!("0.A{}.Ag{}", "Vb3x9Qz7Lm2Kf8Rt".repeat(4), "h5Jd0Wc6Yp1Ns4Gt".repeat(18)),
        format!("Endpoint=https://shop.azconfig.io;Id=abcd-l0-s0:x;Secret={key32}"),
        format!("https://shop.blob.core.windows.net/c?sv=2022-11-02&se=2030-01-01&sr=c&sp=r&sig={key32}"),
        format!("Server=tcp:shop.database.windows.net,1433;User ID=u;Password={word};Encrypt=True;"),
        format!("shop.redis.cache.windows.net:6380,password={key32},ssl=True"),
        format!("Server=postgres;Database=db;User Id=u;Password={word}"),
        format!("postgres://u:{word}@shop.postgres.database.azure.com/db"),
        format!("redis://:{word}@redis:6379/0"),
        token(r#"{"iss":"https://sts.windows.net/11111111-1111-1111-1111-111111111111/"}"#),
        token(r#"{"iss":"kubernetes/serviceaccount","sub":"system:serviceaccount:a:b"}"#),
        token(r#"{"iss":"https://example.org","sub":"someone"}"#),
        format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----", encode(&"p3m-".repeat(80))),
        base64::prelude::BASE64_STANDARD
            .encode([&[0x30, 0x82, 9, 0x42, 2, 1, 3, 0x30, 0x82][..], &[0x55; 60][..]].concat()),
        format!(r#"{{"tenantId":"t","aadClientId":"c","aadClientSecret":"{word}"}}"#),
        format!(r#"{{"clientId":"c","clientSecret":"{word}","subscriptionId":"s","tenantId":"t"}}"#),
        format!(r#"{{"appId":"a","displayName":"d","password":"{word}","tenant":"t"}}"#),
        registry("shop"),
        registry("12345678-1234-1234-1234-123456789012"),
        registry("puller"),
        kubeconfig(&format!("    client-certificate-data: {key64}\n    client-key-data: {key64}\n")),
        kubeconfig(&format!("    client-key-data: {key64}\n")).replace("- name: u\n", "- name: clusterAdmin_g_c\n"),
        kubeconfig(&format!("    token: {word}\n")),
        kubeconfig(&format!("    username: u\n    password: {word}\n")),
        kubeconfig("    auth-provider:\n      name: azure\n"),
        kubeconfig(&format!("    exec:\n      command: kubelogin\n      args: [get-token]\n      env:\n      - name: AZURE_CLIENT_SECRET\n        value: {word}\n")),
        "AKIAQ7WZ2M4PLN5RTB3X".to_owned(),
        "aws_secret_access_key = qL7vT2xW9cR4mB8nK1sD6fH3jP5zY0gU+aEoXiVt".to_owned(),
    ]);
    let mut found: Vec<(&'static CredentialKind, String)> = Vec::new();
    for sample in samples {
        let kind = recognise(&sample).unwrap_or_else(|| panic!("not a credential: {sample}"));
        if !found.iter().any(|(known, _)| *known == kind) {
            found.push((kind, sample));
        }
    }
    found
}

/// Where a string can be: its origin, the kind of object, and the object with the string in it.
type Place = (Origin, &'static str, Box<dyn Fn(&str) -> Value>);

fn places() -> Vec<Place> {
    fn container(parts: Value) -> Value {
        let mut container = json!({"name": "web", "image": "web"});
        container.as_object_mut().unwrap().extend(parts.as_object().unwrap().clone());
        json!({"containers": [container]})
    }
    fn pod(parts: Value) -> Value {
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": container(parts)})
    }
    fn object(version: &str, kind: &str, parts: Value) -> Value {
        let mut object = json!({"apiVersion": version, "kind": kind, "metadata": {"name": "web"}});
        object.as_object_mut().unwrap().extend(parts.as_object().unwrap().clone());
        object
    }
    fn annotated(parts: Value) -> Value {
        json!({"metadata": parts, "spec": {"containers": []}})
    }
    fn copied(copy: Value) -> Value {
        json!({"apiVersion": copy["apiVersion"], "kind": copy["kind"], "metadata": {"name": "web",
            "annotations": {LAST_APPLIED: copy.to_string()}}, "data": {}, "spec": container(json!({}))})
    }
    macro_rules! places {
        ($($origin:ident $kind:literal $value:ident => $object:expr;)*) => {
            vec![$((Origin::$origin, $kind, Box::new(|$value: &str| $object) as Box<dyn Fn(&str) -> Value>)),*]
        };
    }
    places! {
        Variable "Pod" v => pod(json!({"env": [{"name": "NOTE", "value": v}]}));
        Variable "Pod" v => { let mut pod = pod(json!({}));
            pod["spec"]["initContainers"] = container(json!({"env": [{"name": "NOTE", "value": v}]}))["containers"].clone(); pod };
        Variable "Pod" v => { let mut pod = pod(json!({}));
            pod["spec"]["ephemeralContainers"] = container(json!({"env": [{"name": "NOTE", "value": v}]}))["containers"].clone(); pod };
        Variable "Shop" v => object("contoso.com/v1", "Shop", json!({"spec": {"parts": [{"podTemplate":
            {"spec": container(json!({"env": [{"name": "NOTE", "value": v}]}))}}]}}));
        Command "Pod" v => pod(json!({"command": ["run", v]}));
        Argument "Pod" v => pod(json!({"args": [v]}));
        Argument "Pod" v => pod(json!({"args": ["--note", v]}));
        Argument "Pod" v => pod(json!({"args": [format!("--note={v}")]}));
        Probe "Pod" v => pod(json!({"livenessProbe": {"exec": {"command": ["check", v]}}}));
        Probe "Pod" v => pod(json!({"readinessProbe": {"httpGet": {"port": 80, "httpHeaders": [{"name": "X-Note", "value": v}]}}}));
        Probe "Pod" v => pod(json!({"startupProbe": {"httpGet": {"port": 80, "path": v}}}));
        Hook "Pod" v => pod(json!({"lifecycle": {"postStart": {"exec": {"command": ["tell", v]}}}}));
        Hook "Pod" v => pod(json!({"lifecycle": {"preStop": {"exec": {"command": ["tell", v]}}}}));
        Script "Workflow" v => object("argoproj.io/v1alpha1", "Workflow", json!({"spec": {"templates": [
            {"name": "a", "script": {"image": "a", "command": ["sh"], "source": v}}]}}));
        Data "ConfigMap" v => object("v1", "ConfigMap", json!({"data": {"note": v}}));
        Data "ConfigMap" v => object("v1", "ConfigMap", json!({"binaryData": {"note": encode(v)}}));
        Data "Secret" v => object("v1", "Secret", json!({"data": {"note": encode(v)}}));
        Data "Secret" v => object("v1", "Secret", json!({"stringData": {"note": v}}));
        Annotation "Service" v => object("v1", "Service", json!({"metadata": {"name": "web", "annotations": {"note": v}}}));
        Annotation "Deployment" v => object("apps/v1", "Deployment",
            json!({"spec": {"template": annotated(json!({"annotations": {"note": v}}))}}));
        Annotation "CronJob" v => object("batch/v1", "CronJob",
            json!({"spec": {"jobTemplate": annotated(json!({"annotations": {"note": v}}))}}));
        Annotation "StatefulSet" v => object("apps/v1", "StatefulSet",
            json!({"spec": {"volumeClaimTemplates": [{"metadata": {"annotations": {"note": v}}}]}}));
        Label "Service" v => object("v1", "Service", json!({"metadata": {"name": "web", "labels": {"note": v}}}));
        LastApplied "Pod" v => copied(pod(json!({"env": [{"name": "NOTE", "value": v}]})));
        LastApplied "Pod" v => copied(pod(json!({"livenessProbe": {"exec": {"command": ["check", v]}}})));
        LastApplied "ConfigMap" v => copied(object("v1", "ConfigMap", json!({"data": {"note": v}})));
        LastApplied "ConfigMap" v => copied(object("v1", "ConfigMap", json!({"immutable": v})));
        LastApplied "ClusterRole" v => copied(object("rbac.authorization.k8s.io/v1", "ClusterRole", json!({"rules": [{"note": v}]})));
        LastApplied "Pod" v => copied(pod(json!({"securityContext": {"note": v}})));
        LastApplied "Pod" v => copied(object("v1", "Pod", json!({"status": {"note": v}})));
        LastApplied "Pod" v => copied(object("v1", "Pod", json!({"metadata": {"note": [v]}})));
        LastApplied "Pod" v => copied(object("v1", "Pod", json!({"spec": {"containers": [{"env": v}]}})));
        LastApplied "Pod" v => copied(object("v1", "Pod", json!({"spec": {"containers": [{"env": [v]}]}})));
        LastApplied "Pod" v => copied(object("v1", "Pod", json!({"data": {"note": {"deep": v}}})));
        LastApplied "Deployment" v => copied(object("apps/v1", "Deployment",
            json!({"spec": {"template": {"spec": container(json!({"command": ["run", v]}))}}})));
        LastApplied "CronJob" v => copied(object("batch/v1", "CronJob", json!({"spec": {"jobTemplate": {"spec": {"template":
            {"spec": container(json!({"env": [{"name": "NOTE", "value": v}]}))}}}}})));
        LastApplied "Service" v => copied(json!({"apiVersion": "v1", "kind": "Service", "spec": v}));
        LastApplied "Job" v => object("batch/v1", "Job", json!({"spec": {"template": annotated(json!({"annotations":
            {LAST_APPLIED: pod(json!({"args": [v]})).to_string()}}))}}));
        LastApplied "Service" v => object("v1", "Service",
            json!({"metadata": {"name": "web", "annotations": {LAST_APPLIED: json!(v).to_string()}}}));
        LastApplied "Service" v => object("v1", "Service",
            json!({"metadata": {"name": "web", "annotations": {LAST_APPLIED: format!("note: {v}\n")}}}));
        Volume "PersistentVolume" v => object("v1", "PersistentVolume", json!({"spec": {"mountOptions": [v]}}));
        Volume "StorageClass" v => object("storage.k8s.io/v1", "StorageClass", json!({"parameters": {"note": v}}));
        Volume "Pod" v => { let mut pod = pod(json!({}));
            pod["spec"]["volumes"] = json!([{"name": "a", "csi": {"driver": "a", "volumeAttributes": {"note": v}}}]); pod };
        Volume "Pod" v => { let mut pod = pod(json!({}));
            pod["spec"]["volumes"] = json!([{"name": "a", "flexVolume": {"driver": "a/b", "options": {"note": v}}}]); pod };
        Parameter "ResourceClaim" v => object("resource.k8s.io/v1", "ResourceClaim", json!({"spec": {"devices": {"config":
            [{"opaque": {"driver": "a", "parameters": {"note": [v]}}}]}}}));
        BuiltInMember "Pod" v => pod(json!({"securityContext": {"windowsOptions": {"gmsaCredentialSpec": v}}}));
        BuiltInMember "Pod" v => { let mut pod = pod(json!({}));
            pod["spec"]["hostAliases"] = json!([{"ip": "10.0.0.1", "hostnames": [v]}]); pod };
        BuiltInMember "Ingress" v => object("networking.k8s.io/v1", "Ingress", json!({"spec": {"rules": [{"host": v}]}}));
        CustomMember "Shop" v => object("contoso.com/v1", "Shop", json!({"spec": {"deep": [{"er": v}]}}));
        CustomMember "Component" v => object("dapr.io/v1alpha1", "Component",
            json!({"spec": {"type": "a", "metadata": [{"name": "note", "value": v}]}}));
        CustomMember "Rollout" v => object("argoproj.io/v1alpha1", "Rollout",
            json!({"spec": {"template": {"spec": container(json!({"image": v}))}}}));
    }
}

fn rules(object: &Value) -> Vec<&'static str> {
    let version = object["apiVersion"].as_str().unwrap();
    let (group, version) = version.split_once('/').unwrap_or(("", version));
    let request = json!({"uid": "1", "name": "web", "namespace": "shop", "operation": "CREATE", "object": object,
        "kind": {"group": group, "version": version, "kind": object["kind"]}});
    let payload = json!({"request": request, "settings": {}}).to_string();
    let host = Host { today: &|| Date::parse("2026-11-21").unwrap(), cluster: &NoCluster };
    evaluate(payload.as_bytes(), &host).findings.iter().map(|finding| finding.rule.id).collect()
}

/// The rules that report a kind of credential at a place, one of which has to; none where it is not a fault.
fn reporting(kind: &CredentialKind, origin: Origin, object: &str) -> &'static [&'static str] {
    match (origin, object) {
        _ if kind.class == Class::Aws => &["aws-credential"],
        (Origin::Data | Origin::Annotation | Origin::LastApplied, _) if kind.is_kubeconfig() => {
            // Elsewhere in the copy it is a credential like any other.
            if object == "Pod" {
                &["credential-in-annotation"]
            } else {
                &["kubeconfig-static", "credential-in-annotation"]
            }
        }
        (Origin::Data, "Secret") => match kind.class {
            Class::Azure => &["credential-in-secret"],
            Class::Registry => &["credential-registry"],
            // A Secret is the place for them.
            _ => &[],
        },
        (Origin::Data, _) => &["credential-in-config-map"],
        (Origin::Variable, _) => &["credential-in-env"],
        (origin, _) if origin.is_run() => &["credential-in-args"],
        (Origin::Annotation | Origin::Label | Origin::LastApplied, _) => &["credential-in-annotation"],
        (Origin::Volume, _) => &["credential-volume"],
        _ => &["credential-mode"],
    }
}

#[test]
fn every_kind_of_credential_is_found_at_every_origin() {
    let samples = credentials();
    let known = SIGNATURES.iter().map(|signature| &signature.kind).chain(PROVIDERS.iter().map(|(_, kind)| kind));
    for kind in known.chain(FORMATS.iter().flat_map(|format| format.kinds.iter().copied())) {
        assert!(samples.iter().any(|(sample, _)| *sample == kind), "no sample of {}", kind.id);
    }
    let mut missed = Vec::new();
    for (origin, object_kind, place) in places() {
        for (kind, sample) in &samples {
            let expected = reporting(kind, origin, object_kind);
            let found = rules(&place(sample));
            if !expected.is_empty() && !expected.iter().any(|rule| found.contains(rule)) {
                missed.push(format!("{} at {origin:?} of {object_kind}: {found:?}", kind.id));
            }
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

/// Puts the object into kubectl's copy of another, `depth` times.
fn nested(mut object: Value, depth: usize) -> Value {
    for _ in 0..depth {
        object = json!({"apiVersion": "v1", "kind": "Service", "metadata":
            {"name": "web", "annotations": {LAST_APPLIED: object.to_string()}}});
    }
    object
}

#[test]
fn every_kind_of_credential_is_found_in_every_copy() {
    let samples = credentials();
    let mut missed = Vec::new();
    for (origin, object_kind, place) in places() {
        for (depth, (kind, sample)) in (0..).zip(&samples) {
            let depth = 1 + depth % 3;
            let found = rules(&nested(place(sample), depth));
            let known = ["credential-in-annotation", "kubeconfig-static", "aws-credential"];
            if !known.iter().any(|rule| found.contains(rule)) {
                missed.push(format!("{} at {origin:?} of {object_kind}, {depth} deep: {found:?}", kind.id));
            }
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

/// A credential is found through references, and references that cannot be followed are reported.
#[test]
fn references_hide_nothing() {
    let secret = &credentials()[0].1;
    let (first, second) = secret.split_at(secret.len() / 2);
    let pod = |env: Value, args: Value| {
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec":
            {"containers": [{"name": "web", "image": "web", "env": env, "args": args}]}})
    };
    let halves = [json!({"name": "A", "value": first}), json!({"name": "B", "value": second})];
    let with = |variable: Value| Value::from(halves.iter().cloned().chain([variable]).collect::<Vec<_>>());
    for value in ["$(A)$(B)", "x=$(A)$(B)", "$(NOTHING) $(A)$(B)"] {
        let found = rules(&pod(with(json!({"name": "C", "value": value})), json!([])));
        assert!(found.contains(&"credential-in-env"), "{value}: {found:?}");
        for args in [json!([value]), json!(["--note", value]), json!([format!("--note={value}")])] {
            let found = rules(&pod(Value::from(halves.to_vec()), args.clone()));
            assert!(found.contains(&"credential-in-args"), "{args}: {found:?}");
        }
    }
    let padding = "$(A)".repeat(1 << 14);
    let found = rules(&pod(with(json!({"name": "C", "value": padding})), json!(["$(A)$(B)", padding])));
    assert!(found.contains(&"credential-in-env") || found.contains(&"credential-in-args"), "{found:?}");
    let doubled: Vec<Value> =
        (0..64).map(|n| json!({"name": format!("V{n}"), "value": format!("$(V{0})x$(V{0})", n - 1)})).collect();
    assert!(rules(&pod(Value::from(doubled), json!([]))).contains(&"credential-in-env"));
}

/// What is not read is reported.
#[test]
fn copies_that_are_too_deep_are_reported() {
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": {}});
    assert_eq!(rules(&nested(pod.clone(), DEEPEST_COPY)), [""; 0]);
    assert_eq!(rules(&nested(pod, DEEPEST_COPY + 1)), ["credential-in-annotation"]);
}

#[test]
fn a_copy_repeats_without_a_finding() {
    let secret = &credentials()[0].1;
    for object in [
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web"}, "data": {"note": secret}}),
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": {"containers": [
            {"name": "web", "image": "web", "env": [{"name": "NOTE", "value": secret}]}]}}),
        json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "web"},
            "spec": {"versions": [{"schema": {"openAPIV3Schema": {"example": secret}}}]}}),
    ] {
        let before = rules(&object);
        let mut applied = object.clone();
        applied["metadata"]["annotations"] = json!({LAST_APPLIED: object.to_string()});
        assert_eq!(rules(&applied), before, "{object}");
    }
}

#[test]
fn every_spelling_of_the_endpoint_is_found_wherever_something_is_run() {
    let spellings = [
        "169.254.169.254",
        "http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=x",
        "http://2852039166/",
        "http://0xa9fea9fe/",
        "http://0251.0376.0251.0376",
        "http://169.254.43518/",
        "http://[::ffff:a9fe:a9fe]/",
        "http://169.254.169.254.nip.io/",
        "sh -c 'curl -H Metadata:true $HOST/metadata/identity/oauth2/token?a=b'",
        "http://169-254-169-254.nip.io/",
        "http://metadata.azure.internal/metadata/instance",
        "curl http://168.63.129.16/machine?comp=goalstate",
        "az login --identity",
        "az login --output none \\\n  -i",
        "pwsh -c \"Connect-AzAccount -Identity\"",
        "set -e\nazcopy login --identity\n",
        "export AZURE_USE_MSI=true; run",
    ];
    let is_run = |origin: Origin| origin.is_run() || matches!(origin, Origin::Variable | Origin::Data);
    for (origin, object_kind, place) in places().into_iter().filter(|(origin, ..)| is_run(*origin)) {
        for spelling in spellings {
            // A Secret is not read for it.
            if object_kind == "Secret" {
                continue;
            }
            let found = rules(&place(spelling));
            assert!(found.contains(&"node-identity-endpoint"), "{spelling} at {origin:?} of {object_kind}: {found:?}");
        }
    }
}

#[test]
fn every_origin_has_a_place() {
    for origin in Origin::ALL {
        assert!(places().iter().any(|(known, ..)| *known == origin), "{origin:?}");
    }
}
