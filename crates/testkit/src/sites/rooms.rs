//! Rooms to book.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Form, Query, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};

use super::{Record, escape, page};

type Fields = BTreeMap<String, String>;

/// Name, price of a night, guests at most.
const ROOMS: [(&str, u32, u32); 4] =
    [("Attic room", 70, 1), ("Garden room", 95, 2), ("Blue room", 120, 3), ("Tower suite", 240, 4)];

pub(super) fn router(record: Arc<Record>) -> Router {
    Router::new()
        .route("/", get(|| async { page("Hotel Meridian", include_str!("rooms.html")) }))
        .route("/consent", post(consent))
        .route("/rooms", get(rooms))
        .route("/book", get(book))
        .route("/bookings", post(place))
        .route("/booking", get(booking).post(cancel))
        .with_state(record)
}

async fn consent(State(record): State<Arc<Record>>, body: String) {
    record.note(format!("cookies {body}"));
}

fn field<'a>(fields: &'a Fields, name: &str) -> &'a str {
    fields.get(name).map_or("", String::as_str)
}

fn kept(fields: &Fields) -> String {
    let kept = ["arrival", "departure", "guests", "breakfast", "room"];
    kept.iter()
        .map(|name| format!("<input type=hidden name={name} value=\"{}\">", escape(field(fields, name))))
        .collect()
}

async fn rooms(Query(fields): Query<Fields>) -> Html<String> {
    let (guests, most) = (field(&fields, "guests").parse().unwrap_or(1), field(&fields, "most").parse().unwrap_or(300));
    let fitting: Vec<_> = ROOMS.iter().filter(|(_, price, beds)| *price <= most && guests <= *beds).collect();
    let mut body = format!("<h1>{} rooms</h1>", fitting.len());
    for (name, price, beds) in &fitting {
        let hidden = kept(&Fields::from_iter(fields.clone().into_iter().chain([("room".into(), (*name).into())])));
        body.push_str(&format!(
            "<section><h2>{name}</h2><p>{price},00 EUR a night<p>Up to {beds} guests\
             <form action=/book>{hidden}<button>Book</button></form></section>"
        ));
    }
    page("Rooms", &body)
}

async fn book(Query(fields): Query<Fields>) -> Html<String> {
    booking_form(&fields, "")
}

fn booking_form(fields: &Fields, problem: &str) -> Html<String> {
    page(
        "Your booking",
        &format!(
            "<h1>{}</h1><p role=alert>{problem}</p><form method=post action=/bookings>{}\
             <label>Full name <input name=name></label>\
             <label>Country <select name=country><option>Please choose<option>Austria<option>Norway<option>Portugal</select></label>\
             <label>Arrival time <input type=time name=time></label>\
             <label>Wishes <textarea name=wishes></textarea></label><button>Book now</button></form>",
            escape(field(fields, "room")),
            kept(fields)
        ),
    )
}

async fn place(State(record): State<Arc<Record>>, Form(fields): Form<Fields>) -> Response {
    let country = field(&fields, "country");
    if field(&fields, "name").trim().is_empty() || country == "Please choose" {
        return booking_form(&fields, "Please give your name and country.").into_response();
    }
    let of = |name| field(&fields, name);
    record.note(format!(
        "booked {} from {} to {} for {}, breakfast {}, {} of {country} at {}{}",
        of("room"),
        of("arrival"),
        of("departure"),
        of("guests"),
        of("breakfast"),
        of("name"),
        of("time"),
        if of("wishes").is_empty() { String::new() } else { format!(": {}", of("wishes").replace("\r\n", " / ")) },
    ));
    Redirect::to("/booking").into_response()
}

async fn booking() -> Html<String> {
    page(
        "Booked",
        "<h1>Thank you</h1><dl><dt>Booking number</dt><dd>B-501</dd><dt>Check-in</dt><dd>from 15:00</dd></dl>\
         <form method=post action=/booking onsubmit=\"return confirm('Cancel this booking?')\"><button>Cancel booking</button></form>",
    )
}

async fn cancel(State(record): State<Arc<Record>>) -> Html<String> {
    record.note("cancelled B-501");
    page("Cancelled", "<h1>Your booking is cancelled</h1>")
}
