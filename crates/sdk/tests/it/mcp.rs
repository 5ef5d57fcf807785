//! Clients and servers of MCP, over a connection inside the process.

#![expect(deprecated, reason = "sampling and logging are what there is for peers of earlier versions")]

use crate::recorded::{Recorded, attribute, failure, inputs, outputs};
use opentelemetry_proto::tonic::trace::v1::Span;
use rmcp::model::{
    CallToolRequest, CallToolRequestParams, CallToolResponse, CallToolResult, ClientRequest, ContentBlock,
    CreateMessageRequestParams, CreateMessageResult, LoggingLevel, LoggingMessageNotificationParam,
    ProgressNotificationParam, ProtocolVersion, ReadResourceRequestParams, SamplingMessage,
    ServerCapabilities, ServerConfig,
};
use rmcp::service::{ClientLifecycleMode, PeerRequestOptions, RequestContext, serve_client_with_lifecycle};
use rmcp::{ClientHandler, ErrorData, RoleClient, RoleServer, ServerHandler, ServiceError, serve_server};
use serde_json::{Value, json};
use spanwise::mcp::{self, NOTIFICATIONS_MAX, Traced};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// Longer than anything here takes.
const SOON: Duration = Duration::from_secs(30);

#[derive(Clone, Default)]
struct Weather {
    waits: Arc<Notify>,
}

#[spanwise::trace]
fn look(city: &str) -> String {
    format!("sunny in {city}")
}

impl Weather {
    async fn forecast(&self, city: &str) -> CallToolResult {
        CallToolResult::success(vec![ContentBlock::text(look(city))])
    }

    async fn wait(&self, context: &RequestContext<RoleServer>) -> Result<CallToolResult, ErrorData> {
        let token = context.meta.get_progress_token().unwrap();
        let progress = ProgressNotificationParam::new(token, 1.0).with_total(2.0).with_message("half");
        context.peer.notify_progress(progress).await.unwrap();
        let log = LoggingMessageNotificationParam::new(LoggingLevel::Warning, json!("slow today"));
        context.peer.notify_logging_message(log).await.unwrap();
        self.waits.notify_one();
        context.ct.cancelled().await;
        Ok(CallToolResult::success(vec![]))
    }

    async fn chat(&self, context: &RequestContext<RoleServer>) -> CallToolResult {
        let token = context.meta.get_progress_token().unwrap();
        for _ in 0..NOTIFICATIONS_MAX + 3 {
            let progress =
                ProgressNotificationParam::new(token.clone(), 1.0).with_message("é".repeat(10_000));
            context.peer.notify_progress(progress).await.unwrap();
        }
        CallToolResult::success(vec![])
    }

    async fn ask(&self, context: &RequestContext<RoleServer>) -> CallToolResult {
        let question = CreateMessageRequestParams::new(vec![SamplingMessage::user_text("why?")], 10);
        let answer = context.peer.create_message(question).await.unwrap();
        CallToolResult::structured(json!({"model": answer.model}))
    }
}

impl ServerHandler for Weather {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().enable_logging().build())
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let result = match request.name.as_ref() {
            "forecast" => self.forecast(request.arguments.unwrap()["city"].as_str().unwrap()).await,
            "broken" => {
                CallToolResult::error(vec![ContentBlock::text("no sky"), ContentBlock::text("at all")])
            }
            "picture" => CallToolResult::success(vec![ContentBlock::image("QUJD", "image/png")]),
            "wait" => self.wait(&context).await?,
            "ask" => self.ask(&context).await,
            "chat" => self.chat(&context).await,
            "panic" => panic!("it rains"),
            _ => return Err(ErrorData::invalid_params("no such city", Some(json!({"city": "Atlantis"})))),
        };
        Ok(result.into())
    }
}

#[derive(Clone)]
struct Model;

