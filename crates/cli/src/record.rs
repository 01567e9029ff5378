//! What is told of one thing that was read: its verdict, or why there is none.

use crate::judge::{Judge, NoVerdict, Title};
use crate::source::{DeadEnd, Source};
use entra_auth_policy::Evaluation;
use entra_auth_policy::anchor::Location;
use manifest::{Document, Excerpt, Fault, ManifestObject, Place, Position, Positions, Region, Unreadable, documents};
use rayon::prelude::*;
use std::cell::OnceCell;

/// The object a record is about, and where it was found.
#[derive(Clone, Debug)]
pub struct Subject {
    pub source: String,
    /// How many objects of the source came before it.
    pub index: usize,
    pub title: Title,
    pub position: Position,
}

pub enum Record {
    Judged {
        subject: Subject,
        evaluation: Box<Evaluation>,
        /// Where each finding stands.
        places: Vec<Place>,
    },
    /// The module's answer is not this program's.
    Differ(Subject),
    /// Could not be read or judged. `line` is 0 for a source as a whole.
    Unread { source: String, index: usize, line: usize, fault: Fault, reason: String },
    /// For another tool, and nothing to complain about.
    Passed { source: String, fault: Fault, reason: String },
}

impl Subject {
    /// `deploy/web.yaml:12`
    pub fn place(&self) -> String {
        format!("{}:{}", self.source, self.position.line)
    }
}

/// Everything a source has to say, in order. `step` is called with the length of every document judged.
pub fn records(source: &Result<Source, DeadEnd>, judge: &Judge, step: &(dyn Fn(usize) + Sync)) -> Vec<Record> {
    let unread = |source: &str, fault: Fault, reason: String| Record::Unread {
        source: source.to_owned(),
        index: 0,
        line: 0,
        fault,
        reason,
    };
    let source = match source {
        Ok(source) => source,
        Err(dead_end) => return vec![unread(&dead_end.name, Fault::Broken, dead_end.reason.clone())],
    };
    if let Some(reason) = source.is_program() {
        return vec![unread(&source.name, Fault::Template, reason)];
    }
    let text = match source.read() {
        Ok(text) => text,
        Err(reason) => return vec![unread(&source.name, Fault::Broken, reason)],
    };
    let documents = documents(&text);
    if let Some(first) = documents.first().filter(|_| text.contains("{{") && source.is_in_chart()) {
        return vec![of_fault(source, &first.template())];
    }
    let mut records: Vec<Record> =
        documents.par_iter().flat_map_iter(|document| judge_document(source, document, judge, step)).collect();
    number(&mut records);
    records
}

fn judge_document(
    source: &Source,
    document: &Document<'_>,
    judge: &Judge,
    step: &(dyn Fn(usize) + Sync),
) -> Vec<Record> {
    step(document.text.len());
    let objects = match document.objects() {
        Ok(objects) => objects,
        Err(fault) => return vec![of_fault(source, &fault)],
    };
    // Finding places means reading the document again, so it waits for something to place.
    let positions: OnceCell<Option<Positions<'_>>> = OnceCell::new();
    let start = Position { line: document.line + leading_lines(document.text), column: document.column };
    let positions = || positions.get_or_init(|| Positions::of(document)).as_ref();
    let judge_object = |object: Result<ManifestObject, Unreadable>| {
        let object = match object {
            Ok(object) => object,
            Err(fault) => return of_fault(source, &fault),
        };
        let verdict = judge.judge(&source.name, &object);
        let mut subject = Subject { source: source.name.clone(), index: 0, title: Title::of(&object), position: start };
        match verdict {
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
                Record::Judged { subject, evaluation: Box::new(evaluation), places }
            }
            Err(NoVerdict::Differ) => Record::Differ(subject),
            Err(NoVerdict::Failed(error)) => Record::Unread {
                source: source.name.clone(),
                index: 0,
                line: subject.position.line,
                fault: Fault::Broken,
                reason: format!("{} cannot be judged: {error}", subject.title),
            },
        }
    };
    objects.into_iter().map(judge_object).collect()
}

impl Record {
    /// The same where only broken files are something to complain about.
    pub fn skipping_others(self) -> Record {
        match self {
            Record::Unread { source, fault, reason, .. } if fault != Fault::Broken => {
                Record::Passed { source, fault, reason }
            }
            other => other,
        }
    }
}

/// Lines before the first that says something: the mark, comments, blank ones.
fn leading_lines(text: &str) -> usize {
    let says_nothing = |line: &&str| {
        let line = line.trim();
        line.is_empty() || line == "---" || line.starts_with(['#', '%'])
    };
    text.lines().take_while(says_nothing).count()
}

fn of_fault(source: &Source, fault: &Unreadable) -> Record {
    if fault.kind.is_harmless() && source.is_found() {
        return Record::Passed { source: source.name.clone(), fault: fault.kind, reason: fault.text.clone() };
    }
    Record::Unread {
        source: source.name.clone(),
        index: 0,
        line: fault.line,
        fault: fault.kind,
        reason: fault.text.clone(),
    }
}

/// A place of which only the beginning is known.
fn at(start: Position) -> Place {
    let excerpt = Excerpt { text: String::new(), span: 0..0 };
    Place { region: Region { start, end: start, excerpt }, defined: None }
}

/// The key inside a text that a finding is about. The path names it behind the node, which is as far as
/// the pointer goes.
fn inside(location: &Location) -> Option<&str> {
    let node = location.pointer.rsplit('/').next()?.replace("~1", "/").replace("~0", "~");
    let behind = |mark: String| location.path.find(&mark).map(|at| at + mark.len());
    let start = behind(format!("[{node}][")).or_else(|| behind(format!(".{node}[")))?;
    location.path.get(start..)?.strip_suffix(']')
}

fn number(records: &mut [Record]) {
    for (position, record) in records.iter_mut().enumerate() {
        match record {
            Record::Judged { subject, .. } | Record::Differ(subject) => subject.index = position,
            Record::Unread { index, .. } => *index = position,
            Record::Passed { .. } => {}
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
