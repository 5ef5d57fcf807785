//! How models are found among the prices, and what their tokens cost. Prices are those of the providers' public lists.

use crate::fixture::with_span;
use serde_json::{Value, json};
use spanwise_genai::prices::{
    Kind, Override, PriceBook, PriceList, PriceTable, Prices, Unknown, UsageDetails,
};
use spanwise_genai::{CostSource, derive, explain_cost};
use spanwise_model::{Cost, ExperimentId, TokenUsage};
use std::sync::Arc;

fn usage(input: u64, output: u64) -> TokenUsage {
    TokenUsage { input, output, total: input + output, ..TokenUsage::default() }
}

fn cost(provider: &str, model: &str, usage: TokenUsage) -> Cost {
    let provider = Some(provider).filter(|provider| !provider.is_empty());
    PriceTable::built_in().price(provider, model, &usage, &UsageDetails::default()).unwrap()
}

/// Checks which row a model is priced by; an empty provider is none.
fn check_match(provider: &str, model: &str, expected: &str) {
    let provider = Some(provider).filter(|provider| !provider.is_empty());
    let found = PriceTable::built_in().find(provider, model);
    let row = found.row.as_ref().map(|row| format!("{}/{}", row.provider, row.model));
    assert_eq!(row.as_deref(), Ok(expected), "{provider:?} {model}: {:?}", found.steps);
    assert!(found.steps.last().unwrap().found, "{provider:?} {model}");
}

fn check_unknown(provider: &str, model: &str, expected: Unknown) {
    let provider = Some(provider).filter(|provider| !provider.is_empty());
    let found = PriceTable::built_in().find(provider, model);
    assert_eq!(found.row.as_ref().map(|row| &row.model), Err(&expected), "{provider:?} {model}");
    assert!(found.steps.iter().all(|step| !step.found), "{provider:?} {model}");
    let cost = PriceTable::built_in().price(provider, model, &usage(1, 1), &UsageDetails::default());
    assert_eq!(cost, None, "{provider:?} {model}");
}

#[test]
fn names_are_found_as_they_are() {
    check_match("openai", "gpt-4o", "openai/gpt-4o");
    check_match("openai", "GPT-4o", "openai/gpt-4o");
    check_match("azure", "gpt-4o", "azure/gpt-4o");
    check_match("openai", "gpt-4o-2024-05-13", "openai/gpt-4o-2024-05-13");
    check_match("groq", "llama-3.3-70b-versatile", "groq/llama-3.3-70b-versatile");
    check_match("groq", "openai/gpt-oss-120b", "groq/openai/gpt-oss-120b");
}

#[test]
fn each_convention_calls_providers_otherwise() {
    for provider in ["openai", "OpenAI", "openai.chat", "openai.responses"] {
        check_match(provider, "gpt-4o", "openai/gpt-4o");
    }
    for provider in ["azure.ai.openai", "az.ai.openai", "azure_openai", "azure-openai.chat"] {
        check_match(provider, "gpt-4o", "azure/gpt-4o");
    }
    for provider in ["gcp.gemini", "google", "google_genai", "google-gla", "google.generative-ai"] {
        check_match(provider, "gemini-2.5-pro", "gemini/gemini-2.5-pro");
    }
    for provider in ["gcp.vertex_ai", "vertexai", "google-vertex", "google.vertex.chat"] {
        check_match(provider, "gemini-2.5-pro", "vertex_ai/gemini-2.5-pro");
    }
    for provider in ["aws.bedrock", "amazon-bedrock", "bedrock_converse", "anthropic"] {
        check_match(
            provider,
            "anthropic.claude-sonnet-4-5-20250929-v1:0",
            "bedrock/anthropic.claude-sonnet-4-5-20250929-v1:0",
        );
    }
}

