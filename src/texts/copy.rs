//! Kubectl's copies of an object, which it keeps in an annotation.

use crate::anchor::Anchor;
use json::{Node, Tree, parse};
use std::cell::OnceCell;

/// The copies in the annotations of an object, and those in their annotations. Findings refer to them, so they have to
/// outlive these.
#[derive(Default)]
pub(crate) struct Copies<'a>(OnceCell<Level<'a>>);

struct Level<'a> {
    copies: Vec<Copy<'a>>,
    below: Box<Copies<'a>>,
}

/// One copy.
pub(super) struct Copy<'a> {
    pub annotation: Node<'a>,
    /// The copy that the annotation is in.
    outer: Option<&'a Copy<'a>>,
    pub found: CopyContents<'a>,
}

/// What an annotation holds.
pub(super) enum CopyContents<'a> {
    Object(Tree<'a>),
    /// It is not JSON.
    Text,
    TooDeep,
}

/// An annotation with a copy, and the copy that it is in.
pub(super) type Annotation<'a> = (Node<'a>, Option<&'a Copy<'a>>);

impl<'a> Copies<'a> {
    /// Parses the copies of one level; returns them, and the place for those inside them.
    pub(super) fn parse(
        &'a self,
        annotations: Vec<Annotation<'a>>,
        may_parse: bool,
    ) -> (&'a [Copy<'a>], &'a Copies<'a>) {
        let level = self.0.get_or_init(|| {
            let copies = annotations.into_iter().map(|(annotation, outer)| {
                let found = match annotation.text().map(parse) {
                    Some(_) if !may_parse => CopyContents::TooDeep,
                    Some(Ok(tree)) => CopyContents::Object(tree),
                    _ => CopyContents::Text,
                };
                Copy { annotation, outer, found }
            });
            Level { copies: copies.collect(), below: Box::default() }
        });
        (&level.copies, &level.below)
    }
}

impl<'a> Copy<'a> {
    /// The object, absent if the copy is not one.
    pub(super) fn root(&'a self) -> Node<'a> {
        match &self.found {
            CopyContents::Object(tree) => Node::new(tree),
            CopyContents::Text | CopyContents::TooDeep => Node::absent(),
        }
    }

    /// Where a place in the copy is in the object.
    pub(super) fn place_of(&'a self, place: Anchor<'a>) -> Anchor<'a> {
        let place = match &self.found {
            CopyContents::Object(_) => {
                Anchor::Copy { text: self.annotation, root: self.root(), place: Box::new(place) }
            }
            // The place is the annotation itself.
            CopyContents::Text | CopyContents::TooDeep => place,
        };
        match self.outer {
            Some(outer) => outer.place_of(place),
            None => place,
        }
    }
}
