//! `health`: checks that the service on this machine is alive. A container runs it every few seconds, so it uses neither
//! an async runtime nor an HTTP library.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, ensure};

use crate::config::Settings;

/// Limit for connecting and for each read. The image's health check allows 5 s in total.
const TIMEOUT: Duration = Duration::from_secs(2);
const STATUS_LINE: &[u8] = b"HTTP/1.1 200 ";

/// Requests `GET /health` at the configured address.
///
/// # Errors
/// The settings are invalid, or no service answers with 200.
pub fn health() -> anyhow::Result<()> {
    let address = local_address(Settings::load()?.listen);
    let mut connection =
        TcpStream::connect_timeout(&address, TIMEOUT).with_context(|| format!("cannot connect to {address}"))?;
    connection.set_read_timeout(Some(TIMEOUT))?;
    write!(connection, "GET /health HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut start = [0; STATUS_LINE.len()];
    connection.read_exact(&mut start).with_context(|| format!("no answer from {address}"))?;
    ensure!(start == STATUS_LINE, "{address} did not answer with status 200");
    Ok(())
}

/// A service that listens on all interfaces is reachable on loopback.
fn local_address(listen: SocketAddr) -> SocketAddr {
    let host = match listen.ip() {
        IpAddr::V4(host) if host.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(host) if host.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        host => host,
    };
    SocketAddr::new(host, listen.port())
}
