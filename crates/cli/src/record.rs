//! What a report says about each thing that was read: its evaluation, or why there is none.

use crate::evaluate::{Done, EvaluateError, Evaluator};
use crate::fix::carried::{Carried, Carrier};
use crate::inputs::{Source, SourceError};
use crate::report::is_shown;
use crate::title::{Title, UPDATE};
use admission::object_key;
use anyhow::{Result, anyhow};
use entra_auth_policy::Evaluation;
use entra_auth_policy::anchor::Location;
use manifest::{
    Document, Excerpt, Fault, Form, ManifestObject, Place, Position, Positions, Region, Unreadable, documents,
};
use rayon::prelude::*;
use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The object a record is about, and where it is.
#[derive(Clone, Debug)]
pub struct Subject {
    pub source: String,
    /// How many objects of the source came before it.
    pub index: usize,
    pub title: Title,
    pub position: Position,
    /// The manifest of a namespaced object names no namespace.
    pub assumes_namespace: bool,
    /// The chart's template that it was rendered from, as Helm names it.
    pub template: Option<Template>,
}

/// `# Source: shop/templates/web.yaml`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// As it is in the comment.
    pub name: String,
    /// The file, if the chart is here.
    pub file: Option<String>,
}

#[allow(clippy::large_enum_variant, reason = "nearly every record is of the large variant")]
pub enum Record {
    Evaluated {
        subject: Subject,
        evaluation: Box<Evaluation>,
        /// The place of each finding.
        places: Vec<Place>,
        /// The fix of each finding, for reports that carry it.
        fixes: Vec<Option<Carried>>,
        fixable: Fixable,
    },
    /// Could not be read or evaluated. `line` is 0 for a source as a whole.
    Failed { source: String, index: usize, line: usize, fault: Fault, reason: String },
    /// Deliberately not evaluated: it is for another tool.
    Skipped { source: String, fault: Fault, reason: String },
    /// As it was before.
    Unchanged,
}

/// How many findings `entra-auth fix` has a fix for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fixable {
    pub safe: usize,
    /// With `--suggested` only.
    pub suggested: usize,
}

/// What is found in the text for an evaluation.
#[derive(Default)]
struct InText {
    places: Vec<Place>,
    fixes: Vec<Option<Carried>>,
    fixable: Fixable,
}

impl Subject {
    /// `deploy/web.yaml:12`
    pub fn place(&self) -> String {
        format!("{}:{}", self.source, self.position.line)
    }

    /// The file that a reviewer has to change, for reports about files. Lines of a rendered text are not its lines.
    pub fn file(&self) -> Option<&str> {
        self.template.as_ref()?.file.as_deref()
    }
}

/// The records of a source, in order. `step` is called with the length of every document.
///
/// An error ends the run: the module is not of this program's version.
pub(crate) fn records(
    source: &Result<Source, SourceError>,
    evaluator: &Evaluator<'_>,
    step: &(dyn Fn(usize) + Sync),
) -> Vec<Result<Record>> {
    let failed = |source: &str, fault: Fault, reason: String| {
        let source = source.to_owned();
        vec![Ok(Record::Failed { source, index: 0, line: 0, fault, reason })]
    };
    let source = match source {
        Ok(source) => source,
        Err(error) => return failed(&error.name, Fault::Broken, error.reason.clone()),
    };
    if let Some(reason) = source.other_language() {
        return failed(&source.name, Fault::Template, reason);
    }
    if !evaluator.unchanged && evaluator.before.as_ref().is_some_and(|before| before.is_same(source)) {
        return Vec::new();
    }
    let text = match source.read() {
        Ok(text) => text,
        Err(reason) => return failed(&source.name, Fault::Broken, reason),
    };
    let documents = documents(&text);
    let carrier = OnceLock::new();
    let carrier = || carrier.get_or_init(|| Carrier::new(source, &text, &documents));
    let is_template = |text: &str| text.contains("{{") || text.contains("{%");
    if let Some(first) = documents.first().filter(|_| is_template(&text) && source.is_in_chart()) {
        return vec![Ok(of_fault(source, &first.template()))];
    }
    let of_document = |(index, document)| of_document(source, (index, document), evaluator, &carrier, step);
    let mut records: Vec<Result<Record>> = documents.par_iter().enumerate().flat_map_iter(of_document).collect();
    // A template is not evaluated in part: which of its documents are objects is not known before it is rendered.
    let is_of_template = |record: &Result<Record>| {
        matches!(
            record,
            Ok(Record::Failed { fault: Fault::Template, .. } | Record::Skipped { fault: Fault::Template, .. })
        )
    };
    if let Some(template) = records.iter().position(is_of_template) {
        records = vec![records.swap_remove(template)];
    }
    number(&mut records);
    records
}

