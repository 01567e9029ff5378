//! `entra-auth lsp`: findings in an editor while a manifest is written.
//!
//! The server knows only the texts that are open. It reads no other file than the settings, and writes none.

use crate::Outcome;
use crate::args::Serve;
use crate::checker::Checker;
use crate::fix::engine::{Sheet, Wanted};
use crate::fix::patch::replacements;
use crate::record::Record;
use crate::report::is_shown;
use crate::rule_page;
use anyhow::{Result, bail};
use entra_auth_policy::settings::Date;
use entra_auth_policy::verdict::{Action, Decision};
use lsp_server::{Connection, ErrorCode, Message, Notification, Request, Response};
use manifest::{Fault, Position};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// One finding as the editor shows it.
struct Shown {
    rule: &'static str,
    range: Value,
    /// Line, and first and last character, as the editor counts.
    line: usize,
    columns: (usize, usize),
    diagnostic: Value,
}

const QUICK_FIX: &str = "quickfix";
const FIX_ALL: &str = "source.fixAll";

struct Server {
    checker: Checker,
    connection: Connection,
    open: BTreeMap<String, Open>,
}

/// A text in the editor.
struct Open {
    text: String,
    shown: Vec<Shown>,
}

pub(crate) fn serve(args: &Serve, today: Date) -> Result<Outcome> {
    let checker = Checker::new(&args.policy, false, today)?;
    let (connection, threads) = Connection::stdio();
    let id = match connection.initialize_start() {
        Ok((id, _)) => id,
        Err(error) => {
            drop(connection);
            // The thread that reads knows why it stopped. If it did not stop, it may wait for more.
            let broken = if error.channel_is_disconnected() { threads.join().err() } else { None };
            let why = broken.map_or_else(|| error.to_string(), |broken| broken.to_string());
            bail!("lsp: an editor starts this, and sends `initialize` on standard input first: {why}");
        }
    };
    let result = json!({
        // The whole text with every change: a manifest is checked as a whole.
        "capabilities": {
            "textDocumentSync": {"openClose": true, "change": 1},
            "hoverProvider": true,
            "codeActionProvider": {"codeActionKinds": [QUICK_FIX, FIX_ALL]},
        },
        "serverInfo": {"name": crate::args::NAME, "version": env!("CARGO_PKG_VERSION")},
    });
    connection.initialize_finish(id, result)?;
    let mut server = Server { checker, connection, open: BTreeMap::new() };
    server.run()?;
    drop(server);
    threads.join()?;
    Ok(Outcome::Allowed)
}

impl Server {
    fn run(&mut self) -> Result<()> {
        let receiver = self.connection.receiver.clone();
        for message in receiver {
            match message {
                Message::Request(request) => {
                    if self.connection.handle_shutdown(&request)? {
                        return Ok(());
                    }
                    let response = self.answer(request);
                    self.connection.sender.send(response.into())?;
                }
                Message::Notification(Notification { method, params }) => self.hear(&method, &params)?,
                Message::Response(_) => {}
            }
        }
        Ok(())
    }

    fn answer(&self, request: Request) -> Response {
        match request.method.as_str() {
            "textDocument/hover" => Response::new_ok(request.id, self.hover(&request.params)),
            "textDocument/codeAction" => match self.actions(&request.params) {
                Ok(actions) => Response::new_ok(request.id, actions),
                Err(error) => Response::new_err(request.id, ErrorCode::InternalError as i32, format!("{error:#}")),
            },
            method => {
                let words = format!("{} is not supported", text::shown(method));
                Response::new_err(request.id, ErrorCode::MethodNotFound as i32, words)
            }
        }
    }

    fn hear(&mut self, method: &str, params: &Value) -> Result<()> {
        let document = &params["textDocument"];
        let Some(uri) = document["uri"].as_str() else { return Ok(()) };
        let text = match method {
            "textDocument/didOpen" => document["text"].as_str(),
            "textDocument/didChange" => params["contentChanges"]
                .as_array()
                .and_then(|changes| changes.last())
                .and_then(|change| change["text"].as_str()),
            "textDocument/didClose" => {
                self.open.remove(uri);
                return self.publish(uri, &[], &Value::Null);
            }
            _ => None,
        };
        let Some(text) = text else { return Ok(()) };
        let (shown, failures) = self.check(uri, text)?;
        let diagnostics: Vec<Value> = shown.iter().map(|shown| shown.diagnostic.clone()).chain(failures).collect();
        self.open.insert(uri.to_owned(), Open { text: text.to_owned(), shown });
        self.publish(uri, &diagnostics, &document["version"])
    }

    fn publish(&self, uri: &str, diagnostics: &[Value], version: &Value) -> Result<()> {
        let mut params = json!({"uri": uri, "diagnostics": diagnostics});
        if version.is_number() {
            params["version"] = version.clone();
        }
        let notification = Notification { method: "textDocument/publishDiagnostics".to_owned(), params };
        Ok(self.connection.sender.send(notification.into())?)
    }

    /// What to show: the findings, and what cannot be read. Files of other kinds are left alone.
    fn check(&self, uri: &str, text: &str) -> Result<(Vec<Shown>, Vec<Value>)> {
        let lines: Vec<&str> = text.lines().collect();
        let claims = text.contains("apiVersion") && text.contains("kind");
        let (mut shown, mut failures) = (Vec::new(), Vec::new());
        for record in self.checker.check(uri, text.to_owned())? {
            match record {
                Record::Evaluated { evaluation, places, .. } => {
                    for (finding, place) in evaluation.findings.iter().zip(&places).filter(|(f, _)| is_shown(f, false))
                    {
                        let region = &place.region;
                        shown.push(Shown::of(finding, &lines, region.start, region.end));
                    }
                }
                Record::Failed { fault: Fault::Broken, line, reason, .. } if claims => {
                    let line = line.saturating_sub(1);
                    failures.push(json!({
                        "range": {"start": {"line": line, "character": 0}, "end": {"line": line + 1, "character": 0}},
                        "severity": 2,
                        "source": crate::args::NAME,
                        "message": reason,
                    }));
                }
                Record::Failed { .. } | Record::Skipped { .. } | Record::Unchanged => {}
            }
        }
        Ok((shown, failures))
    }

