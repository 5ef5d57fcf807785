//! Rows out of the columns of a file, one row group after the other.

use super::column::Column;
use super::page::{Source, read_at};
use super::schema::{Kind, Node, Repetition, read_schema};
use super::thrift::{Reader, Thrift};
use super::{FOOTER_BYTES_MAX, MAGIC};
use crate::{ROW_BYTES_MAX, Row, RowSink, TableError};
use serde_json::{Map, Value};
use std::io::{Read, Seek, SeekFrom};

/// Reads a file. In structs, fields without a value are left out, as columns are: the format can't tell a field that is null
/// from one that is not there.
pub fn read_parquet<S: Read + Seek>(source: &mut S, sink: &mut RowSink<'_>) -> Result<(), TableError> {
    let footer = footer(source)?;
    let nodes = read_schema(footer.list(2))?;
    let mut number = 0;
    for group in footer.list(4) {
        let mut rows = Rows { columns: open_columns(&nodes, group, source)?, source, room: 0 };
        for _ in 0..group.size(3, "number of rows")? {
            number += 1;
            if sink(number, Ok(rows.row(&nodes)?)).is_break() {
                return Ok(());
            }
        }
    }
    Ok(())
}

fn footer(source: &mut dyn Source) -> Result<Thrift, TableError> {
    let length = source.seek(SeekFrom::End(0))?;
    let tail_at = length.checked_sub(8).ok_or_else(|| TableError::damaged("it is too short"))?;
    let tail = read_at(source, tail_at, 8)?;
    match tail.get(4..) {
        Some(magic) if magic == MAGIC => {}
        Some(b"PARE") => return Err(TableError::Unsupported("encryption".to_owned())),
        _ => return Err(TableError::damaged("it does not end as one")),
    }
    let bytes = u64::from(u32::from_le_bytes([tail[0], tail[1], tail[2], tail[3]]));
    if bytes > FOOTER_BYTES_MAX {
        return Err(TableError::Unsupported(format!("a description of more than {FOOTER_BYTES_MAX} bytes")));
    }
    let at = tail_at.checked_sub(bytes).ok_or_else(|| TableError::damaged("it is cut off"))?;
    let bytes = read_at(source, at, bytes as usize)?;
    Ok(Reader { bytes: &bytes }.read_struct()?)
}

fn open_columns(nodes: &[Node], group: &Thrift, source: &mut dyn Source) -> Result<Vec<Column>, TableError> {
    let mut leaves = Vec::new();
    for node in nodes {
        node.each_leaf(&mut |node, leaf| leaves.push((node, *leaf)));
    }
    let chunks = group.list(1);
    if chunks.len() != leaves.len() {
        return Err(TableError::damaged("a row group has other columns than the schema"));
    }
    leaves
        .into_iter()
        .zip(chunks)
        .map(|((node, leaf), chunk)| Column::open(node, leaf, chunk, source))
        .collect()
}

struct Rows<'a> {
    columns: Vec<Column>,
    source: &'a mut dyn Source,
    /// Bytes that the row may still have: a few in the file may stand for a great many.
    room: usize,
}

/// What a value counts as beside its text.
const VALUE_BYTES: usize = 32;

impl Rows<'_> {
    fn row(&mut self, nodes: &[Node]) -> Result<Row, TableError> {
        self.room = ROW_BYTES_MAX;
        self.structure(nodes)
    }

    fn structure(&mut self, nodes: &[Node]) -> Result<Map<String, Value>, TableError> {
        let mut fields = Map::new();
        for node in nodes {
            let value = self.node(node)?;
            if !value.is_null() {
                fields.insert(node.name.clone(), value);
            }
        }
        Ok(fields)
    }

    /// Reads what a node has for one occurrence of the one above.
    fn node(&mut self, node: &Node) -> Result<Value, TableError> {
        match node.repetition {
            Repetition::Required => self.content(node),
            Repetition::Optional if self.is_there(node)? => self.content(node),
            Repetition::Optional => self.pass(node),
            Repetition::Repeated => Ok(Value::Array(self.items(node)?)),
        }
    }

    fn content(&mut self, node: &Node) -> Result<Value, TableError> {
        match &node.kind {
            Kind::Leaf(column, _) => self.take(*column),
            Kind::Struct(children) => Ok(Value::Object(self.structure(children)?)),
            Kind::List(child) => {
                let items = self.items(child)?;
                Ok(items.into_iter().map(|item| unwrapped(child, item)).collect())
            }
            Kind::Map(child) => {
                Ok(Value::Object(self.items(child)?.into_iter().filter_map(pair(child)).collect()))
            }
        }
    }

    /// Reads all occurrences of a repeated node.
    fn items(&mut self, node: &Node) -> Result<Vec<Value>, TableError> {
        if !self.is_there(node)? {
            self.pass(node)?;
            return Ok(Vec::new());
        }
        let mut items = Vec::new();
        loop {
            items.push(self.content(node)?);
            let next = self.first_column(node).and_then(|column| self.columns[column].peek());
            if next.is_none_or(|levels| levels.rep != node.max_rep) {
                return Ok(items);
            }
        }
    }

    fn is_there(&self, node: &Node) -> Result<bool, TableError> {
        let levels = self.first_column(node).and_then(|column| self.columns[column].peek());
        let levels = levels.ok_or_else(|| TableError::damaged("a column has fewer values than rows"))?;
        Ok(levels.def >= node.max_def)
    }

    /// Passes over a node that is not there: it has one null in each of its columns.
    fn pass(&mut self, node: &Node) -> Result<Value, TableError> {
        let mut leaves = Vec::new();
        node.leaves(&mut leaves);
        for column in leaves {
            self.take(column)?;
        }
        Ok(Value::Null)
    }

    fn take(&mut self, column: usize) -> Result<Value, TableError> {
        let value = self.columns[column].take(self.source)?;
        let bytes = VALUE_BYTES + value.as_str().map_or(0, str::len);
        self.room = self
            .room
            .checked_sub(bytes)
            .ok_or_else(|| TableError::Unsupported(format!("rows of more than {ROW_BYTES_MAX} bytes")))?;
        Ok(value)
    }

    fn first_column(&self, node: &Node) -> Option<usize> {
        match &node.kind {
            Kind::Leaf(column, _) => Some(*column),
            Kind::Struct(children) => children.first().and_then(|child| self.first_column(child)),
            Kind::List(child) | Kind::Map(child) => self.first_column(child),
        }
    }
}

/// Returns the item of a list that is wrapped in a group of one field, as lists have been written since 2014.
/// <https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#lists>
fn unwrapped(child: &Node, item: Value) -> Value {
    let Kind::Struct(fields) = &child.kind else { return item };
    let ([field], Value::Object(mut object)) = (fields.as_slice(), item.clone()) else { return item };
    if child.name == "array" || child.name.ends_with("_tuple") {
        return item;
    }
    object.remove(&field.name).unwrap_or_default()
}

/// Makes an entry of a map of its key and value.
fn pair(child: &Node) -> impl Fn(Value) -> Option<(String, Value)> {
    let names = match &child.kind {
        Kind::Struct(fields) => fields.iter().map(|field| field.name.clone()).collect(),
        _ => Vec::new(),
    };
    move |item| {
        let Value::Object(mut entry) = item else { return None };
        let key = entry.remove(names.first()?)?;
        let value = entry.remove(names.get(1)?).unwrap_or_default();
        let key = match key {
            Value::String(text) => text,
            other => other.to_string(),
        };
        Some((key, value))
    }
}