impl ClientHandler for Model {
    async fn create_message(
        &self,
        _params: CreateMessageRequestParams,
        _context: RequestContext<RoleClient>,
    ) -> Result<CreateMessageResult, ErrorData> {
        look("the model");
        Ok(CreateMessageResult::new(SamplingMessage::assistant_text("so"), "m-1".to_owned()))
    }
}

fn call(tool: &'static str) -> CallToolRequestParams {
    CallToolRequestParams::new(tool)
}

fn forecast(city: &str) -> CallToolRequestParams {
    let Value::Object(arguments) = json!({"city": city}) else { unreachable!("it is a map") };
    call("forecast").with_arguments(arguments)
}

fn serve(server: impl ServerHandler, transport: DuplexStream) -> JoinHandle<()> {
    tokio::spawn(async move {
        let running = mcp::traced(server).serve(transport).await.unwrap();
        running.waiting().await.unwrap();
    })
}

type Client = mcp::Client<Traced<Model>>;

async fn connected(server: Weather) -> (Client, JoinHandle<()>) {
    let (near, far) = tokio::io::duplex(1 << 16);
    let server = serve(server, far);
    (mcp::traced(Model).serve(near).await.unwrap(), server)
}

fn named<'s>(spans: &'s [Span], name: &str) -> [&'s Span; 2] {
    let of_kind = |kind| {
        let mut found = spans.iter().filter(|span| span.name == name && span.kind == kind);
        let one = found.next().unwrap_or_else(|| panic!("no span `{name}` of kind {kind}"));
        assert!(found.next().is_none(), "two spans `{name}` of kind {kind}");
        one
    };
    [of_kind(CLIENT), of_kind(SERVER)]
}

