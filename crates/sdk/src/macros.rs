//! `span!`.

/// Starts a span that is current until the guard it returns is dropped.
///
/// ```
/// # let question = "why?";
/// let span = spanwise::span!("ask", type = "LLM", inputs = question, "gen_ai.request.model" = "gpt-4o", tries = 1);
/// span.set_outputs("because");
/// drop(span);
/// ```
///
/// After the name, which may be any text, come `type`, `inputs`, `level`, `kind` and attributes: a text or a word,
/// `=`, and a value of a type that [`AttributeValue`](crate::AttributeValue) names. None of them is evaluated if the span is
/// not recorded. The guard stays on its thread; in `async` code use [`FutureExt::in_span`](crate::FutureExt::in_span).
#[macro_export]
macro_rules! span {
    ($name:expr $(, $($rest:tt)*)?) => {{
        let builder = $crate::SpanBuilder::new($name);
        let builder = if builder.is_recording() { $crate::__span_parts!(builder $(, $($rest)*)?) } else { builder };
        builder.start().enter()
    }};
}

/// The parts of `span!` behind the name.
#[doc(hidden)]
#[macro_export]
macro_rules! __span_parts {
    ($builder:expr $(,)?) => { $builder };
    ($builder:expr, type = $value:expr $(, $($rest:tt)*)?) => {
        $crate::__span_parts!($builder.span_type($value) $(, $($rest)*)?)
    };
    ($builder:expr, inputs = $value:expr $(, $($rest:tt)*)?) => {
        $crate::__span_parts!($builder.inputs(&$value) $(, $($rest)*)?)
    };
    ($builder:expr, level = $value:expr $(, $($rest:tt)*)?) => {
        $crate::__span_parts!($builder.level($value) $(, $($rest)*)?)
    };
    ($builder:expr, kind = $value:expr $(, $($rest:tt)*)?) => {
        $crate::__span_parts!($builder.kind($value) $(, $($rest)*)?)
    };
    ($builder:expr, $key:literal = $value:expr $(, $($rest:tt)*)?) => {
        $crate::__span_parts!($builder.attribute($key, &$value) $(, $($rest)*)?)
    };
    ($builder:expr, $key:ident = $value:expr $(, $($rest:tt)*)?) => {
        $crate::__span_parts!($builder.attribute(stringify!($key), &$value) $(, $($rest)*)?)
    };
}
