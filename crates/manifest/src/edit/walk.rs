//! From a pointer to the place in the text.

use super::page::Page;
use crate::outline::{Outline, Shape};

/// A node, and what it is in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot {
    pub node: usize,
    /// The map or list, and the index of the member or item in it; nothing for the root.
    pub container: Option<(usize, usize)>,
}

#[derive(Debug)]
pub(super) enum Found {
    Spot(Spot),
    /// The nearest node above; the tokens from `depth` on are missing.
    Missing {
        above: Spot,
        depth: usize,
    },
    /// The tokens from `depth` on are behind an alias.
    Alias {
        at: Spot,
        depth: usize,
    },
    /// The token at `depth` is a member that is merged into a map.
    Merged {
        map: Spot,
        depth: usize,
    },
}

pub(super) fn walk(page: &Page<'_>, tokens: &[String]) -> Result<Found, &'static str> {
    let outline = &page.outline;
    let mut spot = Spot { node: Outline::ROOT, container: None };
    for (depth, token) in tokens.iter().enumerate() {
        let next = |node, index| Spot { node, container: Some((spot.node, index)) };
        spot = match &outline.node(spot.node).shape {
            Shape::Alias(_) => return Ok(Found::Alias { at: spot, depth }),
            Shape::Map(members) => {
                let own = members.iter().position(|member| !member.merges && member.key.as_deref() == Some(token));
                match own.and_then(|index| Some((index, members.get(index)?))) {
                    Some((index, member)) => next(member.value, index),
                    None if outline.member(spot.node, token).is_some() => {
                        return Ok(Found::Merged { map: spot, depth });
                    }
                    None => return Ok(Found::Missing { above: spot, depth }),
                }
            }
            Shape::List(items) => {
                let index = if token == "-" { Some(items.len()) } else { token.parse().ok() };
                match index.map(|index: usize| (index, items.get(index))) {
                    Some((index, Some(item))) => next(*item, index),
                    Some((index, None)) if index == items.len() => return Ok(Found::Missing { above: spot, depth }),
                    _ => return Err("the list has no such item"),
                }
            }
            // Whether it is null is known where values are.
            Shape::Leaf => return Ok(Found::Missing { above: spot, depth }),
        };
    }
    Ok(Found::Spot(spot))
}
