<?xml version="1.0" encoding="UTF-8"?>
<!-- What an integration does all day: picks, sums, sorts, formats and renames. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:output method="xml" encoding="UTF-8" indent="no"/>
  <xsl:key name="by-number" match="item" use="@number"/>

  <xsl:template match="/orders">
    <acknowledgement customer="{@customer}">
      <total><xsl:value-of select="format-number(sum(item/price), '0.00')"/></total>
      <lines count="{count(item)}">
        <xsl:apply-templates select="item">
          <xsl:sort select="@supplier"/>
          <xsl:sort select="price" data-type="number" order="descending"/>
        </xsl:apply-templates>
      </lines>
    </acknowledgement>
  </xsl:template>

  <xsl:template match="item">
    <line number="{position()}" supplier="{translate(@supplier, 'abc', 'ABC')}">
      <xsl:choose>
        <xsl:when test="count &gt; 5"><xsl:attribute name="bulk">yes</xsl:attribute></xsl:when>
        <xsl:otherwise><xsl:attribute name="bulk">no</xsl:attribute></xsl:otherwise>
      </xsl:choose>
      <article><xsl:value-of select="normalize-space(title)"/></article>
      <amount><xsl:value-of select="format-number(price * count, '0.00')"/></amount>
      <before><xsl:value-of select="key('by-number', @number - 1)/title"/></before>
    </line>
  </xsl:template>
</xsl:stylesheet>
