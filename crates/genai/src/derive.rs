//! What a span says, in one form for all dialects.

use crate::dialect::TypeMeaning;
use crate::engine::{Engine, Part, Slot, Target};
use crate::event::read_events;
use crate::json::Cursor;
use crate::prices::price;
use crate::usage::{Reported, UsagePick, read_cost};
use crate::value::{ValueRef, is_falsy, name_text};
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
}

impl Derived<'_> {
    /// Returns the type, [`UNKNOWN_TYPE`] if nothing tells.
    pub fn span_type(&self) -> &str {
        self.told_type.as_deref().unwrap_or(UNKNOWN_TYPE)
    }
}

/// Derives what `span` says; `logs` are the log records that belong to it, in the order they came.
///
/// Large values are located, not read: a span without GenAI attributes allocates nothing.
pub fn derive<'a>(span: &SpanView<'a>, logs: &[LogRecordView<'a>]) -> Derived<'a> {
    let engine = Engine::get();
    let mut derived = Derived::default();
    let mut usage = UsagePick::default();
    for hit in engine.hits(span.attributes()) {
        derived.take(engine.slot(&hit), hit.value, &mut usage);
    }
    derived.reported = usage.finish();
    derived.usage = derived.reported.map(|reported| reported.usage());
    if derived.inputs.is_none() || derived.outputs.is_none() {
        let (inputs, outputs) = read_events(span, logs);
        derived.inputs = derived.inputs.take().or(inputs);
        derived.outputs = derived.outputs.take().or(outputs);
    }
    if derived.model.is_none() {
        derived.model = named_model(&derived.inputs).or_else(|| named_model(&derived.outputs));
    }
    if derived.cost.is_none() {
        derived.cost = derived.priced();
    }
    derived
}

impl<'a> Derived<'a> {
    /// Takes a hit; hits come in order of precedence, so what is there stays.
    fn take(&mut self, slot: &Slot, value: AnyValueView<'a>, usage: &mut UsagePick) {
        match slot.target {
            Target::Type => fill(&mut self.told_type, || type_of(slot.part, value)),
            Target::Inputs => fill(&mut self.inputs, || filled(slot, value)),
            Target::Outputs => fill(&mut self.outputs, || filled(slot, value)),
            Target::Usage => usage.take(slot, value),
            Target::Cost => fill(&mut self.cost, || read_cost(value)),
            Target::MessageFormat => fill(&mut self.message_format, || name_text(value)),
            Target::Tools => fill(&mut self.tools, || filled(slot, value)),
            Target::Model => fill(&mut self.model, || name_text(value)),
            Target::Provider => fill(&mut self.provider, || name_text(value)),
            Target::Session => fill(&mut self.session, || id_text(value)),
            Target::User => fill(&mut self.user, || id_text(value)),
        }
    }

    fn priced(&self) -> Option<Cost> {
        let usage = self.usage.as_ref()?;
        price(self.provider.as_deref(), self.model.as_deref()?, usage)
    }
}

fn fill<T>(place: &mut Option<T>, value: impl FnOnce() -> Option<T>) {
    if place.is_none() {
        *place = value();
    }
}

fn filled<'a>(slot: &Slot, value: AnyValueView<'a>) -> Option<ValueRef<'a>> {
    (slot.keeps_empty || !is_falsy(value)).then_some(ValueRef::Native(value))
}

fn type_of<'a>(part: Part, value: AnyValueView<'a>) -> Option<Cow<'a, str>> {
    let Part::Type(meaning) = part else { return None };
    let told = || name_text(value);
    match meaning {
        TypeMeaning::Of(table) => {
            let told = told()?;
            table.iter().find(|(value, _)| *value == told).map(|(_, span_type)| Cow::Borrowed(*span_type))
        }
        TypeMeaning::AsIs => told().filter(|told| !is_open_type(told)),
        TypeMeaning::Always(span_type) => told().map(|_| Cow::Borrowed(span_type)),
    }
}

/// Returns whether a type leaves the word to others. MLflow's client writes `null` as a text where it has none.
pub(crate) fn is_open_type(span_type: &str) -> bool {
    matches!(span_type, UNKNOWN_TYPE | "null")
}

/// Reads an id, which some libraries send as a number.
fn id_text(value: AnyValueView<'_>) -> Option<Cow<'_, str>> {
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
