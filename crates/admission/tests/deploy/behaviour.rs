//! What the manifests do, as their comments promise: requests are evaluated with the settings of the policy of
//! a file that subscribes to them.

use crate::conditions::compiled;
use crate::{is_policy, manifests, subscriptions};
use admission::cluster::MemoryCluster;
use admission::fixture::today;
use admission::{Change, Identity, payload, request};
use cel::{Context, Value as Cel};
use entra_auth_policy::message::Response;
use entra_auth_policy::settings::Date;
use entra_auth_policy::{Evaluation, Host, evaluate};
use manifest::parse;
use serde_json::{Value, json};

/// A user applies an object to a cluster with one file of `deploy/`.
struct Apply {
    file: &'static str,
    request: Value,
    cluster: MemoryCluster,
    today: Date,
}

fn apply(file: &'static str, object: &str) -> Apply {
    let request = request(&parse(object).unwrap(), &Change::Create, None);
    Apply { file, request, cluster: MemoryCluster::Unasked, today: today() }
}

impl Apply {
    fn by(mut self, username: &str, groups: &[&str]) -> Self {
        let groups = groups.iter().map(|group| (*group).to_owned()).collect();
        self.request["userInfo"] = Identity { username: username.to_owned(), groups, oid: None }.user_info();
        self
    }

    fn on(self, today: &'static str) -> Self {
        Apply { today: Date::parse(today).unwrap(), ..self }
    }

    fn evaluation(&self, settings: &Value) -> Evaluation {
        let host = Host { today: &|| self.today, cluster: &self.cluster };
        evaluate(&payload(&self.request, settings), &host)
    }

    /// The policies of the file that subscribe to the request.
    fn asked(&self) -> Vec<Value> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let resource = &self.request["resource"];
        let [group, version, name] = ["group", "version", "resource"].map(|part| text(&resource[part]));
        let row = [group, version, name, text(&self.request["operation"])];
        let policies = manifests().into_iter().filter(|(file, object)| file == self.file && is_policy(object));
        policies
            .map(|(_, policy)| policy)
            .filter(|policy| subscriptions(&policy["spec"]["rules"]).contains(&row))
            .collect()
    }

    /// The groups of the file that subscribe to the request.
    fn asked_groups(&self) -> Vec<Value> {
        self.asked().into_iter().filter(|policy| policy["kind"] == "ClusterAdmissionPolicyGroup").collect()
    }

    /// The answers of the policies that are asked, groups aside.
    fn answers(&self) -> Vec<Response> {
        let asked = self.asked().into_iter().filter(|policy| policy["kind"] == "ClusterAdmissionPolicy");
        let answers: Vec<_> = asked.map(|policy| self.evaluation(&policy["spec"]["settings"]).response).collect();
        assert!(!answers.is_empty(), "{}: no policy is asked", self.file);
        answers
    }

    #[track_caller]
    fn is_denied_for(&self, rule: &str) {
        let denied = self.answers().into_iter().filter(|answer| !answer.accepted);
        let messages: Vec<_> = denied.filter_map(|answer| answer.message).collect();
        assert!(messages.iter().any(|message| message.contains(rule)), "{}: {messages:?}", self.file);
    }

    /// Allowed, with these words in the warnings.
    #[track_caller]
    fn is_accepted_saying(&self, words: &str) {
        let answers = self.answers();
        let warnings: String = answers.iter().flat_map(|answer| answer.warnings.clone()).collect();
        let says = if words.is_empty() { warnings.is_empty() } else { warnings.contains(words) };
        assert!(answers.iter().all(|answer| answer.accepted) && says, "{}: {answers:?}", self.file);
    }

    /// The rules that deny in the members of the file's group.
    fn found_by_members(&self) -> Vec<&'static str> {
        let asked = self.asked_groups();
        let [group] = asked.as_slice() else { panic!("{}: {} groups are asked", self.file, asked.len()) };
        let members = group["spec"]["policies"].as_object().unwrap().values();
        let findings = members.flat_map(|member| self.evaluation(&member["settings"]).findings);
        findings.filter(entra_auth_policy::verdict::Decision::denies).map(|decision| decision.rule.id).collect()
    }

    /// The result of the file's group from its members' answers.
    fn passes_group(&self) -> bool {
        let asked = self.asked_groups();
        let [group] = asked.as_slice() else { panic!("{}: {} groups are asked", self.file, asked.len()) };
        let mut context = Context::default();
        for (name, member) in group["spec"]["policies"].as_object().unwrap() {
            let accepted = self.evaluation(&member["settings"]).response.accepted;
            context.add_function(name, move || accepted).unwrap();
        }
        let expression = group["spec"]["expression"].as_str().unwrap();
        compiled(expression).unwrap().execute(&context).unwrap() == Cel::Bool(true)
    }
}

