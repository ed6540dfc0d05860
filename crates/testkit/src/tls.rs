//! TLS that no client should trust.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::serve::Listener;
use rcgen::{CertificateParams, KeyPair};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::server::TlsStream;

/// A listener that speaks TLS with a self-signed certificate.
pub struct SelfSigned {
    listener: TcpListener,
    acceptor: TlsAcceptor,
}

impl SelfSigned {
    /// With a certificate for 127.0.0.1.
    pub fn new(listener: TcpListener) -> Self {
        Self::valid(listener, "127.0.0.1", (2001, 2101))
    }

    /// Like [`new`](Self::new), for another host and from 1 January of one year to 1 January of another.
    pub fn valid(listener: TcpListener, host: &str, (from, to): (i32, i32)) -> Self {
        let mut made = CertificateParams::new([host.to_owned()]).expect("a host name");
        made.not_before = rcgen::date_time_ymd(from, 1, 1);
        made.not_after = rcgen::date_time_ymd(to, 1, 1);
        let signing = KeyPair::generate().expect("a key");
        let certificate = made.self_signed(&signing).expect("a certificate");
        let key = PrivateKeyDer::Pkcs8(signing.serialize_der().into());
        let config = ServerConfig::builder().with_no_client_auth();
        let config = config.with_single_cert(vec![certificate.der().clone()], key).expect("a key that fits");
        Self { listener, acceptor: TlsAcceptor::from(Arc::new(config)) }
    }
}

impl Listener for SelfSigned {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, address) = Listener::accept(&mut self.listener).await;
            // A client that does not trust the certificate hangs up during the handshake.
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}
