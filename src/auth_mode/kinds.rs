//! The kinds of the table, put together by the compiler: rules say which kinds they read in a constant.

use super::On;
use super::table::ENTRIES;
use crate::kind::{self, Kind};

/// All kinds of the table that are no volumes.
pub const KINDS: &[Kind] = &{
    let (kinds, _) = distinct::<{ distinct::<MOST>(false).1 }>(false);
    kinds
};

/// Those that are or make volumes.
pub const VOLUME_KINDS: &[Kind] = &{
    let (kinds, _) = distinct::<{ distinct::<MOST>(true).1 }>(true);
    kinds
};

const MOST: usize = 200;

/// The kinds of all entries, each once, and how many they are.
#[allow(clippy::indexing_slicing, reason = "runs in the compiler")]
const fn distinct<const N: usize>(volumes: bool) -> ([Kind; N], usize) {
    let mut kinds = [kind::SECRET; N];
    let mut count = 0;
    let mut index = 0;
    while index < ENTRIES.len() {
        let listed = match ENTRIES[index].on {
            On::Kinds(listed) if !volumes => listed,
            On::VolumeKinds(listed) if volumes => listed,
            _ => &[],
        };
        let mut next = 0;
        while next < listed.len() {
            let mut known = 0;
            while known < count && !is_same(&kinds[known], &listed[next]) {
                known += 1;
            }
            if known == count {
                kinds[count] = listed[next];
                count += 1;
            }
            next += 1;
        }
        index += 1;
    }
    (kinds, count)
}

const fn is_same(a: &Kind, b: &Kind) -> bool {
    is_same_text(a.group, b.group) && is_same_text(a.kind, b.kind)
}

/// `==` of strings is not for constants yet.
#[allow(clippy::indexing_slicing, reason = "runs in the compiler")]
const fn is_same_text(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut index = 0;
    while index < a.len() && index < b.len() && a[index] == b[index] {
        index += 1;
    }
    index == a.len() && index == b.len()
}
