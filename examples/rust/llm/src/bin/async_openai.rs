//! An agent on `async-openai`: a tool, a stream, embeddings, the Responses API, and a model that does not exist.
//!
//! `OPENAI_API_KEY` and `OPENAI_BASE_URL` say which provider, `SPANWISE_TRACKING_URI` where the trace goes.

use async_openai::Client;
use async_openai::config::OpenAIConfig;
use async_openai::error::OpenAIError;
use async_openai::types::chat::{
    ChatCompletionMessageToolCalls, ChatCompletionRequestAssistantMessageArgs, ChatCompletionRequestMessage,
    ChatCompletionRequestSystemMessage, ChatCompletionRequestToolMessage, ChatCompletionRequestUserMessage,
    ChatCompletionStreamOptions, ChatCompletionTool, CreateChatCompletionRequest,
    CreateChatCompletionRequestArgs, FunctionObjectArgs,
};
use async_openai::types::embeddings::CreateEmbeddingRequestArgs;
use async_openai::types::responses::CreateResponseArgs;
use futures_util::StreamExt;
use serde_json::{Value, json};

const MODEL: &str = "gpt-4o-mini";

type OpenAi = Client<OpenAIConfig>;

#[tokio::main]
async fn main() -> Result<(), OpenAIError> {
    let _guard = spanwise::init();
    // The one line: instead of `Client::new()`.
    let client = Client::new().with_http_service(spanwise_clients::async_openai::service());
    println!("{}", answer(&client, "How is the weather in Oslo?").await?);
    Ok(())
}

#[spanwise::trace(name = "async-openai", type = "AGENT", skip(client))]
async fn answer(client: &OpenAi, question: &str) -> Result<String, OpenAIError> {
    let weather = ask_with_tool(client, question).await?;
    let verse = stream_verse(client, &weather).await?;
    remember(client, vec![weather.as_str(), verse.as_str()]).await?;
    let title = respond(client, &verse).await?;
    // What fails is in the trace as well.
    let request =
        CreateChatCompletionRequestArgs::default().model("no-such-model").messages(user(question)).build()?;
    match client.chat().create(request).await {
        Ok(_) => Ok(title),
        Err(error) => Ok(format!("{title} ({error})")),
    }
}

async fn ask_with_tool(client: &OpenAi, question: &str) -> Result<String, OpenAIError> {
    let system = ChatCompletionRequestSystemMessage::from("Be brief.");
    let mut messages: Vec<ChatCompletionRequestMessage> = vec![system.into()];
    messages.extend(user(question));
    let message = client.chat().create(chat(messages.clone())?).await?.choices.remove(0).message;
    let calls = message.tool_calls.unwrap_or_default();
    let said = ChatCompletionRequestAssistantMessageArgs::default().tool_calls(calls.clone()).build()?;
    messages.push(said.into());
    for call in calls {
        let ChatCompletionMessageToolCalls::Function(call) = call else { continue };
        let arguments: Value = serde_json::from_str(&call.function.arguments).unwrap_or_default();
        let content = weather(arguments["city"].as_str().unwrap_or_default());
        let result = ChatCompletionRequestToolMessage { content: content.into(), tool_call_id: call.id };
        messages.push(result.into());
    }
    let message = client.chat().create(chat(messages)?).await?.choices.remove(0).message;
    Ok(message.content.unwrap_or_default())
}

fn chat(messages: Vec<ChatCompletionRequestMessage>) -> Result<CreateChatCompletionRequest, OpenAIError> {
    let weather = FunctionObjectArgs::default()
        .name("weather")
        .description("How the weather is in a city")
        .parameters(json!({
            "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"],
        }))
        .build()?;
    CreateChatCompletionRequestArgs::default()
        .model(MODEL)
        .messages(messages)
        .tools(ChatCompletionTool { function: weather })
        .temperature(0.5)
        .build()
}

#[spanwise::trace(type = "TOOL")]
fn weather(city: &str) -> String {
    format!("sunny in {city}")
}

#[spanwise::trace(type = "CHAIN", skip(client))]
async fn stream_verse(client: &OpenAi, about: &str) -> Result<String, OpenAIError> {
    let request = CreateChatCompletionRequestArgs::default()
        .model(MODEL)
        .messages(user(&format!("A verse about: {about}")))
        // Without this, OpenAI does not tell the tokens of a stream.
        .stream_options(ChatCompletionStreamOptions { include_usage: Some(true), include_obfuscation: None })
        .build()?;
    let mut stream = client.chat().create_stream(request).await?;
    let mut verse = String::new();
    while let Some(chunk) = stream.next().await {
        for choice in chunk?.choices {
            verse.push_str(&choice.delta.content.unwrap_or_default());
        }
    }
    Ok(verse)
}

async fn remember(client: &OpenAi, texts: Vec<&str>) -> Result<usize, OpenAIError> {
    let request =
        CreateEmbeddingRequestArgs::default().model("text-embedding-3-small").input(texts).build()?;
    Ok(client.embeddings().create(request).await?.data.len())
}

async fn respond(client: &OpenAi, verse: &str) -> Result<String, OpenAIError> {
    let request =
        CreateResponseArgs::default().model(MODEL).input(format!("A title for: {verse}")).build()?;
    Ok(client.responses().create(request).await?.output_text().unwrap_or_default())
}

fn user(text: &str) -> Vec<ChatCompletionRequestMessage> {
    vec![ChatCompletionRequestUserMessage::from(text).into()]
}
