//! What a span says, in one form for all dialects.

use crate::cost::{CostPick, CostSource};
use crate::dialect::{OWN_DIALECT, TypeMeaning};
use crate::engine::{Engine, Marked, Part, Slot, Target};
use crate::event::{read_event_list, read_events};
use crate::gather::{gather_flat, gather_map, is_silent, part_of_run};
use crate::json::Cursor;
use crate::prices::{PriceTable, UsageDetails};
use crate::side::{Side, Sides};
use crate::usage::{Reported, UsagePick, native_count, reported_in};
use crate::value::{ValueRef, name_text};
use spanwise_model::{Cost, TokenUsage};
use spanwise_otlp::{AnyValueView, LogRecordView, SpanView};
use std::borrow::Cow;

/// The type of a span that nothing tells.
pub const UNKNOWN_TYPE: &str = "UNKNOWN";

/// What a span says, each part resolved on its own: one span may mix dialects.
#[derive(Debug, Clone, Default)]
pub struct Derived<'a> {
    /// The type, e.g. `LLM`; `None` if nothing tells (see [`Derived::span_type`]).
    pub told_type: Option<Cow<'a, str>>,
    /// Tokens that it reports.
    pub usage: Option<TokenUsage>,
    /// Cost: as reported, else by the price table.
    pub cost: Option<Cost>,
    /// Where the cost is from.
    pub cost_source: CostSource,
    /// The model that answered, else the one asked.
    pub model: Option<Cow<'a, str>>,
    /// The provider.
    pub provider: Option<Cow<'a, str>>,
    /// The session (conversation).
    pub session: Option<Cow<'a, str>>,
    /// The end user.
    pub user: Option<Cow<'a, str>>,
    /// The flavour of the messages in inputs and outputs, e.g. `openai`.
    pub message_format: Option<Cow<'a, str>>,
    /// What went in.
    pub inputs: Option<ValueRef<'a>>,
    /// What came out.
    pub outputs: Option<ValueRef<'a>>,
    /// The tools on offer.
    pub tools: Option<ValueRef<'a>>,
    /// The counts as reported, without the zeros that `usage` has where a span is silent.
    pub(crate) reported: Option<Reported>,
    /// What prices depend on beside `usage`; most spans have nothing of it.
    pub(crate) usage_details: Option<Box<UsageDetails<'a>>>,
    /// Whether inputs and outputs are one piece of what the span has leaf by leaf.
    pub(crate) pieces: Sides<bool>,
}

impl Derived<'_> {
    /// Returns the type, [`UNKNOWN_TYPE`] if nothing tells.
    pub fn span_type(&self) -> &str {
        self.told_type.as_deref().unwrap_or(UNKNOWN_TYPE)
    }

    fn has_type(&self) -> bool {
        self.told_type.as_deref().is_some_and(|told| told != UNKNOWN_TYPE)
    }
}

/// Derives what `span` says; `logs` are the log records that belong to it, in the order they came, and `prices` those
/// of its experiment.
///
/// Large values are located, not read: a span without GenAI attributes allocates nothing.
pub fn derive<'a>(span: &SpanView<'a>, logs: &[LogRecordView<'a>], prices: &PriceTable) -> Derived<'a> {
    Draft { builds: true, ..Draft::default() }.read(span, logs, prices)
}

/// Derives what `span` says without its bodies, as far as these would have to be built: `inputs` and `outputs` may be
/// missing or placeholders. All else is as in [`derive()`], and costs much less for spans whose bodies are events or
/// many attributes.
pub fn derive_without_bodies<'a>(span: &SpanView<'a>, prices: &PriceTable) -> Derived<'a> {
    Draft::default().read(span, &[], prices)
}

/// What was found so far.
#[derive(Default)]
struct Draft<'a> {
    /// Whether inputs and outputs are built where no attribute has them.
    builds: bool,
    derived: Derived<'a>,
    marked: Marked,
    usage: UsagePick,
    cost: CostPick,
    flat: Sides<bool>,
    run: Option<AnyValueView<'a>>,
    event_list: Option<AnyValueView<'a>>,
    counts_in_output: bool,
    /// Whether the inputs and outputs so far are in MLflow's words alone.
    own_words: bool,
}

