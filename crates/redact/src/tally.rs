//! How much was replaced.

use std::collections::BTreeMap;
use std::sync::Arc;

/// How many values each rule of a [`crate::Redactor`] replaced.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally(BTreeMap<Arc<str>, u64>);

impl Tally {
    /// Counts `count` values that the rule of that name replaced.
    pub fn add(&mut self, name: &Arc<str>, count: u64) {
        match self.0.get_mut(name) {
            Some(total) => *total += count,
            None => drop(self.0.insert(Arc::clone(name), count)),
        }
    }

    /// Adds another one.
    pub fn merge(&mut self, other: &Tally) {
        other.0.iter().for_each(|(name, count)| self.add(name, *count));
    }

    /// Returns whether nothing was replaced.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the names of rules and how much each replaced, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().map(|(name, count)| (&**name, *count))
    }
}
