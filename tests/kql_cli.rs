//! `quarterdeck kql`: queries over files, from the outside.

#![expect(clippy::unwrap_used, reason = "a test: what fails here fails it")]

#[path = "support/trial.rs"]
mod trial;

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use trial::{Ran, home, quarterdeck};

/// Files of every kind in `folder`.
fn files(folder: &Path) {
    fs::write(
        folder.join("requests.csv"),
        "at,route,status,seconds,ok,zip\n\
         2024-05-01T10:00:00Z,/pay,200,0.25,true,01234\n\
         2024-05-01T10:01:00Z,\"/a,\"\"b\"\"\",500,1.5,false,\n\
         2024-05-01T10:02:00Z,/pay,,2,true,99999\n",
    )
    .unwrap();
    fs::write(
        folder.join("log.jsonl"),
        "{\"id\": 1, \"who\": \"ann\", \"tags\": [\"a\", \"b\"], \"at\": \"2024-05-01 10:00:00\"}\n\n\
         {\"id\": 2.5, \"tags\": {\"k\": null}, \"late\": true}\n",
    )
    .unwrap();
    let database = Connection::open(folder.join("shop.db")).unwrap();
    database
        .execute_batch(
            "CREATE TABLE orders (id INTEGER, item TEXT, price REAL, raw BLOB);
             INSERT INTO orders VALUES (1, 'pen', 1.5, x'00ff'), (2, NULL, 2, NULL);
             CREATE TABLE empty (a TEXT);",
        )
        .unwrap();
}

fn kql(folder: &Path, arguments: &[&str]) -> Ran {
    let mut all = vec!["kql"];
    all.extend_from_slice(arguments);
    quarterdeck(folder, &all)
}

fn table(folder: &Path, name: &str, file: &str) -> String {
    format!("{name}={}", folder.join(file).display())
}

fn json(folder: &Path, query: &str) -> serde_json::Value {
    let tables = [
        table(folder, "requests", "requests.csv"),
        table(folder, "log", "log.jsonl"),
        table(folder, "orders", "shop.db"),
        table(folder, "nothing", "shop.db#empty"),
    ];
    let mut arguments = vec!["-e", query, "--format", "json"];
    for table in &tables {
        arguments.extend(["--table", table]);
    }
    let ran = kql(folder, &arguments);
    assert_eq!(ran.code, Some(0), "{query}: {ran:?}");
    serde_json::from_str(&ran.out).unwrap()
}

#[test]
fn files_of_every_kind_are_tables() {
    let home = home();
    files(home.path());
    // query, names and types, rows
    for (query, columns, rows) in [
        (
            "requests",
            "at:datetime route:string status:long seconds:real ok:bool zip:string",
            r#"[["2024-05-01T10:00:00.0000000Z","/pay",200,0.25,true,"01234"],
                ["2024-05-01T10:01:00.0000000Z","/a,\"b\"",500,1.5,false,""],
                ["2024-05-01T10:02:00.0000000Z","/pay",null,2.0,true,"99999"]]"#,
        ),
        (
            "log",
            "id:real who:string tags:dynamic at:datetime late:bool",
            r#"[[1.0,"ann",["a","b"],"2024-05-01T10:00:00.0000000Z",null],
                [2.5,"",{"k":null},null,true]]"#,
        ),
        (
            "orders | order by id asc",
            "id:long item:string price:real raw:string",
            r#"[[1,"pen",1.5,"00ff"],[2,"",2.0,""]]"#,
        ),
        ("nothing", "a:string", "[]"),
        (
            "requests | summarize n = count(), slow = max(seconds) by route | order by n desc",
            "route:string n:long slow:real",
            r#"[["/pay",2,2.0],["/a,\"b\"",1,1.5]]"#,
        ),
        (
            "orders | join kind=inner (log | project id = tolong(id), who) on id | project item, who",
            "item:string who:string",
            r#"[["pen","ann"],["",""]]"#,
        ),
        (
            "print d = 1d + 2h, n = 1.0 / 0.0, g = guid(74be27de-1e4e-49d9-b579-fe0b331d3642), m = decimal(1.5), b = dynamic({\"a\": 1.5})",
            "d:timespan n:real g:guid m:decimal b:dynamic",
            r#"[["1.02:00:00","Infinity","74be27de-1e4e-49d9-b579-fe0b331d3642","1.5",{"a":1.5}]]"#,
        ),
    ] {
        let answer = json(home.path(), query);
        let named: Vec<String> = answer["columns"]
            .as_array()
            .unwrap()
            .iter()
            .map(|column| {
                let text = |key: &str| column[key].as_str().unwrap().to_owned();
                format!("{}:{}", text("name"), text("type"))
            })
            .collect();
        assert_eq!(named.join(" "), columns, "{query}");
        let expected: serde_json::Value = serde_json::from_str(rows).unwrap();
        assert_eq!(answer["rows"], expected, "{query}");
    }
}

