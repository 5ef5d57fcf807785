//! OpenTelemetry's SDK with its batch processor and its exporter over HTTP.

use crate::{Content, Recorder};
use opentelemetry::KeyValue;
use opentelemetry::trace::{Span, SpanBuilder, Tracer, TracerProvider};
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use std::hint::black_box;

pub struct Otel {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
    input: String,
}

/// A provider as its documentation shows it.
pub fn provider(url: &str) -> SdkTracerProvider {
    let exporter = SpanExporter::builder().with_http().with_endpoint(format!("{url}/v1/traces"));
    let exporter = exporter.build().expect("the exporter is right");
    SdkTracerProvider::builder()
        .with_resource(Resource::builder().with_service_name("bench").build())
        .with_batch_exporter(exporter)
        .build()
}

impl Otel {
    pub fn start(url: &str) -> Otel {
        let provider = provider(url);
        let tracer = provider.tracer("bench");
        Otel { provider, tracer, input: crate::input() }
    }
}

#[inline(never)]
fn attributes(capacity: usize) -> Vec<KeyValue> {
    let mut attributes = Vec::with_capacity(capacity);
    attributes.extend([
        KeyValue::new("gen_ai.operation.name", "chat"),
        KeyValue::new("gen_ai.request.model", "gpt-4o-mini"),
        KeyValue::new("gen_ai.usage.input_tokens", 123_i64),
        KeyValue::new("gen_ai.usage.output_tokens", 45_i64),
        KeyValue::new("gen_ai.request.temperature", 0.7),
        KeyValue::new("stream", true),
    ]);
    attributes
}

impl Recorder for Otel {
    fn record(&mut self, content: Content, spans: u64) {
        for _ in 0..spans {
            let mut attributes = attributes(7);
            if content == Content::Input {
                attributes.push(KeyValue::new("mlflow.spanInputs", self.input.clone()));
            }
            let builder = SpanBuilder::from_name("step").with_attributes(attributes);
            black_box(self.tracer.build(builder)).end();
        }
    }

    fn flush(&mut self) {
        self.provider.force_flush().expect("the sink takes all");
    }
}
