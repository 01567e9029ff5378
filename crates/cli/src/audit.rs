//! `entra-auth audit`: what a cluster has, read through its API and never changed.
//!
//! ```text
//! discovery ─► lists, page by page ─► objects that look-ups ask for ─► the rest ─► findings by namespace and owner
//! ```
//!
//! A page is evaluated and dropped while the next ones are read.

mod api;
mod dump;
mod group;
mod reader;

use crate::args::{Audit, RulesFormat};
use crate::checker::Checker;
use crate::report::{self, Streams, Summary};
use crate::{Outcome, settings};
use admission::cluster::ManifestCluster;
use anyhow::{Context, Result, bail};
use api::{Api, Kind};
use dump::Dump;
use entra_auth_policy::lookup::RESOURCES;
use entra_auth_policy::settings::Date;
use group::Groups;
use indicatif::{ProgressBar, ProgressDrawTarget};
use manifest::{ManifestObject, documents};
use reader::{AHEAD, Part};
use std::collections::BTreeSet;
use std::io::{IsTerminal, Write};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::Duration;

pub(crate) fn audit(args: &Audit, streams: Streams, today: Date) -> Result<Outcome> {
    // Settings first: a mistake in them is found before a cluster is asked.
    let checker = Checker::new(&args.policy, true, today)?;
    let run = Run::new(args, streams)?;
    let api = Api::connect(args.context.as_deref(), args.namespace.clone(), args.page)?;
    let mut kinds = api.kinds().context("the cluster's list of kinds")?;
    if !args.secrets {
        kinds.retain(|kind| kind.kind != "Secret" || !kind.group.is_empty());
    }
    if args.namespace.is_some() {
        kinds.retain(|kind| kind.namespaced);
    }
    // Rules look these up, so they are read before anything is evaluated.
    let is_looked_up = |kind: &&Kind| {
        RESOURCES.iter().any(|resource| resource.kind == kind.kind && resource.api_version.starts_with(&kind.group))
    };
    let (mut order, rest): (Vec<&Kind>, Vec<&Kind>) = kinds.iter().partition(is_looked_up);
    let looked_up = order.len();
    order.extend(rest);
    let (sender, parts) = sync_channel(AHEAD);
    let progress = run.progress.clone();
    thread::scope(|scope| {
        let kinds = &order;
        scope.spawn(move || reader::read(&api, kinds, &sender, &progress));
        run.all(args, checker, kinds, looked_up, parts, today)
    })
}

/// Objects that were read at once, and the kinds that the user may not list.
pub(crate) struct Everything {
    pub(crate) objects: Vec<ManifestObject>,
    pub(crate) forbidden: Vec<String>,
}

/// Every object that rules read, Secrets only if they are wanted. A list that fails is an error.
pub(crate) fn read_all(context: Option<&str>, secrets: bool) -> Result<Everything> {
    const PAGE: u32 = 500;
    let api = Api::connect(context, None, PAGE)?;
    let mut kinds = api.kinds().context("the cluster's list of kinds")?;
    kinds.retain(|kind| secrets || kind.kind != "Secret" || !kind.group.is_empty());
    let (sender, parts) = sync_channel(AHEAD);
    let progress = spinner();
    let mut everything = Everything { objects: Vec::new(), forbidden: Vec::new() };
    let mut seen = BTreeSet::new();
    let kinds: Vec<&Kind> = kinds.iter().collect();
    let (kinds, reading) = (&kinds, progress.clone());
    thread::scope(|scope| {
        scope.spawn(move || reader::read(&api, kinds, &sender, &reading));
        for (at, part) in parts {
            let name = || kinds.get(at).map(|kind| kind.name()).unwrap_or_default();
            match part {
                Part::Page(text) => {
                    for document in documents(&text) {
                        for object in document.objects()? {
                            let object = object?;
                            // An object can be in two pages of a list that was read again.
                            let uid = object.value["metadata"]["uid"].as_str().unwrap_or_default();
                            if uid.is_empty() || seen.insert(uid.to_owned()) {
                                everything.objects.push(object);
                            }
                        }
                    }
                }
                Part::End => {}
                Part::Forbidden => everything.forbidden.push(name()),
                Part::Failed(why) => bail!("{}: {why}", name()),
            }
        }
        Ok(())
    })?;
    progress.finish_and_clear();
    Ok(everything)
}

/// What a user can do about kinds that they may not list.
pub(crate) fn how_to_list(forbidden: &[String]) -> String {
    format!(
        "not read, because RBAC does not allow you to list them: {}\n  ask your cluster operators for the verb `list`: \
         kubectl create clusterrole entra-auth-audit --verb=list --resource={}",
        forbidden.join(", "),
        forbidden.join(",")
    )
}

/// Says what is being read, if someone is looking.
fn spinner() -> ProgressBar {
    let progress = ProgressBar::new_spinner();
    if !std::io::stderr().is_terminal() {
        progress.set_draw_target(ProgressDrawTarget::hidden());
    }
    progress.enable_steady_tick(Duration::from_millis(200));
    progress
}

