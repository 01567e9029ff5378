//! The part of kustomize that `deploy/` uses: resources, components, strategic merge patches and JSON patches.
//!
//! Kubewarden's kinds are custom resources, whose lists kustomize replaces and whose maps it merges (RFC 7396).
//! `make kustomize` compares every overlay with what kustomize itself renders.

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

/// The text of a file of the repository, by its path.
pub(crate) type Files<'f> = &'f dyn Fn(&Path) -> Result<String>;

/// An object, and the comments of its sources: the lines above a line, by that line.
pub(crate) struct Object {
    pub value: Value,
    pub comments: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Kustomization {
    #[serde(rename = "apiVersion")]
    _api_version: String,
    kind: String,
    #[serde(default)]
    resources: Vec<PathBuf>,
    #[serde(default)]
    components: Vec<PathBuf>,
    #[serde(default)]
    patches: Vec<Patch>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Patch {
    path: PathBuf,
    target: Option<Target>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Target {
    kind: String,
    name: Option<String>,
}

/// The objects of the kustomization in `folder`.
pub(crate) fn build(files: Files<'_>, folder: &Path) -> Result<Vec<Object>> {
    let mut objects = Vec::new();
    extend(files, folder, "Kustomization", &mut objects)?;
    Ok(objects)
}

/// What the kustomization or component in `folder` adds to the objects and changes in them.
pub(crate) fn extend(files: Files<'_>, folder: &Path, kind: &str, objects: &mut Vec<Object>) -> Result<()> {
    let path = folder.join("kustomization.yaml");
    let kustomization: Kustomization = serde_saphyr::from_str(&files(&path)?).with_context(|| shown(&path))?;
    ensure!(kustomization.kind == kind, "{}: is not a {kind}", shown(&path));
    for resource in &kustomization.resources {
        let added = match resource.extension() {
            Some(_) => read(files, &inside(folder, resource)?)?,
            None => build(files, &inside(folder, resource)?)?,
        };
        for object in added {
            let id = identity(&object.value);
            ensure!(objects.iter().all(|known| identity(&known.value) != id), "{}: {id:?} twice", shown(&path));
            objects.push(object);
        }
    }
    for component in &kustomization.components {
        extend(files, &inside(folder, component)?, "Component", objects)?;
    }
    for patch in &kustomization.patches {
        apply(files, &inside(folder, &patch.path)?, patch.target.as_ref(), objects)?;
    }
    Ok(())
}

fn apply(files: Files<'_>, path: &Path, target: Option<&Target>, objects: &mut [Object]) -> Result<()> {
    let text = files(path)?;
    let mut patch: Value = serde_saphyr::from_str(&text).with_context(|| shown(path))?;
    let comments = comments(&text);
    let (kind, name) = identity(&patch);
    let wanted = |object: &Value| {
        let found = identity(object);
        match target {
            Some(target) => found.0 == target.kind && target.name.as_ref().is_none_or(|name| found.1 == *name),
            None => found == (kind.clone(), name.clone()),
        }
    };
    let mut count = 0;
    for object in objects.iter_mut().filter(|object| wanted(&object.value)) {
        if patch.is_array() {
            let operations: json_patch::Patch = serde_json::from_value(patch.clone())?;
            json_patch::patch(&mut object.value, &operations).with_context(|| shown(path))?;
        } else {
            // The patch of a target has a kind and a name only because a manifest needs them.
            for member in ["apiVersion", "kind", "metadata"] {
                patch.as_object_mut().context("a patch is not an object")?.remove(member);
            }
            json_patch::merge(&mut object.value, &patch);
        }
        object.comments.extend(comments.clone());
        count += 1;
    }
    if count == 0 && target.is_none() {
        bail!("{}: there is no {kind} {name} to change", shown(path));
    }
    Ok(())
}

/// The objects of a manifest.
fn read(files: Files<'_>, path: &Path) -> Result<Vec<Object>> {
    let text = files(path)?;
    let comments = comments(&text);
    let values = manifest::objects(&text).into_iter();
    values.map(|value| Ok(Object { value: value?, comments: comments.clone() })).collect()
}

/// The comments of a manifest, except those at its top, which are about the file, and the marks of generated parts.
fn comments(text: &str) -> BTreeMap<String, Vec<String>> {
    let (mut all, mut above) = (BTreeMap::new(), Vec::new());
    let lines = text.lines().map(str::trim).skip_while(|line| line.is_empty() || line.starts_with('#'));
    for line in lines {
        match line.strip_prefix('#') {
            Some(mark) if mark.contains(" generated") => above.clear(),
            Some(_) => above.push(line.to_owned()),
            None if above.is_empty() => {}
            None => drop(all.insert(line.to_owned(), std::mem::take(&mut above))),
        }
    }
    all
}

/// Kind and name.
pub(crate) fn identity(object: &Value) -> (String, String) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (text(&object["kind"]), text(&object["metadata"]["name"]))
}

/// `path`, which is relative to `folder`, without its `..`.
fn inside(folder: &Path, path: &Path) -> Result<PathBuf> {
    let mut whole = folder.to_owned();
    for part in path.components() {
        match part {
            Component::ParentDir => ensure!(whole.pop(), "{}: leads out of the repository", path.display()),
            Component::Normal(part) => whole.push(part),
            _ => bail!("{}: is not a relative path", path.display()),
        }
    }
    Ok(whole)
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: &str = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: ";

    fn rendered(files: &[(&str, &str)]) -> Result<Vec<Value>> {
        let read = |path: &Path| {
            let found = files.iter().find(|(name, _)| Path::new(name) == path).context("no such file")?;
            Ok(found.1.replace("KIND ", KINDS))
        };
        Ok(build(&read, Path::new("a"))?.into_iter().map(|object| object.value).collect())
    }

    const OBJECT: &str =
        "apiVersion: v1\nkind: K\nmetadata: {name: n}\nspec: {keep: 1, drop: 2, map: {a: 1}, list: [1]}\n";

    #[test]
    fn patches_merge_maps_replace_lists_and_drop_nulls() {
        let kustomization = "KIND Kustomization\nresources: [o.yaml]\npatches:\n- path: p.yaml\n";
        let patch = "kind: K\nmetadata: {name: n}\nspec: {drop: null, map: {b: 2}, list: [2]}\n";
        let files = [("a/kustomization.yaml", kustomization), ("a/o.yaml", OBJECT), ("a/p.yaml", patch)];
        let expected = serde_json::json!({"keep": 1, "map": {"a": 1, "b": 2}, "list": [2]});
        assert_eq!(rendered(&files).unwrap()[0]["spec"], expected);
        let other = patch.replace("name: n", "name: other");
        assert!(rendered(&[files[0], files[1], ("a/p.yaml", &other)]).is_err(), "nothing to change");
    }

    #[test]
    fn components_change_what_is_there_and_appending_keeps_the_list() {
        let files = [
            ("a/kustomization.yaml", "KIND Kustomization\nresources: [../b]\ncomponents: [../c]\n"),
            ("b/kustomization.yaml", "KIND Kustomization\nresources: [o.yaml]\n"),
            ("b/o.yaml", OBJECT),
            (
                "c/kustomization.yaml",
                "KIND Component\npatches:\n- path: p.yaml\n  target: {kind: K}\n- path: q.yaml\n  target: {kind: Absent}\n",
            ),
            ("c/p.yaml", "- {op: add, path: /spec/list/-, value: 2}\n"),
            ("c/q.yaml", "- {op: remove, path: /spec}\n"),
        ];
        assert_eq!(rendered(&files).unwrap()[0]["spec"]["list"], serde_json::json!([1, 2]));
    }

    #[test]
    fn what_it_does_not_know_is_an_error() {
        for text in
            ["KIND Kustomization\nnamePrefix: x\n", "KIND Component\n", "KIND Kustomization\nresources: [../../x]\n"]
        {
            assert!(rendered(&[("a/kustomization.yaml", text)]).is_err(), "{text}");
        }
        let twice = "KIND Kustomization\nresources: [o.yaml, p.yaml]\n";
        assert!(rendered(&[("a/kustomization.yaml", twice), ("a/o.yaml", OBJECT), ("a/p.yaml", OBJECT)]).is_err());
    }
}
