//! An agent on `rig`, with the agent itself and what it runs as spans too: those that rig tells `tracing` of. Calls of models
//! come from the HTTP client as in `rig`, with all that was said, and are left out of the layer.
//!
//! `OPENAI_API_KEY` and `OPENAI_BASE_URL` say which provider, `SPANWISE_TRACKING_URI` where the trace goes.

use rig::http_client::ReqwestClient;
use rig::prelude::*;
use rig::providers::openai::OpenAI;
use serde_json::{Value, json};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let _guard = spanwise::init();
    // The second line: agents and tools of rig, whose calls of models have other targets.
    let agents = Targets::new().with_target("rig_agent", LevelFilter::INFO);
    tracing_subscriber::registry().with(spanwise::tracing::layer().with_filter(agents)).init();
    let openai = OpenAI::from_env()?.with_http(spanwise_clients::rig::Traced::new(ReqwestClient::default()));
    println!("{}", answer(&openai, "How is the weather in Oslo?").await?);
    Ok(())
}

#[spanwise::trace(name = "rig-agents", type = "CHAIN", skip(openai))]
async fn answer(openai: &OpenAI, question: &str) -> Result<String, Failure> {
    let agent = AgentBuilder::new(openai.chat("gpt-4o-mini"))
        .name("forecaster")
        .preamble("Be brief.")
        .tool(Weather)
        .build();
    Ok(agent.prompt(question).max_turns(3).await?.output())
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

    async fn call(&self, _context: &mut ToolContext, place: Place) -> Result<String, Self::Error> {
        Ok(look_up(&place.city))
    }
}

#[spanwise::trace(type = "TASK")]
fn look_up(city: &str) -> String {
    format!("sunny in {city}")
}
