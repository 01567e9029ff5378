//! What reports for programs contain, and what no report may contain.

mod support;

use serde_json::{Value, json};
use support::*;

/// Members, items, texts, aliases, merges and other line ends: the line, column and end of each finding, and the line
/// that is shown.
#[test]
fn places_in_every_style_of_writing() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  serviceAccountName: b\n";
    let secret = "abc8Q~hunter2hunter2hunter2hunter2hunter2";
    for (name, text, place, shown) in [
        (
            "a block",
            format!(
                "{pod}  containers:\n  - name: web\n    env:\n    - name: AZURE_CLIENT_SECRET\n      value: {secret}\n"
            ),
            (9, 7, 32),
            "    - name: AZURE_CLIENT_SECRET",
        ),
        (
            "flow style, wide characters before",
            format!(
                "{pod}  containers: [{{name: 漢, image: ä, env: [{{name: AZURE_CLIENT_SECRET, value: {secret}}}]}}]\n"
            ),
            (6, 42, 119),
            "  containers: [{name: 漢, image: ä, env: [{name: AZURE_CLIENT_SECRET, value: ***}]}]",
        ),
        (
            "a text of several lines",
            format!(
                "---\n# words\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata:\n  a.properties: |\n    x=1\n    client.secret={secret}\n"
            ),
            (10, 5, 18),
            "    client.secret***",
        ),
        (
            "JSON with tabs and Windows lines",
            format!(
                "{{\r\n\t\"apiVersion\": \"v1\",\r\n\t\"kind\": \"Pod\", \"metadata\": {{\"name\": \"a\"}},\r\n\t\"spec\": {{\"serviceAccountName\": \"b\", \"containers\": [{{\"name\": \"a\",\r\n\t\t\"env\": [{{\"name\": \"AZURE_CLIENT_SECRET\", \"value\": \"{secret}\"}}]}}]}}\r\n}}\r\n"
            ),
            (5, 11, 96),
            "        \"env\": [{\"name\": \"AZURE_CLIENT_SECRET\", \"value\": ***}]}]}",
        ),
        (
            "an alias",
            format!(
                "{pod}  x: &env\n  - name: AZURE_CLIENT_SECRET\n    value: {secret}\n  containers:\n  - {{name: web, env: *env}}\n"
            ),
            (10, 17, 26),
            "  - {name: web, env: *env}",
        ),
        (
            "a merge",
            format!(
                "{pod}  x: &web\n    env: [{{name: AZURE_CLIENT_SECRET, value: {secret}}}]\n  containers:\n  - <<: *web\n    name: web\n"
            ),
            (9, 5, 13),
            "  - <<: *web",
        ),
    ] {
        let run = check_text(&text, &["--format", "sarif"]);
        let results = run.json()["runs"][0]["results"].clone();
        let results: Vec<&Value> = results
            .as_array()
            .unwrap()
            .iter()
            .filter(|result| result["ruleId"].as_str().is_some_and(|rule| rule.starts_with("credential-in")))
            .collect();
        assert_eq!(results.len(), 1, "{name}: {}", run.out);
        let region = &results[0]["locations"][0]["physicalLocation"]["region"];
        let (line, column, end) = place;
        let expected = json!({"startLine": line, "startColumn": column, "endLine": line, "endColumn": end});
        assert_eq!(*region, expected, "{name}");
        let text = check_text(&text, &[]).out;
        assert!(text.contains(&format!("--> input.yaml:{line}:{column}\n")), "{name}: {text}");
        assert!(text.contains(&format!("{line} | {shown}\n")), "{name}: {text}");
        let related = results[0]["relatedLocations"][0]["physicalLocation"]["region"]["startLine"].as_u64();
        assert_eq!(related, matches!(name, "an alias" | "a merge").then_some(7), "{name}");
    }
}

const MIXED: &str = "\
rules: {binding-anonymous: warn}
exemptions:
- {rules: [binding-individual-user], names: [bad], reason: 'an \"exception\"'}
";

fn sarif_schema() -> jsonschema::Validator {
    let mut schema: Value = serde_json::from_str(include_str!("sarif/sarif-schema-2.1.0.json")).unwrap();
    // The pattern is invalid, with a bracket too many. Our logs do not set a language.
    for part in ["run", "toolComponent"] {
        let language = schema.pointer_mut(&format!("/definitions/{part}/properties/language")).unwrap();
        assert!(language.as_object_mut().unwrap().remove("pattern").is_some());
    }
    jsonschema::validator_for(&schema).unwrap()
}

