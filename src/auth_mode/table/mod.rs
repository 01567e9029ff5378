//! The table, one file for each area. Findings and the documentation follow its order.

mod applications;
mod argo_cd;
mod backup;
mod external_secrets;
mod flux;
mod ingress;
mod keda;
mod key_vault;
mod resources;
mod storage;

use super::Controller;
use crate::object::Object;
use kubernetes::kind::KindFilter;

const CHAPTERS: &[&[Controller]] = &[
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
];

/// Every entry.
pub fn entries() -> impl Iterator<Item = &'static Controller> {
    ROWS.iter().map(|row| row.entry)
}

/// The entries for `object` itself.
pub(super) fn of_kind<'a>(object: &Object<'a>) -> impl Iterator<Item = &'static Controller> + use<'a> {
    let object = *object;
    let fits = move |row: &&Row| row.kinds.lets_through(object.tag) && object.is_any(row.entry.kinds());
    ROWS.iter().filter(fits).map(|row| row.entry)
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
}

/// Every entry. Nearly every request reads this list; the entries themselves occupy more memory than a
/// small request should touch.
#[allow(clippy::indexing_slicing, reason = "evaluated at compile time, where a wrong index is an error")]
static ROWS: [Row; count()] = {
    let mut rows = [Row { entry: &CHAPTERS[0][0], kinds: KindFilter::of(&[]) }; count()];
    let (mut at, mut chapter) = (0, 0);
    while chapter < CHAPTERS.len() {
        let mut n = 0;
        while n < CHAPTERS[chapter].len() {
            let entry = &CHAPTERS[chapter][n];
            rows[at] = Row { entry, kinds: KindFilter::of(entry.kinds()) };
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