#[test]
fn providers_before_a_model_are_taken_off() {
    check_match("", "openai/gpt-4o", "openai/gpt-4o");
    check_match("", "azure/gpt-4o", "azure/gpt-4o");
    check_match("litellm", "azure/gpt-4o", "azure/gpt-4o");
    check_match("", "groq/llama-3.3-70b-versatile", "groq/llama-3.3-70b-versatile");
    check_match("openai", "groq/llama-3.3-70b-versatile", "groq/llama-3.3-70b-versatile");
    check_match("openrouter", "openai/gpt-4o", "openrouter/openai/gpt-4o");
    check_match("openrouter", "google/gemini-3.8-flash", "gemini/gemini-3.8-flash");
    check_match("", "anthropic/claude-sonnet-4.5", "anthropic/claude-sonnet-4-5");
    check_match("", "bedrock/converse/amazon.nova-lite-v1:0", "bedrock/amazon.nova-lite-v1:0");
}

#[test]
fn resource_names_are_read() {
    let profile = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0";
    check_match("aws.bedrock", profile, "bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0");
    check_match("", profile, "bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0");
    let model = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0";
    check_match("", model, "bedrock/amazon.nova-lite-v1:0");
    check_match("", "models/gemini-2.5-pro", "gemini/gemini-2.5-pro");
    check_match("gcp.vertex_ai", "publishers/google/models/gemini-2.5-pro", "vertex_ai/gemini-2.5-pro");
    check_match(
        "",
        "projects/p/locations/us-central1/publishers/google/models/gemini-2.5-pro",
        "vertex_ai/gemini-2.5-pro",
    );
    check_match(
        "fireworks",
        "accounts/fireworks/models/deepseek-v3",
        "fireworks_ai/accounts/fireworks/models/deepseek-v3",
    );
}

