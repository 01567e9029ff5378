//! The map: who reaches what, in four columns from left to right, drawn as SVG without a script.
//!
//! Nodes that lead to the same and are reached by the same are one node. A column has a bounded number of nodes. What each
//! node is, is also a list, which the page shows for the node that is selected.

use super::model::{ClusterReport, PathRow};
use access::{Class, Subject};
use maud::{Markup, html};
use std::collections::{BTreeMap, BTreeSet};

/// The most nodes of a column.
const MOST: usize = 24;
/// The most members of a node that are named.
const MOST_MEMBERS: usize = 100;
const COLUMNS: [&str; 4] = ["Subjects", "become", "and then", "Reach"];
const WIDTH: usize = 244;
const GAP: usize = 58;
const HEIGHT: usize = 38;
const PITCH: usize = 50;
const TOP: usize = 34;

#[derive(Clone, Debug, Default)]
struct Node {
    column: usize,
    label: String,
    /// Its kind, in the second line.
    detail: String,
    /// Everyone it is, if it is several.
    members: Vec<String>,
}

#[derive(Default)]
struct Drawing {
    nodes: Vec<Node>,
    /// From, to, and how.
    edges: BTreeMap<(usize, usize), BTreeSet<&'static str>>,
    left_out: usize,
}

pub(super) fn draw(report: &ClusterReport) -> Markup {
    let drawing = Drawing::of(report);
    if drawing.edges.is_empty() {
        return html! {};
    }
    let rows = (0..COLUMNS.len()).map(|column| drawing.of_column(column).count()).max().unwrap_or_default();
    let (width, height) = (COLUMNS.len() * (WIDTH + GAP) - GAP, TOP + rows * PITCH);
    let places = drawing.places(rows);
    html! {
        div.scroll.map tabindex="0" role="region" aria-label="Map of paths" {
            svg viewBox=(format!("0 0 {width} {height}")) width=(width) height=(height) role="group" aria-label="Who reaches cluster-admin and identities in Azure" {
                @for (column, title) in COLUMNS.iter().enumerate() {
                    text.column x=(column * (WIDTH + GAP)) y="14" { (title) }
                }
                g.edges aria-hidden="true" {
                    @for ((from, to), how) in &drawing.edges {
                        path data-from=(from) data-to=(to) d=(curve(places[*from], places[*to])) {
                            title { (how.iter().copied().collect::<Vec<_>>().join(", ")) }
                        }
                    }
                }
                @for (at, node) in drawing.nodes.iter().enumerate() {
                    (drawing.node(at, node, places[at]))
                }
            }
        }
        p.dim { "Select a node to see its paths and everyone in it. Arrow keys move along the paths." @if drawing.left_out > 0 { " " (drawing.left_out) " more nodes are in the lists below." } }
        div.picked role="region" aria-live="polite" aria-label="The selected node" hidden {}
        details.nodes {
            summary { "The nodes as a list: " (drawing.nodes.len()) }
            @for (at, node) in drawing.nodes.iter().enumerate() { (drawing.entry(at, node)) }
        }
    }
}

fn curve((x, y): (usize, usize), (to_x, to_y): (usize, usize)) -> String {
    let (from_y, to_y) = (y + HEIGHT / 2, to_y + HEIGHT / 2);
    let from_x = x + WIDTH;
    if to_x <= x {
        // Within a column: around on the right.
        let out = from_x + GAP / 2;
        return format!("M{from_x} {from_y}C{out} {from_y} {out} {to_y} {} {to_y}", to_x + WIDTH);
    }
    let middle = (from_x + to_x) / 2;
    format!("M{from_x} {from_y}C{middle} {from_y} {middle} {to_y} {to_x} {to_y}")
}

impl Drawing {
    fn of(report: &ClusterReport) -> Drawing {
        let own = |path: &&PathRow| path.class != Class::Kubernetes;
        let access = &report.access;
        let paths: Vec<&PathRow> = access
            .cluster_admin
            .iter()
            .filter(own)
            .chain(access.identities.iter().flat_map(|identity| identity.paths.iter().filter(own)))
            .collect();
        let mut columns: BTreeMap<&str, usize> = BTreeMap::new();
        for path in &paths {
            let last = path.steps.len().saturating_sub(1);
            columns.entry(&path.subject).or_insert(usize::from(path.class == Class::ServiceAccount));
            for (at, step) in path.steps.iter().enumerate() {
                if at == last {
                    columns.insert(&step.to, 3);
                    // A service account that leads to a goal at once is in the column before it.
                    if step.from.starts_with("service account") {
                        columns.insert(&step.from, 2);
                    }
                } else {
                    columns.entry(&step.to).or_insert(1);
                }
            }
        }
        let mut edges: BTreeMap<(&str, &str), BTreeSet<&'static str>> = BTreeMap::new();
        for step in paths.iter().flat_map(|path| &path.steps) {
            edges.entry((&step.from, &step.to)).or_default().insert(step.how);
        }
        Drawing::grouped(&columns, &edges)
    }

