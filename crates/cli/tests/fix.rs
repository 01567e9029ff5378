//! `entra-auth fix`: files before and after, patches for git, and what is left alone.

mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use support::*;

/// A label with a boolean, a mistyped account key and a literal `True`: each has a fix that is certain.
const FAULTY: &str = "\
# The shop
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web   # the front
  namespace: shop
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata:
      labels:
        app: web

        # for Entra
        azure.workload.identity/use: \"True\" # on
    spec:
      serviceAccountName: web
      containers:
      - {name: web, image: 'a'}
";

fn fix(folder: &Path, arguments: &[&str]) -> Run {
    entra_auth(folder, &[&["fix"], arguments].concat())
}

#[test]
fn only_the_fault_changes_and_a_second_run_changes_nothing() {
    let fixed = FAULTY.replace("\"True\"", "\"true\"");
    let folder = folder(&[("a/web.yaml", FAULTY), ("a/good.yaml", GOOD)]);
    let run = fix(folder.path(), &["--rule", "workload-identity-label-value", "a"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert_eq!(fs::read_to_string(folder.path().join("a/web.yaml")).unwrap(), fixed);
    assert_eq!(fs::read_to_string(folder.path().join("a/good.yaml")).unwrap(), GOOD);
    assert!(run.out.contains("1 finding fixed in 1 file, 0 left"), "{}", run.out);
    assert!(
        run.out.contains("Deployment shop/web  a/web.yaml:2\n  fixed  workload-identity-label-value: "),
        "{}",
        run.out
    );
    let again = fix(folder.path(), &["--rule", "workload-identity-label-value", "a"]);
    assert_eq!((again.code, &*again.out), (0, "0 findings fixed in 0 files, 0 left\n"));
    assert_eq!(fs::read_dir(folder.path().join("a")).unwrap().count(), 2, "a temporary file is left");
}

#[test]
fn what_is_left_has_a_reason() {
    let folder = folder(&[("bad.yaml", BAD), ("broken.yaml", "kind: Pod\n")]);
    let run = fix(folder.path(), &["bad.yaml"]);
    assert_eq!(run.code, 1, "{}", run.out);
    assert!(run.out.contains("  left   binding-anonymous: "), "{}", run.out);
    assert_eq!(fs::read_to_string(folder.path().join("bad.yaml")).unwrap(), BAD);
    let run = fix(folder.path(), &["broken.yaml"]);
    assert_eq!(run.code, 2);
    assert!(run.out.contains("failed  broken.yaml:1: no Kubernetes object"), "{}", run.out);
    assert_eq!(fix(folder.path(), &["missing.yaml"]).code, 2);
    assert!(fix(folder.path(), &[]).err.contains("no PATH"));
    assert!(fix(folder.path(), &["--rule", "no-such-rule", "bad.yaml"]).err.contains("no such rule"));
}

#[test]
fn templates_rendered_charts_and_patches_are_left_alone() {
    let rendered = format!("---\n# Source: shop/templates/web.yaml\n{FAULTY}");
    let files = [
        ("rendered.yaml", &*rendered),
        ("overlay/kustomization.yaml", "resources: [../base]\npatches:\n- path: ./patches/web.yaml\n"),
        ("overlay/patches/web.yaml", FAULTY),
        ("shop/Chart.yaml", "apiVersion: v2\nname: shop\nversion: 1.0.0\n"),
        ("shop/templates/web.yaml", &*FAULTY.replace("image: 'a'", "image: '{{ .Values.image }}'")),
        ("sops.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nsops: {mac: 'ENC[x]'}\n"),
    ];
    let folder = folder(&files);
    let run = fix(folder.path(), &["--rule", "workload-identity-label-value", "."]);
    for (name, text) in files {
        assert_eq!(fs::read_to_string(folder.path().join(name)).unwrap(), text, "{name}");
    }
    for reason in [
        "it was rendered from shop/templates/web.yaml: change the chart",
        "it is a patch of a kustomization: change it by hand",
        "it is a template: change it by hand",
        "encrypted with SOPS",
    ] {
        assert!(run.out.contains(reason), "{reason}: {}", run.out);
    }
}

#[cfg(unix)]
#[test]
fn permissions_links_and_encodings_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = folder(&[("real/web.yaml", FAULTY)]);
    let (real, link) = (folder.path().join("real/web.yaml"), folder.path().join("link.yaml"));
    symlink(&real, &link).unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    let windows = folder.path().join("windows.yaml");
    let utf16 = |text: &str| {
        "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect::<Vec<u8>>()
    };
    let crlf = FAULTY.replace('\n', "\r\n");
    fs::write(&windows, utf16(&crlf)).unwrap();
    let marked = folder.path().join("marked.yaml");
    fs::write(&marked, format!("\u{feff}{crlf}")).unwrap();
    let rule = ["--rule", "workload-identity-label-value"];
    for file in ["link.yaml", "windows.yaml", "marked.yaml"] {
        let run = fix(folder.path(), &[&rule[..], &[file]].concat());
        assert_eq!(run.code, 0, "{file}: {}{}", run.out, run.err);
    }
    let fixed = |text: &str| text.replace("\"True\"", "\"true\"");
    fs::write(&windows, utf16(&crlf)).unwrap();
    let patch = diff(folder.path(), &[&rule[..], &["windows.yaml"]].concat());
    assert!(patch.code == 2 && patch.out.is_empty() && patch.err.contains("UTF-16"), "{}{}", patch.out, patch.err);
    assert_eq!(fix(folder.path(), &[&rule[..], &["windows.yaml"]].concat()).code, 0);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read_to_string(&real).unwrap(), fixed(FAULTY));
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(fs::read(&windows).unwrap(), utf16(&fixed(&crlf)));
    assert_eq!(fs::read_to_string(&marked).unwrap(), format!("\u{feff}{}", fixed(&crlf)));
}

