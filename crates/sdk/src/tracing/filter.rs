//! What of a program's spans is recorded, besides what the filters of `tracing_subscriber` can say.

use tracing_core::subscriber::Interest;
use tracing_core::{LevelFilter, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Filter};
use tracing_subscriber::registry::LookupSpan;

/// What the fields of GenAI begin with.
const GEN_AI: &str = "gen_ai.";

/// Keeps spans that have a field of GenAI (`gen_ai.*`), and what is made while such a span is entered, if it is of `level` or
/// more important. A program's other spans are not recorded; spans of Spanwise itself are.
///
/// ```
/// use tracing_subscriber::filter::LevelFilter;
/// use tracing_subscriber::prelude::*;
///
/// let only = spanwise::tracing::gen_ai_only(LevelFilter::INFO);
/// let subscriber = tracing_subscriber::registry().with(spanwise::tracing::Layer::new().with_filter(only));
/// ```
pub fn gen_ai_only(level: LevelFilter) -> GenAiOnly {
    GenAiOnly { level }
}

/// The filter that [`gen_ai_only`] makes.
#[derive(Debug, Clone)]
pub struct GenAiOnly {
    level: LevelFilter,
}

fn is_gen_ai(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && metadata.fields().iter().any(|field| field.name().starts_with(GEN_AI))
}

impl<S: Subscriber + for<'l> LookupSpan<'l>> Filter<S> for GenAiOnly {
    fn enabled(&self, metadata: &Metadata<'_>, context: &Context<'_, S>) -> bool {
        *metadata.level() <= self.level && (is_gen_ai(metadata) || context.lookup_current().is_some())
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        if *metadata.level() > self.level {
            Interest::never()
        } else if is_gen_ai(metadata) {
            Interest::always()
        } else {
            Interest::sometimes()
        }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.level)
    }
}
