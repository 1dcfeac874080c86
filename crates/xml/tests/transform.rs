//! Transformations: what comes out, what is said, what is shared.

#![allow(clippy::unwrap_used, reason = "in tests a panic is the message")]

use compysition_xml::{Document, Method, Stylesheet, XmlError};

fn sheet(body: &str) -> Stylesheet {
    Stylesheet::from_text(&format!(
        r#"<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"
             xmlns:func="http://exslt.org/functions" xmlns:my="urn:my" extension-element-prefixes="func" exclude-result-prefixes="my">{body}</xsl:stylesheet>"#
    ))
    .unwrap()
}

fn content_type(output: &str, template: &str) -> Option<String> {
    let stylesheet = sheet(&format!(
        r#"{output}<xsl:template match="/">{template}</xsl:template>"#
    ));
    stylesheet
        .transform(&mut Document::parse("<a/>").unwrap(), &[])
        .unwrap()
        .content_type()
}

#[test]
fn the_content_type_comes_from_the_output() {
    assert_eq!(content_type("", "<x/>"), None);
    assert_eq!(content_type(r#"<xsl:output method="text"/>"#, "x"), None);
    let html = Some("text/html; charset=utf-8".to_owned());
    assert_eq!(content_type("", "<html/>"), html);
    assert_eq!(content_type(r#"<xsl:output method="html"/>"#, "<x/>"), html);
    assert_eq!(
        content_type(r#"<xsl:output encoding="ISO-8859-1"/>"#, "<x/>").as_deref(),
        Some("application/xml; charset=iso-8859-1")
    );
    assert_eq!(
        content_type(r#"<xsl:output media-type="application/soap+xml"/>"#, "<x/>").as_deref(),
        Some("application/soap+xml")
    );
    assert_eq!(
        content_type(r#"<xsl:output method="text" media-type="text/csv"/>"#, "x").as_deref(),
        Some("text/csv; charset=utf-8")
    );
}

#[test]
fn the_method_comes_from_the_output_or_the_root() {
    let method = |body: &str| {
        sheet(body)
            .transform(&mut Document::parse("<a/>").unwrap(), &[])
            .unwrap()
            .method()
    };
    assert_eq!(
        method(r#"<xsl:template match="/"><x/></xsl:template>"#),
        Method::Xml
    );
    assert_eq!(
        method(r#"<xsl:template match="/"><HTML/></xsl:template>"#),
        Method::Html
    );
    assert_eq!(
        method(r#"<xsl:output method="xml"/><xsl:template match="/"><html/></xsl:template>"#),
        Method::Xml
    );
    assert_eq!(method(r#"<xsl:output method="text"/>"#), Method::Text);
}

#[test]
fn messages_are_collected_and_termination_is_an_error() {
    let stylesheet = sheet(
        r#"<xsl:template match="/"><xsl:message>one</xsl:message><xsl:message>two
lines</xsl:message><xsl:if test="a/@stop"><xsl:message terminate="yes">no <xsl:value-of select="a/@stop"/></xsl:message></xsl:if><x/></xsl:template>"#,
    );
    let output = stylesheet
        .transform(&mut Document::parse("<a/>").unwrap(), &[])
        .unwrap();
    assert_eq!(output.messages(), ["one", "two\nlines"]);
    let error = stylesheet
        .transform(&mut Document::parse("<a stop='today'/>").unwrap(), &[])
        .unwrap_err();
    assert_eq!(error.message(), "no today");
    assert_eq!(error.messages(), ["one", "two\nlines"]);
}

#[test]
fn faults_name_the_line_of_the_stylesheet() {
    let stylesheet = sheet(
        "\n\n<xsl:template match=\"/\"><x>\n<xsl:value-of select=\"my:nope()\"/></x></xsl:template>",
    );
    let error = stylesheet
        .transform(&mut Document::parse("<a/>").unwrap(), &[])
        .unwrap_err();
    assert_eq!(
        (error.file(), error.line()),
        (Some("inline"), Some(5)),
        "{error:?}"
    );
    assert!(error.message().contains("nope"), "{error}");
}

#[test]
fn parameters_are_texts_never_expressions() {
    let stylesheet = sheet(
        r#"<xsl:param name="p"/><xsl:param name="my:q"/><xsl:template match="/"><x p="{$p}" q="{$my:q}"/></xsl:template>"#,
    );
    let mut document = Document::parse("<a/>").unwrap();
    let parameters = [("p", "document('/etc/passwd') ' \" <"), ("{urn:my}q", "7")];
    let text = stylesheet
        .transform(&mut document, &parameters)
        .unwrap()
        .to_text()
        .unwrap();
    assert!(
        text.contains(r#"p="document('/etc/passwd') ' &quot; &lt;" q="7""#),
        "{text}"
    );
    let refused = |name, value| -> XmlError {
        let mut document = Document::parse("<a/>").unwrap();
        stylesheet
            .transform(&mut document, &[(name, value)])
            .unwrap_err()
    };
    assert!(refused("p", "a\0b").message().contains("NUL"));
}

#[test]
fn a_result_outlives_its_stylesheet_and_may_be_transformed_again() {
    let mut output = {
        let first =
            sheet(r#"<xsl:template match="/"><b><xsl:value-of select="a"/>!</b></xsl:template>"#);
        first
            .transform(&mut Document::parse("<a>1</a>").unwrap(), &[])
            .unwrap()
    };
    let second =
        sheet(r#"<xsl:template match="/"><c><xsl:value-of select="b"/></c></xsl:template>"#);
    let text = second
        .transform(output.document(), &[])
        .unwrap()
        .to_text()
        .unwrap();
    assert!(text.ends_with("<c>1!</c>\n"), "{text}");
    let moved = std::thread::spawn(move || output.to_text().unwrap())
        .join()
        .unwrap();
    assert!(moved.ends_with("<b>1!</b>\n"), "{moved}");
}

#[test]
fn a_result_reads_back_only_if_its_text_says_the_same() {
    let reads_back = |output: &str, template: &str| {
        let stylesheet = sheet(&format!(
            r#"{output}<xsl:template match="/">{template}</xsl:template>"#
        ));
        stylesheet
            .transform(&mut Document::parse("<a/>").unwrap(), &[])
            .unwrap()
            .reads_back()
    };
    assert!(reads_back(
        "",
        "<x a='1'>t<y/>u<xsl:comment>c</xsl:comment></x>"
    ));
    assert!(!reads_back("<xsl:output indent='yes'/>", "<x><y/></x>"));
    assert!(!reads_back("<xsl:output method='text'/>", "<x/>"));
    assert!(!reads_back("<xsl:output encoding='UTF-16'/>", "<x/>"));
    assert!(!reads_back("", "<x/><y/>"));
    assert!(!reads_back("", "t<y/>"));
    assert!(!reads_back("", ""));
    assert!(!reads_back(
        "",
        "<x><xsl:text disable-output-escaping='yes'>&lt;b/></xsl:text></x>"
    ));
}

#[test]
fn threads_may_share_a_stylesheet() {
    let body = r#"<xsl:key name="k" match="b" use="@k"/><xsl:strip-space elements="*"/><xsl:param name="p"/>
        <func:function name="my:twice"><xsl:param name="n"/><func:result select="2 * $n"/></func:function>
        <xsl:template match="/"><x p="{$p}"><xsl:for-each select="key('k', '1')"><xsl:sort select="." data-type="number"/>
        <xsl:value-of select="concat(., ' ')"/></xsl:for-each><xsl:value-of select="TWICE"/></x></xsl:template>"#;
    for body in [
        body.replace("TWICE", "my:twice(3)"),
        body.replace("TWICE", "6").replace("func:", "my:"),
    ] {
        let stylesheet = sheet(&body);
        let results: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|t: usize| {
                    let stylesheet = stylesheet.clone();
                    scope.spawn(move || {
                        let parameter = t.to_string();
                        (0..300)
                            .filter(|i| {
                                let items: String = (0..=i % 9)
                                    .map(|n| format!("<b k='1'>{}</b> ", 9 - n))
                                    .collect();
                                let mut document =
                                    Document::parse(&format!("<a>{items}</a>")).unwrap();
                                let output = stylesheet
                                    .transform(&mut document, &[("p", &parameter)])
                                    .unwrap();
                                let numbers: String =
                                    (9 - i % 9..=9).map(|n| format!("{n} ")).collect();
                                output
                                    .to_text()
                                    .unwrap()
                                    .ends_with(&format!("<x p=\"{t}\">{numbers}6</x>\n"))
                                    || panic!("{}", output.to_text().unwrap())
                            })
                            .count()
                    })
                })
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect()
        });
        assert_eq!(results, [300; 4]);
    }
}

#[test]
fn it_is_told_which_templates_are_reached_also_by_what_fails() {
    let stylesheet = sheet(
        r#"<xsl:template match="/"><xsl:apply-templates select="*"/></xsl:template>
           <xsl:template match="a" name="both"><x/></xsl:template>
           <xsl:template match="b"><xsl:message terminate="yes">no b</xsl:message></xsl:template>
           <xsl:template match="c" mode="m"/>
           <xsl:template name="never"><y/></xsl:template>"#,
    );
    let called = |text: &str| {
        let mut reached = compysition_xml::Reached::new();
        let mut document = Document::parse(text).unwrap();
        let ended = stylesheet.transform_watched(&mut document, &[], &mut reached);
        let templates = stylesheet.templates().into_iter();
        let mut names: Vec<String> = templates
            .filter(|template| reached.contains(&template.place))
            .map(|template| template.called)
            .collect();
        names.sort();
        (ended.is_ok(), names.join(" "))
    };
    assert_eq!(called("<a/>"), (true, "/ a".into()));
    assert_eq!(called("<b/>"), (false, "/ b".into()));
    // One without content is not counted.
    assert_eq!(stylesheet.templates().len(), 4);
}
