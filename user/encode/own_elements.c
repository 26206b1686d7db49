// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* encode: the table of own_elements.h. */
#include "encode/own_elements.h"

/* Values of the two IANA registries. */
enum {
	DATA_TYPE_UNSIGNED64 = 4,
	DATA_TYPE_STRING = 13,
	SEMANTICS_DEFAULT = 0,
	SEMANTICS_IDENTIFIER = 4,
};

const struct own_element own_elements[OWN_ELEMENTS] = {
	{
		.id = OWN_COMMUNITY_ID,
		.data_type = DATA_TYPE_STRING,
		.semantics = SEMANTICS_DEFAULT, /* RFC 5610 allows no other for strings */
		.name = "communityId",
		.description = "Community ID version 1, seed 0",
	},
	{
		.id = OWN_AGENT_INSTANCE_ID,
		.data_type = DATA_TYPE_UNSIGNED64,
		.semantics = SEMANTICS_IDENTIFIER,
		.name = "agentInstanceId",
		.description = "random number of one run of the metering process",
	},
	{
		.id = OWN_FLOW_RECORD_ID,
		.data_type = DATA_TYPE_UNSIGNED64,
		.semantics = SEMANTICS_IDENTIFIER,
		.name = "flowRecordId",
		.description = "number of the flow record, unique within its agentInstanceId",
	},
	{
		.id = OWN_REVERSE_FLOW_RECORD_ID,
		.data_type = DATA_TYPE_UNSIGNED64,
		.semantics = SEMANTICS_IDENTIFIER,
		.name = "reverseFlowRecordId",
		.description = "flowRecordId of the reverse direction of a biflow",
	},
};
