//! The guide's page on what is known before a flow runs says what the program says.

use std::fs;

use crate::support::{Files, compysition, root};

/// Returns what stands between two texts, each time.
fn between<'a>(page: &'a str, begin: &str, end: &str) -> Vec<&'a str> {
    let rest = page.split(begin).skip(1);
    rest.map(|rest| rest.split(end).next().unwrap_or_default())
        .collect()
}

#[test]
fn the_page_shows_what_the_program_says() {
    let page = fs::read_to_string(root().join("docs/guide/known_before.md")).unwrap();
    let flow = between(&page, "```yaml\n", "```\n");
    let files = Files::new();
    files.write("orders.yaml", flow[0]);
    let shown = between(&page, "```text\n$ compysition ", "```\n");
    assert_eq!(shown.len(), 3);
    for block in shown {
        let (args, expected) = block.split_once('\n').unwrap();
        let output = compysition(args.split(' '))
            .current_dir(files.path())
            .output()
            .unwrap();
        assert!(output.status.success());
        let said = String::from_utf8([output.stderr, output.stdout].concat()).unwrap();
        assert_eq!(said, expected, "compysition {args}");
    }
}
