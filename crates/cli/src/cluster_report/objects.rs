//! The objects of a cluster, as they were read.

use anyhow::{Result, anyhow, bail};
use manifest::{Document, Form, ManifestObject, documents};
use rayon::prelude::*;
use std::borrow::Cow;

pub(crate) enum Objects {
    /// Dumps with their names. They are parsed when objects are needed, because parsed objects take several times the
    /// memory of their text.
    Texts(Vec<(String, String)>),
    /// What a cluster answered.
    #[cfg_attr(not(feature = "cluster"), allow(dead_code, reason = "only a cluster answers with objects"))]
    Read(Vec<ManifestObject>),
}

impl Objects {
    pub(crate) fn names(&self) -> String {
        match self {
            Objects::Texts(texts) => texts.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", "),
            Objects::Read(_) => "the cluster".to_owned(),
        }
    }

    /// Calls a function with every object, in parallel, and returns its answers in order. Texts for which `may_be_in` is
    /// false are not parsed. A part that cannot be read is an error: what it grants would be missing.
    pub(crate) fn map<T: Send>(
        &self,
        may_be_in: impl Fn(&str) -> bool,
        of: impl Fn(Cow<'_, ManifestObject>) -> Result<T> + Sync,
    ) -> Result<Vec<T>> {
        let texts = match self {
            Objects::Texts(texts) => texts,
            Objects::Read(objects) => return objects.par_iter().map(|object| of(Cow::Borrowed(object))).collect(),
        };
        let mut all = Vec::new();
        for (name, text) in texts {
            let parts: Vec<Document<'_>> = documents(text).into_iter().filter(|part| may_be_in(part.text)).collect();
            let found: Vec<Result<Vec<T>>> = parts.par_iter().map(|part| of_document(name, part, &of)).collect();
            for part in found {
                all.extend(part?);
            }
        }
        Ok(all)
    }
}

fn of_document<T>(
    name: &str,
    part: &Document<'_>,
    of: impl Fn(Cow<'_, ManifestObject>) -> Result<T>,
) -> Result<Vec<T>> {
    let objects = part.objects().map_err(|fault| anyhow!("{name}:{}: {fault}", fault.line))?;
    let mut all = Vec::new();
    for object in objects {
        match object {
            Ok(object) if object.form == Form::Object => all.push(of(Cow::Owned(object))?),
            Ok(_) => bail!("{name}: an admission request, not an object of a cluster"),
            Err(fault) if fault.kind.is_harmless() => {}
            Err(fault) => bail!("{name}:{}: {fault}", fault.line),
        }
    }
    Ok(all)
}
