//! Expressions composed at random over the series of `world`, the same ones for the same seed.
//!
//! Left out is what has no one answer: which of equal values `topk` takes, the last digits in a label of `count_values`, and `timestamp` and `predict_linear` of what is
//! pinned with `@`, where this version of the server goes astray.

use crate::world::Noise;

const LABELS: &[&str] = &[
    "job", "instance", "code", "method", "route", "le", "number", "version", "org_id", "machine",
    "missing", "__name__",
];
const SERIES: &[&str] = &[
    "up",
    "up",
    "http_requests_total",
    "http_requests_total",
    "memory_bytes",
    "memory_limit_bytes",
    "balance",
    "balance",
    "quota",
    "build_info",
    "duration_seconds_bucket",
    "duration_seconds_count",
    "commerce_transition_org_mismatch_total",
    "sparse",
    "sparser",
    "even",
    "early",
    "late",
    "odd",
    "turning",
    "once",
    "nothing_here",
];
const MATCHERS: &[&str] = &[
    "instance=\"a:9090\"",
    "instance!='b:9090'",
    "instance=~`[ab]:.*`",
    "instance!~\"c.+\"",
    "code=~\"2..|5..\"",
    "code=\"\\x35\\060\\u0030\"",
    "job=\"commerce\"",
    "job=~\".*\"",
    "job!=\"\"",
    "missing=\"\"",
    "le!=\"+Inf\"",
    "method=~\"(?i:get)\"",
    "number!=\"0\"",
];
const DURATIONS: &[&str] = &[
    "15s",
    "1m",
    "90s",
    "1m30s",
    "4m",
    "5m",
    "7m",
    "13m",
    "1h",
    "100s500ms",
    "0h11m",
];
const NUMBERS: &[&str] = &[
    "0", "1", "2", "-1", "0.5", ".25", "3.", "1e3", "1E-2", "0x1f", "010", "1000", "+7", "Inf",
    "-inf", "NaN", "2.5e8",
];
/// Of the samples of a window.
const OVER_TIME: &[&str] = &[
    "rate",
    "rate",
    "increase",
    "increase",
    "irate",
    "delta",
    "idelta",
    "deriv",
    "resets",
    "changes",
    "avg_over_time",
    "min_over_time",
    "max_over_time",
    "sum_over_time",
    "count_over_time",
    "last_over_time",
    "present_over_time",
    "stddev_over_time",
    "stdvar_over_time",
    "absent_over_time",
];
/// Of each value.
const OF_VALUES: &[&str] = &[
    "abs",
    "ceil",
    "floor",
    "sgn",
    "sqrt",
    "ln",
    "log2",
    "log10",
    "atan",
    "tanh",
    "deg",
    "rad",
    "round",
    "sort",
    "sort_desc",
    "absent",
];
const DATES: &[&str] = &[
    "hour",
    "minute",
    "day_of_week",
    "day_of_month",
    "day_of_year",
    "days_in_month",
    "month",
    "year",
];
const AGGREGATIONS: &[&str] = &[
    "sum", "sum", "avg", "min", "max", "count", "group", "stddev", "stdvar", "SUM", "Max",
];
const ARITHMETIC: &[&str] = &["+", "-", "*", "/", "%", "^", "atan2"];
const COMPARISONS: &[&str] = &["==", "!=", "<", "<=", ">", ">="];
/// What may come in the place of any word.
const ODDS: &[&str] = &[
    "bool",
    "on",
    "by",
    "offset",
    "@",
    "-",
    "+",
    "^",
    "==",
    "and",
    "unless",
    "group_left",
    "start",
    "inf",
    "0x",
    "1e",
    "5m",
    "007",
    ":",
    ",",
    "\"",
    "'",
    "`",
    "\\",
    "#",
    "\r",
    "\u{a0}",
    "=~",
    "!",
    "[",
    "{}",
    "()",
    "sum",
    "rate",
    "time",
    "1",
    ".",
];
const SETS: &[&str] = &["and", "or", "unless", "AND"];

/// The first `count` expressions of a seed.
pub fn expressions(seed: u64, count: usize) -> Vec<String> {
    let mut writer = Writer(Noise(seed));
    (0..count)
        .map(|number| match number % 8 {
            0 => writer.scalar(2),
            1..4 => writer.vector(1),
            _ => writer.vector(3),
        })
        .collect()
}

/// The same with something left out, doubled or exchanged: mostly no query any more, and sometimes another one.
pub fn disturbed(seed: u64, count: usize) -> Vec<String> {
    let mut writer = Writer(Noise(seed));
    let disturb = |text: String| {
        let mut words = words(&text);
        for _ in 0..=writer.below(2) {
            let (place, other) = (writer.below(words.len()), writer.below(words.len()));
            match writer.below(4) {
                0 => {
                    words.remove(place);
                }
                1 => words.insert(place, words[other].clone()),
                2 => words.swap(place, other),
                _ => writer.pick(ODDS).clone_into(&mut words[place]),
            }
            words.push(" ".to_owned());
        }
        words.concat()
    };
    let expressions = expressions(seed, count);
    expressions.into_iter().map(disturb).collect()
}

