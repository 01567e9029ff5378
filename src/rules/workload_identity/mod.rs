//! Correct use of Microsoft Entra Workload ID.

pub mod workload_identity_authority;
pub mod workload_identity_binding;
pub mod workload_identity_client;
pub mod workload_identity_default_account;
pub mod workload_identity_invalid_id;
pub mod workload_identity_label_misplaced;
pub mod workload_identity_label_value;
pub mod workload_identity_no_client_id;
pub mod workload_identity_not_labelled;
pub mod workload_identity_proxy;
pub mod workload_identity_reserved_volume;
pub mod workload_identity_shadowed;
pub mod workload_identity_skip_containers;
pub mod workload_identity_tenant;
pub mod workload_identity_token_expiration;
pub mod workload_identity_token_path;
pub mod workload_identity_unknown_key;
pub mod workload_identity_virtual_node;

use crate::rules::Group;
use crate::view::container::{EnvVar, Value};
use crate::view::workload::Workload;
use crate::view::workload_identity::USE;
use json::Node;

pub static GROUP: Group = Group {
    id: "workload-identity",
    title: "Workload identity",
    rules: &[
        &workload_identity_authority::RULE,
        &workload_identity_tenant::RULE,
        &workload_identity_client::RULE,
        &workload_identity_shadowed::RULE,
        &workload_identity_label_misplaced::RULE,
        &workload_identity_label_value::RULE,
        &workload_identity_invalid_id::RULE,
        &workload_identity_token_expiration::RULE,
        &workload_identity_proxy::RULE,
        &workload_identity_binding::RULE,
        &workload_identity_default_account::RULE,
        &workload_identity_no_client_id::RULE,
        &workload_identity_not_labelled::RULE,
        &workload_identity_unknown_key::RULE,
        &workload_identity_skip_containers::RULE,
        &workload_identity_token_path::RULE,
        &workload_identity_reserved_volume::RULE,
        &workload_identity_virtual_node::RULE,
    ],
};

/// What a finding about the value of `variable` compares on an update.
fn content<'v>(variable: &EnvVar<'v>, value: &'v Value<'_>) -> Result<&'v str, Node<'v>> {
    value.literal().ok_or(variable.node)
}

/// The labels that were meant for the pods and are elsewhere, and what is wrong with each.
fn misplaced_labels<'a>(workload: &Workload<'a>) -> impl Iterator<Item = (Node<'a>, &'static str)> {
    let object = &workload.object;
    let absent = Node::absent();
    let (labels, annotations) = match workload.is_pod() {
        true => (absent, absent),
        false => (object.labels(), object.annotations()),
    };
    let job_labels = object.at(&["spec", "jobTemplate", "metadata", "labels"]);
    const NOT_OF_PODS: &str = "is not a label of the pods, so the webhook does not see it";
    const ANNOTATION: &str = "is an annotation; the webhook reads the label of the pod";
    let places = [
        (labels.get(USE), NOT_OF_PODS),
        (job_labels.get(USE), NOT_OF_PODS),
        (annotations.get(USE), ANNOTATION),
        (workload.annotation(USE), ANNOTATION),
    ];
    // Without a template the labels are in another object, such as a referenced WorkflowTemplate.
    let has_own = workload.template.is_absent() || !workload.use_label().is_absent();
    // An author who wrote "false" did not intend the pods to have the label.
    let is_meant = |node: Node<'_>| node.text().is_some_and(|value| !value.eq_ignore_ascii_case("false"));
    places.into_iter().filter(move |(node, _)| !has_own && is_meant(*node))
}

#[cfg(test)]
mod tests {
    use crate::lookup::NoCluster;
    use crate::settings::Date;
    use crate::{Host, evaluate};
    use serde_json::{Value, json};

    /// The remediation of every finding of `rule` on `object`.
    fn fixes(rule: &str, settings: Value, (group, kind): (&str, &str), object: Value) -> Vec<String> {
        let request = json!({
            "kind": {"group": group, "kind": kind}, "operation": "CREATE", "namespace": "shop", "name": "checkout",
            "object": object,
        });
        let payload = json!({"settings": settings, "request": request}).to_string();
        let today = || Date::parse("2026-11-21").unwrap();
        let found = evaluate(payload.as_bytes(), &Host { today: &today, cluster: &NoCluster }).findings;
        found.iter().filter(|finding| finding.rule.id == rule).map(|finding| finding.remediation.to_string()).collect()
    }

    fn account(annotations: Value) -> Value {
        json!({"metadata": {"annotations": annotations}})
    }

    /// People paste these lines into manifests, so they must be correct.
    #[test]
    fn fixes_are_lines_to_paste() {
        const ACCOUNT: (&str, &str) = ("", "ServiceAccount");
        let guid = "7d8cdf74-5f1d-4e6c-9c31-274d963d358b";
        let label = json!({"azure.workload.identity/use": "true"});
        for ((group, kind), spec, path) in [
            (("apps", "Deployment"), json!({"template": {"spec": {}}}), "spec.template.metadata.labels"),
            (
                ("batch", "CronJob"),
                json!({"jobTemplate": {"spec": {"template": {"spec": {}}}}}),
                "spec.jobTemplate.spec.template.metadata.labels",
            ),
            (("argoproj.io", "Workflow"), json!({"templates": [{"container": {}}]}), "spec.podMetadata.labels"),
            (
                ("argoproj.io", "CronWorkflow"),
                json!({"workflowSpec": {"templates": [{"container": {}}]}}),
                "spec.workflowSpec.podMetadata.labels",
            ),
        ] {
            let object = json!({"metadata": {"labels": label}, "spec": spec});
            let expected = format!("write azure.workload.identity/use: \"true\" under {path}");
            let found = fixes("workload-identity-label-misplaced", json!({}), (group, kind), object);
            assert_eq!(found, [expected], "{kind}");
        }
        for (id, fix) in [
            (format!(" {guid} "), format!("write azure.workload.identity/client-id: {guid}")),
            (format!("{{{}}}", guid.to_uppercase()), format!("write azure.workload.identity/client-id: {guid}")),
            (
                "checkout".to_owned(),
                "write azure.workload.identity/client-id: <client id> as `az identity show --query clientId` prints it"
                    .to_owned(),
            ),
        ] {
            let object = account(json!({"azure.workload.identity/client-id": id}));
            assert_eq!(fixes("workload-identity-invalid-id", json!({}), ACCOUNT, object), [fix]);
        }
        let object = account(json!({"azure.workload.identity/tenantid": guid}));
        let fix = "write azure.workload.identity/tenant-id instead of azure.workload.identity/tenantid";
        assert_eq!(fixes("workload-identity-unknown-key", json!({}), ACCOUNT, object), [fix]);
        let object = account(json!({"azure.workload.identity/client-id": guid}));
        let settings = json!({"identities": [{"namespace": "shop", "serviceAccount": "search", "clientIds": [guid]}]});
        let fix =
            "use a granted client id, or ask your cluster operators to list this one for shop/checkout in identities";
        assert_eq!(fixes("workload-identity-client", settings, ACCOUNT, object), [fix]);
        let annotations = json!({"azure.workload.identity/skip-containers": "a, b"});
        let object = json!({"metadata": {"labels": label, "annotations": annotations}, "spec": {}});
        let fix = "write azure.workload.identity/skip-containers: a;b";
        assert_eq!(fixes("workload-identity-skip-containers", json!({}), ("", "Pod"), object), [fix]);
    }
}
