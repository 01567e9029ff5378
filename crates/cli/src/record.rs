//! What a report says about each thing that was read: its evaluation, or why there is none.

use crate::evaluate::{EvaluateError, Evaluator};
use crate::inputs::{Source, SourceError};
use crate::title::Title;
use anyhow::{Result, anyhow};
use entra_auth_policy::Evaluation;
use entra_auth_policy::anchor::Location;
use manifest::{Document, Excerpt, Fault, Object, Place, Position, Positions, Region, Unreadable, documents};
use rayon::prelude::*;
use std::cell::OnceCell;

/// The object a record is about, and where it is.
#[derive(Clone, Debug)]
pub struct Subject {
    pub source: String,
    /// How many objects of the source came before it.
    pub index: usize,
    pub title: Title,
    pub position: Position,
}

pub enum Record {
    Evaluated {
        subject: Subject,
        evaluation: Box<Evaluation>,
        /// The place of each finding.
        places: Vec<Place>,
    },
    /// Could not be read or evaluated. `line` is 0 for a source as a whole.
    Failed { source: String, index: usize, line: usize, fault: Fault, reason: String },
    /// Deliberately not evaluated: it is for another tool.
    Skipped { source: String, fault: Fault, reason: String },
}

impl Subject {
    /// `deploy/web.yaml:12`
    pub fn place(&self) -> String {
        format!("{}:{}", self.source, self.position.line)
    }
}

/// The records of a source, in order. `step` is called with the length of every document.
///
/// An error ends the run: the module is not of this program's version.
pub fn records(
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
    let text = match source.read() {
        Ok(text) => text,
        Err(reason) => return failed(&source.name, Fault::Broken, reason),
    };
    let documents = documents(&text);
    if let Some(first) = documents.first().filter(|_| text.contains("{{") && source.is_in_chart()) {
        return vec![Ok(of_fault(source, &first.template()))];
    }
    let records = documents.par_iter().flat_map_iter(|document| of_document(source, document, evaluator, step));
    let mut records: Vec<Result<Record>> = records.collect();
    number(&mut records);
    records
}

fn of_document(
    source: &Source,
    document: &Document<'_>,
    evaluator: &Evaluator<'_>,
    step: &(dyn Fn(usize) + Sync),
) -> Vec<Result<Record>> {
    step(document.text.len());
    let objects = match document.objects() {
        Ok(objects) => objects,
        Err(fault) => return vec![Ok(of_fault(source, &fault))],
    };
    // Finding places means reading the document again, so it waits for the first finding.
    let positions: OnceCell<Option<Positions<'_>>> = OnceCell::new();
    let start = Position { line: document.line + leading_lines(document.text), column: document.column };
    let positions = || positions.get_or_init(|| Positions::of(document)).as_ref();
    let of_object = |object: Result<Object, Unreadable>| {
        let object = match object {
            Ok(object) => object,
            Err(fault) => return Ok(of_fault(source, &fault)),
        };
        let mut subject = Subject { source: source.name.clone(), index: 0, title: Title::of(&object), position: start };
        match evaluator.evaluate(&source.name, &object) {
            Ok(evaluation) => {
                let pointer = object.object_pointer();
                let place = |found: &Location| match positions() {
                    Some(positions) => positions.place(&format!("{pointer}{}", found.pointer), inside(found)),
                    None => at(start),
                };
                if let (false, false, Some(positions)) =
                    (pointer.is_empty(), evaluation.findings.is_empty(), positions())
                {
                    subject.position = positions.locate(&object.pointer);
                }
                let places = evaluation.findings.iter().map(|found| place(&found.location)).collect();
                Ok(Record::Evaluated { subject, evaluation: Box::new(evaluation), places })
            }
            Err(EvaluateError::Module(error)) => Ok(Record::Failed {
                source: source.name.clone(),
                index: 0,
                line: subject.position.line,
                fault: Fault::Broken,
                reason: format!("the module failed on {}: {error:#}", subject.title),
            }),
            Err(EvaluateError::Differs) => Err(anyhow!(
                "the module and this program are of different versions: they answer differently about {} ({}). \
                 Build both from the same source",
                subject.title,
                subject.place()
            )),
        }
    };
    objects.into_iter().map(of_object).collect()
}

impl Record {
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

/// The lines before the content: the document mark, comments, blank lines.
fn leading_lines(text: &str) -> usize {
    let has_no_content = |line: &&str| {
        let line = line.trim();
        line.is_empty() || line == "---" || line.starts_with(['#', '%'])
    };
    text.lines().take_while(has_no_content).count()
}

fn of_fault(source: &Source, fault: &Unreadable) -> Record {
    let Unreadable { kind: fault, text: reason, line } = fault.clone();
    let source_name = source.name.clone();
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

fn number(records: &mut [Result<Record>]) {
    for (position, record) in records.iter_mut().enumerate() {
        match record {
            Ok(Record::Evaluated { subject: Subject { index, .. }, .. } | Record::Failed { index, .. }) => {
                *index = position;
            }
            Ok(Record::Skipped { .. }) | Err(_) => {}
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
