use crate::provider::{Then, answering};
use crate::spans::{Spans, attribute, text};
use bytes::Bytes;
use futures_util::StreamExt;
use ollama_rs::Ollama;
use ollama_rs::generation::chat::ChatMessage;
use ollama_rs::generation::chat::request::ChatMessageRequest;
use rig::http_client::{HttpClientExt, LazyBody, Request, ReqwestClient, Response};
use spanwise::Value;

const SECRET: &str = "the secret";
const OLLAMA_LINE: &str = "{\"model\":\"llama3.2\",\"created_at\":\"2025-01-01T00:00:00Z\",\
    \"message\":{\"role\":\"assistant\",\"content\":\"the secret\"},\"done\":false}\n";
const OLLAMA_LAST: &str = "{\"model\":\"llama3.2\",\"created_at\":\"2025-01-01T00:00:00Z\",\
    \"message\":{\"role\":\"assistant\",\"content\":\"the secret\"},\"done\":true,\"total_duration\":5,\
    \"load_duration\":1,\"prompt_eval_count\":7,\"prompt_eval_duration\":1,\"eval_count\":3,\"eval_duration\":1}\n";
const ANTHROPIC: &str = r#"{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5",
    "content":[{"type":"text","text":"the secret"}],"stop_reason":"end_turn","usage":{"input_tokens":7,"output_tokens":3}}"#;
const OPENAI: &str = r#"{"id":"1","object":"chat.completion","created":1,"model":"gpt-4o-mini",
    "choices":[{"index":0,"message":{"role":"assistant","content":"the secret"},"finish_reason":"stop"}],
    "usage":{"prompt_tokens":7,"completion_tokens":3,"total_tokens":10}}"#;
const OPENAI_EVENT: &str = "data: {\"id\":\"1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"gpt-4o-mini\",\
    \"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"the secret\"},\"finish_reason\":null}]}\n\n";
const OPENAI_REQUEST: &str =
    r#"{"model":"gpt-4o-mini","messages":[{"role":"user","content":"Tell me the secret"}],"stream":true}"#;

fn ollama(address: &str) -> spanwise_clients::ollama::Traced {
    spanwise_clients::ollama::Traced::new(Ollama::try_new(address).unwrap())
}

fn ask_ollama() -> ChatMessageRequest {
    ChatMessageRequest::new("llama3.2".to_owned(), vec![ChatMessage::user(format!("Tell me {SECRET}"))])
}

fn anthropic(address: &str) -> spanwise_clients::anthropic::Traced {
    let client =
        async_anthropic::Client::builder().base_url(address).api_key("none").version("2023-06-01").build();
    spanwise_clients::anthropic::Traced::new(client.unwrap())
}

fn genai(address: &str) -> spanwise_clients::genai::Traced {
    let address = format!("{address}/v1/");
    let resolver =
        genai::resolver::ServiceTargetResolver::from_resolver_fn(move |mut target: genai::ServiceTarget| {
            target.endpoint = genai::resolver::Endpoint::from_owned(address.clone());
            target.auth = genai::resolver::AuthData::from_single("none");
            Ok(target)
        });
    let client = genai::Client::builder().with_service_target_resolver(resolver).build();
    spanwise_clients::genai::Traced::new(client.unwrap())
}

fn openai_request(address: &str) -> Request<Bytes> {
    Request::post(format!("{address}/v1/chat/completions"))
        .body(Bytes::from_static(OPENAI_REQUEST.as_bytes()))
        .unwrap()
}

#[tokio::test]
async fn a_stream_that_nobody_reads_to_its_end_has_what_came() {
    let spans = Spans::record().await;
    let address = answering("200 OK", "application/x-ndjson", OLLAMA_LINE, Then::Wait).await;
    let mut stream = ollama(&address).send_chat_messages_stream(ask_ollama()).await.unwrap();
    assert_eq!(stream.next().await.unwrap().unwrap().message.content, SECRET);
    assert_eq!(spans.count(), 0, "it is under way");
    drop(stream);
    let span = spans.one();
    assert!(!span.is_error);
    assert!(text(&span).contains("gen_ai.output.messages"));
    assert_eq!(attribute(&span, "spanwise.response.cancelled"), Some(&Value::Bool(true)));
}

