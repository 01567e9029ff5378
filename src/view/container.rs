//! One container of a pod, and its variables as the kubelet will fill them in.

use crate::glance::Glance;
use crate::view::sign::Signs;
use json::Node;
use std::borrow::Cow;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContainerRole {
    Init,
    App,
    Ephemeral,
}

#[derive(Clone, Debug)]
pub struct Container<'a> {
    pub node: Node<'a>,
    pub role: ContainerRole,
    name: &'a str,
    image_path: &'a str,
    command: Node<'a>,
    args: Node<'a>,
    env_from: Node<'a>,
    volume_mounts: Node<'a>,
    /// The longest list of most Pods, and half a dozen rules go through it.
    env: Vec<EnvVar<'a>>,
    signs: Signs,
}

impl<'a> Container<'a> {
    pub fn new(node: Node<'a>, role: ContainerRole) -> Self {
        let absent = Node::absent();
        let mut container = Container {
            node,
            role,
            name: "",
            image_path: "",
            command: absent,
            args: absent,
            env_from: absent,
            volume_mounts: absent,
            env: Vec::new(),
            signs: Signs::ALWAYS,
        };
        for (key, member) in node.members() {
            match key {
                "name" => container.name = member.text().unwrap_or_default(),
                "image" => container.image_path = image_path(member.text().unwrap_or_default()),
                "command" => container.command = member,
                "args" => container.args = member,
                "env" => container.read_env(member),
                "envFrom" => {
                    container.env_from = member;
                    container.signs = container.signs.or(Signs::FROM_ELSEWHERE);
                }
                "volumeMounts" => container.volume_mounts = member,
                "livenessProbe" | "readinessProbe" | "startupProbe" | "lifecycle" => {
                    container.signs = container.signs.or(Signs::HOOKS);
                }
                _ => {}
            }
        }
        container
    }

    fn read_env(&mut self, list: Node<'a>) {
        self.env.reserve_exact(list.items().count());
        for node in list.items() {
            let variable = EnvVar::new(node);
            self.signs = self
                .signs
                .and_if(!variable.value_from.is_absent(), Signs::FROM_ELSEWHERE)
                .and_if(variable.name.starts_with("AZURE_"), Signs::AZURE_VARIABLES)
                .and_if(variable.name.starts_with("AWS_"), Signs::AWS_VARIABLES);
            self.env.push(variable);
        }
    }

    pub fn name(&self) -> &'a str {
        self.name
    }

    /// The repository path of the image: see [`image_path`].
    pub fn image_path(&self) -> &'a str {
        self.image_path
    }

    pub fn command(&self) -> Node<'a> {
        self.command
    }

    pub fn args(&self) -> Node<'a> {
        self.args
    }

    /// What it shows of what rules look for.
    pub fn signs(&self) -> Signs {
        self.signs
    }

    pub fn env(&self) -> std::slice::Iter<'_, EnvVar<'a>> {
        self.env.iter()
    }

    /// The variables called `name`: more than one if somebody repeats it, and then the last one counts.
    pub fn env_named(&self, name: &'static str) -> impl Iterator<Item = &EnvVar<'a>> {
        self.env.iter().filter(move |variable| variable.name == name)
    }

    /// What the literal of `variable` is once the kubelet has put earlier variables in for `$(NAME)`;
    /// `None` if it comes from elsewhere, wholly or in part, or is one of too many to follow.
    pub fn literal(&self, variable: &EnvVar<'a>) -> Option<Cow<'a, str>> {
        let value = variable.value?;
        if !value.contains("$(") {
            return Some(Cow::Borrowed(value));
        }
        // Every reference goes through the list, and every variable may be one.
        if self.env.len() > 1000 {
            return None;
        }
        let index = self.env.iter().position(|other| other.node.address() == variable.node.address())?;
        let mut out = String::new();
        let mut steps = 32;
        expand(self.env.get(..index)?, value, &mut steps, &mut out)?;
        Some(Cow::Owned(out))
    }

    pub fn env_from(&self) -> impl Iterator<Item = Node<'a>> + use<'a> {
        self.env_from.items()
    }

    pub fn volume_mounts(&self) -> impl Iterator<Item = Node<'a>> + Clone + use<'a> {
        self.volume_mounts.items()
    }

    /// `command`, then `args`, as the container sees them.
    pub fn arguments(&self) -> impl Iterator<Item = (Node<'a>, &'a str)> + use<'a> {
        [self.command, self.args]
            .into_iter()
            .flat_map(Node::items)
            .filter_map(|node| node.text().map(|text| (node, text)))
    }
}

#[derive(Clone, Copy, Debug)]
pub struct EnvVar<'a> {
    pub node: Node<'a>,
    pub name: &'a str,
    /// A literal that is not empty.
    pub value: Option<&'a str>,
    /// What reading the literal could find.
    pub glance: Glance,
    /// Where a value from elsewhere comes from, absent for literals.
    pub value_from: Node<'a>,
}