const WITH_SECRET: &str = "
apiVersion: v1
kind: Pod
metadata:
  name: web-5d8f7c9b6-x2x4z
  namespace: shop
  ownerReferences:
  - {apiVersion: apps/v1, kind: ReplicaSet, name: web-5d8f7c9b6, uid: 6f1d5a52-1f0e-4f6b-8d0a-5a1b7c9e2d34, controller: true}
spec:
  serviceAccountName: web
  containers:
  - name: web
    image: contoso.azurecr.io/web:1.0
    env:
    - {name: AZURE_CLIENT_SECRET, value: Zx8kQ~vN3rT5yW7pL2mD9cF4hJ6bG1sA0eRtUiVo}
";

fn binding(kind: &str, subject: &str, role: &str) -> String {
    let api = "rbac.authorization.k8s.io";
    json!({
        "apiVersion": format!("{api}/v1"),
        "kind": "RoleBinding",
        "metadata": {"name": "team", "namespace": "checkout"},
        "roleRef": {"apiGroup": api, "kind": "ClusterRole", "name": role},
        "subjects": [{"apiGroup": api, "kind": kind, "name": subject}],
    })
    .to_string()
}

const TEAM: &str = "0f8fad5b-d9cb-469f-a165-70867728950e";

#[test]
fn protect_refuses_what_people_write_and_lets_controllers_start_older_pods() {
    let groups = ["system:serviceaccounts", "system:serviceaccounts:kube-system"];
    let controller = "system:serviceaccount:kube-system:replicaset-controller";
    for file in ["02-protect.yaml", "03-split-high-volume.yaml"] {
        apply(file, WITH_SECRET).by("jane@contoso.com", &[]).is_denied_for("credential-in-env");
        apply(file, WITH_SECRET).by(controller, &groups).is_accepted_saying("credential-in-env");
        apply(file, &binding("Group", TEAM, "cluster-admin")).is_accepted_saying("binding-cluster-admin");
        let cluster_wide = binding("Group", TEAM, "cluster-admin").replace("\"RoleBinding\"", "\"ClusterRoleBinding\"");
        apply(file, &cluster_wide).is_denied_for("binding-cluster-admin");
        apply(file, &binding("Group", TEAM, "view")).is_accepted_saying("");
    }
}

#[test]
fn busy_resources_are_asked_about_apart() {
    let settings_file = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web, namespace: shop}\ndata: {AZURE_CLIENT_SECRET: Zx8kQ~vN3rT5yW7pL2mD9cF4hJ6bG1sA0eRtUiVo}";
    let applied = apply("03-split-high-volume.yaml", settings_file);
    applied.is_denied_for("credential-in-config-map");
    assert!(applied.asked()[0]["spec"]["matchConditions"].is_array());
}

#[test]
fn look_ups_are_made() {
    let pod = "
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {azure.workload.identity/use: \"true\"}}
spec:
  serviceAccountName: web
  containers: [{name: web, image: contoso.azurecr.io/web:1.0}]
";
    let account =
        json!([{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "web", "namespace": "shop"}}]);
    let asked = Apply { cluster: MemoryCluster::of(Some(&account)), ..apply("04-lookups.yaml", pod) };
    asked.is_accepted_saying("names an account that is not annotated with a client id");
    apply("02-protect.yaml", pod).is_accepted_saying("");
}

