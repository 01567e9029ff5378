//! Settings in texts.

use crate::anchor::{Spelt, locate};
use crate::auth_mode::*;
use crate::request::Payload;
use json::parse;
use serde_json::json;

/// The choices in a ConfigMap with one text, as `mode path`.
fn choices_in(text: &str) -> Vec<String> {
    let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "data": {"f": text}});
    told(&object.to_string())
}

fn told(text: &str) -> Vec<String> {
    let value = parse(text).unwrap();
    let root = Node::new(&value);
    let payload = Payload::parse(br#"{"request":{}}"#).unwrap();
    let object = Object::new(&payload.request().unwrap(), root);
    let told = choices(&object, &[]).into_iter().map(|found| {
        let path = locate(root, &[&found.place], Spelt::Yes).remove(0).path;
        format!("{:?} {path}", found.choice.mode)
    });
    told.collect()
}

#[test]
fn styles_of_configuration_files() {
    let prometheus = r#"
global:
  scrape_interval: 15s   # often
remote_write:
- url: "https://a.ingest.monitor.azure.com/write"
  azuread:
    cloud: AzurePublic
    managed_identity:
      client_id: 7d8cdf74-5f1d-4e6c-9c31-274d963d358b
- url: https://b
  azuread: {cloud: AzurePublic, oauth: {client_id: a, client_secret: "${SECRET}", tenant_id: b}}
- url: https://c
  azuread:
    workload_identity:
      client_id: 7d8cdf74-5f1d-4e6c-9c31-274d963d358b
scrape_configs:
  - job_name: nodes
    azure_sd_configs:
      - subscription_id: a
        authentication_method: ManagedIdentity
      - subscription_id: b
"#;
    let expected = [
        "NodeIdentity data[f][remote_write[0].azuread.managed_identity]",
        "ServicePrincipal data[f][remote_write[1].azuread.oauth]",
        "WorkloadIdentity data[f][remote_write[2].azuread.workload_identity]",
        "NodeIdentity data[f][scrape_configs[0].azure_sd_configs[0].authentication_method]",
        "ServicePrincipal data[f][scrape_configs[0].azure_sd_configs[1].authentication_method]",
    ];
    assert_eq!(choices_in(prometheus), expected);
    assert_eq!(choices_in(&prometheus.replace('\n', "\r\n")), expected);
    let thanos = "type: AZURE\nconfig:\n  storage_account: a\n  container: b\n";
    assert_eq!(choices_in(thanos), [""; 0]);
    assert_eq!(
        choices_in(&format!("{thanos}  storage_account_key: $(KEY)\n  msi_resource: \"\"\n")),
        ["Key data[f][config.storage_account_key]"]
    );
    assert_eq!(
        choices_in(&format!("{thanos}  user_assigned_id: 'x'\n")),
        ["NodeIdentity data[f][config.user_assigned_id]"]
    );
    let loki = "storage_config:\n  azure:\n    account_name: a\n    use_managed_identity: true\n";
    assert_eq!(choices_in(loki), ["NodeIdentity data[f][storage_config.azure.use_managed_identity]"]);
    assert_eq!(choices_in(&loki.replace("true", "false")), [""; 0]);
    let anchored = loki.replace("azure:", "azure: &blob # shared");
    assert_eq!(choices_in(&anchored), ["NodeIdentity data[f][storage_config.azure.use_managed_identity]"]);
    let ini = "[server]\nroot_url = %(protocol)s://x/\n[azure]\nmanaged_identity_enabled = true\n";
    assert_eq!(choices_in(ini), ["NodeIdentity data[f][azure.managed_identity_enabled]"]);
    let nested = "loki.yaml: |\n  storage_config:\n    azure:\n      account_name: a\n      use_service_principal: yes\n      client_secret: ${X}\n";
    assert_eq!(choices_in(nested), ["ServicePrincipal data[f][loki.yaml.storage_config.azure.client_secret]"]);
}

#[test]
fn properties_ini_and_xml() {
    const PROVIDER: &str = "fs.azure.account.oauth.provider.type";
    let class = "org.apache.hadoop.fs.azurebfs.oauth2.MsiTokenProvider";
    for text in [
        format!("spark.hadoop.{PROVIDER}={class}"),
        format!("# Spark\nspark.app.name  x\nspark.hadoop.{PROVIDER}   {class}\n"),
        format!("spark.hadoop.{PROVIDER}.account.dfs.core.windows.net: {class}"),
        format!(
            "<?xml version=\"1.0\"?>\n<configuration><property>\n<name>{PROVIDER}</name>\n<value>{class}</value>\n</property></configuration>"
        ),
        format!("{{\"sparkConf\": {{\"spark.hadoop.{PROVIDER}\": \"{class}\"}}}}"),
    ] {
        let told = choices_in(&text);
        assert!(told.len() == 1 && told[0].starts_with("NodeIdentity"), "{text}: {told:?}");
    }
    let other = format!("spark.hadoop.{PROVIDER} org.apache.hadoop.fs.azurebfs.oauth2.WorkloadIdentityTokenProvider");
    assert_eq!(choices_in(&other), [format!("WorkloadIdentity data[f][spark.hadoop.{PROVIDER}]")]);
    assert_eq!(choices_in("spark.hadoop.fs.azure.account.auth.type SharedKey").len(), 1);
    assert_eq!(choices_in("spark.hadoop.fs.azure.account.key.a.dfs.core.windows.net {{ .Values.key }}").len(), 1);
}

#[test]
fn kinds_that_embed_their_settings() {
    let collector = json!({"apiVersion": "opentelemetry.io/v1beta1", "kind": "OpenTelemetryCollector",
        "metadata": {"name": "x"}, "spec": {"config": {"extensions": {"azureauth/a": {"managed_identity": {}}}}}});
    assert_eq!(told(&collector.to_string()), ["NodeIdentity spec.config.extensions[azureauth/a][managed_identity]"]);
    let text = "extensions:\n  azure_auth:\n    service_principal:\n      client_id: a\n";
    let collector = json!({"apiVersion": "opentelemetry.io/v1alpha1", "kind": "OpenTelemetryCollector",
        "metadata": {"name": "x"}, "spec": {"config": text}});
    assert_eq!(told(&collector.to_string()), ["ServicePrincipal spec.config[extensions.azure_auth.service_principal]"]);
    let workflow = json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Workflow", "metadata": {"name": "x"},
        "spec": {"templates": [{"name": "main", "container": {"image": "a"}, "outputs": {"artifacts": [
            {"name": "out", "azure": {"endpoint": "https://a", "accountKeySecret": {"name": "s", "key": "k"}}},
            {"name": "log", "azure": {"endpoint": "https://a", "useSDKCreds": true}}]}}]}});
    assert_eq!(
        told(&workflow.to_string()),
        [
            "Key spec.templates[main].outputs.artifacts[out].azure.accountKeySecret",
            "WorkloadIdentity spec.templates[main].outputs.artifacts[log].azure.useSDKCreds"
        ]
    );
}

/// Any text is read without a panic, in time that grows with its length.
#[test]
fn hostile_texts() {
    let long = 20_000;
    for text in [
        "azure".to_owned(),
        "azure:".to_owned(),
        "azure: |".to_owned(),
        "- azure\n- - - a: é\n -".to_owned(),
        "azure: {a: [b, {c: \"d".to_owned(),
        "azure: }]}{[".to_owned(),
        "\"azure\": 'x\n\"é: y\n'é'".to_owned(),
        format!("azure: {}", "[".repeat(long)),
        format!("azure: {}", "{a: ".repeat(long)),
        format!("azure:\n{}", "- ".repeat(long)),
        (0..400).map(|n| format!("{}azure:\n", " ".repeat(n))).collect(),
        "azuread: {oauth: x}\n".repeat(long),
        format!("{{{}\"azuread\":{{\"oauth\":\"x\"}}}}", "\"azuread\":{\"oauth\":\"x\"},".repeat(long)),
        format!("azure <{}", "<a>".repeat(long)),
        "\u{1}azure\0: \u{7f}".to_owned(),
    ] {
        choices_in(&text);
    }
}
