//! Serves the demo shop by itself, to look at or to try tasks on: `cargo run --example demo_shop [PORT]`.

// By path, as everyone who includes it does: so its modules lie beside it.
#[path = "site.rs"]
mod site;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let port = std::env::args().nth(1).map_or(Ok(9020), |port| port.parse())?;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    println!("the demo shop is at http://{}", listener.local_addr()?);
    let (shop, _) = site::router();
    Ok(axum::serve(listener, shop).await?)
}
