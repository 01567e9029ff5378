//! Makes fixes: edits of values, which the page repeats in its text. A fix that does not help is not made.

use crate::check::{Found, Question, Request, best_fix, objects, parse, title, values};
use admission::{ObjectKey, object_key};
use entra_auth_policy::Evaluation;
use entra_auth_policy::verdict::Action;
use fixes::{Edit, Fix, Input, Safety, may_leave};
use manifest::{Change, Form, ManifestObject, in_order};
use serde::Serialize;
use serde_json::Value;

#[derive(Default, Serialize)]
pub(crate) struct Fixed {
    documents: Vec<Changed>,
    /// Objects to append as documents.
    new: Vec<Value>,
    done: Vec<Made>,
    /// What was wanted and does not help.
    left: Vec<Made>,
}

/// The changes of a document, one after the other, with pointers from the document, and what they lead to.
#[derive(Serialize)]
struct Changed {
    document: usize,
    changes: Vec<Change>,
    value: Value,
}

#[derive(Clone, Serialize)]
struct Made {
    object: String,
    rule: &'static str,
    title: String,
    safety: Safety,
    /// Why it was not made.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// The documents, what is in them, and what the policy says about it.
struct State {
    documents: Vec<Value>,
    found: Vec<Found>,
    evaluations: Vec<Option<Evaluation>>,
}

/// A fix of the finding of an object.
struct Pick {
    object: usize,
    /// With the path, what a fix that was left out is known by.
    made: Made,
    path: String,
    fix: Fix,
}

pub(crate) fn fix(question: &Question<'_>) -> Result<Fixed, String> {
    let request = Request::read(question)?;
    // An unreadable document stays as it is, and counts.
    let documents: Vec<Value> = question.documents.iter().map(|text| parse(text).unwrap_or_default()).collect();
    let given = documents.len();
    let mut state = State::of(documents, &request);
    let mut changes: Vec<(usize, Change)> = Vec::new();
    let mut fixed = Fixed::default();
    let mut useless = Vec::new();
    loop {
        let picks = state.picks(question.finding, &useless);
        // As many at once as help together. One that does not help is left out, and found in steps of one half.
        let mut count = picks.len();
        let (after, made) = loop {
            let some = picks.get(..count).unwrap_or_default();
            let Some(first) = some.first() else { return Ok(fixed.with(state, given, changes)) };
            match state.after(some, &request) {
                Ok((after, more)) => {
                    changes.extend(more);
                    break (Some(after), some);
                }
                Err(_) if count > 1 => count /= 2,
                Err(reason) => {
                    useless.push((first.object, first.made.rule, first.path.clone()));
                    fixed.left.push(Made { reason: Some(reason), ..first.made.clone() });
                    break (None, &[]);
                }
            }
        };
        fixed.done.extend(made.iter().map(|pick| pick.made.clone()));
        state = after.unwrap_or(state);
        if question.finding.is_some() {
            return Ok(fixed.with(state, given, changes));
        }
    }
}

impl Fixed {
    fn with(mut self, state: State, given: usize, changes: Vec<(usize, Change)>) -> Self {
        for (document, value) in state.documents.into_iter().enumerate() {
            let own = changes.iter().filter(|(of, _)| *of == document).map(|(_, change)| change.clone());
            match own.collect::<Vec<_>>() {
                _ if document >= given => self.new.push(value),
                changes if changes.is_empty() => {}
                changes => self.documents.push(Changed { document, changes, value }),
            }
        }
        self
    }
}

impl State {
    fn of(documents: Vec<Value>, request: &Request<'_>) -> Self {
        let all = documents.iter().enumerate();
        let found: Vec<Found> =
            all.flat_map(|(at, value)| objects(value.clone()).into_iter().map(move |one| (at, one))).collect();
        let evaluations = request.evaluate(&found).into_iter().map(|both| Some(both?.1)).collect();
        State { documents, found, evaluations }
    }

    fn object(&self, at: usize) -> Option<(usize, &ManifestObject)> {
        let (document, object) = self.found.get(at)?;
        Some((*document, object.as_ref().ok()?))
    }

