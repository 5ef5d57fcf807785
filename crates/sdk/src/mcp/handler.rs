//! A traced handler where a `ServerHandler` is asked for, and not a service: `rmcp`'s server over HTTP.

// Clients of earlier versions of the protocol still use what is deprecated.
#![expect(deprecated, reason = "every method is passed on")]

use super::Traced;
use super::connection::{Connection, OfConnection};
use super::message::{self, Message};
use super::service::{record, run, serve};
use crate::SpanRef;
use rmcp::model::*;
use rmcp::service::{MaybeSendFuture, NotificationContext, RequestContext, SubscriptionContext};
use rmcp::{ErrorData, RoleServer, ServerHandler};
use std::borrow::Cow;
use std::sync::Arc;

impl<S: ServerHandler> Traced<S> {
    /// Returns it as a `ServerHandler`, for `StreamableHttpService`.
    ///
    /// It passes on each method that a `ServerHandler` of `rmcp` 3.11 has; one that a later version adds is not reached
    /// through it.
    pub fn into_handler(self) -> TracedHandler<S> {
        TracedHandler { handler: self.handler, connection: self.connection }
    }
}

/// A `ServerHandler` whose requests are recorded; see [`Traced::into_handler`].
#[derive(Debug)]
pub struct TracedHandler<S> {
    handler: S,
    /// Where the transport is not recorded; else the transport's is taken.
    connection: Arc<Connection>,
}

impl<S: Clone> Clone for TracedHandler<S> {
    /// Returns another handler, for another connection: requests of two may have the same ids.
    fn clone(&self) -> TracedHandler<S> {
        TracedHandler { handler: self.handler.clone(), connection: Arc::new(Connection::new()) }
    }
}

macro_rules! requests {
    ($($method:ident($name:expr, $params:ty) -> $result:ty, $record:expr;)*) => {$(
        fn $method(
            &self,
            request: $params,
            context: RequestContext<RoleServer>,
        ) -> impl Future<Output = Result<$result, ErrorData>> + MaybeSendFuture + '_ {
            let served = serve(&self.connection, || Message::of($name, &request), &context);
            run(served, context, |context| self.handler.$method(request, context), $record)
        }
    )*};
}

macro_rules! requests_without_params {
    ($($method:ident($name:expr) -> $result:ty;)*) => {$(
        fn $method(
            &self,
            context: RequestContext<RoleServer>,
        ) -> impl Future<Output = Result<$result, ErrorData>> + MaybeSendFuture + '_ {
            let served = serve(&self.connection, || Message::of($name, &()), &context);
            run(served, context, |context| self.handler.$method(context), record)
        }
    )*};
}

macro_rules! notifications {
    ($($method:ident($($notification:ident: $params:ty)?);)*) => {$(
        fn $method(
            &self,
            $($notification: $params,)?
            context: NotificationContext<RoleServer>,
        ) -> impl Future<Output = ()> + MaybeSendFuture + '_ {
            self.handler.$method($($notification,)? context)
        }
    )*};
}

// What is not passed on would be answered by the trait, as if the handler had none of it.
#[deny(clippy::missing_trait_methods)]
impl<S: ServerHandler> ServerHandler for TracedHandler<S> {
    requests_without_params! {
        ping("ping") -> ();
        discover("server/discover") -> DiscoverResult;
    }

    requests! {
        initialize(message::INITIALIZE, InitializeRequestParams) -> InitializeResult, record;
        complete("completion/complete", CompleteRequestParams) -> CompleteResult, record;
        set_level("logging/setLevel", SetLevelRequestParams) -> (), record;
        get_prompt("prompts/get", GetPromptRequestParams) -> GetPromptResponse, record_prompt;
        list_prompts("prompts/list", Option<PaginatedRequestParams>) -> ListPromptsResult, record;
        list_resources("resources/list", Option<PaginatedRequestParams>) -> ListResourcesResult, record;
        list_resource_templates("resources/templates/list", Option<PaginatedRequestParams>)
            -> ListResourceTemplatesResult, record;
        read_resource("resources/read", ReadResourceRequestParams) -> ReadResourceResponse, record_resource;
        subscribe("resources/subscribe", SubscribeRequestParams) -> (), record;
        unsubscribe("resources/unsubscribe", UnsubscribeRequestParams) -> (), record;
        call_tool("tools/call", CallToolRequestParams) -> CallToolResponse, record_tool;
        list_tools("tools/list", Option<PaginatedRequestParams>) -> ListToolsResult, record;
        get_task("tasks/get", GetTaskParams) -> GetTaskResult, record;
        update_task("tasks/update", UpdateTaskParams) -> (), record;
        cancel_task("tasks/cancel", CancelTaskParams) -> (), record;
        list_skills("skills/list", Option<PaginatedRequestParams>) -> ListSkillsResult, record;
        get_skill("skills/get", GetSkillRequestParams) -> GetSkillResult, record;
        read_resource_directory("resources/directory/read", ReadResourceDirectoryRequestParams)
            -> ListResourcesResult, record;
    }

    notifications! {
        on_progress(notification: ProgressNotificationParam);
        on_initialized();
        on_roots_list_changed();
        on_custom_notification(notification: CustomNotification);
    }

    fn on_cancelled(
        &self,
        notification: CancelledNotificationParam,
        context: NotificationContext<RoleServer>,
    ) -> impl Future<Output = ()> + MaybeSendFuture + '_ {
        if context.extensions.get::<OfConnection>().is_none() {
            self.connection.notified(|| Message::of("notifications/cancelled", &notification), &context.meta);
        }
        self.handler.on_cancelled(notification, context)
    }

    fn on_custom_request(
        &self,
        request: CustomRequest,
        context: RequestContext<RoleServer>,
    ) -> impl Future<Output = Result<CustomResult, ErrorData>> + MaybeSendFuture + '_ {
        let served = serve(&self.connection, || Message::read(&request), &context);
        run(served, context, |context| self.handler.on_custom_request(request, context), record)
    }

    fn listen(
        &self,
        context: SubscriptionContext,
    ) -> impl Future<Output = Result<(), ErrorData>> + MaybeSendFuture + '_ {
        let request = context.request_context().clone();
        let served =
            serve(&self.connection, || Message::of("subscriptions/listen", context.requested()), &request);
        run(served, request, |_| self.handler.listen(context), record)
    }

    fn negotiate_initialize(&self, request: &InitializeRequestParams) -> Result<InitializeResult, ErrorData> {
        self.handler.negotiate_initialize(request)
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        self.handler.supported_protocol_versions()
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        self.handler.accepted_subscription_filter(requested)
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        self.handler.get_tool(name)
    }

    fn get_info(&self) -> ServerConfig {
        self.handler.get_info()
    }
}

fn record_tool(span: &SpanRef, method: &str, response: &CallToolResponse) {
    match response {
        CallToolResponse::Complete(result) => record(span, method, result),
        CallToolResponse::InputRequired(result) => record(span, method, result),
        CallToolResponse::Task(result) => record(span, method, result),
        // One of a later version: what it says goes to the client, which may record it.
        _ => {}
    }
}

fn record_prompt(span: &SpanRef, method: &str, response: &GetPromptResponse) {
    match response {
        GetPromptResponse::Complete(result) => record(span, method, result),
        GetPromptResponse::InputRequired(result) => record(span, method, result),
        _ => {}
    }
}

fn record_resource(span: &SpanRef, method: &str, response: &ReadResourceResponse) {
    match response {
        ReadResourceResponse::Complete(result) => record(span, method, result),
        ReadResourceResponse::InputRequired(result) => record(span, method, result),
        _ => {}
    }
}
