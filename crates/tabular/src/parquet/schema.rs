//! The schema of a file as a tree, with the levels by which rows are put together.

use super::thrift::Thrift;
use super::value::Leaf;
use super::{DEPTH_MAX, SCHEMA_ELEMENTS_MAX};
use crate::TableError;

/// How often a node is in the one above.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repetition {
    Required,
    Optional,
    Repeated,
}

/// A column, or columns in columns.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) name: String,
    pub(super) repetition: Repetition,
    /// The definition level from which on it is there.
    pub(super) max_def: u32,
    /// The repetition level of a further item of the innermost list.
    pub(super) max_rep: u32,
    pub(super) kind: Kind,
}

/// What a node holds.
#[derive(Debug)]
pub(super) enum Kind {
    /// Values of the column of this number.
    Leaf(usize, Leaf),
    Struct(Vec<Node>),
    /// Its items are those of the one repeated node.
    List(Box<Node>),
    /// Keys and values are in the one repeated node.
    Map(Box<Node>),
}

impl Node {
    /// Returns the columns below it, the first of which tells whether it is there.
    pub(super) fn leaves(&self, into: &mut Vec<usize>) {
        match &self.kind {
            Kind::Leaf(column, _) => into.push(*column),
            Kind::Struct(children) => children.iter().for_each(|child| child.leaves(into)),
            Kind::List(child) | Kind::Map(child) => child.leaves(into),
        }
    }

    /// Calls `each` with every column and its levels, in their order.
    pub(super) fn each_leaf<'a>(&'a self, each: &mut impl FnMut(&'a Node, &'a Leaf)) {
        match &self.kind {
            Kind::Leaf(_, leaf) => each(self, leaf),
            Kind::Struct(children) => children.iter().for_each(|child| child.each_leaf(each)),
            Kind::List(child) | Kind::Map(child) => child.each_leaf(each),
        }
    }
}

/// Reads the elements of a schema, of which the first is the root.
pub(super) fn read_schema(elements: &[Thrift]) -> Result<Vec<Node>, TableError> {
    if elements.len() > SCHEMA_ELEMENTS_MAX {
        return Err(TableError::Unsupported(format!("more than {SCHEMA_ELEMENTS_MAX} columns")));
    }
    let root = elements.first().ok_or_else(|| TableError::damaged("it has no schema"))?;
    let mut builder = Builder { rest: &elements[1..], columns: 0 };
    builder.children(root, Levels { def: 0, rep: 0, depth: 0 })
}

#[derive(Clone, Copy)]
struct Levels {
    def: u32,
    rep: u32,
    depth: usize,
}

struct Builder<'a> {
    rest: &'a [Thrift],
    columns: usize,
}

impl Builder<'_> {
    fn children(&mut self, parent: &Thrift, levels: Levels) -> Result<Vec<Node>, TableError> {
        let count = parent.size(5, "number of columns")?;
        if levels.depth > DEPTH_MAX {
            return Err(TableError::Unsupported(format!("columns nested deeper than {DEPTH_MAX}")));
        }
        (0..count).map(|_| self.node(levels)).collect()
    }

    fn node(&mut self, above: Levels) -> Result<Node, TableError> {
        let (element, rest) =
            self.rest.split_first().ok_or_else(|| TableError::damaged("its schema is cut off"))?;
        self.rest = rest;
        let repetition = match element.int(3).unwrap_or(0) {
            0 => Repetition::Required,
            1 => Repetition::Optional,
            2 => Repetition::Repeated,
            other => return Err(TableError::damaged(format!("a column repeats in the unknown way {other}"))),
        };
        let levels = Levels {
            def: above.def + u32::from(repetition != Repetition::Required),
            rep: above.rep + u32::from(repetition == Repetition::Repeated),
            depth: above.depth + 1,
        };
        let name = element.text(4).unwrap_or_default();
        let kind = if element.int(5).unwrap_or(0) > 0 {
            let children = self.children(element, levels)?;
            shape(element, children)
        } else {
            self.columns += 1;
            Kind::Leaf(self.columns - 1, Leaf::of(&name, element)?)
        };
        Ok(Node { name, repetition, max_def: levels.def, max_rep: levels.rep, kind })
    }
}

const CONVERTED_MAP: [i64; 2] = [1, 2];
const CONVERTED_LIST: i64 = 3;
const LOGICAL_MAP: i16 = 2;
const LOGICAL_LIST: i16 = 3;

fn shape(element: &Thrift, mut children: Vec<Node>) -> Kind {
    let logical = |id| element.field(10).is_some_and(|logical| logical.field(id).is_some());
    let converted = element.int(6);
    let is_single = children.len() == 1 && children[0].repetition == Repetition::Repeated;
    let is_list = converted == Some(CONVERTED_LIST) || logical(LOGICAL_LIST);
    let is_map = converted.is_some_and(|kind| CONVERTED_MAP.contains(&kind)) || logical(LOGICAL_MAP);
    match children.pop() {
        Some(child) if is_single && is_list => Kind::List(Box::new(child)),
        Some(child) if is_single && is_map && is_pair(&child) => Kind::Map(Box::new(child)),
        Some(child) => {
            children.push(child);
            Kind::Struct(children)
        }
        None => Kind::Struct(children),
    }
}

fn is_pair(node: &Node) -> bool {
    matches!(&node.kind, Kind::Struct(children) if children.len() == 2)
}
