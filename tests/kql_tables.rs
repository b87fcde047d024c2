//! Aggregates, joins, orders and series over whole queries: what the answers of the real engine (`kql_conformance`) do not hold, by the language's
//! reference.

#![expect(clippy::unwrap_used, reason = "a test: what cannot be read fails it")]

use quarterdeck::kql::value::text::to_text;
use quarterdeck::kql::{self, Limits, Memory, Options, Run};

const NUMBERS: &str = "datatable(k:long, v:real, s:string)[1,1.5,'a', 1,2.5,'b', 2,3.5,'c']";

/// The answer as text: a line of names and types, then a line a row, cells between bars.
fn answer(query: &str) -> String {
    let options = Options {
        now: 0,
        parameters: Vec::new(),
    };
    let never = || false;
    let run = Run::new(Limits::default(), &never);
    let answers = match kql::run(query, &Memory::default(), &options, &run) {
        Ok(answers) => answers,
        Err(error) => {
            let place = query.get(error.span.start..error.span.end).unwrap();
            return format!("{error} [{place}]");
        }
    };
    let mut lines = Vec::new();
    for answer in &answers {
        let fields = answer.schema.fields.iter();
        let names: Vec<String> = fields
            .map(|field| format!("{}:{}", field.name, field.ty.name()))
            .collect();
        lines.push(names.join(" "));
        for row in answer.values() {
            let cells: Vec<String> = row.iter().map(to_text).collect();
            lines.push(cells.join("|"));
        }
    }
    lines.join("\n")
}

/// Runs `query` over the table of [`NUMBERS`].
fn numbers(query: &str) -> String {
    answer(&format!("{NUMBERS} | {query}"))
}

#[test]
fn expressions_over_aggregates_have_the_name_of_what_they_are_made_of() {
    assert_eq!(
        numbers(
            "summarize sum(v)/count(), round(avg(v), 1), x = max(v) - min(v), toint(sum(v)) by k"
        ),
        "k:long Column1:real avg_v:real x:real sum_v:int\n1|2.0|2.0|1.0|4\n2|3.5|3.5|0.0|3"
    );
}

#[test]
fn a_star_is_every_column_that_is_not_named_and_not_a_key() {
    assert_eq!(
        numbers("summarize arg_max(v, *) by k"),
        "k:long v:real s:string\n1|2.5|b\n2|3.5|c"
    );
    assert_eq!(
        numbers("summarize take_any(*)"),
        "k:long v:real s:string\n1|1.5|a"
    );
    assert_eq!(
        numbers("summarize (a, b) = arg_max(v, s), arg_min(v, x = k + 1)"),
        "a:real b:string v:real x:long\n3.5|c|1.5|2"
    );
}

#[test]
fn percentiles_are_values_that_are_there() {
    assert_eq!(
        numbers("summarize percentiles(v, 25, 50, 99.9), percentiles_array(v, dynamic([0, 100]))"),
        "percentile_v_25:real percentile_v_50:real percentile_v_99_9:real percentiles_v:dynamic\n\
         1.5|2.5|3.5|[1.5,3.5]"
    );
    assert_eq!(
        numbers("summarize percentilew(k, k, 50)"),
        "percentile_k_50:long\n1"
    );
}

#[test]
fn the_aggregates_of_nothing() {
    assert_eq!(
        numbers(
            "where false | summarize sum(k), count(), dcount(s), avg(v), min(v), stdev(v), make_list(s), make_bag(pack('a', s)), take_any(s), \
             percentile(k, 50)"
        ),
        "sum_k:long count_:long dcount_s:long avg_v:real min_v:real stdev_v:real list_s:dynamic bag_:dynamic s:string percentile_k_50:long\n\
         0|0|0|NaN||0.0|[]|{}||"
    );
    assert_eq!(
        numbers("where false | summarize count() by k"),
        "k:long count_:long"
    );
}

#[test]
fn lists_and_sets_take_lists_apart_and_keep_the_nulls_of_dynamic() {
    assert_eq!(
        answer(
            "datatable(d:dynamic)[dynamic([1,2]), dynamic(3), dynamic(null), dynamic([2,4])] | summarize make_list(d), make_set(d), make_list(d, 2)"
        ),
        "list_d:dynamic set_d:dynamic list_d1:dynamic\n[1,2,3,null,2,4]|[1,2,3,null,4]|[1,2]"
    );
    assert_eq!(
        numbers(
            "summarize make_list_if(s, v > 2), make_set_if(k, v > 2), make_list_with_nulls(iff(k == 2, k, long(null)))"
        ),
        "list_s:dynamic set_k:dynamic list_:dynamic\n[\"b\",\"c\"]|[1,2]|[null,null,2]"
    );
}

