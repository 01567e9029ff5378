//! The exact output of kubectl for the verdicts.

use crate::check::Operation;
use entra_auth_policy::message::Response;
use serde::Serialize;
use serde_json::Value;
use std::fmt::Write;
use text::shown;

/// The name that Kubewarden gives the webhook of the policy in `deploy/`.
const WEBHOOK: &str = "clusterwide-entra-auth-policy.kubewarden.admission";
/// The file name of the text in the page's editor.
pub(crate) const FILE: &str = "manifest.yaml";

#[derive(Serialize)]
pub(crate) struct Output {
    /// The command that prints it.
    command: String,
    text: String,
}

/// Standard output and errors, as a terminal shows them.
pub(crate) struct Terminal {
    operation: Operation,
    lines: String,
    /// Errors follow at the end.
    errors: String,
    /// Warnings are not repeated.
    warnings: Vec<String>,
}

impl Terminal {
    pub(crate) fn new(operation: Operation) -> Terminal {
        Terminal { operation, lines: String::new(), errors: String::new(), warnings: Vec::new() }
    }

    /// The verdict on an object in the file.
    pub(crate) fn object(&mut self, object: &Value, request: &Value, response: &Response) {
        self.warn(response);
        if !response.accepted {
            let act = match self.operation {
                Operation::Create => "creating",
                Operation::Update => "replacing",
                Operation::Delete => "deleting",
            };
            return self.refuse(&format!("error when {act} {FILE:?}: "), response);
        }
        let (kind, name) = (resource(object), name(object));
        let _ = match (self.operation, request["namespace"].as_str()) {
            (Operation::Create, _) => writeln!(self.lines, "{kind}/{name} created"),
            (Operation::Update, _) => writeln!(self.lines, "{kind}/{name} replaced"),
            (Operation::Delete, None) => writeln!(self.lines, "{kind} {name:?} deleted"),
            (Operation::Delete, Some(namespace)) => {
                writeln!(self.lines, "{kind} {name:?} deleted from {namespace} namespace")
            }
        };
    }

    /// The verdict on a request that was not made with kubectl.
    pub(crate) fn request(&mut self, response: &Response) {
        self.warn(response);
        if !response.accepted {
            self.refuse("", response);
        }
    }

    pub(crate) fn output(self) -> Output {
        let command = match self.operation {
            Operation::Create => "create",
            Operation::Update => "replace",
            Operation::Delete => "delete",
        };
        Output { command: format!("kubectl {command} -f {FILE}"), text: self.lines + &self.errors }
    }

    fn warn(&mut self, response: &Response) {
        for warning in &response.warnings {
            if !self.warnings.contains(warning) {
                let _ = writeln!(self.lines, "Warning: {warning}");
                self.warnings.push(warning.clone());
            }
        }
    }

    fn refuse(&mut self, source: &str, response: &Response) {
        let message = response.message.as_deref().unwrap_or_default();
        let _ = writeln!(
            self.errors,
            "Error from server: {source}admission webhook {WEBHOOK:?} denied the request: {message}"
        );
    }
}

/// `deployment.apps`, `pod`.
fn resource(object: &Value) -> String {
    let text = |key: &str| object[key].as_str().unwrap_or_default();
    let kind = shown(text("kind")).to_lowercase();
    match text("apiVersion").split_once('/') {
        Some((group, _)) => format!("{kind}.{}", shown(group)),
        None => kind,
    }
}

/// The name, or the start of the one that the API server generates from `generateName`.
pub(crate) fn name(object: &Value) -> String {
    let text = |key: &str| object["metadata"][key].as_str().filter(|text| !text.is_empty());
    match (text("name"), text("generateName")) {
        (Some(name), _) => shown(name).into_owned(),
        (None, Some(prefix)) => format!("{}*", shown(prefix)),
        (None, None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn printed(operation: Operation, response: &Response) -> String {
        let object = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}});
        let mut terminal = Terminal::new(operation);
        terminal.object(&object, &json!({"namespace": "shop"}), response);
        terminal.object(&json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "a"}}), &json!({}), response);
        terminal.request(response);
        terminal.output().text
    }

    #[test]
    fn accepted() {
        let response = Response { accepted: true, warnings: vec!["a".into(), "b".into()], ..Response::default() };
        let warnings = "Warning: a\nWarning: b\n";
        for (operation, done) in [
            (Operation::Create, "deployment.apps/web created\nnode/a created\n"),
            (Operation::Update, "deployment.apps/web replaced\nnode/a replaced\n"),
            (Operation::Delete, "deployment.apps \"web\" deleted from shop namespace\nnode \"a\" deleted\n"),
        ] {
            assert_eq!(printed(operation, &response), format!("{warnings}{done}"));
        }
    }

    #[test]
    fn refused() {
        let response =
            Response { message: Some("no\n1) why".into()), warnings: vec!["a".into()], ..Response::default() };
        let denied =
            "admission webhook \"clusterwide-entra-auth-policy.kubewarden.admission\" denied the request: no\n1) why\n";
        let file = format!("Error from server: error when creating \"manifest.yaml\": {denied}");
        assert_eq!(
            printed(Operation::Create, &response),
            format!("Warning: a\n{file}{file}Error from server: {denied}")
        );
    }

    #[test]
    fn the_webhook_is_that_of_the_manifests() {
        let manifest = include_str!("../../deploy/02-protect.yaml");
        let name = WEBHOOK.strip_prefix("clusterwide-").and_then(|name| name.strip_suffix(".kubewarden.admission"));
        assert!(manifest.contains(&format!("kind: ClusterAdmissionPolicy\nmetadata:\n  name: {}\n", name.unwrap())));
    }
}
