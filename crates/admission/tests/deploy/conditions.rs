//! What `matchConditions` exclude, according to an evaluator of their language.

use cel::{Context, Program, Value as Cel};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// Whether the request reaches the policy. As in the API server, a condition that fails to evaluate is an error and not
/// an answer.
pub(crate) fn let_pass(conditions: &[Value], request: &Value) -> Result<bool, String> {
    let mut context = Context::default();
    context.add_variable("request", request).map_err(|error| error.to_string())?;
    context.add_variable("object", &request["object"]).map_err(|error| error.to_string())?;
    for condition in conditions {
        let (name, expression) = (&condition["name"], condition["expression"].as_str().unwrap_or_default());
        let program = compiled(expression).map_err(|error| format!("{name}: {error}"))?;
        match program.execute(&context) {
            Ok(Cel::Bool(true)) => {}
            Ok(Cel::Bool(false)) => return Ok(false),
            Ok(other) => return Err(format!("{name}: {other:?} is neither true nor false")),
            Err(error) => return Err(format!("{name}: {error}")),
        }
    }
    Ok(true)
}

/// The program of an expression. The same few are evaluated for each fixture.
pub(crate) fn compiled(expression: &str) -> Result<Rc<Program>, String> {
    thread_local!(static COMPILED: RefCell<HashMap<String, Rc<Program>>> = RefCell::default());
    if let Some(program) = COMPILED.with_borrow(|known| known.get(expression).cloned()) {
        return Ok(program);
    }
    let program = Rc::new(Program::compile(expression).map_err(|error| error.to_string())?);
    COMPILED.with_borrow_mut(|known| known.insert(expression.to_owned(), program.clone()));
    Ok(program)
}

/// The request of this user to create a Pod.
pub(crate) fn of_user(user_info: &Value) -> Value {
    let resource = json!({"group": "", "version": "v1", "resource": "pods"});
    json!({"operation": "CREATE", "resource": resource, "userInfo": user_info, "object": {"kind": "Pod"}})
}

/// The request of a person to label a Secret.
pub(crate) fn of_secret(secret: &Value) -> Value {
    let resource = json!({"group": "", "version": "v1", "resource": "secrets"});
    let jane = user("jane@contoso.com", &["system:authenticated"]);
    json!({"operation": "UPDATE", "resource": resource, "userInfo": jane, "object": secret, "oldObject": secret})
}

/// A release as Helm keeps it.
pub(crate) fn helm_release() -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": "sh.helm.release.v1.shop.v1",
            "namespace": "shop",
            "labels": {"modifiedAt": "1767225600", "name": "shop", "owner": "helm", "status": "deployed", "version": "1"},
        },
        "type": "helm.sh/release.v1",
        "data": {"release": "SDRzSUFBQUFBQUFDLys="},
    })
}

/// Secrets that are not a release and nothing else, each nearly one.
pub(crate) fn nearly_helm_releases() -> Vec<Value> {
    let change = |pointer: &str, value: Value| {
        let mut secret = helm_release();
        let (above, key) = pointer.rsplit_once('/').unwrap();
        secret.pointer_mut(above).unwrap()[key] = value;
        secret
    };
    let mut secrets = vec![
        change("/type", json!("Opaque")),
        change("/metadata/name", json!("azure")),
        change("/metadata/annotations", json!({"password": "x"})),
        change("/data/AZURE_CLIENT_SECRET", json!("WHg4UX4=")),
        change("/stringData", json!({"AZURE_CLIENT_SECRET": "x"})),
        json!({"kind": "Secret", "metadata": {"generateName": "a"}, "type": "helm.sh/release.v1"}),
        json!({"kind": "Secret"}),
    ];
    for member in ["type", "data"] {
        let mut secret = helm_release();
        secret.as_object_mut().unwrap().remove(member);
        secrets.push(secret);
    }
    secrets
}

fn user(name: &str, groups: &[&str]) -> Value {
    json!({"username": name, "uid": "7", "groups": groups})
}

/// Writers that need no policy: they constantly issue tokens and certificates and copy data.
pub(crate) fn left_out() -> Vec<Value> {
    let mut users =
        vec![user("system:node:aks-nodepool1-12345678-vmss000000", &["system:nodes", "system:authenticated"])];
    for name in ["system:apiserver", "system:kube-controller-manager", "system:kube-scheduler", "aksService"] {
        users.push(user(name, &["system:authenticated"]));
    }
    for account in ["root-ca-cert-publisher", "cloud-controller-manager", "csi-azuredisk-node-sa"] {
        users.push(user(
            &format!("system:serviceaccount:kube-system:{account}"),
            &["system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"],
        ));
    }
    users
}

/// All other users, including those who only look like the former, and those with little information.
pub(crate) fn evaluated() -> Vec<Value> {
    vec![
        user("jane@contoso.com", &["0f8fad5b-d9cb-469f-a165-70867728950e", "system:authenticated"]),
        user("masterclient", &["system:masters", "system:authenticated"]),
        user("system:anonymous", &["system:unauthenticated"]),
        user("system:serviceaccount:shop:web", &["system:serviceaccounts", "system:serviceaccounts:shop"]),
        user("system:serviceaccount:kube-system-tools:web", &["system:serviceaccounts"]),
        user("system:node:aks-nodepool1", &["system:authenticated"]),
        user("jane@contoso.com", &["system:nodes"]),
        user("aksservice", &[]),
        user("system:apiserver2", &[]),
        user("", &[]),
        json!({"username": "jane@contoso.com"}),
        json!({"username": "system:node:aks-nodepool1"}),
        json!({"groups": ["system:nodes"]}),
        json!({}),
    ]
}
