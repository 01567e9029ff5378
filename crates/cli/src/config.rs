//! `.entra-auth.yml`: options of `check` for a whole repository.

use crate::args::{self, Check, FailOn, Output};
use crate::rule_page;
use anyhow::{Context, Result, anyhow, bail};
use clap::ValueEnum;
use entra_auth_policy::settings::keys::PROFILES;
use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};

pub(crate) const FILE: &str = ".entra-auth.yml";

/// The file that applies in a folder, with its folder.
#[derive(Debug)]
pub(crate) struct Config {
    folder: PathBuf,
    members: Vec<(String, Value)>,
}

/// The keys, and what they are, as the options of the same names.
const KEYS: &[(&str, &str)] = &[
    ("settings", "a file: the policy's settings"),
    ("policy", "a text: the policy in that file"),
    ("profile", "baseline or restricted"),
    ("paths", "a list of files and folders, for runs that name none"),
    ("skip", "a list of globs that are not walked into"),
    ("base", "a git revision to compare with"),
    ("format", "a format, or a list of `FORMAT` and `FORMAT=FILE`"),
    ("failOn", "deny, warn or never"),
    ("rules", "a list of rules: only these"),
    ("skipRules", "a list of rules: all but these"),
    ("cluster", "a list of dumps of a cluster"),
    ("render", "true or false"),
];

impl Config {
    /// Searches the folder and those above it, up to the root of the repository.
    pub(crate) fn find(start: &Path) -> Result<Option<Config>> {
        for folder in start.ancestors() {
            let file = folder.join(FILE);
            if file.is_file() {
                return Config::read(&file).map(Some).with_context(|| file.display().to_string());
            }
            if folder.join(".git").exists() {
                break;
            }
        }
        Ok(None)
    }

    fn read(file: &Path) -> Result<Config> {
        let text = manifest::decode(std::fs::read(file)?).map_err(anyhow::Error::msg)?;
        let value = if text.trim().is_empty() { Value::Null } else { manifest::parse(&text)? };
        let members = match value {
            Value::Null => Vec::new(),
            Value::Object(members) => members.into_iter().filter(|(_, value)| !value.is_null()).collect(),
            _ => bail!("not an object of options"),
        };
        for (key, _) in &members {
            if !KEYS.iter().any(|(known, _)| known == key) {
                let near = KEYS.iter().map(|(known, _)| (strsim::damerau_levenshtein(key, known), known)).min();
                let names: Vec<&str> = KEYS.iter().map(|(known, _)| *known).collect();
                match near.filter(|(distance, known)| *distance <= known.len() / 3) {
                    Some((_, near)) => bail!("unknown key `{}`; did you mean `{near}`?", text::shown(key)),
                    None => bail!("unknown key `{}`; the keys are {}", text::shown(key), names.join(", ")),
                }
            }
        }
        let folder = file.parent().unwrap_or(Path::new("")).to_path_buf();
        let config = Config { folder, members };
        // Every value is read once here, so that a mistake is reported whatever the command line says.
        config.apply(&mut Check::default())?;
        Ok(config)
    }

    /// Fills in what the command line leaves open.
    pub(crate) fn apply(&self, args: &mut Check) -> Result<()> {
        for (key, value) in &self.members {
            self.set(key, value, args).map_err(|problem| {
                let what = KEYS.iter().find(|(known, _)| known == key).map_or("", |(_, what)| what);
                anyhow!("`{key}` is {what}{problem}")
            })?;
        }
        Ok(())
    }

