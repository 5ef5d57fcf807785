//! An agent on `genai`, which speaks to many providers: a tool of OpenAI's, a stream of Anthropic's, embeddings, a call of
//! Gemini's, and a model that does not exist.
//!
//! `OPENAI_BASE_URL` and the like say where they are, `SPANWISE_TRACKING_URI` where the trace goes.

use futures_util::StreamExt;
use genai::adapter::AdapterKind;
use genai::chat::{ChatMessage, ChatOptions, ChatRequest, ChatStreamEvent, Tool, ToolResponse};
use genai::resolver::{Endpoint, ServiceTargetResolver};
use genai::{Client, ServiceTarget};
use serde_json::json;
use spanwise_clients::genai::Traced;

#[tokio::main]
async fn main() -> Result<(), genai::Error> {
    let _guard = spanwise::init();
    let resolver =
        ServiceTargetResolver::from_resolver_fn(|target: ServiceTarget| Ok(from_environment(target)));
    let client = Client::builder().with_service_target_resolver(resolver).build()?;
    // The one line: around the client.
    let client = Traced::new(client);
    println!("{}", answer(&client, "How is the weather in Oslo?").await?);
    Ok(())
}

/// A provider's address, where the environment has one.
fn from_environment(mut target: ServiceTarget) -> ServiceTarget {
    let (variable, version) = match target.model.adapter_kind {
        AdapterKind::OpenAI => ("OPENAI_BASE_URL", ""),
        AdapterKind::Anthropic => ("ANTHROPIC_BASE_URL", "/v1"),
        AdapterKind::Gemini => ("GEMINI_BASE_URL", "/v1beta"),
        _ => return target,
    };
    if let Ok(address) = std::env::var(variable) {
        target.endpoint = Endpoint::from_owned(format!("{address}{version}/"));
    }
    target
}

#[spanwise::trace(name = "genai", type = "AGENT", skip(client))]
async fn answer(client: &Traced, question: &str) -> Result<String, genai::Error> {
    let weather = ask_with_tool(client, question).await?;
    let verse = stream_verse(client, &weather).await?;
    client.embed("text-embedding-3-small", verse.as_str(), None).await?;
    let asked = ChatRequest::from_user(format!("A title for: {verse}"));
    let title =
        client.exec_chat("gemini-2.5-flash", asked, None).await?.into_first_text().unwrap_or_default();
    // What fails is in the trace as well.
    let model = genai::ModelIden::new(AdapterKind::OpenAI, "no-such-model");
    match client.exec_chat(model, ChatRequest::from_user(question), None).await {
        Ok(_) => Ok(title),
        Err(error) => Ok(format!("{title} ({error})")),
    }
}

async fn ask_with_tool(client: &Traced, question: &str) -> Result<String, genai::Error> {
    let tool = Tool::new("weather").with_description("How the weather is in a city").with_schema(json!({
        "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"],
    }));
    let request = ChatRequest::from_user(question).with_system("Be brief.").with_tools([tool]);
    let options = ChatOptions::default().with_temperature(0.5);
    let reply = client.exec_chat("gpt-4o-mini", request.clone(), Some(&options)).await?;
    let calls = reply.into_tool_calls();
    let mut request = request.append_message(calls.clone());
    for call in calls {
        let city = call.fn_arguments["city"].as_str().unwrap_or_default();
        request = request.append_message(ToolResponse::new(&call.call_id, weather(city)));
    }
    let reply = client.exec_chat("gpt-4o-mini", request, Some(&options)).await?;
    Ok(reply.into_first_text().unwrap_or_default())
}

#[spanwise::trace(type = "TOOL")]
fn weather(city: &str) -> String {
    format!("sunny in {city}")
}

async fn stream_verse(client: &Traced, about: &str) -> Result<String, genai::Error> {
    let request = ChatRequest::new(vec![ChatMessage::user(format!("A verse about: {about}"))]);
    // Without this, genai does not tell the tokens of a stream.
    let options = ChatOptions::default().with_capture_usage(true);
    let mut stream = client.exec_chat_stream("claude-sonnet-4-5", request, Some(&options)).await?.stream;
    let mut verse = String::new();
    while let Some(event) = stream.next().await {
        if let ChatStreamEvent::Chunk(chunk) = event? {
            verse.push_str(&chunk.content);
        }
    }
    Ok(verse)
}
