//! From findings to edited texts: which fixes fit together, and whether what they lead to is better.
//!
//! ```text
//! sheets ─► findings ─► fixes ─► edited texts ─► findings again ─► drop what does not help, and again
//! ```

use super::compare::useless;
use super::secrets::hides;
use crate::evaluate::Evaluator;
use crate::inputs::Source;
use crate::lookups;
use crate::report::is_shown;
use crate::title::Title;
use admission::{ObjectKey, object_key};
use anyhow::{Result, anyhow};
use entra_auth_policy::settings::Date;
use entra_auth_policy::verdict::Decision;
use fixes::{Edit, Fix, Input, Located, Safety, fixes_in};
#[cfg(feature = "lsp")]
use manifest::Positions;
use manifest::{Change, Edits, Fault, Form, Unreadable, documents, edit};
use rayon::prelude::*;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

/// A text with its objects.
#[derive(Clone, Debug)]
pub(crate) struct Sheet {
    pub name: String,
    pub text: String,
    /// Why nothing in it is edited.
    pub locked: Option<String>,
    pub items: Vec<Item>,
    /// What could not be evaluated.
    pub unread: Vec<Unreadable>,
}

/// An object of a text.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    /// The document, and the object's pointer in it.
    pub document: usize,
    pointer: String,
    pub value: Value,
    pub title: Title,
    pub line: usize,
    /// Why it is not edited, although its text is.
    pub locked: Option<String>,
    /// Those that `check` shows.
    pub findings: Vec<Decision>,
}

/// What was asked for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    pub suggested: bool,
    /// Only these rules; all if it is empty.
    pub rules: Vec<String>,
}

impl Wanted {
    pub(crate) fn asks_for(&self, rule: &str) -> bool {
        self.rules.is_empty() || self.rules.iter().any(|wanted| wanted == rule)
    }

    fn takes(&self, fix: &Fix) -> bool {
        self.suggested || fix.safety == Safety::Safe
    }
}

/// What to evaluate with.
pub(crate) struct Engine {
    pub settings: Value,
    pub today: Date,
    pub dumps: Vec<PathBuf>,
}

/// A finding, as an index of its sheet, object and list of findings.
pub(super) type At = (usize, usize, usize);

/// A fix of one finding, and the edits that it means.
#[derive(Clone, Debug)]
pub(super) struct Pick {
    pub at: At,
    pub fix: Fix,
    /// Changes of objects, as indexes of their sheets and objects.
    pub changes: Vec<(usize, usize, Change)>,
    pub new: Vec<Value>,
}

/// A fix that was made.
#[derive(Clone, Debug)]
pub(crate) struct Done {
    pub source: String,
    pub title: Title,
    pub line: usize,
    pub rule: &'static str,
    pub fix: Fix,
    /// Its edits repeat a value that can be secret.
    pub is_secret: bool,
}

