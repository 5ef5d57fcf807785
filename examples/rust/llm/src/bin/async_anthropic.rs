//! An agent on `async-anthropic`: a tool, a stream, and a model that does not exist.
//!
//! `ANTHROPIC_API_KEY` and `ANTHROPIC_BASE_URL` say which provider, `SPANWISE_TRACKING_URI` where the trace goes.

use async_anthropic::Client;
use async_anthropic::errors::AnthropicError;
use async_anthropic::types::{
    ContentBlockDelta, CreateMessagesRequest, CreateMessagesRequestBuilder, Message, MessageBuilder,
    MessageContent, MessageContentList, MessageRole, MessagesStreamEvent, ToolResultBuilder,
};
use futures_util::StreamExt;
use serde_json::{Map, Value, json};
use spanwise_clients::anthropic::Traced;

const MODEL: &str = "claude-sonnet-4-5";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let _guard = spanwise::init();
    let address = std::env::var("ANTHROPIC_BASE_URL").unwrap_or("https://api.anthropic.com".to_owned());
    let client = Client::builder().base_url(address).version("2023-06-01").build()?;
    // The one line: around the client.
    let client = Traced::new(client);
    println!("{}", answer(&client, "How is the weather in Oslo?").await?);
    Ok(())
}

#[spanwise::trace(name = "async-anthropic", type = "AGENT", skip(client))]
async fn answer(client: &Traced, question: &str) -> Result<String, AnthropicError> {
    let weather = ask_with_tool(client, question).await?;
    let verse = stream_verse(client, &weather).await?;
    // What fails is in the trace as well.
    match client.messages().create(request("no-such-model", vec![user(question)])).await {
        Ok(_) => Ok(verse),
        Err(error) => Ok(format!("{verse} ({error})")),
    }
}

async fn ask_with_tool(client: &Traced, question: &str) -> Result<String, AnthropicError> {
    let mut messages = vec![user(question)];
    let mut chat = request(MODEL, messages.clone());
    chat.system = Some("Be brief.".to_owned());
    chat.tools = Some(vec![weather_tool()]);
    let reply = client.messages().create(chat.clone()).await?.content.unwrap_or_default();
    let mut results = Vec::new();
    for call in reply.iter().filter_map(MessageContent::as_tool_use) {
        let content = weather(call.input["city"].as_str().unwrap_or_default());
        let result = ToolResultBuilder::default().tool_use_id(&call.id).content(content).build();
        results.push(result.map_err(|_| AnthropicError::UnexpectedError)?.into());
    }
    messages.push(Message { role: MessageRole::Assistant, content: MessageContentList(reply) });
    messages.push(Message { role: MessageRole::User, content: MessageContentList(results) });
    chat.messages = messages;
    let reply = client.messages().create(chat).await?.content.unwrap_or_default();
    Ok(reply.iter().filter_map(MessageContent::as_text).map(|text| text.text.as_str()).collect())
}

#[spanwise::trace(type = "TOOL")]
fn weather(city: &str) -> String {
    format!("sunny in {city}")
}

fn weather_tool() -> Map<String, Value> {
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]});
    let tool = [
        ("name", json!("weather")),
        ("description", json!("How the weather is in a city")),
        ("input_schema", schema),
    ];
    tool.map(|(key, value)| (key.to_owned(), value)).into_iter().collect()
}

async fn stream_verse(client: &Traced, about: &str) -> Result<String, AnthropicError> {
    let asked = request(MODEL, vec![user(&format!("A verse about: {about}"))]);
    let mut stream = client.messages().create_stream(asked).await;
    let mut verse = String::new();
    while let Some(event) = stream.next().await {
        if let MessagesStreamEvent::ContentBlockDelta {
            delta: ContentBlockDelta::TextDelta { text }, ..
        } = event?
        {
            verse.push_str(&text);
        }
    }
    Ok(verse)
}

fn request(model: &str, messages: Vec<Message>) -> CreateMessagesRequest {
    let request =
        CreateMessagesRequestBuilder::default().model(model).messages(messages).max_tokens(256).build();
    request.expect("model and messages are given")
}

fn user(text: &str) -> Message {
    MessageBuilder::default().role(MessageRole::User).content(text).build().expect("both are given")
}