#[test]
fn sarif_is_what_its_schema_says() {
    let validator = sarif_schema();
    let person = BAD.replace("system:anonymous", "jane@contoso.com");
    let folder = folder(&[
        ("settings.yml", MIXED),
        (
            "in here/bad.yaml",
            &format!("{BAD}---\n{}---\n{BAD}", BAD.replace("  name:", "  name: x").replace("User", "Group")),
        ),
        ("person.yaml", &person),
        ("broken.yaml", "a: [\n"),
        ("good.yaml", GOOD),
    ]);
    let arguments = [
        "--settings",
        "settings.yml",
        "--format",
        "sarif",
        "in here",
        "person.yaml",
        "broken.yaml",
        "missing.yaml",
        "good.yaml",
    ];
    let run = check(folder.path(), &arguments);
    assert_eq!(run.code, 2);
    let log = run.json();
    let problems: Vec<String> =
        validator.iter_errors(&log).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(problems.is_empty(), "{problems:#?}");
    let sarif = &log["runs"][0];
    let levels: Vec<_> = sarif["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| (result["ruleId"].as_str().unwrap(), result["level"].as_str().unwrap()))
        .collect();
    assert_eq!(
        levels,
        [
            ("binding-anonymous", "warning"),
            ("binding-group-not-object-id", "error"),
            ("binding-anonymous", "warning"),
            ("binding-individual-user", "note")
        ]
    );
    let prints: std::collections::BTreeSet<String> = sarif["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| result["partialFingerprints"]["entraAuthPolicy/v1"].to_string())
        .collect();
    assert_eq!(prints.len(), levels.len(), "{prints:?}");
    assert_eq!(sarif["results"][3]["suppressions"][0]["justification"], "an \"exception\"");
    // An empty run is a log as well, and has every rule with its help.
    let rules = sarif["tool"]["driver"]["rules"].as_array().unwrap();
    for (index, rule) in rules.iter().enumerate() {
        assert!(rule["help"]["markdown"].as_str().unwrap().contains("**Fix:**"), "{rule}");
        assert!(rule["helpUri"].as_str().unwrap().ends_with(&format!("{}.md", rule["id"].as_str().unwrap())));
        for result in sarif["results"].as_array().unwrap().iter().filter(|result| result["ruleId"] == rule["id"]) {
            assert_eq!(result["ruleIndex"], index);
        }
    }
    assert_eq!(sarif["invocations"][0]["executionSuccessful"], false);
    assert_eq!(sarif["invocations"][0]["toolExecutionNotifications"].as_array().unwrap().len(), 2);
    let clean = check(folder.path(), &["--format", "sarif", "good.yaml"]);
    assert!(clean.code == 0 && validator.is_valid(&clean.json()), "{}", clean.out);
    // The schema refuses what is wrong.
    assert!(!validator.is_valid(&json!({"version": "2.1.0", "runs": [{"tool": {}}]})));
}

#[test]
fn annotations_are_commands_of_github() {
    let folder = folder(&[("settings.yml", MIXED), ("bad.yaml", BAD), ("half.yaml", "a: [\n"), ("good.yaml", GOOD)]);
    let arguments = ["--settings", "settings.yml", "--format", "github", "bad.yaml", "half.yaml", "good.yaml"];
    let run = check(folder.path(), &arguments);
    let lines: Vec<&str> = run.out.lines().collect();
    assert_eq!(lines.len(), 3, "{}", run.out);
    let start = "::warning file=bad.yaml,line=6,endLine=6,col=3,endColumn=38,title=binding-anonymous%3A RoleBinding shop/bad::subjects[system:anonymous] ";
    assert!(lines[0].starts_with(start) && lines[0].contains(" Fix: "), "{}", lines[0]);
    assert!(lines[1].starts_with("::error file=half.yaml,line=1::not YAML: "), "{}", lines[1]);
    assert_eq!(lines[2], "2 objects: 1 allowed, 1 warned, 0 denied, 1 failed");
}

#[test]
fn code_quality_is_a_list_of_issues() {
    let folder = folder(&[("bad.yaml", &format!("{BAD}---\n{BAD}")), ("good.yaml", GOOD)]);
    let run = check(folder.path(), &["--format", "gitlab", "bad.yaml", "good.yaml"]);
    let issues = run.json();
    assert_eq!(issues.as_array().unwrap().len(), 2);
    let issue = &issues[0];
    assert_eq!(issue["location"], json!({"path": "bad.yaml", "lines": {"begin": 6}}));
    assert_eq!((&issue["severity"], &issue["check_name"]), (&json!("critical"), &json!("binding-anonymous")));
    assert_ne!(issue["fingerprint"], issues[1]["fingerprint"]);
    assert_eq!(check(folder.path(), &["--format", "gitlab", "good.yaml"]).json(), json!([]));
}

/// Reports never contain a value that could be a secret. The documents have a mark wherever one fits, and no report shows
/// the mark.
#[test]
fn no_report_shows_a_value() {
    const MARK: &str = "hunter2";
    let credential = format!("abc8Q~{MARK}{MARK}{MARK}{MARK}{MARK}");
    let connection = format!(
        "DefaultEndpointsProtocol=https;AccountName=a;AccountKey={}{MARK}==;EndpointSuffix=core.windows.net",
        "A".repeat(79)
    );
    let env = "AZURE_CLIENT_SECRET";
    let pod = |spec: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  labels: {{aadpodidbinding: {MARK}}} # {MARK}\n  annotations: {{note: {MARK}, key: {credential}}}\nspec: # {MARK}\n{spec}"
        )
    };
    let container = |rest: &str| {
        pod(&format!(
            "  containers:\n  - name: web # {MARK}\n    command: [sh, -c, 'az login -p {credential}', {MARK}] # {MARK}\n    args: [--client-secret={credential}, {MARK}]\n{rest}"
        ))
    };
    let texts = [
        container(&format!("    env:\n    - name: {env}\n      value: {credential}\n")),
        container(&format!("    env: [{{name: {env}, value: {credential}}}, {{name: OTHER, value: {MARK}}}] # {MARK}\n")),
        container(&format!("    env:\n    - value: {credential} # {MARK}\n      name: {env}\n    - {{value: \"{MARK}\", name: X}}\n")),
        container(&format!("    env:\n    - value: |\n        {MARK}\n        {env}={credential}\n        {MARK}\n      name: X\n")),
        container(&format!("    env:\n    - name: {env}\n      value: >-\n        {credential}\n")),
        container(&format!("    env:\n    - name: {env}\n      value:\n        \"{credential}\\\n         {MARK}\"\n")),
        container(&format!("    env:\n    - {{\"name\":{env:?},\"value\":{credential:?}}}\n    - ? value\n      : {credential}\n      ? name\n      : {env}\n")),
        container(&format!("    env:\n    - &x {{name: {env}, value: &anchor {credential}}}\n    - {{<<: *x, name: AZURE_PASSWORD}}\n    - <<: {{name: X, value: {MARK}}}\n      value: {credential}\n")),
        container(&format!("    env:\n    - name: {env}\n      value: !!str {credential}\n    - name: {env}2\n      value: !{MARK} {credential}\n")).replace(&format!("!{MARK} "), "!!str "),
        container(&format!("    env:\n    - name: {env}\n      value: {credential}\n")).replace('\n', "\r\n"),
        format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: a}} # {MARK}\nstringData: {{connection: '{connection}', name: {MARK}, kind: {MARK}}}\ndata:\n  a: {MARK}\n"),
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata:\n  name: {connection}\n  verbs: {MARK}\n  b.json: '{{\"password\": \"{credential}\", \"{env}\": \"{credential}\"}}'\n  c.ini: |\n    # {MARK}\n    x = {MARK}; client_secret = {credential} ; {MARK}\n    other = {MARK}\n"),
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata:\n  config: |\n    apiVersion: v1\n    kind: Config\n    users:\n    - name: a\n      user: {{token: {MARK}{MARK}, password: {MARK}, client-key-data: {MARK}}}\n    clusters: [{{name: a, cluster: {{server: 'https://a.hcp.westeurope.azmk8s.io'}}}}]\n"),
        format!("apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {{name: a}}\nspec:\n  type: state.azure.blobstorage\n  version: v1\n  metadata:\n  - {{name: accountKey, value: {MARK}}}\n  - name: azureClientSecret\n    value: {credential}\n"),
        format!("{{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{{\"name\":\"a\",\"annotations\":{{\"x\":{credential:?}}}}},\"spec\":{{\"containers\":[{{\"name\":\"w\",\"env\":[{{\"name\":{env:?},\"value\":{credential:?}}}]}}]}}}}"),
        format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec:\n  containers: [{{name: a, env: {MARK}}}]\n  volumes: {MARK}\n"),
        // What cannot be read.
        format!("apiVersion: v1\nkind: Secret\nstringData: {{password: {MARK}\n"),
        format!("apiVersion: v1\nkind: Secret\nstringData: {{password: {MARK}, password: {MARK}}}\n"),
        format!("apiVersion: v1\nkind: Secret\nstringData:\n  password: \"{MARK}\n"),
        format!("{{\"kind\": \"Secret\", \"data\": {{\"a\": \"{MARK}\" \"b\"}}}}"),
        format!("kind: Secret\nstringData: {{password: {{{{ .Values.{MARK} }}}}}}\n"),
    ];
    let files: Vec<(String, &String)> = texts.iter().enumerate().map(|(n, text)| (format!("{n}.yaml"), text)).collect();
    let mut files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    files.push(("settings.yml", "profile: restricted\nclusterLookups: true\n"));
    let folder = folder(&files);
    let mut found = 0;
    for format in ["text", "json", "sarif", "github", "gitlab"] {
        let run = check(folder.path(), &["--all", "--settings", "settings.yml", "--format", format, "."]);
        assert_eq!(run.code, 2);
        let shown: Vec<&str> = run.out.lines().chain(run.err.lines()).filter(|line| line.contains(MARK)).collect();
        assert!(shown.is_empty(), "{format}:\n{}", shown.join("\n"));
        found += run.out.matches("credential-in-").count();
    }
    assert!(found > 100, "only {found} findings had a chance to show something");
}

