//! Answers a question: documents to objects, objects to requests, requests to verdicts.

use crate::kubectl::{self, FILE, Terminal};
use admission::cluster::ManifestCluster;
use admission::{Identity, object_key, payload, request};
use entra_auth_policy::lookup::{Cluster, LookupError, Query};
use entra_auth_policy::message::Response;
use entra_auth_policy::object::Title;
use entra_auth_policy::settings::Date;
use entra_auth_policy::verdict::{Action, Decision};
use entra_auth_policy::{Evaluation, Host, evaluate};
use manifest::{Document, Form, ManifestObject};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use text::shown;

/// A question from the page.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Question<'q> {
    /// Read one by one, so that an unreadable one does not affect the others.
    #[serde(borrow)]
    pub documents: Vec<&'q RawValue>,
    #[serde(borrow)]
    settings: &'q RawValue,
    #[serde(default)]
    operation: Operation,
    /// The state before an UPDATE; each is matched to its document by kind and name.
    #[serde(default, borrow)]
    old: Vec<&'q RawValue>,
    #[serde(default)]
    user: Option<User>,
    /// Seconds since 1970: a module in a browser has no clock.
    now: u64,
    /// How look-ups fail, to try the messages. By default the documents are the cluster.
    #[serde(default)]
    cluster: Option<Failure>,
    /// What to fix: a finding, by the index of its object and its own; all that is safe if there is none.
    #[serde(default)]
    pub finding: Option<(usize, usize)>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Operation {
    #[default]
    Create,
    Update,
    Delete,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct User {
    username: String,
    #[serde(default)]
    groups: Vec<String>,
    #[serde(default)]
    oid: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Failure {
    NotGranted,
    Refused,
    NotFound,
    Failed,
}

#[derive(Serialize)]
pub(crate) struct Answer {
    objects: Vec<EvaluatedObject>,
    /// The output of kubectl for all of them.
    kubectl: kubectl::Output,
}

#[derive(Serialize)]
struct EvaluatedObject {
    /// Index of the document, and the JSON Pointer from it to the object.
    document: usize,
    pointer: String,
    #[serde(flatten)]
    outcome: Outcome,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Outcome {
    Error {
        error: String,
    },
    Verdict {
        title: String,
        /// What an exemption of the object names; nothing if no exact name covers it.
        #[serde(skip_serializing_if = "Option::is_none")]
        names: Option<Names>,
        requester: &'static str,
        response: Response,
        findings: Vec<Finding>,
    },
}

#[derive(Serialize)]
struct Names {
    /// With its group, unless that is the core group.
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    name: String,
}

#[derive(Serialize)]
struct Finding {
    rule: &'static str,
    severity: &'static str,
    action: &'static str,
    /// The reason of the exemption.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    path: String,
    /// Within the object.
    pointer: String,
    message: String,
    fix: String,
    /// The edits that the page can make, if there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    offer: Option<Offer>,
}

#[derive(Serialize)]
struct Offer {
    safety: fixes::Safety,
    title: String,
}

/// What a question is evaluated with, whatever its documents have become.
pub(crate) struct Request<'q> {
    question: &'q Question<'q>,
    settings: Value,
    old: Vec<Value>,
    identity: Option<Identity>,
}

/// An object, or why there is none, with the index of its document.
pub(crate) type Found = (usize, Result<ManifestObject, String>);

impl<'q> Request<'q> {
    pub(crate) fn read(question: &'q Question<'q>) -> Result<Self, String> {
        let settings = parse(question.settings).map_err(|error| format!("the settings are unreadable: {error}"))?;
        let old = question.old.iter().filter_map(|text| parse(text).ok()).flat_map(objects);
        let old = old.filter_map(|old| Some(old.ok()?.value)).collect();
        let identity = question.user.as_ref().map(|user| Identity {
            username: user.username.clone(),
            groups: user.groups.clone(),
            oid: user.oid.clone(),
        });
        Ok(Request { question, settings, old, identity })
    }

    /// The objects of the documents, lists split.
    fn found(&self) -> Vec<Found> {
        let documents = self.question.documents.iter().map(|text| match parse(text) {
            Ok(value) => objects(value),
            Err(error) => vec![Err(error)],
        });
        documents.enumerate().flat_map(|(at, all)| all.into_iter().map(move |one| (at, one))).collect()
    }

    /// The request and the evaluation of every object that could be read. The objects are the cluster.
    pub(crate) fn evaluate(&self, found: &[Found]) -> Vec<Option<(Value, Evaluation)>> {
        let mut given = ManifestCluster::default();
        let readable = found.iter().filter_map(|(_, object)| object.as_ref().ok());
        let kept = readable.filter_map(|object| ManifestCluster::pick(FILE, object));
        kept.for_each(|object| given.keep(object));
        let given = given.seen_from(FILE);
        let host = Host {
            today: &|| Date::from_unix_seconds(self.question.now),
            cluster: self.question.cluster.as_ref().map_or(&given as &dyn Cluster, |failure| failure),
        };
        let evaluate = |(_, object): &Found| {
            let object = object.as_ref().ok()?;
            let request = admission_request(object, self.question.operation, &self.old, self.identity.as_ref());
            let evaluation = evaluate(&payload(&request, &self.settings), &host);
            Some((request, evaluation))
        };
        found.iter().map(evaluate).collect()
    }
}

pub(crate) fn check(question: &Question<'_>) -> Result<Answer, String> {
    let request = Request::read(question)?;
    let found = request.found();
    let evaluations = request.evaluate(&found);
    let values = values(&found);
    let input = fixes::Input::of(&values);
    let mut terminal = Terminal::new(question.operation);
    let mut evaluated = Vec::new();
    for ((document, object), evaluation) in found.iter().zip(evaluations) {
        let (pointer, outcome) = match (object, evaluation) {
            (Ok(object), Some((request, evaluation))) => {
                match object.form {
                    Form::Object => terminal.object(&object.value, &request, &evaluation.response),
                    Form::Request => terminal.request(&evaluation.response),
                }
                (object.object_pointer(), verdict(object, evaluation, &input))
            }
            (object, _) => {
                (String::new(), Outcome::Error { error: object.as_ref().err().cloned().unwrap_or_default() })
            }
        };
        evaluated.push(EvaluatedObject { document: *document, pointer, outcome });
    }
    Ok(Answer { objects: evaluated, kubectl: terminal.output() })
}

/// All objects of the input, for the fixes that look at others.
pub(crate) fn values(found: &[Found]) -> Vec<Value> {
    found.iter().filter_map(|(_, object)| Some(object.as_ref().ok()?.object().clone())).collect()
}

/// The best fix of a finding. Admission requests are not edited.
pub(crate) fn best_fix(object: &ManifestObject, finding: &Decision, input: &fixes::Input<'_>) -> Option<fixes::Fix> {
    let is_shown = matches!(finding.action, Action::Deny | Action::Warn);
    if object.form == Form::Request || !is_shown {
        return None;
    }
    let (rule, pointer) = (finding.rule.id, &finding.location.pointer);
    let located = fixes::Located { rule, pointer, message: &finding.message };
    fixes::fixes_in(&located, &object.value, input).into_iter().next()
}

impl Cluster for Failure {
    fn get(&self, _: &Query<'_>) -> Result<String, LookupError> {
        Err(match self {
            Failure::NotGranted => LookupError::NotGranted,
            Failure::Refused => LookupError::Refused,
            Failure::NotFound => LookupError::NotFound,
            Failure::Failed => LookupError::Failed,
        })
    }
}

pub(crate) fn parse(text: &RawValue) -> Result<Value, String> {
    serde_json::from_str(text.get()).map_err(|_| "nested too deeply".to_owned())
}

/// The objects of one document, lists split.
pub(crate) fn objects(value: Value) -> Vec<Result<ManifestObject, String>> {
    // The page knows the positions in the text.
    let document = Document::whole("");
    document.objects_of(value).into_iter().map(|object| object.map_err(|fault| fault.text)).collect()
}

/// The request that the API server would send for the object.
fn admission_request(
    object: &ManifestObject,
    operation: Operation,
    old: &[Value],
    identity: Option<&Identity>,
) -> Value {
    if object.form == Form::Request {
        let mut request = object.value.clone();
        if let Some(identity) = identity {
            request["userInfo"] = identity.user_info();
        }
        return request;
    }
    let operation = match operation {
        Operation::Create => admission::Change::Create,
        Operation::Update => admission::Change::Update(before(&object.value, old)),
        Operation::Delete => {
            let mut request = request(&object.value, &admission::Change::Update(object.value.clone()), identity);
            request["operation"] = json!("DELETE");
            request["object"] = Value::Null;
            return request;
        }
    };
    request(&object.value, &operation, identity)
}

/// The old state of an object, matched by name. Null if there is none.
fn before(object: &Value, old: &[Value]) -> Value {
    let group =
        |object: &Value| object["apiVersion"].as_str().and_then(|version| Some(version.split_once('/')?.0.to_owned()));
    let is_same = |old: &&Value| {
        group(old) == group(object)
            && old["kind"] == object["kind"]
            && ["name", "namespace"].into_iter().all(|key| old["metadata"][key] == object["metadata"][key])
    };
    old.iter().find(is_same).cloned().unwrap_or_default()
}

fn verdict(object: &ManifestObject, evaluation: Evaluation, input: &fixes::Input<'_>) -> Outcome {
    let findings = evaluation.findings.into_iter().map(|found| Finding {
        offer: best_fix(object, &found, input).map(|fix| Offer { safety: fix.safety, title: fix.title }),
        rule: found.rule.id,
        severity: found.severity.as_str(),
        action: found.action.as_str(),
        reason: match found.action {
            Action::Exempt(reason) => Some(reason.to_string()),
            _ => None,
        },
        path: found.location.path,
        pointer: found.location.pointer,
        message: found.message,
        fix: found.remediation.into_owned(),
    });
    Outcome::Verdict {
        title: title(object),
        names: names(object),
        requester: evaluation.requester.as_str(),
        findings: findings.collect(),
        response: evaluation.response,
    }
}

fn names(object: &ManifestObject) -> Option<Names> {
    let (_, kind, namespace, name) = object_key(&object.value).filter(|_| object.form == Form::Object)?;
    let kind = match object.value["apiVersion"].as_str()?.split_once('/') {
        Some((group, _)) => format!("{kind}.{group}"),
        None => kind,
    };
    // A `*` in a name would cover other names too.
    let is_exact = [&kind, &name].into_iter().chain(&namespace).all(|text| !text.contains('*'));
    is_exact.then_some(Names { kind, namespace, name })
}

/// `Deployment shop/checkout`.
pub(crate) fn title(object: &ManifestObject) -> String {
    let value = object.object();
    let text = |value: &Value| shown(value.as_str().unwrap_or_default()).into_owned();
    let (kind, name) = (text(&value["kind"]), kubectl::name(value));
    Title { kind: &kind, namespace: &text(&value["metadata"]["namespace"]), name: &name }.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BINDING: &str = r#"{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":{"name":"team","namespace":"shop"},
        "roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"view"},
        "subjects":[{"apiGroup":"rbac.authorization.k8s.io","kind":"User","name":"system:anonymous"}]}"#;
    const DEPLOYMENT: &str = r#"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"spec":{"template":{
        "metadata":{"labels":{"azure.workload.identity/use":"true"}},"spec":{"serviceAccountName":"web","containers":[{"name":"web","image":"web"}]}}}}"#;
    const ACCOUNT: &str =
        r#"{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"web","namespace":"default"}}"#;

    fn ask(documents: &[&str], more: &str) -> Value {
        let documents = documents.join(",");
        let answer = crate::check(&format!(r#"{{"settings":{{}},"now":0,"documents":[{documents}]{more}}}"#));
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert!(answer["error"].is_null(), "{answer}");
        answer
    }

    fn rules(object: &Value) -> Vec<&str> {
        object["findings"].as_array().unwrap().iter().map(|finding| finding["rule"].as_str().unwrap()).collect()
    }

    #[test]
    fn findings_come_with_their_places() {
        let list = format!(r#"{{"apiVersion":"v1","kind":"List","items":[{ACCOUNT},{BINDING}]}}"#);
        let answer = ask(&[ACCOUNT, &list], "");
        let last = &answer["objects"][2];
        assert_eq!((last["document"].as_u64(), last["pointer"].as_str()), (Some(1), Some("/items/1")));
        assert_eq!(last["title"], "RoleBinding shop/team");
        assert_eq!(last["response"]["accepted"], false);
        assert_eq!(rules(last)[0], "binding-anonymous");
        let names = json!({"kind": "RoleBinding.rbac.authorization.k8s.io", "namespace": "shop", "name": "team"});
        assert_eq!(last["names"], names);
        assert_eq!(last["findings"][0]["pointer"], "/subjects/0");
        assert_eq!(last["findings"][0]["action"], "deny");
    }

    #[test]
    fn one_document_that_cannot_be_read_spares_the_others() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let answer = ask(&[&deep, "1", r#"{"kind":"Pod"}"#, "null", ACCOUNT], "");
        let errors: Vec<_> =
            answer["objects"].as_array().unwrap().iter().map(|object| object["error"].as_str()).collect();
        assert_eq!(errors.len(), 4);
        assert_eq!(errors[0], Some("nested too deeply"));
        assert!(errors[1].is_some() && errors[2].unwrap().contains("apiVersion") && errors[3].is_none(), "{errors:?}");
    }

    #[test]
    fn the_documents_are_the_cluster() {
        let lookups = r#","settings":{"clusterLookups":true}"#;
        let ask = |documents: &[&str], more: &str| {
            let documents = documents.join(",");
            let answer = crate::check(&format!(r#"{{"now":0,"documents":[{documents}]{lookups}{more}}}"#));
            serde_json::from_str::<Value>(&answer).unwrap()
        };
        let answer = ask(&[DEPLOYMENT, ACCOUNT], "");
        assert_eq!(rules(&answer["objects"][0]), ["workload-identity-no-client-id"]);
        let annotated = ACCOUNT.replace(
            r#""name""#,
            r#""annotations":{"azure.workload.identity/client-id":"7d8cdf74-5f1d-4e6c-9c31-274d963d358b"},"name""#,
        );
        assert!(rules(&ask(&[DEPLOYMENT, &annotated], "")["objects"][0]).is_empty());
        let refused = ask(&[DEPLOYMENT, ACCOUNT], r#","cluster":"refused""#);
        assert!(
            refused["objects"][0]["findings"][0]["message"].as_str().unwrap().starts_with("could not check"),
            "{refused}"
        );
    }

    #[test]
    fn what_was_there_before_only_warns() {
        assert_eq!(ask(&[BINDING], r#","operation":"UPDATE""#)["objects"][0]["response"]["accepted"], false);
        let answer = ask(&[BINDING], &format!(r#","operation":"UPDATE","old":[{DEPLOYMENT},{BINDING}]"#));
        assert_eq!(answer["objects"][0]["response"]["accepted"], true, "{answer}");
        assert_eq!(ask(&[BINDING], r#","operation":"DELETE""#)["objects"][0]["response"]["accepted"], true);
    }

    #[test]
    fn somebody_asks() {
        let jane =
            r#","user":{"username":"jane@contoso.com","groups":["a"],"oid":"0f8fad5b-d9cb-469f-a165-70867728950e"}"#;
        assert_eq!(ask(&[BINDING], jane)["objects"][0]["requester"], "entra");
        let request = format!(
            r#"{{"kind":{{"group":"","version":"v1","kind":"ServiceAccount"}},"operation":"CREATE","object":{ACCOUNT}}}"#
        );
        let answer = ask(&[&request], jane);
        assert_eq!(answer["objects"][0]["requester"], "entra");
        assert_eq!(answer["objects"][0]["pointer"], "/object");
        assert_eq!(ask(&[&request], "")["objects"][0]["requester"], "absent");
    }
}
