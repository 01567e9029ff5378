//! Reads lists page by page, ahead of their evaluation.

use super::api::{Answer, Api, Kind};
use indicatif::ProgressBar;
use std::sync::mpsc::SyncSender;

/// Pages that wait for their evaluation. More would only take memory.
pub(crate) const AHEAD: usize = 4;
/// How often a list is read again from the front.
const RESTARTS: usize = 3;

/// A part of what was read. Every kind ends with one that is not a page.
pub(crate) enum Part {
    Page(String),
    /// The list was read, or its kind is not served.
    End,
    /// The user may not list the kind.
    Forbidden,
    Failed(String),
}

/// Reads the lists in order, until there is no receiver any more.
pub(crate) fn read(api: &Api, kinds: &[&Kind], parts: &SyncSender<(usize, Part)>, progress: &ProgressBar) {
    for (at, kind) in kinds.iter().enumerate() {
        let mut next = None;
        let (mut count, mut restarts) = (0, 0);
        let end = loop {
            progress.set_message(format!("{}: {count} read", kind.plural));
            match api.page(kind, next.as_deref()) {
                Answer::Page { text, next: token, items } => {
                    count += items;
                    if parts.send((at, Part::Page(text))).is_err() {
                        return;
                    }
                    match token {
                        Some(token) => next = Some(token),
                        None => break Part::End,
                    }
                }
                // The list is older than the server remembers: again from the front. What was read is left out.
                Answer::Expired if restarts < RESTARTS => {
                    restarts += 1;
                    next = None;
                }
                Answer::Expired => break Part::Failed("the list expires before it is read".to_owned()),
                Answer::Missing => break Part::End,
                Answer::Forbidden => break Part::Forbidden,
                Answer::Failed(why) => break Part::Failed(why),
            }
        };
        if parts.send((at, end)).is_err() {
            return;
        }
    }
}
