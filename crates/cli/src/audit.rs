//! `entra-auth audit`: what a cluster has, read through its API and never changed.
//!
//! ```text
//! discovery ─► lists, page by page ─► objects that look-ups ask for ─► the rest ─► findings by namespace and owner
//! ```
//!
//! A page is evaluated and dropped before the next one is read.

mod api;
mod dump;
mod group;

use crate::args::{Audit, RulesFormat};
use crate::checker::Checker;
use crate::record::Record;
use crate::report::{self, Streams, Summary};
use crate::{Outcome, settings};
use admission::cluster::ManifestCluster;
use anyhow::{Context, Result, bail};
use api::{Answer, Api, Kind};
use dump::Dump;
use entra_auth_policy::lookup::RESOURCES;
use entra_auth_policy::settings::Date;
use group::Groups;
use indicatif::{ProgressBar, ProgressDrawTarget};
use manifest::documents;
use std::collections::BTreeSet;
use std::io::{IsTerminal, Write};
use std::time::Duration;

/// How often a list is read again from the front.
const RESTARTS: usize = 3;

pub fn audit(args: &Audit, streams: Streams, today: Date) -> Result<Outcome> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // Settings first: a mistake in them is found before a cluster is asked.
    let mut checker = Checker::new(&args.policy, true, today)?;
    let mut run = Run::new(args, streams)?;
    let api = runtime.block_on(Api::connect(args.context.as_deref(), args.namespace.clone(), args.page))?;
    let mut kinds = runtime.block_on(api.kinds()).context("the cluster's list of kinds")?;
    if !args.secrets {
        kinds.retain(|kind| kind.kind != "Secret" || !kind.group.is_empty());
    }
    if args.namespace.is_some() {
        kinds.retain(|kind| kind.namespaced);
    }
    // Rules look these up, so they are read before anything is evaluated.
    let is_looked_up = |kind: &Kind| {
        RESOURCES.iter().any(|resource| resource.kind == kind.kind && resource.api_version.starts_with(&kind.group))
    };
    let (first, rest): (Vec<Kind>, Vec<Kind>) = kinds.into_iter().partition(is_looked_up);
    let mut cluster = ManifestCluster::default();
    let mut pages = Vec::new();
    for kind in &first {
        let mut list = List::default();
        while let Some(page) = runtime.block_on(run.reader.page(&api, kind, &mut list)) {
            for document in documents(&page) {
                let objects = document.objects().unwrap_or_default();
                let kept = objects.iter().flatten().filter_map(|object| ManifestCluster::pick("", object));
                kept.for_each(|kept| cluster.keep(kept));
            }
            pages.push((kind, page));
        }
    }
    if run.reader.forbidden.is_empty() && run.reader.failed.is_empty() && args.namespace.is_none() {
        checker.set_cluster(cluster);
    } else {
        // What is not there cannot be told from what was not read, so nothing is looked up unless the settings say so.
        checker = Checker::new(&args.policy, false, today)?;
        if settings::wants_cluster(checker.settings()) {
            checker.set_cluster(cluster);
        }
    }
    for (kind, page) in pages {
        run.evaluate(&checker, kind, page)?;
    }
    for kind in &rest {
        let mut list = List::default();
        while let Some(page) = runtime.block_on(run.reader.page(&api, kind, &mut list)) {
            run.evaluate(&checker, kind, page)?;
        }
    }
    run.finish(args)
}

/// All pages of all kinds that rules read, without Secrets, each with the name of its kind. What cannot be read is an
/// error.
pub(crate) fn read_all(context: Option<&str>) -> Result<Vec<(String, String)>> {
    const PAGE: u32 = 500;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let api = runtime.block_on(Api::connect(context, None, PAGE))?;
    let mut kinds = runtime.block_on(api.kinds()).context("the cluster's list of kinds")?;
    kinds.retain(|kind| kind.kind != "Secret" || !kind.group.is_empty());
    let mut reader = Reader::new();
    let mut pages = Vec::new();
    for kind in &kinds {
        let mut list = List::default();
        while let Some(page) = runtime.block_on(reader.page(&api, kind, &mut list)) {
            pages.push((kind.plural.clone(), page));
        }
    }
    reader.progress.finish_and_clear();
    if !reader.forbidden.is_empty() {
        let kinds = reader.forbidden.join(",");
        bail!("RBAC forbids to list {}\n  {GET_ROLE}{kinds}`", reader.forbidden.join(", "));
    }
    if let Some(why) = reader.failed.first() {
        bail!("{why}");
    }
    Ok(pages)
}

/// What to do about kinds that cannot be listed; their names follow.
const GET_ROLE: &str = "get a ClusterRole with the verb `list` for these resources, for example `kubectl create clusterrole entra-auth-audit --verb=list --resource=";

/// How far a list is read.
#[derive(Default)]
struct List {
    next: Option<String>,
    count: usize,
    restarts: usize,
    is_over: bool,
}