/// Why a fix was not made.
pub(crate) type Reasons = BTreeMap<(String, String, &'static str, String), String>;

/// The texts afterwards.
pub(crate) struct Fixed {
    pub sheets: Vec<Sheet>,
    pub done: Vec<Done>,
    /// By source, object, rule and path.
    pub reasons: Reasons,
}

/// A fix can make another one possible. More rounds than this are not seen with any fixture.
const ROUNDS: usize = 6;

impl Engine {
    /// Reads and evaluates texts. The names decide what look-ups from each of them see.
    pub(crate) fn read(&self, texts: Vec<(String, String, Option<String>)>) -> Result<Vec<Sheet>> {
        let sources: Vec<_> = texts.iter().map(|(name, text, _)| Ok(Source::text(name, text.clone()))).collect();
        let cluster = match crate::settings::wants_cluster(&self.settings) {
            true => lookups::collect(&self.dumps, &sources)?,
            false => lookups::given(&sources),
        };
        let evaluator = Evaluator::of_objects(self.settings.clone(), Some(Arc::new(cluster)), self.today);
        let sheet = |(name, text, locked)| sheet(name, text, locked, &evaluator);
        texts.into_par_iter().map(sheet).collect()
    }

    /// Makes all fixes that are wanted and that help.
    pub(crate) fn fix(&self, sheets: Vec<Sheet>, wanted: &Wanted) -> Result<Fixed> {
        let mut result = Fixed { sheets, done: Vec::new(), reasons: Reasons::new() };
        for _ in 0..ROUNDS {
            // What did not fit together with another fix can fit after it.
            result.reasons.clear();
            let picks = self.picks(&result.sheets, wanted, &mut result.reasons);
            let (after, picks) = self.apply(&result.sheets, picks, &mut result.reasons)?;
            if picks.is_empty() {
                break;
            }
            for pick in picks {
                let (sheet, item, finding) = pick.at;
                let source = result.sheets.get(sheet);
                if let Some((sheet, item)) = source.and_then(|sheet| Some((sheet, sheet.items.get(item)?)))
                    && let Some(finding) = item.findings.get(finding)
                {
                    result.done.push(Done {
                        source: sheet.name.clone(),
                        title: item.title.clone(),
                        line: item.line,
                        rule: finding.rule.id,
                        is_secret: hides(&item.value, &pick.fix.edits),
                        fix: pick.fix,
                    });
                }
            }
            result.sheets = after;
        }
        Ok(result)
    }

    /// Every fix of one finding that helps, with the texts after it alone.
    #[cfg(feature = "lsp")]
    pub(crate) fn options(&self, sheets: &[Sheet], at: At) -> Result<Vec<(Fix, Vec<Sheet>)>> {
        let found = sheets.get(at.0).and_then(|sheet| Some((sheet, sheet.items.get(at.1)?)));
        let Some((sheet, item)) = found.filter(|(sheet, item)| sheet.locked.is_none() && item.locked.is_none()) else {
            return Ok(Vec::new());
        };
        let Some(finding) = item.findings.get(at.2) else { return Ok(Vec::new()) };
        let objects: Vec<Value> = sheet.items.iter().map(|item| item.value.clone()).collect();
        let keys = keys(sheets);
        let mut options = Vec::new();
        for fix in fixes_in(&located(finding), &item.value, &Input::of(&objects)) {
            let Ok(pick) = resolve(sheets, &keys, at, fix) else { continue };
            let (after, picks) = self.apply(sheets, vec![pick], &mut Reasons::new())?;
            options.extend(picks.into_iter().next().map(|pick| (pick.fix, after)));
        }
        Ok(options)
    }

    /// The first wanted fix of every finding.
    fn picks(&self, sheets: &[Sheet], wanted: &Wanted, reasons: &mut Reasons) -> Vec<Pick> {
        let objects: Vec<Value> = sheets.iter().flat_map(|sheet| &sheet.items).map(|item| item.value.clone()).collect();
        let input = Input::of(&objects);
        let keys = keys(sheets);
        let mut picks = Vec::new();
        for (sheet_index, sheet) in sheets.iter().enumerate() {
            for (item_index, item) in sheet.items.iter().enumerate() {
                for (index, finding) in item.findings.iter().enumerate() {
                    if !wanted.asks_for(finding.rule.id) {
                        continue;
                    }
                    let fixes = fixes_in(&located(finding), &item.value, &input);
                    let Some(fix) = fixes.into_iter().find(|fix| wanted.takes(fix)) else { continue };
                    let at = (sheet_index, item_index, index);
                    match sheet.locked.as_ref().or(item.locked.as_ref()) {
                        None => match resolve(sheets, &keys, at, fix) {
                            Ok(pick) => picks.push(pick),
                            Err(reason) => _ = reasons.insert(reason_key(sheet, item, finding), reason),
                        },
                        Some(reason) => _ = reasons.insert(reason_key(sheet, item, finding), reason.clone()),
                    }
                }
            }
        }
        picks
    }

    /// The texts with as many of the fixes as fit together and help.
    fn apply(&self, sheets: &[Sheet], picks: Vec<Pick>, reasons: &mut Reasons) -> Result<(Vec<Sheet>, Vec<Pick>)> {
        let mut picks = picks;
        loop {
            if picks.is_empty() {
                return Ok((Vec::new(), picks));
            }
            let mut texts = Vec::new();
            let mut dropped: Option<(usize, String)> = None;
            for (index, sheet) in sheets.iter().enumerate() {
                match edited(sheet, index, sheets, &picks) {
                    Ok(text) => texts.push((sheet.name.clone(), text, sheet.locked.clone())),
                    Err(culprit) => {
                        dropped = Some(culprit);
                        break;
                    }
                }
            }
            if let Some((culprit, reason)) = dropped {
                let pick = picks.remove(culprit);
                note(sheets, &pick, reason, reasons);
                continue;
            }
            let after = self.read(texts)?;
            let useless = useless(sheets, &after, &picks);
            if useless.is_empty() {
                return Ok((after, picks));
            }
            for (index, reason) in useless.into_iter().rev() {
                let pick = picks.remove(index);
                note(sheets, &pick, reason, reasons);
            }
        }
    }
}

impl Sheet {
    /// The line of every finding, from 1, with its indexes.
    #[cfg(feature = "lsp")]
    pub(crate) fn lines(&self) -> Vec<(usize, usize, usize)> {
        let documents = documents(&self.text);
        let mut lines = Vec::new();
        for (index, item) in self.items.iter().enumerate().filter(|(_, item)| !item.findings.is_empty()) {
            let Some(positions) = documents.get(item.document).and_then(Positions::of) else { continue };
            let place = |found: &Decision| positions.locate(&format!("{}{}", item.pointer, found.location.pointer));
            lines.extend(item.findings.iter().enumerate().map(|(at, found)| (place(found).line, index, at)));
        }
        lines
    }
}

fn note(sheets: &[Sheet], pick: &Pick, reason: String, reasons: &mut Reasons) {
    let (sheet, item, finding) = pick.at;
    if let Some(sheet) = sheets.get(sheet)
        && let Some(item) = sheet.items.get(item)
        && let Some(finding) = item.findings.get(finding)
    {
        reasons.insert(reason_key(sheet, item, finding), reason);
    }
}

pub(crate) fn reason_key(sheet: &Sheet, item: &Item, finding: &Decision) -> (String, String, &'static str, String) {
    (sheet.name.clone(), item.title.to_string(), finding.rule.id, finding.location.path.clone())
}

pub(crate) fn located(finding: &Decision) -> Located<'_> {
    Located { rule: finding.rule.id, pointer: &finding.location.pointer, message: &finding.message }
}