#[test]
fn regions_and_sizes_are_taken_off_where_they_have_no_row() {
    check_match(
        "bedrock",
        "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    );
    check_match(
        "bedrock",
        "sa.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "bedrock/anthropic.claude-sonnet-4-5-20250929-v1:0",
    );
    check_match(
        "bedrock",
        "anthropic.claude-sonnet-4-5-20250929-v1:0:200k",
        "bedrock/anthropic.claude-sonnet-4-5-20250929-v1:0",
    );
    check_match("azure", "eu/gpt-4o", "azure/eu/gpt-4o");
    check_match("azure", "global/gpt-5.4-mini", "azure/gpt-5.4-mini");
}

#[test]
fn dates_and_latest_are_taken_off() {
    for model in ["gpt-4o-2099-01-01", "gpt-4o-20990101", "gpt-4o-latest"] {
        check_match("openai", model, "openai/gpt-4o");
    }
    check_match("vertex_ai", "claude-sonnet-4-5@20250929", "vertex_ai/claude-sonnet-4-5@20250929");
    check_match("vertex_ai", "claude-sonnet-4-5@20990101", "vertex_ai/claude-sonnet-4-5");
    // Only dated rows are listed: the newest is what the name without a date means.
    check_match("anthropic", "claude-3-7-sonnet", "anthropic/claude-3-7-sonnet-20250219");
    check_match("", "claude-3-7-sonnet-latest", "anthropic/claude-3-7-sonnet-latest");
}

#[test]
fn aliases_of_the_list_are_followed() {
    let found = PriceTable::built_in().find(Some("anthropic"), "claude-opus-latest");
    let row = found.row.unwrap();
    assert_eq!(row.alias_of.as_deref(), Some("claude-opus-5-5"));
    assert_eq!(found.steps.last().unwrap().name, "claude-opus-5-5");
}

#[test]
fn fine_tuned_models_have_rows_of_their_own() {
    check_match("openai", "ft:gpt-4o-2024-08-06:org:name:id", "openai/ft:gpt-4o-2024-08-06");
    check_unknown("openai", "ft:gpt-4o-2099-01-01:org::id", Unknown::NotListed);
}

#[test]
fn the_maker_is_asked_where_nobody_else_has_prices_of_his_own() {
    check_match("", "gpt-4o", "openai/gpt-4o");
    check_match("nobody", "gpt-4o", "openai/gpt-4o");
    check_match("openai", "deepseek-chat", "deepseek/deepseek-chat");
    check_match("vertex_ai", "gemini-flash-latest", "gemini/gemini-flash-latest");
    check_unknown("groq", "gpt-4o", Unknown::NotListed);
    check_unknown("bedrock", "gpt-4o", Unknown::NotListed);
}

#[test]
fn a_free_variant_is_known_to_cost_nothing() {
    for (provider, model) in
        [("openrouter", "deepseek/deepseek-r1:free"), ("", "openrouter/meta-llama/any:free")]
    {
        let provider = Some(provider).filter(|provider| !provider.is_empty());
        let cost = PriceTable::built_in().price(provider, model, &usage(9, 9), &UsageDetails::default());
        assert_eq!(cost, Some(Cost::default()), "{model}");
    }
    check_unknown("", "deepseek-r1:free", Unknown::NotListed);
}

#[test]
fn what_may_be_another_model_is_unknown() {
    for model in ["gpt-4", "gpt-4o"] {
        check_match("openai", model, &format!("openai/{model}"));
    }
    for model in ["gpt-4o-ultra", "gpt-4o-mini-large", "gpt-4-32k-9999", "gpt", "claude", "my-deployment", ""]
    {
        check_unknown("openai", model, Unknown::NotListed);
    }
    // Weights that many serve, by the names of their publishers.
    for model in [
        "meta-llama/Llama-3.3-70B-Instruct",
        "Qwen/Qwen3-32B",
        "mistralai/Mistral-7B-Instruct-v0.3",
        "qwen3-32b",
    ] {
        check_unknown("", model, Unknown::NotListed);
        check_unknown("openai", model, Unknown::NotListed);
    }
    check_unknown("azure", "my-deployment", Unknown::NotListed);
    check_unknown("openai", "fake-model", Unknown::NotListed);
}

#[test]
fn ones_own_machines_routes_and_hidden_models_are_unknown() {
    check_unknown("ollama", "llama3.2:3b", Unknown::OwnMachine);
    check_unknown("ollama", "gpt-4o", Unknown::OwnMachine);
    check_unknown("", "ollama/deepseek-chat", Unknown::OwnMachine);
    check_unknown("", "hosted_vllm/gpt-4o", Unknown::OwnMachine);
    check_unknown("", "llama3.2:3b", Unknown::NotListed);
    check_unknown("", "gateway:/gpt-4o", Unknown::Route);
    check_unknown("", "endpoints:/gpt-4o", Unknown::Route);
    check_unknown("", "arn:aws:bedrock:us-east-1:1:application-inference-profile/a1b2", Unknown::Opaque);
    check_unknown("vertex_ai", "projects/p/locations/l/endpoints/123", Unknown::Opaque);
    check_unknown("gemini", "tunedModels/mine", Unknown::Opaque);
}

#[test]
fn costs_are_mlflows_to_the_last_bit() {
    assert_eq!(
        cost("openai", "gpt-4o-mini", usage(10, 5)),
        Cost { input: 1.5e-06, output: 3e-06, total: 4.5e-06 }
    );
    assert_eq!(
        cost("openai", "gpt-4o-mini", usage(23, 15)),
        Cost { input: 3.45e-06, output: 9e-06, total: 1.2450000000000001e-05 }
    );
    assert_eq!(
        cost("openai", "gpt-4o", usage(3, 4)),
        Cost { input: 7.500000000000001e-06, output: 4e-05, total: 4.75e-05 }
    );
    let cached = TokenUsage { cache_read: Some(30), cache_creation: Some(20), ..usage(100, 10) };
    assert_eq!(
        cost("anthropic", "claude-sonnet-4-5", cached),
        Cost { input: 0.00023400000000000002, output: 0.00015000000000000001, total: 0.000384 }
    );
    let over = TokenUsage { cache_read: Some(30), ..usage(10, 10) };
    assert_eq!(
        cost("openai", "gpt-4o", over),
        Cost { input: 3.7500000000000003e-05, output: 0.0001, total: 0.0001375 }
    );
}

#[test]
fn a_cache_written_for_an_hour_has_its_own_price() {
    let written = TokenUsage { cache_creation: Some(20), cache_creation_above_1h: Some(15), ..usage(20, 0) };
    assert_eq!(cost("", "claude-sonnet-4-5", written).input, 5.0 * 3.75e-06 + 15.0 * 6e-06);
}

/// Checks the cost of input and output in millionths of a dollar, at prices a million tokens.
fn check_cost(prices: Value, usage: TokenUsage, details: &UsageDetails<'_>, expected: [f64; 2]) {
    let prices = Prices::from_json(prices.as_object().unwrap()).unwrap();
    let entry = Override::new(None, None, "m", prices.clone()).unwrap();
    let book = PriceBook::new(PriceList::built_in(), vec![entry]);
    let cost = book.general().price(None, "m", &usage, details).unwrap();
    let micro = [cost.input * 1e6, cost.output * 1e6];
    let close = micro.iter().zip(&expected).all(|(found, wanted)| (found - wanted).abs() < 1e-9);
    assert!(close, "{micro:?}, expected {expected:?}, at {prices:?}");
}

#[test]
fn large_requests_cost_more_as_a_whole() {
    let prices = json!({
        "input": 1.25, "output": 10, "cache_read": 0.125,
        "above": {"200000": {"input": 2.5, "output": 15, "cache_read": 0.25}},
    });
    let cached = |input| TokenUsage { cache_read: Some(100_000), ..usage(input, 1_000) };
    let plain = UsageDetails::default();
    check_cost(prices.clone(), cached(200_000), &plain, [100_000.0 * 1.25 + 100_000.0 * 0.125, 10_000.0]);
    check_cost(prices, cached(200_001), &plain, [100_001.0 * 2.5 + 100_000.0 * 0.25, 15_000.0]);
}

#[test]
fn of_several_sizes_the_largest_that_is_exceeded_counts() {
    let prices = json!({
        "input": 1.2, "output": 6,
        "above": {"32000": {"input": 2.4, "output": 12}, "128000": {"input": 3, "output": 15}},
    });
    let plain = UsageDetails::default();
    check_cost(prices.clone(), usage(32_000, 1), &plain, [32_000.0 * 1.2, 6.0]);
    check_cost(prices.clone(), usage(128_000, 1), &plain, [128_000.0 * 2.4, 12.0]);
    check_cost(prices, usage(128_001, 1), &plain, [128_001.0 * 3.0, 15.0]);
}

#[test]
fn audio_and_images_have_prices_of_their_own() {
    let prices = json!({
        "input": 4, "output": 16, "cache_read": 0.4, "audio_input": 32, "audio_output": 64, "image_input": 5,
    });
    let details = UsageDetails {
        audio_input: Some(10),
        image_input: Some(20),
        audio_output: Some(30),
        image_output: Some(5),
        ..UsageDetails::default()
    };
    let used = TokenUsage { cache_read: Some(40), ..usage(100, 50) };
    let input = 30.0 * 4.0 + 40.0 * 0.4 + 10.0 * 32.0 + 20.0 * 5.0;
    // Images that came out have no price of their own here.
    check_cost(prices.clone(), used, &details, [input, 20.0 * 16.0 + 30.0 * 64.0]);
    // More audio than there is can't be.
    let details = UsageDetails { audio_input: Some(1_000), ..UsageDetails::default() };
    check_cost(prices, usage(100, 50), &details, [100.0 * 32.0, 50.0 * 16.0]);
}

#[test]
fn reasoning_is_priced_apart_where_the_list_does() {
    let details = UsageDetails { reasoning: Some(30), ..UsageDetails::default() };
    let apart = json!({"input": 1, "output": 2, "reasoning": 3});
    check_cost(apart, usage(10, 50), &details, [10.0, 20.0 * 2.0 + 30.0 * 3.0]);
    check_cost(json!({"input": 1, "output": 2}), usage(10, 50), &details, [10.0, 50.0 * 2.0]);
    // The total tells that the output leaves reasoning out.
    let beside = TokenUsage { total: 90, ..usage(10, 50) };
    check_cost(json!({"input": 1, "output": 2}), beside, &details, [10.0, 80.0 * 2.0]);
}

#[test]
fn services_have_prices_of_their_own() {
    let prices = json!({
        "input": 2.5, "output": 15, "cache_read": 0.25, "above": {"272000": {"input": 5, "output": 22.5}},
        "services": {
            "batch": {"input": 1.25, "output": 7.5},
            "flex": {"input": 1.25, "output": 7.5, "above": {"272000": {"input": 2.5, "output": 11.25}}},
            "priority": {"input": 6, "output": 30},
        },
    });
    let check = |service: &'static str, input: u64, expected: [f64; 2]| {
        let details = UsageDetails { service: Some(service.into()), ..UsageDetails::default() };
        let used = TokenUsage { cache_read: Some(1_000), ..usage(input, 1_000) };
        check_cost(prices.clone(), used, &details, expected);
    };
    for service in ["default", "auto", "standard", "unheard-of"] {
        check(service, 2_000, [2_500.0 + 250.0, 15_000.0]);
    }
    // A cache that the service has no price for costs as elsewhere.
    check("batch", 2_000, [1_250.0 + 250.0, 7_500.0]);
    check("FLEX", 2_000, [1_250.0 + 250.0, 7_500.0]);
    check("priority", 2_000, [6_000.0 + 250.0, 30_000.0]);
    // Large requests: flex lists them, priority has none of its own, batches have one price.
    check("flex", 301_000, [300_000.0 * 2.5 + 250.0, 11_250.0]);
    check("priority", 301_000, [300_000.0 * 5.0 + 250.0, 22_500.0]);
    check("batch", 301_000, [300_000.0 * 1.25 + 250.0, 7_500.0]);
}