fn hex(id: &[u8]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

const SERVER: i32 = 2;
const CLIENT: i32 = 3;

fn events(span: &Span) -> Vec<&str> {
    span.events.iter().map(|event| event.name.as_str()).collect()
}

#[tokio::test]
async fn both_sides_are_one_tree() {
    let recorded = Recorded::start();
    #[spanwise::trace]
    async fn agent() {
        let (client, server) = connected(Weather::default()).await;
        assert!(client.list_all_tools().await.unwrap().is_empty());
        client.call_tool(forecast("Oslo")).await.unwrap();
        client.cancel().await.unwrap();
        server.await.unwrap();
    }
    agent().await;
    let spans = recorded.spans();
    let agent = spans.iter().find(|span| span.name == "agent").unwrap();
    for name in ["initialize", "tools/list", "tools/call forecast"] {
        let [client, server] = named(&spans, name);
        assert_eq!(client.parent_span_id, agent.span_id, "{name}");
        assert_eq!(server.parent_span_id, client.span_id, "{name}");
        assert_eq!(server.trace_id, agent.trace_id, "{name}");
    }
    let [client, server] = named(&spans, "tools/call forecast");
    let look = spans.iter().find(|span| span.name == "look").unwrap();
    assert_eq!(look.parent_span_id, server.span_id);
    for span in [client, server] {
        assert_eq!(attribute(span, spanwise::key::TYPE), "TOOL");
        assert_eq!(attribute(span, "mcp.method.name"), "tools/call");
        assert_eq!(attribute(span, "gen_ai.operation.name"), "execute_tool");
        assert_eq!(attribute(span, "gen_ai.tool.name"), "forecast");
        assert_eq!(attribute(span, "jsonrpc.request.id"), json!(2));
        assert_eq!(attribute(span, "mcp.protocol.version"), "2025-11-25");
        assert_eq!(inputs(span), json!({"city": "Oslo"}));
        assert_eq!(outputs(span), "sunny in Oslo");
        assert_eq!(failure(span), None);
    }
}

#[tokio::test]
async fn calls_at_a_time_are_their_callers() {
    let recorded = Recorded::start();
    let (client, _server) = connected(Weather::default()).await;
    let calls = ["a", "b", "c", "d"].map(|city| {
        let client = &client;
        spanwise::FutureExt::in_span(
            async move { client.call_tool(forecast(city)).await.unwrap() },
            spanwise::SpanBuilder::new(city).start(),
        )
    });
    futures_util::future::join_all(calls).await;
    let spans = recorded.spans();
    for span in spans.iter().filter(|span| span.name == "tools/call forecast" && span.kind == CLIENT) {
        let caller = spans.iter().find(|caller| caller.span_id == span.parent_span_id).unwrap();
        assert_eq!(inputs(span), json!({"city": caller.name}));
        assert_eq!(span.trace_id, caller.trace_id);
    }
}

#[tokio::test]
async fn what_a_tool_says_went_wrong_fails_its_spans() {
    let recorded = Recorded::start();
    let (client, _server) = connected(Weather::default()).await;
    assert_eq!(client.call_tool(call("broken")).await.unwrap().is_error, Some(true));
    for span in named(&recorded.spans(), "tools/call broken") {
        assert_eq!(failure(span), Some("no sky\nat all"));
        assert_eq!(attribute(span, "error.type"), "tool_error");
        assert_eq!(outputs(span)["content"][1]["text"], "at all");
    }
}

#[tokio::test]
async fn json_rpc_errors_fail_spans() {
    let recorded = Recorded::start();
    let (client, _server) = connected(Weather::default()).await;
    let error = client.call_tool(call("unknown")).await.unwrap_err();
    assert!(matches!(error, ServiceError::McpError(_)));
    client.read_resource(ReadResourceRequestParams::new("file:///a")).await.unwrap_err();
    let spans = recorded.spans();
    for span in named(&spans, "tools/call unknown") {
        assert_eq!(failure(span), Some("no such city"));
        assert_eq!(attribute(span, "rpc.response.status_code"), json!(-32602));
        assert_eq!(attribute(span, "error.type"), json!(-32602));
        assert_eq!(outputs(span), json!({"city": "Atlantis"}));
    }
    for span in named(&spans, "resources/read") {
        assert_eq!(attribute(span, "mcp.resource.uri"), "file:///a");
        assert_eq!(attribute(span, "error.type"), json!(-32601));
        assert_eq!(inputs(span), json!({"uri": "file:///a"}));
    }
}

#[tokio::test]
async fn images_are_kept_as_they_are() {
    let recorded = Recorded::start();
    let (client, _server) = connected(Weather::default()).await;
    client.call_tool(call("picture")).await.unwrap();
    for span in named(&recorded.spans(), "tools/call picture") {
        let image = json!({"type": "image", "data": "QUJD", "mimeType": "image/png"});
        assert_eq!(outputs(span), json!({"content": [image]}));
    }
}

#[tokio::test]
async fn notifications_are_events_and_cancellation_ends_both_spans() {
    let recorded = Recorded::start();
    let server = Weather::default();
    let (client, _server) = connected(server.clone()).await;
    let request = ClientRequest::CallToolRequest(CallToolRequest::new(call("wait")));
    let handle = client.send_cancellable_request(request, PeerRequestOptions::no_options()).await.unwrap();
    tokio::time::timeout(SOON, server.waits.notified()).await.unwrap();
    handle.cancel(Some("enough".to_owned())).await.unwrap();
    // A later answer means that the cancellation was handled.
    client.call_tool(forecast("Oslo")).await.unwrap();
    for span in named(&recorded.spans(), "tools/call wait") {
        assert_eq!(failure(span), Some("cancelled: enough"));
        assert_eq!(attribute(span, "error.type"), "cancelled");
        let expected = ["notifications/progress", "notifications/message", "notifications/cancelled"];
        assert_eq!(events(span), expected);
        let mut told: Vec<&str> =
            span.events[0].attributes.iter().map(|attribute| attribute.key.as_str()).collect();
        told.sort_unstable();
        assert_eq!(told, ["message", "progress", "progressToken", "total"]);
    }
}

#[tokio::test]
async fn more_than_so_many_notifications_are_counted() {
    let recorded = Recorded::start();
    let (client, _server) = connected(Weather::default()).await;
    client.call_tool(call("chat")).await.unwrap();
    for span in named(&recorded.spans(), "tools/call chat") {
        assert_eq!(span.events.len(), NOTIFICATIONS_MAX);
        assert_eq!(attribute(span, "spanwise.mcp.omitted_notifications"), json!(3));
        let message = span.events[0].attributes.iter().find(|attribute| attribute.key == "message").unwrap();
        let text = format!("{:?}", message.value);
        assert!(text.contains("é… (4096 of 20000 bytes)"), "{text}");
    }
}

#[tokio::test]
async fn a_time_out_ends_both_spans() {
    let recorded = Recorded::start();
    let (client, _server) = connected(Weather::default()).await;
    let request = ClientRequest::CallToolRequest(CallToolRequest::new(call("wait")));
    let options = PeerRequestOptions::with_timeout(Duration::from_millis(20));
    let handle = client.send_request_with_option(request, options).await.unwrap();
    assert!(matches!(handle.await_response().await, Err(ServiceError::Timeout { .. })));
    client.call_tool(forecast("Oslo")).await.unwrap();
    for span in named(&recorded.spans(), "tools/call wait") {
        assert_eq!(failure(span), Some("request timeout"));
        assert_eq!(attribute(span, "error.type"), "timeout");
    }
}

#[tokio::test]
async fn a_connection_that_closes_ends_what_is_open() {
    let recorded = Recorded::start();
    let server = Weather::default();
    let (client, _serving) = connected(server.clone()).await;
    let peer = client.peer().clone();
    let waiting = tokio::spawn(async move { peer.call_tool(call("wait")).await });
    tokio::time::timeout(SOON, server.waits.notified()).await.unwrap();
    client.cancel().await.unwrap();
    waiting.await.unwrap().unwrap_err();
    let spans = recorded.spans();
    let client = spans.iter().find(|span| span.name == "tools/call wait").unwrap();
    assert_eq!(failure(client), Some("connection closed"));
}

#[tokio::test]
async fn a_server_that_goes_away_ends_what_is_open() {
    let recorded = Recorded::start();
    let (near, far) = tokio::io::duplex(1 << 16);
    let server = tokio::spawn(async move {
        let (read, mut write) = tokio::io::split(far);
        let mut lines = BufReader::new(read).lines();
        let initialize: Value = serde_json::from_str(&lines.next_line().await.unwrap().unwrap()).unwrap();
        let result = json!({
            "protocolVersion": initialize["params"]["protocolVersion"],
            "capabilities": {},
            "serverInfo": {"name": "brief", "version": "1"},
        });
        // Some servers send ids back as texts.
        let answer = json!({"jsonrpc": "2.0", "id": initialize["id"].to_string(), "result": result});
        write.write_all(format!("{answer}\n").as_bytes()).await.unwrap();
        let initialized = lines.next_line().await.unwrap().unwrap();
        assert!(initialized.contains("notifications/initialized"));
        lines.next_line().await.unwrap().unwrap()
    });
    let client = mcp::traced(Model).serve(near).await.unwrap();
    client.call_tool(forecast("Oslo")).await.unwrap_err();
    let call: Value = serde_json::from_str(&server.await.unwrap()).unwrap();
    let spans = recorded.spans();
    let span = |name: &str| spans.iter().find(|span| span.name == name).unwrap();
    assert_eq!(failure(span("initialize")), None);
    assert_eq!(failure(span("tools/call forecast")), Some("connection closed"));
    let told = spanwise::SpanContext::parse(call["params"]["_meta"]["traceparent"].as_str().unwrap(), None);
    assert_eq!(told.unwrap().span_id.to_string(), hex(&span("tools/call forecast").span_id));
}

#[tokio::test]
async fn parts_make_a_client_with_another_lifecycle() {
    let recorded = Recorded::start();
    let (near, far) = tokio::io::duplex(1 << 16);
    let server = serve(Weather::default(), far);
    let lifecycle = ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] };
    let running =
        serve_client_with_lifecycle(mcp::traced(Model), mcp::transport(near), lifecycle).await.unwrap();
    let client = mcp::Client::from(running);
    client.call_tool(forecast("Oslo")).await.unwrap();
    client.cancel().await.unwrap();
    server.await.unwrap();
    let spans = recorded.spans();
    named(&spans, "server/discover");
    for span in named(&spans, "tools/call forecast") {
        assert_eq!(attribute(span, "mcp.protocol.version"), "2026-07-28");
        assert_eq!(outputs(span), "sunny in Oslo");
    }
}

