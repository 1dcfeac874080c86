//! Messages of SOAP out of their envelopes and into them.
#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

mod common;

use common::{build, run};
use compysition_core::testing::Harness;
use compysition_core::{ErrorKind, Event, Payload, Xml};
use compysition_xml::{Document, SoapUnwrap, SoapVersion, SoapWrap, Tree};
use serde_json::{Value, json};

const V11: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const V12: &str = "http://www.w3.org/2003/05/soap-envelope";

/// An envelope with headers and a body.
fn envelope(namespace: &str, header: &str, body: &str) -> String {
    format!(
        "<?xml version='1.0'?><s:Envelope xmlns:s='{namespace}' xmlns:xsd='urn:types' xmlns:o='urn:o'>\
         <s:Header>{header}</s:Header>\n<s:Body>\n{body}\n</s:Body></s:Envelope>"
    )
}

fn soap(event: &Event) -> Value {
    event.attribute("soap").unwrap().into_owned()
}

#[test]
fn the_element_in_the_body_becomes_the_payload() {
    let body = "<o:place kind='xsd:int'><o:item>book</o:item></o:place>";
    for (namespace, version) in [(V11, "1.1"), (V12, "1.2")] {
        let text = envelope(namespace, "", body);
        for payload in [
            Payload::from(&*text),
            text.clone().into_bytes().into(),
            Xml::from_text(&*text).into(),
        ] {
            let event = run(
                SoapUnwrap::new(),
                Event::new(payload).with_attribute("kept", 1),
            )
            .unwrap();
            let Payload::Xml(xml) = event.payload() else {
                panic!("{event:?}")
            };
            assert!(xml.has_tree::<Tree>());
            // The texts in it may name a prefix that was declared around it.
            let text = event.text().unwrap();
            let document = Document::parse(text).unwrap();
            assert!(
                text.contains("xmlns:xsd=\"urn:types\"") && text.contains("xmlns:o=\"urn:o\""),
                "{text}"
            );
            assert!(
                document.root_text().unwrap().starts_with("<o:place "),
                "{text}"
            );
            let known = json!({"version": version, "action": "", "operation": "place", "namespace": "urn:o"});
            assert_eq!(soap(&event), known);
            assert_eq!(event.attribute("kept").as_deref(), Some(&json!(1)));
        }
    }
    let event = run(SoapUnwrap::new(), envelope(V11, "", "")).unwrap();
    assert_eq!(event.payload().kind(), "empty");
    let event = run(SoapUnwrap::new(), envelope(V11, "", "<ping/>")).unwrap();
    assert!(event.text().unwrap().contains("<ping xmlns:"), "{event:?}");
}

#[test]
fn an_element_without_a_namespace_gets_none() {
    let text = format!("<Envelope xmlns='{V11}'><Body><a xmlns=''><b/></a></Body></Envelope>");
    let event = run(SoapUnwrap::new(), text).unwrap();
    assert_eq!(soap(&event)["namespace"], "");
    assert_eq!(
        Document::parse(event.text().unwrap())
            .unwrap()
            .default_namespace(),
        None
    );
}

#[test]
fn the_action_is_found_where_it_stands() {
    let action = |http: Value, header: &str| {
        let event = Event::new(envelope(V12, header, "<o:a/>")).with_attribute("http", http);
        soap(&run(SoapUnwrap::new(), event).unwrap())["action"].clone()
    };
    assert_eq!(
        action(json!({"headers": {"soapaction": "\"urn:o/Place\""}}), ""),
        "urn:o/Place"
    );
    let content_type = "application/soap+xml; charset=utf-8; Action=\"urn:o/Place\"";
    assert_eq!(
        action(json!({"headers": {"content-type": content_type}}), ""),
        "urn:o/Place"
    );
    let addressing =
        "<w:Action xmlns:w='http://www.w3.org/2005/08/addressing'>urn:o/Place</w:Action>";
    assert_eq!(action(json!({"headers": {}}), addressing), "urn:o/Place");
    let event = run(SoapUnwrap::new(), envelope(V12, addressing, "<o:a/>")).unwrap();
    let header = soap(&event)["header"].as_str().unwrap().to_owned();
    assert!(
        header.contains("urn:o/Place") && Document::parse(&header).is_ok(),
        "{header}"
    );
}