#[tokio::test]
async fn a_stream_of_genai_that_nobody_reads_to_its_end_has_what_came() {
    let spans = Spans::record().await;
    let address = answering("200 OK", "text/event-stream", OPENAI_EVENT, Then::Wait).await;
    let request = genai::chat::ChatRequest::from_user("Tell me");
    let mut stream = genai(&address).exec_chat_stream("gpt-4o-mini", request, None).await.unwrap().stream;
    while let Some(event) = stream.next().await {
        if matches!(event.unwrap(), genai::chat::ChatStreamEvent::Chunk(_)) {
            break;
        }
    }
    assert_eq!(spans.count(), 0, "it is under way");
    drop(stream);
    let span = spans.one();
    assert!(!span.is_error);
    assert!(text(&span).contains(SECRET));
    assert_eq!(attribute(&span, "spanwise.response.cancelled"), Some(&Value::Bool(true)));
    assert!(attribute(&span, "gen_ai.response.time_to_first_chunk").is_some());
}

#[tokio::test]
async fn what_was_said_is_left_out_if_asked() {
    let spans = Spans::record().await;

    let address = answering("200 OK", "application/json", OLLAMA_LAST, Then::Close).await;
    ollama(&address).without_content().send_chat_messages(ask_ollama()).await.unwrap();
    let span = spans.one();
    assert!(!text(&span).contains(SECRET), "{span:?}");
    assert_eq!(attribute(&span, "gen_ai.usage.output_tokens"), Some(&Value::Int(3)));

    let address = answering("200 OK", "application/json", ANTHROPIC, Then::Close).await;
    let request = async_anthropic::types::CreateMessagesRequestBuilder::default()
        .model("claude-sonnet-4-5")
        .messages(vec!["Tell me the secret".into()])
        .build();
    anthropic(&address).without_content().messages().create(request.unwrap()).await.unwrap();
    let span = spans.one();
    assert!(!text(&span).contains(SECRET), "{span:?}");
    assert_eq!(attribute(&span, "gen_ai.usage.output_tokens"), Some(&Value::Int(3)));

    let address = answering("200 OK", "application/json", OPENAI, Then::Close).await;
    let request = genai::chat::ChatRequest::from_user("Tell me the secret");
    genai(&address).without_content().exec_chat("gpt-4o-mini", request, None).await.unwrap();
    let span = spans.one();
    assert!(!text(&span).contains(SECRET), "{span:?}");
    assert_eq!(attribute(&span, "gen_ai.usage.output_tokens"), Some(&Value::Int(3)));

    let client = spanwise_clients::rig::Traced::new(ReqwestClient::default()).without_content();
    let response: Response<LazyBody<Bytes>> = client.send(openai_request(&address)).await.unwrap();
    response.into_body().await.unwrap();
    let span = spans.one();
    assert!(!text(&span).contains(SECRET), "{span:?}");
    assert_eq!(attribute(&span, "gen_ai.usage.output_tokens"), Some(&Value::Int(3)));
}

#[tokio::test]
async fn keys_in_the_address_of_a_call_that_fails_are_not_recorded() {
    let spans = Spans::record().await;
    let client = spanwise_clients::rig::Traced::new(ReqwestClient::default());
    let request = Request::post("http://user:hidden@127.0.0.1:1/v1/chat/completions?key=hidden")
        .body(Bytes::from_static(OPENAI_REQUEST.as_bytes()))
        .unwrap();
    assert!(client.send::<_, Bytes>(request).await.is_err());
    let span = spans.one();
    assert!(span.status_message.contains("(http://127.0.0.1:1/v1/chat/completions)"), "{span:?}");
    assert!(!format!("{span:?}").contains("hidden"), "{span:?}");

    let request = genai::chat::ChatRequest::from_user("Tell me");
    assert!(genai("http://user:hidden@127.0.0.1:1").exec_chat("gpt-4o-mini", request, None).await.is_err());
    let span = spans.one();
    assert!(span.is_error && !format!("{span:?}").contains("hidden"), "{span:?}");
}

