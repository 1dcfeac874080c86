/* Whether the variables that a stylesheet names can be seen where it names them: libxslt asks only when it comes there. */
#include "shim.h"

#include <stdio.h>
#include <string.h>
#include <libxslt/imports.h>

#define LONGEST_NAME 256

/* Whether an element has this name; its prefixes are those of where it stands. */
static int is_named(xmlNodePtr element, const xmlChar *local, const xmlChar *namespace) {
    xmlChar *name = xmlGetNoNsProp(element, (const xmlChar *)"name");
    const xmlChar *own = name == NULL ? NULL : xmlStrchr(name, ':');
    xmlNsPtr found = NULL;
    int is_same;
    if (own != NULL) {
        name[own - name] = 0;
        found = xmlSearchNs(element->doc, element, name);
        own++;
    }
    is_same = name != NULL && xmlStrEqual(own == NULL ? name : own, local) &&
              xmlStrEqual(found == NULL ? NULL : found->href, namespace);
    xmlFree(name);
    return is_same;
}

static int binds(xmlNodePtr node, const xmlChar *local, const xmlChar *namespace) {
    return shim_is_xslt(node) &&
           (xmlStrEqual(node->name, (const xmlChar *)"variable") || xmlStrEqual(node->name, (const xmlChar *)"param")) &&
           is_named(node, local, namespace);
}

/* Those before the element and before what it is in are seen, and all at the top of the stylesheet's files. */
static int is_seen(xsltStylesheetPtr style, xmlNodePtr element, const xmlChar *local, const xmlChar *namespace) {
    xmlNodePtr root = xmlDocGetRootElement(element->doc);
    xmlNodePtr top = shim_is_xslt(root) ? root : (xmlNodePtr)element->doc;
    for (; element != NULL && element->parent != NULL && element->parent != top; element = element->parent) {
        xmlNodePtr before;
        for (before = element->prev; before != NULL; before = before->prev)
            if (binds(before, local, namespace))
                return 1;
    }
    for (; style != NULL; style = xsltNextImport(style)) {
        xsltStackElemPtr variable;
        for (variable = style->variables; variable != NULL; variable = variable->next)
            if (xmlStrEqual(variable->name, local) && xmlStrEqual(variable->nameURI, namespace))
                return 1;
    }
    return 0;
}

/* Reports a variable that is not seen, as a parameter of this name is set: `name`, or `{namespace}name`. */
static void check_name(xsltStylesheetPtr style, xmlNodePtr element, const char *text, size_t length) {
    char name[LONGEST_NAME], full[2 * LONGEST_NAME];
    char *local = name, *colon;
    xmlNsPtr namespace = NULL;
    if (length == 0 || length >= sizeof name)
        return;
    memcpy(name, text, length);
    name[length] = 0;
    colon = strchr(name, ':');
    if (colon != NULL) {
        *colon = 0;
        local = colon + 1;
        namespace = xmlSearchNs(element->doc, element, (const xmlChar *)name);
        /* libxslt says so when it compiles the expression, or when it comes there. */
        if (namespace == NULL)
            return;
    }
    if (is_seen(style, element, (const xmlChar *)local, namespace == NULL ? NULL : namespace->href))
        return;
    snprintf(full, sizeof full, "%s%s%s%s", namespace == NULL ? "" : "{",
             namespace == NULL ? "" : (const char *)namespace->href, namespace == NULL ? "" : "}", local);
    shim_say_at(element, full);
}

static int is_name_part(char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9') ||
           letter == '_' || letter == '-' || letter == '.' || letter == ':' || (unsigned char)letter >= 0x80;
}

/* Looks at an expression, in an attribute's value as far as its brace. Returns where it ends. */
static const char *check_expression(xsltStylesheetPtr style, xmlNodePtr element, const char *at, int in_braces) {
    while (*at != 0 && !(in_braces && *at == '}')) {
        if (*at == '"' || *at == '\'') {
            const char *end = strchr(at + 1, *at);
            if (end == NULL)
                return at + strlen(at);
            at = end + 1;
        } else if (*at++ == '$') {
            const char *begin = at += strspn(at, " \t\r\n");
            while (is_name_part(*at))
                at++;
            check_name(style, element, begin, (size_t)(at - begin));
        }
    }
    return at;
}

static void check_value_template(xsltStylesheetPtr style, xmlNodePtr element, const char *at) {
    while ((at = strchr(at, '{')) != NULL) {
        if (at[1] == '{')
            at += 2;
        else
            at = check_expression(style, element, at + 1, 1);
    }
}

/* The attributes of instructions that are expressions, or patterns; others are templates of their values. */
static int is_expression(xmlNodePtr element, const xmlChar *attribute) {
    static const char *const names[] = {"select", "test", "match", "use", "value", "count", "from"};
    size_t index;
    if (!shim_is_xslt(element) && !shim_is_function(element))
        return 0;
    for (index = 0; index < sizeof names / sizeof *names; index++)
        if (xmlStrEqual(attribute, (const xmlChar *)names[index]))
            return 1;
    return 0;
}

static void visit(void *context, xmlNodePtr element) {
    xsltStylesheetPtr style = context;
    xmlAttrPtr attribute;
    for (attribute = element->properties; attribute != NULL; attribute = attribute->next) {
        xmlChar *value = xmlNodeListGetString(element->doc, attribute->children, 1);
        if (value == NULL)
            continue;
        if (attribute->ns == NULL && is_expression(element, attribute->name))
            check_expression(style, element, (const char *)value, 0);
        else
            check_value_template(style, element, (const char *)value);
        xmlFree(value);
    }
}

/* Reports the variables that are named where they are not seen. */
void shim_unseen_variables(void *sink, xsltStylesheetPtr style) {
    struct shim_call call;
    shim_enter(&call, sink, NULL);
    shim_visit(style, visit, style);
    shim_leave(&call);
}
