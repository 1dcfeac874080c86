//! What went wrong, as SOAP tells it.

use http::StatusCode;

use crate::server::answer_mode::ErrorBody;

/// The version of SOAP that a fault is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SoapVersion {
    Soap11,
    Soap12,
}

impl SoapVersion {
    /// Returns the version that a style of errors is of, if it is of one.
    pub(crate) fn of(style: ErrorBody) -> Option<SoapVersion> {
        match style {
            ErrorBody::Soap11 => Some(SoapVersion::Soap11),
            ErrorBody::Soap12 => Some(SoapVersion::Soap12),
            ErrorBody::Envelope | ErrorBody::Problem => None,
        }
    }

    pub(crate) fn media_type(self) -> &'static str {
        match self {
            SoapVersion::Soap11 => "text/xml; charset=utf-8",
            SoapVersion::Soap12 => "application/soap+xml; charset=utf-8",
        }
    }

    /// Returns the status that a fault comes with. Clients of 1.1 look for faults in answers of status 500, those
    /// of 1.2 in 400 too; statuses that say what to do at the level of HTTP stay.
    pub(crate) fn status(self, status: StatusCode) -> StatusCode {
        const OF_HTTP: [StatusCode; 7] = [
            StatusCode::NOT_MODIFIED,
            StatusCode::UNAUTHORIZED,
            StatusCode::METHOD_NOT_ALLOWED,
            StatusCode::PAYLOAD_TOO_LARGE,
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            StatusCode::TOO_MANY_REQUESTS,
            StatusCode::SERVICE_UNAVAILABLE,
        ];
        match self {
            _ if OF_HTTP.contains(&status) => status,
            SoapVersion::Soap12 if status.is_client_error() => StatusCode::BAD_REQUEST,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Writes a fault. `code` is a code of SOAP that the error names itself; `fields` is markup for the details.
    pub(crate) fn body(
        self,
        status: StatusCode,
        code: Option<&str>,
        message: &str,
        fields: &str,
    ) -> String {
        let own = match (self, status.is_client_error()) {
            (SoapVersion::Soap11, true) => "Client",
            (SoapVersion::Soap11, false) => "Server",
            (SoapVersion::Soap12, true) => "Sender",
            (SoapVersion::Soap12, false) => "Receiver",
        };
        let is_known = |code: &&str| ["MustUnderstand", "VersionMismatch"].contains(code);
        let code = code.filter(is_known).unwrap_or(own);
        let (namespace, fault) = match self {
            SoapVersion::Soap11 => (
                "http://schemas.xmlsoap.org/soap/envelope/",
                format!(
                    "<faultcode>s:{code}</faultcode><faultstring>{message}</faultstring>\
                     <detail><error>{fields}</error></detail>"
                ),
            ),
            SoapVersion::Soap12 => (
                "http://www.w3.org/2003/05/soap-envelope",
                format!(
                    "<s:Code><s:Value>s:{code}</s:Value></s:Code>\
                     <s:Reason><s:Text xml:lang=\"en\">{message}</s:Text></s:Reason>\
                     <s:Detail><error>{fields}</error></s:Detail>"
                ),
            ),
        };
        format!(
            "<s:Envelope xmlns:s=\"{namespace}\"><s:Body><s:Fault>{fault}</s:Fault></s:Body></s:Envelope>"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_those_that_clients_of_soap_know() {
        for (status, in_11, in_12) in [
            (StatusCode::BAD_REQUEST, 500, 400),
            (StatusCode::UNPROCESSABLE_ENTITY, 500, 400),
            (StatusCode::NOT_FOUND, 500, 400),
            (StatusCode::UNAUTHORIZED, 401, 401),
            (StatusCode::TOO_MANY_REQUESTS, 429, 429),
            (StatusCode::BAD_GATEWAY, 500, 500),
            (StatusCode::GATEWAY_TIMEOUT, 500, 500),
            (StatusCode::SERVICE_UNAVAILABLE, 503, 503),
        ] {
            assert_eq!(SoapVersion::Soap11.status(status), in_11);
            assert_eq!(SoapVersion::Soap12.status(status), in_12);
        }
    }
}