fn sheet(name: String, text: String, locked: Option<String>, evaluator: &Evaluator<'_>) -> Result<Sheet> {
    let mut sheet = Sheet { name, text: String::new(), locked, items: Vec::new(), unread: Vec::new() };
    for (index, document) in documents(&text).iter().enumerate() {
        let objects = match document.objects() {
            Ok(objects) => objects,
            Err(fault) => {
                sheet.unread.push(fault);
                continue;
            }
        };
        let rendered = document.rendered_from();
        for object in objects {
            let object = match object {
                Ok(object) => object,
                Err(fault) => {
                    sheet.unread.push(fault);
                    continue;
                }
            };
            let locked = match (&rendered, object.form) {
                (_, Form::Request) => Some("it is an admission request, not a manifest".to_owned()),
                (Some(template), _) => {
                    let template = text::shown(template);
                    Some(format!("it was rendered from {template}: change the chart"))
                }
                (None, Form::Object) => None,
            };
            let (evaluation, _) = evaluator.evaluate(&sheet.name, &object).map_err(|error| anyhow!("{error:?}"))?;
            let findings = evaluation.findings.into_iter().filter(|finding| is_shown(finding, false)).collect();
            let line = document.line + document.leading_lines();
            let title = Title::of(&object);
            let value = match object.form {
                Form::Object => object.value,
                Form::Request => object.object().clone(),
            };
            sheet.items.push(Item { document: index, pointer: object.pointer, value, title, line, locked, findings });
        }
    }
    // A template is not edited in part: which of its documents are objects is not known before it is rendered.
    if sheet.unread.iter().any(|fault| fault.kind == Fault::Template) {
        sheet.locked = Some("it is a template: change it by hand".to_owned());
    }
    sheet.text = text;
    Ok(sheet)
}

/// Where the objects are that fixes can name; one that is edited comes before one that is not.
fn keys(sheets: &[Sheet]) -> HashMap<ObjectKey, (usize, usize)> {
    let mut keys = HashMap::new();
    for wants_locked in [false, true] {
        for (sheet_index, sheet) in sheets.iter().enumerate() {
            for (index, item) in sheet.items.iter().enumerate() {
                let is_locked = sheet.locked.is_some() || item.locked.is_some();
                if let Some(key) = object_key(&item.value).filter(|_| is_locked == wants_locked) {
                    keys.entry(key).or_insert((sheet_index, index));
                }
            }
        }
    }
    keys
}

