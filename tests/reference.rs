//! `docs/reference/`: written from the program's own tables, so that it cannot fall behind them.
//!
//! `UPDATE_REFERENCE=1 cargo test --test reference` writes the pages; without it, a page that says something else than
//! the program fails.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use quarterdeck::config::file::{DisplaySettings, GeneralSettings};
use quarterdeck::config::settings::{SettingRow, Settings};
use quarterdeck::drill::{facts, scenario};
use quarterdeck::engine::command::COMMANDS;
use quarterdeck::kql;
use quarterdeck::model::diagnostic::SourceText;
use quarterdeck::model::input::BUILT_INS;
use quarterdeck::playbook::headings::PHASES;
use quarterdeck::playbook::languages::LANGUAGES;
use quarterdeck::sources::registry::REGISTRY;

/// A line at the head of each page, for whoever is about to edit it.
const MADE: &str =
    "<!-- Written by `UPDATE_REFERENCE=1 cargo test --test reference`; edits by hand are lost. -->";

#[test]
fn keys_are_as_the_program_has_them() {
    let mut page = String::from(
        "# Keys\n\n\
         A narrower place wins over a wider one: `enter` in the result shows the row, elsewhere in the cockpit it goes to the next step.\n\
         Other keys for a command stand in `keys.toml` in the configuration folder, one line a command, and replace the ones below:\n\n\
         ```toml\nnote = [\"u\", \"ctrl-e\"]\n```\n\n\
         Keys are written as a character, `f1` to `f24` or a name as in the table, with `ctrl-`, `alt-` or `shift-` before it.\n\
         `quarterdeck list keys` prints the keys in force.\n",
    );
    let mut scopes: Vec<&str> = Vec::new();
    for row in COMMANDS {
        if !scopes.contains(&row.scope.word()) {
            scopes.push(row.scope.word());
        }
    }
    for scope in scopes {
        let _ = writeln!(
            page,
            "\n## {}\n\n| keys | command | what it does |\n| --- | --- | --- |",
            scope_title(scope)
        );
        for row in COMMANDS.iter().filter(|row| row.scope.word() == scope) {
            let keys: Vec<String> = row.keys.iter().map(|key| code(key)).collect();
            let keys = if keys.is_empty() {
                format!("{} only", code(":"))
            } else {
                keys.join(" ")
            };
            let _ = writeln!(page, "| {keys} | `{}` | {} |", row.id, cell(row.help));
        }
    }
    check("keys.md", &page);
}

#[test]
fn drills_are_as_the_program_has_them() {
    let mut page = String::from(
        "# Drills\n\nHow they are played and written: [drills](../drills.md).\n\n## Scenarios\n\n| scenario | title | playbook | minutes |\n| --- | --- | --- | --- |\n",
    );
    for (name, text) in scenario::BUILT_IN {
        let (scenario, _) = scenario::parse(SourceText::new(name, text));
        let _ = writeln!(
            page,
            "| `{}` | {} | `{}` | {} |",
            scenario.id,
            cell(&scenario.title),
            scenario.playbook,
            scenario.lasts.as_secs() / 60
        );
    }
    page.push_str(
        "\n## Facts\n\nWhat conditions (`when`, `stop_when`) may look at.\n\n| name | what it is |\n| --- | --- |\n",
    );
    for (name, what) in facts::NAMES {
        let _ = writeln!(page, "| `{name}` | {} |", cell(what));
    }
    page.push_str(
        "\n## Stories\n\nKinds, with the names that each draws or is given.\n\n| kind | names |\n| --- | --- |\n",
    );
    for (kind, names) in scenario::KINDS {
        let names: Vec<String> = names.iter().map(|name| code(name)).collect();
        let _ = writeln!(page, "| `{kind}` | {} |", names.join(" "));
    }
    let tables: Vec<String> = scenario::TABLES.iter().map(|table| code(table)).collect();
    let _ = writeln!(
        page,
        "\n## Tables\n\nWhat `erase` takes: {}.",
        tables.join(" · ")
    );
    check("drills.md", &page);
}

