//! What may stand at the cursor, which is `|` in these texts.

use spanwise_query::{
    Expected, FIELDS, FieldKind, FieldScope, complete, field_info, parse_filter, parse_order_text,
};

/// Writes what is expected: `field`, `span-field` or `has-field`, `operator of x`, `value of x (kind)`, words; each
/// with the prefix in brackets; and before it all what is replaced.
fn at(text: &str) -> String {
    let cursor = text.find('|').expect("a cursor");
    let text = text.replacen('|', "", 1);
    let context = complete(&text, cursor);
    let expected: Vec<String> = context.expected.iter().map(describe).collect();
    format!("‹{}› {}", &text[context.span.clone()], expected.join("; "))
}

fn describe(expected: &Expected) -> String {
    match expected {
        Expected::Field { prefix, scope: FieldScope::Any } => format!("field [{prefix}]"),
        Expected::Field { prefix, scope: FieldScope::Span } => format!("span-field [{prefix}]"),
        Expected::Field { prefix, scope: FieldScope::Presence } => format!("has-field [{prefix}]"),
        Expected::Operator { field, prefix } => format!("operator of {field} [{prefix}]"),
        Expected::Value { field, kind, prefix } => format!("value of {field} ({}) [{prefix}]", kind.as_str()),
        Expected::Connective { words, prefix } => format!("{} [{prefix}]", words.join(" ")),
    }
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(at(text), expected, "{text}");
}

const START: &str = "NOT has: span( []";

#[test]
fn a_clause_begins_with_a_field() {
    check("|", &format!("‹› field []; {START}"));
    check("na|", "‹na› field [na]; NOT has: span( [na]");
    check("la|tency > 5s", "‹latency› field [la]; NOT has: span( [la]");
    check("name = 'x' AND |", &format!("‹› field []; {START}"));
    check("name = 'x' AND (NOT |", &format!("‹› field []; {START}"));
    check("tags.e|", "‹tags.e› field [tags.e]; NOT has: span( [tags.e]");
    check("tags.`my k|", "‹tags.`my k› field [tags.my k]; NOT has: span( [tags.my k]");
    check("has:|", "‹› has-field []");
    check("has:tags.e|nv AND", "‹tags.env› has-field [tags.e]");
}

#[test]
fn then_an_operator() {
    check("name |", "‹› operator of name []");
    check("name | 'x'", "‹› operator of name []");
    check("name LI|", "‹LI› operator of name [LI]");
    check("name NOT |", "‹NOT › operator of name [NOT]");
    check("name is no|", "‹is no› operator of name [is no]");
}

#[test]
fn then_a_value() {
    check("status = |", "‹› value of status (enum) []");
    check("status =|", "‹› value of status (enum) []");
    check("model = 'gp|", "‹'gp› value of model (text) [gp]");
    check("model = 'gp|t' AND x", "‹'gpt'› value of model (text) [gp]");
    check("latency >= 5|", "‹5› value of latency (duration) [5]");
    check("tags.env IN ('a', |", "‹› value of tags.env (map) []");
    check("tags.env IN ('a', 'b|", "‹'b› value of tags.env (map) [b]");
    check("unknown = |", "‹› value of unknown (text) []");
    check("`tags`.`a b` = pr|", "‹pr› value of tags.a b (map) [pr]");
}

#[test]
fn then_a_joint_or_the_next_field() {
    check("name = 'x' |", "‹› AND OR []");
    check("name IS NULL |", "‹› AND OR []");
    check("tags.a IN ('x') |", "‹› AND OR []");
    check("(name = 'x') |", "‹› AND OR []");
    check("has:error |", "‹› AND OR []");
    check("name = 'x' o|", "‹o› AND OR [o]; field [o]; NOT has: span( [o]");
}

#[test]
fn inside_span_fields_are_those_of_spans() {
    check("span(|", "‹› span-field []; NOT has: []");
    check("span(na|) AND x", "‹na› span-field [na]; NOT has: [na]");
    check("span(name = 'x' AND type = |", "‹› value of span.type (text) []");
    check("span(span.status = |", "‹› value of span.status (enum) []");
    check("span((a = 'x') OR |", "‹› span-field []; NOT has: []");
    check("span(name = 'x') AND |", &format!("‹› field []; {START}"));
}

#[test]
fn broken_filters_are_no_obstacle() {
    check(") = = 'x' && na|", "‹na› field [na]; NOT has: span( [na]");
    check("status = = |", "‹› AND OR []");
    check("é'|", "‹'› operator of é []");
}

#[test]
fn every_cursor_in_every_text_is_answered() {
    let text = "NOT (name LIKE 'é%' OR span(x `q) has: -1h tags.`a \" '";
    for cursor in 0..=text.len() + 3 {
        let context = complete(text, cursor);
        assert!(text.get(context.span.clone()).is_some(), "{cursor}: {context:?}");
    }
    assert!(complete(&"x ".repeat(40_000), 5).expected.is_empty());
}

/// Every operator of every field is taken by the parser, with a literal of the field's kind.
#[test]
fn the_table_of_fields_is_what_the_parser_takes() {
    for info in FIELDS {
        for name in std::iter::once(&info.name).chain(info.aliases) {
            assert_eq!(
                field_info(name).map(|info| info.name),
                (info.kind != FieldKind::Map).then_some(info.name)
            );
            for operator in info.operators {
                let (field, literal) = match info.kind {
                    FieldKind::Map => (format!("{name}.key"), "'5'"),
                    FieldKind::Duration => (name.to_string(), "5s"),
                    FieldKind::Time | FieldKind::Number => (name.to_string(), "5"),
                    FieldKind::Enum | FieldKind::Text if *name == "prompt" => (name.to_string(), "'p/1'"),
                    FieldKind::Enum | FieldKind::Text => (name.to_string(), "'OK'"),
                };
                let literal = match *operator {
                    "<" | "<=" | ">" | ">=" if info.kind == FieldKind::Map => "5",
                    "IN" | "NOT IN" => "('OK')",
                    "IS NULL" | "IS NOT NULL" => "",
                    _ => literal,
                };
                let filter = format!("{field} {operator} {literal}");
                let mlflow_only = ["timestamp", "timestamp_ms", "end_time", "end_time_ms"].contains(name);
                if !(mlflow_only && operator.ends_with("NULL")) {
                    assert!(parse_filter(&filter).is_ok(), "{filter}: {:?}", parse_filter(&filter));
                }
            }
        }
    }
    for info in FIELDS {
        let name =
            if info.kind == FieldKind::Map { format!("{}.key", info.name) } else { info.name.to_owned() };
        assert_eq!(parse_order_text(&name).is_ok(), info.orders, "{name}");
    }
    for key in ["tags.env", "tag.env", "span.attributes.a.b", "feedback.q", "metadata.`x y`"] {
        assert_eq!(field_info(key).map(|info| info.kind), Some(FieldKind::Map), "{key}");
    }
    assert!(field_info("tags.").is_none() && field_info("nothing").is_none());
}
