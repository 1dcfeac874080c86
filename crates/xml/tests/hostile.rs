//! Documents and stylesheets that mean harm, or are just broken: an error each, never a crash.

#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

use std::fmt::Write as _;

use compysition_xml::{Compiler, Document, Limits, Stylesheet, XmlError};

fn sheet(body: &str) -> String {
    format!(
        r#"<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"
             xmlns:dyn="http://exslt.org/dynamic" xmlns:exsl="http://exslt.org/common"
             extension-element-prefixes="dyn exsl">{body}</xsl:stylesheet>"#
    )
}

fn transform(body: &str, document: &str) -> Result<String, XmlError> {
    let stylesheet = Stylesheet::from_text(&sheet(body))?;
    stylesheet
        .transform(&mut Document::parse(document)?, &[])?
        .to_text()
}

#[test]
fn entity_bombs_are_refused() {
    let mut text = String::from("<!DOCTYPE a [<!ENTITY e0 'ha'>");
    for i in 1..=30 {
        write!(
            text,
            "<!ENTITY e{i} '&e{p};&e{p};&e{p};&e{p};&e{p};&e{p};'>",
            p = i - 1
        )
        .unwrap();
    }
    text.push_str("]><a>&e30;</a>");
    let error = Document::parse(&text).unwrap_err();
    assert!(error.message().contains("entity"), "{error}");

    // Without nesting: one large entity, many times.
    let large = "x".repeat(50_000);
    let many = "&e;".repeat(50_000);
    let text = format!("<!DOCTYPE a [<!ENTITY e '{large}'>]><a>{many}</a>");
    let error = Document::parse(&text).unwrap_err();
    assert!(error.message().to_lowercase().contains("entity"), "{error}");

    let text = "<!DOCTYPE a [<!ENTITY a '&b;'><!ENTITY b '&a;'>]><a>&a;</a>";
    assert!(Document::parse(text).is_err());
}