#[test]
fn kql_is_as_the_engine_has_it() {
    let mut page = String::from(
        "# KQL\n\nWhat the embedded engine understands; how it differs from Kusto and how to use it: [KQL](../kql.md).\n",
    );
    let list = |page: &mut String, title: &str, items: Vec<String>| {
        let items: Vec<String> = items.iter().map(|item| code(item)).collect();
        let _ = writeln!(page, "\n## {title}\n\n{}", items.join(" · "));
    };
    let operators = kql::syntax::parser::OPERATORS;
    list(
        &mut page,
        "Operators",
        operators.iter().map(|&name| name.to_owned()).collect(),
    );
    let _ = writeln!(
        page,
        "\nAt the start of a query also `datatable`, `print`, `range`, `union`, `search` and `find`. Statements: `let`, `declare query_parameters`, `set` (read and not used)."
    );
    let functions = kql::functions::TABLE.iter().flat_map(|area| area.iter());
    let (functions, refused) = told_apart(
        functions.map(|function| {
            (
                function.name,
                function.aliases,
                function.usage,
                function.arity.0,
            )
        }),
        "serialize x =",
    );
    list(&mut page, "Functions", functions);
    let aggregates = kql::aggregates::TABLE.iter().flat_map(|area| area.iter());
    let (aggregates, refused_aggregates) = told_apart(
        aggregates.map(|aggregate| {
            (
                aggregate.name,
                aggregate.aliases,
                aggregate.usage,
                aggregate.arity.0,
            )
        }),
        "summarize",
    );
    list(&mut page, "Aggregates", aggregates);
    list(
        &mut page,
        "Known and refused",
        refused.into_iter().chain(refused_aggregates).collect(),
    );
    check("kql.md", &page);
}

/// How functions are written, by name; apart from them those that the engine knows and refuses.
fn told_apart<'a>(
    functions: impl Iterator<Item = (&'a str, &'a [&'a str], &'a str, usize)>,
    operator: &str,
) -> (Vec<String>, Vec<String>) {
    let (mut known, mut refused) = (Vec::new(), Vec::new());
    for (name, aliases, usage, fewest) in functions {
        let query = format!(
            "datatable(a:dynamic)[dynamic([1])] | {operator} {name}({})",
            vec!["a"; fewest].join(", ")
        );
        let options = kql::Options {
            now: 0,
            parameters: Vec::new(),
        };
        let errors = kql::check(&query, &kql::Memory::default(), &options);
        if errors
            .iter()
            .any(|error| error.kind == kql::ErrorKind::Unsupported)
        {
            refused.push(name.to_owned());
            continue;
        }
        known.push(usage.to_owned());
        known.extend(aliases.iter().map(|alias| format!("{alias} = {name}")));
    }
    known.sort();
    refused.sort();
    (known, refused)
}

#[test]
fn commands_are_as_the_program_has_them() {
    let root = help(&[]);
    let mut page = String::from("# Command line\n\n");
    let mut options = section(&root, "For every command:");
    options.extend(section(&root, "Options:"));
    let own = section(&root, PICTURE);
    let _ = writeln!(
        page,
        "Data goes to standard output, talk to standard error. {}\n\n## Every command takes\n\n{}",
        root.lines()
            .find(|line| line.starts_with("Exit codes:"))
            .unwrap(),
        fenced(&options)
    );
    let _ = writeln!(
        page,
        "## quarterdeck\n\n{}\n\n{}",
        root.lines().next().unwrap(),
        fenced(&own)
    );
    for line in section(&root, "Commands:") {
        let name = line.split_whitespace().next().unwrap();
        if name == "help" {
            continue;
        }
        command(&mut page, &[name], &options);
    }
    check("commands.md", &page);
}

/// The heading of the options that a screen has.
const PICTURE: &str = "Picture of the screen:";