#[test]
fn a_span_tells_service_reasoning_and_audio() {
    let attributes = json!({
        "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-5",
        "gen_ai.usage.input_tokens": 1000, "gen_ai.usage.output_tokens": 100,
        "openai.request.service_tier": "auto", "openai.response.service_tier": "flex",
    });
    with_span(&attributes, &[], |span| {
        let derived = derive(span, &[], PriceTable::built_in());
        assert_eq!(derived.cost.unwrap().total, 1000.0 * 6.25e-07 + 100.0 * 5e-06);
        let reason = explain_cost(&derived, PriceTable::built_in());
        let priced = reason.priced.unwrap();
        assert_eq!(priced.service.as_deref(), Some("flex"));
        let kinds: Vec<_> = priced.charges.iter().map(|charge| (charge.kind, charge.tokens)).collect();
        assert_eq!(kinds, [(Kind::Input, 1000), (Kind::Output, 100)]);
    });
    let attributes = json!({
        "openinference.span.kind": "LLM", "llm.provider": "openai", "llm.model_name": "gpt-realtime",
        "llm.token_count.prompt": 100, "llm.token_count.completion": 50,
        "llm.token_count.prompt_details.audio": 60, "llm.token_count.completion_details.audio": 50,
    });
    with_span(&attributes, &[], |span| {
        let cost = derive(span, &[], PriceTable::built_in()).cost.unwrap();
        assert_eq!((cost.input, cost.output), (40.0 * 4e-06 + 60.0 * 3.2e-05, 50.0 * 6.4e-05));
    });
}