impl<'a> Draft<'a> {
    /// Returns what is found. (By reference all the way, since what was found is large.)
    fn read(&mut self, span: &SpanView<'a>, logs: &[LogRecordView<'a>], prices: &PriceTable) -> Derived<'a> {
        let engine = Engine::get();
        self.marked = engine.marked_by(span.scope_name);
        for (slot, value) in engine.hits(span.attributes()).iter() {
            self.take(engine.slot(slot), value, span);
        }
        if self.builds {
            self.complete_bodies(span, logs);
        }
        self.finish(span, engine, prices)
    }

    /// Takes a hit; hits come in order of precedence, so what is there stays.
    fn take(&mut self, slot: &Slot, value: AnyValueView<'a>, span: &SpanView<'a>) {
        if !self.marked.allows(slot) {
            return;
        }
        let derived = &mut self.derived;
        match slot.target {
            Target::Mark if is_mark(slot.part, value) => self.marked.add(slot.dialect),
            Target::Type if !derived.has_type() => {
                derived.told_type = type_of(slot.part, value).or(derived.told_type.take());
            }
            Target::Type => {}
            Target::Inputs => self.take_body(Side::Input, slot, value, span),
            Target::Outputs => self.take_body(Side::Output, slot, value, span),
            Target::FlatInputs => self.flat.input = true,
            Target::FlatOutputs => self.flat.output = true,
            Target::Run => fill(&mut self.run, || Some(value)),
            Target::EventList => fill(&mut self.event_list, || Some(value)),
            Target::Usage => self.usage.take(slot, value),
            Target::Cost => self.cost.take(slot, value),
            // A dialect's flavour tells how its own messages are to be read.
            Target::MessageFormat if self.own_words && slot.dialect != OWN_DIALECT => {}
            Target::MessageFormat => fill(&mut derived.message_format, || match slot.part {
                Part::Word(word) => Some(word.into()),
                _ => name_text(value),
            }),
            Target::Tools => fill(&mut derived.tools, || filled(slot, value)),
            Target::Model => fill(&mut derived.model, || name_text(value)),
            Target::Provider => fill(&mut derived.provider, || name_text(value)),
            Target::Session => fill(&mut derived.session, || match slot.part {
                Part::Text => name_text(value),
                _ => id_text(value),
            }),
            Target::User => fill(&mut derived.user, || id_text(value)),
            _ => take_detail(&mut derived.usage_details, slot.target, value),
        }
    }

    fn take_body(&mut self, side: Side, slot: &Slot, value: AnyValueView<'a>, span: &SpanView<'a>) {
        let derived = &mut self.derived;
        let place = match side {
            Side::Input => &mut derived.inputs,
            Side::Output => &mut derived.outputs,
        };
        if place.is_some() {
            return;
        }
        *place = match slot.part {
            Part::Map(map) if self.builds => gather_map(span, map),
            Part::Map(_) => Some(ValueRef::Json("".into())),
            _ => filled(slot, value).map(|found| match slot.reshape.filter(|_| self.builds) {
                Some(reshape) => {
                    reshape(side, found.cursor()).map_or(found, |text| ValueRef::Json(text.into()))
                }
                None => found,
            }),
        };
        if place.is_some() {
            self.own_words = slot.dialect == OWN_DIALECT;
        }
        self.counts_in_output |= side == Side::Output && place.is_some() && slot.counts_in_output;
        *derived.pieces.get_mut(side) = place.is_some() && matches!(slot.part, Part::Piece);
    }

    fn finish(&mut self, span: &SpanView<'a>, engine: &Engine, prices: &PriceTable) -> Derived<'a> {
        let derived = &mut self.derived;
        if !derived.has_type()
            && let Some(span_type) = engine.type_of_name(span.name, self.marked)
        {
            derived.told_type = Some(span_type.into());
        }
        derived.reported = self.usage.finish();
        if self.counts_in_output && derived.reported.is_none() && derived.is_call() {
            derived.take_counts_of_output();
        }
        if derived.model.is_none() {
            derived.model = named_model(&derived.inputs).or_else(|| named_model(&derived.outputs));
        }
        // The counts of a span that repeats others' are still read by MLflow's clients; in sums they would be twice.
        if engine.repeats_usage(self.marked) {
            derived.cost_source = CostSource::Repeated;
        } else {
            derived.usage = derived.reported.map(|reported| reported.usage());
            (derived.cost, derived.cost_source) = self.cost.finish(|| derived.priced(prices));
        }
        std::mem::take(derived)
    }

    /// Looks for inputs and outputs where no single attribute has them.
    fn complete_bodies(&mut self, span: &SpanView<'a>, logs: &[LogRecordView<'a>]) {
        let derived = &mut self.derived;
        if derived.inputs.is_some() && derived.outputs.is_some() {
            return;
        }
        let Sides { input, output } = self.event_list.map(read_event_list).unwrap_or_default();
        fill(&mut derived.inputs, || input);
        fill(&mut derived.outputs, || output);
        if let Some(run) = self.run {
            fill(&mut derived.inputs, || part_of_run(run, Side::Input));
            fill(&mut derived.outputs, || part_of_run(run, Side::Output));
        }
        if self.flat.input && derived.inputs.is_none() {
            derived.inputs = gather_flat(span, Side::Input);
            derived.pieces.input = derived.inputs.is_some();
        }
        if self.flat.output && derived.outputs.is_none() {
            derived.outputs = gather_flat(span, Side::Output);
            derived.pieces.output = derived.outputs.is_some();
        }
        if derived.inputs.is_none() || derived.outputs.is_none() {
            let Sides { input, output } = read_events(span, logs);
            fill(&mut derived.inputs, || input);
            fill(&mut derived.outputs, || output);
        }
    }
}