    /// The fixes of the findings on the lines of a range, and all that are safe.
    fn actions(&self, params: &Value) -> Result<Value> {
        let uri = params["textDocument"]["uri"].as_str().unwrap_or_default();
        let Some(open) = self.open.get(uri) else { return Ok(json!([])) };
        let only = params["context"]["only"].as_array();
        // A kind includes those below it: `source` for `source.fixAll`.
        let is_wanted = |kind: &str| {
            only.is_none_or(|only| {
                let mut wanted = only.iter().filter_map(Value::as_str);
                wanted.any(|only| kind == only || kind.strip_prefix(only).is_some_and(|rest| rest.starts_with('.')))
            })
        };
        let line = |end: &str| params["range"][end]["line"].as_u64().unwrap_or_default() as usize + 1;
        let lines = line("start")..=line("end");
        let engine = self.checker.engine();
        let find = || -> Result<Vec<Value>> {
            let mut actions = Vec::new();
            let sheets = engine.read(vec![(uri.to_owned(), open.text.clone(), None)])?;
            let action = |kind: &str, title: &str, after: &[Sheet]| {
                let edits = text_edits(&open.text, after.first().map_or("", |sheet| &sheet.text));
                json!({"title": title, "kind": kind, "edit": {"changes": {uri: edits}}})
            };
            let Some(sheet) = sheets.first() else { return Ok(actions) };
            for (line, item, at) in sheet.lines() {
                if !is_wanted(QUICK_FIX) || !lines.contains(&line) {
                    continue;
                }
                let rule = sheet.items.get(item).and_then(|item| item.findings.get(at)).map(|found| found.rule.id);
                for (fix, after) in engine.options(&sheets, (0, item, at))? {
                    let mut action = action(QUICK_FIX, &fix.title, &after);
                    action["isPreferred"] = json!(fix.safety == fixes::Safety::Safe);
                    let about = open.shown.iter().filter(|shown| Some(shown.rule) == rule && shown.line + 1 == line);
                    action["diagnostics"] = about.map(|shown| shown.diagnostic.clone()).collect();
                    actions.push(action);
                }
            }
            if is_wanted(FIX_ALL) {
                let fixed = engine.fix(sheets, &Wanted::default())?;
                if !fixed.done.is_empty() {
                    actions.push(action(FIX_ALL, "Fix all that is safe (entra-auth)", &fixed.sheets));
                }
            }
            Ok(actions)
        };
        Ok(Value::Array(self.checker.install(find)?))
    }

    /// The page of the rule whose finding is there.
    fn hover(&self, params: &Value) -> Value {
        let found = || {
            let shown = &self.open.get(params["textDocument"]["uri"].as_str()?)?.shown;
            let line = params["position"]["line"].as_u64()? as usize;
            let character = params["position"]["character"].as_u64()? as usize;
            shown.iter().find(|shown| {
                let (first, last) = shown.columns;
                shown.line == line && first <= character && character <= last
            })
        };
        let Some(shown) = found() else { return Value::Null };
        let Ok(rule) = rule_page::find(shown.rule) else { return Value::Null };
        let page = rule_page::of(rule);
        let url = rule_page::url(rule);
        let value = format!("**{}**\n\n{}\n\n{}\n\n[{url}]({url})", rule.id, page.sentence, page.body);
        json!({"contents": {"kind": "markdown", "value": value}, "range": shown.range})
    }
}

impl Shown {
    fn of(finding: &Decision, lines: &[&str], start: Position, end: Position) -> Shown {
        let line = start.line.saturating_sub(1);
        let written = lines.get(line).copied().unwrap_or_default();
        // Editors count UTF-16 units; positions count characters.
        let units = |column: usize| written.chars().take(column.saturating_sub(1)).map(char::len_utf16).sum::<usize>();
        let first = units(start.column);
        // Where only the beginning is known, the rest of the line is meant.
        let last = if end > start { units(end.column) } else { written.chars().map(char::len_utf16).sum() };
        let range =
            json!({"start": {"line": line, "character": first}, "end": {"line": line, "character": last.max(first)}});
        let place = crate::report::place(finding);
        let diagnostic = json!({
            "range": range,
            "severity": if finding.action == Action::Deny { 1 } else { 2 },
            "code": finding.rule.id,
            "codeDescription": {"href": rule_page::url(finding.rule)},
            "source": crate::args::NAME,
            "message": format!("{place} {}\nfix: {}", finding.message, finding.remediation),
        });
        Shown { rule: finding.rule.id, range, line, columns: (first, last.max(first)), diagnostic }
    }
}

/// What turns one text into the other, as an editor counts.
fn text_edits(old: &str, new: &str) -> Vec<Value> {
    let lines: Vec<&str> = old.split_inclusive('\n').collect();
    let position = |line: usize| match lines.last() {
        // A last line without an end has none behind it.
        Some(last) if line == lines.len() && !last.ends_with('\n') => {
            json!({"line": line - 1, "character": last.encode_utf16().count()})
        }
        _ => json!({"line": line, "character": 0}),
    };
    let edit = |found: crate::fix::patch::Replacement| json!({"range": {"start": position(found.start), "end": position(found.end)}, "newText": found.text});
    replacements(old, new).into_iter().map(edit).collect()
}
