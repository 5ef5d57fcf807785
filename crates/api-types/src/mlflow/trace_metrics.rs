//! Request and answer of `traces/metrics`.

use super::field::{FieldError, Fields, FromField, FromFields, Place, cut};
use super::run::write_double;
use jiff::Timestamp;
use serde::{Serialize, Serializer};
use serde_json::Value;
use spanwise_model::limit::METRIC_ROWS_MAX;
use spanwise_model::{Aggregation, ExperimentId, Measure, MetricDimension, MetricView};
use std::collections::BTreeMap;

/// Rows of an answer to a question that names no limit.
const ROWS: i64 = 1_000;
/// Filters of one question.
const FILTERS_MAX: usize = 64;
/// Aggregations of one question: each is a value in each row.
const AGGREGATIONS_MAX: usize = 64;

/// `traces/metrics`.
#[derive(Debug, PartialEq)]
pub struct QueryTraceMetrics {
    /// Where to look.
    pub experiments: Vec<ExperimentId>,
    /// What is looked at.
    pub view: MetricView,
    /// What is measured.
    pub measure: Measure,
    /// How it is summed up.
    pub aggregations: Vec<Aggregation>,
    /// What there is a row for.
    pub dimensions: Vec<MetricDimension>,
    /// Filters, one clause each.
    pub filters: Vec<String>,
    /// Width of a stretch of time.
    pub bucket_ms: Option<i64>,
    /// Not before.
    pub from_ms: Option<i64>,
    /// Not after.
    pub until_ms: Option<i64>,
    /// Rows at most.
    pub rows_max: usize,
}

impl FromFields for QueryTraceMetrics {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let experiments = fields.required("experiment_ids")?;
        let view = match fields.optional::<View>("view_type")? {
            Some(View(Some(view))) => view,
            _ => return Err(FieldError::Missing("view_type".to_owned())),
        };
        let name: String = fields.required("metric_name")?;
        let asked: Vec<AskedAggregation> = fields.required("aggregations")?;
        let dimensions: Vec<String> = fields.or_default("dimensions")?;
        let measure = measure(view, &name)?;
        let request = QueryTraceMetrics {
            experiments,
            view,
            measure,
            aggregations: aggregations(measure, &asked)?,
            dimensions: dimensions_of(measure, dimensions)?,
            filters: fields.or_default("filters")?,
            bucket_ms: bucket_ms(fields.optional("time_interval_seconds")?)?,
            from_ms: fields.optional("start_time_ms")?,
            until_ms: fields.optional("end_time_ms")?,
            rows_max: rows_max(fields.optional("max_results")?)?,
        };
        request.check()?;
        Ok(request)
    }
}

impl QueryTraceMetrics {
    fn check(&self) -> Result<(), FieldError> {
        if self.bucket_ms.is_some() && (self.from_ms.is_none() || self.until_ms.is_none()) {
            let text = "start_time_ms and end_time_ms are required if time_interval_seconds is set";
            return Err(FieldError::Rule(text.to_owned()));
        }
        if self.filters.len() > FILTERS_MAX {
            let text = format!("{} filters; expected at most {FILTERS_MAX}", self.filters.len());
            return Err(FieldError::Rule(text));
        }
        if self.aggregations.len() > AGGREGATIONS_MAX {
            let text =
                format!("{} aggregations; expected at most {AGGREGATIONS_MAX}", self.aggregations.len());
            return Err(FieldError::Rule(text));
        }
        Ok(())
    }
}

/// A view by name or protobuf number; as in proto3, an unknown one is as if it were absent.
struct View(Option<MetricView>);

impl FromField for View {
    fn from_field(value: &Value, at: &Place) -> Result<Self, FieldError> {
        let names = MetricView::ALL.map(MetricView::name);
        Ok(View(enum_index(value, &names, at)?.map(|index| MetricView::ALL[index])))
    }
}

/// Returns the place of a protobuf enum's value, whose numbers count from 1.
fn enum_index(value: &Value, names: &[&str], at: &Place) -> Result<Option<usize>, FieldError> {
    match value {
        Value::String(name) => Ok(names.iter().position(|known| known == name)),
        Value::Number(number) => {
            let index = number.as_u64().and_then(|number| usize::try_from(number).ok()?.checked_sub(1));
            Ok(index.filter(|index| *index < names.len()))
        }
        _ => Err(at.wrong_type(value)),
    }
}

/// An aggregation as it is asked for: its name, and the percentile if it is one.
struct AskedAggregation {
    name: &'static str,
    percentile: Option<f64>,
}

impl FromFields for AskedAggregation {
    fn from_fields(fields: &Fields<'_>) -> Result<Self, FieldError> {
        let Name(name) = fields.required("aggregation_type")?;
        Ok(AskedAggregation { name, percentile: fields.optional("percentile_value")? })
    }
}

