//! The filter language from outside: text in, meaning or message out.

mod analyze;
mod complete;
mod document;
mod entity;
mod error;
mod generate;
mod meaning;
mod print;
mod recorded;
mod reference;