#[tokio::test]
async fn a_handler_that_panics_fails_its_span() {
    let recorded = Recorded::start();
    let (client, _server) = connected(Weather::default()).await;
    let options = PeerRequestOptions::with_timeout(Duration::from_millis(20));
    let request = ClientRequest::CallToolRequest(CallToolRequest::new(call("panic")));
    let handle = client.send_request_with_option(request, options).await.unwrap();
    handle.await_response().await.unwrap_err();
    let spans = recorded.spans();
    let [client, server] = named(&spans, "tools/call panic");
    assert_eq!(failure(server), Some("panicked: it rains"));
    assert_eq!(attribute(client, "error.type"), "timeout");
}

#[tokio::test]
async fn what_a_server_asks_back_is_below_the_call() {
    let recorded = Recorded::start();
    let (client, _server) = connected(Weather::default()).await;
    client.call_tool(call("ask")).await.unwrap();
    let spans = recorded.spans();
    let [_, handled] = named(&spans, "tools/call ask");
    let [asked, answered] = named(&spans, "sampling/createMessage");
    assert_eq!(asked.parent_span_id, handled.span_id);
    assert_eq!(answered.parent_span_id, asked.span_id);
    let look = spans.iter().find(|span| span.name == "look").unwrap();
    assert_eq!(look.parent_span_id, answered.span_id);
    assert_eq!(outputs(answered)["model"], "m-1");
    assert_eq!(outputs(handled), json!({"model": "m-1"}));
}

