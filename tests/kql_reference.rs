//! The examples of the Kusto reference: what its pages say a query answers. Each stands with the page it is from
//! (learn.microsoft.com/kusto/query/…); where the page shows rows in an order of chance, the query here sorts them.

use quarterdeck::kql::value::text::to_text;
use quarterdeck::kql::{self, Limits, Memory, Options, Run, Value};

/// A page, a query, and its answer: the names of the columns, then one line a row with `|` between the cells.
type Example = (
    &'static str,
    &'static str,
    &'static str,
    &'static [&'static str],
);

const EXAMPLES: &[Example] = &[
    (
        "parse-operator",
        r#"print s='k={"a":1}' | parse s with 'k=' d:dynamic | parse-kv s as (k:dynamic) with (pair_delimiter=';', kv_delimiter='=') | extend x = extract('([{].*[}])', 1, s, typeof(dynamic)) | project d.a, k.a, x.a"#,
        "d_a|k_a|x_a",
        &["1|1|1"],
    ),
    (
        "min-of-function",
        "print min_of('b', 'a'), max_of('a', 'b'), min_of('', 'a'), min_of(17, 1, -3), min_of(long(null), 2)",
        "print_0|print_1|print_2|print_3|print_4",
        &["a|b||-3|2"],
    ),
    (
        "parse-kv-operator",
        r#"print str='src=10.1.1.123 dst=10.1.1.124 bytes=125 failure="connection aborted" "event time"=2021-01-01T10:00:54' | parse-kv str as (['event time']:datetime, src:string, dst:string, bytes:long, failure:string) with (pair_delimiter=' ', kv_delimiter='=', quote='"') | project-away str"#,
        "event time|src|dst|bytes|failure",
        &["2021-01-01T10:00:54.0000000Z|10.1.1.123|10.1.1.124|125|connection aborted"],
    ),
    (
        "parse-kv-operator",
        "print str='src=10.1.1.123 dst=10.1.1.124 bytes=125 failure=(connection aborted) (event time)=(2021-01-01 10:00:54)' | parse-kv str as (['event time']:datetime, src:string, dst:string, bytes:long, failure:string) with (pair_delimiter=' ', kv_delimiter='=', quote='()') | project-away str",
        "event time|src|dst|bytes|failure",
        &["2021-01-01T10:00:54.0000000Z|10.1.1.123|10.1.1.124|125|connection aborted"],
    ),
    (
        "parse-kv-operator",
        "print str='name=John Doe phone=555 5555 city=New York' | parse-kv str as (name:string, phone:string, city:string) with (pair_delimiter=' ', kv_delimiter='=') | project-away str",
        "name|phone|city",
        &["John|555|New"],
    ),
    (
        "parse-kv-operator",
        "print str='name=John Doe phone=555 5555 city=New York' | parse-kv str as (name:string, phone:string, city:string) with (pair_delimiter=' ', kv_delimiter='=', greedy=true) | project-away str",
        "name|phone|city",
        &["John Doe|555 5555|New York"],
    ),
    (
        "parse-kv-operator",
        r#"print str="2021-01-01T10:00:34 [INFO] ThreadId:458745723, Machine:Node001, Text: 'The service \\' is up'" | parse-kv str as (Text: string, ThreadId:long, Machine: string) with (quote="'", escape='\\') | project-away str"#,
        "Text|ThreadId|Machine",
        &["The service ' is up|458745723|Node001"],
    ),
    (
        "scan-operator",
        "range x from 1 to 5 step 1 | extend y = 2 * x | scan declare (cumulative_x:long=0, cumulative_y:long=0) with ( step s1: true => cumulative_x = iff(s1.cumulative_x >= 10, x, x + s1.cumulative_x), cumulative_y = iff(s1.cumulative_y >= 10, y, y + s1.cumulative_y); )",
        "x|y|cumulative_x|cumulative_y",
        &["1|2|1|2", "2|4|3|6", "3|6|6|12", "4|8|10|8", "5|10|5|18"],
    ),
    (
        "scan-operator",
        "datatable (Ts: timespan, Event: string) [0m, 'A', 1m, 'A', 32m, 'B', 41m, 'E', 75m, 'A'] | sort by Ts asc | scan with_match_id=session_id declare (sessionStart: timespan) with ( step inSession: true => sessionStart = iff(isnull(inSession.sessionStart), Ts, inSession.sessionStart); step endSession output=none: Ts - inSession.sessionStart > 30m; )",
        "Ts|Event|sessionStart|session_id",
        &[
            "00:00:00|A|00:00:00|0",
            "00:01:00|A|00:00:00|0",
            "00:32:00|B|00:32:00|1",
            "00:41:00|E|00:32:00|1",
            "01:15:00|A|01:15:00|2",
        ],
    ),
    (
        "scan-operator",
        "datatable (Ts: timespan, Event: string) [0m, 'A', 1m, 'Start', 2m, 'B', 3m, 'D', 4m, 'Stop', 6m, 'C', 8m, 'Start', 11m, 'E', 12m, 'Stop'] | sort by Ts asc | scan with_match_id=m_id with ( step s1: Event == 'Start'; step s2: Event != 'Start' and Event != 'Stop' and Ts - s1.Ts <= 5m; step s3: Event == 'Stop' and Ts - s1.Ts <= 5m; )",
        "Ts|Event|m_id",
        &[
            "00:01:00|Start|0",
            "00:02:00|B|0",
            "00:03:00|D|0",
            "00:04:00|Stop|0",
            "00:08:00|Start|1",
            "00:11:00|E|1",
            "00:12:00|Stop|1",
        ],
    ),
    (
        "mv-apply-operator",
        "let _data = range x from 1 to 8 step 1 | summarize l=make_list(x) by xMod2 = x % 2; _data | mv-apply element=l to typeof(long) on (top 1 by element) | sort by xMod2 desc",
        "xMod2|l|element",
        &["1|[1,3,5,7]|7", "0|[2,4,6,8]|8"],
    ),
    (
        "mv-apply-operator",
        "let _data = range x from 1 to 8 step 1 | summarize l=make_list(x) by xMod2 = x % 2; _data | mv-apply l to typeof(long) on (top 2 by l | summarize SumOfTop2=sum(l)) | sort by xMod2 desc",
        "xMod2|SumOfTop2",
        &["1|12", "0|14"],
    ),
    (
        "mv-expand-operator",
        "datatable (a:int, b:dynamic, c:dynamic)[1,dynamic({'prop1':'a', 'prop2':'b'}), dynamic([5])] | mv-expand b, c",
        "a|b|c",
        &[r#"1|{"prop1":"a"}|5"#, r#"1|{"prop2":"b"}|"#],
    ),
    (
        "top-nested-operator",
        "datatable(id: string, timestamp: datetime, otherInformation: string) ['Barak', datetime(2015-01-01), '1', 'Barak', datetime(2016-01-01), '2', 'Barak', datetime(2017-01-20), '3', 'Donald', datetime(2017-01-20), '4', 'Donald', datetime(2017-01-18), '5', 'Donald', datetime(2017-01-19), '6'] | top-nested of id by dummy0=max(1), top-nested 2 of timestamp by dummy1=max(timestamp), top-nested of otherInformation by dummy2=max(1) | project-away dummy0, dummy1, dummy2 | sort by otherInformation asc",
        "id|timestamp|otherInformation",
        &[
            "Barak|2016-01-01T00:00:00.0000000Z|2",
            "Barak|2017-01-20T00:00:00.0000000Z|3",
            "Donald|2017-01-20T00:00:00.0000000Z|4",
            "Donald|2017-01-19T00:00:00.0000000Z|6",
        ],
    ),
    (
        "format-datetime-function",
        "let dt = datetime(2017-01-29 09:00:05); print v1=format_datetime(dt,'yy-MM-dd [HH:mm:ss]'), v2=format_datetime(dt, 'yyyy-M-dd [H:mm:ss]'), v3=format_datetime(dt, 'yy-MM-dd [hh:mm:ss tt]')",
        "v1|v2|v3",
        &["17-01-29 [09:00:05]|2017-1-29 [9:00:05]|17-01-29 [09:00:05 AM]"],
    ),
    (
        "format-timespan-function",
        "print a=format_timespan(time(29.09:00:05.12345), 'dd.hh:mm:ss [FF]'), b=format_timespan(time(29.09:00:05.12345), 'ddd.h:mm:ss [fff]')",
        "a|b",
        &["29.09:00:05 [12]|029.9:00:05 [123]"],
    ),
    (
        "bag-unpack-plugin",
        "datatable(d:dynamic) [dynamic({'Name': 'John', 'Age':20, 'Address': 'Address-1' }), dynamic({'Name': 'Dave', 'Age':40, 'Address': 'Address-2'})] | evaluate bag_unpack(d, ignoredProperties=dynamic(['Address', 'Age']))",
        "Name",
        &["John", "Dave"],
    ),
    (
        "bag-unpack-plugin",
        "datatable(Name:string, d:dynamic) ['Old_name', dynamic({'Name': 'John', 'Age':20}), 'Old_name', dynamic({'Name': 'Dave', 'Age':40})] | evaluate bag_unpack(d, columnsConflict='keep_source')",
        "Name|Age",
        &["Old_name|20", "Old_name|40"],
    ),
    (
        "array-sort-asc-function",
        "let array1 = dynamic([1,3,4,5,2]); let array2 = dynamic(['a','b','c','d','e']); print array_sort_asc(array1,array2)",
        "array1_sorted|array2_sorted",
        &[r#"[1,2,3,4,5]|["a","e","b","c","d"]"#],
    ),
    (
        "array-sort-asc-function",
        "print array_sort_asc(dynamic([null,'blue','yellow','green',null]))",
        "print_0",
        &[r#"["blue","green","yellow",null,null]"#],
    ),
    (
        "array-sort-asc-function",
        "print array_sort_asc(dynamic([null,'blue','yellow','green',null]), false)",
        "print_0",
        &[r#"[null,null,"blue","green","yellow"]"#],
    ),
    (
        "array-iff-function",
        "print array_iff(dynamic([true,false,true]), dynamic([1,2,3]), dynamic([4,5,6])), array_iff(dynamic([1,0,50]), 'yes', 'no'), array_iff(dynamic([true,true,true]), dynamic([1,2]), dynamic([3,4]))",
        "print_0|print_1|print_2",
        &[r#"[1,5,3]|["yes","no","yes"]|[1,2,null]"#],
    ),
    (
        "array-iff-function",
        "print array_iff(dynamic(['some string value', datetime('01-01-2022'), null]), 1, 0)",
        "print_0",
        &["[null,null,null]"],
    ),
    (
        "array-slice-function",
        "print array_slice(dynamic([1,2,3]), 1, 2), array_slice(dynamic([1,2,3,4,5]), 2, -1), array_slice(dynamic([1,2,3,4,5]), -3, -2)",
        "print_0|print_1|print_2",
        &["[2,3]|[3,4,5]|[3,4]"],
    ),
    (
        "array-split-function",
        "print array_split(dynamic([1,2,3,4,5]), 2), array_split(dynamic([1,2,3,4,5]), dynamic([1,3]))",
        "print_0|print_1",
        &["[[1,2],[3,4,5]]|[[1],[2,3],[4,5]]"],
    ),
    (
        "bag-remove-keys-function",
        "datatable(input:dynamic)[dynamic({'key1': 123, 'key2': {'prop1' : 'abc', 'prop2': 'xyz'}, 'key3': [100, 200]})] | project result=bag_remove_keys(input, dynamic(['$.key2.prop1', 'key3']))",
        "result",
        &[r#"{"key1":123,"key2":{"prop2":"xyz"}}"#],
    ),
    (
        "treepath-function",
        r#"print treepath(parse_json('{"a":"b", "c":123}')), treepath(parse_json('{"prop1":[1,2,3,4], "prop2":"value2"}'))"#,
        "print_0|print_1",
        &[r#"["['a']","['c']"]|["['prop1']","['prop1'][0]","['prop2']"]"#],
    ),
    (
        "split-function",
        "print split('aa_bb', '_'), split('aaa_bbb_ccc', '_', 1), split('', '_'), split('a__b', '_'), split('aabbcc', 'bb')",
        "print_0|print_1|print_2|print_3|print_4",
        &[r#"["aa","bb"]|["bbb"]|[""]|["a","","b"]|["aa","cc"]"#],
    ),
    (
        "indexof-function",
        "print indexof('abcdefg','cde'), indexof('abcdefg','cde',1,4), indexof('abcdefg','cde',1,2), indexof('abcdefg','cde',3,4), indexof(1234567,5,1,4), indexof('abcdefg','cde',2,-1), indexof('abcdefgabcdefg', 'cde', 1, 10, 2), indexof('abcdefgabcdefg', 'cde', 1, -1, 3)",
        "print_0|print_1|print_2|print_3|print_4|print_5|print_6|print_7",
        &["2|2|-1|-1|4|2|9|-1"],
    ),
    (
        "isempty-function",
        "print isempty(''), isempty('x'), isempty(parse_json('')), isempty(parse_json('[]')), isempty(parse_json('{}'))",
        "print_0|print_1|print_2|print_3|print_4",
        &["True|False|True|False|False"],
    ),
    (
        "buildschema-aggregation-function",
        "datatable(value: dynamic) [dynamic({'x':1, 'y':3.5}), dynamic({'x':'somevalue', 'z':[1, 2, 3]}), dynamic({'y':{'w':'zzz'}, 't':['aa', 'bb'], 'z':['foo']})] | summarize buildschema(value)",
        "schema_value",
        &[
            r#"{"x":["long","string"],"y":["double",{"w":"string"}],"z":{"`indexer`":["long","string"]},"t":{"`indexer`":"string"}}"#,
        ],
    ),
    (
        "parse-command-line-function",
        r#"print parse_command_line('echo "hello world!"', 'windows')"#,
        "print_0",
        &[r#"["echo","hello world!"]"#],
    ),
    (
        "base64-encode-fromguid-function",
        "print base64_encode_fromguid(toguid('ae3133f2-6e22-49ae-b06a-16e6a9b212eb')), base64_decode_toguid('8jMxriJurkmwahbmqbIS6w==')",
        "print_0|print_1",
        &["8jMxriJurkmwahbmqbIS6w==|ae3133f2-6e22-49ae-b06a-16e6a9b212eb"],
    ),
    (
        "ipv4-range-to-cidr-list-function",
        "print ipv4_range_to_cidr_list('1.1.128.0', '1.1.140.255')",
        "print_0",
        &[r#"["1.1.128.0/21","1.1.136.0/22","1.1.140.0/24"]"#],
    ),
    (
        "gamma-function",
        "print gamma(5), gamma(0.5), loggamma(5), erf(0), erf(-1), erfc(0.5), erf(3), erfc(2)",
        "print_0|print_1|print_2|print_3|print_4|print_5|print_6|print_7",
        &["24.000000|1.772454|3.178054|0.000000|-0.842701|0.479500|0.999978|0.004678"],
    ),
    (
        "covarianceif-aggregation-function",
        "datatable(a:real, b:real, of:bool)[1, 2, true, 2, 4, true, 3, 6.5, true, 9, 0, false] | summarize x=covarianceif(a, b, of), y=covariancepif(a, b, of)",
        "x|y",
        &["2.250000|1.500000"],
    ),
];

/// Functions that are known by name and refused, with a word of the reason.
const REFUSED: &[(&str, &str)] = &[
    ("geo_distance_2points(1, 2, 3, 4)", "coordinates"),
    ("geo_point_in_polygon(1, 2, dynamic({}))", "coordinates"),
    ("parse_xml('<a/>')", "extract()"),
    ("parse_user_agent('x', 'browser')", "extract()"),
    ("punycode_from_string('é')", "extract()"),
    ("hash_many('a', 'b')", "hash_sha256"),
    ("hash_combine(1, 2)", "hash_sha256"),
    ("dcount_hll(dynamic(null))", "dcount()"),
    ("ingestion_time()", "service"),
    ("convert_length(1, 'Meter', 'Foot')", "factor"),
];

fn run(query: &str) -> Result<Vec<kql::Answer>, kql::KqlError> {
    let options = Options {
        now: 638_000_000_000_000_000,
        parameters: Vec::new(),
    };
    let never = || false;
    let run = Run::new(Limits::default(), &never);
    kql::run(query, &Memory::default(), &options, &run)
}

fn cell(value: &Value) -> String {
    match value {
        Value::Real(number) => format!("{number:.6}"),
        other => to_text(other),
    }
}

#[test]
fn examples_of_the_reference_give_what_their_pages_say() {
    let mut wrong = Vec::new();
    for (page, query, columns, rows) in EXAMPLES {
        let answers = match run(query) {
            Ok(answers) => answers,
            Err(error) => {
                wrong.push(format!("{page}: {query}\n  {error}"));
                continue;
            }
        };
        let answer = answers.first().unwrap();
        let names: Vec<&str> = answer
            .schema
            .fields
            .iter()
            .map(|field| &*field.name)
            .collect();
        let found: Vec<String> = answer
            .values()
            .map(|row| row.iter().map(cell).collect::<Vec<_>>().join("|"))
            .collect();
        if names.join("|") != *columns || found != *rows {
            wrong.push(format!(
                "{page}: {query}\n  {}\n  {}",
                names.join("|"),
                found.join("\n  ")
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_known_and_not_worked_out_is_refused_by_its_name() {
    for (call, reason) in REFUSED {
        let error = run(&format!("print {call}")).unwrap_err();
        let name = call.split('(').next().unwrap();
        let text = error.to_string();
        assert!(
            text.contains(name) && text.contains("not supported"),
            "{text}"
        );
        assert!(text.contains(reason), "{text}");
    }
}

#[test]
fn an_assertion_that_does_not_hold_ends_the_query() {
    assert!(run("print assert(1 > 0, 'x')").is_ok());
    let error = run("print assert(1 > 2, 'one is less')").unwrap_err();
    assert!(error.to_string().contains("one is less"), "{error}");
    assert!(run("range x from 1 to 2 step 1 | where assert(x > 0, 'x')").is_err());
}

#[test]
fn of_an_empty_list_mv_apply_leaves_nothing() {
    let query = "datatable(a: long, b: dynamic)[1, dynamic([5]), 2, dynamic([]), 3, dynamic(null)] | mv-apply b on (summarize c = count())";
    let answer = run(query).unwrap();
    let rows: Vec<String> = answer
        .first()
        .unwrap()
        .values()
        .map(|row| row.iter().map(cell).collect())
        .collect();
    assert_eq!(rows, ["11", "31"]);
}
