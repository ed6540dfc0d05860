//! Parsing of tasks.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::super::goal::{Goal, Hidden, Scrolling, Waiting};
use super::super::parse::parse;

/// Goals in words, with the typed texts that [`Goal::order`] omits.
fn shown(task: &str) -> Vec<String> {
    let goals = parse(task).unwrap_or_else(|error| panic!("{task}: {error:?}"));
    let shown = |goal: Goal| match &goal {
        Goal::Type { text: Hidden(text), .. } | Goal::Set { value: Hidden(text), .. } => {
            format!("{} with {text}", goal.order())
        }
        Goal::LogIn { password: Hidden(password), .. } => format!("{} with {password}", goal.order()),
        Goal::Scroll(Scrolling::By { pages, .. }) => format!("{} {pages}", goal.order()),
        Goal::Submit { what: Some(what) } => format!("{}: {what}", goal.order()),
        _ => goal.order(),
    };
    goals.into_iter().map(shown).collect()
}

#[test]
fn every_phrase_is_understood() {
    let cases: [(&str, &[&str]); 69] = [
        ("open example.com", &["open https://example.com"]),
        ("OPEN HTTPS://EXAMPLE.COM/A", &["open HTTPS://EXAMPLE.COM/A"]),
        ("Go to http://a.test/x?y=z.", &["open http://a.test/x?y=z"]),
        ("visit the page http://a.test in a new tab", &["open http://a.test in a new tab"]),
        ("navigate to localhost:3000/shop", &["open http://localhost:3000/shop"]),
        ("go to the cart page", &["click 'cart'"]),
        ("open 'My orders'", &["click 'My orders'"]),
        ("go back to the results", &["go back"]),
        ("return to the previous page", &["go back"]),
        ("search for blue kettles", &["search for 'blue kettles'"]),
        ("search blue kettles on shop.example", &["search https://shop.example for 'blue kettles'"]),
        ("search shop.example for blue kettles", &["search https://shop.example for 'blue kettles'"]),
        ("look up rust on the web", &["search the web for 'rust'"]),
        ("search for books on gardening", &["search for 'books on gardening'"]),
        ("search for gifts for men in the shop", &["search for 'gifts for men'"]),
        ("click Buy now", &["click 'Buy now'"]),
        ("tap on the \"Buy, then pay\" button", &["click 'Buy, then pay'"]),
        ("click 'A', 'B' and 'C'", &["click 'A'", "click 'B'", "click 'C'"]),
        ("click salt and pepper", &["click 'salt and pepper'"]),
        ("click 'Remove' next to 'Red kettle'", &["click 'Remove' next to 'Red kettle'"]),
        ("click the first link", &["click the first link"]),
        ("follow the link More", &["click 'link More'"]),
        ("press Enter", &["press Enter"]),
        ("hit the escape key", &["press Escape"]),
        ("press Ctrl+Shift+Tab", &["press Control+Shift+Tab"]),
        ("press the Send button", &["click 'Send'"]),
        ("type Ada into Name", &["fill in 'Name' with Ada"]),
        ("type rock and roll, loud into the Music field", &["fill in 'Music' with rock and roll, loud"]),
        ("enter 'Ada' in “Name, in full”", &["fill in 'Name, in full' with Ada"]),
        ("write hello to Message", &["fill in 'Message' with hello"]),
        ("type hello", &["fill in the text field with hello"]),
        ("fill in Name with Ada", &["fill in 'Name' with Ada"]),
        ("fill 'Ada' into Name", &["fill in 'Name' with Ada"]),
        ("fill 'Name' with ''", &["fill in 'Name' with "]),
        ("fill Name with Ada and Age with 36", &["fill in 'Name' with Ada", "fill in 'Age' with 36"]),
        ("fill Name with salt and pepper", &["fill in 'Name' with salt and pepper"]),
        ("type 'a' into 'b' and 'c' into 'd'", &["fill in 'b' with a", "fill in 'd' with c"]),
        ("set the Quantity to 2", &["set 'Quantity' with 2"]),
        ("select 2 in Quantity", &["choose '2' in 'Quantity'"]),
        ("choose the Express option from the Shipping dropdown", &["choose 'Express' in 'Shipping'"]),
        ("pick «Rot» as colour", &["choose 'Rot' in 'colour'"]),
        ("select Express", &["choose 'Express'"]),
        ("check 'I agree' and uncheck Newsletter", &["tick 'I agree'", "untick 'Newsletter'"]),
        ("tick the Terms checkbox", &["tick 'Terms'"]),
        ("check out", &["click 'checkout'"]),
        ("place the order", &["click 'place order'"]),
        ("upload cv.pdf to Your CV", &["upload 'cv.pdf' to 'CV'"]),
        ("attach the file 'my cv.pdf' to the CV field", &["upload 'my cv.pdf' to 'CV'"]),
        ("upload a.txt and b.txt to 'Documents'", &["upload 'a.txt' and 'b.txt' to 'Documents'"]),
        ("upload cv.pdf", &["upload 'cv.pdf'"]),
        ("upload cv.pdf to the file field and click Send", &["upload 'cv.pdf'", "click 'Send'"]),
        ("save the page as PDF", &["save the page as PDF"]),
        ("print this as a PDF file", &["save the page as PDF"]),
        ("scroll", &["scroll down 1"]),
        ("scroll down twice", &["scroll down 2"]),
        ("scroll down to the bottom", &["scroll to the bottom"]),
        ("scroll to top", &["scroll to the top"]),
        ("scroll down to 'Reviews'", &["scroll to 'Reviews'"]),
        ("wait for 'Order placed' to appear", &["wait for 'Order placed'"]),
        ("wait until the spinner is gone", &["wait for 'spinner' to go"]),
        ("wait for 3 seconds", &["wait 3 s"]),
        ("take a full page screenshot", &["take a screenshot"]),
        ("log in as ada with password hunter2", &["log in as 'ada' with hunter2"]),
        ("sign in with username 'ada' and password 'a and b'", &["log in as 'ada' with a and b"]),
        ("log in to the shop as ada, password x", &["log in as 'ada' with x"]),
        ("add 2 blue kettles to my cart", &["add '2 blue kettles' to the cart"]),
        ("add it to the cart", &["add it to the cart"]),
        ("submit", &["submit the form"]),
        ("submit the order", &["submit the form: the order"]),
    ];
    for (task, expected) in cases {
        assert_eq!(shown(task), expected, "{task}");
    }
}

