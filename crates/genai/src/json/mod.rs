//! Values read in place, whether they came as OTLP values or as JSON text inside a string.
//!
//! Much of what GenAI libraries send is JSON in a string attribute. Here it is walked where it lies: no tree is
//! built, and numbers keep their digits.

pub(crate) mod check;
mod cursor;
mod text;
pub(crate) mod write;

pub(crate) use cursor::{Cursor, Node};
pub(crate) use text::{JsonText, JsonWalk};