#[test]
fn messages_go_to_the_outbox_of_their_action() {
    let settings =
        json!({"actions": {"place": "urn:o/Place", "cancel": "cancel", "ask": "{urn:o}ask"}});
    let mut harness = Harness::new(build("soap_unwrap", settings).unwrap());
    let message = |action: &str, body: &str| {
        let http = json!({"headers": {"soapaction": action}});
        Event::new(envelope(V11, "", body)).with_attribute("http", http)
    };
    for (action, body, outbox) in [
        ("urn:o/Place", "<o:anything/>", "place"),
        ("", "<o:cancel/>", "cancel"),
        ("urn:o/Other", "<o:ask/>", "ask"),
    ] {
        harness.send(message(action, body));
        assert_eq!(harness.take_from(outbox).len(), 1, "{action}");
    }
    harness.send(message("urn:o/Other", "<ask xmlns=''/>"));
    let error = harness.errors()[0].error().unwrap().error.clone();
    assert_eq!(error.kind(), ErrorKind::Unprocessable);
    assert_eq!(
        error.message(),
        "there is neither an action `urn:o/Other` nor an operation `{}ask`"
    );
    let mut harness = Harness::new(SoapUnwrap::new().action("a", "cancel"));
    harness.send(message("", "<o:cancel/>"));
    assert_eq!(harness.take_from("a").len(), 1);
}

#[test]
fn what_is_no_message_is_an_error() {
    for (text, kind, message) in [
        (
            "<a/>".to_owned(),
            ErrorKind::Malformed,
            "the payload is no SOAP envelope",
        ),
        (
            "<Envelope xmlns='urn:x'/>".to_owned(),
            ErrorKind::Malformed,
            "the payload is no SOAP envelope",
        ),
        ("<a>".to_owned(), ErrorKind::Malformed, "line 1"),
        (
            envelope(V11, "", "<o:a/><o:b/>"),
            ErrorKind::Malformed,
            "the SOAP body has 2 elements",
        ),
        (
            envelope(
                V11,
                "",
                "<s:Fault><faultcode>s:Server</faultcode><faultstring>no</faultstring></s:Fault>",
            ),
            ErrorKind::BadGateway,
            "the SOAP fault s:Server: no",
        ),
        (
            envelope(
                V12,
                "",
                "<s:Fault><s:Code><s:Value>s:Sender</s:Value></s:Code><s:Reason><s:Text>no</s:Text></s:Reason></s:Fault>",
            ),
            ErrorKind::BadGateway,
            "the SOAP fault s:Sender: no",
        ),
    ] {
        let error = run(SoapUnwrap::new(), text).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.message().contains(message), "{error}");
    }
    for payload in [Payload::Empty, json!(1).into()] {
        assert_eq!(
            run(SoapUnwrap::new(), payload).unwrap_err().kind(),
            ErrorKind::Malformed
        );
    }
    let actor = build("soap_unwrap", json!({"versions": [1.2]})).unwrap();
    let error = run(actor, envelope(V11, "", "<o:a/>")).unwrap_err();
    assert_eq!(error.message(), "SOAP 1.1 is not taken here");
    assert_eq!(error.detail("fault_code"), Some(&json!("VersionMismatch")));
}

#[test]
fn headers_that_must_be_understood_are() {
    for (namespace, header, refused) in [
        (V11, "<h:t xmlns:h='urn:h' s:mustUnderstand='1'/>", true),
        (V12, "<h:t xmlns:h='urn:h' s:mustUnderstand='true'/>", true),
        (V11, "<h:t xmlns:h='urn:h' s:mustUnderstand='0'/>", false),
        (
            V11,
            "<h:t xmlns:h='urn:h' s:mustUnderstand='1' s:actor='urn:somebody'/>",
            false,
        ),
        (
            V11,
            "<h:t xmlns:h='urn:h' s:mustUnderstand='1' s:actor='http://schemas.xmlsoap.org/soap/actor/next'/>",
            true,
        ),
        (
            V12,
            "<h:t xmlns:h='urn:h' s:mustUnderstand='1' s:role='urn:somebody'/>",
            false,
        ),
    ] {
        let text = envelope(namespace, header, "<o:a/>");
        let made = run(SoapUnwrap::new(), &*text);
        assert_eq!(made.is_err(), refused, "{header}");
        if let Err(error) = made {
            assert_eq!(
                error.message(),
                "the SOAP header {urn:h}t must be understood, and is not"
            );
            assert_eq!(error.detail("fault_code"), Some(&json!("MustUnderstand")));
        }
        for understood in ["urn:h", "*"] {
            let actor = build("soap_unwrap", json!({"understood": [understood]})).unwrap();
            assert!(run(actor, &*text).is_ok(), "{understood}");
        }
        let actor = build("soap_unwrap", json!({"understood": ["urn:'\"h"]})).unwrap();
        assert_eq!(run(actor, &*text).is_err(), refused);
    }
}

