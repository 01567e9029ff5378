//! `entra-auth exemptions`: which exemptions ended, end soon, are not used, or cover more than they need to.

use crate::Outcome;
use crate::dump::{after, evaluate, kind, read, text};
use crate::report::Streams;
use anyhow::{Context, Result};
use clap::Args;
use entra_auth_policy::settings::Date;
use entra_auth_policy::verdict::Action;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;

#[derive(Args, Clone, Debug)]
pub struct Exemptions {
    /// The settings, or a policy manifest that contains them
    #[arg(long, value_name = "FILE", required = true)]
    pub settings: PathBuf,

    /// A dump of the cluster, as for `entra-auth onboard`
    #[arg(required = true, value_name = "DUMP")]
    pub dumps: Vec<PathBuf>,

    /// Use this date
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = crate::args::date, hide = true)]
    pub today: Option<Date>,
}

/// How long before its end an exemption is reported.
const SOON: u64 = 30;

/// The objects that use an exemption, by what selectors see.
#[derive(Default)]
struct Use {
    rules: BTreeSet<String>,
    kinds: BTreeSet<String>,
    namespaces: BTreeSet<String>,
    names: BTreeSet<String>,
    objects: usize,
}

pub fn run(args: &Exemptions, streams: &mut Streams, today: Date) -> Result<Outcome> {
    let today = args.today.unwrap_or(today);
    let mut settings = crate::settings::valid(&args.settings).with_context(|| args.settings.display().to_string())?;
    let exemptions = settings["exemptions"].as_array().cloned().unwrap_or_default();
    let objects = read(&args.dumps)?;
    // The reason comes back with each finding. An end date would hide what still uses the exemption.
    for (index, entry) in settings["exemptions"].as_array_mut().into_iter().flatten().enumerate() {
        entry["reason"] = json!(index.to_string());
        if let Some(entry) = entry.as_object_mut() {
            entry.remove("until");
        }
    }
    let mut uses: Vec<Use> = exemptions.iter().map(|_| Use::default()).collect();
    for (object, evaluation) in objects.iter().zip(evaluate(&objects, &settings, today)?) {
        let body = object.object();
        let mut used = BTreeSet::new();
        for finding in &evaluation.findings {
            let Action::Exempt(index) = &finding.action else { continue };
            let Ok(index) = index.parse::<usize>() else { continue };
            let Some(of) = uses.get_mut(index) else { continue };
            of.rules.insert(finding.rule.id.to_owned());
            of.kinds.insert(kind(body));
            of.namespaces.insert(text(body, &["metadata", "namespace"]).to_owned());
            of.names.insert(text(body, &["metadata", "name"]).to_owned());
            of.objects += usize::from(used.insert(index));
        }
    }
    let out = &mut streams.out;
    let mut reported = 0;
    for (index, (entry, of)) in exemptions.iter().zip(&uses).enumerate() {
        for line in problems(entry, of, today) {
            reported += 1;
            writeln!(out, "exemptions[{index}] ({}): {line}", text(entry, &["reason"]))?;
        }
    }
    writeln!(out, "{} exemptions, {reported} to look at", exemptions.len())?;
    out.flush()?;
    Ok(Outcome::Allowed)
}

fn problems(entry: &Value, of: &Use, today: Date) -> Vec<String> {
    let mut problems = Vec::new();
    if let Some(until) = Date::parse(text(entry, &["until"])) {
        if until < today {
            problems.push(format!("ended on {until}; remove it, or renew it with a new reason"));
        } else if until <= after(today, SOON) {
            problems.push(format!("ends on {until}"));
        }
    }
    if of.objects == 0 {
        let by_requester = ["requesters", "groups"].iter().any(|key| !entry[key].is_null());
        problems.push(match by_requester {
            true => "selects requesters, which a dump does not have; look for it in the audit log".to_owned(),
            false => "no object of the dump uses it; remove it".to_owned(),
        });
        return problems;
    }
    let selectors = [("rules", &of.rules), ("kinds", &of.kinds), ("namespaces", &of.namespaces), ("names", &of.names)];
    for (key, used) in selectors {
        let listed = match &entry[key] {
            Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
            Value::String(one) => vec![one.as_str()],
            _ => Vec::new(),
        };
        let is_wide = listed.is_empty() || listed.iter().any(|one| one.contains('*')) || listed.len() > used.len();
        // Objects outside namespaces cannot be selected by one.
        let used: Vec<_> = used.iter().filter(|one| !one.is_empty()).map(String::as_str).collect();
        if is_wide && !used.is_empty() {
            problems.push(format!("covers more than {} use; write {key}: [{}]", objects(of.objects), used.join(", ")));
        }
    }
    problems
}

fn objects(count: usize) -> String {
    if count == 1 { "the one object that does".to_owned() } else { format!("the {count} objects that") }
}