impl<'a> EnvVar<'a> {
    fn new(node: Node<'a>) -> Self {
        let (value_from, glance) = (Node::absent(), Glance::default());
        let mut variable = EnvVar { node, name: "", value: None, glance, value_from };
        for (key, member) in node.members() {
            match key {
                "name" => variable.name = member.text().unwrap_or_default(),
                "value" => variable.value = member.set_text(),
                "valueFrom" => variable.value_from = member,
                _ => {}
            }
        }
        variable.glance = variable.value.map(Glance::at).unwrap_or_default();
        variable
    }

    /// Whether the variable has a value at all: a literal that is not empty, or one from elsewhere.
    pub fn is_set(&self) -> bool {
        self.value.is_some() || !self.value_from.is_absent()
    }

    /// `valueFrom.secretKeyRef`, absent if the value comes from elsewhere.
    pub fn secret_key_ref(&self) -> Node<'a> {
        self.value_from.get("secretKeyRef")
    }
}

/// Appends `text` to `out` with its references to `earlier` variables resolved. The steps are counted
/// because a few variables that each name the one before twice would grow without end.
fn expand(earlier: &[EnvVar<'_>], text: &str, steps: &mut u32, out: &mut String) -> Option<()> {
    const LONGEST: usize = 4096;
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        // `$$` is a plain dollar sign, also before a bracket.
        if let Some(after) = after.strip_prefix('$') {
            out.push('$');
            rest = after;
            continue;
        }
        let Some((name, after)) = after.strip_prefix('(').and_then(|after| after.split_once(')')) else {
            out.push('$');
            rest = after;
            continue;
        };
        *steps = steps.checked_sub(1)?;
        let index = earlier.iter().rposition(|variable| variable.name == name)?;
        expand(earlier.get(..index)?, earlier.get(index)?.value?, steps, out)?;
        rest = after;
    }
    out.push_str(rest);
    (out.len() <= LONGEST).then_some(())
}

/// The repository path of an image without registry, tag and digest: `oss/azure/aad-pod-identity/nmi`.
pub fn image_path(image: &str) -> &str {
    let image = image.split_once('@').map_or(image, |(name, _)| name);
    let after_slash = image.rfind('/').map_or(0, |at| at + 1);
    let name = match image.get(after_slash..).and_then(|last| last.find(':')) {
        Some(colon) => image.get(..after_slash + colon).unwrap_or(image),
        None => image,
    };
    match name.split_once('/') {
        Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => rest,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn image_paths() {
        for (image, path) in [
            ("nginx", "nginx"),
            ("nginx:1.27", "nginx"),
            ("mcr.microsoft.com/oss/azure/aad-pod-identity/nmi:v1.8.17", "oss/azure/aad-pod-identity/nmi"),
            ("localhost:5000/a/nmi@sha256:00", "a/nmi"),
            ("library/nginx:1@sha256:00", "library/nginx"),
            ("", ""),
        ] {
            assert_eq!(image_path(image), path, "{image}");
        }
    }

    fn first_container<'a>(value: &'a json::Tree<'a>) -> Container<'a> {
        Container::new(Node::new(value), ContainerRole::App)
    }

    #[test]
    fn references_to_earlier_variables() {
        let value = json::parse(
            r#"{"env":[{"name":"LATE","value":"$(HOST)"},
                {"name":"HOST","value":"old"},{"name":"HOST","value":"evil.example"},
                {"name":"FROM","valueFrom":{"configMapKeyRef":{"name":"c","key":"k"}}},
                {"name":"PLAIN","value":"x"},{"name":"URL","value":"https://$(HOST)/$$(HOST)$x"},
                {"name":"UNKNOWN","value":"$(NOBODY)"},{"name":"ELSEWHERE","value":"a$(FROM)"},
                {"name":"OPEN","value":"$(HOST"},{"name":"SELF","value":"$(SELF)"}]}"#,
        )
        .unwrap();
        let container = first_container(&value);
        let literal = |name: &str| container.env().find(|v| v.name == name).and_then(|v| container.literal(v));
        assert_eq!(literal("PLAIN").as_deref(), Some("x"));
        assert_eq!(literal("URL").as_deref(), Some("https://evil.example/$(HOST)$x"));
        assert_eq!(literal("OPEN").as_deref(), Some("$(HOST"));
        for name in ["LATE", "UNKNOWN", "ELSEWHERE", "FROM", "SELF"] {
            assert_eq!(literal(name), None, "{name}");
        }
    }

    #[test]
    fn references_that_double_come_to_an_end() {
        let mut env = vec![r#"{"name":"V0","value":"0123456789"}"#.to_owned()];
        env.extend((1..60).map(|n| format!(r#"{{"name":"V{n}","value":"$(V{m})$(V{m})"}}"#, m = n - 1)));
        let text = format!(r#"{{"env":[{}]}}"#, env.join(","));
        let value = json::parse(&text).unwrap();
        let container = first_container(&value);
        let last = container.env().last().unwrap();
        assert_eq!(container.literal(last), None);
    }
}
