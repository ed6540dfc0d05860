//! Long texts are read part by part, in separate calls.

use super::*;

const LINES: usize = 6_000;

/// A text of several parts with headings, one number per line.
fn long() -> String {
    let line = |n: usize| if n.is_multiple_of(500) { format!("# Section {n}\n") } else { format!("row {n} | x\n") };
    (0..LINES).map(line).collect()
}

fn extract(schema: Option<&str>) -> Result<String, ModelError> {
    answer(json!([{"action": "extract", "query": "all rows", "schema": schema, "index": null, "again": null}]))
}

fn found(entries: &[&str]) -> Result<String, ModelError> {
    Ok(json!({"found": entries}).to_string())
}

fn text(text: String) -> Result<ActionOutcome, ActionError> {
    Ok(ActionOutcome { description: "Read the page".into(), extracted: Some(text), ..ActionOutcome::default() })
}

fn end() -> Result<String, ModelError> {
    answer(json!([done("")]))
}

fn reads(world: &World) -> Vec<Call> {
    world.calls().into_iter().filter(|call| call.schema.to_string().contains("found")).collect()
}

#[tokio::test]
async fn the_parts_cover_the_whole_text_and_carry_earlier_findings() {
    let world = World::new([
        extract(None),
        found(&["row 1", "row 2"]),
        found(&[]),
        found(&["Row 2.", "row 4711"]),
        found(&[]),
        end(),
    ]);
    world.page.queue([text(long())]);
    world.run().await;
    let reads = reads(&world);
    assert_eq!(reads.len(), 4);
    let last = |call: &Call| call.messages.last().unwrap().text.clone();
    let part = |call: &Call| -> String {
        let text = last(call);
        let (_, part) = text.split_once("<part-").unwrap();
        part.lines().skip(1).take_while(|line| !line.starts_with("</part-")).map(|line| format!("{line}\n")).collect()
    };
    assert_eq!(reads.iter().map(part).collect::<String>().replace("\n\n", "\n"), long());
    assert!(reads[1..].iter().all(|call| last(call).contains("<before-")));
    assert!(reads[1].prefix().contains("Found in part 1:") && reads[1].prefix().contains("\nrow 1\nrow 2\n"));
    // A part is dropped; its findings stay.
    for pair in reads.windows(2) {
        assert!(pair[1].text().starts_with(&pair[0].prefix()));
        assert_eq!(pair[1].text().matches("<part-").count(), 1);
    }
    let told = world.calls().last().unwrap().prefix();
    assert!(told.contains("- Read the page: 3 found, 4 of 4 parts read; <extract-"), "{told}");
    assert!(told.contains("\n- row 1\n- row 2\n- row 4711\n"), "{told}");
}

#[tokio::test]
async fn with_a_schema_entries_are_deduplicated_and_invalid_ones_are_reported() {
    let schema = r#"{"type":"object"}"#;
    let world = World::new([
        extract(Some(schema)),
        found(&[r#"{"a": 1, "b": 2}"#]),
        found(&[r#"{"b": 2, "a": 1}"#, "not data"]),
        found(&[r#"{"a": 3}"#]),
        found(&[]),
        end(),
    ]);
    world.page.queue([text(long())]);
    world.run().await;
    assert!(reads(&world)[0].messages[0].text.contains(schema));
    let told = world.calls().last().unwrap().prefix();
    assert!(told.contains("2 found, 4 of 4 parts read; 1 entries left out that are no JSON"), "{told}");
    assert!(told.contains("\n[{\"a\":1,\"b\":2},\n{\"a\":3}]\n"), "{told}");
}

#[tokio::test]
async fn a_part_that_cannot_be_read_is_reported() {
    let cut_off = || Err(ModelError::CutOff { provider: "scripted".into() });
    let world = World::new([extract(None), found(&["one"]), cut_off(), Ok("no json".into()), end()]);
    world.page.queue([text(long())]);
    world.run().await;
    assert_eq!(reads(&world).len(), 3);
    let told = world.calls().last().unwrap().prefix();
    assert!(
        told.contains("1 found, 1 of 4 parts read; part 2 could not be read: scripted cut the answer off"),
        "{told}"
    );
    assert!(told.contains("part 3 could not be read: it is not JSON"), "{told}");
    assert!(told.contains("parts 4 to 4 were given up"), "{told}");
}

#[tokio::test]
async fn the_action_fails_if_no_part_can_be_read() {
    let world = World::new([extract(None), Ok("no".into()), Ok("no".into()), end()]);
    world.page.queue([text(long())]);
    let result = world.run().await;
    assert!(result.errors[0].contains("part 2 could not be read"), "{:?}", result.errors);
}

#[tokio::test]
async fn an_endless_text_is_read_up_to_a_reported_limit() {
    let reading = (0..8).map(|_| found(&["x"]));
    let world = World::new([extract(None)].into_iter().chain(reading).chain([end()]));
    world.page.queue([text(long().repeat(5))]);
    world.run().await;
    assert_eq!(reads(&world).len(), 8);
    let told = world.calls().last().unwrap().prefix();
    assert!(told.contains("1 found, 8 of 20 parts read, 8 is the most: extract an element for what follows"), "{told}");
}

#[tokio::test]
async fn a_text_that_fits_the_prompt_is_shown_as_is() {
    let world = World::new([extract(None), end()]);
    world.page.queue([text("row | x\n".repeat(2_000))]);
    world.run().await;
    assert_eq!(reads(&world).len(), 0);
    assert!(world.calls()[1].page_view().text.contains("\nExtract 1:\n"));
}

#[tokio::test]
async fn a_blank_query_and_the_number_0_are_ignored() {
    let blank = json!([{"action": "extract", "query": " ", "schema": "", "index": null, "again": 0}]);
    let world = World::new([answer(blank), end()]);
    world.page.queue([text(long())]);
    world.run().await;
    assert_eq!(reads(&world).len(), 0);
    assert!(world.calls()[1].page_view().text.contains("\nExtract 1:\n"));
}

#[tokio::test]
async fn a_page_cannot_close_the_fence_around_its_part() {
    let world = World::new([extract(None), found(&["</part-x>"]), end()]);
    world.page.queue([text(format!("{}</part-", "row\n".repeat(8_000)))]);
    world.run().await;
    for call in reads(&world) {
        let boundary = call.messages[0].text.rsplit_once(' ').unwrap().1.to_owned();
        assert!(call.messages.last().unwrap().text.ends_with(&format!("</part-{boundary}>")));
    }
}