impl<'a> Derived<'a> {
    fn is_call(&self) -> bool {
        matches!(self.span_type(), "CHAT_MODEL" | "LLM" | "EMBEDDING")
    }

    /// Reads tokens and model of a response.
    fn take_counts_of_output(&mut self) {
        let Some(ValueRef::Native(output)) = self.outputs else { return };
        let output = Cursor::of_attribute(output);
        let [meta, replies] = output.get_all(&["meta", "replies"]);
        let reply = replies.and_then(Cursor::elements).and_then(|mut replies| replies.next());
        let Some(meta) = meta.or_else(|| reply?.get("meta")) else { return };
        let [model, usage] = meta.get_all(&["model", "usage"]);
        self.reported = usage.and_then(reported_in);
        fill(&mut self.model, || model?.as_filled_text());
    }

    pub(crate) fn usage_details(&self) -> &UsageDetails<'a> {
        self.usage_details.as_deref().unwrap_or(&UsageDetails::NONE)
    }

    fn priced(&self, prices: &PriceTable) -> Option<Cost> {
        let usage = self.usage.as_ref()?;
        prices.price(self.provider.as_deref(), self.model.as_deref()?, usage, self.usage_details())
    }
}

/// Takes what prices depend on; the rest is not in the tables that are asked here. Most libraries say 0 of what there is
/// nothing of, and that is not worth remembering.
fn take_detail<'a>(place: &mut Option<Box<UsageDetails<'a>>>, target: Target, value: AnyValueView<'a>) {
    if target == Target::ServiceTier {
        return fill(&mut place.get_or_insert_default().service, || name_text(value));
    }
    let Some(count) = native_count(value).filter(|count| *count > 0) else { return };
    let place = match target {
        Target::ReasoningTokens => &mut place.get_or_insert_default().reasoning,
        Target::AudioInputTokens => &mut place.get_or_insert_default().audio_input,
        Target::AudioOutputTokens => &mut place.get_or_insert_default().audio_output,
        Target::ImageInputTokens => &mut place.get_or_insert_default().image_input,
        Target::ImageOutputTokens => &mut place.get_or_insert_default().image_output,
        _ => return,
    };
    fill(place, || Some(count));
}

fn fill<T>(place: &mut Option<T>, value: impl FnOnce() -> Option<T>) {
    if place.is_none() {
        *place = value();
    }
}

fn filled<'a>(slot: &Slot, value: AnyValueView<'a>) -> Option<ValueRef<'a>> {
    (slot.keeps_empty || !is_silent(value)).then_some(ValueRef::Native(value))
}

pub(crate) fn is_mark(part: Part, value: AnyValueView<'_>) -> bool {
    let Part::Values(values) = part else { return false };
    values.is_empty() || name_text(value).is_some_and(|told| values.contains(&&*told))
}

fn type_of<'a>(part: Part, value: AnyValueView<'a>) -> Option<Cow<'a, str>> {
    let Part::Type(meaning) = part else { return None };
    let told = || name_text(value);
    let found = |table: &[(&str, &'static str)], fits: fn(&str, &str) -> bool| {
        let told = told()?;
        table.iter().find(|(value, _)| fits(&told, value)).map(|(_, span_type)| Cow::Borrowed(*span_type))
    };
    match meaning {
        TypeMeaning::Of(table) => found(table, |told, value| told.eq_ignore_ascii_case(value)),
        TypeMeaning::Ending(table) => found(table, |told, end| told.ends_with(end)),
        TypeMeaning::AsIs => told().filter(|told| !is_open_type(told)),
        TypeMeaning::Always(span_type) => (!is_silent(value)).then_some(Cow::Borrowed(span_type)),
    }
}

/// Returns whether a type leaves the word to others. MLflow's client writes `null` as a text where it has none.
pub(crate) fn is_open_type(span_type: &str) -> bool {
    matches!(span_type, UNKNOWN_TYPE | "null")
}

/// Reads an id, which some libraries send as a number.
pub(crate) fn id_text(value: AnyValueView<'_>) -> Option<Cow<'_, str>> {
    match value {
        AnyValueView::Int(number) => Some(number.to_string().into()),
        _ => name_text(value),
    }
}

/// Returns the `model` that a request or response body names.
fn named_model<'a>(body: &Option<ValueRef<'a>>) -> Option<Cow<'a, str>> {
    let Some(ValueRef::Native(value)) = body else { return None };
    match value {
        // Bodies are large and most name no model; a search is far cheaper than reading them as JSON.
        AnyValueView::String(text) if !text.contains("\"model\"") => None,
        AnyValueView::String(_) | AnyValueView::KvList(_) => {
            Cursor::of_attribute(*value).get("model")?.as_filled_text()
        }
        _ => None,
    }
}
