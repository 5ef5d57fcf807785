//! All dialect tables, compiled into one: from an attribute's key to what it may say.
//!
//! Deriving a span is one pass over its attributes. A key that no table names costs a look at its length and at
//! most one hash; only values of named keys are remembered.

use crate::dialect::{ALL, Dialect, TypeMeaning};
use spanwise_otlp::AnyValueView;
use std::ops::Range;
use std::sync::OnceLock;
use xxhash_rust::xxh3::xxh3_64;

/// Hits that most GenAI spans stay within, so that one allocation is enough.
const HITS_USUAL: usize = 16;

/// What a key says something about. Slots are sorted by it, so that what belongs together is read together.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Target {
    Type,
    Inputs,
    Outputs,
    Usage,
    Cost,
    MessageFormat,
    Tools,
    Model,
    Provider,
    Session,
    User,
}

/// Which part of its target a key holds.
#[derive(Clone, Copy)]
pub(crate) enum Part {
    /// All of it.
    Whole,
    /// The type, by its meaning.
    Type(TypeMeaning),
    /// A token count.
    Count(Count),
}

/// A token count.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Count {
    Input,
    Output,
    Total,
    CacheRead,
    CacheCreation,
    CacheCreationAbove1h,
}

/// One key of one dialect for one target. Its place in the table is its rank: an earlier slot wins.
pub(crate) struct Slot {
    pub(crate) target: Target,
    pub(crate) part: Part,
    /// Index of the dialect.
    pub(crate) dialect: u16,
    /// Whether an empty value counts.
    pub(crate) keeps_empty: bool,
}

/// An attribute that a slot wants.
pub(crate) struct Hit<'a> {
    pub(crate) slot: u16,
    pub(crate) value: AnyValueView<'a>,
}

/// The compiled tables.
pub(crate) struct Engine {
    slots: Vec<Slot>,
    /// Slots by key, `entries[hash & mask]` and on; each entry is a key and its range of `ranks`.
    entries: Vec<Option<Entry>>,
    ranks: Vec<u16>,
    /// Bit n: some key is n bytes long. Most foreign keys are turned away by it.
    lengths: u128,
}

struct Entry {
    key: &'static str,
    ranks: Range<u16>,
}

