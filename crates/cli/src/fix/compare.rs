//! Whether fixes help: their findings are gone, and no other is new.

use super::engine::{Item, Pick, Sheet, additions};
use entra_auth_policy::verdict::Decision;
use fixes::{Safety, may_leave};
use manifest::{Change, moved};
use std::collections::{BTreeMap, BTreeSet};

/// The picks that do not help, in order, each with the reason.
pub(super) fn useless(before: &[Sheet], after: &[Sheet], picks: &[Pick]) -> Vec<(usize, String)> {
    let mut dropped: BTreeMap<usize, String> = BTreeMap::new();
    let mut strangers = false;
    for (index, (old, new)) in before.iter().zip(after).enumerate() {
        let added = additions(index, before, picks);
        // Objects keep their order; new ones come behind those of their document.
        let mut items = new.items.iter();
        for (at, item) in old.items.iter().enumerate() {
            let Some(then) = items.next() else { break };
            let of_item = |(_, pick): &(usize, &Pick)| {
                (pick.at.0, pick.at.1) == (index, at)
                    || pick.changes.iter().any(|(sheet, item, _)| (*sheet, *item) == (index, at))
            };
            let touching: Vec<(usize, &Pick)> = picks.iter().enumerate().filter(of_item).collect();
            match fault(index, at, item, then, &touching) {
                Some(Wrong::Still(rule)) => {
                    for (pick, _) in touching.iter().filter(|(_, pick)| rule_of(before, pick) == Some(rule)) {
                        dropped.insert(*pick, "the finding would still be there".to_owned());
                    }
                }
                Some(Wrong::New(rule)) => match touching.last() {
                    Some((pick, _)) => _ = dropped.insert(*pick, format!("it would lead to {rule}")),
                    None => strangers = true,
                },
                None => {}
            }
            let is_last = old.items.get(at + 1).is_none_or(|next| next.document != item.document);
            for value in added.get(&item.document).filter(|_| is_last).into_iter().flatten() {
                let Some(then) = items.next() else { break };
                let from: Vec<(usize, &Pick)> =
                    picks.iter().enumerate().filter(|(_, pick)| pick.new.contains(value)).collect();
                let rules: Vec<&str> = from.iter().filter_map(|(_, pick)| rule_of(before, pick)).collect();
                let is_new = |finding: &&Decision| !rules.iter().any(|rule| may_leave(rule, finding.rule.id));
                if let Some(finding) = then.findings.iter().find(is_new) {
                    for (pick, _) in from {
                        dropped.insert(pick, format!("the new object would lead to {}", finding.rule.id));
                    }
                }
            }
        }
    }
    // An object that no fix touches is worse: it looks up what one of them changes.
    if strangers && dropped.is_empty() {
        let reaches_out = |pick: &&(usize, &Pick)| !pick.1.new.is_empty() || pick.1.changes.len() > 1;
        let all: Vec<(usize, &Pick)> = picks.iter().enumerate().collect();
        let some: Vec<&(usize, &Pick)> = all.iter().filter(reaches_out).collect();
        let some = if some.is_empty() { all.iter().collect() } else { some };
        for (pick, _) in some {
            dropped.insert(*pick, "it would lead to a finding of another object".to_owned());
        }
    }
    dropped.into_iter().collect()
}

fn rule_of(sheets: &[Sheet], pick: &Pick) -> Option<&'static str> {
    let item = sheets.get(pick.at.0)?.items.get(pick.at.1)?;
    item.findings.get(pick.at.2).map(|finding| finding.rule.id)
}

enum Wrong {
    Still(&'static str),
    New(&'static str),
}

/// What is wrong with an object after the picks that touch it.
fn fault(sheet: usize, index: usize, old: &Item, new: &Item, touching: &[(usize, &Pick)]) -> Option<Wrong> {
    let own = touching.iter().filter(|(_, pick)| (pick.at.0, pick.at.1) == (sheet, index));
    let fixed: Vec<(&str, Safety)> =
        own.filter_map(|(_, pick)| Some((old.findings.get(pick.at.2)?.rule.id, pick.fix.safety))).collect();
    let changes: Vec<Change> = touching
        .iter()
        .flat_map(|(_, pick)| &pick.changes)
        .filter(|(at, item, _)| (*at, *item) == (sheet, index))
        .map(|(.., change)| change.clone())
        .collect();
    let count = |findings: &[Decision], rule: &str| findings.iter().filter(|found| found.rule.id == rule).count();
    for rule in old.findings.iter().map(|finding| finding.rule.id).collect::<BTreeSet<_>>() {
        let resolved = fixed.iter().filter(|(fixed, _)| *fixed == rule).count();
        let expected = count(&old.findings, rule) - resolved;
        let is_left = fixed.iter().any(|(other, _)| *other != rule && may_leave(other, rule));
        if resolved > 0 && count(&new.findings, rule) > expected && !is_left {
            return Some(Wrong::Still(rule));
        }
    }
    let known: BTreeSet<(&str, String)> = old
        .findings
        .iter()
        .flat_map(|finding| {
            let moved = moved(&old.value, &finding.location.pointer, &changes);
            [moved, Some(finding.location.path.clone())].into_iter().flatten().map(|place| (finding.rule.id, place))
        })
        .collect();
    let by_placeholder = |rule: &str| {
        touching.iter().any(|(_, pick)| pick.fix.safety == Safety::Suggested)
            && fixed.iter().any(|(fixed, safety)| *safety == Safety::Suggested && may_leave(fixed, rule))
    };
    let is_new = |finding: &&Decision| {
        let rule = finding.rule.id;
        let places = [&finding.location.pointer, &finding.location.path];
        let is_known = places.into_iter().any(|place| known.contains(&(rule, place.clone())));
        !is_known || count(&new.findings, rule) > count(&old.findings, rule)
    };
    let found = new.findings.iter().filter(is_new).find(|finding| !by_placeholder(finding.rule.id));
    found.map(|finding| Wrong::New(finding.rule.id))
}
