//! Functions over the whole engine: the examples of the reference.

mod panics;

use crate::kql::relation::{Limits, Run};
use crate::kql::value::text::to_text;
use crate::kql::{Answer, Memory, Options};

/// 2024-02-29T12:00:00Z, a Thursday.
const NOW: i64 = 638_448_048_000_000_000;

/// What `tostring()` gives of an expression; the error where there is one.
fn value(expression: &str) -> String {
    let options = Options {
        now: NOW,
        parameters: Vec::new(),
    };
    let query = format!("print x = {expression}");
    match crate::kql::run(
        &query,
        &Memory::default(),
        &options,
        &Run::new(Limits::default(), &|| false),
    ) {
        Ok(answers) => answers
            .iter()
            .flat_map(Answer::values)
            .flatten()
            .map(|value| {
                if value.is_null() {
                    "null".to_owned()
                } else {
                    to_text(&value)
                }
            })
            .collect(),
        Err(error) => format!("error: {error}"),
    }
}

fn check(examples: &[(&str, &str)]) {
    let wrong: Vec<String> = examples
        .iter()
        .filter_map(|(expression, expected)| {
            let given = value(expression);
            (given != *expected).then(|| format!("{expression} is {given}, not {expected}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn text() {
    check(&[
        (r#"strcat("a", 1, 2.0, true)"#, "a12.0True"),
        (r#"strcat_delim("-", "a", 1s)"#, "a-00:00:01"),
        (r#"strrep("ABC", 2)"#, "ABCABC"),
        (r#"strrep(123, 3, ".")"#, "123.123.123"),
        (r#"strrep(3s, 2, " ")"#, "00:00:03 00:00:03"),
        (r#"indexof("abcdefg", "cde")"#, "2"),
        (r#"indexof("abcdefg", "cde", 1, 4)"#, "2"),
        (r#"indexof("abcdefg", "cde", 1, 2)"#, "-1"),
        (r#"indexof("abcdefg", "cde", 3, 4)"#, "-1"),
        (r#"indexof("abcdefg", "cde", -5)"#, "2"),
        ("indexof(1234567, 5, 1, 4)", "4"),
        (r#"indexof("abcdefgabcdefg", "cde", 1, 10, 2)"#, "9"),
        (r#"indexof("abcdefgabcdefg", "cde", 1, -1, 3)"#, "-1"),
        (r#"indexof_regex("abcabc", "a.c")"#, "0"),
        (r#"indexof_regex("abcabc", "a.c", 1)"#, "3"),
        (r#"translate("abc", "x", "abc")"#, "xxx"),
        (r#"translate("abc", "", "ab")"#, ""),
        (r#"translate("krasp", "otsku", "spark")"#, "kusto"),
        (r#"split("a_b_c", "_", 1)"#, r#"["b"]"#),
        (r#"split("a_b_c", "_", -1)"#, r#"["c"]"#),
        (r#"split("a_b_c", "_", 7)"#, "null"),
        (
            r#"replace_strings("A magic trick can turn a cat into a dog", dynamic(["cat", "dog"]), dynamic(["dog", "pigeon"]))"#,
            "A magic trick can turn a dog into a pigeon",
        ),
        (
            r#"replace_strings("This is an example", dynamic(["is", "This"]), dynamic(["was", "This"]))"#,
            "Thwas was an example",
        ),
        (
            r#"replace_strings("This is an example", dynamic(["This", "is"]), dynamic([12345, "was"]))"#,
            "This was an example",
        ),
        (r#"countof("aaaa", "aa")"#, "3"),
        (r#"countof("ababa", "aba")"#, "2"),
        (r#"countof("ababa", "aba", "regex")"#, "1"),
        (r#"countof("abcabc", "a.c", "regex")"#, "2"),
        (
            r#"extract("x=([0-9.]+)", 1, "hello x=45.6|wo", typeof(real))"#,
            "45.6",
        ),
        (
            r#"extract("-([0-9]{2})-", 1, "21-07-2023", typeof(int))"#,
            "7",
        ),
        (r#"extract("(a)(b)?", 2, "a")"#, ""),
        (r#"extract("a", 3, "a")"#, ""),
        (
            r#"extract_all(@"(\w)(\w+)(\w)", dynamic([1, 3]), "82b8-be2d")"#,
            r#"[["8","8"],["b","d"]]"#,
        ),
        (r#"extract_all("[0-9]+", "a1b23")"#, r#"["1","23"]"#),
        (
            r#"replace_regex("Number is 1", @"is (\d+)", @"was: \1")"#,
            "Number was: 1",
        ),
        (r#"replace_regex("cost", "cost", "$5")"#, "$5"),
        (r#"trim("--", "--https://bing.com--")"#, "https://bing.com"),
        (r#"trim_start("https://", "https://bing.com")"#, "bing.com"),
        (r#"trim(@"[^\w]+", "-  Te st1// $")"#, "Te st1"),
        (
            r#"has_any_index("this is an example", dynamic(["not", "example"]))"#,
            "1",
        ),
        (r#"has_any_index("Example number 2", dynamic([1, 2]))"#, "1"),
        (r#"has_any_index("this", dynamic([]))"#, "-1"),
        (r#"unicode_codepoints_from_string("aé")"#, "[97,233]"),
        (
            "unicode_codepoints_to_string(75, dynamic([117, 115]))",
            "Kus",
        ),
        (r#"regex_quote("a.b")"#, r"a\.b"),
        (r#"tolower("ÄÖß")"#, "äöß"),
        (r#"toupper("straße")"#, "STRAßE"),
        (
            r#"extract("(", 1, "a")"#,
            "error: `(` is not a regular expression: unclosed group",
        ),
    ]);
}

#[test]
fn addresses() {
    check(&[
        (
            r#"parse_url("scheme://username:password@host:1234/this/is/a/path?k1=v1&k2=v2#fragment")"#,
            r#"{"Scheme":"scheme","Host":"host","Port":"1234","Path":"/this/is/a/path","Username":"username","Password":"password","Query Parameters":{"k1":"v1","k2":"v2"},"Fragment":"fragment"}"#,
        ),
        (r#"parse_url("https://bing.com").Host"#, "bing.com"),
        (r#"parse_url("http://[::1]:80/a").Port"#, "80"),
        (
            r#"parse_urlquery("k1=v%201&k2=v2")"#,
            r#"{"Query Parameters":{"k1":"v 1","k2":"v2"}}"#,
        ),
        (
            r#"parse_path(@"C:\temp\file.txt")"#,
            r#"{"Scheme":"","RootPath":"C:","DirectoryPath":"C:\\temp","DirectoryName":"temp","Filename":"file.txt","Extension":"txt","AlternateDataStreamName":""}"#,
        ),
        (
            r#"parse_path("file://C:/temp/file.txt:some.exe")"#,
            r#"{"Scheme":"file","RootPath":"C:","DirectoryPath":"C:/temp","DirectoryName":"temp","Filename":"file.txt","Extension":"txt","AlternateDataStreamName":"some.exe"}"#,
        ),
        (
            r#"parse_path(@"\\shared\users\temp\file.txt.gz").DirectoryPath"#,
            r"\\shared\users\temp",
        ),
        (
            r#"parse_path("/usr/lib/temp/file.txt").DirectoryName"#,
            "temp",
        ),
        (
            r#"url_encode("https://www.bing.com/hello world")"#,
            "https%3a%2f%2fwww.bing.com%2fhello+world",
        ),
        (
            r#"url_encode_component("https://www.bing.com/hello world")"#,
            "https%3a%2f%2fwww.bing.com%2fhello%20world",
        ),
        (
            r#"url_decode("https%3a%2f%2fwww.bing.com%2f")"#,
            "https://www.bing.com/",
        ),
        (r#"parse_ipv4("192.168.1.1")"#, "3232235777"),
        (r#"parse_ipv4("192.168.1.1/24")"#, "3232235776"),
        (r#"parse_ipv4("255.255.255.255/31")"#, "4294967294"),
        (r#"parse_ipv4("1.2.3")"#, "null"),
        (r#"format_ipv4("192.168.1.1", 24)"#, "192.168.1.0"),
        (
            r#"format_ipv4_mask("192.168.1.1/24", 32)"#,
            "192.168.1.0/24",
        ),
        (r#"format_ipv4("192.168.1.1/24", -1)"#, ""),
        ("format_ipv4(3232235777)", "192.168.1.1"),
        (r#"ipv4_compare("192.168.1.1/24", "192.168.1.255")"#, "0"),
        (r#"ipv4_compare("192.168.1.1", "192.168.1.0", 31)"#, "0"),
        (r#"ipv4_compare("192.168.1.1", "192.168.1.0")"#, "1"),
        (
            r#"ipv4_is_match("192.168.1.1", "192.168.1.255/24")"#,
            "True",
        ),
        (
            r#"ipv4_is_in_range("192.168.1.6", "192.168.1.1/24")"#,
            "True",
        ),
        (r#"ipv4_is_in_range("10.0.0.1", "bad")"#, "null"),
        (
            r#"ipv4_is_in_any_range("192.168.1.6", "127.0.0.1", "192.168.1.1/24")"#,
            "True",
        ),
        (
            r#"ipv4_is_in_any_range("192.168.1.6", dynamic(["127.0.0.1"]))"#,
            "False",
        ),
        (r#"ipv4_is_private("10.1.2.3/24")"#, "True"),
        (r#"ipv4_is_private("202.1.2.3")"#, "False"),
        (r#"ipv4_netmask_suffix("10.1.2.3/24")"#, "24"),
        (
            r#"parse_ipv6("192.168.255.255/24")"#,
            "0000:0000:0000:0000:0000:ffff:c0a8:ff00",
        ),
        (r#"ipv6_is_match("::ffff:7f00:1", "127.0.0.1")"#, "True"),
        (
            r#"has_ipv4("05:04:54 127.0.0.1 GET /favicon.ico 404", "127.0.0.1")"#,
            "True",
        ),
        (
            r#"has_ipv4_prefix("05:04:54 127.0.0.1 GET", "127.0.")"#,
            "True",
        ),
        (
            r#"has_ipv4_prefix("05:04:54 127.0.0.256 GET", "127.0.")"#,
            "False",
        ),
        (r#"has_ipv4("127.0.0.11", "127.0.0.1")"#, "False"),
    ]);
}

#[test]
fn encodings() {
    check(&[
        (r#"base64_encode_tostring("Kusto")"#, "S3VzdG8="),
        (r#"base64_decode_tostring("S3VzdG8=")"#, "Kusto"),
        (
            r#"base64_decode_tostring("U3RyaW5n0KHR0tGA0L7Rh9C60LA=")"#,
            "",
        ),
        (
            r#"base64_decode_toarray("S3VzdG8=")"#,
            "[75,117,115,116,111]",
        ),
        (
            "base64_encode_fromarray(dynamic([75,117,115,116,111]))",
            "S3VzdG8=",
        ),
        (r#"hash("World")"#, "1846988464401551951"),
        (r#"hash("World", 100)"#, "51"),
        ("hash(datetime(2015-01-01))", "1380966698541616202"),
        (
            r#"hash_sha256("World")"#,
            "78ae647dc5544d227130a0682a51e30bc7777fbb6d8a8f17007463a3ecd1d524",
        ),
        (r#"hash_md5("World")"#, "f5a7924e621e84c9280a9a27e1bcb7f6"),
        (
            r#"hash_sha1("World")"#,
            "70c07ec18ef89c5309bbb0937f3a6342411e1fdd",
        ),
        ("tohex(256)", "100"),
        ("tohex(-256)", "ffffffffffffff00"),
        ("tohex(toint(-256), 8)", "ffffff00"),
        ("tohex(256, 8)", "00000100"),
        (r#"parse_version("1.2.3.4")"#, "1000000020000000300000004"),
        ("format_bytes(564)", "564 Bytes"),
        ("format_bytes(10332, 1)", "10.1 KB"),
        ("format_bytes(20010332, 2)", "19.08 MB"),
        (r#"format_bytes(20010332, 0, "KB")"#, "19541 KB"),
        (r#"parse_version("0.2")"#, "20000000000000000"),
        (r#"parse_version("1.2.3.4.5")"#, "null"),
        (
            r#"parse_csv('aa,"b,b,b",cc,"Escaping quotes: ""Title""","line1"')"#,
            r#"["aa","b,b,b","cc","Escaping quotes: \"Title\"","line1"]"#,
        ),
        (r#"parse_csv("record1,a\nrecord2,x")"#, r#"["record1","a"]"#),
    ]);
}

#[test]
fn numbers() {
    check(&[
        ("round(2.98765, 3)", "2.988"),
        ("round(2.15, 1)", "2.2"),
        ("round(-50.55, -2)", "-100.0"),
        ("round(21.5, -1)", "20.0"),
        ("round(1555, -2)", "1600"),
        ("bin(4.5, 1)", "4.0"),
        ("bin(-3, 2)", "-4"),
        ("bin(16d, 7d)", "14.00:00:00"),
        ("bin(5, 0)", "null"),
        ("floor(4.7)", "4.0"),
        ("bin_at(6.5, 2.5, 7)", "4.5"),
        ("bin_at(time(1h), 1d, 12h)", "-12:00:00"),
        (
            "bin_at(datetime(2017-05-17 10:20:00.0), 7d, datetime(2017-06-04 00:00:00.0))",
            "2017-05-14T00:00:00.0000000Z",
        ),
        ("abs(-5)", "5"),
        ("abs(-1h)", "01:00:00"),
        ("sign(-0.5)", "-1.0"),
        ("log(-1)", "null"),
        ("log10(1000)", "3.0"),
        ("exp2(3)", "8.0"),
        ("asin(2)", "null"),
        ("binary_and(12, 10)", "8"),
        ("binary_or(12, 10)", "14"),
        ("binary_xor(12, 10)", "6"),
        ("binary_not(100)", "-101"),
        ("binary_shift_left(1, 2)", "4"),
        ("binary_shift_left(1, -1)", "null"),
        ("bitset_count_ones(42)", "3"),
        ("max_of(10, 1, -3, 17)", "17"),
        ("max_of(int(null), 2)", "2"),
        ("min_of(1.5, 2)", "1.5"),
        ("rand() < 1 and rand(10) < 10", "True"),
        ("around(3, 5, 2)", "True"),
        ("coalesce(int(null), 3)", "3"),
        (r#"coalesce("", "b")"#, "b"),
        (r#"case(1 > 2, "a", 2 > 1, "b", "c")"#, "b"),
        (r#"iff(bool(null), "a", "b")"#, "b"),
        (
            r#"iff(true, 1, "b")"#,
            "error: `iff()` gives either long or string, and they do not go together; convert one of them, e.g. with tostring(…)",
        ),
    ]);
}

#[test]
fn times() {
    check(&[
        ("now()", "2024-02-29T12:00:00.0000000Z"),
        ("now(-1d)", "2024-02-28T12:00:00.0000000Z"),
        ("ago(1h)", "2024-02-29T11:00:00.0000000Z"),
        ("startofday(ago(1d))", "2024-02-28T00:00:00.0000000Z"),
        (
            "datetime_diff('week', datetime(2017-10-29 00:00), datetime(2017-09-30 23:59:59))",
            "5.0",
        ),
        (
            "datetime_diff('Month', datetime(2017-01-01), datetime(2015-12-30))",
            "13",
        ),
        (
            "datetime_diff('microsecond', datetime(2017-10-30 23:00:00.1009001), datetime(2017-10-30 23:00:00.1008009))",
            "100",
        ),
        (
            "datetime_diff('nanosecond', datetime(2017-10-30 23:00:00.0000000), datetime(2017-10-30 23:00:00.0000007))",
            "-700",
        ),
        (
            "datetime_part('week_of_year', datetime(2017-10-30 01:02:03.7654321))",
            "44",
        ),
        ("datetime_part('dayOfYear', datetime(2017-10-30))", "303"),
        (
            "datetime_part('microsecond', datetime(2017-10-30 01:02:03.7654321))",
            "765432",
        ),
        (
            "datetime_part('nanosecond', datetime(2017-10-30 01:02:03.7654321))",
            "765432100",
        ),
        (
            "datetime_add('month', -15, make_datetime(2017, 1, 1))",
            "2015-10-01T00:00:00.0000000Z",
        ),
        (
            "datetime_add('week', 100, make_datetime(2017, 1, 1))",
            "2018-12-02T00:00:00.0000000Z",
        ),
        (
            "make_datetime(2017, 10, 1, 12, 11, 0.1234567)",
            "2017-10-01T12:11:00.1234567Z",
        ),
        ("make_datetime(2021, 2, 29)", "null"),
        ("make_timespan(1, 12, 30, 55.123)", "1.12:30:55.1230000"),
        ("make_timespan(1, 12)", "01:12:00"),
        (
            "format_timespan(time(29.09:00:05.12345), 'dd.hh:mm:ss:FF')",
            "29.09:00:05:12",
        ),
        (
            "format_timespan(time(29.09:00:05.12345), 'ddd.h:mm:ss [fffffff]')",
            "029.9:00:05 [1234500]",
        ),
        (
            "unixtime_seconds_todatetime(1546300800)",
            "2019-01-01T00:00:00.0000000Z",
        ),
        (
            "unixtime_milliseconds_todatetime(1546300800000.5)",
            "2019-01-01T00:00:00.0005000Z",
        ),
        (
            "unixtime_nanoseconds_todatetime(1546300800000000000)",
            "2019-01-01T00:00:00.0000000Z",
        ),
        ("unixtime_seconds_todatetime(9999999999999)", "null"),
        (
            "datetime_utc_to_local(datetime(2020-07-01 12:00), 'Europe/Berlin')",
            "2020-07-01T14:00:00.0000000Z",
        ),
        (
            "datetime_local_to_utc(datetime(2020-01-01 12:00), 'US/Pacific')",
            "2020-01-01T20:00:00.0000000Z",
        ),
        (
            "datetime_utc_to_local(now(), 'Nowhere')",
            "error: the time zone `Nowhere` is not known; zones are called e.g. Europe/Berlin or UTC",
        ),
        ("weekofyear(datetime(2020-01-05))", "2"),
        ("weekofyear(datetime(2021-01-02))", "53"),
        ("week_of_year(datetime(2021-01-03))", "53"),
        ("week_of_year(datetime(2000-01-01))", "52"),
        ("endofweek(datetime(9999-12-31))", "null"),
        ("todatetime('2015-12-24') == datetime(2015-12-24)", "True"),
    ]);
}

#[test]
fn conversions() {
    check(&[
        (
            "gettype(guid(12e8b78d-55b4-46ae-b068-26d7a0080254))",
            "guid",
        ),
        ("gettype(parse_json(''))", "null"),
        ("gettype(1 == 1)", "bool"),
        ("tostring(dynamic({'a': 1.0}))", r#"{"a":1.0}"#),
        ("tostring(1e20)", "1E+20"),
        (
            "toguid('12e8b78d55b446aeb06826d7a0080254')",
            "12e8b78d-55b4-46ae-b068-26d7a0080254",
        ),
        ("toguid('x')", "null"),
        ("todecimal('1.50') == 1.5", "True"),
        ("totimespan('0.12:34:56.7')", "12:34:56.7000000"),
        ("isempty(dynamic(null))", "True"),
        ("isnotempty(parse_json('\"\"'))", "False"),
        ("isnull('')", "False"),
        ("isnotnull(dynamic([1])[3])", "False"),
    ]);
}
