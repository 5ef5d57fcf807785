//! An agent on `rig`, which runs the tool by itself: a prompt, a stream, embeddings, and a model that does not exist.
//!
//! `OPENAI_API_KEY` and `OPENAI_BASE_URL` say which provider, `SPANWISE_TRACKING_URI` where the trace goes.

use futures_util::StreamExt;
use rig::http_client::ReqwestClient;
use rig::prelude::*;
use rig::providers::openai::OpenAI;
use rig::streaming::{Item, StreamEvent};
use serde_json::{Value, json};

const MODEL: &str = "gpt-4o-mini";

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let _guard = spanwise::init();
    // The one line: instead of `OpenAI::from_env()?`.
    let openai = OpenAI::from_env()?.with_http(spanwise_clients::rig::Traced::new(ReqwestClient::default()));
    println!("{}", answer(&openai, "How is the weather in Oslo?").await?);
    Ok(())
}

#[spanwise::trace(name = "rig", type = "AGENT", skip(openai))]
async fn answer(openai: &OpenAI, question: &str) -> Result<String, Failure> {
    let agent =
        AgentBuilder::new(openai.chat(MODEL)).preamble("Be brief.").temperature(0.5).tool(Weather).build();
    let weather = agent.prompt(question).max_turns(3).await?.output();
    let verse = stream_verse(openai, &weather).await?;
    openai.embedding("text-embedding-3-small", None).embed_text(&verse).await?;
    // What fails is in the trace as well.
    match openai.chat("no-such-model").call(question).await {
        Ok(_) => Ok(verse),
        Err(error) => Ok(format!("{verse} ({error})")),
    }
}

#[derive(serde::Deserialize)]
struct Place {
    city: String,
}

struct Weather;

impl Tool for Weather {
    const NAME: &'static str = "weather";
    type Args = Place;
    type Output = String;
    type Error = std::convert::Infallible;

    fn description(&self) -> String {
        "How the weather is in a city".to_owned()
    }

    fn parameters(&self) -> Value {
        json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]})
    }

    #[spanwise::trace(name = "weather", type = "TOOL", skip_all)]
    async fn call(&self, _context: &mut ToolContext, place: Place) -> Result<String, Self::Error> {
        Ok(format!("sunny in {}", place.city))
    }
}

async fn stream_verse(openai: &OpenAI, about: &str) -> Result<String, Failure> {
    let agent = AgentBuilder::new(openai.chat(MODEL)).build();
    let mut stream = agent.prompt(format!("A verse about: {about}")).stream();
    let mut verse = String::new();
    while let Some(item) = stream.next().await {
        if let MultiTurnStreamItem::StreamAssistantItem(Item::Event(StreamEvent::Text { text, .. })) = item? {
            verse.push_str(&text);
        }
    }
    Ok(verse)
}
