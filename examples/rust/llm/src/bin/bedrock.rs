//! An agent on `hyper`, with a layer of `tower`: Bedrock's Converse API, with a tool, a stream, and a request that is refused.
//!
//! `AWS_ENDPOINT_URL_BEDROCK_RUNTIME` says where it is, `SPANWISE_TRACKING_URI` where the trace goes. Requests are not signed
//! here: AWS wants that, what speaks its protocol within a company may not.

use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use spanwise::llm::{SentBody, TracedBody, TracedService, Tracer};
use tower::{Layer, Service, ServiceExt};

const MODEL: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";

type Failure = Box<dyn std::error::Error + Send + Sync>;
type Http = TracedService<Client<HttpConnector, SentBody<Full<Bytes>>>>;

struct Bedrock {
    http: Http,
    address: String,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let _guard = spanwise::init();
    let http = Client::builder(TokioExecutor::new()).build_http();
    // The one line: a layer around the client.
    let http = Tracer::new().layer(http);
    let address =
        std::env::var("AWS_ENDPOINT_URL_BEDROCK_RUNTIME").unwrap_or("http://127.0.0.1:8080".to_owned());
    println!("{}", answer(&Bedrock { http, address }, "How is the weather in Oslo?").await?);
    Ok(())
}

#[spanwise::trace(name = "hyper", type = "AGENT", skip(bedrock))]
async fn answer(bedrock: &Bedrock, question: &str) -> Result<String, Failure> {
    let weather = ask_with_tool(bedrock, question).await?;
    let verse = stream_verse(bedrock, &weather).await?;
    // What fails is in the trace as well.
    match bedrock.converse("no-such-model", &json!({"messages": [user(question)]})).await {
        Ok(_) => Ok(verse),
        Err(error) => Ok(format!("{verse} ({error})")),
    }
}

async fn ask_with_tool(bedrock: &Bedrock, question: &str) -> Result<String, Failure> {
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]});
    let weather_tool = json!({"name": "weather", "description": "How the weather is in a city", "inputSchema": {"json": schema}});
    let mut request = json!({
        "system": [{"text": "Be brief."}],
        "messages": [user(question)],
        "toolConfig": {"tools": [{"toolSpec": weather_tool}]},
        "inferenceConfig": {"temperature": 0.5, "maxTokens": 256},
    });
    let reply = bedrock.converse(MODEL, &request).await?;
    let said = &reply["output"]["message"];
    let call = &said["content"][0]["toolUse"];
    let result = weather(call["input"]["city"].as_str().unwrap_or_default());
    let result = json!({"toolResult": {"toolUseId": call["toolUseId"], "content": [{"text": result}]}});
    request["messages"] = json!([user(question), said, {"role": "user", "content": [result]}]);
    let reply = bedrock.converse(MODEL, &request).await?;
    Ok(reply["output"]["message"]["content"][0]["text"].as_str().unwrap_or_default().to_owned())
}

#[spanwise::trace(type = "TOOL")]
fn weather(city: &str) -> String {
    format!("sunny in {city}")
}

async fn stream_verse(bedrock: &Bedrock, about: &str) -> Result<String, Failure> {
    let request = json!({"messages": [user(&format!("A verse about: {about}"))]});
    let events =
        bedrock.send(MODEL, "converse-stream", &request).await?.into_body().collect().await?.to_bytes();
    let mut verse = String::new();
    for payload in payloads(&events) {
        let event: Value = serde_json::from_slice(payload)?;
        verse.push_str(event["delta"]["text"].as_str().unwrap_or_default());
    }
    Ok(verse)
}

/// Returns the payloads of AWS's event stream: four bytes of length, four of the headers' length, a checksum, the headers, the
/// payload, and a checksum.
fn payloads(mut events: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let number = |at: usize| Some(u32::from_be_bytes(*events.get(at..)?.first_chunk()?) as usize);
        let (whole, headers) = (number(0)?, number(4)?);
        let payload = events.get(12 + headers..whole.checked_sub(4)?)?;
        events = &events[whole..];
        Some(payload)
    })
}

impl Bedrock {
    async fn converse(&self, model: &str, request: &Value) -> Result<Value, Failure> {
        let body = self.send(model, "converse", request).await?.into_body().collect().await?.to_bytes();
        Ok(serde_json::from_slice(&body)?)
    }

    async fn send(
        &self,
        model: &str,
        verb: &str,
        request: &Value,
    ) -> Result<Response<TracedBody<Incoming>>, Failure> {
        let url = format!("{}/model/{model}/{verb}", self.address);
        let request = Request::post(url)
            .header("content-type", "application/json")
            .body(Full::from(request.to_string()))?;
        let response = self.http.clone().ready().await?.call(request).await?;
        if response.status().is_success() {
            return Ok(response);
        }
        let error: Value = serde_json::from_slice(&response.into_body().collect().await?.to_bytes())?;
        Err(error["message"].as_str().unwrap_or("the provider refused").into())
    }
}

fn user(text: &str) -> Value {
    json!({"role": "user", "content": [{"text": text}]})
}