/// Several reports of one run: one on standard output, the others in files.
#[test]
fn several_formats_at_once() {
    let folder = folder(&[("bad.yaml", BAD), ("good.yaml", GOOD), ("broken.yaml", "a: [\n")]);
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (junit, sarif) = (format!("junit={}", file("junit.xml")), format!("sarif={}", file("a.sarif")));
    let run = check(folder.path(), &["--format", &junit, "--format", &sarif, "bad.yaml", "good.yaml", "broken.yaml"]);
    assert!(run.code == 2 && run.out.contains("deny[binding-anonymous]"), "{}{}", run.out, run.err);
    assert_eq!(run.err.matches("not YAML").count(), 1, "{}", run.err);
    let junit = std::fs::read_to_string(file("junit.xml")).unwrap();
    for words in [
        "<testsuites tests=\"3\" failures=\"1\" errors=\"1\"",
        "name=\"RoleBinding shop/bad\"",
        "<failure type=\"binding-anonymous\"",
        "<error type=\"failed\" message=\"not YAML",
        "/docs/rules/binding-anonymous.md",
    ] {
        assert!(junit.contains(words), "no `{words}` in\n{junit}");
    }
    let sarif: Value = serde_json::from_str(&std::fs::read_to_string(file("a.sarif")).unwrap()).unwrap();
    assert_eq!(sarif["runs"][0]["results"].as_array().unwrap().len(), 1);
    let two = check(folder.path(), &["--format", "json", "--format", "text", "bad.yaml"]);
    assert!(two.code == 2 && two.err.contains("FORMAT=FILE"), "{}", two.err);
    let unknown = check(folder.path(), &["--format", "xml", "bad.yaml"]);
    assert!(unknown.code == 2 && unknown.err.contains("junit, azure, markdown"), "{}", unknown.err);
    let (sarif, json) = (format!("sarif={}", file("a")), format!("json={}", file("a")));
    let twice = check(folder.path(), &["--format", &sarif, "--format", &json, "bad.yaml"]);
    assert!(twice.code == 2 && twice.err.contains("two formats are written to"), "{}", twice.err);
}