#[test]
fn pointing_dialog_tab_and_check_phrases_are_understood() {
    let cases: [(&str, &[&str]); 36] = [
        ("hover over the Products menu", &["point at 'Products'"]),
        ("double-click 'Report'", &["double-click 'Report'"]),
        ("right click on the 'Report' card", &["right-click 'Report'"]),
        ("drag 'Report' to the 'Done' column", &["drag 'Report' to 'Done'"]),
        ("drag and drop A onto B", &["drag 'A' to 'B'"]),
        ("click 'Add' 3 times", &["click 'Add'", "click 'Add'", "click 'Add'"]),
        ("press Tab twice", &["press Tab", "press Tab"]),
        ("clear the Search field", &["fill in 'Search' with "]),
        ("close the tab", &["close the tab"]),
        ("switch to the first tab", &["switch to tab 1"]),
        ("switch to the new tab", &["switch to the newest tab"]),
        ("go back to the previous tab", &["switch to the tab before"]),
        ("switch to the 'Help' tab", &["switch to the tab 'Help'"]),
        ("switch tabs", &["switch to the other tab"]),
        ("accept the alert", &["accept the dialog"]),
        ("click Delete and dismiss the dialog", &["click 'Delete'", "dismiss the dialog"]),
        ("answer the prompt with Ada", &["accept the dialog"]),
        ("accept all cookies", &["accept the cookie banner"]),
        ("reject cookies", &["dismiss the cookie banner"]),
        ("sort by Price", &["sort by 'Price'"]),
        ("sort the table by the Amount column in descending order", &["sort by 'Amount'"]),
        ("log out", &["click 'log out'"]),
        ("check that 'Saved' is shown", &["check whether 'Saved' is shown"]),
        ("make sure there is no error", &["check whether 'error' is not shown"]),
        ("verify that the total is 12 EUR", &["check whether 'total 12 EUR' is shown"]),
        ("verify the page says Thank you", &["check whether 'Thank you' is shown"]),
        ("check whether 'Sold out' is shown", &["check whether 'Sold out' is shown"]),
        ("is there a login form?", &["check whether 'login form' is shown"]),
        ("check the Terms box", &["tick 'Terms'"]),
        ("check 'I agree that it is shown in public'", &["tick 'I agree that it is shown in public'"]),
        ("read the code and type it into Code", &["read 'the code'", "fill in 'Code' with what was read"]),
        (
            "if there is a cookie banner accept it, then click Buy",
            &["look whether 'cookie banner' is shown", "accept the dialog", "click 'Buy'"],
        ),
        (
            "If 'Close' is visible, click it. Click Buy",
            &["look whether 'Close' is shown", "click 'Close'", "click 'Buy'"],
        ),
        (
            "open a.test and if a dialog appears, dismiss it",
            &["open https://a.test", "look whether 'dialog' is shown", "dismiss the dialog"],
        ),
        ("how many links are there?", &["read 'links are there'"]),
        ("list all links", &["read 'all links'"]),
    ];
    for (task, expected) in cases {
        assert_eq!(shown(task), expected, "{task}");
    }
}