/// The objects that the edits of a fix are about.
fn resolve(
    sheets: &[Sheet],
    keys: &HashMap<ObjectKey, (usize, usize)>,
    at: At,
    fix: Fix,
) -> std::result::Result<Pick, String> {
    let (mut changes, mut new) = (Vec::new(), Vec::new());
    for edit in &fix.edits {
        match edit {
            Edit::Own(change) => changes.push((at.0, at.1, change.clone())),
            Edit::Other { key, edit } => {
                let (_, kind, _, name) = key;
                let found = keys.get(key).copied().ok_or_else(|| format!("{kind} {name} is not in the input"))?;
                let sheet = sheets.get(found.0);
                let item = sheet.and_then(|sheet| sheet.items.get(found.1));
                let locked =
                    sheet.and_then(|sheet| sheet.locked.as_ref()).or(item.and_then(|item| item.locked.as_ref()));
                if let Some(reason) = locked {
                    return Err(format!("it changes {kind} {name}, but {reason}"));
                }
                changes.push((found.0, found.1, edit.clone()));
            }
            // It is here already, perhaps with more in it.
            Edit::New { value } if object_key(value).is_some_and(|key| keys.contains_key(&key)) => {}
            Edit::New { value } => new.push(value.clone()),
        }
    }
    Ok(Pick { at, fix, changes, new })
}

/// The new objects behind each document of a sheet; equal ones of several fixes once.
pub(super) fn additions(index: usize, sheets: &[Sheet], picks: &[Pick]) -> BTreeMap<usize, Vec<Value>> {
    let mut added: BTreeMap<usize, Vec<Value>> = BTreeMap::new();
    let mut known: Vec<&Value> = Vec::new();
    for pick in picks {
        let item = sheets.get(pick.at.0).and_then(|sheet| sheet.items.get(pick.at.1));
        for value in &pick.new {
            if known.contains(&value) {
                continue;
            }
            known.push(value);
            if let Some(item) = item.filter(|_| pick.at.0 == index) {
                added.entry(item.document).or_default().push(value.clone());
            }
        }
    }
    added
}

fn edits(index: usize, sheets: &[Sheet], picks: &[Pick]) -> Vec<Edits> {
    let Some(sheet) = sheets.get(index) else { return Vec::new() };
    let mut by_item: BTreeMap<usize, Vec<Change>> = BTreeMap::new();
    for (_, item, change) in picks.iter().flat_map(|pick| &pick.changes).filter(|(sheet, ..)| *sheet == index) {
        by_item.entry(*item).or_default().push(change.clone());
    }
    let mut edits: BTreeMap<usize, Edits> = BTreeMap::new();
    for (item, changes) in by_item {
        let Some(item) = sheet.items.get(item) else { continue };
        let document = edits.entry(item.document).or_default();
        document.document = item.document;
        document.changes.push((item.pointer.clone(), changes));
    }
    for (document, new) in additions(index, sheets, picks) {
        let edits = edits.entry(document).or_default();
        (edits.document, edits.new) = (document, new);
    }
    edits.into_values().collect()
}

/// The text with all picks, or the first pick that does not fit, and why.
fn edited(
    sheet: &Sheet,
    index: usize,
    sheets: &[Sheet],
    picks: &[Pick],
) -> std::result::Result<String, (usize, String)> {
    let all = edits(index, sheets, picks);
    if all.is_empty() {
        return Ok(sheet.text.clone());
    }
    let conflict = match edit(&sheet.text, &all) {
        Ok(text) => return Ok(text),
        Err(conflict) => conflict,
    };
    let touches = |pick: &Pick| {
        let mut items = pick.changes.iter().map(|(sheet, item, _)| (*sheet, *item)).chain([(pick.at.0, pick.at.1)]);
        items.any(|(at, item)| {
            at == index && sheet.items.get(item).is_some_and(|item| item.document == conflict.document)
        })
    };
    let involved: Vec<usize> = (0..picks.len()).filter(|at| picks.get(*at).is_some_and(touches)).collect();
    // The first that cannot be made together with those before it.
    for count in 1..=involved.len() {
        let some: Vec<Pick> = involved.iter().take(count).filter_map(|at| picks.get(*at)).cloned().collect();
        let mut only = edits(index, sheets, &some);
        only.retain(|edits| edits.document == conflict.document);
        if let (Err(found), Some(culprit)) = (edit(&sheet.text, &only), involved.get(count - 1)) {
            return Err((*culprit, found.to_string()));
        }
    }
    Err((involved.last().copied().unwrap_or_default(), conflict.to_string()))
}
