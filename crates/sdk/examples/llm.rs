//! Calls of LLM providers: one line traces what a client sends, whichever provider answers.
//!
//! ```text
//! cargo run -p spanwise --features reqwest-middleware --example llm -- http://127.0.0.1:8080
//! ```
//!
//! The argument is where the providers are: a gateway, or a fake one.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use serde_json::{Value, json};
use spanwise::llm::Tracer;

type Answered = Result<String, Box<dyn std::error::Error>>;

/// Sends a request and reads the whole answer, piece by piece as it comes.
async fn post(client: &ClientWithMiddleware, url: String, body: Value) -> Answered {
    let request = client.post(url).header("content-type", "application/json").body(body.to_string());
    let mut response = request.send().await?;
    let mut answer = Vec::new();
    while let Some(piece) = response.chunk().await? {
        answer.extend_from_slice(&piece);
    }
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn question(text: &str) -> Value {
    json!([{"role": "user", "content": text}])
}

#[spanwise::trace(name = "ask all", type = "AGENT", skip(client))]
async fn ask_all(client: &ClientWithMiddleware, base: &str) -> Answered {
    let city = json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]});
    let tool = json!({"name": "weather", "description": "The weather of a city", "parameters": city});
    let calls = [
        (
            "/openai/v1/chat/completions",
            json!({"model": "gpt-4o-mini", "messages": question("Hi"), "temperature": 0.2}),
        ),
        (
            "/openai/v1/chat/completions",
            json!({
                "model": "gpt-4o", "messages": question("Weather in Rome?"), "stream": true,
                "stream_options": {"include_usage": true}, "tools": [{"type": "function", "function": tool}]
            }),
        ),
        (
            "/openai/v1/responses",
            json!({"model": "gpt-5-mini", "instructions": "Be brief.", "input": "Hi", "stream": true}),
        ),
        ("/openai/v1/embeddings", json!({"model": "text-embedding-3-small", "input": ["one", "two"]})),
        (
            "/anthropic/v1/messages",
            json!({"model": "claude-sonnet-4-5", "max_tokens": 2000, "system": "Be brief.", "messages": question("Hi"),
                "thinking": {"type": "enabled", "budget_tokens": 1024}, "stream": true}),
        ),
        (
            "/gemini/v1beta/models/gemini-2.5-flash:streamGenerateContent",
            json!({"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]}),
        ),
        (
            "/model/anthropic.claude-3-5-sonnet-20241022-v2%3A0/converse-stream",
            json!({"messages": [{"role": "user", "content": [{"text": "Hi"}]}]}),
        ),
        ("/ollama/api/chat", json!({"model": "llama3.2", "messages": question("Hi")})),
        (
            "/cohere/v2/chat",
            json!({"model": "command-a-03-2025", "messages": question("Hi"), "stream": true}),
        ),
        (
            "/cohere/v2/rerank",
            json!({"model": "rerank-v3.5", "query": "Which?", "documents": ["this", "that"]}),
        ),
    ];
    let mut bytes = 0;
    for (path, body) in calls {
        bytes += post(client, format!("{base}{path}"), body).await?.len();
    }
    Ok(format!("{bytes} bytes"))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let _guard = spanwise::init();
    let base = std::env::args().nth(1).ok_or("the first argument is the address of the providers")?;
    // All that it takes.
    let client = ClientBuilder::new(reqwest::Client::new()).with(Tracer::new()).build();
    println!("{}", ask_all(&client, &base).await?);
    Ok(())
}
