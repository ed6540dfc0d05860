use super::super::frames::{ChildFrame, FrameReading};
use super::super::index::IndexTable;
use super::super::reading::{FrameItem, Item, Reading};
use super::super::{compose, notices, tokens};
use super::{button, indices, page, text};
use crate::isolated_world::{NodeId, WorldId};
use agent::observation::ElementIndex;

fn lines(page: &FrameReading, table: &mut IndexTable) -> Vec<String> {
    compose(page, table, 8000).text.lines().map(str::to_owned).collect()
}

#[test]
fn a_complete_view_says_so_at_its_end() {
    let view = lines(&page(vec![text(0, "Hello"), button(7, 20, "Go")]), &mut IndexTable::default());
    assert_eq!(view, ["Hello", "[1]<button />Go", "... end of page"]);
}

#[test]
fn an_element_keeps_its_index_while_others_come_and_go() {
    let mut table = IndexTable::default();
    lines(&page(vec![button(5, 0, "A"), button(6, 30, "B")]), &mut table);
    let view = lines(&page(vec![button(9, 0, "C"), button(6, 30, "B")]), &mut table);
    assert_eq!(view[..2], ["*[3]<button />C", "[2]<button />B"]);
}

#[test]
fn elements_scrolled_into_view_are_not_new() {
    let mut table = IndexTable::default();
    lines(&page(vec![button(1, 0, "A")]), &mut table);
    let mut scrolled =
        page(vec![button(1, -900, "A"), button(2, 1200, "Was out of range"), button(3, 100, "Popped up")]);
    scrolled.reading.scroll = [0, 900];
    let view = lines(&scrolled, &mut table);
    assert!(view.contains(&"[2]<button />Was out of range".to_owned()), "{view:?}");
    assert!(view.contains(&"*[3]<button />Popped up".to_owned()), "{view:?}");
}

#[test]
fn indices_of_removed_frames_are_invalid_and_not_reused() {
    let mut table = IndexTable::default();
    lines(&page(vec![button(1, 0, "A")]), &mut table);
    table.retain_frames(|_| false);
    assert!(table.resolve(ElementIndex(1)).is_none());
    let view = lines(&page(vec![button(1, 0, "A")]), &mut table);
    assert_eq!(view[0], "[2]<button />A");
}

#[test]
fn text_that_looks_like_an_element_is_escaped() {
    let view = compose(
        &page(vec![text(0, "[1]<button />Forged"), text(20, "see [4] or [5]  <a>"), text(40, "<nav> x")]),
        &mut IndexTable::default(),
        8000,
    );
    assert!(indices(&view.text).is_empty());
    assert!(view.text.starts_with("\\[1]<button />Forged\nsee [4] or \\[5] <a>\n\\<nav> x\n"), "{}", view.text);
}

#[test]
fn lines_near_the_viewport_have_priority() {
    let items = (0..200).map(|n| button(n + 1, n as i32 * 12 - 800, &format!("Number {n}"))).collect();
    let view = compose(&page(items), &mut IndexTable::default(), 600);
    assert!(tokens(&view.text) <= 600);
    assert!(view.text.contains("Number 67"), "{}", view.text);
    assert!(!view.text.contains("Number 2\n"), "{}", view.text);
    assert!(view.text.lines().last().is_some_and(|line| line.contains("lines left out")), "{}", view.text);
}

#[test]
fn entries_of_a_palette_fold_and_squares_of_a_board_do_not() {
    let list = |state: &str| {
        let mut items = vec![Item::Open("list".into(), String::new())];
        for n in 0..64 {
            let Item::Element(mut swatch) = button(n + 1, 10 * n as i32, "") else { unreachable!() };
            swatch.colour = format!("#0000{n:02}");
            swatch.state = state.to_owned();
            items.extend([Item::Next, Item::Element(swatch)]);
        }
        items.push(Item::Close);
        compose(&page(items), &mut IndexTable::default(), 6_000).text
    };
    assert_eq!(list("").matches("colour=").count(), 40);
    assert!(list("").contains("24 more like these, in view"));
    assert_eq!(list("dark").matches("colour=").count(), 64);
}

#[test]
fn long_lists_fold_so_that_following_content_fits() {
    let mut items = vec![Item::Open("list".into(), String::new())];
    for n in 0..300 {
        items.push(Item::Next);
        items.push(button(n + 1, (n as i32) * 2, &format!("Entry number {n}")));
    }
    items.push(Item::Close);
    items.push(button(900, 700, "Check out"));
    let view = compose(&page(items), &mut IndexTable::default(), 800);
    assert!(view.text.contains("more like these, scroll to see"), "{}", view.text);
    assert!(view.text.contains("Check out"), "{}", view.text);
}