#[tokio::test]
async fn a_server_that_does_not_tell_asks_back_below_the_only_call() {
    let recorded = Recorded::start();
    let (near, far) = tokio::io::duplex(1 << 16);
    tokio::spawn(async move { serve_server(Weather::default(), far).await.unwrap().waiting().await });
    let client = mcp::traced(Model).serve(near).await.unwrap();
    client.call_tool(call("ask")).await.unwrap();
    let spans = recorded.spans();
    let called = spans.iter().find(|span| span.name == "tools/call ask").unwrap();
    let answered = spans.iter().find(|span| span.name == "sampling/createMessage").unwrap();
    assert_eq!(answered.parent_span_id, called.span_id);
}

#[tokio::test]
async fn a_handler_alone_records_what_it_handles() {
    let recorded = Recorded::start();
    let (near, far) = tokio::io::duplex(1 << 16);
    let server = Weather::default();
    let handler = mcp::traced(server.clone());
    tokio::spawn(async move { serve_server(handler, far).await.unwrap().waiting().await });
    let client = mcp::traced(Model).serve(near).await.unwrap();
    client.call_tool(forecast("Oslo")).await.unwrap();
    let request = ClientRequest::CallToolRequest(CallToolRequest::new(call("wait")));
    let handle = client.send_cancellable_request(request, PeerRequestOptions::no_options()).await.unwrap();
    tokio::time::timeout(SOON, server.waits.notified()).await.unwrap();
    handle.cancel(None).await.unwrap();
    client.call_tool(call("picture")).await.unwrap();
    let spans = recorded.spans();
    let [client, server] = named(&spans, "tools/call forecast");
    assert_eq!(server.parent_span_id, client.span_id);
    assert_eq!(attribute(server, "mcp.protocol.version"), "2025-11-25");
    let [_, server] = named(&spans, "tools/call wait");
    assert!(failure(server).unwrap().starts_with("cancelled"));
}

