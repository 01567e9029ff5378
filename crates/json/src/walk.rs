//! Evaluates many JSONPaths in one walk over a tree.
//!
//! The steps of all paths form one tree of states, in which paths share what they begin with. A node is visited once for
//! all paths, and each path selects it at most once, so the work is linear in the tree.

use crate::Node;
use crate::path::{Choice, Chosen};

/// One step of a path.
#[derive(Debug, PartialEq)]
pub(crate) struct Step<'p> {
    /// `..`: from every node below as well.
    pub descends: bool,
    pub selector: Selector<'p>,
}

/// Which children a step selects.
#[derive(Debug, PartialEq)]
pub(crate) enum Selector<'p> {
    Name(&'p str),
    Index(usize),
    All,
    /// Anything else in brackets, as it is written.
    Other(&'p str),
}

/// The steps of a path; `None` if it is not one.
pub(crate) fn steps(path: &str) -> Option<Vec<Step<'_>>> {
    let blank = |c: char| matches!(c, ' ' | '\t' | '\n' | '\r');
    let mut steps = Vec::new();
    let mut rest = path.strip_prefix('$')?;
    while !rest.is_empty() {
        rest = rest.trim_start_matches(blank);
        let (descends, after) = match rest.strip_prefix("..") {
            Some(after) => (true, after),
            None => (false, rest.strip_prefix('.').filter(|after| !after.starts_with('[')).unwrap_or(rest)),
        };
        let selector;
        if after.starts_with('[') {
            let (inner, more) = after.split_at_checked(end_of_brackets(after)?)?;
            selector = selector_in(inner);
            rest = more;
        } else if after.len() == rest.len() {
            return None;
        } else if let Some(more) = after.strip_prefix('*') {
            (selector, rest) = (Selector::All, more);
        } else {
            let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || !c.is_ascii();
            let (name, more) = after.split_at_checked(after.find(|c| !is_of_name(c)).unwrap_or(after.len()))?;
            if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
                return None;
            }
            (selector, rest) = (Selector::Name(name), more);
        }
        steps.push(Step { descends, selector });
    }
    Some(steps)
}

/// Where the brackets that the text begins with end.
fn end_of_brackets(text: &str) -> Option<usize> {
    let (mut depth, mut quote, mut is_escaped) = (0_usize, None, false);
    for (at, byte) in text.bytes().enumerate() {
        if std::mem::take(&mut is_escaped) {
            continue;
        }
        match (byte, quote) {
            (b'\\', Some(_)) => is_escaped = true,
            (_, Some(end)) if byte == end => quote = None,
            (_, Some(_)) => {}
            (b'\'' | b'"', None) => quote = Some(byte),
            (b'[', None) => depth += 1,
            (b']', None) if depth <= 1 => return Some(at + 1),
            (b']', None) => depth -= 1,
            _ => {}
        }
    }
    None
}

fn selector_in(brackets: &str) -> Selector<'_> {
    let inner = brackets.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or_default();
    let inner = inner.trim_matches([' ', '\t', '\n', '\r']);
    let quoted = |quote: char| {
        let name = inner.strip_prefix(quote)?.strip_suffix(quote)?;
        (!name.contains([quote, '\\'])).then_some(name)
    };
    let is_number = inner.bytes().all(|b| b.is_ascii_digit()) && (inner == "0" || !inner.starts_with('0'));
    match (quoted('\'').or_else(|| quoted('"')), inner.parse()) {
        (Some(name), _) => Selector::Name(name),
        (None, Ok(index)) if is_number => Selector::Index(index),
        _ if inner == "*" => Selector::All,
        _ => Selector::Other(brackets),
    }
}

/// What is left to select below a node.
#[derive(Default)]
struct State<'p> {
    /// Sorted.
    names: Vec<(&'p str, usize)>,
    indexes: Vec<(usize, usize)>,
    all: Option<usize>,
    others: Vec<(&'p str, Choice, usize)>,
    /// The state that goes on in every node below, for `..`.
    deep: Option<usize>,
    is_deep: bool,
    /// The paths that end here.
    ends: Vec<usize>,
}

/// The states of all paths. The first is that of the root.
pub(crate) struct Paths<'p>(Vec<State<'p>>);