#[test]
fn nothing_outside_the_document_is_read() {
    let secret = std::env::temp_dir().join(format!("compysition-secret-{}", std::process::id()));
    std::fs::write(&secret, "s3cret").unwrap();
    let path = secret.display();
    for text in [
        format!("<!DOCTYPE a [<!ENTITY x SYSTEM 'file://{path}'>]><a>&x;</a>"),
        format!("<!DOCTYPE a [<!ENTITY x SYSTEM '{path}'>]><a>&x;</a>"),
        "<!DOCTYPE a [<!ENTITY x SYSTEM 'http://127.0.0.1:9/x'>]><a>&x;</a>".to_owned(),
        format!("<!DOCTYPE a [<!ENTITY % x SYSTEM 'file://{path}'> %x;]><a/>"),
    ] {
        let error = Document::parse(&text).unwrap_err();
        assert!(
            error.to_string().contains("external entity"),
            "{text}: {error}"
        );
    }
    // Naming a DTD is common and harmless, as it is not fetched.
    let text = "<!DOCTYPE a SYSTEM 'http://127.0.0.1:9/a.dtd'><a/>";
    assert!(Document::parse(text).is_ok());
    // XInclude is never processed.
    let text = format!(
        "<a xmlns:xi='http://www.w3.org/2001/XInclude'><xi:include parse='text' href='{path}'/></a>"
    );
    assert!(
        !Document::parse(&text)
            .unwrap()
            .to_text()
            .unwrap()
            .contains("s3cret")
    );

    let read = format!(
        r#"<xsl:template match="/"><xsl:copy-of select="document('{path}')"/></xsl:template>"#
    );
    let error = transform(&read, "<a/>").unwrap_err();
    assert!(
        error
            .to_string()
            .contains("outside the allowed directories"),
        "{error}"
    );
    let fetch = r#"<xsl:template match="/"><xsl:copy-of select="document('http://127.0.0.1:9/')"/></xsl:template>"#;
    assert!(
        transform(fetch, "<a/>")
            .unwrap_err()
            .message()
            .contains("refused")
    );
    for kind in ["import", "include"] {
        let error = transform(&format!(r#"<xsl:{kind} href="{path}"/>"#), "<a/>").unwrap_err();
        assert!(
            error.message().contains("outside the allowed directories"),
            "{error}"
        );
    }
    std::fs::remove_file(&secret).unwrap();
}

#[test]
fn nothing_is_written() {
    let target = std::env::temp_dir().join(format!("compysition-written-{}", std::process::id()));
    let path = target.display();
    let body = format!(
        r#"<xsl:template match="/"><exsl:document href="{path}">x</exsl:document></xsl:template>"#
    );
    assert!(transform(&body, "<a/>").is_err());
    assert!(!target.exists());
}

#[test]
fn broken_documents_are_refused_with_a_position() {
    let error = Document::parse("<a>\n  <b>\n</a>").unwrap_err();
    assert_eq!(error.line(), Some(3));
    assert!(error.column().is_some());
    assert_eq!(
        error.message(),
        "Opening and ending tag mismatch: b line 2 and a"
    );
    for text in [
        "",
        " ",
        "<",
        "<a",
        "<a>",
        "</a>",
        "<a/><b/>",
        "a",
        "<a b=c/>",
        "<a>&nope;</a>",
        "\0",
        "<a>\0</a>",
    ] {
        let error = Document::parse(text).unwrap_err();
        assert!(!error.message().is_empty(), "{text:?}");
    }
    for bytes in [
        &b"<a>\xff\xfe</a>"[..],
        b"\xc3\x28",
        b"\xff\xfe",
        b"<a>\x80</a>",
    ] {
        assert!(Document::from_bytes(bytes).is_err(), "{bytes:?}");
    }
}

#[test]
fn the_declared_encoding_counts_for_bytes_only() {
    let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><a>\xe9</a>";
    assert!(
        Document::from_bytes(latin)
            .unwrap()
            .to_text()
            .unwrap()
            .contains("<a>é</a>")
    );
    let text = "<?xml version='1.0' encoding='ISO-8859-1'?><a>é</a>";
    assert!(
        Document::parse(text)
            .unwrap()
            .to_text()
            .unwrap()
            .contains("<a>é</a>")
    );
    assert!(
        Document::parse("\u{feff}<a>é</a>")
            .unwrap()
            .to_text()
            .unwrap()
            .contains("<a>é</a>")
    );
}

#[test]
fn deep_and_wide_documents_are_bounded() {
    let nested = |n| format!("{}{}", "<a>".repeat(n), "</a>".repeat(n));
    assert!(Document::parse(&nested(250)).is_ok());
    let error = Document::parse(&nested(100_000)).unwrap_err();
    assert!(error.message().contains("depth"), "{error}");
    let attribute = format!("<a b='{}'/>", "x".repeat(11_000_000));
    assert!(Document::parse(&attribute).is_err());
    let name = format!("<{}/>", "n".repeat(1_000_000));
    assert!(Document::parse(&name).is_err());
}

#[test]
fn recursion_without_end_is_an_error() {
    for body in [
        r#"<xsl:template match="/" name="t"><xsl:call-template name="t"/></xsl:template>"#,
        r#"<xsl:template match="/"><xsl:apply-templates select="/"/></xsl:template>"#,
        r#"<xsl:template match="*"><b><xsl:apply-templates select="."/></b></xsl:template>"#,
        r#"<xsl:template match="/" name="t"><xsl:variable name="x"><xsl:call-template name="t"/></xsl:variable><xsl:value-of select="$x"/></xsl:template>"#,
        r#"<xsl:template match="/" name="t"><xsl:for-each select="//*"><xsl:choose><xsl:when test="true()"><a><b><c><xsl:call-template name="t"/></c></b></a></xsl:when></xsl:choose></xsl:for-each></xsl:template>"#,
        r#"<xsl:variable name="a" select="$b"/><xsl:variable name="b" select="$a"/><xsl:template match="/"><xsl:value-of select="$a"/></xsl:template>"#,
    ] {
        let error = transform(body, "<a/>").unwrap_err();
        assert!(
            error.message().to_lowercase().contains("recursi"),
            "{body}: {error}"
        );
    }
}

#[test]
fn endless_work_is_an_error() {
    // 2^40 calls, only 40 deep.
    let body = r#"<xsl:template match="/" name="t"><xsl:param name="n" select="40"/>
        <xsl:if test="$n > 0">
          <xsl:call-template name="t"><xsl:with-param name="n" select="$n - 1"/></xsl:call-template>
          <xsl:call-template name="t"><xsl:with-param name="n" select="$n - 1"/></xsl:call-template>
        </xsl:if></xsl:template>"#;
    let limits = Limits {
        operations: 100_000,
        ..Limits::default()
    };
    let stylesheet = Compiler::new()
        .limits(limits)
        .compile(&sheet(body))
        .unwrap();
    let error = stylesheet
        .transform(&mut Document::parse("<a/>").unwrap(), &[])
        .unwrap_err();
    assert!(error.message().contains("limit exceeded"), "{error}");

    // Few instructions, but an expression that looks at every node for every node.
    let document = format!("<a>{}</a>", "<b/>".repeat(3_000));
    let body = r#"<xsl:template match="/"><xsl:value-of select="count(//*[count(//*[count(//*) > 1]) > 1])"/></xsl:template>"#;
    let limits = Limits {
        operations: 10_000,
        operations_per_byte: 1,
        ..Limits::default()
    };
    let stylesheet = Compiler::new()
        .limits(limits)
        .compile(&sheet(body))
        .unwrap();
    let error = stylesheet
        .transform(&mut Document::parse(&document).unwrap(), &[])
        .unwrap_err();
    assert!(
        error.message().to_lowercase().contains("limit exceeded"),
        "{error}"
    );
}

#[test]
fn a_thread_with_little_stack_is_enough() {
    let deep = r#"<xsl:template match="/" name="t"><xsl:param name="n" select="700"/>
        <xsl:choose><xsl:when test="$n > 0"><a><xsl:call-template name="t"><xsl:with-param name="n" select="$n - 1"/></xsl:call-template></a></xsl:when>
        <xsl:otherwise>bottom</xsl:otherwise></xsl:choose></xsl:template>"#;
    let run = move || transform(deep, "<x/>").map(|text| text.contains("bottom"));
    for stack in [400 << 10, 1 << 20, 2 << 20, 8 << 20] {
        let thread = std::thread::Builder::new()
            .stack_size(stack)
            .spawn(run)
            .unwrap();
        assert_eq!(thread.join().unwrap(), Ok(true), "with a stack of {stack}");
    }
}

#[test]
fn expressions_cannot_exhaust_the_stack() {
    let run = || {
        let parentheses = format!("{}1{}", "(".repeat(20_000), ")".repeat(20_000));
        let sum = vec!["1"; 20_000].join("+");
        let minus = format!("{}1", "-".repeat(20_000));
        let predicates = format!("{}1{}", "a[".repeat(20_000), "]".repeat(20_000));
        for expression in [parentheses, sum, minus, predicates] {
            let body = format!(
                r#"<xsl:template match="/"><xsl:value-of select="{expression}"/></xsl:template>"#
            );
            let _ = transform(&body, "<a/>");
            let body = r#"<xsl:template match="/"><xsl:value-of select="dyn:evaluate(.)"/></xsl:template>"#;
            let _ = transform(body, &format!("<a>{expression}</a>"));
        }
    };
    std::thread::Builder::new()
        .stack_size(2 << 20)
        .spawn(run)
        .unwrap()
        .join()
        .unwrap();
}

#[test]
fn broken_stylesheets_are_refused_with_a_line() {
    let error = Stylesheet::from_text(&sheet(
        "\n<xsl:template match=\"/\">\n<xsl:value-of select=\"1 +\"/></xsl:template>",
    ))
    .unwrap_err();
    assert_eq!(
        (error.file(), error.line()),
        (Some("inline"), Some(5)),
        "{error}"
    );
    for text in [
        "",
        "<a>",
        "<a/>",
        "no markup",
        &sheet(r#"<xsl:template match="["/>"#),
        &sheet(r#"<xsl:template/>"#),
        &sheet(r#"<xsl:output encoding="klingon"/>"#),
    ] {
        let error = Stylesheet::from_text(text).unwrap_err();
        assert!(!error.message().is_empty(), "{text}");
        assert_eq!(error.file(), Some("inline"), "{text}: {error}");
    }
}

#[test]
fn an_unknown_instruction_is_a_warning_as_in_xsltproc() {
    let stylesheet = Stylesheet::from_text(&sheet(
        r#"<xsl:template match="/"><xsl:nope/></xsl:template>"#,
    ))
    .unwrap();
    assert!(
        stylesheet.warnings()[0]
            .message()
            .contains("unknown xsl:nope")
    );
    let output = stylesheet
        .transform(&mut Document::parse("<a/>").unwrap(), &[])
        .unwrap();
    assert!(
        output.warnings()[0]
            .message()
            .contains("nope was not compiled")
    );
}
