//! `entra-auth migrate`: plans and manifests for leaving pod identity, IRSA and fixed credentials.
//!
//! ```text
//! inputs ─► objects with their places ─► plan ─► text or JSON, files in a folder, or edits in place
//! ```

use crate::Outcome;
use crate::args::RulesFormat;
use crate::files::{Batch, File};
use crate::inputs::{Source, Walk};
use crate::report::Streams;
use anyhow::{Context, Result, anyhow, bail};
use clap::{Args, ValueEnum};
use manifest::{Change, Edits, Form, documents, edit};
use migrate::{Answers, AzureFormat, Fate, ObjectChange, Options, Origin, Plan, Stage};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

#[derive(Args, Clone, Debug)]
pub struct Migrate {
    /// What to leave
    #[arg(value_name = "FROM")]
    pub from: From,

    /// Manifests, folders of them, dumps of a cluster, or `-` for standard input
    #[arg(value_name = "PATH", required_unless_present = "live")]
    pub paths: Vec<PathBuf>,

    /// Read a cluster as `audit` does, without changing anything
    #[arg(long, conflicts_with = "paths")]
    pub live: bool,

    /// The context of the kubeconfig, with `--live`
    #[arg(long, value_name = "NAME", requires = "live")]
    pub context: Option<String>,

    /// Also read Secrets, with `--live`
    #[arg(long, requires = "live")]
    pub secrets: bool,

    /// Show the plan and write nothing, as without `--write` and `--in-place`
    #[arg(long, conflicts_with_all = ["write", "in_place"])]
    pub plan: bool,

    /// The plan as text for people, or as JSON
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: RulesFormat,

    /// Write a runbook, manifests and scripts into this folder
    #[arg(long, value_name = "DIR")]
    pub write: Option<PathBuf>,

    /// Change the manifests where they are, up to this phase
    #[arg(long, value_name = "PHASE", conflicts_with_all = ["write", "live"])]
    pub in_place: Option<InPlace>,

    /// The tool that creates identities in Azure
    #[arg(long, value_name = "TOOL", default_value = "az")]
    pub azure: Azure,

    /// Ids, and what only people know: `ids.yaml` of an earlier run, filled in
    #[arg(long, value_name = "FILE")]
    pub ids: Option<PathBuf>,

