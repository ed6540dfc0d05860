//! The shop's pages. Whatever a visitor typed goes through [`escape`] before it enters one.

use super::catalogue::{PRODUCTS, Product};
use super::orders::Order;
use super::site::{CartLine, CheckoutForm};

/// Ways to ship and what they cost in cents.
pub(super) const SHIPPING: [(&str, u32); 2] = [("Standard", 490), ("Express", 990)];

/// What is wrong with a form: the field and a sentence, in the fields' order.
#[derive(Default)]
pub(super) struct Problems(Vec<(&'static str, &'static str)>);

impl Problems {
    pub(super) fn push(&mut self, field: &'static str, sentence: &'static str) {
        self.0.push((field, sentence));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

pub(super) fn home() -> String {
    let products: String = PRODUCTS.iter().map(card).collect();
    layout(
        "Everything for a good cup",
        "",
        &format!("<p class=lead>Kettles, pots and small helpers.</p><ul class=grid>{products}</ul>"),
    )
}

pub(super) fn results(query: &str, found: &[&'static Product]) -> String {
    let query = escape(query);
    let count = match found.len() {
        0 => "Nothing found. Try another word.".to_owned(),
        1 => "1 product".to_owned(),
        n => format!("{n} products"),
    };
    let products: String = found.iter().map(|product| card(product)).collect();
    layout(
        &format!("Results for “{query}”"),
        &query,
        &format!("<p class=lead role=status>{count}</p><ul class=grid>{products}</ul>"),
    )
}

pub(super) fn product(product: &Product, max_quantity: u32) -> String {
    let Product { slug, name, description, price_cents, .. } = product;
    let quantities: String = (1..=max_quantity).map(|n| format!("<option>{n}</option>")).collect();
    layout(
        name,
        "",
        &format!(
            "<div class=product>{picture}<div>\
             <p class=price>{price}</p><p>{description}</p>\
             <form method=post action=/cart>\
             <input type=hidden name=product value={slug}>\
             <label for=quantity>Quantity</label>\
             <select id=quantity name=quantity>{quantities}</select>\
             <button>Add to cart</button>\
             </form></div></div>",
            picture = picture(product),
            price = euros(*price_cents),
        ),
    )
}

pub(super) fn cart(lines: &[CartLine]) -> String {
    if lines.is_empty() {
        return layout("Your cart", "", "<p class=lead>Your cart is empty. <a href=/>Have a look around</a></p>");
    }
    let remove = |line: &CartLine| {
        format!(
            "<form method=post action=/cart/remove>\
             <input type=hidden name=product value={slug}>\
             <button class=quiet aria-label=\"Remove {name}\">Remove</button></form>",
            slug = line.product.slug,
            name = line.product.name,
        )
    };
    layout(
        "Your cart",
        "",
        &format!("{}<p><a class=button href=/checkout>Checkout</a></p>", table(lines, Some(&remove))),
    )
}

pub(super) fn checkout(lines: &[CartLine], form: &CheckoutForm, problems: &Problems) -> String {
    let (options, prices): (Vec<_>, Vec<_>) = SHIPPING
        .iter()
        .map(|(name, cents)| {
            let selected = if form.shipping == *name { " selected" } else { "" };
            (format!("<option{selected}>{name}</option>"), format!("{name} {}", euros(*cents)))
        })
        .collect();
    let checked = |yes: bool| if yes { " checked" } else { "" };
    layout(
        "Checkout",
        "",
        &format!(
            "{summary}{table}\
             <form method=post action=/checkout class=checkout>\
             {name}{email}{address}\
             <label for=shipping>Shipping</label>\
             <select id=shipping name=shipping aria-describedby=shipping-prices required><option value=\"\">Please choose</option>{options}</select>\
             <p id=shipping-prices class=hint>{prices}</p>\
             <fieldset><legend>Newsletter</legend>\
             <label class=choice><input type=radio name=newsletter value=yes{subscribe}> Once a month</label>\
             <label class=choice><input type=radio name=newsletter value=no{decline}> Never</label></fieldset>\
             <label class=choice><input id=terms type=checkbox name=terms value=yes required{terms}> I accept the terms</label>\
             <button>Place order</button>\
             </form>",
            summary = summary(problems),
            options = options.concat(),
            prices = prices.join(", "),
            table = table(lines, None),
            name = field("name", "Name", "text", "name", &form.name, true),
            email = field("email", "E-mail", "email", "email", &form.email, true),
            address = field("address", "Address", "text", "street-address", &form.address, false),
            subscribe = checked(form.newsletter == "yes"),
            decline = checked(form.newsletter != "yes"),
            terms = checked(form.terms == "yes"),
        ),
    )
}

pub(super) fn confirmation(order: &Order) -> String {
    let items: String =
        order.items.iter().map(|item| format!("<li>{} × {}</li>", item.quantity, escape(&item.product))).collect();
    layout(
        "Thank you for your order",
        "",
        &format!(
            "<p class=lead>Order number: <strong id=order-number>{number}</strong></p>\
             <ul>{items}</ul>\
             <p>{shipping} shipping to {name}. Total {total}. A confirmation is on its way to {email}.</p>",
            number = escape(&order.number),
            shipping = escape(&order.shipping),
            name = escape(&order.name),
            total = euros(order.total_cents),
            email = escape(&order.email),
        ),
    )
}

pub(super) fn not_found() -> String {
    layout("Page not found", "", "<p class=lead>There is nothing here. <a href=/>Back to the shop</a></p>")
}

pub(super) fn closed() -> String {
    layout("Too many visitors", "", "<p class=lead>The shop is full. Please come back later.</p>")
}

/// The frame of every page. `title`, `query` and `body` are HTML already.
fn layout(title: &str, query: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=en><head><meta charset=utf-8>\
         <meta name=viewport content=\"width=device-width, initial-scale=1\">\
         <title>{title} · The Kettle Corner</title>\
         <link rel=stylesheet href=/style.css><script src=/shop.js defer></script></head>\n\
         <body><header><a class=brand href=/>The Kettle Corner</a>\
         <form role=search action=/search><label for=q class=hidden>Search</label>\
         <input id=q type=search name=q value=\"{query}\" placeholder=\"Search the shop\">\
         <button>Search</button></form>\
         <nav><a href=/cart>Cart <span id=cart-count aria-live=polite></span></a></nav></header>\n\
         <main><h1>{title}</h1>{body}</main>\n\
         <section id=cookies aria-label=Cookies hidden><p>We set one cookie, to remember your cart.</p>\
         <button class=quiet>Got it</button></section>\
         <footer>A demo: nothing is sold here, nothing is sent.</footer></body></html>\n"
    )
}

fn card(product: &Product) -> String {
    format!(
        "<li><a href=/products/{slug}>{picture}<span class=name>{name}</span></a><span class=price>{price}</span></li>",
        slug = product.slug,
        picture = picture(product),
        name = product.name,
        price = euros(product.price_cents),
    )
}

/// A kettle, roughly, in the product's colour. Decoration: the name stands beside it.
fn picture(product: &Product) -> String {
    format!(
        "<svg class=picture viewBox=\"0 0 120 90\" aria-hidden=true focusable=false>\
         <path d=\"M34 30 q26 -34 52 0\" fill=none stroke=\"#4a4540\" stroke-width=5 />\
         <path d=\"M26 76 q-4 -40 34 -44 q38 4 34 44 z\" fill=\"{colour}\" />\
         <path d=\"M90 50 l18 -12 -12 28 z\" fill=\"{colour}\" />\
         <circle cx=60 cy=29 r=5 fill=\"#4a4540\" /></svg>",
        colour = product.colour,
    )
}

/// The cart as a table; `action` fills a last cell of each line.
fn table(lines: &[CartLine], action: Option<&dyn Fn(&CartLine) -> String>) -> String {
    let rows: String = lines
        .iter()
        .map(|line| {
            format!(
                "<tr><th scope=row>{name}</th><td>{quantity}</td><td>{price}</td><td>{action}</td></tr>",
                name = line.product.name,
                quantity = line.quantity,
                price = euros(line.quantity * line.product.price_cents),
                action = action.map(|action| action(line)).unwrap_or_default(),
            )
        })
        .collect();
    let total = lines.iter().map(|line| line.quantity * line.product.price_cents).sum();
    format!(
        "<table><thead><tr><th scope=col>Product</th><th scope=col>Pieces</th><th scope=col>Price</th><td></td></tr></thead>\
         <tbody>{rows}</tbody>\
         <tfoot><tr><th scope=row colspan=2>Total</th><td>{total}</td><td></td></tr></tfoot></table>",
        total = euros(total),
    )
}

fn field(id: &str, label: &str, kind: &str, autocomplete: &str, value: &str, required: bool) -> String {
    let required = if required { " required" } else { "" };
    format!(
        "<label for={id}>{label}</label>\
         <input id={id} name={id} type={kind} autocomplete={autocomplete} maxlength=200 value=\"{value}\"{required}>",
        value = escape(value),
    )
}

fn summary(problems: &Problems) -> String {
    if problems.is_empty() {
        return String::new();
    }
    let items: String =
        problems.0.iter().map(|(field, sentence)| format!("<li><a href=#{field}>{sentence}</a></li>")).collect();
    format!("<div class=problems role=alert><p>Please check the form:</p><ul>{items}</ul></div>")
}

fn euros(cents: u32) -> String {
    format!("€{}.{:02}", cents / 100, cents % 100)
}

/// Makes text safe to stand in an element or in a quoted attribute.
fn escape(raw: &str) -> String {
    let mut safe = String::with_capacity(raw.len());
    for character in raw.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}
