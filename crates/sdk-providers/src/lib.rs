//! Recognises calls of LLM providers in HTTP traffic, and records them as spans.
//!
//! No HTTP client is known here, and nothing waits: an adaptor hands over the head and the body of a request, and then the
//! bytes of the response as they come, however they are split. The same code serves all of the SDKs.
//!
//! ```
//! use spanwise_sdk_core::StartOptions;
//! use spanwise_sdk_providers::{End, Options, RequestBody, RequestHead, recognise};
//!
//! let head = RequestHead { method: "POST", url: "https://api.openai.com/v1/chat/completions", header: &|_| None };
//! let body = br#"{"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}]}"#;
//! let call = recognise(&head, RequestBody::Bytes(body), Options::default()).expect("a call of a provider");
//! assert_eq!(call.span_name(), "chat gpt-4o");
//!
//! let span = call.start(StartOptions::default());
//! let mut answer = call.answer(200, &|_| None);
//! answer.push(br#"{"model": "gpt-4o", "choices": [{"message": {"role": "assistant", "content": "Hello"},"#);
//! answer.push(br#""finish_reason": "stop"}], "usage": {"prompt_tokens": 8, "completion_tokens": 2}}"#);
//! answer.finish(&span, End::Complete);
//! ```
//!
//! A call is told by the end of its path and the shape of its body, so that base URLs, gateways and deployments do not
//! matter; the host only tells who serves the model. What is written follows OpenTelemetry's conventions for generative AI,
//! with the contents of messages as JSON.
//!
//! | protocol | paths |
//! | --- | --- |
//! | OpenAI and what speaks like it | `…/chat/completions`, `…/completions`, `…/responses`, `…/embeddings`, `…/images/generations`, `…/moderations`, `…/invocations` |
//! | Anthropic | `…/messages`; at Vertex AI `…:rawPredict`, `…:streamRawPredict` |
//! | Gemini, Vertex AI | `…:generateContent`, `…:streamGenerateContent`, `…:embedContent`, `…:batchEmbedContents`, `…:predict` |
//! | Bedrock | `…/model/ID/converse`, `converse-stream`, `invoke`, `invoke-with-response-stream` |
//! | Ollama | `…/api/chat`, `…/api/generate`, `…/api/embed`, `…/api/embeddings` |
//! | Cohere, Jina, Voyage | `…/v2/chat`, `…/embed`, `…/rerank` |

mod answer;
mod call;
mod error;
mod framing;
mod json;
mod parameter;
mod part;
mod protocol;
mod provider;
mod reply;
mod request;
mod route;
mod usage;

pub use answer::{ANSWER_BYTES_MAX, Answer, CANCELLED, End};
pub use call::{Call, Options, REQUEST_BYTES_MAX, RequestBody, RequestHead, may_be_call, recognise};
pub use error::record_failure;