#[test]
fn a_condition_extends_to_the_end_of_its_sentence_or_the_next_then() {
    let cases = [
        ("if there is a banner, accept it and click Go, scroll down. Click Buy", 3),
        ("if there is a banner, accept it, then click Go", 1),
        ("if there is a banner then accept it and click Go", 2),
        ("click Go and, if there is a banner, accept it", 1),
    ];
    for (task, expected) in cases {
        let goals = parse(task).expect(task);
        let reach = goals.iter().find_map(|goal| match goal {
            Goal::When { goals, .. } => Some(*goals),
            _ => None,
        });
        assert_eq!(reach, Some(expected), "{task}: {goals:?}");
    }
}

#[test]
fn questions_are_understood_in_many_forms() {
    let cases: [(&str, &[&str]); 14] = [
        ("read the order number", &["read 'the order number'"]),
        ("What is the price of the blue kettle?", &["read 'the price of the blue kettle'"]),
        ("how much is the kettle", &["read 'is the kettle'"]),
        ("tell me the total", &["read 'the total'"]),
        ("find the cheapest kettle", &["read 'the cheapest kettle'"]),
        ("get the name and the price", &["read 'the name'", "read 'the price'"]),
        ("read the price of salt and pepper", &["read 'the price of salt and pepper'"]),
        ("read the total and report it", &["read 'the total'"]),
        ("read the total and tell me", &["read 'the total'"]),
        ("read the page", &["read the page"]),
        ("extract", &["read the page"]),
        ("extract all text from this page", &["read the page"]),
        ("read it", &["read the page"]),
        ("get the full content of the website", &["read the page"]),
    ];
    for (task, expected) in cases {
        assert_eq!(shown(task), expected, "{task}");
    }
}

#[test]
fn sequences_are_split_in_every_notation() {
    let expected = ["open http://a.test", "click 'Buy'", "read 'the price'"];
    let tasks = [
        "open http://a.test, click Buy, read the price",
        "open http://a.test and click Buy and then read the price",
        "open http://a.test then click Buy then read the price",
        "Open http://a.test. Click Buy. What is the price?",
        "open http://a.test; click Buy; read the price;",
        "open http://a.test\nclick Buy\n\nread the price\n",
        "1. open http://a.test\n2. click Buy\n3. read the price",
        "1) open http://a.test 2) click Buy 3) read the price",
        "- open http://a.test\n- click Buy\n- read the price",
        "First, open http://a.test. Next, please click Buy, and finally read the price. Thank you!",
        "Can you open http://a.test, then click on the Buy button and tell me the price?",
        "Task: open http://a.test, click 'Buy', wait for the page to load, read the price. Do not buy anything.",
    ];
    for task in tasks {
        assert_eq!(shown(task), expected, "{task}");
    }
}

