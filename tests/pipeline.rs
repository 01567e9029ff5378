//! From payload to response: operations, requesters, ratchet, exemptions, messages, hostile input.

use entra_auth_policy::lookup::NoCluster;
use entra_auth_policy::message::LONGEST_MESSAGE;
use entra_auth_policy::settings::Date;
use entra_auth_policy::{Evaluation, Host, evaluate, validate_settings};
use serde_json::{Value, json};

fn judge_bytes(payload: &[u8]) -> Evaluation {
    let today = || Date::parse("2026-11-21").unwrap();
    evaluate(payload, &Host { today: &today, cluster: &NoCluster })
}

fn evaluate_request(settings: Value, request: Value) -> Evaluation {
    judge_bytes(json!({"settings": settings, "request": request}).to_string().as_bytes())
}

fn binding(subjects: &[Value]) -> Value {
    json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
        "metadata": {"name": "team", "namespace": "shop"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
        "subjects": subjects})
}

fn group(name: &str) -> Value {
    json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": name})
}

fn request(operation: &str, object: Value) -> Value {
    json!({"uid": "1", "operation": operation, "name": "team", "namespace": "shop",
        "kind": {"group": "rbac.authorization.k8s.io", "version": "v1", "kind": "RoleBinding"},
        "resource": {"group": "rbac.authorization.k8s.io", "version": "v1", "resource": "rolebindings"},
        "object": object})
}

fn bad() -> Value {
    binding(&[group("platform-team")])
}

fn pod(labels: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "shop", "labels": labels},
        "spec": {"serviceAccountName": "web", "containers": [{"name": "web", "image": "contoso.azurecr.io/web:1"}]}})
}

