//! One container of a pod, and its variables as the kubelet will fill them in.

use crate::sort::sort_by;
use json::Node;
use std::borrow::Cow;
use std::cell::{Cell, OnceCell};

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
    /// What references stand for, computed on first use.
    references: OnceCell<References>,
}

/// What the references of a container stand for.
#[derive(Clone, Debug)]
struct References {
    /// The values of variables with references, in the order of `env`; `None` for the others.
    values: Vec<Option<Value<'static>>>,
    /// The variables by name, then by index.
    by_name: Vec<usize>,
    /// How many bytes the values of references may still add.
    room: Cell<usize>,
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
            references: OnceCell::new(),
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
            self.references().values.get(variable.index).cloned().flatten().unwrap_or(Value::Undetermined)
        })
    }

    /// A word of the command or the arguments once the kubelet has put variables in for `$(NAME)`.
    pub fn argument(&self, word: &'a str) -> Value<'a> {
        if !has_reference(word) {
            return Value::Literal(Cow::Borrowed(word));
        }
        // The flag or value that one variable is keeps its lifetime.
        if let Some(name) = word.strip_prefix("$(").and_then(|rest| rest.strip_suffix(')'))
            && let Some(Value::Literal(Cow::Borrowed(text))) = self.last_named(name).and_then(EnvVar::plain_value)
        {
            return Value::Literal(Cow::Borrowed(text));
        }
        let References { values, by_name, room } = self.references();
        let mut left = room.get();
        let value = expand(word, &mut left, &|name| self.value_of(name, self.env.len(), values, by_name));
        room.set(left);
        value
    }

    fn references(&self) -> &References {
        self.references.get_or_init(|| self.resolve())
    }

    /// The values of the variables that have references. Names that none of the variables above defines are left as
    /// they are written, as the kubelet does, unless `envFrom` may define them.
    fn resolve(&self) -> References {
        let mut by_name: Vec<usize> = (0..self.env.len()).collect();
        sort_by(&mut by_name, |a, b| (self.name_at(*a), a) < (self.name_at(*b), b));
        let lengths = self.env.iter().filter_map(|variable| variable.value).map(str::len);
        let mut room = ROOM_FOR_REFERENCES + ROOM_FOR_EACH_BYTE * lengths.sum::<usize>();
        let mut values: Vec<Option<Value<'static>>> = Vec::with_capacity(self.env.len());
        for (index, variable) in self.env.iter().enumerate() {
            let text = variable.value.filter(|_| variable.plain_value().is_none());
            let value = text.map(|text| expand(text, &mut room, &|name| self.value_of(name, index, &values, &by_name)));
            values.push(value);
        }
        References { values, by_name, room: Cell::new(room) }
    }

    fn name_at(&self, index: usize) -> &'a str {
        self.env.get(index).map_or("", |variable| variable.name)
    }

    /// The index of the last variable called `name` before the one at `end`.
    fn index_of(&self, name: &str, end: usize, by_name: &[usize]) -> Option<usize> {
        let after = by_name.partition_point(|at| (self.name_at(*at), *at) < (name, end));
        let index = *by_name.get(after.checked_sub(1)?)?;
        (self.name_at(index) == name).then_some(index)
    }

    fn last_named(&self, name: &str) -> Option<&EnvVar<'a>> {
        self.env.get(self.index_of(name, self.env.len(), &self.references().by_name)?)
    }

    /// What `$(name)` expands to in the variable at `end`, or in the arguments: `None` if it is left as it is.
    fn value_of<'v>(
        &'v self,
        name: &str,
        end: usize,
        values: &'v [Option<Value<'static>>],
        by_name: &[usize],
    ) -> Result<Option<&'v str>, Value<'static>> {
        let known = self.index_of(name, end, by_name).and_then(|at| Some((self.env.get(at)?, values.get(at)?)));
        match known {
            Some((_, Some(Value::Literal(text)))) => Ok(Some(text)),
            Some((_, Some(other))) => Err(other.clone()),
            Some((variable, None)) if variable.value_from.is_absent() => Ok(variable.value.or(Some(""))),
            Some(_) => Err(Value::FromElsewhere),
            None if !self.env_from.is_absent() => Err(Value::FromElsewhere),
            None => Ok(None),
        }
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
            Some(value) => (!has_reference(value)).then_some(Value::Literal(Cow::Borrowed(value))),
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

/// Whether a text may refer to a variable. The search for one byte settles it for nearly all.
fn has_reference(text: &str) -> bool {
    text.contains('$') && text.contains("$(")
}

/// How many bytes the values of references may add in one container, and how many more for each byte of its literals:
/// a few variables that each name the previous one twice would grow exponentially.
const ROOM_FOR_REFERENCES: usize = 4096;
const ROOM_FOR_EACH_BYTE: usize = 4;

/// `text` with its references resolved, unless they take more than `room`, which is reduced by what they take, or one
/// of them cannot be resolved.
fn expand<'v>(
    text: &str,
    room: &mut usize,
    value_of: &dyn Fn(&str) -> Result<Option<&'v str>, Value<'static>>,
) -> Value<'static> {
    let mut out = String::new();
    let mut rest = text;
    // The search for a bracket that is not there is made once.
    let mut may_close = true;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        // `$$` is a plain dollar sign, also before a bracket.
        if let Some(after) = after.strip_prefix('$') {
            out.push('$');
            rest = after;
            continue;
        }
        let opened = after.strip_prefix('(').filter(|_| may_close);
        let Some((name, after)) = opened.and_then(|after| after.split_once(')')) else {
            may_close &= opened.is_none();
            out.push('$');
            rest = after;
            continue;
        };
        match value_of(name) {
            Ok(Some(value)) => {
                let Some(left) = room.checked_sub(value.len()) else {
                    // Later references would otherwise be followed in vain, each of them.
                    *room = 0;
                    return Value::Undetermined;
                };
                *room = left;
                out.push_str(value);
            }
            Ok(None) => out.extend(["$(", name, ")"]),
            Err(value) => return value,
        }
        rest = after;
    }
    out.push_str(rest);
    Value::Literal(Cow::Owned(out))
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
    fn references_in_arguments() {
        let value = json::parse(
            r#"{"env":[{"name":"FLAG","value":"--key"},{"name":"A","value":"x"},{"name":"B","value":"$(A)$(A)"},
                {"name":"FROM","valueFrom":{"secretKeyRef":{"name":"s","key":"k"}}}]}"#,
        )
        .unwrap();
        let container = first_container(&value);
        for (word, resolved) in
            [("plain", "plain"), ("$(FLAG)", "--key"), ("a$(B)$$(A)", "axx$(A)"), ("$(C)", "$(C)"), ("$($(A", "$($(A")]
        {
            assert_eq!(container.argument(word), Value::Literal(Cow::Borrowed(resolved)), "{word}");
        }
        assert_eq!(container.argument("x$(FROM)"), Value::FromElsewhere);
        // What does not fit is never read as fine.
        let many = "$(B)".repeat(1 << 16);
        assert_eq!(container.argument(&many), Value::Undetermined);
        assert_eq!(container.argument("$(B)"), Value::Undetermined);
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