#[test]
fn only_unknown_parts_are_named() {
    let cases: [(&str, &[&str]); 13] = [
        ("dance", &["dance"]),
        ("open a.test, click Buy. Sing a song; read the price", &["Sing a song"]),
        ("click Buy then dance", &["dance"]),
        ("if it is cheap, click Buy", &["if it is cheap"]),
        ("open file:///etc/passwd", &["open file:///etc/passwd"]),
        ("juggle the menu", &["juggle the menu"]),
        ("click 'Next' until it is gone", &["click 'Next' until it is gone"]),
        ("click 'Buy' if it is cheap", &["click 'Buy' if it is cheap"]),
        ("click 'Add' 1000 times", &["click 'Add' 1000 times"]),
        ("for each row click 'Delete'", &["for each row click 'Delete'"]),
        ("type it into Code, then read the code", &["type it into Code"]),
        ("use the password hunter2 somewhere", &["use the password …"]),
        ("scroll around", &["scroll around"]),
    ];
    for (task, expected) in cases {
        assert_eq!(parse(task).expect_err(task), expected, "{task}");
    }
}

#[test]
fn a_prohibition_is_skipped_with_what_it_forbids() {
    assert_eq!(shown("never click 'Buy' and submit the form. Read the price"), ["read 'the price'"]);
    assert_eq!(shown("open a.test but don't click 'Buy'"), ["open https://a.test"]);
}

#[test]
fn waits_and_scrolls_have_their_numbers() {
    assert_eq!(parse("wait 1.5 seconds"), Ok(vec![Goal::Wait(Waiting::Seconds(1.5))]));
    assert_eq!(parse("wait 1000000 seconds").expect_err("absurd"), ["wait 1000000 seconds"]);
}

#[test]
fn debug_output_of_a_goal_omits_hidden_texts() {
    let goals = parse("log in as ada with password hunter2, type s3cret into Code").expect("it is understood");
    assert!(!format!("{goals:?}").contains("hunter2"));
    assert!(!format!("{goals:?}").contains("s3cret"));
}

/// A task as long as a request may carry, made by repeating a piece.
fn longest(piece: &str) -> String {
    piece.repeat(32_768 / piece.len())
}

#[test]
fn the_longest_tasks_are_parsed_in_bounded_time() {
    let pieces = [
        "a ",
        "and ",
        ", ",
        "'",
        "' ",
        "\"a ",
        "type ",
        "type a in ",
        "in ",
        "then ",
        "the ",
        "please ",
        "1. ",
        "\n- ",
        "click 'a' and ",
        "search for a on ",
        "x",
        ".",
        "with ",
        "log in as a with ",
        "ctrl ",
        "press ctrl+",
        "don't ",
        "fill a with b and ",
        "to ",
        "ä’",
        "http://a.",
        "read the a and the ",
        "if there is a ",
        "if a is shown click it ",
        "check that a is ",
        "drag a to ",
    ];
    for piece in pieces {
        for task in [longest(piece), format!("type {}", longest(piece)), format!("press {}", longest(piece))] {
            let began = Instant::now();
            let _ = parse(&task);
            // Far above the actual time, and far below the time of a quadratic algorithm for 32 KiB.
            assert!(began.elapsed() < Duration::from_secs(2), "{piece:?} took {:?}", began.elapsed());
        }
    }
}

proptest! {
    #[test]
    fn parsing_any_text_does_not_panic(task in any::<String>()) {
        let _ = parse(&task);
    }

    #[test]
    fn parsing_any_sequence_of_known_words_does_not_panic(
        words in prop::collection::vec(
            prop::sample::select(vec![
                "open", "search", "for", "on", "click", "the", "first", "button", "type", "if", "there", "is", "shown", "it", "drag", "sort", "by", "twice", "'a b'", "into", "in", "\"x", "and",
                "then", ",", ".", "\n", "1.", "-", "select", "from", "read", "log", "as", "with", "password", "scroll", "to",
                "wait", "press", "ctrl+a", "don't", "but", "http://a.test/", "fill", "''", "add", "cart", "«", "»", "ß",
            ]),
            0..60,
        ),
    ) {
        let _ = parse(&words.join(" "));
    }

    #[test]
    fn quoted_labels_and_values_are_kept_unchanged(
        text in "[a-zA-Z,;.:!? ]{1,40}", label in "[a-z][a-z,; ]{0,20}[a-z]",
    ) {
        let goals = parse(&format!("type \"{text}\" into \"{label}\", then go back"));
        let Ok([Goal::Type { text: Hidden(typed), into: Some(target) }, Goal::Back]) = goals.as_deref() else {
            panic!("{goals:?}");
        };
        prop_assert_eq!(typed, &text);
        prop_assert_eq!(&target.label, &label.split_whitespace().collect::<Vec<_>>().join(" "));
    }
}