fn pod_request(operation: &str, object: Value) -> Value {
    json!({"operation": operation, "name": "web", "namespace": "shop",
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"}, "object": object})
}

#[test]
fn a_refusal_says_what_where_and_how() {
    let response =
        evaluate_request(json!({}), request("CREATE", binding(&[group("platform-team"), group("system:anonymous")])))
            .response;
    assert!(!response.accepted);
    assert_eq!(response.code, Some(403));
    assert_eq!(
        response.message.unwrap(),
        "entra-auth-policy denied RoleBinding shop/team (baseline): 2 problems\n\
         1) binding-anonymous: subjects[system:anonymous] grants view to unauthenticated requests\n   \
         fix: remove the subject, or bind an Entra group by its object id\n\
         2) binding-group-not-object-id: subjects[platform-team] is a display name, not the object id of an Entra group\n   \
         fix: write the group's object id: az ad group show --group platform-team --query id --output tsv\n\
         rules: https://github.com/entra-auth-policy/entra-auth-policy/blob/main/docs/rules.md"
    );
    assert_eq!(response.audit_annotations["denied"], "binding-anonymous,binding-group-not-object-id");
    assert_eq!(response.audit_annotations["requester"], "absent");
}

#[test]
fn warnings_come_with_acceptance_and_are_in_its_message() {
    let object = binding(&[json!({"kind": "User", "name": "jane@contoso.com"})]);
    let response = evaluate_request(json!({}), request("CREATE", object)).response;
    assert!(response.accepted);
    assert_eq!(response.code, None);
    assert_eq!(
        response.warnings,
        [
            "binding-individual-user: RoleBinding shop/team: subjects[jane@contoso.com] is an individual user, not a group; add the person to an Entra group and bind the group, or ask your cluster operators to list the user in allowedUsers"
        ]
    );
    assert!(
        response
            .message
            .unwrap()
            .starts_with("entra-auth-policy allowed RoleBinding shop/team (baseline) with 1 warning\n")
    );
    assert_eq!(response.audit_annotations["warned"], "binding-individual-user");
}

#[test]
fn clean_up_is_never_blocked() {
    let mut delete = request("DELETE", Value::Null);
    delete["oldObject"] = bad();
    assert!(evaluate_request(json!({}), delete).response.accepted);
    let mut dying = bad();
    dying["metadata"]["deletionTimestamp"] = json!("2026-11-21T00:00:00Z");
    let mut update = request("UPDATE", bad());
    update["oldObject"] = dying.clone();
    assert!(evaluate_request(json!({"ratchet": false}), update).response.accepted);
    // A finalizer can keep the object for ever, so nothing may be added to it.
    let mut update = request("UPDATE", binding(&[group("platform-team"), group("other")]));
    update["oldObject"] = dying.clone();
    assert!(!evaluate_request(json!({}), update).response.accepted);
    // Only the old state counts: an author can write the new one.
    let mut update = request("UPDATE", dying);
    update["oldObject"] = binding(&[]);
    assert!(!evaluate_request(json!({}), update).response.accepted);
}

#[test]
fn operations_and_subresources() {
    for (operation, sub, accepted) in [
        ("CREATE", "", false),
        ("UPDATE", "", false),
        ("PATCH", "", false),
        ("", "", false),
        ("DELETE", "", true),
        ("CONNECT", "", true),
        ("UPDATE", "status", true),
        ("UPDATE", "scale", true),
        ("UPDATE", "ephemeralcontainers", false),
    ] {
        let mut request = pod_request(operation, pod(json!({"aadpodidbinding": "x"})));
        request["subResource"] = json!(sub);
        assert_eq!(evaluate_request(json!({}), request).response.accepted, accepted, "{operation} {sub}");
    }
    for operation in ["CREATE", "UPDATE"] {
        let response = evaluate_request(json!({}), pod_request(operation, Value::Null)).response;
        assert_eq!((response.accepted, response.code), (false, Some(400)), "{operation} without an object");
    }
}

#[test]
fn the_ratchet_lets_old_faults_be_and_stops_new_ones() {
    let update = |old: Value, new: Value, settings: Value| {
        let mut update = request("UPDATE", new);
        update["oldObject"] = old;
        evaluate_request(settings, update)
    };
    let evaluation = update(bad(), bad(), json!({}));
    assert!(evaluation.response.accepted);
    assert_eq!(evaluation.response.warnings.len(), 1);
    assert!(!update(bad(), bad(), json!({"ratchet": false})).response.accepted);
    // By what it names, not by index.
    let moved = binding(&[group("0f8fad5b-d9cb-469f-a165-70867728950e"), group("platform-team")]);
    assert!(update(bad(), moved, json!({})).response.accepted);
    // A second fault, the same fault twice, and a worse one at the same place are new.
    assert!(!update(bad(), binding(&[group("platform-team"), group("ops-team")]), json!({})).response.accepted);
    assert!(!update(bad(), binding(&[group("platform-team"), group("platform-team")]), json!({})).response.accepted);
    let label = |with_wi: bool| {
        let mut labels = json!({"aadpodidbinding": "x"});
        if with_wi {
            labels["azure.workload.identity/use"] = json!("true");
        }
        pod(labels)
    };
    let mut worse = pod_request("UPDATE", label(false));
    worse["oldObject"] = label(true);
    assert!(!evaluate_request(json!({}), worse).response.accepted, "medium before, high now");
    // Without a readable old object the new one is evaluated alone.
    for old in [Value::Null, json!("text"), json!([])] {
        assert!(!update(old, bad(), json!({})).response.accepted);
    }
}

#[test]
fn profiles_and_overrides() {
    let person = || request("CREATE", binding(&[json!({"kind": "User", "name": "jane@contoso.com"})]));
    assert!(evaluate_request(json!({"profile": "baseline"}), person()).response.accepted);
    assert!(!evaluate_request(json!({"profile": "restricted"}), person()).response.accepted);
    assert!(!evaluate_request(json!({"rules": {"binding-individual-user": "deny"}}), person()).response.accepted);
    let off = evaluate_request(json!({"profile": "restricted", "rules": {"binding-individual-user": false}}), person());
    assert!(off.response.accepted && off.findings.is_empty());
    assert!(
        evaluate_request(json!({"rules": {"binding-group-not-object-id": "warn"}}), request("CREATE", bad()))
            .response
            .accepted
    );
}

#[test]
fn exemptions_need_everything_to_fit_and_end() {
    let with =
        |exemption: Value| evaluate_request(json!({"exemptions": [exemption]}), request("CREATE", bad())).response;
    let response = with(json!({"namespaces": ["sh*"], "kinds": ["RoleBinding"], "reason": "moving by spring"}));
    assert!(response.accepted);
    assert_eq!(response.audit_annotations["exempted"], "binding-group-not-object-id (moving by spring)");
    assert!(response.warnings.is_empty());
    assert!(!with(json!({"namespaces": ["shop"], "names": ["other"], "reason": "r"})).accepted);
    assert!(!with(json!({"rules": ["binding-anonymous"], "namespaces": ["shop"], "reason": "r"})).accepted);
    assert!(!with(json!({"requesters": ["jane@contoso.com"], "reason": "r"})).accepted, "no requester");
    assert!(with(json!({"namespaces": ["shop"], "reason": "r", "until": "2026-11-21"})).accepted, "inclusive");
    let ended = with(json!({"namespaces": ["shop"], "reason": "r", "until": "2026-11-20"}));
    assert!(!ended.accepted);
    assert_eq!(ended.warnings, ["exemption \"r\" ended on 2026-11-20 and no longer applies"]);
    // A cluster-scoped object is in no namespace, whatever the request says of a Namespace.
    let mut cluster = request("CREATE", bad());
    cluster["kind"]["kind"] = json!("ClusterRoleBinding");
    cluster["namespace"] = json!("");
    cluster["object"]["metadata"]["namespace"] = Value::Null;
    assert!(
        !evaluate_request(json!({"exemptions": [{"namespaces": ["shop", "s*"], "reason": "r"}]}), cluster)
            .response
            .accepted
    );
}

#[test]
fn the_clock_is_read_only_for_an_end() {
    let no_clock = || panic!("read the clock");
    let host = Host { today: &no_clock, cluster: &NoCluster };
    let payload =
        json!({"settings": {"exemptions": [{"names": ["team"], "reason": "r"}]}, "request": request("CREATE", bad())});
    assert!(evaluate(payload.to_string().as_bytes(), &host).response.accepted);
}

#[test]
fn pods_of_built_in_controllers_can_be_let_through() {
    let owned = |user: &str, owner: Value| {
        let mut object = pod(json!({"aadpodidbinding": "x"}));
        object["metadata"]["ownerReferences"] = json!([owner]);
        let mut request = pod_request("CREATE", object);
        request["userInfo"] = json!({"username": user, "groups": ["system:authenticated"]});
        evaluate_request(json!({"ownedPods": "warn"}), request).response.accepted
    };
    let replica_set = || json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-1", "controller": true});
    const CONTROLLER: &str = "system:serviceaccount:kube-system:replicaset-controller";
    assert!(owned(CONTROLLER, replica_set()));
    assert!(!owned("jane@contoso.com", replica_set()), "an author can write the reference");
    assert!(!owned("system:serviceaccount:kube-system:job-controller", replica_set()));
    assert!(!owned(CONTROLLER, json!({"apiVersion": "evil.io/v1", "kind": "ReplicaSet", "controller": true})));
    assert!(!owned(CONTROLLER, json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "x"})), "no controller");
}

