//! Dialects: which attribute says what, in each convention that is in the wild.
//!
//! A dialect is a table. To add one, write its file, add a line to [`ALL`] and a sample to the tests; the engine does
//! the rest. Where MLflow translates a convention, its order and keys are kept, so that its clients read the same here.

mod agent_framework;
mod autogen;
mod claude_code;
mod codex;
mod crewai;
mod gateway;
mod gemini_cli;
mod google_adk;
mod haystack;
mod hint;
mod koog;
mod laminar;
mod langfuse;
mod langsmith;
mod litellm;
mod livekit;
mod logfire;
mod mastra;
mod mlflow;
mod openinference;
mod otel_genai;
mod pipecat;
mod semantic_kernel;
mod spring_ai;
mod strands;
mod traceloop;
mod vector_store;
mod vercel;
mod voltagent;

use crate::json::Cursor;
use crate::side::Side;

/// All dialects; an earlier one wins. MLflow's own is first because what was said in its words is never rewritten.
pub(crate) const ALL: &[&Dialect] = &[
    &mlflow::MLFLOW,
    &openinference::OPEN_INFERENCE,
    &gemini_cli::GEMINI_CLI,
    &claude_code::INTERACTION,
    &claude_code::REQUEST,
    &claude_code::TOOL,
    &claude_code::STEPS,
    &langsmith::KINDS,
    &otel_genai::OTEL_GENAI,
    &spring_ai::SPRING_AI,
    &traceloop::TRACELOOP,
    &google_adk::GOOGLE_ADK,
    &vercel::CHAT,
    &vercel::VERCEL,
    &voltagent::FORMAT,
    &voltagent::VOLTAGENT,
    &livekit::FORMAT,
    &livekit::LIVEKIT,
    &livekit::SESSION,
    &laminar::FORMAT,
    &laminar::LAMINAR,
    &langfuse::LANGFUSE,
    // From here on MLflow's own server reads nothing.
    &vector_store::VECTOR_STORE,
    &langsmith::LANGSMITH,
    &logfire::PYDANTIC_AI,
    &logfire::LOGFIRE,
    &haystack::HAYSTACK,
    &autogen::USAGE,
    &autogen::RUNTIME,
    &autogen::AUTOGEN,
    &agent_framework::AGENT_FRAMEWORK,
    &semantic_kernel::SEMANTIC_KERNEL,
    &strands::STRANDS,
    &mastra::MASTRA,
    &mastra::METADATA,
    &pipecat::SPEECH,
    &pipecat::PIPECAT,
    &crewai::CREWAI,
    &litellm::LITELLM,
    &litellm::STEPS,
    &koog::KOOG,
    &gateway::GATEWAYS,
    &codex::CODEX,
    &hint::OPERATIONS,
    &hint::HINT,
];

/// The place of MLflow's own.
pub(crate) const OWN_DIALECT: u16 = 0;