#[test]
fn messages_are_put_into_envelopes() {
    for (payload, body) in [
        (
            Payload::from("<?xml version='1.0'?><!-- c --><a b='1'>é</a>"),
            "<a b=\"1\">é</a>",
        ),
        (Xml::from_text("<a/>").into(), "<a/>"),
        (Payload::Empty, ""),
    ] {
        let event = run(SoapWrap::new(), payload).unwrap();
        let expected =
            format!("<s:Envelope xmlns:s=\"{V11}\"><s:Body>{body}</s:Body></s:Envelope>");
        assert_eq!(
            (event.payload().kind(), event.text().unwrap()),
            ("xml", &*expected)
        );
        assert_eq!(
            event.attribute("content_type").unwrap().as_str(),
            Some("text/xml; charset=utf-8")
        );
    }
    for payload in [Payload::from("<a>"), json!(1).into()] {
        assert_eq!(
            run(SoapWrap::new(), payload).unwrap_err().kind(),
            ErrorKind::Malformed
        );
    }
}

#[test]
fn an_answer_is_of_the_version_of_the_message() {
    let asked = run(SoapUnwrap::new(), envelope(V12, "", "<o:a/>")).unwrap();
    let event = run(SoapWrap::new(), asked.clone()).unwrap();
    assert!(event.text().unwrap().contains(V12));
    let content_type = event.attribute("content_type").unwrap().into_owned();
    assert_eq!(content_type, "application/soap+xml; charset=utf-8");
    let event = run(SoapWrap::new().version(SoapVersion::V11), asked).unwrap();
    assert!(event.text().unwrap().contains(V11));
}

#[test]
fn action_and_headers_are_templates() {
    let settings = json!({
        "version": "1.2",
        "action": "urn:o/{{ attributes.what }}",
        "header": "<u:user xmlns:u='urn:u'>{{ attributes.user }}</u:user>",
    });
    let event = Event::new("<a/>")
        .with_attribute("what", "Place")
        .with_attribute("user", "A & B");
    let event = run(build("soap_wrap", settings).unwrap(), event).unwrap();
    let text = event.text().unwrap();
    assert!(
        text.contains("<s:Header><u:user xmlns:u='urn:u'>A &amp; B</u:user></s:Header><s:Body>"),
        "{text}"
    );
    let content_type = event.attribute("content_type").unwrap().into_owned();
    assert_eq!(
        content_type,
        "application/soap+xml; charset=utf-8; action=\"urn:o/Place\""
    );
    assert_eq!(soap(&event)["action"], "urn:o/Place");
    let broken = build("soap_wrap", json!({"header": "<a>"})).unwrap();
    let error = run(broken, "<a/>").unwrap_err();
    assert!(
        error
            .message()
            .starts_with("the SOAP headers are not well-formed"),
        "{error}"
    );
}

#[test]
fn mistakes_are_found_at_load() {
    for (kind, settings, expected) in [
        (
            "soap_unwrap",
            json!({"versions": ["1.3"]}),
            "`1.3` is no version of SOAP",
        ),
        (
            "soap_unwrap",
            json!({"action": {}}),
            "unknown field `action`",
        ),
        (
            "soap_wrap",
            json!({"version": "2"}),
            "`2` is no version of SOAP",
        ),
        (
            "soap_wrap",
            json!({"header": "{{ nope }}"}),
            "unknown `nope`",
        ),
    ] {
        let error = build(kind, settings.clone()).map(drop).unwrap_err();
        assert!(error.contains(expected), "{settings}: {error}");
    }
}
