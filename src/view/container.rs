//! One container of a pod, and its variables as the kubelet will fill them in.

use json::Node;
use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::BTreeMap;

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
    /// In most Pods this is the longest list, and half a dozen rules read it.
    env: Vec<EnvVar<'a>>,
    /// The values of variables with references, in the order of `env`, computed on first use; `None` for the others.
    resolved: OnceCell<Vec<Option<Value<'static>>>>,
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
            resolved: OnceCell::new(),
        };
        for (key, member) in node.members() {
            match key {
                "name" => container.name = member.text().unwrap_or_default(),
                "image" => container.image_path = image_path(member.text().unwrap_or_default()),
                "command" => container.command = member,
                "args" => container.args = member,
                "env" => container.read_env(member),
                "envFrom" => container.env_from = member,
                "volumeMounts" => container.volume_mounts = member,
                _ => {}
            }
        }
        container
    }

    fn read_env(&mut self, list: Node<'a>) {
        self.env.reserve_exact(list.items().count());
        for (index, node) in list.items().enumerate() {
            self.env.push(EnvVar::new(node, index));
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

    pub fn env(&self) -> std::slice::Iter<'_, EnvVar<'a>> {
        self.env.iter()
    }

    /// The variables called `name`: more than one if it is repeated, and then the last one counts.
    pub fn env_named(&self, name: &'static str) -> impl Iterator<Item = &EnvVar<'a>> {
        self.env.iter().filter(move |variable| variable.name == name)
    }

    /// The variable that follows this one in the list.
    pub fn next(&self, variable: &EnvVar<'a>) -> Option<&EnvVar<'a>> {
        self.env.get(variable.index + 1)
    }

    /// The value of `variable` once the kubelet has put earlier variables in for `$(NAME)`.
    pub fn value(&self, variable: &EnvVar<'a>) -> Value<'a> {
        variable.plain_value().unwrap_or_else(|| {
            let resolved = self.resolved.get_or_init(|| resolve(&self.env, !self.env_from.is_absent()));
            resolved.get(variable.index).cloned().flatten().unwrap_or(Value::Undetermined)
        })
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
    /// Where a value from elsewhere comes from, absent for literals.
    pub value_from: Node<'a>,
    /// Its place in the list.
    index: usize,
}

/// What a variable is set to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    Literal(Cow<'a, str>),
    /// `valueFrom` (a Secret, ConfigMap or field of the Pod), or a reference to such a variable or perhaps to one of
    /// `envFrom`.
    FromElsewhere,
    /// It is too long to follow. No rule may treat it as fine.
    Undetermined,
}

impl Value<'_> {
    pub fn is_set(&self) -> bool {
        !matches!(self, Value::Literal(text) if text.is_empty())
    }
}

impl<'a> EnvVar<'a> {
    fn new(node: Node<'a>, index: usize) -> Self {
        let mut variable = EnvVar { node, name: "", value: None, value_from: Node::absent(), index };
        for (key, member) in node.members() {
            match key {
                "name" => variable.name = member.text().unwrap_or_default(),
                "value" => variable.value = member.set_text(),
                "valueFrom" => variable.value_from = member,
                _ => {}
            }
        }
        variable
    }

    /// The value, unless it has references.
    fn plain_value(&self) -> Option<Value<'a>> {
        match self.value {
            None if self.value_from.is_absent() => Some(Value::Literal(Cow::Borrowed(""))),
            None => Some(Value::FromElsewhere),
            Some(value) => (!value.contains("$(")).then_some(Value::Literal(Cow::Borrowed(value))),
        }
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

/// The limit for a resolved value, and for all values of a container together: a few variables that each
/// name the previous one twice would grow exponentially.
const LONGEST_VALUE: usize = 4096;
const LONGEST_OF_ALL: usize = 1 << 17;

/// The values of the variables that have references. Names that none of the variables above defines are left as they
/// are written, as the kubelet does, unless `envFrom` may define them.
fn resolve(env: &[EnvVar<'_>], has_env_from: bool) -> Vec<Option<Value<'static>>> {
    let mut room = LONGEST_OF_ALL;
    let mut resolved: Vec<Option<Value<'static>>> = Vec::with_capacity(env.len());
    let mut last: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, variable) in env.iter().enumerate() {
        let text = variable.value.filter(|_| variable.plain_value().is_none());
        let value = text.map(|text| {
            expand(text, room.min(LONGEST_VALUE), &|name| {
                let known = last.get(name).and_then(|at| Some((env.get(*at)?, resolved.get(*at)?)));
                match known {
                    Some((_, Some(Value::Literal(text)))) => Ok(Some(text)),
                    Some((_, Some(other))) => Err(other.clone()),
                    Some((variable, None)) if variable.value_from.is_absent() => Ok(variable.value.or(Some(""))),
                    Some(_) => Err(Value::FromElsewhere),
                    None if has_env_from => Err(Value::FromElsewhere),
                    None => Ok(None),
                }
            })
        });
        if let Some(Value::Literal(text)) = &value {
            room -= text.len();
        }
        resolved.push(value);
        last.insert(variable.name, index);
    }
    resolved
}

/// `text` with its references resolved, unless it is longer than `longest` or one of them cannot be resolved.
fn expand<'v>(
    text: &str,
    longest: usize,
    value_of: &dyn Fn(&str) -> Result<Option<&'v str>, Value<'static>>,
) -> Value<'static> {
    let mut out = String::new();
    let mut rest = text;
    let mut closes = true;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        // `$$` is a plain dollar sign, also before a bracket.
        if let Some(after) = after.strip_prefix('$') {
            out.push('$');
            rest = after;
            continue;
        }
        let Some((name, after)) = after.strip_prefix('(').filter(|_| closes).and_then(|after| after.split_once(')'))
        else {
            // Looked for once: a text can have thousands of opening brackets.
            closes &= !after.starts_with('(');
            out.push('$');
            rest = after;
            continue;
        };
        match value_of(name) {
            Ok(Some(value)) => out.push_str(value),
            Ok(None) => out.extend(["$(", name, ")"]),
            Err(value) => return value,
        }
        if out.len() > longest {
            return Value::Undetermined;
        }
        rest = after;
    }
    out.push_str(rest);
    if out.len() <= longest { Value::Literal(Cow::Owned(out)) } else { Value::Undetermined }
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
                {"name":"UNKNOWN","value":"$(MISSING)"},{"name":"ELSEWHERE","value":"a$(FROM)"},
                {"name":"OPEN","value":"$(HOST"},{"name":"SELF","value":"$(SELF)"},
                {"name":"NOTHING","value":""},{"name":"EMPTY","value":"x$(NOTHING)"}]}"#,
        )
        .unwrap();
        let container = first_container(&value);
        let value = |name: &str| container.env().find(|v| v.name == name).map(|v| container.value(v)).unwrap();
        let literal = |text: &'static str| Value::Literal(Cow::Borrowed(text));
        assert_eq!(value("PLAIN"), literal("x"));
        assert_eq!(value("URL"), literal("https://evil.example/$(HOST)$x"));
        assert_eq!(value("OPEN"), literal("$(HOST"));
        for name in ["FROM", "ELSEWHERE"] {
            assert_eq!(value(name), Value::FromElsewhere, "{name}");
        }
        for (name, text) in [("LATE", "$(HOST)"), ("UNKNOWN", "$(MISSING)"), ("SELF", "$(SELF)"), ("EMPTY", "x")] {
            assert_eq!(value(name), literal(text), "{name}");
        }
    }

    #[test]
    fn names_that_env_from_may_define() {
        let value = json::parse(
            r#"{"envFrom":[{"configMapRef":{"name":"c"}}],"env":[{"name":"A","value":"x"},{"name":"B","value":"$(A)$(C)"}]}"#,
        )
        .unwrap();
        let container = first_container(&value);
        assert_eq!(container.value(container.env().last().unwrap()), Value::FromElsewhere);
    }

    #[test]
    fn references_that_double_come_to_an_end() {
        let mut env = vec![r#"{"name":"V0","value":"0123456789"}"#.to_owned()];
        env.extend((1..60).map(|n| format!(r#"{{"name":"V{n}","value":"$(V{m})$(V{m})"}}"#, m = n - 1)));
        let text = format!(r#"{{"env":[{}]}}"#, env.join(","));
        let value = json::parse(&text).unwrap();
        let container = first_container(&value);
        let last = container.env().last().unwrap();
        assert_eq!(container.value(last), Value::Undetermined);
    }
}
