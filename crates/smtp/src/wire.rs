//! A connection to a mail server.

use std::time::Duration;

use compysition_core::{Error, FilePath, Result};
use lettre::Message;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{
    AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters,
};
use lettre::transport::smtp::extension::ClientId;
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::time::timeout;

use crate::credentials::Password;
use crate::fault::{Doing, fault, timed_out};

/// Says how a connection to a mail server is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Encryption {
    /// Not at all.
    None,
    /// From the command STARTTLS on, before anything else is said.
    Starttls,
    /// From the beginning.
    Tls,
}

impl Encryption {
    /// Returns the port that servers have for it.
    pub(crate) fn port(self) -> u16 {
        match self {
            Encryption::None => 25,
            Encryption::Starttls => 587,
            Encryption::Tls => 465,
        }
    }
}

/// A mail server, and how to talk to it.
pub(crate) struct Server {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) encryption: Encryption,
    pub(crate) trusted: Option<TlsParameters>,
    pub(crate) login: Option<(String, Password)>,
    pub(crate) timeout: Duration,
}

/// Makes what is needed to know the server by its certificate.
///
/// # Errors
/// If the file of certificates cannot be read.
pub(crate) fn trusted(host: &str, ca: Option<&FilePath>) -> Result<TlsParameters> {
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(path) = ca {
        let path = path.as_path();
        let unreadable = |problem: &dyn std::fmt::Display| {
            let path = path.display();
            Error::internal(format!("the certificates {path} cannot be read: {problem}"))
        };
        let pem = std::fs::read(path).map_err(|error| unreadable(&error))?;
        let certificate = Certificate::from_pem(&pem).map_err(|error| unreadable(&error))?;
        builder = builder
            .certificate_store(CertificateStore::None)
            .add_root_certificate(certificate);
    }
    builder
        .build_rustls()
        .map_err(|error| Error::internal(format!("TLS cannot be used: {error}")))
}

impl Server {
    /// Gives the server a message, over a connection that it leaves for the next one.
    ///
    /// # Errors
    /// What went wrong; then the connection is gone. So it is if the future is dropped: nobody can know how far it came.
    pub(crate) async fn send(
        &self,
        kept: &mut Option<AsyncSmtpConnection>,
        message: &Message,
    ) -> Result {
        let before = kept.take();
        let sending = async {
            let mut connection = match self.still(before).await {
                Some(connection) => connection,
                None => self.connect().await?,
            };
            let text = message.formatted();
            let sent = connection.send(message.envelope(), &text);
            sent.await
                .map_err(|error| fault(error, Doing::Sending, &self.name()))?;
            Ok(connection)
        };
        let connection = timeout(self.timeout, sending)
            .await
            .unwrap_or_else(|_| Err(timed_out(&self.name())))?;
        *kept = Some(connection);
        Ok(())
    }

    /// Says goodbye, if the server still listens.
    pub(crate) async fn leave(&self, kept: &mut Option<AsyncSmtpConnection>) {
        if let Some(mut connection) = kept.take() {
            // What it says to that changes nothing.
            let _ = timeout(Duration::from_secs(1), connection.quit()).await;
        }
    }

    /// Returns a connection that was kept, unless the server has closed it.
    async fn still(&self, kept: Option<AsyncSmtpConnection>) -> Option<AsyncSmtpConnection> {
        let mut connection = kept?;
        connection.test_connected().await.then_some(connection)
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection> {
        let us = ClientId::default();
        let unreachable = |error| fault(error, Doing::Connecting, &self.name());
        let from_start = match self.encryption {
            Encryption::Tls => self.trusted.clone(),
            _ => None,
        };
        let address = (self.host.as_str(), self.port);
        let connecting =
            AsyncSmtpConnection::connect_tokio1(address, Some(self.timeout), &us, from_start, None);
        let mut connection = connecting.await.map_err(unreachable)?;
        if let (Encryption::Starttls, Some(trusted)) = (self.encryption, &self.trusted) {
            let secured = connection.starttls(trusted.clone(), &us);
            secured.await.map_err(unreachable)?;
        }
        if let Some((user, password)) = &self.login {
            let credentials = Credentials::new(user.clone(), password.0.clone());
            let logged_in = connection.auth(DEFAULT_MECHANISMS, &credentials);
            logged_in
                .await
                .map_err(|error| fault(error, Doing::LoggingIn, &self.name()))?;
        }
        Ok(connection)
    }

    /// Returns host and port.
    pub(crate) fn name(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}
