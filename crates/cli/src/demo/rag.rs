//! A question to a documentation assistant in OpenInference's words: eight spans.

use super::rag_script::{Passage, QUESTIONS, Question};
use super::story::{INTERNAL, Service, SpanRef, Story, tokens};
use super::{DemoTrace, Visit, feedback};
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde_json::json;

const SERVICE: Service = Service {
    name: "docs-assistant",
    version: "1.8.3",
    environment: "production",
    library: "openinference.instrumentation.langchain",
    library_version: "0.1.54",
};

const ANSWER_MODEL: &str = "claude-sonnet-4-20250514";
const REWRITE_MODEL: &str = "gpt-4o-mini";
const EMBEDDING_MODEL: &str = "text-embedding-3-small";
const INSTRUCTIONS: &str =
    "Answer from the passages only, cite them by number, and say so if they don't hold the answer.";
/// Of a hundred questions, those for which the search index is down.
const FAILURE_PERCENT: u32 = 5;

/// Makes the trace of one question.
pub(super) fn question(rng: &mut StdRng, at_ns: u64, visit: &Visit) -> DemoTrace {
    let question = QUESTIONS.choose(rng).expect("there are questions");
    let is_ok = rng.random_range(0..100) >= FAILURE_PERCENT;
    let mut story = Story::new(rng, at_ns);
    let root = open(&mut story, "docs_qa", "CHAIN", question.asked);
    story.set(root, "session.id", visit.session.as_str());
    story.set(root, "user.id", visit.user);
    rewrite(&mut story, question);
    embed(&mut story, question);
    retrieve(&mut story, question, is_ok);
    rerank(&mut story, question);
    let prompt = assemble(&mut story, question);
    generate(&mut story, question, &prompt);
    check_citations(&mut story, question);
    story.set(root, "output.value", question.answer);
    story.close(root);
    let trace_id = story.trace_id();
    let request = story.into_request(&SERVICE);
    DemoTrace { request, trace_id, feedback: feedback::make(rng, visit.user, is_ok) }
}

fn open(story: &mut Story<'_>, name: &str, kind: &str, input: &str) -> SpanRef {
    let span = story.open(name, INTERNAL);
    story.set(span, "openinference.span.kind", kind);
    story.set(span, "input.value", input);
    span
}

fn rewrite(story: &mut Story<'_>, question: &Question) {
    let prompt = format!("Rewrite the question as a search: {}", question.asked);
    let span = open(story, "rewrite_query", "LLM", &prompt);
    story.set(span, "llm.model_name", REWRITE_MODEL);
    story.set(span, "llm.provider", "openai");
    story.pass_ms(250..700);
    count(story, span, tokens(&prompt), tokens(question.search));
    finish(story, span, question.search);
}

fn embed(story: &mut Story<'_>, question: &Question) {
    let span = open(story, "embed_query", "EMBEDDING", question.search);
    story.set(span, "embedding.model_name", EMBEDDING_MODEL);
    story.set(span, "llm.provider", "openai");
    story.pass_ms(40..160);
    count(story, span, tokens(question.search), 0);
    finish(story, span, "[1536 dimensions]");
}

/// Searches; when the index is down, a keyword search stands in, and the trace still ends well.
fn retrieve(story: &mut Story<'_>, question: &Question, is_ok: bool) {
    let span = open(story, "vector_search", "RETRIEVER", question.search);
    story.set(span, "retrieval.top_k", 8);
    story.pass_ms(15..90);
    for (index, passage) in question.passages.iter().enumerate() {
        let key = |field: &str| format!("retrieval.documents.{index}.document.{field}");
        story.set(span, &key("id"), passage.page);
        story.set(span, &key("content"), passage.text);
        story.set(span, &key("score"), 0.91 - index as f64 * 0.07);
    }
    if is_ok {
        story.close(span);
    } else {
        story.pass_ms(2_000..2_100);
        story.fail(
            span,
            "IndexUnavailable",
            "shard docs-3 did not answer within 2000 ms; used keyword search",
        );
    }
}

fn rerank(story: &mut Story<'_>, question: &Question) {
    let span = open(story, "rerank", "RERANKER", question.search);
    story.set(span, "reranker.model_name", "rerank-v3.5");
    story.set(span, "reranker.top_k", question.passages.len() as i64);
    story.pass_ms(80..240);
    let pages: Vec<&str> = question.passages.iter().map(|passage| passage.page).collect();
    finish(story, span, &json!(pages).to_string());
}

fn assemble(story: &mut Story<'_>, question: &Question) -> String {
    let span = open(story, "build_prompt", "CHAIN", question.asked);
    let numbered = |(index, passage): (usize, &Passage)| {
        format!("[{}] {}\n{}\n\n", index + 1, passage.page, passage.text)
    };
    let passages: String = question.passages.iter().enumerate().map(numbered).collect();
    let prompt = format!("{INSTRUCTIONS}\n\n{passages}Question: {}", question.asked);
    story.pass_ms(1..4);
    finish(story, span, &prompt);
    prompt
}

fn generate(story: &mut Story<'_>, question: &Question, prompt: &str) {
    let span = open(story, "generate_answer", "LLM", prompt);
    story.set(span, "llm.model_name", ANSWER_MODEL);
    story.set(span, "llm.provider", "anthropic");
    story.set(span, "llm.invocation_parameters", json!({"max_tokens": 1024, "temperature": 0}));
    story.set(span, "llm.input_messages.0.message.role", "user");
    story.set(span, "llm.input_messages.0.message.content", prompt);
    story.set(span, "llm.output_messages.0.message.role", "assistant");
    story.set(span, "llm.output_messages.0.message.content", question.answer);
    story.pass_ms(1_200..4_800);
    count(story, span, tokens(prompt), tokens(question.answer));
    finish(story, span, question.answer);
}

fn check_citations(story: &mut Story<'_>, question: &Question) {
    let span = open(story, "check_citations", "GUARDRAIL", question.answer);
    story.pass_ms(2..9);
    finish(story, span, &json!({"passed": true, "citations": question.passages.len()}).to_string());
}

fn count(story: &mut Story<'_>, span: SpanRef, input: i64, output: i64) {
    story.set(span, "llm.token_count.prompt", input);
    story.set(span, "llm.token_count.completion", output);
    story.set(span, "llm.token_count.total", input + output);
}

fn finish(story: &mut Story<'_>, span: SpanRef, output: &str) {
    story.set(span, "output.value", output);
    story.close(span);
}
