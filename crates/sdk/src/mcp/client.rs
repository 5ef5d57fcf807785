//! A running client whose calls say who called.

use super::here;
use crate::SpanRef;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ClientRequest, CompleteRequestParams,
    CompleteResult, GetMeta, GetPromptRequestParams, GetPromptResponse, GetPromptResult, ListPromptsResult,
    ListResourceTemplatesResult, ListResourcesResult, ListToolsResult, PaginatedRequestParams, Prompt,
    ReadResourceRequestParams, ReadResourceResponse, ReadResourceResult, Resource, ResourceTemplate,
    ServerResult, Tool,
};
use rmcp::service::{PeerRequestOptions, QuitReason, RequestHandle, RunningService, Service};
use rmcp::{RoleClient, ServiceError};
use std::ops::{Deref, DerefMut};

/// A running client, as `rmcp` gives it, whose calls are children of the span that the caller runs in.
///
/// It has `rmcp`'s methods. Those that are not here are reached through it all the same, and what they send is a child of the
/// span in which the client connected; so is what a bare `Peer` sends, unless [`here`] tells.
#[derive(Debug)]
pub struct Client<S: Service<RoleClient>> {
    running: RunningService<RoleClient, S>,
}

impl<S: Service<RoleClient>> From<RunningService<RoleClient, S>> for Client<S> {
    /// Makes the calls of a client whose [`transport`](super::transport) is recorded children of their callers' spans.
    fn from(running: RunningService<RoleClient, S>) -> Client<S> {
        Client { running }
    }
}

impl<S: Service<RoleClient>> Deref for Client<S> {
    type Target = RunningService<RoleClient, S>;

    fn deref(&self) -> &Self::Target {
        &self.running
    }
}

impl<S: Service<RoleClient>> DerefMut for Client<S> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.running
    }
}

macro_rules! calls {
    ($($method:ident($params:ty) -> $result:ty, $text:literal;)*) => {$(
        #[doc = $text]
        ///
        /// # Errors
        ///
        /// Those of `rmcp`.
        pub async fn $method(&self, params: $params) -> Result<$result, ServiceError> {
            self.running.$method(here(params)).await
        }
    )*};
}

macro_rules! lists {
    ($($method:ident -> $result:ty, $all:ident -> $items:ident: $item:ty, $what:literal;)*) => {$(
        #[doc = concat!("Asks for a page of ", $what, ".")]
        ///
        /// # Errors
        ///
        /// Those of `rmcp`.
        pub async fn $method(&self, params: Option<PaginatedRequestParams>) -> Result<$result, ServiceError> {
            self.running.$method(Some(here(params.unwrap_or_default()))).await
        }

        #[doc = concat!("Asks for all ", $what, ", page by page.")]
        ///
        /// # Errors
        ///
        /// Those of `rmcp`.
        pub async fn $all(&self) -> Result<Vec<$item>, ServiceError> {
            let mut all = Vec::new();
            let mut cursor = None;
            loop {
                let params = PaginatedRequestParams::default().with_cursor(cursor);
                let page = self.$method(Some(params)).await?;
                all.extend(page.$items);
                cursor = page.next_cursor;
                if cursor.is_none() {
                    return Ok(all);
                }
            }
        }
    )*};
}

impl<S: Service<RoleClient>> Client<S> {
    calls! {
        call_tool(CallToolRequestParams) -> CallToolResult,
            "Calls a tool, and answers what it asks for on the way.";
        call_tool_once(CallToolRequestParams) -> CallToolResponse,
            "Calls a tool; what it asks for on the way is the answer.";
        get_prompt(GetPromptRequestParams) -> GetPromptResult,
            "Gets a prompt, and answers what it asks for on the way.";
        get_prompt_once(GetPromptRequestParams) -> GetPromptResponse,
            "Gets a prompt; what it asks for on the way is the answer.";
        read_resource(ReadResourceRequestParams) -> ReadResourceResult,
            "Reads a resource, and answers what it asks for on the way.";
        read_resource_once(ReadResourceRequestParams) -> ReadResourceResponse,
            "Reads a resource; what it asks for on the way is the answer.";
        complete(CompleteRequestParams) -> CompleteResult,
            "Asks how an argument may go on.";
    }

    lists! {
        list_tools -> ListToolsResult, list_all_tools -> tools: Tool, "tools";
        list_prompts -> ListPromptsResult, list_all_prompts -> prompts: Prompt, "prompts";
        list_resources -> ListResourcesResult, list_all_resources -> resources: Resource, "resources";
        list_resource_templates -> ListResourceTemplatesResult,
            list_all_resource_templates -> resource_templates: ResourceTemplate, "templates of resources";
    }

    /// Sends a request of any kind, and waits for its answer.
    ///
    /// # Errors
    ///
    /// Those of `rmcp`.
    pub async fn send_request(&self, request: ClientRequest) -> Result<ServerResult, ServiceError> {
        self.running.send_request(tell(request)).await
    }

    /// Sends a request of any kind, which can be cancelled and may have a time-out.
    ///
    /// # Errors
    ///
    /// Those of `rmcp`.
    pub async fn send_request_with_option(
        &self,
        request: ClientRequest,
        options: PeerRequestOptions,
    ) -> Result<RequestHandle<RoleClient>, ServiceError> {
        self.running.send_request_with_option(tell(request), options).await
    }

    /// Sends a request of any kind, which can be cancelled and may have a time-out.
    ///
    /// # Errors
    ///
    /// Those of `rmcp`.
    pub async fn send_cancellable_request(
        &self,
        request: ClientRequest,
        options: PeerRequestOptions,
    ) -> Result<RequestHandle<RoleClient>, ServiceError> {
        self.send_request_with_option(request, options).await
    }

    /// Closes the connection and waits until that is done.
    ///
    /// # Errors
    ///
    /// Those of `rmcp`: the task of the connection panicked.
    pub async fn cancel(self) -> Result<QuitReason, tokio::task::JoinError> {
        self.running.cancel().await
    }

    /// Waits until the connection ends.
    ///
    /// # Errors
    ///
    /// Those of `rmcp`: the task of the connection panicked.
    pub async fn waiting(self) -> Result<QuitReason, tokio::task::JoinError> {
        self.running.waiting().await
    }

    /// Returns the client as `rmcp` gives it.
    pub fn into_inner(self) -> RunningService<RoleClient, S> {
        self.running
    }
}

/// Says in a request that it is made here.
fn tell(mut request: ClientRequest) -> ClientRequest {
    let span = SpanRef::current();
    let meta = request.get_meta_mut();
    if meta.get_traceparent().is_none() && span.span_context().is_some() {
        super::message::inject(&span, meta);
    }
    request
}
