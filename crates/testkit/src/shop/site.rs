//! The shop's routes: home, search, product, cart, checkout, confirmation. A cookie identifies the cart. The main path needs
//! no script. `GET /admin/orders` lists the orders that arrived.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use axum::extract::{Form, FromRequestParts, Path, Query, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::map_response;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use uuid::Uuid;

use super::catalogue::{self, Product};
use super::orders::{Order, OrderedItem, Orders};
use super::pages::{self, Problems};

/// Longest text a field of a form may carry, in bytes.
const MAX_FIELD: usize = 200;
/// Most pieces of one product in a cart.
const MAX_QUANTITY: u32 = 9;
/// Carts kept at a time; beyond that new visitors cannot fill one.
const MAX_CARTS: usize = 10_000;
const SESSION_COOKIE: &str = "kettle_session";

/// A shop with empty carts and its record of orders.
pub fn router() -> (Router, Arc<Orders>) {
    let orders = Arc::new(Orders::default());
    let shop = Arc::new(ShopState { orders: Arc::clone(&orders), visits: Mutex::default() });
    let router = Router::new()
        .route("/", get(home))
        .route("/search", get(search))
        .route("/products/{slug}", get(product))
        .route("/cart", get(cart).post(add_to_cart))
        .route("/cart/remove", post(remove_from_cart))
        .route("/checkout", get(checkout).post(place_order))
        .route("/orders/{number}", get(confirmation))
        .route("/api/cart", get(cart_badge))
        .route("/admin/orders", get(all_orders))
        .route("/style.css", get(|| async { asset("text/css; charset=utf-8", include_str!("style.css")) }))
        .route("/shop.js", get(|| async { asset("text/javascript; charset=utf-8", include_str!("shop.js")) }))
        .fallback(not_found)
        .layer(map_response(harden))
        .with_state(shop);
    (router, orders)
}

struct ShopState {
    orders: Arc<Orders>,
    visits: Mutex<HashMap<Uuid, Visit>>,
}

/// What the shop remembers of one visitor.
#[derive(Debug, Clone, Default)]
struct Visit {
    /// In the order of adding.
    cart: Vec<CartLine>,
    /// Numbers of the visitor's own orders: nobody else may see them.
    ordered: Vec<String>,
}

#[derive(Clone)]
pub(super) struct CartLine {
    pub(super) product: &'static Product,
    pub(super) quantity: u32,
}

impl std::fmt::Debug for CartLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} x {}", self.quantity, self.product.slug)
    }
}

impl ShopState {
    fn visit(&self, session: Session) -> Visit {
        let visits = self.visits.lock().expect("nothing panics while it holds the carts");
        session.0.and_then(|id| visits.get(&id).cloned()).unwrap_or_default()
    }

    /// Changes what is remembered of a visitor; false when there is no room for one more.
    fn change<T>(&self, id: Uuid, change: impl FnOnce(&mut Visit) -> T) -> Option<T> {
        let mut visits = self.visits.lock().expect("nothing panics while it holds the carts");
        if visits.len() >= MAX_CARTS && !visits.contains_key(&id) {
            return None;
        }
        Some(change(visits.entry(id).or_default()))
    }
}

/// The visitor's session, if the request names one.
#[derive(Clone, Copy)]
struct Session(Option<Uuid>);

impl<S: Sync> FromRequestParts<S> for Session {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let id = parts
            .headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|cookies| cookies.to_str().ok())
            .flat_map(|cookies| cookies.split(';'))
            .filter_map(|cookie| cookie.trim().split_once('='))
            .find(|(name, _)| *name == SESSION_COOKIE)
            .and_then(|(_, value)| Uuid::parse_str(value).ok());
        Ok(Self(id))
    }
}

async fn home() -> Html<String> {
    Html(pages::home())
}

#[derive(Deserialize)]
struct SearchQuery {
    #[serde(default)]
    q: String,
}

async fn search(Query(SearchQuery { q }): Query<SearchQuery>) -> Html<String> {
    Html(pages::results(&q, &catalogue::search(&q)))
}

async fn product(Path(slug): Path<String>) -> Response {
    match catalogue::find(&slug) {
        Some(product) => Html(pages::product(product, MAX_QUANTITY)).into_response(),
        None => not_found().await.into_response(),
    }
}

async fn cart(State(shop): State<Arc<ShopState>>, session: Session) -> Html<String> {
    Html(pages::cart(&shop.visit(session).cart))
}

#[derive(Deserialize)]
struct AddToCart {
    product: String,
    quantity: u32,
}

async fn add_to_cart(State(shop): State<Arc<ShopState>>, session: Session, Form(form): Form<AddToCart>) -> Response {
    let Some(product) = catalogue::find(&form.product) else { return not_found().await.into_response() };
    let quantity = form.quantity.clamp(1, MAX_QUANTITY);
    let id = session.0.unwrap_or_else(Uuid::new_v4);
    let added = shop.change(id, |visit| match visit.cart.iter_mut().find(|line| line.product.slug == product.slug) {
        Some(line) => line.quantity = (line.quantity + quantity).min(MAX_QUANTITY),
        None => visit.cart.push(CartLine { product, quantity }),
    });
    if added.is_none() {
        return (StatusCode::SERVICE_UNAVAILABLE, Html(pages::closed())).into_response();
    }
    let cookie = format!("{SESSION_COOKIE}={id}; Path=/; HttpOnly; SameSite=Lax");
    ([(header::SET_COOKIE, cookie)], Redirect::to("/cart")).into_response()
}