#[test]
fn what_cannot_be_grouped_or_worked_out_is_an_error_with_its_place() {
    let table = "datatable(d:dynamic)[dynamic({'a': 1})]";
    assert_eq!(
        answer(&format!("{table} | summarize count() by d")),
        "rows cannot be grouped by a dynamic value; convert it first, e.g. with tostring() [d]"
    );
    assert_eq!(
        numbers("summarize sum(max(k))"),
        "an aggregate cannot stand inside another [max(k)]"
    );
    assert_eq!(
        numbers("summarize hll(k)"),
        "the aggregate `hll` is not supported; dcount() and percentile() work on the rows themselves [hll(k)]"
    );
    assert_eq!(
        numbers("summarize k + 1"),
        "expected an aggregate such as count() or sum(x) [k + 1]"
    );
    assert_eq!(
        numbers("join (datatable(k:string)['1']) on k"),
        "the keys `k` (long) and `k` (string) are of different types; convert one of them first, with extend [k]"
    );
}

#[test]
fn joins_find_each_pair_once_over_many_rows() {
    // 200 left rows a key, 300 right rows a key, and keys that only one side has.
    let left = "range x from 0 to 1999 step 1 | extend k = x % 10";
    let right = "range y from 0 to 3599 step 1 | extend k = y % 12";
    for (kind, rows) in [
        ("inner", 600_000),
        ("innerunique", 3_000),
        ("leftouter", 600_000),
        ("rightouter", 600_600),
        ("fullouter", 600_600),
        ("leftsemi", 2_000),
        ("rightsemi", 3_000),
        ("leftanti", 0),
        ("rightanti", 600),
    ] {
        let query = format!("{left} | join kind={kind} ({right}) on k | count");
        assert_eq!(answer(&query), format!("Count:long\n{rows}"), "{kind}");
    }
}

#[test]
fn a_lookup_keeps_the_order_of_its_rows_and_leaves_the_keys_out() {
    assert_eq!(
        numbers("lookup (datatable(k:long, v:string)[2,'two']) on k"),
        "k:long v:real s:string v1:string\n1|1.5|a|\n1|2.5|b|\n2|3.5|c|two"
    );
}

#[test]
fn the_top_is_the_beginning_of_the_sorted_rows() {
    for order in ["asc", "desc", "asc nulls last", "desc nulls first"] {
        let rows = "range x from 1 to 50000 step 1 | extend y = iff(x % 1000 == 7, long(null), x * 7919 % 10007)";
        let sorted = answer(&format!("{rows} | sort by y {order}, x asc | take 120"));
        let top = answer(&format!("{rows} | top 120 by y {order}, x asc"));
        assert_eq!(sorted, top);
    }
}

#[test]
fn series_without_an_end_are_as_long_as_their_data() {
    let table = "datatable(t:datetime, v:long, k:string)[\
         datetime(2020-01-01 10:00),1,'a', datetime(2020-01-01 12:59),2,'a', datetime(2020-01-01 10:30),5,'b']";
    assert_eq!(
        answer(&format!(
            "{table} | make-series sum(v), c = count() default = long(null) on t step 1h by k | project-away t"
        )),
        "k:string sum_v:dynamic c:dynamic\na|[1,0,2]|[1,null,1]\nb|[5]|[1]"
    );
    assert_eq!(
        answer(&format!(
            "{table} | where v > 9 | make-series kind=nonempty avg(v) on t from datetime(2020-01-01) to datetime(2020-01-02) step 12h"
        )),
        "avg_v:dynamic t:dynamic\n[0.0,0.0]|[\"2020-01-01T00:00:00.0000000Z\",\"2020-01-01T12:00:00.0000000Z\"]"
    );
    assert_eq!(
        answer(
            "range x from 1 to 5 step 1 | make-series count() on x in range(2, 4, 1) | project-away x"
        ),
        "count_:dynamic\n[1,1,1]"
    );
}

#[test]
fn the_others_of_top_nested_are_one_row_in_each_value() {
    let table = "datatable(k:string, s:string, v:long)['a','x',1, 'b','x',2, 'a','y',3, 'c','z',9]";
    assert_eq!(
        answer(&format!(
            "{table} | top-nested 2 of k with others = 'rest' by sum(v), top-nested 1 of s with others = 'more' by sum(v)"
        )),
        "k:string aggregated_k:long s:string aggregated_s:long\nc|9|z|9\na|4|y|3\na|4|more|1\nrest|2|more|2"
    );
    assert_eq!(
        answer(&format!(
            "{table} | top-nested of k by sum(v) asc, top-nested 1 of s by max(v)"
        )),
        "k:string aggregated_k:long s:string aggregated_s:long\nb|2|x|2\na|4|y|3\nc|9|z|9"
    );
}

#[test]
fn partitions_are_worked_out_by_themselves() {
    assert_eq!(
        numbers("partition by k (top 1 by v | extend n = 1)"),
        "k:long v:real s:string n:long\n1|2.5|b|1\n2|3.5|c|1"
    );
}
