<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:template match="/">
    <to>
      <xsl:call-template name="adress"/>
    </to>
  </xsl:template>
  <xsl:template name="address"><a/></xsl:template>
</xsl:stylesheet>
