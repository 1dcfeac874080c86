<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:o="urn:order:1" exclude-result-prefixes="o">
  <xsl:param name="limit"/>
  <xsl:output method="xml" omit-xml-declaration="yes"/>
  <xsl:template match="/">
    <order customer="{//o:Order/@customer}" limit="{$limit}">
      <xsl:for-each select="//o:Item"><item><xsl:value-of select="."/></item></xsl:for-each>
    </order>
  </xsl:template>
</xsl:stylesheet>