    fn grouped(columns: &BTreeMap<&str, usize>, edges: &BTreeMap<(&str, &str), BTreeSet<&'static str>>) -> Drawing {
        type Ends<'e> = BTreeSet<(&'e str, bool)>;
        let mut ends: BTreeMap<&str, Ends<'_>> = BTreeMap::new();
        for (from, to) in edges.keys() {
            ends.entry(from).or_default().insert((to, true));
            ends.entry(to).or_default().insert((from, false));
        }
        // Equal nodes of a kind and a namespace.
        let mut groups: BTreeMap<(usize, String, &Ends<'_>), Vec<&str>> = BTreeMap::new();
        let none = Ends::new();
        for (name, column) in columns {
            let ends = ends.get(name).unwrap_or(&none);
            groups.entry((*column, family(name), ends)).or_default().push(name);
        }
        let mut drawing = Drawing::default();
        let mut index: BTreeMap<&str, usize> = BTreeMap::new();
        let mut counts = [0; COLUMNS.len()];
        // The busiest first, so that a column that is full has them.
        let mut groups: Vec<_> = groups.into_iter().collect();
        groups.sort_by_key(|((_, _, ends), _)| std::cmp::Reverse(ends.len()));
        for ((column, family, _), members) in groups {
            let count = counts.get_mut(column);
            if count.as_ref().is_none_or(|count| **count == MOST) {
                drawing.left_out += members.len();
                continue;
            }
            count.into_iter().for_each(|count| *count += 1);
            members.iter().for_each(|name| {
                index.insert(name, drawing.nodes.len());
            });
            drawing.nodes.push(Node::of(column, &family, members));
        }
        for ((from, to), how) in edges {
            if let (Some(from), Some(to)) = (index.get(from), index.get(to)) {
                drawing.edges.entry((*from, *to)).or_default().extend(how);
            }
        }
        drawing
    }

    fn of_column(&self, column: usize) -> impl Iterator<Item = usize> {
        self.nodes.iter().enumerate().filter(move |(_, node)| node.column == column).map(|(at, _)| at)
    }

    /// Where each node is. A column is sorted by where its edges lead, so that few cross.
    fn places(&self, rows: usize) -> Vec<(usize, usize)> {
        let mut rank: Vec<f64> = vec![0.0; self.nodes.len()];
        let mut places = vec![(0, 0); self.nodes.len()];
        for column in (0..COLUMNS.len()).rev() {
            let mut order: Vec<usize> = self.of_column(column).collect();
            let leads = |at: usize| {
                let to: Vec<f64> = self
                    .edges
                    .keys()
                    .filter(|(from, to)| *from == at && self.nodes[*to].column > column)
                    .map(|(_, to)| rank[*to])
                    .collect();
                to.iter().sum::<f64>() / to.len().max(1) as f64
            };
            let mut keys: Vec<(f64, &str, usize)> =
                order.iter().map(|at| (leads(*at), self.nodes[*at].label.as_str(), *at)).collect();
            // The goal of goals first.
            keys.sort_by(|a, b| {
                (a.1 != "cluster-admin", a.0, a.1)
                    .partial_cmp(&(b.1 != "cluster-admin", b.0, b.1))
                    .unwrap_or(std::cmp::Ordering::Equal)
            });
            order = keys.into_iter().map(|(.., at)| at).collect();
            let above = (rows - order.len()) as f64 / 2.0;
            for (row, at) in order.into_iter().enumerate() {
                rank[at] = above + row as f64;
                places[at] = (column * (WIDTH + GAP), TOP + (rank[at] * PITCH as f64) as usize);
            }
        }
        places
    }

