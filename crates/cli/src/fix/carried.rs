//! The fixes that reports carry: each alone, in the file of its finding.
//!
//! A report is published, so it must not hold more of a file than it changes. Fixes of Secrets and those that repeat a
//! credential are left out, and those of long lines, where a change of two places would repeat what is between them.

use super::engine::located;
use super::patch::replacements;
use super::secrets::hides;
use crate::evaluate::Evaluator;
use crate::files::locked;
use crate::inputs::Source;
use crate::record::Fixable;
use crate::report::is_shown;
use admission::{ObjectKey, object_key};
use entra_auth_policy::Evaluation;
use entra_auth_policy::verdict::Decision;
use fixes::{Edit, Fix, Input, Safety, fixes_in, may_leave};
use manifest::{Document, Edits, Form, ManifestObject, Position, apply_changes, edit_document};
use serde_json::Value;
use std::collections::BTreeMap;

/// A fix as changes of a text.
#[derive(Clone, Debug)]
pub struct Carried {
    pub title: String,
    pub changes: Vec<Change>,
}

/// Text that replaces what is between two positions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub start: Position,
    pub end: Position,
    pub text: String,
}

/// A line that is longer can be a whole document.
const LONGEST_LINE: usize = 400;

/// Findings of an object whose fixes are tried to count them.
const MOST_TRIED: usize = 20;

/// What the fixes of a file need to know of it.
pub(crate) struct Carrier<'t> {
    text: &'t str,
    accounts: Vec<Value>,
    /// `entra-auth fix` changes the file.
    is_open: bool,
}

impl<'t> Carrier<'t> {
    /// Of the other objects of the input, fixes read service accounts, so only those are kept.
    pub(crate) fn new(source: &Source, text: &'t str, documents: &[Document<'_>]) -> Carrier<'t> {
        let documents = documents.iter().filter(|document| document.text.contains("ServiceAccount"));
        let objects = documents.filter_map(|document| document.objects().ok()).flatten().flatten();
        let accounts = objects.map(|object| object.value).filter(|object| object["kind"] == "ServiceAccount");
        Carrier {
            text,
            accounts: accounts.collect(),
            is_open: source.path().is_some() && locked(source, text).is_none(),
        }
    }

    /// How many findings have a fix.
    pub(crate) fn fixable(
        &self,
        source: &Source,
        object: &ManifestObject,
        evaluation: &Evaluation,
        evaluator: &Evaluator<'_>,
    ) -> Fixable {
        let mut fixable = Fixable::default();
        if !self.is_open || object.form != Form::Object {
            return fixable;
        }
        let input = Input::of(&self.accounts);
        // An object can have thousands of findings, and each fix is an evaluation of the object.
        let findings = evaluation.findings.iter().filter(|finding| is_shown(finding, false)).take(MOST_TRIED);
        for finding in findings {
            let fixes = fixes_in(&located(finding), &object.value, &input);
            // The best is the first.
            let helping = fixes.iter().find(|fix| {
                let after = changed(object, fix).map(|(after, _)| evaluator.try_out(&source.name, &after));
                after.is_some_and(|after| helps(finding, fix, &evaluation.findings, &after.findings))
            });
            match helping.map(|fix| fix.safety) {
                Some(Safety::Safe) => fixable.safe += 1,
                Some(Safety::Suggested) => fixable.suggested += 1,
                None => {}
            }
        }
        fixable
    }

    /// The best fix of each finding, if it can be carried.
    pub(crate) fn fixes(
        &self,
        source: &Source,
        (index, document): (usize, &Document<'_>),
        object: &ManifestObject,
        evaluation: &Evaluation,
        evaluator: &Evaluator<'_>,
    ) -> Vec<Option<Carried>> {
        if object.form != Form::Object || object.value["kind"] == "Secret" {
            return Vec::new();
        }
        let input = Input::of(&self.accounts);
        let of_finding = |finding: &Decision| {
            is_shown(finding, false).then_some(())?;
            let fix = fixes_in(&located(finding), &object.value, &input).into_iter().next()?;
            if hides(&object.value, &fix.edits) {
                return None;
            }
            let (after, Edits { changes: own, new, .. }) = changed(object, &fix)?;
            let after = evaluator.try_out(&source.name, &after);
            helps(finding, &fix, &evaluation.findings, &after.findings).then_some(())?;
            let edits = Edits { document: index, changes: own, new };
            let edited = edit_document(self.text, document, &edits).ok()?;
            Some(Carried { title: fix.title, changes: changes(document, &edited)? })
        };
        evaluation.findings.iter().map(of_finding).collect()
    }
}

/// The object after a fix of it alone, and the edits of its text. Nothing if the fix changes other objects.
fn changed(object: &ManifestObject, fix: &Fix) -> Option<(ManifestObject, Edits)> {
    let (mut own, mut new) = (Vec::new(), Vec::new());
    for edit in &fix.edits {
        match edit {
            Edit::Own(change) => own.push(change.clone()),
            Edit::New { value } => new.push(value.clone()),
            Edit::Other { .. } => return None,
        }
    }
    let after = ManifestObject { value: apply_changes(&object.value, &own).ok()?, ..object.clone() };
    Some((after, Edits { changes: vec![(object.pointer.clone(), own)], new, ..Edits::default() }))
}