#[test]
fn a_cost_says_where_it_is_from() {
    let check = |attributes: Value, source: CostSource, unknown: Option<Unknown>| {
        with_span(&attributes, &[], |span| {
            let derived = derive(span, &[], PriceTable::built_in());
            assert_eq!(derived.cost_source, source, "{attributes}");
            assert_eq!(explain_cost(&derived, PriceTable::built_in()).unknown, unknown, "{attributes}");
            assert_eq!(derived.cost.is_none(), unknown.is_some(), "{attributes}");
        });
    };
    let call = |model: &str| json!({"gen_ai.request.model": model, "gen_ai.usage.input_tokens": 1});
    check(call("gpt-4o"), CostSource::Priced, None);
    check(call("fake-model"), CostSource::Unknown, Some(Unknown::NotListed));
    check(json!({"gen_ai.request.model": "gpt-4o"}), CostSource::Unknown, Some(Unknown::NoTokens));
    check(json!({"gen_ai.usage.input_tokens": 1}), CostSource::Unknown, Some(Unknown::NoModel));
    let reported = json!({"llm.model_name": "gpt-4o", "llm.token_count.prompt": 1, "llm.cost.total": 0.5});
    check(reported, CostSource::Reported, None);
}

fn set(experiment: Option<i64>, provider: Option<&str>, model: &str, input: f64) -> Override {
    let prices = Prices::from_json(json!({"input": input, "output": 0}).as_object().unwrap()).unwrap();
    Override::new(experiment.map(ExperimentId), provider, model, prices).unwrap()
}