#[derive(Deserialize)]
struct RemoveFromCart {
    product: String,
}

async fn remove_from_cart(
    State(shop): State<Arc<ShopState>>,
    session: Session,
    Form(form): Form<RemoveFromCart>,
) -> Redirect {
    if let Some(id) = session.0 {
        shop.change(id, |visit| visit.cart.retain(|line| line.product.slug != form.product));
    }
    Redirect::to("/cart")
}

/// What the checkout form sends. Everything has a default, so that what is missing is told in words, beside its field.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct CheckoutForm {
    pub(super) name: String,
    pub(super) email: String,
    pub(super) address: String,
    pub(super) shipping: String,
    pub(super) newsletter: String,
    pub(super) terms: String,
}

impl CheckoutForm {
    /// What shipping costs in cents, if the choice is one we offer.
    fn shipping_cents(&self) -> Option<u32> {
        pages::SHIPPING.iter().find(|(name, _)| *name == self.shipping).map(|(_, cents)| *cents)
    }

    fn problems(&self) -> Problems {
        let mut problems = Problems::default();
        if self.name.trim().is_empty() {
            problems.push("name", "Please tell us your name.");
        }
        if !self.email.split_once('@').is_some_and(|(user, host)| !user.is_empty() && host.contains('.')) {
            problems.push("email", "Please give an e-mail address, such as ada@example.com.");
        }
        if self.shipping_cents().is_none() {
            problems.push("shipping", "Please choose how to ship.");
        }
        if self.terms != "yes" {
            problems.push("terms", "Please accept the terms.");
        }
        for (field, value) in [("name", &self.name), ("email", &self.email), ("address", &self.address)] {
            if value.len() > MAX_FIELD {
                problems.push(field, "This is too long.");
            }
        }
        problems
    }
}

async fn checkout(State(shop): State<Arc<ShopState>>, session: Session) -> Response {
    let cart = shop.visit(session).cart;
    if cart.is_empty() {
        return Redirect::to("/cart").into_response();
    }
    Html(pages::checkout(&cart, &CheckoutForm::default(), &Problems::default())).into_response()
}

async fn place_order(State(shop): State<Arc<ShopState>>, session: Session, Form(form): Form<CheckoutForm>) -> Response {
    let cart = shop.visit(session).cart;
    let (Some(id), false) = (session.0, cart.is_empty()) else { return Redirect::to("/cart").into_response() };
    let problems = form.problems();
    let Some(shipping_cents) = form.shipping_cents().filter(|_| problems.is_empty()) else {
        return (StatusCode::UNPROCESSABLE_ENTITY, Html(pages::checkout(&cart, &form, &problems))).into_response();
    };

    let number = shop.change(id, |visit| {
        // Taken, not copied: sending the form twice orders once.
        let items: Vec<_> = std::mem::take(&mut visit.cart).into_iter().map(OrderedItem::from).collect();
        if items.is_empty() {
            return visit.ordered.last().cloned();
        }
        let number = shop.orders.place(Order {
            number: String::new(),
            total_cents: shipping_cents + items.iter().map(|item| item.quantity * item.price_cents).sum::<u32>(),
            items,
            name: form.name.trim().to_owned(),
            email: form.email.trim().to_owned(),
            address: form.address.trim().to_owned(),
            shipping: form.shipping,
            newsletter: form.newsletter == "yes",
        });
        visit.ordered.push(number.clone());
        Some(number)
    });
    match number.flatten() {
        Some(number) => Redirect::to(&format!("/orders/{number}")).into_response(),
        None => Redirect::to("/cart").into_response(),
    }
}

impl From<CartLine> for OrderedItem {
    fn from(line: CartLine) -> Self {
        Self { product: line.product.name.to_owned(), quantity: line.quantity, price_cents: line.product.price_cents }
    }
}

async fn confirmation(State(shop): State<Arc<ShopState>>, session: Session, Path(number): Path<String>) -> Response {
    let own = shop.visit(session).ordered.contains(&number);
    match shop.orders.list().into_iter().find(|order| own && order.number == number) {
        Some(order) => Html(pages::confirmation(&order)).into_response(),
        None => not_found().await.into_response(),
    }
}

async fn cart_badge(State(shop): State<Arc<ShopState>>, session: Session) -> Json<serde_json::Value> {
    let count: u32 = shop.visit(session).cart.iter().map(|line| line.quantity).sum();
    Json(serde_json::json!({ "count": count }))
}

async fn all_orders(State(shop): State<Arc<ShopState>>) -> Json<Vec<Order>> {
    Json(shop.orders.list())
}

async fn not_found() -> (StatusCode, Html<String>) {
    (StatusCode::NOT_FOUND, Html(pages::not_found()))
}

fn asset(media_type: &'static str, text: &'static str) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, media_type)], text)
}

/// Should something of a visitor's ever reach a page unescaped, the browser still runs none of it.
async fn harden(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'self'; base-uri 'none'"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
