//! The estates of `test_data/estates`, migrated: every phase is accepted, the result is clean, and nothing leaks.

use admission::{Change, Identity, payload, request};
use base64::Engine;
use entra_auth_policy::lookup::NoCluster;
use entra_auth_policy::settings::Date;
use entra_auth_policy::{Host, evaluate};
use migrate::{Answers, AzureFormat, Fate, File, Options, Origin, Plan, Stage, files, fill_in, plan, text};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const ESTATES: &[(&str, Origin)] = &[
    ("pod-identity", Origin::PodIdentity),
    ("pod-identity-addon", Origin::PodIdentity),
    ("eks", Origin::Irsa),
    ("client-secrets", Origin::Secrets),
];

fn folder(estate: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test_data/estates").join(estate)
}

fn texts(estate: &str) -> Vec<String> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder(estate)).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect()
}

fn objects(estate: &str) -> Vec<Value> {
    texts(estate).iter().flat_map(|text| manifest::objects(text)).collect::<Result<_, _>>().unwrap()
}

/// The answers that a plan asks for.
fn filled(plan: &Plan) -> Answers {
    let value = serde_json::to_value(&plan.answers).unwrap();
    let mut value = fill_in(&value);
    for (name, answer) in value["values"].as_object().into_iter().flatten() {
        assert!(!name.is_empty() && answer.is_string());
    }
    if let Some(values) = value.get_mut("values").and_then(Value::as_object_mut) {
        values.values_mut().for_each(|value| *value = "contosostorage".into());
    }
    serde_json::from_value(value).unwrap()
}

fn migrated(estate: &str, origin: Origin) -> (Vec<Value>, Plan) {
    let objects = objects(estate);
    let first = plan(origin, &objects, &Answers::default(), Options::default());
    let second = plan(origin, &objects, &filled(&first), Options::default());
    (objects, second)
}

/// What a denied request reports.
fn denied(object: &Value, change: &Change, settings: &Value) -> Vec<String> {
    let user = Identity {
        username: "jane@contoso.com".to_owned(),
        oid: Some("0f8fad5b-d9cb-469f-a165-70867728950e".to_owned()),
        ..Identity::default()
    };
    let payload = payload(&request(object, change, Some(&user)), settings);
    let today = || Date::parse("2026-11-27").unwrap();
    let evaluation = evaluate(&payload, &Host { today: &today, cluster: &NoCluster });
    let findings = evaluation.findings.iter().filter(|finding| finding.denies());
    let lines = findings.map(|one| format!("{}: {} {}", one.rule.id, one.location.path, one.message));
    let lines: Vec<String> = lines.collect();
    assert_eq!(evaluation.response.accepted, lines.is_empty(), "{:?}", evaluation.response.message);
    lines
}

/// The estate after all phases.
fn after(objects: &[Value], plan: &Plan) -> Vec<Value> {
    let mut result = Vec::new();
    let changed: BTreeSet<usize> = plan.objects.iter().filter_map(|object| object.index).collect();
    result.extend(objects.iter().enumerate().filter(|(at, _)| !changed.contains(at)).map(|(_, object)| object.clone()));
    result.extend(plan.objects.iter().filter_map(|object| object.after(Stage::EndProxy).cloned()));
    result
}

fn written(plan: &Plan, format: AzureFormat) -> Vec<File> {
    files(plan, format, &|_, _| None).unwrap()
}

#[test]
fn estates_are_of_a_real_size() {
    for (estate, least) in [("pod-identity", 40), ("pod-identity-addon", 10), ("eks", 40), ("client-secrets", 40)] {
        let count = objects(estate).len();
        assert!(count >= least, "{estate}: {count}");
    }
}