fn git(folder: &Path, arguments: &[&str]) -> Output {
    let mut git = Command::new("git");
    git.current_dir(folder).args(arguments).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    git.output().unwrap()
}

#[test]
fn git_applies_the_patch() {
    let open = FAULTY.trim_end();
    let last = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  labels:\n    azure.workload.identity/use: \"True\"\nspec:\n  serviceAccountName: web\n  containers: [{name: web, image: a}]";
    let files = [
        ("web.yaml", FAULTY.to_owned()),
        ("open.yaml", open.to_owned()),
        ("last.yaml", last.to_owned()),
        ("windows.yaml", FAULTY.replace('\n', "\r\n")),
        ("a folder/my web.yaml", FAULTY.to_owned()),
        ("deep/er/web.yaml", format!("{FAULTY}---\n{GOOD}---\n{}", FAULTY.replace("name: web ", "name: two "))),
        ("ümlaut.yaml", FAULTY.to_owned()),
        (
            "marked.yaml",
            "\u{feff}{\"apiVersion\": \"v1\",\n\"kind\": \"Pod\", \"metadata\": {\"name\": \"a\", \"labels\": {\"azure.workload.identity/use\": \"True\"}},\n\"spec\": {\"serviceAccountName\": \"web\", \"containers\": []}}\n".to_owned(),
        ),
    ];
    let written: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let folder = folder(&written);
    assert!(git(folder.path(), &["init", "-q"]).status.success());
    for below in ["", "deep"] {
        let here = folder.path().join(below);
        let diff = command(&here, &["fix", "--diff", "--rule", "workload-identity-label-value", "."]).output().unwrap();
        assert!(diff.status.success(), "{}", String::from_utf8_lossy(&diff.stderr));
        fs::write(here.join("patch.txt"), &diff.stdout).unwrap();
        for (name, text) in &files {
            assert_eq!(&fs::read_to_string(folder.path().join(name)).unwrap(), text, "`--diff` wrote {name}");
        }
        let checked = git(&here, &["apply", "--check", "patch.txt"]);
        let error = String::from_utf8_lossy(&checked.stderr);
        assert!(checked.status.success(), "{error}\n{}", String::from_utf8_lossy(&diff.stdout));
    }
    let applied = git(folder.path(), &["apply", "patch.txt"]);
    assert!(applied.status.success(), "{}", String::from_utf8_lossy(&applied.stderr));
    for (name, text) in &files {
        let after = fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!(after, text.replace("\"True\"", "\"true\""), "{name}");
    }
}

/// As a process, because names in patches are relative to the current folder.
fn diff(folder: &Path, arguments: &[&str]) -> Run {
    finish(command(folder, &[&["fix", "--diff"], arguments].concat()).output().unwrap())
}

