//! The JSON envelope of the Prometheus HTTP API, and what it becomes: lines of a chart or rows of a table.
//!
//! Values arrive as text because JSON has no `NaN` and no infinity; cells keep that text.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;
use serde::Deserialize;

use crate::model::Timestamp;
use crate::model::limits;
use crate::model::request::RunError;
use crate::model::table::{Column, ColumnKind, Row, Sample, Series};
use crate::model::timestamp_text;
use crate::sources::mask::Masker;

/// A good answer.
#[derive(Debug)]
pub(in crate::sources) struct Answer {
    samples: Vec<LabelledSamples>,
    /// A part may be missing.
    pub(in crate::sources) warnings: Vec<String>,
    /// The query may not mean what it says.
    pub(in crate::sources) infos: Vec<String>,
}

/// An answer that is an error.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::sources) struct Failure {
    message: String,
    status: u16,
    position: Option<usize>,
}

/// Rows of an instant query.
#[derive(Debug)]
pub(in crate::sources) struct Table {
    pub(in crate::sources) columns: Vec<Column>,
    pub(in crate::sources) rows: Vec<Row>,
    /// Rows past the limit.
    pub(in crate::sources) dropped: usize,
}

/// A series of an answer.
#[derive(Debug)]
pub(in crate::sources) struct LabelledSamples {
    /// Its labels, by name.
    pub(in crate::sources) labels: BTreeMap<String, String>,
    /// Times and values as text, oldest first.
    pub(in crate::sources) samples: Vec<(Timestamp, String)>,
}

#[derive(Deserialize)]
struct Envelope {
    status: String,
    data: Option<Data>,
    #[serde(default, rename = "errorType")]
    error_type: String,
    #[serde(default)]
    error: String,
    #[serde(default)]
    warnings: Vec<String>,
    #[serde(default)]
    infos: Vec<String>,
}

#[derive(Deserialize)]
#[serde(tag = "resultType", content = "result", rename_all = "lowercase")]
enum Data {
    Matrix(Vec<RawSeries>),
    Vector(Vec<RawSeries>),
    Scalar(RawSample),
    String(RawSample),
}

#[derive(Deserialize)]
struct RawSeries {
    #[serde(default)]
    metric: BTreeMap<String, String>,
    value: Option<RawSample>,
    #[serde(default)]
    values: Vec<RawSample>,
}

/// Seconds since the epoch, and the value as text.
type RawSample = (f64, String);

impl Answer {
    /// An answer that no server gave.
    pub(in crate::sources) fn of(samples: Vec<LabelledSamples>) -> Self {
        Self {
            samples,
            warnings: Vec::new(),
            infos: Vec::new(),
        }
    }

    /// Reads an answer of the API. `query` finds the place of a syntax error. Texts are masked after they were read: a
    /// secret that looks like a number must not break the document.
    pub(in crate::sources) fn read(
        status: u16,
        body: &str,
        query: &str,
        masker: &Masker,
    ) -> Result<Self, Failure> {
        let mut answer = Self::parse(status, body, query).map_err(|failure| Failure {
            message: masker.mask(&failure.message),
            ..failure
        })?;
        let labels = answer
            .samples
            .iter_mut()
            .flat_map(|series| series.labels.values_mut());
        for text in labels.chain(&mut answer.warnings).chain(&mut answer.infos) {
            *text = masker.mask(text);
        }
        Ok(answer)
    }

    fn parse(status: u16, body: &str, query: &str) -> Result<Self, Failure> {
        let envelope: Envelope = serde_json::from_str(body).map_err(|error| Failure {
            message: not_the_api(status, body, &error),
            status,
            position: None,
        })?;
        let (true, Some(data)) = (envelope.status == "success", envelope.data) else {
            return Err(Failure {
                position: position(&envelope.error, query),
                message: format!("{}: {}", envelope.error_type, envelope.error),
                status,
            });
        };
        let mut infos = envelope.infos;
        let samples = match data {
            Data::Matrix(series) | Data::Vector(series) => {
                let all = series.len();
                let numeric: Vec<_> = series.into_iter().filter_map(labelled).collect();
                if numeric.len() < all {
                    infos.push(format!(
                        "{} native histograms are not shown: ask for histogram_quantile, histogram_count or histogram_sum",
                        all - numeric.len()
                    ));
                }
                numeric
            }
            Data::Scalar(sample) | Data::String(sample) => vec![LabelledSamples {
                labels: BTreeMap::new(),
                samples: timed(sample).into_iter().collect(),
            }],
        };
        Ok(Self {
            samples,
            warnings: envelope.warnings,
            infos,
        })
    }

