//! All dialect tables, compiled into one: from an attribute's key to what it may say.
//!
//! Deriving a span is one pass over its attributes. A key that no table names costs a look at its first bytes,
//! and at most a hash of its ends; only values of named keys are remembered.

use crate::dialect::{ALL, Dialect, EventKeys, Map, Reshape, TypeMeaning, Unit};
use crate::key_table::KeyTable;
use crate::pattern::{Heads, prefix_of};
use crate::side::Side;
use spanwise_otlp::AnyValueView;
use std::ops::Range;
use std::sync::OnceLock;

/// Hits that most GenAI spans stay within, so that one allocation is enough.
const HITS_USUAL: usize = 16;

/// What a key says something about. Slots are sorted by it, so that what belongs together is read together; marks
/// come first, since they decide whether others count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Target {
    Mark,
    Type,
    Inputs,
    Outputs,
    FlatInputs,
    FlatOutputs,
    Run,
    EventList,
    Usage,
    Cost,
    MessageFormat,
    Tools,
    Model,
    Provider,
    Session,
    User,
    // What is read only when a person looks at the span; of tokens, also for their price.
    Agent,
    Prompt,
    PromptVersion,
    AskedModel,
    FinishReasons,
    FirstToken,
    ReasoningTokens,
    AudioInputTokens,
    AudioOutputTokens,
    ImageInputTokens,
    ImageOutputTokens,
    ServiceTier,
    Dimensions,
    Error,
}

/// Which part of its target a key holds.
#[derive(Clone, Copy)]
pub(crate) enum Part {
    /// All of it.
    Whole,
    /// One of these values marks the dialect; any, if there are none.
    Values(&'static [&'static str]),
    /// The type, by its meaning.
    Type(TypeMeaning),
    /// A piece that stands for all of it.
    Piece,
    /// The attributes that make it up; the key only tells that the dialect is spoken.
    Map(Map),
    /// The word itself; the key only tells that the dialect is spoken.
    Word(&'static str),
    /// All of it, if it is a text.
    Text,
    /// A token count.
    Count(Count),
    /// A token count, if it is not 0.
    FilledCount(Count),
    /// A part of the cost.
    Cost(CostPart),
    /// A duration.
    Duration(Unit),
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

/// A part of the cost.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum CostPart {
    Input,
    Output,
    Total,
}

/// One key of one dialect for one target. Its place in the table is its rank: an earlier slot wins.
pub(crate) struct Slot {
    pub(crate) target: Target,
    pub(crate) part: Part,
    /// Index of the dialect.
    pub(crate) dialect: u16,
    /// Whether the dialect must be marked for this to count.
    pub(crate) needs_mark: bool,
    /// Whether an empty value counts.
    pub(crate) keeps_empty: bool,
    /// Whether the dialect's input tokens are those beside the cached ones.
    pub(crate) excludes_cache: bool,
    /// Whether what came out tells the tokens and the model.
    pub(crate) counts_in_output: bool,
    /// What the dialect makes of inputs and outputs.
    pub(crate) reshape: Option<Reshape>,
}

/// The attributes that slots want, in order of precedence.
#[derive(Default)]
pub(crate) struct Hits<'a> {
    values: Vec<AnyValueView<'a>>,
    /// The number of a slot above, and below how far its value is from the end of all that could be, so that of one
    /// slot the last value comes first.
    order: Vec<u32>,
}

impl<'a> Hits<'a> {
    fn add(&mut self, slots: &[u16], value: AnyValueView<'a>) {
        if self.values.is_empty() {
            self.values.reserve(HITS_USUAL);
            self.order.reserve(HITS_USUAL * 2);
        }
        // More values than that are no span that anybody reads; the rest says nothing.
        let Ok(index) = u16::try_from(self.values.len()) else { return };
        self.values.push(value);
        self.order.extend(slots.iter().map(|&slot| u32::from(slot) << 16 | u32::from(u16::MAX - index)));
    }

    fn sort(&mut self) {
        self.order.sort_unstable();
        self.order.dedup_by_key(|place| *place >> 16);
    }

    /// Returns the numbers of slots with their values.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u16, AnyValueView<'a>)> {
        self.order.iter().map(|place| {
            let index = u16::MAX - (*place & u32::from(u16::MAX)) as u16;
            ((place >> 16) as u16, self.values[usize::from(index)])
        })
    }
}

/// A set of dialects.
#[derive(Clone, Copy, Default)]
pub(crate) struct Marked(u64);

impl Marked {
    pub(crate) fn add(&mut self, dialect: u16) {
        self.0 |= 1 << dialect;
    }

