//! The guide shows the ten flows as they are.

use std::fs;

use crate::support::{examples, root};

#[test]
fn the_guide_shows_each_flow_as_it_is() {
    let page = fs::read_to_string(root().join("docs/guide/ten_flows.md")).unwrap();
    let mut shown = 0;
    let directory = examples().join("ten_flows");
    let flows = fs::read_dir(&directory).unwrap();
    let parts = fs::read_dir(directory.join("parts")).unwrap();
    for entry in flows.chain(parts) {
        let path = entry.unwrap().path();
        let is_test = path.to_string_lossy().ends_with(".test.yaml");
        if path.extension().is_some_and(|form| form == "yaml") && !is_test {
            let text = fs::read_to_string(&path).unwrap();
            let is_shown = page.contains(&format!("```yaml\n{text}```\n"));
            assert!(is_shown, "{} differs from the guide", path.display());
            shown += 1;
        }
    }
    assert_eq!(shown, page.matches("```yaml\n").count());
}