/// The template that a document was rendered from.
fn template(source: &Source, document: &Document<'_>) -> Option<Template> {
    let name = document.rendered_from()?;
    let mut parts = Path::new(name).components();
    parts.next();
    // A file's findings stay in the file, whatever its comments claim.
    let in_folder = || {
        let file = match source.folder() {
            Some(folder) => folder.join(parts.as_path()),
            None if source.is_stdin() => PathBuf::from(name),
            None => return None,
        };
        file.is_file().then(|| file.display().to_string())
    };
    Some(Template { name: text::shown(name).into_owned(), file: in_folder() })
}

fn of_document<'c>(
    source: &Source,
    (index, document): (usize, &Document<'_>),
    evaluator: &Evaluator<'_>,
    carrier: &(dyn Fn() -> &'c Carrier<'c> + Sync),
    step: &(dyn Fn(usize) + Sync),
) -> Vec<Result<Record>> {
    step(document.text.len());
    let objects = match document.objects() {
        Ok(objects) => objects,
        Err(fault) => return vec![Ok(of_fault(source, &fault))],
    };
    // Finding places means reading the document again, so it waits for the first finding.
    let positions: OnceCell<Option<Positions<'_>>> = OnceCell::new();
    let start = Position { line: document.line + document.leading_lines(), column: document.column };
    let positions = || positions.get_or_init(|| Positions::of(document)).as_ref();
    let template = template(source, document);
    let of_object = |object: Result<ManifestObject, Unreadable>| {
        let object = match object {
            Ok(object) => object,
            Err(fault) => return Ok(of_fault(source, &fault)),
        };
        let subject = Subject {
            source: source.name.clone(),
            index: 0,
            title: Title::of(&object),
            position: start,
            assumes_namespace: false,
            template: template.clone(),
        };
        let pointer = object.object_pointer();
        let find_places = |subject: &mut Subject, evaluation: &Evaluation| {
            let place = |found: &Location| match positions() {
                Some(positions) => positions.place(&format!("{pointer}{}", found.pointer), inside(found)),
                None => at(start),
            };
            if let (false, false, Some(positions)) = (pointer.is_empty(), evaluation.findings.is_empty(), positions()) {
                subject.position = positions.locate(&object.pointer);
            }
            let mut found = InText {
                places: evaluation.findings.iter().map(|found| place(&found.location)).collect(),
                ..InText::default()
            };
            // The next rendering would undo a fix.
            if template.is_none() && evaluation.findings.iter().any(|finding| is_shown(finding, false)) {
                if evaluator.carries_fixes {
                    found.fixes = carrier().fixes(source, (index, document), &object, evaluation, evaluator);
                }
                if evaluator.counts_fixes {
                    found.fixable = carrier().fixable(source, &object, evaluation, evaluator);
                }
            }
            found
        };
        of_evaluation(evaluator, &object, subject, find_places)
    };
    objects.into_iter().map(of_object).collect()
}

/// The record of an object that an API server has: findings in it have no lines.
#[cfg(feature = "cluster")]
pub(crate) fn of_cluster_object(kind: &str, object: &ManifestObject, evaluator: &Evaluator<'_>) -> Result<Record> {
    let nowhere = Position { line: 0, column: 0 };
    let subject = Subject {
        source: kind.to_owned(),
        index: 0,
        title: Title::of(object),
        position: nowhere,
        assumes_namespace: false,
        template: None,
    };
    of_evaluation(evaluator, object, subject, |_, evaluation| InText {
        places: evaluation.findings.iter().map(|_| at(nowhere)).collect(),
        ..InText::default()
    })
}

