//! Asks the service of this machine whether it is alive. For a container's health check, which starts this program
//! every few seconds: no runtime, no HTTP library, one connection.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, ensure};

use crate::config::Settings;

/// For connecting and for each read; the image's health check as a whole gets 5 s.
const PATIENCE: Duration = Duration::from_secs(2);
const ALIVE: &[u8] = b"HTTP/1.1 200 ";

/// Asks `GET /health` where the service listens by the same settings.
///
/// # Errors
/// The settings are wrong, or nobody answers as a service that is alive.
pub fn health() -> anyhow::Result<()> {
    let address = reachable(Settings::load()?.listen);
    let mut connection =
        TcpStream::connect_timeout(&address, PATIENCE).with_context(|| format!("nobody answers at {address}"))?;
    connection.set_read_timeout(Some(PATIENCE))?;
    write!(connection, "GET /health HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut start = [0; ALIVE.len()];
    connection.read_exact(&mut start).with_context(|| format!("no answer from {address}"))?;
    ensure!(start == ALIVE, "{address} answers, but not as a service that is alive");
    Ok(())
}

/// Who listens on every address listens on loopback too.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let host = match listen.ip() {
        IpAddr::V4(host) if host.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(host) if host.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        host => host,
    };
    SocketAddr::new(host, listen.port())
}
