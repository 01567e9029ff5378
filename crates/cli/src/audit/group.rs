//! Findings by namespace and owner: a Deployment, its ReplicaSets and its Pods have the same ones, and one place to
//! repair them.

use crate::record::Record;
use crate::report::{count, is_shown, place};
use crate::rule_page;
use anstyle::{AnsiColor, Style};
use entra_auth_policy::finding::Severity;
use entra_auth_policy::verdict::Action;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use text::shown;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();

/// Findings by weight, rule and message, with the objects that have them.
type Equal<'f> = BTreeMap<((u8, u8), &'f str, &'f str), (Vec<&'f AuditFinding>, BTreeSet<&'f str>)>;

/// An object that was read, as far as grouping needs it.
pub(crate) struct Audited {
    pub(crate) uid: String,
    namespace: String,
    name: String,
    /// The uid of the controller, and its kind and name in case it is not read.
    owner: Option<(String, String)>,
}

/// What was found in one object.
struct AuditFinding {
    uid: String,
    namespace: String,
    object: String,
    rule: &'static str,
    /// Sorts the most serious first.
    weight: (u8, u8),
    action: &'static str,
    place: String,
    message: String,
    fix: String,
}

#[derive(Default)]
pub(crate) struct Groups {
    /// What an object is called, and who controls it.
    names: BTreeMap<String, (String, Option<(String, String)>)>,
    found: Vec<AuditFinding>,
}

impl Audited {
    pub(crate) fn of(object: &Value) -> Audited {
        let text = |value: &Value| shown(value.as_str().unwrap_or_default()).into_owned();
        let metadata = &object["metadata"];
        let owners = metadata["ownerReferences"].as_array();
        let owner = owners.and_then(|owners| owners.iter().find(|owner| owner["controller"] == true));
        Audited {
            uid: text(&metadata["uid"]),
            namespace: text(&metadata["namespace"]),
            name: format!("{} {}", text(&object["kind"]), text(&metadata["name"])),
            owner: owner
                .map(|owner| (text(&owner["uid"]), format!("{} {}", text(&owner["kind"]), text(&owner["name"])))),
        }
    }
}

impl Groups {
    pub(crate) fn add(&mut self, object: Audited, record: &Record, all: bool) {
        let Record::Evaluated { evaluation, .. } = record else { return };
        for finding in evaluation.findings.iter().filter(|finding| is_shown(finding, all)) {
            let action = match finding.action {
                Action::Deny => 0,
                Action::Warn => 1,
                Action::None | Action::Exempt(_) | Action::Excused => 2,
            };
            let severity = match finding.severity {
                Severity::High => 0,
                Severity::Medium => 1,
                Severity::Low => 2,
            };
            self.found.push(AuditFinding {
                uid: object.uid.clone(),
                namespace: object.namespace.clone(),
                object: object.name.clone(),
                rule: finding.rule.id,
                weight: (action, severity),
                action: finding.action.as_str(),
                place: place(finding).to_owned(),
                message: finding.message.clone(),
                fix: finding.remediation.to_string(),
            });
        }
        if !object.uid.is_empty() {
            self.names.insert(object.uid, (object.name, object.owner));
        }
    }

    /// The object at the top of the chain of controllers.
    fn owner(&self, found: &AuditFinding) -> String {
        let (mut name, mut uid) = (&found.object, &found.uid);
        // Owners cannot form a ring that the server would keep, but a dump can.
        for _ in 0..8 {
            match self.names.get(uid) {
                Some((_, Some((owner, called)))) => (name, uid) = (called, owner),
                _ => break,
            }
        }
        name.clone()
    }

    pub(crate) fn write(&self, out: &mut dyn Write, width: usize) -> io::Result<()> {
        // Namespace, owner, rule and message; equal ones are counted.
        let mut groups: BTreeMap<(&str, String), Equal<'_>> = BTreeMap::new();
        for found in &self.found {
            let group = groups.entry((&found.namespace, self.owner(found))).or_default();
            let (equal, objects) = group.entry((found.weight, found.rule, &found.message)).or_default();
            equal.push(found);
            objects.insert(&found.object);
        }
        let mut groups: Vec<_> = groups.into_iter().collect();
        // The namespace with the most serious finding first, and in it the owner.
        let worst = |group: &Equal<'_>| group.keys().next().map(|(weight, ..)| *weight);
        let mut namespaces: BTreeMap<&str, Option<(u8, u8)>> = BTreeMap::new();
        for ((namespace, _), group) in &groups {
            let weight = worst(group);
            let entry = namespaces.entry(namespace).or_insert(weight);
            *entry = (*entry).min(weight);
        }
        groups.sort_by_cached_key(|((namespace, owner), group)| {
            (namespaces.get(namespace).copied().flatten(), (*namespace).to_owned(), worst(group), owner.clone())
        });
        let mut last = None;
        for ((namespace, owner), group) in groups {
            if last != Some(namespace) {
                let title = if namespace.is_empty() { "the cluster's scope" } else { namespace };
                writeln!(out, "{BOLD}{title}{BOLD:#}")?;
                last = Some(namespace);
            }
            writeln!(out, "  {BOLD}{owner}{BOLD:#}")?;
            for ((_, rule, message), (equal, objects)) in group {
                let Some(first) = equal.iter().find(|found| found.object == owner).or(equal.first()) else { continue };
                let style = match first.action {
                    "deny" => RED,
                    "warn" => YELLOW,
                    _ => DIM,
                };
                let times =
                    if objects.len() > 1 { format!(" (in {})", count(objects.len(), "object")) } else { String::new() };
                writeln!(out, "    {style}{:<4}{style:#} {rule}{times}", first.action)?;
                let options = textwrap::Options::new(width).initial_indent("         ").subsequent_indent("         ");
                for text in [format!("{} {message}", first.place), format!("fix: {}", first.fix)] {
                    writeln!(out, "{}", textwrap::fill(&text, &options))?;
                }
                if let Ok(rule) = rule_page::find(rule) {
                    writeln!(out, "         {DIM}see: {}{DIM:#}", rule_page::url(rule))?;
                }
            }
            writeln!(out)?;
        }
        Ok(())
    }
}
