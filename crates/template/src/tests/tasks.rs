//! Whole tasks that succeed.

use super::site::{Run, Site};

const SHOP: &str = "http://127.0.0.1:4000";

/// The site that the demo task walks through.
fn shop() -> Site {
    Site::new("blank")
        .page(
            "home",
            "http://127.0.0.1:4000/",
            "Kettle shop",
            &[
                "link: Home",
                "link: Cart (0)",
                "search: Search products",
                "button: Search",
                "Welcome to the shop",
                "link: Red kettle",
                "link: Blue teapot",
            ],
        )
        .page(
            "list",
            "http://127.0.0.1:4000/search?q=blue+kettle",
            "Results",
            &[
                "link: Home",
                "link: Cart (0)",
                "search: Search products",
                "button: Search",
                "2 results for blue kettle",
                "link: Blue kettle",
                "12,00 EUR",
                "button: Add to cart",
                "link: Blue kettle, large",
                "19,00 EUR",
                "button: Add to cart",
            ],
        )
        .page(
            "product",
            "http://127.0.0.1:4000/p/1",
            "Blue kettle",
            &[
                "link: Home",
                "search: Search products",
                "Blue kettle",
                "Price: 12,00 EUR",
                "select: Quantity = 1|2|3",
                "button: Add to cart",
            ],
        )
        .page(
            "cart",
            "http://127.0.0.1:4000/cart",
            "Cart",
            &["link: Home", "Name\tQuantity\tPrice", "Blue kettle\t2\t24,00 EUR", "Total: 24,00 EUR", "link: Checkout"],
        )
        .page(
            "checkout",
            "http://127.0.0.1:4000/checkout",
            "Checkout",
            &[
                "text: Name *",
                "email: E-mail *",
                "select: Shipping = Standard|Express",
                "checkbox: I accept the terms",
                "button: Place order",
            ],
        )
        .page("thanks", "http://127.0.0.1:4000/orders/1", "Thank you", &["Thank you, Ada!", "Order number: A-1001"])
        .leads("home", "input Search products=blue kettle submit", "list")
        .leads("list", "click Blue kettle", "product")
        .leads("list", "click Add to cart", "cart")
        .leads("product", "click Add to cart", "cart")
        .leads("cart", "click Checkout", "checkout")
        .leads("checkout", "click Place order", "thanks")
        .leads("home", "click Cart (0)", "cart")
}

fn assert_actions(run: &Run, expected: &[&str]) {
    assert!(run.success, "{run:?}");
    assert_eq!(run.actions(), expected, "{run:?}");
}

#[tokio::test]
async fn the_demo_task_is_completed_up_to_the_order_number() {
    let task = format!(
        "open {SHOP}, search for 'blue kettle', click 'Blue kettle', select '2' in 'Quantity', click 'Add to cart', \
         click 'Checkout', type 'Ada Lovelace' into 'Name', type 'ada@example.com' into 'E-mail', select 'Express' in \
         'Shipping', check 'I accept the terms', click 'Place order', then read the order number"
    );
    let run = shop().run(&task).await;
    assert_eq!(run.text, "Order number: A-1001");
    assert!(run.success);
    let expected: [&[&str]; 6] = [
        &["navigate http://127.0.0.1:4000"],
        &["input Search products=blue kettle submit"],
        &["click Blue kettle"],
        &["select Quantity=2", "click Add to cart"],
        &["click Checkout"],
        &[
            "input Name *=Ada Lovelace",
            "input E-mail *=ada@example.com",
            "select Shipping=Express",
            "click I accept the terms",
            "click Place order",
        ],
    ];
    assert_eq!(run.steps, expected, "{run:?}");
}

#[tokio::test]
async fn the_demo_task_can_be_reworded_or_listed() {
    let task = format!(
        "Please do the following:\n1. Go to {SHOP}\n2. Search the shop for blue kettle\n3. Click on the first result\n\
         4. Choose 2 from the Quantity dropdown and press the \"Add to cart\" button\n5. Go to checkout\n\
         6. Fill in Name with Ada Lovelace, E-mail with ada@example.com and set Shipping to express\n\
         7. Check 'I accept the terms'; click Place order.\nFinally, tell me the order number. Thanks!"
    );
    let run = shop().run(&task).await;
    assert_actions(
        &run,
        &[
            "navigate http://127.0.0.1:4000",
            "input Search products=blue kettle submit",
            "click Blue kettle",
            "select Quantity=2",
            "click Add to cart",
            "click Checkout",
            "input Name *=Ada Lovelace",
            "input E-mail *=ada@example.com",
            "select Shipping=Express",
            "click I accept the terms",
            "click Place order",
        ],
    );
    assert_eq!(run.text, "Order number: A-1001");
}

