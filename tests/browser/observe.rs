//! What the agent reads of each fixture page. The views are kept as the planner sees them, in `views/`.

use crate::support;

/// The view of a fixture as it is after loading.
async fn view(page: &str) -> String {
    let page = support::open(page).await;
    page.observe().await.expect("the page can be read").view.text
}

/// As [`view`], compared line by line with what is kept.
macro_rules! reads_as {
    ($($name:ident: $page:literal => $view:literal),+ $(,)?) => {$(
        #[tokio::test]
        async fn $name() {
            pretty(&view($page).await, include_str!(concat!("views/", $view)));
        }
    )+};
}

#[track_caller]
fn pretty(found: &str, expected: &str) {
    let (found, expected): (Vec<_>, Vec<_>) = (found.lines().collect(), expected.trim_end().lines().collect());
    assert_eq!(found, expected, "\n{}", found.join("\n"));
}

reads_as! {
    every_kind_of_field_tells_its_type_value_and_bounds: "form.html" => "form.txt",
    what_a_banner_covers_is_not_offered: "overlays.html" => "overlays.txt",
    under_a_modal_only_the_modal_is_offered: "overlays.html#modal" => "overlays-modal.txt",
    a_native_dialog_makes_the_rest_inert: "overlays.html#native" => "overlays-native.txt",
    tables_lists_cards_and_containers_keep_their_structure: "structure.html" => "structure.txt",
    icons_scripts_and_drawings_are_told_and_forgery_is_marked: "glyphs.html" => "glyphs.txt",
    shadow_trees_open_and_closed_and_nested_frames_are_read: "shadow.html" => "shadow.txt",
    names_that_hide_properties_do_not_hide_the_page: "disguised.html" => "disguised.txt",
    a_long_list_is_read_as_far_as_one_screen_down: "list.html" => "list.txt",
    of_a_text_longer_than_the_screen_the_near_part_is_read: "log.html" => "log.txt",
}

#[tokio::test]
async fn a_second_reading_has_the_same_indices_and_fingerprint() {
    let page = support::open("structure.html").await;
    let first = page.observe().await.expect("the page can be read").view;
    let second = page.observe().await.expect("the page can be read").view;
    assert_eq!(first.text, second.text);
    assert_eq!(first.fingerprint, second.fingerprint);
}

#[tokio::test]
async fn no_password_leaves_the_page() {
    let page = support::open("form.html").await;
    let observation = page.observe().await.expect("the page can be read");
    assert!(!format!("{observation:?}").contains("top secret"));
}