/// A file's name must not begin a new line: CI reads lines.
#[cfg(unix)]
#[test]
fn names_of_files_stay_in_their_line() {
    let folder = folder(&[("a\n::error::b.yaml", BAD), ("broken\u{1b}[2J.yaml", "a: [\n")]);
    for format in ["text", "json", "sarif", "github", "gitlab", "junit", "azure", "markdown"] {
        let run = check(folder.path(), &["--format", format, "."]);
        let all = format!("{}{}", run.out, run.err);
        assert_eq!(run.code, 2, "{format}: {all}");
        assert!(!all.contains("\n::error::b.yaml") && !all.contains('\u{1b}'), "{format}: {all}");
    }
}

/// Every report links to the rule's page.
#[test]
fn rules_are_linked_everywhere() {
    for format in ["text", "json", "sarif", "github", "gitlab", "junit", "azure", "markdown"] {
        let run = check_text(BAD, &["--format", format]);
        assert!(run.out.contains("/docs/rules/binding-anonymous.md"), "{format}: {}", run.out);
    }
}

#[test]
fn azure_pipelines_and_comments() {
    let azure = check_text(BAD, &["--format", "azure"]).out;
    let start = "##vso[task.logissue type=error;sourcepath=input.yaml;linenumber=6;columnnumber=3;code=binding-anonymous]RoleBinding shop/bad: subjects[system:anonymous] grants";
    assert!(azure.contains("##vso[task.logissue type=error;sourcepath="), "{azure}");
    assert!(azure.contains(start.rsplit(';').next().unwrap()), "{azure}");
    assert!(azure.ends_with("1 object: 0 allowed, 0 warned, 1 denied, 0 failed\n"), "{azure}");
    let comment = check_text(BAD, &["--format", "markdown"]).out;
    for words in [
        "#### Denied",
        "**RoleBinding shop/bad** in `",
        "[binding-anonymous](https://",
        "line 6: `subjects[system:anonymous]`",
    ] {
        assert!(comment.contains(words), "no `{words}` in\n{comment}");
    }
    assert!(check_text(GOOD, &["--format", "markdown"]).out.contains("nothing to report"));
}

