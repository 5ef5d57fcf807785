//! The attribute `#[spanwise::trace]`. The crate `spanwise` has it, and the code that it calls.

mod args;
mod expand;
mod shape;

use proc_macro::TokenStream;
use syn::{ItemFn, parse_macro_input};

/// Records each call of a function as a span: its arguments as inputs, what it returns as outputs, errors and panics.
///
/// It stands on functions and methods, also in traits, that are synchronous, `async`, or return `impl Future`,
/// `impl Stream` or such in a `Pin<Box<dyn …>>`. The span is current while the function runs.
///
/// | argument | what |
/// | --- | --- |
/// | `name = "ask"` | the name of the span; without, that of the function |
/// | `type = "TOOL"` | what it does: `AGENT`, `CHAIN`, `CHAT_MODEL`, `LLM`, `TOOL`, `RETRIEVER`, `EMBEDDING`, … |
/// | `skip(key, client)` | arguments that are not recorded |
/// | `skip_all` | none is |
/// | `skip_output` | what is returned is not recorded |
/// | `rename(q = "question")` | what an argument is called among the inputs |
/// | `attributes("gen_ai.request.model" = model, tries = 3)` | more attributes; values may use the arguments |
/// | `sample = 0.1` | the share of calls that is recorded, where the call begins a trace |
/// | `stream_limit = 65536` | bytes of a streamed output that are kept; 1 MiB without |
///
/// Values are recorded through `serde::Serialize`, else through `Debug`, else by the name of their type. A `Result` that is
/// `Err` fails the span, with the error and its sources.
#[proc_macro_attribute]
pub fn trace(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let args = parse_macro_input!(arguments as args::Args);
    let function = match syn::parse::<ItemFn>(item.clone()) {
        Ok(function) => function,
        Err(_) => return refuse(item),
    };
    expand::expand(&args, function).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Says what is wrong with anything but a function, and leaves it as it is, so that nothing else is reported.
fn refuse(item: TokenStream) -> TokenStream {
    let message =
        "#[spanwise::trace] stands on a function with a body; for other code there is `spanwise::span!`";
    let error = syn::Error::new(proc_macro2::Span::call_site(), message).into_compile_error();
    let mut tokens = TokenStream::from(error);
    tokens.extend(item);
    tokens
}
