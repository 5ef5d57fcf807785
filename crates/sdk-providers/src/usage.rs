//! Token counts and cost, in OpenTelemetry's sense: cached tokens are part of the input.

use crate::json::{count, count_of, some};
use serde_json::{Value, json};
use spanwise_sdk_core::SpanRef;

/// What an answer says it used.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Usage {
    pub(crate) input: Option<u64>,
    pub(crate) output: Option<u64>,
    pub(crate) cache_read: Option<u64>,
    pub(crate) cache_creation: Option<u64>,
    /// Of these, those that are kept for an hour, which cost more.
    pub(crate) cache_creation_1h: Option<u64>,
    pub(crate) reasoning: Option<u64>,
    pub(crate) audio_input: Option<u64>,
    pub(crate) audio_output: Option<u64>,
    /// In US dollars.
    pub(crate) cost: Option<f64>,
}

fn take(place: &mut Option<u64>, value: Option<u64>) {
    if value.is_some() {
        *place = value;
    }
}

impl Usage {
    /// Takes the usage of OpenAI's APIs and of those that speak like it, under the names of both.
    pub(crate) fn take_openai(&mut self, usage: &Value) {
        take(&mut self.input, count_of(usage, &["prompt_tokens", "input_tokens"]));
        take(&mut self.output, count_of(usage, &["completion_tokens", "output_tokens"]));
        // Rerankers and some embedders tell the total alone, which is what went in.
        if self.input.is_none() && self.output.is_none() {
            take(&mut self.input, count(usage, "total_tokens"));
        }
        let details = |keys: [&str; 2]| keys.iter().find_map(|key| some(usage, key));
        if let Some(details) = details(["prompt_tokens_details", "input_tokens_details"]) {
            take(&mut self.cache_read, count(details, "cached_tokens"));
            take(&mut self.cache_creation, count(details, "cache_write_tokens"));
            take(&mut self.audio_input, count(details, "audio_tokens"));
        }
        take(&mut self.cache_read, count_of(usage, &["prompt_cache_hit_tokens", "cached_tokens"]));
        if let Some(details) = details(["completion_tokens_details", "output_tokens_details"]) {
            take(&mut self.reasoning, count(details, "reasoning_tokens"));
            take(&mut self.audio_output, count(details, "audio_tokens"));
        }
        self.add_separate_reasoning(count(usage, "total_tokens"));
        let cost = some(usage, "cost");
        let cost = cost.and_then(|cost| cost.as_f64().or_else(|| some(cost, "total_cost")?.as_f64()));
        self.cost = cost.or(self.cost);
    }

    /// xAI counts thoughts beside the output; elsewhere they are a part of it. The total tells.
    fn add_separate_reasoning(&mut self, total: Option<u64>) {
        let (Some(input), Some(output), Some(reasoning)) = (self.input, self.output, self.reasoning) else {
            return;
        };
        let with_reasoning = output.saturating_add(reasoning);
        if reasoning > 0 && total == Some(input.saturating_add(with_reasoning)) {
            self.output = Some(with_reasoning);
        }
    }

    /// Takes Anthropic's usage, whose input tokens are those beside the cached ones.
    pub(crate) fn take_anthropic(&mut self, usage: &Value) {
        let before = (self.cache_read.unwrap_or(0)).saturating_add(self.cache_creation.unwrap_or(0));
        let plain = count(usage, "input_tokens").or(self.input.map(|input| input.saturating_sub(before)));
        take(&mut self.cache_read, count(usage, "cache_read_input_tokens"));
        take(&mut self.cache_creation, count(usage, "cache_creation_input_tokens"));
        if let Some(details) = some(usage, "cache_creation") {
            take(&mut self.cache_creation_1h, count(details, "ephemeral_1h_input_tokens"));
        }
        let cached = (self.cache_read.unwrap_or(0)).saturating_add(self.cache_creation.unwrap_or(0));
        self.input = plain.map(|plain| plain.saturating_add(cached));
        take(&mut self.output, count(usage, "output_tokens"));
    }

    pub(crate) fn write(&self, span: &SpanRef) {
        let counts = [
            ("gen_ai.usage.input_tokens", self.input),
            ("gen_ai.usage.output_tokens", self.output),
            ("gen_ai.usage.cache_read.input_tokens", self.cache_read),
            ("gen_ai.usage.cache_creation.input_tokens", self.cache_creation),
            ("gen_ai.usage.reasoning.output_tokens", self.reasoning),
            // Zero of what few calls have says nothing.
            ("gen_ai.usage.audio.input_tokens", self.audio_input.filter(|count| *count > 0)),
            ("gen_ai.usage.audio.output_tokens", self.audio_output.filter(|count| *count > 0)),
        ];
        for (key, count) in counts {
            if let Some(count) = count {
                span.set_attribute(key, count);
            }
        }
        if let Some(cost) = self.cost {
            span.set_attribute("gen_ai.usage.total_cost", cost);
        }
        // OpenTelemetry has no word for these, and MLflow has.
        if let (Some(hour), Some(input)) = (self.cache_creation_1h.filter(|count| *count > 0), self.input) {
            let output = self.output.unwrap_or(0);
            let map = json!({
                "input_tokens": input,
                "output_tokens": output,
                "total_tokens": input.saturating_add(output),
                "cache_read_input_tokens": self.cache_read.unwrap_or(0),
                "cache_creation_input_tokens": self.cache_creation.unwrap_or(0),
                "cache_creation_input_tokens_above_1hr": hour,
            });
            span.set_attribute("mlflow.chat.tokenUsage", map.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn openai(usage: Value) -> Usage {
        let mut read = Usage::default();
        read.take_openai(&usage);
        read
    }

    #[test]
    fn thoughts_are_output_also_where_they_are_counted_beside_it() {
        let usage = |total: u64| {
            let details = json!({"reasoning_tokens": 100});
            json!({"prompt_tokens": 10, "completion_tokens": 120, "total_tokens": total, "completion_tokens_details": details})
        };
        assert_eq!(openai(usage(130)).output, Some(120));
        assert_eq!(openai(usage(230)).output, Some(220));
    }

    #[test]
    fn counts_may_be_floating_point_or_a_total_alone() {
        assert_eq!(openai(json!({"prompt_tokens": 10.0})).input, Some(10));
        assert_eq!(openai(json!({"total_tokens": 7})).input, Some(7));
        assert_eq!(openai(json!({"prompt_tokens": -1, "completion_tokens": "x"})), Usage::default());
        assert_eq!(openai(json!({"cost": {"total_cost": 0.5}})).cost, Some(0.5));
    }

    #[test]
    fn cached_tokens_are_input_whenever_they_are_told() {
        let mut usage = Usage::default();
        usage
            .take_anthropic(&json!({"input_tokens": 10, "cache_read_input_tokens": 100, "output_tokens": 1}));
        assert_eq!(usage.input, Some(110));
        usage.take_anthropic(&json!({"output_tokens": 9}));
        assert_eq!((usage.input, usage.output), (Some(110), Some(9)));
        usage.take_anthropic(
            &json!({"input_tokens": 10, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 5}),
        );
        assert_eq!(usage.input, Some(115));
    }
}