    /// The newest sample of all.
    pub(in crate::sources) fn newest(&self) -> Option<Timestamp> {
        self.samples
            .iter()
            .filter_map(|series| series.samples.last())
            .map(|(at, _)| *at)
            .max()
    }

    /// Lines of a chart, at most `most`, and how many were left out. A label that is the same on all is left out of names.
    pub(in crate::sources) fn into_series(self, most: usize) -> (Vec<Series>, usize) {
        let common = common_labels(&self.samples);
        let dropped = self.samples.len().saturating_sub(most);
        let series = self
            .samples
            .into_iter()
            .take(most)
            .map(|series| Series {
                label: series
                    .labels
                    .iter()
                    .filter(|(name, value)| common.get(*name) != Some(value))
                    .map(|(name, value)| format!("{name}={value}"))
                    .collect::<Vec<_>>()
                    .join(" "),
                samples: series
                    .samples
                    .iter()
                    .take(limits::SAMPLES)
                    .filter_map(|(at, value)| {
                        Some(Sample {
                            at: *at,
                            value: value.parse().ok()?,
                        })
                    })
                    .collect(),
            })
            .collect();
        (series, dropped)
    }

    /// A column a label, then `value` and `time`; one row a sample.
    pub(in crate::sources) fn into_table(self, most: usize) -> Table {
        let labels: BTreeSet<String> = self
            .samples
            .iter()
            .flat_map(|series| series.labels.keys().cloned())
            .collect();
        let column = |name: &str, kind: ColumnKind, type_name: &str| Column {
            name: name.to_owned(),
            kind,
            type_name: type_name.to_owned(),
        };
        let columns = labels
            .iter()
            .map(|name| column(name, ColumnKind::Text, "label"))
            .chain([
                column("value", ColumnKind::Number, "sample value"),
                column("time", ColumnKind::Timestamp, "sample time"),
            ])
            .collect();
        let total: usize = self.samples.iter().map(|series| series.samples.len()).sum();
        let rows: Vec<Row> = self
            .samples
            .iter()
            .flat_map(|series| series.samples.iter().map(move |sample| (series, sample)))
            .take(most)
            .map(|(series, (at, value))| {
                labels
                    .iter()
                    .map(|label| series.labels.get(label).map(|text| text.as_str().into()))
                    .chain([
                        Some(value.as_str().into()),
                        Some(timestamp_text(*at).into_boxed_str()),
                    ])
                    .collect()
            })
            .collect();
        Table {
            columns,
            dropped: total - rows.len(),
            rows,
        }
    }
}

impl Failure {
    pub(in crate::sources) fn into_run_error(self, target: &str) -> RunError {
        RunError::Failed {
            message: format!("{target}: {}", self.message),
            code: Some(self.status.to_string()),
            position: self.position,
        }
    }
}

fn labelled(series: RawSeries) -> Option<LabelledSamples> {
    let samples: Vec<_> = series
        .value
        .into_iter()
        .chain(series.values)
        .filter_map(timed)
        .collect();
    (!samples.is_empty()).then_some(LabelledSamples {
        labels: series.metric,
        samples,
    })
}

fn timed((seconds, value): RawSample) -> Option<(Timestamp, String)> {
    let at = Timestamp::from_millisecond((seconds * 1_000.0).round() as i64).ok()?;
    Some((at, value))
}

/// Labels that every series has with the same value.
fn common_labels(samples: &[LabelledSamples]) -> BTreeMap<String, String> {
    let mut rest = samples.iter();
    let mut common = rest
        .next()
        .map(|series| series.labels.clone())
        .unwrap_or_default();
    for series in rest {
        common.retain(|name, value| series.labels.get(name) == Some(value));
    }
    common
}

/// Something else answered: a proxy, a login page, another program.
fn not_the_api(status: u16, body: &str, error: &serde_json::Error) -> String {
    let hint = match status {
        401 | 403 => "check bearer_token, or username and password, of this source",
        404 => "check the url of this source: the API is expected below it at /api/v1/",
        300..=399 => "the address redirects elsewhere: write the final one as url",
        _ => "this does not look like the Prometheus HTTP API",
    };
    let line: String = body
        .lines()
        .next()
        .unwrap_or_default()
        .chars()
        .take(200)
        .collect();
    if line.is_empty() || (200..300).contains(&status) {
        format!("HTTP {status}, {hint} ({error})")
    } else {
        format!("HTTP {status}, {hint}: {line}")
    }
}