#[test]
fn every_phase_is_accepted() {
    for (estate, origin) in ESTATES {
        let (_, plan) = migrated(estate, *origin);
        // As the runbook says.
        let mut settings = plan.settings.clone();
        settings["profile"] = json!("baseline");
        let mut requests = 0;
        for stage in Stage::ALL {
            for object in plan.objects.iter().filter(|object| object.is_in(stage)) {
                let Some(new) = object.after(stage) else { continue };
                let change = match object.before(stage) {
                    Some(old) if !object.replace => Change::Update(old.clone()),
                    _ => Change::Create,
                };
                let denied = denied(new, &change, &settings);
                assert!(denied.is_empty(), "{estate}, {stage:?}, {}: {denied:#?}", object.object);
                requests += 1;
            }
        }
        let verify = written(&plan, AzureFormat::Az);
        let verify = verify.iter().find(|file| file.path.ends_with("verify.yaml")).unwrap();
        for pod in manifest::objects(&verify.text) {
            let denied = denied(&pod.unwrap(), &Change::Create, &plan.settings);
            assert!(denied.is_empty(), "{estate}, verify: {denied:#?}");
        }
        assert!(requests >= 10, "{estate}: only {requests} requests");
    }
}

#[test]
fn the_result_is_clean_under_restricted() {
    for (estate, origin) in ESTATES {
        let (objects, plan) = migrated(estate, *origin);
        assert!(!plan.settings["identities"].as_array().unwrap().is_empty(), "{estate}");
        for object in after(&objects, &plan) {
            let denied = denied(&object, &Change::Create, &plan.settings);
            assert!(denied.is_empty(), "{estate}: {} {}: {denied:#?}", object["kind"], object["metadata"]["name"]);
        }
    }
}

#[test]
fn nothing_is_left_to_migrate() {
    for (estate, origin) in ESTATES {
        let (objects, first) = migrated(estate, *origin);
        let again = plan(*origin, &after(&objects, &first), &first.answers, Options::default());
        let left: Vec<String> =
            again.objects.iter().map(|object| format!("{} {:?}", object.object, object.why)).collect();
        assert!(left.is_empty(), "{estate}: {left:#?}");
    }
}

#[test]
fn plans_do_not_depend_on_chance() {
    for (estate, origin) in ESTATES {
        let objects = objects(estate);
        let make = || {
            let plan = plan(*origin, &objects, &Answers::default(), Options::default());
            (text(&plan), written(&plan, AzureFormat::Bicep))
        };
        assert_eq!(make(), make(), "{estate}");
    }
}

#[test]
fn ids_are_placeholders_until_they_are_given() {
    for (estate, origin) in ESTATES {
        let objects = objects(estate);
        let mut known: String = texts(estate).concat();
        // Ids are also in Secrets.
        for word in texts(estate).concat().split_whitespace() {
            let decoded =
                base64::engine::general_purpose::STANDARD.decode(word.trim_end_matches('}')).unwrap_or_default();
            known.push_str(&String::from_utf8(decoded).unwrap_or_default());
        }
        let first = plan(*origin, &objects, &Answers::default(), Options::default());
        for identity in &first.identities {
            let id = &identity.client_id;
            assert!(id.starts_with("<client-id of ") || known.to_lowercase().contains(id.as_str()), "{estate}: {id}");
        }
        let (_, second) = migrated(estate, *origin);
        for object in second.objects.iter().filter(|object| object.fate != Fate::Deleted) {
            let text = object.after(Stage::EndProxy).unwrap().to_string();
            assert!(!text.contains("<client-id") && !text.contains("<object-id"), "{estate}: {}", object.object);
        }
        assert!(!second.decisions.iter().any(|decision| decision.what.contains("ids.yaml")), "{estate}");
    }
}

/// Every value of a Secret that the policy takes for a credential, encoded and decoded.
fn secrets(estate: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in texts(estate).concat().lines() {
        if let Some((_, value)) = line.split_once("# secret: ") {
            found.extend(value.split_whitespace().map(str::to_owned));
        }
    }
    found
}

#[test]
fn no_secret_is_written() {
    let found = secrets("client-secrets");
    assert!(found.len() >= 5, "{found:?}");
    for (estate, origin) in ESTATES {
        let (_, plan) = migrated(estate, *origin);
        let mut all = text(&plan);
        for format in [AzureFormat::Az, AzureFormat::Bicep, AzureFormat::Terraform] {
            all.extend(written(&plan, format).into_iter().map(|file| file.text));
        }
        for secret in secrets(estate) {
            assert!(!all.contains(&secret), "{estate}: {secret}");
        }
    }
}

