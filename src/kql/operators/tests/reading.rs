//! Queries that read texts and dynamic values.

use super::{run, same};

#[test]
fn parse_where_keeps_what_matches() {
    let data = r#"datatable(s:string)["a=1 b=x", "a=z b=y", "other"]"#;
    same(
        &format!(r#"{data} | parse s with "a=" a:long " b=" b"#),
        &["s|a|b", "a=1 b=x|1|x", "a=z b=y||", "other||"],
    );
    same(
        &format!(r#"{data} | parse-where s with "a=" a:long " b=" b | project a, b"#),
        &["a|b", "1|x"],
    );
    same(
        &format!(r#"{data} | parse-where kind=relaxed s with "a=" a:long " b=" b | project a, b"#),
        &["a|b", "1|x", "|y"],
    );
}

#[test]
fn calls_of_several_values_make_several_columns() {
    same(
        "let a = dynamic([1,3,2]); let b = dynamic(['x','y','z']); print array_sort_asc(a, b)",
        &["a_sorted|b_sorted", r#"[1,2,3]|["x","z","y"]"#],
    );
    same(
        "print array_sort_asc(dynamic([2,1]))",
        &["print_0", "[1,2]"],
    );
    same(
        "print a = dynamic([1,3,4,5,2]), b = dynamic(['a','b','c','d','e']) | project array_sort_asc(a, b)",
        &["a_sorted|b_sorted", r#"[1,2,3,4,5]|["a","e","b","c","d"]"#],
    );
    same(
        "print a = dynamic([2,null,1]) | extend (x) = array_sort_desc(a), y = array_sort_asc(a, false) | project x, y",
        &["x|y", "[2,1,null]|[null,1,2]"],
    );
    same(
        "print y = dynamic([1,3,5]) | project (r, slope) = series_fit_line(y) | project r, slope",
        &["r|slope", "1.0|2.0"],
    );
    same(
        "print y = dynamic([1,3,5]) | project series_stats(y) | project series_stats_y_min, series_stats_y_max_idx",
        &["series_stats_y_min|series_stats_y_max_idx", "1.0|2"],
    );
}

#[test]
fn a_row_is_packed_with_its_names() {
    same(
        "datatable(a:string, b:long)['x', 1] | project p = bag_pack_columns(b, a)",
        &["p", r#"{"b":1,"a":"x"}"#],
    );
    assert!(run("print a = 1 | extend p = bag_pack_columns(a + 1, 2)").is_err());
    same(
        "datatable(a:string, b:long)['x', 1, '', 2] | project p = pack_all(), q = pack_all(true), l = pack_array(*)",
        &[
            "p|q|l",
            r#"{"a":"x","b":1}|{"a":"x","b":1}|["x",1]"#,
            r#"{"a":"","b":2}|{"b":2}|["",2]"#,
        ],
    );
}

/// The lines that the reference's page on `parse` reads.
const TRACES: &str = r#"datatable(EventText:string)[
    "Event: NotifySliceRelease (resourceName=PipelineScheduler, totalSlices=27, sliceNumber=23, lockTime=02/17/2016 08:40:01, releaseTime=02/17/2016 08:40:01, previousLockTime=02/17/2016 08:39:01)",
    "Event: NotifySliceRelease (resourceName=PipelineScheduler, totalSlices=nonValidLongValue, sliceNumber=16, lockTime=02/17/2016 08:41:00, releaseTime=nonValidDateTime, previousLockTime=02/17/2016 08:40:00)"]"#;

#[test]
fn parse_reads_the_lines_of_the_reference() {
    let pattern = r#"EventText with * "resourceName=" resourceName ", totalSlices=" totalSlices: long * "sliceNumber=" sliceNumber: long * "lockTime=" lockTime ", releaseTime=" releaseTime: date "," * "previousLockTime=" previousLockTime: date ")" * | project-away EventText"#;
    let names = "resourceName|totalSlices|sliceNumber|lockTime|releaseTime|previousLockTime";
    let first = "PipelineScheduler|27|23|02/17/2016 08:40:01|2016-02-17T08:40:01.0000000Z|2016-02-17T08:39:01.0000000Z";
    same(
        &format!("{TRACES} | parse {pattern}"),
        &[names, first, "|||||"],
    );
    same(
        &format!("{TRACES} | parse kind=relaxed {pattern}"),
        &[
            names,
            first,
            "PipelineScheduler||16|02/17/2016 08:41:00||2016-02-17T08:40:00.0000000Z",
        ],
    );
    same(
        &format!(
            r#"{TRACES} | take 1 | parse kind=regex EventText with "(.*?)[a-zA-Z]*=" resourceName @", totalSlices=\s*\d+\s*.*?sliceNumber=" sliceNumber: long  ".*?(previous)?lockTime=" lockTime ".*?releaseTime=" releaseTime ".*?previousLockTime=" previousLockTime: date "\\)" | project-away EventText"#
        ),
        &[
            "resourceName|sliceNumber|lockTime|releaseTime|previousLockTime",
            "PipelineScheduler|23|02/17/2016 08:40:01, |02/17/2016 08:40:01, |2016-02-17T08:39:01.0000000Z",
        ],
    );
    same(
        &format!(
            r#"{TRACES} | take 1 | parse kind=regex flags=Ui EventText with * "RESOURCENAME=" resourceName ',' * | project resourceName"#
        ),
        &["resourceName", "PipelineScheduler"],
    );
}

#[test]
fn parse_kv_reads_the_lines_of_the_reference() {
    same(
        r#"print s='src=10.1.1.123 dst=10.1.1.124 bytes=125 failure="connection aborted" "event time"=2021-01-01T10:00:54'
           | parse-kv s as (['event time']:datetime, src:string, bytes:long, failure:string) with (pair_delimiter=' ', kv_delimiter='=', quote='"') | project-away s"#,
        &[
            "event time|src|bytes|failure",
            "2021-01-01T10:00:54.0000000Z|10.1.1.123|125|connection aborted",
        ],
    );
    same(
        r#"print s="2021-01-01T10:00:34 [INFO] ThreadId:458745723, Machine:Node001, Text: Started"
           | parse-kv s as (Text: string, ThreadId:long, Machine: string) | project-away s"#,
        &["Text|ThreadId|Machine", "Started|458745723|Node001"],
    );
    same(
        r#"print s=@'["referer url: https://hostname.com/redirect?dest=/?h=1234", "request url: https://hostname.com/?h=1234", "advertiser id: 24fefbca-cf27-4d62-a623-249c2ad30c73"]'
           | parse-kv s as (['referer url']:string, ['request url']:string, ['advertiser id']: guid) with (regex=@'"([\w ]+)\s*:\s*([^"]*)"') | project-away s"#,
        &[
            "referer url|request url|advertiser id",
            "https://hostname.com/redirect?dest=/?h=1234|https://hostname.com/?h=1234|24fefbca-cf27-4d62-a623-249c2ad30c73",
        ],
    );
}

/// Calls and what they give.
const CALLS: &[(&str, &str)] = &[
    ("range(1, 8, 3)", "[1,4,7]"),
    ("range(1, 3)", "[1,2,3]"),
    ("range(1h, 3h)", r#"["01:00:00","02:00:00","03:00:00"]"#),
    ("repeat(1, 3)", "[1,1,1]"),
    ("repeat(1, -1)", ""),
    (
        "zip(dynamic(['A', 1, 1.5]), dynamic([{}, 'B']))",
        r#"[["A",{}],[1,"B"],[1.5,null]]"#,
    ),
    ("array_split(dynamic([1,2,3,4,5]), 2)", "[[1,2],[3,4,5]]"),
    (
        "array_split(dynamic([1,2,3,4,5]), dynamic([1,3]))",
        "[[1],[2,3],[4,5]]",
    ),
    (
        "array_iff(dynamic([1,0,50]), 'yes', 'no')",
        r#"["yes","no","yes"]"#,
    ),
    ("array_iff(dynamic(['x', null]), 1, 0)", "[null,null]"),
    (
        "array_iff(dynamic([true,true,true]), dynamic([1,2]), dynamic([3,4]))",
        "[1,2,null]",
    ),
    (
        "bag_zip(dynamic(['a', 8, 'b']), dynamic([1, '2', 2.5]))",
        r#"{"a":1,"b":2.5}"#,
    ),
    (
        "bag_zip(dynamic(['a','b']), dynamic([1]))",
        r#"{"a":1,"b":null}"#,
    ),
    (
        "bag_remove_keys(dynamic({'k1':1,'k2':{'p1':'a','p2':'b'},'k3':[1]}), dynamic(['$.k2.p1','k3']))",
        r#"{"k1":1,"k2":{"p2":"b"}}"#,
    ),
    (
        "bag_set_key(dynamic({'k1':123}), '$.k2.p1', 'abc')",
        r#"{"k1":123,"k2":{"p1":"abc"}}"#,
    ),
    ("bag_has_key(dynamic({'k2':{'p1':'a'}}), '$.k2.p1')", "True"),
    ("bag_keys(dynamic([]))", ""),
    (
        "bag_merge(dynamic({'A1':12,'B1':2}), dynamic({'A2':81,'A1':1}))",
        r#"{"A1":12,"B1":2,"A2":81}"#,
    ),
    ("set_union(dynamic([1,2,2]), dynamic([2.0,3]))", "[1,2,3]"),
    (
        "set_difference(dynamic([4,8,4,2]), dynamic([2]), dynamic([8]))",
        "[4]",
    ),
    ("set_intersect(dynamic([1,1,2]), dynamic([2,1]))", "[1,2]"),
    ("set_has_element(dynamic(['a','b']), 'b')", "True"),
    (
        "jaccard_index(dynamic([1,2,3]), dynamic([1,2,3,4]))",
        "0.75",
    ),
    (
        "treepath(parse_json('{\"p\":[1,{\"x\":2}],\"q\":1}'))",
        r#"["['p']","['p'][0]","['p'][0]['x']","['q']"]"#,
    ),
    (
        "extract_json('$.hosts[1].MB', '{\"hosts\":[{},{\"MB\":\"7\"}]}', typeof(int))",
        "7",
    ),
    ("extract_json(\"$['a'][0]\", '{\"a\":[\"x\"]}')", "x"),
    (
        "array_sort_asc(dynamic([null,'blue','yellow','green',null]))",
        r#"["blue","green","yellow",null,null]"#,
    ),
    (
        "array_sort_desc(dynamic(['b', 2, 10, 'a']))",
        r#"[10,2,"b","a"]"#,
    ),
    (
        "series_fill_forward(dynamic([null,36,41,null,16,null]))",
        "[null,36,41,41,16,16]",
    ),
    (
        "series_fill_backward(dynamic([null,36,41,null,16,null]))",
        "[36,36,41,16,16,null]",
    ),
    ("series_fill_const(dynamic([null,1.5]), 7)", "[7.0,1.5]"),
    (
        "series_add(dynamic([1,2]), dynamic([1.5,1,4]))",
        "[2.5,3,null]",
    ),
    (
        "series_equals(dynamic([1,0.0,2]), dynamic([1.0,-0.0,3]))",
        "[true,true,false]",
    ),
    (
        "series_divide(dynamic([1,2,4]), dynamic([4,2,1]))",
        "[0.25,1.0,4.0]",
    ),
    (
        "series_fir(dynamic([0,10,20]), dynamic([1,1]))",
        "[0.0,5.0,15.0]",
    ),
    (
        "series_fir(dynamic([0,10,20]), dynamic([1,1,1]), true, true)",
        "[3.333333333333333,10.0,10.0]",
    ),
    (
        "series_iir(dynamic([1,2,3]), dynamic([1]), dynamic([1,-1]))",
        "[1,3,6]",
    ),
    ("parse_json(dynamic('{\"a\":1}'))", r#"{"a":1}"#),
    (
        "dynamic_to_json(dynamic({'b':[{'d':1,'c':2}],'a':null}))",
        r#"{"a":null,"b":[{"c":2,"d":1}]}"#,
    ),
];

#[test]
fn functions_of_lists_and_objects_give_what_the_reference_gives() {
    for (call, expected) in CALLS {
        same(&format!("print v = {call}"), &["v", expected]);
    }
    for refused in [
        "new_guid()",
        "series_outliers(dynamic([1,2,3]))",
        "series_decompose(dynamic([1]))",
    ] {
        assert!(run(&format!("print {refused}")).is_err(), "{refused}");
    }
}