/// One convention. In each list of keys an earlier key wins.
pub(crate) struct Dialect {
    /// If these or the scopes are not empty, the dialect is spoken only on spans that have one of these.
    pub(crate) marks: &'static [Mark],
    /// Beginnings of names of instrumentation scopes in which the dialect is spoken, marks or not.
    pub(crate) scopes: &'static [&'static str],
    /// Keys that tell the type of a span.
    pub(crate) types: &'static [TypeKey],
    /// Names of spans that tell their type where no key does: a whole name, or its first or its first two words with
    /// the space after them.
    pub(crate) names: &'static [(&'static str, &'static str)],
    /// Keys that hold what went in.
    pub(crate) inputs: &'static [&'static str],
    /// Keys that hold what came out.
    pub(crate) outputs: &'static [&'static str],
    /// What went in as many attributes, that is one map.
    pub(crate) input_map: Map,
    /// What came out as many attributes, that is one map.
    pub(crate) output_map: Map,
    /// Keys that hold one part of what went in, which stands for all of it: `#` is a number. The first attribute wins.
    pub(crate) input_pieces: &'static [&'static str],
    /// Keys that hold one part of what came out.
    pub(crate) output_pieces: &'static [&'static str],
    /// Beginnings of keys, with the dot, of messages that went in and were sent leaf by leaf.
    pub(crate) flat_inputs: &'static [&'static str],
    /// Beginnings of keys of messages that came out and were sent leaf by leaf.
    pub(crate) flat_outputs: &'static [&'static str],
    /// Keys that hold a conversation, from what an agent was told to its answer.
    pub(crate) runs: &'static [&'static str],
    /// Keys that hold a list of message events.
    pub(crate) event_lists: &'static [&'static str],
    /// Events and log records that hold what went in or came out.
    pub(crate) events: &'static [EventKeys],
    /// Whether what came out tells the tokens and the model of a call, where no key does.
    pub(crate) counts_in_output: bool,
    /// What is made of inputs and outputs that were found; `None` leaves them as they are.
    pub(crate) reshape: Option<Reshape>,
    /// Keys that hold messages that went in, whatever else the span says.
    pub(crate) input_messages: &'static [&'static str],
    /// Keys that hold messages that came out, whatever else the span says.
    pub(crate) output_messages: &'static [&'static str],
    /// Keys that hold what the system says beside the messages.
    pub(crate) system: &'static [&'static str],
    /// Keys that hold one field of an answer each, and the field of a message that it is.
    pub(crate) answer_fields: &'static [(&'static str, &'static str)],
    /// Keys that list tools, beside those that `tools` names, which MLflow's clients see too.
    pub(crate) listed_tools: &'static [&'static str],
    /// Beginnings of keys of tools that were sent leaf by leaf, without the dot.
    pub(crate) flat_tools: &'static [&'static str],
    /// Keys that hold a part of a request, which may offer tools.
    pub(crate) request_parts: &'static [&'static str],
    /// Beginnings of keys of documents that were sent leaf by leaf, without the dot.
    pub(crate) flat_documents: &'static [&'static str],
    /// Events that are a document each, whose attributes begin with the event's name.
    pub(crate) document_events: &'static [&'static str],
    /// Beginnings of keys each of which is a parameter of the request.
    pub(crate) parameter_prefixes: &'static [&'static str],
    /// Keys that hold a map of parameters.
    pub(crate) parameter_maps: &'static [&'static str],
    /// Keys that hold token counts.
    pub(crate) usage: UsageKeys,
    /// Whether such a span only says again what calls beside it used. It has marks.
    pub(crate) repeats_usage: bool,
    /// Keys that hold the cost.
    pub(crate) cost: CostKeys,
    /// Keys that name the flavour of the messages.
    pub(crate) message_formats: &'static [&'static str],
    /// The flavour of the messages, where a mark is enough to know it.
    pub(crate) format: Option<&'static str>,
    /// Keys that hold the tools on offer.
    pub(crate) tools: &'static [&'static str],
    /// Keys that name the model.
    pub(crate) models: &'static [&'static str],
    /// Keys that name the provider.
    pub(crate) providers: &'static [&'static str],
    /// Keys that name the session.
    pub(crate) sessions: &'static [&'static str],
    /// Keys that name the session if their value is a text; a number is something else.
    pub(crate) text_sessions: &'static [&'static str],
    /// Keys that name the user.
    pub(crate) users: &'static [&'static str],
    /// What is read only when a person looks at the span.
    pub(crate) details: DetailKeys,
    /// Whether an input or output counts even if it is empty.
    pub(crate) keeps_empty: bool,
}

/// A key that gives a dialect away.
pub(crate) struct Mark {
    /// The key.
    pub(crate) key: &'static str,
    /// The values that do; any, if empty.
    pub(crate) values: &'static [&'static str],
}

/// A key that tells the type of a span.
pub(crate) struct TypeKey {
    /// The key.
    pub(crate) key: &'static str,
    /// What its values mean.
    pub(crate) meaning: TypeMeaning,
}

/// What the values of a [`TypeKey`] mean.
#[derive(Clone, Copy)]
pub(crate) enum TypeMeaning {
    /// Only these have a meaning, in either case: value and span type.
    Of(&'static [(&'static str, &'static str)]),
    /// Values that end like this have a meaning.
    Ending(&'static [(&'static str, &'static str)]),
    /// Any value is the type, but `UNKNOWN` leaves the word to the others.
    AsIs,
    /// The key alone tells the type.
    Always(&'static str),
}

/// Attributes that are one map; of a dialect that has marks.
#[derive(Clone, Copy)]
pub(crate) enum Map {
    /// There is none.
    None,
    /// All attributes of this prefix, which is taken off.
    Below(&'static str),
    /// These attributes.
    Of(&'static [&'static str]),
}

/// Builds another value, as JSON text, of one that was found.
pub(crate) type Reshape = fn(Side, Cursor<'_>) -> Option<String>;

/// An event on the span, or a log record of it.
pub(crate) struct EventKeys {
    /// Its name.
    pub(crate) name: &'static str,
    /// Its attributes that hold what went in.
    pub(crate) inputs: &'static [&'static str],
    /// Its attributes that hold what came out.
    pub(crate) outputs: &'static [&'static str],
}

/// Keys that hold token counts.
pub(crate) struct UsageKeys {
    /// Keys that hold a map of counts.
    pub(crate) maps: &'static [&'static str],
    /// Input tokens.
    pub(crate) input: &'static [&'static str],
    /// Output tokens.
    pub(crate) output: &'static [&'static str],
    /// Total tokens.
    pub(crate) total: &'static [&'static str],
    /// Input tokens read from a cache.
    pub(crate) cache_read: &'static [&'static str],
    /// Input tokens written to a cache.
    pub(crate) cache_creation: &'static [&'static str],
    /// Such counts that MLflow does not read. Its clients compare, so that those count only if they are not 0.
    pub(crate) more_cache_read: &'static [&'static str],
    pub(crate) more_cache_creation: &'static [&'static str],
    /// Whether the input tokens are those beside the cached ones.
    pub(crate) input_excludes_cache: bool,
}

