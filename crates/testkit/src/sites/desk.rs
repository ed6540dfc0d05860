//! Invoices behind a login.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Form, Query, Request, State};
use axum::http::header;
use axum::middleware::{Next, from_fn};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};

use super::{Record, escape, page};

type Fields = BTreeMap<String, String>;

const ON_A_PAGE: usize = 8;
const COLUMNS: [&str; 4] = ["Number", "Customer", "Amount", "Status"];

struct Invoice {
    number: usize,
    customer: &'static str,
    euros: usize,
    status: &'static str,
}

pub(super) fn router(record: Arc<Record>) -> Router {
    Router::new()
        .route("/", get(invoices))
        .route("/remind", post(remind))
        .route("/delete", post(delete))
        .route("/archive", post(archive))
        .layer(from_fn(logged_in))
        .route("/login", get(|| async { login_form("") }).post(login))
        .route("/logout", post(logout))
        .with_state(record)
}

fn all() -> impl Iterator<Item = Invoice> {
    const CUSTOMERS: [&str; 5] = ["Acme", "Brightside", "Cobalt", "Dunmore", "Elmwood"];
    const STATUS: [&str; 3] = ["Open", "Paid", "Overdue"];
    (0..21).map(|at| Invoice {
        number: 2001 + at,
        customer: CUSTOMERS[at % CUSTOMERS.len()],
        euros: 100 + (at * 137) % 900,
        status: STATUS[at % STATUS.len()],
    })
}

async fn logged_in(request: Request, next: Next) -> Response {
    let cookies = request.headers().get(header::COOKIE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if cookies.contains("desk=ada") { next.run(request).await } else { Redirect::to("/login").into_response() }
}

fn login_form(problem: &str) -> Html<String> {
    page(
        "Desk: log in",
        &format!(
            "<h1>Log in</h1><p role=alert>{problem}</p><form method=post action=/login><label>User name <input name=user></label>\
             <label>Password <input type=password name=password></label><button>Log in</button></form>"
        ),
    )
}

async fn login(State(record): State<Arc<Record>>, Form(fields): Form<Fields>) -> Response {
    let given = |name| fields.get(name).map_or("", String::as_str);
    if (given("user"), given("password")) != ("ada", "lovelace-1815") {
        record.note(format!("login refused for {}", given("user")));
        return login_form("Wrong user name or password.").into_response();
    }
    record.note("login of ada");
    ([(header::SET_COOKIE, "desk=ada; Path=/; HttpOnly")], Redirect::to("/")).into_response()
}

async fn logout(State(record): State<Arc<Record>>) -> impl IntoResponse {
    record.note("logout");
    ([(header::SET_COOKIE, "desk=; Path=/; Max-Age=0")], Redirect::to("/login"))
}

async fn invoices(Query(fields): Query<Fields>) -> Html<String> {
    let given = |name| fields.get(name).map_or("", String::as_str);
    let (customer, status, sort) = (given("customer"), given("status"), given("sort"));
    let mut fitting: Vec<Invoice> = all()
        .filter(|invoice| invoice.customer.to_lowercase().contains(&customer.to_lowercase()))
        .filter(|invoice| status.is_empty() || status == "Any" || invoice.status == status)
        .collect();
    let (column, down) = sort.strip_prefix('-').map_or((sort, false), |column| (column, true));
    match column {
        "Customer" => fitting.sort_by_key(|invoice| invoice.customer),
        "Amount" => fitting.sort_by_key(|invoice| invoice.euros),
        "Status" => fitting.sort_by_key(|invoice| invoice.status),
        _ => {}
    }
    if down {
        fitting.reverse();
    }
    let at: usize = given("page").parse().unwrap_or(1).max(1);
    let pages = fitting.len().div_ceil(ON_A_PAGE).max(1);
    let link = |sort: &str, page: usize| {
        format!(
            "/?customer={}&amp;status={}&amp;sort={}&amp;page={page}",
            escape(customer),
            escape(status),
            escape(sort)
        )
    };
    let heads: String = COLUMNS
        .iter()
        .map(|name| {
            let (state, next) = match (*name == column, down) {
                (true, false) => (" aria-sort=ascending", format!("-{name}")),
                (true, true) => (" aria-sort=descending", (*name).to_owned()),
                _ => ("", (*name).to_owned()),
            };
            format!("<th{state} onclick=\"location='{}'\" style=cursor:pointer>{name}</th>", link(&next, 1))
        })
        .collect();
    let rows: String = fitting
        .iter()
        .skip((at - 1) * ON_A_PAGE)
        .take(ON_A_PAGE)
        .map(|Invoice { number, customer, euros, status }| {
            format!(
                "<tr><td>{number}</td><td>{customer}</td><td>{euros},00 EUR</td><td>{status}</td>\
                 <td><input type=checkbox name=number value={number} form=archive aria-label=\"Select {number}\"></td>\
                 <td><form method=post action=/remind style=display:inline><button name=number value={number}>Remind</button></form>\
                 <form method=post action=/delete style=display:inline onsubmit=\"return confirm('Delete invoice {number}?')\">\
                 <button name=number value={number}>Delete</button></form></td></tr>"
            )
        })
        .collect();
    let mut foot = String::new();
    if at > 1 {
        foot.push_str(&format!("<a href=\"{}\">Previous</a> ", link(sort, at - 1)));
    }
    foot.push_str(&format!("Page {at} of {pages}"));
    if at < pages {
        foot.push_str(&format!(" <a href=\"{}\">Next</a>", link(sort, at + 1)));
    }
    let options: String = ["Any", "Open", "Paid", "Overdue"]
        .iter()
        .map(|option| format!("<option{}>{option}", if *option == status { " selected" } else { "" }))
        .collect();
    page(
        "Desk: invoices",
        &format!(
            "<form method=post action=/logout style=float:right><button>Log out</button></form><h1>Invoices</h1>\
             <form><label>Customer <input name=customer value=\"{}\"></label>\
             <label>Status <select name=status>{options}</select></label><button>Filter</button></form>\
             <p>{} invoices</p><table><thead><tr>{heads}<th>Pick</th><th>Do</th></tr></thead><tbody>{rows}</tbody></table>\
             <p>{foot}</p><form id=archive method=post action=/archive><button>Archive selected</button></form>",
            escape(customer),
            fitting.len()
        ),
    )
}

fn done(what: &str, text: &str) -> Html<String> {
    page("Desk: done", &format!("<h1>{what}</h1><p>{}</p><a href=/>Back to the invoices</a>", escape(text)))
}

async fn remind(State(record): State<Arc<Record>>, Form(fields): Form<Fields>) -> Html<String> {
    let number = fields.get("number").cloned().unwrap_or_default();
    record.note(format!("reminded of {number}"));
    done("Reminder sent", &format!("Invoice: {number}"))
}

async fn delete(State(record): State<Arc<Record>>, Form(fields): Form<Fields>) -> Html<String> {
    let number = fields.get("number").cloned().unwrap_or_default();
    record.note(format!("deleted {number}"));
    done("Deleted", &format!("Invoice: {number}"))
}

async fn archive(State(record): State<Arc<Record>>, Form(fields): Form<Vec<(String, String)>>) -> Html<String> {
    let numbers: Vec<String> = fields.into_iter().map(|(_, number)| number).collect();
    record.note(format!("archived {}", numbers.join(" ")));
    done("Archived", &numbers.join(" "))
}
