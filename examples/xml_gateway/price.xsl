<?xml version="1.0"?>
<!-- The executor of the file version: looks the price up and multiplies. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"
                xmlns:p="urn:prices" exclude-result-prefixes="p">
  <xsl:output method="xml" indent="no"/>
  <p:price of="book">12.50</p:price>
  <p:price of="pen">0.90</p:price>
  <xsl:variable name="prices" select="document('')/*/p:price"/>
  <xsl:template match="/request">
    <xsl:variable name="article" select="string(article)"/>
    <xsl:variable name="price" select="$prices[@of = $article]"/>
    <xsl:if test="not($price)">
      <xsl:message terminate="yes">there is no price for '<xsl:value-of select="$article"/>'</xsl:message>
    </xsl:if>
    <response>
      <article><xsl:value-of select="$article"/></article>
      <total><xsl:value-of select="format-number($price * quantity, '0.00')"/></total>
    </response>
  </xsl:template>
</xsl:stylesheet>