/// Nothing of the input may come back, whatever is wrong with it.
const MARKER: &str = "s3cr3t-marker";

fn never_echoed(payload: &[u8]) -> Evaluation {
    let evaluation = judge_bytes(payload);
    let text = String::from_utf8(evaluation.response.to_json()).unwrap();
    assert!(!text.contains(MARKER), "{text}");
    if let Some(message) = &evaluation.response.message {
        assert!(message.len() <= LONGEST_MESSAGE);
    }
    assert!(evaluation.response.warnings.iter().all(|warning| warning.len() <= 256));
    assert_ne!(evaluation.response.code, Some(500));
    evaluation
}

#[test]
fn malformed_payloads_get_a_clear_refusal() {
    let deep = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
    let pod = pod(json!({}));
    let whole = json!({"request": pod_request("CREATE", pod)}).to_string();
    let mut cases = vec![
        String::new(),
        " ".to_owned(),
        MARKER.to_owned(),
        format!("{{\"request\": \"{MARKER}\"}}"),
        "{}".to_owned(),
        "null".to_owned(),
        "[]".to_owned(),
        format!("{{\"request\":{{\"object\":{}}}}}", deep(10_000)),
        format!("{{\"settings\":{},\"request\":{{}}}}", deep(10_000)),
        deep(10_000),
        format!("{{\"settings\":{{\"{MARKER}\":1}},\"request\":{{\"operation\":\"CREATE\"}}}}").replace(MARKER, "x"),
        format!("{{\"request\":{{\"operation\":\"CREATE\",\"object\":{{\"a\":\"\\ud800{MARKER}\"}}}}}}"),
        format!("{{\"request\":{{\"operation\":7,\"object\":{{\"a\":\"{MARKER}\"}}}}}}"),
        format!("{{\"request\":{{\"operation\":\"CREATE\",\"userInfo\":{{\"username\":[\"{MARKER}\"]}}}}}}"),
    ];
    cases.extend((0..whole.len()).step_by(7).map(|end| whole[..end].to_owned()));
    for case in &cases {
        let evaluation = never_echoed(case.as_bytes());
        let (accepted, code) = (evaluation.response.accepted, evaluation.response.code);
        assert_eq!((accepted, code), (false, Some(400)), "{}", &case[..case.len().min(80)]);
        assert!(evaluation.response.message.is_some());
    }
    never_echoed(&[0xff, 0xfe, b'{']);
}

