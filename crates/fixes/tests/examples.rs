//! What fixes make of manifests, as an author would see it.

use admission::{create_payload, object_key};
use entra_auth_policy::lookup::NoCluster;
use entra_auth_policy::{Host, evaluate};
use fixes::{Edit, Fix, Located, Safety, fixes};
use manifest::{Change, apply_changes, objects};
use serde_json::{Value, json};

/// The first fix of the first finding of the rule in the first object of a text.
fn fix_of(rule: &str, text: &str) -> Option<(Fix, Vec<Value>)> {
    let objects: Vec<Value> = objects(text).into_iter().map(Result::unwrap).collect();
    let payload = create_payload(&objects[0], None, &json!({}));
    let evaluation = evaluate(&payload, &Host { today: &admission::fixture::today, cluster: &NoCluster });
    let finding = evaluation.findings.iter().find(|finding| finding.rule.id == rule).expect("a finding of the rule");
    let located = Located { rule, pointer: &finding.location.pointer, message: &finding.message };
    fixes(&located, &objects[0], &objects).into_iter().next().map(|fix| (fix, objects))
}

/// All objects after the fix.
fn fixed(rule: &str, text: &str) -> (Safety, Vec<Value>) {
    let (fix, mut objects) = fix_of(rule, text).expect("a fix");
    let own: Vec<Change> =
        fix.edits.iter().filter_map(|edit| if let Edit::Own(own) = edit { Some(own.clone()) } else { None }).collect();
    objects[0] = apply_changes(&objects[0], &own).unwrap();
    for edit in &fix.edits {
        match edit {
            Edit::Own(_) => {}
            Edit::New { value } => objects.push(value.clone()),
            Edit::Other { key, edit } => {
                let other = objects.iter_mut().find(|object| object_key(object).as_ref() == Some(key)).unwrap();
                edit.apply(other).unwrap();
            }
        }
    }
    (fix.safety, objects)
}

fn assert_fix(rule: &str, safety: Safety, before: &str, after: &str) {
    let expected: Vec<Value> = objects(after).into_iter().map(Result::unwrap).collect();
    let (found, objects) = fixed(rule, before);
    assert_eq!((found, objects), (safety, expected), "{rule}");
}

const POD: &str = "spec: {serviceAccountName: web, containers: [{name: web, image: contoso.azurecr.io/web:1.0}]}";

#[test]
fn a_label_moves_to_the_pod_template() {
    let deployment = |outer: &str, inner: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web, namespace: shop, labels: {{team: shop{outer}}}}}\n\
             spec:\n  template:\n    metadata: {{labels: {{app: web{inner}}}}}\n    {POD}\n"
        )
    };
    let label = ", azure.workload.identity/use: \"true\"";
    assert_fix("workload-identity-label-misplaced", Safety::Safe, &deployment(label, ""), &deployment("", label));
    assert_fix(
        "workload-identity-label-value",
        Safety::Safe,
        &deployment("", ", azure.workload.identity/use: \"True\""),
        &deployment("", label),
    );
}

#[test]
fn ids_and_keys_are_spelt_as_entra_and_the_webhook_do() {
    let account = |annotation: &str| {
        format!(
            "apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: web, namespace: shop, annotations: {{{annotation}}}}}\n"
        )
    };
    let right = account("azure.workload.identity/client-id: 7d8cdf74-5f1d-4e6c-9c31-274d963d358b");
    let braces = account("azure.workload.identity/client-id: \"{7D8CDF74-5F1D-4E6C-9C31-274D963D358B}\"");
    assert_fix("workload-identity-invalid-id", Safety::Safe, &braces, &right);
    let key = account("azure.workload.identity/clientid: 7d8cdf74-5f1d-4e6c-9c31-274d963d358b");
    assert_fix("workload-identity-unknown-key", Safety::Safe, &key, &right);
    let class = |key: &str| {
        format!(
            "apiVersion: secrets-store.csi.x-k8s.io/v1\nkind: SecretProviderClass\nmetadata: {{name: vault, namespace: shop}}\n\
             spec: {{provider: azure, parameters: {{{key}: 7d8cdf74-5f1d-4e6c-9c31-274d963d358b, keyvaultName: shop}}}}\n"
        )
    };
    assert_fix("credential-mode", Safety::Safe, &class("clientId"), &class("clientID"));
}