struct Run {
    streams: Streams,
    progress: ProgressBar,
    all: bool,
    as_json: bool,
    groups: Groups,
    summary: Summary,
    dump: Option<Dump>,
    /// Kinds that the user may not list, and kinds that failed.
    forbidden: Vec<String>,
    failed: Vec<String>,
    seen: BTreeSet<String>,
}

impl Run {
    fn new(args: &Audit, streams: Streams) -> Result<Run> {
        let dump = args.dump.as_deref().map(Dump::create).transpose()?;
        Ok(Run {
            streams,
            progress: spinner(),
            all: args.all,
            as_json: args.format == RulesFormat::Json,
            groups: Groups::default(),
            summary: Summary::new(args.fail_on),
            dump,
            forbidden: Vec::new(),
            failed: Vec::new(),
            seen: BTreeSet::new(),
        })
    }

    /// Evaluates what is read. The first kinds, as many as are looked up, are kept until all of them are there.
    fn all(
        mut self,
        args: &Audit,
        mut checker: Checker,
        kinds: &[&Kind],
        looked_up: usize,
        parts: Receiver<(usize, Part)>,
        today: Date,
    ) -> Result<Outcome> {
        let mut cluster = ManifestCluster::default();
        let mut pages = Vec::new();
        let mut ended = 0;
        while ended < looked_up {
            let (at, part) = parts.recv().context("the cluster is not read any more")?;
            let Some(kind) = kinds.get(at) else { continue };
            let Some(page) = self.page(kind, part) else {
                ended += 1;
                continue;
            };
            for document in documents(&page) {
                let objects = document.objects().unwrap_or_default();
                let kept = objects.iter().flatten().filter_map(|object| ManifestCluster::pick("", object));
                kept.for_each(|kept| cluster.keep(kept));
            }
            pages.push((kind, page));
        }
        if self.forbidden.is_empty() && self.failed.is_empty() && args.namespace.is_none() {
            checker.set_cluster(cluster);
        } else {
            // What is not there cannot be told from what was not read, so nothing is looked up unless the settings say so.
            checker = Checker::new(&args.policy, false, today)?;
            if settings::wants_cluster(checker.settings()) {
                checker.set_cluster(cluster);
            }
        }
        for (kind, page) in pages {
            self.evaluate(&checker, kind, &page)?;
        }
        for (at, part) in parts {
            let Some(kind) = kinds.get(at) else { continue };
            if let Some(page) = self.page(kind, part) {
                self.evaluate(&checker, kind, &page)?;
            }
        }
        self.finish(args)
    }

    /// The page, unless the list ends here. What is forbidden is noted, and the rest is read.
    fn page(&mut self, kind: &Kind, part: Part) -> Option<String> {
        match part {
            Part::Page(text) => return Some(text),
            Part::End => {}
            Part::Forbidden => self.forbidden.push(kind.name()),
            Part::Failed(why) => self.failed.push(format!("{}: {why}", kind.name())),
        }
        None
    }

    fn evaluate(&mut self, checker: &Checker, kind: &Kind, page: &str) -> Result<()> {
        let keeps = self.dump.is_some();
        let checked = checker.check_list(&kind.plural, page, |object| {
            (group::Audited::of(&object.value), keeps.then(|| dump::line(&object.value)))
        })?;
        let mut kept = Vec::new();
        for (record, object) in checked {
            if let Some((object, line)) = object {
                // An object can be in two pages of a list that was read again.
                if !object.uid.is_empty() && !self.seen.insert(object.uid.clone()) {
                    continue;
                }
                if let (Some(dump), Some(line)) = (&mut self.dump, line) {
                    dump.add(&line)?;
                }
                self.groups.add(object, &record, self.all);
            }
            self.summary.count(&record);
            kept.push(record);
        }
        if self.as_json {
            report::write_lines(&kept, &mut self.streams.out)?;
        }
        Ok(())
    }

    fn finish(mut self, args: &Audit) -> Result<Outcome> {
        self.progress.finish_and_clear();
        if !self.as_json {
            self.groups.write(&mut self.streams.out, self.streams.width)?;
            writeln!(self.streams.out, "{}", self.summary)?;
        }
        if !self.forbidden.is_empty() {
            writeln!(self.streams.err, "{}", how_to_list(&self.forbidden))?;
        }
        for why in &self.failed {
            writeln!(self.streams.err, "error: {why}")?;
        }
        if let Some(dump) = self.dump {
            dump.finish()?;
        }
        self.streams.out.flush()?;
        if self.summary.objects() == 0 && !self.forbidden.is_empty() {
            bail!("nothing could be read");
        }
        if args.namespace.is_some() && self.summary.objects() == 0 {
            writeln!(self.streams.err, "note: nothing was found in this namespace")?;
        }
        Ok(if self.failed.is_empty() { self.summary.outcome() } else { Outcome::Failed })
    }
}