/// Evaluates an object; `find_places` finds its findings in the text, and what fixes them there.
fn of_evaluation(
    evaluator: &Evaluator<'_>,
    object: &ManifestObject,
    mut subject: Subject,
    find_places: impl FnOnce(&mut Subject, &Evaluation) -> InText,
) -> Result<Record> {
    match evaluator.evaluate(&subject.source, object) {
        Err(EvaluateError::Unchanged) => Ok(Record::Unchanged),
        Ok((evaluation, done)) => {
            if let (Form::Object, true, Some((_, _, Some(namespace), _))) =
                (object.form, subject.title.namespace.is_empty(), object_key(&object.value))
            {
                subject.assumes_namespace = namespace == DEFAULT;
            }
            if done == Done::AsUpdate {
                subject.title.act = UPDATE.to_owned();
            }
            let InText { places, fixes, fixable } = find_places(&mut subject, &evaluation);
            Ok(Record::Evaluated { subject, evaluation: Box::new(evaluation), places, fixes, fixable })
        }
        Err(EvaluateError::Module(error)) => Ok(Record::Failed {
            reason: format!("the module failed on {}: {error:#}", subject.title),
            source: subject.source,
            index: 0,
            line: subject.position.line,
            fault: Fault::Broken,
        }),
        Err(EvaluateError::Differs) => Err(anyhow!(
            "the module and this program are of different versions: they answer differently about {} ({}). \
             Build both from the same source",
            subject.title,
            subject.place()
        )),
    }
}

impl Record {
    /// Whether something is denied, warned about or failed; with `all`, also whether the profile does not show it.
    pub(crate) fn is_reported(&self, all: bool) -> bool {
        match self {
            Record::Evaluated { evaluation, .. } => {
                !evaluation.response.accepted || evaluation.findings.iter().any(|finding| is_shown(finding, all))
            }
            Record::Failed { .. } => true,
            Record::Skipped { .. } | Record::Unchanged => false,
        }
    }

    /// The same where only broken files are errors.
    pub fn skipping_others(self) -> Record {
        match self {
            Record::Failed { source, fault, reason, .. } if fault != Fault::Broken => {
                Record::Skipped { source, fault, reason }
            }
            other => other,
        }
    }
}

/// The namespace of a manifest that names none, where the context names none either.
pub(crate) const DEFAULT: &str = "default";

fn of_fault(source: &Source, fault: &Unreadable) -> Record {
    let Unreadable { kind: fault, text: reason, line } = fault.clone();
    let source_name = source.name.clone();
    let is_kustomization = matches!(fault, Fault::NoManifest | Fault::Broken) && source.is_kustomization();
    let (fault, reason) = match is_kustomization {
        true => (Fault::Kustomization, manifest::KUSTOMIZATION.to_owned()),
        false => (fault, reason),
    };
    if fault.is_harmless() && source.is_found() {
        return Record::Skipped { source: source_name, fault, reason };
    }
    Record::Failed { source: source_name, index: 0, line, fault, reason }
}

/// A place of which only the beginning is known.
fn at(start: Position) -> Place {
    let excerpt = Excerpt { text: String::new(), span: 0..0 };
    Place { region: Region { start, end: start, excerpt }, defined: None }
}

/// The key inside a text that a finding is about. The pointer ends at the text; the path continues with the key.
fn inside(location: &Location) -> Option<&str> {
    let node = location.pointer.rsplit('/').next()?.replace("~1", "/").replace("~0", "~");
    let behind = |mark: String| location.path.find(&mark).map(|at| at + mark.len());
    let start = behind(format!("[{node}][")).or_else(|| behind(format!(".{node}[")))?;
    location.path.get(start..)?.strip_suffix(']')
}

/// Numbers the records of a source.
pub(crate) fn number(records: &mut [Result<Record>]) {
    for (position, record) in records.iter_mut().enumerate() {
        match record {
            Ok(Record::Evaluated { subject: Subject { index, .. }, .. } | Record::Failed { index, .. }) => {
                *index = position;
            }
            Ok(Record::Skipped { .. } | Record::Unchanged) | Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_inside_texts() {
        for (path, pointer, key) in [
            ("data[app.properties][db.password]", "/data/app.properties", Some("db.password")),
            ("data[app.properties]", "/data/app.properties", None),
            ("spec.containers[web].args[1][--key]", "/spec/containers/0/args/1", Some("--key")),
            ("spec.containers[web].env[A]", "/spec/containers/0/env/0", None),
            ("metadata.annotations[a/b][x]", "/metadata/annotations/a~1b", Some("x")),
            ("spec.config[x]", "/spec/config", Some("x")),
        ] {
            let mut location = Location::default();
            (location.path, location.pointer) = (path.to_owned(), pointer.to_owned());
            assert_eq!(inside(&location), key, "{path}");
        }
    }
}
