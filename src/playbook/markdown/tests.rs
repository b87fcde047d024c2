//! Tests of the module above.

use super::*;
use crate::model::prose::plain_text;

#[test]
fn attributes_are_attached_to_what_stands_above() {
    let text = "## A\n<!-- {#a phase=contain} -->\n\n## B {#b when=\"x == '}' && _y_\"}\n\n## C <!-- {#c} -->\n\n- [ ] one\n  <!-- {#one} -->\n- [x] two <!-- {#two} -->\n- [ ] three\n<!-- {#three} -->\n";
    let read = blocks(text, 0);
    let mut found = Vec::new();
    for block in &read {
        match &block.kind {
            BlockKind::Heading(heading) => {
                found.push((plain_text(&heading.inlines), heading.attributes.clone()));
            }
            BlockKind::List { items, .. } => {
                for item in items {
                    let BlockKind::Paragraph(inlines) = &item.blocks[0].kind else {
                        panic!("{item:?}")
                    };
                    found.push((plain_text(inlines), item.attributes.clone()));
                }
            }
            other => panic!("{other:?}"),
        }
    }
    let found: Vec<_> = found
        .into_iter()
        .map(|(title, span)| (title, text[span.unwrap()].to_owned()))
        .collect();
    let expected = [
        ("A", "#a phase=contain"),
        ("B", "#b when=\"x == '}' && _y_\""),
        ("C", "#c"),
        ("one", "#one"),
        ("two", "#two"),
        ("three", "#three"),
    ];
    assert_eq!(
        found,
        expected.map(|(title, attributes)| (title.to_owned(), attributes.to_owned()))
    );
}

#[test]
fn info_strings_and_texts_keep_their_places() {
    let text = "1. x\n\n   ```sql {#a expect=\"n &gt; 0\"}\n   select 1\n   ```\n";
    let read = blocks(text, 0);
    let BlockKind::List { items, .. } = &read[0].kind else {
        panic!("{read:?}")
    };
    let BlockKind::Fence(fence) = &items[0].blocks[1].kind else {
        panic!("{items:?}")
    };
    assert_eq!(&text[fence.info.clone()], "sql {#a expect=\"n &gt; 0\"}");
    assert_eq!(fence.text, "select 1\n");
    assert_eq!(&text[fence.text_span.clone()], "select 1\n");
}

#[test]
fn a_pipe_in_a_cell_is_written_with_a_backslash() {
    let read = blocks("| a | b |\n| - | - |\n| `x \\|\\| y` | z |\n", 0);
    let BlockKind::Table(table) = &read[0].kind else {
        panic!("{read:?}")
    };
    assert_eq!(plain_text(&table.rows[0].0[0]), "x || y");
}

#[test]
fn deep_nesting_is_flattened() {
    let read = blocks(&format!("{} deep\n", ">".repeat(20_000)), 0);
    assert_eq!(read.len(), 1);
}
