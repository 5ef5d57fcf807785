//! Trees that were sent as one attribute for each leaf, such as `llm.input_messages.0.message.role`.

use super::json::native_tree;
use serde_json::{Map, Value};
use spanwise_otlp::SpanView;

/// Most steps of a key that are taken apart; the rest of a longer key is one step.
const STEPS_MAX: usize = 16;

/// Puts the attributes below `prefix` together again; `None` if there are none.
pub(crate) fn flat_tree(span: &SpanView<'_>, prefix: &str) -> Option<Value> {
    let below = |key: &'_ str| key.strip_prefix(prefix)?.strip_prefix('.').map(str::len);
    tree_of(span, below)
}

/// Puts the attributes below `prefix`, which ends with a dot, together again, if they are the elements of a list;
/// what else is below it is left out.
pub(crate) fn flat_list(span: &SpanView<'_>, prefix: &str) -> Option<Vec<Value>> {
    let below = |key: &str| {
        let path = key.strip_prefix(prefix)?;
        path.starts_with(|c: char| c.is_ascii_digit()).then_some(path.len())
    };
    match tree_of(span, below)? {
        Value::Array(list) => Some(list),
        _ => None,
    }
}

/// Makes a tree of the attributes for which `below` tells how long the path at the end of their keys is.
fn tree_of(span: &SpanView<'_>, below: impl Fn(&str) -> Option<usize>) -> Option<Value> {
    let mut root = Value::Null;
    for (key, value) in span.attributes() {
        if let Some(length) = below(key) {
            insert(&mut root, &key[key.len() - length..], native_tree(value));
        }
    }
    (!root.is_null()).then(|| with_lists(root))
}

fn insert(root: &mut Value, path: &str, leaf: Value) {
    let mut place = root;
    for step in path.splitn(STEPS_MAX, '.') {
        if !place.is_object() {
            *place = Value::Object(Map::new());
        }
        let Value::Object(map) = place else { return };
        place = map.entry(step).or_insert(Value::Null);
    }
    *place = leaf;
}

/// Makes lists of the maps whose keys are numbers, in the order of the numbers. The depth is that of the steps.
fn with_lists(value: Value) -> Value {
    let Value::Object(map) = value else { return value };
    let numbers: Option<Vec<u32>> = map.keys().map(|key| key.parse().ok()).collect();
    let values = map.into_iter().map(|(key, value)| (key, with_lists(value)));
    let Some(numbers) = numbers.filter(|numbers| !numbers.is_empty()) else {
        return values.collect::<Map<_, _>>().into();
    };
    let mut elements: Vec<_> = numbers.into_iter().zip(values.map(|(_, value)| value)).collect();
    elements.sort_by_key(|(number, _)| *number);
    elements.into_iter().map(|(_, value)| value).collect()
}
