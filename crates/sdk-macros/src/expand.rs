//! The function as it is compiled: what it was, inside a span.

use crate::args::Args;
use crate::shape::{Returned, Shape, arguments};
use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Error, Ident, ItemFn, LitStr, Result, ReturnType};

pub(crate) fn expand(args: &Args, function: ItemFn) -> Result<TokenStream> {
    let ItemFn { attrs, vis, sig, block, .. } = &function;
    if let Some(keyword) = &sig.constness {
        let message = "#[spanwise::trace] can't stand on a `const fn`, which may run in the compiler";
        return Err(Error::new(keyword.span(), message));
    }
    let names = arguments(sig);
    check_names(args, &names)?;
    let returned = Returned::of(sig);
    // Not the block as it is: braces around braces that its author wrote are warned about.
    let body = &block.stmts;
    let start = start(args, &sig.ident, &names);
    let done = done(args, &returned);
    let run = if sig.asyncness.is_some() {
        let typed = typed(&sig.output, &returned);
        let run = match returned.shape {
            Shape::Stream => {
                let limit = limit(args);
                quote!(__private::run_async_stream(__span, async move { #(#body)* }, #limit, #done).await)
            }
            _ => quote!(__private::run_async(__span, async move { #typed #(#body)* }, #done).await),
        };
        quote!(#start #run)
    } else {
        let run = match (returned.shape, &sig.output) {
            (Shape::Value, ReturnType::Type(_, output)) if returned.is_nameable => {
                quote!(__private::run(__span, move || -> #output { #(#body)* }, #done))
            }
            // A body that never returns would leave open what it gives.
            (Shape::Value, ReturnType::Default) => {
                quote!(__private::run(__span, move || -> () { #(#body)* }, #done))
            }
            (Shape::Value, _) => quote!(__private::run(__span, move || { #(#body)* }, #done)),
            (Shape::Future, _) => quote!(__private::run_future(__span, move || { #(#body)* }, #done)),
            (Shape::Stream, _) => {
                let limit = limit(args);
                quote!(__private::run_stream(__span, move || { #(#body)* }, #limit, #done))
            }
        };
        let run = if returned.is_boxed { quote!(::std::boxed::Box::pin(#run)) } else { run };
        quote!(#start #run)
    };
    Ok(quote! {
        #(#attrs)* #vis #sig {
            use ::spanwise::__private;
            #run
        }
    })
}

/// Says which arguments are named that the function does not have.
fn check_names(args: &Args, names: &[Ident]) -> Result<()> {
    let renamed = args.rename.iter().map(|(name, _)| name);
    for name in args.skip.iter().chain(renamed) {
        if !names.contains(name) {
            let known: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            return Err(Error::new(
                name.span(),
                format!("the function has no argument `{name}`; it has {known}"),
            ));
        }
    }
    Ok(())
}

/// Starts the span, which is then called `__span`.
fn start(args: &Args, function: &Ident, names: &[Ident]) -> TokenStream {
    let default = LitStr::new(&function.to_string(), function.span());
    let name = args.name.as_ref().map_or_else(|| quote!(#default), |name| quote!(#name));
    let sampling = match &args.sample {
        Some(share) => quote!(::std::option::Option::Some(#share)),
        None => quote!(::std::option::Option::None),
    };
    let span_type = args.span_type.iter().map(|span_type| quote!(.span_type(#span_type)));
    let attributes =
        args.attributes.iter().map(|(key, value)| quote_spanned!(value.span()=> .attribute(#key, &#value)));
    let recorded: Vec<_> = names.iter().filter(|name| !args.skip_all && !args.skip.contains(name)).collect();
    let inputs = (!recorded.is_empty()).then(|| {
        let entries = recorded.iter().map(|name| {
            let renamed = args.rename.iter().find(|(from, _)| *from == **name);
            let text = name.to_string();
            let plain = LitStr::new(text.strip_prefix("r#").unwrap_or(&text), name.span());
            let key = renamed.map_or(plain, |(_, to)| to.clone());
            quote!(__inputs.entry(#key, |__out| __private::json!(&#name, __out));)
        });
        quote!(.text(__private::INPUTS, |__out| __private::inputs(__out, |__inputs| { #(#entries)* })))
    });
    quote! {
        let __span = __private::builder(#name, #sampling);
        // Attributes are evaluated only for a span that is recorded.
        let __span = if __span.is_recording() { __span #(#span_type)* #(#attributes)* #inputs } else { __span };
        let __span = __span.start();
    }
}

/// What is done with what a call gave, as a closure.
fn done(args: &Args, returned: &Returned) -> TokenStream {
    let is_stream = returned.shape == Shape::Stream;
    let record = match (args.skip_output, returned.is_unit, is_stream) {
        (true, _, true) => quote!(__private::record_error!(__span, __value)),
        (false, _, true) => quote!(__private::record_item!(__span, __value, __gathered)),
        (true, ..) | (_, true, _) => quote!(__private::record_error!(__span, __value)),
        (false, false, false) => quote!(__private::record_value!(__span, __value)),
    };
    if is_stream { quote!(|__span, __value, __gathered| #record) } else { quote!(|__span, __value| #record) }
}

fn limit(args: &Args) -> TokenStream {
    args.stream_limit.as_ref().map_or_else(|| quote!(__private::STREAM_BYTES_MAX), |limit| quote!(#limit))
}

/// Tells the compiler what an `async` block gives, which it would have to guess from the first `return` or `?` in it.
fn typed(output: &ReturnType, returned: &Returned) -> TokenStream {
    let output = match output {
        ReturnType::Type(_, output) if returned.is_nameable => quote!(#output),
        ReturnType::Default => quote!(()),
        ReturnType::Type(..) => return TokenStream::new(),
    };
    quote! {
        if false {
            return __private::never::<#output>();
        }
    }
}
