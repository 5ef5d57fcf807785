//! Rows of a file as records.

use super::target::{Target, empty_record};
use spanwise_api_types::native::ImportColumn;
use spanwise_store::catalog::NewRecord;
use spanwise_tabular::Row;
use std::collections::BTreeMap;

/// Columns that an answer names.
const COLUMNS_MAX: usize = 1_000;

/// Which column goes where.
#[derive(Debug, Default)]
pub(super) struct Columns {
    /// As they were given; `None` leaves a column out.
    given: BTreeMap<String, Option<Target>>,
    /// Those that were met, in their order.
    met: Vec<ImportColumn>,
    known: BTreeMap<String, Option<Target>>,
}

impl Columns {
    /// Reads `NAME=TARGET` for each column whose place is given; an empty target leaves it out.
    pub(super) fn parse(given: &[String]) -> Result<Columns, String> {
        let mut columns = Columns::default();
        for text in given {
            let (name, target) = text
                .rsplit_once('=')
                .ok_or_else(|| format!("`{text}` does not say where a column goes; expected NAME=TARGET"))?;
            let target = if target.is_empty() { None } else { Some(Target::parse(target)?) };
            columns.given.insert(name.to_owned(), target);
        }
        Ok(columns)
    }

    /// Makes a record of a row.
    pub(super) fn record(&mut self, row: Row, user: Option<&str>) -> Result<NewRecord, String> {
        let mut record = empty_record(user);
        let mut left_out = Vec::new();
        for (name, value) in row {
            match self.target(&name) {
                Some(target) => target.put(target.unwrapped(value), &mut record)?,
                None => left_out.push(name),
            }
        }
        if record.inputs.is_empty() {
            let which = match left_out.as_slice() {
                [] => "it has no values at all".to_owned(),
                names => format!("none of {} goes into `inputs`", names.join(", ")),
            };
            return Err(format!("a record needs inputs, and {which}"));
        }
        Ok(record)
    }

    /// Returns the columns that were met.
    pub(super) fn into_met(self) -> Vec<ImportColumn> {
        self.met
    }

    fn target(&mut self, name: &str) -> Option<&Target> {
        if !self.known.contains_key(name) {
            let target = match self.given.get(name) {
                Some(target) => target.clone(),
                // What is named like a field of a record is one.
                None => Target::parse(name).ok(),
            };
            if self.met.len() < COLUMNS_MAX {
                let shown = target.as_ref().map(Target::to_string);
                self.met.push(ImportColumn { name: name.to_owned(), target: shown });
            }
            self.known.insert(name.to_owned(), target);
        }
        self.known.get(name)?.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn row(value: Value) -> Row {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn columns_go_where_their_names_or_the_caller_say() {
        let given =
            ["question=inputs.q", "gold=expectations.expected_response", "outputs="].map(str::to_owned);
        let mut columns = Columns::parse(&given).unwrap();
        let record = columns
            .record(row(json!({"question": "x", "inputs.n": 1, "gold": "y", "outputs": "o", "id": 7})), None)
            .unwrap();
        assert_eq!(Value::Object(record.inputs), json!({"q": "x", "n": 1}));
        assert_eq!(Value::Object(record.expectations), json!({"expected_response": "y"}));
        assert_eq!(record.outputs, None);
        let met: Vec<_> = columns.into_met().into_iter().map(|column| (column.name, column.target)).collect();
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            met,
            [
                ("question".to_owned(), some("inputs.q")),
                ("inputs.n".to_owned(), some("inputs.n")),
                ("gold".to_owned(), some("expectations.expected_response")),
                ("outputs".to_owned(), None),
                ("id".to_owned(), None),
            ]
        );
    }

    #[test]
    fn a_text_of_an_object_is_one_where_an_object_is_wanted() {
        let cells = json!({"inputs": "{\"q\": 1}", "outputs": "{\"o\": 1}", "tags": "{}", "inputs.text": "{\"a\": 1}"});
        let record = Columns::parse(&[]).unwrap().record(row(cells), None).unwrap();
        assert_eq!(Value::Object(record.inputs), json!({"q": 1, "text": "{\"a\": 1}"}));
        assert_eq!(record.outputs, Some(json!("{\"o\": 1}")));
    }

    #[test]
    fn a_row_without_inputs_is_refused() {
        let mut columns = Columns::parse(&[]).unwrap();
        let refused = columns.record(row(json!({"question": "x", "outputs": "y"})), None).unwrap_err();
        assert_eq!(refused, "a record needs inputs, and none of question goes into `inputs`");
        assert!(columns.record(row(json!({})), None).unwrap_err().contains("no values"));
        assert!(Columns::parse(&["question".to_owned()]).is_err());
        assert!(Columns::parse(&["question=nope".to_owned()]).is_err());
    }
}
