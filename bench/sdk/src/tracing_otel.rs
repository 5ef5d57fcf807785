//! `tracing`, whose spans `tracing-opentelemetry` turns into OpenTelemetry's.

use crate::{Content, Recorder, otel};
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::info_span;
use tracing_subscriber::layer::SubscriberExt;

pub struct Tracing {
    provider: SdkTracerProvider,
    input: String,
    _subscriber: tracing::subscriber::DefaultGuard,
}

impl Tracing {
    pub fn start(url: &str) -> Tracing {
        let provider = otel::provider(url);
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("bench"));
        let subscriber = tracing_subscriber::registry().with(layer);
        Tracing { provider, input: crate::input(), _subscriber: tracing::subscriber::set_default(subscriber) }
    }
}

impl Recorder for Tracing {
    fn record(&mut self, content: Content, spans: u64) {
        for _ in 0..spans {
            let span = match content {
                Content::Small => info_span!(
                    "step",
                    gen_ai.operation.name = "chat",
                    gen_ai.request.model = "gpt-4o-mini",
                    gen_ai.usage.input_tokens = 123_i64,
                    gen_ai.usage.output_tokens = 45_i64,
                    gen_ai.request.temperature = 0.7,
                    stream = true
                ),
                Content::Input => info_span!(
                    "step",
                    gen_ai.operation.name = "chat",
                    gen_ai.request.model = "gpt-4o-mini",
                    gen_ai.usage.input_tokens = 123_i64,
                    gen_ai.usage.output_tokens = 45_i64,
                    gen_ai.request.temperature = 0.7,
                    stream = true,
                    mlflow.spanInputs = self.input.as_str()
                ),
            };
            drop(span.entered());
        }
    }

    fn flush(&mut self) {
        self.provider.force_flush().expect("the sink takes all");
    }
}