/// One subcommand and those below it, without the options that every command takes.
fn command(page: &mut String, path: &[&str], common: &[&str]) {
    let text = help(path);
    let option = |line: &str| {
        line.split_whitespace()
            .find(|word| word.starts_with("--"))
            .map(str::to_owned)
    };
    let shared: Vec<_> = common.iter().filter_map(|line| option(line)).collect();
    let mut lines: Vec<&str> = section(&text, "Arguments:");
    lines.extend(
        ["Options:", PICTURE]
            .into_iter()
            .flat_map(|heading| section(&text, heading))
            .filter(|line| option(line).is_none_or(|name| !shared.contains(&name))),
    );
    let usage = text
        .lines()
        .find_map(|line| line.strip_prefix("Usage: "))
        .unwrap();
    let _ = writeln!(
        page,
        "## {}\n\n{}\n\n```text\n{usage}\n```\n",
        path.join(" "),
        text.lines().next().unwrap()
    );
    if !lines.is_empty() {
        let _ = writeln!(page, "{}", fenced(&lines));
    }
    for line in section(&text, "Commands:") {
        let name = line.split_whitespace().next().unwrap();
        if name != "help" {
            command(page, &[path, &[name]].concat(), common);
        }
    }
}

#[test]
fn settings_are_as_the_program_has_them() {
    let mut page = String::from(
        "# Settings\n\n\
         `config.toml` stands in the configuration folder; `quarterdeck config path` prints where that is, `quarterdeck config show` the\n\
         values in force and where each came from. What each kind of source does and guarantees: [sources](../sources.md).\n\n\
         A *secret by reference* is `env:NAME`, `file:PATH` or `cmd:COMMAND`. A *duration* is `15s`, `5m`, `24h` or `7d`.\n",
    );
    settings(
        &mut page,
        "## At the top of the file",
        GeneralSettings::ROWS,
    );
    settings(&mut page, "## `[display]`", DisplaySettings::ROWS);
    for kind in REGISTRY {
        let heading = format!("## `kind = \"{}\"`: {}", kind.word, kind.title);
        let languages: Vec<String> = kind
            .languages
            .iter()
            .map(|language| code(language.word()))
            .collect();
        let _ = writeln!(page, "\n{heading}\n\nAnswers {}.\n", languages.join(", "));
        let example = if kind.example.is_empty() {
            String::new()
        } else {
            format!("\n{}", kind.example)
        };
        let _ = writeln!(
            page,
            "```toml\n[profiles.prod.sources.NAME]\nkind = \"{}\"{example}\n```",
            kind.word
        );
        rows(&mut page, kind.settings);
    }
    check("sources.md", &page);
}

fn settings(page: &mut String, heading: &str, table: &[SettingRow]) {
    let _ = writeln!(page, "\n{heading}");
    rows(page, table);
}

fn rows(page: &mut String, table: &[SettingRow]) {
    let _ = writeln!(
        page,
        "\n| key | is | needed | what for |\n| --- | --- | --- | --- |"
    );
    for row in table {
        let needed = if row.required { "yes" } else { "no" };
        let _ = writeln!(
            page,
            "| `{}` | {} | {needed} | {} |",
            row.key,
            row.kind,
            cell(row.help)
        );
    }
}

/// Where a name of the playbook format is written, the constant of the loader that lists the names, and what each is for.
struct Names {
    heading: &'static str,
    file: &'static str,
    constant: &'static str,
    /// How a name is written: `{}` stands for it.
    form: &'static str,
    help: &'static [(&'static str, &'static str)],
}