impl Engine {
    /// Returns the tables of all dialects, compiled once.
    pub(crate) fn get() -> &'static Engine {
        static ENGINE: OnceLock<Engine> = OnceLock::new();
        ENGINE.get_or_init(|| Engine::compile(ALL))
    }

    /// Collects the attributes that some slot wants, sorted by rank; of equal keys the last one counts.
    pub(crate) fn hits<'a>(
        &self,
        attributes: impl Iterator<Item = (&'a str, AnyValueView<'a>)>,
    ) -> Vec<Hit<'a>> {
        let mut hits = Vec::new();
        for (key, value) in attributes {
            let ranks = self.ranks_of(key);
            if hits.is_empty() && !ranks.is_empty() {
                hits.reserve(HITS_USUAL);
            }
            hits.extend(ranks.iter().map(|&slot| Hit { slot, value }));
        }
        hits.reverse();
        hits.sort_by_key(|hit| hit.slot);
        hits.dedup_by_key(|hit| hit.slot);
        hits
    }

    /// Returns the slot of a hit.
    pub(crate) fn slot(&self, hit: &Hit<'_>) -> &Slot {
        &self.slots[usize::from(hit.slot)]
    }

    fn ranks_of(&self, key: &str) -> &[u16] {
        if key.len() >= 128 || self.lengths >> key.len() & 1 == 0 {
            return &[];
        }
        let mask = self.entries.len() - 1;
        let mut place = xxh3_64(key.as_bytes()) as usize & mask;
        while let Some(entry) = &self.entries[place] {
            if entry.key == key {
                return &self.ranks[usize::from(entry.ranks.start)..usize::from(entry.ranks.end)];
            }
            place = (place + 1) & mask;
        }
        &[]
    }

    fn compile(dialects: &[&'static Dialect]) -> Engine {
        let mut keyed: Vec<(&'static str, Slot)> = Vec::new();
        for (index, dialect) in (0..).zip(dialects) {
            keyed.extend(slots_of(index, dialect));
        }
        // Stable: within a target the order of dialects, and within a dialect that of its keys, is kept.
        keyed.sort_by_key(|(_, slot)| slot.target);
        let (keys, slots): (Vec<_>, Vec<_>) = keyed.into_iter().unzip();

        // At most a quarter full, so that a foreign key rarely meets an entry.
        let mut entries: Vec<Option<Entry>> = Vec::new();
        entries.resize_with((keys.len() * 4).next_power_of_two(), || None);
        let mut engine = Engine { slots, entries, ranks: Vec::new(), lengths: 0 };
        for (first, key) in keys.iter().enumerate() {
            if !keys[..first].contains(key) {
                engine
                    .add_key(key, (0..).zip(&keys).filter(|(_, other)| *other == key).map(|(rank, _)| rank));
            }
        }
        engine
    }

    fn add_key(&mut self, key: &'static str, ranks: impl Iterator<Item = u16>) {
        let start = self.ranks.len() as u16;
        self.ranks.extend(ranks);
        self.lengths |= 1 << key.len();
        let mask = self.entries.len() - 1;
        let mut place = xxh3_64(key.as_bytes()) as usize & mask;
        while self.entries[place].is_some() {
            place = (place + 1) & mask;
        }
        self.entries[place] = Some(Entry { key, ranks: start..self.ranks.len() as u16 });
    }
}

fn slots_of(index: u16, dialect: &'static Dialect) -> Vec<(&'static str, Slot)> {
    let mut slots = Vec::new();
    let mut add = |target, part, keys: &[&'static str]| {
        let slot = || Slot { target, part, dialect: index, keeps_empty: dialect.keeps_empty };
        slots.extend(keys.iter().map(|&key| (key, slot())));
    };
    for rule in dialect.types {
        add(Target::Type, Part::Type(rule.meaning), &[rule.key]);
    }
    add(Target::Inputs, Part::Whole, dialect.inputs);
    add(Target::Outputs, Part::Whole, dialect.outputs);
    add(Target::Usage, Part::Whole, dialect.usage.maps);
    add(Target::Usage, Part::Count(Count::Input), dialect.usage.input);
    add(Target::Usage, Part::Count(Count::Output), dialect.usage.output);
    add(Target::Usage, Part::Count(Count::Total), dialect.usage.total);
    add(Target::Usage, Part::Count(Count::CacheRead), dialect.usage.cache_read);
    add(Target::Usage, Part::Count(Count::CacheCreation), dialect.usage.cache_creation);
    add(Target::Cost, Part::Whole, dialect.costs);
    add(Target::MessageFormat, Part::Whole, dialect.message_formats);
    add(Target::Tools, Part::Whole, dialect.tools);
    add(Target::Model, Part::Whole, dialect.models);
    add(Target::Provider, Part::Whole, dialect.providers);
    add(Target::Session, Part::Whole, dialect.sessions);
    add(Target::User, Part::Whole, dialect.users);
    slots
}

#[cfg(test)]
mod tests {
    use super::*;

    fn targets(key: &str) -> Vec<Target> {
        Engine::get()
            .ranks_of(key)
            .iter()
            .map(|&rank| Engine::get().slots[usize::from(rank)].target)
            .collect()
    }

    #[test]
    fn a_key_may_serve_several_targets() {
        assert!(targets("gen_ai.request.model") == [Target::Type, Target::Model]);
        assert!(targets("input.value") == [Target::Inputs]);
        assert!(targets("input.valuf").is_empty());
        assert!(targets("").is_empty());
        assert!(targets(&"x".repeat(200)).is_empty());
    }

    #[test]
    fn keys_fit_the_length_mask() {
        assert!(Engine::get().entries.iter().flatten().all(|entry| entry.key.len() < 128));
    }

    #[test]
    fn hits_come_in_order_of_precedence() {
        let attributes =
            ["gen_ai.system", "input.value", "gen_ai.provider.name", "mlflow.spanInputs", "foreign"];
        let hits = Engine::get().hits(attributes.into_iter().map(|key| (key, AnyValueView::String(key))));
        let keys: Vec<_> = hits.iter().map(|hit| hit.value).collect();
        assert!(matches!(
            keys[..],
            [
                AnyValueView::String("mlflow.spanInputs"),
                AnyValueView::String("input.value"),
                AnyValueView::String("gen_ai.provider.name"),
                AnyValueView::String("gen_ai.system"),
            ]
        ));
    }
}
