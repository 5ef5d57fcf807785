//! A subset of JSON Schema (2020-12), small enough to read: what it does not know is refused when a schema is made, never
//! passed over.
//!
//! | keywords | |
//! | --- | --- |
//! | any value | `type`, `enum`, `const`, `allOf`, `anyOf`, `oneOf`, `not`, `$ref` to `#` or into `$defs`/`definitions` |
//! | objects | `properties`, `required`, `additionalProperties`, `minProperties`, `maxProperties` |
//! | arrays | `items`, `prefixItems`, `minItems`, `maxItems`, `uniqueItems` |
//! | strings | `minLength`, `maxLength`, `pattern` |
//! | numbers | `minimum`, `maximum`, `exclusiveMinimum`, `exclusiveMaximum`, `multipleOf` |
//! | nothing | `$schema`, `$comment`, `title`, `description`, `default`, `examples`, `format`, `deprecated`, `readOnly`, `writeOnly` |

mod check;
mod validate;

pub(crate) use check::compile as schema_regex;

use crate::error::ScoreError;
use regex::Regex;
use serde_json::Value;
use std::collections::HashMap;

/// Bytes of a schema.
pub const SCHEMA_BYTES_MAX: usize = 64 << 10;
/// Places of a schema that are looked at for one value: schemas that refer to themselves in several branches take
/// exponential time otherwise.
pub const SCHEMA_STEPS_MAX: usize = 1_000_000;
/// Depth of schemas and values.
const DEPTH_MAX: usize = 64;
/// What does not fit that is told.
const PROBLEMS_MAX: usize = 5;

/// A checked schema.
#[derive(Debug, Clone)]
pub struct Schema {
    root: Value,
    /// The compiled values of `pattern`.
    patterns: HashMap<String, Regex>,
}

impl Schema {
    /// Checks a schema; `field` is what errors call it.
    ///
    /// # Errors
    /// A keyword that is not known, or has a value that it can't have, is named with its place.
    pub fn new(field: &str, schema: &Value) -> Result<Schema, ScoreError> {
        let bytes = schema.to_string().len();
        if bytes > SCHEMA_BYTES_MAX {
            let problem = format!("has {bytes} bytes; the limit is {SCHEMA_BYTES_MAX}");
            return Err(ScoreError::field(field, problem));
        }
        let mut checker = check::Checker { root: schema, patterns: HashMap::new() };
        checker.check(schema, field, 0)?;
        Ok(Schema { root: schema.clone(), patterns: checker.patterns })
    }

    /// Returns what does not fit, at most five problems with their places; none if the value is allowed.
    pub fn problems(&self, value: &Value) -> Vec<String> {
        validate::problems(self, value)
    }
}

/// Returns what a local reference refers to.
fn target<'a>(root: &'a Value, reference: &str) -> Option<&'a Value> {
    root.pointer(reference.strip_prefix('#')?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refused(schema: Value) -> String {
        Schema::new("schema", &schema).unwrap_err().to_string()
    }

    #[track_caller]
    fn check(schema: Value, value: Value, expected: &[&str]) {
        assert_eq!(Schema::new("schema", &schema).unwrap().problems(&value), expected);
    }

    #[test]
    fn what_is_not_known_is_refused() {
        let text = refused(json!({"properties": {"a": {"dependentRequired": {}}}}));
        assert!(
            text.starts_with("`schema.properties.a` has the keyword `dependentRequired`, which"),
            "{text}"
        );
        assert_eq!(
            refused(json!({"type": "text"})),
            "`schema.type` is \"text\"; expected null, boolean, object, array, number, integer or string"
        );
        assert!(refused(json!({"pattern": "("})).starts_with("`schema.pattern` is no regular expression"));
        assert_eq!(
            refused(json!({"$ref": "#/$defs/x"})),
            "`schema.$ref` refers to `#/$defs/x`, which is not there"
        );
        let outside = refused(json!({"$ref": "https://example.com/x"}));
        assert!(outside.contains("only `#` and places inside the schema"), "{outside}");
        assert_eq!(
            refused(json!({"minLength": -1})),
            "`schema.minLength` is -1; expected a whole number from 0"
        );
        assert_eq!(refused(json!([])), "`schema` is []; expected a schema: an object, true or false");
    }

    #[test]
    fn objects_have_what_they_need() {
        let schema = json!({
            "type": "object", "required": ["name", "age"], "additionalProperties": false,
            "properties": {"name": {"type": "string", "minLength": 2}, "age": {"type": "integer", "minimum": 0}},
        });
        check(schema.clone(), json!({"name": "Ada", "age": 36.0}), &[]);
        check(
            schema.clone(),
            json!({"name": "A", "age": -1, "x": 1}),
            &[
                "$.name is shorter than 2 characters",
                "$.age is -1, which is less than 0",
                "$ has `x`, which is not allowed",
            ],
        );
        check(schema.clone(), json!({"age": 1.5}), &["$ lacks `name`", "$.age is 1.5, which is no integer"]);
        check(schema, json!("x"), &["$ is \"x\", which is no object"]);
    }

    #[test]
    fn arrays_are_looked_into() {
        let schema =
            json!({"items": {"type": ["number", "null"]}, "minItems": 1, "maxItems": 3, "uniqueItems": true});
        check(schema.clone(), json!([1, null]), &[]);
        check(schema.clone(), json!([1, "x"]), &["$[1] is \"x\", which is no number or null"]);
        check(schema.clone(), json!([]), &["$ has 0 items, fewer than 1"]);
        check(schema, json!([1, 1.0]), &["$[1] is the same as $[0]"]);
        check(
            json!({"prefixItems": [{"const": 1}], "items": false}),
            json!([1, 2]),
            &["$[1] is 2, which is not allowed"],
        );
    }

    #[test]
    fn schemas_are_combined_and_referred_to() {
        let tree = json!({
            "$defs": {"node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}, "required": ["v"]}},
            "$ref": "#/$defs/node",
        });
        check(tree.clone(), json!({"v": 1, "next": {"v": 2}}), &[]);
        check(tree, json!({"v": 1, "next": {}}), &["$.next lacks `v`"]);
        let any = json!({"anyOf": [{"type": "string"}, {"type": "number", "multipleOf": 0.1}]});
        check(any.clone(), json!(0.3), &[]);
        check(any, json!(true), &["$ is true, which none of `anyOf` allows"]);
        check(
            json!({"oneOf": [{"minimum": 1}, {"maximum": 5}]}),
            json!(3),
            &["$ is 3, which 2 of `oneOf` allow; one must"],
        );
        check(json!({"not": {"enum": ["a"]}}), json!("a"), &["$ is \"a\", which `not` forbids"]);
        check(json!({"enum": ["a", "b"]}), json!("c"), &["$ is \"c\"; allowed are \"a\", \"b\""]);
        check(json!({"pattern": "^a+$"}), json!("ab"), &["$ is \"ab\", which does not match `^a+$`"]);
    }

    #[test]
    fn a_schema_of_itself_ends() {
        check(json!({"$ref": "#"}), json!(1), &["$: the schema refers to itself without end"]);
        let wide = json!({"anyOf": [{"items": {"$ref": "#"}, "minItems": 9}, {"items": {"$ref": "#"}, "minItems": 9}]});
        let mut deep = json!(1);
        for _ in 0..40 {
            deep = json!([deep]);
        }
        let problems = Schema::new("schema", &wide).unwrap().problems(&deep);
        assert!(!problems.is_empty());
    }
}