/// How much the best fix of a finding decides, of those that help alone: a safe one, which `fix` makes, else one that it
/// makes with `--suggested`.
pub(crate) fn offered(
    finding: &Decision,
    findings: &[Decision],
    object: &ManifestObject,
    accounts: &Accounts<'_>,
    evaluator: &Evaluator<'_>,
) -> Option<Safety> {
    let evaluated = |value: Value| {
        let object = ManifestObject { value, form: Form::Object, pointer: String::new() };
        evaluator.evaluate("", &object).ok().map(|(evaluation, _)| evaluation.findings)
    };
    // The findings of an object with all changes that a fix makes in it.
    let changed = |value: &Value, changes: &[manifest::Change]| evaluated(apply_changes(value, changes).ok()?);
    let resolves = |fix: &&Fix| {
        let (mut own, mut others) = (Vec::new(), BTreeMap::new());
        let mut new = Vec::new();
        for edit in &fix.edits {
            match edit {
                Edit::Own(change) => own.push(change.clone()),
                Edit::New { value } => new.push(value),
                Edit::Other { key, edit } => others.entry(key).or_insert_with(Vec::new).push(edit.clone()),
            }
        }
        let others_stay = || {
            others.into_iter().all(|(key, changes)| {
                let Some(before) = accounts.by_key.get(key) else { return false };
                let (before, after) = (evaluated((*before).clone()), changed(before, &changes));
                before.zip(after).is_some_and(|(before, after)| {
                    after.iter().all(|found| count(&after, found.rule.id) <= count(&before, found.rule.id))
                })
            })
        };
        let new_are_clean = || {
            new.into_iter().all(|value| {
                evaluated(value.clone()).is_some_and(|found| {
                    found.iter().all(|left| !is_shown(left, false) || may_leave(finding.rule.id, left.rule.id))
                })
            })
        };
        changed(&object.value, &own).is_some_and(|after| helps(finding, fix, findings, &after))
            && others_stay()
            && new_are_clean()
    };
    fixes_in(&located(finding), &object.value, &accounts.input).iter().filter(resolves).map(|fix| fix.safety).min()
}

/// The service accounts of an input, which fixes read and change.
pub(crate) struct Accounts<'a> {
    input: Input<'a>,
    by_key: BTreeMap<ObjectKey, &'a Value>,
}

impl<'a> Accounts<'a> {
    pub(crate) fn of(accounts: &'a [Value]) -> Accounts<'a> {
        let by_key = accounts.iter().filter_map(|account| Some((object_key(account)?, account))).collect();
        Accounts { input: Input::of(accounts), by_key }
    }
}

fn count(findings: &[Decision], rule: &str) -> usize {
    findings.iter().filter(|found| found.rule.id == rule && is_shown(found, false)).count()
}

/// Whether the finding is gone and no other is new.
fn helps(finding: &Decision, fix: &Fix, before: &[Decision], after: &[Decision]) -> bool {
    let rule = finding.rule.id;
    let is_allowed = |left: &str| fix.safety == Safety::Suggested && may_leave(rule, left);
    count(after, rule) < count(before, rule)
        && after.iter().all(|found| {
            let left = found.rule.id;
            count(after, left) <= count(before, left) || is_allowed(left)
        })
}

/// The changes of the lines of a document, without what they have in common with the lines before.
fn changes(document: &Document<'_>, edited: &str) -> Option<Vec<Change>> {
    let lines: Vec<&str> = document.text.split_inclusive('\n').collect();
    let position = |line: usize, column: usize| Position {
        line: document.line + line,
        column: if line == 0 { document.column + column } else { column + 1 },
    };
    let of_lines = |found: super::patch::Replacement| {
        let before = lines.get(found.start..found.end)?;
        if before.iter().chain([&&*found.text]).any(|line| line.lines().any(|line| line.len() > LONGEST_LINE)) {
            return None;
        }
        let old: Vec<char> = before.concat().chars().collect();
        let new: Vec<char> = found.text.chars().collect();
        let first = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
        let (old_rest, new_rest) = (old.get(first..)?, new.get(first..)?);
        let last = old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(old, new)| old == new).count();
        let at = |characters: &[char]| {
            let line = characters.iter().filter(|c| **c == '\n').count();
            let column = characters.iter().rev().take_while(|c| **c != '\n').count();
            position(found.start + line, column)
        };
        Some(Change {
            start: at(old.get(..first)?),
            end: at(old.get(..old.len() - last)?),
            text: new_rest.get(..new_rest.len() - last)?.iter().collect(),
        })
    };
    replacements(document.text, edited).into_iter().map(of_lines).collect()
}