    fn set(&self, key: &str, value: &Value, args: &mut Check) -> Result<(), String> {
        let wrong = || String::new();
        let text = || value.as_str().filter(|text| !text.is_empty()).map(str::to_owned).ok_or_else(wrong);
        let texts = || match value {
            Value::String(text) => Ok(vec![text.clone()]),
            Value::Array(list) => {
                list.iter().map(|item| item.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>().ok_or_else(wrong)
            }
            _ => Err(wrong()),
        };
        let path = |text: String| self.shown(&self.folder.join(text));
        let rules = || -> Result<Vec<String>, String> {
            let known = |id: String| {
                rule_page::find(&id).map(|rule| rule.id.to_owned()).map_err(|_| format!(": no rule is called `{id}`"))
            };
            texts()?.into_iter().map(known).collect()
        };
        match key {
            "settings" => fill(&mut args.policy.settings, path(text()?)),
            "policy" => fill(&mut args.policy.policy, text()?),
            "profile" => {
                let name = text()?;
                let known = PROFILES.contains(&name.as_str());
                fill(&mut args.policy.profile, known.then_some(name).ok_or_else(wrong)?);
            }
            "paths" => fill_list(&mut args.paths, texts()?.into_iter().map(path).collect()),
            "skip" => args.skip.extend(texts()?.into_iter().map(|glob| self.anchored(&glob))),
            "base" => {
                let base = text()?;
                // Standard input has no earlier state in git.
                if args.old.is_none() && !args.paths.iter().any(|path| path.as_os_str() == "-") {
                    fill(&mut args.base, base);
                }
            }
            "format" => {
                let outputs = texts()?.into_iter().map(|text| {
                    let Output { format, file } = args::output(&text).map_err(|problem| format!(": {problem}"))?;
                    Ok(Output { format, file: file.map(|file| self.folder.join(file)) })
                });
                fill_list(&mut args.format, outputs.collect::<Result<_, String>>()?);
            }
            "failOn" => fill(&mut args.fail_on, FailOn::from_str(&text()?, false).map_err(|_| wrong())?),
            "rules" => fill_list(&mut args.policy.rules, rules()?),
            "skipRules" => fill_list(&mut args.policy.skip_rules, rules()?),
            "cluster" => fill_list(&mut args.dumps, texts()?.into_iter().map(path).collect()),
            "render" => args.render |= value.as_bool().ok_or_else(wrong)?,
            _ => {}
        }
        Ok(())
    }

    /// A path as the user would write it here.
    fn shown(&self, path: &Path) -> PathBuf {
        let here = std::env::current_dir().unwrap_or_default();
        match path.strip_prefix(&here) {
            Ok(below) if below.as_os_str().is_empty() => PathBuf::from("."),
            Ok(below) => below.to_path_buf(),
            Err(_) => path.to_path_buf(),
        }
    }

    /// A glob of the file is relative to its folder, as in a `.gitignore`.
    fn anchored(&self, glob: &str) -> String {
        let here = std::env::current_dir().unwrap_or_default();
        match (glob.trim_end_matches('/').contains('/'), here.strip_prefix(&self.folder)) {
            // It names a place: leave the part out that leads here.
            (true, Ok(below)) if !below.as_os_str().is_empty() => {
                let prefix = format!("{}/", below.display());
                let glob = glob.trim_start_matches('/');
                glob.strip_prefix(&prefix).map_or_else(|| glob.to_owned(), |rest| format!("/{rest}"))
            }
            _ => glob.to_owned(),
        }
    }
}

fn fill<T>(option: &mut Option<T>, value: T) {
    if option.is_none() {
        *option = Some(value);
    }
}

fn fill_list<T>(list: &mut Vec<T>, values: Vec<T>) {
    if list.is_empty() {
        *list = values;
    }
}

/// `entra-auth config`.
pub(crate) fn show(out: &mut dyn Write) -> Result<()> {
    let here = std::env::current_dir()?;
    let config = Config::find(&here)?;
    match &config {
        Some(config) => writeln!(out, "# from {}", config.folder.join(FILE).display())?,
        None => writeln!(out, "# no {FILE} in {} or above it, up to the repository's root", here.display())?,
    }
    let set = |key: &str| config.as_ref().and_then(|config| config.members.iter().find(|(known, _)| known == key));
    for (key, what) in KEYS {
        match set(key) {
            Some((_, value)) => writeln!(out, "{key}: {value}")?,
            None => writeln!(out, "# {key}: not set ({what})")?,
        }
    }
    Ok(())
}
