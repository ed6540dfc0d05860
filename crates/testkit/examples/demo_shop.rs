//! Serves the demo shop: `cargo run -p testkit --example demo_shop [PORT]`.

use testkit::shop;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let port = std::env::args().nth(1).map_or(Ok(9020), |port| port.parse())?;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    println!("the demo shop is at http://{}", listener.local_addr()?);
    let (router, _) = shop::router();
    Ok(axum::serve(listener, router).await?)
}