#[tokio::test]
async fn nothing_listens() {
    let spans = Spans::record().await;
    let error = ollama("http://127.0.0.1:1").send_chat_messages(ask_ollama()).await.unwrap_err();
    assert!(matches!(error, ollama_rs::error::OllamaError::ReqwestError(_)));
    let span = spans.one();
    assert!(span.is_error);
    // The library says only that something went wrong; its causes tell more.
    assert!(span.status_message.contains("error sending request"), "{}", span.status_message);

    let client = spanwise_clients::rig::Traced::new(ReqwestClient::default());
    assert!(client.send::<_, Bytes>(openai_request("http://127.0.0.1:1")).await.is_err());
    let span = spans.one();
    assert!(
        span.is_error && span.status_message.contains("error sending request"),
        "{}",
        span.status_message
    );
}

#[tokio::test]
async fn what_is_no_call_of_a_provider_is_no_span() {
    let spans = Spans::record().await;
    let address = answering("200 OK", "application/json", "{}", Then::Close).await;
    let client = spanwise_clients::rig::Traced::new(ReqwestClient::default());
    let request = Request::get(format!("{address}/v1/models")).body(Bytes::new()).unwrap();
    let response: Response<LazyBody<Bytes>> = client.send(request).await.unwrap();
    assert_eq!(response.into_body().await.unwrap(), "{}");
    assert_eq!(spans.count(), 0);
}

#[tokio::test]
async fn a_response_that_nobody_reads_ends_its_span() {
    let spans = Spans::record().await;
    let address = answering("200 OK", "text/event-stream", OPENAI_EVENT, Then::Wait).await;
    let client = spanwise_clients::rig::Traced::new(ReqwestClient::default());
    let response = client.send_streaming(openai_request(&address)).await.unwrap();
    drop(response);
    assert_eq!(attribute(&spans.one(), "spanwise.response.cancelled"), Some(&Value::Bool(true)));
}

#[tokio::test]
async fn a_stream_that_breaks_off_has_failed() {
    let spans = Spans::record().await;
    // More is announced than comes.
    let cut = format!("100\r\n{OPENAI_EVENT}");
    let address =
        answering("200 OK\r\ntransfer-encoding: chunked", "text/event-stream", &cut, Then::Close).await;
    let client = spanwise_clients::rig::Traced::new(ReqwestClient::default());
    let mut stream = client.send_streaming(openai_request(&address)).await.unwrap().into_body();
    while let Some(Ok(_)) = stream.next().await {}
    let span = spans.one();
    assert!(span.is_error);
    assert!(text(&span).contains(SECRET));
}

#[tokio::test]
async fn messages_that_are_too_large_are_counted() {
    let spans = Spans::record().await;
    let address = answering("200 OK", "application/json", OPENAI, Then::Close).await;
    let request = genai::chat::ChatRequest::from_user("x".repeat(9 << 20));
    genai(&address).exec_chat("gpt-4o-mini", request, None).await.unwrap();
    let span = spans.one();
    assert_eq!(attribute(&span, "gen_ai.input.messages"), None);
    assert!(matches!(attribute(&span, "spanwise.request.omitted_bytes"), Some(Value::Int(9_437_184..))));
    assert!(text(&span).contains(SECRET), "the answer is there");
}

#[tokio::test]
async fn off_is_off() {
    let spans = Spans::record().await;
    spanwise::disable();
    let address = answering("200 OK", "application/json", OLLAMA_LAST, Then::Close).await;
    let reply = ollama(&address).send_chat_messages(ask_ollama()).await.unwrap();
    assert_eq!(reply.message.content, SECRET);
    let address = answering("200 OK", "application/json", OPENAI, Then::Close).await;
    let request = genai::chat::ChatRequest::from_user("Tell me");
    let reply = genai(&address).exec_chat("gpt-4o-mini", request, None).await.unwrap();
    assert_eq!(reply.first_text(), Some(SECRET));
    assert_eq!(spans.count(), 0);
}