#[test]
fn scripts_are_shell() {
    for (estate, origin) in ESTATES {
        let (_, plan) = migrated(estate, *origin);
        let scripts: Vec<File> = written(&plan, AzureFormat::Az)
            .into_iter()
            .chain(written(&plan, AzureFormat::Bicep))
            .filter(|file| file.path.ends_with(".sh"))
            .collect();
        assert!(scripts.len() >= 3, "{estate}");
        for script in &scripts {
            for shell in [["sh", "-n"], ["bash", "-n"]] {
                check(shell[0], &shell[1..], script, estate);
            }
            // ShellCheck is not installed everywhere.
            if std::process::Command::new("shellcheck").arg("--version").output().is_ok() {
                check("shellcheck", &["--shell=sh"], script, estate);
            }
        }
    }
}

fn check(program: &str, options: &[&str], script: &File, estate: &str) {
    let path =
        std::env::temp_dir().join(format!("migrate-{}-{estate}-{}", std::process::id(), script.path.replace('/', "-")));
    std::fs::write(&path, &script.text).unwrap();
    let output = std::process::Command::new(program).args(options).arg(&path).output().unwrap();
    std::fs::remove_file(&path).unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{estate}: {program} {}: {said}\n{}", script.path, script.text);
}

#[test]
fn terraform_is_hcl() {
    for (estate, origin) in ESTATES {
        let (_, plan) = migrated(estate, *origin);
        let file = written(&plan, AzureFormat::Terraform).into_iter().find(|file| file.path.ends_with(".tf")).unwrap();
        let body = hcl::parse(&file.text).unwrap_or_else(|error| panic!("{estate}: {error}\n{}", file.text));
        let labels: Vec<String> = body
            .blocks()
            .map(|block| {
                let labels = block.labels().iter().map(hcl::BlockLabel::as_str);
                std::iter::once(block.identifier()).chain(labels).collect::<Vec<_>>().join(".")
            })
            .collect();
        let unique: BTreeSet<&String> = labels.iter().filter(|label| *label != "locals").collect();
        assert!(unique.len() + labels.iter().filter(|label| *label == "locals").count() == labels.len(), "{labels:#?}");
        let federations = plan.identities.iter().map(|identity| identity.federations.len()).sum::<usize>();
        let made = labels.iter().filter(|label| label.contains("federated_identity_credential.")).count();
        assert_eq!(made, federations, "{estate}");
    }
}

#[test]
fn bicep_parses() {
    let mut parser = tree_sitter::Parser::new();
    parser.set_language(&tree_sitter_bicep::LANGUAGE.into()).unwrap();
    for (estate, origin) in ESTATES {
        let (_, plan) = migrated(estate, *origin);
        let written = written(&plan, AzureFormat::Bicep);
        let files: Vec<&File> = written.iter().filter(|file| file.path.ends_with(".bicep")).collect();
        assert_eq!(files.len(), 4, "{estate}");
        for file in files {
            let tree = parser.parse(&file.text, None).unwrap();
            let root = tree.root_node();
            assert!(!root.has_error(), "{estate}: {}: {}\n{}", file.path, root.to_sexp(), file.text);
        }
    }
}

#[test]
fn every_phase_says_how_to_go_back() {
    for (estate, origin) in ESTATES {
        let (_, plan) = migrated(estate, *origin);
        assert!(plan.phases.len() >= 5, "{estate}");
        for phase in &plan.phases {
            assert!(!phase.steps.is_empty(), "{estate}: {}", phase.title);
            assert!(!phase.rollback.is_empty(), "{estate}: {}", phase.title);
        }
        let runbook = written(&plan, AzureFormat::Az).into_iter().find(|file| file.path == "runbook.md").unwrap();
        assert!(runbook.text.contains("\nNot checked: Nothing in Azure was read"), "{estate}");
        for phase in &plan.phases {
            assert!(runbook.text.contains(&format!("## {}. {}", phase.number, phase.title)), "{estate}");
        }
    }
}
