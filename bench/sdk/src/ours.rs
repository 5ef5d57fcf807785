//! Spanwise's SDK.

use crate::{Content, Recorder};
use spanwise::{Config, Sdk, SpanBuilder, Target};
use std::hint::black_box;
use std::time::Duration;

pub struct Ours {
    sdk: Sdk,
    input: String,
}

impl Ours {
    pub fn start(url: &str) -> Ours {
        let target = Target::parse(url).expect("the URL is right");
        let config = Config::new().service_name("bench").target(target);
        Ours { sdk: config.install().expect("the configuration is right"), input: crate::input() }
    }
}

#[inline(never)]
fn builder() -> SpanBuilder {
    SpanBuilder::new("step")
        .attribute("gen_ai.operation.name", "chat")
        .attribute("gen_ai.request.model", "gpt-4o-mini")
        .attribute("gen_ai.usage.input_tokens", 123_i64)
        .attribute("gen_ai.usage.output_tokens", 45_i64)
        .attribute("gen_ai.request.temperature", 0.7)
        .attribute("stream", true)
}

impl Recorder for Ours {
    fn record(&mut self, content: Content, spans: u64) {
        for _ in 0..spans {
            let builder = builder();
            let builder = match content {
                Content::Small => builder,
                Content::Input => builder.inputs(self.input.as_str()),
            };
            black_box(builder.start()).end();
        }
    }

    fn flush(&mut self) {
        self.sdk.flush(Duration::from_secs(60)).expect("the sink takes all");
        let stats = self.sdk.stats();
        let sent = stats.endpoints[0].sent;
        assert_eq!(sent, stats.recorded, "{stats:?}");
    }
}

pub fn record_disabled(spans: u64) {
    spanwise::disable();
    for _ in 0..spans {
        black_box(SpanBuilder::new(black_box("step")).attribute("a", black_box("b")).start()).end();
    }
}