#[tokio::test]
async fn a_page_that_is_already_open_is_not_reopened() {
    let mut site = shop();
    site = site.starting_at("home");
    let run = site.run("open http://127.0.0.1:4000 and what is the title of the page?").await;
    assert_actions(&run, &[]);
    assert_eq!(run.text, "Kettle shop");
}

#[tokio::test]
async fn without_a_question_the_result_summarizes_the_steps_and_the_last_page() {
    let run = shop().starting_at("home").run("open the cart").await;
    assert_actions(&run, &["click Cart (0)"]);
    assert_eq!(run.text, "Done: clicked 'cart'; the page is 'Cart' (http://127.0.0.1:4000/cart).");
}

#[tokio::test]
async fn a_product_is_added_to_the_cart_from_any_page_that_shows_it() {
    let run = shop().starting_at("home").run("add the blue kettle to the cart and what is the total?").await;
    assert_actions(&run, &["input Search products=blue kettle submit", "click Add to cart"]);
    assert_eq!(run.text, "Total: 24,00 EUR");
    assert_eq!(run.steps.len(), 2);
}

#[tokio::test]
async fn buttons_are_distinguished_by_nearby_text_and_by_number() {
    let list = ["Red", "button: Add to cart", "Blue", "button: Add to cart", "Green", "button: Add to cart"];
    let cases = [
        ("click the second 'Add to cart' button", 13),
        ("click the last Add to cart", 15),
        ("click 'Add to cart' next to 'Blue'", 13),
        ("click 'Add to cart'", 11),
        ("click the third button", 15),
    ];
    for (task, index) in cases {
        let site = Site::new("list").page("list", "http://a.test/", "List", &list);
        let indices = site.indices(task).await;
        assert_eq!(indices, [index], "{task}");
    }
}

#[tokio::test]
async fn a_search_uses_the_requested_site() {
    let cases: [(&str, &[&str]); 6] = [
        ("search for kettles", &["input Search products=kettles submit"]),
        ("search for kettles in the shop", &["input Search products=kettles submit"]),
        ("search kettles on the web", &["search kettles"]),
        ("google 'rust and roll'", &["search rust and roll Google"]),
        ("search for hotels in Paris on bing", &["search hotels in Paris Bing"]),
        ("search 127.0.0.1:4000 for kettles", &["input Search products=kettles submit"]),
    ];
    for (task, expected) in cases {
        assert_actions(&shop().starting_at("home").run(task).await, expected);
    }
    let run = shop().run("search for kettles").await;
    assert_actions(&run, &["search kettles"]);
    let run = shop().run(&format!("search for 'kettles' on {SHOP}")).await;
    assert_actions(&run, &["navigate http://127.0.0.1:4000", "input Search products=kettles submit"]);
}

#[tokio::test]
async fn a_login_fills_both_fields_and_presses_the_button() {
    let site = Site::new("home")
        .page("home", "http://a.test/", "Home", &["search: Search", "link: Sign in"])
        .page(
            "login",
            "http://a.test/login",
            "Sign in",
            &[
                "search: Search",
                "email: E-mail for our newsletter",
                "text: Username",
                "password: Password",
                "link: Forgot password?",
                "button: Sign in",
            ],
        )
        .page("account", "http://a.test/me", "My account", &["Balance: 7.50 EUR"])
        .leads("home", "click Sign in", "login")
        .leads("login", "click Sign in", "account");
    let run = site.run("log in as ada with password 'x, then y' and read my balance").await;
    assert_actions(&run, &["click Sign in", "input Username=ada", "input Password=x, then y", "click Sign in"]);
    assert_eq!(run.steps.len(), 2);
    assert_eq!(run.text, "Balance: 7.50 EUR");
    assert!(!format!("{:?}", run.thoughts).contains("then y"), "a password is never reported: {run:?}");
}

#[tokio::test]
async fn a_login_that_asks_for_the_name_first_takes_two_pages() {
    let site = Site::new("name")
        .page("name", "http://a.test/login", "Sign in", &["email: E-mail", "button: Next"])
        .page("password", "http://a.test/login/2", "Sign in", &["password: Password"])
        .page("account", "http://a.test/me", "My account", &[])
        .leads("name", "input E-mail=ada@a.test submit", "password")
        .leads("password", "input Password=pw submit", "account");
    let run = site.run("sign in as ada@a.test with password pw").await;
    assert_actions(&run, &["input E-mail=ada@a.test submit", "input Password=pw submit"]);
    assert_eq!(run.text, "Done: logged in as 'ada@a.test'; the page is 'My account' (http://a.test/me).");
}

