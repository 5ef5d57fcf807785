//! A weather service for MCP: `mcp-server` speaks on standard input and output, `mcp-server http PORT` over HTTP on
//! loopback. What makes it traced is `init` and `traced` (and `sessions`, over HTTP).

// Later versions of the protocol have another way to ask back, and no log messages; clients of today have these.
#![expect(deprecated)]

use anyhow::Context;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{
    CallToolResult, ContentBlock, CreateMessageRequestParams, ListResourcesResult, LoggingLevel,
    LoggingMessageNotificationParam, PaginatedRequestParams, ProgressNotificationParam, PromptMessage,
    ReadResourceRequestParams, ReadResourceResponse, ReadResourceResult, Resource, ResourceContents, Role,
    SamplingMessage, ServerCapabilities, ServerConfig,
};
use rmcp::service::RequestContext;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService, stdio};
use rmcp::{
    ErrorData, Json, RoleServer, ServerHandler, prompt, prompt_handler, prompt_router, schemars, tool,
    tool_handler, tool_router,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

struct Weather;

#[derive(Debug, Deserialize, schemars::JsonSchema)]
struct City {
    city: String,
}

#[derive(Debug, Deserialize, schemars::JsonSchema)]
struct Trip {
    days: u32,
}

#[derive(Debug, Serialize, schemars::JsonSchema)]
struct Forecast {
    city: String,
    degrees: i32,
}

/// A function of the program like any other: it is below the request that it works for.
#[spanwise::trace]
fn look_up(city: &str) -> Result<i32, String> {
    match city {
        "Oslo" => Ok(3),
        "Rome" => Ok(21),
        _ => Err(format!("no station in {city}")),
    }
}

#[tool_router]
impl Weather {
    #[tool(description = "How warm it will be")]
    async fn forecast(&self, Parameters(City { city }): Parameters<City>) -> Result<Json<Forecast>, String> {
        // An error here is one that the model may read: `isError`.
        let degrees = look_up(&city)?;
        Ok(Json(Forecast { city, degrees }))
    }

    #[tool(description = "A picture of the sky")]
    async fn sky(&self) -> CallToolResult {
        const DOT: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";
        CallToolResult::success(vec![ContentBlock::image(DOT, "image/png")])
    }

    #[tool(description = "Plans each day of a trip")]
    async fn plan(
        &self,
        Parameters(Trip { days }): Parameters<Trip>,
        context: RequestContext<RoleServer>,
    ) -> Result<String, ErrorData> {
        if days == 0 {
            return Err(ErrorData::invalid_params("a trip has at least one day", None));
        }
        let log =
            LoggingMessageNotificationParam::new(LoggingLevel::Warning, serde_json::json!("this takes long"));
        let told = context.peer.notify_logging_message(log).await;
        told.map_err(|error| ErrorData::internal_error(error.to_string(), None))?;
        for day in 1..=days {
            if let Some(token) = context.meta.get_progress_token() {
                let progress = ProgressNotificationParam::new(token, day.into()).with_total(days.into());
                let told = context.peer.notify_progress(progress.with_message(format!("day {day}"))).await;
                told.map_err(|error| ErrorData::internal_error(error.to_string(), None))?;
            }
            // Whoever plans gets slower from day to day.
            let pause = std::time::Duration::from_secs(u64::from(day) * 60);
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = context.ct.cancelled() => return Ok(format!("planned {day} days")),
            }
        }
        Ok(format!("planned {days} days"))
    }

    #[tool(description = "What to wear, by the model of the client")]
    async fn advise(
        &self,
        Parameters(City { city }): Parameters<City>,
        context: RequestContext<RoleServer>,
    ) -> Result<String, ErrorData> {
        let question =
            format!("It is {} degrees in {city}. What should I wear?", look_up(&city).unwrap_or_default());
        ask_the_model(&context, question).await
    }
}

#[spanwise::trace(skip(context))]
async fn ask_the_model(context: &RequestContext<RoleServer>, question: String) -> Result<String, ErrorData> {
    let params = CreateMessageRequestParams::new(vec![SamplingMessage::user_text(question)], 100);
    // The task that sends it does not know that it is asked here; without, it is below the request that is handled.
    let answer = context.peer.create_message(spanwise::mcp::here(params)).await;
    let answer = answer.map_err(|error| ErrorData::internal_error(error.to_string(), None))?;
    let text = answer.message.content.first().and_then(|content| content.as_text());
    Ok(text.map(|text| text.text.clone()).unwrap_or_default())
}

#[prompt_router]
impl Weather {
    #[prompt(name = "packing", description = "What to pack for a city")]
    async fn packing(&self, Parameters(City { city }): Parameters<City>) -> Vec<PromptMessage> {
        vec![PromptMessage::new_text(Role::User, format!("What should I pack for {city}?"))]
    }
}

#[tool_handler]
#[prompt_handler]
impl ServerHandler for Weather {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder();
        ServerConfig::new(
            capabilities.enable_tools().enable_prompts().enable_resources().enable_logging().build(),
        )
    }

    async fn list_resources(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        Ok(ListResourcesResult::with_all_items(vec![Resource::new(STATIONS, "stations")]))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        if request.uri != STATIONS {
            return Err(ErrorData::resource_not_found(format!("no resource {}", request.uri), None));
        }
        Ok(ReadResourceResult::new(vec![ResourceContents::text("Oslo, Rome", STATIONS)]).into())
    }
}

const STATIONS: &str = "weather://stations";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let _guard = spanwise::init();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => {
            spanwise::mcp::traced(Weather).serve(stdio()).await?.waiting().await?;
            Ok(())
        }
        ["http", port] => serve_http(port.parse().context("the port is a number")?).await,
        _ => anyhow::bail!("usage: mcp-server [http PORT]"),
    }
}

async fn serve_http(port: u16) -> anyhow::Result<()> {
    let service = StreamableHttpService::new(
        || Ok(spanwise::mcp::traced(Weather).into_handler()),
        Arc::new(spanwise::mcp::sessions(LocalSessionManager::default())),
        StreamableHttpServerConfig::default(),
    );
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    println!("http://{}/mcp", listener.local_addr()?);
    let served = axum::serve(listener, axum::Router::new().nest_service("/mcp", service));
    tokio::select! {
        result = served => Ok(result?),
        interrupted = tokio::signal::ctrl_c() => Ok(interrupted?),
    }
}