/// `1:7: parse error: …` says line and byte of the line, both from 1; the place is a 0-based character of the query.
/// (What the server's lexer refuses, such as a stray parenthesis, it reports one byte late.)
fn position(error: &str, query: &str) -> Option<usize> {
    static PLACE: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"\b(\d+):(\d+): parse error").ok());
    let found = PLACE.as_ref()?.captures(error)?;
    let line: usize = found.get(1)?.as_str().parse().ok()?;
    let column: usize = found.get(2)?.as_str().parse().ok()?;
    let begin: usize = query
        .split('\n')
        .take(line.checked_sub(1)?)
        .map(|line| line.len() + 1)
        .sum();
    let before = query.get(..begin + column.checked_sub(1)?)?;
    Some(before.chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Answer {
        Answer::parse(200, body, "up").unwrap()
    }

    #[test]
    fn special_values_survive_as_text_and_as_numbers() {
        let body = r#"{"status":"success","data":{"resultType":"vector","result":[
            {"metric":{"a":"1"},"value":[1435781451.781,"NaN"]},
            {"metric":{"b":"2"},"value":[1435781451.781,"+Inf"]},
            {"metric":{"a":"3"},"value":[1435781460,"-Inf"]}]}}"#;
        let table = read(body).into_table(10);
        let names: Vec<_> = table
            .columns
            .iter()
            .map(|column| column.name.as_str())
            .collect();
        assert_eq!(names, ["a", "b", "value", "time"]);
        assert_eq!(table.rows[0][1], None);
        assert_eq!(table.rows[1][2].as_deref(), Some("+Inf"));
        assert_eq!(
            table.rows[0][3].as_deref(),
            Some("2015-07-01T20:10:51.781Z")
        );
        assert_eq!(read(body).newest().unwrap().as_second(), 1_435_781_460);
        let (series, _) = read(body).into_series(10);
        assert!(series[0].samples[0].value.is_nan());
        assert!(series[1].samples[0].value.is_infinite());
        assert_eq!(read(body).into_table(2).dropped, 1);
        assert_eq!(read(body).into_series(1).1, 2);
    }

    #[test]
    fn names_of_lines_hold_what_differs() {
        let line = |labels: &str| format!(r#"{{"metric":{{{labels}}},"values":[[1,"1"]]}}"#);
        let matrix = |lines: &[String]| {
            let body = format!(
                r#"{{"status":"success","data":{{"resultType":"matrix","result":[{}]}}}}"#,
                lines.join(",")
            );
            let (series, _) = read(&body).into_series(10);
            series
                .into_iter()
                .map(|series| series.label)
                .collect::<Vec<_>>()
        };
        assert_eq!(matrix(&[line(r#""job":"x","m":"a""#)]), [""]);
        assert_eq!(
            matrix(&[
                line(r#""job":"x","m":"a","o":"1""#),
                line(r#""job":"x","m":"b","o":"1""#)
            ]),
            ["m=a", "m=b"]
        );
        assert_eq!(
            matrix(&[line(r#""job":"x""#), line(r#""job":"x","m":"b""#)]),
            ["", "m=b"]
        );
    }

    #[test]
    fn scalars_and_histograms_are_understood() {
        let scalar = r#"{"status":"success","data":{"resultType":"scalar","result":[5,"42"]}}"#;
        assert_eq!(read(scalar).into_table(5).rows[0][0].as_deref(), Some("42"));
        let histogram = r#"{"status":"success","data":{"resultType":"vector","result":[
            {"metric":{},"histogram":[5,{"count":"1","sum":"2"}]}]}}"#;
        let answer = read(histogram);
        assert!(
            answer.infos[0].contains("native histograms"),
            "{:?}",
            answer.infos
        );
    }

    #[test]
    fn errors_keep_their_kind_and_find_their_place() {
        let body = r#"{"status":"error","errorType":"bad_data","error":"invalid parameter \"query\": 2:3: parse error: unexpected )"}"#;
        let failure = Answer::parse(400, body, "\"ü\" +\nup)").unwrap_err();
        assert_eq!(failure.position, Some(8));
        assert!(failure.message.starts_with("bad_data: invalid parameter"));
        for (status, body, words) in [
            (401, "Unauthorized\n", "check bearer_token"),
            (302, "", "redirects elsewhere"),
            (502, "<html>Bad gateway", "<html>Bad gateway"),
            (200, "<html>login", "does not look like"),
        ] {
            let failure = Answer::parse(status, body, "up").unwrap_err();
            assert!(failure.message.contains(words), "{failure:?}");
        }
    }
}
