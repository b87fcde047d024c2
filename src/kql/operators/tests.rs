//! Queries over the whole engine, with the answers that the reference of the language gives for them.

mod reading;

use crate::kql::catalog::{Catalog, Memory};
use crate::kql::error::KqlError;
use crate::kql::relation::{Limits, Run};
use crate::kql::value::text::to_text;
use crate::kql::{Answer, Options};

fn run(query: &str) -> Result<Answer, KqlError> {
    run_over(query, &Memory::default())
}

fn run_over(query: &str, catalog: &dyn Catalog) -> Result<Answer, KqlError> {
    let never = || false;
    let run = Run::new(Limits::default(), &never);
    let options = Options {
        now: 0,
        parameters: Vec::new(),
    };
    let answers = crate::kql::run(query, catalog, &options, &run)?;
    Ok(answers.into_iter().last().unwrap())
}

/// The names of the columns, then every row, cells parted by `|`; a null is nothing.
fn answer(query: &str) -> Vec<String> {
    lines(&run(query).unwrap_or_else(|error| panic!("{query}\n{error}")))
}

fn lines(answer: &Answer) -> Vec<String> {
    let names: Vec<String> = answer
        .schema
        .fields
        .iter()
        .map(|field| field.name.to_string())
        .collect();
    let mut lines = vec![names.join("|")];
    for row in answer.values() {
        let cells: Vec<String> = row.iter().map(to_text).collect();
        lines.push(cells.join("|"));
    }
    lines
}

#[track_caller]
fn same(query: &str, expected: &[&str]) {
    assert_eq!(answer(query), expected, "{query}");
}