#[tokio::test]
async fn every_kind_of_form_field_is_filled() {
    let form = [
        "text: Name",
        "number: Age",
        "select: Country = Austria|Côte d'Ivoire",
        "combo: City",
        "radio: Standard delivery",
        "radio: Express delivery",
        "+checkbox: Newsletter",
        "checkbox: Terms",
        "submit: Send",
    ];
    let cases: [(&str, &[&str]); 11] = [
        ("set Age to 36 and uncheck Newsletter", &["input Age=36", "click Newsletter"]),
        ("check the Newsletter checkbox", &[]),
        ("set Country to 'cote d ivoire'", &["select Country=Côte d'Ivoire"]),
        ("choose 'Express delivery'", &["click Express delivery"]),
        ("select Express delivery in Delivery", &["click Express delivery"]),
        ("select 'Wien' in City", &["select City=Wien"]),
        ("type Wien into City", &["input City=Wien"]),
        ("select Austria", &["select Country=Austria"]),
        ("fill Country with Austria", &["select Country=Austria"]),
        (
            "type 'a, b' into Name and 5 into Age, then submit the form",
            &["input Name=a, b", "input Age=5", "click Send"],
        ),
        ("enter Ada into the Name field and press Enter", &["input Name=Ada", "keys Enter"]),
    ];
    for (task, expected) in cases {
        let run = Site::new("form").page("form", "http://a.test/", "Form", &form).run(task).await;
        assert_actions(&run, expected);
        assert!(run.steps.len() <= 1, "one decision is enough for {task}: {run:?}");
    }
}

#[tokio::test]
async fn simple_instructions_become_their_actions() {
    let cases: [(&str, &[&str]); 11] = [
        ("scroll down", &["scroll Down 1"]),
        ("scroll up 3 pages", &["scroll Up 3"]),
        ("go back", &["goBack"]),
        ("wait for 'Ready'", &["wait Ready"]),
        ("wait for Hello", &[]),
        ("wait until the spinner disappears", &["wait gone spinner"]),
        ("wait 2 seconds", &["wait 2s"]),
        ("press Enter, then press ctrl+a", &["keys Enter", "keys Control+a"]),
        ("press 'OK'", &["click OK"]),
        ("take a screenshot of the page", &["screenshot"]),
        ("scroll to the bottom", &[]),
    ];
    for (task, expected) in cases {
        let site = Site::new("page").page("page", "http://a.test/", "Page", &["Hello", "button: OK"]);
        assert_actions(&site.run(task).await, expected);
    }
}

#[tokio::test]
async fn scrolling_to_the_bottom_continues_while_the_page_grows() {
    let site = Site::new("top")
        .page("top", "http://a.test/", "Long", &["a"])
        .page("middle", "http://a.test/", "Long", &["b"])
        .page("bottom", "http://a.test/", "Long", &["c"])
        .scrolled("top", 0, 1_800)
        .scrolled("middle", 1_800, 900)
        .scrolled("bottom", 2_700, 0)
        .leads("top", "scroll Down 2", "middle")
        .leads("middle", "scroll Down 1", "bottom");
    assert_actions(&site.run("scroll to the bottom of the page").await, &["scroll Down 2", "scroll Down 1"]);
}

#[tokio::test]
async fn files_go_to_the_named_field_or_the_first_one() {
    let lines = ["button: Attach documents", "file: Photo", "file: Your CV", "button: Send"];
    for (task, expected) in [
        ("upload cv.pdf to CV and click Send", &["upload Your CV=cv.pdf", "click Send"][..]),
        ("upload 'a b.txt' and 'c.txt' to Attach documents", &["upload Attach documents=a b.txt|c.txt"]),
        ("attach me.png", &["upload Photo=me.png"]),
        ("save this page as a pdf", &["savePdf"]),
    ] {
        let site = Site::new("page").page("page", "http://a.test/", "Page", &lines);
        assert_actions(&site.run(task).await, expected);
    }
    let site = Site::new("page").page("page", "http://a.test/", "Page", &["button: Send"]);
    let run = site.run("upload cv.pdf to Portrait").await;
    assert!(!run.success && run.text.contains("there is no file field labelled 'Portrait'"), "{}", run.text);
}