#[test]
fn overrides_win_over_lists_and_those_of_an_experiment_over_all() {
    let book = PriceBook::new(
        PriceList::built_in(),
        vec![
            set(None, None, "gpt-4o", 1.0),
            set(None, Some("azure.ai.openai"), "gpt-4o", 2.0),
            set(Some(7), None, "gpt-4o", 3.0),
            set(Some(7), None, "llama3.2:3b", 4.0),
            set(None, None, "gateway:/route", 5.0),
        ],
    );
    let price = |experiment, provider: Option<&str>, model| {
        let table = book.of(ExperimentId(experiment));
        table
            .price(provider, model, &usage(1_000_000, 0), &UsageDetails::default())
            .map(|cost| cost.total.round())
    };
    assert_eq!(price(0, Some("openai"), "gpt-4o"), Some(1.0));
    // What answers is dated, and who sets a price means it.
    assert_eq!(price(0, Some("openai"), "gpt-4o-2024-08-06"), Some(1.0));
    assert_eq!(price(0, None, "openai/GPT-4o"), Some(1.0));
    assert_eq!(price(0, Some("azure"), "gpt-4o"), Some(2.0));
    assert_eq!(price(7, Some("azure"), "gpt-4o"), Some(3.0));
    assert_eq!(price(7, Some("ollama"), "llama3.2:3b"), Some(4.0));
    assert_eq!(price(0, Some("ollama"), "llama3.2:3b"), None);
    assert_eq!(price(0, None, "gateway:/route"), Some(5.0));
    assert_eq!(price(0, Some("openai"), "gpt-4o-mini"), Some(0.0));
    assert!(book.own(ExperimentId(0)).is_none() && book.has_own());
}