    /// Create new managed identities and copy the roles of those of pod identity
    #[arg(long)]
    pub new_identities: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum From {
    /// AAD Pod Identity, standard and managed mode
    PodIdentity,
    /// IAM roles and other parts of Amazon EKS
    Irsa,
    /// Client secrets, certificates and storage account keys
    Secrets,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum InPlace {
    /// Add the new objects and keep the old
    Apply,
    /// Remove the old as well
    Remove,
    /// End the migration proxy as well
    EndProxy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Azure {
    /// A shell script with the Azure CLI
    Az,
    Bicep,
    Terraform,
}

pub const AFTER_HELP: &str = "\
Examples:
  entra-auth migrate pod-identity deploy/                          show the plan
  entra-auth migrate pod-identity deploy/ --write migration/       write runbook.md, ids.yaml, manifests and scripts
  entra-auth migrate pod-identity deploy/ --ids migration/ids.yaml --write migration/ --azure bicep
  entra-auth migrate irsa deploy/ --ids ids.yaml --in-place apply  change the files, and keep comments

Nothing in the cluster or in Azure is changed. Values of Secrets are not written.

Exit status: 0 if everything is in the files, 1 if something is left to decide or to do by hand, 2 if something failed.";

/// Where an object of the input is.
struct Place {
    source: usize,
    document: usize,
    pointer: String,
    /// Whether the document has other objects as well.
    is_shared: bool,
    /// Whether it can be edited at all: not in an admission request, a chart's output or a part of a large list.
    is_own: bool,
}

#[derive(Default)]
struct Inputs {
    sources: Vec<File>,
    objects: Vec<Value>,
    places: Vec<Place>,
    /// Documents of folders that are not manifests, and why.
    skipped: Vec<String>,
}

pub fn run(args: &Migrate, streams: &mut Streams) -> Result<Outcome> {
    // Objects are read and evaluated by recursion.
    let workers = rayon::ThreadPoolBuilder::new().num_threads(1).stack_size(manifest::STACK).build()?;
    let inputs = if args.live { live(args, streams)? } else { workers.install(|| read(args))? };
    for skipped in &inputs.skipped {
        writeln!(streams.err, "skipped {skipped}")?;
    }
    let answers = match &args.ids {
        Some(path) => {
            let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
            Answers::parse(&text).with_context(|| path.display().to_string())?
        }
        None => Answers::default(),
    };
    let origin = match args.from {
        From::PodIdentity => Origin::PodIdentity,
        From::Irsa => Origin::Irsa,
        From::Secrets => Origin::Secrets,
    };
    let options = Options { new_identities: args.new_identities };
    let plan = workers.install(|| migrate::plan(origin, &inputs.objects, &answers, options));
    if let Some(folder) = &args.write {
        write(&plan, folder, args.azure, &inputs, &workers)?;
    }
    if let Some(phase) = args.in_place {
        in_place(&plan, phase, args, &inputs, &workers, streams)?;
    }
    match args.format {
        RulesFormat::Text => streams.out.write_all(migrate::text(&plan).as_bytes())?,
        RulesFormat::Json => writeln!(streams.out, "{:#}", serde_json::to_value(&plan)?)?,
    }
    if let Some(folder) = &args.write {
        writeln!(streams.err, "written to {}: begin with runbook.md", folder.display())?;
    }
    streams.out.flush()?;
    Ok(if plan.is_open() { Outcome::Denied } else { Outcome::Allowed })
}

#[cfg(feature = "cluster")]
fn live(args: &Migrate, streams: &mut Streams) -> Result<Inputs> {
    let crate::audit::Everything { objects, forbidden } =
        crate::audit::read_all(args.context.as_deref(), args.secrets)?;
    if !forbidden.is_empty() {
        writeln!(streams.err, "{}", crate::audit::how_to_list(&forbidden))?;
    }
    let objects = objects.iter().map(|object| object.object().clone()).collect();
    Ok(Inputs { objects, ..Inputs::default() })
}

#[cfg(not(feature = "cluster"))]
fn live(_: &Migrate, _: &mut Streams) -> Result<Inputs> {
    bail!("--live: {}, or name a dump: `kubectl get ... -A -o yaml`", crate::left_out("read a cluster", "cluster"))
}

/// Reads everything. A text that cannot be read is an error: a plan from half the manifests would be wrong. In folders,
/// files of other kinds are passed over, and named.
fn read(args: &Migrate) -> Result<Inputs> {
    let except: Vec<&Path> = args.write.as_deref().into_iter().chain(args.ids.as_deref()).collect();
    let walk = Walk::new(&except, &[], &std::env::current_dir()?)?;
    let mut inputs = Inputs::default();
    let mut targets = BTreeSet::new();
    for source in walk.sources(&args.paths) {
        let source = source.map_err(|error| anyhow!("{}: {}", error.name, error.reason))?;
        if args.write.as_deref().is_some_and(|folder| is_in(&source, folder)) {
            continue;
        }
        let name = source.name.clone();
        let file = File::read(source).map_err(|reason| anyhow!("{name}: {reason}"))?;
        // Two links to a file, or a file that is named twice.
        if file.target().is_some_and(|target| !targets.insert(target)) {
            inputs.skipped.push(format!("{name}: is a file that is here already"));
            continue;
        }
        let (source, number) = (&file.source, inputs.sources.len());
        for (document, read) in documents(&file.text).iter().enumerate() {
            let found = match read.objects() {
                Ok(found) => found,
                Err(fault) if source.is_found() || fault.kind.is_harmless() => {
                    inputs.skipped.push(format!("{}:{}: {fault}", source.name, fault.line));
                    continue;
                }
                Err(fault) => bail!("{}:{}: {fault}", source.name, fault.line),
            };
            let is_shared = found.len() > 1;
            for object in found {
                let object = match object {
                    Ok(object) => object,
                    Err(fault) if source.is_found() || fault.kind.is_harmless() => continue,
                    Err(fault) => bail!("{}:{}: {fault}", source.name, fault.line),
                };
                let is_own = object.form == Form::Object
                    && source.path().is_some()
                    && file.locked.is_none()
                    && read.rendered_from().is_none();
                inputs.places.push(Place {
                    source: number,
                    document,
                    pointer: object.object_pointer(),
                    is_shared: is_shared || !object.pointer.is_empty(),
                    is_own,
                });
                inputs.objects.push(object.object().clone());
            }
        }
        inputs.sources.push(file);
    }
    Ok(inputs)
}

fn is_in(source: &Source, folder: &Path) -> bool {
    let (Some(path), Ok(folder)) = (source.path().and_then(|path| path.canonicalize().ok()), folder.canonicalize())
    else {
        return false;
    };
    path.starts_with(folder)
}

impl Inputs {
    /// The text of an object alone after changes, one stage after the other.
    fn text(&self, index: usize, stages: &[&[Change]]) -> Option<String> {
        let place = self.places.get(index).filter(|place| place.is_own && !place.is_shared)?;
        let object = self.objects.get(index)?;
        // What the API server wrote is left out of copies.
        let is_dumped = ["/metadata/managedFields", "/metadata/resourceVersion", "/metadata/uid", "/status"]
            .iter()
            .any(|pointer| object.pointer(pointer).is_some());
        if is_dumped {
            return None;
        }
        let source = self.sources.get(place.source)?;
        let mut text = documents(&source.text).get(place.document)?.text.to_owned();
        for changes in stages {
            let edits = Edits { document: 0, changes: vec![(String::new(), changes.to_vec())], new: Vec::new() };
            text = edit(&text, &[edits]).ok()?;
        }
        Some(text)
    }
}

fn write(plan: &Plan, folder: &Path, azure: Azure, inputs: &Inputs, workers: &rayon::ThreadPool) -> Result<()> {
    let format = match azure {
        Azure::Az => AzureFormat::Az,
        Azure::Bicep => AzureFormat::Bicep,
        Azure::Terraform => AzureFormat::Terraform,
    };
    let files = workers.install(|| migrate::files(plan, format, &|index, stages| inputs.text(index, stages)))?;
    clear(folder)?;
    for file in files {
        let path = folder.join(&file.path);
        if let Some(above) = path.parent() {
            fs::create_dir_all(above).with_context(|| above.display().to_string())?;
        }
        fs::write(&path, &file.text).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

/// Removes what an earlier run wrote. A folder with anything else is not touched.
fn clear(folder: &Path) -> Result<()> {
    const RUNBOOK: &str = "runbook.md";
    if !folder.exists() {
        return Ok(());
    }
    let entries: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    if !entries.is_empty() && !folder.join(RUNBOOK).is_file() {
        bail!("{}: is not empty, and no plan was written there: name another folder", folder.display());
    }
    for entry in entries {
        let name = entry.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // Of folders, only those of phases.
        if entry.is_dir() && name.starts_with(|c: char| c.is_ascii_digit()) && name.contains('-') {
            fs::remove_dir_all(&entry)?;
        }
    }
    Ok(())
}

/// Changes files. All texts are made before one is written.
fn in_place(
    plan: &Plan,
    phase: InPlace,
    args: &Migrate,
    inputs: &Inputs,
    workers: &rayon::ThreadPool,
    streams: &mut Streams,
) -> Result<()> {
    let last = match phase {
        InPlace::Apply => Stage::Apply,
        InPlace::Remove => Stage::Remove,
        InPlace::EndProxy => Stage::EndProxy,
    };
    let mut texts: BTreeMap<usize, String> = BTreeMap::new();
    for stage in Stage::ALL.into_iter().filter(|stage| *stage <= last) {
        let mut edits: BTreeMap<usize, BTreeMap<usize, Edits>> = BTreeMap::new();
        for object in &plan.objects {
            let (Some(index), Some(changes)) = (object.index, object.changes.get(&stage)) else { continue };
            let Some(place) = own_place(inputs, index, object, streams)? else { continue };
            let documents = edits.entry(place.source).or_default();
            let edits = documents
                .entry(place.document)
                .or_insert_with(|| Edits { document: place.document, ..Edits::default() });
            edits.changes.push((place.pointer.clone(), changes.clone()));
        }
        for (source, edits) in edits {
            let Some(input) = inputs.sources.get(source) else { continue };
            let text = texts.get(&source).unwrap_or(&input.text);
            let edits: Vec<Edits> = edits.into_values().collect();
            let edited =
                workers.install(|| edit(text, &edits)).map_err(|conflict| anyhow!("{}: {conflict}", input.name()))?;
            texts.insert(source, edited);
        }
    }
    if last >= Stage::Remove {
        delete(plan, inputs, &mut texts, streams)?;
    }
    let mut batch = Batch::default();
    let mut done = Vec::new();
    let first = args.paths.first().map(PathBuf::as_path).unwrap_or(Path::new("."));
    let folder = if first.is_dir() { first } else { first.parent().unwrap_or(Path::new(".")) };
    let new = folder.join("workload-identity.yaml");
    let created = created(plan)?;
    let known =
        inputs.sources.iter().position(|file| file.target().is_some_and(|path| new.canonicalize().ok() == Some(path)));
    match known.and_then(|known| Some((known, inputs.sources.get(known)?))) {
        _ if created.is_empty() => {}
        Some((known, file)) => {
            let text = behind(texts.get(&known).unwrap_or(&file.text), &created);
            texts.insert(known, text);
        }
        None if new.exists() => {
            bail!("{}: is there already: name it too, so that it is part of the plan", new.display())
        }
        None => {
            batch
                .create(&new, &created)
                .map_err(|reason| anyhow!("{}: {reason}; no file is changed", new.display()))?;
            done.push(format!("wrote {}", new.display()));
        }
    }
    for (source, text) in &texts {
        let Some(file) = inputs.sources.get(*source) else { continue };
        // A file without a document is removed.
        let kept = (!documents(text).is_empty()).then_some(text.as_str());
        batch.change(file, kept).map_err(|reason| anyhow!("{}: {reason}; no file is changed", file.name()))?;
        done.push(format!("{} {}", if kept.is_some() { "changed" } else { "removed" }, file.name()));
    }
    batch.commit().map_err(|reason| anyhow!("{reason}"))?;
    for line in done {
        writeln!(streams.err, "{line}")?;
    }
    Ok(())
}

/// A text with documents behind it.
fn behind(text: &str, documents: &str) -> String {
    if text.trim().is_empty() { documents.to_owned() } else { format!("{}\n---\n{documents}", text.trim_end()) }
}

/// The place of an object that can be edited; others are named.
fn own_place<'i>(
    inputs: &'i Inputs,
    index: usize,
    object: &ObjectChange,
    streams: &mut Streams,
) -> Result<Option<&'i Place>> {
    let place = inputs.places.get(index).filter(|place| place.is_own);
    if place.is_none() {
        writeln!(
            streams.err,
            "not changed: {} is rendered, a patch or not in a file: change its source",
            object.object
        )?;
    }
    Ok(place)
}

/// The documents of new objects.
fn created(plan: &Plan) -> Result<String> {
    let mut texts = Vec::new();
    for object in plan.objects.iter().filter(|object| object.fate == Fate::Created) {
        texts.push(manifest::to_yaml(&object.before)?);
    }
    Ok(texts.join("---\n"))
}

/// Takes the documents of deleted objects out of texts.
fn delete(plan: &Plan, inputs: &Inputs, texts: &mut BTreeMap<usize, String>, streams: &mut Streams) -> Result<()> {
    let mut gone: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for object in plan.objects.iter().filter(|object| object.fate == Fate::Deleted) {
        let Some(index) = object.index else { continue };
        let Some(place) = own_place(inputs, index, object, streams)? else { continue };
        if place.is_shared {
            let name = inputs.sources.get(place.source).map_or("", File::name);
            writeln!(streams.err, "not removed: {} is in a list: take it out of {name}", object.object)?;
            continue;
        }
        gone.entry(place.source).or_default().push(place.document);
    }
    for (source, mut numbers) in gone {
        let Some(input) = inputs.sources.get(source) else { continue };
        let mut text = texts.get(&source).unwrap_or(&input.text).clone();
        numbers.sort_unstable();
        for number in numbers.into_iter().rev() {
            let Some(range) = documents(&text).get(number).map(|document| {
                let start = (document.text.as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
                start..start + document.text.len()
            }) else {
                continue;
            };
            text.replace_range(range, "");
        }
        // What was the second document is the first, and needs no mark.
        if let Some(rest) = text.strip_prefix("---\n").filter(|_| !input.text.starts_with("---")) {
            text = rest.to_owned();
        }
        texts.insert(source, text);
    }
    Ok(())
}