    /// The fix of the finding that is asked for, or every safe one.
    fn picks(&self, wanted: Option<(usize, usize)>, useless: &[(usize, &'static str, String)]) -> Vec<Pick> {
        let values = values(&self.found);
        let input = Input::of(&values);
        let mut picks = Vec::new();
        for (object, evaluation) in self.evaluations.iter().enumerate() {
            let Some((_, manifest)) = self.object(object) else { continue };
            for (at, finding) in evaluation.iter().flat_map(|evaluation| &evaluation.findings).enumerate() {
                let (rule, path) = (finding.rule.id, finding.location.path.clone());
                let key = (object, rule, path);
                if wanted.is_some_and(|wanted| wanted != (object, at)) || useless.contains(&key) {
                    continue;
                }
                let Some(fix) = best_fix(manifest, finding, &input) else { continue };
                if wanted.is_some() || fix.safety == Safety::Safe {
                    let made = Made {
                        object: title(manifest),
                        rule,
                        title: fix.title.clone(),
                        safety: fix.safety,
                        reason: None,
                    };
                    picks.push(Pick { object, made, path: key.2, fix });
                }
            }
        }
        picks
    }

    /// The state with all of the fixes, and the changes of documents that lead there.
    fn after(&self, picks: &[Pick], request: &Request<'_>) -> Result<(State, Vec<(usize, Change)>), String> {
        let key = |object: &ManifestObject| object_key(&object.value).filter(|_| object.form == Form::Object);
        let find = |wanted: &ObjectKey| {
            (0..self.found.len())
                .find(|at| self.object(*at).is_some_and(|(_, object)| key(object).as_ref() == Some(wanted)))
        };
        let mut by_object = vec![Vec::new(); self.found.len()];
        let mut documents = self.documents.clone();
        for pick in picks {
            for edit in &pick.fix.edits {
                let (at, change) = match edit {
                    Edit::Own(change) => (pick.object, change),
                    Edit::Other { key, edit } => {
                        (find(key).ok_or_else(|| format!("{} {} is not in the input", key.1, key.3))?, edit)
                    }
                    // It is here already, perhaps with more in it.
                    Edit::New { value } if object_key(value).is_some_and(|key| find(&key).is_some()) => continue,
                    Edit::New { value } => {
                        if !documents.iter().skip(self.documents.len()).any(|known| known == value) {
                            documents.push(value.clone());
                        }
                        continue;
                    }
                };
                if let Some(changes) = by_object.get_mut(at) {
                    changes.push(change.clone());
                }
            }
        }
        let mut made = Vec::new();
        for (at, changes) in by_object.iter().enumerate() {
            let Some((document, object)) = self.object(at) else { continue };
            for change in in_order(changes).map_err(|error| error.to_string())? {
                let change = below(&object.pointer, change);
                let value = documents.get_mut(document).ok_or("no such document")?;
                change.apply(value).map_err(|error| error.to_string())?;
                made.push((document, change));
            }
        }
        let after = State::of(documents, request);
        match self.fault(&after, picks) {
            None => Ok((after, made)),
            Some(reason) => Err(reason),
        }
    }

    /// Why the fixes do not help: a finding is still there, or another one is new. Findings are counted, because a change
    /// of a list moves others.
    fn fault(&self, after: &State, picks: &[Pick]) -> Option<String> {
        for (at, evaluation) in after.evaluations.iter().enumerate() {
            // New objects follow those that were there.
            let before = self.evaluations.get(at);
            for finding in evaluation.iter().flat_map(|evaluation| &evaluation.findings) {
                let rule = finding.rule.id;
                let own = picks.iter().filter(|pick| pick.object == at && pick.made.rule == rule).count();
                let grows = |denied| {
                    let gone = if denied { 0 } else { own };
                    count(Some(evaluation), rule, denied) + gone > count(before, rule, denied)
                };
                if own > 0 && grows(false) {
                    return Some("the finding would still be there".to_owned());
                }
                let may_stay = |pick: &Pick| pick.made.safety == Safety::Suggested && may_leave(pick.made.rule, rule);
                if (grows(false) || grows(true)) && !picks.iter().any(may_stay) {
                    return Some(format!("it would lead to {rule}"));
                }
            }
        }
        None
    }
}

/// The number of findings of a rule that deny or warn, or only of those that deny.
fn count(evaluation: Option<&Option<Evaluation>>, rule: &str, denied: bool) -> usize {
    let findings = evaluation.into_iter().flatten().flat_map(|evaluation| &evaluation.findings);
    let counts = |action: &Action| matches!(action, Action::Deny) || !denied && matches!(action, Action::Warn);
    findings.filter(|finding| finding.rule.id == rule && counts(&finding.action)).count()
}

/// The change, from the document that the object is in.
fn below(above: &str, change: &Change) -> Change {
    let mut change = change.clone();
    let (Change::Set { pointer, .. } | Change::Remove { pointer } | Change::Rename { pointer, .. }) = &mut change;
    pointer.insert_str(0, above);
    change
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    fn labelled(name: &str, value: &str) -> Value {
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": "shop"}, "spec": {
            "template": {"metadata": {"labels": {"azure.workload.identity/use": value}}, "spec": {
                "serviceAccountName": name, "containers": [{"name": "web", "image": "web"}]}}}})
    }

