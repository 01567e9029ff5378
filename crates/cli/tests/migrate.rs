//! `migrate`: the pages' worked examples, the estates in files and in place, and what it refuses.

mod support;

use manifest::objects;
use migrate::{Answers, Options, Origin, Stage, fill_in, plan};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use support::{Run, entra_auth, folder, root};

fn run(folder: &Path, arguments: &[&str]) -> Run {
    let written = folder.join("migration").display().to_string();
    let arguments: Vec<&str> = arguments
        .iter()
        .map(
            |argument| if argument.starts_with("migration") && !argument.contains(".y") { &written } else { *argument },
        )
        .collect();
    entra_auth(folder, &arguments)
}

/// The fenced blocks of a page: what is behind the fence, and the text.
fn blocks(page: &str) -> Vec<(String, String)> {
    let text = fs::read_to_string(root().join("docs").join(page)).unwrap();
    let mut blocks = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in text.lines() {
        match (line.strip_prefix("```"), open.take()) {
            (Some(info), None) => open = Some((info.to_owned(), String::new())),
            (Some(_), Some(block)) => blocks.push(block),
            (None, Some((info, text))) => open = Some((info, format!("{text}{line}\n"))),
            (None, None) => {}
        }
    }
    blocks
}

/// The commands of a page run, and make the objects that it shows.
#[test]
fn worked_examples_work() {
    for (page, origin) in [
        ("migrate-from-pod-identity.md", Origin::PodIdentity),
        ("from-eks.md", Origin::Irsa),
        ("migrate-from-secrets.md", Origin::Secrets),
    ] {
        let blocks = blocks(page);
        let of = |start: &str| -> Vec<&str> {
            blocks.iter().filter(|(info, _)| info.starts_with(start)).map(|(_, text)| text.as_str()).collect()
        };
        let before = of("yaml finds").join("---\n");
        let ids = of("text ids.yaml").concat();
        let folder = folder(&[("deploy/app.yaml", &before), ("ids.yaml", &ids)]);
        let mut commands = 0;
        for line in of("console").iter().flat_map(|text| text.lines()) {
            let Some(arguments) = line.strip_prefix("entra-auth ") else { continue };
            let arguments: Vec<&str> = arguments.split_whitespace().collect();
            let ran = run(folder.path(), &arguments);
            assert!(ran.code < 2, "{page}: {line}: {}{}", ran.out, ran.err);
            commands += 1;
        }
        assert!(commands >= 3, "{page}: only {commands} commands");
        // What the page shows is what the files contain.
        let input: Vec<Value> = objects(&before).into_iter().map(Result::unwrap).collect();
        let plan = plan(origin, &input, &Answers::parse(&ids).unwrap(), Options::default());
        let made: Vec<&Value> = plan.objects.iter().filter_map(|object| object.after(Stage::EndProxy)).collect();
        let shown: Vec<Value> = of("yaml allow").iter().flat_map(|text| objects(text)).map(Result::unwrap).collect();
        assert!(!shown.is_empty(), "{page}");
        for object in &shown {
            assert!(made.contains(&object), "{page}: {object:#}\nis not in {made:#?}");
        }
        // In place, the files are what the plan says as well.
        let files = fs::read_to_string(folder.path().join("deploy/app.yaml")).unwrap_or_default()
            + "\n---\n"
            + &fs::read_to_string(folder.path().join("deploy/workload-identity.yaml")).unwrap_or_default();
        let files: Vec<Value> = objects(&files).into_iter().map(Result::unwrap).collect();
        for object in made {
            assert!(files.contains(object), "{page}: {object:#}\nis not in {files:#?}");
        }
    }
}

fn copy(estate: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("deploy");
    fs::create_dir(&to).unwrap();
    for entry in fs::read_dir(root().join("test_data/estates").join(estate)).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
    folder
}

/// Fills in the file that a run wrote.
fn fill_ids(folder: &Path) {
    let path = folder.join("migration/ids.yaml");
    let ids = fill_in(&manifest::parse(&fs::read_to_string(&path).unwrap()).unwrap());
    let mut ids = if ids.is_null() { serde_json::json!({}) } else { ids };
    ids["currentSdk"] = serde_json::json!(["*"]);
    fs::write(folder.join("ids.yaml"), manifest::to_yaml(&ids).unwrap()).unwrap();
}

/// Every estate, in place: the result is clean under `restricted` with the settings of the plan, comments stay, and a
/// second run changes nothing.
#[test]
fn estates_in_place_are_clean() {
    for (estate, from, comment) in [
        ("pod-identity", "pod-identity", "# the storefront"),
        ("pod-identity-addon", "pod-identity", "# the older name of the member"),
        ("eks", "irsa", "# Only an operator uses it."),
        ("client-secrets", "secrets", "# the service principal of the team"),
    ] {
        let folder = copy(estate);
        let first = run(folder.path(), &["migrate", from, "deploy", "--write", "migration"]);
        assert!(first.code < 2, "{estate}: {}", first.err);
        fill_ids(folder.path());
        let second = run(folder.path(), &["migrate", from, "deploy", "--ids", "ids.yaml", "--write", "migration"]);
        assert!(second.code < 2, "{estate}: {}", second.err);
        let settings = fs::read_dir(folder.path().join("migration"))
            .unwrap()
            .map(|entry| entry.unwrap().path().join("settings.yaml"))
            .find(|path| path.is_file())
            .unwrap();
        fs::copy(settings, folder.path().join("settings.yaml")).unwrap();
        for phase in ["apply", "remove", "end-proxy"] {
            let ran = run(folder.path(), &["migrate", from, "deploy", "--ids", "ids.yaml", "--in-place", phase]);
            assert!(ran.code < 2, "{estate}, {phase}: {}", ran.err);
        }
        let check = run(
            folder.path(),
            &["check", "deploy", "--settings", "settings.yaml", "--profile", "restricted", "--quiet"],
        );
        assert_eq!(check.code, 0, "{estate}: {}{}", check.out, check.err);
        let texts = || -> BTreeMap<String, String> {
            let entries = fs::read_dir(folder.path().join("deploy")).unwrap().map(|entry| entry.unwrap().path());
            entries.map(|path| (path.display().to_string(), fs::read_to_string(path).unwrap())).collect()
        };
        let before = texts();
        assert!(before.values().any(|text| text.contains(comment)), "{estate}: {comment}");
        let again = run(folder.path(), &["migrate", from, "deploy", "--ids", "ids.yaml", "--in-place", "end-proxy"]);
        assert!(again.code < 2, "{estate}: {}", again.err);
        assert_eq!(texts(), before, "{estate}: a second run changes files");
    }
}

