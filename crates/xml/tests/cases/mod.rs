//! The table of cases for `xsltproc` and the binding.

pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) body: &'static str,
    pub(crate) document: &'static str,
    pub(crate) parameters: &'static [(&'static str, &'static str)],
    pub(crate) succeeds: bool,
}

const fn case(name: &'static str, body: &'static str, document: &'static str) -> Case {
    Case {
        name,
        body,
        document,
        parameters: &[],
        succeeds: true,
    }
}

const fn with(mut case: Case, parameters: &'static [(&'static str, &'static str)]) -> Case {
    case.parameters = parameters;
    case
}

const fn fails(mut case: Case) -> Case {
    case.succeeds = false;
    case
}

pub(crate) fn sheet(body: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"
  xmlns:exsl="http://exslt.org/common" xmlns:str="http://exslt.org/strings"
  xmlns:math="http://exslt.org/math" xmlns:set="http://exslt.org/sets"
  xmlns:date="http://exslt.org/dates-and-times" xmlns:dyn="http://exslt.org/dynamic"
  xmlns:func="http://exslt.org/functions" xmlns:my="urn:my" xmlns:d="urn:d"
  extension-element-prefixes="exsl str math set date dyn func" exclude-result-prefixes="my d">
{body}
</xsl:stylesheet>"#
    )
}

pub(crate) const IMPORTED: &str = r#"<xsl:output method="text"/><xsl:param name="from" select="'import'"/>
<xsl:template match="b">imported-b </xsl:template><xsl:template match="c">imported-c </xsl:template>"#;

const ORDERS: &str = r#"<?xml version="1.0"?>
<orders><order id="3" c="x"><item>pen</item><n>10</n></order>
<order id="1" c="y"><item>Ink</item><n>9</n></order>
<order id="2" c="x"><item>äpfel</item><n>100</n></order></orders>"#;

const IDENTITY: &str = r#"<xsl:template match="@*|node()"><xsl:copy><xsl:apply-templates select="@*|node()"/></xsl:copy></xsl:template>"#;

const MIXED: &str = r#"<!-- before --><?p i?><a xmlns="urn:d" xmlns:y="urn:y" y:b="1" c="&lt;&quot;&#10;"> t <y:d/><![CDATA[<x>]]>&amp;<!--c--><?p?></a>"#;