#[cfg(feature = "rmcp-http-server")]
#[tokio::test]
async fn a_handler_for_http_is_one_as_well() {
    let recorded = Recorded::start();
    let (near, far) = tokio::io::duplex(1 << 16);
    let server = Weather::default();
    let handler = mcp::traced(server.clone()).into_handler();
    tokio::spawn(async move { serve_server(handler, mcp::transport(far)).await.unwrap().waiting().await });
    let client = mcp::traced(Model).serve(near).await.unwrap();
    client.list_tools(None).await.unwrap();
    client.call_tool(forecast("Oslo")).await.unwrap();
    client.call_tool(call("broken")).await.unwrap();
    client.call_tool(call("unknown")).await.unwrap_err();
    let request = ClientRequest::CallToolRequest(CallToolRequest::new(call("wait")));
    let handle = client.send_cancellable_request(request, PeerRequestOptions::no_options()).await.unwrap();
    tokio::time::timeout(SOON, server.waits.notified()).await.unwrap();
    handle.cancel(Some("enough".to_owned())).await.unwrap();
    client.call_tool(call("picture")).await.unwrap();
    let spans = recorded.spans();
    for (name, error) in [
        ("initialize", None),
        ("tools/list", None),
        ("tools/call forecast", None),
        ("tools/call picture", None),
        ("tools/call broken", Some("no sky\nat all")),
        ("tools/call unknown", Some("no such city")),
        ("tools/call wait", Some("cancelled: enough")),
    ] {
        let [client, server] = named(&spans, name);
        assert_eq!(server.parent_span_id, client.span_id, "{name}");
        assert_eq!((failure(client), failure(server)), (error, error), "{name}");
        // A later version says what kind a result is of; that is left out on both sides.
        assert_eq!((inputs(client), outputs(client)), (inputs(server), outputs(server)), "{name}");
    }
    let look = spans.iter().find(|span| span.name == "look").unwrap();
    assert_eq!(look.parent_span_id, named(&spans, "tools/call forecast")[1].span_id);
}

#[tokio::test]
async fn what_is_not_recorded_is_told_as_such() {
    let recorded = Recorded::start();
    let (client, _server) = connected(Weather::default()).await;
    let options = spanwise::StartOptions { parent: spanwise::Parent::Root, sampling: Some(0.0) };
    let unsampled = spanwise::SpanBuilder::with("caller", options).start();
    let calls = async {
        client.call_tool(forecast("Oslo")).await.unwrap();
        client.call_tool(call("ask")).await.unwrap();
    };
    spanwise::FutureExt::in_span(calls, unsampled).await;
    client.call_tool(call("picture")).await.unwrap();
    let spans = recorded.spans();
    let mut names: Vec<&str> = spans.iter().map(|span| span.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["initialize", "initialize", "tools/call picture", "tools/call picture"]);
}

#[tokio::test]
async fn a_bare_peer_is_told_where_it_is_called() {
    let recorded = Recorded::start();
    let (client, _server) = connected(Weather::default()).await;
    let peer = client.peer().clone();
    let caller = spanwise::span!("caller");
    let params = caller.scope(|| mcp::here(call("picture")));
    let expected = caller.span_id().unwrap().to_string();
    drop(caller);
    peer.call_tool(params).await.unwrap();
    let spans = recorded.spans();
    let [client, _] = named(&spans, "tools/call picture");
    assert_eq!(hex(&client.parent_span_id), expected);
}

#[tokio::test]
async fn nothing_is_recorded_or_told_while_recording_is_off() {
    let recorded = Recorded::start();
    spanwise::disable();
    let (client, _server) = connected(Weather::default()).await;
    client.call_tool(forecast("Oslo")).await.unwrap();
    spanwise::enable();
    assert!(recorded.spans().is_empty());
}