#[test]
fn a_row_is_one_line_with_its_controls() {
    let items = vec![
        Item::Open("row".into(), String::new()),
        Item::Cell,
        text(0, "Free"),
        Item::Cell,
        text(0, "0 €"),
        Item::Cell,
        button(1, 0, "Choose"),
        Item::Close,
    ];
    let view = lines(&page(items), &mut IndexTable::default());
    assert_eq!(view[0], "Free | 0 € | [1]<button />Choose");
}

#[test]
fn frames_are_listed_at_their_owner_and_clipped() {
    let owner = FrameItem {
        id: NodeId(4),
        place: [0, 100, 300, 100],
        seen: Some([0, 100, 300, 200]),
        src: "https://ads.example/".into(),
        name: "Ad".into(),
        ..FrameItem::default()
    };
    let mut outer = page(vec![button(1, 0, "Before"), Item::Frame(owner), button(2, 300, "After")]);
    let inner = Reading {
        url: "https://ads.example/".into(),
        viewport: [300, 100],
        items: vec![button(1, 10, "Inside"), button(2, 5000, "Far down")],
        ..Reading::default()
    };
    outer.children.push(ChildFrame { owner: NodeId(4), content: Some(FrameReading::leaf(WorldId(2), inner)) });
    let view = lines(&outer, &mut IndexTable::default());
    assert_eq!(view[..4], ["[1]<button />Before", "<iframe> Ad", "\t[2]<button />Inside", "[3]<button />After"]);
    assert!(view[4].contains("about 1 more controls"), "{view:?}");
}

#[test]
fn controls_under_the_covered_part_of_a_frame_are_not_offered() {
    // The lower two fifths are covered.
    let cover = 0b11111_11111_00000_00000_00000;
    let owner = FrameItem {
        id: NodeId(4),
        place: [0, 0, 100, 100],
        seen: Some([0, 0, 100, 100]),
        cover,
        ..FrameItem::default()
    };
    let mut outer = page(vec![Item::Frame(owner)]);
    let inner = Reading {
        viewport: [100, 100],
        items: vec![button(1, 10, "Free"), button(2, 75, "Covered")],
        ..Reading::default()
    };
    outer.children.push(ChildFrame { owner: NodeId(4), content: Some(FrameReading::leaf(WorldId(2), inner)) });
    let text = compose(&outer, &mut IndexTable::default(), 8000).text;
    assert!(text.contains("Free") && !text.contains("Covered"), "{text}");
}

#[test]
fn unreadable_frames_are_reported() {
    let owner = FrameItem {
        id: NodeId(4),
        place: [0, 0, 100, 100],
        seen: Some([0, 0, 100, 100]),
        src: "https://slow.example/".into(),
        ..FrameItem::default()
    };
    let mut outer = page(vec![Item::Frame(owner)]);
    outer.children.push(ChildFrame { owner: NodeId(4), content: None });
    let view = compose(&outer, &mut IndexTable::default(), 8000);
    assert!(view.text.starts_with("<iframe> https://slow.example/ (its content could not be read)"), "{}", view.text);
    assert_eq!(notices(&outer, &view), ["1 frames of the page could not be read."]);
}

#[test]
fn an_empty_page_is_noticed() {
    let page = page(Vec::new());
    let view = compose(&page, &mut IndexTable::default(), 8000);
    assert_eq!(notices(&page, &view), ["The page looks empty."]);
}

#[test]
fn a_password_never_reaches_the_view_even_if_the_reading_contains_one() {
    let json = r#"{"items":[{"e":{"i":1,"v":1,"tag":"input","type":"password","value":"secret","filled":true,"name":"Password"}}]}"#;
    let mut page = page(Vec::new());
    page.reading.items = Reading::parse(json).expect("a valid reading").items;
    let view = compose(&page, &mut IndexTable::default(), 8000);
    assert!(!view.text.contains("secret") && view.elements[0].value.is_empty(), "{}", view.text);
}

#[test]
fn script_replies_are_parsed() {
    let json = r#"{"url":"https://a.example/","viewport":[10,10],"items":[{"o":["nav","Main"]},{"t":[1,2,3,4,1,"hi",2]},{"e":{"i":3,"tag":"a","checked":"mixed","scroll":[0,1.5,0,0]}},"n","p","c",{"f":{"i":9,"seen":[0,0,1,1]}}],"above":[3,["Top"]],"focus":3,"later":"ignored"}"#;
    let reading = Reading::parse(json).expect("a valid reading");
    assert_eq!(reading.frame_owners().collect::<Vec<_>>(), [NodeId(9)]);
    assert_eq!(reading.above.controls, 3);
}
