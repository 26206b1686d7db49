// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The balance: see balance.h. */
#include "agent/balance.h"

#include <inttypes.h>
#include <stdio.h>

#include "lib/log.h"

static const char *const balance_outcome_names[FLOW_OUTCOMES] = {
	[FLOW_ACCOUNTED] = "accounted",	  [FLOW_NOT_IP] = "not IP",
	[FLOW_MALFORMED] = "malformed",	  [FLOW_TRUNCATED] = "truncated",
	[FLOW_TOO_DEEP] = "too deep",	  [FLOW_TABLE_FULL] = "table full",
	[FLOW_TABLE_BUSY] = "table busy", [FLOW_SAMPLED_OUT] = "sampled out",
};

static const char *const balance_outcome_labels[FLOW_OUTCOMES] = {
	[FLOW_ACCOUNTED] = "accounted",	  [FLOW_NOT_IP] = "not_ip",
	[FLOW_MALFORMED] = "malformed",	  [FLOW_TRUNCATED] = "truncated",
	[FLOW_TOO_DEEP] = "too_deep",	  [FLOW_TABLE_FULL] = "table_full",
	[FLOW_TABLE_BUSY] = "table_busy", [FLOW_SAMPLED_OUT] = "sampled_out",
};

const char *balance_outcome_name(enum flow_outcome outcome)
{
	return balance_outcome_names[outcome];
}

const char *balance_outcome_label(enum flow_outcome outcome)
{
	return balance_outcome_labels[outcome];
}

static void balance_sum(struct flow_count *sum, const struct flow_count *add)
{
	sum->packets += add->packets;
	sum->octets += add->octets;
}

static int balance_equal(const struct flow_count *a, const struct flow_count *b)
{
	return a->packets == b->packets && a->octets == b->octets;
}

static struct flow_count balance_in_records(const struct flow_cache_stats *cache)
{
	struct flow_count sum = {0};
	int reason;

	for (reason = 0; reason < FLOW_END_REASONS; reason++)
		balance_sum(&sum, &cache->exported[reason]);
	return sum;
}

/* What the hooks have put into flows, and where it is now. */
static int balance_holds(const struct balance *balance, const struct flow_cache_stats *cache)
{
	struct flow_count kept = balance_in_records(cache);

	balance_sum(&kept, &cache->cached);
	return balance_equal(&balance->outcomes[FLOW_ACCOUNTED], &balance->harvested) &&
	       balance_equal(&balance->harvested, &kept);
}

void balance_add(struct balance *balance, const struct harvest *harvest,
		 const struct flow_cache_stats *cache)
{
	const struct flow_counters *counters = &harvest->counters;
	int outcome, direction;

	for (direction = 0; direction < FLOW_DIRECTIONS; direction++) {
		for (outcome = 0; outcome < FLOW_OUTCOMES; outcome++) {
			balance_sum(&balance->outcomes[outcome],
				    &counters->outcomes[outcome][direction]);
			balance_sum(&balance->seen[direction],
				    &counters->outcomes[outcome][direction]);
		}
		balance_sum(&balance->harvested, &harvest->delivered[direction]);
	}
	balance->fragments_joined += counters->fragments_joined;
	balance->fragments_orphaned += counters->fragments_orphaned;
	if (balance_holds(balance, cache))
		return;
	if (!balance->errors++)
		log_error("the balance does not add up: %" PRIu64 " packets accounted, %" PRIu64
			  " harvested; please report this as a bug",
			  (uint64_t)balance->outcomes[FLOW_ACCOUNTED].packets,
			  (uint64_t)balance->harvested.packets);
}

void balance_give_up(struct balance *balance)
{
	balance->errors++;
	log_error("the last packets could not be taken out of the flow table; they are in no "
		  "record");
}

static void balance_log_term(const char *name, const struct flow_count *count)
{
	if (count->packets)
		log_info("  %12" PRIu64 " packets %16" PRIu64 " octets  %s",
			 (uint64_t)count->packets, (uint64_t)count->octets, name);
}

void balance_log(const struct balance *balance, const struct flow_cache_stats *cache)
{
	struct flow_count seen = balance->seen[FLOW_INGRESS], records = balance_in_records(cache);
	uint64_t record_count = 0;
	char name[64];
	int i;

	balance_sum(&seen, &balance->seen[FLOW_EGRESS]);
	for (i = 0; i < FLOW_END_REASONS; i++)
		record_count += cache->records[i];
	log_info("seen %" PRIu64 " packets (%" PRIu64 " in, %" PRIu64 " out), %" PRIu64 " octets%s",
		 (uint64_t)seen.packets, (uint64_t)balance->seen[FLOW_INGRESS].packets,
		 (uint64_t)balance->seen[FLOW_EGRESS].packets, (uint64_t)seen.octets,
		 seen.packets && !balance->errors ? ", all accounted for:" : "");
	snprintf(name, sizeof(name), "in %" PRIu64 " records", record_count);
	balance_log_term(name, &records);
	balance_log_term("in flows not exported yet", &cache->cached);
	for (i = FLOW_ACCOUNTED + 1; i < FLOW_OUTCOMES; i++)
		balance_log_term(balance_outcome_names[i], &balance->outcomes[i]);
	if (balance->fragments_joined || balance->fragments_orphaned)
		log_info("later fragments: %" PRIu64 " in the flow of their first one, %" PRIu64
			 " without ports, because that one was not seen before",
			 balance->fragments_joined, balance->fragments_orphaned);
	if (balance->errors)
		log_error("the balance did not add up after %" PRIu64 " harvests", balance->errors);
}
