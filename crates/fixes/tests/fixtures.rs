//! The fixes of every finding of every fixture: after a fix the finding is gone, and nothing new is there.

use admission::cluster::MemoryCluster;
use admission::fixture::{self, Fixture};
use admission::{Change as Operation, object_key, payload, request};
use entra_auth_policy::verdict::Decision;
use entra_auth_policy::{Host, evaluate};
use fixes::{Answer, Edit, Fix, Input, Located, Safety, fixes_in, may_leave, row, rows};
use manifest::{Change, ChangeError, apply_changes};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

fn fixtures() -> Vec<Fixture> {
    fixture::all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test_data")).unwrap()
}

/// A fixture as the fixes change it: the object, and what it is evaluated with.
#[derive(Clone)]
struct State {
    request: Value,
    settings: Value,
    cluster: MemoryCluster,
}

impl State {
    fn of(fixture: &Fixture) -> State {
        State {
            request: fixture.request.clone(),
            settings: fixture.settings.clone(),
            // A fix may lead to a look-up.
            cluster: match &fixture.cluster {
                MemoryCluster::Unasked => MemoryCluster::Objects(Vec::new()),
                cluster => cluster.clone(),
            },
        }
    }

    fn object(&self) -> &Value {
        &self.request["object"]
    }

    fn findings(&self) -> Vec<Decision> {
        evaluate(&payload(&self.request, &self.settings), &Host { today: &fixture::today, cluster: &self.cluster })
            .findings
    }

    /// All objects of the input: this one and those of the cluster.
    fn objects(&self) -> Vec<Value> {
        let mut objects = vec![self.object().clone()];
        if let MemoryCluster::Objects(others) = &self.cluster {
            objects.extend(others.iter().cloned());
        }
        objects
    }

    fn fixes(&self, finding: &Decision) -> Vec<Fix> {
        let objects = self.objects();
        fixes_in(&located(finding), self.object(), &Input::of(&objects))
    }

    fn after<'e>(&self, edits: impl Iterator<Item = &'e Edit>) -> Result<State, ChangeError> {
        let mut own: Vec<Change> = Vec::new();
        let mut state = self.clone();
        for edit in edits {
            match edit {
                Edit::Own(change) => own.push(change.clone()),
                Edit::New { value } => {
                    if let MemoryCluster::Objects(objects) = &mut state.cluster {
                        objects.push(value.clone());
                    }
                }
                Edit::Other { key, edit } => {
                    let MemoryCluster::Objects(objects) = &mut state.cluster else { panic!("no other objects") };
                    let other = objects.iter_mut().find(|other| object_key(other).as_ref() == Some(key)).unwrap();
                    edit.apply(other)?;
                }
            }
        }
        let object = apply_changes(self.object(), &own)?;
        if object["kind"] != self.object()["kind"] {
            state.request = request(&object, &Operation::Create, None);
        }
        state.request["object"] = object;
        Ok(state)
    }
}

fn has_fix(rule: &str) -> bool {
    row(rule).is_some_and(|row| matches!(row.answer, Answer::Fix { .. }))
}

fn located(finding: &Decision) -> Located<'_> {
    Located { rule: finding.rule.id, pointer: &finding.location.pointer, message: &finding.message }
}

/// How many findings each rule has, and where: indexes are left out, because removing an item moves those behind it.
fn places(findings: &[Decision]) -> (BTreeMap<&'static str, usize>, BTreeSet<(&'static str, String)>) {
    let mut counts = BTreeMap::new();
    let mut places = BTreeSet::new();
    for finding in findings {
        *counts.entry(finding.rule.id).or_insert(0) += 1;
        let is_index = |token: &&str| !token.bytes().all(|b| b.is_ascii_digit());
        let place: Vec<&str> = finding.location.pointer.split('/').filter(is_index).collect();
        places.insert((finding.rule.id, place.join("/")));
    }
    (counts, places)
}

/// What is wrong with the result of a fix; `fixed` are the rules whose findings must be fewer.
fn faults(before: &[Decision], after: &[Decision], fixed: &BTreeSet<&str>, safety: Safety) -> Vec<String> {
    let ((counts, known), (left, _)) = (places(before), places(after));
    let count = |counts: &BTreeMap<&str, usize>, rule: &str| counts.get(rule).copied().unwrap_or_default();
    let mut faults = Vec::new();
    for rule in fixed {
        let is_left = fixed.iter().any(|other| other != rule && may_leave(other, rule));
        if count(&left, rule) >= count(&counts, rule) && !is_left {
            faults.push(format!("{rule} is still there"));
        }
    }
    let is_allowed = |rule: &str| safety == Safety::Suggested && fixed.iter().any(|fixed| may_leave(fixed, rule));
    for finding in after {
        let rule = finding.rule.id;
        let is_more = count(&left, rule) > count(&counts, rule);
        let (_, place) = places(std::slice::from_ref(finding));
        let is_elsewhere = place.iter().any(|place| !known.contains(place));
        if (is_more || is_elsewhere) && !is_allowed(rule) {
            faults.push(format!("{rule} is new: {} {}", finding.location.path, finding.message));
        }
    }
    faults
}

