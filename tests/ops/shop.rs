//! The demo shop.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use http_body_util::BodyExt as _;
use testkit::shop;
use tower::ServiceExt as _;

/// A visitor with cookies.
struct Visitor {
    shop: Router,
    cookie: Option<String>,
}

struct Page {
    status: StatusCode,
    location: Option<String>,
    text: String,
}

impl Visitor {
    fn at(shop: &Router) -> Self {
        Self { shop: shop.clone(), cookie: None }
    }

    async fn get(&mut self, path: &str) -> Page {
        self.send(Request::get(path), Body::empty()).await
    }

    async fn post(&mut self, path: &str, form: &str) -> Page {
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request, Body::from(form.to_owned())).await
    }

    async fn send(&mut self, mut request: axum::http::request::Builder, body: Body) -> Page {
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        let response = self.shop.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let header = |name| Some(response.headers().get(name)?.to_str().ok()?.to_owned());
        if let Some(cookie) = header(header::SET_COOKIE) {
            self.cookie = cookie.split(';').next().map(str::to_owned);
        }
        let (status, location) = (response.status(), header(header::LOCATION));
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        Page { status, location, text: String::from_utf8(bytes.to_vec()).unwrap() }
    }
}

#[tokio::test]
async fn an_order_is_placed_from_search_to_record() {
    let (shop, orders) = shop::router();
    let mut ada = Visitor::at(&shop);
    assert!(ada.get("/search?q=blue%20kettle").await.text.contains("/products/blue-kettle"));
    assert!(ada.get("/products/blue-kettle").await.text.contains("<label for=quantity>Quantity</label>"));
    assert_eq!(ada.post("/cart", "product=blue-kettle&quantity=2").await.location.as_deref(), Some("/cart"));
    assert_eq!(ada.get("/api/cart").await.text, r#"{"count":2}"#);
    assert!(ada.get("/checkout").await.text.contains("Place order"));

    let form = "name=Ada+Lovelace&email=ada%40example.com&address=&shipping=Express&newsletter=no&terms=yes";
    let placed = ada.post("/checkout", form).await;
    let again = ada.post("/checkout", form).await;
    assert_eq!(placed.location.as_deref(), Some("/orders/KC-1001"));
    assert_eq!(again.location.as_deref(), Some("/cart"));
    assert!(ada.get("/orders/KC-1001").await.text.contains("KC-1001"));

    let recorded = orders.list();
    assert_eq!(recorded.len(), 1);
    assert_eq!((recorded[0].name.as_str(), recorded[0].total_cents), ("Ada Lovelace", 2 * 3900 + 990));
    assert!(ada.get("/admin/orders").await.text.contains(r#""product":"Blue kettle","quantity":2"#));
}

#[tokio::test]
async fn an_invalid_form_is_shown_again_and_places_no_order() {
    let (shop, orders) = shop::router();
    let mut visitor = Visitor::at(&shop);
    visitor.post("/cart", "product=tea-tin&quantity=1").await;
    let page = visitor.post("/checkout", "name=+&email=nobody&shipping=Teleport").await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(page.text.matches("<li><a href=#").count(), 4);
    assert_eq!(orders.list(), []);
}

#[tokio::test]
async fn visitor_input_is_escaped() {
    let (shop, _) = shop::router();
    let mut visitor = Visitor::at(&shop);
    visitor.post("/cart", "product=tea-tin&quantity=1").await;
    let attack = "%22%3E%3Cscript%3Ealert(1)%3C/script%3E";
    let pages = [
        visitor.get(&format!("/search?q={attack}")).await,
        visitor.post("/checkout", &format!("name={attack}&email={attack}&address={attack}")).await,
    ];
    for page in pages {
        assert!(page.text.contains("&quot;&gt;&lt;script&gt;alert"));
        assert!(!page.text.contains("<script>alert"));
    }
}

#[tokio::test]
async fn carts_and_orders_belong_to_one_visitor() {
    let (shop, _) = shop::router();
    let (mut ada, mut grace) = (Visitor::at(&shop), Visitor::at(&shop));
    ada.post("/cart", "product=tea-tin&quantity=1").await;
    assert_eq!(grace.get("/api/cart").await.text, r#"{"count":0}"#);
    ada.post("/checkout", "name=Ada&email=a%40b.c&shipping=Standard&terms=yes").await;
    assert_eq!(ada.get("/orders/KC-1001").await.status, StatusCode::OK);
    assert_eq!(grace.get("/orders/KC-1001").await.status, StatusCode::NOT_FOUND);
}