/// In place, all files change or none, and their encoding stays.
#[cfg(unix)]
#[test]
fn files_in_place_change_together() {
    use std::os::unix::fs::PermissionsExt;
    let folder = copy("eks");
    let at = |name: &str| folder.path().join("deploy").join(name);
    let accounts = format!("\u{feff}{}", fs::read_to_string(at("accounts.yaml")).unwrap());
    fs::write(at("accounts.yaml"), &accounts).unwrap();
    fs::set_permissions(at("shop.yaml"), fs::Permissions::from_mode(0o444)).unwrap();
    let migrate = || run(folder.path(), &["migrate", "irsa", "deploy", "--in-place", "apply"]);
    let failed = migrate();
    assert!(failed.code == 2 && failed.err.contains("read-only; no file is changed"), "{}", failed.err);
    assert_eq!(fs::read_to_string(at("accounts.yaml")).unwrap(), accounts);
    assert!(!at("workload-identity.yaml").exists());
    fs::set_permissions(at("shop.yaml"), fs::Permissions::from_mode(0o640)).unwrap();
    let changed = migrate();
    assert!(changed.code < 2 && at("workload-identity.yaml").exists(), "{}", changed.err);
    let after = fs::read_to_string(at("accounts.yaml")).unwrap();
    assert!(after.starts_with('\u{feff}') && after != accounts, "{after}");
    assert_eq!(fs::metadata(at("shop.yaml")).unwrap().permissions().mode() & 0o777, 0o640);
}

#[test]
fn written_manifests_keep_comments_and_leave_credentials_out() {
    let folder = copy("pod-identity");
    run(folder.path(), &["migrate", "pod-identity", "deploy", "--write", "migration"]);
    let web = fs::read_to_string(folder.path().join("migration/2-apply/deployment-shop-web.yaml")).unwrap();
    assert!(web.contains("# the storefront") && web.contains("azure.workload.identity/use: \"true\""), "{web}");
    assert!(web.contains("aadpodidbinding: web"), "{web}");
    let later = fs::read_to_string(folder.path().join("migration/4-remove/deployment-shop-web.yaml")).unwrap();
    assert!(later.contains("# the storefront") && !later.contains("aadpodidbinding"), "{later}");

    let folder = copy("client-secrets");
    run(folder.path(), &["migrate", "secrets", "deploy", "--write", "migration"]);
    // The literal secret is gone after the removal, and the manifest before it is not copied.
    let export = fs::read_to_string(folder.path().join("migration/4-remove/cronjob-orders-export.yaml")).unwrap();
    assert!(!export.contains("AZURE_CLIENT_SECRET"), "{export}");
    assert!(!folder.path().join("migration/0-before/cronjob-orders-export.yaml").exists());
}

#[test]
fn a_plan_is_shown_and_nothing_is_written() {
    let folder = copy("eks");
    let text = run(folder.path(), &["migrate", "irsa", "deploy", "--plan"]);
    assert_eq!(text.code, 1, "{}", text.err);
    for part in ["1. Create identities", "left to decide", "left to do by hand", "stays as it is", "risk: "] {
        assert!(text.out.contains(part), "{part}: {}", text.out);
    }
    let json = run(folder.path(), &["migrate", "irsa", "deploy", "--format", "json"]).json();
    assert_eq!(json["from"], "irsa");
    assert!(json["phases"].as_array().unwrap().len() >= 5);
    assert!(!folder.path().join("migration").exists());
}

#[test]
fn what_cannot_be_migrated_is_an_error_or_nothing() {
    let folder = folder(&[
        ("clean.yaml", support::GOOD),
        ("broken.yaml", "a: [\n"),
        ("ids.yaml", "clientIds: {web: contoso}\n"),
        ("other/notes.txt", "mine\n"),
    ]);
    let clean = run(folder.path(), &["migrate", "pod-identity", "clean.yaml"]);
    assert_eq!(clean.code, 0, "{}", clean.out);
    assert!(clean.out.contains("nothing to migrate"), "{}", clean.out);
    let broken = run(folder.path(), &["migrate", "pod-identity", "broken.yaml"]);
    assert!(broken.code == 2 && broken.err.contains("broken.yaml"), "{}", broken.err);
    let ids = run(folder.path(), &["migrate", "pod-identity", "clean.yaml", "--ids", "ids.yaml"]);
    assert!(ids.code == 2 && ids.err.contains("GUID"), "{}", ids.err);
    let other = run(folder.path(), &["migrate", "pod-identity", "clean.yaml", "--write", "other"]);
    assert!(other.code == 2 && other.err.contains("not empty"), "{}", other.err);
    assert!(folder.path().join("other/notes.txt").is_file());
}
