<?xml version="1.0"?>
<!-- What the client sends, as the executor wants it. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:output method="xml" indent="no"/>
  <xsl:template match="/order">
    <xsl:if test="not(number(count) &gt; 0)">
      <xsl:message terminate="yes">a count above 0 is expected, not '<xsl:value-of select="count"/>'</xsl:message>
    </xsl:if>
    <request>
      <article><xsl:value-of select="normalize-space(item)"/></article>
      <quantity><xsl:value-of select="number(count)"/></quantity>
    </request>
  </xsl:template>
  <xsl:template match="/*" priority="-1">
    <xsl:message terminate="yes">an order is expected, not &lt;<xsl:value-of select="name()"/>&gt;</xsl:message>
  </xsl:template>
</xsl:stylesheet>