/// A Pod with an id in braces, and these lines around it in its container.
fn with_id(before: &str, behind: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  namespace: shop\n  labels: {{azure.workload.identity/use: \"true\"}}\nspec:\n  serviceAccountName: web\n  containers:\n  - name: web\n    image: a\n    env:\n{before}    - name: AZURE_CLIENT_ID\n      value: \"{{7d8cdf74-5f1d-4e6c-9c31-274d963d358b}}\"\n{behind}  restartPolicy: Always\n"
    )
}

/// Next to a change, a patch has only lines without data. Git then needs an option or not.
#[test]
fn patches_show_no_secrets() {
    let fixed = |text: &str| text.replace("{7d8cdf74", "7d8cdf74").replace("358b}", "358b");
    for (before, behind, options) in [
        ("", "    - name: DB_X\n      value: hunter2\n", Some(&[][..])),
        ("    - name: DB_X\n      value: hunter2\n", "", Some(&[])),
        ("    - name: TLS\n      value: \"true\"\n", "    # password: hunter2\n", Some(&["--unidiff-zero"])),
        ("", "    - value: hunter2\n      name: DB_X\n", Some(&["--unidiff-zero"])),
        ("", "    args: [hunter2]\n", Some(&["--unidiff-zero"])),
        ("", "    command:\n    - |\n      run\n      hunter2\n", Some(&[])),
        ("    - {name: TOKEN, value: hunter2}\n", "    - {name: DB_X, value: hunter2}\n", Some(&["--unidiff-zero"])),
    ] {
        let text = with_id(before, behind);
        let folder = folder(&[("pod.yaml", &text)]);
        let run = diff(folder.path(), &["pod.yaml"]);
        assert!(run.out.contains("-      value: \"{7d8cdf74") && run.code == 0, "{}{}", run.out, run.err);
        assert!(!run.out.contains("hunter2") && !run.err.contains("hunter2"), "{}{}", run.out, run.err);
        let options = options.unwrap();
        assert_eq!(run.err.contains("git apply --unidiff-zero"), !options.is_empty(), "{}{}", run.out, run.err);
        assert!(git(folder.path(), &["init", "-q"]).status.success());
        fs::write(folder.path().join("patch.txt"), &run.out).unwrap();
        let plain = git(folder.path(), &["apply", "--check", "patch.txt"]);
        assert_eq!(plain.status.success(), options.is_empty(), "{}", run.out);
        let applied = git(folder.path(), &[&["apply"], options, &["patch.txt"]].concat());
        assert!(applied.status.success(), "{}{}", run.out, String::from_utf8_lossy(&applied.stderr));
        assert_eq!(fs::read_to_string(folder.path().join("pod.yaml")).unwrap(), fixed(&text));
    }
}

/// If the line that changes shows a secret, there is no patch, and the files can be fixed without it.
#[test]
fn there_is_no_patch_of_a_line_with_a_secret() {
    let flow = "apiVersion: v1\nkind: Pod\nmetadata: {name: c, namespace: shop, labels: {azure.workload.identity/use: \"true\"}}\nspec:\n  serviceAccountName: web\n  containers:\n  - image: a\n    name: web\n    env: [{name: AZURE_CLIENT_ID, value: \"{7d8cdf74-5f1d-4e6c-9c31-274d963d358b}\"}, {name: DB_X, value: hunter2}]\n";
    let json = "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"c\",\"labels\":{\"azure.workload.identity/use\":\"True\"}},\"spec\":{\"serviceAccountName\":\"web\",\"containers\":[{\"name\":\"web\",\"image\":\"a\",\"env\":[{\"name\":\"X\",\"value\":\"hunter2\"}]}]}}\n";
    let removed = "apiVersion: v1\nkind: Pod\nmetadata: {name: c, namespace: shop}\nspec:\n  serviceAccountName: web\n  containers:\n  - image: a\n    name: web\n    env:\n    - name: AZURE_CLIENT_SECRET\n      value: abc8Q~hunter2hunter2hunter2hunter2hunter2\n    - name: A\n      value: b\n";
    let folder = folder(&[("flow.yaml", flow), ("one.json", json), ("removed.yaml", removed), ("web.yaml", FAULTY)]);
    let run = diff(folder.path(), &["--suggested", "."]);
    assert_eq!(run.code, 2, "{}{}", run.out, run.err);
    assert!(!run.out.contains("hunter2") && !run.err.contains("hunter2"), "{}{}", run.out, run.err);
    for name in ["flow.yaml:9", "one.json:1", "removed.yaml:11"] {
        let words = format!("{name}: a line that changes holds a value that can be secret");
        assert!(run.err.contains(&words), "{words}: {}", run.err);
    }
    // The other files have theirs.
    assert!(run.out.contains("+++ b/web.yaml") && run.out.matches("+++").count() == 1, "{}", run.out);
    assert!(run.err.contains("1 file, "), "{}", run.err);
    let run = fix(folder.path(), &["--suggested", "."]);
    assert!(run.code < 2 && !run.out.contains("hunter2"), "{}{}", run.out, run.err);
    assert!(!fs::read_to_string(folder.path().join("removed.yaml")).unwrap().contains("hunter2"));
}

/// A file that cannot be written is left alone, and one that is named twice is edited once.
#[cfg(unix)]
#[test]
fn read_only_files_and_second_names_are_left_alone() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let rule = ["--rule", "workload-identity-label-value"];
    let folder = folder(&[("a.yaml", FAULTY), ("locked.yaml", FAULTY)]);
    symlink(folder.path().join("a.yaml"), folder.path().join("link.yaml")).unwrap();
    let locked = folder.path().join("locked.yaml");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o444)).unwrap();
    let run = fix(folder.path(), &[&rule[..], &["."]].concat());
    assert!(run.out.contains("the file is read-only") && run.out.contains("1 finding fixed in 1 file"), "{}", run.out);
    assert!(run.out.contains("link.yaml: is a file that is here already"), "{}", run.out);
    assert_eq!(fs::read_to_string(&locked).unwrap(), FAULTY);
    assert_eq!(fs::read_to_string(folder.path().join("a.yaml")).unwrap(), FAULTY.replace("\"True\"", "\"true\""));
    // A patch does not write it.
    let diff = diff(folder.path(), &[&rule[..], &["locked.yaml"]].concat());
    assert!(diff.code == 0 && diff.out.contains("+++ b/locked.yaml"), "{}{}", diff.out, diff.err);
}