/// Keys that hold the cost, in US dollars.
pub(crate) struct CostKeys {
    /// Keys that hold a map.
    pub(crate) maps: &'static [&'static str],
    /// Cost of the input.
    pub(crate) input: &'static [&'static str],
    /// Cost of the output.
    pub(crate) output: &'static [&'static str],
    /// Cost of both.
    pub(crate) total: &'static [&'static str],
}

/// Keys of what is read only when a person looks at the span.
pub(crate) struct DetailKeys {
    /// The agent.
    pub(crate) agents: &'static [&'static str],
    /// The prompt that was used.
    pub(crate) prompts: &'static [&'static str],
    /// Its version.
    pub(crate) prompt_versions: &'static [&'static str],
    /// The text of the prompt before its variables were filled in.
    pub(crate) templates: &'static [&'static str],
    /// The version of that text.
    pub(crate) template_versions: &'static [&'static str],
    /// The variables, as a map; or, for a key that ends with a dot, one in each attribute below it.
    pub(crate) template_variables: &'static [&'static str],
    /// The model that was asked for.
    pub(crate) asked_models: &'static [&'static str],
    /// Why the model stopped: one reason, or those of all its answers.
    pub(crate) finish_reasons: &'static [&'static str],
    /// How long the first piece of the answer took, or when it came.
    pub(crate) first_token: &'static [(&'static str, Unit)],
    /// Names of events that tell when the first piece of the answer came.
    pub(crate) first_events: &'static [&'static str],
    /// Output tokens that were spent on reasoning.
    pub(crate) reasoning_tokens: &'static [&'static str],
    /// Input tokens that were audio.
    pub(crate) audio_input_tokens: &'static [&'static str],
    /// Output tokens that were audio.
    pub(crate) audio_output_tokens: &'static [&'static str],
    /// Input tokens that were images.
    pub(crate) image_input_tokens: &'static [&'static str],
    /// Output tokens that were images.
    pub(crate) image_output_tokens: &'static [&'static str],
    /// The service tier that answered, else the one asked for.
    pub(crate) service_tiers: &'static [&'static str],
    /// How many numbers an embedding has.
    pub(crate) dimensions: &'static [&'static str],
    /// Keys, with `#` for numbers, whose value is the list of an embedding's numbers.
    pub(crate) vectors: &'static [&'static str],
    /// Why it failed, where the status does not say.
    pub(crate) errors: &'static [&'static str],
}

/// The unit of a duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Seconds,
    Milliseconds,
    /// Seconds, in a field of the JSON map that the value is.
    SecondsIn(&'static str),
    /// None: the value is an RFC 3339 time, and the duration is that since the start of the span.
    Since,
}

impl Dialect {
    /// Returns whether something must give the dialect away.
    pub(crate) fn needs_mark(&self) -> bool {
        !self.marks.is_empty() || !self.scopes.is_empty()
    }

    /// A dialect that says nothing, for tables to start from.
    const NONE: Dialect = Dialect {
        marks: &[],
        scopes: &[],
        types: &[],
        names: &[],
        inputs: &[],
        outputs: &[],
        input_map: Map::None,
        output_map: Map::None,
        input_pieces: &[],
        output_pieces: &[],
        flat_inputs: &[],
        flat_outputs: &[],
        runs: &[],
        event_lists: &[],
        events: &[],
        counts_in_output: false,
        reshape: None,
        input_messages: &[],
        output_messages: &[],
        system: &[],
        answer_fields: &[],
        listed_tools: &[],
        flat_tools: &[],
        request_parts: &[],
        flat_documents: &[],
        document_events: &[],
        parameter_prefixes: &[],
        parameter_maps: &[],
        usage: UsageKeys::NONE,
        repeats_usage: false,
        cost: CostKeys::NONE,
        message_formats: &[],
        format: None,
        tools: &[],
        models: &[],
        providers: &[],
        sessions: &[],
        text_sessions: &[],
        users: &[],
        details: DetailKeys::NONE,
        keeps_empty: false,
    };
}

impl Mark {
    /// A key whose presence is enough.
    const fn any(key: &'static str) -> Mark {
        Mark { key, values: &[] }
    }
}

impl UsageKeys {
    /// No key at all, for tables to start from.
    const NONE: UsageKeys = UsageKeys {
        maps: &[],
        input: &[],
        output: &[],
        total: &[],
        cache_read: &[],
        cache_creation: &[],
        more_cache_read: &[],
        more_cache_creation: &[],
        input_excludes_cache: false,
    };
}

impl CostKeys {
    /// No key at all, for tables to start from.
    const NONE: CostKeys = CostKeys { maps: &[], input: &[], output: &[], total: &[] };
}

impl DetailKeys {
    /// No key at all, for tables to start from.
    const NONE: DetailKeys = DetailKeys {
        agents: &[],
        prompts: &[],
        prompt_versions: &[],
        templates: &[],
        template_versions: &[],
        template_variables: &[],
        asked_models: &[],
        finish_reasons: &[],
        first_token: &[],
        first_events: &[],
        reasoning_tokens: &[],
        audio_input_tokens: &[],
        audio_output_tokens: &[],
        image_input_tokens: &[],
        image_output_tokens: &[],
        service_tiers: &[],
        dimensions: &[],
        vectors: &[],
        errors: &[],
    };
}