impl<'p> Paths<'p> {
    /// Paths that are not valid select nothing.
    pub(crate) fn new(paths: &[&'p str]) -> Self {
        let mut all = Paths(vec![State::default()]);
        for (index, path) in paths.iter().enumerate() {
            if let Some(end) = steps(path).and_then(|steps| all.add(steps)) {
                all.state(end).ends.push(index);
            }
        }
        all
    }

    /// Whether a step needs the values themselves.
    pub(crate) fn choose(&self) -> bool {
        self.0.iter().any(|state| !state.others.is_empty())
    }

    /// The state after these steps.
    fn add(&mut self, steps: Vec<Step<'p>>) -> Option<usize> {
        let mut at = 0;
        for Step { descends, selector } in steps {
            if descends {
                let new = self.0.len();
                at = *self.state(at).deep.get_or_insert(new);
                if at == new {
                    self.0.push(State { is_deep: true, ..State::default() });
                }
            }
            let new = self.0.len();
            let state = self.state(at);
            at = match selector {
                Selector::Name(name) => match state.names.binary_search_by(|(own, _)| own.cmp(&name)) {
                    Ok(found) => state.names.get(found)?.1,
                    Err(place) => {
                        state.names.insert(place, (name, new));
                        new
                    }
                },
                Selector::Index(index) => match state.indexes.iter().find(|(own, _)| *own == index) {
                    Some((_, to)) => *to,
                    None => {
                        state.indexes.push((index, new));
                        new
                    }
                },
                Selector::All => *state.all.get_or_insert(new),
                Selector::Other(text) => match state.others.iter().find(|(own, ..)| *own == text) {
                    Some((.., to)) => *to,
                    None => {
                        state.others.push((text, Choice::new(text)?, new));
                        new
                    }
                },
            };
            if at == new {
                self.0.push(State::default());
            }
        }
        Some(at)
    }

    #[allow(clippy::indexing_slicing, reason = "states are only named after they were pushed")]
    fn state(&mut self, at: usize) -> &mut State<'p> {
        &mut self.0[at]
    }

    /// Calls `found` with each selected node and the path that selects it.
    pub(crate) fn select<'a>(&self, root: Node<'a>, value: Chosen<'_>, found: &mut dyn FnMut(usize, Node<'a>)) {
        let mut active = Vec::new();
        self.activate(0, &mut active, 0);
        self.visit(root, value, &mut active, 0, found);
    }

    /// Adds a state, and the one that goes on below.
    fn activate(&self, state: usize, active: &mut Vec<usize>, from: usize) {
        active.push(state);
        if let Some(deep) = self.0.get(state).and_then(|state| state.deep)
            && !active.iter().skip(from).any(|own| *own == deep)
        {
            active.push(deep);
        }
    }

    /// Visits a node in the states from `from` on. The states of its children are put behind them.
    fn visit<'a>(
        &self,
        node: Node<'a>,
        value: Chosen<'_>,
        active: &mut Vec<usize>,
        from: usize,
        found: &mut dyn FnMut(usize, Node<'a>),
    ) {
        let to = active.len();
        let mut chosen: Vec<(Vec<usize>, usize)> = Vec::new();
        for state in active.iter().skip(from).filter_map(|state| self.0.get(*state)) {
            if !node.is_absent() {
                state.ends.iter().for_each(|path| found(*path, node));
            }
            chosen.extend(state.others.iter().map(|(_, choice, to)| (choice.of(value), *to)));
        }
        let is_list = node.is_list();
        for (index, (key, child)) in node.children().enumerate() {
            let below = value.child(key, index, is_list);
            for at in from..to {
                let Some((number, state)) = active.get(at).and_then(|own| Some((*own, self.0.get(*own)?))) else {
                    continue;
                };
                if state.is_deep && !active.iter().skip(to).any(|own| *own == number) {
                    active.push(number);
                }
                if is_list {
                    let of_index = state.indexes.iter().filter(|(own, _)| *own == index);
                    of_index.for_each(|(_, next)| self.activate(*next, active, to));
                } else if !state.names.is_empty()
                    && let Ok(at) = state.names.binary_search_by(|(own, _)| (*own).cmp(key))
                    && let Some((_, next)) = state.names.get(at)
                {
                    self.activate(*next, active, to);
                }
                if let Some(next) = state.all {
                    self.activate(next, active, to);
                }
            }
            for (children, next) in &chosen {
                if below.is_among(children) {
                    self.activate(*next, active, to);
                }
            }
            if active.len() > to {
                self.visit(child, below, active, to, found);
                active.truncate(to);
            }
        }
    }
}
