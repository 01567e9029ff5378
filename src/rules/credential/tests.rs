//! What holds for all rules of this group: no value ever comes out, and work follows the size.

use crate::lookup::NoCluster;
use crate::settings::Date;
use crate::{Evaluation, Host, evaluate, validate_settings};
use base64::Engine;
use serde_json::{Value, json};

fn judge(payload: &[u8]) -> Evaluation {
    evaluate(payload, &Host { today: &|| Date::parse("2026-11-21").unwrap(), cluster: &NoCluster })
}

fn payload(object: &Value, old: &Value, settings: &Value) -> Value {
    let version = object["apiVersion"].as_str().unwrap_or_default();
    let (group, version) = version.split_once('/').unwrap_or(("", version));
    json!({"settings": settings, "request": {
        "uid": "1", "kind": {"group": group, "version": version, "kind": object["kind"]},
        "name": "web", "namespace": "shop", "userInfo": {"username": "jane@contoso.com", "extra": {"oid": ["5e2f1f5e-4c0f-4d0c-9f0e-8a3c2d7b6e51"]}},
        "operation": if old.is_null() { "CREATE" } else { "UPDATE" }, "object": object, "oldObject": old}})
}

fn rules_of(evaluation: &Evaluation) -> Vec<&'static str> {
    evaluation.findings.iter().map(|finding| finding.rule.id).collect()
}

/// Secrets that no output may show. Each is used once.
#[derive(Default)]
struct Markers(Vec<String>);

impl Markers {
    /// A value that only its name gives away.
    fn plain(&mut self) -> String {
        let marker = format!("Mark3r{:03}Zq", self.0.len());
        self.0.push(marker.clone());
        marker
    }

    /// A value in the shape of an Entra client secret, with a marker inside.
    fn made(&mut self) -> String {
        format!("abc8Q~{}{}", self.plain(), "x".repeat(22))
    }

    fn url(&mut self) -> String {
        format!("postgres://shop:{}@db.shop.svc/shop", self.plain())
    }

    fn encoded(&mut self) -> String {
        let text = self.made();
        let encoded = encode(text.as_bytes());
        self.0.push(encoded.clone());
        encoded
    }

    fn assert_absent(&self, evaluation: &Evaluation) {
        let mut out = String::from_utf8(evaluation.response.to_json()).unwrap();
        for finding in &evaluation.findings {
            let location = &finding.location;
            out += &format!("\n{} {} {} {}", location.path, location.pointer, finding.message, finding.remediation);
        }
        self.assert_not_in(&out);
    }

    fn assert_not_in(&self, out: &str) {
        // Parts of a marker would be as bad.
        assert!(!out.contains("Mark3r"), "{out}");
        for marker in &self.0 {
            assert!(!out.contains(marker), "{marker} in {out}");
        }
    }
}

fn env(marks: &mut Markers) -> Value {
    json!([
        {"name": "AZURE_CLIENT_SECRET", "value": marks.plain()},
        {"name": "DB_PASSWORD", "value": marks.plain()},
        {"name": "MY_TOKEN", "value": marks.plain()},
        {"name": "NOTHING", "value": marks.made()},
        {"name": "URL", "value": marks.url()},
        {"name": "WRAPPED", "value": marks.encoded()},
        {"name": "JAVA_OPTS", "value": format!("-Da.password={} -Dx={}", marks.plain(), marks.made())},
        {"name": "JSON", "value": format!(r#"{{"password":"{}","{}":1}}"#, marks.plain(), marks.plain())},
    ])
}

fn pod_spec(marks: &mut Markers) -> Value {
    json!({"serviceAccountName": "web", "containers": [{
        "name": "web", "image": "web", "env": env(marks),
        "command": ["sh", "-c", format!("export PASSWORD={}\naz login --password {} -p {}", marks.plain(), marks.plain(), marks.made())],
        "args": ["--client-secret", marks.plain(), format!("--api-key={}", marks.plain()), marks.made(), marks.url(),
                 format!("{}=password", marks.plain()), format!("user:{}=x", marks.plain()), format!("{}8Q~=password", marks.plain())],
        "livenessProbe": {"exec": {"command": ["redis-cli", "-a", marks.made(), format!("--password={}", marks.plain())]}},
    }]})
}

fn workload(marks: &mut Markers) -> Value {
    let spec = pod_spec(marks);
    let copy = json!({"kind": "Deployment", "spec": {"template": {"spec": pod_spec(marks)}}});
    json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "annotations": {
            "contoso.com/azure-storage-key": marks.plain(), "note": marks.made(), "text": format!("password: {}", marks.plain()),
            "kubectl.kubernetes.io/last-applied-configuration": copy.to_string()}},
        "spec": {"template": {"metadata": {"annotations": {"x": marks.url()}}, "spec": spec}}})
}

