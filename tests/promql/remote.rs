//! A Prometheus server that is given its samples and asked over its HTTP API.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::TcpStream;

use quarterdeck::promql::Store;
use serde_json::Value;

use crate::support::prometheus::PrometheusServer;

/// The bits of the NaN that ends a series.
const STALE: u64 = 0x7ff0_0000_0000_0002;

/// A series of an answer.
pub type Line = (BTreeMap<String, String>, Vec<(i64, f64)>);

pub struct Remote {
    server: PrometheusServer,
}

impl Remote {
    /// A server that holds the samples of `store`, and nothing else.
    pub fn start(store: &Store) -> Self {
        let server = PrometheusServer::start_with(
            // Far apart, so that the samples of the server's own rules and scrapes never come into it: there are none.
            "global: { scrape_interval: 1m }\n",
            &["--web.enable-remote-write-receiver"],
        );
        let remote = Self { server };
        let version = remote.get("/api/v1/status/buildinfo").1;
        let version = version["data"]["version"].as_str().unwrap_or_default();
        assert!(
            version.starts_with("2."),
            "the engine has the meaning of Prometheus 2 (windows closed at both ends); this is {version}"
        );
        let body = snappy(&write_request(store));
        let (status, answer) = remote.post(&body);
        assert_eq!(status, 204, "{answer}");
        remote
    }

    /// The answer of a range query, or the error's words.
    pub fn range(&self, query: &str, start: i64, end: i64, step: i64) -> Result<Vec<Line>, String> {
        let path = format!(
            "/api/v1/query_range?query={}&start={}&end={}&step={}",
            escaped(query),
            seconds(start),
            seconds(end),
            seconds(step)
        );
        let data = self.ask(&path)?;
        Ok(lines(&data["result"], "values"))
    }

    /// The type of an instant query's answer, and its series.
    pub fn instant(&self, query: &str, at: i64) -> Result<(String, Vec<Line>), String> {
        let path = format!(
            "/api/v1/query?query={}&time={}",
            escaped(query),
            seconds(at)
        );
        let data = self.ask(&path)?;
        let kind = data["resultType"].as_str().unwrap_or_default().to_owned();
        let result = &data["result"];
        let lines = match kind.as_str() {
            "vector" => lines(result, "value"),
            "matrix" => lines(result, "values"),
            "scalar" => vec![(BTreeMap::new(), vec![sample(result)])],
            _ => vec![(
                BTreeMap::from([("text".to_owned(), result[1].to_string())]),
                Vec::new(),
            )],
        };
        Ok((kind, lines))
    }

    fn ask(&self, path: &str) -> Result<Value, String> {
        let (status, answer) = self.get(path);
        match status {
            200 => Ok(answer["data"].clone()),
            _ => Err(answer["error"].as_str().unwrap_or_default().to_owned()),
        }
    }

    fn get(&self, path: &str) -> (u16, Value) {
        let (status, body) = self.talk(format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes());
        (status, serde_json::from_str(&body).expect("JSON"))
    }

    fn post(&self, body: &[u8]) -> (u16, String) {
        let mut request = format!(
            "POST /api/v1/write HTTP/1.0\r\nContent-Type: application/x-protobuf\r\nContent-Encoding: snappy\r\n\
             X-Prometheus-Remote-Write-Version: 0.1.0\r\nContent-Length: {}\r\n\r\n",
            body.len()
        )
        .into_bytes();
        request.extend(body);
        self.talk(&request)
    }

    fn talk(&self, request: &[u8]) -> (u16, String) {
        let url = self.server.url();
        let address = url.strip_prefix("http://").expect("an address");
        let mut stream = TcpStream::connect(address).expect("a connection");
        stream.write_all(request).expect("the request is sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok());
        (status.expect("a status"), body.to_owned())
    }
}

fn seconds(milliseconds: i64) -> String {
    format!("{}.{:03}", milliseconds / 1000, milliseconds % 1000)
}

fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        write!(escaped, "%{byte:02X}").expect("memory");
    }
    escaped
}

fn lines(result: &Value, values: &str) -> Vec<Line> {
    let series = result.as_array().expect("a list of series").iter();
    series
        .map(|series| {
            let labels = serde_json::from_value(series["metric"].clone()).expect("labels");
            let samples = match values {
                "value" => vec![sample(&series["value"])],
                _ => series["values"]
                    .as_array()
                    .expect("values")
                    .iter()
                    .map(sample)
                    .collect(),
            };
            (labels, samples)
        })
        .collect()
}

fn sample(pair: &Value) -> (i64, f64) {
    let at = pair[0].as_f64().expect("a time") * 1000.0;
    let value = pair[1].as_str().expect("a value");
    (at.round() as i64, value.parse().expect("a number"))
}

/// `prometheus.WriteRequest` of the remote write protocol, as protobuf.
fn write_request(store: &Store) -> Vec<u8> {
    let mut request = Vec::new();
    for series in &store.series {
        let mut message = Vec::new();
        for (name, value) in &series.labels {
            let mut label = Vec::new();
            field(&mut label, 1, name.as_bytes());
            field(&mut label, 2, value.as_bytes());
            field(&mut message, 1, &label);
        }
        for point in &series.points {
            let value = if point.stale {
                f64::from_bits(STALE)
            } else {
                point.value
            };
            let mut sample = vec![1 << 3 | 1];
            sample.extend(value.to_le_bytes());
            sample.push(2 << 3);
            varint(&mut sample, point.at as u64);
            field(&mut message, 2, &sample);
        }
        field(&mut request, 1, &message);
    }
    request
}

fn field(message: &mut Vec<u8>, number: u8, bytes: &[u8]) {
    message.push(number << 3 | 2);
    varint(message, bytes.len() as u64);
    message.extend(bytes);
}

fn varint(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Snappy's block format, with everything as literals of at most 64 KiB.
fn snappy(bytes: &[u8]) -> Vec<u8> {
    let mut block = Vec::new();
    varint(&mut block, bytes.len() as u64);
    for chunk in bytes.chunks(1 << 16) {
        let length = (chunk.len() - 1) as u16;
        block.push(61 << 2);
        block.extend(length.to_le_bytes());
        block.extend(chunk);
    }
    block
}