/// Until the end of the last day, and then no longer without further action.
#[test]
fn break_glass_ends_by_itself() {
    let harmless = binding("Group", TEAM, "view");
    let applied = || apply("05-break-glass.yaml", &harmless).by("masterclient", &["system:masters"]);
    applied().on("2027-01-31").is_accepted_saying("");
    applied().on("2027-02-01").is_denied_for("requester-local-account");
    let response = applied().on("2027-02-01").answers().remove(0);
    assert!(response.warnings.iter().any(|warning| warning.contains("2027-01-31")), "{:?}", response.warnings);
}

#[test]
fn each_company_keeps_to_its_own_tenant() {
    const CONTOSO: (&str, &str) = ("3f1c6a52-6f0e-4f6b-8d0a-5a1b7c9e2d34", "6731de76-14a6-49ae-97bc-6eba6914391e");
    const FABRIKAM: (&str, &str) = ("9d6f6ab4-3c3a-4b4e-8a32-2f6a1f0f2b11", "b1a5f0a2-0f3d-4b49-9a39-6f2c8f6d1e20");
    let passes = |namespace: &str, tenant: &str, client: &str| {
        let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {
            "name": "web",
            "namespace": namespace,
            "annotations": {"azure.workload.identity/tenant-id": tenant, "azure.workload.identity/client-id": client},
        }});
        apply("06-policy-group.yaml", &account.to_string()).passes_group()
    };
    assert!(passes("contoso-shop", CONTOSO.0, CONTOSO.1));
    assert!(passes("fabrikam-shop", FABRIKAM.0, FABRIKAM.1));
    // One half from either, or the other's namespace.
    assert!(!passes("contoso-shop", FABRIKAM.0, CONTOSO.1));
    assert!(!passes("contoso-shop", CONTOSO.0, FABRIKAM.1));
    assert!(!passes("fabrikam-shop", CONTOSO.0, CONTOSO.1));
}

/// The message of a group is about what its members check, and about nothing else: a member accepts every object whose
/// fault has nothing to do with tenants. Each deny fixture of the other rules is one.
#[test]
fn a_group_denies_only_what_its_message_names() {
    let root = crate::root().join("test_data");
    let about_tenants = ["workload-identity-tenant", "workload-identity-client", "unreadable-object"];
    let mut count = 0;
    for fixture in admission::fixture::all(&root).unwrap() {
        let (rule, name) = (fixture.rule(), fixture.name());
        if about_tenants.contains(&rule.as_str())
            || !name.starts_with("deny-")
            || !fixture.request["object"].is_object()
        {
            continue;
        }
        let asked = Apply {
            file: "06-policy-group.yaml",
            request: fixture.request,
            cluster: MemoryCluster::Unasked,
            today: today(),
        };
        if asked.asked_groups().is_empty() {
            continue;
        }
        let found = asked.found_by_members();
        let others: Vec<_> = found.iter().filter(|rule| !about_tenants.contains(rule)).collect();
        assert!(others.is_empty(), "{rule}/{name}: {others:?}");
        // Some of the objects also have a client id that no account has.
        assert!(!found.is_empty() || asked.passes_group(), "{rule}/{name}");
        count += 1;
    }
    assert!(count > 100, "only {count} objects");
}

#[test]
fn a_deployment_with_a_secret_is_denied_by_the_policy_that_says_so() {
    let asked = |file| apply(file, WITH_SECRET).by("jane@contoso.com", &[]);
    assert!(asked("06-policy-group.yaml").passes_group());
    asked("02-protect.yaml").is_denied_for("credential-in-env");
}

#[test]
fn restricted_refuses_what_the_others_warn_about() {
    let person = binding("User", "jane@contoso.com", "view");
    apply("02-protect.yaml", &person).is_accepted_saying("binding-individual-user");
    apply("restricted.yaml", &person).is_denied_for("binding-individual-user");
}

/// The first step finds the same as the second: only Kubewarden's mode differs.
#[test]
fn monitor_finds_what_protect_refuses() {
    apply("01-monitor.yaml", WITH_SECRET).is_denied_for("credential-in-env");
}
