/* Schemas: compiled once, shared read-only, asked about documents or parts of them. */
#include "shim.h"

#include <libxml/parser.h>
#include <libxml/schemasInternals.h>
#include <libxml/xmlschemas.h>

xmlSchemaPtr shim_schema_compile(void *sink, const struct shim_policy *policy, int utf8) {
    struct shim_call call;
    xmlSchemaPtr schema = NULL;
    xmlSchemaParserCtxtPtr context;
    xmlDocPtr document;

    shim_enter(&call, sink, policy);
    call.names_files = 1;
    document = shim_read(policy->text, policy->length, policy->url, NULL,
                         shim_parse_options | (utf8 ? XML_PARSE_IGNORE_ENC : 0));
    context = document == NULL ? NULL : xmlSchemaNewDocParserCtxt(document);
    if (context != NULL) {
        call.loads = 1;
        schema = xmlSchemaParse(context);
        xmlSchemaFreeParserCtxt(context);
    }
    /* An import that was not read only makes the schema more lenient, and nobody would know. */
    if (schema != NULL && call.refused) {
        xmlSchemaFree(schema);
        schema = NULL;
    }
    shim_leave(&call);
    if (document != NULL && schema == NULL)
        xmlFreeDoc(document);
    return schema;
}

/* A schema refers to its document, but leaves it to whoever gave it. */
void shim_free_schema(xmlSchemaPtr schema) {
    xmlDocPtr document = schema->doc;
    xmlSchemaFree(schema);
    xmlFreeDoc(document);
}

static int validate_nodes(xmlSchemaValidCtxtPtr context, xmlNodeSetPtr nodes) {
    int i, result, worst = SHIM_VALID;
    if (nodes == NULL || nodes->nodeNr == 0)
        return SHIM_NOTHING;
    for (i = 0; i < nodes->nodeNr; i++) {
        xmlNodePtr node = nodes->nodeTab[i];
        if (node->type != XML_ELEMENT_NODE)
            return SHIM_NOTHING;
        result = xmlSchemaValidateOneElement(context, node);
        if (result < 0)
            return SHIM_BROKEN;
        if (result > 0)
            worst = SHIM_INVALID;
    }
    return worst;
}

int shim_validate(void *sink, xmlSchemaPtr schema, xmlDocPtr document, xmlXPathObjectPtr selected) {
    struct shim_call call;
    xmlSchemaValidCtxtPtr context;
    int result = SHIM_BROKEN;

    shim_enter(&call, sink, NULL);
    context = xmlSchemaNewValidCtxt(schema);
    if (context != NULL) {
        if (selected == NULL) {
            result = xmlSchemaValidateDoc(context, document);
            result = result == 0 ? SHIM_VALID : result > 0 ? SHIM_INVALID : SHIM_BROKEN;
        } else if (selected->type == XPATH_NODESET) {
            result = validate_nodes(context, selected->nodesetval);
        } else {
            result = SHIM_NOTHING;
        }
        xmlSchemaFreeValidCtxt(context);
    }
    shim_leave(&call);
    return result;
}