#[test]
fn wrong_types_and_nulls_everywhere() {
    let objects = [
        ("", "Pod", pod(json!({"aadpodidbinding": "x"}))),
        ("rbac.authorization.k8s.io", "RoleBinding", bad()),
        (
            "rbac.authorization.k8s.io",
            "ClusterRole",
            json!({"metadata": {"name": "x"}, "rules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]}),
        ),
        (
            "",
            "Secret",
            json!({"metadata": {"name": "x"}, "type": "Opaque", "data": {"a": "YQ=="}, "stringData": {"b": "c"}}),
        ),
        ("", "ConfigMap", json!({"metadata": {"name": "x"}, "data": {"a": "b"}})),
        (
            "",
            "ServiceAccount",
            json!({"metadata": {"name": "x", "annotations": {"azure.workload.identity/client-id": "x"}}}),
        ),
        ("aadpodidentity.k8s.io", "AzureIdentity", json!({"metadata": {"name": "x"}, "spec": {"type": 1}})),
    ];
    let wrong = [
        json!(null),
        json!(7),
        json!(true),
        json!(MARKER),
        json!([MARKER]),
        json!([[null]]),
        json!({"a": MARKER}),
        json!([{"name": [MARKER]}]),
    ];
    let mut evaluated = 0;
    for (api_group, kind, object) in &objects {
        let mut pointers = vec![String::new()];
        collect_pointers(object, String::new(), &mut pointers);
        for pointer in &pointers {
            for value in &wrong {
                let mut object = object.clone();
                *object.pointer_mut(pointer).unwrap() = value.clone();
                let request = json!({"operation": "CREATE", "kind": {"group": api_group, "version": "v1", "kind": kind}, "object": object});
                // A string is a name in some places and may be shown there; elsewhere it never is.
                let evaluation = evaluate_request(json!({}), request);
                let text = String::from_utf8(evaluation.response.to_json()).unwrap();
                let is_name = ["name", "namespace", "kind"].iter().any(|key| pointer.ends_with(key))
                    || pointer.contains("/rules");
                assert!(is_name || !text.contains(MARKER), "{kind}{pointer} {value}: {text}");
                evaluated += 1;
            }
        }
    }
    assert!(evaluated > 300, "{evaluated}");
}

fn collect_pointers(value: &Value, at: String, out: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(map) => {
            map.iter().map(|(key, value)| (key.replace('~', "~0").replace('/', "~1"), value)).collect()
        }
        Value::Array(items) => items.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    for (key, child) in children {
        let pointer = format!("{at}/{key}");
        out.push(pointer.clone());
        collect_pointers(child, pointer, out);
    }
}

#[test]
fn large_objects_are_judged() {
    let data: serde_json::Map<String, Value> =
        (0..30_000).map(|n| (format!("key-{n}"), json!("x".repeat(100)))).collect();
    let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "big", "namespace": "shop"}, "data": data});
    let payload = json!({"request": {"operation": "CREATE", "kind": {"group": "", "version": "v1", "kind": "ConfigMap"}, "object": object}}).to_string();
    assert!(payload.len() > 3_000_000);
    assert!(never_echoed(payload.as_bytes()).response.accepted);
    // As many faults as there is room for: the message is cut and says so.
    let subjects: Vec<Value> = (0..20_000).map(|n| group(&format!("team-{n}"))).collect();
    let response = evaluate_request(json!({}), request("CREATE", binding(&subjects))).response;
    let message = response.message.unwrap();
    assert!(
        message.len() <= LONGEST_MESSAGE && message.contains("20000 problems") && message.contains("\nand 19"),
        "{message}"
    );
    assert_eq!(response.audit_annotations["denied"], "binding-group-not-object-id");
}