#[test]
fn a_table_is_drawn_and_csv_is_written() {
    let home = home();
    files(home.path());
    let requests = table(home.path(), "requests", "requests.csv");
    let query = "requests | project route, status | order by route asc, status asc";
    let ran = kql(home.path(), &["-e", query, "--table", &requests]);
    assert_eq!(
        ran.out, "route   status\n------  ------\n/a,\"b\"     500\n/pay\n/pay       200\n",
        "{ran:?}"
    );
    let ran = kql(
        home.path(),
        &["-e", query, "--table", &requests, "--format", "csv"],
    );
    assert_eq!(
        ran.out, "route,status\n\"/a,\"\"b\"\"\",500\n/pay,\n/pay,200\n",
        "{ran:?}"
    );
    let file = home.path().join("query.kql");
    fs::write(&file, "print a = 1;\nprint b = 'x'").unwrap();
    let ran = kql(home.path(), &[file.to_str().unwrap(), "--format", "csv"]);
    assert_eq!(ran.out, "a\n1\n\nb\nx\n", "{ran:?}");
}

#[test]
fn a_wrong_query_is_shown_with_a_caret_and_is_exit_1() {
    let home = home();
    files(home.path());
    let requests = table(home.path(), "requests", "requests.csv");
    let file = home.path().join("wrong.kql");
    fs::write(
        &file,
        "requests\n| where\tstatus === 200\n| sumarize count()",
    )
    .unwrap();
    let ran = kql(home.path(), &[file.to_str().unwrap(), "--table", &requests]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""), "{ran:?}");
    for part in [
        "wrong.kql:2:18: error: expected a value",
        "\n  | where status === 200\n                   ^\n",
        "wrong.kql:3:3: error: expected an operator",
        "\n  | sumarize count()\n    ^^^^^^^^\n  help: did you mean `summarize`?",
    ] {
        assert!(ran.talk.contains(part), "{part}\n{}", ran.talk);
    }
    // What only the tables can tell.
    let ran = kql(
        home.path(),
        &["-e", "requests | where statsu == 1", "--table", &requests],
    );
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.talk.contains("query:1:18: error:"), "{ran:?}");
    assert!(ran.talk.contains("status"), "{ran:?}");
}

#[test]
fn usage_is_exit_2_and_a_table_that_cannot_be_read_is_exit_4() {
    let home = home();
    files(home.path());
    let place = |file: &str| table(home.path(), "t", file);
    fs::write(home.path().join("ragged.csv"), "a,b\n1,2\n3\n").unwrap();
    fs::write(home.path().join("list.jsonl"), "[{\"a\": 1}]\n").unwrap();
    fs::write(home.path().join("broken.jsonl"), "{\"a\": 1}\n{\"a\": \n").unwrap();
    fs::write(home.path().join("empty.csv"), "").unwrap();
    fs::write(
        home.path().join("no.db"),
        "this is no database, by any means",
    )
    .unwrap();
    for (arguments, exit, part) in [
        (vec![], 2, "required"),
        (vec!["-e", "t", "--table", "t.csv"], 2, "expected NAME=FILE"),
        (vec!["missing.kql"], 2, "read missing.kql"),
        (vec!["-e", "t", "x.kql"], 2, "cannot be used with"),
    ] {
        let ran = kql(home.path(), &arguments);
        assert_eq!(ran.code, Some(exit), "{arguments:?}: {ran:?}");
        assert!(ran.talk.contains(part), "{arguments:?}: {ran:?}");
    }
    for (file, part) in [
        ("missing.csv", "No such file"),
        (
            "ragged.csv",
            "line 3 has 1 values, the first line names 2 columns",
        ),
        (
            "list.jsonl",
            "line 1: expected one JSON object a line; write the objects",
        ),
        ("broken.jsonl", "line 2: expected one JSON object a line"),
        ("empty.csv", "it is empty"),
        ("no.db", "not a database"),
        (
            "shop.db",
            "there is no table t; it has empty, orders; write FILE#TABLE",
        ),
        (
            "shop.db#order",
            "there is no table order; did you mean FILE#orders?",
        ),
        (
            "table.txt",
            "is no table: expected a name that ends in .csv",
        ),
    ] {
        let ran = kql(home.path(), &["-e", "t | count", "--table", &place(file)]);
        assert_eq!(
            (ran.code, ran.out.as_str()),
            (Some(4), ""),
            "{file}: {ran:?}"
        );
        assert!(ran.talk.contains(part), "{file}: {ran:?}");
    }
    let ran = kql(
        home.path(),
        &[
            "-e",
            "t",
            "--table",
            &place("requests.csv"),
            "--table",
            &place("log.jsonl"),
        ],
    );
    assert!(ran.talk.contains("two tables are called t"), "{ran:?}");
}