    /// Who a node is, what it leads to, and from where.
    fn entry(&self, at: usize, node: &Node) -> Markup {
        let ends = |is_out: bool| -> Vec<(&str, &str)> {
            let edges = self.edges.iter().filter(|((from, to), _)| at == if is_out { *from } else { *to });
            let ways = edges.flat_map(|((from, to), how)| {
                let other = &self.nodes[if is_out { *to } else { *from }];
                how.iter().map(|how| (*how, other.label.as_str()))
            });
            ways.collect()
        };
        let (out, into) = (ends(true), ends(false));
        html! {
            div.entry data-entry=(at) {
                p.title { strong { (node.label) } " " span.dim { (node.detail) } }
                @if node.members.len() > 1 {
                    ul.plain.objects {
                        @for name in node.members.iter().take(MOST_MEMBERS) { li data-member=(name) { (name) } }
                        @if node.members.len() > MOST_MEMBERS { li.more { "and " (node.members.len() - MOST_MEMBERS) " more, in the JSON report" } }
                    }
                }
                @if !out.is_empty() {
                    ul.plain { @for (how, to) in &out { li { (how) " " strong { (to) } } } }
                }
                @if !into.is_empty() {
                    p.dim { "Reached from " @for (at, (how, from)) in into.iter().enumerate() { @if at > 0 { "; " } (from) " (" (how.trim_end_matches(':')) ")" } }
                }
            }
        }
    }

    fn node(&self, at: usize, node: &Node, (x, y): (usize, usize)) -> Markup {
        let names = node.members.join(", ");
        let to: Vec<String> =
            self.edges.keys().filter(|(from, _)| *from == at).map(|(_, to)| self.nodes[*to].label.clone()).collect();
        let leads = if to.is_empty() { String::new() } else { format!(", leads to {}", to.join(", ")) };
        // A tip for what the node itself does not show. What is seen has to be the beginning of what is read out.
        let is_whole = node.members.len() == 1 && node.label == cut(&node.label);
        let title = if is_whole { String::new() } else { format!("{names} ") };
        let is_long = node.label.chars().count() > FITS;
        let is_goal = node.column == COLUMNS.len() - 1;
        html! {
            g.node.goal[is_goal].admin[node.label == "cluster-admin"] tabindex=(if at == 0 { "0" } else { "-1" }) role="button" aria-pressed="false"
                aria-label=(format!("{title}{} {}{leads}", cut(&node.label), node.detail)) data-node=(at) data-column=(node.column) data-text=(names.to_lowercase())
                transform=(format!("translate({x} {y})")) {
                @if !title.is_empty() { title { (title) } }
                rect width=(WIDTH) height=(HEIGHT) rx="6" {}
                text.label x="10" y="16" textLength=[is_long.then_some(WIDTH - 20)] lengthAdjust="spacingAndGlyphs" { (cut(&node.label)) }
                " "
                text.detail x="10" y="31" { (node.detail) }
            }
        }
    }
}

/// What equal nodes have to have in common: the kind, and the namespace of service accounts.
fn family(name: &str) -> String {
    match name.rsplit_once(' ') {
        Some(("service account", account)) => {
            format!("service accounts in {}", account.split_once('/').map_or(account, |(namespace, _)| namespace))
        }
        Some((kind, _)) => format!("{kind}s"),
        None => name.to_owned(),
    }
}

impl Node {
    fn of(column: usize, family: &str, members: Vec<&str>) -> Node {
        let members: Vec<String> = members.into_iter().map(str::to_owned).collect();
        let (label, detail) = match members.as_slice() {
            [one] => match one.rsplit_once(' ') {
                Some((kind, name)) if column == 3 => (name.to_owned(), format!("{kind} in Azure")),
                Some(("every right in", namespace)) => (format!("every right in {namespace}"), "namespace".to_owned()),
                Some((kind, name)) => (name.to_owned(), detail(kind, name)),
                None => (one.clone(), "every right".to_owned()),
            },
            several => (format!("{} {family}", several.len()), "with the same paths".to_owned()),
        };
        Node { column, label, detail, members }
    }
}

/// The second line: of users and groups, what their names show.
fn detail(kind: &str, name: &str) -> String {
    match kind {
        "user" => Subject::user(name).class().name().to_owned(),
        "group" => Subject::group(name).class().name().to_owned(),
        other => other.to_owned(),
    }
}

/// How many characters fit into a node, and how many smaller ones.
const FITS: usize = 30;
const FITS_SMALL: usize = 36;

/// A name that fits into a node.
fn cut(name: &str) -> String {
    match name.char_indices().nth(FITS_SMALL) {
        Some((at, _)) => format!("{}…", &name[..at]),
        None => name.to_owned(),
    }
}
