<?xml version="1.0"?>
<!-- The executor's result, as the client gets it. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
  <xsl:output method="xml" indent="yes"/>
  <xsl:template match="/response">
    <acknowledgement>
      <item><xsl:value-of select="article"/></item>
      <price><xsl:value-of select="total"/></price>
    </acknowledgement>
  </xsl:template>
</xsl:stylesheet>
