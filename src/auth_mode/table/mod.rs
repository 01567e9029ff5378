//! The table, one file for each area. Findings and the documentation follow its order.

mod applications;
mod argo_cd;
mod backup;
mod external_secrets;
mod flux;
mod identities;
mod ingress;
mod keda;
mod key_vault;
mod resources;
mod settings;
mod storage;

use super::Controller;
use crate::object::Object;
use kubernetes::kind::KindFilter;

const CHAPTERS: &[&[Controller]] = &[
    identities::ENTRIES,
    key_vault::ENTRIES,
    keda::ENTRIES,
    external_secrets::ENTRIES,
    ingress::ENTRIES,
    resources::ENTRIES,
    flux::ENTRIES,
    argo_cd::ENTRIES,
    backup::ENTRIES,
    storage::ENTRIES,
    applications::ENTRIES,
    settings::ENTRIES,
];

/// Every entry.
pub fn entries() -> impl Iterator<Item = &'static Controller> {
    ROWS.iter().map(|row| row.entry)
}

/// The entries for `object` itself.
pub(super) fn of_kind<'a>(object: &Object<'a>) -> impl Iterator<Item = &'static Controller> + use<'a> {
    let object = *object;
    rows_of(object).filter(|row| !row.is_settings).map(|row| row.entry)
}

/// The entries for settings in `object`.
pub(super) fn of_settings<'a>(object: &Object<'a>) -> impl Iterator<Item = &'static Controller> + use<'a> {
    rows_of(*object).filter(|row| row.is_settings).map(|row| row.entry)
}

fn rows_of<'a>(object: Object<'a>) -> impl Iterator<Item = &'static Row> + use<'a> {
    ROWS.iter().filter(move |row| row.kinds.lets_through(object.tag) && object.is_any(row.entry.kinds()))
}

/// The entries for parts of pod templates.
pub(super) fn of_pods() -> impl Iterator<Item = &'static Controller> {
    ROWS.iter().filter(|row| row.kinds.is_empty()).map(|row| row.entry)
}

/// An entry, and a cheap test of whether it can apply to an object.
#[derive(Clone, Copy)]
struct Row {
    entry: &'static Controller,
    kinds: KindFilter,
    is_settings: bool,
}

/// Every entry. Nearly every request reads this list; the entries themselves occupy more memory than a
/// small request should touch.
#[allow(clippy::indexing_slicing, reason = "evaluated at compile time, where a wrong index is an error")]
static ROWS: [Row; count()] = {
    let mut rows = [Row { entry: &CHAPTERS[0][0], kinds: KindFilter::of(&[]), is_settings: false }; count()];
    let (mut at, mut chapter) = (0, 0);
    while chapter < CHAPTERS.len() {
        let mut n = 0;
        while n < CHAPTERS[chapter].len() {
            let entry = &CHAPTERS[chapter][n];
            rows[at] = Row { entry, kinds: KindFilter::of(entry.kinds()), is_settings: entry.is_settings() };
            at += 1;
            n += 1;
        }
        chapter += 1;
    }
    rows
};

#[allow(clippy::indexing_slicing, reason = "evaluated at compile time, where a wrong index is an error")]
const fn count() -> usize {
    let (mut count, mut chapter) = (0, 0);
    while chapter < CHAPTERS.len() {
        count += CHAPTERS[chapter].len();
        chapter += 1;
    }
    count
}