/// The name of an aggregation.
struct Name(&'static str);

impl FromField for Name {
    fn from_field(value: &Value, at: &Place) -> Result<Self, FieldError> {
        let index = enum_index(value, &Aggregation::NAMES, at)?;
        index.map(|index| Name(Aggregation::NAMES[index])).ok_or_else(|| {
            at.not_allowed(value, format!(". It must be one of {}", quoted(&Aggregation::NAMES)))
        })
    }
}

fn measure(view: MetricView, name: &str) -> Result<Measure, FieldError> {
    view.measures().iter().find(|measure| measure.name() == name).copied().ok_or_else(|| {
        let valid: Vec<&str> = view.measures().iter().map(|measure| measure.name()).collect();
        FieldError::Rule(format!("metric_name must be one of {}, got '{}'", quoted(&valid), cut(name)))
    })
}

fn aggregations(measure: Measure, asked: &[AskedAggregation]) -> Result<Vec<Aggregation>, FieldError> {
    if asked.is_empty() {
        return Err(FieldError::Missing("aggregations".to_owned()));
    }
    let valid = measure.aggregations();
    let mut invalid: Vec<&str> =
        asked.iter().map(|one| one.name).filter(|name| !valid.contains(name)).collect();
    if !invalid.is_empty() {
        invalid.sort_unstable();
        invalid.dedup();
        return Err(FieldError::Rule(format!(
            "Found invalid aggregation_type(s): {}. Supported aggregation types: {}",
            quoted(&invalid),
            quoted(valid)
        )));
    }
    asked.iter().map(aggregation).collect()
}

fn aggregation(asked: &AskedAggregation) -> Result<Aggregation, FieldError> {
    Ok(match asked.name {
        "COUNT" => Aggregation::Count,
        "SUM" => Aggregation::Sum,
        "AVG" => Aggregation::Avg,
        "MIN" => Aggregation::Min,
        "MAX" => Aggregation::Max,
        _ => match asked.percentile {
            Some(percentile) if (0.0..=100.0).contains(&percentile) => Aggregation::Percentile(percentile),
            Some(percentile) => {
                let text = format!("percentile_value must be between 0 and 100, got {percentile}");
                return Err(FieldError::Rule(text));
            }
            None => {
                let text = "percentile_value is required for PERCENTILE aggregation";
                return Err(FieldError::Rule(text.to_owned()));
            }
        },
    })
}

fn dimensions_of(measure: Measure, asked: Vec<String>) -> Result<Vec<MetricDimension>, FieldError> {
    let valid = measure.dimensions();
    let find = |name: &String| valid.iter().find(|dimension| dimension.name() == name).copied();
    let mut dimensions = Vec::new();
    let mut invalid: Vec<String> = Vec::new();
    for name in asked {
        match find(&name) {
            // A dimension that is asked for twice is one.
            Some(dimension) if dimensions.contains(&dimension) => {}
            Some(dimension) => dimensions.push(dimension),
            None => invalid.push(cut(&name)),
        }
    }
    if invalid.is_empty() {
        return Ok(dimensions);
    }
    invalid.sort_unstable();
    invalid.dedup();
    let invalid: Vec<&str> = invalid.iter().map(String::as_str).collect();
    let valid: Vec<&str> = valid.iter().map(|dimension| dimension.name()).collect();
    Err(FieldError::Rule(format!(
        "Found invalid dimension(s): {}. Supported dimensions: {}",
        quoted(&invalid),
        quoted(&valid)
    )))
}

/// Writes a list as Python does.
fn quoted(names: &[&str]) -> String {
    format!("[{}]", names.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", "))
}

fn bucket_ms(seconds: Option<i64>) -> Result<Option<i64>, FieldError> {
    let Some(seconds) = seconds.filter(|seconds| *seconds != 0) else { return Ok(None) };
    let ms = seconds.checked_mul(1_000).filter(|ms| *ms > 0);
    ms.map(Some).ok_or_else(|| {
        FieldError::Rule(format!("time_interval_seconds must be a positive number of seconds, got {seconds}"))
    })
}

fn rows_max(asked: Option<i64>) -> Result<usize, FieldError> {
    let rows = asked.filter(|rows| *rows != 0).unwrap_or(ROWS);
    usize::try_from(rows).ok().filter(|rows| *rows <= METRIC_ROWS_MAX).ok_or_else(|| {
        FieldError::Rule(format!("max_results must be between 1 and {METRIC_ROWS_MAX}, got {rows}"))
    })
}

/// The answer.
#[derive(Debug, Serialize)]
pub struct TraceMetricsResponse {
    /// The rows.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub data_points: Vec<DataPoint>,
}

/// One row.
#[derive(Debug, Serialize)]
pub struct DataPoint {
    metric_name: &'static str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    dimensions: BTreeMap<&'static str, String>,
    values: BTreeMap<String, Double>,
}

#[derive(Debug)]
struct Double(f64);

impl Serialize for Double {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write_double(&self.0, serializer)
    }
}