#[test]
fn odd_names_cannot_forge_a_message() {
    let object = binding(&[group("a\nrules: https://evil.example\u{202e}"), group(&"x".repeat(5_000))]);
    let response = evaluate_request(json!({}), request("CREATE", object)).response;
    let message = response.message.unwrap();
    assert_eq!(message.matches("\nrules: ").count(), 1);
    assert!(!message.contains('\u{202e}') && message.len() < 1_500, "{message}");
}

#[test]
fn unknown_kinds_are_judged_by_what_every_object_has() {
    let object =
        json!({"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "x", "labels": {"a": 1}}});
    let request = json!({"operation": "CREATE", "kind": {"group": "example.com", "version": "v1", "kind": "Thing"}, "object": object});
    let response = evaluate_request(json!({}), request).response;
    assert_eq!(response.code, Some(400));
    let object = json!({"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "x"}, "spec": {"anything": [1, null, {}]}});
    let request = json!({"operation": "CREATE", "kind": {"group": "example.com", "version": "v1", "kind": "Thing"}, "object": object});
    assert!(evaluate_request(json!({}), request).response.accepted);
}

#[test]
fn settings_answers_are_never_failures() {
    for (text, valid) in [
        ("{}", true),
        ("null", true),
        ("", false),
        ("[]", false),
        ("{", false),
        ("\"x\"", false),
        (r#"{"profile":"strict","maxTokenSeconds":1,"exemptions":[{}]}"#, false),
    ] {
        let answer: Value = serde_json::from_slice(&validate_settings(text.as_bytes())).unwrap();
        assert_eq!(answer["valid"], valid, "{text}");
        assert_eq!(answer["message"].is_string(), !valid, "{text}");
    }
    let answer: Value =
        serde_json::from_slice(&validate_settings(br#"{"profile":"strict","maxTokenSeconds":1,"unknown":1}"#)).unwrap();
    let message = answer["message"].as_str().unwrap();
    for path in ["`profile`", "`maxTokenSeconds`", "`unknown`"] {
        assert!(message.contains(path), "{message}");
    }
    assert_eq!(validate_settings(&[0xff])[..14], br#"{"valid":false"#[..]);
}

#[test]
fn settings_that_are_wrong_refuse_rather_than_guess() {
    let response = evaluate_request(json!({"profile": "strict"}), request("CREATE", binding(&[]))).response;
    assert_eq!((response.accepted, response.code), (false, Some(400)));
}

#[test]
fn answers_are_the_same_every_time() {
    let payload = json!({"settings": {}, "request": request("CREATE", binding(&[group("a"), group("b"), group("system:masters")]))}).to_string();
    let first = judge_bytes(payload.as_bytes()).response.to_json();
    for _ in 0..20 {
        assert_eq!(judge_bytes(payload.as_bytes()).response.to_json(), first);
    }
}

#[test]
fn limits_keep_the_worst_findings() {
    let mut subjects: Vec<Value> =
        (0..300).map(|n| json!({"kind": "User", "name": format!("{n}@contoso.com")})).collect();
    subjects.push(json!({"kind": "User", "name": "system:anonymous"}));
    let response = evaluate_request(json!({"profile": "restricted"}), request("CREATE", binding(&subjects))).response;
    let message = response.message.clone().unwrap();
    assert!(message.contains("\n1) binding-anonymous: ") && message.contains("\nand ") && message.len() <= 4096);
    let all = json!({"rules": {"binding-anonymous": "warn", "binding-individual-user": "warn"}});
    let response = evaluate_request(all, request("CREATE", binding(&subjects))).response;
    assert_eq!(response.warnings.len(), 2, "one line for each rule: {:?}", response.warnings);
    assert!(response.warnings[0].starts_with("binding-anonymous: RoleBinding shop/team: subjects[system:anonymous] "));
    assert!(response.warnings[1].contains(" (and 299 more); ") && response.warnings[1].len() <= 256);
    assert!(response.to_json().len() < 64 * 1024);
}