#[test]
fn less_text_on_request() {
    let both = format!("{BAD}---\n{GOOD}");
    let quiet = check_text(&both, &["--quiet"]).out;
    assert!(
        quiet.contains("denied   RoleBinding") && !quiet.contains("allowed") && !quiet.contains("objects"),
        "{quiet}"
    );
    assert_eq!(check_text(GOOD, &["-q"]).out, "");
    let json = check_text(&both, &["-q", "--format", "json"]);
    assert!(json.lines().len() == 1 && json.out.contains("binding-anonymous"), "{}", json.out);
    // What is exempted is accepted.
    let folder = folder(&[("s.yml", "exemptions: [{names: [bad], reason: a}]\n"), ("bad.yaml", BAD)]);
    assert_eq!(check(folder.path(), &["-q", "--settings", "s.yml", "bad.yaml"]).out, "");
    let totals = check_text(&both, &["--summary", "--format", "json"]);
    assert!(totals.code == 2 && totals.err.contains("`json` has no totals"), "{}", totals.err);
    let summary = check_text(&both, &["--summary"]).out;
    assert!(
        !summary.contains("RoleBinding") && summary.contains("2 objects: 1 allowed, 0 warned, 1 denied"),
        "{summary}"
    );
    assert!(summary.contains("binding-anonymous"), "{summary}");
    let markdown = check_text(&both, &["--summary", "--format", "markdown"]).out;
    assert!(
        !markdown.contains("RoleBinding") && markdown.contains("2 objects: 1 allowed, 0 warned, 1 denied"),
        "{markdown}"
    );
    assert!(markdown.contains("/binding-anonymous.md) | 1 | 0 | 0 |"), "{markdown}");
}

/// A type of Secret is a word of Kubernetes, and no value.
#[test]
fn constants_of_kubernetes_are_shown() {
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ntype: kubernetes.io/service-account-token\n";
    let run = check_text(secret, &["--all"]).out;
    assert!(run.contains("type: kubernetes.io/service-account-token"), "{run}");
}

/// A fix in SARIF is a change of the file that resolves the finding, and repeats nothing that it does not change.
#[test]
fn sarif_carries_fixes() {
    let validator = sarif_schema();
    let pod = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: é\n  labels: {azure.workload.identity/use: \"True\"} # on\nspec:\n  serviceAccountName: web\n  containers: [{name: web, image: a}]\n";
    let label = ["--format", "sarif", "--rules", "workload-identity-label-value"];
    let folder = folder(&[("a b.yaml", &format!("{GOOD}---\n{pod}"))]);
    let log = check(folder.path(), &[&label[..], &["a b.yaml"]].concat()).json();
    let errors: Vec<String> = validator.iter_errors(&log).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    let result = &log["runs"][0]["results"][0];
    let (fix, place) = (&result["fixes"][0], &result["locations"][0]["physicalLocation"]);
    let change = &fix["artifactChanges"][0];
    assert!(fix["description"]["text"].is_string(), "{result}");
    assert_eq!(change["artifactLocation"], place["artifactLocation"]);
    let line = GOOD.lines().count() + 1 + 5;
    let region = json!({"startLine": line, "startColumn": 42, "endLine": line, "endColumn": 43});
    let replacement = json!({"deletedRegion": region, "insertedContent": {"text": "t"}});
    assert_eq!(change["replacements"], json!([replacement]));
    // Neither what Helm rendered nor a document in one long line has one.
    let rendered = format!("# Source: shop/templates/a.yaml\n{pod}");
    let note = format!(
        "{{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{{\"name\":\"a\",\"annotations\":{{\"x\":\"{}\"}},\"labels\":{{\"azure.workload.identity/use\":\"True\"}}}},\"spec\":{{\"serviceAccountName\":\"web\",\"containers\":[]}}}}",
        "y".repeat(500)
    );
    for text in [rendered, note] {
        let log = check_text(&text, &label).json();
        let result = &log["runs"][0]["results"][0];
        assert_eq!((&result["ruleId"], &result["fixes"]), (&json!("workload-identity-label-value"), &Value::Null));
    }
}
