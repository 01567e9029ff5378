//! `report`, `who-can`, `paths-to` and `access`.

mod support;

#[path = "../examples/cluster_dump.rs"]
#[allow(dead_code, reason = "an example has a main function")]
mod cluster_dump;

use migrate::{Answers, Options, Origin, plan};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use support::{Run, entra_auth, folder, root};

const CLIENT: &str = "7d8cdf74-5f1d-4e6c-9c31-274d963d358b";

fn contoso() -> String {
    fs::read_to_string(root().join("crates/cli/tests/cluster/contoso.yaml")).unwrap()
}

/// Runs a command on the dump of the small cluster.
fn on_contoso(arguments: &[&str]) -> Run {
    let folder = folder(&[("contoso.yaml", &contoso())]);
    entra_auth(folder.path(), &[arguments, &["contoso.yaml"]].concat())
}

fn report(arguments: &[&str]) -> Run {
    let run = on_contoso(&[&["report", "--today", "2026-06-01"], arguments].concat());
    assert_eq!(run.code, 0, "{}", run.err);
    run
}

#[test]
fn the_json_report_has_its_schema() {
    let schema = fs::read_to_string(root().join("docs/report.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    let old = report(&["--format", "json"]).out;
    let folder = folder(&[("contoso.yaml", &contoso()), ("old.json", &old), ("settings.yaml", SETTINGS)]);
    let compared = entra_auth(
        folder.path(),
        &["report", "--format", "json", "--since", "old.json", "--settings", "settings.yaml", "contoso.yaml"],
    );
    for report in [serde_json::from_str(&old).unwrap(), compared.json()] {
        let errors: Vec<String> =
            validator.iter_errors(&report).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert_eq!(errors, [""; 0]);
    }
    assert!(!validator.is_valid(&json!({"schemaVersion": 1})));
}

const SETTINGS: &str = "\
exemptions:
- {rules: [role-node-proxy], names: [node-debugger], reason: debugging, until: 2027-01-31}
- {rules: [role-escalation], names: [break-glass], reason: emergencies, until: 2020-01-31}
";

#[test]
fn exemptions_have_their_end_and_their_use() {
    let folder = folder(&[("contoso.yaml", &contoso()), ("settings.yaml", SETTINGS)]);
    let run = entra_auth(
        folder.path(),
        &["report", "--today", "2026-06-01", "--format", "json", "--settings", "settings.yaml", "contoso.yaml"],
    );
    let report = run.json();
    assert_eq!(report["totals"]["exempted"], 1);
    let [live, ended] = report["exemptions"].as_array().unwrap().as_slice() else { panic!("{report}") };
    assert_eq!((live["reason"].as_str(), live["until"].as_str()), (Some("debugging"), Some("2027-01-31")));
    assert_eq!((&live["findings"], &live["hasEnded"]), (&json!(1), &json!(false)));
    assert_eq!((&ended["findings"], &ended["hasEnded"]), (&json!(0), &json!(true)));
}

#[test]
fn the_report_knows_who_is_whom() {
    let report = report(&["--format", "json"]).json();
    let uses = report["azure"]["uses"].as_array().unwrap();
    let of = |namespace: &str, name: &str| -> Vec<(&str, Option<&str>)> {
        let found = uses.iter().filter(|one| one["namespace"] == namespace && one["name"] == name);
        found.map(|one| (one["mode"].as_str().unwrap(), one["clientId"].as_str())).collect()
    };
    assert_eq!(of("shop", "web"), [("workload-identity", Some(CLIENT))]);
    assert_eq!(of("monitoring", "reports"), [("identity-binding", Some("e7c5a3b1-4d6f-4892-a0e8-5b9d1f7c3a60"))]);
    assert_eq!(of("legacy", "mailer"), [("node-identity", None)]);
    assert_eq!(of("legacy", "batch")[0], ("pod-identity", Some("6a1e9d47-3b8c-4f50-92d6-e8c4b0f7a531")));
    assert_eq!(of("shop", "search"), [("fixed-credential", Some("e7c5a3b1-4d6f-4892-a0e8-5b9d1f7c3a60"))]);
    assert_eq!(of("shop", "web-7c9d-x2k"), [], "a Pod of a Deployment counts once");
    let tenant = uses.iter().find(|one| one["name"] == "web").unwrap()["tenantId"].as_str();
    assert_eq!(tenant, Some("5f8d2b91-0e4a-4c73-9b16-d3a7e6c0f258"));
    let identities = report["azure"]["identities"].as_array().unwrap();
    let shared: BTreeSet<&str> = identities
        .iter()
        .filter(|identity| identity["accounts"].as_array().unwrap().len() > 1)
        .map(|identity| identity["clientId"].as_str().unwrap())
        .collect();
    assert!(shared.contains("31f6a8d0-2c9b-4e75-8a1d-6b0f4c7e9d25") && !shared.contains(CLIENT), "{shared:?}");
    let open: Vec<&Value> =
        identities.iter().filter(|identity| !identity["fromAnyNamespace"].as_array().unwrap().is_empty()).collect();
    assert_eq!(open.len(), 2, "a grant to all service accounts, and a ClusterSecretStore: {open:?}");
    let unused = report["azure"]["unusedAccounts"].as_array().unwrap();
    let names: Vec<&str> = unused.iter().map(|account| account["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["archive"]);
}

/// A workload with a fault that `fix` resolves without a decision.
const LATE: &str = "
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: late, namespace: shop, labels: {azure.workload.identity/use: 'true'}}
spec:
  selector:
    matchLabels: {app: late}
  template:
    metadata: {labels: {app: late}}
    spec:
      serviceAccountName: orders
      containers: [{name: late, image: 'contoso.azurecr.io/late:1.0'}]
";

/// The numbers of the report are those of the commands.
#[test]
fn the_way_out_is_what_fix_and_migrate_do() {
    let text = contoso() + LATE;
    let folder = folder(&[("contoso.yaml", &text)]);
    let run = |arguments: &[&str]| entra_auth(folder.path(), &[arguments, &["contoso.yaml"]].concat());
    let way_out = run(&["report", "--format", "json"]).json()["wayOut"].clone();
    let number = |value: &Value| value.as_u64().unwrap();
    let fix = |arguments: &[&str]| {
        let run = run(&[&["fix", "--diff"], arguments].concat());
        let line = run.err.lines().find(|line| line.contains(" to fix in ")).unwrap_or_else(|| panic!("{}", run.err));
        line.split(' ').next().unwrap().parse::<u64>().unwrap()
    };
    let [safe, suggested, by_hand] = ["safe", "suggested", "byHand"].map(|key| number(&way_out["fix"][key]));
    assert_eq!(safe, fix(&[]));
    assert_eq!(safe + suggested, fix(&["--suggested"]));
    assert!(safe > 0 && suggested > 0 && by_hand > 0, "{way_out:#}");
    let sum = |key: &str| -> u64 {
        way_out["remediations"].as_array().unwrap().iter().map(|row| number(&row["fix"][key])).sum()
    };
    assert_eq!([sum("safe"), sum("suggested"), sum("byHand")], [safe, suggested, by_hand]);
    let pages = [run(&["report"]).out, run(&["report", "--format", "markdown"]).out];
    for row in way_out["migrate"].as_array().unwrap() {
        let command = format!("entra-auth migrate {}", row["from"].as_str().unwrap());
        assert!(pages.iter().all(|page| page.contains(&command)), "{command}");
    }
}

/// A report plans with fewer evaluations than `migrate` needs, and only from origins that rules report.
#[test]
fn migrations_are_counted_as_they_are_planned() {
    let estates = root().join("test_data/estates");
    let mut inputs: Vec<Vec<Value>> = vec![objects_of(&contoso())];
    for estate in sorted(&estates) {
        let texts = sorted(&estate).into_iter().map(|path| fs::read_to_string(path).unwrap());
        inputs.push(texts.flat_map(|text| objects_of(&text)).collect());
    }
    let mut origins = BTreeSet::new();
    for objects in inputs {
        let planned: Vec<Value> = Origin::ALL
            .into_iter()
            .map(|origin| plan(origin, &objects, &Answers::default(), Options::default()).counts())
            .filter(|counts| !counts.is_empty())
            .map(|counts| serde_json::to_value(counts).unwrap())
            .collect();
        let list = json!({"apiVersion": "v1", "kind": "List", "items": objects}).to_string();
        let folder = folder(&[("dump.json", &list)]);
        let report = entra_auth(folder.path(), &["report", "--format", "json", "dump.json"]);
        assert_eq!(report.code, 0, "{}", report.err);
        assert_eq!(report.json()["wayOut"]["migrate"], json!(planned));
        for row in planned {
            assert!(row["workloads"].as_u64() > Some(0) || row["tasks"].as_u64() > Some(0), "{row}");
            origins.insert(row["from"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(origins.len(), Origin::ALL.len(), "{origins:?}");
}

fn objects_of(text: &str) -> Vec<Value> {
    manifest::objects(text).into_iter().map(Result::unwrap).collect()
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

#[test]
fn since_names_what_is_new_and_what_is_gone() {
    let old = report(&["--format", "json"]).out;
    let fixed = contoso().replace("name: ann@contoso.com", "name: carol@contoso.com");
    assert_ne!(fixed, contoso());
    let folder = folder(&[("now.yaml", &fixed), ("old.json", &old)]);
    let run = entra_auth(
        folder.path(),
        &["report", "--today", "2026-06-02", "--format", "json", "--since", "old.json", "now.yaml"],
    );
    let since = &run.json()["since"];
    assert_eq!(since["date"], "2026-06-01");
    assert_eq!(since["newAdministrators"], json!(["user carol@contoso.com"]));
    assert_eq!(since["goneAdministrators"], json!(["user ann@contoso.com"]));
    let unchanged = entra_auth(folder.path(), &["report", "--format", "json", "--since", "old.json", "old.json"]);
    assert_eq!(unchanged.code, 2, "a report is not a dump");
    let wrong = entra_auth(folder.path(), &["report", "--format", "json", "--since", "now.yaml", "now.yaml"]);
    assert!(wrong.code == 2 && wrong.err.contains("not a report") && !wrong.err.contains("carol"), "{}", wrong.err);
}

/// The page contains everything that it needs, and its policy allows nothing else.
#[test]
fn the_page_needs_nothing_from_elsewhere() {
    let page = report(&[]).out;
    assert!(page.starts_with("<!DOCTYPE html>"));
    let policy = page.split("content=\"").find(|part| part.starts_with("default-src")).unwrap();
    let policy = policy.split('"').next().unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
    for forbidden in [" src=", "<link", "@import", "url(", " style=", " onclick=", "<iframe", "<form"] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    for part in ["id=\"glance\"", "id=\"paths\"", "id=\"who\"", "id=\"azure\"", "id=\"findings\"", "id=\"way-out\""] {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn names_are_not_markup_and_secrets_are_not_shown() {
    let text = "\
apiVersion: v1
kind: Secret
metadata:
  name: web
  namespace: shop
  annotations: {note: hunter2-in-a-note}
stringData: {AZURE_CLIENT_SECRET: 3xX8Q~hunter2hunter2hunter2hunter2hunter2}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: '<img src=x onerror=alert(1)>'}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: '<script>alert(1)</script>|x|'}]
";
    let folder = folder(&[("dump.yaml", text)]);
    for format in ["html", "markdown", "json"] {
        let run = entra_auth(folder.path(), &["report", "--format", format, "dump.yaml"]);
        assert_eq!(run.code, 0, "{}", run.err);
        assert!(!run.out.contains("hunter2"), "{format}");
        if format != "json" {
            assert!(!run.out.contains("<script>alert") && !run.out.contains("<img"), "{format}");
        }
    }
}

/// The size of the page is bounded, whatever the cluster.
#[test]
fn a_thousand_workloads_are_less_than_a_megabyte() {
    let items: Vec<Value> = cluster_dump::objects(2_600).collect();
    let workloads = items.iter().filter(|item| item["kind"] == "Deployment").count();
    assert!(workloads > 1_000, "{workloads}");
    let list = json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string();
    let folder = folder(&[("dump.json", &list)]);
    let run = entra_auth(folder.path(), &["report", &folder.path().join("dump.json").display().to_string()]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.out.len() < 1_000_000, "{} bytes", run.out.len());
}

#[test]
fn several_formats_in_one_run() {
    let folder = folder(&[("contoso.yaml", &contoso())]);
    let file = |name: &str| folder.path().join(name).display().to_string();
    let formats =
        [format!("html={}", file("r.html")), format!("markdown={}", file("r.md")), format!("json={}", file("r.json"))];
    let mut arguments = vec!["report", "contoso.yaml"];
    formats.iter().for_each(|format| arguments.extend(["--format", format]));
    let run = entra_auth(folder.path(), &arguments);
    assert_eq!((run.code, run.out.as_str()), (0, ""), "{}", run.err);
    let read = |name: &str| fs::read_to_string(PathBuf::from(file(name))).unwrap();
    assert!(read("r.html").contains("</html>") && read("r.md").starts_with("# ") && read("r.json").starts_with('{'));
    let wrong = entra_auth(folder.path(), &["report", "--format", "pdf", "contoso.yaml"]);
    assert!(wrong.code == 2 && wrong.err.contains("html, markdown and json"), "{}", wrong.err);
}

/// Every command in the page's table of questions answers.
#[test]
fn the_questions_of_the_page_are_answered() {
    let page = fs::read_to_string(root().join("docs/report.md")).unwrap();
    let old = report(&["--format", "json"]).out;
    let folder = folder(&[("dump.json", &contoso()), ("old.json", &old), ("settings.yml", SETTINGS)]);
    let mut commands = BTreeSet::new();
    for row in page.lines().filter(|line| line.starts_with("| ")) {
        for command in row.split('`').filter_map(|code| code.strip_prefix("entra-auth ")) {
            if !command.ends_with("dump.json") {
                continue;
            }
            let arguments: Vec<&str> = command.split(' ').collect();
            let run = entra_auth(folder.path(), &arguments);
            assert!(run.code < 2 && run.out.lines().count() > 1, "{command}: {}{}", run.out, run.err);
            commands.insert(arguments[0].to_owned());
        }
    }
    assert_eq!(Vec::from_iter(commands), ["access", "exemptions", "paths-to", "report", "who-can"]);
}

#[test]
fn who_can_answers_for_a_namespace_and_for_all() {
    let run = on_contoso(&["who-can", "create", "pods/exec", "-n", "shop"]);
    for (subject, is_listed) in [
        ("f8a3d6c1-7e2b-4950-8d4c-b5e1f9a07263", true),
        ("system:masters", true),
        ("bob@contoso.com", false),
        ("d1f7b3a9-8c4e-4260-95fb-6e2a0c8d7b53", false),
    ] {
        assert_eq!(run.out.contains(subject), is_listed, "{subject}: {}", run.out);
    }
    let everywhere = on_contoso(&["who-can", "--format", "json", "create", "pods/exec"]).json();
    assert_eq!(everywhere["namespaces"]["legacy"][0]["subject"], "group f8a3d6c1-7e2b-4950-8d4c-b5e1f9a07263");
    let url = on_contoso(&["who-can", "get", "/metrics"]);
    assert!(url.out.contains("monitoring/prometheus"), "{}", url.out);
    let unknown = on_contoso(&["who-can", "get", "widgets"]);
    assert!(unknown.err.contains("no resource of this name"), "{}", unknown.err);
}

#[test]
fn paths_to_names_every_step() {
    let run = on_contoso(&["paths-to", CLIENT]);
    assert!(run.out.contains("creates a workload that runs as service account shop/web"), "{}", run.out);
    assert!(run.out.contains("can create deployments in shop, by RoleBinding shop/shop-ci"), "{}", run.out);
    let admin = on_contoso(&["paths-to", "--format", "json", "cluster-admin"]).json();
    let lengths: Vec<u64> =
        admin["paths"].as_array().unwrap().iter().map(|path| path["length"].as_u64().unwrap()).collect();
    assert!(lengths.is_sorted() && lengths.contains(&1) && lengths.contains(&3), "{lengths:?}");
    let unknown = on_contoso(&["paths-to", "0f8fad5b-d9cb-469f-a165-70867728950e"]);
    assert!(unknown.code == 2 && unknown.err.contains("no binding names"), "{}", unknown.err);
}

#[test]
fn access_shows_roles_and_what_follows() {
    let run = on_contoso(&["access", "payments/worker"]);
    assert!(run.out.contains("Role token-minter in platform"), "{}", run.out);
    assert!(run.out.contains("requests a token of service account platform/backup"), "{}", run.out);
    assert!(run.out.contains("as a member of group system:serviceaccounts"), "{}", run.out);
    let json = on_contoso(&["access", "--format", "json", "ann@contoso.com"]).json();
    assert_eq!(
        (&json["class"], &json["roles"][0]["role"]),
        (&json!("entra-user"), &json!("ClusterRole cluster-admin"))
    );
}