pub(crate) const CASES: &[Case] = &[
    case("nothing", "", "<a>text <b>inside</b></a>"),
    case("identity", IDENTITY, MIXED),
    case(
        "identity of a document type",
        IDENTITY,
        "<!DOCTYPE a [<!ENTITY e 'E'><!ATTLIST a b CDATA 'dflt'>]><a>&e;</a>",
    ),
    case(
        "declaration left out",
        r#"<xsl:output omit-xml-declaration="yes"/><xsl:template match="/"><x/></xsl:template>"#,
        "<a/>",
    ),
    case(
        "indented",
        r#"<xsl:output indent="yes"/><xsl:template match="/"><x><y><z/></y><y>t</y></x></xsl:template>"#,
        "<a/>",
    ),
    case(
        "not indented",
        r#"<xsl:output indent="no"/><xsl:template match="/"><x><y><z/></y></x></xsl:template>"#,
        "<a/>",
    ),
    case(
        "latin 1",
        r#"<xsl:output encoding="ISO-8859-1"/><xsl:template match="/"><x>é€</x></xsl:template>"#,
        "<a/>",
    ),
    case(
        "utf 16",
        r#"<xsl:output encoding="UTF-16"/><xsl:template match="/"><x>é</x></xsl:template>"#,
        "<a/>",
    ),
    case(
        "ascii",
        r#"<xsl:output encoding="US-ASCII"/><xsl:template match="/"><x a="ü">é</x></xsl:template>"#,
        "<a/>",
    ),
    case(
        "utf 8 named",
        r#"<xsl:output encoding="utf-8"/><xsl:template match="/"><x>é</x></xsl:template>"#,
        "<a/>",
    ),
    case(
        "standalone",
        r#"<xsl:output standalone="yes"/><xsl:template match="/"><x/></xsl:template>"#,
        "<a/>",
    ),
    case(
        "document type",
        r#"<xsl:output doctype-system="x.dtd" doctype-public="-//X"/><xsl:template match="/"><x/></xsl:template>"#,
        "<a/>",
    ),
    case(
        "cdata sections",
        r#"<xsl:output cdata-section-elements="x"/><xsl:template match="/"><x>a&lt;b]]&gt;</x></xsl:template>"#,
        "<a/>",
    ),
    case(
        "text",
        r#"<xsl:output method="text"/><xsl:template match="/">é&lt;<xsl:value-of select="a/@b"/></xsl:template>"#,
        "<a b='1'/>",
    ),
    case(
        "text in latin 1",
        r#"<xsl:output method="text" encoding="ISO-8859-1"/><xsl:template match="/">é</xsl:template>"#,
        "<a/>",
    ),
    case(
        "html",
        r#"<xsl:output method="html"/><xsl:template match="/"><html><head><title>é</title></head><body><br/><p>a</p></body></html></xsl:template>"#,
        "<a/>",
    ),
    case(
        "html by its root",
        r#"<xsl:template match="/"><html><head/><body><script>a &lt; b</script></body></html></xsl:template>"#,
        "<a/>",
    ),
    case(
        "html with a type",
        r#"<xsl:output method="html" doctype-public="-//W3C//DTD HTML 4.01//EN" version="4.0"/><xsl:template match="/"><html><body><img src="a b"/></body></html></xsl:template>"#,
        "<a/>",
    ),
    case(
        "escaping disabled",
        r#"<xsl:template match="/"><x><xsl:text disable-output-escaping="yes">&lt;b/&gt;</xsl:text></x></xsl:template>"#,
        "<a/>",
    ),
    case("empty result", r#"<xsl:template match="/"/>"#, "<a/>"),
    case(
        "several roots",
        r#"<xsl:template match="/"><x/>t<y/></xsl:template>"#,
        "<a/>",
    ),
    case(
        "value of",
        r#"<xsl:template match="/"><x><xsl:value-of select="sum(//n)"/>|<xsl:value-of select="//n[2] div 4"/>|<xsl:value-of select="1 div 0"/></x></xsl:template>"#,
        ORDERS,
    ),
    case(
        "sort as text",
        r#"<xsl:template match="/"><x><xsl:for-each select="//order"><xsl:sort select="item"/><xsl:value-of select="@id"/></xsl:for-each></x></xsl:template>"#,
        ORDERS,
    ),
    case(
        "sort as numbers",
        r#"<xsl:template match="/"><x><xsl:for-each select="//order"><xsl:sort select="n" data-type="number" order="descending"/><xsl:value-of select="@id"/>,</xsl:for-each></x></xsl:template>"#,
        ORDERS,
    ),
    case(
        "sort upper first",
        r#"<xsl:template match="/"><x><xsl:for-each select="//order"><xsl:sort select="@c" case-order="upper-first"/><xsl:sort select="@id" order="descending"/><xsl:value-of select="@id"/></xsl:for-each></x></xsl:template>"#,
        ORDERS,
    ),
    case(
        "sort by language",
        r#"<xsl:template match="/"><x><xsl:for-each select="//item"><xsl:sort select="." lang="de"/><xsl:value-of select="."/></xsl:for-each></x></xsl:template>"#,
        ORDERS,
    ),
    case(
        "keys",
        r#"<xsl:key name="c" match="order" use="@c"/><xsl:template match="/"><x><xsl:for-each select="key('c','x')"><xsl:value-of select="@id"/></xsl:for-each></x></xsl:template>"#,
        ORDERS,
    ),
    case(
        "grouping",
        r#"<xsl:key name="c" match="order" use="@c"/><xsl:template match="/"><x><xsl:for-each select="//order[generate-id()=generate-id(key('c',@c)[1])]"><g n="{@c}"><xsl:copy-of select="key('c',@c)/item"/></g></xsl:for-each></x></xsl:template>"#,
        ORDERS,
    ),
    case(
        "modes and priorities",
        r#"<xsl:template match="/"><x><xsl:apply-templates select="//order" mode="m"/></x></xsl:template><xsl:template match="order" mode="m">o</xsl:template><xsl:template match="order[@c='x']" mode="m" priority="2">X</xsl:template><xsl:template match="*" mode="m" priority="-9">no</xsl:template>"#,
        ORDERS,
    ),
    case(
        "parameters and variables",
        r#"<xsl:template match="/"><xsl:variable name="v"><b/>t</xsl:variable><x><xsl:call-template name="t"><xsl:with-param name="p" select="$v"/></xsl:call-template></x></xsl:template><xsl:template name="t"><xsl:param name="p"/><xsl:param name="q" select="'q'"/><xsl:copy-of select="$p"/><xsl:value-of select="$q"/></xsl:template>"#,
        "<a/>",
    ),
    with(
        case(
            "given parameters",
            r#"<xsl:param name="p" select="'default'"/><xsl:param name="q">unset</xsl:param><xsl:template match="/"><x a="{$p}"><xsl:value-of select="$q"/></x></xsl:template>"#,
            "<a/>",
        ),
        &[("p", "it's <quoted> é"), ("unused", "1")],
    ),
    case(
        "default parameters",
        r#"<xsl:param name="p" select="'default'"/><xsl:template match="/"><x a="{$p}"/></xsl:template>"#,
        "<a/>",
    ),
    case(
        "choose",
        r#"<xsl:template match="/"><x><xsl:for-each select="//n"><xsl:choose><xsl:when test=". &gt; 50">big</xsl:when><xsl:when test=". &gt; 9">mid</xsl:when><xsl:otherwise>small</xsl:otherwise></xsl:choose></xsl:for-each></x></xsl:template>"#,
        ORDERS,
    ),
    case(
        "elements by name",
        r#"<xsl:template match="/"><xsl:element name="{name(*)}s"><xsl:attribute name="x:b" namespace="urn:q">v</xsl:attribute><xsl:processing-instruction name="pi">d</xsl:processing-instruction><xsl:comment>c</xsl:comment></xsl:element></xsl:template>"#,
        "<a/>",
    ),
    case(
        "attribute sets",
        r#"<xsl:attribute-set name="s"><xsl:attribute name="a">1</xsl:attribute><xsl:attribute name="b">2</xsl:attribute></xsl:attribute-set><xsl:template match="/"><x xsl:use-attribute-sets="s" b="3"/></xsl:template>"#,
        "<a/>",
    ),
    case(
        "numbers",
        r#"<xsl:template match="/"><x><xsl:for-each select="//order"><xsl:number format="i. "/><xsl:number value="position()*1000" grouping-separator="," grouping-size="3"/>;</xsl:for-each></x></xsl:template>"#,
        ORDERS,
    ),
    case(
        "number formats",
        r##"<xsl:decimal-format name="de" decimal-separator="," grouping-separator="."/><xsl:template match="/"><x><xsl:value-of select="format-number(1234567.891, '#.##0,00', 'de')"/>|<xsl:value-of select="format-number(0.5, '0%')"/>|<xsl:value-of select="format-number(-3, '0.0;(0.0)')"/></x></xsl:template>"##,
        "<a/>",
    ),
    case(
        "strings",
        r#"<xsl:template match="/"><x><xsl:value-of select="concat(translate('abc','b','B'), substring('12345', 2, 3), substring-before('a=b','='), substring-after('a=b','='), normalize-space('  a  b '), string-length('é'), starts-with('ab','a'), contains('ab','c'))"/></x></xsl:template>"#,
        "<a/>",
    ),
    case(
        "strip space",
        r#"<xsl:strip-space elements="*"/><xsl:preserve-space elements="k"/><xsl:template match="/"><x><xsl:copy-of select="."/></x></xsl:template>"#,
        "<a> <b> <c/> </b> <k> </k> </a>",
    ),
    case(
        "default namespace",
        r#"<xsl:template match="/"><x xmlns="urn:d"><xsl:value-of select="d:a/d:b"/></x></xsl:template>"#,
        "<a xmlns='urn:d'><b>1</b></a>",
    ),
    case(
        "namespace aliases",
        r#"<xsl:namespace-alias stylesheet-prefix="my" result-prefix="xsl"/><xsl:template match="/"><my:template match="x"/></xsl:template>"#,
        "<a/>",
    ),
    case(
        "node sets",
        r#"<xsl:template match="/"><xsl:variable name="v"><i>1</i><i>2</i></xsl:variable><x><xsl:value-of select="sum(exsl:node-set($v)/i)"/></x></xsl:template>"#,
        "<a/>",
    ),
    case(
        "exslt strings",
        r#"<xsl:template match="/"><x><xsl:for-each select="str:tokenize('a,b;c', ',;')"><t><xsl:value-of select="."/></t></xsl:for-each><xsl:value-of select="str:padding(3,'-')"/><xsl:value-of select="str:replace('aXb','X','y')"/></x></xsl:template>"#,
        "<a/>",
    ),
    case(
        "exslt math and sets",
        r#"<xsl:template match="/"><x><xsl:value-of select="math:max(//n)"/>,<xsl:value-of select="math:min(//n)"/>,<xsl:value-of select="count(set:distinct(//@c))"/></x></xsl:template>"#,
        ORDERS,
    ),
    case(
        "exslt dates",
        r#"<xsl:template match="/"><x><xsl:value-of select="date:add('2024-02-28','P2D')"/>|<xsl:value-of select="date:day-name('2024-02-29')"/></x></xsl:template>"#,
        "<a/>",
    ),
    case(
        "exslt dynamic",
        r#"<xsl:template match="/"><x><xsl:value-of select="dyn:evaluate('count(//n)')"/></x></xsl:template>"#,
        ORDERS,
    ),
    case(
        "exslt functions",
        r#"<func:function name="my:twice"><xsl:param name="n"/><func:result select="2 * $n"/></func:function><xsl:template match="/"><x><xsl:value-of select="my:twice(21)"/></x></xsl:template>"#,
        "<a/>",
    ),
    case(
        "a file",
        r#"<xsl:template match="/"><x><xsl:copy-of select="document('other.xml')/*"/></x></xsl:template>"#,
        "<a/>",
    ),
    case(
        "a file by the document",
        r#"<xsl:template match="/"><x><xsl:value-of select="document(a/@f, document(''))//x"/></x></xsl:template>"#,
        "<a f='other.xml'/>",
    ),
    case(
        "the stylesheet itself",
        r#"<my:t k="1">one</my:t><xsl:template match="/"><x><xsl:value-of select="document('')/*/my:t[@k='1']"/></x></xsl:template>"#,
        "<a/>",
    ),
    case(
        "import",
        r#"<xsl:import href="imported.xsl"/><xsl:template match="a"><xsl:value-of select="$from"/>:<xsl:apply-templates/></xsl:template><xsl:template match="c">own-c <xsl:apply-imports/></xsl:template>"#,
        "<a><b/><c/></a>",
    ),
    case(
        "include",
        r#"<xsl:include href="imported.xsl"/><xsl:template match="a">[<xsl:apply-templates/>]</xsl:template>"#,
        "<a><b/><c/></a>",
    ),
    case(
        "fallback",
        r#"<xsl:template match="/"><x><my:nope xsl:extension-element-prefixes="my"><xsl:fallback>fell</xsl:fallback></my:nope></x></xsl:template>"#,
        "<a/>",
    ),
    case(
        "system properties",
        r#"<xsl:template match="/"><x><xsl:value-of select="system-property('xsl:version')"/><xsl:value-of select="function-available('exsl:node-set')"/><xsl:value-of select="element-available('xsl:if')"/></x></xsl:template>"#,
        "<a/>",
    ),
    case(
        "a message",
        r#"<xsl:template match="/"><xsl:message>hello</xsl:message><x/></xsl:template>"#,
        "<a/>",
    ),
    case(
        "recursion 500 deep",
        r#"<xsl:template match="/" name="t"><xsl:param name="n" select="500"/><xsl:if test="$n &gt; 0"><a><xsl:call-template name="t"><xsl:with-param name="n" select="$n - 1"/></xsl:call-template></a></xsl:if></xsl:template>"#,
        "<a/>",
    ),
    case(
        "latin 1 document",
        IDENTITY,
        "<?xml version='1.0' encoding='UTF-8'?><a>é</a>",
    ),
    fails(case(
        "termination",
        r#"<xsl:template match="/"><xsl:message terminate="yes">stop</xsl:message><x/></xsl:template>"#,
        "<a/>",
    )),
    fails(case(
        "unknown function",
        r#"<xsl:template match="/"><x><xsl:value-of select="my:nope()"/></x></xsl:template>"#,
        "<a/>",
    )),
    fails(case(
        "unknown variable",
        r#"<xsl:template match="/"><x><xsl:value-of select="$nope"/></x></xsl:template>"#,
        "<a/>",
    )),
    fails(case(
        "unknown template",
        r#"<xsl:template match="/"><xsl:call-template name="nope"/></xsl:template>"#,
        "<a/>",
    )),
    fails(case(
        "bad expression",
        r#"<xsl:template match="/"><xsl:value-of select="1 +"/></xsl:template>"#,
        "<a/>",
    )),
    fails(case("bad pattern", r#"<xsl:template match="a["/>"#, "<a/>")),
    fails(case(
        "missing import",
        r#"<xsl:import href="nope.xsl"/>"#,
        "<a/>",
    )),
    fails(case("broken document", IDENTITY, "<a><b></a>")),
    fails(case("broken stylesheet", "<xsl:template>", "<a/>")),
];