    /// Returns whether a slot counts where these dialects are marked.
    pub(crate) fn allows(self, slot: &Slot) -> bool {
        !slot.needs_mark || self.0 >> slot.dialect & 1 == 1
    }
}

/// The compiled tables.
pub(crate) struct Engine {
    slots: Vec<Slot>,
    /// Ranks of slots by key.
    keys: KeyTable<Range<u16>>,
    ranks: Vec<u16>,
    /// How keys begin, and the slots of patterns.
    heads: Heads,
    /// Types by names of spans, with the dialect that must be marked.
    names: KeyTable<(Option<u16>, &'static str)>,
    /// What events hold, by their names.
    events: KeyTable<&'static EventKeys>,
    /// Beginnings of names of instrumentation scopes, with the dialect that they give away.
    scopes: Vec<(&'static str, u16)>,
    /// Dialects whose spans say again what others used.
    repeating: Marked,
}

impl Engine {
    /// Returns the tables of all dialects for [`crate::derive()`], compiled once.
    pub(crate) fn get() -> &'static Engine {
        static ENGINE: OnceLock<Engine> = OnceLock::new();
        ENGINE.get_or_init(|| Engine::compile(ALL, slots_of))
    }

    /// Returns the tables for what is read only when a person looks at the span.
    pub(crate) fn details() -> &'static Engine {
        static ENGINE: OnceLock<Engine> = OnceLock::new();
        ENGINE.get_or_init(|| Engine::compile(ALL, detail_slots_of))
    }

    /// Collects the attributes that some slot wants, sorted by rank. Of equal keys the last one counts; of the keys
    /// that fit one pattern the first one.
    pub(crate) fn hits<'a>(&self, attributes: impl Iterator<Item = (&'a str, AnyValueView<'a>)>) -> Hits<'a> {
        let mut hits = Hits::default();
        let mut wanted = u32::MAX;
        for (key, value) in attributes {
            let kinds = self.heads.kinds(key);
            if kinds.plain
                && let Some(range) = self.keys.get(key)
            {
                let ranks = &self.ranks[usize::from(range.start)..usize::from(range.end)];
                hits.add(ranks, value);
            } else if kinds.patterns & wanted != 0 {
                self.heads.fitting(key, kinds.patterns, &mut wanted, |slot| hits.add(&[slot], value));
            }
        }
        hits.sort();
        hits
    }

    /// Returns the dialects that the name of an instrumentation scope gives away.
    pub(crate) fn marked_by(&self, scope_name: &str) -> Marked {
        let mut marked = Marked::default();
        let spoken = self.scopes.iter().filter(|(beginning, _)| scope_name.starts_with(beginning));
        spoken.for_each(|(_, dialect)| marked.add(*dialect));
        marked
    }

    /// Returns the slot of that number.
    pub(crate) fn slot(&self, slot: u16) -> &Slot {
        &self.slots[usize::from(slot)]
    }

