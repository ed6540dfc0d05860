//! Answers read from pages with different structures.

use super::super::answer::{Certainty, Found, Question};
use super::super::lex::lex;
use super::super::lines::{of_text, of_view};
use super::super::pattern::Slot;
use super::site::{Site, observation};

fn ask(head: &str, question: &str, page: &str) -> Option<Found> {
    let tokens = lex(question);
    Question::parse(head, Slot { tokens: &tokens, source: question }).answer(&of_text(page))
}

#[test]
fn values_are_found_beside_and_below_labels_and_in_tables() {
    let cases = [
        ("the order number", "Thanks!\nOrder number: A-1001\nBye", "Order number: A-1001"),
        ("the order number", "Thanks!\nOrder number\nA-1001", "Order number: A-1001"),
        ("the order number", "Your order number is A-1001.", "Your order number is A-1001."),
        ("the order number", "Read about order numbers\nOrder number\tA-1001", "Order number: A-1001"),
        ("the total", "Subtotal 40.00\nShipping 9.90\nTotal 49.90", "Total 49.90"),
        ("the total price", "Items: 3\nTotal: 49,90 EUR", "Total: 49,90 EUR"),
        ("the price", "Blue kettle\n5 in stock\nPrice: 12 EUR", "Price: 12 EUR"),
        ("the price", "Blue kettle\n1.7 litres\n€ 12\n", "€ 12"),
        ("the price", "Blue kettle\n€49.90\nQuantity: 1", "€49.90"),
        ("the heading", "Menu\n# Blue kettle\n## Reviews", "Blue kettle"),
        ("the price of the blue kettle", "Red kettle\n10,00 EUR\nBlue kettle\n12,00 EUR", "Blue kettle: 12,00 EUR"),
        (
            "the price of the blue kettle",
            "Name\tPrice\tStock\nRed kettle\t10\t1\nBlue kettle\t12\t5",
            "Blue kettle: Price: 12",
        ),
        (
            "the stock of the red kettle",
            "Name | Price | Stock\nRed kettle | 10 | 7\nBlue kettle | 12 | 5",
            "Red kettle: Stock: 7",
        ),
        (
            "the price of the blue kettle",
            "Product | Price\nBlue kettle | €12.00 | Remove",
            "Blue kettle: Price: €12.00",
        ),
        ("the total", "Product | Price\nBlue kettle | €12.00 | Remove\nTotal | €12.00", "Total: €12.00"),
        ("the e-mail address", "Name: Ada\nEmail address: ada@a.test", "Email address: ada@a.test"),
        ("the status", "Status\nShipped", "Status: Shipped"),
        ("the opening hours", "Opening hours: 9:00 to 17:00", "Opening hours: 9:00 to 17:00"),
    ];
    for (question, page, expected) in cases {
        let found = ask("read", question, page).unwrap_or_else(|| panic!("no answer to {question} in {page:?}"));
        assert_eq!(found.text, expected, "{question} in {page:?}");
    }
}

#[test]
fn how_much_asks_for_money_and_how_many_for_numbers() {
    let page = "Kettles\nBlue kettle\nholds 2 cups\n12,00 EUR\n17 results found";
    assert_eq!(
        ask("how much", "is the blue kettle", page).map(|found| found.text).as_deref(),
        Some("Blue kettle: 12,00 EUR")
    );
    assert_eq!(ask("how many", "results are there", page).map(|found| found.text).as_deref(), Some("17 results found"));
}

#[test]
fn answers_report_their_certainty() {
    let certainty = |question, page| ask("read", question, page).map(|found| found.certainty);
    assert_eq!(certainty("the order number", "Order number: A-1"), Some(Certainty::Sure));
    assert_eq!(certainty("the delivery note", "Read the note about delivery"), Some(Certainty::Likely));
    assert_eq!(certainty("the delivery note", "About delivery"), Some(Certainty::Guess));
    assert_eq!(certainty("the delivery note", "Hello"), None);
}

#[test]
fn answers_are_bounded() {
    let long = format!("Order number: {}", "1 ".repeat(5_000));
    assert!(ask("read", "the order number", &long).expect("an answer").text.chars().count() <= 501);
    let page = "word ".repeat(10_000);
    assert_eq!(ask("read", "the page", &page).expect("a text").text.chars().count(), 4_000);
}

#[test]
fn a_field_answers_with_its_value_and_a_button_does_not_answer() {
    let mut observation = observation("http://a.test/", "Page", &["button: Order number", "text: Quantity"]);
    observation.view.elements[1].value = "3".to_owned();
    let lines = of_view(&observation.view);
    let source = "the quantity";
    let tokens = lex(source);
    let found = Question::parse("read", Slot { tokens: &tokens, source }).answer(&lines).expect("a value");
    assert_eq!((found.text.as_str(), found.certainty), ("Quantity: 3", Certainty::Sure));
}

#[tokio::test]
async fn several_questions_are_answered_one_per_line() {
    let site = Site::new("page").page("page", "http://a.test/", "Order", &["Status: Shipped", "Total: 12,00 EUR"]);
    let run = site.run("read the status and the total, what is the url").await;
    assert!(run.success);
    assert_eq!(run.text, "Status: Shipped\nTotal: 12,00 EUR\nhttp://a.test/");
    assert!(run.steps.is_empty());
}

#[tokio::test]
async fn values_outside_the_view_are_searched_in_the_page_text() {
    let site = Site::new("page").page("page", "http://a.test/", "Page", &["All about delivery notes for you"]);
    let run = site.run("read the delivery note").await;
    assert_eq!(run.actions(), ["extract the delivery note"]);
    assert!(run.success);
    assert_eq!(run.text, "All about delivery notes for you");
}

#[tokio::test]
async fn reading_the_page_returns_its_text() {
    let site = Site::new("page").page("page", "http://a.test/", "Page", &["One", "Two", "button: Three"]);
    let run = site.run("read the page").await;
    assert_eq!(run.actions(), ["extract"]);
    assert_eq!(run.text, "One\nTwo\nThree");
}

#[tokio::test]
async fn an_unanswered_question_is_not_a_success() {
    let site = Site::new("page").page("page", "http://a.test/", "Page", &["Hello"]);
    let run = site.run("what is the price of tea?").await;
    assert!(!run.success);
    assert_eq!(
        run.text,
        "I could not read 'the price of tea': the page 'Page' says nothing about 'the price of tea'. Nothing was done before that."
    );
}