const NAMES: &[Names] = &[
    Names {
        heading: "Front matter",
        file: "src/playbook/front_matter.rs",
        constant: "KEYS",
        form: "{}:",
        help: &[
            (
                "quarterdeck",
                "Format version, `1`. Without it the file is read as a plain runbook.",
            ),
            (
                "id",
                "Name in the library, kebab-case. Default: the file's stem.",
            ),
            ("title", "Default: the first heading."),
            ("summary", "One sentence for lists."),
            ("severity", "Severity at opening; a list asks."),
            ("ladder", "Severities, most severe first."),
            ("owner", "Who keeps the playbook."),
            (
                "reviewed",
                "Date of the last review; older than 90 days is a warning.",
            ),
            ("alerts", "Names of alerts that open it."),
            ("roles", "Roles by id, with their titles."),
            ("inputs", "Typed values that actions bind."),
            ("clocks", "Deadlines, on the record and in the header."),
            (
                "evidence",
                "What should be in the record; what is missing is listed before closing.",
            ),
        ],
    },
    Names {
        heading: "A severity of the ladder",
        file: "src/playbook/front_matter.rs",
        constant: "LADDER_KEYS",
        form: "{}:",
        help: &[
            ("id", "Its name."),
            ("aka", "Other names for it."),
            ("means", "What it means."),
            ("respond", "How soon somebody must respond."),
        ],
    },
    Names {
        heading: "An input",
        file: "src/playbook/front_matter.rs",
        constant: "INPUT_KEYS",
        form: "{}:",
        help: &[
            ("title", "What the form calls it."),
            ("type", "One of the types below. Default: `text`."),
            (
                "pattern",
                "Regular expression that a `text` must match as a whole.",
            ),
            ("default", "Value when nobody gives one."),
            ("from", "Result columns that may fill it with `b`."),
            ("of", "Values of a `choice`."),
        ],
    },
    Names {
        heading: "Types of inputs",
        file: "src/playbook/front_matter.rs",
        constant: "INPUT_TYPES",
        form: "{}",
        help: &[
            ("text", "Any text, or what `pattern` lets through."),
            ("integer", "A whole number of 64 bits."),
            ("duration", "A length of time: `60s`, `15m`, `24h`, `35d`."),
            (
                "lookback",
                "A length of time that fixes the window of queries; its start never moves forward.",
            ),
            (
                "datetime",
                "RFC 3339, with its zone: `2026-01-31T03:12:00Z`.",
            ),
            ("uuid", "A UUID."),
            (
                "choice",
                "One of `of`; the only type that may stand for the name of a table or column.",
            ),
            (
                "secret",
                "A reference (`env:`, `file:`, `cmd:`), fetched when an action runs, never shown or recorded.",
            ),
        ],
    },
    Names {
        heading: "A clock",
        file: "src/playbook/front_matter.rs",
        constant: "CLOCK_KEYS",
        form: "{}:",
        help: &[
            ("title", "What it is for."),
            ("within", "Time until it is due."),
            ("every", "Time between repeats."),
            (
                "from",
                "What starts it: `opened`, a milestone, `severity:NAME`, a step or an action.",
            ),
            ("until", "What ends the repeats."),
            (
                "met_by",
                "Steps or actions that meet it: all of them, or any with `every`.",
            ),
            (
                "when",
                "Condition, CEL, of facts and not of results. An error counts as running.",
            ),
            ("cite", "The rule it comes from."),
            ("after_close", "Runs on after the incident is closed."),
        ],
    },
    Names {
        heading: "A piece of evidence",
        file: "src/playbook/front_matter.rs",
        constant: "EVIDENCE_KEYS",
        form: "{}:",
        help: &[
            ("title", "What it is."),
            ("from", "The action it comes from, or `note`."),
        ],
    },
    Names {
        heading: "Attributes of headings",
        file: "src/playbook/builder.rs",
        constant: "HEADING_KEYS",
        form: "{}=",
        help: &[
            ("role", "Who does it."),
            ("phase", "Kind of phase (below), or `watch`."),
            (
                "when",
                "Condition, CEL. While it is false the phase or step is folded; an error is shown and folds nothing.",
            ),
            ("timebox", "How long the step should take."),
            (
                "over",
                "The actions a decision rests on: the first that has a result.",
            ),
            (
                "requires",
                "Steps, phases, actions or evidence that come first, or are waived with a reason.",
            ),
        ],
    },
    Names {
        heading: "Classes of headings",
        file: "src/playbook/builder.rs",
        constant: "HEADING_CLASSES",
        form: ".{}",
        help: &[
            ("decision", "The table below it is a decision."),
            ("many", "Several choices may hold at once."),
            ("optional", "May be left open."),
        ],
    },
    Names {
        heading: "Attributes of checks",
        file: "src/playbook/builder.rs",
        constant: "CHECK_KEYS",
        form: "{}=",
        help: &[("by", "The action whose PASS ticks it.")],
    },
    Names {
        heading: "Classes of checks",
        file: "src/playbook/builder.rs",
        constant: "CHECK_CLASSES",
        form: ".{}",
        help: &[("optional", "May be left open.")],
    },
    Names {
        heading: "Attributes of fences",
        file: "src/playbook/actions.rs",
        constant: "KEYS",
        form: "{}=",
        help: &[
            ("key", "A letter for the action beside its digit."),
            (
                "source",
                "Name of the source. Default: the profile's only one that answers the language.",
            ),
            ("effect", "`read` or `write`."),
            ("view", "`table`, `chart`, `text` or `json`."),
            (
                "x",
                "Column of the chart's time. Default: the first time column.",
            ),
            (
                "y",
                "Column of the chart's value. Default: the first number.",
            ),
            (
                "by",
                "Columns that part the lines of a chart. Default: the remaining texts.",
            ),
            (
                "every",
                "How often a live pane asks. Default 30s, at least 5s.",
            ),
            ("limit", "Rows wanted. Default 10,000, at most 1,000,000."),
            ("timeout", "Default 30s, at most 10m."),
            (
                "alert",
                "CEL; `value > 0` also draws the threshold into the chart.",
            ),
            (
                "expect",
                "CEL that must hold: the action ends in PASS, FAIL or INCONCLUSIVE.",
            ),
            (
                "doubt",
                "CEL under which a result is not believed: no PASS.",
            ),
            (
                "otherwise",
                "Proposed after a FAIL: `escalate SEVERITY`, `goto ID` or `milestone NAME`.",
            ),
            ("proof", "Actions that must have ended in PASS."),
            ("proof-age", "How long ago at most. Default 15m."),
            (
                "sustained",
                "How long `expect` must have held: at every sample, or run after run.",
            ),
            (
                "preview",
                "For a write: the read that shows what it would touch. Default: an `UPDATE` or `DELETE` of one table as a `SELECT`.",
            ),
            (
                "max-rows",
                "For a write in SQL: the highest ceiling an operator may type.",
            ),
            (
                "undo",
                "For a write: how to undo it, shown before and after.",
            ),
            (
                "approve",
                "For a write: how many persons must agree; the others are named, not verified.",
            ),
            ("role", "Who runs it."),
            (
                "ok",
                "`sh`, `bash`: exit codes that are results, such as `\"0 1\"`.",
            ),
            ("cwd", "`sh`, `bash`: folder to run in."),
            (
                "to",
                "`message`: addressee, a template. `file`, `clipboard` or a source puts that way first.",
            ),
            ("subject", "`message`: subject, a template."),
            (
                "audience",
                "`message`: `internal`, `customer`, `regulator` or `public`.",
            ),
            (
                "for-each",
                "`message`: one draft for each value of `action.column`.",
            ),
            ("name", "Runme's name, in plain runbooks."),
            (
                "interactive",
                "Runme's; accepted in plain runbooks, without effect.",
            ),
            (
                "background",
                "Runme's; accepted in plain runbooks, without effect.",
            ),
            (
                "tag",
                "Runme's; accepted in plain runbooks, without effect.",
            ),
        ],
    },
    Names {
        heading: "Classes of fences",
        file: "src/playbook/actions.rs",
        constant: "CLASSES",
        form: ".{}",
        help: &[
            ("optional", "Need not be run."),
            (
                "evidence",
                "A command that only preserves, such as a snapshot.",
            ),
            ("watch", "A live pane, wherever the fence stands."),
            ("notes", "A presenter's private notes."),
            (
                "playbook",
                "On `yaml`: the settings of one of several playbooks in a file.",
            ),
            (
                "candidate",
                "Proposed by an import; runs only after a person has accepted it.",
            ),
        ],
    },
];