/// `check` says how many findings `fix` can fix, and that is how many it fixes.
#[test]
fn a_check_says_what_can_be_fixed() {
    let folder = folder(&[("web.yaml", FAULTY), ("good.yaml", GOOD), ("bad.yaml", BAD)]);
    let check = |arguments: &[&str]| entra_auth(folder.path(), &[&["check"], arguments].concat()).out;
    let last = |text: &str| text.lines().last().unwrap_or_default().to_owned();
    assert_eq!(last(&check(&["web.yaml"])), "1 of 1 finding can be fixed: entra-auth fix web.yaml");
    assert_eq!(
        last(&check(&["bad.yaml"])),
        "1 of 1 finding can be fixed with a decision or an id: entra-auth fix bad.yaml --suggested"
    );
    let both = check(&["bad.yaml", "web.yaml"]);
    assert_eq!(last(&both), "1 of 2 findings can be fixed: entra-auth fix bad.yaml web.yaml (1 more with --suggested)");
    let strict = check(&["--profile", "restricted", "web.yaml"]);
    assert!(last(&strict).contains("entra-auth fix web.yaml --profile restricted"), "{strict}");
    for arguments in [&["good.yaml"][..], &["--quiet", "web.yaml"], &["--format", "json", "web.yaml"]] {
        assert!(!check(arguments).contains("can be fixed"), "{arguments:?}");
    }
    // What `fix` leaves alone does not count.
    fs::write(folder.path().join("rendered.yaml"), format!("---\n# Source: shop/templates/web.yaml\n{FAULTY}"))
        .unwrap();
    assert!(!check(&["rendered.yaml"]).contains("can be fixed"));
}

#[test]
fn standard_input_is_a_filter() {
    let folder = tempfile::tempdir().unwrap();
    for (text, fixed) in
        [(FAULTY.to_owned(), FAULTY.replace("\"True\"", "\"true\"")), (GOOD.to_owned(), GOOD.to_owned())]
    {
        let mut command = command(folder.path(), &["fix", "--rule", "workload-identity-label-value", "-"]);
        let mut child = command
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), text.as_bytes()).unwrap();
        let run = finish(child.wait_with_output().unwrap());
        assert_eq!((run.code, run.out), (0, fixed), "{}", run.err);
        assert!(run.err.contains("fixed in"), "{}", run.err);
    }
}

