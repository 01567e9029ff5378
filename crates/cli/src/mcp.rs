//! `entra-auth mcp`: exact answers for coding agents. The tools take texts and read no files; nothing is sent anywhere.

use crate::args::Serve;
use crate::checker::Checker;
use crate::fix::engine::{Wanted, reason_key};
use crate::fix::patch;
use crate::fix::{HIDDEN, reason_without_fix};
use crate::record::Record;
use crate::report::{self, Summary};
use crate::{Outcome, commands, rule_page};
use anyhow::{Context, Result};
use entra_auth_policy::settings::Date;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation, ListToolsResult,
    PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool, ToolAnnotations,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler, ServiceExt};
use serde_json::{Value, json};
use std::sync::Arc;

struct Server {
    checker: Arc<Checker>,
}

pub(crate) fn serve(args: &Serve, today: Date) -> Result<Outcome> {
    let server = Server { checker: Arc::new(Checker::new(&args.policy, false, today)?) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let serving = server.serve(rmcp::transport::stdio()).await;
        let serving = serving.context("mcp: an agent starts this, and sends `initialize` on standard input first")?;
        serving.waiting().await?;
        Ok(Outcome::Allowed)
    })
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new(crate::args::NAME, env!("CARGO_PKG_VERSION")))
            .with_instructions(
                "Checks Kubernetes manifests against Microsoft Entra practice on AKS. Call `check` with the whole \
                 text of a manifest after every change, and `explain` with a rule's id before you fix its finding.",
            )
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(tools()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let arguments = Value::Object(request.arguments.unwrap_or_default());
        let text = |key: &str| {
            let missing = || ErrorData::invalid_params(format!("`{key}` has to be a text"), None);
            arguments[key].as_str().ok_or_else(missing)
        };
        let answer = match request.name.as_ref() {
            "check" => self.check(text("manifest")?, arguments["filename"].as_str().unwrap_or("manifest.yaml")),
            "fix" => {
                let rule = arguments["rule"].as_str().map(str::to_owned);
                let wanted = Wanted {
                    suggested: arguments["suggested"].as_bool().unwrap_or_default(),
                    rules: rule.into_iter().collect(),
                };
                let name = arguments["filename"].as_str().unwrap_or("manifest.yaml");
                self.fix(text("manifest")?, name, &wanted)
            }
            "explain" => Ok(explain(text("rule")?)),
            "rules" => Ok(CallToolResult::structured(json!({"rules": commands::rule_lines()}))),
            name => return Err(ErrorData::invalid_params(format!("no tool is called `{}`", text::shown(name)), None)),
        };
        let answer = answer.map_err(|error| ErrorData::internal_error(format!("{error:#}"), None))?;
        Ok(answer.into())
    }
}

impl Server {
    fn check(&self, manifest: &str, name: &str) -> Result<CallToolResult> {
        let records: Vec<Record> = self.checker.check(name, manifest.to_owned())?;
        let mut summary = Summary::default();
        records.iter().for_each(|record| summary.count(record));
        Ok(CallToolResult::structured(json!({
            "summary": summary.to_string(),
            "objects": report::values(&records)?,
        })))
    }
}

impl Server {
    /// What `entra-auth fix` would write, as edits of objects and as a patch.
    fn fix(&self, manifest: &str, name: &str, wanted: &Wanted) -> Result<CallToolResult> {
        let engine = self.checker.engine();
        let texts = vec![(name.to_owned(), manifest.to_owned(), None)];
        let fixed = self.checker.install(|| engine.fix(engine.read(texts)?, wanted))?;
        let done: Vec<Value> = fixed
            .done
            .iter()
            .map(|done| {
                json!({
                    "rule": done.rule,
                    "object": done.title.to_string(),
                    "line": done.line,
                    "safety": done.fix.safety,
                    "title": done.fix.title,
                    // The agent has the manifest; what it is told again ends in logs.
                    "edits": (!done.is_secret).then_some(&done.fix.edits),
                })
            })
            .collect();
        let mut left = Vec::new();
        for sheet in &fixed.sheets {
            for item in &sheet.items {
                for finding in item.findings.iter().filter(|finding| wanted.asks_for(finding.rule.id)) {
                    let reason = fixed.reasons.get(&reason_key(sheet, item, finding)).cloned();
                    left.push(json!({
                        "rule": finding.rule.id,
                        "object": item.title.to_string(),
                        "path": finding.location.path,
                        "reason": reason.unwrap_or_else(|| reason_without_fix(finding.rule.id, wanted)),
                    }));
                }
            }
        }
        let after = fixed.sheets.first().map_or(manifest, |sheet| &sheet.text);
        let mut answer = json!({"fixed": done, "left": left});
        match patch::unified(name, manifest, after, "") {
            Ok(patch) => {
                answer["diff"] = patch.text.into();
                if patch.is_bare {
                    answer["apply"] = "git apply --unidiff-zero".into();
                }
            }
            Err(hidden) => answer["hidden"] = format!("line {}: {HIDDEN}", hidden.line).into(),
        }
        Ok(CallToolResult::structured(answer))
    }
}

fn explain(rule: &str) -> CallToolResult {
    match rule_page::find(rule) {
        Ok(rule) => {
            let page = rule_page::of(rule);
            let text = format!("# {}\n\n{}\n\n{}\n\n{}", rule.id, page.sentence, page.body, rule_page::url(rule));
            CallToolResult::success(vec![ContentBlock::text(text)])
        }
        Err(near) => {
            let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            let words = format!("no rule is called `{}`{near}", text::shown(rule));
            CallToolResult::error(vec![ContentBlock::text(words)])
        }
    }
}

fn tools() -> Vec<Tool> {
    let tool = |name: &'static str, words: &'static str, properties: Value, required: &[&str]| {
        let schema = json!({
            "type": "object", "properties": properties, "required": required, "additionalProperties": false,
        });
        let schema = schema.as_object().cloned().unwrap_or_default();
        let annotations = ToolAnnotations::from_raw(None, Some(true), Some(false), Some(true), Some(false));
        Tool::new(name, words, Arc::new(schema)).with_annotations(annotations)
    };
    vec![
        tool(
            "check",
            "Check Kubernetes manifests (YAML or JSON) as the cluster does at admission. Returns every object with \
             its findings: rule, severity, action, path, line, message, fix and the address of the rule's page.",
            json!({
                "manifest": {"type": "string", "description": "The whole text, of one or several documents"},
                "filename": {"type": "string", "description": "Its name in the answer"},
            }),
            &["manifest"],
        ),
        tool(
            "fix",
            "Fix the findings of Kubernetes manifests. Returns what is fixed, with edits of objects as JSON Pointers, \
             what is left and why, and a patch of the text. Nothing is written. A fix is in the patch only if its \
             finding is gone afterwards and no other is new.",
            json!({
                "manifest": {"type": "string", "description": "The whole text, of one or several documents"},
                "filename": {"type": "string", "description": "Its name in the patch"},
                "suggested": {"type": "boolean", "description": "Also fixes that need a decision or an id; `<...>` marks what to fill in"},
                "rule": {"type": "string", "description": "Only findings of this rule"},
            }),
            &["manifest"],
        ),
        tool(
            "explain",
            "Explain a rule: what it finds, why it matters and how to fix it, with examples.",
            json!({"rule": {"type": "string", "description": "The id, for example binding-anonymous"}}),
            &["rule"],
        ),
        tool("rules", "List all rules with their severities, summaries and fixes.", json!({}), &[]),
    ]
}
