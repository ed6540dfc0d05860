//! The examples of `docs/VIEW.md` occur in real views.

use std::fs;
use std::path::Path;

#[test]
fn every_example_is_part_of_the_view_of_a_fixture_page() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let docs = fs::read_to_string(root.join("docs/VIEW.md")).expect("the page");
    let mut examples = 0;
    for block in docs.split("```view ").skip(1) {
        let (name, block) = block.split_once('\n').expect("a name");
        let example = block.split("```").next().expect("an end");
        let view = fs::read_to_string(root.join(format!("tests/browser/views/{name}.txt"))).expect(name);
        assert!(format!("\n{view}\n").contains(&format!("\n{example}")), "{name}.txt has no such part:\n{example}");
        examples += 1;
    }
    assert!(examples > 5);
}