#[test]
fn the_names_of_the_playbook_format_are_as_the_loader_has_them() {
    let mut page = String::from(
        "# Names of the playbook format\n\n\
         What they mean together: [writing playbooks](../playbooks.md). `quarterdeck check FILE` finds a name that is not here and says which one is near.\n",
    );
    for names in NAMES {
        let _ = writeln!(
            page,
            "\n## {}\n\n| name | what for |\n| --- | --- |",
            names.heading
        );
        let listed = literals(names.file, names.constant);
        for name in &listed {
            let (_, help) = names
                .help
                .iter()
                .find(|(known, _)| known == name)
                .unwrap_or_else(|| {
                    panic!(
                        "{} of {} has {name:?}: say in NAMES of tests/reference.rs what it is for",
                        names.constant, names.file
                    )
                });
            let _ = writeln!(
                page,
                "| `{}` | {} |",
                names.form.replace("{}", name),
                cell(help)
            );
        }
        let gone: Vec<&str> = names
            .help
            .iter()
            .map(|(name, _)| *name)
            .filter(|name| !listed.iter().any(|listed| listed == name))
            .collect();
        assert!(
            gone.is_empty(),
            "{} has no {gone:?} any more: take them out of NAMES",
            names.file
        );
    }
    let _ = writeln!(
        page,
        "\n## Languages of fences\n\n| word | runs as | in plain runbooks also |\n| --- | --- | --- |"
    );
    for row in &LANGUAGES {
        let words = |words: &[&str]| {
            words
                .iter()
                .map(|word| code(word))
                .collect::<Vec<_>>()
                .join(" ")
        };
        let _ = writeln!(
            page,
            "| {} | {} | {} |",
            words(row.words),
            row.language.word(),
            words(row.lenient)
        );
    }
    let phases: Vec<String> = PHASES.iter().map(|(word, _)| code(word)).collect();
    let _ = writeln!(page, "\n## Kinds of phases\n\n{}.", phases.join(", "));
    let built_in: Vec<String> = BUILT_INS.iter().map(|name| code(name)).collect();
    let _ = writeln!(
        page,
        "\n## Values that every action can bind\n\n{}.",
        built_in.join(", ")
    );
    check("attributes.md", &page);
}