/// Reads lists, and notes what cannot be read.
struct Reader {
    progress: ProgressBar,
    /// Kinds that the user may not list, and kinds that failed.
    forbidden: Vec<String>,
    failed: Vec<String>,
}

struct Run {
    streams: Streams,
    reader: Reader,
    all: bool,
    as_json: bool,
    groups: Groups,
    summary: Summary,
    dump: Option<Dump>,
    seen: BTreeSet<String>,
}

impl Reader {
    fn new() -> Reader {
        let progress = ProgressBar::new_spinner();
        if !std::io::stderr().is_terminal() {
            progress.set_draw_target(ProgressDrawTarget::hidden());
        }
        progress.enable_steady_tick(Duration::from_millis(200));
        Reader { progress, forbidden: Vec::new(), failed: Vec::new() }
    }

    /// The next page of a list. What is forbidden is noted, and the rest is read.
    async fn page(&mut self, api: &Api, kind: &Kind, list: &mut List) -> Option<String> {
        while !list.is_over {
            self.progress.set_message(format!("{}: {} read", kind.plural, list.count));
            match api.page(kind, list.next.as_deref()).await {
                Answer::Page { text, next, items } => {
                    list.count += items;
                    list.is_over = next.is_none();
                    list.next = next;
                    return Some(text);
                }
                // The list is older than the server remembers: again from the front. What was read is left out.
                Answer::Expired if list.restarts < RESTARTS => {
                    list.restarts += 1;
                    list.next = None;
                    continue;
                }
                Answer::Expired => self.failed.push(format!("{}: the list expires before it is read", kind.name())),
                Answer::Missing => {}
                Answer::Forbidden => self.forbidden.push(kind.name()),
                Answer::Failed(why) => self.failed.push(format!("{}: {why}", kind.name())),
            }
            list.is_over = true;
        }
        None
    }
}

impl Run {
    fn new(args: &Audit, streams: Streams) -> Result<Run> {
        let dump = args.dump.as_deref().map(Dump::create).transpose()?;
        Ok(Run {
            streams,
            reader: Reader::new(),
            all: args.all,
            as_json: args.format == RulesFormat::Json,
            groups: Groups::default(),
            summary: Summary::new(args.fail_on),
            dump,
            seen: BTreeSet::new(),
        })
    }

    fn evaluate(&mut self, checker: &Checker, kind: &Kind, page: String) -> Result<()> {
        self.reader.progress.set_message(format!("{}: evaluating", kind.plural));
        let objects: Vec<group::Audited> = checker.install(|| {
            let read = |document: &manifest::Document<'_>| document.objects().unwrap_or_default();
            documents(&page)
                .iter()
                .flat_map(|document| read(document).into_iter().flatten())
                .map(|object| group::Audited::of(&object.value))
                .collect()
        });
        if let Some(dump) = &mut self.dump {
            checker.install(|| dump.add(&page))?;
        }
        let records = checker.check(&kind.plural, page)?;
        let records = records.into_iter().filter(|record| !matches!(record, Record::Skipped { .. }));
        let mut objects = objects.into_iter();
        let mut kept = Vec::new();
        for record in records {
            let object = if matches!(record, Record::Evaluated { .. }) { objects.next() } else { None };
            // An object can be in two pages of a list that was read again.
            if let Some(object) = &object
                && !object.uid.is_empty()
                && !self.seen.insert(object.uid.clone())
            {
                continue;
            }
            self.summary.count(&record);
            if let Some(object) = object {
                self.groups.add(object, &record, self.all);
            }
            kept.push(record);
        }
        if self.as_json {
            for line in report::values(&kept)? {
                writeln!(self.streams.out, "{line}")?;
            }
        }
        Ok(())
    }

    fn finish(mut self, args: &Audit) -> Result<Outcome> {
        self.reader.progress.finish_and_clear();
        if !self.as_json {
            self.groups.write(&mut self.streams.out, self.streams.width)?;
            writeln!(self.streams.out, "{}", self.summary)?;
        }
        if !self.reader.forbidden.is_empty() {
            writeln!(
                self.streams.err,
                "not read, because RBAC forbids to list them: {}\n  {GET_ROLE}{}`",
                self.reader.forbidden.join(", "),
                self.reader.forbidden.join(",")
            )?;
        }
        for why in &self.reader.failed {
            writeln!(self.streams.err, "error: {why}")?;
        }
        if let Some(dump) = self.dump {
            dump.finish()?;
        }
        self.streams.out.flush()?;
        if self.summary.objects() == 0 && !self.reader.forbidden.is_empty() {
            bail!("nothing could be read");
        }
        if args.namespace.is_some() && self.summary.objects() == 0 {
            writeln!(self.streams.err, "note: nothing was found in this namespace")?;
        }
        Ok(if self.reader.failed.is_empty() { self.summary.outcome() } else { Outcome::Failed })
    }
}
