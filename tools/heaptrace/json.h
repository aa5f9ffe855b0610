/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * json - a string in JSON
 */
#ifndef JSON_H
#define JSON_H

/* Print @text as a JSON string, quotes included. */
void json_string(const char *text);

#endif