#[test]
fn a_fix_resolves_its_finding_and_causes_none() {
    let mut wrong = Vec::new();
    let mut without = Vec::new();
    let mut coverage: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    for fixture in fixtures() {
        let state = State::of(&fixture);
        let before = state.findings();
        for finding in &before {
            let fixes = state.fixes(finding);
            let [safe, suggested, none] = coverage.entry(finding.rule.id).or_default();
            *match fixes.first().map(|fix| fix.safety) {
                Some(Safety::Safe) => safe,
                Some(Safety::Suggested) => suggested,
                None => none,
            } += 1;
            if fixes.is_empty() && has_fix(finding.rule.id) {
                let (rule, pointer) = (finding.rule.id, &finding.location.pointer);
                without.push(format!("{}: {rule} at {pointer}: {}", fixture.path.display(), finding.message));
            }
            for fix in &fixes {
                let at = format!(
                    "{}: {} at {}: {}",
                    fixture.path.display(),
                    finding.rule.id,
                    finding.location.pointer,
                    fix.title
                );
                match state.after(fix.edits.iter()) {
                    Ok(state) => {
                        let fixed = BTreeSet::from([finding.rule.id]);
                        let faults = faults(&before, &state.findings(), &fixed, fix.safety);
                        wrong.extend(faults.into_iter().map(|fault| format!("{at}: {fault}")));
                    }
                    Err(error) => wrong.push(format!("{at}: {error}")),
                }
            }
        }
    }
    println!("no fix although the rule has one:\n{}", without.join("\n"));
    println!("rule: findings in fixtures with a safe fix, with a suggested fix, without");
    for (rule, [safe, suggested, none]) in &coverage {
        println!("{rule}: {safe} {suggested} {none}");
    }
    assert!(wrong.is_empty(), "{} faults\n{}", wrong.len(), wrong.join("\n"));
    // What the table promises is what the fixtures get.
    for row in rows() {
        let [safe, suggested, _] = coverage.get(row.rule).copied().unwrap_or_default();
        let promised = match row.answer {
            Answer::Fix { safe, suggested } => [safe.is_some(), suggested.is_some()],
            Answer::None { .. } => [false, false],
        };
        assert_eq!([safe > 0, suggested > 0], promised, "safe and suggested fixes of {}", row.rule);
    }
}

#[test]
fn fixes_of_one_object_apply_together() {
    let (mut together, mut conflicts) = (0, Vec::new());
    let mut wrong = Vec::new();
    for fixture in fixtures() {
        let state = State::of(&fixture);
        let before = state.findings();
        let fixes: Vec<(&Decision, Fix)> =
            before.iter().filter_map(|finding| Some((finding, state.fixes(finding).into_iter().next()?))).collect();
        if fixes.len() < 2 {
            continue;
        }
        let safety = fixes.iter().map(|(_, fix)| fix.safety).max().unwrap_or(Safety::Safe);
        match state.after(fixes.iter().flat_map(|(_, fix)| &fix.edits)) {
            Ok(after) => {
                together += 1;
                let fixed = fixes.iter().map(|(finding, _)| finding.rule.id).collect();
                let left = after.findings();
                let faults = faults(&before, &left, &fixed, safety);
                wrong.extend(faults.into_iter().map(|fault| format!("{}: {fault}", fixture.path.display())));
                // A second run has nothing to do.
                for finding in left.iter().filter(|finding| before.iter().any(|known| is_same(known, finding))) {
                    if !after.fixes(finding).is_empty() {
                        wrong.push(format!("{}: {} is fixed again", fixture.path.display(), finding.rule.id));
                    }
                }
            }
            Err(error) => conflicts.push(format!("{}: {error}", fixture.path.display())),
        }
    }
    println!("{together} objects with several fixes; {} conflicts\n{}", conflicts.len(), conflicts.join("\n"));
    assert!(wrong.is_empty(), "{} faults\n{}", wrong.len(), wrong.join("\n"));
}

fn is_same(one: &Decision, other: &Decision) -> bool {
    (one.rule.id, &one.location.path, &one.message) == (other.rule.id, &other.location.path, &other.message)
}