#[test]
fn a_newer_list_goes_over_the_built_in_one() {
    let text = concat!(
        "{\"format\":\"spanwise-prices/1\",\"date\":\"2027-01-01\",\"source\":\"a contract\"}\n",
        "{\"provider\":\"openai\",\"model\":\"gpt-4o\",\"input\":7,\"output\":8}\n",
        "{\"provider\":\"acme\",\"model\":\"own-model\",\"input\":0.15,\"output\":0}\n",
        "{\"provider\":\"acme\",\"model\":\"own-latest\",\"alias_of\":\"own-model\"}\n",
        "{\"provider\":\"acme\",\"model\":\"bad\",\"input\":-1,\"output\":0}\n",
        "{\"provider\":\"acme\",\"model\":\"worse\",\"output\":0}\n",
        "{\"provider\":\"acme\",\"model\":\"odd\",\"input\":1,\"output\":1,\"inptu\":1}\n",
        "{\"provider\":\"acme\",\"model\":\"own-model\",\"input\":1,\"output\":1}\n",
        "no json\n",
    );
    let read = PriceList::read(text, "2027-02-02", "a file").unwrap();
    assert_eq!(
        (read.info.date.as_str(), read.info.source.as_str(), read.info.rows),
        ("2027-01-01", "a contract", 3)
    );
    let rows: Vec<_> = read.problems.iter().map(|problem| problem.row.as_str()).collect();
    assert_eq!(rows, ["line 5", "line 6", "line 7", "line 8", "line 9"]);
    assert!(read.problems[0].message.contains("`input` is -1: expected US dollars a million tokens"));

    let again = PriceList::read(&read.text, "", "").unwrap();
    assert_eq!((again.info, again.text, again.problem_count), (read.info.clone(), read.text.clone(), 0));

    let table = PriceTable::of_list(Arc::clone(&read.list));
    let price = |provider, model| {
        table
            .price(Some(provider), model, &usage(1_000_000, 0), &UsageDetails::default())
            .map(|cost| cost.total)
    };
    assert_eq!(price("openai", "gpt-4o"), Some(7.0));
    assert_eq!(price("openai", "gpt-4o-mini"), Some(0.15));
    assert_eq!(price("acme", "own-model"), Some(0.15));
    assert_eq!(price("acme", "own-latest"), Some(0.15));
    assert_eq!(price("acme", "gpt-4o"), None);
}

#[test]
fn litellms_file_is_read_as_it_is() {
    let text = json!({
        "sample_spec": {"litellm_provider": "one of many", "input_cost_per_token": 0},
        "openai/new": {"litellm_provider": "openai", "input_cost_per_token": 1.5e-07, "output_cost_per_token": 6e-07,
            "cache_read_input_token_cost": 7.500000000000001e-08, "input_cost_per_token_batches": 7.5e-08,
            "input_cost_per_token_above_128k_tokens": 3e-07, "output_cost_per_reasoning_token": 6e-07,
            "input_cost_per_token_above_128k_tokens_priority": 9e-07},
        "xai/new": {"litellm_provider": "xai", "input_cost_per_token": 1e-06, "output_cost_per_token": 1e-06,
            "input_cost_per_token_above_200k_tokens": 2e-06},
        "vertex_ai/new": {"litellm_provider": "vertex_ai-mistral_models", "input_cost_per_token": 1e-06,
            "output_cost_per_token": 0.0},
        "dashscope/new": {"litellm_provider": "dashscope", "tiered_pricing": [
            {"range": [0, 32000.0], "input_cost_per_token": 1e-06, "output_cost_per_token": 2e-06},
            {"range": [32000.0, 1e6], "input_cost_per_token": 3e-06, "output_cost_per_token": 4e-06}]},
        "new-latest": {"alias_of": "openai/new"},
        "embed": {"litellm_provider": "openai", "mode": "embedding", "input_cost_per_token": 1e-08},
        "free-or-unknown": {"litellm_provider": "openai", "input_cost_per_token": 0, "output_cost_per_token": 0},
        "whisper": {"litellm_provider": "openai", "input_cost_per_second": 0.0001},
        "1024-x-1024/dall-e": {"litellm_provider": "openai", "input_cost_per_token": 1e-06, "output_cost_per_token": 0},
        "dear": {"litellm_provider": "openai", "input_cost_per_token": 2.5, "output_cost_per_token": 10},
        "nobodys": {"input_cost_per_token": 1e-06, "output_cost_per_token": 1e-06},
        "not-there": {"alias_of": "nothing"},
    });
    let read = PriceList::read(&text.to_string(), "2027-02-02", "prices.json").unwrap();
    let mut rows = read.text.lines();
    assert_eq!(
        rows.next().unwrap(),
        "{\"format\":\"spanwise-prices/1\",\"date\":\"2027-02-02\",\"source\":\"prices.json\"}"
    );
    let expected = [
        "{\"provider\":\"openai\",\"model\":\"new\",\"input\":0.15,\"output\":0.6,\"cache_read\":0.075,\
         \"above\":{\"128000\":{\"input\":0.3}},\
         \"services\":{\"batch\":{\"input\":0.075},\"priority\":{\"above\":{\"128000\":{\"input\":0.9}}}}}",
        "{\"provider\":\"xai\",\"model\":\"new\",\"input\":1,\"output\":1,\"above\":{\"199999\":{\"input\":2}}}",
        "{\"provider\":\"vertex_ai\",\"model\":\"new\",\"input\":1,\"output\":0}",
        "{\"provider\":\"dashscope\",\"model\":\"new\",\"input\":1,\"output\":2,\
         \"above\":{\"32000\":{\"input\":3,\"output\":4}}}",
        "{\"provider\":\"openai\",\"model\":\"embed\",\"input\":0.01,\"output\":0}",
        "{\"provider\":\"openai\",\"model\":\"new-latest\",\"alias_of\":\"new\"}",
    ];
    assert_eq!(rows.collect::<Vec<_>>(), expected);
    assert_eq!(read.without_token_price, 3);
    let problems: Vec<_> = read.problems.iter().map(|problem| problem.row.as_str()).collect();
    assert_eq!(problems, ["dear", "nobodys", "not-there"]);
}