/// Every fixture with a finding: a fix leaves comments and a text that is stable, and `check` finds less.
#[test]
fn fixtures_are_fixed_once() {
    let mut files = Vec::new();
    for rule in fs::read_dir(root().join("test_data")).unwrap() {
        let Ok(entries) = fs::read_dir(rule.unwrap().path()) else { continue };
        files.extend(entries.map(|entry| entry.unwrap().path()).filter(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            name.starts_with("deny") && name.ends_with(".yaml")
        }));
    }
    files.sort();
    let is_nothing = |out: &str| out.lines().any(|line| line.starts_with("0 findings fixed"));
    let (mut changed, mut fixed) = (0, 0);
    for file in &files {
        let before = fs::read_to_string(file).unwrap();
        let folder = folder(&[("input.yaml", &before)]);
        let arguments = ["--profile", "restricted", "--suggested", "input.yaml"];
        let check = entra_auth(folder.path(), &["check", "--profile", "restricted", "input.yaml"]);
        let says = check.out.lines().find(|line| line.contains(" can be fixed")).unwrap_or_default();
        let run = fix(folder.path(), &arguments);
        assert!(run.code < 2, "{}: {}{}", file.display(), run.out, run.err);
        assert_eq!(says.is_empty(), is_nothing(&run.out), "{}: {says}\n{}", file.display(), run.out);
        let after = fs::read_to_string(folder.path().join("input.yaml")).unwrap();
        for comment in before.lines().filter(|line| line.trim_start().starts_with('#')) {
            assert!(after.contains(comment.trim()), "{}: {comment} is gone:\n{after}", file.display());
        }
        assert_eq!(is_nothing(&run.out), before == after, "{}: {}", file.display(), run.out);
        let again = fix(folder.path(), &arguments);
        assert!(is_nothing(&again.out), "{}: {}\n{after}", file.display(), again.out);
        assert_eq!(fs::read_to_string(folder.path().join("input.yaml")).unwrap(), after, "{}", file.display());
        changed += usize::from(before != after);
        fixed += run.out.matches("  fixed  ").count();
    }
    assert!(files.len() > 200 && changed * 2 > files.len(), "{changed} of {} files, {fixed} findings", files.len());
}

#[test]
fn json_and_lists_keep_their_layout() {
    let pod = "{\n      \"apiVersion\": \"v1\",\n      \"kind\": \"Pod\",\n      \"metadata\": {\"name\": \"a\", \"labels\": {\"azure.workload.identity/use\": \"True\"}},\n      \"spec\": {\"serviceAccountName\": \"web\", \"containers\": []}\n    }";
    let json = format!(
        "{{\n  \"apiVersion\": \"v1\",\n  \"kind\": \"List\",\n  \"items\": [\n    {pod},\n    {pod}\n  ]\n}}\n"
    );
    let item =
        FAULTY.lines().skip(1).map(|line| format!("    {line}").trim_end().to_owned() + "\n").collect::<String>();
    let yaml = format!("apiVersion: v1\nkind: List\nitems:\n  # the first\n  -{}", item.get(3..).unwrap());
    let folder = folder(&[("list.json", &json), ("list.yaml", &yaml)]);
    for (name, text, count) in [("list.json", &json, 2), ("list.yaml", &yaml, 1)] {
        let run = fix(folder.path(), &["--rule", "workload-identity-label-value", name]);
        assert!(run.code == 0 && run.out.contains(&format!("{count} finding")), "{}", run.out);
        let after = fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!(after, text.replace("\"True\"", "\"true\""), "{name}");
    }
}

/// A fix that needs a decision marks it, and the new object of two fixes is added once.
#[test]
fn suggested_fixes_mark_what_to_fill_in() {
    let pod = |name: &str| {
        let labels = "labels: {azure.workload.identity/use: 'true'}";
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}\n  namespace: shop\n  {labels}\nspec:\n  containers: [{{name: web, image: a}}]\n"
        )
    };
    let text = format!("{}---\n{}", pod("one"), pod("two"));
    let folder = folder(&[("pods.yaml", &text)]);
    let safe = fix(folder.path(), &["--profile", "restricted", "pods.yaml"]);
    assert_eq!(fs::read_to_string(folder.path().join("pods.yaml")).unwrap(), text, "{}", safe.out);
    assert!(safe.out.contains("`--suggested` can "), "{}", safe.out);
    let run = fix(folder.path(), &["--profile", "restricted", "--suggested", "pods.yaml"]);
    let after = fs::read_to_string(folder.path().join("pods.yaml")).unwrap();
    assert!(after.contains('<') && run.out.contains("fill in what is marked `<...>`"), "{}\n{after}", run.out);
    let accounts = manifest::objects(&after).into_iter().flatten().filter(|object| object["kind"] == "ServiceAccount");
    let names: Vec<String> = accounts.map(|account| account["metadata"]["name"].to_string()).collect();
    let mut unique = names.clone();
    unique.dedup();
    assert!(!names.is_empty() && names == unique, "{after}");
}
