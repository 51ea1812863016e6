//! Certificates of a test's own, as files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

/// A root, and the files of what it has signed.
pub(crate) struct Root {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: PathBuf,
    name: &'static str,
}

/// A certificate and its key.
pub(crate) struct Certified {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
    chain: CertificateDer<'static>,
    secret: Vec<u8>,
}

impl Root {
    /// A root of this name, whose files are in the folder.
    pub(crate) fn new(folder: &Path, name: &'static str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let root = Self { issuer, folder: folder.to_owned(), name };
        write_pem(&root.file(), "CERTIFICATE", root.issuer.der());
        root
    }

    /// The file of the root's certificate.
    pub(crate) fn file(&self) -> PathBuf {
        self.folder.join(format!("{}.pem", self.name))
    }

    /// Signs a certificate for this machine.
    pub(crate) fn sign(&self, name: &str) -> Certified {
        self.sign_until(name, 2100)
    }

    /// Signs a certificate that is valid until this year.
    pub(crate) fn sign_until(&self, name: &str, year: i32) -> Certified {
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let mut params = CertificateParams::new(names).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.not_before = date_time_ymd(1999, 1, 1);
        params.not_after = date_time_ymd(year, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let file = |end: &str| self.folder.join(format!("{}-{name}.{end}", self.name));
        let certified = Certified {
            certificate: file("crt"),
            key: file("key"),
            chain: certificate.der().clone(),
            secret: key.serialize_der(),
        };
        write_pem(&certified.certificate, "CERTIFICATE", &certified.chain);
        write_pem(&certified.key, "PRIVATE KEY", &certified.secret);
        certified
    }

    /// How a client connects that knows this root, with this certificate or none.
    pub(crate) fn client(
        &self,
        certified: Option<&Certified>,
        protocol: &str,
    ) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match certified {
            None => builder.with_no_client_auth(),
            Some(Certified { chain, secret, .. }) => {
                let key = PrivateKeyDer::try_from(secret.clone()).unwrap();
                builder.with_client_auth_cert(vec![chain.clone()], key).unwrap()
            }
        };
        config.alpn_protocols = vec![protocol.into()];
        Arc::new(config)
    }
}

impl Certified {
    /// The arguments by which a plugin serves with it.
    pub(crate) fn arguments(&self) -> [&str; 4] {
        let path = |path: &'_ Path| path.to_str().map(str::to_owned).unwrap().leak() as &str;
        ["--tls-cert", path(&self.certificate), "--tls-key", path(&self.key)]
    }
}

fn write_pem(file: &Path, label: &str, der: &[u8]) {
    let text = BASE64.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(|it| str::from_utf8(it).unwrap()).collect();
    let lines = lines.join("\n");
    std::fs::write(file, format!("-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n"))
        .unwrap();
}
