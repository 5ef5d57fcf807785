//! An agent that uses the weather service: `mcp-client PROGRAM` starts it as a child process, `mcp-client http://…` calls it.
//! What makes it traced is `init` and `traced`.

// Later versions of the protocol have another way to ask back; servers of today have this.
#![expect(deprecated)]

use rmcp::model::{
    CallToolRequestParams, CallToolResult, ClientCapabilities, ClientConfig, CreateMessageRequestParams,
    CreateMessageResult, GetPromptRequestParams, Implementation, ProgressNotificationParam,
    ReadResourceRequestParams, SamplingMessage,
};
use rmcp::service::{NotificationContext, RequestContext};
use rmcp::transport::{StreamableHttpClientTransport, TokioChildProcess};
use rmcp::{ClientHandler, ErrorData, RoleClient, ServiceError};
use serde_json::{Value, json};
use spanwise::mcp::{Client, Traced, traced};
use std::sync::Arc;
use tokio::sync::Notify;

/// What the server may ask of this side.
#[derive(Clone, Default)]
struct User {
    progress: Arc<Notify>,
}

#[spanwise::trace(type = "CHAT_MODEL")]
async fn model(question: &str) -> String {
    format!("{question} A coat.")
}

impl ClientHandler for User {
    fn get_info(&self) -> ClientConfig {
        ClientConfig::new(
            ClientCapabilities::builder().enable_sampling().build(),
            Implementation::from_build_env(),
        )
    }

    async fn create_message(
        &self,
        params: CreateMessageRequestParams,
        _context: RequestContext<RoleClient>,
    ) -> Result<CreateMessageResult, ErrorData> {
        let question = params.messages.first().and_then(|message| message.content.first()?.as_text());
        let question = question.ok_or_else(|| ErrorData::invalid_params("nothing is asked", None))?;
        let answer = model(&question.text).await;
        Ok(CreateMessageResult::new(SamplingMessage::assistant_text(answer), "a-model".to_owned()))
    }

    async fn on_progress(
        &self,
        _params: ProgressNotificationParam,
        _context: NotificationContext<RoleClient>,
    ) {
        self.progress.notify_one();
    }
}

type Weather = Client<Traced<User>>;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let _guard = spanwise::init();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [server] = &arguments[..] else { anyhow::bail!("usage: mcp-client PROGRAM|URL") };
    travel(server).await
}

#[spanwise::trace(type = "AGENT")]
async fn travel(server: &str) -> anyhow::Result<()> {
    let user = User::default();
    let progress = Arc::clone(&user.progress);
    let weather = if server.starts_with("http://") {
        traced(user).serve(StreamableHttpClientTransport::from_uri(server)).await?
    } else {
        traced(user).serve(TokioChildProcess::new(tokio::process::Command::new(server))?).await?
    };

    for tool in weather.list_all_tools().await? {
        println!("tool {}", tool.name);
    }
    let stations = weather.read_resource(ReadResourceRequestParams::new("weather://stations")).await?;
    println!("{} resource", stations.contents.len());
    let packing = GetPromptRequestParams::new("packing").with_arguments(map(json!({"city": "Oslo"})));
    println!("{} message", weather.get_prompt(packing).await?.messages.len());

    // Two at a time; one of them fails, which the tool says.
    let (oslo, nowhere) = tokio::join!(forecast(&weather, "Oslo"), forecast(&weather, "Atlantis"));
    println!("{oslo:?} {nowhere:?}");
    call(&weather, "sky", json!({})).await?;

    // A call that is none.
    let error = call(&weather, "plan", json!({"days": 0})).await.expect_err("a trip has days");
    println!("{error}");

    // The user gives up after the first day.
    tokio::select! {
        planned = call(&weather, "plan", json!({"days": 7})) => println!("{planned:?}"),
        () = progress.notified() => println!("enough"),
    }

    let advice = call(&weather, "advise", json!({"city": "Oslo"})).await?;
    println!("{}", text(&advice));
    weather.cancel().await?;
    Ok(())
}

#[spanwise::trace(skip(weather))]
async fn forecast(weather: &Weather, city: &str) -> Option<i64> {
    let result = call(weather, "forecast", json!({"city": city})).await.ok()?;
    result.structured_content?["degrees"].as_i64()
}

async fn call(
    weather: &Weather,
    tool: &'static str,
    arguments: Value,
) -> Result<CallToolResult, ServiceError> {
    weather.call_tool(CallToolRequestParams::new(tool).with_arguments(map(arguments))).await
}

fn map(value: Value) -> serde_json::Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => serde_json::Map::new(),
    }
}

fn text(result: &CallToolResult) -> &str {
    result.content.first().and_then(|content| content.as_text()).map_or("", |text| &text.text)
}