    fn account(name: &str) -> Value {
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": "shop",
            "annotations": {"azure.workload.identity/client-id": "7d8cdf74-5f1d-4e6c-9c31-274d963d358b"}}})
    }

    fn ask(documents: &[Value], more: &Value) -> Value {
        let mut question = json!({"settings": {}, "now": 0, "documents": documents});
        for (key, value) in more.as_object().unwrap() {
            question[key] = value.clone();
        }
        let answer: Value = serde_json::from_str(&crate::fix(&question.to_string())).unwrap();
        assert!(answer["error"].is_null(), "{answer}");
        answer
    }

    const LABEL: &str = "/spec/template/metadata/labels/azure.workload.identity~1use";

    #[test]
    fn all_safe_fixes_are_made_in_documents_and_lists() {
        let list = json!({"apiVersion": "v1", "kind": "List", "items": [account("a"), labelled("a", "True")]});
        let answer = ask(&[labelled("b", "TRUE"), account("b"), list], &json!({}));
        let documents = answer["documents"].as_array().unwrap();
        assert_eq!(documents.len(), 2, "{answer}");
        assert_eq!(documents[0]["changes"], json!([{"change": "set", "pointer": LABEL, "value": "true"}]));
        assert_eq!(documents[0]["value"], labelled("b", "true"));
        assert_eq!(documents[1]["document"], 2);
        assert_eq!(documents[1]["changes"][0]["pointer"], format!("/items/1{LABEL}"));
        assert_eq!(documents[1]["value"]["items"][1], labelled("a", "true"));
        assert_eq!(answer["done"].as_array().unwrap().len(), 2);
        assert_eq!(answer["done"][0]["object"], "Deployment shop/b");
        assert!(answer["new"].as_array().unwrap().is_empty() && answer["left"].as_array().unwrap().is_empty());
        // Nothing is left to do.
        let again = ask(&[documents[0]["value"].clone(), documents[1]["value"].clone()], &json!({}));
        assert!(again["documents"].as_array().unwrap().is_empty(), "{again}");
    }

    #[test]
    fn one_finding_is_fixed_also_by_a_suggestion() {
        let binding = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
            "metadata": {"name": "team", "namespace": "shop"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "system:anonymous"}]});
        let documents = [labelled("a", "True"), binding];
        assert_eq!(ask(&documents, &json!({}))["done"].as_array().unwrap().len(), 1);
        let answer = ask(&documents, &json!({"finding": [1, 0]}));
        assert_eq!(answer["done"][0]["safety"], "suggested");
        assert_eq!(answer["documents"][0]["changes"], json!([{"change": "remove", "pointer": "/subjects/0"}]));
        assert_eq!(answer["documents"][0]["value"]["subjects"], json!([]));
        let none = ask(&documents, &json!({"finding": [7, 0]}));
        assert!(none["done"].as_array().unwrap().is_empty() && none["documents"].as_array().unwrap().is_empty());
    }

    #[test]
    fn a_request_is_not_edited() {
        let request = json!({"kind": {"group": "apps", "version": "v1", "kind": "Deployment"}, "operation": "CREATE",
            "object": labelled("a", "True")});
        assert!(ask(&[request], &json!({}))["documents"].as_array().unwrap().is_empty());
    }
}
