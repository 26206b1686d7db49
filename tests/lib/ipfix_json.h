/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * IPFIX decoder of the tests: a Data Record as one JSON object on a line, for tests written with
 * jq, Python or grep.
 *
 *	{"_session":"...","_domain":1,"_export_time":1700000000,"_template":256,"_options":false,
 *	 "sourceIPv4Address":"192.0.2.1","octetDeltaCount":1500,"reverseOctetDeltaCount":40}
 *
 * Keys are the names of ipfix_value_name, in the order of the Template; an element that is there
 * more than once is "NAME", "NAME#2" and so on. Integers are exact, also beyond 2^53. Addresses are
 * text, and so are MAC addresses ("02:00:5e:10:00:01"). Times in seconds and milliseconds are the
 * integers that are on the wire; those in NTP format are integers too, in nanoseconds since 1970.
 * Booleans are true and false. octetArrays, lists and what is of no known type are hexadecimal. Of
 * strings that are not UTF-8, octets that do not belong become U+FFFD.
 */
#ifndef FLOWPROBE_TESTS_IPFIX_JSON_H
#define FLOWPROBE_TESTS_IPFIX_JSON_H

#include <stdio.h>

#include "ipfix_check.h"

void ipfix_json_write(FILE *out, const struct ipfix_record *record, const char *session);

#endif
