//! An agent on plain `reqwest`, with `reqwest-middleware`: Gemini, with a tool, a stream, embeddings, and a model that does not
//! exist. Any provider's API can be called so.
//!
//! `GEMINI_API_KEY` and `GEMINI_BASE_URL` say which provider, `SPANWISE_TRACKING_URI` where the trace goes.

use futures_util::StreamExt;
use reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use serde_json::{Value, json};

const MODEL: &str = "gemini-2.5-flash";

type Failure = Box<dyn std::error::Error>;

struct Gemini {
    http: ClientWithMiddleware,
    address: String,
    key: String,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let _guard = spanwise::init();
    // The one line: `with`.
    let http = ClientBuilder::new(reqwest::Client::new()).with(spanwise::llm::Tracer::new()).build();
    let address =
        std::env::var("GEMINI_BASE_URL").unwrap_or("https://generativelanguage.googleapis.com".to_owned());
    let gemini = Gemini { http, address, key: std::env::var("GEMINI_API_KEY").unwrap_or_default() };
    println!("{}", answer(&gemini, "How is the weather in Oslo?").await?);
    Ok(())
}

#[spanwise::trace(name = "reqwest", type = "AGENT", skip(gemini))]
async fn answer(gemini: &Gemini, question: &str) -> Result<String, Failure> {
    let weather = ask_with_tool(gemini, question).await?;
    let verse = stream_verse(gemini, &weather).await?;
    let text = json!({"content": {"parts": [{"text": verse}]}});
    gemini.post("gemini-embedding-001", "embedContent", &text).await?;
    // What fails is in the trace as well.
    match gemini.post("no-such-model", "generateContent", &json!({"contents": [user(question)]})).await {
        Ok(_) => Ok(verse),
        Err(error) => Ok(format!("{verse} ({error})")),
    }
}

async fn ask_with_tool(gemini: &Gemini, question: &str) -> Result<String, Failure> {
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]});
    let weather_tool =
        json!({"name": "weather", "description": "How the weather is in a city", "parameters": schema});
    let mut request = json!({
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
        "contents": [user(question)],
        "tools": [{"functionDeclarations": [weather_tool]}],
        "generationConfig": {"temperature": 0.5},
    });
    let reply = gemini.post(MODEL, "generateContent", &request).await?;
    let said = &reply["candidates"][0]["content"];
    let call = &said["parts"][0]["functionCall"];
    let result = json!({"result": weather(call["args"]["city"].as_str().unwrap_or_default())});
    let response = json!({"functionResponse": {"id": call["id"], "name": call["name"], "response": result}});
    request["contents"] = json!([user(question), said, {"role": "user", "parts": [response]}]);
    let reply = gemini.post(MODEL, "generateContent", &request).await?;
    Ok(text(&reply).to_owned())
}

#[spanwise::trace(type = "TOOL")]
fn weather(city: &str) -> String {
    format!("sunny in {city}")
}

async fn stream_verse(gemini: &Gemini, about: &str) -> Result<String, Failure> {
    let request = json!({"contents": [user(&format!("A verse about: {about}"))]});
    let mut bytes = gemini.send(MODEL, "streamGenerateContent?alt=sse", &request).await?.bytes_stream();
    let mut events = Vec::new();
    while let Some(part) = bytes.next().await {
        events.extend(part?);
    }
    let events = String::from_utf8(events)?;
    let events = events.lines().filter_map(|line| line.strip_prefix("data: "));
    events.map(|event| Ok(text(&serde_json::from_str(event)?).to_owned())).collect()
}

impl Gemini {
    async fn post(&self, model: &str, verb: &str, request: &Value) -> Result<Value, Failure> {
        Ok(self.send(model, verb, request).await?.json().await?)
    }

    async fn send(&self, model: &str, verb: &str, request: &Value) -> Result<reqwest::Response, Failure> {
        let url = format!("{}/v1beta/models/{model}:{verb}", self.address);
        let response = self.http.post(url).header("x-goog-api-key", &self.key).json(request).send().await?;
        if response.status().is_success() {
            return Ok(response);
        }
        let error: Value = response.json().await?;
        Err(error["error"]["message"].as_str().unwrap_or("the provider refused").into())
    }
}

fn user(text: &str) -> Value {
    json!({"role": "user", "parts": [{"text": text}]})
}

fn text(reply: &Value) -> &str {
    reply["candidates"][0]["content"]["parts"][0]["text"].as_str().unwrap_or_default()
}
