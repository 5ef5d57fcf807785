//! An agent on `ollama-rs`: a tool, a stream, embeddings, and a model that does not exist.
//!
//! `OLLAMA_HOST` says where Ollama is, `SPANWISE_TRACKING_URI` where the trace goes.

use futures_util::StreamExt;
use ollama_rs::Ollama;
use ollama_rs::error::OllamaError;
use ollama_rs::generation::chat::request::ChatMessageRequest;
use ollama_rs::generation::chat::{ChatMessage, MessageRole};
use ollama_rs::generation::embeddings::request::GenerateEmbeddingsRequest;
use ollama_rs::generation::tools::{Tool, ToolInfo};
use spanwise_clients::ollama::Traced;

const MODEL: &str = "llama3.2";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let _guard = spanwise::init();
    let address = std::env::var("OLLAMA_HOST").unwrap_or("http://127.0.0.1:11434".to_owned());
    // The one line: around the client.
    let ollama = Traced::new(Ollama::try_new(address)?);
    println!("{}", answer(&ollama, "How is the weather in Oslo?").await?);
    Ok(())
}

#[spanwise::trace(name = "ollama-rs", type = "AGENT", skip(ollama))]
async fn answer(ollama: &Traced, question: &str) -> Result<String, OllamaError> {
    let weather = ask_with_tool(ollama, question).await?;
    let verse = stream_verse(ollama, &weather).await?;
    let request = GenerateEmbeddingsRequest::new("nomic-embed-text".to_owned(), verse.as_str().into());
    ollama.generate_embeddings(request).await?;
    // What fails is in the trace as well.
    let request =
        ChatMessageRequest::new("no-such-model".to_owned(), vec![ChatMessage::user(question.to_owned())]);
    match ollama.send_chat_messages(request).await {
        Ok(_) => Ok(verse),
        Err(error) => Ok(format!("{verse} ({error})")),
    }
}

async fn ask_with_tool(ollama: &Traced, question: &str) -> Result<String, OllamaError> {
    let mut history = vec![ChatMessage::system("Be brief.".to_owned())];
    let chat = |messages| {
        let tools = vec![ToolInfo::new::<_, Weather>()];
        ChatMessageRequest::new(MODEL.to_owned(), messages).tools(tools)
    };
    let asked = vec![ChatMessage::user(question.to_owned())];
    let reply = ollama.send_chat_messages_with_history(&mut history, chat(asked)).await?;
    let mut results = Vec::new();
    for call in reply.message.tool_calls {
        let parameters = serde_json::from_value(call.function.arguments)?;
        let result = Weather.call(parameters).await.map_err(|error| OllamaError::Other(error.to_string()))?;
        results.push(ChatMessage::new(MessageRole::Tool, result));
    }
    let reply = ollama.send_chat_messages_with_history(&mut history, chat(results)).await?;
    Ok(reply.message.content)
}

/// Where the weather is wanted.
#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Place {
    city: String,
}

struct Weather;

impl Tool for Weather {
    type Params = Place;

    fn name() -> &'static str {
        "weather"
    }

    fn description() -> &'static str {
        "How the weather is in a city"
    }

    #[spanwise::trace(name = "weather", type = "TOOL", skip_all)]
    async fn call(&mut self, place: Place) -> ollama_rs::generation::tools::Result<String> {
        Ok(format!("sunny in {}", place.city))
    }
}

async fn stream_verse(ollama: &Traced, about: &str) -> Result<String, OllamaError> {
    let asked = ChatMessage::user(format!("A verse about: {about}"));
    let mut stream =
        ollama.send_chat_messages_stream(ChatMessageRequest::new(MODEL.to_owned(), vec![asked])).await?;
    let mut verse = String::new();
    while let Some(Ok(part)) = stream.next().await {
        verse.push_str(&part.message.content);
    }
    Ok(verse)
}