impl DataPoint {
    /// Writes a row: `texts` are those of the dimensions, `values` those of the aggregations.
    pub fn new(
        request: (Measure, &[MetricDimension], &[Aggregation]),
        bucket_ms: Option<i64>,
        texts: Vec<Box<str>>,
        values: Vec<Option<f64>>,
    ) -> DataPoint {
        let (measure, dimensions, aggregations) = request;
        let bucket = bucket_ms.map(|ms| ("time_bucket", time_text(ms)));
        let named =
            dimensions.iter().map(|dimension| dimension.name()).zip(texts.into_iter().map(String::from));
        let values = aggregations.iter().zip(values);
        let values = values.filter_map(|(one, value)| Some((aggregation_text(*one), Double(value?))));
        DataPoint {
            metric_name: measure.name(),
            dimensions: bucket.into_iter().chain(named).collect(),
            values: values.collect(),
        }
    }
}

fn aggregation_text(aggregation: Aggregation) -> String {
    match aggregation {
        Aggregation::Percentile(percentile) => format!("P{percentile:?}"),
        other => other.name().to_owned(),
    }
}

/// Writes whole seconds as Python's `isoformat` does.
fn time_text(ms: i64) -> String {
    // A bucket can start before the first year that can be written, by less than its width.
    let time = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::MIN);
    time.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(change: &Value) -> Result<QueryTraceMetrics, String> {
        let mut body = json!({
            "experiment_ids": ["1"], "view_type": "TRACES", "metric_name": "latency",
            "aggregations": [{"aggregation_type": "AVG"}],
        });
        for (key, value) in change.as_object().unwrap() {
            body[key] = value.clone();
        }
        let fields = Fields::of_body(body.as_object().unwrap());
        QueryTraceMetrics::from_fields(&fields).map_err(|error| error.to_string())
    }

    fn check_error(change: Value, expected: &str) {
        assert_eq!(read(&change).unwrap_err(), expected, "{change}");
    }

    #[test]
    fn a_question_is_read() {
        let request = read(&json!({
            "aggregations": [{"aggregation_type": "PERCENTILE", "percentile_value": 95}, {"aggregation_type": 3}],
            "dimensions": ["trace_name", "trace_name"], "time_interval_seconds": "60",
            "start_time_ms": 1, "end_time_ms": 2, "max_results": 0,
        }));
        let request = request.unwrap();
        assert_eq!(request.aggregations, [Aggregation::Percentile(95.0), Aggregation::Avg]);
        assert_eq!(request.dimensions, [MetricDimension::TraceName]);
        assert_eq!((request.bucket_ms, request.rows_max), (Some(60_000), 1_000));
        assert_eq!(read(&json!({"view_type": 2})).unwrap().measure, Measure::SpanLatency);
    }

    #[test]
    fn what_is_wrong_is_said_in_mlflows_words() {
        check_error(
            json!({"view_type": "NOPE"}),
            "Missing value for required parameter 'view_type'. See the API docs for more information about \
             request parameters.",
        );
        check_error(
            json!({"view_type": "ASSESSMENTS", "metric_name": "foo"}),
            "metric_name must be one of ['assessment_count', 'assessment_value'], got 'foo'",
        );
        check_error(
            json!({"aggregations": [{"aggregation_type": "SUM"}, {"aggregation_type": "COUNT"}]}),
            "Found invalid aggregation_type(s): ['COUNT', 'SUM']. Supported aggregation types: ['AVG', 'MAX', \
             'MIN', 'PERCENTILE']",
        );
        check_error(
            json!({"dimensions": ["foo", "trace_status"]}),
            "Found invalid dimension(s): ['foo', 'trace_status']. Supported dimensions: ['trace_name']",
        );
        check_error(
            json!({"time_interval_seconds": 60}),
            "start_time_ms and end_time_ms are required if time_interval_seconds is set",
        );
        check_error(
            json!({"aggregations": [{"aggregation_type": "PERCENTILE"}]}),
            "percentile_value is required for PERCENTILE aggregation",
        );
        check_error(
            json!({"aggregations": [{"aggregation_type": "PERCENTILE", "percentile_value": 101}]}),
            "percentile_value must be between 0 and 100, got 101",
        );
        check_error(
            json!({"aggregations": vec![json!({"aggregation_type": "AVG"}); 65]}),
            "65 aggregations; expected at most 64",
        );
        check_error(json!({"max_results": -1}), "max_results must be between 1 and 50000, got -1");
        check_error(
            json!({"time_interval_seconds": -1}),
            "time_interval_seconds must be a positive number of seconds, got -1",
        );
    }

    #[test]
    fn a_row_is_written_as_mlflow_does() {
        let request = (
            Measure::TraceLatency,
            &[MetricDimension::TraceName][..],
            &[Aggregation::Percentile(50.0), Aggregation::Percentile(99.9), Aggregation::Avg][..],
        );
        let values = vec![Some(125.0), None, Some(0.5)];
        let point = DataPoint::new(request, Some(1_795_366_800_000), vec!["f".into()], values);
        assert_eq!(
            serde_json::to_value(point).unwrap(),
            json!({
                "metric_name": "latency",
                "dimensions": {"time_bucket": "2026-11-22T17:00:00+00:00", "trace_name": "f"},
                "values": {"P50.0": 125.0, "AVG": 0.5},
            }),
        );
    }
}