fn texts(marks: &mut Markers) -> Value {
    json!({
        "AZURE_CLIENT_SECRET": marks.plain(), "password": marks.plain(), "token": marks.plain(), "x": marks.made(),
        "a.properties": format!("a.password={}\nb=1\nx={}\n{}\n", marks.plain(), marks.made(), marks.url()),
        "a.json": format!(r#"{{"password":"{}","list":["{}","--api-key","{}"]}}"#, marks.plain(), marks.made(), marks.plain()),
        "a.yaml": format!("a:\n  clientSecret: {}\n  env:\n  - name: PASSWORD\n    value: {}\n", marks.plain(), marks.plain()),
        "a.xml": format!(r#"<a><password>{}</password><add key="apiKey" value="{}"/></a>"#, marks.plain(), marks.plain()),
        "lines": format!("{}=password\n{}\n{}: x\n", marks.plain(), marks.made(), marks.made()),
        "kubeconfig": format!("clusters: []\nusers:\n- user:\n    token: {}\ncurrent-context: x\n", marks.plain()),
        "docker": format!(r#"{{"auths":{{"contoso.azurecr.io":{{"username":"contoso","password":"{}"}}}}}}"#, marks.plain()),
    })
}

fn objects(marks: &mut Markers) -> Vec<Value> {
    let copy = json!({"kind": "Secret", "stringData": texts(marks)});
    let encoded: serde_json::Map<String, Value> = texts(marks)
        .as_object()
        .unwrap()
        .iter()
        .map(|(key, value)| {
            let encoded = encode(value.as_str().unwrap().as_bytes());
            marks.0.push(encoded.clone());
            (key.clone(), encoded.into())
        })
        .collect();
    vec![
        workload(marks),
        json!({"apiVersion": "v1", "kind": "ConfigMap", "data": texts(marks), "binaryData": {"b": marks.encoded()}}),
        json!({"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "data": encoded, "stringData": texts(marks),
            "metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": copy.to_string()}}}),
        json!({"apiVersion": "contoso.com/v1", "kind": "Shop", "spec": {"key": marks.made(), "list": [marks.url(), marks.encoded()]},
            "metadata": {"labels": {"a": marks.made()}}}),
    ]
}

#[test]
fn no_value_comes_out() {
    let mut marks = Markers::default();
    let mut findings = 0;
    for profile in ["baseline", "restricted"] {
        for (object, old) in objects(&mut marks).iter().zip(objects(&mut marks)) {
            for settings in [json!({"profile": profile}), json!({"profile": profile, "ratchet": false})] {
                for old in [&Value::Null, &old] {
                    let evaluation = judge(payload(object, old, &settings).to_string().as_bytes());
                    findings += evaluation.findings.len();
                    marks.assert_absent(&evaluation);
                }
            }
        }
    }
    assert!(findings > 200, "{findings}");
}

/// The error paths see the same secrets.
#[test]
fn no_value_comes_out_of_an_error() {
    let mut marks = Markers::default();
    for object in objects(&mut marks) {
        let whole = payload(&object, &object, &json!({})).to_string();
        // Text that ends anywhere, or goes on with something else.
        for cut in (0..whole.len()).step_by(97).filter(|cut| whole.is_char_boundary(*cut)) {
            marks.assert_absent(&judge(&whole.as_bytes()[..cut]));
            marks.assert_absent(&judge(format!("{}\u{1}{}", &whole[..cut], &whole[cut..]).as_bytes()));
        }
        // Members of other types, in the object and in the request.
        let text = whole.replace("\"env\":[", "\"env\":[[],").replace("\"data\":{", "\"data\":{\"z\":[],");
        marks.assert_absent(&judge(text.as_bytes()));
        for (from, to) in [("\"command\":[", "\"command\":[{},"), ("\"name\":\"web\"", "\"name\":{}"), (":{", ":[{")] {
            marks.assert_absent(&judge(whole.replace(from, to).as_bytes()));
        }
        let broken = json!({"profile": [], "rules": {"credential-in-env": 3, "nonsense": "deny"}, "exemptions": [{}]});
        marks.assert_absent(&judge(payload(&object, &Value::Null, &broken).to_string().as_bytes()));
        let mut request = payload(&object, &Value::Null, &json!({}));
        request["request"]["object"] = object.to_string().into();
        marks.assert_absent(&judge(request.to_string().as_bytes()));
        request["request"]["userInfo"] = object.clone();
        request["request"]["operation"] = object.clone();
        marks.assert_absent(&judge(request.to_string().as_bytes()));
        // An object sent where the settings belong is refused without being read out.
        let answer = validate_settings(&object.to_string().as_bytes()[..object.to_string().len() - 1]);
        marks.assert_not_in(&String::from_utf8(answer).unwrap());
    }
}

fn config_map(text: &str) -> Vec<u8> {
    let object =
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web"}, "data": {"a.conf": text}});
    payload(&object, &Value::Null, &json!({})).to_string().into_bytes()
}

/// However many credentials a text holds, the answer stays small.
#[test]
fn findings_of_one_text_are_bounded() {
    for line in
        ["password=correct-horse\n".to_owned(), format!("abc8Q~{}\n", "x".repeat(34)), "a: {password: abcdef}\n".into()]
    {
        let evaluation = judge(&config_map(&line.repeat(20_000)));
        // The last one is about all others.
        assert!((1..=21).contains(&evaluation.findings.len()), "{line}: {}", evaluation.findings.len());
    }
}

/// The worst is reported, however many others come before it.
#[test]
fn many_findings_do_not_hide_the_worst() {
    let secret = format!("x: abc8Q~{}\n", "x".repeat(34));
    for line in
        ["password=correct-horse\n", "url: postgres://shop:correct-horse@db.shop.svc/shop\n", "ADMIN_PWD=abcdef1\n"]
    {
        for count in [19, 20, 21, 50, 1000] {
            let evaluation = judge(&config_map(&format!("{}{secret}", line.repeat(count))));
            assert!(!evaluation.response.accepted, "{count} of {line}");
            let found = |what: &str| evaluation.findings.iter().any(|finding| finding.message.contains(what));
            assert!(found("an Entra client secret"), "{count} of {line}");
            assert_eq!(found("more"), count >= 20, "{count} of {line}");
        }
    }
}

/// What an update adds is new, however many findings there are and wherever it is among them.
#[test]
fn the_ratchet_compares_all_findings() {
    let line = |n: usize| format!("KEY_{n}=abc8Q~{n:x<34}\n");
    let evaluate = |old: &str, new: &str, as_copy: bool| {
        let [old, new] = [old, new].map(|text| format!("# keys\n{text}"));
        let object = |text: &str| match as_copy {
            false => {
                json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web"}, "data": {"a.conf": text}})
            }
            true => {
                let copy = json!({"kind": "ConfigMap", "data": {"a.conf": text}}).to_string();
                let annotations = json!({"kubectl.kubernetes.io/last-applied-configuration": copy});
                json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web", "annotations": annotations}})
            }
        };
        judge(payload(&object(&new), &object(&old), &json!({})).to_string().as_bytes()).response.accepted
    };
    for as_copy in [false, true] {
        for count in [1, 19, 20, 21, 22, 60] {
            let lines: Vec<String> = (0..count).map(line).collect();
            let old = lines.concat();
            let rotated = old.replace("xxx", "yyy");
            let mut reversed = lines.clone();
            reversed.reverse();
            for allowed in
                [&old, &rotated, &reversed.concat(), &lines[..count / 2 + 1].concat(), &format!("a=b\n{old}")]
            {
                assert!(evaluate(&old, allowed, as_copy), "{count} {as_copy}");
            }
            for position in [0, count / 2, count] {
                let mut more = lines.clone();
                more.insert(position, line(100));
                assert!(!evaluate(&old, &more.concat(), as_copy), "{count} and one more at {position} {as_copy}");
                // A second one under an old name.
                more[position] = line(0);
                assert!(!evaluate(&old, &more.concat(), as_copy), "{count} and one again at {position} {as_copy}");
            }
        }
    }
}

/// One credential is told once, whatever is written around it.
#[test]
fn one_credential_one_finding() {
    let key = format!("{}+ASt{}Q==", "k".repeat(76), "12345");
    let secret = format!("abc8Q~{}", "x".repeat(34));
    for text in [
        format!("AZURE_STORAGE_KEY={key}\n"),
        format!("azureStorageConnectionString: DefaultEndpointsProtocol=https;AccountName=a;AccountKey={key}\n"),
        format!(r#"{{"clientId":"a","clientSecret":"{secret}","tenantId":"b","subscriptionId":"c"}}"#),
        format!("- name: AZURE_CLIENT_SECRET\n  value: {secret}\n"),
        format!("run: az login --password {secret} --tenant x\n"),
        format!("<add name=\"password\" connectionString=\"Server=db;Password={secret}\"/>\n"),
        "url: postgres://shop:correct-horse@db/shop?password=correct\n".to_owned(),
        r#"{"auths":{"contoso.azurecr.io":{"username":"contoso","password":"correct-horse","auth":"Y29udG9zbzpjb3JyZWN0LWhvcnNl"}}}"#.to_owned(),
    ] {
        let evaluation = judge(&config_map(&text));
        assert_eq!(rules_of(&evaluation), ["credential-in-config-map"], "{text}: {:#?}", evaluation.findings);
    }
}

fn encode(bytes: &[u8]) -> String {
    base64::prelude::BASE64_STANDARD.encode(bytes)
}
