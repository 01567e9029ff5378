//! `entra-auth lsp` and `entra-auth mcp`, each with a client.

mod support;

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use support::*;

struct Client {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    /// LSP puts a header before every message, MCP a line end behind it.
    has_headers: bool,
}

/// A person who starts a server by hand, and a broken client.
#[test]
fn other_input_is_an_error_with_words() {
    let folder = folder(&[]);
    for (server, input, words) in [
        ("lsp", "", "an editor starts this"),
        ("lsp", "hello\r\n\r\n", "malformed header"),
        ("lsp", "Content-Length: 5\r\n\r\nhello", "malformed LSP payload"),
        ("mcp", "", "an agent starts this"),
        ("mcp", "hello\n", "an agent starts this"),
    ] {
        let mut command = command(folder.path(), &[server]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let run = finish(child.wait_with_output().unwrap());
        assert!(run.code == 2 && run.err.contains(words), "{server} {input:?}: {}", run.err);
    }
}

impl Client {
    fn start(folder: &std::path::Path, command_name: &str, has_headers: bool) -> Client {
        let mut command = command(folder, &[command_name]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (input, output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Client { child, input, output, has_headers }
    }

    fn send(&mut self, message: Value) {
        let mut message = message;
        message["jsonrpc"] = "2.0".into();
        let text = message.to_string();
        match self.has_headers {
            true => write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap(),
            false => writeln!(self.input, "{text}").unwrap(),
        }
        self.input.flush().unwrap();
    }

    fn receive(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        if !self.has_headers {
            return serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        }
        let length: usize = line.trim().strip_prefix("Content-Length: ").unwrap().parse().unwrap();
        while line.trim() != "" {
            line.clear();
            self.output.read_line(&mut line).unwrap();
        }
        let mut body = vec![0; length];
        self.output.read_exact(&mut body).unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    fn ask(&mut self, id: u64, method: &str, params: Value) -> Value {
        self.send(json!({"id": id, "method": method, "params": params}));
        let answer = self.receive();
        assert_eq!(answer["id"], id, "{answer}");
        answer
    }
}

#[cfg(feature = "lsp")]
#[test]
fn an_editor_shows_findings_and_pages() {
    let folder = folder(&[(".entra-auth.yml", "profile: restricted\n")]);
    let mut client = Client::start(folder.path(), "lsp", true);
    let hello = client.ask(1, "initialize", json!({"capabilities": {}}));
    assert_eq!(hello["result"]["capabilities"]["hoverProvider"], true);
    client.send(json!({"method": "initialized", "params": {}}));
    let uri = "file:///a/bad.yaml";
    // The mark is one character and two units.
    let text = format!(
        "# words\n{}",
        BAD.replace(
            "- apiGroup: rbac.authorization.k8s.io\n  kind: User\n  name: system:anonymous",
            "- {x: '\u{1f600}', apiGroup: rbac.authorization.k8s.io, kind: User, name: 'system:anonymous'}"
        )
    );
    client.send(
        json!({"method": "textDocument/didOpen", "params": {"textDocument": {"uri": uri, "version": 1, "text": text}}}),
    );
    let published = client.receive();
    assert_eq!(
        (&published["method"], &published["params"]["version"]),
        (&json!("textDocument/publishDiagnostics"), &json!(1))
    );
    let diagnostics = published["params"]["diagnostics"].as_array().unwrap();
    let found = diagnostics.iter().find(|found| found["code"] == "binding-anonymous").unwrap();
    assert_eq!((&found["severity"], &found["source"]), (&json!(1), &json!("entra-auth")));
    assert!(found["codeDescription"]["href"].as_str().unwrap().ends_with("/docs/rules/binding-anonymous.md"));
    let line = text.lines().position(|line| line.starts_with("- {")).unwrap();
    let units = text.lines().nth(line).unwrap().encode_utf16().count();
    assert_eq!(found["range"]["start"], json!({"line": line, "character": 2}));
    assert_eq!(found["range"]["end"], json!({"line": line, "character": units}));
    let hover = |line: usize| json!({"textDocument": {"uri": uri}, "position": {"line": line, "character": 4}});
    let page = client.ask(2, "textDocument/hover", hover(line));
    assert!(page["result"]["contents"]["value"].as_str().unwrap().contains("## Why"), "{page}");
    assert_eq!(client.ask(3, "textDocument/hover", hover(0))["result"], Value::Null);
    // Repaired, then broken while it is written, then closed.
    for (text, count) in [(GOOD.to_owned(), 0), (format!("{GOOD}  x: [\n"), 1), ("a: {{ b\n".to_owned(), 0)] {
        let change = json!({"textDocument": {"uri": uri, "version": 2}, "contentChanges": [{"text": text}]});
        client.send(json!({"method": "textDocument/didChange", "params": change}));
        let published = client.receive();
        let shown = published["params"]["diagnostics"].as_array().unwrap();
        let broken = shown.iter().filter(|found| found["code"].is_null()).count();
        assert_eq!(broken, count, "{published}");
        assert!(!shown.iter().any(|found| found["severity"] == 1), "{published}");
    }
    client.send(json!({"method": "textDocument/didClose", "params": {"textDocument": {"uri": uri}}}));
    assert_eq!(client.receive()["params"]["diagnostics"], json!([]));
    assert_eq!(client.ask(4, "workspace/unknown", json!({}))["error"]["code"], -32601);
    assert_eq!(client.ask(5, "shutdown", Value::Null)["result"], Value::Null);
    client.send(json!({"method": "exit"}));
    assert!(client.child.wait().unwrap().success());
}

/// A Pod with a mistyped label, which has a fix that is certain.
const BAD_ENV: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: a, namespace: shop}
spec:
  serviceAccountName: web
  containers:
  - name: web
    image: a
    env: []
";
const LABELLED: &str = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: NAME\n  namespace: shop\n  labels: # \u{1f600}\n    azure.workload.identity/use: \"True\" # on\nspec:\n  serviceAccountName: web\n  containers: [{name: web, image: a}]\n";

/// What an editor makes of edits.
#[cfg(feature = "lsp")]
fn with_edits(text: &str, edits: &Value) -> String {
    let at = |position: &Value| {
        let line = position["line"].as_u64().unwrap() as usize;
        let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
        let units = position["character"].as_u64().unwrap() as usize;
        let mut counted = 0;
        let inside = text[start..].char_indices().find(|(_, c)| {
            let is_there = counted >= units;
            counted += c.len_utf16();
            is_there
        });
        inside.map_or(text.len(), |(at, _)| start + at)
    };
    let mut edited = text.to_owned();
    for edit in edits.as_array().unwrap().iter().rev() {
        let range = at(&edit["range"]["start"])..at(&edit["range"]["end"]);
        edited.replace_range(range, edit["newText"].as_str().unwrap());
    }
    edited
}

#[cfg(feature = "lsp")]
#[test]
fn an_editor_offers_fixes() {
    let folder = folder(&[(".entra-auth.yml", "profile: restricted\n")]);
    let mut client = Client::start(folder.path(), "lsp", true);
    let hello = client.ask(1, "initialize", json!({"capabilities": {}}));
    let kinds = &hello["result"]["capabilities"]["codeActionProvider"]["codeActionKinds"];
    assert_eq!(kinds, &json!(["quickfix", "source.fixAll"]));
    client.send(json!({"method": "initialized", "params": {}}));
    let uri = "file:///a/pods.yaml";
    // The last line has no end.
    let (one, two) = (LABELLED.replace("NAME", "one"), LABELLED.replace("NAME", "two"));
    let text = format!("{one}---\n{}", two.trim_end());
    let document = json!({"uri": uri, "version": 1, "text": text});
    client.send(json!({"method": "textDocument/didOpen", "params": {"textDocument": document}}));
    client.receive();
    let mut actions = |id: u64, line: usize, only: Value| {
        let range = json!({"start": {"line": line, "character": 0}, "end": {"line": line, "character": 3}});
        let params =
            json!({"textDocument": {"uri": uri}, "range": range, "context": {"diagnostics": [], "only": only}});
        client.ask(id, "textDocument/codeAction", params)["result"].as_array().unwrap().clone()
    };
    let fixed = |text: &str| text.replace("\"True\"", "\"true\"");
    let line = text.lines().position(|line| line.contains("\"True\"")).unwrap();
    let quick = actions(2, line, json!(["quickfix"]));
    let safe = quick.iter().find(|action| action["isPreferred"] == true).unwrap();
    assert_eq!(safe["diagnostics"][0]["code"], "workload-identity-label-value", "{safe}");
    let edited = with_edits(&text, &safe["edit"]["changes"][uri]);
    assert_eq!(edited, format!("{}---\n{}", fixed(&one), two.trim_end()));
    assert!(actions(3, 0, json!(["refactor"])).is_empty());
    assert!(actions(4, 0, json!(["quickfix"])).iter().all(|action| action["isPreferred"] == false));
    let all = actions(5, 0, json!(["source"]));
    assert_eq!((all.len(), &all[0]["kind"]), (1, &json!("source.fixAll")));
    assert_eq!(with_edits(&text, &all[0]["edit"]["changes"][uri]), fixed(&text));
    assert_eq!(actions(6, line, Value::Null).len(), quick.len() + 1);
    drop(client.input);
    client.child.wait().unwrap();
}

#[cfg(feature = "mcp")]
#[test]
fn an_agent_checks_and_explains() {
    let folder = folder(&[]);
    let mut client = Client::start(folder.path(), "mcp", false);
    let info =
        json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}});
    let hello = client.ask(1, "initialize", info);
    assert_eq!(hello["result"]["serverInfo"]["name"], "entra-auth", "{hello}");
    client.send(json!({"method": "notifications/initialized"}));
    let tools = client.ask(2, "tools/list", json!({}));
    let names: Vec<&str> =
        tools["result"]["tools"].as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["check", "fix", "explain", "rules"]);
    let mut call = |id: u64, name: &str, arguments: Value| {
        client.ask(id, "tools/call", json!({"name": name, "arguments": arguments}))
    };
    let checked = call(3, "check", json!({"manifest": format!("{BAD}---\n{GOOD}"), "filename": "a.yaml"}));
    let result = &checked["result"]["structuredContent"];
    assert_eq!(result["summary"], "2 objects: 1 allowed, 0 warned, 1 denied, 0 failed", "{checked}");
    let finding = &result["objects"][0]["findings"][0];
    assert_eq!((&finding["rule"], &finding["line"]), (&json!("binding-anonymous"), &json!(6)));
    let page = call(4, "explain", json!({"rule": "binding-anonymous"}));
    assert!(page["result"]["content"][0]["text"].as_str().unwrap().contains("## Fix"), "{page}");
    let unknown = call(5, "explain", json!({"rule": "binding-anonymus"}));
    assert!(unknown["result"]["isError"] == true && unknown.to_string().contains("binding-anonymous"), "{unknown}");
    let rules = call(6, "rules", json!({}));
    assert!(rules["result"]["structuredContent"]["rules"].as_array().unwrap().len() > 40, "{rules}");
    let mistyped = LABELLED.replace("NAME", "web");
    let fixed = call(8, "fix", json!({"manifest": format!("{mistyped}---\n{BAD}"), "filename": "a.yaml"}));
    let result = &fixed["result"]["structuredContent"];
    let done = &result["fixed"][0];
    assert_eq!((&done["rule"], &done["safety"]), (&json!("workload-identity-label-value"), &json!("safe")), "{fixed}");
    assert_eq!(done["edits"][0]["value"], "true", "{fixed}");
    let diff = result["diff"].as_str().unwrap();
    assert!(diff.starts_with("--- a/a.yaml\n+++ b/a.yaml\n@@ ") && diff.contains("\n+    azure.workload"), "{diff}");
    let left = result["left"].as_array().unwrap();
    assert!(left.iter().any(|left| left["rule"] == "binding-anonymous" && left["reason"].is_string()), "{fixed}");
    // An answer ends in logs, so it repeats no secret.
    let variable = "    env: [{name: AZURE_CLIENT_SECRET, value: abc8Q~hunter2hunter2hunter2hunter2hunter2}]\n";
    let secret = BAD_ENV.replace("    env: []\n", variable);
    let hidden = call(10, "fix", json!({"manifest": secret, "suggested": true}));
    let result = &hidden["result"]["structuredContent"];
    assert!(result["hidden"].as_str().unwrap().starts_with("line 9: ") && result["diff"].is_null(), "{hidden}");
    assert!(result["fixed"][0]["rule"] == "credential-in-env" && !hidden.to_string().contains("hunter2"), "{hidden}");
    let only = call(9, "fix", json!({"manifest": mistyped, "rule": "binding-anonymous"}));
    assert_eq!(only["result"]["structuredContent"], json!({"fixed": [], "left": [], "diff": ""}), "{only}");
    assert!(call(7, "check", json!({}))["error"]["message"].as_str().unwrap().contains("manifest"));
    drop(client.input);
    assert!(client.child.wait().unwrap().success());
}