/// Runs of letters and digits, and single characters between them.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before = false;
    for c in text.chars() {
        let word = c.is_alphanumeric() || c == '_' || c == '.';
        match words.last_mut() {
            Some(last) if word && before => last.push(c),
            _ => words.push(c.to_string()),
        }
        before = word;
    }
    words
}

struct Writer(Noise);

impl Writer {
    fn below(&mut self, end: usize) -> usize {
        ((self.0.next() * end as f64) as usize).min(end - 1)
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn pick(&mut self, words: &[&'static str]) -> &'static str {
        words[self.below(words.len())]
    }

    fn vector(&mut self, depth: usize) -> String {
        let Some(depth) = depth.checked_sub(1) else {
            return self.selector(true);
        };
        match self.below(21) {
            0 => self.selector(true),
            1..5 => self.over_time(depth),
            5 | 6 => {
                let function = self.pick(OF_VALUES);
                format!("{function}({})", self.vector(depth))
            }
            7..10 => self.aggregation(depth),
            10 | 11 => self.with_number(depth),
            12 | 13 => self.matched(depth),
            14 => self.many_to_one(depth),
            15 | 16 => self.set(depth),
            17 => self.relabelled(depth),
            18 => self.quantile(depth),
            19 => {
                let sign = self.pick(&["-", "+", "- -", "-+"]);
                format!("{sign} {}", self.vector(depth))
            }
            _ => match self.below(5) {
                // Of numbers only: what is none is another date on every machine.
                0 => {
                    let date = self.pick(DATES);
                    let of = self.pick(&["", "memory_bytes", "timestamp(up)", "quota * 1e11"]);
                    format!("{date}({of})")
                }
                1 => format!("vector({})", self.scalar(depth)),
                2 => format!("clamp_min({}, {})", self.vector(depth), self.scalar(0)),
                3 => {
                    let (low, high) = (self.scalar(0), self.scalar(0));
                    format!("clamp({}, {low}, {high})", self.vector(depth))
                }
                _ => format!("timestamp(({}))", self.selector(false)),
            },
        }
    }

    /// Series at a time; `pinned`: it may have an `@`.
    fn selector(&mut self, pinned: bool) -> String {
        let series = self.series();
        self.modified(series, pinned)
    }

    fn series(&mut self) -> String {
        let name = self.pick(SERIES);
        match self.below(6) {
            0 => {
                let matcher = self.pick(MATCHERS);
                format!("{name}{{{matcher},}}")
            }
            1 => {
                let (first, second) = (self.pick(MATCHERS), self.pick(MATCHERS));
                format!("{{__name__=\"{name}\", {first} , {second}}}")
            }
            2 if self.chance(30) => "{__name__=~\"memory_.*|early|late\"}".to_owned(),
            _ => name.to_owned(),
        }
    }

    fn modified(&mut self, of: String, pinned: bool) -> String {
        let mut text = of;
        if pinned && self.chance(8) {
            text += self.pick(&[
                " @ 1700003600",
                " @1700001234.567",
                " @ start()",
                " @ end( )",
            ]);
        }
        if self.chance(10) {
            let sign = self.pick(&["", "", "-"]);
            text = format!("{text} offset {sign}{}", self.pick(DURATIONS));
        }
        text
    }

    fn matrix(&mut self, depth: usize) -> String {
        let range = self.pick(DURATIONS);
        let windows = if depth == 0 || self.chance(60) {
            format!("{}[{range}]", self.series())
        } else {
            let step = self.pick(&["", "15s", "37s", "1m", "3m"]);
            format!("({})[{range}:{step}]", self.vector(depth - 1))
        };
        self.modified(windows, true)
    }

    fn over_time(&mut self, depth: usize) -> String {
        match self.below(8) {
            0 => {
                let wanted = self.pick(&["0.5", "0.9", "1", "-1", "NaN"]);
                format!("quantile_over_time({wanted}, {})", self.matrix(depth))
            }
            1 => {
                let range = self.pick(DURATIONS);
                format!("predict_linear({}[{range}], 600)", self.series())
            }
            _ => {
                let function = self.pick(OVER_TIME);
                format!("{function}({})", self.matrix(depth))
            }
        }
    }

    fn labels(&mut self, most: usize) -> String {
        let count = self.below(most + 1);
        let labels: Vec<&str> = (0..count).map(|_| self.pick(LABELS)).collect();
        labels.join(", ")
    }

    fn aggregation(&mut self, depth: usize) -> String {
        let grouping = match self.below(3) {
            0 => String::new(),
            1 => format!(" by ({})", self.labels(3)),
            _ => format!(" without ({})", self.labels(3)),
        };
        let (op, args) = match self.below(8) {
            // No two values are the same, and their digits are few.
            0 => {
                let op = self.pick(&["topk", "bottomk"]);
                let count = self.pick(&["1", "2", "0", "-3", "2.9", "scalar(quota)"]);
                (op, format!("{count}, memory_bytes"))
            }
            1 => {
                let of = self.pick(&["up", "balance", "http_requests_total", "odd"]);
                ("count_values", format!("\"value\", {of}"))
            }
            2 => {
                let wanted = self.pick(&["0.5", "0.99", "0", "1", "1.1"]);
                ("quantile", format!("{wanted}, {}", self.vector(depth)))
            }
            _ => (self.pick(AGGREGATIONS), self.vector(depth)),
        };
        if self.chance(50) {
            format!("{op}{grouping} ({args})")
        } else {
            format!("{op}({args}){grouping}")
        }
    }

    fn operator(&mut self) -> String {
        if self.chance(60) {
            return self.pick(ARITHMETIC).to_owned();
        }
        let bool = self.pick(&["", " bool"]);
        format!("{}{bool}", self.pick(COMPARISONS))
    }

    fn with_number(&mut self, depth: usize) -> String {
        let (op, number, vector) = (self.operator(), self.scalar(depth), self.vector(depth));
        if self.chance(50) {
            format!("{vector} {op} {number}")
        } else {
            format!("{number} {op} {vector}")
        }
    }

    /// As it comes: often many stand against many, and neither answers.
    fn matched(&mut self, depth: usize) -> String {
        let (op, left, right) = (self.operator(), self.vector(depth), self.vector(depth));
        let matching = self.matching();
        let many = match self.below(10) {
            0 if !matching.is_empty() => format!(" group_left({})", self.labels(1)),
            1 if !matching.is_empty() => " group_right".to_owned(),
            _ => String::new(),
        };
        format!("({left}) {op}{matching}{many} ({right})")
    }

    fn matching(&mut self) -> String {
        match self.below(3) {
            0 => String::new(),
            1 => format!(" on({})", self.labels(3)),
            _ => format!(" ignoring({})", self.labels(3)),
        }
    }

    /// One side has one series for each of some labels.
    fn many_to_one(&mut self, depth: usize) -> String {
        let shared = self.pick(&["job", "instance", "job, instance", "", "route"]);
        let include = self.pick(&["", "()", "(version)", "(missing)", "(code, __name__)"]);
        let (op, many) = (self.operator(), self.vector(depth));
        let fold = self.pick(AGGREGATIONS);
        let one = format!("{fold} by ({shared}) ({})", self.vector(depth));
        if self.chance(50) {
            format!("{many} {op} on({shared}) group_left{include} {one}")
        } else {
            format!("{one} {op} on({shared}) group_right{include} ({many})")
        }
    }

    fn set(&mut self, depth: usize) -> String {
        let (op, matching) = (self.pick(SETS), self.matching());
        let (left, right) = (self.vector(depth), self.vector(depth));
        format!("{left} {op}{matching} {right}")
    }

    fn relabelled(&mut self, depth: usize) -> String {
        let (vector, target, source) = (self.vector(depth), self.pick(LABELS), self.pick(LABELS));
        if self.chance(30) {
            return format!("label_join({vector}, '{target}', '-', '{source}', 'job')");
        }
        let made = self.pick(&["$1", "${1}-$2", "", "x", "$$", "$first"]);
        let pattern = self.pick(&["(.*):(.*)", "(?P<first>.)(.*)", ".*", "", "(a|b|c).*"]);
        format!("label_replace({vector}, '{target}', '{made}', '{source}', '{pattern}')")
    }

    fn quantile(&mut self, depth: usize) -> String {
        let wanted = self.pick(&["0", "0.5", "0.9", "0.99", "1", "2", "-0.1"]);
        let range = self.pick(DURATIONS);
        let of = match self.below(4) {
            0 => "duration_seconds_bucket".to_owned(),
            1 => format!("rate(duration_seconds_bucket[{range}])"),
            2 => format!("sum by (le) (increase(duration_seconds_bucket[{range}]))"),
            _ => self.vector(depth),
        };
        format!("histogram_quantile({wanted}, {of})")
    }

    fn scalar(&mut self, depth: usize) -> String {
        let Some(depth) = depth.checked_sub(1) else {
            return self.pick(NUMBERS).to_owned();
        };
        match self.below(6) {
            0 => "time()".to_owned(),
            1 => format!("scalar({})", self.vector(depth)),
            2 => {
                let (op, left, right) = (
                    self.pick(ARITHMETIC),
                    self.scalar(depth),
                    self.scalar(depth),
                );
                format!("{left} {op} {right}")
            }
            3 => {
                let (op, left, right) = (
                    self.pick(COMPARISONS),
                    self.scalar(depth),
                    self.scalar(depth),
                );
                format!("({left} {op} bool {right})")
            }
            4 => format!("-{} # a remark\n", self.scalar(depth)),
            _ => self.pick(NUMBERS).to_owned(),
        }
    }
}
