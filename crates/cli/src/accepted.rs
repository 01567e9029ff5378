//! `--write-exemptions`: today's findings as exemptions, to introduce the policy where there are some already.

use crate::record::{DEFAULT, Record};
use crate::report::count;
use crate::settings;
use crate::title::{Title, UPDATE};
use anyhow::{Context, Result, bail};
use entra_auth_policy::settings::Date;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

/// Days until an exemption ends.
const DAYS: u64 = 90;

/// What the author is asked to replace.
const REASON: &str = "TODO: say why, and who fixes it";

/// The findings of a run, by object.
#[derive(Default)]
pub(crate) struct Accepted {
    /// Kind with its group, namespace and name; the rules.
    rules: BTreeMap<(String, String, String), BTreeSet<&'static str>>,
    /// Objects with a finding that no exact name covers.
    left: BTreeSet<String>,
    /// Objects whose manifests name no namespace.
    unnamed: usize,
}

impl Accepted {
    pub(crate) fn add(&mut self, record: &Record) {
        let Record::Evaluated { subject, evaluation, .. } = record else { return };
        let Title { kind, group, namespace, name, act } = &subject.title;
        let found = evaluation.findings.iter().filter(|finding| finding.denies() || finding.warns());
        for finding in found {
            // A `*` in a name would cover other names too.
            let is_exact = !name.is_empty() && ![kind, namespace, name].iter().any(|text| text.contains('*'));
            let is_object = act.is_empty() || act == UPDATE;
            if finding.is_unreadable() || !is_exact || !is_object {
                self.left.insert(format!("{} ({})", subject.title, subject.place()));
                continue;
            }
            let kind = if group.is_empty() { kind.clone() } else { format!("{kind}.{group}") };
            let namespace = if subject.assumes_namespace { DEFAULT.to_owned() } else { namespace.clone() };
            let rules = self.rules.entry((kind, namespace, name.clone())).or_insert_with(|| {
                self.unnamed += usize::from(subject.assumes_namespace);
                BTreeSet::new()
            });
            rules.insert(finding.rule.id);
        }
    }

    /// Before anything is evaluated: whether the file can be a new one.
    pub(crate) fn may_create(file: &Path) -> Result<()> {
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
        if file.symlink_metadata().is_ok() {
            bail!("--write-exemptions: {} exists, and is not overwritten", file.display());
        }
        match folder {
            Some(folder) if !folder.is_dir() => bail!("--write-exemptions: there is no folder {}", folder.display()),
            _ => Ok(()),
        }
    }

    /// Writes the settings with the exemptions into a new file.
    pub(crate) fn write(&self, file: &Path, settings: &Value, today: Date, err: &mut dyn Write) -> Result<()> {
        let until = Date::from_unix_seconds(today.unix_seconds() + DAYS * 86_400).to_string();
        let text = settings::with_exemptions(settings, self.exemptions(&until))?;
        let head = "# Written by `entra-auth check --write-exemptions`. Use it with --settings, and as `spec.settings` of the policy.\n";
        let mut out = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(file)
            .with_context(|| format!("--write-exemptions: {} cannot be created", file.display()))?;
        out.write_all(head.as_bytes())?;
        out.write_all(text.as_bytes())?;
        let objects = count(self.rules.len(), "object");
        writeln!(err, "wrote {}: exemptions for {objects}, until {until}. Fill in the reasons", file.display())?;
        if self.unnamed > 0 {
            let objects = count(self.unnamed, "manifest");
            writeln!(err, "note: {objects} without a namespace: the exemptions are for `default`")?;
        }
        for object in &self.left {
            writeln!(err, "note: not exempted, because no exact name covers it: {object}")?;
        }
        Ok(())
    }

    /// Objects with the same rules, kind and namespace share an entry.
    fn exemptions(&self, until: &str) -> Vec<Value> {
        let mut entries: BTreeMap<_, Vec<&str>> = BTreeMap::new();
        for ((kind, namespace, name), rules) in &self.rules {
            entries.entry((namespace, kind, rules)).or_default().push(name);
        }
        let entry = |((namespace, kind, rules), names): ((&String, &String, &BTreeSet<&str>), Vec<&str>)| {
            let mut entry = json!({"rules": rules, "kinds": [kind]});
            if !namespace.is_empty() {
                entry["namespaces"] = json!([namespace]);
            }
            entry["names"] = json!(names);
            entry["reason"] = REASON.into();
            entry["until"] = until.into();
            entry
        };
        entries.into_iter().map(entry).collect()
    }
}
