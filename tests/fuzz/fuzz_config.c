// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Fuzzes the configuration file: any bytes are either a configuration whose every value is in range
 * or at least one mistake, and nothing leaks. The messages are formatted but not written.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/config.h"
#include "config/document.h"
#include "config/draft.h"
#include "config/errors.h"
#include "config/options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void check_list(const struct config_list *list, size_t min)
{
	require(list->count >= min && list->count <= CONFIG_LIST_MAX);
	for (size_t i = 0; i < list->count; i++)
		require(list->items[i] && list->items[i][0]);
}

static void check_ranges(const struct config *config)
{
	require(config->hook <= CONFIG_HOOK_XDP);
	require(config->direction <= CONFIG_DIRECTION_EGRESS);
	require(config->ingress_position <= CONFIG_POSITION_TAIL);
	require(config->egress_position <= CONFIG_POSITION_TAIL);
	require(config->table <= CONFIG_TABLE_HASH);
	require(config->log_level <= LOG_DEBUG);
	require(config->sampling >= 1 && config->sampling <= 1u << 24);
	require(config->slots >= 1024 && config->slots <= 1u << 22);
	require((config->slots & (config->slots - 1)) == 0);
	require(config->max_flows >= 1024 && config->max_flows <= 1u << 24);
	require(config->harvest_interval_ns >= 100000000 &&
		config->harvest_interval_ns <= 30000000000);
	require(config->active_timeout_ns >= 1000000000 &&
		config->active_timeout_ns <= 3600000000000);
	require(config->idle_timeout_ns >= 1000000000 && config->idle_timeout_ns <= 3600000000000);
	check_list(&config->interfaces_include, 0);
	check_list(&config->interfaces_exclude, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config_errors errors = {0};
	struct config_draft draft;
	struct config config;

	require(config_draft_init(&draft, &config, &errors) == 0);
	config_yaml_load_memory(&draft, "fuzz", data, size);
	config_draft_finish(&draft);
	check_ranges(&config);
	require((errors.count == 0) == (errors.exit_code == 0));
	if (errors.count == 0)
		check_list(&config.exporters, 1);
	config_free(&config);
	config_free(&config);
	return 0;
}
