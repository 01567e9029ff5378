//! What is told of one thing that was read: its verdict, or why there is none.

use crate::judge::{Judge, NoVerdict, Title};
use crate::source::{DeadEnd, Source};
use entra_auth_policy::Evaluation;
use manifest::{Document, Fault, Object, Position, Positions, Unreadable, documents};
use rayon::prelude::*;
use std::sync::OnceLock;

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
        positions: Vec<Position>,
    },
    /// The module's answer is not this program's.
    Differ(Subject),
    /// Could not be read or judged. `line` is 0 for a source as a whole.
    Unread { source: String, index: usize, line: usize, fault: Fault, reason: String },
    /// Another kind of file in a folder.
    Passed { source: String },
}

impl Subject {
    /// `deploy/web.yaml:12`
    pub fn place(&self) -> String {
        format!("{}:{}", self.source, self.position.line)
    }
}

/// Everything a source has to say, in order. `step` is called for every object judged.
pub fn records(source: &Result<Source, DeadEnd>, judge: &Judge, step: &(dyn Fn() + Sync)) -> Vec<Record> {
    let unread = |source: &str, reason: String| Record::Unread {
        source: source.to_owned(),
        index: 0,
        line: 0,
        fault: Fault::Broken,
        reason,
    };
    let source = match source {
        Ok(source) => source,
        Err(dead_end) => return vec![unread(&dead_end.name, dead_end.reason.clone())],
    };
    let text = match source.read() {
        Ok(text) => text,
        Err(reason) => return vec![unread(&source.name, reason)],
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

fn judge_document(source: &Source, document: &Document<'_>, judge: &Judge, step: &(dyn Fn() + Sync)) -> Vec<Record> {
    let objects = match document.objects() {
        Ok(objects) => objects,
        Err(fault) => return vec![of_fault(source, &fault)],
    };
    // Finding places means reading the document again, so it waits for something to place.
    let positions = OnceLock::new();
    let start = Position { line: document.line + leading_lines(document.text), column: document.column };
    let locate = |pointer: &str| {
        let positions = positions.get_or_init(|| Positions::of(document));
        positions.as_ref().map_or(start, |positions| positions.locate(pointer))
    };
    let judge_object = |object: Result<Object, Unreadable>| {
        let object = match object {
            Ok(object) => object,
            Err(fault) => return of_fault(source, &fault),
        };
        let verdict = judge.judge(&source.name, &object);
        step();
        let mut subject = Subject { source: source.name.clone(), index: 0, title: Title::of(&object), position: start };
        match verdict {
            Ok(evaluation) => {
                let pointer = object.object_pointer();
                let place = |found: &str| locate(&format!("{pointer}{found}"));
                if !pointer.is_empty() && !evaluation.findings.is_empty() {
                    subject.position = locate(&object.pointer);
                }
                let positions = evaluation.findings.iter().map(|found| place(&found.location.pointer)).collect();
                Record::Judged { subject, evaluation: Box::new(evaluation), positions }
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
    objects.into_par_iter().map(judge_object).collect()
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
    if fault.kind == Fault::NoManifest && source.is_found() {
        return Record::Passed { source: source.name.clone() };
    }
    Record::Unread {
        source: source.name.clone(),
        index: 0,
        line: fault.line,
        fault: fault.kind,
        reason: fault.text.clone(),
    }
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
