//! A certificate that nobody has signed, for sites that must not be trusted.

use std::sync::Arc;

use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

/// For `localhost` and 127.0.0.1, until 2126, signed by itself.
const CERTIFICATE: &[u8] = include_bytes!("certificate.der");
/// Its key: known to all, and worth nothing.
const KEY: &[u8] = include_bytes!("key.der");

pub(super) fn acceptor() -> TlsAcceptor {
    let certificate = CertificateDer::from(CERTIFICATE);
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(KEY));
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}