#[test]
fn mv_expand_goes_in_step_and_fills_up_with_nulls() {
    same(
        r#"datatable(a:int, b:dynamic, c:dynamic)[1, dynamic({"p":"a","q":"b"}), dynamic([5,4,3])] | mv-expand b, c"#,
        &["a|b|c", r#"1|{"p":"a"}|5"#, r#"1|{"q":"b"}|4"#, "1||3"],
    );
    same(
        r#"datatable(a:int, b:dynamic)[1, dynamic({"p":"a","q":"b"})] | mv-expand kind=array b | extend k = b[0], v = b[1] | project-away b"#,
        &["a|k|v", "1|p|a", "1|q|b"],
    );
    same(
        "range x from 1 to 4 step 1 | summarize x = make_list(x) | mv-expand with_itemindex=Index x limit 3",
        &["x|Index", "1|0", "2|1", "3|2"],
    );
    same(
        r#"print d = dynamic([1, 2.5, "3", null, true]) | mv-expand d to typeof(long)"#,
        &["d", "1", "2", "", "", ""],
    );
    same(
        "datatable(k:int, d:dynamic)[1, dynamic([]), 2, dynamic(null), 3, dynamic(7)] | mv-expand d",
        &["k|d", "2|", "3|7"],
    );
    assert!(
        run("print d = 'a' | mv-expand d")
            .unwrap_err()
            .help
            .unwrap()
            .contains("parse_json")
    );
}

#[test]
fn mv_expand_hands_on_more_rows_than_a_batch_has() {
    same(
        "range x from 1 to 300 step 1 | extend l = range(1, 1000) | mv-expand l to typeof(long) | summarize count(), sum(l), max(x)",
        &["count_|sum_l|max_x", "300000|150150000|300"],
    );
}

#[test]
fn mv_apply_runs_its_body_for_each_record() {
    let data = "datatable(index:int, Arr:dynamic)[0, dynamic([1,5,3]), 1, dynamic([10,2,5,7])]";
    same(
        &format!(
            "{data} | mv-apply Arr2=Arr to typeof(long) on (top 2 by Arr2 | summarize Top2=make_list(Arr2))"
        ),
        &["index|Arr|Top2", "0|[1,5,3]|[5,3]", "1|[10,2,5,7]|[10,7]"],
    );
    same(
        &format!("{data} | mv-apply with_itemindex=i value=Arr to typeof(long) on (where i >= 2)"),
        &[
            "index|Arr|value|i",
            "0|[1,5,3]|3|2",
            "1|[10,2,5,7]|5|2",
            "1|[10,2,5,7]|7|3",
        ],
    );
    same(
        &format!(
            "{data} | mv-apply Arr to typeof(long) on (sort by Arr asc | extend n = row_number() | where n == 1)"
        ),
        &["index|Arr|n", "0|1|1", "1|2|1"],
    );
    same(
        r#"datatable(Val:int, A:dynamic, B:dynamic)[1, dynamic(["A1","A2"]), dynamic(["B1","B2","B3"]), 5, dynamic(["C1","C2"]), dynamic(["D1"])]
           | mv-apply T1=A, T2=B on (extend Out = strcat(T1, "_", T2) | summarize Out = make_list(Out)) | project Val, Out"#,
        &[
            "Val|Out",
            r#"1|["A1_B1","A2_B2","_B3"]"#,
            r#"5|["C1_D1","C2_"]"#,
        ],
    );
}

#[test]
fn a_body_may_run_for_more_records_than_a_query_may_have_operators() {
    same(
        "range x from 1 to 3000 step 1 | extend l = pack_array(x, x + 1) | mv-apply l to typeof(long) on (where l % 2 == 0 | summarize s = sum(l)) | summarize count(), sum(s)",
        &["count_|sum_s", "3000|4503000"],
    );
    same(
        "range x from 1 to 3000 step 1 | partition by x (where x > 0 | summarize n = count()) | summarize sum(n)",
        &["sum_n", "3000"],
    );
}

#[test]
fn search_finds_terms_in_any_column() {
    let data = r#"let a = datatable(x:string, n:long)["error in disk", 1, "fine", 2]; let b = datatable(y:string)["Disks", "errors"];"#;
    same(
        &format!(r#"{data} search in (a, b) "error""#),
        &["$table|x|n|y", "search_arg0|error in disk|1|"],
    );
    same(
        &format!(r#"{data} search in (a, b) "disk*" | project x, y"#),
        &["x|y", "error in disk|", "|Disks"],
    );
    same(
        &format!(r#"{data} b | search kind=case_sensitive "disk*" | count"#),
        &["Count", "0"],
    );
    same(
        &format!(r#"{data} b | search "*rror*" | project y"#),
        &["y", "errors"],
    );
    same(
        &format!(r#"{data} b | search "e*rs" | project y"#),
        &["y", "errors"],
    );
    same(
        &format!(r#"{data} a | search x:"disk" and n == 1 | project n"#),
        &["n", "1"],
    );
    same(&format!("{data} a | search * | count"), &["Count", "2"]);
}

#[test]
fn scan_keeps_the_state_of_its_steps() {
    same(
        "range x from 1 to 5 step 1 | extend y = 2 * x
         | scan declare (cx:long=0, cy:long=0) with (step s1: true => cx = iff(s1.cx >= 10, x, x + s1.cx), cy = iff(s1.cy >= 10, y, y + s1.cy);)",
        &["x|y|cx|cy", "1|2|1|2", "2|4|3|6", "3|6|6|12", "4|8|10|8", "5|10|5|18"],
    );
    same(
        r#"datatable(Ts:timespan, Event:string)[0m,"A", 1m,"A", 2m,"B", 3m,"D", 32m,"B", 36m,"C", 38m,"D", 41m,"E", 75m,"A"] | sort by Ts asc
         | scan with_match_id=id declare (start:timespan) with (
             step inSession: true => start = iff(isnull(inSession.start), Ts, inSession.start);
             step endSession output=none: Ts - inSession.start > 30m;) | project Event, start, id"#,
        &[
            "Event|start|id",
            "A|00:00:00|0",
            "A|00:00:00|0",
            "B|00:00:00|0",
            "D|00:00:00|0",
            "B|00:32:00|1",
            "C|00:32:00|1",
            "D|00:32:00|1",
            "E|00:32:00|1",
            "A|01:15:00|2",
        ],
    );
    same(
        r#"datatable(Ts:timespan, Event:string)[0m,"A", 1m,"Start", 2m,"B", 3m,"D", 4m,"Stop", 6m,"C", 8m,"Start", 11m,"E", 12m,"Stop"] | sort by Ts asc
         | scan with_match_id=m_id with (
             step s1: Event == "Start";
             step s2: Event != "Start" and Event != "Stop" and Ts - s1.Ts <= 5m;
             step s3: Event == "Stop" and Ts - s1.Ts <= 5m;)"#,
        &[
            "Ts|Event|m_id",
            "00:01:00|Start|0",
            "00:02:00|B|0",
            "00:03:00|D|0",
            "00:04:00|Stop|0",
            "00:08:00|Start|1",
            "00:11:00|E|1",
            "00:12:00|Stop|1",
        ],
    );
    same(
        "range x from 1 to 5 step 1 | scan with (step low output=last: x < 4; step high: x >= 4;)",
        &["x", "3", "4", "5"],
    );
}

#[test]
fn bag_unpack_makes_a_column_for_every_key() {
    let data = r#"datatable(d:dynamic)[dynamic({"Name":"John","Age":20}), dynamic({"Name":"Dave","Height":170,"Age":40}), dynamic({"Name":"Jas","Age":30})]"#;
    same(
        &format!("{data} | evaluate bag_unpack(d)"),
        &["Age|Height|Name", "20||John", "40|170|Dave", "30||Jas"],
    );
    same(
        &format!(
            "{data} | evaluate bag_unpack(d, 'p_', ignoredProperties=dynamic(['Age','Height']))"
        ),
        &["p_Name", "John", "Dave", "Jas"],
    );
    same(
        &format!("{data} | extend n = 1 | evaluate bag_unpack(d) : (*, Name:string, Age:long)"),
        &["n|Name|Age", "1|John|20", "1|Dave|40", "1|Jas|30"],
    );
    let clash = r#"datatable(Name:string, d:dynamic)["old", dynamic({"Name":"new"})] | evaluate bag_unpack(d"#;
    assert!(
        run(&format!("{clash})"))
            .unwrap_err()
            .help
            .unwrap()
            .contains("columnsConflict")
    );
    same(
        &format!("{clash}, columnsConflict='replace_source')"),
        &["Name", "new"],
    );
    same(
        &format!("{clash}, columnsConflict='keep_source')"),
        &["Name", "old"],
    );
}

#[test]
fn pivot_turns_values_into_columns() {
    let data = r#"datatable(State:string, Kind:string, n:long)["AL","wind",2, "AK","wind",3, "AL","cold",5, "AL","wind",7]"#;
    same(
        &format!("{data} | project State, Kind | evaluate pivot(State)"),
        &["Kind|AL|AK", "wind|2|1", "cold|1|0"],
    );
    same(
        &format!("{data} | evaluate pivot(State, sum(n))"),
        &["Kind|AL|AK", "wind|9|3", "cold|5|0"],
    );
    same(
        &format!("{data} | evaluate pivot(State, sum(n), Kind) : (Kind:string, AK:long, TX:long)"),
        &["Kind|AK|TX", "wind|3|0", "cold|0|0"],
    );
    same(
        "print a = 1, b = 'x' | evaluate narrow()",
        &["Row|Column|Value", "0|a|1", "0|b|x"],
    );
    assert!(
        run("print a = 1 | evaluate autocluster()")
            .unwrap_err()
            .message
            .contains("autocluster")
    );
}

/// Two tables of the reference's page on `find`.
fn events() -> Memory {
    let mut catalog = Memory::default();
    for (name, query) in [
        (
            "EventsTable1",
            "datatable(Session_Id:string, Level:string, EventText:string, Version:string)[
                'acbd','Information','Some Text1','v1.0.0', 'acbd','Error','Some Text2','v1.0.0', '28b8','Error','Some Text3','v1.0.1']",
        ),
        (
            "EventsTable2",
            "datatable(Session_Id:string, Level:string, EventText:string, EventName:string)[
                'f7d5','Information','Some Other Text1','Event1', 'acbd','Error','Some Other Text3','Event3']",
        ),
    ] {
        let answer = run(query).unwrap();
        catalog.insert(name, answer.schema, answer.batches);
    }
    catalog
}

#[test]
fn find_shows_what_is_common_and_packs_the_rest() {
    let catalog = events();
    let same = |query: &str, expected: &[&str]| {
        assert_eq!(
            lines(&run_over(query, &catalog).unwrap()),
            expected,
            "{query}"
        );
    };
    same(
        "find Session_Id == 'acbd' and Level == 'Error'",
        &[
            "source_|Session_Id|Level|EventText|pack_",
            r#"EventsTable1|acbd|Error|Some Text2|{"Version":"v1.0.0"}"#,
            r#"EventsTable2|acbd|Error|Some Other Text3|{"EventName":"Event3"}"#,
        ],
    );
    same(
        "find in (EventsTable1, EventsTable2) where Session_Id == 'acbd' and Level == 'Error' project EventText, Version, EventName, pack_all()",
        &[
            "source_|EventText|Version|EventName|pack_",
            r#"EventsTable1|Some Text2|v1.0.0||{"Session_Id":"acbd","Level":"Error"}"#,
            r#"EventsTable2|Some Other Text3||Event3|{"Session_Id":"acbd","Level":"Error"}"#,
        ],
    );
    same(
        "find Version == 'v1.0.0' or EventName == 'Event1' project EventText, Version, EventName",
        &[
            "source_|EventText|Version|EventName",
            "EventsTable1|Some Text1|v1.0.0|",
            "EventsTable1|Some Text2|v1.0.0|",
            "EventsTable2|Some Other Text1||Event1",
        ],
    );
    same(
        "find withsource=T in (Events*) where * has 'Text3' project EventText",
        &[
            "T|EventText",
            "EventsTable1|Some Text3",
            "EventsTable2|Some Other Text3",
        ],
    );
    same(
        "find 'v1.0.1' project EventText",
        &["source_|EventText", "EventsTable1|Some Text3"],
    );
}

#[test]
fn rows_say_which_table_they_are_of() {
    let catalog = events();
    let same = |query: &str, expected: &[&str]| {
        assert_eq!(
            lines(&run_over(query, &catalog).unwrap()),
            expected,
            "{query}"
        );
    };
    same(
        "EventsTable1 | search '28b8' | project-keep $table, Level",
        &["$table|Level", "EventsTable1|Error"],
    );
    same(
        "search 'Text3' | summarize count() by $table | sort by $table asc",
        &["$table|count_", "EventsTable1|1", "EventsTable2|1"],
    );
    same(
        "EventsTable1 | union withsource=T EventsTable2 | summarize count() by T | sort by T asc",
        &["T|count_", "EventsTable1|3", "EventsTable2|2"],
    );
}

#[test]
fn a_check_runs_nothing_and_trusts_names_that_only_a_run_knows() {
    let catalog = events();
    let options = Options {
        now: 0,
        parameters: Vec::new(),
    };
    let check = |query: &str| crate::kql::check(query, &catalog, &options);
    assert_eq!(
        check("EventsTable1 | evaluate pivot(Level) | where Error > 1"),
        []
    );
    assert_eq!(
        check(
            "EventsTable1 | extend d = parse_json(EventText) | evaluate bag_unpack(d) | project k"
        ),
        []
    );
    let applied = "EventsTable1 | extend l = split(EventText, ' ') | mv-apply l to typeof(string)";
    assert_eq!(
        check(&format!("{applied} on (where l has 'Some') | project l")),
        []
    );
    let errors = check(&format!("{applied} on (where nothing == 1)"));
    assert!(
        errors.iter().any(|error| error.message.contains("nothing")),
        "{errors:?}"
    );
    assert_eq!(check("EventsTable1 | evaluate nothing()").len(), 1);
}