#[test]
fn a_service_account_is_not_a_user() {
    let binding = |subject: &str| {
        format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {{name: web, namespace: shop}}\n\
             roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}}\nsubjects: [{subject}]\n"
        )
    };
    assert_fix(
        "binding-service-account-as-user",
        Safety::Safe,
        &binding("{apiGroup: rbac.authorization.k8s.io, kind: User, name: \"system:serviceaccount:shop:web\"}"),
        &binding("{kind: ServiceAccount, name: web, namespace: shop}"),
    );
    assert_fix(
        "binding-local-account",
        Safety::Suggested,
        &binding("{apiGroup: rbac.authorization.k8s.io, kind: User, name: masterclient}"),
        &binding("{apiGroup: rbac.authorization.k8s.io, kind: Group, name: <object id of an Entra group>}"),
    );
}

#[test]
fn a_pod_of_the_default_account_gets_one_with_an_identity() {
    let pod = |account: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: web, namespace: shop, labels: {{azure.workload.identity/use: \"true\"}}}}\n\
             spec: {{containers: [{{name: web, image: contoso.azurecr.io/web:1.0}}]{account}}}\n"
        )
    };
    let account = |name: &str, id: &str| {
        format!("---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: {name}, namespace: shop{id}}}\n")
    };
    let id = ", annotations: {azure.workload.identity/client-id: 7d8cdf74-5f1d-4e6c-9c31-274d963d358b}";
    let fill_in = ", annotations: {azure.workload.identity/client-id: <client id>}";
    let rule = "workload-identity-default-account";
    // The only one that there is, the one of the same name, or a new one.
    let with = pod("") + &account("orders", id) + &account("other", "");
    let expected = pod(", serviceAccountName: orders") + &account("orders", id) + &account("other", "");
    assert_fix(rule, Safety::Suggested, &with, &expected);
    let own = pod(", serviceAccountName: web");
    assert_fix(rule, Safety::Suggested, &(pod("") + &account("web", "")), &(own.clone() + &account("web", fill_in)));
    assert_fix(rule, Safety::Suggested, &pod(""), &(own + &account("web", fill_in)));
}

#[test]
fn a_role_keeps_what_is_not_dangerous() {
    let role = |rules: &str| {
        format!("apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: web}}\nrules:\n{rules}")
    };
    assert_fix(
        "role-rbac-write",
        Safety::Suggested,
        &role("- {apiGroups: [rbac.authorization.k8s.io], resources: [roles], verbs: [get, list, create]}\n"),
        &role("- {apiGroups: [rbac.authorization.k8s.io], resources: [roles], verbs: [get, list]}\n"),
    );
    assert_fix(
        "role-pod-exec",
        Safety::Suggested,
        &role("- {apiGroups: [\"\"], resources: [pods, pods/exec, pods/log], verbs: [get]}\n"),
        &role("- {apiGroups: [\"\"], resources: [pods, pods/log], verbs: [get]}\n"),
    );
    assert_fix(
        "role-secret-read",
        Safety::Suggested,
        &role(
            "- {apiGroups: [\"\"], resources: [secrets, configmaps], verbs: [get]}\n\
             - {apiGroups: [\"\"], resources: [secrets], verbs: [update]}\n",
        ),
        &role("- {apiGroups: [\"\"], resources: [configmaps], verbs: [get]}\n"),
    );
}

/// Edits are shown in reports and editors, so they never have what a Secret holds.
#[test]
fn edits_do_not_show_secrets() {
    for (rule, object) in [
        ("unreadable-object", "stringData: {password: 12345678}"),
        ("workload-identity-invalid-id", "stringData: {AZURE_CLIENT_ID: \"{7d8cdf74-5f1d-4e6c-9c31-274d963d358b}\"}"),
    ] {
        let text = format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: aso-controller-settings, namespace: shop}}\n{object}\n"
        );
        assert_eq!(fix_of(rule, &text).map(|(fix, _)| fix), None, "{rule}");
    }
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop}\nspec: {serviceAccountName: web, containers: \
               [{name: web, image: a/b, env: [{name: DB_PASSWORD, value: correct-horse-battery}]}]}\n";
    let (fix, _) = fix_of("credential-in-env", pod).unwrap();
    assert!(!serde_json::to_string(&fix).unwrap().contains("horse"));
}