    /// Returns the type that a span's name tells: the whole name, or its first or its first two words.
    pub(crate) fn type_of_name(&self, name: &str, marked: Marked) -> Option<&'static str> {
        let mut spaces = name.match_indices(' ').map(|(at, _)| &name[..=at]);
        let (one, two) = (spaces.next(), spaces.next());
        [Some(name), two, one].into_iter().flatten().find_map(|name| {
            let (dialect, span_type) = self.names.get(name)?;
            dialect.is_none_or(|dialect| marked.0 >> dialect & 1 == 1).then_some(*span_type)
        })
    }

    /// Returns what an event of that name holds.
    pub(crate) fn event(&self, name: &str) -> Option<&'static EventKeys> {
        self.events.get(name).copied()
    }

    /// Returns whether such a span says again what others used.
    pub(crate) fn repeats_usage(&self, marked: Marked) -> bool {
        self.repeating.0 & marked.0 != 0
    }

    fn compile(
        dialects: &[&'static Dialect],
        slots_of: fn(u16, &'static Dialect) -> Vec<(&'static str, Slot)>,
    ) -> Engine {
        let mut keyed: Vec<(&'static str, Slot)> = Vec::new();
        for (index, dialect) in (0..).zip(dialects) {
            keyed.extend(slots_of(index, dialect));
        }
        // Stable: within a target the order of dialects, and within a dialect that of its keys, is kept.
        keyed.sort_by_key(|(_, slot)| slot.target);
        let (keys, slots): (Vec<_>, Vec<_>) = keyed.into_iter().unzip();

        let mut ranks: Vec<u16> = Vec::new();
        let mut heads = Heads::new();
        let mut entries = Vec::new();
        for (first, key) in (0..).zip(&keys) {
            if prefix_of(key).is_some() {
                heads.add_pattern(key, first);
            } else if !keys[..usize::from(first)].contains(key) {
                heads.add_key(key);
                let start = ranks.len() as u16;
                ranks.extend((0..).zip(&keys).filter(|(_, other)| *other == key).map(|(rank, _)| rank));
                entries.push((*key, start..ranks.len() as u16));
            }
        }
        let names = (0..).zip(dialects).flat_map(|(index, dialect)| {
            let needed = dialect.needs_mark().then_some(index);
            dialect.names.iter().map(move |&(name, span_type)| (name, (needed, span_type)))
        });
        let scopes = (0..)
            .zip(dialects)
            .flat_map(|(index, dialect)| dialect.scopes.iter().map(move |&beginning| (beginning, index)));
        let scopes = scopes.collect();
        let events = dialects.iter().flat_map(|dialect| dialect.events).map(|event| (event.name, event));
        Engine {
            slots,
            keys: KeyTable::new(entries),
            ranks,
            heads,
            names: KeyTable::new(names),
            events: KeyTable::new(events),
            scopes,
            repeating: repeating_of(dialects),
        }
    }
}

fn repeating_of(dialects: &[&'static Dialect]) -> Marked {
    let mut repeating = Marked::default();
    let indices = (0..).zip(dialects).filter(|(_, dialect)| dialect.repeats_usage).map(|(index, _)| index);
    indices.for_each(|index| repeating.add(index));
    repeating
}

/// The slots of one dialect, while they are collected.
struct Slots {
    index: u16,
    dialect: &'static Dialect,
    slots: Vec<(&'static str, Slot)>,
}

impl Slots {
    /// Begins with the marks.
    fn new(index: u16, dialect: &'static Dialect) -> Self {
        let mut slots = Slots { index, dialect, slots: Vec::new() };
        for mark in dialect.marks {
            slots.add(Target::Mark, Part::Values(mark.values), &[mark.key]);
        }
        slots
    }

    fn add(&mut self, target: Target, part: Part, keys: &[&'static str]) {
        let dialect = self.dialect;
        self.slots.extend(keys.iter().map(|&key| {
            let slot = Slot {
                target,
                part,
                dialect: self.index,
                needs_mark: dialect.needs_mark() && target != Target::Mark,
                keeps_empty: dialect.keeps_empty,
                excludes_cache: dialect.usage.input_excludes_cache,
                counts_in_output: dialect.counts_in_output,
                reshape: dialect.reshape,
            };
            (key, slot)
        }));
    }
}

fn slots_of(index: u16, dialect: &'static Dialect) -> Vec<(&'static str, Slot)> {
    let mut slots = Slots::new(index, dialect);
    let marks: Vec<_> = dialect.marks.iter().map(|mark| mark.key).collect();
    for rule in dialect.types {
        slots.add(Target::Type, Part::Type(rule.meaning), &[rule.key]);
    }
    for (target, side) in [(Target::Inputs, Side::Input), (Target::Outputs, Side::Output)] {
        let (keys, map, pieces) = dialect.bodies(side);
        slots.add(target, Part::Whole, keys);
        if !matches!(map, Map::None) {
            slots.add(target, Part::Map(map), &marks);
        }
        slots.add(target, Part::Piece, pieces);
    }
    for (target, part, keys) in dialect.plain_keys() {
        slots.add(target, part, keys);
    }
    if let Some(format) = dialect.format {
        slots.add(Target::MessageFormat, Part::Word(format), &marks);
    }
    slots.slots
}

fn detail_slots_of(index: u16, dialect: &'static Dialect) -> Vec<(&'static str, Slot)> {
    let mut slots = Slots::new(index, dialect);
    let keys = &dialect.details;
    slots.add(Target::Agent, Part::Whole, keys.agents);
    slots.add(Target::Prompt, Part::Whole, keys.prompts);
    slots.add(Target::PromptVersion, Part::Whole, keys.prompt_versions);
    slots.add(Target::AskedModel, Part::Whole, keys.asked_models);
    slots.add(Target::FinishReasons, Part::Whole, keys.finish_reasons);
    for (key, unit) in keys.first_token {
        slots.add(Target::FirstToken, Part::Duration(*unit), &[*key]);
    }
    slots.add(Target::ReasoningTokens, Part::Whole, keys.reasoning_tokens);
    slots.add(Target::AudioInputTokens, Part::Whole, keys.audio_input_tokens);
    slots.add(Target::AudioOutputTokens, Part::Whole, keys.audio_output_tokens);
    slots.add(Target::Dimensions, Part::Whole, keys.dimensions);
    slots.add(Target::Error, Part::Whole, keys.errors);
    slots.slots
}

impl Dialect {
    fn bodies(&self, side: Side) -> (&'static [&'static str], Map, &'static [&'static str]) {
        match side {
            Side::Input => (self.inputs, self.input_map, self.input_pieces),
            Side::Output => (self.outputs, self.output_map, self.output_pieces),
        }
    }

    fn plain_keys(&self) -> [(Target, Part, &'static [&'static str]); 29] {
        let count = |count, keys| (Target::Usage, Part::Count(count), keys);
        let cost = |part, keys| (Target::Cost, Part::Cost(part), keys);
        [
            (Target::FlatInputs, Part::Whole, self.flat_inputs),
            (Target::FlatOutputs, Part::Whole, self.flat_outputs),
            (Target::Run, Part::Whole, self.runs),
            (Target::EventList, Part::Whole, self.event_lists),
            (Target::Usage, Part::Whole, self.usage.maps),
            count(Count::Input, self.usage.input),
            count(Count::Output, self.usage.output),
            count(Count::Total, self.usage.total),
            count(Count::CacheRead, self.usage.cache_read),
            count(Count::CacheCreation, self.usage.cache_creation),
            (Target::Usage, Part::FilledCount(Count::CacheRead), self.usage.more_cache_read),
            (Target::Usage, Part::FilledCount(Count::CacheCreation), self.usage.more_cache_creation),
            (Target::Cost, Part::Whole, self.cost.maps),
            cost(CostPart::Input, self.cost.input),
            cost(CostPart::Output, self.cost.output),
            cost(CostPart::Total, self.cost.total),
            (Target::MessageFormat, Part::Whole, self.message_formats),
            (Target::Tools, Part::Whole, self.tools),
            (Target::Model, Part::Whole, self.models),
            (Target::Provider, Part::Whole, self.providers),
            (Target::Session, Part::Whole, self.sessions),
            (Target::Session, Part::Text, self.text_sessions),
            (Target::User, Part::Whole, self.users),
            (Target::ReasoningTokens, Part::Whole, self.details.reasoning_tokens),
            (Target::AudioInputTokens, Part::Whole, self.details.audio_input_tokens),
            (Target::AudioOutputTokens, Part::Whole, self.details.audio_output_tokens),
            (Target::ImageInputTokens, Part::Whole, self.details.image_input_tokens),
            (Target::ImageOutputTokens, Part::Whole, self.details.image_output_tokens),
            (Target::ServiceTier, Part::Whole, self.details.service_tiers),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hits(keys: &[&'static str]) -> Vec<(Target, &'static str)> {
        let engine = Engine::get();
        let hits = engine.hits(keys.iter().map(|key| (*key, AnyValueView::String(key))));
        let text = |value| match value {
            AnyValueView::String(text) => text,
            _ => "",
        };
        hits.iter().map(|(slot, value)| (engine.slot(slot).target, text(value))).collect()
    }

    #[test]
    fn a_key_may_serve_several_targets() {
        let targets = hits(&["input.value", "llm.input_messages.0.message.role", "input.valuf", ""]);
        assert_eq!(
            targets,
            [(Target::Inputs, "input.value"), (Target::FlatInputs, "llm.input_messages.0.message.role")]
        );
        assert_eq!(hits(&["langsmith.span.kind"]).len(), 2);
    }

    #[test]
    fn all_fits_the_masks() {
        let engine = Engine::get();
        assert!(ALL.len() <= 64 && engine.slots.len() < usize::from(u16::MAX));
        for dialect in ALL {
            let needs_marks =
                dialect.format.is_some() || dialect.repeats_usage || !matches!(dialect.input_map, Map::None);
            assert!(!needs_marks || !dialect.marks.is_empty());
        }
    }

    #[test]
    fn hits_come_in_order_of_precedence() {
        let keys = ["gen_ai.system", "input.value", "gen_ai.provider.name", "mlflow.spanInputs", "foreign"];
        let found: Vec<_> = hits(&keys).into_iter().map(|(_, key)| key).collect();
        assert_eq!(found, ["mlflow.spanInputs", "input.value", "gen_ai.provider.name", "gen_ai.system"]);
    }

    #[test]
    fn names_are_known_whole_or_by_their_first_words() {
        let type_of = |name| Engine::get().type_of_name(name, Marked::default());
        assert_eq!(type_of("haystack.agent.run"), Some("AGENT"));
        assert_eq!(type_of("autogen process writer.(default)-A"), Some("AGENT"));
        assert_eq!(type_of("autogen something else"), Some("TASK"));
        assert_eq!(type_of("autogen"), None);
        assert_eq!(type_of(""), None);
        // A name of a dialect that has marks, without one.
        assert_eq!(type_of("run_turn"), None);
    }
}