/// The texts of a constant array, each row's first one: the loader keeps these tables to itself, so its source is read.
fn literals(file: &str, constant: &str) -> Vec<String> {
    let text = std::fs::read_to_string(root().join(file)).unwrap();
    let start = text
        .find(&format!("const {constant}: ["))
        .unwrap_or_else(|| panic!("{file} has no constant {constant}"));
    let body = text.split_at(start).1;
    let body = body.split_at(body.find("];\n").unwrap()).0;
    let values = body.split_once("= [").unwrap().1;
    let code = values
        .lines()
        .map(|line| line.split_once("//").map_or(line, |(code, _)| code));
    code.flat_map(|line| {
        line.split('"')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    })
    .collect()
}

/// What `quarterdeck PATH -h` prints, in lines as long as they need to be.
fn help(path: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_quarterdeck"))
        .args(path)
        .arg("-h")
        .env("COLUMNS", "1000")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{path:?} has no help");
    String::from_utf8(output.stdout).unwrap()
}

/// The lines below a heading, up to the next empty one.
fn section<'a>(text: &'a str, heading: &str) -> Vec<&'a str> {
    text.lines()
        .skip_while(|line| *line != heading)
        .skip(1)
        .take_while(|line| !line.is_empty())
        .collect()
}

/// Lines as a block, moved to the left edge.
fn fenced(lines: &[&str]) -> String {
    let text: Vec<&str> = lines
        .iter()
        .map(|line| line.strip_prefix("  ").unwrap_or(line))
        .collect();
    format!("```text\n{}\n```\n", text.join("\n"))
}

fn scope_title(scope: &str) -> &str {
    match scope {
        "everywhere" => "Everywhere but in text fields",
        "home" => "On the home screen",
        "cockpit" => "In the cockpit",
        "steps" => "In the steps",
        "guide" => "In the guide",
        "walkthrough" => "In a walkthrough",
        "watch" => "In a live pane",
        "result" => "In the result",
        "timeline" => "In the timeline",
        "dialog" => "In a dialog",
        "text" => "In a text field",
        other => panic!("no title for the scope {other:?}"),
    }
}

/// Text that may stand in a table's cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn code(text: &str) -> String {
    match text {
        "|" => "`\\|`".to_owned(),
        "`" => "`` ` ``".to_owned(),
        text => format!("`{text}`"),
    }
}

/// Compares a page with what it should say, or writes it.
fn check(name: &str, page: &str) {
    let path = root().join("docs/reference").join(name);
    let page = format!("{MADE}\n\n{}\n", page.trim_end());
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        std::fs::write(&path, page).unwrap();
        return;
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    let difference = found
        .lines()
        .zip(page.lines())
        .position(|(found, expected)| found != expected)
        .unwrap_or_else(|| found.lines().count().min(page.lines().count()));
    assert!(
        found == page,
        "docs/reference/{name} is stale at line {}: the program says\n  {}\nwrite it anew: UPDATE_REFERENCE=1 cargo test --test reference",
        difference + 1,
        page.lines().nth(difference).unwrap_or("(nothing)")
    );
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}