#[test]
fn what_is_no_list_is_refused_as_a_whole() {
    for text in
        ["", "[]", "{}", "not json", "{\"format\":\"other/9\"}\n{}", "{\"format\":\"spanwise-prices/1\"}"]
    {
        assert!(PriceList::read(text, "2027-01-01", "a file").is_err(), "{text}");
    }
}

#[test]
fn the_built_in_list_is_whole() {
    let list = PriceList::built_in();
    assert!(list.built_in_info().rows > 3_000 && list.built_in_info().date.as_str() >= "2026-11-26");
    let text = include_str!("../../data/prices.jsonl");
    let packed = zstd::bulk::decompress(include_bytes!("../../data/prices.jsonl.zst"), 4 << 20).unwrap();
    assert!(packed == text.as_bytes(), "run `make pack-prices`");
    assert_eq!(text.lines().count(), list.built_in_info().rows + 1);
    for row in list.rows() {
        let again = Prices::from_json(&row.prices.to_json()).unwrap();
        assert_eq!(again, *row.prices, "{}/{}", row.provider, row.model);
    }
}

/// Pieces that names are made of, and what looks like them.
const PIECES: [&str; 24] = [
    "gpt-4o",
    "/",
    ":",
    ".",
    "-",
    "@",
    "arn:aws:bedrock:",
    "inference-profile/",
    "models/",
    "publishers/",
    "projects/",
    "us.",
    "us-east-1",
    "azure",
    "ollama",
    "openrouter",
    ":free",
    "ft:",
    "-2024-08-06",
    "20240806",
    "-latest",
    "claude-4.5",
    "é",
    "İ",
];

proptest::proptest! {
    #[test]
    fn any_name_is_looked_for(picks in proptest::collection::vec(0..PIECES.len(), 0..8), at in 0..PIECES.len()) {
        let name: String = picks.iter().map(|pick| PIECES[*pick]).collect();
        for provider in [None, Some(PIECES[at]), Some("bedrock"), Some("openrouter")] {
            let found = PriceTable::built_in().find(provider, &name);
            assert!(found.steps.len() <= 16, "{name}: {:?}", found.steps);
            assert_eq!(found.row.is_ok(), found.steps.iter().any(|step| step.found), "{name}");
        }
    }

    #[test]
    fn any_text_is_no_list_or_one_that_reads_back(text in "\\PC*", line in "[{}\":,a-z0-9.]{0,40}") {
        let head = "{\"format\":\"spanwise-prices/1\"}";
        for text in [text, format!("{head}\n{line}\n"), format!("{{\"m\":{{{line}}}}}")] {
            if let Ok(read) = PriceList::read(&text, "2027-01-01", "a file") {
                assert_eq!(PriceList::read(&read.text, "", "").unwrap().text, read.text);
            }
        }
    }
}
